"""Optimisers and clipping: PyTorch's numbers over 100 steps, states that resume to the same bits, errors that teach."""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, example, given, settings, strategies as st

import autograd
import nn
from autograd import Value, tensor
from nn import optim
from nn.optim import SGD, Adagrad, Adam, AdamW, Optimizer, RMSprop, clip_grad_norm_, clip_grad_value_, lbfgs, optimizer

GOLDEN = Path(__file__).with_name("golden") / "optim.json"
STEPS = 100

fewer = settings(max_examples=settings.default.max_examples // 5)


# ---------------------------------------------------------------------- a problem that either package can run

STARTS = [np.linspace(-1, 1, 12).reshape(3, 4), np.linspace(0.5, -2, 5), np.array(0.7)]

CASES = {
    "SGD": ("SGD", {"lr": 0.05}),
    "SGD, momentum": ("SGD", {"lr": 0.02, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.1}),
    "SGD, Nesterov": ("SGD", {"lr": 0.02, "momentum": 0.8, "nesterov": True, "maximize": True}),
    "Adam": ("Adam", {"lr": 0.05}),
    "Adam, amsgrad": ("Adam", {"lr": 0.05, "betas": (0.8, 0.9), "weight_decay": 0.1, "amsgrad": True}),
    "AdamW": ("AdamW", {"lr": 0.05, "weight_decay": 0.2, "maximize": True}),
    "RMSprop": ("RMSprop", {"lr": 0.01}),
    "RMSprop, centred": ("RMSprop", {"lr": 0.01, "momentum": 0.5, "centered": True, "weight_decay": 0.1}),
    "Adagrad": ("Adagrad", {"lr": 0.1, "lr_decay": 0.01, "initial_accumulator_value": 0.2, "weight_decay": 0.1}),
    "LBFGS": ("LBFGS", {"lr": 0.5, "max_iter": 3, "history_size": 4}),
    "LBFGS, strong Wolfe": ("LBFGS", {"max_iter": 2, "line_search_fn": "strong_wolfe"}),
}


def slopes(x, t):
    """A gradient that depends on the numbers and on the time, as that of a loss of other examples in each step."""
    return np.sin(3 * x + t) + 0.5 * x


def valley(numbers):
    """A loss with curvatures from 0.5 to 2 and a quartic part, for L-BFGS; with its gradient.

    In a narrower valley, steps without a line search amplify the last bit tenfold every few steps.
    """
    scales = [np.geomspace(0.5, 2, x.size).reshape(x.shape) for x in numbers]
    loss = sum(float((s * (x - 0.3) ** 2 / 2 + (x - 0.3) ** 4).sum()) for s, x in zip(scales, numbers, strict=True))
    return loss, [s * (x - 0.3) + 4 * (x - 0.3) ** 3 for s, x in zip(scales, numbers, strict=True)]


def run(optimizer, parameters, make, steps=STEPS, first=0):
    """The numbers after each step; `make` turns an array into a tensor of the package's."""

    def read():
        return [np.array(p.detach().numpy()) for p in parameters]

    def set_gradients(gradients):
        for p, g in zip(parameters, gradients, strict=True):
            p.grad = make(np.asarray(g))

    def closure():
        loss, gradients = valley(read())
        set_gradients(gradients)
        return loss

    rows = []
    for t in range(first, first + steps):
        if "LBFGS" in type(optimizer).__name__:
            optimizer.step(closure)
        else:
            set_gradients([slopes(x, t) for x in read()])
            optimizer.step()
        rows.append(np.concatenate([x.ravel() for x in read()]))
    return np.array(rows)


def ours(name, options, **arguments):
    parameters = [nn.Parameter(np.array(x)) for x in STARTS]
    return run(getattr(optim, name)(parameters, **options), parameters, tensor, **arguments)


def theirs(torch, name, options):
    parameters = [torch.nn.Parameter(torch.tensor(x)) for x in STARTS]
    return run(getattr(torch.optim, name)(parameters, **options), parameters, torch.tensor)


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch", reason='compares with PyTorch: python -m pip install "stepgrad[bench]"')


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


# ---------------------------------------------------------------------- PyTorch's numbers


@pytest.mark.parametrize("case", CASES)
def test_a_hundred_steps_end_where_pytorchs_do(case, piece):
    """Without PyTorch: its answers stand in tests/golden/optim.json."""
    expected = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert set(expected) == set(CASES)
    assert_close(ours(*CASES[case])[[0, 9, -1]], np.array(expected[case]))


@pytest.mark.parametrize("case", CASES)
def test_every_step_of_a_hundred_is_pytorchs(case, torch):
    assert_close(ours(*CASES[case]), theirs(torch, *CASES[case]))


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


@pytest.mark.parametrize("name", OPTIONS)
def test_any_options_give_pytorchs_steps(name, torch):
    @fewer
    @given(OPTIONS[name], st.booleans())
    def check(options, maximize):
        options["maximize"] = maximize
        assert_close(ours(name, options), theirs(torch, name, options))

    check()


@fewer
@given(
    st.floats(0.3, 1.0),
    st.integers(1, 5),
    st.integers(1, 8),
    st.integers(2, 9),
    st.sampled_from([None, "strong_wolfe"]),
)
def test_any_options_of_lbfgs_give_pytorchs_steps(torch, lr, max_iter, max_eval, history_size, line_search_fn):
    options = {"lr": lr, "max_iter": max_iter, "max_eval": max_eval, "history_size": history_size}
    options["line_search_fn"] = line_search_fn
    assert_close(ours("LBFGS", options), theirs(torch, "LBFGS", options))


@given(
    st.tuples(*[st.floats(-3, 3)] * 3), st.floats(0.5, 6), st.floats(0.01, 10), st.integers(0, 25), st.floats(0, 1e-3)
)
@example((-1.0, 0.0, -2.5), 2.0, 8.0, 2, 0.0)  # the second trial is worse than the first, the third would be worse yet
@example((1.0, -2.5, 2.0), 1.0, 4.0, 2, 0.0)  # close to an end of the bracket
def test_the_line_search_is_pytorchs(torch, weights, frequency, first, limit, tolerance):
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


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "LBFGS"])
def test_defaults_are_pytorchs(name, torch):
    x = nn.Parameter(autograd.ones(1))
    own = getattr(optim, name)([x]).defaults
    other = getattr(torch.optim, name)([torch.ones(1, requires_grad=True)]).defaults
    assert own == {option: other[option] for option in own}


