"""Every function of arrays as a program: NumPy's, PyTorch's, methods; or the error that says why it is none."""

import re

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import autograd
from autograd import Tensor, creation, fft
from autograd.functions import comparing, convolving, multiplying, pooling, reducing, selecting, shaping
from autograd.numpy_protocol import FUNCTIONS as COVERED, OP_OF_UFUNC, QUESTIONS as ASKED

from .array_cases import CASES as ARRAY_CASES, FUNCTIONS
from .compiled import assert_compiled, assert_derivatives_compiled, assert_refused, called, check, other, single, smooth
from .numpy_cases import CASES, QUESTIONS, name_of
from .test_jit_rows import ROWS

some = settings(max_examples=max(2, settings.default.max_examples // 15))

# ---------------------------------------------------------------------- NumPy's functions

REFUSED = {
    np.unique, np.nonzero, np.argwhere, np.flatnonzero, np.array_equal, np.array_equiv, np.allclose, np.array_repr,
    np.array_str, np.array2string,
}  # fmt: skip
"""What gives a Python value, or a form that depends on the numbers."""
REFUSED_CALLS = {"np.where(a > 1)", "np.bincount((np.ravel(a) > 1).astype(int))"}


def calls_of(function):
    return [case for case in [*CASES, *QUESTIONS] if case.function is function and case.name not in REFUSED_CALLS]


TRACED = sorted(({case.function for case in [*CASES, *QUESTIONS]} - REFUSED), key=name_of)


def test_every_covered_function_of_numpy_is_traced_or_refused():
    assert {*COVERED, *OP_OF_UFUNC, *ASKED} - {*TRACED, *REFUSED} == set()
    assert all(map(calls_of, TRACED))


@pytest.mark.parametrize("function", TRACED, ids=name_of)
def test_functions_of_numpy(function):
    for case in calls_of(function):
        assert_compiled(lambda *xs, case=case: case.call(function, *xs), case.arrays, [*map(other, case.arrays)])


@pytest.mark.parametrize("function", [f for f in TRACED if any(case.function is f for case in CASES)], ids=name_of)
def test_derivatives_of_functions_of_numpy(function):
    for case in CASES:
        if case.function is function:
            call = lambda *xs, case=case: case.call(function, *xs)
            assert_derivatives_compiled(call, case.arrays, [*map(other, case.arrays)])


@pytest.mark.parametrize("case", [case for case in [*CASES, *QUESTIONS]
                                  if case.function in REFUSED or case.name in REFUSED_CALLS],
                         ids=lambda case: case.name)  # fmt: skip
def test_refused_functions_of_numpy(case):
    assert_refused(lambda *xs: case.call(case.function, *xs), *case.arrays)


# ---------------------------------------------------------------------- functions of arrays

WITHOUT_PROGRAM = {"nonzero", "masked_select"}
"""The functions whose results have a form that depends on the numbers."""


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - WITHOUT_PROGRAM))
@some
@given(data=st.data())
def test_functions(name, data):
    """As functions and as methods."""
    case = data.draw(ARRAY_CASES[name])
    for function in {FUNCTIONS[name], getattr(Tensor, name, FUNCTIONS[name])}:
        check(lambda *xs: case.call(function, *xs), case.arrays, tolerance=1e-10)  # noqa: B023
        check(lambda *xs: case.call(function, *xs), single(case.arrays), tolerance=1e-3, second=False)  # noqa: B023


# ---------------------------------------------------------------------- calls, in the words of a program

CALLS = []
"""Texts of calls, with their arguments, and whether dual numbers can take their place."""


def calls(*texts, duals=True, **arrays):
    CALLS.extend((text, arrays, duals) for text in "; ".join(texts).split("; "))


def complex_numbers(*shape):
    return smooth(*shape) + 1j * np.flip(smooth(*shape))


def well(a):
    """A matrix that can be inverted, whose singular values are different."""
    return a + 4 * np.diag(np.arange(1.0, len(a) + 1))


square = well(smooth(3, 3))
positive = square @ square.T
mask = smooth(2, 3) > 0

calls("conv1d(x, w); conv1d(x, w, b, 2, 1); conv1d(x[0], w, padding='same', dilation=2)",
      x=smooth(2, 2, 7), w=smooth(3, 2, 3), b=smooth(3))  # fmt: skip
