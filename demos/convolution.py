"""What convolution computes, how large that is, what it saves (deck 4, "Part One: Convolution").

Look at: every number of an output is one window of the image times one kernel; a border and a stride set how many
windows there are; and since all windows share one kernel, 912 parameters do the work of 933,888.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import nn
from autograd import Tensor, tensor
from nn.functional import avg_pool2d, conv2d, max_pool2d, pad, relu, sum_pool2d

from . import OUT, Result, panels, save_picture

DECKS = (4, 3)

IMAGE_3 = ((3, 3, 2, 1, 0), (0, 0, 1, 3, 1), (3, 1, 2, 2, 3), (2, 0, 0, 2, 2), (2, 0, 0, 0, 1))
KERNEL_3 = ((0, 1, 2), (2, 2, 0), (0, 1, 2))
IMAGE_4 = ((1, 1, 1, 0, 0), (0, 1, 1, 1, 0), (0, 0, 1, 1, 1), (0, 0, 1, 1, 0), (0, 1, 1, 0, 0))
KERNEL_4 = ((1, 0, 1), (0, 1, 0), (1, 0, 1))

EIGHT = np.array(
    """
    0 2 15 0 0 11 10 0 0 0 0 9 9 0 0 0
    0 0 0 4 60 157 236 255 255 177 95 61 32 0 0 29
    0 10 16 119 238 255 244 245 243 250 249 255 222 103 10 0
    0 14 170 255 255 244 254 255 253 245 255 249 253 251 124 1
    2 98 255 228 255 251 254 211 141 116 122 215 251 238 255 49
    13 217 243 255 155 33 226 52 2 0 10 13 232 255 255 30
    16 229 252 254 49 12 0 0 7 7 0 70 237 252 235 62
    6 141 245 255 212 25 11 9 3 0 115 236 243 255 137 0
    0 87 252 250 248 215 60 0 1 121 252 255 248 144 6 0
    0 13 113 255 255 245 255 182 181 248 252 242 208 36 0 19
    1 0 5 117 251 255 241 255 247 255 241 162 17 0 7 0
    0 0 0 4 58 251 255 246 254 253 255 120 11 0 1 0
    0 0 4 97 255 255 255 248 252 255 244 255 182 10 0 4
    0 22 206 252 246 251 241 100 24 113 255 245 255 194 9 0
    0 111 255 242 255 158 24 0 0 6 39 255 232 230 56 0
    0 218 251 250 137 7 11 0 0 0 2 62 255 250 125 3
    0 173 255 255 101 9 20 0 13 3 13 182 251 245 61 0
    0 107 251 241 255 230 98 55 19 118 217 248 253 255 52 4
    0 18 146 250 255 247 255 255 255 249 255 240 255 129 0 5
    0 0 23 113 215 255 250 248 255 255 248 248 118 14 12 0
    0 0 6 1 0 52 153 233 255 252 147 37 0 0 4 1
    0 0 5 5 0 0 0 0 0 14 1 0 6 6 0 0
    """.split(),  # noqa: SIM905
    dtype=np.float32,
).reshape(-1, 16)
"""A handwritten 8, from 0 for black to 255 for white (deck 4, "How computers see")."""

EDGES = {
    "vertical edges": ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)),
    "horizontal edges": ((-1, -2, -1), (0, 0, 0), (1, 2, 1)),
}
"""Sobel's filters: differences along one axis, smoothed along the other."""


def main(out: Path = OUT, *, photograph: str = "china.jpg") -> Result:
    """Compute the decks' examples, correct a formula, count parameters, filter a photograph.

    Args:
        out: where the pictures go.
        photograph: one of the two that ship with scikit-learn, `china.jpg` or `flower.jpg`.
    """
    print("Deck 3: a window of the image times the kernel, number by number, and summed.")
    first = show_convolution(IMAGE_3, KERNEL_3)
    print("The first number: 3·0 + 3·1 + 2·2 + 0·2 + 0·2 + 1·0 + 3·0 + 1·1 + 2·2 = 12.")
    print("\nDeck 4:")
    second = show_convolution(IMAGE_4, KERNEL_4)
    print("(Mathematics turns the kernel around first; networks need not, for theirs is learnt.)")

    print("\nThe gradient of the sum of deck 3's outputs:")
    show_gradients(IMAGE_3, KERNEL_3)

    print("\nWith a border of zeros the size is kept; a stride of 2 skips every other window:")
    image = tensor(IMAGE_4).float()
    bordered = rows(pad(image, (1, 1, 1, 1)))
    print(beside(bordered, convolve(image, KERNEL_4, padding=1), convolve(image, KERNEL_4, stride=2)))
    sizes = show_sizes()

    print("\nPooling keeps one number of each window: the largest, the mean or the sum.")
    show_pooling(tensor(first))
    print("\nReLU before it keeps what a filter found, and drops the rest:")
    edges = convolve(image, EDGES["vertical edges"])
    print(beside(edges, rows(relu(tensor(edges)))))

    counts = show_parameters()
    print(f"\nHow computers see: a handwritten 8, which the slide calls 28x28x1, is {shape_text(EIGHT)} there;")
    print(f"its numbers go up to {EIGHT.max():.0f} and add up to {EIGHT.sum():,.0f}.")
    files = save_picture(out / "convolution_eight.png", lambda: filtered_figure(EIGHT, "a handwritten 8"))
    files += save_picture(out / "convolution_photograph.png", lambda: filtered_figure(grey(photograph), photograph))
    return Result({"first": first[0][0], "second": second[0][0], "size": sizes[0], **counts}, files)


