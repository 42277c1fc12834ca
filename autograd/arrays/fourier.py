"""Array ops between signals and their frequencies, and the parts of complex numbers.

The gradient of a real quantity L by a complex number u + iv is ∂L/∂u + i ∂L/∂v.  So the pullback of a linear
map is its conjugate transpose, and that of a real operand is the real part of it.  Names and settings follow
NumPy: `n` crops the axis or fills it up with zeros, `norm` says which of two directions divides by n.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import ops
from ..array_op import ArrayOp
from .reductions import plain
from .shapes import getitem, put, roll

__all__ = [
    "as_complex",
    "conj",
    "fft",
    "fft2",
    "fftn",
    "fftshift",
    "ifft",
    "ifft2",
    "ifftn",
    "ifftshift",
    "imag_part",
    "irfft",
    "irfft2",
    "irfftn",
    "magnitude",
    "real_part",
    "rfft",
    "rfft2",
    "rfftn",
]

# Rows that the rules of earlier ones use.
conj: ArrayOp
fft: ArrayOp
ifft: ArrayOp
imag_part: ArrayOp
real_part: ArrayOp
rfft: ArrayOp

# ---------------------------------------------------------------------- parts of complex numbers


def _as_complex(a: Any, b: Any) -> Any:
    kind = np.result_type(a, b)
    if kind.kind == "c":
        raise TypeError(f"as_complex: takes two real arrays, got {kind}")
    z = np.empty(np.broadcast_shapes(np.shape(a), np.shape(b)), np.result_type(kind, np.complex64))
    z.real, z.imag = a, b
    return z


def _zero(g: Any) -> Any:
    return np.zeros((), plain(g).dtype)


def _is_complex(a: Any) -> bool:
    return bool(a.dtype.kind == "c")


as_complex = ArrayOp(
    "as_complex", "The complex numbers a + ib.",
    _as_complex,
    lambda g, y, a, b: real_part(g),
    lambda g, y, a, b: imag_part(g),
    needs=("", ""), linear="jointly",
)  # fmt: skip
real_part = ArrayOp(
    "real_part", "The real parts.",
    lambda a: np.real(a).copy(),  # a change of the result in place must not reach the operand
    lambda g, y, a: as_complex(g, _zero(g)) if _is_complex(a) else g,
    needs=("",), linear="jointly",
)  # fmt: skip
imag_part = ArrayOp(
    "imag_part", "The imaginary parts.",
    lambda a: np.imag(a).copy(),
    lambda g, y, a: as_complex(_zero(g), g) if _is_complex(a) else g * _zero(g),
    needs=("",), linear="jointly",
)  # fmt: skip
conj = ArrayOp(
    "conj", "The complex conjugates.",
    lambda a: np.conjugate(a),
    lambda g, y, a: conj(g),
    needs=("",), linear="jointly",
)  # fmt: skip


def magnitude(z: Any) -> Any:
    """The magnitudes of complex numbers, √(re² + im²); the gradient at 0 is 0."""
    re, im = real_part(z), imag_part(z)
    zero = (plain(re) == 0) & (plain(im) == 0)
    one = np.ones((), plain(re).dtype)
    return ops.where(zero, _zero(re), ops.hypot(ops.where(zero, one, re), im))


# ---------------------------------------------------------------------- one axis

ADJOINT = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}
"""The norm with which the transform back is the conjugate transpose of a transform with this one."""


def _transform(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """NumPy's function with errors that say what to do."""

    def forward(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
        a = np.asarray(a)
        if norm not in ADJOINT:
            raise ValueError(f"{name}: norm must be 'backward', 'ortho' or 'forward', got {norm!r}")
        if not -a.ndim <= axis < a.ndim:
            raise ValueError(f"{name}: {a.shape} has no axis {axis}")
        length = n if n is not None else _length(name, a.shape[axis])
        if length < 1:
            raise ValueError(f"{name}: {a.shape} transformed to length {length}: give n of at least 1")
        if name == "rfft" and a.dtype.kind == "c":
            raise TypeError(f"rfft: takes real numbers, got {a.dtype}: use fft, or take a part first")
        return function(a, n, axis, norm)

    return forward


def _length(name: str, size: int) -> int:
    """How many numbers a transform gives, or takes if it is `rfft`, where n is not given."""
    return 2 * (size - 1) if name == "irfft" else size


def _along(axis: int, ndim: int, part: slice) -> tuple[slice, ...]:
    return (slice(None),) * (axis % ndim) + (part,)


def _fitted(g: Any, a: Any, axis: int) -> Any:
    """The gradient in the operand's length: cropped where zeros were filled in, filled up where it was cropped."""
    size, given = a.shape[axis], g.shape[axis]
    if given > size:
        g = getitem(g, index=_along(axis, g.ndim, slice(size)))
    elif given < size:
        g = put(g, index=_along(axis, g.ndim, slice(given)), shape=a.shape)
    return g if _is_complex(a) else real_part(g)


def _fft_pullback(g: Any, y: Any, a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    return _fitted(ifft(g, axis=axis, norm=ADJOINT[norm]), a, axis)


def _ifft_pullback(g: Any, y: Any, a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    return _fitted(fft(g, axis=axis, norm=ADJOINT[norm]), a, axis)


def _rfft_pullback(g: Any, y: Any, a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """As for `fft`, whose further frequencies have no part in the result."""
    length = n if n is not None else a.shape[axis]
    return _fitted(ifft(g, n=length, axis=axis, norm=ADJOINT[norm]), a, axis)


def _irfft_pullback(g: Any, y: Any, a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """Every frequency counts twice, but for 0 and, where n is even, the last: those two are their own mirrors."""
    spectrum = rfft(g, axis=axis, norm=ADJOINT[norm])
    counts = np.full(spectrum.shape[axis], 2, plain(g).dtype)
    counts[0] = 1
    if g.shape[axis] % 2 == 0:
        counts[-1] = 1
    counts = counts.reshape([-1 if i == axis % g.ndim else 1 for i in range(g.ndim)])
    return _fitted(spectrum * counts, a, axis)


fft = ArrayOp(
    "fft", "The frequencies Σ aⱼ exp(-2πi jk / n) of a signal.",
    _transform("fft", np.fft.fft),
    _fft_pullback,
    needs=("",), linear="jointly",
)  # fmt: skip
ifft = ArrayOp(
    "ifft", "The signal 1/n Σ aₖ exp(2πi jk / n) with these frequencies.",
    _transform("ifft", np.fft.ifft),
    _ifft_pullback,
    needs=("",), linear="jointly",
)  # fmt: skip
rfft = ArrayOp(
    "rfft", "The frequencies 0 to n // 2 of a real signal; the others are their conjugates.",
    _transform("rfft", np.fft.rfft),
    _rfft_pullback,
    needs=("",), linear="jointly",
)  # fmt: skip
irfft = ArrayOp(
    "irfft", "The real signal of length n with the frequencies 0 to n // 2; n is 2 (m - 1) for m of them.",
    _transform("irfft", np.fft.irfft),
    _irfft_pullback,
    needs=("",), linear="jointly",
)  # fmt: skip

# ---------------------------------------------------------------------- several axes

Sizes = tuple[int | None, ...] | None
Axes = tuple[int, ...] | None


def _sizes_and_axes(name: str, a: Any, s: Sizes, axes: Axes) -> list[tuple[int | None, int]]:
    """The length and the number of every axis to transform: by default of all, or of as many last ones as sizes.

    A length of -1 is that of the operand.
    """
    if axes is None:
        axes = tuple(range(-(a.ndim if s is None else len(s)), 0))
    if not axes or (s is not None and len(s) != len(axes)):
        raise ValueError(f"{name}: s={s} and axes={axes}: give one size for each of at least one axis")
    sizes = (None,) * len(axes) if s is None else s
    return [(a.shape[axis] if n == -1 else n, axis) for n, axis in zip(sizes, axes, strict=True)]


def fftn(a: Any, s: Sizes = None, axes: Axes = None, norm: str | None = None) -> Any:
    """`fft` along several axes, by default all."""
    for n, axis in reversed(_sizes_and_axes("fftn", a, s, axes)):
        a = fft(a, n=n, axis=axis, norm=norm)
    return a


def ifftn(a: Any, s: Sizes = None, axes: Axes = None, norm: str | None = None) -> Any:
    """`ifft` along several axes, by default all."""
    for n, axis in reversed(_sizes_and_axes("ifftn", a, s, axes)):
        a = ifft(a, n=n, axis=axis, norm=norm)
    return a


def rfftn(a: Any, s: Sizes = None, axes: Axes = None, norm: str | None = None) -> Any:
    """`rfft` along the last of several axes, then `fft` along the others."""
    *others, (n, axis) = _sizes_and_axes("rfftn", a, s, axes)
    a = rfft(a, n=n, axis=axis, norm=norm)
    for n, axis in reversed(others):
        a = fft(a, n=n, axis=axis, norm=norm)
    return a


def irfftn(a: Any, s: Sizes = None, axes: Axes = None, norm: str | None = None) -> Any:
    """`ifft` along all but the last of several axes, then `irfft` along that one."""
    *others, (n, axis) = _sizes_and_axes("irfftn", a, s, axes)
    for size, other in others:
        a = ifft(a, n=size, axis=other, norm=norm)
    return irfft(a, n=n, axis=axis, norm=norm)


def fft2(a: Any, s: Sizes = None, axes: Axes = (-2, -1), norm: str | None = None) -> Any:
    """`fftn` along two axes, by default the last."""
    return fftn(a, s, axes, norm)


def ifft2(a: Any, s: Sizes = None, axes: Axes = (-2, -1), norm: str | None = None) -> Any:
    """`ifftn` along two axes, by default the last."""
    return ifftn(a, s, axes, norm)


def rfft2(a: Any, s: Sizes = None, axes: Axes = (-2, -1), norm: str | None = None) -> Any:
    """`rfftn` along two axes, by default the last."""
    return rfftn(a, s, axes, norm)


def irfft2(a: Any, s: Sizes = None, axes: Axes = (-2, -1), norm: str | None = None) -> Any:
    """`irfftn` along two axes, by default the last."""
    return irfftn(a, s, axes, norm)


def fftshift(a: Any, axes: int | Axes = None) -> Any:
    """The frequency 0 moved from the front to the middle of the axes, by default all."""
    return _shifted(a, axes, 1)


def ifftshift(a: Any, axes: int | Axes = None) -> Any:
    """The frequency 0 moved from the middle back to the front: undoes `fftshift`."""
    return _shifted(a, axes, -1)


def _shifted(a: Any, axes: int | Axes, direction: int) -> Any:
    axes = tuple(range(a.ndim)) if axes is None else axes if isinstance(axes, tuple) else (axes,)
    return roll(a, shift=tuple(direction * (a.shape[i] // 2) for i in axes), axis=axes)
