"""Programs of numbers as machine code: the bits of every row, what is left to NumPy, threads, and memory."""

from __future__ import annotations

import gc
import math
import operator
import struct
import sys
import threading
import weakref
from contextlib import contextmanager
from functools import cache, partial
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import autograd
from autograd import TABLE, grad, jit, tensor, value_and_grad, where
from autograd.arrays.shapes import reshape
from autograd.jit import Program, compiling
from autograd.jit.native import lowering, machine as machine_code, native, registers, rows
from autograd.op import Elementwise
from autograd.traced import Recorder

from . import strategies

pytest.importorskip("llvmlite", reason="llvmlite is not here: programs of numbers are left to NumPy")

ROWS = [op for op in TABLE.values() if isinstance(op, Elementwise)]
PYTHONS_OWN = {"hypot"}
"""`math` computes it by code of its own, which is right to the last bit more often than that of the C library."""

number = partial(tensor, dtype=autograd.float64)
each_row = pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)


def machine(fun, *args):
    """The machine code for a function of numbers."""
    compiled = native(jit(fun).trace(*args))
    assert compiled is not None
    return compiled


def bits(x):
    return struct.pack("<d", x)


def agree(found, expected, ulps=0):
    """Whether two numbers are the same to the bit, or to a few of the last; all nans are alike."""
    if math.isnan(expected) or math.isnan(found):
        return math.isnan(expected) and math.isnan(found)
    if math.isinf(expected) or not ulps:
        return bits(found) == bits(expected)
    return abs(found - expected) <= ulps * math.ulp(expected)


def one_zero(x):
    """The number, with one zero: a share of a gradient is added to 0 in an eager sweep, where -0 becomes 0."""
    return x + 0.0


# ---------------------------------------------------------------------- every row


@cache
def row_as_code(op, order):
    """The row, or its derivative of that order by the first operand."""
    fun = op
    for _ in range(order):
        fun = grad(fun)
    return fun, machine(fun, *[0.5] * op.arity)


INT64 = np.iinfo(np.int64)
INT64_EDGES = (INT64.min, INT64.min + 1, -(2**53) - 1, 2**53, 2**53 + 1, INT64.max, -(2**62) + 1)
WHOLE_NUMBERS = {
    "hinge": lambda x, n: (1 + -n * x).relu(),
    "sums and products": lambda x, n: (n * n + 3 * n - 7) * x,
    "alone in a division": lambda x, n: x + n / x,
    "power": lambda x, n: (x * x + 1.0) ** n,
    "choice": lambda x, n: where(n, x, n),
    "compared": lambda x, n: where(n > x, x * 2.0, x - n),
    "whole ones compared": lambda x, n: where(n >= 2**53 + 1, x * 2.0, where(n != -3, x, -x)),
    "larger": lambda x, n: autograd.maximum(x, n),
    "converted": lambda x, n: n.to(autograd.float64) * x,
    "copied": lambda x, n: (n.reshape(()).clone() + 1) * x,
    "a truth value": lambda x, n: x * n.to(bool),
    "from outside": lambda x, n: (n * tensor(np.array(3)) + 1) * x,
    "smoothly": lambda x, n: x * autograd.logaddexp(n, 3 - n),
}


@contextmanager
def doubles_by_default():
    autograd.set_default_dtype(autograd.float64)
    try:
        yield
    finally:
        autograd.set_default_dtype(autograd.float32)


@cache
def whole_as_code(name, part):
    """A function of a number and a whole one, its derivative by the first, and both as machine code."""
    fun = value_and_grad(WHOLE_NUMBERS[name])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registers, "PART", part)
        return jit(fun).trace(0.5, 2), machine(fun, 0.5, 2)


