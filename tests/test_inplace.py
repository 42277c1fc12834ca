"""Changes in place: what they write, what they record, what they refuse, and what they keep alive."""

import copy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

import autograd
from autograd import Tensor, enable_grad, no_grad
from autograd.op import Reduction

from .strategies import sample

NUMBERS = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]


def leaf(numbers=NUMBERS):
    return Tensor(np.array(numbers, float), requires_grad=True)


def constant(numbers=NUMBERS):
    return Tensor(np.array(numbers, float))


def here(function):
    """The line of a function written in one line, as error messages name it."""
    return f"{Path(__file__).name}:{function.__code__.co_firstlineno}"


def gradient_of(result, *leaves):
    """The gradients of the sum with weights of their own, and then none again."""
    weights = np.arange(1.0, 1.0 + result.detach().numpy().size).reshape(result.shape)
    (result * weights).sum().backward()
    found = [0.0 * x.detach().numpy() if x.grad is None else x.grad.numpy().copy() for x in leaves]
    for x in leaves:
        x.zero_grad()
    return found


# ---------------------------------------------------------------------- every row

PLACES = {
    "plain": (lambda x: x, ...),
    "view": (lambda x: x[:, 1:], (slice(None), slice(1, None))),
    "view of a view": (lambda x: x.T[::2, ::-1].T, (slice(None, None, -1), slice(None, None, 2))),
}
ROWS = [op for op in autograd.TABLE.values() if not isinstance(op, Reduction) and op.name != "where"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)
def test_every_row_in_place_is_the_row_written_there(op, place):
    view, index = PLACES[place]
    points = np.array(sample(op, 6))
    whole, others = points[:, 0].reshape(2, 3), [x.reshape(2, 3)[index] for x in points[:, 1:].T]
    found = []
    for in_place in (False, True):
        leaves = [leaf(x) for x in (whole, *others)]
        base = leaves[0] * 1.0
        older = base * 3.0
        if in_place:
            shown = view(base)
            changed = getattr(shown, f"{op.name}_")(*leaves[1:])
            assert changed is shown
            result = base
        else:
            result = base.clone()
            value = op(base[index], *leaves[1:])
            mask, picked = np.zeros((2, 3)), np.zeros((value.numel(), 6))
            places = np.arange(6).reshape(2, 3)[index].ravel()
            mask.flat[places] = 1.0
            picked[np.arange(len(places)), places] = 1.0
            result = base * (1 - mask) + (value.reshape(1, -1) @ picked).reshape(2, 3)
        found.append([result.detach().numpy(), *gradient_of(result, *leaves), *gradient_of(older, *leaves)])
    for expected, got in zip(*found, strict=True):
        np.testing.assert_allclose(got, expected, 1e-12, 1e-14)


