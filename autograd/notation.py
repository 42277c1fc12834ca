"""How formulas are printed: the notation of an operation, and the styles text, LaTeX and MathML."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from string import Formatter

__all__ = [
    "AND",
    "ATOM",
    "COMPARISON",
    "LATEX",
    "MATHML",
    "OR",
    "POWER",
    "PRODUCT",
    "SIGN",
    "SUM",
    "TEXT",
    "Notation",
    "Style",
    "format_number",
    "is_plain",
    "layout",
]

OR, AND, COMPARISON, SIGN, SUM, PRODUCT, POWER, ATOM = range(8)
"""How strongly a text holds together; a sign stands first without brackets: `-2 · x`, `x · (-2)`."""


@dataclass(frozen=True)
class Notation:
    """How an operation is printed, as plain text, as LaTeX and as MathML.

    In a template `{a}`, `{b}`, `{c}` are the operands, put in brackets where they need them;
    `{a:open}` stands where delimiters surround it already, `{a:tight}` where even an operand of equal
    strength takes brackets, `{a:factor}` where a sum or a sign does.  `binding` is that strength: see the
    constants above.  `mathml` is one element; by default it is the text's line of signs, see `layout`.
    """

    text: str
    latex: str
    binding: int
    mathml: str = ""

    @staticmethod
    def call(name: str, arity: int) -> Notation:
        """A function's name before its operands in brackets, whatever the name."""
        operands = [f"{{{letter}:open}}" for letter in "abc"[:arity]]
        arguments = ", ".join(operands)
        return Notation(
            f"{_literal(name)}({arguments})",
            rf"\operatorname{{{{{_literal(_latex_text(name))}}}}}\left({arguments}\right)",
            ATOM,
            _application(f"<mi>{_literal(_xml(name))}</mi>", _bracketed(_listed(operands))),
        )

    def fill(self, operands: Sequence[tuple[str, int]], style: Style | None = None) -> str:
        """The operation printed with its operands, each given as its formula and its binding; as text by default."""
        style = style or TEXT
        slots = {
            letter: _Slot(formula, binding, self.binding, letter == "a", style)
            for letter, (formula, binding) in zip("abc", operands, strict=False)
        }
        return style.template(self).format(**slots)


@dataclass(frozen=True)
class _Slot:
    formula: str
    binding: int
    around: int
    first: bool
    style: Style

    def __format__(self, spec: str) -> str:
        stronger = self.binding > self.around
        as_strong = self.first and spec != "tight" and self.binding in (SIGN, self.around)
        if spec == "factor":
            stronger, as_strong = self.binding >= PRODUCT, False
        if spec == "open" or stronger or as_strong:
            return self.formula
        return self.style.brackets(self.formula)


def _literal(text: str) -> str:
    """A text that stands for itself in a template."""
    return text.replace("{", "{{").replace("}", "}}")


# ---------------------------------------------------------------------- numbers and names


def format_number(x: float) -> str:
    """A number as people write it: whole ones without a point, others to six digits.

    >>> format_number(-4.0), format_number(0.1 + 0.2), format_number(1e-9)
    ('-4', '0.3', '1e-09')
    """
    if x == 0:
        return "0"  # also for -0.0
    return f"{x:.0f}" if abs(x) < 1e6 and x == round(x) else f"{x:.6g}"


def _parts(x: float) -> tuple[bool, str, int | None]:
    """A number as printed: whether it is negative, its digits, and its power of ten if it has one."""
    text = format_number(x)
    digits, _, exponent = text.removeprefix("-").partition("e")
    return text.startswith("-"), digits, int(exponent) if exponent else None


_PLAIN_NAME = re.compile(r"(\w+)((?:\[[^\[\]]*\])*)")
_PATH = re.compile(r"\w+(?:\[[^\[\]]*\]|\.[^\W\d]\w*)*")
_LETTER = re.compile(r"([^\W\d_])(\d*)((?:_[^\W_]+)*)")


def is_plain(name: str) -> bool:
    """Whether a name needs no brackets: `w`, `w[0]`, `model[0].weight`."""
    return _PATH.fullmatch(name) is not None


def _subscripts(name: str) -> tuple[str, list[str]]:
    """A name as a textbook reads it: `w_1`, `w1` and `w[1]` are w with the index 1; a word is not taken apart."""
    plain = _PLAIN_NAME.fullmatch(name)
    if plain is None:
        return name, []
    word, indices = plain[1], re.findall(r"\[(.*?)\]", plain[2], re.DOTALL)
    letter = _LETTER.fullmatch(word)
    if letter is None:
        return word, indices
    return letter[1], [letter[2]] * bool(letter[2]) + letter[3].split("_")[1:] + indices


