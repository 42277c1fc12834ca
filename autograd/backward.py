"""Reverse-mode differentiation: one sweep over the graph, every node before its parents."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np

from .array_rules import shares
from .graph import ARRAYS, MANY, Node, modes, run_hooks, sweep_order, walking
from .op import quiet
from .rules import local_derivatives

__all__ = ["backward", "gradients"]


def backward(root: Node, gradient: Any, *, create_graph: bool = False) -> None:
    """Add the derivatives of `root`, times `gradient`, to the gradients of all its leaves.

    The gradients of interior nodes are set afresh.  If anything fails on the way (a hook, say), every
    gradient is put back as it was.

    The rule is the chain rule of several variables: a node's gradient is the sum, over the nodes that
    use it, of their gradient times their local derivative (Rumelhart, Hinton and Williams 1986).
    """
    with walking, quiet:
        order = sweep_order(root)
        before = [node._grad for node in order]
        try:
            if create_graph:
                _sweep_recorded(order, gradient)
            else:
                _sweep(order, gradient)
            root._commit(order, before)
        except BaseException:
            _restore(order, before)
            raise


def gradients(root: Node, gradient: Any, by: Sequence[Node], *, create_graph: bool = False) -> list[Any]:
    """The derivatives of `root`, times `gradient`, by these nodes, as `backward` computes them.

    No gradient of the graph is changed.  None stands for a node that `root` does not depend on.
    """
    with walking, quiet:
        order = sweep_order(root)
        before = [node._grad for node in order]
        try:
            if create_graph:
                kept = _sweep_recorded(order, gradient, set(by))
                return [kept.get(node) for node in by]
            _sweep(order, gradient)
            reached = set(order)
            return [node._grad if node in reached else None for node in by]
        finally:
            _restore(order, before)


def _restore(order: list[Node], before: list[Any]) -> None:
    for node, earlier in zip(order, before, strict=True):
        node._grad = earlier


def _sweep(order: list[Node], gradient: Any) -> None:
    """Leave in every node what this pass alone gives it."""
    nothing = order[0]._nothing
    for node in order:
        node._grad = nothing
    order[0]._grad = gradient
    if modes.watched and modes.anomaly.get():
        _sweep_watched(order)
    else:
        for node in order:
            node._rule.pull(node)


def _sweep_watched(order: list[Node]) -> None:
    for node in order:
        node._rule.pull(node)
        for parent in node._a if node._rule.reach >= MANY else (node._a, node._b):
            if isinstance(parent, Node):
                gathered = parent._grad  # a list, if the parent is a vector that has something to hand on
                for gradient in gathered if isinstance(gathered, list) else (gathered,):
                    _check(gradient, node, node._grad)


def _is_finite(x: Any) -> bool:
    x = x._data if isinstance(x, Node) else x
    return x is None or (math.isfinite(x) if isinstance(x, float) else bool(np.isfinite(x).all()))


def _brief(x: Any) -> str:
    """A number, or the shape of an array."""
    x = x._data if isinstance(x, Node) else x
    return f"an array {x.shape}" if isinstance(x, np.ndarray) and x.ndim else str(x)


def _check(gradient: Any, node: Node, upstream: Any) -> None:
    """Raise if the gradient that a node handed on is not finite."""
    if _is_finite(gradient):
        return
    gradient = gradient._data if isinstance(gradient, Node) else gradient
    if isinstance(gradient, np.ndarray) and gradient.ndim:
        gradient = f"{gradient[~np.isfinite(gradient)][0]} in {_brief(gradient)}"
    operands = ", ".join(map(_brief, node.operands))
    through = f"{node.op.name}({operands})" if node.op else "a vector"
    place = f", at {node.site}" if node.site else ""
    raise FloatingPointError(
        f"backward: the gradient through {through} became {gradient}, upstream {_brief(upstream)}{place}"
    )


def _sweep_recorded(order: list[Node], gradient: Any, keep: Collection[Node] = ()) -> dict[Node, Any]:
    """The same sweep in graph nodes, so that gradients can be differentiated again.

    Only leaves keep their gradient as a node, and what is to be kept is returned.  An interior node
    keeps the number: a graph that held its own gradients would be a cycle, which counting references
    alone never frees.
    """
    so_far: dict[Node, Any] = {order[0]: gradient}
    kept = {}
    nothing = order[0]._nothing
    watched = modes.watched and modes.anomaly.get()
    modes.enter(order, modes.recording, True)
    modes.enter(order, modes.anomaly, False)  # the sweep itself says which node of the forward pass is to blame
    try:
        for node in order:
            upstream = so_far.pop(node, nothing)
            if upstream is None:
                node._grad = None
                continue
            upstream = run_hooks(node, upstream)
            if node in keep:
                kept[node] = upstream
            is_node = isinstance(upstream, Node)
            if node._rule.reach:
                node._grad = upstream._data if is_node else upstream
            else:
                node._grad = upstream if is_node else type(node)(upstream)  # type: ignore[call-arg]
            for parent, share in _recorded_shares(node, upstream):
                total = so_far[parent] = so_far[parent] + share if parent in so_far else share
                if watched:
                    _check(total, node, upstream)
    finally:
        modes.leave(order)
        modes.leave(order)
    return kept


def _recorded_shares(node: Node, upstream: Any) -> Iterator[tuple[Node, Any]]:
    """What a node adds to the gradient of each of its parents, as nodes."""
    if node._rule.reach == ARRAYS:
        yield from shares(node, upstream, recorded=True)
        return
    for parent, local in local_derivatives(node, read=lambda x: x):
        yield parent, upstream if type(local) is float and local == 1.0 else upstream * local
