"""The comparison of a program's derivatives with numerical ones, order by order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .differences import Estimate, difference
from .mismatch import Difference
from .program import Program, nodes_of, numbers_of
from .rounding import DOUBLE, expected_rounding, unit_roundoff

__all__ = ["Comparison", "Tolerance"]

FEW = 16  # entries that are looked at one by one
MANY = 256  # entries above which the worst one is found by halving
DIRECTIONS = 2
NOTHING = 1e-6  # beside numbers of size 1: terms so small count as no terms
LEVEL = 1e-3  # of the largest entry: those above it get equal weights
ROUNDINGS = 100.0  # of the expected size that are excused: terms add up

Vector = np.ndarray[Any, Any]
Oracle = Callable[[Vector], Estimate]


@dataclass(frozen=True)
class Tolerance:
    """How far the derivatives may be apart beside what rounding explains; None for what the dtype allows."""

    rtol: float | None = None
    atol: float = 0.0

    def relative(self, unit: float, exact: bool) -> float:
        """The part relative to the derivative; differences are not as sharp as the complex step."""
        if self.rtol is not None:
            return self.rtol
        return max(1e-9 if exact else 3e-9, 100 * unit)


@dataclass
class Comparison:
    """One program, and how it is to be compared.

    Args:
        program: the function at its point.
        order: up to which derivatives are compared.
        modes: `"reverse"`, and `"forward"` too if the program runs on tensors.
        exhaustive: whether every entry is compared on its own, however many there are.
    """

    program: Program
    order: int
    modes: Sequence[str] = ("reverse",)
    exhaustive: bool = False
    tolerance: Tolerance = field(default_factory=Tolerance)

    def first_mismatch(self) -> Difference | None:
        """The worst entry of the lowest order in which something differs; None if all is well."""
        for order in range(1, self.order + 1):
            found = _Order(self, order).mismatch()
            if found is not None:
                return found
        return None


class _Order:
    """The derivatives of one order at one point."""

    def __init__(self, comparison: Comparison, order: int) -> None:
        self.program = program = comparison.program
        self.comparison = comparison
        self.order = order
        self.n = program.x.size
        with program.at(program.x, own_dtype=True) as carriers:
            y = program.differentiated(carriers, order)
            self.unit = unit_roundoff(y)
            self.gradient = program.gradient(y, carriers)
            nodes = nodes_of(carriers)
            found = expected_rounding(y, nodes, program.rng)
        pairs = zip(found.by_leaf, nodes, strict=True)
        sizes = np.concatenate([np.zeros(0), *(_as_reals(m, x._data) for m, x in pairs)])
        self.terms = max(1.0, found.of_value, abs(float(numbers_of(y))))
        self.rounding = self.unit * np.maximum(np.maximum(sizes, np.abs(self.gradient)), NOTHING)

    def mismatch(self) -> Difference | None:
        if not np.isfinite(self.gradient).all():
            i = int(np.argmin(np.isfinite(self.gradient)))
            return self._difference(self._axis(i), self._by_values(self._axis(i)), "reverse", i)
        one_by_one = self.n <= FEW or self.comparison.exhaustive
        axes = [self._axis(i) for i in range(self.n)] if one_by_one else []
        directions = [self._random_direction() for _ in range(DIRECTIONS)]
        if self.order > 1:
            plan = [(self._by_values, v) for v in (axes if self.comparison.exhaustive else directions[:1])]
        elif self._runs_on_duals():
            plan = [(self._by_operations, v) for v in axes or [v * self._evenly() for v in directions]]
            plan.append((self._by_values, directions[0]))
        else:
            plan = [(self._by_values, v) for v in axes or directions]
        for oracle, v in plan:
            if self._differs(oracle, v, "reverse"):
                return self._worst(oracle, "reverse", v)
        if "forward" in self.comparison.modes and not self.program.on_values:
            oracle, v = plan[0][0], directions[0]
            if self._differs(oracle, v, "forward"):
                return self._worst(oracle, "forward", v)
        return None

    def _differs(self, oracle: Oracle, v: Vector, mode: str) -> bool:
        """Whether the derivative along a direction is wrong."""
        found = oracle(v)
        if self._agrees(v, found, mode):
            return False
        if oracle != self._by_operations:
            return True
        values = self._by_values(v)  # they have the last word where an operation cannot be measured exactly on its own
        return not self._agrees(v, values, mode) or (found.uncertainty == 0 and self._agree(found, values))

    # ------------------------------------------------------------------ directions

    def _axis(self, i: int) -> Vector:
        return np.asarray(np.eye(1, self.n, i)[0])

    def _random_direction(self) -> Vector:
        """A direction in which every input moves, by about as much as it is large."""
        rng = self.program.rng
        reach = np.maximum(1.0, np.abs(self.program.x)) / np.sqrt(max(self.n, 1))
        return np.asarray(rng.uniform(0.5, 1.5, self.n) * rng.choice((-1.0, 1.0), self.n) * reach)

    def _evenly(self) -> Vector:
        """Weights with which every entry adds about the same to the derivative along a direction."""
        sizes = np.asarray(self.rounding / self.unit)
        least = LEVEL * sizes.max(initial=NOTHING)
        return np.asarray(least / np.maximum(sizes, least))

    # ------------------------------------------------------------------ oracles

    def _by_values(self, v: Vector) -> Estimate:
        """The derivative along a direction by differences of the program; in small steps if long ones fail."""
        x = self.program.x
        found = difference(lambda s: self.program.value(x + s * v, self.order), DOUBLE * self.terms)
        if found.uncertainty <= 1e-6 * abs(found.value):
            return found
        nearest = np.abs(x[(v != 0) & (x != 0)]).min(initial=1.0)
        if nearest < 1:
            closer = difference(lambda s: self.program.value(x + s * nearest * v, self.order), DOUBLE * self.terms)
            closer = Estimate(closer.value / nearest, closer.uncertainty / nearest)
            if not found.uncertainty * abs(closer.value) <= closer.uncertainty * abs(found.value):  # relatively, or nan
                return closer
        return found

    def _by_operations(self, v: Vector) -> Estimate:
        """The same, measured at each operation: exact to rounding if the operations are analytic or linear."""
        value, exact = self.program.tangent(self.program.x, v)
        return Estimate(value, 0.0 if exact else 1e-12 * abs(value))

    def _runs_on_duals(self) -> bool:
        """Whether the function takes dual numbers, as it does if it is written in operators and functions of arrays."""
        if self.program.on_values:
            return False
        try:
            self.program.tangent(self.program.x, np.zeros(self.n))
        except Exception:  # whatever it is: the differences need no dual numbers
            return False
        return True

    # ------------------------------------------------------------------ verdicts

    def _analytic(self, v: Vector, mode: str) -> float:
        return float(self.gradient @ v) if mode == "reverse" else self.program.forward(v, self.order)

    def _allowed(self, v: Vector, analytic: float, numeric: Estimate) -> float:
        exact = numeric.uncertainty == 0.0
        relative = self.comparison.tolerance.relative(self.unit, exact) * max(abs(analytic), abs(numeric.value))
        terms = ROUNDINGS * float(self.rounding @ np.abs(v))
        return float(relative + terms + 10 * numeric.uncertainty + self.comparison.tolerance.atol)

    def _agrees(self, v: Vector, numeric: Estimate, mode: str) -> bool:
        """Whether the two are as close as they should be, and the numeric one is worth something."""
        analytic = self._analytic(v, mode)
        allowed = self._allowed(v, analytic, numeric)
        size = max(abs(analytic), abs(numeric.value), float(np.abs(self.gradient) @ np.abs(v)))
        least = 1e-9 * self.terms + self.comparison.tolerance.atol
        vague = numeric.uncertainty > 1e-3 * size + least
        return abs(analytic - numeric.value) <= allowed and not vague

    def _agree(self, one: Estimate, other: Estimate) -> bool:
        allowed = 10 * other.uncertainty + 1e-7 * abs(other.value)
        return bool(abs(one.value - other.value) <= allowed)

    def _worst(self, oracle: Oracle, mode: str, v: Vector) -> Difference:
        """The entry that is off most, compared with what it is allowed to be off; else the direction itself."""
        candidates: Sequence[int] = range(self.n)
        if self.n > MANY:
            candidates = [self._by_halves(oracle, mode, v)]
        worst, excess = None, 1.0
        for i in candidates:
            axis = self._axis(i)
            numeric = oracle(axis)
            analytic = self._analytic(axis, mode)
            allowed = self._allowed(axis, analytic, numeric)
            ratio = abs(analytic - numeric.value) / allowed if np.isfinite(numeric.value) else np.inf
            if ratio > excess:
                worst, excess = self._difference(axis, numeric, mode, i), ratio
        return worst or self._difference(v, oracle(v), mode, None)

    def _by_halves(self, oracle: Oracle, mode: str, v: Vector) -> int:
        """One of the entries that are off, found by looking at ever smaller blocks."""
        block = np.arange(self.n)
        while len(block) > 1:
            halves = np.array_split(block, 2)
            errors = []
            for half in halves:
                part = np.zeros(self.n)
                part[half] = v[half]
                numeric = oracle(part)
                analytic = self._analytic(part, mode)
                errors.append(abs(analytic - numeric.value) / self._allowed(part, analytic, numeric))
            block = halves[int(np.argmax(errors))]
        return int(block[0])

    def _difference(self, v: Vector, numeric: Estimate, mode: str, i: int | None) -> Difference:
        analytic, found = self._analytic(v, mode), float(numeric.value)
        rounding = max(float(self.rounding @ np.abs(v)), self.unit * max(abs(analytic), abs(found)))
        place = "" if i is None else self.program.place(i)
        return Difference(self.order, mode, place, analytic, found, float(numeric.uncertainty), rounding, v, i)


def _as_reals(size: Any, data: Any) -> Vector:
    """A magnitude for each real number of a leaf."""
    size = np.broadcast_to(size, np.shape(data)).ravel()
    return np.repeat(size, 2) if np.asarray(data).dtype.kind == "c" else size
