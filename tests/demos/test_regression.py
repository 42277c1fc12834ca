"""The demo `regression`."""

import math

import numpy as np
import pytest

import nn
from demos import regression

from .pictures import check_pictures


def test_the_curve_is_found_through_the_noise(tmp_path, capsys):
    result = regression.main(tmp_path, points=200, epochs=25, width=32, rate=0.01)
    assert result.numbers["weights"] == 32 + 32 + 32 * 32 + 32 + 32 + 1
    assert 0.15 < result.numbers["loss"] < 0.5
    assert result.numbers["off the curve"] < 0.5
    printed = capsys.readouterr().out
    assert "A network 1-32-32-1 with ReLU, 1,153 weights" in printed
    assert f"  epoch   25: {result.numbers['loss']:8.3f}\n" in printed
    check_pictures(result, tmp_path, "regression.png")


def test_one_epoch_is_not_enough(tmp_path):
    result = regression.main(tmp_path, points=50, epochs=1, width=8)
    assert result.numbers["loss"] > 2


def test_the_curve_and_the_error():
    assert regression.curve(np.array([0.0, math.pi / 2])) == pytest.approx([0, 3 + math.pi / 2])
    zero = nn.Linear(1, 1)
    nn.init.zeros_(zero.weight)
    nn.init.zeros_(zero.bias)
    assert regression.squared_error(zero, np.ones((2, 1), np.float32), np.array([[1.0], [3.0]], np.float32)) == 5.0
