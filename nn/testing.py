"""Hypothesis strategies for modules: random small networks with inputs, and problems to train them on.

    from hypothesis import given
    from nn.testing import modules

    @given(modules())
    def test_output(example):
        module, inputs = example
        module(*inputs)

A new kind of module takes one function that draws an `Example`, and its place in `KINDS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, NamedTuple

import autograd
from autograd import TABLE, Value

from .module import Module
from .neuron import ACTIVATIONS, MLP, Layer, Neuron

try:
    from hypothesis import strategies as st
except ImportError:
    raise ImportError('nn.testing: Hypothesis is missing: python -m pip install "stepgrad[testing]"') from None

__all__ = ["Example", "TrainingProblem", "modules", "training_problems"]

WIDEST = 3  # inputs and neurons of a layer
SAMPLES = 4  # of a training problem
STEP = 1 / 8  # between biases that are tried; inputs and weights are its multiples
CLEARANCE = 1 / 32  # of weighted sums from the kink of an activation function

Samples = list[list[float]]

_numbers = st.integers(-8, 8).map(lambda k: k * STEP)
_activations = st.sampled_from(sorted(ACTIVATIONS))
_sizes = st.integers(1, WIDEST)


class Example(NamedTuple):
    """A module and what to call it with, `module(*inputs)`; printed as Python source."""

    module: Module
    inputs: tuple[Any, ...]

    def __repr__(self) -> str:
        arguments = ", ".join(map(_text, self.inputs))
        return "\n".join([*_source("module", self.module, "from autograd import Value"), f"module({arguments})"])

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What Hypothesis shows: the source on lines of its own, not indented, so that it can be pasted."""
        printer.text(f"\n{self!r}\n")


@dataclass(frozen=True, repr=False)
class TrainingProblem:
    """A model with samples to train it on; its loss has a slope, so that a small step against it lowers the loss.

    Args:
        model: maps the numbers of a sample to a number or a list of numbers.
        inputs: the numbers of each sample.
        targets: what the model should make of each.

    >>> from nn import MLP
    >>> problem = TrainingProblem(MLP(1, [1], seed=0), [[0.0], [0.0]], [[1.0], [3.0]])
    >>> problem.loss().data
    5.0
    """

    model: Module
    inputs: Samples
    targets: Samples

    def loss(self) -> Any:
        """The mean squared error over all samples and outputs, as a node."""
        errors = [
            output - target
            for x, targets in zip(self.inputs, self.targets, strict=True)
            for output, target in zip(_outputs(self.model(x)), targets, strict=True)
        ]
        return autograd.dot(errors, errors) / len(errors)

    def __repr__(self) -> str:
        construct = f"problem = TrainingProblem(model, inputs={self.inputs}, targets={self.targets})"
        return "\n".join([*_source("model", self.model, "from nn.testing import TrainingProblem"), construct])

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(f"\n{self!r}\n")


def modules() -> st.SearchStrategy[Example]:
    """Random small modules with matching inputs, `module(*inputs)`, away from all kinks.

    Where a weighted sum is near the kink of its activation function, the bias is moved.
    """
    return st.one_of([kind() for kind in KINDS])


@st.composite
def training_problems(draw: st.DrawFn) -> TrainingProblem:
    """Random small networks with samples, whose targets come from a teacher: another network of their shape.

    The targets are moved up or down by 1, whichever takes them on average farther from the outputs.  So the loss
    has a slope by the last biases at least, even where no other neuron is active.
    """
    shape = draw(_shapes)
    student, teacher = MLP(*shape), MLP(*shape, seed=draw(st.integers(0, 999)))
    samples = draw(st.lists(_vectors(shape[0]), min_size=1, max_size=SAMPLES))
    _fill(draw, student)
    _keep_off_kinks([layer.neurons for layer in student.layers], samples)
    outputs, targets = ([[y.data for y in _outputs(model(x))] for x in samples] for model in (student, teacher))
    farther = 1.0 if sum(map(sum, targets)) >= sum(map(sum, outputs)) else -1.0
    return TrainingProblem(student, samples, [[round(y + farther, 2) for y in row] for row in targets])


