"""Write tensors.json: what PyTorch answers for a few programs on arrays, and in which dtype it computes.

    python tests/golden/make_tensors.py        # needs torch; the tests only read the file

Each program stands in `tests/tensor_programs.py`, written so that either package can run it.
"""

import itertools
import json
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[2]))  # to run from anywhere

from tests.tensor_programs import DTYPES, PROGRAMS, inputs_of

VALUE_DTYPES = {getattr(torch, name): name for name in DTYPES}


def answer(program, inputs):
    """The result, and the gradient of the sum of its elements, each times its place, by every input."""
    leaves = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in inputs]
    result = program(torch, *leaves)
    weights = torch.arange(1, result.numel() + 1, dtype=torch.float64).reshape(result.shape)
    (result * weights).sum().backward()
    return [result.tolist(), [x.grad.tolist() for x in leaves]]


def promotions():
    """The dtypes of a + b and a / b for tensors with and without axes, and for Python's numbers."""
    sides = [(name, ndim) for name in DTYPES for ndim in (0, 1)]
    numbers = {"Python int": 1, "Python float": 1.0}
    for (a, i), b in itertools.product(sides, [*sides, *numbers]):
        left = torch.ones((2,) * i, dtype=getattr(torch, a))
        right = numbers[b] if isinstance(b, str) else torch.ones((2,) * b[1], dtype=getattr(torch, b[0]))
        yield [[a, i], b, VALUE_DTYPES[(left + right).dtype], VALUE_DTYPES[(left / right).dtype]]


answers = {name: answer(program, inputs_of(name)) for name, program in PROGRAMS.items()}
lines = [f"{json.dumps(name)}: {json.dumps(found)}" for name, found in answers.items()]
lines.append('"promotions": [\n' + ",\n".join(map(json.dumps, promotions())) + "\n]")
path = Path(__file__).with_name("tensors.json")
path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
