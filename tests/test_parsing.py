"""Formulas from text: what they compute, their steps and names, and wrong values for them."""

import inspect
import math

import pytest
from hypothesis import example, given, strategies as st

import autograd
from autograd import Value
from autograd.op import Reduction
from autograd.parsing import CONSTANTS, parse

from .oracles import flat, shaped
from .strategies import any_float, sample
from .typed_formulas import FUNCTIONS, NAMES, formulas, refusal

# ---------------------------------------------------------------------- what is computed


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


def test_formulas_run_on_nodes_and_tensors():
    formula = parse("where(x > 0, x**2, -x)*y")
    x = autograd.tensor([3.0, -3.0], requires_grad=True)
    formula(x, 2.0).sum().backward()
    assert x.grad.tolist() == [12.0, -2.0]
    assert autograd.grad(formula)(3.0, 2.0) == 12.0


# ---------------------------------------------------------------------- names and steps


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


# ---------------------------------------------------------------------- wrong values


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
