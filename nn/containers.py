"""Modules that hold others: one after another, in a list, by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .dense import Dense
from .model import Model
from .module import Module

__all__ = ["ModuleDict", "ModuleList", "Sequential"]


class _Numbered(Module):
    """Modules called by numbers, `0`, `1`, and so on, or by the names they are given."""

    def _of(self, key: int | str | slice) -> Any:
        entries = list(self._entries())
        if isinstance(key, slice):
            chosen = type(self)()
            for name, module in entries[key]:
                chosen._put(name, module)
            return chosen
        if isinstance(key, str):
            return dict(entries)[key]
        try:
            return entries[key][1]
        except IndexError:
            raise IndexError(f"{type(self).__name__}: has {len(entries)} modules, there is no number {key}") from None

    def _entries(self) -> Iterator[tuple[str, Module]]:
        return ((name, value) for name, value in vars(self).items() if isinstance(value, Module))

    def _put(self, name: str, module: Any) -> None:
        if not isinstance(module, Module):
            raise TypeError(f"{type(self).__name__}: holds modules, got {module!r}, a {type(module).__name__}")
        setattr(self, name, module)

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules with their names; one that stands there twice comes twice."""
        return self._entries()

    def __len__(self) -> int:
        return sum(1 for _ in self._entries())

    def __iter__(self) -> Iterator[Module]:
        return (module for _, module in self._entries())

    def __getitem__(self, key: int | str | slice) -> Any:
        return self._of(key)

    def __setitem__(self, key: int, module: Module) -> None:
        name = [name for name, _ in self._entries()][key]
        self._put(name, module)

    def append(self, module: Module) -> Any:
        """Add a module at the end."""
        self._put(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Any:
        """Add several modules at the end."""
        for module in modules:
            self.append(module)
        return self


class Sequential(_Numbered, Model):
    """Modules one after another: each takes what the one before gives; trained by hand, or with Keras's `fit`.

    Args:
        modules: the modules, or one dictionary of them by name.

    >>> import nn
    >>> nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.Linear(64, 10))
    Sequential(
      (0): Flatten(start_dim=1, end_dim=-1)
      (1): Linear(in_features=784, out_features=64, bias=True)
      (2): Linear(in_features=64, out_features=10, bias=True)
    )
    """

    def __init__(self, *modules: Any) -> None:
        super().__init__()
        if len(modules) == 1 and isinstance(modules[0], Mapping):
            for name, module in modules[0].items():
                self._put(name, module)
        else:
            self.extend(modules)

    def forward(self, x: Any) -> Any:
        for module in self:
            x = module(x)
        return x

    def add(self, module: Module) -> None:
        """Add a layer at the end; a `Dense` takes as many inputs as the layer before gives."""
        if isinstance(module, Dense) and not module.is_built:
            widths = (getattr(layer, "out_features", None) for layer in reversed(list(self)))
            features = next((width for width in widths if width), None)
            if features is not None:
                module.build(features)
        self.append(module)


class ModuleList(_Numbered):
    """Modules in a list, for a `forward` of your own to go through.

    >>> import nn
    >>> len(nn.ModuleList(nn.Linear(2, 2) for _ in range(3)))
    3
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        super().__init__()
        self.extend(modules)

    def insert(self, index: int, module: Module) -> None:
        """Put a module before the one with this number."""
        modules: list[Module] = list(self)
        modules.insert(index, module)
        for i, entry in enumerate(modules):
            self._put(str(i), entry)


class ModuleDict(Module):
    """Modules by name.

    >>> import nn
    >>> nn.ModuleDict({"first": nn.Linear(2, 3)})["first"].out_features
    3
    """

    def __init__(self, modules: Mapping[str, Module] | None = None) -> None:
        super().__init__()
        self.update(modules or {})

    def update(self, modules: Mapping[str, Module]) -> None:
        """Add or replace modules."""
        for name, module in modules.items():
            self[name] = module

    def keys(self) -> list[str]:
        """The names."""
        return [name for name, _ in self.named_children()]

    def values(self) -> list[Module]:
        """The modules."""
        return list(self.children())

    def items(self) -> list[tuple[str, Module]]:
        """Pairs of name and module."""
        return list(self.named_children())

    def __getitem__(self, name: str) -> Module:
        return dict(self.named_children())[name]

    def __setitem__(self, name: str, module: Module) -> None:
        if not isinstance(module, Module):
            raise TypeError(f"ModuleDict: holds modules, got {module!r}, a {type(module).__name__}")
        if hasattr(type(self), name):
            raise ValueError(f"ModuleDict: {name!r} is the name of a method: choose another")
        setattr(self, name, module)

    def __delitem__(self, name: str) -> None:
        delattr(self, name)

    def __contains__(self, name: object) -> bool:
        return name in self.keys()

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self.keys())
