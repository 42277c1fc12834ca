"""Eigenvalues and eigenvectors of symmetric matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...array_op import ArrayOp
from ..products import matmul
from ..shapes import expand_dims, swapaxes
from .diagonals import make_diagonal
from .operands import carrier_of, decomposed, identity, square_matrices
from .packing import pack, unpack

__all__ = ["eigenvalues", "eigh", "eigvalsh", "packed_eigh"]


def _eigh(a: Any) -> Any:
    a = square_matrices("eigh", a)
    w, v = decomposed("eigh", "has no eigenvalues: does it hold nan or inf?", np.linalg.eigh, a)
    return pack(a.ndim - 2, w, v)


def _eigh_pullback(g: Any, y: Any, a: Any) -> Any:
    """v (diag(g_w) + (x - xᵀ) / 2 (w_j - w_i)) vᵀ with x = vᵀ g_v; symmetric."""
    n = a.shape[-1]
    (g_w, g_v), (w, v) = unpack(g, (n,), (n, n)), unpack(y, (n,), (n, n))
    x = matmul(swapaxes(v), g_v)
    turns = (x - swapaxes(x)) / (2 * (expand_dims(w, -2) - expand_dims(w, -1)) + identity(n, y))
    return matmul(v, matmul(make_diagonal(g_w) + turns, swapaxes(v)))


def _eigenvalues_pullback(g: Any, y: Any, a: Any, packed: Any) -> Any:
    n = a.shape[-1]
    v = unpack(packed, (n,), (n, n))[1]
    return matmul(v * expand_dims(g, -2), swapaxes(v))


packed_eigh = ArrayOp(
    "eigh", "The eigenvalues of a symmetric matrix, then its eigenvectors, in one vector.",
    _eigh,
    _eigh_pullback,
    needs=("y",),
)  # fmt: skip
eigenvalues = ArrayOp(
    "eigenvalues", "The eigenvalues of the first operand, found in the second, which is its `packed_eigh`.",
    lambda a, b: b[..., : a.shape[-1]].copy(),
    _eigenvalues_pullback,
    None,
    needs=("b", ""),
)  # fmt: skip


def eigh(a: Any) -> tuple[Any, Any]:
    """The eigenvalues w of a symmetric matrix, ascending, and its eigenvectors, the columns of v: a = v diag(w) vᵀ.

    Only the lower triangle is read; the gradient is symmetric.  A loss must not depend on the signs of the
    eigenvectors.  Where eigenvalues are equal, w has gradients, but v has none: they are nan.

    Raises:
        LinAlgError: the computation does not converge, as with nan or inf.
    """
    a = carrier_of(a)
    packed, n = packed_eigh(a), a.shape[-1]
    return eigenvalues(a, packed), unpack(packed, (n,), (n, n))[1]


def eigvalsh(a: Any) -> Any:
    """The eigenvalues of a symmetric matrix, ascending."""
    return eigh(a)[0]
