"""Where a model decides for which class, in the plane of its two inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autograd import Value, from_numpy, get_default_dtype, no_grad

from ..module import Module
from ..neuron import Perceptron
from ..onnx import _evaluating
from .canvas import INK, MARKERS, PALETTE, Array, array, axes_for, check_resolution, dress

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["decision_boundary"]

FINE, COARSE = 200, 60
"""Points along each axis; models on scalars, which are asked for one point after the other, get fewer."""

ROOM = 0.1  # of the span of the points, on each side of them
PALE, STRONG = 0.08, 0.5  # how much of its colour a region has where the model is undecided, and where it is certain


class _Decision(NamedTuple):
    """What a model says at n points."""

    classes: list[int]
    margins: Array
    """(n, classes): by how much each class beats the best of the others; negative if it does not."""
    certainty: Array
    """(n,), from 0, undecided, to 1."""


def decision_boundary(
    model: Any,
    X: Any,
    y: Any,
    *,
    resolution: int | None = None,
    threshold: float | None = None,
    labels: Sequence[Any] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Colour the plane by the class that a model decides for, stronger where it is more certain, and draw the points.

    Several outputs are logits, or probabilities if they are positive with sum 1; the largest wins.  One output stands
    for two classes: it is a probability if it stays between 0 and 1, else a logit.  Whole numbers are classes.

    Args:
        model: a module that takes (N, 2), a model on scalars (`MLP`, `Neuron`, `Perceptron`), or any function of an
            array (N, 2); it is evaluated as when it is not trained, and stays as it is.
        X: (N, 2), the points.
        y: (N,), their classes: whole numbers, for one output 0 and 1 or -1 and 1; or (N, classes), one-hot.
        resolution: how many points of the plane are tried along each axis; by default 200, and 60 for a model on
            scalars.
        threshold: above which one output means the second class; by default 0.5 for a probability, 0 for a logit.
        labels: what the classes are called.
        ax: axes of matplotlib to draw into, by default those of a new figure.

    Returns:
        The axes: `decision_boundary(model, X, y).figure.savefig("boundary.png")`.

    Raises:
        ImportError: matplotlib is missing.
        TypeError, ValueError: the points are not in a plane, or points, classes and outputs do not fit.
    """
    points = array(X, "decision_boundary", "X")
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise ValueError(
            f"decision_boundary: X must be (N, 2), points of a plane, got {points.shape}: "
            "choose two columns, as X[:, :2]"
        )
    targets = _targets(y, len(points))
    pointwise = isinstance(model, Perceptron) or _on_scalars(model)
    usual = COARSE if pointwise else FINE
    count = usual if resolution is None else check_resolution(resolution, "decision_boundary")
    axes = axes_for("decision_boundary", ax)
    horizontal, vertical = (_span(column, count) for column in points.T)
    grid = np.stack(np.meshgrid(horizontal, vertical), axis=-1).reshape(-1, 2)
    decision = _decided(_outputs(model, grid, pointwise), targets, threshold)
    names = _names(labels, decision.classes)
    _shade(axes, decision, horizontal, vertical)
    for i, (label, name) in enumerate(zip(decision.classes, names, strict=True)):
        axes.scatter(
            points[targets == label, 0], points[targets == label, 1], s=46, label=name, color=PALETTE[i % len(PALETTE)],
            marker=MARKERS[i % len(MARKERS)], edgecolor="white", linewidth=0.9, zorder=3,
        )  # fmt: skip
    dress(axes, x="x₁", y="x₂")
    axes.set(xlim=horizontal[[0, -1]], ylim=vertical[[0, -1]])
    axes.legend(title="class", loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=11)
    return axes


def _shade(axes: Axes, decision: _Decision, horizontal: Array, vertical: Array) -> None:
    """Draw the regions, and the lines between them."""
    from matplotlib.colors import to_rgb

    shape = (len(vertical), len(horizontal))
    palette = np.array([to_rgb(PALETTE[i % len(PALETTE)]) for i in range(len(decision.classes))])
    weight = (PALE + (STRONG - PALE) * decision.certainty)[:, np.newaxis]
    colours = 1 - weight * (1 - palette[decision.margins.argmax(axis=1)])  # on white
    extent = (horizontal[0], horizontal[-1], vertical[0], vertical[-1])
    axes.imshow(
        colours.reshape(*shape, 3), extent=extent, origin="lower", aspect="auto", interpolation="bilinear", zorder=0
    )
    for margin in decision.margins.T[:-1]:  # what the last class shares with another, that one has drawn
        if margin.min() < 0 < margin.max():
            axes.contour(horizontal, vertical, margin.reshape(shape), levels=[0.0], colors=INK, linewidths=1.4)


# ---------------------------------------------------------------------- what the model says


def _on_scalars(model: Any) -> bool:
    return isinstance(model, Module) and any(isinstance(parameter, Value) for parameter in model.parameters())


