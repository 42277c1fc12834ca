"""Compiled functions: what they give, and what they read anew."""

from __future__ import annotations

import copy
import pickle
from collections import namedtuple

import numpy as np
import pytest
from hypothesis import given, strategies as st

import autograd
from autograd import Tensor, Value, grad, jit, no_grad, tensor, value_and_grad
from autograd.trees import leaves

X = np.array([0.5, -1.0, 2.0])


def energy(x):
    return (np.exp(x) * x).sum()


# ---------------------------------------------------------------------- results


@pytest.mark.parametrize(
    "transform", [lambda f: f, grad, value_and_grad, autograd.hessian, lambda f: grad(lambda x: grad(f)(x).sum())]
)
def test_other_numbers_give_what_the_function_gives(transform):
    fun = transform(energy)
    compiled = jit(fun)
    for factor in (1.0, -0.5, 3.0):
        for ours, theirs in zip(leaves(compiled(factor * X)), leaves(fun(factor * X)), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-15)
            assert isinstance(theirs, type(ours))  # where NumPy gives its own float, this gives Python's


def test_it_runs_once_for_each_form():
    forms = []

    @jit
    def noted(x):
        forms.append((x.shape, x.dtype.name))
        return x + 1

    for x in (X, 2 * X, X[:2], X.astype("f"), X.astype("f"), tensor(X), 1.0, 2.0, 3, True):
        assert np.array_equal(noted(x), x + 1)
    assert forms == [
        ((3,), "float64"),
        ((2,), "float64"),
        ((3,), "float32"),
        ((3,), "float64"),
        ((), "float64"),
        ((), "int64"),
        ((), "bool"),
    ]


def test_containers_in_and_out():
    Pair = namedtuple("Pair", "a b")

    @jit
    def swapped(pair, table, *, shift):
        return Pair(pair.b + shift, pair.a), {"all": [table["x"], None], "name": "fixed"}

    pair, table = swapped(Pair(1.0, X), {"x": 2.0}, shift=10.0)
    assert isinstance(pair, Pair) and pair.b == 1.0 and table == {"all": [2.0, None], "name": "fixed"}
    np.testing.assert_array_equal(swapped(Pair(2.0, -X), {"x": 2.0}, shift=1.0)[0].a, 1 - X)


def test_plain_numbers_give_plain_numbers_and_tensors_tensors():
    compiled = jit(lambda x, y: (x * y).sum())
    assert type(compiled(X, 2.0)) is float
    assert type(compiled(tensor(X), 2.0)) is Tensor
    assert type(compiled(X.astype("f"), X.astype("f"))) is np.float32
    assert not compiled(tensor(X), 2.0).requires_grad


def test_results_are_new_arrays():
    constant = np.ones(3)
    compiled = jit(lambda x: (x, x[::-1], x * 1, autograd.zeros(2), tensor(constant)))
    x = X.copy()
    first = compiled(x)
    for y in first:
        y += 7
    np.testing.assert_array_equal(x, X)
    again = compiled(x)
    np.testing.assert_array_equal(again[0], X)
    np.testing.assert_array_equal(again[1], X[::-1])
    np.testing.assert_array_equal(again[3], np.zeros(2))
    np.testing.assert_array_equal(again[4], constant)


@pytest.mark.parametrize("dtype", ["f", "d"])
def test_rows_of_what_numpy_gives_as_a_number(dtype):
    fun = value_and_grad(lambda x: autograd.exp((x * x).sum()) ** 0.5 + autograd.sigmoid(x[0] * x[1]))
    compiled = jit(fun)
    for factor in (1.0, 0.5):
        for ours, theirs in zip(compiled((factor * X).astype(dtype)), fun((factor * X).astype(dtype)), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-6 if dtype == "f" else 1e-14)
            assert np.result_type(ours) == np.result_type(theirs)


def test_two_results_do_not_share_memory():
    a, b, c = jit(lambda x: (y := x * 2, y, y[1:]))(X)
    assert not np.shares_memory(a, b) and not np.shares_memory(a, c)


def test_labels_are_read_anew():
    scores = np.random.default_rng(0).normal(size=(4, 3))
    fun = value_and_grad(lambda scores, labels: autograd.cross_entropy(scores, labels))
    compiled = jit(fun)
    for labels in ([0, 1, 2, 0], [2, 2, 1, 1]):
        for ours, theirs in zip(compiled(scores, np.array(labels)), fun(scores, np.array(labels)), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-15)
    with pytest.raises(IndexError, match=r"cross_entropy: class 3 is out of range for the 3 of \(4, 3\)"):
        compiled(scores, np.array([0, 1, 2, 3]))


def test_rows_that_indices_name():
    fun = grad(lambda table, index: table[index].sum())
    compiled = jit(fun)
    for index in ([0, 2, 2], [1, 1, 0]):
        np.testing.assert_array_equal(compiled(np.eye(3), np.array(index)), fun(np.eye(3), np.array(index)))


