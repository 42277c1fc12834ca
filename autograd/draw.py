"""The computation graph as a drawing: DOT text, which Graphviz lays out."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import graphviz  # type: ignore[import-untyped]
import numpy as np

from . import rules
from .graph import Node, topological_order, walking
from .names import variable_names
from .render import FONT, FORMATS, RenderError, count_nodes, render
from .tensor import Tensor

__all__ = ["MAX_NODES", "Drawing", "brief", "draw", "draw_dot", "draw_live", "node_titles", "not_finite"]

MAX_NODES = 2000
"""How many drawn nodes are laid out: the time grows faster than their number, 1 s here and 1 min at 10,000."""

LONGEST_NAME = 40  # characters
FEW = 4  # numbers of an array that are shown one by one

# Blue and amber stay apart for every kind of colour vision, and a shape or a line goes with each colour.
# The background is transparent and what lies on it mid-grey, to be read on white and on black pages.
INK, LINE, MUTED = "#1f2328", "#57606a", "#737d88"
LEAF = 'style="rounded,filled" fillcolor="#d6e6f5" color="#0b66b0" penwidth=1.4'
RESULT = ""  # the default of `_NODES`
ROOT = 'fillcolor="#fbe3b5" color="#9a6700" penwidth=2.4'
CONSTANT = 'style="dashed,filled" fillcolor="#ffffff" margin="0.06,0.03" height=0.25'
HIGHLIGHT = 'fillcolor="#ffd9b8" color="#b8480a" penwidth=4'
NOT_FINITE = 'style="dotted,filled" fillcolor="#fbd5d0" color="#b3261e" penwidth=2.4'
ORIGIN = 'style="bold,filled" fillcolor="#f7a79c" color="#8c1d18" penwidth=5'
OPERATION = 'shape=ellipse ordering=in fillcolor="#e4e7ea" fontsize=13 margin="0.03,0.02" width=0.34 height=0.34'

ROOM = "1.4"
"""Inches: how wide a box is whose numbers change; `grad -1.235e-308` fits."""

_GRAPH = {"bgcolor": "transparent", "nodesep": "0.22", "ranksep": "0.28", "pad": "0.1"}
_NODES = {
    "shape": "record", "style": "filled", "fillcolor": "#f6f8fa", "color": LINE, "fontname": FONT,
    "fontsize": "11", "fontcolor": INK, "margin": "0.11,0.055", "height": "0.3", "width": "0.3",
}  # fmt: skip
_EDGES = {"color": MUTED, "arrowsize": "0.6", "fontname": FONT, "fontsize": "10", "fontcolor": MUTED}


class Drawing(graphviz.Digraph):  # type: ignore[misc]
    """A `graphviz.Digraph` that needs no Graphviz to be shown, as long as `stepgrad[render]` is installed.

    A notebook shows it as a picture, or as its DOT text where nothing can draw.  What Digraph itself
    adds (`render`, `view`, `pipe`) runs the program `dot`, as ever.

    >>> from autograd import Value
    >>> from autograd.draw import draw
    >>> x = Value(3.0, name="x")
    >>> draw(x * x)
    <Drawing of 3 nodes: .svg(), .save("graph.svg") or .source>
    """

    timeout: float = 20.0
    """How many seconds the layout may take."""

    def __repr__(self) -> str:
        count = count_nodes(self.source)
        return f'<Drawing of {count} node{"s" * (count != 1)}: .svg(), .save("graph.svg") or .source>'

    def svg(self) -> str:
        """Lay the drawing out as SVG, which stands alone in a file or inside HTML.

        Returns:
            The text of the SVG.

        Raises:
            RendererMissing: there is nothing to draw with; `.source` is the DOT text.
            TimeoutError: it took longer than `timeout` seconds.
            RenderError: it has more than `MAX_NODES` nodes, or Graphviz refused it.
        """
        return self._picture("svg").decode()

    def save(
        self,
        filename: str | os.PathLike[str] | None = None,
        directory: str | os.PathLike[str] | None = None,
        *,
        skip_existing: bool | None = False,
    ) -> str:
        """Write a picture if the name ends in .svg, .png or .pdf, else DOT text, as Digraph does.

        Args:
            filename: the file; without one, DOT text goes where Digraph puts it.
            directory: the folder of the file, made if it is not there.
            skip_existing: leave a file that is there as it is.

        Returns:
            The path of the file.

        Raises:
            ValueError: the name ends like that of another kind of picture.
            RendererMissing, TimeoutError, RenderError: see `svg`; no file is written.
        """
        suffix = Path(filename or "").suffix.lower()[1:]
        if suffix in _OTHER_PICTURES:
            raise ValueError(f"save: does not write .{suffix}: use .svg, .png, .pdf or .dot")
        if filename is None or suffix not in FORMATS:
            return str(super().save(filename, directory=directory, skip_existing=skip_existing))
        path = Path(directory or "", filename)
        if not (skip_existing and path.exists()):
            picture = self._picture(suffix)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(picture)
        return str(path)

    def _picture(self, format: str) -> bytes:  # noqa: A002
        source = self.source
        count = count_nodes(source)
        if count > MAX_NODES:
            raise RenderError(
                f"{format}: {count} nodes are too many to lay out, the limit is {MAX_NODES}: "
                "draw a part, such as one of the ancestors, or save it as .dot"
            )
        return render(source, format, self.timeout)

    # What graphviz's `_repr_mimebundle_` calls, for notebooks.

    def _repr_image_svg_xml(self) -> str:
        return self.svg()

    def _repr_image_png(self) -> bytes:
        return self._picture("png")

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None, **options: Any
    ) -> dict[str, Any]:
        try:
            return dict(super()._repr_mimebundle_(include, exclude, **options))
        except (RuntimeError, TimeoutError) as error:
            source = self.source
            text = source if count_nodes(source) <= MAX_NODES else ""  # a notebook would choke on more
            return {"text/plain": f"// {error}\n{text}"}


_OTHER_PICTURES = {"jpg", "jpeg", "gif", "webp", "bmp", "tif", "tiff", "ps", "eps", "htm", "html"}


def draw(
    root: Node,
    *,
    names: Mapping[str, Node] | Mapping[Node, str] | None = None,
    local_derivatives: bool = False,
    rankdir: str = "LR",
    highlight: Node | None = None,
) -> Drawing:
    """Draw the graph of everything a node was computed from.

    A box is a number or an array, with its name, its data and its gradient; an ellipse is an operation, and its
    operands enter it in order, from top to bottom or from left to right.  Numbers have four digits,
    with zeros at the end where digits were cut; an array of more than a few shows its shape.  The boxes are

    - rounded and blue: leaves, that is what was given;
    - square and light grey: results on the way;
    - amber with a bold line: the root;
    - white with a dashed line: constants, numbers and arrays that have no gradient;
    - red with a dotted line: nodes whose data or gradient is inf or nan; where that began has a very bold
      line and says `first nan`: at the first such number of the forward pass, else of the backward sweep;
    - orange with a very bold line: the node to highlight.

    The same graph gives the same text, to the byte.

    Args:
        root: the node; its ancestors are drawn with it.
        names: what to call nodes, as `{"w": node}` or `{node: "w"}`; by default each is called by its
            own name, or by the variable of the caller that holds it.
        local_derivatives: write on each edge the derivative of the operation by that operand.
        rankdir: which way the graph runs: `"LR"` (left to right), `"TB"` (top to bottom), `"RL"`, `"BT"`.
        highlight: the node of the graph to look at, such as a stepper's current one.

    Returns:
        A drawing that notebooks display, with `.svg()`, `.save("graph.svg")` and `.source`.

    Raises:
        TypeError: `root` or `highlight` is no node, or `names` does not pair strings with nodes.
        ValueError: no such `rankdir`, or `highlight` is not in the graph.

    >>> from autograd import Value
    >>> from autograd.draw import draw
    >>> x = Value(3.0, name="x")
    >>> drawing = draw(x * x, local_derivatives=True)
    >>> drawing.source.count('n0 -> op1 [label=" 3 "]')  # used twice, drawn twice
    2
    """
    for node in (root,) if highlight is None else (root, highlight):
        if not isinstance(node, Node):
            raise TypeError(f"draw: takes a graph node, such as a Value, got {node!r}, a {type(node).__name__}")
    if rankdir not in ("LR", "TB", "RL", "BT"):
        raise ValueError(f"draw: rankdir must be LR, TB, RL or BT, got {rankdir!r}")
    drawing = _empty(rankdir)
    with walking:  # no backward pass changes gradients in the meantime
        nodes = topological_order(root)[::-1]
        if highlight is not None and highlight not in set(nodes):
            raise ValueError(f"draw: {highlight!r} is not in the graph to be drawn: highlight one of its nodes")
        titles = node_titles(nodes, names)
        marks = _marks(nodes)
        if highlight is not None:
            marks[highlight] = f"{marks.get(highlight, '')} {HIGHLIGHT}".strip()
        drawing.body += _statements(nodes, titles, marks, stacked=rankdir in ("TB", "BT"), slopes=local_derivatives)
    return drawing


draw_dot = draw
"""The name it has in micrograd."""


def draw_live(root: Node, names: Mapping[Node, str]) -> Drawing:
    """The same drawing for a script that writes the numbers: no node is marked, and any number fits its box.

    The boxes are called `n0`, `n1`, … in the order of the forward pass, the operations `op<i>` after their results.
    """
    nodes = topological_order(root)[::-1]
    drawing = _empty("LR")
    drawing.graph_attr.update(nodesep="0.3", ranksep="0.36")  # longer edges: something moves along them
    drawing.body += _statements(nodes, dict(names), {})
    for i in range(len(nodes)):
        drawing.node(f"n{i}", width=ROOM)
    return drawing


def _empty(rankdir: str) -> Drawing:
    return Drawing(graph_attr=_GRAPH | {"rankdir": rankdir}, node_attr=_NODES, edge_attr=_EDGES)


def node_titles(nodes: list[Node], names: Mapping[Any, Any] | None, caller: str = "draw") -> dict[Node, str]:
    """What to call each node that has a name: as `names` says, else by its own, else by the caller's variable."""
    constants = [x for node in nodes if isinstance(node, Tensor) for x in node.operands if isinstance(x, Tensor)]
    titles = variable_names(list(dict.fromkeys([*nodes, *constants])))
    for key, value in (names or {}).items():
        node, name = (key, value) if isinstance(key, Node) else (value, key)
        if not isinstance(node, Node) or not isinstance(name, str):
            raise TypeError(f"{caller}: names must pair strings with nodes, got {key!r}: {value!r}")
        titles[node] = name
    return titles


