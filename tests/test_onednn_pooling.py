"""Max pooling by oneDNN: the numbers and the places that NumPy finds."""

import sys

import numpy as np
import pytest
from hypothesis import given, strategies as st

from autograd import Tensor
from autograd.arrays import pooling as rows
from autograd.backends import onednn
from autograd.backends.onednn import memory
from autograd.functions.pooling import adaptive_max_pool2d, max_pool1d, max_pool2d, max_pool3d

from .test_onednn_convolution import fail_once

pytestmark = pytest.mark.skipif(not onednn.is_available(), reason='no oneDNN: python -m pip install "stepgrad[onednn]"')

module = sys.modules[onednn.max_pool.__module__]
MAX = (max_pool1d, max_pool2d, max_pool3d)


@pytest.fixture(autouse=True, scope="module")
def small_ones_too():
    """Hypothesis tries small images, which are NumPy's otherwise."""
    usual, module.SMALLEST = module.SMALLEST, 1
    yield
    module.SMALLEST = usual


@st.composite
def cases(draw):
    """Images with many ties, for every number of axes, in one layout or another, and settings that fit them."""
    rank = draw(st.integers(1, 3))
    numbers = lambda low, high: tuple(draw(st.integers(low, high)) for _ in range(rank))
    kernel, stride = numbers(1, 4), numbers(1, 4)
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    size = [max(2, k - 2 * p) + extra for k, p, extra in zip(kernel, padding, numbers(0, 6), strict=True)]
    shape = (draw(st.integers(1, 3)), draw(st.sampled_from([1, 2, 5, 16])), *size)
    x = np.random.default_rng(draw(st.integers(0, 99))).integers(-3, 3, shape).astype(np.float32)
    lay = draw(
        st.sampled_from([np.asarray, np.asfortranarray, lambda a: np.moveaxis(np.moveaxis(a, 1, -1).copy(), -1, 1)])
    )
    return lay(x), {"kernel_size": kernel, "stride": stride, "padding": padding, "ceil_mode": draw(st.booleans())}


def pooled(x, settings, pool=None):
    """The maxima, and the gradient of a weighted sum of them, twice to see that nothing is used up."""
    leaf = Tensor(x, requires_grad=True)
    y = (pool or MAX[x.ndim - 3])(leaf, **settings)
    g = np.arange(1, y.size + 1, dtype=np.float32).reshape(y.shape)
    y.backward(g)
    first = leaf.grad.numpy().copy()
    y.backward(g)
    np.testing.assert_array_equal(leaf.grad.numpy(), 2 * first)
    return y.detach().numpy(), first


@pytest.fixture
def runs(monkeypatch):
    """The computations by oneDNN."""
    run, done = memory.Computation.__call__, []
    monkeypatch.setattr(memory.Computation, "__call__", lambda self, arrays: done.append(self) or run(self, arrays))
    return done


def test_the_same_numbers_in_the_same_places(runs):
    @given(cases())
    def check(case):
        runs.clear()
        found = pooled(*case)
        assert len(runs) == 5  # forward; for each gradient the places anew, then their use
        with onednn.flags(enabled=False):
            wanted = pooled(*case)
        assert len(runs) == 5
        for y, want in zip(found, wanted, strict=True):
            np.testing.assert_array_equal(y, want, strict=True)

    check()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_numpys(bad, runs):
    x = np.ones((1, 2, 4, 4), np.float32)
    x[0, 0] = bad
    y, gradient = pooled(x, {"kernel_size": 2})
    np.testing.assert_array_equal(y, [[[[bad] * 2] * 2, [[1, 1], [1, 1]]]])
    assert gradient.sum() == 36 and not runs


@pytest.mark.parametrize(
    ("x", "settings", "pool"),
    [
        (np.ones((1, 2, 8, 8)), {"kernel_size": 2}, None),
        (np.ones((1, 2, 9, 9), np.float32), {"kernel_size": 2, "dilation": 2}, None),
        (np.ones((1, 2, 7, 7), np.float32), {"output_size": 5}, adaptive_max_pool2d),
        (np.ones((1, 2, 2, 2), np.float32), {"output_size": 4}, adaptive_max_pool2d),
    ],
)  # fmt: skip
def test_others_are_numpys(x, settings, pool, runs):
    y, _ = pooled(x, settings, pool)
    assert not runs and (y == 1).all() and y.dtype == x.dtype


