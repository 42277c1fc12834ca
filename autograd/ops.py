"""The table: every operation on numbers, its value and its derivatives, written once.

A row reads: name, what it is, how to compute it, then one partial derivative per operand.  A partial
is a number, or a function of the operands `a`, `b`, `c` and of the result `y`; it uses operators and
other rows, never `if` and never a method, so that floats, arrays, graph nodes, dual numbers and
symbols can all go through it.  How to compute it is either a pair, for Python floats and for NumPy arrays, or one
formula for both.

Kinks follow PyTorch: the derivative of `relu` and of `abs` at 0 is 0, `maximum` and `minimum` split
ties in halves, `clip` passes the gradient at its bounds.
"""

from __future__ import annotations

import builtins
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from . import special
from .notation import ATOM, POWER, PRODUCT, SIGN, SUM, Notation, layout
from .op import TABLE, Domain, Elementwise, Op, Reduction
from .traced import Traced, opaque

__all__ = ["TABLE", "Op"]  # and every row of the table; see the last line

INF = math.inf
REAL = (-INF, INF)
UNIT = (-1.0, 1.0)
EXPONENT = (-700.0, 700.0)  # beyond, e to that power leaves the normal floats
SQUARABLE = (-1e100, 1e100)  # the third derivatives are finite as well
HALF = (-8e307, 8e307)  # two of them add up to a finite number
NOT_SMALL_POSITIVE = (1e-60, INF)


def choose(condition: Any, a: Any, b: Any) -> Any:
    """`where` for use in rules: a plain condition picks one of the two, and the other is forgotten.

    Otherwise the derivative of a rule would visit what was not chosen, where 0 · inf is nan.
    """
    if type(condition) is bool:
        return a if condition else b
    numbers = condition if type(condition) is np.ndarray else getattr(condition, "_data", condition)
    if getattr(numbers, "shape", None) == () and type(numbers) is not Traced:
        return a if condition else b
    if isinstance(numbers, np.ndarray) and type(a) is type(b) is float:
        mask = _mask(numbers, a, b)
        return mask if numbers is condition else condition._constant_like(mask)
    return where(condition, a, b)


def _mask(condition: Any, a: float, b: float) -> Any:
    """One of two numbers for each element, in a dtype that widens no array which it multiplies."""
    if (a, b) == (1.0, 0.0):
        return condition
    if (a, b) == (0.0, 1.0):
        return ~condition
    return opaque(_picked, condition, a, b)


def _picked(condition: Any, a: float, b: float) -> Any:
    """The same by looking up, for `np.where` takes five times as long where the condition is hard to predict."""
    exact = float(np.float32(a)) == a and float(np.float32(b)) == b
    return np.array((b, a), np.float32 if exact else np.float64).take(np.asarray(condition).view(np.int8))


def _both(p: Any, q: Any) -> Any:
    """Whether two conditions hold; a plain one that does not decides alone."""
    return False if p is False else p & q


def infix(symbol: str, latex: str, binding: int, mathml: str = "") -> dict[str, Any]:
    """How a binary operator is printed: the multiplication sign for people is a dot."""
    shown = "·" if symbol == "*" else symbol
    return {"symbol": symbol, "notation": Notation(f"{{a}} {shown} {{b}}", latex, binding, mathml)}


def function(name: str, textbook: str | None = None) -> dict[str, Any]:
    """How a function is printed whose name in textbooks, which may differ from its own, is a LaTeX command."""
    command = textbook or name
    latex, mathml = rf"\{command}\left({{a:open}}\right)", layout(f"{command}({{a:open}})")
    return {"notation": Notation(f"{name}({{a:open}})", latex, ATOM, mathml)}


# Rows that the rules of earlier ones use.
pow_: Elementwise
log: Elementwise
sigmoid: Elementwise
sign: Elementwise
cos: Elementwise
cosh: Elementwise
where: Elementwise

# ---------------------------------------------------------------------- arithmetic

