"""The health of layers over the steps, as curves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .layers import LayerHealth

__all__ = ["figure_of"]

SPEED = "learning speed by layer"
CURVES: tuple[tuple[str, str, Callable[[LayerHealth], float | None]], ...] = (
    (SPEED, "norm of the gradient", lambda measured: measured.speed),
    ("saturation", "share of outputs", lambda measured: measured.saturated),
    ("dead units", "share of units", lambda measured: _share_of_dead(measured)),
)
"""What is drawn, if any layer has it: title, axis, measure."""

COLOURS = "viridis"  # from the first layer, dark, to the last, light: also in grey, and for every kind of colour vision


def figure_of(history: Mapping[str, tuple[LayerHealth, ...]]) -> Any:
    """One picture for each measure that there is, with a line for each layer that has it."""
    try:
        from matplotlib import colormaps
        from matplotlib.figure import Figure
        from matplotlib.ticker import MaxNLocator
    except ImportError:
        raise ImportError('plot: matplotlib is missing: python -m pip install "stepgrad[plot]"') from None
    pictures = [(title, axis, lines) for title, axis, of in CURVES if (lines := _lines(history, of))]
    figure = Figure(figsize=(8, 3 * max(len(pictures), 1)), layout="constrained")
    for i, (title, axis, lines) in enumerate(pictures):
        axes = figure.add_subplot(len(pictures), 1, i + 1, title=title, xlabel="step", ylabel=axis)
        colours = colormaps[COLOURS].resampled(len(lines) + 1)  # the lightest one is hard to see
        for j, (layer, (steps, numbers)) in enumerate(lines.items()):
            axes.plot(steps, numbers, label=layer, color=colours(j), marker="." if len(steps) == 1 else None)
        if title != SPEED:
            axes.set_ylim(-0.02, 1.02)
        elif any(x > 0.0 for _, numbers in lines.values() for x in numbers):
            axes.set_yscale("log")  # layers differ by powers of ten
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize="small")
    return figure


def _lines(
    history: Mapping[str, tuple[LayerHealth, ...]], of: Callable[[LayerHealth], float | None]
) -> dict[str, tuple[list[int], list[float]]]:
    """For each layer that has a measure, the steps and the numbers."""
    lines = {}
    for layer, steps in history.items():
        known = [(measured.step, x) for measured in steps if (x := of(measured)) is not None]
        if known:
            lines[layer] = ([step for step, _ in known], [x for _, x in known])
    return lines


def _share_of_dead(measured: LayerHealth) -> float | None:
    return measured.dead / measured.units if measured.dead is not None and measured.units else None
