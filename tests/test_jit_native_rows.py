"""Every row as machine code, to the bit; whole numbers among the arguments, and conditions."""

from __future__ import annotations

import math
import operator
from contextlib import contextmanager
from functools import cache
from itertools import product

import numpy as np
import pytest
from hypothesis import given, strategies as st

import autograd
from autograd import TABLE, grad, jit, tensor, value_and_grad, where
from autograd.jit.native import registers
from autograd.op import Elementwise

from . import strategies
from .native import agree, machine, number, one_zero

pytest.importorskip("llvmlite", reason="llvmlite is not here: programs of numbers are left to NumPy")

ROWS = [op for op in TABLE.values() if isinstance(op, Elementwise)]
PYTHONS_OWN = {"hypot"}
"""`math` computes it by code of its own, which is right to the last bit more often than that of the C library."""
each_row = pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)

# ---------------------------------------------------------------------- every row


@cache
def row_as_code(op, order):
    """The row, or its derivative of that order by the first operand."""
    fun = op
    for _ in range(order):
        fun = grad(fun)
    return fun, machine(fun, *[0.5] * op.arity)


INT64 = np.iinfo(np.int64)
INT64_EDGES = (INT64.min, INT64.min + 1, -(2**53) - 1, 2**53, 2**53 + 1, INT64.max, -(2**62) + 1)
WHOLE_NUMBERS = {
    "hinge": lambda x, n: (1 + -n * x).relu(),
    "sums and products": lambda x, n: (n * n + 3 * n - 7) * x,
    "alone in a division": lambda x, n: x + n / x,
    "power": lambda x, n: (x * x + 1.0) ** n,
    "choice": lambda x, n: where(n, x, n),
    "compared": lambda x, n: where(n > x, x * 2.0, x - n),
    "whole ones compared": lambda x, n: where(n >= 2**53 + 1, x * 2.0, where(n != -3, x, -x)),
    "larger": lambda x, n: autograd.maximum(x, n),
    "converted": lambda x, n: n.to(autograd.float64) * x,
    "copied": lambda x, n: (n.reshape(()).clone() + 1) * x,
    "a truth value": lambda x, n: x * n.to(bool),
    "from outside": lambda x, n: (n * tensor(np.array(3)) + 1) * x,
    "smoothly": lambda x, n: x * autograd.logaddexp(n, 3 - n),
}


@contextmanager
def doubles_by_default():
    autograd.set_default_dtype(autograd.float64)
    try:
        yield
    finally:
        autograd.set_default_dtype(autograd.float32)


@cache
def whole_as_code(name, part):
    """A function of a number and a whole one, its derivative by the first, and both as machine code."""
    fun = value_and_grad(WHOLE_NUMBERS[name])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registers, "PART", part)
        return jit(fun).trace(0.5, 2), machine(fun, 0.5, 2)


def check_whole(name, part, x, n):
    with doubles_by_default():  # what functions make of whole numbers
        program, compiled = whole_as_code(name, part)
        expected = program([np.array(x), np.array(n)])
    for ours, theirs in zip(compiled([x, n]), expected, strict=True):
        assert agree(one_zero(ours), one_zero(float(theirs)), 4 * (name in ("power", "smoothly"))), n


of_whole_numbers = pytest.mark.parametrize("name", WHOLE_NUMBERS)


@pytest.mark.parametrize("part", [1, 1000])
@of_whole_numbers
@given(x=st.floats(-3, 3), n=st.integers(-3, 3) | st.integers(INT64.min, INT64.max))
def test_whole_numbers(name, part, x, n):
    """As NumPy computes: whole numbers by themselves, beginning anew when they are too large, and others as floats."""
    check_whole(name, part, x, n)


@of_whole_numbers
def test_whole_numbers_at_the_edges(name):
    for n in INT64_EDGES:
        check_whole(name, 1000, 1.5, n)


@each_row
@pytest.mark.parametrize("order", [0, 1, 2])
def test_rows_and_their_derivatives(op, order):
    """The same bits as on floats: the same formulas, by the functions that Python calls, and no other roundings."""
    fun, compiled = row_as_code(op, order)
    ulps = 8 * (op.name in PYTHONS_OWN)
    for point in strategies.sample(op, 20):
        (found,) = compiled(point)
        assert agree(one_zero(found), one_zero(fun(*point)), ulps), point


