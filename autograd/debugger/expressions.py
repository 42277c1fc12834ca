"""What is typed after a command: names, gradients, arithmetic with them, arrays of numbers."""

from __future__ import annotations

import ast
import re
from contextlib import suppress
from typing import Any

import numpy as np

from ..graph import Node, gradient_of
from ..labels import Labels
from ..parsing import nearest, parse
from .errors import CommandError

__all__ = ["Names", "array"]

NAME = r"[^\W\d]\w*(?:\[[^\[\]]*\])*"
INSIDE = r"\((?:[^()]|\([^()]*\))*\)"
REFERENCE = re.compile(
    rf"""(?<![\w.]) (?: d(?P<of>{NAME}|{INSIDE}) \s*/\s* d(?P<by>{NAME}|{INSIDE})
        | (?P<name>{NAME}) (?P<slot>\.(?:grad|data)\b)? (?!\s*\() )  # before a bracket it is a function""",
    re.VERBOSE,
)
"""In an expression: `dJ/dw`, `dJ/d(w * x)`, `w.grad`, `w`, `w[0]`."""

LONGEST_ARRAY = 10_000  # characters of an array that is typed

ARRAY = re.compile(r"\[[-+\d.,eE_\s\[\]]*\]")


_NOTHING = object()


class Names:
    """What names, gradients, and arithmetic with them stand for in a graph."""

    def __init__(self, labels: Labels) -> None:
        self.labels = labels

    def node(self, name: str) -> Node:
        try:
            return self.labels.find(name)
        except ValueError as error:
            hint = nearest(name, self.labels.names.values())
            raise CommandError(f"no node is called {name!r}{hint}" if hint else str(error)) from None

    def __contains__(self, name: str) -> bool:
        with suppress(ValueError):
            self.labels.find(name)
            return True
        return False

    def value(self, text: str) -> Any:
        """The value of an expression; what is called like the whole of it comes first."""
        if text in self:
            return self.labels.find(text)._data
        values: dict[str, Any] = {}

        def read(match: re.Match[str]) -> str:
            found = self._referred(match)
            return match[0] if found is _NOTHING else _placed(match[0], found, values)

        formula = REFERENCE.sub(read, text)
        if formula in values:  # one reference, perhaps to a gradient that is not there yet
            return values[formula]
        missing = [name for name, value in values.items() if value is None]
        if missing:
            raise CommandError(f"{missing[0]} stands for a gradient that has no number yet")
        return parse(formula)(**values)

    def _referred(self, match: re.Match[str]) -> Any:
        """What a name or a derivative in a text stands for; nothing, if that is for the parser to know."""
        text, name, root = match[0], match["name"], self.labels.root
        if name is not None:
            if match["slot"] is None and name not in self:
                return float(name) if name in ("inf", "nan") else _NOTHING
            node = self.node(name)
            return gradient_of(node) if match["slot"] == ".grad" else node._data
        of, by = (part[1:-1] if part.startswith("(") else part for part in match.group("of", "by"))
        if of not in self:
            return _NOTHING
        if self.labels.find(of) is not root:
            raise CommandError(f"{text}: the pass adds up derivatives of {self.labels(root)} only; where shows others")
        return gradient_of(self.node(by))


def _placed(text: str, value: Any, values: dict[str, Any]) -> str:
    """A name that a formula may have in the place of a reference, with its value among the others."""
    name = re.sub(r"\W+", "_", text).strip("_")
    while values.get(name, value) is not value:
        name += "_"
    values[name] = value
    return name


def array(text: str) -> Any:
    """The numbers of an array as it is typed, in square brackets."""
    if len(text) > LONGEST_ARRAY or not ARRAY.fullmatch(text):
        raise CommandError(f"an array is numbers in square brackets, no more than {LONGEST_ARRAY:,} characters of them")
    try:
        return np.array(ast.literal_eval(text), float)
    except (SyntaxError, ValueError):
        raise CommandError(f"{text} is no array: write rows of one length, as in [[1, 2], [3, 4]]") from None
