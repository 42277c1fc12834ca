"""How far numbers are from other numbers: squares, magnitudes, and what lies between."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd import Domain

from .reduction import PLAIN, SQUARES, checked_reduction, positive, reduced, target_like

__all__ = ["huber", "huber_loss", "l1_loss", "mse_loss", "smooth_l1_loss"]


def mse_loss(input: Any, target: Any, reduction: str = "mean") -> Any:  # noqa: A002 - PyTorch's names
    """The squared error, (y − ŷ)².

    Args:
        input: what a model gives, any shape.
        target: what it should give, in the same shape.
        reduction: how the elements are summed up; the names are in the module's table.

    >>> from autograd import tensor
    >>> predicted, actual = tensor([[1.0, 2.0], [3.0, 4.0]]), tensor([[1.0, 0.0], [3.0, 6.0]])
    >>> [mse_loss(predicted, actual, name).item() for name in ("mean", "batchmean", "half_batchmean")]
    [2.0, 4.0, 2.0]
    >>> [mse_loss(predicted, actual, name).item() for name in ("half_mean", "half_sum", "sum")]
    [1.0, 4.0, 8.0]
    """
    checked_reduction(reduction, SQUARES, "mse_loss")
    target = target_like(input, target, "mse_loss")
    if reduction == "mean":
        return autograd.mse_loss(input, target)
    return reduced(autograd.square(input - target), reduction)


def l1_loss(input: Any, target: Any, reduction: str = "mean") -> Any:  # noqa: A002 - PyTorch's names
    """The absolute error, |y − ŷ|.

    Args:
        input, target: of one shape.
        reduction: `"mean"`, `"sum"` or `"none"`.
    """
    checked_reduction(reduction, PLAIN, "l1_loss")
    return reduced(autograd.abs(input - target_like(input, target, "l1_loss")), reduction)


@autograd.op(
    lambda a, b, y: autograd.clip(a, -b, b),
    lambda a, b, y: autograd.relu(autograd.abs(a) - b),
    name="huber",
    domain=Domain(((-100.0, 100.0), (0.1, 10.0)), singular=lambda a, b: abs(a) - b),
)
def huber(a: Any, b: Any) -> Any:
    """½ a² up to b on either side, then on along the tangent: its slope is the error a, clipped at b."""
    inner = np.minimum(np.maximum(a, -b), b)
    return inner * (a - 0.5 * inner)


def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0) -> Any:  # noqa: A002
    """½ e² where the error e = ŷ − y is at most δ, else δ (|e| − ½ δ): outliers pull no harder than δ.

    Args:
        input, target: of one shape.
        reduction: `"mean"`, `"sum"` or `"none"`.
        delta: where the parabola becomes a line, δ > 0.

    Huber (1964).
    """
    checked_reduction(reduction, PLAIN, "huber_loss")
    error = input - target_like(input, target, "huber_loss")
    return reduced(huber(error, positive(delta, "huber_loss", "delta")), reduction)


def smooth_l1_loss(input: Any, target: Any, reduction: str = "mean", beta: float = 1.0) -> Any:  # noqa: A002
    """½ e² / β where |e| is at most β, else |e| − ½ β: the Huber loss over β; `l1_loss` for β = 0.

    Girshick (2015).
    """
    if beta == 0:
        return l1_loss(input, target, reduction)
    return huber_loss(input, target, reduction, positive(beta, "smooth_l1_loss", "beta")) / beta
