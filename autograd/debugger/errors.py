"""What the prompt answers in one line."""

from __future__ import annotations

__all__ = ["CommandError"]


class CommandError(Exception):
    """What was typed cannot be done."""