add = Elementwise(
    "add", "The sum of two numbers.", (operator.add, np.add),
    1.0,
    1.0,
    domain=Domain((HALF, HALF)), **infix("+", "{a} + {b}", SUM),
)  # fmt: skip
sub = Elementwise(
    "sub", "The difference of two numbers.", (operator.sub, np.subtract),
    1.0,
    -1.0,
    domain=Domain((HALF, HALF)), **infix("-", "{a} - {b}", SUM),
)  # fmt: skip
mul = Elementwise(
    "mul", "The product of two numbers.", (operator.mul, np.multiply),
    lambda a, b, y: b,
    lambda a, b, y: a,
    domain=Domain((SQUARABLE, SQUARABLE)), **infix("*", r"{a} \cdot {b}", PRODUCT),
)  # fmt: skip
div = Elementwise(
    "div", "The quotient of two numbers.", (operator.truediv, np.true_divide),
    lambda a, b, y: 1 / b,
    lambda a, b, y: -y / b,
    domain=Domain((SQUARABLE, SQUARABLE), singular=lambda a, b: b),
    **infix("/", r"\frac{{{a:open}}}{{{b:open}}}", PRODUCT, "<mfrac>{a:open}{b:open}</mfrac>"),
)  # fmt: skip
neg = Elementwise(
    "neg", "The number with its sign turned.", (operator.neg, np.negative),
    -1.0,
    symbol="-", notation=Notation("-{a:factor}", "-{a:factor}", SIGN),
)  # fmt: skip
pow_ = Elementwise(
    "pow", "The first number to the power of the second.", (math.pow, special.power),
    lambda a, b, y: choose(_both(b == 0, a == 0), 0.0, b * pow_(a, b - 1)),
    lambda a, b, y: choose(_both(b >= 0, a == 0), 0.0, y * log(a)),
    complex=np.power, ufunc=np.power,
    domain=Domain(((0.01, 100.0), (-100.0, 100.0))),
    symbol="**", notation=Notation(
        "{a:tight}^{b}", "{{{a:tight}}}^{{{b:open}}}", POWER, "<msup>{a:tight}{b:open}</msup>"
    ),
)  # fmt: skip
square = Elementwise(
    "square", "The number times itself.", (lambda a: a * a, np.square),
    lambda a, y: 2 * a,
    domain=Domain((SQUARABLE,)),
    symbol="²", notation=Notation("{a:tight}²", "{{{a:tight}}}^{{2}}", POWER, "<msup>{a:tight}<mn>2</mn></msup>"),
)  # fmt: skip
reciprocal = Elementwise(
    "reciprocal", "One over the number.", (lambda a: 1 / a, np.reciprocal),
    lambda a, y: -square(y),
    domain=Domain((SQUARABLE,), singular=lambda a: a),
    symbol="1/", notation=Notation(
        "1 / {a:tight}", r"\frac{{1}}{{{a:open}}}", PRODUCT, "<mfrac><mn>1</mn>{a:open}</mfrac>"
    ),
)  # fmt: skip
sqrt = Elementwise(
    "sqrt", "The square root.", (math.sqrt, np.sqrt),
    lambda a, y: 0.5 / y,
    domain=Domain((NOT_SMALL_POSITIVE,)),
    symbol="√", notation=Notation("sqrt({a:open})", r"\sqrt{{{a:open}}}", ATOM, "<msqrt>{a:open}</msqrt>"),
)  # fmt: skip
cbrt = Elementwise(
    "cbrt", "The real cube root, negative for negative numbers.", (math.cbrt, np.cbrt),
    lambda a, y: 1 / (3 * square(y)),
    domain=Domain((REAL,), singular=lambda a: a),
    complex=lambda z: np.where(z.real < 0, -1, 1) * np.where(z.real < 0, -z, z) ** (1 / 3),
    symbol="∛", notation=Notation("cbrt({a:open})", r"\sqrt[3]{{{a:open}}}", ATOM, "<mroot>{a:open}<mn>3</mn></mroot>"),
)  # fmt: skip
hypot = Elementwise(
    "hypot", "The length of the hypotenuse, √(a² + b²), without overflow.", (math.hypot, np.hypot),
    lambda a, b, y: a / y,
    lambda a, b, y: b / y,
    domain=Domain((SQUARABLE, SQUARABLE), singular=math.hypot),
    complex=lambda a, b: np.sqrt(a * a + b * b),
)  # fmt: skip

