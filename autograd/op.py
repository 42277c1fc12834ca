"""What an operation is: how it is computed, how it is differentiated, how it is printed.

An `Op` is one row of the table in `ops.py`.  It is written in plain arithmetic and in terms of other
rows, so that one row serves every *carrier* of numbers: Python floats, NumPy arrays, complex numbers,
graph nodes, dual numbers, symbols, compiler registers.

Floats, complex numbers and arrays are read here.  Any other class becomes a carrier by defining

    def __apply__(op, operands): ...        # a static method

which receives the row and its operands, and returns the result, or `NotImplemented` where another
operand's class should do it.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from .notation import AND, ATOM, COMPARISON, OR, POWER, PRODUCT, SIGN, SUM, Notation
from .quiet import quiet, quietly

__all__ = [
    "AND",
    "ATOM",
    "COMPARISON",
    "OR",
    "POWER",
    "PRODUCT",
    "SIGN",
    "SUM",
    "TABLE",
    "Domain",
    "Elementwise",
    "Notation",
    "NumberOp",
    "Op",
    "Reduction",
    "ieee",
    "to_float",
]

TABLE: dict[str, NumberOp] = {}
"""Every row by its name, in the order in which `ops.py` writes them."""

INFINITY = math.inf
NOT_FINITE = (ArithmeticError, ValueError)  # what `math` raises where IEEE 754 says inf or nan


@dataclass(frozen=True)
class Domain:
    """Where an operation is smooth and finite, with its first three derivatives.

    One open interval per operand, and optionally a function of the operands that is zero exactly on
    the kinks, jumps and poles inside that box; samplers keep its magnitude above `margin`.
    """

    intervals: tuple[tuple[float, float], ...]
    singular: Callable[..., float] | None = None
    margin: float = 1e-3

    def contains(self, *operands: float) -> bool:
        """Whether the operation is smooth at this point, with the margin around its singular set."""
        inside = all(low < x < high for x, (low, high) in zip(operands, self.intervals, strict=True))
        return inside and (self.singular is None or abs(self.singular(*operands)) > self.margin)


def to_float(x: Any) -> float:
    """A real number as a float; a whole number beyond the floats becomes an infinity, as in IEEE 754."""
    try:
        return float(x)
    except OverflowError:
        return INFINITY if x > 0 else -INFINITY


def ieee(function: Callable[..., Any], operands: Sequence[float]) -> float:
    """Answer where Python would raise: NumPy's scalars know that log(0) is -inf and 1/0 is inf."""
    with quiet():
        return float(function(*map(np.float64, operands)))


def _constant(value: float) -> Callable[..., Any]:
    return lambda *_: value


class Op:
    """One operation: its name, how it is printed, and the rules by which its nodes pass gradients on."""

    arity: int
    evaluate: Callable[..., Any] = staticmethod(quietly)
    """How the value is computed on NumPy arrays."""

    def __init__(self, name: str, summary: str, symbol: str | None = None, notation: Notation | None = None) -> None:
        self.name = self.__name__ = name
        self.summary = summary
        self.symbol = symbol or name
        self.notation = notation or self.call_notation(self.arity)
        self.rules: dict[Any, Any] = {}  # made when first needed; see rules.py

    def call_notation(self, arity: int) -> Notation:
        """The name before that many operands in brackets."""
        return Notation.call(self.name, arity)

    def formula(self) -> str:
        """The operation on operands called a, b, c, as plain text."""
        return self.notation.fill([(letter, ATOM) for letter in "abc"[: self.arity]])

    def __call__(self, *operands: Any, **settings: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__}: is abstract: rows are Elementwise, Reduction or ArrayOp")

    def __repr__(self) -> str:
        return f"<op {self.name}: {self.formula()}>"

    def __reduce__(self) -> str:
        return self.name  # rows are unique: copies and pickles refer to the table


class NumberOp(Op):
    """A row of the table: an operation on numbers, callable on every carrier, like a NumPy ufunc."""

    domain: Domain
    partials: tuple[Callable[..., Any], ...]
    """One local derivative per operand, as a function of the operands and, last, of the result."""
    constants: tuple[float | None, ...]
    """The local derivatives that are the same everywhere, as numbers."""

    def __init__(
        self,
        name: str,
        summary: str,
        scalar: Callable[..., float],
        array: Callable[..., Any],
        *partials: Callable[..., Any] | float,
        complex: Callable[..., Any] | None = None,  # noqa: A002 - the carrier's name
        ufunc: np.ufunc | None = None,
        register: bool = True,
        **printed: Any,
    ) -> None:
        if register and name in TABLE:
            raise ValueError(f"op {name!r} stands in the table already: choose another name")
        self.arity = len(partials)
        super().__init__(name, summary, **printed)
        self.scalar = scalar
        self.array = array
        self.complex = complex or array
        self.ufunc = array if isinstance(array, np.ufunc) else ufunc
        """NumPy's function that the row stands for, if there is one."""
        self.constants = tuple(None if callable(p) else p for p in partials)
        self.partials = tuple(p if callable(p) else _constant(p) for p in partials)
        if register:
            TABLE[name] = self

    def on_floats(self, *operands: Any) -> float:
        """The value on Python floats, by IEEE 754 where Python would raise."""
        try:
            return self.scalar(*operands)
        except NOT_FINITE:
            return ieee(self.array, operands)


