"""The third gate: a tree of Python's parser, every node of which is on a list of what is allowed."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from .. import ops
from ..op import TABLE, Elementwise, NumberOp, Reduction, to_float
from .errors import Source, nearest
from .formula import Formula, Operation, Statement, Step
from .tokens import Line, Scanner, Token

__all__ = ["parse"]

ALIASES = {"max": "maximum", "min": "minimum", "ln": "log"}

BINARY: dict[type[ast.operator], Elementwise] = {
    ast.Add: ops.add, ast.Sub: ops.sub, ast.Mult: ops.mul, ast.Div: ops.div, ast.Pow: ops.pow_,
}  # fmt: skip
COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip


def parse(text: str) -> Formula:
    """Read a formula, or several separated by `;` or line breaks, all but the last of them with names.

    It may hold decimal numbers; names in Latin and Greek letters; `+ - * / **` and brackets; the functions of the
    table, the reductions among them on lists, as in `dot([a, b], [c, d])`; comparisons as the first operand of
    `where`; and `pi` and `e`.  Numbers are floats, so that no power is too large to compute.

    Args:
        text: the formula.

    Returns:
        The formula, to be called, or computed as a graph by `on`.

    Raises:
        FormulaError: the text holds anything else, or more than the bounds of this module allow.
        TypeError: `text` is no string.

    >>> parse("2x + 1")
    Traceback (most recent call last):
    autograd.parsing.FormulaError: an operator is missing between '2' and 'x': a product is written with *
    2x + 1
     ^
    """
    if not isinstance(text, str):
        raise TypeError(f'parse: takes a formula as text, as in parse("w*x + b"), got {text!r}')
    return _Reader(text).formula()


class _Reader(Source):
    """Reads the lines of a text one after the other, each knowing the names of those before it."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.statements: list[Statement] = []
        self.targets: set[str] = set()
        self.places: dict[str, int] = {}  # where each name that needs a value, and each constant, is read first

    def formula(self) -> Formula:
        *before, last = Scanner(self.text).lines()
        for line in before:
            if line.target is None:
                position = line.tokens[0].position
                self.refuse("only the last formula may be without a name: write z = …", position)
            self.read(line)
        self.read(last)
        return Formula(self.text, self.statements, self.places)

    def read(self, line: Line) -> None:
        start, end = line.tokens[0].position, line.tokens[-1].end
        text = re.sub(r"[\r\n]", " ", self.text[start:end])  # breaks inside brackets: the columns stay
        steps = list(self.steps(ast.parse(text, mode="eval").body, text, start))
        if line.target is not None:
            self.check_target(line.target, steps)
        self.statements.append(Statement(line.target.text if line.target else "", steps))

    def check_target(self, target: Token, steps: list[Step]) -> None:
        if target.text in self.places or target.text in self.targets:
            self.refuse(f"{target.text} means something already: choose another name", target.position)
        if len(steps) == 1 and isinstance(steps[0], str):
            self.refuse(f"{target.text} would be another name for {steps[0]}: use one of them", target.position)
        self.targets.add(target.text)

    def steps(self, tree: ast.expr, text: str, start: int) -> Iterator[Step]:
        """The tree in Polish notation, operations before their operands: without recursion, however deep it is.

        Lists and comparisons are no numbers: they are allowed where a function that takes them expects them.
        """
        expected: set[ast.expr] = set()
        waiting: list[ast.expr] = [tree]
        while waiting:
            node = waiting.pop()
            position = start + len(text.encode()[: node.col_offset].decode())  # ast counts bytes
            operands: list[ast.expr] = []
            match node:
                case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                    yield to_float(number)
                case ast.Name(id=name):
                    if name not in self.targets:
                        self.places.setdefault(name, position)
                    yield name
                case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                    operands = [operand]
                case ast.UnaryOp(op=ast.USub(), operand=operand):
                    operands = [operand]
                    yield Operation(ops.neg, 1)
                case ast.BinOp(left=left, op=sign, right=right) if type(sign) in BINARY:
                    operands = [left, right]
                    yield Operation(BINARY[type(sign)], 2)
                case ast.Call(func=ast.Name(id=name), args=operands, keywords=[]):
                    op = self.function(name, operands, position)
                    if isinstance(op, Reduction):
                        expected.update(operands)
                    elif op is ops.where:
                        expected.update(x for x in operands[:1] if isinstance(x, ast.Compare))
                    yield Operation(op, len(operands))
                case ast.List(elts=operands) if node in expected:
                    yield Operation(_listed, len(operands))
                case ast.Compare(left=left, ops=[sign], comparators=[right]) if (
                    node in expected and type(sign) in COMPARISONS
                ):
                    operands = [left, right]
                    yield Operation(COMPARISONS[type(sign)], 2)
                case _:
                    self.refuse_node(node, position)
            waiting.extend(reversed(operands))

    def refuse_node(self, node: ast.expr, position: int) -> NoReturn:
        match node:
            case ast.List():
                self.refuse("a list stands only where sum and dot take one, as in sum([a, b])", position)
            case ast.Compare(ops=[_]):
                self.refuse("a comparison stands only in front of a choice, as in where(a > b, a, b)", position)
            case ast.Compare():
                self.refuse("compare two numbers at a time, as in where(a > b, a, b)", position)
            case _:
                self.refuse("only numbers, names, + - * / ** and functions are parts of formulas", position)

    def function(self, name: str, operands: list[ast.expr], position: int) -> NumberOp:
        """The row of the table that a name calls, if it takes these operands."""
        op = TABLE.get(ALIASES.get(name, name))
        if op is None:
            hint = nearest(name, [*TABLE, *ALIASES]) or f": a product is written {name}*(…)"
            self.refuse(f"there is no function {name}{hint}", position)
        least = op.arity - len(op.defaults) if isinstance(op, Elementwise) else op.arity
        if not least <= len(operands) <= op.arity:
            takes = f"{least} or {op.arity}" if least < op.arity else f"{least}"
            plural = "" if op.arity == 1 else "s"
            example = ", ".join("abc"[: op.arity])
            self.refuse(f"{name} takes {takes} operand{plural}, as in {name}({example}), got {len(operands)}", position)
        if isinstance(op, Reduction):
            lengths = [len(x.elts) for x in operands if isinstance(x, ast.List)]
            if len(lengths) < op.arity or len(set(lengths)) > 1:
                example = ", ".join(["[a, b]", "[c, d]"][: op.arity])
                self.refuse(f"{name} takes lists of one length, as in {name}({example})", position)
        return op


def _listed(*elements: Any) -> list[Any]:
    return list(elements)
