"""Arrays that are changed in place: who shares the memory, when it changed, and what was recorded before.

Every change ticks one clock.  A tensor knows when it was made, its memory knows when it last changed,
and so a sweep can tell whether the numbers that a rule reads are still those of the forward pass.

A change that is recorded gives the tensor a new place in the graph.  What it was before lives on as a
hidden tensor, and nodes made earlier, which still refer to the visible one, are *settled* on the hidden
one when a sweep first walks over them.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from typing import Any
from weakref import ref

from .graph import Node
from .names import calling_line

__all__ = ["Clock", "History", "Memory", "Moment", "changes", "earlier_place", "overwritten", "settled", "stale"]


class Moment(int):
    """A time between two changes; `life` ends with the last tensor that was made then."""

    life: Life


class Life:
    """Something that can be referred to weakly, which an integer cannot."""

    __slots__ = ("__weakref__",)


class Clock:
    """Counts the changes in place of all tensors."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lives: dict[int, ref[Life]] = {}
        self.now = Moment(-1)
        self.tick()

    def tick(self) -> Moment:
        """The next moment, which is now."""
        with self._lock:
            now = Moment(self.now + 1)
            now.life = Life()
            self._lives[int(now)] = ref(now.life)
            self.now = now
            if not now & 1023:  # each tick leaves an entry, most of them of the dead
                self._bury()
            return now

    def _bury(self) -> None:
        self._lives = {time: life for time, life in self._lives.items() if life() is not None}

    def living(self) -> list[int]:
        """The times, in order, from which there are tensors left."""
        with self._lock:
            self._bury()
            return sorted(self._lives)


changes = Clock()


class Memory:
    """What all tensors on the same memory share: when it was last changed, and by which line."""

    __slots__ = ("changed", "rewritten", "site")

    def __init__(self) -> None:
        self.changed = 0
        # When a change was last recorded in the graph: views made before it are out of date, to be made anew as of it.
        self.rewritten: int = 0
        self.site = ""

    def duplicate(self) -> Memory:
        """Another memory, for a copy of the numbers, that was changed when this one was."""
        memory = Memory()
        memory.changed, memory.rewritten, memory.site = self.changed, self.rewritten, self.site
        return memory

    def changed_at(self, time: Moment, site: str) -> None:
        """Note a change that was made by other means."""
        self.changed, self.site = int(time), site

    def touch(self, *, recorded: bool) -> Moment:
        """Note a change, now, by the caller's line."""
        now = changes.tick()
        self.changed = int(now)
        self.site = calling_line()
        if recorded:
            self.rewritten = now
        return now


class History:
    """What a tensor has that shares memory or was changed: few do."""

    __slots__ = ("hidden", "memory", "past", "view")

    def __init__(self, memory: Memory, view: tuple[Any, Any, dict[str, Any]] | None = None) -> None:
        self.memory = memory
        self.view = view
        """For a view: the tensor it shows, by which op, with which settings."""
        self.past: list[tuple[int, Node | str]] = []
        """Until when this tensor was which hidden one; the line of the change where that is forgotten."""
        self.hidden: Node | None = None
        """The hidden tensor for the place that this one still has, if a change under way needs it already."""

    def leave(self, until: int, hidden: Node | str) -> None:
        """Note that until now the tensor was a hidden one, or that it does not matter any more which.

        Only nodes made in the meantime ask for it.  Where none of them is left it is forgotten, now and
        then, so that a buffer does not hold on to all that was ever written to it.
        """
        self.hidden = None
        self.past.append((until, hidden))
        if len(self.past) & (len(self.past) - 1):
            return
        living = changes.living()
        kept: list[tuple[int, Node | str]] = []
        since = 0
        for until, earlier in self.past:
            if since and bisect_left(living, since) == bisect_left(living, until):  # the first one is kept
                earlier = self.memory.site
                if kept and isinstance(kept[-1][1], str):
                    kept.pop()
            kept.append((until, earlier))
            since = until
        self.past = kept


def settled(x: Any, made: int, by: Any) -> Any:
    """The tensor that `x` was when a node of the op `by` was made."""
    earlier = earlier_place(x, made)
    if isinstance(earlier, str):
        raise RuntimeError(
            f"backward: {by.name} used a tensor that was overwritten afterwards, at {earlier}: "
            "write into a new tensor, or into x.clone()"
        )
    return earlier


def earlier_place(x: Any, made: int) -> Any:
    """The same; the line of the change where that is forgotten."""
    history: History | None = x._history
    if history is None or not history.past or history.past[-1][0] <= made:
        return x
    return next(place for until, place in history.past if until > made)


def overwritten(x: Any, made: int) -> bool:
    """Whether a recorded change took the numbers away that a node made at that time has seen."""
    return x._history is not None and x._history.memory.rewritten > made


def stale(x: Any, made: int) -> bool:
    """Whether the numbers of a tensor are no longer those that a node made at that time has seen."""
    return x._history is not None and x._history.memory.changed > made
