"""Schedules of the learning rate, under the names of `torch.optim.lr_scheduler`."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .optimizer import Optimizer

__all__ = [
    "CosineAnnealingLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "ReduceLROnPlateau",
    "StepLR",
]


class _Stateful:
    """Saves its numbers, but neither the optimiser nor functions."""

    def state_dict(self) -> dict[str, Any]:
        """A copy of the numbers that later steps depend on; save the optimiser's `state_dict`, too."""
        return {name: copy.copy(value) for name, value in vars(self).items() if name not in ("optimizer", "lr_lambdas")}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on where the scheduler stood whose `state_dict` this is.

        Raises:
            ValueError: it is that of another kind; nothing is loaded.
        """
        own = self.state_dict()
        different = sorted(own.keys() ^ state_dict.keys())
        if different:
            where = "the scheduler" if different[0] in own else "the state"
            raise ValueError(f"load_state_dict: {type(self).__name__}: only {where} has {different[0]}")
        vars(self).update(copy.deepcopy(dict(state_dict)))


class LRScheduler(_Stateful):
    """Changes the learning rates of an optimiser as epochs pass: call `step()` at the end of each.

    A subclass says in `_rate` how an epoch's rate follows from the last one's, so that several schedulers on one
    optimiser multiply.

    Args:
        optimizer: whose rates change, those of all its groups.
        last_epoch: how many epochs have passed, less one; -1 at the beginning.
    """

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        name = type(self).__name__
        _check_optimizer(optimizer, name)
        for group in optimizer.param_groups:
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise ValueError(f"{name}: to go on after epoch {last_epoch}, groups must have their 'initial_lr'")
        self.optimizer = optimizer
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self.step()

    def step(self) -> None:
        """Go on to the next epoch."""
        self.last_epoch += 1
        groups = self.optimizer.param_groups
        for i, (group, base) in enumerate(zip(groups, self.base_lrs, strict=True)):
            group["lr"] = self._rate(group["lr"], base, self.last_epoch, i)

    def get_last_lr(self) -> list[float]:
        """The learning rate of each group."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def _rate(self, rate: float, base: float, epoch: int, group: int) -> float:
        """The rate in this epoch, if it was `rate` in the one before, and `base` at the very beginning."""
        raise NotImplementedError(f"{type(self).__name__}: a scheduler must define _rate(rate, base, epoch, group)")


class LambdaLR(LRScheduler):
    """η₀ f(t) in epoch t.

    Args:
        optimizer: whose rates change.
        lr_lambda: f, or one for each group.
        last_epoch: see `LRScheduler`.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | Sequence[Callable[[int], float]],
        last_epoch: int = -1,
    ) -> None:
        groups = len(optimizer.param_groups)
        self.lr_lambdas = [lr_lambda] * groups if callable(lr_lambda) else list(lr_lambda)
        if len(self.lr_lambdas) != groups:
            raise ValueError(f"LambdaLR: {len(self.lr_lambdas)} functions for {groups} groups of parameters")
        super().__init__(optimizer, last_epoch)

    def _rate(self, rate: float, base: float, epoch: int, group: int) -> float:
        return base * self.lr_lambdas[group](epoch)


class StepLR(LRScheduler):
    """η₀ γ^⌊t / n⌋: times γ every n epochs.

    Args:
        optimizer: whose rates change.
        step_size: n.
        gamma: γ.
        last_epoch: see `LRScheduler`.

    >>> import autograd, nn
    >>> optimizer = nn.optim.SGD([nn.Parameter(autograd.ones(1))], lr=1.0)
    >>> scheduler = nn.optim.StepLR(optimizer, step_size=2, gamma=0.5)
    >>> rates = []
    >>> for epoch in range(5):
    ...     rates += scheduler.get_last_lr()
    ...     optimizer.step()
    ...     scheduler.step()
    >>> rates
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.step_size = _positive(step_size, "StepLR: step_size")
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _rate(self, rate: float, base: float, epoch: int, group: int) -> float:
        return rate * self.gamma if epoch and epoch % self.step_size == 0 else rate


class MultiStepLR(LRScheduler):
    """Times γ in each of these epochs.

    Args:
        optimizer: whose rates change.
        milestones: the epochs.
        gamma: γ.
        last_epoch: see `LRScheduler`.
    """

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.milestones = sorted(milestones)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _rate(self, rate: float, base: float, epoch: int, group: int) -> float:
        return rate * self.gamma ** self.milestones.count(epoch)


