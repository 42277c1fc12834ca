"""Pictures of networks: what stands in them, where it stands, and that it is what the models compute.

The golden files are written anew, to be looked at before they are committed, by
`GOLDEN=write pytest tests/test_nn_draw.py`.
"""

from __future__ import annotations

import base64
import importlib
import io
import math
import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import combinations, pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import Phase, given, settings, strategies as st

import autograd
import nn
from nn.draw import Picture
from nn.draw.cells import DIAGRAMS, _size, diagram_of, wires
from nn.draw.ink import brief_number, edge_style
from nn.draw.metrics import shortened, text_width
from nn.draw.stages import stages_of
from nn.draw.trace import calls_of
from nn.draw.wiring import evaluate, formulas, wiring_of

GOLDEN = Path(__file__).parent / "golden"
SVG = "{http://www.w3.org/2000/svg}"
MOST_SHAPES = 500

needs_rasteriser = pytest.mark.skipif(
    find_spec("resvg_py") is None, reason='no resvg_py: pip install "stepgrad[render]"'
)


# ---------------------------------------------------------------------- the models


def hotdog(x=(1, 1, 0)):
    names = ["ketchup", "mustard", "bun"]
    return nn.draw(nn.Perceptron([3, 2, 6], bias=-4), x, inputs=names, outputs=["hot dog"])


def lenet():
    """LeNet-5 of LeCun et al. (1998), as the fourth deck has it."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10),
    )  # fmt: skip


def resnet():
    def convolution(before, after, stride=1):
        return nn.Conv2d(before, after, 3, stride=stride, padding=1)

    return nn.Sequential(
        convolution(3, 8), nn.ReLU(),
        nn.Residual(convolution(8, 8), nn.BatchNorm2d(8), nn.ReLU(), convolution(8, 8)),
        nn.Residual(convolution(8, 16, 2), nn.ReLU(), convolution(16, 16), shortcut=nn.Conv2d(8, 16, 1, stride=2)),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10), nn.Softmax(-1),
    )  # fmt: skip


class Functional(nn.Module):
    """A model whose activations are functions, not modules."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(3, 4), nn.Linear(4, 2)

    def forward(self, x):
        return self.last(autograd.relu(self.first(x)))


class Branches(nn.Module):
    """A model whose third layer does not take what the second gives."""

    def __init__(self):
        super().__init__()
        self.stem, self.left, self.right, self.head = (nn.Linear(3, 3) for _ in range(4))

    def forward(self, x):
        x = self.stem(x)
        return self.head(self.left(x) + self.right(x))


class Scale(nn.Module):
    """A layer that drawings know nothing of."""

    def __init__(self):
        super().__init__()
        self.factor = nn.Parameter(autograd.ones(4))

    def forward(self, x):
        return self.factor * x


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.gru, self.head = nn.Embedding(9, 4), nn.GRU(4, 6, batch_first=True), nn.Linear(6, 9)

    def forward(self, tokens):
        return self.head(self.gru(self.embedding(tokens))[0][:, -1])


LONG = "a name that is much longer than the room that there is for it"