def _statements(
    nodes: list[Node],
    titles: dict[Node, str],
    marks: dict[Node, str],
    *,
    stacked: bool = False,
    slopes: bool = False,
) -> Iterator[str]:
    """Lines of DOT: for each node, parents first, its box, and the operation that led to it.

    Graphviz's own quoting is not used: it leaves backslashes, `<...>` and `&...;` their special meanings.
    """
    numbers = {node: i for i, node in enumerate(nodes)}
    for i, node in enumerate(nodes):
        style = LEAF if node.is_leaf else ROOT if node is nodes[-1] else RESULT
        mark = marks.get(node, "")  # of two values of an attribute, Graphviz takes the second
        label = _label(node, titles.get(node), stacked, origin=mark.startswith(ORIGIN))
        yield f'\tn{i} [label="{label}"{style and " " + style}{mark and " " + mark}]\n'
        if node.op is not None:
            yield f'\top{i} [label="{_escape(node.op.symbol)}" {OPERATION}]\n'
            yield from _operands(i, node, numbers, titles, slopes)
            yield f"\top{i} -> n{i} [weight=8]\n"


def _operands(i: int, node: Node, numbers: dict[Node, int], titles: dict[Node, str], slopes: bool) -> Iterator[str]:
    """The edges into an operation, and the boxes of its constants."""
    derivatives = rules.local_derivatives(node) if slopes and not isinstance(node, Tensor) else None
    for j, operand in enumerate(node.operands):
        attributes = []
        if isinstance(operand, Node) and operand in numbers:
            parent = f"n{numbers[operand]}"
            if derivatives is not None:
                attributes.append(f'label=" {_short(next(derivatives)[1])} "')  # the spaces keep it off the line
            if not operand.is_leaf:
                attributes.append("weight=8")  # results stay on a straight line, what joins them bends
        else:
            parent = f"n{i}c{j}"
            yield f'\t{parent} [label="{_constant(operand, titles.get(operand))}" {CONSTANT}]\n'
        yield f"\t{parent} -> op{i}" + (f" [{' '.join(attributes)}]\n" if attributes else "\n")


