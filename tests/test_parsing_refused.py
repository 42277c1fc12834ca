"""Texts that are no formulas: each is refused at its place, and the error points at it."""

import pickle

import pytest

from autograd.parsing import FormulaError

from .typed_formulas import refusal

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


# ---------------------------------------------------------------------- what the error shows


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
