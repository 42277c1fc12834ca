"""The demo `rnn`."""

import re

import numpy as np
import pytest

from demos import rnn

from .pictures import check_pictures


def test_equations_and_gradients(tmp_path, capsys):
    result = rnn.main(tmp_path)
    printed = capsys.readouterr().out
    assert result.numbers["difference"] < 1e-6
    assert result.numbers["steps"] == 100
    assert result.numbers["RNN, rotation · 0.5"] == pytest.approx(0.5**100, rel=0.3, abs=0)
    assert result.numbers["RNN, rotation · 1.5"] == pytest.approx(1.5**100, rel=0.3)
    for name in ("RNN", "LSTM", "GRU"):
        assert result.numbers[name] < 1e-15
    for name in ("LSTM, keeping", "GRU, keeping"):
        assert 0.01 < result.numbers[name] < 10
    assert re.search(r"  x_2 = \[ 0\.00  1\.00\]   h_2 = \[.*\]   y_2 = \[ 1\.74\]\n", printed)
    assert re.search(r"  RNN +1,344   1 ×\n  GRU +4,032   3 ×\n  LSTM +5,376   4 ×\n", printed)
    assert re.search(r"a norm of \d\.\de\+\d+ becomes 1\.", printed)
    check_pictures(result, tmp_path, "rnn.svg", "rnn_gradients.png")


def test_the_printed_states_are_those_of_the_equations(capsys):
    """In NumPy once more."""
    rnn.show_equations()
    printed = re.findall(r"h_\d = \[(.*?)\]   y_\d = \[(.*?)\]", capsys.readouterr().out)
    W_xh, W_hh = np.array([[0.5, -0.5], [1, 0], [0, 1]]), np.array([[0.5, 0, 0.5], [0, 0.9, 0], [-0.5, 0.5, 0]])
    h = np.zeros(3)
    for x, (state, y) in zip(([1, 0], [0, 1], [0, 0], [0, 0]), printed, strict=True):
        h = np.tanh(W_xh @ x + W_hh @ h + [0, 0.1, 0])
        assert [float(number) for number in state.split()] == pytest.approx(h, abs=0.006)
        assert float(y) == pytest.approx(h.sum() + 0.5, abs=0.006)


def test_shares_are_of_the_last_input():
    for make in rnn.NETWORKS.values():
        shares = rnn.gradient_shares(make, steps=6)
        assert shares.shape == (6,) and shares[0] == 1 and (shares > 0).all()
