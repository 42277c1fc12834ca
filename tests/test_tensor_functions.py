"""Every function of tensors, over all shapes, axes and layouts: NumPy's values, and derivatives of both orders."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as hnp

import autograd
from autograd import Tensor

from .array_cases import CASES, FUNCTIONS, WITHOUT_GRADIENT, axes_of, axis_of
from .arrays import LAYOUTS, check_function, close, distinct, fewer, layouts, leaf, seeds, shapes, with_ties

some = settings(max_examples=settings.default.max_examples // 3)


def each(names):
    return pytest.mark.parametrize("name", sorted(names))


def ways_to_call(name):
    """As a function, and as a method where there is one."""
    return st.sampled_from([FUNCTIONS[name], *([getattr(Tensor, name)] if hasattr(Tensor, name) else [])])


def test_every_function_has_cases():
    assert set(CASES) == set(FUNCTIONS)
    public = {"sum": "sum"}  # the row of the table, which reduces sequences too
    for name, function in FUNCTIONS.items():
        assert name in autograd.__all__
        assert name in public or getattr(autograd, name) is function


def drawn(data, name):
    """The function on tensors, what NumPy computes, and arrays to try both on."""
    case, function = data.draw(CASES[name]), data.draw(ways_to_call(name))

    def floating(*tensors):  # of values and indices, say, only the former have a gradient
        found = case.call(function, *tensors)
        return [y for y in found if y.dtype.kind == "f"] if isinstance(found, tuple) else found

    def in_numpy(*arrays):
        found = case.numpy(*arrays)
        return [y for y in found if np.asarray(y).dtype.kind != "i"] if isinstance(found, tuple) else found

    return floating, in_numpy, case.arrays


@each(set(FUNCTIONS) - WITHOUT_GRADIENT)
@some
@given(data=st.data())
def test_values_and_derivatives(name, data):
    check_function(*drawn(data, name), data.draw(seeds))


@each(WITHOUT_GRADIENT | {"max", "min", "sort", "topk"})
@some
@given(data=st.data())
def test_places_and_truths(name, data):
    """Integers and truth values have NumPy's values and no gradient."""
    case, function = data.draw(CASES[name]), data.draw(ways_to_call(name))
    found, expected = case.call(function, *map(leaf, case.arrays)), case.numpy(*case.arrays)
    if isinstance(found, tuple):
        found, expected = found[1], expected[1]
    assert not found.requires_grad or found.dtype.kind == "f"
    if name in WITHOUT_GRADIENT or isinstance(case.numpy(*case.arrays), tuple):
        assert found.dtype == (bool if name in ("all", "any") else np.int64)
        assert np.array_equal(found.numpy(), expected)


@each(set(FUNCTIONS) - WITHOUT_GRADIENT)
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@fewer
@given(data=st.data())
def test_results_and_gradients_keep_the_dtype(name, dtype, data):
    case, function = data.draw(CASES[name]), data.draw(ways_to_call(name))
    leaves = [leaf(a.astype(dtype)) for a in case.arrays]
    first = lambda found: found[0] if isinstance(found, (tuple, list)) else found
    y = first(case.call(function, *leaves))
    assert y.dtype == dtype
    with np.errstate(all="ignore"):
        expected = np.asarray(first(case.numpy(*(a.astype(dtype).astype(np.float64) for a in case.arrays))))
    close(y.detach().numpy(), expected, 2e-2 if dtype is np.float16 else 1e-5, name)
    y.backward(np.ones(y.shape))
    assert all(x.grad.dtype == dtype and x.grad.shape == x.shape for x in leaves if x.grad is not None)


@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int32, np.int64], ids=lambda dtype: dtype.__name__)
def test_results_on_integers(dtype):
    """Sums and products become int64, as in PyTorch; what only moves or compares keeps the dtype."""
    x = autograd.tensor(np.array([[1, 0], [1, 1]], dtype))
    for name in ("sum", "prod"):
        assert getattr(x, name)(0).dtype == np.int64
    for name in ("cumsum", "cumprod"):
        assert getattr(x, name)(0).dtype == np.int64
        assert getattr(x, name)(0).tolist() == getattr(np, name)(x.numpy(), 0).tolist()
    for y in (x.amax(0), x.max(0)[0], x.sort(0)[0], x.flip(0), x[0], x.reshape(4), autograd.cat([x, x]), x.tril()):
        assert y.dtype == dtype
    assert x.sum().item() == 3


