"""The demo `mnist_torch`."""

import re

import numpy as np
import pytest

import nn
from autograd import tensor
from demos import mnist_torch
from nn.data import DataLoader, TensorDataset

from .pictures import check_pictures

pytest.importorskip("sklearn", reason="the digits come with scikit-learn")


def test_the_program_learns_and_its_loss_is_corrected(tmp_path, capsys):
    result = mnist_torch.main(tmp_path, epochs=2)
    printed = capsys.readouterr().out
    assert "  (flatten): Flatten(start_dim=1, end_dim=-1)\n  (linear_relu_stack): Sequential(\n" in printed
    assert "    (4): Linear(in_features=512, out_features=10, bias=True)\n" in printed
    assert "401,920 + 262,656 + 5,130 = 669,706 parameters" in printed
    assert "24 to train with, 5 to test with;\n60,000 and 10,000 images make 938 and 157." in printed
    assert len(re.findall(r"^epoch +\d   average loss 0\.\d{4}   accuracy \d\d\.\d\d%$", printed, re.MULTILINE)) == 2
    assert "Model is done!" in printed and "On MNIST it were 10,000 / 157 = 63.7 times." in printed
    assert result.numbers["accuracy"] > 0.9
    assert result.numbers["loss"] == pytest.approx(result.numbers["loss of the deck"] * 297 / 5)
    check_pictures(result, tmp_path, "mnist_torch.png")


def test_the_loops(capsys):
    """`test` adds up the means of batches and counts; `train_epoch` makes the loss smaller."""
    inputs = np.random.default_rng(0).random((10, 1, 28, 28)).astype(np.float32)
    loader = DataLoader(TensorDataset(inputs, np.arange(10)), 4)
    model, loss_fn = mnist_torch.MyNeuralNetwork(), nn.CrossEntropyLoss()
    logits = model(tensor(inputs)).detach()
    means = [loss_fn(logits[i : i + 4], tensor(np.arange(10)[i : i + 4])).item() for i in (0, 4, 8)]
    total, correct, samples = mnist_torch.test(model, loader, loss_fn)
    assert total == pytest.approx(sum(means), rel=1e-5)
    assert (correct, samples) == (int((logits.numpy().argmax(1) == np.arange(10)).sum()), 10)
    assert not model.training
    optimizer = nn.optim.Adam(model.parameters())
    for _ in range(5):
        mnist_torch.train_epoch(model, loader, loss_fn, optimizer)
    assert model.training
    assert mnist_torch.test(model, loader, loss_fn)[0] < total
