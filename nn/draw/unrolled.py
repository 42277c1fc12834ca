"""Recurrent layers unrolled in time: one box for each step, layer and direction."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from ..recurrent import GRU, LSTM, RNN
from .ink import ellipsis
from .metrics import text_width
from .picture import AMBER_TINT, BLUE_TINT, INK, LINE, Picture

__all__ = ["Recurrent", "draw_unrolled"]

Recurrent = RNN | LSTM | GRU

WIDTH, HEIGHT = 46.0, 28.0  # of a box
ACROSS = 128.0  # from step to step
MOST_STEPS, MOST_LAYERS = 5, 3
TIME = 13.0  # half the side of the circles of inputs and outputs

Step = int | str | None
"""The index of a step that is drawn, `"T"` for the last of any number; None for those that are not drawn."""


def draw_unrolled(layer: Recurrent, steps: int | None = None) -> Picture:
    """A recurrent layer, unrolled over that many steps; without a number over T of them."""
    picture = Picture(repr(layer), _description(layer, steps))
    columns = _columns(steps)
    count = layer.num_layers
    kept = list(range(count)) if count <= MOST_LAYERS else [0, 1, None, count - 1]
    y = 0.0
    for column, step in enumerate(columns):
        _moment(picture, column * ACROSS, y, "x", step)
    y -= TIME
    for number in kept:
        if number is None:
            for column, step in enumerate(columns):
                if step is not None:
                    ellipsis(picture, (column * ACROSS, y - 18))
            picture.text((-94, y - 18), f"{count - MOST_LAYERS} more layers", size=10, anchor="end")
            y -= 36
        else:
            y = _layer(picture, layer, columns, y, number)
    for column, step in enumerate(columns):
        if step is not None:
            picture.line([(column * ACROSS, y), (column * ACROSS, y - 14)], arrow=True)
            _moment(picture, column * ACROSS, y - 14 - TIME, "y", step)
    picture.text((-94, 0), f"{layer.input_size} inputs", size=10, anchor="end")
    outputs = layer.hidden_size * (2 if layer.bidirectional else 1)
    picture.text((-94, y - 14 - TIME), f"{outputs} outputs", size=10, anchor="end")
    return picture


def _description(layer: Recurrent, steps: int | None) -> str:
    layers = f"{layer.num_layers} layer{'s' * (layer.num_layers != 1)}"
    ways = "in both directions, whose outputs are joined" if layer.bidirectional else "forwards"
    states = "h and c" if isinstance(layer, LSTM) else "h"
    return (
        f"{type(layer).__name__} of {layers} unrolled in time over {steps or 'T'} steps {ways}: the boxes of a row "
        f"have the same weights, and each hands its state {states} to the next."
    )


def _columns(steps: int | None) -> list[Step]:
    """The steps that are drawn, and a gap."""
    if steps is None:
        return [1, 2, None, "T"]
    if steps <= MOST_STEPS:
        return list(range(1, steps + 1))
    return [1, 2, 3, None, steps]


def _moment(picture: Picture, x: float, y: float, symbol: str, step: Step) -> None:
    """The input or the output of a step."""
    if step is None:
        ellipsis(picture, (x, y), across=True)
        return
    picture.circle((x, y), TIME, title=f"{symbol}[{step}]", fill=BLUE_TINT, stroke=LINE)
    size = min(11.0, 1.7 * TIME / (text_width(symbol, 1.0) + 0.75 * text_width(str(step), 1.0)))
    picture.formula((x, y), f"{symbol}_{step}", size=size, color=INK, anchor="middle")


def _layer(picture: Picture, layer: Recurrent, columns: Sequence[Step], bottom: float, number: int) -> float:
    """The rows of a layer, one for each direction, above its inputs; where its outputs are."""
    ways = [(-22.0, "→"), (22.0, "←")] if layer.bidirectional else [(0.0, "→")]
    middles = [bottom - 42 - 46 * row for row in range(len(ways))]
    top = middles[-1] - HEIGHT / 2 - (20 if layer.bidirectional else 0)
    states = "h, c" if isinstance(layer, LSTM) else "h"
    for (shift, arrow), y in zip(ways, middles, strict=True):
        for column, step in enumerate(columns):
            if step is not None:
                _box(picture, type(layer).__name__, (column * ACROSS, bottom, y, top), shift)
        _states(picture, columns, y, shift, states)
        label = f"layer {number + 1}" + (f" {arrow}" if layer.bidirectional else "")
        picture.text((-94, y), label, size=10, anchor="end")
    return top


def _box(picture: Picture, name: str, places: tuple[float, float, float, float], shift: float) -> None:
    """One step: its input from below, its output above; a shifted box has lines of its own past the other."""
    x, bottom, y, top = places
    turn = bottom - 12
    picture.line([(x, bottom), (x, turn), (x + shift, turn), (x + shift, y + HEIGHT / 2)], arrow=True)
    if shift:
        picture.line([(x + shift, y - HEIGHT / 2), (x + shift, top + 8), (x, top + 8), (x, top)])
    picture.box((x + shift, y), (WIDTH, HEIGHT), title=name, fill=AMBER_TINT, stroke=LINE, stroke_width=1.2)
    picture.text((x + shift, y), name, size=11, color=INK)


def _states(picture: Picture, columns: Sequence[Step], y: float, shift: float, states: str) -> None:
    """The arrows that hand the state from step to step, forwards or, if the boxes stand to the right, backwards."""
    backwards = shift > 0
    ends = [column * ACROSS + shift for column in range(len(columns))]
    gaps = [(a + WIDTH / 2, b - WIDTH / 2) for a, b in pairwise(ends)]
    first, last = (ends[0] - WIDTH / 2 - 40, ends[0] - WIDTH / 2), (ends[-1] + WIDTH / 2, ends[-1] + WIDTH / 2 + 40)
    for left, right in [first, *_with_gap(gaps, columns, picture, y), last]:
        picture.line([(right, y), (left, y)] if backwards else [(left, y), (right, y)], arrow=True)
    start = last if backwards else first
    picture.text(((start[0] + start[1]) / 2, y - 9), states, size=10)


def _with_gap(
    gaps: Sequence[tuple[float, float]], columns: Sequence[Step], picture: Picture, y: float
) -> list[tuple[float, float]]:
    """The ways between boxes; to where steps are left out, an arrow leads, and another comes from there."""
    ways = []
    for i, (left, right) in enumerate(gaps):
        if columns[i + 1] is None:
            ellipsis(picture, (right + WIDTH / 2, y), across=True)
            right += WIDTH / 2 - 14
        if columns[i] is None:
            left -= WIDTH / 2 - 14
        ways.append((left, right))
    return ways
