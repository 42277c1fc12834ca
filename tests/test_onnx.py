"""ONNX files: onnxruntime computes from them what the model computes, for batches of any size."""

import numpy as np
import pytest

import autograd
from nn.activation import (
    ELU,
    GELU,
    SELU,
    Hardsigmoid,
    Hardswish,
    Hardtanh,
    LeakyReLU,
    LogSigmoid,
    LogSoftmax,
    Mish,
    ReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Softsign,
    Tanh,
)
from nn.containers import Sequential
from nn.conv import Conv1d, Conv2d, Conv3d, ConvTranspose2d
from nn.dense import Dense
from nn.dropout import Dropout
from nn.embedding import Embedding
from nn.linear import Flatten, Identity, Linear, Unflatten
from nn.module import Module
from nn.normalization import BatchNorm1d, BatchNorm2d, LayerNorm
from nn.onnx import CONVERTERS, export
from nn.pooling import AdaptiveAvgPool2d, AdaptiveMaxPool1d, AvgPool2d, MaxPool1d, MaxPool2d
from nn.recurrent import GRU
from nn.residual import Residual

from .nn_parity import normal

onnxruntime = pytest.importorskip("onnxruntime", reason='onnxruntime is not installed: pip install "stepgrad[onnx]"')
pytest.importorskip("onnx", reason='onnx is not installed: pip install "stepgrad[onnx]"')


def assert_exported(model, x, path, rtol=1e-5):
    """Export with one batch, run with another; both must be what the model gives after `eval()`."""
    export(model, autograd.tensor(x), path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    model.eval()
    for batch in (x, np.concatenate([x, x[::-1] * 0.5 if x.dtype.kind == "f" else x])):
        (found,) = session.run(["output"], {"input": batch})
        expected = model(autograd.tensor(batch)).detach().numpy()
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol * np.abs(expected).max())


def used(model):
    """The model after some training steps, so that running statistics and biases are not those of the beginning."""
    for i, parameter in enumerate(model.parameters()):
        with autograd.no_grad():
            parameter += autograd.tensor(normal(parameter.shape, i).astype(parameter.dtype) * 0.1)
    for module in model.modules():
        if getattr(module, "running_mean", None) is not None:
            module.running_mean += autograd.tensor(normal(module.running_mean.shape).astype("float32"))
            module.running_var += 0.5
    return model


ACTIVATIONS = [
    ReLU(), Sigmoid(), LogSigmoid(), Tanh(), Softsign(), SiLU(), Mish(), Hardswish(), Hardsigmoid(), LeakyReLU(0.3),
    ELU(0.7), SELU(), Hardtanh(-0.5, 2.0), ReLU6(), GELU(), GELU("tanh"), Softplus(), Softmax(dim=1),
    LogSoftmax(dim=-1),
]  # fmt: skip


@pytest.mark.parametrize("layer", ACTIVATIONS, ids=repr)
def test_activations(layer, tmp_path):
    assert_exported(Sequential(Linear(3, 4), layer), normal((2, 3)).astype("float32") * 3, tmp_path / "x.onnx")


IMAGES = [
    Conv2d(4, 6, 3), Conv2d(4, 6, (3, 2), stride=2, padding=(1, 0), dilation=(1, 2), groups=2, bias=False),
    Conv2d(4, 6, (2, 3), padding="same"), Conv2d(4, 6, 3, padding="valid"),
    ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2), BatchNorm2d(4),
    BatchNorm2d(4, affine=False, eps=0.1), MaxPool2d(2), MaxPool2d((3, 2), stride=1, padding=(1, 0), dilation=2),
    AvgPool2d(3, stride=2, padding=1), AvgPool2d(3, padding=1, count_include_pad=False), AdaptiveAvgPool2d(1),
    AdaptiveAvgPool2d((4, None)), Flatten(), Flatten(1, 2), Flatten(2), LayerNorm((8, 8)),
    LayerNorm(8, elementwise_affine=False), Dropout(0.5), Identity(), Linear(8, 3),
]  # fmt: skip


@pytest.mark.parametrize("layer", IMAGES, ids=repr)
def test_layers_on_images(layer, tmp_path):
    assert_exported(used(Sequential(layer)), normal((2, 4, 8, 8)).astype("float32"), tmp_path / "x.onnx")


