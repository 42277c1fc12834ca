"""Functions of numbers as machine code, and what it gives compared to the bit."""

from __future__ import annotations

import math
import struct
from functools import partial

import autograd
from autograd import jit, tensor
from autograd.jit.native import native

number = partial(tensor, dtype=autograd.float64)


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
