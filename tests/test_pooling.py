"""Pooling: values against loops and PyTorch, pullbacks, second order, errors."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st

from autograd import Tensor
from autograd.arrays.pooling import turned, window_sum
from autograd.functions import pooling as module
from autograd.functions.pooling import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_avg_pool3d,
    adaptive_max_pool1d,
    adaptive_max_pool2d,
    adaptive_max_pool3d,
    avg_pool1d,
    avg_pool2d,
    avg_pool3d,
    max_pool1d,
    max_pool2d,
    max_pool3d,
    sum_pool1d,
    sum_pool2d,
    sum_pool3d,
)

from .arrays import check_derivatives

MAX = (max_pool1d, max_pool2d, max_pool3d)
AVG = (avg_pool1d, avg_pool2d, avg_pool3d)
SUM = (sum_pool1d, sum_pool2d, sum_pool3d)
ADAPTIVE_AVG = (adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d)
ADAPTIVE_MAX = (adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d)


@st.composite
def cases(draw, dilated=False):
    """An input with many ties, for every number of axes, and settings that fit it."""
    rank = draw(st.integers(1, 3))
    numbers = lambda low, high: tuple(draw(st.integers(low, high)) for _ in range(rank))
    kernel, stride = numbers(1, 4), numbers(1, 4)
    dilation = numbers(1, 3) if dilated else (1,) * rank
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    spare = zip(kernel, dilation, padding, numbers(0, 5), strict=True)
    size = [max(2, (k - 1) * d + 1 - 2 * p + extra) for k, d, p, extra in spare]
    x = (
        np.random.default_rng(draw(st.integers(0, 99)))
        .integers(-3, 3, (draw(st.integers(1, 2)), 2, *size))
        .astype(float)
    )
    x = np.asfortranarray(x) if draw(st.booleans()) else x
    settings = {"kernel_size": kernel, "stride": stride, "padding": padding, "ceil_mode": draw(st.booleans())}
    return x, {**settings, "dilation": dilation} if dilated else settings


def by_loops(x, kernel_size, stride, padding, ceil_mode, dilation=None):
    """The elements of every window inside the input, one window at a time: {place: numbers}, by PyTorch's rule."""
    rank = x.ndim - 2
    axes = []
    for i in range(rank):
        n, k, s, p, d = x.shape[2 + i], kernel_size[i], stride[i], padding[i], (dilation or (1,) * rank)[i]
        rounded = math.ceil if ceil_mode else math.floor
        count = rounded((n + 2 * p - d * (k - 1) - 1) / s) + 1
        if ceil_mode and (count - 1) * s >= n + p:
            count -= 1
        axes.append([[j for j in range(i * s - p, i * s - p + k * d, d) if 0 <= j < n] for i in range(count)])
    shape = (*x.shape[:2], *map(len, axes))
    return shape, {
        place: x[place[:2]][np.ix_(*(axis[i] for axis, i in zip(axes, place[2:], strict=True)))]
        for place in np.ndindex(shape)
    }


@given(cases(dilated=True))
def test_maximum_of_each_window(case):
    x, settings = case
    shape, windows = by_loops(x, **settings)
    y = MAX[x.ndim - 3](x, **settings)
    assert y.shape == shape
    assert all(y[place] == w.max(initial=-np.inf) for place, w in windows.items())


@given(cases())
def test_sum_of_each_window(case):
    x, settings = case
    shape, windows = by_loops(x, **settings)
    y = SUM[x.ndim - 3](x, **settings)
    assert y.shape == shape
    assert all(y[place] == w.sum() for place, w in windows.items())
    inside = AVG[x.ndim - 3](x, **settings, count_include_pad=False)
    assert all(math.isclose(inside[place], w.mean(), abs_tol=1e-12) for place, w in windows.items())


