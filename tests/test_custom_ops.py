"""Operations of the user's: on every carrier, to any order, drawn, explained and checked like those of the table."""

import contextlib
import contextvars
import math

import numpy as np
import pytest
from hypothesis import given, strategies as st

import autograd
from autograd import TABLE, Tensor, Value, backward_lines, draw, forward_lines, grad, hessian, jacobian, jvp, vjp
from autograd.array_op import ARRAY_TABLE, ArrayOp
from autograd.op import AND, Domain, Elementwise, Notation
from autograd.testing import check_rule

from .arrays import distinct


@autograd.op(lambda a, y: 3 * a**2)
def cube(a):
    """The third power."""
    return a**3


@autograd.op(
    lambda a, b, y: b * y / a, lambda a, b, y: autograd.log(a) * y,
    symbol="△", notation=Notation("{a} ^^ {b}", "{a}^{{{b:open}}}", AND), domain=Domain(((0.1, 3.0), (-3.0, 3.0))),
)  # fmt: skip
def power(a, b):
    return a**b


@autograd.op(1.0, -1.0, name="gap")
def difference(a, b):
    return a - b


@autograd.op(vjp=lambda g, y, a, shift=1: roll(g, shift=-shift), linear="jointly", symbol="↻")
def roll(a, shift=1):
    """The elements moved along."""
    return np.roll(a, shift)


@autograd.op(vjp=[lambda g, y, a, b: autograd.outer(g, b), lambda g, y, a, b: g @ a], linear="each")
def apply_matrix(a, b):
    return a @ b


@autograd.op(vjp=[lambda g, y, a, places: autograd.scatter_add(a * 0, 0, places, g), None])
def pick(a, places):
    return a[np.asarray(places)]


@autograd.op(vjp=lambda g, y, a, power=2: power * g * a ** (power - 1))
def sum_of_powers(a, power=2):
    return np.sum(a**power)


# ---------------------------------------------------------------------- carriers and orders


@given(st.floats(-3.0, 3.0))
def test_elementwise_on_every_carrier(x):
    assert cube(x) == x**3 and type(cube(x)) is float
    v, t = Value(x), autograd.tensor(x, requires_grad=True, dtype=np.float64)
    cube(v).backward()
    cube(t).backward()
    assert v.grad == t.grad.item() == 3 * x**2
    assert np.allclose(cube(np.array([x, 2.0])), [x**3, 8.0], rtol=1e-15, atol=0)  # NumPy has a power of its own
    leaf = autograd.tensor(np.array([x, 2.0]), requires_grad=True)
    cube(leaf).sum().backward()
    assert np.allclose(leaf.grad.numpy(), [3 * x**2, 12.0], rtol=1e-15, atol=0)
    assert jvp(cube, (x,), (2.0,)) == (x**3, 6 * x**2)
    assert [cube(n).data for n in np.array([Value(x)], object)] == [x**3]


def test_elementwise_to_any_order():
    f = cube
    for expected in (12.0, 12.0, 6.0, 0.0):
        f = grad(f)
        assert f(2.0) == expected
    assert jvp(grad(cube), (2.0,), (1.0,))[1] == 12.0
    v = Value(2.0)
    cube(v).backward(create_graph=True)
    slope, v.grad = v.grad, None
    slope.backward()
    assert v.grad == 12.0
    (aa, ab), (ba, bb) = hessian(power, argnums=(0, 1))(2.0, 3.0)
    log = math.log(2.0)
    for found, expected in ((aa, 12.0), (ab, 4 + 12 * log), (ba, 4 + 12 * log), (bb, 8 * log**2)):
        assert math.isclose(found, expected, rel_tol=1e-12)


@pytest.mark.parametrize("op", [cube, power, difference], ids=lambda op: op.name)
def test_elementwise_derivatives(op):
    check_rule(op)


MATRIX, VECTOR = distinct((3, 4), 0), distinct(4, 1)


@pytest.mark.parametrize(
    ("op", "operands", "settings"),
    [
        (apply_matrix, (MATRIX, VECTOR), {}),
        (roll, (VECTOR,), {}),
        (roll, (MATRIX,), {"shift": 2}),
        (pick, (VECTOR, np.array([2, 0, 2])), {}),
        (sum_of_powers, (VECTOR,), {}),
        (sum_of_powers, (VECTOR,), {"power": 3}),
    ],
)
def test_derivatives_of_array_ops(op, operands, settings):
    check_rule(op, *operands, **settings)


