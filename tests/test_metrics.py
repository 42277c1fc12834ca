"""Accuracy, confusion matrix, precision, recall, F1: scikit-learn's numbers."""

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st

import autograd
from nn import metrics

AVERAGES = ["macro", "micro", "weighted", None]
RATIOS = {"precision": metrics.precision, "recall": metrics.recall, "f1": metrics.f1}
labels = st.integers(2, 6).flatmap(
    lambda k: st.lists(st.tuples(st.integers(0, k - 1), st.integers(0, k - 1)), min_size=1, max_size=40)
)


@pytest.fixture(scope="module")
def sklearn():
    return pytest.importorskip("sklearn.metrics", reason='compares with scikit-learn: pip install "stepgrad[demos]"')


@given(labels, st.sampled_from(AVERAGES))
def test_many_classes_are_scikit_learns(sklearn, pairs, average):
    predicted, true = np.array(pairs).T
    present = np.union1d(predicted, true)
    assume(present.max() > 0)  # of one class, scikit-learn warns
    assert metrics.accuracy(predicted, true) == pytest.approx(sklearn.accuracy_score(true, predicted))
    every = range(present.max() + 1)
    np.testing.assert_array_equal(
        metrics.confusion_matrix(predicted, true), sklearn.confusion_matrix(true, predicted, labels=every)
    )
    for name, ratio in RATIOS.items():
        theirs = getattr(sklearn, f"{name}_score")(
            true, predicted, average=average, zero_division=0, labels=every if average is None else None
        )
        np.testing.assert_allclose(ratio(predicted, true, average), theirs, err_msg=name)


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=40))
def test_two_classes_are_scikit_learns(sklearn, pairs):
    predicted, true = np.array(pairs).T
    for name, ratio in RATIOS.items():
        theirs = getattr(sklearn, f"{name}_score")(true, predicted, zero_division=0)
        assert ratio(predicted, true) == pytest.approx(theirs), name


@given(labels)
def test_logits_count_as_their_largest(pairs):
    predicted, true = np.array(pairs).T
    logits = np.random.default_rng(0).uniform(0, 1, (len(true), 6))
    logits[np.arange(len(true)), predicted] += 1
    of_tensors = autograd.tensor(logits, requires_grad=True), autograd.tensor(true)
    assert metrics.accuracy(*of_tensors) == metrics.accuracy(predicted, true)
    matrix = metrics.confusion_matrix(*of_tensors)
    assert matrix.shape == (6, 6)  # one class for each logit
    np.testing.assert_array_equal(matrix, metrics.confusion_matrix(predicted, true, num_classes=6))


def test_the_decks_example():
    """85 of 100 are right; and the ratios in the deck's words."""
    assert metrics.accuracy([1] * 85 + [0] * 15, [1] * 100) == 0.85
    predicted, true = [1, 1, 1, 0, 0, 0], [1, 1, 0, 1, 0, 0]
    assert metrics.confusion_matrix(predicted, true).tolist() == [[2, 1], [1, 2]]
    assert (metrics.precision(predicted, true), metrics.recall(predicted, true)) == (2 / 3, 2 / 3)
    assert metrics.f1(predicted, true) == pytest.approx(2 / 3)


@given(labels)
def test_f1_is_the_harmonic_mean(pairs):
    predicted, true = np.array(pairs).T
    assume(metrics.precision(predicted, true, "micro") > 0)
    p, r, f = (ratio(predicted, true, None) for ratio in RATIOS.values())
    some = p + r > 0
    np.testing.assert_allclose(f[some], (2 * p * r)[some] / (p + r)[some])
    assert (f[~some] == 0).all()


def test_sequences_of_labels():
    assert metrics.accuracy([[0, 1], [1, 1]], [[0, 1], [0, 1]]) == 0.75
    assert metrics.accuracy(autograd.tensor([True, False]), [1, 0]) == 1.0


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: metrics.accuracy([], []), "there are no samples"),
        (lambda: metrics.accuracy([1, 2], [1]), r"predictions of shape \(2,\) do not fit targets of shape \(1,\)"),
        (lambda: metrics.accuracy([0.3, 0.7], [0, 1]), r"must be labels, whole numbers: write \(logits > 0\)"),
        (lambda: metrics.accuracy([[0.3], [0.7]], [0, 1]), "there is one logit per sample"),
        (lambda: metrics.accuracy([0, 1], [0.5, 1]), "targets must be labels"),
        (lambda: metrics.f1([0, 2], [0, 1]), "average='binary' is for two classes, there are 3"),
        (lambda: metrics.f1([0, 1], [0, 1], "mean"), "average must be 'binary', 'macro'"),
        (lambda: metrics.confusion_matrix([0, 3], [0, 1], 3), "predictions contain 3, labels go from 0 to 2"),
        (lambda: metrics.confusion_matrix([0, 1], [0, -1]), "targets contain -1"),
    ],
)
def test_errors_teach(act, message):
    with pytest.raises(ValueError, match=message):
        act()
