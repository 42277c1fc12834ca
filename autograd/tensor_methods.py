"""Rows of the table as methods of `Tensor`: on arrays of one floating dtype, in place, and comparisons."""

from __future__ import annotations

import operator
from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np

from . import ops
from .array_rows import computed
from .array_rules import takes_gradient
from .arrays.reductions import plain
from .backends import onednn
from .dtypes import promoted
from .graph import CONSTANT
from .inplace import check_may_change, memory_of, rewrite
from .modes import modes
from .op import NumberOp, Reduction
from .operators import Operators
from .quiet import quiet, quietly
from .tensor import Tensor, node, operand, wrap
from .traced import Traced, array_of

__all__ = ["add_scaled"]

# ---------------------------------------------------------------------- comparisons


def _comparison(name: str) -> Callable[[Any, Any], Any]:
    compare = getattr(operator, name)

    def method(self: Any, other: Any) -> Any:
        if not isinstance(other, (Tensor, Real, np.ndarray, np.generic, np.bool_)):
            return NotImplemented
        try:
            return wrap(array_of(compare(plain(self), plain(other) if isinstance(other, Tensor) else other)))
        except ValueError:
            shape = getattr(other, "shape", ())
            raise ValueError(f"{name}: shapes {self.shape} and {shape} do not broadcast together") from None

    method.__name__ = f"__{name}__"
    method.__doc__ = "Compare element by element: a tensor of truth values."
    return method


for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    setattr(Tensor, f"__{_name}__", _comparison(_name))


def _whole(name: str) -> Callable[[Any, Any], Any]:
    """Quotients and remainders, which only numbers without gradient have: indices, say."""
    compute = getattr(operator, name)
    refuse = getattr(Operators, f"__{name}__")

    def method(self: Tensor, other: Any) -> Any:
        if self.requires_grad or takes_gradient(other) or not isinstance(other, (Tensor, Real, np.ndarray)):
            return refuse(self, other)
        a, b = promoted([plain(self), plain(other) if isinstance(other, Tensor) else other], floating=False)
        with quiet():
            return wrap(array_of(compute(a, b)))

    method.__name__ = f"__{name}__"
    method.__doc__ = "Element by element, without gradient."
    return method


for _name in ("mod", "floordiv"):
    setattr(Tensor, f"__{_name}__", _whole(_name))

# ---------------------------------------------------------------------- rows as methods


def _direct(op: NumberOp) -> Callable[..., Any]:
    """A row as a method: on arrays of one floating dtype without the questions that other operands need asked."""
    array = op.array

    def unary(self: Tensor) -> Any:
        numbers = self._data
        if self._history is not None or not numbers.ndim or numbers.dtype.kind != "f" or modes.watched:
            return op(self)
        data = quietly(array, numbers)
        return node(op, data, (self,), None, self._rule is not CONSTANT)

    def binary(self: Tensor, other: Any) -> Any:
        a = self._data
        b, asks = other, self._rule
        if type(other) is Tensor:
            b = other._data
            if asks is CONSTANT:
                asks = other._rule
            if other._history is not None or b.dtype is not a.dtype:
                return op(self, other)
        elif type(other) is not float:
            return op(self, other)
        if self._history is not None or not a.ndim or a.dtype.kind != "f" or modes.watched:
            return op(self, other)
        try:
            data = quietly(array, a, b)
        except ValueError:
            return op(self, other)  # which explains what is wrong
        return node(op, data, (self, other), None, asks is not CONSTANT)

    return unary if op.arity == 1 else binary


_DUNDERS = {"add": "add", "sub": "sub", "mul": "mul", "div": "truediv", "neg": "neg"}
for _op in ops.TABLE.values():
    if not isinstance(_op, Reduction) and not getattr(_op, "defaults", ()) and _op.arity < 3:
        for _name in (_op.name, f"__{_DUNDERS[_op.name]}__") if _op.name in _DUNDERS else (_op.name,):
            _method = _direct(_op)
            _method.__name__, _method.__qualname__, _method.__doc__ = _name, f"Tensor.{_name}", _op.summary
            setattr(Tensor, _name, _method)

# ---------------------------------------------------------------------- rows in place