def test_groups_have_options_of_their_own(torch):
    def groups(package, parameters):
        a, b, c = parameters
        return package.SGD([{"params": [a]}, {"params": [b, c], "lr": 0.01, "momentum": 0.5}], lr=0.1)

    own = [nn.Parameter(np.array(x)) for x in STARTS]
    other = [torch.nn.Parameter(torch.tensor(x)) for x in STARTS]
    assert_close(run(groups(optim, own), own, tensor), run(groups(torch.optim, other), other, torch.tensor))


# ---------------------------------------------------------------------- what a step does


def parameter(*numbers, **options):
    return nn.Parameter(tensor(numbers, **{"dtype": autograd.float64, **options}))


def test_a_parameter_without_a_gradient_stays():
    x, y = parameter(1.0), parameter(1.0)
    x.grad = tensor([1.0])
    optimizer = SGD([x, y], lr=0.5, weight_decay=0.5)
    optimizer.step()
    assert (x.tolist(), y.tolist()) == ([0.25], [1.0])
    assert list(optimizer.state) == [x]


def test_the_numbers_change_where_they_lie_and_dtypes_stay():
    for dtype in ("float16", "float32", "float64"):
        x = parameter(1.0, 2.0, dtype=dtype)
        numbers = x.detach().numpy()
        x.grad = tensor([1.0, 1.0], dtype=dtype)
        Adam([x], lr=0.5).step()
        assert x.detach().numpy() is numbers or np.shares_memory(x.detach().numpy(), numbers)
        assert x.dtype == dtype and x.is_leaf and x.requires_grad
        np.testing.assert_allclose(numbers, [0.5, 1.5], atol=1e-3)


