"""Neural networks, written with `autograd`'s public names alone."""

from .module import Module
from .neuron import MLP, Layer, Neuron, Perceptron

__all__ = ["MLP", "Layer", "Module", "Neuron", "Perceptron"]
