"""The stepper: every way to a position leads to the same state, and the end is that of `backward`, to the last bit."""

import gc
import math
import weakref

import numpy as np
import pytest
from hypothesis import example, given, strategies as st

from autograd import Stepper, Tensor, Value, Vector, dot, tensor
from autograd.graph import topological_order

from .stepped_graphs import (
    TWO_PRODUCTS,
    deck,
    each_graph_of_arrays,
    leaf,
    make,
    parameters,
    state,
    with_hooks_and_gradients,
)
from .strategies import graphs

# ---------------------------------------------------------------------- the end is that of backward


@given(graphs, st.floats(-1e3, 1e3))
@example(TWO_PRODUCTS, 1.0)
def test_finish_is_backward(graph, gradient):
    stepped, swept = (with_hooks_and_gradients(make(graph)) for _ in range(2))
    for _ in range(2):  # leaves accumulate, interior nodes do not
        Stepper(stepped, gradient).finish()
        swept.backward(gradient)
        assert state(stepped) == state(swept)


@each_graph_of_arrays
def test_finish_is_backward_on_arrays(make_root):
    stepped, swept = make_root(), make_root()
    for root in (stepped, swept):
        leaf_ = topological_order(root)[-1]
        leaf_.grad = np.full(leaf_.shape, 0.1)
        leaf_.register_hook(lambda gradient: gradient * 3)
    for _ in range(2):
        Stepper(stepped).finish()
        swept.backward()
        assert state(stepped) == state(swept)


def test_a_leaf_is_its_own_derivative():
    x = Value(3.0, "x")
    stepper = Stepper(x)
    assert (len(stepper), str(stepper.pending)) == (1, "dx/dx = 1")
    stepper.finish()
    assert x.grad == 1.0
    t = tensor(2.0, requires_grad=True)
    Stepper(t, 3.0).finish()
    assert t.grad.item() == 3.0


def test_gradients_of_arrays_are_not_shared():
    """As after `backward`: who changes the gradient of one leaf changes no other."""
    a, b = parameters((2,), (2,))
    Stepper((a + b).sum()).finish()
    a.grad.fill_(7)
    assert b.grad.tolist() == [1.0, 1.0]


def test_vectors_of_numbers_and_nodes():
    x = Value(2.0, "x")
    stepper = Stepper(dot(Vector([x, 1.0]), Vector([3.0, x])))
    stepper.finish()
    assert x.grad == 4.0
    assert isinstance(stepper.root, Value) and not isinstance(stepper.root, Tensor)
    assert math.isfinite(x.grad)


def test_a_long_chain_is_stepped_without_recursion():
    x = y = Value(1.0)
    for _ in range(20_000):
        y = y + x
    stepper = Stepper(y)
    stepper.finish()
    assert x.grad == 20_001.0


# ---------------------------------------------------------------------- any way leads to the same place

moves = st.lists(st.tuples(st.sampled_from(["step", "back", "goto", "finish", "reset", "pending"]), st.integers(0, 30)))


def move(stepper, name, k):
    if name == "goto":
        stepper.goto(k % (len(stepper) + 1))
    elif name == "pending":
        assert (stepper.pending is None) == (stepper.position == len(stepper))
    elif not (name == "step" and stepper.position == len(stepper)) and not (name == "back" and not stepper.position):
        getattr(stepper, name)()


@given(graphs, moves, st.sampled_from(["backward", "forward", "both"]))
@example(TWO_PRODUCTS, [("step", 0), ("step", 0), ("back", 0), ("step", 0)], "backward")
def test_any_moves_lead_where_a_fresh_stepper_is(graph, moves, direction):
    moved, fresh = (with_hooks_and_gradients(make(graph)) for _ in range(2))
    stepper = Stepper(moved, direction=direction)
    for name, k in moves:
        move(stepper, name, k)
    there = Stepper(fresh, direction=direction)
    there.goto(stepper.position)
    assert state(moved) == state(fresh)


@each_graph_of_arrays
@given(moves=moves, direction=st.sampled_from(["backward", "both"]))
def test_any_moves_lead_where_a_fresh_stepper_is_on_arrays(make_root, moves, direction):
    moved, fresh = make_root(), make_root()
    stepper = Stepper(moved, direction=direction)
    for name, k in moves:
        move(stepper, name, k)
    Stepper(fresh, direction=direction).goto(stepper.position)
    assert state(moved) == state(fresh)


