"""What an operation on whole arrays is: a row that only arrays have.

An `ArrayOp` is computed by NumPy.  Its rules are *pullbacks*, one per operand: functions

    pullback(g, y, *operands, **settings)

of the gradient `g` of the result, the result `y` and the operands, which give the gradient of that
operand.  They are written with operators, rows of the table and other array ops, all of which take
NumPy arrays, tensors and dual numbers alike, so that a pullback can itself be differentiated.  What
broadcasting repeated, the engine sums up again: a pullback may return the shape of the result.

Forward mode needs no rules of its own: where an op is linear, it is applied to the tangents; elsewhere
the pullback, which is linear in `g`, is transposed.

Settings (an axis, a shape) are keywords and are not differentiated.  They follow NumPy.
"""

from __future__ import annotations

from collections.abc import Callable
from numbers import Real
from operator import call
from typing import Any

import numpy as np

from .op import Notation, Op

__all__ = ["ARRAY_TABLE", "ArrayOp"]

ARRAY_TABLE: dict[str, ArrayOp] = {}
"""Every array op by its name, in the order in which the modules of `arrays` write them."""


class ArrayOp(Op):
    """One operation on whole arrays.

    Args:
        name: what errors and displays call it.
        summary: one sentence.
        forward: the value, from NumPy arrays and settings.
        pullbacks: one rule per operand; None where an operand has no gradient (an array of indices).
            A variadic op has a single one, which gets the operand's number after `y`.
        needs: for each pullback, whose numbers it reads, as letters: `a`, `b`, `c` for operands, `y`
            for the result.  A change in place of any other one does not matter.  Shapes can always be read.
        linear: `"jointly"` if the op is linear in all operands at once, `"each"` if in every single
            one while the others stay, empty if not.
        variadic: the op takes any number of operands.
        computes: whether it does any arithmetic, or only moves numbers about.
        register: whether it belongs in `ARRAY_TABLE`; an op of a user's does not.
    """

    def __init__(
        self,
        name: str,
        summary: str,
        forward: Callable[..., Any],
        *pullbacks: Callable[..., Any] | None,
        needs: tuple[str, ...],
        linear: str = "",
        variadic: bool = False,
        register: bool = True,
        computes: bool = True,
        symbol: str | None = None,
        notation: Notation | None = None,
    ) -> None:
        if register and name in ARRAY_TABLE:
            raise ValueError(f"array op {name!r} exists already: choose another name")
        if len(needs) != len(pullbacks):
            raise ValueError(f"array op {name!r}: {len(pullbacks)} pullbacks, but needs names {len(needs)}")
        self.arity = len(pullbacks)
        super().__init__(name, summary, symbol, notation)
        self.forward = forward
        self.pullbacks = pullbacks
        self.needs = needs
        self.linear = linear
        self.computes = computes
        self.variadic = variadic
        self.__doc__ = summary
        if register:
            ARRAY_TABLE[name] = self
        if not computes:
            self.evaluate = call

    def __call__(self, *operands: Any, **settings: Any) -> Any:
        for x in operands:
            if type(x) is np.ndarray:
                continue
            apply = getattr(type(x), "__apply_array__", None)
            if apply is not None:
                result = apply(self, operands, settings)
                if result is not NotImplemented:
                    return result
                continue
            if not isinstance(x, (np.ndarray, np.generic, Real, complex)):
                raise TypeError(
                    f"{self.name}: cannot take {x!r}, a {type(x).__name__}: give arrays, tensors or numbers"
                )
        return self.evaluate(self.forward, *operands, **settings)

    def pullback(self, i: int) -> Callable[..., Any] | None:
        """The rule of operand number `i`; None if it has no gradient."""
        if not self.variadic:
            return self.pullbacks[i]
        rule = self.pullbacks[0]
        assert rule is not None
        return lambda g, y, *operands, **settings: rule(g, y, i, *operands, **settings)

    def reads(self, i: int) -> str:
        """Whose numbers the rule of operand `i` reads."""
        return self.needs[0 if self.variadic else i]
