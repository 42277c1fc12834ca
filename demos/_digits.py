"""Handwritten digits for the demos: MNIST from a folder, or else those that ship with scikit-learn, made as large."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nn.data import random_split
from nn.datasets import digits, load_mnist

__all__ = ["Digits", "load_digits"]

Array = np.ndarray[Any, Any]

TRAIN = 1500  # of scikit-learn's 1,797 digits
FACTOR, BORDER = 3, 2  # 8 · 3 + 2 · 2 = 28


class Digits(NamedTuple):
    """Images (n, 1, 28, 28) with numbers from 0 to 1, and their labels, to train with and to test with."""

    name: str
    train_images: Array
    train_labels: Array
    test_images: Array
    test_labels: Array

    def __str__(self) -> str:
        return f"{self.name}: {len(self.train_images):,} images to train with, {len(self.test_images):,} to test with"


def load_digits(data: Path | None = None, train: int | None = None, test: int | None = None) -> Digits:
    """Digits for a demo.

    Args:
        data: the folder of MNIST's four files; without it scikit-learn's digits, each pixel made 3 × 3 of them,
            with a border of 2.
        train, test: how many to take of each part, the first ones; all by default.

    >>> print(load_digits(train=100))
    scikit-learn's digits, made 28×28: 100 images to train with, 297 to test with
    """
    if data is None:
        small = digits()
        parts = random_split(small, [TRAIN, len(small) - TRAIN], seed=0, stratify=small.targets)
        batches = (part.batch(range(len(part))) for part in parts)
        pairs = [(_enlarged(images.numpy()), labels.numpy()) for images, labels in batches]
        name = "scikit-learn's digits, made 28×28"
    else:
        pairs = [((images[:, np.newaxis] / 255).astype(np.float32), labels) for images, labels in load_mnist(data)]
        name = "MNIST"
    (train_images, train_labels), (test_images, test_labels) = pairs
    return Digits(name, train_images[:train], train_labels[:train], test_images[:test], test_labels[:test])


def _enlarged(images: Array) -> Array:
    """(n, 1, 8, 8) as (n, 1, 28, 28)."""
    large = images.repeat(FACTOR, axis=-2).repeat(FACTOR, axis=-1)
    return np.pad(large, ((0, 0), (0, 0), (BORDER, BORDER), (BORDER, BORDER)))
