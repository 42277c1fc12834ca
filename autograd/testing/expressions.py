"""Expressions as data: straight-line programs that run on every carrier and print as Python source."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from string import ascii_lowercase
from typing import Any

from ..functions.shaping import stack
from ..op import ATOM, SIGN, TABLE, Notation, NumberOp, Reduction
from .intervals import Bounds, Interval, bounds

__all__ = ["Draft", "Expression", "Leaf", "Line"]

STEEPEST_CHAIN = 100.0  # of slopes multiplied along all paths to a leaf
ANYWHERE = Interval(-2.0, 2.0)  # for a leaf by itself, on which no operation was possible
LONGEST_TEXT = 60  # of a formula that has no name of its own
RESULT = "y"


@dataclass(frozen=True)
class Leaf:
    """An input of an expression: its name, where it may lie, and one number from there."""

    name: str
    interval: Interval
    number: float


@dataclass(frozen=True)
class Line:
    """One operation of an expression.

    An operand is a constant, a float, or the place of an earlier node, a whole number: leaves come first, then
    lines.  A reduction has all elements of its first vector, then as many of its second.
    """

    op: NumberOp
    operands: tuple[int | float, ...]

    def arguments(self, entries: Sequence[Any]) -> Sequence[Any]:
        """What stands for the operands, as the row takes it: in vectors for a reduction."""
        if not isinstance(self.op, Reduction):
            return entries
        length = len(entries) // self.op.arity
        return [list(entries[i * length : (i + 1) * length]) for i in range(self.op.arity)]


@dataclass(frozen=True, repr=False)
class Expression:
    """A formula with shared parts, as a list of leaves and a list of operations; the last one is its result.

    Called on as many numbers as it has leaves, it computes with the carrier of these: floats, `Value`s, tensors,
    arrays, symbols.  Reductions take floats, `Value`s and tensors of one number each.

    >>> from autograd import TABLE
    >>> leaf = Leaf("a", Interval(-2.0, 2.0), 0.5)
    >>> lines = Line(TABLE["sin"], (0,)), Line(TABLE["mul"], (0, 1)), Line(TABLE["add"], (2, 2))
    >>> expression = Expression((leaf,), lines)
    >>> expression
    from autograd import Value, sin
    a = Value(0.5)
    b = a * sin(a)
    y = b + b
    >>> expression(0.0)
    0.0
    """

    leaves: tuple[Leaf, ...]
    lines: tuple[Line, ...]

    def __call__(self, *numbers: Any) -> Any:
        return self.nodes(*numbers)[-1]

    @property
    def point(self) -> tuple[float, ...]:
        """One number for each leaf, at which the expression is smooth."""
        return tuple(leaf.number for leaf in self.leaves)

    @property
    def ops(self) -> tuple[NumberOp, ...]:
        """The op of each line."""
        return tuple(line.op for line in self.lines)

    def nodes(self, *numbers: Any) -> list[Any]:
        """The leaves and the result of every line, in order."""
        if len(numbers) != len(self.leaves):
            names = ", ".join(leaf.name for leaf in self.leaves)
            raise TypeError(f"Expression: takes a number for each of {names}, got {len(numbers)}")
        nodes = list(numbers)
        for line in self.lines:
            nodes.append(line.op(*map(_vector, line.arguments([_read(nodes, x) for x in line.operands]))))
        return nodes

    def source(self) -> str:
        """Python source that computes the expression at its point, to paste into an interpreter."""
        return "\n".join(_Printer(self).source())

    def __repr__(self) -> str:
        return self.source()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What Hypothesis shows: the source on lines of its own, not indented, so that it can be pasted."""
        printer.text(f"\n{self.source()}\n")


def _read(nodes: Sequence[Any], operand: int | float) -> Any:
    return operand if isinstance(operand, float) else nodes[operand]


def _vector(argument: Any) -> Any:
    """Tensors in a list as one tensor, which is what reductions of tensors take."""
    if isinstance(argument, list) and any(hasattr(type(x), "__apply_array__") for x in argument):
        return stack(argument)
    return argument


# ---------------------------------------------------------------------- as Python source


