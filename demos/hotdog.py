"""Rosenblatt's perceptron decides what a hot dog is (deck 1, the hot-dog perceptron).

Look at: eight inputs, one line each; three weights and a threshold decide them all, and the learning
rule finds such weights by itself from nothing but the answers. With another activation function the same
weighted sum gives a degree, and a slope to learn from.
"""

from __future__ import annotations

from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import nn
from nn import Neuron, Perceptron

from . import OUT, Result, save_picture

DECKS = (1,)

INGREDIENTS = ("ketchup", "mustard", "bun")
WEIGHTS = (3, 2, 6)
THRESHOLD = 4

Input = tuple[int, ...]

FRAMES: list[tuple[Input, str]] = [
    ((1, 1, 0), "step"),
    ((0, 1, 0), "step"),  # the slide that is wrong, put right
    ((0, 0, 1), "step"),
    ((0, 1, 0), "sigmoid"),
    ((0, 0, 1), "sigmoid"),
    ((0, 0, 1), "relu"),
]
"""What the deck draws, one after the other: the inputs and the activation function."""


def main(out: Path = OUT) -> Result:
    """Print the deck's table, then learn it; then the same neuron with sigmoid and with ReLU.

    Args:
        out: where the pictures go.
    """
    perceptron = Perceptron(WEIGHTS, bias=-THRESHOLD)
    examples = [(x, perceptron(x)) for x in product((0, 1), repeat=len(WEIGHTS))]
    smooth = {name: hotdog_neuron(name) for name in ("sigmoid", "relu")}
    print_table(examples)
    numbers = {**learn(examples), **compare(examples, **smooth)}
    return Result(numbers, drawn({"step": perceptron, **smooth}, out))


def print_table(examples: list[tuple[Input, int]]) -> None:
    """All eight inputs, as the deck adds them up."""
    print("The deck's perceptron: ketchup weighs 3, mustard 2, a bun 6, and it takes more than 4.")
    for x, answer in examples:
        weighed = [w * x_i for w, x_i in zip(WEIGHTS, x, strict=True)]
        total = sum(weighed)
        relation = ">" if total > THRESHOLD else "≤"
        print(f"  {weighed} = {total:2} {relation} {THRESHOLD}  →  {answer}   {contents(x)}")
    print('(One slide still has "5 > 4", and 1, for mustard alone: its sum is 2, 2 < 4, and the answer 0.)')


def learn(examples: list[tuple[Input, int]]) -> dict[str, float]:
    """The same answers from Rosenblatt's rule: how many are right, after how many passes."""
    print("\nA perceptron that knows nothing learns the same from the eight answers:")
    print("after each mistake, w ← w + (target − output) x and b ← b + (target − output).")
    learner = Perceptron([0, 0, 0])
    passes = learner.fit(examples) or 0  # a line separates the two, so that it does end
    right = sum(learner(x) == answer for x, answer in examples)
    print(f"  After {passes} passes without help: {learner}, {right} of {len(examples)} right.")
    return {"right": right, "passes": passes}


def compare(examples: list[tuple[Input, int]], sigmoid: Neuron, relu: Neuron) -> dict[str, float]:
    """The same weighted sums through other activation functions; what comes of the two inputs that the deck shows."""
    print("\nThe same weights in neurons that do not jump: z = w·x + b, and dσ/db is the slope at z.")
    print("    z   step   sigmoid   dσ/db   ReLU")
    numbers: dict[str, float] = {}
    for x, answer in examples:
        z = sum(w * x_i for w, x_i in zip(WEIGHTS, x, strict=True)) - THRESHOLD
        degree, amount = sigmoid(x), relu(x)
        sigmoid.zero_grad()
        degree.backward()
        print(f"  {z:3} {answer:6} {degree.data:9.4f} {sigmoid.b.grad:7.4f} {amount.data:6g}   {contents(x)}")
        if contents(x) in ("mustard", "bun"):
            numbers |= {f"σ {contents(x)}": degree.data, f"ReLU {contents(x)}": amount.data}
    print("The step's slope is 0 wherever it has one: gradients cannot teach it. The sigmoid's never is.")
    return numbers


def drawn(deciders: dict[str, Any], out: Path) -> list[Path]:
    """One file for each of the deck's frames."""
    print("\nThe deck's six frames, drawn:")
    files = []
    for x, name in FRAMES:
        path = out / f"hotdog_{''.join(map(str, x))}_{name}.svg"
        files += save_picture(path, partial(nn.draw, deciders[name], x, inputs=INGREDIENTS, outputs=["hot dog?"]))
        print(f"  {path.name:24} {name:7} for {contents(x)}")
    return files


def contents(x: Input) -> str:
    """What lies on the plate, in words."""
    return " and ".join(name for name, present in zip(INGREDIENTS, x, strict=True) if present) or "nothing"


def hotdog_neuron(activation: str) -> Neuron:
    """A neuron with the deck's weights and another activation function."""
    neuron = Neuron(len(WEIGHTS), activation)
    for w, weight in zip(neuron.w, WEIGHTS, strict=True):
        w.data = float(weight)
    neuron.b.data = float(-THRESHOLD)
    return neuron


if __name__ == "__main__":
    main()