PICTURES = {
    "mlp": lambda: nn.draw(nn.MLP(2, [3, 1], seed=1)),
    "mlp with all": lambda: nn.draw(
        nn.MLP(2, [4, 4, 1], "tanh", seed=1), [1.0, -2.0], inputs=["x", LONG], outputs=[LONG], biases=True
    ),
    "mlp 16": lambda: nn.draw(nn.MLP(2, [16, 16, 1], seed=1), [0.5, 1.25]),
    "layer": lambda: nn.draw(nn.Layer(2, 3, "relu", seed=1), [0.5, 1.25]),
    "deep": lambda: nn.draw(nn.MLP(3, [4] * 30, seed=1), biases=True),
    "wide": lambda: nn.draw(nn.Sequential(nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 10))),
    "keras": lambda: nn.draw(nn.Sequential(nn.Dense(64, "sigmoid", input_shape=(784,)), nn.Dense(10, "softmax"))),
    "functional": lambda: nn.draw(Functional(), [1.0, -1.0, 0.5]),
    "one weight": lambda: nn.draw(nn.Linear(1, 1), [2.0], biases=True),
    "hot dog": hotdog,
    "perceptron": lambda: nn.draw(nn.Perceptron([1.5, -1e-7, 12345678.0], bias=0.25)),
    "neuron": lambda: nn.draw(nn.Neuron(3, "sigmoid", seed=3), [0.5, -1.0, 2.0], inputs=["a", LONG, "c"]),
    "wide neuron": lambda: nn.draw(nn.Neuron(30, seed=3)),
    "lenet": lambda: nn.draw(lenet(), input_shape=(1, 28, 28)),
    "lenet with all": lambda: nn.draw(lenet(), np.linspace(0, 1, 784, dtype="float32").reshape(1, 28, 28)),
    "resnet": lambda: nn.draw(resnet(), input_shape=(3, 16, 16)),
    "many stages": lambda: nn.draw(nn.Sequential(*[nn.Conv2d(2, 2, 3, padding=1)] * 60), input_shape=(2, 6, 8)),
    "signals": lambda: nn.draw(
        nn.Sequential(nn.Conv1d(2, 8, 5), nn.ReLU(), nn.MaxPool1d(2), nn.Flatten(), nn.Linear(384, 3)),
        input_shape=(2, 100),
    ),
    "volumes": lambda: nn.draw(nn.Sequential(nn.Conv3d(1, 4, 3), nn.MaxPool3d(2)), input_shape=(1, 8, 8, 8)),
    "small maps": lambda: nn.draw(
        nn.Sequential(nn.MaxPool3d(25), *[nn.MaxPool3d(1), nn.BatchNorm3d(1)] * 3), input_shape=(1, 25, 25, 25)
    ),
    "long captions": lambda: nn.draw(
        nn.Sequential(nn.MaxPool3d((1, 25, 25)), *[nn.MaxPool3d(1)] * 3), input_shape=(1, 1000, 25, 25)
    ),
    "decoder": lambda: nn.draw(nn.ConvTranspose2d(6, 1, 2, stride=2), input_shape=(6, 14, 14)),
    "unknown": lambda: nn.draw(nn.Sequential(nn.Linear(3, 4), Scale(), nn.Linear(4, 2)), [1.0, 2.0, 3.0]),
    "branches": lambda: nn.draw(Branches(), [1.0, -1.0, 0.5]),
    "recurrent": lambda: nn.draw(Recurrent(), [1, 2, 3]),
    "transformer": lambda: nn.draw(
        nn.Sequential(nn.Embedding(9, 8), nn.TransformerEncoderLayer(8, 2, dim_feedforward=8)), [1, 2, 3]
    ),
    "rnn cell": lambda: nn.draw(nn.RNNCell(3, 4, nonlinearity="relu"), [1.0, 2.0, 3.0]),
    "lstm cell": lambda: nn.draw(nn.LSTMCell(3, 4), [1.0, 2.0, 3.0]),
    "gru cell": lambda: nn.draw(nn.GRUCell(3, 4)),
    "gru cell of the deck": lambda: nn.draw(nn.GRUCell(3, 4, bias=False, reset_after=False), [1.0, 2.0, 3.0]),
    "rnn": lambda: nn.draw(nn.RNN(3, 4)),
    "gru": lambda: nn.draw(nn.GRU(3, 4, num_layers=5), np.zeros((4, 3), "float32")),
    "lstm": lambda: nn.draw(nn.LSTM(3, 4, num_layers=2, bidirectional=True), np.zeros((1000, 3), "float32")),
}

every_picture = pytest.mark.parametrize("name", PICTURES)


@pytest.fixture(autouse=True)
def _the_same_weights_each_time():
    autograd.manual_seed(0)


# ---------------------------------------------------------------------- reading a picture


def read(picture: Picture) -> ET.Element:
    return ET.fromstring(picture.svg())


def titles(picture: Picture, tag: str) -> list[str]:
    """What the shapes of a kind say when they are pointed at."""
    return [title.text or "" for shape in read(picture).iter(SVG + tag) for title in shape.iter(SVG + "title")]


def words(picture: Picture) -> list[str]:
    """The lines of text."""
    return ["".join(text.itertext()) for text in read(picture).iter(SVG + "text")]


