"""Calls of NumPy's functions, as programs write them: what a tensor in the place of an array must give.

`CASES` holds, for each function `f`, calls of it on arrays that are to be differentiated, in the words of a
program; `QUESTIONS` those of functions without a gradient.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Case(NamedTuple):
    """A call, as its name says, of a function on arrays: `call(function, *arrays)`."""

    name: str
    function: Callable
    arrays: tuple
    call: Callable


CASES, QUESTIONS = [], []

source = np.random.default_rng(0)


def smooth(*shape):
    """Numbers between 0.3 and 1.7 in no order, that keep a distance from one another and from whole numbers."""
    places = np.linspace(0.31, 1.69, int(np.prod(shape)))
    places += 0.05 * (np.abs(places - 1) < 0.05)
    return np.asarray(source.permutation(places)).reshape(shape)


v, w = smooth(4), smooth(4)
A, B, C, T = smooth(3, 4), smooth(3, 4), smooth(4, 2), smooth(2, 3, 4)
signed = A - np.round(A) - 0.01
square, other = smooth(3, 3), smooth(3, 3)
matrix = square + 2 * np.diag([1.0, 2.0, 4.0])
positive = matrix @ matrix.T
stack = np.stack([matrix, matrix.T + 1.5 * np.eye(3)])
number = np.asarray(0.7)
flags, some = A > 1, np.arange(12).reshape(3, 4) % 5 > 0
places = np.array([2, 0, 1])
at_most = np.argsort(A, axis=1)[:, :2]


def cases(functions, *texts, **arrays):
    """Note some calls for each of the functions."""
    CASES.extend(_parsed(functions, texts, arrays))


def questions(functions, *texts, **arrays):
    QUESTIONS.extend(_parsed(functions, texts, arrays))


def _parsed(functions, texts, arrays):
    for function in functions if isinstance(functions, list) else [functions]:
        for text in "; ".join(texts).split("; "):
            call = eval(f"lambda f, {', '.join(arrays)}: {text}", globals())
            yield Case(text.replace("f", name_of(function), 1), function, tuple(arrays.values()), call)


def since(name):
    """A function that only newer versions of NumPy have."""
    return [getattr(np, name)] if hasattr(np, name) else []


def symmetric(a):
    return (a + np.swapaxes(a, -1, -2)) / 2


def name_of(function):
    module = getattr(function, "__module__", "numpy") or "numpy"
    return f"{module.replace('numpy', 'np', 1)}.{function.__name__}"


# ---------------------------------------------------------------------- ufuncs

UNARY = [
    np.negative,
    np.positive,
    np.square,
    np.reciprocal,
    np.sqrt,
    np.cbrt,
    np.exp,
    np.expm1,
    np.exp2,
    np.log,
    np.log1p,
    np.log2,
    np.log10,
    np.sin,
    np.cos,
    np.arctan,
    np.sinh,
    np.cosh,
    np.tanh,
    np.arcsinh,
    np.absolute,
    np.fabs,
    np.sign,
    np.floor,
    np.ceil,
    np.rint,
    np.trunc,
    np.deg2rad,
    np.radians,
    np.rad2deg,
    np.degrees,
    np.conjugate,
]
cases(UNARY, "f(a)", a=A)
cases(UNARY, "f(a)", a=number)
cases([np.arcsin, np.arccos, np.arctanh], "f(a)", a=A - 0.99)
cases(np.tan, "f(a)", a=A / 2)
cases(np.arccosh, "f(a)", a=A + 1)
cases([np.absolute, np.fabs, np.sign, np.floor, np.ceil, np.rint, np.trunc], "f(a)", a=2.3 * signed)
cases(np.conjugate, "f(a + 1j * b)", a=A, b=B)
cases(np.absolute, "f(a - 1j * b)", a=A, b=B)
BINARY = [
    np.add,
    np.subtract,
    np.multiply,
    np.divide,
    np.true_divide,
    np.power,
    np.float_power,
    np.hypot,
    np.logaddexp,
    np.logaddexp2,
    np.arctan2,
    np.maximum,
    np.minimum,
    np.fmax,
    np.fmin,
    np.remainder,
    np.fmod,
    np.copysign,
]
cases(BINARY, "f(a, b); f(a[0], b); f(a[:, :1], b[1])", a=A, b=B + 0.01)
cases(BINARY, "f(a, 1.23); f(1.23, a); f(B[0] + 0.02, a); f(a, 2)", a=A)
cases(BINARY, "f.outer(a, np.array([0.4, 1.2345])); f.outer(v + 0.033, a)", a=A)
cases(np.copysign, "f(a, -b)", a=signed, b=A)
cases([np.remainder, np.fmod], "f(3 * a, b); f(3 * a, -b)", a=signed, b=A)
cases(np.heaviside, "f(a, b); f(0 * signed, b)", a=signed, b=A)
cases(np.heaviside, "f(a, 0.5)", a=signed)
cases(np.matmul, "f(a, b); f(a[0], b); f(a, b[:, 0])", a=A, b=C)
cases(np.matmul, "f(t, C); f(A.T, t); f(t, np.swapaxes(t, 1, 2))", t=T)
cases(
    [np.add, np.multiply, np.maximum, np.minimum],
    "f.reduce(t); f.reduce(t, 1); f.reduce(t, axis=(0, -1)); f.reduce(t, axis=None)",
    "f.reduce(t, axis=-2, keepdims=True)",
    t=T,
)
cases([np.add, np.multiply], "f.accumulate(a); f.accumulate(a, 1); f.accumulate(a, axis=-1)", a=A)

COMPARING = [np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal, np.floor_divide]
LOGICAL = [np.logical_and, np.logical_or, np.logical_xor]
questions(COMPARING + LOGICAL, "f(a, b); f(a, 1.0); f(B, a)", a=A, b=B)
questions([np.isfinite, np.isinf, np.isnan, np.signbit, np.logical_not], "f(a); f(a[0])", a=signed)
questions([np.bitwise_and, np.bitwise_or, np.bitwise_xor], "f(a > 1, B > 1); f(B > 1, a > 1)", a=A)
questions(np.invert, "f(a > 1)", a=A)

# ---------------------------------------------------------------------- reductions

REDUCING = [np.sum, np.prod, np.mean, np.max, np.amax, np.min, np.amin, np.var, np.std, np.ptp, np.median]
cases(
    REDUCING,
    "f(t); f(t, 0); f(t, axis=-1); f(t, axis=1, keepdims=True); f(t, axis=(0, 2))",
    "f(t, axis=(-1, -2), keepdims=True); f(t, keepdims=True)",
    t=T,
)
cases(REDUCING, "f(a); f(a, axis=(0,))", a=v)
cases(
    [np.var, np.std],
    "f(t, ddof=1); f(t, axis=1, ddof=1); f(t, 2, ddof=0.5); f(t, axis=(0, 1), ddof=2, keepdims=True)",
    t=T,
)
cases([np.sum, np.mean, np.prod, np.var, np.std], "f(t, dtype=np.float64); f(t, 1, np.float64)", t=T)
cases(
    np.average,
    "f(t); f(t, axis=1); f(t, weights=T + 1); f(t, axis=(0, 1), weights=T + 1); f(t, -1, keepdims=True)",
    "f(t, (0, 1), A[:2, :3]); f(t, axis=(-1, 0), weights=A.T[:, :2], keepdims=True); f(t, (1,), w[:3])",
    "f(t, 0, returned=True)",
    t=T,
)
cases(np.average, "f(a, 1, b); f(a, weights=c); f(a, axis=-1, weights=b, returned=True); f(A, 0, c)", a=A, b=v, c=B)
cases([np.cumsum, np.cumprod], "f(a); f(a, 0); f(a, axis=-1)", a=A)
cases(
    [np.nansum, np.nanmean, np.nanmax, np.nanmin, np.nanvar, np.nanstd, np.nanprod],
    "f(np.where(flags, a, np.nan)); f(np.where(some, a, np.nan), axis=1)",
    "f(np.where(some, a, np.nan), 0, keepdims=True)",
    a=A,
)
cases(
    np.diff, "f(a); f(a, 2); f(a, axis=0); f(a, n=0); f(a, 1, -2); f(a, prepend=0.0); f(a, axis=0, append=a[:1])", a=A
)
cases(np.ediff1d, "f(a)", a=A)
cases(np.trapezoid, "f(a); f(a, dx=0.1); f(a, axis=0); f(a, np.cumsum(w))", a=A)
cases(np.trapezoid, "f(a, x); f(a, np.cumsum(x), axis=-1)", a=A, x=v)
cases(np.trapezoid, "f(t, np.cumsum(x, -1)); f(t, np.cumsum(x, 0), axis=-2)", t=T, x=A)
cases(np.gradient, "f(a); f(a, 0.5); f(a, np.cumsum(w))", a=v)
cases(np.gradient, "f(a); f(a, axis=0); f(a, 0.5, axis=1); f(a, 0.5, 2.0)", a=A)
cases(
    [np.quantile, np.percentile],
    "f(t, 0.37); f(t, 0.25, axis=1); f(t, 0.5, -1, keepdims=True); f(t, [0.1, 0.9], axis=0)",
    t=T,
)
cases(np.cov, "f(a); f(a, rowvar=False); f(a, ddof=0)", a=A)
cases(np.corrcoef, "f(a); f(a, rowvar=False); f(a[0], a[1] ** 2)", a=A)
cases([np.cov, np.corrcoef], "f(a, b); f(a, b, rowvar=False); f(a, b[:, 0], False); f(a[:, 0], b, False)", a=A, b=B)
cases(np.cov, "f(a.T, [[0.1, 0.5, 0.2, 0.9]], False)", a=A)
cases(
    np.convolve,
    "f(a, b); f(b, a); f(a, b, 'same'); f(a, b, mode='valid'); f([1.0, 2.0, 0.0, 1.0], b)",
    a=v,
    b=smooth(2),
)
cases(np.correlate, "f(a, b); f(a, b, 'full'); f(a, b, mode='same')", a=v, b=smooth(2))
questions([np.argmax, np.argmin], "f(a); f(a, 0); f(a, axis=-1, keepdims=True)", a=A)
questions([np.all, np.any], "f(a); f(a > 1); f(a > 1, axis=0); f(a > 1, (0, 1), keepdims=True)", a=A)
questions(np.count_nonzero, "f(a); f(a > 1, axis=1); f(a > 1, 0, keepdims=True)", a=A)

# ---------------------------------------------------------------------- shapes

cases(np.reshape, "f(a, (4, 3)); f(a, -1); f(a, (2, -1)); f(a, shape=(12, 1))", a=A)
cases(np.ravel, "f(a); f(a.T); f(a, order='C')", a=A)
cases([np.transpose, np.permute_dims], "f(t); f(t, (2, 0, 1)); f(t, axes=[0, -1, 1])", t=T)
cases([np.matrix_transpose, np.linalg.matrix_transpose], "f(t); f(t[0])", t=T)
cases(np.moveaxis, "f(t, 0, -1); f(t, [0, 1], [-1, 0]); f(t, source=2, destination=0)", t=T)
cases(np.rollaxis, "f(t, 2); f(t, 0, 3); f(t, -1, 1); f(t, 1, start=-1)", t=T)
cases(np.squeeze, "f(t); f(t, 0); f(t, axis=(0, -1))", t=T[:1, :, :1])
cases(np.expand_dims, "f(a, 0); f(a, axis=-1); f(a, (0, 2)); f(a, (-1, 0))", a=A)
cases(np.broadcast_to, "f(a, (3, 4)); f(a[:, None], shape=(2, 4, 5)); f(a[0], 3)", a=v)
cases(np.broadcast_arrays, "f(a, b); f(a[:1], b, a)", a=v, b=A)
cases(np.flip, "f(t); f(t, 1); f(t, axis=(0, -1))", t=T)
cases([np.flipud, np.fliplr], "f(a)", a=A)
cases(np.swapaxes, "f(t, 0, 2); f(t, -1, 1); f(t, axis1=0, axis2=1)", t=T)
cases([np.tril, np.triu], "f(a); f(a, 1); f(a, k=-1)", a=A)
cases([np.diag, np.diagflat], "f(a); f(a, 1); f(a, k=-2)", a=v)
cases(np.diag, "f(a); f(a, 1); f(a, k=-1)", a=A)
cases([np.trace, np.diagonal], "f(t); f(t, 1); f(t, offset=-1, axis1=1, axis2=2); f(t, 0, -1, 0)", t=T)
cases([np.linalg.trace, np.linalg.diagonal], "f(t); f(t, offset=1); f(t[0], offset=-1)", t=T)
cases(np.tile, "f(a, 2); f(a, (2, 1)); f(a, reps=(2, 1, 3)); f(a[0, 0], 3)", a=A)
cases(np.roll, "f(a, 1); f(a, -2, axis=0); f(a, (1, 2), (0, 1)); f(a, 1, (0, 1))", a=A)
cases(np.rot90, "f(a); f(a, 2); f(a, k=-1, axes=(1, 0))", a=A)
cases(np.rot90, "f(t); f(t, 3, (1, 2))", t=T)
cases(np.repeat, "f(a, 2); f(a, 3, axis=1); f(a, [1, 0, 2], 0); f(a, repeats=2, axis=-1)", a=A)
cases(np.lib.stride_tricks.sliding_window_view, "f(a, 2, axis=0); f(a, (2, 3))", a=A)
cases(np.resize, "f(a, (2, 3)); f(a, (5, 4))", a=A)
cases(
    np.concatenate,
    "f([a, b]); f((a, b), 1); f([a, A], axis=-1); f([A, b], axis=None); f([a, b], dtype=np.float64)",
    a=A,
    b=B,
)
cases(np.concat, "f([a, b], axis=1)", a=A, b=B)
cases(np.stack, "f([a, b]); f((a, b), 1); f([a, B], axis=-1)", a=A, b=B)
cases(since("unstack"), "f(t); f(t, axis=-1)", t=T)
cases([np.vstack, np.hstack, np.dstack, np.column_stack], "f([a, b]); f((a[0], b[0])); f([A, b])", a=A, b=B)
cases([np.vstack, np.hstack], "f([a[0, 0], 2.0, b[0, 0]]); f(a)", a=A, b=B)
cases(np.block, "f([[a, b], [b, a]]); f([a, b]); f([[a, np.zeros((3, 1))]]); f(a)", a=A, b=B)
cases([np.atleast_1d, np.atleast_2d, np.atleast_3d], "f(a); f(b); f(c); f(a, b, c)", a=number, b=v, c=A)
cases([np.split, np.array_split], "f(a, 3); f(a, 2, axis=1); f(a, [1, 3], -1); f(a, [1, 2])", a=A)
cases(np.split, "f(a, [2, 1], 1); f(a, np.array([-1]), 1); f(a, np.int64(3))", a=A)
cases(np.array_split, "f(a, 2); f(a, 3, axis=1); f(a, 5)", a=A)
cases([np.hsplit, np.vsplit], "f(a, 2); f(a, [1, 3])", a=smooth(4, 4))
cases(np.dsplit, "f(t, 2)", t=T)
cases(np.append, "f(a, b); f(a, b, axis=0); f(a, 1.0); f(A, b, 1)", a=A, b=B)
cases(np.insert, "f(a, 1, 7.0); f(a, 1, 7.0, axis=1); f(a, [0, 2], a[:2], axis=0); f(a, -1, v, 0)", a=A)
cases(np.delete, "f(a, 1); f(a, 1, axis=1); f(a, [0, 2], 0); f(a, slice(1, 3), axis=-1)", a=A)
cases(
    np.pad,
    "f(a, 1); f(a, (1, 2)); f(a, ((0, 1), (2, 0))); f(a, 1, 'constant', constant_values=3.0)",
    "f(a, ((1, 2), (2, 1)), mode='edge'); f(a, ((1, 2), (2, 1)), mode='reflect')",
    "f(a, ((1, 2), (2, 1)), mode='symmetric'); f(a, ((1, 2), (2, 1)), mode='wrap')",
    a=A,
)
cases(np.vander, "f(a); f(a, 3); f(a, 3, increasing=True)", a=v)
cases(np.meshgrid, "f(a, b); f(a, b, indexing='ij')", a=v, b=smooth(2))
cases([np.copy, np.real], "f(a)", a=A)
cases(since("astype"), "f(a, np.float64); f(a, float, copy=False)", a=A)

# ---------------------------------------------------------------------- selection

cases(np.where, "f(flags, a, b); f(a > b, a, 0.0); f(flags, 1.0, b); f(a, a, b)", a=A, b=B)
cases(
    np.clip,
    "f(a, -0.2, 0.3); f(a, a_min=None, a_max=0.3); f(a, b, b + 0.1); f(a, -0.2, None); f(a, min=-0.1)",
    "f(a, max=b)",
    a=2 * signed,
    b=A / 9,
)
cases(
    np.take,
    "f(a, 5); f(a, [3, -1]); f(a, places, axis=0); f(a, [[0, 1]], axis=-1); f(a, 2, 1)",
    "f(a, [5, 7], axis=1, mode='wrap'); f(a, [-5, 7], axis=1, mode='clip')",
    a=A,
)
cases(
    np.take_along_axis,
    "f(a, at_most, 1); f(a, at_most, axis=-1); f(a, np.argsort(a, 0), axis=0)",
    "f(a, np.array([5, 0]), axis=None)",
    a=A,
)
cases(np.compress, "f([True, False, True], a, axis=0); f(flags.ravel(), a)", a=A)
cases(np.extract, "f(flags, a)", a=A)
cases(np.choose, "f(flags.astype(int), [a, b])", a=A, b=B)
cases(
    [np.sort, np.partition],
    "f(a) if f is np.sort else np.sum(f(a, 2)[:, :3])",
    "f(a, axis=0) if f is np.sort else f(a, 1, axis=-1)[:, 1]",
    a=A,
)
cases(np.sort, "f(a, None); f(a, kind='stable'); f(a, -2)", a=A)
cases(
    np.select,
    "f([A > 1.2, A > 0.8], [a, b]); f([a > 1.2, b > 0.8], [a, b], 2.0); f([flags], [b], default=5.0)",
    a=A,
    b=B,
)
cases(np.piecewise, "f(a, [A < 1, A >= 1], [lambda x: x ** 2, lambda x: 2 * x])", a=A)
cases(
    np.interp,
    "f(a, [0.0, 0.5, 1.2, 1.6], [1.0, 3.0, 2.0, 5.0])",
    "f(a[0], [0.5, 1.2], [1.0, 3.0], left=-1.0, right=9.0)",
    a=A,
)
cases(np.interp, "f([0.1, 0.7, 1.3, 2.5], [0.0, 0.5, 1.2, 1.6], a)", a=v)
questions(np.argsort, "f(a); f(a, 0); f(a, axis=None); f(a, kind='stable')", a=A)
questions(np.argpartition, "f(a, 2)[:, 2]", a=A)
questions(np.searchsorted, "f(np.sort(a), 1.0); f([0.5, 1.0], a); f(np.sort(a), [0.2, 3.0], side='right')", a=v)
questions(np.digitize, "f(a, [0.5, 1.0])", a=v)
questions(np.where, "f(a > 1)", a=A)

# ---------------------------------------------------------------------- products and linear algebra

cases(
    np.dot,
    "f(a, b); f(x, x); f(a, x); f(s, a); f(A, 2.0 * b); f(T, b); f(x, T.transpose(0, 2, 1))",
    a=A,
    b=C,
    x=v,
    s=number,
)
cases(np.vdot, "f(a, b); f(A, b[0] * np.ones((3, 1)))", a=A, b=B)
cases(np.vdot, "f(a + 1j * b, b - 2j * a)", a=A, b=B)
cases(np.inner, "f(a, x); f(a, t); f(s, a); f(x, x)", a=A, x=v, t=T, s=number)
cases(np.outer, "f(a, b); f([1.0, 2.0], b); f(b, a)", a=v, b=A)
cases(np.linalg.outer, "f(a, [1.0, 2.0]); f(a, a)", a=v)
cases(np.vecdot, "f(a, b); f(a, B)", a=A, b=v)
cases(np.linalg.vecdot, "f(a, b); f(a, B, axis=0)", a=A, b=v)
cases(
    [np.tensordot, np.linalg.tensordot],
    "f(a, b); f(a, b, axes=0)[0, 0, 0]; f(a, b, axes=([1, 2], [0, 1])); f(a, b, axes=((0,), (2,)))",
    "f(a, b, axes=(-1, 1))",
    a=T,
    b=smooth(3, 4, 2),
)
cases(
    np.einsum,
    "f('ij,jk->ik', a, b); f('ij,jk', a, b, optimize=True); f('ij->', a); f('...j,jk->k...', a, b)",
    "f('ij,ij->i', a, A); f(a, [0, 1], b, [1, 2], [0, 2])",
    "f('ij,ij->ij', a[:, :1], a); f(a, [30, 1], b, [1, 51]); f(a, [30, 2]); f(a, [..., 26], A, [..., 26], [...])",
    a=A,
    b=C,
)
cases(np.kron, "f(a, b); f(b[0], a); f([1.0, 2.0], b)", a=square, b=C)
cases(
    [np.cross, np.linalg.cross],
    "f(a, b); f(a[0], b); f(a, b, axis=0); f([1.0, 2.0, 3.0], b) if f is np.cross else f(a, b, axis=-1)",
    a=square,
    b=other,
)
cases(np.linalg.matmul, "f(a, b)", a=A, b=C)
cases(np.linalg.multi_dot, "f([a, b]); f([a, C, b.T]); f([a[0], b, C[0]])", a=A, b=C)
cases([np.linalg.inv, np.linalg.det, np.linalg.slogdet, np.linalg.pinv], "f(a); f(a[0])", a=stack)
cases(np.linalg.pinv, "f(a); f(a, 1e-10); f(a, rtol=1e-10)", a=A)
cases(np.linalg.matrix_power, "f(a, 3); f(a, n=-2); f(a, 0) + 0 * a", a=stack)
cases(np.linalg.solve, "f(a[0], b); f(a, c); f(matrix, c)", a=stack, b=smooth(3), c=smooth(3, 2))
cases(np.linalg.cholesky, "f(symmetric(a)); f(symmetric(a), upper=True)", a=positive)
cases(np.linalg.eigh, "f(symmetric(a))[0]; f(symmetric(a), 'U').eigenvalues; f(symmetric(a))[1] ** 2", a=positive)
cases(np.linalg.eigvalsh, "f(symmetric(a)); f(symmetric(a), UPLO='U')", a=positive)
cases(
    np.linalg.svd, "f(a, compute_uv=False); f(a, full_matrices=False).S; f(a, False)[0] ** 2; f(a, False)[2] ** 2", a=A
)
cases(np.linalg.svdvals, "f(a)", a=A)
cases(np.linalg.qr, "f(a); f(a, mode='r'); f(a, 'reduced').R", a=C)
cases(
    np.linalg.norm,
    "f(a); f(a, axis=1); f(a, 1); f(a, ord=np.inf, axis=0); f(a, 'nuc'); f(a, 2); f(a, 3, 1, True)",
    "f(a, axis=(0, 1), keepdims=True); f(a[0], -np.inf); f(a, -1)",
    a=A,
)
cases(np.linalg.vector_norm, "f(a); f(a, axis=1); f(a, ord=3, keepdims=True); f(a, axis=(0, 1), ord=np.inf)", a=A)
cases(np.linalg.matrix_norm, "f(t); f(t, ord='nuc'); f(t, ord=1, keepdims=True)", t=T)

# ---------------------------------------------------------------------- Fourier transforms

ONE, SOME = [np.fft.fft, np.fft.ifft], [np.fft.fftn, np.fft.ifftn]
cases([*ONE, np.fft.rfft], "f(a); f(a, 5); f(a, n=2, axis=0); f(a, norm='ortho')", a=A)
cases([*ONE, np.fft.irfft], "f(a + 1j * b); f(a - 2j * b, 5, 0, 'forward')", a=A, b=B)
cases([*SOME, np.fft.rfftn], "f(a); f(a, s=(2, 5), axes=(0, 1)); f(a, axes=(1,), norm='ortho')", a=A)
cases([np.fft.fft2, np.fft.ifft2, np.fft.rfft2], "f(t); f(t, (2, 3)); f(t, axes=(0, 1))", t=T)
cases([*SOME, np.fft.irfftn, np.fft.irfft2], "f(a + 1j * b); f(a + 1j * b, (3, 5), (0, 1))", a=A, b=B)
cases([np.fft.fftshift, np.fft.ifftshift], "f(a); f(a, 0); f(a, axes=(1,))", a=A)
cases([np.real, np.imag, np.angle], "f(a + 1j * b); f(a)", a=A, b=B)
cases(np.angle, "f(a - 1j * b, deg=True)", a=A, b=B)

# ---------------------------------------------------------------------- the rest

cases([np.round, np.around], "f(a); f(a, 1); f(10 * a, decimals=-1)", a=A)
cases(
    np.nan_to_num,
    "f(a); f(np.where(flags, a, np.nan)); f(np.where(flags, a, -np.inf), nan=1.0, neginf=2.0, posinf=3.0)",
    a=A,
)
cases(np.sinc, "f(a); f(a - A)", a=A)
cases(np.fix, "f(a)", a=2.3 * signed)
cases(np.polyval, "f(p, a); f([1.0, 2.0], a)", p=smooth(3), a=A)
LIKE = [np.zeros_like, np.ones_like]
questions(LIKE, "f(a); f(a, dtype=np.float32); f(a, shape=(2,)); f(a, subok=False)", a=A)
questions(np.empty_like, "0 * f(a); 0 * f(a, dtype=int)", a=A)
questions(np.full_like, "f(a, 7); f(a, fill_value=2.0, dtype=int)", a=A)
questions(
    [
        np.shape,
        np.ndim,
        np.size,
        np.iscomplexobj,
        np.isrealobj,
        np.nonzero,
        np.argwhere,
        np.flatnonzero,
        np.result_type,
        np.array_repr,
        np.array_str,
        np.array2string,
        np.histogram,
        np.isneginf,
        np.isposinf,
        np.iscomplex,
        np.isreal,
        np.min_scalar_type,
        np.common_type,
    ],
    "f(a)",
    a=A,
)
questions(np.size, "f(a, 1)", a=A)
questions([np.may_share_memory, np.shares_memory], "f(a, a[0]); f(a, a + 1)", a=A)
questions([np.array_equal, np.allclose, np.isclose, np.isin, np.array_equiv], "f(a, b); f(A, a); f(a, a[0])", a=A, b=B)
questions([np.allclose, np.isclose], "f(a, A + 0.1, atol=0.2); f(a, 1.0, rtol=0.5, atol=0.0)", a=A)
questions(np.can_cast, "f(a.dtype, np.float32)", a=A)
cases(np.bincount, "f([0, 2, 2, 1], a); f([0, 1, 1, 0], weights=a, minlength=4)", a=v)
questions(np.bincount, "f((np.ravel(a) > 1).astype(int))", a=A)
cases(np.unique, "f(a); f(np.round(a * 2) * a[0, 0])", a=A)
questions(np.unique, "f(a > 1, return_counts=True); f(a, True, True, True)[1:]", a=A)
questions(np.histogram, "f(a, bins=3, range=(0, 2))", a=A)
questions(np.result_type, "f(a, np.float32); f(np.float32, a)", a=A)
