"""What formulas look like as text, in LaTeX and in MathML, and that their brackets mean what was computed."""

import math
import re

import pytest
from hypothesis import example, given, strategies as st

import autograd
from autograd import TABLE
from autograd.notation import LATEX, MATHML, layout
from autograd.op import ATOM, OR, POWER, PRODUCT, SIGN, SUM, Notation
from autograd.symbols import Call, Number, Row, Symbol, product as side_by_side

from .formulas import (
    ELEMENTWISE,
    computed,
    evaluated,
    from_latex,
    from_mathml,
    from_text,
    is_close,
    nested,
    numbers,
    parsed,
    spelled,
    trees,
)

x, y = Symbol("x"), Symbol("y")


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


def text_agrees(tree, numbers):
    """To the last bit: the same operations in the same order."""
    return repr(evaluated(from_text(str(spelled(tree))), **numbers)) == repr(computed(tree, numbers))


def latex_agrees(tree, numbers):
    """Up to rounding: e^x is the power of a rounded number."""
    return is_close(evaluated(from_latex(spelled(tree).latex()), e=math.e, **numbers), tree, numbers)


def mathml_agrees(tree, numbers):
    return is_close(evaluated(from_mathml(parsed(spelled(tree).mathml())), e=math.e, **numbers), tree, numbers)


@pytest.mark.parametrize("agrees", [text_agrees, latex_agrees, mathml_agrees])
def test_brackets_of_every_row_in_every_row(agrees):
    points = [{"x": x, "y": y} for x in (0.75, -2.0) for y in (-1.5, 2.0)]
    wrong = {str(spelled(tree)) for tree in nested() for numbers in points if not agrees(tree, numbers)}
    assert not wrong


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


# ---------------------------------------------------------------------- names and numbers

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
