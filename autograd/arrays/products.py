"""Array ops that multiply and add: matrix products and Einstein's sums."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ..array_op import ArrayOp
from ..backends import onednn
from ..op import PRODUCT, Notation
from .reductions import unbroadcast
from .shapes import expand_dims, put, reshape, swapaxes

__all__ = ["einsum", "linear", "matmul"]


def _matmul(a: Any, b: Any) -> Any:
    """NumPy's, or that of a faster library."""
    y = onednn.product(a, b) if a.ndim == b.ndim == 2 else None
    return np.matmul(a, b) if y is None else y


def _matmul_a(g: Any, y: Any, a: Any, b: Any) -> Any:
    """g Bᵀ; a vector on the left is a row, one on the right a column."""
    if a.ndim == 1 and b.ndim == 1:
        return g * b
    if b.ndim == 1:
        return expand_dims(g, -1) * b
    if a.ndim == 1:
        return reshape(unbroadcast(matmul(expand_dims(g, -2), swapaxes(b)), (1, *a.shape)), shape=a.shape)
    return matmul(g, swapaxes(b))  # the engine adds up the batches


def _matmul_b(g: Any, y: Any, a: Any, b: Any) -> Any:
    """Aᵀ g."""
    if a.ndim == 1 and b.ndim == 1:
        return g * a
    if a.ndim == 1:
        return expand_dims(a, -1) * expand_dims(g, -2)
    if b.ndim == 1:
        return reshape(unbroadcast(matmul(swapaxes(a), expand_dims(g, -1)), (*b.shape, 1)), shape=b.shape)
    return matmul(swapaxes(a), g)


matmul = ArrayOp(
    "matmul", "The matrix product; further axes in front are batches.",
    _matmul,
    _matmul_a,
    _matmul_b,
    needs=("b", "a"), linear="each", symbol="@", notation=Notation("{a} @ {b}", r"{a} \, {b}", PRODUCT),
)  # fmt: skip


def _rows(a: Any) -> Any:
    """All axes but the last as one."""
    return a if a.ndim == 2 else reshape(a, shape=(-1, a.shape[-1]))


def _linear(a: Any, b: Any, c: Any) -> Any:
    y = _matmul(_rows(a), b.T)
    if a.ndim != 2:
        y = y.reshape(*a.shape[:-1], len(b))
    if y.dtype != c.dtype:
        return y + c
    y += c
    return y


linear = ArrayOp(
    "linear", "x Wᵀ + b: a layer of weights, one neuron per row of W.",
    _linear,
    lambda g, y, a, b, c: matmul(g, b),
    lambda g, y, a, b, c: matmul(swapaxes(_rows(g)), _rows(a)),
    lambda g, y, a, b, c: g,  # the engine adds up the batch
    needs=("b", "a", ""), linear="",
)  # fmt: skip

# ---------------------------------------------------------------------- Einstein's sums

MANY = 1 << 16
"""Multiplications from which on a product of matrices pays: measured."""
IN_PAIRS = ("greedy", 1 << 24)
"""How NumPy orders three factors and more: two at a time, unless more numbers than this would lie between."""


def _terms(subscripts: str, arrays: tuple[Any, ...]) -> tuple[list[str], str]:
    """The letters of every operand and of the result, the ellipsis spelt out."""
    given, arrow, result = subscripts.replace(" ", "").partition("->")
    terms = given.split(",")
    free = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" if c not in subscripts]
    longest = max((a.ndim - len(t) + 3 for a, t in zip(arrays, terms, strict=True) if "..." in t), default=0)
    dots = "".join(free[:longest])
    spelt = [
        t.replace("...", dots[longest - (a.ndim - len(t) + 3) :]) if "..." in t else t
        for a, t in zip(arrays, terms, strict=True)
    ]
    if arrow:
        return spelt, result.replace("...", dots)
    letters = "".join(terms).replace(".", "")
    return spelt, dots + "".join(sorted(c for c in set(letters) if letters.count(c) == 1))


