"""Networks in compiled programs: on numbers that the trace never saw."""

import copy

import numpy as np
import pytest

import autograd
import nn
from autograd import hessian, jit, no_grad, tensor, value_and_grad
from autograd.trees import leaves
from nn import functional_call
from nn.functional import cross_entropy, nll_loss, one_hot, scaled_dot_product_attention

from .nn_cases import (
    CASES,
    EVERY,
    IMAGES,
    NOT_COMPILED,
    Adapted,
    Case,
    also,
    below,
    normal,
    with_lengths,
)
from .nn_parity import assert_close


def test_every_module_of_nn_is_tried():
    exported = {name: getattr(nn, name) for name in nn.__all__}
    modules = {name for name, kind in exported.items() if isinstance(kind, type) and issubclass(kind, nn.Module)}
    assert modules == CASES.keys() | NOT_COMPILED.keys()
    assert not CASES.keys() & NOT_COMPILED.keys()
    for name, cases in CASES.items():
        assert all(exported[name] in map(type, case.module().modules()) for case in cases), name


# ---------------------------------------------------------------------- what every one must satisfy


def made(case, dtype="float64"):
    """The module, with parameters that are neither 0 nor 1."""
    module = case.module().to(dtype)
    load(module, np.random.default_rng(1))
    return module


def tensors(arrays):
    return [tensor(x) for x in arrays]


def load(module, rng):
    """Other numbers from elsewhere; those of a variance are not negative."""
    state = {name: rng.uniform(0.5, 1.5, x.shape) for name, x in module.state_dict().items()}
    module.load_state_dict(state)


def learn(module, rng):
    """A step against some gradient."""
    if not module.parameters():
        return
    for p in module.parameters():
        p.grad = rng.standard_normal(p.shape)
    nn.optim.SGD(module.parameters(), lr=0.1).step()


def replace(module, rng):
    """Other arrays in the same tensors."""
    for p in (*module.parameters(), *module.buffers()):
        p.data = rng.uniform(0.5, 1.5, p.shape).astype(p.dtype)


def assert_same(found, expected, dtype="float64"):
    found, expected = leaves(found), leaves(expected)
    assert len(found) == len(expected)
    for i, (y, value) in enumerate(zip(found, expected, strict=True)):
        assert_close(y.detach().numpy(), value.detach().numpy(), dtype, f"output {i}")


def weighed(y):
    """One number that depends on every output, each in another way."""
    total = 0.0
    for part in leaves(y):
        weights = np.cos(np.arange(part.size)).reshape(part.shape).astype(part.dtype)
        total = total + (part * part).sum() + (part * weights).sum()
    return total


@pytest.mark.parametrize("case", EVERY)
def test_inference(case):
    """The program reads the parameters as they are at the call, whoever changed them."""
    module, rng = made(case), np.random.default_rng(2)
    traces = []

    def forward(*inputs):
        traces.append(inputs)
        return module(*inputs)

    compiled = jit(forward)
    with no_grad():
        compiled(*tensors(case.inputs(rng)))
        for change in (None, learn, load):
            if change:
                change(module, rng)
            x = tensors(case.inputs(rng))
            assert_same(compiled(*x), module(*x))
        assert len(traces) == 1
        replace(module, rng)
        x = tensors(case.inputs(rng))
        assert_same(compiled(*x), module(*x))


@pytest.mark.parametrize("case", EVERY)
def test_gradients(case):
    """By the parameters and by the inputs, as `backward()` gives them."""
    module, rng = made(case), np.random.default_rng(3)
    floating = [x.dtype.kind == "f" for x in case.inputs(rng)]

    def loss(parameters, inputs, others):
        inputs, others = iter(inputs), iter(others)
        given = tuple([next(inputs) if is_floating else next(others) for is_floating in floating])
        return weighed(functional_call(module, parameters, given))

    def parted(x):
        """What is differentiated by, and the rest."""
        return [a for a, yes in zip(x, floating, strict=True) if yes], [
            a for a, yes in zip(x, floating, strict=True) if not yes
        ]

    step = jit(value_and_grad(loss, argnums=(0, 1)))
    with no_grad():
        step(dict(module.named_parameters()), *parted(tensors(case.inputs(rng))))
        learn(module, rng)
    x = tensors(case.inputs(rng))
    with no_grad():
        value, (by_parameters, by_inputs) = step(dict(module.named_parameters()), *parted(x))

    module.zero_grad()
    for leaf in parted(x)[0]:
        leaf.requires_grad_()
    expected = weighed(module(*x))
    if expected.requires_grad:
        expected.backward()
    assert_same(value, expected)
    assert list(by_parameters) == [name for name, _ in module.named_parameters()]
    pairs = [*zip(by_parameters.values(), module.parameters(), strict=True), *zip(by_inputs, parted(x)[0], strict=True)]
    for gradient, leaf in pairs:
        assert_same(gradient, autograd.zeros_like(leaf) if leaf.grad is None else leaf.grad)
    assert all(parameter.grad is not None for parameter in module.parameters())


