"""Products and sums of float32 matrices by oneDNN's `sgemm`, C ← α A B + β C."""

from __future__ import annotations

from typing import Any

import numpy as np

from .loading import in_use

__all__ = ["add_scaled", "product"]

Array = np.ndarray[Any, Any]

SMALLEST = 1 << 18
"""Multiplications from which on a product is computed here.

From 2²⁰ on that is faster, by measurement; but from 2¹⁸ on NumPy's OpenBLAS wakes threads of its own, which then stay
awake for a while and take the cores away from those of oneDNN.
"""
FLOAT32 = np.dtype(np.float32)
LONG = 1 << 15
"""Numbers from which on it pays to go through two vectors once instead of twice: measured."""
ONE = np.ones(1, FLOAT32)


def product(a: Array, b: Array, scale: float = 1.0, onto: Array | None = None) -> Array | None:
    """The product of two float32 matrices, times `scale`; None where NumPy does as well, or has to.

    With `onto`, it is added to that matrix, in its memory.
    """
    rows, inner = a.shape
    columns = b.shape[1]
    if rows * inner * columns < SMALLEST or a.dtype != FLOAT32 or b.dtype != FLOAT32 or b.shape[0] != inner:
        return None
    sgemm = in_use()
    left, right = _order(a), _order(b)
    if sgemm is None or left is None or right is None:
        return None
    if onto is None:
        y = np.empty((rows, columns), FLOAT32)
    elif scale and onto.shape == (rows, columns) and _may_be_written(onto, a, b):
        y = onto
    else:
        return None
    status = sgemm.dnnl_sgemm(
        left[0], right[0], rows, columns, inner, scale, a.ctypes.data, left[1], b.ctypes.data, right[1],
        0.0 if onto is None else 1.0, y.ctypes.data, columns,
    )  # fmt: skip
    return None if status else y


def _may_be_written(x: Array, *read: Array) -> bool:
    """Whether an array is of float32, in one piece, and apart from those that are read meanwhile."""
    whole = x.dtype == FLOAT32 and x.flags.c_contiguous and x.flags.writeable
    return whole and not any(np.may_share_memory(x, other) for other in read)


def _order(a: Array) -> tuple[bytes, int] | None:
    """Whether a matrix lies in memory row by row, or column by column, and how far these are apart."""
    between_rows, between_columns = a.strides
    if between_columns == 4 and between_rows >= 4 * a.shape[1]:
        return b"N", between_rows // 4
    if between_rows == 4 and between_columns >= 4 * a.shape[0]:
        return b"T", between_columns // 4
    return None


def add_scaled(x: Array, y: Array, scale: float) -> bool:
    """Add scale · y to an array x of float32, in its memory and in one pass; False where NumPy has to."""
    if x.size < LONG or x.dtype != FLOAT32 or y.dtype != FLOAT32 or x.shape != y.shape or not scale:
        return False
    sgemm = in_use()
    if sgemm is None or not y.flags.c_contiguous or not _may_be_written(x, y):
        return False
    status = sgemm.dnnl_sgemm(  # of one row each: A is a single 1
        b"N", b"N", 1, x.size, 1, scale, ONE.ctypes.data, 1, y.ctypes.data, x.size, 1.0, x.ctypes.data, x.size,
    )  # fmt: skip
    return not status
