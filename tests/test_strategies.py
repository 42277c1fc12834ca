"""The strategies that are shipped: what they draw is smooth, finite, readable, shrinks well, and comes fast."""

import math
import random
import statistics
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings, strategies as st

import autograd
from autograd import TABLE, Domain, Value
from autograd.op import Reduction
from autograd.testing import strategies
from autograd.testing.expressions import Draft, Expression, Leaf, Line
from autograd.testing.intervals import Interval, bounds, readable, rooms
from autograd.testing.strategies import expressions, points, shapes_that_broadcast, tensors, values
from nn.testing import CLEARANCE, modules, training_problems

healthy = settings(suppress_health_check=[])
"""With the health checks that the profiles leave out."""

searching = settings(healthy, max_examples=2000, database=None, derandomize=True)

every_row = pytest.mark.parametrize("op", TABLE.values(), ids=TABLE)


@autograd.op(lambda a, y: 3 * a**2, domain=Domain(((-math.inf, 2.0),), singular=lambda a: a - 1))
def cube(a):
    return a**3


def sample(strategy, count=200):
    """What a strategy draws in so many examples, the same each time."""
    found = []

    @settings(healthy, max_examples=count, database=None, derandomize=True, phases=[Phase.generate])
    @given(strategy)
    def collect(example):
        found.append(example)

    collect()
    return found


def executed(source):
    """The variables that Python source makes."""
    variables = {"cube": cube}
    exec(source, variables)
    return variables


def inside(box, source):
    """A random point of a box."""
    return tuple(source.uniform(*interval) for interval in box)


# ---------------------------------------------------------------------- intervals


@every_row
def test_rows_keep_what_their_bounds_promise(op):
    source = random.Random(op.name)
    for box in rooms(op):
        result, slopes = bounds(op, box)
        assert max(map(abs, result)) <= 10 and len(slopes) == len(box)
        for point in (inside(box, source) for _ in range(20)):
            assert isinstance(op, Reduction) or op.domain.contains(*point)
            y = op(*([x] for x in point)) if isinstance(op, Reduction) else op(*point)
            assert result.low <= y <= result.high


@pytest.mark.parametrize(
    ("name", "box"),
    [
        ("log", [(0.0, 2.0)]),  # the end of the domain
        ("abs", [(-1.0, 2.0)]),  # a kink
        ("floor", [(0.5, 1.5)]),  # a jump
        ("floor", [(0.5, 6.5)]),
        ("reciprocal", [(-1.0, 1.0)]),  # a pole
        ("tan", [(1.0, 2.0)]),
        ("maximum", [(-1.0, 1.0), (0.0, 2.0)]),  # a kink in two operands
        ("clip", [(-1.0, 1.0), (-2.0, 0.0), (2.0, 3.0)]),
        ("hypot", [(-2.0, 2.5), (-2.0, 2.5)]),  # a cone, its tip between the points of the grid
        ("exp", [(0.0, 3.0)]),  # too large
        ("square", [(-4.0, 0.0)]),
        ("reciprocal", [(0.125, 1.0)]),  # too steep
    ],
)
def test_boxes_that_are_not_well_conditioned(name, box):
    assert bounds(TABLE[name], [Interval(*interval) for interval in box]) is None


def test_intervals_look_at_no_partial():
    """A row with wrong derivatives is drawn like the right one: it is what tests are to find."""
    wrong = autograd.op(lambda a, y: math.nan)(lambda a: a * a)
    assert bounds(wrong, [Interval(0.0, 2.0)]).result == bounds(autograd.square, [Interval(0.0, 2.0)]).result


def test_readable_numbers_are_short_and_inside():
    for interval in (Interval(-2.0, 2.0), Interval(0.25, 0.75), Interval(1e-5, 2e-5), Interval(-1e6, 3.0)):
        numbers = readable(interval)
        assert 30 <= len(set(numbers)) <= 70
        assert all(interval.low <= x <= interval.high for x in numbers)
    assert readable(Interval(0.5, 2.5))[:3] == (0.5, 1.0, 1.5)
    assert readable(Interval(0.3, 0.3)) == (0.3,)


