"""Adagrad."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .blocks import Array
from .optimizer import Optimizer

__all__ = ["Adagrad"]


class Adagrad(Optimizer):
    """Smaller steps for numbers that have moved much: s ← s + g², x ← x − ηₜ g / (√s + ε), ηₜ = η / (1 + (t − 1)δ).

    Args:
        params: what to change: see `Optimizer`.
        lr: the learning rate η.
        lr_decay: δ.
        weight_decay: λ; λx is added to the gradient g.
        initial_accumulator_value: what s is at first.
        eps: ε, against a division by 0.
        maximize: climb instead.

    Duchi, Hazan and Singer (2011).
    """

    def __init__(
        self,
        params: Any = None,
        lr: float = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
    ) -> None:
        options = {"lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, {**options, "initial_accumulator_value": initial_accumulator_value})

    def _check(self, options: Mapping[str, Any]) -> None:
        super()._check(options)
        for name in ("lr_decay", "initial_accumulator_value"):
            if not options[name] >= 0:
                raise ValueError(f"Adagrad: {name} must be at least 0, got {options[name]!r}")

    def _buffers(self, group: Mapping[str, Any]) -> dict[str, float]:
        return {"sum": group["initial_accumulator_value"]}

    def _update(self, x: Array, g: Array, buffers: dict[str, Array], step: int, group: Mapping[str, Any]) -> None:
        spare, s = self._spare(x), buffers["sum"]
        g = self._penalized(x, g, group, group["weight_decay"])
        s += np.multiply(g, g, out=spare)
        np.sqrt(s, out=spare)
        spare += group["eps"]
        np.divide(g, spare, out=spare)
        spare *= group["lr"] / (1 + (step - 1) * group["lr_decay"])
        x -= spare
