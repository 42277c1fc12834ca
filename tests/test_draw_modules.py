"""The zoom by modules: one box for each, however often it is applied, and no cycle where there is none."""

import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import autograd
import nn
from autograd import Value, tensor
from autograd.draw import draw
from autograd.draw.ink import PART

from .views import Deep, has_cycle, text_of


def test_module_view():
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Sequential(nn.Linear(3, 4), nn.ReLU()))
    text = text_of(model.draw(autograd.ones(5, 2), view="module"))
    lines = [box.lines for box in text.boxes.values()]
    assert ["0", "Linear(in_features=2, out_features=3)", "9 parameters", "→ 5×3"] in lines
    assert ["1", "ReLU", "→ 5×4"] in lines
    assert text.frames == [("Sequential",), ("Sequential", "2: Sequential")]
    assert len(text.boxes) == 5 and len(text.edges) == 4 and not has_cycle(text)
    assert text.boxes[text.named("x")].lines == ["x", "data 5×2", "grad none"]


# ---------------------------------------------------------------------- modules that are applied repeatedly


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


# ---------------------------------------------------------------------- what is in which box


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


def test_the_module_view_needs_scopes():
    with pytest.raises(ValueError, match=r"^draw: view='module' needs scopes: draw by model\.draw\(x, view='module'\)"):
        draw(Value(1.0) + 1.0, view="module")
