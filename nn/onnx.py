"""Models for other programs: ONNX files, which onnxruntime and many devices run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd import Tensor, no_grad

from . import activation, conv, dropout, normalization, pooling
from .containers import Sequential
from .dense import Dense
from .embedding import Embedding
from .linear import Flatten, Identity, Linear, Unflatten
from .module import Module
from .residual import Residual

__all__ = ["export"]

OPSET = 20
"""The version of ONNX's operators: the first with GELU."""

IR_VERSION = 9
"""The version of the file format that came with it."""


def export(model: Module, example_input: Tensor, path: str | os.PathLike[str]) -> None:
    """Write a model as an ONNX file, as it computes after `eval()`, for batches of any size.

    Args:
        model: a layer, or layers in `Sequential`s and `Residual`s.
        example_input: an input of the right shape and dtype, batch first; the model is run on it.
        path: the file.

    Raises:
        ImportError: the package `onnx` is not installed.
        NotImplementedError: a module has no form in ONNX here; it is named.

    The file's input is called `input`, its output `output`:

        onnxruntime.InferenceSession("model.onnx").run(["output"], {"input": x})
    """
    try:
        import onnx
    except ImportError:
        raise ImportError('export: needs the package onnx: python -m pip install "stepgrad[onnx]"') from None
    graph = _Graph(onnx)
    with _evaluating(model), no_grad():
        name, y = graph.add(model, "input", example_input)
    graph.node("Identity", [name], outputs=["output"])
    value = onnx.helper.make_tensor_value_info
    batch = ["batch", *y.shape[1:]] if y.shape[:1] == example_input.shape[:1] else [None] * y.ndim
    inputs = [value("input", graph.kind(example_input), ["batch", *example_input.shape[1:]])]
    outputs = [value("output", graph.kind(y), batch)]
    made = onnx.helper.make_model(
        onnx.helper.make_graph(graph.nodes, type(model).__name__, inputs, outputs, graph.constants),
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="stepgrad",
    )
    onnx.checker.check_model(made, full_check=True)
    onnx.save(made, os.fspath(path))


@contextmanager
def _evaluating(model: Module) -> Iterator[None]:
    """All modules in the mode of evaluation, and afterwards as they were."""
    before = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in before:
            module.training = training


class _Graph:
    """The nodes and constants of a file, as modules add them."""

    def __init__(self, onnx: Any) -> None:
        self._onnx = onnx
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def kind(self, x: Any) -> int:
        """ONNX's number for a tensor's dtype."""
        return self._onnx.helper.np_dtype_to_tensor_dtype(np.dtype(x.dtype))  # type: ignore[no-any-return]

    def node(self, op: str, inputs: list[str], outputs: list[str] | None = None, **settings: Any) -> str:
        """Add an operation; the name of its result."""
        outputs = outputs or [f"{op}_{len(self.nodes)}"]
        self.nodes.append(self._onnx.helper.make_node(op, inputs, outputs, **settings))
        return outputs[0]

    def constant(self, x: Any) -> str:
        """Add an array; its name."""
        array = np.ascontiguousarray(x.detach().numpy() if isinstance(x, Tensor) else x)
        name = f"constant_{len(self.constants)}"
        self.constants.append(self._onnx.numpy_helper.from_array(array, name))
        return name

    def add(self, module: Module, name: str, x: Any, path: str = "") -> tuple[str, Any]:
        """Add a module that takes the result of that name, of which `x` is an example; its result, and an example."""
        if isinstance(module, Sequential) and type(module).forward is Sequential.forward:
            for inner, child in module.named_children():
                name, x = self.add(child, name, x, f"{path}.{inner}".lstrip("."))
            return name, x
        if type(module) is Residual:
            body, y = self.add(module.body, name, x, f"{path}.body".lstrip("."))
            past, _ = self.add(module.shortcut, name, x, f"{path}.shortcut".lstrip("."))
            return self.node("Add", [past, body]), y
        y = module(x)
        layer: Any = type(module)
        for kind in layer.__mro__:
            if kind in CONVERTERS and layer.forward is kind.forward:
                try:
                    return CONVERTERS[kind](self, module, name, x), y
                except NotImplementedError as error:
                    raise NotImplementedError(f"export: {path or 'the model'}, {module!r}: {error}") from None
        raise NotImplementedError(
            f"export: {path or 'the model'} is {module!r}, which has no form in ONNX here: "
            f"use {', '.join(sorted(kind.__name__.lstrip('_') for kind in CONVERTERS))}, Sequential or Residual"
        )


# ---------------------------------------------------------------------- layers


