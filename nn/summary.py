"""Tables of a model's layers, as Keras prints them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autograd import Tensor, no_grad, zeros

from .module import Module

__all__ = ["layer_names", "summary"]

COLUMNS = (29, 26, 10)


def layer_names(modules: Sequence[Module]) -> list[str]:
    """What Keras calls layers: by their classes, numbered from the second of a kind on.

    >>> import nn
    >>> layer_names([nn.Linear(2, 2), nn.Flatten(), nn.Linear(2, 1)])
    ['linear', 'flatten', 'linear_1']
    """
    counts: dict[str, int] = {}
    names = []
    for module in modules:
        kind = type(module).__name__.lower()
        names.append(f"{kind}_{counts[kind]}" if kind in counts else kind)
        counts[kind] = counts.get(kind, 0) + 1
    return names


def summary(model: Module, input_shape: Sequence[int] | None = None) -> str:
    """The layers of a model with the shapes of their outputs and their numbers of parameters.

    Args:
        model: its children are the layers.
        input_shape: of one sample; by default that of the first layer which knows.

    Raises:
        ValueError: no layer knows what it takes.
    """
    layers = list(model.children()) or [model]
    shapes = _output_shapes(model, layers, input_shape)
    width = sum(COLUMNS)
    lines = [f'Model: "{type(model).__name__.lower()}"', "_" * width, _row("Layer (type)", "Output Shape", "Param #")]
    lines.append("=" * width)
    for name, layer in zip(layer_names(layers), layers, strict=True):
        shape = shapes.get(id(layer))
        shown = "unused" if shape is None else f"({', '.join(map(str, ('None', *shape)))}{',' * (not shape)})"
        lines += [_row(f"{name} ({type(layer).__name__})", shown, str(_count(layer))), "_" * width]
    lines[-1] = "=" * width
    learnt = sum(np.size(p.data) for p in model.parameters() if getattr(p, "requires_grad", True))
    total = _count(model)
    lines += [f"Total params: {total:,}", f"Trainable params: {learnt:,}", f"Non-trainable params: {total - learnt:,}"]
    return "\n".join([*lines, "_" * width])


def _row(*cells: str) -> str:
    return "".join(cell.ljust(width) for cell, width in zip(cells, COLUMNS, strict=True)).rstrip()


def _count(module: Module) -> int:
    """How many numbers it learns or keeps."""
    return sum(np.size(x.data) for x in [*module.parameters(), *module.buffers()])


def _output_shapes(
    model: Module, layers: Sequence[Module], input_shape: Sequence[int] | None
) -> dict[int, tuple[int, ...]]:
    """The shape of each layer's output for one sample of zeros, without the axis of the samples."""
    if input_shape is None:
        input_shape = next(_known_shapes(model), None)
    if input_shape is None:
        raise ValueError("summary: no layer knows the shape of its input: write summary(input_shape=(784,))")
    shapes: dict[int, tuple[int, ...]] = {}

    def note(layer: Module, _: Any, output: Any) -> None:
        first = output[0] if isinstance(output, tuple) else output
        if isinstance(first, Tensor):
            shapes[id(layer)] = first.shape[1:]

    handles = [layer.register_forward_hook(note) for layer in layers]
    was_training = model.training
    try:
        with no_grad():
            model.eval()(zeros(1, *input_shape))
    finally:
        model.train(was_training)
        for handle in handles:
            handle.remove()
    return shapes


def _known_shapes(model: Module) -> Iterator[tuple[int, ...]]:
    """What the first layers say they take."""
    for module in model.modules():
        shape = getattr(module, "input_shape", None)
        features = getattr(module, "in_features", None)
        if shape is not None:
            yield tuple(shape)
        elif features:
            yield (features,)
