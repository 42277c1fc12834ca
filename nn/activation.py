"""Activation functions, each as a function and as a module, under PyTorch's names.

Those that are rows of `autograd`'s table are one node of the graph.  `inplace=` is accepted for PyTorch's sake: the
result is the same, in memory of its own.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd
from autograd import Domain, Parameter, Tensor, log_softmax, logsigmoid, sigmoid, softmax, tanh

from .linear import _count
from .module import Module

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "GLU",
    "SELU",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "LeakyReLU",
    "LogSigmoid",
    "LogSoftmax",
    "Mish",
    "PReLU",
    "ReLU",
    "ReLU6",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softmin",
    "Softplus",
    "Softsign",
    "Tanh",
    "Tanhshrink",
    "celu",
    "elu",
    "gelu",
    "glu",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "leaky_relu",
    "log_softmax",
    "logsigmoid",
    "mish",
    "prelu",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softmin",
    "softplus",
    "softsign",
    "tanh",
    "tanhshrink",
]

SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946
"""They keep mean 0 and variance 1 from layer to layer (Klambauer et al. 2017)."""

GELU_STEEPNESS = 2 * math.sqrt(2 / math.pi)

# ---------------------------------------------------------------------- functions


def relu(input: Any, inplace: bool = False) -> Any:  # noqa: A002 - PyTorch's names
    """max(0, x): the rectified linear unit (Nair and Hinton 2010); its slope at 0 is 0."""
    return autograd.relu(input)


def leaky_relu(input: Any, negative_slope: float = 0.01, inplace: bool = False) -> Any:  # noqa: A002 - PyTorch's names
    """x where it is positive, else negative_slope · x (Maas et al. 2013)."""
    return autograd.leaky_relu(input, negative_slope)


def prelu(input: Any, weight: Any) -> Any:  # noqa: A002 - PyTorch's names
    """x where it is positive, else w x with a learnt w (He et al. 2015).

    Args:
        input: (N, C, ...), or any shape for a single w.
        weight: one number, (1,), or one per channel, (C,).
    """
    if weight.shape != (1,):
        channels = input.shape[1] if input.ndim > 1 else 1
        if weight.shape != (channels,):
            raise ValueError(f"prelu: weight {weight.shape} for an input of {channels} channels, {input.shape}")
        weight = weight.reshape(-1, *(1,) * (input.ndim - 2))
    return autograd.leaky_relu(input, weight)


def elu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Any:  # noqa: A002 - PyTorch's names
    """x where it is positive, else α (eˣ − 1) (Clevert et al. 2016)."""
    return autograd.elu(input, alpha)


def celu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Any:  # noqa: A002 - PyTorch's names
    """x where it is positive, else α (e^(x/α) − 1): an ELU whose slope is continuous (Barron 2017)."""
    return autograd.elu(input / alpha) * alpha


def selu(input: Any, inplace: bool = False) -> Any:  # noqa: A002 - PyTorch's names
    """An ELU scaled so that activations normalise themselves (Klambauer et al. 2017)."""
    return autograd.elu(input, SELU_ALPHA) * SELU_SCALE


def gelu(input: Any, approximate: str = "none") -> Any:  # noqa: A002 - PyTorch's names
    """x Φ(x), with the normal distribution's Φ (Hendrycks and Gimpel 2016).

    Args:
        input: any shape.
        approximate: `"none"`, or `"tanh"` for ½ x (1 + tanh √(2/π) (x + 0.044715 x³)).
    """
    if _approximation(approximate, "gelu") == "none":
        return autograd.gelu(input)
    # ½ (1 + tanh u) is σ(2u)
    return input * sigmoid(GELU_STEEPNESS * input * (1 + 0.044715 * autograd.square(input)))


def silu(input: Any, inplace: bool = False) -> Any:  # noqa: A002 - PyTorch's names
    """x σ(x), also called swish (Elfwing et al. 2018)."""
    return autograd.silu(input)


def mish(input: Any, inplace: bool = False) -> Any:  # noqa: A002 - PyTorch's names
    """x tanh(softplus(x)) (Misra 2019)."""
    return input * tanh(autograd.softplus(input))


def softplus(input: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:  # noqa: A002 - PyTorch's names
    """log(1 + e^(βx)) / β, a smooth relu; the line x where βx is above the threshold."""
    scaled = input if beta == 1 else input * beta
    curve = autograd.softplus(scaled)
    return autograd.where(scaled > threshold, input, curve if beta == 1 else curve / beta)


def softsign(input: Any) -> Any:  # noqa: A002 - PyTorch's names
    """x / (1 + |x|)."""
    return input / (1 + autograd.abs(input))


def tanhshrink(input: Any) -> Any:  # noqa: A002 - PyTorch's names
    """x − tanh x."""
    return input - tanh(input)


@autograd.op(
    lambda a, b, c, y: (a > b) & (a < c),
    lambda a, b, c, y: a <= b,
    lambda a, b, c, y: a >= c,
    name="hardtanh",
    domain=Domain(((-9.0, 9.0), (-6.0, -1.0), (1.0, 6.0)), singular=lambda a, b, c: (a - b) * (a - c)),
)
def _hardtanh(a: Any, b: Any, c: Any) -> Any:
    """The number a, held between b and c; unlike that of clip, its slope at the bounds is 0."""
    return np.minimum(np.maximum(a, b), c)


def hardtanh(input: Any, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Any:  # noqa: A002
    """x held between min_val and max_val; its slope at both is 0, as in PyTorch."""
    return _hardtanh(input, float(min_val), float(max_val))


def relu6(input: Any, inplace: bool = False) -> Any:  # noqa: A002 - PyTorch's names
    """min(max(0, x), 6) (Krizhevsky 2010)."""
    return hardtanh(input, 0.0, 6.0)


def hardsigmoid(input: Any, inplace: bool = False) -> Any:  # noqa: A002 - PyTorch's names
    """relu6(x + 3) / 6: a sigmoid of three straight lines."""
    return relu6(input + 3) / 6


def hardswish(input: Any, inplace: bool = False) -> Any:  # noqa: A002 - PyTorch's names
    """x · relu6(x + 3) / 6: a SiLU of three pieces (Howard et al. 2019)."""
    return input * relu6(input + 3) / 6


def glu(input: Any, dim: int = -1) -> Any:  # noqa: A002 - PyTorch's names
    """a σ(b), where a and b are the halves of x along `dim` (Dauphin et al. 2017)."""
    size = input.shape[dim]
    if size % 2:
        raise ValueError(f"glu: axis {dim} of {input.shape} has {size} elements: needs an even number")
    a, b = autograd.split(input, size // 2, dim)
    return a * sigmoid(b)


def softmin(input: Any, dim: int) -> Any:  # noqa: A002 - PyTorch's names
    """softmax(−x) along `dim`."""
    return softmax(-input, dim)


def _approximation(approximate: str, name: str) -> str:
    if approximate not in ("none", "tanh"):
        raise ValueError(f"{name}: approximate must be 'none' or 'tanh', got {approximate!r}")
    return approximate


# ---------------------------------------------------------------------- modules without settings


class Sigmoid(Module):
    """σ(x) = 1 / (1 + e⁻ˣ).

    >>> import autograd
    >>> Sigmoid()(autograd.tensor([0.0]))
    tensor([0.5])
    """

    def forward(self, x: Any) -> Any:
        return sigmoid(x)


class LogSigmoid(Module):
    """log σ(x), without underflow."""

    def forward(self, x: Any) -> Any:
        return logsigmoid(x)


class Tanh(Module):
    """(eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)."""

    def forward(self, x: Any) -> Any:
        return tanh(x)


class Tanhshrink(Module):
    """See `tanhshrink`."""

    def forward(self, x: Any) -> Any:
        return tanhshrink(x)


class Softsign(Module):
    """See `softsign`."""

    def forward(self, x: Any) -> Any:
        return softsign(x)


class _InPlace(Module):
    """An activation whose only setting is the accepted `inplace`."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class ReLU(_InPlace):
    """See `relu`.

    >>> import autograd
    >>> ReLU()(autograd.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    def forward(self, x: Any) -> Any:
        return relu(x)


class SELU(_InPlace):
    """See `selu`."""

    def forward(self, x: Any) -> Any:
        return selu(x)


class SiLU(_InPlace):
    """See `silu`."""

    def forward(self, x: Any) -> Any:
        return silu(x)


class Mish(_InPlace):
    """See `mish`."""

    def forward(self, x: Any) -> Any:
        return mish(x)


class Hardswish(_InPlace):
    """See `hardswish`."""

    def forward(self, x: Any) -> Any:
        return hardswish(x)

    def extra_repr(self) -> str:
        return ""  # as in PyTorch


class Hardsigmoid(_InPlace):
    """See `hardsigmoid`."""

    def forward(self, x: Any) -> Any:
        return hardsigmoid(x)

    def extra_repr(self) -> str:
        return ""  # as in PyTorch


# ---------------------------------------------------------------------- modules with settings


class LeakyReLU(_InPlace):
    """See `leaky_relu`."""

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.negative_slope = negative_slope

    def forward(self, x: Any) -> Any:
        return leaky_relu(x, self.negative_slope)

    def extra_repr(self) -> str:
        return _listed(f"negative_slope={self.negative_slope}", super().extra_repr())


class ELU(_InPlace):
    """See `elu`."""

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.alpha = alpha

    def forward(self, x: Any) -> Any:
        return elu(x, self.alpha)

    def extra_repr(self) -> str:
        return _listed(f"alpha={self.alpha}", super().extra_repr())


class CELU(ELU):
    """See `celu`."""

    def forward(self, x: Any) -> Any:
        return celu(x, self.alpha)


class Hardtanh(_InPlace):
    """See `hardtanh`."""

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        if not min_val < max_val:
            raise ValueError(f"{type(self).__name__}: min_val {min_val} must be below max_val {max_val}")
        self.min_val = min_val
        self.max_val = max_val

    def forward(self, x: Any) -> Any:
        return hardtanh(x, self.min_val, self.max_val)

    def extra_repr(self) -> str:
        return _listed(f"min_val={self.min_val}, max_val={self.max_val}", super().extra_repr())


class ReLU6(_InPlace):
    """See `relu6`."""

    def forward(self, x: Any) -> Any:
        return relu6(x)


class GELU(Module):
    """See `gelu`."""

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = _approximation(approximate, "GELU")

    def forward(self, x: Any) -> Any:
        return gelu(x, self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class Softplus(Module):
    """See `softplus`."""

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, x: Any) -> Any:
        return softplus(x, self.beta, self.threshold)

    def extra_repr(self) -> str:
        return f"beta={self.beta}, threshold={self.threshold}"


class PReLU(Module):
    """See `prelu`.

    Args:
        num_parameters: 1, or the number of channels.
        init: what each begins as.
        dtype: of the parameter.

    Shapes: `weight` is (num_parameters,).
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25, dtype: Any = None) -> None:
        super().__init__()
        self.num_parameters = _count(num_parameters, "PReLU", "num_parameters")
        self.init = init
        self.weight = Parameter(autograd.zeros(num_parameters, dtype=dtype) + init)

    def forward(self, x: Tensor) -> Any:
        return prelu(x, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class _Along(Module):
    """An activation along an axis."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        if not isinstance(dim, int):
            raise TypeError(f"{type(self).__name__}: dim must be an int, the axis of the classes, got {dim!r}")
        self.dim = dim

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmax(_Along):
    """eˣ / Σ eˣ along `dim`: positive numbers that add up to 1.

    >>> import autograd
    >>> Softmax(dim=1)(autograd.zeros(1, 4))
    tensor([[0.25, 0.25, 0.25, 0.25]])
    """

    def forward(self, x: Any) -> Any:
        return softmax(x, self.dim)


class LogSoftmax(_Along):
    """x − log Σ eˣ along `dim`: the logarithm of `Softmax`, without underflow."""

    def forward(self, x: Any) -> Any:
        return log_softmax(x, self.dim)


class Softmin(_Along):
    """See `softmin`."""

    def forward(self, x: Any) -> Any:
        return softmin(x, self.dim)


class GLU(_Along):
    """See `glu`."""

    def __init__(self, dim: int = -1) -> None:
        super().__init__(dim)

    def forward(self, x: Any) -> Any:
        return glu(x, self.dim)


def _listed(*parts: str) -> str:
    """The parts that are not empty, with commas."""
    return ", ".join(filter(None, parts))
