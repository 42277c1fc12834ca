"""What oneDNN is told about NumPy's arrays, and computations on them that begin and end in the arrays' own layouts."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from math import isfinite, prod
from typing import Any, NamedTuple

import numpy as np

from .loading import Refused, check, functions

__all__ = [
    "FLOAT32",
    "TRAINING",
    "Computation",
    "Handle",
    "Layout",
    "array_and_layout",
    "attributes",
    "axis_numbers",
    "engine",
    "finite",
    "images",
    "made",
    "operand_descriptor",
]

Array = np.ndarray[Any, Any]
Sizes = tuple[int, ...]

FLOAT32 = np.dtype(np.float32)
MOST_AXES = 12
LINE = 64
"""Bytes of a cache line: vectors that lie across two of them are slower to read."""

# Numbers of the enumerations in `dnnl_types.h`.
TRAINING = 64
CPU, TYPE_FLOAT32, ANY_LAYOUT, IN_ORDER, BY_CALLER = 1, 3, 1, 1, 1
FROM, TO, SCRATCHPAD = 1, 17, 80
IMPLEMENTATION, SCRATCHPAD_DESCRIPTOR, OPERAND_DESCRIPTOR = 8, 136, 255

# ---------------------------------------------------------------------- what oneDNN makes


class Handle:
    """Something that oneDNN made, which is destroyed when nobody holds it any more."""

    __slots__ = ("_destroy", "pointer")

    def __init__(self, pointer: int, destroy: Callable[[int], int]) -> None:
        self.pointer, self._destroy = pointer, destroy

    def __del__(self) -> None:
        self._destroy(self.pointer)


def made(kind: str, create: str, *arguments: Any) -> Handle:
    """What a function of oneDNN makes.

    Raises:
        Refused: it does not make that.
    """
    pointer = ctypes.c_void_p()
    check(getattr(functions(), f"dnnl_{create}")(ctypes.byref(pointer), *arguments))
    assert pointer.value
    return Handle(pointer.value, getattr(functions(), f"dnnl_{kind}_destroy"))


@cache
def engine() -> int:
    """The CPU, which is never destroyed."""
    pointer = ctypes.c_void_p()
    check(functions().dnnl_engine_create(ctypes.byref(pointer), CPU, 0))
    assert pointer.value
    return pointer.value


def axis_numbers(numbers: Sequence[int]) -> Any:
    """Numbers, one for each axis, as oneDNN reads them."""
    return (ctypes.c_int64 * MOST_AXES)(*numbers)


# ---------------------------------------------------------------------- how arrays lie in memory


class Layout(NamedTuple):
    """A shape, and how many numbers apart neighbours along each axis are in memory."""

    shape: Sizes
    strides: Sizes

    @classmethod
    def channels_last(cls, shape: Sizes) -> Layout:
        """That of images which lie in memory as (N, *spatial, C)."""
        _, channels, *spatial = shape
        spatial_strides = [channels * prod(spatial[i + 1 :]) for i in range(len(spatial))]
        return cls(shape, (channels * prod(spatial), 1, *spatial_strides))

    def in_groups(self, groups: int) -> Layout:
        """The same memory with the first axis cut into groups, which come before it."""
        per_group = self.shape[0] // groups
        return Layout((groups, per_group, *self.shape[1:]), (self.strides[0] * per_group, *self.strides))

    def descriptor(self, *, anyhow: bool = False) -> Handle:
        """The same for oneDNN, which may choose the strides itself if the numbers may lie anyhow."""
        shape = len(self.shape), axis_numbers(self.shape), TYPE_FLOAT32
        if anyhow:
            return made("memory_desc", "memory_desc_create_with_tag", *shape, ANY_LAYOUT)
        return made("memory_desc", "memory_desc_create_with_strides", *shape, axis_numbers(self.strides))


def images(shape: Sizes) -> Array:
    """Memory for images, channels last."""
    batch, channels, *size = shape
    axes = range(1, len(size) + 1)
    return np.empty((batch, *size, channels), FLOAT32).transpose(0, len(shape) - 1, *axes)


def finite(a: Array) -> bool:
    """Whether there is no nan and no infinity; large numbers whose sum overflows count as infinite."""
    with np.errstate(all="ignore"):
        return isfinite(np.add.reduce(a, None))


def array_and_layout(a: Array) -> tuple[Array, Layout]:
    """An array of float32 and how it lies in memory; a copy, if it lies in a way that oneDNN does not know."""
    if min(a.strides) <= 0 or not a.flags.aligned:
        a = a.copy()
    return a, Layout(a.shape, tuple([step >> 2 for step in a.strides]))


# ---------------------------------------------------------------------- computations


class _Argument(ctypes.Structure):
    """`dnnl_exec_arg_t`: the number of an operand, and the memory object that it is."""

    _fields_ = [("number", ctypes.c_int), ("memory", ctypes.c_void_p)]


@cache
def attributes() -> Handle:
    """Those of primitives that work in memory of their caller's, so that threads can share them."""
    attribute = made("primitive_attr", "primitive_attr_create")
    check(functions().dnnl_primitive_attr_set_scratchpad_mode(attribute.pointer, BY_CALLER))
    return attribute


