"""How numbers look: the colours, widths and texts of weights and activations."""

from __future__ import annotations

from typing import Any

import numpy as np

from .metrics import text_width
from .picture import AMBER, BLUE, INK, LINE, MUTED, PAPER, RED, Picture, Point
from .trace import Array

__all__ = ["brief_number", "edge_style", "ellipsis", "first_and_last", "largest", "legend", "neuron"]

BLUE_FULL, AMBER_FULL = (127, 183, 230), (242, 190, 92)  # the fillings of the largest activations


def first_and_last(count: int, most: int, few: int) -> list[int]:
    """The numbers of all things if there are at most `most`, else of the `few` first and last.

    >>> first_and_last(3, 4, 4), first_and_last(784, 4, 4)
    ([0, 1, 2], [0, 1, 782, 783])
    """
    return list(range(count)) if count <= most else [*range((few + 1) // 2), *range(count - few // 2, count)]


def largest(numbers: Array) -> float:
    """The largest magnitude of the finite numbers; 1 if there is none but 0."""
    finite = np.abs(numbers[np.isfinite(numbers)])
    return float(finite.max(initial=0.0)) or 1.0


def edge_style(weight: float, scale: float) -> dict[str, Any]:
    """Blue and solid, or amber and dashed if negative; wide and opaque as the weight is large, up to `scale`.

    >>> edge_style(-0.5, 1.0)["stroke_dasharray"]
    '5 3'
    """
    if not np.isfinite(weight):
        return {"stroke": RED, "stroke_width": 2.5, "stroke_dasharray": "1.5 2.5"}
    share = min(abs(weight) / scale, 1.0)
    style = {"stroke": AMBER if weight < 0 else BLUE if weight else MUTED}
    strength = {"stroke_width": 0.7 + 2.3 * share, "stroke_opacity": 0.45 + 0.55 * share}
    return style | strength | ({"stroke_dasharray": "5 3"} if weight < 0 else {})


def brief_number(x: float) -> str:
    """A number in at most six characters.

    >>> [brief_number(x) for x in (1.0, -0.12345, 41.66, 1e-5, -2.5e7)]
    ['1', '-0.12', '41.7', '1e-05', '-2e+07']
    """
    if not np.isfinite(x) or (x == round(x) and abs(x) < 1e4):
        return f"{x:.0f}" if x else "0"
    if 0.005 <= abs(x) < 9999.5:
        return f"{x:.{2 if abs(x) < 9.995 else 1 if abs(x) < 99.95 else 0}f}"
    return f"{x:.0e}"


def neuron(
    picture: Picture, center: Point, radius: float, title: str, value: float | None = None, scale: float = 1.0
) -> None:
    """A neuron; with an activation it is tinted, and says the number if that can be read."""
    number = "" if value is None else brief_number(value)
    picture.circle(
        center, radius, title=f"{title} = {number}" if number else title, fill=_tint(value, scale), stroke=LINE,
        stroke_width=1.2,
    )  # fmt: skip
    size = min(10.0, 1.2 * radius, 1.75 * radius / max(text_width(number, 1.0), 0.1))
    if number and size >= 6:
        picture.text(center, number, size=size, color=INK)


def ellipsis(picture: Picture, center: Point, gap: float = 6.0, *, across: bool = False) -> None:
    """Three dots, one above the other or side by side: there are more."""
    x, y = center
    for step in (-gap, 0.0, gap):
        picture.circle((x + step, y) if across else (x, y + step), 1.6, fill=MUTED)


def legend(picture: Picture, left: float, y: float) -> None:
    """What the lines mean."""
    for weight, text in ((1.0, "weight > 0"), (-1.0, "weight < 0")):
        picture.line([(left, y), (left + 22, y)], **edge_style(weight, scale=1.5))
        picture.text((left + 28, y), text, size=9, anchor="start")
        left += 98
    picture.text((left, y), "wider: larger", size=9, anchor="start")


def _tint(value: float | None, scale: float) -> str:
    """Paper for no activation; towards blue for positive, towards amber for negative ones."""
    if value is None:
        return PAPER
    if not np.isfinite(value):
        return "#fbd5d0"
    paper, full = np.array([246, 248, 250]), np.array(AMBER_FULL if value < 0 else BLUE_FULL)
    mixed = paper + (full - paper) * min(abs(value) / scale, 1.0)
    return "#" + "".join(f"{round(float(part)):02x}" for part in mixed)