calls("conv2d(x, w); conv2d(x, w, b, (2, 1), 1); conv2d(x, w, b, padding='same')",
      x=smooth(2, 2, 5, 4), w=smooth(3, 2, 3, 2), b=smooth(3))  # fmt: skip
calls("conv2d(x, w, groups=2, stride=2)", x=smooth(2, 4, 5, 4), w=smooth(2, 2, 3, 3))
calls("conv3d(x, w, padding=1)", x=smooth(1, 2, 3, 4, 3), w=smooth(2, 2, 2, 2, 2))
calls("conv_transpose1d(x, w); conv_transpose1d(x, w, b, 2, 1, 1)", x=smooth(2, 3, 4), w=smooth(3, 2, 3), b=smooth(2))
calls("conv_transpose2d(x, w, stride=2)", x=smooth(1, 2, 3, 2), w=smooth(2, 3, 2, 3))
calls("conv_transpose3d(x, w)", x=smooth(1, 2, 2, 3, 2), w=smooth(2, 1, 2, 2, 2))
calls("unfold(x, 2); unfold(x, (3, 2), padding=1, stride=2)", x=smooth(2, 2, 4, 5))
calls("fold(x, (4, 5), 2); fold(x[0], (4, 5), 2)", x=smooth(2, 8, 12))
calls("pad(x, (1, 2)); pad(x, (1, -1, 2, 0), value=3.0)", "; ".join(
    f"pad(x, (2, 1), {mode!r})" for mode in ("reflect", "replicate", "circular")), x=smooth(2, 3, 4))  # fmt: skip
for rank, shape in enumerate([(2, 1, 7), (1, 2, 5, 6), (1, 1, 3, 4, 3)], 1):
    calls(f"max_pool{rank}d(x, 2); max_pool{rank}d(x, 2, 1, 1); max_pool{rank}d(x[0], 2, ceil_mode=True)",
          f"avg_pool{rank}d(x, 2); avg_pool{rank}d(x, 2, 1, 1, count_include_pad=False)",
          f"sum_pool{rank}d(x, 2, 1); adaptive_avg_pool{rank}d(x, 2); adaptive_max_pool{rank}d(x, 2)",
          x=smooth(*shape))  # fmt: skip
calls("mse_loss(x, y)", x=smooth(2, 3), y=-smooth(2, 3))
for kind in (np.int64, np.uint8, np.int32):
    calls("cross_entropy(x, t); cross_entropy(2.0 * x, t)", x=smooth(4, 3), t=np.array([0, 2, 1, 1], kind))

calls("linalg.inv(a); linalg.det(a); linalg.slogdet(a)[1]; linalg.slogdet(a)[0] * a; linalg.pinv(a); linalg.svdvals(a)",
      "linalg.qr(a)[0]; linalg.qr(a)[1]; linalg.svd(a)[1]; linalg.svd(a)[0] ** 2; linalg.matrix_power(a, 3)",
      "linalg.matrix_power(a, -1); linalg.matrix_power(a, 0) * a; linalg.norm(a); linalg.norm(a, 1, 0)",
      "linalg.vector_norm(a, 3); linalg.vector_norm(a, 0); linalg.vector_norm(a, np.inf, 1)", "; ".join(
      f"linalg.matrix_norm(a, {which!r})" for which in ("fro", "nuc", 2, -2, 1, -1)), a=square)  # fmt: skip
calls("linalg.cholesky(a); linalg.eigh(a)[0]; linalg.eigh(a)[1] ** 2; linalg.eigvalsh(a)", a=positive)
calls("linalg.solve(a, b); linalg.solve(a, b[:, 0])", a=square, b=smooth(3, 2))
calls(*(f"fft.{name}({z})" for name in fft.__all__ for z in ("x",) if not name.startswith("i")), x=smooth(2, 3, 4))
calls(*(f"fft.{name}(z)" for name in fft.__all__ if not name.startswith("r")), z=complex_numbers(3, 4))
calls("fft.fft(z, 3, 0, 'ortho'); fft.irfft(z, 5); np.abs(fft.rfftn(np.abs(z)))", z=complex_numbers(3, 4))

