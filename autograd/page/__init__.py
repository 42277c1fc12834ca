"""The interactive page: the two passes over a graph as a film, in one self-contained HTML file."""

from .document import frame, page, page_html
from .film import MAX_STEPS

__all__ = ["MAX_STEPS", "frame", "page", "page_html"]
