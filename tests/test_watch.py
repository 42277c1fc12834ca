"""What a watch measures of the layers of a model, and that it leaves no trace."""

import copy
import gc
import math
import pickle
import sys
import weakref
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given

import autograd
import nn
from autograd import Tensor, Value, tensor
from autograd.graph import LEAF
from autograd.health import watch
from autograd.health.layers import bounds_of
from nn.callbacks import HealthMonitor
from nn.testing import modules


@pytest.fixture(autouse=True)
def seed():
    autograd.manual_seed(0)


@pytest.fixture
def no_collector():
    """Without the cyclic collector: what is freed inside is freed by counting references."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def linear(weight, bias=None):
    """A linear layer with these numbers."""
    layer = nn.Linear(len(weight[0]), len(weight), bias=bias is not None, dtype="float64")
    layer.weight.data = np.array(weight, float)
    if bias is not None:
        layer.bias.data = np.array(bias, float)
    return layer


def deep_sigmoids(layers=10, width=8):
    """Its gradients vanish."""
    modules = [module for _ in range(layers) for module in (nn.Linear(width, width), nn.Sigmoid())]
    return nn.Sequential(*modules, nn.Linear(width, 1))


def train(model, x, steps=3, lr=0.1, momentum=0.9):
    optimizer = nn.optim.SGD(model.parameters(), lr=lr, momentum=momentum)
    for _ in range(steps):
        optimizer.zero_grad()
        (model(x) ** 2).mean().backward()
        optimizer.step()


def norm(*arrays):
    return math.sqrt(sum(float((np.asarray(x, np.float64) ** 2).sum()) for x in arrays))


# ---------------------------------------------------------------------- what is measured


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


# ---------------------------------------------------------------------- which layers, which steps


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


# ---------------------------------------------------------------------- no trace


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


def is_untouched(model):
    hooks = [module._hooks for module in model.modules()]
    return hooks == [()] * len(hooks) and all(p._rule is LEAF for p in model.parameters())


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


# ---------------------------------------------------------------------- text, pictures, training loops


TABLE = """\
health over 2 steps
layer  kind     units   mean    std  dead  saturated  gradient  speed  update  verdict
0      Linear       4   -1.3    5.5     -          -      0.35    1.1       -  fine
1      ReLU         4    1.4    1.1     1          -       0.4      -       -  dead: 1 of 4 units
2      Linear       2     24     20     -          -     0.025   0.13       -  fine
3      Sigmoid      2   0.99  0.009     1      100 %       1.6      -       -  dead: 1 of 2 units; saturated: 100 %
4      Linear       1  -0.96      0     -          -      0.71    1.4       -  fine"""


def test_the_report_as_text():
    model = nn.Sequential(
        linear([[1.0, 0.0], [0.0, 1.0], [0.0, -1.0], [1.0, 1.0]], [0.0, 0.0, -9.0, 0.5]),
        nn.ReLU(),
        linear([[8.0, 8.0, 8.0, 8.0], [-8.0, -8.0, 8.0, 8.0]]),
        nn.Sigmoid(),
        linear([[1.0, -2.0]]),
    )
    with watch(model) as health:
        for _ in range(2):
            model(tensor([[0.5, 2.0], [1.0, 1.5]], dtype="float64")).mean().backward()
    assert str(health.report()) == repr(health.report()) == TABLE


def test_a_layer_that_is_not_there():
    model = linear([[1.0]])
    with watch(model) as health:
        model(tensor([[1.0]]))
    with pytest.raises(KeyError, match="report: there is no layer '3': choose one of Linear"):
        health.report()["3"]


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


def test_the_curves():
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    model = nn.Sequential(nn.Linear(3, 4), nn.Sigmoid(), nn.Linear(4, 2), nn.ReLU())
    with watch(model) as health:
        train(model, autograd.randn(5, 3), steps=4)
    report = health.report()
    speed, saturation, dead = report.plot().axes
    assert [axes.get_title() for axes in (speed, saturation, dead)] == [
        "learning speed by layer", "saturation", "dead units",
    ]  # fmt: skip
    assert speed.get_yscale() == "log"
    for axes, layers in ((speed, ["0", "2"]), (saturation, ["1"]), (dead, ["1", "3"])):
        assert [line.get_label() for line in axes.lines] == layers
        assert all(list(line.get_xdata()) == [1, 2, 3, 4] for line in axes.lines)
    assert list(speed.lines[1].get_ydata()) == [step.speed for step in report.history["2"]]


def test_without_matplotlib_there_is_a_hint(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    model = linear([[1.0]])
    with watch(model) as health:
        model(tensor([[1.0]])).sum().backward()
    with pytest.raises(ImportError, match=r'^plot: matplotlib is missing: python -m pip install "stepgrad\[plot\]"$'):
        health.report().plot()


def fitted(callbacks=(), epochs=2):
    autograd.manual_seed(2)
    model = nn.Sequential(nn.Dense(5, "sigmoid", input_shape=(3,)), nn.Dense(1))
    model.compile(optimizer=nn.optim.SGD(lr=0.1), loss="mse")
    x = autograd.randn(20, 3).numpy()
    model.fit(x, x[:, :1], batch_size=5, epochs=epochs, verbose=0, callbacks=callbacks, validation_split=0.2)
    return model


def test_fit_inside_a_watch():
    model = fitted()
    x = autograd.randn(20, 3).numpy()
    with watch(model) as health:
        model.fit(x, x[:, :1], batch_size=5, epochs=3, verbose=0)
    report = health.report()
    assert report.steps == 12
    assert all(step.update for steps in report.history.values() for step in steps)


def test_a_callback_prints_reports(capsys):
    monitor = HealthMonitor(every=2)
    model = fitted([monitor], epochs=4)
    printed = capsys.readouterr().out
    assert printed.count("health over 4 steps\n") == 2
    assert printed.endswith(f"{monitor.report}\n")
    assert is_untouched(model)
    plain = fitted(epochs=4)
    for p, q in zip(model.parameters(), plain.parameters(), strict=True):
        assert p.detach().numpy().tobytes() == q.detach().numpy().tobytes()


def test_a_callback_after_an_error():
    monitor = HealthMonitor()
    model = fitted()
    with pytest.raises(FloatingPointError):
        model.fit(np.full((4, 3), np.nan), np.ones((4, 1)), verbose=0, callbacks=[monitor])
    assert not is_untouched(model)
    model.fit(np.ones((4, 3)), np.ones((4, 1)), verbose=0, callbacks=[monitor])
    assert is_untouched(model)


def test_plain_tensors_of_integers_are_passed_over():
    class Rounds(nn.Module):
        def forward(self, x):
            return x.long()

    with watch(Rounds()) as health:
        Rounds()(Tensor([1.5]))
    with pytest.raises(RuntimeError, match="nothing was measured yet"):
        health.report()