def titled(picture: Picture, title: str) -> ET.Element:
    """The one shape whose title begins so."""
    (found,) = [shape for shape in read(picture) if shape.findtext(SVG + "title", "").split(" = ")[0] == title]
    return found


def points(line: ET.Element) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in line.attrib["points"].split())]


class Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Box) -> bool:
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom

    def contains(self, other: Box) -> bool:
        across = self.left <= other.left and other.right <= self.right
        return across and self.top <= other.top and other.bottom <= self.bottom


def text_box(text: ET.Element) -> Box:
    """Where a line of text stands, in the widest font: from its capitals to its descenders."""
    size = float(text.attrib["font-size"])
    width = text_width(text.text or "", size)
    for part in text:
        width += text_width(part.text or "", float(part.attrib.get("font-size", size)))
    width *= 1.1 if text.get("font-weight") == "bold" else 1.0
    left = float(text.attrib["x"]) - width * {"start": 0.0, "middle": 0.5, "end": 1.0}[text.get("text-anchor", "start")]
    baseline = float(text.attrib["y"])
    return Box(left, baseline - 0.74 * size, left + width, baseline + 0.2 * size)


def outline(shape: ET.Element) -> list[tuple[float, float]]:
    """A shape as a chain of points."""
    numbers = {name: float(value) for name, value in shape.attrib.items() if re.fullmatch(r"-?[\d.]+", value)}
    match shape.tag.removeprefix(SVG):
        case "circle":
            x, y, r = numbers["cx"], numbers["cy"], numbers["r"]
            return [(x + r * math.cos(a), y + r * math.sin(a)) for a in np.linspace(0, 2 * math.pi, 49)]
        case "rect" | "image":
            x, y, width, height = (numbers[name] for name in ("x", "y", "width", "height"))
            return [(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)]
        case "polyline":
            return points(shape)
        case "polygon":
            corners = points(shape)
            return [*corners, corners[0]]
        case "path":
            ax, ay, bx, by, cx, cy = map(float, re.findall(r"-?[\d.]+", shape.attrib["d"]))
            steps = np.linspace(0, 1, 33)
            return [
                (
                    (1 - t) ** 2 * ax + 2 * t * (1 - t) * bx + t * t * cx,
                    (1 - t) ** 2 * ay + 2 * t * (1 - t) * by + t * t * cy,
                )
                for t in steps
            ]
    raise AssertionError(f"what is a {shape.tag}?")


def crosses(start: tuple[float, float], end: tuple[float, float], box: Box) -> bool:
    """Whether a segment has a point inside a box (Liang and Barsky 1984)."""
    first, last = 0.0, 1.0
    for a, b, low, high in ((start[0], end[0], box.left, box.right), (start[1], end[1], box.top, box.bottom)):
        if a == b:
            if not low < a < high:
                return False
            continue
        enter, leave = sorted(((low - a) / (b - a), (high - a) / (b - a)))
        first, last = max(first, enter), min(last, leave)
    return first < last


def covers(shape: ET.Element, box: Box) -> bool:
    """Whether a filled shape hides all that is behind the box."""
    if shape.get("fill") in (None, "none"):
        return False
    corners = [(x, y) for x in (box.left, box.right) for y in (box.top, box.bottom)]
    if shape.tag == SVG + "circle":
        x, y, r = (float(shape.attrib[name]) for name in ("cx", "cy", "r"))
        return all(math.hypot(a - x, b - y) <= r for a, b in corners)
    if shape.tag == SVG + "rect":
        places = outline(shape)
        return Box(*places[0], *places[2]).contains(box)
    return False


def clashes(picture: Picture) -> Iterator[str]:
    """Each text that meets another, or a line that nothing hides."""
    shapes = [shape for shape in read(picture) if shape.tag not in (SVG + "title", SVG + "desc")]
    texts = [
        (i, "".join(shape.itertext()), text_box(shape)) for i, shape in enumerate(shapes) if shape.tag == SVG + "text"
    ]
    for (_, one, box), (_, other, second) in combinations(texts, 2):
        if box.overlaps(second):
            yield f"{one!r} meets {other!r}"
    for i, text, box in texts:
        hidden = max((j for j, shape in enumerate(shapes[:i]) if covers(shape, box)), default=-1)
        for j, shape in enumerate(shapes):
            if (
                shape.tag != SVG + "text"
                and j > hidden
                and any(crosses(*ends, box) for ends in pairwise(outline(shape)))
            ):
                yield f"{text!r} meets {shape.tag.removeprefix(SVG)} {shape.findtext(SVG + 'title', '')!r}"


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
    path = GOLDEN / f"neurons_{file}.svg"
    svg = PICTURES[picture]().svg()
    if os.environ.get("GOLDEN") == "write":
        path.write_text(svg, encoding="utf-8")
    assert svg == path.read_text(encoding="utf-8")


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


