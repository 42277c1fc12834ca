"""What may follow, where someone presses the tab key."""

from __future__ import annotations

from typing import Any

from ..stepper import DIRECTIONS
from .commands import COMMANDS
from .session import Session

__all__ = ["Completing"]


class Completing(Session):
    """Completes commands, and what they take."""

    def completenames(self, text: str, *_ignored: Any) -> list[str]:
        return [name for name in COMMANDS if name.startswith(text)]

    def completedefault(self, *ignored: Any) -> list[str]:
        text, line = ignored[:2]
        return [word for word in self._words(self.parseline(line)[0]) if word.startswith(text)]

    complete_help = completenames

    def _words(self, command: str | None) -> list[str]:
        """What may follow a command."""
        labels = self.stepper.labels
        names = sorted(name for name in labels.names.values() if " " not in name)
        match command:
            case "break":
                return [*names, *sorted({op.name for node in self.stepper.nodes if (op := node.op) is not None}), "nan"]
            case "print":
                gradients = [str(labels.derivative(labels.root, labels.find(name))) for name in names]
                return [*names, *(text for text in gradients if " " not in text)]
            case "set":
                return [name for name in names if labels.find(name).op is None]
            case "until" | "where" | "explain":
                return names
            case "film":
                return list(DIRECTIONS)
            case "list" | "vars":
                return ["all"]
        return []
