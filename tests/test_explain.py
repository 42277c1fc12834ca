"""The passes in words: the deck's lines exactly, and every printed equation true when it is read back."""

import math

import pytest
from hypothesis import assume, example, given, strategies as st

import autograd
from autograd import TABLE, Value, Vector, backward_lines, dot, forward_lines
from autograd.graph import topological_order
from autograd.labels import Labels
from autograd.op import Reduction
from autograd.rules import local_derivatives
from autograd.steps import backward_steps
from autograd.symbols import Expr, format_number

from .formulas import evaluated, from_latex, from_text
from .oracles import flat, shaped
from .strategies import ARITY, EXACT, graphs, programs, run, sample, with_leaves

each_row = pytest.mark.parametrize("op", TABLE.values(), ids=TABLE)


def deck():
    return Value(2.0, "w"), Value(-2.0, "x"), Value(8.0, "b"), Value(2.0, "y")


# ---------------------------------------------------------------------- the deck's worked example


def test_the_decks_example_with_a_name_for_each_step():
    w, x, b, y = deck()
    z = w * x
    u = z + b
    v = u - y
    J = 0.5 * v**2
    assert forward_lines(J, {w: "w", x: "x", b: "b", y: "y", z: "z", u: "u", v: "v", J: "J"}) == [
        "z = w · x = 2 · (-2) = -4",
        "u = z + b = -4 + 8 = 4",
        "v = u - y = 4 - 2 = 2",
        "v^2 = 2^2 = 4",
        "J = 0.5 · v^2 = 0.5 · 4 = 2",
    ]
    lines = backward_lines(J)  # the same names, found in the variables
    assert lines == [
        "dJ/d(v^2) += dJ/dJ · dJ/d(v^2) = 1 · 0.5 = 0.5",
        "dJ/dv += dJ/d(v^2) · d(v^2)/dv = 0.5 · (2 · v) = 0.5 · (2 · 2) = 2",
        "dJ/du += dJ/dv · dv/du = 2 · 1 = 2",
        "dJ/dy += dJ/dv · dv/dy = 2 · (-1) = -2",
        "dJ/dz += dJ/du · du/dz = 2 · 1 = 2",
        "dJ/db += dJ/du · du/db = 2 · 1 = 2",
        "dJ/dw += dJ/dz · dz/dw = 2 · x = 2 · (-2) = -4",
        "dJ/dx += dJ/dz · dz/dx = 2 · w = 2 · 2 = 4",
    ]


def test_the_decks_example_in_one_formula():
    w, x, b, y = deck()
    J = 0.5 * (w * x + b - y) ** 2
    forward, backward = forward_lines(J), backward_lines(J)
    assert forward == [
        "w · x = 2 · (-2) = -4",
        "w · x + b = -4 + 8 = 4",
        "w · x + b - y = 4 - 2 = 2",
        "v7 = (w · x + b - y)^2 = 2^2 = 4",
        "J = 0.5 · v7 = 0.5 · 4 = 2",
    ]
    assert backward == [
        "dJ/dv7 += dJ/dJ · dJ/dv7 = 1 · 0.5 = 0.5",
        "dJ/d(w · x + b - y) += dJ/dv7 · dv7/d(w · x + b - y) = 0.5 · (2 · (w · x + b - y)) = 0.5 · (2 · 2) = 2",
        "dJ/d(w · x + b) += dJ/d(w · x + b - y) · d(w · x + b - y)/d(w · x + b) = 2 · 1 = 2",
        "dJ/dy += dJ/d(w · x + b - y) · d(w · x + b - y)/dy = 2 · (-1) = -2",
        "dJ/d(w · x) += dJ/d(w · x + b) · d(w · x + b)/d(w · x) = 2 · 1 = 2",
        "dJ/db += dJ/d(w · x + b) · d(w · x + b)/db = 2 · 1 = 2",
        "dJ/dw += dJ/d(w · x) · d(w · x)/dw = 2 · x = 2 · (-2) = -4",
        "dJ/dx += dJ/d(w · x) · d(w · x)/dx = 2 · w = 2 · 2 = 4",
    ]


def test_the_gradient_of_the_root_is_the_first_factor():
    x = Value(3.0)
    y = x**2
    lines = backward_lines(y, gradient=-1.5)
    assert lines == ["dy/dx += dy/dy · dy/dx = -1.5 · (2 · x) = -1.5 · (2 · 3) = -9"]


def test_a_leaf_has_no_lines():
    assert (forward_lines(Value(1.0)), backward_lines(Value(1.0))) == ([], [])