@pytest.mark.parametrize("index", [lambda i: i, lambda i: (i, slice(1, None))])
def test_rows_that_are_written_twice(index):
    """Which of them is there in the end is found anew in every call."""

    def fun(rows, i):
        table = autograd.zeros(3, 3) * rows.sum()
        table[index(i)] = rows * rows
        return (table * table).sum()

    rows = np.array([[1.0], [2.0], [3.0]])
    for derivative in (grad(fun), grad(lambda rows, i: (grad(fun)(rows, i) ** 2).sum())):
        compiled = jit(derivative)
        for i in ([0, 1, 2], [2, 2, 1], [1, 1, 1]):
            np.testing.assert_array_equal(compiled(rows, np.array(i)), derivative(rows, np.array(i)))
    assert grad(fun)(rows, np.array([1, 1, 0]))[0] == 0.0


def test_the_rule_of_a_power_asks_no_questions_about_its_exponent():
    names = [instruction.name for instruction in jit(grad(lambda x: (x**3).sum())).trace(X).instructions]
    assert "where" not in names and "equal" not in names


def test_masks_and_branches_by_where():
    compiled = jit(grad(lambda x: np.where(x > 0, x**2, -3 * x).sum()))
    compiled(X)
    np.testing.assert_allclose(compiled(-X), [-3, 2, -3])


def test_backward_inside():
    @jit
    def slope(x, y):
        x.requires_grad_()
        loss = (x * y).sum() ** 2
        loss.backward()
        return x.grad

    for factor in (1.0, 2.0):
        np.testing.assert_allclose(slope(tensor(factor * X), tensor(X)).numpy(), 2 * factor * (X @ X) * X)


def test_hooks_inside():
    @jit
    def doubled(x):
        x.requires_grad_()
        y = x * 3
        y.register_hook(lambda g: 2 * g)
        y.sum().backward()
        return x.grad

    for factor in (1.0, 2.0):
        np.testing.assert_array_equal(doubled(tensor(factor * X)).numpy(), [6, 6, 6])


def test_integers_and_truth_values():
    compiled = jit(lambda x, i: (x[i], (x > 0).sum(), x.argmax(), i + 1))
    assert [np.asarray(y).tolist() for y in compiled(X, 2)] == [2.0, 2, 2, 3]
    assert [np.asarray(y).tolist() for y in compiled(-X, 0)] == [-0.5, 1, 1, 1]


def test_custom_operations():
    @autograd.op(lambda a, y: 3 * a**2)
    def cube(a):
        return np.asarray(a) ** 3

    @autograd.op(vjp=lambda g, y, a: autograd.flip(g, 0))
    def reverse(a):
        return np.array(list(a)[::-1])

    compiled = jit(value_and_grad(lambda x: (reverse(cube(x)) * np.arange(3.0)).sum()))
    for factor in (1.0, 2.0):
        value, slope = compiled(factor * X)
        np.testing.assert_allclose(value, ((factor * X) ** 3)[::-1] @ np.arange(3.0))
        np.testing.assert_allclose(slope, 3 * (factor * X) ** 2 * np.arange(3.0)[::-1])


def formula(a, b):
    return autograd.tanh(a * b) + autograd.exp(-abs(a)) / (1 + b * b)


FORMULA, SLOPES = jit(formula), jit(grad(formula, argnums=(0, 1)))


def test_settings_of_an_operation_may_be_anything():
    @autograd.op(vjp=lambda g, y, a, table, notes: g * table["factor"] * notes["seen"])
    def scaled(a, *, table, notes):
        notes["seen"] = np.float64(len(table))
        return a * table["factor"]

    compiled = jit(value_and_grad(lambda x: scaled(x, table={"factor": 3.0}, notes={}).sum()))
    for factor in (1.0, 2.0):
        value, slope = compiled(factor * X)
        assert value == pytest.approx(3 * factor * X.sum()) and slope.tolist() == [3, 3, 3]


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_single_numbers_have_the_bits_of_the_scalar_engine(a, b):
    x, y = Value(a), Value(b)
    z = formula(x, y)
    z.backward()
    assert FORMULA(a, b) == z.data
    np.testing.assert_allclose(SLOPES(a, b), [x.grad, y.grad], rtol=1e-14)


# ---------------------------------------------------------------------- what is around


def test_tensors_from_outside_are_read_anew():
    w = tensor(X)
    compiled = jit(lambda x: w * x)
    np.testing.assert_array_equal(compiled(X), X * X)
    w += 1
    np.testing.assert_array_equal(compiled(X), (X + 1) * X)
    w.data = -X
    np.testing.assert_array_equal(compiled(X), -X * X)
    w.data = np.array([1.0])
    np.testing.assert_array_equal(compiled(X), X)


