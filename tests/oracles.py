"""A second opinion on every row of the table: its formula from the textbook, differentiated by SymPy.

`ORACLES` holds one expression per row in the operands `a`, `b`, `c`.  Nothing here knows how `autograd`
computes or differentiates a row.  A row with kinks is a `Piecewise`; at a point off the kinks only the
piece that holds is differentiated.  A reduction is a function of its vectors of symbols.
"""

from functools import cache
from itertools import combinations_with_replacement, islice

import mpmath
import sympy
from sympy import Add, Mul, Ne, Piecewise, Rational, cos, cosh, erf, erfc, exp, log, sin, sinh, sqrt, tan, tanh
from sympy.codegen.cfunctions import expm1, log1p

DIGITS = 50

a, b, c = OPERANDS = sympy.symbols("a b c", real=True)


class Floor(sympy.Function):
    """A staircase: flat wherever it is smooth.  SymPy's own `floor` leaves its derivative unevaluated."""

    def fdiff(self, argindex=1):
        return sympy.S.Zero


class Ceiling(Floor):
    pass


class Nearest(Floor):
    pass


STAIRCASES = {"Floor": mpmath.floor, "Ceiling": mpmath.ceil, "Nearest": mpmath.nint}

ORACLES = {
    "add": a + b,
    "sub": a - b,
    "mul": a * b,
    "div": a / b,
    "neg": -a,
    "pow": a**b,
    "square": a**2,
    "reciprocal": 1 / a,
    "sqrt": sqrt(a),
    "cbrt": Piecewise((a ** Rational(1, 3), a > 0), (-((-a) ** Rational(1, 3)), True)),
    "hypot": sqrt(a**2 + b**2),
    "exp": exp(a),
    "expm1": expm1(a),
    "log": log(a),
    "log1p": log1p(a),
    "logaddexp": log(exp(a) + exp(b)),
    "sin": sin(a),
    "cos": cos(a),
    "tan": tan(a),
    "asin": sympy.asin(a),
    "acos": sympy.acos(a),
    "atan": sympy.atan(a),
    "atan2": sympy.atan2(a, b),
    "sinh": sinh(a),
    "cosh": cosh(a),
    "tanh": tanh(a),
    "asinh": sympy.asinh(a),
    "acosh": sympy.acosh(a),
    "atanh": sympy.atanh(a),
    "where": Piecewise((b, Ne(a, 0)), (c, True)),
    "abs": Piecewise((a, a > 0), (-a, True)),
    "sign": Piecewise((1, a > 0), (-1, True)),
    "maximum": Piecewise((a, a > b), (b, True)),
    "minimum": Piecewise((a, a < b), (b, True)),
    "clip": Piecewise((c, (a > c) | (b > c)), (b, a < b), (a, True)),
    "floor": Floor(a),
    "ceil": Ceiling(a),
    "round": Nearest(a),
    "sigmoid": 1 / (1 + exp(-a)),
    "logsigmoid": -log(1 + exp(-a)),
    "softplus": log(1 + exp(a)),
    "relu": Piecewise((a, a > 0), (0, True)),
    "leaky_relu": Piecewise((a, a > 0), (a * b, True)),
    "elu": Piecewise((a, a > 0), (b * expm1(a), True)),
    "erf": erf(a),
    "erfc": erfc(a),
    "gelu": a * erfc(-a / sqrt(2)) / 2,
    "silu": a / (1 + exp(-a)),
    "sum": lambda a: Add(*a),
    "dot": lambda a, b: Add(*map(Mul, a, b)),
}


def derivatives(name, point, order):
    """All partial derivatives of one order at a point, to fifty digits.

    Keys are the indices of the operands in ascending order, such as (0, 0, 1) for ∂³/∂a²∂b; those of a
    reduction count the elements of its vectors, laid end to end.  Order 0 is the value, under ().
    """
    numbers = flat(point)
    symbols, pieces = _pieces(name, len(point), len(numbers))
    piece = next(i for i, (holds, _) in enumerate(pieces) if holds(*numbers[: len(OPERANDS)]))
    compiled = _differentiated(name, len(point), len(numbers), piece, order)
    with mpmath.workdps(DIGITS):
        return dict(zip(_indices(len(symbols), order), compiled(*map(mpmath.mpf, numbers)), strict=True))


def flat(point):
    """The numbers of a point; the vectors of a reduction laid end to end."""
    return tuple(x for operand in point for x in (operand if isinstance(operand, (tuple, list)) else (operand,)))


def shaped(point, numbers):
    """The numbers as a point of the same shape: what `flat` undoes."""
    rest = iter(numbers)
    return tuple(tuple(islice(rest, len(x))) if isinstance(x, (tuple, list)) else next(rest) for x in point)


@cache
def _indices(arity, order):
    return tuple(combinations_with_replacement(range(arity), order))


@cache
def _pieces(name, arity, size):
    """The symbols of a row, and its smooth pieces, each after the test of where it holds."""
    oracle = ORACLES[name]
    if not isinstance(oracle, sympy.Basic):
        length = size // arity
        vectors = [sympy.symbols(f"{letter}:{length}", real=True) for letter in "abc"[:arity]]
        return flat(vectors), [(lambda *_: True, oracle(*vectors))]
    pieces = oracle.args if isinstance(oracle, Piecewise) else [(oracle, sympy.true)]
    symbols = OPERANDS[:arity]
    return symbols, [(sympy.lambdify(symbols, condition), expression) for expression, condition in pieces]


@cache
def _differentiated(name, arity, size, piece, order):
    symbols, pieces = _pieces(name, arity, size)
    expression = pieces[piece][1]
    expressions = [
        sympy.diff(expression, *(symbols[i] for i in index)) if index else expression
        for index in _indices(len(symbols), order)
    ]
    return sympy.lambdify(symbols, expressions, modules=[STAIRCASES, "mpmath"], cse=True)
