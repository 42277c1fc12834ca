"""One table, many readings: every row's derivatives, written once, on carriers that the engine knows nothing of.

Each carrier below is a throw-away of a few lines.  None of them holds a derivative: the partials come from
the table, and what comes out is compared with plain floats, with reverse mode or with SymPy.
"""

import math
import operator

import mpmath
import numpy as np
import pytest
import sympy

from autograd import TABLE, Value, jit
from autograd.jit.native import native
from autograd.op import Elementwise, Reduction
from autograd.operators import Operators

from . import checks, strategies
from .oracles import DIGITS, OPERANDS, ORACLES, STAIRCASES, derivatives, flat, shaped

POINTS = 6

each_row = pytest.mark.parametrize("op", TABLE.values(), ids=TABLE)
each_elementwise_row = pytest.mark.parametrize(
    "op", [op for op in TABLE.values() if isinstance(op, Elementwise)], ids=lambda op: op.name
)


def partials(op, operands, result):
    """The local derivatives by each operand, or by each element of vectors, on whatever carrier these are."""
    found = []
    for operand, derivative in zip(operands, op.partials, strict=True):
        local = derivative(*operands, result)
        if isinstance(op, Reduction):
            found += local if isinstance(local, (tuple, list)) else [local] * len(operand)
        else:
            found.append(local)
    return found


def mapped(function, point):
    """The function of each operand, or of each element of vectors."""
    return shaped(point, map(function, flat(point)))


def seeded(point, i, carry):
    """The point with operand i carried in one way and the others in another: `carry(x, is_seed)`."""
    return shaped(point, [carry(x, k == i) for k, x in enumerate(flat(point))])


def assert_second(found, op, point, i, j):
    exact = derivatives(op.name, point, 2)
    scale = checks.magnitude(*exact.values())
    checks.assert_close(found, exact[tuple(sorted((i, j)))], 2, scale, f"∂{op.name}{point}/∂{(i, j)}")


# ---------------------------------------------------------------------- arrays


@each_elementwise_row
def test_arrays_broadcast(op):
    """A mesh of operands gives, forward and in each partial, what each of its points gives alone."""
    columns = np.transpose(strategies.sample(op, POINTS))
    mesh = np.ix_(*columns)
    forward = op(*mesh)
    read = [np.broadcast_to(local, forward.shape) for local in partials(op, mesh, forward)]
    assert forward.shape == (POINTS,) * op.arity
    for place in np.ndindex(forward.shape):
        point = [float(column[k]) for column, k in zip(columns, place, strict=True)]
        alone = op(*point)
        # NumPy's own vector code may differ from the C library in the last bits; where a partial cancels
        # (1 - y²), these are the last bits of 1.
        assert math.isclose(forward[place], alone, rel_tol=1e-15 * 4, abs_tol=0)
        for local, expected in zip(read, partials(op, point, alone), strict=True):
            assert math.isclose(local[place], expected, rel_tol=1e-12, abs_tol=1e-15)


@pytest.mark.parametrize("op", [op for op in TABLE.values() if isinstance(op, Reduction)], ids=lambda op: op.name)
def test_arrays_reduce(op):
    for point in strategies.sample(op, POINTS):
        arrays = [np.array(vector) for vector in point]
        assert math.isclose(op(*arrays), op(*point), rel_tol=1e-15, abs_tol=1e-15)
        for derivative in op.partials:
            read, expected = derivative(*arrays, op(*arrays)), derivative(*point, op(*point))
            assert np.array_equal(read, expected)


# ---------------------------------------------------------------------- graph nodes


@each_row
def test_nodes(op):
    """A partial read by nodes is a graph of its own: its gradient is the second derivative."""
    for point in strategies.sample(op, 2):
        leaves = mapped(Value, point)
        for i, local in enumerate(partials(op, leaves, op(*leaves))):
            if not isinstance(local, Value):
                assert type(local) is float
                continue
            for x in flat(leaves):
                x.zero_grad()
            local.backward()
            for j, x in enumerate(flat(leaves)):
                assert_second(x.grad, op, point, i, j)


# ---------------------------------------------------------------------- dual numbers


