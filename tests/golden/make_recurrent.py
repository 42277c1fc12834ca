"""Write recurrent.npz: outputs and gradients of PyTorch's recurrent layers and attention, with their weights.

    python tests/golden/make_recurrent.py        # needs torch; the tests only read the file

Keys are `case/what/name`, where `what` is input, weight, output or gradient.  All numbers are float64, and each loss
is the sum of the squares of all outputs.
"""

from pathlib import Path

import numpy as np
import torch

torch.manual_seed(0)
nn = torch.nn
CASES = {
    "RNN": (nn.RNN(2, 3, num_layers=2, bidirectional=True), [(4, 2, 2)]),
    "LSTM": (nn.LSTM(2, 3, num_layers=2, bidirectional=True), [(4, 2, 2)]),
    "GRU": (nn.GRU(2, 3, num_layers=2, bidirectional=True), [(4, 2, 2)]),
    "RNNCell": (nn.RNNCell(2, 3), [(4, 2), (4, 3)]),
    "GRUCell": (nn.GRUCell(2, 3), [(4, 2), (4, 3)]),
    "MultiheadAttention": (nn.MultiheadAttention(4, 2), [(3, 2, 4), (5, 2, 4), (5, 2, 4)]),
    "TransformerEncoderLayer": (nn.TransformerEncoderLayer(4, 2, 6, dropout=0.0), [(3, 2, 4)]),
}


def leaves(x):
    """The tensors in nested tuples, in order."""
    return [leaf for part in x for leaf in leaves(part)] if isinstance(x, tuple) else [x]


arrays = {}
for name, (module, shapes) in CASES.items():
    module.double()
    inputs = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
    outputs = leaves(module(*inputs))
    sum((y * y).sum() for y in outputs).backward()
    for i, x in enumerate(inputs):
        arrays[f"{name}/input/{i}"] = x.detach().numpy()
        arrays[f"{name}/gradient/{i}"] = x.grad.numpy()
    for key, weight in module.named_parameters():
        arrays[f"{name}/weight/{key}"] = weight.detach().numpy()
        arrays[f"{name}/gradient/{key}"] = weight.grad.numpy()
    for i, y in enumerate(outputs):
        arrays[f"{name}/output/{i}"] = y.detach().numpy()
np.savez_compressed(Path(__file__).with_name("recurrent.npz"), **arrays)
