"""`check_gradients` accepts what is right, rejects what is wrong, and says why."""

import math
import random
from collections import namedtuple

import numpy as np
import pytest

import autograd
from autograd import Tensor, Value
from autograd.testing import GradientMismatch, check_gradients
from nn import MLP

rng = np.random.default_rng(0)
A, B = rng.standard_normal((3, 4)), rng.standard_normal((4, 2))


class Affine:
    """A module of tensors, which keeps them in several kinds of containers."""

    def __init__(self, inputs, outputs, dtype=np.float64):
        source = np.random.default_rng(1)
        self.weights = {"w": Tensor(source.standard_normal((outputs, inputs)).astype(dtype), True)}
        self.rest = [(Tensor(np.zeros(outputs, dtype), True), "b")]

    def __call__(self, x):
        return autograd.tanh(x @ self.weights["w"].T + self.rest[0][0])

    def parameters(self):
        return [self.weights["w"], self.rest[0][0]]


class Deep:
    """Modules in a module, one of them twice."""

    def __init__(self):
        self.first = Affine(3, 3)
        self.layers = [self.first, self.first, Affine(3, 1)]

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x.sum()

    def named_parameters(self):
        return [("first.w", self.first.parameters()[0]), ("last.w", self.layers[2].parameters()[0])]

    def parameters(self):
        return [p for _, p in self.named_parameters()]


@autograd.op(lambda a, y: 1.001 / (1 + autograd.exp(-a)))
def my_softplus(a):
    """A softplus whose derivative is 0.1 % off."""
    return np.log1p(np.exp(a))


@autograd.op(vjp=[lambda g, y, a, b: g * b, lambda g, y, a, b: g * b])
def my_product(a, b):
    """A product whose second derivative is that of the first operand."""
    return a * b


def failure(function, *inputs, **options):
    with pytest.raises(GradientMismatch) as caught:
        check_gradients(function, *inputs, **options)
    return caught.value


# ---------------------------------------------------------------------- what is right

Pair = namedtuple("Pair", "left right")

RIGHT = {
    "numbers": (lambda a, b: a * autograd.tanh(b) - a / b, 2.0, 3.0),
    "values": (lambda a, b: a * b.tanh() - a / b, Value(2.0), Value(3.0)),
    "a number beside a value": (lambda a, b: a * b, Value(2.0), 3.0),
    "an array beside a value": (lambda a, b: a * b[0] + autograd.dot(b, b), Value(2.0), A[0]),
    "arrays": (lambda a, b: np.sum(np.tanh(a @ b)), A, B),
    "tensors": (lambda a, b: (a @ b).softmax(1).prod(), Tensor(A), Tensor(B)),
    "of shape (1,)": (lambda a: (a * a).reshape(1), 2.0),
    "containers": (lambda p, q: (p["w"] @ q[0]).sum() + q[1][0].left * q[1][0].right, {"w": A}, [B, (Pair(1.0, 2.0),)]),
    "beside other things": (lambda a, n, how: (a**n).sum() if how == "power" else a, A, 3, "power"),
    "indices": (lambda a, i: (a[i] ** 2).sum(), A, np.array([0, 2, 2])),
    "single precision": (lambda a, b: (a @ b).tanh().sum(), A.astype(np.float32), B.astype(np.float32)),
    "half precision": (lambda a: a.tanh().sum(), A.astype(np.float16)),
    "complex": (lambda z: np.real(autograd.fft.ifft(z)).sum() + (np.imag(autograd.fft.fft(z)) ** 2).sum(), A[0] + 1j),
    "a module": (Deep(), Tensor(A[:, :3])),
    "a module as input": (lambda model, x: model(x) ** 2, Deep(), A[:, :3]),
    "a module of values": (MLP(3, [4, 1], "tanh", seed=0), [1.0, -2.0, 0.5]),
    "of size 0": (lambda a, b: a.sum() + b * b, np.zeros((0, 3)), 2.0),
    "a kink at a distance": (lambda a: a.relu() * 3, 1e-4),
    "a function with a gradient inside": (lambda a: autograd.grad(lambda b: (b**3).sum())(a).sum(), A),
    "large beside small": (lambda a, b: 1e8 * a + 1e-8 * b, 3.0, 5.0),
    "large numbers that cancel": (lambda a: (1e8 + a) - 1e8, 0.3),
    "gradients that cancel": (lambda a: ((a - a.mean()) ** 2).sum() + a.sum() - a.sum(), rng.standard_normal(500)),
    "near the edge of the domain": (lambda a: a.log() + a.sqrt(), 1e-7),
    "saturated": (lambda a: 1e6 * a.tanh().sum() + a.sigmoid().sum(), 30 * A),
}


