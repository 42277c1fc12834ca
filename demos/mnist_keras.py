"""Keras's first network on handwritten digits, and why it learns so slowly (deck 1, "Train!").

Look at: the summary's 50,890 parameters, the losses that creep from .092 to .089 in seven epochs, and then what
`autograd.watch` measures inside: saturated neurons do not learn, and front layers learn slower than the last one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import autograd
from autograd import HealthReport, watch
from nn import Dense, Sequential, init
from nn.optim import SGD

from . import OUT, Result, panels, save_picture
from ._digits import load_digits
from ._training import Bar

DECKS = (1,)

Array = np.ndarray[Any, Any]

BATCH = 128
DECK_ROUNDS = 469
"""The batches of 128 in MNIST's 60,000 images."""
DECK_EPOCHS = 200
WATCHED, REPAIRED = 100, 330  # rounds
DECK_LOG = (  # loss, accuracy, val_loss, val_accuracy of the deck's first seven epochs
    (0.0921, 0.1042, 0.0913, 0.0996),
    (0.0911, 0.1008, 0.0906, 0.0990),
    (0.0905, 0.1018, 0.0901, 0.1043),
    (0.0900, 0.1094, 0.0897, 0.1204),
    (0.0896, 0.1248, 0.0893, 0.1433),
    (0.0892, 0.1473, 0.0890, 0.1728),
    (0.0889, 0.1682, 0.0887, 0.1933),
)


def main(
    out: Path = OUT, *, data: Path | None = None, full: bool = False, epochs: int = 7, train: int | None = None
) -> Result:
    """Run the deck's program, look inside it, and mend it.

    Args:
        out: where the pictures go.
        data: the folder of MNIST's four files, instead of scikit-learn's digits.
        full: go on for as many rounds as the deck's 200 epochs have.
        epochs: of which the progress lines are printed; on fewer images it goes on, to as many rounds as on MNIST.
        train: how many images to train with, by default all.
    """
    digits = load_digits(data, train)
    print(f"{digits}.\n")
    split = Split(
        *(flat(images) for images in (digits.train_images, digits.test_images)),
        *(np.eye(10)[labels] for labels in (digits.train_labels, digits.test_labels)),
    )
    history = run_deck(split, epochs, DECK_EPOCHS if full else epochs)
    if data is None:
        print("The deck's log is that of MNIST: give its folder by --data to compare the two line by line.")
    else:
        print_log(history)
    reports = look_inside(split)
    repaired = repair(split)
    accuracy = repaired["val_accuracy"][-1]
    print(f"\nRepaired, with the cross-entropy and η = 0.5: validation accuracy {accuracy:.1%}.")
    print("(The deck advises against batches above 128, to escape local minima: a rule of thumb.)")

    files = save_picture(out / "mnist_keras.png", lambda: curves(history, repaired, digits.name))
    files += save_picture(out / "mnist_keras_health.png", lambda: health_figure(reports, split.X_train))
    numbers = {name: history[name][-1] for name in ("loss", "val_loss", "val_accuracy")}
    return Result({**numbers, "repaired": accuracy}, files)


class Split(NamedTuple):
    """Images as rows of 784 numbers and labels one-hot, to train with and for validation, in the deck's names."""

    X_train: Array
    X_valid: Array
    y_train: Array
    y_valid: Array

    @property
    def rounds(self) -> int:
        """How many batches an epoch has."""
        return math.ceil(len(self.X_train) / BATCH)


def run_deck(split: Split, epochs: int, deck_epochs: int) -> dict[str, list[float]]:
    """Train the deck's network by its recipe, for as many rounds as that many epochs of MNIST have.

    Args:
        split: the images.
        epochs: of which progress lines are printed.
        deck_epochs: of MNIST.

    Returns:
        the losses and accuracies of every epoch.
    """
    model = deck_model()
    model.summary()
    print("784 · 64 + 64 = 50,240 and 64 · 10 + 10 = 650: together 50,890, all of them trainable.\n")
    print("A round of training: sample a mini-batch of x; forward propagate it to the estimate ŷ;")
    print("calculate the cost C of y and ŷ; descend the gradient of C to adjust w and b.")
    print(f"An epoch of MNIST has 60000/128 = {60000 / BATCH}, that is {DECK_ROUNDS} rounds;", end=" ")
    print(f"here it has {split.rounds}.\n")

    model.compile(loss="mean_squared_error", optimizer=SGD(lr=0.01), metrics=["accuracy"])
    autograd.manual_seed(0)
    fit = partial(model.fit, split.X_train, split.y_train, BATCH, validation_data=(split.X_valid, split.y_valid))
    history = fit(epochs=epochs, verbose=2).history
    last = math.ceil(deck_epochs * DECK_ROUNDS / split.rounds)
    if last > epochs:
        print(f"On to epoch {last}, where it has made {last * split.rounds:,} rounds:")
        bar = Bar(last - epochs, "the deck's recipe")
        more = fit(epochs=last, initial_epoch=epochs, verbose=0, callbacks=[bar]).history
        history = {name: numbers + more[name] for name, numbers in history.items()}
        print("  " + " - ".join(f"{name}: {numbers[-1]:.4f}" for name, numbers in history.items()))
    return history


