"""The demo `activations`."""

import math
import re

import numpy as np
import pytest

from demos import activations

from .pictures import check_pictures


def test_the_numbers(tmp_path, capsys):
    result = activations.main(tmp_path)
    sigmoid = 1 / (1 + math.exp(-10))
    p = math.e / (math.e + 1 + 1 / math.e)
    assert result.numbers == pytest.approx(
        {
            "slope sigmoid": 0.25, "slope ReLU": 1.0, "slope tanh": 1.0,
            "saturated": sigmoid * (1 - sigmoid), "10 sigmoids": 0.25**10, "p": p, "dp": p * (1 - p),
        },
        rel=1e-9,
    )  # fmt: skip
    rows = re.findall(
        r"^ +(-?\d+) +([\d.]+) +([\d.]+) +([-\d.]+) +([\d.]+) +(\d+) +(\d)$", capsys.readouterr().out, re.MULTILINE
    )
    assert [float(row[0]) for row in rows] == [-10, -2, -1, 0, 1, 2, 10]
    for row in rows:
        x, *shown = map(float, row)
        s, t = 1 / (1 + math.exp(-x)), math.tanh(x)
        assert shown == pytest.approx([s, s * (1 - s), t, 1 - t * t, max(x, 0), float(x > 0)], abs=1e-5)
    check_pictures(result, tmp_path, "activations.png")


def test_softmaxs_slopes_add_up_to_nothing(tmp_path, capsys):
    activations.main(tmp_path)
    rows = re.findall(r"^ +(-?0\.\d+) +(-?0\.\d+) +(-?0\.\d+) +sum (\S+)$", capsys.readouterr().out, re.MULTILINE)
    assert len(rows) == 3
    assert all(row[3] == "0" and sum(map(float, row[:3])) == pytest.approx(0, abs=2e-4) for row in rows)


def test_slopes_of_many_points_at_once():
    y, slope = activations.value_and_slope(lambda x: x**3, np.array([1.0, -2.0]))
    assert (y.tolist(), slope.tolist()) == ([1, -8], [3, 12])
