"""What changes in place keep alive: nothing that counting references would not free at once."""

import gc
import weakref

import pytest

from autograd import Tensor

from .inplace_graphs import constant, leaf


def chain(x):
    y = x * 1.0
    for _ in range(10):
        y.mul_(x).add_(y.T.T).sub_(1.0)
    return y, y


def through_a_view(x):
    y = x * 1.0
    view = y[1:]
    view.mul_(x[:1])
    return y, view


def through_views_of_views(x):
    y = x * 1.0
    view = y[1:].T[:0:-1]
    view.copy_(view * 2)
    y[1:] *= x[0]
    return y, view


def through_itself(x):
    y = x * 1.0
    inner = y * 3.0
    y.add_((inner + y[:1]).sin() + y.flip(0))
    y[1:] = y[:1] + inner[:1]
    return y, inner


def refused(x):
    y = x * 1.0
    z = y.exp()
    z.add_(1.0)
    with pytest.raises(RuntimeError, match="exp needs its result"):
        z.sum().backward()
    return y, z


@pytest.mark.parametrize("build", [chain, through_a_view, through_views_of_views, through_itself, refused])
@pytest.mark.parametrize("use", ["never", "forward", "backward"])
def test_counting_references_frees_what_was_changed(build, use, no_collector):
    x = leaf()
    y, other = build(x)
    if use == "forward":
        y.sum() + other.sum()
    if use == "backward" and build is not refused:
        (y.sum() + other.sum()).backward()
    watched = [weakref.ref(tensor) for tensor in (x, y, other)]
    del x, y, other
    assert [tensor() for tensor in watched] == [None] * 3
    assert gc.collect() == 0


def tensors():
    return sum(type(x) is Tensor for x in gc.get_objects())


def reuse_with_zero(w, buffer, i):
    buffer.zero_()
    buffer[i % 3] = (w * 2.0).sum()
    buffer.sum().backward()


def reuse_whole(w, buffer, i):
    buffer[:] = w * float(i)
    (buffer[1:] * 3.0).sum().backward()


def reuse_without_backward(w, buffer, i):
    buffer.zero_()
    buffer += w * 2.0


def reuse_a_view(w, buffer, i):
    view = buffer[1:]
    buffer.zero_()
    view.add_(w[1:])
    (view * 2.0).sum().backward()


def truncate(w, state, i):
    state.mul_(w).tanh_()
    state.sum().backward()
    state.detach_()


@pytest.mark.parametrize("step", [reuse_with_zero, reuse_whole, reuse_without_backward, reuse_a_view, truncate])
def test_a_tensor_that_is_used_again_and_again_does_not_grow(step, no_collector):
    w, buffer = leaf([0.5, 0.25, 0.125]), constant([1.0, 1.0, 1.0])
    counts = []
    for i in range(1_000):
        step(w, buffer, i)
        if i in (100, 999):
            counts.append(tensors())
    assert counts[1] <= counts[0] + 30


def test_a_state_that_is_detached_does_not_grow(no_collector):
    w, state, counts = leaf([0.5, 0.25]), constant([1.0, 1.0]), []
    for i in range(1_000):
        state = (state * w).tanh()
        state.sum().backward()
        state.detach_()
        if i in (10, 999):
            counts.append(tensors())
    assert counts[0] == counts[1]


def test_what_was_computed_from_a_buffer_keeps_what_the_buffer_was():
    w, buffer, total = leaf([1.0, 2.0, 3.0]), constant([0.0, 0.0, 0.0]), 0.0
    for i in range(20):
        buffer.zero_()
        buffer[i % 3] = (w * float(i)).sum()
        total = total + buffer[i % 2 :].sum()
    total.backward()
    expected = float(sum(i for i in range(20) if i % 3 >= i % 2))
    assert w.grad.tolist() == [expected] * 3
