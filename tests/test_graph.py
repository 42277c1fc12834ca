"""The graph itself: its structure, what it weighs, how deep it goes, copies, pickles, modes, hooks and threads."""

import asyncio
import copy
import gc
import pickle
import sys
import threading
import time
import weakref
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

import autograd
from autograd import Value, Vector, backward_lines, detect_anomaly, dot, enable_grad, forward_lines, matvec, no_grad
from autograd.graph import topological_order

# ---------------------------------------------------------------------- random graphs, for this and other tests

ARITY = {"add": 2, "sub": 2, "mul": 2, "neg": 1, "sin": 1, "tanh": 1, "dot": 4}
EXACT = ["add", "sub", "mul", "neg", "dot"]
"""The operations that are exact on whole numbers, derivatives and all."""


@st.composite
def programs(draw, operations=tuple(ARITY), steps=7):
    """A straight-line program: how many leaves, and the operations, each with the places of its operands.

    Operands are drawn from all places so far, the latest first: nodes are shared, and most are used.
    """
    leaves = draw(st.integers(1, 3))
    lines = []
    for place in range(leaves, leaves + draw(st.integers(1, steps))):
        name = draw(st.sampled_from(operations))
        operands = st.integers(0, place - 1).map(lambda back, last=place - 1: last - back)
        lines.append((name, draw(st.tuples(*[operands] * ARITY[name]))))
    return leaves, lines


def run(program, leaves):
    """Every node of the program in order: the leaves, then one per line.  Equal pairs share their `Vector`."""
    nodes, vectors = list(leaves), {}

    def vector(*places):
        return vectors.setdefault(places, Vector([nodes[place] for place in places]))

    for name, places in program[1]:
        if name == "dot":
            nodes.append(dot(vector(*places[:2]), vector(*places[2:])))
        else:
            nodes.append(getattr(autograd, name)(*(nodes[place] for place in places)))
    return nodes


def with_leaves(program):
    """The program and numbers for its leaves."""
    return st.tuples(st.just(program), st.tuples(*[st.floats(-2, 2)] * program[0]))


graphs = programs().flatmap(with_leaves)


def chain(x, length):
    """x + 1 + 1 + …"""
    for _ in range(length):
        x = x + 1.0
    return x