def check_whole(name, part, x, n):
    with doubles_by_default():  # what functions make of whole numbers
        program, compiled = whole_as_code(name, part)
        expected = program([np.array(x), np.array(n)])
    for ours, theirs in zip(compiled([x, n]), expected, strict=True):
        assert agree(one_zero(ours), one_zero(float(theirs)), 4 * (name in ("power", "smoothly"))), n


of_whole_numbers = pytest.mark.parametrize("name", WHOLE_NUMBERS)


@pytest.mark.parametrize("part", [1, 1000])
@of_whole_numbers
@given(x=st.floats(-3, 3), n=st.integers(-3, 3) | st.integers(INT64.min, INT64.max))
def test_whole_numbers(name, part, x, n):
    """As NumPy computes: whole numbers by themselves, beginning anew when they are too large, and others as floats."""
    check_whole(name, part, x, n)


@of_whole_numbers
def test_whole_numbers_at_the_edges(name):
    for n in INT64_EDGES:
        check_whole(name, 1000, 1.5, n)


@each_row
@pytest.mark.parametrize("order", [0, 1, 2])
def test_rows_and_their_derivatives(op, order):
    """The same bits as on floats: the same formulas, by the functions that Python calls, and no other roundings."""
    fun, compiled = row_as_code(op, order)
    ulps = 8 * (op.name in PYTHONS_OWN)
    for point in strategies.sample(op, 20):
        (found,) = compiled(point)
        assert agree(one_zero(found), one_zero(fun(*point)), ulps), point


@each_row
@given(data=st.data())
def test_rows_anywhere(op, data):
    """IEEE 754 to the bit: nan, infinities, both zeros, subnormal numbers, overflow, division by 0."""
    point = data.draw(strategies.any_points(op))
    (found,) = row_as_code(op, 0)[1](point)
    assert agree(found, op(*point), 1 * (op.name in PYTHONS_OWN))


@each_row
def test_rows_at_all_special_numbers(op):
    """Among them equal infinities, whose difference is nan, and zeros of both signs."""
    _, compiled = row_as_code(op, 0)
    for point in product(strategies.NASTY, repeat=op.arity):
        assert agree(*compiled(point), op(*point), 1 * (op.name in PYTHONS_OWN)), point


@each_row
@given(data=st.data())
def test_derivatives_anywhere(op, data):
    point = data.draw(strategies.any_points(op))
    fun, compiled = row_as_code(op, 1)
    (found,) = compiled(point)
    assert agree(one_zero(found), one_zero(fun(*point)), 4 * (op.name in PYTHONS_OWN))


@pytest.mark.parametrize(
    ("fun", "args"),
    [
        (lambda x, y: x / y, (1.0, 0.0)),
        (lambda x, y: x / y, (-1.0, 0.0)),
        (lambda x, y: x / y, (0.0, 0.0)),
        (lambda x, y: x * y, (1e308, 10.0)),
        (lambda x, y: x * y, (5e-324, 0.5)),
        (lambda x, y: x * y, (5e-324, 1.0)),
        (lambda x, y: x * y, (-0.0, 2.0)),
        (lambda x, y: autograd.exp(x) * y, (1000.0, 1.0)),
        (lambda x, y: autograd.log(x) + y, (0.0, 1.0)),
        (lambda x, y: x**y, (-8.0, 1 / 3)),
        (lambda x, y: x * y - x * y, (math.inf, 1.0)),
        (lambda x, y: x * y + 1.0 - y, (1 + 2**-30, 1 - 2**-30)),  # would differ if it were rounded once only
    ],
)
def test_ieee(fun, args):
    (found,) = machine(fun, 1.0, 1.0)(args)
    assert agree(found, jit_without_code(fun, args))
    assert agree(found, float(fun(*map(number, args))))


def jit_without_code(fun, args):
    (found,) = jit(fun).trace(1.0, 1.0)([np.asarray(x) for x in args])
    return float(found)


# ---------------------------------------------------------------------- conditions


COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]


