"""Formulas: what they look like, and that their brackets mean what was computed.

A printed formula is read back by Python's own parser, after its signs are replaced by Python's, and
evaluated: whoever reads it by the usual rules must get the number that the operations give.
"""

import ast
import math
import operator
import re
from itertools import product

import pytest
from hypothesis import assume, given, strategies as st

import autograd
from autograd import TABLE
from autograd.op import ATOM, PRODUCT, SIGN, SUM, Elementwise
from autograd.symbols import Call, Number, Symbol, format_number, product as side_by_side

ELEMENTWISE = [op for op in TABLE.values() if isinstance(op, Elementwise)]
COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]

x, y = Symbol("x"), Symbol("y")

# ---------------------------------------------------------------------- reading formulas back

SIGNS = {"·": "*", "^": "**", "²": "**2", "≤": "<=", "≥": ">=", "≠": "!=", " = ": " == "}
IN_LATEX = {
    r"\begin{cases}": "cases(", r"\end{cases}": ")", r"\text{otherwise}": "1", " & ": ", ", r"\\": ", ",
    r"\left|": "abs(", r"\right|": ")", r"\left": "", r"\right": "", r"\sqrt[3]": "cbrt", r"\sigma": "σ", r"\arc": "a",
    r"\cdot": "*", r"\wedge": "and", r"\vee": "or", r"\le": "<=", r"\ge": ">=", r"\ne": "!=", r"\_": "_",
    "^": "**", " = ": " == ",
}  # fmt: skip
FUNCTIONS = {
    **TABLE, "σ": autograd.sigmoid, "max": autograd.maximum, "min": autograd.minimum,
    "frac": lambda a: lambda b: autograd.div(a, b),
    "cases": lambda b, a, c, otherwise: autograd.where(float(a), b, c),
}  # fmt: skip
OPERATIONS = {
    ast.Add: autograd.add, ast.Sub: autograd.sub, ast.Mult: autograd.mul, ast.Div: autograd.div, ast.Pow: autograd.pow,
    ast.USub: autograd.neg, ast.And: all, ast.Or: any,
    **dict(zip((ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq), COMPARISONS, strict=True)),
}  # fmt: skip


def replaced(text, signs):
    for sign, meaning in signs.items():
        text = text.replace(sign, meaning)
    return text


def from_text(text):
    """Python's way to write a formula; a bar opens where an operand may begin."""
    parts = []
    for part in re.split(r"(\|)", replaced(text, SIGNS)):
        begins = not parts or parts[-1][-1] in " (-*"
        parts += [("abs(" if begins else ")") if part == "|" else part] if part else []
    return "".join(parts)


def from_latex(text):
    text = re.sub(r"\\operatorname{([\w\\]+)}", r"\1", text)
    return re.sub(r"\\(?=[a-z])", "", replaced(text, IN_LATEX)).translate(str.maketrans("{}", "()"))


def evaluated(python, **numbers):
    """The number that an expression stands for, by the operations of the table."""

    def read(node):
        match node:
            case ast.Constant():
                return float(node.value)
            case ast.Name():
                return numbers[node.id]
            case ast.BinOp():
                return OPERATIONS[type(node.op)](read(node.left), read(node.right))
            case ast.UnaryOp():
                return OPERATIONS[type(node.op)](read(node.operand))
            case ast.BoolOp():
                return OPERATIONS[type(node.op)](map(read, node.values))
            case ast.Compare(ops=[sign], comparators=[right]):
                return OPERATIONS[type(sign)](read(node.left), read(right))
            case ast.IfExp():
                return read(node.body) if read(node.test) else read(node.orelse)
            case ast.List():
                return list(map(read, node.elts))
            case ast.Call():
                function = FUNCTIONS[node.func.id] if isinstance(node.func, ast.Name) else read(node.func)
                return function(*map(read, node.args))
        raise AssertionError(f"no formula has {ast.unparse(node)} in it")

    return read(ast.parse(python, mode="eval").body)


