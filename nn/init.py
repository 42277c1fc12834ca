"""How parameters begin: the rules of PyTorch's `torch.nn.init`, drawn from `autograd`'s generator.

Each function changes a tensor in place, unrecorded, and returns it; after `autograd.manual_seed` it draws the same.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd import Tensor, no_grad, rand, randn

__all__ = [
    "calculate_gain",
    "constant_",
    "eye_",
    "kaiming_normal_",
    "kaiming_uniform_",
    "normal_",
    "ones_",
    "orthogonal_",
    "trunc_normal_",
    "uniform_",
    "xavier_normal_",
    "xavier_uniform_",
    "zeros_",
]


# ---------------------------------------------------------------------- the same for every element


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Every element this number."""
    with no_grad():
        return tensor.fill_(val)


def zeros_(tensor: Tensor) -> Tensor:
    """Every element 0."""
    return constant_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """Every element 1."""
    return constant_(tensor, 1.0)


def eye_(tensor: Tensor) -> Tensor:
    """The identity matrix, also of a tensor with more rows than columns, or fewer.

    Raises:
        ValueError: the tensor has not two axes.
    """
    if tensor.ndim != 2:
        raise ValueError(f"eye_: the identity has two axes, the tensor has shape {tensor.shape}")
    return _filled(tensor, np.eye(tensor.shape[0], tensor.shape[1]))


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0) -> Tensor:
    """Uniform between `a` and `b`."""
    with no_grad():
        return tensor.copy_(a + (b - a) * rand(*tensor.shape, dtype=tensor.dtype))


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0) -> Tensor:
    """Normal with this mean and standard deviation."""
    with no_grad():
        return tensor.copy_(mean + std * randn(*tensor.shape, dtype=tensor.dtype))


def trunc_normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0) -> Tensor:
    """Normal, but drawn again wherever it falls outside of `a` to `b`.

    Args:
        tensor: what to change.
        mean, std: of the normal distribution, not of what is left of it.
        a, b: the ends, in the same units, not in standard deviations.

    Raises:
        ValueError: `a` is not below `b`.
    """
    if not a < b or not std > 0:
        raise ValueError(f"trunc_normal_: a must be below b and std above 0, got {a}, {b} and {std}")
    # The density is highest at `peak`, and nothing is left of it 8 standard deviations further on: uniform numbers
    # up to there are kept with the probability density / highest density (von Neumann's rejection).
    peak = min(max(mean, a), b)
    low, high = max(a, peak - 8 * std), min(b, peak + 8 * std)
    drawn = np.empty(math.prod(tensor.shape))
    missing = np.arange(drawn.size)
    while missing.size:
        x = low + (high - low) * _numbers(rand(missing.size, dtype=np.float64))
        keep = _numbers(rand(missing.size, dtype=np.float64)) < np.exp(
            ((peak - mean) / std) ** 2 / 2 - ((x - mean) / std) ** 2 / 2
        )
        drawn[missing[keep]] = x[keep]
        missing = missing[~keep]
    return _filled(tensor, drawn.reshape(tensor.shape))


# ---------------------------------------------------------------------- scaled by the sizes of a layer


def xavier_uniform_(tensor: Tensor, gain: float = 1.0) -> Tensor:
    """Uniform in ±gain √(6 / (fan_in + fan_out)): signals keep their variance forwards and backwards.

    Glorot and Bengio (2010); Keras's `glorot_uniform`.
    """
    bound = gain * _root(6, sum(_fans(tensor)))
    return uniform_(tensor, -bound, bound)


def xavier_normal_(tensor: Tensor, gain: float = 1.0) -> Tensor:
    """Normal with the standard deviation gain √(2 / (fan_in + fan_out)).

    Glorot and Bengio (2010).
    """
    return normal_(tensor, 0.0, gain * _root(2, sum(_fans(tensor))))