def _visible(text: str) -> str:
    """The text with a sign for every character that does not print, or that no document may hold."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


# ---------------------------------------------------------------------- styles


class Style(ABC):
    """How the parts of a formula are written; each style says it in its own language."""

    @abstractmethod
    def template(self, notation: Notation) -> str:
        """The template of an operation."""

    @abstractmethod
    def brackets(self, formula: str) -> str:
        """The formula in round brackets."""

    @abstractmethod
    def row(self, entries: Sequence[str]) -> str:
        """Formulas in a row, in square brackets."""

    @abstractmethod
    def name(self, name: str) -> str:
        """A name, whatever characters it has."""

    @abstractmethod
    def number(self, x: float) -> tuple[str, int]:
        """A number, and how strongly it holds together."""

    def changing(self, key: str, x: float) -> tuple[str, int]:
        """A number that will change; a style for live pages marks it with the key."""
        return self.number(x)


class _Text(Style):
    def template(self, notation: Notation) -> str:
        return notation.text

    def brackets(self, formula: str) -> str:
        return f"({formula})"

    def row(self, entries: Sequence[str]) -> str:
        return f"[{', '.join(entries)}]"

    def name(self, name: str) -> str:
        return name

    def number(self, x: float) -> tuple[str, int]:
        text = format_number(x)
        return text, SIGN if text.startswith("-") else ATOM


class _Typeset(Style):
    """What LaTeX and MathML share: subscripts, and powers of ten."""

    def name(self, name: str) -> str:
        letter, indices = _subscripts(name)
        if not indices:
            return self.word(letter)
        return self.subscript(self.word(letter), [self.word(index) for index in indices])

    def number(self, x: float) -> tuple[str, int]:
        negative, digits, exponent = _parts(x)
        if exponent is None:
            formula, binding = self.digits(digits), ATOM
        elif digits == "1":
            formula, binding = self.power_of_ten(exponent), POWER
        else:
            formula, binding = self.scientific(self.digits(digits), self.power_of_ten(exponent)), PRODUCT
        return (self.negative(formula), SIGN) if negative else (formula, binding)

    @abstractmethod
    def word(self, word: str) -> str:
        """A letter, a word, a whole number or any other text."""

    @abstractmethod
    def subscript(self, base: str, indices: Sequence[str]) -> str:
        """A name with its indices."""

    @abstractmethod
    def digits(self, digits: str) -> str:
        """A number without sign and exponent, `inf` or `nan`."""

    @abstractmethod
    def power_of_ten(self, exponent: int) -> str:
        """10 to that power."""

    @abstractmethod
    def scientific(self, digits: str, power: str) -> str:
        """A number times a power of ten."""

    @abstractmethod
    def negative(self, number: str) -> str:
        """The number after a minus sign."""


_LATEX_SIGNS = str.maketrans(
    {c: f"\\{c}" for c in "{}$&#%_"}
    | {
        "\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
        "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
    }
)  # fmt: skip


def _latex_text(text: str) -> str:
    return _visible(text).translate(_LATEX_SIGNS)


class _Latex(_Typeset):
    def template(self, notation: Notation) -> str:
        return notation.latex

    def brackets(self, formula: str) -> str:
        return rf"\left({formula}\right)"

    def row(self, entries: Sequence[str]) -> str:
        return rf"\left[{', '.join(entries)}\right]"

    def word(self, word: str) -> str:
        if (len(word) == 1 and word.isalnum()) or re.fullmatch(r"-?\d+", word):
            return word
        return rf"\mathrm{{{_latex_text(word)}}}" if is_plain(word) else rf"\text{{{_latex_text(word)}}}"

    def subscript(self, base: str, indices: Sequence[str]) -> str:
        return f"{base}_{{{','.join(indices)}}}"

    def digits(self, digits: str) -> str:
        return {"inf": r"\infty", "nan": r"\mathrm{nan}"}.get(digits, digits)

    def power_of_ten(self, exponent: int) -> str:
        return f"10^{{{exponent}}}"

    def scientific(self, digits: str, power: str) -> str:
        return rf"{digits} \times {power}"

    def negative(self, number: str) -> str:
        return f"-{number}"


MINUS = "\N{MINUS SIGN}"


def _xml(text: str) -> str:
    return escape(_visible(text))


def _mrow(*elements: str) -> str:
    return f"<mrow>{''.join(elements)}</mrow>"


def _bracketed(inside: str) -> str:
    return _mrow("<mo>(</mo>", inside, "<mo>)</mo>")


def _listed(elements: Sequence[str]) -> str:
    return "<mo>,</mo>".join(elements)


def _application(function: str, arguments: str) -> str:
    return _mrow(function, "<mo>&#x2061;</mo>", arguments)  # the invisible sign of applying a function


def _mn(number: str) -> str:
    return f"<mn>{number.replace('-', MINUS)}</mn>"


class _MathML(_Typeset):
    """Every part is one element."""

    def template(self, notation: Notation) -> str:
        return notation.mathml or layout(notation.text)

    def brackets(self, formula: str) -> str:
        number = _CHANGING.fullmatch(formula)
        if number is None:
            return _bracketed(formula)
        key, text = number.groups()
        needs_brackets = text.startswith(MINUS) or "×" in text
        inside = f"<mo>(</mo><mn>{text}</mn><mo>)</mo>" if needs_brackets else f"<mn>{text}</mn>"
        return f'<mrow data-slot="{key}" data-brackets="">{inside}</mrow>'

    def row(self, entries: Sequence[str]) -> str:
        return _mrow("<mo>[</mo>", _listed(entries), "<mo>]</mo>")

    def word(self, word: str) -> str:
        if re.fullmatch(r"-?\d+", word):
            return _mn(word)
        return f"<mi>{_xml(word)}</mi>" if is_plain(word) else f"<mtext>{_xml(word)}</mtext>"

    def subscript(self, base: str, indices: Sequence[str]) -> str:
        index = indices[0] if len(indices) == 1 else _mrow(_listed(indices))
        return f"<msub>{base}{index}</msub>"

    def digits(self, digits: str) -> str:
        return {"inf": "<mi>∞</mi>", "nan": "<mi>nan</mi>"}.get(digits) or _mn(digits)

    def power_of_ten(self, exponent: int) -> str:
        return f"<msup><mn>10</mn>{_mn(str(exponent))}</msup>"

    def scientific(self, digits: str, power: str) -> str:
        return _mrow(digits, "<mo>×</mo>", power)

    def negative(self, number: str) -> str:
        return _mrow(f"<mo>{MINUS}</mo>", number)

    def changing(self, key: str, x: float) -> tuple[str, int]:
        negative, digits, exponent = _parts(x)
        power = "" if exponent is None else f"×10{str(exponent).translate(_RAISED)}"
        text = MINUS * negative + digits.replace("inf", "∞") + power  # one text, which a script can replace
        return f'<mn data-slot="{_xml(key)}">{text}</mn>', SIGN  # it may become negative


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_CHANGING = re.compile(r'<mn data-slot="([^"]*)">([^<]*)</mn>')

TEXT, LATEX, MATHML = _Text(), _Latex(), _MathML()

# ---------------------------------------------------------------------- a line of text as MathML

_SIGNS = re.compile(r"(?P<mn>\d+(?:\.\d+)?)|(?P<mi>[^\W\d]\w*)|(?P<mo>[()]|[^\w\s()]+)")


@cache
def layout(text: str) -> str:
    """The MathML of a template for text: names, numbers and signs in a row, brackets around what they enclose.

    >>> layout("{a} + {b}")
    '<mrow>{a}<mo>+</mo>{b}</mrow>'
    >>> layout("max({a:open}, 2)")
    '<mrow><mi>max</mi><mo>&#x2061;</mo><mrow><mo>(</mo>{a:open}<mo>,</mo><mn>2</mn><mo>)</mo></mrow></mrow>'
    """
    open_rows: list[list[str]] = [[]]
    for literal, letter, spec, _ in Formatter().parse(text):
        for sign in _SIGNS.finditer(literal):
            _place(sign, open_rows)
        if letter is not None:
            open_rows[-1].append(f"{{{letter}:{spec}}}" if spec else f"{{{letter}}}")
    elements = [element for row in open_rows for element in row]  # also those of brackets that never close
    return elements[0] if len(elements) == 1 else _mrow(*elements)


def _place(sign: re.Match[str], open_rows: list[list[str]]) -> None:
    """Append a sign to the innermost row that is open; a bracket opens one or closes it."""
    element = f"<{sign.lastgroup}>{_literal(_xml(sign[0].replace('-', MINUS)))}</{sign.lastgroup}>"
    if sign[0] == "(":
        open_rows.append([])
    open_rows[-1].append(element)
    if sign[0] == ")" and len(open_rows) > 1:
        inside = _mrow(*open_rows.pop())
        row = open_rows[-1]
        named = bool(row) and row[-1].startswith("<mi>")
        row.append(_application(row.pop(), inside) if named else inside)
