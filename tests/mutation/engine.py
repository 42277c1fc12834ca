"""Damages to what the engine does with the results of all rules: `array_rules.fitted` undoes broadcasting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd import array_rules, dual
from autograd.array_rules import fitted

from . import damages

Fitted = Callable[[Any, Any], Any]

NOTICING = ("mul", "linear", "matmul", "concatenate")
"""Ops that tell: some of their operands are broadcast, or real where the result is complex."""


def _by(wrong: Callable[[Any, tuple[int, ...]], Any]) -> Fitted:
    """Only what broadcasting made larger is damaged."""

    def fitted_wrongly(share: Any, x: Any) -> Any:
        repeated = np.prod(share.shape) > np.prod(x._data.shape)
        return fitted(wrong(share, x._data.shape) if repeated else share, x)

    return fitted_wrongly


def _left_complex(share: Any, x: Any) -> Any:
    return share if share.dtype.kind == "c" else fitted(share, x)


ENGINE_DAMAGES: dict[tuple[str, str], Fitted] = {
    ("broadcast", "no sum over what was repeated"): lambda share, x: share,
    ("broadcast", "mean of what was repeated"): _by(damages.mean_of_repeated),
    ("broadcast", "first of what was repeated"): _by(damages.first_of_repeated),
    ("broadcast", "sum over all axes, spread evenly"): _by(damages.spread_evenly),
    ("term", "no real part for a real operand"): _left_complex,
}
"""Other functions in the place of `fitted`, by kind and description."""


@contextmanager
def engine_with(damaged: Fitted) -> Iterator[None]:
    """The engine with another function in the place of `fitted`, in both modes."""
    try:
        array_rules.fitted = dual.fitted = damaged
        yield
    finally:
        array_rules.fitted = dual.fitted = fitted
