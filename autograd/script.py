"""Rows of the table as JavaScript, so that a page in a browser computes what the table says.

What JavaScript's `Math` has is called there; every other row is read by symbols, its value as well as its
derivatives.  Only what no symbol can read is written here in JavaScript, in `PRELUDE`.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count
from numbers import Real
from string import ascii_lowercase
from typing import Any

from . import ops
from .notation import AND, ATOM, COMPARISON, OR, SIGN, Notation
from .op import TABLE, NumberOp, Op
from .symbols import Call, Expr, Number, Row, Slot, Symbol

__all__ = ["NotScriptable", "script", "table_script"]


class NotScriptable(TypeError):  # noqa: N818 - what the operation is
    """An operation that JavaScript cannot be made of."""


MATH = {
    "abs", "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "ceil", "cos", "cosh", "exp", "expm1",
    "floor", "hypot", "log", "log1p", "max", "min", "sin", "sinh", "sqrt", "tan", "tanh",
}  # fmt: skip
"""The functions of JavaScript's `Math` that do, by that name or symbol, what a row does."""

_ERROR_FUNCTIONS = """\
// e^(-x²): x² is split, for its rounding would be multiplied by x².
const gaussian = (x) => {
  const head = Math.fround(x);
  return Math.exp(-head * head) * Math.exp((head - x) * (head + x));
};
// By its series of positive terms near 0, and by Laplace's continued fraction elsewhere.
const erf = (x) => {
  if (Math.abs(x) > 1) return x < 0 ? erfc(-x) - 1 : 1 - erfc(x);
  let term = x, total = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(total); n += 1) {
    term *= 2 * x * x / (2 * n + 1);
    total += term;
  }
  return 2 / Math.sqrt(Math.PI) * gaussian(x) * total;
};
const erfc = (x) => {
  if (Math.abs(x) < 0.5) return 1 - erf(x);
  if (Math.abs(x) > 28) return x < 0 ? 2 : 0;
  if (x < 0) return 2 - erfc(-x);
  let fraction = x;
  for (let k = Math.ceil(10 + 170 / (x * x)); k > 0; k -= 1) fraction = x + k / 2 / fraction;
  return gaussian(x) / (Math.sqrt(Math.PI) * fraction);
};
"""

PRELUDE = {
    # Math.pow(1, NaN) and Math.pow(±1, ±Infinity) are NaN; C and IEEE 754 say 1.
    "pow": """\
const pow = (a, b) => (a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : Math.pow(a, b));
""",
    # Math has no such function, and for symbols the table's own would have to ask which operand is larger.
    "logaddexp": """\
const logaddexp = (a, b) =>
  (a === b ? a + Math.LN2 : Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b))));
""",
    # Math.sign keeps the sign of zero; the table's 0 has none.
    "sign": """\
const sign = (a) => Math.sign(a) + 0;
""",
    # Math.round takes halves upwards.  From 2^52 on floats are whole numbers: adding it rounds, halves to even.
    "round": """\
const round = (a) => {
  const size = Math.abs(a), whole = size < 2 ** 52 ? size + 2 ** 52 - 2 ** 52 : size;
  return a < 0 || Object.is(a, -0) ? -whole : whole;
};
""",
    # JavaScript has no error function at all.
    "erf": _ERROR_FUNCTIONS,
    "erfc": _ERROR_FUNCTIONS,
    # Sums over arrays, from the first element on, as Python sums.
    "sum": """\
const sum = (a) => a.reduce((total, x) => total + x, 0);
""",
    "dot": """\
const dot = (a, b) => a.reduce((total, x, i) => total + x * b[i], 0);
""",
}
"""What symbols cannot read and `Math` has not, or has otherwise; each defines functions for rows of its name."""

CONDITIONAL = OR - 1  # binds less than anything else
WHERE = {
    True: Notation("{a} ? {b} : {c}", "", CONDITIONAL),
    False: Notation("{a:tight} != 0 ? {b} : {c}", "", CONDITIONAL),  # also nan is true, as in Python
}
"""How a choice is written, by whether its condition is a comparison."""

COMPARISONS: dict[Any, Notation] = {
    operator.lt: Notation("{a:tight} < {b}", "", COMPARISON),
    operator.le: Notation("{a:tight} <= {b}", "", COMPARISON),
    operator.gt: Notation("{a:tight} > {b}", "", COMPARISON),
    operator.ge: Notation("{a:tight} >= {b}", "", COMPARISON),
    operator.eq: Notation("{a:tight} == {b}", "", COMPARISON),  # also between a comparison and 1
    operator.ne: Notation("{a:tight} != {b}", "", COMPARISON),
    operator.and_: Notation("{a} && {b}", "", AND),
    operator.or_: Notation("{a} || {b}", "", OR),
}

_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9]{0,2}")  # too short for most words of JavaScript
_RESERVED = {"do", "for", "if", "in", "let", "NaN", "new", "try", "var"}


