"""The demo `lenet`, and the digits that it shares with others."""

import re

import numpy as np
import pytest

from demos import lenet
from demos._digits import load_digits
from nn.datasets import digits

from ..test_decks import write_idx
from .pictures import check_pictures

pytest.importorskip("sklearn", reason="the digits come with scikit-learn")


def test_lenet_learns_and_is_judged(tmp_path, capsys):
    result = lenet.main(tmp_path, epochs=2)
    printed = capsys.readouterr().out
    assert result.numbers["parameters"] == 61_706
    assert 0.8 < result.numbers["accuracy"] < 1
    table = re.findall(r"^ +(\d)   +(\d\.\d{3}) +(\d\.\d{3}) +(\d\.\d{3})$", printed, re.MULTILINE)
    assert [int(digit) for digit, *_ in table] == list(range(10))
    counts = [line.split() for line in printed.splitlines() if re.fullmatch(r" +\d( +[\d·]+){10}", line)]
    matrix = np.array([[0 if x == "·" else int(x) for x in row[1:]] for row in counts])
    assert matrix.shape == (10, 10) and matrix.sum() == 297
    assert np.trace(matrix) / 297 == pytest.approx(result.numbers["accuracy"])
    for digit, *numbers in table:
        i = int(digit)
        precision, recall = matrix[i, i] / max(matrix[:, i].sum(), 1), matrix[i, i] / matrix[i].sum()
        harmonic = 2 * precision * recall / (precision + recall)
        assert [float(x) for x in numbers] == pytest.approx([precision, recall, harmonic], abs=6e-4)
    assert "on the slide 85 / 100 = 85%" in printed
    names = ("filters", "feature_maps", "confusion", "training", "misread")
    check_pictures(result, tmp_path, "lenet.svg", *(f"lenet_{name}.png" for name in names))


def test_feature_maps():
    maps = lenet.feature_maps_of(lenet.lenet(), np.zeros((1, 28, 28), np.float32))
    assert maps.shape == (6, 28, 28) and maps.min() >= 0


def test_digits_are_made_larger():
    """8 × 8 pixels become 24 × 24, with a border of 2; nothing is lost, and no digit is in both parts."""
    large, small = load_digits(), digits()
    assert (large.train_images.shape, large.test_images.shape) == ((1500, 1, 28, 28), (297, 1, 28, 28))
    images = np.concatenate([large.train_images, large.test_images])
    assert images[:, :, :2].max() == images[:, :, -2:].max() == images[..., :2].max() == images[..., -2:].max() == 0
    shrunk = images[:, :, 2:-2, 2:-2].reshape(-1, 8, 3, 8, 3)
    assert np.array_equal(shrunk.min((2, 4)), shrunk.max((2, 4)))
    pixels = {np.ascontiguousarray(image).tobytes() for image in shrunk[:, :, 0, :, 0]}
    assert pixels == {image.tobytes() for image in small.data.numpy()[:, 0]}
    assert np.bincount(large.test_labels).min() >= 28  # of 297, a tenth each


def test_mnist_is_read_from_a_folder(tmp_path):
    source = np.random.default_rng(0)
    for part, count in (("train", 20), ("t10k", 10)):
        write_idx(tmp_path / f"{part}-images-idx3-ubyte", source.integers(0, 256, (count, 28, 28)).astype(np.uint8))
        write_idx(tmp_path / f"{part}-labels-idx1-ubyte", source.integers(0, 10, count).astype(np.uint8))
    mnist = load_digits(tmp_path, train=15)
    assert str(mnist) == "MNIST: 15 images to train with, 10 to test with"
    assert mnist.train_images.shape == (15, 1, 28, 28) and mnist.train_images.dtype == np.float32
    assert mnist.train_images.min() >= 0 and 0.9 < mnist.train_images.max() <= 1
