"""A drawing: DOT text that becomes a picture wherever it is shown or saved."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import graphviz  # type: ignore[import-untyped]

from ..render import FORMATS, RenderError, count_nodes, render

__all__ = ["MAX_NODES", "Drawing"]

MAX_NODES = 2000
"""How many drawn nodes are laid out: the time grows faster than their number, 1 s here and 1 min at 10,000."""


class Drawing(graphviz.Digraph):  # type: ignore[misc]
    """A `graphviz.Digraph` that needs no Graphviz to be shown, as long as `stepgrad[render]` is installed.

    A notebook shows it as a picture, or as its DOT text where nothing can draw.  What Digraph itself
    adds (`render`, `view`, `pipe`) runs the program `dot`, as ever.

    >>> from autograd import Value
    >>> from autograd.draw import draw
    >>> x = Value(3.0, name="x")
    >>> draw(x * x)
    <Drawing of 3 nodes: .svg(), .save("graph.svg") or .source>
    """

    timeout: float = 20.0
    """How many seconds the layout may take."""

    def __repr__(self) -> str:
        count = count_nodes(self.source)
        return f'<Drawing of {count} node{"s" * (count != 1)}: .svg(), .save("graph.svg") or .source>'

    def svg(self) -> str:
        """Lay the drawing out as SVG, which stands alone in a file or inside HTML.

        Returns:
            The text of the SVG.

        Raises:
            RendererMissing: there is nothing to draw with; `.source` is the DOT text.
            TimeoutError: it took longer than `timeout` seconds.
            RenderError: it has more than `MAX_NODES` nodes, or Graphviz refused it.
        """
        return self._picture("svg").decode()

    def save(
        self,
        filename: str | os.PathLike[str] | None = None,
        directory: str | os.PathLike[str] | None = None,
        *,
        skip_existing: bool | None = False,
    ) -> str:
        """Write a picture if the name ends in .svg, .png or .pdf, else DOT text, as Digraph does.

        Args:
            filename: the file; without one, DOT text goes where Digraph puts it.
            directory: the folder of the file, made if it is not there.
            skip_existing: leave a file that is there as it is.

        Returns:
            The path of the file.

        Raises:
            ValueError: the name ends like that of another kind of picture.
            RendererMissing, TimeoutError, RenderError: see `svg`; no file is written.
        """
        suffix = Path(filename or "").suffix.lower()[1:]
        if suffix in _OTHER_PICTURES:
            raise ValueError(f"save: does not write .{suffix}: use .svg, .png, .pdf or .dot")
        if filename is None or suffix not in FORMATS:
            return str(super().save(filename, directory=directory, skip_existing=skip_existing))
        path = Path(directory or "", filename)
        if not (skip_existing and path.exists()):
            picture = self._picture(suffix)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(picture)
        return str(path)

    def _picture(self, format: str) -> bytes:  # noqa: A002
        source = self.source
        count = count_nodes(source)
        if count > MAX_NODES:
            raise RenderError(
                f"{format}: {count} nodes are too many to lay out, the limit is {MAX_NODES}: "
                "draw a part, such as one of the ancestors, or save it as .dot"
            )
        return render(source, format, self.timeout)

    # What graphviz's `_repr_mimebundle_` calls, for notebooks.

    def _repr_image_svg_xml(self) -> str:
        return self.svg()

    def _repr_image_png(self) -> bytes:
        return self._picture("png")

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None, **options: Any
    ) -> dict[str, Any]:
        try:
            return dict(super()._repr_mimebundle_(include, exclude, **options))
        except (RuntimeError, TimeoutError) as error:
            source = self.source
            text = source if count_nodes(source) <= MAX_NODES else ""  # a notebook would choke on more
            return {"text/plain": f"// {error}\n{text}"}


_OTHER_PICTURES = {"jpg", "jpeg", "gif", "webp", "bmp", "tif", "tiff", "ps", "eps", "htm", "html"}