@pytest.mark.parametrize("compare", COMPARISONS, ids=lambda compare: compare.__name__)
@pytest.mark.parametrize("plain", [False, True])
def test_comparisons(compare, plain):
    compiled = machine(lambda x, y: where(compare(x, 1.0 if plain else y), x, 2.0), 0.0, 0.0)
    for x in (0.0, 1.0, 2.0, math.inf, math.nan):
        assert agree(*compiled([x, 1.0]), x if compare(x, 1.0) else 2.0)
        if not plain:
            assert agree(*compiled([1.0, x]), 1.0 if compare(1.0, x) else 2.0)


@pytest.mark.parametrize(
    "condition",
    [
        lambda p, q: p & q,
        lambda p, q: p | q,
        lambda p, q: p ^ q,
        lambda p, q: ~p & q,
        lambda p, q: p & True,
        lambda p, q: where(p, q, p),
        lambda p, q: (p | q).to(autograd.float64) - 1.0,
    ],
)
def test_truth_values(condition):
    def fun(x, y):
        return where(condition(x > 0, y > 0), x, y)

    compiled = machine(fun, 0.0, 0.0)
    for x in (-1.0, 1.0):
        for y in (-2.0, 2.0):
            assert compiled([x, y]) == [float(fun(number(x), number(y)))]


def test_arguments_may_be_truth_values():
    fun = lambda chosen, x: where(chosen, x, -x)
    compiled = machine(fun, True, 1.0)
    assert compiled([True, 3.0]) == [3.0]
    assert compiled([np.asarray(False), np.float64(3.0)]) == [-3.0]


def test_ties_are_split():
    for op in (autograd.maximum, autograd.minimum):
        compiled = machine(grad(op, argnums=(0, 1)), 1.0, 1.0)
        for point in ((1.0, 1.0), (1.0, 2.0), (2.0, 1.0)):
            assert compiled(point) == [*grad(op, argnums=(0, 1))(*point)]


# ---------------------------------------------------------------------- whole programs


def last_node(program):
    return lambda *leaves: strategies.run(program, leaves)[-1]


@settings(max_examples=50)
@given(strategies.programs([name for name in strategies.ARITY if name != "dot"]).flatmap(strategies.with_leaves))
def test_random_programs(graph):
    program, point = graph
    fun = value_and_grad(last_node(program), argnums=tuple(range(len(point))))
    value, gradient = fun(*point)
    found = machine(fun, *point)(point)
    for ours, theirs in zip(found, [value, *gradient], strict=True):
        assert agree(one_zero(ours), one_zero(theirs))


