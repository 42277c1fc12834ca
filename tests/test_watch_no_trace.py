"""A watch leaves no trace: training is the same bit by bit, and hooks and memory are given back."""

import copy
import pickle
import weakref

import numpy as np
import pytest
from hypothesis import given

import autograd
import nn
from autograd import Value, tensor
from autograd.health import watch
from nn.callbacks import HealthMonitor
from nn.testing import modules

from .watched_models import deep_sigmoids, is_untouched, linear, norm, train

pytestmark = pytest.mark.usefixtures("seeded")


# ---------------------------------------------------------------------- the same numbers


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_training_is_the_same_bit_by_bit(momentum):
    def trained(is_watched):
        autograd.manual_seed(1)
        model = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Dropout(0.3), nn.Linear(6, 1))
        x = autograd.randn(7, 4)
        if is_watched:
            with watch(model):
                train(model, x, momentum=momentum)
        else:
            train(model, x, momentum=momentum)
        return [p.detach().numpy().tobytes() for p in model.parameters()]

    assert trained(True) == trained(False)


@pytest.mark.parametrize("create_graph", [False, True])
def test_gradients_of_neurons_are_the_same_bit_by_bit(create_graph):
    def gradients(is_watched):
        model = nn.MLP(2, [4, 1], "tanh", seed=1)
        health = watch(model) if is_watched else None
        (model([1.0, -2.0]) * model([0.5, 3.0])).backward(create_graph=create_graph)
        if health is not None:
            assert health.report().rows[0].speed > 0
        return [float(p.grad) for p in model.parameters()]

    assert gradients(True) == gradients(False)


@given(modules())
def test_a_watch_changes_no_number_of_any_module_of_neurons(example):
    module, inputs = example

    def computed():
        module.zero_grad()
        outputs = module(*inputs)
        outputs = outputs if isinstance(outputs, list) else [outputs]
        sum(outputs, Value(0.0)).backward()
        return [y.data for y in outputs], [p.grad for p in module.parameters()]

    plain = computed()
    with watch(module) as health:
        assert computed() == plain
    assert is_untouched(module)
    report = health.report()
    assert report.rows[-1].mean == pytest.approx(np.mean(plain[0]))
    assert norm(*[row.speed for row in report.rows]) == pytest.approx(norm(*plain[1]))


# ---------------------------------------------------------------------- what is given back


@pytest.mark.parametrize(
    "build", [lambda: nn.MLP(2, [3, 1], seed=0), lambda: nn.Sequential(nn.Linear(2, 3), nn.ReLU())]
)
def test_removing_leaves_nothing(build):
    model, x = build(), [1.0, 2.0]
    x = x if isinstance(model, nn.MLP) else tensor([x])
    health = watch(model)
    y = model(x)
    y = y if isinstance(y, Value) else y.sum()
    assert not is_untouched(model) and not health.is_removed
    y.backward()
    health.remove()
    health.remove()
    assert is_untouched(model) and health.is_removed
    assert repr(health) == "<Watch of 2 layers, removed, in step 2: .report(), .remove()>"
    report = health.report()
    y.backward()
    model(x)
    assert health.report() == report


def test_an_error_inside_takes_the_hooks_away():
    model = nn.Linear(2, 2)
    with pytest.raises(ZeroDivisionError), watch(model):
        raise ZeroDivisionError
    assert is_untouched(model)


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("is_removed", [True, False])
@pytest.mark.parametrize(
    "build", [lambda: (deep_sigmoids(2), autograd.randn(3, 8)), lambda: (nn.MLP(2, [3, 1], seed=0), [1.0, 2.0])]
)
def test_counting_references_frees_model_watch_and_graph(build, is_removed):
    model, x = build()
    health = watch(model)
    y = model(x)
    y = y if isinstance(y, Value) else y.sum()
    y.backward()
    parameter = model.parameters()[0]
    watched = [weakref.ref(o) for o in (model, health, parameter, y)]
    if is_removed:
        health.remove()
    del model, x, y, health, parameter
    assert [reference() for reference in watched] == [None] * 4


@pytest.mark.usefixtures("no_collector")
def test_a_watch_that_is_let_go_takes_its_hooks_away():
    model = nn.Linear(2, 2)
    health = watch(model)
    y = model(autograd.ones(1, 2)).sum()
    del health
    assert is_untouched(model)
    y.backward()


# ---------------------------------------------------------------------- beside others


def test_a_copy_of_the_model_is_not_watched():
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    with watch(model) as health:
        copies = copy.deepcopy(model), pickle.loads(pickle.dumps(model))
        for twin in copies:
            twin(autograd.ones(1, 2)).sum().backward()
        with pytest.raises(RuntimeError, match="nothing was measured"):
            health.report()


def test_hooks_do_not_pile_up_on_a_leaf_that_a_module_hands_through():
    model, x = nn.Sequential(nn.Dropout(0.0)).eval(), tensor([1.0], requires_grad=True)
    with watch(model) as health:
        for _ in range(5):
            assert model(x) is x
            (x * 2.0).sum().backward()
    assert len(x._rule.hooks) == 1
    assert [step.gradient for step in health.report().history["0"]] == [2.0] * 5


def test_two_watches_at_once():
    model = linear([[1.0]])
    outer = watch(model)
    with watch(model) as inner:
        model(tensor([[2.0]])).sum().backward()
    model(tensor([[3.0]])).sum().backward()
    assert (outer.report().steps, inner.report().steps) == (2, 1)
    assert inner.report().history["Linear"][0] == outer.report().history["Linear"][0]
    assert inner.report()["Linear"].gradient == 1.0
    outer.remove()
    assert is_untouched(model)


def test_hooks_of_the_users_stay():
    model, seen = linear([[1.0]]), []
    model.weight.register_hook(seen.append)
    with watch(model):
        model(tensor([[2.0]])).sum().backward()
    model(tensor([[3.0]])).sum().backward()
    assert [g.item() for g in seen] == [2.0, 3.0]


# ---------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: watch(), TypeError, r"^watch: there is nothing to watch: write watch\(model\), or watch\(h=h\)"),
        (lambda: watch(3.0), TypeError, r"^watch: takes a model, which has named_modules\(\), got 3.0, a float$"),
        (lambda: watch(Value(1.0)), TypeError, r"^watch: takes nodes by name, got Value\(1.0, .*: write watch\(h=h\)$"),
        (lambda: watch(h=1.0), TypeError, r"^watch: h must be a Value or a Tensor, got 1.0, a float$"),
        (lambda: watch(nn.Linear(1, 1), steps=0), ValueError, "^watch: steps must be a whole number from 1 on, got 0$"),
        (lambda: watch(w=Value(1.0)).report(last=0), ValueError, "^report: last must be a whole number of steps"),
        (lambda: HealthMonitor(0), ValueError, "^HealthMonitor: every must be a whole number of epochs"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()
