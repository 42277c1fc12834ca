"""Optimisers with options, and problems on which either package, ours or PyTorch's, can run them."""

import numpy as np

import autograd
import nn
from autograd import tensor
from nn import optim

from .nn_parity import torch

STEPS = 100

STARTS = [np.linspace(-1, 1, 12).reshape(3, 4), np.linspace(0.5, -2, 5), np.array(0.7)]

CASES = {
    "SGD": ("SGD", {"lr": 0.05}),
    "SGD, momentum": ("SGD", {"lr": 0.02, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.1}),
    "SGD, Nesterov": ("SGD", {"lr": 0.02, "momentum": 0.8, "nesterov": True, "maximize": True}),
    "Adam": ("Adam", {"lr": 0.05}),
    "Adam, amsgrad": ("Adam", {"lr": 0.05, "betas": (0.8, 0.9), "weight_decay": 0.1, "amsgrad": True}),
    "AdamW": ("AdamW", {"lr": 0.05, "weight_decay": 0.2, "maximize": True}),
    "RMSprop": ("RMSprop", {"lr": 0.01}),
    "RMSprop, centred": ("RMSprop", {"lr": 0.01, "momentum": 0.5, "centered": True, "weight_decay": 0.1}),
    "Adagrad": ("Adagrad", {"lr": 0.1, "lr_decay": 0.01, "initial_accumulator_value": 0.2, "weight_decay": 0.1}),
    "LBFGS": ("LBFGS", {"lr": 0.5, "max_iter": 3, "history_size": 4}),
    "LBFGS, strong Wolfe": ("LBFGS", {"max_iter": 2, "line_search_fn": "strong_wolfe"}),
}


def slopes(x, t):
    """A gradient that depends on the numbers and on the time, as that of a loss of other examples in each step."""
    return np.sin(3 * x + t) + 0.5 * x


def valley(numbers):
    """A loss with curvatures from 0.5 to 2 and a quartic part, for L-BFGS; with its gradient.

    In a narrower valley, steps without a line search amplify the last bit tenfold every few steps.
    """
    scales = [np.geomspace(0.5, 2, x.size).reshape(x.shape) for x in numbers]
    loss = sum(float((s * (x - 0.3) ** 2 / 2 + (x - 0.3) ** 4).sum()) for s, x in zip(scales, numbers, strict=True))
    return loss, [s * (x - 0.3) + 4 * (x - 0.3) ** 3 for s, x in zip(scales, numbers, strict=True)]


def run(optimizer, parameters, make, steps=STEPS, first=0):
    """The numbers after each step; `make` turns an array into a tensor of the package's."""

    def read():
        return [np.array(p.detach().numpy()) for p in parameters]

    def set_gradients(gradients):
        for p, g in zip(parameters, gradients, strict=True):
            p.grad = make(np.asarray(g))

    def closure():
        loss, gradients = valley(read())
        set_gradients(gradients)
        return loss

    rows = []
    for t in range(first, first + steps):
        if "LBFGS" in type(optimizer).__name__:
            optimizer.step(closure)
        else:
            set_gradients([slopes(x, t) for x in read()])
            optimizer.step()
        rows.append(np.concatenate([x.ravel() for x in read()]))
    return np.array(rows)


def ours(name, options, **arguments):
    """Our numbers after each step of an optimiser."""
    parameters = [nn.Parameter(np.array(x)) for x in STARTS]
    return run(getattr(optim, name)(parameters, **options), parameters, tensor, **arguments)


def theirs(name, options):
    """PyTorch's."""
    parameters = [torch.nn.Parameter(torch.tensor(x)) for x in STARTS]
    return run(getattr(torch.optim, name)(parameters, **options), parameters, torch.tensor)


def parameter(*numbers, **options):
    """A parameter with these numbers, in float64 unless told otherwise."""
    return nn.Parameter(tensor(numbers, **{"dtype": autograd.float64, **options}))
