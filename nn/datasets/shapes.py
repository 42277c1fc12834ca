"""Images of circles, squares and triangles, drawn as they are asked for."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .labelled import LabelledDataset

__all__ = ["shapes"]

SIDES = {"circle": 0, "square": 4, "triangle": 3}


def shapes(n: int = 300, size: int = 28, seed: int | None = None, noise: float = 0.0) -> LabelledDataset:
    """White figures on black, in any place, size and direction; as many of each kind, up to one.

    Figures of one kind have no more area than those of another: it is the outline that tells them apart.

    Args:
        n: how many images.
        size: their height and width.
        seed: makes them the same on every run.
        noise: the standard deviation of what is added to each pixel.

    Returns:
        Images (n, 1, size, size), from 0 to 1 without noise, and labels 0, 1, 2 for circle, square, triangle.

    >>> import nn
    >>> images = nn.datasets.shapes(30, size=16, seed=0)
    >>> tuple(images.data.shape), images.classes
    ((30, 1, 16, 16), ['circle', 'square', 'triangle'])
    """
    if n < 1 or size < 8:
        raise ValueError(f"shapes: needs at least 1 image of at least 8 pixels, got {n} of {size}")
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(n) % len(SIDES))
    sides = list(SIDES.values())
    images = np.stack([_figure(sides[label], size, rng) for label in labels])[:, np.newaxis].astype(np.float64)
    if noise:
        images += rng.normal(0, noise, images.shape)
    return LabelledDataset(images, labels, list(SIDES))


def _figure(sides: int, size: int, rng: np.random.Generator) -> np.ndarray[Any, Any]:
    """A regular polygon, or a circle if it has 0 sides, of the area πr²: where the pixels are inside."""
    r = size * rng.uniform(0.15, 0.25)
    centre = size * rng.uniform(0.4, 0.6, 2)
    turn = rng.uniform(0, 2 * math.pi)
    y, x = np.mgrid[:size, :size] + 0.5 - centre[:, np.newaxis, np.newaxis]
    if sides == 0:
        return np.hypot(x, y) <= r  # type: ignore[no-any-return]
    to_side = r * math.sqrt(math.pi / (sides * math.tan(math.pi / sides)))
    angles = (turn + 2 * math.pi * np.arange(sides) / sides)[:, np.newaxis, np.newaxis]
    return (x * np.cos(angles) + y * np.sin(angles)).max(axis=0) <= to_side  # type: ignore[no-any-return]
