"""`Dense`: a linear layer and its activation function, with Keras's arguments."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import autograd
from autograd import Parameter, Tensor, empty

from . import init
from .linear import Linear, _count

__all__ = ["Dense", "activation_function"]

Activation = Callable[[Any], Any]

ACTIVATIONS: dict[str, Activation] = {
    "linear": lambda x: x,
    "relu": autograd.relu,
    "sigmoid": autograd.sigmoid,
    "tanh": autograd.tanh,
    "softmax": partial(autograd.softmax, dim=-1),
    "log_softmax": partial(autograd.log_softmax, dim=-1),
    "elu": autograd.elu,
    "gelu": autograd.gelu,
    "silu": autograd.silu,
    "swish": autograd.silu,
    "softplus": autograd.softplus,
    "leaky_relu": partial(autograd.leaky_relu),
    "exponential": autograd.exp,
}


def activation_function(activation: str | Activation | None) -> tuple[str, Activation]:
    """The name of an activation and the function itself, given either of them.

    Raises:
        ValueError: there is no function of that name.
    """
    if activation is None:
        activation = "linear"
    if callable(activation):
        return getattr(activation, "__name__", type(activation).__name__), activation
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation: got {activation!r}: choose one of {', '.join(sorted(ACTIVATIONS))}")
    return activation, ACTIVATIONS[activation]


class Dense(Linear):
    """y = φ(x Wᵀ + b), as Keras's layer of that name.

    Args:
        units: how many numbers it gives for each sample.
        activation: φ by its name, or a function; None for the identity.
        use_bias: whether b is there.
        input_shape: the shape of one sample; without it the layer waits for the one before it in `Sequential`, or
            for the first input.
        dtype: of the parameters.

    W begins uniform in ±√(6 / (inputs + units)) (Glorot and Bengio 2010), b at 0.  W has PyTorch's layout, (units,
    inputs): a weight of Keras is its transpose.

    >>> import nn
    >>> nn.Dense(64, activation="sigmoid", input_shape=(784,))
    Dense(64, activation='sigmoid', input_shape=(784,))
    """

    def __init__(
        self,
        units: int,
        activation: str | Activation | None = None,
        use_bias: bool = True,
        input_shape: tuple[int, ...] | int | None = None,
        dtype: Any = None,
    ) -> None:
        super(Linear, self).__init__()
        self.out_features = _count(units, "Dense", "units")
        self.activation, self._function = activation_function(activation)
        self._use_bias, self._dtype = use_bias, dtype
        self.in_features = 0
        self.weight: Any = None
        self.bias: Any = None
        self.input_shape = (input_shape,) if isinstance(input_shape, int) else input_shape
        if self.input_shape is not None:
            self.build(self.input_shape[-1])

    @property
    def is_built(self) -> bool:
        """Whether it knows how many inputs it takes, and so has its parameters."""
        return self.weight is not None

    def build(self, inputs: int) -> None:
        """Make the parameters, for that many inputs."""
        self.in_features = _count(inputs, "Dense", "input_shape")
        self.weight = Parameter(empty(self.out_features, inputs, dtype=self._dtype))
        self.bias = Parameter(empty(self.out_features, dtype=self._dtype)) if self._use_bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        init.xavier_uniform_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        if not self.is_built:
            self.build(x.shape[-1])
        y: Tensor = self._function(super().forward(x))
        return y

    def __repr__(self) -> str:
        shape = "" if self.input_shape is None else f", input_shape={self.input_shape}"
        bias = "" if self._use_bias else ", use_bias=False"
        return f"Dense({self.out_features}, activation={self.activation!r}{bias}{shape})"
