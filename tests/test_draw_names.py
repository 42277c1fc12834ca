"""Names in drawings: the caller's or the given ones, shown as they are, whatever is in them."""

import xml.etree.ElementTree as ET
from collections import Counter

import pytest
from hypothesis import Phase, given, settings, strategies as st

import autograd
from autograd import Value
from autograd.draw import draw
from autograd.draw.words import LONGEST_NAME

from .drawings import needs_renderer, pictured, shown, statements
from .hostile_names import EXPECTED


def test_names_are_the_callers_variables_and_may_be_overridden():
    w, x = Value(2.0), Value(3.0, name="input")
    y = w * x
    assert {shown(a)[0] for i, a in statements(draw(y).source)[0].items() if i[0] == "n"} == {"w", "input", "y"}
    for names in ({"weight": w, "in": x}, {w: "weight", x: "in"}):
        nodes, _ = statements(draw(y, names=names).source)
        assert {shown(a)[0] for i, a in nodes.items() if i[0] == "n"} == {"weight", "in", "y"}


@pytest.mark.parametrize("names", [{"w": 2.0}, {2.0: "w"}, {"w": "w"}])
def test_names_must_pair_strings_with_nodes(names):
    with pytest.raises(TypeError, match="^draw: names must pair strings with nodes, got .*$"):
        draw(Value(1.0), names=names)


def drawing_of(names):
    """A drawing of one sum, its operands called by these names."""
    leaves = [Value(1.0) for _ in names]
    total = autograd.sum(leaves)
    return draw(total, names=dict(zip(leaves, names, strict=True)) | {total: "total"})


def names_shown(drawing, nodes, edges):
    """What the operands are called in a picture of `drawing_of(names)`, which has nothing else in it."""
    said_nodes, said_edges = statements(drawing.source)
    *operands, _ = [tail for tail, *_ in said_edges]
    assert set(nodes) == set(said_nodes) == {f"n{i}" for i in range(len(operands) + 1)} | {f"op{len(operands)}"}
    assert Counter(edge[:2] for edge in edges) == Counter(edge[:2] for edge in said_edges)
    assert all(nodes[i][-2:] == ["data 1", "grad 0"] for i in operands)
    return [" ".join(nodes[i][:-2]) for i in operands]


def as_text(drawing):
    nodes, edges = statements(drawing.source)
    return {i: shown(attributes) for i, attributes in nodes.items()}, edges


def test_hostile_names_in_dot():
    drawing = drawing_of(EXPECTED)
    assert names_shown(drawing, *as_text(drawing)) == list(EXPECTED.values())


@given(st.text())
def test_no_name_breaks_the_text(name):
    drawing = drawing_of([name])
    assert len(drawing.source.splitlines()) == len(drawing_of(["x"]).source.splitlines())
    assert drawing.source.replace("\n", "").replace("\t", "").isprintable()
    (label,) = names_shown(drawing, *as_text(drawing))
    assert label == name or not name.isprintable() or len(name) > LONGEST_NAME
    assert len(label) <= LONGEST_NAME


@needs_renderer
def test_hostile_names_in_svg():
    drawing = drawing_of(EXPECTED)
    assert names_shown(drawing, *pictured(drawing.svg())) == list(EXPECTED.values())


@needs_renderer
@settings(max_examples=4, deadline=None, phases=[Phase.explicit, Phase.generate])  # each example is a layout
@given(st.lists(st.text(min_size=1), min_size=20, max_size=40))
def test_no_name_breaks_the_svg(names):
    drawing = drawing_of(names)
    svg = drawing.svg()
    tags = {element.tag.partition("}")[2] for element in ET.fromstring(svg).iter()}
    assert tags <= {"svg", "g", "title", "path", "polygon", "polyline", "ellipse", "text"}
    for name, text in zip(names, names_shown(drawing, *pictured(svg)), strict=True):
        if name.isprintable() and len(name) <= LONGEST_NAME:
            assert text.split() == name.split()  # records show a run of spaces as one
