"""The table in JavaScript: what a page computes is what the library computes, and the script holds nothing else."""

import json
import math
import re
import shutil
import subprocess
from itertools import product

import numpy as np
import pytest
from hypothesis import given, strategies as st

import autograd
from autograd import TABLE, ops
from autograd.array_op import ARRAY_TABLE
from autograd.op import Reduction, ieee
from autograd.script import MATH, PRELUDE, NotScriptable, _formula, script, table_script
from autograd.symbols import Call, Expr, Number, Row, Slot, Symbol

from . import strategies
from .formulas import is_close, nested, spelled
from .oracles import flat

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="no node here: nothing runs JavaScript")
each_row = pytest.mark.parametrize("op", TABLE.values(), ids=TABLE)

x, y = Symbol("x"), Symbol("y")

# ---------------------------------------------------------------------- running JavaScript

CODE = """
const special = { "nan": NaN, "inf": Infinity, "-inf": -Infinity };
const read = (x) => Array.isArray(x) ? x.map(read) : x in special ? special[x] : x;
const written = (x) =>
  Array.isArray(x) ? x.map(written) : Number.isFinite(x) && !Object.is(x, -0) ? x : Object.is(x, -0) ? "-0" : `${x}`;
return JSON.stringify(calls.map(([f, operands]) => written(functions[f](...read(operands)))));
"""
START = """
const { program, calls } = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(new Function("calls", program)(JSON.parse(calls)));
"""  # through the pipe, for a command line may be too short


