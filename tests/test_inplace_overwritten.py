"""Numbers that were overwritten: rules that need them refuse, others go on; elements written twice."""

import copy

import numpy as np
import pytest
from hypothesis import given, strategies as st

import autograd
from autograd import Tensor, enable_grad, no_grad

from .inplace_graphs import constant, gradient_of, here, leaf


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize(
    ("compute", "change", "told"),
    [
        (lambda x, w: x * w, lambda x, y: x.add_(1.0), "mul needs operand 0"),
        (lambda x, w: w * x, lambda x, y: x.zero_(), "mul needs operand 1"),
        (lambda x, w: w @ x.T, lambda x, y: x.__setitem__((0, 0), 5.0), "matmul needs operand 1"),
        (lambda x, w: x.exp(), lambda x, y: y.mul_(2.0), "exp needs its result"),
        (lambda x, w: x.sin(), lambda x, y: x[0].fill_(0.0), "sin needs operand 0"),
        (lambda x, w: x.sin(), lambda x, y: x.detach().mul_(2.0), "sin needs operand 0"),
        (lambda x, w: x[1:].sin(), lambda x, y: x.mul_(2.0), "sin needs operand 0"),
        (lambda x, w: x.amax(1), lambda x, y: y[:1].mul_(2.0), "max needs its result|amax needs"),
        (lambda x, w: x.clone().exp_(), lambda x, y: y.mul_(2.0), "exp needs its result"),
    ],
)
def test_a_rule_that_needs_overwritten_numbers_refuses(compute, change, told, create_graph):
    w = leaf()
    x = w * 2.0
    y = compute(x, w)
    loss = y.sum() + x.sum()
    change(x, y)
    with pytest.raises(RuntimeError) as caught:
        (loss + y.sum()).backward(create_graph=create_graph)
    message = str(caught.value)
    assert any(message.startswith(f"backward: {start}") for start in told.split("|"))
    assert f"changed in place at {here(change)}: " in message
    assert w.grad is None and x.grad is None


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
@pytest.mark.parametrize(
    ("compute", "change", "told"),
    [
        (lambda x, w: x * w, lambda w, y: w.fill_(100.0), "mul needs operand 1"),
        (lambda x, w: x * (w + 1.0), lambda w, y: y.operands[1].fill_(100.0), "mul needs operand 1"),
        (lambda x, w: (x * 1.0) * w, lambda w, y: w.fill_(100.0), "mul needs operand 1"),
        (lambda x, w: (x * w).sum(), lambda w, y: w.fill_(100.0), "mul needs operand 1"),
        (lambda x, w: x.exp(), lambda w, y: y.mul_(2.0), "exp needs its result"),
        (lambda x, w: x * x, lambda w, y: autograd.increment_version(y.operands[0]), "mul needs operand 1"),
    ],
)
def test_a_copy_of_a_graph_refuses_as_the_graph_does(compute, change, told, copied):
    x, w = leaf(), constant()
    y = compute(x, w)
    intact = copied(y)
    change(w, y)
    for result in (y, copied(y), copied(copied(y))):
        with pytest.raises(RuntimeError, match=f"backward: {told} as it was, but it was changed in place at"):
            result.sum().backward()
    assert x.grad is None
    if copied is copy.deepcopy and told.endswith("result"):  # its numbers are its own
        intact.sum().backward()


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_of_what_was_computed_before_a_change(copied):
    """It has the operands of that time; of a view, the copy is what the view shows now."""
    found = []
    for made in (lambda x: x, copied):
        x = leaf([1.0, 2.0])
        y = x * 1.0
        before, view = y + y, y[1:]
        y.mul_(x)
        before, view = made(before), made(view)
        y.add_(1.0)
        found.append([before.tolist(), before.sum(), view])
    (numbers, plain, _), (same, twin, view) = found
    assert numbers == same == [2.0, 4.0]
    assert view.tolist() == [4.0]
    for result, slope in ((plain, [2.0, 2.0]), (twin, [2.0, 2.0]), (view.sum(), [0.0, 4.0])):
        (below,) = [node for node in autograd.graph.topological_order(result) if node.is_leaf]
        below.zero_grad()
        result.backward()
        assert below.grad.tolist() == slope