# ---------------------------------------------------------------------- neurons and edges


def test_every_neuron_and_every_edge_is_there_once():
    model = nn.MLP(2, [3, 1], seed=1)
    picture = nn.draw(model)
    neurons = ["input[0]", "input[1]", *(f"hidden 1[{i}]" for i in range(3)), "output[0]"]
    assert titles(picture, "circle") == neurons
    expected = {
        f"layers.{k}.weight[{i}, {j}] = {weight.data:.4g}"
        for k, layer in enumerate(model.layers)
        for i, neuron in enumerate(layer.neurons)
        for j, weight in enumerate(neuron.w)
    }
    drawn = titles(picture, "polyline")
    assert len(drawn) == len(expected) == 9
    assert set(drawn) == expected


def test_an_edge_joins_the_neurons_of_its_weight():
    picture = nn.draw(nn.Linear(3, 2))
    for i in range(2):
        for j in range(3):
            before, after = titled(picture, f"input[{j}]"), titled(picture, f"output[{i}]")
            (start, end) = points(titled(picture, f"weight[{i}, {j}]"))
            radius = float(before.attrib["r"])
            assert start == (float(before.attrib["cx"]) + radius, float(before.attrib["cy"]))
            assert end == (float(after.attrib["cx"]) - radius, float(after.attrib["cy"]))


def test_width_and_colour_follow_the_weights():
    layer = nn.Linear(3, 1)
    with autograd.no_grad():
        layer.weight.copy_(autograd.tensor([[0.5, -1.0, 0.0]]))
    half, negative, none = (titled(nn.draw(layer), f"weight[0, {j}]").attrib for j in range(3))
    assert float(none["stroke-width"]) < float(half["stroke-width"]) < float(negative["stroke-width"])
    assert len({half["stroke"], negative["stroke"], none["stroke"]}) == 3
    assert "stroke-dasharray" in negative and "stroke-dasharray" not in half


@given(st.floats(-10, 10), st.floats(-10, 10))
def test_a_larger_weight_is_not_drawn_weaker(a, b):
    weak, strong = sorted((a, b), key=abs)
    first, second = edge_style(weak, 10.0), edge_style(strong, 10.0)
    assert first["stroke_width"] <= second["stroke_width"]
    assert first["stroke_opacity"] <= second["stroke_opacity"]
    assert ("stroke_dasharray" in first) == (weak < 0)


def test_weights_that_are_no_numbers_are_seen():
    layer = nn.Linear(2, 1)
    with autograd.no_grad():
        layer.weight.copy_(autograd.tensor([[math.nan, 1.0]]))
    broken, sound = (titled(nn.draw(layer, [1.0, 1.0]), f"weight[0, {j}]").attrib for j in range(2))
    assert broken["stroke"] != sound["stroke"]
    assert float(sound["stroke-width"]) == 3.0


def test_biases_are_drawn_on_request():
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1, bias=False))
    assert not any("bias" in title for title in titles(nn.draw(model), "polyline"))
    drawn = {title for title in titles(nn.draw(model, biases=True), "polyline") if "bias" in title}
    assert drawn == {f"0.bias[{i}] = {bias:.4g}" for i, bias in enumerate(model[0].bias.tolist())}


def test_activations_are_the_models_own():
    model = nn.MLP(2, [4, 1], "tanh", seed=1)
    x = [1.0, -2.0]
    hidden = model.layers[0](x)
    picture = nn.draw(model, x)
    expected = {f"input[{i}] = {brief_number(number)}" for i, number in enumerate(x)}
    expected |= {f"hidden 1[{i}] = {brief_number(value.data)}" for i, value in enumerate(hidden)}
    assert set(titles(picture, "circle")) == expected | {f"output[0] = {brief_number(model(x).data)}"}
    assert {brief_number(value.data) for value in hidden} <= set(words(picture))


