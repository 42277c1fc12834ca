"""Formulas from text: what they compute, and that nothing else gets in: refused at its place, and never run."""

import ast
import builtins
import inspect
import math
import pickle
import unicodedata
from contextlib import suppress
from itertools import product

import pytest
from hypothesis import example, given, strategies as st

import autograd
from autograd import TABLE, Value
from autograd.op import Reduction
from autograd.parsing import CONSTANTS, FormulaError, parse, reading, tokens
from autograd.parsing.tokens import MAX_DIGITS, MAX_LENGTH, MAX_NAME, MAX_NESTING, MAX_TOKENS

from .oracles import flat, shaped
from .strategies import any_float, sample

NAMES = ("a", "b", "θ_1")
ALIASES = {"max": autograd.maximum, "min": autograd.minimum, "ln": autograd.log}
FUNCTIONS = {**TABLE, **ALIASES}


def refusal(text, **values):
    """The error for a text, or for its values."""
    with pytest.raises(FormulaError) as caught:
        parse(text)(**values)
    return caught.value


# ---------------------------------------------------------------------- what is computed

numbers = st.one_of(
    st.integers(0, 12).map(str),
    st.floats(0, 1e6).map(repr),
    st.sampled_from(["1_000", ".5", "2.", "1e-3", "1.5E+2", "0.0", "00"]),
)
gaps = st.sampled_from(["", "", " ", "  ", "\t"])


@st.composite
def formulas(draw, depth=3):
    """A formula as text, with `{}` around each number; precedence is left to whoever reads it."""
    operands = draw(st.integers(1, 4 if depth else 1))
    text = draw(signs) + draw(terms(depth))
    for _ in range(operands - 1):
        sign = draw(st.sampled_from(["+", "-", "*", "/", "**"]))
        text += draw(gaps) + sign + draw(gaps) + draw(signs) + draw(terms(depth))
    return text


signs = st.sampled_from(["", "", "", "-", "+", "- -", "-+"])


@st.composite
def terms(draw, depth):
    kind = draw(st.integers(0, 5)) if depth else draw(st.integers(0, 1))
    inner = formulas(depth - 1)
    if kind == 0:
        return f"{{{draw(numbers)}}}"
    if kind in (1, 2):
        return draw(st.sampled_from([*NAMES, *NAMES, *CONSTANTS]))
    if kind == 3:
        return f"({draw(inner)})"
    name = draw(st.sampled_from([*FUNCTIONS]))
    op = FUNCTIONS[name]
    if isinstance(op, Reduction):
        length = draw(st.integers(1, 3))
        lists = [", ".join(draw(inner) for _ in range(length)) for _ in range(op.arity)]
        return f"{name}([{'], ['.join(lists)}])"
    given_operands = [draw(inner) for _ in range(op.arity)]
    if name == "where" and draw(st.booleans()):
        given_operands[0] += draw(st.sampled_from([" < ", "<=", ">", ">=", "==", "!="])) + draw(inner)
    return f"{name}({', '.join(given_operands)})"


@given(formulas(), st.tuples(*[any_float] * len(NAMES)))
@example("-a**-b**{2}", (1.5, 2.0, 0.0))
@example("(-pi)**pi", (0.0, 0.0, 0.0))
@example("a-b-θ_1/a/b*{2}", (1.5, 2.0, 3.0))
def test_a_formula_means_what_python_means(text, at):
    """The text is the test's own, so Python may run it: with a `Value` for each number, as all numbers are floats."""
    plain = text.replace("{", "").replace("}", "")
    leaves = dict(zip(NAMES, map(Value, at), strict=True))
    scope = {**FUNCTIONS, **{name: Value(x) for name, x in CONSTANTS.items()}, **leaves, "Value": Value}
    expected = eval(text.replace("{", "Value(").replace("}", ")"), scope)
    expected.backward()
    formula = parse(plain)
    root, nodes = formula.on(**{name: leaves[name].data for name in formula.names})
    root.backward()
    assert repr(root.data) == repr(expected.data)
    assert {name: repr(x.grad) for name, x in nodes.items()} == {
        name: repr(leaves[name].grad) for name in formula.names
    }
    assert repr(formula(**{name: leaves[name].data for name in formula.names})) == repr(expected.data)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_row_is_a_function(name):
    op = FUNCTIONS[name]
    (point,) = sample(op, 1)
    letters = shaped(point, "abcuvw")
    operands = [f"[{', '.join(x)}]" for x in letters] if isinstance(op, Reduction) else letters
    formula = parse(f"{name}({', '.join(operands)})")
    assert repr(formula(*flat(point))) == repr(op(*point))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("9**9**9**9", math.inf),
        ("1/0", math.inf),
        ("-1/0", -math.inf),
        ("(-8)**(1/3)", math.nan),
        ("-2**2", -4.0),
        ("2**-1", 0.5),
        ("pi", math.pi),
        ("π - pi", 0.0),
        ("ln(e)", 1.0),
        ("dot([], []) + sum([])", 0.0),
        ("where(1 < 2, 3, 4)", 3.0),
        ("(1 +\n 2\r)", 3.0),
        (" \t1 ;;\n ", 1.0),
    ],
)
def test_numbers_are_floats(text, value):
    found = parse(text)()
    assert type(found) is float
    assert repr(found) == repr(value)