class Elementwise(NumberOp):
    """An operation on numbers, applied to arrays one element at a time."""

    def __init__(
        self,
        name: str,
        summary: str,
        forward: Callable[..., Any] | tuple[Callable[..., Any], Callable[..., Any]],
        *partials: Callable[..., Any] | float,
        domain: Domain | None = None,
        defaults: tuple[float, ...] = (),
        **printed: Any,
    ) -> None:
        scalar, array = forward if isinstance(forward, tuple) else (forward, forward)
        super().__init__(name, summary, scalar, array, *partials, **printed)
        self.domain = domain or Domain(((-INFINITY, INFINITY),) * self.arity)
        self.defaults = defaults
        first_default = self.arity - len(defaults)
        self.__signature__ = inspect.Signature(
            [
                inspect.Parameter(
                    letter,
                    inspect.Parameter.POSITIONAL_ONLY,
                    default=defaults[i - first_default] if i >= first_default else inspect.Parameter.empty,
                )
                for i, letter in enumerate("abc"[: self.arity])
            ]
        )
        self.__doc__ = f"{summary}\n\n    {self.formula()}\n"

    def __call__(self, *operands: Any) -> Any:
        for x in operands:
            if type(x) is not float:
                break
        else:
            if len(operands) == self.arity:
                return self.on_floats(*operands)
        return self._dispatch(operands)

    def _dispatch(self, operands: tuple[Any, ...]) -> Any:
        missing = self.arity - len(operands)
        if missing:
            if not 0 < missing <= len(self.defaults):
                plural = "" if self.arity == 1 else "s"
                raise TypeError(f"{self.name}: takes {self.arity} operand{plural}, got {len(operands)}")
            return self(*operands, *self.defaults[-missing:])
        plain = True
        for x in operands:
            if type(x) is np.ndarray:
                plain = plain and x.dtype.kind == "f"
                continue
            apply = getattr(type(x), "__apply__", None)
            if apply is not None:
                result = apply(self, operands)
                if result is not NotImplemented:
                    return result
            plain = plain and type(x) is float
        if plain:
            return self.evaluate(self.array, *operands)
        if all(isinstance(x, (int, float)) and not isinstance(x, np.generic) for x in operands):
            return self.on_floats(*map(to_float, operands))
        for x in operands:
            if not isinstance(x, (np.ndarray, np.generic, Real, complex)):
                raise TypeError(
                    f"{self.name}: cannot take {x!r}, a {type(x).__name__}: give numbers, arrays or graph nodes"
                )
        return self._on_arrays(operands)

    def _on_arrays(self, operands: tuple[Any, ...]) -> Any:
        kinds = {np.asarray(x).dtype.kind for x in operands}
        if "O" in kinds:  # an array of nodes, say: one element at a time
            return np.frompyfunc(self, self.arity, 1)(*operands)
        return self.evaluate(self.complex if "c" in kinds else self.array, *operands)


class Reduction(NumberOp):
    """An operation on whole vectors that gives one number, so that a weighted sum is one node.

    Each operand is a sequence of numbers or nodes, or a one-dimensional array.  A partial gives the
    local derivatives for all elements of its operand at once: a vector of that length, or one number
    that holds for each of them.
    """

    def __init__(self, *arguments: Any, **printed: Any) -> None:
        super().__init__(*arguments, **printed)
        self.domain = Domain(((-INFINITY, INFINITY),) * self.arity)
        self.__doc__ = f"{self.summary}\n\n    {self.formula()}\n"

    def __call__(self, *operands: Any, **settings: Any) -> Any:
        for x in operands:
            if hasattr(type(x), "__apply_array__"):  # an array in a graph, which may take an axis, too
                return type(x).__apply__(self, operands, **settings)
        if len(operands) != self.arity or settings:
            raise TypeError(f"{self.name}: takes {self.arity} sequence{'s' * (self.arity > 1)}, got {len(operands)}")
        if all(isinstance(x, np.ndarray) and x.dtype.kind != "O" for x in operands):
            self._check_lengths(operands)
            return self.evaluate(self.array, *operands)
        vectors = tuple(map(self._vector, operands))
        self._check_lengths(vectors)
        for vector in vectors:
            for x in vector:
                apply = getattr(type(x), "__apply__", None)
                if apply is not None:
                    result = apply(self, vectors)
                    if result is not NotImplemented:
                        return result
        return self.on_floats(*(tuple(map(self._number, v)) for v in vectors))

    def _vector(self, x: Any) -> Sequence[Any]:
        if isinstance(x, np.ndarray) and x.ndim == 1:
            return x.tolist()  # type: ignore[no-any-return]
        if isinstance(x, (str, bytes)) or not isinstance(x, Sequence):
            raise TypeError(f"{self.name}: takes sequences of numbers or nodes, got {x!r}, a {type(x).__name__}")
        return x

    def _number(self, x: Any) -> Any:
        if isinstance(x, complex):
            return x
        if isinstance(x, Real):
            return to_float(x)
        raise TypeError(f"{self.name}: cannot take {x!r}, a {type(x).__name__}: give numbers or graph nodes")

    def _check_lengths(self, vectors: Sequence[Any]) -> None:
        if any(len(v) != len(vectors[0]) for v in vectors):
            lengths = [len(v) for v in vectors]
            raise ValueError(f"{self.name}: sequences of lengths {' and '.join(map(str, lengths))}: make them equal")
