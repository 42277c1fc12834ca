"""Folding: runs of linear layers become one, with the same outputs."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import autograd
from nn import Flatten, Identity, Linear, Module, Sequential
from nn.compress import fold

from .nn_parity import normal


class ReLU(Module):
    def forward(self, x):
        return x.relu()


def outputs(model, x):
    return model(autograd.tensor(x)).detach().numpy()


@settings(max_examples=50, deadline=None)
@given(
    widths=st.lists(st.integers(1, 5), min_size=2, max_size=8),
    biases=st.lists(st.booleans(), min_size=7, max_size=7),
    dtype=st.sampled_from(["float32", "float64"]),
    between=st.lists(st.booleans(), min_size=7, max_size=7),
)
def test_any_depth_becomes_one_layer(widths, biases, dtype, between):
    modules = []
    for inputs, count, bias, has_identity in zip(widths, widths[1:], biases, between, strict=False):
        modules += [Linear(inputs, count, bias, dtype=dtype), *([Identity()] if has_identity else [])]
    model = Sequential(*modules)
    folded = fold(model)
    assert len(folded) == 1 and type(folded[0]) is Linear
    assert (folded[0].bias is not None) == any(biases[: len(widths) - 1])
    x = normal((3, widths[0])).astype(dtype)
    found, expected = outputs(folded, x), outputs(model, x)
    assert found.dtype == expected.dtype
    scale = max(np.abs(expected).max(), 0.1)
    np.testing.assert_allclose(found / scale, expected / scale, atol=1e-5 if dtype == "float32" else 1e-13)


def test_a_nonlinearity_stops_it():
    model = Sequential(Linear(4, 5), Linear(5, 6), ReLU(), Linear(6, 7), Linear(7, 3)).double()
    folded = fold(model)
    assert [type(module) for module in folded] == [Linear, ReLU, Linear]
    assert folded[1] is model[2]
    x = normal((2, 4))
    np.testing.assert_allclose(outputs(folded, x), outputs(model, x), rtol=1e-12)


def test_inner_sequences_stand_in_their_place():
    model = Sequential(Flatten(), Sequential(Linear(6, 5), Linear(5, 4)), Linear(4, 3), Sequential(Identity()))
    folded = fold(model.double())
    assert [type(module) for module in folded] == [Flatten, Linear]
    np.testing.assert_allclose(outputs(folded, normal((2, 2, 3))), outputs(model, normal((2, 2, 3))), rtol=1e-12)


def test_the_model_stays_as_it_was():
    model = Sequential(Linear(4, 5), Linear(5, 6))
    before = {name: p.numpy().copy() for name, p in model.state_dict().items()}
    fold(model)
    assert len(model) == 2
    for name, p in model.state_dict().items():
        np.testing.assert_array_equal(p.numpy(), before[name])


def test_layers_that_do_more_are_left_alone():
    class Doubled(Linear):
        def forward(self, x):
            return 2 * super().forward(x)

    watched = Linear(4, 4)
    watched.register_forward_hook(lambda module, inputs, output: output + 1)
    assert len(fold(Sequential(Linear(4, 4), Doubled(4, 4), Linear(4, 4)))) == 3
    assert len(fold(Sequential(Linear(4, 4), watched, Linear(4, 4)))) == 3


def test_what_is_folded_can_be_learnt():
    (layer,) = fold(Sequential(Linear(4, 5), Linear(5, 6)))
    layer(autograd.ones(2, 4)).sum().backward()
    assert layer.weight.grad.shape == (6, 4) and layer.bias.grad.shape == (6,)


def test_mistakes():
    with pytest.raises(ValueError, match="a layer gives 5 features, the next takes 4"):
        fold(Sequential(Linear(4, 5), Linear(4, 6)))
    with pytest.raises(TypeError, match="takes a Sequential, got Linear"):
        fold(Linear(4, 5))
