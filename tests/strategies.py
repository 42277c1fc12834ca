"""Where to try the rows of the table, nasty floats, and random graphs."""

import math
import random

from hypothesis import strategies as st

import autograd
from autograd import Vector, dot
from autograd.op import Reduction

LONGEST = 5  # elements of a vector
REACH = 5.0  # beyond, most rows are flat, or so steep that a test would be one of magnitudes only

NASTY = (0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 5e-324, 1e-200, 1e200, -1.7976931348623157e308)

any_float = st.sampled_from(NASTY) | st.floats() | st.floats(-100.0, 100.0)  # Hypothesis alone goes to extremes
quiet_float = any_float.map(lambda x: x if x == x else math.nan)  # without nan's other bit patterns


def box(op):
    """One interval per operand: the row's domain, as far as `REACH`."""
    return [(max(low, -REACH), min(high, REACH)) for low, high in op.domain.intervals]


def points(op):
    """Points inside the row's domain: a tuple of numbers, or of vectors for a reduction."""
    intervals = [st.floats(low, high, exclude_min=True, exclude_max=True) for low, high in box(op)]
    if isinstance(op, Reduction):
        return equally_long(intervals)
    return st.tuples(*intervals).filter(lambda point: op.domain.contains(*point))


any_real = st.floats(-REACH, REACH)
BESIDE_THE_DOMAIN = {
    # The power of a negative number is real where the exponent is whole, so it has a slope in the base alone.
    "pow": (st.tuples(st.floats(-REACH, -0.01), st.integers(-5, 5).map(float)), (0,)),
    # A condition that is false is 0, where the choice jumps.
    "where": (st.tuples(st.just(0.0), any_real, any_real), (1, 2)),
}
"""Where a row is smooth in some of its operands only, and which these are."""


def places(op):
    """Where the row can be differentiated, and by which operands: points, and their indices or None for all.

    The other operands are constants; there a rule of its own passes the gradient on.
    """
    some = st.sets(st.integers(0, op.arity - 1), min_size=1) if op.arity > 1 else st.nothing()
    inside = st.tuples(points(op), st.none() | some)
    if op.name not in BESIDE_THE_DOMAIN:
        return inside
    beside, wrt = BESIDE_THE_DOMAIN[op.name]
    return inside | st.tuples(beside, st.just(wrt))


def any_points(op, numbers=any_float):
    """Points anywhere, inside the domain or not."""
    return equally_long([numbers] * op.arity) if isinstance(op, Reduction) else st.tuples(*[numbers] * op.arity)


def equally_long(elements):
    """Tuples of vectors of one length, empty ones among them."""
    return st.integers(0, LONGEST).flatmap(
        lambda length: st.tuples(*(st.lists(x, min_size=length, max_size=length).map(tuple) for x in elements))
    )


def sample(op, count):
    """The same few points inside the row's domain each time, none of them special."""
    source = random.Random(op.name)
    found = []
    while len(found) < count:
        if isinstance(op, Reduction):
            found.append(tuple(tuple(source.uniform(*interval) for _ in range(3)) for interval in box(op)))
        else:
            point = tuple(source.uniform(*interval) for interval in box(op))
            found += [point] * op.domain.contains(*point)
    return found


def sample_places(op, count):
    """The same, with the operands to differentiate by, and a point beside the domain where there is one."""
    beside = {"pow": [((-2.0, 3.0), (0,))], "where": [((0.0, 2.0, 3.0), (1, 2))]}
    return [(point, None) for point in sample(op, count)] + beside.get(op.name, [])


# ---------------------------------------------------------------------- random graphs

ARITY = {"add": 2, "sub": 2, "mul": 2, "neg": 1, "sin": 1, "tanh": 1, "dot": 4}
EXACT = ["add", "sub", "mul", "neg", "dot"]
"""The operations that are exact on whole numbers, derivatives and all."""


@st.composite
def programs(draw, operations=tuple(ARITY), steps=7):
    """A straight-line program: how many leaves, and the operations, each with the places of its operands.

    Operands are drawn from all places so far, the latest first: nodes are shared, and most are used.
    """
    leaves = draw(st.integers(1, 3))
    lines = []
    for place in range(leaves, leaves + draw(st.integers(1, steps))):
        name = draw(st.sampled_from(operations))
        operands = st.integers(0, place - 1).map(lambda back, last=place - 1: last - back)
        lines.append((name, draw(st.tuples(*[operands] * ARITY[name]))))
    return leaves, lines


def run(program, leaves):
    """Every node of the program in order: the leaves, then one per line.  Equal pairs share their `Vector`."""
    nodes, vectors = list(leaves), {}

    def vector(*places):
        return vectors.setdefault(places, Vector([nodes[place] for place in places]))

    for name, places in program[1]:
        if name == "dot":
            nodes.append(dot(vector(*places[:2]), vector(*places[2:])))
        else:
            nodes.append(getattr(autograd, name)(*(nodes[place] for place in places)))
    return nodes


def with_leaves(program):
    """The program and numbers for its leaves."""
    return st.tuples(st.just(program), st.tuples(*[st.floats(-2, 2)] * program[0]))


graphs = programs().flatmap(with_leaves)


def dot_of_shared_vector(x):
    shared = Vector([x, 2.0, x * 3.0])
    return dot(shared, [1.0, x, 2.0]) + dot(shared, shared)
