"""What nodes are called in formulas, and how they were computed, in those terms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .array_rules import takes_gradient
from .formulas import Written, number, written
from .graph import ARRAYS, Node, topological_order
from .names import variable_names
from .notation import ATOM, Notation
from .op import Reduction
from .rules import local_derivatives
from .symbols import Call, Expr, Row, Symbol
from .tensor import wrap

__all__ = ["Labels"]

LONGEST_LABEL = 16  # characters

BRACKETS = Notation("({a:open})", r"\left({a:open}\right)", ATOM)
DERIVATIVE = Notation(
    "d{a:open}/d{b:open}",
    r"\frac{{\partial {a:open}}}{{\partial {b:open}}}",
    ATOM,
    "<mfrac><mrow><mi>∂</mi>{a:open}</mrow><mrow><mi>∂</mi>{b:open}</mrow></mfrac>",
)


class Labels:
    """What to call the nodes of a graph in formulas.

    A node is called by its name or by the caller's variable; else by its own formula while that is
    short; else by its place in the forward pass, as in `v7`.

    Args:
        root: the node whose graph it is.
        names: what to call nodes; by default what displays call them.

    >>> from autograd import Value
    >>> w, x = Value(2.0, name="w"), Value(-2.0, name="x")
    >>> J = (w * x).exp()
    >>> labels = Labels(J)
    >>> print(labels(J), "=", labels.formula(J))
    J = exp(w · x)
    """

    def __init__(self, root: Node, names: Mapping[Node, str] | None = None) -> None:
        nodes = topological_order(root)
        self.root = root
        self.names = dict(variable_names([*nodes, *_constants(nodes)]) if names is None else names)
        self._symbols: dict[Node, Symbol] = {}
        self._nodes: dict[Symbol, Node] = {}
        self._last: tuple[Node | None, list[Expr]] = (None, [])
        taken = set(self.names.values())
        for i, node in enumerate([*_constants(nodes), *reversed(nodes)]):
            symbol = Symbol(self.names[node]) if node in self.names else self._unnamed(node, f"v{i}", taken)
            self._symbols[node] = symbol
            self._nodes[symbol] = node

    def _unnamed(self, node: Node, place: str, taken: set[str]) -> Symbol:
        """A leaf's number, a short formula, or the place in the forward pass."""
        formula = number(node._data) if node.op is None else self.formula(node)
        if len(str(formula)) <= LONGEST_LABEL and (node.op is not None or np.size(node._data) == 1):
            return Symbol(str(formula), formula=formula)
        while place in taken:
            place += "'"
        return Symbol(place)

    def __call__(self, x: Any) -> Expr:
        """The symbol of a node; a plain number stays a number."""
        return self._symbols[x] if isinstance(x, Node) else number(x)

    def find(self, node: Node | str) -> Node:
        """The node that is called so; a node itself, if it is in this graph.

        Raises:
            ValueError: nothing is called so, or the node is not in this graph.
        """
        if isinstance(node, Node):
            if node not in self._symbols:
                raise ValueError(
                    f"{node!r} is not in the graph of {self(self.root)}: take a node that it was computed from"
                )
            return node
        wanted = _spelling(node)
        for candidate, symbol in self._symbols.items():
            if wanted == _spelling(str(symbol)):
                return candidate
        raise ValueError(f"no node is called {node!r}: the names are {', '.join(sorted(self.names.values()))}")

    def formula(self, node: Node) -> Expr | None:
        """How a node was computed, in terms of the labels of its operands; None for a leaf."""
        op = node.op
        if op is None:
            return None
        if isinstance(op, Reduction):
            return Call(op.notation, [Row(map(self, slot)) for slot in (node._a, node._b)[: op.arity]], op)
        return written(op, list(map(self, node.operands)), node._b if node._rule.reach == ARRAYS else None)

    def with_numbers(self, formula: Expr, numbers: Mapping[Node, Any]) -> Expr:
        """The formula with the labels of these nodes replaced by numbers."""
        return formula.substitute(lambda s: number(numbers[self._nodes[s]]) if self._nodes.get(s) in numbers else s)

    def local_derivatives(self, node: Node) -> list[Expr]:
        """The rules of a row of the table, read by the labels: one derivative per operand that is a node."""
        if self._last[0] is not node:  # steps of one node follow each other
            self._last = (node, [x if isinstance(x, Expr) else number(x) for _, x in local_derivatives(node, self)])
        return self._last[1]

    def written(self, x: Any) -> Any:
        """An operand with its label, for the rules of arrays, which ask for its shape and its numbers."""
        return Written(wrap(x._data), self._symbols[x]) if isinstance(x, Node) else x

    def derivative(self, y: Node, x: Node) -> Call:
        """`dy/dx`, as one writes it: `dJ/d(w · x)` where x has no name."""
        return Call(DERIVATIVE, (self._differential(y), self._differential(x)))

    def _differential(self, node: Node) -> Expr:
        symbol = self._symbols[node]
        text, binding = symbol.show()
        return symbol if binding == ATOM and text.isidentifier() else Call(BRACKETS, [symbol])


def _spelling(name: str) -> str:
    """A label as people type it: `w * x` means `w · x`."""
    return name.replace("·", "*").replace("**", "^").replace(" ", "")


def _constants(nodes: list[Node]) -> list[Node]:
    """The arrays among the operands that no gradient is asked for."""
    operands = [x for node in nodes if node._rule.reach == ARRAYS for x in node.operands if isinstance(x, Node)]
    return [x for x in dict.fromkeys(operands) if not takes_gradient(x)]
