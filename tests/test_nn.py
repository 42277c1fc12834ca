"""Neurons on scalars: Rosenblatt's perceptron, and the neuron, layer and network that gradients train."""

import copy
import math
import pickle
import random
from itertools import product

import numpy as np
import pytest
from hypothesis import given

import autograd
from autograd import Value, backward_lines, no_grad
from autograd.testing import check_gradients
from nn import MLP, Layer, Module, Neuron, Perceptron
from nn.testing import modules

from .arrays import few

BITS = list(product((0, 1), repeat=2))
GATES = {"AND": lambda a, b: a and b, "OR": lambda a, b: a or b, "NAND": lambda a, b: 1 - (a and b)}


def table(function, inputs=2):
    """A truth table: each row of bits with the answer."""
    return [(x, function(*x)) for x in product((0, 1), repeat=inputs)]


def is_hotdog(ketchup, mustard, bun):
    return int(3 * ketchup + 2 * mustard + 6 * bun > 4)


# ---------------------------------------------------------------------- the perceptron


def test_the_decks_hotdog():
    """Deck 1: ketchup 3, mustard 2, bun 6, threshold 4."""
    hotdog = Perceptron([3, 2, 6], bias=-4)
    answers = [hotdog(x) for x in product((0, 1), repeat=3)]
    assert answers == [0, 1, 0, 1, 0, 1, 1, 1]
    assert {type(answer) for answer in answers} == {int}
    assert repr(hotdog) == "Perceptron([3.0, 2.0, 6.0], bias=-4.0)"


def test_a_weighted_sum_at_the_threshold_is_not_above_it():
    assert [Perceptron([1], bias=-1)([x]) for x in (0.5, 1, 1.5)] == [0, 0, 1]


@pytest.mark.parametrize(
    ("weights", "bias", "gate"), [([1, 1], -1.5, "AND"), ([1, 1], -0.5, "OR"), ([-2, -2], 3, "NAND")]
)
def test_gates_with_weights_set_by_hand(weights, bias, gate):
    assert [Perceptron(weights, bias)(x) for x in BITS] == [GATES[gate](*x) for x in BITS]


def test_one_correction():
    """w ← w + rate · (target − output) · x, and nothing where the answer is right."""
    p = Perceptron([1.0, -1.0], bias=0.5)
    assert p.learn([2.0, 3.0], target=1, rate=0.5) is False  # 2 - 3 + 0.5 is not above 0
    assert (p.weights, p.bias) == ([2.0, 0.5], 1.0)
    assert p.learn([2.0, 3.0], target=1) is True
    assert p.learn([-1.0, 4.0], target=0) is False
    assert (p.weights, p.bias) == ([3.0, -3.5], 0.0)


@pytest.mark.parametrize("rate", [1.0, 0.1])
@pytest.mark.parametrize("examples", [*map(table, GATES.values()), table(is_hotdog, 3)], ids=[*GATES, "hot dog"])
def test_what_a_line_separates_is_learnt(examples, rate):
    p = Perceptron([0.0] * len(examples[0][0]))
    epochs = p.fit(examples, rate=rate)
    assert [p(x) for x, _ in examples] == [target for _, target in examples]
    assert 1 < epochs < 100
    assert Perceptron(p.weights, p.bias).fit(examples) == 1


def test_exclusive_or_is_not_learnt():
    """No line separates it: Minsky and Papert (1969)."""
    p = Perceptron([0.0, 0.0])
    assert p.fit(table(lambda a, b: a ^ b), epochs=1000) is None


def test_a_perceptron_refuses_inputs_of_another_length():
    p = Perceptron([1, 2])
    for mistake in (lambda: p([1]), lambda: p.learn([1, 2, 3], 1)):
        with pytest.raises(ValueError, match="lengths 2 and [13]: make them equal"):
            mistake()
    assert (p.weights, p.bias) == ([1.0, 2.0], 0.0)


# ---------------------------------------------------------------------- the neuron


def set_weights(neuron, weights, bias):
    for value, number in zip(neuron.parameters(), [*weights, bias], strict=True):
        value.data = number


def neuron_with(weights, bias, activation="linear"):
    neuron = Neuron(len(weights), activation)
    set_weights(neuron, weights, bias)
    return neuron


