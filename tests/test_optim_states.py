"""States of optimisers: training resumes to the same bits, and the state of another loads nothing."""

import numpy as np
import pytest

import autograd
import nn
from autograd import Value, tensor
from nn import optim
from nn.optim import SGD, Adam

from .optim_cases import CASES, STARTS, parameter, run


def plain(x):
    """Whether this is made of dictionaries, lists, numbers and arrays alone."""
    if isinstance(x, dict):
        return all(isinstance(key, (str, int)) and plain(entry) for key, entry in x.items())
    if isinstance(x, (list, tuple)):
        return all(map(plain, x))
    return x is None or type(x) in (bool, int, float, str, np.ndarray)


@pytest.mark.parametrize("case", CASES)
def test_training_resumes_to_the_same_bits(case):
    name, options = CASES[case]
    make = getattr(optim, name)
    parameters = [nn.Parameter(np.array(x)) for x in STARTS]
    first = make(parameters, **options)
    run(first, parameters, tensor, 7)
    state, numbers = first.state_dict(), [np.array(p.detach().numpy()) for p in parameters]
    through = run(first, parameters, tensor, 7, first=7)

    assert plain(state)
    assert [group["params"] for group in state["param_groups"]] == [[0, 1, 2]]
    parameters = [nn.Parameter(x) for x in numbers]
    second = make(parameters)  # the options come with the state
    second.load_state_dict(state)
    resumed = run(second, parameters, tensor, 7, first=7)
    assert resumed.tobytes() == through.tobytes()
    assert second.param_groups[0]["params"] == parameters


def test_a_state_is_a_copy():
    x = parameter(1.0)
    optimizer = Adam([x])
    x.grad = tensor([1.0])
    optimizer.step()
    state = optimizer.state_dict()
    other = Adam([x])
    other.load_state_dict(state)
    optimizer.step()
    saved, loaded = state["state"][0], other.state[x]
    assert saved["step"] == loaded["step"] == 1
    saved["exp_avg"][0] += 7.0
    assert loaded["exp_avg"] < 0.2 and optimizer.state[x]["step"] == 2


def test_scalars_have_one_state():
    values = [Value(1.0), Value(2.0)]
    optimizer = SGD(values, lr=0.1, momentum=0.9)
    optimizer.step()
    state = optimizer.state_dict()
    assert state["param_groups"][0]["params"] == [0] and state["state"][0]["momentum_buffer"].shape == (2,)
    SGD([Value(1.0), Value(2.0)]).load_state_dict(state)


# ---------------------------------------------------------------------- states of others


def state_after_a_step(make, shape=(2,)):
    x = nn.Parameter(autograd.ones(*shape))
    x.grad = autograd.ones(*shape)
    optimizer = make([x])
    optimizer.step(lambda: 0.0)
    return optimizer.state_dict()


def without(state, name):
    del state["state"][0][name]
    return state


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (lambda: state_after_a_step(SGD), "the state has no betas: it is another optimiser's"),
        (lambda: state_after_a_step(Adam, (3,)), r"exp_avg of parameter 0 has shape \(3,\), must have \(2,\)"),
        (lambda: without(state_after_a_step(Adam), "step"), "the state of parameter 0 has no step"),
        (lambda: without(state_after_a_step(Adam), "exp_avg_sq"), "the state of parameter 0 has no exp_avg_sq"),
        (
            lambda: Adam([parameter(1.0), parameter(1.0)]).state_dict(),
            r"has groups of \[1\] parameters, the state groups of \[2\]",
        ),
        (lambda: {**state_after_a_step(Adam), "state": {4: {}}}, "has 1 parameters, the state has one with number 4"),
    ],
)
def test_the_state_of_another_optimizer_loads_nothing(state, message):
    x = nn.Parameter(autograd.ones(2))
    x.grad = autograd.ones(2)
    optimizer = Adam([x], lr=0.5)
    optimizer.step()
    before = repr(optimizer.state_dict())
    with pytest.raises(ValueError, match=f"load_state_dict: Adam: {message}"):
        optimizer.load_state_dict(state())
    assert repr(optimizer.state_dict()) == before


def test_the_vectors_of_lbfgs_must_fit():
    with pytest.raises(ValueError, match=r"has 2 numbers, the state vectors of shape \(3,\)"):
        optim.LBFGS([nn.Parameter(autograd.ones(2))]).load_state_dict(state_after_a_step(optim.LBFGS, (3,)))
