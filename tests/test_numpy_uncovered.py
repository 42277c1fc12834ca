"""Where NumPy would drop the graph of a tensor, it raises, and says what to write instead."""

import numpy as np
import pytest

import autograd
from autograd import grad
from autograd.numpy_protocol import FUNCTIONS, OP_OF_UFUNC, QUESTIONS

from .numpy_cases import name_of

MATRIX = np.array([[2.0, 0.5], [0.5, 1.0]])
PLACES = np.zeros((2, 2), int)
MODULES = (np, np.linalg, np.fft)
HARMLESS = {
    "np.empty": "takes shapes, and gives whatever is in the memory",
    "np.iterable": "asks whether it can be iterated over",
    "np.isscalar": "asks for a Python number or a scalar of NumPy",
    "np.issubdtype": "takes kinds of numbers",
    "np.promote_types": "takes kinds of numbers, and a tensor has a dtype",
    "np.info": "prints a docstring",
    "np.printoptions": "takes options",
    "np.bmat": "raises for a tensor, and finds nothing in text",
    "np.test": "runs NumPy's own tests", "np.linalg.test": "runs NumPy's own tests", "np.fft.test": "the same",
    "np.show_config": "prints", "np.show_runtime": "prints",
    "np.seterr": "takes options", "np.set_printoptions": "takes options", "np.setbufsize": "takes options",
    "np.seterrcall": "takes a function",
}  # fmt: skip
"""Functions that need not raise, and why: they read none of a tensor's numbers."""


def public():
    for module in MODULES:
        for name in sorted(set(dir(module)) & set(getattr(module, "__all__", dir(module)))):
            function = getattr(module, name)
            if callable(function) and not isinstance(function, type) and not name.startswith("_"):
                yield pytest.param(function, id=f"{module.__name__.replace('numpy', 'np', 1)}.{name}")


def leaf(array=MATRIX):
    return autograd.tensor(array, requires_grad=True)


def arguments(x):
    """Arguments with a tensor in the first place, in a list, in the second place, and further ones behind it."""
    for rest in ((), (x,), (1,), (MATRIX,), (1, 1), (x, x), (MATRIX, MATRIX), (MATRIX > 1, x), (PLACES, x, 0)):
        yield (x, *rest)
    yield from (([x],), ([x, x],), (1, x), (MATRIX, x), (MATRIX > 1, x), (MATRIX, 1, x), (np.sum, 0, x), (abs, x))


def plain_numbers(y):
    """The arrays and numbers of NumPy's in a result."""
    entries = [part for entry in y for part in plain_numbers(entry)] if isinstance(y, (list, tuple)) else [y]
    return [np.array(part) for part in entries if isinstance(part, (np.ndarray, np.floating, float))]


@pytest.mark.parametrize("function", list(public()))
def test_uncovered_functions_raise(function, request):
    """Nothing returns numbers in silence; whoever takes the tensor for an array says what to write instead."""
    name = request.node.callspec.id
    if name in HARMLESS or function in FUNCTIONS or function in OP_OF_UFUNC or function in QUESTIONS:
        return
    refused = False
    for given, others in zip(arguments(leaf()), arguments(leaf(3 * MATRIX)), strict=True):
        try:
            found, other = plain_numbers(function(*given)), plain_numbers(function(*others))
        except (TypeError, RuntimeError) as error:
            refused |= "x.detach().numpy()" in str(error)
        except (ValueError, AttributeError, LookupError, BufferError):  # it wants something else than an array
            pass
        except (DeprecationWarning, PendingDeprecationWarning):  # an old name
            return
        else:
            assert all(map(np.array_equal, found, other)), f"{given} gave {found}, which depends on the tensor"
    ufunc = isinstance(function, np.ufunc)
    assert refused or not (ufunc or hasattr(function, "_implementation")), "it takes arrays, and did not say a word"


@pytest.mark.parametrize(
    "function", [np.linalg.matrix_rank, np.linalg.cond, np.unwrap, np.fft.hfft, np.modf, np.frexp, np.lcm], ids=name_of
)
def test_message_names_the_function(function):
    with pytest.raises(TypeError, match=rf"^{name_of(function)}: has no derivative here.*x\.detach\(\)\.numpy\(\)"):
        function(leaf(), *([2] if function is np.lcm else []))


