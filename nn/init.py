"""How parameters begin: the rules of PyTorch's `torch.nn.init`, drawn from `autograd`'s generator."""

from __future__ import annotations

import math

from autograd import Tensor, no_grad, rand

__all__ = ["kaiming_uniform_", "uniform_"]


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0) -> Tensor:
    """Uniform between `a` and `b`."""
    with no_grad():
        return tensor.copy_(a + (b - a) * rand(*tensor.shape, dtype=tensor.dtype))


def kaiming_uniform_(tensor: Tensor, a: float = 0.0) -> Tensor:
    """Uniform in ±√(6 / ((1 + a²) fan_in))."""
    fan_in = tensor.shape[1] * math.prod(tensor.shape[2:])
    bound = math.sqrt(6 / ((1 + a * a) * fan_in)) if fan_in else 0.0
    return uniform_(tensor, -bound, bound)
