"""Layers of all kinds: PyTorch's recorded answers, functions, dtypes, ranks; residual blocks; what is listed."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

import autograd
from autograd import tensor
from autograd.testing import check_rule
from nn import Linear, Module, Sequential, activation, conv, embedding, functional, normalization, residual

from .arrays import few
from .nn_layers import LAYERS, check_layer_derivatives, check_mistake, dtypes, each_layer, each_mistake, seeds
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
    torch,
)

GOLDEN = json.loads(Path(__file__).with_name("golden").joinpath("nn.json").read_text(encoding="utf-8"))


# ---------------------------------------------------------------------- next to PyTorch


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
    assert_parity(getattr(functional, name), getattr(torch.nn.functional, name), *FUNCTIONS[name], dtype=dtype)


@needs_torch
def test_weights_go_both_ways():
    ours = Sequential(conv.Conv2d(1, 2, 3), normalization.BatchNorm2d(2), activation.PReLU(2))
    theirs = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2), torch.nn.PReLU(2))
    copy_to_torch(ours, theirs)
    x = normal((2, 1, 5, 5)).astype(np.float32)
    assert_close(ours(tensor(x)).detach().numpy(), theirs(torch.tensor(x)).detach().numpy(), "float32")


@few
@given(dtype=dtypes, seed=seeds)
def test_the_comparison_sees_a_small_error(dtype, seed):
    """It is what all tests of parity rest on."""
    x = normal((3, 2), seed).astype(dtype)
    assert_close(x, x.copy(), dtype)
    off = x * np.asarray(1 + (1e-4 if dtype == "float32" else 1e-9), dtype)
    with pytest.raises(AssertionError, match="off by"):
        assert_close(off, x, dtype)


# ---------------------------------------------------------------------- layers of several kinds


def test_rules():
    """Of the operations that layers bring along, on all carriers."""
    check_rule(activation._hardtanh)
    check_rule(normalization._standardize, normal((3, 2, 4)), axis=(0, 2), eps=0.1, saved={})


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


def test_errors_name_the_layer_of_a_model():
    class Model(Module):
        def __init__(self):
            super().__init__()
            self.first = conv.Conv2d(3, 4, 3)

        def forward(self, x):
            return self.first(x)

    with pytest.raises(ValueError, match=r"^first \(Conv2d\): takes 3 channels, got 1"):
        Model()(autograd.ones(2, 1, 8, 8))


def test_functional_has_everything_it_lists():
    assert [name for name in functional.__all__ if not callable(getattr(functional, name, None))] == []
    functions = {name for name in LAYERS if name[0].islower()}
    assert functions <= set(functional.__all__)


# ---------------------------------------------------------------------- residual blocks


def test_a_residual_adds_its_input():
    block = residual.Residual(Linear(2, 2), activation.ReLU())
    x = tensor([[1.0, -2.0]])
    assert block(x).tolist() == (x + block.body(x)).tolist()
    assert [name for name, _ in block.named_parameters()] == ["body.0.weight", "body.0.bias"]
    wider = residual.Residual(Linear(2, 3), shortcut=Linear(2, 3, bias=False))
    assert wider(x).tolist() == (wider.shortcut(x) + wider.body(x)).tolist()


@each_layer((residual.Residual(Linear(4, 4), activation.Tanh()), (2, 4)))
def test_derivatives(module, shape):
    check_layer_derivatives(module, shape)


@each_mistake(
    (lambda: residual.Residual(), TypeError, "Residual: needs a body"),
    (
        lambda: residual.Residual(Linear(2, 3))(autograd.ones(1, 2)),
        ValueError,
        r"cannot add \(1, 3\) from the body to \(1, 2\)",
    ),
)
def test_mistakes_are_explained(mistake, error, message):
    check_mistake(mistake, error, message)