@pytest.mark.parametrize(
    ("change", "written"),
    [
        (lambda x, y: x.add_(y, alpha=3), lambda x, y: x + 3 * y),
        (lambda x, y: x.sub_(y, alpha=3), lambda x, y: x - 3 * y),
        (lambda x, y: x.__iadd__(y), lambda x, y: x + y),
        (lambda x, y: x.__isub__(2), lambda x, y: x - 2),
        (lambda x, y: x.__imul__(y), lambda x, y: x * y),
        (lambda x, y: x.__itruediv__(y), lambda x, y: x / y),
        (lambda x, y: x.__ipow__(3), lambda x, y: x**3),
        (lambda x, y: x.clamp_(2.5, 5.5), lambda x, y: autograd.clip(x, 2.5, 5.5)),
        (lambda x, y: x.leaky_relu_(), lambda x, y: autograd.leaky_relu(x)),
        (lambda x, y: x.mul_(np.full((2, 3), 2.0)), lambda x, y: x * 2),
        (lambda x, y: x.fill_(y[0, 1]), lambda x, y: x * 0 + y[0, 1]),
        (lambda x, y: x.copy_(y[1]), lambda x, y: x * 0 + y[1]),
        (lambda x, y: x.zero_(), lambda x, y: x * 0 + y * 0),
        (lambda x, y: x.__setitem__((0, 1), y[1, 1]), lambda x, y: x * HOLE + y[1, 1] * (1 - HOLE)),
        (lambda x, y: x.__setitem__(1 - HOLE == 1, 7.0), lambda x, y: x * HOLE + 7.0 * (1 - HOLE)),
        (lambda x, y: x.__setitem__(slice(1, None), y[0]), lambda x, y: autograd.stack([x[0], y[0]])),
        (lambda x, y: x.__setitem__(1, y[:1, :1]), lambda x, y: autograd.stack([x[0], y[0, 0] + 0 * x[1]])),
        (lambda x, y: x.__setitem__([1, 0], y), lambda x, y: y.flip(0) + x * 0),
        (lambda x, y: x.__setitem__((..., Tensor([2])), 5), lambda x, y: x * np.array([1, 1, 0]) + np.array([0, 0, 5])),
        # through operands that overlap: as if they were copied first
        (lambda x, y: x.mul_(x[0]), lambda x, y: x * x[0]),
        (lambda x, y: x.add_(x), lambda x, y: x + x),
        (lambda x, y: x.pow_(x.detach()), lambda x, y: x ** x.detach().clone()),
        (lambda x, y: x[:, :2].__iadd__(x[:, :2].T), lambda x, y: x + autograd.cat([x[:, :2].T, 0 * y[:, :1]], 1)),
        (lambda x, y: x[:, 1:].__imul__(x[:, :-1]), lambda x, y: autograd.cat([x[:, :1], x[:, 1:] * x[:, :-1]], 1)),
        (lambda x, y: x.__setitem__((..., slice(1, None)), x[:, :-1]), lambda x, y: x[:, [0, 0, 1]]),
        (lambda x, y: x.__setitem__(..., x.flip(0)), lambda x, y: x.flip(0).clone()),
        (lambda x, y: x.add_((x[:1] * 2).exp() - x), lambda x, y: x + (x[:1] * 2).exp() - x),
    ],
)  # fmt: skip
@pytest.mark.parametrize("recorded", ["both", "the target", "the operand", "nothing"])
def test_what_is_written_and_recorded(change, written, recorded):
    found = []
    for act in (written, change):
        x, y = leaf(), leaf([[0.5, -1.0, 2.0], [1.5, 3.0, -0.5]])
        base = x * 1.0 if recorded in ("both", "the target") else constant()
        operand = y * 1.0 if recorded in ("both", "the operand") else y.detach().clone()
        result = act(base, operand)
        result = base if act is change else result
        numbers = result.detach().numpy().copy()
        found.append([numbers, *(gradient_of(result, x, y) if result.requires_grad else [np.zeros((2, 3))] * 2)])
    for expected, got in zip(*found, strict=True):
        np.testing.assert_allclose(got, expected, 1e-12, 1e-14)


HOLE = np.array([[1.0, 0.0, 1.0], [1.0, 1.0, 1.0]])


@pytest.mark.parametrize(
    "view",
    [
        lambda x: x[1:], lambda x: x.reshape(3, 2), lambda x: x.T, lambda x: x.expand(2, 2, 3), lambda x: x[::-1],
        lambda x: x.detach(), lambda x: x.data, lambda x: x.unsqueeze(1), lambda x: x.ravel()[::2], lambda x: x[1, 1],
        lambda x: x.ravel()[3], lambda x: x.split(1, 1)[1], lambda x: x.unbind()[1], lambda x: x[..., None],
    ],
)  # fmt: skip
def test_views_share_the_memory(view):
    x, places = constant(), view(Tensor(np.arange(6).reshape(2, 3))).numpy()
    shown = view(x)
    x.mul_(10)
    np.testing.assert_array_equal(shown.numpy(), 10 * (places + 1.0))
    if shown.numpy().flags.writeable:
        shown.add_(5)
        expected = 10 * np.arange(1.0, 7.0)
        expected[places.ravel()] += 5
        np.testing.assert_array_equal(x.numpy().ravel(), expected)