# ---------------------------------------------------------------------- exponentials and logarithms

exp = Elementwise(
    "exp", "e to the power of the number.", (math.exp, np.exp),
    lambda a, y: y,
    domain=Domain((EXPONENT,)),
    notation=Notation("exp({a:open})", "e^{{{a:open}}}", POWER, "<msup><mi>e</mi>{a:open}</msup>"),
)  # fmt: skip
expm1 = Elementwise(
    "expm1", "e to the power of the number, less 1, exact near 0.", (math.expm1, np.expm1),
    lambda a, y: exp(a),
    domain=Domain((EXPONENT,)),
)  # fmt: skip
log = Elementwise(
    "log", "The natural logarithm.", (math.log, np.log),
    lambda a, y: 1 / a,
    domain=Domain((NOT_SMALL_POSITIVE,)), **function("log"),
)  # fmt: skip
log1p = Elementwise(
    "log1p", "The natural logarithm of 1 + the number, exact near 0.", (math.log1p, np.log1p),
    lambda a, y: 1 / (1 + a),
    domain=Domain(((-1.0, INF),), singular=lambda a: 1 + a),
)  # fmt: skip


logaddexp = Elementwise(
    "logaddexp", "log(eᵃ + eᵇ), without overflow.", (special.logaddexp, np.logaddexp),
    lambda a, b, y: sigmoid(a - b),
    lambda a, b, y: sigmoid(b - a),
    complex=lambda a, b: a + np.log1p(np.exp(b - a)),
)  # fmt: skip

# ---------------------------------------------------------------------- circular and hyperbolic


sin = Elementwise(
    "sin", "The sine of an angle in radians.", (math.sin, np.sin),
    lambda a, y: cos(a), **function("sin"),
)  # fmt: skip
cos = Elementwise(
    "cos", "The cosine of an angle in radians.", (math.cos, np.cos),
    lambda a, y: -sin(a), **function("cos"),
)  # fmt: skip
tan = Elementwise(
    "tan", "The tangent of an angle in radians.", (math.tan, np.tan),
    lambda a, y: 1 + square(y),
    domain=Domain((REAL,), singular=math.cos, margin=0.05), **function("tan"),
)  # fmt: skip
asin = Elementwise(
    "asin", "The angle in radians whose sine it is.", (math.asin, np.arcsin),
    lambda a, y: 1 / sqrt((1 - a) * (1 + a)),
    domain=Domain((UNIT,), singular=lambda a: 1 - abs(a)), **function("asin", "arcsin"),
)  # fmt: skip
acos = Elementwise(
    "acos", "The angle in radians whose cosine it is.", (math.acos, np.arccos),
    lambda a, y: -1 / sqrt((1 - a) * (1 + a)),
    domain=Domain((UNIT,), singular=lambda a: 1 - abs(a)), **function("acos", "arccos"),
)  # fmt: skip
atan = Elementwise(
    "atan", "The angle in radians whose tangent it is.", (math.atan, np.arctan),
    lambda a, y: 1 / (1 + square(a)),
    domain=Domain((SQUARABLE,)), **function("atan", "arctan"),
)  # fmt: skip
atan2 = Elementwise(
    "atan2", "The angle in radians of the point with ordinate a and abscissa b.", (math.atan2, np.arctan2),
    lambda a, b, y: b / (square(a) + square(b)),
    lambda a, b, y: -a / (square(a) + square(b)),
    domain=Domain((SQUARABLE, SQUARABLE), singular=lambda a, b: a if b < 0 else math.hypot(a, b)),
    complex=special.complex_atan2,
)  # fmt: skip
sinh = Elementwise(
    "sinh", "The hyperbolic sine.", (math.sinh, np.sinh),
    lambda a, y: cosh(a),
    domain=Domain((EXPONENT,)), **function("sinh"),
)  # fmt: skip
cosh = Elementwise(
    "cosh", "The hyperbolic cosine.", (math.cosh, np.cosh),
    lambda a, y: sinh(a),
    domain=Domain((EXPONENT,)), **function("cosh"),
)  # fmt: skip
tanh = Elementwise(
    "tanh", "The hyperbolic tangent, an S between -1 and 1.", (math.tanh, np.tanh),
    lambda a, y: 1 - square(y), **function("tanh"),
)  # fmt: skip
asinh = Elementwise(
    "asinh", "The number whose hyperbolic sine it is.", (math.asinh, np.arcsinh),
    lambda a, y: 1 / sqrt(square(a) + 1),
    domain=Domain((SQUARABLE,)),
)  # fmt: skip
acosh = Elementwise(
    "acosh", "The positive number whose hyperbolic cosine it is.", (math.acosh, np.arccosh),
    lambda a, y: 1 / sqrt((a - 1) * (a + 1)),
    domain=Domain(((1.0, 1e100),), singular=lambda a: a - 1),
)  # fmt: skip
atanh = Elementwise(
    "atanh", "The number whose hyperbolic tangent it is.", (math.atanh, np.arctanh),
    lambda a, y: 1 / ((1 - a) * (1 + a)),
    domain=Domain((UNIT,), singular=lambda a: 1 - abs(a)),
)  # fmt: skip

