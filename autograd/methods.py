"""The methods of everything that holds an array: PyTorch's names and arguments, and NumPy's keywords.

`x.sum(dim=0, keepdim=True)` and `x.sum(axis=0, keepdims=True)` are the same.  Where the two libraries
differ, the keyword decides: `x.std(dim=0)` divides by n - 1 as PyTorch does, `x.std(axis=0)` by n as
NumPy does; `x.max(dim=0)` gives values and indices, `x.max(axis=0)` values.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from .arrays.reductions import plain
from .arrays.shapes import astype, getitem
from .dtypes import as_dtype
from .functions import multiplying, reducing, selecting, shaping
from .traced import Traced, array_of

__all__ = ["ArrayMethods", "plain_index"]


def plain_index(index: Any) -> Any:
    """An index as NumPy takes it: tensors of integers or of truth values become arrays."""
    if isinstance(index, tuple):
        return tuple([plain_index(i) if not isinstance(i, (int, slice)) else i for i in index])
    if isinstance(index, list):
        return np.asarray([plain_index(i) for i in index], dtype=None if index else np.intp)
    if hasattr(type(index), "__apply_array__"):
        index = plain(index)
        return index.copy() if index.ndim or index.dtype == bool or type(index) is Traced else int(index)
    return index.copy() if isinstance(index, np.ndarray) else index  # the backward pass will need it as it is now


def _shown(index: Any) -> str:
    """An index in few words: of an array, its shape."""
    if isinstance(index, tuple):
        return f"({', '.join(map(_shown, index))})"
    return f"array of shape {index.shape}" if isinstance(index, np.ndarray) else repr(index)


def _either(function: Callable[..., Any]) -> Callable[..., Any]:
    """A method that takes PyTorch's `dim` and `keepdim`, or NumPy's `axis` and `keepdims`."""

    @wraps(function)
    def method(self: Any, *arguments: Any, **keywords: Any) -> Any:
        if not keywords:
            return function(self, *arguments)
        if "axis" in keywords:
            keywords["dim"] = keywords.pop("axis")
        if "keepdims" in keywords:
            keywords["keepdim"] = keywords.pop("keepdims")
        return function(self, *arguments, **keywords)

    method.__name__ = function.__name__.rstrip("_")
    return method


def _spread(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same for a spread, whose correction is 1 in PyTorch and 0 in NumPy."""

    @wraps(function)
    def method(self: Any, dim: Any = None, unbiased: bool = True, keepdim: bool = False, **keywords: Any) -> Any:
        numpy = keywords.keys() & {"axis", "keepdims", "ddof"}
        correction = keywords.pop("ddof", keywords.pop("correction", 0 if numpy else int(unbiased)))
        dim, keepdim = keywords.pop("axis", dim), keywords.pop("keepdims", keepdim)
        if keywords:
            raise TypeError(f"{function.__name__}: unknown arguments {', '.join(keywords)}")
        return function(self, dim, correction, keepdim)

    return method


def _extreme(function: Callable[..., Any], reduce: Callable[..., Any]) -> Callable[..., Any]:
    """The same for an extreme, which has indices with `dim` and none with `axis`."""

    @wraps(function)
    def method(self: Any, dim: Any = None, keepdim: bool = False, **keywords: Any) -> Any:
        if isinstance(dim, ArrayMethods):  # x.max(y), element by element
            return (self.maximum if function is reducing.max_ else self.minimum)(dim)
        if keywords:
            return reduce(self, keywords.pop("axis", None), keywords.pop("keepdims", False), **keywords)
        return function(self, dim, keepdim)

    return method