calls("x[i]; x[i, 1]; x[:, i]; x[i, i]; x[None, i, ::2]; x[..., i]; x[-1, i]; x[i][:, None]; x[i, 1:]",
      "x[[0, 1], i[:2]]; np.take(x, i, 1); np.take(x, i, axis=0, mode='wrap'); x.take_along_dim(i[None, :2], 1)",
      "index_select(x, 1, i); np.insert(x, i, 7.0, axis=1)", x=smooth(3, 4), i=np.array([2, 0, -1]))  # fmt: skip
calls("x[i]; x[i, i]; x[:, i]; x[..., i, None]; x[[0, 1]][:, i]", x=smooth(3, 4), i=np.array(2))
calls("gather(x, 1, i); take_along_dim(x, i, 1); scatter(x, 1, i, y); scatter(x, 1, i, 2.0); scatter_add(x, 1, i, y)",
      "np.take_along_axis(x, i, 1)",
      x=smooth(3, 4), i=np.array([[2, 0], [1, 0], [0, 2]]), y=smooth(3, 2))  # fmt: skip
calls("put(x, i, y); put(x, (slice(None), i), y); put(x, 1, y); put(x, ..., y); put(x, (i, i), 2.0)",
      "put(x, x > 0, 0.0); put(x, (slice(None), 1), 2.0); put(put(x, 0, y), i, x[0])",
      "put(x * y, slice(1, None), x[:-1])",
      "(x * y).zero_(); (x * y).fill_(x[0, 0]); (x * y).copy_(y); (x * y).clamp_(-0.5, 0.5); (x * y).detach_() * x",
      "x.data * 2; tensor(x) * x; as_tensor(x) * 2",
      x=smooth(3, 3), i=np.array(1), y=smooth(3), duals=False)  # fmt: skip
calls("masked_fill(x, m, 2.0); masked_fill(x, m, y[0, 0]); where(m, x, y); np.where(m, x, 0.0); x * m",
      "np.select([m, x > 0.5], [x, y], 3.0); np.choose(m.astype(int), [x, y]); x.sum(0) * m.sum(0)",
      "np.where(m, x, y) ** 2",
      x=smooth(2, 3), y=-smooth(2, 3), m=mask)  # fmt: skip
calls("~m; m & n; m | n; m ^ n; m.any(0); m.all(); m == n; m.sum(1); m.long() @ n.long().T; m.float()",
      m=mask, n=np.flip(mask, 1))  # fmt: skip
calls("x // y; x % y; -x; x ** 2; x * 2.5; x / y; x.float(); x == y; x & y; x[y[0]]; np.bincount([1, 0, 1], x)",
      "x.sum(); x.prod(); x.cumsum(0); x.max(0); x.sort(0)",
      x=np.array([1, 2, 0]), y=np.array([2, 1, 2]))  # fmt: skip
calls("np.quantile(x, q); np.percentile(x, 100 * q, 0); np.searchsorted(np.sort(x[0]), q)",
      "np.histogram(x, bins=np.sort(x[0]))[0]",
      x=np.arange(12.0).reshape(3, 4), q=np.array(0.3))  # fmt: skip
calls("np.quantile(x, q); np.quantile(x, q, axis=0, keepdims=True); np.interp(x, [0.0, 1.0], q)",
      x=smooth(3, 4), q=np.array([0.3, 0.9]))  # fmt: skip

calls("zeros_like(x) + x; ones_like(x) * x; full_like(x, 2.0) * x; empty_like(x) * 0; zeros(2, 3) + x; ones(3) * x",
      "full((2, 1), 2.0) * x; empty(3) * 0 + x; eye(2) @ x; arange(3) * x; linspace(0, 1, 3) * x",
      "tensor([1.0, 2.0, 3.0]) * x; from_numpy(np.ones(3)) * x", x=smooth(2, 3))  # fmt: skip

