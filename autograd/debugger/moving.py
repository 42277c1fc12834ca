"""The commands to move: next, back, until, goto, finish, reset, film."""

from __future__ import annotations

from ..stepper import DIRECTIONS, Stepper
from .errors import CommandError
from .session import Session

__all__ = ["Moving"]


class Moving(Session):
    """Takes steps and undoes them."""

    def do_next(self, argument: str) -> None:
        """n(ext) [N]: take the next step, or the next N; also s(tep)

        n 3    takes three steps
        """
        position, end = self.stepper.position, len(self.stepper)
        steps = _count(argument, "n 3")
        if position == end:
            raise CommandError(f"all {end} steps are taken: b goes back, q leaves")
        self._goto(min(position + steps, end))

    def do_back(self, argument: str) -> None:
        """b(ack) [N]: undo the last step, or the last N

        b 3    undoes three steps; breakpoints do not stop it
        """
        steps = _count(argument, "b 3")
        if not self.stepper.position:
            raise CommandError("no step has been taken: n takes the first")
        self._goto(max(self.stepper.position - steps, 0))

    def do_until(self, argument: str) -> None:
        """u(ntil) NAME: go to where the gradient of a node is complete, also back

        until z    the step in which z hands its gradient on comes next
        """
        self.stepper.run_to(self._node(argument, "until z"))
        self._show()

    def do_goto(self, argument: str) -> None:
        """goto K: go to where K steps have been taken

        goto 0    goes to the start, as reset does
        """
        if not argument.isdecimal():
            raise CommandError(f"goto takes a number of steps, from 0 to {len(self.stepper)}, as in goto 3")
        self._goto(int(argument))

    def do_finish(self, _argument: str) -> None:
        """finish: take all steps that are left; the gradients are then as backward() leaves them

        finish    goes to the end, whatever the breakpoints
        """
        self._goto(len(self.stepper))

    def do_reset(self, _argument: str) -> None:
        """reset: go to the start; the steps are worked out anew from what the graph holds

        reset    also after something else has changed the graph
        """
        self.stepper.reset()
        self._show()

    def do_film(self, argument: str) -> None:
        """film DIRECTION: start again with the backward pass, the forward pass, or both

        film both    the forward pass, then the backward pass
        """
        old = self.stepper
        if argument not in DIRECTIONS:
            raise CommandError(f"film takes {', '.join(DIRECTIONS)}; this is {old.direction}")
        new = Stepper(old.root, old.gradient, direction=argument, names=old.labels.names)
        old.reset()
        self.stepper = new
        self._show()

    def _goto(self, position: int) -> None:
        self.stepper.goto(position)
        self._show()


def _count(argument: str, example: str) -> int:
    """How often to move: once, or as often as typed."""
    if argument and (not argument.isdecimal() or not int(argument)):
        raise CommandError(f"how many steps is a number from 1 on, as in {example}, got {argument!r}")
    return int(argument or 1)
