"""RMSprop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .blocks import Array
from .optimizer import Optimizer, average

__all__ = ["RMSprop"]


class RMSprop(Optimizer):
    """Divides each gradient by the root of the mean of its squares: v ← αv + (1 − α)g², x ← x − ηg / (√v + ε).

    Args:
        params: what to change: see `Optimizer`.
        lr: the learning rate η.
        alpha: α, how slowly the mean forgets.
        eps: ε, against a division by 0.
        weight_decay: λ; λx is added to the gradient g.
        momentum: μ; b ← μb + g / (√v + ε), x ← x − ηb.
        centered: divide by the standard deviation, √(v − a²) with a the mean of g.
        maximize: climb instead.

    Hinton (2012), lecture 6e; centred: Graves (2013).
    """

    def __init__(
        self,
        params: Any = None,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        options = {"lr": lr, "alpha": alpha, "eps": eps, "weight_decay": weight_decay, "momentum": momentum}
        super().__init__(params, {**options, "centered": centered, "maximize": maximize})

    def _check(self, options: Mapping[str, Any]) -> None:
        super()._check(options)
        if not options["alpha"] >= 0:
            raise ValueError(f"RMSprop: alpha must be at least 0, got {options['alpha']!r}")

    def _buffers(self, group: Mapping[str, Any]) -> dict[str, float]:
        buffers = {"square_avg": 0.0}
        if group["momentum"] > 0:
            buffers["momentum_buffer"] = 0.0
        if group["centered"]:
            buffers["grad_avg"] = 0.0
        return buffers

    def _update(self, x: Array, g: Array, buffers: dict[str, Array], step: int, group: Mapping[str, Any]) -> None:
        spare, v = self._spare(x), buffers["square_avg"]
        g = self._penalized(x, g, group, group["weight_decay"])
        average(v, np.multiply(g, g, out=spare), group["alpha"], spare)
        if group["centered"]:
            a = buffers["grad_avg"]
            average(a, g, group["alpha"], spare)
            v = np.subtract(v, np.multiply(a, a, out=spare), out=spare)
        np.sqrt(v, out=spare)
        spare += group["eps"]
        np.divide(g, spare, out=spare)
        if group["momentum"] > 0:
            b = buffers["momentum_buffer"]
            b *= group["momentum"]
            b += spare
            spare[...] = b
        spare *= group["lr"]
        x -= spare
