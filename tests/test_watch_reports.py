"""Reports of a watch: as text, as curves, and printed by a callback of a training loop."""

import sys

import numpy as np
import pytest

import autograd
import nn
from autograd import tensor
from autograd.health import watch
from nn.callbacks import HealthMonitor

from .watched_models import is_untouched, linear, train

pytestmark = pytest.mark.usefixtures("seeded")


# ---------------------------------------------------------------------- text

TABLE = """\
health over 2 steps
layer  kind     units   mean    std  dead  saturated  gradient  speed  update  verdict
0      Linear       4   -1.3    5.5     -          -      0.35    1.1       -  fine
1      ReLU         4    1.4    1.1     1          -       0.4      -       -  dead: 1 of 4 units
2      Linear       2     24     20     -          -     0.025   0.13       -  fine
3      Sigmoid      2   0.99  0.009     1      100 %       1.6      -       -  dead: 1 of 2 units; saturated: 100 %
4      Linear       1  -0.96      0     -          -      0.71    1.4       -  fine"""


def test_the_report_as_text():
    model = nn.Sequential(
        linear([[1.0, 0.0], [0.0, 1.0], [0.0, -1.0], [1.0, 1.0]], [0.0, 0.0, -9.0, 0.5]),
        nn.ReLU(),
        linear([[8.0, 8.0, 8.0, 8.0], [-8.0, -8.0, 8.0, 8.0]]),
        nn.Sigmoid(),
        linear([[1.0, -2.0]]),
    )
    with watch(model) as health:
        for _ in range(2):
            model(tensor([[0.5, 2.0], [1.0, 1.5]], dtype="float64")).mean().backward()
    assert str(health.report()) == repr(health.report()) == TABLE


def test_a_layer_that_is_not_there():
    model = linear([[1.0]])
    with watch(model) as health:
        model(tensor([[1.0]]))
    with pytest.raises(KeyError, match="report: there is no layer '3': choose one of Linear"):
        health.report()["3"]


# ---------------------------------------------------------------------- curves


def test_the_curves():
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    model = nn.Sequential(nn.Linear(3, 4), nn.Sigmoid(), nn.Linear(4, 2), nn.ReLU())
    with watch(model) as health:
        train(model, autograd.randn(5, 3), steps=4)
    report = health.report()
    speed, saturation, dead = report.plot().axes
    assert [axes.get_title() for axes in (speed, saturation, dead)] == [
        "learning speed by layer", "saturation", "dead units",
    ]  # fmt: skip
    assert speed.get_yscale() == "log"
    for axes, layers in ((speed, ["0", "2"]), (saturation, ["1"]), (dead, ["1", "3"])):
        assert [line.get_label() for line in axes.lines] == layers
        assert all(list(line.get_xdata()) == [1, 2, 3, 4] for line in axes.lines)
    assert list(speed.lines[1].get_ydata()) == [step.speed for step in report.history["2"]]


def test_without_matplotlib_there_is_a_hint(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    model = linear([[1.0]])
    with watch(model) as health:
        model(tensor([[1.0]])).sum().backward()
    with pytest.raises(ImportError, match=r'^plot: matplotlib is missing: python -m pip install "stepgrad\[plot\]"$'):
        health.report().plot()


# ---------------------------------------------------------------------- training loops


def fitted(callbacks=(), epochs=2):
    autograd.manual_seed(2)
    model = nn.Sequential(nn.Dense(5, "sigmoid", input_shape=(3,)), nn.Dense(1))
    model.compile(optimizer=nn.optim.SGD(lr=0.1), loss="mse")
    x = autograd.randn(20, 3).numpy()
    model.fit(x, x[:, :1], batch_size=5, epochs=epochs, verbose=0, callbacks=callbacks, validation_split=0.2)
    return model


def test_fit_inside_a_watch():
    model = fitted()
    x = autograd.randn(20, 3).numpy()
    with watch(model) as health:
        model.fit(x, x[:, :1], batch_size=5, epochs=3, verbose=0)
    report = health.report()
    assert report.steps == 12
    assert all(step.update for steps in report.history.values() for step in steps)


def test_a_callback_prints_reports(capsys):
    monitor = HealthMonitor(every=2)
    model = fitted([monitor], epochs=4)
    printed = capsys.readouterr().out
    assert printed.count("health over 4 steps\n") == 2
    assert printed.endswith(f"{monitor.report}\n")
    assert is_untouched(model)
    plain = fitted(epochs=4)
    for p, q in zip(model.parameters(), plain.parameters(), strict=True):
        assert p.detach().numpy().tobytes() == q.detach().numpy().tobytes()


def test_a_callback_after_an_error():
    monitor = HealthMonitor()
    model = fitted()
    with pytest.raises(FloatingPointError):
        model.fit(np.full((4, 3), np.nan), np.ones((4, 1)), verbose=0, callbacks=[monitor])
    assert not is_untouched(model)
    model.fit(np.ones((4, 3)), np.ones((4, 1)), verbose=0, callbacks=[monitor])
    assert is_untouched(model)