def convolve(image: Any, kernel: Any, **settings: int) -> list[list[float]]:
    """One image by one kernel, as rows of numbers."""
    return rows(conv2d(as_batch(image), as_batch(kernel), **settings))


def as_batch(image: Any) -> Tensor:
    """(height, width) as (1, 1, height, width)."""
    return tensor(image).float()[None, None]


def rows(image: Tensor) -> list[list[float]]:
    """The last two axes, as lists."""
    return image.reshape(image.shape[-2:]).tolist()


def beside(*matrices: Sequence[Sequence[float]], gap: str = "     ") -> str:
    """Matrices of whole numbers, next to one another."""
    blocks = [[" ".join(f"{x:3.0f}" for x in row) for row in matrix] for matrix in matrices]
    height = max(map(len, blocks))
    filled = [block + [" " * len(block[0])] * (height - len(block)) for block in blocks]
    return "\n".join(("  " + gap.join(line)).rstrip() for line in zip(*filled, strict=True))


def show_convolution(image: Any, kernel: Any) -> list[list[float]]:
    """Print image, kernel and result."""
    result = convolve(image, kernel)
    print(beside(image, kernel, result))
    return result


def show_gradients(image: Any, kernel: Any) -> None:
    """Print what backpropagation says of the sum of all outputs."""
    x, w = (as_batch(matrix).requires_grad_() for matrix in (image, kernel))
    conv2d(x, w).sum().backward()
    print(beside(rows(w.grad), rows(x.grad)))
    print("Left, by the kernel: each weight meets nine numbers of the image, and its gradient is their sum.")
    print("Right, by the image: the pixel in the middle meets all nine weights, one in a corner meets one.")


def show_sizes() -> list[int]:
    """Print the sizes of outputs, as convolutions give them, beside what the slide's formula gives."""
    print("\nOutput size = (W − F + 2P) / S + 1, rounded down, for input W, filter F, padding P, stride S:")
    print("    W  F  P  S   output   the slide's (W − F − 2P) / S + 1")
    sizes = []
    for W, F, P, S in ((32, 5, 2, 1), (28, 3, 1, 1), (28, 5, 0, 1), (5, 3, 0, 2), (32, 2, 0, 2)):
        size = conv2d(as_batch(np.ones((W, W))), as_batch(np.ones((F, F))), padding=P, stride=S).shape[-1]
        sizes.append(size)
        of_slide = (W - F - 2 * P) // S + 1
        print(f"  {W:3} {F:2} {P:2} {S:2}   {size:6}   {of_slide:6}{'' if of_slide == size else ', which is wrong'}")
    print("Padding adds to the size: the slide's minus must be a plus.  S = 1 and P = (F − 1) / 2 keep W.")
    return sizes


def show_pooling(feature_map: Tensor) -> None:
    """Print maximum, mean and sum over windows of 2 × 2 and 3 × 3, two apart, of an image of 5 × 5."""
    image = as_batch(IMAGE_3)
    for size in (2, 3):
        print(f"  F = {size}, S = 2          max{'':13}mean{'':13}sum")
        pools = (max_pool2d, avg_pool2d, sum_pool2d)
        large, mean, total = (rows(pool(image, size, 2)) for pool in pools)
        for lines in zip(large, mean, total, strict=True):
            print("                 " + "     ".join("".join(f"{x:6.2f}" for x in line) for line in lines))


def show_parameters() -> dict[str, int]:
    """Print how many parameters layers take; returns the three counts of deck 4."""
    dense = count(nn.Linear(784, 784))
    per_neuron = 5 * 5 * 3 + 1
    neurons = 32 * 32 * 12
    layer = nn.Conv2d(3, 12, 5, padding=2)
    print("\nParameters")
    print(f"  fully connected, 784 to 784 neurons     784 · 784 + 784 = {dense:9,}")
    print("  That grows with the square of the number of pixels: it is quadratic, not exponential.")
    print(f"  32×32×3 to depth 12: {neurons:,} neurons, 5 · 5 · 3 = 75 weights and a bias each")
    print(f"  each with weights of its own               {neurons:,} · {per_neuron} = {neurons * per_neuron:9,}")
    print(f"  one filter per depth slice           5 · 5 · 3 · 12 + 12 = {count(layer):9,}")
    print(f"  {layer}")
    print("  (32×32×3 neurons, as one slide has it, would be those of 3 filters, not of 12.)")
    return {"dense": dense, "unshared": neurons * per_neuron, "shared": count(layer)}


def count(layer: Any) -> int:
    """How many parameters a layer has."""
    return sum(parameter.numel() for parameter in layer.parameters())


def shape_text(image: np.ndarray[Any, Any]) -> str:
    """A shape as the slides write it."""
    return "×".join(map(str, image.shape))


def grey(photograph: str) -> np.ndarray[Any, Any]:
    """A photograph that ships with scikit-learn, in shades of grey."""
    from sklearn.datasets import load_sample_image

    return load_sample_image(photograph).mean(-1)


def filtered_figure(image: np.ndarray[Any, Any], name: str) -> Any:
    """An image, and where it has edges."""
    x, y = (np.array(convolve(image, kernel)) for kernel in EDGES.values())
    titles = (name, *EDGES, "edges of both kinds")
    height, width = (5 * side / max(image.shape) for side in image.shape)  # in inches
    figure, axes = panels(2, 2, width=width, height=height + 0.3)
    for ax, title, picture in zip(axes.flat, titles, (image, abs(x), abs(y), np.hypot(x, y)), strict=True):
        ax.imshow(picture, cmap="gray")
        ax.set_title(title)
        ax.set_axis_off()
    return figure


if __name__ == "__main__":
    main()
