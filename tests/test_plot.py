"""Plots: that what is drawn are the numbers that were given, and that nothing stays behind."""

import gc
import itertools
import subprocess
import sys
import weakref

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import autograd
import nn
from autograd import TABLE, Value, tensor
from nn import metrics, plot
from nn.callbacks import History, LivePlot

pytest.importorskip("matplotlib", reason='draws with matplotlib: python -m pip install "stepgrad[plot]"')

from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from nn.plot.canvas import LINES, MARKERS, PALETTE, array
from nn.plot.pictures import MOST

CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
IMAGES = np.arange(24.0).reshape(2, 3, 4)


def bowl(w, b):
    return w * w + 3 * b * b


CALLS = {
    "activations": lambda: plot.activations(),
    "confusion_matrix": lambda: plot.confusion_matrix([[3, 1], [0, 2]]),
    "decision_boundary": lambda: plot.decision_boundary(lambda X: X[:, 0] - 0.5, CORNERS, [0, 0, 1, 1], resolution=20),
    "feature_maps": lambda: plot.feature_maps(IMAGES),
    "filters": lambda: plot.filters(nn.Conv2d(1, 4, 3)),
    "images": lambda: plot.images(IMAGES),
    "loss_curve": lambda: plot.loss_curve(lambda w: w * w, (-1, 1), paths={"SGD": [1.0, 0.5]}),
    "loss_surface": lambda: plot.loss_surface(bowl, (-1, 1), (-1, 1), paths={"SGD": [(1.0, 1.0), (0.5, 0.2)]}),
    "training_curves": lambda: plot.training_curves({"loss": [1.0, 0.5], "val_loss": [1.0, 0.7]}),
}


def figure_of(drawn):
    return drawn if isinstance(drawn, Figure) else drawn.figure


def pixels(drawn):
    figure = figure_of(drawn)
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return bytes(canvas.buffer_rgba())


def xy(line):
    return np.asarray(line.get_xydata())


