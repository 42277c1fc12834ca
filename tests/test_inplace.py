"""Changes in place: what they write, what they record, what they refuse, and what they keep alive."""

import numpy as np
import pytest

import autograd
from autograd import Tensor, no_grad
from autograd.op import Reduction

from .inplace_graphs import NUMBERS, constant, gradient_of, here, leaf
from .strategies import sample

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
