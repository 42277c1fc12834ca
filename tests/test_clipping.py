"""Clipping of gradients, by their norm and by value."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

import autograd
import nn
from autograd import Value, tensor
from nn.optim import clip_grad_norm_, clip_grad_value_

from .arrays import fewer
from .nn_parity import needs_torch, torch
from .optim_cases import STARTS, parameter


@needs_torch
@fewer
@given(st.floats(0.01, 100), st.sampled_from([1.0, 2.0, 3.0, float("inf")]), st.integers(0, 2**32 - 1))
def test_clipping_by_the_norm_is_pytorchs(max_norm, norm_type, seed):
    rng = np.random.default_rng(seed)
    gradients = [rng.normal(size=x.shape) for x in STARTS]
    own, other = [nn.Parameter(x) for x in STARTS], [torch.nn.Parameter(torch.tensor(x)) for x in STARTS]
    for p, q, g in zip(own, other, gradients, strict=True):
        p.grad, q.grad = tensor(g), torch.tensor(g)
    norm = clip_grad_norm_(own, max_norm, norm_type)
    assert abs(norm.item() - torch.nn.utils.clip_grad_norm_(other, max_norm, norm_type).item()) < 1e-12 * norm.item()
    for p, q in zip(own, other, strict=True):
        np.testing.assert_allclose(p.grad.numpy(), q.grad.numpy(), rtol=1e-12)


def test_clipping_by_the_norm():
    x, v, unused = parameter(0.0, dtype="float32"), Value(0.0), parameter(1.0)
    x.grad, v.grad = tensor([3.0]), 4.0
    assert clip_grad_norm_([x, v, unused], 10.0).item() == 5.0
    assert (x.grad.tolist(), v.grad) == ([3.0], 4.0)  # short enough
    clip_grad_norm_([x, v, unused], 1.0)
    np.testing.assert_allclose([x.grad.item(), v.grad], [0.6, 0.8], rtol=1e-6)
    assert x.grad.dtype == autograd.float32 and unused.grad is None
    assert clip_grad_norm_([], 1.0).item() == 0.0
    assert clip_grad_norm_(x, 1.0).item() == pytest.approx(0.6)


def test_a_norm_that_is_not_finite_can_be_refused():
    x = parameter(1.0)
    x.grad = tensor([np.nan])
    with pytest.raises(RuntimeError, match="the norm of the gradients is nan"):
        clip_grad_norm_([x], 1.0, error_if_nonfinite=True)


def test_clipping_by_value():
    x, v, unused = parameter(0.0, 0.0), Value(0.0), parameter(1.0)
    x.grad, v.grad = tensor([3.0, -0.5]), -2.0
    clip_grad_value_([x, v, unused], 1.0)
    assert (x.grad.tolist(), v.grad, unused.grad) == ([1.0, -0.5], -1.0, None)
