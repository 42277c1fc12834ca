"""Arrays to try on tensors, and what every function of arrays must satisfy.

An array is drawn by its shape, its layout in memory and the seed of its numbers: what matters to the engine
are the first two, and Hypothesis shrinks them well.
"""

import numpy as np
from hypothesis import settings, strategies as st
from hypothesis.extra import numpy as hnp

import autograd
from autograd import Tensor
from autograd.testing import check_gradients, strategies

fewer = settings(max_examples=settings.default.max_examples // 5)
few = settings(max_examples=settings.default.max_examples // 10)
"""For tests that are run for every row of a table, and those among them that take long."""

seeds = st.integers(0, 2**32 - 1)

# ---------------------------------------------------------------------- shapes and layouts


def shapes(least=0, most=3, side=3, empty=True):
    """Shapes of some axes; axes of length 0 among them, if they may be."""
    return hnp.array_shapes(min_dims=least, max_dims=most, min_side=0 if empty else 1, max_side=side)


def _repeated(array):
    """The first row in the place of all of them: one row in memory, the others have a stride of 0."""
    return np.broadcast_to(array[:1], array.shape) if array.ndim and array.size else array


LAYOUTS = strategies.LAYOUTS | {"repeated": _repeated}
layouts = st.sampled_from(sorted(LAYOUTS))


def distinct(shape, seed, dtype=np.float64):
    """Numbers between -2 and 2 that keep a distance from one another and from 0."""
    source = np.random.default_rng(seed)
    size = int(np.prod(shape))
    slots = size + size % 2  # if they were odd in number, 0 would be the middle of one
    places = source.permutation(slots)[:size] + 0.5 + source.uniform(-0.3, 0.3, size)
    return np.asarray(places * (4.0 / max(slots, 1)) - 2.0).reshape(shape).astype(dtype)


def with_zeros(shape, seed):
    """The same, but about every third number is 0."""
    return distinct(shape, seed) * (np.random.default_rng(seed).random(shape) > 0.3)


def with_ties(shape, seed):
    """Whole numbers, few different ones."""
    return np.random.default_rng(seed).integers(-1, 2, shape).astype(np.float64)


def leaf(array, **options):
    """A leaf that lies in memory as this array does: `Tensor(array)` would copy it row by row."""
    return autograd.from_numpy(np.asarray(array)).requires_grad_(**options)


# ---------------------------------------------------------------------- checks


def close(found, expected, tolerance, what):
    """Equal up to the tolerance, relative to the largest number in play; nan is nan, an infinity itself."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape, f"{what} has shape {found.shape}, should have {expected.shape}"
    finite = np.abs(expected[np.isfinite(expected)])
    scale = max(1.0, finite.max(initial=0.0))
    equal = np.isclose(found.astype(np.float64), expected, rtol=0, atol=tolerance * scale, equal_nan=True)
    assert equal.all(), f"{what} is\n{found}\nshould be\n{expected}"


def weights_for(results, seed):
    """Weights for every result, none of them special."""
    source = np.random.default_rng(seed)
    return [source.uniform(0.5, 1.5, np.shape(y)) for y in _each(results)]


def _each(results):
    return results if isinstance(results, (tuple, list)) else (results,)


def swept(function, weights, leaves):
    """The results of a function of leaves, after one pass that starts at all of them, each with its weights."""
    results = _each(function(*leaves))
    for y, w in zip(results, weights, strict=True):
        y.backward(w)
    return results


def check_function(ours, theirs, arrays, seed):
    """A function of tensors has NumPy's values and right derivatives, wherever its operands lie in memory.

    The operands stay as they are, bit for bit.
    """
    before = [a.tobytes() for a in arrays]
    with np.errstate(all="ignore"):
        expected = _each(theirs(*arrays))
    weights = weights_for(expected, seed)
    leaves, in_rows = [leaf(a) for a in arrays], [Tensor(a, True) for a in arrays]
    results = swept(ours, weights, leaves)
    assert len(results) == len(expected)
    for y, value in zip(results, expected, strict=True):
        close(y.detach().numpy(), value, 1e-12, "the value")
    swept(ours, weights, in_rows)
    for i, (x, other) in enumerate(zip(leaves, in_rows, strict=True)):
        assert x.grad is not None, f"operand {i} has no gradient"
        assert x.grad.dtype == x.dtype
        close(x.grad.numpy(), other.grad.numpy(), 1e-13, f"the gradient of operand {i} in another layout")
    assert [a.tobytes() for a in arrays] == before, "an operand was changed"
    if any(a.size for a in arrays) and all(np.isfinite(value).all() for value in expected):
        check_gradients(ours, *arrays, project=True)


def check_derivatives(function, *arrays):
    """A function gives the same on tensors as on arrays, and its derivatives are right."""
    np.testing.assert_array_equal(function(*map(Tensor, arrays)).numpy(), function(*arrays))
    check_gradients(function, *arrays, project=True)