# ---------------------------------------------------------------------- expressions


def assert_smooth(expression, numbers):
    """Every row in its domain, every node of moderate size, every gradient bounded."""
    nodes = expression.nodes(*numbers)
    assert all(abs(y) <= 10 for y in nodes)
    for line in expression.lines:
        operands = [x if isinstance(x, float) else nodes[x] for x in line.operands]
        assert isinstance(line.op, Reduction) or line.op.domain.contains(*operands), line
    leaves = [Value(x) for x in numbers]
    expression(*leaves).backward()
    assert all(abs(leaf.grad) <= 120 for leaf in leaves)


@healthy
@given(expressions(max_ops=20) | expressions([cube, "exp", "mul"]), st.integers(0, 1000))
def test_expressions_are_smooth_wherever_their_leaves_may_lie(expression, seed):
    assert_smooth(expression, expression.point)
    source = random.Random(seed)
    for _ in range(10):
        assert_smooth(expression, inside([leaf.interval for leaf in expression.leaves], source))


@healthy
@given(expressions(max_ops=20) | expressions([cube, "sub", "neg", "pow", "div"]))
def test_expressions_print_as_source_of_the_same_graph(expression):
    variables = executed(repr(expression))
    leaves = [Value(x) for x in expression.point]
    y = expression(*leaves)
    y.backward()
    variables["y"].backward()
    assert variables["y"].data == y.data
    assert [variables[leaf.name].grad for leaf in expression.leaves] == [leaf.grad for leaf in leaves]
    assert len(autograd.forward_lines(variables["y"])) == len(autograd.forward_lines(y))


@healthy
@given(expressions())
def test_expressions_have_no_dead_part(expression):
    used = {x for line in expression.lines for x in line.operands if isinstance(x, int)}
    assert used == set(range(len(expression.leaves) + len(expression.lines) - 1))
    assert all(any(isinstance(x, int) for x in line.operands) for line in expression.lines)


@healthy
@given(st.data(), st.integers(1, 4), st.integers(1, 8))
def test_expressions_keep_to_their_limits(data, leaves, max_ops):
    chosen = data.draw(st.lists(st.sampled_from(sorted(TABLE)), min_size=1, max_size=4))
    expression = data.draw(expressions(chosen, leaves, max_ops))
    assert {op.name for op in expression.ops} <= set(chosen)
    assert 1 <= len(expression.leaves) <= leaves
    assert 1 <= len(expression.lines) <= max_ops


def test_slopes_are_bounded_along_chains():
    """sin(9 sin(9 sin(9 a))) is moderate in every step, but not on the whole."""
    draft = Draft([Interval(-1.0, 1.0)])
    added = [
        draft.append(op, operands) for op, operands in [(MUL, (9.0, 0)), (SIN, (1,)), (MUL, (9.0, 2)), (SIN, (3,))]
    ]
    assert added == [True] * 4
    assert 75 < draft.steepness[-1] <= 81
    assert not draft.append(MUL, (9.0, 4))
    assert draft.last == 4


def test_guards_and_sums_count_as_operations():
    found = sample(expressions(max_ops=5), 500)
    assert max(len(e.lines) for e in found) == 5
    assert any("1.5 + tanh(" in repr(e) for e in found)