def _linear(graph: _Graph, layer: Any, x: str, example: Any) -> str:
    y = graph.node("MatMul", [x, graph.constant(layer.weight.detach().numpy().T)])
    return y if layer.bias is None else graph.node("Add", [y, graph.constant(layer.bias)])


def _dense(graph: _Graph, layer: Any, x: str, example: Any) -> str:
    ops = {None: "Identity", "linear": "Identity", "relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid"}
    y = _linear(graph, layer, x, example)
    if layer.activation == "softmax":
        return graph.node("Softmax", [y], axis=-1)
    if layer.activation not in ops:
        raise NotImplementedError(f"activation {layer.activation!r} has no form in ONNX here")
    return graph.node(ops[layer.activation], [y])


def _flatten(graph: _Graph, layer: Any, x: str, example: Any) -> str:
    start, end = layer.start_dim % example.ndim, layer.end_dim % example.ndim
    return _reshaped(graph, x, [0] * start + [-1] + list(example.shape[end + 1 :]))


def _unflatten(graph: _Graph, layer: Any, x: str, example: Any) -> str:
    dim = layer.dim % example.ndim
    return _reshaped(graph, x, [0] * dim + list(layer.unflattened_size) + list(example.shape[dim + 1 :]))


def _reshaped(graph: _Graph, x: str, shape: list[int]) -> str:
    """A reshape; 0 keeps the length of an axis, that of the batch, say."""
    return graph.node("Reshape", [x, graph.constant(np.array(shape, np.int64))])


def _embedding(graph: _Graph, layer: Any, x: str, example: Any) -> str:
    return graph.node("Gather", [graph.constant(layer.weight), x])


def _batch_norm(graph: _Graph, layer: Any, x: str, example: Any) -> str:
    if layer.running_mean is None:
        raise NotImplementedError("without running statistics it depends on the batch")
    statistics = [graph.constant(layer.running_mean), graph.constant(layer.running_var)]
    shape = (layer.num_features,)
    return graph.node("BatchNormalization", [x, *_affine(graph, layer, shape, example), *statistics], epsilon=layer.eps)


def _layer_norm(graph: _Graph, layer: Any, x: str, example: Any) -> str:
    shape = layer.normalized_shape
    affine = _affine(graph, layer, shape, example)
    return graph.node("LayerNormalization", [x, *affine], axis=-len(shape), epsilon=layer.eps)


def _affine(graph: _Graph, layer: Any, shape: tuple[int, ...], example: Any) -> list[str]:
    """The weight and the bias of a normalisation, 1 and 0 where there are none."""
    weight = np.ones(shape, example.dtype) if layer.weight is None else layer.weight
    bias = np.zeros(shape, example.dtype) if layer.bias is None else layer.bias
    return [graph.constant(weight), graph.constant(bias)]


# ---------------------------------------------------------------------- windows


def _per_axis(n: Any, rank: int) -> list[Any]:
    return list(n) if isinstance(n, (tuple, list)) else [n] * rank


def _check_batch(layer: Any, example: Any) -> None:
    if example.ndim != layer.rank + 2:
        raise NotImplementedError(f"an input of {example.shape} has no batch axis")


