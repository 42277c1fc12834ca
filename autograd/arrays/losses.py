"""Losses that are one operation, because what the last layer of a network and its loss share is computed once."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..array_op import ArrayOp
from .reductions import softmax

__all__ = ["cross_entropy"]


def _cross_entropy(a: Any, index: Any, saved: dict[str, Any]) -> Any:
    """Mean of log Σ eᵃ - a[index], with the largest element of each row subtracted first."""
    shifted = a - np.maximum.reduce(a, -1, keepdims=True)
    picked = shifted[np.arange(len(index)), index]
    e = np.exp(shifted)
    total = np.add.reduce(e, -1, keepdims=True)
    saved["softmax"] = e / total
    return (np.add.reduce(np.log(total), None) - np.add.reduce(picked)) / len(index)


def _cross_entropy_pullback(g: Any, y: Any, a: Any, index: Any, saved: dict[str, Any]) -> Any:
    """(softmax - 1 at the index) / n."""
    chosen = np.zeros(a.shape, bool)
    chosen[np.arange(len(index)), index] = True
    p = saved["softmax"] if isinstance(a, np.ndarray) else softmax(a, axis=-1)  # to be differentiated again
    return (p - chosen) * (g / len(index))


cross_entropy = ArrayOp(
    "cross_entropy", "The mean of -log softmax at the index of the right class, one row for each example.",
    _cross_entropy,
    _cross_entropy_pullback,
    needs=("a",),
)  # fmt: skip
