"""Neural networks, written with `autograd`'s public names alone."""

from autograd import Parameter

from . import init
from .containers import ModuleDict, ModuleList, Sequential
from .linear import Bilinear, Flatten, Identity, Linear, Unflatten
from .module import Module
from .neuron import MLP, Layer, Neuron, Perceptron

__all__ = [
    "MLP",
    "Bilinear",
    "Flatten",
    "Identity",
    "Layer",
    "Linear",
    "Module",
    "ModuleDict",
    "ModuleList",
    "Neuron",
    "Parameter",
    "Perceptron",
    "Sequential",
    "Unflatten",
    "init",
]