@pytest.mark.parametrize("name", [name for name, op in FUNCTIONS.items() if getattr(op, "defaults", ())])
def test_last_operands_may_be_left_to_their_defaults(name):
    op = FUNCTIONS[name]
    root, _ = parse(f"{name}(a)").on(a=-1.5)
    assert root.data == op(Value(-1.5)).data == op(-1.5, *op.defaults)


# ---------------------------------------------------------------------- names, steps, and what a formula is


def test_steps_have_names():
    formula = parse("w = 0.5; z = w*x + b\nJ = (z - y)**2")
    assert formula.names == ("x", "b", "y")
    J, nodes = formula.on(x=-2, b=8, y=2)
    assert J is nodes["J"]
    assert list(nodes) == ["x", "b", "y", "w", "z", "J"]
    assert all(node.name == name for name, node in nodes.items())
    J.backward()
    assert [(node.data, node.grad) for node in nodes.values()] == [
        (-2.0, 5.0), (8.0, 10.0), (2.0, -10.0), (0.5, -20.0), (7.0, 10.0), (25.0, 1.0),
    ]  # fmt: skip
    assert formula(-2.0, 8.0, 2.0) == formula(-2.0, y=2.0, b=8.0) == 25.0


def test_names_stand_in_the_order_of_the_text():
    formula = parse("b*where(z > a, z, min(c, a))")
    assert formula.names == ("b", "z", "a", "c") == tuple(inspect.signature(formula).parameters)
    assert repr(formula) == "<Formula b*where(z > a, z, min(c, a)) of b, z, a, c>"
    assert repr(parse("1")) == "<Formula 1>"


def test_each_graph_has_leaves_of_its_own():
    formula = parse("x*x")
    (first, _), (second, _) = formula.on(x=3), formula.on(x=3)
    first.backward()
    assert first.parents[0].grad == 6.0
    assert second.parents[0].grad == 0.0


def test_the_root_may_be_a_leaf_or_a_number():
    root, nodes = parse("x").on(x=2)
    assert root is nodes["x"]
    root, nodes = parse("1 + 1").on()
    assert (root.data, root.name, nodes) == (2.0, None, {})


def test_constants_may_be_given():
    assert parse("2*e").names == ()
    assert parse("2*e")(e=3.0) == 6.0
    root, nodes = parse("x*e").on(x=2, e=3)
    root.backward()
    assert (nodes["e"].grad, nodes["x"].grad) == (2.0, 3.0)
    assert parse("e = 5; e*pi")(pi=2.0) == 10.0


def test_functions_and_names_are_apart():
    assert parse("exp = 2; exp(exp)*sin")(sin=1.0) == math.exp(2)


