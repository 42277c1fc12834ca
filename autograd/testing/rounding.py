"""How far rounding alone may move a gradient."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..array_rules import fitted, shares, takes_gradient
from ..graph import ARRAYS, Node, topological_order
from ..op import NumberOp
from ..quiet import quiet
from ..rules import local_derivatives

__all__ = ["DOUBLE", "expected_rounding", "unit_roundoff"]

SAMPLES = 4
DOUBLE = float(np.finfo(np.float64).eps)


def unit_roundoff(y: Any) -> float:
    """The relative rounding of the coarsest dtype in a graph."""
    if not isinstance(y, Node):
        return DOUBLE
    dtypes = {x._data.dtype for x in topological_order(y) if isinstance(x._data, np.ndarray)}
    return max((float(np.finfo(d).eps) for d in dtypes if d.kind in "fc"), default=DOUBLE)


class Rounding(NamedTuple):
    """How far the roundings of a computation move a gradient, and a value, in units of the relative rounding."""

    by_leaf: list[Any]
    of_value: float


def expected_rounding(y: Any, leaves: Sequence[Node], rng: np.random.Generator) -> Rounding:
    """The root of the sum of the squares of all that a rounding does to the gradient of y on its way to each leaf.

    A gradient is the sum, over all paths, of the product of local derivatives.  Where the terms cancel it is
    small, but its rounding is still that of the terms.  So the sweep is done with a random sign at each
    node: the signs take away what cancels, and the mean square of some such sums is the sum of the
    squares.  Each operation adds the rounding of its share, or of its upstream gradient if that is larger, since
    a local derivative such as 1 - y² is rounded like a number of size 1.

    What a rounding at a node does to y is the node's number times its gradient.
    """
    squares: list[Any] = [0.0] * len(leaves)
    if not takes_gradient(y):
        return Rounding(squares, 0.0)
    order = topological_order(y)
    of_value = 0.0
    with quiet():
        for _ in range(SAMPLES):
            sizes: dict[Node, Any] = {y: np.ones(np.shape(y._data))}
            roundings: dict[Node, Any] = {}
            for node in order:
                if node.op is None or node not in sizes:
                    continue
                size, rounding = sizes.pop(node), roundings.pop(node, 0.0)
                of_value = of_value + float(np.sum(np.abs(size * node._data)))
                signs = rng.choice((-1.0, 1.0), np.shape(size))
                for parent, share, upstream in _contributions(node, size * signs):
                    _add(sizes, parent, share)
                    _add(roundings, parent, np.maximum(np.abs(share), np.abs(upstream)) * rng.standard_normal())
                for parent, share, _ in _contributions(node, rounding * signs):
                    _add(roundings, parent, share)
            for i, leaf in enumerate(leaves):
                squares[i] = squares[i] + np.abs(roundings.get(leaf, 0.0)) ** 2
    return Rounding([np.sqrt(total / SAMPLES) for total in squares], of_value / SAMPLES)


def _add(totals: dict[Node, Any], node: Node, share: Any) -> None:
    totals[node] = totals[node] + share if node in totals else share


def _contributions(node: Any, upstream: Any) -> Iterator[tuple[Node, Any, Any]]:
    """What a node hands on to each operand, and what it was handed itself, in the operand's shape."""
    if node._rule.reach == ARRAYS:
        upstream = np.asarray(np.broadcast_to(upstream, node._data.shape), node._data.dtype)
        for parent, share in shares(node, upstream):
            yield parent, share, fitted(upstream, parent) if isinstance(node.op, NumberOp) else share
    else:
        for parent, local in local_derivatives(node):
            yield parent, float(upstream) * local, float(upstream)
