"""Rows of linear algebra against their values, PyTorch and NumPy, on arrays, on a carrier and on tensors."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, strategies as st

from autograd.array_op import ArrayOp
from autograd.arrays import linear_algebra as la, norms
from autograd.tensor import Tensor
from autograd.testing import check_gradients, check_rule

from .arrays import few
from .carriers import check_on_carriers, check_rules

INF = math.inf


def matrices(rng, batch, m, n):
    """Random matrices whose singular values lie well apart and away from 0."""
    k = min(m, n)
    u, _ = np.linalg.qr(rng.standard_normal((*batch, m, k)))
    v, _ = np.linalg.qr(rng.standard_normal((*batch, n, k)))
    s = 1 + np.arange(k) + rng.uniform(0, 0.5, (*batch, k))
    return (u * s[..., None, :]) @ v.swapaxes(-1, -2)


def symmetric(rng, batch, n):
    a = matrices(rng, batch, n, n)
    return a @ a.swapaxes(-1, -2) / n


def gradient(f, a, tensor=Tensor):
    """The gradient of f on tensors, ours or PyTorch's."""
    t = tensor(a, requires_grad=True)
    f(t).backward()
    return np.asarray(t.grad)


seeds = st.integers(0, 10**6).map(np.random.default_rng)
batches = st.sampled_from([(), (2,), (0,), (1, 2)])
sizes = st.integers(1, 4)

# ---------------------------------------------------------------------- the rules


@pytest.mark.parametrize("op", [la.inv, la.det, la.cofactor, la.logabsdet], ids=lambda op: op.name)
@few
@given(rng=seeds, batch=batches, n=sizes)
def test_square_matrices(op, rng, batch, n):
    check_rules(op, matrices(rng, batch, n, n))


@pytest.mark.parametrize("op", [la.packed_svd, la.packed_qr, la.pinv], ids=lambda op: op.name)
@few
@given(rng=seeds, batch=batches, m=sizes, n=sizes)
def test_oblong_matrices(op, rng, batch, m, n):
    check_rules(op, matrices(rng, batch, m, n))


@pytest.mark.parametrize("op", [la.packed_eigh, la.cholesky], ids=lambda op: op.name)
@few
@given(rng=seeds, batch=batches, n=sizes)
def test_symmetric_matrices(op, rng, batch, n):
    """The gradient is symmetric: that of both triangles together."""
    a = symmetric(rng, batch, n)
    forward = lambda a: op.forward((a + a.swapaxes(-1, -2)) / 2)
    check_rule(ArrayOp(op.name, op.summary, forward, *op.pullbacks, needs=op.needs, register=False), a, order=2)
    check_on_carriers(op, a)
    np.testing.assert_array_equal(op(a + np.triu(np.ones((n, n)), 1)), op(a))  # only the lower triangle is read


@few
@given(rng=seeds, batch=batches, n=sizes, columns=sizes, shared=st.sampled_from(["", "a", "b", "vector"]))
def test_solve(rng, batch, n, columns, shared):
    """Either side may be shared by the batch; b is a vector only if it has one axis."""
    a = matrices(rng, () if shared == "a" else batch, n, n)
    shape = {"b": (n, columns), "vector": (n,)}.get(shared, (*batch, n, columns))
    check_rules(la.solve, a, rng.standard_normal(shape))


@pytest.mark.parametrize("power", [2, 1.5, 3, 0.5, -1])
@pytest.mark.parametrize("axis", [None, 1, (0, -1)])
def test_p_norm(power, axis):
    rng = np.random.default_rng(0)
    a = rng.uniform(0.5, 2, (2, 3, 4)) * rng.choice([-1, 1], (2, 3, 4))
    check_rules(norms.p_norm, a, ord=power, axis=axis)


@few
@given(rng=seeds, offset=st.integers(-2, 2), axes=st.permutations([0, 1, 2]))
def test_diagonals_are_each_others_transpose(rng, offset, axes):
    a = rng.standard_normal((3, 4, 5))
    where = {"offset": offset, "axis1": axes[0], "axis2": axes[1]}
    check_rules(la.diagonal, a, **where)
    v = rng.standard_normal(la.diagonal(a, **where).shape)
    check_rules(la.make_diagonal, v, **where)
    assert np.vdot(la.diagonal(a, **where), v) == pytest.approx(np.vdot(a, la.make_diagonal(v, shape=a.shape, **where)))
    np.testing.assert_array_equal(la.diagonal(la.make_diagonal(v, **where), **where), v)
    np.testing.assert_array_equal(la.trace(a, *where.values()), np.trace(a, *where.values()))
    np.testing.assert_array_equal(la.trace(a), np.trace(a))


