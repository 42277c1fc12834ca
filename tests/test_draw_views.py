"""Three zooms of one computation: by modules, by operations, by numbers."""

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

import autograd
import nn
from autograd import Tensor, Value, scope, tensor
from autograd.draw import draw
from autograd.draw.ink import SIDES

from .drawings import needs_renderer
from .expected import check_golden
from .hostile_names import EXPECTED
from .views import CASES, DRAWINGS, VIEWS, deck, drawing_of, filled, groups_of, text_of

# ---------------------------------------------------------------------- what stands in each


@pytest.mark.parametrize(("name", "view"), CASES)
def test_golden(name, view):
    check_golden(f"view_{name}_{view}.dot", DRAWINGS[name](view).source)


@pytest.mark.parametrize("seed", ["1", "2"])
def test_every_process_writes_the_same(seed):
    program = "from tests.views import CASES, drawing_of\nfor case in CASES: print(drawing_of(*case).source)"
    environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"}
    root = Path(__file__).parent.parent
    ran = subprocess.run([sys.executable, "-c", program], env=environment, cwd=root, capture_output=True, check=True)
    expected = [line for case in CASES for line in drawing_of(*case).source.splitlines() if line]
    assert list(filter(None, ran.stdout.decode().splitlines())) == expected


def test_every_zoom_of_the_deck():
    module, whole, numbers = (text_of(deck(view)) for view in VIEWS)
    assert {name: box.lines[1:] for name, box in module.parts.items()} == {
        "model": ["3 parameters", "→ 1"],
        "loss": ["1 parameter", "→ 1"],
    }
    assert module.links() == [("model", "loss")] and len(module.boxes) == 2
    assert whole.frames == numbers.frames == [("model",), ("loss",)]
    for text in (whole, numbers):
        assert {box.lines[0] for box in text.boxes.values()} >= set("wxbyzJ")
        assert text.boxes[text.named("w")].frames == text.boxes[text.named("z")].frames == ("model",)
        assert text.boxes[text.named("y")].frames == ("loss",)


def test_scalar_view_has_every_multiplication_and_addition():
    text = text_of(nn.Linear(3, 2).draw(autograd.ones(2, 3), view="scalar"))
    assert Counter(box.lines[0] for i, box in text.boxes.items() if i.startswith("op")) == {"*": 12, "+": 12}
    names = {f"weight[{i}, {j}]" for i in range(2) for j in range(3)} | {"bias[0]", "bias[1]"}
    assert names == {box.lines[0] for box in text.boxes.values() if box.frames and "[" in box.lines[0]} - {
        f"output[{i}, {j}]" for i in range(2) for j in range(2)
    }
    assert {box.lines[0] for box in text.boxes.values() if not box.frames} == {
        f"x[{i}, {j}]" for i in range(2) for j in range(3)
    }


@pytest.mark.parametrize("name", ["mlp", "gru_cell", "conv"])
def test_the_scalar_view_shows_the_gradients_of_the_tensors(name):
    model, x = {
        "mlp": lambda: (nn.MLP(2, [3, 1], "tanh", seed=1), [Value(0.5), Value(-1.0)]),
        "gru_cell": lambda: (filled(nn.GRUCell(1, 2)), tensor([[0.5]])),
        "conv": lambda: (filled(nn.Conv2d(1, 1, 2)), tensor(np.arange(9.0).reshape(1, 1, 3, 3))),
    }[name]()
    y = model(x)
    y = y if isinstance(y, Value) else y.sum()
    y.backward()
    text = text_of(draw(y, view="scalar", names={p: f"p{i}" for i, p in enumerate(model.parameters())}))
    gradients = {box.lines[0]: box.lines[-1] for box in text.boxes.values() if re.match(r"p\d+", box.lines[0])}
    expected = {}
    for i, p in enumerate(model.parameters()):
        gradient = np.asarray(p.grad.numpy() if isinstance(p.grad, Tensor) else p.grad)
        for place in np.ndindex(gradient.shape):
            expected[f"p{i}[{', '.join(map(str, place))}]" if place else f"p{i}"] = float(gradient[place])
    assert gradients
    for label, line in gradients.items():
        assert float(line.removeprefix("grad ")) == pytest.approx(expected[label], rel=1e-3, abs=1e-6)


