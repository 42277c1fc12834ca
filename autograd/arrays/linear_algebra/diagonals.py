"""Diagonals of matrices, and matrices made of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...array_op import ArrayOp
from ..reductions import sum_
from .operands import carrier_of

__all__ = ["diagonal", "make_diagonal", "trace"]

make_diagonal: ArrayOp  # the rule of the row before it uses it


def _diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    if np.ndim(a) < 2:
        raise ValueError(f"diagonal: {np.shape(a)} is not a matrix: give at least two axes")
    return np.diagonal(a, offset, axis1, axis2).copy()


def _make_diagonal(a: Any, offset: int = 0, axis1: int = -2, axis2: int = -1, shape: Any = None) -> Any:
    a = np.asarray(a)
    if shape is None:
        n = a.shape[-1] + abs(offset)
        first, second = sorted((axis1 % (a.ndim + 1), axis2 % (a.ndim + 1)))
        shape = list(a.shape[:-1])
        shape.insert(first, n)
        shape.insert(second, n)
    target = np.zeros(shape, a.dtype)
    places = np.arange(a.shape[-1])
    matrices = np.moveaxis(target, (axis1, axis2), (-2, -1))
    matrices[..., places + max(-offset, 0), places + max(offset, 0)] = a
    return target


diagonal = ArrayOp(
    "diagonal", "The elements of the matrices a[i, i + offset], along a new last axis.",
    _diagonal,
    lambda g, y, a, offset=0, axis1=0, axis2=1: make_diagonal(
        g, offset=offset, axis1=axis1, axis2=axis2, shape=a.shape
    ),
    needs=("",), linear="jointly",
)  # fmt: skip
make_diagonal = ArrayOp(
    "make_diagonal", "Zeros, square unless a shape is given, with the array on a diagonal: `diagonal` transposed.",
    _make_diagonal,
    lambda g, y, a, offset=0, axis1=-2, axis2=-1, shape=None: diagonal(g, offset=offset, axis1=axis1, axis2=axis2),
    needs=("",), linear="jointly",
)  # fmt: skip


def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The sum of a diagonal, Σ a[i, i + offset]."""
    return sum_(diagonal(carrier_of(a), offset=offset, axis1=axis1, axis2=axis2), axis=-1)
