"""A folder of images: audit, clean, split, normalise, train (deck 4, "The dataset we will use").

Look at: how much happens before any training; a duplicate that is in both parts of a split would be a question with
the answer beside it; and mean and spread are those of the training images alone, for the test is to be new.

Give a folder with one folder of images for each class by `--data`, such as that of the deck, daisy, dandelion, rose,
sunflower and tulip with 500 images each; without one, flowers are drawn, and flaws are put among them.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

import autograd
import nn
from autograd import tensor
from nn.data import random_split
from nn.functional import cross_entropy
from nn.metrics import accuracy, confusion_matrix, recall
from nn.plot import images as image_grid

from . import OUT, Result, save_picture
from ._training import train as train_model

DECKS = (4,)

Array = np.ndarray[Any, Any]

SIZE = 32
CLASSES = ("daisy", "dandelion", "rose", "sunflower", "tulip")
BLANK = 8.0  # an image whose shades, of 0 to 255, spread less shows nothing


class Specimen(NamedTuple):
    """An image of the data set as it is found, bytes (height, width, 3), or None if it cannot be read."""

    name: str
    label: int
    image: Array | None


def main(
    out: Path = OUT, *, data: Path | None = None, full: bool = False, per_class: int = 150, epochs: int = 12
) -> Result:
    """Go the whole way from found images to judged answers.

    Args:
        out: where the pictures go.
        data: the folder of the classes' folders; flowers are drawn without it.
        full: draw as many as the deck has, 500 of the first class.
        per_class: how many to draw of the first class; there are fewer of each next one.
        epochs: how often all images are seen.
    """
    if data is None:
        found, classes = drawn(500 if full else per_class), list(CLASSES)
        print(f"No folder is given (--data FOLDER): {len(found)} flowers are drawn, with flaws among them.\n")
    else:
        found, classes = read(data)
        print(f"{data}: {len(found)} images.\n")

    print("1. Audit: understand the data before anything else.")
    flaws = audit(found)
    show_audit(found, classes, flaws)
    print("\n2. Clean: what cannot be read, is there twice or shows nothing is left out.")
    wrong = set().union(*flaws.values())
    clean = [specimen for i, specimen in enumerate(found) if i not in wrong]
    images, labels = np.stack([s.image for s in clean]), np.array([s.label for s in clean])
    print(f"   {len(found)} images, {len(found) - len(clean)} left out, {len(clean)} kept")

    print("\n3. Split: 80 % to train with, 20 % to test with, every class in proportion.")
    train, test = (np.array(p.indices) for p in random_split(clean, [0.8, 0.2], seed=0, stratify=labels))
    print(f"   {len(train)} and {len(test)} images: is the model good in general, or only on what it has seen?")

    print("\n4. Normalise: the three colours get the mean 0 and the spread 1 over the training images.")
    mean, spread = images[train].mean((0, 1, 2)), images[train].std((0, 1, 2))
    normal = ((images - mean) / spread).transpose(0, 3, 1, 2).astype(np.float32)
    for colour, m, s in zip(("red", "green", "blue"), mean, spread, strict=True):
        print(f"   {colour:5}   mean {m:6.1f}   spread {s:5.1f}")

    print("\n5. Train: a mistake in a rare class weighs as much more as there are fewer of them.")
    counts = np.bincount(labels[train], minlength=len(classes))
    weight = tensor(counts.sum() / (len(classes) * counts)).float()
    autograd.manual_seed(0)
    model = network(len(classes))
    print(f"   {sum(p.numel() for p in model.parameters()):,} parameters, weights of the classes", end=" ")
    print(", ".join(f"{x:.2f}" for x in weight.tolist()))
    loss = partial(cross_entropy, weight=weight)
    train_model(model, normal[train], labels[train], loss=loss, lr=0.003, epochs=epochs, batch_size=32)

    logits = model.predict(normal[test])
    share = accuracy(logits, labels[test])
    print(f"\n6. Test: {share:.1%} of {len(test)} unseen images are right.")
    print("   Rows say what the images are, columns what they are taken for:")
    show_confusion(logits, labels[test], classes)
    print("\nEthical use: whose images are these, who is on them, and does their licence allow it?")
    files = save_picture(out / "flowers.png", lambda: sheet(images, labels, classes))
    numbers = {"found": len(found), "kept": len(clean), "accuracy": share}
    return Result({**numbers, **{name: len(which) for name, which in flaws.items()}}, files)


def read(folder: Path) -> tuple[list[Specimen], list[str]]:
    """The images of a folder, made equally large, and the names of their classes."""
    data = nn.datasets.ImageFolder(folder, size=(SIZE, SIZE))
    found = []
    for i, (path, label) in enumerate(tqdm(data.samples, desc="reading", unit="image")):
        try:
            image = data[i][0]
        except ValueError:  # a damaged file
            image = None
        found.append(Specimen(f"{path.parent.name}/{path.name}", label, image))
    return found, data.classes


# ---------------------------------------------------------------------- what is wrong with the data


def audit(found: Sequence[Specimen]) -> dict[str, set[int]]:
    """The numbers of the images that are missing, duplicates of one before, or blank."""
    flaws: dict[str, set[int]] = {"missing": set(), "duplicates": set(), "blank": set()}
    seen: set[bytes] = set()
    for i, specimen in enumerate(found):
        if specimen.image is None:
            flaws["missing"].add(i)
            continue
        fingerprint = hashlib.sha256(specimen.image.tobytes()).digest()
        if fingerprint in seen:
            flaws["duplicates"].add(i)
        elif specimen.image.std() < BLANK:
            flaws["blank"].add(i)
        seen.add(fingerprint)
    return flaws


def show_audit(found: Sequence[Specimen], classes: Sequence[str], flaws: dict[str, set[int]]) -> None:
    """Print how many images each class has, and what is wrong with which."""
    counts = Counter(specimen.label for specimen in found)
    largest = max(counts.values())
    for label, name in enumerate(classes):
        print(f"   {name:10} {counts[label]:4}  {'█' * round(30 * counts[label] / largest)}")
    print(f"   imbalance: the largest class has {largest / min(counts.values()):.1f} times the images of the smallest")
    told = {"missing": "values missing, cannot be read", "duplicates": "duplicates", "blank": "outliers, of one colour"}
    for name, numbers in flaws.items():
        examples = ", ".join(found[i].name for i in sorted(numbers)[:3])
        print(f"   {told[name] + ':':32} {len(numbers):3}   {examples}".rstrip())


def show_confusion(logits: Array, labels: Array, classes: Sequence[str]) -> None:
    """Print the confusion matrix with the recall of each class."""
    matrix, found = confusion_matrix(logits, labels, len(classes)), recall(logits, labels, average=None)
    print(f"   {'':10} " + " ".join(f"{name[:9]:>9}" for name in classes) + "    recall")
    for name, row, share in zip(classes, matrix, found, strict=True):
        print(f"   {name:10} " + " ".join(f"{count:9}" for count in row) + f"    {share:6.1%}")


def network(classes: int) -> nn.Sequential:
    """Three rounds of convolution, ReLU and pooling, 32 → 16 → 8 → 4, and a layer for the classes."""
    layers: list[nn.Module] = []
    for before, channels in ((3, 8), (8, 16), (16, 32)):
        layers += [nn.Conv2d(before, channels, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(32 * 4 * 4, classes))


def sheet(images: Array, labels: Array, classes: Sequence[str], columns: int = 6) -> Any:
    """The first images of each class."""
    chosen = np.concatenate([np.flatnonzero(labels == label)[:columns] for label in range(len(classes))])
    return image_grid(images[chosen], columns=columns, titles=[classes[labels[i]] for i in chosen])


# ---------------------------------------------------------------------- flowers that are drawn


def drawn(per_class: int, seed: int = 0) -> list[Specimen]:
    """Flowers of each kind, fewer of the later ones, with duplicates, blank and unreadable images among them."""
    rng = np.random.default_rng(seed)
    found = []
    for label, name in enumerate(CLASSES):
        count = round(per_class * (1 - 0.15 * label))
        images: list[Array | None] = [flower(name, rng) for _ in range(count)]
        images[count // 2] = images[0]
        images[count // 3] = None
        if label % 2 == 0:
            images[count // 4] = np.full((SIZE, SIZE, 3), 40 * label, np.uint8)
        found += [Specimen(f"{name}/{i:03}.png", label, image) for i, image in enumerate(images)]
    return found


def flower(name: str, rng: np.random.Generator) -> Array:
    """A flower of this kind on grass, in some place, size, direction and light; bytes (SIZE, SIZE, 3)."""
    centre, scale, turn = rng.uniform(-0.25, 0.25, (2, 1, 1)), rng.uniform(0.6, 0.95), rng.uniform(0, 2 * math.pi)
    y, x = (np.mgrid[:SIZE, :SIZE] * 2 / SIZE - 1 - centre) / scale
    r, angle = np.hypot(x, y), np.arctan2(y, x) + turn
    image = np.full((SIZE, SIZE, 3), (50.0, 120.0, 50.0))
    petals = lambda count, depth: r < 1 - depth * np.abs(np.sin(count * angle / 2))
    match name:
        case "daisy":
            layers = [(petals(10, 0.5), (240, 240, 235)), (r < 0.28, (235, 190, 40))]
        case "dandelion":
            layers = [(petals(32, 0.25), (240, 205, 40)), (petals(20, 0.8), (225, 170, 20))]
        case "rose":
            layers = [(petals(5, 0.15), (200, 30, 60)), ((r < 0.85) & (np.cos(12 * r + angle) > 0.3), (120, 10, 35))]
        case "sunflower":
            layers = [(petals(16, 0.4), (245, 195, 30)), (r < 0.5, (90, 50, 20))]
        case _:
            teeth = -0.6 + 0.3 * np.abs(np.sin(8 * x))
            cup = (np.abs(x) < 0.6 * np.sqrt(np.clip(1 - (y + 0.1) ** 2, 0, 1))) & (y > teeth) & (y < 0.6)
            stem = (np.abs(x) < 0.08) & (y > 0.3)
            colour = rng.choice([(220, 40, 60), (240, 150, 40), (150, 60, 170)])
            layers = [(stem, (30, 80, 30)), (cup, colour)]
    for where, colour in layers:
        image[where] = colour
    light = rng.uniform(0.6, 1.1)
    return np.clip(light * image + rng.normal(0, 18, image.shape), 0, 255).astype(np.uint8)


if __name__ == "__main__":
    main()
