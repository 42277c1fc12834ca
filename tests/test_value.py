"""`Value` as a number: what it is made of, how it computes and compares, and what it refuses.

Derivatives are only glimpsed here, to see that a result is recorded: `test_ops` tests those of each row,
`test_backward` those of whole graphs.
"""

import math
import operator
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, strategies as st

import autograd
from autograd import TABLE, Value, Vector, dot, matvec, where

from .strategies import any_float, sample

REAL_DTYPES = "?bhilqBHILQefdg"  # every real number that NumPy knows, by its letter
ARITHMETIC = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]
COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]

each_arithmetic = pytest.mark.parametrize("operate", ARITHMETIC, ids=lambda f: f.__name__)
each_comparison = pytest.mark.parametrize("compare", COMPARISONS, ids=lambda f: f.__name__)
each_dtype = pytest.mark.parametrize("dtype", REAL_DTYPES, ids=lambda letter: np.dtype(letter).name)


def slope(y, x):
    """The derivative of y by x, from a backward pass of its own."""
    x.zero_grad()
    y.backward()
    return x.grad


# ---------------------------------------------------------------------- what it is made of


@pytest.mark.parametrize("number", [2, 2.0, True, Fraction(1, 3), -0.0, math.inf, math.nan, 5e-324])
def test_takes_real_numbers(number):
    v = Value(number)
    assert type(v.data) is float
    assert repr(v.data) == repr(float(number))


def test_whole_numbers_beyond_the_floats_are_infinite():
    """As IEEE 754 rounds them, wherever they come in."""
    huge, v = 10**400, Value(1.0)
    assert [Value(huge).data, Value(-huge).data] == [math.inf, -math.inf]
    assert [(v * huge).data, (-huge + v).data, autograd.exp(-huge)] == [math.inf, -math.inf, 0.0]


@each_dtype
def test_takes_numpy_numbers(dtype):
    for number in (np.ones((), dtype)[()], np.ones((), dtype)):
        v = Value(number)
        assert (type(v.data), v.data) == (float, 1.0)


def test_a_new_value_is_a_leaf():
    v = Value(2.0, name="w")
    assert (v.data, v.grad, v.name, v.op, v.parents, v.is_leaf) == (2.0, 0.0, "w", None, (), True)
    assert Value(2.0).name is None


def test_a_result_knows_its_operation_and_its_ordered_parents():
    x, y = Value(3.0), Value(4.0)
    for result, op, operands in [
        (x - y, autograd.sub, (x, y)),
        (y - x, autograd.sub, (y, x)),
        (x * x, autograd.mul, (x, x)),
        (2 - x, autograd.sub, (2.0, x)),
        (where(x, 1.0, y), where, (x, 1.0, y)),
        (dot([x, 2.0], [y, x]), dot, (x, 2.0, y, x)),
    ]:
        assert (result.op, result.is_leaf) == (op, False)
        assert list(map(id, result.parents)) == [id(p) for p in operands if isinstance(p, Value)]
        assert [float(p) for p in result.operands] == list(map(float, operands))


def test_data_of_a_leaf_can_be_changed():
    v = Value(2.0)
    v.data = np.float32(3)
    assert (type(v.data), v.data) == (float, 3.0)
    v.data -= 0.5
    assert v.data == 2.5


def test_gradient_can_be_set():
    v = Value(2.0)
    for given_, expected in [(3, 3.0), (np.float64(4), 4.0), (None, 0.0)]:
        v.grad = given_
        assert (type(v.grad), v.grad) == (float, expected)


def test_detach_makes_an_equal_leaf():
    x = Value(3.0, name="x")
    y = (x * x).detach()
    assert (y.data, y.grad, y.is_leaf, y.name) == (9.0, 0.0, True, None)


def test_there_is_no_room_for_misspelt_attributes():
    with pytest.raises(AttributeError):
        Value(1.0).gard = 0.0


# ---------------------------------------------------------------------- operators


