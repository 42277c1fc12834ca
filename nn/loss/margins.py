"""Losses that are 0 once an output is on the right side by a margin."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd.traced import opaque

from ..arrays import array_in
from .reduction import PLAIN, checked_reduction, reduced, target_like

__all__ = ["hinge_embedding_loss", "hinge_loss"]


def hinge_loss(input: Any, target: Any, reduction: str = "mean", margin: float = 1.0) -> Any:  # noqa: A002
    """max(0, margin − y s): the loss of support vector machines, and of micrograd's two moons.

    Args:
        input: scores s; the sign is the class.
        target: y, −1 or 1, in the same shape.
        reduction: `"mean"`, `"sum"` or `"none"`.
        margin: how far on the right side a score must be to cost nothing.

    >>> from autograd import tensor
    >>> hinge_loss(tensor([0.5, 2.0, -1.0]), tensor([1.0, 1.0, -1.0]), reduction="none")
    tensor([0.5, 0. , 0. ])

    Cortes and Vapnik (1995).  PyTorch has none: `hinge_embedding_loss` is another.
    """
    checked_reduction(reduction, PLAIN, "hinge_loss")
    target = _signs(input, target, "hinge_loss")
    return reduced(autograd.relu(margin - target * input), reduction)


def hinge_embedding_loss(input: Any, target: Any, margin: float = 1.0, reduction: str = "mean") -> Any:  # noqa: A002
    """The distance d of a pair that belongs together, y = 1; max(0, margin − d) of one that does not, y = −1.

    Args:
        input: distances d, any shape.
        target: y, −1 or 1, in the same shape.
        margin: how far apart is far enough.
        reduction: `"mean"`, `"sum"` or `"none"`.

    Hadsell et al. (2006).
    """
    checked_reduction(reduction, PLAIN, "hinge_embedding_loss")
    target = _signs(input, target, "hinge_embedding_loss")
    return reduced(autograd.where(target == 1, input, autograd.relu(margin - input)), reduction)


def _signs(input: Any, target: Any, name: str) -> Any:  # noqa: A002 - as the functions call it
    target = target_like(input, target, name)
    opaque(_check_signs, array_in(target), name)
    return target


def _check_signs(target: np.ndarray[Any, Any], name: str) -> None:
    if not ((target == 1) | (target == -1)).all():
        raise ValueError(f"{name}: targets must be -1 or 1: write 2 * target - 1 for classes 0 and 1")
