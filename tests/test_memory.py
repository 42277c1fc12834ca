"""What a graph weighs, when it is freed, how deep it goes, and how it is copied and pickled."""

import copy
import gc
import pickle
import time
import weakref

import pytest
from hypothesis import given

import autograd
from autograd import Value, Vector, backward_lines, dot, forward_lines, matvec
from autograd.graph import topological_order

from .strategies import dot_of_shared_vector, graphs, run


def chain(x, length):
    """x + 1 + 1 + …"""
    for _ in range(length):
        x = x + 1.0
    return x


# ---------------------------------------------------------------------- memory


@pytest.mark.parametrize(
    "operation",
    [
        lambda x, y: x + y, lambda x, y: x * y, lambda x, y: x + 1.0, lambda x, y: x * 2, lambda x, y: 2 - x,
        lambda x, y: x**y, lambda x, y: x.tanh(), lambda x, y: autograd.exp(x), lambda x, y: autograd.atan2(x, y),
    ],
)  # fmt: skip
def test_an_operation_makes_one_object_that_the_collector_tracks(operation, no_collector):
    x, y, count = Value(2.0), Value(3.0), 100
    results = [None] * count
    before = len(gc.get_objects())
    for i in range(count):
        results[i] = operation(x, y)
    assert len(gc.get_objects()) - before == count


def backward_with_hooks(x):
    y = x * 2.0
    handles = [y.register_hook(lambda gradient: gradient * 2), x.register_hook(print)]
    handles[1].remove()
    (y * y).backward()
    return y


def gradient_of_gradient(x):
    (x.sin() * x).backward(create_graph=True)
    slope = x.grad
    x.zero_grad()
    slope.backward()
    return slope


def failed_backward(x):
    y = x * 2.0
    y.register_hook(lambda gradient: "no number")
    with pytest.raises(TypeError):
        y.backward()
    return y


def explained(y):
    assert forward_lines(y) and backward_lines(y) and autograd.draw(y)
    return y


@pytest.mark.parametrize(
    "build",
    [
        lambda x: (x * x + 2.0).tanh() ** x, lambda x: autograd.where(x > 0, x * 2, x), lambda x: copy.deepcopy(x * x),
        lambda x: matvec([Vector([x, x])] * 3, Vector([x, 1.0]))[0], dot_of_shared_vector, backward_with_hooks,
        gradient_of_gradient, failed_backward, lambda x: explained(x * x),
    ],
)  # fmt: skip
def test_counting_references_frees_a_graph(build, no_collector):
    """Leaf and result are dead as soon as nobody holds them, and nothing is left for the collector."""
    x = Value(2.0)
    y = build(x)
    watched = [weakref.ref(x), weakref.ref(y)]
    del x, y
    assert [node() for node in watched] == [None, None]
    assert gc.collect() == 0


def test_a_graph_keeps_its_ancestors_alive_and_nothing_else(no_collector):
    x = Value(2.0)
    y = x * 2.0
    z = y + 1.0
    middle, end = weakref.ref(y), weakref.ref(z + 1.0)
    del y
    assert (middle() is z.parents[0], end()) == (True, None)
    del z
    assert middle() is None


def test_zero_grad_breaks_the_cycle_of_create_graph(no_collector):
    """A gradient with a graph refers to the leaf that holds it, until `zero_grad`."""
    x = Value(2.0)
    y = x**3
    y.backward(create_graph=True)
    watched = [weakref.ref(x), weakref.ref(y), weakref.ref(x.grad)]
    x.zero_grad()
    del x, y
    assert [node() for node in watched] == [None] * 3


# ---------------------------------------------------------------------- depth


def test_a_million_operations(no_collector):
    """Nothing recurses: a chain is built, swept, copied and freed, in linear time."""
    started = time.perf_counter()
    x, length = Value(0.0), 1_000_000
    y = chain(x, length)
    y.backward()
    assert (y.data, x.grad) == (length, 1.0)
    twin = copy.deepcopy(y)
    assert twin.data == length
    with pytest.raises(TypeError, match="pickle leaves"):
        pickle.dumps(y)
    middles = [weakref.ref(node.parents[0].parents[0]) for node in (y, twin)]
    del y, twin
    assert [middle() for middle in middles] == [None, None]
    assert time.perf_counter() - started < 15


