"""The page written down: one HTML document that needs nothing from anywhere."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from ..draw import draw_live, node_titles
from ..graph import Node, topological_order
from ..render import RenderError
from .film import Film, film

__all__ = ["frame", "page", "page_html"]

LONGEST_LABEL = 18  # characters
FRAME_HEIGHT = 860  # pixels: the film of a small graph, without scrolling


def page(
    root: Node,
    path: str | os.PathLike[str],
    *,
    names: Mapping[str, Node] | Mapping[Node, str] | None = None,
    gradient: Any = None,
) -> Path:
    """Write an interactive page about the two passes over a graph: one HTML file that needs no network.

    It shows the graph, goes through the forward and the backward pass step by step with the chain rule of each
    step, and lists the gradients as they accumulate.  In a graph of `Value`s the leaves are live: drag one, and
    the browser computes both passes anew, with the same derivatives, which the table has written as JavaScript.
    The gradients are those of this one pass; nothing in the graph changes.

    Args:
        root: the node whose gradients are shown.
        path: the file, as `"backprop.html"`.
        names: what to call nodes, as `{"w": node}` or `{node: "w"}`; by default each is called by its
            own name, or by the variable of the caller that holds it.
        gradient: the derivative of some outer quantity by the root; 1 by default, as for `backward`.

    Returns:
        The path of the file.

    Raises:
        TypeError: `root` is no node, `names` does not pair strings with nodes, or `gradient` is no number.
        ValueError: the graph is too large for a film.

    >>> import tempfile
    >>> from autograd import Value
    >>> from autograd.page import page
    >>> w, x = Value(2.0, name="w"), Value(-2.0, name="x")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page(w * x, Path(folder, "backprop.html")).name
    'backprop.html'
    """
    document = page_html(root, names=names, gradient=gradient)
    path = Path(path)
    path.write_text(document, encoding="utf-8", newline="\n")
    return path


def page_html(root: Node, *, names: Mapping[str, Node] | Mapping[Node, str] | None = None, gradient: Any = None) -> str:
    """The same page as a text; the same graph gives the same text, to the byte."""
    if not isinstance(root, Node):
        raise TypeError(f"page: takes a graph node, such as a Value, got {root!r}, a {type(root).__name__}")
    given = node_titles(topological_order(root), names, "page")
    shown = film(root, given, gradient)
    texts = {node: str(shown.labels(node)) for node in shown.nodes}
    style, script, table = _part("page.css"), _part("page.js"), f"const table = {shown.table};"
    document = Template(_part("page.html")).substitute(
        policy=_policy(style, (table, script)),
        title=html.escape(f"Backpropagation of {texts[root]}"),
        heading=shown.heading(),
        hint=html.escape(shown.hint),
        drawing=_drawing(shown, given | texts),
        formulas=_templates("formula", shown.formulas()),
        labels=_templates("label", (_label(shown, node) for node in shown.nodes)),
        film=_json(shown.data()),
        style=style,
        table=table,
        script=script,
    )
    return document.encode("utf-8", "backslashreplace").decode()  # a name may hold half of a surrogate pair


def frame(document: str, height: int = FRAME_HEIGHT) -> str:
    """A page inside another, as notebooks show it: its script can touch nothing outside.

    Args:
        document: the text of the page.
        height: of the frame, in pixels.
    """
    return (
        f'<iframe srcdoc="{html.escape(document)}" sandbox="allow-scripts" title="Backpropagation, step by step" '
        f'width="100%" height="{height}" style="border: 0"></iframe>'
    )


def _part(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _policy(style: str, scripts: tuple[str, ...]) -> str:
    """What a browser may do for this page: apply this style, run these scripts, and nothing else."""
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {' '.join(map(_digest, scripts))}",
            f"style-src {_digest(style)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",  # the script makes no element from text
        ]
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _json(data: Any) -> str:
    """JSON that neither ends its script element nor holds a line that JavaScript would not take for one."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return text.translate({ord(c): f"\\u{ord(c):04x}" for c in "<>&"})


def _label(shown: Film, node: Node) -> str:
    """What a row of a table is called: mathematics, or for a long name words, which break where the line ends."""
    label = shown.labels(node)
    text = str(label)
    return html.escape(text) if len(text) > LONGEST_LABEL else f"<math>{label.mathml()}</math>"


def _templates(name: str, contents: Any) -> str:
    return "\n".join(f'<template id="{name}-{i}">{content}</template>' for i, content in enumerate(contents))


# ---------------------------------------------------------------------- the drawing


def _drawing(shown: Film, titles: dict[Node, str]) -> str:
    """The graph as SVG; where it cannot be drawn, one line that says why."""
    try:
        svg = draw_live(shown.root, titles).svg()
    except (RenderError, TimeoutError) as error:
        return f'<p class="notice">No drawing: {html.escape(str(error))}</p>'
    svg = _GROUP.sub(_with_part, _COMMENT.sub("", svg))
    svg = _SIZE.sub(' role="img" aria-labelledby="drawing-title"', svg, count=1)  # the page says how large it is
    opening, _, content = svg.partition(">")
    title = html.escape(f"The graph of {titles[shown.root]}")
    return f'{opening}>\n<title id="drawing-title">{title}</title>{content}'


def _with_part(match: re.Match[str]) -> str:
    """A group of the SVG that says what it draws in an attribute: a title would pop up under the pointer."""
    part = html.escape(html.unescape(match[2]))
    return f'<g class="{match[1]}" data-part="{part}">' if match[1] != "graph" else match[0].partition("<title>")[0]


_COMMENT = re.compile(r"<!-- .*? -->\n?")
_GROUP = re.compile(r'<g id="\w+" class="(\w+)"[^>]*>\s*<title>(.*?)</title>')
_SIZE = re.compile(r' width="[^"]*" height="[^"]*"')