def test_formulas_run_on_nodes_and_tensors():
    formula = parse("where(x > 0, x**2, -x)*y")
    x = autograd.tensor([3.0, -3.0], requires_grad=True)
    formula(x, 2.0).sum().backward()
    assert x.grad.tolist() == [12.0, -2.0]
    assert autograd.grad(formula)(3.0, 2.0) == 12.0


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"w": 1, "x": 2, "b": 3, "ww": 4}, "ww is not among its names: it takes w, x, b: did you mean w?"),
        ({"w": 1, "x": 2, "b": 3, "z": 4}, "z is not among its names: it takes w, x, b"),
        ({"w": "1", "x": 2, "b": 3}, "w: must be a real number, got '1', a str: write float('1')"),
    ],
)
def test_wrong_values(values, complaint):
    with pytest.raises(TypeError) as caught:
        parse("z = w*x; z + b").on(**values)
    assert complaint in str(caught.value)


def test_wrong_arguments():
    formula = parse("w*x")
    with pytest.raises(TypeError, match="got 3 values for 2 names: it takes w, x"):
        formula(1.0, 2.0, 3.0)
    with pytest.raises(TypeError, match="w is given twice, as 1.0 and as w=2.0"):
        formula(1.0, w=2.0)
    with pytest.raises(TypeError, match="takes a formula as text.* got 7"):
        parse(7)


def test_missing_values_are_named_together():
    error = refusal("w*x + sin", w=1)
    assert str(error) == "no value for x, sin: give a number for each\nw*x + sin\n  ^"
    assert "or write sin(…) for the function" in str(refusal("2*sin"))


# ---------------------------------------------------------------------- what is refused, and where

