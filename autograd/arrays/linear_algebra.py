"""Array ops of linear algebra: inverses, determinants, decompositions, norms.  Axes in front are batches.

Matrices are real, float32 or float64; integers become float64, as in NumPy.

A decomposition has several results, an op has one: `packed_eigh`, `packed_svd` and `packed_qr` lay theirs end
to end along the last axis, and the functions `eigh`, `svd` and `qr` take them apart.  Eigenvalues and singular
values are nodes of their own, so that they have gradients where the vectors have none.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from .. import ops
from ..array_op import ArrayOp
from .products import matmul
from .reductions import cumprod, plain, sum_
from .shapes import (
    concatenate,
    expand_dims,
    flip,
    getitem,
    reshape,
    swapaxes,
    triangle,
)

__all__ = [
    "cholesky",
    "cofactor",
    "det",
    "det_sign",
    "diagonal",
    "eigenvalues",
    "eigh",
    "eigvalsh",
    "inv",
    "logabsdet",
    "make_diagonal",
    "matrix_power",
    "packed_eigh",
    "packed_qr",
    "packed_svd",
    "pinv",
    "qr",
    "singular_values",
    "slogdet",
    "solve",
    "svd",
    "svdvals",
    "trace",
]

LinAlgError = np.linalg.LinAlgError

# Rows that the rules of earlier ones use.
cofactor: ArrayOp
make_diagonal: ArrayOp

# ---------------------------------------------------------------------- what the ops ask of their operands


def _matrices(name: str, a: Any) -> Any:
    """The operand as an array of matrices in a dtype that LAPACK knows."""
    a = np.asarray(a)
    if a.ndim < 2:
        raise ValueError(f"{name}: {a.shape} is not a matrix: give at least two axes")
    if a.dtype.kind in "biu":
        a = a.astype(np.float64)
    if a.dtype not in (np.float32, np.float64):
        raise TypeError(f"{name}: takes real matrices of float32 or float64, got {a.dtype}")
    return a


def _check_square(name: str, a: Any) -> None:
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise ValueError(f"{name}: {a.shape} is not square: the last two axes must be equal")


def _square(name: str, a: Any) -> Any:
    a = _matrices(name, a)
    _check_square(name, a)
    return a


def _decomposed(name: str, trouble: str, decompose: Callable[..., Any], a: Any) -> Any:
    """What NumPy's function gives; where it gives up, the error names the op and the first matrix to blame."""
    try:
        return decompose(a)
    except LinAlgError:
        raise LinAlgError(f"{name}: {_culprit(decompose, a)} {trouble}") from None


def _culprit(decompose: Callable[..., Any], a: Any) -> str:
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


def _eye(n: int, like: Any) -> Any:
    return np.eye(n, dtype=plain(like).dtype)


# ---------------------------------------------------------------------- several results in one array


def _pack(ndim: int, *parts: Any) -> Any:
    """Arrays that share their first `ndim` axes, each flat, end to end."""
    return np.concatenate([x.reshape(*x.shape[:ndim], math.prod(x.shape[ndim:])) for x in parts], axis=-1)


def _unpack(packed: Any, *shapes: tuple[int, ...]) -> list[Any]:
    """What was packed, each in its shape behind the axes in front."""
    parts, start = [], 0
    for shape in shapes:
        stop = start + math.prod(shape)
        flat = getitem(packed, index=(..., slice(start, stop)))
        parts.append(reshape(flat, shape=(*packed.shape[:-1], *shape)))
        start = stop
    return parts


# ---------------------------------------------------------------------- diagonals


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


# ---------------------------------------------------------------------- inverses


def _solve(a: Any, b: Any, check: bool = True) -> Any:
    a, b = _square("solve", a), np.asarray(b)
    columns = _matrices("solve", b[:, None] if b.ndim == 1 else b)
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
            raise LinAlgError(f"solve: {_culprit(np.linalg.inv, a)} is singular") from None
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
    lambda a: _decomposed("inv", "is singular", np.linalg.inv, _square("inv", a)),
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
    return _decomposed("pinv", "has no singular values: does it hold nan or inf?", invert, _matrices("pinv", a))


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
    _check_square("matrix_power", a)
    if not isinstance(n, (int, np.integer)):
        raise TypeError(f"matrix_power: the exponent must be an integer, got {n!r}")
    if n == 0:
        return ops.where(np.ones(a.shape, bool), _eye(a.shape[-1], a), a)
    if n < 0:
        a, n = inv(a), -n
    result = None
    while n:
        if n % 2:
            result = a if result is None else matmul(result, a)
        n //= 2
        a = matmul(a, a) if n else a
    return result


# ---------------------------------------------------------------------- determinants


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
    a = _square("cofactor", a)
    finite = np.isfinite(a).all((-2, -1), keepdims=True)
    u, s, vh = np.linalg.svd(np.where(finite, a, 0))
    return np.where(finite, _orientation(u, vh) * np.matmul(u, _others(s)[..., None] * vh), np.nan)


def _cofactor_pullback(g: Any, y: Any, a: Any) -> Any:
    """Among the singular vectors the matrix is diagonal, and the cofactors' slopes are products of all s but two."""
    n = a.shape[-1]
    u, s, vh = _unpack(packed_svd(a), (n, n), (n,), (n, n))
    eye = _eye(n, a)
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
    lambda a: np.linalg.det(_square("det", a)),
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
    lambda a: np.linalg.slogdet(_square("slogdet", a))[1],
    lambda g, y, a: reshape(g, shape=(*g.shape, 1, 1)) * solve(swapaxes(a), _eye(a.shape[-1], a), check=False),
    needs=("a",),
)  # fmt: skip
det_sign = ArrayOp(
    "det_sign", "The sign of the determinant: -1, 0 or 1.",
    lambda a: np.linalg.slogdet(_square("slogdet", a))[0],
    None,
    needs=("",),
)  # fmt: skip


