"""The losses as modules."""

from __future__ import annotations

from typing import Any

from autograd import Tensor, as_tensor

from ..module import Module
from .distances import huber_loss, l1_loss, mse_loss, smooth_l1_loss
from .margins import hinge_embedding_loss, hinge_loss
from .probabilities import binary_cross_entropy, binary_cross_entropy_with_logits, cross_entropy, kl_div, nll_loss
from .reduction import DIVERGENCES, PLAIN, SQUARES, checked_reduction, positive

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
]


class _Loss(Module):
    """A loss of outputs and targets with a reduction."""

    reductions: tuple[str, ...] = PLAIN

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = checked_reduction(reduction, self.reductions, type(self).__name__)


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
        self.delta = positive(delta, "HuberLoss", "delta")

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
