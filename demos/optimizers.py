"""Seven ways downhill on one loss surface: rates, batches, momentum, Adam (deck 1, "Learning Rate").

Look at: the surface is a valley, steep across and flat along. The rate must be small enough for the steep
direction, and is then slow in the flat one; momentum and Adam are two answers to that, and small batches take
many cheap steps, each of them a little wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import autograd
import nn
from nn.data import DataLoader, TensorDataset
from nn.optim import SGD, Adam, Optimizer

from . import OUT, Result, panels, save_picture

DECKS = (1, 3)

START = (0.0, 4.0)
"""Where all runs begin: w and b."""

MAP = ((-1.0, 4.0), (-3.0, 5.0))
"""Which w and b are drawn."""

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Run:
    """One way downhill.

    Args:
        optimizer: its class.
        settings: what it is made with.
        lesson: what the run shows.
        batch_size: how many points a step sees; all if None.
    """

    optimizer: Callable[..., Optimizer]
    settings: dict[str, float]
    lesson: str
    batch_size: int | None = None


RUNS = {
    "rate 0.01": Run(SGD, {"lr": 0.01}, "it has only begun to go along"),
    "rate 0.15": Run(SGD, {"lr": 0.15}, "zigzags across, and is slow along"),
    "rate 0.25": Run(SGD, {"lr": 0.25}, "each step overshoots by more"),
    "batches of 8": Run(SGD, {"lr": 0.05}, "more steps for the same work, noisier", 8),
    "batches of 1": Run(SGD, {"lr": 0.05}, "still more steps, noisier still", 1),
    "momentum 0.8": Run(SGD, {"lr": 0.1, "momentum": 0.8}, "zigzags cancel, steps along add up"),
    "Adam": Run(Adam, {"lr": 0.3}, "each weight has a rate of its own"),
}


def main(out: Path = OUT, *, points: int = 64, epochs: int = 60) -> Result:
    """Go downhill from the same place by each of `RUNS`, and compare where they arrive.

    Args:
        out: where the picture goes.
        points: how many the line is fitted to.
        epochs: how often each run sees all of them.
    """
    x, y = line(points)
    lowest, least = minimum(x, y)
    steepest, flattest = curvatures(x)
    print(f"The loss of one neuron, 1/n Σ (wx + b − y)², over {points} points; its two weights are the map.")
    print(f"It is lowest at w = {lowest[0]:.3f}, b = {lowest[1]:.3f}, with {least:.4f}, which is the points' noise.")
    print(f"Its curvature is {steepest:.2f} across the valley and {flattest:.2f} along it.")
    print(f"Gradient descent diverges at rates above 2/{steepest:.2f} = {2 / steepest:.2f}.")

    print(f"\n{epochs} epochs from w = {START[0]:g}, b = {START[1]:g}:")
    print("                 rate   steps   loss above least   distance")
    paths, numbers = {}, {}
    for name, run in RUNS.items():
        path = paths[name] = descend(run, x, y, epochs)
        excess = loss(*path[-1], x, y) - least
        distance = float(np.hypot(*(path[-1] - lowest)))
        rate = run.settings["lr"]
        print(f"  {name:13} {rate:5} {len(path) - 1:7} {excess:18.1e} {distance:10.3g}   {run.lesson}")
        numbers[name] = distance

    steps = len(DataLoader(range(60_000), batch_size=128))
    print(f"\nThe deck's MNIST: 60,000/128 = {60_000 / 128}, therefore {steps} steps an epoch, the last one smaller.")
    print("It advises against batches above 128, because the noise of small ones shakes weights out of local")
    print("minima. That is a habit, no law: noise grows with rate/batch; and this bowl has but one minimum.")
    numbers["steps an epoch"] = steps
    return Result(numbers, save_picture(out / "optimizers.png", lambda: drawn(paths, x, y)))


def line(count: int, seed: int = 0) -> tuple[Array, Array]:
    """Points near y = 2x + 1, x from 1 to 3: off-centre, so that the valley lies askew."""
    source = np.random.default_rng(seed)
    x = source.uniform(1, 3, count)
    return x, 2 * x + 1 + source.normal(0, 0.3, count)


def loss(w: Any, b: Any, x: Any, y: Any) -> Any:
    """1/n Σ (wx + b − y)², of numbers, arrays and nodes."""
    return ((w * x + b - y) ** 2).mean()


def minimum(x: Array, y: Array) -> tuple[Array, float]:
    """The least squares' w and b, and the loss there."""
    lowest = np.linalg.lstsq(np.stack([x, np.ones_like(x)], axis=1), y)[0]
    return lowest, float(loss(*lowest, x, y))


def curvatures(x: Array) -> tuple[float, float]:
    """The eigenvalues of the Hessian, the larger one first."""
    hessian = autograd.hessian(lambda p: ((p[0] * x + p[1]) ** 2).mean())(np.zeros(2))
    flattest, steepest = np.linalg.eigvalsh(hessian)
    return float(steepest), float(flattest)


def descend(run: Run, x: Array, y: Array, epochs: int) -> Array:
    """The places (w, b) that a run passes, (steps + 1, 2)."""
    w, b = (nn.Parameter(np.array(coordinate)) for coordinate in START)
    optimizer = run.optimizer([w, b], **run.settings)
    loader = DataLoader(TensorDataset(x, y), batch_size=run.batch_size or len(x), shuffle=True, seed=0)
    path = [START]
    for _ in range(epochs):
        for inputs, targets in loader:
            optimizer.zero_grad()
            loss(w, b, inputs, targets).backward()
            optimizer.step()
            path.append((w.item(), b.item()))
    return np.array(path)


def drawn(paths: dict[str, Array], x: Array, y: Array) -> Any:
    """The paths on the surface: three rates, three sizes of batch, three kinds of step."""
    compared = {
        "learning rate": ("rate 0.01", "rate 0.15", "rate 0.25"),
        "batch size": ("batches of 1", "batches of 8", "rate 0.15"),
        "kind of step": ("rate 0.15", "momentum 0.8", "Adam"),
    }
    figure, axes = panels(len(compared))
    for ax, (title, names) in zip(axes, compared.items(), strict=True):
        chosen = {name: until_it_leaves(paths[name]) for name in names}
        nn.plot.loss_surface(lambda w, b: loss(w, b, x, y), MAP[0], MAP[1], paths=chosen, ax=ax)
        ax.set_title(title)
    return figure


def until_it_leaves(path: Array) -> Array:
    """A path up to its first step off the map."""
    outside = (path < [low for low, _ in MAP]) | (path > [high for _, high in MAP])
    return path[: outside.any(axis=1).argmax() + 1] if outside.any() else path


if __name__ == "__main__":
    main()