def test_activations_are_those_outside_training():
    model = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.9), nn.Linear(4, 1))
    shown = titles(nn.draw(model, [1.0, 2.0, 3.0]), "circle")[-1]
    output = model.eval()(autograd.tensor([1.0, 2.0, 3.0]))
    assert shown == f"output[0] = {brief_number(output.item())}"


def test_an_activation_that_is_no_module_is_seen_all_the_same():
    model = Functional()
    x = autograd.tensor([1.0, -1.0, 0.5])
    hidden = autograd.relu(model.first(x)).tolist()
    assert 0.0 in hidden
    shown = [title for title in titles(nn.draw(model, x), "circle") if title.startswith("first")]
    assert shown == [f"first[{i}] = {brief_number(number)}" for i, number in enumerate(hidden)]


def test_wide_layers_show_their_ends_and_their_size():
    picture = PICTURES["keras"]()
    shown = [title for title in titles(picture, "circle") if title.startswith("input")]
    assert shown == [f"input[{i}]" for i in (0, 1, 2, 3, 780, 781, 782, 783)]
    assert {"784 inputs", "64 neurons", "10 neurons", "sigmoid", "softmax"} <= set(words(picture))


def test_deep_networks_say_how_much_is_left_out():
    picture = PICTURES["deep"]()
    columns = {title.partition("[")[0] for title in titles(picture, "circle") if "[" in title}
    assert f"{31 - len(columns)} more" in words(picture)


@settings(max_examples=20, phases=[Phase.explicit, Phase.reuse, Phase.generate])  # to shrink a picture takes minutes
@given(st.integers(1, 40), st.lists(st.integers(1, 40), min_size=1, max_size=12), st.booleans())
def test_dense_models_of_any_size(inputs, sizes, biases):
    model = nn.MLP(inputs, sizes, seed=0)
    picture = nn.draw(model, [0.5] * inputs, biases=biases)
    assert list(clashes(picture)) == []
    assert len(read(picture)) <= MOST_SHAPES
    drawn = titles(picture, "polyline")
    assert len(drawn) == len(set(drawn))


# ---------------------------------------------------------------------- names


@pytest.mark.parametrize("name", ["<b>bold</b>", "a & b", '"]]>', "&lt;", "</text><script>", "\x00\x1b[31m", "‮ab", ""])
def test_names_are_text(name):
    picture = nn.draw(nn.MLP(1, [1], seed=0), inputs=[name], outputs=["y"])
    plain = titles(nn.draw(nn.MLP(1, [1], seed=0), inputs=["x"], outputs=["y"]), "circle")
    assert titles(picture, "circle") == plain
    assert not list(read(picture).iter(SVG + "script"))
    if name.isprintable():
        assert name in words(picture)


@given(st.text(max_size=30))
def test_any_name_makes_a_picture(name):
    picture = nn.draw(nn.Perceptron([1.0]), inputs=[name], outputs=[name])
    assert list(clashes(picture)) == []


def test_long_names_are_cut():
    assert any(word.endswith("…") for word in words(PICTURES["mlp with all"]()))
    assert text_width(shortened(LONG, 60, 10), 10) <= 60


@given(st.floats())
def test_numbers_are_short(x):
    text = brief_number(x)
    assert len(text) <= 7
    if 0.005 <= abs(x) < 1e308:
        assert float(text) == pytest.approx(x, rel=0.5, abs=0.005)  # two decimals


def test_text_is_measured_with_the_widest_font():
    fonts = pytest.importorskip("fontTools.ttLib", reason="fontTools reads the font, and is not installed")
    matplotlib = find_spec("matplotlib")
    if matplotlib is None or matplotlib.origin is None:
        pytest.skip("matplotlib brings the font, and is not installed")
    file = Path(matplotlib.origin).parent / "mpl-data/fonts/ttf/DejaVuSans.ttf"
    with fonts.TTFont(file) as font:
        names, advances, unit = font.getBestCmap(), font["hmtx"], font["head"].unitsPerEm
        for character in map(chr, [*range(32, 127), *map(ord, "σΣφ−×·⋯⋮→←≤≥±…")]):
            width = advances[names[ord(character)]][0] / unit
            assert width <= text_width(character, 1.0) <= width + 0.08, character