def test_array_ops_on_arrays_and_in_forward_mode():
    vector, matrix = np.array([1.0, 2.0, 3.0]), np.arange(9.0).reshape(3, 3)
    assert type(roll(vector)) is np.ndarray and roll(vector, shift=2).tolist() == [2.0, 3.0, 1.0]
    assert jvp(roll, (vector,), (vector,))[1].tolist() == [3.0, 1.0, 2.0]
    value, slope = jvp(apply_matrix, (matrix, vector), (np.eye(3), vector))
    assert value.tolist() == (matrix @ vector).tolist() and slope.tolist() == (vector + matrix @ vector).tolist()
    assert jvp(sum_of_powers, (vector,), (vector,)) == (14.0, 28.0)  # by its pullback, transposed
    assert jvp(grad(sum_of_powers), (vector,), (vector,))[1].tolist() == [2.0, 4.0, 6.0]
    assert hessian(lambda a: sum_of_powers(a, power=3))(vector).tolist() == np.diag(6 * vector).tolist()
    assert grad(lambda a: roll(a) @ vector)(vector).tolist() == [2.0, 3.0, 1.0]


def test_linear_ops_are_applied_to_the_tangents_themselves():
    def never(*_):
        raise AssertionError("forward mode needs no pullback here")

    twice = autograd.op(vjp=never, linear="jointly")(lambda a: 2 * a)
    times = autograd.op(vjp=[never, never], linear="each")(lambda a, b: a * b)
    assert jvp(twice, (np.ones(2),), (np.ones(2),))[1].tolist() == [2.0, 2.0]
    assert jvp(times, (np.ones(2), 3 * np.ones(2)), (np.ones(2), np.ones(2)))[1].tolist() == [4.0, 4.0]


def test_an_operand_without_a_gradient():
    x, places = autograd.tensor([1.0, 2.0, 3.0], requires_grad=True), np.array([2, 0, 2])
    y = pick(x, places)
    assert y.tolist() == [3.0, 1.0, 3.0]
    y.sum().backward()
    assert x.grad.tolist() == [1.0, 0.0, 2.0]
    weights = autograd.tensor([1.0, 2.0], requires_grad=True)
    chosen = autograd.op(vjp=[lambda g, y, a, b: g * 2, None])(lambda a, b: 2 * a + b)
    chosen(weights, weights * 1).sum().backward()
    assert weights.grad.tolist() == [2.0, 2.0]
    assert vjp(chosen, np.ones(2), np.ones(2))[1](np.ones(2))[1].tolist() == [0.0, 0.0]
    assert jvp(chosen, (np.ones(2), np.ones(2)), (np.zeros(2), np.ones(2)))[1].tolist() == [0.0, 0.0]


def test_only_what_is_needed_is_differentiated():
    """A partial that raises does no harm where its operand is a plain number."""

    def never(*_):
        raise AssertionError("not asked for")

    scaled = autograd.op(lambda a, b, y: b, never)(lambda a, b: a * b)
    x, v = autograd.tensor([1.0], requires_grad=True), Value(1.0)
    scaled(x, 3.0).backward()
    scaled(v, 3.0).backward()
    assert x.grad.item() == v.grad == grad(scaled)(1.0, 3.0) == jvp(lambda a: scaled(a, 3.0), (1.0,), (1.0,))[1] == 3.0


def test_ieee_where_python_would_raise():
    logarithm = autograd.op(lambda a, y: 1 / a)(np.log)
    assert logarithm(math.e) == 1.0
    inverse = autograd.op(lambda a, y: -y * y)(lambda a: 1 / a)
    assert inverse(0.0) == math.inf
    x = autograd.tensor([0.0, 2.0], requires_grad=True)
    inverse(x).sum().backward()
    assert x.grad.tolist() == [-math.inf, -0.25]


# ---------------------------------------------------------------------- names, drawings, explanations


