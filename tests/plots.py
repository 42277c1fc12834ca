"""Every plot by name, called with little, and what is read from drawn ones."""

import numpy as np
import pytest
from hypothesis import strategies as st

import nn
from nn import plot

pytest.importorskip("matplotlib", reason='draws with matplotlib: python -m pip install "stepgrad[plot]"')

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from nn.plot.canvas import PALETTE

CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
IMAGES = np.arange(24.0).reshape(2, 3, 4)

COLOURS = [to_rgb(colour) for colour in PALETTE]
"""The colours of classes and of curves, each as three numbers between 0 and 1."""

numbers = st.floats(-2, 2).map(lambda x: round(x, 3))


# ---------------------------------------------------------------------- what is drawn


def bowl(w, b):
    return w * w + 3 * b * b


CALLS = {
    "activations": lambda: plot.activations(),
    "confusion_matrix": lambda: plot.confusion_matrix([[3, 1], [0, 2]]),
    "decision_boundary": lambda: plot.decision_boundary(lambda X: X[:, 0] - 0.5, CORNERS, [0, 0, 1, 1], resolution=20),
    "feature_maps": lambda: plot.feature_maps(IMAGES),
    "filters": lambda: plot.filters(nn.Conv2d(1, 4, 3)),
    "images": lambda: plot.images(IMAGES),
    "loss_curve": lambda: plot.loss_curve(lambda w: w * w, (-1, 1), paths={"SGD": [1.0, 0.5]}),
    "loss_surface": lambda: plot.loss_surface(bowl, (-1, 1), (-1, 1), paths={"SGD": [(1.0, 1.0), (0.5, 0.2)]}),
    "training_curves": lambda: plot.training_curves({"loss": [1.0, 0.5], "val_loss": [1.0, 0.7]}),
}


# ---------------------------------------------------------------------- reading what was drawn


def figure_of(drawn):
    return drawn if isinstance(drawn, Figure) else drawn.figure


def pixels(drawn):
    canvas = FigureCanvasAgg(figure_of(drawn))
    canvas.draw()
    return bytes(canvas.buffer_rgba())


def xy(line):
    return np.asarray(line.get_xydata())


def legend_of(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def shown(figure):
    """The array of each picture, without those of scales."""
    return [np.asarray(axes.images[0].get_array()) for axes in figure.axes if axes.images]