# ---------------------------------------------------------------------- one neuron


@pytest.mark.parametrize(
    ("x", "comparison", "output"), [((1, 1, 0), "5 > 4", 1), ((0, 1, 0), "2 ≤ 4", 0), ((0, 0, 1), "6 > 4", 1)]
)
def test_the_hot_dog_perceptron(x, comparison, output):
    picture = hotdog(x)
    assert {"ketchup", "mustard", "bun", "hot dog", "Σ", "step", "threshold 4", comparison} <= set(words(picture))
    assert titles(picture, "circle")[-1] == f"output = {output}"
    assert {"w[0] = 3", "w[1] = 2", "w[2] = 6"} <= set(titles(picture, "polyline"))


@pytest.mark.parametrize("activation", ["sigmoid", "relu", "tanh", "linear"])
def test_a_neuron_says_its_sum_and_its_output(activation):
    neuron = nn.Neuron(2, activation, seed=0)
    x = [1.0, -1.0]
    total = neuron.w[0].data - neuron.w[1].data + neuron.b.data
    picture = nn.draw(neuron, x)
    assert f"w·x + b = {brief_number(total)}" in words(picture)
    assert titles(picture, "circle")[-1] == f"output = {brief_number(neuron(x).data)}"


# ---------------------------------------------------------------------- feature maps


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


# ---------------------------------------------------------------------- recurrent cells

CELLS = {
    "rnn": lambda **o: nn.RNNCell(3, 4, **o),
    "rnn relu": lambda **o: nn.RNNCell(3, 4, nonlinearity="relu", **o),
    "lstm": lambda **o: nn.LSTMCell(3, 4, **o),
    "gru": lambda **o: nn.GRUCell(3, 4, **o),
    "gru of the deck": lambda **o: nn.GRUCell(3, 4, reset_after=False, **o),
}

every_cell = pytest.mark.parametrize("name", CELLS)


@every_cell
@pytest.mark.parametrize("bias", [True, False])
def test_the_wiring_computes_what_the_cell_computes(name, bias):
    cell = CELLS[name](bias=bias)
    x, h, c = autograd.randn(3), autograd.randn(4), autograd.randn(4)
    results = evaluate(wiring_of(cell), cell, {"x": x, "h": h, "c": c})
    if isinstance(cell, nn.LSTMCell):
        new, memory = cell(x, (h, c))
        np.testing.assert_allclose(results["cell"].detach().numpy(), memory.detach().numpy(), rtol=1e-5, atol=1e-6)
    else:
        new = cell(x, h)
    np.testing.assert_allclose(results["hidden"].detach().numpy(), new.detach().numpy(), rtol=1e-5, atol=1e-6)


def test_the_formulas_are_those_of_the_documentation():
    def plain(text):
        return re.sub(r"\s+", " ", text.translate(str.maketrans("∗−", "*-")))

    documented = plain(f"{nn.GRUCell.__doc__} {nn.LSTMCell.__doc__}")
    for cell in (nn.GRUCell(1, 1), nn.GRUCell(1, 1, reset_after=False), nn.LSTMCell(1, 1)):
        written = formulas(wiring_of(cell))
        for name in {"hidden", "cell", "candidate"} & set(written):
            formula = plain(written[name])
            if not (isinstance(cell, nn.LSTMCell) and name == "candidate"):
                assert formula in documented
    assert formulas(wiring_of(nn.LSTMCell(1, 1)))["candidate"] == "g = tanh(W_g x + b_g + U_g h + c_g)"
    assert formulas(wiring_of(nn.GRUCell(1, 1)), bias=False)["reset"] == "r = σ(W_r x + U_r h)"


@every_cell
def test_every_wire_is_drawn_once_from_part_to_part(name):
    cell = CELLS[name]()
    wiring = wiring_of(cell)
    expected = [f"{source.rpartition(' ')[2]} → {part.name}" for part in wiring.parts for source in part.sources]
    outputs = ["hidden → hidden>", *(["cell → cell>"] if name == "lstm" else [])]
    assert sorted(titles(nn.draw(cell), "polyline")) == sorted(expected + outputs)
    kinds = [part.kind for part in wiring.parts]
    drawn = words(nn.draw(cell))
    assert all(drawn.count(kind) == kinds.count(kind) for kind in kinds)


