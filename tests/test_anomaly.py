"""Where inf and nan come from: the first node that is not finite, named while it is computed, or afterwards."""

import math
import pickle

import numpy as np
import pytest
from hypothesis import given, strategies as st

import autograd
from autograd import Tensor, Value, Vector, detect_anomaly, dot, matvec, no_grad, tensor
from autograd.anomaly import AnomalyError
from autograd.backward import find_anomaly
from autograd.graph import topological_order
from autograd.modes import note_sites

from .anomalies import OUTSIDE, leaf, line_of

# ---------------------------------------------------------------------- forward, while it is computed


@pytest.mark.parametrize(
    ("operation", "told"),
    [
        (lambda x: x.log(), "log(x = 0.0) gave -inf"),
        (lambda x: (x - 1).log(), "log(-1.0) gave nan"),
        (lambda x: 1 / x, "div(1.0, x = 0.0) gave inf"),
        (lambda x: (x + 1e308) * 10, "mul(1e+308, 10.0) gave inf"),
        (lambda x: x + float("inf"), "add(x = 0.0, inf) gave inf"),
        (lambda x: autograd.where(x, 1.0, x / x), "div(x = 0.0, x = 0.0) gave nan"),
        (lambda x: dot([x, 1.0], [1e308, math.inf]), "dot([x = 0.0, 1.0], [1e+308, inf]) gave inf"),
        (lambda x: matvec([Vector([x, 1.0])], Vector([1.0, 1e400])), "dot([x = 0.0, 1.0], [1.0, inf]) gave inf"),
        (lambda x: dot([x + 9] * 5, [1e308] * 5), "dot(shape (5,) in 9…9, shape (5,) in 1e+308…1e+308) gave inf"),
    ],
)
def test_the_first_operation_that_is_not_finite_is_named(operation, told):
    x = Value(0.0, name="x")
    with detect_anomaly(), pytest.raises(FloatingPointError) as caught:
        operation(x)
    assert str(caught.value) == f"forward: {told}, made at {line_of(operation)}"
    assert repr(x) == "Value(0.0, name='x', grad=0.0)"


@pytest.mark.parametrize(
    ("operation", "told"),
    [
        (
            lambda x, W: x.log(),
            "log(x[1] = 0.0) gave -inf at [1] of shape (3,), 1 of 3 elements not finite",
        ),
        (
            lambda x, W: x.detach().log(),
            "log(0.0) gave -inf at [1] of shape (3,), 1 of 3 elements not finite",
        ),
        (
            lambda x, W: tensor([[0.0], [1.0]]) / x,
            "div(0.0, x[1] = 0.0) gave nan at [0, 1] of shape (2, 3), 2 of 6 elements not finite",
        ),
        (
            lambda x, W: autograd.div(1.0, x),
            "div(1.0, x[1] = 0.0) gave inf at [1] of shape (3,), 1 of 3 elements not finite",
        ),
        (
            lambda x, W: x + np.array([1.0, 1.0, math.inf]),
            "a constant is inf at [2] of shape (3,), 1 of 3 elements not finite; add(x[2] = 4.0, inf) met it",
        ),
        (
            lambda x, W: W @ x,
            (
                "matmul(W of shape (2, 3) in -2…1e+308, x = [1.0, 0.0, 4.0]) "
                "gave inf at [1] of shape (2,), 1 of 2 elements not finite"
            ),
        ),
        (
            lambda x, W: (W * 1e300 * 0).sum(),
            "mul(W[1, 2] = 1e+308, 1e+300) gave inf at [1, 2] of shape (2, 3), 1 of 6 elements not finite",
        ),
        (lambda x, W: (W[1] * 1.5).sum() + W[1].sum(), "add(1.5e+308, 1e+308) gave inf"),
        (lambda x, W: x[1].log(), "log(0.0) gave -inf"),
        (lambda x, W: autograd.sum(x / 1e-308), "div(x[2] = 4.0, 1e-308) gave inf at [2] of shape (3,), 1 of 3"),
    ],
)
def test_arrays_tell_the_first_place_and_the_operands_there(operation, told):
    """For ops on whole arrays, where one place of the result depends on many, what the operands range over."""
    x = leaf(1.0, 0.0, 4.0, name="x")
    W = leaf([1.0, 1.0, -2.0], [0.0, 0.0, 1e308], name="W")
    with detect_anomaly(), pytest.raises(AnomalyError) as caught:
        operation(x, W)
    message = str(caught.value)
    assert message.startswith(f"forward: {told}")
    assert message.endswith(f" at {line_of(operation)}")
    assert x.grad is None and W.grad is None


