"""Functions of functions against SymPy and closed forms, in every mix, to any order; what goes in and comes out."""

import math
from collections import OrderedDict, defaultdict, namedtuple
from functools import partial
from itertools import product

import numpy as np
import pytest
import sympy

import autograd
from autograd import Tensor, grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp

t = sympy.Symbol("t", real=True)
EXPRESSIONS = {
    "polynomial": (lambda x: x**4 - 2 * x**3 + x, t**4 - 2 * t**3 + t),
    "composed": (lambda x: np.tanh(np.sin(x) * x), sympy.tanh(sympy.sin(t) * t)),
    "quotient": (lambda x: np.exp(-x) / (1 + x * x), sympy.exp(-t) / (1 + t * t)),
    "through arrays": (
        lambda x: np.sum(np.log(x + np.arange(1.0, 4.0)) * np.arange(1.0, 4.0)),
        sum(n * sympy.log(t + n) for n in (1, 2, 3)),
    ),
}  # fmt: skip
WAYS = {
    "grad": grad,
    "value_and_grad": lambda f: lambda x: value_and_grad(f)(x)[1],
    "vjp": lambda f: lambda x: vjp(f, x)[1](1.0)[0],
    "jvp": lambda f: lambda x: jvp(f, (x,), (1.0,))[1],
    "jacobian": jacobian,
    "hvp": lambda f: lambda x: hvp(f, (x,), (1.0,)),
}
"""From a function of one number to its derivative; the last one to its second derivative."""
ORDER = dict.fromkeys(WAYS, 1) | {"hvp": 2}
X = 0.7


def derivative(name, order):
    return float(EXPRESSIONS[name][1].diff(t, order).subs(t, X).evalf(30))


# ---------------------------------------------------------------------- derivatives of numbers, in every mix


MIXES = [(name, ways) for name in EXPRESSIONS for order in (1, 2) for ways in product(WAYS, repeat=order)]
MIXES += [("composed", ways) for ways in product(WAYS, repeat=3)]


@pytest.mark.parametrize(("name", "ways"), MIXES, ids=lambda x: x if isinstance(x, str) else " of ".join(x))
def test_derivatives_of_numbers_in_every_mix(name, ways):
    function = EXPRESSIONS[name][0]
    for way in reversed(ways):
        function = WAYS[way](function)
    found = function(X)
    assert type(found) is float
    assert math.isclose(found, derivative(name, sum(ORDER[way] for way in ways)), rel_tol=1e-9, abs_tol=1e-12)


@pytest.mark.parametrize("way", ["grad", "jvp"])
def test_fifth_derivative(way):
    function = EXPRESSIONS["composed"][0]
    for _ in range(5):
        function = WAYS[way](function)
    assert math.isclose(function(X), derivative("composed", 5), rel_tol=1e-9)


FIRST = [way for way in WAYS if way != "hvp"]


@pytest.mark.parametrize(("outer", "inner"), list(product(FIRST, repeat=2)))
def test_perturbations_are_not_confused(outer, inner):
    """Siskind and Pearlmutter 2005: the derivatives by x and by y are different directions."""
    by_x, by_y = WAYS[outer], WAYS[inner]
    assert by_x(lambda x: x * by_y(lambda y: x + y)(1.0))(1.0) == 1.0
    assert by_x(lambda x: x * by_y(lambda y: x * y)(2.0))(3.0) == 6.0
    assert by_x(lambda x: by_y(lambda y: x * y * y)(x))(3.0) == 12.0
    assert by_x(lambda x: by_y(lambda y: x)(1.0) + x * x)(3.0) == 6.0
    assert by_x(lambda x: by_y(lambda _: by_y(lambda y: x**3 * y)(1.0))(1.0) + x)(3.0) == 1.0
    array = by_x(lambda x: np.sum(by_y(lambda y: np.sum(np.array([1.0, 2.0]) * x * y * y))(x)))(3.0)
    assert array == 2 * 3.0 * 3.0 * 2
    three = by_x(lambda x: x * by_y(lambda y: y * by_x(lambda z: x * y * z * z)(y))(x))(2.0)
    assert three == 6 * 4 * 2.0**3  # x · d/dy 2 x y³ at y = x is 6 x⁴


def test_derivative_of_a_function_that_takes_a_derivative_by_a_closed_over_variable():
    """One Newton step, differentiated by the number whose root it approaches."""
    root = lambda a: (lambda f, x: x - f(x) / grad(f)(x))(lambda x: x * x - a, 1.5)
    assert math.isclose(grad(root)(2.0), 1 / 3, rel_tol=1e-12)
    assert math.isclose(jvp(root, (2.0,), (1.0,))[1], 1 / 3, rel_tol=1e-12)


