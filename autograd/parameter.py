"""`Parameter`: a tensor that a module learns."""

from __future__ import annotations

from typing import Any

import numpy as np

from .conversions import as_array
from .tensor import Tensor, wrap

__all__ = ["Parameter"]

LEARNT = "learnt"
"""Marks a parameter, in the slot where a computed tensor keeps its settings: a leaf has none."""


class _IsParameter(type):
    """Parameters are tensors, of their very class: all operations on them are as fast as on any other."""

    def __instancecheck__(cls, x: Any) -> bool:
        return isinstance(x, Tensor) and x.is_leaf and x._b == LEARNT


class Parameter(metaclass=_IsParameter):
    """A leaf tensor that modules register when it is set as one of their attributes.

    Args:
        data: its numbers; those of an array or a tensor are not copied.
        requires_grad: whether it is learnt, or kept as it is.

    >>> import autograd
    >>> weight = autograd.Parameter(autograd.ones(2))
    >>> weight, isinstance(weight, autograd.Parameter), isinstance(autograd.ones(2), autograd.Parameter)
    (tensor([1., 1.], requires_grad=True), True, False)
    """

    def __new__(cls, data: Any = (), requires_grad: bool = True) -> Tensor:  # type: ignore[misc]
        parameter = wrap(np.asarray(as_array(data)))
        parameter._b = LEARNT
        return parameter.requires_grad_(requires_grad)
