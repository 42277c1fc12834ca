"""`Module`: what all layers and models have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from autograd import Value

__all__ = ["Module"]


class Module:
    """A part of a model: a function with parameters."""

    def __call__(self, *inputs: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__}: a module must define __call__(self, x)")

    def children(self) -> Iterator[Module]:
        """The modules that this one holds, in the order in which they were set."""
        for value in vars(self).values():
            for part in value if isinstance(value, (list, tuple)) else (value,):
                if isinstance(part, Module):
                    yield part

    def parameters(self) -> list[Value]:
        """Every parameter of the module and of the modules it holds, once even if two of them share it."""
        found = [parameter for child in self.children() for parameter in child.parameters()]
        return list(dict.fromkeys(found))

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to 0."""
        for parameter in self.parameters():
            parameter.zero_grad()
