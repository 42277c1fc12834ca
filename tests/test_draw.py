"""Drawings as DOT text: what stands in it, how it is marked, and what is refused."""

import math
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

import autograd
from autograd import Value
from autograd.draw import draw, draw_live
from autograd.draw.ink import (
    CONSTANT,
    HIGHLIGHT,
    INK,
    LEAF,
    MUTED,
    NOT_FINITE,
    OPERATION,
    ORIGIN,
    PARAMETER,
    PART,
    RESULT,
    ROOM,
    ROOT,
)
from autograd.draw.words import short

from .colours import contrast
from .drawings import DRAWINGS, deck, neuron, shown, statements, twice
from .expected import check_golden

# ---------------------------------------------------------------------- what stands in it


@pytest.mark.parametrize("name", DRAWINGS)
def test_golden(name):
    check_golden(f"{name}.dot", DRAWINGS[name]().source)


def test_the_same_graph_gives_the_same_text():
    assert deck().source == deck().source


@pytest.mark.parametrize("seed", ["1", "2"])
def test_no_hash_or_address_is_in_the_text(seed):
    program = "from tests.drawings import neuron; print(neuron().source, end='')"
    environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"}
    root = Path(__file__).parent.parent
    ran = subprocess.run([sys.executable, "-c", program], env=environment, cwd=root, capture_output=True, check=True)
    assert ran.stdout.decode().splitlines() == neuron().source.splitlines()


def test_every_node_and_every_edge_once():
    nodes, edges = statements(deck().source)
    boxes, operations, constants = range(9), (2, 4, 6, 7, 8), ["n7c1", "n8c0"]
    assert set(nodes) == {f"n{i}" for i in boxes} | {f"op{i}" for i in operations} | set(constants)
    assert len(edges) == len(set(edges)) == 2 * 5 + 5
    assert shown(nodes["n8"]) == ["J", "data 2", "grad 1"]
    assert shown(nodes["n0"]) == ["w", "data 2", "grad -4"]
    assert shown(nodes["op7"]) == ["**"]
    assert shown(nodes["n7c1"]) == ["2"]


def test_a_parent_used_twice_has_two_edges():
    _, edges = statements(twice().source)
    assert [edge[:2] for edge in edges] == [("n0", "op1"), ("n0", "op1"), ("op1", "n1")]


def test_operands_enter_in_order():
    a, b = Value(1.0), Value(2.0)
    for difference, order in ((a - b, ["1", "2"]), (b - a, ["2", "1"]), (1.0 - b, ["1", "2"]), (b - 1.0, ["2", "1"])):
        nodes, edges = statements(draw(difference, names={"difference": difference}).source)
        (last,) = [i for i in nodes if i.startswith("op")]
        assert [shown(nodes[tail])[-2:][0].removeprefix("data ") for tail, head, _ in edges if head == last] == order
        assert "ordering=in" in nodes[last]


def test_local_derivatives():
    nodes, edges = statements(neuron().source)
    labels = [(shown(nodes[tail])[0], shown(rest)[0].strip()) for tail, head, rest in edges if "label" in rest]
    assert labels == [
        ("w[0]", "1"), ("w[1]", "-2"), ("w[2]", "0.3333"), ("x[0]", "0.5"), ("x[2]", "2"),
        ("data 3.667", "1"), ("b", "1"), ("v", "1"),
    ]  # fmt: skip


def test_a_leaf_alone():
    nodes, edges = statements(draw(Value(4.0, name="x")).source)
    assert shown(nodes["n0"]) == ["x", "data 4", "grad 0"] and not edges


def test_every_op_of_the_table():
    for op in autograd.TABLE.values():
        operands = [Value(0.5) for _ in range(op.arity)]
        node = op(*([x] for x in operands)) if op.name in ("sum", "dot") else op(*operands)
        nodes, edges = statements(draw(node, local_derivatives=True).source)
        assert shown(nodes[f"op{op.arity}"]) == [op.symbol]
        assert len(edges) == op.arity + 1


def test_gradients_that_are_nodes():
    x = Value(3.0)
    (x**3).backward(create_graph=True)
    nodes, _ = statements(draw(x).source)
    x.zero_grad()
    assert shown(nodes["n0"]) == ["x", "data 3", "grad 27"]


def test_numbers():
    assert [short(x) for x in (8.0, -4.0, 0.0, -0.0, 614656.0, 9999999999.0)] == [
        "8", "-4", "0", "-0", "614656", "9999999999",
    ]  # fmt: skip
    assert [short(x) for x in (0.5, 0.1, -1.25, 9.006, 1e-5, 1e22)] == [
        "0.5", "0.1", "-1.25", "9.006", "1e-05", "1e+22",
    ]  # fmt: skip
    assert [short(x) for x in (1 / 3, 0.1 + 0.2, 0.99999, 9.006001, 1e-5 / 3, 12345.6, 1234.5)] == [
        "0.3333", "0.3000", "1.000", "9.006", "3.333e-06", "1.235e+04", "1234.5",
    ]  # fmt: skip
    assert [short(x) for x in (math.inf, -math.inf, math.nan)] == ["inf", "-inf", "nan"]


