"""LeNet-5 reads digits: what its filters see, how its answers are judged (deck 4, "Testing").

Look at: the sizes that shrink while the channels grow; six filters of 5 × 5, learnt from nothing but labels; and a
confusion matrix, of which accuracy, precision, recall and F1 are four summaries.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import autograd
import nn
from autograd import from_numpy, no_grad
from nn import plot
from nn.metrics import accuracy, confusion_matrix, f1, precision, recall

from . import OUT, Result, save_picture
from ._digits import load_digits
from ._training import train as train_model

DECKS = (4, 3)


def main(
    out: Path = OUT, *, data: Path | None = None, full: bool = False, epochs: int = 8, train: int | None = 6000
) -> Result:
    """Train LeNet-5, judge its answers, draw what it has learnt.

    Args:
        out: where the pictures go.
        data: the folder of MNIST's four files, instead of scikit-learn's digits.
        full: train with all images.
        epochs: how often all images are seen.
        train: how many images to train with.
    """
    if full:
        train = None
    digits = load_digits(data, train)
    print(f"{digits}.\n")
    model = lenet()
    model.summary((1, 28, 28))
    print("Two rounds of convolution, ReLU and pooling; then the image, flattened, goes into a simple network.\n")

    history = train_model(model, digits.train_images, digits.train_labels, epochs=epochs, title="LeNet-5")
    logits, labels = model.predict(digits.test_images, 256), digits.test_labels
    matrix = confusion_matrix(logits, labels, 10)
    print("Confusion matrix: row i, column j counts the digits i that were taken for j.\n")
    print("      " + "".join(f"{j:5}" for j in range(10)))
    for i, row in enumerate(matrix):
        print(f"  {i:3} " + "".join(f"{count or '·':>5}" for count in row))

    right, total = int(np.trace(matrix)), int(matrix.sum())
    print(f"\nAccuracy  = right / all = {right} / {total} = {right / total:.1%}; on the slide 85 / 100 = 85%.")
    print("Precision = TP / (TP + FP): of those taken for a class, the share that belongs to it.")
    print("Recall    = TP / (TP + FN): of those that belong to a class, the share that was found.")
    print("F1        = 2TP / (2TP + FP + FN): the harmonic mean of the two.\n")
    print("  digit   precision   recall      F1")
    scores = [score(logits, labels, average=None) for score in (precision, recall, f1)]
    for digit, numbers in enumerate(zip(*scores, strict=True)):
        print(f"  {digit:5}   " + "   ".join(f"{x:{width}.3f}" for x, width in zip(numbers, (9, 6, 5), strict=True)))
    means = [score(logits, labels, average="macro") for score in (precision, recall, f1)]
    print("   mean   " + "   ".join(f"{x:{width}.3f}" for x, width in zip(means, (9, 6, 5), strict=True)))

    files = pictures(out, model, digits.test_images, logits, labels, matrix, history)
    numbers = {"accuracy": accuracy(logits, labels), "precision": means[0], "recall": means[1], "F1": means[2]}
    return Result({**numbers, "parameters": sum(p.numel() for p in model.parameters())}, files)


def lenet() -> nn.Sequential:
    """LeCun et al. (1998), with ReLU and maxima, as it is built today; 61,706 parameters."""
    autograd.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip


def pictures(
    out: Path, model: nn.Sequential, images: Any, logits: Any, labels: Any, matrix: Any, history: Any
) -> list[Path]:
    """The network, filters, maps of one digit, the confusion matrix, digits misread, the curves of training."""
    digit = int(np.argmax(labels == 8))
    maps = feature_maps_of(model, images[digit])
    wrong = np.flatnonzero(logits.argmax(-1) != labels)[:20]
    titles = [f"{labels[i]}, read as {logits[i].argmax()}" for i in wrong]

    files = save_picture(out / "lenet.svg", lambda: nn.draw(model, images[digit]))
    files += save_picture(out / "lenet_filters.png", lambda: plot.filters(model[0]))
    files += save_picture(out / "lenet_feature_maps.png", lambda: plot.feature_maps(maps))
    files += save_picture(out / "lenet_confusion.png", lambda: plot.confusion_matrix(matrix))
    files += save_picture(out / "lenet_training.png", lambda: plot.training_curves(history))
    if len(wrong):
        files += save_picture(out / "lenet_misread.png", lambda: plot.images(images[wrong], titles=titles))
    return files


def feature_maps_of(model: nn.Sequential, image: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """What the first convolution and its ReLU make of one image, (6, 28, 28)."""
    with no_grad():
        maps: np.ndarray[Any, Any] = model[:2](from_numpy(image[np.newaxis]))[0].numpy()
    return maps


if __name__ == "__main__":
    main()
