"""The terminal: whether there is one, and its line editing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["is_terminal", "own_history"]


def is_terminal(stream: Any) -> bool:
    return hasattr(stream, "isatty") and stream.isatty()


@contextmanager
def own_history(complete: Callable[[str, int], Any]) -> Iterator[None]:
    """Line editing with a history and a completion of its own, and the user's again afterwards."""
    try:
        import readline
    except ImportError:  # not on every platform
        yield
        return
    history = [readline.get_history_item(i + 1) for i in range(readline.get_current_history_length())]
    completer, delimiters = readline.get_completer(), readline.get_completer_delims()
    readline.clear_history()
    readline.set_completer(complete)
    readline.set_completer_delims(" \t\n")
    libedit = "libedit" in (readline.__doc__ or "")
    readline.parse_and_bind("bind ^I rl_complete" if libedit else "tab: complete")
    try:
        yield
    finally:
        readline.set_completer(completer)
        readline.set_completer_delims(delimiters)
        readline.clear_history()
        for line in history:
            readline.add_history(line)
