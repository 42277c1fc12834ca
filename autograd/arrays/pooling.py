"""Windows of the last axes that become one number each: their sum or their maximum.

Along each axis windows are given by where they start and end, so that strides, padding, windows that hang
over and the uneven windows of adaptive pooling are all the same.  A window of several axes is taken one
axis at a time, the last one first: of the maxima of its rows, the maximum.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from ..array_op import ArrayOp
from ..backends import onednn
from ..traced import Traced, opaque
from .reductions import plain
from .windows import Sizes

__all__ = ["Windows", "turned", "window_max", "window_pick", "window_place", "window_sum"]

Array = np.ndarray[Any, Any]
Index = slice | Array
Chosen = tuple[Array, ...]
"""For each axis, the last one first: which element of each window is meant, counted from the window's start."""


class Windows(NamedTuple):
    """The windows of one axis of `size` elements: number i has every `step`-th from `starts[i]` to before `ends[i]`.

    A start may be negative; what lies before the axis is padding.
    """

    size: int
    starts: Sizes
    ends: Sizes
    step: int = 1


@lru_cache(maxsize=256)
def _passes(window: Windows) -> tuple[tuple[Index, Index], ...]:
    """The first elements of all windows, then the second ones: which windows have one, and where."""
    starts, ends = np.asarray(window.starts, np.intp), np.asarray(window.ends, np.intp)
    passes = []
    for shift in range(0, int(max(ends - starts, default=0)), window.step):
        (having,) = np.nonzero((starts + shift >= 0) & (starts + shift < ends))
        passes.append((_as_slice(having), _as_slice(starts[having] + shift)))
    return tuple(passes)


@lru_cache(maxsize=256)
def turned(window: Windows) -> Windows:
    """The other way round: for each element, the windows that it is in; these are neighbours."""
    places = np.arange(window.size)
    starts = np.searchsorted(window.ends, places, "right")
    ends = np.searchsorted(window.starts, places, "right")
    return Windows(len(window.starts), tuple(starts.tolist()), tuple(ends.tolist()))


@lru_cache(maxsize=256)
def _even(windows: tuple[Windows, ...]) -> onednn.PoolingWindows | None:
    """Windows that are equally large, but for where the axis ends, and equally far apart; None if they are not."""
    axes = []
    for size, starts, ends, step in windows:
        apart = starts[1] - starts[0] if len(starts) > 1 else size
        length = max([end - start for start, end in zip(starts, ends, strict=True)], default=0)
        cut = tuple([min(start + length, size) for start in starts])
        even = tuple([starts[0] + i * apart for i in range(len(starts))]) if starts else None
        if step > 1 or apart < 1 or starts != even or ends != cut:
            return None
        axes.append((len(starts), length, apart, -starts[0]))
    return onednn.PoolingWindows(*zip(*axes, strict=True))


def _as_slice(places: Array) -> Index:
    """Evenly spaced places as a slice, which NumPy reads without copying."""
    steps = set(np.diff(places).tolist())
    if len(steps) > 1 or 0 in steps or not places.size:
        return places
    return slice(int(places[0]), int(places[-1]) + 1, steps.pop() if steps else 1)


def _at(index: Index, axis: int) -> Any:
    """An index of this axis, counted from the last one."""
    return (..., index, *(slice(None),) * axis)


def _like(a: Array, axis: int, size: int, fill: Any, dtype: Any = None) -> Array:
    """An array that differs in the size of an axis, counted from the last one; it lies in memory the same way."""
    shape = list(a.shape)
    shape[-1 - axis] = size
    return np.full_like(a, fill, dtype, shape=shape)


# ---------------------------------------------------------------------- one axis at a time


def _along(a: Array, axis: int, window: Windows, combine: np.ufunc, neutral: float) -> Array:
    """The elements of each window of one axis combined."""
    y = _like(a, axis, len(window.starts), neutral)
    for having, places in _passes(window):
        into = _at(having, axis)
        y[into] = combine(y[into], a[_at(places, axis)])
    return y


def _first_along(a: Array, largest: Array, axis: int, window: Windows) -> Array:
    """Which element of each window is the first one that is the largest; of nan, the last one.

    It is the number of elements before it, all of which differ from the largest.
    """
    passes = _passes(window)
    before = np.zeros_like(largest, np.min_scalar_type(len(passes)))
    none_yet = np.ones_like(largest, bool)
    for having, places in passes:
        none_yet[_at(having, axis)] &= a[_at(places, axis)] != largest[_at(having, axis)]
        before += none_yet
    if np.isnan(np.add.reduce(largest, None)):
        for number, (having, places) in enumerate(passes):
            into = _at(having, axis)
            before[into] = np.where(np.isnan(a[_at(places, axis)]), number, before[into])
    return before


