"""Rows for ufuncs whose last digits no formula in rows of the table has: exact powers of 2 and 10, exact rests."""

from __future__ import annotations

import math
import operator

import numpy as np

from .. import ops
from ..op import Domain, Elementwise

__all__ = ["ROWS"]

BETWEEN = Domain(((-1e9, 1e9), (-1e9, 1e9)), singular=lambda a, b: math.sin(math.pi * a / b) * b if b else 0.0)
"""Where a quotient is not whole."""
POSITIVE = Domain(((1e-60, math.inf),))

ROWS = (
    Elementwise(
        "exp2", "2 to the power of the number.", (math.exp2, np.exp2),
        lambda a, y: math.log(2) * y,
        domain=Domain(((-1000.0, 1000.0),)), register=False,
    ),
    Elementwise(
        "log2", "The logarithm to the base 2.", (math.log2, np.log2),
        lambda a, y: 1 / (math.log(2) * a),
        domain=POSITIVE, register=False,
    ),
    Elementwise(
        "log10", "The logarithm to the base 10.", (math.log10, np.log10),
        lambda a, y: 1 / (math.log(10) * a),
        domain=POSITIVE, register=False,
    ),
    # The whole quotient is read off the rest: a / b itself may round up to the next whole number.
    Elementwise(
        "remainder", "What is left of a when b is taken away a whole number of times, with the sign of b.",
        (operator.mod, np.remainder),
        1.0,
        lambda a, b, y: ops.round_((y - a) / b),
        domain=BETWEEN, complex=lambda a, b: a - b * np.floor(a.real / b.real), register=False,
    ),
    Elementwise(
        "fmod", "What is left of a when b is taken away a whole number of times, with the sign of a.",
        (math.fmod, np.fmod),
        1.0,
        lambda a, b, y: ops.round_((y - a) / b),
        domain=BETWEEN, complex=lambda a, b: a - b * np.trunc(a.real / b.real), register=False,
    ),
)  # fmt: skip