OTHERS = [
    (Linear(3, 4, bias=False), (2, 3)), (BatchNorm1d(3), (2, 3)), (Unflatten(1, (2, 3)), (2, 6)),
    (Conv1d(2, 3, 3), (2, 2, 7)), (Conv3d(2, 3, 2), (2, 2, 4, 4, 4)), (MaxPool1d(2), (2, 2, 6)),
    (AdaptiveMaxPool1d(3), (2, 2, 6)), (Residual(Linear(3, 5), Tanh(), Linear(5, 3)), (2, 3)),
    (Sequential(Dense(5, activation="relu"), Dense(4, activation="softmax"), Dense(3)), (2, 6)),
]  # fmt: skip


@pytest.mark.parametrize(("layer", "shape"), OTHERS, ids=lambda x: repr(x)[:30])
def test_other_layers(layer, shape, tmp_path):
    autograd_input = normal(shape).astype("float32")
    layer(autograd.tensor(autograd_input))  # a Dense layer has no parameters before
    assert_exported(used(layer), autograd_input, tmp_path / "x.onnx")


def test_a_whole_network(tmp_path):
    model = Sequential(
        Conv2d(1, 4, 3, padding=1), BatchNorm2d(4), ReLU(), MaxPool2d(2), Residual(Conv2d(4, 4, 3, padding=1), ReLU()),
        Flatten(), Sequential(Linear(64, 16), Dropout(0.5), ReLU()), Linear(16, 10), Softmax(dim=-1),
    )  # fmt: skip
    assert_exported(used(model), normal((3, 1, 8, 8)).astype("float32"), tmp_path / "x.onnx")


def test_embeddings_of_whole_numbers(tmp_path):
    assert_exported(Sequential(Embedding(10, 4), Flatten(), Linear(12, 2)), np.array([[1, 2, 9]]), tmp_path / "x.onnx")


def test_double_precision(tmp_path):
    model = Sequential(Linear(3, 4), Tanh(), Linear(4, 2)).double()
    assert_exported(model, normal((2, 3)), tmp_path / "x.onnx", rtol=1e-13)


def test_the_mode_stays(tmp_path):
    model = Sequential(Linear(3, 4), BatchNorm1d(4), Dropout(0.5))
    model[0].eval()
    export(model, autograd.ones(2, 3), tmp_path / "x.onnx")
    assert [module.training for module in model.modules()] == [True, False, True, True]
    assert model[1].num_batches_tracked.item() == 0


def test_every_converter_is_tested():
    tested = [*ACTIVATIONS, *IMAGES, *(layer for layer, _ in OTHERS), Embedding(1, 1)]
    seen = {kind for layer in tested for module in layer.modules() for kind in type(module).__mro__}
    missing = {kind.__name__ for kind in CONVERTERS if kind not in seen} - {"Dropout1d", "Dropout2d", "Dropout3d"}
    assert missing == set()


def test_what_has_no_form_is_named(tmp_path):
    class Mine(Module):
        def forward(self, x):
            return x

    class Other(Linear):
        def forward(self, x):
            return -super().forward(x)

    x = autograd.ones(2, 4, 6, 6)
    for layer, message in [
        (Mine(), r"export: 0.1 is Mine\(\), which has no form in ONNX here: use .*Linear"),
        (Other(6, 6), "export: 0.1 is Other"),
        (MaxPool2d(4, ceil_mode=True), "export: 0.1, MaxPool2d.*: ceil_mode=True has no form"),
        (AvgPool2d(2, divisor_override=3), "divisor_override has no form"),
        (AdaptiveAvgPool2d(4), r"windows that cover \(6, 6\) by \[4, 4\] are not all of one size"),
        (Conv2d(4, 4, 3, padding=1, padding_mode="circular"), "only padding_mode='zeros'"),
        (BatchNorm2d(4, track_running_stats=False), "depends on the batch"),
        (Softplus(beta=2), "only beta=1"),
        (Dense(3, activation="gelu"), "activation 'gelu' has no form"),
        (GRU(6, 6), r"export: 0.1 is GRU\(6, 6\)"),
    ]:
        model = Sequential(Sequential(Identity(), layer))
        given = x[0, 0] if isinstance(layer, GRU) else x
        with pytest.raises(NotImplementedError, match=message):
            export(model, given, tmp_path / "x.onnx")
    with pytest.raises(NotImplementedError, match=r"an input of \(4, 6, 6\) has no batch axis"):
        export(Sequential(MaxPool2d(2)), x[0], tmp_path / "x.onnx")
    assert not (tmp_path / "x.onnx").exists()
