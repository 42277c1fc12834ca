"""Graphs to step through, made anew each time, and everything that steps may change."""

import numpy as np
import pytest

import autograd
from autograd import Value, tensor
from autograd.graph import topological_order

from . import pages
from .strategies import run

# ---------------------------------------------------------------------- graphs of numbers

TWO_PRODUCTS = (1, [("sin", (0,)), ("dot", (1, 1, 1, 1)), ("dot", (2, 2, 1, 1))]), (1.25,)  # of one shared vector


def deck():
    """The worked example of the slides, every node by its name."""
    return pages.deck()[0]


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


# ---------------------------------------------------------------------- graphs of arrays


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


# ---------------------------------------------------------------------- what steps may change


def leaf(root, name):
    return next(node for node in topological_order(root) if node.name == name)


def state(root):
    """Everything that steps may change, to the last bit."""
    return [(shown(node._data), shown(node._grad)) for node in topological_order(root)]


def shown(x):
    return (x.dtype, x.shape, x.tobytes()) if isinstance(x, np.ndarray) else repr(x)
