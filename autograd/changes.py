"""Arrays that are changed in place: who shares the memory, when it changed, and what was recorded before.

Every change ticks one clock.  A tensor knows when it was made, its memory knows when it last changed,
and so a sweep can tell whether the numbers that a rule reads are still those of the forward pass.

A change that is recorded gives the tensor a new place in the graph.  What it was before lives on as a
hidden tensor, and nodes made earlier, which still refer to the visible one, are *settled* on the hidden
one when a sweep first walks over them.
"""

from __future__ import annotations

from typing import Any

from .graph import Node
from .names import calling_line

__all__ = ["Clock", "History", "Memory", "changes", "settled", "stale"]


class Clock:
    """Counts the changes in place of all tensors."""

    def __init__(self) -> None:
        self.now = 0


changes = Clock()


class Memory:
    """What all tensors on the same memory share: when it was last changed, and by which line."""

    __slots__ = ("changed", "rewritten", "site")

    def __init__(self) -> None:
        self.changed = 0
        self.rewritten = 0  # when a change was last recorded in the graph: views made before it are out of date
        self.site = ""

    def touch(self, *, recorded: bool) -> int:
        """Note a change, now, by the caller's line."""
        changes.now += 1
        self.changed = changes.now
        self.site = calling_line()
        if recorded:
            self.rewritten = changes.now
        return changes.now


class History:
    """What a tensor has that shares memory or was changed: few do."""

    __slots__ = ("memory", "past", "view")

    def __init__(self, memory: Memory, view: tuple[Any, Any, dict[str, Any]] | None = None) -> None:
        self.memory = memory
        self.view = view
        """For a view: the tensor it shows, by which op, with which settings."""
        self.past: list[tuple[int, Node | None]] = []
        """Until when this tensor was which hidden one; None where it was overwritten as a whole."""


def settled(x: Any, made: int, by: Any) -> Any:
    """The tensor that `x` was when a node of the op `by` was made."""
    history: History | None = x._history
    if history is None or not history.past or history.past[-1][0] <= made:
        return x
    earlier = next(node for until, node in history.past if until > made)
    if earlier is None:
        raise RuntimeError(
            f"backward: {by.name} used a tensor that was overwritten afterwards, at {history.memory.site}: "
            "write into a new tensor, or into x.clone()"
        )
    return earlier


def stale(x: Any, made: int) -> bool:
    """Whether the numbers of a tensor are no longer those that a node made at that time has seen."""
    return x._history is not None and x._history.memory.changed > made
