"""Networks that draw borders: around a circle, and between ten sectors (deck 3, "classification_nn").

Look at: only the number of outputs changes between two classes and ten; each class has an output, the
softmax makes probabilities of them, and the cross-entropy punishes a small probability of the right one.
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

FEW = 200
"""How many points are drawn: more would hide the regions."""

Array = np.ndarray[Any, Any]


def main(
    out: Path = OUT, *, points: int = 1000, epochs: int = 60, width: int = 64, classes: int = 10, rate: float = 0.005
) -> Result:
    """Learn to tell two classes apart, then ten; half of the points are held out.

    Args:
        out: where the picture goes.
        points: how many to learn from, and how many to be tested on.
        epochs: how often the networks see them.
        width: how many neurons each of the two hidden layers has.
        classes: the number of sectors.
        rate: Adam's learning rate.
    """
    source = np.random.default_rng(0)
    X, X_test = source.uniform(-1, 1, (2, points, 2)).astype(np.float32)
    numbers: dict[str, float | int | str] = {}
    trained = {}
    for task, label, count in (("circle", circle, 2), ("sectors", lambda X: sectors(X, classes), classes)):
        autograd.manual_seed(0)
        model = network(width, count)
        print(f"{task}: 2-{width}-{width}-{count}, {points} points of the square to learn from, as many held out.")
        before = loss_of(model, X, label(X))
        print(f"  before training: loss {before:.3f}; an even guess has log {count} = {np.log(count):.3f}")
        train(model, X, label(X), epochs, rate)
        accuracy = nn.metrics.accuracy(logits(model, X_test), label(X_test))
        print(f"  after {epochs} epochs: loss {loss_of(model, X, label(X)):.3f}, held-out accuracy {accuracy:.1%}\n")
        numbers[task] = accuracy
        trained[task] = (model, label(X_test))

    numbers |= one_output_or_two(trained["circle"][0], X_test, trained["circle"][1])
    return Result(numbers, save_picture(out / "classification.png", lambda: drawn(trained, X_test)))


def circle(X: Array) -> Array:
    """1 inside the circle of radius 0.8, which is about half of the square, else 0."""
    return (np.hypot(*X.T) < 0.8).astype(np.int64)


def sectors(X: Array, count: int) -> Array:
    """The number of the sector, counted by the angle from −π."""
    angle = np.arctan2(X[:, 1], X[:, 0])
    return np.minimum((angle + np.pi) / (2 * np.pi) * count, count - 1).astype(np.int64)


def network(width: int, classes: int) -> nn.Sequential:
    """Two hidden layers, and one output per class."""
    return nn.Sequential(
        nn.Linear(2, width), nn.ReLU(),
        nn.Linear(width, width), nn.ReLU(),
        nn.Linear(width, classes),
    )  # fmt: skip


def train(model: nn.Module, X: Array, y: Array, epochs: int, rate: float) -> None:
    """Minibatches of 32, cross-entropy, Adam."""
    loss_fn, optimizer = nn.CrossEntropyLoss(), nn.optim.Adam(model.parameters(), lr=rate)
    loader = nn.data.DataLoader(nn.data.TensorDataset(X, y), batch_size=32, shuffle=True, seed=0)
    for _ in tqdm(range(epochs), desc="training", unit="epoch", leave=False):
        for inputs, targets in loader:
            loss = loss_fn(model(inputs), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def logits(model: nn.Module, X: Array) -> Any:
    """The outputs before the softmax, without a graph."""
    with autograd.no_grad():
        return model(autograd.tensor(X))


def loss_of(model: nn.Module, X: Array, y: Array) -> float:
    """The cross-entropy of all points."""
    return nn.functional.cross_entropy(logits(model, X), autograd.tensor(y)).item()


def one_output_or_two(model: nn.Module, X: Array, y: Array) -> dict[str, float]:
    """Two classes need but one output: what the softmax of two says is the sigmoid of their difference."""
    outputs = logits(model, X)
    single = outputs[:, 1] - outputs[:, 0]
    two = nn.functional.cross_entropy(outputs, autograd.tensor(y)).item()
    one = nn.functional.binary_cross_entropy_with_logits(single, autograd.tensor(y.astype(np.float32))).item()
    print("Two classes, two outputs or one? softmax(z₀, z₁)₁ = σ(z₁ − z₀), so the losses agree:")
    print(f"  cross-entropy of two outputs                  {two:.6f}")
    print(f"  binary cross-entropy of their difference      {one:.6f}")
    print("The latter is −Σ [y log ŷ + (1 − y) log(1 − ŷ)], here divided by n. Deck 3 leaves the brackets")
    print("out: as printed, the second half would be added, and be better the worse ŷ is where y = 0.")
    return {"two outputs": two, "one output": one}


def drawn(trained: dict[str, tuple[nn.Module, Array]], X: Array) -> Any:
    """The regions of both networks with some of the held-out points."""
    figure, axes = panels(len(trained))
    for ax, (task, (model, y)) in zip(axes, trained.items(), strict=True):
        nn.plot.decision_boundary(model, X[:FEW], y[:FEW], ax=ax)
        ax.set_title(task)
    return figure


if __name__ == "__main__":
    main()
