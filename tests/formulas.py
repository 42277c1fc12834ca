"""Formulas at random, and reading printed ones back as numbers.

A printed formula is read back by Python's own parser, after its signs are replaced by Python's, and
evaluated: whoever reads it by the usual rules must get the number that the operations give.
"""

import ast
import operator
import re
from itertools import product
from xml.etree import ElementTree

import pytest
from hypothesis import strategies as st

import autograd
from autograd import TABLE
from autograd.op import Elementwise
from autograd.symbols import Call, Number, Symbol

ELEMENTWISE = [op for op in TABLE.values() if isinstance(op, Elementwise)]
COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]


# ---------------------------------------------------------------------- reading formulas back

SIGNS = {"·": "*", "^": "**", "²": "**2", "≤": "<=", "≥": ">=", "≠": "!=", " = ": " == "}
IN_LATEX = {
    r"\begin{cases}": "cases(", r"\end{cases}": ")", r"\text{otherwise}": "1", " & ": ", ", r"\\": ", ",
    r"\left|": "abs(", r"\right|": ")", r"\left": "", r"\right": "", r"\sqrt[3]": "cbrt", r"\sigma": "σ", r"\arc": "a",
    r"\cdot": "*", r"\times": "*", r"\wedge": "and", r"\vee": "or", r"\le": "<=", r"\ge": ">=", r"\ne": "!=",
    r"\_": "_", "^": "**", " = ": " == ",
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


IN_MATHML = {"·": "*", "×": "*", "−": "-", "∧": " and ", "∨": " or ", "≤": "<=", "≥": ">=", "≠": "!=", "=": "==",
    "\N{FUNCTION APPLICATION}": "", "{": ""}  # fmt: skip
RAISED = str.maketrans("−⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "--0123456789")
NAMES = {"arcsin": "asin", "arccos": "acos", "arctan": "atan"}


def parsed(mathml):
    """The formula's one element; what is no XML raises."""
    return ElementTree.fromstring(mathml)


def from_mathml(element):
    """Python's way to write an element; a row adds no brackets of its own, for none are seen."""
    inside = list(map(from_mathml, element))
    match element.tag:
        case "mi":
            return NAMES.get(element.text, element.text)
        case "mn":
            return element.text.translate(RAISED).replace("×10", "e")
        case "mo":
            return IN_MATHML.get(element.text, element.text)
        case "mrow" if element[0].text == element[-1].text == "|":
            return f"abs({''.join(inside[1:-1])})"
        case "mrow":
            return "".join(inside)
        case "mfrac":
            return "({})/({})".format(*inside)
        case "msup":
            return "{}**({})".format(*inside)
        case "msqrt":
            return f"sqrt({''.join(inside)})"
        case "mroot":
            return f"cbrt({inside[0]})"
        case "mtable":
            return f"cases({','.join(inside)})"
        case "mtr":
            return ",".join(inside)
        case "mtd":
            return "".join(inside)
        case "mtext" if element.text == "otherwise":
            return "1"
    raise AssertionError(f"no formula has {element.tag} {element.text!r} in it")


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


# ---------------------------------------------------------------------- formulas as trees

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
        return Call(operation.notation, shown, operation)
    first, second = shown
    if isinstance(first, Number) and isinstance(second, Number):
        second = Symbol(*second.show(), second)  # two plain numbers would be compared at once
    return operation(first, second)


def computed(tree, numbers):
    """The number that a tree stands for."""
    if isinstance(tree, str):
        return numbers[tree]
    if isinstance(tree, float):
        return tree
    operation, *operands = tree
    return operation(*(computed(operand, numbers) for operand in operands))


def is_close(found, tree, numbers):
    """Whether this is that number, up to the six digits that are printed."""
    return found == pytest.approx(computed(tree, numbers), rel=1e-6, abs=1e-6, nan_ok=True)


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


numbers = st.fixed_dictionaries({"x": st.floats(-3, 3), "y": st.floats(-3, 3)})
