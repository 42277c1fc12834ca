"""Which nodes of a graph a drawing shows one by one, and which together as one box."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..array_rules import takes_gradient
from ..graph import Node
from ..parameter import Parameter
from ..tensor import Tensor

__all__ = [
    "Drawn",
    "Folded",
    "Part",
    "Test",
    "by_module",
    "by_name",
    "by_order",
    "folded",
    "is_learnt",
    "path_of",
]

LITTLE = 3  # operations beside other scopes that are drawn one by one

Path = tuple[str, ...]
"""The names of scopes, the outermost first."""


def path_of(node: Node) -> Path:
    """The names of the scopes that a node was made in."""
    return tuple(scope.name for scope in node.scopes)


class Key(NamedTuple):
    """What box a node belongs into."""

    path: Path
    """The scope; empty for what there was no room for."""
    stage: int | None = None
    """For what a scope does beside the scopes inside it: behind how many of these, one after the other."""


@dataclass(eq=False)
class Part:
    """Nodes that are drawn as one box: what a module computed, or what there was no room for."""

    key: Key
    detail: str = ""
    nodes: list[Node] = field(default_factory=list)
    parameters: dict[Node, None] = field(default_factory=dict)
    """The leaves that it learns; they are not drawn."""
    outputs: dict[Node, None] = field(default_factory=dict)
    """Its nodes that others use, or that the drawing is of."""
    calls: set[int] = field(default_factory=set)

    @property
    def name(self) -> str:
        """The scope's; of operations beside others, how many they are."""
        path, stage = self.key
        return path[-1] if path and stage is None else f"{len(self.nodes):,} operations"

    @property
    def around(self) -> Path:
        """The scopes that it is drawn in."""
        path, stage = self.key
        return path[:-1] if stage is None else path

    @property
    def times(self) -> int:
        """How often it was applied; of operations beside others, their number says it."""
        return max(len(self.calls), 1) if self.key.stage is None else 1

    @property
    def learnt(self) -> int:
        """How many numbers it learns."""
        return sum(getattr(node._data, "size", 1) for node in self.parameters)


Drawn = Node | Part
Test = Callable[[Node], bool]


@dataclass(eq=False)
class Folded:
    """A graph with some of its nodes in boxes."""

    entries: list[Drawn]
    """What is drawn, operands first."""
    edges: dict[tuple[Drawn, Drawn], dict[Node, None]]
    """Who uses whose nodes, and which."""
    place: dict[Node, Drawn]
    """Where each node is drawn."""
    learnt: Test
    """Whether a leaf is a parameter."""


def folded(
    nodes: list[Node],
    roots: Collection[Node],
    part_of: Callable[[Node], Key | None],
    learnt: Test,
    hides: Test | None = None,
) -> Folded:
    """Put nodes into boxes.

    Args:
        nodes: of the graph, operands first.
        roots: what the drawing is of.
        part_of: the box that a computed node belongs into; None if it is drawn by itself.
        learnt: whether a leaf is a parameter.
        hides: whether a leaf that only one box uses is part of it; by default, parameters are.
    """
    parts: dict[Key, Part] = {}
    place: dict[Node, Drawn] = {}
    for node in nodes:
        key = None if node.op is None else part_of(node)
        if key is None:
            place[node] = node
            continue
        part = parts.setdefault(key, Part(key))
        part.nodes.append(node)
        if key.path:
            scope = node.scopes[len(key.path) - 1]
            part.calls.add(id(scope))
            part.detail = scope.detail if key.stage is None else ""
        place[node] = part
    _hide_leaves(nodes, place, learnt, hides or learnt)
    edges: dict[tuple[Drawn, Drawn], dict[Node, None]] = {}
    for node in nodes:
        for x in node.operands:
            if isinstance(x, Node) and x in place:
                _connect(x, node, place, edges)
    for root in roots:
        drawn = place[root]
        if isinstance(drawn, Part):
            drawn.outputs[root] = None
    entries = list(dict.fromkeys(place[node] for node in nodes if not _is_hidden(node, place)))
    return Folded(entries, edges, place, learnt)


def _is_hidden(node: Node, place: Mapping[Node, Drawn]) -> bool:
    return node.op is None and isinstance(place[node], Part)


