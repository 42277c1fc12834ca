"""Layers by their names, and what is checked of those of every kind."""

import pytest
from hypothesis import strategies as st

from autograd.testing import check_gradients
from nn import activation, conv, dropout, embedding, loss, normalization, pooling, residual

from .nn_parity import DTYPES, assert_parity, normal, randomised, torch

LAYERS = {
    name: getattr(module, name)
    for module in (activation, conv, dropout, embedding, loss, normalization, pooling, residual)
    for name in module.__all__
}
"""Everything by its name; functions, too."""

dtypes = st.sampled_from(DTYPES)
booleans = st.booleans()
seeds = st.integers(0, 1000)


def in_float64(module, seed=0):
    """The module in float64, with parameters that are neither 0 nor 1."""
    module.double()
    for i, parameter in enumerate(module.parameters()):
        parameter.data = 1 + 0.3 * normal(parameter.shape, seed + i)
    return module


# ---------------------------------------------------------------------- checks


def check_parity(name, configurations, data):
    """A layer with drawn arguments computes what PyTorch's does with the same weights, in training or not."""
    arguments, options, shape = data.draw(configurations)
    training = data.draw(booleans)
    theirs = randomised(getattr(torch.nn, name)(*arguments, **options)).train(training)
    x = normal(shape, seed=data.draw(seeds))
    assert_parity(LAYERS[name](*arguments, **options), theirs, x, dtype=data.draw(dtypes), text=True)


def each_layer(*cases):
    """Run a test for each of these layers, given with the shape of an input."""
    return pytest.mark.parametrize(("module", "shape"), cases, ids=lambda x: f"{x!r}".split("\n")[0])


def check_layer_derivatives(module, shape):
    """First and second, by the input and by all parameters, reverse and forward."""
    module, x = in_float64(module), normal(shape, seed=1)
    check_gradients(module, x, project=True)
    if module.parameters():
        check_gradients(lambda module, x: module(x), module, x, project=True)


def each_mistake(*cases):
    """Run a test for each of these calls, given with the error that it raises and a pattern of its message."""
    return pytest.mark.parametrize(("mistake", "error", "message"), cases, ids=[message for *_, message in cases])


def check_mistake(mistake, error, message):
    """The call raises this error, in one line."""
    with pytest.raises(error, match=message) as caught:
        mistake()
    assert "\n" not in str(caught.value)
