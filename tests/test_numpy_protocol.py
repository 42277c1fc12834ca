"""NumPy's functions on tensors: its values, the gradients of differences, and no graph lost in silence.

The calls stand in `numpy_cases`; a function that is covered and has none fails a test here.
"""

import operator

import numpy as np
import pytest

import autograd
from autograd import Tensor, grad, jvp
from autograd.numpy_protocol import FUNCTIONS, OP_OF_UFUNC, QUESTIONS as ASKED
from autograd.numpy_protocol.ufuncs import ROWS
from autograd.testing import check_rule

from .numpy_cases import CASES, QUESTIONS, name_of

STEP = 1e-5


def each(cases):
    return pytest.mark.parametrize(("function", "arrays", "call"), [pytest.param(*c[1:], id=c.name) for c in cases])


def results(y):
    """All arrays in a result, which may be a list or a tuple of them."""
    return [part for entry in y for part in results(entry)] if isinstance(y, (list, tuple)) else [y]


def weighted(y):
    """One number that depends on all of them, on real and imaginary parts."""
    source = np.random.default_rng(7)
    total = 0.0
    for part in results(y):
        w = source.uniform(0.5, 1.5, np.shape(part))
        if part.dtype.kind == "c":
            total = total + np.sum(np.real(part) * w) + np.sum(np.imag(part) * (w + 0.3))
        else:
            total = total + np.sum(part * w)
    return total


def leaves(arrays, dtype=np.float64):
    return [autograd.from_numpy(a.astype(dtype)).requires_grad_() for a in arrays]


def quietly(function, *arguments):
    with np.errstate(all="ignore"):
        return function(*arguments)


def difference(function, arrays, directions):
    ends = [function(*(a + s * STEP * d for a, d in zip(arrays, directions, strict=True))) for s in (1, -1)]
    return (ends[0] - ends[1]) / (2 * STEP)


def directions_for(arrays, seed):
    """A direction in which every element moves, all by different amounts."""
    source = np.random.default_rng(seed)
    return [source.uniform(-1.5, 1.5, a.shape) for a in arrays]


# ---------------------------------------------------------------------- the table


def test_every_covered_function_has_a_case():
    differentiated, asked = {case.function for case in CASES}, {case.function for case in QUESTIONS}
    assert set(OP_OF_UFUNC) - differentiated == set()
    assert ASKED - asked == set()
    assert set(FUNCTIONS) - differentiated - asked == set()


@each(CASES)
def test_values_and_gradients(function, arrays, call):
    expected = call(function, *arrays)
    before = [a.copy() for a in arrays]
    operands = leaves(arrays)
    found = call(function, *operands)
    assert isinstance(found, (list, tuple)) == isinstance(expected, (list, tuple))
    if isinstance(expected, tuple):
        assert getattr(found, "_fields", None) == getattr(expected, "_fields", None)
    for y, value in zip(results(found), results(expected), strict=True):
        assert type(y) is Tensor and not isinstance(value, Tensor)
        assert (y.shape, y.dtype) == (np.shape(value), value.dtype)
        np.testing.assert_allclose(y.detach().numpy(), value, rtol=1e-12, atol=1e-12)
    loss = weighted(found)
    if loss.requires_grad:
        loss.backward()
    slopes = [np.zeros(a.shape) if x.grad is None else x.grad.numpy() for a, x in zip(arrays, operands, strict=True)]
    for seed in range(2):
        directions = directions_for(arrays, seed)
        expected = difference(lambda *moved: weighted(call(function, *moved)), arrays, directions)
        found = sum(np.sum(g * d) for g, d in zip(slopes, directions, strict=True))
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
    for x, array, copy in zip(operands, arrays, before, strict=True):
        assert np.array_equal(x.detach().numpy(), copy) and np.array_equal(array, copy), "an operand was changed"


@each(CASES)
def test_forward_mode_and_single_precision(function, arrays, call):
    directions = directions_for(arrays, 2)
    value, slope = jvp(lambda *xs: weighted(call(function, *xs)), tuple(arrays), tuple(directions))
    np.testing.assert_allclose(value, weighted(call(function, *arrays)), rtol=1e-12, atol=1e-12)
    expected = difference(lambda *xs: weighted(call(function, *xs)), arrays, directions)
    np.testing.assert_allclose(slope, expected, rtol=1e-6, atol=1e-6)

    single = [a.astype(np.float32) for a in arrays]
    wanted = results(call(function, *single))
    found = results(call(function, *leaves(single, np.float32)))
    if not all(a.ndim for a in arrays):
        return  # a 0-d tensor widens no other one: PyTorch's rule
    for y, value in zip(found, wanted, strict=True):
        assert y.dtype == value.dtype
        np.testing.assert_allclose(y.detach().numpy(), value, rtol=2e-3, atol=2e-4)


