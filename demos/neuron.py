"""One neuron, f(x) = wx + b, learns a line from points (deck 2, "Neuron" and "Learning Neuron").

Look at: the slide's update, computed as printed, makes the error larger; divided the right way up and added,
it leaps past the point; the gradient, in small steps, settles on all of them.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nn import Neuron

from . import OUT, Result, panels, save_picture

DECKS = (2, 3)

SLOPE, INTERCEPT = 2.0, 1.0
"""The line that the points lie on, but for noise."""

Point = tuple[float, float]


def main(out: Path = OUT, *, points: int = 40, passes: int = 25, rate: float = 0.1, noise: float = 0.1) -> Result:
    """Show three neurons, then learn one from points by three rules.

    Args:
        out: where the picture goes.
        points: how many the neuron learns from.
        passes: how often it sees each.
        rate: the learning rate η of the gradient's rule.
        noise: the standard deviation by which the points stray from the line.
    """
    print("A neuron takes x and gives f(x) = wx + b. The deck's three, at x = 3:")
    for formula, w, b in (("f(x) =  x    ", 1.0, 0.0), ("f(x) = −x    ", -1.0, 0.0), ("f(x) = 2x + 1", 2.0, 1.0)):
        print(f"  {formula}   w = {w:2g}, b = {b:g}:   f(3) = {linear(w, b)([3.0]).data:g}")
    print("(A sum without an activation function: deck 3 calls it v, and one line later z.)")
    print("(The first such neuron on paper is McCulloch and Pitts's of 1943; deck 2 says 1949.)")

    print("\nOne point to learn, x = 2, y = 5, from w = 0.5, b = 0: f(2) = 1, so δ_y = y − f(x) = 4.")
    print("  the slide: ∂y/∂w = x, therefore δ_w = x/δ_y, and w ← w − δ_w")
    numbers: dict[str, float | int | str] = {}
    for name, rule in RULES.items():
        neuron = linear(0.5, 0.0)
        rule(neuron, 2.0, 5.0, rate)
        error = 5.0 - neuron([2.0]).data
        print(f"  {name:9} w = {neuron.w[0].data:4.1f}, b = {neuron.b.data:4.1f}:   δ_y is now {error:4.1f}")
        numbers[f"δ {name}"] = error
    print("δ_y = x δ_w gives δ_w = δ_y/x: the slide has it upside down, and should add what is missing.")
    print("Even so it leaps: w and b each make up for all of δ_y, and x near 0 divides by almost nothing.")
    print("The gradient of ½ δ_y² is −x δ_y by w, −δ_y by b: multiply, not divide, and take a small step.")

    data = line(points, noise)
    print(f"\n{points} points of y = 2x + 1 with noise of {noise:g}, {passes} times each:")
    for name, rule in RULES.items():
        neuron = linear(0.5, 0.0)
        learn(neuron, rule, data, passes, rate)
        error = mean_squared_error(neuron, data)
        print(f"  {name:9} w = {neuron.w[0].data:9.3g}, b = {neuron.b.data:9.3g}:   mean squared error {error:.3g}")
        numbers[f"error {name}"] = error
    numbers |= {"w": neuron.w[0].data, "b": neuron.b.data}
    return Result(numbers, save_picture(out / "neuron.png", lambda: drawn(neuron, data)))


def linear(w: float, b: float) -> Neuron:
    """The neuron wx + b."""
    neuron = Neuron(1, "linear")
    neuron.w[0].data, neuron.b.data = w, b
    return neuron


def line(count: int, noise: float, seed: int = 0) -> list[Point]:
    """Points near the line y = 2x + 1, x from −2 to 2."""
    source = random.Random(seed)
    xs = [source.uniform(-2, 2) for _ in range(count)]
    return [(x, SLOPE * x + INTERCEPT + source.gauss(0, noise)) for x in xs]


# ---------------------------------------------------------------------- three rules


def slide(neuron: Neuron, x: float, y: float, rate: float) -> None:
    """As printed: δ_w = x/δ_y, w ← w − δ_w; "same for b", whose ∂y/∂b is 1."""
    missing = y - neuron([x]).data
    neuron.w[0].data -= x / missing
    neuron.b.data -= 1 / missing


def upright(neuron: Neuron, x: float, y: float, rate: float) -> None:
    """The right way up, and with the right sign: δ_w = δ_y/x, w ← w + δ_w."""
    missing = y - neuron([x]).data
    neuron.w[0].data += missing / x
    neuron.b.data += missing


def gradient(neuron: Neuron, x: float, y: float, rate: float) -> None:
    """Against the gradient of ½ (f(x) − y)²: w ← w + η δ_y x, b ← b + η δ_y."""
    loss = 0.5 * (neuron([x]) - y) ** 2
    neuron.zero_grad()
    loss.backward()
    for p in neuron.parameters():
        p.data -= rate * p.grad


Rule = Callable[[Neuron, float, float, float], None]
RULES: dict[str, Rule] = {"slide": slide, "upright": upright, "gradient": gradient}
"""From the slide's to the one that works."""


def learn(neuron: Neuron, rule: Rule, data: list[Point], passes: int, rate: float) -> None:
    """Apply a rule to one point after another."""
    for _ in range(passes):
        for x, y in data:
            rule(neuron, x, y, rate)


def mean_squared_error(neuron: Neuron, data: list[Point]) -> float:
    """1/n Σ (y − f(x))²."""
    return sum((y - neuron([x]).data) ** 2 for x, y in data) / len(data)


def drawn(neuron: Neuron, data: list[Point]) -> Any:
    """The points and the neuron's line."""
    figure, ax = panels(1)
    ax.plot(*zip(*data, strict=True), ".", label="points")
    ax.plot([-2, 2], [neuron([x]).data for x in (-2.0, 2.0)], label="f(x) = wx + b, learnt")
    ax.set(xlabel="x", ylabel="y")
    ax.legend()
    return figure


if __name__ == "__main__":
    main()