def _marks(nodes: list[Node]) -> dict[Node, str]:
    """The styles of the nodes that are not finite, and of the first of them, where the trouble began."""
    data = [node for node in nodes if not_finite(node._data)]
    gradients = [node for node in reversed(nodes) if not_finite(_gradient(node))]  # as the sweep met them
    broken = [*data, *gradients]
    return dict.fromkeys(broken, NOT_FINITE) | dict.fromkeys(broken[:1], ORIGIN)


def not_finite(x: Any) -> str:
    """`nan` or `inf` where a number, or one of an array's, is that; empty where all is well."""
    if x is None or np.isfinite(x).all():
        return ""
    return "nan" if np.isnan(x).any() else "inf"


def _gradient(node: Node) -> Any:
    return node._grad._data if isinstance(node._grad, Node) else node._grad


def _label(node: Node, title: str | None, stacked: bool, *, origin: bool) -> str:
    """A record of fields, one above the other, which follows the direction of the graph."""
    gradient = _gradient(node)
    fields = [_escape(title)] if title else []
    fields.append(rf"data {brief(node._data)}\ngrad {brief(gradient)}")
    if origin:
        fields.append(f"first {not_finite(node._data) or not_finite(gradient)}")
    label = "|".join(fields)
    return f"{{{label}}}" if stacked else label


