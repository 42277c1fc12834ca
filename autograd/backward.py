"""Reverse-mode differentiation: one sweep over the graph, every node before its parents."""

from __future__ import annotations

import math
from typing import Any

from .graph import MANY, Node, modes, run_hooks, sweep_order, walking
from .rules import local_derivatives

__all__ = ["backward"]


def backward(root: Node, gradient: Any, *, create_graph: bool = False) -> None:
    """Add the derivatives of `root`, times `gradient`, to the gradients of all its leaves.

    The gradients of interior nodes are set afresh.  If anything fails on the way (a hook, say), every
    gradient is put back as it was.

    The rule is the chain rule of several variables: a node's gradient is the sum, over the nodes that
    use it, of their gradient times their local derivative (Rumelhart, Hinton and Williams 1986).
    """
    with walking:
        order = sweep_order(root)
        before = [node._grad for node in order]
        try:
            if create_graph:
                _sweep_recorded(order, gradient)
            else:
                _sweep(order, gradient)
            for node, earlier in zip(order, before, strict=True):
                if not node._rule.reach and not (type(earlier) is float and earlier == 0.0):
                    node._grad = earlier + node._grad
        except BaseException:
            for node, earlier in zip(order, before, strict=True):
                node._grad = earlier
            raise


def _sweep(order: list[Node], gradient: float) -> None:
    """Leave in every node what this pass alone gives it."""
    for node in order:
        node._grad = 0.0
    order[0]._grad = gradient
    if modes.watched and modes.anomaly.get():
        _sweep_watched(order)
    else:
        for node in order:
            node._rule.pull(node)


def _sweep_watched(order: list[Node]) -> None:
    for node in order:
        node._rule.pull(node)
        for parent in node._a if node._rule.reach == MANY else (node._a, node._b):
            if isinstance(parent, Node):
                gathered = parent._grad  # a list, if the parent is a vector that has something to hand on
                for gradient in gathered if isinstance(gathered, list) else (gathered,):
                    _check(gradient, node, node._grad)


def _check(gradient: float, node: Node, upstream: float) -> None:
    """Raise if the gradient that a node handed on is not finite."""
    if math.isfinite(gradient):
        return
    operands = ", ".join(str(x._data if isinstance(x, Node) else x) for x in node.operands)
    through = f"{node.op.name}({operands})" if node.op else "a vector"
    place = f", at {node.site}" if node.site else ""
    raise FloatingPointError(f"backward: the gradient through {through} became {gradient}, upstream {upstream}{place}")


def _sweep_recorded(order: list[Node], gradient: Any) -> None:
    """The same sweep in graph nodes, so that gradients can be differentiated again.

    Only leaves keep their gradient as a node.  An interior node keeps the number: a graph that held
    its own gradients would be a cycle, which counting references alone never frees.
    """
    gradients: dict[Node, Any] = {order[0]: gradient}
    watched = modes.watched and modes.anomaly.get()
    modes.enter(order, modes.recording, True)
    modes.enter(order, modes.anomaly, False)  # the sweep itself says which node of the forward pass is to blame
    try:
        for node in order:
            upstream = run_hooks(node._rule.hooks, gradients.pop(node, 0.0))
            is_node = isinstance(upstream, Node)
            if node._rule.reach:
                node._grad = upstream._data if is_node else upstream
            else:
                node._grad = upstream if is_node else type(node)(upstream)  # type: ignore[call-arg]
            for parent, local in local_derivatives(node, read=lambda x: x):
                share = upstream if type(local) is float and local == 1.0 else upstream * local
                total = gradients[parent] = gradients[parent] + share if parent in gradients else share
                if watched:
                    _check(float(total), node, float(upstream))
    finally:
        modes.leave(order)
        modes.leave(order)
