"""The demo `optimizers`."""

import re

import numpy as np
import pytest

from demos import optimizers
from demos.optimizers import Run
from nn.optim import SGD

from .pictures import check_pictures


def test_each_run_shows_its_lesson(tmp_path, capsys):
    result = optimizers.main(tmp_path, points=32, epochs=60)
    reached = result.numbers
    assert reached["rate 0.15"] < 0.6 * reached["rate 0.01"]
    assert reached["rate 0.25"] > 1e6
    assert reached["momentum 0.8"] < 0.02
    assert reached["Adam"] < 0.2 * reached["rate 0.15"]
    assert reached["batches of 8"] < reached["rate 0.15"]
    assert reached["steps an epoch"] == 469
    printed = capsys.readouterr().out
    assert "60,000/128 = 468.75, therefore 469 steps" in printed
    assert "  batches of 8   0.05     240 " in printed
    assert "  batches of 1   0.05    1920 " in printed
    excess = float(re.search(r"momentum 0\.8 +0\.1 +60 +(\S+) ", printed)[1])
    assert 0 < excess < 1e-3
    check_pictures(result, tmp_path, "optimizers.png")


@pytest.mark.parametrize(("share", "is_downhill"), [(0.99, True), (1.01, False)])
def test_the_largest_rate_is_two_over_the_curvature(share, is_downhill):
    x, y = optimizers.line(20)
    steepest, _ = optimizers.curvatures(x)
    path = optimizers.descend(Run(SGD, {"lr": share * 2 / steepest}, ""), x, y, epochs=50)
    first, last = (optimizers.loss(*place, x, y) for place in path[[0, -1]])
    assert (last < first) == is_downhill


def test_small_batches_stray_more(monkeypatch):
    """From the minimum, at the same rate: the mean excess of the loss; with all points there is no noise."""
    x, y = optimizers.line(32)
    lowest, least = optimizers.minimum(x, y)
    monkeypatch.setattr(optimizers, "START", tuple(lowest))
    excess = []
    for size in (1, 8, None):
        path = optimizers.descend(Run(SGD, {"lr": 0.05}, "", size), x, y, epochs=40)
        excess.append(np.mean([optimizers.loss(*place, x, y) for place in path]) - least)
    assert excess[0] > 3 * excess[1] > 0.001
    assert excess[2] == pytest.approx(0, abs=1e-12)


def test_the_minimum_has_no_slope():
    x, y = optimizers.line(20)
    (w, b), least = optimizers.minimum(x, y)
    errors = w * x + b - y
    assert [errors.mean(), (errors * x).mean()] == pytest.approx([0, 0], abs=1e-12)
    assert least == pytest.approx((errors**2).mean())


def test_paths_are_drawn_until_they_leave_the_map():
    inside, outside = (0.0, 0.0), (0.0, 99.0)
    assert len(optimizers.until_it_leaves(np.array([inside, inside, outside, inside, outside]))) == 3
    assert len(optimizers.until_it_leaves(np.array([inside, inside]))) == 2
