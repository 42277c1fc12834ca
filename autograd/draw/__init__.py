"""The computation graph as a drawing, at three zooms: modules, operations, single numbers."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from ..array_rules import takes_gradient
from ..graph import Node, topological_order, walking
from ..names import variable_names
from ..operands import Vector
from ..scalars import written_out
from ..tensor import Tensor
from .drawing import MAX_NODES, Drawing
from .folding import Folded, Test, by_module, by_name, by_order, folded, is_learnt, path_of
from .ink import EDGES, GRAPH, INK, LINE, MUTED, NODES, ROOM
from .statements import Style, statements
from .words import brief, not_finite

__all__ = [
    "INK",
    "LINE",
    "MAX_NODES",
    "MUTED",
    "VIEWS",
    "Drawing",
    "brief",
    "draw",
    "draw_dot",
    "draw_live",
    "node_titles",
    "not_finite",
]

VIEWS = ("tensor", "module", "scalar")
LAST = 40  # nodes that are drawn of a graph which is too large and has no modules

Names = Mapping[str, Node] | Mapping[Node, str]


def draw(
    root: Node,
    *,
    view: str = "tensor",
    names: Names | None = None,
    local_derivatives: bool = False,
    gradients: bool = False,
    rankdir: str = "LR",
    highlight: Node | None = None,
    fold: str | Collection[str] = (),
    unfold: str | Collection[str] = (),
    limit: int | None = MAX_NODES,
) -> Drawing:
    """Draw the graph of everything a node was computed from.

    A box is a number or an array, with its name, its data and its gradient; an ellipse is an operation, and its
    operands enter it in order, from top to bottom or from left to right; inside frames of scopes, no more than
    three do.  Numbers have four digits, with zeros at the end where digits were cut; an array of more than a few
    shows its shape.  The boxes are

    - rounded and blue: leaves, that is what was given; of a darker blue with a bold line: parameters of modules;
    - square and light grey: results on the way;
    - amber with a bold line: the root;
    - white with a dashed line: constants, numbers and arrays that have no gradient;
    - violet with a double line: modules and other scopes, folded, with what they learn and give;
    - red with a dotted line: nodes whose data or gradient is inf or nan; where that began has a very bold
      line and says `first nan`: at the first such number of the forward pass, else of the backward sweep;
    - orange with a very bold line: the node to highlight.

    A graph of more boxes and ellipses than the limit is folded, and the drawing says so.  The same graph gives the
    same text, to the byte.

    Args:
        root: the node, or a `Vector` of several; their ancestors are drawn with them.
        view: `"tensor"`, one ellipse per operation; `"module"`, one box per module, for graphs that were made
            under `scope`, as `nn.Module.draw` does; `"scalar"`, every multiplication and addition of numbers.
        names: what to call nodes, as `{"w": node}` or `{node: "w"}`; by default each is called by its
            own name, or by the variable of the caller that holds it.
        local_derivatives: write on each edge the derivative of the operation by that operand.
        gradients: draw edges the wider, the larger the gradient of what they carry: down to a thousandth
            of the largest.
        rankdir: which way the graph runs: `"LR"` (left to right), `"TB"` (top to bottom), `"RL"`, `"BT"`.
        highlight: the node of the graph to look at, such as a stepper's current one.
        fold: scopes that are drawn as one box, by their names, such as `"encoder"` or `"encoder.layers.0"`.
        unfold: in the module view, modules that show their operations.
        limit: how many boxes and ellipses a drawing may have before it is folded; None for any number, as DOT text.

    Returns:
        A drawing that notebooks display, with `.svg()`, `.save("graph.svg")` and `.source`.

    Raises:
        TypeError: `root` or `highlight` is no node, `names` does not pair strings with nodes, or an operation of
            the scalar view works on whole arrays only.
        ValueError: no such `view` or `rankdir`, `highlight` is not in the graph, there is no scope to fold of that
            name, or none at all for the module view, or the scalar view would have too many numbers.

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
    if view not in VIEWS:
        raise ValueError(f"draw: view must be {', '.join(VIEWS)}, got {view!r}")
    if rankdir not in ("LR", "TB", "RL", "BT"):
        raise ValueError(f"draw: rankdir must be LR, TB, RL or BT, got {rankdir!r}")
    fold, unfold = ((scopes,) if isinstance(scopes, str) else scopes for scopes in (fold, unfold))
    with walking:  # no backward pass changes gradients in the meantime
        roots = [x for x in dict.fromkeys(root.operands) if isinstance(x, Node)] if isinstance(root, Vector) else [root]
        nodes = _graph_of(roots)
        if highlight is not None and highlight not in set(nodes):
            raise ValueError(f"draw: {highlight!r} is not in the graph to be drawn: highlight one of its nodes")
        lit = frozenset(() if highlight is None else (highlight,))
        subject = _Subject(nodes, roots, node_titles(nodes, names), lit)
        if view == "scalar":
            subject = _in_numbers(subject)
        graph, note = _folded(subject, view, fold, unfold, sys.maxsize if limit is None else limit)
        style = Style(
            subject.titles, subject.highlight, compact=view == "module", rankdir=rankdir,
            local_derivatives=local_derivatives, gradients=gradients,
        )  # fmt: skip
        drawing = _empty(rankdir)
        if note:
            drawing.graph_attr.update(label=note, fontname=NODES["fontname"], fontsize="10", fontcolor=MUTED)
        drawing.body += statements(graph, subject.roots, style)
    return drawing


