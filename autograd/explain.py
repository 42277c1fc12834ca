"""The chain rule in words: the two passes line by line, and one derivative as the sum over all paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import islice
from typing import Any

import numpy as np

from . import ops
from .array_op import ArrayOp
from .array_rules import shares_from, takes_gradient
from .formulas import Written, number
from .graph import ARRAYS, Node, topological_order
from .labels import Labels
from .replay import seed
from .rules import local_derivatives
from .simplify import simplified
from .steps import Contribution, backward_steps, contributions, equation, forward_steps, is_long, summary
from .symbols import Call, Expr, Number, Symbol, product
from .tensor import wrap

__all__ = ["Explanation", "Path", "backward_lines", "explain", "forward_lines"]

LONGEST = 600  # characters of a formula that somebody may want to read
TOO_LONG = Symbol("⋯")


def forward_lines(root: Node, names: Mapping[Node, str] | None = None) -> list[str]:
    """The forward pass, one line per operation: its name, its formula, its numbers, its value.

    >>> from autograd import Value
    >>> w, x, b = Value(2.0), Value(-2.0), Value(8.0)
    >>> z = w * x + b
    >>> print(*forward_lines(z), sep="\\n")
    w · x = 2 · (-2) = -4
    z = w · x + b = -4 + 8 = 4
    """
    return [str(step) for step in forward_steps(root, Labels(root, names))]


def backward_lines(root: Node, gradient: Any = None, names: Mapping[Node, str] | None = None) -> list[str]:
    """The backward sweep, one line per contribution: the chain rule in symbols and in numbers.

    Args:
        root: the node that is differentiated.
        gradient: what `backward(gradient)` takes: 1 if it is left out.
        names: what to call nodes; by default what displays call them.

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
    steps = backward_steps(root, gradient, Labels(root, names))
    return [str(contribution) for step in steps for contribution in step.contributions]


# ---------------------------------------------------------------------- one derivative