A, B, C = (Leaf(name, Interval(0.5, 2.0), number) for name, number in (("a", 0.5), ("b", 1.0), ("c", 2.0)))
ADD, SUB, MUL, POW, NEG, SIN = (TABLE[name] for name in ("add", "sub", "mul", "pow", "neg", "sin"))


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ([(ADD, 0, 1), (NEG, 3)], "-(a + b)"),
        ([(NEG, 0), (ADD, 3, 1)], "-a + b"),
        ([(NEG, 0), (POW, 3, 1)], "(-a) ** b"),
        ([(POW, 0, 1), (NEG, 3)], "-(a ** b)"),
        ([(SUB, 1, 2), (SUB, 0, 3)], "a - (b - c)"),
        ([(SUB, 0, 1), (SUB, 3, 2)], "a - b - c"),
        ([(POW, 0, 1), (POW, 3, 2)], "(a ** b) ** c"),
        ([(POW, 1, 2), (POW, 0, 3)], "a ** (b ** c)"),
        ([(ADD, 0, 1), (MUL, 3, -2.0)], "(a + b) * (-2.0)"),
        ([(ADD, 0, 1), (MUL, 3, 3)], "d * d"),
        ([(TABLE["dot"], 0, 1, 2, 0.5)], "dot([a, b], [c, 0.5])"),
    ],
)
def test_brackets_of_the_source(lines, text):
    expression = Expression((A, B, C), tuple(Line(op, tuple(operands)) for op, *operands in lines))
    assert repr(expression).splitlines()[-1] == f"y = {text}"
    assert executed(repr(expression))["y"].data == expression(*expression.point)


def test_expressions_have_every_row_sharing_and_length():
    found = sample(expressions(), 1000)
    assert {op.name for expression in found for op in expression.ops} == set(TABLE)
    uses = [[x for line in e.lines for x in line.operands if isinstance(x, int)] for e in found]
    shared = [any(e.count(place) > 1 for place in e) for e in uses]
    assert statistics.mean(shared) > 0.3
    assert statistics.mean(len(e.lines) for e in found) > 4
    assert max(len(e.leaves) for e in found) == 3


def smallest(strategy, condition):
    """What the shortest of a few searches ends with: now and then one stops at a larger example."""
    searches = (find(strategy, condition, settings=searching, random=random.Random(seed)) for seed in range(3))
    return min(searches, key=lambda expression: len(repr(expression)))


@pytest.mark.parametrize("name", ["div", "dot", "log", "pow"])
def test_expressions_shrink_to_one_operation(name):
    op = TABLE[name]
    expression = smallest(expressions(), lambda e: op in e.ops)
    assert expression.ops == (op,)
    assert all(len(repr(abs(x))) <= 4 for x in expression.point)


def test_expressions_shrink_to_readable_source():
    expression = smallest(expressions(), lambda e: autograd.exp in e.ops)
    assert repr(expression) == "from autograd import Value, exp\na = Value(0.0)\ny = exp(a)"


def test_counter_examples_can_be_pasted():
    @settings(searching)
    @given(expressions(["exp", "log"], leaves=1, max_ops=3))
    def no_logarithm(expression):
        assert autograd.log not in expression.ops

    with pytest.raises(AssertionError) as error:
        no_logarithm()
    assert "\nfrom autograd import Value, log\na = Value(0.5)\ny = log(a)\n" in "\n".join(error.value.__notes__)


def test_ops_of_the_users_are_drawn_and_named():
    expression = find(
        expressions([autograd.add, cube]), lambda e: cube in e.ops, settings=searching, random=random.Random(0)
    )
    assert repr(expression).splitlines()[:2] == ["from autograd import Value", "# cube is an op of your own"]


@pytest.mark.parametrize("max_ops", [12, 30])
def test_expressions_come_fast(max_ops):
    """Hypothesis complains from 0.1 s each on."""
    times = []

    @settings(healthy, max_examples=100, database=None)
    @given(st.data())
    def draw(data):
        start = time.perf_counter()
        data.draw(expressions(max_ops=max_ops))
        times.append(time.perf_counter() - start)

    draw()
    assert statistics.median(times) < 0.03


@healthy
@given(expressions())
def test_expressions_run_on_other_carriers(expression):
    expected = expression(*expression.point)
    of_tensors = expression(*(autograd.tensor(x, dtype="float64") for x in expression.point))
    assert math.isclose(float(of_tensors), expected, rel_tol=1e-9, abs_tol=1e-9)
    if not any(isinstance(op, Reduction) for op in expression.ops):
        of_arrays = expression(*(np.array([x, x]) for x in expression.point))
        np.testing.assert_allclose(of_arrays, [expected, expected], rtol=1e-9, atol=1e-9)