def compare(torch, ours, theirs, x, settings, g=None):
    """The value and the gradient of the sum of g · y."""
    leaf, tensor = Tensor(x, requires_grad=True), torch.tensor(x.copy(), requires_grad=True)
    y, want = ours(leaf, **settings), theirs(tensor, **settings)
    np.testing.assert_allclose(y.detach().numpy(), want.detach(), atol=1e-12)
    g = np.random.default_rng(0).standard_normal(y.shape) if g is None else np.full(y.shape, g)
    want.backward(torch.tensor(g))
    y.backward(g)
    np.testing.assert_allclose(leaf.grad.numpy(), tensor.grad, atol=1e-12)


@given(cases(dilated=True), st.booleans(), st.booleans())
def test_max_pool_as_pytorch(case, bad, batch):
    torch = pytest.importorskip("torch")
    x, settings = case
    assume(all(w.size for w in by_loops(x, **settings)[1].values()))
    if bad:
        x.flat[:: max(1, x.size // 3)] = np.nan
        x.flat[1 :: max(1, x.size // 2)] = -np.inf
    x = x if batch else x[0]
    name = f"max_pool{len(settings['kernel_size'])}d"
    ours, theirs = MAX[len(settings["kernel_size"]) - 1], getattr(torch.nn.functional, name)
    compare(torch, ours, theirs, x, settings)
    compare(torch, ours, theirs, x, settings, g=np.inf)


@given(cases(), st.booleans(), st.sampled_from([None, 3, -2]), st.booleans())
def test_avg_pool_as_pytorch(case, count_include_pad, divisor, batch):
    torch = pytest.importorskip("torch")
    x, settings = case
    rank = x.ndim - 2
    if rank == 3:  # there PyTorch refuses kernels that need the padding
        assume(all(n >= k for n, k in zip(x.shape[2:], settings["kernel_size"], strict=True)))
    settings["count_include_pad"] = count_include_pad
    if rank > 1:
        settings["divisor_override"] = divisor
    compare(torch, AVG[rank - 1], getattr(torch.nn.functional, f"avg_pool{rank}d"), x if batch else x[0], settings)


@pytest.mark.parametrize("kind", ["avg", "max"])
@pytest.mark.parametrize("rank", [1, 2, 3])
@given(st.data())
def test_adaptive_as_pytorch(rank, kind, data):
    torch = pytest.importorskip("torch")
    size, output_size = (data.draw(st.tuples(*[st.integers(1, most)] * rank)) for most in (7, 9))
    x = np.random.default_rng(0).integers(-3, 3, (2, 3, *size)).astype(float)
    ours = (ADAPTIVE_AVG if kind == "avg" else ADAPTIVE_MAX)[rank - 1]
    theirs = getattr(torch.nn.functional, f"adaptive_{kind}_pool{rank}d")
    compare(torch, ours, theirs, x if data.draw(st.booleans()) else x[0], {"output_size": output_size})


def test_adaptive_keeps_an_axis():
    x = np.arange(24.0).reshape(1, 2, 3, 4)
    np.testing.assert_array_equal(adaptive_avg_pool2d(x, (None, 1)), x.mean(-1, keepdims=True))
    np.testing.assert_array_equal(adaptive_avg_pool2d(x, 1), x.mean((2, 3), keepdims=True))


@given(cases())
def test_turned_windows_are_the_transpose(case):
    """<g, sums of x> is <the other way round of g, x>; and turning twice gives the windows back."""
    x, settings = case
    leaf = Tensor(x, requires_grad=True)
    y = SUM[x.ndim - 3](leaf, **settings)
    assert y.op is window_sum
    g = np.random.default_rng(0).standard_normal(y.shape)
    y.backward(g)
    numbers = y.detach().numpy()
    np.testing.assert_allclose(np.sum(leaf.grad.numpy() * x), np.sum(g * numbers), atol=1e-9)
    windows, _, _ = module._strided(x.shape, x.ndim - 2, **settings, dilation=1, name="sum_pool")
    again = window_sum(x, windows=tuple(turned(turned(w)) for w in windows))
    np.testing.assert_array_equal(again, numbers)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_derivatives(rank):
    x = np.random.default_rng(0).permutation(2 * 2 * math.prod((6, 5, 4)[:rank])).reshape(2, 2, *(6, 5, 4)[:rank]) / 9
    check_derivatives(lambda x: MAX[rank - 1](x, 3, 2, 1), x)
    check_derivatives(lambda x: MAX[rank - 1](x, 2, 1, 0, 2, True), x)
    check_derivatives(lambda x: AVG[rank - 1](x, 3, 2, 1, True), x)
    check_derivatives(lambda x: SUM[rank - 1](x, 2, 3), x)


def test_derivatives_of_uneven_windows():
    x = np.random.default_rng(0).standard_normal((2, 2, 5, 3))
    check_derivatives(lambda x: adaptive_avg_pool2d(x, (3, 4)), x)
    check_derivatives(lambda x: adaptive_max_pool2d(x, (3, 4)), x)


def test_the_first_maximum_has_the_gradient():
    x = Tensor(np.zeros((1, 1, 4, 4)), requires_grad=True)
    max_pool2d(x, 2).sum().backward()
    assert np.flatnonzero(x.grad.numpy()).tolist() == [0, 2, 8, 10]


def test_windows_of_nothing_but_padding():
    """The first window has places -1 and 1 of an input of one element: its maximum has no place."""
    x = Tensor([[5.0]], requires_grad=True)
    y = max_pool1d(x, 2, 1, 1, 2)
    assert y.tolist() == [[-math.inf]]
    y.backward(np.ones((1, 1), np.float32))
    assert x.grad.tolist() == [[0.0]]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_dtypes_are_kept(dtype):
    x = Tensor(np.ones((1, 1, 5, 5), dtype), requires_grad=True)
    for pool, settings in (
        (max_pool2d, (2,)),
        (avg_pool2d, (3, 2, 1)),
        (avg_pool2d, (3, 2, 1, False, False)),
        (adaptive_avg_pool2d, (3,)),
        (adaptive_max_pool2d, (3,)),
    ):
        y = pool(x, *settings)
        assert type(y) is Tensor and y.dtype == dtype
        x.zero_grad()
        y.sum().backward(create_graph=True)
        assert x.grad.dtype == dtype
    assert all(pool(x[:0], 2).shape == (0, 1, 2, 2) for pool in (max_pool2d, avg_pool2d, sum_pool2d))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: max_pool2d(x, 0), "max_pool2d: kernel_size 0: must be at least 1"),
        (lambda x: max_pool2d(x, 2, 0), "max_pool2d: stride 0: must be at least 1"),
        (lambda x: max_pool2d(x, (2, 2, 2)), r"kernel_size \(2, 2, 2\) has 3 numbers: give one, or 2"),
        (lambda x: max_pool2d(x, 2, padding=2), r"padding \(2, 2\): must be at most half of what .* spans, 2"),
        (lambda x: max_pool2d(x, 5), r"max_pool2d: input \(1, 1, 4, 4\) with padding \(0, 0\) is smaller"),
        (lambda x: max_pool2d(x.astype(int), 2), "max_pool2d: needs floating-point numbers, got int64: write x"),
        (lambda x: max_pool3d(x[0], 2), r"max_pool3d: input \(1, 4, 4\) has 3 axes: give \(N, C, D, H, W\)"),
        (lambda x: avg_pool2d(x, 2, divisor_override=0), "avg_pool2d: divisor_override 0: must not be zero"),
        (lambda x: adaptive_avg_pool2d(x, (1, 2, 3)), r"output_size \(1, 2, 3\) has 3 numbers: give one, or 2"),
        (lambda x: adaptive_avg_pool2d(x, 0), r"adaptive_avg_pool2d: output_size \(0, 0\): must be at least 1"),
    ],
)  # fmt: skip
def test_errors(call, message):
    with pytest.raises((TypeError, ValueError), match=message) as error:
        call(np.zeros((1, 1, 4, 4)))
    assert "\n" not in str(error.value)