@pytest.fixture
def no_collector():
    """Without the cyclic collector: what is freed inside is freed by counting references."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


# ---------------------------------------------------------------------- structure


@given(graphs)
def test_order_has_each_ancestor_once_and_before_its_parents(graph):
    program, numbers = graph
    nodes = run(program, map(Value, numbers))
    reached, waiting = set(), [nodes[-1]]
    while waiting:
        node = waiting.pop()
        reached.add(node)
        waiting += node.parents
    order = topological_order(nodes[-1])
    place = {node: i for i, node in enumerate(order)}
    assert order[0] is nodes[-1]
    assert (len(order), set(order)) == (len(reached), reached)
    assert all(place[node] < place[parent] for node in order for parent in node.parents)


@given(graphs)
def test_parents_are_those_of_the_program(graph):
    """In order, as often as they were used; a leaf has no operation and a result has one."""
    program, numbers = graph
    nodes = run(program, map(Value, numbers))
    for leaf in nodes[: program[0]]:
        assert (leaf.op, leaf.parents, leaf.is_leaf) == (None, (), True)
    for node, (name, places) in zip(nodes[program[0] :], program[1], strict=True):
        assert (node.op.name, node.is_leaf) == (name, False)
        assert list(map(id, node.parents)) == [id(nodes[place]) for place in places]


def test_a_product_of_plain_numbers_is_a_leaf():
    """Nothing led to it that could be differentiated."""
    (y,) = matvec([Vector([1.0, 2.0])], Vector([3.0, 4.0]))
    assert (y.data, y.op, y.parents, y.is_leaf) == (11.0, None, (), True)
    assert dot(Vector([1.0, 2.0]), Vector([3.0, 4.0])) == 11.0


def test_operands_look_through_vectors():
    w, x = Value(2.0), Value(3.0)
    v = Vector([w, 5.0, x])
    y = dot(v, [1.0, w, 4.0])
    assert [float(operand) for operand in y.operands] == [2.0, 5.0, 3.0, 1.0, 2.0, 4.0]
    assert list(map(id, y.parents)) == list(map(id, (w, x, w)))
    assert v not in topological_order(y)
    assert (len(v), list(v), v[2] is x, repr(v)) == (3, [w, 5.0, x], True, f"Vector([{w!r}, 5.0, {x!r}])")


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


def dot_of_shared_vector(x):
    shared = Vector([x, 2.0, x * 3.0])
    return dot(shared, [1.0, x, 2.0]) + dot(shared, shared)


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


def test_a_hundred_thousand_operations_have_labels():
    lines = forward_lines(chain(Value(0.0, name="x"), 100_000))
    assert lines[:2] == ["x + 1 = 0 + 1 = 1", "x + 1 + 1 = 1 + 1 = 2"]
    assert len(lines) == 100_000
    assert lines[-1].endswith(" = 99999 + 1 = 100000")


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


# ---------------------------------------------------------------------- modes


def is_recorded():
    return not (Value(1.0) * 2.0).is_leaf


def is_watched():
    try:
        return not Value(1000.0).exp().data
    except FloatingPointError:
        return True


MODES = {no_grad: (is_recorded, False), enable_grad: (is_recorded, True), detect_anomaly: (is_watched, True)}

each_mode = pytest.mark.parametrize(("mode", "state", "inside"), [(m, *what) for m, what in MODES.items()])


@pytest.fixture(autouse=True)
def modes_are_left_as_they_were():
    yield
    assert (is_recorded(), is_watched(), autograd.graph.modes.watched) == (True, False, 0)


def test_by_default_operations_are_recorded_and_not_watched():
    assert (is_recorded(), is_watched()) == (True, False)
    assert Value(1000.0).exp().data == float("inf")


@each_mode
def test_as_a_context(mode, state, inside):
    with no_grad() if mode is enable_grad else enable_grad():
        outside = state()
        with mode():
            assert state() is inside
        assert state() is outside


@each_mode
def test_as_a_decorator(mode, state, inside):
    @mode()
    def function(depth):
        """What it says."""
        return [state(), *(function(depth - 1) if depth else [])]

    assert function(3) == [inside] * 4
    assert (function.__name__, function.__doc__) == ("function", "What it says.")


@each_mode
def test_one_object_is_entered_again(mode, state, inside):
    again = mode()
    for _ in range(2):
        with again, again:
            assert state() is inside


def test_modes_are_nested():
    seen = []
    with no_grad():
        seen.append(is_recorded())
        with enable_grad():
            seen.append(is_recorded())
            with no_grad(), detect_anomaly():
                seen.append((is_recorded(), is_watched()))
            seen.append(is_recorded())
        seen.append(is_recorded())
    assert seen == [False, True, (False, True), True, False]


@each_mode
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, GeneratorExit])
def test_modes_are_restored_after_exceptions(mode, state, inside, error):
    outside = state()
    with pytest.raises(error), mode():
        raise error
    assert state() is outside


def test_no_grad_makes_leaves_of_every_kind_of_operation():
    def results(x):
        v = Vector([x, x])
        return [
            x + x,
            x + 1,
            2 * x,
            x**2,
            -x,
            x.exp(),
            autograd.where(x, x, 0),
            dot(v, v),
            *matvec([v], v),
            sum([x, x]),
        ]

    recorded = results(Value(2.0))
    with no_grad():
        leaves = results(Value(2.0))
    assert {(y.is_leaf, y.op, y.parents) for y in leaves} == {(True, None, ())}
    assert [y.data for y in leaves] == [y.data for y in recorded]
    assert not any(y.is_leaf for y in recorded)


def test_backward_under_no_grad():
    x = Value(3.0)
    y = x**3
    with no_grad():
        y.backward(create_graph=True)
    x.grad.backward()
    assert x.grad.data == 27.0 + 18.0


@each_mode
def test_threads_have_modes_of_their_own(mode, state, inside):
    seen, entered, done = [], threading.Event(), threading.Event()

    def other():
        with mode():
            entered.set()
            done.wait(10)
            seen.append(state())

    with no_grad() if mode is enable_grad else enable_grad():
        outside = state()
        thread = threading.Thread(target=other)
        thread.start()
        assert entered.wait(10)
        seen.append(state())
        done.set()
        thread.join()
    assert seen == [outside, inside]
    assert outside is not inside


@each_mode
def test_tasks_have_modes_of_their_own(mode, state, inside):
    async def task(contexts):
        seen = []
        for context in contexts:
            with context():
                await asyncio.sleep(0)
                seen.append(state())
                await asyncio.sleep(0)
            await asyncio.sleep(0)
        return seen

    async def both():
        return await asyncio.gather(task([mode, mode]), task([no_grad if mode is enable_grad else enable_grad] * 3))

    mine, theirs = asyncio.run(both())
    assert mine == [inside] * 2
    assert theirs == [not inside] * 3


def test_tasks_may_share_one_object():
    """Each leaves the mode that it found, whichever of them ends first."""
    shared, found = no_grad(), []

    async def task(outer, pauses):
        with outer():
            with shared:
                for _ in range(pauses):
                    await asyncio.sleep(0)
            found.append(is_recorded())

    async def both():
        await asyncio.gather(task(enable_grad, 1), task(no_grad, 2))

    asyncio.run(both())
    assert found == [True, False]


def test_modes_end_in_any_order():
    """A generator that was suspended in one mode ends it in the midst of another, which stands."""

    def suspended():
        with no_grad():
            yield is_recorded()

    generator = suspended()
    assert (is_recorded(), next(generator)) == (True, False)
    with detect_anomaly():
        assert list(generator) == []
        assert is_recorded()
        with pytest.raises(FloatingPointError):
            Value(0.0).log()
    assert Value(0.0).log().data == -float("inf")
    with no_grad():
        generator = suspended()
        next(generator)
        inner = enable_grad()
        inner.__enter__()
        assert list(generator) == []
        assert is_recorded()
        inner.__exit__(None, None, None)
        assert not is_recorded()
    assert is_recorded()


@pytest.mark.parametrize("mode", [no_grad, enable_grad, detect_anomaly])
def test_modes_do_not_decorate_what_runs_later(mode):
    async def task():
        pass

    def numbers():
        yield 1

    for function in (task, numbers):
        with pytest.raises(TypeError, match=rf"^{mode.__name__}: .* {function.__name__} runs: write `with "):
            mode()(function)


# ---------------------------------------------------------------------- anomalies


def line_of(function):
    """The line of a function written in one line, as error messages name it."""
    return f"{Path(__file__).name}:{function.__code__.co_firstlineno}"


@pytest.mark.parametrize(
    ("operation", "told"),
    [
        (lambda x: x.log(), "log(0.0) gave -inf"),
        (lambda x: (x - 1).log(), "log(-1.0) gave nan"),
        (lambda x: 1 / x, "div(1.0, 0.0) gave inf"),
        (lambda x: (x + 1e308) * 10, "mul(1e+308, 10.0) gave inf"),
        (lambda x: x + float("inf"), "add(0.0, inf) gave inf"),
        (lambda x: autograd.where(x, 1.0, x / x), "div(0.0, 0.0) gave nan"),
        (lambda x: dot([x + 1, 1.0], [1e308, 1e308]), "dot(1.0, 1.0, 1e+308, 1e+308) gave inf"),
        (lambda x: matvec([Vector([x, 1.0])], Vector([1.0, float("inf")])), "dot(0.0, 1.0, 1.0, inf) gave inf"),
    ],
)
def test_the_first_operation_that_is_not_finite_is_named(operation, told):
    x = Value(0.0)
    with detect_anomaly(), pytest.raises(FloatingPointError) as caught:
        operation(x)
    assert str(caught.value) == f"{told}, at {line_of(operation)}"
    assert repr(x) == "Value(0.0, grad=0.0)"


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize(
    ("operation", "gradient", "told"),
    [
        (lambda x: x.sqrt(), 1.0, "sqrt(0.0)"),
        (lambda x: abs(x) ** 0.5, 1.0, "pow(0.0, 0.5)"),
        (lambda x: x * 1e300, 1e300, "mul(0.0, 1e+300)"),
        (lambda x: x * Value(1e300), 1e300, "mul(0.0, 1e+300)"),
        (lambda x: autograd.where(1.0, x * 1e300, x), 1e300, "mul(0.0, 1e+300)"),
        (lambda x: dot([x, 1.0], [1e300, 1.0]), 1e300, "dot(0.0, 1.0, 1e+300, 1.0)"),
        (lambda x: dot([1e300], [x + 1]), 1e300, "dot(1e+300, 1.0)"),
        (lambda x: matvec([Vector([1e300, 1.0])], Vector([x, 1.0]))[0], 1e300, "dot(1e+300, 1.0, 0.0, 1.0)"),
    ],
)
def test_the_first_gradient_that_is_not_finite_is_named(operation, gradient, told, create_graph):
    """With the line of the forward pass that made the node: the number itself was finite."""
    x = Value(0.0)
    with detect_anomaly():
        y = operation(x)
        with pytest.raises(FloatingPointError) as caught:
            y.backward(gradient, create_graph=create_graph)
    message = str(caught.value)
    assert message == f"backward: the gradient through {told} became inf, upstream {gradient}, at {line_of(operation)}"
    assert repr(x) == "Value(0.0, grad=0.0)"


@pytest.mark.parametrize(
    "build",
    [
        lambda x: x.sqrt(),
        lambda x: dot([x, 2.0], [3.0, x]).tanh(),
        dot_of_shared_vector,
    ],
)
def test_watching_changes_no_number(build):
    def reads():
        x = Value(0.25)
        y = build(x)
        y.backward()
        z = build(x)
        x.zero_grad()
        z.backward(create_graph=True)
        slope = x.grad
        x.zero_grad()
        slope.backward()
        return y.data, slope.data, x.grad

    with detect_anomaly():
        watched = reads()
    assert watched == reads()


def test_a_branch_that_a_rule_does_not_take_is_no_anomaly():
    x = Value(1000.0)
    with detect_anomaly():
        x.elu().backward(create_graph=True)  # 1 where x > 0, else exp(x), which is infinite
    assert x.grad.data == 1.0


def test_nodes_made_outside_are_named_without_a_line():
    x = Value(0.0)
    y = x.sqrt()
    with detect_anomaly(), pytest.raises(FloatingPointError, match=r"through sqrt\(0\.0\) became inf, upstream 1\.0$"):
        y.backward()


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


# ---------------------------------------------------------------------- threads


@pytest.fixture
def hasty_threads():
    """Threads take turns as often as they can, so that they meet where they should not."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def test_threads_share_leaves(hasty_threads):
    """Two threads build and sweep graphs over the same leaves, 200 times: no contribution is lost."""
    x, v, rounds = Value(2.0), Vector([Value(1.0), Value(3.0)]), 200
    start = threading.Barrier(2)

    def work(factor):
        start.wait()
        for _ in range(rounds):
            y = dot(v, [factor, x])
            for _ in range(5):
                y = y + x * factor
            y.backward()

    threads = [threading.Thread(target=work, args=(factor,)) for factor in (1.0, 10.0)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert x.grad == rounds * (2 * 3.0 + 5 * 11.0)
    assert [element.grad for element in v] == [rounds * 11.0, rounds * 4.0]
