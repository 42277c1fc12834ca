"""`Value`: a Python float in a computation graph."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any

import numpy as np

from . import ops
from .anomaly import forward_anomaly
from .backward import backward
from .graph import BOTH, FIRST, LEAF, MANY, SECOND, VECTOR, Node, Note, Rule
from .modes import modes
from .names import note_of_now
from .op import NOT_FINITE, Elementwise, NumberOp, Reduction, ieee, to_float
from .operands import PLAIN, Vector, as_number, clock, elements, foreign
from .operators import Operators
from .rules import rule_for

__all__ = ["Value", "matvec"]

_new = object.__new__


class Value(Operators, Node):
    """A number that remembers how it was computed, so that it can be differentiated.

    Args:
        data: the number.
        name: what displays call it; without one they use the variable's name.

    Raises:
        TypeError: `data` is not a real number.

    >>> w, x, b = Value(2.0, name="w"), Value(-2.0), Value(8.0)
    >>> J = 0.5 * (w * x + b - 2.0) ** 2
    >>> J.backward()
    >>> J.data, w.grad, b.grad
    (2.0, -4.0, 2.0)
    >>> w
    Value(2.0, name='w', grad=-4.0)

    After Karpathy's micrograd (2020); the example is the one of the LEAP workshop's slides 18 to 23.
    """

    __slots__ = ()

    def __init__(self, data: Any, name: str | None = None) -> None:
        self._data = as_number(data, "Value")
        self._grad: Any = 0.0
        self._rule = LEAF
        self._a = self._b = self._mark = None
        if name is not None:
            self.name = name

    # ------------------------------------------------------------------ the number and its gradient

    @property
    def data(self) -> float:
        """The number itself; only that of a leaf can be changed."""
        return self._data  # type: ignore[no-any-return]

    @data.setter
    def data(self, data: Any) -> None:
        op = self._rule.op
        if op is not None:
            raise AttributeError(f"data: this node is computed by {op.name}: change a leaf and compute it anew")
        self._data = data if type(data) is float else as_number(data, "data")
        clock.now += 1

    @property
    def grad(self) -> Any:
        """The gradient from the backward passes so far: a float, or a node after `create_graph=True`."""
        return self._grad

    @grad.setter
    def grad(self, grad: Any) -> None:
        if grad is None:
            grad = 0.0
        self._grad = grad if isinstance(grad, Value) else as_number(grad, "grad")

    def zero_grad(self) -> None:
        """Set the gradient to 0."""
        self._grad = 0.0

    def backward(self, gradient: Any = 1.0, create_graph: bool = False) -> None:
        """Add the derivative of this node by each leaf it depends on, times `gradient`, to the leaf's `grad`.

        Interior nodes get the derivative by themselves, afresh.

        Args:
            gradient: the derivative of some outer quantity by this node.
            create_graph: make the leaves' gradients nodes, to be differentiated again.  They refer to
                the leaves, a cycle: `zero_grad()` undoes it.

        Raises:
            TypeError: `gradient` is not a number; no gradient is changed.

        >>> x = Value(3.0)
        >>> (x ** 3).backward(create_graph=True)
        >>> slope, _ = x.grad, x.zero_grad()
        >>> slope.backward()
        >>> slope.data, x.grad
        (27.0, 18.0)
        """
        if not (create_graph and isinstance(gradient, Value)):
            gradient = as_number(gradient, "backward: gradient")
        backward(self, gradient, create_graph=create_graph)

    def detach(self) -> Value:
        """A new leaf with the same number, outside this graph."""
        return Value(self._data)

    # ------------------------------------------------------------------ the two operators of most graphs

    # Written out, for speed: a class call would be an `__init__`, a shared helper another frame, and a
    # tuple of parents another object for the garbage collector to visit.

    def __add__(self, other: Any) -> Any:
        if type(other) is Value:
            data = self._data + other._data
            rule = _ADD_BOTH
        elif type(other) is float:
            data = self._data + other
            rule = _ADD_FIRST
        elif type(other) is int:
            return self + to_float(other)
        else:
            return _general(ops.add, self, other, other)
        if modes.watched:
            return _watched(data, rule, self, other)
        node = _new(Value)
        node._data = data
        node._grad = 0.0
        node._rule = rule
        node._a = self
        node._b = other
        node._mark = None
        return node

    def __mul__(self, other: Any) -> Any:
        if type(other) is Value:
            data = self._data * other._data
            rule = _MUL_BOTH
        elif type(other) is float:
            data = self._data * other
            rule = _MUL_FIRST
        elif type(other) is int:
            return self * to_float(other)
        else:
            return _general(ops.mul, self, other, other)
        if modes.watched:
            return _watched(data, rule, self, other)
        node = _new(Value)
        node._data = data
        node._grad = 0.0
        node._rule = rule
        node._a = self
        node._b = other
        node._mark = None
        return node

    # ------------------------------------------------------------------ every other op of the table

    @staticmethod
    def __apply__(op: NumberOp, operands: tuple[Any, ...]) -> Any:
        """Read a row of the table: one node, whatever the number of operands."""
        if isinstance(op, Reduction):
            return _reduce(op, operands)
        if foreign(operands, Value):
            return NotImplemented
        plain = elements(operands)
        data = op.on_floats(*(x if type(x) is float else x._data for x in plain))
        if op.arity > 2:
            return _node(data, rule_for(op, MANY), plain, None)
        a, b = plain if op.arity == 2 else (plain[0], None)
        return _node(data, rule_for(op, FIRST * isinstance(a, Value) | SECOND * isinstance(b, Value)), a, b)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        """NumPy's functions: rows of the table on single values, element by element on arrays."""
        if method == "__call__" and not options and all(_is_scalar(x) for x in inputs):
            op = _OP_OF_UFUNC.get(ufunc)
            if op is not None:
                return op(*inputs)
            if ufunc in _QUESTIONS:
                return ufunc(*(x._data if isinstance(x, Value) else x for x in inputs))
        boxed = []
        for x in inputs:
            if isinstance(x, Value):
                box = np.empty((), dtype=object)
                box[()] = x
                x = box
            boxed.append(x)
        return getattr(ufunc, method)(*boxed, **options)

    # ------------------------------------------------------------------ as a plain number

    def __float__(self) -> float:
        return self._data  # type: ignore[no-any-return]

    def __int__(self) -> int:
        return int(self._data)

    __trunc__ = __int__

    def __floor__(self) -> int:
        return math.floor(self.data)

    def __ceil__(self) -> int:
        return math.ceil(self.data)

    def __round__(self, digits: int | None = None) -> Any:
        return round(self._data, digits)

    def __bool__(self) -> bool:
        return self._data != 0.0  # type: ignore[no-any-return]

    def __format__(self, spec: str) -> str:
        return format(self._data, spec) if spec else str(self)

    def __repr__(self) -> str:
        name = f", name={self.name!r}" if self.name is not None else ""
        grad = self._grad._data if isinstance(self._grad, Value) else self._grad
        return f"Value({self._data!r}{name}, grad={grad!r})"

    __hash__ = Node.__hash__  # by identity: comparisons compare the numbers

    # ------------------------------------------------------------------ copies, without recursion

    def __copy__(self) -> Value:
        return self._duplicate(self._a, self._b)

    def _duplicate(self, a: Any, b: Any) -> Value:
        copy = _new(Value)
        copy._data, copy._a, copy._b, copy._mark = self._data, a, b, None
        copy._grad = self._grad._data if isinstance(self._grad, Value) else self._grad
        copy._rule = rule_for(self.op, self._rule.reach) if isinstance(self.op, NumberOp) else LEAF
        if hasattr(self, "_note"):
            copy._note = Note(self.name, self.site, self.scopes)
        return copy

    def __reduce__(self) -> tuple[Any, ...]:
        if self.op is not None:
            raise TypeError(
                f"pickle: this node is computed by {self.op.name}, and a pickle would copy the leaves it shares: "
                "pickle leaves, or v.detach()"
            )
        return _restore, (self._data, float(self._grad), self.name)