@each(QUESTIONS)
def test_questions_have_numpys_answers_and_no_gradient(function, arrays, call):
    expected = call(function, *arrays)
    for operands in (leaves(arrays), [autograd.from_numpy(a) for a in arrays]):
        for y, value in zip(results(call(function, *operands)), results(expected), strict=True):
            if isinstance(value, str):
                assert y == value
                continue
            assert not getattr(y, "requires_grad", False)
            y = y.numpy() if isinstance(y, Tensor) else y
            assert np.asarray(y).dtype == np.asarray(value).dtype
            np.testing.assert_array_equal(y, value, strict=isinstance(value, np.ndarray))


def test_special_numbers_are_numpys():
    """Where a formula in terms of other functions would differ: nan, infinities, zeros, exact multiples."""
    special = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 0.1, 3.0])
    a, b = (x.ravel() for x in np.meshgrid(special, special))
    ufuncs = [np.fmax, np.fmin, np.copysign, np.heaviside, np.maximum, np.minimum, np.hypot, np.arctan2]
    for ufunc in [*ufuncs, np.remainder, np.fmod]:
        found = ufunc(*leaves([a, b])).detach().numpy()
        np.testing.assert_array_equal(found, quietly(ufunc, a, b), err_msg=ufunc.__name__)
        expected = quietly(ufunc, a, b)
        same_sign = np.signbit(found) == np.signbit(expected)
        assert (same_sign | np.isnan(expected)).all(), ufunc.__name__
    for ufunc in (np.trunc, np.rint, np.sign, np.exp2, np.log2, np.log10, np.cbrt, np.nan_to_num, np.sinc):
        np.testing.assert_allclose(ufunc(*leaves([a])).detach().numpy(), quietly(ufunc, a), err_msg=ufunc.__name__)
    for function in (np.median, np.nanmax, np.nanmean, np.nanvar, lambda x: np.quantile(x, 0.5)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("warnings.warn", lambda *_, **__: None)
            for array in (np.array([1.0, np.nan, 3.0]), np.array([np.nan])):
                expected = quietly(function, array)
                np.testing.assert_array_equal(function(*leaves([array])).detach().numpy(), expected)


REST = [(1.0, 0.1), (5.0, np.inf), (-5.0, np.inf), (1e17, 3.0), (-7.3, 2.0), (7.3, -2.0), (1.0, 0.0), (0.0, -1.0)]


@pytest.mark.parametrize("ufunc", [np.fmod, np.remainder], ids=name_of)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_rests_are_numpys_to_the_bit(ufunc, dtype):
    a, b = quietly(np.array(REST).T.astype, dtype)
    expected = quietly(ufunc, a, b)
    np.testing.assert_array_equal(ufunc(*leaves([a, b], dtype)).detach().numpy(), expected, strict=True)
    for i, value in enumerate(expected):  # single numbers are computed by other functions
        np.testing.assert_array_equal(ufunc(*leaves([a[..., i], b[..., i]], dtype)).detach().numpy(), np.asarray(value))


@pytest.mark.parametrize("ufunc", [np.fmod, np.remainder], ids=name_of)
def test_rests_of_integers(ufunc):
    a, b = np.array([7, -7, 5]), np.array([3, 3, -2])
    np.testing.assert_array_equal(ufunc(*map(autograd.from_numpy, (a, b))).numpy(), ufunc(a, b), strict=True)


def test_slopes_of_rests():
    """By the first number 1; by the second the whole quotient, though 1 / 0.1 is rounded up to 10."""
    for ufunc, by_second in ((np.fmod, [-9.0, 3.0]), (np.remainder, [-9.0, 4.0])):
        a, b = leaves([np.array([1.0, -7.3]), np.array([0.1, 2.0])])
        ufunc(a, b).sum().backward()
        assert a.grad.tolist() == [1.0, 1.0] and b.grad.tolist() == by_second


@pytest.mark.parametrize("ufunc", [np.exp2, np.log2, np.log10], ids=name_of)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_powers_of_2_and_10_are_exact(ufunc, dtype):
    exact = np.arange(-20.0, 30) if ufunc is np.exp2 else np.float64(2 if ufunc is np.log2 else 10) ** range(30)
    a = exact.astype(dtype)
    np.testing.assert_array_equal(ufunc(*leaves([a], dtype)).detach().numpy(), ufunc(a), strict=True)
    for x in exact:
        assert ufunc(*leaves([np.array(x)])).item() == ufunc(x)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_rows_for_ufuncs_have_the_right_derivatives(row):
    check_rule(row)


def test_the_median_of_nothing_is_nan():
    for shape, axis in (((0,), None), ((3, 0), 1)):
        y = np.median(autograd.zeros(*shape, dtype=np.float64), axis=axis)
        assert y.shape == shape[:-1] and np.isnan(y.numpy()).all()


def test_sinc_is_smooth_at_zero():
    assert grad(np.sinc)(0.0) == 0.0
    np.testing.assert_allclose(grad(grad(np.sinc))(0.0), -(np.pi**2) / 3)
    np.testing.assert_allclose(grad(grad(np.sinc))(1e-3), -(np.pi**2) / 3, rtol=1e-3)


# ---------------------------------------------------------------------- integers and truth values

WHOLE = {
    "large": np.array([16777217, 0, 3, 5]),  # too large for single precision
    "uint8": np.array([250, 10, 255, 3], np.uint8),
    "int32": np.array([[1, -7, 16777217], [4, 5, -2]], np.int32),
    "bool": np.array([True, True, False, True]),
}
OF_WHOLE = [
    np.nansum, np.nanprod, np.nanmax, np.nanmin, np.nanmean, np.nanvar, np.nanstd, np.median, np.mean, np.average,
    np.gradient, np.diff, np.nan_to_num, np.sinc, np.trapezoid, lambda x: np.interp(x, [0, 4], [1, 2]),
    lambda x: np.average(x, weights=x), lambda x: np.copysign(x, -1.0), lambda x: np.cross(x[..., :3], x[..., :3] // 2),
    lambda x: np.quantile(x, 0.3),
]  # fmt: skip


@pytest.mark.parametrize("function", OF_WHOLE, ids=name_of)
@pytest.mark.parametrize("kind", WHOLE)
def test_integers_keep_their_digits(function, kind):
    array = WHOLE[kind]
    try:
        expected = function(array)
    except TypeError:  # NumPy subtracts no truth values
        return
    if function is np.trapezoid and kind in ("uint8", "bool"):  # where NumPy's wraps around
        expected = function(array.astype(float))
    for y, value in zip(results(function(autograd.from_numpy(array))), results(expected), strict=True):
        np.testing.assert_allclose(y.numpy(), value, rtol=1e-14, atol=1e-14)
        assert (y.dtype.kind == "f") == (value.dtype.kind == "f") and y.dtype.itemsize >= value.dtype.itemsize


# ---------------------------------------------------------------------- operators beside arrays

OPERATORS = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "**": operator.pow,
    "@": operator.matmul,
}  # fmt: skip
BESIDE = [
    np.array([1.5, 0.5]),
    np.array([1.5, 0.5], np.float32),
    np.float64(1.5),
    np.float32(0.5),
    np.array(2),
    3,
    np.int64(3),
    True,
]


@pytest.mark.parametrize("other", BESIDE, ids=lambda x: f"{type(x).__name__}-{np.asarray(x).dtype}")
@pytest.mark.parametrize("symbol", OPERATORS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_operators_beside_arrays_and_scalars(symbol, other, dtype):
    if symbol == "@" and not np.ndim(other):
        return
    array, apply = np.array([0.7, 1.2], dtype), OPERATORS[symbol]
    for ours, slope in (
        (lambda x: apply(x, other), lambda d: apply(array + d, other)),
        (lambda x: apply(other, x), lambda d: apply(other, array + d)),
    ):
        (x,) = leaves([array], dtype)
        y = ours(x)
        assert type(y) is Tensor and y.requires_grad
        assert y.dtype == (
            np.float64 if dtype is np.float64 or (np.ndim(other) and other.dtype == np.float64) else dtype
        )
        np.testing.assert_allclose(y.detach().numpy(), slope(0), rtol=1e-6)
        y.sum().backward()
        assert x.grad.dtype == dtype
        for i, unit in enumerate(np.eye(2)):
            expected = np.sum(slope(STEP * unit) - slope(-STEP * unit)) / (2 * STEP)
            np.testing.assert_allclose(x.grad.numpy()[i], expected, rtol=1e-5)


@pytest.mark.parametrize("name", ["lt", "le", "gt", "ge", "eq", "ne"])
@pytest.mark.parametrize("other", BESIDE[:5], ids=lambda x: f"{type(x).__name__}-{np.asarray(x).dtype}")
def test_comparisons_beside_arrays_and_scalars(name, other):
    array, (x,) = np.array([0.5, 1.5]), leaves([np.array([0.5, 1.5])])
    compare = getattr(operator, name)
    for found, expected in ((compare(x, other), compare(array, other)), (compare(other, x), compare(other, array))):
        assert type(found) is Tensor and not found.requires_grad
        assert np.array_equal(found.numpy(), expected) and found.dtype == bool


# ---------------------------------------------------------------------- copies


@pytest.mark.parametrize("function", [np.positive, np.conjugate, np.copy], ids=name_of)
def test_copies_are_in_memory_of_their_own(function):
    (x,) = leaves([np.array([1.0, 2.0])])
    y = function(x)
    assert not np.shares_memory(x.detach().numpy(), y.detach().numpy())
    y[0] = 5.0
    y.sum().backward()
    assert x.tolist() == [1.0, 2.0] and x.grad.tolist() == [0.0, 1.0]


# ---------------------------------------------------------------------- out=


def test_out_is_a_tensor():
    (x,) = leaves([np.array([1.0, 2.0])])
    for write in (
        lambda out: np.exp(x, out=out),
        lambda out: np.exp(x, out),
        lambda out: np.cumsum(np.exp(x), out=out),
    ):
        out = autograd.zeros(2, dtype=np.float64)
        assert write(out) is out
        x.zero_grad()
        out.sum().backward()
        assert x.grad is not None and (x.grad.numpy() > 1).all()


def test_out_is_an_array_where_no_gradient_is_dropped():
    constant, array = autograd.tensor([1.0, 2.0]), np.zeros(2)
    assert np.exp(constant, out=array) is array
    assert np.array_equal(array, np.exp(np.float32([1.0, 2.0])))
    array += constant
    assert array[0] == np.exp(np.float32(1)) + 1
    (x,) = leaves([np.array([1.0, 2.0])])
    for write in (lambda: np.exp(x, out=array), lambda: np.sum(x, 0, out=np.zeros(())), lambda: array.__iadd__(x)):
        with pytest.raises(TypeError, match="out must be a tensor, an array would drop the gradient"):
            write()
    with pytest.raises(TypeError, match="out must be a tensor"):
        grad(lambda v: np.sum(np.exp(v, out=np.zeros(2))))(np.ones(2))
    assert not np.isnan(array).any()


@pytest.mark.parametrize("write", [
    lambda x: np.array([1, 2]).__iadd__(x), lambda x: np.add(x, 1.0, out=np.zeros(2, int)),
    lambda x: np.sqrt(x, out=np.zeros(2, bool)),
    lambda x: np.clip(x, 0, 1, out=np.zeros(2, int)),
])  # fmt: skip
def test_out_of_a_dtype_that_loses_what_the_numbers_are_raises(write):
    with pytest.raises(TypeError):
        write(np.array([0.5, 0.7]))
    with pytest.raises(TypeError, match="the result is float64, which .* cannot hold: give an out of float64"):
        write(autograd.tensor([0.5, 0.7], dtype=np.float64))


def test_out_of_another_shape_raises():
    x, integers = autograd.tensor([0.5, 0.7]), autograd.tensor([1, 2])
    for out in (np.zeros(3), np.zeros(1), autograd.zeros(3)):
        for reduce in (np.sum, np.add.reduce, np.mean):
            with pytest.raises(ValueError, match="the result has shape .*, out has .*: they must be equal"):
                reduce(x, out=out)
    with pytest.raises(ValueError, match="could not broadcast|does not go into"):
        np.add(x, 1.0, out=np.zeros(1))
    with pytest.raises(TypeError, match="cannot hold"):
        np.add(x, 1.0, out=integers)
    assert integers.tolist() == [1, 2]
    rows = np.zeros((2, 2))
    assert np.add(integers, 1, out=rows) is rows and rows.tolist() == [[2, 3], [2, 3]]  # ufuncs repeat


# ---------------------------------------------------------------------- lists in the place of arrays


@pytest.mark.parametrize("call", [
    lambda x: np.add(x, [1.0, 2.0]), lambda x: np.arctan2([1, 2], x), lambda x: np.multiply.outer([1.0, 2.0], x),
    lambda x: np.where([True, False], x, [1, 2]), lambda x: np.where([1, 0], [3.0, 4.0], x),
    lambda x: np.clip(x, [0, 0], [1, 0.6]), lambda x: np.clip([0.1, 0.9], x, 1.0), lambda x: np.maximum((1, 0), x),
    lambda x: np.select([[True, False]], [x], [3, 4]), lambda x: np.select([x > 0.6], [[3.0, 4.0]], x),
])  # fmt: skip
def test_lists_are_taken_as_arrays(call):
    array = np.array([0.5, 0.7])
    (x,) = leaves([array])
    y = call(x)
    np.testing.assert_allclose(y.detach().numpy(), call(array), rtol=1e-15)
    y.sum().backward()
    slope = difference(lambda a: np.sum(call(a)), [array], [np.ones(2)])
    np.testing.assert_allclose(x.grad.numpy().sum(), slope, atol=1e-9)


# ---------------------------------------------------------------------- programs written for NumPy


def network(parameters, images, labels):
    """Two layers, softmax, cross-entropy."""
    hidden = np.maximum(np.dot(images, parameters["W1"]) + parameters["b1"], 0)
    logits = hidden @ parameters["W2"] + parameters["b2"]
    shifted = logits - np.max(logits, axis=1, keepdims=True)
    log_p = shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))
    return -np.mean(log_p[np.arange(len(labels)), labels])


