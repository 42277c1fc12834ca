"""Where inf and nan in gradients come from: the first one that is not finite, named in the backward pass."""

import math

import numpy as np
import pytest

import autograd
from autograd import Value, Vector, detect_anomaly, dot, matvec, tensor
from autograd.anomaly import AnomalyError

from .anomalies import OUTSIDE, leaf, line_of
from .strategies import dot_of_shared_vector


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize(
    ("operation", "gradient", "told", "local"),
    [
        (lambda x: x.sqrt(), 1.0, "sqrt(x = 0.0)", math.inf),
        (lambda x: x * 1e300, 1e300, "mul(x = 0.0, 1e+300)", 1e300),
        (lambda x: x * Value(1e300), 1e300, "mul(x = 0.0, 1e+300)", 1e300),
        (lambda x: autograd.where(1.0, x * 1e300, x), 1e300, "mul(x = 0.0, 1e+300)", 1e300),
        (lambda x: dot([x, 1.0], [1e300, 1.0]), 1e300, "dot([x = 0.0, 1.0], [1e+300, 1.0])", 1e300),
        (lambda x: dot([1e300], [x]), 1e300, "dot([1e+300], [x = 0.0])", 1e300),
        (
            lambda x: matvec([Vector([1e300, 1.0])], Vector([x, 1.0]))[0],
            1e300, "dot([1e+300, 1.0], [x = 0.0, 1.0])", 1e300,
        ),
    ],
)  # fmt: skip
def test_the_first_gradient_that_is_not_finite_is_named(operation, gradient, told, local, create_graph):
    """With the line of the forward pass that made the node: the number itself was finite."""
    x = Value(0.0, name="x")
    with detect_anomaly():
        y = operation(x)
        with pytest.raises(AnomalyError) as caught:
            y.backward(gradient, create_graph=create_graph)
    assert str(caught.value) == (
        f"backward: the gradient of x through {told} became inf: upstream {gradient}, local derivative {local}, "
        f"made at {line_of(operation)}"
    )
    assert (caught.value.direction, caught.value.parent) == ("backward", x)
    assert caught.value.node.op is caught.value.op is not None
    assert repr(x) == "Value(0.0, name='x', grad=0.0)"


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize(
    ("operation", "told"),
    [
        (
            lambda x: (x.sqrt() * 3.0).sum(),
            (
                "sqrt(x[1] = 0.0) became inf at [1] of shape (2,), 1 of 2 elements not finite: "
                "upstream 3.0, local derivative inf"
            ),
        ),
        (
            lambda x: (tensor([[1e-200], [1e200]], dtype="float64") * (x * 1e-200)).sum() * 1e200,
            (
                "mul(1e+200, 4e-200) became inf at [0] of shape (2,), 2 of 2 elements not finite: "
                "upstream 1e+200, local derivative 1e+200"
            ),
        ),
        (lambda x: x[1].sqrt(), "sqrt(0.0) became inf: upstream 1.0, local derivative inf"),
        (
            lambda x: ((x - 3.0) * 1e-100 @ tensor([1e200, 1.0], dtype="float64")) * 1e200,
            (
                "matmul([1e-100, -3e-100], [1e+200, 1.0]) became inf at [0] of shape (2,), 1 of 2 elements not finite: "
                "upstream 1e+200"
            ),
        ),
    ],
)
def test_gradients_of_arrays_tell_the_first_place(operation, told, create_graph):
    x = leaf(4.0, 0.0, name="x")
    with detect_anomaly():
        y = operation(x)
        with pytest.raises(AnomalyError) as caught:
            y.backward(create_graph=create_graph)
    assert f"through {told}, made at {line_of(operation)}" in str(caught.value)
    assert caught.value.node.op is caught.value.op is not None
    assert x.grad is None


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("x", [Value(2.0), leaf(2.0, 3.0)], ids=["Value", "Tensor"])
def test_hooks_are_told_from_rules(x, create_graph):
    ones = 1.0 if isinstance(x, Value) else np.ones(2)

    def poisoned(gradient):
        return ones * math.nan

    with detect_anomaly():
        y = x * 2.0
        hook = y.register_hook(poisoned)
        with pytest.raises(
            AnomalyError, match=r"^backward: a hook on y = mul\(x .*, 2.0\) replaced the gradient .*1.0"
        ) as caught:
            (y + 1.0).backward(ones, create_graph=create_graph)
        assert (caught.value.node, caught.value.op) == (y, autograd.mul)
        hook.remove()
        x.register_hook(poisoned)
        with pytest.raises(AnomalyError, match=r"a hook on the leaf x replaced the gradient .*2.0.* by nan"):
            y.backward(ones, create_graph=create_graph)
    assert x.grad is None or x.grad == 0.0


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize(
    ("x", "gradient", "told"),
    [
        (Value(2.0), math.nan, "nan"),
        (leaf(2.0, 3.0), [1.0, -math.inf], "-inf at [1] of shape (2,), 1 of 2 elements not finite"),
    ],
    ids=["Value", "Tensor"],
)
def test_a_gradient_that_was_given_so_is_the_origin(x, gradient, told, create_graph):
    y = x * 2.0
    with detect_anomaly(), pytest.raises(AnomalyError) as caught:
        y.backward(gradient, create_graph=create_graph)
    assert str(caught.value) == f"backward: the gradient given to backward() is {told}"
    assert caught.value.node is y


