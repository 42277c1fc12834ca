"""Where a row is smooth and of moderate size, found by trying it: reasoning about intervals for any op.

Nothing is known about a row but the row itself: its domain, its singular function and its values on a grid
of points.  So an op of the user's is treated like those of the table.  A feature that falls between the points
of the grid goes unseen: the grid is fine enough for the rows of the table.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from ..op import NumberOp, Reduction

__all__ = ["Bounds", "Interval", "bounds", "margins", "readable", "rooms"]

LARGEST = 10.0  # of results: beyond, sums lose digits and exponentials explode
STEEPEST = 20.0  # of slopes
MOST_CURVED = 100.0  # of second derivatives
FINEST = 64  # ends of intervals are multiples of one part of it
REACH = 5.0  # how far from 0 operands lie, where the domain does not ask for more
ERRORS = (ArithmeticError, ValueError, TypeError)  # the last where a root of a negative number turns complex

POINTS = {0: 1, 1: 33, 2: 9, 3: 5}
"""How many points of the grid lie along each axis, by the number of axes; from four axes on 3."""


class Interval(NamedTuple):
    """All numbers from `low` to `high`, both included.

    >>> Interval(-2.0, 2.0).covers(Interval(0.0, 1.0))
    True
    """

    low: float
    high: float

    def covers(self, other: Interval) -> bool:
        """Whether the other interval lies in this one."""
        return self.low <= other.low and other.high <= self.high


class Bounds(NamedTuple):
    """What a row does with operands from certain intervals: where its result lies, its largest slope by each."""

    result: Interval
    slopes: tuple[float, ...]


WIDTHS = ((-2.0, 2.0), (0.5, 2.5), (-2.5, -0.5), (0.25, 0.75), (-0.25, 0.25), (1.5, 3.5))
"""The intervals to begin with: both signs, one sign, between whole numbers, below 1 and above."""


def bounds(op: NumberOp, operands: Sequence[Interval]) -> Bounds | None:
    """Where the result lies for operands from these intervals, or None where the row is not well-conditioned.

    It is, if all such operands are in its domain, away from its kinks and poles, and its value, slope and
    curvature are moderate.

    Args:
        op: a row of the table, or an elementwise op of the user's.
        operands: one interval each; for a reduction all elements of its first vector, then of its second.

    >>> from autograd import log, mul
    >>> bounds(mul, [Interval(1.0, 2.0), Interval(-3.0, 3.0)]).result
    Interval(low=-6.0, high=6.0)
    >>> print(bounds(log, [Interval(-1.0, 2.0)]))
    None
    """
    return _bounds(op, tuple(_outward(*interval) for interval in operands))


@lru_cache(maxsize=10_000)
def _bounds(op: NumberOp, operands: tuple[Interval, ...]) -> Bounds | None:
    if not isinstance(op, Reduction) and not _in_domain(op, operands):
        return None
    values = _on_grid(lambda *point: op.on_floats(*_arguments(op, point)), operands)
    if not np.isfinite(values).all():
        return None
    slopes, bend, curvature = _differences(values, operands)
    result = _outward(float(values.min()) - bend, float(values.max()) + bend)
    moderate = max(map(abs, result)) <= LARGEST and max(slopes) <= STEEPEST and curvature <= MOST_CURVED
    return Bounds(result, slopes) if moderate else None


def _in_domain(op: NumberOp, operands: Sequence[Interval]) -> bool:
    """Whether a box lies in the domain of a row, with the margin around the singular set."""
    for interval, (low, high) in zip(operands, op.domain.intervals, strict=True):
        if not low < interval.low <= interval.high < high:
            return False
    if op.domain.singular is None:
        return True
    distances = _on_grid(op.domain.singular, operands)
    if not np.isfinite(distances).all() or (distances.min() < 0) != (distances.max() < 0):
        return False
    return bool((np.abs(distances) > op.domain.margin + _half_steps(distances)).all())


def _half_steps(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """How much the values may change on the way from each point to the middle of the cells around it."""
    total = np.zeros_like(values)
    for axis in range(values.ndim):
        steps = np.abs(np.diff(values, axis=axis))
        before, after = ([(side, 1 - side) if i == axis else (0, 0) for i in range(values.ndim)] for side in (1, 0))
        total += np.maximum(np.pad(steps, before), np.pad(steps, after)) / 2
    return total


def _arguments(op: NumberOp, operands: Sequence[Any]) -> Sequence[Any]:
    """The operands as the row takes them: a reduction in vectors of equal length."""
    if not isinstance(op, Reduction):
        return operands
    length = len(operands) // op.arity
    return [operands[i * length : (i + 1) * length] for i in range(op.arity)]


def _on_grid(function: Any, operands: Sequence[Interval]) -> np.ndarray[Any, Any]:
    """The values of a function of floats on a grid over the box, nan where it has none; one axis per operand."""
    wide = sum(interval.low < interval.high for interval in operands)
    counts = [POINTS.get(wide, 3) if interval.low < interval.high else 1 for interval in operands]
    axes = [np.linspace(*interval, count).tolist() for interval, count in zip(operands, counts, strict=True)]
    return np.array([_try(function, point) for point in product(*axes)]).reshape(counts)


def _try(function: Any, point: Sequence[float]) -> float:
    try:
        return float(function(*point))
    except ERRORS:
        return math.nan


def _differences(values: np.ndarray[Any, Any], operands: Sequence[Interval]) -> tuple[tuple[float, ...], float, float]:
    """The largest slope along each axis, how far the function may go between the points, the largest curvature.

    Between points at the distance h, a function with the second derivative c leaves its values there by h² c / 8
    at most; h² c is a second difference, and twice that is allowed.
    """
    slopes, bend, curvature = [], 0.0, 0.0
    for axis, (low, high) in enumerate(operands):
        spacing = (high - low) / max(values.shape[axis] - 1, 1) or 1.0
        first = np.diff(values, axis=axis)
        second = float(np.abs(np.diff(first, axis=axis)).max(initial=0.0))
        slopes.append(float(np.abs(first).max(initial=0.0)) / spacing)
        bend += second / 4
        curvature = max(curvature, second / spacing**2)
    return tuple(slopes), bend, curvature


def _outward(low: float, high: float) -> Interval:
    """The interval with its ends rounded to few digits, never inward; a single number stays what it is."""
    if low == high:
        return Interval(low, high)
    return Interval(math.floor(low * FINEST) / FINEST, math.ceil(high * FINEST) / FINEST)


# ---------------------------------------------------------------------- where to begin


@lru_cache(maxsize=1000)
def rooms(op: NumberOp, length: int = 1) -> tuple[tuple[Interval, ...], ...]:
    """Boxes in which the row is well-conditioned, the widest first; none where it is so in none that is tried.

    Args:
        op: a row of the table, or an elementwise op of the user's.
        length: for a reduction, how many elements its vectors have.

    >>> from autograd import acosh
    >>> rooms(acosh)
    ((Interval(low=1.5, high=3.5),),)
    """
    if isinstance(op, Reduction):
        wide, narrow = (Interval(-2.0, 2.0),), (Interval(-0.25, 0.25),)
        boxes: Iterable[tuple[Interval, ...]] = (wide * (op.arity * length), narrow * (op.arity * length))
    else:
        boxes = product(*(_candidates(*interval) for interval in op.domain.intervals))
    return tuple(box for box in boxes if bounds(op, box))


def _candidates(low: float, high: float) -> list[Interval]:
    """Intervals inside an open one, to try a row on."""
    inside = [Interval(*width) for width in WIDTHS if low < width[0] and width[1] < high]
    return inside or [_somewhere(low, high)]


def _somewhere(low: float, high: float) -> Interval:
    """The middle of an open interval, or what is near to its only end."""
    if math.isinf(low) or math.isinf(high):
        return Interval(low + 1.0, low + 3.0) if math.isinf(high) else Interval(high - 3.0, high - 1.0)
    quarter = min((high - low) / 4, 1.0)
    middle = (low + high) / 2
    return Interval(middle - quarter, middle + quarter)


def margins(op: NumberOp) -> tuple[Interval, ...]:
    """One interval per operand: its domain as far as `REACH`, less the margin at both ends.

    >>> from autograd import pow
    >>> margins(pow)
    (Interval(low=0.011, high=4.999), Interval(low=-4.999, high=4.999))
    """
    margin = op.domain.margin
    near = [(max(low, -REACH), min(high, REACH)) for low, high in op.domain.intervals]
    return tuple(
        Interval(low + margin, high - margin) if high - low > 2 * margin else _somewhere(*whole)
        for (low, high), whole in zip(near, op.domain.intervals, strict=True)
    )


@lru_cache(maxsize=1000)
def readable(interval: Interval) -> tuple[float, ...]:
    """Some dozens of numbers from the interval, those that are written shortest first.

    >>> readable(Interval(-2.0, 2.0))[:7]
    (0.0, 0.5, -0.5, 1.0, -1.0, 1.5, -1.5)
    """
    low, high = interval
    if low == high:
        return (low,)
    step = 2.0 ** math.floor(math.log2((high - low) / 32))
    numbers = [k * step for k in range(math.ceil(low / step), math.floor(high / step) + 1)]
    return tuple(sorted(numbers, key=lambda x: (len(repr(abs(x))), abs(x), x < 0)))