def test_each_use_of_a_node_has_a_line():
    x = Value(3.0)
    y = dot([x, 2.0, x], [1.0, x, x])
    lines = backward_lines(y)
    assert forward_lines(y, {x: "x", y: "y"}) == ["y = dot([x, 2, x], [1, x, x]) = dot([3, 2, 3], [1, 3, 3]) = 18"]
    assert lines == [
        "dy/dx += dy/dy · dy/dx = 1 · 1 = 1",
        "dy/dx += dy/dy · dy/dx = 1 · x = 1 · 3 = 3",
        "dy/dx += dy/dy · dy/dx = 1 · 2 = 2",
        "dy/dx += dy/dy · dy/dx = 1 · x = 1 · 3 = 3",
    ]


# ---------------------------------------------------------------------- contributions


def contributions(root, gradient=1.0):
    """What each node hands to each of its parents, in the order of the sweep."""
    return [contribution for step in backward_steps(root, gradient) for contribution in step.contributions]


TWO_PRODUCTS = (1, [("sin", (0,)), ("dot", (1, 1, 1, 1)), ("dot", (2, 2, 1, 1))]), (1.25,)  # of one shared vector


@given(graphs, st.floats(-1e3, 1e3))
@example(TWO_PRODUCTS, 1.0)
def test_contributions_are_the_steps_of_backward(graph, gradient):
    """Each passes on, bit for bit, the gradient that `backward` gives its node; asking changes no gradient."""
    program, numbers = graph
    nodes = run(program, map(Value, numbers))
    steps = contributions(nodes[-1], gradient)
    assert {node.grad for node in nodes} == {0.0}
    nodes[-1].backward(gradient)
    for step in steps:
        assert step.node.parents[step.operand] is step.parent
        assert repr(step.upstream) == repr(step.node.grad)
        assert repr(step.amount) == repr(step.upstream * step.local)


def sums(root, gradient):
    """What the contributions add up to, in their order."""
    totals = dict.fromkeys(topological_order(root), 0.0) | {root: gradient}
    for step in contributions(root, gradient):
        totals[step.parent] += step.amount
    return totals


@given(programs([name for name in ARITY if name != "dot"]).flatmap(with_leaves), st.floats(-1e3, 1e3))
def test_contributions_add_up_to_the_gradients(graph, gradient):
    """Bit for bit; a vector that products share gathers shares of its own first, which may round otherwise."""
    program, numbers = graph
    root = run(program, map(Value, numbers))[-1]
    root.backward(gradient)
    totals = sums(root, gradient)
    assert {node: repr(node.grad) for node in totals} == {node: repr(total) for node, total in totals.items()}


@given(programs(EXACT).flatmap(with_leaves), st.sampled_from([1.0, -3.0]))
def test_contributions_to_vectors_add_up_to_the_gradients(graph, gradient):
    """Exactly, where whole numbers leave nothing to round."""
    program, numbers = graph
    root = run(program, map(Value, map(round, numbers)))[-1]
    totals = sums(root, gradient)
    assume(all(abs(step.amount) < 2**50 for step in contributions(root, gradient)))
    root.backward(gradient)
    assert {node: node.grad for node in totals} == totals


def test_contributions_through_hooks():
    x = Value(3.0)
    y = x * x
    y.register_hook(lambda gradient: 10 * gradient)
    (2 * y).backward()
    assert sum(step.amount for step in contributions(2 * y) if step.parent is x) == x.grad == 120.0


# ---------------------------------------------------------------------- every equation is true


def symbols_of(root, names):
    """The numbers that names and labels such as v7 stand for."""
    places = {f"v{i}": node.data for i, node in enumerate(reversed(topological_order(root)))}
    return places | {name: node.data for node, name in names.items()}


@given(st.data())
def test_all_sides_of_an_equation_are_equal(data):
    """On whole numbers, which are printed exactly; some leaves have names, others are called by their number."""
    program = data.draw(programs(EXACT))
    nodes = run(program, [Value(data.draw(st.integers(-3, 3))) for _ in range(program[0])])
    root, names = nodes[-1], {nodes[0]: "x"}
    assume(all(abs(node.data) < 1e6 for node in nodes))
    assume(all(abs(step.amount) < 1e6 for step in contributions(root)))
    numbers = symbols_of(root, names)
    for line in forward_lines(root, names):
        sides = line.split(" = ")
        assert {evaluated(from_text(side), **numbers) for side in sides} == {float(sides[-1])}, line
    for line, step in zip(backward_lines(root, 1.0, names), contributions(root), strict=True):
        _, *sides = line.split(" = ")
        assert {evaluated(from_text(side), **numbers) for side in sides} == {step.amount}, line


