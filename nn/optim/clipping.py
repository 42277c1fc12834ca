"""Gradients that are too large, made smaller before a step."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import Tensor, tensor

from .blocks import blocks_of, parameters_of

__all__ = ["clip_grad_norm_", "clip_grad_value_"]


def clip_grad_norm_(
    parameters: Any, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False
) -> Tensor:
    """Scale all gradients alike, by min(1, max_norm / ‖g‖), where g is all of them in one vector.

    Args:
        parameters: tensors or `Value`s; those without a gradient are left out.
        max_norm: the largest norm that stays.
        norm_type: p of the p-norm ‖g‖; `float("inf")` for the largest entry.
        error_if_nonfinite: raise a RuntimeError, and change nothing, if the norm is infinite or nan.

    Returns:
        The norm as it was.

    >>> import autograd, nn
    >>> w = nn.Parameter(autograd.zeros(2))
    >>> w.grad = autograd.tensor([3.0, 4.0])
    >>> nn.optim.clip_grad_norm_([w], max_norm=1.0)
    tensor(5.)
    >>> [round(number, 4) for number in w.grad.tolist()]
    [0.6, 0.8]

    Pascanu, Mikolov and Bengio (2013).
    """
    found = [(block, block.gradient()) for block in blocks_of(parameters_of(parameters, "clip_grad_norm_"))]
    gradients = [(block, g) for block, g in found if g is not None]
    norms = [np.linalg.norm(g, norm_type) if g.size else g.sum() for _, g in gradients]
    total = np.linalg.norm(norms, norm_type) if norms else np.float32(0)
    if error_if_nonfinite and not np.isfinite(total):
        raise RuntimeError(f"clip_grad_norm_: the norm of the gradients is {total}: look for it with detect_anomaly()")
    scale = float(max_norm) / (total + 1e-6)  # PyTorch's: no gradient divides by 0
    for block, g in gradients:
        block.store_gradient(g * g.dtype.type(1.0 if scale > 1 else scale))
    return tensor(total)


def clip_grad_value_(parameters: Any, clip_value: float) -> None:
    """Bring every entry of the gradients between -clip_value and clip_value.

    Args:
        parameters: tensors or `Value`s; those without a gradient are left out.
        clip_value: the largest size that stays.
    """
    for block in blocks_of(parameters_of(parameters, "clip_grad_value_")):
        gradient = block.gradient()
        if gradient is not None:
            block.store_gradient(np.clip(gradient, -clip_value, clip_value))
