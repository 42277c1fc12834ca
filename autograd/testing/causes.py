"""Why a derivative differs although every operation is right: what the graph does not show."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..array_op import ArrayOp
from ..op import NumberOp
from ..quiet import quiet, quietly
from ..rules import local_derivatives
from ..tensor import Tensor
from .blame import at_kink, kink_along, wrong_rule
from .mismatch import Difference, GradientMismatch
from .program import Program
from .record import Record, described, numbers, operand_numbers, recorded

__all__ = ["explained"]

NUDGE = 2.0**-12  # of the inputs, to see what moves with them
NEAR = 2.0**-15  # of a kink: differences cannot be taken in shorter steps
LOST = 1e5  # how much larger than the result terms are, where their cancellation is worth telling


def explained(program: Program, found: Difference) -> GradientMismatch:
    """The error for a difference, with the first cause that can be shown."""
    record = recorded(program)
    for cause in (wrong_rule, cut_graph, nearby_kink, cancellation, nearby_jump):
        error = cause(program, found, record)
        if error is not None:
            return error
    message = (
        f"{found}; every recorded operation is right on its own, and no number that the graph takes for constant moves "
        "with the inputs: does the function keep something from one call to the next?"
    )
    return GradientMismatch(message, "unexplained", found)


def cut_graph(program: Program, found: Difference, record: Record) -> GradientMismatch | None:
    """An operand that moves with the inputs although the graph takes it for a constant."""
    here = recorded(program, program.x.copy())
    there = recorded(program, program.x + NUDGE * np.maximum(1.0, np.abs(program.x)))
    for node, one, other in _side_by_side(record, here, there):
        for i, (a, b) in enumerate(zip(one.operands, other.operands, strict=True)):
            if here.is_constant(a) and not np.array_equal(numbers(a), numbers(b), equal_nan=True):
                where = described(node.op, None, node.site)
                message = (
                    f"{found}; the graph is cut at operand {i} of {where}: it moves with the inputs but is recorded as "
                    "a constant: detach(), .data, item(), numpy() or a new leaf made it one"
                )
                return GradientMismatch(message, "cut graph", found, op=node.op, operand=i, site=node.site)
    return None


def nearby_kink(program: Program, found: Difference, record: Record) -> GradientMismatch | None:
    """The first operation whose result has a kink as the inputs move, though its operands have none."""
    kink = kink_along(program, found)
    if kink is None or kink.is_jump:
        return None
    step = NEAR * found.direction
    for node, *moved in _side_by_side(record, *(recorded(program, program.x + k * step) for k in (-1, 0, 1))):
        left, here, right = (np.asarray(x._data, dtype=np.float64) for x in moved)
        slopes = (here - left) / NEAR, (right - here) / NEAR
        if (np.abs(slopes[1] - slopes[0]) > 1e-2 * np.maximum(*map(np.abs, slopes)) + 1e-6).any():
            return at_kink(found, kink, node.op, None, node.site)
    return at_kink(found, kink)


def nearby_jump(program: Program, found: Difference, record: Record) -> GradientMismatch | None:
    """A jump of the function, if it is no cancellation that makes it look so."""
    kink = kink_along(program, found)
    return None if kink is None else at_kink(found, kink)


def _side_by_side(*records: Record) -> Any:
    """Nodes in the same place of several graphs; none if the graphs are not alike."""
    if len({tuple(node.op for node in record.nodes) for record in records}) > 1:
        return []
    return [nodes for nodes in zip(*(record.nodes for record in records), strict=True) if nodes[0].op is not None]


def cancellation(program: Program, found: Difference, record: Record) -> GradientMismatch | None:
    """The operation that loses most digits: its terms are far larger than its result."""
    lost = [(_condition(node), node) for node in record.nodes if node.op is not None]
    worst, node = max(lost, key=lambda pair: pair[0], default=(0.0, None))
    if node is None or worst < LOST:
        return None
    where, digits = described(node.op, None, node.site), min(np.log10(worst), 16)
    message = (
        f"{found}; cancellation: {where} has terms {worst:.0e} times as large as its result: {digits:.0f} of 16 digits "
        "are lost. Every rule is right, but no derivative can be trusted: write the formula in another way"
    )
    return GradientMismatch(message, "cancellation", found, op=node.op, site=node.site)


def _condition(node: Any) -> float:
    """How much larger the terms of a result are than the result: |operand · local derivative| / |result|."""
    op = node.op
    size = np.abs(node._data)
    if isinstance(op, NumberOp) and not isinstance(node, Tensor):
        terms: Any = sum(abs(local * x._data) for x, local in local_derivatives(node))
    elif isinstance(op, NumberOp):
        operands = operand_numbers(node)
        terms = sum(np.abs(x * quietly(op.partials[i], *operands, node._data)) for i, x in enumerate(operands))
    elif isinstance(op, ArrayOp) and op.linear:
        terms = op.evaluate(op.forward, *map(np.abs, operand_numbers(node)), **node._b)
    else:
        return 0.0
    with quiet():
        ratio = np.where(np.asarray(terms) > 0, terms / size, 0.0)
    return float(np.nanmax(np.minimum(ratio, 1e16), initial=0.0))
