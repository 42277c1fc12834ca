"""Formulas: what they look like, and that their brackets mean what was computed.

A printed formula is read back by Python's own parser, after its signs are replaced by Python's, and
evaluated: whoever reads it by the usual rules must get the number that the operations give.
"""

import ast
import math
import operator
import re
from itertools import product
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import assume, example, given, strategies as st

import autograd
from autograd import TABLE
from autograd.notation import LATEX, MATHML, layout
from autograd.op import ATOM, OR, POWER, PRODUCT, SIGN, SUM, Elementwise, Notation
from autograd.symbols import Call, Number, Row, Slot, Symbol, format_number, product as side_by_side

ELEMENTWISE = [op for op in TABLE.values() if isinstance(op, Elementwise)]
COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]

x, y = Symbol("x"), Symbol("y")

# ---------------------------------------------------------------------- reading formulas back

SIGNS = {"·": "*", "^": "**", "²": "**2", "≤": "<=", "≥": ">=", "≠": "!=", " = ": " == "}
IN_LATEX = {
    r"\begin{cases}": "cases(", r"\end{cases}": ")", r"\text{otherwise}": "1", " & ": ", ", r"\\": ", ",
    r"\left|": "abs(", r"\right|": ")", r"\left": "", r"\right": "", r"\sqrt[3]": "cbrt", r"\sigma": "σ", r"\arc": "a",
    r"\cdot": "*", r"\times": "*", r"\wedge": "and", r"\vee": "or", r"\le": "<=", r"\ge": ">=", r"\ne": "!=",
    r"\_": "_", "^": "**", " = ": " == ",
}  # fmt: skip
FUNCTIONS = {
    **TABLE, "σ": autograd.sigmoid, "max": autograd.maximum, "min": autograd.minimum,
    "frac": lambda a: lambda b: autograd.div(a, b),
    "cases": lambda b, a, c, otherwise: autograd.where(float(a), b, c),
}  # fmt: skip
OPERATIONS = {
    ast.Add: autograd.add, ast.Sub: autograd.sub, ast.Mult: autograd.mul, ast.Div: autograd.div, ast.Pow: autograd.pow,
    ast.USub: autograd.neg, ast.And: all, ast.Or: any,
    **dict(zip((ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq), COMPARISONS, strict=True)),
}  # fmt: skip


def replaced(text, signs):
    for sign, meaning in signs.items():
        text = text.replace(sign, meaning)
    return text


def from_text(text):
    """Python's way to write a formula; a bar opens where an operand may begin."""
    parts = []
    for part in re.split(r"(\|)", replaced(text, SIGNS)):
        begins = not parts or parts[-1][-1] in " (-*"
        parts += [("abs(" if begins else ")") if part == "|" else part] if part else []
    return "".join(parts)


def from_latex(text):
    text = re.sub(r"\\operatorname{([\w\\]+)}", r"\1", text)
    return re.sub(r"\\(?=[a-z])", "", replaced(text, IN_LATEX)).translate(str.maketrans("{}", "()"))


IN_MATHML = {"·": "*", "×": "*", "−": "-", "∧": " and ", "∨": " or ", "≤": "<=", "≥": ">=", "≠": "!=", "=": "==",
    "\N{FUNCTION APPLICATION}": "", "{": ""}  # fmt: skip