def test_names_docstrings_and_symbols():
    assert isinstance(cube, Elementwise) and isinstance(roll, ArrayOp)
    assert (cube.name, cube.__name__, difference.name, power.symbol, cube.symbol) == (
        "cube",
        "cube",
        "gap",
        "△",
        "cube",
    )
    assert cube.summary == "The third power." and cube.__doc__.startswith("The third power.")
    assert "an operation of the user's" in power.summary
    assert cube.formula() == "cube(a)" and power.formula() == "a ^^ b" and roll.formula() == "roll(a)"
    assert repr(power) == "<op power: a ^^ b>"
    assert power.domain.contains(1.0, 1.0) and not power.domain.contains(-1.0, 1.0)
    assert roll.linear == "jointly"


def test_the_tables_do_not_change():
    """A name that a row has already is free for the user's own."""
    rows, array_rows = dict(TABLE), dict(ARRAY_TABLE)
    mine = autograd.op(lambda a, y: 5.0, name="tanh")(lambda a: 5 * a)
    also_mine = autograd.op(vjp=lambda g, y, a: 7 * g, name="matmul")(lambda a: 7 * a)
    again = autograd.op(lambda a, y: 5.0)(lambda a: 5 * a)
    assert dict(TABLE) == rows and dict(ARRAY_TABLE) == array_rows and again.name == "<lambda>"
    assert mine(2.0) == 10.0 and autograd.tanh(2.0) == math.tanh(2.0) == TABLE["tanh"](2.0)
    x = autograd.tensor([1.0, 2.0], requires_grad=True)
    (mine(x) + also_mine(x) + autograd.tanh(x * 0)).sum().backward()
    assert x.grad.tolist() == [12.0, 12.0]


def test_drawn_with_its_symbol():
    for x in (Value(2.0), autograd.tensor(2.0, requires_grad=True)):
        text = draw(power(x, 3.0) + cube(x)).source
        assert "△" in text and "cube" in text
    assert "↻" in draw(roll(autograd.tensor([1.0, 2.0], requires_grad=True)).sum()).source


def test_explained():
    x = Value(2.0, name="x")
    y = power(cube(x), 2.0)
    y.backward()
    assert [str(line) for line in forward_lines(y)] == ["cube(x) = cube(2) = 8", "y = cube(x) ^^ 2 = 8 ^^ 2 = 64"]
    assert [str(line) for line in backward_lines(y)] == [
        "dy/d(cube(x)) += dy/dy · dy/d(cube(x)) = 1 · (2 · y / cube(x)) = 1 · (2 · 64 / 8) = 16",
        "dy/dx += dy/d(cube(x)) · d(cube(x))/dx = 16 · (3 · x^2) = 16 · (3 · 2^2) = 192",
    ]


def test_nodes_know_their_op():
    x = autograd.tensor([1.0, 2.0], requires_grad=True)
    assert cube(x).op is cube and roll(x).op is roll and cube(Value(1.0)).op is cube
    assert repr(roll(x)) == "tensor([2., 1.], op=<roll>)"


# ---------------------------------------------------------------------- changes in place, anomalies, modes


def test_changes_in_place_are_noticed():
    """An op of the user's may read all its numbers; an elementwise one those that its partials read."""
    for op in (cube, sum_of_powers):
        x = autograd.tensor([1.0, 2.0], requires_grad=True) * 1
        y = op(x)
        x += 1
        with pytest.raises(RuntimeError, match=rf"{op.name} needs operand 0 as it was, but it was changed in place"):
            y.sum().backward()
    x = autograd.tensor([1.0, 2.0], requires_grad=True)
    z = x * 1
    y = difference(z, 3.0)
    z += 1  # its partials are constants
    y.sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]


def test_operands_stay_as_they_are_and_results_may_lie_in_their_memory():
    first = autograd.op(vjp=lambda g, y, a: autograd.cat([g, a[1:] * 0]))(lambda a: a[:1])
    x = autograd.tensor([1.0, 2.0], requires_grad=True)
    first(x * 1).sum().backward()
    assert x.tolist() == [1.0, 2.0] and x.grad.tolist() == [1.0, 0.0]


def test_no_grad():
    x = autograd.tensor([1.0, 2.0], requires_grad=True)
    with autograd.no_grad():
        assert not cube(x).requires_grad and not roll(x).requires_grad
    assert not cube(autograd.tensor([1.0])).requires_grad


