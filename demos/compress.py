"""Three linear layers are one: the deck's "compressed" network, from file to file (deck 2).

Look at: without an activation function between them, layers multiply out; the small network has an 85th of the
weights, and says the same. With a ReLU in between nothing can be folded: that is what makes depth worth its price.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

import autograd
import nn

from . import OUT, Result

DECKS = (2,)

Array = np.ndarray[Any, Any]


def main(out: Path = OUT, *, sizes: tuple[int, int, int, int] = (784, 512, 512, 10), samples: int = 1000) -> Result:
    """Save three linear layers, load them, fold them into one, save that and compare.

    Args:
        out: where the two files of weights go.
        sizes: how many features there are before, between and after the layers.
        samples: how many inputs the networks are compared on.
    """
    out.mkdir(parents=True, exist_ok=True)
    large_path, small_path = out / "compress_large.safetensors", out / "compress_small.safetensors"
    autograd.manual_seed(0)
    nn.save(network(sizes, nn.Identity), large_path)  # the deck's program came without its files

    print("The deck: Θ(x) = [(x W₀₁ + b₁) W₁₂ + b₂] W₂₃ + b₃")
    print("               = x (W₀₁ W₁₂ W₂₃) + (b₁ W₁₂ W₂₃ + b₂ W₂₃ + b₃).")
    print("Its activation is the identity, i(x) = x, and i_(x) = 1 is the derivative;")
    print(f"here that follows from the first: {autograd.grad(nn.Identity())(3.0):g}.")

    large = network(sizes, nn.Identity)
    large.load_state_dict(nn.load(large_path))
    nn.save(nn.fold(large), small_path)
    small = nn.Sequential(nn.Linear(sizes[0], sizes[-1]))
    small.load_state_dict(nn.load(small_path))
    counts = [sum(p.numel() for p in model.parameters()) for model in (large, small)]
    print(f"\n  {large_path.name:27} {'-'.join(map(str, sizes)):15} {counts[0]:8,} weights {size_of(large_path)}")
    print(f"  {small_path.name:27} {f'{sizes[0]}-{sizes[-1]}':15} {counts[1]:8,} weights {size_of(small_path)}")

    x = autograd.randn(samples, sizes[0])
    with autograd.no_grad():
        expected, answers = large(x).numpy(), small(x).numpy()
    by_formula = x.numpy() @ (product := multiplied_out(large))[0] + product[1]
    agree = np.mean(answers.argmax(axis=1) == expected.argmax(axis=1))
    apart = largest_difference(answers, expected)
    print(f"\nOf {samples} random inputs both give the same class for {agree:.1%}.")
    print(f"Their outputs differ by at most {apart:.0e} of the largest one: float32 keeps 7 digits.")
    print(f"The deck's formula, multiplied out in NumPy, differs by {largest_difference(by_formula, answers):.0e}.")

    bent = network(sizes, nn.ReLU)
    kept = sum(isinstance(module, nn.Linear) for module in nn.fold(bent).children())
    print(f"\nWith ReLU between them, folding leaves {kept} linear layers of 3: a bend cannot be multiplied out.")
    numbers = {"large": counts[0], "small": counts[1], "apart": apart, "same class": float(agree), "bent": kept}
    return Result(numbers, [large_path, small_path])


def network(sizes: tuple[int, int, int, int], activation: type[nn.Module]) -> nn.Sequential:
    """Three fully connected layers, each with the activation function after it."""
    modules: list[nn.Module] = []
    for before, after in pairwise(sizes):
        modules += [nn.Linear(before, after), activation()]
    return nn.Sequential(*modules)


def multiplied_out(model: nn.Sequential) -> tuple[Array, Array]:
    """W₀₁ W₁₂ W₂₃ and b₁ W₁₂ W₂₃ + b₂ W₂₃ + b₃, in the deck's layout: x W, where `Linear` has x Wᵀ."""
    layers = [module for module in model.children() if isinstance(module, nn.Linear)]
    (W01, b1), (W12, b2), (W23, b3) = (
        (layer.weight.detach().numpy().T.astype(np.float64), layer.bias.detach().numpy().astype(np.float64))
        for layer in layers
    )
    return W01 @ W12 @ W23, b1 @ W12 @ W23 + b2 @ W23 + b3


def largest_difference(a: Array, b: Array) -> float:
    """Relative to the largest number."""
    return float(np.max(np.abs(a - b)) / np.max(np.abs(b)))


def size_of(path: Path) -> str:
    return f"{path.stat().st_size / 1000:8,.0f} kB"


if __name__ == "__main__":
    main()
