"""Hostile texts in the place of formulas: none is run, none exhausts anything, and none reaches Python's parser."""

import ast
import builtins
import unicodedata
from contextlib import suppress
from itertools import product

import pytest
from hypothesis import given, strategies as st

from autograd.parsing import FormulaError, parse, reading, tokens
from autograd.parsing.tokens import MAX_DIGITS, MAX_LENGTH, MAX_NAME, MAX_NESTING, MAX_TOKENS

from .typed_formulas import formulas, refusal

# ---------------------------------------------------------------------- any text


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


# ---------------------------------------------------------------------- bounds

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


# ---------------------------------------------------------------------- nothing is run

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