def run(functions, calls, before=""):
    """What each call gives of a function, by its place in the list, and of its operands: all in one run of node."""
    program = f"{before} const functions = [{', '.join(functions)}];{CODE}"
    calls = json.dumps([(f, as_json(operands)) for f, operands in calls])
    source = json.dumps({"program": program, "calls": calls})
    done = subprocess.run([NODE, "-e", START], input=source, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    return [from_json(result) for result in json.loads(done.stdout)]


def as_json(x):
    """JSON knows neither infinities nor nan, and JavaScript writes -0 as 0: they travel as strings."""
    if isinstance(x, (list, tuple)):
        return list(map(as_json, x))
    return x if isinstance(x, str) or math.isfinite(x) else str(x)


def from_json(x):
    return list(map(from_json, x)) if isinstance(x, list) else float(x)


# ---------------------------------------------------------------------- every row at many points

NASTY = (0.0, -0.0, 0.5, 1.0, -1.0, 2.5, -3.0, 1e-300, 5e-324, 1e200, -1e200, 750.0, math.inf, -math.inf, math.nan)
SIZES = [sign * 1.3**k for sign in (1.0, -1.0) for k in range(-60, 25)]
VECTORS = [(), (math.inf, -math.inf), (1e308, 1e308), (1e16, 1.0), (-0.0, -0.0), (math.nan, 1.0), (1e16, 1.0, -1e16)]


def points(op):
    """Inside the domain, in steps over all sizes, and every special float with every other."""
    inside = strategies.sample(op, 200)
    if isinstance(op, Reduction):
        return inside + [point for point in product(VECTORS, repeat=op.arity) if len(set(map(len, point))) == 1]
    special = product(NASTY if op.arity < 3 else NASTY[::2], repeat=op.arity)
    return inside + list(special) + ([(x,) for x in SIZES] if op.arity == 1 else [])


ULPS = 4
"""Python's functions and JavaScript's are each within an ulp or two of the truth; some rows round more than once."""
ULPS_OF = {"erfc": 8, "gelu": 8}
"""The prelude's error function is within 6 ulps: its continued fraction rounds at each step."""
CANCEL = {"logaddexp", "gelu", "silu"}
"""Sums whose terms, of a size about 1, may cancel: what is left has their error."""
ZEROS_ALIKE = {"maximum", "minimum", "clip"}
"""Which of two zeros is the larger one, IEEE 754 leaves open."""


def differs(name, found, expected):
    """Whether the numbers are further apart than allowed; nan, infinities and zeros must be the same."""
    if math.isfinite(expected) and math.isfinite(found) and found != expected:
        scale = max(abs(expected), 1.0 if name in CANCEL else 0.0)
        return abs(found - expected) > ULPS_OF.get(name, ULPS) * math.ulp(scale)
    unsigned = 0.0 if name in ZEROS_ALIKE else -0.0  # -0 + 0 is 0
    return repr(found + unsigned) != repr(expected + unsigned)


def in_python(op, point):
    """The value, and the partials as the engine reads them: what is one number stands for all elements."""
    result = op(*point)
    try:
        return result, [partial(*point, result) for partial in op.partials]
    except ArithmeticError:  # of plain numbers alone
        return result, [ieee(partial, (*point, result)) for partial in op.partials]


@pytest.fixture(scope="module")
def answers():
    """By row: each point with what JavaScript gives there, the value and the partials at Python's value."""
    calls, places = [], []
    for name, op in TABLE.items():
        for point in points(op):
            calls += [(0, [name, point]), *((1 + k, [name, (*point, op(*point))]) for k in range(op.arity))]
            places.append((op, point))
    rows = f"const rows = {table_script(TABLE.values())};"
    partials = [f"(name, operands) => rows[name].partials[{k}](...operands)" for k in range(3)]
    results = iter(run(["(name, operands) => rows[name].forward(...operands)", *partials], calls, rows))
    found = {op: [] for op in TABLE.values()}
    for op, point in places:
        found[op].append((point, next(results), [next(results) for _ in range(op.arity)]))
    return found


@needs_node
@each_row
def test_rows(op, answers):
    wrong = []
    for point, value, partials in answers[op]:
        expected, locals_ = in_python(op, point)
        pairs = [(value, expected)]
        for found, local in zip(partials, locals_, strict=True):
            pairs += zip(flat([found]), flat([local]), strict=True)
        wrong += [(point, found, expected) for found, expected in pairs if differs(op.name, found, expected)]
    assert not wrong


# ---------------------------------------------------------------------- formulas


def javascript_of(trees):
    """Functions of x and y, one for each tree."""
    functions = []
    for tree in trees:
        symbols = {}
        formula = spelled(tree).substitute(lambda symbol: symbols.setdefault(symbol.name, symbol))  # noqa: B023
        functions.append(f"(x, y) => {script(formula, {symbol: name for name, symbol in symbols.items()})}")
    return functions


@needs_node
def test_brackets_of_every_row_in_every_row():
    every = list(nested())
    calls = [(i, (x, y)) for i in range(len(every)) for x in (0.75, -2.0) for y in (-1.5, 2.0)]
    found = run(javascript_of(every), calls)
    wrong = {
        str(spelled(every[i]))
        for (i, (x, y)), number in zip(calls, found, strict=True)
        if not is_close(number, every[i], {"x": x, "y": y})
    }
    assert not wrong


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (x + y * 2.0, "a + b * 2"),
        (y - (x - y), "a - (b - a)"),
        (-(x * y), "-a * b"),
        (x / (y * x), "a / (b * a)"),
        (x * -0.5, "a * (-0.5)"),
        (x.exp() * abs(y), "Math.exp(a) * Math.abs(b)"),
        (autograd.maximum(x, y + 1), "Math.max(a, b + 1)"),
        (autograd.where((x > 0) & (y != 1), x, 0.0), "a > 0 && b != 1 ? a : 0"),
        (autograd.where(x, y, 1.0), "a != 0 ? b : 1"),
        (autograd.where((x == 1) | (x < y), autograd.where(x <= 0, 1.0, y), 2.0),
         "a == 1 || a < b ? (a <= 0 ? 1 : b) : 2"),
        (Slot("k", -2.0) * x, "-2 * a"),
        (Row([x, Number(math.nan), Number(-math.inf)]), "[a, NaN, -Infinity]"),
        (x, "a"),
    ],
)  # fmt: skip
def test_examples(formula, expected):
    assert script(formula) == expected


def test_what_math_has_not_is_defined_inside():
    assert script(x.silu()) == (
        "(() => {\n"
        "const sigmoid = (a) => Math.exp(Math.min(a, 0)) / (1 + Math.exp(-Math.abs(a)));\n"
        "const silu = (a) => a * sigmoid(a);\n"
        "return silu(a);\n"
        "})()"
    )
    total = Call(autograd.sum.notation, [Row([x, y])], autograd.sum)
    assert script(total).endswith("return sum([a, b]);\n})()")


