"""Pooling under PyTorch's names and with its arguments: windows of images become one number each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache, reduce
from typing import Any

import numpy as np

from ..arrays.pooling import Windows, window_max, window_sum
from ..arrays.windows import Sizes
from .checks import PerAxis, batched, constant_like, per_axis, unbatched

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "adaptive_max_pool3d",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "sum_pool1d",
    "sum_pool2d",
    "sum_pool3d",
]

OutputSize = int | None | Sequence[int | None]
"""One size for all spatial axes, or one for each; None is that of the input."""

# ---------------------------------------------------------------------- which windows


def _strided(
    shape: Sizes,
    rank: int,
    kernel_size: PerAxis,
    stride: PerAxis | None,
    padding: PerAxis,
    dilation: PerAxis,
    ceil_mode: bool,
    name: str,
) -> tuple[tuple[Windows, ...], Sizes, Sizes]:
    """The windows of every axis, cut at the input's ends; the kernel; the padding."""
    kernel = per_axis(kernel_size, rank, 1, name, "kernel_size")
    # PyTorch's modules pass an empty tuple on for None.
    steps = kernel if stride is None or stride == () else per_axis(stride, rank, 1, name, "stride")
    border = per_axis(padding, rank, 0, name, "padding")
    spread = per_axis(dilation, rank, 1, name, "dilation")
    for n, k, p, d in zip(shape[-rank:], kernel, border, spread, strict=True):
        reach = (k - 1) * d + 1
        if 2 * p > reach:
            raise ValueError(f"{name}: padding {border}: must be at most half of what the kernel spans, {reach}")
        if n < 1 or n + 2 * p < reach:
            raise ValueError(f"{name}: input {shape} with padding {border} is smaller than the kernel, {reach}")
    axes = zip(shape[-rank:], kernel, steps, border, spread, strict=True)
    return tuple([_of_axis(*settings, ceil_mode) for settings in axes]), kernel, border


@lru_cache(maxsize=256)
def _of_axis(n: int, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool) -> Windows:
    """The windows of one axis.

    With `ceil_mode` a last window may hang over the padding, if it starts inside the input or the padding
    in front of it.
    """
    reach = (kernel - 1) * dilation + 1
    count = (n + 2 * padding - reach + (stride - 1 if ceil_mode else 0)) // stride + 1
    if ceil_mode and (count - 1) * stride >= n + padding:
        count -= 1
    starts = tuple(range(-padding, -padding + count * stride, stride))
    return Windows(n, starts, tuple([min(i + reach, n) for i in starts]), dilation)


