"""Inverses, systems of linear equations, powers."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
from numpy.linalg import LinAlgError

from ... import ops
from ...array_op import ArrayOp
from ..products import matmul
from ..shapes import expand_dims, reshape, swapaxes
from .operands import carrier_of, check_square, culprit, decomposed, identity, matrices, square_matrices

__all__ = ["inv", "matrix_power", "pinv", "solve"]


def _solve(a: Any, b: Any, check: bool = True) -> Any:
    a, b = square_matrices("solve", a), np.asarray(b)
    columns = matrices("solve", b[:, None] if b.ndim == 1 else b)
    if columns.shape[-2] != a.shape[-1]:
        sizes = f"sizes {a.shape[-1]} and {columns.shape[-2]} differ"
        raise ValueError(f"solve: {a.shape} x = {b.shape}: {sizes}")
    try:
        batch = np.broadcast_shapes(a.shape[:-2], columns.shape[:-2])
    except ValueError:
        batches = f"batches {a.shape[:-2]} and {columns.shape[:-2]} do not broadcast"
        raise ValueError(f"solve: {a.shape} x = {b.shape}: {batches}") from None
    try:
        x = np.linalg.solve(a, columns)
    except LinAlgError:
        if check:
            raise LinAlgError(f"solve: {culprit(np.linalg.inv, a)} is singular") from None
        x = np.full((*batch, *columns.shape[-2:]), np.nan, np.result_type(a, columns))
        a, columns = np.broadcast_to(a, (*batch, *a.shape[-2:])), np.broadcast_to(columns, x.shape)
        for index in np.ndindex(batch):
            with suppress(LinAlgError):
                x[index] = np.linalg.solve(a[index], columns[index])
    return x[..., 0] if b.ndim == 1 else x


def _as_columns(x: Any, b: Any) -> Any:
    return expand_dims(x, -1) if b.ndim == 1 else x


def _solve_a(g: Any, y: Any, a: Any, b: Any, check: bool = True) -> Any:
    return -matmul(solve(swapaxes(a), _as_columns(g, b), check=check), swapaxes(_as_columns(y, b)))


def _solve_b(g: Any, y: Any, a: Any, b: Any, check: bool = True) -> Any:
    return reshape(solve(swapaxes(a), _as_columns(g, b), check=check), shape=g.shape)


inv = ArrayOp(
    "inv", "The inverse matrix.",
    lambda a: decomposed("inv", "is singular", np.linalg.inv, square_matrices("inv", a)),
    lambda g, y, a: -matmul(swapaxes(y), matmul(g, swapaxes(y))),
    needs=("y",), symbol="⁻¹",
)  # fmt: skip
solve = ArrayOp(
    "solve", "The x with a x = b; b is a vector if it has one axis.  Unchecked, a singular matrix gives nan.",
    _solve,
    _solve_a,
    _solve_b,
    needs=("ay", "a"),
)  # fmt: skip


def _pinv(a: Any, rcond: float | None = None) -> Any:
    invert = (lambda a: np.linalg.pinv(a, rcond)) if rcond is not None else np.linalg.pinv
    return decomposed("pinv", "has no singular values: does it hold nan or inf?", invert, matrices("pinv", a))


def _pinv_pullback(g: Any, y: Any, a: Any, rcond: float | None = None) -> Any:
    """Where the rank stays the same nearby; I - a a⁺ and I - a⁺ a project on what the inverse does not reach."""
    g, z = swapaxes(g), swapaxes(y)
    left = matmul(g, matmul(y, z)) - matmul(a, matmul(y, matmul(g, matmul(y, z))))
    right = matmul(matmul(z, y), g)
    return left + right - matmul(matmul(right, y), a) - matmul(z, matmul(swapaxes(g), z))


pinv = ArrayOp(
    "pinv", "The Moore-Penrose inverse; singular values up to `rcond` times the largest count as 0.",
    _pinv,
    _pinv_pullback,
    needs=("ay",),
)  # fmt: skip


def matrix_power(a: Any, n: int) -> Any:
    """The product of n copies of a square matrix; of its inverse where n is negative.

    Raises:
        LinAlgError: n is negative and a matrix is singular.
    """
    a = carrier_of(a)
    check_square("matrix_power", a)
    if not isinstance(n, (int, np.integer)):
        raise TypeError(f"matrix_power: the exponent must be an integer, got {n!r}")
    if n == 0:
        return ops.where(np.ones(a.shape, bool), identity(a.shape[-1], a), a)
    if n < 0:
        a, n = inv(a), -n
    result = None
    while n:
        if n % 2:
            result = a if result is None else matmul(result, a)
        n //= 2
        a = matmul(a, a) if n else a
    return result
