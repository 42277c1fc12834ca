"""Floats as IEEE 754 has them: infinities and nan instead of exceptions, NumPy's answers, PyTorch's kinks."""

import json
import math
import struct
from itertools import product
from operator import eq, ge, gt, le, lt, ne
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

import autograd
from autograd import TABLE, Value
from autograd.op import Elementwise

from . import checks, strategies
from .oracles import derivatives, flat, shaped

INF, NAN = math.inf, math.nan
HUGE = 1.7976931348623157e308  # the largest float
ELEMENTWISE = [op for op in TABLE.values() if isinstance(op, Elementwise)]

KINKS = json.loads(Path(__file__).with_name("golden").joinpath("kinks_torch.json").read_text(encoding="utf-8"))


def each(rows):
    return pytest.mark.parametrize("op", rows, ids=lambda op: op.name)


def same(x, y):
    """Equal floats, nan equal to nan; zeros of either sign are equal."""
    return x == y or (x != x and y != y)


def reverse(op, point):
    """The value and the gradients by reverse mode."""
    leaves = [Value(x) for x in flat(point)]
    result = op(*shaped(point, leaves))
    if isinstance(result, Value):
        result.backward()
    return float(result), [x.grad for x in leaves]


# ---------------------------------------------------------------------- examples


@pytest.mark.parametrize(
    ("name", "point", "value", "gradients"),
    [
        ("log", (0.0,), -INF, [INF]),
        ("log", (-0.0,), -INF, [-INF]),
        ("log", (-1.0,), NAN, [-1.0]),
        ("log1p", (-1.0,), -INF, [INF]),
        ("div", (1.0, 0.0), INF, [INF, -INF]),
        ("div", (1.0, -0.0), -INF, [-INF, -INF]),
        ("div", (0.0, 0.0), NAN, [INF, NAN]),
        ("reciprocal", (0.0,), INF, [-INF]),
        ("pow", (-8.0, 1 / 3), NAN, [NAN, NAN]),
        ("pow", (-8.0, 3.0), -512.0, [192.0, NAN]),
        ("pow", (0.0, -1.0), INF, [-INF, -INF]),
        ("pow", (-0.0, -1.0), -INF, [-INF, INF]),
        ("pow", (0.0, 0.0), 1.0, [0.0, 0.0]),
        ("pow", (0.0, 2.0), 0.0, [0.0, 0.0]),
        ("pow", (0.0, 0.5), 0.0, [INF, 0.0]),
        ("pow", (1e300, 2.0), INF, [2e300, INF]),
        ("pow", (-1e300, 3.0), -INF, [INF, NAN]),
        ("exp", (1000.0,), INF, [INF]),
        ("exp", (-1000.0,), 0.0, [0.0]),
        ("expm1", (1000.0,), INF, [INF]),
        ("sinh", (-1000.0,), -INF, [INF]),
        ("cosh", (-1000.0,), INF, [-INF]),
        ("sqrt", (0.0,), 0.0, [INF]),
        ("sqrt", (-1.0,), NAN, [NAN]),
        ("cbrt", (-8.0,), -2.0, [1 / 12]),
        ("cbrt", (0.0,), 0.0, [INF]),
        ("asin", (1.0,), math.pi / 2, [INF]),
        ("asin", (2.0,), NAN, [NAN]),
        ("atanh", (1.0,), INF, [INF]),
        ("acosh", (0.5,), NAN, [NAN]),
        ("sin", (INF,), NAN, [NAN]),
        ("hypot", (1e200, 1e200), math.sqrt(2) * 1e200, [math.sqrt(0.5), math.sqrt(0.5)]),
        ("hypot", (INF, NAN), INF, [NAN, NAN]),
        ("mul", (1e200, 1e200), INF, [1e200, 1e200]),
        ("square", (1e200,), INF, [2e200]),
        ("sigmoid", (-1000.0,), 0.0, [0.0]),
        ("sigmoid", (1000.0,), 1.0, [0.0]),
        ("logsigmoid", (-1000.0,), -1000.0, [1.0]),
        ("softplus", (1000.0,), 1000.0, [1.0]),
        ("logaddexp", (1000.0, 1000.0), 1000.0 + math.log(2), [0.5, 0.5]),
        ("logaddexp", (-INF, -INF), -INF, [NAN, NAN]),
        ("floor", (INF,), INF, [0.0]),
        ("round", (2.5,), 2.0, [0.0]),
        ("sum", ((HUGE, HUGE),), INF, [1.0, 1.0]),
        ("dot", ((HUGE, INF), (10.0, 0.0)), NAN, [10.0, 0.0, HUGE, INF]),
    ],
)
def test_examples(name, point, value, gradients):
    found, slopes = reverse(TABLE[name], point)
    assert same(found, TABLE[name](*point))
    for answer, expected in zip([found, *slopes], [value, *gradients], strict=True):
        assert answer == pytest.approx(expected, rel=1e-15, abs=0.0, nan_ok=True)