@pytest.mark.parametrize(
    ("function", "value", "derivative"),
    [
        (lambda x: x + 2, 5.0, 1.0),
        (lambda x: 2 + x, 5.0, 1.0),
        (lambda x: x - 2, 1.0, 1.0),
        (lambda x: 2 - x, -1.0, -1.0),
        (lambda x: x * 2, 6.0, 2.0),
        (lambda x: 2 * x, 6.0, 2.0),
        (lambda x: x / 2, 1.5, 0.5),
        (lambda x: 3 / x, 1.0, -1 / 3),
        (lambda x: x**2, 9.0, 6.0),
        (lambda x: 2**x, 8.0, 8 * math.log(2)),
        (lambda x: x**x, 27.0, 27 * (math.log(3) + 1)),
        (lambda x: -x, -3.0, -1.0),
        (lambda x: +x, 3.0, 1.0),
        (lambda x: abs(-x), 3.0, 1.0),
        (lambda x: x + True, 4.0, 1.0),
        (lambda x: Fraction(1, 2) * x, 1.5, 0.5),
        (lambda x: sum([x, x, x]), 9.0, 3.0),
        (lambda x: math.prod([x, x]), 9.0, 6.0),
    ],
)
def test_operators_with_numbers_on_either_side(function, value, derivative):
    x = Value(3.0)
    y = function(x)
    assert type(y) is Value
    assert y.data == value
    assert slope(y, x) == pytest.approx(derivative, rel=1e-15)


def test_augmented_assignment_makes_a_new_value():
    x = y = Value(3.0)
    y += 1
    y *= y
    assert (x.data, y.data, slope(y, x)) == (3.0, 16.0, 8.0)


# ---------------------------------------------------------------------- comparisons


@each_comparison
@given(a=any_float, b=any_float)
def test_comparisons_compare_the_numbers(compare, a, b):
    expected = compare(a, b)
    for x, y in [(Value(a), Value(b)), (Value(a), b), (a, Value(b))]:
        assert compare(x, y) is expected
    for x, y in [(Value(a), np.float64(b)), (np.float64(a), Value(b))]:
        assert bool(compare(x, y)) is expected


@given(st.lists(st.floats(allow_nan=False)))
def test_values_are_ordered_like_numbers(numbers):
    assert [v.data for v in sorted(map(Value, numbers))] == sorted(numbers)


def test_equal_values_are_different_keys():
    """Nodes hash by identity, though `==` compares their numbers."""
    x, y = Value(1.0), Value(1.0)
    assert x == y
    assert len({x, y}) == 2
    assert {x: "x", y: "y"}[x] == "x"


def test_what_is_no_number_is_not_equal_and_has_no_order():
    v = Value(1.0)
    for other in ("1", None, [1.0], object()):
        assert v != other
        assert not v == other  # noqa: SIM201 - `==` and `!=` are two methods
        with pytest.raises(TypeError, match="'<' not supported"):
            v < other  # noqa: B015


def test_truth_is_that_of_the_number():
    assert [bool(Value(x)) for x in (0.0, -0.0, 1e-300, math.nan)] == [False, False, True, True]


# ---------------------------------------------------------------------- as a plain number


@pytest.mark.parametrize("x", [2.5, -2.5, 3.5, 0.0, -0.75])
@pytest.mark.parametrize(
    "convert",
    [
        float, int, complex, bool, math.exp, math.floor, math.ceil, math.trunc,
        round, lambda v: round(v, 1), lambda v: round(v, -1),
        "{:.3f}".format, "{:+e}".format, "{:>12g}".format, "{:.1%}".format, "%.2f".__mod__, "%d".__mod__,
    ],
)  # fmt: skip
def test_converts_as_its_number_does(convert, x):
    found, expected = convert(Value(x)), convert(x)
    assert (type(found), repr(found)) == (type(expected), repr(expected))


def test_repr_shows_name_data_and_grad():
    x = Value(2, name="x")
    y = x * x
    y.backward()
    assert repr(x) == str(x) == f"{x}" == "Value(2.0, name='x', grad=4.0)"
    assert repr(y) == "Value(4.0, grad=1.0)"
    assert repr([y]) == "[Value(4.0, grad=1.0)]"


def test_repr_of_a_value_whose_gradient_is_a_node():
    x = Value(2.0)
    (x * x).backward(create_graph=True)
    assert type(x.grad) is Value
    assert repr(x) == "Value(2.0, grad=4.0)"