def look_inside(split: Split) -> dict[str, HealthReport]:
    """Print saturation and learning speed of the deck's network and of its variants; returns the reports."""
    print(f"\nWhat is wrong?  The same program, watched for some {WATCHED} rounds in four versions:\n")
    reports = {title: watched(make(), loss, split) for title, make, loss in VERSIONS}
    print(f"  {'':33} {'layer 1 saturated':>17}   learning speed, layer by layer")
    for title, report in reports.items():
        speeds = "  ".join(f"{row.speed:7.2g}" for row in report.rows)
        print(f"  {title:33} {report.rows[0].saturated:17.1%}   {speeds}")
    print("\nThe learning speed of a layer is the norm of the gradient of its weights and biases.")
    print("Saturated: σ lies within 5 % of 0 or 1, where its slope σ(1 − σ) is nearly 0.  Every sigmoid layer")
    print("multiplies the gradient by such a slope, at most 1/4: the front of a deep network learns slowest.")
    print("Softmax and the quadratic cost saturate, too; with the cross-entropy that factor cancels, to ŷ − y.")
    return reports


def flat(images: Array) -> Array:
    """Images as rows of 784 numbers."""
    return images.reshape(len(images), 784)


def deck_model() -> Sequential:
    """The deck's network: 784 pixels, 64 sigmoid neurons, 10 probabilities."""
    return dense_network(64)


def dense_network(*hidden: int) -> Sequential:
    """Sigmoid layers of these widths between 784 pixels and 10 probabilities."""
    autograd.manual_seed(0)
    model = Sequential()
    for inputs, units in zip((784, *hidden), hidden, strict=False):
        model.add(Dense(units, activation="sigmoid", input_shape=(inputs,)))
    model.add(Dense(10, activation="softmax"))
    return model


def large_weights() -> Sequential:
    """The deck's network, begun with normal weights of spread 1: 784 of them drive a neuron far from 0."""
    model = deck_model()
    init.normal_(model[0].weight)
    return model


VERSIONS: tuple[tuple[str, Callable[[], Sequential], str], ...] = (
    ("as in the deck", deck_model, "mean_squared_error"),
    ("with weights that begin too large", large_weights, "mean_squared_error"),
    ("with four hidden layers", lambda: dense_network(64, 64, 64, 64), "mean_squared_error"),
    ("with the cross-entropy", deck_model, "categorical_crossentropy"),
)


def watched(model: Sequential, loss: str, split: Split, rounds: int = WATCHED) -> HealthReport:
    """The health of each layer over some rounds of training at the deck's rate."""
    model.compile(loss=loss, optimizer=SGD(lr=0.01))
    epochs, samples = max(1, rounds // split.rounds), rounds * BATCH
    autograd.manual_seed(0)
    with watch(model, steps=rounds) as health:
        model.fit(split.X_train[:samples], split.y_train[:samples], BATCH, epochs, verbose=0)
    return health.report()


def repair(split: Split) -> dict[str, list[float]]:
    """Train the deck's network with another cost and rate; its history."""
    model = deck_model()
    model.compile(loss="categorical_crossentropy", optimizer=SGD(lr=0.5), metrics=["accuracy"])
    autograd.manual_seed(0)
    epochs = max(7, math.ceil(REPAIRED / split.rounds))
    return model.fit(
        split.X_train, split.y_train, BATCH, epochs, verbose=0, callbacks=[Bar(epochs, "repaired")],
        validation_data=(split.X_valid, split.y_valid),
    ).history  # fmt: skip


def print_log(history: dict[str, list[float]]) -> None:
    """Our losses on MNIST beside the deck's."""
    print("\n  epoch   loss  deck's   val_loss  deck's   accuracy  deck's")
    rows = zip(DECK_LOG, history["loss"], history["val_loss"], history["accuracy"], strict=False)
    for number, (deck, loss, val_loss, accuracy) in enumerate(rows, 1):
        pairs = zip((loss, val_loss, accuracy), (deck[0], deck[2], deck[1]), strict=True)
        print(f"  {number:5} " + "     ".join(f"{ours:.4f}  {theirs:.4f}" for ours, theirs in pairs))
    differences = [
        abs(ours - deck[column])
        for column, name in ((0, "loss"), (2, "val_loss"))
        for ours, deck in zip(history[name], DECK_LOG, strict=False)
    ]
    print(f"The losses differ by {max(differences):.4f} at most; accuracies this early depend on the first weights,")
    print("which are drawn at random.")


def curves(history: dict[str, list[float]], repaired: dict[str, list[float]], name: str) -> Any:
    """Validation accuracy of the deck's recipe and of the repaired one."""
    figure, axes = panels(1, width=6)
    for label, numbers in (("deck: quadratic cost, η = 0.01", history), ("cross-entropy, η = 0.5", repaired)):
        accuracy = numbers["val_accuracy"]
        axes.plot(range(1, len(accuracy) + 1), accuracy, label=label)
    axes.set(xlabel="epoch", ylabel="validation accuracy", ylim=(0, 1), title=name)
    axes.legend()
    return figure


def health_figure(reports: dict[str, HealthReport], x: Array) -> Any:
    """How far neurons are driven into saturation, and the learning speed of each layer, in every version."""
    figure, (left, right) = panels(2)
    z = np.linspace(-30, 30, 601)
    slope = 1 / (1 + np.exp(-z)) / (1 + np.exp(z))
    left.fill_between(z, slope / slope.max(), color="0.8", label="σ′(z), as a share of its largest, 1/4")
    for title, make, *_ in VERSIONS[:2]:
        sums = (x[:200] @ make()[0].weight.detach().numpy().T).ravel()  # the biases begin at 0
        weights = np.full(len(sums), 2 / len(sums))
        left.hist(sums, bins=60, range=(-30, 30), weights=weights, histtype="step", label=title)
    left.set(xlabel="weighted sum z of a neuron of layer 1", ylabel="how often", yticks=[])
    left.legend(fontsize=8)
    for title, report in reports.items():
        right.plot(range(1, len(report.rows) + 1), [row.speed for row in report.rows], "o-", label=title)
    right.set(xlabel="layer", ylabel="learning speed", yscale="log", xticks=range(1, 6))
    right.legend(fontsize=8)
    return figure


if __name__ == "__main__":
    main()
