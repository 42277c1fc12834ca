"""What the ops of linear algebra ask of their operands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.linalg import LinAlgError

from ..reductions import plain

__all__ = ["carrier_of", "check_square", "culprit", "decomposed", "identity", "matrices", "square_matrices"]


def matrices(name: str, a: Any) -> Any:
    """The operand as an array of matrices in a dtype that LAPACK knows."""
    a = np.asarray(a)
    if a.ndim < 2:
        raise ValueError(f"{name}: {a.shape} is not a matrix: give at least two axes")
    if a.dtype.kind in "biu":
        a = a.astype(np.float64)
    if a.dtype not in (np.float32, np.float64):
        raise TypeError(f"{name}: takes real matrices of float32 or float64, got {a.dtype}")
    return a


def check_square(name: str, a: Any) -> None:
    """An error if the matrices are not square."""
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise ValueError(f"{name}: {a.shape} is not square: the last two axes must be equal")


def square_matrices(name: str, a: Any) -> Any:
    """The same of an operand whose matrices must be square."""
    a = matrices(name, a)
    check_square(name, a)
    return a


def decomposed(name: str, trouble: str, decompose: Callable[..., Any], a: Any) -> Any:
    """What NumPy's function gives; where it gives up, the error names the op and the first matrix to blame."""
    try:
        return decompose(a)
    except LinAlgError:
        raise LinAlgError(f"{name}: {culprit(decompose, a)} {trouble}") from None


def culprit(decompose: Callable[..., Any], a: Any) -> str:
    """The first matrix that NumPy's function gives up on, in words."""
    if a.ndim > 2:
        for index in np.ndindex(a.shape[:-2]):
            try:
                decompose(a[index])
            except LinAlgError:
                return f"matrix {list(index)} of {a.shape}"
    return "the matrix"


def carrier_of(a: Any) -> Any:
    """A carrier of arrays as it is, anything else as an array."""
    return a if hasattr(type(a), "__apply_array__") else np.asarray(a)


def identity(n: int, like: Any) -> Any:
    """The identity matrix in the dtype of another array."""
    return np.eye(n, dtype=plain(like).dtype)
