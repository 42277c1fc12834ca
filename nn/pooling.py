"""Pooling layers: windows of images become one number each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import autograd
from autograd import Tensor
from autograd.functions.checks import PerAxis, per_axis

from .conv import rank_from
from .module import Module

__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
    "AvgPool",
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "MaxPool",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "SumPool",
    "SumPool1d",
    "SumPool2d",
    "SumPool3d",
]

OutputSize = int | None | Sequence[int | None]

MAXIMA = {1: autograd.max_pool1d, 2: autograd.max_pool2d, 3: autograd.max_pool3d}
AVERAGES: dict[int, Any] = {1: autograd.avg_pool1d, 2: autograd.avg_pool2d, 3: autograd.avg_pool3d}
SUMS = {1: autograd.sum_pool1d, 2: autograd.sum_pool2d, 3: autograd.sum_pool3d}
ADAPTIVE_AVERAGES = {
    1: autograd.adaptive_avg_pool1d,
    2: autograd.adaptive_avg_pool2d,
    3: autograd.adaptive_avg_pool3d,
}
ADAPTIVE_MAXIMA = {
    1: autograd.adaptive_max_pool1d,
    2: autograd.adaptive_max_pool2d,
    3: autograd.adaptive_max_pool3d,
}


class _Pool(Module):
    """The settings of windows; the rank is the subclass's."""

    rank: int

    def __init__(self, kernel_size: PerAxis, stride: PerAxis | None, padding: PerAxis, ceil_mode: bool) -> None:
        super().__init__()
        layer = type(self).__name__
        kernel = per_axis(kernel_size, self.rank, 1, layer, "kernel_size")
        border = per_axis(padding, self.rank, 0, layer, "padding")
        if stride is not None:
            per_axis(stride, self.rank, 1, layer, "stride")
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        if any(2 * p > k for p, k in zip(border, kernel, strict=True)):
            raise ValueError(f"{layer}: padding {padding} must be at most half of kernel_size {kernel_size}")

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


# ---------------------------------------------------------------------- maxima


