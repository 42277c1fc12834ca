"""Convolutions, padding and windows: values against loops and PyTorch, pullbacks, second order, errors."""

import weakref

import numpy as np
import pytest
from hypothesis import given, strategies as st

from autograd import Tensor, no_grad
from autograd.arrays import convolution as module
from autograd.arrays.convolution import conv_transpose, convolution, convolution_weight
from autograd.arrays.windows import MODES, pad as pad_axes
from autograd.backends import onednn
from autograd.functions.convolving import (
    conv1d,
    conv2d,
    conv3d,
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose3d,
    fold,
    pad,
    unfold,
)

from .arrays import check_derivatives

CONV = (conv1d, conv2d, conv3d)
TRANSPOSED = (conv_transpose1d, conv_transpose2d, conv_transpose3d)


def by_loops(x, w, stride, padding, dilation, groups):
    """The formula, one number at a time."""
    rank = w.ndim - 2
    x = np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)))
    reach = [(k - 1) * d + 1 for k, d in zip(w.shape[2:], dilation, strict=True)]
    size = [(n - r) // s + 1 for n, r, s in zip(x.shape[2:], reach, stride, strict=True)]
    y = np.zeros((len(x), len(w), *size))
    filters = len(w) // groups
    for place in np.ndindex(*y.shape):
        n, o, at = place[0], place[1], place[2:]
        for c in range(w.shape[1]):
            for k in np.ndindex(*w.shape[2:]):
                where = tuple(at[i] * stride[i] + k[i] * dilation[i] for i in range(rank))
                y[place] += w[(o, c, *k)] * x[(n, o // filters * w.shape[1] + c, *where)]
    return y


@st.composite
def cases(draw):
    """Operands and settings for every number of axes; inputs are sometimes not contiguous."""
    rank = draw(st.integers(1, 3))
    numbers = lambda low, high: tuple(draw(st.integers(low, high)) for _ in range(rank))
    kernel, stride, padding, dilation = numbers(1, 3), numbers(1, 3), numbers(0, 2), numbers(1, 2)
    groups = draw(st.integers(1, 2))
    extra = numbers(0, 4 if rank < 3 else 2)
    size = [max(1, (k - 1) * d + 1 - 2 * p) + e for k, d, p, e in zip(kernel, dilation, padding, extra, strict=True)]
    channels, filters = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))
    random = np.random.default_rng(draw(st.integers(0, 99)))
    x = random.standard_normal((draw(st.integers(0, 2)), channels, *size))
    w = random.standard_normal((filters, channels // groups, *kernel))
    if draw(st.booleans()):
        x, w = np.asfortranarray(x), w[::-1]
    return x, w, {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}


@given(cases())
def test_convolution_follows_the_formula(case):
    x, w, settings = case
    np.testing.assert_allclose(CONV[x.ndim - 3](x, w, **settings), by_loops(x, w, **settings), atol=1e-12)


@given(cases())
def test_pullbacks_are_transposes(case):
    """<g, x ✶ w> is <gradient by x, x> and <gradient by w, w>, for all three rows."""
    x, w, settings = case
    settings["padding"] = tuple((p, p) for p in settings["padding"])
    y = convolution(x, w, **settings)
    g = np.random.default_rng(1).standard_normal(y.shape)
    exact = module._fitting(x, w, **settings)
    weight = {"kernel": w.shape[2:], **exact}
    rows = (convolution, (x, w), settings), (conv_transpose, (g, w), exact), (convolution_weight, (x, g), weight)
    for row, operands, its_settings in rows:
        result = row(*operands, **its_settings)
        h = np.random.default_rng(2).standard_normal(result.shape)
        for i, operand in enumerate(operands):
            gradient = row.pullback(i)(h, result, *operands, **its_settings)
            assert gradient.shape == operand.shape
            np.testing.assert_allclose(np.sum(gradient * operand), np.sum(h * result), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("settings", [{}, {"stride": 2, "padding": 1}, {"dilation": 2, "groups": 2, "stride": 3}])
def test_derivatives(rank, settings):
    random = np.random.default_rng(rank)
    x = random.standard_normal((2, 4, *(6, 7, 5)[:rank]))
    w = random.standard_normal((4, 4 // settings.get("groups", 1), *(3, 2, 1)[:rank]))
    bias = random.standard_normal(4)
    check_derivatives(lambda x, w, b: CONV[rank - 1](x, w, b, **settings), x, w, bias)
    check_derivatives(lambda x, w: TRANSPOSED[rank - 1](x, w, **settings), x[..., :3], w)


@pytest.mark.filterwarnings("ignore:Using padding='same'")  # PyTorch copies where the padding is uneven
@given(cases(), st.booleans(), st.data())
def test_as_pytorch(case, batch, data):
    torch, (x, w, settings) = pytest.importorskip("torch"), case
    rank = x.ndim - 2
    x = x if batch or not len(x) else x[0]
    bias = np.arange(float(len(w)))
    theirs = getattr(torch.nn.functional, f"conv{rank}d")
    arrays = [torch.tensor(a.copy()) for a in (x, w, bias)]
    y = CONV[rank - 1](x, w, bias, *settings.values())
    np.testing.assert_allclose(y, theirs(*arrays, *settings.values()), atol=1e-12)
    rest = {**settings, "padding": "same", "stride": 1}
    np.testing.assert_allclose(CONV[rank - 1](x, w, **rest), theirs(*arrays[:2], **rest), atol=1e-12)
    most = map(max, settings["stride"], settings["dilation"])
    extra = [data.draw(st.integers(0, n - 1)) for n in most]
    settings = {**settings, "padding": (0,) * rank, "output_padding": extra}
    back = TRANSPOSED[rank - 1](y, w, **settings)
    theirs = getattr(torch.nn.functional, f"conv_transpose{rank}d")
    np.testing.assert_allclose(back, theirs(torch.tensor(y.copy()), arrays[1], **settings), atol=1e-11)


def test_large_batches_are_done_in_blocks(monkeypatch):
    x, w = np.random.default_rng(0).standard_normal((7, 4, 9, 9)), np.ones((5, 4, 3, 3))
    settings = {"stride": (1, 1), "padding": ((1, 1),) * 2, "dilation": (1, 1), "groups": 1}
    want = by_loops(x, w, **settings | {"padding": (1, 1)})
    monkeypatch.setattr(module, "BLOCK", 20_000)
    np.testing.assert_allclose(convolution(x, w, **settings), want, atol=1e-12)
    gradient = convolution_weight(x, want, kernel=(3, 3), **settings)
    np.testing.assert_allclose(np.sum(gradient * w), np.sum(want**2))
    np.testing.assert_allclose(np.sum(conv_transpose(want, w, **settings) * x), np.sum(want**2))


@onednn.flags(enabled=False)  # it keeps nothing
def test_patches_are_saved_for_the_gradient_by_the_filters(monkeypatch):
    random = np.random.default_rng(0)
    x, w = random.standard_normal((3, 4, 9, 9), np.float32), random.standard_normal((6, 2, 3, 3), np.float32)
    settings = {"stride": (1, 2), "padding": ((1, 1), (0, 1)), "dilation": (1, 1), "groups": 2}
    saved = {}
    y = convolution(x, w, **settings, saved=saved)
    g = random.standard_normal(y.shape, np.float32)
    by_w = lambda g, x, saved: convolution.pullback(1)(g, y, x, w, **settings, saved=saved)
    want = by_w(g, x, {})
    for _ in range(2):
        np.testing.assert_allclose(by_w(g, x, saved), want, rtol=1e-5)
    double = by_w(g.astype(float), x, saved)
    np.testing.assert_allclose(double, by_w(g.astype(float), x, {}), rtol=1e-12, strict=True)
    saved["patches"][...] = 0
    assert not by_w(g, x, saved).any()
    np.testing.assert_array_equal(by_w(g, x.copy(), saved), want)  # they are not of this array
    monkeypatch.setattr(module, "BLOCK", 1000)
    saved = {}
    convolution(x, w, **settings, saved=saved)
    assert not saved


def test_saved_patches_go_with_the_graph():
    w = Tensor(np.ones((2, 1, 3, 3)), requires_grad=True)
    x = np.ones((1, 1, 8, 8))
    alive = weakref.ref(x)
    with no_grad():
        y = conv2d(x, w)
    del x
    assert alive() is None and y.shape == (1, 2, 6, 6)
    x = Tensor(np.ones((1, 1, 8, 8)), requires_grad=True) * 1.0
    y = conv2d(x, w)
    for times in (1, 2):
        y.sum().backward()
        assert (w.grad.numpy() == 36 * times).all()
    x += 1.0
    with pytest.raises(RuntimeError, match="changed"):
        y.sum().backward()


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_dtypes_are_kept(dtype):
    x, w, b = (Tensor(np.full(shape, 0.5, dtype), requires_grad=True) for shape in ((1, 1, 5, 5), (2, 1, 3, 3), (2,)))
    y = conv2d(x, w, b)
    assert type(y) is Tensor and y.dtype == dtype and (y.detach().numpy() == 2.75).all()
    back = conv_transpose2d(y, w)
    assert back.dtype == fold(unfold(back, 2), 5, 2).dtype == pad(back, (1, 2), value=3).dtype == dtype
    back.sum().backward(create_graph=True)
    assert all(leaf.grad.dtype == dtype for leaf in (x, w, b))
    assert conv2d(x, w.detach().numpy()).requires_grad and conv2d(x.detach().numpy(), w).requires_grad


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
def test_infinities_stay_in_their_windows(bad):
    x, w = np.ones((1, 1, 1, 16)), np.ones((1, 1, 1, 3))
    x[..., 8] = bad
    touched = np.flatnonzero(~np.isfinite(conv2d(x, w)))
    assert touched.tolist() == [6, 7, 8]
    g = x[..., :14]
    assert np.flatnonzero(~np.isfinite(conv_transpose2d(g, w))).tolist() == [8, 9, 10]
    g = np.ones((1, 2, 1, 14))
    g[:, 0, :, 3] = bad
    for saved in {}, None:
        settings = {"stride": (1, 1), "padding": ((0, 0),) * 2, "dilation": (1, 1), "groups": 1, "saved": saved}
        x, both = np.ones((1, 1, 1, 16)), np.ones((2, 1, 1, 3))
        y = convolution(x, both, **settings)
        by_w = convolution.pullback(1)(g, y, x, both, **settings)
        np.testing.assert_array_equal(by_w[:, 0, 0], [[bad] * 3, [14] * 3])
    w[..., 1] = bad
    assert np.isfinite(conv_transpose2d(np.ones((1, 1, 1, 7)), w, stride=(1, 3))[..., ::3]).all()


# ---------------------------------------------------------------------- borders


@pytest.mark.parametrize("mode", MODES)
@given(st.lists(st.tuples(*[st.integers(0, 7)] * 2), min_size=3, max_size=3), st.integers(1, 5))
def test_borders_are_numpys(mode, widths, n):
    a = np.random.default_rng(0).random((2, n, 1))
    y = pad_axes(a, widths, mode)
    np.testing.assert_array_equal(y, np.pad(a, widths, mode), strict=True)
    assert not np.may_share_memory(y, a)
    g = np.random.default_rng(1).random(y.shape)
    leaf = Tensor(a, requires_grad=True)
    pad_axes(leaf, widths, mode).backward(g)
    np.testing.assert_allclose(np.sum(leaf.grad.numpy() * a), np.sum(g * y))


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
@given(st.lists(st.integers(-2, 3), min_size=2, max_size=4).filter(lambda pad: len(pad) % 2 == 0))
def test_pad_as_pytorch(mode, widths):
    torch = pytest.importorskip("torch")
    a = np.random.default_rng(0).random((2, 3, 6, 7) if len(widths) == 4 else (2, 3, 7))
    leaf, theirs = Tensor(a, requires_grad=True), torch.tensor(a, requires_grad=True)
    y, want = pad(leaf, widths, mode), torch.nn.functional.pad(theirs, widths, mode)
    np.testing.assert_array_equal(y.detach().numpy(), want.detach())
    g = np.random.default_rng(1).random(y.shape)
    y.backward(g)
    want.backward(torch.tensor(g))
    np.testing.assert_allclose(leaf.grad.numpy(), theirs.grad, atol=1e-15)


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
def test_derivatives_of_pad(mode):
    a = np.random.default_rng(0).random((2, 5, 4))
    check_derivatives(lambda a: pad(a, (0, 3, 2, 1), mode), a)
    check_derivatives(lambda a: pad(a, (-1, 2, 0, -2), mode), a)


def test_pad_with_a_value():
    a = np.ones((2, 3), np.float32)
    y = pad(Tensor(a), (0, 2, 1, 0), value=-np.inf)
    np.testing.assert_array_equal(y.numpy(), np.pad(a, ((1, 0), (0, 2)), constant_values=-np.inf), strict=True)
    check_derivatives(lambda a: pad(a, (0, 2, 1, 0), value=3.0), np.random.default_rng(0).random((2, 3)))
    assert pad(Tensor([1, 2]), (1, 1), value=7).tolist() == [7, 1, 2, 7]
    assert pad(Tensor([True]), (1, 0)).tolist() == [False, True]


# ---------------------------------------------------------------------- patches


@given(*(st.tuples(st.integers(low, 2), st.integers(low, 3)) for low in (1, 1, 0, 1)), st.integers(0, 2))
def test_unfold_and_fold_as_pytorch(kernel, dilation, padding, stride, batch):
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(0).standard_normal((batch, 2, 8, 9))
    settings = (kernel, dilation, padding, stride)
    columns = unfold(x, *settings)
    if batch:  # PyTorch refuses empty batches here
        np.testing.assert_array_equal(columns, torch.nn.functional.unfold(torch.tensor(x), *settings))
        want = torch.nn.functional.fold(torch.tensor(columns.copy()), (8, 9), *settings)
        np.testing.assert_allclose(fold(columns, (8, 9), *settings), want)
        np.testing.assert_array_equal(unfold(x[0], *settings), columns[0])
        np.testing.assert_allclose(fold(columns[0], (8, 9), *settings), want[0])
    assert not np.may_share_memory(columns, x)
    g = np.random.default_rng(1).standard_normal(columns.shape)
    np.testing.assert_allclose(np.sum(g * columns), np.sum(fold(g, (8, 9), *settings) * x), atol=1e-9)


def test_derivatives_of_unfold_and_fold():
    x = np.random.default_rng(0).standard_normal((2, 2, 5, 6))
    check_derivatives(lambda x: unfold(x, 2, 2, 1, 2), x)
    check_derivatives(lambda x: fold(x, 4, 2, 1, 1, 2), unfold(x[..., :4, :4], 2, 1, 1, 2))


zeros = lambda *shape, dtype=float: np.zeros(shape, dtype)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: conv2d(zeros(1, 3, 8, 8), zeros(16, 1, 5, 5)),
         r"conv2d: input \(1, 3, 8, 8\) has 3 channels, weight \(16, 1, 5, 5\) takes 1: they must agree \(groups=1\)"),
        (lambda: conv2d(zeros(1, 1, 3, 3), zeros(1, 1, 5, 5)), r"padding is \(3, 3\), smaller than .* \(5, 5\)"),
        (lambda: conv2d(zeros(1, 1, 3, 3), zeros(1, 1, 2, 2), padding="full"), "'full': give numbers, 'valid' or"),
        (lambda: conv2d(zeros(1, 1, 3, 3), zeros(1, 1, 2, 2), stride=2, padding="same"), "'same' needs stride 1"),
        (lambda: conv2d(zeros(1, 1, 3, 3), zeros(1, 1, 2, 2), stride=0), "stride 0: must be at least 1"),
        (lambda: conv2d(zeros(1, 1, 3, 3), zeros(1, 1, 2, 2), stride=(1, 1, 1)), "has 3 numbers: give one, or 2"),
        (lambda: conv2d(zeros(1, 1, 3, 3), zeros(1, 1, 2, 2), stride=1.5), "stride 1.5: give a whole number"),
        (lambda: conv2d(zeros(1, 1, 3, 3), zeros(1, 1, 2, 2), padding=-1), "padding -1: must be at least 0"),
        (lambda: conv2d(zeros(3, 8), zeros(1, 1, 2, 2)), r"input \(3, 8\) has 2 axes: give \(N, C, H, W\)"),
        (lambda: conv2d(zeros(1, 1, 3, 3), zeros(1, 2, 2)), r"weight \(1, 2, 2\) has 3 axes: needs 4"),
        (lambda: conv2d(zeros(1, 1, 3, 3, dtype=int), zeros(1, 1, 2, 2)), "conv2d: needs floating.* got int64: write"),
        (lambda: conv2d(zeros(1, 1, 3, 3), zeros(1, 1, 2, 2, dtype=int)), "conv2d: weight: needs .*, got int64: write"),
        (lambda: conv2d("x", zeros(1, 1, 2, 2)), "conv2d: cannot take 'x', a str: give a tensor or an array"),
        (lambda: conv2d(zeros(1, 2, 3, 3), zeros(3, 1, 2, 2), groups=2), "groups=2 must divide its first axis"),
        (lambda: conv2d(zeros(1, 1, 3, 3), zeros(2, 1, 2, 2), zeros(3)), r"one number per output channel, \(2,\)"),
        (lambda: conv_transpose1d(zeros(1, 1, 3), zeros(1, 1, 2), output_padding=1), r"be less than stride \(1,\)"),
        (lambda: conv_transpose1d(zeros(1, 1, 1), zeros(1, 1, 2), padding=1), "nothing would be left"),
        (lambda: conv_transpose2d(zeros(1, 2, 3, 3), zeros(1, 2, 2, 2)), r"has 2 channels, weight .* takes 1"),
        (lambda: pad(zeros(3), (3, 0), "reflect"), r"mode 'reflect' needs 4 elements along an axis of 3"),
        (lambda: pad(zeros(3), (0, 4), "circular"), r"mode 'circular' needs 4 elements along an axis of 3"),
        (lambda: pad(zeros(0), (0, 4), "replicate"), r"mode 'replicate' needs 1 elements along an axis of 0"),
        (lambda: pad(zeros(3), (3, 0), "mirror"), "mode 'mirror' is unknown: choose from constant, reflect"),
        (lambda: pad(zeros(3), (1, 0), "reflect", 2), "mode 'reflect' takes no value, got 2"),
        (lambda: pad(zeros(3), (1, 0, 2)), r"pad: \(1, 0, 2\) for shape \(3,\): give two numbers per axis, the last"),
        (lambda: pad(zeros(3), (1, 0, 2, 0)), r"pad: \(1, 0, 2, 0\) for shape \(3,\): give two numbers per axis"),
        (lambda: pad(zeros(3), (-2, -2)), r"pad: \(-2, -2\) for shape \(3,\): cuts off more than there is"),
        (lambda: pad(zeros(3), (1.5, 0)), r"pad: must be integers, got \(1.5, 0\)"),
        (lambda: pad(zeros(3, dtype=int), (1, 0), value=0.5), "pad: value 0.5 does not fit int64: give a whole number"),
        (lambda: pad_axes(zeros(0), [(1, 0)], "edge"), r"nothing to pad an empty axis with: use mode='constant'"),
        (lambda: unfold(zeros(1, 1, 2, 2, dtype=int), 1), "unfold: needs floating-point numbers, got int64"),
        (lambda: fold(zeros(1, 4, 9, dtype=int), 4, 2), "fold: needs floating-point numbers, got int64"),
        (lambda: unfold(zeros(1, 1, 2, 2), 3), r"smaller than the kernel's \(3, 3\)"),
        (lambda: fold(zeros(1, 4, 5), 4, 2), r"fold: input \(1, 4, 5\): for images \(4, 4\) give \(N, C · 4, 9\)"),
    ],
)  # fmt: skip
def test_errors(call, message):
    with pytest.raises((TypeError, ValueError), match=message) as error:
        call()
    assert "\n" not in str(error.value)
