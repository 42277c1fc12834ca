"""Schedules of the learning rate: PyTorch's over 100 epochs, alone and together, and resumed."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import autograd
import nn
from nn import optim

EPOCHS = 100
RATES = [0.1, 0.003]

fewer = settings(max_examples=settings.default.max_examples // 5)


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch", reason='compares with PyTorch: python -m pip install "stepgrad[bench]"')


def own_optimizer():
    return optim.SGD([{"params": nn.Parameter(autograd.ones(1)), "lr": rate} for rate in RATES])


def pytorchs_optimizer(torch):
    return torch.optim.SGD([{"params": torch.ones(1, requires_grad=True), "lr": rate} for rate in RATES])


def rates_of(optimizer, schedulers, metrics=None):
    """The rates of each group in each epoch."""
    rows = []
    for epoch in range(EPOCHS):
        rows.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
        for scheduler in schedulers:
            scheduler.step() if metrics is None else scheduler.step(metrics[epoch])
    return np.array(rows)


def made(package, optimizer, schedulers):
    return [getattr(package, name)(optimizer, **options) for name, options in schedulers]


def compare(torch, schedulers, metrics=None):
    a, b = own_optimizer(), pytorchs_optimizer(torch)
    found = rates_of(a, made(optim, a, schedulers), metrics)
    expected = rates_of(b, made(torch.optim.lr_scheduler, b, schedulers), metrics)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)


gammas = st.floats(0.5, 1.0)
factors = st.floats(0.01, 1.0)
SCHEDULERS = {
    "StepLR": {"step_size": st.integers(1, 30), "gamma": gammas},
    "MultiStepLR": {"milestones": st.lists(st.integers(1, 120), max_size=4), "gamma": gammas},
    "ExponentialLR": {"gamma": gammas},
    "LinearLR": {"start_factor": factors, "end_factor": factors, "total_iters": st.integers(1, 120)},
    "CosineAnnealingLR": {"T_max": st.integers(1, 120), "eta_min": st.sampled_from([0.0, 1e-4])},
    "LambdaLR": {"lr_lambda": st.sampled_from([lambda t: 0.9**t, lambda t: 1 / (1 + t), [math.cos, lambda t: 2.0]])},
}
drawn = {name: st.tuples(st.just(name), st.fixed_dictionaries(options)) for name, options in SCHEDULERS.items()}


@pytest.mark.parametrize("name", SCHEDULERS)
def test_rates_are_pytorchs(name, torch):
    @fewer
    @given(drawn[name])
    def check(scheduler):
        compare(torch, [scheduler])

    check()


@fewer
@given(st.data())
def test_schedulers_on_one_optimizer_multiply_as_in_pytorch(torch, data):
    """A warm-up and a decay, say."""
    names = data.draw(st.lists(st.sampled_from(sorted(SCHEDULERS.keys() - {"LambdaLR"})), min_size=2, max_size=2))
    compare(torch, [data.draw(drawn[name]) for name in names])


def test_a_warm_up_does_not_lower_what_a_cosine_comes_back_to(torch):
    compare(torch, [("LinearLR", {"start_factor": 0.1}), ("CosineAnnealingLR", {"T_max": 10})])


@fewer
@given(
    st.fixed_dictionaries(
        {
            "mode": st.sampled_from(["min", "max"]),
            "factor": st.floats(0.1, 0.9),
            "patience": st.integers(0, 10),
            "threshold": st.floats(0, 0.2),
            "threshold_mode": st.sampled_from(["rel", "abs"]),
            "cooldown": st.integers(0, 5),
            "min_lr": st.sampled_from([0.0, 1e-3, [1e-2, 1e-5]]),
            "eps": st.sampled_from([1e-8, 1e-3]),
        }
    ),
    st.integers(0, 2**32 - 1),
)
def test_plateaus_are_pytorchs(torch, options, seed):
    rng = np.random.default_rng(seed)
    metrics = (np.exp(-np.arange(EPOCHS) / 10) + rng.normal(0, 0.02, EPOCHS)).tolist()
    metrics[50] = math.nan
    compare(torch, [("ReduceLROnPlateau", options)], metrics)


# The formulas of the docstrings, without PyTorch.
FORMULAS = {
    "StepLR": ({"step_size": 7, "gamma": 0.5}, lambda t: 0.5 ** (t // 7)),
    "MultiStepLR": ({"milestones": [80, 10], "gamma": 0.5}, lambda t: 0.5 ** ((t >= 10) + (t >= 80))),
    "ExponentialLR": ({"gamma": 0.9}, lambda t: 0.9**t),
    "LinearLR": ({"start_factor": 0.2, "total_iters": 10}, lambda t: 0.2 + 0.8 * min(t, 10) / 10),
    "CosineAnnealingLR": ({"T_max": 30}, lambda t: (1 + math.cos(math.pi * t / 30)) / 2),
    "LambdaLR": ({"lr_lambda": lambda t: 1 / (1 + t)}, lambda t: 1 / (1 + t)),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_rates_follow_the_formula(name):
    options, formula = FORMULAS[name]
    optimizer = own_optimizer()
    rates = rates_of(optimizer, [getattr(optim.lr_scheduler, name)(optimizer, **options)])
    np.testing.assert_allclose(rates, np.outer([formula(t) for t in range(EPOCHS)], RATES), rtol=1e-12, atol=1e-15)


def test_a_plateau_without_pytorch():
    optimizer = own_optimizer()
    scheduler = optim.ReduceLROnPlateau(optimizer, patience=1, factor=0.5, min_lr=0.02, cooldown=1)
    rates = []
    for loss in [1.0, 0.9, 0.9, autograd.tensor(0.9), 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9]:
        scheduler.step(loss)
        rates.append(scheduler.get_last_lr()[0])
    assert rates == [0.1] * 3 + [0.05] * 3 + [0.025] * 3 + [0.02] * 3
    assert optimizer.param_groups[1]["lr"] == 0.003  # is below the least already


@pytest.mark.parametrize("name", [*FORMULAS, "ReduceLROnPlateau"])
def test_a_schedule_resumes(name):
    options = FORMULAS[name][0] if name in FORMULAS else {"patience": 2}
    losses = [1.0 / (1 + t // 4) for t in range(30)]

    def go_on(optimizer, scheduler, epochs):
        rates = []
        for t in epochs:
            scheduler.step(losses[t]) if name == "ReduceLROnPlateau" else scheduler.step()
            rates += [group["lr"] for group in optimizer.param_groups]
        return rates

    optimizer = own_optimizer()
    scheduler = getattr(optim, name)(optimizer, **options)
    go_on(optimizer, scheduler, range(15))
    saved = optimizer.state_dict(), scheduler.state_dict()
    through = go_on(optimizer, scheduler, range(15, 30))
    other = own_optimizer()
    resumed = getattr(optim, name)(other, **options)
    other.load_state_dict(saved[0])
    resumed.load_state_dict(saved[1])
    assert go_on(other, resumed, range(15, 30)) == through
    assert not any(map(callable, saved[1].values()))


def test_a_schedule_may_begin_at_a_later_epoch():
    optimizer = own_optimizer()
    with pytest.raises(ValueError, match="StepLR: to go on after epoch 4, groups must have their 'initial_lr'"):
        optim.StepLR(optimizer, 5, last_epoch=4)
    for group in optimizer.param_groups:
        group["initial_lr"] = group["lr"]
    assert optim.StepLR(optimizer, 5, last_epoch=4).get_last_lr() == [rate * 0.1 for rate in RATES]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda o: optim.StepLR(None, 1), TypeError, "StepLR: needs an optimiser, got None"),
        (lambda o: optim.StepLR(o, 0), ValueError, "StepLR: step_size must be a whole number above 0, got 0"),
        (lambda o: optim.CosineAnnealingLR(o, 0), ValueError, "CosineAnnealingLR: T_max must be a whole number"),
        (lambda o: optim.LinearLR(o, start_factor=0), ValueError, "LinearLR: start_factor must be above 0"),
        (lambda o: optim.LinearLR(o, end_factor=2), ValueError, "LinearLR: end_factor must be from 0 to 1"),
        (lambda o: optim.LambdaLR(o, [math.cos]), ValueError, "LambdaLR: 1 functions for 2 groups"),
        (lambda o: optim.ReduceLROnPlateau(o, "less"), ValueError, "mode must be 'min' or 'max', got 'less'"),
        (lambda o: optim.ReduceLROnPlateau(o, threshold_mode="x"), ValueError, "threshold_mode must be 'rel' or 'abs'"),
        (lambda o: optim.ReduceLROnPlateau(o, factor=1.0), ValueError, "factor must be below 1, got 1.0"),
        (lambda o: optim.ReduceLROnPlateau(o, min_lr=[0.1]), ValueError, "1 numbers min_lr for 2 groups"),
        (lambda o: optim.LRScheduler(o), NotImplementedError, "a scheduler must define _rate"),
    ],
)
def test_errors_teach(make, error, message):
    with pytest.raises(error, match=message):
        make(own_optimizer())


def test_the_state_of_another_scheduler_loads_nothing():
    optimizer = own_optimizer()
    scheduler = optim.StepLR(optimizer, 5)
    before = scheduler.state_dict()
    with pytest.raises(ValueError, match="load_state_dict: StepLR: only the state has T_max"):
        scheduler.load_state_dict({**before, "T_max": 1})
    with pytest.raises(ValueError, match="load_state_dict: StepLR: only the scheduler has step_size"):
        scheduler.load_state_dict({name: x for name, x in before.items() if name != "step_size"})
    assert scheduler.state_dict() == before
