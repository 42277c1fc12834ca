"""Every row of the table against two oracles, the complex step and SymPy, at random points of its domain.

The tests iterate the table: a row without an oracle fails `test_every_row_has_an_oracle`, a row with one
is tested by everything below.  `test_checker` shows that these tests notice a wrong derivative.
"""

import math
import operator
from itertools import product

import numpy as np
import pytest
from hypothesis import given, strategies as st

import autograd
from autograd import TABLE, Value, Vector, ops, special
from autograd.op import Elementwise, Reduction
from autograd.testing import given_op
from autograd.testing.strategies import points

from . import checks, strategies
from .arrays import fewer
from .oracles import ORACLES, derivatives, flat, shaped

ELEMENTWISE = [op for op in TABLE.values() if isinstance(op, Elementwise)]
REDUCTIONS = [op for op in TABLE.values() if isinstance(op, Reduction)]
OPERATORS = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv, "pow": operator.pow,
    "neg": operator.neg, "abs": operator.abs,
}  # fmt: skip


real = st.floats(-strategies.REACH, strategies.REACH)


def each(rows):
    return pytest.mark.parametrize("op", rows, ids=lambda op: op.name)


def bits(*numbers):
    """Equal for equal floats only: repr tells -0.0 from 0.0, and nan is nan."""
    return [repr(float(x)) for x in numbers]


# ---------------------------------------------------------------------- values and derivatives


def test_every_row_has_an_oracle():
    assert set(ORACLES) == set(TABLE)


@given_op()
def test_values_and_derivatives(op, point):
    """To the third order, by all operands."""
    checks.assert_value(op, point)
    checks.assert_first_derivatives(op, point)
    checks.assert_higher_derivatives(op, point)


def corners(intervals):
    """The points that lie at both ends of every interval, just inside."""
    return product(*((math.nextafter(low, high), math.nextafter(high, low)) for low, high in intervals))


@each(ELEMENTWISE)
def test_values_and_derivatives_at_the_ends_of_domains(op):
    """Within the margin that random points keep."""
    for point in filter(lambda point: op.domain.contains(*point), corners(strategies.box(op))):
        checks.assert_value(op, point)
        checks.assert_first_derivatives(op, point)
        checks.assert_higher_derivatives(op, point)


@each([op for op in TABLE.values() if op.arity > 1])
@fewer
@given(data=st.data())
def test_derivatives_by_some_operands(op, data):
    """The others are constants; there a rule of its own passes the gradient on."""
    place = data.draw(points(op)), data.draw(st.sets(st.integers(0, op.arity - 1), min_size=1))
    checks.assert_first_derivatives(op, *place)
    checks.assert_higher_derivatives(op, *place)


def test_derivatives_that_cancel():
    """All derivatives of √(a² + b²) by a are 0 at b = 0, those by b as well are up to 1 / a²."""
    checks.assert_higher_derivatives(autograd.hypot, (0.003, 0.0), (0,))


@given(st.floats(-strategies.REACH, -0.01), st.integers(-5, 5).map(float))
def test_powers_of_negative_numbers(base, exponent):
    """The exponent is a constant: `(-2.0)**2` never meets the logarithm in the derivative by the exponent."""
    place = (base, exponent), (0,)
    checks.assert_first_derivatives(autograd.pow, *place)
    checks.assert_higher_derivatives(autograd.pow, *place)


@given(real, real)
def test_choices_where_the_condition_is_false(a, b):
    """There the choice jumps, but not in what it chooses from."""
    place = (0.0, a, b), (1, 2)
    checks.assert_first_derivatives(autograd.where, *place)
    checks.assert_higher_derivatives(autograd.where, *place)


@each(REDUCTIONS)
def test_reductions_of_nothing(op):
    checks.assert_value(op, ((),) * op.arity)


@given(st.floats(0.01, 5.0))
def test_mixed_derivatives_of_powers_at_exponent_zero(base):
    """∂²aᵇ/∂a∂b = 1/a at b = 0, though ∂aᵇ/∂a = b aᵇ⁻¹ is 0 there."""
    checks.assert_higher_derivatives(autograd.pow, (base, 0.0))


@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
def test_powers_of_zero(exponent):
    """Whole powers of 0 have all derivatives: exponent! for the one of that order, 0 for the others."""
    x = Value(0.0)
    y = x**exponent
    factorials = {0: 1.0, 1: 1.0, 2: 2.0, 3: 6.0, 4: 24.0, 5: 120.0}
    for order in range(6):
        assert y.data == (factorials[order] if order == exponent else 0.0)
        y = checks.gradients(y, {0: x})[0]


@each(REDUCTIONS)
@given(data=st.data())
def test_reductions_of_shared_nodes_and_plain_numbers(op, data):
    """A leaf that stands in several places, even in both vectors, gets the sum of what each place gives."""
    leaves = dict(enumerate(map(Value, data.draw(st.lists(real, min_size=1, max_size=3)))))
    which = st.integers(0, len(leaves) - 1)  # stands for that leaf
    vectors = data.draw(strategies.equally_long([real | which] * op.arity))
    hold = data.draw(st.sampled_from([tuple, list, Vector, lambda x: np.array(x, dtype=object)]))
    operands = [hold([leaves[x] if type(x) is int else x for x in vector]) for vector in vectors]
    if data.draw(st.booleans()):  # one vector in all places
        vectors, operands = vectors[:1] * op.arity, operands[:1] * op.arity
    point = [tuple(map(float, vector)) for vector in operands]
    places = {i: [place for place, x in enumerate(flat(vectors)) if type(x) is int and x == i] for i in leaves}

    result = op(*operands)
    assert bits(result) == bits(op(*point))
    if not any(places.values()):
        return
    result.backward()
    slopes = {i: x.grad for i, x in leaves.items()}
    for x in leaves.values():
        x.zero_grad()
    for order, found in checks.by_order(result, leaves):
        exact = derivatives(op.name, point, order)
        scale = len(flat(point)) * checks.magnitude(*exact.values())
        for index, node in found.items():
            expected = sum(exact[tuple(sorted(each_place))] for each_place in product(*(places[i] for i in index)))
            for slope in [node.data, *([slopes[index[0]]] if order == 1 else [])]:
                checks.assert_close(slope, expected, order, scale, f"∂{op.name}{vectors}/∂{index}")


