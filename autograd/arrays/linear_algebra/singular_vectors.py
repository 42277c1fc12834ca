"""Singular values and singular vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...array_op import ArrayOp
from ..products import matmul
from ..shapes import expand_dims, swapaxes
from .diagonals import make_diagonal
from .operands import carrier_of, decomposed, identity, matrices
from .packing import pack, unpack

__all__ = ["packed_svd", "singular_values", "svd", "svdvals"]


def _svd_shapes(a: Any, full_matrices: bool) -> tuple[tuple[int, ...], ...]:
    m, n = a.shape[-2:]
    k = min(m, n)
    return ((m, m), (k,), (n, n)) if full_matrices else ((m, k), (k,), (k, n))


def _svd(a: Any, full_matrices: bool = False) -> Any:
    a = matrices("svd", a)
    factor = lambda a: np.linalg.svd(a, full_matrices)
    return pack(a.ndim - 2, *decomposed("svd", "has no singular values: does it hold nan or inf?", factor, a))


def _svd_pullback(g: Any, y: Any, a: Any, full_matrices: bool = False) -> Any:
    """u (diag(g_s) + p / 2 (s_j - s_i) + q / 2 (s_j + s_i)) vᵀ, and what leaves the span of u or v.

    Here p is the sum and q the difference of the skew parts x - xᵀ of uᵀ g_u and vᵀ g_v.
    """
    m, n = a.shape[-2:]
    if full_matrices:
        raise RuntimeError(
            f"svd: {a.shape} with full_matrices=True: the vectors have no gradient: give full_matrices=False"
        )
    shapes = _svd_shapes(a, False)
    (g_u, g_s, g_vh), (u, s, vh) = unpack(g, *shapes), unpack(y, *shapes)
    x, z = matmul(swapaxes(u), g_u), matmul(vh, swapaxes(g_vh))
    skew_u, skew_v = x - swapaxes(x), z - swapaxes(z)
    row, column, eye = expand_dims(s, -2), expand_dims(s, -1), identity(min(m, n), y)
    turns = (skew_u + skew_v) / (2 * (row - column) + eye)
    swings = (skew_u - skew_v) / (2 * (row + column) * (1 - eye) + eye)
    share = matmul(u, matmul(make_diagonal(g_s) + turns + swings, vh))
    if m > n:
        share = share + matmul((g_u - matmul(u, x)) / row, vh)
    if n > m:
        share = share + matmul(u, (g_vh - matmul(swapaxes(z), vh)) / column)
    return share


def _singular_values_pullback(g: Any, y: Any, a: Any, packed: Any) -> Any:
    u, _, vh = unpack(packed, *_svd_shapes(a, False))
    return matmul(u * expand_dims(g, -2), vh)


packed_svd = ArrayOp(
    "svd", "The left singular vectors, the singular values and the right singular vectors in one vector.",
    _svd,
    _svd_pullback,
    needs=("y",),
)  # fmt: skip
singular_values = ArrayOp(
    "singular_values", "The singular values of the first operand, found in the second, which is its `packed_svd`.",
    lambda a, b: unpack(b, *_svd_shapes(a, False))[1].copy(),
    _singular_values_pullback,
    None,
    needs=("b", ""),
)  # fmt: skip


def svd(a: Any, full_matrices: bool = False) -> tuple[Any, Any, Any]:
    """The singular values s, descending, and the singular vectors u and vh: a = u diag(s) vh.

    A loss must not depend on the signs of the vectors.  Where singular values are equal, or 0 in a matrix that
    is not square, s has gradients, but u and vh have none: they are nan.

    Args:
        full_matrices: complete u and vh to square matrices; these have no gradient, s has.

    Raises:
        LinAlgError: the computation does not converge, as with nan or inf.
        RuntimeError: in the backward pass, if it comes to completed matrices.
    """
    a = carrier_of(a)
    packed = packed_svd(a)
    s = singular_values(a, packed)
    if full_matrices and a.shape[-1] != a.shape[-2]:
        packed = packed_svd(a, full_matrices=True)
    else:
        full_matrices = False
    u, _, vh = unpack(packed, *_svd_shapes(a, full_matrices))
    return u, s, vh


def svdvals(a: Any) -> Any:
    """The singular values, descending."""
    return svd(a)[1]
