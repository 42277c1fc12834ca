"""The demo `mnist_keras`."""

import re

import numpy as np
import pytest

from demos import mnist_keras

from .pictures import check_pictures

pytest.importorskip("sklearn", reason="the digits come with scikit-learn")


def test_the_decks_program_and_what_is_wrong_with_it(tmp_path, capsys):
    result = mnist_keras.main(tmp_path, epochs=1)
    printed = capsys.readouterr().out
    assert "dense (Dense)                (None, 64)                50240\n" in printed
    assert "dense_1 (Dense)              (None, 10)                650\n" in printed
    assert "Total params: 50,890\nTrainable params: 50,890\nNon-trainable params: 0\n" in printed
    assert "60000/128 = 468.75, that is 469 rounds; here it has 12." in printed
    assert re.search(r"Epoch 1/1\n12/12 - 0s .*/step - loss: 0\.09\d\d - accuracy: .* - val_loss: 0\.09\d\d", printed)
    assert "On to epoch 40, where it has made 480 rounds:" in printed  # the first to reach 469
    assert 0.089 < result.numbers["loss"] < 0.0925
    assert result.numbers["val_accuracy"] < 0.4
    assert result.numbers["repaired"] > 0.9
    check_pictures(result, tmp_path, "mnist_keras.png", "mnist_keras_health.png")


def test_what_the_watch_says(capsys):
    """Large weights saturate neurons; each sigmoid layer makes the layer before it slower."""
    digits = mnist_keras.load_digits(train=512)
    x, y = mnist_keras.flat(digits.train_images), np.eye(10)[digits.train_labels]
    split = mnist_keras.Split(x, x, y, y)
    versions = {title: (make, loss) for title, make, loss in mnist_keras.VERSIONS}
    rows = {title: mnist_keras.watched(make(), loss, split, 4).rows for title, (make, loss) in versions.items()}
    assert rows["as in the deck"][0].saturated < 0.05
    assert rows["with weights that begin too large"][0].saturated > 0.6
    speeds = [row.speed for row in rows["with four hidden layers"]]
    assert len(speeds) == 5 and speeds == sorted(speeds) and speeds[0] < 0.05 * speeds[-1]
    assert rows["with the cross-entropy"][0].speed > 10 * rows["as in the deck"][0].speed


def test_the_decks_log_beside_ours(capsys):
    history = {"loss": [0.0921, 0.0931], "val_loss": [0.09, 0.09], "accuracy": [0.1, 0.1]}
    mnist_keras.print_log(history)
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split() == ["1", "0.0921", "0.0921", "0.0900", "0.0913", "0.1000", "0.1042"]
    assert len(lines) == 6 and lines[4].startswith("The losses differ by 0.0020 at most")
