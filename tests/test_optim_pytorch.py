"""Optimisers: PyTorch's numbers over a hundred steps, whatever the options."""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, example, given, strategies as st

import autograd
import nn
from autograd import tensor
from nn import optim
from nn.optim import lbfgs, optimizer

from .arrays import fewer
from .nn_parity import needs_torch, torch
from .optim_cases import CASES, STARTS, ours, run, theirs

GOLDEN = Path(__file__).with_name("golden") / "optim.json"


@pytest.fixture(params=[1 << 18, 32], ids=["whole", "in pieces"])
def piece(request):
    """Arrays are updated whole, or four numbers at a time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(optimizer, "PIECE", request.param)
        yield


def assert_close(found, expected, tolerance=1e-10):
    """Up to the tolerance, relative to the largest number in a row."""
    scale = np.abs(expected).max(axis=-1, keepdims=True, initial=1.0)
    worst = (np.abs(found - expected) / scale).max()
    assert worst <= tolerance, f"differs by {worst:.2g}"


# ---------------------------------------------------------------------- recorded, and side by side


@pytest.mark.parametrize("case", CASES)
def test_a_hundred_steps_end_where_pytorchs_do(case, piece):
    """Without PyTorch: its answers stand in tests/golden/optim.json."""
    expected = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert set(expected) == set(CASES)
    assert_close(ours(*CASES[case])[[0, 9, -1]], np.array(expected[case]))


@needs_torch
@pytest.mark.parametrize("case", CASES)
def test_every_step_of_a_hundred_is_pytorchs(case):
    assert_close(ours(*CASES[case]), theirs(*CASES[case]))


# ---------------------------------------------------------------------- any options

rates = st.floats(1e-3, 0.1)
decays = st.sampled_from([0.0, 0.05, 0.3])
shares = st.floats(0.0, 0.99)
OPTIONS = {
    "SGD": st.fixed_dictionaries(
        {"lr": rates, "momentum": st.just(0.0) | shares, "dampening": shares, "weight_decay": decays}
    )
    | st.fixed_dictionaries({"lr": rates, "momentum": st.floats(0.1, 0.99), "nesterov": st.just(True)}),
    **dict.fromkeys(
        ["Adam", "AdamW"],
        st.fixed_dictionaries(
            {
                "lr": rates,
                "betas": st.tuples(shares, st.floats(0.5, 0.999)),
                "eps": st.sampled_from([1e-8, 1e-3]),
                "weight_decay": decays,
                "amsgrad": st.booleans(),
            }
        ),
    ),
    "RMSprop": st.fixed_dictionaries(
        {
            "lr": rates,
            "alpha": st.floats(0.5, 0.99),
            "eps": st.sampled_from([1e-6, 1e-3]),
            "weight_decay": decays,
            "momentum": st.just(0.0) | shares,
        }
    ),
    "Adagrad": st.fixed_dictionaries(
        {"lr": rates, "lr_decay": shares, "weight_decay": decays, "initial_accumulator_value": shares}
    ),
}


@needs_torch
@pytest.mark.parametrize("name", OPTIONS)
def test_any_options_give_pytorchs_steps(name):
    @fewer
    @given(OPTIONS[name], st.booleans())
    def check(options, maximize):
        options["maximize"] = maximize
        assert_close(ours(name, options), theirs(name, options))

    check()


@needs_torch
@fewer
@given(
    st.floats(0.3, 1.0),
    st.integers(1, 5),
    st.integers(1, 8),
    st.integers(2, 9),
    st.sampled_from([None, "strong_wolfe"]),
)
def test_any_options_of_lbfgs_give_pytorchs_steps(lr, max_iter, max_eval, history_size, line_search_fn):
    options = {"lr": lr, "max_iter": max_iter, "max_eval": max_eval, "history_size": history_size}
    options["line_search_fn"] = line_search_fn
    assert_close(ours("LBFGS", options), theirs("LBFGS", options))


@needs_torch
@given(
    st.tuples(*[st.floats(-3, 3)] * 3), st.floats(0.5, 6), st.floats(0.01, 10), st.integers(0, 25), st.floats(0, 1e-3)
)
@example((-1.0, 0.0, -2.5), 2.0, 8.0, 2, 0.0)  # the second trial is worse than the first, the third would be worse yet
@example((1.0, -2.5, 2.0), 1.0, 4.0, 2, 0.0)  # close to an end of the bracket
def test_the_line_search_is_pytorchs(weights, frequency, first, limit, tolerance):
    """On curves with several hills, but where one is so straight that the first step's last bits decide where it ends.

    There the root of the cubic through two trials magnifies a rounding 10⁹ times and more.
    """
    a, b, c = weights

    def f(t):
        loss = a * np.cos(frequency * t) + b * np.sin(t) + c * t + t * t / 20
        return loss, b * np.cos(t) - a * frequency * np.sin(frequency * t) + c + t / 10

    def evaluate(t):
        loss, slope = f(t)
        return lbfgs.Trial(t, loss, np.array([slope]), slope)

    def theirs(x, t, d):
        loss, slope = f(float(t))
        return loss, torch.tensor([slope], dtype=torch.float64)

    start = evaluate(0.0)
    assume(start.slope < -1e-3)
    search = partial(lbfgs.strong_wolfe, evaluate, start, largest=1.0, limit=limit, tolerance_change=tolerance)
    found, made = search(first)
    for other, tries in (search(first * (1 + e)) for e in (1e-15, -1e-15, 1e-13, -1e-13)):
        assume(tries == made and abs(other.t - found.t) <= 1e-8 * abs(found.t))
    one, slope = torch.ones(1, dtype=torch.float64), torch.tensor(start.slope, dtype=torch.float64)
    loss, gradient, t, evaluations = pytest.importorskip("torch.optim.lbfgs")._strong_wolfe(
        theirs, None, first, one, start.loss, slope.reshape(1), slope, tolerance_change=tolerance, max_ls=limit
    )
    assert made == evaluations
    assert_close(np.array([found.t, found.loss, found.slope]), np.array([float(t), loss, gradient.item()]), 1e-5)


# ---------------------------------------------------------------------- defaults and groups


@needs_torch
@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "LBFGS"])
def test_defaults_are_pytorchs(name):
    x = nn.Parameter(autograd.ones(1))
    own = getattr(optim, name)([x]).defaults
    other = getattr(torch.optim, name)([torch.ones(1, requires_grad=True)]).defaults
    assert own == {option: other[option] for option in own}


@needs_torch
def test_groups_have_options_of_their_own():
    def groups(package, parameters):
        a, b, c = parameters
        return package.SGD([{"params": [a]}, {"params": [b, c], "lr": 0.01, "momentum": 0.5}], lr=0.1)

    own = [nn.Parameter(np.array(x)) for x in STARTS]
    other = [torch.nn.Parameter(torch.tensor(x)) for x in STARTS]
    assert_close(run(groups(optim, own), own, tensor), run(groups(torch.optim, other), other, torch.tensor))
