"""Losses and metrics over the epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..callbacks import History
from .canvas import PALETTE, Array, array, dress, grid_shape, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["training_curves"]

PREFIX = "val_"
"""With what the names of numbers begin that come from the validation."""

FEW = 30  # epochs, each of which gets a marker


def training_curves(
    history: History | Mapping[str, Sequence[float]], *, metrics: str | Sequence[str] | None = None
) -> Figure:
    """Draw each metric over the epochs in a panel of its own, with that of the validation, which is dashed.

    Args:
        history: what `fit` returned, or lists of numbers, one per epoch, by name; those of the validation are called
            after the others, as `val_loss`.
        metrics: which to draw, by default all.

    Returns:
        A figure of matplotlib's: `training_curves(history).savefig("training.png")`.

    Raises:
        ImportError: matplotlib is missing.
        TypeError: the history is neither.
        ValueError: it is empty or lacks a metric, or the numbers are not one per epoch.
    """
    epochs, curves = _curves(history)
    known = list(dict.fromkeys(name.removeprefix(PREFIX) for name in curves))
    chosen = known if metrics is None else [metrics] if isinstance(metrics, str) else list(metrics)
    for name in chosen:
        if name not in known:
            raise ValueError(f"training_curves: there is no metric {name!r}: choose one of {', '.join(known)}")
    if not chosen:
        raise ValueError(f"training_curves: metrics is empty: choose one of {', '.join(known)}")
    rows, columns = grid_shape(len(chosen), min(len(chosen), 3), "training_curves")
    figure = new_figure("training_curves", 1.6 + 4.4 * columns, 0.4 + 3.6 * rows)
    for i, name in enumerate(chosen):
        _panel(figure.add_subplot(rows, columns, i + 1), name, epochs, curves)
    return figure


def _panel(axes: Axes, name: str, epochs: list[int], curves: Mapping[str, Array]) -> None:
    from matplotlib.ticker import MaxNLocator

    styles = ((name, "training", PALETTE[0], "-", "o"), (PREFIX + name, "validation", PALETTE[1], "--", "^"))
    for key, label, colour, line, marker in styles:
        if key in curves:
            shown = marker if len(epochs) <= FEW else None
            axes.plot(epochs, curves[key], line, label=label, color=colour, marker=shown, markersize=5, linewidth=2)
    dress(axes, name.replace("_", " "), x="epoch", grid=True)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, min_n_ticks=1))
    axes.legend(frameon=False, fontsize=11)


def _curves(history: Any) -> tuple[list[int], dict[str, Array]]:
    """The numbers of the epochs, from 1 on, and the curves by name."""
    numbers = history.history if isinstance(history, History) else history
    if not isinstance(numbers, Mapping):
        raise TypeError(
            f"training_curves: takes what fit returned, or lists by name as {{'loss': [0.9, 0.4]}}, got {history!r}"
        )
    curves = {name: array(xs, "training_curves", name) for name, xs in numbers.items()}
    if not any(curve.size for curve in curves.values()):
        raise ValueError("training_curves: the history is empty: train for an epoch first")
    epochs = (
        [n + 1 for n in history.epoch]
        if isinstance(history, History)
        else list(range(1, 1 + max(curve.size for curve in curves.values())))
    )
    for name, curve in curves.items():
        if curve.shape != (len(epochs),):
            raise ValueError(
                f"training_curves: {name} has shape {curve.shape} for {len(epochs)} epochs: "
                "give one number for each, nan where there is none"
            )
    return epochs, curves