@pytest.mark.parametrize(
    ("compute", "change"),
    [
        (lambda x, w: x + w, lambda x, y: x.add_(1.0)),
        (lambda x, w: x + w, lambda x, y: y.mul_(0.0)),
        (lambda x, w: x.sum(0) * 2.0, lambda x, y: x.zero_()),
        (lambda x, w: x * constant(), lambda x, y: x.zero_()),
        (lambda x, w: x.exp(), lambda x, y: x.zero_()),
        (lambda x, w: x.sin(), lambda x, y: y.zero_()),
        (lambda x, w: x.sin(), lambda x, y: x.clone().zero_()),
        (lambda x, w: x[1:] - x[:1], lambda x, y: x[:1].fill_(3.0)),
        (lambda x, w: x.T.reshape(6), lambda x, y: x.copy_(y.reshape(2, 3) * 2)),
    ],
)
@pytest.mark.parametrize("mode", [no_grad, enable_grad])
def test_a_change_of_numbers_that_no_rule_needs_is_harmless(compute, change, mode):
    found = []
    for act in (lambda x, y: None, change):
        w = leaf()
        x = w * 2.0
        y = compute(x, w)
        loss = y.sum()
        with mode():
            act(x, y)
        found.append(gradient_of(loss, w))
    np.testing.assert_array_equal(*found)


def laid_out(array, rng):
    """The same numbers, in memory in another order."""
    axes = rng.permutation(array.ndim)
    array = array.transpose(axes).copy().transpose(np.argsort(axes))
    return np.flip(np.flip(array).copy()) if rng.integers(2) else array


@given(st.integers(0, 2**32 - 1))
def test_an_element_that_is_written_twice_has_the_gradient_of_what_is_there(seed):
    """Whatever the layouts: who comes last is NumPy's affair, so the numbers themselves tell where they went."""
    rng = np.random.default_rng(seed)
    shape, several = rng.integers(1, 4, rng.integers(1, 4)), rng.integers(1, 4, rng.integers(1, 3))
    index = tuple(laid_out(rng.integers(0, n, several), rng) if rng.integers(3) else slice(None) for n in shape)
    written = np.zeros(shape)[index].shape
    repeated = rng.integers(3, size=len(written)) == 0  # along these axes the same number is written
    numbers = 1.0 + np.arange(np.prod(written)).reshape(written)[tuple(slice(1 if r else None) for r in repeated)]
    x, y = leaf(np.zeros(shape)), leaf(laid_out(numbers, rng))
    z = x * 1.0
    z[index] = y
    weights = rng.integers(1, 9, shape).astype(float)
    (z * weights).sum().backward()
    there = z.detach().numpy()
    assert y.grad.tolist() == np.vectorize(lambda number: weights[there == number].sum())(numbers).tolist()
    assert x.grad.tolist() == (weights * (there == 0)).tolist()


@pytest.mark.parametrize("create_graph", [False, True])
def test_an_element_that_is_written_twice_by_scatter(create_graph):
    x, y = leaf([1.0, 2.0, 3.0]), leaf([4.0, 5.0])
    (x.scatter(0, [1, 1], y) ** 3).sum().backward(create_graph=create_graph)
    assert (x.grad.tolist(), y.grad.tolist()) == ([3.0, 0.0, 27.0], [0.0, 75.0])


def test_under_no_grad_numbers_change_and_the_graph_does_not():
    x = leaf([1.0, 2.0])
    y = x * 3.0
    with no_grad():
        y.mul_(10.0)
        y[0] = 7.0
        x.sub_(0.5)
    assert (y.tolist(), x.tolist()) == ([7.0, 60.0], [0.5, 1.5])
    np.testing.assert_array_equal(gradient_of(y, x), [[3.0, 6.0]])


def test_data_bypasses_the_tracking_and_detach_does_not():
    x = leaf([1.0, 2.0])
    y = x * x
    x.data.mul_(10.0)
    y.sum().backward()
    assert x.grad.tolist() == [20.0, 40.0]
    x.detach().mul_(10.0)
    with pytest.raises(RuntimeError, match="changed in place"):
        y.sum().backward()
    assert x.grad.tolist() == [20.0, 40.0]


def test_changes_through_numpy_are_noticed_once_they_are_announced():
    w, v, other = (Tensor([1.0, 2.0], requires_grad=True) for _ in range(3))
    y, harmless = (w * w).sum() + (v * v).sum(), (other + w).sum()
    for x in (w, v):
        x.detach().numpy()[:] = 5.0
    autograd.increment_version([w, v])
    with pytest.raises(RuntimeError, match=r"mul needs operand \d as it was, .* test_inplace_overwritten.py:\d+"):
        y.backward()
    assert w.grad is v.grad is None
    harmless.backward()  # a sum needs no numbers
    assert other.grad.tolist() == [1.0, 1.0]
    (w * w).sum().backward()
    assert w.grad.tolist() == [11.0, 11.0]  # 1 from before, and 2 · 5
