"""How good predictions are: accuracy, confusion matrix, precision, recall and F1.

All take predictions first, as losses do: labels, or logits with one number per class in the last axis, whose largest
counts.  Where nothing can be divided by (no sample of a class, say), the ratio is 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import Tensor

__all__ = ["accuracy", "confusion_matrix", "f1", "precision", "recall"]

Array = np.ndarray[Any, Any]


def accuracy(predictions: Any, targets: Any) -> float:
    """The share of predictions that are right.

    Args:
        predictions: labels, or logits with one more axis.
        targets: the right labels.

    Raises:
        ValueError: there are none, or the shapes do not fit.

    >>> from nn import metrics
    >>> metrics.accuracy([1] * 85 + [0] * 15, [1] * 100)
    0.85
    """
    predicted, true = _labels(predictions, targets)
    return float(np.mean(predicted == true))


def confusion_matrix(predictions: Any, targets: Any, num_classes: int | None = None) -> Array:
    """Entry (i, j) counts the samples of class i that were taken for class j.

    Args:
        predictions: labels, or logits with one more axis.
        targets: the right labels.
        num_classes: how many classes there are; by default as many as logits, or as the largest label says.

    >>> from nn import metrics
    >>> metrics.confusion_matrix([0, 1, 1, 2], [0, 0, 1, 2])
    array([[1, 1, 0],
           [0, 1, 0],
           [0, 0, 1]])
    """
    predicted, true = _labels(predictions, targets)
    if num_classes is None:
        logits = _array(predictions)
        num_classes = logits.shape[-1] if logits.ndim > np.ndim(_array(targets)) else 0
        num_classes = max(num_classes, int(max(predicted.max(), true.max())) + 1)
    for name, labels in (("predictions", predicted), ("targets", true)):
        if labels.min() < 0 or labels.max() >= num_classes:
            wrong = int(labels.min() if labels.min() < 0 else labels.max())
            raise ValueError(f"confusion_matrix: {name} contain {wrong}, labels go from 0 to {num_classes - 1}")
    counts = np.bincount(true * num_classes + predicted, minlength=num_classes**2)
    return counts.reshape(num_classes, num_classes)


def precision(predictions: Any, targets: Any, average: str | None = "binary") -> Any:
    """Of those taken for a class, the share that belongs to it: TP / (TP + FP).

    Args:
        predictions: labels, or logits with one more axis.
        targets: the right labels.
        average: "binary" for class 1 of two; "macro" for the mean over the classes that occur, "weighted" by how
            often; "micro" for all counts together; None for each class by itself, in an array.
    """
    right, predicted, true = _counts(predictions, targets, average)
    return _averaged(_ratio(right, predicted), right, predicted, true, average)


def recall(predictions: Any, targets: Any, average: str | None = "binary") -> Any:
    """Of those that belong to a class, the share that was taken for it: TP / (TP + FN).

    Args: see `precision`.
    """
    right, predicted, true = _counts(predictions, targets, average)
    return _averaged(_ratio(right, true), right, predicted, true, average)


def f1(predictions: Any, targets: Any, average: str | None = "binary") -> Any:
    """The harmonic mean of precision and recall: 2TP / (2TP + FP + FN).

    Args: see `precision`.

    >>> from nn import metrics
    >>> metrics.f1([1, 1, 0, 1], [1, 0, 0, 1])
    0.8
    """
    right, predicted, true = _counts(predictions, targets, average)
    return _averaged(_ratio(2 * right, predicted + true), right, predicted, true, average)


def _counts(predictions: Any, targets: Any, average: str | None) -> tuple[Array, Array, Array]:
    """For each class: how many were taken for it rightly, how many were, how many belong to it."""
    if average not in ("binary", "macro", "micro", "weighted", None):
        raise ValueError(f"average must be 'binary', 'macro', 'micro', 'weighted' or None, got {average!r}")
    matrix = confusion_matrix(predictions, targets)
    if average == "binary":
        if len(matrix) > 2:
            raise ValueError(f"average='binary' is for two classes, there are {len(matrix)}: say average='macro'")
        matrix = np.pad(matrix, (0, 2 - len(matrix)))
    return np.diag(matrix), matrix.sum(axis=0), matrix.sum(axis=1)


def _averaged(ratio: Array, right: Array, predicted: Array, true: Array, average: str | None) -> Any:
    if average is None:
        return ratio
    if average == "binary":
        return float(ratio[1])
    if average == "micro":  # each sample is taken for one class and belongs to one: all three ratios are this one
        return float(right.sum() / true.sum())
    if average == "weighted":
        return float(ratio @ true / true.sum())
    return float(ratio[predicted + true > 0].mean())


def _ratio(a: Array, b: Array) -> Array:
    return np.divide(a, b, out=np.zeros(len(a)), where=b > 0)


def _labels(predictions: Any, targets: Any) -> tuple[Array, Array]:
    """Both as labels, in a row each."""
    predicted, true = _array(predictions), _array(targets)
    if predicted.ndim == true.ndim + 1 and predicted.shape[:-1] == true.shape:
        if predicted.shape[-1] == 1:
            raise ValueError("metrics: there is one logit per sample: write (logits > 0).squeeze(-1)")
        predicted = predicted.argmax(axis=-1)
    if predicted.shape != true.shape:
        raise ValueError(
            f"metrics: predictions of shape {predicted.shape} do not fit targets of shape {true.shape}: give labels "
            "of one shape, or logits with one more axis"
        )
    if true.size == 0:
        raise ValueError("metrics: there are no samples")
    return _whole(predicted, "predictions").ravel(), _whole(true, "targets").ravel()


def _whole(labels: Array, name: str) -> Array:
    whole = labels.astype(np.int64)
    if not np.array_equal(whole, labels):
        hint = ": write (logits > 0), or (probabilities > 0.5)" if name == "predictions" else ""
        raise ValueError(f"metrics: {name} must be labels, whole numbers{hint}")
    return whole


def _array(x: Any) -> Array:
    return x.detach().numpy() if isinstance(x, Tensor) else np.asarray(x)
