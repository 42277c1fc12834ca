"""The chain rule on one neuron, every number shown (deck 4, slides 18 to 23).

Look at: each line of the backward sweep multiplies what arrives from above by one local derivative;
a gradient is nothing but the sum of such lines.
"""

from __future__ import annotations

from pathlib import Path

from autograd import Value, backward_lines, draw, forward_lines
from autograd.render import RendererMissing

from . import OUT


def main(out: Path = OUT) -> list[Path]:
    """Print the forward values and the backward sweep, draw the graph; returns the files written."""
    print("J = ½ (wx + b − y)²: the loss of one neuron, at w = 2, x = −2, b = 8, with y = 2 as the target.\n")
    w, x, b, y = Value(2.0), Value(-2.0), Value(8.0), Value(2.0)
    z = w * x + b
    r = z - y
    J = 0.5 * r**2

    print("Forward:")
    for line in forward_lines(J):
        print("  " + line)
    print("\nBackward, one line per contribution:")
    for line in backward_lines(J):
        print("  " + line)
    J.backward()
    print(f"\nA step of size α against the gradient moves w by {-w.grad:+g} α and b by {-b.grad:+g} α.")

    out.mkdir(parents=True, exist_ok=True)
    drawing = draw(J)
    written = []
    for suffix in (".dot", ".svg", ".png"):
        path = out / f"backprop{suffix}"
        try:
            drawing.save(path)
        except RendererMissing as missing:
            print(missing)
            break
        written.append(path)
    return written


if __name__ == "__main__":
    main()