# ---------------------------------------------------------------------- the order of things


@pytest.mark.parametrize("dims", [(0,), (1,), (0, 1), (-1,), ()])
def test_flip_is_a_copy(dims):
    """As in PyTorch; x[::-1] is a view."""
    x = leaf() * 1.0
    y = x.flip(*dims)
    assert y.detach().numpy().flags.c_contiguous
    assert y.tolist() == np.flip(NUMBERS, dims).tolist()
    y.zero_()
    assert (x.tolist(), y.tolist()) == (NUMBERS, np.zeros((2, 3)).tolist())
    x[::-1].zero_()
    assert x.tolist() == np.zeros((2, 3)).tolist()
    assert constant(5.0).flip().tolist() == 5.0


def test_views_follow_a_change_on_their_next_use():
    x, w = leaf(), leaf()
    y = x * 1.0
    row = y[1:]
    corner = row[:, :2].T
    before = corner * 3.0
    y.mul_(w)
    after = corner * 5.0
    np.testing.assert_array_equal(gradient_of(before, x, w), [[[0, 0, 0], [3, 6, 0]], np.zeros((2, 3))])
    np.testing.assert_array_equal(gradient_of(after, x, w), 2 * [[[0, 0, 0], [5 * 4, 10 * 5, 0]]])
    corner.zero_()
    assert row.tolist() == [[0, 0, 36]]
    np.testing.assert_array_equal(gradient_of(row, x, w), 2 * [[[0, 0, 0], [0, 0, 18]]])


@pytest.mark.parametrize("use", [lambda v: v * 1.0, lambda v: v, lambda v: constant([0, 0, 0]).add_(v)])
def test_a_view_of_a_constant_gets_a_gradient_with_it(use):
    x, y = leaf([1, 2, 3]), constant([0, 0, 0, 0])
    view = y[1:]
    y[:3] = x
    np.testing.assert_array_equal(gradient_of(use(view), x), [[0, 1, 2]])
    assert view.requires_grad


def test_a_leaf_in_the_memory_that_changes_gets_its_gradient():
    x = leaf([2.0, 3.0])
    y = x.detach()
    y.mul_(x)
    np.testing.assert_array_equal(gradient_of(y, x), [[2.0, 6.0]])
    y[...] = x.flip(0)
    np.testing.assert_array_equal(gradient_of(y, x), [[2.0, 1.0]])


def test_a_stale_view_is_recorded_as_an_operand():
    x, y, z = leaf([1, 2, 3]), constant([0, 0, 0]), constant([0, 0])
    view = y[1:]
    y.add_(x)
    z += view
    np.testing.assert_array_equal(gradient_of(z, x), [[0, 1, 2]])


def test_a_hook_stays_with_the_numbers_it_was_registered_for():
    """It sees their complete gradient, once: through what was computed before the change, and through the change."""
    x, seen, later = leaf([1.0, 2.0]), [], []
    y = x * 3.0
    y.register_hook(lambda gradient: seen.append(gradient.tolist()))
    z = y * 10.0
    y.mul_(x)
    y.register_hook(lambda gradient: later.append(gradient.tolist()))
    (z + y).sum().backward()
    assert (seen, later) == ([[11.0, 12.0]], [[1.0, 1.0]])
    assert x.grad.tolist() == [3 * 11.0 + 3.0, 3 * 12.0 + 6.0]


def test_a_hook_registered_after_a_change_that_failed():
    x, seen = leaf([1.0, 2.0]), []
    y = x * 3.0
    with pytest.raises(ValueError, match="does not go into"):
        y[0] = constant([1.0, 2.0])
    y.register_hook(lambda gradient: seen.append(gradient.tolist()))
    y.mul_(2.0)
    y.sum().backward()
    assert (seen, x.grad.tolist()) == ([[2.0, 2.0]], [6.0, 6.0])


