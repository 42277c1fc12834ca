"""AlexNet, VGG and ResNet, made small and compared (deck 3, "Examples of CNN Architectures").

Look at: what each of them adds to LeNet-5 (dropout; many small filters; shortcuts), how many parameters it takes for
it, and what a shortcut does to the gradient at the front of a deep network.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import autograd
import nn
from autograd import from_numpy, watch
from nn.functional import cross_entropy
from nn.metrics import accuracy

from . import OUT, Result, panels, save_picture
from ._digits import Digits, load_digits
from ._training import train as train_model

DECKS = (3,)


def main(
    out: Path = OUT, *, data: Path | None = None, full: bool = False, epochs: int = 5, train: int | None = 1500
) -> Result:
    """Train the three for a short time, compare them, and measure what shortcuts do.

    Args:
        out: where the pictures go.
        data: the folder of MNIST's four files, instead of scikit-learn's digits.
        full: train and test with all images.
        epochs: how often all images are seen.
        train: how many images to train with.
    """
    digits = load_digits(data, None if full else train, None if full else 1000)
    print(f"{digits}.\n")
    print("LeNet-5 (1998): convolution, pooling, convolution, pooling, fully connected layers.")
    print("AlexNet (2012): deeper; ReLU; pooling windows that overlap; dropout before the full layers.")
    print("VGG     (2014): filters of 3 × 3 alone, for two of them see 5 × 5 with 18 weights instead of 25.")
    print("ResNet  (2015): y = x + body(x): a block learns what to add, and the gradient has a way past it.")
    print("Deck 4 advises filters of at most 5 × 5 at stride 1, and pooling in windows of 2 × 2: it halves,")
    print("28 → 14 → 7, so sizes should be divisible by 2 many times.  (ResNet halves by strides instead.)\n")
    histories, numbers = {}, {}
    print(f"  {'network':8} {'layers':>6} {'parameters':>10} {'s/epoch':>8} {'loss':>7} {'test accuracy':>13}")
    for name, make in NETWORKS.items():
        autograd.manual_seed(0)
        model = make()
        began = time.perf_counter()
        history = histories[name] = train_model(
            model, digits.train_images, digits.train_labels, lr=0.003, epochs=epochs, title=name
        ).history
        seconds = (time.perf_counter() - began) / epochs
        numbers[name] = accuracy(model.predict(digits.test_images, 250), digits.test_labels)
        parameters = sum(p.numel() for p in model.parameters())
        print(
            f"  {name:8} {weighted_layers(model):6} {parameters:10,} {seconds:8.2f} {history['loss'][-1]:7.4f}"
            f" {numbers[name]:13.1%}"
        )
    print("\n  layers: those with weights, one after another; a shortcut is beside them.")

    speeds = {"plain": front_speeds(False, digits), "with shortcuts": front_speeds(True, digits)}
    print(f"\nThe same {len(speeds['plain'])} layers of convolution with and without shortcuts, before any training:")
    print("the gradient of the first block's weights, as a share of the last block's, is")
    shares = {name: norms[0] / norms[-1] for name, norms in speeds.items()}
    for name, share in shares.items():
        print(f"  {name:15} {share:9.2g}")
    print("This is what lets ResNets be very deep.")
    files = save_picture(out / "convnets.png", lambda: comparison(histories, speeds))
    return Result({**numbers, **shares}, files)


def alexnet() -> nn.Sequential:
    """After Krizhevsky, Sutskever and Hinton (2012), for 28 × 28."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2, padding=1),
        nn.Conv2d(8, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2, padding=1),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(),
        nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2, padding=1),
        nn.Flatten(), nn.Dropout(0.5), nn.Linear(32 * 4 * 4, 128), nn.ReLU(),
        nn.Dropout(0.5), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 10),
    )  # fmt: skip


def vgg() -> nn.Sequential:
    """After Simonyan and Zisserman (2014), for 28 × 28."""
    layers: list[nn.Module] = []
    for before, channels in ((1, 8), (8, 16), (16, 32)):
        layers += [nn.Conv2d(before, channels, 3, padding=1), nn.ReLU()]
        layers += [nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(32 * 3 * 3, 128), nn.ReLU(), nn.Linear(128, 10))


def resnet() -> nn.Sequential:
    """After He, Zhang, Ren and Sun (2015), for 28 × 28: the mean over the image in the place of large full layers."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(),
        residual(8, 8), nn.ReLU(),
        residual(8, 16, stride=2), nn.ReLU(),
        residual(16, 32, stride=2), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10),
    )  # fmt: skip


def residual(before: int, channels: int, stride: int = 1) -> nn.Residual:
    """A block of two convolutions with a shortcut, which has weights only where the shape changes."""
    return nn.Residual(
        nn.Conv2d(before, channels, 3, stride, padding=1, bias=False), nn.BatchNorm2d(channels), nn.ReLU(),
        nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels),
        shortcut=None if (before, stride) == (channels, 1) else nn.Conv2d(before, channels, 1, stride, bias=False),
    )  # fmt: skip


NETWORKS: dict[str, Callable[[], nn.Sequential]] = {"AlexNet": alexnet, "VGG": vgg, "ResNet": resnet}


def weighted_layers(model: nn.Module) -> int:
    """How many convolutions and full layers follow one another; those of shortcuts stand beside them."""
    named = ((name, module) for name, module in model.named_modules() if "shortcut" not in name)
    return sum(isinstance(module, (nn.Conv2d, nn.Linear)) for _, module in named)


def front_speeds(shortcuts: bool, digits: Digits, blocks: int = 20) -> list[float]:
    """The norm of the gradient of each block's weights, in a deep stack of convolutions that has learnt nothing."""
    autograd.manual_seed(0)
    body = [[nn.Conv2d(8, 8, 3, padding=1), nn.Tanh()] for _ in range(blocks)]
    stack = [nn.Residual(*layers) if shortcuts else nn.Sequential(*layers) for layers in body]
    model = nn.Sequential(
        nn.AvgPool2d(2), nn.Conv2d(1, 8, 3, padding=1), *stack, nn.Flatten(), nn.Linear(8 * 14 * 14, 10)
    )
    with watch(model) as health:
        cross_entropy(model(from_numpy(digits.train_images[:64])), from_numpy(digits.train_labels[:64])).backward()
    return [row.speed for row in health.report().rows if row.kind == "Conv2d"][1:]


def comparison(histories: dict[str, dict[str, list[float]]], speeds: dict[str, list[float]]) -> Any:
    """The losses of the three while they learn, and the gradients of deep stacks."""
    figure, (left, right) = panels(2)
    for name, history in histories.items():
        left.plot(range(1, len(history["loss"]) + 1), history["loss"], "o-", label=name)
    left.set(xlabel="epoch", ylabel="training loss", yscale="log")
    for name, numbers in speeds.items():
        right.plot(range(1, len(numbers) + 1), numbers, "o-", label=name)
    right.set(xlabel="layer", ylabel="norm of the gradient of its weights", yscale="log", xticks=range(1, 21, 3))
    for axes in (left, right):
        axes.legend()
    return figure


if __name__ == "__main__":
    main()