def _restore(data: float, grad: float, name: str | None) -> Value:
    leaf = Value(data, name)
    leaf._grad = grad
    return leaf


PLAIN.add(Value)


def matvec(rows: Sequence[Vector], x: Vector) -> list[Value]:
    """The product of a matrix and a vector: one `dot` node per row, as a layer of neurons makes them.

    Args:
        rows: the rows of the matrix, m vectors of length n.
        x: a vector of length n.

    >>> rows = [Vector([Value(1.0), Value(2.0)]), Vector([Value(3.0), Value(4.0)])]
    >>> [y.data for y in matvec(rows, Vector([1.0, 1.0]))]
    [3.0, 7.0]
    """
    x = x if type(x) is Vector else Vector(x)
    numbers, scalar, now, n = x.numbers, ops.dot.scalar, clock.now, len(x._a)
    second, watched = x._rule is VECTOR, modes.watched
    with_nodes = _DOT_BOTH if second else _DOT_FIRST
    nodes = []
    for w in rows:
        if watched or type(w) is not Vector or len(w._a) != n or not (w._rule is VECTOR or second):
            y = ops.dot(w, x)  # with all the checks
            nodes.append(y if isinstance(y, Value) else Value(y))
            continue
        node = _new(Value)
        node._data = scalar(w._data if w._read == now else w.numbers, numbers)
        node._grad = 0.0
        node._rule = with_nodes if w._rule is VECTOR else _DOT_SECOND
        node._a = w
        node._b = x
        node._mark = None
        nodes.append(node)
    return nodes


