"""Programs of numbers as machine code: whole programs, what is left to NumPy, threads, and memory."""

from __future__ import annotations

import gc
import operator
import sys
import threading
import weakref
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings

import autograd
from autograd import grad, jit, tensor, value_and_grad, where
from autograd.arrays.shapes import reshape
from autograd.jit import Program, compiling
from autograd.jit.native import lowering, machine as machine_code, native, registers, rows
from autograd.op import Elementwise
from autograd.traced import Recorder

from . import strategies
from .native import agree, machine, number, one_zero

pytest.importorskip("llvmlite", reason="llvmlite is not here: programs of numbers are left to NumPy")

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
