"""Keras's way: `Dense`, `add`, `summary`, `compile`, `fit`, `evaluate`, `predict`, callbacks."""

import io
import math
import re

import numpy as np
import pytest

import autograd
import nn
from autograd.testing import check_gradients
from nn import Dense, Sequential
from nn.callbacks import Callback, EarlyStopping, History, LivePlot, ModelCheckpoint
from nn.optim import SGD, Adam
from nn.progress import ProgressLine

rng = np.random.default_rng(0)
X = rng.standard_normal((60, 4))
CLASSES = (X[:, 0] > X[:, 1]).astype(int) + (X[:, 2] > 1)
Y = np.eye(3)[CLASSES]


def classifier(seed=0, **options):
    autograd.manual_seed(seed)
    model = Sequential()
    model.add(Dense(8, activation="tanh", input_shape=(4,)))
    model.add(Dense(3, activation="softmax"))
    model.compile(**({"loss": "categorical_crossentropy", "optimizer": SGD(lr=0.5), "metrics": ["accuracy"]} | options))
    return model


def numbers(model):
    return [p.detach().numpy().copy() for p in model.parameters()]


# ---------------------------------------------------------------------- Dense


def test_dense_is_a_linear_layer_with_an_activation():
    layer = Dense(5, activation="sigmoid", input_shape=(4,))
    x = autograd.tensor(X)
    expected = autograd.sigmoid(x.float() @ layer.weight.T + layer.bias)
    np.testing.assert_allclose(layer(x.float()).detach().numpy(), expected.detach().numpy(), rtol=1e-6)
    assert not layer.bias.detach().numpy().any()
    bound = math.sqrt(6 / (4 + 5))
    assert bound / 2 < np.abs(layer.weight.detach().numpy()).max() <= bound
    assert [name for name, _ in Dense(5, use_bias=False, input_shape=4).named_parameters()] == ["weight"]
    assert repr(Dense(5, "relu", use_bias=False)) == "Dense(5, activation='relu', use_bias=False)"


def test_dense_waits_for_its_inputs():
    layer = Dense(5)
    assert layer.parameters() == [] and not layer.is_built
    assert layer(autograd.ones(2, 7)).shape == (2, 5)
    assert layer.weight.shape == (5, 7)
    model = Sequential(Dense(3))
    model.add(nn.Identity())
    model.add(Dense(2))
    assert not model[2].is_built or model[2].in_features == 3
    assert model(autograd.ones(1, 9)).shape == (1, 2)


@pytest.mark.parametrize("activation", [None, "linear", "relu", "softmax", "gelu", autograd.tanh])
def test_gradients_of_dense(activation):
    check_gradients(Dense(3, activation, input_shape=(4,), dtype="double"), X[:3] + 0.1, project=True)


# ---------------------------------------------------------------------- the table of layers


def test_summary_is_the_decks(capsys):
    model = Sequential()
    model.add(Dense(64, activation="sigmoid", input_shape=(784,)))
    model.add(Dense(10, activation="softmax"))
    model.summary()
    lines = [re.split(r"\s{2,}", line) for line in capsys.readouterr().out.splitlines()]
    rows = [line for line in lines if len(line) == 3]
    assert rows == [
        ["Layer (type)", "Output Shape", "Param #"],
        ["dense (Dense)", "(None, 64)", "50240"],
        ["dense_1 (Dense)", "(None, 10)", "650"],
    ]
    text = [line[0] for line in lines]
    assert text[0] == 'Model: "sequential"'
    assert text[-4:-1] == ["Total params: 50,890", "Trainable params: 50,890", "Non-trainable params: 0"]


def test_summary_of_other_models(capsys):
    model = Sequential(nn.Flatten(), nn.Linear(12, 5), nn.Linear(5, 1))
    model[1].requires_grad_(False)
    model.summary(input_shape=(3, 4))
    out = capsys.readouterr().out
    assert "flatten (Flatten)            (None, 12)" in out and "linear_1 (Linear)" in out
    assert "Trainable params: 6" in out and "Non-trainable params: 65" in out
    with pytest.raises(ValueError, match="no layer knows the shape of its input"):
        Sequential(nn.Identity()).summary()


# ---------------------------------------------------------------------- training