def test_a_hook_on_a_tensor_whose_memory_is_changed_through_another_one():
    x = leaf()
    y = x * 0.5
    alias = y.detach()
    alias.add_(alias)
    alias[...] = y
    alias.add_(y)
    seen = []
    y.register_hook(lambda gradient: seen.append(gradient.tolist()))
    alias.sum().backward()
    assert seen == [[[2.0] * 3] * 2]  # all of it at once
    assert (x.grad.numpy() == 1.0).all()


def test_a_hook_on_a_view_that_is_out_of_date():
    x, seen = leaf([1.0, 2.0]), []
    y = x * 3.0
    view = y[1:]
    y.mul_(2.0)
    view.register_hook(lambda gradient: seen.append(gradient.tolist()))
    view.sum().backward()
    assert seen == [[1.0]]


def test_a_view_of_a_view_that_is_changed_again_and_again():
    for k in range(3):
        x = leaf()
        base = x * 1
        base.add_(base)
        view = base.T
        again = view.T
        for _ in range(3):
            again.add_(again)
        (base, view, again)[k].sum().backward()
        assert (x.grad.numpy() == 16.0).all()


def test_changes_are_differentiated_twice():
    x = leaf([0.5, 2.0])
    y = x * x
    y[1:].mul_(x[:1])
    y += y.flip(0)
    y.pow_(2)
    y.sum().backward(create_graph=True)
    slope, a, b = x.grad, 0.5, 2.0
    x.zero_grad()
    slope.sum().backward()
    # y is 2 (a² + a b²)²
    s, sa, sb = a * a + a * b * b, 2 * a + b * b, 2 * a * b
    np.testing.assert_allclose(slope.tolist(), [4 * s * sa, 4 * s * sb])
    second = [sa * sa + sb * sa + s * 2 + s * 2 * b, sa * sb + sb * sb + s * 2 * b + s * 2 * a]
    np.testing.assert_allclose(x.grad.tolist(), np.multiply(4, second))


# ---------------------------------------------------------------------- numbers that were overwritten


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
    with pytest.raises(RuntimeError, match=r"mul needs operand \d as it was, .* test_inplace.py:\d+"):
        y.backward()
    assert w.grad is v.grad is None
    harmless.backward()  # a sum needs no numbers
    assert other.grad.tolist() == [1.0, 1.0]
    (w * w).sum().backward()
    assert w.grad.tolist() == [11.0, 11.0]  # 1 from before, and 2 · 5


# ---------------------------------------------------------------------- errors, which change nothing


def read_only():
    numbers = np.array(NUMBERS)
    numbers.flags.writeable = False
    return autograd.from_numpy(numbers)


