"""The commands to look: list, where, print, vars, explain, tex."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ..explain import Path, between_nodes, explain
from ..formulas import FEW
from ..graph import Node, gradient_of, topological_order
from ..steps import BackwardStep, contributions
from ..tensor import Tensor
from .errors import CommandError
from .screen import WIDTH, computed, short
from .session import Session

__all__ = ["Looking"]

WINDOW = 11  # steps that `list` shows at once
MOST_ROWS = 40  # of the table of nodes


class Looking(Session):
    """Shows steps, numbers and derivatives."""

    def do_list(self, argument: str) -> None:
        """l(ist) [. | all]: show the steps around the next one, then those that follow

        l .      around the next step again
        l all    all steps
        """
        position, end = self.stepper.position, len(self.stepper)
        if argument not in ("", ".", "all"):
            raise CommandError(f"list takes nothing, . or all, got {argument!r}")
        if argument == "all":
            first, last = 0, end
        elif argument or not self._listed:
            first = max(0, min(position - WINDOW // 2, end - WINDOW))
            last = first + WINDOW
        else:
            first, last = self._listed, self._listed + WINDOW
        if first == end and argument != "all":
            raise CommandError("that was the end: l . shows the steps around the next one")
        for i in range(first, min(last, end)):
            self._say(*self.screen.step(self.stepper, i))
        if position == end <= last:
            self._say(self.screen.end(self.stepper))
        self._listed = min(last, end)

    def do_where(self, argument: str) -> None:
        """w(here) [NAME]: the shortest path from the root to the node of the next step, or to NAME

        where w    each edge with its local derivative
        """
        stepper, labels = self.stepper, self.stepper.labels
        node = self._node(argument, "where w") if argument or self._current is None else self._current
        between = between_nodes(stepper.root, node)
        if stepper.root not in between:
            raise CommandError(f"no derivative of {labels(stepper.root)} leads to {labels(node)}")
        path = self._path(_shortest(stepper.root, node, between))
        ways = between[stepper.root]
        which = "the only path" if ways == 1 else f"one of {ways:,} paths"
        self._say(f"{which}: {path}" if node is not stepper.root else f"{labels(node)} is where all paths begin")
        self._say(*(self.screen.folded(line, 4) for line in self._edges(path)))

    def _path(self, nodes: Sequence[Node]) -> Path:
        """The way along these nodes, with what arrives at each if the first has the gradient 1."""
        amount: Any = np.ones_like(nodes[0]._data) if isinstance(nodes[0], Tensor) else 1.0
        steps = []
        for node, parent in pairwise(nodes):
            steps.append(next(x for x in contributions(node, amount, self.stepper.labels) if x.parent is parent))
            amount = steps[-1].amount
        return Path(tuple(steps), amount, self.stepper.labels)

    def _edges(self, path: Path) -> list[str]:
        """The local derivatives along a path; where that is not one number for each element, the operation."""
        if not isinstance(self.stepper.root, Tensor):
            return path.lines()
        return [
            str(step.factor() if step.local is not None else computed(step.node, step.labels)) for step in path.steps
        ]

    def do_print(self, argument: str) -> None:
        """p EXPR: the value of names, gradients so far, and arithmetic with them

        p z              a number or an array
        p dJ/dz          its gradient so far; also z.grad
        p w - 0.1*dJ/dw  with the functions of the table, as in p exp(-z)
        """
        if not argument:
            raise CommandError("print what? p z prints a number, p dJ/dz its gradient so far")
        value = self._names.value(argument)
        if value is None or np.size(value) <= FEW:
            self._say(f"{argument} = {short(value)}")
        else:
            self._say(f"{argument} = {short(value)}", np.array2string(value, WIDTH, 4, True, threshold=60))

    def do_vars(self, argument: str) -> None:
        """i(nfo), vars [all]: the nodes that have names, or all: value, and gradient so far

        vars    a * is where the last step changed something
        """
        stepper, labels = self.stepper, self.stepper.labels
        order = topological_order(stepper.root)[::-1]
        operands = dict.fromkeys(x for node in order for x in (*node.operands, node) if isinstance(x, Node))
        nodes = order if argument == "all" else [x for x in operands if x in labels.names]  # constants among them
        shown = nodes if argument == "all" else nodes[-MOST_ROWS:]
        rows = [("node", "value", "gradient")]
        rows += [(str(labels(x)), short(x._data), short(gradient_of(x))) for x in shown]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        changed = self._last_changed()
        for node, row in zip((None, *shown), rows, strict=True):
            mark = "*" if node in changed else " "
            line = f"{mark} {row[0]:<{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]:>{widths[2]}}"
            self._say(self.screen.ink(line, "changed") if node in changed else line)
        if len(shown) < len(nodes):
            self._say(f"and {len(nodes) - len(shown)} before these: vars all")

    def _last_changed(self) -> set[Node | None]:
        if not self.stepper.position:
            return set()
        step = self.stepper.taken[-1]
        return {node for node, _, _ in step.changes} if isinstance(step, BackwardStep) else {step.node}

    def do_explain(self, argument: str) -> None:
        """explain NAME: the whole derivative by a node, as a sum over the paths to it

        explain w    whatever steps have been taken
        """
        labels = self.stepper.labels
        node = self._node(argument, "explain w")
        text = str(explain(labels.root, node, names=labels.names))
        for line in text.splitlines():
            self._say(self.screen.folded(line.lstrip(), len(line) - len(line.lstrip())))

    def do_tex(self, _argument: str) -> None:
        r"""tex: the last step taken, as LaTeX

        tex    lines are separated by \\, as in an array or aligned
        """
        if not self.stepper.position:
            raise CommandError("no step has been taken: n takes the first")
        self._say(self.stepper.taken[-1].latex())


def _shortest(root: Node, target: Node, between: Mapping[Node, int]) -> list[Node]:
    """The nodes of a shortest path; `between` holds those that lead to the target."""
    users: dict[Node, Node] = {}
    waiting = deque([root])
    while target is not root and target not in users:
        node = waiting.popleft()
        for parent in node.parents:
            if parent in between and parent not in users:
                users[parent] = node
                waiting.append(parent)
    path = [target]
    while path[-1] is not root:
        path.append(users[path[-1]])
    return path[::-1]
