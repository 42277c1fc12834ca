"""Every row of the table read on tensors: NumPy's values, right derivatives, and `Value`'s bits."""

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st

import autograd
from autograd import TABLE, Tensor, Value
from autograd.op import Elementwise
from autograd.testing import check_gradients
from autograd.testing.strategies import points, shapes_that_broadcast

from . import strategies
from .arrays import LAYOUTS, close, few, fewer, layouts, leaf, seeds, weights_for

ELEMENTWISE = [op for op in TABLE.values() if isinstance(op, Elementwise)]
PRECISION = {np.float64: 1e-11, np.float32: 3e-5, np.float16: 0.05}
"""How far a gradient may be off, relative to the largest: local derivatives reach 100 at these points."""

floats = st.sampled_from(sorted(PRECISION, key=str))


def each(rows):
    return pytest.mark.parametrize("op", rows, ids=lambda op: op.name)


def bits(x):
    """Equal for equal floats only: repr tells -0.0 from 0.0, and nan is nan; None is no gradient, so 0."""
    return repr(0.0 if x is None else float(x))


def numbers_for(op, shapes, seed):
    """Arrays whose every combination lies inside the row's domain, well away from its edges."""
    source = np.random.default_rng(seed)
    for _ in range(50):
        arrays = [
            np.asarray(source.uniform(low + (high - low) / 50, high - (high - low) / 50, shape))
            for (low, high), shape in zip(strategies.box(op), shapes, strict=True)
        ]
        points = list(zip(*(a.ravel().tolist() for a in np.broadcast_arrays(*arrays)), strict=True))
        smooth = op.domain.singular is None or all(abs(op.domain.singular(*point)) > 0.05 for point in points)
        if smooth and all(op.domain.contains(*point) for point in points):
            return arrays
    return assume(False)


@st.composite
def operands(draw, op, dtypes=None):
    """Arrays of shapes that broadcast together, in any layout, each of a dtype of its own."""
    arrays = numbers_for(op, draw(shapes_that_broadcast(op.arity, max_dims=2)), draw(seeds))
    dtypes = [draw(floats) if dtypes is None else dtypes for _ in arrays]
    return [LAYOUTS[draw(layouts)](a.astype(d)) for a, d in zip(arrays, dtypes, strict=True)]


def common(arrays):
    """The dtype in which PyTorch computes: a 0-d tensor does not widen one that has axes."""
    wide = [a for a in arrays if a.ndim] or arrays
    return np.result_type(*(a.dtype for a in wide)).type


# ---------------------------------------------------------------------- values and gradients


@each(ELEMENTWISE)
@fewer
@given(data=st.data())
def test_value_is_numpys(op, data):
    """To the last bit, where NumPy computes in the dtype that PyTorch chooses; and to rounding that of floats."""
    arrays = data.draw(operands(op))
    y = op(*map(autograd.from_numpy, arrays))
    dtype = common(arrays[1:] if op is autograd.where else arrays)  # what chooses does not widen what is chosen
    expected = np.asarray(op(*(a.astype(dtype, copy=False) for a in arrays)))  # NumPy's last bit depends on the layout
    assert (type(y), y.dtype, y.shape) == (Tensor, dtype, np.broadcast_shapes(*(a.shape for a in arrays)))
    assert not y.requires_grad
    if not (y.ndim == 0 and dtype is np.float64):  # which is computed by the functions for floats
        assert y.numpy().tobytes() == expected.astype(dtype).tobytes()
    one_by_one = np.vectorize(op.on_floats, otypes=[float])(*(a.astype(dtype).astype(float) for a in arrays))
    if op.name not in ("floor", "ceil", "round", "sign", "where") or dtype is np.float64:
        close(y.numpy(), one_by_one, PRECISION[dtype], op.name)


@each(ELEMENTWISE)
@few
@given(data=st.data())
def test_derivatives(op, data):
    """Of both orders and in both modes; what was broadcast is summed up again."""
    check_gradients(op, *data.draw(operands(op, np.float64)), project=True)