class _Printer:
    """Names for what is used more than once or long, and one formula for each of them."""

    def __init__(self, expression: Expression) -> None:
        self.leaves = expression.leaves
        self.lines = expression.lines
        places = range(len(self.leaves), len(self.leaves) + len(self.lines))
        uses = [x for line in self.lines for x in line.operands if isinstance(x, int)]
        taken = {RESULT, *(line.op.name for line in self.lines), *(leaf.name for leaf in self.leaves)}
        names = _fresh_names(taken)
        self.texts = [(leaf.name, ATOM) for leaf in self.leaves]
        self.named: list[str] = []
        for place, line in zip(places, self.lines, strict=True):
            text = self._formula(line)
            if place == places[-1] or uses.count(place) > 1 or len(text[0]) > LONGEST_TEXT:
                name = RESULT if place == places[-1] else next(names)
                self.named.append(f"{name} = {text[0]}")
                text = name, ATOM
            self.texts.append(text)
        if not self.lines:
            self.named.append(f"{RESULT} = {self.leaves[-1].name}")

    def source(self) -> Iterator[str]:
        functions = {line.op for line in self.lines if not _is_operator(line.op)}
        imported = sorted(op.name for op in functions if _is_public(op))
        yield f"from autograd import {', '.join(['Value', *imported])}"
        yield from (
            f"# {name} is an op of your own" for name in sorted(op.name for op in functions if not _is_public(op))
        )
        yield from (f"{leaf.name} = Value({leaf.number})" for leaf in self.leaves)
        yield from self.named

    def _formula(self, line: Line) -> tuple[str, int]:
        """One operation as text, and how strongly it holds together."""
        operands = [(str(x), SIGN if x < 0 else ATOM) if isinstance(x, float) else self.texts[x] for x in line.operands]
        if not _is_operator(line.op):
            arguments = line.arguments([text for text, _ in operands])
            texts = (x if isinstance(x, str) else f"[{', '.join(x)}]" for x in arguments)
            return f"{line.op.name}({', '.join(texts)})", ATOM
        if line.op.arity == 1:
            ((text, binding),) = operands
            return line.op.symbol + (text if binding == ATOM else f"({text})"), SIGN
        first = "{a:tight}" if line.op.symbol == "**" else "{a}"  # powers are read from the right
        notation = Notation(f"{first} {line.op.symbol} {{b}}", "", line.op.notation.binding)
        return notation.fill(operands), notation.binding


def _is_public(op: NumberOp) -> bool:
    return TABLE.get(op.name) is op


def _is_operator(op: NumberOp) -> bool:
    """Whether Python has an operator for this row, which is then its symbol."""
    return _is_public(op) and (op.symbol in ("+", "*", "/", "**") or op.name in ("sub", "neg"))


def _fresh_names(taken: set[str]) -> Iterator[str]:
    """a, b, c and so on, then a1, b1, c1, without those that are taken."""
    for round_ in count():
        for letter in ascii_lowercase:
            name = f"{letter}{round_ or ''}"
            if name not in taken:
                yield name


# ---------------------------------------------------------------------- growing one


@dataclass
class Draft:
    """An expression that grows by one operation at a time, each kept where its row is well-conditioned.

    A leaf has no interval until an operation first uses it, and asks for one.
    """

    intervals: list[Interval | None]
    lines: list[Line] = field(default_factory=list)
    steepness: list[float] = field(default_factory=list)
    """A bound for the derivatives of each node by the leaves."""

    def __post_init__(self) -> None:
        self.leaf_count = len(self.intervals)
        self.steepness = [1.0] * self.leaf_count

    def interval(self, operand: int | float) -> Interval | None:
        """Where an operand lies; None for a leaf that no operation uses yet."""
        return Interval(operand, operand) if isinstance(operand, float) else self.intervals[operand]

    @property
    def last(self) -> int:
        """The place of the newest node."""
        return len(self.intervals) - 1

    def fits(self, operand: int | float, interval: Interval) -> bool:
        """Whether an operand lies in an interval, or can still be made to."""
        own = self.interval(operand)
        return own is None or interval.covers(own)

    def settle(self, operand: int | float, interval: Interval) -> None:
        """Give an operand that has no interval this one."""
        if isinstance(operand, int) and self.intervals[operand] is None:
            self.intervals[operand] = interval

    def append(self, op: NumberOp, operands: Sequence[int | float]) -> bool:
        """Add an operation, if it is well-conditioned with its operands; whether it is."""
        intervals = [interval for interval in map(self.interval, operands) if interval is not None]
        found = bounds(op, intervals) if len(intervals) == len(operands) else None
        if found is None or self._steepness(operands, found) > STEEPEST_CHAIN:
            return False
        self.lines.append(Line(op, tuple(operands)))
        self.intervals.append(found.result)
        self.steepness.append(self._steepness(operands, found))
        return True

    def _steepness(self, operands: Sequence[int | float], found: Bounds) -> float:
        return sum(
            slope * self.steepness[x] for x, slope in zip(operands, found.slopes, strict=True) if isinstance(x, int)
        )

    def unused(self) -> list[int]:
        """The places of the nodes that no operation uses yet."""
        used = {x for line in self.lines for x in line.operands if isinstance(x, int)}
        return [place for place in range(len(self.intervals)) if place not in used]

    def loose(self) -> list[int]:
        """The places of the results that no operation uses yet."""
        return [place for place in self.unused() if place >= self.leaf_count]

    def finish(self, number: Callable[[Interval], float]) -> Expression:
        """The expression of the last line, without what it does not use.

        Args:
            number: chooses a number for a leaf from its interval.
        """
        used = {self.last}
        for place in range(self.last, self.leaf_count - 1, -1):
            if place in used:
                used.update(x for x in self.lines[place - self.leaf_count].operands if isinstance(x, int))
        kept = sorted(used)
        lines = [self.lines[place - self.leaf_count] for place in kept if place >= self.leaf_count]
        names = _fresh_names({RESULT, *(line.op.name for line in lines)})
        intervals = [self.intervals[place] or ANYWHERE for place in kept if place < self.leaf_count]
        leaves = [Leaf(next(names), interval, number(interval)) for interval in intervals]
        moved = {place: i for i, place in enumerate(kept)}
        return Expression(
            tuple(leaves),
            tuple(
                Line(line.op, tuple(x if isinstance(x, float) else moved[x] for x in line.operands)) for line in lines
            ),
        )
