"""Transforms and what is around them: closed-over tensors, modes, exceptions, wrong arguments; both modes compared."""

import math

import numpy as np
import pytest

import autograd
from autograd import (
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

# ---------------------------------------------------------------------- tensors that are closed over


def test_results_are_connected_with_tensors_that_are_closed_over():
    w = autograd.tensor(2.0, requires_grad=True, dtype=np.float64)
    f = lambda x: w**2 * x**3
    for found, by_w in (
        (grad(f)(3.0), 2 * 2.0 * 27), (value_and_grad(f)(3.0)[0], 2 * 2.0 * 27), (vjp(f, 3.0)[1](1.0)[0], 2 * 2.0 * 27),
        (vjp(f, 3.0)[0], 2 * 2.0 * 27), (jvp(f, (3.0,), (1.0,))[1], 2 * 2.0 * 27), (jvp(f, (3.0,), (1.0,))[0],
        2 * 2.0 * 27),
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


UNRECORDED = {
    "a row": lambda x: x * 2,
    "a row of two": lambda x: x * x,
    "a linear op": lambda x: x[::-1],
    "an op that is linear in each": lambda x: np.outer(x, x)[0],
    "any other op": lambda x: np.cumprod(x),
    "a reduction": lambda x: np.sum(x) + 0 * x.shape[0],
    "a transform": lambda x: jvp(np.sin, (x.detach(),), (x.detach(),))[1],
}


@pytest.mark.parametrize("name", UNRECORDED)
def test_what_a_function_computes_under_no_grad_is_a_constant(name):
    """Of every transform, to the second order; what it computes by `enable_grad` inside is none."""

    def f(x):
        with no_grad():
            y = UNRECORDED[name](x)
            with enable_grad():
                z = x * x
        return np.sum(x * x * y) + np.sum(z)

    def g(x):
        return np.sum(x * x * y) + np.sum(x * x)

    a, t = np.array([1.0, 2.0]), np.array([3.0, -1.0])
    y = UNRECORDED[name](autograd.tensor(a)).numpy()
    for derivative in (
        lambda f: grad(f)(a), lambda f: hessian(f)(a), lambda f: jvp(f, (a,), (t,)), lambda f: hvp(f, (a,), (t,)),
        lambda f: vjp(f, a)[1](1.0)[0], lambda f: grad(lambda x: jvp(f, (x,), (t,))[1])(a),
        lambda f: jvp(lambda x: jvp(f, (x,), (t,))[1], (a,), (t,))[1],
    ):  # fmt: skip
        np.testing.assert_allclose(derivative(f), derivative(g), rtol=1e-14)
        with no_grad():
            np.testing.assert_allclose(derivative(f), derivative(g), rtol=1e-14)


class StopError(Exception):
    pass


def stop(*_):
    raise StopError


TRANSFORMS = {
    "grad": lambda f, x: grad(f)(x), "vjp": lambda f, x: vjp(f, x), "jvp": lambda f, x: jvp(f, (x,), (x,)),
    "jacobian": lambda f, x: jacobian(f)(x), "hessian": lambda f, x: hessian(f)(x), "hvp": lambda f, x: hvp(f, (x,),
    (x,)),
    "grad of grad": lambda f, x: grad(lambda y: np.sum(grad(f)(y)))(x), "jvp of grad": lambda f, x: jvp(grad(f), (x,),
    (x,)),
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
            if f is functions[0] or name != "vjp":
                with pytest.raises(StopError):
                    TRANSFORMS[name](f, x)
            recording = (x * 1).requires_grad
            assert recording == (mode is enable_grad)
        assert w.grad.tolist() == [3.0, 3.0] and x.grad is None and x.op is None and x.requires_grad
        assert grad(lambda x: np.sum(w.detach() * x * x))(np.array([3.0, 4.0])).tolist() == [6.0, 16.0]
        assert jvp(lambda x: np.sum(x * x), (2.0,), (1.0,)) == (4.0, 4.0)
    assert w.grad.tolist() == [3.0, 3.0]


# ---------------------------------------------------------------------- wrong arguments

total = lambda tree: sum(tree.values())
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
    (lambda: jvp(np.sin, (np.arange(3),), (np.arange(3),)), TypeError, "jvp: has no derivative by an array of int64"),
    (lambda: vjp(lambda x: x, "a"), TypeError, "vjp: has no derivative by 'a'"),
    (lambda: jacobian(lambda x: x)(True), TypeError, "jacobian: has no derivative by True"),
    (lambda: hessian(lambda x: x)("a"), TypeError, "has no derivative by 'a'"),
    (lambda: grad(lambda x: x)(X), TypeError, r"grad: <lambda> gave shape \(2,\), must give one number: see jacobian"),
    (lambda: grad(lambda x: (x, x))(1.0), TypeError, "one number: with has_aux=True the second"),
    (lambda: grad(lambda x: {"a": x})(1.0), TypeError, "gave a dict, must give one number"),
    (lambda: grad(lambda x: None)(1.0), TypeError, "gave a NoneType, must give one number"),
    (lambda: grad(lambda x: "a")(1.0), TypeError, "gave a str, must give one number"),
    (lambda: grad(lambda x: x > 0)(1.0), TypeError, "gave bool, which has no derivative"),
    (lambda: grad(lambda x: x.astype(int))(1.0), TypeError, "gave int64, which has no derivative"),
    (lambda: jacobian(lambda x: x > 0)(X), TypeError, "jacobian: <lambda> gave bool, which has no derivative"),
    (lambda: jacobian(np.argsort)(X), TypeError, "jacobian: argsort gave int64, which has no derivative"),
    (lambda: jacobian(lambda x: {"a": x, "b": x.astype(int)})(X), TypeError, "jacobian: <lambda> gave int64"),
    (lambda: jvp(np.sin, (X,), (1j * X,)), TypeError, "jvp: a complex128 tangent of a float64 argument: give real"),
    (lambda: vjp(np.sin, X)[1](1j * X), TypeError, "a complex128 gradient of a float64 tensor: give real numbers"),
    (lambda: grad(lambda x: x, has_aux=True)(1.0), TypeError, "with has_aux .* a pair, it gave Tensor"),
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
    (lambda: jvp(np.sin, (1.0,), (1.0, 2.0)), ValueError, "tangents must have the structure .*: a list of 2"),
    (lambda: jvp(np.sin, (X,), (np.ones(3),)), ValueError, r"jvp: tangent \(3,\) must have the shape of the argument"),
    (lambda: jvp(np.sin, (X,), (1.0,)), ValueError, r"jvp: tangent \(\) must have the shape of the argument, \(2,\)"),
    (lambda: jvp(total, ({"a": 1.0},), ([1.0],)), ValueError, "a list of 1 in the place of a dictionary of 'a'"),
    (lambda: jvp(total, ({"a": 1.0},), ({"b": 1.0},)), ValueError, "a dictionary of 'b' in the place of a dictionary"),
    (lambda: jvp(np.add, ([1.0], 2.0), (1.0, [2.0])), ValueError, "a number or array in the place of a list of 1"),
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


@pytest.mark.parametrize(
    "drops",
    [
        lambda v: math.sin(v[0]),
        lambda v: v[0] * float(v[1]),
        lambda v: np.sum(np.fromiter((x * 2 for x in v), float)),
        lambda v: _written_into(np.zeros(2), v),
    ],
)
@pytest.mark.parametrize("differentiate", [lambda f, x: autograd.grad(f)(x), lambda f, x: autograd.jvp(f, (x,), (x,))])
def test_no_tensor_becomes_a_plain_number_unnoticed(drops, differentiate):
    with pytest.raises((TypeError, ValueError), match=r"plain number|setting an array element"):
        differentiate(drops, np.ones(2))
    assert float(autograd.tensor(2.0, requires_grad=True) * 3) == 6.0  # outside it is no secret


def _written_into(array, v):
    array[0] = v[1] * 3
    return np.sum(array)
