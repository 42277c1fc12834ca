"""Pictures of networks: the same each time, legible, and within their frames; files, errors, the model afterwards."""

import importlib
import re
from pathlib import Path

import numpy as np
import pytest

import autograd
import nn
from nn.draw import Picture

from .expected import check_golden
from .nn_pictures import MOST_SHAPES, PICTURES, lenet, needs_rasteriser, resnet
from .svg_shapes import SVG, Box, clashes, outline, read, text_box

pytestmark = pytest.mark.usefixtures("seeded")

every_picture = pytest.mark.parametrize("name", PICTURES)


# ---------------------------------------------------------------------- every picture


@every_picture
def test_it_is_svg_that_stands_alone(name):
    picture = PICTURES[name]()
    root = read(picture)
    assert root.tag == SVG + "svg"
    assert root.attrib["role"] == "img"
    assert [child.tag for child in root][:2] == [SVG + "title", SVG + "desc"]
    assert all(child.text for child in root[:2])
    addresses = re.findall(r'(?:href|src|url)="?\(?(.{11})', picture.svg())
    assert set(addresses) <= {"data:image/"}
    assert "script" not in picture.svg()


@every_picture
def test_no_text_meets_a_line_or_another_text(name):
    assert list(clashes(PICTURES[name]())) == []


@every_picture
def test_nothing_stands_outside(name):
    root = read(PICTURES[name]())
    left, top, width, height = map(float, root.attrib["viewBox"].split())
    frame = Box(left, top, left + width, top + height)
    for shape in root:
        if shape.tag == SVG + "text":
            assert frame.contains(text_box(shape)), "".join(shape.itertext())
        elif shape.tag not in (SVG + "title", SVG + "desc"):
            assert all(frame.contains(Box(x, y, x, y)) for x, y in outline(shape))


@every_picture
def test_there_are_not_too_many_shapes(name):
    assert len(read(PICTURES[name]())) <= MOST_SHAPES


@every_picture
def test_the_same_model_gives_the_same_picture(name):
    pictures = []
    for _ in range(2):
        autograd.manual_seed(0)
        pictures.append(PICTURES[name]().svg())
    assert pictures[0] == pictures[1]


@pytest.mark.parametrize(
    ("file", "picture"), [("mlp", "mlp"), ("hotdog", "hot dog"), ("lenet", "lenet"), ("gru", "gru cell")]
)
def test_golden(file, picture):
    check_golden(f"neurons_{file}.svg", PICTURES[picture]().svg())


def test_the_checker_of_overlaps_sees_them():
    picture = Picture("", "")
    picture.line([(0, 0), (100, 0)])
    picture.text((50, 0), "on the line")
    picture.text((60, 3), "on the text")
    picture.circle((50, 60), 20, fill="white")
    picture.text((50, 60), "wider than its circle")
    assert len(list(clashes(picture))) == 4
    hidden = Picture("", "")
    hidden.line([(0, 0), (100, 0)])
    hidden.box((50, 0), (80, 20), fill="white")
    hidden.text((50, 0), "on a label")
    assert list(clashes(hidden)) == []


# ---------------------------------------------------------------------- files and notebooks


@needs_rasteriser
@pytest.mark.parametrize("name", ["mlp", "hot dog", "lenet with all", "gru cell"])
def test_png(name, tmp_path):
    path = tmp_path / "new" / "picture.png"
    assert PICTURES[name]().save(path) == str(path)
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG")
    width, height = (int.from_bytes(data[i : i + 4]) for i in (16, 20))
    box = [float(n) for n in read(PICTURES[name]()).attrib["viewBox"].split()]
    assert (width, height) == (pytest.approx(2 * box[2], abs=2), pytest.approx(2 * box[3], abs=2))


def test_svg_file_and_notebook(tmp_path):
    picture = PICTURES["mlp"]()
    path = picture.save(tmp_path / "mlp.SVG")
    assert Path(path).read_text(encoding="utf-8") == picture.svg() == picture._repr_svg_()
    with pytest.raises(ValueError, match=r"save: does not write '.gif': use .svg or .png"):
        picture.save(tmp_path / "mlp.gif")
    assert [file.name for file in tmp_path.iterdir()] == ["mlp.SVG"]


def test_png_without_a_rasteriser(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.import_module("nn.draw.picture"), "find_spec", lambda name: None)
    with pytest.raises(autograd.render.RendererMissing, match=r"pip install \"stepgrad\[render\]\""):
        PICTURES["mlp"]().save(tmp_path / "mlp.png")
    assert not list(tmp_path.iterdir())


# ---------------------------------------------------------------------- errors, and the model afterwards


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nn.draw(3), TypeError, "takes a module, such as nn.MLP(2, [3, 1]), got 3, a int"),
        (lambda: nn.draw(nn.MLP), TypeError, "got the class MLP"),
        (lambda: nn.draw(nn.MLP(1, [1]), view="cubist"), ValueError, "view must be neurons, module, tensor, scalar"),
        (lambda: nn.draw(nn.MLP(2, [1]), inputs=["a"]), ValueError, "inputs has 1 names for 2 neurons"),
        (lambda: nn.draw(nn.MLP(2, [1]), outputs="y"), TypeError, "outputs must be a list of names, got 'y'"),
        (lambda: nn.draw(nn.Perceptron([1.0]), [1, 2]), ValueError, "the neuron takes 1 inputs, got 2"),
        (lambda: nn.draw(nn.Neuron(2), "ab"), TypeError, "the neuron takes a list of 2 numbers, got 'ab'"),
        (lambda: nn.draw(lenet()), ValueError, "write draw(model, input_shape=(1, 28, 28)) or draw(model, x)"),
        (lambda: nn.draw(nn.Linear(3, 1), np.zeros((5, 3))), ValueError, "takes one sample, got 5"),
        (lambda: nn.draw(nn.GRUCell(3, 1), [1.0]), ValueError, "takes one input of 3 numbers, got (1,)"),
        (lambda: nn.draw(nn.GRU(3, 1), [[1.0]]), ValueError, "takes (time, 3), got (1, 1)"),
    ],
)
def test_errors_teach(call, error, message):
    with pytest.raises(error, match=re.escape(message)) as caught:
        call()
    assert str(caught.value).startswith("draw: ")
    assert "\n" not in str(caught.value)


def test_drawing_changes_nothing():
    model = resnet()
    model[2].eval()
    state = {name: array.numpy().copy() for name, array in model.state_dict().items()}
    modes = [module.training for module in model.modules()]
    nn.draw(model, np.ones((3, 16, 16), "float32"))
    assert [module.training for module in model.modules()] == modes
    assert all((array.numpy() == state[name]).all() for name, array in model.state_dict().items())
    assert all(not module._hooks for module in model.modules())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_a_model_that_fails_keeps_no_hooks():
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(5, 1))
    with pytest.raises(ValueError, match="takes 5 features"):
        nn.draw(model)
    assert all(not module._hooks and module.training for module in model.modules())
