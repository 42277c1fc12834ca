"""The backward sweep: known answers, a naive reference on random graphs, accumulation, failures, vectors."""

import math
from fractions import Fraction

import mpmath
import pytest
from hypothesis import assume, given, strategies as st

import autograd
from autograd import Value, Vector, dot, matvec

from .strategies import EXACT, any_float, graphs, programs, run


def bits(*numbers):
    """Equal for equal floats only: repr tells -0.0 from 0.0, and nan is nan."""
    return [repr(float(x)) for x in numbers]


def gradients(nodes):
    return bits(*(node.grad for node in nodes))


# ---------------------------------------------------------------------- known answers


def test_micrograds_readme():
    a, b = Value(-4.0), Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    g.backward()
    assert [f"{x:.4f}" for x in (g.data, a.grad, b.grad)] == ["24.7041", "138.8338", "645.5773"]


def test_the_decks_worked_example():
    """Deck 4, slides 18 to 23: J = ½ (wx + b − y)²."""
    w, x, b, y = Value(2.0), Value(-2.0), Value(8.0), Value(2.0)
    z = w * x
    u = z + b
    v = u - y
    J = 0.5 * v**2
    J.backward()
    assert [node.data for node in (z, u, v, J)] == [-4.0, 4.0, 2.0, 2.0]
    assert [node.grad for node in (w, b, x, y, z, u, v, J)] == [-4.0, 2.0, 4.0, -2.0, 2.0, 2.0, 2.0, 1.0]


def test_the_decks_square():
    """J = w² at 3: a step of 0.001 changes it by about 6 times as much."""
    w = Value(3.0)
    J = w**2
    J.backward()
    assert (J.data, w.grad) == (9.0, 6.0)
    assert (Value(3.001) ** 2).data == pytest.approx(9.006001, rel=1e-15)


def test_the_chain_rule():
    """y = f(g(h(x))): dy/dx is f'(g(h(x))) · g'(h(x)) · h'(x)."""
    x = Value(0.7)
    h = x**2
    g = h.sin()
    y = g.exp()
    y.backward()
    slopes = [math.exp(math.sin(0.49)), math.cos(0.49), 1.4]
    assert g.grad == slopes[0]
    assert h.grad == slopes[0] * slopes[1]
    assert x.grad == slopes[0] * slopes[1] * slopes[2]


def test_sums_of_sums():
    a = Value(1.0)
    b = a + a
    c = b + b
    c.backward()
    assert (c.data, b.grad, a.grad) == (4.0, 2.0, 4.0)


def test_a_product_with_itself():
    x = Value(3.0)
    y = x * x
    y.backward()
    assert y.parents == (x, x)
    assert x.grad == 6.0


def test_backward_from_a_leaf():
    x = Value(3.0)
    x.backward()
    x.backward(gradient=2)
    assert (x.grad, x.data) == (3.0, 3.0)


def test_what_the_root_does_not_depend_on_keeps_its_gradient():
    x, y = Value(2.0), Value(3.0)
    z, other = x * 2, x * y
    y.grad, other.grad = 7.0, 5.0
    z.backward()
    assert (x.grad, y.grad, other.grad) == (2.0, 7.0, 5.0)


# ---------------------------------------------------------------------- a naive reference

SLOPES = {
    "add": lambda a, b: (1, 1),
    "sub": lambda a, b: (1, -1),
    "mul": lambda a, b: (b, a),
    "neg": lambda a: (-1,),
    "sin": lambda a: (math.cos(a),),
    "tanh": lambda a: (1 - math.tanh(a) ** 2,),
    "dot": lambda a, b, c, d: (c, d, a, b),
}
"""The derivative of each operation of `programs` by each operand, from the textbook."""


def paths(program, numbers, leaf):
    """The product of the derivatives along each path from the last node to a leaf, one path after another."""
    leaves, lines = program

    def below(place, product):
        if place < leaves:
            if place == leaf:
                yield product
            return
        name, operands = lines[place - leaves]
        slopes = SLOPES[name](*(numbers[operand] for operand in operands))
        for operand, slope in zip(operands, slopes, strict=True):
            yield from below(operand, product * slope)

    return below(leaves + len(lines) - 1, 1)


@given(st.data())
def test_gradients_are_sums_over_all_paths(data):
    """Exactly, where every number is whole and small enough for a float to hold it."""
    program = data.draw(programs(EXACT))
    leaves = [Value(data.draw(st.integers(-3, 3))) for _ in range(program[0])]
    nodes = run(program, leaves)
    numbers = [int(node.data) for node in nodes]
    along = [list(paths(program, numbers, i)) for i in range(len(leaves))]
    assume(max(map(abs, numbers)) < 2**20 and all(sum(map(abs, products)) < 2**50 for products in along))
    nodes[-1].backward()
    assert [leaf.grad for leaf in leaves] == [sum(products) for products in along]


EXACT_IN_MPMATH = {
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b, "neg": lambda a: -a,
    "sin": mpmath.sin, "tanh": mpmath.tanh, "dot": lambda a, b, c, d: a * c + b * d,
}  # fmt: skip


