"""Parts that are drawn as one box: those that are named, and those that would be too many."""

import re
from collections import Counter

import pytest
from hypothesis import given, strategies as st

import autograd
import nn
from autograd import Tensor, Value, scope
from autograd.draw import MAX_NODES, draw
from autograd.draw.ink import PART
from autograd.render import count_nodes

from .views import VIEWS, Deep, has_cycle, text_of

# ---------------------------------------------------------------------- by hand


def nested():
    inner = nn.Sequential(nn.Linear(2, 2), nn.Tanh())
    return nn.Sequential(inner, nn.Linear(2, 1))


@pytest.mark.parametrize("name", ["0.0", "Sequential.0.0"])
@pytest.mark.parametrize("view", VIEWS)
def test_fold_by_path(name, view):
    text = text_of(nested().draw(autograd.ones(1, 2), view=view, fold=name))
    (box,) = (box for box in text.boxes.values() if box.lines[1:2] == ["Linear(in_features=2, out_features=2)"])
    assert box.lines[2:] == ["6 parameters", "→ 2" if view == "scalar" else "→ 1×2"]
    assert box.frames == ("Sequential", "0: Sequential")


@pytest.mark.parametrize("view", VIEWS)
def test_fold_by_name(view):
    model = nn.ModuleDict({"encoder": nn.Sequential(nn.Linear(2, 2), nn.Tanh()), "decoder": nn.Linear(2, 1)})

    class Coder(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder, self.decoder = model["encoder"], model["decoder"]

        def forward(self, x):
            return self.decoder(self.encoder(x))

    text = text_of(Coder().draw(autograd.ones(1, 2), view=view, fold=["encoder"]))
    assert text.parts["encoder"].lines[1:3] == ["Sequential", "6 parameters"]
    assert all("encoder" not in " ".join(frame) for frame in text.frames)
    whole = text_of(Coder().draw(autograd.ones(1, 2), view=view, fold="Coder"))
    assert whole.parts["Coder"].lines[1] == "9 parameters" and not whole.frames


def test_a_list_of_modules_is_part_of_their_names():
    text = text_of(nn.MLP(2, [3, 1], seed=0).draw([1.0, 2.0], view="tensor", fold=["layers.0", "MLP.layers.1"]))
    assert text.parts.keys() == {"layers.0", "layers.1"}


def test_unfold_shows_the_operations():
    model = nn.MLP(2, [3, 1], "tanh", seed=0)
    folded, unfolded = (text_of(model.draw([1.0, 2.0], view="module", unfold=x)) for x in ((), "layers.0"))
    assert folded.parts.keys() == {"layers.0", "layers.1"} and unfolded.parts.keys() == {"layers.1"}
    assert ("MLP", "layers.0: Layer") in unfolded.frames
    assert Counter(box.lines[0] for i, box in unfolded.boxes.items() if i.startswith("op")) == {"·": 3, "tanh": 3}


def test_folding_one_part_leaves_the_rest():
    model = nn.MLP(2, [3, 1], "tanh", seed=0)
    whole, folded = (text_of(model.draw([1.0, 2.0], view="tensor", fold=x)) for x in ((), "layers.0"))
    kept = {(tuple(box.lines), box.frames) for box in whole.boxes.values() if "layers.0: Layer" not in box.frames}
    assert kept == {(tuple(box.lines), box.frames) for box in folded.boxes.values() if PART not in box.attributes}


@pytest.mark.parametrize("option", ["fold", "unfold"])
def test_scopes_that_are_not_there(option):
    with scope("model"):
        z = Value(2.0) * Value(-2.0)
    with scope("loss"):
        J = z**2
    with pytest.raises(ValueError, match="^draw: there is no scope 'models' to fold: the scopes are loss, model$"):
        draw(J, **{option: "models"})
    message = "^draw: there is no scope 'f' to fold: the scopes are none: make the graph under autograd.scope, or .*$"
    with pytest.raises(ValueError, match=message):
        draw(Value(1.0) + 1.0, **{option: ["f"]})


# ---------------------------------------------------------------------- by size


def chain(length):
    v = y = Value(1.0, name="v")
    for _ in range(length):
        y = y + v
    return y


def test_a_large_graph_is_folded():
    drawing = draw(chain(100_000))
    text = text_of(drawing)
    assert 'label="100,000 operations: folded but for the last 40 nodes"' in drawing.source
    assert count_nodes(drawing.source) == 2 + 2 * 40 and len(drawing.source) < 20_000
    assert [box.lines for box in text.parts.values()] == [["99,960 operations", "→ 1"]]
    assert not has_cycle(text)


def test_the_limit_counts_all_that_is_drawn():
    """Constants are boxes, too: what is not folded can be laid out."""
    y = Value(1.0)
    for _ in range(900):
        y = y + 1.0
    drawing = draw(y)
    assert "folded" in drawing.source and count_nodes(drawing.source) <= MAX_NODES
    assert draw(y, limit=None).source.count("folded") == 0
    assert count_nodes(draw(y, limit=None).source) == 1 + 3 * 900


@given(st.integers(1, 30), st.integers(5, 200))
def test_no_drawing_passes_its_limit(length, limit):
    y = Value(1.0)
    for _ in range(length):
        y = y * 2.0
    drawing = draw(y, limit=limit)
    folded = "folded" in drawing.source
    assert folded == (1 + 3 * length > limit)
    assert folded or count_nodes(drawing.source) <= limit


def test_a_large_model_is_folded_by_module():
    model = nn.MLP(4, [24, 24, 1], seed=0)
    drawing = model.draw([1.0] * 4, view="scalar")
    text = text_of(drawing)
    assert re.search(r'label="[\d,]+ operations: folded by module"', drawing.source)
    assert text.parts.keys() == {"layers.0", "layers.1", "layers.2"} and not has_cycle(text)
    assert text.parts["layers.1"].lines == ["layers.1", "Layer", "600 parameters", "→ 24"]
    whole = model.draw([1.0] * 4, view="scalar", limit=None)
    assert count_nodes(whole.source) > MAX_NODES and "folded" not in whole.source


@pytest.mark.parametrize(("limit", "boxes"), [(100, 13), (12, 5), (6, 5), (4, 3), (3, 1)])
def test_the_outer_scopes_are_folded_where_the_inner_ones_are_too_many(limit, boxes):
    drawing = Deep(5).draw(Tensor([[1.0]]), view="module", limit=limit)
    text = text_of(drawing)
    assert len([box for box in text.boxes.values() if PART in box.attributes]) == boxes
    assert not has_cycle(text)
