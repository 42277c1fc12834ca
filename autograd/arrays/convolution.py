"""Convolutions of any number of spatial axes as matrix products.

A convolution of images (N, C, *spatial) with filters (O, C / groups, *kernel) is, as in PyTorch, the
cross-correlation

    y[n, o, p] = Σ_c Σ_k  w[o, c, k] · x[n, c, stride · p + dilation · k - padding]

Three rows are bilinear and are each other's pullbacks: `convolution`, the transposed convolution
`conv_transpose`, which is its gradient by x, and `convolution_weight`, its gradient by w.  All three
read the same `_Layout`, in which they are

    convolution           rows of y       = patches of x · matrix of w
    conv_transpose        patches added up = rows of y · (matrix of w)ᵀ
    convolution_weight    matrix of w      = (patches of x)ᵀ · rows of y

Large convolutions of float32 are oneDNN's where it is installed; the rest, and all the rest of this file, is NumPy.

`padding` is one pair per spatial axis here, in front and behind.  The pair that fits the windows exactly
restores an input of any size: a stride that dropped the last elements, or PyTorch's `output_padding`,
is a padding behind that is smaller, even negative.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from ..array_op import ArrayOp
from ..backends import onednn
from .windows import Pairs, Sizes, reaches, window_counts

__all__ = ["conv_transpose", "convolution", "convolution_weight"]

Array = np.ndarray[Any, Any]

COPYING = 100
"""How many multiplications of a matrix product take as long as copying one number into it: measured."""
BLOCK = 1 << 21
"""Bytes of patches that are copied at a time, so that they are still in the cache when multiplied.

