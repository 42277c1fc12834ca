"""The demo `convolution`."""

import re
from contextlib import redirect_stdout
from io import StringIO

import numpy as np
import pytest
from hypothesis import given, strategies as st

from demos import convolution

from .pictures import check_pictures


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What the demo gives and prints, and where its pictures are."""
    folder, text = tmp_path_factory.mktemp("convolution"), StringIO()
    with redirect_stdout(text):
        result = convolution.main(folder)
    return result, text.getvalue(), folder


def matrices(text):
    """The lines of numbers of a text, each a list."""
    return [[int(x) for x in line.split()] for line in text.splitlines() if re.fullmatch(r"[ \d-]+", line) and line]


def test_both_decks_examples():
    assert convolution.convolve(convolution.IMAGE_3, convolution.KERNEL_3) == [[12, 12, 17], [10, 17, 19], [9, 6, 14]]
    assert convolution.convolve(convolution.IMAGE_4, convolution.KERNEL_4) == [[4, 3, 4], [2, 4, 3], [2, 3, 4]]


def test_they_are_printed(told):
    printed = matrices(told[1])
    assert [row[8:] for row in printed[:3]] == [[12, 12, 17], [10, 17, 19], [9, 6, 14]]
    assert [row[8:] for row in printed[5:8]] == [[4, 3, 4], [2, 4, 3], [2, 3, 4]]
    assert printed[10:13] == [[15, 15, 15, 0, 1, 3, 3, 2], [9, 11, 16, 2, 5, 7, 5, 2], [10, 7, 12, 2, 6, 10, 8, 4]]


def test_a_border_keeps_the_size_and_a_stride_skips():
    full = np.array(convolution.convolve(convolution.IMAGE_4, convolution.KERNEL_4))
    kept = np.array(convolution.convolve(convolution.IMAGE_4, convolution.KERNEL_4, padding=1))
    assert kept.shape == (5, 5) and np.array_equal(kept[1:-1, 1:-1], full)
    skipped = convolution.convolve(convolution.IMAGE_4, convolution.KERNEL_4, stride=2)
    assert np.array_equal(skipped, full[::2, ::2])


def test_the_formula_with_plus(told):
    rows = [line for line in matrices(told[1]) if line and line[0] in (28, 32, 5) and len(line) == 6]
    rows += [[32, 5, 2, 1, 32, 24], [28, 3, 1, 1, 28, 24]]  # these lines end in words
    assert "   32  5  2  1       32       24, which is wrong\n" in told[1]
    assert "   28  3  1  1       28       24, which is wrong\n" in told[1]
    assert len(rows) == 5
    for W, F, P, S, size, of_slide in rows:
        assert size == (W - F + 2 * P) // S + 1
        assert of_slide == (W - F - 2 * P) // S + 1


@given(st.integers(1, 12), st.integers(1, 5), st.integers(0, 2), st.integers(1, 3))
def test_the_formula_is_that_of_convolutions(W, F, P, S):
    if W + 2 * P >= F:
        image, kernel = np.ones((W, W)), np.ones((F, F))
        assert len(convolution.convolve(image, kernel, padding=P, stride=S)) == (W - F + 2 * P) // S + 1


def test_pooling(told):
    numbers = [[float(x) for x in line.split()] for line in told[1].splitlines() if re.fullmatch(r"[ \d.]+", line)]
    numbers = [line for line in numbers if len(line) == 6 and any(x % 1 for x in line)]
    image = np.array(convolution.IMAGE_3)
    expected = []
    for size in (2, 3):
        for y in (0, 2):
            windows = [image[y : y + size, x : x + size] for x in (0, 2)]
            expected.append([f(window) for f in (np.max, np.mean, np.sum) for window in windows])
    assert np.allclose(numbers, expected, atol=0.005)


def test_parameters_and_the_eight(told):
    result, printed, _ = told
    assert result.numbers["dense"] == 784 * 784 + 784 == 615_440
    assert result.numbers["unshared"] == 32 * 32 * 12 * (5 * 5 * 3 + 1) == 933_888
    assert result.numbers["shared"] == 5 * 5 * 3 * 12 + 12 == 912
    assert "12,288 neurons, 5 · 5 · 3 = 75 weights" in printed
    assert "quadratic, not exponential" in printed
    assert "is 22×16 there;\nits numbers go up to 255 and add up to 42,259." in printed


def test_filters_find_edges():
    """A dark half beside a bright one: only the filter of vertical edges answers, and only there."""
    image = np.zeros((6, 8))
    image[:, 4:] = 1
    across, along = (convolution.convolve(image, kernel) for kernel in convolution.EDGES.values())
    assert across == [[0, 0, 4, 4, 0, 0]] * 4
    assert not np.any(along)


def test_pictures(told):
    pytest.importorskip("PIL", reason="photographs are read with Pillow")
    pytest.importorskip("sklearn", reason="photographs come with scikit-learn")
    result, _, folder = told
    check_pictures(result, folder, "convolution_eight.png", "convolution_photograph.png")
