"""A dataset in parts, such as one to train with and one to test."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd import randperm

from .dataset import Subset

__all__ = ["random_split"]


def random_split(
    dataset: Any,
    lengths: Sequence[float],
    generator: np.random.Generator | None = None,
    *,
    seed: int | None = None,
    stratify: Any = None,
) -> list[Subset]:
    """Deal the samples out at random, each to one part.

    Args:
        dataset: the whole.
        lengths: how many samples each part gets, or which shares of them, that add up to 1.
        generator: a NumPy generator.
        seed: makes the parts the same on every run.
        stratify: a label for each sample: every part then has as large a share of each label as the whole has, up
            to one sample.

    Without a generator and a seed, the parts are drawn as `autograd.manual_seed` says.

    Raises:
        ValueError: the lengths do not add up to that of the dataset, or the labels are not as many as the samples.

    >>> import nn
    >>> train, test = nn.data.random_split(range(10), [0.8, 0.2], seed=0)
    >>> len(train), sorted([*train, *test])
    (8, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    """
    n = len(dataset)
    counts = _counts(lengths, n)
    order = _shuffled(n, generator, seed)
    if stratify is not None:
        labels = np.asarray(stratify)
        if labels.shape != (n,):
            raise ValueError(f"random_split: {n} samples need {n} labels, got an array of shape {labels.shape}")
        order = _in_proportion(order, labels, counts)
    ends = np.cumsum(counts)
    return [Subset(dataset, order[end - count : end].tolist()) for count, end in zip(counts, ends, strict=True)]


def _counts(lengths: Sequence[float], n: int) -> list[int]:
    """How many samples each part gets; what shares leave over goes to the first parts, one each."""
    if math.isclose(math.fsum(lengths), 1) and not (n == 1 and all(isinstance(x, int) for x in lengths)):
        if any(not 0 <= share <= 1 for share in lengths):
            raise ValueError(f"random_split: shares must be from 0 to 1, got {list(lengths)}")
        counts = [math.floor(n * share) for share in lengths]
        for i in range(n - sum(counts)):
            counts[i % len(counts)] += 1
        return counts
    if any(not isinstance(x, (int, np.integer)) or x < 0 for x in lengths) or sum(lengths) != n:
        raise ValueError(
            f"random_split: lengths must add up to {n}, the dataset's, or shares to 1: got {list(lengths)}"
        )
    return [int(x) for x in lengths]


def _shuffled(n: int, generator: np.random.Generator | None, seed: int | None) -> Any:
    if generator is not None and seed is not None:
        raise ValueError("random_split: the parts come from a generator or from a seed: give one of them")
    if seed is not None:
        generator = np.random.default_rng(seed)
    return randperm(n).numpy() if generator is None else generator.permutation(n)


def _in_proportion(order: Any, labels: Any, counts: Sequence[int]) -> Any:
    """The samples so that any stretch of the order has its share of each label; shuffled again within each part.

    The r-th of m samples with a label stands at (r + ½) / m of the way.
    """
    place = np.empty(len(order))
    for label in np.unique(labels):
        same = order[labels[order] == label]
        place[same] = (np.arange(len(same)) + 0.5) / len(same)
    spread = order[np.argsort(place[order], kind="stable")]
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))  # the random order from before decides within a part
    parts = np.split(spread, np.cumsum(counts)[:-1])
    return np.concatenate([part[np.argsort(rank[part])] for part in parts])
