"""Recording or not, watched or not, and threads: who is in which mode."""

import asyncio
import contextlib
import contextvars
import copy
import sys
import threading

import pytest

import autograd
from autograd import Value, Vector, detect_anomaly, dot, enable_grad, matvec, no_grad

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
    assert (is_recorded(), is_watched(), autograd.modes.modes.watched) == (True, False, 0)


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


@pytest.mark.parametrize("closing", [no_grad, enable_grad, detect_anomaly, lambda: autograd.scope("a part")])
@pytest.mark.parametrize("inside", [None, no_grad, detect_anomaly])
def test_a_mode_is_left_in_another_thread(closing, inside):
    """A generator that is closed there: nothing fails, the modes of that thread stay, and nobody is watched."""

    def suspended():
        with closing():
            yield

    generator, seen = suspended(), []
    contextvars.copy_context().run(next, generator)  # which ends with the mode

    def close():
        with contextlib.nullcontext() if inside is None else inside():
            before = is_recorded(), is_watched()
            generator.close()
            seen.append((before, (is_recorded(), is_watched())))

    thread = threading.Thread(target=close)
    thread.start()
    thread.join()
    ((before, after),) = seen
    assert before == after == (inside is not no_grad, inside is detect_anomaly)
    assert autograd.modes.modes.watched == 0


@pytest.mark.parametrize("mode", [no_grad, enable_grad, detect_anomaly, autograd.scope])
def test_modes_do_not_decorate_what_runs_later(mode):
    async def task():
        pass

    def numbers():
        yield 1

    async def later_numbers():
        yield 1

    for function in (task, numbers, later_numbers):
        with pytest.raises(TypeError, match=rf"^{mode.__name__}: .* {function.__name__} runs: write `with "):
            mode(*["a part"] * (mode is autograd.scope))(function)


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


# ---------------------------------------------------------------------- scopes


def test_nodes_know_the_scopes_they_were_made_in():
    x = Value(2.0)
    with autograd.scope("outer", "first"):
        a = x * x
        with autograd.scope("inner"):
            b = a.exp()
        c = b + 1
    d = c * 2
    names = [[part.name for part in node.scopes] for node in (x, a, b, c, d)]
    assert names == [[], ["outer"], ["outer", "inner"], ["outer"], []]
    assert a.scopes[0] is c.scopes[0]
    assert a.scopes[0].detail == "first"


def test_each_entry_is_a_scope_of_its_own():
    layer = autograd.scope("layer")
    x = autograd.tensor([1.0], requires_grad=True)
    with layer:
        a = x * 2
    with layer:
        b = x * 3
    assert a.scopes[0] is not b.scopes[0]
    assert a.scopes[0].name == b.scopes[0].name == "layer"


def test_scopes_outlive_names_and_copies():
    x = Value(2.0)
    with autograd.scope("s"):
        y = x * x
    y.name = "y"
    assert [part.name for part in y.scopes] == [part.name for part in copy.copy(y).scopes] == ["s"]


def test_a_scope_has_a_name():
    with pytest.raises(TypeError, match="scope: name must be a string, got 3"):
        autograd.scope(3)
