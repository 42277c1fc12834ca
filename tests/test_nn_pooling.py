"""Layers that pool: PyTorch's numbers whatever the options, sums of windows, derivatives, errors."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

import autograd
from nn import pooling

from .arrays import fewer
from .nn_layers import LAYERS, booleans, check_layer_derivatives, check_mistake, check_parity, each_layer, each_mistake
from .nn_parity import needs_torch

# ---------------------------------------------------------------------- next to PyTorch


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


CONFIGURATIONS = {f"{kind}Pool{rank}d": pools(rank, kind) for kind in ("Max", "Avg") for rank in (1, 2, 3)}
CONFIGURATIONS |= {f"Adaptive{kind}Pool{rank}d": adaptive_pools(rank) for kind in ("Max", "Avg") for rank in (1, 2, 3)}


@needs_torch
@pytest.mark.parametrize("name", CONFIGURATIONS)
@fewer
@given(data=st.data())
def test_layers_are_pytorchs(name, data):
    check_parity(name, CONFIGURATIONS[name], data)


def test_sums_of_windows():
    x = autograd.arange(16.0).reshape(1, 1, 4, 4)
    assert pooling.SumPool2d(2)(x).tolist() == [[[[10.0, 18.0], [42.0, 50.0]]]]
    assert pooling.SumPool2d(2, stride=1, padding=1)(x).shape == (1, 1, 5, 5)
    np.testing.assert_allclose(pooling.SumPool2d(3)(x).numpy(), 9 * pooling.AvgPool2d(3)(x).numpy())


# ---------------------------------------------------------------------- derivatives and errors


@each_layer(
    *((LAYERS[f"{kind}Pool"]((2,) * rank), (1, 2, *(4,) * rank)) for kind in ("Max", "Avg", "Sum") for rank in (1, 2)),
    (pooling.SumPool3d(2), (1, 1, 2, 2, 2)),
    (pooling.AdaptiveAvgPool2d(2), (1, 2, 3, 3)),
    (pooling.AdaptiveMaxPool2d(2), (1, 2, 3, 3)),
)
def test_derivatives(module, shape):
    check_layer_derivatives(module, shape)


@each_mistake(
    (lambda: pooling.MaxPool(2), ValueError, "MaxPool: kernel_size must have one to three sizes"),
    (lambda: pooling.MaxPool2d(2, padding=2), ValueError, "padding 2 must be at most half of kernel_size 2"),
    (lambda: pooling.MaxPool2d(2, dilation=0), ValueError, "MaxPool2d: dilation 0: must be at least 1"),
    (lambda: pooling.MaxPool2d(2, return_indices=True), ValueError, "MaxPool2d: return_indices=True is not there"),
    (lambda: pooling.AvgPool2d(2, divisor_override=0), ValueError, "AvgPool2d: divisor_override must not be 0"),
    (lambda: pooling.AvgPool((2,), divisor_override=3), ValueError, "AvgPool: divisor_override is for images"),
    (lambda: pooling.AdaptiveAvgPool2d((1, 2, 3)), ValueError, "AdaptiveAvgPool2d: output_size .* has 3 numbers"),
)
def test_mistakes_are_explained(mistake, error, message):
    check_mistake(mistake, error, message)
