"""Networks as functions of their parameters, and in compiled programs: on numbers that the trace never saw."""

import copy
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

import autograd
import nn
from autograd import grad, hessian, jit, jvp, no_grad, tensor, value_and_grad, vjp
from autograd.trees import leaves
from nn import functional_call
from nn.functional import cross_entropy, mse_loss, nll_loss, one_hot, scaled_dot_product_attention

from .nn_parity import assert_close

# ---------------------------------------------------------------------- a module of every class


class Adapted(nn.Module):
    """A module that is called in another way."""

    def __init__(self, inner, call):
        super().__init__()
        self.inner = inner
        self.call = call

    def forward(self, *inputs):
        return self.call(self.inner, *inputs)


class Case(NamedTuple):
    """A module, and arrays to call it with, others each time."""

    module: Callable[[], nn.Module]
    inputs: Callable[[np.random.Generator], tuple[Any, ...]]


def normal(*shapes):
    return lambda rng: tuple(rng.standard_normal(shape) for shape in shapes)


def chances(*shapes):
    """Probabilities."""
    return lambda rng: tuple(rng.uniform(0.05, 0.95, shape) for shape in shapes)


def below(n, *shape):
    """Indices."""
    return lambda rng: (rng.integers(0, n, shape),)


def signs(*shape):
    return lambda rng: (rng.choice((-1.0, 1.0), shape),)


def also(*parts):
    """Several of them, one after the other."""
    return lambda rng: tuple(x for part in parts for x in part(rng))


def mask(*shape):
    """True in some places, but nowhere along a whole row."""
    return lambda rng: ((rng.random(shape) < 0.5) & (np.arange(shape[-1]) > 0),)


def lengths(rng):
    return (rng.permutation(4) + 1,)


IMAGES = {1: (2, 4, 7), 2: (2, 4, 6, 7), 3: (2, 4, 5, 4, 6)}
POOLS = ("Avg", "Max", "Sum")
WITH_BATCH = {1: (5, 4), 2: IMAGES[2], 3: IMAGES[3]}


def layer(name, *settings, **options):
    """A module of nn by its name."""
    return lambda: getattr(nn, name)(*settings, **options)


def used(name, *settings, **options):
    """The same as after training."""
    return lambda: layer(name, *settings, **options)().eval()


ELEMENTWISE = """
    CELU ELU GELU GLU SELU Hardsigmoid Hardswish Hardtanh LeakyReLU LogSigmoid Mish PReLU ReLU ReLU6 Sigmoid SiLU
    Softplus Softsign Tanh Tanhshrink Identity
"""

CASES: dict[str, list[Case]] = {name: [Case(layer(name), normal((3, 4)))] for name in ELEMENTWISE.split()}
CASES |= {name: [Case(layer(name, dim=-1), normal((3, 4)))] for name in ("LogSoftmax", "Softmax", "Softmin")}
for _d, _shape in IMAGES.items():
    CASES |= {
        name: [
            Case(layer(name, 4, 2, 3), normal(_shape)),
            Case(layer(name, 4, 6, 2, 2, 1, groups=2, bias=False), normal(_shape)),
        ]
        for name in (f"Conv{_d}d", f"ConvTranspose{_d}d")
    }
    CASES |= {f"{kind}Pool{_d}d": [Case(layer(f"{kind}Pool{_d}d", 2, 1), normal(_shape))] for kind in POOLS}
    CASES |= {
        f"Adaptive{kind}Pool{_d}d": [Case(layer(f"Adaptive{kind}Pool{_d}d", 3), normal(_shape))]
        for kind in ("Avg", "Max")
    }
    CASES[f"BatchNorm{_d}d"] = [
        Case(used(f"BatchNorm{_d}d", 4), normal(WITH_BATCH[_d])),
        Case(layer(f"BatchNorm{_d}d", 4, track_running_stats=False), normal(WITH_BATCH[_d])),
    ]
    CASES[f"Dropout{_d}d"] = [Case(used(f"Dropout{_d}d"), normal(_shape))]