@few
@given(rng=seeds, n=st.integers(1, 4), rank=st.integers(0, 4))
def test_determinants_of_singular_matrices(rng, n, rank):
    """Products of singular values have slopes for every rank, the cofactors too; so have equal ones."""
    a = matrices(rng, (2,), n, min(n, rank)) @ matrices(rng, (2,), min(n, rank), n)
    for op, order in (la.det, 2), (la.cofactor, 1):
        check_rules(op, a, order=order)
        check_rules(op, np.eye(n), order=order)


# ---------------------------------------------------------------------- public functions, differentiated twice

OURS = SimpleNamespace(**vars(la), **{name: getattr(norms, name) for name in norms.__all__})
"""What stands beside PyTorch's module of the same name."""

C = np.random.default_rng(1).standard_normal((9, 9))


def weighed(x):
    c = C[: x.shape[-2], : x.shape[-1]] if x.ndim > 1 else C[0, : x.shape[0]]
    return (x * (x.new_tensor(c) if hasattr(x, "new_tensor") else c)).sum()


square = lambda a: a @ a.transpose(-1, -2)
FUNCTIONS = {
    "svd": lambda a, lib: sum(weighed(x * x) for x in lib.svd(a, full_matrices=False)[::2]),
    "completed": lambda a, lib: (lib.svd(a, full_matrices=True)[1] ** 3).sum(),
    "qr": lambda a, lib: sum(weighed(x * x) for x in lib.qr(a)),
    "eigh": lambda a, lib: weighed(lib.eigh(square(a))[1] ** 2),
    "eigvalsh": lambda a, lib: (lib.eigvalsh(square(a)) ** 3).sum(),
    "cholesky": lambda a, lib: weighed(lib.cholesky(square(a))),
    "slogdet": lambda a, lib: (lib.slogdet(square(a))[1] * lib.inv(square(a)).sum()).sum(),
    "pinv": lambda a, lib: (lib.pinv(a) ** 3).sum(),
    "power": lambda a, lib: (lib.matrix_power(square(a), -3) + lib.matrix_power(square(a), 2)).sum(),
    **{f"vector {p}": lambda a, lib, p=p: (lib.vector_norm(a, p, -2) ** 2).sum() for p in (1, 2, 2.5, INF, -INF)},
    **{f"matrix {p}": lambda a, lib, p=p: (lib.matrix_norm(a, p) ** 2).sum() for p in ("fro", "nuc", 2, -2, 1, -INF)},
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("shape", [(3, 3), (2, 3, 4)])
def test_first_and_second_derivatives_on_tensors(name, shape):
    a = matrices(np.random.default_rng(len(name)), shape[:-2], *shape[-2:])
    modes = ["reverse"] if name == "completed" else ["reverse", "forward"]  # vectors without a gradient have no tangent
    check_gradients(lambda t: FUNCTIONS[name](t, OURS), a, modes=modes)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradients_are_pytorchs(name):
    torch = pytest.importorskip("torch")
    for shape in ((), 3, 3), ((2,), 3, 4):
        a = matrices(np.random.default_rng(3), *shape)
        theirs = gradient(lambda t: FUNCTIONS[name](t, torch.linalg), a, torch.tensor)
        np.testing.assert_allclose(gradient(lambda t: FUNCTIONS[name](t, OURS), a), theirs, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ["cholesky", "eigh", "eigvalsh"])
def test_unsymmetric_matrices_are_pytorchs(name):
    """Both read the lower triangle and give a symmetric gradient."""
    torch = pytest.importorskip("torch")
    a = symmetric(np.random.default_rng(4), (), 3) + np.triu(np.ones((3, 3)), 1)
    loss = lambda y: weighed(y[1] ** 2 if isinstance(y, tuple) else y)
    theirs = gradient(lambda a: loss(getattr(torch.linalg, name)(a)), a, torch.tensor)
    np.testing.assert_allclose(gradient(lambda a: loss(getattr(la, name)(a)), a), theirs, rtol=1e-9, atol=1e-9)


def test_norms_at_zero_have_gradient_zero():
    for p in (2, 1.5, 3, 1, 0.5, INF, 0):
        for a in (np.zeros((2, 3)), np.array([[0.0, 0.0, 0.0], [3.0, 0.0, -4.0]])):
            np.testing.assert_array_equal(gradient(lambda a, p=p: norms.vector_norm(a, p, 1).sum(), a)[a == 0], 0)
    np.testing.assert_array_equal(gradient(norms.matrix_norm, np.zeros((2, 2))), 0)
    np.testing.assert_allclose(gradient(norms.norm, np.array([3.0, 0.0, -4.0])), [0.6, 0.0, -0.8])


def test_where_values_have_gradients_but_vectors_have_none():
    a = np.eye(3)
    np.testing.assert_allclose(gradient(lambda a: (la.eigvalsh(a) ** 2).sum(), a), 2 * a)
    np.testing.assert_allclose(gradient(lambda a: norms.matrix_norm(a, "nuc"), a), a)
    assert np.isnan(gradient(lambda a: la.eigh(a)[1].sum(), a)).any()
    assert np.isnan(gradient(la.logabsdet, np.zeros((2, 2)))).all()
    assert np.isnan(gradient(la.det, np.full((2, 2), np.nan))).all()
    assert la.solve(*np.zeros((2, 2, 2), np.float32), check=False).dtype == np.float32
    with pytest.raises(RuntimeError, match=r"^svd: \(2, 3\) with full_matrices=True: the vectors have no gradient: "):
        gradient(lambda a: la.svd(a, full_matrices=True)[2].sum(), np.ones((2, 3)))


# ---------------------------------------------------------------------- values


@pytest.mark.parametrize("shape", [(3, 3), (2, 4, 3), (2, 3, 4)])
def test_values_are_numpys(shape):
    a = matrices(np.random.default_rng(5), shape[:-2], *shape[-2:])
    s = a @ a.swapaxes(-1, -2)
    for full in (False, True):
        for ours, numpys in zip(la.svd(a, full), np.linalg.svd(a, full), strict=True):
            np.testing.assert_allclose(ours, numpys)
    for name, x in {"qr": a, "eigh": s[..., :3, :3], "slogdet": s[..., :3, :3] + np.eye(3)[[1, 0, 2]]}.items():
        for ours, numpys in zip(getattr(la, name)(x), getattr(np.linalg, name)(x), strict=True):
            np.testing.assert_array_equal(ours, numpys)
    for keepdims in (False, True):
        for p in (None, "fro", "nuc", 2, -2, 1, -1, INF, -INF):
            np.testing.assert_allclose(norms.norm(a, p, (-1, 0), keepdims), np.linalg.norm(a, p, (-1, 0), keepdims))
        for p in (None, 2, 1, 0, 3, -1, INF, -INF):
            np.testing.assert_allclose(norms.norm(a, p, -2, keepdims), np.linalg.norm(a, p, -2, keepdims))
    for n in range(-3, 6):
        np.testing.assert_allclose(la.matrix_power(s[..., :2, :2], n), np.linalg.matrix_power(s[..., :2, :2], n))
    np.testing.assert_array_equal(la.pinv(a, rcond=0.5), np.linalg.pinv(a, 0.5))
    packed = la.packed_svd(a)
    assert not np.shares_memory(la.singular_values(a, packed), packed)  # a change in place must not reach the vectors
    for f in (la.inv, la.det, la.logabsdet, la.cholesky, norms.norm, lambda a: la.solve(a, a), lambda a: la.eigh(a)[0]):
        assert f(np.array([[2, 1], [1, 3]])).dtype == np.float64


singular, batch = np.ones((2, 2)), np.stack([np.eye(2), np.eye(2), -np.ones((2, 2))])
BAD = {
    r"inv: \(3, 4\) is not square: the last two axes must be equal": lambda: la.inv(np.ones((3, 4))),
    r"det: \(3,\) is not a matrix: give at least two axes": lambda: la.det(np.ones(3)),
    r"svd: takes real matrices of float32 or float64, got complex128": lambda: la.svd(np.ones((2, 2)) * 1j),
    r"diagonal: \(3,\) is not a matrix: give at least two axes": lambda: la.trace(np.ones(3)),
    r"solve: \(2, 2\) x = \(3,\): sizes 2 and 3 differ": lambda: la.solve(np.eye(2), np.ones(3)),
    r"solve: \(3, 2, 2\) x = \(2, 2, 1\): batches \(3,\) and \(2,\) do not broadcast":
        lambda: la.solve(batch, np.ones((2, 2, 1))),
    r"inv: the matrix is singular": lambda: la.inv(singular),
    r"inv: matrix \[2\] of \(3, 2, 2\) is singular": lambda: la.inv(batch),
    r"solve: matrix \[2\] of \(3, 2, 2\) is singular": lambda: la.solve(batch, np.ones(2)),
    r"cholesky: matrix \[2\] of \(3, 2, 2\) is not positive definite": lambda: la.cholesky(batch),
    r"svd: the matrix has no singular values: does it hold nan or inf\?": lambda: la.svd(singular * np.nan),
    r"matrix_power: the exponent must be an integer, got 0.5": lambda: la.matrix_power(singular, 0.5),
    r"vector_norm: ord must be a number, got 'fro'": lambda: norms.vector_norm(singular, "fro"),
    r"matrix_norm: ord must be 'fro', 'nuc', .* -1, inf or -inf, got 3": lambda: norms.matrix_norm(singular, 3),
    r"norm: \(3, 2, 2\) with ord=1: is neither a vector nor a matrix: .*": lambda: norms.norm(batch, 1),
}  # fmt: skip


@pytest.mark.parametrize("message", BAD)
def test_errors(message):
    with pytest.raises((TypeError, ValueError), match=f"^{message}$") as raised:
        BAD[message]()
    assert ("matrix " in message.split(":")[1]) == (raised.type is np.linalg.LinAlgError)
