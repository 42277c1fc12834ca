"""How far an answer is from the truth."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arrays import losses as rows
from ..arrays.reductions import plain
from ..traced import opaque
from .checks import as_carrier, floating

__all__ = ["cross_entropy", "mse_loss"]


def cross_entropy(input: Any, target: Any) -> Any:  # noqa: A002 - PyTorch's name
    """The mean of -log softmax(input) at the index of the right class.

    Args:
        input: (n, classes), a score for each class of each example.
        target: (n,), the index of the right class.

    >>> import autograd
    >>> autograd.cross_entropy(autograd.tensor([[0.0, 0.0]]), autograd.tensor([1]))
    tensor(0.6931472)
    """
    scores = floating(input, "cross_entropy")
    index = plain(target) if hasattr(target, "_data") else np.asarray(target)
    if scores.ndim != 2 or index.shape != scores.shape[:1] or not index.size:
        raise ValueError(
            f"cross_entropy: input {scores.shape} and target {index.shape}: needs (n, classes) and (n,), n at least 1"
        )
    if index.dtype.kind not in "iu":
        raise TypeError(f"cross_entropy: the target must be indices of classes, got {index.dtype}: write target.long()")
    return rows.cross_entropy(scores, index=opaque(_in_range, index, scores.shape), saved={})


def _in_range(index: np.ndarray[Any, Any], shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """A copy of the indices, since backward needs them as they are now, checked."""
    index = index.astype(np.int64)
    if np.maximum.reduce(index.view(np.uint64)) >= shape[1]:  # negative ones are huge then
        worst = index.min() if index.min() < 0 else index.max()
        raise IndexError(f"cross_entropy: class {worst} is out of range for the {shape[1]} of {shape}")
    return index


def mse_loss(input: Any, target: Any) -> Any:  # noqa: A002 - PyTorch's name
    """The mean of (input - target)² over all elements.

    Args:
        input: any shape.
        target: the same shape; broadcasting would compare every pair.

    >>> import autograd
    >>> autograd.mse_loss(autograd.tensor([1.0, 2.0]), autograd.tensor([1.0, 4.0]))
    tensor(2.)
    """
    input, target = floating(input, "mse_loss"), as_carrier(target, "mse_loss")  # noqa: A001
    if input.shape != target.shape:
        raise ValueError(f"mse_loss: input {input.shape} and target {target.shape} differ: give one for each element")
    return rows.mse_loss(input, target)
