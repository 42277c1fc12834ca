"""Dual numbers whose tangents come from values: a function's derivative without any of the rules.

They pass through the function as those of forward mode do, but what an operation does to a tangent is
measured at the operation itself: by the complex step for rows of the table, which is exact to rounding
(Squire and Trapp 1998), by applying an array op that is linear to the tangents, and by differences
for all others.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..array_op import ARRAY_TABLE, ArrayOp
from ..arrays.reductions import plain
from ..dual import Dual, parted
from ..op import TABLE, NumberOp, Op, Reduction
from ..quiet import quiet
from ..tensor import Tensor, wrap
from .differences import difference

__all__ = ["NumericDual"]

STEP = 1e-100  # squared it is nothing beside any number, and no difference is taken
AGREEMENT = 1e-6  # between the complex step and differences, where nobody vouches for the complex step


class NumericDual(Dual):
    """A tensor and its derivative along a direction, found numerically.

    Args:
        level, primal, tangent: as of dual numbers.
        exact: whether all measurements so far are exact to rounding.
    """

    __slots__ = ("exact",)

    def __init__(self, level: int, primal: Any, tangent: Any, *, exact: bool) -> None:
        super().__init__(level, primal, tangent)
        self.exact = exact

    @staticmethod
    def __apply__(op: NumberOp, operands: tuple[Any, ...], **settings: Any) -> Any:
        if isinstance(op, Reduction):
            return Tensor.__apply__(op, operands, **settings)
        return _applied(op, operands, {}, lambda numbers, tangents: _row_tangent(op, numbers, tangents))

    @staticmethod
    def __apply_array__(op: ArrayOp, operands: tuple[Any, ...], settings: dict[str, Any]) -> Any:
        return _applied(
            op, operands, settings, lambda numbers, tangents: _array_tangent(op, numbers, tangents, settings)
        )


def _applied(op: Op, operands: tuple[Any, ...], settings: dict[str, Any], measured: Callable[..., Any]) -> Any:
    """The op on the values, and beside it what was measured of its derivative along the tangents."""
    level, primals, tangents = parted(operands)
    if any(type(x) is Dual and x.level == level for x in operands):  # of a transform inside the function
        if isinstance(op, ArrayOp):
            return Dual.__apply_array__(op, operands, settings)
        return Dual.__apply__(op, operands)  # type: ignore[arg-type]
    y = op(*primals, **settings)
    numbers = [plain(x) if isinstance(x, (Tensor, Dual)) else x for x in primals]
    steps = [np.zeros_like(x) if t is None else plain(t) for x, t in zip(numbers, tangents, strict=True)]
    tangent, exact = measured(numbers, steps)
    exact = exact and all(x.exact for x in operands if isinstance(x, NumericDual))
    return NumericDual(level, y, wrap(np.asarray(np.broadcast_to(tangent, y.shape), y.dtype)), exact=exact)


def _row_tangent(op: NumberOp, numbers: list[Any], tangents: list[Any]) -> tuple[Any, bool]:
    if any(np.iscomplexobj(x) for x in (*numbers, *tangents)):
        return _difference(op.array, numbers, tangents), False
    if TABLE.get(op.name) is op:
        return _complex_step(op, numbers, tangents), True
    found = _difference(op.array, numbers, tangents)
    try:
        exact = _complex_step(op, numbers, tangents)
    except Exception:  # a function of the user's that takes no complex numbers
        return found, False
    scale = 1 + np.abs(found).max(initial=0)
    agrees = np.shape(exact) == np.shape(found) and (np.abs(exact - found) <= AGREEMENT * scale).all()
    return (exact, True) if agrees else (found, False)


def _complex_step(op: NumberOp, numbers: list[Any], tangents: list[Any]) -> Any:
    with quiet():
        moved = [np.asarray(x) + 1j * STEP * t for x, t in zip(numbers, tangents, strict=True)]
        return np.imag(op.complex(*moved)) / STEP


def _array_tangent(op: ArrayOp, numbers: list[Any], tangents: list[Any], settings: dict[str, Any]) -> tuple[Any, bool]:
    def forward(*operands: Any) -> Any:
        return op.forward(*operands, **settings)

    if ARRAY_TABLE.get(op.name) is not op or not op.linear:
        return _difference(forward, numbers, tangents), False
    if op.linear == "jointly":
        return forward(*tangents), True
    return sum(forward(*numbers[:i], t, *numbers[i + 1 :]) for i, t in enumerate(tangents)), True


def _difference(function: Callable[..., Any], numbers: list[Any], tangents: list[Any]) -> Any:
    def moved(s: float) -> Any:
        return function(*(x + s * t if np.any(t) else x for x, t in zip(numbers, tangents, strict=True)))

    return difference(moved).value