# ---------------------------------------------------------------------- making nodes


def _node(data: float, rule: Rule, a: Any, b: Any) -> Value:
    """The node that an op made of its operands."""
    if modes.watched:
        return _watched(data, rule, a, b)
    node = _new(Value)
    node._data = data
    node._grad = 0.0
    node._rule = rule
    node._a = a
    node._b = b
    node._mark = None
    return node


def _reduce(op: Reduction, operands: Sequence[Any]) -> Any:
    """One node for an operation on whole vectors."""
    vectors = []
    for operand in operands:
        if type(operand) is not Vector:
            if foreign(operand, Value):
                return NotImplemented
            operand = Vector(operand)
        vectors.append(operand)
    data = op.on_floats(*[vector.numbers for vector in vectors])
    a, b = vectors if len(vectors) == 2 else (vectors[0], None)
    return _node(data, rule_for(op, FIRST * _holds_nodes(a) | SECOND * _holds_nodes(b)), a, b)


def _holds_nodes(vector: Vector | None) -> bool:
    return vector is not None and vector._rule is VECTOR


def _watched(data: float, rule: Rule, a: Any, b: Any) -> Value:
    """The same under `no_grad` or `detect_anomaly`, here or in another thread."""
    node = _new(Value)
    node._data, node._grad, node._mark = data, 0.0, None
    node._rule, node._a, node._b = rule, a, b
    note = note_of_now()
    if note is not None:
        node._note = note
        if modes.anomaly.get() and not math.isfinite(data):
            raise forward_anomaly(node)
    if not modes.recording.get():
        node._rule, node._a, node._b = LEAF, None, None
    return node


def _is_scalar(x: Any) -> bool:
    return isinstance(x, (Value, Real, np.bool_)) or (
        isinstance(x, np.ndarray) and x.ndim == 0 and x.dtype.kind in "biuf"
    )


def _general(op: NumberOp, a: Any, b: Any, other: Any) -> Any:
    """A binary operator where the other side is no float and no Value: other numbers, arrays, mistakes."""
    if _is_scalar(other) or isinstance(other, _MISTAKES):
        return op(a, b)
    return NotImplemented  # an array or another carrier: it knows what to do