@pytest.mark.parametrize("case", RIGHT.values(), ids=RIGHT)
def test_what_is_right_passes(case):
    function, *inputs = case
    check_gradients(function, *inputs)


@pytest.mark.parametrize("name", ["numbers", "values", "arrays", "a module"])
def test_third_order(name):
    function, *inputs = RIGHT[name]
    check_gradients(function, *inputs, order=3)


def test_outputs_are_projected_on_request():
    check_gradients(lambda a: {"x": a * 2, "y": [a.sum()]}, A, project=True)
    check_gradients(autograd.fft.rfft, A, project=True)
    assert failure(my_softplus, A, project=True).cause == "wrong rule"


def test_module_is_as_before():
    """The same parameters with the same numbers and gradients, whether the check passes or fails."""
    for model, x in ((Deep(), A[:, :3]), (MLP(2, [2, 1], "tanh", seed=0), [1.0, 2.0])):
        parameters = model.parameters()
        before = [(p, p.data if isinstance(p, Value) else p._data, p.grad) for p in parameters]
        numbers = [np.copy(p._data) for p in parameters]
        check_gradients(model, x)
        failure(lambda m, x: my_softplus(m(x)), model, x)
        for p, now, (same, data, grad), number in zip(parameters, model.parameters(), before, numbers, strict=True):
            assert (now is p is same and p.grad is grad) or p.grad == grad
            assert np.array_equal(p._data, number)
            assert not isinstance(p, Tensor) or p._data is data


def test_inputs_are_as_before():
    x, v = Tensor(A.copy(), True), Value(2.0)
    check_gradients(lambda x: x.exp().sum(), x)
    check_gradients(lambda v: v.exp(), v)
    assert np.array_equal(x.detach().numpy(), A) and x.grad is None
    assert (v.data, v.grad) == (2.0, 0.0)


# ---------------------------------------------------------------------- wrong rules


@pytest.mark.parametrize(
    ("function", "inputs", "operand", "gives", "numeric"),
    [
        (lambda a: my_softplus(a) * 3, (0.0,), 0, 0.5005, 0.5),
        (lambda a: my_softplus(a) * 3, (Value(0.0),), 0, 0.5005, 0.5),
        (lambda a: autograd.log(my_softplus(a.cos())).sum(), (A,), 0, None, None),
        (lambda a, b: my_product(a, b), (2.0, 5.0), 1, 5.0, 2.0),
        (lambda a, b: my_product(a, b).sum(), (A, 2 * A), 1, None, None),
        (lambda m, x: my_softplus(m(x)), (MLP(2, [3, 1], "tanh", seed=1), [0.5, 1.0]), 0, None, None),
    ],
)
def test_guilty_operation_is_named(function, inputs, operand, gives, numeric):
    error = failure(function, *inputs)
    assert error.cause == "wrong rule"
    assert error.op in (my_softplus, my_product)
    assert error.operand == operand
    assert error.site.startswith("test_check_gradients.py:")
    message = str(error)
    assert f"wrong rule: {error.op.name} (operand {operand}), created at {error.site}" in message
    if gives is not None:
        assert f"rule gives {gives:.10g}, numeric {numeric:.10g}"[:20] in message
    assert error.difference.error > 1e9  # in expected roundings


def test_worst_entry_is_named():
    error = np.array([[1.0, 1.0, 1.0], [1.01, 1.2, 1.0]])

    @autograd.op(vjp=lambda g, y, a: g * 2 * error * a)
    def my_square(a):
        return a * a

    found = failure(lambda p: my_square(p["a"]).sum(), {"a": np.full((2, 3), 25.0)}).difference
    assert (found.place, found.coordinate, found.mode, found.order) == ("p['a'][1, 1]", 4, "reverse", 1)
    assert math.isclose(found.analytic, 60.0) and math.isclose(found.numeric, 50.0)


def test_rule_that_cannot_be_differentiated_again():
    @autograd.op(lambda a, y: autograd.where(True, np.exp(a.data if isinstance(a, Value) else a), 0.0))
    def my_exp(a):
        return np.exp(a)

    check_gradients(my_exp, Value(1.0), order=1)
    error = failure(my_exp, Value(1.0))
    assert (error.cause, error.op, error.difference.order) == ("wrong rule", my_exp, 2)
    assert "rule differentiated to order 2 gives 0, numeric 2.718" in str(error)


