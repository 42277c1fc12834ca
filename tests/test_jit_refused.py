"""What a compiled function cannot do, and the error that says so."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
from autograd import Value, jit, no_grad, tensor

X = np.array([0.5, -1.0, 2.0])


def energy(x):
    return (np.exp(x) * x).sum()


REFUSED = {
    "if": (lambda x: x if x.sum() > 0 else -x, "bool: .*where"),
    "float": (lambda x: float(x.sum()) * x, "a plain number is needed"),
    "item": (lambda x: x * x.sum().item(), "a plain number is needed"),
    "tolist": (lambda x: x.tolist(), "a plain number is needed"),
    "index": (lambda x: [1, 2, 3][x.argmax()] * x, "a plain number is needed"),
    "range": (lambda x: sum(x for _ in range(x.long().sum())), "a plain number is needed"),
    "format": (lambda x: f"{x.sum():.2f}", "a plain number is needed"),
    "numpy": (lambda x: x.numpy(), "numpy"),
    "asarray": (lambda x: np.asarray(x), "numpy"),
    "mask": (lambda x: x[x > 0], r"\[ \]: how many elements a mask selects"),
    "nonzero": (lambda x: np.nonzero(x), "np.nonzero"),
    "random": (lambda x: x * autograd.rand(3), "rand: random numbers would be drawn only once"),
    "permutation": (lambda x: x[autograd.randperm(3)], "randperm"),
}  # fmt: skip


@pytest.mark.parametrize(("fun", "message"), REFUSED.values(), ids=REFUSED)
def test_what_needs_numbers_is_refused(fun, message):
    compiled = jit(fun)
    for _ in range(2):  # no half-made program stays
        with pytest.raises(TypeError, match=f"^jit: {message}"):
            compiled(tensor(X))
    assert autograd.rand(1).shape == (1,)
    x = tensor(X, requires_grad=True)
    (x * 2).sum().backward()
    assert x.grad.tolist() == [2, 2, 2]


def test_a_gradient_for_a_tensor_from_outside_is_refused():
    w = tensor(X, requires_grad=True)

    def fun(x):
        (w * x).sum().backward()
        return x

    with pytest.raises(TypeError, match="^jit: backward: a tensor from outside the function would get a gradient"):
        jit(fun)(tensor(X))
    assert w.grad is None


def test_a_result_that_an_outer_graph_has_to_follow_is_refused():
    w = tensor(X, requires_grad=True)
    compiled = jit(lambda x: w * x)
    with pytest.raises(TypeError, match="^jit: the result depends on a tensor from outside that requires a gradient"):
        compiled(X)
    with no_grad():
        np.testing.assert_array_equal(compiled(X), X * X)
    with pytest.raises(TypeError, match="^jit: the result depends on a tensor from outside"):
        compiled(X)


def test_it_is_refused_as_well_if_the_tensor_asks_for_a_gradient_later():
    w = tensor(X)
    compiled = jit(lambda x: w * x)
    np.testing.assert_array_equal(compiled(X), X * X)
    w.requires_grad_()
    with pytest.raises(TypeError, match="^jit: the result depends on a tensor from outside that requires a gradient"):
        compiled(X)
    w.requires_grad_(False)
    np.testing.assert_array_equal(compiled(2 * X), 2 * X * X)


@pytest.mark.parametrize("change", [
    lambda w, x: w.add_(x), lambda w, x: w.add_(1.0), lambda w, x: w.sub_(x, alpha=2.0),
    lambda w, x: w.__setitem__(0, x[0]),
    lambda w, x: np.add(w, x, out=w), lambda w, x: w[1:].zero_(),
])  # fmt: skip
def test_a_change_of_a_tensor_from_outside_is_refused(change):
    w = tensor(X)
    with no_grad(), pytest.raises(TypeError, match="^jit: .*from outside would be changed by tracing alone"):
        jit(lambda x: change(w, x))(tensor(X))
    np.testing.assert_array_equal(w.numpy(), X)


@pytest.mark.parametrize("argument", ["text", object(), Value(1.0), [np.array(["a"])], {1, 2}])
def test_wrong_arguments(argument):
    with pytest.raises(TypeError, match="^(jit|tensor): cannot"):
        jit(lambda x: x)(argument)


def test_wrong_ways_to_call_it():
    with pytest.raises(TypeError, match="jit: compiles a function, got 3, a int"):
        jit(3)
    with pytest.raises(TypeError, match="jit: static_argnums must be an int or a tuple of them, got 'x'"):
        jit(energy, static_argnums="x")
    with pytest.raises(TypeError, match="jit: static_argnames must be a str or a tuple of them, got 3"):
        jit(energy, static_argnames=3)
    with pytest.raises(TypeError, match=r"jit: a static argument must be hashable, got \[1\], a list"):
        jit(lambda x, n: x, static_argnums=1)(X, [1])


def test_what_was_traced_cannot_be_used_afterwards():
    kept = []
    jit(lambda x: kept.append(x) or x * 2)(X)
    with pytest.raises(RuntimeError, match="^jit: mul: this tensor was traced in a call that is over: return it"):
        kept[0] * 2


def test_an_error_inside_is_the_functions_own():
    compiled = jit(lambda x: x @ np.ones((2, 2)))
    for _ in range(2):
        with pytest.raises(ValueError, match=r"matmul: \(3,\) @ \(2, 2\): inner sizes 3 and 2 differ"):
            compiled(X)


def test_a_traced_tensor_is_printed_by_its_form():
    shown = []
    jit(lambda x: shown.append(repr(x)) or x)(X)
    assert shown == ["tensor(traced(float64[3]))"]
