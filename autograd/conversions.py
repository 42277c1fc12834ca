"""Tensors as plain numbers, as arrays and as text."""

from __future__ import annotations

from typing import Any

import numpy as np

from .dtypes import get_default_dtype
from .graph import CONSTANT, Node
from .inplace import refresh
from .methods import ArrayMethods
from .modes import modes, tracing
from .traced import Traced, refused

__all__ = ["PLAIN_NUMBER", "Conversions"]

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
