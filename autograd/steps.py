"""The steps of the two passes: what each does, in numbers and in words.

The words are formulas, the table's own rules read by symbols; nothing here knows a derivative.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np

from .array_op import ARRAY_TABLE
from .array_rules import fitted, shares, shares_from, takes_gradient
from .formulas import FEW, Written, number
from .graph import ARRAYS, LEAF, VECTOR, Node, topological_order
from .labels import Labels
from .notation import ATOM, OR, Notation
from .op import NumberOp, Op
from .quiet import quiet
from .replay import Sweep, recomputed, seed
from .rules import local_derivatives
from .symbols import Call, Expr, Symbol, format_number, product
from .tensor import wrap

__all__ = [
    "BackwardStep",
    "Contribution",
    "ForwardStep",
    "backward_steps",
    "contributions",
    "equation",
    "forward_steps",
    "is_long",
    "summary",
]

EQUALS = Notation("{a:open} = {b:open}", "{a:open} = {b:open}", OR)
ADDS = Notation("{a:open} += {b:open}", r"{a:open} \mathrel{{+}}= {b:open}", OR)


@dataclass(frozen=True, eq=False, repr=False)
class Contribution:
    """What a node adds to the gradient of one of its parents.

    `print` shows the chain rule in words and in numbers, `formula().latex()` writes it for LaTeX.
    """

    node: Node
    parent: Node
    operand: int
    """Which of the node's parents it is; `x * x` adds to x twice, as parent 0 and as parent 1."""
    upstream: Any
    """The node's own gradient, which is complete."""
    local: Any
    """The derivative of the node by this parent; None where it is not one number for each element."""
    amount: Any
    """What is added: upstream times local derivative."""
    before: Any
    """The parent's gradient before."""
    after: Any
    """The parent's gradient after."""
    numbers: Mapping[Node, Any]
    """What the node and its operands were."""
    labels: Labels

    def formula(self) -> Expr:
        """`dJ/dw += dJ/dz · dz/dw = 2 · x = 2 · (-2) = -4`."""
        labels, node, parent = self.labels, self.node, self.parent
        into, upstream = (labels.derivative(labels.root, x) for x in (parent, node))
        chain_rule = product(upstream, labels.derivative(node, parent))
        return Call(ADDS, (into, equation([chain_rule, *self._worked_out(upstream), summary(self.amount)])))

    def _worked_out(self, upstream: Expr) -> list[Expr]:
        """The product in terms of labels and, where they are few, in numbers."""
        labels, node = self.labels, self.node
        if node._rule.reach != ARRAYS:
            local = labels.local_derivatives(node)[self.operand]
            return [product(number(self.upstream), x) for x in (local, labels.with_numbers(local, self.numbers))]
        given = Symbol(str(upstream), ATOM, upstream)
        share = self._share(Written(wrap(np.asarray(self.upstream)), given))
        if share is None:
            return []
        with_upstream = share.substitute(lambda symbol: number(self.upstream) if symbol is given else symbol)
        in_numbers = labels.with_numbers(with_upstream, self.numbers)
        in_labels = with_upstream if np.size(self.upstream) <= FEW else share
        return [in_labels] if is_long(in_numbers) else [in_labels, in_numbers]

    def _share(self, upstream: Written) -> Expr | None:
        """What the rule of an array operation does, written down; None for one of the user's that cannot be read."""
        node, labels = self.node, self.labels
        if isinstance(node.op, NumberOp):
            local = product(upstream.formula, labels.local_derivatives(node)[self.operand])
            formula: Expr = fitted(Written(upstream._data, local), self.parent).formula
            return formula
        operands, result = [labels.written(x) for x in node._a], labels.written(node)
        place = sum(takes_gradient(x) for x in node.parents[: self.operand])
        try:
            return shares_from(node, upstream, operands, result)[place][1].formula  # type: ignore[no-any-return]
        except Exception:
            if node.op in ARRAY_TABLE.values():
                raise
            return None

    def factor(self) -> Expr:
        """The local derivative alone: `dz/dw = x = -2`; only where it is one number."""
        local = self.labels.local_derivatives(self.node)[self.operand]
        in_numbers = self.labels.with_numbers(local, self.numbers)
        return equation([self.labels.derivative(self.node, self.parent), local, in_numbers, number(self.local)])

    def latex(self) -> str:
        return self.formula().latex()

    def __str__(self) -> str:
        return str(self.formula())

    __repr__ = __str__


