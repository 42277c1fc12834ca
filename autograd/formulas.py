"""Operations on whole arrays as formulas, and the carrier that gives them: an array with the formula it came from."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np

from .array_op import ArrayOp
from .arrays.reductions import plain
from .arrays.shapes import getitem, transpose
from .graph import Node
from .methods import ArrayMethods
from .notation import ATOM, OR, POWER, Notation
from .numpy_protocol import NumpyFunctions
from .op import NumberOp, Op, Reduction
from .operators import Operators
from .symbols import Call, Expr, Number, Row, Symbol
from .tensor import Tensor, wrap

__all__ = ["FEW", "Written", "number", "written"]

FEW = 6
"""How many numbers of an array are written one by one; of a larger one formulas show the shape."""

TRANSPOSED = Notation("{a:tight}ᵀ", r"{{{a:tight}}}^{{\top}}", POWER, "<msup>{a:tight}<mo>⊤</mo></msup>")
INDEXED = Notation(
    "{a:tight}[{b:open}]",
    r"{a:tight}\left[{b:open}\right]",
    POWER,
    "<mrow>{a:tight}<mo>[</mo>{b:open}<mo>]</mo></mrow>",
)
COMMA = Notation("{a:open}, {b:open}", "{a:open}, {b:open}", OR)


def number(x: Any) -> Expr:
    """A number or an array in a formula: all its numbers if they are few, else its shape, as in ⟨64×10⟩.

    >>> print(number(np.eye(2)), number(np.zeros((64, 10))))
    [[1, 0], [0, 1]] ⟨64×10⟩
    """
    if np.iscomplexobj(x) and not np.ndim(x):
        return Symbol(f"({x:.6g})", ATOM)
    if not isinstance(x, np.ndarray):
        return Number(float(x))
    if x.size > FEW:
        return Symbol(f"⟨{'×'.join(map(str, x.shape))}⟩", ATOM)
    return Row([number(row) for row in x]) if x.ndim else Number(x.item())


def written(op: Op, operands: Sequence[Expr], settings: dict[str, Any] | None) -> Expr:
    """An operation on formulas, with its settings as arguments by name."""
    settings = settings or {}
    if op is transpose and _swaps_last_two(settings["axes"]):
        return Call(TRANSPOSED, operands)
    if op is getitem:
        return Call(INDEXED, (*operands, Symbol(_index(settings["index"]), ATOM)))
    arguments = [Symbol(f"{key}={text}", ATOM) for key, x in settings.items() if (text := _setting(x))]
    if not arguments and not getattr(op, "variadic", False):
        return Call(op.notation, operands, op)
    joined = reduce(lambda a, b: Call(COMMA, (a, b)), [*operands, *arguments])
    return Call(Notation.call(op.name, 1), [joined])


def _swaps_last_two(axes: tuple[int, ...]) -> bool:
    n = len(axes)
    return n > 1 and axes == (*range(n - 2), n - 1, n - 2)


def _setting(x: Any) -> str:
    """A setting as one writes it; empty if it says nothing, or nothing to people."""
    match x:
        case None | False | dict():
            return ""
        case np.ndarray():
            return str(number(x))
        case np.dtype():
            return x.name
        case tuple() if any(isinstance(part, slice | np.ndarray) for part in x):
            return f"({_index(x)})"
        case tuple() if not all(isinstance(part, int | float) for part in x):
            return ""
        case int() | float() | str() | tuple():
            return str(x)
    return ""


def _index(x: Any) -> str:
    """An index as one writes it between brackets."""
    if isinstance(x, tuple):
        return ", ".join(map(_index, x))
    if isinstance(x, slice):
        parts = [x.start, x.stop] + [x.step] * (x.step is not None)
        return ":".join("" if part is None else str(part) for part in parts)
    return str(number(x)) if isinstance(x, np.ndarray) else "…" if x is Ellipsis else str(x)


class Written(ArrayMethods, NumpyFunctions, Operators):
    """An array and the formula that it came from.

    The rules of arrays ask for shapes and numbers, which symbols do not have.  Read by this carrier they
    compute as always, and write down what they do.

    >>> from autograd import TABLE
    >>> a = Written(wrap(np.eye(2)), Symbol("A"))
    >>> print((a @ a.T).formula)
    A @ Aᵀ

    Args:
        data: the array, in a tensor.
        formula: where it comes from.
    """

    __slots__ = ("_data", "formula")

    def __init__(self, data: Tensor, formula: Expr) -> None:
        self._data = data
        self.formula = formula

    @staticmethod
    def __apply__(op: NumberOp, operands: tuple[Any, ...], **settings: Any) -> Any:
        if isinstance(op, Reduction):
            return Tensor.__apply__(op, operands, **settings)
        y = op(*map(_data, operands))
        return Written(y, Expr.__apply__(op, tuple(map(_formula, operands))))

    @staticmethod
    def __apply_array__(op: ArrayOp, operands: tuple[Any, ...], settings: dict[str, Any]) -> Any:
        y = op(*map(_data, operands), **settings)
        return Written(y, written(op, list(map(_formula, operands)), settings))

    def _constant_like(self, array: np.ndarray[Any, Any]) -> Written:
        return Written(wrap(array), number(array))

    def __bool__(self) -> bool:
        return bool(self._data)

    def __repr__(self) -> str:
        return f"<Written {self.formula}>"

    __hash__ = object.__hash__


def _data(x: Any) -> Any:
    return x._data if isinstance(x, Written) else x


def _formula(x: Any) -> Expr:
    return x.formula if isinstance(x, Written) else number(x._data if isinstance(x, Node) else x)


def _comparison(name: str) -> Callable[[Any, Any], Any]:
    compare = getattr(operator, name)

    def method(self: Written, other: Any) -> Any:
        formula = compare(self.formula, other if isinstance(other, bool) else _formula(other))
        if isinstance(formula, bool):  # decided by plain numbers
            return formula
        return Written(
            wrap(np.asarray(compare(plain(self), plain(other) if isinstance(other, Written) else other))), formula
        )

    method.__name__ = f"__{name}__"
    return method


for _name in ("lt", "le", "gt", "ge", "eq", "ne", "and", "or"):
    setattr(Written, f"__{_name}__", _comparison(f"__{_name}__"))