# ---------------------------------------------------------------------- choices, with kinks and jumps

where = Elementwise(
    "where", "The second number where the first is true (not 0), else the third.",
    (lambda a, b, c: b if a else c, lambda a, b, c: np.where(a, b, c)),
    0.0,
    lambda a, b, c, y: choose(a != 0, 1.0, 0.0),
    lambda a, b, c, y: choose(a != 0, 0.0, 1.0),
    domain=Domain((REAL, REAL, REAL), singular=lambda a, b, c: a),
    complex=lambda a, b, c: np.where(a.real != 0, b, c),
    notation=Notation(
        "({b:open} if {a:open} else {c:open})",
        r"\begin{{cases}}{b:open} & {a:open}\\{c:open} & \text{{otherwise}}\end{{cases}}", ATOM,
        '<mrow><mo>{{</mo><mtable columnalign="left"><mtr><mtd>{b:open}</mtd><mtd>{a:open}</mtd></mtr>'
        "<mtr><mtd>{c:open}</mtd><mtd><mtext>otherwise</mtext></mtd></mtr></mtable></mrow>",
    ),
)  # fmt: skip
abs_ = Elementwise(
    "abs", "The number without its sign.", (math.fabs, np.absolute),
    lambda a, y: sign(a),
    domain=Domain((REAL,), singular=lambda a: a),
    complex=lambda z: z * np.sign(z.real),
    notation=Notation("|{a:open}|", r"\left|{a:open}\right|", ATOM),
)  # fmt: skip
sign = Elementwise(
    "sign", "-1, 0 or 1: the sign of the number.",
    (lambda a: float((a > 0) - (a < 0)) if a == a else a, np.sign),
    0.0,
    domain=Domain((REAL,), singular=lambda a: a),
    complex=lambda z: np.sign(z.real) + 0j,
)  # fmt: skip
maximum = Elementwise(
    "maximum", "The larger of two numbers.", (lambda a, b: a if a >= b or a != a else b, np.maximum),
    lambda a, b, y: choose(a > b, 1.0, choose(a == b, 0.5, 0.0)),
    lambda a, b, y: choose(b > a, 1.0, choose(a == b, 0.5, 0.0)),
    domain=Domain((REAL, REAL), singular=lambda a, b: a - b),
    complex=lambda a, b: np.where(a.real >= b.real, a, b),
    symbol="max", notation=Notation("max({a:open}, {b:open})", r"\max\left({a:open}, {b:open}\right)", ATOM),
)  # fmt: skip
minimum = Elementwise(
    "minimum", "The smaller of two numbers.", (lambda a, b: a if a <= b or a != a else b, np.minimum),
    lambda a, b, y: choose(a < b, 1.0, choose(a == b, 0.5, 0.0)),
    lambda a, b, y: choose(b < a, 1.0, choose(a == b, 0.5, 0.0)),
    domain=Domain((REAL, REAL), singular=lambda a, b: a - b),
    complex=lambda a, b: np.where(a.real <= b.real, a, b),
    symbol="min", notation=Notation("min({a:open}, {b:open})", r"\min\left({a:open}, {b:open}\right)", ATOM),
)  # fmt: skip
clip = Elementwise(
    "clip", "The number a, held between the bounds b and c.",
    (lambda a, b, c: minimum.scalar(maximum.scalar(a, b), c), lambda a, b, c: np.minimum(np.maximum(a, b), c)),
    lambda a, b, c, y: choose((a >= b) & (a <= c), 1.0, 0.0),
    lambda a, b, c, y: choose((a < b) & (b <= c), 1.0, 0.0),
    lambda a, b, c, y: choose((a > c) | (b > c), 1.0, 0.0),
    domain=Domain((REAL, REAL, REAL), singular=lambda a, b, c: (a - b) * (a - c) * (b - c)),
    complex=lambda a, b, c: minimum.complex(maximum.complex(a, b), c),
)  # fmt: skip