_MISTAKES = (str, bytes, complex, list, tuple, dict, set, type(None))


# ---------------------------------------------------------------------- methods, made from the table


def _unary(op: NumberOp) -> Callable[[Any], Any]:
    scalar, array, rule = op.scalar, op.array, rule_for(op, FIRST)

    def method(self: Any) -> Any:
        x = self._data
        try:
            data = scalar(x)
        except NOT_FINITE:
            data = ieee(array, (x,))
        if modes.watched:
            return _watched(data, rule, self, None)
        node = _new(Value)
        node._data = data
        node._grad = 0.0
        node._rule = rule
        node._a = self
        node._b = node._mark = None
        return node

    return method


def _binary(op: NumberOp) -> Callable[[Any, Any], Any]:
    scalar, array = op.scalar, op.array
    first, both = rule_for(op, FIRST), rule_for(op, BOTH)

    def method(self: Any, other: Any) -> Any:
        x = self._data
        if type(other) is Value:
            y = other._data
            rule = both
        elif type(other) is float:
            y = other
            rule = first
        elif type(other) is int:
            return method(self, to_float(other))
        else:
            return _general(op, self, other, other)
        try:
            data = scalar(x, y)
        except NOT_FINITE:
            data = ieee(array, (x, y))
        return _node(data, rule, self, other)

    return method


def _reflected(op: NumberOp) -> Callable[[Any, Any], Any]:
    scalar, array, second = op.scalar, op.array, rule_for(op, SECOND)

    def method(self: Any, other: Any) -> Any:
        if type(other) is not float:
            return method(self, to_float(other)) if type(other) is int else _general(op, other, self, other)
        x = self._data
        try:
            data = scalar(other, x)
        except NOT_FINITE:
            data = ieee(array, (other, x))
        return _node(data, second, other, self)

    return method


def _comparison(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], Any]:
    def method(self: Any, other: Any) -> Any:
        if isinstance(other, Value):
            return compare(self._data, other._data)
        return compare(self._data, other) if _is_scalar(other) else NotImplemented

    return method


def _install(name: str, method: Callable[..., Any], summary: str) -> None:
    method.__name__ = name
    method.__qualname__ = f"Value.{name}"
    method.__doc__ = summary
    setattr(Value, name, method)


for _op in ops.TABLE.values():
    if isinstance(_op, Elementwise) and _op.arity == 1:
        _install(_op.name, _unary(_op), _op.summary)
    elif isinstance(_op, Elementwise) and _op.arity == 2 and not _op.defaults:
        _install(_op.name, _binary(_op), _op.summary)
for _name, _op in {"sub": ops.sub, "truediv": ops.div, "pow": ops.pow_}.items():
    _install(f"__{_name}__", _binary(_op), _op.summary)
for _name, _op in {"add": ops.add, "sub": ops.sub, "mul": ops.mul, "truediv": ops.div, "pow": ops.pow_}.items():
    _install(f"__r{_name}__", _reflected(_op), _op.summary)
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    _install(f"__{_name}__", _comparison(getattr(operator, _name)), "Compare the numbers.")
Value.__neg__ = Value.neg  # type: ignore[method-assign]
Value.__abs__ = Value.abs  # type: ignore[method-assign]

_ADD_FIRST, _ADD_BOTH = rule_for(ops.add, FIRST), rule_for(ops.add, BOTH)
_MUL_FIRST, _MUL_BOTH = rule_for(ops.mul, FIRST), rule_for(ops.mul, BOTH)
_DOT_FIRST, _DOT_SECOND, _DOT_BOTH = (rule_for(ops.dot, reach) for reach in (FIRST, SECOND, BOTH))

_OP_OF_UFUNC = {op.ufunc: op for op in ops.TABLE.values() if op.ufunc is not None}
_QUESTIONS = {
    np.isfinite, np.isinf, np.isnan, np.signbit,
    np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal,
}  # fmt: skip
"""NumPy's functions that ask something of a number: they answer, and record nothing."""
