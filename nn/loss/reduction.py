"""What becomes of the errors of single elements, and what all losses ask of a target."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

import autograd
from autograd import as_tensor

__all__ = [
    "DIVERGENCES",
    "PLAIN",
    "SQUARES",
    "checked_reduction",
    "positive",
    "reduced",
    "target_like",
    "weighted",
]

PLAIN = ("mean", "sum", "none")
DIVERGENCES = ("mean", "batchmean", "sum", "none")
SQUARES = ("mean", "batchmean", "sum", "half_mean", "half_batchmean", "half_sum", "none")


def reduced(errors: Any, reduction: str) -> Any:
    """The errors of the single elements, summed up as the reduction says."""
    if reduction == "none":
        return errors
    if reduction == "mean":
        return autograd.mean(errors)
    total = autograd.sum(errors)
    if reduction == "sum":
        return total
    examples = errors.shape[0] if errors.ndim else 1
    divisors = {
        "batchmean": examples,
        "half_sum": 2,
        "half_batchmean": 2 * examples,
        "half_mean": 2 * math.prod(errors.shape),
    }
    return total / float(divisors[reduction])


def checked_reduction(reduction: str, known: Sequence[str], name: str) -> str:
    if reduction not in known:
        raise ValueError(f"{name}: reduction must be one of {', '.join(known)}, got {reduction!r}")
    return reduction


def target_like(input: Any, target: Any, name: str) -> Any:  # noqa: A002 - as the functions call it
    """The target as a tensor, if it has the shape of the input: broadcasting would compare every pair."""
    if isinstance(target, (int, float, list, tuple, np.ndarray)):
        target = as_tensor(target, dtype=input.dtype)
    if target.shape != input.shape:
        raise ValueError(
            f"{name}: input {input.shape} and target {target.shape} differ: give one target for each element, "
            "by reshape or unsqueeze"
        )
    return target


def weighted(errors: Any, weight: Any) -> Any:
    return errors if weight is None else errors * weight


def positive(number: float, name: str, what: str) -> float:
    if not number > 0:
        raise ValueError(f"{name}: {what} must be above 0, got {number}")
    return float(number)
