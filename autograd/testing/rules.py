"""`check_rule`: everything that an operation has to satisfy, in one call."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..array_op import ArrayOp
from ..backward import gradients
from ..graph import Node
from ..op import Elementwise, NumberOp, Op, Reduction
from ..quiet import quiet
from ..tensor import VIEWS, Tensor, wrap
from ..value import Value
from .causes import explained
from .comparison import Comparison
from .differences import Kink, difference, kink_at_0
from .mismatch import GradientMismatch
from .program import Program

__all__ = ["check_rule"]

REACH = 5.0  # beyond, most functions are flat, or so steep that a check is one of magnitudes only
POINTS = 24
ONE_BY_ONE = 4  # of them on `Value`s
TRIES = 100
NEIGHBOURS = 32  # of a kink, whose slopes count as its own
LONGEST = 3  # elements of a vector
SPECIAL = (0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0)

Point = tuple[Any, ...]


def check_rule(op: Op, *operands: Any, order: int = 3, seed: int = 0, **settings: Any) -> None:
    """Check one operation: its values and derivatives on all carriers, broadcasting, dtypes, kinks and aliasing.

    An operation on numbers, of the table or made by `autograd.op` with partial derivatives, is checked at random
    points of its domain, or at `operands`; one on arrays at `operands`, which should have a different length along
    every axis.  Whole numbers and arrays of them are handed on and not differentiated by.

    Args:
        op: the operation.
        operands: numbers or arrays to check it at.
        order: up to which derivatives are checked.
        seed: makes the points the same each time.
        settings: of an operation on arrays.

    Raises:
        GradientMismatch: something is wrong; its `cause` may also be `"value"`, `"broadcasting"`, `"dtype"`,
            `"aliasing"` or `"undeclared reading"`.
        TypeError: `op` is no operation, or one on arrays without operands.
        ValueError: no points of the domain were found.

    >>> import autograd, numpy as np
    >>> from autograd.testing import check_rule
    >>> check_rule(autograd.tanh)
    >>> @autograd.op(vjp=lambda g, y, a: autograd.flip(g, 0))
    ... def reverse(a):
    ...     return a[::-1]
    >>> check_rule(reverse, np.array([1.0, 2.0, 3.0]))
    """
    if not isinstance(op, Op):
        raise TypeError(f"check_rule: checks an operation, of the table or made by autograd.op, got {op!r}")
    rng = np.random.default_rng(seed)
    if isinstance(op, ArrayOp):
        _check_array_op(op, [np.asarray(x) if isinstance(x, (float, list)) else x for x in operands], settings, order)
        return
    assert isinstance(op, NumberOp)
    points = [tuple(operands)] if operands else sample_points(op, POINTS, rng)
    for point in points[:ONE_BY_ONE]:
        _check_value(op, point)
        _compare(_on_values(op, point), order)
    for point in [] if operands else special_points(op, ONE_BY_ONE, rng):
        _check_value(op, point)
        _compare(_on_values(op, point), order, kinks=True)
    if isinstance(op, Elementwise):
        _check_columns(op, points, order)
        _check_broadcasting(op, points[0])
        for point in points[:ONE_BY_ONE]:
            _check_beside_numbers(op, point)
        _check_dtypes(lambda *xs: op(*xs), op, _columns(points))
        _check_sharing(op, points, order)
        if not operands:
            _check_special_points(op, points, rng)


def _compare(program: Program, order: int, modes: Sequence[str] = ("reverse",), *, kinks: bool = False) -> None:
    """Raise if a derivative differs, unless it is at a kink and there may be some."""
    found = Comparison(program, order, modes).first_mismatch()
    if found is not None:
        error = explained(program, found)
        if not (kinks and error.cause == "kink"):
            raise error


def _complain(op: Op, cause: str, what: str) -> GradientMismatch:
    return GradientMismatch(f"check_rule: {op.name}: {what}", cause, op=op)


# ---------------------------------------------------------------------- points


def sample_points(op: NumberOp, count: int, rng: np.random.Generator) -> list[Point]:
    """Random points inside the domain of an operation on numbers."""
    box = [_within_reach(*interval) for interval in op.domain.intervals]
    if isinstance(op, Reduction):
        return [tuple(tuple(rng.uniform(*side, LONGEST)) for side in box) for _ in range(count)]
    tries = (tuple(float(rng.uniform(*side)) for side in box) for _ in range(TRIES * count))
    found = list(itertools.islice((point for point in tries if op.domain.contains(*point)), count))
    if not found:
        raise ValueError(f"check_rule: {op.name}: no point of its domain found: give operands")
    return found


def special_points(op: NumberOp, count: int, rng: np.random.Generator) -> list[Point]:
    """Points such as 0 and 1, inside the domain, where functions tend to have kinks and special cases."""
    if isinstance(op, Reduction):
        return []
    inside = [point for point in itertools.product(SPECIAL, repeat=op.arity) if op.domain.contains(*point)]
    return [inside[i] for i in rng.permutation(len(inside))[:count]] if op.arity > 1 else inside


def _within_reach(low: float, high: float) -> tuple[float, float]:
    """The part of an interval that is near 0, or its nearest part."""
    if low >= REACH:
        return low, min(high, low + REACH)
    if high <= -REACH:
        return max(low, high - REACH), high
    return max(low, -REACH), min(high, REACH)


def _columns(points: Sequence[Point]) -> list[np.ndarray[Any, Any]]:
    """One array for each operand."""
    return [np.array(column) for column in zip(*points, strict=True)]


# ---------------------------------------------------------------------- operations on numbers


def _check_value(op: NumberOp, point: Point) -> None:
    """The value is finite, and the same on floats, on `Value`s and on 0-d tensors."""
    expected = op(*point)
    if not np.isfinite(expected):
        raise _complain(op, "value", f"gives {expected} at {point}: give it a domain that leaves this point out")
    program = _on_values(op, point)
    found = [("Value", program.value(program.x))]
    if isinstance(op, Elementwise):
        found.append(("Tensor", float(op(*(wrap(np.asarray(x)) if type(x) is float else x for x in point)).item())))
    for carrier, value in found:
        if value != expected:
            raise _complain(op, "value", f"gives {value!r} on a {carrier}, {expected!r} on floats, at {point}")


def _on_values(op: NumberOp, point: Point) -> Program:
    if isinstance(op, Reduction):
        return Program(lambda *vectors: op(*vectors), [[Value(x) for x in vector] for vector in point])
    return Program(op, [Value(x) if type(x) is float else x for x in point])


def _check_columns(op: Elementwise, points: Sequence[Point], order: int) -> None:
    """The same on arrays: values to rounding, derivatives in both modes."""
    columns = _columns(points)
    program = Program(op, columns, project=True)
    expected = [op(*point) for point in points]
    found = op(*(wrap(a) for a in columns)).numpy()
    if not np.allclose(found, expected, rtol=1e-12, atol=1e-14):
        i = int(np.argmax(np.abs(found - expected)))
        raise _complain(op, "value", f"gives {found[i]!r} on arrays, {expected[i]!r} on floats, at {points[i]}")
    _compare(program, order, ("reverse", "forward"))


def _check_broadcasting(op: Elementwise, point: Point) -> None:
    """Where one operand has fewer axes than the others, its gradient is summed over what was repeated."""
    if op.arity == 1 or not all(type(x) is float for x in point):
        return
    jitter = 1 + 1e-5 * np.arange(6.0).reshape(2, 3)
    for i in range(op.arity):
        for shape in ((), (3,), (2, 1)):
            operands = [x * jitter for x in point]
            operands[i] = np.full(shape, point[i])
            _compare(Program(op, operands, project=True), 1, ("reverse", "forward"))


def _check_beside_numbers(op: Elementwise, point: Point) -> None:
    """An array beside plain numbers, which its rule reads in double precision."""
    for i in range(op.arity if op.arity > 1 else 0):
        function = lambda a, i=i: op(*(a if j == i else x for j, x in enumerate(point)))
        _compare(Program(function, [np.full(2, point[i])], project=True), 1)


def _check_sharing(op: Elementwise, points: Sequence[Point], order: int) -> None:
    """One node for all operands gets the sum of all derivatives; neither operands nor upstream are written to."""
    columns = _columns(points)
    _refuse_writing(op, op, columns)
    same = [point[0] for point in points if op.domain.contains(*(point[0],) * op.arity)]
    if op.arity > 1 and same:
        _compare(Program(lambda a: op(*(a,) * op.arity), [np.array(same)], project=True), min(order, 2))
        _compare(Program(lambda a: op(*(a,) * op.arity), [Value(same[0])]), min(order, 2))


def _check_special_points(op: Elementwise, points: Sequence[Point], rng: np.random.Generator) -> None:
    """At kinks and jumps, by one operand alone: the slope there, or any between those of the two sides.

    Where the domain leaves a point out, the rule may give nan.
    """
    special = list(itertools.product(SPECIAL[:3] if op.arity > 2 else SPECIAL, repeat=op.arity))
    for point in special + _singular_points(op, points):
        inside = all(low < x < high for x, (low, high) in zip(point, op.domain.intervals, strict=True))
        if not inside or not np.isfinite(op(*point)):
            continue
        kinks = [kink_at_0(_along(op, point, i)) for i in range(op.arity)]
        for i, kink in enumerate(kinks):
            slopes = _slopes(op, point, i, kink)
            leaf = Value(point[i])
            y = op(*(leaf if j == i else x for j, x in enumerate(point)))
            slope = gradients(y, 1.0, [leaf])[0]
            if not slopes or (np.isnan(slope) and not op.domain.contains(*point)) or _is_among(slope, slopes):
                continue
            if not any(k is not None and k.is_jump for k in kinks):  # else only this very point counts
                beside = [tuple(x + 1e-4 * rng.uniform(-1, 1) for x in point) for _ in range(NEIGHBOURS)]
                slopes += [s for p in beside for s in _slopes(op, p, i, None)]
            if not _is_among(slope, slopes):
                raise GradientMismatch(
                    f"check_rule: {op.name} (operand {i}) at {point}: rule gives {slope:.6g}, the slopes there are "
                    f"from {min(slopes):.6g} to {max(slopes):.6g}",
                    "wrong rule", op=op, operand=i,
                )  # fmt: skip


def _is_among(slope: float, slopes: list[float]) -> bool:
    """Whether a slope is one of several, or lies between them."""
    slack = 1e-3 * max(1.0, *map(abs, slopes))
    return min(slopes) - slack <= slope <= max(slopes) + slack


def _along(op: Elementwise, point: Point, i: int) -> Callable[[float], float]:
    """The function of the step of one operand from a point."""
    return lambda s: op(*(x + s * (j == i) for j, x in enumerate(point)))


def _slopes(op: Elementwise, point: Point, i: int, kink: Kink | None) -> list[float]:
    """The slopes by one operand, on both sides of a kink; none at a jump, or where they cannot be measured."""
    if kink is not None:
        return [] if kink.is_jump else [kink.left, kink.right]
    found = difference(_along(op, point, i))
    return [float(found.value)] if found.uncertainty <= 1e-6 * max(1.0, abs(found.value)) else []


def _singular_points(op: Elementwise, points: Sequence[Point]) -> list[Point]:
    """Points on the singular set of the domain, found between points on either side of it."""
    singular = op.domain.singular
    if singular is None:
        return []
    found = []
    for start, end in itertools.pairwise(points):
        a, b = np.array(start), np.array(end)
        if singular(*a) * singular(*b) < 0:
            for _ in range(60):
                middle = (a + b) / 2
                a, b = (middle, b) if singular(*a) * singular(*middle) > 0 else (a, middle)
            found.append(tuple(b.tolist()))
    return found


# ---------------------------------------------------------------------- operations on arrays


def _check_array_op(op: ArrayOp, operands: list[Any], settings: dict[str, Any], order: int) -> None:
    if not operands:
        raise TypeError(f"check_rule: {op.name} is an operation on arrays: give operands to check it at")

    def function(*arrays: Any) -> Any:
        return op(*arrays, **settings)

    expected = np.asarray(op.forward(*operands, **settings))
    found = function(*(wrap(x) if isinstance(x, np.ndarray) else x for x in operands))
    if not isinstance(found, Tensor) or not np.array_equal(found.numpy(), expected, equal_nan=True):
        raise _complain(op, "value", "gives something else on tensors than on arrays")
    _refuse_writing(op, function, operands)
    _compare(Program(function, operands, project=True), order, ("reverse", "forward"))
    _check_dtypes(function, op, operands)
    _check_layouts(op, function, operands)
    _check_readings(op, operands, settings)


def _check_layouts(op: ArrayOp, function: Callable[..., Any], operands: list[Any]) -> None:
    """It does not matter how the operands lie in memory."""
    expected = _values_and_gradients(function, operands)
    for lay in (np.asfortranarray, lambda a: np.flip(np.flip(a).copy())):
        laid = [lay(x) if isinstance(x, np.ndarray) and x.ndim else x for x in operands]
        for a, b in zip(expected, _values_and_gradients(function, laid), strict=True):
            if a is not None and not np.allclose(a, b, rtol=1e-9, atol=1e-9 * np.abs(a).max(initial=0)):
                raise _complain(op, "value", "depends on how its operands lie in memory")


def _check_readings(op: ArrayOp, operands: list[Any], settings: dict[str, Any]) -> None:
    """A rule reads no numbers but those that the op says it needs, so that changes in place are noticed."""
    if op.reads(0) == "*y":
        return
    y = np.asarray(op.forward(*operands, **settings))
    g = np.random.default_rng(0).standard_normal(y.shape).astype(y.dtype)
    for i, x in enumerate(operands):
        rule = op.pullback(i) if i < len(op.pullbacks) or op.variadic else None
        if rule is None or not _is_floating(x):
            continue
        reads = op.reads(i)
        hidden = [
            x if "*" in reads or (j < 3 and "abc"[j] in reads) or not _is_floating(x) else np.full_like(x, np.nan)
            for j, x in enumerate(operands)
        ]
        result = y if "y" in reads else np.full_like(y, np.nan)
        if not np.array_equal(rule(g, result, *hidden, **settings), rule(g, y, *operands, **settings), equal_nan=True):
            raise GradientMismatch(
                f"check_rule: {op.name} (operand {i}): the rule reads numbers that `needs` does not name",
                "undeclared reading", op=op, operand=i,
            )  # fmt: skip


# ---------------------------------------------------------------------- what holds for both


def _is_floating(x: Any) -> bool:
    return isinstance(x, (np.ndarray, np.floating)) and np.asarray(x).dtype.kind in "fc"


def _values_and_gradients(function: Callable[..., Any], operands: Sequence[Any]) -> list[Any]:
    """The result, and the gradient of its sum by each operand."""
    leaves = [wrap(x).requires_grad_() if _is_floating(x) else x for x in operands]
    y = function(*leaves)
    nodes = [x for x in leaves if isinstance(x, Node)]
    slopes = gradients(y, np.ones(y.shape, y.dtype), nodes) if y.requires_grad else [None] * len(nodes)
    return [y._data, *slopes]


def _check_dtypes(function: Callable[..., Any], op: Op, operands: Sequence[Any]) -> None:
    """The result and the gradients have the dtype of the operands, and its precision."""
    exact = _values_and_gradients(function, [_cast(_cast(x, np.float32), np.float64) for x in operands])
    for dtype in (np.float32, np.float16):
        if dtype is np.float16 and isinstance(op, ArrayOp):
            break  # NumPy's linear algebra and Fourier transforms do not take it
        cast = [_cast(x, dtype) for x in operands]
        with quiet():
            found = _values_and_gradients(function, cast)
        wanted = [None, *(x.dtype for x in cast if _is_floating(x))]
        for i, (a, b, kind) in enumerate(zip(found, exact, wanted, strict=True)):
            if a is None:
                continue
            kind = kind or np.result_type(dtype, np.complex64 if np.iscomplexobj(b) else dtype)
            what = "the result" if i == 0 else f"the gradient of operand {i - 1}"
            if a.dtype != kind:
                raise _complain(op, "dtype", f"{what} has {a.dtype} where the operands have {np.dtype(dtype)}")
            if dtype is np.float32 and not np.allclose(a, b, rtol=1e-3, atol=1e-3 * np.abs(b).max(initial=1)):
                raise _complain(op, "dtype", f"{what} is not the one of float64 to the precision of float32")


def _cast(x: Any, dtype: Any) -> Any:
    """A floating array in another precision, complex if it was."""
    if not _is_floating(x):
        return x
    if np.iscomplexobj(x):
        return np.asarray(x).astype(np.complex64 if dtype is not np.float64 else np.complex128)
    return np.asarray(x).astype(dtype)


def _refuse_writing(op: Op, function: Callable[..., Any], operands: Sequence[Any]) -> None:
    """Neither the value nor a rule may write to what it is given, nor give a result in an operand's memory."""
    leaves = [wrap(x.copy()).requires_grad_() if _is_floating(x) else x for x in operands]
    y = function(*leaves)
    upstream = np.ones(y.shape, y.dtype)
    if y.requires_grad:
        gradients(y, upstream, [x for x in leaves if isinstance(x, Node)])
    for i, (x, before) in enumerate(zip(leaves, operands, strict=True)):
        if not isinstance(x, Tensor):
            continue
        if not np.array_equal(x._data, before, equal_nan=True):
            raise _complain(op, "aliasing", f"writes to operand {i}")
        if op not in VIEWS and x.size and np.shares_memory(x._data, y._data):
            raise _complain(op, "aliasing", f"the result lies in the memory of operand {i}: return a copy")
    if not (upstream == 1).all():
        raise _complain(op, "aliasing", "a rule writes to the gradient of the result")
