"""The commands that write files to look at: graph, page."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import graphviz  # type: ignore[import-untyped]

from ..draw import draw
from ..page import page
from ..render import FAMILIES, FONT, FORMATS, RendererMissing
from .errors import CommandError
from .session import Session

__all__ = ["Writing"]

DRAWN_HERE = (FAMILIES, f'fontname="{FONT}"')
"""What a drawing has near its beginning, as SVG or as DOT text: only such files are written over."""
PAGE_FROM_HERE = ('name="generator" content="stepgrad"',)


class Writing(Session):
    """Draws the graph, and writes its page."""

    def do_graph(self, argument: str) -> None:
        """g(raph) [FILE]: draw the graph with the node of the next step highlighted, by default to graph.svg

        graph z.png    a .svg, .png, .pdf, or DOT text; other people's files are not written over
        """
        labels = self.stepper.labels
        path = self._writable(argument or "graph.svg", DRAWN_HERE)
        drawing = draw(labels.root, names=labels.names, highlight=self._current)
        try:
            drawing.save(path)
        except RendererMissing as error:
            raise CommandError(f"{error}; graph {path.with_suffix('.dot')} writes DOT text") from None
        self._wrote(path, viewed=path.suffix.lower()[1:] in FORMATS)

    def do_page(self, argument: str) -> None:
        """page [FILE]: write the interactive page of both passes, by default to backprop.html

        page lecture.html    other people's files are not written over
        """
        labels = self.stepper.labels
        path = self._writable(argument or "backprop.html", PAGE_FROM_HERE)
        page(labels.root, path, names=labels.names, gradient=self.stepper.gradient)
        self._wrote(path, viewed=True)

    def _writable(self, name: str, signs: Sequence[str]) -> Path:
        """The path, unless it is a file that did not come from here."""
        path = Path(name)
        if path.exists() and path.resolve() not in self._written:
            beginning = path.read_bytes()[:2000].decode(errors="replace") if path.is_file() else ""
            if not any(sign in beginning for sign in signs):
                raise CommandError(f"{name} is there, and not from here: delete it, or name another file")
        return path

    def _wrote(self, path: Path, *, viewed: bool) -> None:
        self._written.add(path.resolve())
        self._say(f"wrote {path}")
        if viewed and self._typed and self.screen.is_terminal:
            with suppress(OSError, RuntimeError):  # no viewer: the file is there
                graphviz.view(str(path), quiet=True)
