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

from .distances import huber_loss, l1_loss, mse_loss, smooth_l1_loss
from .margins import hinge_embedding_loss, hinge_loss
from .modules import (
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    HingeEmbeddingLoss,
    HingeLoss,
    HuberLoss,
    KLDivLoss,
    L1Loss,
    MSELoss,
    NLLLoss,
    SmoothL1Loss,
)
from .probabilities import binary_cross_entropy, binary_cross_entropy_with_logits, cross_entropy, kl_div, nll_loss

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
