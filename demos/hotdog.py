"""Rosenblatt's perceptron decides what a hot dog is (deck 1, slides 3 to 9).

Look at: eight inputs, one line each; three weights and a threshold decide them all, and the learning
rule finds such weights by itself from nothing but the answers.
"""

from __future__ import annotations

from itertools import product

from nn import Perceptron

INGREDIENTS = ("ketchup", "mustard", "bun")


def main() -> int:
    """Print the deck's table, then learn it; returns how many of the eight inputs are right."""
    print("The deck's perceptron: ketchup weighs 3, mustard 2, a bun 6, and it takes more than 4.")
    deck = Perceptron([3, 2, 6], bias=-4)
    examples = [(x, deck(x)) for x in product((0, 1), repeat=3)]
    for x, answer in examples:
        weighed = [w * x_i for w, x_i in zip((3, 2, 6), x, strict=True)]
        total = sum(weighed)
        inside = " and ".join(name for name, present in zip(INGREDIENTS, x, strict=True) if present) or "nothing"
        relation = ">" if total > 4 else "≤"
        print(f"  {weighed} = {total:2} {relation} 4  →  {answer}   {inside}")
    print("(One slide prints 5 > 4 for mustard alone: the sum is 2, and the answer 0.)")

    print("\nA perceptron that knows nothing learns the same from the eight answers: w ← w + (target − output) x.")
    learner = Perceptron([0, 0, 0])
    passes = learner.fit(examples)
    right = sum(learner(x) == answer for x, answer in examples)
    print(f"  After {passes} passes without help: {learner}, {right} of {len(examples)} right.")
    return right


if __name__ == "__main__":
    main()
