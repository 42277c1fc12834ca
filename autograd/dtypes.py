"""Kinds of numbers under PyTorch's names, and which one a mixture of them gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["DTYPES", "as_dtype", "get_default_dtype", "promoted", "set_default_dtype"]

DTYPES: dict[str, np.dtype[Any]] = {
    name: np.dtype(kind)
    for name, kind in {
        "float16": np.float16, "half": np.float16,
        "float32": np.float32, "float": np.float32,
        "float64": np.float64, "double": np.float64,
        "complex64": np.complex64, "complex128": np.complex128,
        "uint8": np.uint8, "int8": np.int8,
        "int16": np.int16, "short": np.int16,
        "int32": np.int32, "int": np.int32,
        "int64": np.int64, "long": np.int64,
        "bool": np.bool_,
    }.items()
}  # fmt: skip
"""What `autograd.float32`, `autograd.long` and the others are."""

_default = np.dtype(np.float32)


def get_default_dtype() -> np.dtype[Any]:
    """The dtype of tensors made from Python floats."""
    return _default


def set_default_dtype(dtype: Any) -> None:
    """Choose the dtype of tensors made from Python floats; it is float32 at first, as in PyTorch.

    >>> import autograd
    >>> autograd.set_default_dtype(autograd.float64)
    >>> autograd.tensor([1.5]).dtype
    dtype('float64')
    >>> autograd.set_default_dtype(autograd.float32)
    """
    global _default
    chosen = as_dtype(dtype)
    if chosen.kind != "f":
        raise TypeError(f"set_default_dtype: must be a floating-point dtype, got {chosen}")
    _default = chosen


def as_dtype(dtype: Any) -> np.dtype[Any]:
    """A dtype from NumPy's or PyTorch's name for it, or from a Python type: `float` is the default dtype."""
    if dtype is float:
        return _default
    if isinstance(dtype, str):
        name = dtype.removeprefix("torch.")
        if name in DTYPES:
            return DTYPES[name]
    try:
        found: np.dtype[Any] | None = None if dtype is None else np.dtype(dtype)
    except TypeError:
        found = None
    if found is not None and found in DTYPES.values():
        return found
    raise TypeError(f"dtype: must be one of {', '.join(DTYPES)}, got {dtype!r}")


def promoted(operands: Sequence[Any], *, floating: bool) -> list[Any]:
    """Arrays and numbers in the dtype in which PyTorch would compute with them.

    Floats win over integers and integers over truth values, whatever their widths.  Among equals an array
    wins over a 0-d array, and that over a Python number.  Where the result must be floating (a quotient,
    an exponential), integers become the default dtype.
    """
    arrays = [x for x in operands if isinstance(x, np.ndarray)]
    target = _common([x.dtype for x in arrays if x.ndim])
    for weaker in (
        _common([x.dtype for x in arrays if not x.ndim]),
        _common([_of_number(x) for x in operands if not isinstance(x, np.ndarray)]),
    ):
        if weaker is not None and (target is None or _category(weaker) > _category(target)):
            target = weaker
    if target is None or (floating and _category(target) < _category(_default)):
        target = _default
    return [x.astype(target, copy=False) if isinstance(x, np.ndarray) else np.asarray(x, target) for x in operands]


def _category(dtype: np.dtype[Any]) -> int:
    return ["b", "iu", "f", "c"].index("iu" if dtype.kind in "iu" else dtype.kind)


def _common(dtypes: list[np.dtype[Any]]) -> np.dtype[Any] | None:
    """The dtype for several of equal rights: that of the highest category."""
    highest = max(map(_category, dtypes), default=0)
    chosen = [dtype for dtype in dtypes if _category(dtype) == highest]
    return np.result_type(*chosen) if chosen else None


def _of_number(x: Any) -> np.dtype[Any]:
    """The dtype that a Python number has by itself."""
    if isinstance(x, bool):
        return DTYPES["bool"]
    return DTYPES["int64"] if isinstance(x, int) else DTYPES["complex128"] if isinstance(x, complex) else _default
