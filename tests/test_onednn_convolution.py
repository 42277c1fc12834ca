"""Convolutions by oneDNN: against NumPy's and float64's, whatever the operands are and however they lie in memory."""

import sys
import threading
from functools import lru_cache
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, strategies as st

from autograd import Tensor
from autograd.arrays import convolution as rows
from autograd.arrays.windows import reaches, window_counts
from autograd.backends import onednn
from autograd.backends.onednn import loading, memory
from autograd.functions.convolving import conv2d

pytestmark = pytest.mark.skipif(not onednn.is_available(), reason='no oneDNN: python -m pip install "stepgrad[onednn]"')

module = sys.modules[onednn.convolve.__module__]
"""The module, whose name in the package is that of a function of it."""


@pytest.fixture(autouse=True, scope="module")
def small_ones_too():
    """Hypothesis tries small convolutions, which are NumPy's otherwise."""
    usual, module.SMALLEST = module.SMALLEST, 1
    yield
    module.SMALLEST = usual


@st.composite
def cases(draw):
    """Images, filters, a gradient by the result and settings, for every number of axes, groups and depthwise."""
    rank = draw(st.integers(1, 3))
    numbers = lambda low, high: tuple(draw(st.integers(low, high)) for _ in range(rank))
    kernel, stride, dilation = numbers(1, 4), numbers(1, 3), numbers(1, 2)
    padding = tuple(zip(numbers(0, 2), numbers(0, 2), strict=True))
    spare = numbers(0, 6 if rank < 3 else 3)
    size = [
        max(1, r - sum(pair)) + extra for r, pair, extra in zip(reaches(kernel, dilation), padding, spare, strict=True)
    ]
    groups, channels, filters = draw(st.sampled_from([1, 1, 2, 8])), *draw(st.tuples(*[st.sampled_from([1, 2, 5])] * 2))
    random = np.random.default_rng(draw(st.integers(0, 99)))
    x = random.standard_normal((draw(st.integers(1, 3)), groups * channels, *size), np.float32)
    w = random.standard_normal((groups * filters, channels, *kernel), np.float32)
    settings = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    counts = window_counts(x.shape[2:], reaches(kernel, dilation), stride, padding)
    return x, w, random.standard_normal((len(x), len(w), *counts), np.float32), settings


def by_rows(x, w, g, settings):
    """What the three rows give, and pass on to each other."""
    fitting = rows._fitting(x, w, **settings)
    return [
        rows.convolution(x, w, **settings),
        rows.conv_transpose(g, w, **fitting),
        rows.convolution_weight(x, g, kernel=w.shape[2:], **fitting),
    ]


def by_onednn(x, w, g, settings):
    """The same by oneDNN alone; None is what it leaves to NumPy."""
    fitting = rows._fitting(x, w, **settings)
    return [
        onednn.convolve(x, w, g.shape[2:], **settings),
        onednn.convolve_transposed(g, w, x.shape[2:], **fitting),
        onednn.convolve_weight(x, g, w.shape[2:], **fitting),
    ]


@given(cases())
def test_as_numpy_and_as_float64(case):
    x, w, _, settings = case
    found, exact = by_onednn(*case), by_rows(*(a.astype(float) for a in case[:3]), settings)
    with onednn.flags(enabled=False):
        by_numpy = by_rows(*case)
    axes = zip(settings["padding"], reaches(w.shape[2:], settings["dilation"]), strict=True)
    if any(max(pair) >= reach for pair, reach in axes) or any(
        d > n for d, n in zip(settings["dilation"], x.shape[2:], strict=True)
    ):
        found[2] = by_rows(*case)[2]  # windows beside the images are NumPy's
    for y, want, other in zip(found, exact, by_numpy, strict=True):
        assert y.dtype == np.float32 and y.shape == want.shape
        np.testing.assert_allclose(y, want, rtol=0, atol=3e-6 * np.abs(want).max(initial=1))
        np.testing.assert_allclose(y, other, rtol=0, atol=3e-6 * np.abs(want).max(initial=1))


