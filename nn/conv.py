"""Convolutions and transposed convolutions as layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import autograd
from autograd import Parameter, Tensor, empty
from autograd.functions.checks import PerAxis, per_axis

from . import init
from .linear import _count
from .module import Module

__all__ = ["Conv", "Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]

CONVOLUTIONS: dict[int, Any] = {1: autograd.conv1d, 2: autograd.conv2d, 3: autograd.conv3d}
TRANSPOSED: dict[int, Any] = {1: autograd.conv_transpose1d, 2: autograd.conv_transpose2d, 3: autograd.conv_transpose3d}
PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


def rank_from(kernel_size: Any, layer: str) -> int:
    """How many spatial axes there are: as many as the kernel has sizes."""
    if isinstance(kernel_size, Sequence) and 1 <= len(kernel_size) <= 3:
        return len(kernel_size)
    raise ValueError(
        f"{layer}: kernel_size must have one to three sizes, one per axis, as (3, 3) for images, got {kernel_size!r}"
    )


class _Filters(Module):
    """What convolutions and their transposes have in common: settings, one per axis, and filters.

    `weight` is (first, second / groups, *kernel_size); the subclass says which of them are the input's channels.
    """

    rank: int
    transposed = False

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: PerAxis,
        stride: PerAxis,
        padding: PerAxis | str,
        dilation: PerAxis,
        output_padding: PerAxis,
        groups: int,
        bias: bool,
        padding_mode: str,
        dtype: Any,
    ) -> None:
        super().__init__()
        layer, rank = type(self).__name__, self.rank
        self.in_channels = _count(in_channels, layer, "in_channels")
        self.out_channels = _count(out_channels, layer, "out_channels")
        self.kernel_size = per_axis(kernel_size, rank, 1, layer, "kernel_size")
        self.stride = per_axis(stride, rank, 1, layer, "stride")
        self.padding = padding if isinstance(padding, str) else per_axis(padding, rank, 0, layer, "padding")
        self.dilation = per_axis(dilation, rank, 1, layer, "dilation")
        self.output_padding = per_axis(output_padding, rank, 0, layer, "output_padding")
        (self.groups,) = per_axis(groups, 1, 1, layer, "groups")
        self.padding_mode = padding_mode
        if in_channels % groups or out_channels % groups:
            raise ValueError(f"{layer}: groups={groups} must divide both {in_channels} and {out_channels} channels")
        first, second = (in_channels, out_channels) if self.transposed else (out_channels, in_channels)
        self.weight = Parameter(empty(first, second // groups, *self.kernel_size, dtype=dtype))
        self.bias = Parameter(empty(out_channels, dtype=dtype)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in = math.prod(self.weight.shape[1:])
            bound = 1 / math.sqrt(fan_in) if fan_in else 0.0
            init.uniform_(self.bias, -bound, bound)

    def _checked(self, x: Tensor) -> Tensor:
        """The input, if it has the right axes and channels."""
        axes = ("C", *"DHW"[3 - self.rank :])
        if x.ndim not in (len(axes), len(axes) + 1):
            raise ValueError(
                f"{self._label()}: takes (N, {', '.join(axes)}) or ({', '.join(axes)}), got an input of {x.shape}"
            )
        channels = x.shape[-len(axes)]
        if channels != self.in_channels:
            raise ValueError(
                f"{self._label()}: takes {self.in_channels} channels, got {channels} in an input of {x.shape}"
            )
        return x

    def extra_repr(self) -> str:
        parts = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"]
        plain: dict[str, Any] = {
            "padding": (0,) * self.rank,
            "dilation": (1,) * self.rank,
            "output_padding": (0,) * self.rank,
        }
        plain["groups"] = 1
        parts += [f"{name}={getattr(self, name)}" for name, usual in plain.items() if getattr(self, name) != usual]
        parts += ["bias=False"] if self.bias is None else []
        parts += [f"padding_mode={self.padding_mode}"] if self.padding_mode != "zeros" else []
        return ", ".join(parts)


class _Convolution(_Filters):
    """A convolution of a rank that the subclass fixes."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: PerAxis,
        stride: PerAxis = 1,
        padding: PerAxis | str = 0,
        dilation: PerAxis = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        dtype: Any = None,
    ) -> None:
        layer = type(self).__name__
        if isinstance(padding, str) and padding not in ("same", "valid"):
            raise ValueError(f"{layer}: padding {padding!r}: give numbers, 'valid' or 'same'")
        if padding_mode not in PADDING_MODES:
            raise ValueError(f"{layer}: padding_mode must be one of {', '.join(PADDING_MODES)}, got {padding_mode!r}")
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, 0, groups, bias, padding_mode, dtype
        )
        if padding == "same" and set(self.stride) != {1}:
            raise ValueError(f"{layer}: padding 'same' needs stride 1, got {stride}")

    def forward(self, x: Tensor) -> Any:
        padding: Any = self.padding
        x = self._checked(x)
        if self.padding_mode != "zeros":
            x, padding = autograd.pad(x, self._border(), self.padding_mode), 0
        convolve = CONVOLUTIONS[self.rank]
        return convolve(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)

    def _border(self) -> list[int]:
        """How wide the border is, as `pad` takes it: before and behind, the last axis first."""
        if self.padding == "valid":
            return [0, 0] * self.rank
        if self.padding == "same":  # an odd element goes behind
            reach = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size, strict=True)]
            return [n for r in reversed(reach) for n in (r // 2, r - r // 2)]
        return [p for p in reversed(self.padding) for _ in range(2)]  # type: ignore[misc]


class Conv1d(_Convolution):
    """Filters slid along signals (N, C, L); see `Conv2d`."""

    rank = 1


class Conv2d(_Convolution):
    """Filters slid over images: PyTorch's cross-correlation.

        y[n, o, p] = bias[o] + Σ_c Σ_k  weight[o, c, k] · x[n, c, stride · p + dilation · k − padding]

    Args:
        in_channels: how many channels the images have, C.
        out_channels: how many filters there are, O.
        kernel_size: height and width of a filter; one number, or one per axis.
        stride: how far apart the places are.
        padding: how wide the border is; `"valid"` is none, `"same"`, which needs stride 1, keeps the size.
        dilation: how far apart the elements are that a filter touches.
        groups: into how many parts channels and filters are split; each part convolves on its own.
        bias: whether there is one.
        padding_mode: what the border holds: `"zeros"`; `"reflect"`, the image mirrored at its outermost elements;
            `"replicate"`, these repeated; `"circular"`, the elements of the other end.
        dtype: of the parameters; by default `autograd.get_default_dtype()`.

    Shapes: x is (N, C, H, W) or (C, H, W), y (N, O, H', W') with
    H' = (H + 2 · padding − dilation · (kernel − 1) − 1) // stride + 1; `weight` is (O, C / groups, height, width),
    `bias` (O,).  Both begin uniform in ±1/√(C / groups · height · width), as in PyTorch.

    >>> import autograd
    >>> layer = Conv2d(1, 6, kernel_size=5, padding=2)
    >>> layer
    Conv2d(1, 6, kernel_size=(5, 5), stride=(1, 1), padding=(2, 2))
    >>> layer(autograd.ones(8, 1, 28, 28)).shape
    (8, 6, 28, 28)

    LeCun et al. (1998); the fourth deck's LeNet-5.
    """

    rank = 2


class Conv3d(_Convolution):
    """Filters slid through volumes (N, C, D, H, W); see `Conv2d`."""

    rank = 3


class Conv(_Convolution):
    """A convolution over as many axes as the kernel has sizes; the arguments are those of `Conv2d`.

    >>> Conv(3, 8, (3, 3))
    Conv(3, 8, kernel_size=(3, 3), stride=(1, 1))
    >>> Conv(3, 8, (5,)).weight.shape
    (8, 3, 5)
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: Sequence[int], *more: Any, **others: Any):
        self.rank = rank_from(kernel_size, "Conv")
        super().__init__(in_channels, out_channels, kernel_size, *more, **others)


class _TransposedConvolution(_Filters):
    """A transposed convolution of a rank that the subclass fixes."""

    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: PerAxis,
        stride: PerAxis = 1,
        padding: PerAxis = 0,
        output_padding: PerAxis = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: PerAxis = 1,
        padding_mode: str = "zeros",
        dtype: Any = None,
    ) -> None:
        layer = type(self).__name__
        if isinstance(padding, str):
            raise ValueError(f"{layer}: padding {padding!r}: give numbers")
        if padding_mode != "zeros":
            raise ValueError(f"{layer}: padding_mode {padding_mode!r}: only 'zeros' is there, as in PyTorch")
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, output_padding, groups, bias,
            padding_mode, dtype,
        )  # fmt: skip
        extras = zip(self.output_padding, self.stride, self.dilation, strict=True)
        if any(extra >= max(step, spread) for extra, step, spread in extras):
            raise ValueError(f"{layer}: output_padding {output_padding} must be less than the stride or the dilation")

    def forward(self, x: Tensor) -> Any:
        convolve = TRANSPOSED[self.rank]
        return convolve(
            self._checked(x), self.weight, self.bias, self.stride, self.padding, self.output_padding, self.groups,
            self.dilation,
        )  # fmt: skip


class ConvTranspose1d(_TransposedConvolution):
    """Filters added up along a signal; see `ConvTranspose2d`."""

    rank = 1


class ConvTranspose2d(_TransposedConvolution):
    """The transpose of `Conv2d`: every element places its filter, scaled by it, and they are added up.

    It makes images larger where a convolution of the same settings makes them smaller.

    Args:
        in_channels, out_channels: how many channels x has, C, and y has, O.
        kernel_size, stride, padding, groups, bias, dilation, dtype: as for `Conv2d`.
        output_padding: how many rows and columns are added at the far borders; less than the stride or the dilation.

    Shapes: x is (N, C, H, W), y (N, O, H', W') with
    H' = (H − 1) · stride − 2 · padding + dilation · (kernel − 1) + output_padding + 1; `weight` is
    (C, O / groups, height, width).

    >>> import autograd
    >>> ConvTranspose2d(6, 1, kernel_size=2, stride=2)(autograd.ones(8, 6, 14, 14)).shape
    (8, 1, 28, 28)

    Zeiler et al. (2010).
    """

    rank = 2


class ConvTranspose3d(_TransposedConvolution):
    """Filters added up in a volume; see `ConvTranspose2d`."""

    rank = 3
