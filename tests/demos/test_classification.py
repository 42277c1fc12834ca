"""The demo `classification`."""

import math

import numpy as np
import pytest

from demos import classification

from .pictures import check_pictures


def test_both_networks_learn_their_regions(tmp_path, capsys):
    result = classification.main(tmp_path, points=400, epochs=20, width=32, classes=5, rate=0.01)
    assert 0.93 < result.numbers["circle"] <= 1
    assert 0.9 < result.numbers["sectors"] <= 1
    assert result.numbers["one output"] == pytest.approx(result.numbers["two outputs"], rel=1e-4)
    printed = capsys.readouterr().out
    assert "circle: 2-32-32-2, 400 points" in printed
    assert "sectors: 2-32-32-5, 400 points" in printed
    assert "an even guess has log 5 = 1.609" in printed
    assert "−Σ [y log ŷ + (1 − y) log(1 − ŷ)]" in printed
    check_pictures(result, tmp_path, "classification.png")


def test_untrained_they_guess(tmp_path):
    result = classification.main(tmp_path, points=400, epochs=0)
    assert result.numbers["circle"] < 0.75
    assert result.numbers["sectors"] < 0.4


def test_the_classes():
    assert classification.circle(np.array([[0.0, 0.79], [0.0, 0.81], [0.6, 0.6]])).tolist() == [1, 0, 0]
    angles = np.array([-0.95, -0.5, -0.05, 0.05, 0.95, 1.0]) * math.pi
    points = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    assert classification.sectors(points, 10).tolist() == [0, 2, 4, 5, 9, 9]