STEP = mpmath.mpf(2) ** -80


def root(program, leaves):
    """The last number of the program, computed with 60 digits."""
    numbers = list(leaves)
    for name, operands in program[1]:
        numbers.append(EXACT_IN_MPMATH[name](*(numbers[operand] for operand in operands)))
    return numbers[-1]


@given(graphs)
def test_gradients_are_central_differences(graph):
    """Of a step so small, in so many digits, that the difference is exact to rounding."""
    program, numbers = graph
    leaves = list(map(Value, numbers))
    nodes = run(program, leaves)
    assume(all(abs(node.data) < 10 for node in nodes))
    nodes[-1].backward()
    with mpmath.workdps(60):
        for i, leaf in enumerate(leaves):
            above, below = ([x + h * (k == i) for k, x in enumerate(numbers)] for h in (STEP, -STEP))
            slope = (root(program, above) - root(program, below)) / (2 * STEP)
            scale = max(1.0, sum(map(abs, paths(program, [node.data for node in nodes], i))))
            assert abs(leaf.grad - slope) < 1e-11 * scale


# ---------------------------------------------------------------------- accumulation


@given(graphs, st.floats(allow_nan=False, allow_infinity=False, min_value=-1e100, max_value=1e100))
def test_passing_twice_doubles_leaves_exactly_and_leaves_interiors_as_they_were(graph, gradient):
    program, numbers = graph
    nodes = run(program, map(Value, numbers))
    nodes[-1].backward(gradient)
    once = [node.grad for node in nodes]
    nodes[-1].backward(gradient)
    assert gradients(nodes) == bits(*(2 * g if node.is_leaf else g for node, g in zip(nodes, once, strict=True)))
    for node in nodes:
        node.zero_grad()
    nodes[-1].backward(gradient)
    assert gradients(nodes) == bits(*once)


def test_two_roots_add_in_leaves_and_set_what_is_between_them_afresh():
    x = Value(3.0)
    y = x * x
    (2 * y).backward()
    assert (y.grad, x.grad) == (2.0, 12.0)
    (5 * y).backward()
    assert (y.grad, x.grad) == (5.0, 12.0 + 30.0)


def test_a_gradient_that_was_set_is_added_to():
    x = Value(3.0)
    x.grad = 100.0
    (x * x).backward()
    assert x.grad == 106.0


@given(graphs, st.sampled_from([2, 2.0, -0.5, Fraction(1, 4), True, 0]))
def test_the_gradient_of_the_root_scales_all_others(graph, gradient):
    """Exactly for powers of two, which change no digit."""
    program, numbers = graph
    assume(all(x == 0 or abs(x) > 1e-3 for x in numbers))  # far from underflow
    nodes, scaled = (run(program, map(Value, numbers)) for _ in range(2))
    nodes[-1].backward()
    scaled[-1].backward(gradient)
    assert [node.grad for node in scaled] == [float(gradient) * node.grad for node in nodes]


def test_zero_grad_forgets_one_nodes_gradient():
    x, y = Value(2.0), Value(3.0)
    (x * y).backward()
    x.zero_grad()
    assert (x.grad, y.grad) == (0.0, 2.0)


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize(
    "multiply", [lambda x, y: x * y, lambda x, y: dot([x], [y]), lambda x, y: matvec([Vector([x])], Vector([y]))[0]]
)
def test_data_changed_after_the_forward_pass(multiply, create_graph):
    """The forward pass is not run again; the rules read the operands as they are."""
    x, y = Value(2.0), Value(3.0)
    z = multiply(x, y)
    x.data = 10.0
    z.backward(create_graph=create_graph)
    assert (z.data, float(x.grad), float(y.grad)) == (6.0, 3.0, 10.0)


@given(graphs)
def test_hooks_that_only_look_change_no_bit(graph):
    """With a hook each node is pulled by its own rule; without, the pulls of most are written out in the loop."""
    program, numbers = graph
    nodes, hooked = (run(program, map(Value, numbers)) for _ in range(2))
    for node in hooked:
        node.register_hook(lambda gradient: None)
    nodes[-1].backward()
    hooked[-1].backward()
    assert gradients(hooked) == gradients(nodes)


# ---------------------------------------------------------------------- a failed pass


def interrupt(gradient):
    raise KeyboardInterrupt


def fail(gradient):
    raise ZeroDivisionError


