"""What the tests of anomalies share: leaves, and lines as messages name them."""

from pathlib import Path

from autograd import Tensor

OUTSIDE = "made outside detect_anomaly: its line is unknown"


def line_of(function):
    """The line of a function written in one line, as error messages name it."""
    return f"{Path(function.__code__.co_filename).name}:{function.__code__.co_firstlineno}"


def leaf(*numbers, name=None):
    return Tensor(numbers, requires_grad=True, dtype="float64", name=name)
