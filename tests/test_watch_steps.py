"""Which layers a watch measures, and what it takes for a step."""

import math

import pytest

import autograd
import nn
from autograd import Tensor, Value, tensor
from autograd.health import watch

from .watched_models import linear, norm

pytestmark = pytest.mark.usefixtures("seeded")


# ---------------------------------------------------------------------- layers


class Branches(nn.Module):
    """A module with a parameter of its own around others, one of which it never calls."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(autograd.ones(3))
        self.body = nn.Sequential(nn.Linear(3, 3), nn.Sequential(nn.Tanh(), nn.Linear(3, 3)))
        self.unused = nn.Linear(3, 3)

    def forward(self, x):
        return self.body(x) * self.scale


def test_layers_are_what_is_called_and_calls_no_other():
    model = Branches()
    with watch(model) as health:
        model(autograd.ones(2, 3)).sum().backward()
    report = health.report()
    assert [row.layer for row in report.rows] == ["body.0", "body.1.0", "body.1.1", "Branches"]
    assert report["Branches"].weight == pytest.approx(math.sqrt(3))
    assert report["body.1.1"].speed == pytest.approx(norm(*[p.grad.numpy() for p in model.body[1][1].parameters()]))


@pytest.mark.parametrize("build", [nn.RNN, nn.LSTM, nn.GRU])
def test_recurrent_layers(build):
    layer = build(3, 4)
    with watch(layer) as health:
        output = layer(autograd.randn(5, 2, 3))[0]
        output.sum().backward()
    (row,) = health.report().rows
    assert (row.kind, row.units) == (build.__name__, 4)
    assert row.gradient == pytest.approx(math.sqrt(40))
    assert row.speed == pytest.approx(norm(*[p.grad.numpy() for p in layer.parameters()]), rel=1e-5)
    assert (row.saturated is not None) == (build is nn.RNN)  # gates are no activation function that is known by name


def test_layers_that_wait_for_an_input():
    model = nn.Sequential(nn.Dense(4, "relu"), nn.Dense(1))
    with watch(model) as health:
        model(autograd.ones(2, 3)).sum().backward()
    assert [row.weight is not None for row in health.report().rows] == [True, True]


def test_a_layer_that_is_called_twice_is_one_layer():
    layer = linear([[2.0]])
    with watch(layer) as health:
        layer(layer(tensor([[1.0]]))).sum().backward()
    (row,) = health.report().rows
    assert (row.mean, row.std) == (3.0, 1.0)
    assert row.gradient == pytest.approx(math.sqrt(1 + 2**2))


def test_layers_that_are_not_called_in_the_steps_looked_at_are_left_out():
    first, second = linear([[1.0]]), linear([[2.0]])
    with watch(nn.ModuleList([first, second])) as health:
        first(tensor([[1.0]])).sum().backward()
        second(tensor([[1.0]])).sum().backward()
    assert [row.layer for row in health.report().rows] == ["0", "1"]
    assert [(row.layer, row.step) for row in health.report(last=1).rows] == [("1", 2)]


def test_nodes_by_name():
    w = Value(2.0)
    with watch(w=w) as health:
        for _ in range(2):
            (w * 3.0).backward()
            w.data -= 0.5
    assert [(step.speed, step.weight, step.update) for step in health.report().history["w"]] == [
        (3.0, 2.0, 0.25),
        (3.0, 1.5, 0.5 / 1.5),
    ]
    x = tensor([1.0, -1.0, -2.0], requires_grad=True)
    h = x.relu()
    with watch(h=h) as health:
        (h * h).sum().backward()
    (row,) = health.report().rows
    assert (row.layer, row.kind, row.dead, row.units, row.gradient) == ("h", "relu", 2, 3, 2.0)
    (h * h).sum().backward()
    assert health.report().rows == (row,)


def test_plain_tensors_of_integers_are_passed_over():
    class Rounds(nn.Module):
        def forward(self, x):
            return x.long()

    with watch(Rounds()) as health:
        Rounds()(Tensor([1.5]))
    with pytest.raises(RuntimeError, match="nothing was measured yet"):
        health.report()


# ---------------------------------------------------------------------- steps


def test_passes_without_recording_do_not_count():
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    with watch(model) as health:
        with autograd.no_grad():
            model(autograd.ones(1, 2))
        with pytest.raises(RuntimeError, match=r"^report: nothing was measured yet: call the model inside the watch"):
            health.report()
        model(autograd.ones(1, 2)).sum().backward()
        assert health.report().steps == 1
        with autograd.no_grad():
            model(autograd.ones(1, 2))
        assert health.report().steps == 1


def test_a_step_is_a_backward_pass_with_the_forward_passes_before_it():
    model, x = linear([[1.0]]), tensor([[1.0]])
    with watch(model) as health:
        y = model(x) + model(3 * x)
        y.sum().backward()
        y.sum().backward()  # the same graph once more
        model(5 * x).sum().backward()
        model(7 * x)
    steps = health.report().history["Linear"]
    assert [(step.step, step.mean, step.speed) for step in steps] == [(1, 2.0, 4.0), (2, None, 4.0), (3, 5.0, 5.0)]


def test_activations_of_steps_before_are_not_listened_to():
    model = linear([[1.0]])
    with watch(model) as health:
        y = model(tensor([[1.0]])).sum()
        y.backward()
        model(tensor([[2.0]]))
        y.backward()
    assert [step.gradient for step in health.report().history["Linear"]] == [1.0, None]


def test_a_report_before_the_backward_pass():
    model = linear([[2.0]])
    with watch(model) as health:
        y = model(tensor([[1.0]]))
        assert health.report().rows[0].mean == 2.0
        assert health.report().rows[0].speed is None
        y.sum().backward()
        assert health.report().rows[0].speed == 1.0
        assert health.report() == health.report()


def test_only_the_latest_steps_are_kept():
    model = linear([[1.0]])
    with watch(model, steps=3) as health:
        for i in range(6):
            model(tensor([[float(i)]])).sum().backward()
    report = health.report()
    assert [step.mean for step in report.history["Linear"]] == [3.0, 4.0, 5.0]
    assert (report.steps, report.rows[0].mean, report.rows[0].step) == (3, 4.0, 6)
    assert health.report(last=2).rows[0].mean == 4.5
