"""Nested containers of numbers and arrays: lists, tuples, dictionaries and None, as one finds parameters in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from copy import copy
from typing import Any

__all__ = ["leaves", "like", "mapped", "matched"]


def mapped(function: Callable[[Any], Any], tree: Any) -> Any:
    """The same containers around what the function makes of each leaf, from left to right."""
    if isinstance(tree, dict):
        same = copy(tree)  # a subclass keeps what else it has, as the default of a defaultdict
        same.update((key, mapped(function, value)) for key, value in tree.items())
        return same
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):  # a named tuple
        return type(tree)(*(mapped(function, value) for value in tree))
    if isinstance(tree, (list, tuple)):
        return type(tree)(mapped(function, value) for value in tree)
    return None if tree is None else function(tree)


def leaves(tree: Any) -> list[Any]:
    """What lies in the containers, from left to right."""
    found: list[Any] = []
    mapped(found.append, tree)
    return found


def like(tree: Any, entries: Iterable[Any]) -> Any:
    """The containers of a tree around other leaves."""
    rest: Iterator[Any] = iter(entries)
    return mapped(lambda _: next(rest), tree)


def matched(tree: Any, other: Any, what: str) -> list[Any]:
    """The leaves of another tree of the same structure, in the order of this one; dictionaries may differ in theirs.

    Raises:
        ValueError: the structures differ; `what` begins the message.
    """
    if isinstance(tree, dict):
        if isinstance(other, dict) and other.keys() == tree.keys():
            return [x for key in tree for x in matched(tree[key], other[key], what)]
    elif isinstance(tree, (list, tuple)):
        if isinstance(other, (list, tuple)) and len(other) == len(tree):
            return [x for a, b in zip(tree, other, strict=True) for x in matched(a, b, what)]
    elif tree is None and other is None:
        return []
    elif tree is not None and not isinstance(other, (dict, list, tuple, type(None))):
        return [other]
    raise ValueError(f"{what}: {_described(other)} in the place of {_described(tree)}")


def _described(tree: Any) -> str:
    if isinstance(tree, dict):
        return f"a dictionary of {', '.join(map(repr, tree))}"
    if isinstance(tree, (list, tuple)):
        return f"a {type(tree).__name__} of {len(tree)}"
    return "None" if tree is None else "a number or array"
