"""What a compiled function must satisfy: it gives what the function gives, on numbers that the trace never saw.

A program is traced on some numbers and then run on other ones of the same form: whatever was taken from the
first ones by mistake differs.  The same for gradients, directional derivatives and second derivatives.
"""

import builtins

import numpy as np
import pytest

import autograd
from autograd import Tensor, grad, jit, jvp, value_and_grad

from .arrays import distinct
from .test_numpy_protocol import weighted


def other(a):
    """Other numbers of the same form, as easy as the first ones: also those of a matrix that can be inverted."""
    a = np.asarray(a)
    if a.dtype == bool:
        return ~a
    if a.dtype.kind in "fc":
        return np.flip(a) * np.asarray(0.9, a.dtype)
    return np.flip(a) if a.ndim else a - 1


def tensors(arrays):
    return [autograd.from_numpy(np.array(a)) for a in arrays]


def assert_same(found, expected, tolerance=1e-12):
    """The same containers of the same kinds of arrays, and the same numbers up to rounding."""
    if isinstance(expected, (list, tuple)):
        assert type(found) is type(expected) and len(found) == len(expected)
        for y, value in zip(found, expected, strict=True):
            assert_same(y, value, tolerance)
    elif isinstance(expected, (Tensor, np.ndarray, np.generic)):
        found, expected = (y.detach().numpy() if isinstance(y, Tensor) else np.asarray(y) for y in (found, expected))
        assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)
    else:
        assert found == expected


def assert_compiled(function, first, then, tolerance=1e-12):
    """Traced on some arrays, the function gives on other ones what it gives as it is; and it is run no more."""
    runs = []

    def counted(*tensors):
        runs.append(tensors)
        return function(*tensors)

    compiled = jit(counted)
    compiled(*tensors(first))
    found, before = compiled(*tensors(then)), len(runs)
    assert before == 1, "the second call was no replay"
    assert_same(found, function(*tensors(then)), tolerance)


def differentiable(arrays):
    """The numbers of the arguments that have derivatives."""
    return tuple(i for i, a in enumerate(arrays) if np.asarray(a).dtype.kind in "fc")


def assert_derivatives_compiled(function, first, then, tolerance=1e-12, forward=True, second=True):
    """The same for the function's derivatives, backward, forward and twice."""
    by = differentiable(first)
    loss = lambda *xs: weighted(function(*xs))
    slopes = grad(loss, by)

    def along(*xs):
        xs, directions = xs[: len(first)], xs[len(first) :]
        with_all = lambda *some: loss(*(some[by.index(i)] if i in by else x for i, x in enumerate(xs)))
        return jvp(with_all, [xs[i] for i in by], list(directions))

    def twice(*xs):
        found = slopes(*xs)
        return sum(np.sum(np.real(g) * np.cos(np.real(g))) for g in found)

    assert_compiled(value_and_grad(loss, by), first, then, tolerance)
    if forward:
        directions = [np.cos(np.arange(first[i].size)).reshape(first[i].shape).astype(first[i].dtype) for i in by]
        assert_compiled(along, [*first, *directions], [*then, *(-np.flip(d) for d in directions)], tolerance)
    y = loss(*(x.requires_grad_() if i in by else x for i, x in enumerate(tensors(first))))
    if second and isinstance(y, Tensor) and y.requires_grad:
        assert_compiled(grad(twice, by), first, then, 100 * tolerance)


def check(function, arrays, then=None, tolerance=1e-12, **derivatives):
    first = [np.asarray(a) for a in arrays]
    then = [other(a) for a in first] if then is None else [np.asarray(a) for a in then]
    assert_compiled(function, first, then, tolerance)
    if differentiable(first):
        assert_derivatives_compiled(function, first, then, tolerance, **derivatives)


def single(arrays):
    return [a.astype(np.float32) if np.asarray(a).dtype == np.float64 else a for a in map(np.asarray, arrays)]


def assert_refused(function, *arrays):
    with pytest.raises(TypeError, match=r"^jit: [^\n]*$"):
        jit(function)(*tensors(arrays))


# ---------------------------------------------------------------------- calls, in the words of a program


def called(text, names):
    """A function of these arguments, whose value is what the text says."""
    return eval(f"lambda {', '.join(names)}: {text}", {**vars(autograd), "builtins": builtins, "np": np, "put": put})


def put(x, index, value):
    """A copy with a value written at an index."""
    copy = x.clone()
    copy[index] = value
    return copy


def smooth(*shape):
    """Numbers in no order that keep a distance from one another and from 0."""
    return distinct(shape, seed=sum(shape))
