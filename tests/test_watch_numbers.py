"""What a watch measures of the layers of a model: NumPy's numbers, and verdicts that follow from them."""

import math
from itertools import pairwise

import numpy as np
import pytest

import autograd
import nn
from autograd import Value, tensor
from autograd.health import watch
from autograd.health.layers import bounds_of

from .watched_models import deep_sigmoids, linear, norm

pytestmark = pytest.mark.usefixtures("seeded")


# ---------------------------------------------------------------------- units


def test_dead_units_are_counted():
    """Units 1 and 3 of four never leave 0; unit 2 does for one of three examples."""
    model = nn.Sequential(linear([[1, 0], [0, 1], [1, 1], [1, -1]], [9, -9, -3, -9]), nn.ReLU(), linear([[1] * 4]))
    with watch(model) as health:
        model(tensor([[1.0, 1.0], [2.0, 2.0], [0.0, 0.0]])).sum().backward()
    report = health.report()
    assert (report["1"].dead, report["1"].units, report["0"].dead) == (2, 4, None)
    assert report.verdicts("1") == ["dead: 2 of 4 units"]
    assert report.verdicts("0") == report.verdicts("2") == []


def test_a_unit_is_dead_if_it_is_so_in_all_steps_looked_at():
    model = nn.Sequential(linear([[1.0], [-1.0], [-1.0]]), nn.ReLU())
    with watch(model) as health:
        for x in (-1.0, 1.0, 1.0):
            model(tensor([[x]])).sum().backward()
    assert [health.report(last=n)["1"].dead for n in (1, 2, 3)] == [2, 2, 0]
    assert health.report()["1"].dead == 0
    assert [step.dead for step in health.report().history["1"]] == [1, 2, 2]


def test_dead_units_of_a_convolution_are_channels():
    model = nn.Sequential(nn.Conv2d(1, 3, 2), nn.ReLU())
    model[0].weight.data = np.ones((3, 1, 2, 2))
    model[0].bias.data = np.array([0.0, -100.0, -7.0])
    with watch(model) as health:
        model(autograd.arange(9.0).reshape(1, 1, 3, 3) / 2.0).sum().backward()
    row = health.report()["1"]
    assert (row.dead, row.units) == (1, 3)


@pytest.mark.parametrize(
    ("module", "numbers", "share"),
    [
        (nn.Sigmoid(), [-10.0, -2.0, 0.0, 2.0, 10.0], 2 / 5),  # σ(-2) is 0.12
        (nn.Tanh(), [-10.0, -1.4, 0.0, 1.4, 1.5], 2 / 5),  # tanh(1.4) is 0.885, tanh(1.5) is 0.905
        (nn.Hardtanh(), [-1.0, -0.91, -0.8, 0.5, 2.0], 3 / 5),
        (nn.ReLU6(), [-1.0, 0.2, 1.0, 2.0, 7.0], 3 / 5),
        (nn.ReLU(), [-1.0, 0.2, 1.0, 2.0, 7.0], None),
        (nn.Softplus(), [-1.0, 0.2, 1.0, 2.0, 7.0], None),
        (nn.Linear(5, 5), [1.0] * 5, None),
    ],
    ids=lambda x: type(x).__name__,
)
def test_saturation_is_counted(module, numbers, share):
    with watch(module) as health:
        module(tensor([numbers], requires_grad=True)).sum().backward()
    (row,) = health.report().rows
    assert row.saturated == share
    told = [verdict for verdict in health.report().verdicts(row.layer) if "saturated" in verdict]
    assert told == (["saturated: 60 %"] if share == 3 / 5 else [])


