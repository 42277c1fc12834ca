"""Plots of classifiers: regions of the plane, and confusion matrices."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import autograd
import nn
from autograd import tensor
from nn import metrics, plot

from .colours import contrast
from .plots import COLOURS, CORNERS, legend_of, numbers

# ---------------------------------------------------------------------- decision boundary


def regions(axes):
    """Of each point of the plane the class whose colour it has, and how strong that is."""
    colours = np.asarray(axes.images[0].get_array())
    away = 1 - colours
    palette = 1 - np.array(COLOURS)
    weights = (away @ palette.T) / (palette**2).sum(axis=1)
    rest = np.linalg.norm(away[..., np.newaxis, :] - weights[..., np.newaxis] * palette, axis=-1)
    nearest = rest.argmin(axis=-1)
    return nearest, np.take_along_axis(weights, nearest[..., np.newaxis], -1)[..., 0]


def plane(axes):
    """The points that were tried, (rows, columns, 2)."""
    assert axes.images[0].origin == "lower"
    left, right, bottom, top = axes.images[0].get_extent()
    rows, columns = axes.images[0].get_array().shape[:2]
    return np.stack(np.meshgrid(np.linspace(left, right, columns), np.linspace(bottom, top, rows)), axis=-1)


@given(numbers, numbers, numbers)
@settings(max_examples=25)
def test_regions_are_the_models_decisions(a, b, c):
    def model(X):
        return X @ [a, b] + c

    axes = plot.decision_boundary(model, CORNERS, [0, 1, 1, 0], resolution=12, threshold=0.1)
    scores = model(plane(axes))
    np.testing.assert_array_equal(regions(axes)[0], scores > 0.1)


def test_the_boundary_is_where_the_model_changes_its_mind():
    axes = plot.decision_boundary(lambda X: X @ [1.0, 1.0] - 1.5, CORNERS, [0, 0, 0, 1])
    (line,) = [path.vertices for contour in axes.collections[:1] for path in contour.get_paths()]
    np.testing.assert_allclose(line.sum(axis=1), 1.5, atol=1e-9)
    assert axes.get_xlim() == axes.get_ylim() == (-0.1, 1.1)


def test_regions_are_stronger_where_the_model_is_certain():
    axes = plot.decision_boundary(lambda X: 10 * (X[:, 0] - 0.5), CORNERS, [0, 0, 1, 1], resolution=25)
    weights = regions(axes)[1][0]
    assert (np.diff(weights[:12]) < 0).all() and (np.diff(weights[13:]) > 0).all()
    assert weights.min() == pytest.approx(0.08, abs=0.02) and weights.max() == pytest.approx(0.5, abs=0.02)


def test_points_are_drawn_by_class_with_markers_of_their_own():
    X = np.random.default_rng(0).normal(size=(30, 2))
    y = np.arange(30) % 3
    axes = plot.decision_boundary(lambda X: X @ np.eye(2, 3), X, y, labels=["red", "green", "blue"], resolution=10)
    assert legend_of(axes) == ["red", "green", "blue"]
    points = [drawn for drawn in axes.collections if len(drawn.get_offsets()) > 1]
    assert len(points) == 3
    for i, drawn in enumerate(points):
        np.testing.assert_array_equal(drawn.get_offsets(), X[y == i])
        np.testing.assert_allclose(drawn.get_facecolor()[0, :3], COLOURS[i])
    outlines = {drawn.get_paths()[0].vertices.tobytes() for drawn in points}
    assert len(outlines) == 3


def test_several_outputs():
    """Logits and their probabilities give the same picture, and so does one output with its complement."""

    def logits(X):
        return X @ np.array([[3.0, -1.0, 0.5], [0.0, 2.0, -1.5]])

    def softmax(X):
        return np.exp(logits(X)) / np.exp(logits(X)).sum(axis=1, keepdims=True)

    pictures = [
        plot.decision_boundary(model, CORNERS, np.eye(3)[[0, 1, 2, 0]], resolution=15) for model in (logits, softmax)
    ]
    one, other = (np.asarray(axes.images[0].get_array()) for axes in pictures)
    np.testing.assert_allclose(one, other)
    np.testing.assert_array_equal(
        regions(pictures[0])[0], logits(plane(pictures[0]).reshape(-1, 2)).argmax(1).reshape(15, 15)
    )

    def sigmoid(X):
        return 1 / (1 + np.exp(-4 * X[:, 0]))

    two = plot.decision_boundary(lambda X: np.stack([1 - sigmoid(X), sigmoid(X)], 1), CORNERS, [0, 0, 1, 1])
    for single in (sigmoid, lambda X: sigmoid(X)[:, np.newaxis], lambda X: 4 * X[:, 0]):
        axes = plot.decision_boundary(single, CORNERS, [0, 0, 1, 1])
        np.testing.assert_allclose(axes.images[0].get_array(), two.images[0].get_array(), atol=1e-12)


def test_whole_numbers_are_classes():
    axes = plot.decision_boundary(lambda X: (X.sum(axis=1) * 1.4).astype(int), CORNERS, [0, 1, 1, 2], resolution=20)
    classes, weights = regions(axes)
    np.testing.assert_array_equal(classes, (plane(axes).sum(axis=-1) * 1.4).astype(int))
    np.testing.assert_allclose(weights, 0.5)


def test_a_perceptron_and_an_mlp_of_values():
    line = plot.decision_boundary(nn.Perceptron([1, 1], -1.5), CORNERS, [0, 0, 0, 1])
    np.testing.assert_array_equal(regions(line)[0], plane(line).sum(axis=-1) > 1.5)
    model = nn.MLP(2, [4, 1], "tanh", seed=3)
    axes = plot.decision_boundary(model, CORNERS, [-1, 1, 1, -1], resolution=9)
    expected = [[model(point).data > 0 for point in row] for row in plane(axes).tolist()]
    np.testing.assert_array_equal(regions(axes)[0], expected)
    assert legend_of(axes) == ["−1", "1"]
    assert all(parameter.grad == 0 for parameter in model.parameters())
    three = nn.MLP(2, [3], seed=1)
    axes = plot.decision_boundary(three, CORNERS, [0, 1, 2, 0], resolution=9)
    expected = [[np.argmax([z.data for z in three(point)]) for point in row] for row in plane(axes).tolist()]
    np.testing.assert_array_equal(regions(axes)[0], expected)


def test_a_module_is_evaluated_and_stays_as_it_is():
    class Noted(nn.Module):
        def forward(self, x):
            seen.append((self.training, x.dtype, x.requires_grad))
            return x

    seen = []
    model = nn.Sequential(nn.Linear(2, 8), nn.Dropout(0.5), nn.BatchNorm1d(8), Noted(), nn.Linear(8, 1))
    model[1].eval()
    before = {name: x.numpy().copy() for name, x in model.state_dict().items()}
    axes = plot.decision_boundary(model, tensor(CORNERS), tensor([0, 0, 1, 1]).reshape(4, 1))
    assert seen == [(False, autograd.float32, False)]
    assert [module.training for module in model] == [True, False, True, True, True]
    assert all(np.array_equal(before[name], x.numpy()) for name, x in model.state_dict().items())
    assert axes.images[0].get_array().shape == (200, 200, 3)


# ---------------------------------------------------------------------- confusion matrix

squares = st.integers(1, 4).flatmap(
    lambda size: st.lists(st.integers(0, 2000), min_size=size**2, max_size=size**2).map(
        lambda counts: np.reshape(counts, (size, size))
    )
)


@given(squares)
@settings(max_examples=15)
def test_cells_say_the_counts(matrix):
    axes = plot.confusion_matrix(matrix)
    found = {tuple(map(round, text.get_position()[::-1])): text for text in axes.texts}
    assert {place: int(text.get_text()) for place, text in found.items()} == dict(np.ndenumerate(matrix))
    image = axes.images[0]
    shares = np.asarray(image.get_array())
    np.testing.assert_allclose(shares * matrix.sum(axis=1, keepdims=True), matrix, atol=1e-9)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted class", "true class")


@pytest.mark.parametrize("count", range(0, 101, 4))
def test_text_can_be_read_on_every_shade(count):
    from matplotlib.colors import to_hex

    axes = plot.confusion_matrix([[count, 100 - count], [0, 0]])
    image = axes.images[0]
    for text, share in zip(axes.texts, np.ravel(image.get_array()), strict=True):
        assert contrast(to_hex(text.get_color()), to_hex(image.cmap(image.norm(share)))) > 4.5


def test_a_result_of_metrics_with_labels():
    matrix = metrics.confusion_matrix([0, 1, 1, 2], [0, 0, 1, 2])
    axes = plot.confusion_matrix(matrix, ["hot dog", "bun", "mustard"])
    for labels in (axes.get_xticklabels(), axes.get_yticklabels()):
        assert [label.get_text() for label in labels] == ["hot dog", "bun", "mustard"]
    assert axes.texts[1].get_text() == "1" and axes.texts[1].get_position() == (1, 0)  # a hot dog, taken for a bun
    assert axes.yaxis_inverted()
    numbered = plot.confusion_matrix(tensor(matrix))
    assert [label.get_text() for label in numbered.get_xticklabels()] == ["0", "1", "2"]
    shares = plot.confusion_matrix([[0.25, 0.75], [0.125, 0.875]])
    assert [text.get_text() for text in shares.texts] == ["0.25", "0.75", "0.12", "0.88"]


def test_long_labels_are_turned():
    short = plot.confusion_matrix(np.eye(5), list("abcde"))
    long = plot.confusion_matrix(np.eye(5), ["daisy", "dandelion", "rose", "sunflower", "tulip"])
    assert [axes.get_xticklabels()[0].get_rotation() for axes in (short, long)] == [0, 45]
