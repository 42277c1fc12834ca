"""Linear algebra under the names of `torch.linalg`; axes in front of the last two are batches."""

from __future__ import annotations

from typing import Any

from .arrays import norms
from .arrays.linear_algebra import (
    cholesky,
    det,
    eigh,
    eigvalsh,
    inv,
    matrix_power,
    pinv,
    qr,
    slogdet,
    solve,
    svd,
    svdvals,
)
from .arrays.shapes import Axis
from .functions.checks import floating

__all__ = [
    "cholesky",
    "det",
    "eigh",
    "eigvalsh",
    "inv",
    "matrix_norm",
    "matrix_power",
    "norm",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "svd",
    "svdvals",
    "vector_norm",
]


def vector_norm(x: Any, ord: float = 2, dim: Axis = None, keepdim: bool = False) -> Any:  # noqa: A002 - PyTorch's name
    """(Σ |x|ᵖ)^(1/p) over the axes `dim`, or over all, with p = `ord`; also inf, -inf and 0.

    >>> import autograd
    >>> autograd.linalg.vector_norm(autograd.tensor([3.0, 4.0]))
    tensor(5.)
    """
    return norms.vector_norm(floating(x, "vector_norm"), ord, dim, keepdim)


def matrix_norm(x: Any, ord: Any = "fro", dim: tuple[int, int] = (-2, -1), keepdim: bool = False) -> Any:  # noqa: A002
    """A norm of every matrix: "fro", "nuc", 2, -2, 1, -1, inf or -inf."""
    return norms.matrix_norm(floating(x, "matrix_norm"), ord, dim, keepdim)


def norm(x: Any, ord: Any = None, dim: Axis = None, keepdim: bool = False) -> Any:  # noqa: A002
    """A norm of a vector, or of a matrix if `dim` names two axes or there are two; by default of all elements."""
    return norms.norm(floating(x, "norm"), ord, dim, keepdim)