calls("x.T; x.mT; x.t(); x.absolute(); x.clamp(-1, 1); x.rint(); x.conjugate(); x.arctan(); x.arctan2(x * x)",
      "(x / 3).arcsin(); (x / 3).arccos(); (x / 3).arctanh(); x.arcsinh(); (x + 4).arccosh()",
      "x.astype(np.float32); x.to(np.float64); x.type(np.float32); x.type_as(x.float()); x.half(); x.double(); x.int()",
      "x.long(); x.bool(); x.cpu(); x.contiguous(); x.T.contiguous(); x.clone(); x.copy(); x.ravel(); x.view(-1)",
      "x.view_as(x.T); x.reshape_as(x.T); x.expand_as(x[None]); x.broadcast_to(4, 2, 3); x.dot(x.T); x.isnan()",
      "x.isinf(); x.isfinite(); x.where(x > 0, 1.0); x.detach() * 2; x.numel() * x; x.dim() * x",
      "x.size * x; x.size(0) * x; len(x) * x; sum(x); x.is_floating_point() * x; list(x); x.max(); x.min(axis=0)",
      "builtins.sum(x); x.std(axis=0); x.var(0, unbiased=False); x.sum(axis=0, keepdims=True)",
      "abs(x); +x; 2.0 - x; 2.0 / x; 2.0 ** x; x.detach() // 0.3; x.detach() % 0.3; x @ x.T",
      "np.ones((1, 2)) @ x", x=smooth(2, 3))  # fmt: skip


@pytest.mark.parametrize(("text", "arrays", "duals"), CALLS, ids=[text for text, _, _ in CALLS])
def test_calls(text, arrays, duals):
    function = called(text, arrays)
    check(function, arrays.values(), tolerance=1e-9, forward=duals)
    if all(a.dtype.kind != "c" for a in arrays.values()):
        check(function, single(arrays.values()), tolerance=1e-3, forward=duals, second=False)


# ---------------------------------------------------------------------- what cannot be traced

REFUSALS = [
    "nonzero(x)", "x.nonzero()", "masked_select(x, x > 0)", "x.masked_select(m)", "x[m]", "x[x > 0]", "x[m, None]",
    "x[0, m[0]]", "np.delete(x, i)", "np.repeat(x, i, 1)", "np.insert(x, m[0], 1.0, 1)", "np.compress(m[0], x, 1)",
    "np.extract(m, x)", "np.histogram(x, 'auto')", "np.histogram(x, i[0])", "np.bincount(i)", "np.unique(x)",
    "np.piecewise(x, [x > 0], [1.0])", "np.where(m)", "np.asarray(x)", "np.array([x[0, 0], x[0, 1]])", "x.numpy()",
    "x[0, 0].item()", "x.tolist()", "builtins.float(x[0, 0])", "builtins.int(i[0])", "builtins.bool(x[0, 0] > 0)",
    "x if x[0, 0] > 0 else -x", "range(i[0])", "x[i[0]:]", "f'{x[0, 0]:.2f}'", "builtins.max(x[0])", "sorted(x[0])",
    "zeros(i[0])", "x.reshape(i[0], -1)", "np.roll(x, i[0])", "np.tril(x, i[0])", "full((2,), x[0, 0])", "[x, x][i[0]]",
    "rand(2)", "randn(2)", "randint(0, 2, (3,))", "randperm(3)", "rand_like(x)", "randn_like(x)",
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSALS)
def test_refusals(text):
    function = called(text, "xmi")
    for arrays in ((smooth(2, 3), mask, np.array([1, 2, 0])), (smooth(2, 3), ~mask, np.array([2, 0, 1]))):
        assert_refused(function, *arrays)


def named(texts):
    return set(re.findall(r"\w+", " ".join(texts)))


STATELESS = {
    "backward", "data", "device", "dtype", "grad", "is_leaf", "name", "ndim", "op", "operands", "parents",
    "register_hook", "requires_grad", "requires_grad_", "scopes", "shape", "site", "zero_grad",
}  # fmt: skip
"""What of a tensor is no function of its numbers; the sweep is what every gradient here tests."""


def test_every_function_of_arrays_and_every_method_is_traced_or_refused():
    modules = [comparing, convolving, pooling, reducing, selecting, shaping, multiplying, autograd.linalg, autograd.fft]
    public = {name.rstrip("_") for module in modules for name in module.__all__}
    created = set(creation.__all__) - {"manual_seed", "get_rng_state", "set_rng_state"}
    methods = {name for name in dir(Tensor) if not name.startswith("_")} - STATELESS
    traced = {text for text, _, _ in CALLS}
    rows = {op.name for op in ROWS} | {f"{op.name}_" for op in ROWS}
    tested = named([*traced, *REFUSALS]) | (set(FUNCTIONS) - WITHOUT_PROGRAM) | rows
    assert (public | created | methods) - tested == set()
