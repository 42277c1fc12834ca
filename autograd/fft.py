"""Fourier transforms under the names of `torch.fft`; gradients of complex arrays follow PyTorch's convention.

For a real loss L and a complex z = u + iv the gradient is ∂L/∂u + i ∂L/∂v.
"""

from __future__ import annotations

from typing import Any

from .arrays import fourier as rows
from .arrays.fourier import fftshift, ifftshift
from .functions.checks import as_carrier

__all__ = ["fft", "fft2", "fftn", "fftshift", "ifft", "ifft2", "ifftn", "ifftshift", "irfft", "irfftn", "rfft", "rfftn"]

Sizes = tuple[int, ...] | None


def fft(x: Any, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
    """The discrete Fourier transform along an axis, yₖ = Σⱼ xⱼ e^(-2πi jk/n).

    Args:
        x: real or complex.
        n: how many elements to transform, padded with 0 or cut; all by default.
        dim: the axis.
        norm: "backward" (1/n in the inverse), "ortho" (1/√n in both) or "forward".
    """
    return rows.fft(as_carrier(x, "fft"), n=n, axis=dim, norm=norm)


def ifft(x: Any, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
    """The inverse of `fft`."""
    return rows.ifft(as_carrier(x, "ifft"), n=n, axis=dim, norm=norm)


def rfft(x: Any, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
    """The first half of `fft` of real numbers; the other half is its mirror image."""
    return rows.rfft(as_carrier(x, "rfft"), n=n, axis=dim, norm=norm)


def irfft(x: Any, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
    """The inverse of `rfft`; `n` says how many real numbers there were, an even number by default."""
    return rows.irfft(as_carrier(x, "irfft"), n=n, axis=dim, norm=norm)


def fft2(x: Any, s: Sizes = None, dim: tuple[int, ...] = (-2, -1), norm: str | None = None) -> Any:
    """`fft` along two axes."""
    return rows.fft2(as_carrier(x, "fft2"), s, dim, norm)


def ifft2(x: Any, s: Sizes = None, dim: tuple[int, ...] = (-2, -1), norm: str | None = None) -> Any:
    """The inverse of `fft2`."""
    return rows.ifft2(as_carrier(x, "ifft2"), s, dim, norm)


def fftn(x: Any, s: Sizes = None, dim: tuple[int, ...] | None = None, norm: str | None = None) -> Any:
    """`fft` along several axes, or all."""
    return rows.fftn(as_carrier(x, "fftn"), s, dim, norm)


def ifftn(x: Any, s: Sizes = None, dim: tuple[int, ...] | None = None, norm: str | None = None) -> Any:
    """The inverse of `fftn`."""
    return rows.ifftn(as_carrier(x, "ifftn"), s, dim, norm)


def rfftn(x: Any, s: Sizes = None, dim: tuple[int, ...] | None = None, norm: str | None = None) -> Any:
    """`rfft` along the last of several axes, `fft` along the others."""
    return rows.rfftn(as_carrier(x, "rfftn"), s, dim, norm)


def irfftn(x: Any, s: Sizes = None, dim: tuple[int, ...] | None = None, norm: str | None = None) -> Any:
    """The inverse of `rfftn`."""
    return rows.irfftn(as_carrier(x, "irfftn"), s, dim, norm)
