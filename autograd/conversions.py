"""Tensors as plain numbers, as arrays and as text; and whatever stands for numbers as an array."""

from __future__ import annotations

from typing import Any

import numpy as np

from .arrays.reductions import plain
from .dtypes import as_dtype, get_default_dtype
from .functions.checks import refuse_masked
from .graph import CONSTANT, Node
from .inplace import refresh
from .methods import ArrayMethods
from .modes import modes, tracing
from .traced import Traced, refused

__all__ = ["PLAIN_NUMBER", "Conversions", "as_array", "as_given"]

PLAIN_NUMBER = (
    "float: inside a transform a plain number would lose its derivative: use NumPy's functions instead of math's, "
    "np.stack instead of writing into an array, or x.item() if the number is all that is wanted"
)
SELF_EVIDENT = frozenset(map(np.dtype, (np.int64, np.bool_)))


class Conversions(ArrayMethods, Node):
    """What makes something else of a tensor's numbers."""

    __slots__ = ()

    requires_grad: bool

    def numpy(self, *, force: bool = False) -> np.ndarray[Any, Any]:
        """The numbers as a NumPy array in the same memory.

        Args:
            force: also those of a tensor that requires a gradient.  No graph follows what is done with the array:
                call `increment_version` after a change to it.

        Raises:
            RuntimeError: the tensor requires a gradient, and `force` is not given.
        """
        if not force and self.requires_grad:
            raise RuntimeError("numpy: this tensor requires a gradient, an array has none: write x.detach().numpy()")
        if type(self._data) is Traced:
            raise refused("numpy: an array has numbers")
        return self._read()  # type: ignore[no-any-return]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def item(self) -> Any:
        """The only element, as a Python number."""
        if self._data.size != 1:
            raise ValueError(f"item: the tensor has shape {self.shape}: only one element is a number; see tolist()")
        return self._read().item()

    def tolist(self) -> Any:
        """The numbers as nested lists."""
        return self._read().tolist()

    def _read(self) -> Any:
        """The array, for those who want its numbers: a program that is traced meanwhile holds as long as they do."""
        if modes.watched and type(self._data) is not Traced and (recorder := modes.recorder.get()) is not None:
            recorder.rely_on(self)
        return self._data

    def __float__(self) -> float:
        if tracing.get() and self.requires_grad:
            raise TypeError(PLAIN_NUMBER)
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    __trunc__ = __int__

    def __index__(self) -> int:
        if self._data.dtype.kind not in "iu":
            raise TypeError(f"index: only a tensor of one integer is an index, this is {self._data.dtype}")
        return int(self.item())

    def __bool__(self) -> bool:
        if self._data.size != 1:
            raise ValueError(
                f"bool: a tensor of shape {self.shape} is neither true nor false: write x.any() or x.all(), "
                "or autograd.where(x, a, b) to choose element by element"
            )
        return bool(self._read())

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else str(self)

    def __repr__(self) -> str:
        refresh(self)
        if type(self._data) is Traced:
            return f"tensor({self._data!r})"
        numbers = np.array2string(self._data, separator=", ", prefix="tensor(")
        parts = [numbers]
        if self._data.dtype not in SELF_EVIDENT and self._data.dtype != get_default_dtype():
            parts.append(f"dtype={self._data.dtype}")
        if self.op is not None:
            parts.append(f"op=<{self.op.name}>")
        elif self._rule is not CONSTANT:
            parts.append("requires_grad=True")
        if self.name is not None:
            parts.append(f"name={self.name!r}")
        return f"tensor({', '.join(parts)})"


# ---------------------------------------------------------------------- from numbers to arrays


def as_array(data: Any, dtype: Any = None) -> np.ndarray[Any, Any]:
    """Numbers as an array of one of the dtypes; anything else is an error that says what to write."""
    wanted = None if dtype is None else as_dtype(dtype)
    array: np.ndarray[Any, Any]
    if isinstance(data, Conversions):
        array = plain(data)
    elif isinstance(data, np.ndarray):
        refuse_masked("tensor", (type(data),))
        array = data
    else:
        array = _from_python(data)
        if wanted is None and array.dtype == np.float64 and not isinstance(data, np.generic):
            wanted = get_default_dtype()
    if array.dtype.kind not in "biufc":
        hint = "give numbers"
        if array.dtype.kind == "O":
            hint = "give numbers; a list of tensors is joined by autograd.stack"
        raise TypeError(f"tensor: cannot hold {_brief(data)}, whose elements are {array.dtype}: {hint}")
    return array if wanted is None else array.astype(wanted, copy=False)


def _from_python(data: Any) -> np.ndarray[Any, Any]:
    if isinstance(data, (str, bytes)) or data is None:
        raise TypeError(f"tensor: must be numbers, got {data!r}, a {type(data).__name__}")
    if isinstance(data, (list, tuple)) and any(isinstance(x, Node) for x in data):
        if all(isinstance(x, Conversions) and not x.requires_grad for x in data):
            return np.stack([plain(x) for x in data])
        raise TypeError("tensor: a list of nodes would lose their graph: join them by autograd.stack(list)")
    if isinstance(data, Node):
        raise TypeError(f"tensor: got {data!r}, a node: write v.data for its number")
    try:
        return np.asarray(data)
    except ValueError as error:
        raise ValueError(f"tensor: the lists are ragged, rows must have equal lengths: {error}") from None


def as_given(data: Any) -> np.ndarray[Any, Any]:
    """The same, where Python's numbers keep all their digits, and complex ones are told from real ones."""
    return as_array(data if isinstance(data, np.ndarray) else _from_python(data))


def _brief(data: Any) -> str:
    text = repr(data)
    return text if len(text) <= 60 else text[:57] + "..."
