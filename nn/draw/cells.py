"""Recurrent cells as the well-known diagrams draw them: boxes for gates, circles for arithmetic, lines for states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from autograd import Tensor, no_grad, tensor, zeros
from autograd.draw import brief

from .picture import AMBER_TINT, BLUE_TINT, GREY_TINT, INK, LINE, MUTED, PAPER, Picture, Point
from .wiring import GRU, GRU_OF_THE_DECK, LSTM, RNN, Cell, Part, Wiring, evaluate, formulas, wiring_of

__all__ = ["Diagram", "diagram_of", "draw_cell", "wires"]

GATE, CIRCLE, OVAL = (44.0, 26.0), 11.0, (44.0, 24.0)


class Diagram(NamedTuple):
    """Where the parts of a cell stand, and how the lines run between them.

    Args:
        places: of the parts, of what comes in (`x`, `h`, `c`), and of what goes out, by the part's name with a `>`.
        bends: the corners of each line, by its source and its target; without an entry it is straight.
        symbols: where the symbols of results stand.
        top, bottom, left, right: of the cell.
    """

    places: Mapping[str, Point]
    bends: Mapping[tuple[str, str], Sequence[Point]]
    symbols: Mapping[str, Point]
    top: float
    bottom: float
    left: float
    right: float


LSTM_DIAGRAM = Diagram(
    places={
        "c": (20, 80), "h": (20, 252), "x": (100, 322), "cell>": (550, 80), "hidden>": (550, 252),
        "forget": (155, 205), "input": (240, 205), "candidate": (325, 205), "output": (410, 205),
        "kept": (155, 80), "added": (325, 140), "cell": (325, 80), "squashed": (480, 135), "hidden": (480, 205),
    },
    bends={
        **{("x", gate): [(100, 252), (column, 252)] for gate, column in
           (("forget", 155), ("input", 240), ("candidate", 325), ("output", 410))},
        **{("h", gate): [(column, 252)] for gate, column in
           (("forget", 155), ("input", 240), ("candidate", 325), ("output", 410))},
        ("input", "added"): [(240, 140)],
        ("cell", "squashed"): [(480, 80)],
        ("hidden", "hidden>"): [(480, 252)],
    },
    symbols={"forget": (163, 165), "input": (248, 165), "candidate": (333, 172), "output": (438, 196)},
    top=50, bottom=288, left=44, right=526,
)  # fmt: skip

RNN_DIAGRAM = Diagram(
    places={"h": (20, 110), "x": (165, 190), "hidden": (165, 110), "hidden>": (310, 110)},
    bends={},
    symbols={},
    top=70, bottom=152, left=44, right=286,
)  # fmt: skip

GRU_DIAGRAM = Diagram(
    places={
        "h": (20, 80), "x": (100, 348), "hidden>": (570, 80),
        "reset": (225, 215), "update": (340, 215), "candidate": (480, 215),
        "state": (155, 150), "chosen": (225, 150), "inverse": (410, 160), "added": (480, 160),
        "kept": (340, 80), "hidden": (480, 80),
    },
    bends={
        ("x", "reset"): [(100, 258), (225, 258)],
        ("x", "update"): [(100, 258), (340, 258)],
        ("h", "reset"): [(100, 80), (100, 258), (225, 258)],
        ("h", "update"): [(100, 80), (100, 258), (340, 258)],
        ("h", "state"): [(100, 80), (100, 150)],
        ("x", "candidate"): [(100, 290), (480, 290)],
        ("chosen", "candidate"): [(280, 150), (280, 290), (480, 290)],
        ("update", "inverse"): [(340, 160)],
    },
    symbols={"reset": (233, 180), "update": (348, 181), "candidate": (488, 188)},
    top=50, bottom=314, left=44, right=546,
)  # fmt: skip

GRU_OF_THE_DECK_DIAGRAM = Diagram(
    places={
        "h": (20, 80), "x": (100, 348), "hidden>": (550, 80),
        "reset": (165, 215), "update": (300, 215), "candidate": (440, 215),
        "chosen": (165, 150), "inverse": (300, 122), "added": (440, 165),
        "kept": (300, 80), "hidden": (440, 80),
    },
    bends={
        ("x", "reset"): [(100, 258), (165, 258)],
        ("x", "update"): [(100, 258), (300, 258)],
        ("h", "reset"): [(100, 80), (100, 258), (165, 258)],
        ("h", "update"): [(100, 80), (100, 258), (300, 258)],
        ("h", "chosen"): [(100, 80), (100, 150)],
        ("x", "candidate"): [(100, 290), (440, 290)],
        ("chosen", "candidate"): [(230, 150), (230, 290), (440, 290)],
        ("update", "added"): [(300, 165)],
    },
    symbols={"reset": (173, 180), "update": (308, 184), "candidate": (448, 190)},
    top=50, bottom=314, left=44, right=526,
)  # fmt: skip

DIAGRAMS = [
    (LSTM, LSTM_DIAGRAM), (GRU, GRU_DIAGRAM), (GRU_OF_THE_DECK, GRU_OF_THE_DECK_DIAGRAM),
    *((wiring, RNN_DIAGRAM) for wiring in RNN.values()),
]  # fmt: skip


def diagram_of(wiring: Wiring) -> Diagram:
    """The places of the parts of a cell."""
    return next(diagram for known, diagram in DIAGRAMS if known is wiring)


def draw_cell(cell: Cell, x: Any = None) -> Picture:
    """The diagram of a cell with its equations; with an input, and a state of zeros, what each gate gives."""
    wiring = wiring_of(cell)
    diagram = diagram_of(wiring)
    numbers = {} if x is None else _numbers(cell, wiring, x)
    equations = formulas(wiring, bias=cell.bias_ih is not None)
    picture = Picture(repr(cell), _description(cell, equations))
    center = ((diagram.left + diagram.right) / 2, (diagram.top + diagram.bottom) / 2)
    size = (diagram.right - diagram.left, diagram.bottom - diagram.top)
    picture.box(center, size, corner=16, fill=PAPER, stroke=LINE, stroke_width=1.2)
    picture.text((diagram.left, diagram.top - 16), repr(cell), size=11, anchor="start", bold=True)
    _wires(picture, wiring, diagram)
    for part in wiring.parts:
        _part(picture, part, diagram, numbers.get(part.name, ""))
    _borders(picture, wiring, diagram)
    for row, (name, equation) in enumerate(equations.items()):
        place = (diagram.left, diagram.places["x"][1] + 36 + 18 * row)
        result = f" = {numbers[name]}" if numbers else ""
        picture.formula(place, equation + result, size=11)
    return picture


def _numbers(cell: Cell, wiring: Wiring, x: Any) -> dict[str, str]:
    """What each part gives for an input, in a few characters."""
    given = x if isinstance(x, Tensor) else tensor(x)
    if given.shape not in ((cell.input_size,), (1, cell.input_size)):
        raise ValueError(f"draw: {cell!r} takes one input of {cell.input_size} numbers, got {given.shape}")
    nothing = zeros(cell.hidden_size)
    with no_grad():
        results = evaluate(wiring, cell, {"x": given.reshape(-1), "h": nothing, "c": nothing})
    return {name: brief(result.detach().numpy()) for name, result in results.items()}


def _description(cell: Cell, equations: Mapping[str, str]) -> str:
    written = "; ".join(equation.replace("_", "") for equation in equations.values())
    return f"The wiring of a {type(cell).__name__}: {written}."


def wires(wiring: Wiring, diagram: Diagram) -> Iterator[tuple[str, str, list[Point]]]:
    """Every line of a diagram: its source, its target, and its corners from centre to centre."""
    ends = [(source.rpartition(" ")[2], part.name) for part in wiring.parts for source in part.sources]
    ends += [(name.removesuffix(">"), name) for name in diagram.places if name.endswith(">")]
    for source, target in ends:
        corners = diagram.bends.get((source, target), ())
        yield source, target, [diagram.places[source], *corners, diagram.places[target]]


def _wires(picture: Picture, wiring: Wiring, diagram: Diagram) -> None:
    """The lines, with heads where they end and dots where they part or meet."""
    paths = list(wires(wiring, diagram))
    kinds = {part.name: part for part in wiring.parts}
    for source, target, points in paths:
        end = points[-1] if target not in kinds else _border(points[-2], points[-1], kinds[target])
        picture.line([*points[:-1], end], title=f"{source} → {target}", arrow=True)
    for x, y in sorted(_junctions([points for _, _, points in paths])):
        picture.circle((x, y), 2.6, fill=MUTED)


def _border(before: Point, center: Point, part: Part) -> Point:
    """Where a line, upright or level, meets the outline of the part that it ends in."""
    width, height = _size(part)
    (a, b), (x, y) = before, center
    if a == x:
        return x, y + (height if b > y else -height) / 2
    return x + (width if a > x else -width) / 2, y


def _junctions(paths: Sequence[Sequence[Point]]) -> set[Point]:
    """The corners from which lines leave in three directions or more; where two merely cross there is no corner."""
    segments = [ends for points in paths for ends in pairwise(points)]
    corners = {point for points in paths for point in points[1:-1]}
    return {corner for corner in corners if len({d for ends in segments for d in _directions(corner, *ends)}) > 2}


def _directions(corner: Point, start: Point, end: Point) -> Iterator[tuple[int, int]]:
    """The directions in which a segment leaves a corner: none if it does not pass there."""
    (x, y), (a, b), (c, d) = corner, start, end
    if min(a, c) <= x <= max(a, c) and min(b, d) <= y <= max(b, d):
        for far_x, far_y in (start, end):
            if (far_x, far_y) != corner:
                yield (far_x > x) - (far_x < x), (far_y > y) - (far_y < y)


def _size(part: Part) -> Point:
    if part.has_weights:
        return GATE
    return (2 * CIRCLE, 2 * CIRCLE) if part.kind in ("×", "+", "1−") else OVAL


def _part(picture: Picture, part: Part, diagram: Diagram, number: str) -> None:
    """A box for what has weights, a circle for arithmetic, an oval for a function alone."""
    place, size = diagram.places[part.name], _size(part)
    title = f"{part.name}{number and ' = '}{number}"
    if part.has_weights:
        picture.box(place, size, title=title, fill=AMBER_TINT, stroke=LINE, stroke_width=1.2)
        if part.name in diagram.symbols:
            x, y = place
            picture.text((x + 6, y + size[1] / 2 + 10), part.name, size=9, anchor="start")
            picture.text(diagram.symbols[part.name], part.symbol, size=11, anchor="start", color=INK)
    else:
        fill = GREY_TINT if part.kind in ("×", "+", "1−") else BLUE_TINT
        picture.box(place, size, corner=size[1] / 2, title=title, fill=fill, stroke=LINE, stroke_width=1.2)
    picture.text(place, part.kind, size=9.5 if part.kind == "1−" else 12, color=INK)


def _borders(picture: Picture, wiring: Wiring, diagram: Diagram) -> None:
    """What comes in and what goes out."""
    symbols = {part.name: part.symbol for part in wiring.parts}
    for name, (x, y) in diagram.places.items():
        if name.endswith(">"):
            picture.text((x + 5, y), symbols[name[:-1]], size=13, anchor="start", color=MUTED)
        elif name == "x":
            picture.text((x, y + 10), name, size=13)
        elif name not in symbols:
            picture.text((x - 5, y), name, size=13, anchor="end")
