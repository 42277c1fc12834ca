"""Graphs as lines of DOT.

Graphviz's own quoting is not used: it leaves backslashes, `<...>` and `&...;` their special meanings.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, takewhile
from typing import Any

import numpy as np

from .. import rules
from ..array_rules import takes_gradient
from ..graph import Node, gradient_of
from ..modes import Scope
from ..parameter import Parameter
from ..tensor import Tensor
from .folding import Drawn, Folded, Part, Test, path_of
from .ink import (
    CLUSTER,
    CONSTANT,
    HIGHLIGHT,
    LEAF,
    NOT_FINITE,
    OPERATION,
    ORIGIN,
    PARAMETER,
    PART,
    RESULT,
    ROOT,
    SIDES,
    THINNEST,
    WIDEST,
)
from .words import brief, escape, heading, not_finite, short

__all__ = ["Style", "statements"]


MOST_SIDES = 3  # operands that enter an operation each at a place of its own


@dataclass(frozen=True)
class Style:
    """What a drawing shows beside the graph."""

    titles: Mapping[Node, str] = field(default_factory=dict)
    highlight: frozenset[Node] = frozenset()
    compact: bool = False
    """Whether results on the way are left out: an operation leads to the next one."""
    live: bool = False
    """Whether a script writes the numbers: none stands out, and edges are known by the names of their ends only."""
    rankdir: str = "LR"
    local_derivatives: bool = False
    gradients: bool = False
    """Whether edges are as wide as the gradients of what they carry are large."""

    @property
    def stacked(self) -> bool:
        """Whether the graph runs up or down: records then turn."""
        return self.rankdir in ("TB", "BT")


@dataclass(frozen=True)
class Line:
    """A line of DOT, and the scopes that it is declared in, if it declares something."""

    text: str
    scopes: tuple[Scope, ...] | None = None


def statements(graph: Folded, roots: Sequence[Node], style: Style) -> list[str]:
    """The lines of a drawing: for each node, parents first, its box, and the operation that led to it."""
    writer = _Writer(graph, roots, style)
    return list(_clustered([line for entry in graph.entries for line in writer.lines(entry)]))


class _Writer:
    """Writes the entries of one graph."""

    def __init__(self, graph: Folded, roots: Sequence[Node], style: Style) -> None:
        self.graph, self.style = graph, style
        self.roots = set(roots)
        nodes = list(graph.place)
        self.numbers = {node: i for i, node in enumerate(nodes)}
        self.parts = {part: i for i, part in enumerate(x for x in graph.entries if isinstance(x, Part))}
        broken = [] if style.live else _not_finite(nodes)
        self.marks, self.origin = _marks(graph, broken, style.highlight)
        self.shares = _shares(nodes) if style.gradients else {}
        self.first: dict[tuple[str, ...], Scope] = {}
        for node in nodes:
            path = path_of(node)
            for i, scope in enumerate(node.scopes):
                self.first.setdefault(path[: i + 1], scope)
        self.scopes = _scopes_of_leaves(nodes, graph.learnt)
        self.has_sides = any(self.scopes.values()) and not style.live
        if self.parts:
            self.scopes = {
                node: self.first_scopes([scope.name for scope in scopes]) for node, scopes in self.scopes.items()
            }
        self.into: dict[Drawn, list[Drawn]] = {}
        for source, target in graph.edges:
            self.into.setdefault(target, []).append(source)

    def name(self, entry: Drawn) -> str:
        if isinstance(entry, Part):
            return f"p{self.parts[entry]}"
        return f"{'op' if self.is_left_out(entry) else 'n'}{self.numbers[entry]}"

    def is_left_out(self, node: Node) -> bool:
        return self.style.compact and node.op is not None and node not in self.roots

    def first_scopes(self, path: Sequence[str]) -> tuple[Scope, ...]:
        """The first scopes of these names, for all of them: boxes do not tell one application from the next."""
        return tuple(self.first[tuple(path[: i + 1])] for i in range(len(path)))

    def lines(self, entry: Drawn) -> Iterator[Line]:
        if isinstance(entry, Part):
            yield from self.part(entry)
            return
        i, node, titles, mark = self.numbers[entry], entry, self.style.titles, self.marks.get(entry, "")
        if not takes_gradient(node):  # what a model is given
            yield Line(_declaration(f"n{i}", _constant(node, titles.get(node)), CONSTANT), ())
            return
        scopes = self.scopes[node]
        left_out = self.is_left_out(node)
        if not left_out:
            shape = _shape_of_leaf(node) if node.is_leaf else ROOT if node in self.roots else RESULT
            label = _label(node, titles.get(node), self.style.stacked, self.origin.get(node))
            yield Line(_declaration(f"n{i}", label, shape, mark), scopes)
        if node.op is not None:
            yield Line(_declaration(f"op{i}", escape(node.op.symbol), OPERATION, mark if left_out else ""), scopes)
            yield from self.operands(i, node)
        if node.op is not None and not left_out:
            yield Line(f"\top{i} -> n{i}{_attributes('weight=8', self.width([node]))}\n")

    def operands(self, i: int, node: Node) -> Iterator[Line]:
        """The edges into an operation, and the boxes of its constants."""
        slopes = self.style.local_derivatives and not isinstance(node, Tensor)
        derivatives = rules.local_derivatives(node) if slopes else None
        for j, operand in enumerate(node.operands):
            attributes = []
            if isinstance(operand, Node) and operand in self.graph.place:
                parent = self.name(self.graph.place[operand])
                if derivatives is not None:
                    attributes.append(f'label=" {short(next(derivatives)[1])} "')  # the spaces keep it off the line
                if not operand.is_leaf:
                    attributes.append("weight=8")  # results stay on a straight line, what joins them bends
                attributes.append(self.width([operand]))
            else:
                parent = f"n{i}c{j}"
                label = _constant(operand, self.style.titles.get(operand))
                yield Line(_declaration(parent, label, CONSTANT), self.scopes[node])
                attributes.append(self.width([]))
            yield Line(f"\t{parent} -> op{i}{self.side(j, len(node.operands))}{_attributes(*attributes)}\n")

    def side(self, j: int, count: int) -> str:
        """Where the jth of few operands enters: Graphviz does not keep their order inside clusters."""
        if not self.has_sides or not 1 < count <= MOST_SIDES:
            return ""
        first, middle, last = SIDES[self.style.rankdir]
        return f":{first if j == 0 else last if j == count - 1 else middle}"

    def part(self, part: Part) -> Iterator[Line]:
        """A box for many nodes, and the edges into it."""
        first, *fields = map(escape, heading(part.name, part.detail))
        fields.insert(0, f"{first} ×{part.times}" if part.times > 1 else first)
        if part.learnt:
            fields.append(f"{part.learnt:,} parameter{'s' * (part.learnt > 1)}")
        fields.append(f"→ {_given(part)}")
        fields += filter(None, [self.origin.get(part)])
        label = _turned("|".join(fields), self.style.stacked)
        root = "penwidth=3" if self.roots & set(part.nodes) else ""
        declaration = _declaration(self.name(part), label, PART, root, self.marks.get(part, ""))
        yield Line(declaration, self.first_scopes(part.around))
        for source in self.into.get(part, []):
            width = self.width(self.graph.edges[source, part])
            yield Line(f"\t{self.name(source)} -> {self.name(part)}{_attributes('weight=4', width)}\n")

    def width(self, carried: Iterable[Node]) -> str:
        """The width of an edge, by the largest gradient of what it carries."""
        if not self.style.gradients:
            return ""
        share = max((self.shares.get(node, 0.0) for node in carried), default=0.0)
        return f"penwidth={THINNEST + (WIDEST - THINNEST) * share:.2f}"


def _declaration(name: str, label: str, *attributes: str) -> str:
    return "\t" + name + _attributes(f'label="{label}"', *attributes) + "\n"


def _shape_of_leaf(leaf: Node) -> str:
    return PARAMETER if isinstance(leaf, Parameter) else LEAF


def _attributes(*attributes: str) -> str:
    given = " ".join(filter(None, attributes))
    return f" [{given}]" if given else ""


def _given(part: Part) -> str:
    """What a box gives to others each time: the shapes of arrays, or how many numbers."""
    arrays = [node._data for node in part.outputs if isinstance(node._data, np.ndarray)]
    if not arrays:
        return str(math.ceil(len(part.outputs) / part.times))
    shapes = list(dict.fromkeys("×".join(map(str, array.shape)) or "1" for array in arrays))
    return ", ".join(shapes[:3]) + (", …" if len(shapes) > 3 else "")


# ---------------------------------------------------------------------- clusters


def _scopes_of_leaves(nodes: list[Node], learnt: Test) -> dict[Node, tuple[Scope, ...]]:
    """The scopes of every node; of a leaf that is learnt, those that all its users share."""
    scopes = {node: node.scopes for node in nodes}
    shared: dict[Node, tuple[Scope, ...]] = {}
    for node in nodes:
        for x in node.parents:
            if x.op is None and learnt(x):
                shared[x] = _common(shared[x], node.scopes) if x in shared else node.scopes
    return scopes | shared


def _common(a: Sequence[Any], b: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(x for x, _ in takewhile(lambda pair: pair[0] is pair[1], zip(a, b, strict=False)))


def _clustered(lines: list[Line]) -> Iterator[str]:
    """The lines, declarations in the clusters of their scopes; as they come, if there are no scopes."""
    if not any(line.scopes for line in lines):
        yield from (line.text for line in lines)
        return
    root = _Cluster()
    for line in lines:
        if line.scopes is not None:
            root.inside(line.scopes).append(line.text)
    yield from root.lines(count())
    yield from (line.text for line in lines if line.scopes is None)


class _Cluster:
    """A scope, with what is declared in it and the scopes inside."""

    def __init__(self, scope: Scope | None = None) -> None:
        self.scope = scope
        self.content: list[Any] = []
        self.inner: dict[Scope, _Cluster] = {}

    def inside(self, scopes: Iterable[Scope]) -> list[Any]:
        cluster = self
        for scope in scopes:
            if scope not in cluster.inner:
                cluster.inner[scope] = _Cluster(scope)
                cluster.content.append(cluster.inner[scope])
            cluster = cluster.inner[scope]
        return cluster.content

    def lines(self, numbers: Iterator[int], depth: int = 1) -> Iterator[str]:
        indent = "\t" * depth
        for entry in self.content:
            if isinstance(entry, str):
                yield "\t" * (depth - 1) + entry
                continue
            yield f"{indent}subgraph cluster_{next(numbers)} {{\n"
            yield f'{indent}\tgraph [label="{escape(_heading(entry.scope))}" {CLUSTER}]\n'
            yield from entry.lines(numbers, depth + 1)
            yield f"{indent}}}\n"


def _heading(scope: Scope) -> str:
    return ": ".join(heading(scope.name, scope.detail))


# ---------------------------------------------------------------------- marks, widths, labels


def _not_finite(nodes: list[Node]) -> list[Node]:
    """The nodes that are not finite, the first of them, where the trouble began, in front."""
    data = [node for node in nodes if not_finite(node._data)]
    return [*data, *(node for node in reversed(nodes) if not_finite(gradient_of(node)))]  # as the sweep met them


def _marks(graph: Folded, broken: list[Node], highlight: Collection[Node]) -> tuple[dict[Drawn, str], dict[Drawn, str]]:
    """The styles of what is not finite or highlighted, and what is said where the trouble began."""
    marks = {graph.place[node]: NOT_FINITE for node in broken}
    origin: dict[Drawn, str] = {}
    for node in broken[:1]:
        marks[graph.place[node]] = ORIGIN
        origin[graph.place[node]] = f"first {not_finite(node._data) or not_finite(gradient_of(node))}"
    for drawn in {graph.place[node] for node in highlight}:
        marks[drawn] = f"{marks.get(drawn, '')} {HIGHLIGHT}".strip()  # Graphviz takes the second value of an attribute
    return marks, origin


def _shares(nodes: list[Node]) -> dict[Node, float]:
    """How large the gradient of each node is: 1 like the largest, 0 a thousandth of it or less, by powers of ten."""
    sizes = {node: _size(gradient_of(node)) for node in nodes}
    largest = max(filter(math.isfinite, sizes.values()), default=0.0)
    return {node: _share(size, largest) for node, size in sizes.items()}


def _share(size: float, largest: float) -> float:
    if not math.isfinite(size):
        return 1.0
    return max(0.0, 1 + (math.log10(size) - math.log10(largest)) / 3) if size else 0.0


def _size(gradient: Any) -> float:
    """How large a gradient is; of an array, the root of the mean of its squares."""
    sizes = np.abs(np.asarray(0.0 if gradient is None else gradient))
    largest = float(sizes.max(initial=0.0))
    if not largest or not math.isfinite(largest):
        return largest
    return largest * math.sqrt(np.mean(np.square(sizes / largest)))  # squares of 1e200 would be infinite


def _label(node: Node, title: str | None, stacked: bool, origin: str | None) -> str:
    """A record of fields, one above the other, which follows the direction of the graph."""
    numbers = rf"data {brief(node._data)}\ngrad {brief(gradient_of(node))}"
    return _turned("|".join(filter(None, [title and escape(title), numbers, origin])), stacked)


def _turned(label: str, stacked: bool) -> str:
    return f"{{{label}}}" if stacked else label


def _constant(x: Any, title: str | None) -> str:
    """What has no gradient: a number, or an array with its name."""
    text = brief(x._data if isinstance(x, Node) else x)
    return f"{escape(title)}|{text}" if title else text
