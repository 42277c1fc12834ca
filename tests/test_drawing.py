"""Drawings as objects: their pictures, the files they write, what a notebook shows, how large they may be."""

import importlib
import os
import re
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import graphviz
import pytest

from autograd import Value
from autograd.draw import MAX_NODES, Drawing, draw, draw_dot
from autograd.render import RendererMissing, RenderError, count_nodes

from .drawings import DRAWINGS, SVG, deck, needs_renderer, outline, pictured, shown, statements, svg_of, twice

drawing_module = importlib.import_module("autograd.draw.drawing")  # `autograd.draw` is the function

PICTURE = Path(__file__).parent.parent / "docs" / "graph.svg"


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
            left, top, right, bottom = outline(group)
            for text in group.findall("svg:text", SVG):
                size = float(text.get("font-size"))
                half = len("".join(text.itertext())) * size * 0.6 / 2  # a digit's width in the widest font
                x, y = float(text.get("x")), float(text.get("y"))
                assert left <= x - half and x + half <= right, (name, text.text)
                assert top <= y - 0.75 * size and y + 0.2 * size <= bottom, (name, text.text)


def test_the_readme_picture_is_the_decks_expression():
    nodes, edges = statements(deck().source)
    drawn_nodes, drawn_edges = pictured(PICTURE.read_text(encoding="utf-8"))
    assert drawn_nodes == {i: shown(a) for i, a in nodes.items()}
    assert Counter(drawn_edges) == Counter(edge[:2] for edge in edges)
    assert PICTURE.with_suffix(".png").read_bytes().startswith(b"\x89PNG")


# ---------------------------------------------------------------------- files and notebooks


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


# ---------------------------------------------------------------------- size


def chain(length):
    y = Value(1.0)
    for _ in range(length):
        y = y + 1.0
    return y


def test_a_chain_of_100_000_operations_has_its_text():
    y = chain(100_000)
    source = draw(y, limit=None).source
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
