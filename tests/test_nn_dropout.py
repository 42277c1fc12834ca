"""Dropout: what it leaves out and how it scales the rest, of whole channels too, and nothing after training."""

import numpy as np
import pytest

import autograd
from autograd import tensor
from nn import dropout, functional

from .nn_layers import LAYERS, check_mistake, each_mistake
from .nn_parity import needs_torch, normal, torch


@needs_torch
@pytest.mark.parametrize("name", ["Dropout", "Dropout1d", "Dropout2d", "Dropout3d"])
def test_dropout_prints_as_pytorchs(name):
    assert repr(LAYERS[name](0.25)) == repr(getattr(torch.nn, name)(0.25))


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
    assert functional.dropout(x, 0.5, training=False) is x
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


@each_mistake(
    (lambda: dropout.Dropout(1.5), ValueError, "Dropout: p must be a probability, between 0 and 1, got 1.5"),
    (lambda: dropout.Dropout2d()(autograd.ones(2, 4)), ValueError, r"Dropout2d: takes \(N, C, H, W\) or \(C, H, W\)"),
    (lambda: dropout.Dropout3d()(autograd.ones(2, 4)), ValueError, r"Dropout3d: takes \(N, C, D, H, W\)"),
    (lambda: dropout.Dropout1d()(autograd.ones(4)), ValueError, r"Dropout1d: takes \(N, C, W\) or \(C, W\)"),
)
def test_mistakes_are_explained(mistake, error, message):
    check_mistake(mistake, error, message)
