"""Layers that multiply by a matrix, and those that only change shapes."""

from __future__ import annotations

import math
from typing import Any

import autograd
from autograd import Parameter, Tensor, empty

from . import init
from .module import Module

__all__ = ["Bilinear", "Flatten", "Identity", "Linear", "Unflatten"]


class Identity(Module):
    """Gives back what it is given; arguments are ignored, so that it can stand for any module."""

    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__()

    def forward(self, x: Any) -> Any:
        return x


class Linear(Module):
    """y = x Wᵀ + b.

    Args:
        in_features: the length of the last axis of x.
        out_features: the length of the last axis of y.
        bias: whether b is there.
        dtype: of the parameters; by default `autograd.get_default_dtype()`.

    Shapes: x is (..., in_features), `weight` (out_features, in_features), `bias` (out_features,).
    Both begin uniform in ±1/√in_features, as in PyTorch.

    >>> import autograd, nn
    >>> layer = nn.Linear(3, 2)
    >>> layer(autograd.ones(4, 3)).shape
    (4, 2)
    """

    def __init__(self, in_features: int, out_features: int, bias: bool = True, dtype: Any = None) -> None:
        super().__init__()
        self.in_features = _count(in_features, "Linear", "in_features")
        self.out_features = _count(out_features, "Linear", "out_features")
        self.weight = Parameter(empty(out_features, in_features, dtype=dtype))
        self.bias = Parameter(empty(out_features, dtype=dtype)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features) if self.in_features else 0.0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, x: Tensor) -> Tensor:
        if not hasattr(x, "shape"):
            raise TypeError(f"{self._label()}: takes a tensor, got a {type(x).__name__}: write autograd.tensor(x)")
        if x.shape[-1:] != (self.in_features,):
            got = f"{x.shape[-1]}" if x.shape else "a single number"
            raise ValueError(f"{self._label()}: takes {self.in_features} features, got {got} in an input of {x.shape}")
        y: Tensor = autograd.linear(x, self.weight, self.bias)
        return y

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Bilinear(Module):
    """yₖ = aᵀ Wₖ b + cₖ, of two inputs.

    Args:
        in1_features, in2_features: the lengths of the last axes of a and b.
        out_features: the length of the last axis of y.
        bias: whether c is there.
        dtype: of the parameters.

    Shapes: `weight` is (out_features, in1_features, in2_features).
    """

    def __init__(
        self, in1_features: int, in2_features: int, out_features: int, bias: bool = True, dtype: Any = None
    ) -> None:
        super().__init__()
        self.in1_features = _count(in1_features, "Bilinear", "in1_features")
        self.in2_features = _count(in2_features, "Bilinear", "in2_features")
        self.out_features = _count(out_features, "Bilinear", "out_features")
        self.weight = Parameter(empty(out_features, in1_features, in2_features, dtype=dtype))
        self.bias = Parameter(empty(out_features, dtype=dtype)) if bias else None
        bound = 1 / math.sqrt(in1_features)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        if a.shape[-1:] != (self.in1_features,) or b.shape[-1:] != (self.in2_features,):
            wanted = f"{self.in1_features} and {self.in2_features}"
            raise ValueError(f"{self._label()}: takes {wanted} features, got inputs of {a.shape} and {b.shape}")
        y: Tensor = autograd.einsum("...i,kij,...j->...k", a, self.weight, b)
        return y if self.bias is None else y + self.bias

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )


class Flatten(Module):
    """Makes one axis of several: of an image (N, 1, 28, 28) a row (N, 784).

    Args:
        start_dim, end_dim: the first and the last of them.
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, x: Tensor) -> Any:
        return x.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Makes several axes of one: of a row (N, 784) an image (N, 1, 28, 28).

    Args:
        dim: the axis.
        unflattened_size: the lengths of the new ones; one of them may be -1.
    """

    def __init__(self, dim: int, unflattened_size: tuple[int, ...]) -> None:
        super().__init__()
        self.dim = dim
        self.unflattened_size = unflattened_size

    def forward(self, x: Tensor) -> Any:
        dim = self.dim % x.ndim
        return x.reshape(*x.shape[:dim], *self.unflattened_size, *x.shape[dim + 1 :])

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"


def _count(n: Any, layer: str, what: str) -> int:
    """A number of features, checked."""
    if not isinstance(n, int) or isinstance(n, bool) or n < 0:
        raise ValueError(f"{layer}: {what} must be a whole number, got {n!r}")
    return n
