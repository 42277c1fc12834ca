"""The forward and the backward pass in words: every step with its formula and its numbers.

The formulas are the table's own rules, read by symbols; nothing here knows a derivative.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .graph import ARRAYS, VECTOR, Node, run_hooks, sweep_order, topological_order
from .names import variable_names
from .op import ATOM, Reduction
from .rules import local_derivatives
from .symbols import Call, Expr, Number, Row, Symbol, format_number, product

__all__ = ["Contribution", "Labels", "backward_lines", "contributions", "forward_lines"]

LONGEST_LABEL = 16


@dataclass(frozen=True)
class Contribution:
    """One step of a backward sweep: what a node adds to the gradient of one of its parents."""

    node: Node
    parent: Node
    operand: int
    """Which of the node's parents it is; `x * x` adds to x twice, as parent 0 and as parent 1."""
    upstream: float
    local: float
    amount: float


def contributions(root: Node, gradient: float = 1.0) -> Iterator[Contribution]:
    """The steps of `root.backward(gradient)`, in order; hooks are called, but no gradient is changed.

    >>> from autograd import Value
    >>> x = Value(3.0)
    >>> [(c.operand, c.upstream, c.local, c.amount) for c in contributions(x * x)]
    [(0, 1.0, 3.0, 3.0), (1, 1.0, 3.0, 3.0)]
    """
    _check_scalars(root)
    gradients = {root: gradient}
    gathered: dict[Node, list[float]] = {}  # as the sweep does: a vector's gradients first, then its elements'
    for node in sweep_order(root):
        if node._rule is VECTOR:
            for x, amount in zip(node._a, gathered.pop(node), strict=True):
                if isinstance(x, Node):
                    gradients[x] = gradients.get(x, 0.0) + amount
            continue
        upstream = run_hooks(node, gradients.pop(node))
        amounts = []
        for i, (parent, local) in enumerate(local_derivatives(node)):
            amounts.append(upstream * local)
            yield Contribution(node, parent, i, upstream, local, amounts[-1])
        if node._rule.reduces:
            rest = iter(amounts)
            for vector in (node._a, node._b) if node._b is not None else (node._a,):
                shares = [next(rest) if isinstance(x, Node) else 0.0 for x in vector]
                gathered[vector] = [
                    a + b for a, b in zip(gathered.get(vector, [0.0] * len(shares)), shares, strict=True)
                ]
        else:
            for parent, amount in zip(node.parents, amounts, strict=True):
                gradients[parent] = gradients.get(parent, 0.0) + amount


def _check_scalars(root: Node) -> None:
    if root._rule.reach == ARRAYS:
        raise TypeError(
            f"explain: tells of graphs of Values, number by number, got a tensor of shape {root._data.shape}: "
            "compute it with autograd.Value, or draw(x) it"
        )


class Labels:
    """What to call the nodes of a graph in formulas.

    A node is called by its name or by the caller's variable; else by its own formula while that is
    short; else by its place in the forward pass, as in `v7`.
    """

    def __init__(self, root: Node, names: Mapping[Node, str] | None = None) -> None:
        _check_scalars(root)
        order = topological_order(root)
        self.names = dict(variable_names(order) if names is None else names)
        self._symbols: dict[Node, Symbol] = {}
        self._nodes: dict[Symbol, Node] = {}
        self._last: tuple[Node | None, list[Expr]] = (None, [])
        taken = set(self.names.values())
        for i, node in enumerate(reversed(order)):
            symbol = Symbol(self.names[node]) if node in self.names else self._unnamed(node, f"v{i}", taken)
            self._symbols[node] = symbol
            self._nodes[symbol] = node

    def _unnamed(self, node: Node, place: str, taken: set[str]) -> Symbol:
        """A leaf's number, a short formula, or the place in the forward pass."""
        formula = Number(node._data) if node.op is None else _formula(node, self)
        if len(str(formula)) <= LONGEST_LABEL:
            return Symbol(str(formula), formula=formula)
        while place in taken:
            place += "'"
        return Symbol(place)

    def __call__(self, x: Any) -> Expr:
        """The symbol of a node; a plain number stays a number."""
        return self._symbols[x] if isinstance(x, Node) else Number(x)

    def formula(self, node: Node) -> Expr | None:
        """How a node was computed, in terms of the labels of its operands; None for a leaf."""
        return None if node.op is None else _formula(node, self)

    def with_numbers(self, formula: Expr) -> Expr:
        """The formula with every label replaced by its node's number."""
        return formula.substitute(lambda symbol: Number(self._nodes[symbol]._data))

    def local_derivatives(self, node: Node) -> list[Expr]:
        """The rules of a node's operation, read by the labels: one derivative per parent."""
        if self._last[0] is not node:  # steps of one node follow each other
            local = [x if isinstance(x, Expr) else Number(x) for _, x in local_derivatives(node, self)]
            self._last = (node, local)
        return self._last[1]

    def differential(self, node: Node) -> str:
        """`dz`, or `d(w · x)` for a node without a name."""
        text, binding = self(node).show()
        return f"d{text}" if binding == ATOM and text.isidentifier() else f"d({text})"