class _MaxPool(_Pool):
    """The maximum of each window."""

    def __init__(
        self,
        kernel_size: PerAxis,
        stride: PerAxis | None = None,
        padding: PerAxis = 0,
        dilation: PerAxis = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        layer = type(self).__name__
        if return_indices:
            raise ValueError(f"{layer}: return_indices=True is not there: the result is the maxima alone")
        super().__init__(kernel_size, stride, padding, ceil_mode)
        per_axis(dilation, self.rank, 1, layer, "dilation")
        self.dilation = dilation

    def forward(self, x: Tensor) -> Any:
        return MAXIMA[self.rank](x, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, dilation={self.dilation}, ceil_mode={self.ceil_mode}"


class MaxPool1d(_MaxPool):
    """The maximum of each window of signals (N, C, L); see `MaxPool2d`."""

    rank = 1


class MaxPool2d(_MaxPool):
    """The maximum of each window: y[n, c, p] = max_k x[n, c, stride · p + dilation · k − padding].

    All of the gradient goes to the first maximum of a window.

    Args:
        kernel_size: height and width of a window; one number, or one per axis.
        stride: how far apart windows are; the kernel's size if None.
        padding: how far windows may start before the image; at most half of a window.
        dilation: how far apart the elements of a window are.
        return_indices: only False, in PyTorch's place.
        ceil_mode: keep a last window that hangs over, if it starts inside.

    Shapes: x is (N, C, H, W) or (C, H, W), y (N, C, H', W') with
    H' = (H + 2 · padding − dilation · (kernel − 1) − 1) / stride + 1, rounded down, or up with `ceil_mode`.

    >>> import autograd
    >>> MaxPool2d(2)(autograd.tensor([[[1.0, 3.0], [2.0, 0.0]]]))
    tensor([[[3.]]])

    Riesenhuber and Poggio (1999).
    """

    rank = 2


class MaxPool3d(_MaxPool):
    """The maximum of each window of volumes (N, C, D, H, W); see `MaxPool2d`."""

    rank = 3


class MaxPool(_MaxPool):
    """`MaxPool2d` over as many axes as the kernel has sizes.

    >>> MaxPool((2, 2))
    MaxPool(kernel_size=(2, 2), stride=(2, 2), padding=0, dilation=1, ceil_mode=False)
    """

    def __init__(self, kernel_size: Sequence[int], *more: Any, **others: Any) -> None:
        self.rank = rank_from(kernel_size, "MaxPool")
        super().__init__(kernel_size, *more, **others)


# ---------------------------------------------------------------------- averages


class _AvgPool(_Pool):
    """The average of each window."""

    def __init__(
        self,
        kernel_size: PerAxis,
        stride: PerAxis | None = None,
        padding: PerAxis = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__(kernel_size, stride, padding, ceil_mode)
        if divisor_override is not None:
            if self.rank == 1:
                raise ValueError(f"{type(self).__name__}: divisor_override is for images and volumes, as in PyTorch")
            if divisor_override == 0:
                raise ValueError(f"{type(self).__name__}: divisor_override must not be 0")
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, x: Tensor) -> Any:
        divisor = () if self.rank == 1 else (self.divisor_override,)
        return AVERAGES[self.rank](
            x, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad, *divisor
        )


class AvgPool1d(_AvgPool):
    """The average of each window of signals (N, C, L); see `AvgPool2d`."""

    rank = 1

    def __init__(
        self,
        kernel_size: PerAxis,
        stride: PerAxis | None = None,
        padding: PerAxis = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__(kernel_size, stride, padding, ceil_mode, count_include_pad)
        # PyTorch prints tuples here, and for other averages what it was given.
        self.kernel_size, self.stride, self.padding = (
            tuple(n) if isinstance(n, (tuple, list)) else (n,) for n in (self.kernel_size, self.stride, self.padding)
        )


class AvgPool2d(_AvgPool):
    """The average of each window; with a window as large as the image, global average pooling.

    Args:
        kernel_size, stride, padding, ceil_mode: as for `MaxPool2d`; what pads is 0.
        count_include_pad: divide by the number of elements with the padding.
        divisor_override: divide by this number instead.

    >>> import autograd
    >>> AvgPool2d(2)(autograd.tensor([[[1.0, 3.0], [2.0, 0.0]]]))
    tensor([[[1.5]]])

    LeCun et al. (1998).
    """

    rank = 2


class AvgPool3d(_AvgPool):
    """The average of each window of volumes (N, C, D, H, W); see `AvgPool2d`."""

    rank = 3


class AvgPool(_AvgPool):
    """`AvgPool2d` over as many axes as the kernel has sizes."""

    def __init__(self, kernel_size: Sequence[int], *more: Any, **others: Any) -> None:
        self.rank = rank_from(kernel_size, "AvgPool")
        super().__init__(kernel_size, *more, **others)


# ---------------------------------------------------------------------- sums


class _SumPool(_Pool):
    """The sum of each window."""

    def __init__(
        self, kernel_size: PerAxis, stride: PerAxis | None = None, padding: PerAxis = 0, ceil_mode: bool = False
    ) -> None:
        super().__init__(kernel_size, stride, padding, ceil_mode)

    def forward(self, x: Tensor) -> Any:
        return SUMS[self.rank](x, self.kernel_size, self.stride, self.padding, self.ceil_mode)


class SumPool1d(_SumPool):
    """The sum of each window of signals (N, C, L); see `SumPool2d`."""

    rank = 1


class SumPool2d(_SumPool):
    """The sum of each window; the arguments are those of `MaxPool2d`.  PyTorch has none; the fifth deck lists it.

    >>> import autograd
    >>> SumPool2d(2)(autograd.tensor([[[1.0, 3.0], [2.0, 0.0]]]))
    tensor([[[6.]]])
    """

    rank = 2


class SumPool3d(_SumPool):
    """The sum of each window of volumes (N, C, D, H, W); see `SumPool2d`."""

    rank = 3


class SumPool(_SumPool):
    """`SumPool2d` over as many axes as the kernel has sizes."""

    def __init__(self, kernel_size: Sequence[int], *more: Any, **others: Any) -> None:
        self.rank = rank_from(kernel_size, "SumPool")
        super().__init__(kernel_size, *more, **others)


# ---------------------------------------------------------------------- windows as many as are asked for


class _AdaptivePool(Module):
    """Windows that cover the input evenly."""

    rank: int

    def __init__(self, output_size: OutputSize) -> None:
        super().__init__()
        sizes = output_size if isinstance(output_size, (tuple, list)) else (output_size,)
        per_axis(tuple([1 if n is None else n for n in sizes]), self.rank, 1, type(self).__name__, "output_size")
        self.output_size = output_size

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class _AdaptiveAvgPool(_AdaptivePool):
    def forward(self, x: Tensor) -> Any:
        return ADAPTIVE_AVERAGES[self.rank](x, self.output_size)


class _AdaptiveMaxPool(_AdaptivePool):
    def forward(self, x: Tensor) -> Any:
        return ADAPTIVE_MAXIMA[self.rank](x, self.output_size)


class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """Signals (N, C, L) averaged down to a given length; see `AdaptiveAvgPool2d`."""

    rank = 1


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """Images averaged over as many windows as are asked for, of sizes as even as possible.

    Args:
        output_size: height and width of the result; one number for both, None for that of the input.

    Shapes: x is (N, C, H, W) or (C, H, W), y (N, C, *output_size).

    >>> import autograd
    >>> AdaptiveAvgPool2d((6, 6))(autograd.ones(1, 256, 13, 13)).shape
    (1, 256, 6, 6)
    """

    rank = 2


class AdaptiveAvgPool3d(_AdaptiveAvgPool):
    """Volumes (N, C, D, H, W) averaged; see `AdaptiveAvgPool2d`."""

    rank = 3


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """The maximum of each of the windows of `AdaptiveAvgPool1d`."""

    rank = 1


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """The maximum of each of the windows of `AdaptiveAvgPool2d`."""

    rank = 2


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """The maximum of each of the windows of `AdaptiveAvgPool3d`."""

    rank = 3
