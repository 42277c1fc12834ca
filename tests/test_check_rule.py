"""`check_rule` accepts every row of the table, and rejects each kind of mistake that an operation can make."""

import numpy as np
import pytest

import autograd
from autograd import TABLE
from autograd.array_op import ARRAY_TABLE, ArrayOp
from autograd.op import Domain
from autograd.testing import GradientMismatch, check_rule

A, B = np.random.default_rng(0).standard_normal((2, 3, 4))


@pytest.mark.parametrize("name", TABLE)
def test_rows_of_the_table(name):
    check_rule(TABLE[name])


@pytest.mark.parametrize(
    ("op", "operands"),
    [
        (autograd.pow, (-2.0, 3)),  # the exponent is a constant
        (autograd.where, (0.0, 2.0, 3.0)),
        (autograd.leaky_relu, (-1.0, 0.2)),
        (autograd.dot, ((1.0, 2.0), (3.0, 4.0))),
        (autograd.sum, ((),)),
    ],
)
def test_rows_at_given_operands(op, operands):
    if op is autograd.where:  # it jumps there in its first operand alone
        check_rule(op, 0, *operands[1:])
    else:
        check_rule(op, *operands)


@pytest.mark.parametrize(
    ("name", "operands", "settings"),
    [
        ("prod", (A,), {"axis": 1}),
        ("matmul", (A, B.T), {}),
        ("einsum", (A, B), {"subscripts": "ij,kj->ik"}),
        ("fft", (A[0] + 1j * B[0],), {}),
        ("getitem", (A,), {"index": (slice(1, None), [0, 2])}),
        ("p_norm", (A,), {"ord": 3}),
    ],
)
def test_operations_on_arrays(name, operands, settings):
    check_rule(ARRAY_TABLE[name], *operands, **settings)


# ---------------------------------------------------------------------- operations of the user's


@autograd.op(lambda a, y: 3 * a**2)
def cube(a):
    return a * a * a


@autograd.op(lambda a, b, y: a / y, lambda a, b, y: b / y, domain=Domain(((0.1, 5.0), (0.1, 5.0))))
def length(a, b):
    return np.sqrt(a * a + b * b)


@autograd.op(lambda a, y: 1 / a, domain=Domain(((70.0, 90.0),)))
def far(a):
    return np.log(a)


@autograd.op(vjp=lambda g, y, a, axis=0: autograd.flip(g, axis))
def reverse(a, axis=0):
    return np.flip(a, axis)


@autograd.op(lambda a, y: autograd.where(a > 0.7, 2.0, 0.0), domain=Domain(((-9, 9),), singular=lambda a: a - 0.7))
def hinge(a):
    return np.where(a > 0.7, 2.0 * (a - 0.7), 0.0)


@pytest.mark.parametrize(
    ("op", "operands", "settings"),
    [
        (cube, (), {}),
        (cube, (2.0,), {}),
        (length, (), {}),
        (hinge, (), {}),
        (far, (), {}),
        (reverse, (A,), {"axis": -1}),
    ],
)
def test_right_operations_pass(op, operands, settings):
    check_rule(op, *operands, **settings)


def wrong(op, *operands, **settings):
    with pytest.raises(GradientMismatch, match=op.name) as caught:
        check_rule(op, *operands, **settings)
    assert caught.value.op is op
    return caught.value


def elementwise(function, *partials, **options):
    return autograd.op(*partials, name="mine", **options)(function)


def of_arrays(function, *rules, **options):
    return autograd.op(vjp=list(rules), name="mine", **options)(function)


