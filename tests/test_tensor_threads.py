"""Tensors in several threads and tasks at once, and the modes that each of them is in."""

import asyncio
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from autograd import Tensor, detect_anomaly, enable_grad, inference_mode, no_grad
from autograd.modes import modes


def is_recorded():
    return (Tensor([1.0], requires_grad=True) * 2.0).requires_grad


def is_watched():
    try:
        return not Tensor([1000.0]).exp().tolist()
    except FloatingPointError:
        return True


MODES = {
    no_grad: (is_recorded, False),
    inference_mode: (is_recorded, False),
    enable_grad: (is_recorded, True),
    detect_anomaly: (is_watched, True),
}
each_mode = pytest.mark.parametrize(("mode", "state", "inside"), [(m, *what) for m, what in MODES.items()])


def opposite(mode):
    """What to be in outside, for the mode to make a difference."""
    return no_grad() if mode is enable_grad else enable_grad()


@pytest.fixture(autouse=True)
def modes_are_left_as_they_were():
    yield
    assert (is_recorded(), is_watched(), modes.watched) == (True, False, 0)


@pytest.fixture
def hasty_threads():
    """Threads take turns as often as they can, so that they meet where they should not."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def at_once(*functions):
    """Run the functions in threads that start together; what they raise is raised here."""
    start = threading.Barrier(len(functions))

    def run(function):
        start.wait(10)
        return function()

    with ThreadPoolExecutor(len(functions)) as pool:
        return [future.result(60) for future in [pool.submit(run, function) for function in functions]]


# ---------------------------------------------------------------------- graphs


def test_threads_build_and_sweep_graphs_of_their_own(hasty_threads):
    """With changes in place, which tick one clock for all."""

    def work(factor):
        wrong = []
        for i in range(300):
            x = Tensor([factor, i + 1.0, -factor], requires_grad=True)
            y = x * factor
            view = y[1:]
            z = y.flip(0) * 1.0
            view.mul_(x[:2])
            (y * 2.0 + z).sum().backward()
            a, b, c = factor, i + 1.0, -factor
            expected = [factor * (3 + 2 * b), factor * (1 + 2 * a + 2 * c), factor * (1 + 2 * b)]
            if x.grad.tolist() != expected:
                wrong.append((i, x.grad.tolist(), expected))
        return wrong

    assert at_once(*[lambda f=f: work(f) for f in (2.0, 4.0, 8.0)]) == [[]] * 3


def test_threads_notice_changes_of_their_own(hasty_threads):
    """No change is missed, and none of another thread is taken for one's own."""

    def work(shape):
        for i in range(300):
            x = Tensor(np.ones(shape), requires_grad=True)
            y = x * 2.0
            z = y.exp()
            y.add_(1.0)
            if i % 2:
                z.mul_(2.0)
                with pytest.raises(
                    RuntimeError, match=r"exp needs its result as it was, .* at test_tensor_threads\.py"
                ):
                    z.sum().backward()
            else:
                z.sum().backward()
                np.testing.assert_allclose(x.grad.tolist(), np.full(shape, 2 * np.exp(2.0)))

    at_once(lambda: work((2,)), lambda: work((3, 1)))


def test_threads_share_leaves(hasty_threads):
    """No contribution is lost."""
    x, w, rounds = Tensor([1.0, 3.0], requires_grad=True), Tensor(2.0, requires_grad=True), 150

    def work(factor):
        for _ in range(rounds):
            y = x * factor
            y[0] = w
            for _ in range(3):
                y = y + x * w
            y.sum().backward()

    at_once(lambda: work(1.0), lambda: work(10.0), lambda: work(100.0))
    assert x.grad.tolist() == [rounds * 3 * 6.0, rounds * (3 * 6.0 + 111.0)]
    assert w.grad.item() == rounds * 3 * (1.0 + 3 * 4.0)


def test_threads_sweep_one_graph(hasty_threads):
    x = Tensor([2.0, 3.0], requires_grad=True)
    y = x * x
    y[1:].mul_(x[:1])
    total = y.sum()
    at_once(*[lambda: [total.backward() for _ in range(100)]] * 3)
    assert x.grad.tolist() == [300 * (4.0 + 9.0), 300 * 12.0]


def test_the_clock_loses_no_tick(hasty_threads):
    from autograd.changes import changes

    before = changes.now

    def work():
        x = Tensor([1.0])
        for _ in range(2_000):
            x.add_(1.0)

    at_once(work, work, work)
    assert changes.now - before == 6_000