def _connect(
    x: Node, user: Node, place: Mapping[Node, Drawn], edges: dict[tuple[Drawn, Drawn], dict[Node, None]]
) -> None:
    source, target = place[x], place[user]
    if isinstance(source, Part):
        if _is_hidden(x, place):
            return
        if source is target and _is_one_call(x, user, source):
            return
        source.outputs[x] = None
    edges.setdefault((source, target), {})[x] = None


def _is_one_call(x: Node, user: Node, part: Part) -> bool:
    """Whether two nodes of a box were made by the same application of it."""
    depth = len(part.key.path) - 1
    if depth < 0 or len(x.scopes) <= depth or len(user.scopes) <= depth:
        return True
    return x.scopes[depth] is user.scopes[depth]


def _hide_leaves(nodes: list[Node], place: dict[Node, Drawn], learnt: Test, hides: Test) -> None:
    """Put leaves that only one box uses into it."""
    users: dict[Node, set[Any]] = {}
    for node in nodes:
        for x in dict.fromkeys(node.parents):
            if x in place:
                users.setdefault(x, set()).add(place[node])
    for leaf, boxes in users.items():
        (box, *others) = boxes
        if leaf.op is None and not others and isinstance(box, Part) and hides(leaf):
            place[leaf] = box
            if learnt(leaf):
                box.parameters[leaf] = None


def is_learnt(leaf: Node) -> bool:
    """Whether a leaf is a parameter: a module says so of a tensor, its namelessness of a `Value`."""
    return isinstance(leaf, Parameter) if isinstance(leaf, Tensor) else takes_gradient(leaf) and leaf.name is None


# ---------------------------------------------------------------------- which nodes go together


def by_module(
    nodes: list[Node], fold: Collection[str] = (), unfold: Collection[str] = (), depth: int | None = None
) -> Callable[[Node], Key | None]:
    """A box for each innermost scope, or for a folded one around it; an unfolded one shows its operations.

    What a scope does beside those inside it, as adding what a residual connection skipped, is drawn by itself where
    it is little.  Scopes deeper than the depth are part of those around them.
    """
    paths = {node: path_of(node)[:depth] for node in nodes if node.op is not None}
    outer = {path[:i] for path in set(paths.values()) for i in range(1, len(path))}
    stages = _stages(nodes, depth)
    sizes = Counter(Key(path, stages[node]) for node, path in paths.items())

    def part_of(node: Node) -> Key | None:
        path = paths[node]
        prefix = _folded_prefix(path, fold)
        if prefix is not None:
            return Key(prefix)
        if not path or _is_named(path, unfold):
            return None
        if path not in outer:
            return Key(path)
        beside = Key(path, stages[node])
        return beside if sizes[beside] > LITTLE else None

    return part_of


def _stages(nodes: list[Node], depth: int | None) -> dict[Node, int]:
    """For each node, behind how many scopes inside its own scope it comes, one after the other.

    Boxes by stages make no cycles: no scope inside can use what uses it.
    """
    levels: dict[Node, list[int]] = {}
    for node in nodes:
        scopes = node.scopes[:depth]
        level = [0] * len(scopes)
        for x in filter(levels.__contains__, node.parents):
            before = x.scopes[:depth]
            for i, (own, other) in enumerate(zip(scopes, before, strict=False)):
                if own is not other:  # another application begins anew
                    break
                passed = i == len(scopes) - 1 and len(before) > len(scopes)
                level[i] = max(level[i], levels[x][i] + passed)
        levels[node] = level
    return {node: level[-1] if level else 0 for node, level in levels.items()}


def by_name(fold: Collection[str]) -> Callable[[Node], Key | None]:
    """A box for each folded scope; all else by itself."""

    def part_of(node: Node) -> Key | None:
        prefix = _folded_prefix(path_of(node), fold)
        return None if prefix is None else Key(prefix)

    return part_of


def by_order(nodes: list[Node], keep: int) -> Callable[[Node], Key | None]:
    """One box for all but the last nodes."""
    early = set(nodes[:-keep])
    return lambda node: Key(()) if node in early else None


def _folded_prefix(path: Path, fold: Collection[str]) -> Path | None:
    return next((path[: i + 1] for i in range(len(path)) if _is_named(path[: i + 1], fold)), None)


def _is_named(path: Path, names: Collection[str]) -> bool:
    """Whether a scope is meant: by its own name, or by the whole path with dots, with or without the outermost."""
    return bool({path[-1], ".".join(path), ".".join(path[1:])} & set(names))
