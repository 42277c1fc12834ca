"""Circle, square or triangle: what, where, and which pixels (deck 3, "Image Classification").

Look at: one body of convolutions and three ends.  A class for the image is classification, four numbers are a box
around the figure, detection, and a class for every pixel is segmentation; all that changes is the output and its loss.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np

import autograd
import nn
from autograd import Tensor
from nn.functional import cross_entropy, smooth_l1_loss
from nn.metrics import accuracy
from nn.plot import images as image_grid

from . import OUT, Result, panels, save_picture
from ._training import train as train_model

DECKS = (3, 4)

Array = np.ndarray[Any, Any]

SIZE = 28
NOISE = 0.1
BACKGROUND = 3  # the class of pixels outside the figure, after circle, square and triangle


def main(out: Path = OUT, *, train: int = 1500, test: int = 300, epochs: int = 8, seed: int = 0) -> Result:
    """Train one small convolutional network for each of the three tasks.

    Args:
        out: where the pictures go.
        train, test: how many drawings to train and to test with.
        epochs: how often all drawings are seen.
        seed: of the drawings and the first weights.
    """
    count = train + test
    figures = nn.datasets.shapes(count, SIZE, seed=seed)
    clean, labels = figures.data.numpy(), figures.targets.numpy()
    noisy = clean + np.random.default_rng(seed).normal(0, NOISE, clean.shape).astype(clean.dtype)
    boxes, masks = boxes_of(clean[:, 0]), np.where(clean[:, 0] > 0, labels[:, np.newaxis, np.newaxis], BACKGROUND)
    print(f"{count:,} drawings of {SIZE} × {SIZE} pixels with noise, {train:,} to train with: one figure each, in any")
    print("place, size and direction.  Without noise, a drawing says itself where the figure is.")
    print(f"{SIZE * SIZE} numbers go in, as many as there are pixels; what comes out depends on the question.\n")

    x, x_test = noisy[:train], noisy[train:]
    autograd.manual_seed(seed)
    classifier = nn.Sequential(*body(), *hidden(), nn.Linear(64, 3))
    fit(classifier, x, labels[:train], cross_entropy, epochs, "classification")
    logits = classifier.predict(x_test)
    share = accuracy(logits, labels[train:])
    print(f"Classification: 3 logits, the cross-entropy.           {share:6.1%} of the classes are right")

    detector = nn.Sequential(*body(), *hidden(), nn.Linear(64, 4))
    fit(detector, x, boxes[:train], smooth_l1_loss, epochs, "detection")
    found = detector.predict(x_test)
    overlap = box_overlap(found, boxes[train:])
    print(f"Detection:      4 numbers, left, top, right, bottom.   {overlap.mean():6.1%} mean overlap of the boxes")

    segmenter = segmenter_from(classifier)
    fit(segmenter, x, masks[:train], cross_entropy, epochs, "segmentation")
    pixels = segmenter.predict(x_test).argmax(1)
    mask_share = mask_overlap(pixels, masks[train:])
    pixel_share = (pixels == masks[train:]).mean()
    print(f"Segmentation:   4 logits for every pixel.              {pixel_share:6.1%} of the pixels are right,")
    print(f"{'':55}{mask_share:6.1%} mean overlap with the figures")
    print("\nOverlap is intersection over union, of areas or pixels of the right class: of a perfect box 100%,")
    print("of one that is shifted by a tenth of its side both ways 68%.  The share of right pixels says little,")
    print(f"as {(masks[train:] == BACKGROUND).mean():.1%} of them are background.")

    files = save_picture(out / "shapes.png", lambda: sheet(x_test, logits, found, boxes[train:], figures.classes))
    files += save_picture(out / "shapes_masks.png", lambda: mask_sheet(x_test, pixels, masks[train:]))
    return Result({"accuracy": share, "box overlap": float(overlap.mean()), "mask overlap": mask_share}, files)


def body() -> list[nn.Module]:
    """Two rounds of convolution, ReLU and pooling: (1, 28, 28) to (16, 7, 7)."""
    return [
        nn.Conv2d(1, 8, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    ]  # fmt: skip


def hidden() -> list[nn.Module]:
    """From the body's (16, 7, 7) to 64 numbers."""
    return [nn.Flatten(), nn.Linear(16 * 7 * 7, 64), nn.ReLU()]