def test_a_neuron_is_its_activation_of_the_weighted_sum():
    neuron = neuron_with([2.0, -1.0], 0.5, "tanh")
    x = [Value(0.3), Value(-0.4)]
    y = neuron(x)
    y.backward()
    slope = 1 - math.tanh(1.5) ** 2
    assert y.data == math.tanh(1.5)
    assert [w.grad for w in neuron.w] == pytest.approx([0.3 * slope, -0.4 * slope], rel=1e-15)
    assert [x_i.grad for x_i in x] == pytest.approx([2.0 * slope, -1.0 * slope], rel=1e-15)
    assert neuron.b.grad == pytest.approx(slope, rel=1e-15)


def test_the_weighted_sum_is_one_node():
    y = neuron_with([2.0, -1.0], 0.5, "relu")([1.0, 1.0])
    assert (y.op, y.parents[0].op) == (autograd.relu, autograd.dot)
    z = neuron_with([2.0, -1.0], 0.5)([1.0, 1.0])
    assert (z.op, len(z.parents)) == (autograd.dot, 3)


@pytest.mark.parametrize("name", ["elu", "gelu", "leaky_relu", "linear", "relu", "sigmoid", "silu", "softplus", "tanh"])
@pytest.mark.parametrize("z", [-0.75, 0.75])
def test_activations_by_name(name, z):
    """Alone and in a layer: the row of that name, and its slope."""
    x = Value(z)
    expected = x * 1.0 if name == "linear" else getattr(autograd, name)(x)
    expected.backward()
    neuron, layer = Neuron(1, name), Layer(1, 1, name)
    set_weights(neuron, [1.0], 0.0)
    set_weights(layer, [1.0], 0.0)
    for y, bias in [(neuron([z]), neuron.b), (layer([z])[0], layer.neurons[0].b)]:
        y.backward()
        assert (y.data, bias.grad) == (expected.data, x.grad)


def test_parameters_of_a_neuron_are_its_weights_and_then_its_bias():
    neuron = Neuron(3)
    assert list(map(id, neuron.parameters())) == list(map(id, (*neuron.w, neuron.b)))
    assert neuron.b.data == 0.0
    assert all(-1 <= w.data <= 1 for w in neuron.w)
    assert repr(neuron) == "Neuron(3, 'relu')"


def test_changed_weights_are_used():
    """The vector of weights gathers their numbers anew when one has changed."""
    neuron, layer = neuron_with([1.0], 0.0), Layer(1, 1, "linear", seed=0)
    set_weights(layer, [1.0], 0.0)
    for module in (neuron, layer):
        w, b = module.parameters()
        numbers = [np.ravel(module([3.0]))[0].data]
        w.data = 5.0
        numbers.append(np.ravel(module([3.0]))[0].data)
        b.data -= 0.5
        numbers.append(np.ravel(module([3.0]))[0].data)
        assert numbers == [3.0, 15.0, 14.5]


# ---------------------------------------------------------------------- the layer and the network


def test_a_layer_is_its_neurons_side_by_side():
    """Values and gradients, though the layer shares one vector of inputs among them."""
    layer = Layer(3, 4, "tanh", seed=1)
    alone = [copy.deepcopy(neuron) for neuron in layer.neurons]
    x, x_alone = ([Value(0.5), -1.0, Value(2.0)] for _ in range(2))
    together, apart = layer(x), [neuron(x_alone) for neuron in alone]
    assert [y.data for y in together] == [y.data for y in apart]
    for outputs in (together, apart):
        sum(i * y for i, y in enumerate(outputs, 1)).backward()
    expected = [p.grad for neuron in alone for p in neuron.parameters()]
    assert [p.grad for p in layer.parameters()] == expected
    assert all(expected)
    assert [x[0].grad, x[2].grad] == pytest.approx([x_alone[0].grad, x_alone[2].grad], rel=1e-14)


def test_as_many_parameters_as_micrograds():
    model = MLP(2, [16, 16, 1])
    assert len(model.parameters()) == 337
    assert [len(layer.parameters()) for layer in model.layers] == [48, 272, 17]
    assert len(set(model.parameters())) == 337
    assert (repr(model), repr(model.layers[0])) == ("MLP(2, [16, 16, 1], 'relu')", "Layer(2, 16, 'relu')")


def test_one_output_is_a_value_and_several_are_a_list():
    assert type(MLP(2, [3, 1])([1.0, 2.0])) is Value
    outputs = MLP(2, [3, 2])([1.0, 2.0])
    assert [type(y) for y in outputs] == [Value, Value]


