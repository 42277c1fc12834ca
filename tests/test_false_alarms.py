"""`check_gradients` on random formulas: what is right passes, and of what is wrong the right operation is blamed."""

from dataclasses import replace

import numpy as np
from hypothesis import HealthCheck, assume, given, settings, strategies as st

from autograd import TABLE, Value
from autograd.op import Reduction
from autograd.testing import GradientMismatch, check_gradients
from autograd.testing.expressions import Line
from autograd.testing.strategies import expressions

from .mutation.mutants import with_rule

often = settings(
    max_examples=100_000 if settings.default.max_examples >= 1000 else 3 * settings.default.max_examples,
    suppress_health_check=[HealthCheck.too_slow],
)
"""100,000 checks in the `thorough` profile."""

ELEMENTWISE = [op for op in TABLE.values() if not isinstance(op, Reduction)]


def scattered(expression, seed):
    """An array for each leaf, of points from its interval."""
    source = np.random.default_rng(seed)
    return [source.uniform(*leaf.interval, 3) for leaf in expression.leaves]


@often
@given(expressions(), st.sampled_from(["numbers", "values", "arrays"]), st.integers(0, 2**16))
def test_right_expressions_pass(expression, kind, seed):
    """On all carriers, to second order and in both modes, at points all over the intervals of the leaves."""
    if kind == "numbers":
        check_gradients(expression, *expression.point, allow_unused=True)
    elif kind == "values":
        check_gradients(expression, *map(Value, expression.point), allow_unused=True)
    elif not any(isinstance(op, Reduction) for op in expression.ops):
        check_gradients(expression, *scattered(expression, seed), project=True, allow_unused=True)


DAMAGES = {
    "sign": lambda d: -d,
    "twice": lambda d: 2 * d,
    "one per cent": lambda d: 1.01 * d,
    "off by one": lambda d: d + 1.0,
    "none": lambda d: 0.0 * d,
}


def damaged(expression, place, operand, damage):
    """The expression with another operation in one line: the same value, but one of its derivatives wrong."""
    line = expression.lines[place]
    op = line.op

    def wrong(*operands):
        local = op.partials[operand](*operands)
        of_elements = isinstance(op, Reduction) and type(local) is not float
        return [damage(d) for d in local] if of_elements else damage(local)

    twin = with_rule(op, operand, wrong)
    lines = list(expression.lines)
    lines[place] = Line(twin, line.operands)
    return replace(expression, lines=tuple(lines)), twin


@often
@given(expressions(max_ops=30), st.data(), st.sampled_from(sorted(DAMAGES)), st.booleans())
def test_damaged_operation_is_blamed(expression, data, damage, on_values):
    """Wherever the damage changes a derivative of the whole."""
    place = data.draw(st.integers(0, len(expression.lines) - 1), label="line")
    line = expression.lines[place]
    operand = data.draw(st.integers(0, line.op.arity - 1), label="operand")
    length = len(line.operands) // line.op.arity
    assume(any(isinstance(x, int) for x in line.operands[operand * length : (operand + 1) * length]))
    on_values = on_values or isinstance(line.op, Reduction)  # which tensors leave to an operation on arrays
    wrong, twin = damaged(expression, place, operand, DAMAGES[damage])
    carrier = Value if on_values else float
    error = mismatch(wrong, *map(carrier, wrong.point))
    if error is not None:
        assert error.cause == "wrong rule", str(error)
        assert error.op is twin, str(error)
        assert isinstance(twin, Reduction) or error.operand == operand


def mismatch(function, *inputs):
    try:
        check_gradients(function, *inputs, allow_unused=True, order=1)
    except GradientMismatch as error:
        return error
    return None
