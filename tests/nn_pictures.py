"""Networks to draw, and the pictures that all are drawn in."""

from importlib.util import find_spec

import numpy as np
import pytest

import autograd
import nn

needs_rasteriser = pytest.mark.skipif(
    find_spec("resvg_py") is None, reason='no resvg_py: pip install "stepgrad[render]"'
)

MOST_SHAPES = 500
"""How many shapes a picture may have."""


def hotdog(x=(1, 1, 0)):
    names = ["ketchup", "mustard", "bun"]
    return nn.draw(nn.Perceptron([3, 2, 6], bias=-4), x, inputs=names, outputs=["hot dog"])


def lenet():
    """LeNet-5 of LeCun et al. (1998), as the fourth deck has it."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10),
    )  # fmt: skip


def resnet():
    def convolution(before, after, stride=1):
        return nn.Conv2d(before, after, 3, stride=stride, padding=1)

    return nn.Sequential(
        convolution(3, 8), nn.ReLU(),
        nn.Residual(convolution(8, 8), nn.BatchNorm2d(8), nn.ReLU(), convolution(8, 8)),
        nn.Residual(convolution(8, 16, 2), nn.ReLU(), convolution(16, 16), shortcut=nn.Conv2d(8, 16, 1, stride=2)),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10), nn.Softmax(-1),
    )  # fmt: skip


class Functional(nn.Module):
    """A model whose activations are functions, not modules."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(3, 4), nn.Linear(4, 2)

    def forward(self, x):
        return self.last(autograd.relu(self.first(x)))


class Branches(nn.Module):
    """A model whose third layer does not take what the second gives."""

    def __init__(self):
        super().__init__()
        self.stem, self.left, self.right, self.head = (nn.Linear(3, 3) for _ in range(4))

    def forward(self, x):
        x = self.stem(x)
        return self.head(self.left(x) + self.right(x))


class Scale(nn.Module):
    """A layer that drawings know nothing of."""

    def __init__(self):
        super().__init__()
        self.factor = nn.Parameter(autograd.ones(4))

    def forward(self, x):
        return self.factor * x


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.gru, self.head = nn.Embedding(9, 4), nn.GRU(4, 6, batch_first=True), nn.Linear(6, 9)

    def forward(self, tokens):
        return self.head(self.gru(self.embedding(tokens))[0][:, -1])


LONG = "a name that is much longer than the room that there is for it"

PICTURES = {
    "mlp": lambda: nn.draw(nn.MLP(2, [3, 1], seed=1)),
    "mlp with all": lambda: nn.draw(
        nn.MLP(2, [4, 4, 1], "tanh", seed=1), [1.0, -2.0], inputs=["x", LONG], outputs=[LONG], biases=True
    ),
    "mlp 16": lambda: nn.draw(nn.MLP(2, [16, 16, 1], seed=1), [0.5, 1.25]),
    "layer": lambda: nn.draw(nn.Layer(2, 3, "relu", seed=1), [0.5, 1.25]),
    "deep": lambda: nn.draw(nn.MLP(3, [4] * 30, seed=1), biases=True),
    "wide": lambda: nn.draw(nn.Sequential(nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 10))),
    "keras": lambda: nn.draw(nn.Sequential(nn.Dense(64, "sigmoid", input_shape=(784,)), nn.Dense(10, "softmax"))),
    "functional": lambda: nn.draw(Functional(), [1.0, -1.0, 0.5]),
    "one weight": lambda: nn.draw(nn.Linear(1, 1), [2.0], biases=True),
    "hot dog": hotdog,
    "perceptron": lambda: nn.draw(nn.Perceptron([1.5, -1e-7, 12345678.0], bias=0.25)),
    "neuron": lambda: nn.draw(nn.Neuron(3, "sigmoid", seed=3), [0.5, -1.0, 2.0], inputs=["a", LONG, "c"]),
    "wide neuron": lambda: nn.draw(nn.Neuron(30, seed=3)),
    "lenet": lambda: nn.draw(lenet(), input_shape=(1, 28, 28)),
    "lenet with all": lambda: nn.draw(lenet(), np.linspace(0, 1, 784, dtype="float32").reshape(1, 28, 28)),
    "resnet": lambda: nn.draw(resnet(), input_shape=(3, 16, 16)),
    "many stages": lambda: nn.draw(nn.Sequential(*[nn.Conv2d(2, 2, 3, padding=1)] * 60), input_shape=(2, 6, 8)),
    "signals": lambda: nn.draw(
        nn.Sequential(nn.Conv1d(2, 8, 5), nn.ReLU(), nn.MaxPool1d(2), nn.Flatten(), nn.Linear(384, 3)),
        input_shape=(2, 100),
    ),
    "volumes": lambda: nn.draw(nn.Sequential(nn.Conv3d(1, 4, 3), nn.MaxPool3d(2)), input_shape=(1, 8, 8, 8)),
    "small maps": lambda: nn.draw(
        nn.Sequential(nn.MaxPool3d(25), *[nn.MaxPool3d(1), nn.BatchNorm3d(1)] * 3), input_shape=(1, 25, 25, 25)
    ),
    "long captions": lambda: nn.draw(
        nn.Sequential(nn.MaxPool3d((1, 25, 25)), *[nn.MaxPool3d(1)] * 3), input_shape=(1, 1000, 25, 25)
    ),
    "decoder": lambda: nn.draw(nn.ConvTranspose2d(6, 1, 2, stride=2), input_shape=(6, 14, 14)),
    "unknown": lambda: nn.draw(nn.Sequential(nn.Linear(3, 4), Scale(), nn.Linear(4, 2)), [1.0, 2.0, 3.0]),
    "branches": lambda: nn.draw(Branches(), [1.0, -1.0, 0.5]),
    "recurrent": lambda: nn.draw(Recurrent(), [1, 2, 3]),
    "transformer": lambda: nn.draw(
        nn.Sequential(nn.Embedding(9, 8), nn.TransformerEncoderLayer(8, 2, dim_feedforward=8)), [1, 2, 3]
    ),
    "rnn cell": lambda: nn.draw(nn.RNNCell(3, 4, nonlinearity="relu"), [1.0, 2.0, 3.0]),
    "lstm cell": lambda: nn.draw(nn.LSTMCell(3, 4), [1.0, 2.0, 3.0]),
    "gru cell": lambda: nn.draw(nn.GRUCell(3, 4)),
    "gru cell of the deck": lambda: nn.draw(nn.GRUCell(3, 4, bias=False, reset_after=False), [1.0, 2.0, 3.0]),
    "rnn": lambda: nn.draw(nn.RNN(3, 4)),
    "gru": lambda: nn.draw(nn.GRU(3, 4, num_layers=5), np.zeros((4, 3), "float32")),
    "lstm": lambda: nn.draw(nn.LSTM(3, 4, num_layers=2, bidirectional=True), np.zeros((1000, 3), "float32")),
}