@given(graphs)
def test_the_way_back_puts_back_the_very_gradients(graph):
    root = with_hooks_and_gradients(make(graph))
    before = [node._grad for node in topological_order(root)]
    stepper = Stepper(root)
    stepper.finish()
    stepper.goto(0)
    assert all(node._grad is earlier for node, earlier in zip(topological_order(root), before, strict=True))


def test_nothing_changes_until_a_step_is_taken():
    J = deck()
    before = state(J)
    stepper = Stepper(J)
    assert stepper.pending is not None
    assert (len(stepper), stepper.position, repr(stepper)) == (6, 0, "<Stepper of J, backward: 0 of 6 steps taken>")
    assert state(J) == before


def test_hooks_run_once_however_one_moves():
    seen = []
    x = Value(3.0)
    y = x * x
    y.register_hook(seen.append)
    x.register_hook(seen.append)
    stepper = Stepper(y.sin())
    stepper.finish()
    stepper.goto(0)
    stepper.finish()
    assert len(seen) == 2
    stepper.reset()
    stepper.finish()
    assert len(seen) == 4


# ---------------------------------------------------------------------- others at work, and the end of it


def test_what_others_change_is_noticed_and_kept():
    J = deck()
    stepper = Stepper(J)
    stepper.run_to("z")
    leaf(J, "z").grad = 5.0
    with pytest.raises(RuntimeError, match=r"Stepper: z was changed by something else since the last step: reset\(\)"):
        stepper.back()
    stepper.reset()
    assert (stepper.position, leaf(J, "z").grad) == (0, 5.0)
    stepper.finish()
    assert leaf(J, "w").grad == -4.0


def test_a_backward_in_the_middle_is_noticed():
    J = deck()
    stepper = Stepper(J)
    stepper.goto(3)
    J.backward()
    with pytest.raises(RuntimeError, match="was changed by something else"):
        stepper.finish()


def test_leaving_a_block_half_way_puts_everything_back():
    J = deck()
    J.backward()
    before = state(J)
    with Stepper(J) as stepper:
        stepper.goto(4)
        assert state(J) != before
    assert state(J) == before
    with pytest.raises(IndexError), Stepper(J) as stepper:
        stepper.goto(2) or stepper.goto(100)
    assert state(J) == before
    with Stepper(J) as stepper:
        stepper.finish()
    assert leaf(J, "w").grad == -8.0


def test_counting_references_alone_frees_a_stepper():
    def stepped():  # not here: a frame that is asked for its variables keeps them
        J = deck()
        Stepper(J).finish()
        return weakref.ref(leaf(J, "w"))

    gc.disable()
    try:
        assert stepped()() is None
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda s: [s.finish(), s.step()], IndexError, r"step: all 6 steps are taken: back\(\) undoes one"),
        (lambda s: s.back(), IndexError, r"back: no step has been taken"),
        (lambda s: s.goto(7), IndexError, "goto: position must be from 0 to 6, got 7"),
        (lambda s: s.goto(-1), IndexError, "goto: position must be from 0 to 6, got -1"),
        (lambda s: s.goto("z"), TypeError, r"goto: position must be a whole number, got 'z'; run_to\(name\)"),
        (lambda s: s.run_to("q"), ValueError, "no node is called 'q'"),
        (lambda s: s.run_to(Value(1.0)), ValueError, "is not in the graph of J"),
        (lambda s: Stepper(3.0), TypeError, "Stepper: takes a graph node, such as a Value, got 3.0"),
        (lambda s: Stepper(s.root, direction="up"), ValueError, "'backward', 'forward', 'both', got 'up'"),
        (lambda s: Stepper(s.root, "one"), TypeError, "gradient: must be a real number"),
        (lambda s: Stepper(tensor([1.0])), RuntimeError, "no tensor in this graph requires a gradient"),
        (lambda s: Stepper(tensor([1.0, 2.0], requires_grad=True)), RuntimeError, "reduce it to one number"),
    ],
)
def test_errors_teach(call, error, message):
    stepper = Stepper(deck())
    with pytest.raises(error, match=message):
        call(stepper)