@given(cases(), st.data())
def test_nan_and_infinity_go_where_numpy_has_them(case, data):
    *arrays, settings = case
    chosen = arrays[data.draw(st.integers(0, 2))].reshape(-1)
    places = st.lists(st.integers(0, chosen.size - 1), min_size=1, max_size=3)
    chosen[data.draw(places)] = data.draw(st.sampled_from([np.nan, np.inf, -np.inf]))
    found = by_rows(*arrays, settings)
    with onednn.flags(enabled=False):
        for y, want in zip(found, by_rows(*arrays, settings), strict=True):
            np.testing.assert_allclose(y, want, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("shape", "settings"),
    [((1, 1, 4, 4), {"padding": ((0, 0), (1, 0))}), ((1, 1, 4, 1), {"padding": ((0, 0), (1, 2)), "dilation": (1, 3)})],
)
def test_a_window_beside_the_images_has_nan_for_infinity(shape, settings):
    """All that lies beneath it is zeros: a kernel would not even look at it."""
    x, settings = np.ones(shape, np.float32), {"stride": (1, 1), "dilation": (1, 1), "groups": 1, **settings}
    w = np.ones((1, 1, 1, settings["dilation"][1] // 3 + 1), np.float32)
    g = np.ones_like(rows.convolution(x, w, **settings))
    g[..., 0] = np.inf
    assert onednn.convolve_weight(x, g, w.shape[2:], **settings) is None
    assert np.isnan(rows.convolution_weight(x, g, kernel=w.shape[2:], **settings)).any()


def misaligned(a):
    memory = np.empty(a.nbytes + 1, np.uint8)
    y = memory[1:].view(np.float32).reshape(a.shape)
    y[...] = a
    assert not y.flags.aligned
    return y


LAYOUTS = {
    "plain": np.ascontiguousarray,
    "Fortran": np.asfortranarray,
    "channels last": lambda a: np.moveaxis(np.moveaxis(a, 1, -1).copy(), -1, 1),
    "reversed": lambda a: np.flip(np.flip(a).copy()),
    "every second": lambda a: np.repeat(a, 2, -1)[..., ::2],
    "part": lambda a: np.pad(a, [(1, 2)] * a.ndim)[(slice(1, -2),) * a.ndim],
    "expanded": lambda a: np.broadcast_to(a[:1], a.shape),
    "read only": lambda a: np.broadcast_to(a, a.shape),
    "misaligned": misaligned,
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("groups", [1, 2])
def test_however_operands_lie_in_memory(layout, groups):
    random = np.random.default_rng(0)
    x, w = random.standard_normal((3, 4, 9, 8), np.float32), random.standard_normal((6, 4 // groups, 3, 2), np.float32)
    g = random.standard_normal((3, 6, 5, 8), np.float32)
    settings = {"stride": (2, 1), "padding": ((1, 1), (0, 1)), "dilation": (1, 1), "groups": groups}
    laid = [LAYOUTS[layout](a) for a in (x, w, g)]
    before = [a.copy() for a in laid]
    for y, want in zip(by_onednn(*laid, settings), by_rows(*(a.astype(float) for a in before), settings), strict=True):
        np.testing.assert_allclose(y, want, rtol=0, atol=1e-6 * np.abs(want).max())
        assert y.flags.writeable and not any(np.may_share_memory(y, a) for a in laid)
    for a, b in zip(laid, before, strict=True):
        np.testing.assert_array_equal(a, b)
        told, its_layout = memory.array_and_layout(a)
        assert told.flags.aligned and min(its_layout.strides) > 0


def operands(dtype=np.float32, batch=2):
    """A convolution with nothing special about it."""
    settings = {"stride": (1, 1), "padding": ((1, 1),) * 2, "dilation": (1, 1), "groups": 1}
    return *(np.ones(shape, dtype) for shape in ((batch, 3, 8, 8), (4, 3, 3, 3), (batch, 4, 8, 8))), settings


@pytest.mark.parametrize("dtype", ["float16", "float64", ">f4", "complex64", object])
def test_other_dtypes_are_numpys(dtype):
    x, w, g, settings = operands(dtype)
    assert by_onednn(x, w, g, settings) == [None] * 3
    single = operands()
    assert onednn.convolve(x, single[1], (8, 8), **settings) is None
    assert onednn.convolve(single[0], w, (8, 8), **settings) is None


def test_empty_and_small_ones_are_numpys(monkeypatch):
    assert by_onednn(*operands(batch=0)) == [None] * 3
    assert [y.size for y in by_rows(*operands(batch=0))] == [0, 0, 4 * 3 * 3 * 3]
    assert all(y is not None for y in by_onednn(*operands()))
    monkeypatch.setattr(module, "SMALLEST", 2 * 4 * 8 * 8 * 3 * 3 * 3 + 1)
    assert by_onednn(*operands()) == [None] * 3


def test_it_can_be_switched_off(monkeypatch):
    with onednn.flags(enabled=False):
        assert by_onednn(*operands()) == [None] * 3
    calls = []
    monkeypatch.setattr(memory._Run, "__call__", lambda self, arrays: calls.append(self))
    by_rows(*operands())
    assert len(calls) == 3
    with onednn.flags(enabled=False):
        by_rows(*operands())
    assert len(calls) == 3


def test_negative_padding_is_followed():
    """Output padding, and strides that leave elements over, cut a border off."""
    random = np.random.default_rng(0)
    x, w = random.standard_normal((2, 3, 12, 12), np.float32), random.standard_normal((4, 3, 1, 1), np.float32)
    y = rows.convolution(x, w, stride=(5, 5), padding=((0, 0),) * 2, dilation=(1, 1), groups=1)
    fitting = rows._fitting(x, w, (5, 5), ((0, 0),) * 2, (1, 1), 1)
    assert fitting["padding"] == ((0, -1),) * 2
    found = by_onednn(x, w, y, {**fitting, "padding": ((0, 0),) * 2})
    np.testing.assert_allclose(found[2], np.einsum("noij,ncij->oc", y, x[:, :, ::5, ::5])[..., None, None], rtol=1e-5)
    assert not found[1][:, :, 11].any() and found[1][:, :, 10].any()


def fail_once(monkeypatch, name):
    """Let the next call of a function of oneDNN fail."""
    functions, failures = loading.functions(), [1]
    function = getattr(functions, f"dnnl_{name}")
    fails = lambda *arguments: failures.pop() if failures else function(*arguments)
    failing = SimpleNamespace(**{**vars(functions), f"dnnl_{name}": fails})
    for place in loading, memory:
        monkeypatch.setattr(place, "functions", lambda: failing)


@pytest.mark.parametrize("name", ["memory_set_data_handle", "primitive_execute", "stream_create"])
def test_what_fails_is_done_by_numpy(name, monkeypatch):
    x, w, g, settings = operands()
    ways = (
        lambda: onednn.convolve(x, w, (8, 8), **settings),
        lambda: onednn.convolve_transposed(g, w, (8, 8), **settings),
        lambda: onednn.convolve_weight(x, g, (3, 3), **settings),
    )
    by_row = (
        lambda: rows.convolution(x, w, **settings),
        lambda: rows.conv_transpose(g, w, **settings),
        lambda: rows.convolution_weight(x, g, kernel=(3, 3), **settings),
    )
    for way, row in zip(ways, by_row, strict=True):
        want = way()
        module._computation.cache_clear()
        with monkeypatch.context() as context:
            fail_once(context, name)
            assert way() is None
        module._computation.cache_clear()
        with monkeypatch.context() as context:
            fail_once(context, name)
            np.testing.assert_allclose(row(), want)
    module._computation.cache_clear()


def test_the_way_without_a_kernel_is_not_taken():
    """Images that lie plainly, with a result whose channels are last, are of no kernel; the slow way takes ages."""
    shapes = (2, 3, 8, 8), (4, 3, 3, 3), (2, 4, 8, 8)
    x, w, y = (module.Layout.channels_last(shape) for shape in shapes)
    plain = module.Layout(shapes[0], (192, 64, 8, 1))
    descriptors = [plain.descriptor(), w.descriptor(anyhow=True), y.descriptor()]
    settings = module._Settings((1, 1), ((1, 1),) * 2, (1, 1), 1)
    slow = module._primitive(module.FORWARD, descriptors, settings)
    with pytest.raises(loading.Refused, match="no kernel"):
        memory.Computation(slow, dict(zip((1, 33, 17), descriptors, strict=True)), 17)
    fast = module._primitive(module.FORWARD, [x.descriptor(), *descriptors[1:]], settings)
    memory.Computation(fast, {1: plain.descriptor(), 33: w.descriptor(), 17: y.descriptor()}, 17)


def test_one_computation_may_begin_while_it_runs():
    """As when another thread does so: each has memory objects of its own."""
    x, w, _, settings = operands()
    onednn.convolve(x, w, (8, 8), **settings)
    computation = module._computation(
        module.FORWARD,
        tuple(memory.array_and_layout(a)[1] for a in (x, w, memory.images((2, 4, 8, 8)))),
        module._Settings(**settings),
    )
    (run,) = computation._idle
    execute, inner = run._execute, []

    def interrupted(*arguments):
        if not inner:
            inner.append(None)
            inner[0] = onednn.convolve(2 * x, w, (8, 8), **settings)
        return execute(*arguments)

    run._execute = interrupted
    outer = onednn.convolve(x, w, (8, 8), **settings)
    assert outer[0, 0, 4, 4] == 27 and inner[0][0, 0, 4, 4] == 54
    assert len(computation._idle) == 2
    module._computation.cache_clear()


def test_threads():
    """The same primitive in several threads, each with numbers of its own."""
    x, w, _, settings = operands(batch=16)
    wrong = []

    def work(number):
        mine = x * number
        for _ in range(50):
            y = onednn.convolve(mine, w, (8, 8), **settings)
            if y[0, 0, 4, 4] != 27 * number or y.min() != 12 * number:
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_what_is_no_longer_cached_is_destroyed(monkeypatch):
    alive = []

    class Counted(memory.Handle):
        __slots__ = ()

        def __init__(self, pointer, destroy):
            super().__init__(pointer, lambda pointer: alive.remove(pointer) or destroy(pointer))
            alive.append(pointer)

    memory.attributes()
    monkeypatch.setattr(memory, "Handle", Counted)
    monkeypatch.setattr(module, "_computation", lru_cache(maxsize=4)(module._computation.__wrapped__))
    sizes = []
    for batch in range(1, 9):
        x, w, _, settings = operands(batch=batch)
        assert onednn.convolve(x, w, (8, 8), **settings) is not None
        sizes.append(len(alive))
    assert sizes == [sizes[0] * min(i, 4) for i in range(1, 9)]
    module._computation.cache_clear()
    assert sizes[0] and not alive


@pytest.mark.parametrize("enabled", [True, False])
def test_a_layer_learns_the_same_either_way(enabled):
    """Forward on one side, backward on the other: what one saves, the other need not have."""
    random = np.random.default_rng(0)
    arrays = [random.standard_normal(shape, np.float32) for shape in ((2, 3, 8, 8), (4, 3, 3, 3), (4,))]

    def gradients(forward, backward):
        leaves = [Tensor(a, requires_grad=True) for a in arrays]
        with onednn.flags(enabled=forward):
            y = conv2d(*leaves, padding=1)
        with onednn.flags(enabled=backward):
            (y * y).sum().backward()
        return [leaf.grad.numpy() for leaf in leaves]

    for found, want in zip(gradients(enabled, not enabled), gradients(False, False), strict=True):
        np.testing.assert_allclose(found, want, rtol=1e-4, atol=1e-4)
