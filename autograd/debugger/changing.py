"""The command to change: set."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from ..graph import Node
from .errors import CommandError
from .expressions import array
from .screen import short
from .session import Session

__all__ = ["Changing"]

SETTING = re.compile(r"(\S+?)(?:\s*=(?!=)\s*|\s+)(.+)")


class Changing(Session):
    """Gives leaves other numbers."""

    def do_set(self, argument: str) -> None:
        """set NAME VALUE: give a leaf another number, compute the graph again, and stay at this step

        set w 3           a number, or an expression, as in set w w - 0.1*dJ/dw
        set b [0, 0.5]    an array of the same shape
        """
        setting = SETTING.fullmatch(argument)
        if setting is None:
            raise CommandError("set takes a leaf and its value, as in set w 3")
        stepper, root = self.stepper, self.stepper.root
        leaf, before = self._names.node(setting[1]), short(root._data)
        stepper.set(leaf, self._given(setting[2], leaf))
        after = short(root._data)
        news = f": {stepper.labels(root)} was {before}, is {after}" if after != before else ""
        self._say(f"{self._value_of(leaf)}{news}")
        self._show()

    def _given(self, text: str, leaf: Node) -> Any:
        """A number, or an array of the leaf's kind."""
        value = array(text) if text.startswith("[") else self._names.value(text)
        return np.asarray(value, leaf._data.dtype) if isinstance(leaf._data, np.ndarray) else value
