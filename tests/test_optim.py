"""Optimisers: what a step does, to arrays and to scalars, and errors that teach."""

import numpy as np
import pytest

import autograd
import nn
from autograd import Value, tensor
from nn import optim
from nn.optim import SGD, Adagrad, Adam, AdamW, Optimizer, RMSprop

from .optim_cases import CASES, STARTS, parameter, slopes

# ---------------------------------------------------------------------- parameters


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


# ---------------------------------------------------------------------- a step


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


# ---------------------------------------------------------------------- scalars


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


# ---------------------------------------------------------------------- rules of the user's, and errors


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


def test_a_rule_is_missing():
    x = parameter(1.0)
    x.grad = tensor([1.0])
    with pytest.raises(NotImplementedError, match="an optimiser must define step"):
        Optimizer([x], {}).step()


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
