"""Losses that are one operation: less to compute than step by step, and a smaller graph."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ..array_op import ArrayOp
from ..traced import opaque
from .reductions import HALF, divided, mean, softmax

__all__ = ["cross_entropy", "mse_loss"]


@lru_cache(maxsize=16)
def _numbers_up_to(n: int) -> np.ndarray[Any, Any]:
    """0, 1, … n - 1: batches have few sizes."""
    numbers = np.arange(n)
    numbers.flags.writeable = False
    return numbers


def _cross_entropy(a: Any, index: Any, saved: dict[str, Any]) -> Any:
    """Mean of log Σ eᵃ - a[index], with the largest element of each row subtracted first.

    Computed with the examples as columns: there are few classes, and NumPy is slow along short rows.
    """
    columns = a.T.copy()
    columns -= np.maximum.reduce(columns, 0)
    right = index * len(index) + _numbers_up_to(len(index))  # where the right classes lie in memory
    picked = columns.take(right)
    np.exp(columns, out=columns)
    total = np.add.reduce(columns, 0)
    columns /= total
    columns.put(right, columns.take(right) - 1)
    saved["slope"] = columns.T
    return mean.forward(np.log(total) - picked)


def _cross_entropy_pullback(g: Any, y: Any, a: Any, index: Any, saved: dict[str, Any]) -> Any:
    """(softmax - 1 at the index) / n."""
    if isinstance(a, np.ndarray):
        return opaque(_slope, g, len(index), saved)
    # Can be differentiated again.
    return (softmax(a, axis=-1) - opaque(_one_hot, index, a.shape)) * divided(g, len(index))


def _slope(g: Any, n: int, saved: dict[str, Any]) -> Any:
    return saved["slope"] * divided(g, n)


def _one_hot(index: Any, shape: tuple[int, ...]) -> Any:
    """True at the index in every row."""
    chosen = np.zeros(shape, bool)
    chosen[np.arange(len(index)), index] = True
    return chosen


cross_entropy = ArrayOp(
    "cross_entropy", "The mean of -log softmax at the index of the right class, one row for each example.",
    _cross_entropy,
    _cross_entropy_pullback,
    needs=("a",),
)  # fmt: skip


def _mse_loss(a: Any, b: Any) -> Any:
    error = a - b
    if error.dtype == HALF:  # the squares may be beyond its largest number, and their mean not
        return mean.forward(np.square(error, dtype=np.float32)).astype(HALF)
    return mean.forward(error * error)


mse_loss = ArrayOp(
    "mse_loss", "The mean squared error: the mean of (a - b)² over all elements.",
    _mse_loss,
    lambda g, y, a, b: (a - b) * divided(2.0 * g, a.size),
    lambda g, y, a, b: (b - a) * divided(2.0 * g, a.size),
    needs=("ab", "ab"),
)  # fmt: skip
