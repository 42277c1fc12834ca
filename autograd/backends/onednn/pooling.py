"""Maxima of windows of float32 images, and their gradient, by oneDNN's primitives."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from .loading import Refused, functions, in_use
from .memory import (
    FLOAT32,
    TRAINING,
    Computation,
    Handle,
    Layout,
    array_and_layout,
    attributes,
    axis_numbers,
    engine,
    finite,
    images,
    made,
    operand_descriptor,
)

__all__ = ["PoolingWindows", "max_pool", "max_pool_gradient"]

Array = np.ndarray[Any, Any]
Sizes = tuple[int, ...]

SMALLEST = 1 << 12
"""Numbers from which on pooling, with its gradient, is faster here by more than making its kernels soon costs."""
MAXIMUM = 511
"""The kind of algorithm, in `dnnl_types.h`."""
IMAGES, RESULT, PLACES, IMAGES_GRADIENT, RESULT_GRADIENT = 1, 17, 64, 129, 145


class PoolingWindows(NamedTuple):
    """How large the windows of images are along each axis, how far apart, and how far they begin before it.

    Those that hang over have only the elements that there are.
    """

    counts: Sizes
    kernel: Sizes
    stride: Sizes
    before: Sizes


def max_pool(a: Array, windows: PoolingWindows) -> Array | None:
    """The largest number of each window; None where NumPy does as well, or has to."""
    found = _maxima(a, windows)
    return None if found is None else found[0]


def max_pool_gradient(g: Array, a: Array, windows: PoolingWindows) -> Array | None:
    """The gradient of the largest numbers, put where the first of them is in each window; None as above."""
    found = _maxima(a, windows) if g.dtype == FLOAT32 else None
    if found is None:
        return None
    g, layout = array_and_layout(g)
    backward = _backward(a.shape, layout, windows)
    gradient = images(a.shape)
    return gradient if backward is not None and backward([gradient, g, found[1]]) else None


def _maxima(a: Array, windows: PoolingWindows) -> tuple[Array, Array] | None:
    """The maxima, and which elements they are, in bytes that the backward pass reads."""
    if a.dtype != FLOAT32 or a.size < SMALLEST or a.ndim != len(windows.counts) + 2 or in_use() is None:
        return None
    if not finite(a):  # kernels pass over nan, and know no number below the lowest finite one
        return None
    a, layout = array_and_layout(a)
    forward = _forward(layout, windows)
    if forward is None:
        return None
    computation, size = forward
    y, places = images((*a.shape[:2], *windows.counts)), np.empty(size, np.uint8)
    return (y, places) if computation([a, y, places]) else None


# ---------------------------------------------------------------------- primitives


@lru_cache(maxsize=256)
def _forward(layout: Layout, windows: PoolingWindows) -> tuple[Computation, int] | None:
    """What finds the maxima of such images, and how many bytes say which elements they are; None if nothing does."""
    try:
        primitive = _primitive(layout.shape, windows)
        places = operand_descriptor(primitive, PLACES)
        y = _maxima_layout(layout.shape, windows).descriptor()
        computation = Computation(primitive, {IMAGES: layout.descriptor(), RESULT: y, PLACES: places}, RESULT)
        return computation, functions().dnnl_memory_desc_get_size(places.pointer)
    except Refused:
        return None


@lru_cache(maxsize=256)
def _backward(shape: Sizes, layout: Layout, windows: PoolingWindows) -> Computation | None:
    """What puts such a gradient in its places; None if nothing does."""
    try:
        forward = _primitive(shape, windows)
        operands = {
            IMAGES_GRADIENT: Layout.channels_last(shape).descriptor(),
            RESULT_GRADIENT: layout.descriptor(),
            PLACES: operand_descriptor(forward, PLACES),
        }
        return Computation(_primitive(shape, windows, forward), operands, IMAGES_GRADIENT)
    except Refused:
        return None


def _maxima_layout(shape: Sizes, windows: PoolingWindows) -> Layout:
    return Layout.channels_last((*shape[:2], *windows.counts))


def _primitive(shape: Sizes, windows: PoolingWindows, forward: Handle | None = None) -> Handle:
    """The description of a primitive; that of the backward pass is made from the forward one."""
    x, y = Layout.channels_last(shape).descriptor(), _maxima_layout(shape, windows).descriptor()
    axes = zip(shape[2:], *windows, strict=True)
    behind = [(count - 1) * step + length - n - before for n, count, length, step, before in axes]
    dense = (0,) * len(behind)
    steps = [axis_numbers(numbers) for numbers in (windows.stride, windows.kernel, dense, windows.before, behind)]
    name = "backward" if forward else "forward"
    return made(
        "primitive_desc", f"pooling_{name}_primitive_desc_create", engine(), *([] if forward else [TRAINING]), MAXIMUM,
        x.pointer, y.pointer, *steps, *([forward.pointer] if forward else []), attributes().pointer,
    )  # fmt: skip