@pytest.mark.parametrize(
    ("operation", "bounds"),
    [
        (lambda x: x.sigmoid(), (0.0, 1.0)),
        (lambda x: x.tanh(), (-1.0, 1.0)),
        (lambda x: x.atan(), (-math.pi / 2, math.pi / 2)),
        (lambda x: x.relu(), (0.0, None)),
        (lambda x: x.elu(), (-1.0, None)),
        (lambda x: x.clip(-2.0, 3.0), (-2.0, 3.0)),
        (lambda x: autograd.maximum(x, 0.5), (0.5, None)),
        (lambda x: x.exp(), (0.0, None)),
        (lambda x: x.leaky_relu(), (None, None)),
        (lambda x: x * 2.0, (None, None)),
        (lambda x: x * x, (None, None)),
        (lambda x: 1.0 / x, (None, None)),
        (lambda x: x.sin(), (None, None)),
        (lambda x: x, (None, None)),
    ],
)
def test_bounds_come_from_the_table(operation, bounds):
    for x in (Value(0.5), tensor(0.5, requires_grad=True)):
        assert bounds_of(operation(x)) == bounds


# ---------------------------------------------------------------------- gradients


def test_learning_speed_falls_by_layer_in_a_deep_net_of_sigmoids():
    model, x = deep_sigmoids(), autograd.randn(16, 8)
    with watch(model) as health:
        (model(x) ** 2).mean().backward()
        found = {name: norm(m.weight.grad, m.bias.grad) for name, m in model.named_modules() if hasattr(m, "weight")}
    report = health.report()
    speeds = [row.speed for row in report.rows if row.kind == "Linear"]
    np.testing.assert_allclose(speeds, list(found.values()), rtol=1e-6)
    assert all(before < after / 2 for before, after in pairwise(speeds))
    assert speeds[0] < 1e-6 * speeds[-1]
    ratio = f"{speeds[0] / speeds[-1]:.2g}".replace("e-0", "e-")
    assert report.verdicts("0") == [f"vanishing: gradient {ratio} of the last layer's"]
    assert report.verdicts("20") == report.verdicts("18") == []


def test_gradients_too_small_for_the_squares_of_single_precision():
    layer = nn.Linear(2, 2, dtype="float32")
    with watch(layer) as health:
        (layer(autograd.ones(1, 2)) * 1e-30).sum().backward()
    (row,) = health.report().rows
    assert row.speed == pytest.approx(norm(*[p.grad.numpy() for p in layer.parameters()]), rel=1e-6, abs=0.0)
    assert row.speed == pytest.approx(math.sqrt(6) * 1e-30, rel=1e-6, abs=0.0)


def test_small_gradients_have_not_vanished_if_the_last_layer_has_them_too():
    model = nn.Sequential(linear([[1.0]]), linear([[1.0]]))
    with watch(model) as health:
        (model(tensor([[1.0]])) * 1e-8).sum().backward()
    assert health.report().verdicts("0") == []


def test_gradients_that_explode_and_those_that_are_0():
    model = nn.Sequential(linear([[1.0]]), linear([[5000.0]]), nn.ReLU(), linear([[1.0]]))
    with watch(model) as health:
        model(tensor([[1.0]])).sum().backward()
    assert health.report().verdicts("0") == []
    model[1].weight.data = [[-1.0]]
    with watch(model) as health:
        (model(tensor([[1.0]])) + 1.0).sum().backward()
    report = health.report()
    assert report["3"].speed == 0.0 and report.verdicts("0") == ["not learning: its gradient is 0"]
    model = nn.Sequential(linear([[1e-6]]), linear([[5000.0]]))
    with watch(model) as health:
        model(tensor([[1.0]])).sum().backward()
    assert health.report().verdicts("0") == ["exploding: gradient 5e9 times the last layer's"]


# ---------------------------------------------------------------------- every number


