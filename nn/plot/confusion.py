"""The confusion matrix: what was taken for what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .canvas import Array, array, axes_for, dress, scale_beside

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["confusion_matrix"]

DARK = 0.71
"""From which share on white text is easier to read on a cell than black."""

LETTER = 0.085  # inches: labels that are longer than their columns are wide are turned


def confusion_matrix(matrix: Any, labels: Sequence[Any] | None = None, *, ax: Axes | None = None) -> Axes:
    """Draw a confusion matrix: a row for each true class, a column for each class that it was taken for.

    A cell says how many there are, and is the darker, the larger its share of the row: classes of which there are
    few show their errors as well.

    Args:
        matrix: (K, K), as `nn.metrics.confusion_matrix` counts it; shares are written with two digits.
        labels: what the K classes are called, by default 0, 1, ...
        ax: axes of matplotlib to draw into, by default those of a new figure.

    Returns:
        The axes: `confusion_matrix(matrix).figure.savefig("confusion.png")`.

    Raises:
        ImportError: matplotlib is missing.
        TypeError, ValueError: the matrix is no square of counts, or there are not K labels.
    """
    counts = _counts(matrix)
    size = len(counts)
    names = [str(label) for label in (range(size) if labels is None else labels)]
    if len(names) != size:
        raise ValueError(f"confusion_matrix: {len(names)} labels for {size} classes: give one for each row")
    side = max(3.4, 0.6 * size)
    axes = axes_for("confusion_matrix", ax, side + 2.2, side + 0.8, square=True)
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    texts = np.char.mod("%d" if np.array_equal(counts, counts.round()) else "%.2f", counts)
    for (i, j), share in np.ndenumerate(shares):
        axes.text(
            j, i, str(texts[i, j]), ha="center", va="center",
            color="white" if share > DARK else "black", fontsize=max(5.0, min(14.0, 110 / size)),
        )  # fmt: skip
    dress(axes, x="predicted class", y="true class")
    turned = max(map(len, names)) * LETTER > side / size
    axes.set_xticks(
        range(size), names, rotation=45 if turned else 0, ha="right" if turned else "center", rotation_mode="anchor"
    )
    axes.set_yticks(range(size), names)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    scale_beside(axes, image, "share of the true class", fraction=0.045, ticks=[0, 0.5, 1], format="{x:.0%}")
    return axes


def _counts(matrix: Any) -> Array:
    counts = array(matrix, "confusion_matrix", "matrix")
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or not counts.size:
        raise ValueError(
            f"confusion_matrix: takes a square (K, K), got {counts.shape}: "
            "write nn.metrics.confusion_matrix(predictions, targets)"
        )
    if not (np.isfinite(counts).all() and (counts >= 0).all()):
        raise ValueError("confusion_matrix: counts must be finite and not negative")
    return counts.astype(float)
