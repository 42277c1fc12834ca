"""What layers read as plain arrays: indices, masks, lengths."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.arrays.reductions import plain
from autograd.traced import array_of

__all__ = ["array_in", "has_numbers"]


def array_in(x: Any) -> np.ndarray[Any, Any]:
    """The array in a tensor or dual number, or of lists; while `jit` traces a program, one without numbers."""
    return np.asarray(x) if isinstance(x, (list, tuple)) else array_of(plain(x))


def has_numbers(x: Any) -> bool:
    """Whether the course of a function may depend on what is in a tensor or array: not while `jit` traces it."""
    return type(array_in(x)) is np.ndarray