@given(st.floats(-1e308, 1e308) | st.sampled_from([math.inf, -math.inf, math.nan]))
def test_a_number_is_short_and_shows_whether_it_is_exact(x):
    text = short(x)
    assert len(text) <= len("-9999999999")
    if math.isfinite(x):
        assert math.isclose(float(text), x, rel_tol=6e-4)
        if float(text) != x:
            assert len(re.sub(r"[-.]|e.*|^0*\.?0*", "", text).lstrip("0")) >= 4


# ---------------------------------------------------------------------- kinds of boxes and marks


def test_the_kinds_of_boxes_differ_without_colour():
    def lines(style):
        return frozenset(a for a in re.findall(r'(\w+=(?:"[^"]*"|\S+))', style) if "#" not in a)

    styles = (LEAF, PARAMETER, RESULT, ROOT, CONSTANT, NOT_FINITE, ORIGIN, HIGHLIGHT)
    assert len({lines(style) for style in styles}) == len(styles)


@pytest.mark.parametrize("page", ["#ffffff", "#0d1117"])
def test_what_lies_on_the_page_is_legible(page):
    assert contrast(MUTED, page) > 4


def test_text_in_boxes_is_legible():
    styles = (LEAF, PARAMETER, ROOT, CONSTANT, OPERATION, PART, NOT_FINITE, ORIGIN, HIGHLIGHT)
    for fill in re.findall(r"fillcolor=\"(#\w+)", " ".join(styles)):
        assert contrast(INK, fill) > 7


def marked(drawing, mark):
    """What the nodes are called that carry a mark."""
    nodes, _ = statements(drawing.source)
    return [shown(attributes)[0] for attributes in nodes.values() if mark in attributes]


def test_the_highlighted_node():
    w, x = Value(2.0), Value(3.0)
    z = w * x
    J = z * z
    assert marked(draw(J, highlight=w), HIGHLIGHT) == ["w"]
    assert marked(draw(J, highlight=z), HIGHLIGHT) == ["z"]
    assert not marked(draw(J), HIGHLIGHT)
    assert draw(J, highlight=z).source.replace(f" {HIGHLIGHT}", "") == draw(J).source


def test_the_highlight_must_be_in_the_graph():
    x, other = Value(3.0), Value(3.0, name="other")
    with pytest.raises(ValueError, match=r"^draw: Value\(3\.0, name='other', grad=0\.0\) is not in the graph"):
        draw(x * x, highlight=other)
    with pytest.raises(TypeError, match="^draw: takes a graph node, such as a Value, got 'x', a str$"):
        draw(x * x, highlight="x")


def test_where_the_numbers_ceased_to_be_finite():
    x, w = Value(-1.0), Value(2.0)
    y = autograd.log(x)
    J = y * w + x
    assert marked(draw(J), ORIGIN) == ["y"] and marked(draw(J), NOT_FINITE) == ["data nan", "J"]
    nodes, _ = statements(draw(J).source)
    assert sum("first nan" in shown(attributes) for attributes in nodes.values()) == 1
    J.backward()
    assert marked(draw(J), ORIGIN) == ["y"] and set(marked(draw(J), NOT_FINITE)) == {"w", "data nan", "J"}
    assert marked(draw(J, highlight=y), ORIGIN) == marked(draw(J, highlight=y), HIGHLIGHT) == ["y"]


def test_gradients_that_are_not_finite():
    """The forward pass is sound: the trouble begins where the backward sweep meets it first."""
    a, b = Value(0.0), Value(2.0)
    x = a * b
    J = x.sqrt() * 3.0
    J.backward()
    assert marked(draw(J), ORIGIN) == ["x"] and marked(draw(J), NOT_FINITE) == ["a", "b"]
    assert "first inf" in draw(J).source


@pytest.mark.parametrize(("number", "word"), [(math.inf, "inf"), (-math.inf, "inf"), (math.nan, "nan")])
def test_arrays_that_are_not_finite(number, word):
    X = autograd.Tensor([[1.0, number], [2.0, 3.0]], requires_grad=True)
    assert marked(draw(X.sum()), ORIGIN) == ["X"] and f"first {word}" in draw(X.sum()).source


def test_a_drawing_for_a_script_has_room_and_no_marks():
    x = Value(math.nan)
    y = x * x
    source = draw_live(y, {x: "x", y: "y"}).source
    assert re.findall(rf"^\t(n\d) \[width={ROOM}]$", source, re.MULTILINE) == ["n0", "n1"]
    assert not any(style in source for style in (NOT_FINITE, ORIGIN, "first nan"))
    _, edges = statements(draw(y).source)
    assert [f"{tail} -> {head}" for tail, head, _ in edges] == re.findall(r"\w+ -> \w+", source)


# ---------------------------------------------------------------------- what is refused


@pytest.mark.parametrize("given", [2.0, "x", None, [Value(1.0)]])
def test_only_nodes_are_drawn(given):
    with pytest.raises(TypeError, match="^draw: takes a graph node, such as a Value, got .*$"):
        draw(given)


def test_rankdir_is_checked():
    with pytest.raises(ValueError, match="^draw: rankdir must be LR, TB, RL or BT, got 'up'$"):
        draw(Value(1.0), rankdir="up")
    for rankdir in ("LR", "TB", "RL", "BT"):
        assert f"rankdir={rankdir}" in draw(Value(1.0), rankdir=rankdir).source
