"""Pooling: windows of the last axes become one number each, their sum, average or maximum.

Along each axis windows are given by where they start and end, so that strides, padding, windows that hang
over and the uneven windows of adaptive pooling are all the same.  A window of several axes is taken one
axis at a time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..array_op import ArrayOp
from .convolution import PerAxis, Sizes, batched, per_axis
from .reductions import plain
from .shapes import put, reshape

__all__ = [
    "Windows",
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "sum_pool1d",
    "sum_pool2d",
    "sum_pool3d",
    "window_max",
    "window_sum",
]

Array = np.ndarray[Any, Any]
Index = slice | Array


class Windows(NamedTuple):
    """The windows of one axis: of `size` elements, number i has `starts[i]`, every `step`-th, before `ends[i]`."""

    size: int
    starts: Sizes
    ends: Sizes
    step: int = 1

    def passes(self) -> Iterator[tuple[Index, Index]]:
        """The first elements of all windows, then the second ones: which windows have one, and where."""
        starts, ends = np.asarray(self.starts, np.intp), np.asarray(self.ends, np.intp)
        for shift in range(0, int(max(ends - starts, default=0)), self.step):
            (having,) = np.nonzero(starts + shift < ends)
            yield _as_slice(having), _as_slice(starts[having] + shift)

    def turned(self) -> Windows:
        """The other way round: for each element, the windows that it is in; these are neighbours."""
        places = np.arange(self.size)
        starts = np.searchsorted(self.ends, places, "right")
        ends = np.searchsorted(self.starts, places, "right")
        return Windows(len(self.starts), tuple(starts.tolist()), tuple(ends.tolist()))


def _as_slice(places: Array) -> Index:
    """Evenly spaced places as a slice, which NumPy reads without copying."""
    steps = set(np.diff(places).tolist())
    if len(steps) > 1 or 0 in steps:
        return places
    return slice(int(places[0]), int(places[-1]) + 1, steps.pop() if steps else 1)


def _window_sum(a: Array, windows: tuple[Windows, ...]) -> Array:
    return _combined(a, windows, np.add, 0)


def _window_max(a: Array, windows: tuple[Windows, ...]) -> Array:
    return _combined(a, windows, np.maximum, -np.inf)


def _combined(a: Array, windows: tuple[Windows, ...], combine: np.ufunc, neutral: float) -> Array:
    """The elements of each window combined, one axis at a time, the last one first."""
    for i, window in enumerate(reversed(windows)):
        y = np.full((*a.shape[: a.ndim - 1 - i], len(window.starts), *a.shape[a.ndim - i :]), neutral, a.dtype)
        after = (slice(None),) * i
        for number, (having, places) in enumerate(window.passes()):
            into: Any = (..., having, *after)
            source: Any = (..., places, *after)
            y[into] = a[source] if number == 0 else combine(y[into], a[source])
        a = y
    return a


def _first_places(a: Array, windows: tuple[Windows, ...]) -> Array:
    """Where each window has its first maximum, as a place in the flat array; of nan, the last one."""
    places = np.arange(a.size).reshape(a.shape)
    for i, window in enumerate(reversed(windows)):
        shape = (*a.shape[: a.ndim - 1 - i], len(window.starts), *a.shape[a.ndim - i :])
        largest, chosen = np.empty(shape, a.dtype), np.empty(shape, places.dtype)
        after = (slice(None),) * i
        for number, (having, elements) in enumerate(window.passes()):
            into: Any = (..., having, *after)
            source: Any = (..., elements, *after)
            candidates = a[source]
            better = (candidates > largest[into]) | (candidates != candidates) | (number == 0)
            largest[into] = np.where(better, candidates, largest[into])
            chosen[into] = np.where(better, places[source], chosen[into])
        a, places = largest, chosen
    return places


def _window_max_pullback(g: Any, y: Any, a: Any, windows: tuple[Windows, ...]) -> Any:
    """All of the gradient goes to the first maximum."""
    places = _first_places(plain(a), windows)
    return reshape(put(reshape(g, shape=(-1,)), index=places.ravel(), shape=(a.size,)), shape=a.shape)


window_sum = ArrayOp(
    "window_sum", "The sum of each window of the last axes.",
    _window_sum,
    lambda g, y, a, windows: window_sum(g, windows=tuple(w.turned() for w in windows)),
    needs=("",), linear="jointly",
)  # fmt: skip
window_max = ArrayOp(
    "window_max", "The maximum of each window of the last axes; the first one of a tie has its gradient.",
    _window_max,
    _window_max_pullback,
    needs=("a",),
)  # fmt: skip

# ---------------------------------------------------------------------- PyTorch's functions


def _strided(
    name: str,
    shape: Sizes,
    rank: int,
    kernel_size: PerAxis,
    stride: PerAxis | None,
    padding: PerAxis,
    dilation: PerAxis,
    ceil_mode: bool,
) -> tuple[tuple[Windows, ...], Sizes, Sizes]:
    """The windows of every axis, cut at the input's ends; the kernel; the padding.

    With `ceil_mode` a last window may hang over the padding, if it starts inside the input or the padding
    in front of it.
    """
    kernel = per_axis(name, "kernel_size", kernel_size, rank, 1)
    steps = kernel if stride is None else per_axis(name, "stride", stride, rank, 1)
    border = per_axis(name, "padding", padding, rank, 0)
    spread = per_axis(name, "dilation", dilation, rank, 1)
    result = []
    for n, k, s, p, d in zip(shape[-rank:], kernel, steps, border, spread, strict=True):
        reach = (k - 1) * d + 1
        if 2 * p > reach:
            raise ValueError(f"{name}: padding {border}: must be at most half of the kernel's reach, {reach}")
        if n < 1 or (reach > n + 2 * p and not (ceil_mode and reach - s < n + 2 * p)):
            raise ValueError(f"{name}: input {shape} with padding {border} is smaller than the kernel {kernel}")
        count = (n + 2 * p - reach + (s - 1 if ceil_mode else 0)) // s + 1
        if ceil_mode and (count - 1) * s >= n + p:
            count -= 1
        starts = range(-p, -p + count * s, s)
        first = tuple(i if i >= 0 else i + -(i // d) * d for i in starts)  # the first element inside the input
        ends = tuple(min(i + reach, n) for i in starts)
        if any(i >= end for i, end in zip(first, ends, strict=True)):
            raise ValueError(f"{name}: input {shape}: a window of {kernel}, dilation {spread}, is all padding")
        result.append(Windows(n, first, ends, d))
    return tuple(result), kernel, border


def _max_pool(
    rank: int,
    x: Any,
    kernel_size: PerAxis,
    stride: PerAxis | None,
    padding: PerAxis,
    dilation: PerAxis,
    ceil_mode: bool,
) -> Any:
    name = f"max_pool{rank}d"
    x, had_batch = batched(name, rank, x)
    windows, _, _ = _strided(name, x.shape, rank, kernel_size, stride, padding, dilation, ceil_mode)
    y = window_max(x, windows=windows)
    return y if had_batch else reshape(y, shape=y.shape[1:])


def _sum_pool(
    name: str, rank: int, x: Any, kernel_size: PerAxis, stride: PerAxis | None, padding: PerAxis, ceil_mode: bool
) -> tuple[Any, tuple[Windows, ...], Sizes, Sizes]:
    """The sums, in the shape of the input, and what `_strided` says."""
    x, had_batch = batched(name, rank, x)
    windows, kernel, border = _strided(name, x.shape, rank, kernel_size, stride, padding, 1, ceil_mode)
    y = window_sum(x, windows=windows)
    return (y if had_batch else reshape(y, shape=y.shape[1:])), windows, kernel, border


def _divided(y: Any, counts: list[list[int]]) -> Any:
    """Sums of windows over how many elements they have, which is the product over the axes."""
    if all(len(set(c)) <= 1 for c in counts):
        return y / float(math.prod(c[0] for c in counts))
    areas = counts[0] if len(counts) == 1 else np.multiply.reduce(np.ix_(*map(np.asarray, counts)))
    return y / np.asarray(areas, y.dtype)


def _avg_pool(
    rank: int,
    x: Any,
    kernel_size: PerAxis,
    stride: PerAxis | None,
    padding: PerAxis,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Any:
    name = f"avg_pool{rank}d"
    if divisor_override == 0:
        raise ValueError(f"{name}: divisor_override 0: must not be zero")
    y, windows, kernel, border = _sum_pool(name, rank, x, kernel_size, stride, padding, ceil_mode)
    if divisor_override is not None:
        return y / float(divisor_override)
    counts = []
    for window, k, p, s in zip(windows, kernel, border, _steps(kernel, stride), strict=True):
        # A window counts its padding, but never what hangs over behind the padding.
        whole = [min(k, window.size + 2 * p - i * s) for i in range(len(window.starts))]
        inside = [end - start for start, end in zip(window.starts, window.ends, strict=True)]
        counts.append(whole if count_include_pad else inside)
    return _divided(y, counts)


def _steps(kernel: Sizes, stride: PerAxis | None) -> Sizes:
    return kernel if stride is None else per_axis("avg_pool", "stride", stride, len(kernel), 1)


def _adaptive_avg_pool(rank: int, x: Any, output_size: Any) -> Any:
    name = f"adaptive_avg_pool{rank}d"
    x, had_batch = batched(name, rank, x)
    sizes = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * rank
    if len(sizes) == rank:  # None keeps the size of an axis
        sizes = tuple(n if m is None else m for n, m in zip(x.shape[2:], sizes, strict=True))
    counts = per_axis(name, "output_size", sizes, rank, 1)
    if min(x.shape[2:]) < 1:
        raise ValueError(f"{name}: input {x.shape} is empty")
    windows = []
    for n, m in zip(x.shape[2:], counts, strict=True):
        starts, ends = (tuple((i * n + up) // m for i in range(m)) for up in (0, n + m - 1))
        windows.append(Windows(n, starts, ends))
    y = window_sum(x, windows=tuple(windows))
    y = _divided(y, [[end - start for start, end in zip(w.starts, w.ends, strict=True)] for w in windows])
    return y if had_batch else reshape(y, shape=y.shape[1:])


def max_pool1d(
    input: Any,  # noqa: A002 - PyTorch's names
    kernel_size: PerAxis,
    stride: PerAxis | None = None,
    padding: PerAxis = 0,
    dilation: PerAxis = 1,
    ceil_mode: bool = False,
) -> Any:
    """The maximum of each window of signals (N, C, L) or (C, L); see `max_pool2d`.

    >>> max_pool1d(np.array([[1.0, 3.0, 2.0, 0.0]]), 2)
    array([[3., 2.]])
    """
    return _max_pool(1, input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool2d(
    input: Any,  # noqa: A002 - PyTorch's names
    kernel_size: PerAxis,
    stride: PerAxis | None = None,
    padding: PerAxis = 0,
    dilation: PerAxis = 1,
    ceil_mode: bool = False,
) -> Any:
    """The maximum of each window.

        y[n, c, p] = max_k input[n, c, stride · p + dilation · k - padding]

    All of the gradient goes to the first maximum of a window; nan is the maximum of any that has one.

    Args:
        input: images (N, C, H, W), or one image (C, H, W).
        kernel_size: height and width of a window; one number, or one per axis.
        stride: how far apart windows are; the kernel's size if None.
        padding: how far windows may start before the image; at most half of a window.
        dilation: how far apart the elements of a window are.
        ceil_mode: keep a last window that hangs over, if it starts inside.

    Returns:
        (N, C, height, width); each is (H + 2 · padding - dilation · (kernel - 1) - 1) / stride + 1,
        rounded down, or up with `ceil_mode`.

    Raises:
        TypeError: the input is not an array of floats.
        ValueError: shapes or settings do not go together.
    """
    return _max_pool(2, input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool3d(
    input: Any,  # noqa: A002 - PyTorch's names
    kernel_size: PerAxis,
    stride: PerAxis | None = None,
    padding: PerAxis = 0,
    dilation: PerAxis = 1,
    ceil_mode: bool = False,
) -> Any:
    """The maximum of each window of volumes (N, C, D, H, W) or (C, D, H, W); see `max_pool2d`."""
    return _max_pool(3, input, kernel_size, stride, padding, dilation, ceil_mode)


def avg_pool1d(
    input: Any,  # noqa: A002 - PyTorch's names
    kernel_size: PerAxis,
    stride: PerAxis | None = None,
    padding: PerAxis = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Any:
    """The average of each window of signals (N, C, L) or (C, L); see `avg_pool2d`.

    >>> avg_pool1d(np.array([[1.0, 3.0, 2.0, 0.0]]), 2)
    array([[2., 1.]])
    """
    return _avg_pool(1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(
    input: Any,  # noqa: A002 - PyTorch's names
    kernel_size: PerAxis,
    stride: PerAxis | None = None,
    padding: PerAxis = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:
    """The average of each window.

    Args:
        input: images (N, C, H, W), or one image (C, H, W).
        kernel_size: height and width of a window; one number, or one per axis.
        stride: how far apart windows are; the kernel's size if None.
        padding: how many zeros surround the image; at most half of a window.
        ceil_mode: keep a last window that hangs over, if it starts inside.
        count_include_pad: divide by the number of elements with the padding; what hangs over never counts.
        divisor_override: divide by this number instead.

    Returns:
        (N, C, height, width), as `max_pool2d`.

    Raises:
        TypeError: the input is not an array of floats.
        ValueError: shapes or settings do not go together.
    """
    return _avg_pool(2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def avg_pool3d(
    input: Any,  # noqa: A002 - PyTorch's names
    kernel_size: PerAxis,
    stride: PerAxis | None = None,
    padding: PerAxis = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:
    """The average of each window of volumes (N, C, D, H, W) or (C, D, H, W); see `avg_pool2d`."""
    return _avg_pool(3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def sum_pool1d(
    input: Any,  # noqa: A002 - PyTorch's names
    kernel_size: PerAxis,
    stride: PerAxis | None = None,
    padding: PerAxis = 0,
    ceil_mode: bool = False,
) -> Any:
    """The sum of each window of signals (N, C, L) or (C, L); the windows are those of `max_pool1d`."""
    return _sum_pool("sum_pool1d", 1, input, kernel_size, stride, padding, ceil_mode)[0]


def sum_pool2d(
    input: Any,  # noqa: A002 - PyTorch's names
    kernel_size: PerAxis,
    stride: PerAxis | None = None,
    padding: PerAxis = 0,
    ceil_mode: bool = False,
) -> Any:
    """The sum of each window of images (N, C, H, W) or (C, H, W); the windows are those of `max_pool2d`."""
    return _sum_pool("sum_pool2d", 2, input, kernel_size, stride, padding, ceil_mode)[0]


def sum_pool3d(
    input: Any,  # noqa: A002 - PyTorch's names
    kernel_size: PerAxis,
    stride: PerAxis | None = None,
    padding: PerAxis = 0,
    ceil_mode: bool = False,
) -> Any:
    """The sum of each window of volumes (N, C, D, H, W) or (C, D, H, W); the windows are those of `max_pool3d`."""
    return _sum_pool("sum_pool3d", 3, input, kernel_size, stride, padding, ceil_mode)[0]


def adaptive_avg_pool1d(input: Any, output_size: PerAxis) -> Any:  # noqa: A002 - PyTorch's names
    """Signals (N, C, L) or (C, L) averaged down to a given length; see `adaptive_avg_pool2d`."""
    return _adaptive_avg_pool(1, input, output_size)


def adaptive_avg_pool2d(input: Any, output_size: Any) -> Any:  # noqa: A002 - PyTorch's names
    """Images averaged over as many windows as are asked for, of sizes as even as possible.

    Along an axis of n elements, window i of m goes from ⌊i · n / m⌋ up to before ⌈(i + 1) · n / m⌉.

    Args:
        input: images (N, C, H, W), or one image (C, H, W).
        output_size: height and width of the result; one number for both, None for that of the input.
    """
    return _adaptive_avg_pool(2, input, output_size)
