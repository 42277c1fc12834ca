"""Arrays to look at: images, the filters of a layer, and the maps that come out of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .canvas import Array, array as as_array, dress, grid_shape, new_figure, scale_beside

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["feature_maps", "filters", "images"]

MOST = 400
"""How many pictures one figure shows: more are too small to see anything."""

POSITIVE, SIGNED = "viridis", "RdBu_r"
"""Colours for numbers from 0 on, and for numbers on both sides of 0, which is white."""

WIDTH = 8.0  # inches
LARGEST = 1.7  # inches, for one picture

Limits = tuple[float, float]


def images(array: Any, *, columns: int | None = None, titles: Sequence[Any] | None = None) -> Figure:
    """Draw images in rows, in grey or in colour.

    All have the same scale: from 0 to 255 for bytes, from 0 to 1 for numbers between these, else from the smallest
    number of all to the largest.

    Args:
        array: (N, H, W), (N, C, H, W) or (N, H, W, C), with one channel or three.
        columns: how many stand side by side, by default as many as there are rows.
        titles: what to write above each, as its label.

    Returns:
        A figure of matplotlib's.

    Raises:
        ImportError: matplotlib is missing.
        TypeError, ValueError: the array has another shape, or there are more than 400, or not as many titles.
    """
    pictures = _array(array, "images", "array")
    if pictures.ndim == 4 and pictures.shape[1] in (1, 3):
        pictures = np.moveaxis(pictures, 1, -1)
    if pictures.ndim != 3 and pictures.shape[3:] not in ((1,), (3,)):
        raise ValueError(
            f"images: takes (N, H, W), (N, C, H, W) or (N, H, W, C) with 1 or 3 channels, got {pictures.shape}"
            + (": write image[None] for one" if pictures.ndim == 2 else "")
        )
    low, high = limits = _brightness(pictures)
    if pictures.shape[3:] == (3,):
        pictures = (pictures.astype(float) - low) / (high - low)
    else:
        pictures = pictures.reshape(pictures.shape[:3])
    return _grid(pictures, "images", columns, titles, "gray", limits)


def filters(layer: Any, *, columns: int | None = None, shape: tuple[int, int] | None = None) -> Figure:
    """Draw the weights of a layer: negative ones blue, 0 white, positive ones red, all on one scale.

    Filters that see one channel stand in a square; of others, each has a row with a picture for every channel.

    Args:
        layer: a convolution of one or two axes, or its weight, (out, in, K) or (out, in, K, K); or a dense layer, or
            its weight, (out, H·W).
        columns: how many stand side by side.
        shape: (H, W), the image that a dense layer takes.

    Returns:
        A figure of matplotlib's, with a scale.

    Raises:
        ImportError: matplotlib is missing.
        TypeError, ValueError: there is no weight of such a shape, or there are more than 400 pictures.
    """
    weight = _array(getattr(layer, "weight", layer), "filters", "layer")
    if shape is not None and weight.ndim == 2:
        if weight.shape[1] != math.prod(shape):
            raise ValueError(f"filters: shape={shape} does not fit the {weight.shape[1]} inputs of {weight.shape}")
        weight = weight.reshape(len(weight), 1, *shape)
    elif weight.ndim == 3:
        weight = weight[:, :, np.newaxis]
    if weight.ndim != 4:
        raise ValueError(
            f"filters: takes weights (out, in, K, K) or (out, in, K), got {weight.shape}"
            + (": write shape=(H, W), the image that the layer takes" if weight.ndim == 2 else "")
        )
    if getattr(layer, "transposed", False):
        weight = weight.swapaxes(0, 1)
    if columns is None and weight.shape[1] > 1:
        columns = weight.shape[1]
    return _grid(weight.reshape(-1, *weight.shape[2:]), "filters", columns, None, *_signed(weight), scale="weight")


def feature_maps(maps: Any, *, columns: int | None = None, titles: Sequence[Any] | None = None) -> Figure:
    """Draw what each channel of a layer says of one example, all on one scale, with 0 as its end or its middle.

    Args:
        maps: (C, H, W), or (1, C, H, W), the output of a convolution or of an activation function after it.
        columns: how many stand side by side.
        titles: what to write above each.

    Returns:
        A figure of matplotlib's, with a scale.

    Raises:
        ImportError: matplotlib is missing.
        TypeError, ValueError: the maps have another shape, or there are more than 400, or not as many titles.
    """
    pictures = _array(maps, "feature_maps", "maps")
    if pictures.ndim == 4 and len(pictures) == 1:
        pictures = pictures[0]
    if pictures.ndim != 3:
        raise ValueError(
            f"feature_maps: takes the maps of one example, (C, H, W), got {pictures.shape}"
            + (": choose one, as maps[0]" if pictures.ndim == 4 else "")
        )
    colours, limits = _signed(pictures) if (pictures < 0).any() else (POSITIVE, (0.0, _largest(pictures)))
    return _grid(pictures, "feature_maps", columns, titles, colours, limits, scale="activation")


# ---------------------------------------------------------------------- scales


def _brightness(pictures: Array) -> Limits:
    """What is black, and what is white."""
    if pictures.dtype == np.uint8:
        return 0.0, 255.0
    low, high = float(pictures.min()), float(pictures.max())
    if low >= 0 and high <= 1:
        return 0.0, 1.0
    return low, high if high > low else low + 1.0


def _signed(numbers: Array) -> tuple[str, Limits]:
    return SIGNED, (-_largest(numbers), _largest(numbers))


def _largest(numbers: Array) -> float:
    return float(np.abs(numbers).max()) or 1.0


# ---------------------------------------------------------------------- drawing


def _array(x: Any, caller: str, name: str) -> Array:
    found = as_array(x, caller, name)
    if not found.size:
        raise ValueError(f"{caller}: there is nothing to draw: {name} has shape {found.shape}")
    if not np.isfinite(found).all():
        raise ValueError(f"{caller}: {name} contains nan or inf, which have no colour")
    return found


def _grid(
    pictures: Array,
    caller: str,
    columns: int | None,
    titles: Sequence[Any] | None,
    colours: str,
    limits: Limits,
    *,
    scale: str | None = None,
) -> Figure:
    """Pictures, (N, H, W) or (N, H, W, 3), side by side; `scale` is what their numbers are."""
    count, height, width = pictures.shape[:3]
    if count > MOST:
        raise ValueError(f"{caller}: {count} pictures are too many to see, the limit is {MOST}: choose some, as x[:25]")
    if titles is not None and len(titles) != count:
        raise ValueError(f"{caller}: {len(titles)} titles for {count} pictures: give one for each")
    rows, columns = grid_shape(count, columns, caller)
    side = min(LARGEST, WIDTH / columns)
    above = 0.3 if titles is not None else 0.06
    bar = 1.0 if scale else 0.0
    inches = (columns * side + bar + 0.2, max(rows * (side * height / width + above) + 0.2, 1.6))
    figure = new_figure(caller, *inches, gap=0.05, square=True)
    for i, picture in enumerate(pictures):
        axes = figure.add_subplot(rows, columns, i + 1)
        image = axes.imshow(picture, cmap=colours, vmin=limits[0], vmax=limits[1], interpolation="nearest")
        if titles is not None:
            dress(axes, str(titles[i]))
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(colours == SIGNED)  # a white edge would be lost on the page
        axes.spines[:].set_color("#c3c9d0")
    if scale:
        scale_beside(figure.axes, image, scale, shrink=0.9, aspect=25)
    return figure
