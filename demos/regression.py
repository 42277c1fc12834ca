"""A network of one input and one output fits a curve through noise (deck 3, "basic_nn").

Look at: nothing tells the network that there is a sine in the data; 4,353 weights and the gradient of the
squared error find the curve, and stop near the noise, which cannot be learnt.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

import autograd
import nn

from . import OUT, Result, panels, save_picture

DECKS = (3,)

LOW, HIGH = -5.0, 5.0

Array = np.ndarray[Any, Any]


def main(
    out: Path = OUT, *, points: int = 400, epochs: int = 100, width: int = 64, rate: float = 0.003, noise: float = 0.5
) -> Result:
    """Fit y = 3 sin x + x + noise with Adam.

    Args:
        out: where the picture goes.
        points: how many the network learns from.
        epochs: how often it sees them.
        width: how many neurons each of the two hidden layers has.
        rate: the learning rate.
        noise: the standard deviation of the noise.
    """
    autograd.manual_seed(0)
    source = np.random.default_rng(0)
    x = source.uniform(LOW, HIGH, (points, 1)).astype(np.float32)
    y = (curve(x) + source.normal(0, noise, x.shape)).astype(np.float32)

    model = nn.Sequential(
        nn.Linear(1, width), nn.ReLU(),
        nn.Linear(width, width), nn.ReLU(),
        nn.Linear(width, 1),
    )  # fmt: skip
    size = sum(p.numel() for p in model.parameters())
    print(f"{points} points of y = 3 sin x + x + noise, x from {LOW:g} to {HIGH:g}, noise of {noise:g}.")
    print(f"A network 1-{width}-{width}-1 with ReLU, {size:,} weights; one output, because the answer is one number.")
    before = squared_error(model, x, y)

    loss_fn, optimizer = nn.MSELoss(), nn.optim.Adam(model.parameters(), lr=rate)
    loader = nn.data.DataLoader(nn.data.TensorDataset(x, y), batch_size=32, shuffle=True, seed=0)
    losses = []
    print(f"\nMinibatches of 32, Adam with a rate of {rate:g}; 1/n Σ (y − ŷ)² over all points:")
    bar = tqdm(range(1, epochs + 1), desc="training", unit="epoch", leave=False)
    for epoch in bar:
        for inputs, targets in loader:
            loss = loss_fn(model(inputs), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        losses.append(squared_error(model, x, y))
        if epoch in (1, 2, 5, 10, 20, 50, epochs):
            bar.write(f"  epoch {epoch:4}: {losses[-1]:8.3f}")

    grid = np.linspace(LOW, HIGH, 201, dtype=np.float32)[:, np.newaxis]
    distance = float(np.sqrt(squared_error(model, grid, curve(grid))))
    print(f"\nBefore training it was {before:.3f}. What is left is the noise, whose square is {noise**2:g} on average.")
    print(f"From the curve without noise, which it never saw, the network strays by {distance:.2f} (root mean square).")
    files = save_picture(out / "regression.png", lambda: drawn(model, x, y, grid, losses, noise))
    return Result({"weights": size, "loss": losses[-1], "off the curve": distance}, files)


def curve(x: Array) -> Array:
    """3 sin x + x."""
    return 3 * np.sin(x) + x


def squared_error(model: nn.Module, x: Array, y: Array) -> float:
    """1/n Σ (y − ŷ)², without a graph."""
    with autograd.no_grad():
        return nn.functional.mse_loss(model(autograd.tensor(x)), autograd.tensor(y)).item()


def drawn(model: nn.Module, x: Array, y: Array, grid: Array, losses: list[float], noise: float) -> Any:
    """The points with the curve and the network's, and the loss by epoch."""
    figure, (left, right) = panels(2)
    left.plot(x, y, ".", color="0.7", label="points")
    left.plot(grid, curve(grid), "--", label="3 sin x + x")
    with autograd.no_grad():
        left.plot(grid, model(autograd.tensor(grid)).numpy(), label="network")
    left.legend()
    left.set(xlabel="x", ylabel="y")
    right.plot(range(1, len(losses) + 1), losses, label="mean squared error")
    right.axhline(noise**2, linestyle="--", color="0.5", label="noise²")
    right.set(xlabel="epoch", ylim=(0, None))
    right.legend()
    return figure


if __name__ == "__main__":
    main()
