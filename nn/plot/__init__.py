"""Plots, where people look rather than read: training, decisions, activations, filters, errors, loss surfaces.

Each draws with matplotlib, which is asked for only when something is drawn, and leaves pyplot alone: nothing opens a
window, and nothing stays in memory.  Functions with one picture take `ax=` to draw into, and give it back; those
with several give the figure.

    nn.plot.decision_boundary(model, X, y).figure.savefig("boundary.png")
    nn.plot.training_curves(history).savefig("training.png")
"""

from .boundary import decision_boundary
from .confusion import confusion_matrix
from .curves import training_curves
from .functions import activations
from .pictures import feature_maps, filters, images
from .surface import loss_curve, loss_surface

__all__ = [
    "activations",
    "confusion_matrix",
    "decision_boundary",
    "feature_maps",
    "filters",
    "images",
    "loss_curve",
    "loss_surface",
    "training_curves",
]
