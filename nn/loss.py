"""Losses: how far outputs are from targets, each as a function and as a module, under PyTorch's names.

What becomes of the errors of the single elements is the `reduction`.  The decks print the squared error in four
scalings beside PyTorch's; each has a name, for n examples with m outputs:

| reduction | formula | where |
|---|---|---|
| `"mean"` | 1/(n m) Σ Σ (y − ŷ)² | PyTorch; Keras's `mean_squared_error` (second deck) |
| `"batchmean"` | 1/n Σ Σ (y − ŷ)² | C (second deck) and MSE (fourth deck) |
| `"half_batchmean"` | 1/(2n) Σ Σ (y − a)² | C(w, b), summed over the output neurons (first deck) |
| `"half_mean"` | 1/(2 n m) Σ Σ (y − ŷ)² | L and J (fifth deck, which calls it RMSE; it has no root) |
| `"half_sum"` | ½ Σ Σ (y − ŷ)² | J(w, b) = ½ (y − y_actual)², of one number (fifth deck) |
| `"sum"` | Σ Σ (y − ŷ)² | PyTorch |
| `"none"` | (y − ŷ)² of each element | PyTorch |

The first axis is that of the examples; a single number is one example.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

import autograd
from autograd import Domain, Tensor, as_tensor

from .embedding import check_range, whole_numbers
from .module import Module

__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "CrossEntropyLoss",
    "HingeEmbeddingLoss",
    "HingeLoss",
    "HuberLoss",
    "KLDivLoss",
    "L1Loss",
    "MSELoss",
    "NLLLoss",
    "SmoothL1Loss",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "hinge_embedding_loss",
    "hinge_loss",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "mse_loss",
    "nll_loss",
    "smooth_l1_loss",
]

PLAIN = ("mean", "sum", "none")
DIVERGENCES = ("mean", "batchmean", "sum", "none")
SQUARES = ("mean", "batchmean", "sum", "half_mean", "half_batchmean", "half_sum", "none")

LEAST_LOG = -100.0
"""What BCE takes for log 0, as PyTorch does."""

# ---------------------------------------------------------------------- what they have in common


def _reduced(errors: Any, reduction: str) -> Any:
    """The errors of the single elements, summed up as the reduction says."""
    if reduction == "none":
        return errors
    if reduction == "mean":
        return autograd.mean(errors)
    total = autograd.sum(errors)
    if reduction == "sum":
        return total
    examples = errors.shape[0] if errors.ndim else 1
    divisors = {
        "batchmean": examples,
        "half_sum": 2,
        "half_batchmean": 2 * examples,
        "half_mean": 2 * math.prod(errors.shape),
    }
    return total / float(divisors[reduction])


def _checked_reduction(reduction: str, known: Sequence[str], name: str) -> str:
    if reduction not in known:
        raise ValueError(f"{name}: reduction must be one of {', '.join(known)}, got {reduction!r}")
    return reduction


def _target_like(input: Any, target: Any, name: str) -> Any:  # noqa: A002 - as the functions call it
    """The target as a tensor, if it has the shape of the input: broadcasting would compare every pair."""
    if isinstance(target, (int, float, list, tuple, np.ndarray)):
        target = as_tensor(target, dtype=input.dtype)
    if target.shape != input.shape:
        raise ValueError(
            f"{name}: input {input.shape} and target {target.shape} differ: give one target for each element, "
            "by reshape or unsqueeze"
        )
    return target


def _weighted(errors: Any, weight: Any) -> Any:
    return errors if weight is None else errors * weight


# ---------------------------------------------------------------------- distances


def mse_loss(input: Any, target: Any, reduction: str = "mean") -> Any:  # noqa: A002 - PyTorch's names
    """The squared error, (y − ŷ)².

    Args:
        input: what a model gives, any shape.
        target: what it should give, in the same shape.
        reduction: how the elements are summed up; the names are in the module's table.

    >>> from autograd import tensor
    >>> predicted, actual = tensor([[1.0, 2.0], [3.0, 4.0]]), tensor([[1.0, 0.0], [3.0, 6.0]])
    >>> [mse_loss(predicted, actual, name).item() for name in ("mean", "batchmean", "half_batchmean")]
    [2.0, 4.0, 2.0]
    >>> [mse_loss(predicted, actual, name).item() for name in ("half_mean", "half_sum", "sum")]
    [1.0, 4.0, 8.0]
    """
    _checked_reduction(reduction, SQUARES, "mse_loss")
    return _reduced(autograd.square(input - _target_like(input, target, "mse_loss")), reduction)


def l1_loss(input: Any, target: Any, reduction: str = "mean") -> Any:  # noqa: A002 - PyTorch's names
    """The absolute error, |y − ŷ|.

    Args:
        input, target: of one shape.
        reduction: `"mean"`, `"sum"` or `"none"`.
    """
    _checked_reduction(reduction, PLAIN, "l1_loss")
    return _reduced(autograd.abs(input - _target_like(input, target, "l1_loss")), reduction)


@autograd.op(
    lambda a, b, y: autograd.clip(a, -b, b),
    lambda a, b, y: autograd.relu(autograd.abs(a) - b),
    name="huber",
    domain=Domain(((-100.0, 100.0), (0.1, 10.0)), singular=lambda a, b: abs(a) - b),
)
def _huber(a: Any, b: Any) -> Any:
    """½ a² up to b on either side, then on along the tangent: its slope is the error a, clipped at b."""
    inner = np.minimum(np.maximum(a, -b), b)
    return inner * (a - 0.5 * inner)


def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0) -> Any:  # noqa: A002
    """½ e² where the error e = ŷ − y is at most δ, else δ (|e| − ½ δ): outliers pull no harder than δ.

    Args:
        input, target: of one shape.
        reduction: `"mean"`, `"sum"` or `"none"`.
        delta: where the parabola becomes a line, δ > 0.

    Huber (1964).
    """
    _checked_reduction(reduction, PLAIN, "huber_loss")
    error = input - _target_like(input, target, "huber_loss")
    return _reduced(_huber(error, _positive(delta, "huber_loss", "delta")), reduction)


def smooth_l1_loss(input: Any, target: Any, reduction: str = "mean", beta: float = 1.0) -> Any:  # noqa: A002
    """½ e² / β where |e| is at most β, else |e| − ½ β: the Huber loss over β; `l1_loss` for β = 0.

    Girshick (2015).
    """
    if beta == 0:
        return l1_loss(input, target, reduction)
    return huber_loss(input, target, reduction, _positive(beta, "smooth_l1_loss", "beta")) / beta


def _positive(number: float, name: str, what: str) -> float:
    if not number > 0:
        raise ValueError(f"{name}: {what} must be above 0, got {number}")
    return float(number)


# ---------------------------------------------------------------------- probabilities of two classes


@autograd.op(
    lambda a, b, y: (a - b) / autograd.maximum(a * (1 - a), 1e-12),
    lambda a, b, y: autograd.log(1 - a) - autograd.log(a),
    name="binary_cross_entropy",
    domain=Domain(((0.0, 1.0), (0.0, 1.0)), singular=lambda a, b: a * (1 - a), margin=0.01),
)
def _bce(a: Any, b: Any) -> Any:
    """−b log a − (1 − b) log(1 − a), where no logarithm is below −100."""
    return -b * np.maximum(np.log(a), LEAST_LOG) - (1 - b) * np.maximum(np.log1p(-a), LEAST_LOG)


@autograd.op(
    lambda a, b, y: autograd.sigmoid(a) - b,
    lambda a, b, y: -a,
    name="binary_cross_entropy_with_logits",
    domain=Domain(((-700.0, 700.0), (0.0, 1.0))),
)
def _bce_with_logits(a: Any, b: Any) -> Any:
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
    _checked_reduction(reduction, PLAIN, "binary_cross_entropy")
    target = _target_like(input, target, "binary_cross_entropy")
    if bool(((input < 0) | (input > 1)).any()):
        raise ValueError(
            "binary_cross_entropy: inputs must be probabilities, between 0 and 1: apply a sigmoid first, or use "
            "binary_cross_entropy_with_logits"
        )
    return _reduced(_weighted(_bce(input, target), weight), reduction)


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
    _checked_reduction(reduction, PLAIN, "binary_cross_entropy_with_logits")
    target = _target_like(input, target, "binary_cross_entropy_with_logits")
    if pos_weight is None:
        errors = _bce_with_logits(input, target)
    else:
        errors = pos_weight * target * autograd.softplus(-input) + (1 - target) * autograd.softplus(input)
    return _reduced(_weighted(errors, weight), reduction)


# ---------------------------------------------------------------------- probabilities of many classes


def cross_entropy(
    input: Any,  # noqa: A002 - PyTorch's names
    target: Any,
    weight: Any = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """−log softmax(z) at the right class: the surprise at the truth.

    Args:
        input: logits z, (N, C), (C,) or (N, C, ...), a score for each class.
        target: the index of the right class, (N,), () or (N, ...); or probabilities in the shape of the input.
        weight: how much each class counts, (C,), or None; with indices, `"mean"` divides by the weights' sum.
        ignore_index: examples of this class do not count; of indices only.
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
    _checked_reduction(reduction, PLAIN, name)
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"{name}: label_smoothing must be between 0 and 1, got {label_smoothing}")
    if getattr(target, "shape", None) == input.shape and target.dtype.kind == "f":
        return _soft_cross_entropy(input, target, weight, reduction, label_smoothing)
    labels = _labels(input, target, ignore_index, name)
    if weight is None and reduction == "mean" and not label_smoothing and input.ndim == 2 and labels.counts.all():
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
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Any:
    """The negative log-likelihood: −log p at the right class; behind `log_softmax` it is the cross-entropy.

    Args:
        input: log-probabilities, (N, C), (C,) or (N, C, ...).
        target, weight, ignore_index, reduction: as for `cross_entropy`, with indices.

    Raises:
        IndexError: a class is out of range.
    """
    _checked_reduction(reduction, PLAIN, "nll_loss")
    labels = _labels(input, target, ignore_index, "nll_loss")
    return _averaged(_picked(input, labels, weight), labels, weight, reduction)


