"""Derivatives from values alone: central differences, extrapolated to a step of 0."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..quiet import quiet

__all__ = ["Estimate", "Kink", "difference", "kink_at_0"]

RATIO = 4.0
STEPS = tuple(2.0**-3 / RATIO**k for k in range(9))  # down to 2e-6: beyond, rounding takes more than the step gives
ENOUGH = 1e-11  # relative doubt, at which no shorter step is taken
UNIT = 2.0**-52
ROUNDINGS = 4.0  # of a value, and so of its difference quotient


class Estimate(NamedTuple):
    """Numbers, and how far each of them may be off."""

    value: Any
    uncertainty: Any


def difference(function: Callable[[float], Any], noise: float = 0.0) -> Estimate:
    """The derivative of a function of one number at 0, for each element of what it returns.

    The quotient (f(h) - f(-h)) / 2h has an error of even powers of h: two steps cancel the second power, three
    the fourth, and so on.  Of all such extrapolations the one is taken that its neighbours agree with best
    (Ridders 1982), so that neither a long step across a kink nor a short one full of rounding spoils it.

    Args:
        function: gives an array or a number; nan where it has no value.
        noise: how far the roundings on the way to its values move them.
    """
    finer: list[Any] = []
    value: Any = None
    error: Any = None
    with quiet():
        for h in STEPS:
            right, left = np.asarray(function(h)), np.asarray(function(-h))
            rounding = ROUNDINGS * np.maximum(noise, UNIT * np.maximum(np.abs(right), np.abs(left))) / h
            coarser, finer = finer, [(right - left) / (2 * h)]
            if value is None:
                value, error = finer[0], np.full(finer[0].shape, np.inf)
            for power, before in enumerate(coarser, 1):
                last = finer[-1]
                better = last + (last - before) / (RATIO ** (2 * power) - 1)
                finer.append(better)
                doubt = np.maximum(np.abs(better - last), np.abs(better - before)) + rounding
                improved = doubt < error  # never if it is nan
                value, error = np.where(improved, better, value), np.where(improved, doubt, error)
            if (error <= ENOUGH * np.abs(value)).all():
                break
    return Estimate(value, error)


class Kink(NamedTuple):
    """The slopes on the left and on the right of a point where they differ."""

    left: float
    right: float
    is_jump: bool
    """Whether the value itself jumps: then the slopes grow without bound as the step becomes shorter."""


def kink_at_0(function: Callable[[float], float], noise: float = 0.0) -> Kink | None:
    """The kink or jump of a function at 0 or very near; None if it is smooth there.

    Where a function is smooth, the slopes on the two sides come together as the step becomes shorter; at a
    kink they stay apart, at a jump they grow.
    """
    here = function(0.0)
    sides = [((here - function(-h)) / h, (function(h) - here) / h) for h in STEPS[3:7]]
    gaps = [abs(right - left) for left, right in sides]
    steepness = [max(map(abs, pair)) for pair in sides]
    rounding = 4 * ROUNDINGS * max(noise, UNIT * abs(here)) / STEPS[6]
    (left, right), grows = sides[-1], steepness[-1] > 2 * steepness[0] + rounding
    if not np.isfinite(gaps).all():
        return None
    if grows or gaps[-1] > max(0.5 * max(gaps), 1e-3 * max(steepness) + rounding):
        return Kink(left, right, grows)
    return None
