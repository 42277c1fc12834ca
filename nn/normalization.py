"""Normalisation: activations with mean 0 and variance 1 over a batch, a layer or a group of channels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

import autograd
from autograd import Parameter, Tensor, no_grad, ones, zeros

from .linear import _count
from .module import Module

__all__ = [
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "GroupNorm",
    "LayerNorm",
    "batch_norm",
    "group_norm",
    "layer_norm",
    "normalize",
]

# ---------------------------------------------------------------------- the operation that they share


def _moments(a: Any, axis: tuple[int, ...]) -> tuple[Any, Any, Any]:
    """The mean, what is left without it, and the variance; the axes are kept."""
    mean = autograd.mean(a, axis, keepdim=True)
    centred = a - mean
    return mean, centred, autograd.mean(autograd.square(centred), axis, keepdim=True)


def _pullback(g: Any, y: Any, a: Any, axis: tuple[int, ...], eps: float, saved: dict[str, Any]) -> Any:
    """(g − mean(g) − y · mean(g · y)) / σ: what is left of g without its share along 1 and along y."""
    # An array is what the saved numbers are of; a tensor is to be differentiated again.
    deviation = saved["deviation"] if isinstance(a, np.ndarray) else autograd.sqrt(_moments(a, axis)[2] + eps)
    along_ones, along_y = (autograd.mean(x, axis, keepdim=True) for x in (g, g * y))
    return (g - along_ones - y * along_y) / deviation


@autograd.op(vjp=_pullback, name="standardize")
def _standardize(a: Any, *, axis: tuple[int, ...], eps: float, saved: dict[str, Any]) -> Any:
    """(x − mean) / σ over some axes, with σ² = mean((x − mean)²) + ε."""
    saved["mean"], centred, saved["variance"] = _moments(a, axis)
    saved["deviation"] = np.sqrt(saved["variance"] + eps)
    return centred / saved["deviation"]


def _scaled(x: Any, weight: Any, bias: Any, shape: tuple[int, ...]) -> Any:
    """x · weight + bias, both in this shape, either of which may be None."""
    if weight is not None:
        x = x * weight.reshape(shape)
    return x if bias is None else x + bias.reshape(shape)


# ---------------------------------------------------------------------- functions


def layer_norm(
    input: Any,  # noqa: A002 - PyTorch's names
    normalized_shape: Sequence[int],
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-5,
) -> Any:
    """weight · (x − mean) / √(var + ε) + bias, over the last axes of each example.

    Args:
        input: (..., *normalized_shape).
        normalized_shape: of the last axes, which are normalised together.
        weight, bias: (*normalized_shape,), or None.
        eps: keeps a constant x from dividing by 0.

    Ba, Kiros and Hinton (2016).
    """
    shape = tuple(normalized_shape)
    if not shape or tuple(input.shape[-len(shape) :]) != shape:
        raise ValueError(f"layer_norm: normalized_shape {shape} must be the last axes of the input, {input.shape}")
    axis = tuple(range(-len(shape), 0))
    return _scaled(_standardize(input, axis=axis, eps=eps, saved={}), weight, bias, shape)


def group_norm(
    input: Any,  # noqa: A002 - PyTorch's names
    num_groups: int,
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-5,
) -> Any:
    """weight · (x − mean) / √(var + ε) + bias, over each group of channels of each example.

    Args:
        input: (N, C, ...).
        num_groups: into how many groups the channels are split.
        weight, bias: one number per channel, (C,), or None.
        eps: keeps a constant group from dividing by 0.

    Wu and He (2018).
    """
    if input.ndim < 2 or input.shape[1] % num_groups:
        raise ValueError(f"group_norm: input {input.shape}: num_groups={num_groups} must divide the channels, axis 1")
    groups = input.reshape(input.shape[0], num_groups, -1)
    x = _standardize(groups, axis=(-1,), eps=eps, saved={}).reshape(input.shape)
    return _scaled(x, weight, bias, _per_channel(input))


def batch_norm(
    input: Any,  # noqa: A002 - PyTorch's names
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """weight · (x − mean) / √(var + ε) + bias, over the batch, for each channel.

    Args:
        input: (N, C, ...).
        running_mean, running_var: (C,), what stands for mean and variance outside training; in training they
            become (1 − momentum) · themselves + momentum · those of the batch, the variance with n − 1 below.
        weight, bias: one number per channel, (C,), or None.
        training: whether mean and variance are the batch's.
        momentum: the share of the new.
        eps: keeps a constant channel from dividing by 0.

    Ioffe and Szegedy (2015).
    """
    channels = _per_channel(input)
    if not training:
        if running_mean is None or running_var is None:
            raise ValueError("batch_norm: outside training running_mean and running_var are needed, got None")
        scale = (1.0 if weight is None else weight) / autograd.sqrt(running_var + eps)
        shift = -running_mean * scale
        return _scaled(input, scale, shift if bias is None else shift + bias, channels)
    size = math.prod(input.shape) // max(input.shape[1], 1)
    if size < 2:
        raise ValueError(
            f"batch_norm: one value per channel, of {input.shape}, has no variance: train on more, or eval()"
        )
    axis = (0, *range(2, input.ndim))
    saved: dict[str, Any] = {}
    x = _standardize(input, axis=axis, eps=eps, saved=saved)
    if running_mean is not None:
        with no_grad():
            unbiased = saved["variance"] * (size / (size - 1))
            for running, new in ((running_mean, saved["mean"]), (running_var, unbiased)):
                running.copy_((1 - momentum) * running + momentum * new.reshape(-1))
    return _scaled(x, weight, bias, channels)


def normalize(input: Any, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Any:  # noqa: A002 - PyTorch's names
    """x / max(‖x‖ₚ, ε): vectors along `dim` of length 1.

    >>> normalize(autograd.tensor([[3.0, 4.0]]))
    tensor([[0.6, 0.8]])
    """
    return input / autograd.maximum(autograd.norm(input, p, dim, keepdim=True), eps)


def _per_channel(x: Any) -> tuple[int, ...]:
    """The shape of one number per channel, to go with x."""
    return (1, -1, *(1,) * (x.ndim - 2))


# ---------------------------------------------------------------------- modules


class _BatchNorm(Module):
    """Batch normalisation of inputs with as many axes as the subclass says."""

    axes: dict[int, str]

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features = _count(num_features, type(self).__name__, "num_features")
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        self.weight = Parameter(ones(num_features, dtype=dtype)) if affine else None
        self.bias = Parameter(zeros(num_features, dtype=dtype)) if affine and bias else None
        tracked = track_running_stats
        self.register_buffer("running_mean", zeros(num_features, dtype=dtype) if tracked else None)
        self.register_buffer("running_var", ones(num_features, dtype=dtype) if tracked else None)
        self.register_buffer("num_batches_tracked", autograd.tensor(0) if tracked else None)

    running_mean: Any
    running_var: Any
    num_batches_tracked: Any

    def reset_running_stats(self) -> None:
        """Forget the batches so far."""
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def forward(self, x: Tensor) -> Any:
        if x.ndim not in self.axes:
            raise ValueError(f"{self._label()}: takes {' or '.join(self.axes.values())}, got an input of {x.shape}")
        if x.shape[1] != self.num_features:
            raise ValueError(
                f"{self._label()}: takes {self.num_features} channels, got {x.shape[1]} in an input of {x.shape}"
            )
        updates = self.training and self.track_running_stats
        if updates:
            self.num_batches_tracked.add_(1)
        # Without momentum every batch so far counts the same.
        share = 1 / max(int(self.num_batches_tracked), 1) if updates and self.momentum is None else self.momentum
        return batch_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias,
            training=self.training or not self.track_running_stats, momentum=share or 0.0, eps=self.eps,
        )  # fmt: skip

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class BatchNorm1d(_BatchNorm):
    """Batch normalisation of rows (N, C) or signals (N, C, L); see `BatchNorm2d`."""

    axes = {2: "(N, C)", 3: "(N, C, L)"}  # noqa: RUF012 - constant


class BatchNorm2d(_BatchNorm):
    """y = weight · (x − mean) / √(var + ε) + bias, with mean and variance of each channel.

    In training they are those of the batch, and the gradient goes through them; after `eval()` they are running
    averages over the batches that were seen.

    Args:
        num_features: the number of channels, C.
        eps: keeps a constant channel from dividing by 0.
        momentum: the share of each batch in the running averages; None counts all batches the same.
        affine: whether weight and bias are there.
        track_running_stats: whether the averages are; without them the batch's own count always.
        dtype: of parameters and averages.
        bias: whether bias is there, if affine.

    Shapes: x and y are (N, C, H, W); `weight`, `bias` and the buffers `running_mean`, `running_var` (C,);
    the buffer `num_batches_tracked` is one integer.

    >>> x = autograd.tensor([1.0, 3.0]).reshape(2, 1, 1, 1)
    >>> layer = BatchNorm2d(1)
    >>> layer(x).flatten().detach()
    tensor([-0.999995,  0.999995])
    >>> layer.running_mean, layer.running_var
    (tensor([0.2]), tensor([1.1]))

    Ioffe and Szegedy (2015).
    """

    axes = {4: "(N, C, H, W)"}  # noqa: RUF012 - constant


class BatchNorm3d(_BatchNorm):
    """Batch normalisation of volumes (N, C, D, H, W); see `BatchNorm2d`."""

    axes = {5: "(N, C, D, H, W)"}  # noqa: RUF012 - constant


class LayerNorm(Module):
    """y = weight · (x − mean) / √(var + ε) + bias, with mean and variance of each example's last axes.

    Args:
        normalized_shape: of these axes; one number for a single one.
        eps: keeps a constant example from dividing by 0.
        elementwise_affine: whether weight and bias are there.
        bias: whether bias is.
        dtype: of the parameters.

    Shapes: x and y are (..., *normalized_shape), `weight` and `bias` (*normalized_shape,).

    >>> LayerNorm(2)(autograd.tensor([[1.0, 3.0]])).detach()
    tensor([[-0.999995,  0.999995]])

    Ba, Kiros and Hinton (2016).
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        sizes = normalized_shape if isinstance(normalized_shape, (tuple, list)) else (normalized_shape,)
        self.normalized_shape = tuple([_count(n, "LayerNorm", "normalized_shape") for n in sizes])
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        self.weight = Parameter(ones(*self.normalized_shape, dtype=dtype)) if elementwise_affine else None
        self.bias = Parameter(zeros(*self.normalized_shape, dtype=dtype)) if elementwise_affine and bias else None

    def forward(self, x: Tensor) -> Any:
        sizes = self.normalized_shape
        if x.shape[-len(sizes) :] != sizes:
            raise ValueError(f"{self._label()}: normalises last axes of {sizes}, got an input of {x.shape}")
        return layer_norm(x, sizes, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class GroupNorm(Module):
    """y = weight · (x − mean) / √(var + ε) + bias, with mean and variance of each group of channels.

    Args:
        num_groups: into how many groups the channels are split.
        num_channels: how many there are, C.
        eps: keeps a constant group from dividing by 0.
        affine: whether weight and bias are there.
        dtype: of the parameters.
        bias: whether bias is there, if affine.

    Shapes: x and y are (N, C, ...), `weight` and `bias` (C,).

    >>> GroupNorm(2, 6)(autograd.ones(1, 6, 4, 4)).shape
    (1, 6, 4, 4)

    Wu and He (2018).
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_groups = _count(num_groups, "GroupNorm", "num_groups")
        self.num_channels = _count(num_channels, "GroupNorm", "num_channels")
        if not num_groups or num_channels % num_groups:
            raise ValueError(f"GroupNorm: num_groups {num_groups} must divide num_channels {num_channels}")
        self.eps = eps
        self.affine = affine
        self.weight = Parameter(ones(num_channels, dtype=dtype)) if affine else None
        self.bias = Parameter(zeros(num_channels, dtype=dtype)) if affine and bias else None

    def forward(self, x: Tensor) -> Any:
        if x.ndim < 2 or x.shape[1] != self.num_channels:
            raise ValueError(f"{self._label()}: takes (N, {self.num_channels}, ...), got an input of {x.shape}")
        return group_norm(x, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        settings = f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}"
        return f"{settings}, bias={self.bias is not None}"
