"""Symbols and numbers in the place of floats: what is simplified, decided and substituted, and NumPy's functions."""

import math

import numpy as np
import pytest
from hypothesis import assume, given

import autograd
from autograd.op import ATOM
from autograd.symbols import Number, Symbol, format_number

from .formulas import ELEMENTWISE, computed, evaluated, from_text, numbers, spelled, trees

x, y = Symbol("x"), Symbol("y")


# ---------------------------------------------------------------------- simplification


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (0 + x, "x"),
        (x + 0.0, "x"),
        (0 - x, "-x"),
        (x - 0, "x"),
        (1 * x, "x"),
        (x * 1.0, "x"),
        (-1 * x, "-x"),
        (x * -1.0, "-x"),
        (0 * x, "0"),
        (x * 0.0, "0"),
        (x / 1, "x"),
        (0 / x, "0"),
        (x**1, "x"),
        (x**0, "1"),
        (x.neg().neg(), "x"),
        (+x, "x"),
        (2 * Number(3.0), "6"),
        (Number(1.0) / 0, "inf"),
        (Number(-1.0).log(), "nan"),
        (autograd.where(Number(1.0), x, y), "x"),
        (autograd.where(Number(0.0), x, y), "y"),
        (autograd.where(True, x, y), "x"),
        (2 * x, "2 · x"),
        (x - 1, "x - 1"),
        (x - x, "x - x"),
    ],
)
def test_the_obvious_is_simplified(formula, text):
    assert str(formula) == text


@given(trees(ELEMENTWISE[:7]), numbers)
def test_simplified_formulas_have_the_same_value(tree, numbers):
    """Where no number on the way is infinite, or too small for the six digits that are printed."""
    on_the_way = []

    def both(tree):
        if not isinstance(tree, tuple):
            return spelled(tree), computed(tree, numbers)
        op, *operands = tree
        formulas, values = zip(*map(both, operands), strict=True)
        on_the_way.append(abs(op(*values)))
        return op(*formulas), op(*values)

    formula, expected = both(tree)
    assume(all(x == 0 or 1e-4 < x < 1e4 for x in on_the_way))
    assert evaluated(from_text(str(formula)), **numbers) == pytest.approx(expected, rel=1e-2, abs=1e-2)


# ---------------------------------------------------------------------- numbers, names, conditions


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (2.0, "2"), (-4.0, "-4"), (0.0, "0"), (0.5, "0.5"), (0.1 + 0.2, "0.3"), (2 / 3, "0.666667"), (1e-9, "1e-09"),
        (123456.0, "123456"), (1234567.0, "1.23457e+06"), (1e300, "1e+300"), (math.inf, "inf"), (-math.inf, "-inf"),
        (math.nan, "nan"), (5e-324, "4.94066e-324"),
    ],
)  # fmt: skip
def test_numbers(number, text):
    assert format_number(number) == str(Number(number)) == text


def test_names_and_bindings():
    assert (str(Symbol("w[0]") ** 2), Symbol("w").show()) == ("w[0]^2", ("w", ATOM))
    assert repr(x + 1) == "<Call x + 1>"
    assert len({Symbol("x"), Symbol("x")}) == 2


def test_symbols_are_substituted_and_nothing_is_computed():
    formula = autograd.where(x > y, 1 * x.exp() + y, 0.0) * 2
    numbers = {x: Number(0.0), y: Number(-1.0)}
    assert str(formula.substitute(numbers.get)) == "(exp(0) + (-1) if 0 > -1 else 0) · 2"
    assert str(formula) == "(exp(x) + y if x > y else 0) · 2"


def test_conditions_between_numbers_are_decided():
    two, three = Number(2.0), Number(3.0)
    assert [two < three, two <= 2, two == 2, two != 3] == [True] * 4
    assert [two > three, two >= 3.0, two == three, two != 2] == [False] * 4
    assert str((x > 1) & (two < three)) == str((x > 1) | (two > three)) == "x > 1"
    assert ((x > 1) & (two > three), (x > 1) | (two < three)) == (False, True)


@pytest.mark.parametrize("formula", [x, x > 0, x + 1, Number(1.0)])
def test_a_formula_is_neither_true_nor_false(formula):
    with pytest.raises(TypeError, match=r"neither true nor false: write where\(condition, a, b\) instead of if"):
        bool(formula)


def test_reductions_have_no_formula_of_their_own():
    with pytest.raises(TypeError, match="dot: its formula is written element by element"):
        autograd.dot([x], [2.0])


# ---------------------------------------------------------------------- functions of NumPy


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (np.exp(x), "exp(x)"),
        (np.minimum(x, 0) - np.absolute(y), "min(x, 0) - |y|"),
        (np.float64(2.0) * x, "2 · x"),
        (np.float64(2.0) < x, "2 < x"),
        (np.where(x > 0, x, y), "(x if x > 0 else y)"),
        (np.where(np.logical_or(np.greater(x, 0), y == 1), x, y), "(x if x > 0 or y = 1 else y)"),
    ],
)
def test_functions_of_numpy_are_rows(formula, text):
    assert str(formula) == text


@pytest.mark.parametrize(
    "call",
    [lambda: np.fmod(x, 2.0), lambda: np.add(x, np.ones(2)), lambda: np.add.outer(x, 2.0),
     lambda: np.add(x, 2.0, dtype=float), lambda: np.sum(x), lambda: np.where(x)],
)  # fmt: skip
def test_other_functions_of_numpy_refuse(call):
    with pytest.raises(TypeError):
        call()