RAISED = str.maketrans("−⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "--0123456789")
NAMES = {"arcsin": "asin", "arccos": "acos", "arctan": "atan"}


def parsed(mathml):
    """The formula's one element; what is no XML raises."""
    return ElementTree.fromstring(mathml)


def from_mathml(element):
    """Python's way to write an element; a row adds no brackets of its own, for none are seen."""
    inside = list(map(from_mathml, element))
    match element.tag:
        case "mi":
            return NAMES.get(element.text, element.text)
        case "mn":
            return element.text.translate(RAISED).replace("×10", "e")
        case "mo":
            return IN_MATHML.get(element.text, element.text)
        case "mrow" if element[0].text == element[-1].text == "|":
            return f"abs({''.join(inside[1:-1])})"
        case "mrow":
            return "".join(inside)
        case "mfrac":
            return "({})/({})".format(*inside)
        case "msup":
            return "{}**({})".format(*inside)
        case "msqrt":
            return f"sqrt({''.join(inside)})"
        case "mroot":
            return f"cbrt({inside[0]})"
        case "mtable":
            return f"cases({','.join(inside)})"
        case "mtr":
            return ",".join(inside)
        case "mtd":
            return "".join(inside)
        case "mtext" if element.text == "otherwise":
            return "1"
    raise AssertionError(f"no formula has {element.tag} {element.text!r} in it")


def evaluated(python, **numbers):
    """The number that an expression stands for, by the operations of the table."""

    def read(node):
        match node:
            case ast.Constant():
                return float(node.value)
            case ast.Name():
                return numbers[node.id]
            case ast.BinOp():
                return OPERATIONS[type(node.op)](read(node.left), read(node.right))
            case ast.UnaryOp():
                return OPERATIONS[type(node.op)](read(node.operand))
            case ast.BoolOp():
                return OPERATIONS[type(node.op)](map(read, node.values))
            case ast.Compare(ops=[sign], comparators=[right]):
                return OPERATIONS[type(sign)](read(node.left), read(right))
            case ast.IfExp():
                return read(node.body) if read(node.test) else read(node.orelse)
            case ast.List():
                return list(map(read, node.elts))
            case ast.Call():
                function = FUNCTIONS[node.func.id] if isinstance(node.func, ast.Name) else read(node.func)
                return function(*map(read, node.args))
        raise AssertionError(f"no formula has {ast.unparse(node)} in it")

    return read(ast.parse(python, mode="eval").body)


def test_formulas_are_read_back():
    """The instrument itself, on formulas written by hand."""
    assert evaluated(from_text("-x² · |1 - |y|| / (2 if x ≤ 1 and y = 3 else σ(0))"), x=1.0, y=3.0) == -1.0
    latex = r"{\left(-x\right)}^{2} \cdot \frac{\left|y\right|}{\operatorname{log1p}\left(e\right)}"
    assert evaluated(from_latex(latex), x=3.0, y=-2.0, e=math.e - 1) == pytest.approx(18.0)
    latex = r"\begin{cases}\sigma\left(0\right) & x \le 1 \wedge y = 3\\2 & \text{otherwise}\end{cases}"
    assert evaluated(from_latex(latex), x=1.0, y=3.0) == 0.5
    mathml = (
        "<mrow><mfrac><mrow><mo>−</mo><msup><mi>x</mi><mn>2</mn></msup></mrow><mrow><mo>|</mo><mi>y</mi><mo>|</mo>"
        "</mrow></mfrac><mo>·</mo><mrow><mi>arctan</mi><mo>&#x2061;</mo><mrow><mo>(</mo><mn>0</mn><mo>)</mo></mrow>"
        "</mrow></mrow>"
    )
    assert from_mathml(parsed(mathml)) == "(-x**(2))/(abs(y))*atan(0)"
    assert evaluated("(-x**(2))/(abs(y))*atan(1)", x=3.0, y=-2.0) == pytest.approx(-4.5 * math.pi / 4)


# ---------------------------------------------------------------------- brackets

LEAVES = ["x", "y", -3.0, -0.5, 0.0, 1.0, 2.0, 1e-9, -2.5e7]


@st.composite
def trees(draw, operations=tuple(ELEMENTWISE), depth=3):
    """A name, a number, or a tuple of an operation and smaller trees."""
    if not depth or not draw(st.integers(0, 3)):
        return draw(st.sampled_from(LEAVES))
    op = draw(st.sampled_from(operations))
    operands = [draw(trees(operations, depth - 1)) for _ in range(op.arity)]
    if op is autograd.where and draw(st.booleans()):
        operands[0] = draw(conditions(operations, depth - 1))
    return (op, *operands)


@st.composite
def conditions(draw, operations, depth):
    if depth and draw(st.booleans()):
        join = draw(st.sampled_from([operator.and_, operator.or_]))
        return join, draw(conditions(operations, depth - 1)), draw(conditions(operations, depth - 1))
    return draw(st.sampled_from(COMPARISONS)), draw(trees(operations, depth)), draw(trees(operations, depth))


def spelled(tree):
    """The formula of a tree, sign for sign: nothing is simplified."""
    if isinstance(tree, str):
        return Symbol(tree)
    if isinstance(tree, float):
        return Number(tree)
    operation, *operands = tree
    shown = map(spelled, operands)
    if operation in TABLE.values():
        return Call(operation.notation, shown, operation)
    first, second = shown
    if isinstance(first, Number) and isinstance(second, Number):
        second = Symbol(*second.show(), second)  # two plain numbers would be compared at once
    return operation(first, second)


def computed(tree, numbers):
    if isinstance(tree, str):
        return numbers[tree]
    if isinstance(tree, float):
        return tree
    operation, *operands = tree
    return operation(*(computed(operand, numbers) for operand in operands))


def nested():
    """Every row with every row as each of its operands, and every condition in every other."""
    for outer, inner in product(ELEMENTWISE, repeat=2):
        for place in range(outer.arity):
            operands = ["x", "y", 2.0][: outer.arity]
            operands[place] = (inner, *["y", "x", -2.0][: inner.arity])
            yield (outer, *operands)
    for outer, inner in product([operator.and_, operator.or_], repeat=2):
        for place in range(2):
            operands = [(operator.lt, (autograd.neg, "x"), "y"), (operator.ge, 0.0, "x")]
            operands[place] = (inner, operands[place], (operator.le, (autograd.add, "x", "y"), 1.0))
            yield autograd.where, (outer, *operands), 1.0, 2.0


def text_agrees(tree, numbers):
    """To the last bit: the same operations in the same order."""
    return repr(evaluated(from_text(str(spelled(tree))), **numbers)) == repr(computed(tree, numbers))


def latex_agrees(tree, numbers):
    """Up to rounding: e^x is the power of a rounded number."""
    return is_close(evaluated(from_latex(spelled(tree).latex()), e=math.e, **numbers), tree, numbers)


def mathml_agrees(tree, numbers):
    return is_close(evaluated(from_mathml(parsed(spelled(tree).mathml())), e=math.e, **numbers), tree, numbers)


def is_close(found, tree, numbers):
    return found == pytest.approx(computed(tree, numbers), rel=1e-6, abs=1e-6, nan_ok=True)


@pytest.mark.parametrize("agrees", [text_agrees, latex_agrees, mathml_agrees])
def test_brackets_of_every_row_in_every_row(agrees):
    points = [{"x": x, "y": y} for x in (0.75, -2.0) for y in (-1.5, 2.0)]
    wrong = {str(spelled(tree)) for tree in nested() for numbers in points if not agrees(tree, numbers)}
    assert not wrong


numbers = st.fixed_dictionaries({"x": st.floats(-3, 3), "y": st.floats(-3, 3)})


@given(trees(), numbers)
def test_brackets_of_deeper_formulas(tree, numbers):
    assert text_agrees(tree, numbers)
    assert latex_agrees(tree, numbers)
    assert mathml_agrees(tree, numbers)


@pytest.mark.parametrize(
    ("formula", "text", "latex"),
    [
        (-(x + y), "-(x + y)", r"-\left(x + y\right)"),
        (-(x * y), "-x · y", r"-x \cdot y"),
        (-(x**2), "-x^2", "-{x}^{2}"),
        ((-x) ** 2, "(-x)^2", r"{\left(-x\right)}^{2}"),
        (x ** (-y), "x^(-y)", "{x}^{-y}"),
        (x - (y - x), "x - (y - x)", r"x - \left(y - x\right)"),
        (x - y - x, "x - y - x", "x - y - x"),
        (x * (-2.0), "x · (-2)", r"x \cdot \left(-2\right)"),
        (-2.0 * x, "-2 · x", r"-2 \cdot x"),
        (x / (y * x), "x / (y · x)", r"\frac{x}{y \cdot x}"),
        (x / y * x, "x / y · x", r"\frac{x}{y} \cdot x"),
        ((x + y) ** (x / y), "(x + y)^(x / y)", r"{\left(x + y\right)}^{\frac{x}{y}}"),
        ((x**y) ** 3, "(x^y)^3", r"{\left({x}^{y}\right)}^{3}"),
        (x.exp() * x.sqrt(), "exp(x) · sqrt(x)", r"e^{x} \cdot \sqrt{x}"),
        (abs(x - y).square(), "|x - y|²", r"{\left|x - y\right|}^{2}"),
        (x.reciprocal() + (x * y).sigmoid(), "1 / x + σ(x · y)", r"\frac{1}{x} + \sigma\left(x \cdot y\right)"),
        (autograd.where(x, 1.0, y), "(1 if x else y)", r"\begin{cases}1 & x\\y & \text{otherwise}\end{cases}"),
        (x.leaky_relu(), "leaky_relu(x, 0.01)", r"\operatorname{leaky\_relu}\left(x, 0.01\right)"),
        (autograd.maximum(x + 1, y), "max(x + 1, y)", r"\max\left(x + 1, y\right)"),
        (side_by_side(Number(1.0), x + y), "1 · (x + y)", r"1 \cdot \left(x + y\right)"),
        (Symbol("a + b", SUM) * x, "(a + b) · x", r"\left(\text{a + b}\right) \cdot x"),
        (
            Symbol("a · b", PRODUCT) * x - Symbol("-c", SIGN),
            "a · b · x - (-c)",
            r"\text{a · b} \cdot x - \left(\text{-c}\right)",
        ),
        (x * 1e-9, "x · 1e-09", r"x \cdot 10^{-9}"),
        (x * 1.5e7, "x · 1.5e+07", r"x \cdot \left(1.5 \times 10^{7}\right)"),
        (x - (-1.5e-7), "x - (-1.5e-07)", r"x - \left(-1.5 \times 10^{-7}\right)"),
        (Number(1e-9) ** x, "1e-09^x", r"{\left(10^{-9}\right)}^{x}"),
    ],
)
def test_examples(formula, text, latex):
    assert (str(formula), formula.latex()) == (text, latex)


@pytest.mark.parametrize("op", ELEMENTWISE, ids=lambda op: op.name)
def test_every_row_prints_its_operands(op):
    """Each of them, once, in the row's own order in the text."""
    letters = "abc"[: op.arity]
    call = Call(op.notation, map(Symbol, letters))
    shown, in_latex = (re.findall(r"(?<![a-z])[abc](?![a-z])", text) for text in (str(call), call.latex()))
    in_mathml = [name.text for name in parsed(call.mathml()).iter("mi") if name.text in letters]
    assert shown == in_mathml == list("bac" if op.name == "where" else letters)
    assert sorted(in_latex) == list(letters)
    assert repr(call) == f"<Call {op.formula()}>"


# ---------------------------------------------------------------------- layout


FUNCTION = "<mo>&#x2061;</mo>"


@pytest.mark.parametrize(
    ("formula", "mathml"),
    [
        (x + y, "<mrow><mi>x</mi><mo>+</mo><mi>y</mi></mrow>"),
        (-x, "<mrow><mo>−</mo><mi>x</mi></mrow>"),
        (x / y, "<mfrac><mi>x</mi><mi>y</mi></mfrac>"),
        (x**y, "<msup><mi>x</mi><mi>y</mi></msup>"),
        (x.square(), "<msup><mi>x</mi><mn>2</mn></msup>"),
        (x.sqrt(), "<msqrt><mi>x</mi></msqrt>"),
        (x.cbrt(), "<mroot><mi>x</mi><mn>3</mn></mroot>"),
        (x.exp(), "<msup><mi>e</mi><mi>x</mi></msup>"),
        (abs(x), "<mrow><mo>|</mo><mi>x</mi><mo>|</mo></mrow>"),
        (x < y, "<mrow><mi>x</mi><mo>&lt;</mo><mi>y</mi></mrow>"),
        (x.sigmoid(), f"<mrow><mi>σ</mi>{FUNCTION}<mrow><mo>(</mo><mi>x</mi><mo>)</mo></mrow></mrow>"),
        (
            autograd.maximum(x, -1.5),
            f"<mrow><mi>max</mi>{FUNCTION}{{}}</mrow>".format(
                "<mrow><mo>(</mo><mi>x</mi><mo>,</mo><mrow><mo>−</mo><mn>1.5</mn></mrow><mo>)</mo></mrow>"
            ),
        ),
        (
            autograd.where(x > 0, y, 2.0),
            '<mrow><mo>{{</mo><mtable columnalign="left"><mtr>{}</mtr><mtr>{}</mtr></mtable></mrow>'.format(
                "<mtd><mi>y</mi></mtd><mtd><mrow><mi>x</mi><mo>&gt;</mo><mn>0</mn></mrow></mtd>",
                "<mtd><mn>2</mn></mtd><mtd><mtext>otherwise</mtext></mtd>",
            ),
        ),
        (
            Call(autograd.sum.notation, [Row([x, y])]),
            "<mrow><mo>∑</mo><mrow><mo>[</mo><mi>x</mi><mo>,</mo><mi>y</mi><mo>]</mo></mrow></mrow>",
        ),
        (
            Call(autograd.dot.notation, [Row([x]), y]),
            "<mrow><mrow><mo>[</mo><mi>x</mi><mo>]</mo></mrow><mo>·</mo><mi>y</mi></mrow>",
        ),
    ],
)
def test_examples_of_mathml(formula, mathml):
    assert formula.mathml() == mathml


@pytest.mark.parametrize(
    ("text", "mathml"),
    [
        ("{a} - {b}", "<mrow>{a}<mo>−</mo>{b}</mrow>"),
        ("{a} && {b:tight}", "<mrow>{a}<mo>&amp;&amp;</mo>{b:tight}</mrow>"),
        ("2.5 {a}", "<mrow><mn>2.5</mn>{a}</mrow>"),
        ("2 f({a})", f"<mrow><mn>2</mn><mrow><mi>f</mi>{FUNCTION}<mrow><mo>(</mo>{{a}}<mo>)</mo></mrow></mrow></mrow>"),
        ("(({a}), x)", "<mrow><mo>(</mo><mrow><mo>(</mo>{a}<mo>)</mo></mrow><mo>,</mo><mi>x</mi><mo>)</mo></mrow>"),
        ("{a} ({b:open})", "<mrow>{a}<mrow><mo>(</mo>{b:open}<mo>)</mo></mrow></mrow>"),
        ("{a}({b}", "<mrow>{a}<mo>(</mo>{b}</mrow>"),
        ("{a}){b}", "<mrow>{a}<mo>)</mo>{b}</mrow>"),
        ("{{{a}}}", "<mrow><mo>{{</mo>{a}<mo>}}</mo></mrow>"),
        ("|{a:open}|", "<mrow><mo>|</mo>{a:open}<mo>|</mo></mrow>"),
        ("{a}", "{a}"),
    ],
)  # fmt: skip
def test_layout_follows_the_text(text, mathml):
    assert layout(text) == mathml
    parsed(Notation(text, "", OR).fill([("<mi>z</mi>", ATOM)] * 2, MATHML))


def test_an_op_of_the_users_needs_no_notation():
    op = autograd.op(lambda a, b, y: b, lambda a, b, y: a, name="a<b>{c}_&")(lambda a, b: a * b)
    shown = Call(op.notation, [x, y])
    assert (str(shown), str(op(x, y))) == ("a<b>{c}_&(x, y)",) * 2
    assert shown.latex() == r"\operatorname{a\textless{}b\textgreater{}\{c\}\_\&}\left(x, y\right)"
    assert "".join(parsed(shown.mathml()).itertext()) == "a<b>{c}_&\N{FUNCTION APPLICATION}(x,y)"
    own = Notation("{a} ~ {b}", r"{a} \sim {b}", SUM)
    assert Call(own, [x, -y]).mathml() == (
        "<mrow><mi>x</mi><mo>~</mo><mrow><mo>(</mo><mrow><mo>−</mo><mi>y</mi></mrow><mo>)</mo></mrow></mrow>"
    )


TAGS = {"mfrac", "mi", "mn", "mo", "mroot", "mrow", "msqrt", "msub", "msup", "mtable", "mtd", "mtext", "mtr"}


@pytest.mark.parametrize("op", TABLE.values(), ids=TABLE)
@given(name=st.text(min_size=1))
def test_names_that_look_like_markup_are_text(op, name):
    """In every row, whatever the operands are called."""
    name = Symbol(name, ATOM)
    formula = Call(op.notation, [name] * op.arity).mathml()
    assert {element.tag for element in parsed(formula).iter()} <= TAGS
    assert formula == Call(op.notation, [Symbol("z")] * op.arity).mathml().replace("<mi>z</mi>", name.mathml())


@given(st.text(min_size=1) | st.from_regex(r"\w_?\d*(\[[^\[\]]+\])?", fullmatch=True))
@example("<script>alert('&amp;')</script>\x00\n\u202e\ud800\ufffe")
@example("x[<b>]")
def test_names_are_shown_whole(name):
    """But for the signs of indices; what does not print has a sign of its own."""
    printed = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)
    signs = str.maketrans("−", "-", "_[],")
    assert "".join(parsed(Symbol(name).mathml()).itertext()).translate(signs) == printed.translate(signs)