def test_small_and_empty_ones_are_numpys(runs, monkeypatch):
    pooled(np.ones((0, 2, 8, 8), np.float32), {"kernel_size": 2})
    x = np.ones((1, 2, 8, 8), np.float32)
    with monkeypatch.context() as context:
        context.setattr(module, "SMALLEST", x.size + 1)
        pooled(x, {"kernel_size": 2})
    assert not runs
    pooled(x, {"kernel_size": 2})
    assert runs


def test_adaptive_windows_may_be_even(runs):
    x = np.random.default_rng(0).random((2, 3, 6, 9), np.float32)
    for y, want in zip(
        pooled(x, {"output_size": 3}, adaptive_max_pool2d), pooled(x, {"kernel_size": (2, 3)}), strict=True
    ):
        np.testing.assert_array_equal(y, want)
    assert len(runs) == 10


@pytest.mark.parametrize(
    ("starts", "ends", "step"), [((0, 2, 4), (2, 5, 6), 1), ((0, 1, 4), (2, 3, 6), 1), ((0, 2), (3, 5), 2)]
)
def test_uneven_windows_are_not_onednns(starts, ends, step):
    assert rows._even((rows.Windows(6, starts, ends, step),)) is None
    assert rows._even((rows.Windows(6, (-1, 1, 3), (1, 3, 5)),)) == ((3,), (2,), (2,), (1,))
    assert rows._even((rows.Windows(5, (0, 2, 4), (2, 4, 5)),)) == ((3,), (2,), (2,), (0,))


@pytest.mark.parametrize("name", ["memory_set_data_handle", "primitive_execute", "stream_create"])
def test_what_fails_is_done_by_numpy(name, monkeypatch):
    x = np.random.default_rng(0).random((2, 3, 8, 8), np.float32)
    want = pooled(x, {"kernel_size": 2})
    for fails in (module.max_pool, lambda x, windows: module.max_pool_gradient(x[..., ::2, ::2], x, windows)):
        module._forward.cache_clear()
        with monkeypatch.context() as context:
            fail_once(context, name)
            assert fails(x, rows._even(max_pool_windows())) is None
    module._forward.cache_clear()
    fail_once(monkeypatch, name)
    for y, expected in zip(pooled(x, {"kernel_size": 2}), want, strict=True):
        np.testing.assert_array_equal(y, expected)
    module._forward.cache_clear()


def test_a_gradient_may_lie_in_memory_in_any_way():
    x = np.random.default_rng(0).random((2, 3, 8, 8), np.float32)
    windows = rows._even(max_pool_windows())
    g = np.random.default_rng(1).random((2, 3, 4, 4), np.float32)
    want = onednn.max_pool_gradient(g, x, windows)
    assert np.count_nonzero(want) == g.size
    strange = np.asfortranarray(g), np.flip(np.flip(g).copy()), np.repeat(g, 2, 0)[::2]
    for laid in strange:
        np.testing.assert_array_equal(onednn.max_pool_gradient(laid, x, windows), want)
    np.testing.assert_array_equal(
        onednn.max_pool_gradient(np.broadcast_to(np.float32(1), g.shape), x, windows), want != 0
    )
    assert onednn.max_pool_gradient(g.astype(float), x, windows) is None


def max_pool_windows():
    return (rows.Windows(8, (0, 2, 4, 6), (2, 4, 6, 8)),) * 2


def test_gradients_of_gradients_do_not_need_it():
    x = Tensor(np.random.default_rng(0).random((2, 3, 8, 8), np.float32), requires_grad=True)
    (max_pool2d(x, 2) ** 3).sum().backward(create_graph=True)
    slope = x.grad
    x.grad = None
    (slope * slope).sum().backward()
    chosen = slope.detach().numpy() != 0
    np.testing.assert_allclose(x.grad.numpy(), 36 * x.detach().numpy() ** 3 * chosen, rtol=1e-5)