def slogdet(a: Any) -> tuple[Any, Any]:
    """The sign of the determinant, which has no gradient, and the logarithm of its magnitude."""
    return det_sign(a), logabsdet(a)


# ---------------------------------------------------------------------- decompositions


def _cholesky_pullback(g: Any, y: Any, a: Any) -> Any:
    """l⁻ᵀ φ l⁻¹, where φ is half the lower triangle of lᵀ g, mirrored: it is symmetric."""
    lower = triangle(matmul(swapaxes(y), g), k=0, upper=False)
    phi = 0.5 * (lower + swapaxes(triangle(lower, k=-1, upper=False)))
    return solve(swapaxes(y), swapaxes(solve(swapaxes(y), phi)))


cholesky = ArrayOp(
    "cholesky", "The lower triangular l with l lᵀ = a, read off the lower triangle of a positive definite a.",
    lambda a: _decomposed("cholesky", "is not positive definite", np.linalg.cholesky, _square("cholesky", a)),
    _cholesky_pullback,
    needs=("y",),
)  # fmt: skip


def _eigh(a: Any) -> Any:
    a = _square("eigh", a)
    w, v = _decomposed("eigh", "has no eigenvalues: does it hold nan or inf?", np.linalg.eigh, a)
    return _pack(a.ndim - 2, w, v)


def _eigh_pullback(g: Any, y: Any, a: Any) -> Any:
    """v (diag(g_w) + (x - xᵀ) / 2 (w_j - w_i)) vᵀ with x = vᵀ g_v; symmetric."""
    n = a.shape[-1]
    (g_w, g_v), (w, v) = _unpack(g, (n,), (n, n)), _unpack(y, (n,), (n, n))
    x = matmul(swapaxes(v), g_v)
    turns = (x - swapaxes(x)) / (2 * (expand_dims(w, -2) - expand_dims(w, -1)) + _eye(n, y))
    return matmul(v, matmul(make_diagonal(g_w) + turns, swapaxes(v)))


def _eigenvalues_pullback(g: Any, y: Any, a: Any, packed: Any) -> Any:
    n = a.shape[-1]
    v = _unpack(packed, (n,), (n, n))[1]
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
    return eigenvalues(a, packed), _unpack(packed, (n,), (n, n))[1]


def eigvalsh(a: Any) -> Any:
    """The eigenvalues of a symmetric matrix, ascending."""
    return eigh(a)[0]


def _svd_shapes(a: Any, full_matrices: bool) -> tuple[tuple[int, ...], ...]:
    m, n = a.shape[-2:]
    k = min(m, n)
    return ((m, m), (k,), (n, n)) if full_matrices else ((m, k), (k,), (k, n))


def _svd(a: Any, full_matrices: bool = False) -> Any:
    a = _matrices("svd", a)
    factor = lambda a: np.linalg.svd(a, full_matrices)
    return _pack(a.ndim - 2, *_decomposed("svd", "has no singular values: does it hold nan or inf?", factor, a))


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
    (g_u, g_s, g_vh), (u, s, vh) = _unpack(g, *shapes), _unpack(y, *shapes)
    x, z = matmul(swapaxes(u), g_u), matmul(vh, swapaxes(g_vh))
    skew_u, skew_v = x - swapaxes(x), z - swapaxes(z)
    row, column, eye = expand_dims(s, -2), expand_dims(s, -1), _eye(min(m, n), y)
    turns = (skew_u + skew_v) / (2 * (row - column) + eye)
    swings = (skew_u - skew_v) / (2 * (row + column) * (1 - eye) + eye)
    share = matmul(u, matmul(make_diagonal(g_s) + turns + swings, vh))
    if m > n:
        share = share + matmul((g_u - matmul(u, x)) / row, vh)
    if n > m:
        share = share + matmul(u, (g_vh - matmul(swapaxes(z), vh)) / column)
    return share


def _singular_values_pullback(g: Any, y: Any, a: Any, packed: Any) -> Any:
    u, _, vh = _unpack(packed, *_svd_shapes(a, False))
    return matmul(u * expand_dims(g, -2), vh)


packed_svd = ArrayOp(
    "svd", "The left singular vectors, the singular values and the right singular vectors in one vector.",
    _svd,
    _svd_pullback,
    needs=("y",),
)  # fmt: skip
singular_values = ArrayOp(
    "singular_values", "The singular values of the first operand, found in the second, which is its `packed_svd`.",
    lambda a, b: _unpack(b, *_svd_shapes(a, False))[1].copy(),
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
    u, _, vh = _unpack(packed, *_svd_shapes(a, full_matrices))
    return u, s, vh


def svdvals(a: Any) -> Any:
    """The singular values, descending."""
    return svd(a)[1]


def _qr(a: Any) -> Any:
    a = _matrices("qr", a)
    return _pack(a.ndim - 2, *np.linalg.qr(a))


def _qr_pullback(g: Any, y: Any, a: Any) -> Any:
    """(g_q + q c) r⁻ᵀ, where c is the lower triangle of r g_rᵀ - g_qᵀ q, mirrored.

    In a wide matrix this holds for the square in front; the columns b behind it are q times those of r.
    """
    m, n = a.shape[-2:]
    k = min(m, n)
    (g_q, g_r), (q, r) = _unpack(g, (m, k), (k, n)), _unpack(y, (m, k), (k, n))
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
    q, r = _unpack(packed, (m, min(m, n)), (min(m, n), n))
    return q, r
