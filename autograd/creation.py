"""Tensors from numbers, shapes and chance, under PyTorch's names."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from . import tensor_methods  # noqa: F401 - gives tensors their rows
from .conversions import as_array
from .dtypes import as_dtype, get_default_dtype
from .functions.checks import ints
from .modes import modes
from .tensor import Tensor, wrap
from .traced import refused

__all__ = [
    "arange",
    "as_tensor",
    "empty",
    "empty_like",
    "eye",
    "from_numpy",
    "full",
    "full_like",
    "get_rng_state",
    "linspace",
    "manual_seed",
    "ones",
    "ones_like",
    "rand",
    "rand_like",
    "randint",
    "randn",
    "randn_like",
    "randperm",
    "set_rng_state",
    "tensor",
    "zeros",
    "zeros_like",
]

generator = np.random.default_rng()


def manual_seed(seed: int) -> None:
    """Make the random numbers of this package the same on every run.

    >>> import autograd
    >>> autograd.manual_seed(0)
    >>> a = autograd.rand(3)
    >>> autograd.manual_seed(0)
    >>> (a == autograd.rand(3)).all()
    tensor(True)
    """
    generator.bit_generator.state = np.random.default_rng(seed).bit_generator.state


def get_rng_state() -> dict[str, Any]:
    """The state of the generator that draws random tensors, to go on from there later."""
    return copy.deepcopy(dict(generator.bit_generator.state))


def set_rng_state(state: dict[str, Any]) -> None:
    """Go on drawing from a state that `get_rng_state` gave.

    >>> import autograd
    >>> state = autograd.get_rng_state()
    >>> x = autograd.rand(2)
    >>> autograd.set_rng_state(state)
    >>> bool((autograd.rand(2) == x).all())
    True
    """
    generator.bit_generator.state = copy.deepcopy(state)


def _chance(name: str) -> np.random.Generator:
    """The generator, unless a program is traced, in which what it draws would stay the same forever."""
    if modes.watched and modes.recorder.get() is not None:
        raise refused(f"{name}: random numbers would be drawn only once")
    return generator


def _made(array: np.ndarray[Any, Any], dtype: Any, requires_grad: bool) -> Tensor:
    """An array of our own as a tensor."""
    array = array.astype(get_default_dtype() if dtype is None else as_dtype(dtype), copy=False)
    if modes.watched and (recorder := modes.recorder.get()) is not None:  # a new one at every call of the program
        array = recorder.call(np.copy, (array,), {}, "copy")
    made = wrap(array)
    return made.requires_grad_() if requires_grad else made


def tensor(data: Any, *, dtype: Any = None, requires_grad: bool = False, device: str = "cpu") -> Tensor:
    """A new leaf with a copy of these numbers: a number, nested lists, an array.

    >>> import autograd
    >>> autograd.tensor([[1, 2], [3, 4]])
    tensor([[1, 2],
            [3, 4]])
    """
    if device != "cpu":
        raise ValueError(f"tensor: there is no device {device!r} here, only 'cpu'")
    return Tensor(data, requires_grad, dtype=dtype)


def as_tensor(data: Any, dtype: Any = None) -> Tensor:
    """A tensor as it is, an array in the same memory, other numbers copied."""
    if isinstance(data, Tensor):
        return data if dtype is None else data.to(dtype)
    return wrap(as_array(data, dtype))


def from_numpy(array: np.ndarray[Any, Any]) -> Tensor:
    """A tensor in the memory of an array: what changes one, changes the other."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"from_numpy: takes a NumPy array, got {array!r}, a {type(array).__name__}")
    return wrap(as_array(array))


def zeros(*size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of this shape, full of 0."""
    return _made(np.zeros(_shape(size, "zeros"), dtype and as_dtype(dtype)), dtype, requires_grad)


def ones(*size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of this shape, full of 1."""
    return _made(np.ones(_shape(size, "ones"), dtype and as_dtype(dtype)), dtype, requires_grad)


def full(size: Any, fill_value: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of this shape, full of one number, which decides the dtype."""
    if dtype is None:
        dtype = as_array(fill_value).dtype
    return _made(np.full(_shape((size,), "full"), fill_value), dtype, requires_grad)


def empty(*size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of this shape with whatever numbers lie there."""
    kind = get_default_dtype() if dtype is None else as_dtype(dtype)
    return _made(np.empty(_shape(size, "empty"), kind), dtype, requires_grad)


def eye(n: int, m: int | None = None, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """The identity: n rows, and m columns if they are not as many."""
    return _made(np.eye(_shape((n,), "eye")[0], m), dtype, requires_grad)


def arange(start: Any, end: Any = None, step: Any = 1, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """The numbers from `start` (or 0) to before `end`, `step` apart; integers if these are."""
    if end is None:
        start, end = 0, start
    if step == 0:
        raise ValueError("arange: step must not be 0")
    if dtype is None and all(isinstance(x, (int, np.integer)) for x in (start, end, step)):
        dtype = np.int64
    return _made(np.arange(start, end, step), dtype, requires_grad)


def linspace(start: float, end: float, steps: int, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """`steps` numbers from `start` to `end`, both included, at equal distances."""
    return _made(np.linspace(start, end, _shape((steps,), "linspace")[0]), dtype, requires_grad)


def rand(*size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Random numbers, evenly spread between 0 and 1."""
    return _made(_chance("rand").random(_shape(size, "rand")), dtype, requires_grad)


def randn(*size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Random numbers from the normal distribution with mean 0 and variance 1."""
    return _made(_chance("randn").standard_normal(_shape(size, "randn")), dtype, requires_grad)


def randint(low: int, high: Any, size: Any = None, *, dtype: Any = np.int64) -> Tensor:
    """Random integers from `low` (or 0) to before `high`."""
    if size is None:
        low, high, size = 0, low, high
    if not low < high:
        raise ValueError(f"randint: there is no integer from {low} to before {high}")
    return _made(_chance("randint").integers(low, high, _shape((size,), "randint")), dtype, False)


def randperm(n: int) -> Tensor:
    """The integers from 0 to n - 1 in random order."""
    return _made(_chance("randperm").permutation(*_shape((n,), "randperm")), np.int64, False)


def _shape(size: tuple[Any, ...], name: str) -> tuple[int, ...]:
    shape = ints(size, name)
    if any(n < 0 for n in shape):
        raise ValueError(f"{name}: sizes must not be negative, got {shape}")
    return shape


def _dtype_of(like: Any, dtype: Any) -> Any:
    return like.dtype if dtype is None else dtype


def zeros_like(like: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """As `zeros`, in the shape and dtype of another tensor."""
    return zeros(like.shape, dtype=_dtype_of(like, dtype), requires_grad=requires_grad)


def ones_like(like: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """As `ones`, in the shape and dtype of another tensor."""
    return ones(like.shape, dtype=_dtype_of(like, dtype), requires_grad=requires_grad)


def full_like(like: Any, fill_value: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """As `full`, in the shape and dtype of another tensor."""
    return full(like.shape, fill_value, dtype=_dtype_of(like, dtype), requires_grad=requires_grad)


def empty_like(like: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """As `empty`, in the shape and dtype of another tensor."""
    return empty(like.shape, dtype=_dtype_of(like, dtype), requires_grad=requires_grad)


def rand_like(like: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """As `rand`, in the shape and dtype of another tensor."""
    return rand(like.shape, dtype=_dtype_of(like, dtype), requires_grad=requires_grad)


def randn_like(like: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """As `randn`, in the shape and dtype of another tensor."""
    return randn(like.shape, dtype=_dtype_of(like, dtype), requires_grad=requires_grad)
