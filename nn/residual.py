"""Residual connections."""

from __future__ import annotations

from typing import Any

from .containers import Sequential
from .linear import Identity
from .module import Module

__all__ = ["Residual"]


class Residual(Module):
    """y = shortcut(x) + body(x): the body learns what is to be added to its input.

    The gradient passes the sum unchanged, however deep the network is.

    Args:
        modules: the body; several are one after another.
        shortcut: the module that takes x past the body; the identity by default, which needs a body that keeps
            the shape.

    >>> import autograd, nn
    >>> block = Residual(nn.Linear(4, 8), nn.Linear(8, 4))
    >>> block(autograd.ones(2, 4)).shape
    (2, 4)

    He et al. (2016); the fourth deck's ResNet.
    """

    def __init__(self, *modules: Module, shortcut: Module | None = None) -> None:
        super().__init__()
        if not modules:
            raise TypeError("Residual: needs a body, as in nn.Residual(nn.Linear(4, 4))")
        self.body = modules[0] if len(modules) == 1 else Sequential(*modules)
        self.shortcut = Identity() if shortcut is None else shortcut

    def forward(self, x: Any) -> Any:
        past, added = self.shortcut(x), self.body(x)
        if past.shape != added.shape:
            raise ValueError(
                f"{self._label()}: cannot add {added.shape} from the body to {past.shape} from the shortcut: "
                "give shortcut= a module that makes the shapes equal"
            )
        return past + added
