"""A graph of arrays written out in numbers: every multiplication and every addition a node of its own.

Operations on arrays are NumPy's functions, and these work on arrays of any objects that can be added and
multiplied.  So the graph is computed once more, by the same functions, on arrays of `Value`s.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np

from . import ops
from .array_op import ArrayOp
from .array_rules import takes_gradient
from .graph import ARRAYS, Node, gradient_of, topological_order
from .modes import modes
from .names import variable_names
from .op import NumberOp, Reduction
from .operators import Operators
from .quiet import quiet
from .value import Value

__all__ = ["MAX_NUMBERS", "in_numbers", "written_out"]

MAX_NUMBERS = 20_000
"""How many numbers a graph may have that is written out."""

Array = np.ndarray[Any, Any]


class Entry(Operators):
    """One number of an array: a node, or a plain number, which no gradient is asked for.

    What says nothing is not recorded: 0 · x is 0, 1 · x and x + 0 are x, as with the zeros around an image.
    """

    __slots__ = ("number",)

    def __init__(self, number: Value | float) -> None:
        self.number = number

    @staticmethod
    def __apply__(op: NumberOp, operands: tuple[Any, ...]) -> Any:
        numbers = [x.number if isinstance(x, Entry) else float(x) for x in operands]
        obvious = _OBVIOUS.get(op)
        return Entry(op(*numbers) if obvious is None else obvious(*numbers))

    def __float__(self) -> float:
        return float(self.number)

    def __bool__(self) -> bool:
        return bool(float(self.number))

    def __repr__(self) -> str:
        return f"<Entry {float(self.number)!r}>"

    __hash__ = object.__hash__


def _comparison(name: str) -> Callable[[Entry, Any], bool]:
    compare = getattr(operator, name)
    return lambda self, other: bool(compare(float(self), float(other)))


for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    setattr(Entry, f"__{_name}__", _comparison(_name))


def _is(x: Any, number: float) -> bool:
    return type(x) is float and x == number


def _product(a: Any, b: Any) -> Any:
    if _is(a, 0.0) or _is(b, 0.0):
        return 0.0
    return b if _is(a, 1.0) else a if _is(b, 1.0) else ops.mul(a, b)


_OBVIOUS: dict[NumberOp, Callable[[Any, Any], Any]] = {
    ops.add: lambda a, b: b if _is(a, 0.0) else a if _is(b, 0.0) else ops.add(a, b),
    ops.sub: lambda a, b: a if _is(b, 0.0) else ops.sub(a, b),
    ops.mul: _product,
    ops.div: lambda a, b: a if _is(b, 1.0) else ops.div(a, b),
}


def in_numbers(root: Node, names: Mapping[Node, str] | None = None) -> tuple[Array, dict[Node, Array]]:
    """The same computation on `Value`s of its own, with the scopes and, where the root has a gradient, gradients.

    Args:
        root: a tensor, or a `Value`, whose reductions such as `dot` are written out.
        names: what to call arrays, whose numbers are then called as in `W[0, 1]`; by default what displays call them.

    Returns:
        The numbers of the root, and those of every leaf that a gradient is asked for, as arrays of `Value`s.

    Raises:
        TypeError: an operation cannot be written out, one of the user's or a decomposition, say.
        ValueError: there are more than `MAX_NUMBERS` numbers.

    >>> from autograd import tensor
    >>> W, x = tensor([[1.0, 2.0]], requires_grad=True), tensor([3.0, 4.0])
    >>> (y,), leaves = in_numbers(W @ x)
    >>> y.data, leaves[W].tolist()
    (11.0, [[Value(1.0, name='W[0, 0]', grad=0.0), Value(2.0, name='W[0, 1]', grad=0.0)]])
    """
    nodes = topological_order(root)[::-1]
    numbers = written_out(nodes, [root], variable_names(nodes) if names is None else names)
    return numbers[root], {node: values for node, values in numbers.items() if node.op is None}


def written_out(nodes: Sequence[Node], roots: Sequence[Node], names: Mapping[Node, str]) -> dict[Node, Array]:
    """The numbers of every node of a graph, which come operands first; see `in_numbers`."""
    count = sum(np.size(node._data) for node in nodes)
    if count > MAX_NUMBERS:
        raise ValueError(f"scalar view: {count:,} numbers are too many to write out, the limit is {MAX_NUMBERS:,}")
    arrays: dict[Node, Array] = {}
    numbers: dict[Node, Array] = {}
    for node in nodes:
        arrays[node] = _mapped(_leaf, np.asarray(node._data)) if node.op is None else _in_scopes(node, arrays)
        numbers[node] = _mapped(_as_value, arrays[node])
        if node in names:
            _call(numbers[node], names[node])
    _send_back(roots, numbers)
    return numbers


def _leaf(number: Any) -> Entry:
    return Entry(Value(float(number)))


def _in_scopes(node: Node, arrays: Mapping[Node, Array]) -> Array:
    """A node's operation on arrays of entries, which belongs to the scopes of the node."""
    owner = object()
    modes.enter(owner, modes.scopes, node.scopes)
    try:
        return _computed(node, arrays)
    finally:
        modes.leave(owner)


