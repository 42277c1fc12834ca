"""A gated recurrent unit, equation by equation, beside `GRUCell` (deck 3, "Math of a GRU Unit").

Look at: the update gate z mixes the old state with a candidate, the reset gate r says how much of the old state the
candidate sees; and the deck's unit and PyTorch's differ in what z means and in where r stands.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import autograd
import nn
from autograd import Tensor, cat, no_grad, sigmoid, tanh, tensor, zeros

from . import OUT, Result, save_picture
from ._text import vector

DECKS = (3,)

INPUT, HIDDEN = 2, 2
SEQUENCE = ((1.0, 0.0), (0.0, 1.0), (-1.0, 1.0), (0.0, 0.0))


class Weights(NamedTuple):
    """The deck's matrices, (hidden, hidden + input), for the row [h, x], and its biases."""

    W_z: Tensor
    W_r: Tensor
    W_h: Tensor
    b_z: Tensor
    b_r: Tensor
    b_h: Tensor


def gru_unit(x: Tensor, h: Tensor, w: Weights) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The deck's four equations: update gate, reset gate, candidate, new state."""
    z = sigmoid(w.W_z @ cat([h, x]) + w.b_z)
    r = sigmoid(w.W_r @ cat([h, x]) + w.b_r)
    candidate = tanh(w.W_h @ cat([r * h, x]) + w.b_h)
    return z, r, candidate, (1 - z) * h + z * candidate


def main(out: Path = OUT, *, seed: int = 0) -> Result:
    """Go through a sequence by hand and with cells, and compare states and gradients.

    Args:
        out: where the pictures go.
        seed: of the weights.
    """
    autograd.manual_seed(seed)
    cell = nn.GRUCell(INPUT, HIDDEN, reset_after=False)
    weights = weights_of(cell)
    print("  z_t = σ(W_z [h_{t-1}, x_t] + b_z)              update gate")
    print("  r_t = σ(W_r [h_{t-1}, x_t] + b_r)              reset gate")
    print("  c_t = tanh(W_h [r_t ∗ h_{t-1}, x_t] + b_h)     candidate")
    print("  h_t = (1 − z_t) ∗ h_{t-1} + z_t ∗ c_t          new state\n")

    h = of_cell = zeros(HIDDEN)
    for t, x in enumerate(map(tensor, SEQUENCE), 1):
        z, r, candidate, h = gru_unit(x, h, weights)
        of_cell = cell(x, of_cell)
        print(f"  t = {t}   x {vector(x)}   z {vector(z)}   r {vector(r)}   c {vector(candidate)}")
        print(f"          h {vector(h)}   GRUCell {vector(of_cell)}")
    states = largest(h - of_cell)
    gradients = gradient_difference(cell, weights, h, of_cell)
    print(f"\nGRUCell(reset_after=False) is this unit: states differ by at most {states:.0g}, the gradients of")
    print(f"their sum by all weights by {gradients:.0g}.  Its W_ih and W_hh are the columns of x and of h of the")
    print("deck's matrices, its rows those of r, z and the candidate, and its two biases are added.")

    print("\nTwo extremes:")
    show_extremes()

    pytorch = convert(cell)
    print("\nPyTorch's unit, GRUCell(…), has h_t = z_t ∗ h_{t-1} + (1 − z_t) ∗ n_t: its z means the opposite.")
    print("And r acts after the product with the weights: n_t = tanh(W x_t + b + r_t ∗ (U h_{t-1} + c)).")
    x, old = tensor(SEQUENCE[0]), tensor([0.5, -0.5])
    deck, other = cell(x, old), pytorch(x, old)
    print(f"  the deck's unit                            h {vector(deck)}")
    print(f"  PyTorch's, the signs of z's rows changed   h {vector(other)}")
    with no_grad():
        for one in (cell, pytorch):
            one.bias_ih[:HIDDEN] = 100.0  # r = 1
    agreed = largest(cell(x, old) - pytorch(x, old))
    print(f"With r held at 1, where it stands makes no difference: they agree to {agreed:.0g}.")

    files = save_picture(out / "gru.svg", lambda: nn.draw(nn.GRUCell(INPUT, HIDDEN, reset_after=False)))
    files += save_picture(out / "gru_graph.svg", lambda: graph(nn.GRUCell(INPUT, HIDDEN, reset_after=False)))
    return Result({"states": states, "gradients": gradients, "PyTorch": largest(deck - other), "r = 1": agreed}, files)


def weights_of(cell: nn.GRUCell) -> Weights:
    """The deck's matrices made of a cell's, as leaves of their own."""
    from_x, from_h = cell.weight_ih.detach().chunk(3), cell.weight_hh.detach().chunk(3)
    biases = (cell.bias_ih + cell.bias_hh).detach().chunk(3)
    (W_r, W_z, W_h), (b_r, b_z, b_h) = [cat([U, W], 1) for U, W in zip(from_h, from_x, strict=True)], biases
    return Weights(*(p.clone().requires_grad_() for p in (W_z, W_r, W_h, b_z, b_r, b_h)))


def gradient_difference(cell: nn.GRUCell, weights: Weights, h: Tensor, of_cell: Tensor) -> float:
    """The largest difference between the gradients of both sums by the weights."""
    h.sum().backward()
    of_cell.sum().backward()
    from_x, from_h, biases = (p.grad.chunk(3) for p in (cell.weight_ih, cell.weight_hh, cell.bias_ih))
    matrices = [cat([U, W], 1) for U, W in zip(from_h, from_x, strict=True)]
    order = (weights.W_r, weights.W_z, weights.W_h, weights.b_r, weights.b_z, weights.b_h)
    return max(largest(p.grad - g) for p, g in zip(order, [*matrices, *biases], strict=True))


def show_extremes() -> None:
    """Print what happens to state and gradient when the update gate is shut or open."""
    for name, bias_z, bias_r in (
        ("z = 0: the state stays", -100.0, 0.0),
        ("z = 1, r = 0: it is forgotten", 100.0, -100.0),
    ):
        autograd.manual_seed(0)
        w = weights_of(nn.GRUCell(INPUT, HIDDEN, reset_after=False))
        w = w._replace(b_z=zeros(HIDDEN) + bias_z, b_r=zeros(HIDDEN) + bias_r)
        old = tensor([0.5, -0.5], requires_grad=True)
        *_, h = gru_unit(tensor([1.0, 0.0]), old, w)
        h.sum().backward()
        print(f"  {name:30}   h {vector(old)} → {vector(h)}   gradient {vector(old.grad)}")


def convert(cell: nn.GRUCell) -> nn.GRUCell:
    """A cell of PyTorch's form with these weights: as 1 − σ(a) = σ(−a), the signs of z's rows change."""
    other = nn.GRUCell(cell.input_size, cell.hidden_size)
    other.load_state_dict(cell.state_dict())
    with no_grad():
        for parameter in other.parameters():
            parameter[cell.hidden_size : 2 * cell.hidden_size] *= -1.0
    return other


def graph(cell: nn.GRUCell) -> Any:
    """The graph of the four equations, as the engine recorded it, with the gradients of the new state's sum."""
    weights = weights_of(cell)
    x, h = tensor([1.0, 0.0]), tensor([0.5, -0.5], requires_grad=True)
    z, r, candidate, new = gru_unit(x, h, weights)
    new.sum().backward()
    names = {"x": x, "h": h, "z": z, "r": r, "candidate": candidate, "new": new, **weights._asdict()}
    return autograd.draw(new, names=names)


def largest(x: Tensor) -> float:
    """The largest absolute value."""
    return float(abs(x.detach()).max().item())


if __name__ == "__main__":
    main()
