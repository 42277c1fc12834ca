"""The demo `convnets`."""

import re

import pytest

import nn
from demos import convnets

from .pictures import check_pictures

pytest.importorskip("sklearn", reason="the digits come with scikit-learn")


def test_three_networks_are_compared(tmp_path, capsys):
    result = convnets.main(tmp_path, epochs=1, train=192)
    printed = capsys.readouterr().out
    rows = re.findall(r"^  (\w+) +(\d+) +([\d,]+) +\d+\.\d\d +(\d+\.\d{4}) +(\d+\.\d)%$", printed, re.MULTILINE)
    assert [(name, int(layers)) for name, layers, *_ in rows] == [("AlexNet", 7), ("VGG", 8), ("ResNet", 8)]
    for name, _, parameters, loss, accuracy in rows:
        model = convnets.NETWORKS[name]()
        assert sum(p.numel() for p in model.parameters()) == int(parameters.replace(",", ""))
        assert 0 < float(loss) < 3
        assert result.numbers[name] == pytest.approx(float(accuracy) / 100, abs=6e-4)
    assert result.numbers["plain"] < 1e-3
    assert 0.1 < result.numbers["with shortcuts"] < 100
    check_pictures(result, tmp_path, "convnets.png")


def test_a_block_passes_its_input_on():
    """The shortcut is the identity where the shape stays, and a convolution where it changes."""
    same, smaller = convnets.residual(8, 8), convnets.residual(8, 16, stride=2)
    assert isinstance(same.shortcut, nn.Identity) and isinstance(smaller.shortcut, nn.Conv2d)
    x = convnets.autograd.ones(2, 8, 6, 6)
    assert same(x).shape == (2, 8, 6, 6) and smaller(x).shape == (2, 16, 3, 3)
    nn.init.zeros_(same.body[-1].weight)
    assert (same(x) == x).all()


def test_the_resnet_learns():
    """Two passes over a few digits make the loss smaller."""
    digits = convnets.load_digits(train=128)
    history = convnets.train_model(
        convnets.resnet(), digits.train_images, digits.train_labels, lr=0.003, epochs=2, batch_size=32
    ).history
    assert history["loss"][1] < history["loss"][0] < 2.6
