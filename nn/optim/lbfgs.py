"""L-BFGS: Newton's method with a Hessian guessed from the last steps, and a line search."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from autograd import enable_grad

from .blocks import Array, Block
from .optimizer import Optimizer, announce

__all__ = ["LBFGS"]

FLAT = 1e-10
"""A pair of steps whose y·s is not above this says nothing about the curvature."""


class LBFGS(Optimizer):
    """x ← x + t d, where d = −Hg, and H, the inverse of the Hessian, is guessed from the last steps.

    A step calls a closure several times, which must compute the loss of the same examples each time:

    >>> import autograd, nn
    >>> x = nn.Parameter(autograd.tensor([-1.0, 2.0], dtype=autograd.float64))
    >>> optimizer = nn.optim.LBFGS([x], max_iter=50, line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2  # Rosenbrock's valley
    ...     loss.backward()
    ...     return loss
    >>> loss = optimizer.step(closure)
    >>> [round(number, 4) for number in x.tolist()]
    [1.0, 1.0]

    Args:
        params: what to change, all in one group.
        lr: the length t of a step without a line search, and the first one that a search tries.
        max_iter: directions per step.
        max_eval: calls of the closure per step; 5/4 of `max_iter` by default.
        tolerance_grad: stop where no entry of the gradient is larger.
        tolerance_change: stop where neither the loss nor any number changes by more.
        history_size: how many steps are remembered.
        line_search_fn: "strong_wolfe", or None for steps of length `lr`.

    Liu and Nocedal (1989); the line search is that of Nocedal and Wright, Numerical Optimization (2006), section
    3.5, in the form of Schmidt's minFunc.
    """

    def __init__(
        self,
        params: Any = None,
        lr: float = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        options = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, options)

    def _check(self, options: Mapping[str, Any]) -> None:
        super()._check(options)
        if options["line_search_fn"] not in (None, "strong_wolfe"):
            raise ValueError(f"LBFGS: line_search_fn is 'strong_wolfe' or None, got {options['line_search_fn']!r}")

    def add_param_group(self, param_group: Mapping[str, Any]) -> None:
        """Take the parameters; there can be one group of them."""
        if self.param_groups:
            raise ValueError("LBFGS: its steps are of all parameters together: there can be one group only")
        super().add_param_group(param_group)

    # ------------------------------------------------------------------ one step

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Go along up to `max_iter` directions.

        Args:
            closure: computes the loss anew, with `zero_grad` before and `backward` after.

        Returns:
            The loss as it was before.
        """
        if closure is None:
            raise TypeError("LBFGS: step needs a closure that computes the loss anew and calls backward")
        self._check_ready()
        options = self.param_groups[0]
        state = self.state.setdefault(self._blocks[0][0].parameters[0], {"func_evals": 0, "n_iter": 0})
        with enable_grad(), np.errstate(all="ignore"):
            first_loss = closure()
            state["func_evals"] += 1
            gradient = self._gradient()
            if _largest(gradient) > options["tolerance_grad"]:
                self._descend(closure, float(first_loss), gradient, state, options)
        return first_loss

    def _descend(
        self, closure: Callable[[], Any], loss: float, gradient: Array, state: dict[str, Any], options: Any
    ) -> None:
        """Direction after direction, until one of the limits is reached; `loss` and `gradient` are those here."""
        evaluations = 1
        for iteration in range(1, options["max_iter"] + 1):
            state["n_iter"] += 1
            self._learn(state, gradient, options["history_size"])
            d = state["d"] = self._direction(state, gradient)
            t = options["lr"]
            if state["n_iter"] == 1:
                t *= min(1.0, 1.0 / float(np.abs(gradient).sum()))
            state |= {"t": t, "prev_flat_grad": gradient, "prev_loss": loss}
            slope = float(gradient @ d)
            if slope > -options["tolerance_change"]:
                return
            here, is_last = Trial(0.0, loss, gradient, slope), iteration == options["max_iter"]
            if options["line_search_fn"]:
                evaluate = partial(self._evaluate, closure, self._numbers(), d)
                limit = options["max_eval"] - evaluations
                (t, loss, gradient, _), used = strong_wolfe(evaluate, here, t, _largest(d), limit)
                self._move(t, d)
            else:
                self._move(t, d)
                used = 0 if is_last else 1  # the next step begins with the loss after this one
                if used:
                    loss, gradient = float(closure()), self._gradient()
            state["t"] = t
            state["func_evals"] += used
            evaluations += used
            if (
                is_last
                or evaluations >= options["max_eval"]
                or _largest(gradient) <= options["tolerance_grad"]
                or _largest(d * t) <= options["tolerance_change"]
                or abs(loss - state["prev_loss"]) < options["tolerance_change"]
            ):
                return

    @staticmethod
    def _learn(state: dict[str, Any], gradient: Array, history_size: int) -> None:
        """Remember the last step s, and by how much the gradient changed on it, y."""
        if state["n_iter"] == 1:
            state |= {"old_dirs": [], "old_stps": [], "ro": [], "H_diag": 1.0}
            return
        y, s = gradient - state["prev_flat_grad"], state["d"] * state["t"]
        curvature = float(y @ s)
        if curvature > FLAT:
            for name, entry in (("old_dirs", y), ("old_stps", s), ("ro", 1.0 / curvature)):
                state[name] = [*state[name], entry][-history_size:]
            state["H_diag"] = curvature / float(y @ y)

    @staticmethod
    def _direction(state: dict[str, Any], gradient: Array) -> Array:
        """−Hg by the two loops of Nocedal and Wright's algorithm 7.4."""
        q, pairs = -gradient, list(zip(state["old_dirs"], state["old_stps"], state["ro"], strict=True))
        shares = []
        for y, s, rho in reversed(pairs):
            alpha = float(s @ q) * rho
            shares.append(alpha)
            q -= alpha * y
        r: Array = q * state["H_diag"]
        for y, s, rho in pairs:
            r += s * (shares.pop() - float(y @ r) * rho)
        return r

    def _evaluate(self, closure: Callable[[], Any], start: Array, d: Array, t: float) -> Trial:
        """What is at x + t d; the parameters come back to x."""
        self._store(start + t * d)
        loss, gradient = float(closure()), self._gradient()
        self._store(start)
        return Trial(t, loss, gradient, float(gradient @ d))

    # ------------------------------------------------------------------ all parameters as one vector

    def _numbers(self) -> Array:
        return np.concatenate([block.numbers() for block in self._blocks[0]])

    def _gradient(self) -> Array:
        found = ((block, block.gradient()) for block in self._blocks[0])
        return np.concatenate([np.zeros_like(block.numbers()) if g is None else g for block, g in found])

    def _move(self, t: float, d: Array) -> None:
        self._store(self._numbers() + t * d)

    def _store(self, numbers: Array) -> None:
        start = 0
        for block in self._blocks[0]:
            size = int(np.prod(block.shape))
            block.store(numbers[start : start + size])
            announce(list(block.parameters))
            start += size

    # ------------------------------------------------------------------ states

    def _shapes(self, block: Block, group: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
        return {"func_evals": (), "n_iter": ()}

    def _difference(self, saved: list[Mapping[str, Any]], state: Mapping[int, Mapping[str, Any]]) -> str:
        complaint = super()._difference(saved, state)
        if complaint:
            return complaint
        size = self._numbers().size
        for entries in state.values():
            vectors = [entries[name] for name in ("d", "prev_flat_grad") if name in entries]
            vectors += [*entries.get("old_dirs", []), *entries.get("old_stps", [])]
            wrong = [np.shape(vector) for vector in vectors if np.shape(vector) != (size,)]
            if wrong:
                return f"has {size} numbers, the state vectors of shape {wrong[0]}"
        return ""

    def _restored(self, block: Block, entries: Mapping[str, Any]) -> dict[str, Any]:
        dtype = self._numbers().dtype
        restored = dict(entries)
        for name in ("d", "prev_flat_grad"):
            if name in entries:
                restored[name] = np.array(entries[name], dtype)
        for name in ("old_dirs", "old_stps"):
            if name in entries:
                restored[name] = [np.array(vector, dtype) for vector in entries[name]]
        return restored


# ---------------------------------------------------------------------- the line search


class Trial(NamedTuple):
    """What was found at a step length."""

    t: float
    loss: float
    gradient: Array
    slope: float  # of the loss along the direction


def strong_wolfe(
    evaluate: Callable[[float], Trial],
    start: Trial,
    t: float,
    largest: float,
    limit: int,
    c1: float = 1e-4,
    c2: float = 0.9,
    tolerance_change: float = 1e-9,
) -> tuple[Trial, int]:
    """A step length t with f(t) ≤ f(0) + c₁ t f'(0) and |f'(t)| ≤ c₂ |f'(0)|, the strong Wolfe conditions.

    Args:
        evaluate: what is at a step length.
        start: what is at 0, where the slope is negative.
        t: the first length to try.
        largest: the largest entry of the direction.
        limit: after how many more trials the best so far must do.
        c1, c2: the constants.
        tolerance_change: below which change of a number the search ends.

    Returns:
        The trial, and how many were made.
    """

    def is_too_high(trial: Trial) -> bool:
        return trial.loss > start.loss + c1 * trial.t * start.slope

    def is_flat(trial: Trial) -> bool:
        return abs(trial.slope) <= -c2 * start.slope

    previous, trial, made = start, evaluate(t), 0
    while True:  # go further until a minimum lies between the last two trials
        if made >= limit:
            bracket = [start, trial]
            break
        if is_too_high(trial) or (made > 1 and trial.loss >= previous.loss):
            bracket = [previous, trial]
            break
        if is_flat(trial):
            return trial, made + 1
        if trial.slope >= 0:
            bracket = [previous, trial]
            break
        further = trial.t + 0.01 * (trial.t - previous.t), 10 * trial.t
        previous, trial = trial, evaluate(_cubic_minimum(previous, trial, further))
        made += 1

    low, is_stuck = _lower(bracket), False
    while made < limit and abs(bracket[1].t - bracket[0].t) * largest >= tolerance_change:  # zoom in
        t, is_stuck = _inside(bracket, is_stuck)
        trial = evaluate(t)
        made += 1
        if is_too_high(trial) or trial.loss >= bracket[low].loss:
            bracket[1 - low] = trial
            low = _lower(bracket)
        else:
            if is_flat(trial):
                return trial, made + 1
            if trial.slope * (bracket[1 - low].t - bracket[low].t) >= 0:
                bracket[1 - low] = bracket[low]
            bracket[low] = trial
    return bracket[low], made + 1


def _inside(bracket: list[Trial], was_stuck: bool) -> tuple[float, bool]:
    """The next length to try between two trials, and whether it is so close to one of them that little is won."""
    t = _cubic_minimum(bracket[0], bracket[1])
    left, right = sorted(trial.t for trial in bracket)
    margin = 0.1 * (right - left)
    if min(right - t, t - left) >= margin:
        return t, False
    if was_stuck or t >= right or t <= left:
        return (right - margin if abs(t - right) < abs(t - left) else left + margin), False
    return t, True


def _cubic_minimum(a: Trial, b: Trial, bounds: tuple[float, float] | None = None) -> float:
    """Where the cubic through two losses and slopes is smallest between the bounds, or between a and b."""
    left, right = (a, b) if a.t <= b.t else (b, a)
    low, high = bounds or (left.t, right.t)
    d1 = left.slope + right.slope - 3 * (left.loss - right.loss) / (left.t - right.t)
    square = d1 * d1 - left.slope * right.slope
    if not square >= 0:
        return (low + high) / 2
    d2 = float(np.sqrt(square))
    share = np.divide(right.slope + d2 - d1, right.slope - left.slope + 2 * d2)
    return min(max(float(right.t - (right.t - left.t) * share), low), high)


def _lower(bracket: list[Trial]) -> int:
    return 0 if bracket[0].loss <= bracket[1].loss else 1


def _largest(x: Array) -> float:
    return float(np.abs(x).max(initial=0.0))
