"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd.backends import onednn

from .blocks import Array
from .optimizer import Optimizer

__all__ = ["SGD"]


class SGD(Optimizer):
    """Gradient descent, with momentum if asked for: v ← μv + (1 − τ)g, x ← x − ηv.

    The first step has no v to dampen: it begins as g.  Nesterov's form looks ahead: x ← x − η(g + μv).

    Args:
        params: what to change: see `Optimizer`.
        lr: the learning rate η.
        momentum: μ, how much of the last step the next one keeps.
        dampening: τ.
        weight_decay: λ; λx is added to the gradient g.
        nesterov: take Nesterov's form.
        maximize: climb instead.

    >>> import autograd, nn
    >>> w = nn.Parameter(autograd.ones(2))
    >>> optimizer = nn.optim.SGD([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8, 0.8], requires_grad=True)

    Polyak (1964); Sutskever, Martens, Dahl and Hinton (2013).
    """

    def __init__(
        self,
        params: Any = None,
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        options = {"lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay}
        super().__init__(params, {**options, "nesterov": nesterov, "maximize": maximize})

    def _check(self, options: Mapping[str, Any]) -> None:
        super()._check(options)
        if options["nesterov"] and (options["momentum"] <= 0 or options["dampening"] != 0):
            raise ValueError("SGD: nesterov needs a momentum above 0 and a dampening of 0")

    def _buffers(self, group: Mapping[str, Any]) -> dict[str, float]:
        return {"momentum_buffer": 0.0} if group["momentum"] else {}

    def _updated_at_once(self, x: Array, g: Array, group: Mapping[str, Any]) -> bool:
        plain = not (group["momentum"] or group["weight_decay"] or group["maximize"])
        return plain and onednn.add_scaled(x, g, -group["lr"])

    def _update(self, x: Array, g: Array, buffers: dict[str, Array], step: int, group: Mapping[str, Any]) -> None:
        spare, momentum = self._spare(x), group["momentum"]
        g = self._penalized(x, g, group, group["weight_decay"])
        if momentum:
            v = buffers["momentum_buffer"]
            v *= momentum
            v += g if step == 1 else np.multiply(g, 1 - group["dampening"], out=spare)
            g = np.add(g, np.multiply(v, momentum, out=spare), out=spare) if group["nesterov"] else v
        x -= np.multiply(g, group["lr"], out=spare)
