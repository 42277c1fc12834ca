"""The pictures of README.md, made anew: `python docs/make_pictures.py`; `page.png` is a screenshot of the page."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import autograd
import nn

HERE = Path(__file__).parent


def zooms() -> None:
    """One small network at the three zooms."""
    autograd.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    x = autograd.tensor([[0.5, -1.0]])
    for view in ("module", "tensor", "scalar"):
        model.draw(x, view=view).save(HERE / f"zoom_{view}.svg")


def networks() -> None:
    """Neurons with activations, LeNet-5's feature maps, a GRU's gates."""
    autograd.manual_seed(0)
    nn.draw(nn.MLP(2, [4, 3, 1], "tanh", seed=1), [0.5, -1.0]).save(HERE / "mlp.svg")
    lenet = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10),
    )  # fmt: skip
    nn.draw(lenet, input_shape=(1, 28, 28)).save(HERE / "lenet.svg")
    nn.draw(nn.GRUCell(3, 4)).save(HERE / "gru.svg")


def plots() -> None:
    """Where a network divides two moons, and how optimisers go down a valley."""
    autograd.manual_seed(0)
    X, y = nn.datasets.moons(200, noise=0.15, seed=0).tensors
    model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 2))
    optimizer, loss_fn = nn.optim.Adam(model.parameters(), lr=0.02), nn.CrossEntropyLoss()
    for _ in range(200):
        optimizer.zero_grad()
        loss_fn(model(X), y).backward()
        optimizer.step()
    nn.plot.decision_boundary(model, X, y).figure.savefig(HERE / "moons.png", dpi=100)

    kinds = {
        "SGD": lambda p: nn.optim.SGD(p, lr=0.09),
        "momentum": lambda p: nn.optim.SGD(p, lr=0.02, momentum=0.9),
        "Adam": lambda p: nn.optim.Adam(p, lr=0.2),
    }
    paths = {}
    for name, kind in kinds.items():
        p = autograd.Parameter(autograd.tensor([-2.6, 1.1]))
        optimizer, paths[name] = kind([p]), [p.tolist()]
        for _ in range(40):
            optimizer.zero_grad()
            valley(*p).backward()
            optimizer.step()
            paths[name].append(p.tolist())
    nn.plot.loss_surface(valley, (-3, 1.5), (-1.5, 1.5), paths=paths).figure.savefig(HERE / "valley.png", dpi=100)


def valley(w, b):  # type: ignore[no-untyped-def]
    """Ten times as steep across as along."""
    return np.square(w) + 10 * np.square(b)


if __name__ == "__main__":
    zooms()
    networks()
    plots()
