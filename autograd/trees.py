"""Nested containers of numbers and arrays: lists, tuples, dictionaries and None, as one finds parameters in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

__all__ = ["leaves", "like", "mapped"]


def mapped(function: Callable[[Any], Any], tree: Any) -> Any:
    """The same containers around what the function makes of each leaf, from left to right."""
    if isinstance(tree, dict):
        return type(tree)((key, mapped(function, value)) for key, value in tree.items())
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
