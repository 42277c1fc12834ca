"""Transforms and what is around them: tensors that are closed over, modes, exceptions, wrong arguments; forward mode."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st

import autograd
from autograd import (
    TABLE,
    Tensor,
    Value,
    enable_grad,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    no_grad,
    value_and_grad,
    vjp,
)
from autograd.arrays import convolution, linear_algebra, pooling, windows  # noqa: F401 - they fill the table
from autograd.op import Elementwise

from . import strategies
from .array_cases import CASES, FUNCTIONS, WITHOUT_GRADIENT
from .arrays import broadcasting, fewer, seeds
from .test_tensor_rows import numbers_for

# ---------------------------------------------------------------------- tensors that are closed over


def test_results_are_connected_with_tensors_that_are_closed_over():
    w = autograd.tensor(2.0, requires_grad=True, dtype=np.float64)
    f = lambda x: w**2 * x**3
    for found, by_w in (
        (grad(f)(3.0), 2 * 2.0 * 27), (value_and_grad(f)(3.0)[0], 2 * 2.0 * 27), (vjp(f, 3.0)[1](1.0)[0], 2 * 2.0 * 27),
        (vjp(f, 3.0)[0], 2 * 2.0 * 27), (jvp(f, (3.0,), (1.0,))[1], 2 * 2.0 * 27), (jvp(f, (3.0,), (1.0,))[0], 2 * 2.0 * 27),
        (jacobian(f)(3.0), 2 * 2.0 * 27), (hessian(f)(3.0), 2 * 2.0 * 18), (hvp(f, (3.0,), (1.0,)), 2 * 2.0 * 18),
        (grad(grad(f))(3.0), 2 * 2.0 * 18), (grad(lambda x: (f(x), f(x)), has_aux=True)(3.0)[1], 2 * 2.0 * 27),
    ):  # fmt: skip
        assert type(found) is Tensor and found.requires_grad and w.grad is None
        found.backward()
        assert w.grad.item() == by_w
        w.zero_grad()


def test_a_gradient_penalty_trains_a_network():
    """The slope by the input is differentiated by the weights, as in a network that is to be smooth."""
    W = autograd.tensor(np.array([[0.5, -1.0], [2.0, 0.3]]), requires_grad=True)
    x = np.array([0.2, -0.4])
    slope = grad(lambda x: np.sum(np.tanh(W @ x)))(x)
    np.sum(slope**2).backward()
    penalty = lambda W: np.sum(grad(lambda x: np.sum(np.tanh(W @ x)))(x) ** 2)
    step = 1e-6
    for place in np.ndindex(2, 2):
        unit = np.zeros((2, 2))
        unit[place] = step
        expected = (penalty(W.detach().numpy() + unit) - penalty(W.detach().numpy() - unit)) / (2 * step)
        assert math.isclose(W.grad.numpy()[place], expected, rel_tol=1e-7)


def test_given_tensors_that_require_grad_stay_connected():
    x = autograd.tensor([1.0, 2.0], requires_grad=True)
    slope = grad(lambda x: np.sum(x**3))(x)
    assert x.grad is None
    slope.sum().backward()
    assert x.grad.tolist() == [6.0, 12.0]
    value, pullback = vjp(lambda x: x**2, x * 1)
    x.zero_grad()
    (pulled,) = pullback(autograd.ones(2))
    (value.sum() + pulled.sum()).backward()
    assert x.grad.tolist() == [4.0, 6.0]


@pytest.mark.parametrize("first", [True, False], ids=["constant first", "constant last"])
def test_forward_mode_beside_constant_tensors(first):
    """A dual number and a constant tensor in one array op, whichever comes first."""
    C, x = autograd.tensor(np.array([[1.0, 2.0], [3.0, 4.0]])), np.array([1.0, -1.0])
    order = (lambda a, b: (a, b)) if first else (lambda a, b: (b, a))
    for op in (lambda *ab: np.matmul(*ab), lambda *ab: np.einsum("ij,...j->i" if first else "...j,ij->i", *ab)):
        _, slope = jvp(lambda x, op=op: op(*order(C, x)), (x,), (x,))
        np.testing.assert_allclose(slope, op(*order(C.numpy(), x)))
    _, slope = jvp(lambda x: np.concatenate(order(C[0], x)), (x,), (x,))
    assert slope.tolist() == np.concatenate(order(np.zeros(2), x)).tolist()
    np.testing.assert_allclose(hvp(lambda x: np.sum(np.dot(*order(C, x)) ** 2), (x,), (x,)),
                               2 * (C.numpy().T @ C.numpy() if first else C.numpy() @ C.numpy().T) @ x)  # fmt: skip


# ---------------------------------------------------------------------- modes and exceptions


def test_transforms_work_inside_no_grad():
    f = lambda x: np.sum(x**3)
    x = np.array([1.0, 2.0])
    with no_grad():
        assert grad(f)(x).tolist() == [3.0, 12.0]
        assert np.array_equal(hessian(f)(x), np.diag(6 * x)) and jvp(f, (x,), (x,))[1] == 27.0
        assert hvp(f, (x,), (x,)).tolist() == [6.0, 24.0] and vjp(f, x)[1](1.0)[0].tolist() == [3.0, 12.0]
        assert np.array_equal(jacobian(grad(f))(x), np.diag(6 * x))
        assert not (autograd.tensor(1.0, requires_grad=True) * 2).requires_grad
    assert grad(lambda x: x * (lambda: no_grad()(lambda: x * 1)())())(3.0) == 3.0  # inside, the function decides


class Stop(Exception):
    pass


def stop(*_):
    raise Stop


TRANSFORMS = {
    "grad": lambda f, x: grad(f)(x), "vjp": lambda f, x: vjp(f, x), "jvp": lambda f, x: jvp(f, (x,), (x,)),
    "jacobian": lambda f, x: jacobian(f)(x), "hessian": lambda f, x: hessian(f)(x), "hvp": lambda f, x: hvp(f, (x,), (x,)),
    "grad of grad": lambda f, x: grad(lambda y: np.sum(grad(f)(y)))(x), "jvp of grad": lambda f, x: jvp(grad(f), (x,), (x,)),
}  # fmt: skip


@pytest.mark.parametrize("name", TRANSFORMS)
@pytest.mark.parametrize("mode", [enable_grad, no_grad])
def test_exceptions_leave_everything_as_it_was(name, mode):
    w = autograd.tensor([1.0, 2.0], requires_grad=True)
    (w * 3).sum().backward()
    x = autograd.tensor([3.0, 4.0], requires_grad=True)
    raising = autograd.op(stop)(lambda a: a * 2)  # forward it works
    functions = [lambda x: stop(np.sum(w * x)), lambda x: np.sum(raising(w * x) * w)]
    with mode():
        for f in functions:
            if f is functions[0] or name not in ("vjp",):
                with pytest.raises(Stop):
                    TRANSFORMS[name](f, x)
            recording = (x * 1).requires_grad
            assert recording == (mode is enable_grad)
        assert w.grad.tolist() == [3.0, 3.0] and x.grad is None and x.op is None and x.requires_grad
        assert grad(lambda x: np.sum(w.detach() * x * x))(np.array([3.0, 4.0])).tolist() == [6.0, 16.0]
        assert jvp(lambda x: np.sum(x * x), (2.0,), (1.0,)) == (4.0, 4.0)
    assert w.grad.tolist() == [3.0, 3.0]


# ---------------------------------------------------------------------- wrong arguments

X = np.array([1.0, 2.0])
WRONG = [
    (lambda: grad(lambda x: x)(True), TypeError, "grad: has no derivative by True, a bool"),
    (lambda: grad(lambda x: x)("3"), TypeError, "grad: has no derivative by '3', a str"),
    (lambda: grad(lambda x: x)(np.arange(3)), TypeError, r"by an array of int64: write x\.astype\(float\)"),
    (lambda: grad(lambda x: x)(np.int64(3)), TypeError, r"by an array of int64: write x\.astype\(float\)"),
    (lambda: grad(lambda x: x)(autograd.tensor([1, 2])), TypeError, "by an array of int64"),
    (lambda: grad(lambda x: x)(X > 1), TypeError, "by an array of bool"),
    (lambda: grad(lambda x: x)(1j), TypeError, "has no derivative by 1j"),
    (lambda: grad(lambda x: x)({1.0}), TypeError, "by {1.0}, a set"),
    (lambda: grad(lambda x: x[0])([1.0, "a"]), TypeError, "grad: has no derivative by 'a'"),
    (lambda: grad(lambda x: x)(Value(2.0)), TypeError, "a Value: give floats or arrays"),
    (lambda: jvp(lambda x: x, (np.arange(3),), (np.arange(3),)), TypeError, "jvp: has no derivative by an array of int64"),
    (lambda: vjp(lambda x: x, "a"), TypeError, "vjp: has no derivative by 'a'"),
    (lambda: jacobian(lambda x: x)(True), TypeError, "jacobian: has no derivative by True"),
    (lambda: hessian(lambda x: x)("a"), TypeError, "has no derivative by 'a'"),
    (lambda: grad(lambda x: x)(X), TypeError, r"grad: <lambda> gave shape \(2,\), must give one number: see jacobian"),
    (lambda: grad(lambda x: (x, x))(1.0), TypeError, "gave a tuple, must give one number: with has_aux=True the second"),
    (lambda: grad(lambda x: {"a": x})(1.0), TypeError, "gave a dict, must give one number"),
    (lambda: grad(lambda x: None)(1.0), TypeError, "gave a NoneType, must give one number"),
    (lambda: grad(lambda x: "a")(1.0), TypeError, "gave a str, must give one number"),
    (lambda: grad(lambda x: x > 0)(1.0), TypeError, "gave bool, which has no derivative"),
    (lambda: grad(lambda x: x.astype(int))(1.0), TypeError, "gave int64, which has no derivative"),
    (lambda: grad(lambda x: x, has_aux=True)(1.0), TypeError, "with has_aux the function must return a pair, it gave Tensor"),
    (lambda: jvp(lambda x: (x, x, x), (1.0,), (1.0,), has_aux=True), TypeError, "jvp: with has_aux"),
    (lambda: grad(lambda x: x, argnums=1)(1.0), TypeError, "grad: argument 1 does not exist, there are 1"),
    (lambda: grad(lambda x: x, argnums=-2)(1.0), TypeError, "grad: argument -2 does not exist"),
    (lambda: grad(lambda x: x, argnums="x")(1.0), TypeError, "argnums must be an int or a tuple of them, got 'x'"),
    (lambda: grad(lambda x: x, argnums=0.0)(1.0), TypeError, "argnums must be an int or a tuple of them, got 0.0"),
    (lambda: grad(lambda x, y: x, argnums=(0, -2))(1.0, 2.0), ValueError, r"argnums \(0, -2\) names an argument twice"),
    (lambda: grad(lambda x: x)(x=1.0), TypeError, "grad: argument 0 does not exist, there are 0"),
    (lambda: grad(3.0), TypeError, "grad: differentiates a function, got 3.0, a float"),
    (lambda: value_and_grad(3.0), TypeError, "differentiates a function"),
    (lambda: jacobian(3.0), TypeError, "jacobian: differentiates a function"),
    (lambda: vjp(3.0, 1.0), TypeError, "vjp: differentiates a function"),
    (lambda: jvp(3.0, (1.0,), (1.0,)), TypeError, "jvp: differentiates a function"),
    (lambda: jvp(np.sin, 1.0, 1.0), TypeError, "jvp: primals and tangents must be tuples"),
    (lambda: hvp(np.sin, 1.0, 1.0), TypeError, "hvp: primals and tangents must be tuples"),
    (lambda: jvp(np.sin, (1.0,), (1.0, 2.0)), ValueError, "jvp: tangents must have the structure of the arguments: a list of 2"),
    (lambda: jvp(np.sin, (X,), (np.ones(3),)), ValueError, r"jvp: tangent \(3,\) must have the shape of the argument, \(2,\)"),
    (lambda: jvp(np.sin, (X,), (1.0,)), ValueError, r"jvp: tangent \(\) must have the shape"),
    (lambda: jvp(lambda d: d["a"], ({"a": 1.0},), ([1.0],)), ValueError, "a list of 1 in the place of a dictionary of 'a'"),
    (lambda: jvp(lambda d: d["a"], ({"a": 1.0},), ({"b": 1.0},)), ValueError, "a dictionary of 'b' in the place of a dictionary"),
    (lambda: jvp(lambda x, y: x, ([1.0], 2.0), (1.0, [2.0])), ValueError, "a number or array in the place of a list of 1"),
    (lambda: jvp(np.sin, (1.0,), (None,)), ValueError, "None in the place of a number or array"),
    (lambda: jvp(lambda x, _: x, (1.0, None), (1.0, 1.0)), ValueError, "a number or array in the place of None"),
    (lambda: jvp(np.sin, (1.0,), ("a",)), TypeError, "must be numbers, got 'a'"),
    (lambda: hvp(lambda x: np.sum(x), (X,), (1.0,)), ValueError, r"tangent \(\) must have the shape"),
    (lambda: vjp(np.sin, X)[1](np.ones(3)), ValueError, r"vjp: cotangent \(3,\) must have the output's shape, \(2,\)"),
    (lambda: vjp(lambda x: (x, x), X)[1](X), ValueError, "vjp: the cotangent must have the structure of the output"),
    (lambda: vjp(lambda x: (x, x), X)[1]((X, None)), ValueError, "None in the place of a number or array"),
    (lambda: jvp(lambda x: x.__setitem__(0, 1.0), (X,), (X,)), TypeError, "a dual number cannot be changed in place"),
    (lambda: jvp(np.asarray, (X,), (X,)), RuntimeError, "a dual number is no array, it would lose its tangent"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "message"), WRONG, ids=range(len(WRONG)))
def test_wrong_arguments_raise_at_the_call_in_one_line(call, error, message):
    with pytest.raises(error, match=message) as caught:
        call()
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 160


# ---------------------------------------------------------------------- forward mode is reverse mode transposed


def inner(a, b):
    return sum(float(np.sum(x * y)) for x, y in zip(a, b, strict=True))


def assert_transposed(function, arrays, seed):
    """⟨u, J v⟩ = ⟨Jᵀ u, v⟩; and once more for the function whose value is Jᵀ u, where J v is a function of x."""
    several = lambda *xs: (lambda y: tuple(y) if isinstance(y, (tuple, list)) else (y,))(function(*xs))
    source = np.random.default_rng(seed)
    directions = tuple(source.uniform(0.5, 1.5, a.shape) for a in arrays)
    value, along = jvp(several, tuple(arrays), directions)
    value_too, pullback = vjp(several, *arrays)
    for y, z, slope in zip(value, value_too, along, strict=True):
        assert np.array_equal(y, z, equal_nan=True) and np.shape(slope) == np.shape(y)
    upstream = tuple(source.uniform(0.5, 1.5, np.shape(y)) for y in value)
    pulled = pullback(upstream)
    scale = 1 + inner(map(np.abs, upstream), map(np.abs, along)) + inner(map(np.abs, pulled), map(np.abs, directions))
    assert abs(inner(upstream, along) - inner(pulled, directions)) <= 1e-10 * scale
    slopes = lambda *xs: vjp(several, *xs)[1](upstream)
    forward = jvp(slopes, tuple(arrays), directions)[1]  # H v
    backward = vjp(lambda *xs: jvp(several, xs, directions)[1], *arrays)[1](upstream)  # the same, the other way round
    for a, b in zip(forward, backward, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9 * (1 + np.abs(b).max(initial=0)))


@pytest.mark.parametrize("op", [op for op in TABLE.values() if isinstance(op, Elementwise)], ids=lambda op: op.name)
@fewer
@given(data=st.data())
def test_rows_forward_and_backward(op, data):
    arrays = numbers_for(op, data.draw(broadcasting(op.arity, most=2)), data.draw(seeds))
    assert_transposed(op, arrays, data.draw(seeds))


@pytest.mark.parametrize("op", [op for op in TABLE.values() if isinstance(op, Elementwise)], ids=lambda op: op.name)
def test_rows_at_second_order_on_numbers(op):
    """Forward over reverse, reverse over forward and forward over forward: one second derivative."""
    point = strategies.sample(op, 1)[0]
    for i, x in enumerate(point):
        f = lambda x, i=i: op(*point[:i], x, *point[i + 1 :])
        along = lambda x, f=f: jvp(f, (x,), (1.0,))[1]
        expected = Value(x)
        (slope := f(expected)).backward(create_graph=True)
        slope, expected.grad = expected.grad, None
        if isinstance(slope, Value):
            slope.backward()
        second = 0.0 if expected.grad is None else expected.grad
        for found in (
            grad(grad(f)),
            grad(along),
            lambda x, f=f: jvp(grad(f), (x,), (1.0,))[1],
            hessian(f),
            lambda x, g=along: jvp(g, (x,), (1.0,))[1],
        ):
            assert math.isclose(found(x), second, rel_tol=1e-9, abs_tol=1e-9)


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name not in WITHOUT_GRADIENT])
@fewer
@given(data=st.data())
def test_functions_forward_and_backward(name, data):
    case = data.draw(CASES[name])
    floating = lambda *xs: [y for y in _each(case.call(FUNCTIONS[name], *xs)) if y.dtype.kind == "f"]
    assert_transposed(floating, [np.ascontiguousarray(a) for a in case.arrays], data.draw(seeds))


def _each(y):
    return y if isinstance(y, (tuple, list)) else [y]
