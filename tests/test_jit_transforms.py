"""Transforms as programs, what is checked and decided in every run, and programs that change arrays."""

import re

import numpy as np
import pytest
from hypothesis import given, strategies as st

import autograd
from autograd import grad, jit, jvp, vjp

from .compiled import assert_compiled, assert_same, called, smooth, tensors
from .test_numpy_protocol import weighted

TRANSFORMED = {
    "hessian": autograd.hessian,
    "jacobian": lambda f: autograd.jacobian(lambda x: np.cumsum(x * f(x))),
    "hvp": lambda f: lambda x: autograd.hvp(f, (x,), (np.cos(x),)),
    "vjp": lambda f: lambda x: vjp(lambda x: x * f(x), x)[1](np.cos(x))[0],
    "jvp": lambda f: lambda x: jvp(f, (x,), (np.cos(x),)),
    "grad by a constant": lambda f: lambda x: grad(lambda w: f(w * x))(np.arange(1.0, 4.0)),
    "grad by a number": lambda f: lambda x: grad(lambda w: f(w * x))(0.5),
    "grad of jvp": lambda f: grad(lambda x: jvp(f, (x,), (np.cos(x),))[1]),
    "three times": lambda f: grad(lambda x: np.sum(grad(lambda x: np.sum(grad(f)(x) ** 2))(x))),
}  # fmt: skip


@pytest.mark.parametrize("name", TRANSFORMED)
def test_transforms(name):
    """On tensors and on arrays."""
    function = TRANSFORMED[name](lambda x: np.sum(np.exp(x)) * np.prod(np.sin(x)))
    first, then = np.array([0.5, -1.0, 2.0]), np.array([1.5, 0.3, -0.7])
    assert_compiled(function, [first], [then])
    compiled = jit(function)
    compiled(first)
    assert_same(compiled(then), function(then))


@pytest.mark.parametrize("text", ["gather(x, 1, i)", "index_select(x, 1, i[0])", "cross_entropy(x, i[0])",
                                  "take_along_dim(x, i, 1)", "scatter(x, 1, i, 0.0)", "np.take(x, i, 1)"])  # fmt: skip
def test_indices_are_checked_in_every_run(text):
    """With the function's own error."""
    function, wrong = called(text, "xi"), tensors((smooth(2, 3), np.array([[0, 3], [1, 1]])))
    compiled = jit(function)
    compiled(*tensors((smooth(2, 3), np.array([[0, 2], [1, 1]]))))
    with pytest.raises(IndexError) as expected:
        function(*wrong)
    with pytest.raises(IndexError, match=re.escape(str(expected.value))):
        compiled(*wrong)


SPECIAL = np.array([
    [0.0, 0.0, 0.0, 0.0], [0.0, 2.0, 0.0, 3.0], [1.0, 0.0, 2.0, 2.0], [2.0, 2.0, -1.0, 2.0],
    [np.inf, 1.0, -np.inf, 0.0], [np.nan, 1.0, 2.0, 0.0], [800.0, -800.0, 90.0, 0.0],
])  # fmt: skip


@pytest.mark.parametrize("text", [
    "cumprod(x, 0)", "prod(x)", "softmax(x, 0)", "log_softmax(x, 0)", "logsumexp(x)", "sigmoid(x)", "softplus(x)",
    "norm(x)", "norm(x, 3)", "amax(x)", "max(x, 0)", "sort(x)", "x / x", "x ** x", "x ** 2", "0.0 ** x", "sqrt(x)",
    "log(x)", "abs(x)", "relu(x)", "maximum(x, 0.0)", "clip(x, 0.0, 1.0)", "leaky_relu(x)", "max_pool1d(x[None], 2)",
    "avg_pool1d(x[None], 2)", "conv1d(x[None], ones(1, 1, 2))", "np.sinc(x)", "np.nan_to_num(x)", "np.median(x)",
    "np.nanmean(x)", "np.fmax(x, 1.0)", "np.heaviside(x, x)", "np.copysign(x, x)", "np.remainder(x, 2.0)",
    "where(x > 0, x, x * x)", "gelu(x)", "x.std()",
])  # fmt: skip
def test_kinks_ties_and_what_is_not_finite(text):
    """The trace saw nothing special, and so nothing of what is decided by numbers may have been decided there."""
    function = called(text, "x")
    for transformed in (
        function,
        grad(lambda x: weighted(function(x))),
        lambda x: jvp(function, (x,), (np.ones(4),))[1],
    ):
        compiled = jit(transformed)
        compiled(*tensors([smooth(4)]))
        for numbers in SPECIAL:
            with np.errstate(all="ignore"):
                expected = transformed(*tensors([numbers]))
            assert_same(compiled(*tensors([numbers])), expected)


def random_program(seed):
    """A function of two arrays and of places, in which views are taken and tensors are changed in place."""

    def function(x, y, i):
        source, pool = np.random.default_rng(seed), [x * 1.0, y * 1.0]
        steps = [
            lambda a, b: a + b, lambda a, b: a * b, lambda a, b: a.sin(), lambda a, b: a.tanh(), lambda a, b: a.T,
            lambda a, b: a.reshape(-1), lambda a, b: a[-1], lambda a, b: a[..., ::2], lambda a, b: a[i % len(a)],
            lambda a, b: a.sum(0), lambda a, b: a.clone(), lambda a, b: a.detach(), lambda a, b: a.softmax(-1),
            lambda a, b: a.expand(2, *a.shape), lambda a, b: autograd.cat([a.reshape(-1), b.reshape(-1)]),
            lambda a, b: autograd.where(a > 0, a, 0.5), lambda a, b: a.add_(b), lambda a, b: a.mul_(0.5),
            lambda a, b: a.sin_(), lambda a, b: put_here(a, 0, 1.5), lambda a, b: put_here(a, ..., b.sum()),
            lambda a, b: put_here(a, slice(1, None), b.sum()),
        ]  # fmt: skip
        for _ in range(int(source.integers(4, 12))):
            a, b = (pool[int(source.integers(len(pool)))] for _ in range(2))
            try:
                made = steps[int(source.integers(len(steps)))](a, b)
            except (ValueError, IndexError):  # shapes that do not go together
                continue
            if made.size < 100 and made.ndim:
                pool.append(made)
        return pool[-5:]

    return function


def put_here(x, index, value):
    x[index] = value
    return x


@given(seed=st.integers(0, 2**32 - 1))
def test_random_programs(seed):
    """What lies in one memory does so in the program, too, and rules meet the numbers that they need, or an error."""
    function = random_program(seed)
    first, then = [[*(smooth(*shape) + s for shape in ((3, 4), (4,))), np.array([2, s])] for s in (0, 1)]
    assert_compiled(function, first, then)
    slopes = grad(lambda *xs: sum(np.sum(np.cos(y)) for y in function(*xs)), (0, 1))
    try:
        expected = slopes(*then)
    except RuntimeError as error:  # a rule needs what was changed in place
        with pytest.raises(RuntimeError, match=re.escape(str(error)[:30])):
            jit(slopes)(*first)
        return
    assert_compiled(slopes, first, then)
    assert_same(jit(slopes)(*then), expected)
