"""Which number was the first that is not finite, and how an error tells of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import numpy as np

from .array_rules import takes_gradient
from .changes import stale
from .graph import Node
from .names import variable_names
from .op import Elementwise, NumberOp, Op
from .operands import Vector
from .quiet import quietly
from .rules import local_derivatives

__all__ = [
    "AnomalyError",
    "backward_anomaly",
    "first_not_finite",
    "forward_anomaly",
    "given_anomaly",
    "hook_anomaly",
    "is_finite",
]

FEW = 4  # numbers of an array that are shown one by one

Names = Mapping[Node, str]
Index = tuple[int, ...]


class AnomalyError(FloatingPointError):
    """Inf or nan: which node was the first to have it, and why.

    `detect_anomaly` raises it, `find_anomaly` returns it.

    Attributes:
        node: the first node that is not finite.  Backward, the node whose rule gave the gradient that is not.
        direction: `"forward"` if a number is not finite, `"backward"` if only a gradient is not.
        op: what computed the node; None for a leaf.
        operands: what `op` was applied to.
        parent: backward, the operand whose gradient is not finite; else None.
        site: the line that made the node, as `file.py:12`; None where none was noted.

    >>> from autograd import Value, detect_anomaly
    >>> x = Value(0.0)
    >>> with detect_anomaly():
    ...     try:
    ...         x.sqrt().backward()
    ...     except AnomalyError as error:
    ...         anomaly = error
    >>> anomaly.direction, anomaly.op.name, anomaly.operands, anomaly.parent is x
    ('backward', 'sqrt', (Value(0.0, grad=0.0),), True)
    """

    def __init__(
        self,
        message: str,
        node: Node | None = None,
        direction: Literal["forward", "backward"] = "forward",
        *,
        op: Op | None = None,
        operands: tuple[Any, ...] = (),
        parent: Node | None = None,
    ) -> None:
        super().__init__(message)
        self.node = node
        self.direction = direction
        self.op = op
        self.operands = operands
        self.parent = parent

    @property
    def site(self) -> str | None:
        """The line that made the node."""
        return None if self.node is None else self.node.site

    def __reduce__(self) -> tuple[Any, ...]:
        return AnomalyError, (str(self),)  # to another process goes the message: a graph does not


# ---------------------------------------------------------------------- where it began


def is_finite(x: Any) -> bool:
    """Whether a number, or every element of an array, is finite; None is no gradient, and so is fine."""
    x = _numbers(x)
    if isinstance(x, float):
        return math.isfinite(x)
    return x is None or bool(np.isfinite(x).all())


def first_not_finite(nodes: Iterable[Any]) -> Node | None:
    """Where the numbers of these nodes, that are not finite, come from: the first such node in the forward pass.

    All operands of what is found are finite, or plain numbers.  An infinity that came to nothing on the way
    to these nodes, as in exp(-inf), is not what they come from.
    """
    found = None
    bad = _leftmost(nodes)
    while bad is not None:
        found = bad
        bad = _leftmost(_operands_then(bad))
    return found


def _leftmost(operands: Iterable[Any]) -> Node | None:
    return next((x for x in operands if isinstance(x, Node) and not is_finite(x)), None)


def _operands_then(node: Any) -> list[Any]:
    """The operands of a node, but for tensors that were changed in place since: what they were is not known."""
    made = getattr(node, "_made", None)
    return [x for x in node.operands if not _is_overwritten(x, made)]


def _is_overwritten(x: Any, made: int | None) -> bool:
    """Whether an operand of a tensor that was made at that time has changed since."""
    if made is None or not isinstance(x, Node):
        return False
    return stale(x, made) or (x.op is not None and stale(x, x._made))  # type: ignore[attr-defined]


# ---------------------------------------------------------------------- the errors


def forward_anomaly(node: Node, op: Op | None = None, operands: tuple[Any, ...] | None = None) -> AnomalyError:
    """What to say of a node that is not finite.

    Args:
        node: the node.
        op, operands: how it was computed, if it is a constant, which does not know that itself.
    """
    op = op or node.op
    first = first_not_finite(_operands_then(node) if operands is None else operands)
    operands = node.operands if operands is None else operands
    if first is None:
        names = variable_names(_nodes(node, *operands))
        return AnomalyError(f"forward: {_gave(node, op, operands, names)}", node, op=op, operands=operands)
    names = variable_names(_nodes(node, *operands, first, *first.operands))
    met = _call(node, op, operands, names, _first_index(node._data))
    where = f" at {node.site}" if node.site else ""
    message = f"forward: {_gave(first, first.op, first.operands, names)}; {met} met it{where}"
    return AnomalyError(message, first, op=first.op, operands=first.operands)


def given_anomaly(node: Node, gradient: Any) -> AnomalyError:
    """What to say of a pass that began with a gradient that is not finite."""
    message = f"backward: the gradient given to backward() is {_outcome(gradient)}"
    return AnomalyError(message, node, "backward", op=node.op, operands=node.operands)


def hook_anomaly(node: Node, before: Any, after: Any) -> AnomalyError:
    """What to say of a hook that was shown a finite gradient, and returned one that is not."""
    names = variable_names(_nodes(node, *node.operands))
    call = f"{_is(node, names)}{_call(node, node.op, node.operands, names, None)}"
    what = call if node.op else _leaf(node, names)
    message = f"backward: a hook on {what} replaced the gradient {_shown(before)} by {_outcome(after)}{_made(node)}"
    return AnomalyError(message, node, "backward", op=node.op, operands=node.operands)


def backward_anomaly(node: Node, upstream: Any, parent: Node, gradient: Any) -> AnomalyError:
    """What to say of a node that handed on a gradient that is not finite, though its own is.

    Args:
        node: whose rule it was.
        upstream: the gradient of `node`.
        parent: the operand whose gradient is not finite.
        gradient: that gradient, as gathered so far.
    """
    op, operands = node.op, node.operands
    first = first_not_finite([node, *_operands_then(node)])
    names = variable_names(_nodes(node, *operands, *(() if first is None else (first, *first.operands))))
    of = names.get(parent) or f"operand {next(i for i, x in enumerate(operands) if x is parent)}"
    if op is None:  # a vector hands on what several operations gave it
        message = f"backward: the gradient of {of} became {_outcome(gradient)}: its shares are finite, their sum is not"
        return AnomalyError(message, parent, "backward", op=parent.op, operands=parent.operands, parent=parent)
    at, upstream, local = _factors(node, upstream, parent)
    became = f"the gradient of {of} through {_call(node, op, operands, names, at)} became {_outcome(gradient)}"
    if first is not None:
        message = f"forward: {_gave(first, first.op, first.operands, names)}; so {became}"
        return AnomalyError(message, first, op=first.op, operands=first.operands)
    why = f"upstream {_shown(upstream)}"
    if local is not None:
        why += f", local derivative {_shown(local)}"
        if is_finite(upstream * local):
            why += ", added to other shares"
    message = f"backward: {became}: {why}{_made(node)}"
    return AnomalyError(message, node, "backward", op=op, operands=operands, parent=parent)


def _factors(node: Node, upstream: Any, parent: Node) -> tuple[Index | None, Any, Any]:
    """Where in the result the share of an operand is not finite, and there the gradient and the local derivative.

    An op on whole arrays has no local derivatives, and so no such place: None stands for both.
    """
    upstream = _numbers(upstream)
    if not isinstance(node.op, NumberOp):
        return None, upstream, None
    result = node._data
    if not isinstance(result, np.ndarray):
        shares = [local for x, local in local_derivatives(node) if x is parent]
        return None, upstream, next((local for local in shares if not is_finite(upstream * local)), shares[-1])
    numbers = [np.asarray(_numbers(x), result.dtype) for x in node.operands]
    for x, partial in zip(node.operands, node.op.partials, strict=True):
        if x is parent:
            local = np.broadcast_to(quietly(partial, *numbers, result), result.shape)
            share = quietly(np.multiply, upstream, local)
            at = _first_index(share)
            if at is not None:
                return at, upstream[at], local[at]
            if not result.ndim and not is_finite(share):
                return None, upstream, local[()]
    return None, upstream, None


# ---------------------------------------------------------------------- words


def _nodes(*candidates: Any) -> list[Node]:
    return [x for x in candidates if isinstance(x, Node)]


def _numbers(x: Any) -> Any:
    return x._data if isinstance(x, Node) else x


def _gave(node: Node, op: Op | None, operands: tuple[Any, ...], names: Names) -> str:
    """How a node came by a number that is not finite."""
    outcome = _outcome(node)
    if op is None:
        return f"{_leaf(node, names)} is {outcome}{_made(node)}"
    return f"{_is(node, names)}{_call(node, op, operands, names, _first_index(node._data))} gave {outcome}{_made(node)}"


def _is(node: Node, names: Names) -> str:
    """The name of a node before what it was computed by: `y = `."""
    return f"{names[node]} = " if node in names else ""


def _leaf(node: Node, names: Names) -> str:
    kind = "leaf" if takes_gradient(node) else "constant"
    return f"the {kind} {names[node]}" if node in names else f"a {kind}"


def _made(node: Node) -> str:
    if node.site:
        return f", made at {node.site}"
    return "" if node.is_leaf else ", made outside detect_anomaly: its line is unknown"


def _call(node: Node, op: Op | None, operands: tuple[Any, ...], names: Names, at: Index | None) -> str:
    """An operation with the numbers it was applied to; those at one place of the result, if the op is elementwise."""
    at = at if isinstance(op, Elementwise) else None
    vectors = isinstance(node._a, Vector) or isinstance(node._b, Vector)
    slots = [x for x in (node._a, node._b) if x is not None] if vectors else operands
    made = getattr(node, "_made", None)
    arguments = ", ".join(_operand(x, names, at, made) for x in slots)
    return f"{op.name if op else ''}({arguments})"


def _operand(x: Any, names: Names, at: Index | None, made: int | None = None) -> str:
    name = names.get(x, "") if isinstance(x, Node) else ""
    if _is_overwritten(x, made):
        return f"{name} overwritten since".strip()
    if isinstance(x, Vector):
        if len(x) <= FEW:
            return f"[{', '.join(_operand(element, names, None) for element in x)}]"
        return _summary(np.asarray(x.numbers), name)
    numbers = _numbers(x)
    if isinstance(numbers, np.ndarray) and numbers.ndim:
        if at is None:
            return _summary(numbers, name)
        at = tuple(i if n > 1 else 0 for i, n in zip(at[len(at) - numbers.ndim :], numbers.shape, strict=True))
        name, numbers = f"{name}{list(at)}" if name else "", numbers[at]
    return f"{name} = {_shown(numbers)}" if name else _shown(numbers)


def _first_index(numbers: Any) -> Index | None:
    """Where the first element is that is not finite; None for a single number, and where all are."""
    if not isinstance(numbers, np.ndarray) or not numbers.ndim:
        return None
    bad = ~np.isfinite(numbers)
    return tuple(map(int, np.unravel_index(bad.argmax(), bad.shape))) if bad.any() else None


def _outcome(x: Any) -> str:
    """A number that is not finite; of an array the first such element, its place, and how many there are."""
    numbers = _numbers(x)
    at = _first_index(numbers)
    if at is None:
        return _shown(numbers)
    count = int((~np.isfinite(numbers)).sum())
    return f"{numbers[at]} at {list(at)} of shape {numbers.shape}, {count} of {numbers.size} elements not finite"


def _shown(x: Any) -> str:
    """A number, or a summary of an array."""
    numbers = _numbers(x)
    return _summary(numbers, "") if isinstance(numbers, np.ndarray) and numbers.ndim else str(numbers)


def _summary(numbers: np.ndarray[Any, Any], name: str) -> str:
    """A few numbers one by one; of more of them the shape, the range, and how many are not finite."""
    if numbers.ndim == 1 and 0 < numbers.size <= FEW:
        few = f"[{', '.join(map(str, numbers))}]"
        return f"{name} = {few}" if name else few
    text = f"{name} of shape {numbers.shape}" if name else f"shape {numbers.shape}"
    finite = numbers[np.isfinite(numbers)]
    if finite.size and numbers.dtype.kind != "c":
        text += f" in {float(finite.min()):.4g}…{float(finite.max()):.4g}"
    bad = numbers.size - finite.size
    return f"{text}, {bad} not finite" if bad else text