def test_second_derivatives_of_a_recurrent_network():
    layer = nn.LSTM(1, 1).double()

    def loss(parameters, x):
        return weighed(functional_call(layer, parameters, x))

    inputs = np.random.default_rng(0).standard_normal((2, 3, 1, 1))
    compiled, plain = jit(hessian(loss)), hessian(loss)
    with no_grad():
        parameters = {"weight_hh_l0": layer.weight_hh_l0.detach()}
        compiled(parameters, tensor(inputs[0]))
        found, expected = (f(parameters, tensor(inputs[1])) for f in (compiled, plain))
    assert_same(found, expected)
    assert expected["weight_hh_l0"]["weight_hh_l0"].shape == (4, 1, 4, 1)


# ---------------------------------------------------------------------- training


class Classifier(nn.Module):
    """Words to the scores of two classes."""

    def __init__(self, layer):
        super().__init__()
        self.words = nn.Embedding(7, 4)
        self.layer = layer
        self.scores = nn.Linear(4, 2)

    def forward(self, x):
        y = self.layer(self.words(x))
        return self.scores(y[0][-1] if isinstance(y, tuple) else y.mean(0))


def lenet5():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.Tanh(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10),
    )  # fmt: skip


MODELS = {
    "MLP": Case(
        lambda: nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.LayerNorm(8), nn.Linear(8, 3)),
        also(normal((5, 4)), below(3, 5)),
    ),
    "LeNet-5": Case(lenet5, also(normal((3, 1, 28, 28)), below(10, 3))),
    "LSTM": Case(lambda: Classifier(nn.LSTM(4, 4)), also(below(7, 6, 5), below(2, 5))),
    "transformer": Case(
        lambda: Classifier(nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0)), also(below(7, 6, 5), below(2, 5))
    ),
}

