"""Features and labels that know what they are called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd import get_default_dtype

from ..data import TensorDataset

__all__ = ["LabelledDataset"]


class LabelledDataset(TensorDataset):
    """Pairs of features and a label.

    Args:
        data: the features, one sample after another; they get the default dtype.
        targets: the number of each sample's class.
        classes: the names of the classes.
        feature_names: the names of the features, if they have any.
    """

    def __init__(self, data: Any, targets: Any, classes: Sequence[str], feature_names: Sequence[str] = ()) -> None:
        super().__init__(np.asarray(data, get_default_dtype()), np.asarray(targets, np.int64))
        self.classes = [str(name) for name in classes]
        self.feature_names = [str(name) for name in feature_names]

    @property
    def data(self) -> Any:
        """The features of all samples, a tensor."""
        return self.tensors[0]

    @property
    def targets(self) -> Any:
        """The labels of all samples, a tensor."""
        return self.tensors[1]
