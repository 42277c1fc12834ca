"""The chain rule on one neuron, one step at a time (deck 4, "Back to our small neural network").

Look at: each line of the backward sweep multiplies what arrives from above by one local derivative; a gradient is
nothing but the sum of such lines. The last file written is this film as a page: open it, step through it, drag a leaf.
"""

from __future__ import annotations

from pathlib import Path

from autograd import Stepper, Value, draw, explain, forward_lines, page

from . import OUT, Result, save_picture

DECKS = (4,)


def main(out: Path = OUT) -> Result:
    """Print what a gradient is, the forward pass, the backward pass step by step; draw the graph, write the page.

    Args:
        out: where the files go.
    """
    slope = nudged()
    w, x, b, y = Value(2.0), Value(-2.0), Value(8.0), Value(2.0)
    z = w * x + b
    r = z - y
    J = 0.5 * r**2

    print("\nOne neuron and its loss: J = ½ (wx + b − y)², at w = 2, x = −2, b = 8, with y = 2 as the target.")
    print("\nForward:")
    for line in forward_lines(J):
        print(f"  {line}")

    print("\nBackward, one operation at a time; ∂J/∂J = 1 starts it:")
    stepper = Stepper(J)
    for step in stepper:
        for line in str(step).splitlines():
            print(f"  {stepper.position}  {line}")

    print("\nThe whole gradient by w is one product, along the only path:")
    for line in str(explain(J, w)).splitlines():
        print(f"  {line}".rstrip())
    print(f"\nA step of size α against the gradient moves w by {-w.grad:+g} α and b by {-b.grad:+g} α.")

    out.mkdir(parents=True, exist_ok=True)
    files = []
    for suffix in (".dot", ".svg", ".png"):
        files += save_picture(out / f"backprop{suffix}", lambda: draw(J))
    files.append(page(J, out / "backprop.html"))
    return Result({"slope": slope, "J": J.data, "dJ/dw": w.grad, "dJ/db": b.grad, "dJ/dx": x.grad}, files)


def nudged(epsilon: float = 0.001) -> float:
    """The deck's first question: how much does J = w² move if w moves a little?"""
    w = Value(3.0)
    J = w**2
    J.backward()
    moved = (w.data + epsilon) ** 2
    print("What a gradient says: J = w² is 9 at w = 3.")
    print(f"  w + {epsilon:g} gives {moved:.6f}: J moved by {moved - J.data:.6f}, about {w.grad:g} · {epsilon:g}.")
    print(f"  The rule says so at once: dJ/dw = 2w = {w.grad:g}.")
    return float(w.grad)


if __name__ == "__main__":
    main()