class _Labels(NamedTuple):
    """Indices of classes, checked against the scores that they are for."""

    classes: np.ndarray[Any, Any]  # 0 where they do not count
    counts: np.ndarray[Any, Any]  # which of them do
    axis: int  # that of the classes among the scores'


def _labels(scores: Any, target: Any, ignore_index: int, name: str) -> _Labels:
    index = whole_numbers(target, name)
    axis = min(scores.ndim - 1, 1)
    if scores.ndim == 0 or index.shape != (*scores.shape[:axis], *scores.shape[axis + 1 :]):
        raise ValueError(
            f"{name}: input {scores.shape} and target {index.shape}: needs (N, C, ...) and (N, ...), or (C,) and ()"
        )
    counts = np.asarray(index != ignore_index)
    if not counts.all():
        index = np.where(counts, index, 0)
    check_range(index, scores.shape[axis], name, "class", f"classes of {scores.shape}")
    return _Labels(index, counts, axis)


def _picked(log_p: Any, labels: _Labels, weight: Any) -> Any:
    """−weight · log p at the right class of each example, 0 where it does not count."""
    places = list(np.indices(labels.classes.shape, sparse=True))
    places.insert(labels.axis, labels.classes)
    losses = -log_p[tuple(places)]
    if weight is None and labels.counts.all():
        return losses
    return losses * as_tensor(_shares(labels, weight, losses.dtype))