def test_signs_of_zero():
    for name in ("neg", "sin", "tanh", "cbrt", "floor", "ceil", "round", "sqrt", "erf", "gelu"):
        assert math.copysign(1.0, TABLE[name](-0.0)) == (1.0 if name == "neg" else -1.0)
    assert math.copysign(1.0, autograd.round(-0.25)) == -1.0
    assert math.copysign(1.0, autograd.atan2(-0.0, 1.0)) == -1.0
    assert autograd.atan2(-0.0, -1.0) == -math.pi


# ---------------------------------------------------------------------- nothing is raised


def assert_nothing_is_raised(op, point, wrt, upstream=1.0):
    """Forward, backward and backward again give floats, whatever floats these are."""
    assert type(op(*point)) is float
    leaves, operands = checks.leaves_at(point, wrt)
    if not leaves:
        return
    result = op(*shaped(point, operands))
    result.backward(upstream)
    assert all(type(x.grad) is float for x in leaves.values())
    for x in leaves.values():
        x.zero_grad()
    for first in checks.gradients(result, leaves).values():
        assert all(type(second.data) is float for second in checks.gradients(first, leaves).values())


@each(TABLE.values())
@given(data=st.data())
def test_nothing_is_raised_at_any_floats(op, data):
    point, upstream = data.draw(strategies.any_points(op)), data.draw(strategies.any_float)
    wrt = data.draw(st.none() | st.sets(st.integers(0, 2 * strategies.LONGEST)))
    assert_nothing_is_raised(op, point, wrt, upstream)


@each(ELEMENTWISE)
def test_nothing_is_raised_at_the_nastiest_floats(op):
    """Each with each, and each of them also as a constant, which rules read as a plain float."""
    numbers = strategies.NASTY if op.arity < 3 else strategies.NASTY[:6]
    for point in product(numbers, repeat=op.arity):
        for wrt in [None, *([i] for i in range(op.arity))]:
            assert_nothing_is_raised(op, point, wrt)


# ---------------------------------------------------------------------- nan in, nan out

ANSWERS_ANYWAY = {
    "pow": (lambda a, b: b == 0 or a == 1, "x⁰ = 1 and 1ˣ = 1 for every x, even unknown ones"),
    "hypot": (
        lambda a, b: math.isinf(a) or math.isinf(b),
        "an infinite leg makes the hypotenuse infinite",
    ),
    "where": (lambda a, b, c: (b if a else c) == (b if a else c), "only the chosen operand counts; nan counts as true"),
    "leaky_relu": (lambda a, b: a > 0, "the slope is not used for positive numbers"),
    "elu": (lambda a, b: a > 0, "the scale is not used for positive numbers"),
}
"""The rows with a float answer to nan, where they have it, and why; C and NumPy agree."""


@each(TABLE.values())
@given(data=st.data())
def test_nan_in_nan_out(op, data):
    point = data.draw(strategies.any_points(op, strategies.quiet_float).filter(lambda point: flat(point)))
    numbers = list(flat(point))
    numbers[data.draw(st.integers(0, len(numbers) - 1))] = NAN
    point = shaped(point, numbers)
    answers, why = ANSWERS_ANYWAY.get(op.name, (lambda *_: False, ""))
    assert math.isnan(op(*point)) is not answers(*point), why
    assert math.isnan(reverse(op, point)[0]) is not answers(*point), why


def test_comparisons_with_nan():
    for x in (Value(NAN), Value(1.0)):
        for y in (NAN, Value(NAN)):
            assert not any(compare(x, y) for compare in (lt, le, gt, ge, eq))
            assert ne(x, y)


# ---------------------------------------------------------------------- NumPy's answers

OPEN_ZEROS = ("maximum", "minimum", "clip", "relu", "elu")
"""Rows where NumPy takes the larger or smaller of two zeros: it leaves open which one that is."""

VECTOR_CODE = ("tanh",)
"""Rows for which NumPy does not call the C library: its own code for vectors may be 4 ulp off.

So is most of what it computes with AVX-512; with AVX2 it is these rows only.
"""
AVX512 = any("AVX512" in x or x == "X86_V4" for x in np.show_config(mode="dicts")["SIMD Extensions"].get("found", []))


def steps_apart(x, y):
    """How many floats one has to step through from one to the other; the infinities are the last ones."""
    ranks = []
    for z in (x, y):
        (n,) = struct.unpack("<q", struct.pack("<d", z))
        ranks.append(n if n >= 0 else -(n & (2**63 - 1)))
    return abs(ranks[0] - ranks[1])


