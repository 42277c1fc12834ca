"""What drawings say of nodes: numbers and names in few characters that mean nothing to DOT."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..names import printable

__all__ = ["brief", "escape", "heading", "not_finite", "short"]

LONGEST_NAME = 40  # characters
FEW = 4  # numbers of an array that are shown one by one


def not_finite(x: Any) -> str:
    """`nan` or `inf` where a number, or one of an array's, is that; empty where all is well."""
    if x is None or np.isfinite(x).all():
        return ""
    return "nan" if np.isnan(x).any() else "inf"


def brief(x: Any) -> str:
    """A number; of an array that has few, all of them, else its shape."""
    if not isinstance(x, np.ndarray):
        return "none" if x is None else short(x)
    if x.ndim > 1 or x.size > FEW:
        return "×".join(map(str, x.shape))
    numbers = ", ".join(map(short, x.ravel().tolist()))
    return f"[{numbers}]" if x.ndim else numbers


def short(x: float) -> str:
    """Whole numbers exactly; others to four digits, with zeros at the end only where digits were cut."""
    if x == round(x, 0) and abs(x) < 1e10:
        return f"{x:.0f}"
    text = f"{x:.4g}"
    if float(text) == x or x != x:
        return text
    cut = f"{x:#.4g}"
    return f"{x:.1f}" if cut.endswith(".") else cut


def heading(name: str, detail: str) -> list[str]:
    """What is said of a scope: its name and its detail, unless the one says the other, as `GRUCell(2, 3)` does."""
    if not detail or detail == name or detail.startswith(f"{name}("):
        return [detail or name]
    return [name, detail]


def escape(text: str) -> str:
    """Text as it stands in a label: nothing in it means anything to DOT, to records, to SVG or to HTML."""
    text = printable(text[: LONGEST_NAME + 1])
    if len(text) > LONGEST_NAME:
        text = text[: LONGEST_NAME - 1] + "…"
    return text.translate(_SPECIAL)


_SPECIAL = str.maketrans({"&": "&amp;"} | {c: f"\\{c}" for c in '\\"{}|<>'})
