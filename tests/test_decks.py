"""The programs of the decks run as they stand, and reach the decks' numbers on real data."""

import difflib
import os
import re
import runpy
import struct
from pathlib import Path

import numpy as np
import pytest

import autograd
import nn
from nn import Dense, Sequential
from nn.data import DataLoader, TensorDataset
from nn.datasets import load_mnist

PROGRAMS = Path(__file__).parent / "decks"
SHARED = Path(__file__).parents[2] / "shared"
MNIST = SHARED / "data" / "mnist"

thorough = pytest.mark.skipif(
    os.environ.get("HYPOTHESIS_PROFILE") != "thorough", reason="takes a minute: HYPOTHESIS_PROFILE=thorough runs it"
)
with_mnist = pytest.mark.skipif(not MNIST.is_dir(), reason="MNIST is not beside this checkout")


def write_idx(path, array):
    """An array of bytes in the format of MNIST's files."""
    path.write_bytes(struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes())


def small_images(folder, count, name, seed):
    """Files in MNIST's format: noise with a bright square in the place that its label says."""
    source = np.random.default_rng(seed)
    labels = source.integers(0, 10, count).astype(np.uint8)
    images = source.integers(0, 60, (count, 28, 28)).astype(np.uint8)
    for image, label in zip(images, labels, strict=True):
        row, column = divmod(int(label), 4)
        image[8 * row : 8 * row + 6, 7 * column : 7 * column + 6] = 250
    write_idx(folder / f"{name}-images-idx3-ubyte", images)
    write_idx(folder / f"{name}-labels-idx1-ubyte", labels)


def test_deck_0_in_pytorchs_style(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "data" / "FashionMNIST" / "raw"
    folder.mkdir(parents=True)
    small_images(folder, 256, "train", 0)
    small_images(folder, 100, "t10k", 1)
    monkeypatch.chdir(tmp_path)
    autograd.manual_seed(0)
    found = runpy.run_path(str(PROGRAMS / "s0_pytorch.py"))
    assert found["accuracy"] > 0.95
    assert len(found["train_dataloader"]) == 4 and len(found["test_dataloader"]) == 2
    assert sum(p.numel() for p in found["model"].parameters()) == 669_706
    assert capsys.readouterr().out == (
        "MyNeuralNetwork(\n"
        "  (flatten): Flatten(start_dim=1, end_dim=-1)\n"
        "  (linear_relu_stack): Sequential(\n"
        "    (0): Linear(in_features=784, out_features=512, bias=True)\n"
        "    (1): ReLU()\n"
        "    (2): Linear(in_features=512, out_features=512, bias=True)\n"
        "    (3): ReLU()\n"
        "    (4): Linear(in_features=512, out_features=10, bias=True)\n"
        "  )\n"
        ")\n"
        "Model is done!\n"
    )


def test_deck_1_in_keras_style(capsys):
    source = np.random.default_rng(0)
    X, y = source.random((300, 784)), np.eye(10)[source.integers(0, 10, 300)]
    autograd.manual_seed(0)
    arrays = {"X_train": X[:256], "y_train": y[:256], "X_valid": X[256:], "y_valid": y[256:]}
    found = runpy.run_path(str(PROGRAMS / "s1_keras.py"), init_globals=arrays)
    out = capsys.readouterr().out
    assert out.count("2/2 [==============================] - ") == 200
    assert re.search(r"Epoch 200/200\n2/2 .* - loss: 0\.0\d+ - accuracy: .* - val_loss: .* - val_accuracy: 0\.", out)
    assert len(found["model"].parameters()) == 4


@pytest.mark.skipif(not SHARED.is_dir(), reason="the decks are not beside this checkout")
@pytest.mark.parametrize(("program", "deck"), [("s0_pytorch.py", "000"), ("s1_keras.py", "001")])
def test_programs_are_the_decks(program, deck):
    """Every line but the imports, and those that the deck leaves out, stands in the deck."""
    (slides,) = (SHARED / "decks").glob(f"{deck}_*.txt")
    text = {" ".join(line.split()) for line in slides.read_text().replace("In [22]: ", "").splitlines()}
    lines = [" ".join(line.split()) for line in (PROGRAMS / program).read_text().split('"""')[2].splitlines()]
    own = [line for line in lines if line and not any(line in said for said in text)]
    imports = [line for line in own if line.startswith(("import ", "from "))]
    filled_in = {"loss_fn", "optimizer", "num_test_samples", "dataloader"}
    others = [line for line in own if line not in imports and line.split(" = ")[0] not in filled_in]
    assert others == [], difflib.get_close_matches(others[0], text, n=1) if others else ""


# ---------------------------------------------------------------------- the decks' numbers


@thorough
@with_mnist
def test_deck_1_reaches_its_losses():
    """After seven epochs .0889 and .0887; the accuracy depends on the seed."""
    (X, y), (V, w) = load_mnist(MNIST)
    autograd.manual_seed(0)
    model = Sequential()
    model.add(Dense(64, activation="sigmoid", input_shape=(784,)))
    model.add(Dense(10, activation="softmax"))
    model.compile(loss="mean_squared_error", optimizer=nn.optim.SGD(lr=0.01), metrics=["accuracy"])
    flat = lambda images: images.reshape(len(images), 784) / 255
    one_hot = lambda labels: np.eye(10)[labels]
    history = model.fit(
        flat(X), one_hot(y), batch_size=128, epochs=7, verbose=0, validation_data=(flat(V), one_hot(w))
    ).history
    assert abs(history["loss"][-1] - 0.0889) <= 0.001
    assert abs(history["val_loss"][-1] - 0.0887) <= 0.001


def trained(model, epochs, shape):
    """The accuracy on MNIST's test images after some epochs with Adam."""
    autograd.manual_seed(0)
    arrays = [
        (images.reshape(-1, *shape).astype(np.float32) / 255, labels.astype(np.int64))
        for images, labels in load_mnist(MNIST)
    ]
    train, test = (TensorDataset(*map(autograd.tensor, pair)) for pair in arrays)
    optimizer, loss_fn = nn.optim.Adam(model.parameters()), nn.CrossEntropyLoss()
    for _ in range(epochs):
        model.train()
        for X, y in DataLoader(train, batch_size=64, shuffle=True):
            loss_fn(model(X), y).backward()
            optimizer.step()
            optimizer.zero_grad()
    model.eval()
    with autograd.no_grad():
        return sum((model(X).argmax(1) == y).sum().item() for X, y in DataLoader(test, 64)) / len(test)


@thorough
@with_mnist
def test_deck_0_on_mnist():
    layers = nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)
    autograd.manual_seed(0)
    assert trained(nn.Sequential(*layers), 3, (784,)) >= 0.975


@thorough
@with_mnist
def test_lenet_5_on_mnist():
    autograd.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip
    assert trained(model, 3, (1, 28, 28)) >= 0.985