def test_parameters():
    symbols = [Symbol(name) for name in ("w[0]", "<script>", "x", "x", "alert(1)")]
    total = sum(symbols[1:], symbols[0])
    assert script(total) == "a + b + c + d + e"
    assert script(x - y, {y: "v2", x: "w"}) == "w - v2"
    assert script(x * 2, {y: "a", x: "a"}) == "a * 2"
    many = [Symbol("x") for _ in range(30)]
    assert script(sum(many[1:], many[0])).endswith("y + z + a1 + b1 + c1 + d1")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({x: "a"}, "y has no parameter"),
        ({x: "a", y: "a"}, "two symbols have the same parameter"),
        *(({x: "a", y: bad}, f"{re.escape(repr(bad))} is no parameter") for bad in
          ["", "a b", "a;b", "1a", "if", "NaN", "pow", "elu", "Math", "alert(1)", "é", "a\n"]),
    ],
)  # fmt: skip
def test_bad_parameters(parameters, message):
    with pytest.raises(ValueError, match=message):
        script(x + y, parameters)


@needs_node
def test_numbers_are_exact():
    numbers = [0.0, -0.0, 0.1, -2.0, 1e22, 1e-7, 5e-324, 1.7976931348623157e308, 2.0**53, math.inf, -math.inf, math.nan]
    found = run([f"() => {script(Number(number))}" for number in numbers], [(i, ()) for i in range(len(numbers))])
    assert list(map(repr, found)) == list(map(repr, numbers))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_read_back(number):
    text = script(Number(number))
    assert repr(float(text)) == repr(number) and re.fullmatch(r"-?\d+(\.\d+)?(e[+-]\d+)?", text)


# ---------------------------------------------------------------------- nothing twice, nothing else


@pytest.mark.parametrize("name", PRELUDE)
def test_the_prelude_holds_only_what_symbols_cannot_read(name):
    with pytest.raises(NotScriptable, match=f"{name}: its function does not take symbols"):
        _formula(TABLE[name])


def test_each_function_of_math_is_a_rows():
    rows = {op.name: op for op in TABLE.values()} | {op.symbol: op for op in TABLE.values() if op.symbol in MATH}
    for name in MATH:
        op = rows[name]
        assert op.name not in PRELUDE
        letters = "abc"[: op.arity]
        assert script(op(*map(Symbol, letters))) == f"Math.{name}({', '.join(letters)})"


TOKEN = re.compile(
    r"""(?P<comment>//.*)|(?P<string>"[^"\\]*(?:\\.[^"\\]*)*")|(?P<number>\d+(?:\.\d+)?(?:e[+-]\d+)?)"""
    r"""|(?P<word>[A-Za-z_]\w*(?:\.[A-Za-z]\w*)*)|(?P<sign>=>|[=!]=|&&|\|\||[<>*+-]=|\*\*|===|[-+*/<>?:;,=(){}\[\]])|\s+"""
)
WORDS = {
    "const", "let", "return", "if", "for", "Infinity", "Object.is", "a.reduce", "a", "b", "c", "y", "x", "i", "k", "n",
    "total", "term", "head", "fraction", "size", "whole", "gaussian",
    "Math.LN2", "Math.PI", "Math.fround", "Math.pow", "Math.sign",
}  # fmt: skip


def words(text):
    """All words of a script; anything that is no token of the few allowed ones raises."""
    end, found = 0, set()
    for token in TOKEN.finditer(text):
        assert token.start() == end, f"no token: {text[end : end + 40]!r}"
        end = token.end()
        found |= {token["word"]} - {None}
    assert end == len(text), f"no token: {text[end : end + 40]!r}"
    return found


@each_row
def test_only_known_words(op):
    assert words(table_script([op])) <= WORDS | set(TABLE) | {f"Math.{name}" for name in MATH}


def test_the_instrument_for_words():
    assert words('a === "\\"x" // y') == {"a"}
    for wrong in ("a.b`x`", "a @ b", "'a'", "a\\b"):
        with pytest.raises(AssertionError, match="no token"):
            words(wrong)


@each_row
def test_a_row_alone_defines_what_it_needs(op):
    """Every function that is called is defined, or one of JavaScript's."""
    text = re.sub(r"//.*|\"[^\"]*\"", "", table_script([op]))
    called = set(re.findall(r"(?<![\w.])([a-z]\w*)\(", text)) - {"if", "for"}
    assert called <= set(re.findall(r"const (\w+) = ", text))


def test_the_script_is_the_same_each_time():
    assert table_script(TABLE.values()) == table_script(list(TABLE.values()))
    assert table_script([]) == "{\n}"


# ---------------------------------------------------------------------- operations of the user's


def own(function, *partials, name="own"):
    return autograd.op(*partials or (lambda a, y: 2 * a,), name=name)(function)