def test_expressions_count_their_numbers():
    expression = find(expressions(), lambda e: len(e.leaves) == 2, settings=searching, random=random.Random(0))
    with pytest.raises(TypeError, match="takes a number for each of a, b, got 1"):
        expression(1.0)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"ops": "exp"}, TypeError, r"write \['exp'\] for one"),
        ({"ops": []}, ValueError, "is empty"),
        ({"ops": ["expp"]}, ValueError, "no row 'expp'"),
        ({"ops": [math.exp]}, TypeError, "must be ops on numbers"),
        ({"ops": [autograd.op(1e9)(lambda a: 1e9 * a)]}, ValueError, "give it a domain"),
        ({"max_ops": 0}, ValueError, "max_ops must be 1 or more, got 0"),
        ({"leaves": 0}, ValueError, "leaves must be 1 or more, got 0"),
    ],
)
def test_wrong_arguments_of_expressions(arguments, error, message):
    with pytest.raises(error, match=message):
        expressions(**arguments)


# ---------------------------------------------------------------------- points, values, tensors, shapes


@every_row
def test_points_lie_in_the_domain(op):
    @settings(healthy, max_examples=200)
    @given(points(op))
    def check(point):
        assert len(point) == op.arity
        if isinstance(op, Reduction):
            assert len({len(vector) for vector in point}) == 1
            assert all(isinstance(x, float) for vector in point for x in vector)
        else:
            assert op.domain.contains(*point)
            assert all(math.isfinite(y) for y in (op(*point), *(p(*point, op(*point)) for p in op.partials)))

    check()


def test_points_go_far_and_take_names():
    assert max(abs(x) for (x,) in sample(points("sin"))) > 4
    assert {len(a) for a, _ in sample(points("dot"))} == {1, 2, 3, 4, 5}
    assert all(x < 2 for (x,) in sample(points(cube)))
    with pytest.raises(ValueError, match="no row 'sine'"):
        points("sine")


def test_points_of_a_domain_far_from_0():
    far = autograd.op(1.0, domain=Domain(((100.0, 101.0),)))(lambda a: a - 100)
    assert all(far.domain.contains(*point) for point in sample(points(far)))


@healthy
@given(values(), values(2.0, 3.0))
def test_values_are_short_and_inside(a, b):
    assert type(a) is Value and -5 <= a.data <= 5 and 2 <= b.data <= 3
    assert len(repr(abs(a.data))) <= 6


def test_values_shrink_to_0():
    assert find(values(), lambda v: True, settings=searching, random=random.Random(0)).data == 0.0
    assert find(values(), lambda v: v.data > 1.7, settings=searching, random=random.Random(0)).data == 2.0
    with pytest.raises(ValueError, match="low must be below high"):
        values(2.0, 1.0)


@healthy
@given(tensors(), tensors((2, 3), "float16", requires_grad=False, low=0.0, high=1.0))
def test_tensors_keep_distances(a, b):
    assert a.requires_grad and a.is_leaf and not b.requires_grad
    assert b.shape == (2, 3) and b.dtype == np.float16
    for x, low, high in ((a, -5, 5), (b, 0, 1)):
        numbers = x.detach().numpy().astype(np.float64).ravel()
        assert ((low <= numbers) & (numbers <= high)).all()
        magnitudes = np.sort(np.append(np.abs(numbers), 0.0))
        assert np.diff(magnitudes).min() >= (high - low) / 256


