"""Graphs to step through at the prompt, and what it answers."""

from __future__ import annotations

import io

import autograd
from autograd import Value
from autograd.debugger import Prompt, debug
from autograd.graph import topological_order
from autograd.stepper import Stepper


def deck():
    """J = ½(wx + b - y)², the LEAP workshop's example."""
    w, x, b, y = (Value(data, name) for data, name in [(2.0, "w"), (-2.0, "x"), (8.0, "b"), (2.0, "y")])
    z = w * x + b
    z.name = "z"
    J = 0.5 * (z - y) ** 2
    J.name = "J"
    return J


def layer():
    X = autograd.tensor([[1.0, 2.0], [3.0, -1.0]])
    W = autograd.tensor([[1.0, -1.0], [0.5, 2.0]], requires_grad=True)
    b = autograd.tensor([0.0, 1.0], requires_grad=True)
    h = (X @ W.T + b).relu()
    J = (h * h).sum()
    for name, node in {"X": X, "W": W, "b": b, "h": h, "J": J}.items():
        node.name = name
    return J


def transcript(root, commands, **settings):
    """What the prompt writes."""
    stdout = io.StringIO()
    debug(root, commands=commands, stdout=stdout, **settings)
    return stdout.getvalue()


def answers(root, *commands, **settings):
    """What the prompt says to the last command, line by line."""
    text = transcript(root, commands, **settings)
    return text.split("(bp)")[-1].splitlines()[1:-1]


def answer(root, *commands, **settings):
    (line,) = answers(root, *commands, **settings)
    return line


def prompt(root, **settings):
    """A prompt to be given single lines, and what it writes."""
    stdout = io.StringIO()
    return Prompt(Stepper(root, **settings), [], stdout=stdout), stdout


def named(root):
    return {node.name: node for node in topological_order(root) if node.name}


def gradients(root):
    return [repr(node.grad) for node in topological_order(root)]
