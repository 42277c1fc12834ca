"""The error for a text that is no formula: what is wrong, and where."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable
from typing import NoReturn

from ..names import printable

__all__ = ["FormulaError", "Source", "nearest"]


class FormulaError(ValueError):
    """A text that is no formula, or lacks a value: what is wrong, and where.

    Its message has three lines: the complaint, the text, and a caret under the place.

    Attributes:
        complaint: what is wrong, in one line.
        text: what was to be read.
        position: the index of the character in the text.
    """

    __module__ = "autograd.parsing"  # where it is found, and what tracebacks show

    def __init__(self, complaint: str, text: str, position: int) -> None:
        super().__init__(complaint, text, position)
        self.complaint, self.text, self.position = complaint, text, position

    def __str__(self) -> str:
        return f"{self.complaint}\n{_marked(self.text, self.position)}"


class Source:
    """A text that is being read."""

    def __init__(self, text: str) -> None:
        self.text = text

    def refuse(self, complaint: str, position: int) -> NoReturn:
        raise FormulaError(complaint, self.text, position)


def nearest(name: str, names: Iterable[str]) -> str:
    """The end of a complaint about an unknown name: which one may have been meant, if there is one like it."""
    near = difflib.get_close_matches(name, names, n=1)
    return f": did you mean {near[0]}?" if near else ""


WIDEST = 64
"""How many characters are shown before a place, and after it."""


def _marked(text: str, position: int) -> str:
    """The line of the text that holds the position, as far as it is near, and a caret below."""
    before, after = re.split(r"[\r\n]", text[:position])[-1], re.split(r"[\r\n]", text[position:])[0]
    if len(before) > WIDEST:
        before = "…" + before[1 - WIDEST :]
    if len(after) > WIDEST:
        after = after[: WIDEST - 1] + "…"
    before, after = printable(before), printable(after)
    return f"{before}{after}\n{' ' * sum(map(_width, before))}^"


def _width(c: str) -> int:
    """How many columns of a terminal a character takes."""
    return 0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF")
