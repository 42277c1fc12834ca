"""The checks of `checks.py` can fail: they reject a wrong copy of every derivative in the table, as `check_rule` does.

A copy of a row gets one partial damaged and is given to the very functions that `test_ops` runs, at points
of the same domain.  A check that let one damage pass would prove nothing about that row.
"""

import pytest

from autograd import TABLE
from autograd.op import Reduction
from autograd.testing import GradientMismatch, check_rule

from . import checks, strategies
from .mutation.mutants import with_rule
from .oracles import derivatives, flat

POINTS = 40  # so that each piece of `clip` gets some

DAMAGES = {
    "sign flipped": lambda d: -1.0 * d,  # of truth values, too
    "factor 2 added": lambda d: 2 * d,
    "factor 2 dropped": lambda d: d / 2,
    "off by 1 %": lambda d: 1.01 * d,
    "forgotten": lambda d: 0.0 * d,
    "off by 1": lambda d: d + 1.0,
}
ZERO = {"where-a", "sign-a", "floor-a", "ceil-a", "round-a"}
"""The derivatives that are 0 everywhere: only the last damage changes them."""

PARTIALS = {f"{name}-{'abc'[i]}": (op, i) for name, op in TABLE.items() for i in range(op.arity)}
OF_TWO = {name: (op, i) for name, (op, i) in PARTIALS.items() if op.arity == 2 and op.constants[i] is None}


def each(partials):
    return pytest.mark.parametrize(("op", "i"), partials.values(), ids=partials)


def damaged(op, i, damage):
    def wrong(*operands):
        local = op.partials[i](*operands)
        of_elements = isinstance(op, Reduction) and type(local) is not float
        return [damage(d) for d in local] if of_elements else damage(local)

    return with_rule(op, i, wrong)


def detached(op, i):
    """Right as a number, but a constant to whoever differentiates it again."""

    def numbers(x):
        return tuple(map(numbers, x)) if isinstance(x, (tuple, list)) else float(x)

    return with_rule(op, i, lambda *operands: op.partials[i](*map(numbers, operands)))


def assert_rejected(check, op):
    """The check fails at some point, and says what should have been; so does the one that is shipped."""

    def check_everywhere():
        for place in strategies.sample_places(op, POINTS):
            check(op, *place)

    with pytest.raises(AssertionError, match="should be"):
        check_everywhere()
    with pytest.raises(GradientMismatch, match=op.name):
        check_rule(op)


@each(PARTIALS)
def test_right_copies_are_accepted(op, i):
    """What is rejected below is rejected for the damage, not for being a copy."""
    for place in strategies.sample_places(op, POINTS):
        checks.assert_first_derivatives(with_rule(op, i, op.partials[i]), *place)


@pytest.mark.parametrize("damage", DAMAGES)
@each(PARTIALS)
def test_wrong_partials_are_rejected(op, i, damage):
    if damage == "off by 1" or f"{op.name}-{'abc'[i]}" not in ZERO:
        assert_rejected(checks.assert_first_derivatives, damaged(op, i, DAMAGES[damage]))
    else:
        assert all(op.partials[i](*point, op(*point)) == 0 for point in strategies.sample(op, POINTS))


@each(OF_TWO)
def test_partials_of_exchanged_operands_are_rejected(op, i):
    assert_rejected(checks.assert_first_derivatives, with_rule(op, i, lambda a, b, y: op.partials[i](b, a, y)))


@each(PARTIALS)
def test_partials_that_cannot_be_differentiated_again_are_rejected(op, i):
    """Wherever there is a second derivative to miss; first derivatives are right and pass."""
    wrong, points = detached(op, i), strategies.sample(op, 4)
    for point in points:
        checks.assert_first_derivatives(wrong, point)
    if any(second for point in points for second in second_derivatives(op, i, point)):
        assert_rejected(checks.assert_higher_derivatives, wrong)
    else:
        checks.assert_higher_derivatives(wrong, points[0])


def second_derivatives(op, i, point):
    """Those by operand i and any other."""
    elements = len(flat(point)) // op.arity
    for index, second in derivatives(op.name, point, 2).items():
        if i in {place // elements for place in index}:
            yield second
