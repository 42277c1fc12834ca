"""`functional_call`: a module as a function of its parameters."""

import copy
import re

import numpy as np
import pytest

import autograd
import nn
from autograd import grad, hessian, jit, jvp, tensor, vjp
from nn import functional_call
from nn.functional import mse_loss

from .test_jit_nn import assert_same, weighed


class Tied(nn.Module):
    """Two layers with one matrix, a scale in a list, and a buffer."""

    def __init__(self):
        super().__init__()
        self.one = nn.Linear(3, 3)
        self.two = nn.Linear(3, 3, bias=False)
        self.two.weight = self.one.weight
        self.scales = [nn.Parameter(autograd.ones(3)), nn.Parameter(autograd.ones(()))]
        self.register_buffer("shift", autograd.zeros(3))

    def forward(self, x, factor=1.0):
        return (self.two(self.one(x)) * self.scales[0] * self.scales[1] + self.shift) * factor


def everything(model):
    """Whatever tensors a module holds, and the lists that hold them."""
    held = [(module, name, value) for module in model.modules() for name, value in vars(module).items()]
    return [(id(m), name, id(value)) for m, name, value in held], [id(x) for x in model.scales]


@pytest.fixture
def model():
    autograd.manual_seed(1)
    return Tied().double()


X = tensor(np.random.default_rng(5).standard_normal((2, 3)))


def others(model, rng=None):
    rng = rng or np.random.default_rng(7)
    named = (*model.named_parameters(), *model.named_buffers())
    return {name: tensor(rng.standard_normal(x.shape)) for name, x in named}


def test_functional_call_is_the_module_with_these_tensors(model):
    before, given = everything(model), others(model)
    loaded = copy.deepcopy(model)
    loaded.load_state_dict(given, strict=False)
    assert_same(functional_call(model, given, X), loaded(X))
    assert_same(functional_call(model, given, (X,), {"factor": 2.0}), loaded(X, factor=2.0))
    assert everything(model) == before
    some = {"one.bias": given["one.bias"]}
    assert not np.allclose(functional_call(model, some, X).numpy(force=True), model(X).numpy(force=True))
    assert_same(functional_call(model, {}, X), model(X))
    assert_same(functional_call(model, {name: x.numpy() for name, x in given.items()}, X), loaded(X))


def test_functional_call_takes_several_dictionaries(model):
    given = others(model)
    parts = {"shift": given["shift"]}, {name: x for name, x in given.items() if name != "shift"}
    assert_same(functional_call(model, parts, X), functional_call(model, given, X))
    with pytest.raises(ValueError, match="shift: given in two dictionaries"):
        functional_call(model, (given, parts[0]), X)


def test_functional_call_replaces_shared_parameters_together(model):
    given, before = others(model), everything(model)
    weight = given.pop("one.weight")
    found = [functional_call(model, given | {name: weight}, X) for name in ("one.weight", "two.weight")]
    assert_same(*found)
    same = {"one.weight": weight, "two.weight": weight}
    assert_same(functional_call(model, given | same, X, strict=True), found[0])
    with pytest.raises(ValueError, match=r"two\.weight is a shared tensor that was given by another name"):
        functional_call(model, same | {"two.weight": weight + 1}, X)
    assert everything(model) == before


@pytest.mark.parametrize("mistake", [nn.Linear(2, 2), None, "inputs"], ids=["a module", "None", "a text"])
def test_functional_call_restores_the_module_after_errors(model, mistake):
    before = everything(model)
    with pytest.raises((TypeError, AttributeError, ValueError)):
        functional_call(model, others(model), (mistake,))
    assert everything(model) == before


def test_mistakes_in_what_is_given_are_listed(model):
    before, given = everything(model), others(model)
    wrong = {"three": X, "one.bias": np.ones(2), "shifts": X, "scales.1": tensor([1.0])}
    complaint = (
        "unexpected: three, shifts; scales.1 has shape (1,), must have (); one.bias has shape (2,), must have (3,)"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(f'functional_call: Tied: {complaint}')}$"):
        functional_call(model, given | wrong, X)
    del given["shift"], given["one.weight"]
    with pytest.raises(ValueError, match="^functional_call: Tied: missing: shift, one.weight, two.weight$"):
        functional_call(model, given, X, strict=True)
    with pytest.raises(TypeError, match=r"w\.0 is a Value, one number"):
        functional_call(nn.Neuron(1), {"w.0": tensor(1.0)}, [1.0])
    assert everything(model) == before


def test_functional_call_is_differentiated(model):
    """By the dictionary: backwards, along a direction, twice; and by what was a parameter before."""
    given, directions = others(model), others(model, np.random.default_rng(8))

    def loss(tensors):
        return weighed(functional_call(model, tensors, X))

    gradient = grad(loss)(given)
    for x in given.values():
        x.requires_grad_()
    loss(given).backward()
    assert_same(gradient, {name: x.grad for name, x in given.items()})
    assert all(p.grad is None for p in model.parameters())
    given = {name: x.detach() for name, x in given.items()}

    value, pull = vjp(loss, given)
    assert_same(value, loss(given))
    assert_same(pull(tensor(1.0, dtype="float64"))[0], gradient)
    along = sum((gradient[name] * directions[name]).sum() for name in given)
    assert_same(jvp(loss, (given,), (directions,))[1], along)

    second = hessian(lambda bias: loss(given | {"one.bias": bias}))(given["one.bias"])
    step = 1e-6 * np.eye(3)
    differences = [
        (grad(loss)(given | {"one.bias": given["one.bias"] + h})["one.bias"].numpy() - gradient["one.bias"].numpy())
        for h in step
    ]
    np.testing.assert_allclose(second.numpy(), np.array(differences) / 1e-6, rtol=1e-4)


def test_functional_calls_inside_one_another(model):
    """A step of gradient descent, differentiated: the inner call replaces what the outer one has put there."""
    given = others(model)

    def after_a_step(tensors):
        gradient = grad(lambda inner: mse_loss(functional_call(model, inner, X), X))(tensors)
        moved = {name: x - 0.1 * gradient[name] for name, x in tensors.items()}
        return functional_call(model, tensors, X).sum() + functional_call(model, moved, X).sum()

    compiled = jit(grad(after_a_step))
    compiled({name: x + 1 for name, x in given.items()})
    assert_same(compiled(given), grad(after_a_step)(given))