def test_formulas_are_read_back():
    """The instrument itself, on formulas written by hand."""
    assert evaluated(from_text("-x² · |1 - |y|| / (2 if x ≤ 1 and y = 3 else σ(0))"), x=1.0, y=3.0) == -1.0
    latex = r"{\left(-x\right)}^{2} \cdot \frac{\left|y\right|}{\operatorname{log1p}\left(e\right)}"
    assert evaluated(from_latex(latex), x=3.0, y=-2.0, e=math.e - 1) == pytest.approx(18.0)
    latex = r"\begin{cases}\sigma\left(0\right) & x \le 1 \wedge y = 3\\2 & \text{otherwise}\end{cases}"
    assert evaluated(from_latex(latex), x=1.0, y=3.0) == 0.5


# ---------------------------------------------------------------------- brackets

LEAVES = ["x", "y", -3.0, -0.5, 0.0, 1.0, 2.0, 1e-9, -2.5e7]


@st.composite
def trees(draw, operations=tuple(ELEMENTWISE), depth=3):
    """A name, a number, or a tuple of an operation and smaller trees."""
    if not depth or not draw(st.integers(0, 3)):
        return draw(st.sampled_from(LEAVES))
    op = draw(st.sampled_from(operations))
    operands = [draw(trees(operations, depth - 1)) for _ in range(op.arity)]
    if op is autograd.where and draw(st.booleans()):
        operands[0] = draw(conditions(operations, depth - 1))
    return (op, *operands)


@st.composite
def conditions(draw, operations, depth):
    if depth and draw(st.booleans()):
        join = draw(st.sampled_from([operator.and_, operator.or_]))
        return join, draw(conditions(operations, depth - 1)), draw(conditions(operations, depth - 1))
    return draw(st.sampled_from(COMPARISONS)), draw(trees(operations, depth)), draw(trees(operations, depth))


def spelled(tree):
    """The formula of a tree, sign for sign: nothing is simplified."""
    if isinstance(tree, str):
        return Symbol(tree)
    if isinstance(tree, float):
        return Number(tree)
    operation, *operands = tree
    shown = map(spelled, operands)
    if operation in TABLE.values():
        return Call(operation.notation, shown)
    first, second = shown
    if isinstance(first, Number) and isinstance(second, Number):
        second = Symbol(*second.show())  # two plain numbers would be compared at once
    return operation(first, second)


def computed(tree, numbers):
    if isinstance(tree, str):
        return numbers[tree]
    if isinstance(tree, float):
        return tree
    operation, *operands = tree
    return operation(*(computed(operand, numbers) for operand in operands))


def nested():
    """Every row with every row as each of its operands, and every condition in every other."""
    for outer, inner in product(ELEMENTWISE, repeat=2):
        for place in range(outer.arity):
            operands = ["x", "y", 2.0][: outer.arity]
            operands[place] = (inner, *["y", "x", -2.0][: inner.arity])
            yield (outer, *operands)
    for outer, inner in product([operator.and_, operator.or_], repeat=2):
        for place in range(2):
            operands = [(operator.lt, (autograd.neg, "x"), "y"), (operator.ge, 0.0, "x")]
            operands[place] = (inner, operands[place], (operator.le, (autograd.add, "x", "y"), 1.0))
            yield autograd.where, (outer, *operands), 1.0, 2.0


def text_agrees(tree, numbers):
    """To the last bit: the same operations in the same order."""
    return repr(evaluated(from_text(str(spelled(tree))), **numbers)) == repr(computed(tree, numbers))


def latex_agrees(tree, numbers):
    """Up to rounding: e^x is the power of a rounded number."""
    found = evaluated(from_latex(spelled(tree).latex()), e=math.e, **numbers)
    return found == pytest.approx(computed(tree, numbers), rel=1e-6, abs=1e-6, nan_ok=True)


