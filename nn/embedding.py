"""Embeddings: a learnt vector for each word, or whatever else has a number."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd import Parameter, Tensor, as_tensor, no_grad
from autograd.traced import opaque

from .arrays import array_in
from .linear import _count
from .module import Module

__all__ = ["Embedding", "embedding", "one_hot"]


def embedding(input: Any, weight: Any, padding_idx: int | None = None) -> Any:  # noqa: A002 - PyTorch's names
    """The rows of `weight` that the indices name.

    Args:
        input: indices of any shape.
        weight: (number of embeddings, length of each).
        padding_idx: a row that gets no gradient.

    Returns:
        (*input.shape, length of each).

    Raises:
        TypeError: the indices are not integers.
        IndexError: there is no such row.
    """
    index = in_range(whole_numbers(input, "embedding"), weight.shape[0], "embedding", "index", "embeddings")
    rows = weight[index]
    if padding_idx is None:
        return rows
    padding = as_tensor((index == padding_idx)[..., None])
    return autograd.where(padding, weight.detach()[padding_idx], rows)


def one_hot(tensor: Any, num_classes: int = -1) -> Tensor:
    """For each index a row with 1 in its place, else 0.

    Args:
        tensor: indices of any shape.
        num_classes: the length of the rows; -1 for the largest index and one more.

    >>> one_hot(autograd.tensor([1, 0]), 3)
    tensor([[0, 1, 0],
            [1, 0, 0]])
    """
    index = whole_numbers(tensor, "one_hot")
    if num_classes == -1:
        if not index.size:
            raise ValueError("one_hot: without indices num_classes must be given")
        num_classes = int(index.max()) + 1
    index = in_range(index, num_classes, "one_hot", "class", "classes")
    return as_tensor((index[..., None] == np.arange(num_classes)).astype(np.int64))


def whole_numbers(x: Any, name: str) -> np.ndarray[Any, Any]:
    """Indices as an array."""
    index = array_in(x)
    if index.dtype.kind not in "iu":
        raise TypeError(f"{name}: indices must be integers, got {index.dtype}: write x.long()")
    return index


def in_range(index: np.ndarray[Any, Any], count: int, name: str, what: str, whose: str) -> np.ndarray[Any, Any]:
    """A copy of the indices, which backward keeps, if all are from 0 to count - 1; else an error names the worst."""
    return opaque(_checked, index, count, name, what, whose)  # type: ignore[no-any-return]


def _checked(index: np.ndarray[Any, Any], count: int, name: str, what: str, whose: str) -> np.ndarray[Any, Any]:
    if index.size and (index.min() < 0 or index.max() >= count):
        worst = index.min() if index.min() < 0 else index.max()
        raise IndexError(f"{name}: {what} {worst} is out of range for {count} {whose}, 0 to {count - 1}")
    return index.copy()


class Embedding(Module):
    """A table of vectors: y = weight[x].

    Args:
        num_embeddings: how many vectors there are.
        embedding_dim: how long each is.
        padding_idx: one that begins as 0 and is not learnt, for places that hold nothing; from the end if negative.
        dtype: of the vectors.

    Shapes: x holds integers of any shape, y is (*x.shape, embedding_dim), `weight` (num_embeddings, embedding_dim).
    It begins normal with mean 0 and variance 1, as in PyTorch.

    >>> words = Embedding(10, 3)
    >>> words(autograd.tensor([[1, 2, 4, 5], [4, 3, 2, 9]])).shape
    (2, 4, 3)

    Bengio et al. (2003).
    """

    def __init__(
        self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.num_embeddings = _count(num_embeddings, "Embedding", "num_embeddings")
        self.embedding_dim = _count(embedding_dim, "Embedding", "embedding_dim")
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise ValueError(f"Embedding: padding_idx {padding_idx} is out of range for {num_embeddings} embeddings")
        self.padding_idx = None if padding_idx is None else padding_idx % num_embeddings
        self.weight = Parameter(autograd.randn(num_embeddings, embedding_dim, dtype=dtype))
        if padding_idx is not None:
            with no_grad():
                self.weight[padding_idx] = 0.0

    @classmethod
    def from_pretrained(cls, embeddings: Any, freeze: bool = True, padding_idx: int | None = None) -> Embedding:
        """A layer with these vectors, (num_embeddings, embedding_dim), which are not learnt if frozen."""
        vectors = as_tensor(embeddings)
        if vectors.ndim != 2:
            raise ValueError(
                f"Embedding: from_pretrained takes one vector in each row of a matrix, got {vectors.shape}"
            )
        number, length = vectors.shape
        layer = cls(number, length, padding_idx)
        layer.weight = Parameter(vectors, requires_grad=not freeze)
        return layer

    def forward(self, x: Any) -> Any:
        return embedding(x, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"