WRONG_RULES = {
    "sign": (elementwise(lambda a: a * a, lambda a, y: -2 * a), 1),
    "seen at one point only": (elementwise(lambda a: a * a, lambda a, y: autograd.where(a > 2, 2.1 * a, 2 * a)), 1),
    "operands exchanged": (elementwise(lambda a, b: a * b, lambda a, b, y: a, lambda a, b, y: b), 1),
    "second operand": (elementwise(lambda a, b: a - b, 1.0, 1.0), 1),
    "second order": (elementwise(lambda a: a * a, lambda a, y: 2 * getattr(a, "data", a)), 2),
    "rounded": (elementwise(np.sin, lambda a, y: np.cos(np.float32(a) if isinstance(a, float) else a)), 1),
    "wrong at a kink": (elementwise(np.abs, lambda a, y: autograd.where(a == 0, 3.0, autograd.sign(a))), 1),
    "rounded beside numbers": (
        elementwise(
            np.multiply,
            lambda a, b, y: np.float32(b) if type(b) is float and np.ndim(y) else b,
            lambda a, b, y: a,
        ), 1,
    ),
    "nan at a kink": (elementwise(np.abs, lambda a, y: a / abs(a)), 1),
    "wrong at a declared kink": (
        elementwise(
            lambda a: np.maximum(a, 0.7),
            lambda a, y: autograd.where(abs(a - 0.7) < 1e-9, 5.0, autograd.where(a > 0.7, 1.0, 0.0)),
            domain=Domain(((-9.0, 9.0),), singular=lambda a: a - 0.7),
        ), 1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG_RULES.values(), ids=WRONG_RULES)
def test_wrong_rules(case):
    op, order = case
    error = wrong(op)
    assert error.cause == "wrong rule"
    assert error.difference is None or error.difference.order == order


def test_undeclared_kinks_are_excused():
    """Where the rule gives one side's slope."""
    check_rule(elementwise(lambda a: np.maximum(a, 0.5), lambda a, y: autograd.where(a > 0.5, 1.0, 0.0)))


def test_kink_among_given_operands_is_told():
    with pytest.raises(GradientMismatch, match="a kink of relu") as caught:
        check_rule(autograd.relu, 0.0)
    assert caught.value.cause == "kink"


def test_values_differ_between_floats_and_arrays():
    op = elementwise(lambda a: a * a if np.ndim(a) else a * a + 1e-9, lambda a, y: 2 * a)
    error = wrong(op)
    assert error.cause == "value" and "on arrays" in str(error)


def test_value_is_not_finite_inside_the_domain():
    op = elementwise(np.log, lambda a, y: 1 / a)
    error = wrong(op)
    assert error.cause == "value" and "give it a domain that leaves this point out" in str(error)


def state(stale):
    """A rule that reads what it was given first."""

    def rule(a, y):
        stale.setdefault("a", a)
        return 2 * stale["a"] if np.shape(a) == np.shape(stale["a"]) else 2 * a

    return rule


def test_stale_operands():
    assert wrong(elementwise(lambda a: a * a, state({}))).cause in ("wrong rule", "unexplained")


ARRAYS = {
    "wrong axis": (of_arrays(lambda a: a.sum(0), lambda g, y, a: g[:, None] + 0 * a), (A[:, :3],), "wrong rule"),
    "operand": (of_arrays(np.multiply, lambda g, y, a, b: g * b, lambda g, y, a, b: g * b), (A, B), "wrong rule"),
    "linear": (of_arrays(lambda a: a * a, lambda g, y, a: 2 * g * a, linear="jointly"), (A,), "wrong rule"),
    "double precision": (of_arrays(lambda a: a * 2 * np.ones(a.shape), lambda g, y, a: 2 * g), (A,), "dtype"),
    "layout": (
        of_arrays(lambda a: a.ravel(order="K") * 2.0, lambda g, y, a: 2 * autograd.reshape(g, a.shape)), (A,), "value",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ARRAYS.values(), ids=ARRAYS)
def test_wrong_operations_on_arrays(case):
    op, operands, cause = case
    assert wrong(op, *(x.copy() for x in operands)).cause == cause


def test_operand_written_to():
    def function(a):
        a *= 1.5
        return a * 2

    error = wrong(of_arrays(function, lambda g, y, a: 2 * g), A.copy())
    assert error.cause in ("aliasing", "value")


def test_upstream_gradient_written_to():
    def rule(g, y, a):
        if isinstance(g, np.ndarray):
            g *= 1.0 + 1e-14
        return g

    assert wrong(of_arrays(lambda a: a * 1.0, rule), A).cause == "aliasing"


def test_result_in_the_memory_of_an_operand():
    """Only what the engine knows as views may lie there; `autograd.op` copies."""
    view = ArrayOp("view", "A view.", lambda a: a, lambda g, y, a: g, needs=("",), linear="jointly", register=False)
    assert wrong(view, A).cause == "aliasing"


def test_undeclared_reading():
    square = ArrayOp("square", "Squares.", lambda a: a * a, lambda g, y, a: 2 * g * a, needs=("y",), register=False)
    error = wrong(square, A)
    assert error.cause == "undeclared reading" and error.operand == 0


# ---------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: check_rule(np.exp), TypeError, "checks an operation, of the table or made by autograd.op"),
        (lambda: check_rule(reverse), TypeError, "reverse is an operation on arrays: give operands"),
        (
            lambda: check_rule(elementwise(np.exp, lambda a, y: y, domain=Domain(((1.0, 2.0),), lambda a: 0.0))),
            ValueError, "mine: no point of its domain found",
        ),
        (lambda: check_rule(autograd.exp, 1.0, 2.0), TypeError, "exp: takes 1 operand, got 2"),
    ],
)  # fmt: skip
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()