def script(formula: Expr, parameters: Mapping[Symbol, str] | None = None) -> str:
    """A formula as one JavaScript expression, whose value is the formula's.

    Args:
        formula: of rows of the table on symbols.  Where symbols have simplified it, as `0 * x` to 0, it is
            the simple one that is written.
        parameters: what each symbol is called in JavaScript; by default a, b, c, … in the order in which
            the symbols appear.  The symbols' own names never get into the script.

    Returns:
        An expression that needs nothing but JavaScript; rows that `Math` has not are defined inside.

    Raises:
        TypeError: it is no formula.
        NotScriptable: an operation in it cannot be written in JavaScript.
        ValueError: a symbol has no parameter, or one that is no short identifier.

    >>> w, x = Symbol("w"), Symbol("x")
    >>> script((w * x).tanh() + 0.5)
    'Math.tanh(a * b) + 0.5'
    >>> print(script(w.square(), {w: "w"}))
    (() => {
    const square = (a) => a * a;
    return square(w);
    })()
    """
    if not isinstance(formula, Expr):
        raise TypeError(f"script: takes a formula of rows on symbols, got {formula!r}, a {type(formula).__name__}")
    library = _Library()
    return library.closed(library.written(formula, _parameters(formula, parameters))[0])


def table_script(rows: Iterable[Op]) -> str:
    """The operations as one JavaScript expression: an object that holds them by their names.

    Each has its `symbol`, its `forward`, a function of its operands, and its `partials`, one function of the
    operands and the result per operand.  A reduction's operands are arrays; its partials give an array,
    or one number for all elements.

    Args:
        rows: operations on numbers, of the table or made by `autograd.op` of plain arithmetic.

    Raises:
        TypeError: one of them is no operation.
        NotScriptable: an operation works on whole arrays, or does with its operands what symbols cannot.
        ValueError: two operations have one name.

    >>> print(table_script([ops.mul, ops.tanh]))
    (() => {
    const square = (a) => a * a;
    return {
      "mul": {"symbol": "*", "forward": (a, b) => a * b, "partials": [(a, b, y) => b, (a, b, y) => a]},
      "tanh": {"symbol": "tanh", "forward": Math.tanh, "partials": [(a, y) => 1 - square(y)]},
    };
    })()
    """
    library = _Library()
    entries: dict[str, tuple[Op, str]] = {}
    for op in rows:
        if not isinstance(op, Op):
            raise TypeError(f"table_script: takes operations, as autograd.mul, got {op!r}, a {type(op).__name__}")
        if op.name not in entries:
            entries[op.name] = op, f"  {_key(op.name)}: {library.entry(op)},\n"
        elif entries[op.name][0] is not op:
            raise ValueError(f"table_script: two ops are called {op.name!r}: give one of them another name")
    return library.closed(f"{{\n{''.join(line for _, line in entries.values())}}}")


class _Library:
    """The functions that a script defines, each when it is first called."""

    def __init__(self) -> None:
        self.names: dict[NumberOp, str] = {}
        self.definitions: dict[str, None] = {}  # in order, each once
        self.under_way: list[NumberOp] = []
        self.fresh = (f"own{i}" for i in count(1))

    def closed(self, expression: str) -> str:
        """The expression with the definitions that it needs."""
        if not self.definitions:
            return expression
        return f"(() => {{\n{''.join(self.definitions)}return {expression};\n}})()"

    def entry(self, op: Op) -> str:
        """One operation, as it stands in the table."""
        if not isinstance(op, NumberOp):
            raise NotScriptable(f"{op.name}: works on whole arrays, a script on single numbers: compute it in Python")
        partials = []
        for i, partial in enumerate(op.partials):
            local = _read(op, f"its derivative number {i + 1}", partial, (*_operands(op), RESULT))
            partials.append(self.arrow((*_operands(op), RESULT), local))
        return f'{{"symbol": {_string(op.symbol)}, "forward": {self.forward(op)}, "partials": [{", ".join(partials)}]}}'

    def forward(self, op: NumberOp) -> str:
        """A function that computes a row."""
        operands = _operands(op)
        if op in OPERATORS or op is ops.where:
            return self.arrow(operands, Call(op.notation, operands, op))
        return self.function(op)

    def arrow(self, operands: Sequence[Symbol], formula: Expr) -> str:
        names = {symbol: symbol.name for symbol in operands}
        text, binding = self.written(formula, names)
        return f"({', '.join(names.values())}) => {f'({text})' if binding == CONDITIONAL else text}"

    def written(self, formula: Expr, names: Mapping[Symbol, str]) -> tuple[str, int]:
        """A formula in JavaScript, and how strongly it holds together."""
        match formula:
            case Symbol():
                return names[formula], ATOM
            case Number() | Slot():
                return _literal(formula.value)
            case Row():
                return f"[{', '.join(self.written(x, names)[0] for x in formula.entries)}]", ATOM
            case Call():
                notation = self.notation(formula)
                operands = formula.operands
                return notation.fill([self.written(x, names) for x in operands]), notation.binding
        raise NotScriptable(f"script: cannot write a {type(formula).__name__}: call rows on symbols")

    def notation(self, call: Call) -> Notation:
        """How JavaScript writes this call."""
        op = call.operation
        if op is ops.where:
            return WHERE[_is_condition(call.operands[0])]
        found = OPERATORS.get(op) or COMPARISONS.get(op)
        if found is not None:
            return found
        if not isinstance(op, NumberOp):
            raise NotScriptable(f"script: {call} is only to be looked at: make it by calling rows on symbols")
        return Notation(Notation.call(self.function(op), op.arity).text, "", ATOM)

    def function(self, op: NumberOp) -> str:
        """The name of the function that computes a row; it is defined if need be."""
        of_the_table = TABLE.get(op.name) is op
        if of_the_table and op.name not in PRELUDE:
            for name in (op.name, op.symbol):
                if name in MATH:
                    return f"Math.{name}"
        if op in self.under_way:
            raise NotScriptable(f"{op.name}: its function calls itself: write it in other rows")
        if op not in self.names:
            name = op.name if of_the_table else next(self.fresh)
            self.under_way.append(op)
            self.definitions[self.definition(op, name, of_the_table)] = None
            self.under_way.pop()
            self.names[op] = name
        return self.names[op]

    def definition(self, op: NumberOp, name: str, of_the_table: bool) -> str:
        if of_the_table and op.name in PRELUDE:
            return PRELUDE[op.name]
        return f"const {name} = {self.arrow(_operands(op), _formula(op))};\n"


