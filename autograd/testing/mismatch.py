"""The error that a failed check raises, and what it knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Difference", "GradientMismatch"]

ORDINALS = {1: "first", 2: "second", 3: "third"}


@dataclass(frozen=True)
class Difference:
    """Where a derivative that the engine gives is not the one that numbers show.

    Args:
        order: of the derivative.
        mode: `"reverse"` or `"forward"`.
        place: the entry, such as `w[1, 2]`; empty for a direction in which all inputs move.
        analytic: what the engine gives.
        numeric: what the function's values show.
        uncertainty: how far `numeric` may be off.
        rounding: how far rounding alone may move `analytic`: the machine's, times the size of the terms of its sum.
        direction: in which the inputs move.
        coordinate: the number of the entry, if only one moves.
    """

    order: int
    mode: str
    place: str
    analytic: float
    numeric: float
    uncertainty: float
    rounding: float
    direction: np.ndarray[Any, Any]
    coordinate: int | None = None

    @property
    def error(self) -> float:
        """How far the two are apart, in units of the expected rounding."""
        return abs(self.analytic - self.numeric) / self.rounding

    def __str__(self) -> str:
        which = f"{ORDINALS.get(self.order, f'{self.order}th')} derivative"
        by = f"by {self.place}" if self.place else "along a direction in which all inputs move"
        if self.order > 1 and self.direction.size > 1:
            by += " (of the gradient along a fixed direction)"
        return (
            f"the {which} {by} is {self.analytic:.10g} in {self.mode} mode, numerically {self.numeric:.10g} "
            f"(± {self.uncertainty:.1g}; {self.error:.2g} expected roundings apart)"
        )


class GradientMismatch(AssertionError):  # noqa: N818 - it says what is wrong
    """A derivative is not what the function's values say, and why.

    Attributes:
        cause: `"wrong rule"`, `"kink"`, `"cancellation"`, `"cut graph"`, `"non-deterministic"`, `"not finite"`
            or `"unexplained"`.
        difference: the worst entry; None if the check did not come so far.
        op: the operation to blame, and `operand`, which of its derivatives; None if it is none.
        site: the line that applied it.
    """

    __module__ = "autograd.testing"  # where it is found, and what tracebacks show

    def __init__(
        self,
        message: str,
        cause: str,
        difference: Difference | None = None,
        *,
        op: Any = None,
        operand: int | None = None,
        site: str | None = None,
    ) -> None:
        super().__init__(message)
        self.cause = cause
        self.difference = difference
        self.op = op
        self.operand = operand
        self.site = site
