"""Determinants, their logarithms, and cofactors."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...array_op import ArrayOp
from ..products import matmul
from ..reductions import cumprod, plain, sum_
from ..shapes import concatenate, expand_dims, flip, getitem, reshape, swapaxes
from .diagonals import diagonal, make_diagonal
from .inverses import solve
from .operands import identity, square_matrices
from .packing import unpack
from .singular_vectors import packed_svd

__all__ = ["cofactor", "det", "det_sign", "logabsdet", "slogdet"]

cofactor: ArrayOp  # the rule of the row before it uses it


def _others(a: Any) -> Any:
    """The product of all others along the last axis, without a quotient."""
    ones = np.ones((*a.shape[:-1], 1), plain(a).dtype)
    all_but_last = (..., slice(None, -1))
    before = cumprod(concatenate(ones, getitem(a, index=all_but_last), axis=-1), axis=-1)
    after = cumprod(concatenate(ones, getitem(flip(a, axis=-1), index=all_but_last), axis=-1), axis=-1)
    return before * flip(after, axis=-1)


def _orientation(u: Any, vh: Any) -> Any:
    """1 or -1 for every product of two orthogonal matrices: whether it mirrors."""
    return np.rint(np.linalg.det(u) * np.linalg.det(vh))[..., None, None]


def _cofactor(a: Any) -> Any:
    a = square_matrices("cofactor", a)
    finite = np.isfinite(a).all((-2, -1), keepdims=True)
    u, s, vh = np.linalg.svd(np.where(finite, a, 0))
    return np.where(finite, _orientation(u, vh) * np.matmul(u, _others(s)[..., None] * vh), np.nan)


def _cofactor_pullback(g: Any, y: Any, a: Any) -> Any:
    """Among the singular vectors the matrix is diagonal, and the cofactors' slopes are products of all s but two."""
    n = a.shape[-1]
    u, s, vh = unpack(packed_svd(a), (n, n), (n,), (n, n))
    eye = identity(n, a)
    but_two = _others(expand_dims(s, -2) * (1 - eye) + eye) * (1 - eye)
    turned = matmul(swapaxes(u), matmul(g, swapaxes(vh)))
    on_diagonal = sum_(but_two * expand_dims(diagonal(turned, axis1=-2, axis2=-1), -2), axis=-1)
    core = make_diagonal(on_diagonal) - but_two * swapaxes(turned)
    return matmul(u, matmul(core, vh)) * _orientation(plain(u), plain(vh))


# The derivative of the determinant is the matrix of cofactors.  For a = u diag(s) vᵀ that matrix is
# ± u diag(products of all other s) vᵀ: no quotient, so it and its own derivative are right for singular
# matrices too, of any rank.  A third derivative needs singular values that differ.
det = ArrayOp(
    "det", "The determinant.",
    lambda a: np.linalg.det(square_matrices("det", a)),
    lambda g, y, a: reshape(g, shape=(*g.shape, 1, 1)) * cofactor(a),
    needs=("a",),
)  # fmt: skip
cofactor = ArrayOp(
    "cofactor", "The matrix of cofactors, det(a) a⁻ᵀ where there is an inverse: the derivative of `det`.",
    _cofactor,
    _cofactor_pullback,
    needs=("a",),
)  # fmt: skip
logabsdet = ArrayOp(
    "logabsdet", "The logarithm of the determinant's magnitude; -inf for a singular matrix, its gradient nan.",
    lambda a: np.linalg.slogdet(square_matrices("slogdet", a))[1],
    lambda g, y, a: reshape(g, shape=(*g.shape, 1, 1)) * solve(swapaxes(a), identity(a.shape[-1], a), check=False),
    needs=("a",),
)  # fmt: skip
det_sign = ArrayOp(
    "det_sign", "The sign of the determinant: -1, 0 or 1.",
    lambda a: np.linalg.slogdet(square_matrices("slogdet", a))[0],
    None,
    needs=("",),
)  # fmt: skip


def slogdet(a: Any) -> tuple[Any, Any]:
    """The sign of the determinant, which has no gradient, and the logarithm of its magnitude."""
    return det_sign(a), logabsdet(a)
