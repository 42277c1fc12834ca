"""Hooks see a gradient when it is complete, and may replace it."""

import pytest

from autograd import Value
from autograd.graph import topological_order

# ---------------------------------------------------------------------- hooks


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_hook_sees_the_complete_gradient_once(create_graph):
    """When all contributions are in; on a leaf, what this pass adds to it."""
    x = Value(3.0)
    y = x * x
    z = y + y * 2
    seen = []
    for node in (x, y, z):
        node.register_hook(lambda gradient, node=node: seen.append((node, float(gradient))))
    for _ in range(2):
        z.backward(create_graph=create_graph)
    assert [(id(node), gradient) for node, gradient in seen] == [(id(z), 1.0), (id(y), 3.0), (id(x), 18.0)] * 2
    assert float(x.grad) == 36.0


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("replace", [lambda g: 10 * g, lambda g: 10.0, lambda g: 10, lambda g: Value(10.0)])
def test_a_hook_replaces_the_gradient(replace, create_graph):
    x = Value(3.0)
    y = x * x
    hook = y.register_hook(replace)
    y.backward(create_graph=create_graph)
    assert (y.grad, float(x.grad)) == (10.0, 60.0)
    hook.remove()
    x.zero_grad()
    x.register_hook(replace)
    y.backward(create_graph=create_graph)
    assert (y.grad, float(x.grad)) == (1.0, 60.0 if replace(6.0) == 60.0 else 10.0)


def test_hooks_run_in_the_order_of_their_registration():
    x = Value(3.0)
    y = 2 * x
    for change in (lambda g: g + 1, lambda g: g * 10, lambda g: None, lambda g: g - 4):
        y.register_hook(change)
    y.backward()
    assert (y.grad, x.grad) == (16.0, 32.0)


def test_a_hook_is_removed_once():
    """Its own place among equal hooks, and the second removal is nothing."""
    x = Value(1.0)

    def double(gradient):
        return 2 * gradient

    def add_one(gradient):
        return gradient + 1

    handles = [x.register_hook(hook) for hook in (double, add_one, double)]
    handles[2].remove()
    handles[2].remove()
    x.backward()
    assert x.grad == 3.0
    handles[0].remove()
    handles[1].remove()
    x.backward()
    assert x.grad == 4.0


def test_a_hook_on_a_leaf_stays_for_later_graphs():
    x = Value(1.0)
    x.register_hook(lambda gradient: -gradient)
    for factor in (2.0, 3.0):
        (x * factor).backward()
    assert x.grad == -5.0
    assert not (x * 2.0).is_leaf


def test_a_hook_does_not_change_the_node():
    x = Value(3.0, name="x")
    y = x * x
    before = [(repr(node), node.op, node.parents, node.is_leaf) for node in (x, y)]
    for node in (x, y):
        node.register_hook(lambda gradient: None)
    assert [(repr(node), node.op, node.parents, node.is_leaf) for node in (x, y)] == before
    assert list(map(id, topological_order(y))) == [id(y), id(x)]