A convolution whose patches are no more than that can keep them for its gradient by w.
"""


class _Layout:
    """How a convolution becomes a matrix product.

    Images are laid out with channels last, (groups, N, *spatial, channels), so that a patch is made of
    long runs of neighbours.  One row of the product computes `tile` adjacent outputs of the last axis at
    once, from one patch that reaches over all of them; the matrix of w holds the kernel that many times,
    each one shifted by the stride, with zeros elsewhere:

        w₀ w₁ w₂ 0
        0  w₀ w₁ w₂        (transposed; kernel 3, stride 1, tile 2)

    Wide tiles copy fewer numbers but multiply by more zeros.  Copying bounds the speed of small
    convolutions: with a kernel of k and a stride of s along the last axis, a tile of T copies
    s + (k - s) / T numbers per output and multiplies s · T + k - s per filter.  Zeros would turn infinities
    into nan: where there are any, and where the kernel is dilated, the tile is 1, with no zeros.
    """

    def __init__(
        self,
        batch: int,
        size: Sizes,
        weight: Sizes,
        stride: Sizes,
        padding: Pairs,
        dilation: Sizes,
        groups: int,
        finite: bool,
    ) -> None:
        filters, self.channels, *kernel = weight
        self.batch, self.size, self.kernel = batch, size, tuple(kernel)
        self.groups, self.filters = groups, filters // groups
        self.stride, self.dilation = stride, dilation
        reach = reaches(self.kernel, dilation)
        self.windows = window_counts(size, reach, stride, padding)
        self.tile = self._tile() if finite and dilation[-1] == 1 else 1
        self.tiles = -(-self.windows[-1] // self.tile)
        # A patch: positions from offset to offset (dilated), and at each one a run of neighbours.
        self.offsets, self.run = self.kernel, 1
        if dilation[-1] == 1:
            self.offsets, self.run = (*kernel[:-1], 1), (self.tile - 1) * stride[-1] + kernel[-1]
        self.rows = math.prod(self.windows[:-1]) * self.tiles
        self.width = math.prod(self.offsets) * self.run * self.channels
        counts = (*self.windows[:-1], self.tiles * self.tile)
        self.extent = tuple(
            max((n - 1) * s + r, before + length)
            for n, s, r, (before, _), length in zip(counts, stride, reach, padding, size, strict=True)
        )
        inside = (slice(before, before + n) for (before, _), n in zip(padding, size, strict=True))
        self.inside = (slice(None), slice(None), *inside)

    def _tile(self) -> int:
        """The tile of least cost, then the narrowest one that needs no more tiles."""
        overlap = max(0, self.kernel[-1] - self.stride[-1])
        best = int(math.sqrt(COPYING * overlap / max(1, self.filters * self.stride[-1])))
        tiles = -(-self.windows[-1] // max(1, best))
        return -(-self.windows[-1] // tiles)

    def canvas(self, dtype: Any) -> Array:
        """Zeros, channels last, for the images with their padding."""
        return np.zeros((self.groups, self.batch, *self.extent, self.channels), dtype)

    def place(self, x: Array, dtype: Any) -> Array:
        """The images on a canvas."""
        canvas = self.canvas(dtype)
        canvas[self.inside] = self._channels_last(x, self.channels)
        return canvas

    def _channels_last(self, x: Array, channels: int) -> Array:
        grouped = x.reshape(self.batch, self.groups, channels, *x.shape[2:])
        return grouped.transpose(1, 0, *range(3, grouped.ndim), 2)

    def channels_first(self, x: Array) -> Array:
        """From (groups, N, *spatial, channels) to (N, C, *spatial); without a copy if there is one group."""
        first = x.transpose(1, 0, x.ndim - 1, *range(2, x.ndim - 1))
        images: Array = first.reshape((self.batch, self.groups * x.shape[-1], *x.shape[2:-1]))
        return images

    def patches(self, canvas: Array) -> Array:
        """A view: (groups, N, *windows, tiles, *offsets, run, channels), in which numbers occur repeatedly."""
        outer, spatial = canvas.strides[:2], canvas.strides[2:-1]
        step = (*self.stride[:-1], self.stride[-1] * self.tile)
        between = (a * s for a, s in zip(spatial, step, strict=True))
        within = (a * d for a, d in zip(spatial, self.dilation, strict=True))
        shape = (*canvas.shape[:2], *self.windows[:-1], self.tiles, *self.offsets, self.run, self.channels)
        return _view(canvas, shape, (*outer, *between, *within, *canvas.strides[-2:]))

    def blocks(self, dtype: Any) -> Iterator[tuple[slice, slice, Array]]:
        """Parts of the batch whose patches fit into `BLOCK`, the rows of each, and memory for its patches.

        It is the same memory every time, which stays in the cache.
        """
        per_image = self.groups * self.rows * self.width
        size = max(1, min(self.batch, BLOCK // max(1, per_image * dtype.itemsize)))
        memory = np.empty(size * per_image, dtype)
        for start in range(0, self.batch, size):
            stop = min(start + size, self.batch)
            columns = memory[: (stop - start) * per_image].reshape(self.groups, (stop - start) * self.rows, self.width)
            yield slice(start, stop), slice(start * self.rows, stop * self.rows), columns

    def _diagonals(self, matrix: Array) -> Array:
        """A view of where the kernel stands in the matrix: (groups, *kernel, channels, tile, filters)."""
        shape = (self.groups, *self.offsets, self.run, self.channels, self.tile, self.filters)
        a = matrix.reshape(shape)
        if self.run == 1:
            return a.reshape(self.groups, *self.kernel, *shape[-3:])
        shifted = a.strides[-2] + self.stride[-1] * a.strides[-4]
        strides = (*a.strides[:-5], *a.strides[-4:-2], shifted, a.strides[-1])
        return _view(a, (self.groups, *self.kernel, *shape[-3:]), strides)

    def matrix(self, w: Array, dtype: Any) -> Array:
        """The filters as (groups, width of a patch, tile · filters)."""
        matrix = np.zeros((self.groups, self.width, self.tile * self.filters), dtype)
        grouped = w.reshape(self.groups, self.filters, self.channels, *self.kernel)
        last = grouped.transpose(0, *range(3, grouped.ndim), 2, 1)
        self._diagonals(matrix)[...] = last[..., None, :]
        return matrix

    def filters_of(self, matrix: Array) -> Array:
        """The sum of a matrix's entries over the places of each weight: the transpose of `matrix`."""
        last = np.add.reduce(self._diagonals(matrix), -2)
        first = last.transpose(0, last.ndim - 1, last.ndim - 2, *range(1, last.ndim - 2))
        w: Array = first.reshape((self.groups * self.filters, self.channels, *self.kernel))
        return w

    def outputs(self, dtype: Any) -> Array:
        """Memory for the rows of y: (groups, N, *windows, filters); the last axis may overhang."""
        spatial = (*self.windows[:-1], self.tiles * self.tile)
        return np.empty((self.groups, self.batch, *spatial, self.filters), dtype)

    def rows_of(self, y: Array) -> Array:
        """The outputs as rows of the product: (groups, N · rows, tile · filters)."""
        return y.reshape(self.groups, self.batch * self.rows, self.tile * self.filters)

    def place_outputs(self, y: Array, dtype: Any) -> Array:
        """The rows of y, with zeros where the last tile overhangs."""
        outputs = self.outputs(dtype)
        outputs[..., : self.windows[-1], :] = self._channels_last(y, self.filters)
        if outputs.shape[-2] > self.windows[-1]:
            outputs[..., self.windows[-1] :, :] = 0
        return self.rows_of(outputs)