@pytest.mark.parametrize(
    ("make", "change", "error", "told"),
    [
        (constant, lambda x: x.add_(constant([1, 2])), ValueError, "add: .*(fit|broadcast)"),
        (lambda: constant()[:1], lambda x: x.add_(constant()), ValueError, r"add: .*\(2, 3\).* fit into \(1, 3\)"),
        (constant, lambda x: x.__setitem__(0, constant([1, 2])), ValueError, r"\[ \]=: \(2,\) does not go into"),
        (constant, lambda x: x.__setitem__(5, 1.0), IndexError, r"\[ \]=: "),
        (lambda: Tensor([1, 2]), lambda x: x.div_(2), TypeError, "div: cannot store float"),
        (lambda: Tensor([1, 2]), lambda x: x.add_(0.5), TypeError, "add: cannot store float"),
        (constant, lambda x: x.add_("one"), TypeError, "add: cannot take 'one'"),
        (constant, lambda x: x.mul_(), TypeError, "mul_: takes 1 operand"),
        (lambda: constant()[:1].expand(4, 3), lambda x: x.add_(1), ValueError, "add: .* expanded or read-only"),
        (lambda: leaf()[:1].expand(4, 3), lambda x: x.fill_(1), RuntimeError, "overwrite: cannot change a leaf"),
        (read_only, lambda x: x.mul_(2), ValueError, r"mul: .* change a copy, x\.clone\(\)"),
        (leaf, lambda x: x.mul_(2), RuntimeError, "mul: cannot change a leaf .* `with no_grad"),
        (leaf, lambda x: x[1:].T.zero_(), RuntimeError, "overwrite: cannot change a leaf"),
        (leaf, lambda x: x.__setitem__(0, 1.0), RuntimeError, "overwrite: cannot change a leaf"),
        (lambda: constant()[1:].requires_grad_(), lambda x: x.mul_(2), RuntimeError, "mul: cannot change a leaf"),
        (lambda: no_grad()(lambda: leaf()[1:])(), lambda x: x.mul_(2), RuntimeError, "mul: cannot change a leaf"),
        (
            lambda: no_grad()((leaf() * 2).__getitem__)(0),
            lambda x: x.mul_(2),
            RuntimeError,
            "mul: this view was made under no_grad",
        ),
    ],
)
def test_an_error_changes_nothing(make, change, error, told):
    x = make()
    neighbour = x.detach()
    before, state = x.tolist(), (x.requires_grad, x.is_leaf, x.op)
    dependent = x.detach().requires_grad_().exp() if x.is_floating_point() else None
    with pytest.raises(error, match=f"^{told}"):
        change(x)
    assert x.tolist() == neighbour.tolist() == before
    assert (x.requires_grad, x.is_leaf, x.op) == state
    if dependent is not None:
        dependent.sum().backward()  # no number of it was touched


def test_integers_take_no_gradient():
    x, counts = leaf([2.5]), Tensor([1, 2])
    counts[:1] = x
    assert (counts.tolist(), counts.requires_grad) == ([2, 2], False)


def test_leaves_change_under_no_grad():
    x = leaf()
    with no_grad():
        x[0].fill_(9.0)
        x += 1.0
        x.T[2] = 0.0
    assert (x.tolist(), x.is_leaf, x.requires_grad) == ([[10, 10, 0], [5, 6, 0]], True, True)


def test_requires_grad_is_turned_on_and_off():
    x = constant([1.0, 2.0])
    x.mul_(2.0)
    x.requires_grad_()
    y = x * x
    with pytest.raises(RuntimeError, match="cannot change a leaf"):
        x.add_(1.0)
    y.sum().backward()
    assert x.grad.tolist() == [4.0, 8.0]
    x.requires_grad_(False).add_(1.0)
    assert x.tolist() == [3.0, 5.0] and not (x * x).requires_grad
    with pytest.raises(RuntimeError, match=r"only leaves .* x\.detach\(\)"):
        y.requires_grad_(False)


# ---------------------------------------------------------------------- detach_


def test_detach_in_place_cuts_the_tensor_off():
    x = leaf([1.0, 2.0])
    y = x * 3.0
    y.add_(x)
    assert y.detach_() is y
    assert (y.requires_grad, y.is_leaf, y.op, y.tolist()) == (False, True, None, [4.0, 8.0])
    np.testing.assert_array_equal(gradient_of(y * x, x), [[4.0, 16.0]])
    y.requires_grad_()
    np.testing.assert_array_equal(gradient_of(y * x, x, y), [[4.0, 16.0], [1.0, 4.0]])


def test_what_used_a_tensor_before_detach_in_place_refuses():
    x = leaf([1.0, 2.0])
    y = x * 3.0
    z = y * 2.0
    y.mul_(1.0)
    cut = lambda: y.detach_()
    cut()
    with pytest.raises(RuntimeError, match=f"backward: mul used a tensor .* at {here(cut)}: "):
        z.sum().backward()
    assert x.grad is None


def test_detach_in_place_of_a_constant_is_nothing():
    x, y = leaf([1.0, 2.0]), constant([3.0, 4.0])
    z = x * y
    y.detach_()
    np.testing.assert_array_equal(gradient_of(z, x), [[3.0, 8.0]])