NO_NUMBER = "^hook: must return a number or None, .* returned "
NO_GRADIENT = "^backward: gradient: must be a real number, got "
FAILURES = {
    "raising hook": (fail, 1.0, ZeroDivisionError, None),
    "interrupted": (interrupt, 1.0, KeyboardInterrupt, None),
    "hook returns text": (lambda gradient: "ten", 1.0, TypeError, NO_NUMBER + "'ten'"),
    "hook returns a list": (lambda gradient: [gradient], 1.0, TypeError, NO_NUMBER + r"\["),
    "hook returns a complex number": (lambda gradient: 1j, 1.0, TypeError, NO_NUMBER + "1j"),
    "gradient is text": (lambda gradient: None, "x", TypeError, NO_GRADIENT + "'x'"),
    "gradient is None": (lambda gradient: None, None, TypeError, NO_GRADIENT + "None"),
}


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("earlier", [0.0, 0.5])
@pytest.mark.parametrize(("hook", "gradient", "error", "told"), FAILURES.values(), ids=FAILURES)
def test_a_failed_pass_changes_no_gradient(hook, gradient, error, told, earlier, create_graph):
    """Wherever it failed, in a graph swept before or not; and the next pass is as if it had not been."""
    for place in range(6):
        x, w = Value(2.0), Value(3.0)
        v = Vector([x, w])
        y = dot(v, [w, 4.0])
        z = y * x + dot(v, v)  # x²w + 4xw + x² + w²
        nodes = [x, w, y, *z.parents, z]
        if earlier:
            z.backward(earlier, create_graph=create_graph)
        before, types = gradients(nodes), [type(node.grad) for node in nodes]
        handle = nodes[place].register_hook(hook)
        with pytest.raises(error, match=told):
            z.backward(gradient, create_graph=create_graph)
        assert gradients(nodes) == before
        assert [type(node.grad) for node in nodes] == types
        handle.remove()
        z.backward(1.5)
        assert [float(x.grad), float(w.grad)] == [(1.5 + earlier) * slope for slope in (28.0, 18.0)]


# ---------------------------------------------------------------------- vectors and their products

numbers = st.floats(-10, 10)


def pairs(elements):
    return st.lists(st.tuples(elements, elements), min_size=1, max_size=5)


@given(pairs(numbers), pairs(numbers))
def test_a_shared_vector_gives_what_dot_gives(first, second):
    """`matvec` of shared vectors and `dot` of lists to the last bit; single products are added otherwise."""

    def layer(product):
        n = min(len(first), len(second))
        rows = [[Value(a) for a, _ in pairs_[:n]] for pairs_ in (first, second)]
        x = [Value(b) for _, b in first[:n]]
        y, z = product(rows, x)
        (y * z + y).backward()
        leaves = [*rows[0], *rows[1], *x]
        return [y.data, z.data], [leaf.grad for leaf in leaves]

    shared = layer(lambda rows, x: matvec(list(map(Vector, rows)), Vector(x)))
    lists = layer(lambda rows, x: [dot(row, x) for row in rows])
    single = layer(lambda rows, x: [sum((a * b for a, b in zip(row, x, strict=True)), Value(0.0)) for row in rows])
    assert shared[0] == lists[0] == pytest.approx(single[0], rel=1e-12, abs=1e-9)
    assert shared[1] == pytest.approx(lists[1], rel=1e-12, abs=1e-9)
    assert shared[1] == pytest.approx(single[1], rel=1e-12, abs=1e-9)


@given(pairs(any_float), st.sampled_from([0.0, -0.0, 1.0]))
def test_behind_a_gradient_of_zero_vectors_pass_on_what_products_pass_on(elements, upstream):
    """The sweep skips what is 0 times finite numbers; 0 times inf or nan is nan, and not skipped."""
    w, x = ([Value(pair[side]) for pair in elements] for side in (0, 1))
    (dot(w, x) * upstream).backward()
    assert bits(*(leaf.grad for leaf in w)) == bits(*(0.0 + upstream * b for _, b in elements))
    assert bits(*(leaf.grad for leaf in x)) == bits(*(0.0 + upstream * a for a, _ in elements))
    for leaf in (*w, *x):
        leaf.zero_grad()
    (autograd.sum(w) * upstream).backward()
    assert bits(*(leaf.grad for leaf in w)) == bits(*[0.0 + upstream] * len(w))


def test_a_vector_sees_numbers_that_change():
    w, x = Value(2.0), Value(3.0)
    v, constants = Vector([w, x]), Vector([10.0, 100.0])
    assert (dot(v, constants).data, v.numbers) == (320.0, [2.0, 3.0])
    w.data = 5.0
    assert matvec([v], constants)[0].data == 350.0
    x.data += 1
    y = dot(v, v)
    y.backward()
    assert (y.data, w.grad, x.grad) == (25.0 + 16.0, 10.0, 8.0)


def test_a_vector_that_several_results_share_gathers_all_their_gradients():
    x = Value(2.0)
    v = Vector([x, x, 1.0, x * x])
    y = dot(v, [1.0, 2.0, 3.0, 4.0]) + autograd.sum(v) * dot(v, v)
    y.backward()
    # y = 4x² + 3x + 3 + (x² + 2x + 1) (x⁴ + 2x² + 1)
    assert y.data == 16 + 6 + 3 + 9 * 25
    assert x.grad == 8 * 2 + 3 + (2 * 2 + 2) * 25 + 9 * (4 * 8 + 4 * 2)


def test_gradients_in_vectors_do_not_outlive_the_pass():
    """What one pass left in a vector does not leak into the next."""
    x, w = Value(2.0), Value(0.0)
    v = Vector([x, 1.0])
    y = dot(v, [3.0, 4.0])
    (y * 2).backward()
    x.zero_grad()
    (w * y).backward()
    assert (x.grad, w.grad) == (0.0, 10.0)
