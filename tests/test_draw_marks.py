"""What drawings show beside the graph: the highlighted node, where numbers ceased to be finite, the widths of edges."""

import math
import re

import pytest
from hypothesis import given, strategies as st

import autograd
import nn
from autograd import Value, scope, tensor
from autograd.draw import draw
from autograd.draw.ink import HIGHLIGHT, NOT_FINITE, ORIGIN, THINNEST, WIDEST
from autograd.graph import topological_order

from .views import VIEWS, text_of

# ---------------------------------------------------------------------- marks


def lit(drawing):
    return [box.lines[0] for box in text_of(drawing).boxes.values() if HIGHLIGHT in box.attributes]


def test_the_highlight_at_every_zoom():
    model = nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1))
    x = tensor([[1.0, 2.0]])
    with nn.scopes(model):
        y = model(x).square()
    h = next(node for node in topological_order(y) if node.op and node.op.name == "tanh")
    named = {"h": h, "W": model[0].weight}
    assert lit(draw(y, names=named, highlight=h)) == ["h"]
    assert lit(draw(y, names=named, highlight=h, view="module")) == ["1"]
    assert lit(draw(y, names=named, highlight=h, view="scalar")) == ["h[0, 0]", "h[0, 1]"]
    assert lit(draw(y, names=named, highlight=h, fold="1")) == ["1"]
    assert lit(draw(y, names=named, highlight=model[0].weight, view="module")) == ["0"]
    assert len(lit(draw(y, names=named, highlight=model[0].weight, view="scalar"))) == 4
    assert lit(draw(y, highlight=h, view="module", unfold="1")) == ["tanh"]


@pytest.mark.parametrize("view", VIEWS)
def test_a_highlight_outside_the_graph(view):
    model = nn.Linear(1, 1)
    with pytest.raises(ValueError, match=r"^draw: .* is not in the graph to be drawn: highlight one of its nodes$"):
        model.draw(autograd.ones(1, 1), view=view, highlight=Value(1.0))


def test_trouble_inside_a_box_is_seen_from_outside():
    a = Value(-1.0)
    with scope("root"):
        y = autograd.sqrt(a)
    with scope("after"):
        z = y + 1.0
    text = text_of(draw(z, view="module"))
    assert text.parts["root"].lines[-1] == "first nan" and ORIGIN in text.parts["root"].attributes
    assert NOT_FINITE in text.parts["after"].attributes


# ---------------------------------------------------------------------- widths


def widths_of(gradients):
    """The widths of the edges from leaves with these gradients into a sum."""
    leaves = [Value(1.0) for _ in gradients]
    total = autograd.sum(leaves)
    for leaf, gradient in zip(leaves, gradients, strict=True):
        leaf.grad = gradient
    edges = text_of(draw(total, gradients=True)).edges[: len(leaves)]
    return [float(re.search(r"penwidth=([\d.]+)", attributes)[1]) for _, _, attributes in edges]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=6))
def test_widths_grow_with_gradients(gradients):
    widths = widths_of(gradients)
    assert all(THINNEST <= width <= WIDEST for width in widths)
    for a, width in zip(gradients, widths, strict=True):
        for b, other in zip(gradients, widths, strict=True):
            assert width <= other or abs(a) > abs(b)
    largest = max(map(abs, gradients))
    assert not largest or max(widths) == WIDEST


def test_widths_by_powers_of_ten():
    assert widths_of([1.0, 0.1, -0.01, 0.001, 1e-9, 0.0]) == pytest.approx([5.0, 3.53, 2.07, 0.6, 0.6, 0.6])
    assert widths_of([1e200, 1e197, 1e-300]) == [WIDEST, THINNEST, THINNEST]
    assert widths_of([math.inf, math.nan, 1.0]) == [WIDEST] * 3
    assert widths_of([math.inf, 0.0]) == [WIDEST, THINNEST]
    assert widths_of([0.0, 0.0]) == [THINNEST] * 2


def test_widths_of_arrays_and_between_boxes():
    model = nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1))
    with nn.scopes(model):
        y = model(tensor([[1.0, 2.0]])).sum()
    assert all(f"penwidth={THINNEST:.2f}" in rest for *_, rest in text_of(draw(y, gradients=True)).edges)  # grad none
    y.backward()
    for view in VIEWS:
        edges = text_of(draw(y, view=view, gradients=True)).edges
        assert edges and all(re.search(r"penwidth=\d\.\d\d", rest) for *_, rest in edges)
        assert any(f"penwidth={WIDEST:.2f}" in rest for *_, rest in edges)
        assert not any("penwidth" in rest for *_, rest in text_of(draw(y, view=view)).edges)


def test_an_edge_is_as_wide_as_the_largest_of_what_it_carries():
    x = Value(1.0, name="x")
    with scope("before"):
        a, b = x * 2.0, x * 3.0
    with scope("after"):
        y = a * 10.0 + b * 0.1
    y.backward()
    (width,) = (rest for tail, _, rest in text_of(draw(y, view="module", gradients=True)).edges if tail == "p0")
    assert width == "weight=4 penwidth=4.55"  # of 10 beside 20.3, not of 0.1
