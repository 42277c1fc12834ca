"""A formula without what says nothing: numbers multiplied out, equal factors as powers, equal terms together."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce

from . import ops
from .symbols import Call, Expr, Number, format_number, product

__all__ = ["simplified"]


def simplified(formula: Expr) -> Expr:
    """The same quantity in fewer words; sums are not multiplied out, and nothing is cancelled that could be 0.

    >>> from autograd.symbols import Symbol
    >>> x, y = Symbol("x"), Symbol("y")
    >>> print(simplified(0.5 * (2 * (x - y)) * (x * 1)))
    (x - y) · x
    >>> print(simplified(x * y + y * x - 3 * y + y * x**2))
    2 · x · y + y · x^2 - 3 · y
    """
    return _sum(_terms(formula, 1.0))


@dataclass
class _Product:
    """A number times powers of factors, some of them below the line, as `coefficient · above / (divisor · below)`."""

    coefficient: float = 1.0
    divisor: float = 1.0
    above: dict[str, tuple[Expr, float]] = field(default_factory=dict)
    below: dict[str, tuple[Expr, float]] = field(default_factory=dict)

    def key(self) -> tuple[frozenset[tuple[str, float]], ...]:
        """The same for products that differ in their number alone."""
        return tuple(frozenset((name, power) for name, (_, power) in side.items()) for side in (self.above, self.below))

    def multiply(self, formula: Expr, power: float, *, below: bool = False) -> None:
        """Take in one more factor, looking into products and powers."""
        kind = formula.operation if isinstance(formula, Call) else None
        parts = formula.operands if isinstance(formula, Call) else ()
        if isinstance(formula, Number):
            value = ops.pow_.on_floats(formula.value, power)
            if below:
                self.divisor *= value
            else:
                self.coefficient *= value
        elif kind is ops.mul:
            for part in parts:
                self.multiply(part, power, below=below)
        elif kind is ops.neg and power == 1.0:
            self.coefficient = -self.coefficient
            self.multiply(parts[0], power, below=below)
        elif kind is ops.div:
            self.multiply(parts[0], power, below=below)
            self.multiply(parts[1], power, below=not below)
        elif kind is ops.square:
            self.multiply(parts[0], 2.0 * power, below=below)
        elif kind is ops.pow_ and power == 1.0 and _is_whole(exponent := simplified(parts[1])):
            self.multiply(parts[0], exponent.value, below=below)  # type: ignore[attr-defined]
        elif kind in _SUMS:
            total = simplified(formula)
            if isinstance(total, Call) and total.operation in _SUMS:
                self._note(total, power, below)
            else:
                self.multiply(total, power, below=below)
        else:
            self._note(_inside(formula), power, below)

    def _note(self, factor: Expr, power: float, below: bool) -> None:
        side = self.below if below else self.above
        name = str(factor)
        _, so_far = side.get(name, (factor, 0.0))
        side[name] = (factor, so_far + power)

    def add(self, other: _Product) -> None:
        """Take in a product that differs in its number alone."""
        if self.divisor != other.divisor:
            self.coefficient, self.divisor = self.number, 1.0
        self.coefficient += other.coefficient if self.divisor == other.divisor else other.number

    @property
    def number(self) -> float:
        return ops.div.on_floats(self.coefficient, self.divisor)

    def formula(self) -> Expr:
        """The product without the sign of its number."""
        whole = float(format_number(self.number)) == self.number  # else a fraction says more
        number, divisor = (self.number, 1.0) if whole else (self.coefficient, self.divisor)
        top, bottom = _factors(abs(number), self.above), _factors(abs(divisor), self.below)
        top = Number(1.0) if top is None else top
        return top if bottom is None else Call(ops.div.notation, (top, bottom), ops.div)


_SUMS = (ops.add, ops.sub)


def _is_whole(exponent: Expr) -> bool:
    return isinstance(exponent, Number) and exponent.value == int(exponent.value) and 0 < exponent.value < 100


def _inside(formula: Expr) -> Expr:
    """A factor that is not looked into, its operands simplified."""
    if not isinstance(formula, Call):
        return formula
    return Call(formula.notation, [simplified(operand) for operand in formula.operands], formula.operation)


def _factors(number: float, powers: dict[str, tuple[Expr, float]]) -> Expr | None:
    """The factors on one side of the line; None if there are none."""
    factors = [
        factor if power == 1.0 else Call(ops.pow_.notation, (factor, Number(power)), ops.pow_)
        for factor, power in powers.values()
    ]
    if number != 1.0:
        factors.insert(0, Number(number))
    return reduce(product, factors) if factors else None


def _terms(formula: Expr, sign: float) -> list[_Product]:
    """The terms of a sum, as products."""
    if isinstance(formula, Call):
        if formula.operation in _SUMS:
            a, b = formula.operands
            return _terms(a, sign) + _terms(b, sign if formula.operation is ops.add else -sign)
        if formula.operation is ops.neg:
            return _terms(formula.operands[0], -sign)
    term = _Product(sign)
    term.multiply(formula, 1.0)
    if not term.below and abs(term.number) == 1.0 and len(term.above) == 1:
        ((factor, power),) = term.above.values()
        if power == 1.0 and isinstance(factor, Call) and factor.operation in _SUMS:  # once a sum, or a negative one
            return _terms(factor, term.number)
    return [term]


def _sum(terms: list[_Product]) -> Expr:
    """The terms together, those that differ in their number alone as one."""
    together: dict[object, _Product] = {}
    for term in terms:
        first = together.setdefault(term.key(), term)
        if first is not term:
            first.add(term)
    left = [term for term in together.values() if term.number != 0.0]
    if not left:
        return Number(0.0)
    left.sort(key=lambda term: term.number < 0)  # what is added comes first
    total = left[0].formula() if left[0].number > 0 else _negative(left[0].formula())
    for term in left[1:]:
        op = ops.add if term.number > 0 else ops.sub
        total = Call(op.notation, (total, term.formula()), op)
    return total


def _negative(formula: Expr) -> Expr:
    return Number(-formula.value) if isinstance(formula, Number) else Call(ops.neg.notation, [formula], ops.neg)