def kaiming_uniform_(tensor: Tensor, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> Tensor:
    """Uniform in ±gain √(3 / fan), which is ±√(6 / ((1 + a²) fan_in)) unless told otherwise.

    Args:
        tensor: a weight, (out, in, ...).
        a: the negative slope of the leaky ReLU.
        mode: "fan_in" keeps the variance of signals, "fan_out" that of gradients.
        nonlinearity: what follows the layer: see `calculate_gain`.

    He, Zhang, Ren and Sun (2015).
    """
    bound = calculate_gain(nonlinearity, a) * _root(3, _fan(tensor, mode))
    return uniform_(tensor, -bound, bound)


def kaiming_normal_(tensor: Tensor, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> Tensor:
    """Normal with the standard deviation gain / √fan.

    Args: see `kaiming_uniform_`.

    He, Zhang, Ren and Sun (2015).
    """
    return normal_(tensor, 0.0, calculate_gain(nonlinearity, a) * _root(1, _fan(tensor, mode)))


def orthogonal_(tensor: Tensor, gain: float = 1.0) -> Tensor:
    """A random matrix with orthogonal rows of length `gain`, or columns, if there are more rows.

    Args:
        tensor: what to change; axes after the first two are taken with the second.
        gain: the length.

    Saxe, McClelland and Ganguli (2014); uniform after Mezzadri (2007).
    """
    rows, columns = _matrix(tensor, "orthogonal_")
    q, r = np.linalg.qr(_numbers(randn(max(rows, columns), min(rows, columns), dtype=np.float64)))
    q *= np.where(np.diag(r) < 0, -1.0, 1.0)  # without this, the signs of q would not be evenly spread
    return _filled(tensor, gain * (q if rows >= columns else q.T).reshape(tensor.shape))


GAINS = {
    "linear": 1.0,
    **{f"conv{transposed}{n}d": 1.0 for transposed in ("", "_transpose") for n in (1, 2, 3)},
    "sigmoid": 1.0,
    "tanh": 5.0 / 3,
    "relu": math.sqrt(2.0),
    "selu": 3.0 / 4,
}
"""By how much a layer's weights must be larger, for what follows it to keep the variance of signals."""


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The gain for weights that this nonlinearity follows.

    Args:
        nonlinearity: "linear", "conv2d" and its like, "sigmoid", "tanh", "relu", "selu", or "leaky_relu".
        param: the negative slope of the leaky ReLU, 0.01 by default.

    >>> import nn
    >>> nn.init.calculate_gain("leaky_relu", 1.0)
    1.0
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        return math.sqrt(2.0 / (1 + slope**2))
    if nonlinearity not in GAINS:
        known = ", ".join([*GAINS, "leaky_relu"])
        raise ValueError(f"calculate_gain: there is no gain for {nonlinearity!r}, only for {known}")
    return GAINS[nonlinearity]


# ---------------------------------------------------------------------- sizes


def _fans(tensor: Tensor) -> tuple[int, int]:
    """How many inputs each output has, and how many outputs each input, of a weight (out, in, ...)."""
    _matrix(tensor, "init")
    field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * field, tensor.shape[0] * field


def _fan(tensor: Tensor, mode: str) -> int:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"kaiming: mode must be 'fan_in' or 'fan_out', got {mode!r}")
    return _fans(tensor)[mode == "fan_out"]


def _matrix(tensor: Tensor, name: str) -> tuple[int, int]:
    """The shape of a weight as a matrix: its outputs, and all that each of them reads."""
    if tensor.ndim < 2:
        raise ValueError(f"{name}: a weight has at least two axes, (out, in), the tensor has shape {tensor.shape}")
    return tensor.shape[0], math.prod(tensor.shape[1:])


def _root(x: float, fan: int) -> float:
    """√(x / fan); 0 for a layer without connections."""
    return math.sqrt(x / fan) if fan else 0.0


# ---------------------------------------------------------------------- numbers


def _filled(tensor: Tensor, array: np.ndarray[Any, Any]) -> Tensor:
    with no_grad():
        return tensor.copy_(array.astype(tensor.dtype))


def _numbers(tensor: Tensor) -> np.ndarray[Any, Any]:
    return tensor.numpy()
