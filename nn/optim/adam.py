"""Adam, and AdamW, which differs in how weights decay."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from .blocks import Array
from .optimizer import Optimizer, average

__all__ = ["Adam", "AdamW"]


class Adam(Optimizer):
    """Steps of about the same length η for every number, whatever the scale of its gradient.

    m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², and with m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ), averages that are
    not drawn to their beginning at 0: x ← x − η m̂ / (√v̂ + ε).

    Args:
        params: what to change: see `Optimizer`.
        lr: the learning rate η.
        betas: β₁ and β₂, how slowly the averages forget.
        eps: ε, against a division by 0.
        weight_decay: λ; λx is added to the gradient g.
        amsgrad: divide by the largest v so far.
        maximize: climb instead.

    >>> import autograd, nn
    >>> w = nn.Parameter(autograd.tensor([1.0, 100.0]))
    >>> optimizer = nn.optim.Adam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> [round(number, 4) for number in w.tolist()]
    [0.9, 99.9]

    Kingma and Ba (2015); amsgrad: Reddi, Kale and Kumar (2018).
    """

    _decoupled = False

    def __init__(
        self,
        params: Any = None,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        options = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, {**options, "amsgrad": amsgrad, "maximize": maximize})

    def _check(self, options: Mapping[str, Any]) -> None:
        super()._check(options)
        if not all(0 <= beta < 1 for beta in options["betas"]):
            raise ValueError(f"{type(self).__name__}: betas must be from 0 to below 1, got {options['betas']}")

    def _buffers(self, group: Mapping[str, Any]) -> dict[str, float]:
        buffers = {"exp_avg": 0.0, "exp_avg_sq": 0.0}
        return {**buffers, "max_exp_avg_sq": 0.0} if group["amsgrad"] else buffers

    def _update(self, x: Array, g: Array, buffers: dict[str, Array], step: int, group: Mapping[str, Any]) -> None:
        lr, weight_decay, (beta1, beta2) = group["lr"], group["weight_decay"], group["betas"]
        spare, m, v = self._spare(x), buffers["exp_avg"], buffers["exp_avg_sq"]
        if self._decoupled:
            if weight_decay:
                x *= 1 - lr * weight_decay
            weight_decay = 0
        g = self._penalized(x, g, group, weight_decay)
        average(m, g, beta1, spare)
        average(v, np.multiply(g, g, out=spare), beta2, spare)
        if group["amsgrad"]:
            v = np.maximum(buffers["max_exp_avg_sq"], v, out=buffers["max_exp_avg_sq"])
        # m̂ / (√v̂ + ε) = c m / ((1 − β₁ᵗ) (√v + cε)) with c = √(1 − β₂ᵗ): the corrections stay outside the arrays
        c = math.sqrt(1 - beta2**step)
        np.sqrt(v, out=spare)
        spare += c * group["eps"]
        np.divide(m, spare, out=spare)
        spare *= lr * c / (1 - beta1**step)
        x -= spare


class AdamW(Adam):
    """Adam with weights that decay by themselves: x ← x − ηλx before the step, and g stays as it is.

    Args: see `Adam`.

    Loshchilov and Hutter (2019).
    """

    _decoupled = True

    def __init__(
        self,
        params: Any = None,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize)
