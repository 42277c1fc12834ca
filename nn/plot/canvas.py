"""What all plots share: figures without pyplot, colours that everyone can tell apart, and numbers as arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import Tensor, Value

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "GRID",
    "INK",
    "LINES",
    "MARKERS",
    "MUTED",
    "PALETTE",
    "Array",
    "array",
    "axes_for",
    "check_range",
    "check_resolution",
    "dress",
    "grid_shape",
    "new_figure",
    "require_matplotlib",
    "scale_beside",
]

Array = np.ndarray[Any, Any]

INK, MUTED, GRID = "#1f2328", "#57606a", "#dfe3e8"
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#6e5a4b")
"""Colours that stay apart for every kind of colour vision (Okabe and Ito 2008), and a brown."""

MARKERS = ("o", "^", "s", "D", "v", "P", "X", "*")
LINES = ("-", "--", "-.", ":")
"""What tells classes and curves apart without any colour."""

SHARP = 150
"""Dots per inch: a figure of 6.4 inches is read from the back of a room."""


def require_matplotlib(caller: str) -> None:
    """Say what to install if matplotlib is missing.

    Raises:
        ImportError: it is.
    """
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        raise ImportError(f'{caller}: matplotlib is missing: python -m pip install "stepgrad[plot]"') from None


def new_figure(caller: str, width: float, height: float, *, gap: float = 0.1, square: bool = False) -> Figure:
    """A figure that pyplot knows nothing of, so that it is freed like any other object.

    Args:
        caller: who asks for it, for the error.
        width, height: in inches.
        gap: the space around each panel, in inches.
        square: the panels have a height of their own for their width, as images.

    Raises:
        ImportError: matplotlib is missing; it says what to install.
    """
    require_matplotlib(caller)
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=gap, h_pad=gap, compress=square)
    return Figure(figsize=(width, height), dpi=SHARP, layout=layout)


def axes_for(caller: str, ax: Axes | None, width: float = 6.4, height: float = 4.8, *, square: bool = False) -> Axes:
    """The axes to draw into: those given, or those of a new figure."""
    if ax is None:
        return new_figure(caller, width, height, square=square).add_subplot()
    if not hasattr(ax, "pcolormesh"):
        raise TypeError(f"{caller}: ax must be axes of matplotlib, as figure.add_subplot() gives, got {ax!r}")
    return ax


def dress(axes: Axes, title: str = "", x: str = "", y: str = "", *, grid: bool = False) -> None:
    """Write what stands around a picture, and take away the lines that say nothing."""
    if title:
        axes.set_title(title, fontsize=13, color=INK)
    if x:
        axes.set_xlabel(x, fontsize=12, color=INK)
    if y:
        axes.set_ylabel(y, fontsize=12, color=INK)
    axes.tick_params(labelsize=11, color=MUTED, labelcolor=INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(MUTED)
    if grid:
        axes.grid(True, color=GRID, linewidth=0.8)
        axes.set_axisbelow(True)


def scale_beside(axes: Axes | Sequence[Axes], colours: Any, label: str, **options: Any) -> None:
    """Say which colour stands for which number, to the right of pictures."""
    figure = (axes[0] if isinstance(axes, Sequence) else axes).figure
    key = figure.colorbar(colours, ax=axes, pad=0.03, **options)
    key.set_label(label, fontsize=12, color=INK)
    key.ax.tick_params(labelsize=10, length=0)
    key.ax.spines[:].set_visible(False)


def array(x: Any, caller: str, name: str) -> Array:
    """Tensors, nodes and numbers, also in lists, as one array.

    Raises:
        TypeError: they are something else, or lists of different lengths.
    """
    try:
        found = np.asarray(_detached(x))
    except ValueError:  # of different lengths
        found = np.asarray(None)
    if found.dtype.kind not in "biuf":
        raise TypeError(f"{caller}: {name} must be an array, a tensor or lists of numbers, got {_brief(x)}")
    return found


def _detached(x: Any) -> Any:
    if isinstance(x, Tensor):
        return x.detach().numpy()
    if isinstance(x, Value):
        return x.data
    return [_detached(entry) for entry in x] if isinstance(x, (list, tuple)) else x


def _brief(x: Any) -> str:
    text = repr(x)
    return text if len(text) <= 60 else f"a {type(x).__name__}"


def check_range(bounds: Sequence[float], caller: str, name: str) -> tuple[float, float]:
    """Two finite numbers, the smaller first.

    Raises:
        ValueError: they are anything else.
    """
    try:
        low, high = map(float, bounds)
    except (TypeError, ValueError):
        low = high = math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"{caller}: {name} must be a range (low, high) with low < high, got {bounds!r}")
    return low, high


def check_resolution(resolution: int, caller: str) -> int:
    """How many points to try along an axis.

    Raises:
        ValueError: it is no whole number from 2 on.
    """
    if type(resolution) is not int or resolution < 2:
        raise ValueError(f"{caller}: resolution must be a whole number from 2 on, got {resolution!r}")
    return resolution


def grid_shape(count: int, columns: int | None, caller: str) -> tuple[int, int]:
    """Rows and columns for a number of panels: nearly a square unless the columns are given."""
    if columns is None:
        columns = math.ceil(math.sqrt(count))
    elif type(columns) is not int or columns < 1:
        raise ValueError(f"{caller}: columns must be a whole number from 1 on, got {columns!r}")
    return math.ceil(count / columns), min(columns, count)
