"""How wide text is, measured with the widest of the fonts that drawings are shown with."""

from __future__ import annotations

__all__ = ["shortened", "text_width"]

# DejaVu Sans: the characters by the hundredths of the font's size that they advance, rounded up.
_ADVANCES = {
    28: "'ijl′",
    32: "IJ ,.·’",
    36: "/:;\\|f",
    40: "-″()[]t",
    46: '!r"',
    50: "*_`",
    56: "?szLc",
    62: "FkvxyŷPTYaeoπ",
    68: "$0123456789ESbdghnpqu{}σΣ√μβKφα∑",
    76: "ABCRVXZUHN",
    84: "&DGOQw#+<=>^~−×∗→←≤≥±",
    88: "M",
    100: "%m@W⋯⋮…",
}
_ADVANCE = {character: advance / 100 for advance, characters in _ADVANCES.items() for character in characters}


def text_width(text: str, size: float) -> float:
    """An upper bound of the width of a line of text; characters not known here count as wide as the size.

    >>> round(text_width("784 inputs", 10), 1)
    56.4
    """
    return size * sum(_ADVANCE.get(character, 1.0) for character in text)


def shortened(text: str, width: float, size: float) -> str:
    """The text, or as much of its beginning as fits a width, with an ellipsis.

    >>> shortened("a name that is far too long", 60, 10)
    'a name t…'
    """
    if text_width(text, size) <= width:
        return text
    while text and text_width(text + "…", size) > width:
        text = text[:-1]
    return text.rstrip() + "…"