REFUSED = {
    "": (0, "there is no formula"),
    " ;\n": (3, "there is no formula"),
    "2x": (1, "an operator is missing between '2' and 'x': a product is written with *"),
    "2 (x)": (2, "an operator is missing"),
    "a b": (2, "an operator is missing"),
    "(a)(b)": (3, "an operator is missing"),
    "relu(a)(b)": (7, "an operator is missing"),
    "1__0": (1, "an operator is missing"),
    "0x10": (1, "an operator is missing"),
    "2j": (1, "an operator is missing"),
    "x[0]": (1, "a name such as x[0] is written x0"),
    "1 +": (3, "missing after '+'"),
    "* 2": (0, "missing before '*'"),
    "a + ; b": (3, "missing after '+'"),
    "()": (1, "missing before ')'"),
    "relu(,)": (5, "missing before ','"),
    "relu(1,)": (7, "missing before ')'"),
    "sum(*a)": (4, "missing before '*'"),
    "relu(**a)": (5, "missing before '**'"),
    "x =": (3, "missing after '='"),
    "x = ;2": (3, "missing after '='"),
    "(a": (0, "'(' is not closed"),
    "(a; b)": (0, "'(' is not closed"),
    "[a)": (2, "')' closes no bracket"),
    "a)": (1, "')' closes no bracket"),
    "1,5": (1, "decimals have a point"),
    "(a, b)": (2, "a comma"),
    "relu((a, b))": (7, "a comma"),
    "a = b = 2": (6, "= stands only"),
    "= 2": (0, "= stands only"),
    "(a) = 2": (4, "= stands only"),
    "relu(a=1)": (6, "= stands only"),
    "a += 2": (3, "= stands only"),
    "a = 2; a = 3": (7, "a means something already"),
    "b*2; b": (0, "only the last formula may be without a name"),
    "z = a + 1; a = 2": (11, "a means something already"),
    "e*2 ; e": (0, "only the last formula"),
    "z = e*2; e = 1; z": (9, "e means something already"),
    "z = +(a)": (0, "z would be another name for a"),
    "z = pi": (0, "z would be another name for pi"),
    "1 < 2": (0, "a comparison stands only"),
    "where(a, b < c, 1)": (9, "a comparison stands only"),
    "where(+(a < b), 1, 2)": (8, "a comparison stands only"),
    "where(a < b < c, 1, 2)": (6, "compare two numbers at a time"),
    "[a]": (0, "a list stands only"),
    "1 + [a]": (4, "a list stands only"),
    "relu([a])": (5, "a list stands only"),
    "sum([[a]])": (5, "a list stands only"),
    "sum(a)": (0, "sum takes lists of one length, as in sum([a, b])"),
    "dot([a], [b, c])": (0, "dot takes lists of one length, as in dot([a, b], [c, d])"),
    "dot([a], b)": (0, "dot takes lists"),
    "1 + relu()": (4, "relu takes 1 operand, as in relu(a), got 0"),
    "clip(1, 2)": (0, "clip takes 3 operands, as in clip(a, b, c), got 2"),
    "elu(1, 2, 3)": (0, "elu takes 1 or 2 operands, as in elu(a, b), got 3"),
    "θ*φ + sinn(a)": (6, "there is no function sinn: did you mean sin?"),
    "x(3)": (0, "there is no function x: a product is written x*(…)"),
    "__import__(os)": (0, "there is no function __import__"),
    "eval(a)": (0, "there is no function eval"),
    "007": (0, "does not begin with 0: write 7"),
    "1e999": (0, "1e999 is beyond the floats"),
    "x^2": (1, "powers are written **"),
    "a // b": (2, "write floor(a / b)"),
    "a % b": (2, "write a - b * floor(a / b)"),
    "a @ b": (2, "write dot([…], […])"),
    "a & b": (2, "'&' is no part of formulas"),
    "a.b": (1, "attributes are not read"),
    "().__class__": (2, "attributes are not read"),
    "1.real": (2, "an operator is missing"),
    "1..real": (2, "attributes are not read"),
    "...": (0, "attributes are not read"),
    "__import__('os')": (11, "text within the formula is not read"),
    "f'{a}'": (1, "text within the formula is not read"),
    "a # b": (2, "comments are not read"),
    "a := 2": (2, "a name is given to a step by ="),
    "{a}": (0, "write round brackets"),
    "a\\\nb": (1, "no part of formulas"),
    "`a`": (0, "no part of formulas"),
    "lambda: 0": (0, "'lambda' is a word of Python's"),
    "a if b else c": (2, "choose by where(condition, a, b)"),
    "not a": (0, "choose by where(condition, a, b)"),
    "sum([a for b in c])": (7, "'for' is a word of Python's"),
    "import os": (0, "'import' is a word of Python's"),
    "None": (0, "'None' is a word of Python's"),
    "True + 1": (0, "'True' is a word of Python's"),
    "await a": (0, "'await' is a word of Python's"),
    "a\0": (1, r"'\x00' is no part of formulas"),
    "a\fb": (1, r"'\x0c' is no part of formulas"),
    "a\ud800": (1, r"'\ud800' (U+D800, without a name) is no part of formulas"),
    "a\u202eb": (1, "RIGHT-TO-LEFT OVERRIDE"),
    "a\u00a0b": (1, "only looks like ' '"),
    "α²": (1, "write **2"),
    "θ × 2": (2, "write *"),
    "2 − 1": (2, "write -"),
    "x₁": (1, "only looks like '1'"),
    "ｗ*x": (0, "(U+FF57, FULLWIDTH LATIN SMALL LETTER W) only looks like 'w'"),
    "ﬁ": (0, "only looks like 'fi'"),
    "𝐱 + 1": (0, "only looks like 'x'"),
    "x + а": (4, "CYRILLIC SMALL LETTER A) is no letter of formulas"),
    "x + ο": (4, "GREEK SMALL LETTER OMICRON) is no letter of formulas"),
    "µ": (0, "(U+00B5, MICRO SIGN) only looks like 'μ'"),
    "文": (0, "is no letter of formulas"),
    "x٣": (1, "ARABIC-INDIC DIGIT THREE) "),
}


@pytest.mark.parametrize("text", REFUSED, ids=repr)
def test_refused_at_its_place(text):
    error = refusal(text)
    position, complaint = REFUSED[text]
    assert complaint in error.complaint
    assert (error.position, error.text) == (position, text)
    assert "\n" not in error.complaint


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("θ*αβγ + é.x", "θ*αβγ + é.x\n         ^"),
        ("a = 1\nb = 2.x\nc", "b = 2.x\n      ^"),
        ("\ta\0", "\\ta\\x00\n   ^"),
        ("文", "文\n^"),
        ("1 + " * 40 + "a.b" + " + 1" * 40, None),
    ],
)
def test_a_caret_marks_the_place(text, shown):
    _, line, caret = str(refusal(text)).split("\n")
    if shown is None:
        assert line[0] == line[-1] == "…"
        assert line[caret.index("^") - 1 :][:3] == "a.b"
    else:
        assert f"{line}\n{caret}" == shown