@pytest.mark.parametrize(
    ("name", "latex", "mathml"),
    [
        ("w", "w", "<mi>w</mi>"),
        ("θ", "θ", "<mi>θ</mi>"),
        ("loss", r"\mathrm{loss}", "<mi>loss</mi>"),
        ("w1", "w_{1}", "<msub><mi>w</mi><mn>1</mn></msub>"),
        ("w_1", "w_{1}", "<msub><mi>w</mi><mn>1</mn></msub>"),
        ("w[0]", "w_{0}", "<msub><mi>w</mi><mn>0</mn></msub>"),
        ("w[-1]", "w_{-1}", "<msub><mi>w</mi><mn>−1</mn></msub>"),
        ("w_i", "w_{i}", "<msub><mi>w</mi><mi>i</mi></msub>"),
        ("w_hidden", r"w_{\mathrm{hidden}}", "<msub><mi>w</mi><mi>hidden</mi></msub>"),
        ("w1[j]", "w_{1,j}", "<msub><mi>w</mi><mrow><mn>1</mn><mo>,</mo><mi>j</mi></mrow></msub>"),
        ("learning_rate", r"\mathrm{learning\_rate}", "<mi>learning_rate</mi>"),
        ("h2o", r"\mathrm{h2o}", "<mi>h2o</mi>"),
        ("_x", r"\mathrm{\_x}", "<mi>_x</mi>"),
        ("rates[0]", r"\mathrm{rates}_{0}", "<msub><mi>rates</mi><mn>0</mn></msub>"),
        ("x['a%']", r"x_{\text{'a\%'}}", "<msub><mi>x</mi><mtext>&#x27;a%&#x27;</mtext></msub>"),
        ("a b", r"\text{a b}", "<mtext>a b</mtext>"),
        (r"\{}$&#%_", r"\text{\textbackslash{}\{\}\$\&\#\%\_}", r"<mtext>\{}$&amp;#%_</mtext>"),
        ("^~", r"\text{\textasciicircum{}\textasciitilde{}}", "<mtext>^~</mtext>"),
        ("<|>", r"\text{\textless{}\textbar{}\textgreater{}}", "<mtext>&lt;|&gt;</mtext>"),
        ("a\nb\x00", r"\text{a�b�}", "<mtext>a�b�</mtext>"),
    ],
)  # fmt: skip
def test_names_in_textbooks(name, latex, mathml):
    symbol = Symbol(name)
    assert (str(symbol), symbol.latex(), symbol.mathml()) == (name, latex, mathml)


