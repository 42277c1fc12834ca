"""Forward mode against reverse mode: every row at second order, every array op as ⟨u, J v⟩ = ⟨Jᵀ u, v⟩."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st

import autograd
from autograd import ARRAY_TABLE, TABLE, Value, grad, hessian, jvp, vjp
from autograd.arrays import linear_algebra as linear
from autograd.functions import pooling
from autograd.op import Elementwise

from . import strategies
from .array_cases import CASES, FUNCTIONS, WITHOUT_GRADIENT
from .arrays import distinct, few, seeds

ELEMENTWISE = pytest.mark.parametrize(
    "op", [op for op in TABLE.values() if isinstance(op, Elementwise)], ids=lambda op: op.name
)


def inner(a, b):
    return sum(float(np.sum(x * y)) for x, y in zip(a, b, strict=True))


def assert_transposed(function, arrays, seed):
    """⟨u, J v⟩ = ⟨Jᵀ u, v⟩; and once more for the function whose value is Jᵀ u, where J v is a function of x."""
    several = lambda *xs: (lambda y: tuple(y) if isinstance(y, (tuple, list)) else (y,))(function(*xs))
    source = np.random.default_rng(seed)
    directions = tuple(source.uniform(0.5, 1.5, a.shape) for a in arrays)
    value, along = jvp(several, tuple(arrays), directions)
    value_too, pullback = vjp(several, *arrays)
    for y, z, slope in zip(value, value_too, along, strict=True):
        assert np.array_equal(y, z, equal_nan=True) and np.shape(slope) == np.shape(y)
    if not all(np.isfinite(y).all() for y in value):
        return  # a mean of nothing is nan, and so is any derivative of it
    upstream = tuple(source.uniform(0.5, 1.5, np.shape(y)) for y in value)
    pulled = pullback(upstream)
    scale = 1 + inner(map(np.abs, upstream), map(np.abs, along)) + inner(map(np.abs, pulled), map(np.abs, directions))
    np.testing.assert_allclose(inner(upstream, along), inner(pulled, directions), rtol=0, atol=1e-10 * scale)
    slopes = lambda *xs: vjp(several, *xs)[1](upstream)
    forward = jvp(slopes, tuple(arrays), directions)[1]  # H v
    backward = vjp(lambda *xs: jvp(several, xs, directions)[1], *arrays)[1](upstream)  # the same, the other way round
    for a, b in zip(forward, backward, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9 * (1 + np.abs(b).max(initial=0)))


@ELEMENTWISE
def test_rows_at_second_order_on_numbers(op):
    """Forward over reverse, reverse over forward and forward over forward: one second derivative."""
    point = strategies.sample(op, 1)[0]
    for i, x in enumerate(point):
        f = lambda x, i=i: op(*point[:i], x, *point[i + 1 :])
        along = lambda x, f=f: jvp(f, (x,), (1.0,))[1]
        expected = Value(x)
        (slope := f(expected)).backward(create_graph=True)
        slope, expected.grad = expected.grad, None
        if isinstance(slope, Value):
            slope.backward()
        second = 0.0 if expected.grad is None else expected.grad
        for found in (
            grad(grad(f)),
            grad(along),
            lambda x, f=f: jvp(grad(f), (x,), (1.0,))[1],
            hessian(f),
            lambda x, g=along: jvp(g, (x,), (1.0,))[1],
        ):
            assert math.isclose(found(x), second, rel_tol=1e-9, abs_tol=1e-9)


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name not in WITHOUT_GRADIENT])
@few
@given(data=st.data())
def test_functions_forward_and_backward(name, data):
    case = data.draw(CASES[name])
    floating = lambda *xs: [y for y in _each(case.call(FUNCTIONS[name], *xs)) if y.dtype.kind == "f"]
    assert_transposed(floating, [np.array(a) for a in case.arrays], data.draw(seeds))


def _each(y):
    return y if isinstance(y, (tuple, list)) else [y]


# ---------------------------------------------------------------------- every array op


def row(name, *shapes, **settings):
    return lambda *xs: ARRAY_TABLE[name](*xs, **settings), shapes


def halves(name, *shapes, **settings):
    """A row of complex numbers: operands and results are real and imaginary parts."""
    read = ARRAY_TABLE[name]

    def function(*xs):
        y = read(*xs) if name == "as_complex" or len(xs) == 1 else read(ARRAY_TABLE["as_complex"](*xs))
        return (np.real(y), np.imag(y)) if y.dtype.kind == "c" else y

    return function, shapes


def symmetric(a):
    return np.matmul(a, np.swapaxes(a, -1, -2)) + np.eye(a.shape[-1]) * np.arange(1.0, a.shape[-1] + 1)


def well(a):
    """A matrix that can be inverted, whose singular values are different."""
    return a + 4 * np.diag(np.arange(1.0, a.shape[-1] + 1))


CONVOLVED = {"stride": (2,), "padding": ((1, 1),), "dilation": (1,), "groups": 1}
ROWS = {
    "astype": row("astype", (2, 3), dtype=np.float64), "reshape": row("reshape", (2, 3), shape=(3, 2)),
    "transpose": row("transpose", (2, 3), axes=(1, 0)), "broadcast_to": row("broadcast_to", (1, 3), shape=(2, 2, 3)),
    "flip": row("flip", (2, 3), axis=1), "roll": row("roll", (2, 3), shift=1, axis=1),
    "triangle": row("triangle", (3, 3), k=0, upper=True), "getitem": row("getitem", (3, 2), index=([0, 2, 0],)),
    "put": row("put", (2, 3), index=([1, 1],), shape=(2, 3)),
    "overwrite": row("overwrite", (2, 3), (3, 1), index=([1, 0, 1],)),
    "concatenate": row("concatenate", (2, 3), (1, 3), axis=0), "sum": row("sum", (2, 3), axis=0),
    "mean": row("mean", (2, 3), axis=0), "amax": row("amax", (2, 3), axis=1), "amin": row("amin", (2, 3)),
    "prod": row("prod", (2, 3), axis=1),
    "cumsum": row("cumsum", (2, 3), axis=1), "cumprod": row("cumprod", (2, 3), axis=0),
    "logsumexp": row("logsumexp", (2, 3), axis=1), "softmax": row("softmax", (2, 3), axis=1),
    "log_softmax": row("log_softmax", (2, 3), axis=0), "as_complex": halves("as_complex", (2, 3), (2, 3)),
    "real_part": halves("real_part", (3,), (3,)), "imag_part": halves("imag_part", (3,), (3,)),
    "conj": halves("conj", (3,), (3,)), "fft": halves("fft", (4,), (4,)), "ifft": halves("ifft", (2, 3), (2, 3), n=4),
    "rfft": halves("rfft", (2, 5), axis=1), "irfft": halves("irfft", (2, 3), (2, 3), norm="ortho"),
    "matmul": row("matmul", (2, 3), (3, 2)), "linear": row("linear", (2, 3), (4, 3), (4,)),
    "einsum": row("einsum", (2, 3), (3, 2), (3,), subscripts="ij,jk,j->ki"), "diagonal": row("diagonal", (3, 3),
    offset=1),
    "make_diagonal": row("make_diagonal", (3,), offset=-1), "inv": (lambda a: linear.inv(well(a)), [(2, 2, 2)]),
    "solve": (lambda a, b: linear.solve(well(a), b), [(3, 3), (3, 2)]), "pinv": (lambda a: linear.pinv(well(a)),
    [(3, 3)]),
    "det": (lambda a: linear.det(well(a)), [(2, 3, 3)]), "cofactor": (lambda a: linear.cofactor(well(a)), [(3, 3)]),
    "logabsdet": (lambda a: linear.slogdet(well(a))[1], [(3, 3)]), "det_sign": (lambda a: linear.slogdet(well(a))[0],
    [(3, 3)]),
    "cholesky": (lambda a: linear.cholesky(symmetric(a)), [(3, 3)]),
    "eigh": (lambda a: linear.eigh(symmetric(a))[1] ** 2, [(3, 3)]),
    "eigenvalues": (lambda a: linear.eigvalsh(symmetric(a)), [(3, 3)]),
    "svd": (lambda a: linear.svd(well(a))[0] ** 2, [(3, 3)]), "singular_values": (lambda a: linear.svdvals(well(a)),
    [(3, 3)]),
    "qr": (lambda a: linear.qr(well(a)), [(3, 3)]), "p_norm": row("p_norm", (2, 3), ord=3.0, axis=1),
    "padded": row("padded", (3, 2), widths=((1, 2), (0, 1)), mode="reflect"),
    "unpadded": row("unpadded", (5,), widths=((1, 2),), mode="wrap"),
    "sliding_windows": row("sliding_windows", (1, 2, 5), kernel=(2,), stride=(2,), dilation=(1,)),
    "overlap_add": row("overlap_add", (1, 2, 2, 2), size=(5,), stride=(2,), dilation=(1,)),
    "convolution": row("convolution", (1, 2, 5), (3, 2, 3), **CONVOLVED),
    "conv_transpose": row("conv_transpose", (1, 3, 3), (3, 2, 3), **CONVOLVED),
    "convolution_weight": row("convolution_weight", (1, 2, 5), (1, 3, 3), kernel=(3,), **CONVOLVED),
    "window_sum": (lambda a: pooling.avg_pool1d(a, 2), [(1, 2, 4)]),
    "window_max": (lambda a: pooling.max_pool1d(a, 2), [(1, 2, 4)]),
    "window_pick": (lambda a: pooling.max_pool1d(a, 2), [(1, 2, 4)]),
    "window_place": (lambda a: pooling.max_pool1d(a, 2), [(1, 2, 4)]),
    "cross_entropy": (lambda a: autograd.cross_entropy(a, np.array([2, 0])), [(2, 3)]),
    "mse_loss": (autograd.mse_loss, [(2, 3), (2, 3)]),
}  # fmt: skip
"""For every array op a function that reads it, and the shapes of its operands."""


def test_every_array_op_has_an_example():
    assert set(ARRAY_TABLE) - set(ROWS) == set(), "give the new array op an example in ROWS"


@pytest.mark.parametrize("name", ROWS)
@few
@given(seed=seeds)
def test_array_ops_forward_and_backward(name, seed):
    function, shapes = ROWS[name]
    assert_transposed(function, [distinct(shape, seed + i) for i, shape in enumerate(shapes)], seed)
