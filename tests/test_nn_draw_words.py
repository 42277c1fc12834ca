"""Names and numbers in pictures of networks: as they are, cut where there is no room, measured with the widest font."""

from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

import nn
from nn.draw.ink import brief_number
from nn.draw.metrics import shortened, text_width

from .nn_pictures import LONG, PICTURES
from .svg_shapes import SVG, clashes, read, titles, words


@pytest.mark.parametrize("name", ["<b>bold</b>", "a & b", '"]]>', "&lt;", "</text><script>", "\x00\x1b[31m", "‮ab", ""])
def test_names_are_text(name):
    picture = nn.draw(nn.MLP(1, [1], seed=0), inputs=[name], outputs=["y"])
    plain = titles(nn.draw(nn.MLP(1, [1], seed=0), inputs=["x"], outputs=["y"]), "circle")
    assert titles(picture, "circle") == plain
    assert not list(read(picture).iter(SVG + "script"))
    if name.isprintable():
        assert name in words(picture)


@given(st.text(max_size=30))
def test_any_name_makes_a_picture(name):
    picture = nn.draw(nn.Perceptron([1.0]), inputs=[name], outputs=[name])
    assert list(clashes(picture)) == []


def test_long_names_are_cut():
    assert any(word.endswith("…") for word in words(PICTURES["mlp with all"]()))
    assert text_width(shortened(LONG, 60, 10), 10) <= 60


@given(st.floats())
def test_numbers_are_short(x):
    text = brief_number(x)
    assert len(text) <= 7
    if 0.005 <= abs(x) < 1e308:
        assert float(text) == pytest.approx(x, rel=0.5, abs=0.005)  # two decimals


def test_text_is_measured_with_the_widest_font():
    fonts = pytest.importorskip("fontTools.ttLib", reason="fontTools reads the font, and is not installed")
    matplotlib = find_spec("matplotlib")
    if matplotlib is None or matplotlib.origin is None:
        pytest.skip("matplotlib brings the font, and is not installed")
    file = Path(matplotlib.origin).parent / "mpl-data/fonts/ttf/DejaVuSans.ttf"
    with fonts.TTFont(file) as font:
        names, advances, unit = font.getBestCmap(), font["hmtx"], font["head"].unitsPerEm
        for character in map(chr, [*range(32, 127), *map(ord, "σΣφ−×·⋯⋮→←≤≥±…")]):
            width = advances[names[ord(character)]][0] / unit
            assert width <= text_width(character, 1.0) <= width + 0.08, character