@pytest.mark.parametrize(
    ("number", "latex", "mathml", "binding"),
    [
        (2.5, "2.5", "<mn>2.5</mn>", ATOM),
        (-2.0, "-2", "<mrow><mo>−</mo><mn>2</mn></mrow>", SIGN),
        (-0.0, "0", "<mn>0</mn>", ATOM),
        (1e-9, "10^{-9}", "<msup><mn>10</mn><mn>−9</mn></msup>", POWER),
        (-1e20, "-10^{20}", "<mrow><mo>−</mo><msup><mn>10</mn><mn>20</mn></msup></mrow>", SIGN),
        (1234567.0, r"1.23457 \times 10^{6}",
         "<mrow><mn>1.23457</mn><mo>×</mo><msup><mn>10</mn><mn>6</mn></msup></mrow>", PRODUCT),
        (math.inf, r"\infty", "<mi>∞</mi>", ATOM),
        (-math.inf, r"-\infty", "<mrow><mo>−</mo><mi>∞</mi></mrow>", SIGN),
        (math.nan, r"\mathrm{nan}", "<mi>nan</mi>", ATOM),
    ],
)  # fmt: skip
def test_numbers_in_textbooks(number, latex, mathml, binding):
    assert Number(number).show(LATEX) == (latex, binding)
    assert Number(number).show(MATHML) == (mathml, binding)