# ---------------------------------------------------------------------- kinds of modules


@st.composite
def _neurons(draw: st.DrawFn) -> Example:
    neuron = Neuron(draw(_sizes), draw(_activations))
    return _on_numbers(draw, neuron, len(neuron.w), [[neuron]])


@st.composite
def _layers(draw: st.DrawFn) -> Example:
    layer = Layer(draw(_sizes), draw(_sizes), draw(_activations))
    return _on_numbers(draw, layer, layer.inputs, [layer.neurons])


@st.composite
def _networks(draw: st.DrawFn) -> Example:
    shape = draw(_shapes)
    network = MLP(*shape)
    return _on_numbers(draw, network, shape[0], [layer.neurons for layer in network.layers])


KINDS: tuple[Callable[[], st.SearchStrategy[Example]], ...] = (_neurons, _layers, _networks)
"""The strategies that `modules` chooses from."""

_shapes = st.tuples(_sizes, st.lists(_sizes, min_size=1, max_size=3), _activations)
"""What a multi-layer perceptron is made of: the number of inputs, the sizes of the layers, the activation."""


def _vectors(length: int) -> st.SearchStrategy[list[float]]:
    return st.lists(_numbers, min_size=length, max_size=length)


def _fill(draw: st.DrawFn, module: Module) -> None:
    """Draw every parameter: short numbers that shrink, unlike those of a random seed."""
    for parameter in module.parameters():
        parameter.data = draw(_numbers)


def _on_numbers(draw: st.DrawFn, module: Module, inputs: int, layers: Sequence[Sequence[Neuron]]) -> Example:
    """A module of neurons with one sample, of floats or of nodes."""
    _fill(draw, module)
    sample = draw(_vectors(inputs))
    _keep_off_kinks(layers, [sample])
    return Example(module, ([Value(x) for x in sample] if draw(st.booleans()) else sample,))


def _keep_off_kinks(layers: Iterable[Sequence[Neuron]], samples: Samples) -> None:
    """Move biases until no weighted sum of any sample is near the kink of its activation function.

    It takes at most as many steps as there are samples, and one: each sample is in the way of one bias at most.
    """
    for neurons in layers:
        for neuron in neurons:
            sums = [autograd.dot([w.data for w in neuron.w], x) for x in samples]
            biases = (neuron.b.data + sign * k * STEP for k in count() for sign in (1, -1))
            neuron.b.data = next(b for b in biases if all(_is_smooth(neuron.activation, z + b) for z in sums))
        samples = [[neuron(x).data for neuron in neurons] for x in samples]


def _is_smooth(activation: str, z: float) -> bool:
    """Whether an activation function has no kink near this number, by the domain of its row."""
    row = TABLE.get(activation)
    if row is None or row.domain.singular is None:
        return True
    return abs(row.domain.singular(z, *getattr(row, "defaults", ()))) > CLEARANCE


def _outputs(y: Any) -> list[Any]:
    """The outputs of a model in a list, also if there is but one."""
    return y if isinstance(y, list) else [y]


# ---------------------------------------------------------------------- as Python source


def _source(name: str, module: Module, first: str) -> list[str]:
    """Lines that make the module again, with its parameters."""
    return [
        first,
        f"from nn import {type(module).__name__}",
        f"{name} = {module!r}",
        f"for parameter, number in zip({name}.parameters(), {[p.data for p in module.parameters()]}):",
        "    parameter.data = number",
        "",
    ]


def _text(x: Any) -> str:
    """An input as Python source; the gradient of a node is left out."""
    if isinstance(x, list):
        return f"[{', '.join(map(_text, x))}]"
    return f"Value({x.data})" if isinstance(x, Value) else repr(x)
