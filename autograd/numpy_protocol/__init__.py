"""NumPy's own functions on tensors and dual numbers; see `protocol`."""

from . import others, products, reductions, samples, selection, shaping, submodules  # noqa: F401 - to register
from .protocol import FUNCTIONS, OP_OF_UFUNC, QUESTIONS, NumpyFunctions

__all__ = ["FUNCTIONS", "OP_OF_UFUNC", "QUESTIONS", "NumpyFunctions"]
