"""How far rounding alone may move a gradient."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..array_rules import shares, takes_gradient
from ..graph import ARRAYS, Node, topological_order
from ..op import quiet
from ..rules import local_derivatives

__all__ = ["DOUBLE", "Magnitudes", "path_magnitudes", "unit_roundoff"]

SAMPLES = 4
DOUBLE = float(np.finfo(np.float64).eps)


def unit_roundoff(y: Any) -> float:
    """The relative rounding of the coarsest dtype in a graph."""
    if not isinstance(y, Node):
        return DOUBLE
    dtypes = {x._data.dtype for x in topological_order(y) if isinstance(x._data, np.ndarray)}
    return max((float(np.finfo(d).eps) for d in dtypes if d.kind in "fc"), default=DOUBLE)


class Magnitudes(NamedTuple):
    """The size of the terms that a gradient, and a value, are made of."""

    by_leaf: list[Any]
    of_value: float


def path_magnitudes(y: Any, leaves: Sequence[Node], rng: np.random.Generator) -> Magnitudes:
    """The root of the sum of squares, over all paths from y to a leaf, of the product of the local derivatives.

    A gradient is the sum of these products.  Where they cancel it is small, but its rounding is still
    that of the terms.  The sweep is the ordinary one with a random sign at each node: the signs take
    away what cancels, and the mean square of some such sums is the sum of the squares.

    What a rounding at a node does to y is the node's number times its gradient: their sum is the size of the
    terms of y itself.
    """
    squares: list[Any] = [0.0] * len(leaves)
    if not takes_gradient(y):
        return Magnitudes(squares, 0.0)
    noise = 0.0
    order = topological_order(y)
    with quiet:
        for _ in range(SAMPLES):
            totals: dict[Node, Any] = {y: np.ones(np.shape(y._data))}
            for node in order:
                if node.op is None or node not in totals:
                    continue
                upstream = totals.pop(node)
                noise = noise + float(np.sum(np.abs(upstream * node._data)))
                signs = rng.choice((-1.0, 1.0), np.shape(upstream)) if np.ndim(upstream) else rng.choice((-1.0, 1.0))
                for parent, share in _contributions(node, upstream * signs):
                    totals[parent] = totals[parent] + share if parent in totals else share
            for i, leaf in enumerate(leaves):
                squares[i] = squares[i] + np.abs(totals.get(leaf, 0.0)) ** 2
    return Magnitudes([np.sqrt(total / SAMPLES) for total in squares], noise / SAMPLES)


def _contributions(node: Any, upstream: Any) -> Iterator[tuple[Node, Any]]:
    """What a node hands on to each operand."""
    if node._rule.reach == ARRAYS:
        yield from shares(node, np.asarray(upstream, node._data.dtype))
    else:
        for parent, local in local_derivatives(node):
            yield parent, float(upstream) * local
