"""Names that nobody had to give: the caller's variables, and the line that is being run."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from .graph import Node, Note
from .modes import modes

__all__ = ["calling_frame", "calling_line", "note_of_now", "printable", "variable_names"]

PACKAGE = Path(__file__).parent
INSIDE = tuple(f"{PACKAGE.parent / name}{os.sep}" for name in (PACKAGE.name, "nn"))
"""Where no user's code lies: in the packages of this distribution."""


def calling_frame() -> FrameType:
    """The innermost frame that runs code outside these packages."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(INSIDE):
        frame = frame.f_back
    return frame or sys._getframe(1)


def calling_line() -> str:
    """The caller's line, as `file.py:12`."""
    frame = calling_frame()
    return f"{frame.f_code.co_filename.rpartition(os.sep)[2]}:{frame.f_lineno}"


def note_of_now() -> Note | None:
    """What a node remembers that is made now; None where nobody asked for anything."""
    scopes = modes.scopes.get()
    if modes.anomaly.get() or modes.sites.get():
        return Note(None, calling_line(), scopes)
    return Note(None, None, scopes) if scopes else None


def printable(text: str) -> str:
    """The text with an escape, as in Python's strings, for every character that does not print."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def variable_names(nodes: list[Node], frame: FrameType | None = None) -> dict[Node, str]:
    """What to call each node: its own name, else the caller's variable that holds it.

    Elements of lists, tuples and dictionaries are named like `w[0]`, parameters of models like
    `model[0].weight`.  A node that two variables hold
    is ambiguous and gets no name, like one that only names with a leading underscore hold; so is a
    name that another node was given explicitly.

    Args:
        nodes: those that need names.
        frame: whose variables to look at; by default the caller's, outside this package.
    """
    frame = frame or calling_frame()
    explicit = {node: node.name for node in nodes if node.name is not None}
    taken = set(explicit.values())
    wanted = set(nodes)
    names: dict[Node, str] = {}
    # Locals before globals, and variables before elements: the first place that knows a node decides.
    for scope in (frame.f_locals, frame.f_globals):
        for entries in (_variables(scope), _elements(scope)):
            found: dict[Node, set[str]] = {}
            for name, value in entries:
                if value in wanted and value not in names:
                    found.setdefault(value, set()).add(name)
            for node, candidates in found.items():
                name = candidates.pop()
                names[node] = "" if candidates or name in taken else name
                taken.add(name)
    return {node: name for node, name in (names | explicit).items() if name}


def _variables(scope: dict[str, Any]) -> Iterator[tuple[str, Node]]:
    for name, value in list(scope.items()):
        if isinstance(value, Node) and _is_public(name):
            yield name, value


def _elements(scope: dict[str, Any]) -> Iterator[tuple[str, Node]]:
    for name, value in list(scope.items()):
        if not _is_public(name):
            continue
        if hasattr(type(value), "named_parameters") and not isinstance(value, type):
            yield from ((name + _path(key), parameter) for key, parameter in value.named_parameters())
            continue
        if type(value) in (list, tuple):
            pairs: Any = enumerate(value)
        elif type(value) is dict:
            pairs = list(value.items())
        else:
            continue
        for key, element in pairs:
            if isinstance(element, Node) and type(key) in (int, str):  # other keys may print their address
                yield f"{name}[{key!r}]", element


def _path(key: str) -> str:
    """Where a model has a parameter, as Python writes it: `[0].weight` for `0.weight`."""
    return "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in key.split("."))


def _is_public(name: str) -> bool:
    """Whether someone wrote this name: pytest adds `@py_assert1` to the variables, IPython adds `Out`."""
    return name.isidentifier() and not name.startswith("_") and name != "Out"
