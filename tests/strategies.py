"""Where else to try the rows of the table, nasty floats, and random graphs of exact operations."""

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