@each(ELEMENTWISE)
@given(data=st.data())
def test_floats_agree_with_numpy(op, data):
    points = data.draw(st.lists(strategies.any_points(op, strategies.quiet_float), min_size=1, max_size=9))
    arrays = [np.array(column) for column in zip(*points, strict=True)]
    for point, theirs in zip(points, op(*arrays).tolist(), strict=True):
        ours = op(*point)
        assert math.isnan(ours) == math.isnan(theirs)
        if math.isnan(ours):
            continue
        assert steps_apart(ours, theirs) <= (4 if AVX512 or op.name in VECTOR_CODE else 1)
        if ours == 0.0 == theirs and op.name not in OPEN_ZEROS:
            assert math.copysign(1.0, ours) == math.copysign(1.0, theirs)


@each([TABLE[name] for name in VECTOR_CODE])
@given(x=st.floats(allow_nan=False, allow_infinity=False) | st.floats(-1, 1))
def test_vector_code_is_as_far_off_as_it_says(op, x):
    """Where the two readings differ it is by NumPy's doing: the C library's error is at most 2 ulp."""
    exact = float(derivatives(op.name, (x,), 0)[()])
    assert steps_apart(op(x), exact) <= 2
    assert steps_apart(op(np.array([x]))[0], exact) <= 4


# ---------------------------------------------------------------------- PyTorch's kinks


def has_nan(*operands):
    return any(map(math.isnan, operands))


ON_PURPOSE = {
    "abs": (has_nan, [NAN], "the sign of nan is nan; PyTorch says 0"),
    "elu": (has_nan, [NAN, NAN], "so is its exponential; PyTorch says 1"),
    "relu": (has_nan, [0.0], "nan is not above 0, so it is not passed on; PyTorch says 1"),
    "maximum": (has_nan, [0.0, 0.0], "neither is the larger, nor are they equal; PyTorch says 1, and 1"),
    "minimum": (has_nan, [0.0, 0.0], "likewise"),
    "atan2": (lambda a, b: a == b == 0, [NAN, NAN], "0/0, like hypot's, which is nan in PyTorch too; it says 0 here"),
    "pow": (lambda a, b: math.isnan(a) and b == 0, [NAN, NAN], "b aᵇ⁻¹ is 0 · nan; PyTorch says 0"),
    "clip": (lambda a, b, c: a < b == c, [0.0, 1.0, 0.0], "the bound that holds a moves the result; PyTorch says 0"),
}
"""Where gradients are not PyTorch's, what they are instead, and why."""


@pytest.mark.parametrize(("name", "point", "theirs"), KINKS, ids=lambda x: x if isinstance(x, str) else None)
def test_kinks_are_pytorchs(name, point, theirs):
    _, ours = reverse(TABLE[name], point)
    near = [pytest.approx(y, rel=1e-15, abs=0.0, nan_ok=True) for y in theirs if y is not None]
    agree = near == [x for x, y in zip(ours, theirs, strict=True) if y is not None]
    differs, instead, why = ON_PURPOSE.get(name, (lambda *_: False, None, ""))
    if differs(*point):
        assert not agree, f"{name}{point}: PyTorch says the same now: no reason to list it"
        assert all(map(same, ours, instead)), why
    else:
        assert agree, f"{name}{point}: {ours}, in PyTorch {theirs}"


def test_every_row_with_a_kink_was_compared_with_pytorch():
    has_no_cube_root = {"cbrt"}
    assert {op.name for op in TABLE.values() if op.domain.singular} - has_no_cube_root <= {name for name, *_ in KINKS}


@pytest.mark.parametrize("name", ["maximum", "minimum", "clip"])
def test_choices_share_one_gradient_out(name):
    """Moving all operands together moves the result as far, also at ties: the derivatives add up to 1."""
    op = TABLE[name]
    for point in product((-1.0, 0.0, 1.0), repeat=op.arity):
        assert sum(reverse(op, point)[1]) == 1.0


@pytest.mark.parametrize(
    ("name", "point", "gradients"),
    [
        ("relu", (0.0,), [0.0]),
        ("abs", (0.0,), [0.0]),
        ("maximum", (3.0, 3.0), [0.5, 0.5]),
        ("minimum", (3.0, 3.0), [0.5, 0.5]),
        ("clip", (-1.0, -1.0, 1.0), [1.0, 0.0, 0.0]),
        ("clip", (1.0, -1.0, 1.0), [1.0, 0.0, 0.0]),
        ("leaky_relu", (0.0, 0.1), [0.1, 0.0]),
        ("elu", (0.0, 2.0), [2.0, 0.0]),
    ],
)
def test_the_written_policy(name, point, gradients):
    assert reverse(TABLE[name], point)[1] == gradients
