"""Losses: the same as PyTorch's, the decks' scalings, exactness at the extremes, derivatives, errors."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

import autograd
from autograd import Value, tensor
from autograd.testing import check_gradients, check_rule
from nn import functional, loss
from nn.loss import distances, probabilities, reduction

from .arrays import fewer
from .nn_parity import DTYPES, assert_parity, needs_torch, normal, torch

F = functional

dtypes = st.sampled_from(DTYPES)
seeds = st.integers(0, 1000)
booleans = st.booleans()
reductions = st.sampled_from(["mean", "sum", "none"])
shapes = st.lists(st.integers(1, 4), max_size=3).map(tuple)


def between(shape, seed, low=0.0, high=1.0):
    return np.random.default_rng(seed).uniform(low, high, shape)


def bits(shape, seed):
    return np.random.default_rng(seed).integers(0, 2, shape).astype(float)


# ---------------------------------------------------------------------- next to PyTorch

ELEMENTWISE = {
    "MSELoss": (normal, normal, {}),
    "L1Loss": (normal, normal, {}),
    "HuberLoss": (normal, normal, {"delta": st.sampled_from([0.3, 1.0, 2.0])}),
    "SmoothL1Loss": (normal, normal, {"beta": st.sampled_from([0.0, 0.3, 1.0])}),
    "BCELoss": (between, between, {}),
    "BCEWithLogitsLoss": (lambda *x: 3 * normal(*x), between, {}),
    "HingeEmbeddingLoss": (normal, lambda *x: 2 * bits(*x) - 1, {"margin": st.sampled_from([0.5, 1.0])}),
    "KLDivLoss": (normal, between, {}),
}


@needs_torch
@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides:UserWarning")
@pytest.mark.parametrize("name", ELEMENTWISE)
@fewer
@given(data=st.data())
def test_losses_are_pytorchs(name, data):
    inputs, targets, settings = ELEMENTWISE[name]
    shape, seed = data.draw(shapes), data.draw(seeds)
    options = {key: data.draw(choice) for key, choice in settings.items()} | {"reduction": data.draw(reductions)}
    given_both = inputs(shape, seed), targets(shape, seed + 1)
    assert_parity(
        LOSSES[name](**options), getattr(torch.nn, name)(**options), *given_both, dtype=data.draw(dtypes), text=True
    )


LOSSES = {name: getattr(loss, name) for name in loss.__all__}


@needs_torch
@fewer
@given(log_target=booleans, reduction=st.sampled_from(["batchmean", "sum", "none"]), dtype=dtypes, seed=seeds)
def test_divergences_are_pytorchs(log_target, reduction, dtype, seed):
    """Of zero probabilities, too: p log p is 0 there."""
    p = normal((3, 4), seed) if log_target else between((3, 4), seed)
    options = {"reduction": reduction, "log_target": log_target}
    assert_parity(loss.KLDivLoss(**options), torch.nn.KLDivLoss(**options), normal((3, 4)), p, dtype=dtype)
    sparse = (bits((3, 4), seed) * 0.5).astype(dtype)
    found = F.kl_div(tensor(normal((3, 4)).astype(dtype)), tensor(sparse)).item()
    expected = torch.nn.functional.kl_div(
        torch.tensor(normal((3, 4)).astype(dtype)), torch.tensor(sparse), reduction="sum"
    )
    assert found * 12 == pytest.approx(expected.item(), rel=1e-5)


@st.composite
def classifications(draw, hard=True):
    """Scores, targets, options: indices of classes or, not hard, probabilities."""
    classes, seed = draw(st.integers(2, 4)), draw(seeds)
    lead, more = draw(st.sampled_from([((), ()), ((3,), ()), ((3,), (2,)), ((2,), (2, 3))]))
    scores = 3 * normal((*lead, classes, *more), seed)
    options = {"reduction": draw(reductions)}
    if draw(booleans):
        options["weight"] = between((classes,), seed, 0.5, 2.0)
    if hard:
        target = np.random.default_rng(seed).integers(0, classes, (*lead, *more))
        if draw(booleans) and target.size > 1:
            options["ignore_index"] = draw(st.sampled_from([0, -1]))
            target.flat[0] = options["ignore_index"]
            target.flat[1] = 1
    else:
        target = between(scores.shape, seed)
    return scores, target, options


def with_weights(options, dtype, library):
    return {name: library.tensor(x.astype(dtype)) if isinstance(x, np.ndarray) else x for name, x in options.items()}


def assert_classification_parity(name, scores, target, options, dtype):
    ours = LOSSES[name](**with_weights(options, dtype, autograd))
    theirs = getattr(torch.nn, name)(**with_weights(options, dtype, torch))
    assert_parity(ours, theirs, scores, target, dtype=dtype, text=True)


@needs_torch
@given(case=classifications(), dtype=dtypes, smoothing=st.sampled_from([0.0, 0.0, 0.1, 1.0]))
def test_cross_entropy_of_indices_is_pytorchs(case, dtype, smoothing):
    scores, target, options = case
    assert_classification_parity("CrossEntropyLoss", scores, target, options | {"label_smoothing": smoothing}, dtype)


@needs_torch
@fewer
@given(case=classifications(), dtype=dtypes)
def test_negative_log_likelihood_is_pytorchs(case, dtype):
    assert_classification_parity("NLLLoss", *case, dtype)


@needs_torch
@fewer
@given(case=classifications(hard=False), dtype=dtypes, smoothing=st.sampled_from([0.0, 0.2]))
def test_cross_entropy_of_probabilities_is_pytorchs(case, dtype, smoothing):
    scores, target, options = case
    assert_classification_parity("CrossEntropyLoss", scores, target, options | {"label_smoothing": smoothing}, dtype)


@needs_torch
@fewer
@given(dtype=dtypes, seed=seeds, reduction=reductions, weight=booleans, pos_weight=booleans)
def test_weights_of_two_classes_are_pytorchs(dtype, seed, reduction, weight, pos_weight):
    options = {"weight": between((4,), seed)} if weight else {}
    logits, targets = 3 * normal((3, 4), seed), bits((3, 4), seed)
    assert_parity(
        loss.BCELoss(**with_weights(options, dtype, autograd), reduction=reduction),
        torch.nn.BCELoss(**with_weights(options, dtype, torch), reduction=reduction),
        between((3, 4), seed), targets, dtype=dtype,
    )  # fmt: skip
    options |= {"pos_weight": between((4,), seed, 0.5, 3.0)} if pos_weight else {}
    assert_parity(
        loss.BCEWithLogitsLoss(**with_weights(options, dtype, autograd), reduction=reduction),
        torch.nn.BCEWithLogitsLoss(**with_weights(options, dtype, torch), reduction=reduction),
        logits, targets, dtype=dtype,
    )  # fmt: skip


@needs_torch
@pytest.mark.parametrize("dtype", DTYPES)
def test_functions_take_pytorchs_keywords(dtype):
    pairs = [
        ("mse_loss", {}), ("l1_loss", {}), ("huber_loss", {"delta": 0.5}), ("smooth_l1_loss", {"beta": 0.5}),
        ("binary_cross_entropy_with_logits", {}), ("binary_cross_entropy", {}), ("kl_div", {"log_target": True}),
        ("cross_entropy", {"label_smoothing": 0.1}),
    ]  # fmt: skip
    for name, options in pairs:
        theirs = getattr(torch.nn.functional, name)
        x, y = between((3, 2), 0), between((3, 2), 1)
        assert_parity(getattr(F, name), theirs, x, y, dtype=dtype, reduction="sum", **options)


# ---------------------------------------------------------------------- the decks' scalings

PREDICTED = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
ACTUAL = [[1.0, 4.0], [3.0, 4.0], [9.0, 6.0]]  # squared errors 4 and 16, three examples, two outputs


@pytest.mark.parametrize(
    ("reduction", "expected"),
    [("mean", 20 / 6), ("batchmean", 20 / 3), ("half_batchmean", 20 / 6), ("half_mean", 20 / 12), ("half_sum", 10.0),
     ("sum", 20.0)],
)  # fmt: skip
def test_scalings_of_the_squared_error(reduction, expected):
    x = tensor(PREDICTED, requires_grad=True)
    y = loss.MSELoss(reduction)(x, tensor(ACTUAL))
    y.backward()
    assert y.item() == pytest.approx(expected)
    assert x.grad.tolist()[0][1] == pytest.approx(2 * (2.0 - 4.0) * expected / 20)


def test_the_first_decks_quadratic_cost():
    """C = 1/(2n) Σ_x Σ_i (y_i − a_i)², written out."""
    n = len(PREDICTED)
    cost = sum((y - a) ** 2 for row in zip(PREDICTED, ACTUAL, strict=True) for a, y in zip(*row, strict=True)) / (2 * n)
    assert F.mse_loss(tensor(PREDICTED), tensor(ACTUAL), "half_batchmean").item() == pytest.approx(cost)


def test_the_fifth_decks_small_network():
    """w = 2, x = −2, b = 8 and a target of 2: J = 2, dJ/dw = −4, dJ/db = 2, dJ/dx = 4."""
    w, x, b = (tensor(number, requires_grad=True) for number in (2.0, -2.0, 8.0))
    J = loss.MSELoss("half_sum")(w * x + b, tensor(2.0))
    J.backward()
    assert [J.item(), w.grad.item(), b.grad.item(), x.grad.item()] == [2.0, -4.0, 2.0, 4.0]


def test_for_one_output_there_are_three_scalings():
    """With one output the sum over the outputs is none: 1/n, 1/(2n), and ½ or 1 without n."""
    x, y = tensor([[1.0], [2.0]]), tensor([[2.0], [4.0]])
    found = {name: F.mse_loss(x, y, name).item() for name in reduction.SQUARES if name != "none"}
    assert found["mean"] == found["batchmean"] == 2.5
    assert found["half_mean"] == found["half_batchmean"] == 1.25
    assert (found["half_sum"], found["sum"]) == (2.5, 5.0)


# ---------------------------------------------------------------------- by hand


def test_the_hinge_loss_is_micrograds():
    """Mean of (1 − y s).relu(), as its two moons are trained."""
    scores, targets = normal((20,)), 2 * bits((20,), 1) - 1
    losses = [(1 + -y * Value(s)).relu() for y, s in zip(targets, scores, strict=True)]
    expected = sum(losses) * (1.0 / len(losses))
    x = tensor(scores, requires_grad=True)
    found = loss.HingeLoss()(x, tensor(targets))
    found.backward()
    assert found.item() == pytest.approx(expected.data)
    np.testing.assert_allclose(x.grad.numpy(), np.where(1 - targets * scores > 0, -targets, 0) / 20)


def test_the_hinge_embedding_loss_by_hand():
    y = F.hinge_embedding_loss(tensor([0.25, 0.25, 3.0]), tensor([1.0, -1.0, -1.0]), reduction="none")
    assert y.tolist() == [0.25, 0.75, 0.0]


def test_cross_entropy_is_one_node_where_nothing_is_special():
    scores = tensor(normal((3, 4)), requires_grad=True)
    assert F.cross_entropy(scores, [0, 1, 3]).op.name == "cross_entropy"
    assert F.cross_entropy(scores, [0, 1, -100]).item() == pytest.approx(F.cross_entropy(scores[:2], [0, 1]).item())


def test_the_mean_squared_error_is_one_node():
    predicted = tensor(PREDICTED, requires_grad=True)
    loss_of_all = F.mse_loss(predicted, tensor(ACTUAL))
    assert loss_of_all.op.name == "mse_loss"
    assert loss_of_all.item() == pytest.approx(((predicted - tensor(ACTUAL)) ** 2).mean().item())
    with pytest.raises(ValueError, match=r"^mse_loss: input \(2, 3\) and target \(3,\) differ: give one for each"):
        autograd.mse_loss(ROWS, ROWS[0])


@pytest.mark.parametrize("kind", [tensor, np.array, list])
def test_cross_entropy_takes_indices_of_every_kind(kind):
    scores = tensor(normal((3, 4)))
    wanted = autograd.cross_entropy(scores, tensor([0, 1, 3])).item()
    assert F.cross_entropy(scores, kind([0, 1, 3])).item() == wanted
    with pytest.raises(IndexError, match="class 4"):
        F.cross_entropy(scores, kind([0, 1, 4]))
    without_the_last = F.cross_entropy(scores, kind([0, 1, -7]), ignore_index=-7)
    assert without_the_last.item() == pytest.approx(F.cross_entropy(scores[:2], [0, 1]).item())


def test_cross_entropy_of_nothing_that_counts_is_no_number():
    """As in PyTorch: a mean of no examples."""
    assert np.isnan(F.cross_entropy(tensor(normal((2, 3))), [-100, -100]).item())


@pytest.mark.parametrize("dtype", DTYPES)
def test_targets_as_lists_do_not_widen(dtype):
    x = tensor(normal((2,)).astype(dtype))
    for name in ("mse_loss", "l1_loss", "huber_loss", "binary_cross_entropy_with_logits"):
        for target in ([0.0, 1.0], np.array([0.0, 1.0])):
            assert getattr(F, name)(x, target).dtype == dtype


# ---------------------------------------------------------------------- the extremes


@pytest.mark.parametrize("dtype", DTYPES)
def test_large_logits_neither_overflow_nor_cancel(dtype):
    z = np.array([-1000.0, -50.0, 50.0, 1000.0], dtype)
    for target, expected, slope in [
        (1.0, [1000.0, 50.0, np.exp(-50.0), 0.0], [-1.0, -1.0, -np.exp(-50.0), 0.0]),
        (0.0, [0.0, np.exp(-50.0), 50.0, 1000.0], [0.0, np.exp(-50.0), 1.0, 1.0]),
    ]:
        x = tensor(z, requires_grad=True)
        y = F.binary_cross_entropy_with_logits(x, [target] * 4, reduction="none")
        y.sum().backward()
        np.testing.assert_allclose(y.detach().numpy(), expected, rtol=1e-5)
        # The slope is 1 less a number next to 1: exact to what is next to 1.
        np.testing.assert_allclose(x.grad.numpy(), slope, rtol=1e-5, atol=np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", DTYPES)
def test_certain_scores_have_finite_losses(dtype):
    x = tensor(np.array([[1000.0, -1000.0], [-1000.0, 1000.0]], dtype), requires_grad=True)
    for options in ({}, {"label_smoothing": 0.1}):
        x.zero_grad()
        y = F.cross_entropy(x, [0, 0], **options)
        y.backward()
        assert np.isfinite(y.item()) and np.isfinite(x.grad.numpy()).all()
    assert F.cross_entropy(x, [0, 0]).item() == 1000.0


@needs_torch
@pytest.mark.parametrize("dtype", DTYPES)
def test_probabilities_of_0_and_1_cost_100_at_most(dtype):
    p, y = np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.0, 1.0, 0.0, 1.0])
    x, t = (library.tensor(p.astype(dtype)).requires_grad_() for library in (autograd, torch))
    found = F.binary_cross_entropy(x, tensor(y.astype(dtype)), reduction="none")
    expected = torch.nn.functional.binary_cross_entropy(t, torch.tensor(y.astype(dtype)), reduction="none")
    found.sum().backward()
    expected.sum().backward()
    assert found.tolist() == expected.tolist() == [0.0, 100.0, 100.0, 0.0]
    np.testing.assert_allclose(x.grad.numpy(), t.grad.numpy(), rtol=1e-5)


# ---------------------------------------------------------------------- derivatives


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", [*ELEMENTWISE, "HingeLoss"])
def test_derivatives(name, reduction):
    """First and second, by the outputs and, but for signs, by the targets."""
    make_input, make_target, _ = ELEMENTWISE.get(name, ELEMENTWISE["HingeEmbeddingLoss"])
    x, y = 0.9 * make_input((3, 2), 3), make_target((3, 2), 4)
    module = LOSSES[name](reduction=reduction)
    if "Hinge" in name:
        check_gradients(lambda x: module(x, tensor(y)), x, project=True)
    else:
        check_gradients(module, x, y, project=True)


@pytest.mark.parametrize(
    "options", [{}, {"label_smoothing": 0.1}, {"ignore_index": 1}, {"weight": tensor([0.5, 1.0, 2.0])}], ids=str
)
@pytest.mark.parametrize("name", ["CrossEntropyLoss", "NLLLoss"])
def test_derivatives_of_classifications(name, options):
    if name == "NLLLoss" and "label_smoothing" in options:
        return
    module = LOSSES[name](**options)
    check_gradients(lambda x: module(x, [0, 1, 2, 0]), normal((4, 3)))


def test_derivatives_by_probabilities():
    check_gradients(loss.CrossEntropyLoss(), normal((4, 3)), between((4, 3), 1))


@pytest.mark.parametrize(
    "op", [distances.huber, probabilities.bce, probabilities.bce_with_logits], ids=lambda op: op.name
)
def test_rules(op):
    """On all carriers, with broadcasting, in both dtypes."""
    check_rule(op)


# ---------------------------------------------------------------------- errors

ROWS = autograd.zeros(2, 3)
MISTAKES = [
    (lambda: loss.MSELoss("avg"), ValueError, "MSELoss: reduction must be one of mean, batchmean.*got 'avg'"),
    (lambda: loss.L1Loss("half_sum"), ValueError, "L1Loss: reduction must be one of mean, sum, none, got 'half_sum'"),
    (lambda: F.mse_loss(ROWS, ROWS, "avg"), ValueError, "mse_loss: reduction must be one of"),
    (lambda: F.mse_loss(ROWS, ROWS[0]), ValueError, r"mse_loss: input \(2, 3\) and target \(3,\) differ: give one"),
    (lambda: F.binary_cross_entropy(ROWS, [0.0]), ValueError, r"binary_cross_entropy: .*\(2, 3\) and target \(1,\)"),
    (lambda: F.binary_cross_entropy(ROWS + 2, ROWS), ValueError, "inputs must be probabilities, between 0 and 1"),
    (lambda: loss.HuberLoss(delta=0), ValueError, "HuberLoss: delta must be above 0, got 0"),
    (lambda: loss.SmoothL1Loss(beta=-1), ValueError, "SmoothL1Loss: beta must not be negative, got -1"),
    (lambda: F.huber_loss(ROWS, ROWS, delta=-1), ValueError, "huber_loss: delta must be above 0, got -1"),
    (lambda: loss.CrossEntropyLoss(label_smoothing=2), ValueError, "label_smoothing must be between 0 and 1, got 2"),
    (lambda: F.cross_entropy(ROWS, [0, 1], label_smoothing=-1), ValueError, "label_smoothing must be between 0 and 1"),
    (lambda: F.cross_entropy(ROWS, [0, 3]), IndexError, r"class 3 is out of range for 3 classes of \(2, 3\), 0 to 2"),
    (lambda: F.cross_entropy(ROWS, [-1, 0]), IndexError, "cross_entropy: class -1 is out of range for 3 classes"),
    (lambda: F.nll_loss(ROWS, [0, 7]), IndexError, "nll_loss: class 7 is out of range for 3 classes"),
    (lambda: F.cross_entropy(ROWS, [0, 1, 2]), ValueError, r"cross_entropy: input \(2, 3\) and target \(3,\): needs"),
    (lambda: F.cross_entropy(ROWS, [0.0, 1.0]), TypeError, "cross_entropy: indices must be integers, got float64"),
    (lambda: F.cross_entropy(tensor(0.0), 0), ValueError, r"cross_entropy: input \(\) and target \(\)"),
    (lambda: F.hinge_loss(ROWS, ROWS), ValueError, r"hinge_loss: targets must be -1 or 1: write 2 \* target - 1"),
    (lambda: F.hinge_embedding_loss(ROWS, ROWS + 2), ValueError, "hinge_embedding_loss: targets must be -1 or 1"),
]


@pytest.mark.parametrize(("mistake", "error", "message"), MISTAKES, ids=[message for *_, message in MISTAKES])
def test_mistakes_are_explained(mistake, error, message):
    with pytest.raises(error, match=message) as caught:
        mistake()
    assert "\n" not in str(caught.value)
