"""A module of every class of `nn`, small, with inputs that it takes."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

import nn
from autograd import tensor


class Adapted(nn.Module):
    """A module that is called in another way."""

    def __init__(self, inner, call):
        super().__init__()
        self.inner = inner
        self.call = call

    def forward(self, *inputs):
        return self.call(self.inner, *inputs)


class Case(NamedTuple):
    """A module, and arrays to call it with, others each time."""

    module: Callable[[], nn.Module]
    inputs: Callable[[np.random.Generator], tuple[Any, ...]]


def normal(*shapes):
    return lambda rng: tuple(rng.standard_normal(shape) for shape in shapes)


def chances(*shapes):
    """Probabilities."""
    return lambda rng: tuple(rng.uniform(0.05, 0.95, shape) for shape in shapes)


def below(n, *shape):
    """Indices."""
    return lambda rng: (rng.integers(0, n, shape),)


def signs(*shape):
    return lambda rng: (rng.choice((-1.0, 1.0), shape),)


def also(*parts):
    """Several of them, one after the other."""
    return lambda rng: tuple(x for part in parts for x in part(rng))


def mask(*shape):
    """True in some places, but nowhere along a whole row."""
    return lambda rng: ((rng.random(shape) < 0.5) & (np.arange(shape[-1]) > 0),)


def lengths(rng):
    return (rng.permutation(4) + 1,)


IMAGES = {1: (2, 4, 7), 2: (2, 4, 6, 7), 3: (2, 4, 5, 4, 6)}
POOLS = ("Avg", "Max", "Sum")
WITH_BATCH = {1: (5, 4), 2: IMAGES[2], 3: IMAGES[3]}


def layer(name, *settings, **options):
    """A module of nn by its name."""
    return lambda: getattr(nn, name)(*settings, **options)


def used(name, *settings, **options):
    """The same as after training."""
    return lambda: layer(name, *settings, **options)().eval()


ELEMENTWISE = """
    CELU ELU GELU GLU SELU Hardsigmoid Hardswish Hardtanh LeakyReLU LogSigmoid Mish PReLU ReLU ReLU6 Sigmoid SiLU
    Softplus Softsign Tanh Tanhshrink Identity
