"""Triangular factors: the Cholesky and the QR decomposition."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...array_op import ArrayOp
from ..products import matmul
from ..shapes import concatenate, getitem, swapaxes, triangle
from .inverses import solve
from .operands import carrier_of, decomposed, matrices, square_matrices
from .packing import pack, unpack

__all__ = ["cholesky", "packed_qr", "qr"]


def _cholesky_pullback(g: Any, y: Any, a: Any) -> Any:
    """l⁻ᵀ φ l⁻¹, where φ is half the lower triangle of lᵀ g, mirrored: it is symmetric."""
    lower = triangle(matmul(swapaxes(y), g), k=0, upper=False)
    phi = 0.5 * (lower + swapaxes(triangle(lower, k=-1, upper=False)))
    return solve(swapaxes(y), swapaxes(solve(swapaxes(y), phi)))


cholesky = ArrayOp(
    "cholesky", "The lower triangular l with l lᵀ = a, read off the lower triangle of a positive definite a.",
    lambda a: decomposed("cholesky", "is not positive definite", np.linalg.cholesky, square_matrices("cholesky", a)),
    _cholesky_pullback,
    needs=("y",),
)  # fmt: skip


def _qr(a: Any) -> Any:
    a = matrices("qr", a)
    return pack(a.ndim - 2, *np.linalg.qr(a))


def _qr_pullback(g: Any, y: Any, a: Any) -> Any:
    """(g_q + q c) r⁻ᵀ, where c is the lower triangle of r g_rᵀ - g_qᵀ q, mirrored.

    In a wide matrix this holds for the square in front; the columns b behind it are q times those of r.
    """
    m, n = a.shape[-2:]
    k = min(m, n)
    (g_q, g_r), (q, r) = unpack(g, (m, k), (k, n)), unpack(y, (m, k), (k, n))
    g_b = None
    if n > m:
        front, behind = (..., slice(m)), (..., slice(m, None))
        g_b = matmul(q, getitem(g_r, index=behind))
        g_q = g_q + matmul(matmul(q, getitem(r, index=behind)), swapaxes(getitem(g_r, index=behind)))
        g_r, r = getitem(g_r, index=front), getitem(r, index=front)
    lower = triangle(matmul(r, swapaxes(g_r)) - matmul(swapaxes(g_q), q), k=0, upper=False)
    mirrored = lower + swapaxes(triangle(lower, k=-1, upper=False))
    share = swapaxes(solve(r, swapaxes(g_q + matmul(q, mirrored)), check=False))
    return share if g_b is None else concatenate(share, g_b, axis=-1)


packed_qr = ArrayOp(
    "qr", "An orthogonal and an upper triangular factor in one vector.",
    _qr,
    _qr_pullback,
    needs=("y",),
)  # fmt: skip


def qr(a: Any) -> tuple[Any, Any]:
    """The factors of a = q r: the columns of q are orthonormal, r is upper triangular.

    Of (..., m, n) with k = min(m, n), q has shape (..., m, k) and r (..., k, n).  Where the first k columns
    depend on each other, the gradients are nan.
    """
    a = carrier_of(a)
    packed = packed_qr(a)
    m, n = a.shape[-2:]
    q, r = unpack(packed, (m, min(m, n)), (min(m, n), n))
    return q, r