CASES |= {f"{kind}Pool": [Case(layer(f"{kind}Pool", (2, 2)), normal(IMAGES[2]))] for kind in POOLS}
CASES |= {
    "Linear": [Case(lambda: nn.Linear(4, 3), normal((5, 4)))],
    "Bilinear": [Case(lambda: nn.Bilinear(4, 3, 2), normal((5, 4), (5, 3)))],
    "Dense": [Case(lambda: nn.Dense(3, "tanh", input_shape=(4,)), normal((5, 4)))],
    "Flatten": [Case(nn.Flatten, normal((5, 4, 2)))],
    "Unflatten": [Case(lambda: nn.Unflatten(1, (2, 2)), normal((5, 4)))],
    "Conv": [Case(lambda: nn.Conv(4, 2, (3, 3)), normal(IMAGES[2]))],
    "Dropout": [Case(lambda: nn.Dropout().eval(), normal((3, 4))), Case(lambda: nn.Dropout(0.0), normal((3, 4)))],
    "LayerNorm": [Case(lambda: nn.LayerNorm((3, 4)), normal((2, 3, 4)))],
    "GroupNorm": [Case(lambda: nn.GroupNorm(2, 4), normal((2, 4, 3)))],
    "Embedding": [
        Case(lambda: nn.Embedding(5, 3), below(5, 2, 4)),
        Case(lambda: nn.Embedding(5, 3, padding_idx=1), below(5, 2, 4)),
    ],
    "Residual": [Case(lambda: nn.Residual(nn.Linear(4, 4)), normal((2, 4)))],
    "Sequential": [Case(lambda: nn.Sequential(nn.Linear(4, 3), nn.ReLU()), normal((2, 4)))],
    "MSELoss": [
        Case(nn.MSELoss, normal((3, 2), (3, 2))),
        Case(lambda: nn.MSELoss("half_batchmean"), normal((3, 2), (3, 2))),
    ],
    "L1Loss": [Case(nn.L1Loss, normal((3, 2), (3, 2)))],
    "HuberLoss": [Case(lambda: nn.HuberLoss(delta=0.5), normal((3, 2), (3, 2)))],
    "SmoothL1Loss": [Case(lambda: nn.SmoothL1Loss(beta=0.5), normal((3, 2), (3, 2)))],
    "BCELoss": [
        Case(nn.BCELoss, chances((3, 2), (3, 2))),
        Case(lambda: nn.BCELoss(weight=tensor([0.5, 2.0]), reduction="sum"), chances((3, 2), (3, 2))),
    ],
    "BCEWithLogitsLoss": [
        Case(nn.BCEWithLogitsLoss, also(normal((3, 2)), chances((3, 2)))),
        Case(lambda: nn.BCEWithLogitsLoss(pos_weight=tensor([0.5, 2.0])), also(normal((3, 2)), chances((3, 2)))),
    ],
    "CrossEntropyLoss": [
        Case(lambda options=options: nn.CrossEntropyLoss(**options), also(normal(scores), target))
        for options in (
            {}, {"reduction": "none"}, {"ignore_index": 2}, {"ignore_index": -1}, {"weight": tensor([0.5, 1.0, 2.0])},
            {"label_smoothing": 0.1, "ignore_index": 0, "weight": tensor([0.5, 1.0, 2.0])},
        )
        for scores, target in (((6, 3), below(3, 6)), ((4, 3, 5), below(3, 4, 5)), ((3,), below(3)))
    ] + [Case(nn.CrossEntropyLoss, also(normal((4, 3)), chances((4, 3))))],
    "NLLLoss": [
        Case(nn.NLLLoss, also(normal((6, 3)), below(3, 6))),
        Case(lambda: nn.NLLLoss(weight=tensor([0.5, 1.0, 2.0])), also(normal((6, 3)), below(3, 6))),
    ],
    "KLDivLoss": [Case(lambda: nn.KLDivLoss("batchmean"), also(normal((3, 2)), chances((3, 2))))],
    "HingeLoss": [Case(nn.HingeLoss, also(normal((3, 2)), signs(3, 2)))],
    "HingeEmbeddingLoss": [Case(nn.HingeEmbeddingLoss, also(normal((3, 2)), signs(3, 2)))],
    "MultiheadAttention": [
        Case(lambda: nn.MultiheadAttention(4, 2, kdim=3, vdim=2), normal((3, 2, 4), (5, 2, 3), (5, 2, 2))),
        Case(
            lambda: Adapted(nn.MultiheadAttention(4, 2), lambda layer, x: layer(x, x, x, is_causal=True)),
            normal((3, 2, 4)),
        ),
        Case(
            lambda: Adapted(
                nn.MultiheadAttention(4, 2, batch_first=True),
                lambda layer, x, hidden, added: layer(x, x, x, key_padding_mask=hidden, attn_mask=added),
            ),
            also(normal((2, 3, 4)), mask(2, 3), normal((3, 3))),
        ),
    ],
    "TransformerEncoderLayer": [
        Case(lambda: nn.TransformerEncoderLayer(4, 2, 8).eval(), normal((3, 2, 4))),
        Case(
            lambda: nn.TransformerEncoderLayer(4, 2, 8, 0.0, "gelu", norm_first=True),
            also(normal((3, 2, 4)), mask(3, 3)),
        ),
    ],
    "TransformerEncoder": [
        Case(lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8), 2).eval(), normal((3, 2, 4)))
    ],
}  # fmt: skip