# ---------------------------------------------------------------------- indices


@st.composite
def indices(draw, shape):
    """Slices with any step, None and `...`; arrays of integers, with repeats; masks; and mixtures."""
    kind = draw(st.sampled_from(["basic", "integers", "mask", "mixed"]))
    if kind == "basic" or not shape or not all(shape):
        return draw(hnp.basic_indices(shape, allow_newaxis=True))
    if kind == "mask":
        some_axes = draw(st.integers(1, len(shape)))
        return np.random.default_rng(draw(seeds)).random(shape[:some_axes]) > 0.5
    if kind == "integers":
        return draw(hnp.integer_array_indices(shape, result_shape=hnp.array_shapes(max_dims=2, max_side=4)))
    rows = draw(st.lists(st.integers(-shape[0], shape[0] - 1), min_size=1, max_size=4))
    rest = draw(
        st.tuples(*(st.sampled_from([slice(None), slice(None, None, -1), slice(1, None), n - 1]) for n in shape[1:]))
    )
    return (rows, *rest)


def as_tensors(index):
    """The same index with tensors for arrays."""
    if isinstance(index, tuple):
        return tuple(map(as_tensors, index))
    return autograd.tensor(index) if isinstance(index, np.ndarray) else index


@given(data=st.data())
def test_indices(data):
    """Elements named twice get the gradient twice."""
    array = LAYOUTS[data.draw(layouts)](distinct(data.draw(shapes()), data.draw(seeds)))
    index = data.draw(indices(array.shape))
    written = as_tensors(index) if data.draw(st.booleans()) else index
    check_function(lambda x: x[written], lambda a: a[index], [array], data.draw(seeds))


@given(data=st.data())
def test_an_index_of_a_cut_of_a_transpose(data):
    """Views of views."""
    array = distinct(data.draw(shapes(2, 3)), data.draw(seeds))
    inner = data.draw(hnp.basic_indices(array.T.shape))
    outer = data.draw(hnp.basic_indices(np.shape(array.T[inner])))
    check_function(lambda x: x.T[inner][outer] * 2, lambda a: a.T[inner][outer] * 2, [array], data.draw(seeds))


# ---------------------------------------------------------------------- halves

AVERAGES = {
    "mean": lambda x: autograd.mean(x), "np.mean": np.mean, "np.average": np.average, "np.nanmean": np.nanmean,
    "var": lambda x: autograd.var(x, correction=0), "np.var": np.var, "np.nanvar": np.nanvar,
    "std": lambda x: autograd.std(x, correction=0), "np.std": np.std, "np.nanstd": np.nanstd,
    "mse_loss": lambda x: autograd.mse_loss(x, x.detach() - 1), "norm": autograd.norm, "np.linalg.norm": np.linalg.norm,
}  # fmt: skip


@each(AVERAGES)
@pytest.mark.parametrize("array", [
    np.linspace(-2, 2, 70000), np.array([250.0, -250.0, 200.0]), np.array([400.0] + [0.0] * 9),
], ids=["more than 65504", "squares above 65504", "one square above 65504"])  # fmt: skip
def test_halves_are_added_up_without_overflow(name, array):
    """Their largest is 65504: neither a sum nor a number of elements beyond it makes inf or 0 of what is smaller."""
    x, exact = leaf(array.astype(np.float16)), leaf(array.astype(np.float16).astype(np.float64))
    y, expected = AVERAGES[name](x), AVERAGES[name](exact)
    y.backward()
    expected.backward()
    assert y.dtype == x.grad.dtype == np.float16
    np.testing.assert_allclose(y.detach().numpy(), expected.detach().numpy(), rtol=2e-3, atol=2e-3)
    np.testing.assert_allclose(x.grad.numpy(), exact.grad.numpy(), rtol=5e-3, atol=1e-7)


def test_the_squared_error_of_halves():
    x = leaf(np.array([300.0] + [0.0] * 99, np.float16))
    y = autograd.mse_loss(x, autograd.zeros(100, dtype=np.float16))
    y.backward()
    assert y.item() == 900 and x.grad[0].item() == 6


