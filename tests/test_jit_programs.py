"""Programs: what they change in place, how they are put together, what they hold on to."""

from __future__ import annotations

import gc
import threading
import weakref

import numpy as np
import pytest

import autograd
from autograd import grad, jit, no_grad, tensor, value_and_grad
from autograd.backends import onednn
from autograd.jit import compiling
from autograd.traced import Recorder, opaque

X = np.array([0.5, -1.0, 2.0])


def energy(x):
    return (np.exp(x) * x).sum()


# ---------------------------------------------------------------------- changes in place


@pytest.mark.parametrize("change", [
    lambda x, y: x.sub_(y, alpha=0.5), lambda x, y: x.add_(y), lambda x, y: x.mul_(y), lambda x, y: x.copy_(y),
    lambda x, y: x.__setitem__(slice(0, 2), y[1:]), lambda x, y: x.__setitem__(y > 0, 0.0), lambda x, y: x.zero_(),
    lambda x, y: x[1:].mul_(2.0), lambda x, y: x.clamp_(0.0, 1.0), lambda x, y: np.add(x, y, out=x),
])  # fmt: skip
def test_arguments_are_changed_in_place(change):
    def fun(x, y):
        change(x, y)
        return (x * y).sum()

    compiled = jit(fun)
    for factor in (1.0, -2.0):
        ours, theirs = tensor(X), tensor(X)
        y = tensor(factor * X)
        with no_grad():
            np.testing.assert_allclose(compiled(ours, y).numpy(), fun(theirs, y).numpy())
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
        np.testing.assert_array_equal(y.numpy(), factor * X)


def test_numbers_that_numpy_gives_as_such():
    def fun(x):
        total = x.sum()
        total.add_(1.0)
        total *= 2.0
        first = x[0] * 1.0
        first += total
        return total, first, np.add(x[1], 1.0, out=x[1])

    compiled = jit(fun)
    for factor in (1.0, 2.0):
        ours, theirs = tensor(factor * X), tensor(factor * X)
        np.testing.assert_allclose(compiled(ours), fun(theirs))
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


def test_the_first_call_changes_them_once():
    x = np.zeros(3)
    compiled = jit(lambda x: x.add_(1.0).sum())
    assert compiled(x) == 3.0 and compiled(x) == 6.0
    np.testing.assert_array_equal(x, [2, 2, 2])


def test_changed_arguments_are_noticed_by_backward():
    w = tensor(X, requires_grad=True)
    y = (w * w).sum()
    compiled = jit(lambda w: w.mul_(2.0))
    with no_grad():
        compiled(w)
    with pytest.raises(RuntimeError, match="changed in place at test_jit_programs.py"):
        y.backward()


def test_only_what_is_written_counts_as_changed():
    w = tensor(X, requires_grad=True)
    y = (w * w).sum()
    with no_grad():
        jit(lambda v, w: v.mul_(w))(tensor(X), w)
    y.backward()
    np.testing.assert_array_equal(w.grad.numpy(), 2 * X)


def test_arguments_in_one_memory():
    def fun(a, b):
        a.add_(1.0)
        return b * 1

    compiled = jit(fun)
    compiled(tensor(X), tensor(X))
    x = tensor(X)
    with no_grad():
        np.testing.assert_array_equal(compiled(x, x).numpy(), X + 1)
        np.testing.assert_array_equal(compiled(x, x[::1]).numpy(), X + 2)


def test_a_step_of_gradient_descent_in_place():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(64, 96)).astype("f"), rng.integers(0, 8, 64)

    def step(weights, x, y):
        loss, gradients = value_and_grad(lambda weights: autograd.cross_entropy(autograd.linear(x, *weights), y))(
            weights
        )
        with no_grad():
            for w, g in zip(weights, gradients, strict=True):
                w.sub_(g, alpha=0.1)
        return loss

    start = rng.normal(size=(8, 96)).astype("f"), rng.normal(size=8).astype("f")
    ours, theirs = [tensor(a) for a in start], [tensor(a) for a in start]
    compiled = jit(step)
    for _ in range(5):
        assert compiled(ours, tensor(x), tensor(y)).item() == pytest.approx(
            step(theirs, tensor(x), tensor(y)).item(), 1e-5
        )
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-4, atol=1e-6)
    program = compiled.trace(ours, tensor(x), tensor(y))
    assert "add_product" in str(program)


# ---------------------------------------------------------------------- programs


def test_a_program_is_printed():
    program = jit(lambda a, b: (a @ b.T).sum()).trace(np.ones((2, 3)), np.ones((4, 3)))
    lines = [line.split() for line in str(program).splitlines()]
    assert [line[0] for line in lines[:2]] == ["%0", "%1"]
    assert [line[2].partition("(")[0] for line in lines[2:-1]] == ["transpose", "matmul", "sum"]
    assert str(program).splitlines()[3].endswith("float64[2, 4]")
    assert lines[-1][0] == "return"
    assert repr(program) == "<Program of 3 instructions>"


