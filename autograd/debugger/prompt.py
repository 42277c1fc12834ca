"""The prompt: the loop that reads commands, and those about itself: help, quit."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from contextlib import nullcontext
from typing import IO, Any

from ..parsing import FormulaError, nearest
from ..stepper import Stepper
from .changing import Changing
from .commands import ALIASES, COMMANDS, GROUPS, REPEATED
from .completing import Completing
from .errors import CommandError
from .looking import Looking
from .moving import Moving
from .stopping import Stopping
from .terminal import own_history
from .writing import Writing

__all__ = ["Prompt"]

ASSIGNMENT = re.compile(r"([^\W\d][\w\[\]]*)\s*=(?!=)\s*(.*)")


class Prompt(Moving, Stopping, Looking, Writing, Changing, Completing):
    """The loop that reads commands and shows what they do to a `Stepper`; `debug` runs it.

    Args:
        stepper: the pass to step through.
        script: lines to run before any are read.
        stdin: where to read lines; None for what is typed, or piped.
        stdout: where to write.
    """

    prompt = "(bp) "

    def __init__(
        self,
        stepper: Stepper,
        script: Sequence[str] | None = None,
        *,
        stdin: IO[str] | None = None,
        stdout: IO[str] | None = None,
    ) -> None:
        super().__init__(stepper, stdin=stdin, stdout=stdout)
        self._script = iter(script or ())
        self._reads = self._typed or stdin is not None or script is None

    # ------------------------------------------------------------------ the loop

    def cmdloop(self, intro: Any = None) -> None:
        """Read commands and run them, until one of them or the end of the input leaves."""
        with own_history(self.complete) if self._typed else nullcontext():
            try:
                stepper, root = self.stepper, self.stepper.root
                passes = "both passes" if stepper.direction == "both" else f"the {stepper.direction} pass"
                start = f"{passes} {'to' if stepper.direction == 'forward' else 'from'} {self._value_of(root)}"
                self._say(f"> {start}: {len(stepper)} steps, help lists the commands")
                self._show()
                left = False
                while not left:
                    try:
                        line = self._next_line()
                    except KeyboardInterrupt:
                        self._say("\nq leaves")
                        continue
                    left = line is None or self.onecmd(line)
            finally:
                self._leave()

    def _next_line(self) -> str | None:
        """The next line of the script, or of the input; None at the end."""
        line = next(self._script, None)
        if line is None and self._typed:
            try:
                return input(self.prompt)
            except EOFError:
                self._say("")
                return None
        if line is None and self._reads:
            line = self.stdin.readline() or None
        if line is not None:
            self._say(f"{self.prompt}{line.strip()}".rstrip())
        return line

    def _leave(self) -> None:
        stepper = self.stepper
        changed = "numbers" if stepper.direction == "forward" else "gradients"
        if stepper.position == len(stepper):
            self._say(f"the pass is finished: its {changed} stay")
        else:
            self._say(f"left after {stepper.position} of {len(stepper)} steps: the {changed} are as they were")
            stepper.reset()

    def onecmd(self, line: str) -> bool:
        """Run one command; what goes wrong is one line, and the prompt goes on."""
        if line.lstrip().startswith("#"):
            return False
        try:
            return bool(super().onecmd(line))
        except KeyboardInterrupt:
            self._say("\nstopped")
            self._show()
        except FormulaError as error:
            self._complain(error.complaint)
        except Exception as error:
            self._complain(str(error) or type(error).__name__)
        return False

    def parseline(self, line: str) -> tuple[str | None, str | None, str]:
        line = line.strip()
        if ASSIGNMENT.fullmatch(line):
            return None, None, line
        command, argument, line = super().parseline(line)
        return ALIASES.get(command or "", command), argument, line

    def default(self, line: str) -> None:
        """Complain of what is no command, with what may have been meant."""
        assignment = ASSIGNMENT.fullmatch(line)
        if assignment is not None:
            raise CommandError(f"to change a leaf, write set {' '.join(assignment.groups())}")
        word = line.split()[0]
        hint = nearest(word, [*ALIASES, *COMMANDS])
        if not hint:
            hint = f": p {line} prints it" if line in self._names else ": help lists them"
        raise CommandError(f"there is no command {word!r}{hint}")

    def emptyline(self) -> bool:
        """Move or list once more."""
        return self.onecmd(self.lastcmd) if self.parseline(self.lastcmd)[0] in REPEATED else False

    # ------------------------------------------------------------------ help, quit

    def do_help(self, argument: str) -> None:
        """h(elp) [COMMAND]: this list, or more about a command

        help break    with examples
        """
        if argument:
            name = ALIASES.get(argument, argument)
            if name not in COMMANDS:
                raise CommandError(f"there is no command {argument!r}: help lists them")
            self._say(_help(name))
            return
        first_lines = {name: _help(name).splitlines()[0].partition(": ") for name in COMMANDS}
        width = max(len(usage) for usage, _, _ in first_lines.values())
        for title, names in GROUPS.items():
            self._say(title)
            for name in names:
                usage, _, summary_of_it = first_lines[name]
                self._say(f"  {usage:<{width}}  {summary_of_it}")
        self._say("an empty line moves or lists once more; help COMMAND shows examples")

    def do_quit(self, _argument: str) -> bool:
        """q(uit), exit: leave; the gradients go back to what they were, unless the pass is finished

        q    so does the end of the input
        """
        return True

    def _complain(self, complaint: str) -> None:
        self._say(self.screen.ink(f"*** {' '.join(complaint.split())}", "error"))


def _help(name: str) -> str:
    return inspect.getdoc(getattr(Prompt, f"do_{name}")) or ""
