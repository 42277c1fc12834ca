"""Steps of training with `nn` beside the same programs with PyTorch's.

The two packages have the same names, so that one program, given either, builds both sides: float32, the same data, the
same number of threads, taking turns.  A ratio is that of the medians of one round; the table shows the median of the
rounds.  OMP_NUM_THREADS=1 keeps the threads of the two from waiting for one another.
"""

from __future__ import annotations

import contextlib
import io
import statistics
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import autograd
import nn

from .tensor import Step, alternate, kernels, peak_memory, ratio, threads

rng = np.random.default_rng(0)
ROWS = rng.random((128, 784), dtype=np.float32)
PICTURES = rng.random((64, 1, 28, 28), dtype=np.float32)
SEQUENCES = rng.random((32, 10, 28), dtype=np.float32)
WORDS = rng.random((128, 34, 29), dtype=np.float32)
DIGITS = rng.integers(0, 10, 128)
ONE_HOT = np.eye(10, dtype=np.float32)[DIGITS]


class Side(NamedTuple):
    """What a program needs of a package."""

    nn: Any
    optim: Any
    tensor: Callable[[Any], Any]


def training(model: Any, loss: Any, optimizer: Any, x: Any, y: Any) -> Step:
    """One step: forward, loss, backward, a change of the parameters."""

    def step() -> None:
        optimizer.zero_grad()
        loss(model(x), y).backward()
        optimizer.step()

    return step


# ---------------------------------------------------------------------- networks


def deck_1(side: Side) -> Step:
    nn = side.nn
    model = nn.Sequential(nn.Linear(784, 64), nn.Sigmoid(), nn.Linear(64, 10), nn.Softmax(-1))
    return training(
        model, nn.MSELoss(), side.optim.SGD(model.parameters(), lr=0.01), side.tensor(ROWS), side.tensor(ONE_HOT)
    )


def deck_0(side: Side) -> Step:
    nn = side.nn
    model = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))
    optimizer = side.optim.SGD(model.parameters(), lr=0.01)
    return training(model, nn.CrossEntropyLoss(), optimizer, side.tensor(ROWS[:64]), side.tensor(DIGITS[:64]))


def lenet_5(side: Side) -> Step:
    nn = side.nn
    model = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip
    optimizer = side.optim.SGD(model.parameters(), lr=0.01)
    return training(model, nn.CrossEntropyLoss(), optimizer, side.tensor(PICTURES), side.tensor(DIGITS[:64]))


def convolutions(side: Side) -> Step:
    nn = side.nn
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Linear(128, 10),
    )  # fmt: skip
    optimizer = side.optim.SGD(model.parameters(), lr=0.01)
    return training(model, nn.CrossEntropyLoss(), optimizer, side.tensor(PICTURES), side.tensor(DIGITS[:64]))


def recurrent(kind: str) -> Callable[[Side], Step]:
    """A layer of one kind, 28 → 64, on 10 steps of 32 sequences, forward and backward."""

    def build(side: Side) -> Step:
        layer = getattr(side.nn, kind)(28, 64, batch_first=True)
        inputs = side.tensor(SEQUENCES)

        def step() -> None:
            layer.zero_grad()
            layer(inputs)[0].sum().backward()

        return step

    return build


def reversal(side: Side) -> Step:
    """An encoder and a decoder, GRUs 29 → 128, on 34 letters of 128 words, forward and backward."""
    nn = side.nn
    encoder, decoder = nn.GRU(29, 128, batch_first=True), nn.GRU(29, 128, batch_first=True)
    output, words, letters = nn.Linear(128, 29), side.tensor(WORDS), side.tensor(WORDS[::-1].copy())

    def step() -> None:
        for module in (encoder, decoder, output):
            module.zero_grad()
        _, state = encoder(words)
        ((output(decoder(letters, state)[0]) - letters) ** 2).mean().backward()

    return step


def adam(side: Side) -> Step:
    """A step of Adam on 1,000,000 numbers."""
    numbers = rng.random((1000, 1000), dtype=np.float32)
    parameter = side.nn.Parameter(side.tensor(numbers))
    parameter.grad = side.tensor(numbers)
    return side.optim.Adam([parameter]).step


STEPS = {
    "S1: 784-64-10, batch 128, SGD": deck_1,
    "S0: 784-512-512-10, batch 64, SGD": deck_0,
    "LeNet-5, batch 64, SGD": lenet_5,
    "conv 32-64, 9216-128-10, batch 64": convolutions,
    "RNN 28 → 64, 10 steps, batch 32": recurrent("RNN"),
    "LSTM 28 → 64": recurrent("LSTM"),
    "GRU 28 → 64": recurrent("GRU"),
    "seq2seq GRU 29 → 128, 34 steps, B 128": reversal,
    "Adam on 1,000,000 numbers": adam,
}


# ---------------------------------------------------------------------- an epoch


def epoch_here(X: Any, Y: Any) -> Step:
    """An epoch of deck 1's program through `fit`, with its progress line."""
    model = nn.Sequential(nn.Dense(64, "sigmoid", input_shape=784), nn.Dense(10, "softmax"))
    model.compile(nn.optim.SGD(lr=0.01), "mean_squared_error", ["accuracy"])

    def step() -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            model.fit(X, Y, batch_size=128)

    return step


def epoch_torch(torch: Any, X: Any, Y: Any) -> Step:
    """The same loop in PyTorch with its `DataLoader`, the same numbers gathered."""
    model = torch.nn.Sequential(
        torch.nn.Linear(784, 64), torch.nn.Sigmoid(), torch.nn.Linear(64, 10), torch.nn.Softmax(-1)
    )
    optimizer, loss_fn = torch.optim.SGD(model.parameters(), lr=0.01), torch.nn.MSELoss()
    data = torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(Y))
    loader = torch.utils.data.DataLoader(data, batch_size=128, shuffle=True)

    def step() -> None:
        total, right = 0.0, 0
        for x, y in loader:
            optimizer.zero_grad()
            prediction = model(x)
            loss = loss_fn(prediction, y)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(x)
            right += (prediction.argmax(1) == y.argmax(1)).sum().item()

    return step


def main(rounds: int) -> None:
    """Print the table."""
    try:
        import torch
    except ImportError:
        sys.exit("PyTorch is not installed: python -m pip install torch")
    count = threads()
    torch.set_num_threads(count)
    versions = f"Python {sys.version.split()[0]}, NumPy {np.__version__}, PyTorch {torch.__version__}"
    print(f"{versions}, {count} thread{'s' * (count > 1)}, {rounds} alternating rounds, large products by {kernels()}")
    print(f"\n{'a step of training':38} {'here':>10} {'PyTorch':>10}  {'here/PyTorch':>18} {'peak memory':>12}")
    here, there = Side(nn, nn.optim, autograd.tensor), Side(torch.nn, torch.optim, torch.tensor)
    for title, build in STEPS.items():
        show(title, {"here": build(here), "PyTorch": build(there)}, rounds)
    X, Y = np.tile(ROWS, (100, 1)), np.tile(ONE_HOT, (100, 1))
    show("an epoch of S1, 100 steps, by fit", {"here": epoch_here(X, Y), "PyTorch": epoch_torch(torch, X, Y)}, rounds)


def show(title: str, sides: dict[str, Step], rounds: int) -> None:
    """Measure one row and print it."""
    times = alternate(sides, rounds)
    cells = [f"{1e3 * statistics.median(times[side]):7.2f} ms" for side in ("here", "PyTorch")]
    print(f"{title:38} {' '.join(cells)}  {ratio(times, 'PyTorch'):>18} {peak_memory(sides['here']):9.1f} MB")
