"""Reading the SVG of pictures: what stands in them, where, and whether a text meets what it must not."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from itertools import combinations, pairwise
from typing import NamedTuple

import numpy as np

from nn.draw import Picture
from nn.draw.metrics import text_width

SVG = "{http://www.w3.org/2000/svg}"


# ---------------------------------------------------------------------- what stands in a picture


def read(picture: Picture) -> ET.Element:
    return ET.fromstring(picture.svg())


def titles(picture: Picture, tag: str) -> list[str]:
    """What the shapes of a kind say when they are pointed at."""
    return [title.text or "" for shape in read(picture).iter(SVG + tag) for title in shape.iter(SVG + "title")]


def words(picture: Picture) -> list[str]:
    """The lines of text."""
    return ["".join(text.itertext()) for text in read(picture).iter(SVG + "text")]


def titled(picture: Picture, title: str) -> ET.Element:
    """The one shape whose title begins so."""
    (found,) = [shape for shape in read(picture) if shape.findtext(SVG + "title", "").split(" = ")[0] == title]
    return found


def points(line: ET.Element) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in line.attrib["points"].split())]


# ---------------------------------------------------------------------- where it stands


class Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Box) -> bool:
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom

    def contains(self, other: Box) -> bool:
        across = self.left <= other.left and other.right <= self.right
        return across and self.top <= other.top and other.bottom <= self.bottom


def text_box(text: ET.Element) -> Box:
    """Where a line of text stands, in the widest font: from its capitals to its descenders."""
    size = float(text.attrib["font-size"])
    width = text_width(text.text or "", size)
    for part in text:
        width += text_width(part.text or "", float(part.attrib.get("font-size", size)))
    width *= 1.1 if text.get("font-weight") == "bold" else 1.0
    left = float(text.attrib["x"]) - width * {"start": 0.0, "middle": 0.5, "end": 1.0}[text.get("text-anchor", "start")]
    baseline = float(text.attrib["y"])
    return Box(left, baseline - 0.74 * size, left + width, baseline + 0.2 * size)


def outline(shape: ET.Element) -> list[tuple[float, float]]:
    """A shape as a chain of points."""
    numbers = {name: float(value) for name, value in shape.attrib.items() if re.fullmatch(r"-?[\d.]+", value)}
    match shape.tag.removeprefix(SVG):
        case "circle":
            x, y, r = numbers["cx"], numbers["cy"], numbers["r"]
            return [(x + r * math.cos(a), y + r * math.sin(a)) for a in np.linspace(0, 2 * math.pi, 49)]
        case "rect" | "image":
            x, y, width, height = (numbers[name] for name in ("x", "y", "width", "height"))
            return [(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)]
        case "polyline":
            return points(shape)
        case "polygon":
            corners = points(shape)
            return [*corners, corners[0]]
        case "path":
            ax, ay, bx, by, cx, cy = map(float, re.findall(r"-?[\d.]+", shape.attrib["d"]))
            steps = np.linspace(0, 1, 33)
            return [
                (
                    (1 - t) ** 2 * ax + 2 * t * (1 - t) * bx + t * t * cx,
                    (1 - t) ** 2 * ay + 2 * t * (1 - t) * by + t * t * cy,
                )
                for t in steps
            ]
    raise AssertionError(f"what is a {shape.tag}?")


def crosses(start: tuple[float, float], end: tuple[float, float], box: Box) -> bool:
    """Whether a segment has a point inside a box (Liang and Barsky 1984)."""
    first, last = 0.0, 1.0
    for a, b, low, high in ((start[0], end[0], box.left, box.right), (start[1], end[1], box.top, box.bottom)):
        if a == b:
            if not low < a < high:
                return False
            continue
        enter, leave = sorted(((low - a) / (b - a), (high - a) / (b - a)))
        first, last = max(first, enter), min(last, leave)
    return first < last


def covers(shape: ET.Element, box: Box) -> bool:
    """Whether a filled shape hides all that is behind the box."""
    if shape.get("fill") in (None, "none"):
        return False
    corners = [(x, y) for x in (box.left, box.right) for y in (box.top, box.bottom)]
    if shape.tag == SVG + "circle":
        x, y, r = (float(shape.attrib[name]) for name in ("cx", "cy", "r"))
        return all(math.hypot(a - x, b - y) <= r for a, b in corners)
    if shape.tag == SVG + "rect":
        places = outline(shape)
        return Box(*places[0], *places[2]).contains(box)
    return False


def clashes(picture: Picture) -> Iterator[str]:
    """Each text that meets another, or a line that nothing hides."""
    shapes = [shape for shape in read(picture) if shape.tag not in (SVG + "title", SVG + "desc")]
    texts = [
        (i, "".join(shape.itertext()), text_box(shape)) for i, shape in enumerate(shapes) if shape.tag == SVG + "text"
    ]
    for (_, one, box), (_, other, second) in combinations(texts, 2):
        if box.overlaps(second):
            yield f"{one!r} meets {other!r}"
    for i, text, box in texts:
        hidden = max((j for j, shape in enumerate(shapes[:i]) if covers(shape, box)), default=-1)
        for j, shape in enumerate(shapes):
            if (
                shape.tag != SVG + "text"
                and j > hidden
                and any(crosses(*ends, box) for ends in pairwise(outline(shape)))
            ):
                yield f"{text!r} meets {shape.tag.removeprefix(SVG)} {shape.findtext(SVG + 'title', '')!r}"
