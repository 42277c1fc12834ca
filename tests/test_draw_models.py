"""Models that are drawn: their inputs and parameters by name, and all of them left as they were."""

import numpy as np
import pytest

import autograd
import nn
from autograd import Tensor, Value, tensor
from autograd.draw import draw
from autograd.graph import topological_order

from .views import VIEWS, text_of

# ---------------------------------------------------------------------- names


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


def test_what_cannot_be_drawn():
    with pytest.raises(TypeError, match=r"^draw: view='module' shows what becomes of an input: write model\.draw\(x,"):
        nn.Linear(1, 1).draw(view="module")
    with autograd.no_grad(), pytest.raises(TypeError, match="^draw: Linear gave .*, which has no graph to draw$"):
        nn.Linear(1, 1).draw(autograd.ones(1, 1), view="module")


# ---------------------------------------------------------------------- left as they were


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