class Computation:
    """A primitive on arrays: these are brought into the layouts that it wants, and its result out of its own.

    Several threads may run it at the same time: each takes memory objects of its own.

    Args:
        primitive: what oneDNN calls the description of one.
        operands: the descriptors of the arrays, by the numbers that the primitive gives its operands.
        computed: the number of the one that is computed.

    Raises:
        Refused: oneDNN would take the slow way that it takes where it has no kernel.
    """

    def __init__(self, primitive: Handle, operands: Mapping[int, Handle], computed: int) -> None:
        name = ctypes.c_char_p()
        check(functions().dnnl_primitive_desc_query(primitive.pointer, IMPLEMENTATION, 0, ctypes.byref(name)))
        if (name.value or b"ref").startswith(b"ref"):
            raise Refused("there is no kernel for this")
        self._parts = primitive, operands, computed
        self._idle = [_Run(*self._parts)]

    def __call__(self, arrays: Sequence[Array]) -> bool:
        """Compute it, and say whether that succeeded."""
        try:
            run = self._run()
            run(arrays)
        except Refused:
            return False
        self._idle.append(run)
        return True

    def _run(self) -> _Run:
        try:
            return self._idle.pop()
        except IndexError:  # other threads have them all
            return _Run(*self._parts)


def operand_descriptor(primitive: Handle, number: int) -> Handle:
    """How a primitive wants an operand to lie."""
    return made("memory_desc", "memory_desc_clone", _query(primitive, OPERAND_DESCRIPTOR, number))


class _Run:
    """The memory objects of a computation, and its steps: arrays into other layouts, the primitive, its result back."""

    def __init__(self, primitive: Handle, operands: Mapping[int, Handle], computed: int) -> None:
        self._place, self._execute = functions().dnnl_memory_set_data_handle, functions().dnnl_primitive_execute
        self._stream = made("stream", "stream_create", engine(), IN_ORDER)
        self._arrays = [_memory(given.pointer) for given in operands.values()]
        self._between: list[tuple[Handle, int]] = []  # memory that is no array's, and where it starts
        self._size = 0
        arguments, last = dict(zip(operands, self._arrays, strict=True)), []
        self._steps: list[tuple[Handle, int, Any]] = []
        for number, given in operands.items():
            wanted = _query(primitive, OPERAND_DESCRIPTOR, number)
            if functions().dnnl_memory_desc_equal(given.pointer, wanted):
                continue
            array, arguments[number] = arguments[number], self._memory_between(wanted)
            if number == computed:
                last.append((_reorder(wanted, given.pointer), {FROM: arguments[number], TO: array}))
            else:
                self._add(_reorder(given.pointer, wanted), {FROM: array, TO: arguments[number]})
        arguments[SCRATCHPAD] = self._memory_between(_query(primitive, SCRATCHPAD_DESCRIPTOR))
        for description, its_arguments in [(primitive, arguments), *last]:
            self._add(description, its_arguments)

    def _memory_between(self, descriptor: int) -> Handle:
        memory = _memory(descriptor)
        self._between.append((memory, self._size))
        self._size += -(-functions().dnnl_memory_desc_get_size(descriptor) // LINE) * LINE
        return memory

    def _add(self, description: Handle, operands: Mapping[int, Handle]) -> None:
        primitive = made("primitive", "primitive_create", description.pointer)
        arguments = (_Argument * len(operands))(*[_Argument(n, memory.pointer) for n, memory in operands.items()])
        self._steps.append((primitive, len(operands), arguments))

    def __call__(self, arrays: Sequence[Array]) -> None:
        for memory, array in zip(self._arrays, arrays, strict=True):
            check(self._place(memory.pointer, _address(array)))
        between = np.empty(self._size + LINE, np.uint8)
        start = -(-_address(between) // LINE) * LINE
        for memory, offset in self._between:
            check(self._place(memory.pointer, start + offset))
        for primitive, count, arguments in self._steps:
            check(self._execute(primitive.pointer, self._stream.pointer, count, arguments))


def _address(array: Array) -> int:
    address: int = array.__array_interface__["data"][0]  # in half the time of `array.ctypes.data`
    return address


def _memory(descriptor: int) -> Handle:
    return made("memory", "memory_create", descriptor, engine(), None)


def _query(primitive: Handle, what: int, number: int = 0) -> int:
    """A descriptor, which is the primitive's own."""
    descriptor: int = functions().dnnl_primitive_desc_query_md(primitive.pointer, what, number)
    return descriptor


def _reorder(source: int, target: int) -> Handle:
    """The description of a primitive that brings numbers from one layout into another."""
    return made("primitive_desc", "reorder_primitive_desc_create", source, engine(), target, engine(), None)