"""

CASES: dict[str, list[Case]] = {name: [Case(layer(name), normal((3, 4)))] for name in ELEMENTWISE.split()}
CASES |= {name: [Case(layer(name, dim=-1), normal((3, 4)))] for name in ("LogSoftmax", "Softmax", "Softmin")}
for _d, _shape in IMAGES.items():
    CASES |= {
        name: [
            Case(layer(name, 4, 2, 3), normal(_shape)),
            Case(layer(name, 4, 6, 2, 2, 1, groups=2, bias=False), normal(_shape)),
        ]
        for name in (f"Conv{_d}d", f"ConvTranspose{_d}d")
    }
    CASES |= {f"{kind}Pool{_d}d": [Case(layer(f"{kind}Pool{_d}d", 2, 1), normal(_shape))] for kind in POOLS}
    CASES |= {
        f"Adaptive{kind}Pool{_d}d": [Case(layer(f"Adaptive{kind}Pool{_d}d", 3), normal(_shape))]
        for kind in ("Avg", "Max")
    }
    CASES[f"BatchNorm{_d}d"] = [
        Case(used(f"BatchNorm{_d}d", 4), normal(WITH_BATCH[_d])),
        Case(layer(f"BatchNorm{_d}d", 4, track_running_stats=False), normal(WITH_BATCH[_d])),
    ]
    CASES[f"Dropout{_d}d"] = [Case(used(f"Dropout{_d}d"), normal(_shape))]
CASES |= {f"{kind}Pool": [Case(layer(f"{kind}Pool", (2, 2)), normal(IMAGES[2]))] for kind in POOLS}
CASES |= {
    "Linear": [Case(lambda: nn.Linear(4, 3), normal((5, 4)))],
    "Bilinear": [Case(lambda: nn.Bilinear(4, 3, 2), normal((5, 4), (5, 3)))],
    "Dense": [Case(lambda: nn.Dense(3, "tanh", input_shape=(4,)), normal((5, 4)))],
    "Flatten": [Case(nn.Flatten, normal((5, 4, 2)))],
    "Unflatten": [Case(lambda: nn.Unflatten(1, (2, 2)), normal((5, 4)))],
    "Conv": [Case(lambda: nn.Conv(4, 2, (3, 3)), normal(IMAGES[2]))],
    "Dropout": [Case(lambda: nn.Dropout().eval(), normal((3, 4))), Case(lambda: nn.Dropout(0.0), normal((3, 4)))],
    "LayerNorm": [Case(lambda: nn.LayerNorm((3, 4)), normal((2, 3, 4)))],
    "GroupNorm": [Case(lambda: nn.GroupNorm(2, 4), normal((2, 4, 3)))],
    "Embedding": [
        Case(lambda: nn.Embedding(5, 3), below(5, 2, 4)),
        Case(lambda: nn.Embedding(5, 3, padding_idx=1), below(5, 2, 4)),
    ],
    "Residual": [Case(lambda: nn.Residual(nn.Linear(4, 4)), normal((2, 4)))],
    "Sequential": [Case(lambda: nn.Sequential(nn.Linear(4, 3), nn.ReLU()), normal((2, 4)))],
    "MSELoss": [
        Case(nn.MSELoss, normal((3, 2), (3, 2))),
        Case(lambda: nn.MSELoss("half_batchmean"), normal((3, 2), (3, 2))),
    ],
    "L1Loss": [Case(nn.L1Loss, normal((3, 2), (3, 2)))],
    "HuberLoss": [Case(lambda: nn.HuberLoss(delta=0.5), normal((3, 2), (3, 2)))],
    "SmoothL1Loss": [Case(lambda: nn.SmoothL1Loss(beta=0.5), normal((3, 2), (3, 2)))],
    "BCELoss": [
        Case(nn.BCELoss, chances((3, 2), (3, 2))),
        Case(lambda: nn.BCELoss(weight=tensor([0.5, 2.0]), reduction="sum"), chances((3, 2), (3, 2))),
    ],
    "BCEWithLogitsLoss": [
        Case(nn.BCEWithLogitsLoss, also(normal((3, 2)), chances((3, 2)))),
        Case(lambda: nn.BCEWithLogitsLoss(pos_weight=tensor([0.5, 2.0])), also(normal((3, 2)), chances((3, 2)))),
    ],
    "CrossEntropyLoss": [
        Case(lambda options=options: nn.CrossEntropyLoss(**options), also(normal(scores), target))
        for options in (
            {}, {"reduction": "none"}, {"ignore_index": 2}, {"ignore_index": -1}, {"weight": tensor([0.5, 1.0, 2.0])},
            {"label_smoothing": 0.1, "ignore_index": 0, "weight": tensor([0.5, 1.0, 2.0])},
        )
        for scores, target in (((6, 3), below(3, 6)), ((4, 3, 5), below(3, 4, 5)), ((3,), below(3)))
    ] + [Case(nn.CrossEntropyLoss, also(normal((4, 3)), chances((4, 3))))],
    "NLLLoss": [
        Case(nn.NLLLoss, also(normal((6, 3)), below(3, 6))),
        Case(lambda: nn.NLLLoss(weight=tensor([0.5, 1.0, 2.0])), also(normal((6, 3)), below(3, 6))),
    ],
    "KLDivLoss": [Case(lambda: nn.KLDivLoss("batchmean"), also(normal((3, 2)), chances((3, 2))))],
    "HingeLoss": [Case(nn.HingeLoss, also(normal((3, 2)), signs(3, 2)))],
    "HingeEmbeddingLoss": [Case(nn.HingeEmbeddingLoss, also(normal((3, 2)), signs(3, 2)))],
    "MultiheadAttention": [
        Case(lambda: nn.MultiheadAttention(4, 2, kdim=3, vdim=2), normal((3, 2, 4), (5, 2, 3), (5, 2, 2))),
        Case(
            lambda: Adapted(nn.MultiheadAttention(4, 2), lambda layer, x: layer(x, x, x, is_causal=True)),
            normal((3, 2, 4)),
        ),
        Case(
            lambda: Adapted(
                nn.MultiheadAttention(4, 2, batch_first=True),
                lambda layer, x, hidden, added: layer(x, x, x, key_padding_mask=hidden, attn_mask=added),
            ),
            also(normal((2, 3, 4)), mask(2, 3), normal((3, 3))),
        ),
    ],
    "TransformerEncoderLayer": [
        Case(lambda: nn.TransformerEncoderLayer(4, 2, 8).eval(), normal((3, 2, 4))),
        Case(
            lambda: nn.TransformerEncoderLayer(4, 2, 8, 0.0, "gelu", norm_first=True),
            also(normal((3, 2, 4)), mask(3, 3)),
        ),
    ],
    "TransformerEncoder": [
        Case(lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8), 2).eval(), normal((3, 2, 4)))
    ],
}  # fmt: skip


def with_lengths(layer, x, lengths):
    return layer(x, lengths=lengths)


def packed(layer, x, lengths):
    return layer(nn.PackedSequence(x, lengths))[0].data


def recurrent(name, **options):
    """As one operation and, with most options, step by step; several layers, directions and lengths."""
    return [
        Case(layer(name, 3, 5), normal((6, 4, 3))),
        Case(layer(name, 3, 5, bias=False, **options), normal((6, 4, 3))),
        Case(layer(name, 3, 5, 2, batch_first=True, bidirectional=True), normal((4, 6, 3))),
        Case(lambda: Adapted(layer(name, 3, 5, bidirectional=True)(), with_lengths), also(normal((6, 4, 3)), lengths)),
        Case(lambda: Adapted(layer(name, 3, 5)(), packed), also(normal((6, 4, 3)), lengths)),
    ]


CASES |= {
    "RNN": recurrent("RNN", nonlinearity="relu"),
    "LSTM": recurrent("LSTM"),
    "GRU": recurrent("GRU", reset_after=False),
    "RNNCell": [Case(layer("RNNCell", 3, 5), normal((4, 3)))],
    "LSTMCell": [
        Case(layer("LSTMCell", 3, 5), normal((4, 3))),
        Case(
            lambda: Adapted(nn.LSTMCell(3, 5), lambda cell, x, *state: cell(x, state)), normal((4, 3), (4, 5), (4, 5))
        ),
    ],
    "GRUCell": [Case(layer("GRUCell", 3, 5, reset_after=form), normal((4, 3))) for form in (True, False)],
}

NOT_COMPILED = {
    "MLP": "a network of Values, which are numbers and not arrays",
    "Layer": "the same",
    "Model": "what Sequential inherits",
    "Module": "what all inherit",
    "ModuleDict": "a container without forward",
    "ModuleList": "the same",
    "Neuron": "of Values",
}

EVERY = [pytest.param(case, id=f"{name}-{i}") for name, cases in CASES.items() for i, case in enumerate(cases)]