def test_numbers_that_are_not_finite_come_before_gradients():
    """A nan in the forward pass, outside, is the origin of the nan in a gradient, also where it came to nothing."""
    x, given = Value(0.0), Value(-math.inf)
    y = x.log().exp()
    z = given.exp() * given
    for root, told in (
        (y, rf"log\(x = 0.0\) gave -inf, {OUTSIDE}; so the gradient of x"),
        (z, "the leaf given is -inf"),
    ):
        with detect_anomaly(), pytest.raises(AnomalyError, match=f"^forward: {told}") as caught:
            root.backward()
        assert caught.value.direction == "forward"


def test_finite_shares_whose_sum_is_not():
    x = Value(0.1)
    with detect_anomaly():
        twice = x * 1e308 + x * 1e308
        with pytest.raises(
            AnomalyError, match="became inf: upstream 1.0, local derivative 1e\\+308, added to other shares"
        ):
            twice.backward()
        inner = dot([x, x], [1e308, 0.9e308])
        with pytest.raises(AnomalyError, match="the gradient of x became inf: its shares are finite, their sum is not"):
            inner.backward()
    assert x.grad == 0.0


def test_operations_of_the_users():
    broken = autograd.op(lambda a, y: a * math.nan, name="broken")(lambda a: a * 1.0)
    exploding = autograd.op(vjp=lambda g, y, a: g, name="exploding")(lambda a: a / 0.0)
    poisoned = autograd.op(vjp=lambda g, y, a: g * math.nan, name="poisoned")(lambda a: a * 1.0)
    x, t = Value(2.0), leaf(2.0, 3.0)
    with detect_anomaly():
        with pytest.raises(
            AnomalyError, match=r"through broken\(x = 2.0\) became nan: upstream 1.0, local derivative nan"
        ):
            broken(x).backward()
        with pytest.raises(
            AnomalyError, match=r"through broken\(t\[0\] = 2.0\) became nan at \[0\].*local derivative nan"
        ):
            broken(t).sum().backward()
        with pytest.raises(AnomalyError, match=r"through poisoned\(t = \[2.0, 3.0\]\) became nan at \[0\]"):
            poisoned(t).sum().backward()
        with pytest.raises(AnomalyError, match=r"^forward: exploding\(t = \[2.0, 3.0\]\) gave inf at \[0\]"):
            exploding(t)


def test_a_plain_number_of_a_vector_has_no_gradient_to_be_wrong():
    x = Value(1e308)
    with detect_anomaly():
        dot([x, 1.0], [0.5, x * 0.0]).backward(2.0)  # the gradient of the 1.0 would be finite, that of 0.5 inf
    assert x.grad == 1.0


@pytest.mark.parametrize("build", [lambda x: x.sqrt(), lambda x: dot([x, 2.0], [3.0, x]).tanh(), dot_of_shared_vector])
def test_watching_changes_no_number(build):
    def reads():
        x = Value(0.25)
        y = build(x)
        y.backward()
        z = build(x)
        x.zero_grad()
        z.backward(create_graph=True)
        slope = x.grad
        x.zero_grad()
        slope.backward()
        return y.data, slope.data, x.grad

    with detect_anomaly():
        watched = reads()
    assert watched == reads()


def test_a_branch_that_a_rule_does_not_take_is_no_anomaly():
    x = Value(1000.0)
    with detect_anomaly():
        x.elu().backward(create_graph=True)  # 1 where x > 0, else exp(x), which is infinite
    assert x.grad.data == 1.0


def test_nodes_made_outside_are_named_without_a_line():
    x = Value(0.0)
    y = x.sqrt()
    with (
        detect_anomaly(),
        pytest.raises(AnomalyError, match=rf"through sqrt\(x = 0\.0\) .* inf, {OUTSIDE}$"),
    ):
        y.backward()
