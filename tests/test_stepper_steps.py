"""What a step of the stepper says, and how to find one's place among them."""

import pytest
from hypothesis import example, given

from autograd import Stepper, Tensor, Value
from autograd.graph import topological_order
from autograd.steps import BackwardStep, ForwardStep

from .stepped_graphs import TWO_PRODUCTS, deck, leaf, make, with_hooks_and_gradients
from .strategies import graphs

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


def test_a_notebook_shows_the_film():
    J = deck()
    html = Stepper(J)._repr_html_()
    assert html.startswith("<iframe srcdoc=")
    assert "Backpropagation of J" in html
    y = x = Value(1.0)
    for _ in range(2000):
        y = y + x
    assert Stepper(y)._repr_html_() is None  # too long to be watched: its text is shown


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