@each_row
def test_every_row_is_explained(op):
    """One line forward; one line backward per operand, whose formula gives the derivative's number."""
    (point,) = sample(op, 1)
    letters = "abcuvw"[: len(flat(point))]
    operands = list(map(Value, flat(point)))
    names = dict(zip(operands, letters, strict=True))
    y = op(*shaped(point, operands))
    names[y] = "y"
    numbers = dict(zip(letters, flat(point), strict=True)) | {"y": y.data}

    (line,) = forward_lines(y, names)
    name, formula, *_ = line.split(" = ")
    assert (name, line.rpartition(" = ")[2]) == ("y", format_number(y.data))
    assert evaluated(from_text(formula), **numbers) == y.data

    lines, steps = backward_lines(y, 1.0, names), contributions(y)
    assert len(lines) == len(steps) == len(letters)
    labels = Labels(y, names)
    formulas = [local for _, local in local_derivatives(y, labels)]
    for line, step, letter, formula in zip(lines, steps, letters, formulas, strict=True):
        assert line.startswith(f"dy/d{letter} += dy/dy · dy/d{letter} = 1 · ")
        assert line.endswith(f" = {format_number(step.amount)}")
        assert step.amount == step.local
        if isinstance(formula, Expr):  # π and other constants are printed to six digits
            close = pytest.approx(step.local, rel=1e-4, abs=1e-6)
            assert evaluated(from_text(str(formula)), **numbers) == close
            assert evaluated(from_latex(formula.latex()), e=math.e, **numbers) == close
        else:
            assert formula == step.local


# ---------------------------------------------------------------------- labels


def test_a_short_formula_is_a_label_and_a_long_one_gets_a_number():
    a, b = Value(1.0, "alpha"), Value(2.0, "beta")
    y = (a + b) * (a - b)
    y.name = "y"
    z = 3 * y.tanh() ** (a + b)
    lines = forward_lines(z)
    assert "alpha - beta = 1 - 2 = -1" in lines
    assert "y = (alpha + beta) · (alpha - beta) = 3 · (-1) = -3" in lines
    assert lines[-1].startswith("z = 3 · v7 = 3 · ")


@pytest.mark.parametrize(
    ("build", "line"),
    [
        (lambda x: -(x + 1), "-(x + 1) = -4"),
        (lambda x: x - (1 - x), "x - (1 - x) = 3 - (-2) = 5"),
        (lambda x: Value(-2.0) ** 2 + x, "(-2)^2 + x = 4 + 3 = 7"),
        (lambda x: x * Value(-2.0), "x · (-2) = 3 · (-2) = -6"),
        (lambda x: Value(-2.0) * x, "-2 · x = -2 · 3 = -6"),
        (lambda x: Value(2.0, "a + b") * x, "(a + b) · x = 2 · 3 = 6"),
        (lambda x: Value(2.0, "w[0]") ** x, "w[0]^x = 2^3 = 8"),
        (lambda x: (x * 1).square(), "(x · 1)² = 3² = 9"),
        (lambda x: abs(x) ** 2, "|x|^2 = 3^2 = 9"),
    ],
)
def test_brackets_around_labels(build, line):
    y = build(Value(3.0, "x"))
    assert forward_lines(y, {node: node.name for node in topological_order(y) if node.name})[-1] == line


def test_labels_are_not_taken_twice():
    """A variable may be called v3, as what would be the third step."""
    v3, v4 = Value(1.0, "v3"), Value(2.0, "v4")
    y = (v3 * v4 + v3 * v4 + v3) * v4
    labels = Labels(y, {v3: "v3", v4: "v4"})
    shown = [str(labels(node)) for node in topological_order(y)]
    assert (shown.count("v3"), shown.count("v4")) == (1, 1)


def test_labels_in_latex():
    """A label made of a formula is LaTeX too, not text in the midst of it."""
    a, c = Value(1.5, "a"), Value(0.5, "c")
    y = (a * c).sigmoid().relu()
    formula = Labels(y, {a: "a", c: "c"}).formula(y)
    assert str(formula) == "relu(σ(a · c))"
    assert formula.latex() == r"\operatorname{relu}\left(\sigma\left(a \cdot c\right)\right)"


def test_vectors_are_not_seen():
    v = Vector([Value(1.0, "p"), 2.0])
    text = "\n".join(forward_lines(dot(v, v)) + backward_lines(dot(v, v)))
    assert "Vector" not in text
    assert "dot([p, 2], [p, 2])" in text


def test_explaining_changes_no_gradient():
    x = Value(3.0)
    y = x * x.exp()
    y.backward()
    before = [repr(node) for node in topological_order(y)]
    assert len(forward_lines(y)) + len(backward_lines(y)) == 5
    assert [repr(node) for node in topological_order(y)] == before


@pytest.mark.parametrize("special", [math.inf, -math.inf, math.nan, -0.0])
@each_row
def test_no_number_is_too_special_to_be_explained(op, special):
    operands = [Value(special, letter) for letter in "abcdef"[: 2 * op.arity]]
    slots = [operands[:2], operands[2:]][: op.arity] if isinstance(op, Reduction) else operands[: op.arity]
    y = autograd.add(op(*slots), 1.0)
    lines = forward_lines(y) + backward_lines(y)
    assert len(lines) == 2 + 1 + len(flat(slots))
    totals = sums(y, 1.0)
    y.backward()
    assert {node: repr(node.grad) for node in totals} == {node: repr(total) for node, total in totals.items()}
