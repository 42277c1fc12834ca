"""A recurrent network, and why it forgets: gradients against time (deck 3, "RNN Math").

Look at: the same three matrices at every step; and how much of the gradient is left after 10, 50 and 100 steps back,
for a simple network, where it vanishes or explodes, and for gated ones, which may let it pass.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import autograd
import nn
from autograd import no_grad, randn, stack, tanh, tensor, zeros
from nn.optim import clip_grad_norm_

from . import OUT, Result, panels, save_picture
from ._text import vector

DECKS = (3,)

INPUT, HIDDEN = 8, 32
DOUBLE = autograd.float64  # 0.5 to the power of 100, times small inputs, is 0 in single precision


def main(out: Path = OUT, *, steps: int = 101) -> Result:
    """Run the equations on a sequence, then measure gradients over many steps.

    Args:
        out: where the pictures go.
        steps: how long the sequences are on which gradients are measured.
    """
    difference = show_equations()
    print("\nLayer 2 of a stack takes the outputs of layer 1 as its inputs: nn.RNN(2, 3, num_layers=2).")

    print("\nBackpropagation through time: from the last output back to the input of t steps before, a gradient")
    print("is multiplied t times by W_hh and by φ′.  Its norm, as a share of that at the last input:\n")
    shares = {name: gradient_shares(make, steps) for name, make in NETWORKS.items()}
    shown = [t for t in (1, 2, 5, 10, 20, 50, 100) if t < steps]
    print(f"  {'steps back':20}" + "".join(f"{t:9}" for t in shown))
    for name, share in shares.items():
        print(f"  {name:20}" + "".join(f"{share[t]:9.0e}" for t in shown))
    print("\nVanishing and exploding: with W_hh a rotation times 0.5 or 1.5, that number to the power of t.")
    print("The gated ones copy their state as far as a gate is open, c′ = f ∗ c + … with f near 1.  Begun at")
    print("random, f is about ½, and they forget as well: what keeps a state is learnt, or begun with by biases")
    print("of ±5, in the lines that say keeping.")
    print(f"\nAgainst exploding gradients, clip them: {show_clipping(steps)}")

    print("\nParameters for the same sizes: each gate is one more RNN.")
    counts = {name: sum(p.numel() for p in kind(INPUT, HIDDEN).parameters()) for name, kind in KINDS.items()}
    for name, count in counts.items():
        print(f"  {name:4} {count:6,}   {count // counts['RNN']} ×")
    print("So the GRU has three quarters of the LSTM's.  (Today's largest models are transformers.)")
    files = save_picture(out / "rnn.svg", lambda: nn.draw(nn.RNN(2, 3)))
    files += save_picture(out / "rnn_gradients.png", lambda: curves(shares))
    left = {name: float(share[shown[-1]]) for name, share in shares.items()}
    return Result({"difference": difference, "steps": shown[-1], **left}, files)


def show_equations() -> float:
    """Print four steps of the deck's equations; returns the largest difference from `nn.RNN`."""
    print("h_t = φ(W_xh x_t + W_hh h_{t-1} + b_h),  y_t = predict(h_t) = W_hy h_t + b_y,  φ = tanh\n")
    x = tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [0.0, 0.0]])
    W_xh = tensor([[0.5, -0.5], [1.0, 0.0], [0.0, 1.0]])
    W_hh = tensor([[0.5, 0.0, 0.5], [0.0, 0.9, 0.0], [-0.5, 0.5, 0.0]])
    W_hy, b_h, b_y = tensor([[1.0, 1.0, 1.0]]), tensor([0.0, 0.1, 0.0]), tensor([0.5])
    h, states = zeros(3), []
    for t, x_t in enumerate(x, 1):
        h = tanh(W_xh @ x_t + W_hh @ h + b_h)
        y = W_hy @ h + b_y
        states.append(h)
        print(f"  x_{t} = {vector(x_t)}   h_{t} = {vector(h)}   y_{t} = {vector(y)}")
    print("The inputs are 0 from the third step on; the state still knows of those before.")
    layer = nn.RNN(2, 3)
    with no_grad():
        for parameter, numbers in zip(layer.parameters(), (W_xh, W_hh, b_h, zeros(3)), strict=True):
            parameter.copy_(numbers)
        outputs, _ = layer(x)
    difference = float(abs(outputs - stack(states)).max().item())
    print(f"nn.RNN(2, 3) with these weights gives the same: the largest difference is {difference:.0g}.")
    return difference