class BesideInput(nn.Module):
    """An image with the channels that other layers make of it: those know what, and the image knows where.

    Ronneberger, Fischer and Brox (2015): U-Net.

    Args:
        modules: the layers; they keep the image's size.
    """

    def __init__(self, *modules: nn.Module) -> None:
        super().__init__()
        self.branch = nn.Sequential(*modules)

    def forward(self, x: Tensor) -> Tensor:
        return autograd.cat([x, self.branch(x)], 1)


def segmenter_from(classifier: nn.Sequential) -> nn.Sequential:
    """A network for pixels that begins with all but the last layer of a classifier, which knows the figures."""
    return nn.Sequential(
        BesideInput(
            *copy.deepcopy(list(classifier)[:-1]),
            nn.Linear(64, 16 * 7 * 7), nn.ReLU(), nn.Unflatten(1, (16, 7, 7)),
            nn.ConvTranspose2d(16, 8, 4, stride=4), nn.ReLU(),
        ),
        nn.Conv2d(9, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 4, 1),
    )  # fmt: skip


def fit(model: nn.Sequential, x: Array, y: Array, loss: Any, epochs: int, title: str) -> None:
    """Train in batches of 32."""
    train_model(model, x, y, loss=loss, metrics=(), lr=0.004, epochs=epochs, batch_size=32, title=title)


def boxes_of(figures: Array) -> Array:
    """The smallest boxes around what is not 0: left, top, right, bottom, as shares of the image's side."""
    boxes = []
    for figure in figures:
        rows, columns = np.flatnonzero(figure.any(1)), np.flatnonzero(figure.any(0))
        boxes.append((columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))
    return np.array(boxes, np.float32) / figures.shape[-1]


def box_overlap(a: Array, b: Array) -> Array:
    """Intersection over union of boxes, each left, top, right, bottom.

    >>> box_overlap(np.array([[0.0, 0.0, 2.0, 2.0]]), np.array([[1.0, 0.0, 3.0, 2.0]])).round(3)
    array([0.333])
    """
    sides = np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2])
    shared = np.clip(sides, 0, None).prod(-1)
    areas = ((box[:, 2:] - box[:, :2]).prod(-1) for box in (a, b))
    overlap: Array = shared / (sum(areas) - shared)
    return overlap


def mask_overlap(found: Array, true: Array) -> float:
    """The mean over the images of intersection over union of the figure's pixels, of the right class."""
    both = ((found == true) & (true != BACKGROUND)).sum((1, 2))
    either = ((found != BACKGROUND) | (true != BACKGROUND)).sum((1, 2))
    return float((both / either).mean())


def sheet(images: Array, logits: Array, found: Array, boxes: Array, classes: list[str]) -> Any:
    """Some images with the class that was found, the true box in white and the one found in colour."""
    from matplotlib.patches import Rectangle

    figure, axes = panels(6, 2, width=2, height=2.2)
    for ax, image, answer, box, true in zip(axes.flat, images, logits.argmax(-1), found, boxes, strict=False):
        ax.imshow(image[0], cmap="gray")
        for (left, top, right, bottom), colour in ((true * SIZE - 0.5, "white"), (box * SIZE - 0.5, "tab:orange")):
            ax.add_patch(Rectangle((left, top), right - left, bottom - top, fill=False, edgecolor=colour, linewidth=2))
        ax.set_title(classes[answer])
        ax.set_axis_off()
    return figure


def mask_sheet(images: Array, found: Array, true: Array, count: int = 6) -> Any:
    """Some images, the classes found for their pixels, and the true ones, as shades of grey."""
    low, high = images.min(), images.max()
    shade = lambda classes: np.where(classes == BACKGROUND, 0.0, (classes + 1) / 3)
    shown = [(images[:count, 0] - low) / (high - low), shade(found[:count]), shade(true[:count])]
    titles = [title for title in ("image", "found", "true") for _ in range(count)]
    return image_grid(np.concatenate(shown), columns=count, titles=titles)


if __name__ == "__main__":
    main()