# ---------------------------------------------------------------------- numbers that change


def changed(mathml, key, value):
    """The markup after a script gave a slot another value: it knows no more than what stands in it."""
    root = parsed(f"<math>{mathml}</math>")
    text = parsed(Slot(key, value).mathml()).text
    for slot in root.iter():
        if slot.get("data-slot") != key:
            continue
        if slot.get("data-brackets") is None:
            slot.text = text
            continue
        for child in list(slot):
            slot.remove(child)
        for sign in ["(", text, ")"] if text.startswith("−") or "×" in text else [text]:
            ElementTree.SubElement(slot, "mo" if sign in "()" else "mn").text = sign
    return written(root[0])


def written(element):
    return ElementTree.tostring(element, encoding="unicode")


def in_slots(tree, values):
    read = lambda symbol: Slot(symbol.name, values[symbol.name]) if symbol.name in values else symbol
    return spelled(tree).substitute(read)


any_number = st.sampled_from([-2.5, -1e-9, 2e-9, 0.0, 3.0, 1e20, -math.inf]) | st.floats(-3, 3)
values = st.fixed_dictionaries({"x": any_number, "y": any_number})


@given(trees(), values, values)
def test_a_slot_that_is_given_a_value_is_as_if_printed_with_it(tree, before, after):
    formula = in_slots(tree, before).mathml()
    for key in after:
        formula = changed(formula, key, after[key])
    assert formula == written(parsed(in_slots(tree, after).mathml()))


