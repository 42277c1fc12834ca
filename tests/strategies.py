"""Where to try the rows of the table: inside their domains, and at every nasty float there is."""

import math
import random

from autograd.op import Reduction
from hypothesis import strategies as st

LONGEST = 5  # elements of a vector
REACH = 5.0  # beyond, most rows are flat, or so steep that a test would be one of magnitudes only

any_float = st.floats()  # nan, ±0, ±inf, subnormals, the largest: Hypothesis likes the nasty ones
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


def any_points(op, numbers=any_float):
    """Points anywhere, inside the domain or not."""
    return equally_long([numbers] * op.arity) if isinstance(op, Reduction) else st.tuples(*[numbers] * op.arity)


def equally_long(elements):
    """Tuples of vectors of one length, empty ones among them."""
    return st.integers(0, LONGEST).flatmap(
        lambda length: st.tuples(*(st.lists(x, min_size=length, max_size=length).map(tuple) for x in elements))
    )


powers_of_negatives = st.tuples(st.floats(-REACH, -0.01), st.integers(-5, 5).map(float))
"""Negative bases have real powers where the exponent is whole; `pow` is smooth there in its base alone."""


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
