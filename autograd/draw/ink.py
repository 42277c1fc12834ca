"""What drawings look like: colours, shapes, lines."""

from __future__ import annotations

from ..render import FONT

__all__ = [
    "CLUSTER",
    "CONSTANT",
    "EDGES",
    "GRAPH",
    "HIGHLIGHT",
    "INK",
    "LEAF",
    "LINE",
    "MUTED",
    "NODES",
    "NOT_FINITE",
    "OPERATION",
    "ORIGIN",
    "PARAMETER",
    "PART",
    "RESULT",
    "ROOM",
    "ROOT",
    "SIDES",
    "THINNEST",
    "WIDEST",
]

# Blue and amber stay apart for every kind of colour vision, and a shape or a line goes with each colour.
# The background is transparent and what lies on it mid-grey, to be read on white and on black pages.
INK, LINE, MUTED = "#1f2328", "#57606a", "#737d88"
LEAF = 'style="rounded,filled" fillcolor="#d6e6f5" color="#0b66b0" penwidth=1.4'
PARAMETER = 'style="rounded,filled" fillcolor="#b3d2ec" color="#08467d" penwidth=3.2'
RESULT = ""  # the default of `NODES`
ROOT = 'fillcolor="#fbe3b5" color="#9a6700" penwidth=2.4'
CONSTANT = 'style="dashed,filled" fillcolor="#ffffff" margin="0.06,0.03" height=0.25'
HIGHLIGHT = 'fillcolor="#ffd9b8" color="#b8480a" penwidth=4'
NOT_FINITE = 'style="dotted,filled" fillcolor="#fbd5d0" color="#b3261e" penwidth=2.4'
ORIGIN = 'style="bold,filled" fillcolor="#f7a79c" color="#8c1d18" penwidth=5'
OPERATION = 'shape=ellipse ordering=in fillcolor="#e4e7ea" fontsize=13 margin="0.03,0.02" width=0.34 height=0.34'

ROOM = "1.4"
"""Inches: how wide a box is whose numbers change; `grad -1.235e-308` fits."""

GRAPH = {"bgcolor": "transparent", "nodesep": "0.22", "ranksep": "0.28", "pad": "0.1"}
NODES = {
    "shape": "record", "style": "filled", "fillcolor": "#f6f8fa", "color": LINE, "fontname": FONT,
    "fontsize": "11", "fontcolor": INK, "margin": "0.11,0.055", "height": "0.3", "width": "0.3",
}  # fmt: skip
EDGES = {"color": MUTED, "arrowsize": "0.6", "fontname": FONT, "fontsize": "10", "fontcolor": MUTED}

PART = 'style="rounded,filled" fillcolor="#ece6f5" color="#6f4aa3" penwidth=1.6 peripheries=2'
CLUSTER = f'style="rounded" color="{MUTED}" fontcolor="{MUTED}" fontname="{FONT}" fontsize=10 labeljust=l margin=10'
SIDES = {"LR": ("nw", "w", "sw"), "TB": ("nw", "n", "ne"), "RL": ("ne", "e", "se"), "BT": ("sw", "s", "se")}
"""Where the first operand of an operation enters, those between, and the last."""

THINNEST, WIDEST = 0.6, 5.0  # points: edges by the size of gradients
