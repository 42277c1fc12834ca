"""The loss as a landscape over one or two parameters, and the paths of optimisers through it."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import no_grad

from .canvas import (
    GRID,
    INK,
    LINES,
    MARKERS,
    MUTED,
    PALETTE,
    Array,
    array,
    axes_for,
    check_range,
    check_resolution,
    dress,
    scale_beside,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

__all__ = ["loss_curve", "loss_surface"]

WIDE = 100
"""How many times the loss of low places that of high ones is for its contours to be spaced by ratios."""

LOW_PLACES = 0.05  # as a share of the plane
MOST_LEVELS = 14
LOW_COLOUR, HIGH_COLOUR = "#ffffff", "#aebccb"  # pale, so that paths stand out
STEPS = 40  # marked on a path, at most twice as many


def loss_surface(
    loss: Callable[[float, float], Any],
    x: tuple[float, float],
    y: tuple[float, float],
    *,
    paths: Mapping[str, Sequence[Any]] | None = None,
    resolution: int = 100,
    ax: Axes | None = None,
) -> Axes:
    """Draw the contours of a loss of two parameters, and the paths that optimisers took.

    Contours stand at equal distances, or, where the loss spans powers of ten, at 1, 2, 5, 10, ...  A circle marks the
    start of a path, a star its end.

    Args:
        loss: a function of two numbers; it is called for one point after the other.
        x, y: (low, high) of the first and of the second parameter, by whose names the axes are called.
        paths: by name the points of each, as `{"SGD": [(w, b), ...]}`, from the start to the end.
        resolution: how many points are tried along each axis.
        ax: axes of matplotlib to draw into, by default those of a new figure.

    Returns:
        The axes: `loss_surface(loss, (-1, 3), (-2, 2)).figure.savefig("surface.png")`.

    Raises:
        ImportError: matplotlib is missing.
        TypeError, ValueError: a range is empty, a path has no such points, or the loss is the same everywhere.

    Deck 1, gradient descent.
    """
    horizontal, vertical = (
        np.linspace(*check_range(bounds, "loss_surface", name), check_resolution(resolution, "loss_surface"))
        for name, bounds in (("x", x), ("y", y))
    )
    lines = _paths(paths, 2, "loss_surface")
    points = np.stack(np.meshgrid(horizontal, vertical), axis=-1).reshape(-1, 2)
    heights = _losses(loss, points, "loss_surface").reshape(len(vertical), len(horizontal))
    levels = _levels(heights)
    axes = axes_for("loss_surface", ax, 6.8, 4.8)
    _contours(axes, horizontal, vertical, heights, levels)
    _draw_paths(axes, lines)
    first, second = _parameter_names(loss, ("x", "y"))
    dress(axes, x=first, y=second)
    axes.set(xlim=horizontal[[0, -1]], ylim=vertical[[0, -1]])
    return axes


def loss_curve(
    loss: Callable[[float], Any],
    x: tuple[float, float],
    *,
    paths: Mapping[str, Sequence[Any]] | None = None,
    resolution: int = 400,
    ax: Axes | None = None,
) -> Axes:
    """Draw a loss of one parameter, and the steps that optimisers took along it.

    Args:
        loss: a function of one number.
        x: (low, high) of the parameter, by whose name the axis is called.
        paths: by name the values of each, as `{"SGD": [w, ...]}`, from the start to the end.
        resolution: how many values are tried.
        ax: axes of matplotlib to draw into, by default those of a new figure.

    Returns:
        The axes.

    Raises:
        ImportError: matplotlib is missing.
        TypeError, ValueError: the range is empty, or a path holds something else than numbers.

    Deck 1, gradient descent, learning rate and local minimum.
    """
    bounds = check_range(x, "loss_curve", "x")
    horizontal = np.linspace(*bounds, check_resolution(resolution, "loss_curve"))
    steps = _paths(paths, 1, "loss_curve")
    heights = _losses(loss, horizontal[:, np.newaxis], "loss_curve")
    lines = {name: np.stack([path[:, 0], _losses(loss, path, "loss_curve")], 1) for name, path in steps.items()}
    axes = axes_for("loss_curve", ax, 6.4, 4.2)
    axes.plot(horizontal, heights, color=MUTED, linewidth=2.4, zorder=1)
    _draw_paths(axes, lines)
    (name,) = _parameter_names(loss, ("x",))
    dress(axes, x=name, y="loss", grid=True)
    low, high = float(np.nanmin(heights)), float(np.nanmax(heights))
    room = 0.06 * (high - low) or 1.0
    axes.set(xlim=bounds, ylim=(low - room, high + room))  # a path that leaves them shall not shrink the curve
    return axes


# ---------------------------------------------------------------------- contours


def _contours(axes: Axes, horizontal: Array, vertical: Array, heights: Array, levels: Array) -> None:
    from matplotlib.colors import BoundaryNorm, LinearSegmentedColormap

    colours: Colormap = LinearSegmentedColormap.from_list("heights", [LOW_COLOUR, HIGH_COLOUR])
    shown = np.ma.masked_invalid(heights)
    steps = BoundaryNorm(levels, colours.N, extend="both")
    filled = axes.contourf(horizontal, vertical, shown, levels=levels, cmap=colours, norm=steps, extend="both")
    axes.contour(horizontal, vertical, shown, levels=levels, colors=MUTED, linewidths=0.6, alpha=0.7)
    scale_beside(axes, filled, "loss", spacing="uniform", ticks=levels, format="{x:g}")


def _levels(heights: Array) -> Array:
    """Round numbers between the lowest and the highest point."""
    from matplotlib.ticker import MaxNLocator

    finite = heights[np.isfinite(heights)]
    if not finite.size:
        raise ValueError("loss_surface: the loss is nan or inf everywhere: choose other ranges")
    low, high = float(finite.min()), float(finite.max())
    if low == high:
        raise ValueError(f"loss_surface: the loss is {low:g} everywhere: choose wider ranges")
    valley = float(np.quantile(finite, LOW_PLACES))
    if low >= 0 and valley > 0 and high > WIDE * valley:
        first, last = math.floor(math.log10(valley)) - 1, math.ceil(math.log10(high))
        for digits in ((1, 2, 5), (1, 3), (1,)):
            levels = np.array([digit * 10.0**k for k in range(first, last + 1) for digit in digits])
            levels = levels[(levels > low) & (levels < high)]
            if len(levels) <= MOST_LEVELS:
                break
        return levels
    even = np.asarray(MaxNLocator(MOST_LEVELS).tick_values(low, high))
    return np.asarray(even[(even > low) & (even < high)])


# ---------------------------------------------------------------------- paths


def _draw_paths(axes: Axes, paths: Mapping[str, Array]) -> None:
    for i, (name, path) in enumerate(paths.items()):
        colour, line, marker = PALETTE[i % len(PALETTE)], LINES[i % len(LINES)], MARKERS[i % len(MARKERS)]
        axes.plot(
            *path.T, line, color=colour, linewidth=2, label=name, marker=marker, markersize=5,
            markevery=max(1, len(path) // STEPS), zorder=3,
        )  # fmt: skip
        axes.plot(*path[0], "o", color="white", markeredgecolor=INK, markeredgewidth=2, markersize=9, zorder=4)
        axes.plot(*path[-1], "*", color=colour, markeredgecolor="white", markersize=17, zorder=5)
    if paths:
        axes.plot([], [], "o", color="white", markeredgecolor=INK, markeredgewidth=2, markersize=9, label="start")
        axes.plot([], [], "*", color=MUTED, markeredgecolor="white", markersize=15, label="end")
        axes.legend(framealpha=0.9, edgecolor=GRID, fontsize=11)


def _paths(paths: Any, size: int, caller: str) -> dict[str, Array]:
    """The finite points of each path, as (n, size)."""
    if paths is None:
        return {}
    point = "(w, b)" if size == 2 else "w"
    if not isinstance(paths, Mapping):
        raise TypeError(f'{caller}: paths must have names, as {{"SGD": [{point}, ...]}}, got {type(paths).__name__}')
    found = {}
    for name, path in paths.items():
        points = array(path, caller, f"the path {name!r}").astype(float)
        if size == 1 and points.ndim == 1:
            points = points[:, np.newaxis]
        if points.ndim != 2 or points.shape[1] != size:
            raise ValueError(f"{caller}: the path {name!r} must be a list of {point}, got the shape {points.shape}")
        points = points[np.isfinite(points).all(axis=1)]
        if not len(points):
            raise ValueError(f"{caller}: the path {name!r} has no finite point")
        found[str(name)] = points
    return found


def _losses(loss: Any, points: Array, caller: str) -> Array:
    """The loss at each point."""
    if not callable(loss):
        raise TypeError(f"{caller}: loss must be a function of {points.shape[1]} numbers, got {loss!r}")
    with no_grad():
        losses = array([loss(*point) for point in points.tolist()], caller, "the loss").astype(float)
    if losses.size != len(points):
        raise ValueError(f"{caller}: the loss must be one number, got an array of shape {losses.shape[1:]}")
    return losses.reshape(-1)


def _parameter_names(loss: Any, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    """What the function calls its parameters."""
    try:
        names = tuple(inspect.signature(loss).parameters)
    except (TypeError, ValueError):  # functions written in C need not tell
        return otherwise
    return names[: len(otherwise)] if len(names) >= len(otherwise) else otherwise
