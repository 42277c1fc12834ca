"""Plots of curves: the history of a training, activation functions with their derivatives."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import autograd
import nn
from autograd import TABLE, Value
from nn import plot
from nn.callbacks import History, LivePlot

from .plots import CORNERS, legend_of, xy

# ---------------------------------------------------------------------- training curves


def history(**curves):
    result = History()
    for epoch, numbers in enumerate(zip(*curves.values(), strict=True)):
        result.on_epoch_end(epoch, dict(zip(curves, numbers, strict=True)))
    return result


def test_curves_are_the_history():
    past = history(
        loss=[0.9, 0.5, 0.4], accuracy=[0.2, 0.6, 0.7], val_loss=[1.0, 0.6, 0.5], val_accuracy=[0.1, 0.5, 0.5]
    )
    figure = past.plot()
    assert [axes.get_title() for axes in figure.axes] == ["loss", "accuracy"]
    for axes, name in zip(figure.axes, ("loss", "accuracy"), strict=True):
        assert axes.get_xlabel() == "epoch"
        assert legend_of(axes) == ["training", "validation"]
        for line, key in zip(axes.lines, (name, f"val_{name}"), strict=True):
            np.testing.assert_array_equal(xy(line), np.stack([[1, 2, 3], past.history[key]], axis=1))
        assert axes.lines[0].get_linestyle() != axes.lines[1].get_linestyle()
        assert axes.lines[0].get_marker() != axes.lines[1].get_marker()
        assert all(tick == round(tick) for tick in axes.get_xticks())


@given(st.lists(st.floats(-1e6, 1e6) | st.just(float("nan")), min_size=1, max_size=40))
@settings(max_examples=15)
def test_any_list_is_drawn_as_it_is(numbers):
    (axes,) = plot.training_curves({"val_loss": numbers}).axes
    (line,) = axes.lines
    np.testing.assert_array_equal(xy(line)[:, 0], range(1, len(numbers) + 1))
    np.testing.assert_array_equal(line.get_ydata(), numbers)
    assert legend_of(axes) == ["validation"]


def test_metrics_are_chosen():
    past = history(loss=[1.0], mean_error=[2.0], accuracy=[0.5])
    assert [axes.get_title() for axes in past.plot(metrics="mean_error").axes] == ["mean error"]
    assert [axes.get_title() for axes in past.plot(metrics=("accuracy", "loss")).axes] == ["accuracy", "loss"]


def test_epochs_of_a_later_training_keep_their_numbers():
    past = History()
    for epoch in (5, 6):
        past.on_epoch_end(epoch, {"loss": 1.0})
    assert list(past.plot().axes[0].lines[0].get_xdata()) == [6, 7]


def test_fit_returns_what_can_be_drawn(tmp_path):
    autograd.manual_seed(0)
    model = nn.Sequential(nn.Dense(1, input_shape=(2,)))
    model.compile(optimizer="sgd", loss="mse")
    live = LivePlot(tmp_path / "live.png")
    past = model.fit(CORNERS, CORNERS[:, :1], epochs=3, verbose=0, callbacks=[live])
    assert list(past.plot().axes[0].lines[0].get_ydata()) == past.history["loss"]
    assert (tmp_path / "live.png").read_bytes().startswith(b"\x89PNG")


# ---------------------------------------------------------------------- activation functions


@pytest.mark.parametrize("name", ["sigmoid", "ReLU", "tanh", "softplus", "silu", "elu", "gelu"])
def test_derivatives_are_the_tables(name):
    (axes,) = plot.activations([name], low=-3, high=4).axes
    curve, slope = axes.lines[-2:]
    row = TABLE[name.lower()]
    x = curve.get_xdata()
    assert (x[0], x[-1], curve.get_label(), slope.get_label()) == (-3, 4, "f(x)", "f′(x)")
    for i in range(0, len(x), 40):
        leaf = Value(x[i])
        y = row(leaf)
        y.backward()
        np.testing.assert_allclose(xy(curve)[i], [x[i], y.data], rtol=1e-12)
        np.testing.assert_allclose(xy(slope)[i], [x[i], leaf.grad], rtol=1e-12, atol=1e-15)


def test_the_decks_four():
    figure = plot.activations()
    assert [axes.get_title() for axes in figure.axes] == ["sigmoid", "ReLU", "tanh", "softmax of (x, 0, 0)"]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["f(x)", "f′(x)"]
    relu, softmax = figure.axes[1].lines[-2:], figure.axes[3].lines[-2:]
    x = relu[0].get_xdata()
    np.testing.assert_array_equal(relu[1].get_ydata(), x > 0)  # 0 at the kink, as the table has it
    s = np.exp(x) / (np.exp(x) + 2)
    np.testing.assert_allclose(softmax[0].get_ydata(), s, rtol=1e-12)
    np.testing.assert_allclose(softmax[1].get_ydata(), s * (1 - s), rtol=1e-9)
    assert softmax[0].get_linestyle() != softmax[1].get_linestyle()


def test_functions_modules_and_titles():
    prelu = nn.PReLU(init=0.25)
    figure = plot.activations({"square": lambda x: x * x, "soft": nn.Softmax(-1), "learnt": prelu})
    square, soft, learnt = (axes.lines[-2:] for axes in figure.axes)
    assert [axes.get_title() for axes in figure.axes] == ["square", "soft", "learnt"]
    np.testing.assert_allclose(square[1].get_ydata(), 2 * square[0].get_xdata())
    np.testing.assert_allclose(learnt[1].get_ydata()[[0, -1]], [0.25, 1])
    assert prelu.weight.grad is None
    assert soft[0].get_ydata()[500] == pytest.approx(1 / 3)
    named = plot.activations([nn.Tanh(), nn.functional.log_softmax, autograd.exp]).axes
    assert [axes.get_title() for axes in named] == ["Tanh", "log_softmax of (x, 0, 0)", "exp"]
    assert [axes.get_title() for axes in plot.activations("relu").axes] == ["relu"]