@each(ELEMENTWISE)
@fewer
@given(data=st.data())
def test_gradients_in_any_dtype_and_layout(op, data):
    """Each of the dtype of its operand, and to the coarsest precision those of float64 in rows."""
    arrays = data.draw(operands(op, np.float64) | operands(op))
    before = [a.tobytes() for a in arrays]
    leaves, exact = [leaf(a) for a in arrays], [Tensor(a.astype(np.float64), True) for a in arrays]
    (weights,) = weights_for(op(*leaves), data.draw(seeds))
    op(*leaves).backward(weights)
    op(*exact).backward(weights)
    worst = max(PRECISION[a.dtype.type] for a in arrays)
    for i, (x, expected) in enumerate(zip(leaves, exact, strict=True)):
        assert (x.grad.dtype, x.grad.shape) == (x.dtype, x.shape)
        close(x.grad.numpy(), expected.grad.numpy(), worst, f"∂{op.name}/∂{i}")
        x.zero_grad()
    op(*leaves).backward(weights, create_graph=True)
    assert [(x.grad.dtype, x.grad.shape) for x in leaves] == [(x.dtype, x.shape) for x in leaves]
    assert [a.tobytes() for a in arrays] == before


# ---------------------------------------------------------------------- the bits of the scalar engine


@st.composite
def expressions(draw, numbers=strategies.any_float, steps=6):
    """Leaves, and rows applied to earlier results or plain numbers, one after the other."""
    leaves = draw(st.lists(numbers, min_size=1, max_size=3))
    lines = []
    for place in range(len(leaves), len(leaves) + draw(st.integers(1, steps))):
        op = draw(st.sampled_from(ELEMENTWISE))
        earlier = st.integers(0, place - 1)
        entries = [earlier, *[earlier | st.tuples(numbers)] * (op.arity - 1)]
        lines.append((op, draw(st.permutations(entries).flatmap(lambda chosen: st.tuples(*chosen)))))
    return leaves, lines


def results_of(expression, make):
    """All nodes of an expression: the leaves, then one result per line."""
    leaves, lines = expression
    nodes = [make(x) for x in leaves]
    for op, entries in lines:
        nodes.append(op(*(entry[0] if isinstance(entry, tuple) else nodes[entry] for entry in entries)))
    return nodes


def as_tensor(x):
    return Tensor(x, True, dtype=np.float64)


@given(expressions())
def test_expressions_have_the_bits_of_values(expression):
    """On 0-d tensors of float64, whatever the numbers: results and all gradients, interior ones as well."""
    values, tensors = results_of(expression, Value), results_of(expression, as_tensor)
    for _ in range(2):
        values[-1].backward()
        tensors[-1].backward()
        for x, t in zip(values, tensors, strict=True):
            assert (t.shape, t.dtype) == ((), np.float64)
            assert bits(t) == bits(x)
            assert bits(t.grad) == bits(x.grad)


@each(ELEMENTWISE)
@fewer
@given(data=st.data())
def test_rows_have_the_bits_of_values(op, data):
    point = data.draw(strategies.any_points(op))
    expression = list(point), [(op, tuple(range(op.arity)))]
    test_expressions_have_the_bits_of_values.hypothesis.inner_test(expression)


def repeatedly(y, leaves, order):
    """The gradients by the first leaf, of the gradient by the first leaf, and so on."""
    found = []
    for _ in range(order):
        if not isinstance(y, (Value, Tensor)) or (isinstance(y, Tensor) and not y.requires_grad):
            break
        y.backward(create_graph=True)
        slopes = [x.grad for x in leaves]
        found.append([bits(slope) for slope in slopes])
        for x in leaves:
            x.zero_grad()
        y = slopes[0]
    return found


@given(expressions(st.floats(-2.0, 2.0) | st.sampled_from([0.0, -0.0, 1.0, -1.0, 2.0]), steps=4))
def test_higher_derivatives_of_expressions_have_the_bits_of_values(expression):
    values, tensors = results_of(expression, Value), results_of(expression, as_tensor)
    count = len(expression[0])
    exact = repeatedly(values[-1], values[:count], 3)
    found = repeatedly(tensors[-1], tensors[:count], 3)
    zeros = ["0.0"] * count  # further orders, where a gradient is no longer a node: it depends on no leaf
    assert found + [zeros] * (3 - len(found)) == exact + [zeros] * (3 - len(exact))


@each(ELEMENTWISE)
@fewer
@given(data=st.data())
def test_higher_derivatives_of_rows_have_the_bits_of_values(op, data):
    point = data.draw(points(op) | strategies.any_points(op))
    expression = list(point), [(op, tuple(range(op.arity)))]
    test_higher_derivatives_of_expressions_have_the_bits_of_values.hypothesis.inner_test(expression)


# ---------------------------------------------------------------------- the ways to write one row