class Dual(Operators):
    """value + tangent · ε, where ε² = 0: forward mode, over any carrier."""

    def __init__(self, value, tangent=0.0):
        self.value, self.tangent = value, tangent

    @staticmethod
    def __apply__(op, operands):
        duals = mapped(lambda x: x if isinstance(x, Dual) else Dual(x), operands)
        values = mapped(lambda x: x.value, duals)
        value = op(*values)
        locals_ = partials(op, values, value)
        terms = [local * x.tangent for local, x in zip(locals_, flat(duals), strict=True) if moves(x.tangent)]
        return Dual(value, sum(terms[1:], terms[0]) if terms else 0.0)

    def __bool__(self):
        return bool(self.value)


def moves(tangent):
    return not (type(tangent) is float and tangent == 0.0)


def compared_by_value(compare):
    return lambda x, y: compare(x.value, y.value if isinstance(y, Dual) else y)


for name in ("lt", "le", "gt", "ge", "eq", "ne"):
    setattr(Dual, f"__{name}__", compared_by_value(getattr(operator, name)))


@each_row
def test_duals_give_what_reverse_mode_gives(op):
    for point in strategies.sample(op, POINTS):
        leaves = mapped(Value, point)
        op(*leaves).backward()
        for i, leaf in enumerate(flat(leaves)):
            result = op(*seeded(point, i, lambda x, is_seed: Dual(x, float(is_seed))))
            assert (result.value, result.tangent) == (op(*point), leaf.grad)


@each_row
def test_duals_of_nodes_give_second_derivatives(op):
    """Reverse mode over forward mode."""
    for point in strategies.sample(op, 2):
        leaves = mapped(Value, point)
        for i in range(len(flat(point))):
            tangent = op(*seeded(leaves, i, lambda x, is_seed: Dual(x, float(is_seed)))).tangent
            for x in flat(leaves):
                x.zero_grad()
            if isinstance(tangent, Value):
                tangent.backward()
            for j, x in enumerate(flat(leaves)):
                assert_second(x.grad, op, point, i, j)


@each_row
def test_duals_of_duals_give_second_derivatives(op):
    """Forward mode over forward mode."""
    for point in strategies.sample(op, 2):
        for i in range(len(flat(point))):
            result = op(*seeded(point, i, lambda x, is_seed: Dual(Dual(x, float(is_seed)), float(is_seed))))
            second = result.tangent.tangent if isinstance(result.tangent, Dual) else 0.0
            assert_second(second, op, point, i, i)


# ---------------------------------------------------------------------- complex numbers


@each_row
def test_complex_numbers(op):
    """On the real axis they give what floats give; beside it, a partial shows its own derivative."""
    for point in strategies.sample(op, 2):
        on_axis = op(*mapped(np.complex128, point))
        assert on_axis.imag == 0
        assert math.isclose(on_axis.real, op(*point), rel_tol=1e-12, abs_tol=1e-14)  # erfc is 1 - erf there
        for j in range(len(flat(point))):
            beside = seeded(point, j, lambda x, is_seed: np.complex128(x, checks.STEP * is_seed))
            for i, local in enumerate(partials(op, beside, op(*beside))):
                assert_second(np.imag(local) / checks.STEP, op, point, i, j)


# ---------------------------------------------------------------------- symbols


class Symbolic(Operators):
    """A SymPy expression.  It knows what rows are, from the oracles, and nothing of their derivatives."""

    def __init__(self, expression):
        self.expression = sympy.sympify(expression)

    @staticmethod
    def __apply__(op, operands):
        expressions = mapped(lambda x: x.expression if isinstance(x, Symbolic) else sympy.sympify(x), operands)
        oracle = ORACLES[op.name]
        if op.name == "where" and isinstance(expressions[0], sympy.logic.boolalg.Boolean):
            condition, yes, no = expressions
            return Symbolic(sympy.Piecewise((yes, condition), (no, True)))
        if isinstance(op, Reduction):
            return Symbolic(oracle(*expressions))
        return Symbolic(oracle.xreplace(dict(zip(OPERANDS, expressions, strict=False))))


def symbolic(function):
    return lambda x, y: Symbolic(function(x.expression, y.expression if isinstance(y, Symbolic) else sympy.sympify(y)))


for name, function in {
    "lt": sympy.Lt, "le": sympy.Le, "gt": sympy.Gt, "ge": sympy.Ge, "eq": sympy.Eq, "ne": sympy.Ne,
    "and": sympy.And, "or": sympy.Or,
}.items():  # fmt: skip
    setattr(Symbolic, f"__{name}__", symbolic(function))

