"""Rows of the table read for the backward pass on floats: local derivative times upstream gradient.

Every function here makes one *pull*: given a node whose gradient is complete, it adds the node's
contributions to the gradients of its parents.  The derivatives come from the table; what differs is
only which operands are nodes, since a partial is evaluated for those alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from math import isfinite
from typing import Any

from . import ops
from .graph import BOTH, FIRST, MANY, SECOND, Node, Rule
from .op import NumberOp, Op, Reduction, ieee
from .operands import clock
from .operators import Operators

__all__ = ["arguments_read", "local_derivatives", "pull_all", "rule_for"]

Pull = Callable[[Any], None]


def rule_for(op: NumberOp, reach: int) -> Rule:
    """The rule of an op whose nodes among the operands are where `reach` says; made once."""
    rule = op.rules.get(reach)
    if rule is None:
        pull = _pull_vectors(op, reach) if isinstance(op, Reduction) else _PULLS[reach](op)
        rule = op.rules[reach] = Rule(op, reach, pull)
    return rule


def _pull_first(op: NumberOp) -> Pull:
    """The only node is the first operand, of one or of two."""
    partial = op.partials[0]

    def pull_unary(node: Node) -> None:
        a = node._a
        try:
            d = partial(a._data, node._data)
        except ArithmeticError:
            d = ieee(partial, (a._data, node._data))
        a._grad += node._grad * d

    def pull_binary(node: Node) -> None:
        a = node._a
        try:
            d = partial(a._data, node._b, node._data)
        except ArithmeticError:
            d = ieee(partial, (a._data, node._b, node._data))
        a._grad += node._grad * d

    return pull_unary if op.arity == 1 else pull_binary


def _pull_second(op: NumberOp) -> Pull:
    """The only node is the second operand of two."""
    partial = op.partials[1]

    def pull(node: Node) -> None:
        b = node._b
        try:
            d = partial(node._a, b._data, node._data)
        except ArithmeticError:
            d = ieee(partial, (node._a, b._data, node._data))
        b._grad += node._grad * d

    return pull


def _pull_both(op: NumberOp) -> Pull:
    """Both operands are nodes, perhaps the same one."""
    partial_a, partial_b = op.partials
    da, db = op.constants

    def pull_constants(node: Node) -> None:
        gradient = node._grad
        node._a._grad += gradient * da
        node._b._grad += gradient * db

    def pull(node: Node) -> None:
        gradient, a, b = node._grad, node._a, node._b
        x, y, result = a._data, b._data, node._data
        try:
            da = partial_a(x, y, result)
            db = partial_b(x, y, result)
        except ArithmeticError:
            da = ieee(partial_a, (x, y, result))
            db = ieee(partial_b, (x, y, result))
        a._grad += gradient * da
        b._grad += gradient * db

    if da is not None and db is not None:
        return _pull_sum if da == db == 1.0 else pull_constants
    return _pull_product if _argument(partial_a) == 1 and _argument(partial_b) == 0 else pull


def _pull_sum(node: Node) -> None:
    """Both local derivatives are 1."""
    gradient = node._grad
    node._a._grad += gradient
    node._b._grad += gradient


def _pull_product(node: Node) -> None:
    """Each local derivative is the other operand."""
    gradient, a, b = node._grad, node._a, node._b
    a._grad += gradient * b._data
    b._grad += gradient * a._data


def pull_all(order: Iterable[Node]) -> None:
    """Pull one node after the other; the pulls of most are written out, since a call takes as long as they do."""
    for node in order:
        pull = node._rule.pull
        if pull is _pull_sum:
            gradient = node._grad
            node._a._grad += gradient
            node._b._grad += gradient
        elif pull is _pull_product:
            gradient, a, b = node._grad, node._a, node._b
            a._grad += gradient * b._data
            b._grad += gradient * a._data
        else:
            pull(node)


def _argument(partial: Callable[..., Any]) -> int | None:
    """Which of its three arguments a partial hands back untouched, so that it need not be called."""
    tokens = [object(), object(), object()]
    try:
        returned = partial(*tokens)
    except TypeError:  # it computes something
        return None
    return next((i for i, token in enumerate(tokens) if returned is token), None)


class _Probe(Operators):
    """A carrier that remembers which letters a rule read on the way to it."""

    __slots__ = ("letters",)

    def __init__(self, letters: frozenset[str]) -> None:
        self.letters = letters

    @staticmethod
    def __apply__(op: Op, operands: tuple[Any, ...]) -> Any:
        return _Probe(frozenset().union(*(x.letters for x in operands if isinstance(x, _Probe))))

    def _compare(self, other: Any) -> Any:
        return ops.sub(self, other)

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __and__ = __or__ = _compare
    __hash__ = None  # type: ignore[assignment]


@cache
def arguments_read(op: NumberOp, i: int) -> str:
    """Whose numbers the partial of operand `i` reads: letters of operands, and `y` for the result."""
    letters = [*"abc"[: op.arity], "y"]
    local = op.partials[i](*(_Probe(frozenset(letter)) for letter in letters))
    return "".join(sorted(local.letters)) if isinstance(local, _Probe) else ""


def _pull_many(op: NumberOp) -> Pull:
    """Three operands in a tuple, each a node or a plain number."""

    def pull(node: Node) -> None:
        gradient = node._grad
        for operand, d in local_derivatives(node):
            operand._grad += gradient * d

    return pull


def _pull_vectors(op: NumberOp, reach: int) -> Pull:
    """The operands are vectors; those that hold nodes gather gradients for all their elements."""
    partial_a, partial_b = op.partials[0], op.partials[-1]
    crossed = op.arity == 2 and _argument(partial_a) == 1 and _argument(partial_b) == 0

    def pull_crossed(node: Node) -> None:  # a weighted sum
        gradient = node._grad
        if gradient == 0.0 and isfinite(node._data):
            return  # as below
        a, b, now = node._a, node._b, clock.now
        if reach & FIRST:
            _gather(a, gradient, b._data if b._read == now else b.numbers)
        if reach & SECOND:
            _gather(b, gradient, a._data if a._read == now else a.numbers)

    def pull(node: Node) -> None:
        gradient, result = node._grad, node._data
        if gradient == 0.0 and isfinite(result):
            return  # as behind a dead relu: the operands are finite too, so that every share is 0
        a, b = node._a, node._b
        operands = (a.numbers, result) if b is None else (a.numbers, b.numbers, result)
        if reach & FIRST:
            _gather(a, gradient, partial_a(*operands))
        if reach & SECOND:
            _gather(b, gradient, partial_b(*operands))

    return pull_crossed if crossed else pull


def _gather(vector: Node, gradient: float, local: Any) -> None:
    """Add gradient times local derivative to what a vector holds for each of its elements."""
    so_far = vector._grad
    if type(local) is float:
        local = [local] * len(vector._a)
    if so_far:
        vector._grad = [total + gradient * d for total, d in zip(so_far, local, strict=True)]
    else:
        vector._grad = [gradient * d for d in local]


_PULLS = {FIRST: _pull_first, SECOND: _pull_second, BOTH: _pull_both, MANY: _pull_many}


def _number(x: Any) -> Any:
    return x._data if isinstance(x, Node) else x


def local_derivatives(node: Node, read: Callable[[Any], Any] = _number) -> Iterator[tuple[Node, Any]]:
    """Each operand that is a node, in order, with the derivative of this node by it.

    Args:
        node: a node that an op computed; a leaf has no operands.
        read: what stands for an operand, or for the node itself, in the rule: by default its number.
            The node itself gives derivatives that can be differentiated again, a symbol gives formulas.
    """
    op = node.op
    if not isinstance(op, NumberOp):  # a leaf
        return
    if isinstance(op, Reduction):
        slots = (node._a, node._b)[: op.arity]
        vectors = [tuple(map(read, vector)) for vector in slots]
        for slot, partial in zip(slots, op.partials, strict=True):
            local = partial(*vectors, read(node))
            for i, x in enumerate(slot):
                if isinstance(x, Node):
                    yield x, local[i] if isinstance(local, Sequence) else local
        return
    operands = node.operands
    arguments = (*map(read, operands), read(node))
    for x, partial in zip(operands, op.partials, strict=True):
        if isinstance(x, Node):
            try:
                local = partial(*arguments)
            except ArithmeticError:  # only plain numbers raise
                local = ieee(partial, tuple(map(_number, arguments)))
            yield x, local
