"""The demo `gru`."""

import re

import numpy as np
import pytest
from hypothesis import given, strategies as st

import autograd
import nn
from demos import gru

from .pictures import check_pictures


def test_the_decks_unit_is_grucell(tmp_path, capsys):
    result = gru.main(tmp_path)
    printed = capsys.readouterr().out
    assert result.numbers["states"] < 1e-6
    assert result.numbers["gradients"] < 1e-6
    assert result.numbers["r = 1"] < 1e-6
    assert result.numbers["PyTorch"] > 1e-3  # the reset gate does stand in another place
    states = re.findall(r"h (\[.*?\])   GRUCell (\[.*?\])", printed)
    assert len(states) == 4 and all(ours == theirs for ours, theirs in states)
    assert "z = 0: the state stays           h [ 0.50 -0.50] → [ 0.50 -0.50]" in printed
    assert re.search(r"z = 0: .* gradient +\[ 1\.00  1\.00\]\n", printed)
    assert re.search(r"z = 1, r = 0: .* gradient +\[ 0\.00  0\.00\]\n", printed)
    graph = ["gru_graph.svg"] if len(result.files) == 2 else []  # where there is something to draw it with
    check_pictures(result, tmp_path, "gru.svg", *graph)


numbers = st.floats(-2, 2, width=32)


@given(st.integers(0, 1000), st.lists(numbers, min_size=4, max_size=4))
def test_for_any_weights(seed, given_numbers):
    """The unit, the cell, and NumPy agree."""
    autograd.manual_seed(seed)
    cell = nn.GRUCell(2, 2, reset_after=False)
    w = gru.weights_of(cell)
    x, h = np.array(given_numbers[:2], np.float32), np.array(given_numbers[2:], np.float32)
    *_, new = gru.gru_unit(autograd.tensor(x), autograd.tensor(h), w)
    sigma = lambda a: 1 / (1 + np.exp(-a))
    W_z, W_r, W_h, b_z, b_r, b_h = (p.detach().numpy() for p in w)
    z, r = sigma(W_z @ [*h, *x] + b_z), sigma(W_r @ [*h, *x] + b_r)
    expected = (1 - z) * h + z * np.tanh(W_h @ [*(r * h), *x] + b_h)
    assert new.tolist() == pytest.approx(expected.tolist(), abs=1e-5)
    assert cell(autograd.tensor(x), autograd.tensor(h)).tolist() == pytest.approx(expected.tolist(), abs=1e-5)


def test_conversion_changes_the_meaning_of_z():
    """Without a state to reset, both forms agree once the signs of z's rows are changed."""
    autograd.manual_seed(3)
    cell = nn.GRUCell(3, 4, reset_after=False)
    with autograd.no_grad():
        cell.weight_hh[8:] = 0.0
        cell.bias_hh[8:] = 0.0
    x, h = autograd.randn(5, 3), autograd.randn(5, 4)
    assert gru.largest(cell(x, h) - gru.convert(cell)(x, h)) < 1e-6
    assert gru.largest(cell.weight_ih + gru.convert(cell).weight_ih) > 0.1  # rows of r and n are as they were