@pytest.mark.parametrize("agrees", [text_agrees, latex_agrees])
def test_brackets_of_every_row_in_every_row(agrees):
    points = [{"x": x, "y": y} for x in (0.75, -2.0) for y in (-1.5, 2.0)]
    wrong = {str(spelled(tree)) for tree in nested() for numbers in points if not agrees(tree, numbers)}
    assert not wrong


numbers = st.fixed_dictionaries({"x": st.floats(-3, 3), "y": st.floats(-3, 3)})


@given(trees(), numbers)
def test_brackets_of_deeper_formulas(tree, numbers):
    assert text_agrees(tree, numbers)
    assert latex_agrees(tree, numbers)


@pytest.mark.parametrize(
    ("formula", "text", "latex"),
    [
        (-(x + y), "-(x + y)", r"-\left(x + y\right)"),
        (-(x * y), "-x · y", r"-x \cdot y"),
        (-(x**2), "-x^2", "-{x}^{2}"),
        ((-x) ** 2, "(-x)^2", r"{\left(-x\right)}^{2}"),
        (x ** (-y), "x^(-y)", "{x}^{-y}"),
        (x - (y - x), "x - (y - x)", r"x - \left(y - x\right)"),
        (x - y - x, "x - y - x", "x - y - x"),
        (x * (-2.0), "x · (-2)", r"x \cdot \left(-2\right)"),
        (-2.0 * x, "-2 · x", r"-2 \cdot x"),
        (x / (y * x), "x / (y · x)", r"\frac{x}{y \cdot x}"),
        (x / y * x, "x / y · x", r"\frac{x}{y} \cdot x"),
        ((x + y) ** (x / y), "(x + y)^(x / y)", r"{\left(x + y\right)}^{\frac{x}{y}}"),
        ((x**y) ** 3, "(x^y)^3", r"{\left({x}^{y}\right)}^{3}"),
        (x.exp() * x.sqrt(), "exp(x) · sqrt(x)", r"e^{x} \cdot \sqrt{x}"),
        (abs(x - y).square(), "|x - y|²", r"{\left|x - y\right|}^{2}"),
        (x.reciprocal() + (x * y).sigmoid(), "1 / x + σ(x · y)", r"\frac{1}{x} + \sigma\left(x \cdot y\right)"),
        (autograd.where(x, 1.0, y), "(1 if x else y)", r"\begin{cases}1 & x\\y & \text{otherwise}\end{cases}"),
        (x.leaky_relu(), "leaky_relu(x, 0.01)", r"\operatorname{leaky\_relu}\left(x, 0.01\right)"),
        (autograd.maximum(x + 1, y), "max(x + 1, y)", r"\max\left(x + 1, y\right)"),
        (side_by_side(Number(1.0), x + y), "1 · (x + y)", r"1 \cdot \left(x + y\right)"),
        (Symbol("a + b", SUM) * x, "(a + b) · x", r"\left(a + b\right) \cdot x"),
        (Symbol("a · b", PRODUCT) * x - Symbol("-c", SIGN), "a · b · x - (-c)", r"a · b \cdot x - \left(-c\right)"),
    ],
)
def test_examples(formula, text, latex):
    assert (str(formula), formula.latex()) == (text, latex)


@pytest.mark.parametrize("op", ELEMENTWISE, ids=lambda op: op.name)
def test_every_row_prints_its_operands(op):
    """Each of them, once, in the row's own order in the text."""
    letters = "abc"[: op.arity]
    call = Call(op.notation, map(Symbol, letters))
    shown, in_latex = (re.findall(r"(?<![a-z])[abc](?![a-z])", text) for text in (str(call), call.latex()))
    assert shown == list("bac" if op.name == "where" else letters)
    assert sorted(in_latex) == list(letters)
    assert repr(call) == f"<Call {op.formula()}>"


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


def test_names_and_bindings():
    assert (str(Symbol("w[0]") ** 2), Symbol("w").show()) == ("w[0]^2", ("w", ATOM))
    assert repr(x + 1) == "<Call x + 1>"
    assert len({Symbol("x"), Symbol("x")}) == 2