def _einsum(*arrays: Any, subscripts: str) -> Any:
    """NumPy's, with a copy in the place of a view such as that of `ij->ji`: the engine follows other views only."""
    if len(arrays) == 2 and arrays[0].size * arrays[1].size >= MANY:
        result = _as_matrix_product(*arrays, subscripts)
        if result is not None:
            return result
    result = np.einsum(subscripts, *arrays, optimize=IN_PAIRS if len(arrays) > 2 else False)
    return np.array(result) if len(arrays) == 1 else result


def _as_matrix_product(a: Any, b: Any, subscripts: str) -> Any:
    """A sum of products of two factors as a product of matrices, perhaps of many; None where it is none, or small.

    NumPy's own loop takes up to fifteen times as long.
    """
    (left, right), result = _terms(subscripts, (a, b))
    sizes = dict(zip(left + right, a.shape + b.shape, strict=True))
    rows, columns = [c for c in left if c not in right], [c for c in right if c not in left]
    shared = [c for c in left if c in right]
    batches, summed = [c for c in shared if c in result], [c for c in shared if c not in result]
    order = batches + rows + columns
    is_product = rows and columns and summed and len(order) == len(result)
    if not is_product or math.prod(sizes.values()) < MANY or _shape(left, sizes) != a.shape:
        return None
    if len({*left}) < len(left) or len({*right}) < len(right):
        return None
    outer = (math.prod(_shape(batches, sizes)),) if batches else ()
    across, down, inner = (math.prod(_shape(group, sizes)) for group in (rows, columns, summed))
    matrices = a.transpose([left.index(c) for c in batches + rows + summed]).reshape(*outer, across, inner)
    others = b.transpose([right.index(c) for c in batches + summed + columns]).reshape(*outer, inner, down)
    return _matmul(matrices, others).reshape(_shape(order, sizes)).transpose([order.index(c) for c in result])


def _shape(letters: Iterable[str], sizes: Mapping[str, int]) -> tuple[int, ...]:
    return tuple([sizes[c] for c in letters])


def _einsum_pullback(g: Any, y: Any, i: int, *arrays: Any, subscripts: str) -> Any:
    """The gradient of one factor is the sum of products of the others with `g`.

    Letters that stand in this factor alone are new to that sum: the gradient is the same along them.  A
    letter that it has twice selects a diagonal, and the gradient goes there.
    """
    terms, result = _terms(subscripts, arrays)
    own = terms[i]
    sizes = dict(zip(own, arrays[i].shape, strict=True))
    others = [(t, a) for j, (t, a) in enumerate(zip(terms, arrays, strict=True)) if j != i]
    unique = "".join(dict.fromkeys(own))
    known = [c for c in unique if c in result or any(c in t for t, _ in others)]
    factors = [g, *(a for _, a in others)]
    pieces = ",".join([result, *(t for t, _ in others)])
    gathered = einsum(*factors, subscripts=f"{pieces}->{''.join(known)}")
    repeated = {c for c, n in zip(known, gathered.shape, strict=True) if n != sizes[c]}  # length 1, broadcast
    assert not repeated or all(gathered.shape[known.index(c)] == 1 or sizes[c] == 1 for c in repeated)
    shape = tuple(sizes[c] for c in unique)
    if len(known) != len(unique) or gathered.shape != shape:
        gathered = reshape(gathered, shape=tuple(gathered.shape[known.index(c)] if c in known else 1 for c in unique))
        gathered = unbroadcast(gathered, tuple(min(n, m) for n, m in zip(gathered.shape, shape, strict=True)))
        gathered = gathered + np.zeros(shape, gathered.dtype)
    if len(unique) == len(own):
        return gathered
    places = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    return put(gathered, index=tuple(places[unique.index(c)] for c in own), shape=arrays[i].shape)


einsum = ArrayOp(
    "einsum", "A sum of products, as in Einstein's notation: `ij,jk->ik` is the matrix product.",
    _einsum,
    _einsum_pullback,
    needs=("*",), linear="each", variadic=True, symbol="Σ·",
)  # fmt: skip
