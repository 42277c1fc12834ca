"""The first two gates: a text cut into numbers, names and signs, which follow each other as in a formula."""

from __future__ import annotations

import keyword
import math
import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from .errors import Source

__all__ = ["NUMBER", "Line", "Scanner", "Token"]

MAX_LENGTH = 10_000
"""How many characters a text may have."""
MAX_TOKENS = 1_000
"""How many numbers, names and signs; so the tree is no deeper, and the graph has no more nodes."""
MAX_NESTING = 50
"""How many brackets may be open at once."""
MAX_NAME = 40
"""How many characters a name may have."""
MAX_DIGITS = 100
"""How many digits a number may have; a float holds 17."""

DIGITS = r"[0-9](?:_?[0-9])*"
NUMBER = rf"(?:{DIGITS}(?:\.(?:{DIGITS})?)?|\.{DIGITS})(?:[eE][+-]?{DIGITS})?"
"""A pattern for decimal numbers without a sign, as Python writes them."""

TOKEN = re.compile(
    rf"(?P<number>{NUMBER})|(?P<name>[^\W\d]\w*)|(?P<operator>\*\*|<=|>=|==|!=|[-+*<>]|/(?!/))"
    r"|(?P<equals>=)|(?P<opening>[(\[])|(?P<closing>[)\]])|(?P<comma>,)"
    r"|(?P<separator>[;\r\n])|(?P<space>[ \t]+)|(?P<other>//|.)",
    re.DOTALL,
)
OPERAND_BEGINS = {"number", "name", "opening"}
OPERAND_ENDS = {"number", "name", "closing"}
PARTNER = {"(": ")", "[": "]"}

LOOK_ALIKES = "ıΑΒΕΖΗΙΚΜΝΟΡΤΥΧο"
"""Letters that no reader can tell from those of plain ASCII."""

INSTEAD = {
    "^": "powers are written **",
    "//": "write floor(a / b)",
    "%": "write a - b * floor(a / b)",
    "@": "write dot([…], […])",
    "|": "write abs(x)",
    ".": "attributes are not read, and a number has one point",
    "{": "write round brackets",
    "}": "write round brackets",
    "'": "text within the formula is not read",
    '"': "text within the formula is not read",
    "#": "comments are not read",
    ":": "a name is given to a step by =",
    "!": "not equal is written !=",
    "×": "write *",
    "·": "write *",
    "⋅": "write *",
    "÷": "write /",
    "−": "write -",
    "≤": "write <=",
    "≥": "write >=",
    "≠": "write !=",
    "√": "write sqrt(x)",
}
"""What to write instead of a sign that formulas do not have."""

CHOICES = {"if", "else", "and", "or", "not"}  # words for what `where` does


class Token(NamedTuple):
    """A number, a name or a sign, and where it stands."""

    kind: str
    text: str
    position: int

    @property
    def end(self) -> int:
        return self.position + len(self.text)


class Line(NamedTuple):
    """The tokens of one formula, and of the name that `name = formula` gives it."""

    target: Token | None
    tokens: list[Token]