# ---------------------------------------------------------------------- modes


@each_mode
def test_threads_have_modes_of_their_own(mode, state, inside):
    entered, done = threading.Event(), threading.Event()

    def first():
        with mode():
            entered.set()
            assert done.wait(10)
            return state()

    def second():
        assert entered.wait(10)
        with opposite(mode):
            seen = state()
        done.set()
        return seen

    with opposite(mode):
        assert at_once(first, second) == [inside, not inside]
        assert state() is not inside


@each_mode
def test_tasks_have_modes_of_their_own(mode, state, inside):
    async def task(contexts):
        seen = []
        for context in contexts:
            with context:
                await asyncio.sleep(0)
                seen.append(state())
                await asyncio.sleep(0)
            seen.append(state())
        return seen

    async def both():
        with opposite(mode):
            return await asyncio.gather(task([mode(), mode()]), task([opposite(mode)] * 3))

    mine, theirs = asyncio.run(both())
    assert mine == [inside, not inside] * 2
    assert theirs == [not inside] * 6


@each_mode
def test_a_task_starts_in_the_mode_of_its_maker(mode, state, inside):
    async def main():
        async def task():
            await asyncio.sleep(0)
            return state()

        with mode():
            started = asyncio.create_task(task())
        with opposite(mode):
            return await started

    assert asyncio.run(main()) is inside


@each_mode
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, GeneratorExit])
def test_modes_are_restored_after_exceptions(mode, state, inside, error):
    with opposite(mode):
        for _ in range(2):
            with pytest.raises(error), mode(), mode():
                raise error
            assert state() is not inside


@pytest.mark.parametrize("fail", [lambda x: x.exp(), lambda x: x.add_(Tensor([1.0, 2.0, 3.0])), lambda x: x[7]])
def test_modes_are_restored_after_the_errors_of_operations(fail):
    with pytest.raises((FloatingPointError, ValueError, IndexError)), detect_anomaly(), no_grad():
        fail(Tensor([1000.0, 0.0], requires_grad=True))


@pytest.mark.parametrize("create_graph", [False, True])
def test_modes_are_restored_after_a_sweep_that_fails(create_graph):
    x = Tensor([1.0], requires_grad=True)
    y = x.exp()
    y.mul_(2.0)
    with no_grad(), detect_anomaly():
        with pytest.raises(RuntimeError, match="changed in place"):
            y.backward(create_graph=create_graph)
        assert not is_recorded() and is_watched()


# ---------------------------------------------------------------------- suspended inside


@each_mode
def test_a_generator_that_is_suspended_in_a_mode_ends_in_any_order(mode, state, inside):
    def suspended():
        with mode():
            yield state()
        yield state()

    with opposite(mode):
        first, second = suspended(), suspended()
        assert [next(first), next(second)] == [inside] * 2
        assert [next(first), state(), next(second), state()] == [inside, inside, not inside, not inside]
        first = suspended()
        next(first)
        first.close()
        assert state() is not inside


def test_a_generator_that_is_suspended_under_no_grad_goes_on_in_the_callers_mode():
    """As anything in Python that a generator sets while it runs: what it holds open holds for the caller."""
    x = Tensor([3.0], requires_grad=True)

    def batches():
        with no_grad():
            yield x * 2.0
        yield x * 2.0

    generator = batches()
    inside = next(generator)
    with enable_grad():
        between = x * 2.0
    after = next(generator)
    generator.close()
    assert [t.requires_grad for t in (inside, between, after, x * 2.0)] == [False, True, True, True]


def test_changes_in_place_follow_the_mode_they_run_in():
    """One thread records its changes while another, under no_grad, does not."""
    inside, changed = threading.Event(), threading.Event()
    x = Tensor([1.0, 2.0], requires_grad=True)

    def quiet():
        y = x * 3.0
        with no_grad():
            inside.set()
            assert changed.wait(10)
            y.mul_(x)
        return y

    def loud():
        y = x * 3.0
        assert inside.wait(10)
        y.mul_(x)
        changed.set()
        return y

    for result, expected in zip(at_once(quiet, loud), ([3.0, 3.0], [6.0, 12.0]), strict=True):
        assert result.tolist() == [3.0, 12.0]
        x.zero_grad()
        result.sum().backward()
        assert x.grad.tolist() == expected
