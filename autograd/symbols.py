"""Rows of the table read by symbols: the formula of a derivative, as text, LaTeX and MathML."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from numbers import Real
from typing import Any, NoReturn

import numpy as np

from . import ops
from .notation import AND, ATOM, COMPARISON, LATEX, MATHML, OR, TEXT, Notation, Style, format_number, is_plain, layout
from .op import NumberOp, Reduction
from .operators import Operators

__all__ = ["Call", "Expr", "Number", "Row", "Slot", "Symbol", "format_number", "product"]


class Expr(Operators):
    """A formula; arithmetic on formulas makes formulas, with the obvious simplified away.

    >>> from autograd import exp
    >>> x = Symbol("x")
    >>> print(1 * exp(2 * x) + 0)
    exp(2 · x)
    """

    __slots__ = ()

    def show(self, style: Style = TEXT) -> tuple[str, int]:
        """The formula printed, and how strongly it holds together."""
        raise NotImplementedError(f"{type(self).__name__}: a formula must define how it is shown")

    def latex(self) -> str:
        """The formula for LaTeX's mathematics, with amsmath."""
        return self.show(LATEX)[0]

    def mathml(self) -> str:
        """The formula as one element of MathML, to stand inside `<math>`.

        >>> Symbol("w_1").mathml()
        '<msub><mi>w</mi><mn>1</mn></msub>'
        """
        return self.show(MATHML)[0]

    def __str__(self) -> str:
        return self.show()[0]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self}>"

    @staticmethod
    def __apply__(op: NumberOp, operands: tuple[Any, ...]) -> Any:
        if isinstance(op, Reduction):
            raise TypeError(f"{op.name}: its formula is written element by element")
        return _simplified(op, tuple(map(_formula, operands)))

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *operands: Any, **settings: Any) -> Any:
        """A function of NumPy on formulas is the row that uses it on arrays, or a comparison."""
        row = _OF_NUMPY.get(ufunc)
        scalars = all(isinstance(x, (Expr, Real)) or np.shape(x) == () for x in operands)
        if row is None or method != "__call__" or settings or not scalars:
            return NotImplemented
        return row(*map(_formula, operands))

    def __array_function__(self, function: Any, _types: Any, operands: Any, settings: Any) -> Any:
        return ops.where(*operands) if function is np.where else NotImplemented

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
        return Call(CONJUNCTION, (self, other), operator.and_)

    def __or__(self, other: Any) -> Any:
        if isinstance(other, bool):
            return True if other else self
        return Call(DISJUNCTION, (self, other), operator.or_)

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
        if binding is None:
            binding = ATOM if is_plain(name) else OR
        self.name = name
        self.binding = binding
        self.formula = formula

    def show(self, style: Style = TEXT) -> tuple[str, int]:
        if self.formula is not None:
            return self.formula.show(style)
        return style.name(self.name), self.binding

    def substitute(self, read: Callable[[Symbol], Expr]) -> Expr:
        return read(self)


class Number(Expr):
    """A plain number in a formula."""

    __slots__ = ("value",)

    def __init__(self, value: float) -> None:
        self.value = value

    def show(self, style: Style = TEXT) -> tuple[str, int]:
        return style.number(self.value)


class Slot(Expr):
    """The place of a number that will change: in MathML its element carries the key, elsewhere it is a number.

    It is one text, as `−2` or `1.5×10⁻⁷`.  Where a negative number would need brackets, they belong to the
    slot, and its element has `data-brackets`: whoever changes the number puts it in brackets if the text
    begins with a minus sign or holds a `×`, and takes them away if not.

    >>> x, slot = Symbol("x"), Slot("w", -2.0)
    >>> (slot * x).mathml()
    '<mrow><mn data-slot="w">−2</mn><mo>·</mo><mi>x</mi></mrow>'
    >>> (x * slot).mathml()
    '<mrow><mi>x</mi><mo>·</mo><mrow data-slot="w" data-brackets=""><mo>(</mo><mn>−2</mn><mo>)</mo></mrow></mrow>'
    """

    __slots__ = ("key", "value")

    def __init__(self, key: str, value: float) -> None:
        self.key = key
        self.value = value

    def show(self, style: Style = TEXT) -> tuple[str, int]:
        return style.changing(self.key, self.value)


class Call(Expr):
    """An operation on formulas, printed as its notation says.

    Args:
        notation: how it is printed.
        operands: what it is applied to.
        operation: the row, or the comparison of Python's `operator`; None if the formula is to be looked at only.
    """

    __slots__ = ("notation", "operands", "operation")

    def __init__(
        self, notation: Notation, operands: Iterable[Expr], operation: Callable[..., Any] | None = None
    ) -> None:
        self.notation = notation
        self.operands = tuple(operands)
        self.operation = operation

    def show(self, style: Style = TEXT) -> tuple[str, int]:
        shown = [operand.show(style) for operand in self.operands]
        return self.notation.fill(shown, style), self.notation.binding

    def substitute(self, read: Callable[[Symbol], Expr]) -> Expr:
        return Call(self.notation, [operand.substitute(read) for operand in self.operands], self.operation)


class Row(Expr):
    """Formulas in a row: an operand of a reduction."""

    __slots__ = ("entries",)

    def __init__(self, entries: Iterable[Expr]) -> None:
        self.entries = tuple(entries)

    def show(self, style: Style = TEXT) -> tuple[str, int]:
        return style.row([entry.show(style)[0] for entry in self.entries]), ATOM

    def substitute(self, read: Callable[[Symbol], Expr]) -> Expr:
        return Row([entry.substitute(read) for entry in self.entries])


def product(a: Expr, b: Expr) -> Call:
    """Two factors side by side, also where one is 1."""
    return Call(ops.mul.notation, (a, b), ops.mul)


CONJUNCTION = Notation("{a} and {b}", r"{a} \wedge {b}", AND, layout("{a} ∧ {b}"))
DISJUNCTION = Notation("{a} or {b}", r"{a} \vee {b}", OR, layout("{a} ∨ {b}"))


def _formula(x: Any) -> Expr:
    return x if isinstance(x, Expr) else Number(float(x))


def _compare(text: str, latex: str, decide: Callable[[float, float], bool], a: Expr, b: Any) -> Any:
    """A condition on formulas; between two plain numbers, its answer."""
    b = _formula(b)
    if isinstance(a, Number) and isinstance(b, Number):
        return decide(a.value, b.value)
    return Call(Notation(f"{{a}} {text} {{b}}", f"{{a}} {latex} {{b}}", COMPARISON), (a, b), decide)


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
    return Call(op.notation, operands, op)


_OF_NUMPY: dict[np.ufunc, Callable[..., Any]] = {
    np.less: operator.lt, np.less_equal: operator.le, np.greater: operator.gt, np.greater_equal: operator.ge,
    np.equal: operator.eq, np.not_equal: operator.ne, np.logical_and: operator.and_, np.logical_or: operator.or_,
    **{row.ufunc: row for row in ops.TABLE.values() if row.ufunc is not None},
}  # fmt: skip

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
