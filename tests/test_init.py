"""How parameters begin: PyTorch's bounds and deviations, the same draws for a seed."""

import math

import numpy as np
import pytest

import autograd
from autograd import manual_seed
from nn import Parameter, init

SHAPE = (300, 100, 2)  # fan_in 200, fan_out 600


@pytest.fixture(autouse=True)
def seeded():
    manual_seed(0)


def drawn(function, *arguments, shape=SHAPE, **options):
    tensor = Parameter(autograd.empty(*shape, dtype=autograd.float64))
    assert function(tensor, *arguments, **options) is tensor
    assert tensor.is_leaf and tensor.requires_grad
    return tensor.detach().numpy()


def root_of(x):
    return pytest.approx(math.sqrt(x), rel=0.01)


UNIFORM = {
    "uniform_": (lambda: drawn(init.uniform_, -2.0, 3.0), -2, 3),
    "xavier_uniform_": (lambda: drawn(init.xavier_uniform_, 2.0), -2 * math.sqrt(6 / 800), 2 * math.sqrt(6 / 800)),
    "kaiming_uniform_": (lambda: drawn(init.kaiming_uniform_, 0.5), -math.sqrt(6 / 250), math.sqrt(6 / 250)),
    "kaiming_uniform_, tanh": (
        lambda: drawn(init.kaiming_uniform_, mode="fan_out", nonlinearity="tanh"),
        -5 / 3 * math.sqrt(3 / 600),
        5 / 3 * math.sqrt(3 / 600),
    ),
}


@pytest.mark.parametrize("case", UNIFORM)
def test_uniform(case):
    draw, low, high = UNIFORM[case]
    x = draw()
    assert low <= x.min() < low + (high - low) / 1000 and high - (high - low) / 1000 < x.max() <= high
    assert x.mean() == pytest.approx((low + high) / 2, abs=0.01 * (high - low))
    assert x.std() == root_of((high - low) ** 2 / 12)


NORMAL = {
    "normal_": (lambda: drawn(init.normal_, 3.0, 2.0), 3.0, 4.0),
    "xavier_normal_": (lambda: drawn(init.xavier_normal_, 2.0), 0.0, 4 * 2 / 800),
    "kaiming_normal_": (lambda: drawn(init.kaiming_normal_, nonlinearity="relu"), 0.0, 2 / 200),
    "kaiming_normal_, fan_out": (lambda: drawn(init.kaiming_normal_, mode="fan_out"), 0.0, 2 / 600),
}


@pytest.mark.parametrize("case", NORMAL)
def test_normal(case):
    draw, mean, variance = NORMAL[case]
    x = draw()
    assert x.mean() == pytest.approx(mean, abs=0.01 * math.sqrt(variance)) and x.std() == root_of(variance)
    z = (x - mean) / math.sqrt(variance)
    assert np.mean(np.abs(z) < 1) == pytest.approx(0.6827, abs=0.005)


@pytest.mark.parametrize(
    ("mean", "std", "a", "b"), [(0, 1, -2, 2), (0, 0.02, -2, 2), (1, 2, 0, 1.5), (0, 1, 5, 6), (0, 1, -30, -20)]
)
def test_truncated_normal(mean, std, a, b):
    """Also where hardly anything of the distribution is."""
    x = drawn(init.trunc_normal_, mean, std, a, b, shape=(20000,))
    assert a <= x.min() and x.max() <= b
    nearest = min(max(mean, a), b)
    grid = np.linspace(max(a, nearest - 9 * std), min(b, nearest + 9 * std), 200001)
    density = np.exp(((nearest - mean) ** 2 - (grid - mean) ** 2) / (2 * std**2))
    expected = (grid * density).sum() / density.sum()
    deviation = math.sqrt(((grid - expected) ** 2 * density).sum() / density.sum())
    assert x.mean() == pytest.approx(expected, abs=4 * deviation / math.sqrt(x.size))
    assert x.std() == pytest.approx(deviation, rel=0.03)


@pytest.mark.parametrize("shape", [(4, 4), (3, 5), (5, 3), (6, 2, 2)])
def test_orthogonal(shape):
    w = drawn(init.orthogonal_, 2.0, shape=shape).reshape(shape[0], -1)
    gram = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
    np.testing.assert_allclose(gram, 4 * np.eye(len(gram)), atol=1e-12)


def test_orthogonal_matrices_are_evenly_spread():
    """Without a correction of the signs, the first entry would never be positive."""
    assert 0.4 < np.mean([drawn(init.orthogonal_, shape=(2, 2))[0, 0] > 0 for _ in range(400)]) < 0.6


def test_constants():
    assert (drawn(init.constant_, 0.5) == 0.5).all()
    assert (drawn(init.zeros_) == 0).all() and (drawn(init.ones_) == 1).all()
    np.testing.assert_array_equal(drawn(init.eye_, shape=(2, 3)), np.eye(2, 3))


@pytest.mark.parametrize("name", [name for name in init.__all__ if name.endswith("_")])
def test_the_same_seed_draws_the_same_and_dtypes_stay(name):
    arguments = (0.5,) if name == "constant_" else ()
    first, second = autograd.empty(4, 3), autograd.empty(4, 3)
    for tensor in (first, second):
        manual_seed(3)
        assert getattr(init, name)(tensor, *arguments).dtype == autograd.float32
    assert (first == second).all()


def test_gains_are_pytorchs():
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    for name in [*init.GAINS, "leaky_relu"]:
        assert init.calculate_gain(name) == pytest.approx(torch.nn.init.calculate_gain(name), rel=1e-15)
    assert init.calculate_gain("leaky_relu", 3) == pytest.approx(math.sqrt(2 / 10))


def test_a_layer_without_connections_is_no_error():
    assert init.xavier_normal_(autograd.empty(0, 0)).shape == (0, 0)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: init.eye_(autograd.empty(2)), r"eye_: the identity has two axes, the tensor has shape \(2,\)"),
        (lambda: init.xavier_uniform_(autograd.empty(2)), "a weight has at least two axes"),
        (lambda: init.orthogonal_(autograd.empty(2)), "orthogonal_: a weight has at least two axes"),
        (lambda: init.kaiming_normal_(autograd.empty(2, 2), mode="in"), "mode must be 'fan_in' or 'fan_out', got 'in'"),
        (lambda: init.calculate_gain("swish"), "there is no gain for 'swish', only for linear, "),
        (lambda: init.trunc_normal_(autograd.empty(2), a=1, b=1), "a must be below b"),
        (lambda: init.trunc_normal_(autograd.empty(2), std=0), "std above 0"),
    ],
)
def test_errors_teach(act, message):
    with pytest.raises(ValueError, match=message):
        act()