# ---------------------------------------------------------------------- functions of arrays

source = np.random.default_rng(5)
A, POINT, V, W = source.normal(size=(3, 3)), source.normal(size=3), source.normal(size=3), source.normal(size=3)


def cubic(x):
    return x @ (A @ x) + np.sum(x**3)


SLOPE = (A + A.T) @ POINT + 3 * POINT**2
CURVATURE = A + A.T + np.diag(6 * POINT)
THIRD = np.zeros((3, 3, 3))
THIRD[range(3), range(3), range(3)] = 6.0


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12, strict=True)


def test_first_and_second_derivatives_of_arrays_in_every_mix():
    value, slope = value_and_grad(cubic)(POINT)
    close(slope, SLOPE)
    close(value, np.float64(cubic(POINT)))
    along = lambda f, v: lambda x: jvp(f, (x,), (v,))[1]
    pulled = lambda f, v: lambda x: vjp(f, x)[1](v)[0]
    for h in (hessian(cubic), jacobian(grad(cubic)), jacobian(jacobian(cubic)), jacobian(pulled(cubic, 1.0))):
        close(h(POINT), CURVATURE)
    columns = [jvp(jacobian(cubic), (POINT,), (unit,))[1] for unit in np.eye(3)]
    close(np.stack(columns), CURVATURE)
    for product_with_v in (
        lambda x: hvp(cubic, (x,), (V,)), along(grad(cubic), V), pulled(grad(cubic), V), grad(along(cubic, V)),
        jacobian(along(cubic, V)), grad(lambda x: grad(cubic)(x) @ V), pulled(along(cubic, V), 1.0),
        lambda x: hessian(cubic)(x) @ V,
    ):  # fmt: skip
        close(product_with_v(POINT), CURVATURE @ V)
        close(jacobian(product_with_v)(POINT), THIRD @ V)
        close(along(product_with_v, W)(POINT), THIRD @ V @ W)
        close(grad(lambda x, f=product_with_v: f(x) @ W)(POINT), THIRD @ V @ W)
    for twice in (along(along(cubic, V), W), lambda x: jvp(lambda y: grad(cubic)(y) @ V, (x,), (W,))[1]):
        assert math.isclose(twice(POINT), V @ CURVATURE @ W, rel_tol=1e-10)
    close(jacobian(hessian(cubic))(POINT), THIRD)
    close(hessian(lambda x: hessian(cubic)(x)[0, 0])(POINT), np.zeros((3, 3)))


def test_pullbacks_are_differentiated_by_the_cotangent_and_the_point():
    """Jᵀ u is linear in u, and its derivative by x is that of the gradient of ⟨u, f⟩."""
    f = lambda x: np.tanh(A @ x) * x[0]
    pulled = lambda x, u: vjp(f, x)[1](u)[0]
    J = jacobian(f)(POINT)
    close(jvp(lambda u: pulled(POINT, u), (V,), (W,))[1], J.T @ W)
    close(grad(lambda u: pulled(POINT, u) @ W)(V), J @ W)
    curvature = hessian(lambda x: V @ f(x))(POINT)
    close(jvp(pulled, (POINT, V), (W, V + W))[1], curvature @ W + J.T @ (V + W))
    close(jacobian(pulled, argnums=1)(POINT, V), J.T)


def test_jacobians_have_the_shapes_of_output_and_input():
    matrix, vector = source.normal(size=(2, 3)), source.normal(size=3)
    by_matrix, by_vector = jacobian(lambda M, v: np.outer(M @ v, v), argnums=(0, 1))(matrix, vector)
    assert by_matrix.shape == (2, 3, 2, 3) and by_vector.shape == (2, 3, 3)
    close(by_matrix, np.einsum("ik,l,j->ijkl", np.eye(2), vector, vector))
    expected = np.einsum("ik,j->ijk", matrix, vector) + np.einsum("i,jk->ijk", matrix @ vector, np.eye(3))
    close(by_vector, expected)
    assert jacobian(lambda x: x[:0])(vector).shape == (0, 3)
    assert jacobian(lambda x: np.ones(2))(vector).tolist() == [[0.0] * 3] * 2
    assert jacobian(np.sin)(0.0) == 1.0 and type(jacobian(np.sin)(0.0)) is float


