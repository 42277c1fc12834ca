"""The demo `hotdog`."""

import math
import re
from itertools import product

import pytest

from demos import hotdog

from .pictures import check_pictures

INPUTS = list(product((0, 1), repeat=3))
HOT_DOGS = {(1, 1, 0), (0, 0, 1), (1, 0, 1), (0, 1, 1), (1, 1, 1)}
"""What the deck's perceptron answers with 1; with 0: 000, 100 and 010."""

NAMES = [
    "nothing", "bun", "mustard", "mustard and bun",
    "ketchup", "ketchup and bun", "ketchup and mustard", "ketchup and mustard and bun",
]  # fmt: skip


def test_the_decks_table_is_printed_and_learnt(tmp_path, capsys):
    assert hotdog.main(tmp_path).numbers["right"] == 8
    printed = capsys.readouterr().out
    table = re.findall(r"^  \[(\d), (\d), (\d)\] = +(\d+) ([>≤]) 4  →  (\d)   (.+)$", printed, re.MULTILINE)
    assert [row[6] for row in table] == NAMES
    for row, x in zip(table, INPUTS, strict=True):
        weighed = [weight * x_i for weight, x_i in zip((3, 2, 6), x, strict=True)]
        assert list(map(int, row[:4])) == [*weighed, sum(weighed)]
        assert (row[4] == ">") == (row[5] == "1") == (x in HOT_DOGS)
    assert '"5 > 4", and 1, for mustard alone: its sum is 2, 2 < 4, and the answer 0.' in printed
    assert re.search(r"After \d+ passes without help: Perceptron\(.+\), 8 of 8 right\.", printed)


def test_sigmoid_and_relu_take_the_same_sums(tmp_path, capsys):
    numbers = hotdog.main(tmp_path).numbers
    assert numbers["σ mustard"] == pytest.approx(1 / (1 + math.e**2))
    assert numbers["σ bun"] == pytest.approx(1 / (1 + math.e**-2))
    assert (numbers["ReLU mustard"], numbers["ReLU bun"]) == (0, 2)
    rows = re.findall(
        r"^ +(-?\d+) +([01]) +(0\.\d{4}) +(0\.\d{4}) +(\d+)   (.+)$", capsys.readouterr().out, re.MULTILINE
    )
    assert [row[5] for row in rows] == NAMES
    for row, x in zip(rows, INPUTS, strict=True):
        z, step, sigmoid, slope, relu = map(float, row[:5])
        assert z == 3 * x[0] + 2 * x[1] + 6 * x[2] - 4
        assert step == (x in HOT_DOGS)
        assert relu == max(z, 0)
        assert sigmoid == pytest.approx(1 / (1 + math.exp(-z)), abs=1e-4)
        assert slope == pytest.approx(sigmoid * (1 - sigmoid), abs=1e-4)


def test_the_frames_are_drawn(tmp_path, capsys):
    frames = ["110_step", "010_step", "001_step", "010_sigmoid", "001_sigmoid", "001_relu"]
    check_pictures(hotdog.main(tmp_path), tmp_path, *(f"hotdog_{frame}.svg" for frame in frames))
    put_right = (tmp_path / "hotdog_010_step.svg").read_text(encoding="utf-8")
    assert "2 ≤ 4" in put_right
    assert "5 &gt; 4" not in put_right
    assert "5 &gt; 4" in (tmp_path / "hotdog_110_step.svg").read_text(encoding="utf-8")