def _convolution(graph: _Graph, layer: Any, x: str, example: Any) -> str:
    _check_batch(layer, example)
    if layer.padding_mode != "zeros":
        raise NotImplementedError("only padding_mode='zeros' has a form in ONNX here")
    if layer.padding == "same":
        totals = [d * (k - 1) for d, k in zip(layer.dilation, layer.kernel_size, strict=True)]
        pads = [n // 2 for n in totals] + [n - n // 2 for n in totals]
    else:
        pads = ([0] * layer.rank if layer.padding == "valid" else list(layer.padding)) * 2
    settings = {"strides": layer.stride, "pads": pads, "dilations": layer.dilation, "group": layer.groups}
    if layer.transposed:
        settings["output_padding"] = layer.output_padding
    bias = [] if layer.bias is None else [graph.constant(layer.bias)]
    op = "ConvTranspose" if layer.transposed else "Conv"
    return graph.node(op, [x, graph.constant(layer.weight), *bias], **settings)


def _pool(graph: _Graph, layer: Any, x: str, example: Any) -> str:
    _check_batch(layer, example)
    settings: dict[str, Any] = {
        "kernel_shape": _per_axis(layer.kernel_size, layer.rank),
        "strides": _per_axis(layer.stride, layer.rank),
        "pads": _per_axis(layer.padding, layer.rank) * 2,
    }
    if layer.ceil_mode:
        raise NotImplementedError("ceil_mode=True has no form in ONNX here")
    if isinstance(layer, pooling._MaxPool):
        return graph.node("MaxPool", [x], dilations=_per_axis(layer.dilation, layer.rank), **settings)
    if layer.divisor_override is not None:
        raise NotImplementedError("divisor_override has no form in ONNX")
    return graph.node("AveragePool", [x], count_include_pad=int(layer.count_include_pad), **settings)


def _adaptive_pool(graph: _Graph, layer: Any, x: str, example: Any) -> str:
    _check_batch(layer, example)
    sizes = example.shape[2:]
    wanted = [n if m is None else m for m, n in zip(_per_axis(layer.output_size, layer.rank), sizes, strict=True)]
    if any(n % m for n, m in zip(sizes, wanted, strict=True)):
        raise NotImplementedError(f"windows that cover {sizes} by {wanted} are not all of one size")
    op = "AveragePool" if isinstance(layer, pooling._AdaptiveAvgPool) else "MaxPool"
    kernel = [n // m for n, m in zip(sizes, wanted, strict=True)]
    return graph.node(op, [x], kernel_shape=kernel, strides=kernel)


# ---------------------------------------------------------------------- activations


def _named(op: str, **settings: Callable[[Any], Any]) -> Callable[..., str]:
    """A layer that is one operation of ONNX, whose settings are read off the layer."""

    def convert(graph: _Graph, layer: Any, x: str, example: Any) -> str:
        return graph.node(op, [x], **{name: read(layer) for name, read in settings.items()})

    return convert


def _clip(low: Callable[[Any], float], high: Callable[[Any], float]) -> Callable[..., str]:
    def convert(graph: _Graph, layer: Any, x: str, example: Any) -> str:
        bounds = [graph.constant(np.array(bound(layer), example.dtype)) for bound in (low, high)]
        return graph.node("Clip", [x, *bounds])

    return convert


def _silu(graph: _Graph, layer: Any, x: str, example: Any) -> str:
    return graph.node("Mul", [x, graph.node("Sigmoid", [x])])


def _softplus(graph: _Graph, layer: Any, x: str, example: Any) -> str:
    if layer.beta != 1:
        raise NotImplementedError("only beta=1 has a form in ONNX here")
    return graph.node("Softplus", [x])


def _log_sigmoid(graph: _Graph, layer: Any, x: str, example: Any) -> str:
    return graph.node("Neg", [graph.node("Softplus", [graph.node("Neg", [x])])])


def _nothing(graph: _Graph, layer: Any, x: str, example: Any) -> str:
    return x


CONVERTERS: dict[Any, Callable[[_Graph, Any, str, Any], str]] = {
    Linear: _linear,
    Dense: _dense,
    Flatten: _flatten,
    Unflatten: _unflatten,
    Identity: _nothing,
    Embedding: _embedding,
    dropout.Dropout: _nothing,
    dropout.Dropout1d: _nothing,
    dropout.Dropout2d: _nothing,
    dropout.Dropout3d: _nothing,
    normalization._BatchNorm: _batch_norm,
    normalization.LayerNorm: _layer_norm,
    conv._Convolution: _convolution,
    conv._TransposedConvolution: _convolution,
    pooling._MaxPool: _pool,
    pooling._AvgPool: _pool,
    pooling._AdaptiveAvgPool: _adaptive_pool,
    pooling._AdaptiveMaxPool: _adaptive_pool,
    activation.ReLU: _named("Relu"),
    activation.Sigmoid: _named("Sigmoid"),
    activation.LogSigmoid: _log_sigmoid,
    activation.Tanh: _named("Tanh"),
    activation.Softsign: _named("Softsign"),
    activation.SiLU: _silu,
    activation.Mish: _named("Mish"),
    activation.Hardswish: _named("HardSwish"),
    activation.Hardsigmoid: _named("HardSigmoid", alpha=lambda _: 1 / 6, beta=lambda _: 0.5),
    activation.LeakyReLU: _named("LeakyRelu", alpha=lambda layer: layer.negative_slope),
    activation.ELU: _named("Elu", alpha=lambda layer: layer.alpha),
    activation.SELU: _named("Selu"),
    activation.Hardtanh: _clip(lambda layer: layer.min_val, lambda layer: layer.max_val),
    activation.ReLU6: _clip(lambda _: 0.0, lambda _: 6.0),
    activation.GELU: _named("Gelu", approximate=lambda layer: layer.approximate),
    activation.Softplus: _softplus,
    activation.Softmax: _named("Softmax", axis=lambda layer: layer.dim),
    activation.LogSoftmax: _named("LogSoftmax", axis=lambda layer: layer.dim),
}
"""How each kind of layer, or a subclass that computes the same, is written in ONNX."""
