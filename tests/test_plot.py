"""Plots, all alike: the same each time, on axes that are given, legible to all, and nothing stays behind."""

import gc
import itertools
import subprocess
import sys
import weakref

import numpy as np
import pytest

import autograd
from autograd import Value, tensor
from nn import plot
from nn.callbacks import LivePlot
from nn.plot.canvas import LINES, MARKERS, PALETTE, array

from .plots import CALLS, COLOURS, CORNERS, Figure, bowl, figure_of, pixels


def test_every_plot_is_tried_here():
    assert sorted(CALLS) == sorted(plot.__all__)


@pytest.mark.parametrize("name", CALLS)
def test_the_same_call_gives_the_same_picture(name):
    autograd.manual_seed(0)
    first = pixels(CALLS[name]())
    autograd.manual_seed(0)
    assert pixels(CALLS[name]()) == first


@pytest.mark.parametrize("name", CALLS)
def test_nothing_stays_in_memory(name):
    from matplotlib import pyplot, rcParams

    pyplot.get_fignums(), rcParams["backend"]  # which is chosen when it is first asked for
    before = rcParams.copy()
    drawn = CALLS[name]()
    figure = weakref.ref(figure_of(drawn))
    assert pyplot.get_fignums() == []
    assert rcParams == before
    del drawn
    gc.collect()
    assert figure() is None


@pytest.mark.parametrize("name", ["confusion_matrix", "decision_boundary", "loss_curve", "loss_surface"])
def test_given_axes_are_drawn_into(name):
    calls = {
        "confusion_matrix": lambda ax: plot.confusion_matrix(np.eye(2), ax=ax),
        "decision_boundary": lambda ax: plot.decision_boundary(lambda X: X[:, 0], CORNERS, [0, 0, 1, 1], ax=ax),
        "loss_curve": lambda ax: plot.loss_curve(abs, (-1, 1), ax=ax),
        "loss_surface": lambda ax: plot.loss_surface(bowl, (-1, 1), (-1, 1), ax=ax),
    }
    left, right = Figure().subplots(1, 2)
    assert calls[name](right) is right
    assert right.has_data()
    assert not left.has_data()
    assert figure_of(CALLS[name]()) is not right.figure
    with pytest.raises(TypeError, match=f"^{name}: ax must be axes of matplotlib, .* got 3$"):
        calls[name](3)


def test_arrays_of_nodes():
    x = tensor([1.0, 2.0], requires_grad=True)
    assert array([x, x], "f", "x").tolist() == [[1, 2], [1, 2]]
    assert array([(Value(1.0), 2)], "f", "x").tolist() == [[1, 2]]


# ---------------------------------------------------------------------- matplotlib


@pytest.mark.parametrize("name", CALLS)
def test_without_matplotlib_there_is_a_hint(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError) as error:
        CALLS[name]()
    assert str(error.value) == f'{name}: matplotlib is missing: python -m pip install "stepgrad[plot]"'


def test_live_plot_says_so_before_training(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(
        ImportError, match=r'^LivePlot: matplotlib is missing: python -m pip install "stepgrad\[plot\]"$'
    ):
        LivePlot()


def test_importing_nn_leaves_matplotlib_alone():
    program = "import sys, nn; nn.plot.activations; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


# ---------------------------------------------------------------------- colours and markers


def test_colours_differ_for_those_who_see_no_red_or_no_green():
    """By the matrices of Viénot, Brettel and Mollon (1999) for protanopia and deuteranopia, in linear light."""
    blind = {
        "protanopia": [[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]],
        "deuteranopia": [[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]],
    }
    for matrix in blind.values():
        for pair in itertools.combinations(COLOURS, 2):
            one, other = (np.array(matrix) @ np.array(colour) ** 2.2 for colour in pair)
            distance = np.abs(one.clip(0, 1) ** (1 / 2.2) - other.clip(0, 1) ** (1 / 2.2)).max()
            assert distance > 0.1, pair


def test_markers_and_lines_differ():
    assert len(set(MARKERS)) == len(MARKERS) > len(PALETTE)
    assert len(set(LINES)) == len(LINES)
