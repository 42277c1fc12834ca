"""Losses that are one operation, because what the last layer of a network and its loss share is computed once."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..array_op import ArrayOp
from .reductions import softmax
from .shapes import broadcast_to, put

__all__ = ["cross_entropy"]


def _cross_entropy(a: Any, index: Any) -> Any:
    """Mean of log Σ eᵃ - a[index], with the largest element of each row subtracted first."""
    shifted = a - np.maximum.reduce(a, -1, keepdims=True)
    picked = shifted[np.arange(len(index)), index]
    return np.add.reduce(np.log(np.add.reduce(np.exp(shifted), -1)) - picked) / len(index)


def _cross_entropy_pullback(g: Any, y: Any, a: Any, index: Any) -> Any:
    """(softmax - 1 at the index) / n."""
    rows = np.arange(len(index))
    share = g / len(index)
    return softmax(a, axis=-1) * share - put(broadcast_to(share, shape=index.shape), index=(rows, index), shape=a.shape)


cross_entropy = ArrayOp(
    "cross_entropy", "The mean of -log softmax at the index of the right class, one row for each example.",
    _cross_entropy,
    _cross_entropy_pullback,
    needs=("a",),
)  # fmt: skip
