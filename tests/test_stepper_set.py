"""Leaves that are changed in the stepper: all is computed again, or nothing has changed."""

import numpy as np
import pytest
from hypothesis import example, given, strategies as st

from autograd import Stepper, Tensor, Value, tensor
from autograd.graph import topological_order

from .stepped_graphs import ARRAYS, TWO_PRODUCTS, changed_in_place, deck, leaf, state
from .strategies import dot_of_shared_vector, graphs, run

# ---------------------------------------------------------------------- computed again


def test_forward_computes_again():
    J = deck()
    leaf(J, "w").data = 3.0
    stepper = Stepper(J, direction="forward")
    stepper.step()
    assert J.data == 2.0
    stepper.finish()
    assert (leaf(J, "z").data, J.data) == (2.0, 0.0)
    stepper.goto(0)
    assert (leaf(J, "z").data, J.data) == (4.0, 2.0)


@given(graphs, st.floats(-2, 2), st.integers(0, 30), st.sampled_from(["backward", "both"]))
@example(TWO_PRODUCTS, 0.5, 2, "backward")
def test_a_leaf_is_set_as_if_it_had_been_so(graph, number, position, direction):
    program, numbers = graph
    root = run(program, leaves := [Value(x) for x in numbers])[-1]
    used = [i for i, node in enumerate(leaves) if node in set(topological_order(root))]
    if not used:
        return
    stepper = Stepper(root, direction=direction)
    stepper.goto(position % (len(stepper) + 1))
    stepper.set(leaves[used[0]], number)
    anew = run(program, [Value(number if i == used[0] else x) for i, x in enumerate(numbers)])[-1]
    there = Stepper(anew, direction=direction)
    there.goto(stepper.position)
    if direction == "backward":
        assert state(root) == state(anew)
    else:  # what comes later in the film has not been computed yet
        stepper.finish()
        there.finish()
        assert state(root) == state(anew)


@pytest.mark.parametrize("make_root", [make for make in ARRAYS if make is not changed_in_place])
def test_arrays_are_computed_again(make_root):
    root, swept = make_root(), make_root()
    x, twin = (topological_order(r)[-1] for r in (root, swept))
    stepper = Stepper(root, direction="both")
    stepper.set(x, x._data + 0.5)
    stepper.finish()
    assert root.item() != swept.item()
    stepper.set(x, twin._data)
    swept.backward()
    assert root.item() == swept.item()
    np.testing.assert_array_equal(x.grad.numpy(), twin.grad.numpy())


def test_what_was_overwritten_by_a_node_is_computed_again():
    root, swept = changed_in_place(), changed_in_place()
    x, twin = (topological_order(r)[-1] for r in (root, swept))
    Stepper(root, direction="both").finish()
    swept.backward()
    assert root.item() == swept.item()
    np.testing.assert_array_equal(x.grad.numpy(), twin.grad.numpy())


def test_what_was_given_and_overwritten_is_gone():
    """The nodes keep what they have, and what would need the numbers of then still says so."""
    w = Tensor([2.0, 3.0], requires_grad=True)
    buffer = tensor([1.0, 5.0])
    first = buffer * w
    buffer[0] = w[0]
    root = (first * buffer).sum()
    before = root.item()
    Stepper(root, direction="forward").finish()
    assert (root.item(), first.tolist()) == (before, [2.0, 15.0])
    with pytest.raises(RuntimeError, match="mul needs operand 0 as it was"):
        Stepper(root).finish()


def test_vectors_see_what_changed():
    x = Value(2.0, "x")
    root = dot_of_shared_vector(x)
    stepper = Stepper(root)
    stepper.finish()
    stepper.set("x", 3.0)
    twin = Value(3.0)
    swept = dot_of_shared_vector(twin)
    swept.backward()
    assert (root.data, x.grad) == (swept.data, twin.grad)


def test_leaving_a_film_keeps_what_was_computed_from_a_new_leaf():
    J = deck()
    with Stepper(J, direction="both") as stepper:
        stepper.goto(3)
        stepper.set("w", 3.0)
    assert (leaf(J, "w").data, leaf(J, "z").data, J.data) == (3.0, 2.0, 0.0)


# ---------------------------------------------------------------------- what cannot be set, or fails


@pytest.mark.parametrize(
    ("name", "number", "error", "message"),
    [
        ("z", 1.0, ValueError, "set: z is computed by add: change a leaf"),
        ("w", "two", TypeError, "set: must be a real number, got 'two'"),
        ("q", 1.0, ValueError, "no node is called 'q': the names are J, b, w, x, y, z"),
        (Value(1.0), 1.0, ValueError, r"is not in the graph of J"),
    ],
)
def test_what_cannot_be_set_changes_nothing(name, number, error, message):
    J = deck()
    stepper = Stepper(J)
    stepper.goto(4)
    before = state(J)
    with pytest.raises(error, match=message):
        stepper.set(name, number)
    assert (state(J), stepper.position) == (before, 4)


def test_a_failing_hook_changes_nothing():
    J = deck()

    def hook(gradient):
        if gradient > 2:
            raise ZeroDivisionError("hook")

    leaf(J, "z").register_hook(hook)
    stepper = Stepper(J)
    stepper.goto(5)
    before = state(J)
    with pytest.raises(ZeroDivisionError):
        stepper.set("b", 100.0)
    assert (state(J), stepper.position) == (before, 5)
    stepper.goto(0)
    leaf(J, "z").register_hook(lambda gradient: 1 / 0)
    stepper.reset()
    with pytest.raises(ZeroDivisionError):
        stepper.finish()
    assert stepper.position == 0


def test_a_step_that_failed_says_so_until_reset():
    J = deck()
    hook = leaf(J, "z").register_hook(lambda gradient: 1 / 0)
    stepper = Stepper(J)
    for error in (ZeroDivisionError, RuntimeError):
        with pytest.raises(error):
            stepper.finish()
        assert stepper.position == 0
    hook.remove()
    stepper.reset()
    stepper.finish()
    assert leaf(J, "w").grad == -4.0


def test_a_shape_stays():
    t = Tensor([1.0, 2.0], requires_grad=True, name="t")
    stepper = Stepper(t.sum())
    with pytest.raises(ValueError, match=r"set: the shape must stay \(2,\), got \(3,\)"):
        stepper.set("t", [1.0, 2.0, 3.0])