def test_a_caret_counts_columns():
    """Wide characters take two, combining ones none."""
    assert str(FormulaError("", "文文%", 2)).splitlines()[2] == "    ^"
    assert str(FormulaError("", "e\u0301 %", 3)).splitlines()[2] == "  ^"


def test_errors_can_be_copied():
    error = refusal("2x")
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.position, copy.text) == (str(error), 1, "2x")


# ---------------------------------------------------------------------- hostile input


@given(st.text(st.characters(exclude_categories=())) | st.text("()[]=,;+-*/<.01ex_ \n'\\%@:") | formulas())
def test_any_text_is_a_formula_or_refused(text):
    """With a place inside it, and a message of three lines without anything that a terminal would obey."""
    try:
        formula = parse(text)
    except FormulaError as refused:
        error = refused
    else:
        float(formula(**dict.fromkeys(formula.names, 2.0)))
        return
    assert 0 <= error.position <= len(text)
    lines = str(error).split("\n")
    assert len(lines) == 3
    assert all(line.isprintable() for line in lines)


SOUP = ["1", "x", "+", "**", "(", ")", "[", "]", ",", "sum", "relu", "<", "=", "\n"]


def test_what_passes_the_gates_is_python():
    """Every sequence of up to four tokens: `ast.parse` meets nothing that it could complain of."""
    accepted = 0
    for length in range(1, 5):
        for chosen in product(SOUP, repeat=length):
            try:
                parse(" ".join(chosen))
            except FormulaError:
                continue
            accepted += 1
            ast.parse("".join(chosen).strip())
    assert accepted > 200


@given(st.lists(st.sampled_from([*SOUP, "where", "dot", "-", ">=", "2.5", "pi", ";"]), min_size=5, max_size=30))
def test_longer_sequences_are_formulas_or_refused(chosen):
    text, refused, names = " ".join(chosen), None, set()
    try:
        names = set(parse(text).names)
    except FormulaError as error:
        refused = error
    assert names <= set(chosen)
    assert refused is None or 0 <= refused.position <= len(text)


BOUNDS = {
    "length": (MAX_LENGTH, lambda n: "1" + " " * (n - 1)),
    "signs": (MAX_TOKENS, lambda n: "-" * (n - 1) + "1"),
    "round brackets": (MAX_NESTING, lambda n: "(" * n + "1" + ")" * n),
    "calls": (MAX_NESTING, lambda n: "exp(" * n + "x" + ")" * n),
    "digits": (MAX_DIGITS, lambda n: "1" * n),
    "decimals": (MAX_DIGITS, lambda n: "0." + "1" * (n - 1)),
    "exponent": (MAX_DIGITS, lambda n: "1e-" + "1" * (n - 1)),
    "name": (MAX_NAME, lambda n: "x" * n),
}


@pytest.mark.parametrize("bound", BOUNDS)
def test_bounds(bound):
    """What just keeps a bound is computed; one more is refused before Python's parser sees it."""
    limit, text = BOUNDS[bound]
    formula = parse(text(limit))
    assert formula(**dict.fromkeys(formula.names, 0.0)) is not None
    assert str(limit) in refusal(text(limit + 1)).complaint


@pytest.mark.parametrize("sign", ["+", "*", "**", "/"])
def test_long_chains_are_computed_without_recursion(sign):
    count = MAX_TOKENS // 2
    root, nodes = parse(sign.join(["x"] * count)).on(x=1)
    root.backward()
    slope = {"+": count, "*": count, "**": 1, "/": 2 - count}[sign]
    assert (root.data, nodes["x"].grad) == (count if sign == "+" else 1, slope)
    refusal(sign.join(["1"] * (count + 1)))


HOSTILE = {
    "100,000 brackets": "(" * 100_000,
    "100,000 closed brackets": "(" * 100_000 + ")" * 100_000,
    "brackets of all kinds": "([" * 2000,
    "a tower of powers": "9**" * 3000 + "9",
    "digits": "9" * 9000,
    "a long name": "a" * 9000,
    "a long sum": "1+" * 4999 + "1",
    "minus signs": "-" * 9999 + "1",
    "signs after an error": "1 1" + "-" * 9000,
    "lines": "\n" * 9000 + "%",
    "commas": "sum([" + "1," * 4000 + "1])",
    "strings": '"' * 9000,
    "calls of calls": "f" + "()" * 4000,
    "attributes": "a" + ".a" * 4000,
    "lambdas": "lambda:" * 1000,
    "statements": "a=1;" * 2000,
    "a huge power": f"10**{'9' * 200}",
}


