"""The prompt `(bp) `: a debugger for gradients, in the manner of pdb."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any

from ..graph import Node
from ..stepper import Stepper
from .prompt import Prompt

__all__ = ["Prompt", "debug"]


def debug(
    root: Node,
    gradient: Any = None,
    *,
    direction: str = "backward",
    names: Mapping[Node, str] | None = None,
    commands: str | os.PathLike[str] | Iterable[str] | None = None,
    stdin: IO[str] | None = None,
    stdout: IO[str] | None = None,
) -> None:
    """Step through a pass at a prompt, as pdb steps through a program; `help` lists the commands.

    The gradients are those of the steps taken so far.  Whoever leaves before the end finds them as they were; a number
    that was `set` stays.

    Args:
        root: the node whose graph it is, a `Value` or a `Tensor`.
        gradient: what `backward(gradient)` takes: 1 if it is left out.
        direction: `"backward"`, `"forward"`, or `"both"`, one after the other as one film.
        names: what to call nodes, by node; by default each has its own name or that of the caller's variable.
        commands: lines to run first, or a file of them.  Then the prompt goes on where someone types, or with `stdin`.
        stdin: where to read; by default what is typed.  What is not typed is shown after the prompt.
        stdout: where to write; by default the terminal.

    Raises:
        TypeError, RuntimeError, ValueError: as `Stepper` does.
        FileNotFoundError: there is no such file of commands.

    >>> from autograd import Value
    >>> w, x = Value(2.0), Value(-2.0)
    >>> J = w * x
    >>> debug(J, commands=["n 2", "p dJ/dw + 1", "q"])
    > the backward pass from J = -4: 2 steps, help lists the commands
    1/2  -> dJ/dJ = …
    (bp) n 2
    2/2     dJ/dw += dJ/dJ · dJ/dw = 1 · x = 1 · (-2) = -2
            dJ/dx += dJ/dJ · dJ/dx = 1 · w = 1 · 2 = 2
         -> the end: every gradient is complete
    (bp) p dJ/dw + 1
    dJ/dw + 1 = -1
    (bp) q
    the pass is finished: its gradients stay
    """
    script = _lines(commands)
    stepper = Stepper(root, gradient, direction=direction, names=names)
    Prompt(stepper, script, stdin=stdin, stdout=stdout).cmdloop()


def _lines(commands: str | os.PathLike[str] | Iterable[str] | None) -> list[str] | None:
    """The lines of a script, or of the file that holds it."""
    if commands is None:
        return None
    if isinstance(commands, (str, os.PathLike)):
        if not Path(commands).is_file():
            name = str(commands)
            raise FileNotFoundError(f"debug: there is no file {name!r}: give commands as a file or a list of lines")
        return Path(commands).read_text(encoding="utf-8").splitlines()
    lines = list(commands)
    for line in lines:
        if not isinstance(line, str):
            raise TypeError(f"debug: commands must be lines of text, such as ['n', 'p dJ/dw'], got {line!r} among them")
    return lines
