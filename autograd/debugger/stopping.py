"""The commands to stop: break, clear, continue, reverse."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from .breakpoints import Breakpoint, at_node, at_not_finite, at_op
from .errors import CommandError
from .session import Session

__all__ = ["Stopping"]


class Stopping(Session):
    """Sets breakpoints, and runs from one to another."""

    def do_break(self, argument: str) -> None:
        """break [NAME | OP | nan]: stop before the step of a node or of an operation; without argument, list

        break z      before z hands its gradient on; for a leaf, before each step that adds to its gradient
        break exp    before each exp; also by symbol, as in break *
        break nan    before a step that makes inf or nan out of finite numbers
        """
        if not argument:
            self._say(
                *(f"{i:>3}  {stop.what}" for i, stop in self.breaks.items()) if self.breaks else ["no breakpoints"]
            )
            return
        stop = self._breakpoint(argument)
        i = next(self._numbers)
        self.breaks[i] = stop
        reason = stop.reason(self.stepper)
        self._say(f"breakpoint {i}: {stop.what}{f'; {reason}' if reason else ''}")

    def _breakpoint(self, what: str) -> Breakpoint:
        if what == "nan":
            return Breakpoint("inf or nan", at_not_finite)
        with suppress(ValueError):
            node = self.stepper.find(what)
            return Breakpoint(f"node {self.stepper.labels(node)}", partial(at_node, node))
        ops = {op for node in self.stepper.nodes if (op := node.op) is not None}
        if any(what in (op.name, op.symbol) for op in ops):
            return Breakpoint(f"operation {what}", partial(at_op, what))
        names = sorted(op.name for op in ops)
        raise CommandError(f"nothing is called {what!r}: name a node, nan, or an operation: {', '.join(names)}")

    def do_clear(self, argument: str) -> None:
        """clear [N]: take away breakpoint N, or all

        clear 2    the number is what break lists
        """
        if not argument:
            self.breaks.clear()
        elif not argument.isdecimal() or int(argument) not in self.breaks:
            raise CommandError(f"there is no breakpoint {argument}: break lists them")
        else:
            del self.breaks[int(argument)]
        self.do_break("")

    def do_continue(self, _argument: str) -> None:
        """c(ontinue): go on to the next breakpoint, else to the end

        c    says which breakpoint it was
        """
        self._run(self.stepper.step, len(self.stepper))

    def do_reverse(self, _argument: str) -> None:
        """rc, reverse: go back to the breakpoint before, else to the start

        rc    as c, the other way round
        """
        self._run(self.stepper.back, 0)

    def _run(self, move: Callable[[], Any], end: int) -> None:
        """Move at least once, then on to where a breakpoint has a reason."""
        reasons: list[str] = []
        try:
            while self.stepper.position != end and not reasons:
                move()
                found = ((i, stop.reason(self.stepper)) for i, stop in self.breaks.items())
                reasons = [f"breakpoint {i}: {reason}" for i, reason in found if reason]
        except Exception:
            self._show()
            raise
        self._say(*reasons)
        self._show()