def test_every_number_is_that_of_numpy():
    model = nn.Sequential(nn.Linear(3, 4, dtype="float64"), nn.Tanh())
    x = autograd.randn(5, 3, dtype="float64")
    before = [p.detach().numpy().copy() for p in model.parameters()]
    with watch(model) as health:
        hidden = model[0](x)
        out = model[1](hidden)
        upstream = np.linspace(-1.0, 1.0, 20).reshape(5, 4)
        out.backward(upstream)
        gradients = [p.grad.numpy().copy() for p in model.parameters()]
        with autograd.no_grad():
            for p in model.parameters():
                p -= 0.1 * p.grad
    first, second = health.report().rows
    assert (first.mean, first.std) == pytest.approx((hidden.detach().numpy().mean(), hidden.detach().numpy().std()))
    assert (second.mean, second.std) == pytest.approx((out.detach().numpy().mean(), out.detach().numpy().std()))
    assert second.gradient == pytest.approx(norm(upstream))
    assert first.gradient == pytest.approx(norm(upstream * (1 - out.detach().numpy() ** 2)))
    assert first.speed == pytest.approx(norm(*gradients))
    assert first.weight == pytest.approx(norm(*before))
    assert first.update == pytest.approx(0.1 * norm(*gradients) / norm(*before))
    assert (second.speed, second.weight, second.update) == (None, None, None)


def scalar_and_array_models():
    """The same network of two inputs twice: of neurons, and of arrays."""
    scalars = nn.MLP(2, [5, 4, 1], "tanh", seed=3)
    arrays = nn.Sequential()
    for layer in scalars.layers:
        weights = [[w.data for w in neuron.w] for neuron in layer.neurons]
        arrays.append(linear(weights, [neuron.b.data for neuron in layer.neurons]))
        arrays.append(nn.Tanh())
    return scalars, nn.Sequential(*list(arrays)[:-1])


def test_networks_of_neurons_are_measured_as_arrays_are():
    scalars, arrays = scalar_and_array_models()
    points = [[0.5, -3.0], [2.0, 1.0], [-4.0, 3.0]]
    with watch(scalars) as of_scalars, watch(arrays) as of_arrays:
        for _ in range(2):
            sum(scalars(point) * scalars(point) for point in points).backward()
            y = arrays(tensor(points, dtype="float64"))
            (y * y * 2).sum().backward()
    found, expected = of_scalars.report(), of_arrays.report()
    assert [(row.layer, row.kind) for row in found.rows] == [(f"layers.{i}", "Layer") for i in range(3)]
    for i, row in enumerate(found.rows):
        outputs = expected[str(min(2 * i + 1, 4))]
        for name in ("mean", "std", "units", "dead", "saturated"):
            assert getattr(row, name) == pytest.approx(getattr(outputs, name)), name
        assert row.weight == pytest.approx(expected[str(2 * i)].weight)
    assert found.steps == expected.steps == 2


def test_gradients_of_neurons_are_those_of_arrays():
    scalars, arrays = scalar_and_array_models()
    points = [[0.5, -3.0], [2.0, 1.0], [-4.0, 3.0]]
    with watch(scalars) as of_scalars, watch(arrays) as of_arrays:
        sum(scalars(point) ** 2 for point in points).backward()
        (arrays(tensor(points, dtype="float64")) ** 2).sum().backward()
    found, expected = of_scalars.report(), of_arrays.report()
    for i, row in enumerate(found.rows):
        assert row.speed == pytest.approx(expected[str(2 * i)].speed)
        assert row.gradient == pytest.approx(expected[str(min(2 * i + 1, 4))].gradient)


def test_inf_and_nan_are_counted():
    model = nn.Sequential(linear([[1.0], [1.0]]), nn.Sigmoid(), linear([[1.0, 1.0]]))
    with watch(model) as health:
        model(tensor([[1.0], [math.inf], [math.nan]], dtype="float64")).sum().backward()
    report = health.report()
    assert (report["0"].not_finite, report["1"].not_finite, report["2"].not_finite) == (4, 2, 1)
    assert report["0"].not_finite_gradients == 4  # two weights, and two gradients of the outputs at nan
    assert report.verdicts("0") == ["not finite: 4 activations, 4 gradients"]
    assert math.isnan(report["0"].mean)
