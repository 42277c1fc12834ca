"""The demo `iris`."""

import math

import pytest

from autograd import Value
from demos import iris


def test_cross_entropy_and_its_gradient():
    """-log softmax of the target; its gradient is the softmax, less 1 at the target; and nothing overflows."""
    numbers = [1.0, -2.0, 0.5]
    logits = list(map(Value, numbers))
    loss = iris.cross_entropy(logits, 2)
    loss.backward()
    total = sum(map(math.exp, numbers))
    softmax = [math.exp(x) / total for x in numbers]
    assert loss.data == pytest.approx(-math.log(softmax[2]), rel=1e-14)
    assert [x.grad for x in logits] == pytest.approx([softmax[0], softmax[1], softmax[2] - 1], rel=1e-13)
    assert iris.cross_entropy([Value(1000.0), Value(0.0)], 1).data == 1000.0


def test_data():
    """45 flowers are held out, 15 of each kind; the measurements are in units of their spread."""
    pytest.importorskip("sklearn", reason="the flowers come with scikit-learn")
    x_train, y_train, x_test, y_test = iris.load()
    assert (len(x_train), len(y_train), len(x_test), len(y_test)) == (105, 105, 45, 45)
    assert [y_test.count(kind) for kind in range(3)] == [15, 15, 15]
    for column in zip(*x_train, strict=True):
        assert sum(column) == pytest.approx(0, abs=1e-9)
        assert sum(x * x for x in column) == pytest.approx(105)


def test_it_learns(tmp_path, capsys):
    """Eight passes are enough to tell most flowers of the test set apart; a third would be luck."""
    pytest.importorskip("sklearn", reason="the flowers come with scikit-learn")
    accuracy = iris.main(tmp_path, epochs=8).numbers["accuracy"]
    printed = capsys.readouterr()
    assert accuracy > 0.9
    assert "MLP(4, [8, 3], 'tanh'): 67 parameters, 105 flowers to learn from, 45 held out." in printed.out
    assert f"Held-out accuracy: {accuracy:.1%} of 45 flowers." in printed.out
    assert "training: 100%" in printed.err


def test_untrained_it_is_luck(tmp_path):
    pytest.importorskip("sklearn", reason="the flowers come with scikit-learn")
    assert iris.main(tmp_path, epochs=0).numbers["accuracy"] < 0.7