@pytest.mark.parametrize("call", [
    lambda x: np.sum(x, where=MATRIX > 1), lambda x: np.max(x, initial=0.0), lambda x: np.add(x, 1, dtype=float),
    lambda x: np.exp(x, where=MATRIX > 1), lambda x: np.add.at(x, [0], 1.0), lambda x: np.add.reduceat(x, [0, 1]),
    lambda x: np.maximum.accumulate(x), lambda x: np.add.accumulate(x, dtype=float), lambda x: np.ravel(x, order="F"),
    lambda x: np.quantile(x, 0.5, method="nearest"), lambda x: np.pad(x, 1, mode="linear_ramp"),
    lambda x: np.gradient(x, edge_order=2), lambda x: np.unique(x, axis=0), lambda x: np.cross(x, x),
    lambda x: np.linalg.svd(x, hermitian=True), lambda x: np.linalg.qr(x, mode="complete"),
    lambda x: np.histogram(MATRIX, weights=x), lambda x: np.interp(x, [0.0, 1.0], [0.0, 1.0], period=1.0),
    lambda x: np.std(x, where=MATRIX > 1), lambda x: np.var(x, mean=1.0), lambda x: np.std(x, mean=1.0),
    lambda x: np.nanmax(x, initial=1.0), lambda x: np.einsum("ij->i", x, casting="unsafe"),
])  # fmt: skip
def test_uncovered_arguments_raise(call):
    with pytest.raises(TypeError, match=r"^np\..*: has no derivative here: write it in terms of others") as caught:
        call(leaf())
    assert "\n" not in str(caught.value) and "covering" not in str(caught.value)


@pytest.mark.parametrize(("call", "message"), [
    (lambda x: np.std(x, where=MATRIX > 1), "np.std with where: has no derivative here"),
    (lambda x: np.quantile(x[:0], 0.5), "np.quantile: there is no element along these axes of shape (0, 2)"),
    (lambda x: np.percentile(x[:0], 5, axis=0), "np.percentile: there is no element along these axes of shape (0, 2)"),
    (lambda x: np.pad(x, -1), "np.pad: widths must be whole numbers, and not negative, got -1"),
    (lambda x: np.pad(x, 1.5), "np.pad: widths must be whole numbers, and not negative, got 1.5"),
])  # fmt: skip
def test_messages_name_the_function_and_what_is_wrong(call, message):
    with pytest.raises((TypeError, ValueError)) as caught:
        call(leaf())
    assert str(caught.value).startswith(message)


def test_wrong_calls_of_covered_functions_raise_their_own_errors():
    """A TypeError that the function itself raises stays as it is."""
    with pytest.raises(TypeError, match="dim must be an int or a tuple of them"):
        np.sum(leaf(), axis="rows")


@pytest.mark.parametrize("call", [
    lambda m, x: m * x, lambda m, x: x * m, lambda m, x: m + x, lambda m, x: x - m, lambda m, x: x @ m,
    lambda m, x: np.multiply(x, m), lambda m, x: m == x,
    lambda m, x: np.dot(x, m), lambda m, x: np.concatenate([x, m]), lambda m, x: np.where(m, x, 1.0),
    lambda m, x: np.ma.multiply(m, x), lambda m, x: m.__imul__(x), lambda m, x: autograd.matmul(m, x),
])  # fmt: skip
def test_masked_arrays_raise(call):
    """They would give a masked array without a graph, or a tensor without the mask."""
    masked = np.ma.array(MATRIX, mask=MATRIX > 1)
    before = masked.copy()
    for x in (leaf(), leaf() * 2):
        with pytest.raises(
            TypeError, match=r"^[\w.]+: a tensor has no mask: give m\.data .* where\(m\.mask, 0\.0, y\)$"
        ):
            call(masked, x)
    with pytest.raises(TypeError, match="a tensor has no mask"):
        autograd.jvp(lambda x: call(masked, x), (MATRIX,), (MATRIX,))
    assert np.array_equal(masked.data, before.data) and np.array_equal(masked.mask, before.mask)


