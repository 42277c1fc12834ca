"""Registers of LLVM's, and the lines that fill them."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import numpy as np

from ...op import Op
from ...operators import Operators
from .rows import C_LIBRARY, FORMULAS, LINES, WHOLE_LINES

__all__ = ["DOUBLE", "TRUTH", "WHOLE", "Code", "Number", "Unknown"]

DOUBLE, WHOLE, TRUTH = "double", "i64", "i1"
"""What a register of LLVM's holds: a number, a whole number, or a truth value."""
TO_DOUBLE = {WHOLE: "sitofp i64 {} to double", TRUTH: "uitofp i1 {} to double"}
PART = 1000
"""How many lines a function has at most: the longer one is, the longer a compiler takes for each."""


class Unknown(Exception):  # noqa: N818 - NumPy will do it
    """There is no machine code for this."""


class Code:
    """Straight-line code in LLVM's language.

    It is cut into parts, each a function of one array of numbers, in which the arguments come first, then the
    results; behind them lies whatever is computed in one part and read in another.

    Args:
        size: how many arguments and results there are.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._parts: list[list[str]] = [[]]
        self._known: dict[str, Number] = {}
        """What was computed in this part, by the line that does it."""
        self._count = 0

    def compute(self, kind: str, line: str, *operands: Number) -> Number:
        """The register that a line fills, in which `{}` stands for each operand; no line is written twice."""
        self._begin()
        return self._line(kind, line.format(*map(self._read, operands)))

    def store(self, x: Number, place: int) -> None:
        """Put a result into its place."""
        self._begin()
        self._put(self._parts[-1], f"%result{place}", f"double {self._read(x)}", place)

    def literal(self, x: Any) -> Number:
        """A plain number, to the bit, or a truth value."""
        if isinstance(x, (bool, np.bool_)):
            return Number(self, TRUTH, str(x).lower(), None)
        try:
            if isinstance(x, int):
                return Number(self, WHOLE, str(*struct.unpack("<q", struct.pack("<q", x))), None)
            bits = struct.unpack("<Q", struct.pack("<d", x))[0]
        except struct.error:  # a complex number, a whole one that is too large
            raise Unknown from None
        return Number(self, DOUBLE, f"0x{bits:016X}", None)

    def argument(self, place: int, kind: str) -> Number:
        """What the caller puts into a place."""
        return Number(self, kind, "", [], place)

    def _begin(self) -> None:
        """A new part, if this one is long enough."""
        if len(self._parts[-1]) >= PART:
            self._parts.append([])
            self._known.clear()

    def _read(self, x: Number) -> str:
        """What this part calls a number, which it may have to fetch."""
        if x.part is None or x.part is self._parts[-1]:
            return x.name
        pointer = self._line("ptr", f"getelementptr double, ptr %numbers, i64 {self._place(x, x.part)}")
        kind = DOUBLE if x.kind == TRUTH else x.kind
        fetched = self._line(kind, f"load {kind}, ptr {pointer.name}")
        return (self._line(TRUTH, f"fcmp une double {fetched.name}, 0.0") if x.kind == TRUTH else fetched).name

    def _place(self, x: Number, part: list[str]) -> int:
        """Where in the array the part that computes a number leaves it for others."""
        if x.place is None:
            x.place, self.size = self.size, self.size + 1
            name, kind = x.name, x.kind
            if kind == TRUTH:
                name, kind = f"%number{x.place}", DOUBLE
                part.append(f"{name} = uitofp i1 {x.name} to double")
            self._put(part, f"%place{x.place}", f"{kind} {name}", x.place)
        return x.place

    @staticmethod
    def _put(part: list[str], pointer: str, number: str, place: int) -> None:
        part.append(f"{pointer} = getelementptr double, ptr %numbers, i64 {place}")
        part.append(f"store {number}, ptr {pointer}")

    def _line(self, kind: str, text: str) -> Number:
        found = self._known.get(text)
        if found is None:
            self._count += 1
            found = self._known[text] = Number(self, kind, f"%r{self._count}", self._parts[-1])
            self._parts[-1].append(f"{found.name} = {text}")
        return found

    def __str__(self) -> str:
        """The whole text: what it calls, the parts, and one function that calls them in turn."""
        calls = [f"call void @part{i}(ptr %numbers)" for i in range(len(self._parts))]
        text = [f"declare double @c.{name}({', '.join([DOUBLE] * op.arity)})" for op, name in C_LIBRARY.items()]
        for name, lines in [*((f"part{i}", part) for i, part in enumerate(self._parts)), ("program", calls)]:
            text += [f"define void @{name}(ptr %numbers) {{", *lines, "ret void", "}"]
        return "\n".join(text)


class Number(Operators):
    """A register of LLVM's: a row of the table that reads it writes the line that computes the row.

    Args:
        code: what the line belongs to.
        kind: what the register holds.
        name: what it is called in its part of the code.
        part: the lines of that part; None for a plain number, which needs none.
        place: where it lies in the array of numbers, if it does.
    """

    __slots__ = ("code", "kind", "name", "part", "place")

    def __init__(self, code: Code, kind: str, name: str, part: list[str] | None, place: int | None = None) -> None:
        self.code, self.kind, self.name, self.part, self.place = code, kind, name, part, place

    @staticmethod
    def __apply__(op: Op, operands: tuple[Any, ...]) -> Number:
        code = next(x.code for x in operands if isinstance(x, Number))
        numbers = [x if isinstance(x, Number) else code.literal(x) for x in operands]
        if op in WHOLE_LINES and all(x.kind == WHOLE for x in numbers):
            return code.compute(WHOLE, WHOLE_LINES[op], *numbers)
        if op in LINES:
            return code.compute(DOUBLE, LINES[op], *[x.as_double() for x in numbers])
        if op not in FORMULAS:
            raise Unknown
        result = FORMULAS[op](*[x.as_double() if x.kind == WHOLE else x for x in numbers])  # before they overflow
        return result if isinstance(result, Number) else code.literal(result).as_double()

    def as_double(self) -> Number:
        """The number itself; 1 for true and 0 for false, as in NumPy."""
        if self.kind == WHOLE and self.part is None:
            return self.code.literal(float(int(self.name)))
        return self if self.kind == DOUBLE else self.code.compute(DOUBLE, TO_DOUBLE[self.kind], self)

    def as_truth(self) -> Number:
        """Whether the number is not 0."""
        return self if self.kind == TRUTH else self.code.compute(TRUTH, "fcmp une double {}, 0.0", self.as_double())

    def choose(self, b: Number, c: Number) -> Number:
        """Where this is true b, else c."""
        line = "select i1 {}, double {}, double {}"
        return self.code.compute(DOUBLE, line, self.as_truth(), b.as_double(), c.as_double())

    def _compare(self, name: str, other: Any) -> Number:
        other = other if isinstance(other, Number) else self.code.literal(other)
        of_numbers, of_whole_ones = COMPARISONS[name]
        if self.kind == other.kind == WHOLE:  # as floats, two that differ may be equal
            return self.code.compute(TRUTH, f"icmp {of_whole_ones} i64 {{}}, {{}}", self, other)
        return self.code.compute(TRUTH, f"fcmp {of_numbers} double {{}}, {{}}", self.as_double(), other.as_double())

    def _combine(self, name: str, other: Any) -> Number:
        if not isinstance(other, Number) or not self.kind == other.kind == TRUTH:
            raise Unknown
        return self.code.compute(TRUTH, f"{name} i1 {{}}, {{}}", self, other)

    def __invert__(self) -> Number:
        return self._combine("xor", self.code.literal(True))

    def __bool__(self) -> bool:
        raise Unknown


def _operator(reading: Callable[[Number, str, Any], Number], name: str) -> Callable[[Number, Any], Number]:
    return lambda self, other: reading(self, name, other)


COMPARISONS = {
    "lt": ("olt", "slt"), "le": ("ole", "sle"), "gt": ("ogt", "sgt"),
    "ge": ("oge", "sge"), "eq": ("oeq", "eq"), "ne": ("une", "ne"),
}  # fmt: skip
"""What LLVM calls them, of numbers and of whole ones."""
for _reading, _names in ((Number._compare, COMPARISONS), (Number._combine, ("and", "or", "xor"))):
    for _name in _names:
        setattr(Number, f"__{_name}__", _operator(_reading, _name))
