"""How demos print vectors."""

from __future__ import annotations

from autograd import Tensor

__all__ = ["vector"]


def vector(x: Tensor) -> str:
    """Numbers with two decimals, in brackets.

    >>> from autograd import tensor
    >>> vector(tensor([1.0, -0.125]))
    '[ 1.00 -0.12]'
    """
    return "[" + " ".join(f"{number:z5.2f}" for number in x.tolist()) + "]"