def clusters(centres, points):
    """The cost of k-means with the nearest centres."""
    distances = np.linalg.norm(points[:, None, :] - centres[None, :, :], axis=-1)
    nearest = np.argmin(distances, axis=1)
    return np.mean(np.square(points - np.take(centres, nearest, axis=0)))


def logistic(w, features, labels):
    z = np.column_stack([features, np.ones(len(features))]) @ w
    return np.average(np.logaddexp(0, -z) * labels + np.logaddexp(0, z) * (1 - labels)) + 0.01 * np.vdot(w, w)


def projectile(start, steps=20, dt=0.05):
    """How far a thrown body with drag has come, and its kinetic energy."""
    position, velocity = np.zeros(2), np.array([1.0, 0.5]) * start
    for _ in range(steps):
        force = np.array([0.0, -9.81]) - 0.1 * np.hypot(velocity[0], velocity[1]) * velocity
        velocity = velocity + dt * force
        position = position + dt * velocity
    return position[0] + 0.5 * np.sum(velocity**2)


source = np.random.default_rng(3)
PARAMETERS = {
    "W1": source.normal(size=(4, 5)),
    "b1": source.normal(size=5),
    "W2": source.normal(size=(5, 3)),
    "b2": np.zeros(3),
}
DATA, CLASSES = source.normal(size=(6, 4)), np.array([0, 2, 1, 1, 0, 2])
PROGRAMS = [
    (network, PARAMETERS, (DATA, CLASSES)), (clusters, source.normal(size=(3, 4)), (DATA,)),
    (logistic, source.normal(size=5), (DATA, CLASSES % 2)), (projectile, np.array([3.0, 4.0]), ()),
]  # fmt: skip


@pytest.mark.parametrize(("program", "start", "data"), PROGRAMS, ids=lambda x: getattr(x, "__name__", ""))
def test_programs_run_unchanged(program, start, data):
    value, slope = autograd.value_and_grad(program)(start, *data)
    np.testing.assert_allclose(value, program(start, *data), rtol=1e-12)
    keys = start if isinstance(start, dict) else [None]
    for key in keys:
        array = start if key is None else start[key]
        with_array = lambda a, key=key: program(a if key is None else {**start, key: a}, *data)
        for place in np.ndindex(array.shape):
            unit = np.zeros(array.shape)
            unit[place] = 1.0
            expected = difference(with_array, [array], [unit])
            np.testing.assert_allclose((slope if key is None else slope[key])[place], expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("flipped", [lambda a: np.flip(a), lambda a: np.flip(a, -1), np.flipud, np.fliplr])
def test_flips_are_views_as_in_numpy(flipped):
    ours, theirs = autograd.tensor(np.arange(6.0).reshape(2, 3)), np.arange(6.0).reshape(2, 3)
    flipped(ours)[0, 0] = flipped(theirs)[0, 0] = 9.0
    assert ours.tolist() == theirs.tolist()