def test_wrong_forward_mode():
    @autograd.op(vjp=lambda g, y, a: 2 * a * g, linear="jointly")  # it is not
    def my_square(a):
        return a * a

    check_gradients(lambda a: my_square(a).sum(), A, modes=["reverse"], order=1)
    error = failure(lambda a: my_square(a).sum(), A, order=1)
    assert (error.cause, error.op, error.difference.mode) == ("wrong rule", my_square, "forward")


def test_tolerances_excuse():
    check_gradients(lambda a: my_softplus(a), 0.3, rtol=0.002)
    check_gradients(lambda a: my_softplus(a), 0.3, atol=0.001)


def test_one_wrong_entry_in_a_thousand():
    """A single derivative that is 1 % off is seen along a random direction, and found by halving."""
    w = rng.standard_normal(1000)
    error = np.ones(1000)
    error[637] = 1.01

    @autograd.op(vjp=lambda g, y, a: g * error)
    def same(a):
        return a + 0.0

    found = failure(lambda w: (same(w) ** 2).sum(), w)
    assert (found.op, found.difference.place) == (same, "w[637]")


# ---------------------------------------------------------------------- how many evaluations


def count_calls(**options):
    model, calls = Affine(99, 10), []

    def loss(model, x):
        calls.append(None)
        return model(x).sum()

    check_gradients(loss, model, np.arange(99) - 50, order=1, **options)
    return len(calls)


def test_thousand_parameters_take_a_directional_number_of_evaluations():
    assert count_calls() < 50
    assert count_calls(exhaustive=True) > 1000


# ---------------------------------------------------------------------- other causes

KINKS = {
    "relu": (lambda a: a.relu() * 2, (0.0,), "relu (operand 0)"),
    "on a value": (lambda a: a.relu() * 2, (Value(0.0),), "relu (operand 0)"),
    "a tie": (lambda a, b: autograd.maximum(a, b) + a, (1.5, 1.5), "max"),
    "in an array": (lambda a: a.abs().sum(), (np.array([1.0, 0.0, 2.0]),), "abs (operand 0)"),
    "of the second derivative": (lambda a: (a**3).relu() * 2, (0.0,), "relu"),
    "beyond the shortest step": (lambda a: (a * 1e6 - 1e6).relu(), (1.0 - 1e-11,), "relu"),
    "a jump": (lambda a: a.floor() * a, (2.0,), "floor (operand 0)"),
    "of an array operation": (lambda a: a.amax(), (np.array([1.0, 2.0, 2.0]),), "amax"),
}


@pytest.mark.parametrize("case", KINKS.values(), ids=KINKS)
def test_kinks_are_no_wrong_rules(case):
    function, inputs, name = case
    error = failure(function, *inputs)
    assert error.cause == "kink"
    assert name in str(error)
    assert "move the inputs" in str(error)


def test_wrong_slope_at_a_kink_is_a_wrong_rule():
    @autograd.op(lambda a, y: autograd.where(a > 0, 1.0, -3.0))
    def odd(a):
        return np.maximum(a, 0)

    error = failure(odd, 0.0)
    assert (error.cause, error.op) == ("wrong rule", odd)


def test_cancellation():
    error = failure(lambda x: (1 - x.cos()) / x**2, 1e-8)
    assert (error.cause, error.op) == ("cancellation", autograd.sub)
    assert "16 of 16 digits" in str(error)


CUTS = {
    "detach": (lambda a: a.detach() * a, (1.5,), "operand 0 of mul"),
    "data": (lambda a: a + a.data.exp(), (1.5,), "operand 1 of add"),
    "a new leaf": (lambda a: Value(a.data) * a, (Value(1.5),), "operand 0 of mul"),
    "a number": (lambda a: a * math.sin(a.data), (Value(1.5),), "operand 1 of mul"),
    "wholly": (lambda a: a.item() * 2.0, (1.5,), "moves with a"),
    "one of two": (lambda a, b: a.detach() * b, (1.5, 2.0), "moves with a"),
}


@pytest.mark.parametrize("case", CUTS.values(), ids=CUTS)
def test_cut_graphs(case):
    function, inputs, where = case
    error = failure(function, *inputs)
    assert error.cause == "cut graph"
    assert where in str(error)


