"""Cross-entropy as one operation: its value, its derivatives of two orders, what it saves, and its mistakes."""

import numpy as np
import pytest

import autograd
from autograd import Tensor

SCORES = np.array([[2.0, -1.0, 0.5], [0.0, 0.0, 0.0], [1000.0, 0.0, -1000.0], [-3.0, 4.0, 4.0]])
CLASSES = np.array([0, 2, 0, 1])


def by_hand(scores, classes):
    """The same in single operations."""
    return -autograd.log_softmax(scores, dim=1)[np.arange(len(classes)), classes].mean()


def test_value_and_derivatives_are_those_of_its_parts():
    scores = SCORES.copy()
    scores[2] = [3.0, 1.0, -2.0]
    for function in (
        lambda s: autograd.cross_entropy(s, CLASSES),
        lambda s: autograd.cross_entropy(s, Tensor(CLASSES)),
    ):
        np.testing.assert_allclose(function(scores), by_hand(scores, CLASSES), rtol=1e-14)
        for transform in (
            autograd.grad,
            autograd.hessian,
            lambda f: autograd.grad(lambda s: autograd.grad(f)(s)[0, 0]),
        ):
            expected = transform(lambda s: by_hand(s, CLASSES))(scores)
            np.testing.assert_allclose(transform(function)(scores), expected, rtol=1e-12, atol=1e-14)
        value, slope = autograd.jvp(function, (scores,), (np.cos(scores),))
        np.testing.assert_allclose(slope, np.sum(autograd.grad(function)(scores) * np.cos(scores)), rtol=1e-12)
        np.testing.assert_allclose(value, function(scores))


def test_large_scores_neither_overflow_nor_underflow():
    assert np.isfinite(autograd.cross_entropy(SCORES, CLASSES))
    assert autograd.cross_entropy(SCORES[2:3], [2]) == 2000.0
    assert np.isfinite(autograd.grad(lambda s: autograd.cross_entropy(s, CLASSES))(SCORES)).all()


def test_single_precision_is_kept_and_a_second_pass_doubles():
    x = Tensor(SCORES.astype(np.float32), requires_grad=True)
    loss = autograd.cross_entropy(x, CLASSES)
    loss.backward()
    once = x.grad.numpy().copy()
    loss.backward()
    assert loss.dtype == x.grad.dtype == np.float32
    np.testing.assert_array_equal(x.grad.numpy(), 2 * once)
    np.testing.assert_allclose(once.sum(axis=1), 0, atol=1e-6)


def test_a_change_of_the_scores_or_of_the_classes_afterwards():
    x, classes = Tensor(SCORES, requires_grad=True), Tensor(CLASSES)
    scores = x * 1
    loss = autograd.cross_entropy(scores, classes)
    expected = autograd.grad(lambda s: by_hand(s, CLASSES))(SCORES)
    classes.fill_(0)  # it was read when the loss was computed
    loss.backward()
    np.testing.assert_allclose(x.grad.numpy(), expected, rtol=1e-12, atol=1e-15)
    scores.mul_(2.0)
    with pytest.raises(RuntimeError, match=r"cross_entropy needs operand 0 .* test_cross_entropy.py:\d+"):
        loss.backward()


@pytest.mark.parametrize(
    ("scores", "classes", "error", "told"),
    [
        (SCORES, [0, 1], ValueError, r"input \(4, 3\) and target \(2,\): needs \(n, classes\) and \(n,\)"),
        (SCORES[0], [0], ValueError, r"input \(3,\)"),
        (SCORES[:0], [], ValueError, r"n at least 1"),
        (SCORES, [0, 1, 2, 3], IndexError, r"class 3 is out of range for the 3 of \(4, 3\)"),
        (SCORES, [0, 1, 2, -1], IndexError, r"class -1 is out of range"),
        (SCORES, [0.0, 1.0, 2.0, 0.0], TypeError, r"indices of classes, got float64: write target.long\(\)"),
        (np.ones((1, 2), int), [0], TypeError, r"needs floating-point numbers, got int64"),
        ("x", [0], TypeError, r"cross_entropy: cannot take 'x'"),
    ],
)
def test_mistakes_are_explained(scores, classes, error, told):
    with pytest.raises(error, match=told) as caught:
        autograd.cross_entropy(scores, classes)
    assert "\n" not in str(caught.value)
