"""What the page shows: the nodes of a graph, the steps of its two passes, and an equation for each step."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import numpy as np

from ..draw import brief, not_finite
from ..graph import ARRAYS, Node, topological_order
from ..labels import Labels
from ..op import Op, Reduction
from ..script import NotScriptable, table_script
from ..steps import EQUALS, BackwardStep, Contribution, ForwardStep, backward_steps, forward_steps
from ..symbols import Call, Expr, Slot, Symbol, product

__all__ = ["MAX_STEPS", "Film", "LiveFilm", "film"]

MAX_STEPS = 1000
"""How many steps a film may have: a network of 300 weights takes 700, and nobody watches many more."""

LONGEST_HEADING = 60
"""How many characters the root's formula may have."""


def film(root: Node, names: Mapping[Node, str], gradient: Any = None) -> Film:
    """The film of a graph, live if a script can compute it anew.

    Args:
        root: the node whose gradients are shown.
        names: what to call the nodes that have a name.
        gradient: the derivative of some outer quantity by the root; None for 1.

    Raises:
        ValueError: it would have more than `MAX_STEPS` steps.
    """
    nodes = topological_order(root)[::-1]
    count = 1 + sum(1 + len(node.parents) for node in nodes if node.op is not None)
    if count > MAX_STEPS:
        raise ValueError(
            f"page: {count} steps are too many for a film, the limit is {MAX_STEPS}: "
            "page one of the nodes on the way, or draw the graph"
        )
    ops = list(dict.fromkeys(node.op for node in nodes if node.op is not None))
    try:
        reason = _reason_to_record(nodes, ops)
        table = "{}" if reason else table_script(ops)
    except NotScriptable as error:
        reason = str(error)
    if reason:
        return Film(root, nodes, names, gradient, f"These are the numbers of one recorded pass: {reason}.")
    return LiveFilm(root, nodes, names, gradient, table=table)


def _reason_to_record(nodes: list[Node], ops: list[Op]) -> str:
    """Why a script cannot compute these nodes, beside what the ops themselves forbid."""
    if any(node._rule.reach == ARRAYS for node in nodes):
        return "a browser computes no arrays"
    if any(node._rule.hooks for node in nodes):
        return "a browser runs no hooks"
    if len({op.name for op in ops}) < len(ops):
        return "two operations share a name"
    return ""


class Film:
    """The two passes as they were: every number is a text.

    Args:
        root: the node whose gradients are shown.
        nodes: its graph, every node after its parents.
        names: what to call the nodes that have a name.
        gradient: the derivative of some outer quantity by the root; None for 1.
        hint: a line about the numbers.
    """

    table = "{}"
    """The rows of the table that a script needs, as JavaScript."""

    def __init__(self, root: Node, nodes: list[Node], names: Mapping[Node, str], gradient: Any, hint: str) -> None:
        self.root, self.nodes, self.hint = root, nodes, hint
        self.places = {node: i for i, node in enumerate(nodes)}
        self.labels = Labels(root, _with_leaves(nodes, names))
        self._of_symbol = {self.labels(node): node for node in nodes}
        self._forward = list(forward_steps(root, self.labels))
        self._seed, *self._backward = backward_steps(root, gradient, self.labels)

    # ------------------------------------------------------------------ equations, as MathML

    def heading(self) -> str:
        """The root in terms of the leaves, or of the nodes before it, or by its name: the first that is short."""
        name, formula = self.labels(self.root), self.labels.formula(self.root)
        if formula is None:
            return _equation([name])
        candidates = [formula.substitute(self._unfold)] if self._unfolded_size() <= LONGEST_HEADING else []
        short = (x for x in [*candidates, formula] if len(str(x)) <= LONGEST_HEADING)
        return _equation([name, *islice(short, 1)])

    def _unfolded_size(self) -> int:
        """How many signs, at the least, the root's formula has in terms of the leaves: shared ones count each time."""
        size: dict[Any, int] = {}
        for node in self.nodes:
            size[node] = 1 + sum(size.get(x, 1) if isinstance(x, Node) else 1 for x in node.operands)
        return size[self.root]

    def _unfold(self, symbol: Symbol) -> Expr:
        node = self._of_symbol.get(symbol)
        formula = None if node is None else self.labels.formula(node)
        return symbol if formula is None else formula.substitute(self._unfold)

    def formulas(self) -> Iterator[str]:
        """The equation of each step."""
        yield self.heading()
        yield from map(self._computed, self._forward)
        yield self._seeded(self._seed)
        for step in self._backward:
            yield from map(self._added, step.contributions)

    def _computed(self, step: ForwardStep) -> str:
        return _equation(_sides(step.formulas()[0]))

    def _seeded(self, step: BackwardStep) -> str:
        return _equation(_sides(step.formulas()[0]))

    def _added(self, contribution: Contribution) -> str:
        adds = contribution.formula()
        assert isinstance(adds, Call)
        gradient, equation = adds.operands
        return _equation([gradient, *_sides(equation)], first="+=")

    # ------------------------------------------------------------------ data, for JSON

    def data(self) -> dict[str, Any]:
        """What the script is told: nodes, steps, and the numbers that it cannot compute."""
        return {
            "root": self.places[self.root],
            "nodes": [self._node(node) for node in self.nodes],
            "steps": list(self._steps()),
            **self._numbers(),
        }

    def _node(self, node: Node) -> dict[str, Any]:
        described: dict[str, Any] = {"text": str(self.labels(node)), "op": node.op and node.op.name}
        if node.op is None:
            return described | {"value": _value(node._data)}
        described["operands"] = [
            {"node": self.places[x]} if isinstance(x, Node) and x in self.places else {"number": _value(x)}
            for x in node.operands
        ]
        if isinstance(node.op, Reduction) and node._rule.reach != ARRAYS:
            described["lengths"] = [len(slot) for slot in (node._a, node._b)[: node.op.arity]]
        return described

    def _steps(self) -> Iterator[dict[str, Any]]:
        yield {"kind": "start"}
        for computed in self._forward:
            yield {"kind": "forward", "node": self.places[computed.node]}
        yield {"kind": "seed", "node": self.places[self.root]}
        for contribution in self._contributions():
            positions = [j for j, x in enumerate(contribution.node.operands) if isinstance(x, Node)]
            yield {
                "kind": "backward",
                "node": self.places[contribution.node],
                "parent": self.places[contribution.parent],
                "operand": positions[contribution.operand],
            }

    def _contributions(self) -> Iterator[Contribution]:
        for step in self._backward:
            yield from step.contributions

    def _numbers(self) -> dict[str, Any]:
        """The numbers of the recorded pass as texts: of the nodes, and of each step where it has any."""
        gradients = {self.root: self._seed.upstream} | {step.node: step.upstream for step in self._backward}
        totals: dict[Node, Any] = {}
        steps = []
        for c in self._contributions():
            totals[c.parent] = totals[c.parent] + c.amount if c.parent in totals else c.amount
            slope = _text(c.local) if np.ndim(c.amount) == 0 and c.local is not None else None
            steps.append([slope, _text(c.amount), _text(totals[c.parent])])
        gradients = totals | gradients
        without = [[None] * 3] * (2 + len(self._forward))
        slopes, amounts, sums = zip(*without, *steps, strict=True)
        return {
            "recorded": {
                "values": [_text(node._data) for node in self.nodes],
                "gradients": [_text(gradients.get(node)) for node in self.nodes],
                "slopes": slopes, "amounts": amounts, "totals": sums,
            }
        }  # fmt: skip


