"""Rosenblatt's perceptron learns AND, OR and NAND, and never XOR (deck 0, "Perceptron").

Look at: a perceptron draws one straight line. Three gates need no more, and the learning rule finds the line
from nothing but mistakes; for XOR there is no such line, and the weights go round in a circle until a second
layer comes to help.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import nn
from nn import MLP, Perceptron

from . import OUT, Result, panels, save_picture

DECKS = (0, 3)

INPUTS = list(product((0, 1), repeat=2))
GATES: dict[str, Callable[[int, int], int]] = {
    "AND": lambda a, b: a & b,
    "OR": lambda a, b: a | b,
    "NAND": lambda a, b: 1 - (a & b),
    "XOR": lambda a, b: a ^ b,
}

Examples = list[tuple[Sequence[float], int]]
Numbers = dict[str, float | int | str]


def main(out: Path = OUT, *, passes: int = 100, steps: int = 300, rate: float = 0.2) -> Result:
    """Learn four gates by Rosenblatt's rule, the fourth in vain; then learn it with a hidden layer.

    Args:
        out: where the pictures go.
        passes: how often the rule may go through the four examples.
        steps: how many steps of gradient descent the network gets.
        rate: their size.
    """
    tables: dict[str, Examples] = {name: [(x, gate(*x)) for x in INPUTS] for name, gate in GATES.items()}
    model = MLP(2, [3, 1], "tanh", seed=3)
    learners, numbers = by_rosenblatts_rule(tables, passes)
    numbers |= two_forms(learners)
    numbers |= two_layers(learners, model, tables["XOR"], steps, rate)
    files = save_picture(out / "gates.png", lambda: drawn(learners, model, tables))
    files += save_picture(out / "gates_xor.svg", lambda: nn.draw(model, [0, 1], inputs=["a", "b"], outputs=["a XOR b"]))
    return Result(numbers, files)


def by_rosenblatts_rule(tables: dict[str, Examples], passes: int) -> tuple[dict[str, Perceptron], Numbers]:
    """A perceptron for each gate, and after how many passes it was right."""
    print("Rosenblatt's rule: after a mistake, w ← w + (target − output) x, and b likewise, as if its x were 1.")
    print("The mistakes on the way to OR, from weights of zero:")
    print_mistakes(tables["OR"])

    print("\nFour gates, the answers to 00, 01, 10 and 11:")
    learners = {name: Perceptron([0, 0]) for name in GATES}
    numbers: Numbers = {}
    for name, learner in learners.items():
        needed = learner.fit(tables[name], epochs=passes)
        numbers[name] = needed or "never"
        verdict = f"right after {needed} passes" if needed else f"still wrong after {passes} passes"
        print(f"  {name:4}  {in_a_row(learner(x) for x in INPUTS)}   {learner!s:37}  {verdict}")
    print("A point on the line counts as 0, and the rule stops when nothing is wrong: lines touch points.")

    start, length = circle(tables["XOR"])
    print(f"\nXOR: after pass {start + length} the weights are those after pass {start}: it goes round for ever.")
    print("No line has 01 and 10 on one side, and 00 and 11 on the other.")
    return learners, numbers


def two_forms(learners: dict[str, Perceptron]) -> Numbers:
    """A neuron with a threshold and one with a bias are the same."""
    print("\nThe deck writes one neuron in two forms: w·x > threshold, and w·x + b > 0 with b = −threshold.")
    same = [
        threshold_form(learner.weights, -learner.bias, x) == learner(x) for learner in learners.values() for x in INPUTS
    ]
    print(f"  They agree on {sum(same)} of the {len(same)} answers above.")
    return {"forms agree": f"{sum(same)} of {len(same)}"}


def two_layers(learners: dict[str, Perceptron], model: MLP, examples: Examples, steps: int, rate: float) -> Numbers:
    """XOR from three gates that are learnt already, and from nothing by gradient descent."""
    print("\nTwo layers have more lines. By hand, of gates that a perceptron can be: XOR = AND(NAND, OR).")
    built = in_a_row(learners["AND"]([learners["NAND"](x), learners["OR"](x)]) for x in INPUTS)
    print(f"  {built}")

    loss = learn(model, examples, steps, rate)
    print(f"\nAnd learnt: {model}, {steps} steps of gradient descent on Σ ½ (output − target)².")
    outputs = [model(x).data for x in INPUTS]
    print(f"  {'  '.join(f'{output:.3f}' for output in outputs)}   loss {loss:.1e}")
    return {"XOR by hand": built, "XOR by an MLP": in_a_row(int(output > 0.5) for output in outputs), "loss": loss}


def in_a_row(answers: Iterable[int]) -> str:
    return " ".join(map(str, answers))


def threshold_form(weights: Sequence[float], threshold: float, x: Sequence[float]) -> int:
    """The deck's first form: 0 if Σ w x ≤ threshold, else 1."""
    return int(sum(w * x_i for w, x_i in zip(weights, x, strict=True)) > threshold)


def print_mistakes(examples: Examples) -> None:
    """Learn, and print each correction; ends with the first pass that needs none, so the gate must be learnable."""
    learner = Perceptron([0, 0])
    mistakes = True
    while mistakes:
        mistakes = False
        for x, target in examples:
            output = learner(x)
            if not learner.learn(x, target):
                mistakes = True
                print(f"  {x[0]}{x[1]}: said {output}, should be {target}:  now {learner}")


def circle(examples: Examples) -> tuple[int, int]:
    """After how many passes of Rosenblatt's rule weights come that will come again, and how many passes later.

    The weights are whole numbers and stay bounded, so that some must come again if it never ends (Minsky and Papert).
    """
    learner = Perceptron([0, 0])
    seen: dict[tuple[float, ...], int] = {}
    while (state := (*learner.weights, learner.bias)) not in seen:
        seen[state] = len(seen)
        for x, target in examples:
            learner.learn(x, target)
    return seen[state], len(seen) - seen[state]


def learn(model: MLP, examples: Examples, steps: int, rate: float) -> float:
    """Gradient descent on the sum of squared errors of all examples; returns the last one."""
    for _ in range(steps):
        loss = sum(0.5 * (model(x) - target) ** 2 for x, target in examples)
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data -= rate * p.grad
    return sum(0.5 * (model(x).data - target) ** 2 for x, target in examples)


def drawn(learners: dict[str, Perceptron], model: MLP, tables: dict[str, Examples]) -> Any:
    """Where the perceptrons and the network say 1, side by side."""
    figure, axes = panels(len(learners) + 1, width=3)
    for ax, (name, learner) in zip(axes, learners.items(), strict=False):
        draw_boundary(partial(weighted_sum, learner), 0.0, tables[name], ax)
        ax.set_title(f"{name}: one perceptron")
        ax.get_legend().remove()
    draw_boundary(model, 0.5, tables["XOR"], axes[-1])
    axes[-1].set_title("XOR: a network")
    return figure


def weighted_sum(perceptron: Perceptron, X: Any) -> Any:
    """w·x + b of many inputs at once: where it is 0, a perceptron draws its line."""
    return X @ perceptron.weights + perceptron.bias


def draw_boundary(decider: Any, threshold: float, examples: Examples, ax: Any) -> None:
    X, y = zip(*examples, strict=True)
    nn.plot.decision_boundary(decider, X, y, threshold=threshold, ax=ax)


if __name__ == "__main__":
    main()