class ExponentialLR(LRScheduler):
    """η₀ γᵗ in epoch t.

    Args:
        optimizer: whose rates change.
        gamma: γ.
        last_epoch: see `LRScheduler`.
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _rate(self, rate: float, base: float, epoch: int, group: int) -> float:
        return rate * self.gamma if epoch else rate


class LinearLR(LRScheduler):
    """η₀ times a factor that goes from one number to another in a straight line, such as a warm-up.

    Args:
        optimizer: whose rates change.
        start_factor: the factor in epoch 0.
        end_factor: the factor from epoch `total_iters` on.
        total_iters: how many epochs it takes.
        last_epoch: see `LRScheduler`.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if not 0 < start_factor <= 1:
            raise ValueError(f"LinearLR: start_factor must be above 0 and at most 1, got {start_factor}")
        if not 0 <= end_factor <= 1:
            raise ValueError(f"LinearLR: end_factor must be from 0 to 1, got {end_factor}")
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = _positive(total_iters, "LinearLR: total_iters")
        super().__init__(optimizer, last_epoch)

    def _factor(self, epoch: int) -> float:
        return self.start_factor + (self.end_factor - self.start_factor) * epoch / self.total_iters

    def _rate(self, rate: float, base: float, epoch: int, group: int) -> float:
        if epoch == 0:
            return rate * self.start_factor
        return rate if epoch > self.total_iters else rate * self._factor(epoch) / self._factor(epoch - 1)


class CosineAnnealingLR(LRScheduler):
    """η_min + ½ (η₀ − η_min) (1 + cos(πt / T)): from η₀ down to η_min in T epochs, and up again.

    Args:
        optimizer: whose rates change.
        T_max: T.
        eta_min: η_min.
        last_epoch: see `LRScheduler`.

    Loshchilov and Hutter (2017), without the restarts.
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        self.T_max = _positive(T_max, "CosineAnnealingLR: T_max")
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def _factor(self, epoch: int) -> float:
        return 1 + math.cos(math.pi * epoch / self.T_max)

    def _rate(self, rate: float, base: float, epoch: int, group: int) -> float:
        if epoch == 0:
            return rate
        if (epoch - 1) % (2 * self.T_max) == self.T_max:  # the factor was 0: no multiple of it goes up again
            return rate + (base - self.eta_min) * self._factor(epoch) / 2
        return self.eta_min + (rate - self.eta_min) * self._factor(epoch) / self._factor(epoch - 1)


class ReduceLROnPlateau(_Stateful):
    """Makes the learning rate smaller when a number, such as the loss on other data, stops improving.

    Args:
        optimizer: whose rates change.
        mode: "min" if smaller is better, else "max".
        factor: what the rate is multiplied by.
        patience: how many epochs without improvement pass before.
        threshold: how much better is better.
        threshold_mode: "rel" if the threshold is a share of the best so far, "abs" if it is a difference.
        cooldown: how many epochs after a change do not count.
        min_lr: below which no rate falls; one, or one for each group.
        eps: smaller changes are left out.

    Call `step(number)` at the end of each epoch.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | Sequence[float] = 0,
        eps: float = 1e-8,
    ) -> None:
        _check_optimizer(optimizer, "ReduceLROnPlateau")
        for name, value, allowed in (
            ("mode", mode, ("min", "max")),
            ("threshold_mode", threshold_mode, ("rel", "abs")),
        ):
            if value not in allowed:
                raise ValueError(f"ReduceLROnPlateau: {name} must be {' or '.join(map(repr, allowed))}, got {value!r}")
        if not factor < 1:
            raise ValueError(f"ReduceLROnPlateau: factor must be below 1, got {factor}")
        groups = len(optimizer.param_groups)
        self.min_lrs = [float(min_lr)] * groups if isinstance(min_lr, (int, float)) else list(min_lr)
        if len(self.min_lrs) != groups:
            raise ValueError(f"ReduceLROnPlateau: {len(self.min_lrs)} numbers min_lr for {groups} groups of parameters")
        self.optimizer = optimizer
        self.mode = mode
        self.factor = factor
        self.patience = patience
        self.threshold = threshold
        self.threshold_mode = threshold_mode
        self.cooldown = cooldown
        self.eps = eps
        self.best = math.inf if mode == "min" else -math.inf
        self.num_bad_epochs = 0
        self.cooldown_counter = 0
        self.last_epoch = 0

    def step(self, metrics: Any) -> None:
        """Note the number at the end of an epoch; reduce the rates if it has not improved for too long."""
        current = float(metrics)
        self.last_epoch += 1
        self.num_bad_epochs += 1
        if self._is_better(current):
            self.best = current
            self.num_bad_epochs = 0
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0

    def get_last_lr(self) -> list[float]:
        """The learning rate of each group."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def _is_better(self, current: float) -> bool:
        sign = 1 if self.mode == "min" else -1
        if self.threshold_mode == "rel":
            return sign * current < sign * self.best * (1 - sign * self.threshold)
        return sign * current < sign * self.best - self.threshold

    def _reduce(self) -> None:
        for group, least in zip(self.optimizer.param_groups, self.min_lrs, strict=True):
            rate = max(group["lr"] * self.factor, least)
            if group["lr"] - rate > self.eps:
                group["lr"] = rate


def _check_optimizer(optimizer: Any, name: str) -> None:
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{name}: needs an optimiser, got {optimizer!r}, a {type(optimizer).__name__}")
    if not optimizer.param_groups:
        raise ValueError(f"{name}: the optimiser has no parameters yet")


def _positive(n: Any, what: str) -> int:
    if not isinstance(n, int) or n < 1:
        raise ValueError(f"{what} must be a whole number above 0, got {n!r}")
    return n
