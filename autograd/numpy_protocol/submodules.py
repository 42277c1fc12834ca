"""What stands for the functions of `np.linalg` and `np.fft`."""

from __future__ import annotations

from collections import namedtuple
from functools import reduce
from typing import Any

import numpy as np

from ..arrays import fourier, linear_algebra as linear, norms
from ..arrays.reductions import plain, sum_
from ..functions import multiplying
from ..functions.checks import as_carrier, constant_like
from .arguments import conjugated
from .protocol import FUNCTIONS, covers, uncovered

__all__: list[str] = []

EighResult = namedtuple("EighResult", "eigenvalues eigenvectors")
SVDResult = namedtuple("SVDResult", "U S Vh")
QRResult = namedtuple("QRResult", "Q R")
SlogdetResult = namedtuple("SlogdetResult", "sign logabsdet")

FUNCTIONS[np.linalg.inv] = linear.inv
FUNCTIONS[np.linalg.det] = linear.det
FUNCTIONS[np.linalg.matrix_power] = linear.matrix_power
FUNCTIONS[np.linalg.matmul] = multiplying.matmul
FUNCTIONS[np.linalg.matrix_transpose] = lambda x, /: x.mT
FUNCTIONS[np.linalg.trace] = lambda x, /, *, offset=0: linear.trace(x, offset, -2, -1)
FUNCTIONS[np.linalg.diagonal] = lambda x, /, *, offset=0: linear.diagonal(x, offset=offset, axis1=-2, axis2=-1)
FUNCTIONS[np.linalg.tensordot] = lambda x1, x2, /, *, axes=2: multiplying.tensordot(x1, x2, axes)
FUNCTIONS[np.linalg.multi_dot] = lambda arrays, *, out=None: reduce(multiplying.matmul, arrays)
FUNCTIONS[np.linalg.outer] = lambda x1, x2, /: np.multiply.outer(x1, x2)
FUNCTIONS[np.linalg.cross] = lambda x1, x2, /, *, axis=-1: np.cross(x1, x2, axis=axis)
FUNCTIONS[np.linalg.slogdet] = lambda a: SlogdetResult(*linear.slogdet(a))
FUNCTIONS[np.linalg.svdvals] = lambda x, /: linear.svdvals(x)


@covers(np.linalg.solve)
def _solve(a: Any, b: Any) -> Any:
    return linear.solve(as_carrier(a, "np.linalg.solve"), as_carrier(b, "np.linalg.solve"))


@covers(np.linalg.vecdot)
def _vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    products = conjugated(x1, "np.linalg.vecdot") * as_carrier(x2, "np.linalg.vecdot")
    return sum_(products, axis=axis)


@covers(np.linalg.cholesky)
def _cholesky(a: Any, /, *, upper: bool = False) -> Any:
    lower = linear.cholesky(a)
    return lower.mT if upper else lower


@covers(np.linalg.eigh)
def _eigh(a: Any, UPLO: str = "L") -> Any:
    return EighResult(*linear.eigh(a if UPLO.upper() == "L" else a.mT))


@covers(np.linalg.eigvalsh)
def _eigvalsh(a: Any, UPLO: str = "L") -> Any:
    return linear.eigvalsh(a if UPLO.upper() == "L" else a.mT)


@covers(np.linalg.svd)
def _svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    if hermitian:
        raise uncovered("np.linalg.svd(hermitian=True)", {})
    return SVDResult(*linear.svd(a, full_matrices)) if compute_uv else linear.svdvals(a)


@covers(np.linalg.qr)
def _qr(a: Any, mode: str = "reduced") -> Any:
    if mode not in ("reduced", "r"):
        raise uncovered(f"np.linalg.qr(mode={mode!r})", {})
    q, r = linear.qr(a)
    return QRResult(q, r) if mode == "reduced" else r


@covers(np.linalg.pinv)
def _pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    return linear.pinv(a, rcond=rcond if rtol is None else rtol)


@covers(np.linalg.norm)
def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:  # noqa: A002
    return norms.norm(x, ord, axis, keepdims)


@covers(np.linalg.vector_norm)
def _vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:  # noqa: A002
    return norms.vector_norm(x, ord, axis, keepdims)


@covers(np.linalg.matrix_norm)
def _matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:  # noqa: A002
    return norms.matrix_norm(x, ord, (-2, -1), keepdims)


# ---------------------------------------------------------------------- np.fft


def _along_one(row: Any) -> Any:
    return lambda a, n=None, axis=-1, norm=None, out=None: row(a, n=n, axis=axis, norm=norm)


def _along_several(transform: Any, axes: Any) -> Any:
    return lambda a, s=None, axes=axes, norm=None, out=None: transform(a, s, axes, norm)


for _name in ("fft", "ifft", "rfft", "irfft"):
    FUNCTIONS[getattr(np.fft, _name)] = _along_one(getattr(fourier, _name))
    FUNCTIONS[getattr(np.fft, f"{_name}n")] = _along_several(getattr(fourier, f"{_name}n"), None)
    FUNCTIONS[getattr(np.fft, f"{_name}2")] = _along_several(getattr(fourier, f"{_name}2"), (-2, -1))
FUNCTIONS[np.fft.fftshift] = lambda x, axes=None: fourier.fftshift(x, axes)
FUNCTIONS[np.fft.ifftshift] = lambda x, axes=None: fourier.ifftshift(x, axes)
FUNCTIONS[np.real] = lambda val: fourier.real_part(val) if val.dtype.kind == "c" else val
FUNCTIONS[np.imag] = lambda val: (
    fourier.imag_part(val) if val.dtype.kind == "c" else constant_like(val, np.zeros_like(plain(val)))
)
FUNCTIONS[np.angle] = lambda z, deg=False: (
    np.arctan2(fourier.imag_part(z), fourier.real_part(z)) * (180 / np.pi if deg else 1.0)
)