@pytest.mark.parametrize("point", [{"x": 0.75, "y": -1.5}, {"x": -2.0, "y": 2e-5}], ids=str)
def test_slots_take_brackets_where_numbers_do(point):
    for tree in nested():
        formula = in_slots(tree, point)
        assert is_close(evaluated(from_mathml(parsed(formula.mathml())), e=math.e), tree, point), formula
        numbers = spelled(tree).substitute(lambda symbol: Number(point[symbol.name]))
        assert (str(formula), formula.latex()) == (str(numbers), numbers.latex())


@pytest.mark.parametrize(
    ("number", "text"),
    [(-2.5, "−2.5"), (-0.0, "0"), (1.5e-7, "1.5×10⁻⁷"), (-1e20, "−1×10²⁰"), (-math.inf, "−∞"), (math.nan, "nan")],
)
def test_numbers_in_slots(number, text):
    assert Slot("k", number).mathml() == f'<mn data-slot="k">{text}</mn>'
    inside = f"<mo>(</mo><mn>{text}</mn><mo>)</mo>" if {"−", "×"} & set(text) else f"<mn>{text}</mn>"
    expected = f'<msup><mrow data-slot="k" data-brackets="">{inside}</mrow><mn>2</mn></msup>'
    assert Slot("k", number).square().mathml() == expected