@dataclass(frozen=True, eq=False, repr=False)
class Path:
    """One way from the root to the node by which it is differentiated, step by step."""

    steps: tuple[Contribution, ...]
    amount: Any
    """What it adds to the derivative: the product of its factors."""
    labels: Labels

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes on the way, the root first."""
        return (self.labels.root, *(step.parent for step in self.steps))

    def __str__(self) -> str:
        return " → ".join(str(self.labels(node)) for node in self.nodes)

    __repr__ = __str__

    def lines(self) -> list[str]:
        """Its factors, each with its label, and their product."""
        if not all(isinstance(step.local, float) for step in self.steps):
            return [str(step) for step in self.steps]
        lines = [str(step.factor()) for step in self.steps]
        if len(lines) > 1:
            lines.append(
                f"product: {equation([reduce(product, (number(s.local) for s in self.steps)), number(self.amount)])}"
            )
        return lines


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """One derivative: as a formula, as a number, and as the sum of the products along all paths.

    `print` shows all of it, a notebook shows the formula, and `latex()` writes that for LaTeX.
    """

    label: Expr
    """`dJ/dw`."""
    sides: tuple[Expr, ...]
    """The formula in terms of labels and in numbers; nothing if it would be too long to be read."""
    value: Any
    paths: tuple[Path, ...]
    """The first of the paths."""
    count: int
    """How many paths there are."""

    @property
    def formula(self) -> Expr | None:
        """The derivative in terms of labels, simplified; None if it would be too long to be read."""
        return self.sides[0] if self.sides else None

    def equation(self) -> Expr:
        """`dJ/dw = (z - y) · x = (4 - 2) · (-2) = -4`."""
        readable = [side for side in self.sides if side is self.formula or not is_long(side)]
        return equation([self.label, *readable, summary(self.value)])

    def latex(self) -> str:
        return self.equation().latex()

    def _repr_latex_(self) -> str:
        return rf"$\displaystyle {self.latex()}$"

    def __str__(self) -> str:
        blocks = [str(self.equation())]
        for i, path in enumerate(self.paths, 1):
            which = "Along the only path" if self.count == 1 else f"Along path {i} of {self.count}"
            blocks.append("\n    ".join([f"{which}, {path}:", *path.lines()]))
        if self.count > len(self.paths):
            blocks.append(f"And along {self.count - len(self.paths):,} more.")
        elif self.count > 1:
            amounts = reduce(
                lambda a, b: Call(ops.add.notation, (a, b), ops.add), (summary(path.amount) for path in self.paths)
            )
            blocks.append(f"Together: {equation([amounts, summary(self.value)])}")
        return "\n\n".join(blocks)

    __repr__ = __str__


def explain(root: Node, by: Node | str, *, names: Mapping[Node, str] | None = None, most: int = 12) -> Explanation:
    """Why the derivative of one node by another is what it is: the chain rule, along every path between them.

        dJ/dw = Σ over the paths from J to w of the product of the derivatives along the path

    Args:
        root: the node that is differentiated.
        by: the node by which, or its name.
        names: what to call nodes; by default what displays call them.
        most: how many paths are shown; there may be more than anyone could read, and all are counted.

    Returns:
        What can be printed, and taken apart: `formula`, `value`, `paths`, `count`, `latex()`.

    Raises:
        TypeError: `root` is no node.
        ValueError: it does not depend on `by`, or no node is called so.

    >>> from autograd import Value
    >>> w, x = Value(2.0), Value(-2.0)
    >>> z = w * x
    >>> J = z**2 + w
    >>> print(explain(J, w))
    dJ/dw = 1 + 2 · z · x = 1 + 2 · (-4) · (-2) = 17
    <BLANKLINE>
    Along path 1 of 2, J → z^2 → z → w:
        dJ/d(z^2) = 1
        d(z^2)/dz = 2 · z = 2 · (-4) = -8
        dz/dw = x = -2
        product: 1 · (-8) · (-2) = 16
    <BLANKLINE>
    Along path 2 of 2, J → w:
        dJ/dw = 1
    <BLANKLINE>
    Together: 16 + 1 = 17

    After Bauer (1974), who wrote derivatives as sums over the paths of a graph.
    """
    upstream = seed(root, None)
    labels = Labels(root, names)
    target = labels.find(by)
    between = between_nodes(root, target)
    if root not in between:
        raise ValueError(f"explain: {labels(root)} does not depend on {labels(target)}")
    formula, value = _derivative(between, upstream, target, labels)
    numbers = {x: x._data for node in between for x in (node, *node.parents)}
    sides = [] if str(TOO_LONG) in str(formula) else [formula, labels.with_numbers(formula, numbers)]
    paths = tuple(islice(_paths(root, upstream, target, between, labels), most))
    count = between[root] if len(paths) == most else len(paths)  # a rule may find that there is nothing to hand on
    return Explanation(labels.derivative(root, target), tuple(sides), value, paths, count)


def between_nodes(root: Node, target: Node) -> dict[Node, int]:
    """The nodes on the way from one to the other, in the order of the sweep, and how many ways there are from each."""
    order = topological_order(root)
    ways = {target: 1}
    for node in reversed(order):
        count = sum(ways.get(parent, 0) for parent in _receivers(node))
        if count and node is not target:
            ways[node] = count
    return {node: ways[node] for node in order if node in ways}


def _receivers(node: Node) -> list[Node]:
    """The parents that a node hands gradients to: constants get none, nor operands without a rule, such as indices."""
    op = node.op
    return [
        x
        for i, x in enumerate(node.parents if node._rule.reach != ARRAYS else node.operands)
        if takes_gradient(x) and (not isinstance(op, ArrayOp) or op.pullback(i) is not None)
    ]


def _derivative(between: Mapping[Node, int], upstream: Any, target: Node, labels: Labels) -> tuple[Expr, Any]:
    """The derivative as a simplified formula and as a number: a sweep over the nodes that matter."""
    root = next(iter(between))
    if root._rule.reach == ARRAYS:
        given: dict[Node, Any] = {root: Written(wrap(np.asarray(upstream)), number(upstream))}
        for node in between:
            if node is target:
                break
            if node not in given:
                continue
            operands, result = [labels.written(x) for x in node.operands], labels.written(node)
            for parent, share in shares_from(node, given.pop(node), operands, result):
                if parent in between:
                    total = given[parent] + share if parent in given else share
                    given[parent] = Written(total._data, _readable(total.formula))
        if target not in given:
            return Number(0.0), np.zeros_like(target._data)
        return given[target].formula, given[target]._data._data
    gathered: dict[Node, tuple[Expr, float]] = {root: (number(upstream), upstream)}
    for node in between:
        if node is target:
            break
        formula, value = gathered.pop(node)
        for (parent, local), derivative in zip(local_derivatives(node), labels.local_derivatives(node), strict=True):
            if parent in between:
                so_far, total = gathered.get(parent, (Number(0.0), 0.0))
                gathered[parent] = (_readable(so_far + formula * derivative), total + value * local)
    return gathered[target]


def _readable(formula: Expr) -> Expr:
    """The formula simplified; a mark in the place of one that nobody would read."""
    return TOO_LONG if len(str(formula)) > LONGEST else simplified(formula)


def _paths(root: Node, upstream: Any, target: Node, between: Mapping[Node, int], labels: Labels) -> Iterator[Path]:
    """All ways from the root to the target, without recursion."""
    if root is target:
        yield Path((), upstream, labels)
        return

    def onward(node: Node, arrived: Any) -> Iterator[Contribution]:
        return (step for step in contributions(node, arrived, labels) if step.parent in between)

    way: list[Contribution] = []
    open_ends = [onward(root, upstream)]
    while open_ends:
        step = next(open_ends[-1], None)
        if step is None:
            open_ends.pop()
            if way:
                way.pop()
        elif step.parent is target:
            yield Path((*way, step), step.amount, labels)
        else:
            way.append(step)
            open_ends.append(onward(step.parent, step.amount))
