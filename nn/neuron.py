"""Neurons on scalars: Rosenblatt's perceptron, and the neuron, layer and network that gradients train."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np

import autograd
from autograd import Value, Vector

from .module import Module

__all__ = ["MLP", "Layer", "Neuron", "Perceptron"]

ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "linear": Value.__pos__,
    "elu": autograd.elu,
    "gelu": autograd.gelu,
    "leaky_relu": autograd.leaky_relu,
    "relu": Value.relu,
    "sigmoid": Value.sigmoid,
    "silu": Value.silu,
    "softplus": Value.softplus,
    "tanh": Value.tanh,
}
"""Activation functions by the names that `Neuron`, `Layer` and `MLP` take."""


class Perceptron:
    """Rosenblatt's perceptron: 1 if w·x + b > 0, else 0, with its own learning rule.

    Args:
        weights: one number per input.
        bias: the negative of the threshold that the weighted sum must pass.

    >>> hotdog = Perceptron([3, 2, 6], bias=-4)
    >>> hotdog([1, 1, 0]), hotdog([0, 1, 0])
    (1, 0)

    Rosenblatt (1958).
    """

    def __init__(self, weights: Iterable[float], bias: float = 0.0) -> None:
        self.weights = [float(w) for w in weights]
        self.bias = float(bias)

    def __call__(self, x: Sequence[float]) -> int:
        return int(autograd.dot(self.weights, x) + self.bias > 0)

    def learn(self, x: Sequence[float], target: int, rate: float = 1.0) -> bool:
        """Correct the weights after one example, w ← w + rate (target − output) x; whether it was right."""
        error = target - self(x)
        if error:
            self.weights = [w + rate * error * x_i for w, x_i in zip(self.weights, x, strict=True)]
            self.bias += rate * error
        return not error

    def fit(self, examples: Sequence[tuple[Sequence[float], int]], epochs: int = 100, rate: float = 1.0) -> int | None:
        """Learn until a whole pass makes no mistake.

        Returns:
            The number of passes, or None if mistakes remain after `epochs`: by Rosenblatt's theorem
            passes end if and only if a line separates the two classes.
        """
        for epoch in range(1, epochs + 1):
            mistakes = sum(not self.learn(x, target, rate) for x, target in examples)
            if not mistakes:
                return epoch
        return None

    def __repr__(self) -> str:
        return f"Perceptron({self.weights}, bias={self.bias})"


class Neuron(Module):
    """One neuron: an activation function of its weighted sum, φ(w·x + b).

    Args:
        inputs: how many numbers it takes.
        activation: the name of φ; see `ACTIVATIONS`.
        seed: makes the random weights, uniform in [-1, 1], the same each time.

    >>> neuron = Neuron(2, "tanh", seed=0)
    >>> neuron
    Neuron(2, 'tanh')
    >>> round(neuron([1.0, -1.0]).data, 4)
    0.1712
    """

    def __init__(self, inputs: int, activation: str = "relu", *, seed: int | random.Random | None = None) -> None:
        _activation(activation)
        rng = seed if isinstance(seed, random.Random) else random.Random(seed)
        self.activation = activation
        # The bias is the weight of an input that is always 1, so that the weighted sum is one node.
        weights = [Value(rng.uniform(-1, 1)) for _ in range(_positive(inputs, "inputs"))]
        self._weights = Vector([*weights, Value(0.0)])

    @property
    def w(self) -> tuple[Value, ...]:
        """The weights."""
        return self._weights[:-1]  # type: ignore[no-any-return]

    @property
    def b(self) -> Value:
        """The bias."""
        return self._weights[-1]  # type: ignore[no-any-return]

    def forward(self, x: Sequence[Any]) -> Any:
        activate = ACTIVATIONS[self.activation]
        return activate(autograd.dot(self._weights, _extended(x, len(self._weights) - 1, "Neuron")))

    def _own_parameters(self) -> Iterator[tuple[str, Value]]:
        return zip(_parameter_names(len(self.w)), self._weights, strict=True)

    def _learnt(self) -> Vector:
        return self._weights

    def __repr__(self) -> str:
        return f"Neuron({len(self._weights) - 1}, {self.activation!r})"


class Layer(Module):
    """Neurons side by side, each taking all the inputs.

    >>> Layer(2, 3)([1.0, 2.0]).__len__()
    3
    """

    def __init__(
        self, inputs: int, outputs: int, activation: str = "relu", *, seed: int | random.Random | None = None
    ) -> None:
        rng = seed if isinstance(seed, random.Random) else random.Random(seed)
        self.inputs = inputs
        self.activation = activation
        self.neurons = [Neuron(inputs, activation, seed=rng) for _ in range(_positive(outputs, "outputs"))]
        self._rows = [neuron._weights for neuron in self.neurons]

    def forward(self, x: Sequence[Any]) -> list[Any]:
        activate = ACTIVATIONS[self.activation]
        return [activate(z) for z in autograd.matvec(self._rows, _extended(x, self.inputs, "Layer"))]

    def __repr__(self) -> str:
        return f"Layer({self.inputs}, {len(self.neurons)}, {self.activation!r})"


class MLP(Module):
    """A multi-layer perceptron: layers one after another, the last without an activation function.

    Args:
        inputs: how many numbers it takes.
        sizes: how many neurons each layer has.
        activation: the name of the activation function of all layers but the last.
        seed: makes the random weights the same each time.

    Returns a `Value` if the last layer has one neuron, else a list of them, as micrograd's does.

    >>> model = MLP(2, [16, 16, 1], seed=1)
    >>> len(model.parameters())
    337
    >>> model
    MLP(2, [16, 16, 1], 'relu')
    >>> model([1.0, -2.0]).backward()
    """

    def __init__(
        self,
        inputs: int,
        sizes: Sequence[int],
        activation: str = "relu",
        *,
        seed: int | random.Random | None = None,
    ) -> None:
        if not isinstance(sizes, Sequence):
            raise TypeError(f"MLP: sizes must be a list such as [16, 16, 1], got {sizes!r}")
        if not sizes:
            raise ValueError("MLP: sizes is empty: give the number of neurons of each layer, such as [16, 16, 1]")
        rng = seed if isinstance(seed, random.Random) else random.Random(seed)
        _activation(activation)
        activations = [activation] * (len(sizes) - 1) + ["linear"]
        self.layers = [
            Layer(before, after, name, seed=rng)
            for before, after, name in zip((inputs, *sizes), sizes, activations, strict=False)
        ]
        self.activation = activation

    def forward(self, x: Sequence[Any]) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x[0] if len(x) == 1 else x

    def __repr__(self) -> str:
        sizes = [len(layer.neurons) for layer in self.layers]
        return f"MLP({self.layers[0].inputs}, {sizes}, {self.activation!r})"


def _activation(name: Any) -> None:
    if name not in ACTIVATIONS:
        raise ValueError(f"activation: got {name!r}: choose one of {', '.join(sorted(ACTIVATIONS))}")


def _extended(x: Any, inputs: int, what: str) -> Vector:
    """The inputs, and the 1 that the bias multiplies."""
    if type(x) is not list and (isinstance(x, (str, bytes)) or not isinstance(x, (Sequence, np.ndarray))):
        raise TypeError(f"{what}: takes a list of {inputs} numbers or nodes, got {x!r}: write [{x!r}] for one")
    if len(x) != inputs:
        raise ValueError(f"{what}: takes {inputs} inputs, got {len(x)}")
    return Vector((*x, 1.0))


@cache
def _parameter_names(inputs: int) -> tuple[str, ...]:
    return (*(f"w.{i}" for i in range(inputs)), "b")


def _positive(count: Any, what: str) -> int:
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        raise ValueError(f"{what}: must be a positive whole number, got {count!r}")
    return count
