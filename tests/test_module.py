"""`Module` and its containers: what they hold, how it is called, saved and printed, next to PyTorch's."""

import copy
import pickle
from collections import OrderedDict

import numpy as np
import pytest

import autograd
import nn
from autograd import Value, no_grad
from autograd.testing import check_gradients


class Scale(nn.Module):
    """One parameter of its own, a buffer and two layers, one of which it holds twice."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3, 3)
        self.gain = nn.Parameter(autograd.ones(3))
        self.register_buffer("mean", autograd.zeros(3))
        self.register_buffer("scratch", autograd.zeros(1), persistent=False)
        self.inner = nn.Sequential(nn.Identity(), nn.Linear(3, 2, bias=False))
        self.again = self.first

    def forward(self, x):
        return self.inner(self.first(x - self.mean) * self.gain)


NAMES = ["gain", "first.weight", "first.bias", "inner.1.weight"]


def test_names():
    model = Scale()
    assert [name for name, _ in model.named_parameters()] == NAMES
    assert [name for name, _ in model.named_parameters("model")] == [f"model.{name}" for name in NAMES]
    assert [name for name, _ in model.named_parameters(recurse=False)] == ["gain"]
    assert [name for name, _ in model.named_children()] == ["first", "inner"]
    assert [name for name, _ in model.named_modules()] == ["", "first", "inner", "inner.0", "inner.1"]
    assert [name for name, _ in model.named_buffers()] == ["mean", "scratch"]
    assert model.get_submodule("inner.1") is model.inner[1]
    assert list(model.state_dict()) == [
        "gain", "mean", "first.weight", "first.bias", "inner.1.weight", "again.weight", "again.bias",
    ]  # fmt: skip
    with pytest.raises(AttributeError, match=r"Scale has no module 'inner.2'"):
        model.get_submodule("inner.2")


def test_names_and_text_are_pytorchs():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")

    class Theirs(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.first = torch.nn.Linear(3, 3)
            self.gain = torch.nn.Parameter(torch.ones(3))
            self.register_buffer("mean", torch.zeros(3))
            self.register_buffer("scratch", torch.zeros(1), persistent=False)
            self.inner = torch.nn.Sequential(torch.nn.Identity(), torch.nn.Linear(3, 2, bias=False))
            self.again = self.first

    theirs, ours = Theirs(), Scale()
    assert [name for name, _ in theirs.named_parameters()] == NAMES
    assert list(theirs.state_dict()) == list(ours.state_dict())
    assert repr(ours) == repr(theirs).replace("Theirs", "Scale")
    assert ours.load_state_dict(theirs.state_dict()) == ([], [])
    assert np.array_equal(ours.inner[1].weight.detach().numpy(), theirs.inner[1].weight.detach().numpy())


def test_parameters_stay_parameters():
    """When changed in place, frozen, copied and pickled."""
    model = Scale()
    with no_grad():
        model.gain *= 2.0
        model.gain[0] = 7.0
    model.first.requires_grad_(False)
    for twin in (model, copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert [name for name, _ in twin.named_parameters()] == NAMES
        assert [p.requires_grad for p in twin.parameters()] == [True, False, False, True]
        assert twin.gain.tolist() == [7.0, 2.0, 2.0]
        assert twin.again is twin.first


def test_only_parameters_are_learnt():
    module = nn.Module()
    module.plain = autograd.ones(2, requires_grad=True)
    module.product = nn.Parameter(autograd.ones(2)) * 2
    module.listed = [nn.Parameter(autograd.ones(1)), nn.Linear(1, 1), 3]
    module.nothing = None
    module.value = Value(1.0)
    assert [name for name, _ in module.named_parameters()] == ["listed.0", "value", "listed.1.weight", "listed.1.bias"]


def test_modes():
    model = Scale()
    assert model.training and model.inner[0].training
    assert model.eval() is model and not model.training and not model.inner[0].training
    assert model.train().inner[1].training


def test_zero_grad():
    model = Scale()
    model(autograd.ones(2, 3)).sum().backward()
    assert all(p.grad is not None for p in model.parameters())
    model.zero_grad(set_to_none=False)
    assert all(not p.grad.numpy().any() for p in model.parameters())
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())


def test_apply_visits_everything_inside_first():
    model, seen = Scale(), []
    assert model.apply(seen.append) is model
    assert seen == [model.first, model.inner[0], model.inner[1], model.inner, model]


def test_hooks():
    model, seen = nn.Linear(2, 1), []
    keep = model.register_forward_hook(lambda module, inputs, output: seen.append((module, inputs[0].shape)))
    double = model.register_forward_hook(lambda module, inputs, output: output * 2)
    x = autograd.ones(3, 2)
    doubled = model(x)
    double.remove()
    assert (doubled == model(x) * 2).numpy().all()
    keep.remove()
    keep.remove()
    model(x)
    assert seen == [(model, (3, 2))] * 2


def test_dtypes():
    model = Scale().double()
    assert {p.dtype for p in model.parameters()} == {np.dtype(np.float64)}
    assert model.mean.dtype == np.float64 and model.again is model.first
    assert [name for name, _ in model.named_parameters()] == NAMES
    assert model.to("cpu").to(autograd.float32).first.weight.dtype == np.float32
    assert {p.dtype for p in nn.Linear(2, 2, dtype="double").parameters()} == {np.dtype(np.float64)}
    with pytest.raises(ValueError, match="there is no device 'cuda'"):
        model.to(device="cuda")


# ---------------------------------------------------------------------- saving and loading


def test_state_shares_memory_and_loads():
    one, other = Scale(), Scale()
    state = one.state_dict()
    assert other.load_state_dict(copy.deepcopy(state)) == ([], [])
    assert repr(other.load_state_dict(state)) == "<All keys matched successfully>"
    for a, b in zip(one.parameters(), other.parameters(), strict=True):
        assert np.array_equal(a.detach().numpy(), b.detach().numpy()) and a is not b
    with no_grad():
        one.gain += 1.0
    assert state["gain"].tolist() == [2.0, 2.0, 2.0]
    assert not state["gain"].requires_grad and other.gain.tolist() == [1.0, 1.0, 1.0]


def test_state_of_scalars():
    one, other = nn.MLP(2, [2, 1], seed=0), nn.MLP(2, [2, 1], seed=1)
    assert list(one.state_dict())[:3] == ["layers.0.neurons.0.w.0", "layers.0.neurons.0.w.1", "layers.0.neurons.0.b"]
    other.load_state_dict(one.state_dict())
    assert [p.data for p in one.parameters()] == [p.data for p in other.parameters()]


def test_what_does_not_fit_changes_nothing():
    model = Scale()
    before = {name: x.numpy().copy() for name, x in model.state_dict().items()}
    state = OrderedDict(model.state_dict())
    del state["gain"], state["mean"]
    state |= {"first.weight": np.ones((2, 3)), "first.bias": np.ones(3), "extra": np.ones(1), "more": np.ones(1)}
    with pytest.raises(ValueError, match="load_state_dict: Scale: missing: gain, mean; unexpected: extra, more; "
                       r"first.weight has shape \(2, 3\), must have \(3, 3\)"):  # fmt: skip
        model.load_state_dict(state)
    assert all(np.array_equal(x.numpy(), before[name]) for name, x in model.state_dict().items())
    state["first.weight"] = np.ones((3, 3))
    assert model.load_state_dict(state, strict=False) == (["gain", "mean"], ["extra", "more"])
    assert model.first.weight.tolist() == np.ones((3, 3)).tolist()


# ---------------------------------------------------------------------- containers


def test_sequential():
    layers = [nn.Linear(3, 4), nn.Identity(), nn.Linear(4, 2)]
    model = nn.Sequential(*layers)
    x = autograd.ones(5, 3)
    assert (model(x) == layers[2](layers[0](x))).numpy().all()
    assert len(model) == 3 and model[-1] is layers[2] and list(model) == layers
    assert list(model[:2]) == layers[:2] and isinstance(model[:2], nn.Sequential)
    named = nn.Sequential(OrderedDict(inner=layers[0], outer=layers[2]))
    assert [name for name, _ in named.named_parameters()][::2] == ["inner.weight", "outer.weight"]
    assert named["outer"] is layers[2]
    model[1] = nn.Linear(4, 4)
    assert model.append(nn.Flatten()) is model and len(model) == 4
    twice = nn.Sequential(layers[0], layers[0])
    assert len(twice) == 2 and len(twice.parameters()) == 2


def test_module_list_and_dict():
    layers = nn.ModuleList([nn.Linear(1, 1), nn.Linear(2, 2)])
    layers.insert(1, nn.Identity())
    layers.extend([nn.Flatten()])
    assert [type(m).__name__ for m in layers] == ["Linear", "Identity", "Linear", "Flatten"]
    assert [name for name, _ in layers.named_parameters()] == ["0.weight", "0.bias", "2.weight", "2.bias"]
    names = nn.ModuleDict({"a": nn.Identity()})
    names["b"] = nn.Linear(1, 1)
    assert list(names) == names.keys() == ["a", "b"] and "b" in names and len(names) == 2
    assert names.items()[1] == ("b", names["b"]) and names.values()[0] is names["a"]
    del names["a"]
    assert repr(names) == "ModuleDict(\n  (b): Linear(in_features=1, out_features=1, bias=True)\n)"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nn.Sequential(nn.Identity(), 3), TypeError, "Sequential: holds modules, got 3, a int"),
        (lambda: nn.Sequential()[0], IndexError, "Sequential: has 0 modules, there is no number 0"),
        (lambda: nn.ModuleDict({"a": 3}), TypeError, "ModuleDict: holds modules, got 3"),
        (lambda: nn.ModuleDict({"keys": nn.Identity()}), ValueError, "'keys' is the name of a method"),
        (lambda: nn.Module().register_parameter("w", 3), TypeError, "w must be a Parameter, got 3"),
        (lambda: nn.Module()(1.0), NotImplementedError, "Module: a module must define forward"),
        (lambda: nn.Linear(-1, 2), ValueError, "Linear: in_features must be a whole number, got -1"),
        (lambda: nn.Linear(2, 2.0), ValueError, "Linear: out_features must be a whole number, got 2.0"),
        (
            lambda: nn.Sequential(OrderedDict(hidden=nn.Linear(784, 64)))(autograd.ones(2, 783)),
            ValueError, r"hidden \(Linear\): takes 784 features, got 783",
        ),
        (lambda: nn.Linear(2, 2)([1.0, 2.0]), TypeError, r"takes a tensor, got a list: write autograd.tensor\(x\)"),
        (lambda: nn.Linear(2, 2)(autograd.tensor(1.0)), ValueError, "takes 2 features, got a single number"),
        (lambda: nn.Bilinear(2, 3, 1)(autograd.ones(2), autograd.ones(2)), ValueError, "takes 2 and 3 features"),
    ],
)  # fmt: skip
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()


# ---------------------------------------------------------------------- layers


def test_gradients():
    x = np.random.default_rng(0).standard_normal((2, 3))
    check_gradients(Scale().double(), x, project=True)
    check_gradients(nn.Bilinear(3, 3, 2).double(), x, x + 1, project=True)


def test_parity_with_pytorch():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    source = np.random.default_rng(0)
    for ours, theirs, shapes in (
        (nn.Linear(3, 4), torch.nn.Linear(3, 4), [(2, 5, 3)]),
        (nn.Linear(3, 4, bias=False), torch.nn.Linear(3, 4, bias=False), [(3,)]),
        (nn.Bilinear(3, 4, 2), torch.nn.Bilinear(3, 4, 2), [(5, 3), (5, 4)]),
        (nn.Flatten(), torch.nn.Flatten(), [(2, 3, 4)]),
        (nn.Flatten(0, 1), torch.nn.Flatten(0, 1), [(2, 3, 4)]),
        (nn.Unflatten(1, (2, -1)), torch.nn.Unflatten(1, (2, -1)), [(2, 6, 3)]),
    ):
        assert repr(ours) == repr(theirs)
        ours.load_state_dict(theirs.state_dict())
        arrays = [source.standard_normal(shape).astype(np.float32) for shape in shapes]
        mine, yours = [autograd.tensor(a, requires_grad=True) for a in arrays], list(map(torch.tensor, arrays))
        for x in yours:
            x.requires_grad_()
        (ours(*mine) ** 2).sum().backward()
        (theirs(*yours) ** 2).sum().backward()
        pairs = [*zip(mine, yours, strict=True), *zip(ours.parameters(), theirs.parameters(), strict=True)]
        for a, b in pairs:
            np.testing.assert_allclose(a.grad.numpy(), b.grad.numpy(), rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(ours(*mine).detach().numpy(), theirs(*yours).detach().numpy(), rtol=1e-5, atol=1e-6)
