"""Convolutional networks: feature maps as stacked squares, windows that slide over them, narrow columns of neurons."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from .ink import ellipsis, first_and_last, largest, neuron
from .metrics import shortened, text_width
from .picture import AMBER_TINT, BLUE, BLUE_TINT, GREY_TINT, INK, LINE, Picture, Point
from .stages import Shortcut, Stage
from .trace import Array

__all__ = ["draw_stages"]

MOST_STAGES = 12
MOST_MAPS = 8
MOST_NEURONS = 12
OFFSET = 5.0  # from one map of a stack to the next
LARGEST, SMALLEST = 92.0, 9.0  # sides of maps
RADIUS, STEP = 4.2, 12.0  # of the neurons in narrow columns
GAP = 44.0
LONGEST_LINE = 62.0


class _Place:
    """A stage in the picture: its middle, its outline, and what is written between it and the stage before."""

    def __init__(self, stage: Stage, side: Point, maps: int = 1) -> None:
        self.stage, self.side, self.maps = stage, side, maps
        spread = OFFSET * (maps - 1)
        self.width, self.height = side[0] + spread, side[1] + spread
        self.x = 0.0
        self.is_cut = False  # whether stages before it are left out
        self.lines = [line for operation in stage.operations for line in _wrapped(operation)]

    @property
    def follows(self) -> bool:
        """Whether it was made of the stage that is drawn before it."""
        return not self.is_cut and self.stage.source is None

    @property
    def front(self) -> Point:
        """The middle of the map in front."""
        return self.x + (self.width - self.side[0]) / 2, (self.height - self.side[1]) / 2


def draw_stages(title: str, stages: Sequence[Stage], shortcuts: Sequence[Shortcut]) -> Picture:
    """The picture of a model that convolves, or that has layers of any other kind."""
    picture = Picture(title, _description(stages, shortcuts))
    extent = max((max(stage.shape[-2:]) for stage in stages if stage.kind == "maps"), default=1)
    places = {i: _place(stages[i], extent) for i in first_and_last(len(stages), MOST_STAGES, MOST_STAGES - 1)}
    for before, after in pairwise(places):
        if after > before + 1:
            places[after].is_cut, places[after].lines = True, [f"{after - before - 1} more"]
    _arrange(list(places.values()))
    bottom = max(place.height for place in places.values()) / 2 + 18
    neighbours = list(pairwise(places.values()))
    for one, other in neighbours:
        _between(picture, one, other, bottom)
    for i, place in places.items():
        _stage(picture, place, stages[i].path if i else "input")
        picture.text((place.x, 6 - bottom), _size(place.stage))
    for one, other in neighbours:
        if other.follows and other.stage.kernel is not None:
            _window(picture, one, other, other.stage.kernel)
    for place in places.values():
        if place.stage.source in places:
            _branch(picture, places[place.stage.source].x, place.x, -bottom - 14)
    for shortcut in shortcuts:
        if shortcut.start < shortcut.end and {shortcut.start, shortcut.end} <= set(places):
            _arc(picture, places[shortcut.start].x, places[shortcut.end].x, -bottom - 14, shortcut.operations)
    return picture


def _description(stages: Sequence[Stage], shortcuts: Sequence[Shortcut]) -> str:
    parts = [f"input {_size(stages[0])}"]
    parts += [f"{', '.join(stage.operations) or stage.name} to {_size(stage)}" for stage in stages[1:]]
    added = f" {len(shortcuts)} residual connections add their input to their output." if shortcuts else ""
    return f"From left to right: {'; '.join(parts)}.{added}"


def _size(stage: Stage) -> str:
    """`6 @ 24×24`, or `120`."""
    if stage.kind in ("maps", "signals"):
        return f"{stage.shape[0]} @ {'×'.join(map(str, stage.shape[1:]))}"
    return "×".join(map(str, stage.shape))


def _place(stage: Stage, extent: int) -> _Place:
    """How large a stage is drawn; the sides of maps grow as the square root of their sizes."""
    if stage.kind == "maps":
        height, width = (max(SMALLEST, LARGEST * math.sqrt(n / extent)) for n in stage.shape[-2:])
        return _Place(stage, (width, height), min(stage.shape[0], MOST_MAPS))
    if stage.kind == "signals":
        return _Place(stage, (max(SMALLEST, 10 * math.sqrt(stage.shape[1])), 4.0), min(stage.shape[0], 2 * MOST_MAPS))
    if stage.kind == "neurons":
        rows = min(stage.shape[0], MOST_NEURONS)
        return _Place(stage, (2 * RADIUS + 5, STEP * rows + 4))
    return _Place(stage, (max(54.0, text_width(stage.name, 10.5) + 18), 40.0))


def _arrange(places: Sequence[_Place]) -> None:
    """Put the stages side by side, so far apart that what is written between and above them has room."""
    edge = label_end = caption_end = 0.0
    for number, place in enumerate(places):
        caption = text_width(_size(place.stage), 10) / 2 + 4
        label = max((text_width(line, 9.5) for line in place.lines), default=0.0) / 2 + 5
        left = 0.0
        if number:  # a label stands in the middle of the gap
            left = max(edge + GAP, caption_end + caption - place.width / 2, 2 * (label_end + label) - edge)
            label_end = (edge + left) / 2 + label
        place.x = left + place.width / 2
        edge, caption_end = left + place.width, place.x + caption


def _wrapped(operation: str) -> list[str]:
    return operation.split(" ") if text_width(operation, 9.5) > LONGEST_LINE else [operation]


def _between(picture: Picture, before: _Place, after: _Place, bottom: float) -> None:
    """What is done between two stages: in words below, and as lines."""
    start, end = before.x + before.width / 2, after.x - after.width / 2
    for row, line in enumerate(after.lines):
        picture.text(((start + end) / 2, bottom + 13 * row), line, size=9.5)
    if after.is_cut:
        ellipsis(picture, ((start + end) / 2, 0.0), across=True)
    elif not after.follows:
        return
    elif after.stage.is_dense:
        for a in (-1, 1):
            for b in (-1, 1):
                points = [(start + 1, a * (before.height / 2 - 6)), (end - 1, b * (after.height / 2 - 6))]
                picture.line(points, stroke_width=0.7)
    elif after.stage.kernel is None:
        picture.line([(start + 5, 0.0), (end - 5, 0.0)], arrow=True)


def _stage(picture: Picture, place: _Place, path: str) -> None:
    """The shapes of a stage."""
    stage = place.stage
    title = f"{path}: {_size(stage)}" if path else _size(stage)
    if stage.kind in ("maps", "signals"):
        _stack(picture, place, title)
    elif stage.kind == "neurons":
        _narrow(picture, place, title)
    else:
        picture.box((place.x, 0.0), place.side, title=title, fill=GREY_TINT, stroke=LINE, stroke_width=1.2)
        picture.text((place.x, 0.0), stage.name, size=10.5, color=INK)


def _stack(picture: Picture, place: _Place, title: str) -> None:
    """Maps one in front of the other; with an input they show their numbers in grey."""
    x, y = place.front
    values = place.stage.values
    for i in range(place.maps):
        shift = OFFSET * (i - place.maps + 1)
        center = (x + shift, y + shift)
        if values is not None:
            picture.image(center, place.side, _grey(values[i]), title=f"{title}, map {i}")
        fill = BLUE_TINT if values is None else "none"
        picture.box(center, place.side, corner=0, title=title, fill=fill, stroke=LINE, stroke_width=0.9)


def _grey(values: Array) -> Array:
    """The numbers of one map as lightnesses: the smallest black, the largest white."""
    plane = np.atleast_2d(values if values.ndim < 3 else values[values.shape[0] // 2]).astype(float)
    low, high = float(plane.min()), float(plane.max())
    return (plane - low) / (high - low) if high > low else np.zeros_like(plane)


def _narrow(picture: Picture, place: _Place, title: str) -> None:
    """A column of small neurons: all of them, or the first and the last."""
    count = place.stage.shape[0]
    rows = min(count, MOST_NEURONS)
    picture.box((place.x, 0.0), place.side, corner=6, title=title, fill=AMBER_TINT, stroke=LINE, stroke_width=0.9)
    values = place.stage.values
    scale = 1.0 if values is None else largest(values)
    for row in range(rows):
        center = (place.x, STEP * (row - (rows - 1) / 2))
        j = row if row < rows // 2 or count <= rows else count - rows + row
        if count > rows and row in (rows // 2 - 1, rows // 2):
            if row == rows // 2:
                ellipsis(picture, (place.x, 0.0), gap=5.5)
            continue
        value = None if values is None else float(values[j])
        neuron(picture, center, RADIUS, f"{title}, number {j}", value, scale)


def _window(picture: Picture, before: _Place, after: _Place, kernel: tuple[int, int]) -> None:
    """The window on the map in front, and the one number that comes of it in the next."""
    shape = (1, *before.stage.shape)[-2:]
    width, height = (
        min(side, max(4.0, side * kernel[axis] / shape[axis])) for side, axis in zip(before.side, (1, 0), strict=True)
    )
    x, y = before.front
    center = (x + (before.side[0] - width) * 0.34, y + (before.side[1] - height) * 0.3)
    tip = (after.front[0] - after.side[0] * 0.2, after.front[1] - after.side[1] * 0.12)
    picture.box(center, (width, height), corner=0, fill="none", stroke=BLUE, stroke_width=1.4)
    for side in (-1, 1):
        picture.line([(center[0] + width / 2, center[1] + side * height / 2), tip], stroke=BLUE, stroke_width=0.9)
    picture.box(tip, (3.6, 3.6), corner=0, fill=BLUE)


def _branch(picture: Picture, start: float, end: float, base: float) -> None:
    """A way from a stage to one that does not stand behind it."""
    bend = ((start + end) / 2, base - 68)
    picture.curve((start, base), bend, (end, base), title="begins here", arrow=True)


def _arc(picture: Picture, start: float, end: float, base: float, operations: Sequence[str]) -> None:
    """A shortcut: an arc over what it skips, which ends where it is added."""
    rise = base - 34
    picture.curve(
        (start + 10, base), ((start + end) / 2, 2 * rise - base), (end - 10, base), title="residual connection"
    )
    picture.circle((end, base), 9, title="added", fill=BLUE_TINT, stroke=LINE)
    picture.text((end, base), "+", size=11, color=INK)
    label = shortened(", ".join(operations), max(end - start - 20, 40.0), 9.5)
    if label:
        picture.text(((start + end) / 2, rise - 9), label, size=9.5)
