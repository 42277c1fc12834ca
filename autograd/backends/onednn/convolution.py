"""Convolutions of float32 arrays and their gradients, by the primitives of oneDNN that PyTorch uses.

Images have their channels last in memory, here and in what is handed back: almost all of oneDNN's kernels are
fastest so, and one layer after another finds its input as it wants it.  Filters come into whatever layout suits the
kernel.  All kernels add up products of the numbers themselves; none is Winograd's.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

import numpy as np

from .loading import Refused, in_use
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
)

__all__ = ["convolve", "convolve_transposed", "convolve_weight"]

Array = np.ndarray[Any, Any]
Sizes = tuple[int, ...]
Pairs = tuple[tuple[int, int], ...]

SMALLEST = 1 << 15
"""Multiplications from which on a convolution gains so much here that making its kernel, about 1 ms, soon pays off."""
DIRECT = 1
"""The kind of algorithm, in `dnnl_types.h`."""


class _Pass(NamedTuple):
    """One of the three: its name, the numbers of images, filters and result in it, and which of them it computes."""

    name: str
    numbers: tuple[int, int, int]
    computed: int


FORWARD = _Pass("forward", (1, 33, 17), 2)
BACKWARD_DATA = _Pass("backward_data", (129, 33, 145), 0)
BACKWARD_WEIGHTS = _Pass("backward_weights", (1, 161, 145), 1)


class _Settings(NamedTuple):
    stride: Sizes
    padding: Pairs
    dilation: Sizes
    groups: int


def convolve(
    x: Array, w: Array, counts: Sizes, stride: Sizes, padding: Pairs, dilation: Sizes, groups: int
) -> Array | None:
    """Images convolved with filters, at that many places; None where NumPy does as well, or has to."""
    shapes = x.shape, w.shape, (x.shape[0], w.shape[0], *counts)
    return _computed(FORWARD, (x, w), shapes, _Settings(stride, padding, dilation, groups))


def convolve_transposed(
    y: Array, w: Array, size: Sizes, stride: Sizes, padding: Pairs, dilation: Sizes, groups: int
) -> Array | None:
    """The gradient of a convolution by its images, which are of that size; None as above."""
    shapes = (y.shape[0], w.shape[1] * groups, *size), w.shape, y.shape
    return _computed(BACKWARD_DATA, (w, y), shapes, _Settings(stride, padding, dilation, groups))


def convolve_weight(
    x: Array, y: Array, kernel: Sizes, stride: Sizes, padding: Pairs, dilation: Sizes, groups: int
) -> Array | None:
    """The gradient of a convolution by its filters, which are of that size; None as above."""
    shapes = x.shape, (y.shape[1], x.shape[1] // groups, *kernel), y.shape
    return _computed(BACKWARD_WEIGHTS, (x, y), shapes, _Settings(stride, padding, dilation, groups))


def _computed(
    which: _Pass, operands: tuple[Array, Array], shapes: tuple[Sizes, Sizes, Sizes], settings: _Settings
) -> Array | None:
    """The one of images, filters and result that the two others give."""
    _, (_, *per_result), result = shapes
    if prod(result) * prod(per_result) < SMALLEST or any(a.dtype != FLOAT32 for a in operands) or in_use() is None:
        return None
    # Kernels leave out what NumPy multiplies by the zeros of the padding, and that could have given nan.
    if which is not BACKWARD_WEIGHTS and not finite(operands[0 if which is BACKWARD_DATA else 1]):
        return None
    computed = np.empty(shapes[1], FLOAT32) if which.computed == 1 else images(shapes[which.computed])
    arrays = [*operands]
    arrays.insert(which.computed, computed)
    described = [array_and_layout(a) for a in arrays]
    computation = _computation(which, tuple([layout for _, layout in described]), settings)
    if computation is None or not computation([a for a, _ in described]):
        return None
    return computed if which is not BACKWARD_WEIGHTS or finite(computed) else None


# ---------------------------------------------------------------------- primitives


@lru_cache(maxsize=1024)  # as many as oneDNN keeps itself; a deep network has hundreds
def _computation(which: _Pass, layouts: tuple[Layout, ...], settings: _Settings) -> Computation | None:
    """What computes this pass from arrays that lie so; None if oneDNN does not."""
    x, w, y = layouts
    if which is BACKWARD_WEIGHTS and _misses(x.shape[2:], w.shape[2:], settings):
        return None
    if settings.groups > 1:
        w = w.in_groups(settings.groups)
    try:
        wanted = [
            Layout.channels_last(x.shape).descriptor(),
            w.descriptor(anyhow=True),
            Layout.channels_last(y.shape).descriptor(),
        ]
        primitive = _primitive(FORWARD, wanted, settings)
        if which is not FORWARD:
            primitive = _primitive(which, wanted, settings, primitive)
        given = [layout.descriptor() for layout in (x, w, y)]
        return Computation(primitive, dict(zip(which.numbers, given, strict=True)), which.numbers[which.computed])
    except Refused:
        return None


def _misses(size: Sizes, kernel: Sizes, settings: _Settings) -> bool:
    """Whether a window may lie beside the images altogether: only NumPy multiplies a nan there by zeros."""
    axes = zip(size, kernel, settings.padding, settings.dilation, strict=True)
    return any(max(padding) > (k - 1) * d or d > n for n, k, padding, d in axes)


def _primitive(which: _Pass, layouts: list[Handle], settings: _Settings, forward: Handle | None = None) -> Handle:
    """The description of a primitive; those of the backward passes are made from the forward one."""
    x, w, y = [layout.pointer for layout in layouts]
    before, behind = zip(*settings.padding, strict=True)
    between = [d - 1 for d in settings.dilation]
    steps = [axis_numbers(numbers) for numbers in (settings.stride, between, before, behind)]
    return made(
        "primitive_desc", f"convolution_{which.name}_primitive_desc_create", engine(),
        *([] if forward else [TRAINING]), DIRECT, x, w, *([] if which is BACKWARD_DATA else [None]), y,
        *steps, *([forward.pointer] if forward else []), attributes().pointer,
    )  # fmt: skip