def test_an_exception_in_a_rule_leaves_gradients_as_they_were():
    def stop(*_):
        raise ZeroDivisionError("in the rule")

    x = autograd.tensor([1.0, 2.0], requires_grad=True)
    (x * 3).sum().backward()
    raising = autograd.op(vjp=stop)(lambda a: a * 2)
    with pytest.raises(ZeroDivisionError, match="in the rule"):
        (raising(x) + x).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


# ---------------------------------------------------------------------- what a vjp may give

REPEATED = {
    "rows": (lambda a, b: a + b, [lambda g, y, a, b: g, lambda g, y, a, b: g], (5, 2), (2,)),
    "columns": (lambda a, b: a * b, [lambda g, y, a, b: g * b, lambda g, y, a, b: g * a], (3, 1), (3, 4)),
    "a number": (lambda a, b: a * b, [lambda g, y, a, b: g * b, lambda g, y, a, b: g * a], (), (3,)),
    "matrices": (
        lambda a, b: a @ b,
        [lambda g, y, a, b: g @ autograd.swapaxes(b, 1, 2), lambda g, y, a, b: a.T @ g], (3, 4), (7, 4, 5),
    ),
}  # fmt: skip
"""Operands that the result repeats: the rules may leave the sum to the engine."""


@pytest.mark.parametrize("name", REPEATED)
def test_what_is_repeated_is_summed_up(name):
    function, rules, *shapes = REPEATED[name]
    check_rule(autograd.op(vjp=rules, name="mine")(function), *(distinct(shape, 0) for shape in shapes))


def derivatives_by(op):
    """Every way to a derivative of the op at two numbers."""
    x = np.array([1.0, 2.0])

    def swept(create_graph):
        t = autograd.tensor(x, requires_grad=True)
        op(t).sum().backward(create_graph=create_graph)
        return t.grad.numpy()

    slope = grad(lambda x: op(x).sum())
    return [
        lambda: swept(False), lambda: swept(True), lambda: slope(x), lambda: autograd.jit(slope)(x),
        lambda: jvp(op, (x,), (x,)), lambda: jacobian(slope)(x),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "error", "told"),
    [
        (lambda g, y, a: autograd.reshape(2 * g, (2, 1)), ValueError, r"gave shape \(2, 1\)"),
        (lambda g, y, a: autograd.ones(5, 2) * g, ValueError, r"gave shape \(5, 2\)"),
        (lambda g, y, a: g[:1], ValueError, r"gave shape \(1,\)"),
        (lambda g, y, a: g.sum(), ValueError, r"gave shape \(\)"),
        (lambda g, y, a: 2.0, TypeError, r"gave 2.0, a float"),
        (lambda g, y, a: [2.0, 2.0], TypeError, r"gave \[2.0, 2.0\], a list"),
        (lambda g, y, a: (g,), TypeError, r"gave \(.*\), a tuple"),
        (lambda g, y, a: "2", TypeError, r"gave '2', a str"),
    ],
)
def test_a_vjp_gives_an_array_of_its_operands_shape(rule, error, told):
    for derivative in derivatives_by(autograd.op(vjp=rule, name="twice")(lambda a: a * 2)):
        with pytest.raises(error, match=rf"^twice: the vjp of operand 0 {told}: give .* operand.*, \(2,\)$"):
            derivative()


def test_the_right_operand_is_named():
    plus = autograd.op(vjp=[lambda g, y, a, b: g, lambda g, y, a, b: g])(lambda a, b: a + b.sum())
    with pytest.raises(ValueError, match=r"<lambda>: the vjp of operand 1 gave shape \(2,\): .* \(3,\)"):
        vjp(plus, np.ones(2), np.ones(3))[1](np.ones(2))


@pytest.mark.parametrize("number", [2.0, 2, np.float32(2.0), np.float64(2.0)])
def test_a_number_is_an_array_without_axes(number):
    op = autograd.op(vjp=lambda g, y, a: number)(lambda a: 2 * a)
    x = autograd.tensor(3.0, requires_grad=True)
    for create_graph in (False, True):
        op(x).backward(create_graph=create_graph)
    assert (x.grad.item(), x.grad.dtype, x.grad.shape) == (4.0, x.dtype, ())
    assert grad(op)(3.0) == 2.0