def _constant(x: Any, title: str | None) -> str:
    """What has no gradient: a number, or an array with its name."""
    text = brief(x._data if isinstance(x, Node) else x)
    return f"{_escape(title)}|{text}" if title else text


def brief(x: Any) -> str:
    """A number; of an array that has few, all of them, else its shape."""
    if not isinstance(x, np.ndarray):
        return "none" if x is None else _short(x)
    if x.ndim > 1 or x.size > FEW:
        return "×".join(map(str, x.shape))
    numbers = ", ".join(map(_short, x.ravel().tolist()))
    return f"[{numbers}]" if x.ndim else numbers


def _short(x: float) -> str:
    """Whole numbers exactly; others to four digits, with zeros at the end only where digits were cut."""
    if x == round(x, 0) and abs(x) < 1e10:
        return f"{x:.0f}"
    short = f"{x:.4g}"
    if float(short) == x or x != x:
        return short
    cut = f"{x:#.4g}"
    return f"{x:.1f}" if cut.endswith(".") else cut


def _escape(text: str) -> str:
    """Text as it stands in a label: nothing in it means anything to DOT, to records, to SVG or to HTML."""
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[: LONGEST_NAME + 1])
    if len(text) > LONGEST_NAME:
        text = text[: LONGEST_NAME - 1] + "…"
    return text.translate(_SPECIAL)


_SPECIAL = str.maketrans({"&": "&amp;"} | {c: f"\\{c}" for c in '\\"{}|<>'})