# ---------------------------------------------------------------------- NumPy


@each_arithmetic
@each_dtype
def test_numpy_numbers_on_either_side(operate, dtype):
    """Also where NumPy's number comes first: its own operator hands over, and makes no array."""
    one = np.ones((), dtype)[()]
    for x, operands in [(v := Value(3.0), (v, one)), (v := Value(3.0), (one, v))]:
        y = operate(*operands)
        assert type(y) is Value
        assert y.data == operate(*map(float, operands))
        assert y.parents == (x,)


@each_arithmetic
def test_arrays_on_either_side(operate):
    numbers = np.array([1.0, 2.0, 4.0])
    for flip in (False, True):
        v = Value(3.0)
        found = operate(numbers, v) if flip else operate(v, numbers)
        expected = operate(numbers, 3.0) if flip else operate(3.0, numbers)
        assert found.dtype == object
        assert [y.data for y in found] == expected.tolist()
        assert all(y.parents == (v,) for y in found)


UFUNCS = [op for op in TABLE.values() if op.ufunc is not None]


def test_most_rows_have_a_numpy_function():
    assert len(UFUNCS) > 30


@pytest.mark.parametrize("op", UFUNCS, ids=lambda op: op.ufunc.__name__)
def test_numpy_functions_on_values_are_rows_of_the_table(op):
    """`np.exp(v)` is a node, not an array with a node in it."""
    (point,) = sample(op, 1)
    operands = [Value(point[0]), *point[1:]]
    y = op.ufunc(*operands)
    assert (type(y), y.op, y.parents) == (Value, op, (operands[0],))
    assert y.data == op(*point)


WEIGHTS = np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -1.0]])


@pytest.mark.parametrize(
    "function",
    [
        np.sum, np.mean, np.prod, np.max, np.min, np.ptp, np.var, np.std, np.linalg.norm,
        lambda a: a.sum(),
        lambda a: a @ a,
        lambda a: np.dot(a, a),
        lambda a: np.vdot(a, a),
        lambda a: np.inner(a, a),
        lambda a: (WEIGHTS @ a) @ np.array([1.0, 2.0]),
        lambda a: np.array([1.0, 2.0]) @ np.matmul(WEIGHTS, a),
        lambda a: np.outer(a, a).sum(),
        lambda a: np.trace(np.outer(a, a)),
        lambda a: np.exp(a).sum(),
        lambda a: np.log(np.sum(np.exp(a - np.max(a)))),
        lambda a: np.sum(np.tanh(a) / (1 + np.exp(-a))),
        lambda a: np.arctan2(a, 2.0).sum(),
        lambda a: np.arctan2(a[0], a[1]),
        lambda a: np.maximum(a, 0.6).sum(),
        lambda a: np.minimum(a, a[::-1] * 0.9).sum(),
        lambda a: np.hypot(a, 1.0).mean(),
        lambda a: np.where(a > 0.6, a**2, -a).sum(),
        lambda a: np.clip(a, 0.2, 0.9).sum(),
        lambda a: np.cumsum(a)[1] * np.cumprod(a)[-1],
        lambda a: np.diff(a)[0] ** 3,
        lambda a: np.sort(a)[0] + 2 * a[np.argmax(a)],
        lambda a: np.convolve(a, [1.0, 2.0])[1],
        lambda a: np.square(a - np.mean(a)).sum(),
        lambda a: np.add.reduce(np.multiply.accumulate(a)),
    ],
)  # fmt: skip
def test_numpy_functions_on_object_arrays(function):
    """Same number as on an array of floats, and the gradient that central differences give."""
    numbers, h = np.array([0.5, 1.5, -0.75]), 1e-6
    values = np.array([Value(x) for x in numbers])
    assert values.dtype == object
    y = function(values)
    assert type(y) is Value
    assert y.data == pytest.approx(function(numbers), rel=1e-14)
    y.backward()
    steps = h * np.eye(3)
    expected = [(function(numbers + step) - function(numbers - step)) / (2 * h) for step in steps]
    assert [v.grad for v in values] == pytest.approx(expected, rel=1e-8, abs=1e-8)


