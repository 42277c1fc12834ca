"""What a row of the table has to satisfy at a point: the checks that `test_ops` runs and `test_checker` tests.

A point is a tuple of numbers, or of vectors for a reduction, whose elements are then operands like any
other.  `wrt` lists the operands to differentiate by; the others are plain numbers, not nodes.

How far from the truth is too far?  Relatively, the project promises 1e-12 for first derivatives and 1e-9 for
the next two.  Where terms cancel, as in 1 - tanh², a result keeps the rounding of the terms, not of itself:
so every check also allows a few roundings (`ROUNDINGS` times 1.1e-16) of the largest number in play, be it
1, the value, or the largest derivative of that order.
"""

from itertools import product
from operator import mul

import mpmath
import numpy as np

from autograd import Value

from .oracles import DIGITS, derivatives, flat, shaped

STEP = 1e-100  # of the complex step: squared it is nothing beside any operand, and no difference is taken
ROUNDINGS = {0: 4, 1: 9, 2: 90, 3: 900}  # by order; 9 of them are 1e-15.  Each order multiplies their number
PROMISED = {0: 0.0, 1: 1e-12, 2: 1e-9, 3: 1e-9}
UNIT_ROUNDOFF = 2.0**-53

MAGNIFIED = {
    # Terms that may cancel: what is exact is the terms.
    "logaddexp": lambda y, a, b: 1 + abs(a) + abs(b),
    "sum": lambda y, *terms: sum(map(abs, terms)),
    "dot": lambda y, *factors: sum(map(abs, map(mul, factors, factors[len(factors) // 2 :]))),
    # The C library's cube root is good to 4 units in the last place only, which is 8 roundings.
    "cbrt": lambda y, a: 2 * abs(y),
    # The argument of erfc, -a/√2, is rounded, and the tail of erfc magnifies that by a² + 1.
    "gelu": lambda y, a: abs(y) * (a * a + 1),
}
"""To what a rounding of the value is relative, where that is not the value itself."""


def leaves_at(point, wrt=None):
    """A node for each operand to differentiate by, under its index, and all operands, plain numbers too."""
    numbers = flat(point)
    leaves = {i: Value(x) for i, x in enumerate(numbers) if wrt is None or i in wrt}
    return leaves, [leaves.get(i, x) for i, x in enumerate(numbers)]


def complex_step(op, point, i):
    """The derivative by operand i, read off the imaginary part: exact to rounding, for no difference is taken."""
    numbers = [np.complex128(x) for x in flat(point)]
    numbers[i] += STEP * 1j
    return op(*shaped(point, numbers)).imag / STEP


def gradients(node, leaves):
    """The first derivatives of a node by each leaf, as nodes."""
    node.backward(create_graph=True)
    found = {i: x.grad if isinstance(x.grad, Value) else Value(x.grad) for i, x in leaves.items()}
    for x in leaves.values():
        x.zero_grad()
    return found


def by_order(node, leaves):
    """Orders 1, 2, 3, each with all its partial derivatives as nodes, by the leaves in every order."""
    found = {(): node}
    for order in (1, 2, 3):
        found = {(*index, i): slope for index, node in found.items() for i, slope in gradients(node, leaves).items()}
        yield order, found


def assert_close(found, expected, order, scale, what):
    """`found` is `expected` up to what rounding excuses; never if it is nan or infinite."""
    with mpmath.workdps(DIGITS):
        allowed = PROMISED[order] * abs(expected) + ROUNDINGS[order] * UNIT_ROUNDOFF * scale
        error = abs(mpmath.mpf(found) - expected)
        assert error <= allowed, f"{what} is {found!r}, should be {float(expected)!r}, allowed is ±{float(allowed):.1e}"


def magnitude(*numbers):
    """The largest number in play."""
    return max((1.0, *map(abs, numbers)))


def assert_value(op, point):
    """The forward value is the oracle's to a few roundings."""
    expected = derivatives(op.name, point, 0)[()]
    found = op(*point)
    assert type(found) is float
    scale = MAGNIFIED[op.name](expected, *flat(point)) if op.name in MAGNIFIED else abs(expected)
    smallest = 5e-324  # a rounding among the subnormal numbers
    assert_close(found, expected, 0, scale + smallest / UNIT_ROUNDOFF, f"{op.name}{point}")


def assert_first_derivatives(op, point, wrt=None):
    """`Value.backward` agrees with the complex step and with SymPy."""
    leaves, operands = leaves_at(point, wrt)
    result = op(*shaped(point, operands))
    expected = derivatives(op.name, point, 1)
    if not leaves:
        return
    result.backward()
    scale = magnitude(result.data, *(expected[i,] for i in leaves))
    for i, leaf in leaves.items():
        what = f"∂{op.name}{point}/∂{i}"
        assert_close(leaf.grad, expected[i,], 1, scale, what)
        step = mpmath.mpf(complex_step(op, point, i))
        assert_close(leaf.grad, step, 1, scale, f"{what} by complex step")


def assert_higher_derivatives(op, point, wrt=None):
    """Orders 2 and 3, every mixed partial in every order of differentiation, agree with SymPy."""
    leaves, operands = leaves_at(point, wrt)
    if not leaves:
        return
    for order, found in by_order(op(*shaped(point, operands)), leaves):
        exact = derivatives(op.name, point, order)
        expected = {index: exact[tuple(sorted(index))] for index in product(leaves, repeat=order)}
        scale = magnitude(*exact.values())  # by all operands: where one cancels, its terms are as large as the others
        for index, node in found.items():
            assert_close(node.data, expected[index], order, scale, f"∂{op.name}{point}/∂{index}")
