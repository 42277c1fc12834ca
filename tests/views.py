"""Computations drawn at three zooms, by modules, operations and numbers, and reading what was drawn."""

from __future__ import annotations

import functools
import re
import xml.etree.ElementTree as ET
from typing import NamedTuple

import numpy as np

import nn
from autograd import Value, scope, tensor
from autograd.draw import draw
from autograd.draw.ink import PART

from .drawings import SVG, shown

VIEWS = ("module", "tensor", "scalar")


# ---------------------------------------------------------------------- what is drawn


def deck(view):
    """J = ½(wx + b - y)², the LEAP workshop's example, in two parts."""
    w, x, b, y = Value(2.0), Value(-2.0), Value(8.0), Value(2.0)
    with scope("model"):
        z = w * x + b
    with scope("loss"):
        J = 0.5 * (z - y) ** 2
    J.backward()
    return draw(J, view=view)


def neuron(view):
    return nn.Neuron(2, "tanh", seed=1).draw([0.5, -1.0], view=view)


def mlp(view):
    return nn.MLP(2, [3, 1], "tanh", seed=1).draw([0.5, -1.0], view=view)


def filled(module):
    """The module with numbers that every machine rounds alike."""
    for p in module.parameters():
        p.data = (np.arange(p.detach().numpy().size).reshape(p.shape) % 7 - 3) / 4
    return module


def conv(view):
    image = tensor(np.arange(9.0).reshape(1, 1, 3, 3) / 8)
    return filled(nn.Conv2d(1, 1, 2)).draw(image, view=view)


def gru_cell(view):
    return filled(nn.GRUCell(1, 2)).draw(tensor([[0.5]]), view=view)


DRAWINGS = {make.__name__: make for make in (deck, neuron, mlp, conv, gru_cell)}
CASES = [(name, view) for name in DRAWINGS for view in VIEWS]


@functools.cache
def drawing_of(name, view):
    return DRAWINGS[name](view)


@functools.cache
def svg_of(name, view):
    return drawing_of(name, view).svg()


class Deep(nn.Module):
    """Blocks that do much beside the modules in them."""

    def __init__(self, depth):
        super().__init__()
        self.inner = Deep(depth - 1) if depth else nn.Linear(1, 1)

    def forward(self, x):
        for _ in range(5):
            x = x * 1.5
        x = self.inner(x)
        for _ in range(5):
            x = x * 1.5
        return x


# ---------------------------------------------------------------------- reading DOT and SVG


class Box(NamedTuple):
    """A box or an ellipse: its lines of text, its attributes, the headings of the frames around it."""

    lines: list[str]
    attributes: str
    frames: tuple[str, ...]


class Text(NamedTuple):
    """What DOT text declares, as `draw` writes it."""

    boxes: dict[str, Box]
    edges: list[tuple[str, str, str]]
    frames: list[tuple[str, ...]]

    @property
    def parts(self):
        """The boxes of modules by the names in their first lines."""
        return {box.lines[0]: box for box in self.boxes.values() if PART in box.attributes}

    def named(self, name):
        (found,) = (i for i, box in self.boxes.items() if box.lines[0] == name)
        return found

    def links(self):
        """The edges between what has a name, by first lines."""
        return [(self.boxes[tail].lines[0], self.boxes[head].lines[0]) for tail, head, _ in self.edges]


def text_of(drawing):
    """What the text of a drawing declares; no box twice."""
    boxes, edges, frames, around = {}, [], [], ()
    for line in drawing.source.splitlines()[4:-1]:
        head, _, attributes = line.strip().partition(" [")
        attributes = attributes.removesuffix("]")
        if head.startswith("subgraph"):
            frames.append(())
        elif head == "graph":
            around += (" ".join(shown(attributes)),)
            frames[-1] = around
        elif head == "}":
            around = around[:-1]
        elif " -> " in head:
            tail, _, end = head.partition(" -> ")
            edges.append((tail, end.partition(":")[0], attributes))
        else:
            assert head not in boxes, "declared twice"
            boxes[head] = Box(shown(attributes), attributes, around)
    assert around == ()
    return Text(boxes, edges, frames)


def groups_of(svg, kind):
    """The groups of an SVG of this class: their titles, without the sides where edges end, and their texts."""
    for group in ET.fromstring(svg).iterfind(f".//svg:g[@class='{kind}']", SVG):
        title = re.sub(r":[nsew]+$", "", group.findtext("svg:title", "", SVG))
        yield title, ["".join(t.itertext()) for t in group.findall("svg:text", SVG)], group


def has_cycle(text):
    """Whether following edges one comes back."""
    after = {}
    for tail, head, _ in text.edges:
        after.setdefault(tail, set()).add(head)
    waiting = {i: sum(head == i for heads in after.values() for head in heads) for i in text.boxes}
    free = [i for i, count in waiting.items() if not count]
    for i in free:
        for head in after.get(i, ()):
            waiting[head] -= 1
            if not waiting[head]:
                free.append(head)
    return len(free) < len(text.boxes)