@each_comparison
def test_comparisons_with_arrays(compare):
    numbers = np.array([1.0, 2.0, 3.0])
    values = np.array([Value(x) for x in numbers])
    v = Value(2.0)
    expected = compare(numbers, 2.0).tolist()
    assert compare(numbers, v).tolist() == compare(values, v).tolist() == compare(values, 2.0).tolist() == expected
    assert compare(v, numbers).tolist() == compare(v, values).tolist() == compare(2.0, numbers).tolist()


@pytest.mark.parametrize("x", [1.0, -0.0, math.inf, math.nan])
def test_questions_of_numpy_are_answered(x):
    for question in (np.isfinite, np.isinf, np.isnan, np.signbit):
        assert question(Value(x)) == question(x)
    assert np.greater(Value(x), 0.5) == (x > 0.5)


def test_conditions_from_numpy_choose():
    """What `v > np.float64(1)` and `v > array` answer is a condition that `where` takes."""
    v = Value(3.0)
    for condition in (v > np.float64(1), np.float64(1) < v, (v > np.array([1.0]))[0], np.isfinite(v)):
        assert slope(where(condition, v * v, 0.0), v) == 6.0


def test_conversion_to_arrays():
    values = [Value(1.0), Value(2.0)]
    assert np.array(values).tolist() == values
    assert np.array(values, dtype=float).tolist() == [1.0, 2.0]
    assert np.asarray(values[0]).item() is values[0]


# ---------------------------------------------------------------------- bad input: what it says


