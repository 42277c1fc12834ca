"""`Picture`: shapes at exact places, as SVG."""

from __future__ import annotations

import base64
import os
import re
import struct
import zlib
from collections.abc import Sequence
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from autograd.draw import INK, LINE, MUTED
from autograd.names import printable
from autograd.render import FAMILIES, RendererMissing, paint

from .metrics import text_width

__all__ = [
    "AMBER",
    "AMBER_TINT",
    "BLUE",
    "BLUE_TINT",
    "GREY_TINT",
    "INK",
    "LINE",
    "MUTED",
    "PAPER",
    "RED",
    "Picture",
    "Point",
]

Point = tuple[float, float]

# The blue and the amber of `autograd.draw`, as light as to be seen on white and on black pages without a filling.
BLUE, AMBER, RED = "#2b7fc3", "#b9770e", "#d0453a"
BLUE_TINT, AMBER_TINT, GREY_TINT, PAPER = "#d6e6f5", "#fbe3b5", "#e4e7ea", "#f6f8fa"

MARGIN = 12.0
HEAD = 4.5  # half the width of an arrow's head
SUBSCRIPT = re.compile(r"_(\w+)")


class Picture:
    """A drawing whose shapes stand where they are put; a notebook shows it.

    Args:
        title: what it shows, for readers who cannot see it, and as a tooltip.
        description: the same in sentences.

    >>> import nn
    >>> nn.draw(nn.MLP(2, [3, 1], seed=0))
    <Picture of MLP(2, [3, 1], 'relu'): .svg() or .save("network.svg")>
    """

    def __init__(self, title: str, description: str) -> None:
        self.title, self.description = title, description
        self._elements: list[str] = []
        self._left = self._top = float("inf")
        self._right = self._bottom = float("-inf")

    def __repr__(self) -> str:
        return f'<Picture of {printable(self.title)}: .svg() or .save("network.svg")>'

    # ------------------------------------------------------------------ what it is saved as

    def svg(self) -> str:
        """The picture as SVG, which stands alone in a file or inside HTML; the same each time, to the byte."""
        left, top = self._left - MARGIN, self._top - MARGIN
        width, height = self._right - left + MARGIN, self._bottom - top + MARGIN
        frame = " ".join(map(_number, (left, top, width, height)))
        opening = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_number(width)}pt" height="{_number(height)}pt" '
            f'viewBox="{frame}" role="img" font-family="{FAMILIES}">'
        )
        title, description = _escaped(self.title), _escaped(self.description)
        words = [f"<title>{title}</title>", f"<desc>{description}</desc>"]
        return "\n".join([opening, *words, *self._elements, "</svg>\n"])

    def save(self, filename: str | os.PathLike[str]) -> str:
        """Write the picture to a file that ends in .svg or .png.

        Returns:
            The path of the file.

        Raises:
            ValueError: the name ends otherwise.
            RendererMissing: a PNG needs `stepgrad[render]`; no file is written.
        """
        path = Path(filename)
        if path.suffix.lower() not in (".svg", ".png"):
            raise ValueError(f"save: does not write {path.suffix or path.name!r}: use .svg or .png")
        content = self.svg().encode() if path.suffix.lower() == ".svg" else self.png()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return str(path)

    def png(self) -> bytes:
        """The picture as PNG, on a transparent ground.

        Raises:
            RendererMissing: `stepgrad[render]` is not installed.
        """
        if find_spec("resvg_py") is None:
            raise RendererMissing('png: no resvg_py: pip install "stepgrad[render]", or save .svg')
        return paint(self.svg())

    def _repr_svg_(self) -> str:
        return self.svg()

    # ------------------------------------------------------------------ shapes

    def circle(self, center: Point, radius: float, *, title: str = "", **style: Any) -> None:
        """A disk; `title` is what a viewer shows when it is pointed at."""
        x, y = center
        self._reach((x - radius, y - radius), (x + radius, y + radius))
        self._add("circle", {"cx": x, "cy": y, "r": radius} | style, title)

    def box(self, center: Point, size: Point, *, title: str = "", corner: float = 5.0, **style: Any) -> None:
        """A rectangle with rounded corners around its centre."""
        (x, y), (width, height) = center, size
        left, top = x - width / 2, y - height / 2
        self._reach((left, top), (left + width, top + height))
        place = {"x": left, "y": top, "width": width, "height": height} | ({"rx": corner} if corner else {})
        self._add("rect", place | style, title)

    def line(self, points: Sequence[Point], *, title: str = "", arrow: bool = False, **style: Any) -> None:
        """Straight lines from point to point, perhaps with an arrow's head at the end."""
        self._reach(*points)
        color = style.setdefault("stroke", MUTED)
        if arrow:
            points = [*points[:-1], self._head(points[-2], points[-1], color)]
        places = " ".join(f"{_number(x)},{_number(y)}" for x, y in points)
        self._add("polyline", {"points": places, "fill": "none", "stroke_width": 1.4} | style, title)

    def _head(self, before: Point, tip: Point, color: str) -> Point:
        """Draw an arrow's head; where the line ends that it belongs to."""
        direction = np.subtract(tip, before) / np.hypot(*np.subtract(tip, before))
        base = tip - 2 * HEAD * direction
        side = HEAD * np.array([-direction[1], direction[0]])
        corners = [tip, base + side, base - side]
        places = " ".join(f"{_number(x)},{_number(y)}" for x, y in corners)
        self._add("polygon", {"points": places, "fill": color}, "")
        return float(base[0]), float(base[1])

    def curve(
        self, start: Point, bend: Point, end: Point, *, title: str = "", arrow: bool = False, **style: Any
    ) -> None:
        """A quadratic Bézier curve, perhaps with an arrow's head at the end."""
        self._reach(start, ((start[0] + end[0]) / 2, (start[1] + 2 * bend[1] + end[1]) / 4), end)
        if arrow:
            end = self._head(bend, end, style.setdefault("stroke", MUTED))
        (ax, ay), (bx, by), (cx, cy) = start, bend, end
        place = "M{} {} Q{} {} {} {}".format(*map(_number, (ax, ay, bx, by, cx, cy)))
        self._add("path", {"d": place, "fill": "none", "stroke": MUTED, "stroke_width": 1.4} | style, title)

    def text(
        self,
        at: Point,
        text: str,
        *,
        size: float = 10.0,
        anchor: str = "middle",
        color: str = MUTED,
        bold: bool = False,
    ) -> None:
        """A line of text; `at` is its middle, or the middle of its start or end.

        Args:
            at: the place.
            text: the words, as they are.
            size: of the letters.
            anchor: what of the text is at the place: `"start"`, `"middle"` or `"end"`.
            color: of the letters.
            bold: whether they are bold.
        """
        self._write(at, _escaped(text), text_width(text, size) * (1.1 if bold else 1.0), size, anchor, color, bold)

    def formula(
        self, at: Point, formula: str, *, size: float = 10.0, anchor: str = "start", color: str = MUTED
    ) -> None:
        """A line of mathematics, as `text` writes words; `W_f` has an index."""
        down, small = _number(0.25 * size), _number(0.75 * size)
        inner, is_low = "", False
        for i, part in enumerate(SUBSCRIPT.split(formula)):
            if i % 2:
                inner += f'<tspan dy="{down}" font-size="{small}">{_escaped(part)}</tspan>'
                is_low = True
            elif part:
                inner += f'<tspan dy="-{down}">{_escaped(part)}</tspan>' if is_low else _escaped(part)
                is_low = False
        self._write(at, inner, text_width(formula.replace("_", ""), size), size, anchor, color, bold=False)

    def _write(self, at: Point, inner: str, width: float, size: float, anchor: str, color: str, bold: bool) -> None:
        x, y = at
        left = x - width * {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor]
        self._reach((left, y - 0.6 * size), (left + width, y + 0.6 * size))
        place: dict[str, Any] = {"x": x, "y": y + 0.36 * size, "font-size": size, "fill": color}
        place |= {"text-anchor": anchor} if anchor != "start" else {}
        place |= {"font-weight": "bold"} if bold else {}
        self._elements.append(f"<text{_attributes(place)}>{inner}</text>")

    def image(self, center: Point, size: Point, pixels: np.ndarray[Any, Any], *, title: str = "") -> None:
        """An array (height, width) of numbers from 0, black, to 1, white."""
        (x, y), (width, height) = center, size
        place = {"x": x - width / 2, "y": y - height / 2, "width": width, "height": height}
        how = {"preserveAspectRatio": "none", "image-rendering": "optimizeSpeed", "href": _data_address(pixels)}
        self._add("image", place | how, title)

    def _add(self, name: str, attributes: dict[str, Any], title: str) -> None:
        inner = f"<title>{_escaped(title)}</title>" if title else ""
        self._elements.append(f"<{name}{_attributes(attributes)}" + (f">{inner}</{name}>" if inner else "/>"))

    def _reach(self, *points: Point) -> None:
        """Make the picture large enough to hold these points."""
        for x, y in points:
            self._left, self._right = min(self._left, x), max(self._right, x)
            self._top, self._bottom = min(self._top, y), max(self._bottom, y)


def _attributes(attributes: dict[str, Any]) -> str:
    return "".join(
        f' {name.replace("_", "-")}="{_number(value) if isinstance(value, (int, float)) else value}"'
        for name, value in attributes.items()
    )


def _number(x: float) -> str:
    """To a hundredth, without zeros at the end."""
    return f"{round(float(x), 2) + 0.0:.2f}".rstrip("0").rstrip(".")


def _escaped(text: str) -> str:
    """Text as it stands in XML: nothing in it is markup, and nothing that XML forbids is left."""
    return escape(printable(text), quote=False)


def _data_address(pixels: np.ndarray[Any, Any]) -> str:
    """A grey PNG file as an address that contains all of it."""
    height, width = pixels.shape
    rows = np.round(255 * np.clip(np.nan_to_num(pixels), 0, 1)).astype(np.uint8)
    raw = b"".join(b"\0" + row.tobytes() for row in rows)  # each row begins with its filter, none
    chunks = [
        (b"IHDR", struct.pack(">2I5B", width, height, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(raw, 9)),
        (b"IEND", b""),
    ]
    file = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
    return "data:image/png;base64," + base64.b64encode(file).decode()
