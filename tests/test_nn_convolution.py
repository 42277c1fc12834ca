"""Layers that convolve: PyTorch's numbers whatever the options, how filters begin, derivatives, errors."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

import autograd
from nn import conv

from .arrays import fewer
from .nn_layers import booleans, check_layer_derivatives, check_mistake, check_parity, each_layer, each_mistake
from .nn_parity import needs_torch

# ---------------------------------------------------------------------- next to PyTorch


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


CONFIGURATIONS = {f"Conv{rank}d": convolutions(rank) for rank in (1, 2, 3)}
CONFIGURATIONS |= {f"ConvTranspose{rank}d": transposed_convolutions(rank) for rank in (1, 2, 3)}


@needs_torch
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")  # PyTorch's, of its speed
@pytest.mark.parametrize("name", CONFIGURATIONS)
@fewer
@given(data=st.data())
def test_layers_are_pytorchs(name, data):
    check_parity(name, CONFIGURATIONS[name], data)


def test_filters_begin_as_pytorchs():
    """Uniform in ±1/√fan_in; the draws fill the interval."""
    autograd.manual_seed(0)
    layer = conv.Conv2d(8, 32, 5, groups=2)
    bound = 1 / np.sqrt(4 * 25)
    for parameter in layer.parameters():
        assert 0.9 * bound < abs(parameter.detach().numpy()).max() <= bound


# ---------------------------------------------------------------------- derivatives and errors


@each_layer(
    (conv.Conv1d(2, 2, 2, padding="same"), (1, 2, 3)),
    (conv.Conv2d(2, 2, 2, stride=2, padding=1, padding_mode="circular"), (1, 2, 3, 3)),
    (conv.Conv3d(1, 1, 2), (1, 1, 2, 2, 3)),
    (conv.Conv(1, 2, (2, 2)), (1, 1, 3, 3)),
    (conv.ConvTranspose1d(2, 1, 2), (1, 2, 3)),
    (conv.ConvTranspose2d(2, 2, 2, stride=2, groups=2), (1, 2, 2, 2)),
    (conv.ConvTranspose3d(1, 1, 2), (1, 1, 2, 2, 1)),
)
def test_derivatives(module, shape):
    check_layer_derivatives(module, shape)


@each_mistake(
    (lambda: conv.Conv(1, 2, 3), ValueError, r"Conv: kernel_size must have one to three sizes.*\(3, 3\).*got 3"),
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
)
def test_mistakes_are_explained(mistake, error, message):
    check_mistake(mistake, error, message)
