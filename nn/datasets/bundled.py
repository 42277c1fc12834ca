"""scikit-learn's small data sets, which come with it: no download."""

from __future__ import annotations

from typing import Any

import numpy as np

from .labelled import LabelledDataset

__all__ = ["digits", "iris", "moons", "wine"]


def digits() -> LabelledDataset:
    """1,797 handwritten digits, as images (1, 8, 8) with numbers from 0 to 1.

    Alpaydin and Kaynak (1998), by way of scikit-learn.
    """
    data = _scikit_learn("digits").load_digits()
    return LabelledDataset(data.images[:, np.newaxis] / 16, data.target, list(map(str, data.target_names)))


def iris() -> LabelledDataset:
    """150 flowers of three kinds of iris: the lengths and widths of sepals and petals, in centimetres.

    Fisher (1936), by way of scikit-learn.
    """
    data = _scikit_learn("iris").load_iris()
    return LabelledDataset(data.data, data.target, data.target_names, data.feature_names)


def wine() -> LabelledDataset:
    """178 wines of three growers: 13 chemical measurements, in scales of their own.

    Forina et al. (1988), by way of scikit-learn.
    """
    data = _scikit_learn("wine").load_wine()
    return LabelledDataset(data.data, data.target, data.target_names, data.feature_names)


def moons(n: int = 100, noise: float | None = None, seed: int | None = None) -> LabelledDataset:
    """Points of the plane in two half-moons that no line separates.

    Args:
        n: how many.
        noise: the standard deviation by which points stray.
        seed: makes them the same on every run.
    """
    data, targets = _scikit_learn("moons").make_moons(n, noise=noise, random_state=seed)
    return LabelledDataset(data, targets, ["upper", "lower"], ["x", "y"])


def _scikit_learn(name: str) -> Any:
    try:
        from sklearn import datasets  # type: ignore[import-untyped]
    except ImportError:
        raise ImportError(
            f'datasets.{name} is scikit-learn\'s: write python -m pip install "stepgrad[demos]"'
        ) from None
    return datasets
