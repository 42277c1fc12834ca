"""How far probabilities are from classes, or from other probabilities."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

import autograd
from autograd import Domain, as_tensor
from autograd.traced import opaque

from ..arrays import array_in, has_numbers
from ..embedding import in_range, whole_numbers
from .reduction import DIVERGENCES, PLAIN, checked_reduction, reduced, target_like, weighted

__all__ = [
    "bce",
    "bce_with_logits",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "kl_div",
    "nll_loss",
]

LEAST_LOG = -100.0
"""What BCE takes for log 0, as PyTorch does."""
NO_CLASS = -100
"""The class whose examples do not count by default, as PyTorch's."""


@autograd.op(
    lambda a, b, y: (a - b) / autograd.maximum(a * (1 - a), 1e-12),
    lambda a, b, y: autograd.log(1 - a) - autograd.log(a),
    name="binary_cross_entropy",
    domain=Domain(((0.0, 1.0), (0.0, 1.0)), singular=lambda a, b: a * (1 - a), margin=0.01),
)
def bce(a: Any, b: Any) -> Any:
    """−b log a − (1 − b) log(1 − a), where no logarithm is below −100."""
    return -b * np.maximum(np.log(a), LEAST_LOG) - (1 - b) * np.maximum(np.log1p(-a), LEAST_LOG)


@autograd.op(
    lambda a, b, y: autograd.sigmoid(a) - b,
    lambda a, b, y: -a,
    name="binary_cross_entropy_with_logits",
    domain=Domain(((-700.0, 700.0), (0.0, 1.0))),
)
def bce_with_logits(a: Any, b: Any) -> Any:
    """−b log σ(a) − (1 − b) log σ(−a), which neither overflows nor cancels: its slope is the error, σ(a) − b."""
    return np.maximum(a, 0) - a * b + np.log1p(np.exp(np.minimum(a, -a)))


def binary_cross_entropy(input: Any, target: Any, weight: Any = None, reduction: str = "mean") -> Any:  # noqa: A002
    """−y log p − (1 − y) log(1 − p).

    The third deck's cross-entropy lacks brackets and the fifth deck's exchanges y and ŷ; this is what is meant.

    Args:
        input: probabilities p; of a sigmoid, say, but then `binary_cross_entropy_with_logits` is more exact.
        target: y, 0 or 1 or between, in the same shape.
        weight: one number for each element, or None.
        reduction: `"mean"`, `"sum"` or `"none"`.

    Raises:
        ValueError: some p is not between 0 and 1.
    """
    checked_reduction(reduction, PLAIN, "binary_cross_entropy")
    target = target_like(input, target, "binary_cross_entropy")
    opaque(_check_probabilities, array_in(input))
    return reduced(weighted(bce(input, target), weight), reduction)


def _check_probabilities(p: np.ndarray[Any, Any]) -> None:
    if ((p < 0) | (p > 1)).any():
        raise ValueError(
            "binary_cross_entropy: inputs must be probabilities, between 0 and 1: apply a sigmoid first, or use "
            "binary_cross_entropy_with_logits"
        )


def binary_cross_entropy_with_logits(
    input: Any,  # noqa: A002 - PyTorch's names
    target: Any,
    weight: Any = None,
    reduction: str = "mean",
    pos_weight: Any = None,
) -> Any:
    """−y log σ(z) − (1 − y) log(1 − σ(z)): the cross-entropy behind a sigmoid, without overflow; its slope is σ(z) − y.

    Args:
        input: logits z, the log of odds.
        target: y, 0 or 1 or between, in the same shape.
        weight: one number for each element, or None.
        reduction: `"mean"`, `"sum"` or `"none"`.
        pos_weight: how much more the positive examples count, a number for each class, or None.
    """
    checked_reduction(reduction, PLAIN, "binary_cross_entropy_with_logits")
    target = target_like(input, target, "binary_cross_entropy_with_logits")
    if pos_weight is None:
        errors = bce_with_logits(input, target)
    else:
        errors = pos_weight * target * autograd.softplus(-input) + (1 - target) * autograd.softplus(input)
    return reduced(weighted(errors, weight), reduction)


# ---------------------------------------------------------------------- probabilities of many classes


def cross_entropy(
    input: Any,  # noqa: A002 - PyTorch's names
    target: Any,
    weight: Any = None,
    *,
    ignore_index: int = NO_CLASS,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """−log softmax(z) at the right class: the surprise at the truth.

    Args:
        input: logits z, (N, C), (C,) or (N, C, ...), a score for each class.
        target: the index of the right class, (N,), () or (N, ...); or probabilities in the shape of the input.
        weight: how much each class counts, (C,), or None; with indices, `"mean"` divides by the weights' sum.
        ignore_index: examples of this class do not count; of indices only.  Under `jit` there must be none with the
            default, -100, for speed's sake, unless there was one when the program was traced: else an IndexError.
        reduction: `"mean"`, `"sum"` or `"none"`.
        label_smoothing: ε: the target is 1 − ε, and ε spread over all classes (Szegedy et al. 2016).

    Raises:
        IndexError: a class is out of range.

    >>> from autograd import tensor
    >>> cross_entropy(tensor([[0.0, 0.0]]), tensor([1]))
    tensor(0.6931472)
    >>> cross_entropy(tensor([[0.0, 0.0]]), tensor([[0.5, 0.5]]))
    tensor(0.6931472)
    """
    name = "cross_entropy"
    checked_reduction(reduction, PLAIN, name)
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"{name}: label_smoothing must be between 0 and 1, got {label_smoothing}")
    shape = getattr(target, "shape", None)
    if shape == input.shape and target.dtype.kind == "f":
        return _soft_cross_entropy(input, target, weight, reduction, label_smoothing)
    usual = weight is None and reduction == "mean" and not label_smoothing and input.ndim == 2
    likely = usual and (ignore_index < 0 if has_numbers(target) else ignore_index == NO_CLASS)
    if likely and shape == input.shape[:1] != (0,) and target.dtype.kind == "i":
        with suppress(IndexError):  # an index that does not count, or is no class: see below
            return autograd.cross_entropy(input, target)
    labels = _labels(input, target, ignore_index, name)
    if usual and labels.all_count():
        return autograd.cross_entropy(input, labels.classes)
    log_p = autograd.log_softmax(input, labels.axis)
    losses = _picked(log_p, labels, weight)
    if not label_smoothing:
        return _averaged(losses, labels, weight, reduction)
    counts = as_tensor(labels.counts.astype(input.dtype))
    uniform = -autograd.sum(_per_class(log_p, weight, labels.axis), labels.axis) * counts
    share = label_smoothing / input.shape[labels.axis]
    return _averaged((1 - label_smoothing) * losses + share * uniform, labels, weight, reduction)