class Scanner(Source):
    """Cuts a text into the lines of a formula, or complains."""

    def lines(self) -> list[Line]:
        lines = list(map(self.line, self.statements()))
        if not lines:
            self.refuse("there is no formula: write one, such as w*x + b", len(self.text))
        return lines

    # ------------------------------------------------------------------ the first gate: what the text is made of

    def tokens(self) -> Iterator[Token]:
        """Numbers, names and signs, and at the end one more separator."""
        if len(self.text) > MAX_LENGTH:
            self.refuse(f"{len(self.text)} characters are too many: the limit is {MAX_LENGTH}", MAX_LENGTH)
        found = (Token(match.lastgroup or "", match[0], match.start()) for match in TOKEN.finditer(self.text))
        for count, token in enumerate(token for token in found if token.kind != "space"):
            if count == MAX_TOKENS:
                self.refuse(f"more than {MAX_TOKENS} numbers, names and signs are too many", token.position)
            if token.kind == "other":
                self.refuse(_complaint(token.text), token.position)
            if token.kind == "number":
                self.check_number(token)
            if token.kind == "name":
                self.check_name(token)
            yield token
        yield Token("separator", ";", len(self.text))

    def check_number(self, token: Token) -> None:
        if sum(map(str.isdigit, token.text)) > MAX_DIGITS:
            self.refuse(f"a number of more than {MAX_DIGITS} digits is too long: a float holds 17", token.position)
        if token.text[0] == "0" and token.text.replace("_", "").strip("0").isdigit():
            self.refuse(f"a whole number does not begin with 0: write {token.text.lstrip('0_')}", token.position)
        if math.isinf(float(token.text)):
            self.refuse(f"{token.text} is beyond the floats, which end at 1.8e308", token.position)

    def check_name(self, token: Token) -> None:
        if len(token.text) > MAX_NAME:
            self.refuse(f"a name of more than {MAX_NAME} characters is too long", token.position)
        for i, c in enumerate(token.text):
            if not _is_letter(c) and c not in "0123456789":
                self.refuse(_complaint(c), token.position + i)
        if keyword.iskeyword(token.text):
            hint = "choose by where(condition, a, b)" if token.text in CHOICES else "choose another name"
            self.refuse(f"{token.text!r} is a word of Python's, which formulas do not have: {hint}", token.position)

    # ------------------------------------------------------------------ the second gate: what follows what

    def statements(self) -> Iterator[list[Token]]:
        """The tokens between separators; all brackets among them are closed, and by their partners."""
        statement: list[Token] = []
        still_open: list[Token] = []
        for token in self.tokens():
            if token.kind == "separator":
                if token.text == ";" and still_open:
                    self.refuse(f"{still_open[-1].text!r} is not closed", still_open[-1].position)
                if statement and not still_open:
                    yield statement
                    statement = []
                continue
            if token.kind == "opening":
                still_open.append(token)
            if len(still_open) > MAX_NESTING:
                self.refuse(f"more than {MAX_NESTING} brackets inside each other are too many", token.position)
            if token.kind == "closing" and (not still_open or PARTNER[still_open.pop().text] != token.text):
                self.refuse(f"{token.text!r} closes no bracket that is open", token.position)
            statement.append(token)

    def line(self, tokens: list[Token]) -> Line:
        """The name and the formula of a statement, once its operands and operators are found to alternate."""
        target = None
        start = Token("start", "", tokens[0].position)
        if [token.kind for token in tokens[:2]] == ["name", "equals"]:
            target, start, *tokens = tokens
        takes_commas: list[bool] = []  # for each open bracket: whether operands or elements are in it
        for before, token in pairwise([start, *tokens, Token("end", "", tokens[-1].end if tokens else start.end)]):
            self.check_order(before, token, bool(takes_commas and takes_commas[-1]))
            if token.kind == "opening":
                takes_commas.append(token.text == "[" or before.kind == "name")
            if token.kind == "closing":
                takes_commas.pop()
        return Line(target, tokens)

    def check_order(self, before: Token, token: Token, takes_commas: bool) -> None:
        """Nothing that passes gives Python's parser a reason to complain."""
        if token.kind == "equals":
            self.refuse("= stands only after the name that begins a statement; equal is written ==", token.position)
        complete, begins = before.kind in OPERAND_ENDS, token.kind in OPERAND_BEGINS
        is_call = before.kind == "name" and token.text == "("
        if complete and begins and not is_call:
            hint = "a name such as x[0] is written x0" if token.text == "[" else "a product is written with *"
            self.refuse(f"an operator is missing between {before.text!r} and {token.text!r}: {hint}", token.position)
        is_empty = before.kind == "opening" and token.kind == "closing" and takes_commas
        if not complete and not begins and not is_empty and token.text not in ("+", "-"):
            place = f"before {token.text!r}" if token.text else f"after {before.text!r}"
            self.refuse(f"a number or a name is missing {place}", token.position)
        if token.kind == "comma" and not takes_commas:
            self.refuse("a comma separates operands and elements only; decimals have a point", token.position)


def _is_letter(c: str) -> bool:
    """Whether names may hold it: Latin and Greek letters that Python reads as they stand, and the underscore."""
    if c in LOOK_ALIKES or unicodedata.normalize("NFKC", c) != c:
        return False
    return c == "_" or (c.isalpha() and (c <= "ſ" or "Α" <= c <= "ώ"))


def _complaint(sign: str) -> str:
    """What is wrong with a sign that formulas do not have, and what to write instead."""
    plain = unicodedata.normalize("NFKC", sign)
    called = repr(sign)
    if not sign.isascii():
        called += f" (U+{ord(sign):04X}, {unicodedata.name(sign, 'without a name')})"
    if sign in INSTEAD:
        return f"{called} is no part of formulas: {INSTEAD[sign]}"
    if unicodedata.decomposition(sign).startswith("<super>"):
        return f"{called} is no part of formulas: write **{plain}"
    if plain != sign:
        return f"{called} only looks like {plain!r}: write that"
    if sign in LOOK_ALIKES or sign.isalpha():
        return f"{called} is no letter of formulas: they have Latin and Greek ones that cannot be mistaken"
    return f"{called} is no part of formulas"