def _number(x: Any) -> Expr:
    return Number(x._data if isinstance(x, Node) else x)


def _formula(node: Node, read: Any) -> Expr:
    """The operation that made a node, on whatever stands for its operands."""
    op = node.op
    assert op is not None
    if isinstance(op, Reduction):
        return Call(op.notation, [Row(map(read, slot)) for slot in (node._a, node._b)[: op.arity]])
    return Call(op.notation, map(read, node.operands))


def forward_lines(root: Node, names: Mapping[Node, str] | None = None) -> list[str]:
    """The forward pass, one line per operation: its name, its formula, its numbers, its value.

    >>> from autograd import Value
    >>> w, x, b = Value(2.0), Value(-2.0), Value(8.0)
    >>> z = w * x + b
    >>> print(*forward_lines(z), sep="\\n")
    w · x = 2 · (-2) = -4
    z = w · x + b = -4 + 8 = 4
    """
    labels = Labels(root, names)
    lines = []
    for node in reversed(topological_order(root)):
        formula = labels.formula(node)
        if formula is not None:
            parts = [str(labels(node)), str(formula), str(_formula(node, _number)), format_number(node._data)]
            lines.append(_chain(parts))
    return lines


def backward_lines(root: Node, gradient: float = 1.0, names: Mapping[Node, str] | None = None) -> list[str]:
    """The backward sweep, one line per contribution: the chain rule in symbols and in numbers.

    >>> from autograd import Value
    >>> w, x, b = Value(2.0), Value(-2.0), Value(8.0)
    >>> z = w * x
    >>> J = z * z
    >>> print(*backward_lines(J), sep="\\n")
    dJ/dz += dJ/dJ · dJ/dz = 1 · z = 1 · (-4) = -4
    dJ/dz += dJ/dJ · dJ/dz = 1 · z = 1 · (-4) = -4
    dJ/dw += dJ/dz · dz/dw = -8 · x = -8 · (-2) = 16
    dJ/dx += dJ/dz · dz/dx = -8 · w = -8 · 2 = -16
    """
    labels = Labels(root, names)
    return [sentence(step, root, labels) for step in contributions(root, gradient)]


def sentence(step: Contribution, root: Node, labels: Labels) -> str:
    """One contribution as a line of text."""
    d_root, d_node, d_parent = map(labels.differential, (root, step.node, step.parent))
    upstream, local = Number(step.upstream), labels.local_derivatives(step.node)[step.operand]
    chain_rule = f"{d_root}/{d_node} · {d_node}/{d_parent}"
    return f"{d_root}/{d_parent} += " + _chain(
        [
            chain_rule,
            str(product(upstream, local)),
            str(product(upstream, labels.with_numbers(local))),
            format_number(step.amount),
        ]
    )


def _chain(parts: list[str]) -> str:
    """The parts as equations, each that repeats the one before left out."""
    return " = ".join(part for i, part in enumerate(parts) if i == 0 or part != parts[i - 1])
