"""Which operation's rule is wrong: each is compared on its own, on the numbers that it met."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..array_rules import takes_gradient
from ..graph import Node
from ..op import Elementwise, Op, Reduction
from ..tensor import Tensor, wrap
from ..value import Value
from .comparison import Comparison
from .differences import Kink, kink_at_0
from .mismatch import Difference, GradientMismatch
from .program import Program
from .record import Record, described

__all__ = ["at_kink", "kink_along", "wrong_rule"]


@dataclass(frozen=True)
class Alone:
    """One operation as a program of those operands that have gradients, and the numbers of these operands."""

    program: Program
    operands: list[int]

    @property
    def point(self) -> str:
        """Where it is compared, if it takes one number or a few."""
        numbers = [f"{x:.6g}" for x in self.program.x]
        return f", at {', '.join(numbers)}" if all(s.numbers.ndim == 0 for s in self.program.slots) else ""

    def operand_of(self, difference: Difference) -> int | None:
        """Which operand's derivative differs."""
        if difference.coordinate is None:
            return self.operands[0] if len(self.operands) == 1 else None
        return self.operands[self.program.slot_of(difference.coordinate)]


def wrong_rule(program: Program, found: Difference, record: Record) -> GradientMismatch | None:
    """The error that names the first operation whose own rule differs, or which is at a kink."""
    for node in record.nodes:
        alone = operation_alone(node)
        difference = None if alone is None else _compared(alone, found)
        if alone is None or difference is None:
            continue
        alone, difference = _on_one_element(node, found) or (alone, difference)
        op, operand, site = node.op, alone.operand_of(difference), node.site
        where = described(op, operand, site) + alone.point
        kink = kink_along(alone.program, difference)
        if kink is not None:
            return at_kink(found, kink, op, operand, site)
        if not np.isfinite(difference.numeric):
            message = f"{found}; not finite: {where} has no values around this point: move the inputs"
            return GradientMismatch(message, "not finite", found, op=op, operand=operand, site=site)
        what = "rule gives" if difference.order == 1 else f"rule differentiated to order {difference.order} gives"
        return GradientMismatch(
            f"{found}; wrong rule: {where}: {what} {difference.analytic:.10g}, numeric {difference.numeric:.10g}",
            "wrong rule", found, op=op, operand=operand, site=site,
        )  # fmt: skip
    return None


def _compared(alone: Alone, found: Difference) -> Difference | None:
    modes = ("reverse",) if found.mode == "reverse" else ("reverse", "forward")
    return Comparison(alone.program, found.order, modes).first_mismatch()


# ---------------------------------------------------------------------- an operation as a program


def operation_alone(node: Any) -> Alone | None:
    """The operation of a node, on the operands that it had; None for a leaf, and where operands have changed since."""
    op = node.op
    if op is None:
        return None
    if isinstance(node, Value):
        return _with_free_operands(node.operands, lambda filled: op(*_grouped(op, filled)), Value, 0.0)
    settings = node._b or {}
    constants = [wrap(x._data) if isinstance(x, Tensor) else x for x in node._a]
    if not np.array_equal(op(*constants, **settings)._data, node._data, equal_nan=True):
        return None
    operands = [x if takes_gradient(x) else constant for x, constant in zip(node._a, constants, strict=True)]
    return _with_free_operands(operands, lambda filled: op(*filled, **settings), Tensor, node._data)


def _grouped(op: Op, operands: list[Any]) -> list[Any]:
    """The operands of a reduction as the vectors that they were."""
    if not isinstance(op, Reduction):
        return operands
    length = len(operands) // op.arity
    return [operands[k * length : (k + 1) * length] for k in range(op.arity)]


def _with_free_operands(operands: Any, apply: Any, carrier: type, result: Any) -> Alone:
    """A program of the operands that are nodes; a result that is not one real number is projected to one."""
    free = [i for i, x in enumerate(operands) if takes_gradient(x)]

    def function(*inputs: Any) -> Any:
        filled = list(operands)
        for i, x in zip(free, inputs, strict=True):
            filled[i] = x
        return apply(filled)

    project = np.size(result) != 1 or np.iscomplexobj(result)
    return Alone(Program(function, [carrier(operands[i]._data) for i in free], project=project), free)


def _on_one_element(node: Any, found: Difference) -> tuple[Alone, Difference] | None:
    """For an elementwise operation on arrays: the first element where it differs, alone, without any weights."""
    if not isinstance(node.op, Elementwise) or not np.ndim(node._data):
        return None
    entries = [x if isinstance(x, Node) else np.asarray(x) for x in node._a]
    arrays = [np.asarray(x._data if isinstance(x, Node) else x) for x in entries]
    for point in zip(*(a.ravel() for a in np.broadcast_arrays(*arrays)), strict=True):
        operands = [
            wrap(np.asarray(number)).requires_grad_(takes_gradient(x)) for number, x in zip(point, entries, strict=True)
        ]
        alone = _with_free_operands(operands, lambda filled: node.op(*filled), Tensor, 0.0)
        difference = _compared(alone, found)
        if difference is not None:
            return alone, difference
    return None


# ---------------------------------------------------------------------- kinks


def kink_along(program: Program, found: Difference) -> Kink | None:
    """The kink or jump where a derivative was taken, if what was given for it is a slope of one side or between."""
    kink = kink_at_0(lambda s: program.value(program.x + s * found.direction, found.order))
    if kink is None or kink.is_jump:
        return kink if np.isfinite(found.analytic) else None
    low, high = sorted((kink.left, kink.right))
    slack = 1e-3 * max(abs(low), abs(high))
    return kink if low - slack <= found.analytic <= high + slack else None


def at_kink(
    found: Difference, kink: Kink, op: Op | None = None, operand: int | None = None, site: str | None = None
) -> GradientMismatch:
    """The error for a derivative that cannot be compared."""
    where = f" of {described(op, operand, site)}" if op is not None else ""
    message = (
        f"{found}; a {'jump' if kink.is_jump else 'kink'}{where} at this point or very near: the slope is "
        f"{kink.left:.6g} on one side and {kink.right:.6g} on the other: move the inputs"
    )
    return GradientMismatch(message, "kink", found, op=op, operand=operand, site=site)