def _call(numbers: Array, name: str) -> None:
    """Call each number of an array by its place in it; what only moved here keeps the name that it has."""
    for place in np.ndindex(numbers.shape):
        number: Any = numbers[place]
        if number.name is None:
            number.name = f"{name}[{', '.join(map(str, place))}]" if place else name


def _send_back(roots: Sequence[Node], numbers: Mapping[Node, Array]) -> None:
    """The gradients of the roots, in one backward pass from their numbers."""
    weights: list[float] = []
    values: list[Value] = []
    for root in roots:
        gradient = gradient_of(root)
        if gradient is not None:
            weights += np.broadcast_to(gradient, numbers[root].shape).ravel().tolist()
            values += numbers[root].flat
    if values:
        ops.dot(weights, values).backward()


def _mapped(function: Callable[[Any], Any], numbers: Array) -> Array:
    """The function on each number; an array also where there is but one."""
    return np.asarray(np.frompyfunc(function, 1, 1)(numbers), object)


def _computed(node: Any, arrays: Mapping[Node, Array]) -> Array:
    """A node's operation on arrays of entries."""
    op = node.op
    if isinstance(op, Reduction) and node._rule.reach != ARRAYS:
        return _reduced(op, [_vector(slot, arrays) for slot in (node._a, node._b)[: op.arity]])
    operands = [_operand(x, arrays) for x in node.operands]
    settings = {key: {} if isinstance(x, dict) else x for key, x in node._b.items()} if isinstance(op, ArrayOp) else {}
    forward = op.forward if isinstance(op, ArrayOp) else np.frompyfunc(op, op.arity, 1)
    try:
        with quiet():
            result: Array = np.asarray(forward(*operands, **settings), object)
    except (TypeError, AttributeError) as error:
        raise TypeError(f"scalar view: {op.name} works on whole arrays only ({error}): use view='tensor'") from error
    if result.shape != np.shape(node._data):
        raise TypeError(f"scalar view: {op.name} works on whole arrays only: use view='tensor'")
    return result


def _operand(x: Any, arrays: Mapping[Node, Array]) -> Any:
    """What stands for an operand: entries for floating numbers; indices and plain numbers stay what they are."""
    if not isinstance(x, Node):
        return x
    if takes_gradient(x):
        return arrays[x]
    return _mapped(Entry, x._data.astype(float)) if x._data.dtype.kind == "f" else x._data


def _vector(slot: Any, arrays: Mapping[Node, Array]) -> list[Any]:
    return [arrays[x][()] if isinstance(x, Node) else Entry(x) for x in slot]


def _reduced(op: Reduction, vectors: list[list[Any]]) -> Array:
    """A sum, or a sum of products, one addition after the other."""
    terms = vectors[0] if op.arity == 1 else list(map(operator.mul, *vectors))
    return np.asarray(reduce(operator.add, terms, Entry(0.0)), object)


def _as_value(x: Any) -> Value:
    number = x.number if isinstance(x, Entry) else x
    return number if isinstance(number, Value) else Value(number)
