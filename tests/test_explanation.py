"""One derivative as a formula and as the sum over all paths: the formula has the value, the products add up to it."""

import math
import re

import numpy as np
import pytest
import sympy
from hypothesis import assume, given

import autograd
from autograd import ARRAY_TABLE, TABLE, Stepper, Tensor, Value, explain, tensor
from autograd.graph import topological_order
from autograd.labels import Labels
from autograd.op import Reduction
from autograd.steps import backward_steps

from .formulas import evaluated, from_text
from .stepped_graphs import deck, each_graph_of_arrays
from .strategies import EXACT, graphs, programs, run, sample, with_leaves

# ---------------------------------------------------------------------- numbers


def test_the_decks_example():
    J = deck()
    assert str(explain(J, "w")).splitlines() == [
        "dJ/dw = (z - y) · x = 2 · (-2) = -4",
        "",
        "Along the only path, J → (z - y)^2 → z - y → z → w · x → w:",
        "    dJ/d((z - y)^2) = 0.5",
        "    d((z - y)^2)/d(z - y) = 2 · (z - y) = 2 · 2 = 4",
        "    d(z - y)/dz = 1",
        "    dz/d(w · x) = 1",
        "    d(w · x)/dw = x = -2",
        "    product: 0.5 · 4 · 1 · 1 · (-2) = -4",
    ]
    assert explain(J, "w").latex() == (
        r"\frac{\partial J}{\partial w} = \left(z - y\right) \cdot x = 2 \cdot \left(-2\right) = -4"
    )
    assert explain(J, "w")._repr_latex_() == rf"$\displaystyle {explain(J, 'w').latex()}$"


def test_every_path_is_shown_or_counted():
    x = Value(1.0, "x")
    y = x
    for _ in range(50):
        y = y + y
    explanation = explain(y, x)
    assert (explanation.count, len(explanation.paths), explanation.value) == (2**50, 12, 2.0**50)
    assert str(explanation).endswith(f"And along {2**50 - 12:,} more.")
    assert len(explain(y, x, most=3).paths) == 3


@given(graphs)
def test_the_value_is_the_gradient_and_the_paths_add_up_to_it(graph):
    program, numbers = graph
    root = run(program, map(Value, numbers))[-1]
    root.backward()
    for node in topological_order(root):
        explanation = explain(root, node, most=200)
        assert explanation.value == pytest.approx(node.grad, rel=1e-9, abs=1e-9)
        if explanation.count <= 200:
            assert (
                len({path.nodes + tuple(s.operand for s in path.steps) for path in explanation.paths})
                == explanation.count
            )
            total = math.fsum(path.amount for path in explanation.paths)
            assert total == pytest.approx(node.grad, rel=1e-9, abs=1e-9)
        for path in explanation.paths:
            assert path.amount == pytest.approx(math.prod(step.local for step in path.steps), rel=1e-12)
            assert (path.nodes[0], path.nodes[-1]) == (root, node)


@given(programs(EXACT).flatmap(with_leaves))
def test_the_formula_has_the_value(graph):
    """On whole numbers, read back from the text: by the table and by SymPy."""
    program, numbers = graph
    nodes = run(program, [Value(round(x)) for x in numbers])
    root, leaves = nodes[-1], nodes[: program[0]]
    names = dict(zip(leaves, "xyz", strict=False))
    order = list(reversed(topological_order(root)))
    places = {f"v{i}": node.data for i, node in enumerate(order)} | {name: node.data for node, name in names.items()}
    for node in order:
        explanation = explain(root, node, names=names)
        if explanation.formula is None:
            continue
        sides = str(explanation.equation()).split(" = ")[1:]
        assume(abs(explanation.value) < 1e6 and all(abs(x.data) < 1e6 for x in order))
        for side in sides:
            assume("e+" not in side)
            assert evaluated(from_text(side), **places) == explanation.value, explanation
            symbols = {name: sympy.Symbol(name) for name in places}
            by_sympy = sympy.sympify(from_text(side), symbols).subs(places)
            assert float(by_sympy) == explanation.value