class LiveFilm(Film):
    """The two passes as a script computes them: in its equations each number has a slot.

    The keys of the slots are `v3` for the value of node 3, `g3` for its gradient, and `amount` for what
    the step adds.
    """

    def __init__(self, root: Node, nodes: list[Node], names: Mapping[Node, str], gradient: Any, *, table: str) -> None:
        hint = "Drag or type: both passes are computed anew, here in the browser."
        super().__init__(root, nodes, names, gradient, hint)
        self.table = table

    def _computed(self, step: ForwardStep) -> str:
        node = step.node
        formula = self.labels.formula(node)
        assert formula is not None
        return _equation([self.labels(node), formula, self._with_slots(formula), self._value(node)])

    def _seeded(self, step: BackwardStep) -> str:
        return _equation([self.labels.derivative(self.root, self.root), self._gradient(self.root, step.upstream)])

    def _added(self, contribution: Contribution) -> str:
        labels, node, parent = self.labels, contribution.node, contribution.parent
        local = labels.local_derivatives(node)[contribution.operand]
        upstream = self._gradient(node, contribution.upstream)
        sides = [
            labels.derivative(self.root, parent),
            product(labels.derivative(self.root, node), labels.derivative(node, parent)),
            product(upstream, local),
            product(upstream, self._with_slots(local)),
            Slot("amount", contribution.amount),
        ]
        return _equation(sides, first="+=")

    def _with_slots(self, formula: Expr) -> Expr:
        return formula.substitute(lambda symbol: self._value(self._of_symbol[symbol]))

    def _value(self, node: Node) -> Slot:
        return Slot(f"v{self.places[node]}", node._data)

    def _gradient(self, node: Node, gradient: float) -> Slot:
        return Slot(f"g{self.places[node]}", gradient)

    def _numbers(self) -> dict[str, Any]:
        return {"seed": _value(self._seed.upstream)}


def _with_leaves(nodes: list[Node], names: Mapping[Node, str]) -> dict[Node, str]:
    """The names, and one for each leaf without: its number would change under it."""
    named = dict(names)
    taken = set(names.values())
    for i, node in enumerate(nodes):
        if node.op is None and node not in named:
            place = f"v{i}"  # as labels do for what has no name
            while place in taken:
                place += "'"
            named[node] = place
    return named


def _sides(equation: Expr) -> list[Expr]:
    """What stands between the signs of equality."""
    if isinstance(equation, Call) and equation.notation is EQUALS:
        left, right = equation.operands
        return [*_sides(left), *_sides(right)]
    return [equation]


def _equation(sides: list[Expr], first: str = "=") -> str:
    """The sides as MathML, each that repeats the one before left out; a narrow page breaks the line between them.

    Slots are compared by their keys: two numbers that are equal now may differ later.
    """
    shown = [side.mathml() for side in sides]
    different = [side for i, side in enumerate(shown) if i == 0 or side != shown[i - 1]]
    signs = ["", first, *["="] * len(different)]
    parts = [
        f'<mo form="infix">{sign}</mo>{side}' if sign else side for sign, side in zip(signs, different, strict=False)
    ]
    return "<wbr>".join(f'<math displaystyle="true">{part}</math>' for part in parts)


def _text(x: Any) -> str:
    """A number or an array; of a large one its shape, and whether something in it is not finite."""
    text, broken = brief(x), not_finite(x)
    return text if broken in text else f"{text} with {broken}"


def _value(x: Any) -> float | str:
    """A number for JSON, which has neither inf nor nan; of an array, its text."""
    x = x._data if isinstance(x, Node) else x
    if not isinstance(x, float):
        return _text(x)
    return x if math.isfinite(x) else {math.inf: "Infinity", -math.inf: "-Infinity"}.get(x, "NaN")