@each_row
@given(data=st.data())
def test_rows_anywhere(op, data):
    """IEEE 754 to the bit: nan, infinities, both zeros, subnormal numbers, overflow, division by 0."""
    point = data.draw(strategies.any_points(op))
    (found,) = row_as_code(op, 0)[1](point)
    assert agree(found, op(*point), 1 * (op.name in PYTHONS_OWN))


@each_row
def test_rows_at_all_special_numbers(op):
    """Among them equal infinities, whose difference is nan, and zeros of both signs."""
    _, compiled = row_as_code(op, 0)
    for point in product(strategies.NASTY, repeat=op.arity):
        assert agree(*compiled(point), op(*point), 1 * (op.name in PYTHONS_OWN)), point


@each_row
@given(data=st.data())
def test_derivatives_anywhere(op, data):
    point = data.draw(strategies.any_points(op))
    fun, compiled = row_as_code(op, 1)
    (found,) = compiled(point)
    assert agree(one_zero(found), one_zero(fun(*point)), 4 * (op.name in PYTHONS_OWN))


@pytest.mark.parametrize(
    ("fun", "args"),
    [
        (lambda x, y: x / y, (1.0, 0.0)),
        (lambda x, y: x / y, (-1.0, 0.0)),
        (lambda x, y: x / y, (0.0, 0.0)),
        (lambda x, y: x * y, (1e308, 10.0)),
        (lambda x, y: x * y, (5e-324, 0.5)),
        (lambda x, y: x * y, (5e-324, 1.0)),
        (lambda x, y: x * y, (-0.0, 2.0)),
        (lambda x, y: autograd.exp(x) * y, (1000.0, 1.0)),
        (lambda x, y: autograd.log(x) + y, (0.0, 1.0)),
        (lambda x, y: x**y, (-8.0, 1 / 3)),
        (lambda x, y: x * y - x * y, (math.inf, 1.0)),
        (lambda x, y: x * y + 1.0 - y, (1 + 2**-30, 1 - 2**-30)),  # would differ if it were rounded once only
    ],
)
def test_ieee(fun, args):
    (found,) = machine(fun, 1.0, 1.0)(args)
    assert agree(found, jit_without_code(fun, args))
    assert agree(found, float(fun(*map(number, args))))


def jit_without_code(fun, args):
    (found,) = jit(fun).trace(1.0, 1.0)([np.asarray(x) for x in args])
    return float(found)


# ---------------------------------------------------------------------- conditions


COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]


@pytest.mark.parametrize("compare", COMPARISONS, ids=lambda compare: compare.__name__)
@pytest.mark.parametrize("plain", [False, True])
def test_comparisons(compare, plain):
    compiled = machine(lambda x, y: where(compare(x, 1.0 if plain else y), x, 2.0), 0.0, 0.0)
    for x in (0.0, 1.0, 2.0, math.inf, math.nan):
        assert agree(*compiled([x, 1.0]), x if compare(x, 1.0) else 2.0)
        if not plain:
            assert agree(*compiled([1.0, x]), 1.0 if compare(1.0, x) else 2.0)


@pytest.mark.parametrize(
    "condition",
    [
        lambda p, q: p & q,
        lambda p, q: p | q,
        lambda p, q: p ^ q,
        lambda p, q: ~p & q,
        lambda p, q: p & True,
        lambda p, q: where(p, q, p),
        lambda p, q: (p | q).to(autograd.float64) - 1.0,
    ],
)
def test_truth_values(condition):
    def fun(x, y):
        return where(condition(x > 0, y > 0), x, y)

    compiled = machine(fun, 0.0, 0.0)
    for x in (-1.0, 1.0):
        for y in (-2.0, 2.0):
            assert compiled([x, y]) == [float(fun(number(x), number(y)))]


def test_arguments_may_be_truth_values():
    fun = lambda chosen, x: where(chosen, x, -x)
    compiled = machine(fun, True, 1.0)
    assert compiled([True, 3.0]) == [3.0]
    assert compiled([np.asarray(False), np.float64(3.0)]) == [-3.0]


def test_ties_are_split():
    for op in (autograd.maximum, autograd.minimum):
        compiled = machine(grad(op, argnums=(0, 1)), 1.0, 1.0)
        for point in ((1.0, 1.0), (1.0, 2.0), (2.0, 1.0)):
            assert compiled(point) == [*grad(op, argnums=(0, 1))(*point)]
