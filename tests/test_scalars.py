"""Graphs of arrays written out in numbers: the same values and gradients, for every module of `nn`."""

import numpy as np
import pytest

import autograd
import nn
from autograd import Tensor, Value, tensor
from autograd.graph import topological_order
from autograd.scalars import MAX_NUMBERS, in_numbers

SEED = 0


def normal(*shape):
    return autograd.randn(*shape, dtype="float64")


def probabilities(*shape):
    return normal(*shape).sigmoid().detach()


LAYERS = {
    "Linear": lambda: (nn.Linear(3, 2), normal(2, 3)),
    "Bilinear": lambda: (nn.Bilinear(2, 3, 2), normal(2, 2), normal(2, 3)),
    "Dense": lambda: (nn.Sequential(nn.Dense(3, "relu", input_shape=(2,)), nn.Dense(2, "softmax")), normal(2, 2)),
    "Conv1d": lambda: (nn.Conv1d(1, 2, 3, padding=1), normal(1, 1, 5)),
    "Conv2d": lambda: (nn.Conv2d(1, 2, 2, stride=2, padding=1), normal(1, 1, 4, 4)),
    "Conv2d in groups": lambda: (nn.Conv2d(2, 2, 2, groups=2, dilation=2), normal(1, 2, 4, 4)),
    "Conv3d": lambda: (nn.Conv3d(1, 1, 2), normal(1, 1, 3, 3, 3)),
    "ConvTranspose2d": lambda: (nn.ConvTranspose2d(1, 2, 2, stride=2), normal(1, 1, 2, 2)),
    "MaxPool2d": lambda: (nn.MaxPool2d(2), normal(1, 1, 4, 4)),
    "AvgPool2d": lambda: (nn.AvgPool2d(2), normal(1, 1, 4, 4)),
    "AdaptiveAvgPool2d": lambda: (nn.AdaptiveAvgPool2d((2, 2)), normal(1, 1, 3, 3)),
    "BatchNorm1d": lambda: (nn.BatchNorm1d(3), normal(4, 3)),
    "BatchNorm2d": lambda: (nn.BatchNorm2d(2), normal(2, 2, 2, 2)),
    "BatchNorm1d after training": lambda: (nn.BatchNorm1d(3).eval(), normal(4, 3)),
    "LayerNorm": lambda: (nn.LayerNorm(3), normal(2, 3)),
    "GroupNorm": lambda: (nn.GroupNorm(2, 4), normal(2, 4)),
    "Dropout": lambda: (nn.Dropout(0.5), normal(3, 3)),
    "Embedding": lambda: (nn.Embedding(4, 2), tensor([0, 2, 2])),
    "RNN": lambda: (nn.RNN(2, 3), normal(3, 2, 2)),
    "LSTM": lambda: (nn.LSTM(2, 3), normal(3, 2, 2)),
    "GRU": lambda: (nn.GRU(2, 3), normal(3, 2, 2)),
    "GRU both ways": lambda: (nn.GRU(2, 2, 2, bidirectional=True), normal(3, 2, 2)),
    "RNNCell": lambda: (nn.RNNCell(2, 3), normal(2, 2)),
    "LSTMCell": lambda: (nn.LSTMCell(2, 3), normal(2, 2)),
    "GRUCell": lambda: (nn.GRUCell(2, 3), normal(2, 2)),
    "GRUCell of the deck": lambda: (nn.GRUCell(2, 3, reset_after=False), normal(2, 2)),
    "MultiheadAttention": lambda: (nn.MultiheadAttention(4, 2), *[normal(3, 1, 4)] * 3),
    "TransformerEncoderLayer": lambda: (
        nn.TransformerEncoderLayer(4, 2, dim_feedforward=3, dropout=0.0),
        normal(3, 1, 4),
    ),
    "Residual": lambda: (nn.Residual(nn.Linear(3, 3)), normal(2, 3)),
    "Flatten": lambda: (nn.Sequential(nn.Flatten(), nn.Unflatten(1, (2, 3)), nn.Identity()), normal(2, 3, 2)),
    "CrossEntropyLoss": lambda: (nn.CrossEntropyLoss(), normal(3, 4), tensor([0, 1, 3])),
    "CrossEntropyLoss smoothed": lambda: (nn.CrossEntropyLoss(label_smoothing=0.1), normal(3, 4), tensor([0, 1, 3])),
    "NLLLoss": lambda: (nn.NLLLoss(), normal(3, 4), tensor([0, 1, 3])),
    "HingeLoss": lambda: (nn.HingeLoss(), normal(3), tensor([1.0, -1.0, 1.0])),
} | {
    name: lambda name=name: (getattr(nn, name)(), probabilities(3, 2), probabilities(3, 2))
    for name in ("BCELoss", "BCEWithLogitsLoss", "HuberLoss", "KLDivLoss", "L1Loss", "MSELoss", "SmoothL1Loss")
}  # fmt: skip
ACTIVATIONS = [
    "CELU", "ELU", "GELU", "GLU", "SELU", "Hardsigmoid", "Hardswish", "Hardtanh", "LeakyReLU", "LogSigmoid", "Mish",
    "PReLU", "ReLU", "ReLU6", "Sigmoid", "SiLU", "Softplus", "Softsign", "Tanh", "Tanhshrink",
]  # fmt: skip
LAYERS |= {name: lambda name=name: (getattr(nn, name)(), normal(2, 4)) for name in ACTIVATIONS}
LAYERS |= {
    name: lambda name=name: (getattr(nn, name)(dim=-1), normal(2, 4)) for name in ("LogSoftmax", "Softmax", "Softmin")
}