def chain(length):
    def fun(x, y):
        a = b = y
        for i in range(length // 4):
            a = where(a > b, a * b + x, b * y - a * 0.5)
            b = (b - a).tanh() if i % 5 == 0 else b * y - x
        return a + b

    return fun


def test_ten_thousand_instructions():
    program = jit(value_and_grad(chain(2500), argnums=(0, 1))).trace(0.3, 0.4)
    assert len(program.instructions) > 10_000
    compiled = native(program)
    value, gradient = value_and_grad(chain(2500), argnums=(0, 1))(-0.2, 0.7)
    assert compiled([-0.2, 0.7]) == [value, *gradient]


@pytest.mark.parametrize("part", [1, 2, 7, 50])
def test_parts_hand_numbers_and_truth_values_on(part, monkeypatch):
    fun = value_and_grad(chain(40), argnums=(0, 1))
    whole = machine(fun, 0.3, 0.4)
    monkeypatch.setattr(registers, "PART", part)
    assert machine(fun, 0.3, 0.4)([-0.2, 0.7]) == whole([-0.2, 0.7])


def test_results_may_be_arguments_constants_and_each_other():
    def fun(x, y):
        return y, x, x + y, y, x + y, autograd.zeros((), dtype=autograd.float64) + 3.0

    assert machine(fun, 1.0, 2.0)([5.0, 7.0]) == [7.0, 5.0, 12.0, 7.0, 12.0, 3.0]


def test_no_arguments():
    weight = number(2.0)
    assert machine(lambda: weight * 3.0)([]) == [6.0]


def test_numbers_from_outside_are_read_anew():
    weight = number(2.0)
    compiled = machine(lambda x: x * weight, 1.0)
    assert compiled([3.0]) == [6.0]
    weight.fill_(5.0)
    assert compiled([3.0]) == [15.0]


def test_what_the_code_reads_stays_as_long_as_the_code():
    array = np.array(2.0)
    alive = weakref.ref(array)
    weight = number(0.0)
    weight._data = array
    compiled = machine(partial(operator.mul, weight), 1.0)
    del weight, array
    gc.collect()
    assert alive() is not None
    assert compiled([3.0]) == [6.0]
    del compiled
    gc.collect()
    assert alive() is None


def test_each_number_is_computed_once():
    """What a sweep computes again, as a derivative that is the value, is in a register already."""
    program = jit(lambda x: autograd.exp(x) + autograd.exp(x)).trace(1.0)
    assert len(program.instructions) == 3
    lines = str(lowering.Lowering(program).code).splitlines()
    assert sum("call double @c.exp" in line for line in lines) == 1


def test_several_threads():
    fun = value_and_grad(chain(200), argnums=(0, 1))
    program = jit(fun).trace(0.3, 0.4)
    points = [(i / 50, 0.3) for i in range(8)]
    alone = {point: native(program)(point) for point in points}
    compiled, wrong = native(program), []

    def work(point):
        own = native(program)
        for _ in range(200):
            wrong.extend(1 for run in (compiled, own) if run(point) != alone[point])

    threads = [threading.Thread(target=work, args=(point,)) for point in points]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len({tuple(results) for results in alone.values()}) == len(points)


def test_another_call_at_any_moment():
    """What a second thread could do between two lines of a call, it does; left to chance, few threads would."""
    compiled = machine(lambda x, y: (x + y, x * y), 1.0, 1.0)
    between = []

    def interrupt(frame, event, argument):
        if event == "line":
            between.append(compiled([5.0, 7.0]))
        return interrupt

    before = sys.gettrace()
    sys.settrace(interrupt)
    try:
        found = compiled([2.0, 3.0])
    finally:
        sys.settrace(before)
    assert found == [5.0, 6.0]
    assert len(between) > 2
    assert all(results == [12.0, 35.0] for results in between)


# ---------------------------------------------------------------------- what is left to NumPy

own_row = Elementwise("own", "Of a user's.", lambda a: a * a, lambda a, y: 2 * a, register=False)


@autograd.no_grad()
def written(x):
    x += 1.0
    return x * 2.0


@pytest.mark.parametrize(
    ("fun", "args"),
    [
        pytest.param(lambda x: x * 2.0, (np.ones(3),), id="an array with axes"),
        pytest.param(lambda x: (x * np.arange(3.0)).sum(), (2.0,), id="axes inside"),
        pytest.param(lambda x: autograd.stack([x, x]).sum(), (2.0,), id="numbers joined"),
        pytest.param(lambda x: x * 2.0, (np.float32(0.1),), id="float32"),
        pytest.param(lambda x: x.to(autograd.float32).to(autograd.float64), (0.1,), id="rounded to float32"),
        pytest.param(lambda x: where(x > 0, x.to(autograd.float32), 2.0) * x, (0.1,), id="chosen in float32"),
        pytest.param(lambda x: x * 2, (3,), id="a whole number as the result"),
        pytest.param(lambda x, n: x * abs(n), (1.0, -3), id="a row of whole numbers that is none of theirs"),
        pytest.param(lambda x, n: x * n, (1.0, np.int32(3)), id="whole numbers of another size"),
        pytest.param(lambda x, n: x * n, (1.0, 2**63), id="a whole number that is too large"),
        pytest.param(lambda x, n: x * (n < 2**63), (1.0, 3), id="compared with one that is too large"),
        pytest.param(lambda x: x + 0.0, (np.array(1j),), id="complex numbers"),
        pytest.param(lambda x: x > 0, (1.0,), id="a truth value as the result"),
        pytest.param(lambda x: own_row(x) + 1.0, (3.0,), id="a row of a user's"),
        pytest.param(lambda x: autograd.cumsum(x.reshape(1), 0).sum(), (0.5,), id="axes only inside"),
        pytest.param(written, (number(1.0),), id="an argument changed in place"),
    ],
)
def test_other_programs_are_left_to_numpy(fun, args):
    assert native(jit(fun).trace(*args)) is None
    expected = fun(*[tensor(np.array(x)) for x in args])
    found = jit(fun)(*args)
    np.testing.assert_array_equal(found, expected)
    assert np.asarray(found).dtype == np.asarray(expected).dtype


def in_place(change):
    """A program that changes a number in place: what `change` makes of a traced array."""
    recorder = Recorder()
    x = recorder.traced(np.array(1.0))
    return Program(recorder, [x.register], [change(x).register])


def test_a_number_that_only_the_program_holds_may_be_changed():
    def change(x):
        y = x.copy()
        np.add(y, 1.0, out=y)
        return y

    assert native(in_place(change))([3.0]) == [4.0]


def changed_argument(x):
    np.add(x, 1.0, out=x)
    return x


def changed_view(x):
    y = x.copy()
    view = reshape(y, shape=())
    np.add(y, 1.0, out=y)
    return view


@pytest.mark.parametrize("change", [changed_argument, changed_view], ids=lambda change: change.__name__)
def test_a_change_that_others_see_is_left_to_numpy(change):
    program = in_place(change)
    assert native(program) is None
    assert program([np.array(3.0)]) == [4.0]


def test_a_check_is_left_to_numpy():
    def checked(x):
        if x < 0:
            raise ValueError("negative")

    def fun(x):
        x.recorder.call(checked, (x,), {}, "checked")
        return x.copy()

    program = in_place(fun)
    assert [instruction.name for instruction in program.instructions] == ["checked", "copy"]
    assert native(program) is None
    with pytest.raises(ValueError, match="negative"):
        program([np.array(-1.0)])


def test_a_formula_that_needs_the_numbers_is_left_to_numpy(monkeypatch):
    monkeypatch.setitem(rows.FORMULAS, autograd.relu, lambda a: a if a > 0 else 0.0)
    assert native(jit(autograd.relu).trace(1.0)) is None


def test_without_llvmlite(monkeypatch):
    fun = grad(lambda x: autograd.tanh(x) * x)
    program = jit(fun).trace(1.0)
    machine_code._compiler.cache_clear()
    try:
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, "llvmlite", None)
            patch.setitem(sys.modules, "llvmlite.binding", None)
            assert native(program) is None
            assert jit(fun)(0.5) == pytest.approx(fun(0.5), rel=1e-15)
    finally:
        machine_code._compiler.cache_clear()
    assert native(program) is not None


def test_without_a_function_of_the_c_library(monkeypatch):
    program = jit(autograd.sin).trace(1.0)
    machine_code._compiler.cache_clear()
    try:
        with monkeypatch.context() as patch:
            patch.setitem(rows.C_LIBRARY, autograd.sin, "no_such_function")
            assert native(program) is None
    finally:
        machine_code._compiler.cache_clear()


def test_jit_takes_the_machine_code(monkeypatch):
    monkeypatch.setattr(compiling, "native", lambda program: lambda numbers: [len(program.instructions) + sum(numbers)])
    assert jit(lambda a, b: (a * b, "text"))(2.0, 3.0) == (6.0, "text")
    assert type(jit(lambda a: a * a)(number(1.0))) is autograd.Tensor
