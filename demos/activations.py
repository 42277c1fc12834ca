"""Four activation functions and their slopes: sigmoid, ReLU, tanh, softmax (deck 3, figure 4).

Look at: the slopes. Backpropagation multiplies by one for every layer; the sigmoid's is never above a quarter,
and far from 0 next to nothing, which is what deck 1 calls saturation.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import nn
from autograd import jacobian, vjp

from . import OUT, Result, save_picture

DECKS = (3, 0, 1)

Array = np.ndarray[Any, Any]

CURVES = {"sigmoid": nn.functional.sigmoid, "ReLU": nn.functional.relu, "tanh": nn.functional.tanh}


def main(out: Path = OUT, *, layers: int = 10) -> Result:
    """Print the curves and their slopes at a few points, and what the slopes do to deep networks.

    Args:
        out: where the picture goes.
        layers: how deep the network of sigmoids is.
    """
    x = np.array([-10.0, -2.0, -1.0, 0.0, 1.0, 2.0, 10.0])
    table = {name: value_and_slope(curve, x) for name, curve in CURVES.items()}
    print("      x   sigmoid    slope       tanh    slope    ReLU   slope")
    for i, x_i in enumerate(x):
        (sigmoid, ds), (relu, dr), (tanh, dt) = (tuple(column[i] for column in pair) for pair in table.values())
        print(f"  {x_i:5g} {sigmoid:9.5f} {ds:8.5f} {tanh:10.5f} {dt:8.5f} {relu:7g} {dr:7g}")
    print("  σ(x) = 1/(1 + e⁻ˣ), σ′ = σ (1 − σ);  tanh x = 2 σ(2x) − 1, tanh′ = 1 − tanh².")
    print("  ReLU(x) = max(0, x): slope 0 on the left, 1 on the right; at the kink, as in PyTorch, 0.")

    grid = np.linspace(-10, 10, 2001)
    steepest = {name: float(value_and_slope(curve, grid)[1].max()) for name, curve in CURVES.items()}
    print(f"\nThe largest slopes: {', '.join(f'{name} {slope:g}' for name, slope in steepest.items())}.")
    vanished = steepest["sigmoid"] ** layers
    saturated = float(table["sigmoid"][1][-1])
    print(f"  {layers} layers of sigmoids multiply a gradient by at most 1/4 each, together {vanished:.1e}.")
    print(f"  A saturated one, at x = 10, multiplies it by {saturated:.1e}. These are vanishing gradients;")
    print("  tanh is four times as steep at 0 but saturates as well; ReLU does not saturate on the right.")

    print("\nSoftmax turns n numbers into n probabilities; each depends on all inputs, so it has n × n slopes.")
    z = np.array([1.0, 0.0, -1.0])
    p, slopes = nn.functional.softmax(z, 0), jacobian(lambda z: nn.functional.softmax(z, 0))(z)
    print(f"  softmax{tuple(z.tolist())} = {np.round(p, 4).tolist()}, sum {p.sum():g}")
    for row in slopes:
        print("    " + " ".join(f"{slope:8.4f}" for slope in row) + f"   sum {round(row.sum(), 12) + 0.0:g}")
    print("  ∂pᵢ/∂zⱼ = pᵢ (1 if i = j else 0) − pᵢ pⱼ: what one class gains, the others lose.")

    numbers = {f"slope {name}": slope for name, slope in steepest.items()}
    numbers |= {"saturated": saturated, f"{layers} sigmoids": vanished, "p": float(p[0]), "dp": float(slopes[0, 0])}
    return Result(numbers, save_picture(out / "activations.png", nn.plot.activations))


def value_and_slope(curve: Any, x: Array) -> tuple[Array, Array]:
    """f(x) and f′(x) at many points at once: each output depends on its own input alone."""
    y, pullback = vjp(curve, x)
    return y, pullback(np.ones_like(x))[0]


if __name__ == "__main__":
    main()
