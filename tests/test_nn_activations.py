"""Activation functions: PyTorch's numbers and text, derivatives, errors."""

import numpy as np
import pytest

import autograd
from autograd import tensor
from autograd.testing import check_gradients
from nn import activation, functional

from .nn_layers import LAYERS, check_layer_derivatives, check_mistake, each_layer, each_mistake
from .nn_parity import DTYPES, answers, assert_parity, needs_torch, normal, torch

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


# ---------------------------------------------------------------------- next to PyTorch


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
@pytest.mark.parametrize("name", IN_PLACE)
def test_inplace_is_accepted_and_printed(name):
    """It changes no number: the input stays as it is."""
    ours, theirs = LAYERS[name](inplace=True), getattr(torch.nn, name)(inplace=True)
    assert repr(ours) == repr(theirs)
    x = tensor([-1.0, 2.0])
    assert ours(x).tolist() == LAYERS[name]()(x).tolist()
    assert x.tolist() == [-1.0, 2.0]


# ---------------------------------------------------------------------- derivatives and errors


@each_layer(
    *(
        (LAYERS[name](**options), (2, 4))
        for name, options in (*ACTIVATIONS, *ROUNDED)
        if "num_parameters" not in options
    ),
    (activation.PReLU(4), (2, 4, 2)),
)
def test_derivatives(module, shape):
    check_layer_derivatives(module, shape)


def test_the_default_slope_in_float64():
    check_gradients(activation.LeakyReLU(), normal((4,)), project=True)


@each_mistake(
    (lambda: activation.GELU("exact"), ValueError, "GELU: approximate must be 'none' or 'tanh', got 'exact'"),
    (lambda: activation.Hardtanh(1, -1), ValueError, "Hardtanh: min_val 1 must be below max_val -1"),
    (lambda: activation.Softmax("1"), TypeError, "Softmax: dim must be an int, the axis of the classes, got '1'"),
    (
        lambda: functional.glu(autograd.ones(3)),
        ValueError,
        r"glu: axis -1 of \(3,\) has 3 elements: needs an even number",
    ),
    (
        lambda: functional.prelu(autograd.ones(2, 3), autograd.ones(2)),
        ValueError,
        r"prelu: weight \(2,\) for .* 3 channels",
    ),
)
def test_mistakes_are_explained(mistake, error, message):
    check_mistake(mistake, error, message)