def test_tensors_have_all_dtypes_and_layouts():
    found = [x.detach().numpy() for x in sample(tensors((2, 3)))]
    assert {str(x.dtype) for x in found} == {"float16", "float32", "float64"}
    strides = {tuple(s // x.itemsize for s in x.strides) for x in found}
    assert strides == {(3, 1), (1, 2), (-3, -1), (12, 2)}
    shapes = {x.shape for x in sample(tensors())}
    assert () in shapes and max(map(len, shapes)) == 3
    assert {x.shape for x in sample(tensors(st.sampled_from([(0,), (4,)])), 50)} == {(0,), (4,)}


def test_large_tensors_come_at_once():
    (x,) = sample(tensors((64, 64), "float64"), 1)
    assert len(np.unique(np.abs(x.detach().numpy()))) == 64 * 64


@pytest.mark.parametrize("dtype", ["int64", "float3"])
def test_tensors_are_floating(dtype):
    with pytest.raises(TypeError, match="dtype"):
        tensors(dtype=dtype)


def test_shapes_broadcast():
    found = sample(shapes_that_broadcast(3))
    for shapes in found:
        assert len(shapes) == 3
        np.broadcast_shapes(*shapes)
    sides = {side for shapes in found for shape in shapes for side in shape}
    assert sides == {0, 1, 2, 3}
    assert {len(shape) for shapes in found for shape in shapes} == {0, 1, 2, 3}


# ---------------------------------------------------------------------- modules


def outputs(y):
    return y if isinstance(y, list) else [y]


@healthy
@given(modules())
def test_modules_have_finite_outputs_and_gradients(example):
    module, inputs = example
    ys = outputs(module(*inputs))
    sum(ys).backward()
    assert all(math.isfinite(y.data) for y in ys)
    assert all(math.isfinite(p.grad) for p in module.parameters())


@healthy
@given(modules())
def test_modules_print_as_source(example):
    module, inputs = example
    source = repr(example).replace("\nmodule(", "\ny = module(")
    assert [y.data for y in outputs(executed(source)["y"])] == [y.data for y in outputs(module(*inputs))]


@healthy
@given(modules())
def test_modules_keep_off_kinks(example):
    module, inputs = example
    rows_with_kinks = [op for op in TABLE.values() if op.domain.singular]
    for y in outputs(module(*inputs)):
        for node in nodes_below(y):
            if node.op in rows_with_kinks:
                (z, *rest) = (x.data if isinstance(x, Value) else x for x in node.parents)
                assert abs(z) > CLEARANCE / 2, rest


def nodes_below(y):
    waiting, seen = [y], set()
    while waiting:
        node = waiting.pop()
        if isinstance(node, Value) and node not in seen:
            seen.add(node)
            waiting.extend(node.parents)
    return seen


def test_modules_have_every_kind():
    found = sample(modules(), 300)
    assert {type(module).__name__ for module, _ in found} == {"Neuron", "Layer", "MLP"}
    assert {type(x) for _, (sample,) in found for x in sample} == {float, Value}


@healthy
@given(training_problems())
def test_a_small_step_lowers_the_loss(problem):
    made = [y.data for x in problem.inputs for y in outputs(problem.model(x))]
    assert abs(sum(map(sum, problem.targets)) - sum(made)) > 0.9 * len(made)
    loss = problem.loss()
    loss.backward()
    for parameter in problem.model.parameters():
        parameter.data -= 1e-5 * parameter.grad
    assert math.isfinite(loss.data)
    assert problem.loss().data < loss.data


@healthy
@given(training_problems())
def test_training_problems_print_as_source(problem):
    assert executed(repr(problem))["problem"].loss().data == problem.loss().data


# ---------------------------------------------------------------------- where they stand


@pytest.mark.parametrize("module", ["autograd.testing.strategies", "nn.testing"])
def test_without_hypothesis_one_line_says_what_to_install(module):
    code = f"import sys; sys.modules['hypothesis'] = None; import {module}"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    last = run.stderr.splitlines()[-1]
    assert last.startswith("ImportError: ") and last.endswith('python -m pip install "stepgrad[testing]"')


@pytest.mark.parametrize("name", ["modules", "training_problems"])
def test_strategies_of_modules_are_found_in_nn(name):
    with pytest.raises(AttributeError, match=f"{name}: stands on nn: write `from nn.testing import {name}`"):
        getattr(strategies, name)


def test_other_names_are_unknown():
    with pytest.raises(AttributeError, match="has no attribute 'module'"):
        strategies.module  # noqa: B018