@dataclass(frozen=True, eq=False, repr=False)
class BackwardStep:
    """One node hands its gradient on; the first step of a pass gives the root its own.

    `print` shows one line for each contribution.
    """

    node: Node
    op: Op | None
    """The node's operation; None for the first step, `dJ/dJ = 1`."""
    upstream: Any
    """The node's own gradient, which is complete."""
    contributions: tuple[Contribution, ...]
    changes: tuple[tuple[Node, Any, Any], ...]
    """Each node whose gradient changes, with what it was and what it becomes."""
    labels: Labels

    def formulas(self) -> list[Expr]:
        """One equation for each contribution; `dJ/dJ = 1` for the first step."""
        if self.op is None:
            return [equation([self.labels.derivative(self.node, self.node), summary(self.upstream)])]
        return [contribution.formula() for contribution in self.contributions]

    def latex(self) -> str:
        return _lines_of_latex(self.formulas())

    def __str__(self) -> str:
        return "\n".join(map(str, self.formulas()))

    __repr__ = __str__


@dataclass(frozen=True, eq=False, repr=False)
class ForwardStep:
    """One node is computed from its operands."""

    node: Node
    op: Op
    before: Any
    """What the node's number or array was."""
    value: Any
    """What the operation gives."""
    numbers: Mapping[Node, Any]
    """What the operands are, those that are nodes."""
    settings: Any
    """What the operation was told, and what it keeps for its rule."""
    labels: Labels

    def formulas(self) -> list[Expr]:
        """One equation: `z = w · x + b = -4 + 8 = 4`."""
        formula = self.labels.formula(self.node)
        assert formula is not None
        in_numbers = self.labels.with_numbers(formula, self.numbers)
        steps = [self.labels(self.node), formula, *([] if is_long(in_numbers) else [in_numbers]), summary(self.value)]
        return [equation(steps)]

    def latex(self) -> str:
        return _lines_of_latex(self.formulas())

    def __str__(self) -> str:
        return "\n".join(map(str, self.formulas()))

    __repr__ = __str__


def summary(x: Any) -> Expr:
    """A number or an array at the end of an equation: of a large one, its shape and its range."""
    short = number(x)
    if not is_long(short) or not np.isrealobj(x):
        return short
    return Symbol(f"{short} from {format_number(x.min())} to {format_number(x.max())}", OR)


def is_long(formula: Expr) -> bool:
    return "⟨" in str(formula)


def equation(sides: list[Expr]) -> Expr:
    """The sides as equations, each that repeats the one before left out."""
    different = [side for i, side in enumerate(sides) if i == 0 or str(side) != str(sides[i - 1])]
    return reduce(lambda a, b: Call(EQUALS, (a, b)), different)


def _lines_of_latex(formulas: list[Expr]) -> str:
    return r" \\ ".join(formula.latex() for formula in formulas)


# ---------------------------------------------------------------------- the passes


def forward_steps(root: Node, labels: Labels | None = None) -> Iterator[ForwardStep]:
    """The forward pass again, from the numbers that the leaves have now; nothing in the graph changes.

    >>> from autograd import Value
    >>> w, x, b = Value(2.0), Value(-2.0), Value(8.0)
    >>> z = w * x + b
    >>> for step in forward_steps(z):
    ...     print(step)
    w · x = 2 · (-2) = -4
    z = w · x + b = -4 + 8 = 4
    """
    labels = labels or Labels(root)
    values: dict[Node, Any] = {}
    for node in reversed(topological_order(root)):
        if node.op is None:
            continue
        value, settings = recomputed(node, values)
        if value is not node._data:
            values[node] = value
        numbers = {x: values.get(x, x._data) for x in node.parents}
        yield ForwardStep(node, node.op, node._data, value, numbers, settings, labels)