HOLDS_ROUNDED_CONSTANTS = ("erf", "erfc", "gelu")  # 2/√π and its like are floats in the table


@each_row
def test_symbols(op):
    """A partial read by symbols is the derivative of the oracle: to 40 digits, not to those of a float."""
    points = strategies.sample(op, POINTS)
    symbols = sympy.symbols(f"x:{len(flat(points[0]))}", real=True)
    operands = shaped(points[0], map(Symbolic, symbols))
    expressions = [getattr(local, "expression", local) for local in partials(op, operands, op(*operands))]
    compiled = sympy.lambdify(symbols, expressions, modules=[STAIRCASES, "mpmath"])
    with mpmath.workdps(DIGITS):
        tolerance = mpmath.mpf("1e-15" if op.name in HOLDS_ROUNDED_CONSTANTS else "1e-40")
        for point in points:
            exact = derivatives(op.name, point, 1)
            for i, local in enumerate(compiled(*map(mpmath.mpf, flat(point)))):
                assert abs(local - exact[i,]) <= tolerance * max(1, abs(exact[i,]))


# ---------------------------------------------------------------------- compiler registers


class Program:
    """Straight-line code in three addresses: each line is (register, operation, sources)."""

    def __init__(self):
        self.lines = []

    def emit(self, operation, *sources):
        target = Register(self, f"t{len(self.lines)}")
        self.lines.append((target.name, operation, [getattr(x, "name", x) for x in sources]))
        return target


class Register(Operators):
    """Where the number will be that an operation computes: reading a row emits its instruction."""

    def __init__(self, program, name):
        self.program, self.name = program, name

    @staticmethod
    def __apply__(op, operands):
        program = next(x.program for x in operands if isinstance(x, Register))
        return program.emit(op.name, *operands)


def emitted(operation):
    return lambda x, y: x.program.emit(operation, x, y)


SIGNS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!=", "and": "&", "or": "|"}
for name, sign in SIGNS.items():
    setattr(Register, f"__{name}__", emitted(sign))


def traced(op, point):
    """The program of a row's partials: its inputs are the operands and the result, its outputs the partials."""
    program = Program()
    inputs = [f"x{i}" for i in range(len(flat(point)))] + ["y"]
    registers = [Register(program, name) for name in inputs]
    outputs = partials(op, shaped(point, registers[:-1]), registers[-1])
    return program, inputs, [getattr(x, "name", x) for x in outputs]


PYTHON = {
    "add": "{} + {}", "sub": "{} - {}", "mul": "{} * {}", "div": "{} / {}", "neg": "-{}",
    "where": "{1} if {0} else {2}",
    **{sign: f"{{}} {sign} {{}}" for sign in SIGNS.values()},
}  # fmt: skip


def as_python(operation, sources):
    template = PYTHON.get(operation) or f"{operation}({', '.join('{}' for _ in sources)})"
    return template.format(*sources)


@each_row
def test_registers_as_python(op):
    """Text, compiled where nothing but the table's own functions has a name, computes the same bits."""
    points = strategies.sample(op, POINTS)
    program, inputs, outputs = traced(op, points[0])
    lines = [f"{target} = {as_python(operation, sources)}" for target, operation, sources in program.lines]
    returned = f"return [{', '.join(map(str, outputs))}]"
    namespace = {"__builtins__": {}} | {name: row.on_floats for name, row in TABLE.items()}
    exec("\n    ".join([f"def compiled({', '.join(inputs)}):", *lines, returned]), namespace)
    for point in points:
        y = op(*point)
        assert namespace["compiled"](*flat(point), y) == partials(op, point, y)


@each_elementwise_row
def test_registers_as_native_code(op):
    """The same partials, times an upstream gradient, as `jit` compiles them: the very bits that floats give."""
    pytest.importorskip("llvmlite", reason="llvmlite is not here: no native code to compare")
    points = strategies.sample(op, POINTS)

    def shares(gradient, *operands):
        return [gradient * local for local in partials(op, operands, op(*operands))]

    compiled = native(jit(shares).trace(1.5, *points[0]))
    for point in points:
        found, expected = compiled([1.5, *point]), shares(1.5, *point)
        # Only for `hypot` Python does not call the C library.
        assert found == (pytest.approx(expected, rel=1e-15) if op.name == "hypot" else expected)
