"""Where to stop: at a node, at an operation, before inf and nan."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ..draw import not_finite
from ..graph import Node
from ..stepper import Stepper
from ..steps import BackwardStep

__all__ = ["Breakpoint", "at_node", "at_not_finite", "at_op"]


class Breakpoint(NamedTuple):
    """A place to stop at."""

    what: str
    reason: Callable[[Stepper], str]
    """Why a stepper would stop where it stands; empty if it would not."""


def _coming(stepper: Stepper) -> Node | None:
    """The node whose operation comes next; None at the end, and before the root is given its gradient."""
    position = stepper.position
    if position == len(stepper) or position == stepper.start:
        return None
    return stepper.nodes[position]


def at_node(node: Node, stepper: Stepper) -> str:
    coming = _coming(stepper)
    if coming is node:
        return f"the step of {stepper.labels(node)} comes next"
    if coming is None or not node.is_leaf or stepper.position <= stepper.start:
        return ""
    if any(x is node for x in coming.parents):  # == compares numbers
        return f"the next step adds to {stepper.labels.derivative(stepper.root, node)}"
    return ""


def at_op(name: str, stepper: Stepper) -> str:
    coming = _coming(stepper)
    if coming is None or coming.op is None or name not in (coming.op.name, coming.op.symbol):
        return ""
    return f"the next step is {coming.op.name}, at {stepper.labels(coming)}"


def at_not_finite(stepper: Stepper) -> str:
    """Where inf or nan begins: what only passes it on is no place to stop."""
    step, labels = stepper.pending, stepper.labels
    if step is None or step.op is None:
        return ""
    if not isinstance(step, BackwardStep):
        begins = not_finite(step.value) and not any(map(not_finite, step.numbers.values()))
        return f"the next step makes {labels(step.node)} {not_finite(step.value)}" if begins else ""
    if not_finite(step.upstream):
        return ""
    made = [
        f"{labels.derivative(labels.root, node)} {kind}"
        for node, _, after in step.changes
        if (kind := not_finite(after))
    ]
    return f"the next step makes {', '.join(made)}" if made else ""
