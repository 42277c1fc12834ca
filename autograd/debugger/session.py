"""What all commands share: the pass they step through, where they show it, and how nodes are named."""

from __future__ import annotations

import builtins
import cmd
import sys
from itertools import count
from pathlib import Path
from types import BuiltinFunctionType
from typing import IO

from ..graph import Node
from ..stepper import Stepper
from .breakpoints import Breakpoint
from .errors import CommandError
from .expressions import Names
from .screen import Screen, short
from .terminal import is_terminal

__all__ = ["Session"]


class Session(cmd.Cmd):
    """A pass, and a screen to show its steps on; the commands are in the classes derived from this one."""

    def __init__(self, stepper: Stepper, *, stdin: IO[str] | None, stdout: IO[str] | None) -> None:
        super().__init__(stdin=stdin, stdout=stdout)
        self.stepper = stepper
        self.screen = Screen(self.stdout)
        self.breaks: dict[int, Breakpoint] = {}
        self._numbers = count(1)  # of breakpoints
        self._listed = 0  # up to where `list` has shown the steps; 0 after a move
        self._written: set[Path] = set()
        notebook = not isinstance(builtins.input, BuiltinFunctionType)  # notebooks ask by a function of theirs
        self._typed = stdin is None and (notebook or is_terminal(sys.stdin))

    @property
    def _current(self) -> Node | None:
        """The node of the next step; None at the end."""
        stepper = self.stepper
        return stepper.nodes[stepper.position] if stepper.position < len(stepper) else None

    def _show(self) -> None:
        """The step just taken, and the next one."""
        position, end = self.stepper.position, len(self.stepper)
        self._listed = 0
        if position:
            self._say(*self.screen.step(self.stepper, position - 1))
        self._say(*(self.screen.step(self.stepper, position) if position < end else [self.screen.end(self.stepper)]))

    def _value_of(self, node: Node) -> str:
        return f"{self.stepper.labels(node)} = {short(node._data)}"

    def _node(self, name: str, example: str) -> Node:
        if not name:
            raise CommandError(f"name a node, as in {example}")
        return self._names.node(name)

    @property
    def _names(self) -> Names:
        return Names(self.stepper.labels)

    def _say(self, *lines: str) -> None:
        self.screen.say(*lines)
