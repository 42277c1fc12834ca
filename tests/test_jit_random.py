"""Random functions of matrices, with views and changes in place: programs give the very bits that they give."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

import autograd
from autograd import jit, no_grad, value_and_grad

SIDE = 3


def _put_row(a, b, k):
    a[k] = b[0]


def _put_where(a, b, k):
    a[b > 0] = float(k)


NEW = {
    "add": lambda a, b, k: a + b,
    "sub": lambda a, b, k: a - b[k],
    "mul": lambda a, b, k: a * b,
    "scale": lambda a, b, k: 0.5 * a,
    "neg": lambda a, b, k: -a,
    "tanh": lambda a, b, k: a.tanh(),
    "relu": lambda a, b, k: (a - b).relu(),
    "matmul": lambda a, b, k: (a @ b) * 0.25,
    "sum": lambda a, b, k: a.sum(0) + b,
    "mean": lambda a, b, k: a * b.mean(),
    "max": lambda a, b, k: a.max(dim=k % 2, keepdim=True)[0] - b,
    "where": lambda a, b, k: autograd.where(a > b, a, b),
    "softmax": lambda a, b, k: a.softmax(k % 2),
    "sort": lambda a, b, k: a.sort(k % 2)[0] + b,
    "gather": lambda a, b, k: a[b.argmax(1)],
    "stack": lambda a, b, k: autograd.stack([a[0], b[1], a[:, k]]),
    "copy": lambda a, b, k: a.clone(),
}
VIEWS = {
    "itself": lambda a, b, k: a,
    "transposed": lambda a, b, k: a.T,
    "reversed": lambda a, b, k: a.flip(k % 2),
    "backwards": lambda a, b, k: a[::-1, ::-1],
    "reshaped": lambda a, b, k: a.reshape(-1).reshape(SIDE, SIDE),
    "expanded": lambda a, b, k: a[k].expand(SIDE, SIDE),
}
CHANGES = {
    "add_": lambda a, b, k: a.add_(b),
    "mul_": lambda a, b, k: a.mul_(0.5),
    "sub_": lambda a, b, k: a.sub_(b @ b, alpha=0.125),
    "column": lambda a, b, k: a[:, k].add_(1.0),
    "row": _put_row,
    "mask": _put_where,
    "element": lambda a, b, k: a[k, 0].mul_(2.0),
    "clamp_": lambda a, b, k: a.clamp_(-1.0, 1.0),
    "copy_": lambda a, b, k: a.copy_(b.T),
    "zero_": lambda a, b, k: a[k:].zero_(),
}
places = st.integers(0, 20)
whats = st.sampled_from([*NEW, *VIEWS, *CHANGES])
steps = st.lists(st.tuples(whats, places, places, st.integers(0, SIDE - 1)), min_size=1, max_size=12)


def run(steps, kept, matrices):
    """The matrices that these steps make, one of another, and of them those that are kept."""
    made = list(matrices)
    for what, i, j, k in steps:
        a, b = made[i % len(made)], made[j % len(made)]
        if what in CHANGES:
            if what != "copy_" or i % len(made) != j % len(made):
                CHANGES[what](a, b, k)
        else:
            made.append((NEW | VIEWS)[what](a, b, k))
    return [made[i % len(made)] for i in kept]


def matrices(seed, order="C"):
    rng = np.random.default_rng(seed)
    return [np.array(rng.normal(size=(SIDE, SIDE)), order=order) for _ in range(2)]


def tensors(arrays):
    """Each in memory as the array is."""
    return [autograd.from_numpy(a.copy(order="K")) for a in arrays]


@given(steps, st.lists(places, max_size=3), st.integers(0, 1000), st.sampled_from("CF"))
def test_programs_do_what_functions_do(steps, kept, seed, order):
    """Results, and arguments that were changed; a change that NumPy refuses is refused."""
    compiled = jit(lambda *xs: run(steps, kept, xs))
    with no_grad():
        for numbers in (matrices(seed), matrices(seed + 1, order)):
            ours, theirs = tensors(numbers), tensors(numbers)
            try:
                expected = run(steps, kept, theirs)
            except ValueError:  # an expanded tensor cannot be written
                with pytest.raises(ValueError, match="read-only"):
                    compiled(*ours)
                return
            limit = 0.0 if numbers[0].flags.c_contiguous else 1e-9  # sums go through memory in another order
            for found, y in zip([*compiled(*ours), *ours], [*expected, *theirs], strict=True):
                np.testing.assert_allclose(found.numpy(), y.numpy(), rtol=limit, atol=limit)


@given(steps, places, st.integers(0, 1000), st.sampled_from("CF"))
def test_gradients_are_those_of_functions(steps, kept, seed, order):
    steps = [step for step in steps if step[0] not in CHANGES]
    fun = value_and_grad(lambda *xs: run(steps, [kept], xs)[0].tanh().sum(), argnums=(0, 1))
    compiled = jit(fun)
    for numbers in (matrices(seed), matrices(seed + 1, order)):
        (value, gradients), (expected, slopes) = compiled(*numbers), fun(*numbers)
        np.testing.assert_allclose(value, expected, rtol=1e-13, atol=1e-13)
        for found, slope in zip(gradients, slopes, strict=True):
            np.testing.assert_allclose(found, slope, rtol=1e-12, atol=1e-12)