def test_checks_are_made_at_every_call():
    def positive(a):
        if (a <= 0).any():
            raise ValueError("not positive")

    def returned(a):
        positive(a)
        return a

    for check in (positive, returned):
        compiled = jit(lambda x, check=check: (opaque(check, x._data), x * 2)[1])
        compiled(abs(X))
        with pytest.raises(ValueError, match="not positive"):
            compiled(X)


def test_what_no_result_needs_is_left_out():
    program = jit(lambda x: (np.exp(x), np.sin(x))[1]).trace(X)
    assert [instruction.name for instruction in program.instructions] == ["sin"]


def test_memory_of_a_result_is_not_written_over():
    def fun(x, y):
        a = x * y
        b = a + x  # in the memory of a
        c = autograd.tanh(b)
        return b, c * x, (x - y)[1:] * 2

    compiled = jit(fun)
    for factor in (1.0, 2.0):
        for ours, theirs in zip(compiled(factor * X, X), fun(tensor(factor * X), tensor(X)), strict=True):
            np.testing.assert_array_equal(ours, theirs.numpy())
    assert "add(%2, %0, out=(%2,))" in str(compiled.trace(X, X))


LAYOUTS = {
    "by columns": np.asfortranarray,
    "backwards": lambda a: a[::-1],
    "every second": lambda a: np.repeat(a, 2, axis=1)[:, ::2],
    "repeated": lambda a: np.broadcast_to(a[:1], a.shape),
}


def in_a_row(x):
    return autograd.exp(x.T.reshape(-1) * 2.0)


def through_a_view(x):
    z = x * 1.0
    z.reshape(-1)[0] = 5.0
    return z * x.ravel()[1]


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("fun", [in_a_row, through_a_view, lambda x: x.add_(1.0) * 2.0])
def test_arguments_may_lie_in_memory_in_any_way(fun, layout):
    def made():
        return layout(np.arange(6.0).reshape(2, 3) + 1)

    compiled = jit(fun)
    compiled(np.ones((2, 3)))
    ours, theirs = made(), made()
    try:
        expected = fun(autograd.from_numpy(theirs)).numpy()
    except ValueError:  # what is repeated cannot be changed
        with pytest.raises(ValueError, match="read-only"):
            compiled(autograd.from_numpy(ours))
        return
    np.testing.assert_array_equal(compiled(autograd.from_numpy(ours)).numpy(), expected)
    np.testing.assert_array_equal(ours, theirs)


def test_plain_arrays_that_lie_otherwise_are_tensors_inside_too():
    compiled = jit(lambda x: x.mul_(2.0).relu())
    compiled(np.ones((2, 3)))
    a = np.asfortranarray(np.arange(6.0).reshape(2, 3) - 2)
    found = compiled(a)
    assert type(found) is np.ndarray and found.tolist() == [[0, 0, 0], [2, 4, 6]]
    assert a.tolist() == [[-4, -2, 0], [2, 4, 6]]


def test_a_leaf_made_inside_may_be_returned():
    @jit
    def descend(x, y):
        w = x.detach().requires_grad_()
        ((w * y).sum() ** 2).backward()
        with no_grad():
            w.sub_(w.grad, alpha=0.1)
        return w

    for factor in (1.0, 2.0):
        w = descend(tensor(factor * X), tensor(X))
        np.testing.assert_allclose(w.numpy(), factor * X - 0.2 * factor * (X @ X) * X)


def test_memory_is_written_over_again_and_again():
    program = jit(lambda x: autograd.exp(autograd.tanh(x + 1.0) * 2.0)).trace(X)
    assert [bool(instruction.writes) for instruction in program.instructions] == [False, True, True, True]


def test_notes_for_a_rule_are_not_written_over():
    labels = np.array([0, 2])

    def fun(scores):
        _, pullback = autograd.vjp(lambda scores: autograd.cross_entropy(scores, labels), scores)
        return pullback(1.0)[0], pullback(-3.0)[0]

    compiled = jit(fun)
    for scores in (np.eye(2, 3), np.ones((2, 3))):
        for ours, theirs in zip(compiled(scores), fun(scores), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-15)


def needed_again(w, x, a, g):
    product = x @ g
    w.sub_(product, alpha=0.5)
    return product.sum()


def overwritten(w, x, a, g):
    product = x @ g
    a.zero_()
    w.sub_(product, alpha=0.5)
    return a.sum()