def test_masked_arrays_of_constants():
    """Which are as good as arrays, for NumPy and for whoever draws."""
    x = autograd.tensor(MATRIX)
    assert not np.ma.getmask(x) and np.array_equal(np.ma.array(x), MATRIX)


CUBE = np.arange(12.0).reshape(2, 2, 3)


@pytest.mark.parametrize("call", [
    lambda x: np.moveaxis(x, 5, 0), lambda x: np.moveaxis(x, 0, -4), lambda x: np.moveaxis(x, [0, 1], [0]),
    lambda x: np.rollaxis(x, 5), lambda x: np.rollaxis(x, 0, 5), lambda x: np.transpose(x, (5, 0, 1)),
    lambda x: np.expand_dims(x, 7), lambda x: np.expand_dims(x, (0, 0)), lambda x: np.squeeze(x[:1], 3),
    lambda x: np.diff(x, axis=4), lambda x: np.diff(x, n=-1), lambda x: np.diff(x[0, 0, 0]),
    lambda x: np.trapezoid(x, axis=3), lambda x: np.take(x, [0], axis=3), lambda x: np.compress([True], x, axis=-4),
    lambda x: np.cross(x, x, axis=3), lambda x: np.cross(x, x, axisc=-4), lambda x: np.repeat(x, 2, 4),
    lambda x: np.split(x, 2, 5), lambda x: np.array_split(x, 2, -5), lambda x: np.linalg.norm(x, "fro", (0, 3)),
    lambda x: np.quantile(x, 1.5), lambda x: np.quantile(x, -0.5), lambda x: np.quantile(x, [0.5, np.nan]),
    lambda x: np.percentile(x, 150), lambda x: np.einsum(x, [0, 1, 52]), lambda x: np.convolve(x[0, 0], x[0, 0], "foo"),
    lambda x: np.correlate(x[0, 0], x[0, 0], "foo"),
])  # fmt: skip
def test_what_is_out_of_range_raises(call):
    with pytest.raises((ValueError, IndexError)):
        call(CUBE)
    with pytest.raises((ValueError, IndexError)) as caught:
        call(leaf(CUBE))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("convert", [
    np.asarray, np.array, lambda x: np.asarray(x, np.float32), lambda x: np.array([x, x]), lambda x: np.array([x, 1.0]),
    lambda x: np.zeros(2).__setitem__(slice(None), x), lambda x: np.array(x, copy=False), np.ascontiguousarray,
    lambda x: np.float32(x), lambda x: np.vectorize(lambda a: 2 * a)(x), lambda x: np.testing.assert_allclose(x, x),
    lambda x: np.testing.assert_array_equal(x, MATRIX), lambda x: np.testing.assert_array_less(MATRIX - 1, x),
    lambda x: np.sum([x, x]), lambda x: np.eye(2).dot(x), lambda x: np.random.default_rng(0).normal(x),
])  # fmt: skip
def test_conversions_raise_and_mention_detach(convert):
    for x in (leaf(), leaf() * 2):
        with pytest.raises(RuntimeError, match=r"requires a gradient.*write x\.detach\(\)\.numpy\(\)"):
            convert(x)


def test_conversions_of_tensors_without_gradient():
    x = autograd.tensor(MATRIX)
    assert np.asarray(x) is x.numpy() and np.array(x) is not x.numpy()
    assert np.asarray(x, np.float32).dtype == np.float32
    np.testing.assert_allclose(x, MATRIX)
    np.testing.assert_array_equal(leaf().detach(), MATRIX)


def test_conversions_inside_transforms_raise():
    for convert in (
        np.asarray,
        np.array,
        lambda x: np.zeros(2).__setitem__(slice(None), x),
        lambda x: np.array([x[0], x[1]]),
    ):
        for transform in (grad, lambda f: lambda x: autograd.jvp(f, (x,), (x,))):
            with pytest.raises((RuntimeError, TypeError, ValueError)):
                transform(lambda x, convert=convert: np.sum(convert(x)))(np.ones(2))
