"""Rows of the table on arrays: their values, and the dtypes of these."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from . import ops
from .dtypes import promoted
from .modes import modes
from .op import NumberOp
from .traced import recorder_of

__all__ = ["computed"]

FLOAT64 = {np.dtype(np.float64)}
ON_INTEGERS = frozenset(
    "add sub mul neg pow square abs sign maximum minimum clip where relu floor ceil round remainder fmod".split()  # noqa: SIM905
)
"""The rows that keep integers; the others give floating numbers."""
ROUNDING = frozenset(("floor", "ceil", "round"))
ON_COMPLEX = frozenset(("add", "sub", "mul", "div", "neg", "square", "reciprocal", "exp", "exp2"))
"""The rows that have a complex derivative."""


def computed(op: NumberOp, *operands: Any) -> np.ndarray[Any, Any]:
    """The value of a row on arrays and plain numbers."""
    numbers = list(operands)
    kinds = {x.dtype for x in numbers if type(x) is np.ndarray}
    recorder = modes.recorder.get() if modes.watched else None if kinds else recorder_of(numbers)
    if recorder is not None:
        return _traced_row(op, numbers, recorder)  # type: ignore[no-any-return]
    if len(kinds) > 1 or next(iter(kinds)).kind != "f":
        if any(kind.kind == "c" for kind in kinds) and op.name not in ON_COMPLEX:
            raise TypeError(f"{op.name}: complex tensors have no derivative here: take real and imaginary parts")
        if op is ops.where:  # what chooses does not widen what is chosen
            numbers[1:] = promoted(numbers[1:], floating=False)
        else:
            numbers = promoted(numbers, floating=op.name not in ON_INTEGERS)
        if op.name in ROUNDING and numbers[0].dtype.kind in "iu":
            return numbers[0].copy()  # type: ignore[no-any-return]
    elif kinds == FLOAT64 and all(type(x) is not np.ndarray or x.ndim == 0 for x in numbers):
        return np.asarray(op.on_floats(*map(float, numbers)))  # the very bits of the scalar engine
    try:
        return np.asarray(op.evaluate(op.array, *numbers))
    except ValueError as error:
        raise _explained(error, op, [x.shape for x in numbers if isinstance(x, np.ndarray)]) from None


def _explained(error: ValueError, op: NumberOp, shapes: list[tuple[int, ...]]) -> ValueError:
    """What NumPy finds wrong with operands: their shapes, or an integer to a negative power."""
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        return ValueError(f"{op.name}: shapes {' and '.join(map(str, shapes))} do not broadcast together")
    return ValueError(f"{op.name}: {str(error).rstrip('.')}: write x.float()")


def _traced_row(op: NumberOp, numbers: list[Any], recorder: Any) -> Any:
    """The value of a row on arrays of a program that is traced."""
    arrays = [x for x in numbers if isinstance(x, np.ndarray)]
    dtype = arrays[0].dtype
    alike = all(x.dtype == dtype if isinstance(x, np.ndarray) else type(x) is float for x in numbers)
    fast = alike and dtype.kind == "f" and any(x.ndim for x in arrays)
    function: Callable[..., Any] = op.array if fast else partial(computed, op)
    return recorder.call(function, numbers, {}, op.name)
