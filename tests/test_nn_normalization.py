"""Layers that normalise: PyTorch's numbers and running statistics, derivatives, errors."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

import autograd
from autograd import tensor
from nn import functional, normalization

from .arrays import fewer
from .nn_layers import booleans, check_layer_derivatives, check_mistake, check_parity, each_layer, each_mistake
from .nn_parity import assert_close, needs_torch, normal, torch

# ---------------------------------------------------------------------- next to PyTorch

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


CONFIGURATIONS = {f"BatchNorm{rank}d": batch_norms(rank) for rank in (1, 2, 3)}
CONFIGURATIONS |= {"LayerNorm": layer_norms(), "GroupNorm": group_norms()}


@needs_torch
@pytest.mark.parametrize("name", CONFIGURATIONS)
@fewer
@given(data=st.data())
def test_layers_are_pytorchs(name, data):
    check_parity(name, CONFIGURATIONS[name], data)


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


# ---------------------------------------------------------------------- by itself


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


# ---------------------------------------------------------------------- derivatives and errors


@each_layer(
    (normalization.BatchNorm1d(2), (3, 2)),
    (normalization.BatchNorm2d(2), (2, 2, 2, 2)),
    (normalization.BatchNorm2d(2).eval(), (2, 2, 2, 2)),
    (normalization.LayerNorm((2, 3)), (2, 2, 3)),
    (normalization.GroupNorm(2, 4), (2, 4, 2)),
)
def test_derivatives(module, shape):
    check_layer_derivatives(module, shape)


@each_mistake(
    (lambda: normalization.GroupNorm(2, 3), ValueError, "GroupNorm: num_groups 2 must divide num_channels 3"),
    (lambda: normalization.LayerNorm(2.5), ValueError, "LayerNorm: normalized_shape must be a whole number, got 2.5"),
    (lambda: normalization.BatchNorm1d(3)(autograd.ones(2, 4)), ValueError, "BatchNorm1d: takes 3 channels, got 4"),
    (lambda: normalization.BatchNorm1d(3)(autograd.ones(1, 3)), ValueError, "batch_norm: one value per channel"),
    (
        lambda: functional.batch_norm(autograd.ones(2, 3), None, None),
        ValueError,
        "batch_norm: outside training running_mean and",
    ),
    (lambda: normalization.BatchNorm2d(3)(autograd.ones(2, 3)), ValueError, r"BatchNorm2d: takes \(N, C, H, W\), got"),
    (lambda: normalization.LayerNorm(3)(autograd.ones(2, 4)), ValueError, r"LayerNorm: normalises last axes of \(3,\)"),
    (
        lambda: functional.layer_norm(autograd.ones(2, 4), [3]),
        ValueError,
        r"layer_norm: normalized_shape \(3,\) must be the last",
    ),
    (lambda: normalization.GroupNorm(1, 3)(autograd.ones(2, 4)), ValueError, r"GroupNorm: takes \(N, 3, ...\), got"),
    (
        lambda: functional.group_norm(autograd.ones(2, 4), 3),
        ValueError,
        "group_norm: .* num_groups=3 must divide the channels",
    ),
)
def test_mistakes_are_explained(mistake, error, message):
    check_mistake(mistake, error, message)