def _is_condition(formula: Expr) -> bool:
    return isinstance(formula, Call) and formula.operation in COMPARISONS


OPERATORS: dict[Any, Notation] = {
    row: Notation(row.notation.text.replace("·", row.symbol), "", row.notation.binding)
    for row in TABLE.values()
    if row.symbol in ("+", "-", "*", "/")
}
"""The rows that are operators in JavaScript too: it binds them as people do."""

OPERANDS = tuple(map(Symbol, "abc"))
RESULT = Symbol("y")


def _operands(op: NumberOp) -> tuple[Symbol, ...]:
    return OPERANDS[: op.arity]


def _formula(op: NumberOp) -> Expr:
    """What a row computes, in terms of others: the way for arrays, or else the one for floats, read by symbols."""
    formula = _read(op, "its function", op.array, _operands(op))
    if isinstance(formula, Call) and formula.operation is op:  # a function of NumPy is no more than its row
        formula = _read(op, "its function", op.scalar, _operands(op))
    return ops.where(formula, 1.0, 0.0) if _is_condition(formula) else formula


def _read(op: NumberOp, what: str, function: Callable[..., Any], symbols: Sequence[Symbol]) -> Expr:
    try:
        formula = function(*symbols)
    except Exception as error:  # whatever a function of the user's may raise
        raise NotScriptable(
            f"{op.name}: {what} does not take symbols ({error}): write it in operators and rows of the table"
        ) from error
    if isinstance(formula, Real):
        return Number(float(formula))
    if not isinstance(formula, Expr):
        raise NotScriptable(f"{op.name}: {what} gives {formula!r} for symbols: write it in operators and rows")
    return formula


def _parameters(formula: Expr, given: Mapping[Symbol, str] | None) -> dict[Symbol, str]:
    """An identifier for every symbol of the formula."""
    found: dict[Symbol, None] = {}

    def note(symbol: Symbol) -> Symbol:
        found[symbol] = None
        return symbol

    formula.substitute(note)
    if given is None:
        generated = (letter + (str(i) if i else "") for i in count() for letter in ascii_lowercase)
        return dict(zip(found, generated, strict=False))
    for symbol in found:
        if symbol not in given:
            raise ValueError(f"script: {symbol} has no parameter: name every symbol of the formula, or none")
    for name in given.values():
        if not _IDENTIFIER.fullmatch(name) or name in _RESERVED or name in TABLE:
            raise ValueError(f"script: {name!r} is no parameter: give one letter, then at most two letters or digits")
    if len({given[symbol] for symbol in found}) < len(found):
        raise ValueError("script: two symbols have the same parameter: give each its own")
    return dict(given)


def _literal(x: float) -> tuple[str, int]:
    """A float that JavaScript reads as the same float."""
    text = repr(float(x)).removesuffix(".0").replace("inf", "Infinity").replace("nan", "NaN")
    return text, SIGN if text.startswith("-") else ATOM


def _string(text: str) -> str:
    """A string that neither ends itself nor the page's script element."""
    return json.dumps(text).replace("<", r"\u003c")


def _key(name: str) -> str:
    return f"[{_string(name)}]" if name == "__proto__" else _string(name)  # which would set the object's prototype
