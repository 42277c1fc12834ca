"""Dual numbers: forward mode, the derivative along one direction, carried beside the value.

A dual number is y + ε t with ε² = 0.  Rows of the table are read on it as on every other carrier: the
value by the row, the tangent t by its partials (Wengert 1964).  An array op that is linear is applied to
the tangents; for any other one the pullback, which is linear in the gradient, is transposed.

Each call of `jvp` has a level of its own, so that the directions of nested calls are not confused.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from .array_op import ArrayOp
from .array_rules import fitted
from .arrays.reductions import plain
from .arrays.shapes import astype, broadcast_to
from .backward import gradients
from .conversions import PLAIN_NUMBER
from .methods import ArrayMethods
from .modes import modes
from .numpy_protocol import NumpyFunctions
from .op import NumberOp, Reduction
from .operators import Operators
from .tensor import Tensor, wrap
from .traced import array_of

__all__ = ["Dual", "added", "parted", "pulled", "zeros_like"]


class Dual(ArrayMethods, NumpyFunctions, Operators):
    """A tensor and its derivative along a direction.

    Args:
        level: which call of `jvp` the direction belongs to.
        primal: the value, a tensor or a dual number of a lower level.
        tangent: its derivative, in its shape; None for 0.
    """

    __slots__ = ("_data", "level", "tangent")

    def __init__(self, level: int, primal: Any, tangent: Any) -> None:
        self.level = level
        self._data = primal
        self.tangent = tangent

    @property
    def primal(self) -> Any:
        """The value."""
        return self._data

    @staticmethod
    def __apply__(op: NumberOp, operands: tuple[Any, ...], **settings: Any) -> Any:
        if isinstance(op, Reduction):
            return Tensor.__apply__(op, operands, **settings)
        level, primals, tangents = parted(operands)
        y = op(*primals)
        if modes.watched and not modes.recording.get():  # a constant, as in reverse mode
            return y
        total = None
        for i, tangent in enumerate(tangents):
            constant = op.constants[i]
            if tangent is None or constant == 0.0:
                continue
            local = op.partials[i](*primals, y) if constant is None else constant
            tangent = _in_form_of(y, tangent)  # a 0-d one would take the dtype of a local derivative with axes
            total = added(total, tangent if constant == 1.0 else tangent * local)
        return Dual(level, y, _in_form_of(y, total))

    @staticmethod
    def __apply_array__(op: ArrayOp, operands: tuple[Any, ...], settings: dict[str, Any]) -> Any:
        level, primals, tangents = parted(operands)
        y = op(*primals, **settings)
        if modes.watched and not modes.recording.get():
            return y
        total = None
        if op.linear == "jointly":
            if any(t is not None for t in tangents):
                total = op(*(_or_zero(t, x) for t, x in zip(tangents, primals, strict=True)), **settings)
        else:
            for i, tangent in enumerate(tangents):
                if tangent is None:
                    continue
                if op.linear == "each":
                    share = op(*primals[:i], tangent, *primals[i + 1 :], **settings)
                else:
                    share = _transposed(op, i, tangent, y, primals, settings)
                total = added(total, share)
        return Dual(level, y, _in_form_of(y, total))

    def _constant_like(self, array: np.ndarray[Any, Any]) -> Any:
        return wrap(array)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NoReturn:
        raise RuntimeError("numpy: a dual number is no array, it would lose its tangent: write x.detach().numpy()")

    def __setitem__(self, index: Any, value: Any) -> NoReturn:
        raise TypeError("[ ]=: a dual number cannot be changed in place: write where(condition, a, b), or concatenate")

    def detach(self) -> Any:
        """The value without its derivative."""
        return self._data.detach()

    def item(self) -> Any:
        """The only element, as a Python number."""
        return self._data.item()

    def __float__(self) -> float:
        raise TypeError(PLAIN_NUMBER)

    def __bool__(self) -> bool:
        return bool(self._data)

    def __repr__(self) -> str:
        return f"Dual({self._data!r}, tangent={self.tangent!r})"

    __hash__ = object.__hash__


def _comparison(name: str) -> Callable[[Any, Any], Any]:
    compare = getattr(operator, name)

    def method(self: Any, other: Any) -> Any:
        return compare(wrap(array_of(plain(self))), plain(other) if isinstance(other, Dual) else other)

    method.__name__ = f"__{name}__"
    return method


for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    setattr(Dual, f"__{_name}__", _comparison(_name))


def parted(operands: Sequence[Any]) -> tuple[int, list[Any], list[Any]]:
    """The highest level among the operands, and their values and tangents there."""
    level = max(x.level for x in operands if isinstance(x, Dual))
    here = [isinstance(x, Dual) and x.level == level for x in operands]
    primals = [x.primal if is_dual else x for x, is_dual in zip(operands, here, strict=True)]
    return level, primals, [x.tangent if is_dual else None for x, is_dual in zip(operands, here, strict=True)]


def added(total: Any, share: Any) -> Any:
    """The sum of two tangents, either of which may be None, which is 0."""
    return share if total is None else total if share is None else total + share


def _or_zero(tangent: Any, x: Any) -> Any:
    return 0.0 if tangent is None and isinstance(x, (int, float)) else zeros_like(x) if tangent is None else tangent


def zeros_like(x: Any) -> Tensor:
    """Zeros in the shape and the dtype of an array on any carrier."""
    return wrap(np.zeros(x.shape, x.dtype))


def _in_form_of(y: Any, tangent: Any) -> Any:
    """A tangent in the shape and dtype of the value, which broadcasting may have made larger."""
    if tangent is None:
        return None
    if tangent.shape != y.shape:
        tangent = broadcast_to(tangent, shape=y.shape)
    return tangent if tangent.dtype == y.dtype else astype(tangent, dtype=y.dtype)


def _transposed(op: ArrayOp, i: int, tangent: Any, y: Any, primals: list[Any], settings: dict[str, Any]) -> Any:
    """What a tangent of operand `i` adds to that of the result: the transpose of the pullback."""
    rule = op.pullback(i)
    if rule is None:
        return None
    probe = zeros_like(y).requires_grad_()
    share = fitted(rule(probe, y, *primals, **settings), primals[i])
    (result,) = pulled(share, tangent, [probe])
    return result


def pulled(y: Any, upstream: Any, by: Sequence[Tensor], *, create_graph: bool = True) -> list[Any]:
    """The derivatives of `y`, times `upstream`, by some tensors; dual numbers in, dual numbers out."""
    level = max((x.level for x in (y, upstream) if isinstance(x, Dual)), default=None)
    if level is None:
        if not (isinstance(y, Tensor) and y.requires_grad):
            return [None] * len(by)
        return gradients(y, y._upstream(upstream, create_graph), by, create_graph=create_graph)
    (y0, up0), (y1, up1) = zip(*(_parts(x, level) for x in (y, upstream)), strict=True)
    primal = pulled(y0, up0, by)
    tangent = [None] * len(by) if y1 is None else pulled(y1, up0, by)
    if up1 is not None:
        tangent = [added(a, b) for a, b in zip(tangent, pulled(y0, up1, by), strict=True)]
    return [
        None if a is None and b is None else Dual(level, zeros_like(x) if a is None else a, b)
        for a, b, x in zip(primal, tangent, by, strict=True)
    ]


def _parts(x: Any, level: int) -> tuple[Any, Any]:
    return (x.primal, x.tangent) if isinstance(x, Dual) and x.level == level else (x, None)
