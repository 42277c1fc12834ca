"""The stepper: every way to a position leads to the same state, and the end is that of `backward`, to the last bit."""

import gc
import math
import weakref

import numpy as np
import pytest
from hypothesis import example, given, strategies as st

import autograd
from autograd import Stepper, Tensor, Value, Vector, dot, tensor
from autograd.graph import topological_order
from autograd.steps import BackwardStep, ForwardStep

from .strategies import dot_of_shared_vector, graphs, run

TWO_PRODUCTS = (1, [("sin", (0,)), ("dot", (1, 1, 1, 1)), ("dot", (2, 2, 1, 1))]), (1.25,)  # of one shared vector


def deck():
    """The worked example of the slides, every node by its name."""
    w, x, b, y = (Value(number, name) for number, name in [(2.0, "w"), (-2.0, "x"), (8.0, "b"), (2.0, "y")])
    z = w * x + b
    z.name = "z"
    J = 0.5 * (z - y) ** 2
    J.name = "J"
    return J


def state(root):
    """Everything that steps may change, to the last bit."""
    return [(shown(node._data), shown(node._grad)) for node in topological_order(root)]


def shown(x):
    return (x.dtype, x.shape, x.tobytes()) if isinstance(x, np.ndarray) else repr(x)


def leaf(root, name):
    return next(node for node in topological_order(root) if node.name == name)


def make(graph):
    """The root of a random graph, made anew each time."""
    program, numbers = graph
    return run(program, map(Value, numbers))[-1]