def test_twenty_thousand_operations_have_labels():
    lines = forward_lines(chain(Value(0.0, name="x"), 20_000))
    assert lines[:2] == ["x + 1 = 0 + 1 = 1", "x + 1 + 1 = 1 + 1 = 2"]
    assert len(lines) == 20_000
    assert lines[-1].endswith(" = 19999 + 1 = 20000")


def test_a_deep_graph_is_differentiated_twice(no_collector):
    x, length = Value(1.0), 20_000
    y = x
    for _ in range(length):
        y = y + x * x
    y.backward(create_graph=True)
    slope = x.grad
    x.zero_grad()
    slope.backward()
    assert (slope.data, x.grad) == (1 + 2.0 * length, 2.0 * length)


def test_a_wide_graph_of_shared_nodes_is_walked_once():
    """2 to the power of 300 paths, 301 nodes."""
    x = Value(1.0)
    y = x
    for _ in range(300):
        y = y + y
    y.backward()
    assert x.grad == y.data == 2.0**300
    assert len(topological_order(copy.deepcopy(y))) == 301


# ---------------------------------------------------------------------- copies and pickles


@given(graphs)
def test_a_deep_copy_shares_what_the_original_shares(graph):
    program, numbers = graph
    nodes = run(program, map(Value, numbers))
    nodes[-1].backward()
    twin = copy.deepcopy(nodes[-1])
    pairs = list(zip(topological_order(nodes[-1]), topological_order(twin), strict=True))
    number = {node: i for i, pair in enumerate(pairs) for node in pair}
    for node, other in pairs:
        assert node is not other
        assert (node.op, repr(node)) == (other.op, repr(other))
        assert [number[parent] for parent in node.parents] == [number[parent] for parent in other.parents]
    before = [repr(node) for node in nodes]
    twin.backward()
    assert [repr(node) for node in nodes] == before
    nodes[-1].backward()
    assert [repr(node) for node, _ in pairs] == [repr(other) for _, other in pairs]


def test_a_deep_copy_of_a_container_is_one_graph():
    x = Value(3.0, name="x")
    nodes = {"x": x, "y": [x * x], "vector": Vector([x, 2.0])}
    twins = copy.deepcopy(nodes)
    y = twins["y"][0] + dot(twins["vector"], twins["vector"])
    y.backward()
    assert (twins["x"].name, twins["x"].grad, x.grad) == ("x", 12.0, 0.0)
    assert twins["y"][0].parents == (twins["x"], twins["x"])


def test_a_deep_copy_shares_vectors():
    shared = Vector([Value(2.0), Value(3.0)])
    twin = copy.deepcopy(dot(shared, [1.0, 2.0]) * dot(shared, [3.0, 4.0]))
    first, second = twin.parents
    assert first._a is second._a
    assert first._a is not shared


def test_a_copy_has_the_same_parents():
    x = Value(3.0)
    y = x * x
    y.name = "y"
    twin = copy.copy(y)
    assert (repr(twin), twin.op, twin.parents) == (repr(y), y.op, (x, x))
    twin.backward()
    assert (x.grad, y.grad) == (6.0, 0.0)


def test_a_copy_has_no_hooks():
    x = Value(3.0)
    (y := x * x).register_hook(lambda gradient: 10 * gradient)
    for twin in (copy.copy(y), copy.deepcopy(y)):
        twin.backward()
        assert twin.parents[0].grad == 6.0
        twin.parents[0].zero_grad()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_leaves_are_pickled(protocol):
    x = Value(3.0, name="x")
    x.grad = 2.0
    twin, again, vector = pickle.loads(pickle.dumps((x, x, Vector([x, 1.0])), protocol))
    assert repr(twin) == repr(x)
    assert twin is again is vector[0]
    dot(vector, vector).backward()
    assert (twin.grad, x.grad) == (2.0 + 6.0, 2.0)


def test_computed_nodes_are_not_pickled():
    x = Value(3.0)
    for node in (x * x, Vector([x + 1])):
        with pytest.raises(TypeError, match=r"^pickle: .* computed by (mul|add), .* pickle leaves, or v\.detach\(\)$"):
            pickle.dumps(node)
