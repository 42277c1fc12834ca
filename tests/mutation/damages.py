"""Damages that any rule can have, whatever its source: each makes of a right rule a wrong one.

A rule is a partial of a row, `partial(*operands, y)`, or a pullback of an array op, `pullback(g, y, *operands)`.
What it gives is a number on some carrier, or a sequence of them: one for each element of a vector.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import Tensor
from autograd.arrays.reductions import plain, unbroadcast
from autograd.arrays.shapes import broadcast_to, getitem, reshape

Rule = Callable[..., Any]
Change = Callable[[Any], Any]


def each(change: Change, x: Any) -> Any:
    """The change of a number, or of every number of a vector."""
    return type(x)(each(change, element) for element in x) if isinstance(x, (list, tuple)) else change(x)


def after(change: Change) -> Callable[[Rule], Rule]:
    """The rule with its result changed."""
    return lambda rule: lambda *operands, **settings: each(change, rule(*operands, **settings))


# ---------------------------------------------------------------------- the numbers behind a carrier


def has_numbers(x: Any) -> bool:
    """Whether there are numbers behind it, or behind the elements of a vector; symbols have none."""
    if isinstance(x, (list, tuple)):
        return all(map(has_numbers, x))
    return isinstance(x, (float, int, complex, np.ndarray, np.generic)) or hasattr(x, "_data")


def numbers(x: Any) -> Any:
    """The plain numbers behind any carrier; itself where there are none, as with symbols."""
    if has_numbers(x):
        return plain(x) if not isinstance(x, complex) else x
    if hasattr(type(x), "__apply__"):
        return x
    raise TypeError(f"{x!r} is no carrier of numbers")


def constant(x: Any) -> Any:
    """The same numbers, which nobody can differentiate."""
    return x.detach() if hasattr(x, "detach") else numbers(x)


def rounded(dtype: Any) -> Change:
    """The number as it would be in another dtype; its own derivative stays as it was."""

    def narrow(array: Any) -> Any:
        if array.dtype.kind == "c":
            return narrow(array.real) + 1j * narrow(array.imag)
        with np.errstate(all="ignore"):
            return array.astype(dtype).astype(array.dtype)

    def change(x: Any) -> Any:
        exact = numbers(x)
        if not has_numbers(x):
            return x
        error = narrow(np.asarray(exact)) - exact
        if isinstance(x, (Tensor, np.ndarray)):
            return x + np.where(np.isfinite(error), error, 0)
        return x + (float(error) if math.isfinite(error) else 0.0)

    return change


# ---------------------------------------------------------------------- stale values


def _signature(operands: Any) -> Any:
    """What tells calls of one kind from others: shapes, dtypes, and the number of an operand of a variadic op."""
    return tuple(x if type(x) is int else (np.shape(x), np.asarray(x).dtype) for x in operands)


def stale(which: slice, *, by_one_call: bool = False) -> Callable[[Rule], Rule]:
    """Some of the operands are those of the first call of the kind forever, or always those of the call before."""

    def damage(rule: Rule) -> Rule:
        memory: dict[Any, list[Any]] = {}

        def wrong(*operands: Any, **settings: Any) -> Any:
            now = [each(numbers, x) for x in operands]
            if not has_numbers(operands):
                return rule(*operands, **settings)
            before = memory.setdefault(_signature(now), now)
            if by_one_call:
                memory[_signature(now)] = now
            mixed = list(operands)
            mixed[which] = before[which]
            return rule(*mixed, **settings)

        return wrong

    return damage


def first_result(rule: Rule) -> Rule:
    """The rule computes once for every kind of call, and gives that forever."""
    memory: dict[Any, Any] = {}

    def wrong(*operands: Any, **settings: Any) -> Any:
        now = [each(numbers, x) for x in operands]
        result = rule(*operands, **settings)
        return memory.setdefault(_signature(now), each(constant, result)) if has_numbers(operands) else result

    return wrong


def constant_operands(which: slice) -> Callable[[Rule], Rule]:
    """The rule reads plain numbers in place of some operands: it cannot be differentiated by them."""

    def damage(rule: Rule) -> Rule:
        def wrong(*operands: Any, **settings: Any) -> Any:
            mixed = list(operands)
            mixed[which] = [each(constant, x) for x in mixed[which]]
            return rule(*mixed, **settings)

        return wrong

    return damage


# ---------------------------------------------------------------------- what broadcasting repeated


def mean_of_repeated(share: Any, shape: tuple[int, ...]) -> Any:
    """The mean in the place of the sum."""
    total = unbroadcast(share, shape)
    return total * (math.prod(shape) / math.prod(share.shape))


def first_of_repeated(share: Any, shape: tuple[int, ...]) -> Any:
    """One in the place of the sum."""
    extra = share.ndim - len(shape)
    index = (0,) * extra + tuple(slice(0, n) for n in shape)
    return reshape(getitem(share, index=index), shape=shape)


def spread_evenly(share: Any, shape: tuple[int, ...]) -> Any:
    """The sum over all axes in the place of some, divided among the elements."""
    return broadcast_to(unbroadcast(share, ()) / math.prod(shape), shape=shape)


def unbroadcast_by(wrong: Callable[[Any, tuple[int, ...]], Any], place: Callable[..., Any]) -> Callable[[Rule], Rule]:
    """The rule fits its result into the shape of its operand, but wrongly; `place` finds the operand."""

    def damage(rule: Rule) -> Rule:
        def fitted(*operands: Any, **settings: Any) -> Any:
            share, shape = rule(*operands, **settings), place(operands).shape
            return share if math.prod(share.shape) <= math.prod(shape) else wrong(share, shape)

        return fitted

    return damage


# ---------------------------------------------------------------------- other settings


def another(name: str, value: Any, ndim: int) -> Any:
    """Another value that a setting could have."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, tuple):
        turned = tuple(another(name, x, ndim) for x in value)
        return value[::-1] if name == "axes" else turned
    if isinstance(value, str) or name in ("norm", "mode"):
        return {"norm": "ortho" if value != "ortho" else None, "mode": "edge" if value != "edge" else "wrap"}[name]
    if name.startswith("axis"):
        return 0 if value is None else (value + 1) % ndim
    return value if value is None else value + 1


def misread(name: str) -> Callable[[Rule], Rule]:
    """The rule takes another value for a setting."""

    def damage(rule: Rule) -> Rule:
        def wrong(g: Any, y: Any, *operands: Any, **settings: Any) -> Any:
            if name in settings:
                ndim = max(1, operands[-1].ndim)
                settings = {**settings, name: another(name, settings[name], ndim)}
            return rule(g, y, *operands, **settings)

        return wrong

    return damage