@each(ELEMENTWISE)
def test_domains_are_smooth_and_finite_to_their_corners(op):
    """As far as floats reach, with three derivatives, as `Domain` says."""
    for point in [*corners(op.domain.intervals), *strategies.sample(op, 1)]:
        if op.domain.contains(*point):
            leaves, operands = checks.leaves_at(point)
            result = op(*operands)
            assert math.isfinite(result)
            for order, found in checks.by_order(result, leaves):
                assert all(map(math.isfinite, found.values())), f"{op.name}{point}, order {order}"


# ---------------------------------------------------------------------- the ways to write one row


@each(TABLE.values())
def test_function_takes_numbers_arrays_and_nodes(op):
    assert getattr(autograd, op.name) is op
    assert op.name in autograd.__all__
    (point,) = strategies.sample(op, 1)
    vectors = [np.array(x) for x in point] if isinstance(op, Reduction) else [np.array([x, x]) for x in point]
    nodes = op(*shaped(point, map(Value, flat(point))))
    assert type(op(*point)) is float
    assert type(nodes) is Value
    assert bits(nodes) == bits(op(*point))
    assert np.allclose(op(*vectors), op(*point), rtol=1e-14, atol=0)
    assert np.shape(op(*vectors)) == (() if isinstance(op, Reduction) else (2,))


@each(ELEMENTWISE)
def test_function_takes_whole_numbers(op):
    whole = [1] * op.arity
    assert bits(op(*whole)) == bits(op(*map(float, whole))) == bits(op(*map(Value, whole)))
    assert type(op(*whole)) is float


@each(ELEMENTWISE)
@given(data=st.data())
def test_method_is_the_function(op, data):
    """To the last bit, forward and backward, whatever the other operands are and whatever the numbers."""
    point = data.draw(strategies.any_points(op))
    nodes = [True, *data.draw(st.lists(st.booleans(), min_size=op.arity - 1, max_size=op.arity - 1))]
    if op.name == "where":
        nodes[1] = True  # x.where(condition, other), as in PyTorch: the method belongs to the second operand

    def read(function):
        operands = [Value(x) if node else x for x, node in zip(point, nodes, strict=True)]
        y = function(*operands)
        y.backward()
        return bits(y, *(x.grad for x in operands if isinstance(x, Value)))

    assert hasattr(Value, op.name)
    method = (lambda a, b, c: b.where(a, c)) if op.name == "where" else getattr(Value, op.name)
    assert read(method) == read(op)


@each([op for op in ELEMENTWISE if op.defaults])
def test_defaults_of_functions_on_floats(op):
    for x in (-1.5, 0.0, 2.0):
        assert type(op(x)) is float
        assert repr(op(x)) == repr(op(x, *op.defaults))


@each([op for op in ELEMENTWISE if op.defaults])
def test_defaults_of_methods_are_those_of_functions(op):
    for x in (-1.5, 1.5):
        expected = op(x, *op.defaults)
        assert bits(op(x), op(Value(x)), getattr(Value(x), op.name)()) == bits(expected, expected, expected)


@pytest.mark.parametrize("name", OPERATORS)
@given(data=st.data())
def test_operator_is_the_function(name, data):
    """To the last bit, with floats, whole numbers and NumPy's numbers on either side."""
    op, symbol = TABLE[name], OPERATORS[name]
    point = data.draw(strategies.any_points(op, strategies.any_float | st.integers(-5, 5)))
    kinds = data.draw(st.permutations([Value, data.draw(st.sampled_from([Value, float, np.float64, lambda x: x]))]))
    kinds = kinds if op.arity == 2 else [Value]

    def read(function):
        operands = [kind(x) for kind, x in zip(kinds, point, strict=True)]
        y = function(*operands)
        y.backward()
        return bits(y, *(x.grad for x in operands if isinstance(x, Value)))

    assert read(symbol) == read(op)
    assert read(op)[0] == bits(op(*map(float, point)))[0]


@pytest.mark.parametrize("with_scipy", [True, False])
@pytest.mark.parametrize("row", [ops.erf, ops.erfc], ids=lambda row: row.name)
def test_error_functions_of_float32(row, with_scipy, monkeypatch):
    if with_scipy:
        pytest.importorskip("scipy.special", reason='no SciPy: python -m pip install "stepgrad[scipy]"')
    else:
        monkeypatch.setattr(special, "_scipy_special", lambda: None)
    x = np.linspace(-9, 9, 2001, dtype=np.float32)
    found = row(x)
    assert found.dtype == np.float32
    np.testing.assert_array_max_ulp(found, np.array([row(float(number)) for number in x], np.float32), maxulp=1)


@pytest.mark.parametrize("slope", [-1.0, 0.0, 0.01, 1.0, 3.0])
def test_leaky_relu_of_arrays_chooses_as_on_floats(slope):
    numbers = [-math.inf, -2.0, -0.0, 0.0, 5.0, math.inf, math.nan]
    found = ops.leaky_relu(np.array(numbers), slope).tolist()
    assert str(found) == str([ops.leaky_relu(number, slope) for number in numbers])
