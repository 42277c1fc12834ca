"""`Model`: a module that can be compiled, fitted and evaluated as in Keras."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

import autograd
from autograd import Tensor, from_numpy, no_grad

from .callbacks import Callback, History
from .loss import l1_loss, mse_loss
from .module import Module
from .optim import SGD, Adam, RMSprop
from .progress import ProgressLine
from .summary import layer_names, summary

__all__ = ["Model"]

Array = np.ndarray[Any, Any]
Loss = Callable[[Tensor, Tensor], Tensor]

SMALLEST = 1e-7  # probability, of which a logarithm is taken


def categorical_crossentropy(prediction: Tensor, target: Tensor) -> Tensor:
    """The mean of -Σ y log ŷ over the samples; ŷ and y are probabilities of the classes."""
    return -(target * prediction.clip(SMALLEST, 1.0).log()).sum(-1).mean()  # type: ignore[no-any-return]


def sparse_categorical_crossentropy(prediction: Tensor, target: Tensor) -> Tensor:
    """The same with the numbers of the classes in the place of y."""
    chosen = prediction.take_along_dim(target.long().reshape(-1, 1), 1)
    return -chosen.clip(SMALLEST, 1.0).log().mean()  # type: ignore[no-any-return]


def binary_crossentropy(prediction: Tensor, target: Tensor) -> Tensor:
    """The mean of -(y log ŷ + (1 - y) log(1 - ŷ)); ŷ is the probability of y = 1."""
    p = prediction.clip(SMALLEST, 1 - SMALLEST)
    return -(target * p.log() + (1 - target) * (1 - p).log()).mean()  # type: ignore[no-any-return]


LOSSES: dict[str, Loss] = {
    "mean_squared_error": mse_loss,
    "mse": mse_loss,
    "mean_absolute_error": l1_loss,
    "mae": l1_loss,
    "categorical_crossentropy": categorical_crossentropy,
    "sparse_categorical_crossentropy": sparse_categorical_crossentropy,
    "binary_crossentropy": binary_crossentropy,
}

OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "sgd": lambda: SGD(lr=0.01),
    "adam": lambda: Adam(lr=0.001),
    "rmsprop": lambda: RMSprop(lr=0.001),
}


def accuracy(prediction: Array, target: Array) -> Array:
    """For each sample whether the class is right: the largest number, or the side of 1/2 if there is only one."""
    if prediction.ndim == 1 or prediction.shape[-1] == 1:
        return np.asarray((prediction.reshape(len(prediction)) > 0.5) == (target.reshape(len(target)) > 0.5))
    classes = target if target.ndim < prediction.ndim or target.shape[-1] == 1 else target.argmax(-1)
    return np.asarray(prediction.argmax(-1) == classes.reshape(prediction.shape[:-1]))


METRICS: dict[str, Callable[[Array, Array], Array]] = {"accuracy": accuracy, "acc": accuracy}


class Model(Module):
    """A module with Keras's `compile`, `fit`, `evaluate`, `predict` and `summary`."""

    stop_training = False
    """A callback sets it to end the training after the epoch."""

    _loss: Loss | None = None
    optimizer: Any = None
    _metrics: tuple[str, ...] = ()

    def summary(self, input_shape: Sequence[int] | None = None) -> None:
        """Print a table of the layers; see `nn.summary`."""
        print(summary(self, input_shape))

    def compile(self, optimizer: Any = "rmsprop", loss: str | Loss | None = None, metrics: Sequence[str] = ()) -> None:
        """Choose how to train.

        Args:
            optimizer: one of `nn.optim`, without parameters, or `"sgd"`, `"adam"`, `"rmsprop"`.
            loss: its name, or a function of prediction and target such as a module of `nn`.
            metrics: `"accuracy"`.

        Raises:
            ValueError: there is nothing of that name.
        """
        if isinstance(optimizer, str) and optimizer not in OPTIMIZERS:
            raise ValueError(f"compile: optimizer is {optimizer!r}: choose one of {', '.join(OPTIMIZERS)}")
        if isinstance(loss, str) and loss not in LOSSES:
            raise ValueError(f"compile: loss is {loss!r}: choose one of {', '.join(LOSSES)}")
        if not callable(loss) and not isinstance(loss, str):
            raise ValueError(f"compile: loss must be a name or a function, got {loss!r}")
        for name in metrics:
            if name not in METRICS:
                raise ValueError(f"compile: there is no metric {name!r}: choose one of {', '.join(METRICS)}")
        self.optimizer = OPTIMIZERS[optimizer]() if isinstance(optimizer, str) else optimizer
        function = LOSSES[loss] if isinstance(loss, str) else loss
        self._loss = function.__call__ if isinstance(function, Module) else function  # held itself, it were a layer
        self._metrics = tuple("accuracy" if name == "acc" else name for name in metrics)

    def fit(
        self,
        x: Any,
        y: Any,
        batch_size: int = 32,
        epochs: int = 1,
        verbose: int = 1,
        callbacks: Sequence[Callback] = (),
        validation_data: tuple[Any, Any] | None = None,
        validation_split: float = 0.0,
        shuffle: bool = True,
        initial_epoch: int = 0,
    ) -> History:
        """Train on samples, and print a line for each epoch.

        Args:
            x, y: samples and targets, along the first axis.
            batch_size: samples of one step.
            epochs: how often all samples are seen, counted from the first epoch of all.
            verbose: 0 for no output, 1 for a line with a bar, 2 for a line without.
            callbacks: what else is to be told; see `nn.callbacks`.
            validation_data: other samples and targets, to evaluate after each epoch.
            validation_split: in its place, the share of the samples, the last ones, that is left out for that.
            shuffle: see the samples in another order in each epoch, drawn from `autograd`'s generator.
            initial_epoch: the number of the first epoch, to go on where an earlier training ended.

        Returns:
            the `History` of losses and metrics.

        Raises:
            ValueError: there are no samples, or not as many targets.
            FloatingPointError: the loss is no number; it names the epoch and the layer where that began.
        """
        loss = self._compiled("fit")
        samples, targets = _arrays(x, y, "fit")
        if validation_split:
            count = int(len(samples) * (1 - validation_split))
            validation_data = (samples[count:], targets[count:])
            samples, targets = samples[:count], targets[:count]
            if not count:
                raise ValueError(f"fit: validation_split={validation_split} leaves no samples to train on")
        self._give_parameters(samples[:1])
        history = History()
        everyone = [*callbacks, history]
        for callback in everyone:
            callback.model = self
            callback.on_train_begin()
        self.stop_training = False
        for epoch in range(initial_epoch, epochs):
            logs = self._epoch(
                loss, samples, targets, batch_size, (epoch, epochs), verbose, everyone, shuffle, validation_data
            )
            for callback in everyone:
                callback.on_epoch_end(epoch, logs)
            if self.stop_training:
                break
        for callback in everyone:
            callback.on_train_end()
        return history

    def _epoch(
        self,
        loss: Loss,
        samples: Array,
        targets: Array,
        batch_size: int,
        number: tuple[int, int],
        verbose: int,
        callbacks: Sequence[Callback],
        shuffle: bool,
        validation_data: tuple[Any, Any] | None,
    ) -> dict[str, float]:
        """See all samples once; what the progress line shows at the end."""
        for callback in callbacks:
            callback.on_epoch_begin(number[0])
        if verbose:
            print(f"Epoch {number[0] + 1}/{number[1]}")
        self.train()
        order = autograd.randperm(len(samples)).numpy() if shuffle else None
        batches = list(_batches(len(samples), batch_size))
        line, total = ProgressLine(len(batches), verbose), _Totals(self._metrics)
        for step, part in enumerate(batches, 1):
            chosen = part if order is None else order[part]
            self._step(loss, samples[chosen], targets[chosen], total, f"epoch {number[0] + 1}, batch {step}")
            line.update(step, total.means())
            for callback in callbacks:
                callback.on_batch_end(step - 1, total.means())
        logs = total.means()
        if validation_data is not None:
            held_out = self._evaluated(*validation_data, batch_size)
            logs |= {f"val_{name}": number for name, number in held_out.items()}
        line.finish(logs)
        return logs

    def _step(self, loss: Loss, samples: Array, targets: Array, total: _Totals, where: str) -> None:
        """One round of training: forward, the loss, backward, a step of the optimiser."""
        prediction = self(from_numpy(samples))
        value = loss(prediction, from_numpy(targets))
        number = value.item()
        if not np.isfinite(number):
            raise FloatingPointError(f"fit: the loss became {number} in {where}{self._first_not_finite(samples)}")
        self.optimizer.zero_grad()
        value.backward()
        self.optimizer.step()
        total.add(number, prediction.detach().numpy(), targets)

    def evaluate(self, x: Any, y: Any, batch_size: int = 32, verbose: int = 1) -> float | list[float]:
        """The loss on samples, in a list with the metrics if there are any."""
        numbers = self._evaluated(x, y, batch_size, verbose)
        return list(numbers.values()) if self._metrics else numbers["loss"]

    def _evaluated(self, x: Any, y: Any, batch_size: int, verbose: int = 0) -> dict[str, float]:
        loss = self._compiled("evaluate")
        samples, targets = _arrays(x, y, "evaluate")
        total = _Totals(self._metrics)
        batches = list(_batches(len(samples), batch_size))
        line = ProgressLine(len(batches), verbose)
        for step, (part, prediction) in enumerate(self._predictions(samples, batches), 1):
            with no_grad():
                number = loss(prediction, from_numpy(targets[part])).item()
            total.add(number, prediction.numpy(), targets[part])
            line.update(step, total.means())
        line.finish(total.means())
        return total.means()

    def predict(self, x: Any, batch_size: int = 32) -> Array:
        """The outputs for samples, as an array."""
        samples = _array(x)
        _check_samples(samples, "predict")
        batches = list(_batches(len(samples), batch_size))
        return np.concatenate([prediction.numpy() for _, prediction in self._predictions(samples, batches)])

    def _predictions(self, samples: Array, batches: Sequence[slice]) -> Iterator[tuple[slice, Tensor]]:
        """The outputs for each batch, as when the model is not trained."""
        was_training = self.training
        self.eval()
        try:
            for part in batches:
                with no_grad():
                    prediction = self(from_numpy(samples[part]))
                yield part, prediction
        finally:
            self.train(was_training)

    # ------------------------------------------------------------------ helpers

    def _compiled(self, caller: str) -> Loss:
        if self._loss is None:
            raise RuntimeError(
                f"{caller}: choose a loss first: model.compile(loss='mean_squared_error', optimizer='sgd')"
            )
        return self._loss

    def _give_parameters(self, sample: Array) -> None:
        """Make the parameters that wait for an input, and hand them all to the optimiser if it has none."""
        with no_grad():
            self(from_numpy(sample))
        if not self.optimizer.param_groups:
            self.optimizer.add_param_group({"params": self.parameters()})

    def _first_not_finite(self, samples: Array) -> str:
        """The first module whose output for these samples is not finite."""
        found: list[str] = []
        modules = [(name, module) for name, module in self.named_modules() if name and not list(module.children())]
        names = dict(zip(map(id, (m for _, m in modules)), layer_names([m for _, m in modules]), strict=True))

        def note(module: Module, _: Any, output: Any) -> None:
            if isinstance(output, Tensor) and not np.isfinite(output.detach().numpy()).all():
                found.append(f"{names[id(module)]} ({type(module).__name__})")

        handles = [module.register_forward_hook(note) for _, module in modules]
        try:
            with no_grad():
                self(from_numpy(samples))
        finally:
            for handle in handles:
                handle.remove()
        return (
            f": the first output that is not finite is that of {found[0]}"
            if found
            else ": all layers' outputs are finite"
        )