def nll_loss(
    input: Any,  # noqa: A002 - PyTorch's names
    target: Any,
    weight: Any = None,
    *,
    ignore_index: int = NO_CLASS,
    reduction: str = "mean",
) -> Any:
    """The negative log-likelihood: −log p at the right class; behind `log_softmax` it is the cross-entropy.

    Args:
        input: log-probabilities, (N, C), (C,) or (N, C, ...).
        target, weight, ignore_index, reduction: as for `cross_entropy`, with indices.

    Raises:
        IndexError: a class is out of range.
    """
    checked_reduction(reduction, PLAIN, "nll_loss")
    labels = _labels(input, target, ignore_index, "nll_loss")
    return _averaged(_picked(input, labels, weight), labels, weight, reduction)


class _Labels(NamedTuple):
    """Indices of classes, checked against the scores that they are for."""

    classes: np.ndarray[Any, Any]  # 0 where they do not count
    counts: np.ndarray[Any, Any]  # which of them do
    axis: int  # that of the classes among the scores'

    def all_count(self) -> bool:
        """Whether all of them are known to count."""
        return has_numbers(self.counts) and bool(self.counts.all())


def _labels(scores: Any, target: Any, ignore_index: int, name: str) -> _Labels:
    index = whole_numbers(target, name)
    axis = min(scores.ndim - 1, 1)
    if scores.ndim == 0 or index.shape != (*scores.shape[:axis], *scores.shape[axis + 1 :]):
        raise ValueError(
            f"{name}: input {scores.shape} and target {index.shape}: needs (N, C, ...) and (N, ...), or (C,) and ()"
        )
    counts = (index != ignore_index)[...]  # an array, too, of a single index
    classes = in_range(np.where(counts, index, 0), scores.shape[axis], name, "class", f"classes of {scores.shape}")
    return _Labels(classes, counts, axis)


def _picked(log_p: Any, labels: _Labels, weight: Any) -> Any:
    """−weight · log p at the right class of each example, 0 where it does not count."""
    places = list(np.indices(labels.classes.shape, sparse=True))
    places.insert(labels.axis, labels.classes)
    losses = -log_p[tuple(places)]
    if weight is None and labels.all_count():
        return losses
    return losses * _shares(labels, weight, losses.dtype)


def _shares(labels: _Labels, weight: Any, dtype: Any) -> Any:
    """How much each example counts."""
    shares = as_tensor(labels.counts.astype(dtype))
    return shares if weight is None else shares * as_tensor(weight)[labels.classes]


def _averaged(losses: Any, labels: _Labels, weight: Any, reduction: str) -> Any:
    """The reduction of the losses of single examples; the mean is one with weights."""
    if reduction != "mean":
        return reduced(losses, reduction)
    return autograd.sum(losses) / autograd.sum(_shares(labels, weight, losses.dtype))


def _soft_cross_entropy(scores: Any, target: Any, weight: Any, reduction: str, label_smoothing: float) -> Any:
    """−Σ target · log softmax for targets that are probabilities."""
    axis = min(scores.ndim - 1, 1)
    classes = scores.shape[axis]
    if label_smoothing:
        target = (1 - label_smoothing) * target + label_smoothing / classes
    losses = -autograd.sum(_per_class(autograd.log_softmax(scores, axis), weight, axis) * target, axis)
    return reduced(losses, reduction)


def _per_class(x: Any, weight: Any, axis: int) -> Any:
    """x times the weights of the classes along an axis."""
    return x if weight is None else x * weight.reshape(-1, *(1,) * (x.ndim - 1 - axis))


def kl_div(
    input: Any,  # noqa: A002 - PyTorch's names
    target: Any,
    reduction: str = "mean",
    log_target: bool = False,
) -> Any:
    """p log(p / q): the Kullback–Leibler divergence of q from the truth p.

    Args:
        input: log q, any shape.
        target: p in the same shape, or log p.
        reduction: `"batchmean"`, which is the divergence of its definition: the sum over the number of
            examples; `"mean"`, `"sum"` or `"none"`.
        log_target: whether the target is log p.

    Kullback and Leibler (1951).
    """
    checked_reduction(reduction, DIVERGENCES, "kl_div")
    target = target_like(input, target, "kl_div")
    if log_target:
        return reduced(autograd.exp(target) * (target - input), reduction)
    possible = target > 0
    log_p = autograd.log(autograd.where(possible, target, 1.0))  # p log p is 0 for p = 0
    return reduced(target * (log_p - input), reduction)