_layout = lru_cache(maxsize=256)(_Layout)


def _view(a: Array, shape: Sizes, strides: Sizes) -> Array:
    """The memory of a contiguous array in another arrangement; `as_strided` takes four times as long."""
    return np.ndarray(shape, a.dtype, a, strides=strides)


def _finite(*arrays: Array) -> bool:
    """Whether there is no nan and no infinity; large numbers whose sum overflows count as infinite, and objects do."""
    return all(a.dtype.kind != "O" and np.isfinite(np.add.reduce(a, None)) for a in arrays)


def _types(*arrays: Array) -> tuple[Any, Any]:
    """The dtype of the result, and the one to multiply in: BLAS knows no float16."""
    dtype = np.result_type(*arrays)
    return dtype, np.promote_types(dtype, np.float32)


def _convolution(
    x: Array,
    w: Array,
    stride: Sizes,
    padding: Pairs,
    dilation: Sizes,
    groups: int,
    saved: dict[str, Any] | None = None,
) -> Array:
    """If there is a dict for it, it saves the patches when they fit into one block, for the gradient by w.

    What is left of a small convolution's time are the three matrix products, about half of it, then adding
    up the gradient by x and bringing images into their layout.
    """
    counts = window_counts(x.shape[2:], reaches(w.shape[2:], dilation), stride, padding)
    fast = onednn.convolve(x, w, counts, stride, padding, dilation, groups)
    if fast is not None:
        return fast
    dtype, working = _types(x, w)
    layout = _layout(x.shape[0], x.shape[2:], w.shape, stride, padding, dilation, groups, _finite(x, w))
    patches, matrix = layout.patches(layout.place(x, working)), layout.matrix(w, working)
    outputs = layout.outputs(working)
    y = layout.rows_of(outputs)
    for block, rows, columns in layout.blocks(working):
        source = patches[:, block]
        columns.reshape(source.shape)[...] = source  # the copy that bounds the speed
        np.matmul(columns, matrix, out=y[:, rows])
        if saved is not None and columns.shape[1] == y.shape[1]:
            saved.update(of=x, layout=layout, patches=columns)
    return layout.channels_first(outputs[..., : layout.windows[-1], :]).astype(dtype, copy=False)


