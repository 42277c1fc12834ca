"""Graphs as lines of DOT.

Graphviz's own quoting is not used: it leaves backslashes, `<...>` and `&...;` their special meanings.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, takewhile
from typing import Any

import numpy as np

from .. import rules
from ..array_rules import takes_gradient
from ..graph import Node, Scope
from ..tensor import Tensor
from .folding import Drawn, Folded, Part, is_learnt, path_of
from .ink import (
    CLUSTER,
    CONSTANT,
    HIGHLIGHT,
    LEAF,
    NOT_FINITE,
    OPERATION,
    ORIGIN,
    PART,
    RESULT,
    ROOT,
    THINNEST,
    WIDEST,
)
from .words import brief, escape, gradient_of, not_finite, short

__all__ = ["Style", "statements"]


@dataclass(frozen=True)
class Style:
    """What a drawing shows beside the graph."""

    titles: Mapping[Node, str] = field(default_factory=dict)
    highlight: Node | None = None
    compact: bool = False
    """Whether results on the way are left out: an operation leads to the next one."""
    marked: bool = True
    """Whether numbers that are not finite stand out."""
    stacked: bool = False
    """Whether the graph runs up or down: records then turn."""
    local_derivatives: bool = False
    gradients: bool = False
    """Whether edges are as wide as the gradients of what they carry are large."""


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
        self.marks = _marks(nodes) if style.marked else {}
        if style.highlight is not None:
            self.marks[style.highlight] = f"{self.marks.get(style.highlight, '')} {HIGHLIGHT}".strip()
        self.widths = _widths(nodes) if style.gradients else {}
        self.first: dict[tuple[str, ...], Scope] = {}
        for node in nodes:
            path = path_of(node)
            for i, scope in enumerate(node.scopes):
                self.first.setdefault(path[: i + 1], scope)
        self.scopes = _scopes_of_leaves(nodes)
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
        i, node, titles = self.numbers[entry], entry, self.style.titles
        if not takes_gradient(node):  # what a model is given
            yield Line(f'\tn{i} [label="{_constant(node, titles.get(node))}" {CONSTANT}]\n', ())
            return
        scopes = self.scopes[node]
        left_out = self.is_left_out(node)
        if not left_out:
            shape = LEAF if node.is_leaf else ROOT if node in self.roots else RESULT
            mark = self.marks.get(node, "")  # of two values of an attribute, Graphviz takes the second
            label = _label(node, titles.get(node), self.style.stacked, origin=mark.startswith(ORIGIN))
            yield Line(f'\tn{i} [label="{label}"{shape and " " + shape}{mark and " " + mark}]\n', scopes)
        if node.op is not None:
            yield Line(f'\top{i} [label="{escape(node.op.symbol)}" {OPERATION}]\n', scopes)
            yield from self.operands(i, node)
        if node.op is not None and not left_out:
            yield Line(f"\top{i} -> n{i}{_attributes('weight=8', self.widths.get(node, ''))}\n")

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
                attributes.append(self.widths.get(operand, ""))
            else:
                parent = f"n{i}c{j}"
                label = _constant(operand, self.style.titles.get(operand))
                yield Line(f'\t{parent} [label="{label}" {CONSTANT}]\n', self.scopes[node])
            yield Line(f"\t{parent} -> op{i}{_attributes(*attributes)}\n")

    def part(self, part: Part) -> Iterator[Line]:
        """A box for many nodes, and the edges into it."""
        fields = [escape(part.name) + (f" ×{part.times}" if part.times > 1 else "")]
        if part.detail not in ("", part.name):
            fields.append(escape(part.detail))
        if part.learnt:
            fields.append(f"{part.learnt:,} parameter{'s' * (part.learnt > 1)}")
        shapes = dict.fromkeys(_shape(node) for node in part.outputs)
        fields.append("→ " + ", ".join(list(shapes)[:3]) + (", …" if len(shapes) > 3 else ""))
        label = _turned("|".join(fields), self.style.stacked)
        highlight = f" {HIGHLIGHT}" if self.style.highlight in set(part.nodes) else ""
        root = " penwidth=3" if self.roots & set(part.nodes) else ""
        scopes = self.first_scopes(part.around)
        yield Line(f'\tp{self.parts[part]} [label="{label}" {PART}{root}{highlight}]\n', scopes)
        for source in self.into.get(part, []):
            yield Line(f"\t{self.name(source)} -> p{self.parts[part]} [weight=4]\n")


def _attributes(*attributes: str) -> str:
    given = " ".join(filter(None, attributes))
    return f" [{given}]" if given else ""


def _shape(node: Node) -> str:
    return "×".join(map(str, node._data.shape)) or "1" if isinstance(node._data, np.ndarray) else "1"


# ---------------------------------------------------------------------- clusters


def _scopes_of_leaves(nodes: list[Node]) -> dict[Node, tuple[Scope, ...]]:
    """The scopes of every node; of a leaf that is learnt, those that all its users share."""
    scopes = {node: node.scopes for node in nodes}
    shared: dict[Node, tuple[Scope, ...]] = {}
    for node in nodes:
        for x in node.parents:
            if x.op is None and is_learnt(x):
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
    return scope.name if scope.detail in ("", scope.name) else f"{scope.name}: {scope.detail}"


# ---------------------------------------------------------------------- marks, widths, labels


def _marks(nodes: list[Node]) -> dict[Node, str]:
    """The styles of the nodes that are not finite, and of the first of them, where the trouble began."""
    data = [node for node in nodes if not_finite(node._data)]
    gradients = [node for node in reversed(nodes) if not_finite(gradient_of(node))]  # as the sweep met them
    broken = [*data, *gradients]
    return dict.fromkeys(broken, NOT_FINITE) | dict.fromkeys(broken[:1], ORIGIN)


def _widths(nodes: list[Node]) -> dict[Node, str]:
    """The width of the edges from every node: in steps of powers of ten below the largest gradient."""
    sizes = {node: _size(gradient_of(node)) for node in nodes}
    largest = max((size for size in sizes.values() if math.isfinite(size)), default=0.0)
    widths = {}
    for node, size in sizes.items():
        share = 0.0
        if largest and size:
            share = 1.0 if not math.isfinite(size) else max(0.0, 1 + math.log10(size / largest) / 3)
        widths[node] = f"penwidth={THINNEST + (WIDEST - THINNEST) * share:.2f}"
    return widths


def _size(gradient: Any) -> float:
    """How large a gradient is; of an array, the root of the mean of its squares."""
    if gradient is None or not np.size(gradient):
        return 0.0
    return float(np.sqrt(np.mean(np.square(np.abs(gradient)))))


def _label(node: Node, title: str | None, stacked: bool, *, origin: bool) -> str:
    """A record of fields, one above the other, which follows the direction of the graph."""
    gradient = gradient_of(node)
    fields = [escape(title)] if title else []
    fields.append(rf"data {brief(node._data)}\ngrad {brief(gradient)}")
    if origin:
        fields.append(f"first {not_finite(node._data) or not_finite(gradient)}")
    return _turned("|".join(fields), stacked)


def _turned(label: str, stacked: bool) -> str:
    return f"{{{label}}}" if stacked else label


def _constant(x: Any, title: str | None) -> str:
    """What has no gradient: a number, or an array with its name."""
    text = brief(x._data if isinstance(x, Node) else x)
    return f"{escape(title)}|{text}" if title else text