class _Totals:
    """Sums over the samples seen so far, of the loss and of the metrics."""

    def __init__(self, metrics: Sequence[str]) -> None:
        self._sums = dict.fromkeys(("loss", *metrics), 0.0)
        self._count = 0

    def add(self, loss: float, prediction: Array, target: Array) -> None:
        """Count a batch; the loss is a mean over it."""
        n = len(prediction)
        self._count += n
        self._sums["loss"] += loss * n
        for name in self._sums:
            if name != "loss":
                self._sums[name] += float(METRICS[name](prediction, target).sum())

    def means(self) -> dict[str, float]:
        """The means over the samples seen so far."""
        return {name: total / max(self._count, 1) for name, total in self._sums.items()}


def _batches(count: int, size: int) -> Iterator[slice]:
    if type(size) is not int or size < 1:
        raise ValueError(f"batch_size: must be a whole number from 1 on, got {size!r}")
    return (slice(start, min(start + size, count)) for start in range(0, count, size))


def _array(x: Any) -> Array:
    """Samples as an array, floating ones in the default dtype."""
    array = x.detach().numpy() if isinstance(x, Tensor) else np.asarray(x)
    return array.astype(autograd.get_default_dtype(), copy=False) if array.dtype.kind == "f" else array


def _check_samples(samples: Array, caller: str) -> None:
    if not samples.ndim or not len(samples):
        raise ValueError(f"{caller}: there are no samples: got an array of shape {samples.shape}")


def _arrays(x: Any, y: Any, caller: str) -> tuple[Array, Array]:
    samples, targets = _array(x), _array(y)
    _check_samples(samples, caller)
    if len(samples) != len(targets):
        raise ValueError(f"{caller}: {len(samples)} samples and {len(targets)} targets: make them equally many")
    return samples, targets