def _whole(rounding: Callable[[float], int]) -> Callable[[float], float]:
    """A rounding that gives a float and keeps the sign of zero."""
    return lambda a: math.copysign(rounding(a), a)


def _staircase(name: str, summary: str, rounding: Callable[[float], int], array: Any, offset: float) -> Elementwise:
    """A row that is flat but for jumps at the whole numbers, moved by an offset."""
    return Elementwise(
        name, summary, (_whole(rounding), array),
        0.0,
        domain=Domain(((-1e9, 1e9),), singular=lambda a: math.sin(math.pi * (a + offset))),
        complex=lambda z: array(z.real) + 0j,
    )  # fmt: skip


floor = _staircase("floor", "The largest whole number not above it.", math.floor, np.floor, 0.0)
ceil = _staircase("ceil", "The smallest whole number not below it.", math.ceil, np.ceil, 0.0)
round_ = _staircase("round", "The nearest whole number, halves to the even one.", round, np.rint, 0.5)

# ---------------------------------------------------------------------- activations


ROOT_HALF = math.sqrt(0.5)
ROOT_HALF_BY_PI = math.sqrt(0.5 / math.pi)

sigmoid = Elementwise(
    "sigmoid", "The logistic function 1 / (1 + e⁻ᵃ), an S between 0 and 1.",
    (special.sigmoid, special.sigmoid_of_array),
    lambda a, y: y * (1 - y),
    complex=lambda z: 1 / (1 + np.exp(-z)),
    symbol="σ", notation=Notation("σ({a:open})", r"\sigma\left({a:open}\right)", ATOM),
)  # fmt: skip
logsigmoid = Elementwise(
    "logsigmoid", "The logarithm of the sigmoid, without underflow.",
    (lambda a: min(a, 0.0) - math.log1p(math.exp(-abs(a))),
     lambda a: np.minimum(a, 0) - np.log1p(np.exp(-np.absolute(a)))),
    lambda a, y: sigmoid(-a),
    complex=lambda z: -np.log1p(np.exp(-z)),
)  # fmt: skip
softplus = Elementwise(
    "softplus", "log(1 + eᵃ), a smooth relu.",
    (lambda a: max(a, 0.0) + math.log1p(math.exp(-abs(a))),
     lambda a: np.maximum(a, 0) + np.log1p(np.exp(-np.absolute(a)))),
    lambda a, y: sigmoid(a),
    complex=lambda z: np.log1p(np.exp(z)),
)  # fmt: skip
relu = Elementwise(
    "relu", "The number where it is positive, else 0.",
    (lambda a: 0.0 if a <= 0.0 else a, lambda a: np.maximum(a, 0)),
    lambda a, y: choose(a > 0, 1.0, 0.0),
    domain=Domain((REAL,), singular=lambda a: a),
    complex=lambda z: np.where(z.real > 0, z, 0),
    symbol="ReLU",
)  # fmt: skip
leaky_relu = Elementwise(
    "leaky_relu", "The number a where it is positive, else b times it.",
    (lambda a, b: a if a > 0 else a * b, special.leaky_relu_of_arrays),
    lambda a, b, y: choose(a > 0, 1.0, b),
    lambda a, b, y: choose(a > 0, 0.0, a),
    defaults=(0.01,), domain=Domain((SQUARABLE, SQUARABLE), singular=lambda a, b: a),
    complex=lambda a, b: np.where(a.real > 0, a, a * b),
)  # fmt: skip
elu = Elementwise(
    "elu", "The number a where it is positive, else b (eᵃ - 1).",
    (lambda a, b: a if a > 0 else b * math.expm1(a), lambda a, b: np.where(a > 0, a, b * np.expm1(np.minimum(a, 0)))),
    lambda a, b, y: choose(a > 0, 1.0, b * exp(a)),
    lambda a, b, y: choose(a > 0, 0.0, expm1(a)),
    defaults=(1.0,), domain=Domain((EXPONENT, SQUARABLE), singular=lambda a, b: a),
    complex=lambda a, b: np.where(a.real > 0, a, b * np.expm1(a)),
)  # fmt: skip
erf = Elementwise(
    "erf", "The error function.", (math.erf, special.on_each(math.erf)),
    lambda a, y: special.TWO_BY_ROOT_PI * exp(-square(a)),
    domain=Domain(((-15.0, 15.0),)),
    complex=special.complex_erf,
)  # fmt: skip
erfc = Elementwise(
    "erfc", "1 less the error function, exact in the tail.", (math.erfc, special.on_each(math.erfc)),
    lambda a, y: -special.TWO_BY_ROOT_PI * exp(-square(a)),
    domain=Domain(((-15.0, 15.0),)),
    complex=special.complex_erfc,
)  # fmt: skip
gelu = Elementwise(
    "gelu", "The number times the chance that a normal variable is below it (the exact form).",
    lambda a: 0.5 * a * erfc(-ROOT_HALF * a),
    lambda a, y: 0.5 * erfc(-ROOT_HALF * a) + ROOT_HALF_BY_PI * a * exp(-0.5 * square(a)),
    domain=Domain(((-20.0, 20.0),)),
)  # fmt: skip
silu = Elementwise(
    "silu", "The number times its sigmoid, also called swish.",
    (lambda a: a * special.sigmoid(a), lambda a: a * sigmoid(a)),
    lambda a, y: sigmoid(a) * (1 + a * sigmoid(-a)),
)  # fmt: skip

# ---------------------------------------------------------------------- reductions: whole vectors at once

sum_ = Reduction(
    "sum", "The sum of all numbers of a sequence.",
    lambda a: builtins.sum(a, 0.0), np.sum,
    1.0,
    symbol="Σ", notation=Notation("sum({a:open})", r"\sum {a}", ATOM, layout("∑ {a}")),
)  # fmt: skip
dot = Reduction(
    "dot", "The sum of the products of two sequences: a neuron's weighted sum, as one node.",
    lambda a, b: builtins.sum(map(operator.mul, a, b), 0.0), np.dot,
    lambda a, b, y: b,
    lambda a, b, y: a,
    symbol="·", notation=Notation("dot({a:open}, {b:open})", r"{a} \cdot {b}", PRODUCT, layout("{a} · {b}")),
)  # fmt: skip

__all__ += [row for row, value in list(globals().items()) if isinstance(value, Op)]