def _adaptive(shape: Sizes, rank: int, output_size: OutputSize, name: str) -> tuple[Windows, ...]:
    """Windows that cover the input evenly."""
    size = shape[-rank:]
    if min(size) < 1:
        raise ValueError(f"{name}: input {shape} is empty")
    given: Any = tuple(output_size) if isinstance(output_size, (tuple, list)) else (output_size,) * rank
    if len(given) == rank:
        given = tuple([n if m is None else m for n, m in zip(size, given, strict=True)])
    windows = []
    for n, m in zip(size, per_axis(given, rank, 1, name, "output_size"), strict=True):
        starts, ends = (tuple([(i * n + up) // m for i in range(m)]) for up in (0, n + m - 1))
        windows.append(Windows(n, starts, ends))
    return tuple(windows)


# ---------------------------------------------------------------------- what becomes of them


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
    x, had_batch = batched(x, rank, name)
    windows, _, _ = _strided(x.shape, rank, kernel_size, stride, padding, dilation, ceil_mode, name)
    return unbatched(window_max(x, windows=windows), had_batch)


def _sum_pool(
    rank: int, x: Any, kernel_size: PerAxis, stride: PerAxis | None, padding: PerAxis, ceil_mode: bool
) -> Any:
    name = f"sum_pool{rank}d"
    x, had_batch = batched(x, rank, name)
    windows, _, _ = _strided(x.shape, rank, kernel_size, stride, padding, 1, ceil_mode, name)
    return unbatched(window_sum(x, windows=windows), had_batch)


def _avg_pool(
    rank: int,
    x: Any,
    kernel_size: PerAxis,
    stride: PerAxis | None,
    padding: PerAxis,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None = None,
) -> Any:
    name = f"avg_pool{rank}d"
    x, had_batch = batched(x, rank, name)
    windows, kernel, border = _strided(x.shape, rank, kernel_size, stride, padding, 1, ceil_mode, name)
    if divisor_override == 0:
        raise ValueError(f"{name}: divisor_override 0: must not be zero")
    y = window_sum(x, windows=windows)
    if divisor_override is not None:
        return unbatched(y / float(divisor_override), had_batch)
    counts = [_elements(window) for window in windows]
    if count_include_pad:  # but never what hangs over behind the padding
        counts = [
            [min(start + k, window.size + p) - start for start in window.starts]
            for window, k, p in zip(windows, kernel, border, strict=True)
        ]
    return unbatched(_divided(y, counts), had_batch)


def _adaptive_avg_pool(rank: int, x: Any, output_size: OutputSize) -> Any:
    name = f"adaptive_avg_pool{rank}d"
    x, had_batch = batched(x, rank, name)
    windows = _adaptive(x.shape, rank, output_size, name)
    return unbatched(_divided(window_sum(x, windows=windows), [_elements(w) for w in windows]), had_batch)


def _adaptive_max_pool(rank: int, x: Any, output_size: OutputSize) -> Any:
    name = f"adaptive_max_pool{rank}d"
    x, had_batch = batched(x, rank, name)
    return unbatched(window_max(x, windows=_adaptive(x.shape, rank, output_size, name)), had_batch)


def _elements(window: Windows) -> list[int]:
    """How many elements of the input each window has."""
    return [end - max(0, start) for start, end in zip(window.starts, window.ends, strict=True)]


def _divided(y: Any, counts: list[list[int]]) -> Any:
    """Sums of windows over how many elements they have, which is the product over the axes."""
    if all(len(set(c)) <= 1 for c in counts):
        return y / float(math.prod([c[0] for c in counts]))
    return y / constant_like(y, reduce(np.multiply, np.ix_(*counts)).astype(y.dtype))


# ---------------------------------------------------------------------- PyTorch's functions


def max_pool1d(
    input: Any,  # noqa: A002 - PyTorch's names
    kernel_size: PerAxis,
    stride: PerAxis | None = None,
    padding: PerAxis = 0,
    dilation: PerAxis = 1,
    ceil_mode: bool = False,
) -> Any:
    """The maximum of each window of signals (N, C, L) or (C, L); see `max_pool2d`.

    >>> from autograd import tensor
    >>> max_pool1d(tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
    tensor([[3., 2.]])
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

    All of the gradient goes to the first maximum of a window.  Of a window with a nan the maximum is nan,
    of one that has nothing but padding it is -inf.

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
        TypeError: the input does not hold floats, or a setting is no whole number.
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

    >>> from autograd import tensor
    >>> avg_pool1d(tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
    tensor([[2., 1.]])
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
        TypeError: the input does not hold floats, or a setting is no whole number.
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
    return _sum_pool(1, input, kernel_size, stride, padding, ceil_mode)


def sum_pool2d(
    input: Any,  # noqa: A002 - PyTorch's names
    kernel_size: PerAxis,
    stride: PerAxis | None = None,
    padding: PerAxis = 0,
    ceil_mode: bool = False,
) -> Any:
    """The sum of each window of images (N, C, H, W) or (C, H, W); the windows are those of `max_pool2d`."""
    return _sum_pool(2, input, kernel_size, stride, padding, ceil_mode)


def sum_pool3d(
    input: Any,  # noqa: A002 - PyTorch's names
    kernel_size: PerAxis,
    stride: PerAxis | None = None,
    padding: PerAxis = 0,
    ceil_mode: bool = False,
) -> Any:
    """The sum of each window of volumes (N, C, D, H, W) or (C, D, H, W); the windows are those of `max_pool3d`."""
    return _sum_pool(3, input, kernel_size, stride, padding, ceil_mode)


def adaptive_avg_pool1d(input: Any, output_size: OutputSize) -> Any:  # noqa: A002 - PyTorch's names
    """Signals (N, C, L) or (C, L) averaged down to a given length; see `adaptive_avg_pool2d`."""
    return _adaptive_avg_pool(1, input, output_size)


def adaptive_avg_pool2d(input: Any, output_size: OutputSize) -> Any:  # noqa: A002 - PyTorch's names
    """Images averaged over as many windows as are asked for, of sizes as even as possible.

    Along an axis of n elements, window i of m goes from ⌊i · n / m⌋ up to before ⌈(i + 1) · n / m⌉.

    Args:
        input: images (N, C, H, W), or one image (C, H, W).
        output_size: height and width of the result; one number for both, None for that of the input.

    Returns:
        (N, C, *output_size).

    Raises:
        TypeError: the input does not hold floats, or a size is no whole number.
        ValueError: a size is less than 1, or there are too many.
    """
    return _adaptive_avg_pool(2, input, output_size)


def adaptive_avg_pool3d(input: Any, output_size: OutputSize) -> Any:  # noqa: A002 - PyTorch's names
    """Volumes (N, C, D, H, W) or (C, D, H, W) averaged; see `adaptive_avg_pool2d`."""
    return _adaptive_avg_pool(3, input, output_size)


def adaptive_max_pool1d(input: Any, output_size: OutputSize) -> Any:  # noqa: A002 - PyTorch's names
    """The maximum of each of as many windows as are asked for; these are those of `adaptive_avg_pool1d`."""
    return _adaptive_max_pool(1, input, output_size)


def adaptive_max_pool2d(input: Any, output_size: OutputSize) -> Any:  # noqa: A002 - PyTorch's names
    """The maximum of each of as many windows as are asked for; these are those of `adaptive_avg_pool2d`."""
    return _adaptive_max_pool(2, input, output_size)


def adaptive_max_pool3d(input: Any, output_size: OutputSize) -> Any:  # noqa: A002 - PyTorch's names
    """The maximum of each of as many windows as are asked for; these are those of `adaptive_avg_pool3d`."""
    return _adaptive_max_pool(3, input, output_size)
