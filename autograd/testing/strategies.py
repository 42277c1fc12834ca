"""Hypothesis strategies: numbers, tensors, shapes, points of a row, random expressions.

    from hypothesis import given
    from autograd.testing.strategies import expressions

    @given(expressions(max_ops=6))
    def test_gradients(expression): ...

Counter-examples shrink to few operations and short numbers, and expressions print as Python source.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, NoReturn

import numpy as np

from ..creation import from_numpy
from ..dtypes import as_dtype
from ..op import TABLE, NumberOp, Reduction
from ..tensor import Tensor
from ..value import Value
from .expressions import Draft, Expression
from .intervals import Interval, margins, readable, rooms

try:
    from hypothesis import strategies as st
    from hypothesis.extra import numpy as arrays
except ImportError:
    raise ImportError('strategies: Hypothesis is missing: python -m pip install "stepgrad[testing]"') from None

__all__ = ["expressions", "points", "shapes_that_broadcast", "tensors", "values"]

LONGEST = 5  # elements of a vector at which a reduction is tried
ELEMENTS = 3  # of a vector in an expression
DTYPES = ("float64", "float32", "float16")
GUARD = 3  # operations that bring a node into an interval
CONSTANTS = tuple(x for x in readable(Interval(-3.0, 3.0)) if x and x % 0.5 == 0)

Operand = int | float


# ---------------------------------------------------------------------- numbers and arrays


def values(low: float = -5.0, high: float = 5.0) -> st.SearchStrategy[Value]:
    """New `Value` leaves with short numbers.

    Args:
        low, high: the numbers lie between them, or are one of them.

    Raises:
        ValueError: no number lies there.
    """
    return st.sampled_from(readable(_interval(low, high, "values"))).map(Value)


def shapes_that_broadcast(
    count: int = 2, max_dims: int = 3, max_side: int = 3
) -> st.SearchStrategy[tuple[tuple[int, ...], ...]]:
    """As many shapes that broadcast together, axes of length 1 and 0 among them.

    Args:
        count: how many shapes.
        max_dims: how many axes each has at most.
        max_side: how long each axis is at most.
    """
    drawn = arrays.mutually_broadcastable_shapes(num_shapes=count, max_dims=max_dims, min_side=0, max_side=max_side)
    return drawn.map(lambda found: found.input_shapes)


def tensors(
    shape: tuple[int, ...] | st.SearchStrategy[tuple[int, ...]] | None = None,
    dtype: Any = None,
    requires_grad: bool = True,
    low: float = -5.0,
    high: float = 5.0,
) -> st.SearchStrategy[Tensor]:
    """Leaf tensors in several memory layouts, whose elements keep a distance from 0 and from one another.

    No two elements have the same magnitude either, so that `abs`, `max` and `sort` are smooth there.

    Args:
        shape: their shape or a strategy for it; by default up to three axes of lengths 1 to 3.
        dtype: a dtype or its name; by default `float64`, `float32` or `float16`.
        requires_grad: whether they take gradients.
        low, high: the elements lie between them, or are one of them.

    Raises:
        TypeError: there is no such dtype, or it is not floating.
        ValueError: no numbers lie there.
    """
    interval = _interval(low, high, "tensors")
    if dtype is not None and as_dtype(dtype).kind != "f":
        raise TypeError(f"tensors: dtype must be a floating one, got {dtype!r}: write, say, 'float32'")
    if shape is None:
        shapes: st.SearchStrategy[tuple[int, ...]] = arrays.array_shapes(min_dims=0, max_dims=3, max_side=3)
    else:
        shapes = shape if isinstance(shape, st.SearchStrategy) else st.just(tuple(shape))
    dtypes = st.sampled_from(DTYPES) if dtype is None else st.just(dtype)

    def leaf(shape: tuple[int, ...], dtype: Any, seed: int, layout: str) -> Tensor:
        array = _distinct(shape, interval, seed).astype(as_dtype(dtype))
        return from_numpy(LAYOUTS[layout](array)).requires_grad_(requires_grad)

    return st.builds(leaf, shapes, dtypes, st.integers(0, 2**16 - 1), st.sampled_from(tuple(LAYOUTS)))


def _in_every_second_place(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    spread = np.full([2 * n for n in array.shape], 77, array.dtype)
    every_second: tuple[Any, ...] = (..., *(slice(None, None, 2),) * array.ndim)
    view: np.ndarray[Any, Any] = spread[every_second]
    view[...] = array
    return view


LAYOUTS: dict[str, Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]]] = {
    "in rows": lambda array: array.copy(),
    "in columns": lambda array: array.copy(order="F"),
    "backwards": lambda array: np.asarray(np.flip(np.asarray(np.flip(array)).copy())),
    "in every second place": _in_every_second_place,
}
"""The same array at other places of the memory."""


def _distinct(shape: tuple[int, ...], interval: Interval, seed: int) -> np.ndarray[Any, Any]:
    """Multiples of a power of two, each magnitude once; in order for the seed 0, to shrink to."""
    size = math.prod(shape)
    farthest = max(map(abs, interval))
    step = 2.0 ** min(-2, math.floor(math.log2(farthest / (2 * size + 1))))
    chosen = _magnitudes(interval, step)
    while len(chosen) < size:
        step /= 2
        chosen = _magnitudes(interval, step)
    order = np.random.default_rng(seed).permutation(len(chosen)) if seed else np.arange(len(chosen))
    return np.array(chosen, float)[order[:size]].reshape(shape)


def _magnitudes(interval: Interval, step: float) -> list[float]:
    """The odd multiples of a step as they are, the even ones negative; with the other sign where only that fits."""
    found = []
    for k in range(1, math.floor(max(map(abs, interval)) / step) + 1):
        x = k * step if k % 2 else -k * step
        found += [signed for signed in (x, -x) if interval.low <= signed <= interval.high][:1]
    return found


def _interval(low: float, high: float, what: str) -> Interval:
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"{what}: low must be below high, and both finite, got {low!r} and {high!r}")
    return Interval(float(low), float(high))


# ---------------------------------------------------------------------- points of a row


def points(op: NumberOp | str) -> st.SearchStrategy[tuple[Any, ...]]:
    """Operands at which a row is smooth: a tuple of floats, or of equally long tuples for a reduction.

    They keep the margin of its domain from the ends and from the singular set.  A point that does not is
    replaced by one from a box that keeps away from it.

    Args:
        op: a row or its name.

    Raises:
        TypeError: it is no op on numbers.
        ValueError: there is no row of this name, or no such box was found.
    """
    (row,) = rows([op])
    if isinstance(row, Reduction):
        element = st.floats(*margins(row)[0])
        vectors = st.integers(1, LONGEST).map(lambda length: [st.tuples(*[element] * length)] * row.arity)
        return vectors.flatmap(lambda drawn: st.tuples(*drawn))
    return _points(row)


@st.composite
def _points(draw: st.DrawFn, op: NumberOp) -> tuple[float, ...]:
    point = tuple(draw(st.floats(*interval)) for interval in margins(op))
    if op.domain.contains(*point):
        return point
    return tuple(draw(st.floats(*interval)) for interval in draw(st.sampled_from(_rooms(op))))


# ---------------------------------------------------------------------- expressions


def expressions(
    ops: Iterable[NumberOp | str] | None = None,
    leaves: int | st.SearchStrategy[int] | None = None,
    max_ops: int = 12,
) -> st.SearchStrategy[Expression]:
    """Random formulas that share parts, smooth and of moderate size wherever their leaves may lie.

    Intervals are carried along: an operation is added only where its row is well-conditioned for all that
    may reach it.  What does not fit is replaced, or brought there as in `log(1.5 + tanh(a))`, never rejected.

    Args:
        ops: rows, their names, or elementwise ops of your own; by default every row of the table.
        leaves: how many leaves it may use, or a strategy for that; by default 1 to 3.
        max_ops: how many operations it has at most.

    Raises:
        TypeError: one of the ops is no op on numbers.
        ValueError: there are no ops, no leaves or no operations, there is no row of a name, or an op is
            well-conditioned nowhere that was tried.
    """
    chosen = rows(ops)
    for row in chosen:
        _rooms(row)
    if max_ops < 1:
        raise ValueError(f"expressions: max_ops must be 1 or more, got {max_ops!r}")
    if isinstance(leaves, int) and leaves < 1:
        raise ValueError(f"expressions: leaves must be 1 or more, got {leaves!r}")
    if not isinstance(leaves, st.SearchStrategy):
        leaves = st.integers(1, 3) if leaves is None else st.just(leaves)
    return _expressions(chosen, leaves, max_ops)


@st.composite
def _expressions(
    draw: st.DrawFn, rows: tuple[NumberOp, ...], leaves: st.SearchStrategy[int], max_ops: int
) -> Expression:
    author = _Author(Draft([None] * draw(leaves)), rows, max_ops)
    wishes = _wishes(rows, max_ops)
    while author.room() > 0 and (wish := draw(wishes)) is not None:
        author.write(wish)
    if not author.draft.lines:  # what all expressions shrink to
        author.write(_Wish(rows[0], (0,) * rows[0].arity, None, 0, 0))
    author.join()
    return author.draft.finish(lambda interval: draw(st.sampled_from(readable(interval))))


class _Wish(NamedTuple):
    """An operation to be written, in numbers that mean something whatever is there already.

    So Hypothesis can leave out any of them while it shrinks an expression, and the others still hold.
    """

    op: NumberOp
    picks: tuple[int, ...]
    """One for each operand: which node it is, counted from the newest, and around again."""
    constant: float | None
    """What stands for one operand instead of a node."""
    position: int
    box: int
    """Which room of the op the operands are fitted into, if need be."""


@st.composite
def _wish(draw: st.DrawFn, rows: tuple[NumberOp, ...]) -> _Wish:
    op = draw(st.sampled_from(rows))
    length = draw(st.integers(1, ELEMENTS)) if isinstance(op, Reduction) else 1
    picks = tuple(draw(st.integers(0, 1023)) for _ in range(op.arity * length))
    constant = draw(st.none() | st.sampled_from(CONSTANTS)) if len(picks) > 1 else None
    position = 0 if constant is None else draw(st.integers(0, len(picks) - 1))
    return _Wish(op, picks, constant, position, draw(st.integers(0, 1023)))


def _wishes(rows: tuple[NumberOp, ...], max_ops: int) -> st.SearchStrategy[_Wish | None]:
    """A wish, or None to stop there: so seldom that most expressions are about as long as they may be."""
    return st.integers(0, max_ops).flatmap(lambda more: _wish(rows) if more else st.none())


class _Author:
    """Adds operations to a draft.

    Args:
        draft: what to add to.
        rows: the ops that may be used.
        max_ops: how many operations the draft may have.
    """

    def __init__(self, draft: Draft, rows: tuple[NumberOp, ...], max_ops: int) -> None:
        self.draft, self.max_ops = draft, max_ops
        self.may_add = TABLE["add"] in rows
        self.may_guard = self.may_add and TABLE["tanh"] in rows and TABLE["mul"] in rows

    def room(self) -> int:
        """How many operations there may still be, if those that join the loose ends are counted."""
        return self.max_ops - len(self.draft.lines) - max(len(self.draft.loose()) - 1, 0)

    def write(self, wish: _Wish) -> None:
        """Add an operation on any nodes; where it does not fit them, replace some so that it does."""
        operands: list[Operand] = [self._node(pick) for pick in wish.picks]
        if wish.constant is not None:
            operands[wish.position] = wish.constant
        if self.draft.append(wish.op, operands):
            return
        boxes = _rooms(wish.op, len(wish.picks) // wish.op.arity)
        for i, interval in enumerate(boxes[wish.box % len(boxes)]):
            without_nodes = i + 1 == len(operands) and all(isinstance(x, float) for x in operands[:i])
            operands[i] = self._fitted(operands[i], interval, wish.picks[i], node=without_nodes)
            self.draft.settle(operands[i], interval)
        if any(isinstance(x, int) for x in operands):
            self.draft.append(wish.op, operands)

    def join(self) -> None:
        """Add up the results that nothing uses, as far as there may be operations; others are given up."""
        while (
            self.may_add
            and len(self.draft.lines) < self.max_ops
            and len(loose := self.draft.loose()) > 1
            and self.draft.append(TABLE["add"], loose[-2:])
        ):
            pass

    def _node(self, pick: int) -> int:
        """A node, three times of four one that nothing uses yet, so that few are left over."""
        places: Sequence[int] = self.draft.unused() if pick % 4 else range(self.draft.last + 1)
        return places[-1 - pick // 4 % len(places)]

    def _fitted(self, operand: Operand, interval: Interval, pick: int, *, node: bool) -> Operand:
        """The operand itself if it lies in the interval, else one that does: a number only if it need not be a node."""
        if self.draft.fits(operand, interval):
            return operand
        others = [place for place in range(self.draft.last + 1) if self.draft.fits(place, interval)]
        guarded = pick % 4 == 3 or (node and not others)
        if guarded and isinstance(operand, int) and self.may_guard and self.room() > GUARD:
            return self._guarded(operand, interval)
        numbers = readable(interval)
        return others[-1 - pick // 4 % len(others)] if others else numbers[pick % len(numbers)]

    def _guarded(self, place: int, interval: Interval) -> int:
        """A node made from another so that it lies in the interval, as 1.5 + 0.5 * tanh(x) does in [1, 2]."""
        centre, radius = sum(interval) / 2, (interval.high - interval.low) / 2
        self.draft.append(TABLE["tanh"], (place,))
        if radius != 1:
            self.draft.append(TABLE["mul"], (radius, self.draft.last))
        if centre:
            self.draft.append(TABLE["add"], (centre, self.draft.last))
        return self.draft.last


def rows(ops: Iterable[NumberOp | str] | None) -> tuple[NumberOp, ...]:
    """The ops themselves, where some may be given by their names; every row of the table for None."""
    if ops is None:
        return tuple(TABLE.values())
    if isinstance(ops, str):
        raise TypeError(f"ops: must be a sequence, got {ops!r}: write [{ops!r}] for one")
    found = []
    for op in ops:
        if isinstance(op, str) and op not in TABLE:
            raise ValueError(f"ops: the table has no row {op!r}: choose from {', '.join(TABLE)}")
        row = TABLE[op] if isinstance(op, str) else op
        if not isinstance(row, NumberOp):
            raise TypeError(f"ops: must be ops on numbers, such as autograd.exp or 'exp', got {op!r}")
        found.append(row)
    if not found:
        raise ValueError("ops: is empty: give at least one op, such as [autograd.exp]")
    return tuple(dict.fromkeys(found))


def _rooms(op: NumberOp, length: int = 1) -> tuple[tuple[Interval, ...], ...]:
    """The boxes where the row is well-conditioned, or an error if none was found."""
    found = rooms(op, length)
    if not found:
        raise ValueError(f"{op.name}: is not smooth and of moderate size in any box that was tried: give it a domain")
    return found


def __getattr__(name: str) -> NoReturn:
    if name in ("modules", "training_problems"):
        raise AttributeError(f"{name}: stands on nn: write `from nn.testing import {name}`")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