def test_training_learns(capsys):
    model = classifier()
    before = model.evaluate(X, Y, verbose=0)
    history = model.fit(X, Y, batch_size=16, epochs=30, validation_data=(X, Y))
    assert isinstance(history, History)
    assert set(history.history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert history.history["loss"][-1] < 0.5 * before[0]
    assert history.history["val_accuracy"][-1] > 0.9
    last = [history.history["val_loss"][-1], history.history["val_accuracy"][-1]]
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(last, rel=1e-6)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Epoch 1/30"
    bar, rest = r"4/4 \[={30}\] - \d+s \d+(us|ms|s)/step", r"val_loss: .* - val_accuracy: .*"
    assert re.fullmatch(rf"{bar} - loss: \d\.\d{{4}} - accuracy: \d\.\d{{4}} - {rest}", lines[1])


def test_one_step_is_that_of_plain_code():
    """One batch of all samples: forward, loss, backward, x ← x − ηg."""
    model, twin = classifier(loss="mean_squared_error"), classifier(loss="mean_squared_error")
    loss = ((twin(autograd.tensor(X).float()) - autograd.tensor(Y).float()) ** 2).mean()
    loss.backward()
    history = model.fit(X, Y, batch_size=60, epochs=1, verbose=0, shuffle=False)
    for p, q in zip(model.parameters(), twin.parameters(), strict=True):
        expected = q.detach().numpy() - 0.5 * q.grad.numpy()
        np.testing.assert_allclose(p.detach().numpy(), expected, rtol=1e-6, atol=1e-8)
    assert math.isclose(history.history["loss"][0], loss.item(), rel_tol=1e-6)


def test_same_seed_same_bits():
    one, other = classifier(), classifier()
    autograd.manual_seed(3)
    one.fit(X, Y, batch_size=16, epochs=3, verbose=0)
    autograd.manual_seed(3)
    other.fit(X, Y, batch_size=16, epochs=3, verbose=0)
    assert [a.tobytes() for a in numbers(one)] == [a.tobytes() for a in numbers(other)]


def test_training_goes_on_to_the_same_bits():
    """Ten epochs are four and then six: with the parameters, the optimiser's memory and the generator's state."""
    whole, part = classifier(optimizer=Adam(lr=0.01)), classifier(optimizer=Adam(lr=0.01))
    autograd.manual_seed(3)
    whole.fit(X, Y, batch_size=16, epochs=10, verbose=0)
    autograd.manual_seed(3)
    part.fit(X, Y, batch_size=16, epochs=4, verbose=0)
    saved = part.state_dict(), part.optimizer.state_dict(), autograd.get_rng_state()
    rest = classifier(seed=9)
    rest.load_state_dict(saved[0])
    rest.compile(Adam(rest.parameters()), "categorical_crossentropy")
    rest.optimizer.load_state_dict(saved[1])
    autograd.set_rng_state(saved[2])
    rest.fit(X, Y, batch_size=16, epochs=10, initial_epoch=4, verbose=0)
    assert [a.tobytes() for a in numbers(rest)] == [a.tobytes() for a in numbers(whole)]


@pytest.mark.parametrize(
    ("loss", "last", "targets"),
    [
        ("mean_squared_error", "softmax", Y),
        ("mse", "linear", Y),
        ("mean_absolute_error", "linear", Y),
        ("categorical_crossentropy", "softmax", Y),
        ("sparse_categorical_crossentropy", "softmax", CLASSES),
        ("binary_crossentropy", "sigmoid", Y),
        (lambda prediction, target: ((prediction - target) ** 4).mean(), "linear", Y),
    ],
)
def test_losses(loss, last, targets):
    autograd.manual_seed(1)
    model = Sequential(Dense(8, "tanh", input_shape=4), Dense(3, last))
    model.compile("sgd", loss=loss)
    losses = model.fit(X, targets, epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert isinstance(model.evaluate(X, targets, verbose=0), float)


def test_a_loss_that_is_a_module_is_no_layer():
    model = classifier(loss=nn.MSELoss())
    layers = list(model.children())
    model.fit(X, Y, epochs=1, verbose=0)
    assert list(model.children()) == layers
    assert not [name for name in model.state_dict() if "loss" in name]


def test_accuracy_of_one_output():
    model = Sequential(Dense(1, "sigmoid", input_shape=4))
    model.compile("adam", loss="binary_crossentropy", metrics=["acc"])
    target = (X[:, 0] > 0).astype(float)
    history = model.fit(X, target[:, None], epochs=40, verbose=0).history
    found = np.mean((model.predict(X)[:, 0] > 0.5) == target)
    assert math.isclose(model.evaluate(X, target[:, None], verbose=0)[1], found)
    assert history["accuracy"][-1] > 0.6


def test_predict_is_the_forward_pass_without_training():
    model = classifier()
    model.append(nn.Identity())
    expected = model(autograd.tensor(X).float()).detach().numpy()
    np.testing.assert_allclose(model.predict(X, batch_size=7), expected, rtol=1e-6)
    assert model.training


def test_validation_split():
    history = classifier().fit(X, Y, validation_split=0.25, epochs=2, verbose=0).history
    model = classifier()
    model.fit(X[:45], Y[:45], validation_data=(X[45:], Y[45:]), epochs=2, verbose=0)
    assert len(history["val_loss"]) == 2
    assert math.isclose(history["val_loss"][-1], model.evaluate(X[45:], Y[45:], verbose=0)[0], rel_tol=1e-6)


# ---------------------------------------------------------------------- callbacks


class Recorder(Callback):
    def __init__(self):
        self.calls = []

    def __getattribute__(self, name):
        if name.startswith("on_"):
            return lambda *arguments: self.calls.append((name, *arguments[:1]))
        return super().__getattribute__(name)


def test_callbacks_are_called_in_order():
    recorder = Recorder()
    classifier().fit(X, Y, batch_size=30, epochs=2, verbose=0, callbacks=[recorder])
    epoch = lambda n: [("on_epoch_begin", n), ("on_batch_end", 0), ("on_batch_end", 1), ("on_epoch_end", n)]
    assert recorder.calls == [("on_train_begin",), *epoch(0), *epoch(1), ("on_train_end",)]


def test_early_stopping_goes_back_to_the_best():
    stopping = EarlyStopping(monitor="loss", patience=2, restore_best_weights=True)
    model = classifier(optimizer=SGD(lr=0.5))
    stopping.model = model
    for epoch, loss in enumerate([3.0, 1.0, 2.0, 1.5]):
        model[0].bias.data = np.full(8, float(epoch))
        stopping.on_epoch_end(epoch, {"loss": loss})
    assert model.stop_training and stopping.stopped_epoch == 3 and stopping.best == 1.0
    stopping.on_train_end()
    assert model[0].bias.tolist() == [1.0] * 8
    history = classifier(optimizer=SGD(lr=0.0)).fit(X, Y, epochs=50, verbose=0, callbacks=[EarlyStopping("loss", 1e-3)])
    assert len(history.epoch) == 2


def test_accuracy_should_grow():
    stopping = EarlyStopping(monitor="val_accuracy")
    stopping.model = classifier()
    stopping.on_epoch_end(0, {"val_accuracy": 0.5})
    stopping.on_epoch_end(1, {"val_accuracy": 0.6})
    assert not stopping.model.stop_training


def test_checkpoints(tmp_path):
    path = tmp_path / "checkpoints" / "{epoch:02d}.safetensors"
    model = classifier()
    model.fit(X, Y, epochs=3, verbose=0, callbacks=[ModelCheckpoint(path)])
    assert sorted(p.name for p in path.parent.iterdir()) == [f"{n:02d}.safetensors" for n in (1, 2, 3)]
    twin = classifier(seed=5)
    twin.load_state_dict(nn.load(path.parent / "03.safetensors"))
    assert [a.tobytes() for a in numbers(twin)] == [a.tobytes() for a in numbers(model)]


def test_live_plot(tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    plot = LivePlot(tmp_path / "training.png", monitor=("loss", "accuracy"))
    classifier().fit(X, Y, epochs=2, verbose=0, validation_data=(X, Y), callbacks=[plot])
    assert (tmp_path / "training.png").read_bytes().startswith(b"\x89PNG")


def test_progress_on_a_terminal():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    stream = Terminal()
    line = ProgressLine(200, stream=stream)
    line._shown -= 1.0
    line.update(50, {"loss": 0.5})
    line.finish({"loss": 0.00025})
    first, last = stream.getvalue().split("\r")[1:]
    assert first.startswith(" 50/200 [=======>......................] - 0s ")
    assert last.rstrip("\n ").endswith("/step - loss: 2.5000e-04") and last.endswith("\n")
    silent = io.StringIO()
    ProgressLine(1, verbose=0, stream=silent).finish({})
    assert silent.getvalue() == ""


# ---------------------------------------------------------------------- bad input


def test_nan_names_the_layer():
    model = classifier(loss="mean_squared_error")
    model[1].weight.data = np.full((3, 8), np.nan)
    before = numbers(model)
    with pytest.raises(FloatingPointError, match=r"became nan in epoch 1, batch 1: the first .* dense_1 \(Dense\)"):
        model.fit(X, Y, verbose=0)
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(numbers(model), before, strict=True))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m: m.fit(X[:0], Y[:0]), ValueError, r"fit: there are no samples: got an array of shape \(0, 4\)"),
        (lambda m: m.predict(X[:0]), ValueError, "predict: there are no samples"),
        (lambda m: m.fit(X, Y[:5]), ValueError, "60 samples and 5 targets"),
        (lambda m: m.fit(X, Y, batch_size=0), ValueError, "batch_size: must be a whole number from 1 on"),
        (lambda m: m.fit(X[:1], Y[:1], validation_split=0.9), ValueError, "leaves no samples to train on"),
        (lambda m: m.fit(X[:, :3], Y), ValueError, r"takes 4 features, got 3"),
        (lambda m: Sequential().fit(X, Y), RuntimeError, "fit: choose a loss first"),
        (lambda m: m.compile("sdg", "mse"), ValueError, "optimizer is 'sdg': choose one of sgd, adam, rmsprop"),
        (lambda m: m.compile("sgd", "msee"), ValueError, "loss is 'msee': choose one of mean_squared_error"),
        (lambda m: m.compile("sgd"), ValueError, "loss must be a name or a function, got None"),
        (lambda m: m.compile("sgd", "mse", ["f1"]), ValueError, "there is no metric 'f1'"),
        (lambda m: Dense(3, "sigmoyd"), ValueError, "activation: got 'sigmoyd': choose one of"),
        (lambda m: Dense(-3), ValueError, "Dense: units must be a whole number, got -3"),
        (
            lambda m: m.fit(X, Y, verbose=0, callbacks=[EarlyStopping("val_loss")]),
            ValueError, "there is no 'val_loss': choose one of loss, accuracy",
        ),
        (lambda m: EarlyStopping(mode="best"), ValueError, "mode must be 'auto', 'min' or 'max', got 'best'"),
    ],
)  # fmt: skip
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call(classifier())
