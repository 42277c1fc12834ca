"""Dropout: training with some of the activations left out."""

from __future__ import annotations

from typing import Any

from autograd import Tensor, no_grad, rand, where

from .module import Module

__all__ = ["Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "dropout"]


def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:  # noqa: A002
    """Each element is 0 with probability p, else x / (1 − p), so that its mean stays.

    Args:
        input: any shape.
        p: the probability.
        training: whether to do anything.
        inplace: accepted for PyTorch's sake; the result has memory of its own.

    Srivastava et al. (2014).
    """
    return _dropped(input, _probability(p, "dropout"), input.shape) if training else input


def _dropped(x: Any, p: float, shape: tuple[int, ...]) -> Any:
    """The same with a mask of this shape, which is broadcast."""
    if p == 0:
        return x
    with no_grad():
        chance: Any = rand(*shape, dtype=x.dtype)
        mask = where(chance < p, 0.0, 1 / (1 - p) if p < 1 else 0.0).type(x.dtype)
    return x * mask


def _probability(p: float, name: str) -> float:
    if not 0 <= p <= 1:
        raise ValueError(f"{name}: p must be a probability, between 0 and 1, got {p}")
    return p


class Dropout(Module):
    """In training each element is 0 with probability p, else x / (1 − p); after `eval()` nothing happens.

    Args:
        p: the probability.
        inplace: accepted for PyTorch's sake; the result has memory of its own.

    The numbers are drawn from `autograd`'s generator: `autograd.manual_seed` makes them the same again.

    >>> import autograd
    >>> layer = Dropout(0.5).eval()
    >>> layer(autograd.ones(3))
    tensor([1., 1., 1.])

    Srivastava et al. (2014).
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        self.p = _probability(p, type(self).__name__)
        self.inplace = inplace

    def forward(self, x: Tensor) -> Any:
        return dropout(x, self.p, self.training)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class _ChannelDropout(Dropout):
    """Dropout of whole channels; neighbours in an image are too alike to leave out one by one."""

    rank: int

    def forward(self, x: Tensor) -> Any:
        if x.ndim not in (self.rank + 1, self.rank + 2):
            axes = ", ".join(("C", *"DHW"[3 - self.rank :]))
            raise ValueError(f"{self._label()}: takes (N, {axes}) or ({axes}), got an input of {x.shape}")
        return _dropped(x, self.p, (*x.shape[: -self.rank], *(1,) * self.rank)) if self.training else x


class Dropout1d(_ChannelDropout):
    """Dropout of whole channels of signals (N, C, L); see `Dropout2d`."""

    rank = 1


class Dropout2d(_ChannelDropout):
    """In training each channel of each image (N, C, H, W) is 0 with probability p, else x / (1 − p).

    Tompson et al. (2015).
    """

    rank = 2


class Dropout3d(_ChannelDropout):
    """Dropout of whole channels of volumes (N, C, D, H, W); see `Dropout2d`."""

    rank = 3
