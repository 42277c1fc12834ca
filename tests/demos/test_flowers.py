"""The demo `flowers`."""

import re

import numpy as np
import pytest

from demos import flowers
from demos.flowers import Specimen

from .pictures import check_pictures


def test_from_drawn_flowers_to_answers(tmp_path, capsys):
    result = flowers.main(tmp_path, per_class=60, epochs=6)
    printed = capsys.readouterr().out
    numbers = result.numbers
    assert (numbers["found"], numbers["missing"], numbers["duplicates"], numbers["blank"]) == (210, 5, 5, 3)
    assert numbers["kept"] == 210 - 13
    assert re.findall(r"^   (\w+) +(\d+)  █+$", printed, re.MULTILINE) == [
        ("daisy", "60"), ("dandelion", "51"), ("rose", "42"), ("sunflower", "33"), ("tulip", "24"),
    ]  # fmt: skip
    assert "has 2.5 times the images of the smallest" in printed
    assert "210 images, 13 left out, 197 kept" in printed
    assert "158 and 39 images" in printed
    assert numbers["accuracy"] > 0.6  # by luck it were a fifth
    assert f"6. Test: {numbers['accuracy']:.1%} of 39 unseen images are right." in printed
    check_pictures(result, tmp_path, "flowers.png")


def test_the_audit_finds_what_is_wrong():
    rng = np.random.default_rng(0)
    image, other = rng.integers(0, 256, (2, 4, 4, 3)).astype(np.uint8)
    blank = np.full((4, 4, 3), 7, np.uint8)
    images = [image, None, other, image.copy(), blank, blank, None]
    flaws = flowers.audit([Specimen("x", 0, image) for image in images])
    assert flaws == {"missing": {1, 6}, "duplicates": {3, 5}, "blank": {4}}


def test_flowers_are_told_apart_by_eye():
    """Each kind has its colours: the mean image of a kind is nearer to its own than to others'."""
    rng = np.random.default_rng(0)
    first, second = (
        np.stack([[flowers.flower(name, rng) for _ in range(40)] for name in flowers.CLASSES]).mean(1) for _ in range(2)
    )
    distances = ((first[:, None] - second) ** 2).sum((2, 3, 4))
    assert distances.argmin(1).tolist() == [0, 1, 2, 3, 4]


def test_a_folder_is_read(tmp_path, capsys):
    """With a damaged file and a duplicate; the network is as wide as there are classes."""
    image = pytest.importorskip("PIL.Image", reason="images are read with Pillow")
    rng = np.random.default_rng(0)
    for name in ("daisy", "rose"):
        (tmp_path / "data" / name).mkdir(parents=True)
        for i in range(10):
            image.fromarray(flowers.flower(name, rng)).resize((40, 50)).save(tmp_path / "data" / name / f"{i}.png")
    (tmp_path / "data" / "rose" / "3.png").write_bytes(b"no image")
    (tmp_path / "data" / "daisy" / "9.png").write_bytes((tmp_path / "data" / "daisy" / "0.png").read_bytes())
    result = flowers.main(tmp_path / "out", data=tmp_path / "data", epochs=1)
    printed = capsys.readouterr().out
    assert re.search(r"values missing, cannot be read: +1   rose/3\.png\n", printed)
    assert re.search(r"duplicates: +1   daisy/9\.png\n", printed)
    assert (result.numbers["found"], result.numbers["kept"], result.numbers["blank"]) == (20, 18, 0)


def test_training_images_are_normal(monkeypatch, tmp_path):
    """What the network sees has the mean 0 and the spread 1 of each colour."""
    seen = []
    monkeypatch.setattr(flowers, "train_model", lambda model, inputs, *_, **__: seen.append(inputs))
    flowers.main(tmp_path, per_class=20)
    (inputs,) = seen
    assert inputs.shape[1:] == (3, 32, 32)
    assert inputs.mean((0, 2, 3)) == pytest.approx([0, 0, 0], abs=1e-4)
    assert inputs.std((0, 2, 3)) == pytest.approx([1, 1, 1], abs=1e-4)
