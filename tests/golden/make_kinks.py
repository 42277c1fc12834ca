"""Write kinks_torch.json: what PyTorch's autograd answers at kinks, ties, infinities and nan.

    python tests/golden/make_kinks.py        # needs torch; the tests only read the file

Each line is a row of the table, its operands and the gradient that PyTorch gives each of them.
"""

import itertools
import json
import math
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody knows

EDGES = (0.0, -0.0, math.inf, -math.inf, math.nan)

UNARY = {
    "abs": torch.abs, "sign": torch.sign, "relu": torch.relu, "floor": torch.floor, "ceil": torch.ceil,
    "round": torch.round, "square": torch.square, "sqrt": torch.sqrt, "reciprocal": torch.reciprocal,
    "exp": torch.exp, "expm1": torch.expm1, "log": torch.log, "log1p": torch.log1p,
    "asin": torch.asin, "acos": torch.acos, "atan": torch.atan, "acosh": torch.acosh, "atanh": torch.atanh,
    "sinh": torch.sinh, "cosh": torch.cosh, "tanh": torch.tanh, "asinh": torch.asinh,
    "sin": torch.sin, "cos": torch.cos, "tan": torch.tan, "erf": torch.erf, "erfc": torch.erfc,
    "sigmoid": torch.sigmoid, "logsigmoid": F.logsigmoid, "softplus": F.softplus, "silu": F.silu, "gelu": F.gelu,
}  # fmt: skip
BINARY = {
    "maximum": torch.maximum, "minimum": torch.minimum, "hypot": torch.hypot, "atan2": torch.atan2,
    "pow": torch.pow, "mul": torch.mul, "div": torch.div, "logaddexp": torch.logaddexp,
}  # fmt: skip
POINTS = {
    **{name: [(x,) for x in EDGES] for name in UNARY},
    **{name: list(itertools.product((0.0, 1.0, math.inf, -math.inf, math.nan), repeat=2)) for name in BINARY},
    "clip": [(x, -1.0, 1.0) for x in (-1.0, 1.0, 0.0, -2.0, 2.0, math.inf, -math.inf, math.nan)]
    + [(x, 1.0, 1.0) for x in (0.0, 1.0, 2.0)] + [(x, 1.0, -1.0) for x in (-2.0, 0.0, 2.0)],
    "where": [(condition, 2.0, 3.0) for condition in (1.0, 0.0, -0.0, math.inf, math.nan)],
    "leaky_relu": [(x, 0.01) for x in EDGES],
    "elu": [(x, 1.0) for x in EDGES],
}  # fmt: skip
ALSO = {
    "acosh": (1.0, 0.5, -2.0), "atanh": (1.0, 2.0), "asin": (1.0, -1.0, 2.0), "acos": (1.0, -1.0, 2.0),
    "log": (-1.0,), "log1p": (-1.0, -2.0), "sqrt": (-1.0,), "floor": (0.5,), "round": (0.5, 1.5),
}  # fmt: skip
for name, edges in ALSO.items():
    POINTS[name] += [(x,) for x in edges]
FUNCTIONS = {
    **UNARY, **BINARY, "clip": torch.clamp,
    "where": lambda condition, a, b: torch.where(condition.detach() != 0, a, b),
    # The slope is a plain number in PyTorch, so that it has no gradient there.
    "leaky_relu": lambda a, b: F.leaky_relu(a, b.item()),
    "elu": lambda a, b: F.elu(a, b.item()),
}  # fmt: skip


def gradients(name, point):
    """PyTorch's gradient for each operand, None where it has none."""
    operands = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in point]
    FUNCTIONS[name](*operands).backward()
    return [None if x.grad is None else x.grad.item() for x in operands]


lines = [json.dumps([name, point, gradients(name, point)]) for name in POINTS for point in POINTS[name]]
path = Path(__file__).with_name("kinks_torch.json")
path.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