def test_slots_are_numbers_elsewhere_and_never_simplified():
    slot = Slot("w", 0.0)
    assert (str(slot * x), (slot * x).latex(), str(1.0 * slot)) == ("0 · x", r"0 \cdot x", "0")
    assert (slot * x).mathml() == '<mrow><mn data-slot="w">0</mn><mo>·</mo><mi>x</mi></mrow>'
    assert (x * slot).mathml() == (
        '<mrow><mi>x</mi><mo>·</mo><mrow data-slot="w" data-brackets=""><mn>0</mn></mrow></mrow>'
    )
    assert (slot < Slot("v", 1.0)).mathml() == (
        '<mrow><mn data-slot="w">0</mn><mo>&lt;</mo><mn data-slot="v">1</mn></mrow>'
    )


@given(st.text())
def test_keys_of_slots_are_escaped(key):
    for formula in (Slot(key, 1.0), x * Slot(key, -1.0)):
        (slot,) = (element for element in parsed(formula.mathml()).iter() if "data-slot" in element.attrib)
        assert slot.get("data-slot") == "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in key)


# ---------------------------------------------------------------------- simplification


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (0 + x, "x"),
        (x + 0.0, "x"),
        (0 - x, "-x"),
        (x - 0, "x"),
        (1 * x, "x"),
        (x * 1.0, "x"),
        (-1 * x, "-x"),
        (x * -1.0, "-x"),
        (0 * x, "0"),
        (x * 0.0, "0"),
        (x / 1, "x"),
        (0 / x, "0"),
        (x**1, "x"),
        (x**0, "1"),
        (x.neg().neg(), "x"),
        (+x, "x"),
        (2 * Number(3.0), "6"),
        (Number(1.0) / 0, "inf"),
        (Number(-1.0).log(), "nan"),
        (autograd.where(Number(1.0), x, y), "x"),
        (autograd.where(Number(0.0), x, y), "y"),
        (autograd.where(True, x, y), "x"),
        (2 * x, "2 · x"),
        (x - 1, "x - 1"),
        (x - x, "x - x"),
    ],
)
def test_the_obvious_is_simplified(formula, text):
    assert str(formula) == text


