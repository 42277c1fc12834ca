"""Layers: the same as PyTorch's, their derivatives, and what they say about bad input."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

import autograd
from autograd import tensor
from autograd.testing import check_gradients, check_rule
from nn import (
    Linear,
    Module,
    Sequential,
    activation,
    conv,
    dropout,
    embedding,
    functional,
    loss,
    normalization,
    pooling,
    residual,
)

from .arrays import few, fewer
from .nn_parity import (
    DTYPES,
    Answers,
    answers,
    assert_close,
    assert_parity,
    assert_same,
    copy_to_torch,
    needs_torch,
    normal,
    randomised,
    torch,
)

F = functional

LAYERS = {
    name: getattr(module, name)
    for module in (activation, conv, dropout, embedding, loss, normalization, pooling, residual)
    for name in module.__all__
}
"""Everything by its name; functions, too."""

GOLDEN = json.loads(Path(__file__).with_name("golden").joinpath("nn.json").read_text(encoding="utf-8"))

dtypes = st.sampled_from(DTYPES)
booleans = st.booleans()
seeds = st.integers(0, 1000)


def in_float64(module, seed=0):
    """The module in float64, with parameters that are neither 0 nor 1."""
    module.double()
    for i, parameter in enumerate(module.parameters()):
        parameter.data = 1 + 0.3 * normal(parameter.shape, seed + i)
    return module


# ---------------------------------------------------------------------- next to PyTorch

ACTIVATIONS = [
    ("Sigmoid", {}),
    ("LogSigmoid", {}),
    ("Tanh", {}),
    ("Tanhshrink", {}),
    ("Softsign", {}),
    ("ReLU", {}),
    ("SELU", {}),
    ("SiLU", {}),
    ("Mish", {}),
    ("Hardswish", {}),
    ("LeakyReLU", {"negative_slope": 0.25}),
    ("ELU", {"alpha": 1.7}),
    ("Hardtanh", {"min_val": -2, "max_val": 3.0}),
    ("ReLU6", {}),
    ("GELU", {}),
    ("GELU", {"approximate": "tanh"}),
    ("Softplus", {}),
    ("Softplus", {"beta": 2, "threshold": 3}),
    ("PReLU", {}),
    ("PReLU", {"num_parameters": 4, "init": 0.1}),
    ("Softmax", {"dim": 1}),
    ("LogSoftmax", {"dim": -1}),
    ("Softmin", {"dim": 0}),
    ("GLU", {"dim": 1}),
]
ROUNDED = [("CELU", {"alpha": 1.7}), ("Hardsigmoid", {})]
"""Those of which PyTorch holds a constant in float32 whatever the dtype: they agree to 1e-7."""

IN_PLACE = ["ReLU", "SELU", "SiLU", "Mish", "Hardswish", "Hardsigmoid", "ReLU6", "LeakyReLU", "ELU", "CELU", "Hardtanh"]
"""Those that take `inplace=`."""

KINKS = np.array([-3.0, -2.0, 0.0, 3.0, 6.0, -0.0, 1.0, 25.0])
"""Where some activation has a kink or a jump in its slope, or is a line in PyTorch."""


@needs_torch
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "options"), ACTIVATIONS, ids=str)
def test_activations_are_pytorchs(name, options, dtype):
    x = np.concatenate([3 * normal((3, 4, 2)), np.broadcast_to(KINKS.reshape(4, 2), (1, 4, 2))])
    assert_parity(LAYERS[name](**options), getattr(torch.nn, name)(**options), x, dtype=dtype, text=True)


@needs_torch
@pytest.mark.parametrize(("name", "options"), ROUNDED, ids=str)
def test_activations_that_pytorch_rounds(name, options):
    x = np.concatenate([3 * normal((12,)), KINKS])
    ours, theirs = LAYERS[name](**options), getattr(torch.nn, name)(**options)
    assert_parity(ours, theirs, x, dtype="float32", text=True)
    found, expected = answers(ours, [x], "float64"), answers(theirs, [x], "float64", library=torch)
    for a, b in [(found.outputs, expected.outputs), (found.gradients, expected.gradients)]:
        for key in b:
            np.testing.assert_allclose(a[key], b[key], rtol=1e-7, atol=1e-7)


@needs_torch
@pytest.mark.parametrize(
    "name",
    ["ReLU", "SELU", "SiLU", "Mish", "Hardswish", "Hardsigmoid", "ReLU6", "LeakyReLU", "ELU", "CELU", "Hardtanh"],
)
def test_inplace_is_accepted_and_printed(name):
    """It changes no number: the input stays as it is."""
    ours, theirs = LAYERS[name](inplace=True), getattr(torch.nn, name)(inplace=True)
    assert repr(ours) == repr(theirs)
    x = tensor([-1.0, 2.0])
    assert ours(x).tolist() == LAYERS[name]()(x).tolist()
    assert x.tolist() == [-1.0, 2.0]


@st.composite
def convolutions(draw, rank):
    """Arguments and options of a convolution, and the shape of an input for it."""
    groups = draw(st.integers(1, 2))
    per_axis = lambda low, high: draw(st.integers(low, high) | st.tuples(*[st.integers(low, high)] * rank))
    kernel = per_axis(1, 3)
    options = {"groups": groups, "bias": draw(booleans), "dilation": per_axis(1, 2)}
    options["padding"] = draw(st.sampled_from(["same", "valid"])) if draw(booleans) else per_axis(0, 2)
    if options["padding"] != "same":
        options["stride"] = per_axis(1, 2)
    options["padding_mode"] = draw(st.sampled_from(["zeros", "zeros", "reflect", "replicate", "circular"]))
    channels = [groups * draw(st.integers(1, 2)) for _ in range(2)]
    size = tuple(draw(st.integers(5, 6)) for _ in range(rank))
    batch = draw(st.sampled_from([(), (1,), (2,)]))
    return [*channels, kernel], options, (*batch, channels[0], *size)


@st.composite
def transposed_convolutions(draw, rank):
    groups = draw(st.integers(1, 2))
    stride, kernel = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    padding = draw(st.integers(0, (kernel - 1) // 2))
    options = {"stride": stride, "padding": padding, "groups": groups, "dilation": draw(st.integers(1, 2))}
    options |= {"output_padding": draw(st.integers(0, stride - 1)), "bias": draw(booleans)}
    channels = [groups * draw(st.integers(1, 2)) for _ in range(2)]
    size = tuple(draw(st.integers(2, 3)) for _ in range(rank))
    return [*channels, kernel], options, (draw(st.integers(1, 2)), channels[0], *size)


@st.composite
def pools(draw, rank, kind):
    kernel = draw(st.integers(2, 3))
    options = {"padding": draw(st.integers(0, 1)), "ceil_mode": draw(booleans)}
    if draw(booleans):
        options["stride"] = draw(st.integers(1, 3))
    if kind == "Max":
        options["dilation"] = draw(st.integers(1, 2))
    else:
        options["count_include_pad"] = draw(booleans)
        if rank > 1 and draw(booleans):
            options["divisor_override"] = 5
    size = tuple(draw(st.integers(5, 6)) for _ in range(rank))
    return [kernel if draw(booleans) else (kernel,) * rank], options, (*draw(st.sampled_from([(), (2,)])), 2, *size)


@st.composite
def adaptive_pools(draw, rank):
    sizes = st.integers(1, 6) | st.none() if rank > 1 else st.integers(1, 6)
    output = draw(st.integers(1, 6) | st.tuples(*[sizes] * rank))
    return [output], {}, (2, 2, *(draw(st.integers(1, 6)) for _ in range(rank)))


# Two numbers are 1 and -1 once they are normalised, wherever they were: their gradients are rounding errors alone.


@st.composite
def batch_norms(draw, rank):
    options = {name: draw(booleans) for name in ("affine", "track_running_stats")}
    options |= {"momentum": draw(st.sampled_from([None, 0.1, 0.7])), "eps": draw(st.sampled_from([1e-5, 0.1]))}
    size = tuple(draw(st.integers(1, 3)) for _ in range(draw(st.integers(0, 1)) if rank == 1 else rank))
    return [3], options, (draw(st.integers(4, 6)), 3, *size)


@st.composite
def layer_norms(draw):
    shape = (*draw(st.lists(st.integers(1, 3), max_size=3)), draw(st.integers(4, 6)))
    last = shape[-draw(st.integers(1, len(shape))) :]
    options = {"elementwise_affine": draw(booleans), "bias": draw(booleans), "eps": draw(st.sampled_from([1e-5, 0.1]))}
    return [last[0] if len(last) == 1 else last], options, shape


@st.composite
def group_norms(draw):
    groups = draw(st.integers(1, 3))
    channels = groups * draw(st.integers(2, 3))
    size = tuple(draw(st.lists(st.integers(2, 3), min_size=1, max_size=2)))
    return [groups, channels], {"affine": draw(booleans)}, (2, channels, *size)


CONFIGURATIONS = {f"Conv{rank}d": convolutions(rank) for rank in (1, 2, 3)}
CONFIGURATIONS |= {f"ConvTranspose{rank}d": transposed_convolutions(rank) for rank in (1, 2, 3)}
CONFIGURATIONS |= {f"{kind}Pool{rank}d": pools(rank, kind) for kind in ("Max", "Avg") for rank in (1, 2, 3)}
CONFIGURATIONS |= {f"Adaptive{kind}Pool{rank}d": adaptive_pools(rank) for kind in ("Max", "Avg") for rank in (1, 2, 3)}
CONFIGURATIONS |= {f"BatchNorm{rank}d": batch_norms(rank) for rank in (1, 2, 3)}
CONFIGURATIONS |= {"LayerNorm": layer_norms(), "GroupNorm": group_norms()}


@needs_torch
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")  # PyTorch's, of its speed
@pytest.mark.parametrize("name", CONFIGURATIONS)
@fewer
@given(data=st.data())
def test_layers_are_pytorchs(name, data):
    arguments, options, shape = data.draw(CONFIGURATIONS[name])
    training = data.draw(booleans)
    theirs = randomised(getattr(torch.nn, name)(*arguments, **options)).train(training)
    x = normal(shape, seed=data.draw(seeds))
    assert_parity(LAYERS[name](*arguments, **options), theirs, x, dtype=data.draw(dtypes), text=True)


@needs_torch
@fewer
@given(dtype=dtypes, rows=st.integers(1, 5), padding_idx=st.none() | st.integers(-1, 0), data=st.data())
def test_embedding_is_pytorchs(dtype, rows, padding_idx, data):
    """Rows that come several times gather several gradients; that of the padding gets none."""
    index = np.array(data.draw(st.lists(st.integers(0, rows - 1), min_size=4, max_size=4))).reshape(2, 2)
    ours = embedding.Embedding(rows, 3, padding_idx)
    assert_parity(ours, torch.nn.Embedding(rows, 3, padding_idx), index, dtype=dtype, text=True)


@needs_torch
@pytest.mark.parametrize("momentum", [0.1, None])
def test_running_statistics_over_several_batches(momentum):
    theirs = torch.nn.BatchNorm2d(3, momentum=momentum)
    ours = normalization.BatchNorm2d(3, momentum=momentum)
    for i in range(3):
        x = 2 + normal((4, 3, 2, 2), seed=i)
        ours(tensor(x.astype(np.float32)))
        theirs(torch.tensor(x.astype(np.float32)))
    assert int(ours.num_batches_tracked) == 3
    ours.reset_running_stats() if momentum is None else None
    theirs.reset_running_stats() if momentum is None else None
    for name, buffer in theirs.named_buffers():
        assert_close(getattr(ours, name).numpy(), buffer.numpy(), "float32", name)


@needs_torch
def test_weights_go_both_ways():
    ours = Sequential(conv.Conv2d(1, 2, 3), normalization.BatchNorm2d(2), activation.PReLU(2))
    theirs = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2), torch.nn.PReLU(2))
    copy_to_torch(ours, theirs)
    x = normal((2, 1, 5, 5)).astype(np.float32)
    assert_close(ours(tensor(x)).detach().numpy(), theirs(torch.tensor(x)).detach().numpy(), "float32")


@needs_torch
@pytest.mark.parametrize("name", ["Dropout", "Dropout1d", "Dropout2d", "Dropout3d"])
def test_dropout_prints_as_pytorchs(name):
    assert repr(LAYERS[name](0.25)) == repr(getattr(torch.nn, name)(0.25))


FUNCTIONS = {
    "normalize": [normal((3, 4))],
    "one_hot": [np.array([[1, 0], [2, 2]]), 4],
    "layer_norm": [normal((3, 4)), (4,), normal((4,), 1), normal((4,), 2)],
    "group_norm": [normal((2, 4, 3)), 2, normal((4,), 1), normal((4,), 2)],
    "batch_norm": [normal((3, 4)), None, None, normal((4,), 1), normal((4,), 2), True],
    "prelu": [normal((3, 4)), normal((4,), 1)],
    "embedding": [np.array([1, 0, 1]), normal((2, 3))],
    "linear": [normal((3, 4)), normal((2, 4), 1)],
    "pad": [normal((3, 4)), (1, 2), "reflect"],
}


@needs_torch
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_pytorchs(name, dtype):
    assert_parity(getattr(F, name), getattr(torch.nn.functional, name), *FUNCTIONS[name], dtype=dtype)


# ---------------------------------------------------------------------- without PyTorch


def lists_as_tuples(arguments):
    return [tuple(x) if isinstance(x, list) else x for x in arguments]


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: f"{case['module']}-{case['arguments']}-{case['options']}")
def test_recorded_answers_of_pytorch(case):
    options = dict(zip(case["options"], lists_as_tuples(case["options"].values()), strict=True))
    module = LAYERS[case["module"]](*lists_as_tuples(case["arguments"]), **options).double()
    module.load_state_dict(case["weights"])
    assert repr(module) == case["text"]
    found = answers(module, [np.array(x) for x in case["inputs"]], "float64")
    parts = [
        {
            name: x if x is None else np.asarray(x, getattr(part.get(name), "dtype", None))
            for name, x in case[key].items()
        }
        for key, part in found._asdict().items()
    ]
    assert_same(found, Answers(*parts), "float64")


# ---------------------------------------------------------------------- derivatives

DIFFERENTIATED = [
    *(
        (LAYERS[name](**options), (2, 4))
        for name, options in (*ACTIVATIONS, *ROUNDED)
        if "num_parameters" not in options
    ),
    (activation.PReLU(4), (2, 4, 2)),
    (conv.Conv1d(2, 2, 2, padding="same"), (1, 2, 3)),
    (conv.Conv2d(2, 2, 2, stride=2, padding=1, padding_mode="circular"), (1, 2, 3, 3)),
    (conv.Conv3d(1, 1, 2), (1, 1, 2, 2, 3)),
    (conv.Conv(1, 2, (2, 2)), (1, 1, 3, 3)),
    (conv.ConvTranspose1d(2, 1, 2), (1, 2, 3)),
    (conv.ConvTranspose2d(2, 2, 2, stride=2, groups=2), (1, 2, 2, 2)),
    (conv.ConvTranspose3d(1, 1, 2), (1, 1, 2, 2, 1)),
    *((LAYERS[f"{kind}Pool"]((2,) * rank), (1, 2, *(4,) * rank)) for kind in ("Max", "Avg", "Sum") for rank in (1, 2)),
    (pooling.SumPool3d(2), (1, 1, 2, 2, 2)),
    (pooling.AdaptiveAvgPool2d(2), (1, 2, 3, 3)),
    (pooling.AdaptiveMaxPool2d(2), (1, 2, 3, 3)),
    (normalization.BatchNorm1d(2), (3, 2)),
    (normalization.BatchNorm2d(2), (2, 2, 2, 2)),
    (normalization.BatchNorm2d(2).eval(), (2, 2, 2, 2)),
    (normalization.LayerNorm((2, 3)), (2, 2, 3)),
    (normalization.GroupNorm(2, 4), (2, 4, 2)),
    (residual.Residual(Linear(4, 4), activation.Tanh()), (2, 4)),
]


@pytest.mark.parametrize(("module", "shape"), DIFFERENTIATED, ids=lambda x: f"{x!r}".split("\n")[0])
def test_derivatives(module, shape):
    """First and second, by the input and by all parameters, reverse and forward."""
    module, x = in_float64(module), normal(shape, seed=1)
    check_gradients(module, x, project=True)
    if module.parameters():
        check_gradients(lambda module, x: module(x), module, x, project=True)


def test_the_default_slope_in_float64():
    check_gradients(activation.LeakyReLU(), normal((4,)), project=True)


def test_derivatives_of_an_embedding():
    words = np.array([[0, 2], [2, 2]])
    check_gradients(lambda module: module(words), in_float64(embedding.Embedding(3, 2)), project=True)


def test_rules():
    """Of the operations that layers bring along, on all carriers."""
    check_rule(activation._hardtanh)
    check_rule(normalization._standardize, normal((3, 2, 4)), axis=(0, 2), eps=0.1, saved={})


# ---------------------------------------------------------------------- ranks


@pytest.mark.parametrize("kind", ["Conv", "MaxPool", "AvgPool", "SumPool"])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_the_rank_comes_from_the_kernel(kind, rank):
    """It computes the same as the layer that has the rank in its name."""
    channels = (2, 3) if kind == "Conv" else ()
    general = LAYERS[kind](*channels, (2,) * rank, padding=1)
    fixed = LAYERS[f"{kind}{rank}d"](*channels, 2, padding=1)
    fixed.load_state_dict(general.state_dict())
    x = tensor(normal((2, 2, *(4,) * rank)).astype(np.float32))
    assert general(x).tolist() == fixed(x).tolist()


def test_sums_of_windows():
    x = autograd.arange(16.0).reshape(1, 1, 4, 4)
    assert pooling.SumPool2d(2)(x).tolist() == [[[[10.0, 18.0], [42.0, 50.0]]]]
    assert pooling.SumPool2d(2, stride=1, padding=1)(x).shape == (1, 1, 5, 5)
    np.testing.assert_allclose(pooling.SumPool2d(3)(x).numpy(), 9 * pooling.AvgPool2d(3)(x).numpy())


# ---------------------------------------------------------------------- dropout


def test_dropout_leaves_out_and_scales():
    autograd.manual_seed(0)
    y = dropout.Dropout(0.25)(autograd.ones(20000)).numpy()
    assert sorted(set(y.tolist())) == [0.0, pytest.approx(4 / 3)]
    assert abs(y.mean() - 1) < 0.02
    assert y.dtype == np.float32


def test_dropout_can_be_repeated():
    layer, x, runs = dropout.Dropout(0.5), autograd.ones(100), []
    for seed in (7, 7, 8):
        autograd.manual_seed(seed)
        runs.append(layer(x).tolist())
    assert runs[0] == runs[1] != runs[2]


@pytest.mark.parametrize(("p", "expected"), [(0.0, [1.0, 1.0]), (1.0, [0.0, 0.0])])
def test_dropout_of_nothing_and_of_all(p, expected):
    x = tensor([1.0, 1.0], requires_grad=True)
    y = dropout.Dropout(p)(x)
    y.sum().backward()
    assert y.tolist() == x.grad.tolist() == expected


def test_dropout_does_nothing_after_training():
    x = normal((3,))
    layer = dropout.Dropout(0.5).eval()
    assert layer(x) is x
    assert F.dropout(x, 0.5, training=False) is x
    images = autograd.ones(1, 2, 2, 2)
    assert dropout.Dropout2d().eval()(images) is images


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_whole_channels_are_left_out(rank):
    autograd.manual_seed(1)
    for batch in ((8,), ()):
        y = LAYERS[f"Dropout{rank}d"](0.5)(autograd.ones(*batch, 16, *(3,) * rank)).numpy()
        flat = y.reshape(*batch, 16, -1)
        assert (flat == flat[..., :1]).all()
        assert set(flat.ravel().tolist()) == {0.0, 2.0}


def test_the_gradient_passes_where_nothing_was_left_out():
    autograd.manual_seed(0)
    x = autograd.ones(50).requires_grad_()
    y = dropout.Dropout(0.5)(x)
    y.sum().backward()
    assert x.grad.tolist() == y.tolist()


# ---------------------------------------------------------------------- embeddings, normalisation, residuals


def test_the_padding_begins_as_0_and_stays():
    layer = embedding.Embedding(3, 2, padding_idx=-1)
    assert layer.padding_idx == 2
    layer(tensor([0, 2])).sum().backward()
    assert layer.weight.tolist()[2] == layer.weight.grad.tolist()[2] == [0.0, 0.0]
    assert layer.weight.grad.tolist()[0] == [1.0, 1.0]


def test_vectors_from_elsewhere():
    vectors = np.array([[1.0, 2.0], [3.0, 4.0]])
    frozen, learnt = (embedding.Embedding.from_pretrained(vectors, freeze=freeze) for freeze in (True, False))
    assert frozen(tensor([1])).tolist() == [[3.0, 4.0]]
    assert (frozen.weight.requires_grad, learnt.weight.requires_grad) == (False, True)


def test_embedding_takes_lists_and_arrays():
    layer = embedding.Embedding(3, 2)
    assert layer([1, 2]).tolist() == layer(np.array([1, 2])).tolist() == layer(tensor([1, 2])).tolist()


def test_evaluation_is_of_each_example_alone():
    layer = normalization.BatchNorm1d(2)
    layer(tensor(normal((8, 2)).astype(np.float32)))
    layer.eval()
    before = {name: x.tolist() for name, x in layer.state_dict().items()}
    x = tensor(normal((4, 2), 1).astype(np.float32))
    assert layer(x)[:1].tolist() == layer(x[:1]).tolist()
    assert {name: x.tolist() for name, x in layer.state_dict().items()} == before


def test_a_normalisation_is_one_node_and_its_scale_two():
    x = autograd.ones(2, 3).requires_grad_()
    y = normalization.LayerNorm(3)(x)
    ops = []
    while y.op is not None:
        ops.append(y.op.name)
        y = y.parents[0]
    assert ops == ["add", "mul", "standardize"]


def test_a_residual_adds_its_input():
    block = residual.Residual(Linear(2, 2), activation.ReLU())
    x = tensor([[1.0, -2.0]])
    assert block(x).tolist() == (x + block.body(x)).tolist()
    assert [name for name, _ in block.named_parameters()] == ["body.0.weight", "body.0.bias"]
    wider = residual.Residual(Linear(2, 3), shortcut=Linear(2, 3, bias=False))
    assert wider(x).tolist() == (wider.shortcut(x) + wider.body(x)).tolist()


@pytest.mark.parametrize("dtype", DTYPES)
def test_parameters_have_the_dtype_asked_for(dtype):
    modules = [
        conv.Conv2d(1, 1, 2, dtype=dtype),
        conv.ConvTranspose2d(1, 1, 2, dtype=dtype),
        normalization.BatchNorm2d(2, dtype=dtype),
        normalization.LayerNorm(2, dtype=dtype),
        normalization.GroupNorm(1, 2, dtype=dtype),
        embedding.Embedding(2, 2, dtype=dtype),
        activation.PReLU(dtype=dtype),
    ]
    for module in modules:
        found = {str(x.dtype) for x in (*module.parameters(), *module.buffers())} - {"int64"}
        assert found == {dtype}, module


def test_filters_begin_as_pytorchs():
    """Uniform in ±1/√fan_in; the draws fill the interval."""
    autograd.manual_seed(0)
    layer = conv.Conv2d(8, 32, 5, groups=2)
    bound = 1 / np.sqrt(4 * 25)
    for parameter in layer.parameters():
        assert 0.9 * bound < abs(parameter.detach().numpy()).max() <= bound


# ---------------------------------------------------------------------- errors

MISTAKES = [
    (lambda: conv.Conv(1, 2, 3), ValueError, r"Conv: kernel_size must have one to three sizes.*\(3, 3\).*got 3"),
    (lambda: pooling.MaxPool(2), ValueError, "MaxPool: kernel_size must have one to three sizes"),
    (lambda: conv.Conv2d(3, 4, 3, groups=2), ValueError, "Conv2d: groups=2 must divide both 3 and 4 channels"),
    (lambda: conv.Conv2d(4, 3, 3, groups=2), ValueError, "Conv2d: groups=2 must divide both 4 and 3 channels"),
    (lambda: conv.Conv2d(3, 4, 0), ValueError, "Conv2d: kernel_size 0: must be at least 1"),
    (lambda: conv.Conv2d(3, 4, (3, 3, 3)), ValueError, "Conv2d: kernel_size .* has 3 numbers"),
    (lambda: conv.Conv2d(3, 4, 1.5), TypeError, "Conv2d: kernel_size 1.5: give a whole number"),
    (lambda: conv.Conv2d(3.0, 4, 3), ValueError, "Conv2d: in_channels must be a whole number, got 3.0"),
    (
        lambda: conv.Conv2d(3, 4, 3, padding="full"),
        ValueError,
        "Conv2d: padding 'full': give numbers, 'valid' or 'same'",
    ),
    (lambda: conv.Conv2d(3, 4, 3, 2, "same"), ValueError, "Conv2d: padding 'same' needs stride 1, got 2"),
    (
        lambda: conv.Conv2d(3, 4, 3, padding_mode="mirror"),
        ValueError,
        "padding_mode must be one of zeros.*got 'mirror'",
    ),
    (
        lambda: conv.ConvTranspose2d(3, 4, 3, padding="same"),
        ValueError,
        "ConvTranspose2d: padding 'same': give numbers",
    ),
    (
        lambda: conv.ConvTranspose2d(3, 4, 3, output_padding=1),
        ValueError,
        "output_padding 1 must be less than the stride",
    ),
    (lambda: conv.ConvTranspose2d(3, 4, 3, padding_mode="reflect"), ValueError, "padding_mode 'reflect': only 'zeros'"),
    (lambda: pooling.MaxPool2d(2, padding=2), ValueError, "padding 2 must be at most half of kernel_size 2"),
    (lambda: pooling.MaxPool2d(2, dilation=0), ValueError, "MaxPool2d: dilation 0: must be at least 1"),
    (lambda: pooling.MaxPool2d(2, return_indices=True), ValueError, "MaxPool2d: return_indices=True is not there"),
    (lambda: pooling.AvgPool2d(2, divisor_override=0), ValueError, "AvgPool2d: divisor_override must not be 0"),
    (lambda: pooling.AvgPool((2,), divisor_override=3), ValueError, "AvgPool: divisor_override is for images"),
    (lambda: pooling.AdaptiveAvgPool2d((1, 2, 3)), ValueError, "AdaptiveAvgPool2d: output_size .* has 3 numbers"),
    (lambda: normalization.GroupNorm(2, 3), ValueError, "GroupNorm: num_groups 2 must divide num_channels 3"),
    (lambda: normalization.LayerNorm(2.5), ValueError, "LayerNorm: normalized_shape must be a whole number, got 2.5"),
    (lambda: dropout.Dropout(1.5), ValueError, "Dropout: p must be a probability, between 0 and 1, got 1.5"),
    (lambda: embedding.Embedding(3, 2, padding_idx=3), ValueError, "padding_idx 3 is out of range for 3 embeddings"),
    (lambda: embedding.Embedding.from_pretrained([1.0]), ValueError, r"one vector in each row of a matrix, got \(1,\)"),
    (lambda: activation.GELU("exact"), ValueError, "GELU: approximate must be 'none' or 'tanh', got 'exact'"),
    (lambda: activation.Hardtanh(1, -1), ValueError, "Hardtanh: min_val 1 must be below max_val -1"),
    (lambda: activation.Softmax("1"), TypeError, "Softmax: dim must be an int, the axis of the classes, got '1'"),
    (lambda: residual.Residual(), TypeError, "Residual: needs a body"),
    (
        lambda: conv.Conv2d(3, 4, 3)(autograd.ones(2, 1, 8, 8)),
        ValueError,
        r"takes 3 channels, got 1 in an input of \(2",
    ),
    (
        lambda: conv.Conv2d(3, 4, 3)(autograd.ones(8, 8)),
        ValueError,
        r"takes \(N, C, H, W\) or \(C, H, W\), got .*\(8, 8\)",
    ),
    (
        lambda: conv.ConvTranspose1d(3, 4, 3)(autograd.ones(2, 8)),
        ValueError,
        "ConvTranspose1d: takes 3 channels, got 2",
    ),
    (lambda: normalization.BatchNorm1d(3)(autograd.ones(2, 4)), ValueError, "BatchNorm1d: takes 3 channels, got 4"),
    (lambda: normalization.BatchNorm1d(3)(autograd.ones(1, 3)), ValueError, "batch_norm: one value per channel"),
    (
        lambda: F.batch_norm(autograd.ones(2, 3), None, None),
        ValueError,
        "batch_norm: outside training running_mean and",
    ),
    (lambda: normalization.BatchNorm2d(3)(autograd.ones(2, 3)), ValueError, r"BatchNorm2d: takes \(N, C, H, W\), got"),
    (lambda: normalization.LayerNorm(3)(autograd.ones(2, 4)), ValueError, r"LayerNorm: normalises last axes of \(3,\)"),
    (
        lambda: F.layer_norm(autograd.ones(2, 4), [3]),
        ValueError,
        r"layer_norm: normalized_shape \(3,\) must be the last",
    ),
    (lambda: normalization.GroupNorm(1, 3)(autograd.ones(2, 4)), ValueError, r"GroupNorm: takes \(N, 3, ...\), got"),
    (lambda: F.group_norm(autograd.ones(2, 4), 3), ValueError, "group_norm: .* num_groups=3 must divide the channels"),
    (lambda: dropout.Dropout2d()(autograd.ones(2, 4)), ValueError, r"Dropout2d: takes \(N, C, H, W\) or \(C, H, W\)"),
    (lambda: dropout.Dropout3d()(autograd.ones(2, 4)), ValueError, r"Dropout3d: takes \(N, C, D, H, W\)"),
    (lambda: dropout.Dropout1d()(autograd.ones(4)), ValueError, r"Dropout1d: takes \(N, C, W\) or \(C, W\)"),
    (lambda: embedding.Embedding(3, 2)(tensor([0, 3])), IndexError, "index 3 is out of range for 3 embeddings, 0 to 2"),
    (lambda: embedding.Embedding(3, 2)(tensor([0, -1])), IndexError, "index -1 is out of range for 3 embeddings"),
    (lambda: embedding.Embedding(3, 2)(tensor([0.5])), TypeError, "embedding: indices must be integers, got float32"),
    (lambda: F.one_hot(tensor([0, 3]), 3), IndexError, "one_hot: class 3 is out of range for 3 classes"),
    (lambda: F.one_hot([]), TypeError, "one_hot: indices must be integers"),
    (lambda: F.one_hot(np.array([], int)), ValueError, "one_hot: without indices num_classes must be given"),
    (lambda: F.glu(autograd.ones(3)), ValueError, r"glu: axis -1 of \(3,\) has 3 elements: needs an even number"),
    (lambda: F.prelu(autograd.ones(2, 3), autograd.ones(2)), ValueError, r"prelu: weight \(2,\) for .* 3 channels"),
    (
        lambda: residual.Residual(Linear(2, 3))(autograd.ones(1, 2)),
        ValueError,
        r"cannot add \(1, 3\) from the body to \(1, 2\)",
    ),
]


@pytest.mark.parametrize(("mistake", "error", "message"), MISTAKES, ids=[message for *_, message in MISTAKES])
def test_mistakes_are_explained(mistake, error, message):
    with pytest.raises(error, match=message) as caught:
        mistake()
    assert "\n" not in str(caught.value)


def test_errors_name_the_layer_of_a_model():
    class Model(Module):
        def __init__(self):
            super().__init__()
            self.first = conv.Conv2d(3, 4, 3)

        def forward(self, x):
            return self.first(x)

    with pytest.raises(ValueError, match=r"^first \(Conv2d\): takes 3 channels, got 1"):
        Model()(autograd.ones(2, 1, 8, 8))


# ---------------------------------------------------------------------- the listing


def test_functional_has_everything_it_lists():
    assert [name for name in F.__all__ if not callable(getattr(F, name, None))] == []
    functions = {name for name in LAYERS if name[0].islower()}
    assert functions <= set(F.__all__)


@few
@given(dtype=dtypes, seed=seeds)
def test_the_comparison_sees_a_small_error(dtype, seed):
    """It is what all tests of parity rest on."""
    x = normal((3, 2), seed).astype(dtype)
    assert_close(x, x.copy(), dtype)
    off = x * np.asarray(1 + (1e-4 if dtype == "float32" else 1e-9), dtype)
    with pytest.raises(AssertionError, match="off by"):
        assert_close(off, x, dtype)
