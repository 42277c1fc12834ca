"""How rows are computed that neither `math` nor NumPy computes well enough: on floats, arrays and complex numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

__all__ = [
    "TWO_BY_ROOT_PI",
    "complex_atan2",
    "complex_erf",
    "complex_erfc",
    "leaky_relu_of_arrays",
    "logaddexp",
    "on_each",
    "power",
    "sigmoid",
    "sigmoid_of_array",
]

TWO_BY_ROOT_PI = 2 / math.sqrt(math.pi)


def power(a: Any, b: Any, **settings: Any) -> Any:
    """NumPy's power, which takes a hundred times as long as a product where the exponent is a small whole number."""
    if type(b) in (float, int) and not settings:
        if b == 1:
            return +a
        if b == 2:
            return np.square(a)
        if b == 3:
            return a * np.square(a)
    return np.power(a, b, **settings)


def logaddexp(a: float, b: float) -> float:
    """log(eᵃ + eᵇ), which overflows only where the result does."""
    if a == b:  # also for two infinities of one sign, whose difference is nan
        return a + math.log(2)
    larger, gap = (a, b - a) if a > b else (b, a - b)
    return larger + math.log1p(math.exp(gap))


def complex_atan2(a: Any, b: Any) -> Any:
    """The analytic continuation near the real axis: never divides by the smaller of the two."""
    flat = np.abs(b.real) >= np.abs(a.real)
    half_turn = np.where(b.real < 0, np.copysign(math.pi, a.real), 0.0)
    low = np.arctan(np.divide(a, b, where=flat, out=np.zeros(np.broadcast(a, b).shape, complex)))
    high = np.arctan(np.divide(b, a, where=~flat, out=np.zeros(np.broadcast(a, b).shape, complex)))
    return np.where(flat, low + half_turn, np.copysign(math.pi / 2, a.real) - high)


def sigmoid(a: float) -> float:
    """1 / (1 + e⁻ᵃ)."""
    if a >= 0:
        return 1 / (1 + math.exp(-a))
    e = math.exp(a)  # never a large exponential: it would lose the tail
    return e / (1 + e)


def sigmoid_of_array(a: Any) -> Any:
    """The same of each element."""
    if isinstance(a, np.ndarray):
        y = 1 / (1 + np.exp(-a))  # in half the time, unless a large exponential loses the tail
        if np.minimum.reduce(y, None, initial=1) > 0:
            return y
    return np.exp(np.minimum(a, 0)) / (1 + np.exp(-np.absolute(a)))


@cache
def _scipy_special() -> Any:
    """SciPy's functions of whole arrays; None if it is not installed."""
    try:
        return import_module("scipy.special")
    except ImportError:
        return None


def on_each(scalar: Callable[[float], float]) -> Callable[[Any], Any]:
    """A function of floats on arrays, for what NumPy does not have: one by one, or SciPy's of the same name.

    SciPy's are right to the last digits of float32, not of float64.
    """
    ufunc = np.frompyfunc(scalar, 1, 1)

    def on_arrays(a: Any) -> Any:
        dtype = np.result_type(a, np.float16)
        special = _scipy_special() if dtype.char == "f" else None
        return np.asarray(ufunc(a), dtype)[()] if special is None else getattr(special, scalar.__name__)(a)

    return on_arrays


def leaky_relu_of_arrays(a: Any, b: Any) -> Any:
    """a where it is positive, else ab."""
    if type(b) is float and 0 < b <= 1:
        return np.maximum(a, a * b)  # a tenth of the time of choosing
    return np.where(a > 0, a, a * b)


def _series_of_erf(z: Any) -> Any:
    """The error function by its series of positive terms, e^(-z²) Σ 2ⁿ z²ⁿ⁺¹ / (2n+1)!! · 2/√π."""
    term = total = np.asarray(z, complex)
    n = 0
    while n < 200 and np.any(np.abs(term) > 1e-18 * np.abs(total)):
        n += 1
        term = term * (2 * z * z / (2 * n + 1))
        total = total + term
    return TWO_BY_ROOT_PI * np.exp(-z * z) * total


def complex_erfc(z: Any) -> Any:
    """1 less the error function; in the tails, where the series cancels, by Laplace's continued fraction."""
    z = np.asarray(z, complex)
    tail = np.abs(z.real) > 2
    outward = np.where(tail, z * np.sign(z.real), 3)
    fraction = outward
    for k in range(60, 0, -1):
        fraction = outward + k / 2 / fraction
    beyond = np.exp(-outward * outward) / (math.sqrt(math.pi) * fraction)
    return np.where(tail, np.where(z.real > 0, beyond, 2 - beyond), 1 - _series_of_erf(np.where(tail, 0, z)))


def complex_erf(z: Any) -> Any:
    """The same without losing digits near 0."""
    tail = np.abs(np.real(z)) > 2
    return np.where(tail, 1 - complex_erfc(z), _series_of_erf(np.where(tail, 0, z)))
