"""Fully connected networks: columns of neurons, and an edge for each weight."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from ..dense import Dense
from ..linear import Flatten, Linear
from ..neuron import Layer
from .ink import edge_style, ellipsis, first_and_last, largest, legend, neuron
from .metrics import shortened, text_width
from .picture import AMBER_TINT, INK, LINE, Picture, Point
from .trace import Array, Call, is_quiet

__all__ = ["Column", "Connection", "columns_of", "draw_columns", "is_dense", "parameters_of"]

MOST_SHAPES = 420  # neurons, their numbers, and edges
MOST_COLUMNS = 9
FEW = 8  # neurons of a column that are drawn, if not all are
LONGEST_NAME = 110.0  # points
BIAS = 11.0  # the radius of the neuron that is always 1


@dataclass
class Column:
    """Neurons side by side: what they are called, how many they are, and perhaps their activations."""

    name: str
    size: int
    notes: list[str] = field(default_factory=list)
    values: Array | None = None


@dataclass
class Connection:
    """The weights (after, before) between two columns, their biases, and what the model calls the layer."""

    path: str
    weights: Array
    biases: Array | None


def is_dense(calls: Sequence[Call]) -> bool:
    """Whether a model is nothing but fully connected layers, one after the other, on rows of numbers."""
    layers = [call for call in calls if isinstance(call.layer, (Linear, Layer))]
    known = all(isinstance(call.layer, (Linear, Layer, Flatten)) or is_quiet(call.layer) for call in calls)
    rows = all(call.given.ndim == call.result.ndim == 1 for call in layers)
    in_line = all(call.source in (None, i - 1) for i, call in enumerate(calls))
    fits = all(before.result.shape == after.given.shape for before, after in pairwise(layers))
    return bool(layers) and known and rows and in_line and fits


def parameters_of(layer: Any) -> tuple[Array, Array | None]:
    """Weights (outputs, inputs) and biases of a layer, on Values or on tensors."""
    if isinstance(layer, Layer):
        rows = [[weight.data for weight in neuron.w] for neuron in layer.neurons]
        return np.array(rows), np.array([neuron.b.data for neuron in layer.neurons])
    return layer.weight.detach().numpy(), None if layer.bias is None else layer.bias.detach().numpy()


def columns_of(calls: Sequence[Call], has_values: bool) -> tuple[list[Column], list[Connection]]:
    """The calls of a dense model as columns, and what is between them."""
    columns: list[Column] = []
    connections: list[Connection] = []
    dense = [call for call in calls if isinstance(call.layer, (Linear, Layer))]
    for call in calls:
        if isinstance(call.layer, (Linear, Layer)):
            if not columns:
                columns.append(Column("input", call.given.size))
            # What a layer is given is what the activation made of the layer before, also if that was a function.
            columns[-1].values = call.given if has_values else None
            name = "output" if call is dense[-1] else f"hidden {len(columns)}"
            own = call.path.rpartition(".")[2]
            columns.append(Column(name if own.isdigit() or not own else own, call.result.size))
            connections.append(Connection(call.path, *parameters_of(call.layer)))
            activation = call.layer.activation if isinstance(call.layer, (Layer, Dense)) else "linear"
            columns[-1].notes += [activation] * (activation != "linear")
        elif columns and is_quiet(call.layer) and type(call.layer).__name__ != "Identity":
            columns[-1].notes.append(type(call.layer).__name__)
        if columns and has_values:
            columns[-1].values = call.result
    return columns, connections


def draw_columns(
    title: str,
    columns: Sequence[Column],
    connections: Sequence[Connection],
    inputs: Sequence[str] | None,
    outputs: Sequence[str] | None,
    biases: bool,
) -> Picture:
    """The picture of a dense model.

    Args:
        title: the model.
        columns, connections: what `columns_of` gives.
        inputs, outputs: what the first and the last neurons are called.
        biases: whether the biases are drawn, as the weights of a neuron that is always 1.
    """
    picture = Picture(title, description(columns, connections))
    kept = first_and_last(len(columns), MOST_COLUMNS, MOST_COLUMNS - 1)
    limit = _limit([columns[i].size for i in kept], biases)
    layout = _Layout(columns, kept, limit, biases)
    edges = [edge for i in kept[:-1] if i + 1 in kept for edge in _edges(layout, i, connections[i])]
    for edge in sorted(edges, key=lambda edge: abs(edge.weight) / edge.scale):  # the largest on top
        title = f"{edge.name} = {edge.weight:.4g}"
        picture.line([edge.start, edge.end], title=title, **edge_style(edge.weight, edge.scale))
    for place, i in enumerate(kept):
        _column(picture, layout, i, columns[i])
        if place and kept[place - 1] != i - 1:
            middle = (layout.x[i] + layout.x[kept[place - 1]]) / 2
            ellipsis(picture, (middle, 0.0), across=True)
            hidden = i - kept[place - 1] - 1
            picture.text((middle, 18.0), f"{hidden} more", size=9)
    _names(picture, layout, kept[0], inputs, "end", -1)
    _names(picture, layout, kept[-1], outputs, "start", 1)
    if biases:
        for i in kept[:-1]:
            if i + 1 in kept and connections[i].biases is not None:
                _bias_neuron(picture, layout, i)
    legend(picture, layout.x[kept[0]] - layout.radius, layout.bottom + 74)
    return picture


def description(columns: Sequence[Column], connections: Sequence[Connection]) -> str:
    """The picture in words."""
    parts = [f"{column.name}: {_counted(column)}{''.join(', ' + note for note in column.notes)}" for column in columns]
    weights = sum(connection.weights.size for connection in connections)
    return (
        f"Columns of neurons from left to right. {'. '.join(parts)}. {weights:,} weights join each column to the next: "
        "positive ones are solid blue lines, negative ones dashed amber lines, wider as they are larger."
    )


def _counted(column: Column) -> str:
    unit = "input" if column.name == "input" else "neuron"
    return f"{column.size:,} {unit}{'s' * (column.size != 1)}"


def _limit(sizes: Sequence[int], biases: bool) -> int:
    """How many neurons of a column are drawn, so that there are not too many shapes."""
    for limit in (16, 12, 10, 8, 6):
        shown = [size if size <= limit else min(limit, FEW) for size in sizes]
        edges = sum((before + biases) * after for before, after in pairwise(shown))
        if edges + 2 * sum(shown) <= MOST_SHAPES:
            return limit
    return 4


class _Layout:
    """Where each neuron stands: the columns are centred on y = 0."""

    def __init__(self, columns: Sequence[Column], kept: Sequence[int], limit: int, biases: bool) -> None:
        self.shown = {i: first_and_last(columns[i].size, limit, min(limit, FEW)) for i in kept}
        rows = {i: len(shown) + (len(shown) < columns[i].size) for i, shown in self.shown.items()}
        tallest = max(rows.values())
        self.radius = 16.0 if tallest <= 9 else 11.0
        step = 44.0 if tallest <= 9 else 28.0
        self.x: dict[int, float] = {}
        right = 0.0
        for place, i in enumerate(kept):
            gap = max(118.0, 7.0 * tallest + 70.0, _caption_width(columns[i]) + 24.0)
            right += gap if place else 0.0
            self.x[i] = right
        self.center: dict[tuple[int, int], Point] = {}
        self.dots: dict[int, Point] = {}
        for i, shown in self.shown.items():
            places = [step * (row - (rows[i] - 1) / 2) for row in range(rows[i])]
            if rows[i] > len(shown):
                self.dots[i] = self.x[i], places.pop((len(shown) + 1) // 2)
            self.center |= {(i, j): (self.x[i], y) for j, y in zip(shown, places, strict=True)}
        half = step * (tallest - 1) / 2
        self.top, self.bottom = -half - self.radius, half + self.radius
        self.bias = {i: (x, self.top - step + self.radius) for i, x in self.x.items()} if biases else {}


def _caption_width(column: Column) -> float:
    return max(text_width(line, 10.5) for line in [column.name, _counted(column), *column.notes])


def _edges(layout: _Layout, i: int, connection: Connection) -> Iterator[_Edge]:
    """The edges behind a column."""
    prefix = f"{connection.path}." if connection.path else ""
    biases = connection.biases if i in layout.bias else None
    scale = max(largest(array) for array in (connection.weights, biases) if array is not None)
    for to in layout.shown[i + 1]:
        x, y = layout.center[i + 1, to]
        end = (x - layout.radius, y)
        for j in layout.shown[i]:
            start = (layout.x[i] + layout.radius, layout.center[i, j][1])
            yield _Edge(float(connection.weights[to, j]), scale, f"{prefix}weight[{to}, {j}]", start, end)
        if biases is not None:
            start = (layout.x[i] + BIAS, layout.bias[i][1])
            yield _Edge(float(biases[to]), scale, f"{prefix}bias[{to}]", start, end)


class _Edge(NamedTuple):
    """A weight, the largest magnitude of its layer, its name, and the ends of its line."""

    weight: float
    scale: float
    name: str
    start: Point
    end: Point


def _column(picture: Picture, layout: _Layout, i: int, column: Column) -> None:
    """The neurons of a column, and what is written below it."""
    scale = 1.0 if column.values is None else largest(column.values)
    for j in layout.shown[i]:
        value = None if column.values is None else float(column.values[j])
        neuron(picture, layout.center[i, j], layout.radius, f"{column.name}[{j}]", value, scale)
    if i in layout.dots:
        ellipsis(picture, layout.dots[i])
    x, y = layout.x[i], layout.bottom + 16.0
    picture.text((x, y), shortened(column.name, LONGEST_NAME, 10.5), size=10.5, bold=True)
    for line in (_counted(column), ", ".join(column.notes)):
        y += 14.0
        if line:
            picture.text((x, y), shortened(line, LONGEST_NAME, 10), size=10)


def _names(picture: Picture, layout: _Layout, i: int, names: Sequence[str] | None, anchor: str, side: int) -> None:
    """What the neurons at the border are called."""
    for j in layout.shown[i] if names is not None else ():
        x, y = layout.center[i, j]
        place = (x + side * (layout.radius + 8), y)
        picture.text(place, shortened(names[j], LONGEST_NAME, 10.5), size=10.5, anchor=anchor)  # type: ignore[index]


def _bias_neuron(picture: Picture, layout: _Layout, i: int) -> None:
    """The input that is always 1, whose weights are the biases."""
    picture.circle(
        layout.bias[i], BIAS, title="1, whose weights are the biases", fill=AMBER_TINT, stroke=LINE,
        stroke_dasharray="3 2",
    )  # fmt: skip
    picture.text(layout.bias[i], "1", size=9, color=INK)
