"""Write nn.json: what PyTorch's modules give, with their weights, inputs, gradients and texts.

python tests/golden/make_nn.py        # needs torch; the tests only read the file
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[2]))  # to run from anywhere

from tests.nn_parity import answers, normal, randomised

IMAGE = (2, 2, 4, 4)
LABELS = np.array([2, 0, 1])
BITS = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
SIGNS = 2 * BITS - 1
PROBABILITIES = np.array([[0.9, 0.2], [0.4, 0.5], [0.7, 0.1]])


def cases():
    """Name of the module, arguments, options, inputs."""
    x = 3 * normal((3, 4))
    for name in ("Sigmoid", "LogSigmoid", "Tanh", "Tanhshrink", "Softsign", "ReLU", "SELU", "SiLU", "Mish"):
        yield name, [], {}, [x]
    for name in ("Hardswish", "ELU", "Hardtanh", "ReLU6", "GELU", "Softplus", "PReLU", "GLU"):
        yield name, [], {}, [x]
    yield "LeakyReLU", [0.25], {}, [x]
    yield "GELU", ["tanh"], {}, [x]
    for name in ("Softmax", "LogSoftmax", "Softmin"):
        yield name, [1], {}, [x]
    image = normal(IMAGE)
    yield "Conv1d", [2, 4, 3], {"stride": 2, "padding": 1}, [normal((2, 2, 5))]
    yield "Conv2d", [2, 4, 3], {"padding": "same", "groups": 2}, [image]
    yield "Conv2d", [2, 1, [2, 3]], {"dilation": [2, 1], "bias": False}, [image]
    yield "Conv2d", [2, 1, 3], {"padding": 1, "padding_mode": "reflect"}, [image]
    yield "Conv1d", [2, 2, 2], {"padding": "same", "padding_mode": "circular"}, [normal((2, 2, 5))]
    yield "Conv2d", [2, 1, [2, 3]], {"padding": "same", "padding_mode": "reflect"}, [image]
    yield "Conv3d", [1, 2, 2], {}, [normal((1, 1, 3, 3, 3))]
    yield "ConvTranspose1d", [2, 1, 3], {"stride": 2}, [normal((2, 2, 3))]
    yield "ConvTranspose2d", [2, 2, 3], {"stride": 2, "padding": 1, "output_padding": 1}, [image]
    for name in ("MaxPool2d", "AvgPool2d"):
        yield name, [2], {}, [image]
        yield name, [3], {"stride": 2, "padding": 1, "ceil_mode": True}, [image]
    yield "MaxPool1d", [3, 1], {"padding": 1, "dilation": 2}, [normal((2, 2, 5))]
    yield "MaxPool1d", [2, 1], {}, [normal((2, 2, 5))]
    yield "AvgPool1d", [2, 1], {}, [normal((2, 2, 5))]
    yield "AdaptiveAvgPool2d", [[3, None]], {}, [image]
    yield "AdaptiveMaxPool2d", [3], {}, [image]
    yield "BatchNorm1d", [4], {}, [x]
    yield "BatchNorm2d", [2], {"momentum": None}, [image]
    yield "BatchNorm2d", [2], {"affine": False, "track_running_stats": False}, [image]
    yield "LayerNorm", [4], {}, [x]
    yield "LayerNorm", [[4, 4]], {"bias": False}, [image]
    yield "GroupNorm", [2, 4], {}, [normal((2, 4, 3))]
    yield "Embedding", [4, 3], {"padding_idx": 1}, [np.array([[0, 1], [3, 0]])]
    outputs, targets = normal((3, 2)), normal((3, 2), seed=1)
    for name in ("MSELoss", "L1Loss", "HuberLoss", "SmoothL1Loss", "KLDivLoss"):
        for reduction in ("mean", "sum", "none"):
            yield name, [], {"reduction": reduction}, [outputs, np.abs(targets)]
    yield "BCELoss", [], {}, [PROBABILITIES, BITS]
    yield "BCEWithLogitsLoss", [], {}, [outputs, BITS]
    yield "HingeEmbeddingLoss", [], {}, [outputs, SIGNS]
    yield "NLLLoss", [], {}, [x, LABELS]
    yield "CrossEntropyLoss", [], {}, [x, LABELS]
    yield "CrossEntropyLoss", [], {"ignore_index": 0, "label_smoothing": 0.1}, [x, LABELS]
    yield "CrossEntropyLoss", [], {"label_smoothing": 0.1}, [normal((3, 2)), PROBABILITIES]
    yield "CrossEntropyLoss", [], {"reduction": "none"}, [normal((2, 3, 2)), np.array([[2, 0], [1, 1]])]


def listed(arrays):
    """Arrays as JSON has them."""
    return {name: x if x is None else x.tolist() for name, x in arrays.items()}


def tuples(arguments):
    """JSON has no tuples: lists become what PyTorch is called with."""
    return [tuple(x) if isinstance(x, list) else x for x in arguments]


def recorded(name, arguments, options, inputs):
    """A module's line of the file."""
    keywords = dict(zip(options, tuples(options.values()), strict=True))
    module = randomised(getattr(torch.nn, name)(*tuples(arguments), **keywords).double())
    weights = listed({key: x.numpy() for key, x in module.state_dict().items()})
    found = answers(module, inputs, "float64", library=torch)
    return {
        "module": name, "arguments": arguments, "options": options, "text": repr(module), "weights": weights,
        "inputs": [x.tolist() for x in inputs], **{key: listed(x) for key, x in found._asdict().items()},
    }  # fmt: skip


if __name__ == "__main__":
    lines = [json.dumps(recorded(*case)) for case in cases()]
    Path(__file__).with_name("nn.json").write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
