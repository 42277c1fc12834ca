"""Pictures of recurrent cells: the wiring computes what the cell computes, and its wires can be followed."""

import re
from itertools import combinations, pairwise

import numpy as np
import pytest

import autograd
import nn
from nn.draw.cells import DIAGRAMS, _size, diagram_of, wires
from nn.draw.wiring import evaluate, formulas, wiring_of

from .svg_shapes import SVG, Box, crosses, points, read, titles, words

pytestmark = pytest.mark.usefixtures("seeded")

CELLS = {
    "rnn": lambda **o: nn.RNNCell(3, 4, **o),
    "rnn relu": lambda **o: nn.RNNCell(3, 4, nonlinearity="relu", **o),
    "lstm": lambda **o: nn.LSTMCell(3, 4, **o),
    "gru": lambda **o: nn.GRUCell(3, 4, **o),
    "gru of the deck": lambda **o: nn.GRUCell(3, 4, reset_after=False, **o),
}

every_cell = pytest.mark.parametrize("name", CELLS)


# ---------------------------------------------------------------------- the wiring


@every_cell
@pytest.mark.parametrize("bias", [True, False])
def test_the_wiring_computes_what_the_cell_computes(name, bias):
    cell = CELLS[name](bias=bias)
    x, h, c = autograd.randn(3), autograd.randn(4), autograd.randn(4)
    results = evaluate(wiring_of(cell), cell, {"x": x, "h": h, "c": c})
    if isinstance(cell, nn.LSTMCell):
        new, memory = cell(x, (h, c))
        np.testing.assert_allclose(results["cell"].detach().numpy(), memory.detach().numpy(), rtol=1e-5, atol=1e-6)
    else:
        new = cell(x, h)
    np.testing.assert_allclose(results["hidden"].detach().numpy(), new.detach().numpy(), rtol=1e-5, atol=1e-6)


def test_the_formulas_are_those_of_the_documentation():
    def plain(text):
        return re.sub(r"\s+", " ", text.translate(str.maketrans("∗−", "*-")))

    documented = plain(f"{nn.GRUCell.__doc__} {nn.LSTMCell.__doc__}")
    for cell in (nn.GRUCell(1, 1), nn.GRUCell(1, 1, reset_after=False), nn.LSTMCell(1, 1)):
        written = formulas(wiring_of(cell))
        for name in {"hidden", "cell", "candidate"} & set(written):
            formula = plain(written[name])
            if not (isinstance(cell, nn.LSTMCell) and name == "candidate"):
                assert formula in documented
    assert formulas(wiring_of(nn.LSTMCell(1, 1)))["candidate"] == "g = tanh(W_g x + b_g + U_g h + c_g)"
    assert formulas(wiring_of(nn.GRUCell(1, 1)), bias=False)["reset"] == "r = σ(W_r x + U_r h)"


# ---------------------------------------------------------------------- wires


@every_cell
def test_every_wire_is_drawn_once_from_part_to_part(name):
    cell = CELLS[name]()
    wiring = wiring_of(cell)
    expected = [f"{source.rpartition(' ')[2]} → {part.name}" for part in wiring.parts for source in part.sources]
    outputs = ["hidden → hidden>", *(["cell → cell>"] if name == "lstm" else [])]
    assert sorted(titles(nn.draw(cell), "polyline")) == sorted(expected + outputs)
    kinds = [part.kind for part in wiring.parts]
    drawn = words(nn.draw(cell))
    assert all(drawn.count(kind) == kinds.count(kind) for kind in kinds)


@every_cell
def test_wires_run_level_or_upright_past_the_parts(name):
    wiring = wiring_of(CELLS[name]())
    diagram = diagram_of(wiring)
    drawn = list(wires(wiring, diagram))
    assert set(diagram.bends) <= {(source, target) for source, target, _ in drawn}
    boxes = {}
    for part in wiring.parts:
        (x, y), (width, height) = diagram.places[part.name], _size(part)
        boxes[part.name] = Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    assert not any(one.overlaps(other) for one, other in combinations(boxes.values(), 2))
    for source, target, corners in drawn:
        for start, end in pairwise(corners):
            assert start[0] == end[0] or start[1] == end[1], f"{source} → {target} is slanted"
            for part, box in boxes.items():
                assert part in (source, target) or not crosses(start, end, box), f"{source} → {target} meets {part}"


@every_cell
def test_wires_share_their_way_only_where_they_are_one(name):
    wiring = wiring_of(CELLS[name]())
    for (source, target, corners), (source2, target2, corners2) in combinations(wires(wiring, diagram_of(wiring)), 2):
        if source == source2 or target == target2 or {source, source2} <= {"x", "h"}:
            continue
        for (a, b), (c, d) in ((one, other) for one in pairwise(corners) for other in pairwise(corners2)):
            for i in (0, 1):
                if a[i] == b[i] == c[i] == d[i]:
                    low, high = (
                        max(min(a[1 - i], b[1 - i]), min(c[1 - i], d[1 - i])),
                        min(max(a[1 - i], b[1 - i]), max(c[1 - i], d[1 - i])),
                    )
                    assert low >= high, f"{source} → {target} and {source2} → {target2}"


def test_every_wiring_has_a_diagram():
    for wiring, diagram in DIAGRAMS:
        assert {part.name for part in wiring.parts} <= set(diagram.places)


# ---------------------------------------------------------------------- numbers, and layers in time


def test_a_cell_says_what_its_gates_give():
    cell = nn.LSTMCell(3, 1)
    h, c = cell(autograd.tensor([1.0, 2.0, 3.0]))
    drawn = words(nn.draw(cell, [1.0, 2.0, 3.0]))
    numbers = dict(line.rsplit(" = ", 1) for line in drawn if line.endswith("]"))
    assert float(numbers["h' = o * tanh(c')"].strip("[]")) == pytest.approx(h.item(), rel=1e-3)
    assert float(numbers["c' = f * c + i * g"].strip("[]")) == pytest.approx(c.item(), rel=1e-3)


@pytest.mark.parametrize(
    ("steps", "shown"), [(None, ["x1", "x2", "xT"]), (3, ["x1", "x2", "x3"]), (9, ["x1", "x2", "x3", "x9"])]
)
def test_layers_are_unrolled_in_time(steps, shown):
    layer = nn.GRU(2, 3, num_layers=2, bidirectional=True)
    picture = nn.draw(layer, None if steps is None else np.zeros((steps, 2), "float32"))
    drawn = words(picture)
    assert [word for word in drawn if word.startswith("x")] == shown
    assert drawn.count("GRU") == 4 * len(shown)
    assert {"layer 1 →", "layer 1 ←", "layer 2 →", "layer 2 ←", "2 inputs", "6 outputs"} <= set(drawn)


def test_states_go_forwards_and_backwards():
    root = read(nn.draw(nn.RNN(2, 3, bidirectional=True)))
    forwards, backwards = sorted({float(box.attrib["y"]) for box in root.iter(SVG + "rect")}, reverse=True)
    ends = [(way[0], way[-1]) for way in map(points, root.iter(SVG + "polyline")) if len(way) == 2]
    level = [(start, end) for start, end in ends if start[1] == end[1]]
    assert {end[0] > start[0] for start, end in level if start[1] == forwards + 14} == {True}
    assert {end[0] > start[0] for start, end in level if start[1] == backwards + 14} == {False}