def test_hessian_and_hvp_of_several_arguments():
    f = lambda x, s: np.sum(x**2 * s)
    x, s = np.array([1.0, 2.0]), 3.0
    (xx, xs), (sx, ss) = hessian(f, argnums=(0, 1))(x, s)
    close(xx, 6 * np.eye(2))
    close(xs, 2 * x)
    close(sx, 2 * x)
    assert ss == 0.0
    by_x, by_s = hvp(f, (x, s), (np.array([1.0, -1.0]), 0.5))
    close(by_x, 6 * np.array([1.0, -1.0]) + x)
    assert by_s == 2 * (1.0 - 2.0)
    value, pullback = vjp(f, x, s)
    assert value == 15.0
    for _ in range(2):  # as often as one likes
        close(pullback(2.0)[0], 12 * x)
    assert pullback(2.0)[1] == 10.0


# ---------------------------------------------------------------------- arguments and auxiliary results


def test_argnums():
    f = lambda a, b, c=1.0, *, power=1: a * b**2 * c**power
    assert grad(f)(2.0, 3.0) == 9.0
    assert grad(f, argnums=1)(2.0, 3.0) == grad(f, 1)(2.0, 3.0) == grad(f, argnums=-1)(2.0, 3.0) == 12.0
    assert grad(f, argnums=np.int64(1))(2.0, 3.0) == 12.0
    assert grad(f, argnums=(1, 0))(2.0, 3.0) == grad(f, argnums=[-1, -2])(2.0, 3.0) == (12.0, 9.0)
    assert grad(f, argnums=(0,))(2.0, 3.0) == (9.0,) and grad(f, argnums=())(2.0, 3.0) == ()
    assert grad(f, argnums=2)(2.0, 3.0, 5.0, power=2) == 2 * 5 * 18.0
    assert value_and_grad(f, (0, 2))(2.0, 3.0, 1.0, power=3) == (18.0, (9.0, 54.0))
    assert grad(partial(f, b=3.0))(2.0) == 9.0
    assert grad(lambda x, name, n: x * n if name == "it" else 0.0)(2.0, "it", 3) == 3.0
    assert jacobian(f, argnums=(0, 1))(2.0, 3.0) == (9.0, 12.0)
    assert hessian(f, argnums=-1)(2.0, 3.0) == 4.0
    assert grad(f).__name__ == "<lambda>" and grad(np.sin)(0.0) == 1.0


def test_auxiliary_results_are_passed_on_as_plain_numbers():
    def f(x):
        return np.sum(x * x), {"twice": 2 * x, "name": "it", "none": None, "count": 3, "array": A}

    x = np.array([1.0, 2.0])
    slope, aux = grad(f, has_aux=True)(x)
    (value, again), slope_too = value_and_grad(f, has_aux=True)(x)
    y, pullback, third = vjp(f, x, has_aux=True)
    _, along, fourth = jvp(f, (x,), (x,), has_aux=True)
    curvature, fifth = hessian(f, has_aux=True)(x)
    matrix, sixth = jacobian(f, has_aux=True)(x)
    assert value == y == 5.0 and along == 10.0
    for found in (slope, slope_too, pullback(1.0)[0], matrix):
        close(found, 2 * x)
    close(curvature, 2 * np.eye(2))
    for found in (aux, again, third, fourth, fifth, sixth):
        assert (found["name"], found["none"], found["count"]) == ("it", None, 3) and found["array"] is A
        assert type(found["twice"]) is np.ndarray
        close(found["twice"], 2 * x)


Pair = namedtuple("Pair", "left right")


def total(tree):
    """The sum of the squares of all leaves, by a recursion of its own."""
    if isinstance(tree, dict):
        return sum(map(total, tree.values()))
    if isinstance(tree, (list, tuple)):
        return sum(map(total, tree))
    return 0.0 if tree is None else np.sum(tree * tree)


TREES = [
    {"W": [np.array([1.0, 2.0]), 3.0], "b": (4.0, None, {"deep": np.array([[5.0]])})}, [1.0, [2.0, [3.0]]], (1.0,),
    Pair(1.0, Pair(np.ones(2), None)), OrderedDict(z=1.0, a=2.0), defaultdict(list, a=1.0, b=np.ones(2)), [], None, {},
]  # fmt: skip


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: type(tree).__name__)
def test_containers_in_and_out(tree):
    from autograd.trees import leaves, mapped

    slope = grad(total)(tree) if leaves(tree) else value_and_grad(lambda tree, x: x * 1.0, (0, 1))(tree, 1.0)[1][0]
    expected = mapped(lambda x: 2 * x, tree)
    assert type(slope) is type(tree) and repr(slope) == repr(expected)
    if isinstance(tree, defaultdict):
        assert slope.default_factory is list and list(slope) == list(tree)
    value, pullback = vjp(lambda tree: mapped(lambda x: 3 * x, tree), tree)
    assert repr(value) == repr(mapped(lambda x: 3 * x, tree))
    assert repr(pullback(tree)[0]) == repr(value)
    value, along = jvp(lambda tree: mapped(lambda x: 3 * x, tree), (tree,), (tree,))
    assert repr(value) == repr(along) == repr(mapped(lambda x: 3 * x, tree))


