"""Datasets: samples that have numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autograd import Tensor, as_tensor

__all__ = ["Dataset", "Subset", "TensorDataset"]


class Dataset:
    """Samples with the numbers 0 to len(dataset) - 1.

    A subclass defines `__len__` and `__getitem__`; one that can make a whole batch at once, faster than one sample
    at a time, may define `batch(indices)`, too.

    >>> import nn
    >>> class Squares(nn.data.Dataset):
    ...     def __len__(self):
    ...         return 5
    ...     def __getitem__(self, index):
    ...         return index, index**2
    >>> list(nn.data.DataLoader(Squares(), batch_size=3))
    [(tensor([0, 1, 2]), tensor([0, 1, 4])), (tensor([3, 4]), tensor([ 9, 16]))]
    """

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(f"{type(self).__name__}: a dataset must define __getitem__(self, index)")

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__}: a dataset must define __len__(self)")

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in range(len(self)))


class TensorDataset(Dataset):
    """Sample i is the tuple of the i-th rows of some tensors.

    Args:
        tensors: tensors or arrays whose first axes are equally long.

    Raises:
        ValueError: they are not, or there are none.
    """

    def __init__(self, *tensors: Any) -> None:
        self.tensors: tuple[Tensor, ...] = tuple(map(as_tensor, tensors))
        if not tensors or any(tensor.ndim == 0 for tensor in self.tensors):
            raise ValueError("TensorDataset: takes tensors whose first axes number the samples")
        lengths = [len(tensor) for tensor in self.tensors]
        if len(set(lengths)) > 1:
            raise ValueError(f"TensorDataset: the first axes must be equally long, they are {lengths}")

    def __len__(self) -> int:
        return len(self.tensors[0])

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def batch(self, indices: Sequence[int]) -> tuple[Tensor, ...]:
        """The samples with these numbers, each tensor indexed once."""
        return self[np.asarray(indices, np.int64)]


class Subset(Dataset):
    """Some samples of a dataset.

    Args:
        dataset: the whole.
        indices: the numbers of the samples in it.
    """

    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = [int(index) for index in indices]

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int) -> Any:
        return self.dataset[self.indices[index]]

    def batch(self, indices: Sequence[int]) -> Any:
        """The samples with these numbers; None if the dataset cannot make a batch at once."""
        make = getattr(self.dataset, "batch", None)
        return make([self.indices[index] for index in indices]) if make else None
