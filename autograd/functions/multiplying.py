"""Matrix products, and sums of products in any arrangement."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arrays import products as rows
from ..arrays.shapes import reshape, transpose
from .checks import as_carrier

__all__ = ["bmm", "einsum", "linear", "matmul", "mm", "mv", "outer", "tensordot"]


def matmul(a: Any, b: Any) -> Any:
    """The matrix product a @ b; vectors are rows or columns, axes in front of the last two are batches.

    >>> import autograd
    >>> autograd.matmul(autograd.tensor([[1.0, 2.0]]), autograd.tensor([3.0, 4.0]))
    tensor([11.])
    """
    a, b = as_carrier(a, "matmul"), as_carrier(b, "matmul")
    left, right = a.shape, b.shape
    if not left or not right:
        raise ValueError(f"matmul: {left} @ {right}: a number is no matrix, write a * b")
    inner_a, inner_b = left[-1], right[-2 if len(right) > 1 else 0]
    if inner_a != inner_b:
        raise ValueError(f"matmul: {left} @ {right}: inner sizes {inner_a} and {inner_b} differ")
    if len(left) > 2 or len(right) > 2:
        _check_batches(a, b)
    return rows.matmul(a, b)


def _check_batches(a: Any, b: Any) -> None:
    try:
        np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    except ValueError:
        raise ValueError(
            f"matmul: {a.shape} @ {b.shape}: batches {a.shape[:-2]} and {b.shape[:-2]} do not broadcast"
        ) from None


def mm(a: Any, b: Any) -> Any:
    """The product of two matrices."""
    return _of_rank(a, b, 2, 2, "mm")


def mv(a: Any, b: Any) -> Any:
    """The product of a matrix and a vector."""
    return _of_rank(a, b, 2, 1, "mv")


def bmm(a: Any, b: Any) -> Any:
    """The products of two batches of matrices."""
    return _of_rank(a, b, 3, 3, "bmm")


def _of_rank(a: Any, b: Any, n: int, m: int, name: str) -> Any:
    a, b = as_carrier(a, name), as_carrier(b, name)
    if a.ndim != n or b.ndim != m:
        raise ValueError(f"{name}: needs {n} and {m} axes, got shapes {a.shape} and {b.shape}")
    return matmul(a, b)


def outer(a: Any, b: Any) -> Any:
    """All products of an element of one vector with one of the other."""
    a, b = as_carrier(a, "outer"), as_carrier(b, "outer")
    if a.ndim != 1 or b.ndim != 1:
        raise ValueError(f"outer: needs two vectors, got shapes {a.shape} and {b.shape}")
    return reshape(a, shape=(-1, 1)) * b


def linear(x: Any, weight: Any, bias: Any = None) -> Any:
    """x Wᵀ + b: every row of W is one neuron.

    Args:
        x: (..., in).
        weight: (out, in).
        bias: (out,), or None.
    """
    x, weight = as_carrier(x, "linear"), as_carrier(weight, "linear")
    given, shape = x.shape, weight.shape
    if len(shape) != 2 or given[-1:] != shape[1:]:
        raise ValueError(f"linear: input {given} and weight {shape}: the last axes must be equal")
    if bias is None:
        return rows.matmul(x, transpose(weight, axes=(1, 0)))
    if bias.shape != shape[:1]:
        raise ValueError(f"linear: bias {bias.shape} and weight {shape}: needs one number per row")
    return rows.linear(x, weight, bias)


def einsum(equation: str, *operands: Any) -> Any:
    """A sum of products in Einstein's notation: `einsum("ij,jk->ik", a, b)` is the matrix product."""
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = tuple(operands[0])
    if not isinstance(equation, str):
        raise TypeError(f"einsum: the first argument must be text as 'ij,jk->ik', got a {type(equation).__name__}")
    arrays = [as_carrier(x, "einsum") for x in operands]
    _check_equation(equation, arrays)
    return rows.einsum(*arrays, subscripts=equation)


def _check_equation(equation: str, arrays: list[Any]) -> None:
    factors, arrow, result = equation.replace(" ", "").partition("->")
    given = factors.split(",")
    shapes = ", ".join(str(a.shape) for a in arrays)
    if len(given) != len(arrays):
        raise ValueError(f"einsum: {equation!r} has {len(given)} operands, got shapes {shapes}")
    sizes: dict[str, int] = {}
    for term, a in zip(given, arrays, strict=True):
        before, dots, after = term.partition("...")
        letters = before + after
        if not (letters.isalpha() or not letters) or (len(letters) > a.ndim if dots else len(letters) != a.ndim):
            raise ValueError(f"einsum: {term!r} in {equation!r} does not fit shape {a.shape}")
        named = [*zip(before, a.shape, strict=False), *zip(after, a.shape[a.ndim - len(after) :], strict=True)]
        if any(n != m for letter, n in named for other, m in named if letter == other):
            raise ValueError(f"einsum: {term!r} in {equation!r} takes a diagonal of unequal axes: {a.shape}")
        for letter, n in named:
            if sizes.get(letter, 1) == 1:  # axes of length 1 are broadcast
                sizes[letter] = n
            elif n not in (1, sizes[letter]):
                raise ValueError(f"einsum: {letter} in {equation!r} is {sizes[letter]} and {n} in shapes {shapes}")
    letters = result.replace("...", "")
    if arrow and (not set(letters) <= set(sizes) or len(set(letters)) < len(letters)):
        raise ValueError(f"einsum: {result!r} in {equation!r} must name letters of the operands, each once")


def tensordot(a: Any, b: Any, dims: int | Sequence[Sequence[int]] = 2) -> Any:
    """The sum of products over the last `dims` axes of `a` and the first of `b`, or over these pairs of axes."""
    a, b = as_carrier(a, "tensordot"), as_carrier(b, "tensordot")
    pairs = (range(-dims, 0), range(dims)) if isinstance(dims, int) else dims
    over_a, over_b = (_axes(axes, x) for axes, x in zip(pairs, (a, b), strict=True))
    sizes_a, sizes_b = [a.shape[i] for i in over_a], [b.shape[i] for i in over_b]
    if sizes_a != sizes_b:
        raise ValueError(f"tensordot: {a.shape} and {b.shape}: sizes {sizes_a} and {sizes_b} differ")
    rest_a = tuple(i for i in range(a.ndim) if i not in over_a)
    rest_b = tuple(i for i in range(b.ndim) if i not in over_b)
    n = math.prod(sizes_a)
    left = reshape(transpose(a, axes=rest_a + over_a), shape=(math.prod(a.shape[i] for i in rest_a), n))
    right = reshape(transpose(b, axes=over_b + rest_b), shape=(n, math.prod(b.shape[i] for i in rest_b)))
    shape = (*(a.shape[i] for i in rest_a), *(b.shape[i] for i in rest_b))
    return reshape(rows.matmul(left, right), shape=shape)


def _axes(axes: int | Sequence[int], x: Any) -> tuple[int, ...]:
    """Axes to sum over, counted from the front."""
    axes = (axes,) if isinstance(axes, int) else tuple(axes)
    if any(not -x.ndim <= i < x.ndim for i in axes):
        raise IndexError(f"tensordot: axes {axes} are out of range for shape {x.shape}")
    return tuple(i % x.ndim for i in axes)
