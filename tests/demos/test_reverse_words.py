"""The demo `reverse_words`."""

import re

import numpy as np
import pytest
from hypothesis import given, strategies as st

import autograd
from demos import reverse_words
from demos.reverse_words import EncoderDecoder, backwards, make_up, turned
from nn.datasets import WORDS

from .pictures import check_pictures


def test_it_learns_a_little_in_a_short_time(tmp_path, capsys):
    result = reverse_words.main(tmp_path, words=1500, epochs=4, hidden=48)
    printed = capsys.readouterr().out
    assert result.numbers["loss"] < 1.6  # a guess among 27 has log 27 = 3.3
    assert 0 <= result.numbers["accuracy"] < 0.9
    assert "y - e - k - r - u - t    =>  t - u - r - k - e - y" in printed
    assert re.search(rf"^    yekrut → {result.numbers['yekrut']}", printed, re.MULTILINE)
    table = re.findall(r"^ +(\d)    +(\d+) of +(\d+) right$", printed, re.MULTILINE)
    assert sum(int(count) for *_, count in table) == 120
    assert sum(int(right) for _, right, _ in table) == pytest.approx(120 * result.numbers["accuracy"])
    check_pictures(result, tmp_path, "reverse_words.png")


def test_it_can_learn_to_reverse():
    """Words of two letters out of four, by heart."""
    words = [first + second for first in "abcd" for second in "abcd"]
    autograd.manual_seed(0)
    model = EncoderDecoder(32)
    losses = reverse_words.learn(model, backwards(words * 10, 2), epochs=30, batch=20, rate=0.01)
    assert losses[-1] < 0.05 < losses[0]
    assert turned(model, words, 2) == words


def test_made_up_words():
    """They are of pairs of letters that stand in known words, begin and end as those do, and are not the forbidden."""
    known = ["turkey", "key", "monkey"]
    words = make_up(200, known, 8, {"key"}, np.random.default_rng(0))
    pairs = {f".{word}."[i : i + 2] for word in known for i in range(len(word) + 1)}
    assert len(words) == 200 and max(map(len, words)) <= 8 and "key" not in words
    assert all(f".{word}."[i : i + 2] in pairs for word in words for i in range(len(word) + 1))


@given(st.lists(st.sampled_from([word for word in WORDS if len(word) <= 6]), min_size=1, max_size=5))
def test_reading_and_writing(words):
    """The input is the word backwards, the target the word; what the decoder writes does not depend on the others."""
    data = backwards(words, 6)
    for word, (x, y) in zip(words, data, strict=True):
        assert x.shape == (7, 27) and (data.decode(x), data.decode(y)) == (word[::-1], word)
    autograd.manual_seed(1)
    model = EncoderDecoder(8)
    together = turned(model, words, 6)
    assert together == [turned(model, [word], 6)[0] for word in words]


def test_training_and_writing_are_the_same_network():
    """Given its own letters as those before, the trained forward pass writes them again."""
    autograd.manual_seed(2)
    model = EncoderDecoder(16)
    x = autograd.stack([x for x, _ in backwards(["turkey", "cat"], 6)])
    written = model.write(x)
    assert (model(x, written).argmax(-1) == written).all()
