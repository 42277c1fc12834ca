"""The demo `training_loop`."""

import copy
from itertools import chain

import numpy as np
import pytest
from hypothesis import given, strategies as st

from demos import training_loop
from nn import MLP


def test_both_loops_give_the_same_numbers(tmp_path, capsys):
    """Also where the last minibatch is smaller."""
    result = training_loop.main(tmp_path, points=24, epochs=3, minibatch_size=10)
    assert result.numbers["loss"] == pytest.approx(result.numbers["vectorised"], rel=1e-12)
    assert result.numbers["weights apart"] < 1e-12
    lines = capsys.readouterr().out.splitlines()
    table = [line.split() for line in lines[lines.index("") + 2 : lines.index("") + 6]]
    assert [row[0] for row in table] == ["0", "1", "2", "3"]
    losses = [float(row[1]) for row in table]
    assert losses[3] < losses[0]
    assert losses[3] == pytest.approx(result.numbers["loss"], abs=1e-14)
    assert result.files == []
    assert list(tmp_path.iterdir()) == []


def test_each_epoch_has_an_order_of_its_own(tmp_path, monkeypatch):
    orders = []

    def noted(count, seed):
        orders.append(shuffled(count, seed))
        return orders[-1]

    shuffled = training_loop.shuffled
    monkeypatch.setattr(training_loop, "shuffled", noted)
    training_loop.main(tmp_path, points=12, epochs=3)
    assert len({tuple(order) for order in orders}) == len(orders) == 3


def test_a_step_is_the_decks():
    """W − learning_rate · (1/minibatch_size) · Σ gradients, with gradients from small differences."""
    dataset = training_loop.inside_the_circle(5)
    model = MLP(2, [3, 1], "tanh", seed=0)
    stepped = copy.deepcopy(model)
    training_loop.one_epoch_on_scalars(stepped, dataset, [4, 2, 0], minibatch_size=3, learning_rate=0.1)
    minibatch = [dataset[i] for i in (4, 2, 0)]
    for w, after in zip(model.parameters(), stepped.parameters(), strict=True):
        before = w.data
        w.data = before + 1e-5
        higher = training_loop.loss_on_scalars(model, minibatch)
        w.data = before - 1e-5
        lower = training_loop.loss_on_scalars(model, minibatch)
        w.data = before
        assert after.data == pytest.approx(before - 0.1 * (higher - lower) / 2e-5, abs=1e-9)


@given(st.integers(1, 50), st.integers(1, 20), st.integers(0, 9))
def test_every_sample_is_in_one_minibatch(count, size, seed):
    minibatches = list(training_loop.split(training_loop.shuffled(count, seed), size))
    assert sorted(chain.from_iterable(minibatches)) == list(range(count))
    assert all(len(minibatch) == size for minibatch in minibatches[:-1])
    assert 1 <= len(minibatches[-1]) <= size


def test_the_twin_computes_the_same():
    model = MLP(2, [3, 4, 1], "tanh", seed=1)
    x = [0.3, -0.7]
    assert training_loop.on_arrays(model)(np.array([x])).item() == pytest.approx(model(x).data, rel=1e-14)