def numbers_of(values, slot="data"):
    return np.array([getattr(x, slot) for x in values.ravel()]).reshape(values.shape)


@pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)
def test_values_and_gradients_are_those_of_the_arrays(make):
    """To the rounding of float64, for the inputs and all parameters."""
    autograd.manual_seed(SEED)
    module, *inputs = make()
    for p in module.parameters():
        p.data = p.detach().numpy().astype(np.float64)
    inputs = [Tensor(x, requires_grad=True) if x.dtype.kind == "f" else x for x in inputs]
    y = module(*inputs)
    y = y[0] if isinstance(y, tuple) else y
    values, leaves = in_numbers(y)
    np.testing.assert_allclose(numbers_of(values), y.detach().numpy(), rtol=1e-9, atol=1e-12)

    weights = np.random.default_rng(SEED).normal(size=y.shape)
    y.backward(weights.astype(y.detach().numpy().dtype))
    autograd.dot(weights.ravel().tolist(), list(values.ravel())).backward()
    assert leaves
    for leaf, entries in leaves.items():
        expected = np.zeros(leaf.shape) if leaf.grad is None else leaf.grad.numpy()
        np.testing.assert_allclose(numbers_of(entries, "grad"), expected, rtol=1e-6, atol=1e-9)


def test_every_number_is_a_named_leaf():
    W = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True, name="W")
    b = Tensor(0.5, requires_grad=True, name="b")
    values, leaves = in_numbers(W @ tensor([1.0, -1.0]) + b)
    assert [x.name for x in leaves[W].ravel()] == ["W[0, 0]", "W[0, 1]", "W[1, 0]", "W[1, 1]"]
    assert (leaves[b].item().name, values.shape) == ("b", (2,))
    assert all(isinstance(x, Value) for x in values)


def test_what_says_nothing_is_not_written_out():
    """A convolution at the edge of an image multiplies no zeros."""
    x = Tensor(np.ones((1, 1, 2, 2)), requires_grad=True)
    w = Tensor(np.ones((1, 1, 3, 3)), requires_grad=True)
    values, _ = in_numbers(autograd.conv2d(x, w, padding=1))
    ops = [node.op.name for node in topological_order(values[0, 0, 0, 0]) if node.op]
    assert sorted(ops) == ["add"] * 3 + ["mul"] * 4


def test_a_shared_leaf_is_shared():
    x = Tensor([2.0], requires_grad=True, name="x")
    (y,), leaves = in_numbers(x * x)
    y.backward()
    assert leaves[x][0].grad == 4.0


def test_what_works_on_whole_arrays_only_says_so():
    a = Tensor(np.eye(2), requires_grad=True)
    with pytest.raises(TypeError, match=r"scalar view: inv works on whole arrays only \(.*\): use view='tensor'"):
        in_numbers(autograd.linalg.inv(a))


def test_too_many_numbers_are_refused():
    x = Tensor(np.ones(MAX_NUMBERS), requires_grad=True)
    with pytest.raises(ValueError, match=r"scalar view: 40,000 numbers are too many to write out, the limit is 20,000"):
        in_numbers(x * 2)
