"""What functions on arrays ask of their arguments, and the errors they give."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from numbers import Real
from typing import Any

import numpy as np

from ..arrays.reductions import HALF
from ..arrays.shapes import Axis, astype, reshape

__all__ = [
    "PerAxis",
    "as_carrier",
    "axis_from",
    "batched",
    "constant_like",
    "floating",
    "halves_as_singles",
    "ints",
    "one_axis",
    "per_axis",
    "refuse_masked",
    "unbatched",
]

PerAxis = int | Sequence[int]
"""One number for all spatial axes, or one for each."""


def as_carrier(x: Any, name: str) -> Any:
    """A tensor, dual number or array as it is; numbers and nested lists of them as an array."""
    if hasattr(type(x), "__apply_array__"):
        return x
    if isinstance(x, np.ndarray):
        refuse_masked(name, (type(x),))
        return x
    if isinstance(x, (Real, np.generic, list, tuple)):
        array = np.asarray(x)
        if array.dtype.kind in "biufc":
            return array
    raise TypeError(f"{name}: cannot take {x!r}, a {type(x).__name__}: give a tensor or an array")


def refuse_masked(name: str, kinds: Iterable[type]) -> None:
    """Raise if there is a masked array among arguments of these types."""
    if any(issubclass(kind, np.ma.MaskedArray) for kind in kinds):
        raise TypeError(
            f"{name}: a tensor has no mask: give m.data in the place of m, then write where(m.mask, 0.0, y)"
        )


def floating(x: Any, name: str) -> Any:
    """The same, and its numbers must be floating, or objects that are like numbers."""
    x = as_carrier(x, name)
    if x.dtype.kind not in "fcO":
        raise TypeError(f"{name}: needs floating-point numbers, got {x.dtype}: write x.float()")
    return x


def halves_as_singles(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, but halves are computed as singles: sums of squares soon pass 65504, the largest of them."""

    @wraps(function)
    def of_singles(x: Any, *args: Any, **kwargs: Any) -> Any:
        if getattr(x, "dtype", None) != HALF:
            return function(x, *args, **kwargs)
        y = function(astype(x, dtype=np.dtype(np.float32)), *args, **kwargs)
        return astype(y, dtype=HALF)

    return of_singles


def axis_from(dim: Axis | list[int], x: Any, name: str) -> Axis:
    """PyTorch's `dim` as NumPy's axis, checked against the shape."""
    if dim is None:
        return None
    ndim: int = x.ndim
    if type(dim) is int and -ndim <= dim < ndim:  # almost always
        return dim % ndim
    dims = tuple(dim) if isinstance(dim, (tuple, list)) else (dim,)
    for d in dims:
        if not isinstance(d, (int, np.integer)):
            raise TypeError(f"{name}: dim must be an int or a tuple of them, got {dim!r}")
        if not -max(x.ndim, 1) <= d < max(x.ndim, 1):
            raise IndexError(f"{name}: dim {d} is out of range for shape {x.shape}")
    axes = tuple(int(d) % max(x.ndim, 1) for d in dims)
    if len(set(axes)) < len(axes):
        raise ValueError(f"{name}: dim {dim!r} names an axis twice")
    if not x.ndim:
        return ()
    return axes if isinstance(dim, (tuple, list)) else axes[0]


def one_axis(dim: int, x: Any, name: str) -> int:
    """The same for a function along a single axis."""
    if not isinstance(dim, (int, np.integer)):
        raise TypeError(f"{name}: dim must be an int, got {dim!r}")
    axis = axis_from(dim, x, name)
    return axis if isinstance(axis, int) else 0


def ints(arguments: tuple[Any, ...], name: str) -> tuple[int, ...]:
    """Sizes or axes given one by one or as one sequence."""
    if len(arguments) == 1 and isinstance(arguments[0], (tuple, list)):
        arguments = tuple(arguments[0])
    try:
        return tuple([n.__index__() for n in arguments])
    except AttributeError:
        raise TypeError(f"{name}: must be integers, got {arguments!r}") from None


def constant_like(x: Any, array: np.ndarray[Any, Any]) -> Any:
    """An array without gradient, as the same carrier as `x`."""
    return array if isinstance(x, np.ndarray) else x._constant_like(array)


# ---------------------------------------------------------------------- images


def per_axis(value: PerAxis, rank: int, least: int, name: str, what: str) -> tuple[int, ...]:
    """One whole number per spatial axis, from one or from `rank` of them."""
    given = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    if len(given) not in (1, rank):
        raise ValueError(f"{name}: {what} {value} has {len(given)} numbers: give one, or {rank}, one per spatial axis")
    try:
        numbers = tuple(map(operator.index, given))
    except TypeError:
        raise TypeError(f"{name}: {what} {value!r}: give a whole number, or {rank} of them") from None
    if min(numbers) < least:
        raise ValueError(f"{name}: {what} {value}: must be at least {least}")
    return numbers if len(numbers) == rank else numbers * rank


def batched(x: Any, rank: int, name: str) -> tuple[Any, bool]:
    """Floats (N, C, *spatial), N put in front where there is none; and whether it was there."""
    x = floating(x, name)
    if x.ndim not in (rank + 1, rank + 2):
        axes = ", ".join(("N", "C", *"DHW"[3 - rank :]))
        raise ValueError(f"{name}: input {x.shape} has {x.ndim} axes: give ({axes}), or without N")
    return (x, True) if x.ndim == rank + 2 else (reshape(x, shape=(1, *x.shape)), False)


def unbatched(y: Any, had_batch: bool) -> Any:
    """A result without the axis that `batched` put in front."""
    return y if had_batch else reshape(y, shape=y.shape[1:])
