"""Attention and the transformer's encoder: parity with PyTorch, masks, second derivatives, mistakes."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import autograd
from autograd.testing import check_gradients
from nn.attention import (
    MultiheadAttention,
    TransformerEncoder,
    TransformerEncoderLayer,
    scaled_dot_product_attention,
)
from nn.normalization import LayerNorm

from .nn_parity import DTYPES, assert_close, assert_parity, needs_torch, normal
from .test_recurrent import flat, golden

try:
    import torch
except ImportError:
    torch = None

CASES = {"MultiheadAttention": MultiheadAttention(4, 2), "TransformerEncoderLayer": TransformerEncoderLayer(4, 2, 6, 0)}


@pytest.mark.parametrize("case", CASES)
def test_golden(case):
    module = CASES[case].double()
    module.load_state_dict(golden(case, "weight"))
    inputs = [autograd.tensor(x, requires_grad=True) for x in golden(case, "input").values()]
    outputs = flat(module(*inputs))
    sum((y * y).sum() for y in outputs).backward()
    for y, expected in zip(outputs, golden(case, "output").values(), strict=True):
        assert_close(y.detach().numpy(), expected, "float64")
    leaves = {**{str(i): x for i, x in enumerate(inputs)}, **dict(module.named_parameters())}
    for key, expected in golden(case, "gradient").items():
        assert_close(leaves[key].grad.numpy(), expected, "float64", key)


def drawn_mask(draw, shape, is_boolean):
    """A mask that hides some positions but never the first, or numbers to add."""
    if not is_boolean:
        return normal(shape, 9)
    hidden = normal(shape, draw(st.integers(0, 99))) > 0
    hidden[..., 0] = False
    return hidden


@needs_torch
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_parity_of_attention(data):
    draw = data.draw
    batch, steps, others, heads, width = (draw(st.integers(1, 4)) for _ in range(5))
    features = heads * width
    options = {"bias": draw(st.booleans()), "batch_first": draw(st.booleans())}
    if draw(st.booleans()):
        options |= {"kdim": draw(st.integers(1, 4)), "vdim": draw(st.integers(1, 4))}
    kdim, vdim = options.get("kdim", features), options.get("vdim", features)
    is_batch = draw(st.booleans())
    batch = batch if is_batch else 1

    def shape(n, m):
        return ((batch, n, m) if options["batch_first"] else (n, batch, m)) if is_batch else (n, m)

    is_boolean = draw(st.booleans())  # PyTorch warns where one mask is of numbers and the other is not
    masks = {}
    if draw(st.booleans()):
        lead = draw(st.sampled_from([(), (batch * heads,)]))
        masks["attn_mask"] = drawn_mask(draw, (*lead, steps, others), is_boolean)
    if draw(st.booleans()):
        masks["key_padding_mask"] = drawn_mask(draw, (batch, others) if is_batch else (others,), is_boolean)
    assert_parity(
        MultiheadAttention(features, heads, **options),
        torch.nn.MultiheadAttention(features, heads, **options),
        normal(shape(steps, features)),
        normal(shape(others, kdim), 1),
        normal(shape(others, vdim), 2),
        dtype=draw(st.sampled_from(DTYPES)),
        need_weights=draw(st.booleans()),
        average_attn_weights=draw(st.booleans()),
        **masks,
    )


@needs_torch
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("mask", [None, "causal", "boolean", "numbers"])
@pytest.mark.parametrize("scale", [None, 0.3])
def test_parity_of_scaled_dot_product_attention(dtype, mask, scale):
    options = {"scale": scale}
    if mask == "causal":
        options["is_causal"] = True
    elif mask is not None:
        options["attn_mask"] = normal((4, 5)) if mask == "numbers" else np.arange(5) <= np.arange(4)[:, None]
    inputs = normal((2, 3, 4, 6)), normal((2, 3, 5, 6), 1), normal((2, 3, 5, 2), 2)
    theirs = torch.nn.functional.scaled_dot_product_attention
    assert_parity(scaled_dot_product_attention, theirs, *inputs, dtype=dtype, **options)


@needs_torch
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_parity_of_encoder_layers(data):
    draw = data.draw
    batch, steps, heads, width = (draw(st.integers(1, 4)) for _ in range(4))
    options = {
        "activation": draw(st.sampled_from(["relu", "gelu"])),
        "layer_norm_eps": draw(st.sampled_from([1e-5, 1e-2])),
        "batch_first": draw(st.booleans()),
        "norm_first": draw(st.booleans()),
        "bias": draw(st.booleans()),
    }
    features = 2 * heads * width  # with one feature a normalisation is all rounding errors
    shape = (batch, steps, features) if options["batch_first"] else (steps, batch, features)
    masks = {}
    if draw(st.booleans()):
        masks["src_mask"] = drawn_mask(draw, (steps, steps), True)
    if draw(st.booleans()):
        masks["src_key_padding_mask"] = drawn_mask(draw, (batch, steps), True)
    assert_parity(
        TransformerEncoderLayer(features, heads, 5, dropout=0.0, **options),
        torch.nn.TransformerEncoderLayer(features, heads, 5, dropout=0.0, **options),
        normal(shape),
        dtype=draw(st.sampled_from(DTYPES)),
        **masks,
    )


@needs_torch
@pytest.mark.parametrize("dtype", DTYPES)
def test_parity_of_encoders(dtype):
    ours = TransformerEncoder(TransformerEncoderLayer(4, 2, 6, dropout=0.0), 3, LayerNorm(4))
    nn = torch.nn
    layer = nn.TransformerEncoderLayer(4, 2, 6, dropout=0.0)
    theirs = nn.TransformerEncoder(layer, 3, nn.LayerNorm(4), enable_nested_tensor=False)
    with torch.no_grad():
        for i, parameter in enumerate(theirs.parameters()):  # its copies are equal, ours must not be mixed up
            parameter += torch.tensor(normal(tuple(parameter.shape), i)) * 0.1
    assert_parity(ours, theirs, normal((3, 2, 4)), dtype=dtype)


def test_copies_of_a_layer_are_learnt_each_on_its_own():
    model = TransformerEncoder(TransformerEncoderLayer(4, 2, 6), 2)
    first, second = (layer.linear1.weight for layer in model.layers)
    assert first is not second
    np.testing.assert_array_equal(first.detach().numpy(), second.detach().numpy())
    assert len(model.parameters()) == 24


# ---------------------------------------------------------------------- masks


def test_a_causal_layer_does_not_see_the_future():
    model = MultiheadAttention(4, 2, dtype="float64")
    x = autograd.tensor(normal((5, 2, 4)))
    y, weights = model(x, x, x, is_causal=True)
    assert not np.triu(weights.detach().numpy(), 1).any()
    alone, _ = model(x[:3], x[:3], x[:3], is_causal=True)
    np.testing.assert_allclose(y[:3].detach().numpy(), alone.detach().numpy(), rtol=1e-12)


def test_weights_sum_to_one_and_hidden_ones_are_zero():
    x = autograd.tensor(normal((5, 2, 4)).astype("float32"))
    hidden = np.array([[False, True, False, True, True], [False] * 5])
    _, weights = MultiheadAttention(4, 2)(x, x, x, key_padding_mask=hidden, average_attn_weights=False)
    assert weights.shape == (2, 2, 5, 5)
    np.testing.assert_allclose(weights.sum(-1).detach().numpy(), 1, rtol=1e-6)
    assert not weights.detach().numpy()[0][..., hidden[0]].any()


def test_dropout_in_training_alone():
    autograd.manual_seed(0)
    x = autograd.tensor(normal((5, 2, 4)).astype("float32"))
    attention = MultiheadAttention(4, 2, dropout=0.5)
    assert (attention(x, x, x)[1].detach().numpy() == 0).any()
    assert not (attention.eval()(x, x, x)[1].detach().numpy() == 0).any()


# ---------------------------------------------------------------------- second derivatives, mistakes


def test_second_derivatives_of_attention():
    def loss(module, *inputs):
        return sum((y**3).sum() for y in module(*inputs))

    check_gradients(
        loss, MultiheadAttention(4, 2, dtype="float64"), normal((2, 1, 4)), normal((3, 1, 4), 1), normal((3, 1, 4), 2)
    )


def test_second_derivatives_of_an_encoder_layer():
    module = TransformerEncoderLayer(4, 2, 3, dropout=0.0, activation="gelu", dtype="float64")
    check_gradients(lambda module, x: (module(x) ** 3).sum(), module, normal((2, 1, 4)))


def test_parameters_begin_as_in_pytorch():
    module = MultiheadAttention(32, 4)
    bound = np.sqrt(6 / (4 * 32))
    assert 0.95 * bound < np.abs(module.in_proj_weight.detach().numpy()).max() <= bound
    assert not module.in_proj_bias.detach().numpy().any() and not module.out_proj.bias.detach().numpy().any()


def test_mistakes():
    ones, model = autograd.ones, MultiheadAttention(4, 2)
    x = ones(5, 2, 4)
    with pytest.raises(ValueError, match="embed_dim 5 cannot be shared by 2 heads"):
        MultiheadAttention(5, 2)
    with pytest.raises(ValueError, match=r"MultiheadAttention: takes 4, 4, 4 features, got inputs of \(5, 2, 3\)"):
        model(ones(5, 2, 3), x, x)
    with pytest.raises(ValueError, match="needs three axes, or two without a batch"):
        model(x, ones(5, 4), x)
    with pytest.raises(ValueError, match="numbers of keys and values, differ"):
        model(x, x, ones(6, 2, 4))
    with pytest.raises(ValueError, match=r"attn_mask must be \(5, 5\) or \(4, 5, 5\), got \(5, 4\)"):
        model(x, x, x, attn_mask=ones(5, 4))
    with pytest.raises(ValueError, match=r"key_padding_mask must be \(2, 5\), got \(5, 2\)"):
        model(x, x, x, key_padding_mask=ones(5, 2))
    with pytest.raises(ValueError, match="give attn_mask or is_causal, not both"):
        scaled_dot_product_attention(x, x, x, attn_mask=ones(2, 2), is_causal=True)
    with pytest.raises(ValueError, match=r"query \(5, 2, 4\), key \(5, 2, 3\)"):
        scaled_dot_product_attention(x, ones(5, 2, 3), x)
    with pytest.raises(ValueError, match="activation must be relu, gelu or a function, got 'tan'"):
        TransformerEncoderLayer(4, 2, activation="tan")
