"""Derivatives of derivatives: known answers to the fourth order, and what `create_graph` changes and does not."""

import math

import mpmath
import pytest
from hypothesis import given

import autograd
from autograd import Value, Vector, dot, no_grad
from autograd.graph import topological_order
from autograd.testing.strategies import expressions

from .strategies import dot_of_shared_vector, graphs, run

FUNCTIONS = {
    "x⁵": lambda x, m: x**5,
    "1/x": lambda x, m: 1 / x,
    "exp(-x²)": lambda x, m: m.exp(-(x * x)),
    "x sin x": lambda x, m: x * m.sin(x),
    "sin(x²) / x": lambda x, m: m.sin(x**2) / x,
    "tanh(x)³": lambda x, m: m.tanh(x) ** 3,
    "log(1 + x²)": lambda x, m: m.log(1 + x * x),
    "√(x + xˣ)": lambda x, m: m.sqrt(x + x**x),
    "atan2(x, cosh x)": lambda x, m: m.atan2(x, m.cosh(x)),
}


def derivative(y, x):
    """dy/dx as a node, with all gradients zero again."""
    y.backward(create_graph=True)
    slope = x.grad
    for node in topological_order(y):
        node.zero_grad()
    return slope


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_higher_derivatives(function, order):
    point = 0.75
    x = Value(point)
    y = function(x, autograd)
    for _ in range(order):
        y = derivative(y, x)
    with mpmath.workdps(40):
        exact = mpmath.diff(lambda t: function(t, mpmath), mpmath.mpf(point), order)
    assert y.data == pytest.approx(float(exact), rel=1e-12)


def test_mixed_derivatives():
    """f = x² y³, in every order of differentiation."""
    x, y = Value(3.0), Value(2.0)
    f = x**2 * y**3
    by_x, by_y = derivative(f, x), derivative(f, y)
    assert (by_x.data, by_y.data) == (48.0, 108.0)
    assert derivative(by_x, y).data == derivative(by_y, x).data == 72.0
    assert derivative(derivative(by_x, y), y).data == derivative(derivative(by_y, y), x).data == 72.0
    assert derivative(derivative(derivative(by_x, x), y), y).data == 24.0


def test_a_constant_derivative_is_a_node_too():
    x = Value(3.0)
    slope = derivative(x + x, x)
    assert (type(slope), slope.data) == (Value, 2.0)
    slope.backward()
    assert x.grad == 0.0


def assert_same_with_create_graph(build):
    """Leaves get nodes, even where the derivative is constant; interior nodes get floats."""
    plain, recorded = build(), build()
    plain[-1].backward()
    recorded[-1].backward(create_graph=True)
    reached = set(topological_order(recorded[-1]))
    for node, other in zip(plain, recorded, strict=True):
        assert math.isclose(node.grad, float(other.grad), rel_tol=1e-9, abs_tol=1e-9)
        if other in reached:
            assert type(other.grad) is (Value if other.is_leaf else float)


@given(graphs)
def test_create_graph_gives_the_same_numbers(graph):
    program, numbers = graph
    assert_same_with_create_graph(lambda: run(program, map(Value, numbers)))


@given(expressions())
def test_create_graph_gives_the_same_numbers_for_every_row(expression):
    assert_same_with_create_graph(lambda: expression.nodes(*map(Value, expression.point)))


def test_create_graph_adds_to_what_the_leaf_holds():
    x = Value(2.0)
    (x**3).backward()
    (x**3).backward(create_graph=True)
    (x**3).backward()
    slope = x.grad
    assert slope.data == 36.0
    x.zero_grad()
    slope.backward()
    assert x.grad == 12.0


def test_the_gradient_may_be_a_node_to_differentiate_by():
    """x.grad = s · 2x, so its derivative by s is 2x, by x it is 2s."""
    x, s = Value(3.0), Value(5.0)
    (x * x).backward(s, create_graph=True)
    slope = x.grad
    assert slope.data == 30.0
    x.zero_grad()
    slope.backward()
    assert (s.grad, x.grad) == (6.0, 10.0)


def test_create_graph_with_hooks():
    """A hook is part of what is differentiated: 10 · d(x³)/dx, of which the derivative is 10 · 6x."""
    x = Value(2.0)
    y = x**3
    y.register_hook(lambda gradient: 10 * gradient)
    hook = x.register_hook(lambda gradient: gradient + x)
    y.backward(create_graph=True)
    slope = x.grad
    assert (slope.data, y.grad) == (122.0, 10.0)
    hook.remove()
    x.zero_grad()
    slope.backward()
    assert x.grad == 121.0


@pytest.mark.parametrize("build", [dot_of_shared_vector, lambda x: x**3], ids=["vectors", "power"])
def test_create_graph_does_not_need_recording(build):
    x = Value(2.0)
    y = build(x)
    with no_grad():
        y.backward(create_graph=True)
    recorded = x.grad
    x.zero_grad()
    build(x).backward(create_graph=True)
    assert (recorded.data, recorded.is_leaf) == (x.grad.data, False)


def test_vectors_in_derivatives_of_derivatives():
    """d²(v·v)² /dx² for v = (x, 3, x²), with v shared: (x⁴ + x² + 9)²."""
    x = Value(1.5)
    v = Vector([x, 3.0, x * x])
    slope = derivative(dot(v, v) * dot(v, v), x)
    t, first, second = 1.5**4 + 1.5**2 + 9, 4 * 1.5**3 + 2 * 1.5, 12 * 1.5**2 + 2
    assert slope.data == pytest.approx(2 * t * first, rel=1e-15)
    assert derivative(slope, x).data == pytest.approx(2 * first**2 + 2 * t * second, rel=1e-15)