@pytest.mark.parametrize("attack", HOSTILE)
def test_hostile_texts_do_not_reach_pythons_parser(attack, monkeypatch):
    """Nor do they make a long message."""
    monkeypatch.setattr(reading.ast, "parse", lambda *arguments, **options: pytest.fail("it was parsed"))
    assert len(str(refusal(HOSTILE[attack]))) < 500


def test_a_text_beyond_the_length_is_not_even_scanned(monkeypatch):
    monkeypatch.setattr(tokens, "TOKEN", None)
    assert refusal("x" * 10**7).position == MAX_LENGTH


def test_scanning_stops_at_the_first_error(monkeypatch):
    seen = []
    monkeypatch.setattr(tokens.Scanner, "check_name", lambda self, token: seen.append(token.text))
    refusal("a % b + c")
    assert seen == ["a"]


TRICKS = [
    "__import__('os').system('touch canary')", "(lambda: canary())()", "canary()", "[canary() for x in [1]]",
    "().__class__.__mro__[1].__subclasses__()", "f'{canary()}'", "open(canary)", "exec(canary)", "eval(canary)",
    "compile(canary)", "globals()", "x.__class__", "breakpoint()", "__builtins__", "canary + 1", "exp(canary)",
    "canary = 1; canary", "print(1)", "help()", "exit()",
]  # fmt: skip


@pytest.mark.parametrize("text", TRICKS)
def test_nothing_is_executed(text, monkeypatch):
    """No name of the text is looked up in Python, and the only compilation is into a tree."""
    called = []

    def watch(name):
        original = getattr(builtins, name)

        def watched(*arguments, **options):
            if name != "compile" or arguments[3] != ast.PyCF_ONLY_AST:
                called.append(name)
            return original(*arguments, **options)

        return watched

    with monkeypatch.context() as patch:
        patch.setattr(builtins, "canary", lambda *arguments: called.append("canary"), raising=False)
        for name in ("eval", "exec", "compile", "open", "print", "breakpoint", "globals", "__import__"):
            patch.setattr(builtins, name, watch(name))
        with suppress(FormulaError):
            formula = parse(text)
            formula(**dict.fromkeys(formula.names, 1.0))
            formula.on(**dict.fromkeys(formula.names, 1.0))
    assert called == []


@pytest.mark.parametrize(
    "text",
    [
        "a.b", "a[0]", "a[:]", "a()()", "(a)(b)[c]", "exp(a)(b)", "a and b", "not a", "~a", "a // b", "a % b", "a @ b",
        "a << b", "a & b", "a if b else c", "lambda: a", "(a, b)", "{a}", "{a: b}", "[x for x in a]", "(x for x in a)",
        "{x for x in a}", "'text'", "b'text'", "f'{a}'", "1j", "True", "None", "...", "(a := 1)", "exp(*a)",
        "exp(**a)", "[*a]", "a is b", "a in b", "a < b", "(yield)", "(await a)", "where(a in b, 1, 2)",
        "exp(a, b=1)", "-a.b",
        "where(a is b, 1, 2)", "sum([x for x in a])", "sum((a, b))", "sum(*[a])", "dot([a], [*b])", "exp(x.y)",
    ],
)  # fmt: skip
def test_the_last_gate_stands_alone(text):
    """What Python can parse, but formulas do not have, would be refused even if nothing had stopped it before."""
    reader = reading._Reader(text)
    with pytest.raises(FormulaError):
        list(reader.steps(ast.parse(text, mode="eval").body, text, 0))


@given(st.characters())
def test_letters_of_names_cannot_be_mistaken(c):
    """Python reads them as they stand, and they are Latin or Greek."""
    try:
        (name,) = parse(f"a{c}").names
    except (FormulaError, ValueError):
        return
    if name != "a":  # but for a space
        assert name == f"a{c}" == unicodedata.normalize("NFKC", name)
        assert name.isidentifier()
        assert c in "_0123456789" or unicodedata.name(c).startswith(("LATIN", "GREEK"))