def test_what_only_moves_keeps_its_name():
    W = Tensor([1.0, 2.0], requires_grad=True, name="W")
    column = W.reshape(2, 1)
    text = text_of(draw((column * 2.0).sum(), view="scalar", names={"column": column}))
    labels = {box.lines[0] for box in text.boxes.values()}
    assert {"W[0]", "W[1]"} <= labels and not any(label.startswith("column") for label in labels)


@pytest.mark.parametrize("view", VIEWS)
def test_all_numbers_that_a_layer_gives_are_drawn(view):
    layer = nn.Layer(2, 3, "tanh", seed=0)
    text = text_of(layer.draw([0.5, -1.0], view=view))
    if view == "module":
        assert text.parts["Layer"].lines == ["Layer", "9 parameters", "→ 3"]
    else:
        assert {f"output[{i}]" for i in range(3)} <= {box.lines[0] for box in text.boxes.values()}
    first, second, _ = outputs = layer([Value(0.5), Value(-1.0)])
    (first * second).backward()
    pictured = text_of(draw(autograd.Vector(outputs), view="scalar", names={"first": first}))
    gradient = float(pictured.boxes[pictured.named("first")].lines[-1].removeprefix("grad "))
    assert gradient == pytest.approx(second.data, rel=1e-3)


@pytest.mark.parametrize("rankdir", SIDES)
def test_operands_enter_in_order_also_in_frames(rankdir):
    a, b = Value(1.0), Value(2.0)
    with scope("f"):
        y = autograd.where(a > 0, a - b, b**2)
    source = draw(y, rankdir=rankdir).source
    sides = SIDES[rankdir]
    entered = re.findall(r"\tn\w+ -> (op\d+):(\w+)", source)
    for op in {op for op, _ in entered}:
        found = [side for other, side in entered if other == op]
        assert found == [sides[0], *[sides[1]] * (len(found) - 2), sides[2]]
    assert ":" not in "".join(line for line in draw(a - b, rankdir=rankdir).source.splitlines() if "->" in line)


def test_views_that_are_not_there():
    with pytest.raises(ValueError, match="^draw: view must be tensor, module, scalar, got 'numbers'$"):
        draw(Value(1.0), view="numbers")
    with pytest.raises(ValueError, match="^draw: view must be neurons, module, tensor, scalar, got 'numbers'$"):
        nn.Linear(1, 1).draw(autograd.ones(1, 1), view="numbers")


# ---------------------------------------------------------------------- names


def test_hostile_scopes_in_dot():
    for name, expected in EXPECTED.items():
        for view in VIEWS:
            x = Value(1.0, name="x")
            with scope("outer"), scope(name):
                y = x * 2.0
            text = text_of(draw(y, view=view))
            assert text.frames == [("outer",), ("outer", expected)][: 1 if view == "module" else 2]
            assert [box.lines for box in text.parts.values()] == ([[expected, "→ 1"]] if view == "module" else [])


@given(st.text(), st.text())
def test_no_scope_breaks_the_text(name, detail):
    for view in VIEWS:
        x = Value(1.0, name="x")
        with scope(name, detail):
            y = x * 2.0
        plain = x * 2.0
        source = draw(y, view=view, names={"y": y}).source
        assert source.replace("\n", "").replace("\t", "").isprintable()
        text = text_of(draw(y, view=view, names={"y": y}))
        if view != "module":
            assert len(text.boxes) == len(text_of(draw(plain, names={"y": plain})).boxes)
            assert len(text.frames) == 1


@needs_renderer
def test_hostile_scopes_in_svg():
    """All names at once: of frames, and of boxes."""
    x = Value(1.0, name="x")
    results = []
    for name in EXPECTED:
        with scope("outer"), scope(name, f"as {name}"):
            results.append(x * 2.0)
    total = autograd.sum(results)
    frames = [texts for title, texts, _ in groups_of(draw(total, names={"y": total}).svg(), "cluster")]
    text = text_of(draw(total, names={"y": total}))
    assert [" ".join(texts).split() for texts in frames] == [frame[-1].split() for frame in text.frames]
    boxes = {
        title: texts for title, texts, _ in groups_of(draw(total, view="module", names={"y": total}).svg(), "node")
    }
    parts = [texts[0] for title, texts in boxes.items() if title.startswith("p")]
    assert parts == list(EXPECTED.values())