@needs_node
def test_plain_arithmetic_is_read():
    first = own(lambda a: a * a + 1, lambda a, y: 2 * a, name="first")
    switch = lambda a: np.where(np.greater(a, 0), np.tanh(a), a / (1 + np.abs(a)))
    second = own(switch, lambda a, y: 1 - y * y, name="second")
    operations = [
        first,
        second,
        own(lambda a: first(a) * second(a), lambda a, y: y - first(a), name="both"),
        own(lambda a, b: autograd.sigmoid(a) ** b, lambda a, b, y: b * y, lambda a, b, y: y * a, name="power"),
        own(lambda a: a > 1, 0.0, name="step"),
        own(lambda a: 2, 0.0, name="constant"),
    ]
    calls, expected = [], []
    for op, x in product(operations, (-1.5, 0.25, 3.0)):
        point = (x,) * op.arity
        result = op(*point)
        calls += [(0, (op.name, *point)), (1, (op.name, *point, result))]
        expected += [result, op.partials[0](*point, result)]
    functions = ["(name, ...operands) => rows[name].forward(...operands)"]
    functions.append("(name, ...operands) => rows[name].partials[0](...operands)")
    found = run(functions, calls, f"const rows = {table_script(operations)};")
    assert found == pytest.approx(expected, rel=1e-15)


@needs_node
@pytest.mark.parametrize(
    "name", ["</script><script>alert(1)//", "\"'`${x}\\", "__proto__", "constructor", "a\u2028b\ud800"]
)
def test_names_are_keys_and_nothing_else(name):
    op = own(lambda a: a * 2, 2.0, name=name)
    text = table_script([op])
    assert "<" not in text and text.isascii()
    key = json.dumps(name)
    assert run(["(a) => Object.getOwnPropertyNames(rows).length + rows[key].forward(a)"], [(0, (3.0,))],
               f"const key = {key}, rows = {text};") == [7.0]  # fmt: skip


def test_a_user_may_call_an_op_like_a_row():
    exp = own(lambda a: autograd.exp(a) + 1, lambda a, y: y - 1, name="exp")
    assert '"exp": {"symbol": "exp", "forward": own1' in table_script([exp])
    assert "const own1 = (a) => Math.exp(a) + 1;" in table_script([exp])
    with pytest.raises(ValueError, match="two ops are called 'exp': give one of them another name"):
        table_script([exp, autograd.exp])
    assert table_script([exp, exp]) == table_script([exp])


def recursive(a):
    return RECURSIVE(a) + 1


RECURSIVE = own(recursive, name="recursive")


@pytest.mark.parametrize(
    ("op", "message"),
    [
        (own(lambda a: math.sin(a), name="slow"), "slow: its function does not take symbols .*real number"),
        (
            own(lambda a: a if a > 0 else 0.0, name="asks"),
            "asks: its function does not take symbols .*neither true nor",
        ),
        (own(lambda a: 1 / 0, name="breaks"), "breaks: its function does not take symbols .*division by zero"),
        (own(lambda a: np.array([a]), name="array"), "array: its function gives array"),
        (own(lambda a: a * 2, lambda a, y: math.exp(a), name="late"), "late: its derivative number 1 does not take"),
        (own(lambda a: RECURSIVE(a), name="outer"), "recursive: its function calls itself"),
        (autograd.op(vjp=lambda g, y, a: g, name="whole")(lambda a: a), "whole: works on whole arrays"),
        (ARRAY_TABLE["matmul"], "matmul: works on whole arrays, a script on single numbers"),
    ],
    ids=lambda x: getattr(x, "name", ""),
)
def test_what_cannot_be_read_is_named(op, message):
    with pytest.raises(NotScriptable, match=message):
        table_script([autograd.exp, op])


class Unknown(Expr):
    pass


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: script(Call(ops.mul.notation, [x, y])), NotScriptable, "x · y is only to be looked at: make it by"),
        (lambda: script(Unknown()), NotScriptable, "cannot write an? Unknown: call rows on symbols"),
        (lambda: script(2.0), TypeError, "script: takes a formula of rows on symbols, got 2.0, a float"),
        (lambda: table_script(["mul"]), TypeError, "table_script: takes operations, as autograd.mul, got 'mul', a str"),
    ],
)
def test_only_formulas_and_operations_are_scriptable(make, error, message):
    with pytest.raises(error, match=message):
        make()
