"""Which layers a model calls, in which order, with what: found by running it once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd import Tensor, Value, no_grad, tensor, zeros

from .. import activation, dropout, normalization
from ..attention import MultiheadAttention, TransformerEncoder, TransformerEncoderLayer
from ..conv import _Filters
from ..embedding import Embedding
from ..linear import Flatten, Identity, Linear
from ..module import Module
from ..neuron import Layer, Neuron
from ..recurrent import GRU, LSTM, RNN
from ..residual import Residual
from ..summary import _known_shapes

__all__ = ["Array", "Call", "calls_of", "is_quiet"]

Array = np.ndarray[Any, Any]

WHOLE = (Layer, MultiheadAttention, TransformerEncoder, TransformerEncoderLayer)
"""Modules that are drawn as one, whatever they hold."""

QUIET: tuple[type[Module], ...] = (
    Identity,
    *(
        kind
        for module in (activation, dropout, normalization)
        for kind in (getattr(module, name) for name in module.__all__)
        if isinstance(kind, type)
    ),
)
"""Modules that do not move numbers about: they go into the caption of the layer before."""


class Call(NamedTuple):
    """One call of a layer: its path in the model, the layer, and the numbers of one sample before and after.

    `source` is the number of the call whose result it was given, -1 for what the model was given, and None if a
    function came between, so that nobody knows.
    """

    path: str
    layer: Module
    given: Array
    result: Array
    source: int | None


def is_quiet(layer: Module) -> bool:
    """Whether the layer is an activation function, dropout, a normalisation or the identity."""
    return isinstance(layer, QUIET)


def calls_of(model: Module, x: Any = None, input_shape: Sequence[int] | None = None) -> list[Call]:
    """The calls of layers for one sample, or for zeros, in the order in which they end; residual blocks are among them.

    Args:
        model: what is run, as when it is not trained.
        x: one sample, without an axis for samples or with one of length 1.
        input_shape: the shape of one sample.

    Raises:
        ValueError: there is no sample, and no layer knows what shape it has.
    """
    sample, is_batch = _sample(model, x, input_shape)
    found: list[Call] = []
    results = [sample]  # kept until the end, so that no other object gets the identity of one

    def noting(path: str) -> Any:
        def note(layer: Module, inputs: tuple[Any, ...], result: Any) -> None:
            sources = [i - 1 for i, earlier in enumerate(results) if earlier is inputs[0]]
            numbers = _numbers(inputs[0], is_batch), _numbers(result, is_batch)
            found.append(Call(path, layer, *numbers, source=sources[-1] if sources else None))
            results.append(result)

        return note

    modes = [(module, module.training) for module in model.modules()]
    handles = [layer.register_forward_hook(noting(path)) for path, layer in _drawn(model, "")]
    try:
        model.eval()
        with no_grad():
            model(sample)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes:
            module.training = mode
    return found


def _drawn(module: Module, path: str, seen: set[int] | None = None) -> Iterator[tuple[str, Module]]:
    """The modules that are drawn, and the residual blocks, each once, with their paths."""
    seen = set() if seen is None else seen
    if id(module) in seen:
        return
    seen.add(id(module))
    children = [] if isinstance(module, WHOLE) else list(module.named_children())
    if not children or isinstance(module, Residual):
        yield path, module
    for name, child in children:
        yield from _drawn(child, f"{path}.{name}" if path else name, seen)


def _sample(model: Module, x: Any, input_shape: Sequence[int] | None) -> tuple[Any, bool]:
    """What the model is given, and whether it has an axis for samples."""
    scalar = next((module for module in model.modules() if isinstance(module, (Layer, Neuron))), None)
    if scalar is not None:
        count = scalar.inputs if isinstance(scalar, Layer) else len(scalar.w)
        return [0.0] * count if x is None else [float(number) for number in np.asarray(_plain(x)).ravel()], False
    if x is None:
        shape = _known_shape(model) if input_shape is None else input_shape
        if shape is None:
            raise ValueError(
                f"draw: no layer of {type(model).__name__} knows the shape of its input: "
                "write draw(model, input_shape=(1, 28, 28)) or draw(model, x)"
            )
        return zeros(1, *shape), True
    sample = x if isinstance(x, Tensor) else tensor(x)
    axes = _axes(model)
    if sample.ndim == axes + 1 and sample.shape[0] != 1:
        raise ValueError(f"draw: takes one sample, got {sample.shape[0]} in an input of {sample.shape}: write x[0]")
    return sample if sample.ndim > axes else sample.unsqueeze(0), True


def _known_shape(model: Module) -> tuple[int, ...] | None:
    """What the first layer takes, if it takes one shape only; those that take any are passed over."""
    layers = (layer for _, layer in _drawn(model, "") if not isinstance(layer, (Residual, Flatten, *QUIET)))
    return next(_known_shapes(next(layers, model)), None)


def _axes(model: Module) -> float:
    """How many axes one sample has, as far as the first layer tells."""
    first = next((layer for _, layer in _drawn(model, "") if not isinstance(layer, Residual)), model)
    if isinstance(first, _Filters):
        return first.rank + 1
    if isinstance(first, (RNN, LSTM, GRU, TransformerEncoder, TransformerEncoderLayer)):
        return 2
    return 1 if isinstance(first, (Linear, Embedding)) else float("inf")


def _plain(x: Any) -> Any:
    if isinstance(x, Tensor):
        return x.detach().numpy()
    return [_plain(entry) for entry in x] if isinstance(x, (list, tuple)) else x.data if isinstance(x, Value) else x


def _numbers(x: Any, is_batch: bool) -> Array:
    """The numbers of the one sample in what a layer takes or gives."""
    first = x[0] if isinstance(x, tuple) else x
    array = np.atleast_1d(np.asarray(_plain(first)))
    return array[0] if is_batch and array.ndim > 1 else array
