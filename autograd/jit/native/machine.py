"""Machine code by LLVM, and how it is called."""

from __future__ import annotations

import ctypes
import struct
import sys
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from itertools import count
from typing import Any

from ..program import Program
from .lowering import FLOAT64, INT64, Lowering, form_of
from .registers import Unknown
from .rows import C_LIBRARY

__all__ = ["native"]


def native(program: Program) -> Callable[[Sequence[Any]], list[float]] | None:
    """A program of numbers as machine code, by LLVM.

    It computes by IEEE 754, with the functions of the C library that Python's `math` calls, and so gives the
    bits that the same program gives on floats; of `hypot`, for which Python has code of its own, nearly those.

    Args:
        program: what is to be computed.

    Returns:
        A function of the arguments that gives the results, both in their order.  None where llvmlite is not
        installed, and where the program holds anything but numbers of float64, whole ones (of which there are
        only sums, differences and products), truth values about them, and rows of the table.
    """
    if not all(form_of(program, i) == FLOAT64 for i in program.results):
        return None
    compiler = _compiler()
    if compiler is None:
        return None
    try:
        lowering = Lowering(program)
    except Unknown:
        return None
    return Machine(compiler(str(lowering.code)), program, lowering.code.size)


@cache
def _compiler() -> Callable[[str], Any] | None:
    """What makes a library of a text in LLVM's language; None if llvmlite is not installed."""
    try:
        llvm: Any = import_module("llvmlite.binding")
        library = ctypes.CDLL("ucrtbase" if sys.platform == "win32" else None)
        addresses = {
            f"c.{name}": ctypes.cast(getattr(library, name), ctypes.c_void_p).value for name in C_LIBRARY.values()
        }
    except (ImportError, OSError, AttributeError):
        return None
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    # To optimize takes seven times as long, and gains a few percent: the registers are in single assignment as it is.
    machine = llvm.Target.from_default_triple().create_target_machine(opt=0, jit=True)
    linker = llvm.create_lljit_compiler(machine)
    numbers = count()

    def compiled(text: str) -> Any:
        builder = llvm.JITLibraryBuilder().add_ir(text).export_symbol("program")
        for name, address in addresses.items():
            builder.import_symbol(name, address)
        return builder.link(linker, f"program{next(numbers)}")

    return compiled


class Machine:
    """Machine code, and what has to live as long as it does.

    Args:
        library: holds the function `program`.
        program: what it computes.
        size: of the array of numbers that it works on.
    """

    __slots__ = ("_array", "_fill", "_function", "_kept", "_results")

    def __init__(self, library: Any, program: Program, size: int) -> None:
        count = len(program.arguments)
        formats = ["q" if form_of(program, x) == INT64 else "d" for x in program.arguments]
        self._function = SIGNATURE(library["program"])
        self._array = ctypes.c_double * size
        self._fill = struct.Struct("".join(formats)).pack_into
        self._results = slice(count, count + len(program.results))
        self._kept = library, list(program.constants.values())  # the code reads in their memory

    def __call__(self, numbers: Sequence[Any]) -> list[float]:
        array = self._array()  # one for each call: several threads may be here
        self._fill(array, 0, *numbers)
        self._function(array)
        return array[self._results]


SIGNATURE = ctypes.PYFUNCTYPE(None, ctypes.c_void_p)
"""Other threads run no Python meanwhile: to let them would take longer than most programs do."""