def _conv_transpose(y: Array, w: Array, stride: Sizes, padding: Pairs, dilation: Sizes, groups: int) -> Array:
    size = tuple(
        (n - 1) * s + r - before - behind
        for n, s, r, (before, behind) in zip(y.shape[2:], stride, reaches(w.shape[2:], dilation), padding, strict=True)
    )
    fast = onednn.convolve_transposed(y, w, size, stride, padding, dilation, groups)
    if fast is not None:
        return fast
    finite, (dtype, working) = _finite(y, w), _types(y, w)
    around = tuple((r - 1 - a, r - 1 - b) for r, (a, b) in zip(reaches(w.shape[2:], dilation), padding, strict=True))
    if finite and set(stride) == {1} and math.prod(size) <= math.prod(y.shape[2:]) and min(around)[0] >= 0:
        return _convolution(y, _turned(w, groups), stride, around, dilation, groups)
    layout = _layout(y.shape[0], size, w.shape, stride, padding, dilation, groups, finite)
    rows_of_y, matrix = layout.place_outputs(y, working), layout.matrix(w, working).swapaxes(1, 2)
    canvas = layout.canvas(working)
    patches = layout.patches(canvas)
    apart = -(-layout.run // (layout.tile * stride[-1]))  # every so many tiles, runs do not overlap: add them at once
    for block, rows, columns in layout.blocks(working):
        target = patches[:, block]
        pieces = np.matmul(rows_of_y[:, rows], matrix, out=columns).reshape(target.shape)
        for offset in np.ndindex(layout.offsets):
            for first in range(apart):
                index = (..., slice(first, None, apart), *offset, slice(None), slice(None))
                target[index] += pieces[index]
    return layout.channels_first(canvas[layout.inside]).astype(dtype, copy=False)


def _turned(w: Array, groups: int) -> Array:
    """The filters whose convolution is `conv_transpose` with stride 1: copying patches is faster than adding them.

    y then needs zeros around it, which infinities would turn into nan, and which are many where the
    result is larger than y.
    """
    parts = w.reshape(groups, w.shape[0] // groups, *w.shape[1:]).swapaxes(1, 2)
    backwards = np.flip(parts, tuple(range(3, parts.ndim)))
    return backwards.reshape((groups * w.shape[1], w.shape[0] // groups, *w.shape[2:]))


def _convolution_weight(
    x: Array,
    y: Array,
    kernel: Sizes,
    stride: Sizes,
    padding: Pairs,
    dilation: Sizes,
    groups: int,
    saved: dict[str, Any] | None = None,
) -> Array:
    fast = onednn.convolve_weight(x, y, kernel, stride, padding, dilation, groups)
    if fast is not None:
        return fast
    dtype, working = _types(x, y)
    layout: _Layout
    # In forward mode, the saved patches may be those of a tangent: then they do not help.
    if saved and saved["of"] is x and saved["patches"].dtype == working:
        layout = saved["layout"]
        matrix = np.matmul(saved["patches"].swapaxes(1, 2), layout.place_outputs(y, working))
        return layout.filters_of(matrix).astype(dtype, copy=False)
    weight = (y.shape[1], x.shape[1] // groups, *kernel)
    # Infinities in y are harmless: a wide tile multiplies them by more of x, but for entries where no weight stands.
    layout = _layout(x.shape[0], x.shape[2:], weight, stride, padding, dilation, groups, _finite(x))
    patches, rows_of_y = layout.patches(layout.place(x, working)), layout.place_outputs(y, working)
    matrix = np.zeros((layout.groups, layout.width, layout.tile * layout.filters), working)
    for block, rows, columns in layout.blocks(working):
        source = patches[:, block]
        columns.reshape(source.shape)[...] = source
        matrix += np.matmul(columns.swapaxes(1, 2), rows_of_y[:, rows])
    return layout.filters_of(matrix).astype(dtype, copy=False)


def _fitting(
    x: Any, w: Any, stride: Sizes, padding: Pairs, dilation: Sizes, groups: int, saved: Any = None
) -> dict[str, Any]:
    """The same settings, with the padding behind that leaves nothing over after the last window.

    What is saved is no part of them.
    """
    reach = reaches(w.shape[2:], dilation)
    counts = window_counts(x.shape[2:], reach, stride, padding)
    fitting = tuple(
        (before, (count - 1) * s + r - n - before)
        for count, s, r, n, (before, _) in zip(counts, stride, reach, x.shape[2:], padding, strict=True)
    )
    return {"stride": stride, "padding": fitting, "dilation": dilation, "groups": groups}


# Rows that the rules of earlier ones use.
conv_transpose: ArrayOp
convolution_weight: ArrayOp

convolution = ArrayOp(
    "convolution", "Filters slid over images: at each place, the sum of products with what lies beneath.",
    _convolution,
    lambda g, y, x, w, **s: conv_transpose(g, w, **_fitting(x, w, **s)),
    lambda g, y, x, w, saved=None, **s: convolution_weight(
        x, g, kernel=w.shape[2:], saved=saved, **_fitting(x, w, **s)
    ),
    needs=("b", "a"), linear="each", symbol="✶",
)  # fmt: skip
conv_transpose = ArrayOp(
    "conv_transpose", "Filters added up at each place, scaled by the number there: `convolution` transposed.",
    _conv_transpose,
    lambda g, y, x, w, **s: convolution(g, w, **s),
    lambda g, y, x, w, **s: convolution_weight(g, x, kernel=w.shape[2:], **s),
    needs=("b", "a"), linear="each", symbol="✶ᵀ",
)  # fmt: skip
convolution_weight = ArrayOp(
    "convolution_weight", "The gradient of a convolution by its filters, from images and the gradient by its result.",
    _convolution_weight,
    lambda g, y, a, b, kernel, saved=None, **s: conv_transpose(b, g, **s),
    lambda g, y, a, b, kernel, saved=None, **s: convolution(a, g, **s),
    needs=("b", "a"), linear="each",
)  # fmt: skip