@pytest.mark.parametrize(
    ("draw", "whose"),
    [
        (np.random.rand, "it draws from numpy.random:"),
        (random.random, "it draws from random:"),
        (lambda: autograd.rand(1).item(), "it draws from autograd's generator:"),
        (lambda: np.random.default_rng().random(), "not deterministic: it gave"),
    ],
)
def test_random_functions(draw, whose):
    error = failure(lambda a: a * draw(), 1.0)
    assert error.cause == "non-deterministic"
    assert whose in str(error)


def test_functions_that_seed_themselves_are_deterministic():
    def noisy(a):
        autograd.manual_seed(0)
        return (a * autograd.randn(3, dtype="double")).sum()

    check_gradients(noisy, 2.0)


def test_not_finite():
    error = failure(lambda a: a.log() * 2, -1.0)
    assert (error.cause, error.op) == ("not finite", autograd.log)
    assert failure(lambda a: a, math.inf).cause == "not finite"
    error = failure(lambda a: a.sqrt() + 1, 0.0)
    assert (error.cause, error.op) == ("not finite", autograd.sqrt)


def test_what_nothing_explains():
    def doubled(a):
        y = a * 3.0
        y.register_hook(lambda g: 2 * g)
        return y

    assert failure(doubled, 1.0).cause == "unexplained"


# ---------------------------------------------------------------------- bad input


def writes_to_constant(a, indices):
    indices += 1
    return a * 2


def writes_to_parameter(model, x):
    model.parameters()[0]._data += 1.0
    return model(x).sum()


def writes_to_leaf(a):
    a.detach().add_(1.0)
    return a * 2


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: check_gradients(lambda a: a * 2, A), TypeError, r"gave shape \(3, 4\), must give one real number"),
        (lambda: check_gradients(lambda a: (a, a), 1.0), TypeError, "gave a tuple, must give one number"),
        (lambda: check_gradients(lambda a: [a], 1.0), TypeError, "gave a list, must give one number"),
        (lambda: check_gradients(lambda a: None, 1.0), TypeError, "gave a NoneType, must give one number"),
        (lambda: check_gradients(lambda a: "a", 1.0), TypeError, "gave 'a', a str: must give one number"),
        (lambda: check_gradients(lambda a: 3, 1.0), TypeError, "gave int, which has no derivative"),
        (lambda: check_gradients(lambda a: a > 0, Value(1.0)), TypeError, "gave bool, which has no derivative"),
        (lambda: check_gradients(lambda a: a.round().long(), 1.0), TypeError, "gave int64, which has no derivative"),
        (lambda: check_gradients(lambda a: autograd.fft.fft(a)[0], A[0]), TypeError, "gave a complex number"),
        (lambda: check_gradients(lambda a, b: a * 2, 1.0, 2.0), ValueError, "ignores b: leave it out"),
        (lambda: check_gradients(writes_to_constant, 1.0, np.arange(2)), RuntimeError, "in place: let it work on"),
        (lambda: check_gradients(writes_to_leaf, 1.0), RuntimeError, "changes a in place"),
        (lambda: check_gradients(writes_to_parameter, Affine(2, 2), A[:, :2]), RuntimeError, "changes model.param"),
        (lambda: check_gradients(lambda a: a * 2, 1), TypeError, "nothing to differentiate by: got int: give floats"),
        (lambda: check_gradients(lambda: 1.0), TypeError, "nothing to differentiate by: got nothing"),
        (lambda: check_gradients(3.0, 1.0), TypeError, "checks a function, got 3.0"),
        (lambda: check_gradients(np.exp, 1.0, order=0), ValueError, "order must be a whole number from 1 on, got 0"),
        (lambda: check_gradients(np.exp, 1.0, order=True), ValueError, "order must be a whole number"),
        (lambda: check_gradients(np.exp, 1.0, modes="reverse"), ValueError, "modes must be of"),
        (lambda: check_gradients(np.exp, 1.0, modes=["sideways"]), ValueError, "modes must be of"),
        (lambda: check_gradients(np.exp, 1.0, modes=[]), ValueError, "modes must be of"),
    ],
)  # fmt: skip
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_unused_inputs_on_request():
    check_gradients(lambda a, b: a * 2, 1.0, 2.0, allow_unused=True)


def test_errors_of_the_function_are_its_own():
    with pytest.raises(ZeroDivisionError):
        check_gradients(lambda a: a * (1 // 0), 1.0)