def test_cross_entropy_of_many_halves():
    scores = leaf(np.tile(np.array([8.0, 0.0], np.float16), (70000, 1)))
    loss = autograd.cross_entropy(scores, autograd.ones(70000, dtype=np.int64))
    loss.backward()
    np.testing.assert_allclose(loss.item(), 8.0, rtol=1e-3)
    np.testing.assert_allclose(scores.grad.numpy()[0], [1 / 70000, -1 / 70000], rtol=5e-3)


# ---------------------------------------------------------------------- ties, infinities, nothing at all


@each(["amax", "amin"])
@given(data=st.data())
def test_ties_share_the_gradient_evenly(name, data):
    shape = data.draw(shapes(empty=False))
    axis, array = data.draw(axes_of(shape)), with_ties(shape, data.draw(seeds))
    x = leaf(array)
    y = getattr(autograd, name)(x, axis, True)
    y.backward(np.full(y.shape, 3.0))
    chosen = array == y.detach().numpy()
    there = None if not shape and axis is not None else axis
    close(x.grad.numpy(), 3.0 * chosen / chosen.sum(there, keepdims=True), 1e-12, "the shares")


@each(["max", "min"])
@given(data=st.data())
def test_with_a_dim_the_first_of_several_gets_the_gradient(name, data):
    shape = data.draw(shapes(1, empty=False))
    axis, array = data.draw(axis_of(shape)), with_ties(shape, data.draw(seeds))
    x = leaf(array)
    values, places = getattr(x, name)(axis)
    values.backward(np.ones(values.shape))
    expected = np.zeros(shape)
    np.put_along_axis(expected, getattr(np, f"arg{name}")(array, axis, keepdims=True), 1.0, axis)
    assert np.array_equal(x.grad.numpy(), expected)
    assert np.array_equal(places.numpy(), getattr(np, f"arg{name}")(array, axis))


@given(data=st.data())
def test_sorting_is_stable_both_ways(data):
    shape = data.draw(shapes(1))
    array, axis, down = with_ties(shape, data.draw(seeds)), data.draw(axis_of(shape)), data.draw(st.booleans())
    values, places = autograd.tensor(array).sort(axis, down)
    expected = np.argsort(-array if down else array, axis, kind="stable")
    assert np.array_equal(places.numpy(), expected)
    assert np.array_equal(values.numpy(), np.take_along_axis(array, expected, axis))


INF = math.inf
EXTREMES = {
    "logsumexp of nothing but -inf": (lambda x: x.logsumexp(0), [-INF, -INF], -INF, None),
    "logsumexp with an infinity": (lambda x: x.logsumexp(0), [INF, 1.0], INF, None),
    "logsumexp of large numbers": (lambda x: x.logsumexp(0), [1e4, 1e4], 1e4 + math.log(2), [0.5, 0.5]),
    "log_softmax far apart": (lambda x: x.log_softmax(0)[0], [-1e4, 0.0], -1e4, [1.0, -1.0]),
    "softmax with -inf": (lambda x: x.softmax(0)[1], [-INF, 0.0], 1.0, [0.0, 0.0]),
    "softmax of large numbers": (lambda x: x.softmax(0)[0], [1e300, 1e300], 0.5, [0.25, -0.25]),
    "amax of nan": (lambda x: x.amax(), [math.nan, 1.0], math.nan, None),
    "2-norm at 0": (lambda x: x.norm(), [0.0, 0.0], 0.0, [0.0, 0.0]),
    "1-norm at 0": (lambda x: x.norm(1), [0.0, 2.0], 2.0, [0.0, 1.0]),
    "3-norm at 0": (lambda x: x.norm(3), [0.0, 0.0], 0.0, [0.0, 0.0]),
    "0-norm counts": (lambda x: x.norm(0) + x.sum() * 0, [0.0, 2.0], 1.0, [0.0, 0.0]),
    "prod with one 0": (lambda x: x.prod(), [0.0, 3.0], 0.0, [3.0, 0.0]),
    "prod with two 0": (lambda x: x.prod(), [0.0, 0.0, 3.0], 0.0, [0.0, 0.0, 0.0]),
    "sum of nothing": (lambda x: x.sum(), [], 0.0, []),
    "prod of nothing": (lambda x: x.prod(), [], 1.0, []),
    "mean of nothing": (lambda x: x.mean(), [], math.nan, []),
    "logsumexp of nothing": (lambda x: x.logsumexp(0), [], -INF, []),
    "var of nothing": (lambda x: x.var(), [], math.nan, []),
    "var of one number": (lambda x: x.var(), [1.0], math.nan, [math.nan]),
    "norm of nothing": (lambda x: x.norm(), [], 0.0, []),
}


