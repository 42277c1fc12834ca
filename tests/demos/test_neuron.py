"""The demo `neuron`."""

import pytest
from hypothesis import assume, given, strategies as st

from demos import neuron

from .pictures import check_pictures

numbers = st.floats(-5, 5)


def test_only_the_gradient_learns_the_line(tmp_path, capsys):
    result = neuron.main(tmp_path, points=20, passes=20)
    reached = result.numbers
    assert reached["δ slide"] == pytest.approx(5.25)  # it was 4
    assert reached["δ upright"] == pytest.approx(-4)
    assert reached["δ gradient"] == pytest.approx(2)
    assert reached["w"] == pytest.approx(2, abs=0.1)
    assert reached["b"] == pytest.approx(1, abs=0.1)
    assert reached["error gradient"] < 0.05
    assert min(reached["error slide"], reached["error upright"]) > 10
    printed = capsys.readouterr().out
    for line in ["w =  1, b = 0:   f(3) = 3", "w = -1, b = 0:   f(3) = -3", "w =  2, b = 1:   f(3) = 7"]:
        assert line in printed
    assert "δ_w = δ_y/x: the slide has it upside down" in printed
    assert "1943; deck 2 says 1949" in printed
    check_pictures(result, tmp_path, "neuron.png")


@given(numbers, numbers, numbers, numbers)
def test_what_each_rule_leaves_of_the_error(w, b, x, y):
    """Of δ the gradient leaves δ (1 − η (x² + 1)), the slide's rule turned over −δ, and as printed δ + x²/δ + 1/δ."""
    delta = y - (w * x + b)
    assume(abs(delta) > 0.1 and abs(x) > 0.1)
    left = {}
    for name, rule in neuron.RULES.items():
        learner = neuron.linear(w, b)
        rule(learner, x, y, 0.1)
        left[name] = y - learner([x]).data
    assert left["gradient"] == pytest.approx(delta * (1 - 0.1 * (x * x + 1)), abs=1e-9)
    assert left["upright"] == pytest.approx(-delta, abs=1e-9)
    assert left["slide"] == pytest.approx(delta + (x * x + 1) / delta, abs=1e-9)


def test_the_mean_squared_error():
    assert neuron.mean_squared_error(neuron.linear(2.0, 1.0), [(0.0, 4.0), (1.0, 4.0)]) == (3**2 + 1**2) / 2


def test_points_lie_near_the_line():
    assert all(y == pytest.approx(2 * x + 1) for x, y in neuron.line(10, noise=0.0))
    assert neuron.mean_squared_error(neuron.linear(2.0, 1.0), neuron.line(400, noise=0.1)) == pytest.approx(
        0.01, rel=0.2
    )