def with_lengths(layer, x, lengths):
    return layer(x, lengths=lengths)


def packed(layer, x, lengths):
    return layer(nn.PackedSequence(x, lengths))[0].data


def recurrent(name, **options):
    """As one operation and, with most options, step by step; several layers, directions and lengths."""
    return [
        Case(layer(name, 3, 5), normal((6, 4, 3))),
        Case(layer(name, 3, 5, bias=False, **options), normal((6, 4, 3))),
        Case(layer(name, 3, 5, 2, batch_first=True, bidirectional=True), normal((4, 6, 3))),
        Case(lambda: Adapted(layer(name, 3, 5, bidirectional=True)(), with_lengths), also(normal((6, 4, 3)), lengths)),
        Case(lambda: Adapted(layer(name, 3, 5)(), packed), also(normal((6, 4, 3)), lengths)),
    ]


CASES |= {
    "RNN": recurrent("RNN", nonlinearity="relu"),
    "LSTM": recurrent("LSTM"),
    "GRU": recurrent("GRU", reset_after=False),
    "RNNCell": [Case(layer("RNNCell", 3, 5), normal((4, 3)))],
    "LSTMCell": [
        Case(layer("LSTMCell", 3, 5), normal((4, 3))),
        Case(
            lambda: Adapted(nn.LSTMCell(3, 5), lambda cell, x, *state: cell(x, state)), normal((4, 3), (4, 5), (4, 5))
        ),
    ],
    "GRUCell": [Case(layer("GRUCell", 3, 5, reset_after=form), normal((4, 3))) for form in (True, False)],
}

NOT_COMPILED = {
    "MLP": "a network of Values, which are numbers and not arrays",
    "Layer": "the same",
    "Model": "what Sequential inherits",
    "Module": "what all inherit",
    "ModuleDict": "a container without forward",
    "ModuleList": "the same",
    "Neuron": "of Values",
}

EVERY = [pytest.param(case, id=f"{name}-{i}") for name, cases in CASES.items() for i, case in enumerate(cases)]


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


# ---------------------------------------------------------------------- functions of their parameters


class Tied(nn.Module):
    """Two layers with one matrix, a scale in a list, and a buffer."""

    def __init__(self):
        super().__init__()
        self.one = nn.Linear(3, 3)
        self.two = nn.Linear(3, 3, bias=False)
        self.two.weight = self.one.weight
        self.scales = [nn.Parameter(autograd.ones(3)), nn.Parameter(autograd.ones(()))]
        self.register_buffer("shift", autograd.zeros(3))

    def forward(self, x, factor=1.0):
        return (self.two(self.one(x)) * self.scales[0] * self.scales[1] + self.shift) * factor


def everything(model):
    """Whatever tensors a module holds, and the lists that hold them."""
    held = [(module, name, value) for module in model.modules() for name, value in vars(module).items()]
    return [(id(m), name, id(value)) for m, name, value in held], [id(x) for x in model.scales]


@pytest.fixture
def model():
    autograd.manual_seed(1)
    return Tied().double()


X = tensor(np.random.default_rng(5).standard_normal((2, 3)))


def others(model, rng=None):
    rng = rng or np.random.default_rng(7)
    named = (*model.named_parameters(), *model.named_buffers())
    return {name: tensor(rng.standard_normal(x.shape)) for name, x in named}


def test_functional_call_is_the_module_with_these_tensors(model):
    before, given = everything(model), others(model)
    loaded = copy.deepcopy(model)
    loaded.load_state_dict(given, strict=False)
    assert_same(functional_call(model, given, X), loaded(X))
    assert_same(functional_call(model, given, (X,), {"factor": 2.0}), loaded(X, factor=2.0))
    assert everything(model) == before
    some = {"one.bias": given["one.bias"]}
    assert not np.allclose(functional_call(model, some, X).numpy(force=True), model(X).numpy(force=True))
    assert_same(functional_call(model, {}, X), model(X))
    assert_same(functional_call(model, {name: x.numpy() for name, x in given.items()}, X), loaded(X))