def _outputs(model: Any, points: Array, pointwise: bool) -> Array:
    if not callable(model):
        raise TypeError(f"decision_boundary: model must be a module or a function of points (N, 2), got {model!r}")
    with no_grad():
        if pointwise:
            outputs = [model(point) for point in points.tolist()]
        elif isinstance(model, Module):
            dtypes = [parameter.dtype for parameter in model.parameters()] or [get_default_dtype()]
            with _evaluating(model):
                outputs = model(from_numpy(points.astype(dtypes[0])))
        else:
            outputs = model(points)
    found = array(outputs, "decision_boundary", "the model's output")
    if found.shape[:1] != (len(points),) or found.ndim > 2 or not found.size:
        raise ValueError(
            f"decision_boundary: the model gives {found.shape} for points {points.shape}: "
            "needs one number, or one for each class, for every point"
        )
    if not np.isfinite(found).all():
        raise ValueError("decision_boundary: the model gives nan or inf for some points of the plane")
    return found[:, 0] if found.ndim == 2 and found.shape[1] == 1 else found


def _decided(outputs: Array, targets: Array, threshold: float | None) -> _Decision:
    if outputs.ndim == 2:
        if threshold is not None:
            raise ValueError(
                f"decision_boundary: threshold is for one output, the model has {outputs.shape[1]}: leave it out"
            )
        return _by_the_largest(outputs, targets)
    if threshold is None and outputs.dtype.kind in "biu":
        return _by_labels(outputs, targets)
    return _by_a_threshold(outputs.astype(float), targets, threshold)


def _by_the_largest(outputs: Array, targets: Array) -> _Decision:
    count = outputs.shape[1]
    if targets.min() < 0 or targets.max() >= count:
        wrong = targets.min() if targets.min() < 0 else targets.max()
        raise ValueError(
            f"decision_boundary: y contains {wrong}, the model's {count} outputs are classes 0 to {count - 1}"
        )
    if not ((outputs >= 0).all() and np.allclose(outputs.sum(axis=1), 1, atol=1e-3)):
        outputs = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        outputs /= outputs.sum(axis=1, keepdims=True)
    best, second = np.sort(outputs, axis=1)[:, :-3:-1].T
    margins = outputs - np.where(outputs == best[:, np.newaxis], second[:, np.newaxis], best[:, np.newaxis])
    return _Decision(list(range(count)), margins, (best - 1 / count) / (1 - 1 / count))


def _by_labels(outputs: Array, targets: Array) -> _Decision:
    classes = np.union1d(outputs, targets).astype(int)
    margins = np.where(outputs[:, np.newaxis] == classes, 1.0, -1.0)
    return _Decision(classes.tolist(), margins, np.ones(len(outputs)))


def _by_a_threshold(outputs: Array, targets: Array, threshold: float | None) -> _Decision:
    pair = next((pair for pair in ([0, 1], [-1, 1]) if set(targets.tolist()) <= set(pair)), None)
    if pair is None:
        raise ValueError(
            f"decision_boundary: y has the classes {', '.join(map(str, np.unique(targets)))}, the model one output: "
            "call two classes 0 and 1, or give the model an output for each"
        )
    probable = outputs.min() >= 0 and outputs.max() <= 1
    if threshold is None:
        threshold = 0.5 if probable else 0.0
    margin = outputs - threshold
    if probable and 0 < threshold < 1:
        certainty = np.where(margin > 0, margin / (1 - threshold), -margin / threshold)
    else:
        certainty = np.tanh(np.abs(margin) / 2)  # what a sigmoid's probability is above 1/2, of the 1/2 there are
    return _Decision(pair, np.stack([-margin, margin], axis=1), certainty)


# ---------------------------------------------------------------------- what was given


def _targets(y: Any, count: int) -> Array:
    targets = array(y, "decision_boundary", "y")
    if targets.ndim == 2:
        targets = targets[:, 0] if targets.shape[1] == 1 else targets.argmax(axis=1)
    if targets.shape != (count,):
        raise ValueError(f"decision_boundary: {count} points, but y is {targets.shape}: give one class for each")
    if not np.array_equal(targets, whole := targets.astype(int)):
        raise ValueError("decision_boundary: y must be classes, whole numbers: write (y > 0.5) for two")
    return whole


def _span(column: Array, count: int) -> Array:
    """Numbers from left of the points to right of them."""
    low, high = float(column.min()), float(column.max())
    if not np.isfinite(high - low):
        raise ValueError("decision_boundary: X contains nan or inf: leave these points out")
    room = ROOM * (high - low) or 1.0
    return np.linspace(low - room, high + room, count)


def _names(labels: Sequence[Any] | None, classes: list[int]) -> list[str]:
    names = (
        [str(label) for label in labels] if labels is not None else [f"{label}".replace("-", "−") for label in classes]
    )
    if len(names) != len(classes):
        raise ValueError(f"decision_boundary: {len(names)} labels for {len(classes)} classes: give one for each")
    return names
