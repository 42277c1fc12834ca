"""What the commands are called, and in which order `help` lists them."""

from __future__ import annotations

__all__ = ["ALIASES", "COMMANDS", "GROUPS", "REPEATED"]

ALIASES = {
    "n": "next", "s": "next", "step": "next", "b": "back", "u": "until", "c": "continue", "rc": "reverse",
    "l": "list", "w": "where", "p": "print", "i": "vars", "info": "vars", "g": "graph", "q": "quit", "exit": "quit",
    "h": "help",
}  # fmt: skip

GROUPS = {
    "to move": ("next", "back", "until", "goto", "finish", "reset", "film"),
    "to stop": ("break", "clear", "continue", "reverse"),
    "to look": ("list", "where", "print", "vars", "explain", "tex", "graph", "page"),
    "to change": ("set",),
    "and": ("help", "quit"),
}
"""What each group of commands is for, and its commands, in the order of `help`."""

COMMANDS = [name for names in GROUPS.values() for name in names]

REPEATED = {"next", "back", "continue", "reverse", "list"}
"""What an empty line does once more: commands that move or list."""