@pytest.mark.parametrize(("function", "numbers", "value", "gradient"), EXTREMES.values(), ids=EXTREMES)
def test_extremes(function, numbers, value, gradient):
    """Without a warning, without nan where the limit is finite."""
    x = Tensor(np.array(numbers, float), True)
    y = function(x)
    close(y.detach().numpy(), value, 1e-12, "the value")
    y.backward()
    if gradient is not None:
        close(x.grad.numpy(), gradient, 1e-12, "the gradient")


def test_the_second_derivative_of_a_product_with_zeros():
    """∂² Π / ∂a∂b is the product of all others, whether they are 0 or not."""
    for numbers, expected in (([0.0, 0.0, 3.0], [[0, 3, 0], [3, 0, 0], [0, 0, 0]]), ([0.0, 2.0], [[0, 1], [1, 0]])):
        for function in (lambda x: x.prod(), lambda x: x.cumprod(0)[-1]):
            x = Tensor(np.array(numbers), True)
            function(x).backward(create_graph=True)
            slopes = x.grad
            for i, row in enumerate(expected):
                x.zero_grad()
                slopes[i].backward()
                close(x.grad.numpy(), row, 1e-12, f"row {i}")


# ---------------------------------------------------------------------- other ways to write them

METHODS = {
    "T": (lambda x: x.T, np.transpose),
    "mT": (lambda x: x.mT, lambda a: np.swapaxes(a, -1, -2)),
    "ravel": (lambda x: x.ravel(), np.ravel),
    "view": (lambda x: x.view(3, -1), lambda a: np.reshape(a, (3, -1))),
    "view_as": (lambda x: x.view_as(autograd.ones(12)), np.ravel),
    "iteration": (lambda x: list(x), list),
    "transpose": (lambda x: x.transpose(), np.transpose),
    "axes": (lambda x: x.transpose(2, 0, 1), lambda a: a.transpose(2, 0, 1)),
    "expand_as": (lambda x: x.expand_as(autograd.ones(2, 2, 3, 2)), lambda a: np.broadcast_to(a, (2, 2, 3, 2))),
    "clone": (lambda x: x.clone(), np.array),
    "double": (lambda x: x.double(), np.array),
    "std of NumPy": (lambda x: x.std(axis=1), lambda a: np.sqrt(((a - a.mean(1, keepdims=True)) ** 2).mean(1))),
    "var of PyTorch": (lambda x: x.var(1), lambda a: ((a - a.mean(1, keepdims=True)) ** 2).sum(1) / 2),
    "var, biased": (lambda x: x.var(unbiased=False), lambda a: ((a - a.mean()) ** 2).mean()),
    "max of NumPy": (lambda x: x.max(axis=1), lambda a: np.max(a, 1)),
    "array @": (lambda x: np.arange(6.0).reshape(2, 3) @ x, lambda a: np.arange(6.0).reshape(2, 3) @ a),
    "@ array": (lambda x: x @ np.arange(2.0), lambda a: a @ np.arange(2.0)),
    "one index twice": (lambda x: x[[0, 1, 0], :, [1, 1, 1]], lambda a: a[[0, 1, 0], :, [1, 1, 1]]),
    "twice": (lambda x: autograd.einsum("abc,abc->b", x, x), lambda a: np.einsum("abc,abc->b", a, a)),
    "itself": (lambda x: x @ x.mT, lambda a: a @ np.swapaxes(a, -1, -2)),
}


@pytest.mark.parametrize(("ours", "theirs"), METHODS.values(), ids=METHODS)
@pytest.mark.parametrize("layout", sorted(set(LAYOUTS) - {"repeated"}))
def test_other_methods(ours, theirs, layout):
    check_function(ours, theirs, [LAYOUTS[layout](distinct((2, 3, 2), 0))], 0)
