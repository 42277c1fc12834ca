"""Plots of losses: contours where they belong, and the paths of optimisers over them."""

import numpy as np
from hypothesis import given, settings, strategies as st

from autograd import Value, tensor
from nn import plot

from .plots import bowl, legend_of, numbers, pixels, xy

# ---------------------------------------------------------------------- surfaces


def contours(axes):
    from matplotlib.contour import ContourSet

    filled, lines = (drawn for drawn in axes.collections if isinstance(drawn, ContourSet))
    assert list(filled.levels) == list(lines.levels)
    return lines


def test_contours_are_where_the_loss_has_their_level():
    lines = contours(plot.loss_surface(bowl, (-2, 2), (-1, 1), resolution=300))
    assert len(lines.levels) > 4
    for level, path in zip(lines.levels, lines.get_paths(), strict=True):
        w, b = path.vertices.T
        np.testing.assert_allclose(bowl(w, b), level, atol=0.01)
    np.testing.assert_allclose(np.diff(lines.levels), np.diff(lines.levels)[0])


def test_a_wide_range_has_contours_at_ratios():
    lines = contours(plot.loss_surface(lambda w, b: (1 - w) ** 2 + 100 * (b - w * w) ** 2, (-2, 2), (-1, 3)))
    ratios = np.divide(lines.levels[1:], lines.levels[:-1])
    assert (ratios <= 10.01).all() and (ratios >= 1.99).all()
    assert lines.levels[0] < 1 < 100 < lines.levels[-1]
    steep = contours(plot.loss_surface(lambda w, b: np.exp(20 * w), (-1, 1), (-1, 1)))
    np.testing.assert_allclose(np.divide(steep.levels[1:], steep.levels[:-1]), 10)


def test_the_axes_are_called_after_the_parameters():
    axes = plot.loss_surface(bowl, (-1, 1), (-1, 1), resolution=5)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("w", "b")
    axes = plot.loss_surface(lambda *point: point[0], (-1, 1), (-1, 1), resolution=5)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x", "y")


def test_losses_of_values_and_tensors():
    y = Value(2.0)
    axes = plot.loss_surface(lambda w, b: (w * 3.0 + b - y) ** 2, (-1, 1), (-1, 1), resolution=20)
    of_numbers = plot.loss_surface(lambda w, b: (w * 3.0 + b - 2.0) ** 2, (-1, 1), (-1, 1), resolution=20)
    assert pixels(axes) == pixels(of_numbers)
    x = tensor([1.0, 2.0], dtype="float64", requires_grad=True)
    axes = plot.loss_surface(lambda w, b: ((x * w + b) ** 2).sum(), (-1, 1), (-1, 1), resolution=20)
    of_numbers = plot.loss_surface(lambda w, b: (w + b) ** 2 + (2 * w + b) ** 2, (-1, 1), (-1, 1), resolution=20)
    assert list(contours(axes).levels) == list(contours(of_numbers).levels)


def test_what_is_not_finite_is_left_out():
    axes = plot.loss_surface(
        lambda w, b: w if w > 0 else float("nan"),
        (-1, 1),
        (-1, 1),
        paths={"SGD": [(0.5, 0), (0.1, 0), (np.nan, 1), (0.3, np.inf)]},
    )
    np.testing.assert_array_equal(xy(axes.lines[0]), [(0.5, 0), (0.1, 0)])
    vertices = np.concatenate([path.vertices for path in contours(axes).get_paths()])
    assert vertices[:, 0].min() > 0


# ---------------------------------------------------------------------- paths

points = st.lists(st.tuples(numbers, numbers), min_size=1, max_size=20)


@given(points, points)
@settings(max_examples=15)
def test_paths_are_the_points(one, other):
    axes = plot.loss_surface(bowl, (-2, 2), (-1, 1), paths={"SGD": one, "Adam": other}, resolution=10)
    lines = {line.get_label(): line for line in axes.lines if not line.get_label().startswith("_")}
    assert list(lines) == ["SGD", "Adam", "start", "end"] == legend_of(axes)
    ends = [tuple(line.get_xydata()[0]) for line in axes.lines if line.get_label().startswith("_")]
    for name, path in (("SGD", one), ("Adam", other)):
        np.testing.assert_array_equal(xy(lines[name]), path)
    assert ends == [one[0], one[-1], other[0], other[-1]]
    assert [line.get_marker() for line in axes.lines[1:3]] == ["o", "*"]
    assert lines["SGD"].get_linestyle() != lines["Adam"].get_linestyle()
    assert (axes.get_xlim(), axes.get_ylim()) == ((-2, 2), (-1, 1))


def test_a_curve_and_steps_along_it():
    axes = plot.loss_curve(lambda w: w**2, (-2, 2), paths={"η = 0.9": [1.5, -1.2, 0.96], "diverges": [1.0, -3.0, 9.0]})
    curve, steps = axes.lines[:2]
    np.testing.assert_allclose(xy(curve)[:, 1], xy(curve)[:, 0] ** 2)
    np.testing.assert_allclose(xy(steps), [(1.5, 2.25), (-1.2, 1.44), (0.96, 0.9216)])
    assert legend_of(axes) == ["η = 0.9", "diverges", "start", "end"]
    assert axes.get_ylim()[1] < 5  # the curve is not lost beside the path
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("w", "loss")