class ArrayMethods:
    """Methods and properties in terms of functions that read the class's rows; it has `_data` and rows."""

    __slots__ = ()

    _data: Any

    def _constant_like(self, array: np.ndarray[Any, Any]) -> Any:
        raise NotImplementedError(f"{type(self).__name__}: must define how it makes a constant")

    # ------------------------------------------------------------------ what kind of array it is

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of every axis."""
        return self._data.shape  # type: ignore[no-any-return]

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self._data.ndim  # type: ignore[no-any-return]

    @property
    def size(self) -> Any:
        """The number of elements; called, as `x.size()` or `x.size(0)`, the shape, as in PyTorch."""
        return _Size(self._data.size, self._data.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The kind of its numbers."""
        return self._data.dtype  # type: ignore[no-any-return]

    def numel(self) -> int:
        """The number of elements."""
        return int(self._data.size)

    def dim(self) -> int:
        """The number of axes."""
        return int(self._data.ndim)

    def is_floating_point(self) -> bool:
        """Whether the numbers are floating."""
        return bool(self._data.dtype.kind == "f")

    @property
    def device(self) -> str:
        """Where the numbers are: always the main memory."""
        return "cpu"

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError("len: a 0-d tensor has no length")
        return self.shape[0]

    def __iter__(self) -> Any:
        if not self.ndim:
            raise TypeError("iter: a 0-d tensor has no elements: write x.item()")
        return (self[i] for i in range(self.shape[0]))

    def __getitem__(self, index: Any) -> Any:
        index = plain_index(index)
        try:
            return getitem(self, index=index)
        except IndexError as error:
            raise IndexError(f"index {_shown(index)} does not fit into shape {self.shape}: {error}") from None

    # ------------------------------------------------------------------ conversions

    def to(self, *target: Any, dtype: Any = None, device: Any = None, copy: bool = False) -> Any:
        """The same numbers in another dtype; the only device is "cpu"."""
        for t in (*target, device):
            if t is None or t == "cpu":
                continue
            if isinstance(t, str) and t.split(":")[0] in ("cuda", "mps", "xpu", "meta"):
                raise ValueError(f"to: there is no device {t!r} here, only 'cpu'")
            dtype = t.dtype if isinstance(t, ArrayMethods) else t
        if dtype is None or (as_dtype(dtype) == self.dtype and not copy):
            return self
        return astype(self, dtype=as_dtype(dtype))

    def type(self, dtype: Any = None) -> Any:
        """The name of the dtype; or the same numbers in another one."""
        return str(self.dtype) if dtype is None else self.to(dtype)

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        """The same numbers in another dtype, under NumPy's name."""
        return astype(self, dtype=np.dtype(dtype)) if copy or np.dtype(dtype) != self.dtype else self

    def type_as(self, other: Any) -> Any:
        """The same numbers in the dtype of another tensor."""
        return self.to(other.dtype)

    def half(self) -> Any:
        return self.to(np.float16)

    def float(self) -> Any:
        return self.to(np.float32)

    def double(self) -> Any:
        return self.to(np.float64)

    def int(self) -> Any:
        return self.to(np.int32)

    def long(self) -> Any:
        return self.to(np.int64)

    def bool(self) -> Any:
        return self.to(np.bool_)

    def cpu(self) -> Any:
        return self

    def contiguous(self) -> Any:
        """The same numbers, laid out row by row."""
        return self if plain(self).flags.c_contiguous else self.clone()

    def clone(self) -> Any:
        """The same numbers in memory of their own; the gradient passes through."""
        return astype(self, dtype=self.dtype)

    copy = clone

    # ------------------------------------------------------------------ shapes

    @property
    def T(self) -> Any:  # noqa: N802 - the name in NumPy and in PyTorch
        """All axes in reverse order."""
        return shaping.permute(self, *reversed(range(self.ndim)))

    @property
    def mT(self) -> Any:  # noqa: N802
        """The last two axes exchanged: every matrix transposed."""
        if self.ndim < 2:
            raise ValueError(f"mT: needs at least two axes, got shape {self.shape}")
        return shaping.transpose(self, -1, -2)

    def t(self) -> Any:
        """The matrix transposed."""
        if self.ndim > 2:
            raise ValueError(f"t: needs at most two axes, got shape {self.shape}: write x.mT or x.transpose(i, j)")
        return self.T

    def transpose(self, *dims: Any, axes: Any = None) -> Any:
        """Two axes exchanged, as in PyTorch; with all axes, or none, the order of them, as in NumPy."""
        given = dims[0] if len(dims) == 1 and dims[0] is not None else dims if axes is None else axes
        given = () if given == (None,) else tuple(given)
        if not given:
            return self.T
        return shaping.transpose(self, *given) if len(given) == 2 else shaping.permute(self, *given)

    def ravel(self) -> Any:
        """The elements in a row."""
        return shaping.reshape(self, -1)

    def view_as(self, other: Any) -> Any:
        return shaping.reshape(self, *other.shape)

    reshape_as = view_as

    def expand_as(self, other: Any) -> Any:
        return shaping.expand(self, *other.shape)

    reshape = view = shaping.reshape
    flatten = shaping.flatten
    squeeze = _either(shaping.squeeze)
    unsqueeze = _either(shaping.unsqueeze)
    permute = shaping.permute
    swapaxes = shaping.transpose
    movedim = shaping.movedim
    expand = broadcast_to = shaping.expand
    tile, repeat = shaping.tile, shaping.repeat
    flip, roll = shaping.flip, shaping.roll
    tril, triu = shaping.tril, shaping.triu
    diag, diagonal, trace = shaping.diag, shaping.diagonal, shaping.trace
    split, chunk, unbind = shaping.split, shaping.chunk, shaping.unbind

    # ------------------------------------------------------------------ reductions

    sum, mean, prod = _either(reducing.sum_), _either(reducing.mean), _either(reducing.prod)
    var, std = _spread(reducing.var), _spread(reducing.std)
    amax, amin = _either(reducing.amax), _either(reducing.amin)
    max, min = _extreme(reducing.max_, reducing.amax), _extreme(reducing.min_, reducing.amin)
    argmax, argmin = _either(reducing.argmax), _either(reducing.argmin)
    all, any = _either(reducing.all_), _either(reducing.any_)
    cumsum, cumprod = _either(reducing.cumsum), _either(reducing.cumprod)
    logsumexp = _either(reducing.logsumexp)
    softmax, log_softmax = _either(reducing.softmax), _either(reducing.log_softmax)
    norm = _either(reducing.norm)

    # ------------------------------------------------------------------ elements by index, order, condition

    masked_fill, masked_select = selecting.masked_fill, selecting.masked_select
    gather, index_select, take_along_dim = selecting.gather, selecting.index_select, selecting.take_along_dim
    scatter, scatter_add = selecting.scatter, selecting.scatter_add
    sort, argsort, topk = _either(selecting.sort), _either(selecting.argsort), _either(selecting.topk)
    nonzero = selecting.nonzero

    # ------------------------------------------------------------------ products

    matmul = __matmul__ = dot = multiplying.matmul
    mm, mv, bmm, outer = multiplying.mm, multiplying.mv, multiplying.bmm, multiplying.outer

    def __rmatmul__(self, other: Any) -> Any:
        return multiplying.matmul(other, self)

    # ------------------------------------------------------------------ truth values

    def __invert__(self) -> Any:
        return self._constant_like(array_of(np.invert(plain(self))))

    def __and__(self, other: Any) -> Any:
        return self._constant_like(array_of(plain(self) & plain(other)))

    def __or__(self, other: Any) -> Any:
        return self._constant_like(array_of(plain(self) | plain(other)))

    def __xor__(self, other: Any) -> Any:
        return self._constant_like(array_of(plain(self) ^ plain(other)))

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def isnan(self) -> Any:
        return self._constant_like(array_of(np.isnan(plain(self))))

    def isinf(self) -> Any:
        return self._constant_like(array_of(np.isinf(plain(self))))

    def isfinite(self) -> Any:
        return self._constant_like(array_of(np.isfinite(plain(self))))


class _Size(int):
    """A number of elements that, called, is the shape: NumPy's `x.size` and PyTorch's `x.size()` in one."""

    shape: tuple[int, ...]

    def __new__(cls, number: int, shape: tuple[int, ...]) -> _Size:
        size = super().__new__(cls, number)
        size.shape = shape
        return size

    def __call__(self, dim: int | None = None) -> Any:
        return self.shape if dim is None else self.shape[dim]
