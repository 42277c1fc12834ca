"""Recording or not, anomalies, and threads: who is in which mode, and what an anomaly says."""

import asyncio
import sys
import threading
from pathlib import Path

import pytest

import autograd
from autograd import Value, Vector, detect_anomaly, dot, enable_grad, matvec, no_grad

from .strategies import dot_of_shared_vector

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