@given(trees(ELEMENTWISE[:7]), numbers)
def test_simplified_formulas_have_the_same_value(tree, numbers):
    """Where no number on the way is infinite, or too small for the six digits that are printed."""
    on_the_way = []

    def both(tree):
        if not isinstance(tree, tuple):
            return spelled(tree), computed(tree, numbers)
        op, *operands = tree
        formulas, values = zip(*map(both, operands), strict=True)
        on_the_way.append(abs(op(*values)))
        return op(*formulas), op(*values)

    formula, expected = both(tree)
    assume(all(x == 0 or 1e-4 < x < 1e4 for x in on_the_way))
    assert evaluated(from_text(str(formula)), **numbers) == pytest.approx(expected, rel=1e-2, abs=1e-2)


# ---------------------------------------------------------------------- numbers, names, conditions


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (2.0, "2"), (-4.0, "-4"), (0.0, "0"), (0.5, "0.5"), (0.1 + 0.2, "0.3"), (2 / 3, "0.666667"), (1e-9, "1e-09"),
        (123456.0, "123456"), (1234567.0, "1.23457e+06"), (1e300, "1e+300"), (math.inf, "inf"), (-math.inf, "-inf"),
        (math.nan, "nan"), (5e-324, "4.94066e-324"),
    ],
)  # fmt: skip
def test_numbers(number, text):
    assert format_number(number) == str(Number(number)) == text


def test_symbols_are_substituted_and_nothing_is_computed():
    formula = autograd.where(x > y, 1 * x.exp() + y, 0.0) * 2
    numbers = {x: Number(0.0), y: Number(-1.0)}
    assert str(formula.substitute(numbers.get)) == "(exp(0) + (-1) if 0 > -1 else 0) · 2"
    assert str(formula) == "(exp(x) + y if x > y else 0) · 2"


def test_conditions_between_numbers_are_decided():
    two, three = Number(2.0), Number(3.0)
    assert [two < three, two <= 2, two == 2, two != 3] == [True] * 4
    assert [two > three, two >= 3.0, two == three, two != 2] == [False] * 4
    assert str((x > 1) & (two < three)) == str((x > 1) | (two > three)) == "x > 1"
    assert ((x > 1) & (two > three), (x > 1) | (two < three)) == (False, True)


@pytest.mark.parametrize("formula", [x, x > 0, x + 1, Number(1.0)])
def test_a_formula_is_neither_true_nor_false(formula):
    with pytest.raises(TypeError, match=r"neither true nor false: write where\(condition, a, b\) instead of if"):
        bool(formula)


def test_reductions_have_no_formula_of_their_own():
    with pytest.raises(TypeError, match="dot: its formula is written element by element"):
        autograd.dot([x], [2.0])


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (np.exp(x), "exp(x)"),
        (np.minimum(x, 0) - np.absolute(y), "min(x, 0) - |y|"),
        (np.float64(2.0) * x, "2 · x"),
        (np.float64(2.0) < x, "2 < x"),
        (np.where(x > 0, x, y), "(x if x > 0 else y)"),
        (np.where(np.logical_or(np.greater(x, 0), y == 1), x, y), "(x if x > 0 or y = 1 else y)"),
    ],
)
def test_functions_of_numpy_are_rows(formula, text):
    assert str(formula) == text


@pytest.mark.parametrize(
    "call",
    [lambda: np.fmod(x, 2.0), lambda: np.add(x, np.ones(2)), lambda: np.add.outer(x, 2.0),
     lambda: np.add(x, 2.0, dtype=float), lambda: np.sum(x), lambda: np.where(x)],
)  # fmt: skip
def test_other_functions_of_numpy_refuse(call):
    with pytest.raises(TypeError):
        call()


def test_names_and_bindings():
    assert (str(Symbol("w[0]") ** 2), Symbol("w").show()) == ("w[0]^2", ("w", ATOM))
    assert repr(x + 1) == "<Call x + 1>"
    assert len({Symbol("x"), Symbol("x")}) == 2
