"""Arithmetic by IEEE 754: where NumPy would warn of an infinity or of nan, it is simply the result."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar, Token, copy_context
from typing import Any

import numpy as np

__all__ = ["quiet", "quietly"]


def _silence() -> tuple[ContextVar[Any], Any]:
    """The context variable in which NumPy keeps what it warns of, and its value for nothing at all.

    To set it is what `np.errstate` does, in a tenth of the time: it is a third of that of a small operation.
    """
    context = copy_context()
    before = dict(context.items())
    context.run(np.seterr, all="ignore")
    changed = [(variable, value) for variable, value in context.items() if before.get(variable) is not value]
    return changed[0] if changed else (ContextVar("unknown"), None)  # then NumPy warns, but is right all the same


_WARNINGS, _NONE = _silence()


class quiet:  # noqa: N801 - a context manager, named as one
    """As long as this context lasts, NumPy does not warn."""

    __slots__ = ("_token",)

    _token: Token[Any]

    def __enter__(self) -> None:
        self._token = _WARNINGS.set(_NONE)

    def __exit__(self, *error: object) -> None:
        _WARNINGS.reset(self._token)


def quietly(function: Callable[..., Any], *operands: Any, **settings: Any) -> Any:
    """The value of a function on NumPy arrays, without warnings."""
    if _WARNINGS.get(None) is _NONE:  # inside a sweep, which asks for it once
        return function(*operands, **settings)
    token = _WARNINGS.set(_NONE)
    try:
        return function(*operands, **settings)
    finally:
        _WARNINGS.reset(token)
