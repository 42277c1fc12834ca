"""What plots say about bad input; axes that were given stay as they were."""

import numpy as np
import pytest

import autograd
import nn
from nn import plot
from nn.callbacks import History
from nn.plot.pictures import MOST

from .plots import CORNERS, IMAGES, Figure

FLAT = {"loss": lambda w, b: 3.0, "x": (-1, 1), "y": (-1, 1)}


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: plot.training_curves([1.0]), TypeError, r"takes what fit returned, or lists by name .* got \[1.0\]"),
        (lambda: plot.training_curves(History()), ValueError, "the history is empty: train for an epoch first"),
        (lambda: plot.training_curves({"loss": []}), ValueError, "the history is empty"),
        (lambda: plot.training_curves({"loss": [1.0]}, metrics="f1"), ValueError, "no metric 'f1': choose one of loss"),
        (lambda: plot.training_curves({"loss": [1.0]}, metrics=()), ValueError, "metrics is empty: choose one of loss"),
        (
            lambda: plot.training_curves({"loss": [1.0, 2.0], "val_loss": [1.0]}),
            ValueError,
            r"val_loss has shape \(1,\) for 2 epochs: give one number for each",
        ),
        (lambda: plot.training_curves({"loss": ["a"]}), TypeError, r"loss must be an array, a tensor .* got \['a'\]"),
        (
            lambda: plot.decision_boundary(abs, np.ones((4, 3)), [0] * 4),
            ValueError,
            r"X must be \(N, 2\), points of a plane, got \(4, 3\): choose two columns, as X\[:, :2\]",
        ),
        (lambda: plot.decision_boundary(abs, [[0, np.nan]], [0]), ValueError, "X contains nan or inf"),
        (lambda: plot.decision_boundary(abs, CORNERS, [0, 1]), ValueError, r"4 points, but y is \(2,\)"),
        (lambda: plot.decision_boundary(abs, CORNERS, [0, 1, 0.5, 1]), ValueError, "y must be classes, whole numbers"),
        (lambda: plot.decision_boundary(3, CORNERS, [0] * 4), TypeError, r"model must be a module or a .* got 3"),
        (
            lambda: plot.decision_boundary(lambda X: X.sum(), CORNERS, [0] * 4, resolution=5),
            ValueError,
            r"the model gives \(\) for points \(25, 2\): needs one number, or one for each class",
        ),
        (
            lambda: plot.decision_boundary(lambda X: X[:, 0] * np.nan, CORNERS, [0] * 4),
            ValueError,
            "the model gives nan or inf for some points",
        ),
        (
            lambda: plot.decision_boundary(lambda X: X, CORNERS, [0, 1, 2, 0]),
            ValueError,
            "y contains 2, the model's 2 outputs are classes 0 to 1",
        ),
        (lambda: plot.decision_boundary(lambda X: X, CORNERS, [0, -1, 1, 0]), ValueError, "y contains -1"),
        (
            lambda: plot.decision_boundary(lambda X: X[:, 0], CORNERS, [0, 1, 2, 0]),
            ValueError,
            "y has the classes 0, 1, 2, the model one output: call two classes 0 and 1",
        ),
        (lambda: plot.decision_boundary(lambda X: X, CORNERS, [0] * 4, threshold=0.5), ValueError, "is for one output"),
        (lambda: plot.decision_boundary(abs, CORNERS, [0] * 4, resolution=1), ValueError, "resolution must be a whole"),
        (
            lambda: plot.decision_boundary(lambda X: X, CORNERS, [0] * 4, labels=["a"]),
            ValueError,
            "1 labels for 2 classes",
        ),
        (lambda: plot.activations(["rellu"]), ValueError, r"there is no 'rellu': choose one of celu, elu, .*relu"),
        (lambda: plot.activations([]), ValueError, r"there are no functions: give names, as \['relu', 'gelu'\]"),
        (lambda: plot.activations([3]), TypeError, "takes functions, modules or names, got 3"),
        (lambda: plot.activations(autograd.relu), TypeError, r"takes several functions: write \[f\] for one"),
        (lambda: plot.activations(low=2, high=1), ValueError, r"low, high must be a range .* got \(2, 1\)"),
        (lambda: plot.activations({"sum": lambda x: x.sum()}), ValueError, r"sum gives \(\) for inputs \(1001, 3\)"),
        (lambda: plot.images(np.ones((4, 4))), ValueError, r"got \(4, 4\): write image\[None\] for one"),
        (lambda: plot.images(np.ones((2, 4, 4, 4))), ValueError, r"with 1 or 3 channels, got \(2, 4, 4, 4\)"),
        (lambda: plot.images(np.ones((0, 4, 4))), ValueError, r"there is nothing to draw: array has shape \(0, 4, 4\)"),
        (lambda: plot.images(np.ones((MOST + 1, 1, 1))), ValueError, f"{MOST + 1} pictures are too many"),
        (lambda: plot.images(IMAGES, titles=["a"]), ValueError, "1 titles for 2 pictures"),
        (lambda: plot.images(IMAGES, columns=0), ValueError, "columns must be a whole number from 1 on, got 0"),
        (lambda: plot.images(IMAGES + np.inf), ValueError, "array contains nan or inf, which have no colour"),
        (lambda: plot.images("cat.png"), TypeError, "array must be an array, a tensor or lists .* got 'cat.png'"),
        (lambda: plot.filters(nn.Linear(4, 2)), ValueError, r"got \(2, 4\): write shape=\(H, W\), the image"),
        (lambda: plot.filters(nn.Linear(4, 2), shape=(3, 2)), ValueError, r"shape=\(3, 2\) does not fit the 4 inputs"),
        (lambda: plot.filters(nn.ReLU()), TypeError, r"layer must be an array, a tensor .* got ReLU\(\)"),
        (lambda: plot.feature_maps(np.ones((2, 3, 4, 4))), ValueError, r"\(2, 3, 4, 4\): choose one, as maps\[0\]"),
        (
            lambda: plot.confusion_matrix([[1, 2]]),
            ValueError,
            r"takes a square \(K, K\), got \(1, 2\): write nn.metrics",
        ),
        (lambda: plot.confusion_matrix([[1, -2], [0, 0]]), ValueError, "counts must be finite and not negative"),
        (lambda: plot.confusion_matrix([[1, 2], [3]]), TypeError, "matrix must be an array, a tensor or lists"),
        (lambda: plot.confusion_matrix(np.eye(2), "a"), ValueError, "1 labels for 2 classes"),
        (lambda: plot.loss_surface(**FLAT), ValueError, "the loss is 3 everywhere: choose wider ranges"),
        (lambda: plot.loss_surface(**FLAT | {"loss": lambda w, b: np.nan}), ValueError, "is nan or inf everywhere"),
        (lambda: plot.loss_surface(**FLAT | {"loss": 3}), TypeError, "loss must be a function of 2 numbers, got 3"),
        (lambda: plot.loss_surface(**FLAT | {"loss": lambda w, b: [w, b]}), ValueError, "loss must be one number"),
        (lambda: plot.loss_surface(**FLAT | {"x": (1, 1)}), ValueError, r"x must be a range \(low, high\) .* \(1, 1\)"),
        (lambda: plot.loss_surface(**FLAT | {"y": 3}), ValueError, r"y must be a range \(low, high\) .* got 3"),
        (lambda: plot.loss_surface(**FLAT, paths=[(0, 0)]), TypeError, 'paths must have names, as {"SGD": '),
        (lambda: plot.loss_surface(**FLAT, paths={"a": [1.0]}), ValueError, r"'a' must be a list of \(w, b\)"),
        (lambda: plot.loss_surface(**FLAT, paths={"a": [(np.nan, 0)]}), ValueError, "'a' has no finite point"),
        (lambda: plot.loss_surface(**FLAT, resolution=1.5), ValueError, "resolution must be a whole number"),
        (lambda: plot.loss_curve(abs, (0, 1), paths={"a": [(1, 2)]}), ValueError, "'a' must be a list of w"),
    ],
)
def test_errors_teach(act, error, message):
    with pytest.raises(error, match=message) as raised:
        act()
    text = str(raised.value)
    assert text.split(":")[0] in plot.__all__
    assert "\n" not in text


def test_wrong_input_leaves_given_axes_alone():
    axes = Figure().add_subplot()
    for act in (
        lambda: plot.confusion_matrix([[1, 2]], ax=axes),
        lambda: plot.confusion_matrix(np.eye(2), "a", ax=axes),
        lambda: plot.decision_boundary(lambda X: X, CORNERS, [0, 1, 2, 3], ax=axes),
        lambda: plot.decision_boundary(lambda X: X, CORNERS, [0] * 4, labels="a", ax=axes),
        lambda: plot.loss_surface(**FLAT, ax=axes),
        lambda: plot.loss_curve(abs, (0, 1), paths={"a": []}, ax=axes),
    ):
        with pytest.raises(ValueError, match=":"):
            act()
        assert not axes.has_data() and axes.get_xlabel() == ""
