"""Formulas as people type them, at random, and the error for a text that is none."""

import pytest
from hypothesis import strategies as st

import autograd
from autograd import TABLE
from autograd.op import Reduction
from autograd.parsing import CONSTANTS, FormulaError, parse

NAMES = ("a", "b", "θ_1")
ALIASES = {"max": autograd.maximum, "min": autograd.minimum, "ln": autograd.log}
FUNCTIONS = {**TABLE, **ALIASES}


def refusal(text, **values):
    """The error for a text, or for its values."""
    with pytest.raises(FormulaError) as caught:
        parse(text)(**values)
    return caught.value


numbers = st.one_of(
    st.integers(0, 12).map(str),
    st.floats(0, 1e6).map(repr),
    st.sampled_from(["1_000", ".5", "2.", "1e-3", "1.5E+2", "0.0", "00"]),
)
gaps = st.sampled_from(["", "", " ", "  ", "\t"])

signs = st.sampled_from(["", "", "", "-", "+", "- -", "-+"])


@st.composite
def formulas(draw, depth=3):
    """A formula as text, with `{}` around each number; precedence is left to whoever reads it."""
    operands = draw(st.integers(1, 4 if depth else 1))
    text = draw(signs) + draw(terms(depth))
    for _ in range(operands - 1):
        sign = draw(st.sampled_from(["+", "-", "*", "/", "**"]))
        text += draw(gaps) + sign + draw(gaps) + draw(signs) + draw(terms(depth))
    return text


@st.composite
def terms(draw, depth):
    kind = draw(st.integers(0, 5)) if depth else draw(st.integers(0, 1))
    inner = formulas(depth - 1)
    if kind == 0:
        return f"{{{draw(numbers)}}}"
    if kind in (1, 2):
        return draw(st.sampled_from([*NAMES, *NAMES, *CONSTANTS]))
    if kind == 3:
        return f"({draw(inner)})"
    name = draw(st.sampled_from([*FUNCTIONS]))
    op = FUNCTIONS[name]
    if isinstance(op, Reduction):
        length = draw(st.integers(1, 3))
        lists = [", ".join(draw(inner) for _ in range(length)) for _ in range(op.arity)]
        return f"{name}([{'], ['.join(lists)}])"
    given_operands = [draw(inner) for _ in range(op.arity)]
    if name == "where" and draw(st.booleans()):
        given_operands[0] += draw(st.sampled_from([" < ", "<=", ">", ">=", "==", "!="])) + draw(inner)
    return f"{name}({', '.join(given_operands)})"
