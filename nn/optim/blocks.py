"""What optimisers compute with: parameters as flat arrays of numbers, each with its gradient."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import numpy as np

from autograd import Node, Tensor, Value

__all__ = ["Array", "Block", "blocks_of", "parameters_of"]

Array = np.ndarray[Any, Any]


class Block(Protocol):
    """Parameters that are updated together."""

    @property
    def parameters(self) -> Sequence[Node]:
        """The parameters themselves."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of what an optimiser remembers of them."""

    def numbers(self) -> Array:
        """All their numbers in a row."""

    def gradient(self) -> Array | None:
        """Their gradient in a row; None before a backward pass reached them."""

    def store(self, numbers: Array) -> None:
        """Give them these numbers."""

    def store_gradient(self, gradient: Array) -> None:
        """Give them this gradient."""


class TensorBlock:
    """One tensor, whose numbers are changed where they lie."""

    def __init__(self, tensor: Tensor) -> None:
        self.parameters = (tensor,)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.parameters[0].shape

    def numbers(self) -> Array:
        return self.parameters[0].numpy(force=True).reshape(-1)  # a copy if they do not lie one after another

    def gradient(self) -> Array | None:
        gradient = self.parameters[0].grad
        return None if gradient is None else gradient.numpy(force=True).reshape(-1)

    def store(self, numbers: Array) -> None:
        own = self.parameters[0].numpy(force=True)
        if not np.may_share_memory(own, numbers):
            own[...] = numbers.reshape(own.shape)

    def store_gradient(self, gradient: Array) -> None:
        self.parameters[0].grad = gradient.reshape(self.shape)


class ValueBlock:
    """Several scalars, which one operation on a vector of them all updates at once."""

    def __init__(self, values: Sequence[Value]) -> None:
        self.parameters = values

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.parameters),)

    def numbers(self) -> Array:
        return np.array([value.data for value in self.parameters])

    def gradient(self) -> Array:
        return np.array([float(value.grad) for value in self.parameters])

    def store(self, numbers: Array) -> None:
        for value, number in zip(self.parameters, numbers.tolist(), strict=True):
            value.data = number

    def store_gradient(self, gradient: Array) -> None:
        for value, number in zip(self.parameters, gradient.tolist(), strict=True):
            value.grad = number


def parameters_of(params: Any, name: str) -> list[Any]:
    """A parameter, or an iterable of them, as a list.

    Args:
        params: what was given.
        name: of the function it was given to, for the errors.
    """
    if isinstance(params, (Tensor, Value)):
        return [params]
    if not isinstance(params, Iterable) or isinstance(params, (str, bytes)):
        hint = f": write {name}(lr={params})" if isinstance(params, (int, float)) else ""
        raise TypeError(f"{name}: params must be parameters in a list, got {params!r}{hint}")
    found = list(params)
    for parameter in found:
        if not isinstance(parameter, (Tensor, Value)):
            raise TypeError(
                f"{name}: params must be tensors or Values, got {parameter!r}, a {type(parameter).__name__}"
            )
    return found


def blocks_of(parameters: Sequence[Any]) -> list[Block]:
    """Each tensor by itself, and all scalars together."""
    blocks: list[Block] = [TensorBlock(parameter) for parameter in parameters if isinstance(parameter, Tensor)]
    values = [parameter for parameter in parameters if isinstance(parameter, Value)]
    return [*blocks, ValueBlock(values)] if values else blocks
