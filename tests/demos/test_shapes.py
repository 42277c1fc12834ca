"""The demo `shapes`."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from demos import shapes

from .pictures import check_pictures


def test_three_questions_are_answered(tmp_path, capsys):
    result = shapes.main(tmp_path, train=300, test=60, epochs=2)
    printed = capsys.readouterr().out
    assert "360 drawings of 28 × 28 pixels with noise, 300 to train with" in printed
    assert result.numbers["box overlap"] > 0.4  # of an untrained network about 0
    assert 0 <= result.numbers["mask overlap"] <= 1
    for name in ("accuracy", "box overlap", "mask overlap"):
        assert f"{result.numbers[name]:6.1%} " in printed
    check_pictures(result, tmp_path, "shapes.png", "shapes_masks.png")


def test_the_classifier_learns():
    """A few images by heart; the logits are for the three classes."""
    figures = shapes.nn.datasets.shapes(48, seed=0)
    shapes.autograd.manual_seed(0)
    model = shapes.nn.Sequential(*shapes.body(), *shapes.hidden(), shapes.nn.Linear(64, 3))
    x, labels = figures.data.numpy(), figures.targets.numpy()
    shapes.fit(model, x, labels, shapes.cross_entropy, 25, "classification")
    assert shapes.accuracy(model.predict(x), labels) > 0.9


def test_boxes_are_tight():
    image = np.zeros((1, 8, 8))
    image[0, 2:5, 1:7] = 1
    assert shapes.boxes_of(image).tolist() == [[1 / 8, 2 / 8, 7 / 8, 5 / 8]]


corner = st.floats(0, 1)


@given(corner, corner, corner, corner)
def test_overlap_of_boxes(x, y, dx, dy):
    """1 with itself, 0 with one apart, symmetric, and 0.68 of one that is shifted by a tenth both ways."""
    box = np.array([[x, y, x + dx + 0.1, y + dy + 0.1]])
    assert shapes.box_overlap(box, box) == pytest.approx(1)
    assert shapes.box_overlap(box, box + 3) == 0
    side = box[:, 2:] - box[:, :2]
    shifted = box + 0.1 * np.concatenate([side, side], 1)
    assert shapes.box_overlap(box, shifted) == pytest.approx(0.81 / 1.19)
    assert shapes.box_overlap(shifted, box) == pytest.approx(shapes.box_overlap(box, shifted))


def test_overlap_of_masks():
    """Pixels count if their class is right, too."""
    true = np.full((1, 4, 4), shapes.BACKGROUND)
    true[0, :2] = 1
    assert shapes.mask_overlap(true, true) == 1
    assert shapes.mask_overlap(np.where(true == 1, 2, true), true) == 0
    found = true.copy()
    found[0, 0] = shapes.BACKGROUND
    assert shapes.mask_overlap(found, true) == 0.5


def test_the_segmenter_begins_with_what_the_classifier_knows():
    """With copies of its weights, and a logit for each class at each pixel."""
    classifier = shapes.nn.Sequential(*shapes.body(), *shapes.hidden(), shapes.nn.Linear(64, 3))
    segmenter = shapes.segmenter_from(classifier)
    ours, copied = classifier[0].weight, segmenter[0].branch[0].weight
    assert (ours == copied).all() and ours is not copied
    x = shapes.autograd.ones(2, 1, 28, 28)
    assert segmenter[0](x).shape == (2, 9, 28, 28) and segmenter(x).shape == (2, 4, 28, 28)
    assert (segmenter[0](x)[:, :1] == x).all()
