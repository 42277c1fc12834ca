"""The two passes taken one node at a time, beside the graph: nothing in it changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from .array_rows import computed
from .changes import overwritten
from .graph import ARRAYS, BOTH, FIRST, MANY, SECOND, VECTOR, Node, sweep_order, walking
from .op import NumberOp, Reduction
from .operands import as_number
from .quiet import quiet
from .tensor import Tensor

__all__ = ["Sweep", "recomputed", "seed"]


class Sweep:
    """A backward pass that can be taken one node at a time.

    For the moment of its own rule each node has the gradients that this pass gathered, so that the numbers
    are those of `backward` to the last bit; then it has its own again.
    """

    def __init__(self, root: Node, gradient: Any) -> None:
        self.order = sweep_order(root)
        self.earlier = {node: node._grad for node in self.order}
        self._gathered = dict.fromkeys(self.order, root._nothing)
        self._gathered[root] = gradient
        self._places: dict[Node, list[tuple[Node, int]]] = {}
        """For each node that stands in vectors: in which, and where."""
        for vector in self.order:
            if vector._rule is VECTOR:
                for i, x in enumerate(vector._a):
                    if isinstance(x, Node):
                        self._places.setdefault(x, []).append((vector, i))

    def pull(self, node: Node) -> Any:
        """Let a node, whose gradient is complete, add to those of its operands; returns that gradient."""
        gathered = self._gathered
        touched = [node, *dict.fromkeys(x for x in _slots(node) if isinstance(x, Node) and x in gathered)]
        with walking, quiet():
            before = [x._grad for x in touched]
            try:
                for x in touched:
                    x._grad = gathered[x]
                node._rule.pull(node)
                for x in touched:
                    gathered[x] = x._grad
                upstream = gathered[node]  # after its hooks
            finally:
                for x, gradient in zip(touched, before, strict=True):
                    x._grad = gradient
        if node._rule is VECTOR:
            gathered[node] = node._nothing
        return upstream

    def gradient(self, node: Node) -> Any:
        """What the gradient of a node would be if the pass stopped here."""
        gathered = self._gathered[node]
        for vector, i in self._places.get(node, ()):
            held = self._gathered[vector]
            if held:
                gathered = gathered + held[i]
        if node._rule.reach:
            return gathered
        total = node._total(self.earlier[node], gathered)
        return np.array(total) if type(total) is np.ndarray else total  # rules hand on what they share with others

    def receivers(self, node: Node) -> list[Node]:
        """The nodes whose gradient a node adds to, each once; those in vectors too."""
        found: dict[Node, None] = {}
        for x in _slots(node):
            for receiver in x._a if isinstance(x, Node) and x._rule is VECTOR else (x,):
                if isinstance(receiver, Node) and receiver in self._gathered:
                    found[receiver] = None
        return list(found)


def seed(root: Node, gradient: Any) -> Any:
    """The gradient that a pass starts with, as `backward` takes it: 1 if none is given."""
    if not isinstance(root, Node):
        raise TypeError(f"expected a graph node, such as a Value, got {root!r}, a {type(root).__name__}")
    if not isinstance(root, Tensor):
        return as_number(1.0 if gradient is None else gradient, "gradient")
    if not root.requires_grad:
        raise RuntimeError("no tensor in this graph requires a gradient: make a leaf with requires_grad=True first")
    return root._upstream(gradient, False)


def _slots(node: Node) -> Iterator[Any]:
    """Where a node's rule finds what it adds to."""
    reach = node._rule.reach
    if reach >= MANY:
        yield from node._a
    else:
        if reach in (FIRST, BOTH):
            yield node._a
        if reach in (SECOND, BOTH):
            yield node._b


def recomputed(node: Node, values: Mapping[Node, Any]) -> tuple[Any, Any]:
    """What a node's operation gives on the values of its operands, computed again or as they are, and its settings.

    If the numbers of an operand were overwritten since, the node keeps what it has.
    """
    op: Any = node.op
    if node._rule.reach != ARRAYS:
        return op.on_floats(*_floats(node, values)), node._b
    numbers: list[Any] = []
    for x in node._a:
        if not isinstance(x, Tensor):
            numbers.append(x)
        elif x not in values and overwritten(x, node._made):  # type: ignore[attr-defined]
            return node._data, node._b
        else:
            numbers.append(values.get(x, x._data))
    with quiet():
        if isinstance(op, NumberOp):
            return computed(op, *numbers), node._b
        settings = {key: dict(x) if isinstance(x, dict) else x for key, x in node._b.items()}  # ops keep notes in them
        return np.asarray(op.evaluate(op.forward, *numbers, **settings)), settings


def _floats(node: Node, values: Mapping[Node, Any]) -> list[Any]:
    """The operands as numbers, in vectors for a reduction."""

    def number(x: Any) -> Any:
        return values.get(x, x._data) if isinstance(x, Node) else x

    op = node.op
    if isinstance(op, Reduction):
        return [list(map(number, vector)) for vector in (node._a, node._b)[: op.arity]]
    return list(map(number, node.operands))