def _shares(labels: _Labels, weight: Any, dtype: Any) -> np.ndarray[Any, Any]:
    """How much each example counts."""
    shares = labels.counts.astype(dtype)
    return shares if weight is None else shares * np.asarray(weight)[labels.classes]


def _averaged(losses: Any, labels: _Labels, weight: Any, reduction: str) -> Any:
    """The reduction of the losses of single examples; the mean is one with weights."""
    if reduction != "mean":
        return _reduced(losses, reduction)
    return autograd.sum(losses) / float(_shares(labels, weight, losses.dtype).sum())


def _soft_cross_entropy(scores: Any, target: Any, weight: Any, reduction: str, label_smoothing: float) -> Any:
    """−Σ target · log softmax for targets that are probabilities."""
    axis = min(scores.ndim - 1, 1)
    classes = scores.shape[axis]
    if label_smoothing:
        target = (1 - label_smoothing) * target + label_smoothing / classes
    losses = -autograd.sum(_per_class(autograd.log_softmax(scores, axis), weight, axis) * target, axis)
    return _reduced(losses, reduction)


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
    _checked_reduction(reduction, DIVERGENCES, "kl_div")
    target = _target_like(input, target, "kl_div")
    if log_target:
        return _reduced(autograd.exp(target) * (target - input), reduction)
    possible = target > 0
    log_p = autograd.log(autograd.where(possible, target, 1.0))  # p log p is 0 for p = 0
    return _reduced(target * (log_p - input), reduction)


