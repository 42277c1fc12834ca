"""Convolutions of any number of spatial axes as matrix products, and the padding and windows they need.

A convolution of images (N, C, *spatial) with filters (O, C / groups, *kernel) is, as in PyTorch, the
cross-correlation

    y[n, o, p] = Σ_c Σ_k  w[o, c, k] · x[n, c, stride · p + dilation · k - padding]

Three rows are bilinear and are each other's pullbacks: `convolution`, the transposed convolution
`conv_transpose`, which is its gradient by x, and `convolution_weight`, its gradient by w.  All three
read the same `_Layout`, in which they are

    convolution           rows of y       = patches of x · matrix of w
    conv_transpose        patches added up = rows of y · (matrix of w)ᵀ
    convolution_weight    matrix of w      = (patches of x)ᵀ · rows of y

`padding` is one pair per spatial axis here, in front and behind.  The pair that fits the windows exactly
restores an input of any size: a stride that dropped the last elements, or PyTorch's `output_padding`,
is a padding behind that is smaller, even negative.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from ..array_op import ArrayOp
from .shapes import getitem, reshape, transpose

__all__ = [
    "PerAxis",
    "Sizes",
    "batched",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "convolution",
    "convolution_weight",
    "fold",
    "overlap_add",
    "pad",
    "padded",
    "per_axis",
    "reaches",
    "sliding_windows",
    "unfold",
    "unpadded",
]

Array = np.ndarray[Any, Any]
Sizes = tuple[int, ...]
Pairs = tuple[tuple[int, int], ...]

COPYING = 150
"""How many multiplications of a matrix product take as long as copying one number into it: measured."""
BLOCK = 1 << 21
"""Bytes of patches that are copied at a time, so that they are still in the cache when multiplied."""


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
        self.windows = windows(size, reach, stride, padding)
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
        grouped: Array = x.reshape(self.batch, self.groups, channels, *x.shape[2:])
        return grouped.transpose(1, 0, *range(3, grouped.ndim), 2)

    def channels_first(self, x: Array) -> Array:
        """From (groups, N, *spatial, channels) to (N, C, *spatial); without a copy if there is one group."""
        first: Array = x.transpose(1, 0, x.ndim - 1, *range(2, x.ndim - 1))
        return first.reshape(self.batch, self.groups * x.shape[-1], *x.shape[2:-1])

    def patches(self, canvas: Array) -> Array:
        """A view: (groups, N, *windows, tiles, *offsets, run, channels), in which numbers occur repeatedly."""
        outer, spatial = canvas.strides[:2], canvas.strides[2:-1]
        step = (*self.stride[:-1], self.stride[-1] * self.tile)
        between = (a * s for a, s in zip(spatial, step, strict=True))
        within = (a * d for a, d in zip(spatial, self.dilation, strict=True))
        shape = (*canvas.shape[:2], *self.windows[:-1], self.tiles, *self.offsets, self.run, self.channels)
        return as_strided(canvas, shape, (*outer, *between, *within, *canvas.strides[-2:]))

    def blocks(self, itemsize: int) -> Iterator[tuple[slice, slice]]:
        """Parts of the batch whose patches fit into `BLOCK`, and the rows that belong to each."""
        size = max(1, BLOCK // max(1, self.groups * self.rows * self.width * itemsize))
        for start in range(0, self.batch, size):
            stop = min(start + size, self.batch)
            yield slice(start, stop), slice(start * self.rows, stop * self.rows)

    def _diagonals(self, matrix: Array) -> Array:
        """A view of where the kernel stands in the matrix: (groups, *kernel, channels, tile, filters)."""
        shape = (self.groups, *self.offsets, self.run, self.channels, self.tile, self.filters)
        a = matrix.reshape(shape)
        if self.run == 1:
            return a.reshape(self.groups, *self.kernel, *shape[-3:])
        shifted = a.strides[-2] + self.stride[-1] * a.strides[-4]
        strides = (*a.strides[:-5], *a.strides[-4:-2], shifted, a.strides[-1])
        return as_strided(a, (self.groups, *self.kernel, *shape[-3:]), strides)

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
        return first.reshape(self.groups * self.filters, self.channels, *self.kernel)

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
        outputs[..., self.windows[-1] :, :] = 0
        return self.rows_of(outputs)


_layout = lru_cache(maxsize=256)(_Layout)


def reaches(kernel: Sizes, dilation: Sizes) -> Sizes:
    """How many elements a kernel spans along each axis."""
    return tuple((k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True))


def windows(size: Sizes, reach: Sizes, stride: Sizes, padding: Pairs) -> Sizes:
    """How many windows fit along each axis."""
    return tuple(
        (n + before + behind - r) // s + 1
        for n, r, s, (before, behind) in zip(size, reach, stride, padding, strict=True)
    )


def _finite(*arrays: Array) -> bool:
    """Whether there is no nan and no infinity; large numbers whose sum overflows count as infinite."""
    return all(np.isfinite(np.add.reduce(a, None)) for a in arrays)


def _types(*arrays: Array) -> tuple[Any, Any]:
    """The dtype of the result, and the one to multiply in: BLAS knows no float16."""
    dtype = np.result_type(*arrays)
    return dtype, np.promote_types(dtype, np.float32)


def _convolution(x: Array, w: Array, stride: Sizes, padding: Pairs, dilation: Sizes, groups: int) -> Array:
    dtype, working = _types(x, w)
    layout = _layout(x.shape[0], x.shape[2:], w.shape, stride, padding, dilation, groups, _finite(x, w))
    patches, matrix = layout.patches(layout.place(x, working)), layout.matrix(w, working)
    outputs = layout.outputs(working)
    y = layout.rows_of(outputs)
    for block, rows in layout.blocks(working.itemsize):
        columns = patches[:, block].reshape(layout.groups, -1, layout.width)  # the copy that bounds the speed
        np.matmul(columns, matrix, out=y[:, rows])
    return layout.channels_first(outputs[..., : layout.windows[-1], :]).astype(dtype, copy=False)


def _conv_transpose(y: Array, w: Array, stride: Sizes, padding: Pairs, dilation: Sizes, groups: int) -> Array:
    dtype, working = _types(y, w)
    size = tuple(
        (n - 1) * s + r - before - behind
        for n, s, r, (before, behind) in zip(y.shape[2:], stride, reaches(w.shape[2:], dilation), padding, strict=True)
    )
    layout = _layout(y.shape[0], size, w.shape, stride, padding, dilation, groups, _finite(y, w))
    rows_of_y, matrix = layout.place_outputs(y, working), layout.matrix(w, working).swapaxes(1, 2)
    canvas = layout.canvas(working)
    patches = layout.patches(canvas)
    apart = -(-layout.run // (layout.tile * stride[-1]))  # every so many tiles, runs do not overlap: add them at once
    for block, rows in layout.blocks(working.itemsize):
        target = patches[:, block]
        columns = np.matmul(rows_of_y[:, rows], matrix).reshape(target.shape)
        for offset in np.ndindex(layout.offsets):
            for first in range(apart):
                index = (..., slice(first, None, apart), *offset, slice(None), slice(None))
                target[index] += columns[index]
    return layout.channels_first(canvas[layout.inside]).astype(dtype, copy=False)


def _convolution_weight(
    x: Array, y: Array, kernel: Sizes, stride: Sizes, padding: Pairs, dilation: Sizes, groups: int
) -> Array:
    dtype, working = _types(x, y)
    weight = (y.shape[1], x.shape[1] // groups, *kernel)
    layout = _layout(x.shape[0], x.shape[2:], weight, stride, padding, dilation, groups, _finite(x, y))
    patches, rows_of_y = layout.patches(layout.place(x, working)), layout.place_outputs(y, working)
    matrix = np.zeros((layout.groups, layout.width, layout.tile * layout.filters), working)
    for block, rows in layout.blocks(working.itemsize):
        columns = patches[:, block].reshape(layout.groups, -1, layout.width)
        matrix += np.matmul(columns.swapaxes(1, 2), rows_of_y[:, rows])
    return layout.filters_of(matrix).astype(dtype, copy=False)


def _fitting(x: Any, w: Any, stride: Sizes, padding: Pairs, dilation: Sizes, groups: int) -> dict[str, Any]:
    """The same settings, with the padding behind that leaves nothing over after the last window."""
    reach = reaches(w.shape[2:], dilation)
    counts = windows(x.shape[2:], reach, stride, padding)
    fitting = tuple(
        (before, (count - 1) * s + r - n - before)
        for count, s, r, n, (before, _) in zip(counts, stride, reach, x.shape[2:], padding, strict=True)
    )
    return {"stride": stride, "padding": fitting, "dilation": dilation, "groups": groups}


# Rows that the rules of earlier ones use.
conv_transpose: ArrayOp
convolution_weight: ArrayOp
unpadded: ArrayOp
overlap_add: ArrayOp

convolution = ArrayOp(
    "convolution", "Filters slid over images: at each place, the sum of products with what lies beneath.",
    _convolution,
    lambda g, y, x, w, **s: conv_transpose(g, w, **_fitting(x, w, **s)),
    lambda g, y, x, w, **s: convolution_weight(x, g, kernel=w.shape[2:], **_fitting(x, w, **s)),
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
    lambda g, y, a, b, kernel, **s: conv_transpose(b, g, **s),
    lambda g, y, a, b, kernel, **s: convolution(a, g, **s),
    needs=("b", "a"), linear="each",
)  # fmt: skip

# ---------------------------------------------------------------------- PyTorch's functions

PerAxis = int | Sequence[int]


def per_axis(name: str, what: str, value: PerAxis, rank: int, least: int) -> Sizes:
    """One whole number per spatial axis, from one or from `rank` of them."""
    given = tuple(value) if isinstance(value, Sequence) else (value,) * rank
    if len(given) != rank:
        raise ValueError(f"{name}: {what} {value} has {len(given)} numbers: give one, or {rank}, one per spatial axis")
    try:
        numbers = tuple(map(operator.index, given))
    except TypeError:
        raise TypeError(f"{name}: {what} {value!r}: give a whole number, or {rank} of them") from None
    if min(numbers) < least:
        raise ValueError(f"{name}: {what} {value}: must be at least {least}")
    return numbers


def batched(name: str, rank: int, x: Any) -> tuple[Any, bool]:
    """Floats with a batch axis, which is put in front where there is none; and whether it was there."""
    check_floats(name, "input", x)
    if x.ndim not in (rank + 1, rank + 2):
        axes = ", ".join(("N", "C", *"DHW"[3 - rank :]))
        raise ValueError(f"{name}: input {x.shape} has {x.ndim} axes: give ({axes}), or without N")
    return (x, True) if x.ndim == rank + 2 else (reshape(x, shape=(1, *x.shape)), False)


def check_floats(name: str, what: str, x: Any) -> None:
    """Refuse what is no array of floats."""
    if not hasattr(x, "shape") or not hasattr(x, "dtype"):
        raise TypeError(f"{name}: {what} is a {type(x).__name__}: give an array or a tensor")
    if np.dtype(x.dtype).kind not in "fc":
        raise TypeError(f"{name}: {what} {x.shape} is {x.dtype}: give floats, as astype('float32') makes them")


def _check(name: str, rank: int, x: Any, weight: Any, bias: Any, groups: int, of_input: int) -> tuple[Any, bool]:
    """The input with a batch axis; `of_input` is the weight's axis that goes with the input's channels."""
    x, had_batch = batched(name, rank, x)
    check_floats(name, "weight", weight)
    if weight.ndim != rank + 2:
        needed = "(out, in / groups, *kernel)" if of_input else "(in, out / groups, *kernel)"
        raise ValueError(f"{name}: weight {weight.shape} has {weight.ndim} axes: needs {rank + 2}, {needed}")
    if min(weight.shape) < 1:
        raise ValueError(f"{name}: weight {weight.shape} is empty")
    (groups,) = per_axis(name, "groups", groups, 1, 1)
    channels, taken = x.shape[1], weight.shape[of_input] * (groups if of_input else 1)
    if channels != taken:
        raise ValueError(
            f"{name}: input {x.shape} has {channels} channels, weight {weight.shape} takes {taken}: "
            f"they must agree (groups={groups})"
        )
    if weight.shape[0] % groups:
        raise ValueError(f"{name}: weight {weight.shape}: groups={groups} must divide its first axis")
    filters = weight.shape[0] if of_input else weight.shape[1] * groups
    if bias is not None:
        check_floats(name, "bias", bias)
        if bias.shape != (filters,):
            raise ValueError(f"{name}: bias {bias.shape}: needs one number per output channel, ({filters},)")
    return x, had_batch


def _finish(y: Any, bias: Any, had_batch: bool) -> Any:
    if bias is not None:
        y = y + reshape(bias, shape=(-1,) + (1,) * (y.ndim - 2))
    return y if had_batch else reshape(y, shape=y.shape[1:])


def _pairs(name: str, padding: PerAxis | str, stride: Sizes, reach: Sizes) -> Pairs:
    if not isinstance(padding, str):
        return tuple((p, p) for p in per_axis(name, "padding", padding, len(reach), 0))
    if padding == "valid":
        return ((0, 0),) * len(reach)
    if padding != "same":
        raise ValueError(f"{name}: padding {padding!r}: give numbers, 'valid' or 'same'")
    if set(stride) != {1}:
        raise ValueError(f"{name}: padding 'same' needs stride 1, not {stride}")
    return tuple(((r - 1) // 2, r // 2) for r in reach)


def _conv(
    rank: int, x: Any, weight: Any, bias: Any, stride: PerAxis, padding: PerAxis | str, dilation: PerAxis, groups: int
) -> Any:
    name = f"conv{rank}d"
    x, had_batch = _check(name, rank, x, weight, bias, groups, of_input=1)
    stride = per_axis(name, "stride", stride, rank, 1)
    dilation = per_axis(name, "dilation", dilation, rank, 1)
    reach = reaches(weight.shape[2:], dilation)
    pairs = _pairs(name, padding, stride, reach)
    room = tuple(n + before + behind for n, (before, behind) in zip(x.shape[2:], pairs, strict=True))
    if any(r > n for r, n in zip(reach, room, strict=True)):
        raise ValueError(f"{name}: input {x.shape} with its padding is {room}, smaller than the kernel's reach {reach}")
    return _finish(
        convolution(x, weight, stride=stride, padding=pairs, dilation=dilation, groups=groups), bias, had_batch
    )


def _transposed(
    rank: int,
    x: Any,
    weight: Any,
    bias: Any,
    stride: PerAxis,
    padding: PerAxis,
    output_padding: PerAxis,
    groups: int,
    dilation: PerAxis,
) -> Any:
    name = f"conv_transpose{rank}d"
    x, had_batch = _check(name, rank, x, weight, bias, groups, of_input=0)
    stride = per_axis(name, "stride", stride, rank, 1)
    dilation = per_axis(name, "dilation", dilation, rank, 1)
    padding = per_axis(name, "padding", padding, rank, 0)
    extra = per_axis(name, "output_padding", output_padding, rank, 0)
    if any(e >= max(s, d) for e, s, d in zip(extra, stride, dilation, strict=True)):
        raise ValueError(f"{name}: output_padding {extra}: must be less than stride {stride} or dilation {dilation}")
    reach = reaches(weight.shape[2:], dilation)
    size = tuple(
        (n - 1) * s + r - 2 * p + e for n, s, r, p, e in zip(x.shape[2:], stride, reach, padding, extra, strict=True)
    )
    if min(size) < 1 or min(x.shape[2:]) < 1:
        raise ValueError(f"{name}: input {x.shape}: nothing would be left with padding {padding}: a result of {size}")
    pairs = tuple((p, p - e) for p, e in zip(padding, extra, strict=True))
    return _finish(
        conv_transpose(x, weight, stride=stride, padding=pairs, dilation=dilation, groups=groups), bias, had_batch
    )


def conv1d(
    input: Any,  # noqa: A002 - PyTorch's names
    weight: Any,
    bias: Any = None,
    stride: PerAxis = 1,
    padding: PerAxis | str = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
) -> Any:
    """Filters slid along signals (N, C, L) or (C, L); see `conv2d`.

    >>> conv1d(np.array([[1.0, 2.0, 4.0]]), np.array([[[-1.0, 1.0]]]))
    array([[1., 2.]])
    """
    return _conv(1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Any,  # noqa: A002 - PyTorch's names
    weight: Any,
    bias: Any = None,
    stride: PerAxis = 1,
    padding: PerAxis | str = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
) -> Any:
    """Filters slid over images: PyTorch's cross-correlation.

        y[n, o, p] = bias[o] + Σ_c Σ_k  weight[o, c, k] · input[n, c, stride · p + dilation · k - padding]

    Args:
        input: images (N, C, H, W), or one image (C, H, W).
        weight: filters (O, C / groups, height, width).
        bias: one number per filter, (O,), or None.
        stride: how far apart the places are; one number, or one per axis.
        padding: how many zeros surround the image; one number, or one per axis; `"valid"` is none, and
            `"same"`, which needs stride 1, keeps the size: an odd zero goes behind.
        dilation: how far apart the elements are that a kernel touches.
        groups: into how many parts channels and filters are split; each part convolves on its own.

    Returns:
        (N, O, height, width); each is (H + 2 · padding - dilation · (kernel - 1) - 1) // stride + 1.

    Raises:
        TypeError: an operand is not an array of floats.
        ValueError: shapes or settings do not go together.
    """
    return _conv(2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(
    input: Any,  # noqa: A002 - PyTorch's names
    weight: Any,
    bias: Any = None,
    stride: PerAxis = 1,
    padding: PerAxis | str = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
) -> Any:
    """Filters slid through volumes (N, C, D, H, W) or (C, D, H, W); see `conv2d`."""
    return _conv(3, input, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(
    input: Any,  # noqa: A002 - PyTorch's names
    weight: Any,
    bias: Any = None,
    stride: PerAxis = 1,
    padding: PerAxis = 0,
    output_padding: PerAxis = 0,
    groups: int = 1,
    dilation: PerAxis = 1,
) -> Any:
    """Filters added up along a signal; see `conv_transpose2d`.

    >>> conv_transpose1d(np.array([[1.0, 2.0]]), np.array([[[1.0, 10.0]]]), stride=2)
    array([[ 1., 10.,  2., 20.]])
    """
    return _transposed(1, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(
    input: Any,  # noqa: A002 - PyTorch's names
    weight: Any,
    bias: Any = None,
    stride: PerAxis = 1,
    padding: PerAxis = 0,
    output_padding: PerAxis = 0,
    groups: int = 1,
    dilation: PerAxis = 1,
) -> Any:
    """The transpose of `conv2d`: every number places its filter, scaled by it, and they are added up.

    Args:
        input: (N, C, H, W) or (C, H, W).
        weight: filters (C, O / groups, height, width).
        bias: one number per output channel, (O,), or None.
        stride: how far apart the filters are placed.
        padding: how many rows and columns are cut off at every border of the result.
        output_padding: how many are added at the far borders; less than the stride or the dilation.
        groups: into how many parts the channels are split.
        dilation: how far apart the elements of a filter are placed.

    Returns:
        (N, O, height, width); each is
        (H - 1) · stride - 2 · padding + dilation · (kernel - 1) + output_padding + 1.

    Raises:
        TypeError: an operand is not an array of floats.
        ValueError: shapes or settings do not go together.
    """
    return _transposed(2, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d(
    input: Any,  # noqa: A002 - PyTorch's names
    weight: Any,
    bias: Any = None,
    stride: PerAxis = 1,
    padding: PerAxis = 0,
    output_padding: PerAxis = 0,
    groups: int = 1,
    dilation: PerAxis = 1,
) -> Any:
    """Filters added up in a volume; see `conv_transpose2d`."""
    return _transposed(3, input, weight, bias, stride, padding, output_padding, groups, dilation)


# ---------------------------------------------------------------------- padding

MODES = {
    "constant": "constant",
    "reflect": "reflect",
    "edge": "edge",
    "replicate": "edge",
    "wrap": "wrap",
    "circular": "wrap",
}


def _source(i: int, n: int, mode: str) -> int:
    """Which of n elements stands at place i, before 0 or after n - 1."""
    if mode == "wrap":
        return i % n
    if mode == "edge":
        return min(max(i, 0), n - 1)
    return -i if i < 0 else 2 * (n - 1) - i


def _unpadded(a: Array, widths: Pairs, mode: str) -> Array:
    for axis, (before, behind) in enumerate(widths):
        if before == behind == 0:
            continue
        lines = np.moveaxis(a, axis, 0)
        n = len(lines) - before - behind
        inner = lines[before : before + n]
        if mode != "constant":
            inner = inner.copy()
            for i in chain(range(-before, 0), range(n, n + behind)):
                inner[_source(i, n, mode)] += lines[before + i]
        a = np.moveaxis(inner, 0, axis)
    return a


padded = ArrayOp(
    "padded", "The array with a border around it: zeros, or its own elements repeated.",
    lambda a, widths, mode: np.pad(a, widths, mode),
    lambda g, y, a, widths, mode: unpadded(g, widths=widths, mode=mode),
    needs=("",), linear="jointly",
)  # fmt: skip
unpadded = ArrayOp(
    "unpadded", "The array without its border, which is added where it came from: `padded` transposed.",
    _unpadded,
    lambda g, y, a, widths, mode: padded(g, widths=widths, mode=mode),
    needs=("",), linear="jointly",
)  # fmt: skip


def pad(a: Any, widths: Sequence[tuple[int, int]], mode: str = "constant", value: float = 0.0) -> Any:
    """The array with a border around it.

    Args:
        a: any array.
        widths: for each axis, how many elements come in front and how many behind.
        mode: `"constant"`; `"reflect"`, the elements mirrored at the outermost one; `"edge"` or
            `"replicate"`, the outermost one repeated; `"wrap"` or `"circular"`, those of the other end.
        value: what a constant border holds.

    Raises:
        ValueError: the mode is unknown, or a border needs more elements than there are.

    >>> pad(np.array([1.0, 2.0, 3.0]), [(2, 1)], "reflect")
    array([3., 2., 1., 2., 3., 2.])
    """
    pairs = tuple((int(before), int(behind)) for before, behind in widths)
    if mode not in MODES:
        raise ValueError(f"pad: mode {mode!r} is unknown: choose from {', '.join(MODES)}")
    if len(pairs) != a.ndim or any(w < 0 for pair in pairs for w in pair):
        raise ValueError(f"pad: widths {pairs} for {a.shape}: give a pair of numbers, not negative, for each axis")
    largest = {"constant": math.inf, "reflect": -1, "edge": math.inf, "wrap": 0}[MODES[mode]]
    for n, pair in zip(a.shape, pairs, strict=True):
        if max(pair) > n + largest or (n == 0 and max(pair) and mode != "constant"):
            raise ValueError(f"pad: widths {pairs} for {a.shape}: mode {mode!r} needs at least as many elements")
    y = padded(a, widths=pairs, mode=MODES[mode])
    if mode == "constant" and value != 0:
        y = y + np.pad(np.zeros(a.shape, a.dtype), pairs, constant_values=value)
    return y


# ---------------------------------------------------------------------- windows


def _sliding_windows(a: Array, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Array:
    rank = len(kernel)
    every = sliding_window_view(a, reaches(kernel, dilation), tuple(range(-rank, 0)))
    index: Any = (..., *(slice(None, None, step) for step in stride + dilation))
    return every[index]


def _overlap_add(a: Array, size: Sizes, stride: Sizes, dilation: Sizes) -> Array:
    rank = len(size)
    counts, kernel = a.shape[-2 * rank : -rank], a.shape[-rank:]
    total = np.zeros((*a.shape[: -2 * rank], *size), a.dtype)
    for offset in np.ndindex(kernel):
        starts = (i * d for i, d in zip(offset, dilation, strict=True))
        places = (slice(i, i + (n - 1) * s + 1, s) for i, n, s in zip(starts, counts, stride, strict=True))
        index: Any = (..., *places)
        total[index] += a[(..., *offset)]
    return total


sliding_windows = ArrayOp(
    "sliding_windows", "Every window of the last axes: of (..., *size), (..., *windows, *kernel).",
    _sliding_windows,
    lambda g, y, a, kernel, stride, dilation: overlap_add(
        g, size=a.shape[a.ndim - len(kernel) :], stride=stride, dilation=dilation
    ),
    needs=("",), linear="jointly",
)  # fmt: skip
overlap_add = ArrayOp(
    "overlap_add", "Windows added up where they came from: `sliding_windows` transposed.",
    _overlap_add,
    lambda g, y, a, size, stride, dilation: sliding_windows(
        g, kernel=a.shape[a.ndim - len(size) :], stride=stride, dilation=dilation
    ),
    needs=("",), linear="jointly",
)  # fmt: skip


def _unfolding(
    name: str, size: Sizes, kernel_size: PerAxis, dilation: PerAxis, padding: PerAxis, stride: PerAxis
) -> tuple[Sizes, Sizes, Sizes, Sizes, Sizes]:
    """Kernel, stride, dilation, the size with padding, and the number of windows along each axis."""
    kernel = per_axis(name, "kernel_size", kernel_size, 2, 1)
    step = per_axis(name, "stride", stride, 2, 1)
    spread = per_axis(name, "dilation", dilation, 2, 1)
    border = per_axis(name, "padding", padding, 2, 0)
    room = tuple(n + 2 * p for n, p in zip(size, border, strict=True))
    reach = reaches(kernel, spread)
    if any(r > n for r, n in zip(reach, room, strict=True)):
        raise ValueError(f"{name}: images {size} with their padding are {room}, smaller than the kernel's {reach}")
    return kernel, step, spread, room, windows(room, reach, step, ((0, 0),) * 2)


def unfold(
    input: Any,  # noqa: A002 - PyTorch's names
    kernel_size: PerAxis,
    dilation: PerAxis = 1,
    padding: PerAxis = 0,
    stride: PerAxis = 1,
) -> Any:
    """The patches of images (N, C, H, W) as columns: (N, C · height · width, number of windows)."""
    if input.ndim != 4:
        raise ValueError(f"unfold: input {input.shape} has {input.ndim} axes: give (N, C, H, W)")
    kernel, step, spread, room, counts = _unfolding("unfold", input.shape[2:], kernel_size, dilation, padding, stride)
    batch, channels, *size = input.shape
    border = tuple(((n - m) // 2,) * 2 for n, m in zip(room, size, strict=True))
    x = pad(input, ((0, 0), (0, 0), *border)) if room != tuple(size) else input
    patches = sliding_windows(x, kernel=kernel, stride=step, dilation=spread)
    columns = transpose(patches, axes=(0, 1, 4, 5, 2, 3))
    return reshape(columns, shape=(batch, channels * math.prod(kernel), math.prod(counts)))


def fold(
    input: Any,  # noqa: A002 - PyTorch's names
    output_size: PerAxis,
    kernel_size: PerAxis,
    dilation: PerAxis = 1,
    padding: PerAxis = 0,
    stride: PerAxis = 1,
) -> Any:
    """Columns of patches (N, C · height · width, windows) added up to images: the transpose of `unfold`."""
    size = per_axis("fold", "output_size", output_size, 2, 1)
    kernel, step, spread, room, counts = _unfolding("fold", size, kernel_size, dilation, padding, stride)
    area, number = math.prod(kernel), math.prod(counts)
    if input.ndim != 3 or input.shape[1] % area or input.shape[2] != number:
        raise ValueError(f"fold: input {input.shape}: for images {size} give (N, C · {area}, {number})")
    batch, channels = input.shape[0], input.shape[1] // area
    columns = reshape(input, shape=(batch, channels, *kernel, *counts))
    images = overlap_add(transpose(columns, axes=(0, 1, 4, 5, 2, 3)), size=room, stride=step, dilation=spread)
    inside = (slice((n - m) // 2, (n - m) // 2 + m) for n, m in zip(room, size, strict=True))
    return getitem(images, index=(..., *inside))
