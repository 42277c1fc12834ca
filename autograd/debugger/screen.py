"""What is shown: steps as lines, folded to the width, in colours on a terminal."""

from __future__ import annotations

import os
import shutil
from typing import IO, Any

from ..array_rules import takes_gradient
from ..graph import Node
from ..labels import Labels
from ..stepper import Stepper
from ..steps import ADDS, BackwardStep, equation, summary
from ..symbols import Call, Expr, Symbol, product
from .terminal import is_terminal

__all__ = ["WIDTH", "Screen", "computed", "short"]

WIDTH = 100  # characters of a line, where no terminal says it

INKS = {"mark": "1;36", "result": "1;32", "changed": "1;33", "error": "31", "faint": "2"}


class Screen:
    """Where lines are written, in colours if it is a terminal."""

    def __init__(self, stream: IO[str]) -> None:
        self.stream = stream
        self.is_terminal = is_terminal(stream)
        self.is_coloured = self.is_terminal and not os.environ.get("NO_COLOR")

    def say(self, *lines: str) -> None:
        text = "".join(f"{line}\n" for line in lines)
        encoding = getattr(self.stream, "encoding", None) or "utf-8"
        self.stream.write(text.encode(encoding, "replace").decode(encoding))  # not every terminal has an arrow
        self.stream.flush()

    def ink(self, text: str, role: str) -> str:
        return f"\033[{INKS[role]}m{text}\033[0m" if self.is_coloured else text

    def folded(self, text: str, indent: int, *, result: bool = False) -> str:
        """An indented equation, broken before equals signs where it is too wide; its last side may stand out."""
        width = shutil.get_terminal_size().columns if self.is_terminal else WIDTH
        first, *others = text.split(" = ")
        folded, column = " " * indent + first, indent + len(first)
        for i, side in enumerate(others, 1):
            equals = " = "
            if column + len(equals + side) > width:
                equals, column = f"\n{' ' * (indent + 4)}= ", indent + 3
            column += len(" = " + side)
            folded += equals + (self.ink(side, "result") if result and i == len(others) else side)
        return folded

    def step(self, stepper: Stepper, i: int) -> list[str]:
        """The lines of a step: with its numbers if it has been taken, with an arrow if it comes next."""
        taken = i < stepper.position
        equations = _taken(stepper, i) if taken else list(map(str, _to_come(stepper, i)))
        left = max(len(text.rpartition(" += ")[0]) for text in equations)
        lines = []
        for j, text in enumerate(equations):
            heading = _margin(stepper) if j else self.ink(_margin(stepper, i), "faint")
            mark = self.ink("-> ", "mark") if i == stepper.position and not j else "   "
            target, adds, rest = text.rpartition(" += ")
            aligned = f"{target:<{left}}{adds}{rest}"
            lines.append(heading + mark + self.folded(aligned, len(_margin(stepper)) + 3, result=taken).lstrip())
        return lines

    def end(self, stepper: Stepper) -> str:
        """The line after the last step, which the arrow points to when all are taken."""
        complete = "number is computed" if stepper.direction == "forward" else "gradient is complete"
        return f"{_margin(stepper)}{self.ink('->', 'mark')} the end: every {complete}"


def _margin(stepper: Stepper, i: int | None = None) -> str:
    """The number of a step, or as much space."""
    end = len(stepper)
    width = len(str(end))
    return " " * (2 * width + 3) if i is None else f"{i + 1:>{width}}/{end}  "


def _taken(stepper: Stepper, i: int) -> list[str]:
    """What a step did; where it added to what was there, the sum, too."""
    step = stepper.taken[i]
    texts = list(map(str, step.formulas()))
    if not isinstance(step, BackwardStep) or step.op is None:
        return texts
    totals = [(short(x.amount), short(x.after)) for x in step.contributions]
    return [
        text if amount == total else f"{text} (now {total})"
        for text, (amount, total) in zip(texts, totals, strict=True)
    ]


def _to_come(stepper: Stepper, i: int) -> list[Expr]:
    """What a step is going to do, without its numbers."""
    labels, root, node, start = stepper.labels, stepper.root, stepper.nodes[i], stepper.start
    if i == start:
        return [equation([labels.derivative(root, root), Symbol("…")])]
    if i < start:
        return [computed(node, labels)]
    own = labels.derivative(root, node)
    return [
        Call(ADDS, (labels.derivative(root, x), product(own, labels.derivative(node, x))))
        for x in node.parents
        if takes_gradient(x)
    ]


def computed(node: Node, labels: Labels) -> Expr:
    """`z = w · x + b`."""
    formula = labels.formula(node)
    assert formula is not None
    return equation([labels(node), formula])


def short(x: Any) -> str:
    """A number, an array or its shape and range; of a gradient that is not there, that."""
    return "none" if x is None else str(summary(x))
