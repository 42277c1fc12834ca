"""Graphs that the tests of the page show, each made anew from the numbers of its leaves."""

from __future__ import annotations

from collections.abc import Callable

import autograd
from autograd import TABLE, Value
from autograd.op import Reduction
from nn import MLP

Maker = Callable[..., tuple[Value, list[Value]]]


def deck(w: float = 2.0, x: float = -2.0, b: float = 8.0, y: float = 2.0) -> tuple[Value, list[Value]]:
    """J = ½(wx + b - y)², the LEAP workshop's example."""
    leaves = [Value(v, name=name) for name, v in zip("wxby", (w, x, b, y), strict=True)]
    W, X, B, Y = leaves
    z = W * X + B
    z.name = "z"
    J = 0.5 * (z - Y) ** 2
    J.name = "J"
    return J, leaves


def neuron(w1: float = 0.5, w2: float = -1.25, x1: float = 1.0, x2: float = 1 / 3, b: float = 0.1):
    """One node that is used twice, and functions of the table."""
    leaves = [Value(v, name=name) for name, v in zip(("w1", "w2", "x1", "x2", "b"), (w1, w2, x1, x2, b), strict=True)]
    a, c, d, e, f = leaves
    h = (a * d + c * e + f).tanh()
    return h * h + autograd.log(autograd.sigmoid(h)), leaves


def network(x1: float = 1.0, x2: float = -1.0):
    """Layers whose neurons share a vector of inputs."""
    model = MLP(2, [3, 2, 1], "tanh", seed=1)
    for name, parameter in model.named_parameters():
        parameter.name = name
    inputs = [Value(x1, name="x_1"), Value(x2, name="x_2")]
    return (model(inputs) - 1.0) ** 2, inputs


def table(a: float = 0.3, b: float = 0.6, c: float = 1.7):
    """Every operation of the table, on numbers where all of them are defined."""
    leaves = [Value(v, name=name) for name, v in zip("abc", (a, b, c), strict=True)]
    total = Value(0.0, name="zero")
    for op in TABLE.values():
        operands = (leaves * 2)[: op.arity] if op.name != "acosh" else leaves[2:]
        total = total + (op(*([x, 2.0, leaves[2]] for x in operands)) if isinstance(op, Reduction) else op(*operands))
    return total, leaves


def broken(a: float = -1.0, c: float = 0.0):
    """Numbers that are not finite, forward and backward."""
    A, C = Value(a, name="a"), Value(c, name="c")
    return autograd.log(A) * C + autograd.log(C), [A, C]


def alone(x: float = 4.0):
    """A leaf that nothing was computed from."""
    leaf = Value(x, name="x")
    return leaf, [leaf]


GRAPHS: dict[str, Maker] = {make.__name__: make for make in (deck, neuron, network, table, broken, alone)}
