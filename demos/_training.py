"""What several demos share when they train."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from tqdm import tqdm

import autograd
from nn.callbacks import Callback
from nn.functional import cross_entropy
from nn.optim import Adam

__all__ = ["Bar", "train"]


class Bar(Callback):
    """A tqdm bar over the epochs of `fit`, with the latest numbers.

    Args:
        epochs: how many there will be.
        title: what stands before the bar.
    """

    def __init__(self, epochs: int, title: str = "training") -> None:
        self._bar = tqdm(total=epochs, desc=title, unit="epoch")

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float]) -> None:
        self._bar.set_postfix({name: f"{x:.3f}" for name, x in logs.items()}, refresh=False)
        self._bar.update()

    def on_train_end(self) -> None:
        self._bar.close()


def train(
    model: Any,
    inputs: np.ndarray[Any, Any],
    targets: np.ndarray[Any, Any],
    *,
    loss: Any = cross_entropy,
    metrics: tuple[str, ...] = ("accuracy",),
    lr: float = 0.002,
    epochs: int,
    batch_size: int = 64,
    title: str = "training",
) -> Any:
    """Train with Adam behind a bar; the `History` of the losses.

    Args:
        model: one with `compile` and `fit`.
        inputs, targets: arrays, one sample after another.
        loss: of outputs and targets; by default the cross-entropy of logits.
        metrics: what else is counted.
        lr: the learning rate.
        epochs: how often all samples are seen.
        batch_size: samples of a step.
        title: what stands before the bar.
    """
    autograd.manual_seed(0)
    model.compile(Adam(lr=lr), loss, metrics)
    return model.fit(inputs, targets, batch_size, epochs, verbose=0, callbacks=[Bar(epochs, title)])