@pytest.mark.parametrize(
    ("x", "told"),
    [(Value(0.0), "log(x = 0.0) gave -inf"), (leaf(0.0, 1.0), "log(x[0] = 0.0) gave -inf at [0] of shape (2,)")],
    ids=["Value", "Tensor"],
)
def test_without_recording_the_operation_is_known_all_the_same(x, told):
    with detect_anomaly(), no_grad(), pytest.raises(AnomalyError) as caught:
        x.log()
    assert str(caught.value).startswith(f"forward: {told}")
    assert (caught.value.op, caught.value.operands) == (autograd.log, (x,))


def test_a_leaf_that_was_given_so_is_the_origin():
    x, given = Value(2.0), Value(math.nan)
    with detect_anomaly(), pytest.raises(AnomalyError) as caught:
        x * given
    line = caught.tb.tb_lineno
    assert str(caught.value) == (
        f"forward: the leaf given is nan; mul(x = 2.0, given = nan) met it at test_anomaly.py:{line}"
    )
    anomaly = caught.value
    assert (anomaly.node, anomaly.op, anomaly.operands, anomaly.site) == (given, None, (), None)


def test_of_a_vector_the_element_is_the_origin():
    x, given = Value(2.0), Value(math.inf)
    with detect_anomaly(), pytest.raises(AnomalyError, match=r"^forward: the leaf given is inf; dot\(\[x = 2.0, given"):
        dot([x, given], [1.0, 1.0])


def test_what_was_computed_outside_is_the_origin():
    x = Value(-1.0)
    root = (x + 0.0).log()
    shifted = root + 1.0
    with detect_anomaly(), pytest.raises(AnomalyError) as caught:
        shifted * 2.0
    told = f"forward: root = log(-1.0) gave nan, {OUTSIDE}; mul(shifted = nan, 2.0) met it at "
    assert str(caught.value).startswith(told)
    assert (caught.value.node, caught.value.op, caught.value.parent) == (root, autograd.log, None)
    assert [operand.data for operand in caught.value.operands] == [-1.0]


def test_an_origin_with_a_line_tells_it():
    x = leaf(-1.0)
    with note_sites():
        y = x.log()
    with (
        detect_anomaly(),
        pytest.raises(AnomalyError, match=r"^forward: y = log.*, made at test_anomaly.py:\d+; mul\("),
    ):
        y * 2.0


def test_names_are_the_given_ones_then_those_of_variables():
    rate, w = Value(0.0, name="learning rate"), [Value(0.0)]
    with detect_anomaly(), pytest.raises(AnomalyError, match=r"^forward: div\(learning rate = 0.0, w\[0\] = 0.0\)"):
        rate / w[0]


def test_tensors_that_change_in_place():
    x, total = leaf(0.0, 2.0), autograd.zeros(2, dtype="float64")
    product = total * x
    total += product
    with detect_anomaly(), pytest.raises(AnomalyError, match=r"^forward: div\(product\[0\] = 0.0, total\[0\] = 0.0\)"):
        product / total


def test_numbers_that_were_overwritten_are_not_the_origin():
    x = leaf(0.0, 2.0)
    total = x * 1.0
    y = total.log()
    kept = total * 1.0
    total += math.nan
    assert find_anomaly(y).op is autograd.log
    assert "log(total overwritten since) gave -inf at [0]" in str(find_anomaly(y))
    assert find_anomaly(kept) is None
    assert (find_anomaly(total * 2.0).node, find_anomaly(total * 2.0).op) == (total, autograd.add)
    with no_grad():
        x += math.nan
    assert find_anomaly(x * 2.0).node is x


def test_reading_on_complex_numbers():
    z = tensor([1j, 0j], requires_grad=True)
    with detect_anomaly(), pytest.raises(AnomalyError, match=r"^forward: reciprocal\(z\[1\] = 0j\) gave \(?nan"):
        autograd.reciprocal(z)


def test_the_drawn_node_knows_its_parts():
    x = Value(0.0)
    with detect_anomaly(), pytest.raises(AnomalyError) as caught:
        x.log()
    anomaly = caught.value
    assert (anomaly.direction, anomaly.op, anomaly.operands) == ("forward", autograd.log, (x,))
    assert anomaly.node.data == -math.inf
    assert anomaly.site == anomaly.node.site == f"test_anomaly.py:{caught.tb.tb_lineno}"