# ---------------------------------------------------------------------- margins


def hinge_loss(input: Any, target: Any, reduction: str = "mean", margin: float = 1.0) -> Any:  # noqa: A002
    """max(0, margin − y s): the loss of support vector machines, and of micrograd's two moons.

    Args:
        input: scores s; the sign is the class.
        target: y, −1 or 1, in the same shape.
        reduction: `"mean"`, `"sum"` or `"none"`.
        margin: how far on the right side a score must be to cost nothing.

    >>> from autograd import tensor
    >>> hinge_loss(tensor([0.5, 2.0, -1.0]), tensor([1.0, 1.0, -1.0]), reduction="none")
    tensor([0.5, 0. , 0. ])

    Cortes and Vapnik (1995).  PyTorch has none: `hinge_embedding_loss` is another.
    """
    _checked_reduction(reduction, PLAIN, "hinge_loss")
    target = _signs(input, target, "hinge_loss")
    return _reduced(autograd.relu(margin - target * input), reduction)


def hinge_embedding_loss(input: Any, target: Any, margin: float = 1.0, reduction: str = "mean") -> Any:  # noqa: A002
    """The distance d of a pair that belongs together, y = 1; max(0, margin − d) of one that does not, y = −1.

    Args:
        input: distances d, any shape.
        target: y, −1 or 1, in the same shape.
        margin: how far apart is far enough.
        reduction: `"mean"`, `"sum"` or `"none"`.

    Hadsell et al. (2006).
    """
    _checked_reduction(reduction, PLAIN, "hinge_embedding_loss")
    target = _signs(input, target, "hinge_embedding_loss")
    return _reduced(autograd.where(target == 1, input, autograd.relu(margin - input)), reduction)


def _signs(input: Any, target: Any, name: str) -> Any:  # noqa: A002 - as the functions call it
    target = _target_like(input, target, name)
    if not bool(((target == 1) | (target == -1)).all()):
        raise ValueError(f"{name}: targets must be -1 or 1: write 2 * target - 1 for classes 0 and 1")
    return target


# ---------------------------------------------------------------------- modules


class _Loss(Module):
    """A loss of outputs and targets with a reduction."""

    reductions: tuple[str, ...] = PLAIN

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = _checked_reduction(reduction, self.reductions, type(self).__name__)


class MSELoss(_Loss):
    """The squared error, (y − ŷ)²; see `mse_loss`.

    Args:
        reduction: `"mean"`, PyTorch's, or one of the decks' scalings: the module's table has their names.

    >>> from autograd import tensor
    >>> MSELoss()(tensor([1.0, 2.0]), tensor([1.0, 4.0]))
    tensor(2.)
    >>> MSELoss("half_sum")(tensor(4.0), tensor(2.0))  # the fifth deck's small network
    tensor(2.)
    """

    reductions = SQUARES

    def forward(self, input: Any, target: Any) -> Any:  # noqa: A002 - PyTorch's names
        return mse_loss(input, target, self.reduction)


class L1Loss(_Loss):
    """The absolute error; see `l1_loss`."""

    def forward(self, input: Any, target: Any) -> Any:  # noqa: A002 - PyTorch's names
        return l1_loss(input, target, self.reduction)


class HuberLoss(_Loss):
    """A parabola that becomes a line at `delta`; see `huber_loss`."""

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction)
        self.delta = _positive(delta, "HuberLoss", "delta")

    def forward(self, input: Any, target: Any) -> Any:  # noqa: A002 - PyTorch's names
        return huber_loss(input, target, self.reduction, self.delta)


