"""Plots of pictures: images in all layouts, filters, feature maps."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import autograd
import nn
from autograd import tensor
from nn import plot

from .plots import shown

# ---------------------------------------------------------------------- images


def test_images_in_all_layouts():
    rng = np.random.default_rng(0)
    grey, colour = rng.uniform(size=(3, 5, 4)), rng.uniform(size=(3, 5, 4, 3))
    for given_, expected in (
        (grey, grey),
        (tensor(grey)[:, np.newaxis], grey),
        (grey[..., np.newaxis], grey),
        (colour, colour),
        (np.moveaxis(colour, -1, 1), colour),
    ):
        for i, picture in enumerate(shown(plot.images(given_))):
            np.testing.assert_allclose(picture, expected[i], rtol=1e-6)


@pytest.mark.parametrize(
    ("pictures", "limits"),
    [
        (np.full((1, 2, 2), 0.4), (0, 1)),
        (np.full((1, 2, 2), 7, np.uint8), (0, 255)),
        (np.arange(4.0).reshape(1, 2, 2) * 5 + 1, (1, 16)),
        (np.arange(4.0).reshape(1, 2, 2) - 3, (-3, 0)),
        (np.full((1, 2, 2), 9.0), (9, 10)),
    ],
)
def test_images_have_one_scale(pictures, limits):
    (axes,) = plot.images(pictures).axes
    assert axes.images[0].get_clim() == limits


def test_colours_are_scaled_between_0_and_1():
    pictures = np.random.default_rng(0).normal(size=(2, 3, 4, 4)) * 3
    expected = np.moveaxis(pictures - pictures.min(), 1, -1) / np.ptp(pictures)
    np.testing.assert_allclose(np.stack(shown(plot.images(pictures))), expected, atol=1e-12)
    bytes_ = np.arange(24, dtype=np.uint8).reshape(2, 2, 2, 3)
    np.testing.assert_allclose(np.stack(shown(plot.images(bytes_))), bytes_ / 255)


def test_columns_and_titles():
    figure = plot.images(np.zeros((5, 2, 2)), columns=2, titles=[3, 1, "four", 1, 5])
    assert [axes.get_title() for axes in figure.axes] == ["3", "1", "four", "1", "5"]
    assert figure.axes[0].get_subplotspec().get_gridspec().get_geometry() == (3, 2)
    assert plot.images(np.zeros((5, 2, 2))).axes[0].get_subplotspec().get_gridspec().get_geometry() == (2, 3)


# ---------------------------------------------------------------------- filters and feature maps


def scale_of(figure):
    return figure.axes[-1].get_ylabel()


@given(st.integers(1, 3), st.integers(1, 3), st.integers(0, 5))
@settings(max_examples=15)
def test_filters_are_the_weights_on_a_symmetric_scale(outputs, inputs, seed):
    autograd.manual_seed(seed)
    layer = nn.Conv2d(inputs, outputs, 3)
    figure = plot.filters(layer)
    weight = layer.weight.detach().numpy()
    for axes, expected in zip(figure.axes, weight.reshape(-1, 3, 3), strict=False):
        np.testing.assert_array_equal(axes.images[0].get_array(), expected)
        low, high = axes.images[0].get_clim()
        assert high == -low == np.abs(weight).max()
        np.testing.assert_allclose(axes.images[0].cmap(0.5)[:3], 0.97, atol=0.02)  # 0 is white
    assert scale_of(figure) == "weight"
    if inputs > 1:
        assert figure.axes[0].get_subplotspec().get_gridspec().get_geometry() == (outputs, inputs)


def test_filters_of_other_layers():
    dense = nn.Linear(6, 4)
    pictures = shown(plot.filters(dense, shape=(2, 3)))
    np.testing.assert_array_equal(np.stack(pictures[:4]), dense.weight.detach().numpy().reshape(4, 2, 3))
    line = nn.Conv1d(2, 3, 5)
    pictures = shown(plot.filters(line.weight))
    np.testing.assert_array_equal(np.stack(pictures[:6]), line.weight.detach().numpy().reshape(6, 1, 5))
    up = nn.ConvTranspose2d(2, 3, 4)
    pictures = shown(plot.filters(up))
    np.testing.assert_array_equal(pictures[1], up.weight.detach().numpy()[1, 0])


def test_feature_maps():
    maps = np.abs(np.random.default_rng(0).normal(size=(3, 4, 5)))
    figure = plot.feature_maps(tensor(maps)[np.newaxis], titles=["a", "b", "c"])
    np.testing.assert_allclose(np.stack(shown(figure)[:3]), maps, rtol=1e-6)
    assert all(axes.images[0].get_clim() == pytest.approx((0, maps.max())) for axes in figure.axes[:3])
    assert scale_of(figure) == "activation"
    signed = plot.feature_maps(maps - 1).axes[0].images[0]
    assert signed.get_clim() == pytest.approx((-np.abs(maps - 1).max(), np.abs(maps - 1).max()))
    assert signed.cmap.name != figure.axes[0].images[0].cmap.name
    assert plot.feature_maps(np.zeros((1, 2, 2))).axes[0].images[0].get_clim() == (0, 1)