OPTIMIZERS = {
    "SGD": lambda parameters: nn.optim.SGD(parameters, lr=0.1, momentum=0.9),
    "Adam": lambda parameters: nn.optim.Adam(parameters, lr=0.01),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("model", MODELS)
def test_training(model, optimizer, dtype):
    """Compiled gradients lead to the same parameters, step by step, and the function runs but once."""
    autograd.manual_seed(0)
    case, rng, traces = MODELS[model], np.random.default_rng(0), []
    plain = case.module().to(dtype)
    compiled = copy.deepcopy(plain)

    def loss(parameters, x, y):
        traces.append(x)
        return cross_entropy(functional_call(compiled, parameters, x), y)

    step = jit(value_and_grad(loss))
    ours, theirs = OPTIMIZERS[optimizer](compiled.parameters()), OPTIMIZERS[optimizer](plain.parameters())
    for _ in range(4):
        x, y = (tensor(a.astype(dtype) if a.dtype.kind == "f" else a) for a in case.inputs(rng))
        with no_grad():
            value, gradients = step(dict(compiled.named_parameters()), x, y)
        for name, parameter in compiled.named_parameters():
            parameter.grad = gradients[name]
        ours.step()
        theirs.zero_grad()
        expected = cross_entropy(plain(x), y)
        expected.backward()
        theirs.step()
        assert_same(value, expected, dtype)
        assert_same(dict(compiled.named_parameters()), dict(plain.named_parameters()), dtype)
    assert len(traces) == 1


def test_running_statistics_as_arguments():
    """In training they are changed, as those of the module would be: a program may change its arguments."""
    model, rng = nn.BatchNorm2d(3).double(), np.random.default_rng(0)
    plain = copy.deepcopy(model)
    buffers = {name: x.clone() for name, x in model.named_buffers()}
    step = jit(lambda buffers, x: functional_call(model, buffers, x))
    with no_grad():
        for _ in range(3):
            x = tensor(rng.standard_normal((4, 3, 2, 2)))
            assert_same(step(buffers, x), plain(x))
            assert_same(buffers, dict(plain.named_buffers()))
    assert model.num_batches_tracked.item() == 0 and not model.running_mean.any()


# ---------------------------------------------------------------------- what needs the numbers

IN_TRAINING = {
    "BatchNorm1d": Case(lambda: nn.BatchNorm1d(4), normal((3, 4))),
    "BatchNorm2d": Case(lambda: nn.BatchNorm2d(4), normal(IMAGES[2])),
    "BatchNorm3d": Case(lambda: nn.BatchNorm3d(4, momentum=None), normal(IMAGES[3])),
    "Dropout": Case(nn.Dropout, normal((3, 4))),
    "Dropout1d": Case(nn.Dropout1d, normal(IMAGES[1])),
    "Dropout2d": Case(nn.Dropout2d, normal(IMAGES[2])),
    "Dropout3d": Case(nn.Dropout3d, normal(IMAGES[3])),
    "GRU": Case(lambda: nn.GRU(3, 4, 2, dropout=0.5), normal((5, 2, 3))),
    "LSTM": Case(lambda: nn.LSTM(3, 4, 2, dropout=0.5), normal((5, 2, 3))),
    "RNN": Case(lambda: nn.RNN(3, 4, 2, dropout=0.5), normal((5, 2, 3))),
    "MultiheadAttention": Case(lambda: nn.MultiheadAttention(4, 2, dropout=0.5), normal(*[(3, 2, 4)] * 3)),
    "TransformerEncoderLayer": Case(lambda: nn.TransformerEncoderLayer(4, 2, 8), normal((3, 2, 4))),
}


@pytest.mark.parametrize("name", IN_TRAINING)
def test_training_that_changes_the_module_or_draws_is_refused(name):
    module, inputs = made(IN_TRAINING[name]), IN_TRAINING[name].inputs
    before = {path: x.numpy().copy() for path, x in module.state_dict().items()}
    drawn = autograd.get_rng_state()
    x = tensors(inputs(np.random.default_rng(0)))
    with no_grad(), pytest.raises(TypeError, match="^jit: "):
        jit(module)(*x)
    assert all(np.array_equal(before[path], y.numpy()) for path, y in module.state_dict().items())
    assert autograd.get_rng_state() == drawn
    with no_grad():
        assert_same(jit(module.eval())(*x), module(*x))


@pytest.mark.parametrize(
    ("function", "argument"),
    [
        (one_hot, tensor([2, 0])),
        (lambda lengths: nn.pack_padded_sequence(autograd.ones(3, 2, 4), lengths).data, tensor([2, 3])),
    ],
    ids=["one_hot without num_classes", "pack_padded_sequence"],
)
def test_shapes_that_depend_on_numbers_are_refused(function, argument):
    with pytest.raises(TypeError, match="^jit: "):
        jit(function)(argument)


MISTAKES = {
    "an index": (nn.Embedding(3, 2), [[0, 2]], [[0, 3]], IndexError, "embedding: index 3 is out of range"),
    "a negative index": (nn.Embedding(3, 2), [[0, 2]], [[0, -1]], IndexError, "embedding: index -1 is out of range"),
    "a class to encode": (lambda x: one_hot(x, 2), [[1]], [[2]], IndexError, "one_hot: class 2"),
    "a class": (cross_entropy, [np.eye(2), [0, 1]], [np.eye(2), [0, 2]], IndexError, "cross_entropy: class 2"),
    "a class that should not count": (
        cross_entropy, [np.eye(2), [0, 1]], [np.eye(2), [0, -100]], IndexError, "cross_entropy: class -100",
    ),
    "a likely class": (nll_loss, [np.eye(2), [0, 1]], [np.eye(2), [0, -1]], IndexError, "nll_loss: class -1"),
    "no probability": (nn.BCELoss(), [[0.5], [1.0]], [[1.5], [1.0]], ValueError, "inputs must be probabilities"),
    "no sign": (nn.HingeLoss(), [[0.5], [1.0]], [[0.5], [0.0]], ValueError, "targets must be -1 or 1"),
    "a length": (
        Adapted(nn.GRU(1, 2), with_lengths),
        [np.ones((2, 1, 1)), [2]], [np.ones((2, 1, 1)), [3]], ValueError, "lengths must be from 1 to 2",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_numbers_are_checked_at_every_call(name):
    function, good, bad, error, message = MISTAKES[name]
    right, wrong = ([tensor(x.tolist()) for x in map(np.asarray, given)] for given in (good, bad))
    traces = []

    def traced(*inputs):
        traces.append(inputs)
        return function(*inputs)

    compiled = jit(traced)
    with no_grad():
        compiled(*right)
        with pytest.raises(error, match=message):
            compiled(*wrong)
    assert len(traces) == 1


def test_classes_that_do_not_count():
    """If they are named, or there is one when the program is traced, none of them counts later on."""
    scores = tensor(np.random.default_rng(0).standard_normal((3, 4)))
    for ignored, first, second in ((-1, [0, 1, 2], [3, -1, 0]), (-100, [0, -100, 2], [-100, 3, 1])):
        compiled = jit(lambda x, y, ignored=ignored: cross_entropy(x, y, ignore_index=ignored))
        compiled(scores, tensor(first))
        expected = cross_entropy(scores, tensor(second), ignore_index=ignored)
        assert_same(compiled(scores, tensor(second)), expected)


def test_masks_of_attention_are_read_anew():
    x = tensor(np.random.default_rng(0).standard_normal((3, 4)))
    compiled = jit(lambda x, seen: scaled_dot_product_attention(x, x, x, seen))
    for seen in (np.tri(3, dtype=bool), np.eye(3, dtype=bool)):
        assert_same(compiled(x, tensor(seen)), scaled_dot_product_attention(x, x, x, tensor(seen)))