def add_scaled(op: NumberOp, x: Any, y: Any, alpha: Any) -> None:
    """x + αy, or x - αy, in the memory of x."""
    if not onednn.add_scaled(x, y, -alpha if op is ops.sub else alpha):
        op.array(x, y if alpha == 1 else y * alpha, out=x)


def _is_unrecorded(x: Tensor, y: Tensor) -> bool:
    """Whether no graph has to know of a change of `x` by `y`."""
    if not modes.recording.get():
        return True
    whole = x._history is None or x._history.view is None
    return whole and x._rule is CONSTANT and y._history is None and y._rule is CONSTANT


def _change(x: Tensor, op: NumberOp, *others: Any) -> Tensor:
    """Put the result of a row in the place of a tensor's numbers."""
    operands = [x, *(y if isinstance(y, Tensor) else operand(y, op) for y in others)]
    numbers = [plain(y) if isinstance(y, Tensor) else y for y in operands]
    if _writes_directly(x, op, operands):
        rewrite(x, op, operands, lambda target: op.evaluate(op.array, *numbers, out=target))
        return x
    data = computed(op, *numbers)
    if np.broadcast_shapes(data.shape, x.shape) != x.shape:
        raise ValueError(f"{op.name}: the result has shape {data.shape}, which does not fit into {x.shape}")
    if not np.can_cast(data.dtype, x._data.dtype, "same_kind"):
        raise TypeError(f"{op.name}: cannot store {data.dtype} in a tensor of {x._data.dtype}")
    rewrite(x, op, operands, lambda target: np.copyto(target, data, casting="same_kind"))
    return x


def _writes_directly(target: Tensor, op: NumberOp, operands: list[Any]) -> bool:
    """Whether NumPy can compute a row right into a tensor's memory: arrays of one dtype that fit, not 0-d."""
    shape, dtype = target._data.shape, target._data.dtype
    return bool(shape) and dtype.kind == "f" and isinstance(op.array, np.ufunc) and all(
        (x._data.shape in (shape, ()) and x._data.dtype == dtype) if type(x) is Tensor else type(x) is float
        for x in operands
    )  # fmt: skip


def _in_place(op: NumberOp, *, alpha: bool = False) -> Callable[..., Tensor]:
    def method(self: Tensor, *others: Any) -> Tensor:
        missing = op.arity - 1 - len(others)
        if missing:
            defaults = op.defaults  # type: ignore[attr-defined]
            if not 0 < missing <= len(defaults):
                raise TypeError(f"{op.name}_: takes {op.arity - 1} operands besides the tensor, got {len(others)}")
            others = others + defaults[-missing:]
        return _change(self, op, *others)

    def scaled(self: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
        if type(other) is Tensor and _is_unrecorded(self, other):  # as optimizers do it
            x, y = self._data, other._data
            if x.ndim and x.dtype.kind == "f" and y.dtype == x.dtype and y.shape in (x.shape, ()):
                check_may_change(self, op)
                if type(x) is Traced:
                    x.recorder.call(add_scaled, (op, x, plain(other), alpha), {}, "add_scaled", (x,))
                else:
                    quietly(add_scaled, op, x, y, alpha)
                memory_of(self).touch(recorded=False)
                return self
        if alpha != 1:
            other = wrap(plain(other) * alpha) if type(other) is Tensor and not takes_gradient(other) else other * alpha
        return _change(self, op, other)

    chosen = scaled if alpha else method
    chosen.__name__ = f"{op.name}_"
    chosen.__doc__ = f"{op.summary}  In the place of this tensor's numbers."
    return chosen


for _op in ops.TABLE.values():
    if not isinstance(_op, Reduction) and _op is not ops.where:
        setattr(Tensor, f"{_op.name}_", _in_place(_op, alpha=_op in (ops.add, ops.sub)))
Tensor.clamp_ = Tensor.clip_  # type: ignore[attr-defined]
for _name, _op in {"add": ops.add, "sub": ops.sub, "mul": ops.mul, "truediv": ops.div, "pow": ops.pow_}.items():
    setattr(Tensor, f"__i{_name}__", _in_place(_op))