class SmoothL1Loss(_Loss):
    """The Huber loss over `beta`; see `smooth_l1_loss`."""

    def __init__(self, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(reduction)
        if beta < 0:
            raise ValueError(f"SmoothL1Loss: beta must not be negative, got {beta}")
        self.beta = beta

    def forward(self, input: Any, target: Any) -> Any:  # noqa: A002 - PyTorch's names
        return smooth_l1_loss(input, target, self.reduction, self.beta)


class _WeightedLoss(_Loss):
    """A loss whose elements or classes have weights, a buffer."""

    weight: Any

    def __init__(self, weight: Any = None, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.register_buffer("weight", None if weight is None else as_tensor(weight))


class BCELoss(_WeightedLoss):
    """The cross-entropy of probabilities of two classes; see `binary_cross_entropy`."""

    def forward(self, input: Any, target: Any) -> Any:  # noqa: A002 - PyTorch's names
        return binary_cross_entropy(input, target, self.weight, self.reduction)


class BCEWithLogitsLoss(_WeightedLoss):
    """The cross-entropy of logits of two classes; see `binary_cross_entropy_with_logits`."""

    pos_weight: Any

    def __init__(self, weight: Any = None, reduction: str = "mean", pos_weight: Any = None) -> None:
        super().__init__(weight, reduction)
        self.register_buffer("pos_weight", None if pos_weight is None else as_tensor(pos_weight))

    def forward(self, input: Any, target: Any) -> Any:  # noqa: A002 - PyTorch's names
        return binary_cross_entropy_with_logits(input, target, self.weight, self.reduction, self.pos_weight)


class NLLLoss(_WeightedLoss):
    """The negative log-likelihood; see `nll_loss`."""

    def __init__(self, weight: Any = None, *, ignore_index: int = -100, reduction: str = "mean") -> None:
        super().__init__(weight, reduction)
        self.ignore_index = ignore_index

    def forward(self, input: Any, target: Any) -> Any:  # noqa: A002 - PyTorch's names
        return nll_loss(input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction)


class CrossEntropyLoss(_WeightedLoss):
    """−log softmax(z) at the right class, from logits; see `cross_entropy`.

    Args:
        weight: how much each class counts, (C,), or None.
        ignore_index: examples of this class do not count.
        reduction: `"mean"`, `"sum"` or `"none"`.
        label_smoothing: how much of the target is spread over all classes.

    >>> from autograd import tensor
    >>> CrossEntropyLoss()(tensor([[0.0, 0.0], [0.0, 0.0]]), tensor([0, 1]))
    tensor(0.6931472)
    """

    def __init__(
        self,
        weight: Any = None,
        *,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, reduction)
        if not 0 <= label_smoothing <= 1:
            raise ValueError(f"CrossEntropyLoss: label_smoothing must be between 0 and 1, got {label_smoothing}")
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Tensor, target: Any) -> Any:  # noqa: A002 - PyTorch's names
        return cross_entropy(
            input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )  # fmt: skip


class KLDivLoss(_Loss):
    """The Kullback–Leibler divergence; see `kl_div`."""

    reductions = DIVERGENCES

    def __init__(self, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__(reduction)
        self.log_target = log_target

    def forward(self, input: Any, target: Any) -> Any:  # noqa: A002 - PyTorch's names
        return kl_div(input, target, self.reduction, self.log_target)


class HingeLoss(_Loss):
    """The loss of support vector machines; see `hinge_loss`."""

    def __init__(self, reduction: str = "mean", margin: float = 1.0) -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input: Any, target: Any) -> Any:  # noqa: A002 - PyTorch's names
        return hinge_loss(input, target, self.reduction, self.margin)


class HingeEmbeddingLoss(_Loss):
    """The loss of distances of pairs; see `hinge_embedding_loss`."""

    def __init__(self, margin: float = 1.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input: Any, target: Any) -> Any:  # noqa: A002 - PyTorch's names
        return hinge_embedding_loss(input, target, self.margin, self.reduction)