@pytest.mark.parametrize(
    ("mistake", "error", "told"),
    [
        (lambda v: Value("3"), TypeError, ["Value: ", "real number", "'3'", "str", "float('3')"]),
        (lambda v: Value(None), TypeError, ["Value: ", "real number", "None", "an int or a float"]),
        (lambda v: Value([1, 2]), TypeError, ["Value: ", "[1, 2]", "list", "[Value(x) for x in data]"]),
        (lambda v: Value(np.ones(2)), TypeError, ["Value: ", "array([1., 1.])", "[Value(x) for x in data]"]),
        (lambda v: Value(1 + 2j), TypeError, ["Value: ", "(1+2j)", "complex", "the real and the imaginary part"]),
        (lambda v: Value(np.complex64(1j)), TypeError, ["Value: ", "complex64", "the real and the imaginary part"]),
        (lambda v: Value(v), TypeError, ["Value: ", "Value(3.0", "v.data", "v.detach()"]),
        (lambda v: Value(1.0, name=7), TypeError, ["name: ", "string", "7", "int", "name='7'"]),
        (lambda v: v + "1", TypeError, ["real number", "'1'", "str", "float('1')"]),
        (lambda v: "1" + v, TypeError, ["real number", "'1'", "str", "float('1')"]),
        (lambda v: v * None, TypeError, ["real number", "None"]),
        (lambda v: [1] - v, TypeError, ["real number", "[1]", "list"]),
        (lambda v: v / 1j, TypeError, ["1j", "complex", "the real and the imaginary part"]),
        (lambda v: v + object(), TypeError, ["unsupported operand", "'Value' and 'object'"]),
        (lambda v: v % 2, TypeError, ["%: ", "a - b * (a / b).floor()"]),
        (lambda v: 2 % v, TypeError, ["%: ", "a - b * (a / b).floor()"]),
        (lambda v: np.float64(2) % v, TypeError, ["%: ", "a - b * (a / b).floor()"]),
        (lambda v: divmod(v, 2), TypeError, ["%: ", "a - b * (a / b).floor()"]),
        (lambda v: v // 2, TypeError, ["//: ", "(a / b).floor()"]),
        (lambda v: 2 // v, TypeError, ["//: ", "(a / b).floor()"]),
        (lambda v: v.backward(gradient="x"), TypeError, ["backward: gradient: ", "real number", "'x'", "str"]),
        (lambda v: v.backward(None), TypeError, ["backward: gradient: ", "None"]),
        (lambda v: v.backward([1.0]), TypeError, ["backward: gradient: ", "[1.0]", "list"]),
        (lambda v: v.backward(Value(1.0)), TypeError, ["backward: gradient: ", "v.data"]),
        (lambda v: v.register_hook(3), TypeError, ["register_hook: ", "function", "3"]),
        (lambda v: autograd.exp("x"), TypeError, ["exp: ", "'x'", "str", "numbers, arrays or graph nodes"]),
        (lambda v: autograd.exp(None), TypeError, ["exp: ", "None", "numbers, arrays or graph nodes"]),
        (lambda v: autograd.exp([v]), TypeError, ["exp: ", "list", "numbers, arrays or graph nodes"]),
        (lambda v: autograd.exp(), TypeError, ["exp: ", "1 operand,", "got 0"]),
        (lambda v: autograd.exp(v, v), TypeError, ["exp: ", "1 operand,", "got 2"]),
        (lambda v: autograd.add(v), TypeError, ["add: ", "2 operands", "got 1"]),
        (lambda v: autograd.clip(v, 0), TypeError, ["clip: ", "3 operands", "got 2"]),
        (lambda v: autograd.leaky_relu(v, 1, 2), TypeError, ["leaky_relu: ", "2 operands", "got 3"]),
        (lambda v: where(v, 1), TypeError, ["where: ", "3 operands", "got 2"]),
        (lambda v: autograd.add(v, "x"), TypeError, ["'x'", "str"]),
        (lambda v: dot([v], [1.0, 2.0]), ValueError, ["dot: ", "lengths 1 and 2", "equal"]),
        (lambda v: dot([1.0, 2.0], [1.0]), ValueError, ["dot: ", "lengths 2 and 1", "equal"]),
        (lambda v: dot(np.ones(2), np.ones(3)), ValueError, ["dot: ", "lengths 2 and 3", "equal"]),
        (lambda v: dot([v]), TypeError, ["dot: ", "2 sequences", "got 1"]),
        (lambda v: dot([v, "x"], [1.0, 2.0]), TypeError, ["'x'", "str", "float('x')"]),
        (lambda v: dot(["x"], [1.0]), TypeError, ["dot: ", "'x'", "str"]),
        (lambda v: autograd.sum(v), TypeError, ["sum: ", "sequences of numbers or nodes", "Value"]),
        (lambda v: autograd.sum("12"), TypeError, ["sum: ", "sequences of numbers or nodes", "'12'"]),
        (lambda v: Vector([v, None]), TypeError, ["Vector: ", "None"]),
        (lambda v: matvec([Vector([v])], Vector([1.0, 2.0])), ValueError, ["lengths 1 and 2", "equal"]),
        (lambda v: matvec([[v, "x"]], [1.0, 2.0]), TypeError, ["'x'", "str", "float('x')"]),
        (lambda v: Vector([v]).register_hook(print), TypeError, ["register_hook: ", "Vector", "elements"]),
        (lambda v: Vector(v), TypeError, ["Vector: ", "sequence", "Value(3.0"]),
    ],
)
def test_mistakes_are_explained(mistake, error, told):
    """In one line: what was given, what is expected, and what to write."""
    v = Value(3.0)
    with pytest.raises(error) as caught:
        mistake(v)
    message = str(caught.value)
    assert [part for part in told if part not in message] == [], message
    assert "\n" not in message
    assert repr(v) == "Value(3.0, grad=0.0)"


def test_data_of_a_computed_value_cannot_be_set():
    x = Value(3.0)
    y = x * 2
    with pytest.raises(AttributeError, match=r"data: .* computed by mul: change a leaf"):
        y.data = 1.0
    assert (y.data, slope(y, x)) == (6.0, 2.0)


@pytest.mark.parametrize("attribute", ["data", "grad"])
@pytest.mark.parametrize("wrong", ["x", [1.0], 1j, object()], ids=lambda x: type(x).__name__)
def test_a_refused_number_changes_nothing(attribute, wrong):
    v = Value(3.0, name="v")
    v.grad = 5.0
    with pytest.raises(TypeError, match=f"^{attribute}: must be a real number"):
        setattr(v, attribute, wrong)
    assert repr(v) == "Value(3.0, name='v', grad=5.0)"


def test_a_refused_name_changes_nothing():
    v = Value(3.0, name="v")
    with pytest.raises(TypeError, match=r"^name: must be a string, got 4, a int: write name='4'"):
        v.name = 4
    assert v.name == "v"
