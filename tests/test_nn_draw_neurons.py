"""Pictures of neurons and of dense layers: every edge is a weight, every number the model's own."""

import math

import pytest
from hypothesis import Phase, given, settings, strategies as st

import autograd
import nn
from nn.draw.ink import brief_number, edge_style

from .nn_pictures import MOST_SHAPES, PICTURES, Functional, hotdog
from .svg_shapes import clashes, points, read, titled, titles, words

pytestmark = pytest.mark.usefixtures("seeded")


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


# ---------------------------------------------------------------------- activations


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


# ---------------------------------------------------------------------- sizes


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
