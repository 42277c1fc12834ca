"""What can watch `fit` and step in: early stopping, checkpoints, plots, health; and the `History` it returns."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograd.health import HealthReport, Watch, watch

from .io import save

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .model import Model

__all__ = ["Callback", "EarlyStopping", "HealthMonitor", "History", "LivePlot", "ModelCheckpoint"]

Logs = Mapping[str, float]


class Callback:
    """Is told of the beginning and the end of the training, of each epoch and of each batch; does nothing by itself.

    `model` is the model that is trained; `logs` maps names such as `loss` and `val_accuracy` to numbers.
    """

    model: Model

    def on_train_begin(self) -> None:
        """Before the first epoch."""

    def on_epoch_begin(self, epoch: int) -> None:
        """Before an epoch; the first one has the number 0."""

    def on_batch_end(self, batch: int, logs: Logs) -> None:
        """After a step of the optimiser."""

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """After an epoch and its validation."""

    def on_train_end(self) -> None:
        """After the last epoch."""


class History(Callback):
    """The numbers of all epochs: `history["loss"]` is a list with one for each.

    >>> history = History()
    >>> history.on_epoch_end(0, {"loss": 0.5})
    >>> history.on_epoch_end(1, {"loss": 0.25})
    >>> history.epoch, history.history
    ([0, 1], {'loss': [0.5, 0.25]})
    """

    def __init__(self) -> None:
        self.epoch: list[int] = []
        self.history: dict[str, list[float]] = {}

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        self.epoch.append(epoch)
        for name, x in logs.items():
            self.history.setdefault(name, []).append(x)

    def plot(self, *, metrics: str | Sequence[str] | None = None) -> Figure:
        """Draw the numbers over the epochs; see `nn.plot.training_curves`.

        Args:
            metrics: which, those of the validation beside them; by default all.

        Returns:
            A figure of matplotlib's: `history.plot().savefig("training.png")`.

        Raises:
            ImportError: matplotlib is missing.
            ValueError: there are no epochs yet, or no such metric.
        """
        from .plot import training_curves

        return training_curves(self, metrics=metrics)


class _Monitor(Callback):
    """Remembers the best value of one number; whether small or large ones are good follows from its name.

    Args:
        monitor: the name of the number.
        min_delta: how much better it has to be to count.
        mode: `"min"`, `"max"` or `"auto"`: numbers called after accuracy should be large.
    """

    def __init__(self, monitor: str, min_delta: float, mode: str) -> None:
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"{type(self).__name__}: mode must be 'auto', 'min' or 'max', got {mode!r}")
        self.monitor, self.min_delta = monitor, abs(min_delta)
        grows = mode == "max" or (mode == "auto" and "acc" in monitor)
        self._sign = -1.0 if grows else 1.0
        self.best = math.inf * self._sign

    def _improved(self, logs: Logs) -> bool:
        if self.monitor not in logs:
            raise ValueError(f"{type(self).__name__}: there is no {self.monitor!r}: choose one of {', '.join(logs)}")
        x = logs[self.monitor]
        if self._sign * x < self._sign * self.best - self.min_delta:
            self.best = x
            return True
        return False


class EarlyStopping(_Monitor):
    """Ends the training when a number has not become better for some epochs.

    Args:
        monitor, min_delta, mode: which number, and what counts as better.
        patience: for how many epochs.
        restore_best_weights: go back to the parameters of the best epoch.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0.0,
        patience: int = 0,
        mode: str = "auto",
        restore_best_weights: bool = False,
    ) -> None:
        super().__init__(monitor, min_delta, mode)
        self.patience, self.restore_best_weights = patience, restore_best_weights
        self.stopped_epoch: int | None = None
        self._waited = 0
        self._weights: dict[str, Any] = {}

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        if self._improved(logs):
            self._waited = 0
            if self.restore_best_weights:
                self._weights = {name: x.numpy().copy() for name, x in self.model.state_dict().items()}
            return
        self._waited += 1
        if self._waited >= max(self.patience, 1):
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self) -> None:
        if self._weights:
            self.model.load_state_dict(self._weights)


class ModelCheckpoint(_Monitor):
    """Saves the parameters after each epoch, or after those that are better than all before.

    Args:
        filepath: where; numbers are filled in by their names, as in `"{epoch:02d}-{val_loss:.3f}.safetensors"`.
        monitor, mode: which number, and what counts as better.
        save_best_only: leave the other epochs out.
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        save_best_only: bool = False,
        mode: str = "auto",
    ) -> None:
        super().__init__(monitor, 0.0, mode)
        self.filepath, self.save_best_only = str(filepath), save_best_only

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        if not self.save_best_only or self._improved(logs):
            path = Path(self.filepath.format(epoch=epoch + 1, **logs))
            path.parent.mkdir(parents=True, exist_ok=True)
            save(self.model, path)


class HealthMonitor(Callback):
    """Prints the health of every layer after an epoch; see `autograd.watch`.

    Args:
        every: after how many epochs.

    Attributes:
        report: the one printed last, over the steps of its epoch.
    """

    report: HealthReport

    def __init__(self, every: int = 1) -> None:
        if type(every) is not int or every < 1:
            raise ValueError(f"HealthMonitor: every must be a whole number of epochs from 1 on, got {every!r}")
        self.every = every
        self._watch: Watch | None = None
        self._batches = 0

    def on_train_begin(self) -> None:
        self._watch = watch(self.model)  # the one of a training that an error ended takes its hooks away itself

    def on_epoch_begin(self, epoch: int) -> None:
        self._batches = 0

    def on_batch_end(self, batch: int, logs: Logs) -> None:
        self._batches += 1

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        if self._watch is not None and (epoch + 1) % self.every == 0:
            self.report = self._watch.report(last=self._batches)
            print(self.report)

    def on_train_end(self) -> None:
        if self._watch is not None:
            self._watch.remove()


class LivePlot(Callback):
    """Draws the numbers of all epochs so far into a picture file, anew after each epoch.

    Args:
        filepath: the picture, such as `"training.png"`.
        monitor: which numbers, those of the validation beside them.
    """

    def __init__(self, filepath: str | os.PathLike[str] = "training.png", monitor: tuple[str, ...] = ("loss",)) -> None:
        from .plot.canvas import require_matplotlib

        require_matplotlib("LivePlot")  # before the first epoch, not after it
        self.filepath, self.monitor = Path(filepath), monitor
        self._history = History()

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        self._history.on_epoch_end(epoch, logs)
        self._history.plot(metrics=self.monitor).savefig(self.filepath)