def _only(a: Array, chosen: Array) -> Array:
    """The numbers that are chosen, 0 in place of the others."""
    if np.isfinite(np.add.reduce(a, None)):
        return a * chosen  # `where` would guess branches, ten times as slow
    return np.where(chosen, a, np.zeros((), a.dtype))


def _lying_as(a: Array, other: Array) -> Array:
    """The array, in memory as another one of its shape: to go through two that lie differently takes far longer."""
    if all(s * other.itemsize == t * a.itemsize for s, t in zip(a.strides, other.strides, strict=True)):
        return a
    y = np.empty_like(other, a.dtype)
    y[...] = a
    return y


# ---------------------------------------------------------------------- the rows


def _window_sum(a: Array, windows: tuple[Windows, ...]) -> Array:
    for axis, window in enumerate(reversed(windows)):
        a = _along(a, axis, window, np.add, 0)
    return a


def _window_max(a: Array, windows: tuple[Windows, ...]) -> Array:
    even = _even(windows)
    y = None if even is None else onednn.max_pool(a, even)
    if y is not None:
        return y
    for axis, window in enumerate(reversed(windows)):
        a = _along(a, axis, window, np.maximum, -np.inf)
    return a


def _window_max_pullback(g: Any, y: Any, a: Any, windows: tuple[Windows, ...]) -> Any:
    """The gradient in the places of the maxima."""
    if type(g) is type(a) is np.ndarray:
        return _window_max_slope(g, a, windows)
    if type(g) is type(a) is Traced:
        return opaque(_window_max_slope, g, a, windows)
    return window_place(g, windows=windows, chosen=opaque(_maxima, plain(a), windows))


def _window_max_slope(g: Array, a: Array, windows: tuple[Windows, ...]) -> Array:
    """The same on arrays."""
    even = _even(windows)
    fast = None if even is None else onednn.max_pool_gradient(g, a, even)
    return window_place(g, windows=windows, chosen=_maxima(a, windows)) if fast is None else fast


def _maxima(a: Array, windows: tuple[Windows, ...]) -> Chosen:
    """Which elements the maxima are; where a window has no element, a number beyond all of them."""
    chosen = []
    for axis, window in enumerate(reversed(windows)):
        largest = _along(a, axis, window, np.maximum, -np.inf)
        chosen.append(_first_along(a, largest, axis, window))
        a = largest
    return tuple(chosen)


def _window_pick(a: Array, windows: tuple[Windows, ...], chosen: Chosen) -> Array:
    for axis, (window, numbers) in enumerate(zip(reversed(windows), chosen, strict=True)):
        y = _like(a, axis, len(window.starts), 0)
        for number, (having, places) in enumerate(_passes(window)):
            into = _at(having, axis)
            y[into] += _only(a[_at(places, axis)], numbers[into] == number)
        a = y
    return a


def _window_place(a: Array, windows: tuple[Windows, ...], chosen: Chosen) -> Array:
    a = _lying_as(a, chosen[-1])
    for axis, (window, numbers) in reversed(list(enumerate(zip(reversed(windows), chosen, strict=True)))):
        y = _like(a, axis, window.size, 0)
        for number, (having, places) in enumerate(_passes(window)):
            into = _at(having, axis)
            share = _only(a[into], numbers[into] == number)
            if isinstance(places, slice):
                y[_at(places, axis)] += share
            else:  # windows of adaptive pooling may share an element
                np.add.at(y, _at(places, axis), share)
        a = y
    return a


# Each rule uses its own row, or a later one.
window_sum: ArrayOp
window_place: ArrayOp

window_sum = ArrayOp(
    "window_sum", "The sum of each window of the last axes.",
    _window_sum,
    lambda g, y, a, windows: window_sum(g, windows=tuple(map(turned, windows))),
    needs=("",), linear="jointly",
)  # fmt: skip
window_max = ArrayOp(
    "window_max", "The maximum of each window of the last axes; the first one of a tie has its gradient.",
    _window_max,
    _window_max_pullback,
    needs=("a",),
)  # fmt: skip
window_pick = ArrayOp(
    "window_pick", "One element of each window of the last axes.",
    _window_pick,
    lambda g, y, a, windows, chosen: window_place(g, windows=windows, chosen=chosen),
    needs=("",), linear="jointly",
)  # fmt: skip
window_place = ArrayOp(
    "window_place", "Each number put where its window has the chosen element: `window_pick` transposed.",
    _window_place,
    lambda g, y, a, windows, chosen: window_pick(g, windows=windows, chosen=chosen),
    needs=("",), linear="jointly",
)  # fmt: skip