def with_hooks_and_gradients(root):
    """Hooks on a leaf and inside, and gradients of an earlier pass."""
    nodes = topological_order(root)
    nodes[len(nodes) // 2].register_hook(lambda gradient: 1.5 * gradient)
    nodes[-1].register_hook(lambda gradient: -gradient)
    nodes[-1].grad = 0.1
    return root


# ---------------------------------------------------------------------- arrays


def parameters(*shapes):
    source = np.random.default_rng(len(shapes))
    return [tensor(source.normal(size=shape), requires_grad=True) for shape in shapes]


def layer_of_tanh():
    W, b = parameters((3, 2), (3,))
    return np.sum(np.tanh(tensor([[1.0, -1.0], [0.5, 2.0]]) @ W.T + b) ** 2)


def shared_array():
    (x,) = parameters((2, 3))
    return (x * x + x[0] * x.sum(0)).mean() * x.max()


def changed_in_place():
    (x,) = parameters((3,))
    y = x * 1.0
    y[1] = x[0] * 2
    y *= x
    return y.sum()


def network():
    w1, b1, w2 = parameters((4, 3), (4,), (2, 4))
    inputs = tensor(np.random.default_rng(0).normal(size=(5, 3)))
    logits = autograd.linear(autograd.linear(inputs, w1, b1).relu(), w2)
    return autograd.cross_entropy(logits, tensor([0, 1, 1, 0, 1]))


def numbers_without_axes():
    (x,) = parameters(())
    return x.exp() * x + x / 2


ARRAYS = [layer_of_tanh, shared_array, changed_in_place, network, numbers_without_axes]
each_graph_of_arrays = pytest.mark.parametrize("make_root", ARRAYS)


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


# ---------------------------------------------------------------------- what a step says


def test_the_film_of_the_deck():
    J = deck()
    lines = [str(step) for step in Stepper(J, direction="both")]
    last = "dJ/dw += dJ/d(w · x) · d(w · x)/dw = 2 · x = 2 · (-2) = -4"
    assert lines == [
        "w · x = 2 · (-2) = -4",
        "z = w · x + b = -4 + 8 = 4",
        "z - y = 4 - 2 = 2",
        "(z - y)^2 = 2^2 = 4",
        "J = 0.5 · (z - y)^2 = 0.5 · 4 = 2",
        "dJ/dJ = 1",
        "dJ/d((z - y)^2) += dJ/dJ · dJ/d((z - y)^2) = 1 · 0.5 = 0.5",
        "dJ/d(z - y) += dJ/d((z - y)^2) · d((z - y)^2)/d(z - y) = 0.5 · (2 · (z - y)) = 0.5 · (2 · 2) = 2",
        "dJ/dz += dJ/d(z - y) · d(z - y)/dz = 2 · 1 = 2\ndJ/dy += dJ/d(z - y) · d(z - y)/dy = 2 · (-1) = -2",
        "dJ/d(w · x) += dJ/dz · dz/d(w · x) = 2 · 1 = 2\ndJ/db += dJ/dz · dz/db = 2 · 1 = 2",
        f"{last}\ndJ/dx += dJ/d(w · x) · d(w · x)/dx = 2 · w = 2 · 2 = 4",
    ]


@given(graphs)
@example(TWO_PRODUCTS)
def test_records_agree_with_the_graph(graph):
    """Before and after each step, and for every contribution: what is told is what the graph holds."""
    root = with_hooks_and_gradients(make(graph))
    stepper = Stepper(root)
    for step in stepper:
        if step.op is not None:
            assert step.op is step.node.op
        assert repr(step.upstream) == repr(step.node.grad) or step.op is None
        for contribution in step.contributions:
            assert step.node.parents[contribution.operand] is contribution.parent
            assert repr(contribution.amount) == repr(contribution.upstream * contribution.local)
            total = contribution.before + contribution.amount
            assert contribution.after == pytest.approx(total, abs=1e-12, nan_ok=True)
        for node, _, after in step.changes:
            assert node._grad is after
    assert {type(step) for step in stepper.taken} == {BackwardStep}


def test_records_of_a_node_used_twice():
    x = Value(3.0, "x")
    x.grad = 1.0
    stepper = Stepper(x * x)
    stepper.step()
    (first, second) = stepper.step().contributions
    assert [(c.operand, c.local, c.amount, c.before, c.after) for c in (first, second)] == [
        (0, 3.0, 3.0, 1.0, 4.0),
        (1, 3.0, 3.0, 4.0, 7.0),
    ]


def test_records_of_arrays():
    W = Tensor([[1.0, 2.0]], requires_grad=True, name="W")
    x = Tensor([3.0, 4.0], name="x")
    y = W @ x
    y.name = "y"
    stepper = Stepper(y)
    stepper.step()
    (contribution,) = stepper.pending.contributions
    assert (contribution.parent, contribution.operand, contribution.local, contribution.before) == (W, 0, None, None)
    assert contribution.amount.tolist() == contribution.after.tolist() == [[3.0, 4.0]]
    assert W.grad is None
    upstream = "reshape([1], shape=(1, 1))"
    assert str(contribution) == f"dy/dW += dy/dy · dy/dW = {upstream} · x = {upstream} · [3, 4] = [[3, 4]]"


# ---------------------------------------------------------------------- finding one's place


def test_run_to_stops_where_a_gradient_is_complete():
    J = deck()
    stepper = Stepper(J)
    z = leaf(J, "z")
    stepper.run_to("z")
    assert (stepper.pending.node, z.grad) == (z, 2.0)
    stepper.run_to(leaf(J, "w"))
    assert (stepper.position, leaf(J, "w").grad) == (len(stepper), -4.0)
    stepper.run_to("J")  # behind it
    assert (stepper.position, z.grad) == (1, 0.0)
    stepper.run_to("w*x")  # a label, as people type it
    assert str(stepper.labels(stepper.pending.node)) == "w · x"


@given(graphs)
def test_where_a_gradient_is_complete_it_is_that_of_the_end(graph):
    root, swept = make(graph), make(graph)
    swept.backward()
    for node, there in zip(topological_order(root), topological_order(swept), strict=True):
        stepper = Stepper(root)
        stepper.run_to(node)
        assert node.grad == pytest.approx(there.grad, rel=1e-12, abs=1e-12)
        assert node.op is None or stepper.pending.node is node
        stepper.goto(0)


def test_run_to_in_a_film_of_both():
    J = deck()
    stepper = Stepper(J, direction="both")
    stepper.run_to("z")
    assert (stepper.position, isinstance(stepper.pending, ForwardStep)) == (2, True)
    stepper.run_to("z")
    assert (stepper.pending.node, isinstance(stepper.pending, BackwardStep)) == (leaf(J, "z"), True)


# ---------------------------------------------------------------------- forward, and changing leaves


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


def test_leaving_a_film_keeps_what_was_computed_from_a_new_leaf():
    J = deck()
    with Stepper(J, direction="both") as stepper:
        stepper.goto(3)
        stepper.set("w", 3.0)
    assert (leaf(J, "w").data, leaf(J, "z").data, J.data) == (3.0, 2.0, 0.0)


def test_a_shape_stays():
    t = Tensor([1.0, 2.0], requires_grad=True, name="t")
    stepper = Stepper(t.sum())
    with pytest.raises(ValueError, match=r"set: the shape must stay \(2,\), got \(3,\)"):
        stepper.set("t", [1.0, 2.0, 3.0])


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


def test_a_long_chain_is_stepped_without_recursion():
    x = y = Value(1.0)
    for _ in range(20_000):
        y = y + x
    stepper = Stepper(y)
    stepper.finish()
    assert x.grad == 20_001.0


def test_vectors_of_numbers_and_nodes():
    x = Value(2.0, "x")
    stepper = Stepper(dot(Vector([x, 1.0]), Vector([3.0, x])))
    stepper.finish()
    assert x.grad == 4.0
    assert isinstance(stepper.root, Value) and not isinstance(stepper.root, Tensor)
    assert math.isfinite(x.grad)


def test_a_notebook_shows_the_film():
    J = deck()
    html = Stepper(J)._repr_html_()
    assert html.startswith("<iframe srcdoc=")
    assert "Backpropagation of J" in html
    y = x = Value(1.0)
    for _ in range(2000):
        y = y + x
    assert Stepper(y)._repr_html_() is None  # too long to be watched: its text is shown
