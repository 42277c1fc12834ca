"""Models to watch, and whether a watch left anything on them."""

import math

import numpy as np

import nn
from autograd.graph import LEAF


def linear(weight, bias=None):
    """A linear layer with these numbers."""
    layer = nn.Linear(len(weight[0]), len(weight), bias=bias is not None, dtype="float64")
    layer.weight.data = np.array(weight, float)
    if bias is not None:
        layer.bias.data = np.array(bias, float)
    return layer


def deep_sigmoids(layers=10, width=8):
    """Its gradients vanish."""
    modules = [module for _ in range(layers) for module in (nn.Linear(width, width), nn.Sigmoid())]
    return nn.Sequential(*modules, nn.Linear(width, 1))


def train(model, x, steps=3, lr=0.1, momentum=0.9):
    """A few steps of gradient descent towards outputs of 0."""
    optimizer = nn.optim.SGD(model.parameters(), lr=lr, momentum=momentum)
    for _ in range(steps):
        optimizer.zero_grad()
        (model(x) ** 2).mean().backward()
        optimizer.step()


def norm(*arrays):
    """The length of the vector that all these numbers make."""
    return math.sqrt(sum(float((np.asarray(x, np.float64) ** 2).sum()) for x in arrays))


def is_untouched(model):
    """Whether no module has a hook, and no parameter one that listens to its gradient."""
    hooks = [module._hooks for module in model.modules()]
    return hooks == [()] * len(hooks) and all(p._rule is LEAF for p in model.parameters())