draw_dot = draw
"""The name it has in micrograd."""


def draw_live(root: Node, names: Mapping[Node, str]) -> Drawing:
    """The same drawing for a script that writes the numbers: no node is marked, and any number fits its box.

    The boxes are called `n0`, `n1`, … in the order of the forward pass, the operations `op<i>` after their results.
    """
    nodes = _graph_of([root])
    drawing = _empty("LR")
    drawing.graph_attr.update(nodesep="0.3", ranksep="0.36")  # longer edges: something moves along them
    graph = folded(nodes, [root], lambda node: None, is_learnt)
    drawing.body += statements(graph, [root], Style(dict(names), live=True))
    for i in range(len(nodes)):
        drawing.node(f"n{i}", width=ROOM)
    return drawing


def _empty(rankdir: str) -> Drawing:
    return Drawing(graph_attr=GRAPH | {"rankdir": rankdir}, node_attr=NODES, edge_attr=EDGES)


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


# ---------------------------------------------------------------------- which nodes


def _graph_of(roots: Sequence[Node]) -> list[Node]:
    """The nodes of a drawing, operands first."""
    return topological_order(roots[0] if len(roots) == 1 else Vector(roots))[::-1]


@dataclass(frozen=True)
class _Subject:
    """What is drawn: a graph of nodes, or of the numbers in them."""

    nodes: list[Node]
    """Operands first."""
    roots: Sequence[Node]
    titles: Mapping[Node, str]
    highlight: frozenset[Node]
    learnt: Test = is_learnt


def _in_numbers(subject: _Subject) -> _Subject:
    """The graph with a node for every number; those of what is learnt or highlighted are so, too."""
    numbers = written_out(subject.nodes, subject.roots, subject.titles)
    roots = [x for root in subject.roots for x in numbers[root].flat]
    nodes = _graph_of(roots)
    learnt = {x for node in subject.nodes if is_learnt(node) for x in numbers[node].flat}
    lit = {x for node in subject.highlight for x in numbers[node].flat}.intersection(nodes)
    titles = {node: node.name for node in nodes if node.name is not None}
    return _Subject(nodes, roots, titles, frozenset(lit), learnt.__contains__)


def _folded(
    subject: _Subject, view: str, fold: Collection[str], unfold: Collection[str], limit: int
) -> tuple[Folded, str]:
    """The graph with boxes where they are asked for or needed, and a note on those that were needed."""
    nodes, roots, learnt = subject.nodes, subject.roots, subject.learnt
    has_scopes = any(node.scopes for node in nodes)
    _check_names([*fold, *unfold], {name for node in nodes for name in _names_of(path_of(node))})
    if view == "module":
        if not has_scopes:
            raise ValueError(
                "draw: view='module' needs scopes: draw by model.draw(x, view='module'), "
                "or compute under `with autograd.scope(name):`"
            )
        nodes = [*_named_constants(nodes, subject.titles), *nodes]
        asked = [by_module(nodes, fold, unfold)]
    else:
        asked = [by_name(fold)] if fold or len(nodes) <= limit else []
    needed = (by_module(nodes, fold, (), depth) for depth in (None, 3, 2, 1) if has_scopes)
    count = f"{sum(node.op is not None for node in nodes):,} operations"
    for i, part_of in enumerate(chain(asked, needed)):
        graph = folded(nodes, roots, part_of, learnt)
        if _size(graph) <= limit:
            return graph, "" if i < len(asked) else f"{count}: folded by module"
    graph = folded(nodes, roots, by_order(nodes, LAST), learnt, hides=lambda leaf: True)
    return graph, f"{count}: folded but for the last {LAST} nodes"


def _check_names(given: Iterable[str], known: Collection[str]) -> None:
    for name in given:
        if name not in known:
            few = ", ".join(sorted(known)[:12]) or "none: make the graph under autograd.scope, or by model.draw(x)"
            raise ValueError(f"draw: there is no scope {name!r} to fold: the scopes are {few}")


def _named_constants(nodes: list[Node], titles: Mapping[Node, str]) -> list[Node]:
    """What a model is given: arrays without a gradient that have a name."""
    operands = (x for node in nodes if isinstance(node, Tensor) for x in node.operands)
    return list(dict.fromkeys(x for x in operands if isinstance(x, Node) and x in titles and not takes_gradient(x)))


def _names_of(path: tuple[str, ...]) -> set[str]:
    """What a node's scopes may be called."""
    names = set(path)
    for i in range(len(path)):
        names |= {".".join(path[: i + 1]), ".".join(path[1 : i + 1])}
    return names - {""}


def _size(graph: Folded) -> int:
    """How many boxes and ellipses a drawing has, if results on the way are drawn."""
    constants = (x for node in graph.entries if isinstance(node, Node) for x in node.operands if x not in graph.place)
    return sum(1 + (isinstance(x, Node) and x.op is not None) for x in graph.entries) + sum(1 for _ in constants)
