"""The demo `compress`."""

import re

import numpy as np

import nn
from demos import compress


def test_one_layer_says_what_three_said(tmp_path, capsys):
    result = compress.main(tmp_path / "new", sizes=(8, 6, 5, 3), samples=50)
    assert result.numbers["large"] == (8 * 6 + 6) + (6 * 5 + 5) + (5 * 3 + 3)
    assert result.numbers["small"] == 8 * 3 + 3
    assert 0 < result.numbers["apart"] < 1e-5
    assert result.numbers["same class"] == 1
    assert result.numbers["bent"] == 3
    printed = capsys.readouterr().out
    assert re.search(r"large.safetensors +8-6-5-3 +107 weights", printed)
    assert re.search(r"small.safetensors +8-3 +27 weights", printed)
    assert "derivative;\nhere that follows from the first: 1." in printed


def test_the_files_hold_the_networks(tmp_path):
    """The small file's numbers are those of the deck's formula on the large file's."""
    large_path, small_path = compress.main(tmp_path, sizes=(4, 3, 3, 2), samples=5).files
    assert sorted(tmp_path.iterdir()) == [large_path, small_path]
    large = compress.network((4, 3, 3, 2), nn.Identity)
    large.load_state_dict(nn.load(large_path))
    W, b = compress.multiplied_out(large)
    small = nn.load(small_path)
    np.testing.assert_allclose(small["0.weight"].numpy().T, W, atol=1e-6)
    np.testing.assert_allclose(small["0.bias"].numpy(), b, atol=1e-6)


def test_differences_are_relative_to_the_largest_number():
    assert compress.largest_difference(np.array([1.0, 0.0]), np.array([2.0, -4.0])) == 1.0
