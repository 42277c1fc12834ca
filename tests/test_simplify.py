"""Simplified formulas: shorter, and of the same value wherever the longer one has one."""

import pytest
import sympy
from hypothesis import assume, given, strategies as st

import autograd
from autograd import TABLE
from autograd.simplify import simplified
from autograd.symbols import Call, Number, Symbol

from .formulas import computed, evaluated, from_text, numbers, spelled, trees

ARITHMETIC = [TABLE[name] for name in ("add", "sub", "mul", "div", "neg", "square", "pow", "tanh", "exp")]
x, y, z = Symbol("x"), Symbol("y"), Symbol("z")


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (0.5 * (2 * (x - y)), "x - y"),
        (0.5 * (2 * (x - y)) * z, "(x - y) · z"),
        (x * x * x, "x^3"),
        (x * (y * x), "x^2 · y"),
        (x.square() * x, "x^3"),
        (x + x, "2 · x"),
        (x * y - y * x, "0"),
        (x * y + 3 * (y * x) - x, "4 · x · y - x"),
        (-(x - y), "y - x"),
        (-x * -y, "x · y"),
        (-(x * y), "-x · y"),
        (-x + y, "y - x"),
        (x - (y - (z + x)), "2 · x + z - y"),
        (1 / (3 * y.square()), "1 / (3 · y^2)"),
        (2 / (4 * y), "0.5 / y"),
        (x / y / z, "x / (y · z)"),
        (x / (y / z), "x · z / y"),
        (x / x, "x / x"),  # not 1: x may be 0
        (x * 0.1 * 10, "x"),
        (autograd.tanh(x * 1 + x), "tanh(2 · x)"),
        (x**y * x, "x^y · x"),
        (x**2 * x**0.5, "x^2 · x^0.5"),
        (x ** (3 + 0 * y) * x, "x^4"),
        (spelled((TABLE["add"], "x", (TABLE["pow"], -3.0, (TABLE["neg"], -3.0)))), "x - 27"),
        (autograd.where(x > 0, 1.0 * y, y + y), "(y if x > 0 else 2 · y)"),
        (Number(2.0) * x + 0, "2 · x"),
        (x + 1.0 * (x + y), "2 · x + y"),
        (x + 2 * (x + y), "x + 2 · (x + y)"),
        (x - 1.0 * (x - y), "y"),
        (Number(-3.0) * 2, "-6"),
    ],
)
def test_examples(formula, text):
    assert str(simplified(formula)) == text


@given(trees(ARITHMETIC), numbers)
def test_the_value_stays(tree, numbers):
    """Where everything on the way is a number that six digits say well enough."""
    formula = spelled(tree)
    parts = []

    def value(formula):
        found = evaluated(from_text(str(formula)), **numbers)
        parts.append(abs(found))
        for operand in formula.operands if isinstance(formula, Call) else ():
            value(operand)
        return found

    value(formula)
    assume(all(part == 0 or 1e-3 < part < 1e4 for part in parts))
    short = simplified(formula)
    assert evaluated(from_text(str(short)), **numbers) == pytest.approx(computed(tree, numbers), rel=1e-2, abs=1e-2)
    assert str(simplified(short)) == str(short)


polynomials = [TABLE[name] for name in ("add", "sub", "mul", "neg", "square")]


@given(trees(polynomials))
def test_sympy_agrees(tree):
    """Exactly, on whole numbers: the difference of the two is the polynomial 0."""
    whole = {-0.5: 3.0, 1e-9: 4.0, -2.5e7: -5.0}

    def rounded(tree):
        return tuple(map(rounded, tree)) if isinstance(tree, tuple) else whole.get(tree, tree)

    formula = spelled(rounded(tree))
    names = {name: sympy.Symbol(name) for name in "xy"}
    exact, short = (sympy.sympify(from_text(str(f)), names, rational=True) for f in (formula, simplified(formula)))
    assume("e" not in str(simplified(formula)))  # a number of more than six digits
    assert sympy.expand(exact - short) == 0


@given(st.integers(1, 6))
def test_equal_terms_come_together(count):
    assert str(simplified(sum([x * y] * count, Number(0.0)))) == (f"{count} · x · y" if count > 1 else "x · y")
