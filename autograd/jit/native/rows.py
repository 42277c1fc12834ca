"""The rows of the table in LLVM's language: one line each, or in terms of others."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ... import ops
from ...op import TABLE, Elementwise
from ...ops import abs_, exp, expm1, log1p, maximum, minimum, sigmoid, where

__all__ = ["C_LIBRARY", "FORMULAS", "LINES", "WHOLE_LINES"]

C_LIBRARY: dict[Any, str] = {
    op: op.name
    for op in (
        ops.pow_, ops.cbrt, ops.hypot, exp, expm1, ops.log, log1p, ops.sin, ops.cos, ops.tan, ops.asin, ops.acos,
        ops.atan, ops.atan2, ops.sinh, ops.cosh, ops.tanh, ops.asinh, ops.acosh, ops.atanh, ops.floor, ops.ceil,
        ops.erf, ops.erfc,
    )
} | {ops.round_: "rint"}  # fmt: skip
"""Rows that the C library has, under its names.

LLVM calls them `c.exp` and so on: of what it takes for `exp` itself it would compute some cases in its own way.
"""
LINES: dict[Any, str] = {
    ops.add: "fadd double {}, {}",
    ops.sub: "fsub double {}, {}",
    ops.mul: "fmul double {}, {}",
    ops.div: "fdiv double {}, {}",
    ops.neg: "fneg double {}",
    abs_: "call double @llvm.fabs.f64(double {})",
    ops.sqrt: "call double @llvm.sqrt.f64(double {})",
    **{op: f"call double @c.{name}({', '.join(['double {}'] * op.arity)})" for op, name in C_LIBRARY.items()},
}
"""Rows that are one line."""
WHOLE_LINES: dict[Any, str] = {
    ops.add: "add i64 {}, {}",
    ops.sub: "sub i64 {}, {}",
    ops.mul: "mul i64 {}, {}",
    ops.neg: "sub i64 0, {}",
}
"""The same of whole numbers, which begin anew at the other end when they are too large, as in NumPy."""


def _logaddexp(a: Any, b: Any) -> Any:
    larger, gap = where(a > b, a, b), where(a > b, b - a, a - b)
    return where(a == b, a + math.log(2), larger + log1p(exp(gap)))


def _sigmoid(a: Any) -> Any:
    e = exp(-abs(a))
    return where(a >= 0, 1, e) / (1 + e)


FORMULAS: dict[Any, Callable[..., Any]] = {
    op: op.scalar for op in TABLE.values() if isinstance(op, Elementwise) and op.scalar is op.array
} | {
    where: lambda a, b, c: a.choose(b, c),
    ops.square: lambda a: a * a,
    ops.reciprocal: lambda a: 1 / a,
    ops.sign: lambda a: where(a > 0, 1, where(a < 0, -1, where(a == 0, 0, a))),
    maximum: lambda a, b: where((a >= b) | (a != a), a, b),
    minimum: lambda a, b: where((a <= b) | (a != a), a, b),
    ops.clip: lambda a, b, c: minimum(maximum(a, b), c),
    ops.logaddexp: _logaddexp,
    sigmoid: _sigmoid,
    ops.logsigmoid: lambda a: where(a > 0, 0, a) - log1p(exp(-abs(a))),
    ops.softplus: lambda a: where(a < 0, 0, a) + log1p(exp(-abs(a))),
    ops.relu: lambda a: where(a <= 0, 0, a),
    ops.leaky_relu: lambda a, b: where(a > 0, a, a * b),
    ops.elu: lambda a, b: where(a > 0, a, b * expm1(a)),
    ops.silu: lambda a: a * sigmoid(a),
}
"""Rows in terms of others, to the bit as on floats; a row with one formula for all carriers has it here, too."""
