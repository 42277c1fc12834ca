"""Pictures of convolutional networks: feature maps, their images, and what goes round a layer."""

import base64
import io
import math
import re

import numpy as np
import pytest

import nn
from nn.draw import Picture
from nn.draw.stages import stages_of
from nn.draw.trace import calls_of

from .nn_pictures import PICTURES, needs_rasteriser
from .svg_shapes import SVG, read, titles, words

pytestmark = pytest.mark.usefixtures("seeded")


def test_lenet_has_the_sizes_of_the_paper():
    picture = PICTURES["lenet"]()
    sizes = [word for word in words(picture) if re.fullmatch(r"[\d @×]+", word) and "5×5" != word != "2×2"]
    assert sizes == ["1 @ 28×28", "6 @ 28×28", "6 @ 14×14", "16 @ 10×10", "16 @ 5×5", "400", "120", "84", "10"]
    maps = [title for title in titles(picture, "rect") if "@" in title]
    assert maps.count("0: 6 @ 28×28") == 6
    windows = [shape for shape in read(picture).iter(SVG + "rect") if shape.get("fill") == "none"]
    assert len(windows) == 4
    assert [float(windows[0].attrib[name]) for name in ("width", "height")] == pytest.approx(
        [92 * 5 / 28] * 2, abs=0.01
    )


def test_maps_show_what_the_model_makes_of_an_image():
    pictures = [
        nn.draw(nn.Conv2d(1, 2, 3), np.full((1, 5, 5), x, "float32") * np.eye(5, dtype="float32")) for x in (0, 1)
    ]
    dark, light = ([image.attrib["href"] for image in read(picture).iter(SVG + "image")] for picture in pictures)
    assert len(dark) == len(light) == 3
    assert dark[0] != light[0]


@needs_rasteriser
def test_the_images_in_a_picture_are_its_numbers():
    image = pytest.importorskip("PIL.Image", reason="Pillow reads the image, and is not installed")
    pixels = np.array([[0.0, 0.5], [1.0, 0.25], [2.0, math.nan]])
    picture = Picture("", "")
    picture.image((0, 0), (10, 10), pixels)
    (shape,) = read(picture).iter(SVG + "image")
    data = base64.b64decode(shape.attrib["href"].partition(",")[2])
    assert np.asarray(image.open(io.BytesIO(data))).tolist() == [[0, 128], [255, 64], [255, 0]]


def test_residual_connections_are_arcs():
    picture = PICTURES["resnet"]()
    assert titles(picture, "path") == ["residual connection"] * 2
    assert words(picture).count("+") == 2
    assert "1×1 convolution, stride 2" in words(picture)


def test_layers_side_by_side_are_no_chain():
    picture = PICTURES["branches"]()
    assert titles(picture, "path") == ["begins here"]
    stem, _, right = [float(box.attrib["x"]) for box in read(picture).iter(SVG + "rect")][1:4]
    (curve,) = read(picture).iter(SVG + "path")
    start, *_, end = (float(x) for x, _ in (pair.split() for pair in re.findall(r"[\d.-]+ [\d.-]+", curve.attrib["d"])))
    assert start == pytest.approx(stem + 6.7, abs=0.1)
    assert end == pytest.approx(right + 6.7, abs=9)


def test_what_comes_first_in_a_residual_block_is_not_on_its_shortcut():
    block = nn.Residual(nn.ReLU(), nn.Linear(3, 3))
    stages, shortcuts = stages_of(calls_of(nn.Sequential(nn.Linear(3, 3), block)), has_values=False)
    assert [stage.operations for stage in stages] == [[], ["full connection"], ["ReLU", "full connection"]]
    assert [(shortcut.start, shortcut.end) for shortcut in shortcuts] == [(1, 2)]
    alone = nn.Sequential(nn.Linear(3, 3), nn.Residual(nn.ReLU()), nn.Linear(3, 1))
    stages, _ = stages_of(calls_of(alone), has_values=False)
    assert [stage.operations for stage in stages] == [[], ["full connection", "ReLU"], ["full connection"]]


def test_unknown_layers_are_boxes():
    picture = PICTURES["unknown"]()
    assert "Scale" in words(picture)
    assert words(picture).count("4") == 2