def test_a_parameter_that_is_not_in_rows_changes_too():
    x = nn.Parameter(np.arange(6.0).reshape(2, 3).T)
    x.grad = autograd.ones(3, 2, dtype=autograd.float64)
    for _ in range(2):
        SGD([x], lr=1.0).step()
    np.testing.assert_array_equal(x.detach().numpy(), np.arange(6.0).reshape(2, 3).T - 2)


def test_an_empty_parameter_is_left_in_peace():
    x = nn.Parameter(autograd.zeros(0, 3))
    x.grad = autograd.zeros(0, 3)
    for name in ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad"):
        getattr(optim, name)([x]).step()
    assert x.shape == (0, 3)


def test_a_step_is_noticed_by_graphs_that_need_the_old_numbers():
    x = parameter(2.0)
    y = (x * x).sum()
    y.backward()
    SGD([x], lr=0.1).step()
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward()


def test_a_closure_is_called_with_recording_on():
    x = parameter(2.0)
    optimizer = SGD([x], lr=0.25)

    def closure():
        optimizer.zero_grad()
        loss = (x * x).sum()
        loss.backward()
        return loss

    with autograd.no_grad():
        assert optimizer.step(closure).item() == 4.0
    assert x.tolist() == [1.0]


def test_numbers_that_overflow_become_infinite_without_a_warning():
    x = parameter(3e38, dtype="float32")
    x.grad = tensor([-3e38])
    SGD([x], lr=10.0).step()
    assert x.tolist() == [np.inf]


@pytest.mark.parametrize(("set_to_none", "expected"), [(True, None), (False, [0.0])])
def test_zero_grad(set_to_none, expected):
    x, v = parameter(1.0), Value(1.0)
    x.grad, v.grad = tensor([5.0]), 5.0
    SGD([x, v]).zero_grad(set_to_none)
    assert (x.grad if x.grad is None else x.grad.tolist()) == expected
    assert v.grad == 0.0


@pytest.mark.parametrize("case", [case for case in CASES if "LBFGS" not in case])
def test_scalars_are_updated_as_the_elements_of_a_tensor(case):
    name, options = CASES[case]
    x, values = nn.Parameter(np.array(STARTS[1])), [Value(number) for number in STARTS[1].tolist()]
    of_tensor, of_values = getattr(optim, name)([x], **options), getattr(optim, name)(values, **options)
    for t in range(20):
        gradient = slopes(x.detach().numpy(), t)
        x.grad = tensor(gradient)
        for value, number in zip(values, gradient.tolist(), strict=True):
            value.grad = number
        of_tensor.step()
        of_values.step()
    assert [value.data for value in values] == x.tolist()


@pytest.mark.parametrize("name", ["Adam", "LBFGS"])
def test_a_network_of_scalars_learns(name):
    model = nn.MLP(2, [4, 1], seed=1)
    optimizer = getattr(optim, name)(model.parameters(), lr=0.1)
    points = [([0.0, 1.0], 1.0), ([1.0, 0.0], -1.0), ([1.0, 1.0], 0.5)]

    def closure():
        optimizer.zero_grad()
        loss = sum((model(x) - y) ** 2 for x, y in points)
        loss.backward()
        return loss

    first = optimizer.step(closure).data
    for _ in range(60):
        last = optimizer.step(closure).data
    assert last < first / 20


