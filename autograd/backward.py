"""Reverse-mode differentiation: one sweep over the graph, every node before its parents."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np

from .anomaly import (
    AnomalyError,
    backward_anomaly,
    first_not_finite,
    forward_anomaly,
    given_anomaly,
    hook_anomaly,
    is_finite,
)
from .array_rules import shares, takes_gradient
from .graph import ARRAYS, MANY, Node, run_hooks, sweep_order, walk, walking
from .modes import modes
from .operands import Vector
from .quiet import hush, quiet, unhush
from .rules import local_derivatives, pull_all

__all__ = ["backward", "find_anomaly", "gradients"]


def backward(root: Node, gradient: Any, *, create_graph: bool = False) -> None:
    """Add the derivatives of `root`, times `gradient`, to the gradients of all its leaves.

    The gradients of interior nodes are set afresh.  If anything fails on the way (a hook, say), every
    gradient is put back as it was.

    The rule is the chain rule of several variables: a node's gradient is the sum, over the nodes that
    use it, of their gradient times their local derivative (Rumelhart, Hinton and Williams 1986).
    """
    with walking:
        order, leaves = walk(root)
        before: list[Any] = []
        warnings = hush()
        try:
            _clear(order, before)
            if create_graph:
                _sweep_recorded(order, gradient)
            else:
                _sweep(order, gradient)
            root._commit(order, leaves, before)
        except BaseException:
            _restore(order, before)
            raise
        finally:
            unhush(warnings)


def gradients(root: Node, gradient: Any, by: Sequence[Node], *, create_graph: bool = False) -> list[Any]:
    """The derivatives of `root`, times `gradient`, by these nodes, as `backward` computes them.

    No gradient of the graph is changed.  None stands for a node that `root` does not depend on.
    """
    with walking, quiet():
        order = sweep_order(root)
        before: list[Any] = []
        try:
            _clear(order, before)
            if create_graph:
                kept = _sweep_recorded(order, gradient, set(by))
                return [kept.get(node) for node in by]
            _sweep(order, gradient)
            reached = set(order)
            return [node._grad if node in reached else None for node in by]
        finally:
            _restore(order, before)


def find_anomaly(root: Any) -> AnomalyError | None:
    """Where the inf or nan in a result, or in the gradients of it, comes from.

    First come the numbers: if the result is not finite, the first node of the forward pass on the way to
    it that is not.  Else a backward pass is made, which changes no gradient but runs the hooks, and the
    first gradient counts that is not finite.

    Args:
        root: the result, such as a loss; of an array, the gradients are those of its sum.

    Returns:
        The error that `detect_anomaly` would have raised, as an object; None if all is finite.  It names
        lines of code only for nodes that were made under `detect_anomaly`.

    Raises:
        TypeError: `root` is no `Value` or `Tensor`.

    >>> from autograd import Value
    >>> x = Value(1.0)
    >>> loss = (x - 2.0).log() * 3.0
    >>> find_anomaly(loss)
    AnomalyError('forward: log(-1.0) gave nan, made outside detect_anomaly: its line is unknown')
    """
    if not isinstance(root, Node) or isinstance(root, Vector):
        raise TypeError(f"find_anomaly: takes a result, such as the loss, got {root!r}: give a Value or a Tensor")
    first = first_not_finite([root])
    if first is not None:
        return forward_anomaly(first)
    with walking, quiet():
        order = sweep_order(root)
        before: list[Any] = []
        try:
            _clear(order, before)
            root._grad = np.ones_like(root._data) if isinstance(root._data, np.ndarray) else 1.0
            _sweep_watched(order)
        except AnomalyError as anomaly:
            return anomaly.with_traceback(None)  # which would refer to this frame, and so to the whole graph
        finally:
            _restore(order, before)
    return None


def _clear(order: list[Node], before: list[Any]) -> None:
    """Take every gradient away, to `before`: each is there before it is gone, whatever interrupts."""
    nothing = order[0]._nothing
    for node in order:
        before.append(node._grad)
        node._grad = nothing


def _restore(order: list[Node], before: list[Any]) -> None:
    for node, earlier in zip(order, before, strict=False):  # it may have got no further
        node._grad = earlier


def _sweep(order: list[Node], gradient: Any) -> None:
    """Leave in every node, which has no gradient yet, what this pass alone gives it."""
    order[0]._grad = gradient
    if modes.watched and modes.anomaly.get():
        _sweep_watched(order)
    else:
        pull_all(order)


def _sweep_watched(order: list[Node]) -> None:
    _check_given(order[0], order[0]._grad)
    for node in order:
        before = node._grad
        node._rule.pull(node)
        _check_hooks(node, before, node._grad)
        for parent, gathered in _gathered(node):
            _check(node, node._grad, parent, gathered)


def _gathered(node: Node) -> Iterator[tuple[Node, Any]]:
    """The parents of a node, with the gradient that each has so far; of a vector, its elements."""
    for parent in node._a if node._rule.reach >= MANY else (node._a, node._b):
        if isinstance(parent, Vector):
            if isinstance(parent._grad, list):  # something to hand on
                yield from ((x, g) for x, g in zip(parent, parent._grad, strict=True) if isinstance(x, Node))
        elif takes_gradient(parent):
            yield parent, parent._grad


def _check_given(root: Node, gradient: Any) -> None:
    """Raise if a pass begins with a gradient that is not finite."""
    if not is_finite(gradient):
        raise given_anomaly(root, gradient)


def _check_hooks(node: Node, before: Any, after: Any) -> None:
    """Raise if a node's hooks made its gradient inf or nan."""
    if node._rule.hooks and not is_finite(after):
        raise hook_anomaly(node, before, after)


def _check(node: Node, upstream: Any, parent: Node, gathered: Any) -> None:
    """Raise if the gradient that a node handed on to a parent is not finite."""
    if not is_finite(gathered):
        raise backward_anomaly(node, upstream, parent, gathered)


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
    if watched:
        _check_given(order[0], gradient)
    modes.enter(order, modes.recording, True)
    modes.enter(order, modes.anomaly, False)  # the sweep itself says which node of the forward pass is to blame
    try:
        for node in order:
            upstream = so_far.pop(node, nothing)
            if upstream is None:
                node._grad = None
                continue
            before, upstream = upstream, run_hooks(node, upstream)
            if watched:
                _check_hooks(node, before, upstream)
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
                    _check(node, upstream, parent, total)
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