@pytest.mark.parametrize("op", [op for op in TABLE.values() if not isinstance(op, Reduction)], ids=str)
def test_every_row_in_a_formula(op):
    (point,) = sample(op, 1)
    operands = [Value(x, name) for x, name in zip(point, "abc", strict=False)]
    J = autograd.exp(op(*operands) * 0.125)
    J.name = "J"
    labels = Labels(J)
    places = {str(labels(node)): node.data for node in topological_order(J) if str(labels(node)).isidentifier()}
    for operand in operands:
        explanation = explain(J, operand)
        assert explanation.formula is not None
        assert evaluated(from_text(str(explanation.formula)), **places) == pytest.approx(
            explanation.value, rel=1e-3, abs=1e-4
        )


def test_a_formula_that_nobody_would_read_is_left_out():
    names = {}
    x = y = Value(0.5)
    for i in range(60):
        y = y.tanh() * y.sin() + x
        names[y] = f"a_rather_long_name_{i}"
    explanation = explain(y, x, names=names)
    assert explanation.formula is None
    y.backward()
    assert explanation.value == pytest.approx(x.grad, rel=1e-9)
    assert str(explanation).startswith(f"da_rather_long_name_59/d(0.5) = {explanation.value:.6g}\n")


def test_a_node_by_itself():
    x = Value(3.0, "x")
    y = x.exp()
    assert str(explain(y, y)).splitlines()[0] == "dy/dy = 1"
    assert explain(x, "x").value == 1.0


def test_a_long_chain_needs_no_recursion():
    x = y = Value(1.0, "x")
    for _ in range(20_000):
        y = y + 1
    assert (explain(y, x).value, explain(y, x).count) == (1.0, 1)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda J: explain(J, Value(1.0)), ValueError, "is not in the graph of J"),
        (lambda J: explain(J, "q"), ValueError, "no node is called 'q': the names are J, b, w, x, y, z"),
        (lambda J: explain(3.0, "w"), TypeError, "expected a graph node, such as a Value, got 3.0"),
        (lambda J: explain(tensor([1.0, 2.0], requires_grad=True), "x"), RuntimeError, "reduce it to one number"),
    ],
)
def test_errors_teach(call, error, message):
    with pytest.raises(error, match=message):
        call(deck())


# ---------------------------------------------------------------------- arrays

WORDS = {**TABLE, **ARRAY_TABLE}  # a sum is one over axes here


def array_of(text, numbers):
    """What a formula of arrays stands for: read back by Python, each name an array, each function an operation."""

    def word(op):
        return lambda *operands, **settings: op(
            *(tensor(float(x)) if isinstance(x, int | float) else x for x in operands), **settings
        )

    python = re.sub(r"(\w+)ᵀ", r"\1.mT", text).replace("²", "**2").replace("^", "**").replace("·", "*")
    found = eval(python, {"__builtins__": {}}, {name: word(op) for name, op in WORDS.items()} | numbers)
    return found._data if isinstance(found, Tensor) else found


@each_graph_of_arrays
def test_formulas_of_arrays_have_their_values(make_root):
    """Those that have all in them that one needs: no array told by its shape, no choice, no index."""
    root = make_root()
    order = topological_order(root)
    names = {node: f"n{i}" for i, node in enumerate(order)}
    names |= {x: f"c{i}" for i, x in enumerate({x for node in order for x in node.parents if x not in names})}
    numbers = {name: tensor(node._data) for node, name in names.items()}
    read = 0
    for step in backward_steps(root, labels=Labels(root, names)):
        for contribution in step.contributions:
            text = str(contribution).split(" = ")[1].replace(f"d{names[root]}/d{names[step.node]}", "upstream")
            if not re.search(r"⟨| if |\[", text):
                found = array_of(text, numbers | {"upstream": tensor(step.upstream)})
                np.testing.assert_allclose(found, contribution.amount, rtol=1e-5)
                read += 1
    assert read


@each_graph_of_arrays
def test_values_of_arrays_are_the_gradients(make_root):
    root = make_root()
    x = topological_order(root)[-1]
    explanation = explain(root, x)
    root.backward()
    np.testing.assert_allclose(explanation.value, x.grad.numpy(), rtol=1e-12)
    total = sum(path.amount for path in explanation.paths)
    if explanation.count <= len(explanation.paths):
        np.testing.assert_allclose(total, x.grad.numpy(), rtol=1e-12)