def test_jacobian_of_containers():
    found = jacobian(lambda d: [d["a"] * d["b"], (d["b"],)])({"a": 2.0, "b": np.array([3.0, 4.0])})
    close(found[0]["a"], np.array([3.0, 4.0]))
    close(found[0]["b"], 2 * np.eye(2))
    close(found[1][0]["b"], np.eye(2))
    assert found[1][0]["a"].tolist() == [0.0, 0.0]


def test_dictionaries_are_matched_by_key():
    f = lambda d: {"p": d["a"] * 2, "q": d["b"] * 3}
    assert jvp(f, ({"a": 1.0, "b": 1.0},), ({"b": 10.0, "a": 1.0},))[1] == {"p": 2.0, "q": 30.0}
    assert vjp(f, {"a": 1.0, "b": 1.0})[1]({"q": 10.0, "p": 1.0}) == ({"a": 2.0, "b": 30.0},)
    assert hvp(lambda d: d["a"] ** 2 + 3 * d["b"] ** 2, ({"a": 1.0, "b": 1.0},), ({"b": 1.0, "a": 0.0},)) == {
        "a": 0.0,
        "b": 6.0,
    }


# ---------------------------------------------------------------------- kinds

KINDS = [
    (2.0, float), (np.float64(2.0), float), (np.float32(2.0), np.float32), (np.array(2.0), float), (np.ones(2),
    np.ndarray),
    (np.ones(2, np.float32), np.ndarray), (np.ones((2, 1), np.float16), np.ndarray), (autograd.tensor(2.0), Tensor),
    (3, float),
    (autograd.ones(2), Tensor), (autograd.ones(2, dtype=np.float64), Tensor),
]  # fmt: skip


@pytest.mark.parametrize(("x", "kind"), KINDS, ids=lambda x: repr(x).replace("\n", ""))
def test_kinds_are_preserved(x, kind):
    f = lambda x: np.sum(x * x * 2)
    dtype = getattr(x, "dtype", np.dtype(float))
    value, slope = value_and_grad(f)(x)
    _, along = jvp(lambda x: x * x * 2, (x,), (x * 1.0,))
    (pulled,) = vjp(lambda x: x * x * 2, x)[1](x * 1.0)
    for found in (slope, grad(f)(x), along, pulled, hvp(f, (x,), (x * 1.0,)), jacobian(f)(x)):
        assert type(found) is kind and np.shape(found) == np.shape(x)
        assert getattr(found, "dtype", np.dtype(float)) == dtype
        assert not getattr(found, "requires_grad", False)
    scalar = kind if kind in (Tensor, np.float32) else float if dtype == np.float64 else dtype.type
    assert type(value) is scalar
    assert hessian(f)(x).dtype == dtype if np.ndim(x) or kind is Tensor else hessian(f)(x) == 4.0


@pytest.mark.parametrize("n", [3, 10_000])
@pytest.mark.parametrize("f", [np.sum, lambda x: np.mean(x.reshape(1, -1)), lambda x: np.sum(x + 1.0)])
def test_gradients_can_be_changed_in_place(f, n):
    """Those of a sum, which repeat one number, too."""
    slope = grad(f)(np.ones(n))
    slope *= 2.0
    assert np.array_equal(slope, 2.0 * grad(f)(np.ones(n)))


def test_directions_keep_all_their_digits():
    """Plain numbers are not rounded to the default dtype, and directions of another dtype take that of the argument."""
    assert jvp(lambda x: x, (2.0,), (0.1,)) == (2.0, 0.1) and vjp(lambda x: x, 2.0)[1](0.1) == (0.1,)
    for t in (np.ones(2, np.float32), np.ones(2, int), autograd.ones(2)):
        _, slope = jvp(lambda x: x, (np.ones(2),), (t,))
        assert slope.dtype == np.float64
    x = autograd.tensor(2.0, requires_grad=True, dtype=np.float64)
    x.backward(0.1)
    assert x.grad.item() == 0.1
    x.grad = 0.2
    assert x.grad.item() == 0.2


def test_arguments_stay_as_they_are():
    x, leaf = np.ones(2), autograd.tensor([1.0, 2.0], requires_grad=True)
    grad(lambda a, b: np.sum(a * b), (0, 1))(x, leaf)
    jvp(lambda a: a * a, (x,), (x,))
    assert x.tolist() == [1.0, 1.0] and leaf.grad is None and leaf.requires_grad and leaf.op is None
