"""The decks' systems, one narrated script each: `python -m demos` runs them, `--list` names them.

A demo is a module of this folder: put one here and the runner finds it. It is read top to bottom, and has

- a docstring: a first line that ends in the deck it comes from, `(deck 1, "…").`, and a paragraph `Look at: …`;
- `DECKS = (1,)`: the numbers of its decks, the main one first; tables list the demos in their order;
- `main(out: Path = OUT, *, …sizes with defaults…) -> Result`: prints the narration in lines of at most 100
  characters, writes its pictures into `out` and returns the numbers reached and the files written. Two more keywords
  have a meaning: `data: Path | None = None`, a folder of real data instead of what ships in a wheel (`--data`), and
  `full: bool = False`, the deck's own sizes instead of a minute's worth (`--full`);
- fixed seeds; `tqdm` on what takes longer than two seconds; optional packages imported where they are used, so that the
  list needs none of them; pictures through `save_picture`, which goes on where there is nothing to draw with, and
  panels side by side on `panels`;
- `if __name__ == "__main__": main()`, and a test in small that checks the numbers, `tests/demos/test_<name>.py`.

Modules whose names begin with an underscore are shared by demos, and not listed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograd.render import RendererMissing
from nn.plot.canvas import dress, new_figure

__all__ = ["OUT", "Result", "panels", "save_picture"]

OUT = Path(__file__).parent / "out"
"""Where demos write their pictures."""


@dataclass(frozen=True)
class Result:
    """What a demo hands back: the numbers it reached, by short names, and the files it wrote.

    >>> print(Result({"accuracy": 0.978, "epochs": 30}))
    accuracy = 0.978, epochs = 30
    """

    numbers: Mapping[str, float | int | str]
    files: list[Path] = field(default_factory=list)

    def __str__(self) -> str:
        return ", ".join(
            f"{name} = {x:.4g}" if isinstance(x, float) else f"{name} = {x}" for name, x in self.numbers.items()
        )


def save_picture(path: Path, draw: Callable[[], Any]) -> list[Path]:
    """Save what `draw` returns; without the package that it draws with, say so in one line and go on.

    Args:
        path: the file; its suffix is the format.
        draw: makes the picture: matplotlib's `Figure` or `Axes`, or a drawing with a method `save`.

    Returns:
        the list of the one file written, or of none: `files += save_picture(…)`.
    """
    try:
        picture = draw()
        path.parent.mkdir(parents=True, exist_ok=True)
        if hasattr(picture, "save"):
            picture.save(path)
        else:
            picture.figure.savefig(path)  # a figure's own figure is itself
    except (ImportError, RendererMissing) as missing:
        print(f"(No picture {path.name}: {missing})")
        return []
    return [path]


def panels(columns: int, rows: int = 1, *, width: float = 4.8, height: float = 4.2) -> tuple[Any, Any]:
    """A figure of matplotlib's without a window, and its axes: one, a row of them, or an array (rows, columns)."""
    figure = new_figure("panels", columns * width, rows * height)
    axes = figure.subplots(rows, columns)
    for ax in figure.axes:
        dress(ax)
    return figure, axes
