"""A network of scalars learns to tell three kinds of iris apart (real data: Fisher 1936).

Look at: every weight is one `Value`, every step of training is the chain rule on a graph of a few
thousand of them; nothing here is an array.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

import autograd
from autograd import Value, no_grad
from nn import MLP

from . import OUT, Result

DECKS = (3, 4)


def cross_entropy(logits: Sequence[Value], target: int) -> Value:
    """−log of the softmax of the target: log Σ exp(logit) − logit of the target, without overflow."""
    largest = max(logit.data for logit in logits)
    total = autograd.sum([(logit - largest).exp() for logit in logits])
    return total.log() + largest - logits[target]


def load(seed: int = 0) -> tuple[list[list[float]], list[int], list[list[float]], list[int]]:
    """Measurements of 150 flowers, in units of their spread, 105 to train and 45 held out."""
    from sklearn.datasets import load_iris
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    x, y = load_iris(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=45, stratify=y, random_state=seed)
    scaler = StandardScaler().fit(x_train)
    return scaler.transform(x_train).tolist(), y_train.tolist(), scaler.transform(x_test).tolist(), y_test.tolist()


def main(out: Path = OUT, *, epochs: int = 30, rate: float = 0.1) -> Result:
    """Train by stochastic gradient descent, and count the flowers held out that are told rightly.

    Args:
        out: nothing is written.
        epochs: how often the network sees each flower.
        rate: the learning rate.
    """
    x_train, y_train, x_test, y_test = load()
    model = MLP(4, [8, 3], "tanh", seed=0)
    parameters = model.parameters()
    print(f"{model}: {len(parameters)} parameters, {len(x_train)} flowers to learn from, {len(x_test)} held out.")

    bar = tqdm(range(epochs), desc="training", unit="epoch")
    for _ in bar:
        total = 0.0
        for x, y in zip(x_train, y_train, strict=True):
            loss = cross_entropy(model(x), y)
            model.zero_grad()
            loss.backward()
            for p in parameters:
                p.data -= rate * p.grad
            total += loss.data
        bar.set_postfix(loss=f"{total / len(x_train):.3f}")

    with no_grad():
        answers = [max(range(3), key=[z.data for z in model(x)].__getitem__) for x in x_test]
    accuracy = sum(a == y for a, y in zip(answers, y_test, strict=True)) / len(y_test)
    print(f"Held-out accuracy: {accuracy:.1%} of {len(y_test)} flowers.")
    return Result({"accuracy": accuracy, "parameters": len(parameters)})


if __name__ == "__main__":
    main()
