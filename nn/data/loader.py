"""`DataLoader`: the samples of a dataset in batches."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

from autograd import Tensor, as_tensor, randperm, stack, tensor

__all__ = ["DataLoader", "default_collate"]


class DataLoader:
    """Goes through a dataset in batches, once per `for` loop.

    Args:
        dataset: has `len` and samples by number, as a `Dataset` or a list.
        batch_size: how many samples a batch has; the last may have fewer.
        shuffle: take them in another order each time.
        num_workers: how many threads make batches in advance; with 0, each is made when it is asked for.  The
            batches are the same, unless the dataset itself draws random numbers.
        collate_fn: makes a batch of a list of samples.
        pin_memory: accepted for PyTorch's sake.
        drop_last: leave the last batch out if it is smaller.
        generator: a NumPy generator that draws the orders.
        prefetch_factor: how many batches each thread is in advance.
        seed: makes the orders the same on every run: pass number e has that of (seed, e), whatever came before.

    Without a generator and a seed, the orders are drawn as `autograd.manual_seed` says.  `epoch` is the number of
    the next pass: set it to go on with training where a checkpoint stopped.

    Raises:
        ValueError: the dataset is empty, or an argument makes no sense.

    >>> import autograd, nn
    >>> x, y = autograd.arange(10).reshape(5, 2), autograd.arange(5)
    >>> for inputs, targets in nn.data.DataLoader(nn.data.TensorDataset(x, y), batch_size=2):
    ...     print(tuple(inputs.shape), targets)
    (2, 2) tensor([0, 1])
    (2, 2) tensor([2, 3])
    (1, 2) tensor([4])
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int = 1,
        shuffle: bool = False,
        *,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        generator: np.random.Generator | None = None,
        prefetch_factor: int = 2,
        seed: int | None = None,
    ) -> None:
        if not hasattr(dataset, "__len__") or not hasattr(dataset, "__getitem__"):
            raise TypeError(f"DataLoader: a dataset has __len__ and __getitem__, got {_brief(dataset)}")
        if len(dataset) == 0:
            raise ValueError("DataLoader: the dataset is empty: there is nothing to make batches of")
        if generator is not None and seed is not None:
            raise ValueError("DataLoader: the order comes from a generator or from a seed: give one of them")
        self.dataset = dataset
        self.batch_size = _whole(batch_size, "batch_size", 1)
        self.shuffle = shuffle
        self.num_workers = _whole(num_workers, "num_workers", 0)
        self.collate_fn = default_collate if collate_fn is None else collate_fn
        self.drop_last = drop_last
        self.generator = generator
        self.prefetch_factor = _whole(prefetch_factor, "prefetch_factor", 1)
        self.seed = seed
        self.epoch = 0

    def __len__(self) -> int:
        batches, rest = divmod(len(self.dataset), self.batch_size)
        return batches + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[Any]:
        order = self._order()
        self.epoch += 1
        chosen = [order[i * self.batch_size : (i + 1) * self.batch_size] for i in range(len(self))]
        return self._prefetched(chosen) if self.num_workers else map(self._batch, chosen)

    def _order(self) -> list[int]:
        """The numbers of the samples, as this pass takes them."""
        n = len(self.dataset)
        if not self.shuffle:
            return list(range(n))
        drawn = self.generator
        if self.seed is not None:
            drawn = np.random.default_rng([self.seed, self.epoch])
        order: list[int] = (randperm(n) if drawn is None else drawn.permutation(n)).tolist()
        return order

    def _batch(self, indices: list[int]) -> Any:
        if self.collate_fn is default_collate and hasattr(self.dataset, "batch"):
            batch = self.dataset.batch(indices)
            if batch is not None:
                return batch
        return self.collate_fn([self._sample(index) for index in indices])

    def _sample(self, index: int) -> Any:
        try:
            return self.dataset[index]
        except Exception as error:
            raise RuntimeError(f"DataLoader: sample {index}: {type(error).__name__}: {error}") from error

    def _prefetched(self, chosen: list[list[int]]) -> Iterator[Any]:
        """The same batches, made by threads while the caller works; they come in order."""
        pool = ThreadPoolExecutor(self.num_workers, thread_name_prefix="DataLoader")
        waiting: deque[Future[Any]] = deque()
        try:
            for indices in chosen:
                waiting.append(pool.submit(self._batch, indices))
                if len(waiting) > self.num_workers * self.prefetch_factor:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:  # also when the caller breaks off
            pool.shutdown(cancel_futures=True)


def default_collate(samples: Sequence[Any]) -> Any:
    """A batch of samples: tensors, arrays and numbers in one tensor with a new first axis; containers entry by entry.

    Args:
        samples: of one structure: tensors, arrays, numbers, texts, or tuples, lists and dictionaries of them.

    Texts stay in a list.  Python's floats become float64, as in PyTorch.

    Raises:
        TypeError: the samples are something else.
        ValueError: they differ in shape or structure.

    >>> import nn
    >>> nn.data.default_collate([{"x": 1, "name": "a"}, {"x": 2, "name": "b"}])
    {'x': tensor([1, 2]), 'name': ['a', 'b']}
    """
    first = samples[0]
    if isinstance(first, (str, bytes)):
        return list(samples)
    if isinstance(first, Mapping):
        if any(not isinstance(sample, Mapping) or sample.keys() != first.keys() for sample in samples):
            raise ValueError(f"collate: all samples of a batch must have the entries {', '.join(map(str, first))}")
        return {key: default_collate([sample[key] for sample in samples]) for key in first}
    if isinstance(first, (tuple, list)):
        return _collated_sequences(first, samples)
    if isinstance(first, (bool, int, float)):
        return tensor(samples, dtype=np.float64 if any(isinstance(x, float) for x in samples) else None)
    if hasattr(first, "__array__"):
        return _stacked(samples)
    raise TypeError(
        f"collate: cannot make a batch of {_brief(first)}: turn samples into tensors, as transform=ToTensor() does"
    )


def _collated_sequences(first: Any, samples: Sequence[Any]) -> Any:
    lengths = sorted({len(sample) for sample in samples})
    if len(lengths) > 1:
        raise ValueError(f"collate: all samples of a batch must be equally long, some have {lengths[0]} entries, "
                         f"some {lengths[-1]}")  # fmt: skip
    columns = [default_collate(column) for column in zip(*samples, strict=True)]
    if hasattr(first, "_fields"):
        return type(first)(*columns)
    return tuple(columns) if isinstance(first, tuple) else columns


def _stacked(samples: Sequence[Any]) -> Tensor:
    shapes = sorted({tuple(sample.shape) for sample in samples})
    if len(shapes) > 1:
        raise ValueError(
            f"collate: all samples of a batch must have one shape, some have {shapes[0]}, some {shapes[-1]}"
        )
    if any(isinstance(sample, Tensor) and sample.requires_grad for sample in samples):
        stacked: Tensor = stack(list(samples))
        return stacked
    return as_tensor(np.stack([np.asarray(sample) for sample in samples]))


def _whole(n: Any, name: str, least: int) -> int:
    if not isinstance(n, (int, np.integer)) or isinstance(n, bool) or n < least:
        raise ValueError(f"DataLoader: {name} must be a whole number from {least} up, got {n!r}")
    return int(n)


def _brief(x: Any) -> str:
    text = repr(x)
    return f"{text if len(text) <= 60 else text[:57] + '...'}, a {type(x).__name__}"
