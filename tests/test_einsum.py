"""Einstein's sums by matrix products: the same numbers as NumPy's own loop, and the same gradients."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

import autograd
from autograd.arrays import products
from autograd.testing import check_gradients

from .arrays import LAYOUTS

PRODUCTS = [
    "ij,jk->ik", "ij,kj->ik", "ji,jk->ki", "ij,jk", "bij,bjk->bik", "bij,bkj->bik", "bij,bjk->kib", "bihd,bjhd->bhij",
    "abi,abj->ij", "ij,jkl->lik", "...ij,...jk->...ik", "i...k,k...j->...ij", "cbij,jbk->cikb", "ij, jk -> ik",
]  # fmt: skip
"""Letters of one factor alone, letters summed over, and perhaps letters of both that stay."""
OTHERS = [
    "ij,jk->k", "ij,jk->i", "i,j->ij", "ij,ij->ij", "ij,ij->", "ij,j->i", "iij,jk->ik", "iji,jk->k", "ij,kj->",
    "...i,i->...",
]  # fmt: skip
SIZES = {"a": 2, "b": 3, "c": 2, "d": 2, "h": 2, "i": 3, "j": 4, "k": 2, "l": 3}


@pytest.fixture
def always(monkeypatch):
    """However small the factors are."""
    monkeypatch.setattr(products, "MANY", 0)


def factors(equation, dots=(2,), layout="in rows"):
    """Arrays for the terms of an equation; the axes of an ellipsis have these sizes."""
    rng = np.random.default_rng(0)
    for term in equation.replace(" ", "").split("->")[0].split(","):
        front, ellipsis, back = term.partition("...")
        shape = (*(SIZES[c] for c in front), *(dots if ellipsis else ()), *(SIZES[c] for c in back))
        yield LAYOUTS[layout](rng.normal(size=shape))


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("layout", sorted(set(LAYOUTS) - {"repeated"}))
@pytest.mark.parametrize("equation", PRODUCTS)
def test_products_of_matrices(equation, layout):
    a, b = factors(equation, layout=layout)
    found = products._as_matrix_product(a, b, equation)
    np.testing.assert_allclose(found, np.einsum(equation, a, b), rtol=1e-13, atol=1e-14)
    assert not np.may_share_memory(found, a) and not np.may_share_memory(found, b)


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("equation", OTHERS)
def test_other_sums_are_left_to_numpy(equation):
    a, b = factors(equation)
    assert products._as_matrix_product(a, b, equation) is None
    np.testing.assert_allclose(autograd.einsum(equation, a, b), np.einsum(equation, a, b), rtol=1e-13, atol=1e-14)


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("sizes", [((1, 2), (3, 2)), ((3, 1), (2,)), ((1,), (3,)), ((3,), (1,))])
def test_axes_of_length_1_are_left_to_numpy(sizes):
    equation = "...ij,...jk->...ik"
    (a, _), (_, b) = (factors(equation, dots) for dots in sizes)
    assert products._as_matrix_product(a, b, equation) is None
    np.testing.assert_allclose(autograd.einsum(equation, a, b), np.einsum(equation, a, b), rtol=1e-13, atol=1e-14)


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("equation", PRODUCTS)
def test_gradients(equation):
    a, b = factors(equation)
    check_gradients(lambda a, b: (autograd.einsum(equation, a, b) ** 2).sum(), a, b, order=2)


@pytest.mark.parametrize("small", [0, 1 << 16], ids=["as matrices", "by NumPy"])
@pytest.mark.parametrize(("equation", "shapes"), [
    ("ij,ij->ij", [(3, 1), (3, 4)]), ("ij,ij->", [(3, 1), (3, 4)]), ("ij,ij", [(1, 1), (3, 4)]),
    ("ij,jk->ik", [(3, 1), (4, 5)]), ("ij,jk->ik", [(3, 4), (1, 5)]), ("bij,bjk->bik", [(1, 3, 4), (2, 4, 5)]),
    ("i,i,i->", [(1,), (3,), (1,)]), ("ij,jk,kl->il", [(2, 1), (3, 4), (1, 2)]), ("...i,i->...", [(2, 1), (3,)]),
    ("iij,i->j", [(1, 1, 2), (3,)]), ("iij,j->ij", [(2, 2, 1), (3,)]), ("ij,ij->j", [(0, 1), (0, 4)]),
])  # fmt: skip
def test_axes_of_length_1_are_broadcast(equation, shapes, small, monkeypatch):
    monkeypatch.setattr(products, "MANY", small)
    arrays = [np.random.default_rng(0).normal(size=shape) for shape in shapes]
    np.testing.assert_allclose(autograd.einsum(equation, *arrays), np.einsum(equation, *arrays), rtol=1e-13, atol=1e-14)
    check_gradients(lambda *arrays: (autograd.einsum(equation, *arrays) ** 2).sum(), *arrays, order=2)


@pytest.mark.parametrize(("equation", "shapes", "message"), [
    ("ij,ij->ij", [(2, 1), (3, 4)], "i in 'ij,ij->ij' is 2 and 3 in shapes"),
    ("i,i,i->", [(1,), (3,), (2,)], "i in 'i,i,i->' is 3 and 2 in shapes"),
    ("ii->i", [(1, 3)], "'ii' in 'ii->i' takes a diagonal of unequal axes"),
])  # fmt: skip
def test_other_sizes_that_differ_raise(equation, shapes, message):
    arrays = [np.ones(shape) for shape in shapes]
    with pytest.raises(ValueError, match="broadcast|dimensions"):
        np.einsum(equation, *arrays)
    with pytest.raises(ValueError, match=message):
        autograd.einsum(equation, *arrays)


@given(st.sampled_from(PRODUCTS + OTHERS), st.sampled_from([np.float16, np.float32, np.float64, np.int64]))
def test_dtypes(equation, dtype):
    a, b = ((10 * x).astype(dtype) for x in factors(equation))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(products, "MANY", 0)
        found = autograd.einsum(equation, a, b)
    expected = np.einsum(equation, a, b)
    assert found.dtype == expected.dtype == dtype
    tolerance = 1e-2 if dtype == np.float16 else 1e-5
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance * np.abs(expected).max())


def test_large_ones_are_computed_so(monkeypatch):
    """And small ones, where making matrices takes longer than NumPy's loop, are not."""
    taken = []
    fast = products._as_matrix_product
    monkeypatch.setattr(products, "_as_matrix_product", lambda *factors: taken.append(fast(*factors)) or taken[-1])
    a, b = np.ones((2, 30, 40)), np.ones((2, 40, 50))
    assert (autograd.einsum("bij,bjk->bik", a, b) == 40).all()
    assert len(taken) == 1 and taken[0] is not None
    assert autograd.einsum("i,i->", np.ones(300), np.ones(300)) == 300
    assert taken[1:] == [None]
    autograd.einsum("ij,jk->ik", np.ones((3, 3)), np.ones((3, 3)))
    assert len(taken) == 2


def test_in_a_program():
    a, b = (np.random.default_rng(i).normal(size=(30, 50, 60)) for i in range(2))
    fun = autograd.value_and_grad(lambda a, b: (autograd.einsum("bij,bkj->kib", a, b)[1:] ** 2).sum(), argnums=(0, 1))
    for found, expected in zip(autograd.jit(fun)(a, b)[1], fun(a, b)[1], strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-11)
