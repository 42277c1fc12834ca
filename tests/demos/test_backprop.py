"""The demo `backprop`."""

import importlib

from autograd.render import RendererMissing
from demos import backprop

LINES = [
    "w · x = 2 · (-2) = -4",
    "z = w · x + b = -4 + 8 = 4",
    "J = 0.5 · r^2 = 0.5 · 4 = 2",
    "1  dJ/dJ = 1",
    "4  dJ/dz += dJ/dr · dr/dz = 2 · 1 = 2",
    "6  dJ/dw += dJ/d(w · x) · d(w · x)/dw = 2 · x = 2 · (-2) = -4",
    "5  dJ/db += dJ/dz · dz/db = 2 · 1 = 2",
    "6  dJ/dx += dJ/d(w · x) · d(w · x)/dx = 2 · w = 2 · 2 = 4",
    "dJ/dw = r · x = 2 · (-2) = -4",
    "w + 0.001 gives 9.006001: J moved by 0.006001, about 6 · 0.001.",
]


def test_the_decks_numbers(tmp_path, capsys):
    result = backprop.main(tmp_path)
    assert result.numbers == {"slope": 6.0, "J": 2.0, "dJ/dw": -4.0, "dJ/db": 2.0, "dJ/dx": 4.0}
    printed = capsys.readouterr().out
    for line in LINES:
        assert f"\n  {line}\n" in printed
    assert "moves w by +4 α and b by -2 α." in printed


def test_the_files(tmp_path):
    files = backprop.main(tmp_path / "new" / "folder").files
    assert files[-1].name == "backprop.html"
    contents = {path.suffix: path.read_bytes() for path in files}
    assert b"data 2\\ngrad -4" in contents[".dot"]
    assert b"Backpropagation of J" in contents[".html"]
    for suffix, begins in ((".svg", b"<svg"), (".png", b"\x89PNG")):  # where something can draw them
        assert contents.get(suffix, begins).startswith(begins)


def test_without_a_renderer_the_page_is_written_all_the_same(tmp_path, monkeypatch, capsys):
    def missing(*arguments):
        raise RendererMissing("svg: nothing to draw with: pip install it")

    monkeypatch.setattr(importlib.import_module("autograd.draw.drawing"), "render", missing)
    assert [path.name for path in backprop.main(tmp_path).files] == ["backprop.dot", "backprop.html"]
    assert "svg: nothing to draw with: pip install it" in capsys.readouterr().out
