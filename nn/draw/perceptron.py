"""One neuron as on the slides: inputs, weights on the edges, a weighted sum, an activation function, an output."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autograd import Value

from ..neuron import ACTIVATIONS, Neuron, Perceptron
from .ink import brief_number, edge_style, ellipsis, first_and_last, largest, neuron
from .metrics import shortened, text_width
from .picture import AMBER_TINT, BLUE, GREY_TINT, INK, LINE, PAPER, Picture, Point
from .trace import Array

__all__ = ["draw_neuron"]

MOST_INPUTS = 9
STEP, RADIUS = 52.0, 18.0
SUM, ACTIVATION, OUTPUT = 200.0, 305.0, 415.0  # how far to the right of the inputs they stand
WIDTH, HEIGHT = 56.0, 46.0  # of the box of the activation function
LONGEST_NAME = 130.0


def draw_neuron(
    model: Perceptron | Neuron, x: Array | None, inputs: Sequence[str] | None, outputs: Sequence[str] | None
) -> Picture:
    """The picture of a perceptron or of a neuron; with an input it says what becomes of it."""
    is_step = isinstance(model, Perceptron)
    if isinstance(model, Perceptron):
        weights, bias, activation = np.array(model.weights), model.bias, "step"
    else:
        weights, bias, activation = np.array([w.data for w in model.w]), float(model.b.data), model.activation
    picture = Picture(repr(model), _description(weights, bias, activation))
    _left_side(picture, weights, None if is_step else bias, x, inputs)
    picture.line([(SUM + RADIUS + 2, 0.0), (ACTIVATION - WIDTH / 2, 0.0)], arrow=True)
    picture.line([(ACTIVATION + WIDTH / 2, 0.0), (OUTPUT - RADIUS, 0.0)], arrow=True)
    picture.circle((SUM, 0.0), RADIUS + 2, title="the weighted sum", fill=GREY_TINT, stroke=LINE)
    picture.text((SUM, 0.0), "Σ", size=18, color=INK)
    _activation_box(picture, activation)
    picture.text((ACTIVATION, -36.0), activation, size=11, bold=True)
    result = None if x is None else _number_of(model(x.tolist()))
    neuron(picture, (OUTPUT, 0.0), RADIUS, "output", result, 1.0 if result is None else abs(result) or 1.0)
    if outputs is not None:
        place = (OUTPUT + RADIUS + 8, 0.0)
        picture.text(place, shortened(outputs[0], LONGEST_NAME, 11), size=11, anchor="start")
    total = None if x is None else float(weights @ x) + (0.0 if is_step else bias)
    formula = "w·x" if is_step else "w·x + b"
    picture.text((SUM, 34.0), formula if total is None else f"{formula} = {brief_number(total)}", size=10.5)
    if is_step:
        picture.text((ACTIVATION, 36.0), f"threshold {brief_number(-bias)}", size=10.5)
    if is_step and total is not None:
        sign = ">" if total > -bias else "≤"
        picture.text((ACTIVATION, 52.0), f"{brief_number(total)} {sign} {brief_number(-bias)}", size=11, bold=True)
    return picture


def _description(weights: Array, bias: float, activation: str) -> str:
    listed = ", ".join(f"{w:.4g}" for w in weights[:MOST_INPUTS]) + (", …" if len(weights) > MOST_INPUTS else "")
    last = f"threshold {-bias:.4g}" if activation == "step" else f"bias {bias:.4g}"
    return (
        f"{len(weights)} inputs with the weights {listed} go into a weighted sum, that into the activation function "
        f"{activation}, with {last}, and that gives the output."
    )


def _left_side(
    picture: Picture, weights: Array, bias: float | None, x: Array | None, inputs: Sequence[str] | None
) -> None:
    """The inputs with their names, and the weights on their edges; a bias is the weight of an input that is 1."""
    shown = first_and_last(len(weights), MOST_INPUTS, MOST_INPUTS - 1)
    is_cut, has_bias = len(shown) < len(weights), bias is not None
    rows = len(shown) + is_cut + has_bias
    places = [(0.0, STEP * (row - (rows - 1) / 2)) for row in range(rows)]
    if is_cut:
        ellipsis(picture, places.pop((len(shown) + 1) // 2))
    names = [f"w[{j}]" for j in shown] + ["b"] * has_bias
    numbers = [float(weights[j]) for j in shown] + ([] if bias is None else [bias])
    edges = list(zip(names, numbers, places, strict=True))
    scale = largest(np.array(numbers))
    for name, weight, start in edges:
        picture.line([start, (SUM, 0.0)], title=f"{name} = {weight:.4g}", **edge_style(weight, scale))
    for _, weight, (_, y) in edges:
        _weight_label(picture, (0.46 * SUM, 0.54 * y), weight)
    largest_input = 1.0 if x is None else largest(x)
    for j, place in zip(shown, places, strict=False):
        neuron(picture, place, RADIUS, f"x[{j}]", None if x is None else float(x[j]), largest_input)
        label = f"x{j + 1}" if inputs is None else inputs[j]
        picture.text((-RADIUS - 8, place[1]), shortened(label, LONGEST_NAME, 11), size=11, anchor="end")
    if has_bias:
        title = "1, whose weight is the bias"
        picture.circle(places[-1], 13.0, title=title, fill=AMBER_TINT, stroke=LINE, stroke_dasharray="3 2")
        picture.text(places[-1], "1", color=INK)
        picture.text((-RADIUS - 8, places[-1][1]), "bias", size=11, anchor="end")
    if is_cut:
        picture.text((0.0, places[-1][1] + RADIUS + 16), f"{len(weights)} inputs", size=10)


def _weight_label(picture: Picture, place: Point, weight: float) -> None:
    label = brief_number(weight)
    size = (max(text_width(label, 10) + 8, 16.0), 16.0)
    picture.box(place, size, corner=8, fill=PAPER, stroke=LINE, stroke_width=0.8)
    picture.text(place, label, color=INK)


def _activation_box(picture: Picture, activation: str) -> None:
    """The graph of the activation function from -4 to 4, with its axes, in a box."""
    picture.box((ACTIVATION, 0.0), (WIDTH, HEIGHT), title=activation, fill=PAPER, stroke=LINE, stroke_width=1.2)
    width, height = WIDTH - 14, HEIGHT - 14
    arguments = [-4.0, 0.0, 1e-9, 4.0] if activation == "step" else np.linspace(-4.0, 4.0, 65).tolist()
    function = Perceptron([1.0]) if activation == "step" else lambda z: ACTIVATIONS[activation](Value(z[0]))
    heights = [_number_of(function([z])) for z in arguments]
    low, high = min(heights), max(heights)

    def at(z: float, y: float) -> Point:
        return ACTIVATION + width * z / 8, height * (0.5 - (y - low) / (high - low))

    picture.line([at(-4.0, 0.0), at(4.0, 0.0)], stroke_width=0.6)
    picture.line([at(0.0, low), at(0.0, high)], stroke_width=0.6)
    picture.line([at(z, y) for z, y in zip(arguments, heights, strict=True)], stroke=BLUE, stroke_width=2)


def _number_of(x: float | Value) -> float:
    return float(x.data if isinstance(x, Value) else x)
