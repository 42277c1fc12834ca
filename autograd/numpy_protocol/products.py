"""What stands for NumPy's products."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_letters, ascii_lowercase, ascii_uppercase
from typing import Any

import numpy as np

from ..arrays import reductions as rows, shapes
from ..arrays.products import einsum
from ..functions import multiplying
from ..functions.checks import as_carrier, one_axis
from .arguments import at_least, conjugated
from .protocol import covers, uncovered

__all__: list[str] = []


@covers(np.dot)
def _dot(a: Any, b: Any, out: None = None) -> Any:
    a, b = as_carrier(a, "np.dot"), as_carrier(b, "np.dot")
    if not a.ndim or not b.ndim:
        return a * b
    if b.ndim > 2:
        return multiplying.tensordot(a, b, ((a.ndim - 1,), (b.ndim - 2,)))
    return multiplying.matmul(a, b)


@covers(np.vdot)
def _vdot(a: Any, b: Any, /) -> Any:
    return rows.sum_(conjugated(a, "np.vdot").reshape(-1) * as_carrier(b, "np.vdot").reshape(-1))


@covers(np.inner)
def _inner(a: Any, b: Any, /) -> Any:
    a, b = as_carrier(a, "np.inner"), as_carrier(b, "np.inner")
    return a * b if not a.ndim or not b.ndim else multiplying.tensordot(a, b, ((a.ndim - 1,), (b.ndim - 1,)))


@covers(np.outer)
def _outer(a: Any, b: Any, out: None = None) -> Any:
    return multiplying.outer(as_carrier(a, "np.outer").reshape(-1), as_carrier(b, "np.outer").reshape(-1))


@covers(np.tensordot)
def _tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    return multiplying.tensordot(a, b, axes)


@covers(np.einsum)
def _einsum(*operands: Any, out: None = None, optimize: Any = False, **options: Any) -> Any:
    if options:
        raise uncovered("np.einsum", options)
    if isinstance(operands[0], str):
        return multiplying.einsum(*operands)
    arrays, terms = operands[: len(operands) // 2 * 2 : 2], [_subscripts(t) for t in operands[1::2]]
    result = "->" + _subscripts(operands[-1]) if len(operands) % 2 else ""
    return multiplying.einsum(",".join(terms) + result, *arrays)


def _subscripts(axes: Sequence[Any]) -> str:
    if any(i is not Ellipsis and not 0 <= i < len(ascii_letters) for i in axes):
        raise ValueError(f"np.einsum: {axes!r}: number the axes from 0 to {len(ascii_letters) - 1}, or write ...")
    return "".join("..." if i is Ellipsis else (ascii_uppercase + ascii_lowercase)[i] for i in axes)


@covers(np.kron)
def _kron(a: Any, b: Any) -> Any:
    a, b = as_carrier(a, "np.kron"), as_carrier(b, "np.kron")
    n = max(a.ndim, b.ndim)
    a, b = at_least(n, a), at_least(n, b)
    left = shapes.reshape(a, shape=tuple(k for m in a.shape for k in (m, 1)))
    right = shapes.reshape(b, shape=tuple(k for m in b.shape for k in (1, m)))
    return shapes.reshape(left * right, shape=tuple(m * k for m, k in zip(a.shape, b.shape, strict=True)))


@covers(np.cross)
def _cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = as_carrier(a, "np.cross"), as_carrier(b, "np.cross")
    a = shapes.moveaxis(a, one_axis(axisa, a, "np.cross"), -1)
    b = shapes.moveaxis(b, one_axis(axisb, b, "np.cross"), -1)
    if a.shape[-1] != 3 or b.shape[-1] != 3:
        raise uncovered("np.cross", {"vectors of other than three elements": None})
    signs = np.zeros((3, 3, 3), np.int8)
    signs[[0, 1, 2], [1, 2, 0], [2, 0, 1]], signs[[0, 1, 2], [2, 0, 1], [1, 2, 0]] = 1, -1
    y = einsum(signs.astype(np.result_type(a.dtype, b.dtype)), a, b, subscripts="ijk,...j,...k->...i")
    return shapes.moveaxis(y, -1, one_axis(axisc, y, "np.cross"))
