"""Arrays to try on tensors, and what the derivatives of a function of arrays must be.

An array is drawn by its shape, its layout in memory and the seed of its numbers: what matters to the engine
are the first two, and Hypothesis shrinks them well.
"""

import numpy as np
from hypothesis import settings, strategies as st
from hypothesis.extra import numpy as hnp

import autograd

STEP = 1e-100  # of the complex step: squared it is nothing beside any number, and no difference is taken
DIFFERENCE = 1e-5  # of central differences, whose error is its square and the rounding divided by it

fewer = settings(max_examples=settings.default.max_examples // 5)
"""For tests that are run for every row of a table."""

seeds = st.integers(0, 2**32 - 1)

# ---------------------------------------------------------------------- shapes and layouts


def shapes(least=0, most=3, side=3, empty=True):
    """Shapes of some axes; axes of length 0 among them, if they may be."""
    return hnp.array_shapes(min_dims=least, max_dims=most, min_side=0 if empty else 1, max_side=side)


def broadcasting(count, most=3):
    """As many shapes that broadcast together, axes of length 1 and 0 among them."""
    drawn = hnp.mutually_broadcastable_shapes(num_shapes=count, min_side=0, max_dims=most, max_side=3)
    return drawn.map(lambda found: found.input_shapes)


def _strided(array):
    spread = np.full([2 * n for n in array.shape], 77, array.dtype)
    view = spread[(..., *(slice(None, None, 2),) * array.ndim)]
    view[...] = array
    return view


def _repeated(array):
    """The first row in the place of all of them: one row in memory, the others have a stride of 0."""
    return np.broadcast_to(array[:1], array.shape) if array.ndim and array.size else array


LAYOUTS = {
    "in rows": lambda array: array.copy(),
    "in columns": lambda array: array.copy(order="F"),
    "backwards": lambda array: np.asarray(np.flip(np.asarray(np.flip(array)).copy())),
    "in every second place": _strided,
    "repeated": _repeated,
}
layouts = st.sampled_from(sorted(LAYOUTS))


def distinct(shape, seed, dtype=np.float64):
    """Numbers between -2 and 2 that keep a distance from one another and from 0."""
    source = np.random.default_rng(seed)
    size = int(np.prod(shape))
    places = source.permutation(size) + 0.5 + source.uniform(-0.3, 0.3, size)
    return np.asarray(places * (4.0 / max(size, 1)) - 2.0).reshape(shape).astype(dtype)


def with_zeros(shape, seed):
    """The same, but about every third number is 0."""
    return distinct(shape, seed) * (np.random.default_rng(seed).random(shape) > 0.3)


def with_ties(shape, seed):
    """Whole numbers, few different ones."""
    return np.random.default_rng(seed).integers(-1, 2, shape).astype(np.float64)


def leaf(array, **options):
    """A leaf that lies in memory as this array does: `Tensor(array)` would copy it row by row."""
    return autograd.from_numpy(np.asarray(array)).requires_grad_(**options)


# ---------------------------------------------------------------------- oracles


def _each(results):
    return results if isinstance(results, (tuple, list)) else (results,)


def weighted(function, weights, *arrays):
    """The sum of all results, each times its weights: one number, and its derivatives hold all others."""
    return sum((w * y).sum() for w, y in zip(weights, _each(function(*arrays)), strict=True))


def complex_steps(function, weights, arrays):
    """The gradients of `weighted` by every array, one element at a time: exact to rounding."""
    found = []
    for i, array in enumerate(arrays):
        gradient = np.zeros(array.shape)
        for place in np.ndindex(array.shape):
            moved = [np.array(a, np.complex128) for a in arrays]
            moved[i][place] += STEP * 1j
            with np.errstate(all="ignore"):
                gradient[place] = np.imag(weighted(function, weights, *moved)) / STEP
        found.append(gradient)
    return found


def along(function, arrays, directions):
    """The derivative of every result as the arrays move along directions, by one complex step."""
    moved = [a + STEP * 1j * v for a, v in zip(arrays, directions, strict=True)]
    with np.errstate(all="ignore"):
        return [np.imag(y) / STEP for y in _each(function(*moved))]


def difference(function, arrays, directions):
    """The same by a central difference, for functions that NumPy cannot compute on complex numbers."""
    ends = [
        _each(function(*(a + sign * DIFFERENCE * v for a, v in zip(arrays, directions, strict=True))))
        for sign in (1, -1)
    ]
    return [(right - left) / (2 * DIFFERENCE) for right, left in zip(*ends, strict=True)]


def swept(function, weights, arrays, *, create_graph=False):
    """The leaves, the upstream gradients and the results after one pass that starts at all results."""
    leaves = [leaf(a) for a in arrays]
    upstream = [autograd.tensor(w, requires_grad=create_graph) for w in weights]
    results = _each(function(*leaves))
    for y, w in zip(results, upstream, strict=True):
        if y.requires_grad:
            y.backward(w, create_graph=create_graph)
    return leaves, upstream, results


def gradients(function, weights, arrays):
    """The engine's first gradients as arrays; 0 where it has none."""
    leaves, _, _ = swept(function, weights, arrays)
    return [np.zeros(x.shape) if x.grad is None else x.grad.numpy() for x in leaves]


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


def check_function(ours, theirs, arrays, seed):
    """Values, first and second derivatives of a function of tensors, against NumPy's and the complex step.

    Returns the results.  The operands stay as they are, bit for bit.
    """
    before = [a.copy() for a in arrays]
    with np.errstate(all="ignore"):
        expected = _each(theirs(*arrays))
    weights = weights_for(expected, seed)
    leaves, _, results = swept(ours, weights, arrays)
    assert len(results) == len(expected)
    for y, value in zip(results, expected, strict=True):
        close(y.detach().numpy(), value, 1e-12, "the value")
        assert y.requires_grad
    for i, (x, slope) in enumerate(zip(leaves, complex_steps(theirs, weights, arrays), strict=True)):
        assert x.grad is not None, f"operand {i} has no gradient"
        assert x.grad.dtype == x.dtype
        close(x.grad.numpy(), slope, 1e-10, f"the gradient of operand {i}")
    check_second_order(ours, theirs, arrays, weights, seed)
    for array, copy in zip(arrays, before, strict=True):
        assert array.tobytes() == copy.tobytes(), "an operand was changed"
    return results


def check_second_order(ours, theirs, arrays, weights, seed):
    """The gradient of ⟨v, gradient⟩: by the upstream gradient it is J v, by the operands H v."""
    leaves, upstream, _ = swept(ours, weights, arrays, create_graph=True)
    directions = weights_for(arrays, seed + 1)
    slopes = [x.grad for x in leaves]
    total = sum((v * g).sum() for v, g in zip(directions, slopes, strict=True))
    for x in leaves:
        x.zero_grad()
    total.backward()
    for w, jv in zip(upstream, along(theirs, arrays, directions), strict=True):
        close(np.zeros(w.shape) if w.grad is None else w.grad.numpy(), jv, 1e-10, "the gradient of the upstream one")
    expected = difference(lambda *moved: gradients(ours, weights, moved), arrays, directions)
    for i, (x, hv) in enumerate(zip(leaves, expected, strict=True)):
        found = np.zeros(x.shape) if x.grad is None else x.grad.numpy()
        close(found, hv, 1e-6, f"the second derivative by operand {i}")
