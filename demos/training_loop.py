"""The training loop of the deck, line for line on scalars, and as it is written on arrays (deck 3).

Look at: eleven lines of pseudocode are eleven lines of Python; on arrays, lines 6 to 10 become one product of
matrices, with the same numbers to the last few digits, because the gradient of a mean is the mean of gradients.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

import nn
from autograd import Parameter, no_grad, tensor
from nn import MLP

from . import OUT, Result

DECKS = (3,)

Array = np.ndarray[Any, Any]
Sample = tuple[list[float], float]


def main(
    out: Path = OUT, *, points: int = 64, epochs: int = 30, minibatch_size: int = 16, learning_rate: float = 0.2
) -> Result:
    """Train two copies of a network, one by each loop, and compare them.

    Args:
        out: nothing is written.
        points: how many to learn from.
        epochs: how often the loops see them.
        minibatch_size: how many make one step.
        learning_rate: the size of a step.
    """
    dataset = inside_the_circle(points)
    X, y = (np.array(column) for column in zip(*dataset, strict=True))
    model = MLP(2, [8, 1], "tanh", seed=0)  # 1: the weights, at random
    twin = on_arrays(model)
    print(f"{points} points, 1 inside of a circle and −1 outside; {model}, {len(model.parameters())} weights;")
    print(f"minibatches of {minibatch_size}, a learning rate of {learning_rate:g}, the loss 1/n Σ (output − y)².\n")

    print("epoch   line by line, on Values   vectorised, on Tensors   difference")
    seconds = [0.0, 0.0]
    for epoch in tqdm(range(epochs + 1), desc="training", unit="epoch", leave=False):
        losses = [loss_on_scalars(model, dataset), loss_on_arrays(twin, X, y)]
        if epoch in (0, 1, 2, 5, 10, 20, epochs):
            tqdm.write(f"{epoch:5} {losses[0]:25.15f} {losses[1]:24.15f} {abs(losses[0] - losses[1]):12.0e}")
        if epoch < epochs:
            order = shuffled(points, seed=epoch)  # 3
            started = time.perf_counter()
            one_epoch_on_scalars(model, dataset, order, minibatch_size, learning_rate)
            between = time.perf_counter()
            one_epoch_on_arrays(twin, X, y, order, minibatch_size, learning_rate)
            seconds[0] += between - started
            seconds[1] += time.perf_counter() - between

    pairs = zip(on_arrays(model).parameters(), twin.parameters(), strict=True)
    apart = max(float(np.max(np.abs((a - b).detach().numpy()))) for a, b in pairs)
    print(f"\nAfter {epochs} epochs no weight differs by more than {apart:.0e}: sums in another order, no more.")
    print(f"Line by line took {1e3 * seconds[0]:.0f} ms, vectorised {1e3 * seconds[1]:.0f} ms.")
    return Result({"loss": losses[0], "vectorised": losses[1], "weights apart": apart})


# ---------------------------------------------------------------------- the two loops


def one_epoch_on_scalars(
    model: MLP, dataset: list[Sample], order: list[int], minibatch_size: int, learning_rate: float
) -> None:
    """The deck's pseudocode from line 4; the numbers of its lines stand on the right."""
    for minibatch in split(order, minibatch_size):  # 4
        model.zero_grad()  # 5
        for i in minibatch:  # 6
            x, y = dataset[i]
            output = model(x)  # 7
            error = (output - y) ** 2  # 8
            error.backward()  # 9, and 10: it adds to the gradients that are there
        for w in model.parameters():
            w.data -= learning_rate * (1 / len(minibatch)) * w.grad  # 11


def one_epoch_on_arrays(
    model: nn.Module, X: Array, y: Array, order: list[int], minibatch_size: int, learning_rate: float
) -> None:
    """The same with a whole minibatch in each operation."""
    optimizer = nn.optim.SGD(model.parameters(), lr=learning_rate)
    for minibatch in split(order, minibatch_size):
        loss = nn.functional.mse_loss(model(tensor(X[minibatch])), tensor(y[minibatch, np.newaxis]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def shuffled(count: int, seed: int) -> list[int]:
    """The numbers of the samples in another order."""
    return random.Random(seed).sample(range(count), count)


def split(order: list[int], size: int) -> Iterator[list[int]]:
    """Minibatches; the last one may be shorter."""
    for start in range(0, len(order), size):
        yield order[start : start + size]


# ---------------------------------------------------------------------- what they train


def inside_the_circle(count: int, seed: int = 0) -> list[Sample]:
    """Points of the square, with 1 inside of the circle of radius 0.8, −1 outside."""
    source = random.Random(seed)
    points = [[source.uniform(-1, 1), source.uniform(-1, 1)] for _ in range(count)]
    return [(x, 1.0 if x[0] ** 2 + x[1] ** 2 < 0.64 else -1.0) for x in points]


def on_arrays(model: MLP) -> nn.Sequential:
    """The same network on arrays in double precision, with copies of the weights: w_ij becomes W[i, j]."""
    modules: list[nn.Module] = []
    for layer in model.layers:
        linear = nn.Linear(layer.inputs, len(layer.neurons), dtype=np.float64)
        linear.weight = Parameter(np.array([[w.data for w in neuron.w] for neuron in layer.neurons]))
        linear.bias = Parameter(np.array([neuron.b.data for neuron in layer.neurons]))
        modules += [linear, nn.Tanh()]
    return nn.Sequential(*modules[:-1])


def loss_on_scalars(model: MLP, dataset: list[Sample]) -> float:
    """1/n Σ (output − y)²."""
    with no_grad():
        return sum((model(x).data - y) ** 2 for x, y in dataset) / len(dataset)


def loss_on_arrays(model: nn.Module, X: Array, y: Array) -> float:
    """The same, of all points at once."""
    with no_grad():
        return nn.functional.mse_loss(model(tensor(X)), tensor(y[:, np.newaxis])).item()


if __name__ == "__main__":
    main()