def test_functional_call_takes_several_dictionaries(model):
    given = others(model)
    parts = {"shift": given["shift"]}, {name: x for name, x in given.items() if name != "shift"}
    assert_same(functional_call(model, parts, X), functional_call(model, given, X))
    with pytest.raises(ValueError, match="shift: given in two dictionaries"):
        functional_call(model, (given, parts[0]), X)


def test_functional_call_replaces_shared_parameters_together(model):
    given, before = others(model), everything(model)
    weight = given.pop("one.weight")
    found = [functional_call(model, given | {name: weight}, X) for name in ("one.weight", "two.weight")]
    assert_same(*found)
    same = {"one.weight": weight, "two.weight": weight}
    assert_same(functional_call(model, given | same, X, strict=True), found[0])
    with pytest.raises(ValueError, match=r"two\.weight is a shared tensor that was given by another name"):
        functional_call(model, same | {"two.weight": weight + 1}, X)
    assert everything(model) == before


@pytest.mark.parametrize("mistake", [nn.Linear(2, 2), None, "inputs"], ids=["a module", "None", "a text"])
def test_functional_call_restores_the_module_after_errors(model, mistake):
    before = everything(model)
    with pytest.raises((TypeError, AttributeError, ValueError)):
        functional_call(model, others(model), (mistake,))
    assert everything(model) == before


def test_mistakes_in_what_is_given_are_listed(model):
    before, given = everything(model), others(model)
    wrong = {"three": X, "one.bias": np.ones(2), "shifts": X, "scales.1": tensor([1.0])}
    complaint = (
        "unexpected: three, shifts; scales.1 has shape (1,), must have (); one.bias has shape (2,), must have (3,)"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(f'functional_call: Tied: {complaint}')}$"):
        functional_call(model, given | wrong, X)
    del given["shift"], given["one.weight"]
    with pytest.raises(ValueError, match="^functional_call: Tied: missing: shift, one.weight, two.weight$"):
        functional_call(model, given, X, strict=True)
    with pytest.raises(TypeError, match=r"w\.0 is a Value, one number"):
        functional_call(nn.Neuron(1), {"w.0": tensor(1.0)}, [1.0])
    assert everything(model) == before


def test_functional_call_is_differentiated(model):
    """By the dictionary: backwards, along a direction, twice; and by what was a parameter before."""
    given, directions = others(model), others(model, np.random.default_rng(8))

    def loss(tensors):
        return weighed(functional_call(model, tensors, X))

    gradient = grad(loss)(given)
    for x in given.values():
        x.requires_grad_()
    loss(given).backward()
    assert_same(gradient, {name: x.grad for name, x in given.items()})
    assert all(p.grad is None for p in model.parameters())
    given = {name: x.detach() for name, x in given.items()}

    value, pull = vjp(loss, given)
    assert_same(value, loss(given))
    assert_same(pull(tensor(1.0, dtype="float64"))[0], gradient)
    along = sum((gradient[name] * directions[name]).sum() for name in given)
    assert_same(jvp(loss, (given,), (directions,))[1], along)

    second = hessian(lambda bias: loss(given | {"one.bias": bias}))(given["one.bias"])
    step = 1e-6 * np.eye(3)
    differences = [
        (grad(loss)(given | {"one.bias": given["one.bias"] + h})["one.bias"].numpy() - gradient["one.bias"].numpy())
        for h in step
    ]
    np.testing.assert_allclose(second.numpy(), np.array(differences) / 1e-6, rtol=1e-4)


def test_functional_calls_inside_one_another(model):
    """A step of gradient descent, differentiated: the inner call replaces what the outer one has put there."""
    given = others(model)

    def after_a_step(tensors):
        gradient = grad(lambda inner: mse_loss(functional_call(model, inner, X), X))(tensors)
        moved = {name: x - 0.1 * gradient[name] for name, x in tensors.items()}
        return functional_call(model, tensors, X).sum() + functional_call(model, moved, X).sum()

    compiled = jit(grad(after_a_step))
    compiled({name: x + 1 for name, x in given.items()})
    assert_same(compiled(given), grad(after_a_step)(given))
