"""What stands for NumPy's functions that pick elements by index, order or condition."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import ops
from ..arrays import shapes
from ..arrays.reductions import plain
from ..functions import selecting
from ..functions.checks import as_carrier, constant_like, one_axis
from ..traced import opaque
from .arguments import picked
from .protocol import FUNCTIONS, covers, numbers, uncovered

__all__: list[str] = []


@covers(np.where)
def _where(condition: Any, x: Any = None, y: Any = None, /) -> Any:
    if x is None:
        return np.where(numbers(condition))
    return ops.where(*(_operand(a, "np.where") for a in (condition, x, y)))


def _operand(x: Any, name: str) -> Any:
    """What rows of the table take: of a list, an array; a number stays what it is."""
    return as_carrier(x, name) if isinstance(x, (list, tuple)) else x


@covers(np.clip)
def _clip(a: Any, a_min: Any = None, a_max: Any = None, out: None = None, *, min: Any = None, max: Any = None) -> Any:  # noqa: A002
    low, high = (a_min if min is None else min), (a_max if max is None else max)
    low, high = -math.inf if low is None else low, math.inf if high is None else high
    return ops.clip(*(_operand(x, "np.clip") for x in (a, low, high)))


@covers(np.take)
def _take(a: Any, indices: Any, axis: Any = None, out: None = None, mode: Any = "raise") -> Any:
    a = a.reshape(-1) if axis is None else a
    axis = 0 if axis is None else one_axis(axis, a, "np.take")
    index = opaque(np.take, np.arange(a.shape[axis]), numbers(indices), mode=mode)
    return shapes.getitem(a, index=(*(slice(None),) * axis, index))


@covers(np.compress)
def _compress(condition: Any, a: Any, axis: Any = None, out: None = None) -> Any:
    a = as_carrier(a, "np.compress")
    axis = None if axis is None else one_axis(axis, a, "np.compress")
    return _take(a, np.flatnonzero(numbers(condition)), axis)


FUNCTIONS[np.extract] = lambda condition, arr: _compress(np.ravel(numbers(condition)), arr)


@covers(np.take_along_axis)
def _take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Any:
    return selecting.take_along_dim(arr, indices, axis)


@covers(np.sort)
def _sort(a: Any, axis: Any = -1, kind: Any = None, order: None = None, *, stable: Any = None) -> Any:
    return selecting.sort(a.reshape(-1), 0)[0] if axis is None else selecting.sort(a, axis)[0]


@covers(np.argsort)
def _argsort(a: Any, axis: Any = -1, kind: Any = None, order: None = None, *, stable: Any = None) -> Any:
    return selecting.argsort(a.reshape(-1), 0) if axis is None else selecting.argsort(a, axis)


@covers(np.partition)
def _partition(a: Any, kth: Any, axis: Any = -1, kind: Any = "introselect", order: None = None) -> Any:
    a, axis = (a.reshape(-1), 0) if axis is None else (a, axis)
    return selecting.take_along_dim(a, np.argpartition(plain(a), kth, axis, kind), axis)


@covers(np.select)
def _select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Any:
    result = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        result = ops.where(*(_operand(x, "np.select") for x in (numbers(condition), choice, result)))
    return result


@covers(np.piecewise)
def _piecewise(x: Any, condlist: Any, funclist: Sequence[Any], *args: Any, **kwargs: Any) -> Any:
    conditions = [
        np.asarray(numbers(c), bool) for c in (condlist if isinstance(condlist, (list, tuple)) else [condlist])
    ]
    if len(funclist) == len(conditions) + 1:
        conditions.append(~np.any(conditions, axis=0))
    y = constant_like(x, np.zeros_like(plain(x)))
    for condition, piece in zip(conditions, funclist, strict=True):
        value = piece(shapes.getitem(x, index=condition), *args, **kwargs) if callable(piece) else piece
        y = shapes.overwrite(y, value, index=condition)
    return y


@covers(np.unique)
def _unique(ar: Any, return_index: bool = False, return_inverse: bool = False, return_counts: bool = False,
            axis: None = None, *, equal_nan: bool = True) -> Any:  # fmt: skip
    if axis is not None:
        raise uncovered("np.unique", {"axis": axis})
    asked = {"return_inverse": return_inverse, "return_counts": return_counts, "equal_nan": equal_nan}
    found: Any = np.unique(plain(ar), return_index=True, **asked)  # type: ignore[call-overload]
    _, index, *others = found
    results = (picked([ar], index), *([index] if return_index else []), *others)
    return results if len(results) > 1 else results[0]
