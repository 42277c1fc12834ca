"""Networks as textbooks draw them: neurons, feature maps, recurrent cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..module import Module
from ..neuron import Neuron, Perceptron
from ..recurrent import GRU, LSTM, RNN, GRUCell, LSTMCell, RNNCell
from .cells import draw_cell
from .graphs import draw_graph
from .maps import draw_stages
from .neurons import columns_of, draw_columns, is_dense
from .perceptron import draw_neuron
from .picture import Picture
from .stages import stages_of
from .trace import calls_of
from .unrolled import draw_unrolled

__all__ = ["Picture", "draw"]


def draw(
    model: Any,
    x: Any = None,
    *,
    view: str = "neurons",
    input_shape: Sequence[int] | None = None,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    biases: bool = False,
) -> Any:
    """Draw a model as textbooks do.

    What the picture shows follows from the model:

    - fully connected layers: columns of neurons, with an edge for each weight, blue and solid if it is positive, amber
      and dashed if negative, the wider the larger it is in its layer; of wide layers the first and the last neurons;
    - a `Perceptron` or a `Neuron`: its weights, the sum, the activation function and the output;
    - convolutions: feature maps as stacked squares with their sizes, the windows that slide over them, and narrow
      columns for rows of neurons; residual connections as arcs;
    - a recurrent cell: its gates, with its equations; a recurrent layer: the cell unrolled in time;
    - whatever else: boxes with the names of the layers and the shapes of what they give.

    Args:
        model: a module, or a perceptron.
        x: one sample; the picture then shows what the neurons make of it, a recurrent layer as many steps as it has.
        view: `"neurons"`; the others, `"module"`, `"tensor"` and `"scalar"`, draw the graph of what the model
            makes of `x`, see `autograd.draw`.
        input_shape: the shape of one sample, where no layer knows it: (1, 28, 28) for a convolutional network.
        inputs, outputs: what the neurons of the first and of the last column are called.
        biases: whether edges show the biases, too, as the weights of a neuron that is always 1.

    Returns:
        A picture that notebooks display, with `.svg()` and `.save("network.svg")`.

    Raises:
        TypeError: `model` is no module.
        ValueError: there is no such view; names are not as many as neurons; the shape of the input is not known.

    >>> import nn
    >>> picture = nn.draw(nn.Perceptron([3, 2, 6], bias=-4), [1, 1, 0], inputs=["ketchup", "mustard", "bun"])
    >>> picture
    <Picture of Perceptron([3.0, 2.0, 6.0], bias=-4.0): .svg() or .save("network.svg")>
    """
    if isinstance(model, type) or not isinstance(model, (Module, Perceptron)):
        given = f"the class {model.__name__}" if isinstance(model, type) else f"{model!r}, a {type(model).__name__}"
        raise TypeError(f"draw: takes a module, such as nn.MLP(2, [3, 1]), got {given}")
    if view != "neurons":
        return draw_graph(model, () if x is None else (x,), view)
    if isinstance(model, (Perceptron, Neuron)):
        count = len(model.weights) if isinstance(model, Perceptron) else len(model.w)
        _check_names(inputs, count, "inputs")
        _check_names(outputs, 1, "outputs")
        return draw_neuron(model, None if x is None else _sample(x, count), inputs, outputs)
    if isinstance(model, (RNNCell, LSTMCell, GRUCell)):
        return draw_cell(model, x)
    if isinstance(model, (RNN, LSTM, GRU)):
        return draw_unrolled(model, None if x is None else _steps(model, x))
    calls = calls_of(model, x, input_shape)
    if not calls:
        raise ValueError(f"draw: {type(model).__name__} calls no layers: there is nothing to draw")
    if is_dense(calls):
        columns, connections = columns_of(calls, has_values=x is not None)
        _check_names(inputs, columns[0].size, "inputs")
        _check_names(outputs, columns[-1].size, "outputs")
        return draw_columns(_title(model), columns, connections, inputs, outputs, biases)
    return draw_stages(_title(model), *stages_of(calls, has_values=x is not None))


def _title(model: Module) -> str:
    """The model in one line."""
    line = repr(model)
    return type(model).__name__ if "\n" in line else line


def _check_names(names: Sequence[str] | None, count: int, what: str) -> None:
    if names is None:
        return
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise TypeError(f"draw: {what} must be a list of names, got {names!r}")
    if len(names) != count:
        raise ValueError(f"draw: {what} has {len(names)} names for {count} neurons: give one for each")


def _sample(x: Any, count: int) -> np.ndarray[Any, Any]:
    """The inputs of one neuron."""
    if isinstance(x, str) or not hasattr(x, "__len__"):
        raise TypeError(f"draw: the neuron takes a list of {count} numbers, got {x!r}")
    numbers = np.array([float(getattr(number, "data", number)) for number in x])
    if numbers.shape != (count,):
        raise ValueError(f"draw: the neuron takes {count} inputs, got {len(numbers)}")
    return numbers


def _steps(layer: RNN | LSTM | GRU, x: Any) -> int:
    """How many steps a sequence has."""
    shape = np.shape(x.detach().numpy() if hasattr(x, "detach") else x)
    if len(shape) not in (2, 3) or shape[-1] != layer.input_size:
        raise ValueError(f"draw: {layer!r} takes (time, {layer.input_size}), got {shape}")
    return int(shape[1 if layer.batch_first and len(shape) == 3 else 0])
