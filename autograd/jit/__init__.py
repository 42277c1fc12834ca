"""Functions compiled to programs: what NumPy has to compute, once the rest has been decided."""

from .compiling import jit
from .program import Program

__all__ = ["Program", "jit"]