OF_OUTSIDE = {
    "product": lambda w, x: (w * 2) * x,
    "detached": lambda w, x: w.detach() * x + w.data,
    "row": lambda w, x: autograd.exp(w) * x,
    "array op": lambda w, x: w.flip(0).cumsum(0) * x,
    "comparison": lambda w, x: np.where(w > 0, x, -x),
    "question": lambda w, x: w.argmax() + x,
    "order": lambda w, x: w.sort(0)[0] * w.argsort(0) * x,
    "as an index": lambda w, x: x[(w > 0).long()],
    "in a rule": lambda w, x: grad(lambda x: (x / w).sum() + (autograd.relu(w) * x).sum())(x),
    "in a recorded rule": lambda w, x: grad(lambda x: grad(lambda x: (x**3 / w).sum())(x).sum())(x),
}


@pytest.mark.parametrize("fun", OF_OUTSIDE.values(), ids=OF_OUTSIDE)
def test_what_is_made_of_a_tensor_from_outside_is_made_anew(fun):
    w = tensor(X)
    compiled = jit(lambda x: fun(w, x))
    for change in (lambda: None, lambda: w.mul_(-2.0), lambda: setattr(w, "data", X[::-1].copy())):
        change()
        x = tensor(np.arange(3.0) + 1)
        np.testing.assert_allclose(compiled(x).numpy(), fun(w, x).numpy())


def test_tensors_made_inside():
    @jit
    def filled(x):
        out = autograd.zeros(4, dtype=x.dtype)
        out[1:] = x
        out[0] = out[1:].sum()
        return out

    for factor in (1.0, 2.0):
        assert filled(tensor(factor * X)).tolist() == [factor * X.sum(), *(factor * X)]


def test_arrays_from_outside_are_read_anew():
    w = X.copy()
    compiled = jit(lambda x: w * x)
    compiled(X)
    w += 1
    np.testing.assert_array_equal(compiled(X), (X + 1) * X)


def test_arguments_in_a_graph_keep_it():
    x = tensor(X, requires_grad=True)
    compiled = jit(energy)
    compiled(tensor(X))
    compiled(x).backward()
    np.testing.assert_allclose(x.grad.numpy(), grad(energy)(X))
    with no_grad():
        assert not compiled(x).requires_grad


def test_transforms_around_it():
    compiled = jit(energy)
    compiled(X)
    np.testing.assert_allclose(grad(compiled)(X), grad(energy)(X))
    np.testing.assert_allclose(autograd.hessian(compiled)(X), autograd.hessian(energy)(X))
    np.testing.assert_allclose(autograd.jvp(compiled, (X,), (X,))[1], grad(energy)(X) @ X)


def test_one_inside_another():
    inner = jit(energy)
    inner(X)
    outer = jit(grad(lambda x: inner(x) ** 2))
    for factor in (1.0, 2.0):
        np.testing.assert_allclose(outer(factor * X), grad(lambda x: energy(x) ** 2)(factor * X))


def test_under_detect_anomaly_the_function_itself_runs():
    compiled = jit(lambda x: autograd.log(x))
    assert compiled(0.0) == -np.inf
    with autograd.detect_anomaly(), pytest.raises(autograd.AnomalyError, match="log"):
        compiled(0.0)


def test_the_default_dtype_and_recording_belong_to_the_form():
    compiled = jit(lambda x: x if autograd.zeros(1).dtype == np.float64 else 2 * x)
    assert compiled(1.0) == 2.0
    autograd.set_default_dtype(autograd.float64)
    try:
        assert compiled(1.0) == 1.0
    finally:
        autograd.set_default_dtype(autograd.float32)


# ---------------------------------------------------------------------- static arguments, decorators


def test_static_arguments():
    calls = []

    @jit(static_argnums=1, static_argnames="times")
    def repeated(x, name, *, times):
        calls.append(name)
        for _ in range(times):
            x = getattr(autograd, name)(x)
        return x

    assert repeated(0.5, "sin", times=2) == autograd.sin(autograd.sin(0.5))
    assert repeated(0.7, "sin", times=2) == autograd.sin(autograd.sin(0.7))
    assert repeated(0.5, "exp", times=1) == autograd.exp(0.5)
    assert calls == ["sin", "exp"]


def test_static_from_the_end_and_by_equal_values():
    compiled = jit(lambda x, n: x * n, static_argnums=-1)
    assert compiled(2.0, 3) == 6.0
    assert [np.result_type(compiled(2, n)) for n in (3, 3.0, True)] == [np.int64, np.float32, np.int64]


def test_methods():
    class Model:
        def __init__(self, w):
            self.w = w

        @jit(static_argnums=0)
        def predict(self, x):
            return self.w * x

    a, b = Model(2.0), Model(3.0)
    assert (a.predict(1.0), b.predict(1.0), a.predict(2.0)) == (2.0, 3.0, 4.0)


@jit
def known_by_name(x):
    return x + 1


def test_it_is_copied_and_pickled_as_functions_are():
    assert known_by_name(1.0) == 2.0
    assert copy.deepcopy([known_by_name])[0] is known_by_name
    assert pickle.loads(pickle.dumps(known_by_name)) is known_by_name


def test_it_looks_like_the_function():
    compiled = jit(energy)
    assert compiled.__name__ == "energy" and compiled.__wrapped__ is energy
