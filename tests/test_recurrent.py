"""Recurrent cells and layers: parity with PyTorch, the deck's equations, unequal lengths, second derivatives."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import autograd
from autograd.testing import check_gradients
from nn.recurrent import (
    GRU,
    LSTM,
    RNN,
    GRUCell,
    LSTMCell,
    RNNCell,
    pack_padded_sequence,
    pad_packed_sequence,
    pad_sequence,
)
from nn.recurrent.fused import FUSED, Kept
from nn.recurrent.loops import aligned
from nn.recurrent.steps import unrolled

from .nn_parity import DTYPES, assert_close, assert_parity, needs_torch, normal

try:
    import torch
except ImportError:
    torch = None

LAYERS = {"RNN": RNN, "LSTM": LSTM, "GRU": GRU}
CELLS = {"RNNCell": RNNCell, "LSTMCell": LSTMCell, "GRUCell": GRUCell}
GOLDEN = np.load(Path(__file__).parent / "golden" / "recurrent.npz")

layers = pytest.mark.parametrize("name", LAYERS)
kernels = pytest.mark.parametrize("kernel", FUSED.values(), ids=lambda kernel: kernel.op.name)
cells = pytest.mark.parametrize("name", CELLS)


def state_of(name, shape, seed=1):
    """The state that a layer or cell takes, drawn at random."""
    h, c = normal(shape, seed), normal(shape, seed + 1)
    return (h, c) if name.startswith("LSTM") else h


def golden(case, what):
    """The arrays of a case by their names."""
    prefix = f"{case}/{what}/"
    return {key.removeprefix(prefix): GOLDEN[key] for key in GOLDEN.files if key.startswith(prefix)}


def flat(x):
    """The tensors in nested tuples, in order."""
    return [leaf for part in x for leaf in flat(part)] if isinstance(x, tuple) else [x]


# ---------------------------------------------------------------------- against PyTorch


@pytest.mark.parametrize(
    ("case", "module"),
    [(name, layer(2, 3, num_layers=2, bidirectional=True)) for name, layer in LAYERS.items()]
    + [(name, CELLS[name](2, 3)) for name in ("RNNCell", "GRUCell")],
    ids=[*LAYERS, "RNNCell", "GRUCell"],
)
def test_golden(case, module):
    module.double().load_state_dict(golden(case, "weight"))
    inputs = [autograd.tensor(x, requires_grad=True) for x in golden(case, "input").values()]
    outputs = flat(module(*inputs))
    sum((y * y).sum() for y in outputs).backward()
    for y, expected in zip(outputs, golden(case, "output").values(), strict=True):
        assert_close(y.detach().numpy(), expected, "float64")
    leaves = {**{str(i): x for i, x in enumerate(inputs)}, **dict(module.named_parameters())}
    for key, expected in golden(case, "gradient").items():
        assert_close(leaves[key].grad.numpy(), expected, "float64", key)


@needs_torch
@layers
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_parity_of_layers(name, data):
    draw = data.draw
    time, batch, inputs, hidden, stacked = (draw(st.integers(1, 4)) for _ in range(5))
    options = {
        "num_layers": min(stacked, 3),
        "bias": draw(st.booleans()),
        "batch_first": draw(st.booleans()),
        "bidirectional": draw(st.booleans()),
    }
    if name == "RNN":
        options["nonlinearity"] = draw(st.sampled_from(["tanh", "relu"]))
    is_batch = draw(st.booleans())
    between = (batch,) if is_batch else ()
    shape = (batch, time, inputs) if options["batch_first"] and is_batch else (time, *between, inputs)
    first = (options["num_layers"] * (2 if options["bidirectional"] else 1), *between, hidden)
    given_state = [state_of(name, first)] if draw(st.booleans()) else []
    assert_parity(
        LAYERS[name](inputs, hidden, **options),
        getattr(torch.nn, name)(inputs, hidden, **options),
        normal(shape),
        *given_state,
        dtype=draw(st.sampled_from(DTYPES)),
        text=True,
    )


@needs_torch
@cells
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_parity_of_cells(name, data):
    draw = data.draw
    batch, inputs, hidden = (draw(st.integers(1, 4)) for _ in range(3))
    options = {"bias": draw(st.booleans())}
    if name == "RNNCell":
        options["nonlinearity"] = draw(st.sampled_from(["tanh", "relu"]))
    between = draw(st.sampled_from([(batch,), ()]))
    given_state = [state_of(name, (*between, hidden))] if draw(st.booleans()) else []
    assert_parity(
        CELLS[name](inputs, hidden, **options),
        getattr(torch.nn, name)(inputs, hidden, **options),
        normal((*between, inputs)),
        *given_state,
        dtype=draw(st.sampled_from(DTYPES)),
        text=True,
    )


@needs_torch
@layers
def test_parity_on_packed_sequences(name):
    theirs = getattr(torch.nn, name)(2, 3, num_layers=2, bidirectional=True).double()
    ours = LAYERS[name](2, 3, num_layers=2, bidirectional=True).double()
    ours.load_state_dict(theirs.state_dict())
    x, lengths = normal((5, 4, 2)), [2, 5, 1, 3]
    tools = torch.nn.utils.rnn
    packed = tools.pack_padded_sequence(torch.tensor(x), torch.tensor(lengths), enforce_sorted=False)
    expected, last = theirs(packed)
    expected, their_lengths = tools.pad_packed_sequence(expected, padding_value=7.0, total_length=6)
    found, our_last = ours(pack_padded_sequence(autograd.tensor(x), lengths))
    found, our_lengths = pad_packed_sequence(found, padding_value=7.0, total_length=6)
    assert our_lengths.tolist() == their_lengths.tolist() == lengths
    for a, b in zip(flat((found, our_last)), flat((expected, last)), strict=True):
        assert_close(a.detach().numpy(), b.detach().numpy(), "float64")


# ---------------------------------------------------------------------- the deck's unit


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def test_the_decks_gated_recurrent_unit():
    """Deck 3, "Math of a GRU Unit", with W acting on [h, x], written out in NumPy."""
    autograd.manual_seed(0)  # relative errors are large where numbers happen to cancel
    cell = GRUCell(2, 3, reset_after=False, dtype="float64")
    x, h = normal((4, 2)), normal((4, 3), 1)
    by_gate = [np.split(p.detach().numpy(), 3) for p in (cell.weight_hh, cell.weight_ih, cell.bias_hh, cell.bias_ih)]
    W = {gate: np.hstack([u, w]) for gate, u, w in zip("rzh", *by_gate[:2], strict=True)}
    b = {gate: c + d for gate, c, d in zip("rzh", *by_gate[2:], strict=True)}

    z = sigmoid(np.hstack([h, x]) @ W["z"].T + b["z"])
    r = sigmoid(np.hstack([h, x]) @ W["r"].T + b["r"])
    candidate = np.tanh(np.hstack([r * h, x]) @ W["h"].T + b["h"])
    expected = (1 - z) * h + z * candidate

    found = cell(autograd.tensor(x), autograd.tensor(h))
    np.testing.assert_allclose(found.detach().numpy(), expected, rtol=1e-14)


def test_from_the_decks_form_to_pytorchs():
    """Where the reset gate has nothing to act on, the two differ in the sign of the update gate alone."""
    deck, other = GRUCell(2, 3, reset_after=False, dtype="float64"), GRUCell(2, 3, dtype="float64")
    weights = {name: p.numpy().copy() for name, p in deck.state_dict().items()}
    for name, p in weights.items():
        p[3:6] *= -1
        p[6:] *= name.endswith("ih")
    other.load_state_dict(weights)
    with autograd.no_grad():
        deck.weight_hh[6:] = 0
        deck.bias_hh[6:] = 0
    x, h = autograd.tensor(normal((4, 2))), autograd.tensor(normal((4, 3), 1))
    np.testing.assert_allclose(deck(x, h).detach().numpy(), other(x, h).detach().numpy(), rtol=1e-13)


def test_layers_of_the_decks_units_are_its_cells_one_after_the_other():
    autograd.manual_seed(0)
    layer, cell = GRU(2, 3, reset_after=False, dtype="float64"), GRUCell(2, 3, reset_after=False, dtype="float64")
    cell.load_state_dict({name.removesuffix("_l0"): p for name, p in layer.state_dict().items()})
    x = autograd.tensor(normal((4, 2, 2)))
    y, last = layer(x)
    h = None
    for t in range(4):
        h = cell(x[t], h)
        np.testing.assert_allclose(y[t].detach().numpy(), h.detach().numpy(), rtol=1e-14)
    np.testing.assert_array_equal(last[0].detach().numpy(), y[-1].detach().numpy())
    assert "reset_after=False" in repr(layer) and "reset_after=False" in repr(cell)


# ---------------------------------------------------------------------- the fused operations


def operands_of(kernel, time=4, batch=3, inputs=2, hidden=4, seed=0):
    """Numbers for the input, each part of the first state, the weights and the biases."""
    rows = hidden * len(kernel.gates)
    states = [(batch, hidden)] * kernel.states
    shapes = [(time, batch, inputs), *states, (rows, inputs), (rows, hidden), (rows,), (rows,)]
    return [normal(shape, seed + i) * 0.5 for i, shape in enumerate(shapes)]


@kernels
@pytest.mark.parametrize("last", [None, np.array([2, 0, 3])], ids=["equal", "unequal"])
def test_fused_and_unrolled_are_the_same(kernel, last):
    operands = operands_of(kernel)
    answers = []
    for fused in (True, False):
        x, *others = (autograd.tensor(a, requires_grad=True) for a in operands)
        state, weights = tuple(others[: kernel.states]), others[kernel.states :]
        if fused:
            outputs = kernel(x, state, weights, last)
        else:
            parts = unrolled(kernel.step, x, state, weights)
            at = (-1,) if last is None else (last, np.arange(3))
            outputs = [parts[0], *(part[at] for part in parts)]
        sum((y * autograd.tensor(normal(y.shape, i))).sum() for i, y in enumerate(outputs)).backward()
        answers.append([*(y.detach().numpy() for y in outputs), *(p.grad.numpy() for p in (x, *others))])
    for a, b in zip(*answers, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


@kernels
def test_each_gradient_is_the_same_alone(kernel):
    """What one gradient needs does not depend on which others are asked for; each is one whole piece of memory."""

    def gradients(asked):
        leaves = [autograd.tensor(a, requires_grad=i in asked) for i, a in enumerate(operands_of(kernel))]
        y = kernel.op(*leaves, kept=Kept())
        y.backward(normal(y.shape, 9))
        assert y.detach().numpy().flags.c_contiguous
        return {i: leaves[i].grad.numpy() for i in asked}

    together = gradients(range(5 + kernel.states))
    for i, expected in together.items():
        np.testing.assert_array_equal(gradients([i])[i], expected)
        assert expected.flags.c_contiguous


@pytest.mark.parametrize(
    ("kernel", "double"),
    [(kernel, i) for kernel in FUSED.values() for i in range(5 + kernel.states)],
    ids=lambda x: x if isinstance(x, int) else x.op.name,
)
def test_operands_of_two_precisions(kernel, double):
    """One operand in float64 makes the results so; each gradient has the precision of its operand."""
    answers = []
    for dtypes in (["float32"] * 7, ["float64"] * 7, ["float64" if i == double else "float32" for i in range(7)]):
        numbers = [a.astype("float32").astype(dtype) for a, dtype in zip(operands_of(kernel), dtypes, strict=False)]
        leaves = [autograd.tensor(a, requires_grad=True) for a in numbers]
        y = kernel.op(*leaves, kept=Kept())
        y.sum().backward()
        answers.append([y.detach().numpy(), *(x.grad.numpy() for x in leaves)])
    single, exact, mixed = answers
    assert single[0].dtype == "float32" and mixed[0].dtype == "float64"
    np.testing.assert_allclose(mixed[0], exact[0], rtol=1e-12)
    for i, (a, b) in enumerate(zip(mixed[1:], exact[1:], strict=True)):
        assert a.dtype == ("float64" if i == double else "float32")
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6)


@given(
    shape=st.lists(st.integers(0, 5), max_size=4).map(tuple),
    dtype=st.sampled_from(["float32", "float64"]),
    turned=st.booleans(),
)
def test_aligned(shape, dtype, turned):
    a = normal(shape).astype(dtype)
    a = a.T if turned else a
    copy = aligned(a)
    np.testing.assert_array_equal(copy, a)
    assert copy.dtype == a.dtype and copy.flags.c_contiguous and not np.shares_memory(copy, a)
    assert copy.ctypes.data % 64 == 0 or not copy.size


@layers
@pytest.mark.parametrize("lengths", [None, [2, 1]], ids=["equal", "unequal"])
def test_second_derivatives(name, lengths):
    module = LAYERS[name](2, 2, dtype="float64")

    def loss(module, x, state):
        return sum((y * y * y).sum() for y in flat(module(x, state, lengths=lengths)))

    check_gradients(loss, module, normal((2, 2, 2)), state_of(name, (1, 2, 2)))


@cells
def test_second_derivatives_of_cells(name):
    def loss(module, x, state):
        return sum((y * y * y).sum() for y in flat(module(x, state)))

    check_gradients(loss, CELLS[name](2, 2, dtype="float64"), normal((2, 2)), state_of(name, (2, 2)))


def test_second_derivatives_of_the_decks_unit():
    cell = GRUCell(2, 2, reset_after=False, dtype="float64")
    check_gradients(lambda cell, x, h: (cell(x, h) ** 3).sum(), cell, normal((2, 2)), normal((2, 2), 1))


def test_backward_twice_doubles_the_gradients():
    """What a pass computes for one gradient is not taken for the next one."""
    module = GRU(2, 3, dtype="float64")
    y, _ = module(autograd.tensor(normal((4, 2, 2))))
    g = np.ones(y.shape)
    y.backward(g)
    once = module.weight_hh_l0.grad.numpy().copy()
    g[:] = 3.0
    y.backward(g)
    np.testing.assert_allclose(module.weight_hh_l0.grad.numpy(), 4 * once, rtol=1e-12)


@kernels
def test_what_another_run_kept_is_not_taken(kernel):
    """A copy of a graph shares what its original kept; either may have run last."""
    runs = [[autograd.tensor(a, requires_grad=True) for a in operands_of(kernel, seed=j)] for j in range(2)]
    kept, gradients = Kept(), []
    results = [kernel.op(*operands, kept=kept) for operands in runs]
    for y, operands in [*zip(results, runs, strict=True), (kernel.op(*runs[0], kept=Kept()), runs[0])]:
        y.sum().backward()
        gradients.append([x.grad.numpy() for x in operands])
        for x in operands:
            x.grad = None
    for first, again in zip(gradients[0], gradients[2], strict=True):
        np.testing.assert_array_equal(first, again)


@layers
def test_empty_batches_and_inputs_without_features(name):
    for inputs, shape in [(3, (5, 0, 3)), (0, (5, 2, 0))]:
        module = LAYERS[name](inputs, 4)
        x = autograd.zeros(*shape, requires_grad=True)
        y, _ = module(x)
        y.sum().backward()
        assert y.shape == (*shape[:2], 4) and x.grad.shape == shape


def test_no_more_than_a_few_nodes_per_layer():
    y, _ = LSTM(2, 3)(autograd.ones(50, 2, 2))
    seen, waiting = set(), [y]
    while waiting:
        node = waiting.pop()
        if id(node) not in seen:
            seen.add(id(node))
            waiting += node.parents
    assert len(seen) < 20


# ---------------------------------------------------------------------- unequal lengths


@pytest.mark.parametrize("module", [layer(2, 3, 2, bidirectional=True) for layer in LAYERS.values()], ids=LAYERS)
def test_lengths_give_what_each_sequence_gives_alone(module):
    module.double()
    weights = np.random.default_rng(0)  # of some others an output is so close to 0 that its last digits differ
    with autograd.no_grad():
        for p in module.parameters():
            p.copy_(autograd.tensor(weights.uniform(-0.6, 0.6, p.shape)))
    lengths = np.array([3, 5, 1])
    x = normal((5, 3, 2))
    for i, n in enumerate(lengths):
        x[n:, i] = np.nan  # whatever stands there
    given = autograd.tensor(x, requires_grad=True)
    outputs = flat(module(given, lengths=lengths))
    sum((y * y).sum() for y in outputs).backward()
    together = [p.grad.numpy().copy() for p in module.parameters()]
    module.zero_grad()
    for i, n in enumerate(lengths):
        alone = autograd.tensor(x[:n, i], requires_grad=True)
        y, *last = flat(module(alone))
        sum((part * part).sum() for part in (y, *last)).backward()
        np.testing.assert_allclose(outputs[0][:n, i].detach().numpy(), y.detach().numpy(), rtol=1e-12)
        assert not outputs[0][n:, i].detach().numpy().any()
        for a, b in zip(outputs[1:], last, strict=True):
            np.testing.assert_allclose(a[:, i].detach().numpy(), b.detach().numpy(), rtol=1e-12)
        np.testing.assert_allclose(given.grad.numpy()[:n, i], alone.grad.numpy(), rtol=1e-10)
        assert not given.grad.numpy()[n:, i].any()
    for a, b in zip(together, [p.grad.numpy() for p in module.parameters()], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-13)


def test_pad_sequence():
    sequences = [autograd.ones(2, 3), autograd.ones(4, 3)]
    padded = pad_sequence(sequences, padding_value=-1.0)
    assert padded.shape == (4, 2, 3)
    assert padded[:, 0, 0].tolist() == [1, 1, -1, -1]
    assert pad_sequence(sequences, batch_first=True).shape == (2, 4, 3)


def test_packing_there_and_back():
    x = autograd.tensor(normal((2, 4, 3)))  # batch first
    back, lengths = pad_packed_sequence(pack_padded_sequence(x, [3, 1], batch_first=True), batch_first=True)
    assert back.shape == (2, 3, 3) and lengths.tolist() == [3, 1]
    np.testing.assert_array_equal(back[0].numpy(), x[0, :3].numpy())
    assert not back[1, 1:].numpy().any()


# ---------------------------------------------------------------------- training, other numbers, mistakes


def test_dropout_between_layers_in_training_alone():
    autograd.manual_seed(0)
    module = GRU(2, 50, num_layers=2, dropout=0.5)
    x = autograd.ones(3, 1, 2)
    assert not np.array_equal(module(x)[0].detach().numpy(), module(x)[0].detach().numpy())
    module.eval()
    np.testing.assert_array_equal(module(x)[0].detach().numpy(), module(x)[0].detach().numpy())
    one = GRU(2, 3, num_layers=1, dropout=0.5)
    np.testing.assert_array_equal(one(x)[0].detach().numpy(), one(x)[0].detach().numpy())


@layers
def test_parameters_begin_within_their_bound(name):
    module = LAYERS[name](5, 16)
    numbers = np.concatenate([p.detach().numpy().ravel() for p in module.parameters()])
    assert 0.24 < np.abs(numbers).max() <= 0.25


@layers
def test_saturated_gates_stay_finite(name):
    module = LAYERS[name](2, 3)
    outputs = flat(module(autograd.tensor(normal((4, 2, 2)).astype("float32") * 1e6)))
    sum(y.sum() for y in outputs).backward()
    if name != "RNN":
        assert all(np.isfinite(y.detach().numpy()).all() for y in outputs)
    assert all(np.isfinite(p.grad.numpy()).all() for p in module.parameters())


def test_mistakes():
    layer, cell = GRU(3, 4), LSTMCell(3, 4)
    ones = autograd.ones
    with pytest.raises(ValueError, match=r"GRU: takes 3 features, got 5 in an input of \(7, 2, 5\)"):
        layer(ones(7, 2, 5))
    with pytest.raises(ValueError, match=r"takes \(time, input\), or with a batch three axes, got \(3,\)"):
        layer(ones(3))
    with pytest.raises(ValueError, match=r"the first state must be \(1, 2, 4\), got \(1, 4\)"):
        layer(ones(7, 2, 3), ones(1, 4))
    with pytest.raises(ValueError, match=r"lengths must be from 1 to 7, .* got \[0, 3\]"):
        layer(ones(7, 2, 3), lengths=[0, 3])
    with pytest.raises(ValueError, match=r"lengths must be 2 whole numbers, one per sequence, got \[3\]"):
        layer(ones(7, 2, 3), lengths=[3])
    with pytest.raises(ValueError, match=r"lengths are for batches"):
        layer(ones(7, 3), lengths=[3])
    with pytest.raises(ValueError, match=r"takes at least one step"):
        layer(ones(0, 2, 3))
    with pytest.raises(ValueError, match=r"LSTMCell: takes 3 features, got 5 in an input of \(2, 5\)"):
        cell(ones(2, 5))
    with pytest.raises(ValueError, match=r"the state must be \(2, 4\) for an input of \(2, 3\), got \(1, 4\)"):
        cell(ones(2, 3), (ones(1, 4), ones(1, 4)))
    with pytest.raises(ValueError, match="nonlinearity must be 'tanh' or 'relu', got 'sigmoid'"):
        RNN(3, 4, nonlinearity="sigmoid")
    with pytest.raises(ValueError, match="proj_size=2: projections of the state are not implemented"):
        LSTM(3, 4, proj_size=2)
    with pytest.raises(ValueError, match="dropout must be a probability"):
        GRU(3, 4, dropout=2)
    with pytest.raises(ValueError, match="total_length 1 is less than the longest, 2"):
        pad_packed_sequence(pack_padded_sequence(ones(2, 1, 3), [2]), total_length=1)
