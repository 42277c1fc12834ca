"""A module, loaders and a loop of one's own, as in PyTorch (deck 0, "Training the Model").

Look at: the two loops, which are the deck's line by line; the 669,706 parameters; and the average loss of the test,
which comes out 64 times too small on the slide.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from tqdm import tqdm

import autograd as torch
import nn
from nn import plot
from nn.data import DataLoader, TensorDataset

from . import OUT, Result, save_picture
from ._digits import load_digits

DECKS = (0,)

BATCH = 64


class MyNeuralNetwork(nn.Module):
    """The deck's network: 784 pixels, two hidden layers of 512 ReLU neurons, 10 logits."""

    def __init__(self) -> None:
        super().__init__()
        self.flatten = nn.Flatten()
        self.linear_relu_stack = nn.Sequential(
            nn.Linear(28 * 28, 512),
            nn.ReLU(),
            nn.Linear(512, 512),
            nn.ReLU(),
            nn.Linear(512, 10),
        )

    def forward(self, x: Any) -> Any:
        x = self.flatten(x)
        logits = self.linear_relu_stack(x)
        return logits  # noqa: RET504 - the deck's lines


def main(out: Path = OUT, *, data: Path | None = None, epochs: int = 10, train: int | None = None) -> Result:
    """Train and test as the deck does; correct its average loss.

    Args:
        out: where the pictures go.
        data: the folder of MNIST's four files, instead of scikit-learn's digits.
        epochs: how often all images are seen.
        train: how many images to train with, by default all.
    """
    digits = load_digits(data, train)
    print(f"{digits}.")
    print("(The deck takes Fashion-MNIST, images of clothes in the same format: give a folder by --data.)\n")
    train_dataloader = DataLoader(TensorDataset(digits.train_images, digits.train_labels), BATCH, shuffle=True, seed=0)
    test_dataloader = DataLoader(TensorDataset(digits.test_images, digits.test_labels), BATCH)
    print(f"Batches of {BATCH}: {len(train_dataloader)} to train with, {len(test_dataloader)} to test with;")
    print(f"60,000 and 10,000 images make {math.ceil(60000 / BATCH)} and {math.ceil(10000 / BATCH)}.\n")

    torch.manual_seed(0)
    model = MyNeuralNetwork().to("cpu")
    print(model)
    counts = [sum(p.numel() for p in layer.parameters()) for layer in model.linear_relu_stack]
    print(f"{' + '.join(f'{count:,}' for count in counts if count)} = {sum(counts):,} parameters\n")

    print("Against the network of sigmoids, three swaps: sigmoid → ReLU, mean squared error → cross-entropy,")
    print("gradient descent → steps on mini-batches.  The deck uses loss_fn, optimizer and dataloader without")
    print("defining them; here they are nn.CrossEntropyLoss(), nn.optim.Adam and the loader of training images.\n")
    loss_fn, optimizer = nn.CrossEntropyLoss(), nn.optim.Adam(model.parameters())
    losses, accuracies = [], []
    for epoch in tqdm(range(epochs), desc="training", unit="epoch"):
        train_epoch(model, train_dataloader, loss_fn, optimizer)
        total_loss, num_correct, num_samples = test(model, test_dataloader, loss_fn)
        losses.append(total_loss / len(test_dataloader))
        accuracies.append(num_correct / num_samples)
        tqdm.write(f"epoch {epoch + 1:2}   average loss {losses[-1]:.4f}   accuracy {accuracies[-1]:.2%}")
    print("Model is done!\n")

    of_deck = total_loss / num_samples
    print("The deck's average loss is a slip: it adds up the means of batches, and divides by samples.")
    print(f"  total_loss / num_test_samples = {total_loss:.4f} / {num_samples} = {of_deck:.6f}")
    print(f"  total_loss / num_batches      = {total_loss:.4f} / {len(test_dataloader)} = {losses[-1]:.6f}")
    print("The second is right, up to a last batch of fewer images, which counts as much as the others;")
    print(f"the first is {losses[-1] / of_deck:.1f} times too small.")
    test_batches = math.ceil(10000 / BATCH)
    print(f"On MNIST it were 10,000 / {test_batches} = {10000 / test_batches:.1f} times.")
    history = {"val_loss": losses, "val_accuracy": accuracies}
    files = save_picture(out / "mnist_torch.png", lambda: plot.training_curves(history))
    return Result({"loss": losses[-1], "loss of the deck": of_deck, "accuracy": accuracies[-1]}, files)


def train_epoch(model: Any, dataloader: DataLoader, loss_fn: Any, optimizer: Any) -> None:
    """The deck's loop over the training batches."""
    model.train()
    for X, y in dataloader:
        pred = model(X)
        loss = loss_fn(pred, y)

        loss.backward()
        optimizer.step()
        optimizer.zero_grad()


def test(model: Any, dataloader: DataLoader, loss_fn: Any) -> tuple[float, int, int]:
    """The deck's loop over the test batches: the sum of their losses, how many images are right, and of how many."""
    model.eval()
    total_loss, num_correct, num_samples = 0.0, 0, 0
    with torch.no_grad():
        for X, y in dataloader:
            pred = model(X)
            total_loss += loss_fn(pred, y).item()
            num_correct += int((pred.argmax(1) == y).type(torch.float).sum().item())
            num_samples += len(y)
    return total_loss, num_correct, num_samples


if __name__ == "__main__":
    main()