def backward_steps(root: Node, gradient: Any = None, labels: Labels | None = None) -> Iterator[BackwardStep]:
    """The steps of `root.backward(gradient)`, in order; hooks are called, but nothing in the graph changes.

    >>> from autograd import Value
    >>> x = Value(3.0)
    >>> y = x * x
    >>> for step in backward_steps(y):
    ...     print(step)
    dy/dy = 1
    dy/dx += dy/dy · dy/dx = 1 · x = 1 · 3 = 3
    dy/dx += dy/dy · dy/dx = 1 · x = 1 · 3 = 3
    """
    labels = labels or Labels(root)
    sweep = Sweep(root, seed(root, gradient))
    order = iter(sweep.order)
    changes = {node: sweep.earlier[node] for node in sweep.order if node is root or node._rule.reach}
    node = _up_to_next_operation(sweep, order, changes)
    yield BackwardStep(root, None, sweep.gradient(root), (), _noted(sweep, changes), labels)
    while node is not None:
        changes = {x: sweep.gradient(x) for x in (node, *sweep.receivers(node))}
        upstream = sweep.pull(node)
        found = tuple(_placed(contributions(node, upstream, labels), sweep, changes))
        following = _up_to_next_operation(sweep, order, changes)
        yield BackwardStep(node, node.op, upstream, found, _noted(sweep, changes), labels)
        node = following


def _up_to_next_operation(sweep: Sweep, order: Iterator[Node], changes: dict[Node, Any]) -> Node | None:
    """Let vectors hand on what they gathered, and the hooks of leaves run: neither is a step of its own."""
    for node in order:
        if node.op is not None:
            return node
        if node._rule is not LEAF:
            for x in (node, *sweep.receivers(node)):
                changes.setdefault(x, sweep.gradient(x))
            sweep.pull(node)
    return None


def _noted(sweep: Sweep, changes: dict[Node, Any]) -> tuple[tuple[Node, Any, Any], ...]:
    """The nodes that had these gradients, and what they have now."""
    after = ((node, earlier, sweep.gradient(node)) for node, earlier in changes.items() if node._rule is not VECTOR)
    return tuple((node, earlier, now) for node, earlier, now in after if earlier is not now)


def contributions(node: Node, upstream: Any, labels: Labels) -> list[Contribution]:
    """What a node adds to each of its parents if this is its gradient."""
    numbers = {x: x._data for x in (node, *node.parents)}
    return [
        Contribution(node, parent, operand, upstream, local, amount, None, amount, numbers, labels)
        for operand, parent, local, amount in _shares(node, upstream)
    ]


def _placed(found: list[Contribution], sweep: Sweep, before: Mapping[Node, Any]) -> Iterator[Contribution]:
    """Contributions with the gradients of the parents before and after each."""
    last = {contribution.parent: i for i, contribution in enumerate(found)}
    so_far = dict(before)
    for i, contribution in enumerate(found):
        parent, amount = contribution.parent, contribution.amount
        earlier = so_far[parent]
        # What the pass itself added up, where the parent has it all: sums may round otherwise.
        now = sweep.gradient(parent) if last[parent] == i else amount if earlier is None else earlier + amount
        yield replace(contribution, before=earlier, after=now)
        so_far[parent] = now


def _shares(node: Node, upstream: Any) -> list[tuple[int, Node, Any, Any]]:
    """For each parent that takes a gradient: which one it is, the local derivative, and what it is given."""
    if upstream is None:  # an array that nothing was handed to
        return []
    with quiet():
        local = [d for _, d in local_derivatives(node)] if isinstance(node.op, NumberOp) else None
        if node._rule.reach != ARRAYS:
            assert local is not None
            return [(i, x, d, upstream * d) for i, (x, d) in enumerate(zip(node.parents, local, strict=True))]
        given = iter(shares(node, upstream))
        pair = next(given, None)
        found = []
        for i, x in enumerate(node.parents):
            if pair is not None and x is pair[0]:  # not a constant, and not an operand without a rule, such as an index
                found.append((i, x, None if local is None else local[i], pair[1]))
                pair = next(given, None)
        return found
