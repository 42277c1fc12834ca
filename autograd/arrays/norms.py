"""Norms of vectors and of matrices.  Axes in front are batches."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

import numpy as np

from .. import ops
from ..array_op import ArrayOp
from .linear_algebra import carrier_of, svdvals
from .reductions import HALF, amax, amin, plain, sum_
from .shapes import Axis, astype, axes_of, insert_axes, kept_shape, reshape, transpose

__all__ = ["matrix_norm", "norm", "p_norm", "vector_norm"]


def _p_norm(a: Any, ord: float, axis: Axis = None, keepdims: bool = False) -> Any:  # noqa: A002 - NumPy's name
    if a.dtype == HALF:  # the squares may be beyond its largest number, and the norm not
        return _p_norm(a.astype(np.float32), ord, axis, keepdims).astype(HALF)
    if ord == 2:
        return np.sqrt(sum_(np.square(a), axis=axis, keepdims=keepdims))
    return sum_(np.absolute(a) ** ord, axis=axis, keepdims=keepdims) ** (1 / ord)


def _p_norm_pullback(g: Any, y: Any, a: Any, ord: float, axis: Axis = None, keepdims: bool = False) -> Any:  # noqa: A002
    """g sign(a) (|a| / y)ᵖ⁻¹; 0 where an element or the norm is 0."""
    g, y = insert_axes(g, a.shape, axis), insert_axes(y, a.shape, axis)
    dtype = plain(a).dtype
    none = (plain(y) == 0).astype(dtype)  # where there is no length to divide by
    unit = a / (y + none) * (1 - none)
    if ord == 2:
        return g * unit
    zero = (plain(unit) == 0).astype(dtype)
    return g * ops.sign(unit) * (ops.abs_(unit) + zero) ** (ord - 1)


p_norm = ArrayOp(
    "p_norm", "(Σ |a|ᵖ)^(1/p) over some axes; the gradient is 0 where the norm is.",
    _p_norm,
    _p_norm_pullback,
    needs=("ay",), symbol="‖ ‖",
)  # fmt: skip


def _measurable(name: str, a: Any) -> Any:
    """The operand as floating-point numbers."""
    a = carrier_of(a)
    if a.dtype.kind not in "biuf":
        raise TypeError(f"{name}: takes real numbers, got {a.dtype}: take the norm of their magnitude")
    return a if a.dtype.kind == "f" else astype(a, dtype=np.dtype(np.float64))


def vector_norm(a: Any, ord: float = 2, axis: Axis = None, keepdims: bool = False) -> Any:  # noqa: A002 - NumPy's name
    """The norm of vectors along an axis, or of all elements: (Σ |a|ᵖ)^(1/p) with p = `ord`.

    For p = ∞ and -∞ the largest and the smallest magnitude, for 0 the number of elements that are not 0.  Where
    a norm has a kink, ties share the gradient of an extreme, and at 0 the gradient is 0, as in PyTorch.
    """
    a = _measurable("vector_norm", a)
    if not isinstance(ord, Real):
        raise ValueError(f"vector_norm: ord must be a number, got {ord!r}")
    power = float(ord)
    if math.isinf(power):
        return (amax if power > 0 else amin)(ops.abs_(a), axis=axis, keepdims=keepdims)
    if power == 0:
        return sum_(ops.abs_(ops.sign(a)), axis=axis, keepdims=keepdims)
    if power == 1:
        return sum_(ops.abs_(a), axis=axis, keepdims=keepdims)
    return p_norm(a, ord=power, axis=axis, keepdims=keepdims)


def matrix_norm(
    a: Any,
    ord: float | str = "fro",  # noqa: A002 - NumPy's name
    axis: tuple[int, int] = (-2, -1),
    keepdims: bool = False,
) -> Any:
    """The norm of the matrices in two axes.

    Args:
        ord: `"fro"`, the root of the sum of squares; `"nuc"`, the sum of the singular values; 2 or -2, the
            largest or the smallest of them; 1 or -1, the largest or the smallest sum of the magnitudes in a
            column; ∞ or -∞, in a row.
    """
    a = _measurable("matrix_norm", a)
    if a.ndim < 2:
        raise ValueError(f"matrix_norm: {a.shape} is not a matrix: give at least two axes")
    if ord not in ("fro", "nuc", 2, -2, 1, -1, math.inf, -math.inf):
        raise ValueError(f"matrix_norm: ord must be 'fro', 'nuc', 2, -2, 1, -1, inf or -inf, got {ord!r}")
    last = axes_of(tuple(axis), a.ndim)
    if len(set(last)) != 2 or not all(-a.ndim <= i < a.ndim for i in axis):
        raise ValueError(f"matrix_norm: axis must name two axes of {a.shape}, got {axis!r}")
    if ord == "fro":
        return vector_norm(a, 2, last, keepdims)
    matrices = transpose(a, axes=(*(i for i in range(a.ndim) if i not in last), *last))
    if ord == "nuc":
        total = sum_(svdvals(matrices), axis=-1)
    else:
        assert not isinstance(ord, str)
        sizes = svdvals(matrices) if abs(ord) == 2 else sum_(ops.abs_(matrices), axis=-2 if abs(ord) == 1 else -1)
        total = (amax if ord > 0 else amin)(sizes, axis=-1)
    return reshape(total, shape=kept_shape(a.shape, last)) if keepdims else total


def norm(a: Any, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> Any:  # noqa: A002 - NumPy's name
    """The norm of vectors along one axis or of matrices in two, as `numpy.linalg.norm` chooses.

    Without `ord`, the root of the sum of squares; without `axis`, of the whole array.
    """
    a = _measurable("norm", a)
    if ord is None:
        return vector_norm(a, 2, axis, keepdims)
    axes = tuple(range(a.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    if len(axes) == 1:
        return vector_norm(a, ord, axes, keepdims)
    if len(axes) == 2:
        return matrix_norm(a, ord, axes, keepdims)
    raise ValueError(f"norm: {a.shape} with ord={ord!r}: is neither a vector nor a matrix: choose one or two axes")