@pytest.mark.parametrize("make", [np.array, autograd.tensor, lambda numbers: autograd.tensor(numbers) * 1])
@pytest.mark.parametrize("given", [lambda kept: kept, lambda kept: kept[::-1]])
def test_an_array_that_a_vjp_keeps_stays_its_own(make, given):
    kept = make(np.array([3.0, 4.0]))
    scaled = autograd.op(vjp=lambda g, y, a: given(kept), name="scaled")(lambda a: a * np.array([3.0, 4.0]))
    x = autograd.tensor(np.ones(2), requires_grad=True)
    for create_graph in (False, True):
        for below in (x, x * 1.0, x * x):
            scaled(below).sum().backward(create_graph=create_graph)
            x.grad.zero_()
            assert kept.tolist() == [3.0, 4.0]
            x.zero_grad()
    for derivative in derivatives_by(scaled)[:4]:
        derivative()[:] = 0.0
        assert kept.tolist() == [3.0, 4.0]


# ---------------------------------------------------------------------- errors

WRONG = [
    (lambda: autograd.op(), "give partial derivatives, one per operand, or vjp="),
    (lambda: autograd.op(1.0, vjp=lambda g, y, a: g), "give partial derivatives, one per operand, or vjp="),
    (lambda: autograd.op(lambda a, y: 1.0)(3.0), "op: decorates a function, got 3.0"),
    (lambda: autograd.op(lambda a, y: 1.0)(lambda a, b: a), "takes 2 operands, but 1 partials are given"),
    (lambda: autograd.op(1.0, 1.0)(lambda a: a), "takes 1 operands, but 2 partials are given"),
    (lambda: autograd.op(vjp=[None])(lambda a, b: a), "takes 2 operands, but 1 vjp functions are given"),
    (lambda: autograd.op(vjp=lambda g, y, a, b: g)(lambda a, b: a), "takes 2 operands, but 1 vjp functions are given"),
    (lambda: cube(1.0, 2.0), "cube: takes 1 operand, got 2"),
    (lambda: cube(), "cube: takes 1 operand, got 0"),
    (lambda: cube("a"), "cube: cannot take 'a', a str"),
    (lambda: roll("a"), "roll: cannot take 'a', a str"),
    (lambda: roll(autograd.tensor([1.0]), shifts=2), "shifts"),
    (lambda: autograd.op("a")(lambda a: a), "op: a derivative must be a function or a number, got 'a'"),
    (lambda: autograd.op(vjp=3.0)(lambda a: a), "op: vjp must be a function or a list of them, got 3.0"),
    (lambda: autograd.op(vjp=["a"])(lambda a: a), "op: vjp must be a function or a list of them, got"),
    (lambda: autograd.op(vjp=np.negative, linear="y"), "op: linear must be 'jointly', 'each' or empty, got 'y'"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), WRONG, ids=range(len(WRONG)))
def test_wrong_uses_raise_in_one_line(call, message):
    with pytest.raises((TypeError, ValueError)) as caught:
        call()
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_functions_without_a_signature_and_with_any_number_of_operands():
    assert autograd.op(lambda a, y: 1 / a)(np.log)(1.0) == 0.0
    together = autograd.op(1.0, 2.0)(lambda *xs: xs[0] + 2 * xs[1])
    assert grad(together, (0, 1))(1.0, 1.0) == (1.0, 2.0)
    assert type(together(autograd.tensor([1.0]), 1.0)) is Tensor


def test_the_function_sees_the_context_of_the_caller():
    seen = []

    @autograd.op(lambda a, y: y)
    def watching(a):
        with autograd.no_grad() if a.size > 2 else contextlib.nullcontext():
            seen.append((SETTING.get(), (autograd.tensor(1.0, requires_grad=True) * 2).requires_grad))
        return np.exp(a)

    for n, value in ((2, "first"), (3, "second")):
        SETTING.set(value)
        watching(
            autograd.tensor(np.full(n, 1e4), requires_grad=True)
        ).sum().backward()  # an overflow, without a warning
    with autograd.no_grad():
        watching(autograd.tensor([1.0]))
    assert seen == [("first", True), ("second", False), ("second", False)]


SETTING = contextvars.ContextVar("SETTING")