@every_cell
def test_wires_run_level_or_upright_past_the_parts(name):
    wiring = wiring_of(CELLS[name]())
    diagram = diagram_of(wiring)
    drawn = list(wires(wiring, diagram))
    assert set(diagram.bends) <= {(source, target) for source, target, _ in drawn}
    boxes = {}
    for part in wiring.parts:
        (x, y), (width, height) = diagram.places[part.name], _size(part)
        boxes[part.name] = Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    assert not any(one.overlaps(other) for one, other in combinations(boxes.values(), 2))
    for source, target, corners in drawn:
        for start, end in pairwise(corners):
            assert start[0] == end[0] or start[1] == end[1], f"{source} → {target} is slanted"
            for part, box in boxes.items():
                assert part in (source, target) or not crosses(start, end, box), f"{source} → {target} meets {part}"


@every_cell
def test_wires_share_their_way_only_where_they_are_one(name):
    wiring = wiring_of(CELLS[name]())
    for (source, target, corners), (source2, target2, corners2) in combinations(wires(wiring, diagram_of(wiring)), 2):
        if source == source2 or target == target2 or {source, source2} <= {"x", "h"}:
            continue
        for (a, b), (c, d) in ((one, other) for one in pairwise(corners) for other in pairwise(corners2)):
            for i in (0, 1):
                if a[i] == b[i] == c[i] == d[i]:
                    low, high = (
                        max(min(a[1 - i], b[1 - i]), min(c[1 - i], d[1 - i])),
                        min(max(a[1 - i], b[1 - i]), max(c[1 - i], d[1 - i])),
                    )
                    assert low >= high, f"{source} → {target} and {source2} → {target2}"


def test_every_wiring_has_a_diagram():
    for wiring, diagram in DIAGRAMS:
        assert {part.name for part in wiring.parts} <= set(diagram.places)


def test_a_cell_says_what_its_gates_give():
    cell = nn.LSTMCell(3, 1)
    h, c = cell(autograd.tensor([1.0, 2.0, 3.0]))
    drawn = words(nn.draw(cell, [1.0, 2.0, 3.0]))
    numbers = dict(line.rsplit(" = ", 1) for line in drawn if line.endswith("]"))
    assert float(numbers["h' = o * tanh(c')"].strip("[]")) == pytest.approx(h.item(), rel=1e-3)
    assert float(numbers["c' = f * c + i * g"].strip("[]")) == pytest.approx(c.item(), rel=1e-3)


@pytest.mark.parametrize(
    ("steps", "shown"), [(None, ["x1", "x2", "xT"]), (3, ["x1", "x2", "x3"]), (9, ["x1", "x2", "x3", "x9"])]
)
def test_layers_are_unrolled_in_time(steps, shown):
    layer = nn.GRU(2, 3, num_layers=2, bidirectional=True)
    picture = nn.draw(layer, None if steps is None else np.zeros((steps, 2), "float32"))
    drawn = words(picture)
    assert [word for word in drawn if word.startswith("x")] == shown
    assert drawn.count("GRU") == 4 * len(shown)
    assert {"layer 1 →", "layer 1 ←", "layer 2 →", "layer 2 ←", "2 inputs", "6 outputs"} <= set(drawn)


def test_states_go_forwards_and_backwards():
    root = read(nn.draw(nn.RNN(2, 3, bidirectional=True)))
    forwards, backwards = sorted({float(box.attrib["y"]) for box in root.iter(SVG + "rect")}, reverse=True)
    ends = [(way[0], way[-1]) for way in map(points, root.iter(SVG + "polyline")) if len(way) == 2]
    level = [(start, end) for start, end in ends if start[1] == end[1]]
    assert {end[0] > start[0] for start, end in level if start[1] == forwards + 14} == {True}
    assert {end[0] > start[0] for start, end in level if start[1] == backwards + 14} == {False}


# ---------------------------------------------------------------------- files, errors, the model afterwards


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
