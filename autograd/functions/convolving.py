"""Convolutions, and the patches and borders of images, under PyTorch's names and with its arguments."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arrays import windows as rows
from ..arrays.convolution import conv_transpose, convolution
from ..arrays.shapes import getitem, reshape
from ..arrays.windows import Pairs, Sizes, overlap_add, reaches, sliding_windows, window_counts
from .checks import PerAxis, as_carrier, batched, floating, ints, per_axis, unbatched

__all__ = [
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "fold",
    "pad",
    "unfold",
]

# ---------------------------------------------------------------------- what all convolutions ask


def _operands(
    x: Any, weight: Any, bias: Any, rank: int, groups: int, name: str, *, of_input: int
) -> tuple[Any, Any, Any, int, bool]:
    """All that is convolved, and whether the input had a batch axis, which it has now.

    `of_input` is the weight's axis that goes with the input's channels.
    """
    x, had_batch = batched(x, rank, name)
    weight = floating(weight, f"{name}: weight")
    if weight.ndim != rank + 2:
        needed = "(out, in / groups, *kernel)" if of_input else "(in, out / groups, *kernel)"
        raise ValueError(f"{name}: weight {weight.shape} has {weight.ndim} axes: needs {rank + 2}, {needed}")
    if min(weight.shape) < 1:
        raise ValueError(f"{name}: weight {weight.shape} is empty")
    (groups,) = per_axis(groups, 1, 1, name, "groups")
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
        bias = floating(bias, f"{name}: bias")
        if bias.shape != (filters,):
            raise ValueError(f"{name}: bias {bias.shape}: needs one number per output channel, ({filters},)")
        bias = reshape(bias, shape=(filters,) + (1,) * rank)
    return x, weight, bias, groups, had_batch


def _pairs(padding: PerAxis | str, stride: Sizes, reach: Sizes, name: str) -> Pairs:
    """The padding in front and behind, for each axis."""
    if not isinstance(padding, str):
        return tuple([(p, p) for p in per_axis(padding, len(reach), 0, name, "padding")])
    if padding == "valid":
        return ((0, 0),) * len(reach)
    if padding != "same":
        raise ValueError(f"{name}: padding {padding!r}: give numbers, 'valid' or 'same'")
    if set(stride) != {1}:
        raise ValueError(f"{name}: padding 'same' needs stride 1, not {stride}")
    return tuple([((r - 1) // 2, r // 2) for r in reach])


def _conv(
    rank: int, x: Any, weight: Any, bias: Any, stride: PerAxis, padding: PerAxis | str, dilation: PerAxis, groups: int
) -> Any:
    name = f"conv{rank}d"
    x, weight, bias, groups, had_batch = _operands(x, weight, bias, rank, groups, name, of_input=1)
    steps = per_axis(stride, rank, 1, name, "stride")
    spread = per_axis(dilation, rank, 1, name, "dilation")
    reach = reaches(weight.shape[2:], spread)
    pairs = _pairs(padding, steps, reach, name)
    room = tuple([n + before + behind for n, (before, behind) in zip(x.shape[2:], pairs, strict=True)])
    if any(r > n for r, n in zip(reach, room, strict=True)):
        raise ValueError(f"{name}: input {x.shape} with its padding is {room}, smaller than the kernel's reach {reach}")
    y = convolution(x, weight, stride=steps, padding=pairs, dilation=spread, groups=groups, saved={})
    return unbatched(y if bias is None else y + bias, had_batch)


def _conv_transpose(
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
    x, weight, bias, groups, had_batch = _operands(x, weight, bias, rank, groups, name, of_input=0)
    steps = per_axis(stride, rank, 1, name, "stride")
    spread = per_axis(dilation, rank, 1, name, "dilation")
    border = per_axis(padding, rank, 0, name, "padding")
    extra = per_axis(output_padding, rank, 0, name, "output_padding")
    if any(e >= max(s, d) for e, s, d in zip(extra, steps, spread, strict=True)):
        raise ValueError(f"{name}: output_padding {extra}: must be less than stride {steps} or dilation {spread}")
    reach = reaches(weight.shape[2:], spread)
    size = tuple(
        (n - 1) * s + r - 2 * p + e for n, s, r, p, e in zip(x.shape[2:], steps, reach, border, extra, strict=True)
    )
    if min(size) < 1 or min(x.shape[2:]) < 1:
        raise ValueError(f"{name}: input {x.shape}: nothing would be left with padding {border}: a result of {size}")
    pairs = tuple((p, p - e) for p, e in zip(border, extra, strict=True))
    y = conv_transpose(x, weight, stride=steps, padding=pairs, dilation=spread, groups=groups)
    return unbatched(y if bias is None else y + bias, had_batch)


# ---------------------------------------------------------------------- convolutions


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

    >>> from autograd import tensor
    >>> conv1d(tensor([[1.0, 2.0, 4.0]]), tensor([[[-1.0, 1.0]]]))
    tensor([[1., 2.]])
    >>> conv1d(tensor([[1.0, 2.0, 4.0]]), tensor([[[-1.0, 1.0]]]), padding="same")  # a zero behind
    tensor([[ 1.,  2., -4.]])
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
        TypeError: an operand does not hold floats, or a setting is no whole number.
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

    >>> from autograd import tensor
    >>> conv_transpose1d(tensor([[1.0, 2.0]]), tensor([[[1.0, 10.0]]]), stride=2)
    tensor([[ 1., 10.,  2., 20.]])
    """
    return _conv_transpose(1, input, weight, bias, stride, padding, output_padding, groups, dilation)


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
        TypeError: an operand does not hold floats, or a setting is no whole number.
        ValueError: shapes or settings do not go together.
    """
    return _conv_transpose(2, input, weight, bias, stride, padding, output_padding, groups, dilation)


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
    return _conv_transpose(3, input, weight, bias, stride, padding, output_padding, groups, dilation)


# ---------------------------------------------------------------------- patches


def _patches(
    size: Sizes, kernel_size: PerAxis, dilation: PerAxis, padding: PerAxis, stride: PerAxis, name: str
) -> tuple[Sizes, Sizes, Sizes, Sizes, Sizes]:
    """Kernel, dilation, padding, stride, and the number of windows along each axis."""
    kernel = per_axis(kernel_size, 2, 1, name, "kernel_size")
    spread = per_axis(dilation, 2, 1, name, "dilation")
    border = per_axis(padding, 2, 0, name, "padding")
    steps = per_axis(stride, 2, 1, name, "stride")
    reach, room = reaches(kernel, spread), tuple(n + 2 * p for n, p in zip(size, border, strict=True))
    if any(r > n for r, n in zip(reach, room, strict=True)):
        raise ValueError(f"{name}: images {size} with their padding are {room}, smaller than the kernel's {reach}")
    return kernel, spread, border, steps, window_counts(room, reach, steps, ((0, 0),) * 2)


def unfold(
    input: Any,  # noqa: A002 - PyTorch's names
    kernel_size: PerAxis,
    dilation: PerAxis = 1,
    padding: PerAxis = 0,
    stride: PerAxis = 1,
) -> Any:
    """The patches of images as columns.

    Args:
        input: images (N, C, H, W), or one image (C, H, W).
        kernel_size: height and width of a patch; one number, or one per axis.
        dilation: how far apart the elements of a patch are.
        padding: how many zeros surround the image.
        stride: how far apart the patches are.

    Returns:
        (N, C · height · width, number of patches): the patches row by row, as `conv2d` meets them.

    Raises:
        TypeError: the input does not hold floats, or a setting is no whole number.
        ValueError: shapes or settings do not go together.

    >>> from autograd import tensor
    >>> unfold(tensor([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]), 2)
    tensor([[1., 2.],
            [2., 3.],
            [4., 5.],
            [5., 6.]])
    """
    x, had_batch = batched(input, 2, "unfold")
    kernel, spread, border, steps, counts = _patches(x.shape[2:], kernel_size, dilation, padding, stride, "unfold")
    batch, channels = x.shape[:2]
    if any(border):
        x = rows.pad(x, ((0, 0), (0, 0), *((p, p) for p in border)))
    patches = sliding_windows(x, kernel=kernel, stride=steps, dilation=spread)
    columns = reshape(patches, shape=(batch, channels * math.prod(kernel), math.prod(counts)))
    return unbatched(columns, had_batch)


def fold(
    input: Any,  # noqa: A002 - PyTorch's names
    output_size: PerAxis,
    kernel_size: PerAxis,
    dilation: PerAxis = 1,
    padding: PerAxis = 0,
    stride: PerAxis = 1,
) -> Any:
    """Columns of patches added up to images: the transpose of `unfold`.

    Args:
        input: (N, C · height · width, number of patches), or without N.
        output_size: height and width of the images; one number, or one per axis.
        kernel_size: height and width of a patch; the other arguments are those of `unfold`, too.
        dilation: how far apart the elements of a patch are.
        padding: how many rows and columns at every border of the images are left out.
        stride: how far apart the patches are.

    Returns:
        (N, C, *output_size), or without N.

    Raises:
        TypeError: the input does not hold floats, or a setting is no whole number.
        ValueError: shapes or settings do not go together.
    """
    x = floating(input, "fold")
    size = per_axis(output_size, 2, 1, "fold", "output_size")
    kernel, spread, border, steps, counts = _patches(size, kernel_size, dilation, padding, stride, "fold")
    area, number = math.prod(kernel), math.prod(counts)
    if x.ndim not in (2, 3) or x.shape[-2] % area or x.shape[-1] != number:
        raise ValueError(f"fold: input {x.shape}: for images {size} give (N, C · {area}, {number}), or without N")
    lead = (*x.shape[:-2], x.shape[-2] // area)
    patches = reshape(x, shape=(*lead, *kernel, *counts))
    room = tuple(n + 2 * p for n, p in zip(size, border, strict=True))
    images = overlap_add(patches, size=room, stride=steps, dilation=spread)
    if not any(border):
        return images
    return getitem(images, index=(..., *(slice(p, p + n) for p, n in zip(border, size, strict=True))))


# ---------------------------------------------------------------------- borders

_MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
"""PyTorch's names for what a border is made of, and NumPy's."""


def pad(
    input: Any,  # noqa: A002 - PyTorch's names
    pad: Sequence[int],
    mode: str = "constant",
    value: float | None = 0,
) -> Any:
    """The array with a border around it.

    Args:
        input: any array.
        pad: how many elements come in front of the last axis and how many behind, then for the axis before
            it, and so on: (left, right, top, bottom, ...).  Negative numbers cut elements off.
        mode: `"constant"`; `"reflect"`, the elements mirrored at the outermost one; `"replicate"`, the
            outermost one repeated; `"circular"`, those of the other end.
        value: what a constant border holds.

    Raises:
        TypeError: a number in `pad` is not whole, or the value does not fit the array's dtype.
        ValueError: the mode is unknown, or a border needs more elements than there are.

    >>> from autograd import tensor
    >>> pad(tensor([1.0, 2.0, 3.0]), (2, 1), "reflect")
    tensor([3., 2., 1., 2., 3., 2.])
    >>> pad(tensor([[1.0, 2.0]]), (0, 1, 1, 0), value=9)
    tensor([[9., 9., 9.],
            [1., 2., 9.]])
    """
    x, numbers = as_carrier(input, "pad"), ints((pad,), "pad")
    if mode not in _MODES:
        raise ValueError(f"pad: mode {mode!r} is unknown: choose from {', '.join(_MODES)}")
    if len(numbers) % 2 or len(numbers) > 2 * x.ndim:
        raise ValueError(f"pad: {numbers} for shape {x.shape}: give two numbers per axis, the last axis first")
    value = 0 if value is None else value
    if mode != "constant" and value != 0:
        raise ValueError(f"pad: mode {mode!r} takes no value, got {value}")
    if np.asarray(value).dtype.kind not in "biu" and x.dtype.kind in "biu":
        raise TypeError(f"pad: value {value!r} does not fit {x.dtype}: give a whole number")
    widths = [(0, 0)] * (x.ndim - len(numbers) // 2)
    widths += [(numbers[i], numbers[i + 1]) for i in range(len(numbers) - 2, -1, -2)]
    if any(
        n + before + behind < 0 or n + min(before, behind) < 0
        for n, (before, behind) in zip(x.shape, widths, strict=True)
    ):
        raise ValueError(f"pad: {numbers} for shape {x.shape}: cuts off more than there is")
    if any(n < 0 for n in numbers):
        cut = zip(x.shape, widths, strict=True)
        x = getitem(x, index=tuple(slice(max(-before, 0), n - max(-behind, 0)) for n, (before, behind) in cut))
        widths = [(max(before, 0), max(behind, 0)) for before, behind in widths]
    spare = {"reflect": 1, "circular": 0}.get(mode)
    for n, pair in zip(x.shape, widths, strict=True):
        if any(pair) and mode != "constant" and (n == 0 or (spare is not None and max(pair) > n - spare)):
            least = max(pair) + (spare or 0) if spare is not None else 1
            raise ValueError(
                f"pad: {numbers} for shape {x.shape}: mode {mode!r} needs {least} elements along an axis of {n}"
            )
    return rows.pad(x, widths, _MODES[mode], value)