# ---------------------------------------------------------------------- gradients against time


def simple(scale: float) -> Callable[[], nn.RNN]:
    """A simple network whose W_hh is a rotation times a number; its inputs are so small that φ′ stays 1."""

    def make() -> nn.RNN:
        layer = nn.RNN(INPUT, HIDDEN, bias=False, dtype=DOUBLE)
        with no_grad():
            nn.init.orthogonal_(layer.weight_hh_l0, gain=scale)
            layer.weight_ih_l0.mul_(1e-25)
        return layer

    return make


def keeping(kind: Callable[..., Any]) -> Callable[[], Any]:
    """A gated network whose gates begin so that it keeps its state.

    The first gate, an LSTM's input or a GRU's reset, is shut by a bias of −5, the second, forget or update, opened
    by one of 5.
    """

    def make() -> Any:
        layer = kind(INPUT, HIDDEN, dtype=DOUBLE)
        with no_grad():
            layer.bias_hh_l0[:HIDDEN] = -5.0
            layer.bias_hh_l0[HIDDEN : 2 * HIDDEN] = 5.0
        return layer

    return make


KINDS: dict[str, Callable[[int, int], Any]] = {"RNN": nn.RNN, "GRU": nn.GRU, "LSTM": nn.LSTM}

NETWORKS: dict[str, Callable[[], Any]] = {
    "RNN, rotation · 0.5": simple(0.5),
    "RNN, rotation · 1.5": simple(1.5),
    "RNN": lambda: nn.RNN(INPUT, HIDDEN, dtype=DOUBLE),
    "LSTM": lambda: nn.LSTM(INPUT, HIDDEN, dtype=DOUBLE),
    "LSTM, keeping": keeping(nn.LSTM),
    "GRU": lambda: nn.GRU(INPUT, HIDDEN, dtype=DOUBLE),
    "GRU, keeping": keeping(nn.GRU),
}


def gradient_shares(make: Callable[[], Any], steps: int, batch: int = 8) -> np.ndarray[Any, Any]:
    """The norm of the last output's gradient by the input of t steps before, as a share of that at t = 0."""
    autograd.manual_seed(0)
    layer = make()
    x = (0.1 * randn(steps, batch, INPUT, dtype=DOUBLE)).requires_grad_()
    outputs, _ = layer(x)
    (outputs[-1] * randn(batch, HIDDEN, dtype=DOUBLE)).sum().backward()
    norms = np.sqrt((x.grad.numpy() ** 2).sum((1, 2)))[::-1]
    return norms / norms[0]


def show_clipping(steps: int) -> str:
    """What clipping does to the gradient of the exploding network's weights."""
    autograd.manual_seed(0)
    layer = simple(1.5)()
    outputs, _ = layer(randn(steps, 1, INPUT, dtype=DOUBLE))
    outputs[-1].sum().backward()
    before = clip_grad_norm_(layer.parameters(), 1.0)
    after = clip_grad_norm_(layer.parameters(), 1.0)
    return f"a norm of {float(before):.2g} becomes {float(after):.2g}."


def curves(shares: dict[str, np.ndarray[Any, Any]]) -> Any:
    """Gradient against time for every network."""
    figure, axes = panels(1, width=8, height=5)
    for name, share in shares.items():
        axes.plot(share, label=name, linestyle="--" if name.startswith("RNN") else "-")
    axes.axhline(1, color="0.8", zorder=0)
    axes.set(xlabel="steps back", ylabel="share of the gradient", yscale="log", ylim=(1e-20, 1e20))
    axes.legend(fontsize=8)
    return figure


if __name__ == "__main__":
    main()