def legend_of(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def shown(figure):
    """The array of each picture, without those of scales."""
    return [np.asarray(axes.images[0].get_array()) for axes in figure.axes if axes.images]


# ---------------------------------------------------------------------- all of them


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


def test_colours_differ_for_those_who_see_no_red_or_no_green():
    """By the matrices of Viénot, Brettel and Mollon (1999) for protanopia and deuteranopia, in linear light."""
    blind = {
        "protanopia": [[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]],
        "deuteranopia": [[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]],
    }
    for matrix in blind.values():
        for pair in itertools.combinations(PALETTE, 2):
            one, other = (np.array(matrix) @ np.array(to_rgb(colour)) ** 2.2 for colour in pair)
            distance = np.abs(one.clip(0, 1) ** (1 / 2.2) - other.clip(0, 1) ** (1 / 2.2)).max()
            assert distance > 0.1, pair


def test_markers_and_lines_differ():
    assert len(set(MARKERS)) == len(MARKERS) > len(PALETTE)
    assert len(set(LINES)) == len(LINES)


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


# ---------------------------------------------------------------------- decision boundary


def regions(axes):
    """Of each point of the plane the class whose colour it has, and how strong that is."""
    colours = np.asarray(axes.images[0].get_array())
    away = 1 - colours
    palette = 1 - np.array([to_rgb(colour) for colour in PALETTE])
    weights = (away @ palette.T) / (palette**2).sum(axis=1)
    rest = np.linalg.norm(away[..., np.newaxis, :] - weights[..., np.newaxis] * palette, axis=-1)
    nearest = rest.argmin(axis=-1)
    return nearest, np.take_along_axis(weights, nearest[..., np.newaxis], -1)[..., 0]


def plane(axes):
    """The points that were tried, (rows, columns, 2)."""
    assert axes.images[0].origin == "lower"
    left, right, bottom, top = axes.images[0].get_extent()
    rows, columns = axes.images[0].get_array().shape[:2]
    return np.stack(np.meshgrid(np.linspace(left, right, columns), np.linspace(bottom, top, rows)), axis=-1)


numbers = st.floats(-2, 2).map(lambda x: round(x, 3))


@given(numbers, numbers, numbers)
@settings(max_examples=25)
def test_regions_are_the_models_decisions(a, b, c):
    def model(X):
        return X @ [a, b] + c

    axes = plot.decision_boundary(model, CORNERS, [0, 1, 1, 0], resolution=12, threshold=0.1)
    scores = model(plane(axes))
    np.testing.assert_array_equal(regions(axes)[0], scores > 0.1)


def test_the_boundary_is_where_the_model_changes_its_mind():
    axes = plot.decision_boundary(lambda X: X @ [1.0, 1.0] - 1.5, CORNERS, [0, 0, 0, 1])
    (line,) = [path.vertices for contour in axes.collections[:1] for path in contour.get_paths()]
    np.testing.assert_allclose(line.sum(axis=1), 1.5, atol=1e-9)
    assert axes.get_xlim() == axes.get_ylim() == (-0.1, 1.1)


def test_regions_are_stronger_where_the_model_is_certain():
    axes = plot.decision_boundary(lambda X: 10 * (X[:, 0] - 0.5), CORNERS, [0, 0, 1, 1], resolution=25)
    weights = regions(axes)[1][0]
    assert (np.diff(weights[:12]) < 0).all() and (np.diff(weights[13:]) > 0).all()
    assert weights.min() == pytest.approx(0.08, abs=0.02) and weights.max() == pytest.approx(0.5, abs=0.02)


def test_points_are_drawn_by_class_with_markers_of_their_own():
    X = np.random.default_rng(0).normal(size=(30, 2))
    y = np.arange(30) % 3
    axes = plot.decision_boundary(lambda X: X @ np.eye(2, 3), X, y, labels=["red", "green", "blue"], resolution=10)
    assert legend_of(axes) == ["red", "green", "blue"]
    points = [drawn for drawn in axes.collections if len(drawn.get_offsets()) > 1]
    assert len(points) == 3
    for i, drawn in enumerate(points):
        np.testing.assert_array_equal(drawn.get_offsets(), X[y == i])
        np.testing.assert_allclose(drawn.get_facecolor()[0, :3], to_rgb(PALETTE[i]))
    outlines = {drawn.get_paths()[0].vertices.tobytes() for drawn in points}
    assert len(outlines) == 3


def test_several_outputs():
    """Logits and their probabilities give the same picture, and so does one output with its complement."""

    def logits(X):
        return X @ np.array([[3.0, -1.0, 0.5], [0.0, 2.0, -1.5]])

    def softmax(X):
        return np.exp(logits(X)) / np.exp(logits(X)).sum(axis=1, keepdims=True)

    pictures = [
        plot.decision_boundary(model, CORNERS, np.eye(3)[[0, 1, 2, 0]], resolution=15) for model in (logits, softmax)
    ]
    one, other = (np.asarray(axes.images[0].get_array()) for axes in pictures)
    np.testing.assert_allclose(one, other)
    np.testing.assert_array_equal(
        regions(pictures[0])[0], logits(plane(pictures[0]).reshape(-1, 2)).argmax(1).reshape(15, 15)
    )

    def sigmoid(X):
        return 1 / (1 + np.exp(-4 * X[:, 0]))

    two = plot.decision_boundary(lambda X: np.stack([1 - sigmoid(X), sigmoid(X)], 1), CORNERS, [0, 0, 1, 1])
    for single in (sigmoid, lambda X: sigmoid(X)[:, np.newaxis], lambda X: 4 * X[:, 0]):
        axes = plot.decision_boundary(single, CORNERS, [0, 0, 1, 1])
        np.testing.assert_allclose(axes.images[0].get_array(), two.images[0].get_array(), atol=1e-12)


def test_whole_numbers_are_classes():
    axes = plot.decision_boundary(lambda X: (X.sum(axis=1) * 1.4).astype(int), CORNERS, [0, 1, 1, 2], resolution=20)
    classes, weights = regions(axes)
    np.testing.assert_array_equal(classes, (plane(axes).sum(axis=-1) * 1.4).astype(int))
    np.testing.assert_allclose(weights, 0.5)


def test_a_perceptron_and_an_mlp_of_values():
    line = plot.decision_boundary(nn.Perceptron([1, 1], -1.5), CORNERS, [0, 0, 0, 1])
    np.testing.assert_array_equal(regions(line)[0], plane(line).sum(axis=-1) > 1.5)
    model = nn.MLP(2, [4, 1], "tanh", seed=3)
    axes = plot.decision_boundary(model, CORNERS, [-1, 1, 1, -1], resolution=9)
    expected = [[model(point).data > 0 for point in row] for row in plane(axes).tolist()]
    np.testing.assert_array_equal(regions(axes)[0], expected)
    assert legend_of(axes) == ["−1", "1"]
    assert all(parameter.grad == 0 for parameter in model.parameters())
    three = nn.MLP(2, [3], seed=1)
    axes = plot.decision_boundary(three, CORNERS, [0, 1, 2, 0], resolution=9)
    expected = [[np.argmax([z.data for z in three(point)]) for point in row] for row in plane(axes).tolist()]
    np.testing.assert_array_equal(regions(axes)[0], expected)


def test_a_module_is_evaluated_and_stays_as_it_is():
    class Noted(nn.Module):
        def forward(self, x):
            seen.append((self.training, x.dtype, x.requires_grad))
            return x

    seen = []
    model = nn.Sequential(nn.Linear(2, 8), nn.Dropout(0.5), nn.BatchNorm1d(8), Noted(), nn.Linear(8, 1))
    model[1].eval()
    before = {name: x.numpy().copy() for name, x in model.state_dict().items()}
    axes = plot.decision_boundary(model, tensor(CORNERS), tensor([0, 0, 1, 1]).reshape(4, 1))
    assert seen == [(False, autograd.float32, False)]
    assert [module.training for module in model] == [True, False, True, True, True]
    assert all(np.array_equal(before[name], x.numpy()) for name, x in model.state_dict().items())
    assert axes.images[0].get_array().shape == (200, 200, 3)


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


# ---------------------------------------------------------------------- pictures


def test_images_in_all_layouts():
    rng = np.random.default_rng(0)
    grey, colour = rng.uniform(size=(3, 5, 4)), rng.uniform(size=(3, 5, 4, 3))
    for given_, expected in (
        (grey, grey),
        (tensor(grey)[:, np.newaxis], grey),
        (grey[..., np.newaxis], grey),
        (colour, colour),
        (np.moveaxis(colour, -1, 1), colour),
    ):
        for i, picture in enumerate(shown(plot.images(given_))):
            np.testing.assert_allclose(picture, expected[i], rtol=1e-6)


@pytest.mark.parametrize(
    ("pictures", "limits"),
    [
        (np.full((1, 2, 2), 0.4), (0, 1)),
        (np.full((1, 2, 2), 7, np.uint8), (0, 255)),
        (np.arange(4.0).reshape(1, 2, 2) * 5 + 1, (1, 16)),
        (np.arange(4.0).reshape(1, 2, 2) - 3, (-3, 0)),
        (np.full((1, 2, 2), 9.0), (9, 10)),
    ],
)
def test_images_have_one_scale(pictures, limits):
    (axes,) = plot.images(pictures).axes
    assert axes.images[0].get_clim() == limits


def test_colours_are_scaled_between_0_and_1():
    pictures = np.random.default_rng(0).normal(size=(2, 3, 4, 4)) * 3
    expected = np.moveaxis(pictures - pictures.min(), 1, -1) / np.ptp(pictures)
    np.testing.assert_allclose(np.stack(shown(plot.images(pictures))), expected, atol=1e-12)
    bytes_ = np.arange(24, dtype=np.uint8).reshape(2, 2, 2, 3)
    np.testing.assert_allclose(np.stack(shown(plot.images(bytes_))), bytes_ / 255)


def test_columns_and_titles():
    figure = plot.images(np.zeros((5, 2, 2)), columns=2, titles=[3, 1, "four", 1, 5])
    assert [axes.get_title() for axes in figure.axes] == ["3", "1", "four", "1", "5"]
    assert figure.axes[0].get_subplotspec().get_gridspec().get_geometry() == (3, 2)
    assert plot.images(np.zeros((5, 2, 2))).axes[0].get_subplotspec().get_gridspec().get_geometry() == (2, 3)


def scale_of(figure):
    return figure.axes[-1].get_ylabel()


@given(st.integers(1, 3), st.integers(1, 3), st.integers(0, 5))
@settings(max_examples=15)
def test_filters_are_the_weights_on_a_symmetric_scale(outputs, inputs, seed):
    autograd.manual_seed(seed)
    layer = nn.Conv2d(inputs, outputs, 3)
    figure = plot.filters(layer)
    weight = layer.weight.detach().numpy()
    for axes, expected in zip(figure.axes, weight.reshape(-1, 3, 3), strict=False):
        np.testing.assert_array_equal(axes.images[0].get_array(), expected)
        low, high = axes.images[0].get_clim()
        assert high == -low == np.abs(weight).max()
        np.testing.assert_allclose(axes.images[0].cmap(0.5)[:3], 0.97, atol=0.02)  # 0 is white
    assert scale_of(figure) == "weight"
    if inputs > 1:
        assert figure.axes[0].get_subplotspec().get_gridspec().get_geometry() == (outputs, inputs)


def test_filters_of_other_layers():
    dense = nn.Linear(6, 4)
    pictures = shown(plot.filters(dense, shape=(2, 3)))
    np.testing.assert_array_equal(np.stack(pictures[:4]), dense.weight.detach().numpy().reshape(4, 2, 3))
    line = nn.Conv1d(2, 3, 5)
    pictures = shown(plot.filters(line.weight))
    np.testing.assert_array_equal(np.stack(pictures[:6]), line.weight.detach().numpy().reshape(6, 1, 5))
    up = nn.ConvTranspose2d(2, 3, 4)
    pictures = shown(plot.filters(up))
    np.testing.assert_array_equal(pictures[1], up.weight.detach().numpy()[1, 0])


def test_feature_maps():
    maps = np.abs(np.random.default_rng(0).normal(size=(3, 4, 5)))
    figure = plot.feature_maps(tensor(maps)[np.newaxis], titles=["a", "b", "c"])
    np.testing.assert_allclose(np.stack(shown(figure)[:3]), maps, rtol=1e-6)
    assert all(axes.images[0].get_clim() == pytest.approx((0, maps.max())) for axes in figure.axes[:3])
    assert scale_of(figure) == "activation"
    signed = plot.feature_maps(maps - 1).axes[0].images[0]
    assert signed.get_clim() == pytest.approx((-np.abs(maps - 1).max(), np.abs(maps - 1).max()))
    assert signed.cmap.name != figure.axes[0].images[0].cmap.name
    assert plot.feature_maps(np.zeros((1, 2, 2))).axes[0].images[0].get_clim() == (0, 1)


# ---------------------------------------------------------------------- confusion matrix


def luminance(colour):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


squares = st.integers(1, 4).flatmap(
    lambda size: st.lists(st.integers(0, 2000), min_size=size**2, max_size=size**2).map(
        lambda counts: np.reshape(counts, (size, size))
    )
)


@given(squares)
@settings(max_examples=15)
def test_cells_say_the_counts(matrix):
    axes = plot.confusion_matrix(matrix)
    found = {tuple(map(round, text.get_position()[::-1])): text for text in axes.texts}
    assert {place: int(text.get_text()) for place, text in found.items()} == dict(np.ndenumerate(matrix))
    image = axes.images[0]
    shares = np.asarray(image.get_array())
    np.testing.assert_allclose(shares * matrix.sum(axis=1, keepdims=True), matrix, atol=1e-9)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted class", "true class")


@pytest.mark.parametrize("count", range(0, 101, 4))
def test_text_can_be_read_on_every_shade(count):
    axes = plot.confusion_matrix([[count, 100 - count], [0, 0]])
    image = axes.images[0]
    for text, share in zip(axes.texts, np.ravel(image.get_array()), strict=True):
        dark, light = sorted(map(luminance, (text.get_color(), image.cmap(image.norm(share)))))
        assert (light + 0.05) / (dark + 0.05) > 4.5  # the contrast that WCAG asks for


def test_a_result_of_metrics_with_labels():
    matrix = metrics.confusion_matrix([0, 1, 1, 2], [0, 0, 1, 2])
    axes = plot.confusion_matrix(matrix, ["hot dog", "bun", "mustard"])
    for labels in (axes.get_xticklabels(), axes.get_yticklabels()):
        assert [label.get_text() for label in labels] == ["hot dog", "bun", "mustard"]
    assert axes.texts[1].get_text() == "1" and axes.texts[1].get_position() == (1, 0)  # a hot dog, taken for a bun
    assert axes.yaxis_inverted()
    numbered = plot.confusion_matrix(tensor(matrix))
    assert [label.get_text() for label in numbered.get_xticklabels()] == ["0", "1", "2"]
    shares = plot.confusion_matrix([[0.25, 0.75], [0.125, 0.875]])
    assert [text.get_text() for text in shares.texts] == ["0.25", "0.75", "0.12", "0.88"]


def test_long_labels_are_turned():
    short = plot.confusion_matrix(np.eye(5), list("abcde"))
    long = plot.confusion_matrix(np.eye(5), ["daisy", "dandelion", "rose", "sunflower", "tulip"])
    assert [axes.get_xticklabels()[0].get_rotation() for axes in (short, long)] == [0, 45]


# ---------------------------------------------------------------------- losses


def contours(axes):
    from matplotlib.contour import ContourSet

    filled, lines = (drawn for drawn in axes.collections if isinstance(drawn, ContourSet))
    assert list(filled.levels) == list(lines.levels)
    return lines


def test_contours_are_where_the_loss_has_their_level():
    lines = contours(plot.loss_surface(bowl, (-2, 2), (-1, 1), resolution=300))
    assert len(lines.levels) > 4
    for level, path in zip(lines.levels, lines.get_paths(), strict=True):
        w, b = path.vertices.T
        np.testing.assert_allclose(bowl(w, b), level, atol=0.01)
    np.testing.assert_allclose(np.diff(lines.levels), np.diff(lines.levels)[0])


def test_a_wide_range_has_contours_at_ratios():
    lines = contours(plot.loss_surface(lambda w, b: (1 - w) ** 2 + 100 * (b - w * w) ** 2, (-2, 2), (-1, 3)))
    ratios = np.divide(lines.levels[1:], lines.levels[:-1])
    assert (ratios <= 10.01).all() and (ratios >= 1.99).all()
    assert lines.levels[0] < 1 < 100 < lines.levels[-1]
    steep = contours(plot.loss_surface(lambda w, b: np.exp(20 * w), (-1, 1), (-1, 1)))
    np.testing.assert_allclose(np.divide(steep.levels[1:], steep.levels[:-1]), 10)


points = st.lists(st.tuples(numbers, numbers), min_size=1, max_size=20)


@given(points, points)
@settings(max_examples=15)
def test_paths_are_the_points(one, other):
    axes = plot.loss_surface(bowl, (-2, 2), (-1, 1), paths={"SGD": one, "Adam": other}, resolution=10)
    lines = {line.get_label(): line for line in axes.lines if not line.get_label().startswith("_")}
    assert list(lines) == ["SGD", "Adam", "start", "end"] == legend_of(axes)
    ends = [tuple(line.get_xydata()[0]) for line in axes.lines if line.get_label().startswith("_")]
    for name, path in (("SGD", one), ("Adam", other)):
        np.testing.assert_array_equal(xy(lines[name]), path)
    assert ends == [one[0], one[-1], other[0], other[-1]]
    assert [line.get_marker() for line in axes.lines[1:3]] == ["o", "*"]
    assert lines["SGD"].get_linestyle() != lines["Adam"].get_linestyle()
    assert (axes.get_xlim(), axes.get_ylim()) == ((-2, 2), (-1, 1))


def test_the_axes_are_called_after_the_parameters():
    axes = plot.loss_surface(bowl, (-1, 1), (-1, 1), resolution=5)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("w", "b")
    axes = plot.loss_surface(lambda *point: point[0], (-1, 1), (-1, 1), resolution=5)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x", "y")


def test_losses_of_values_and_tensors():
    y = Value(2.0)
    axes = plot.loss_surface(lambda w, b: (w * 3.0 + b - y) ** 2, (-1, 1), (-1, 1), resolution=20)
    of_numbers = plot.loss_surface(lambda w, b: (w * 3.0 + b - 2.0) ** 2, (-1, 1), (-1, 1), resolution=20)
    assert pixels(axes) == pixels(of_numbers)
    x = tensor([1.0, 2.0], dtype="float64", requires_grad=True)
    axes = plot.loss_surface(lambda w, b: ((x * w + b) ** 2).sum(), (-1, 1), (-1, 1), resolution=20)
    of_numbers = plot.loss_surface(lambda w, b: (w + b) ** 2 + (2 * w + b) ** 2, (-1, 1), (-1, 1), resolution=20)
    assert list(contours(axes).levels) == list(contours(of_numbers).levels)


def test_what_is_not_finite_is_left_out():
    axes = plot.loss_surface(
        lambda w, b: w if w > 0 else float("nan"),
        (-1, 1),
        (-1, 1),
        paths={"SGD": [(0.5, 0), (0.1, 0), (np.nan, 1), (0.3, np.inf)]},
    )
    np.testing.assert_array_equal(xy(axes.lines[0]), [(0.5, 0), (0.1, 0)])
    vertices = np.concatenate([path.vertices for path in contours(axes).get_paths()])
    assert vertices[:, 0].min() > 0


def test_a_curve_and_steps_along_it():
    axes = plot.loss_curve(lambda w: w**2, (-2, 2), paths={"η = 0.9": [1.5, -1.2, 0.96], "diverges": [1.0, -3.0, 9.0]})
    curve, steps = axes.lines[:2]
    np.testing.assert_allclose(xy(curve)[:, 1], xy(curve)[:, 0] ** 2)
    np.testing.assert_allclose(xy(steps), [(1.5, 2.25), (-1.2, 1.44), (0.96, 0.9216)])
    assert legend_of(axes) == ["η = 0.9", "diverges", "start", "end"]
    assert axes.get_ylim()[1] < 5  # the curve is not lost beside the path
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("w", "loss")


# ---------------------------------------------------------------------- bad input

FLAT = {"loss": lambda w, b: 3.0, "x": (-1, 1), "y": (-1, 1)}


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: plot.training_curves([1.0]), TypeError, r"takes what fit returned, or lists by name .* got \[1.0\]"),
        (lambda: plot.training_curves(History()), ValueError, "the history is empty: train for an epoch first"),
        (lambda: plot.training_curves({"loss": []}), ValueError, "the history is empty"),
        (lambda: plot.training_curves({"loss": [1.0]}, metrics="f1"), ValueError, "no metric 'f1': choose one of loss"),
        (lambda: plot.training_curves({"loss": [1.0]}, metrics=()), ValueError, "metrics is empty: choose one of loss"),
        (
            lambda: plot.training_curves({"loss": [1.0, 2.0], "val_loss": [1.0]}),
            ValueError,
            r"val_loss has shape \(1,\) for 2 epochs: give one number for each",
        ),
        (lambda: plot.training_curves({"loss": ["a"]}), TypeError, r"loss must be an array, a tensor .* got \['a'\]"),
        (
            lambda: plot.decision_boundary(abs, np.ones((4, 3)), [0] * 4),
            ValueError,
            r"X must be \(N, 2\), points of a plane, got \(4, 3\): choose two columns, as X\[:, :2\]",
        ),
        (lambda: plot.decision_boundary(abs, [[0, np.nan]], [0]), ValueError, "X contains nan or inf"),
        (lambda: plot.decision_boundary(abs, CORNERS, [0, 1]), ValueError, r"4 points, but y is \(2,\)"),
        (lambda: plot.decision_boundary(abs, CORNERS, [0, 1, 0.5, 1]), ValueError, "y must be classes, whole numbers"),
        (lambda: plot.decision_boundary(3, CORNERS, [0] * 4), TypeError, r"model must be a module or a .* got 3"),
        (
            lambda: plot.decision_boundary(lambda X: X.sum(), CORNERS, [0] * 4, resolution=5),
            ValueError,
            r"the model gives \(\) for points \(25, 2\): needs one number, or one for each class",
        ),
        (
            lambda: plot.decision_boundary(lambda X: X[:, 0] * np.nan, CORNERS, [0] * 4),
            ValueError,
            "the model gives nan or inf for some points",
        ),
        (
            lambda: plot.decision_boundary(lambda X: X, CORNERS, [0, 1, 2, 0]),
            ValueError,
            "y contains 2, the model's 2 outputs are classes 0 to 1",
        ),
        (lambda: plot.decision_boundary(lambda X: X, CORNERS, [0, -1, 1, 0]), ValueError, "y contains -1"),
        (
            lambda: plot.decision_boundary(lambda X: X[:, 0], CORNERS, [0, 1, 2, 0]),
            ValueError,
            "y has the classes 0, 1, 2, the model one output: call two classes 0 and 1",
        ),
        (lambda: plot.decision_boundary(lambda X: X, CORNERS, [0] * 4, threshold=0.5), ValueError, "is for one output"),
        (lambda: plot.decision_boundary(abs, CORNERS, [0] * 4, resolution=1), ValueError, "resolution must be a whole"),
        (
            lambda: plot.decision_boundary(lambda X: X, CORNERS, [0] * 4, labels=["a"]),
            ValueError,
            "1 labels for 2 classes",
        ),
        (lambda: plot.activations(["rellu"]), ValueError, r"there is no 'rellu': choose one of celu, elu, .*relu"),
        (lambda: plot.activations([]), ValueError, r"there are no functions: give names, as \['relu', 'gelu'\]"),
        (lambda: plot.activations([3]), TypeError, "takes functions, modules or names, got 3"),
        (lambda: plot.activations(autograd.relu), TypeError, r"takes several functions: write \[f\] for one"),
        (lambda: plot.activations(low=2, high=1), ValueError, r"low, high must be a range .* got \(2, 1\)"),
        (lambda: plot.activations({"sum": lambda x: x.sum()}), ValueError, r"sum gives \(\) for inputs \(1001, 3\)"),
        (lambda: plot.images(np.ones((4, 4))), ValueError, r"got \(4, 4\): write image\[None\] for one"),
        (lambda: plot.images(np.ones((2, 4, 4, 4))), ValueError, r"with 1 or 3 channels, got \(2, 4, 4, 4\)"),
        (lambda: plot.images(np.ones((0, 4, 4))), ValueError, r"there is nothing to draw: array has shape \(0, 4, 4\)"),
        (lambda: plot.images(np.ones((MOST + 1, 1, 1))), ValueError, f"{MOST + 1} pictures are too many"),
        (lambda: plot.images(IMAGES, titles=["a"]), ValueError, "1 titles for 2 pictures"),
        (lambda: plot.images(IMAGES, columns=0), ValueError, "columns must be a whole number from 1 on, got 0"),
        (lambda: plot.images(IMAGES + np.inf), ValueError, "array contains nan or inf, which have no colour"),
        (lambda: plot.images("cat.png"), TypeError, "array must be an array, a tensor or lists .* got 'cat.png'"),
        (lambda: plot.filters(nn.Linear(4, 2)), ValueError, r"got \(2, 4\): write shape=\(H, W\), the image"),
        (lambda: plot.filters(nn.Linear(4, 2), shape=(3, 2)), ValueError, r"shape=\(3, 2\) does not fit the 4 inputs"),
        (lambda: plot.filters(nn.ReLU()), TypeError, r"layer must be an array, a tensor .* got ReLU\(\)"),
        (lambda: plot.feature_maps(np.ones((2, 3, 4, 4))), ValueError, r"\(2, 3, 4, 4\): choose one, as maps\[0\]"),
        (
            lambda: plot.confusion_matrix([[1, 2]]),
            ValueError,
            r"takes a square \(K, K\), got \(1, 2\): write nn.metrics",
        ),
        (lambda: plot.confusion_matrix([[1, -2], [0, 0]]), ValueError, "counts must be finite and not negative"),
        (lambda: plot.confusion_matrix([[1, 2], [3]]), TypeError, "matrix must be an array, a tensor or lists"),
        (lambda: plot.confusion_matrix(np.eye(2), "a"), ValueError, "1 labels for 2 classes"),
        (lambda: plot.loss_surface(**FLAT), ValueError, "the loss is 3 everywhere: choose wider ranges"),
        (lambda: plot.loss_surface(**FLAT | {"loss": lambda w, b: np.nan}), ValueError, "is nan or inf everywhere"),
        (lambda: plot.loss_surface(**FLAT | {"loss": 3}), TypeError, "loss must be a function of 2 numbers, got 3"),
        (lambda: plot.loss_surface(**FLAT | {"loss": lambda w, b: [w, b]}), ValueError, "loss must be one number"),
        (lambda: plot.loss_surface(**FLAT | {"x": (1, 1)}), ValueError, r"x must be a range \(low, high\) .* \(1, 1\)"),
        (lambda: plot.loss_surface(**FLAT | {"y": 3}), ValueError, r"y must be a range \(low, high\) .* got 3"),
        (lambda: plot.loss_surface(**FLAT, paths=[(0, 0)]), TypeError, 'paths must have names, as {"SGD": '),
        (lambda: plot.loss_surface(**FLAT, paths={"a": [1.0]}), ValueError, r"'a' must be a list of \(w, b\)"),
        (lambda: plot.loss_surface(**FLAT, paths={"a": [(np.nan, 0)]}), ValueError, "'a' has no finite point"),
        (lambda: plot.loss_surface(**FLAT, resolution=1.5), ValueError, "resolution must be a whole number"),
        (lambda: plot.loss_curve(abs, (0, 1), paths={"a": [(1, 2)]}), ValueError, "'a' must be a list of w"),
    ],
)
def test_errors_teach(act, error, message):
    with pytest.raises(error, match=message) as raised:
        act()
    text = str(raised.value)
    assert text.split(":")[0] in plot.__all__
    assert "\n" not in text


def test_wrong_input_leaves_given_axes_alone():
    axes = Figure().add_subplot()
    for act in (
        lambda: plot.confusion_matrix([[1, 2]], ax=axes),
        lambda: plot.confusion_matrix(np.eye(2), "a", ax=axes),
        lambda: plot.decision_boundary(lambda X: X, CORNERS, [0, 1, 2, 3], ax=axes),
        lambda: plot.decision_boundary(lambda X: X, CORNERS, [0] * 4, labels="a", ax=axes),
        lambda: plot.loss_surface(**FLAT, ax=axes),
        lambda: plot.loss_curve(abs, (0, 1), paths={"a": []}, ax=axes),
    ):
        with pytest.raises(ValueError, match=":"):
            act()
        assert not axes.has_data() and axes.get_xlabel() == ""


def test_arrays_of_nodes():
    x = tensor([1.0, 2.0], requires_grad=True)
    assert array([x, x], "f", "x").tolist() == [[1, 2], [1, 2]]
    assert array([(Value(1.0), 2)], "f", "x").tolist() == [[1, 2]]