def test_hidden_layers_have_the_activation_and_the_last_is_linear():
    model = MLP(2, [3, 4, 1], "tanh")
    assert [[neuron.activation for neuron in layer.neurons] for layer in model.layers] == [
        ["tanh"] * 3, ["tanh"] * 4, ["linear"],
    ]  # fmt: skip
    assert {neuron.activation for neuron in MLP(2, [2, 1]).layers[0].neurons} == {"relu"}


def test_a_network_by_hand():
    """Two relu neurons and a linear one compute the exclusive or; and its gradients are those of the chain rule."""
    model = MLP(2, [2, 1])
    set_weights(model, [1.0, 1.0, 0.0, 1.0, 1.0, -1.0, 1.0, -2.0], 0.0)
    assert [model(x).data for x in BITS] == [0.0, 1.0, 1.0, 0.0]
    model([1.0, 1.0]).backward()
    assert [p.grad for p in model.parameters()] == [1.0, 1.0, 1.0, -2.0, -2.0, -2.0, 2.0, 1.0, 1.0]


@few
@given(modules())
def test_derivatives_of_networks(example):
    """To second order, by all parameters and inputs."""
    module, inputs = example
    check_gradients(module, *inputs, project=True)


@pytest.mark.parametrize(("module", "sizes"), [(Neuron, (4,)), (Layer, (3, 2)), (MLP, (2, [3, 1]))])
def test_seeds(module, sizes):
    """The same seed, or generator in the same state, gives the same weights; no seed gives others each time."""

    def weights(seed):
        return [p.data for p in module(*sizes, seed=seed).parameters()]

    assert weights(7) == weights(7) == weights(random.Random(7))
    assert weights(7) != weights(8)
    assert weights(None) != weights(None)
    generator = random.Random(7)
    assert weights(generator) != weights(generator)


def test_a_seed_leaves_pythons_own_generator_alone():
    random.seed(5)
    MLP(2, [3, 1], seed=1)
    drawn = random.random()
    random.seed(5)
    assert drawn == random.random()


def test_inputs_may_be_arrays_numbers_and_nodes():
    model = MLP(2, [3, 1], seed=0)
    expected = model([1.0, -2.0]).data
    for x in ([1, -2], (1.0, np.float32(-2)), np.array([1.0, -2.0]), np.array([1, -2]), [Value(1.0), -2]):
        assert model(x).data == expected
    assert model([Value(1.0), Value(-2.0)]).data == expected


def test_a_network_under_no_grad_records_nothing():
    model = MLP(2, [3, 1], seed=0)
    recorded = model([1.0, -2.0])
    with no_grad():
        y = model([1.0, -2.0])
    assert (y.data, y.is_leaf, recorded.is_leaf) == (recorded.data, True, False)


def test_a_network_is_explained():
    model = MLP(2, [2, 1], seed=0)
    model.layers[0].neurons[1].w[0].name = "w"
    y = model([1.0, -2.0])
    assert any(line.startswith("dy/dw += ") for line in backward_lines(y))


def test_a_network_learns_the_exclusive_or():
    """What no perceptron can: squared errors fall below 1 %, and every answer is right."""
    model = MLP(2, [4, 1], "tanh", seed=1)
    losses = []
    for _ in range(300):
        loss = autograd.sum([(model(x) - (x[0] ^ x[1])) ** 2 for x in BITS])
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data -= 0.1 * p.grad
        losses.append(loss.data)
    assert losses[0] > 1
    assert losses[-1] < 0.01
    assert [round(model(x).data) for x in BITS] == [0, 1, 1, 0]


# ---------------------------------------------------------------------- modules


class Residual(Module):
    """A module that holds others in all the ways there are."""

    def __init__(self):
        self.first = Layer(2, 2, "tanh", seed=0)
        self.rest = [Layer(2, 2, seed=1), Neuron(2, seed=2)]
        self.pair = (Neuron(2, seed=3), "no module")
        self.label = "no module either"

    def __call__(self, x):
        hidden = [a + b for a, b in zip(self.first(x), self.rest[0](x), strict=True)]
        return self.rest[1](hidden) + self.pair[0](hidden)


def test_a_module_has_the_parameters_of_its_children():
    module = Residual()
    children = [module.first, *module.rest, module.pair[0]]
    assert list(module.children()) == children
    assert list(map(id, module.parameters())) == [id(p) for child in children for p in child.parameters()]


def test_a_shared_child_is_counted_once():
    """Tied weights: an optimizer that met a parameter twice would take two steps."""
    module = Residual()
    count = len(module.parameters())
    module.again = module.first
    assert len(module.parameters()) == count


