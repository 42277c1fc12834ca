"""Smaller models that compute the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd import Parameter

from .containers import Sequential
from .linear import Identity, Linear
from .module import Module

__all__ = ["fold"]


def fold(model: Sequential) -> Sequential:
    """Make one linear layer of each run of linear layers: without a nonlinearity between them depth adds nothing.

        W₃ (W₂ (W₁ x + b₁) + b₂) + b₃ = (W₃ W₂ W₁) x + (W₃ W₂ b₁ + W₃ b₂ + b₃)

    Args:
        model: modules one after another, `Sequential`s in it too; `Identity` is left out.

    Returns:
        a new model with the same outputs up to rounding; modules that are not folded are those of the old one.

    Raises:
        ValueError: one layer gives another number of features than the next one takes.

    Deck 2, "'Compressing' Neural Networks", whose x W is here x Wᵀ.

    >>> import nn
    >>> fold(nn.Sequential(nn.Linear(784, 64), nn.Linear(64, 32), nn.Linear(32, 10)))
    Sequential(
      (0): Linear(in_features=784, out_features=10, bias=True)
    )
    """
    if not isinstance(model, Sequential):
        raise TypeError(f"fold: takes a Sequential, got {model!r}: write fold(nn.Sequential(...))")
    folded: list[Module] = []
    for module in _in_a_row(model):
        if folded and _is_plain(module, Linear) and _is_plain(folded[-1], Linear):
            folded[-1] = _product(folded[-1], module)
        else:
            folded.append(module)
    return Sequential(*folded)


def _in_a_row(model: Module) -> Iterator[Module]:
    """The modules one after another, those of inner `Sequential`s in their place."""
    for module in model.children():
        if _is_plain(module, Sequential):
            yield from _in_a_row(module)
        elif not _is_plain(module, Identity):
            yield module


def _is_plain(module: Module, kind: type[Module]) -> bool:
    """Whether a module does what its class says, and nothing else: subclasses and hooks may."""
    return type(module) is kind and not module._hooks


def _product(first: Any, second: Any) -> Linear:
    """The layer that does what two layers do one after the other."""
    if first.out_features != second.in_features:
        raise ValueError(f"fold: a layer gives {first.out_features} features, the next takes {second.in_features}")
    (W1, b1), (W2, b2) = (_numbers(layer) for layer in (first, second))
    has_bias = first.bias is not None or second.bias is not None
    dtype = np.result_type(first.weight.dtype, second.weight.dtype)
    layer = Linear(first.in_features, second.out_features, has_bias, dtype=dtype)
    layer.weight = Parameter((W2 @ W1).astype(dtype))
    if has_bias:
        layer.bias = Parameter((W2 @ b1 + b2).astype(dtype))
    return layer


def _numbers(layer: Any) -> tuple[Any, Any]:
    """Weight and bias in float64, so that each product is rounded once."""
    weight = layer.weight.detach().numpy().astype(np.float64)
    bias = np.zeros(len(weight)) if layer.bias is None else layer.bias.detach().numpy().astype(np.float64)
    return weight, bias