def factor_overwritten(w, x, a, g):
    product = x @ g
    x.zero_()
    w.sub_(product, alpha=0.5)
    return a.sum()


@pytest.mark.parametrize("fun", [needed_again, overwritten, factor_overwritten])
@pytest.mark.parametrize("together", [False, True])
def test_a_product_is_not_joined_with_what_is_needed_meanwhile(fun, together):
    rng = np.random.default_rng(0)
    numbers = [rng.normal(size=(64, 64)).astype("f") for _ in range(4)]
    ours, theirs = [tensor(x) for x in numbers], [tensor(x) for x in numbers]
    compiled = jit(fun)
    with no_grad():
        compiled(*[tensor(x) for x in numbers])
        for tensors in (ours, theirs):
            if together:
                tensors[2] = tensors[1].view(64, 64)
        np.testing.assert_allclose(compiled(*ours).numpy(), fun(*theirs).numpy(), rtol=1e-3)
    for x, y in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(x.numpy(), y.numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("change", ["add_", "sub_"])
@pytest.mark.parametrize("rate", [0.25, 1, np.float64(-2.0)])
@pytest.mark.parametrize("shape", [(8, 3), (2, 4, 3), (1, 3), (0, 3)])
def test_sums_over_a_batch_added_at_once(change, rate, shape):
    def fun(bias, x, upstream):
        (gradient,) = autograd.vjp(lambda bias: x + bias, bias)[1](upstream)
        getattr(bias, change)(gradient, alpha=rate)

    rng = np.random.default_rng(0)
    compiled = jit(fun)
    for _ in range(2):
        bias, x, upstream = rng.normal(size=3), rng.normal(size=shape), rng.normal(size=shape)
        ours, theirs = tensor(bias), tensor(bias)
        compiled(ours, tensor(x), tensor(upstream))
        fun(theirs, tensor(x), tensor(upstream))
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-13, atol=1e-13)
    assert "add_sum" in str(compiled.trace(ours, tensor(x), tensor(upstream)))


@pytest.mark.skipif(not onednn.is_available(), reason="oneDNN is not here: NumPy makes the products")
@pytest.mark.parametrize("change", ["add_", "sub_"])
@pytest.mark.parametrize("scale", [0.5, 0.0, -1.0])
@pytest.mark.parametrize("order", ["C", "F"])
def test_products_added_by_the_kernel(change, scale, order):
    rng = np.random.default_rng(0)
    x, a, b = (np.asarray(rng.normal(size=(80, 80)), np.float32, order=order) for _ in range(3))
    ours = tensor(x)
    compiled = jit(lambda x, a, b: getattr(x, change)(a @ b, alpha=scale))
    compiled(ours, tensor(a), tensor(b))
    assert "add_product" in str(compiled.trace(ours, tensor(a), tensor(b)))
    expected = x + (scale if change == "add_" else -scale) * (a @ b)
    np.testing.assert_allclose(ours.numpy(), expected, rtol=1e-4, atol=1e-5)


def test_arrays_are_freed_when_they_are_last_used():
    seen = []

    @autograd.op(vjp=lambda g, y, a: g)
    def watched(a):
        seen.append(weakref.ref(a))
        alive.append(sum(ref() is not None for ref in seen))
        return a + 1.0

    alive: list[int] = []

    def chain(x):
        for _ in range(10):
            x = watched(x)
        return x

    compiled = jit(chain)
    compiled(X)
    assert sum(ref() is not None for ref in seen) == 1  # the argument
    seen.clear()
    alive.clear()
    compiled(X)
    assert max(alive) <= 3


def test_counting_references_frees_traces_and_programs(monkeypatch):
    traces = []

    class Watched(Recorder):
        def __init__(self):
            super().__init__()
            traces.append(weakref.ref(self))

    monkeypatch.setattr(compiling, "Recorder", Watched)
    gc.disable()
    try:
        compiled = jit(value_and_grad(lambda x: autograd.cross_entropy(x, np.array([0, 1]))))  # which leaves notes
        compiled(np.ones((2, 3)))
        gone = weakref.ref(compiled)
        del compiled
        assert gone() is None and traces[0]() is None
    finally:
        gc.enable()


def test_threads_share_a_program():
    compiled = jit(grad(energy))
    found = {}

    def work(i):
        for _ in range(50):
            found[i] = compiled(i * X)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for i in range(4):
        np.testing.assert_allclose(found[i], grad(energy)(i * X))


def test_clear_cache():
    compiled = jit(energy)
    compiled(X)
    assert repr(compiled) == "<jit of energy: 1 program>"
    compiled.clear_cache()
    assert repr(compiled) == "<jit of energy: 0 programs>"
    assert compiled(X) == energy(X)
