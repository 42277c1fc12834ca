"""Leaves and constants to change in place, and their gradients."""

from pathlib import Path

import numpy as np

from autograd import Tensor

NUMBERS = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]


def leaf(numbers=NUMBERS):
    return Tensor(np.array(numbers, float), requires_grad=True)


def constant(numbers=NUMBERS):
    return Tensor(np.array(numbers, float))


def here(function):
    """The line of a function written in one line, as error messages name it."""
    return f"{Path(function.__code__.co_filename).name}:{function.__code__.co_firstlineno}"


def gradient_of(result, *leaves):
    """The gradients of the sum with weights of their own, and then none again."""
    weights = np.arange(1.0, 1.0 + result.detach().numpy().size).reshape(result.shape)
    (result * weights).sum().backward()
    found = [0.0 * x.detach().numpy() if x.grad is None else x.grad.numpy().copy() for x in leaves]
    for x in leaves:
        x.zero_grad()
    return found
