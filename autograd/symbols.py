"""Rows of the table read by symbols: the formula of a derivative, as text and as LaTeX."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from . import ops
from .op import AND, ATOM, COMPARISON, OR, SIGN, Notation, NumberOp, Reduction
from .operators import Operators

__all__ = ["Call", "Expr", "Number", "Row", "Symbol", "format_number", "product"]


def format_number(x: float) -> str:
    """A number as people write it: whole ones without a point, others to six digits.

    >>> format_number(-4.0), format_number(0.1 + 0.2), format_number(1e-9)
    ('-4', '0.3', '1e-09')
    """
    if x == 0:
        return "0"  # also for -0.0
    return f"{x:.0f}" if abs(x) < 1e6 and x == round(x) else f"{x:.6g}"


class Expr(Operators):
    """A formula; arithmetic on formulas makes formulas, with the obvious simplified away.

    >>> from autograd import exp
    >>> x = Symbol("x")
    >>> print(1 * exp(2 * x) + 0)
    exp(2 · x)
    """

    __slots__ = ()

    def show(self, latex: bool = False) -> tuple[str, int]:
        """The formula printed, and how strongly it holds together."""
        raise NotImplementedError(f"{type(self).__name__}: a formula must define how it is shown")

    def latex(self) -> str:
        return self.show(latex=True)[0]

    def __str__(self) -> str:
        return self.show()[0]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self}>"

    @staticmethod
    def __apply__(op: NumberOp, operands: tuple[Any, ...]) -> Any:
        if isinstance(op, Reduction):
            raise TypeError(f"{op.name}: its formula is written element by element")
        arguments = tuple(x if isinstance(x, Expr) else Number(float(x)) for x in operands)
        return _simplified(op, arguments)

    def substitute(self, read: Callable[[Symbol], Expr]) -> Expr:
        """The same formula, with something else for each of its symbols; nothing is computed."""
        return self

    def __lt__(self, other: Any) -> Any:
        return _compare("<", "<", operator.lt, self, other)

    def __le__(self, other: Any) -> Any:
        return _compare("≤", r"\le", operator.le, self, other)

    def __gt__(self, other: Any) -> Any:
        return _compare(">", ">", operator.gt, self, other)

    def __ge__(self, other: Any) -> Any:
        return _compare("≥", r"\ge", operator.ge, self, other)

    def __eq__(self, other: Any) -> Any:
        return _compare("=", "=", operator.eq, self, other)

    def __ne__(self, other: Any) -> Any:
        return _compare("≠", r"\ne", operator.ne, self, other)

    def __and__(self, other: Any) -> Any:
        if isinstance(other, bool):
            return self if other else False
        return Call(Notation("{a} and {b}", r"{a} \wedge {b}", AND), (self, other))

    def __or__(self, other: Any) -> Any:
        if isinstance(other, bool):
            return True if other else self
        return Call(Notation("{a} or {b}", r"{a} \vee {b}", OR), (self, other))

    __rand__, __ror__ = __and__, __or__

    __hash__ = object.__hash__

    def __bool__(self) -> NoReturn:
        raise TypeError("a formula is neither true nor false: write where(condition, a, b) instead of if")


class Symbol(Expr):
    """A name, or any formula that stands for a quantity and is not looked into.

    Args:
        name: what is printed.
        binding: how strongly it holds together; by default a plain name needs no brackets, else it does.
        formula: printed instead of the name, which LaTeX writes otherwise.
    """

    __slots__ = ("binding", "formula", "name")

    def __init__(self, name: str, binding: int | None = None, formula: Expr | None = None) -> None:
        plain = ATOM if _PLAIN_NAME.fullmatch(name) else OR
        self.name = name
        self.binding = plain if binding is None else binding
        self.formula = formula

    def show(self, latex: bool = False) -> tuple[str, int]:
        if self.formula is not None:
            return self.formula.show(latex)
        return self.name, self.binding

    def substitute(self, read: Callable[[Symbol], Expr]) -> Expr:
        return read(self)


class Number(Expr):
    """A plain number in a formula."""

    __slots__ = ("value",)

    def __init__(self, value: float) -> None:
        self.value = value

    def show(self, latex: bool = False) -> tuple[str, int]:
        text = format_number(self.value)
        return text, SIGN if text.startswith("-") else ATOM


class Call(Expr):
    """An operation on formulas, printed as its notation says."""

    __slots__ = ("notation", "operands")

    def __init__(self, notation: Notation, operands: Iterable[Expr]) -> None:
        self.notation = notation
        self.operands = tuple(operands)

    def show(self, latex: bool = False) -> tuple[str, int]:
        shown = [operand.show(latex) for operand in self.operands]
        return self.notation.fill(shown, latex=latex), self.notation.binding

    def substitute(self, read: Callable[[Symbol], Expr]) -> Expr:
        return Call(self.notation, [operand.substitute(read) for operand in self.operands])


_PLAIN_NAME = re.compile(r"\w+(\[[^\[\]]*\])*")
"""Names that need no brackets: `w`, `w[0]`."""


class Row(Expr):
    """Formulas in a row: an operand of a reduction."""

    __slots__ = ("entries",)

    def __init__(self, entries: Iterable[Expr]) -> None:
        self.entries = tuple(entries)

    def show(self, latex: bool = False) -> tuple[str, int]:
        entries = ", ".join(entry.show(latex)[0] for entry in self.entries)
        return rf"\left[{entries}\right]" if latex else f"[{entries}]", ATOM

    def substitute(self, read: Callable[[Symbol], Expr]) -> Expr:
        return Row([entry.substitute(read) for entry in self.entries])


def product(a: Expr, b: Expr) -> Call:
    """Two factors side by side, also where one is 1."""
    return Call(ops.mul.notation, (a, b))


def _compare(text: str, latex: str, decide: Callable[[float, float], bool], a: Expr, b: Any) -> Any:
    """A condition on formulas; between two plain numbers, its answer."""
    b = b if isinstance(b, Expr) else Number(float(b))
    if isinstance(a, Number) and isinstance(b, Number):
        return decide(a.value, b.value)
    return Call(Notation(f"{{a}} {text} {{b}}", f"{{a}} {latex} {{b}}", COMPARISON), (a, b))


def _value(x: Expr) -> float | None:
    return x.value if isinstance(x, Number) else None


def _simplified(op: NumberOp, operands: tuple[Expr, ...]) -> Expr:
    """The operation on these formulas, without zeros, ones and double signs that say nothing."""
    values = [_value(x) for x in operands]
    if None not in values:
        return Number(op.on_floats(*values))
    for matches, result in _OBVIOUS.get(op, ()):
        if matches(*values):
            return result(*operands)  # type: ignore[no-any-return]
    if op is ops.neg and isinstance(operands[0], Call) and operands[0].notation is op.notation:
        return operands[0].operands[0]
    return Call(op.notation, operands)


_Case = tuple[Callable[..., bool], Callable[..., Any]]
_OBVIOUS: dict[NumberOp, list[_Case]] = {
    ops.add: [(lambda a, b: a == 0, lambda a, b: b), (lambda a, b: b == 0, lambda a, b: a)],
    ops.sub: [(lambda a, b: a == 0, lambda a, b: -b), (lambda a, b: b == 0, lambda a, b: a)],
    ops.mul: [
        (lambda a, b: a == 1, lambda a, b: b),
        (lambda a, b: b == 1, lambda a, b: a),
        (lambda a, b: a == -1, lambda a, b: -b),
        (lambda a, b: b == -1, lambda a, b: -a),
        (lambda a, b: a == 0 or b == 0, lambda a, b: Number(0.0)),
    ],
    ops.div: [(lambda a, b: b == 1, lambda a, b: a), (lambda a, b: a == 0, lambda a, b: Number(0.0))],
    ops.where: [(lambda a, b, c: a is not None, lambda a, b, c: b if a.value else c)],
    ops.pow_: [(lambda a, b: b == 1, lambda a, b: a), (lambda a, b: b == 0, lambda a, b: Number(1.0))],
}