@each(ELEMENTWISE)
def test_rows_take_whole_numbers(op):
    """Integers stay integers where PyTorch keeps them, and become the default dtype elsewhere."""
    point = strategies.sample(op, 1)[0]
    for dtype in (np.int64, np.int32):
        whole = [np.full(2, 1, dtype) for _ in point]
        y = op(*map(autograd.from_numpy, whole))
        assert y.dtype in (dtype, np.float32)
        with np.errstate(all="ignore"):
            close(y.numpy(), np.full(2, op(*[1.0] * op.arity)), 1e-6, op.name)


@each([op for op in ELEMENTWISE if op.name != "where"])
@fewer
@given(data=st.data())
def test_method_and_in_place_method_are_the_function(op, data):
    arrays = data.draw(operands(op, np.float64))
    assume(np.broadcast_shapes(*(a.shape for a in arrays)) == arrays[0].shape)
    first, *others = map(autograd.tensor, arrays)
    expected = op(first, *others).numpy().tobytes()
    assert getattr(first, op.name)(*others).numpy().tobytes() == expected
    assert getattr(first, f"{op.name}_")(*others) is first
    assert first.numpy().tobytes() == expected


@each([op for op in ELEMENTWISE if op.arity > 1 and op.name != "where"])
@fewer
@given(seed=seeds)
def test_plain_numbers_are_constants_that_never_widen(op, seed):
    """A Python number beside a float16 or float32 array leaves it so."""
    for dtype in (np.float16, np.float32, np.float64):
        first, *others = (a.astype(dtype) for a in numbers_for(op, [(2,)] + [()] * (op.arity - 1), seed))
        x = leaf(first)
        y = op(x, *(float(b) for b in others))
        assert y.dtype == dtype
        assert y.detach().numpy().tobytes() == op(first, *others).tobytes()
        y.backward(np.ones(2))
        assert x.grad.dtype == dtype


def test_where_chooses_among_numbers_in_the_default_dtype():
    """The condition has no say in the dtype."""
    condition = autograd.tensor([1.0, 0.0], dtype="double")
    x = autograd.ones(2)
    assert autograd.where(condition > 0, 1.0, 0.0).dtype == np.float32
    assert autograd.where(condition > 0, x, 0.0).dtype == autograd.where(condition, x, x).dtype == np.float32


def test_reductions_take_lists_of_numbers_without_axes():
    a, b = (Tensor(x, requires_grad=True) for x in (2.0, 3.0))
    y = autograd.dot([a, b], [b, a]) + autograd.sum([a, a, b])
    y.backward()
    assert (y.item(), a.grad.item(), b.grad.item()) == (19.0, 8.0, 5.0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("exponent", [-2, -1.0, 1, 2.0, 2, 3, 3.0, 4])
def test_powers_with_whole_exponents(dtype, exponent):
    """Products in the place of NumPy's power differ from it in the last bits at most, also at special numbers."""
    special = [0.0, -0.0, np.inf, -np.inf, np.nan, np.finfo(dtype).tiny, np.finfo(dtype).max, -np.finfo(dtype).max]
    a = np.array([*special, *np.linspace(-3, 3, 50), 1e-15, 1e12], dtype)
    with np.errstate(all="ignore"):
        expected, slope = np.power(a, exponent), exponent * np.power(a, exponent - 1)
    x = autograd.tensor(a, requires_grad=True)
    y = x**exponent
    y.backward(np.ones_like(a))
    limit = {"rtol": 4 * np.finfo(dtype).eps, "atol": 0}
    np.testing.assert_allclose(y.numpy(force=True), expected, **limit)
    np.testing.assert_array_equal(np.signbit(y.numpy(force=True))[:4], np.signbit(expected)[:4])
    np.testing.assert_allclose(x.grad.numpy(), slope, **limit)
    assert y.dtype == x.grad.dtype == dtype


@pytest.mark.parametrize("exponent", [-1, autograd.tensor(-1), autograd.tensor([-1, 2])], ids=repr)
def test_negative_powers_of_integers_raise(exponent):
    with pytest.raises(ValueError, match=r"^pow: Integers to negative integer powers .*: write x\.float\(\)$"):
        autograd.tensor([2, 3]) ** exponent
    with pytest.raises(ValueError, match=r"^pow: shapes \(2,\) and \(3,\) do not broadcast together$"):
        autograd.tensor([2, 3]) ** autograd.tensor([1, 2, 3])


def test_a_recorded_derivative_has_the_precision_of_its_operand():
    x = autograd.tensor(np.array([-1.0, 2.0]), requires_grad=True)
    autograd.leaky_relu(x, 0.01).sum().backward(create_graph=True)
    assert x.grad.tolist() == [0.01, 1.0]