def test_a_subclass_needs_one_rule():
    class SignDescent(Optimizer):
        def __init__(self, params, lr=0.1):
            super().__init__(params, {"lr": lr})

        def _update(self, x, g, buffers, step, group):
            x -= group["lr"] * np.sign(g)

    x = parameter(1.0, -1.0)
    x.grad = tensor([3.0, -0.1])
    SignDescent([x], lr=0.5).step()
    assert x.tolist() == [0.5, -0.5]


# ---------------------------------------------------------------------- states


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


# ---------------------------------------------------------------------- parameters that come later, and errors


def test_parameters_may_come_later_as_in_keras():
    optimizer = SGD(lr=0.5)
    for act in (optimizer.step, lambda: optim.StepLR(optimizer, 1)):
        with pytest.raises((RuntimeError, ValueError), match="no parameters yet"):
            act()
    x = parameter(1.0)
    optimizer.add_param_group({"params": [x]})
    x.grad = tensor([1.0])
    optimizer.step()
    assert x.tolist() == [0.5]
    assert repr(optimizer).startswith("SGD(lr=0.5, momentum=0,") and "1 parameters" in repr(optimizer)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: SGD([]), ValueError, "SGD: the list of parameters is empty"),
        (lambda: SGD(0.01), TypeError, r"SGD: params must be parameters in a list, got 0.01: write SGD\(lr=0.01\)"),
        (lambda: SGD("ab"), TypeError, "params must be parameters in a list"),
        (lambda: SGD([1.0]), TypeError, "params must be tensors or Values, got 1.0, a float"),
        (lambda: SGD([parameter(1.0) * 2]), ValueError, "can only change leaves, got the result of mul"),
        (lambda: SGD([parameter(1.0)] * 2), ValueError, "a parameter is given twice"),
        (lambda: SGD([{"params": parameter(1.0), "rate": 1}]), ValueError, "there is no option 'rate', only lr, "),
        (lambda: SGD([{"lr": 0.1}]), ValueError, "must have them as 'params'"),
        (lambda: SGD([{"params": parameter(1.0), "lr": -1}]), ValueError, "lr must be at least 0, got -1"),
        (lambda: SGD(lr=float("nan")), ValueError, "SGD: lr must be at least 0, got nan"),
        (lambda: Adam(eps=-1), ValueError, "Adam: eps must be at least 0"),
        (lambda: SGD(momentum=-1), ValueError, "momentum must be at least 0"),
        (lambda: RMSprop(weight_decay=-1), ValueError, "RMSprop: weight_decay must be at least 0"),
        (lambda: RMSprop(alpha=-1), ValueError, "alpha must be at least 0"),
        (lambda: Adagrad(lr_decay=-1), ValueError, "Adagrad: lr_decay must be at least 0"),
        (lambda: AdamW(betas=(0.9, 1.0)), ValueError, "AdamW: betas must be from 0 to below 1"),
        (lambda: SGD(nesterov=True), ValueError, "nesterov needs a momentum above 0 and a dampening of 0"),
        (lambda: optim.LBFGS(line_search_fn="armijo"), ValueError, "is 'strong_wolfe' or None, got 'armijo'"),
        (lambda: optim.LBFGS([parameter(1.0)]).step(), TypeError, "LBFGS: step needs a closure"),
        (
            lambda: optim.LBFGS([{"params": parameter(1.0)}, {"params": parameter(1.0)}]),
            ValueError,
            "LBFGS: its steps are of all parameters together",
        ),
    ],
)
def test_errors_teach(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_a_rule_is_missing():
    x = parameter(1.0)
    x.grad = tensor([1.0])
    with pytest.raises(NotImplementedError, match="an optimiser must define step"):
        Optimizer([x], {}).step()


# ---------------------------------------------------------------------- clipping


@fewer
@given(st.floats(0.01, 100), st.sampled_from([1.0, 2.0, 3.0, float("inf")]), st.integers(0, 2**32 - 1))
def test_clipping_by_the_norm_is_pytorchs(torch, max_norm, norm_type, seed):
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