def test_a_pickle_carries_the_message():
    with detect_anomaly(), pytest.raises(AnomalyError) as caught:
        Value(0.0).log()
    copy = pickle.loads(pickle.dumps(caught.value))
    assert type(copy) is AnomalyError and str(copy) == str(caught.value)
    assert (copy.node, copy.site) == (None, None)


# ---------------------------------------------------------------------- afterwards


def test_asking_afterwards():
    x = Value(-1.0)
    loss = (x.log() + 1.0) * 2.0
    anomaly = find_anomaly(loss)
    assert str(anomaly) == f"forward: log(x = -1.0) gave nan, {OUTSIDE}"
    assert (anomaly.node, anomaly.operands, anomaly.__traceback__) == (topological_order(loss)[-2], (x,), None)


@pytest.mark.parametrize("x", [Value(0.0), leaf(4.0, 0.0)], ids=["Value", "Tensor"])
def test_asking_afterwards_for_gradients(x):
    """The pass on the side changes no gradient."""
    y = x.sqrt() + x
    z = x * 3.0
    z.backward(1.0 if isinstance(x, Value) else np.ones(2))
    before = np.array(x.grad)
    anomaly = find_anomaly(y)
    assert (anomaly.direction, anomaly.op, anomaly.parent) == ("backward", autograd.sqrt, x)
    assert anomaly.__traceback__ is None  # it would hold on to frames, and those to the graph
    assert np.array_equal(np.array(x.grad), before)
    assert find_anomaly(z) is None


def test_asking_finds_hooks():
    x = leaf(1.0)
    y = x * 2.0
    y.register_hook(lambda gradient: gradient / 0.0)
    assert "a hook on y = mul" in str(find_anomaly(y + 1.0))


def test_an_infinity_that_came_to_nothing_is_not_the_origin():
    scores, x = leaf(1.0, 2.0), leaf(-1.0)
    masked = autograd.where(tensor([True, False]), scores, -math.inf)
    assert find_anomaly(autograd.softmax(masked, dim=0).sum()) is None
    anomaly = find_anomaly(autograd.softmax(masked, dim=0).sum() + x.log().sum())
    assert str(anomaly).startswith("forward: log(x[0] = -1.0) gave nan at [0]")


def test_asking_about_leaves_and_constants():
    assert str(find_anomaly(Value(math.nan, name="w"))) == "forward: the leaf w is nan"
    assert str(find_anomaly(tensor(math.inf))) == "forward: a constant is inf"
    assert find_anomaly(Value(1.0)) is None
    assert find_anomaly(tensor([1, 2])) is None


@pytest.mark.parametrize("mistake", [3.0, None, Vector([1.0])])
def test_asking_about_what_is_no_result(mistake):
    with pytest.raises(
        TypeError, match=r"^find_anomaly: takes a result, such as the loss, got .*: give a Value or a Tensor"
    ):
        find_anomaly(mistake)


STEPS = {
    "log": autograd.log, "sqrt": autograd.sqrt, "exp": autograd.exp, "reciprocal": autograd.reciprocal,
    "sub": lambda x: x - 1.0, "mul": lambda x: x * 1e200, "tanh": autograd.tanh,
}  # fmt: skip


@given(st.floats(-3, 3), st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=6))
def test_scalars_and_arrays_agree_on_the_origin(start, steps):
    """Along a chain: what is raised, and what is found afterwards, is the same on both carriers."""
    told = []
    for x in (Value(start), Tensor(start, requires_grad=True, dtype="float64")):
        nodes = [x]
        for step in steps:
            nodes.append(STEPS[step](nodes[-1]))
        finite = [math.isfinite(float(node.data)) for node in nodes]
        found = find_anomaly(nodes[-1])
        if not finite[-1]:  # after the last number that is
            assert found.node is nodes[max(i for i, is_finite in enumerate(finite) if is_finite) + 1]
        raised = raised_by(x, steps)
        assert (raised is None) == all(finite)
        if raised is not None:
            assert raised.op is nodes[finite.index(False)].op
        told += [str(found and found.op), str(raised)]
    assert told[:2] == told[2:]


def raised_by(x, steps):
    try:
        with detect_anomaly():
            for step in steps:
                x = STEPS[step](x)
    except AnomalyError as anomaly:
        return anomaly
    return None