def test_zero_grad_of_a_module():
    module = Residual()
    module([1.0, -2.0]).backward()
    assert any(p.grad for p in module.parameters())
    module.zero_grad()
    assert {p.grad for p in module.parameters()} == {0.0}


def test_a_module_must_say_what_it_computes():
    class Nothing(Module):
        pass

    assert Nothing().parameters() == []
    with pytest.raises(NotImplementedError, match=r"Nothing: a module must define forward\(self, x\)"):
        Nothing()([1.0])


def pickled(model):
    return pickle.loads(pickle.dumps(model))


@pytest.mark.parametrize("copied", [copy.deepcopy, pickled])
@pytest.mark.parametrize(("module", "sizes"), [(Neuron, (2,)), (Layer, (2, 3)), (MLP, (2, [3, 1])), (Residual, ())])
def test_a_copy_of_a_model_computes_the_same_and_trains_alone(module, sizes, copied):
    model, x = module(*sizes), [0.5, -1.0]
    twin = copied(model)
    outputs = [np.ravel(m(x)) for m in (model, twin)]
    assert [y.data for y in outputs[0]] == [y.data for y in outputs[1]]
    sum(outputs[1]).backward()
    gradients = [p.grad for p in twin.parameters()]
    assert {p.grad for p in model.parameters()} == {0.0}
    sum(outputs[0]).backward()
    assert gradients == [p.grad for p in model.parameters()]
    for p in twin.parameters():
        p.data = 0.0
    assert [y.data for y in np.ravel(model(x))] == [y.data for y in outputs[0]]
    assert [y.data for y in np.ravel(twin(x))] == [0.0] * len(outputs[0])


# ---------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("mistake", "error", "told"),
    [
        (lambda: Neuron(0), ValueError, ["inputs: ", "positive whole number", "0"]),
        (lambda: Neuron(-1), ValueError, ["inputs: ", "positive whole number", "-1"]),
        (lambda: Neuron(2.0), ValueError, ["inputs: ", "positive whole number", "2.0"]),
        (lambda: Neuron("2"), ValueError, ["inputs: ", "positive whole number", "'2'"]),
        (lambda: Layer(2, 0), ValueError, ["outputs: ", "positive whole number", "0"]),
        (lambda: MLP(2, []), ValueError, ["MLP: ", "sizes is empty", "[16, 16, 1]"]),
        (lambda: MLP(2, 16), TypeError, ["MLP: ", "sizes", "16", "[16, 16, 1]"]),
        (lambda: MLP(2, [3, 0]), ValueError, ["positive whole number", "0"]),
        (lambda: MLP(2, [3, "1"]), ValueError, ["positive whole number", "'1'"]),
        (lambda: MLP(0, [3, 1]), ValueError, ["inputs: ", "positive whole number", "0"]),
        (lambda: Neuron(2, "rleu"), ValueError, ["activation: ", "'rleu'", "elu, gelu,", "relu", "tanh"]),
        (lambda: Layer(2, 3, "rleu"), ValueError, ["activation: ", "'rleu'", "relu"]),
        (lambda: MLP(2, [3, 1], "rleu"), ValueError, ["activation: ", "'rleu'", "relu"]),
        (lambda: MLP(2, [1], "rleu"), ValueError, ["activation: ", "'rleu'", "relu"]),
        (lambda: Neuron(2, None), ValueError, ["activation: ", "None", "relu"]),
        (lambda: Neuron(2)([1.0]), ValueError, ["Neuron: ", "2 inputs", "got 1"]),
        (lambda: Layer(2, 3)([1.0, 2.0, 3.0]), ValueError, ["Layer: ", "2 inputs", "got 3"]),
        (lambda: MLP(2, [3, 1])([1.0, 2.0, 3.0]), ValueError, ["2 inputs", "got 3"]),
        (lambda: Neuron(1)(5.0), TypeError, ["Neuron: ", "5.0", "[5.0]"]),
        (lambda: MLP(1, [3, 1])(Value(5.0)), TypeError, ["5.0"]),
        (lambda: Neuron(2)(["a", 1.0]), TypeError, ["'a'", "str", "float('a')"]),
        (lambda: MLP(2, [3, 1])([None, 1.0]), TypeError, ["None", "real number"]),
        (lambda: MLP(2, [3, 1])(np.ones((2, 2))), TypeError, ["array([1., 1.])", "real number"]),
    ],
)
def test_mistakes_are_explained(mistake, error, told):
    with pytest.raises(error) as caught:
        mistake()
    message = str(caught.value)
    assert [part for part in told if part not in message] == [], message
    assert "\n" not in message