def test_a_layer_in_one_formula():
    X = Tensor(np.ones((8, 3)), name="X")
    W = Tensor(np.full((4, 3), 0.5), requires_grad=True, name="W")
    h = X @ W.T
    h.name = "h"
    J = (h.tanh() ** 2).sum()
    J.name = "J"
    assert str(explain(J, W)).splitlines()[0] == (
        "dJ/dW = (Xᵀ @ (2 · broadcast_to(1, shape=(8, 4)) · tanh(h) · (1 - tanh(h)^2)))ᵀ"
        " = ⟨4×3⟩ from 2.61706 to 2.61706"
    )


BUILDS = [
    lambda a: a.cumsum(0), lambda a: a.cumprod(0), lambda a: a.prod(), lambda a: a.amax(1), lambda a: a.logsumexp(0),
    lambda a: a.softmax(1), lambda a: a.log_softmax(1), lambda a: a.norm(), lambda a: autograd.linalg.inv(a),
    lambda a: autograd.linalg.det(a), lambda a: autograd.linalg.svd(a)[1], lambda a: autograd.linalg.qr(a)[0],
    lambda a: autograd.linalg.solve(a, a[0]), lambda a: autograd.linalg.slogdet(a)[1],
    lambda a: autograd.linalg.pinv(a),
    lambda a: autograd.linalg.cholesky(a @ a.T), lambda a: autograd.linalg.eigh(a + a.T)[0],
    lambda a: autograd.einsum("ij,jk->ik", a, a), lambda a: a[[0, 0, 2]], lambda a: a.gather(0, tensor([[0, 1, 2]])),
    lambda a: autograd.cat([a, a], 1), lambda a: autograd.pad(a, (1, 1)), lambda a: a.roll(1, 0), lambda a: a.tril(),
    lambda a: a.flip(0), lambda a: a.diagonal(), lambda a: a.reshape(9).unfold(0, 3, 2) if hasattr(a, "unfold") else a,
    lambda a: autograd.conv2d(a.reshape(1, 1, 3, 3), a[:2, :2].reshape(1, 1, 2, 2), padding=1),
    lambda a: autograd.max_pool2d(a.reshape(1, 1, 3, 3), 2), lambda a: autograd.avg_pool2d(a.reshape(1, 1, 3, 3), 2),
    lambda a: autograd.where(a > 0, a, a * a), lambda a: a.sort(1)[0], lambda a: a.topk(2)[0], lambda a: a.std(0),
    lambda a: autograd.fft.irfft(autograd.fft.rfft(a), 3), lambda a: a.expand(2, 3, 3),
    lambda a: a.masked_fill(a > 1, 0.0),
    lambda a: autograd.cross_entropy(a, tensor([0, 1, 2])), lambda a: autograd.linear(a, a, a[0]),
    lambda a: a.clip(0, 1),
]  # fmt: skip


@pytest.mark.parametrize("build", BUILDS)
def test_operations_on_arrays_can_be_told(build):
    """Their rules are read by formulas, whatever they ask of their operands."""
    a = Tensor(np.random.default_rng(0).normal(size=(3, 3)) + 3 * np.eye(3), requires_grad=True, name="a")
    y = build(a).sum()
    for step in Stepper(y, direction="both"):
        assert all(" = " in line for line in str(step).splitlines())
        assert step.latex() or not step.contributions
    y_again = build(a).sum()
    y_again.backward()
    np.testing.assert_allclose(explain(y, a).value * 2, a.grad.numpy(), rtol=1e-6)


def test_an_operation_of_the_users_that_cannot_be_read_is_told_without_its_rule():
    @autograd.op(lambda a, y: np.float64(3) * np.asarray(a._data if isinstance(a, Tensor) else a) ** 2)
    def cube(a):
        return a**3

    x = Tensor([1.0, 2.0], requires_grad=True, name="x")
    y = cube(x)
    y.name = "y"
    text = str(list(Stepper(y.sum()))[-1])
    assert "dy/dx" in text
