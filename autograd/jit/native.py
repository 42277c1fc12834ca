"""Programs of numbers as machine code: the table, read on the registers of a compiler."""

from __future__ import annotations

import ctypes
import math
import operator
import struct
import sys
from collections.abc import Callable, Sequence
from functools import cache, partial
from importlib import import_module
from itertools import count
from typing import Any

import numpy as np

from .. import ops
from ..arrays.reductions import mean, sum_
from ..arrays.shapes import astype, broadcast_to, getitem, reshape, transpose
from ..op import TABLE, Elementwise, Op
from ..operators import Operators
from ..ops import abs_, exp, expm1, log1p, maximum, minimum, sigmoid, where
from ..tensor import _computed
from ..traced import Instruction, Register, Traced, registers_read
from .program import Program

__all__ = ["native"]

DOUBLE, WHOLE, TRUTH = "double", "i64", "i1"
"""What a register of LLVM's holds: a number, a whole number, or a truth value."""
FLOAT64, FLOAT32, INT64, BOOL, OBJECT = map(np.dtype, (np.float64, np.float32, np.int64, np.bool_, np.object_))
KINDS = {FLOAT64: DOUBLE, FLOAT32: DOUBLE, INT64: WHOLE, BOOL: TRUTH}
"""Of float32 there are only numbers that are chosen, which are the same in float64; there is no arithmetic."""
TO_DOUBLE = {WHOLE: "sitofp i64 {} to double", TRUTH: "uitofp i1 {} to double"}
PART = 1000
"""How many lines a function has at most: the longer one is, the longer a compiler takes for each."""


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
    if not all(_form(program, i) == FLOAT64 for i in program.results):
        return None
    compiler = _compiler()
    if compiler is None:
        return None
    try:
        lowering = _Lowering(program)
    except _Unknown:
        return None
    return _Machine(compiler(str(lowering.code)), program, lowering.code.size)


class _Unknown(Exception):  # noqa: N818 - NumPy will do it
    """There is no machine code for this."""


# ---------------------------------------------------------------------- registers


class _Code:
    """Straight-line code in LLVM's language.

    It is cut into parts, each a function of one array of numbers, in which the arguments come first, then the
    results; behind them lies whatever is computed in one part and read in another.

    Args:
        size: how many arguments and results there are.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._parts: list[list[str]] = [[]]
        self._known: dict[str, _Number] = {}
        """What was computed in this part, by the line that does it."""
        self._count = 0

    def compute(self, kind: str, line: str, *operands: _Number) -> _Number:
        """The register that a line fills, in which `{}` stands for each operand; no line is written twice."""
        self._begin()
        return self._line(kind, line.format(*map(self._read, operands)))

    def store(self, x: _Number, place: int) -> None:
        """Put a result into its place."""
        self._begin()
        self._put(self._parts[-1], f"%result{place}", f"double {self._read(x)}", place)

    def literal(self, x: Any) -> _Number:
        """A plain number, to the bit, or a truth value."""
        if isinstance(x, (bool, np.bool_)):
            return _Number(self, TRUTH, str(x).lower(), None)
        try:
            if isinstance(x, int):
                return _Number(self, WHOLE, str(*struct.unpack("<q", struct.pack("<q", x))), None)
            bits = struct.unpack("<Q", struct.pack("<d", x))[0]
        except struct.error:  # a complex number, a whole one that is too large
            raise _Unknown from None
        return _Number(self, DOUBLE, f"0x{bits:016X}", None)

    def argument(self, place: int, kind: str) -> _Number:
        """What the caller puts into a place."""
        return _Number(self, kind, "", [], place)

    def _begin(self) -> None:
        """A new part, if this one is long enough."""
        if len(self._parts[-1]) >= PART:
            self._parts.append([])
            self._known.clear()

    def _read(self, x: _Number) -> str:
        """What this part calls a number, which it may have to fetch."""
        if x.part is None or x.part is self._parts[-1]:
            return x.name
        pointer = self._line("ptr", f"getelementptr double, ptr %numbers, i64 {self._place(x, x.part)}")
        kind = DOUBLE if x.kind == TRUTH else x.kind
        fetched = self._line(kind, f"load {kind}, ptr {pointer.name}")
        return (self._line(TRUTH, f"fcmp une double {fetched.name}, 0.0") if x.kind == TRUTH else fetched).name

    def _place(self, x: _Number, part: list[str]) -> int:
        """Where in the array the part that computes a number leaves it for others."""
        if x.place is None:
            x.place, self.size = self.size, self.size + 1
            name, kind = x.name, x.kind
            if kind == TRUTH:
                name, kind = f"%number{x.place}", DOUBLE
                part.append(f"{name} = uitofp i1 {x.name} to double")
            self._put(part, f"%place{x.place}", f"{kind} {name}", x.place)
        return x.place

    @staticmethod
    def _put(part: list[str], pointer: str, number: str, place: int) -> None:
        part.append(f"{pointer} = getelementptr double, ptr %numbers, i64 {place}")
        part.append(f"store {number}, ptr {pointer}")

    def _line(self, kind: str, text: str) -> _Number:
        found = self._known.get(text)
        if found is None:
            self._count += 1
            found = self._known[text] = _Number(self, kind, f"%r{self._count}", self._parts[-1])
            self._parts[-1].append(f"{found.name} = {text}")
        return found

    def __str__(self) -> str:
        """The whole text: what it calls, the parts, and one function that calls them in turn."""
        calls = [f"call void @part{i}(ptr %numbers)" for i in range(len(self._parts))]
        text = [f"declare double @c.{name}({', '.join([DOUBLE] * op.arity)})" for op, name in C_LIBRARY.items()]
        for name, lines in [*((f"part{i}", part) for i, part in enumerate(self._parts)), ("program", calls)]:
            text += [f"define void @{name}(ptr %numbers) {{", *lines, "ret void", "}"]
        return "\n".join(text)


class _Number(Operators):
    """A register of LLVM's: a row of the table that reads it writes the line that computes the row.

    Args:
        code: what the line belongs to.
        kind: what the register holds.
        name: what it is called in its part of the code.
        part: the lines of that part; None for a plain number, which needs none.
        place: where it lies in the array of numbers, if it does.
    """

    __slots__ = ("code", "kind", "name", "part", "place")

    def __init__(self, code: _Code, kind: str, name: str, part: list[str] | None, place: int | None = None) -> None:
        self.code, self.kind, self.name, self.part, self.place = code, kind, name, part, place

    @staticmethod
    def __apply__(op: Op, operands: tuple[Any, ...]) -> _Number:
        code = next(x.code for x in operands if isinstance(x, _Number))
        numbers = [x if isinstance(x, _Number) else code.literal(x) for x in operands]
        if op in WHOLE_LINES and all(x.kind == WHOLE for x in numbers):
            return code.compute(WHOLE, WHOLE_LINES[op], *numbers)
        if op in LINES:
            return code.compute(DOUBLE, LINES[op], *[x.as_double() for x in numbers])
        if op not in FORMULAS:
            raise _Unknown
        result = FORMULAS[op](*numbers)
        return result if isinstance(result, _Number) else code.literal(result).as_double()

    def as_double(self) -> _Number:
        """The number itself; 1 for true and 0 for false, as in NumPy."""
        if self.kind == WHOLE and self.part is None:
            return self.code.literal(float(int(self.name)))
        return self if self.kind == DOUBLE else self.code.compute(DOUBLE, TO_DOUBLE[self.kind], self)

    def as_truth(self) -> _Number:
        """Whether the number is not 0."""
        return self if self.kind == TRUTH else self.code.compute(TRUTH, "fcmp une double {}, 0.0", self.as_double())

    def _compare(self, name: str, other: Any) -> _Number:
        other = other if isinstance(other, _Number) else self.code.literal(other)
        of_numbers, of_whole_ones = COMPARISONS[name]
        if self.kind == other.kind == WHOLE:  # as floats, two that differ may be equal
            return self.code.compute(TRUTH, f"icmp {of_whole_ones} i64 {{}}, {{}}", self, other)
        return self.code.compute(TRUTH, f"fcmp {of_numbers} double {{}}, {{}}", self.as_double(), other.as_double())

    def _combine(self, name: str, other: Any) -> _Number:
        if not isinstance(other, _Number) or not self.kind == other.kind == TRUTH:
            raise _Unknown
        return self.code.compute(TRUTH, f"{name} i1 {{}}, {{}}", self, other)

    def __invert__(self) -> _Number:
        return self._combine("xor", self.code.literal(True))

    def __bool__(self) -> bool:
        raise _Unknown


def _operator(reading: Callable[[_Number, str, Any], _Number], name: str) -> Callable[[_Number, Any], _Number]:
    return lambda self, other: reading(self, name, other)


COMPARISONS = {
    "lt": ("olt", "slt"), "le": ("ole", "sle"), "gt": ("ogt", "sgt"),
    "ge": ("oge", "sge"), "eq": ("oeq", "eq"), "ne": ("une", "ne"),
}  # fmt: skip
"""What LLVM calls them, of numbers and of whole ones."""
for _reading, _names in ((_Number._compare, COMPARISONS), (_Number._combine, ("and", "or", "xor"))):
    for _name in _names:
        setattr(_Number, f"__{_name}__", _operator(_reading, _name))

# ---------------------------------------------------------------------- rows

C_LIBRARY: dict[Any, str] = {
    op: op.name
    for op in (
        ops.pow_, ops.cbrt, ops.hypot, exp, expm1, ops.log, log1p, ops.sin, ops.cos, ops.tan, ops.asin, ops.acos,
        ops.atan, ops.atan2, ops.sinh, ops.cosh, ops.tanh, ops.asinh, ops.acosh, ops.atanh, ops.floor, ops.ceil,
        ops.erf, ops.erfc,
    )
} | {ops.round_: "rint"}  # fmt: skip
"""Rows that the C library has, under its names.

LLVM calls them `c.exp` and so on: of what it takes for `exp` itself it would compute some cases in its own way.
"""
LINES: dict[Any, str] = {
    ops.add: "fadd double {}, {}",
    ops.sub: "fsub double {}, {}",
    ops.mul: "fmul double {}, {}",
    ops.div: "fdiv double {}, {}",
    ops.neg: "fneg double {}",
    abs_: "call double @llvm.fabs.f64(double {})",
    ops.sqrt: "call double @llvm.sqrt.f64(double {})",
    **{op: f"call double @c.{name}({', '.join(['double {}'] * op.arity)})" for op, name in C_LIBRARY.items()},
}
"""Rows that are one line."""
WHOLE_LINES: dict[Any, str] = {
    ops.add: "add i64 {}, {}",
    ops.sub: "sub i64 {}, {}",
    ops.mul: "mul i64 {}, {}",
    ops.neg: "sub i64 0, {}",
}
"""The same of whole numbers, which begin anew at the other end when they are too large, as in NumPy."""


def _where(a: _Number, b: _Number, c: _Number) -> _Number:
    return a.code.compute(DOUBLE, "select i1 {}, double {}, double {}", a.as_truth(), b.as_double(), c.as_double())


def _logaddexp(a: Any, b: Any) -> Any:
    larger, gap = where(a > b, a, b), where(a > b, b - a, a - b)
    return where(a == b, a + math.log(2), larger + log1p(exp(gap)))


def _sigmoid(a: Any) -> Any:
    e = exp(-abs(a))
    return where(a >= 0, 1, e) / (1 + e)


FORMULAS: dict[Op, Callable[..., Any]] = {
    op: op.scalar for op in TABLE.values() if isinstance(op, Elementwise) and op.scalar is op.array
} | {
    where: _where,
    ops.square: lambda a: a * a,
    ops.reciprocal: lambda a: 1 / a,
    ops.sign: lambda a: where(a > 0, 1, where(a < 0, -1, where(a == 0, 0, a))),
    maximum: lambda a, b: where((a >= b) | (a != a), a, b),
    minimum: lambda a, b: where((a <= b) | (a != a), a, b),
    ops.clip: lambda a, b, c: minimum(maximum(a, b), c),
    ops.logaddexp: _logaddexp,
    sigmoid: _sigmoid,
    ops.logsigmoid: lambda a: where(a > 0, 0, a) - log1p(exp(-abs(a))),
    ops.softplus: lambda a: where(a < 0, 0, a) + log1p(exp(-abs(a))),
    ops.relu: lambda a: where(a <= 0, 0, a),
    ops.leaky_relu: lambda a, b: where(a > 0, a, a * b),
    ops.elu: lambda a, b: where(a > 0, a, b * expm1(a)),
    ops.silu: lambda a: a * sigmoid(a),
}
"""Rows in terms of others, to the bit as on floats; a row with one formula for all carriers has it here, too."""

# ---------------------------------------------------------------------- instructions

OF_NUMBERS: dict[Any, Callable[..., Any]] = {
    **{op.array: op for op in TABLE.values() if isinstance(op, Elementwise)},
    **{op: op for op in TABLE.values()},
    np.power: ops.pow_, np.where: where, ops._picked: where,
    np.less: operator.lt, np.less_equal: operator.le, np.greater: operator.gt, np.greater_equal: operator.ge,
    np.equal: operator.eq, np.not_equal: operator.ne,
    np.logical_and: operator.and_, np.logical_or: operator.or_, np.logical_xor: operator.xor,
    np.logical_not: operator.invert,
    np.bitwise_and: operator.and_, np.bitwise_or: operator.or_, np.bitwise_xor: operator.xor,
    np.invert: operator.invert,
}  # fmt: skip
"""What functions of arrays do, on registers."""
CHOOSING = frozenset((where, where.array, np.where, ops._picked))
MOVING = {op.forward for op in (astype, broadcast_to, getitem, reshape, transpose, sum_, mean)} | {operator.getitem}
"""Functions that leave the only number of an array as it is, perhaps in the same memory."""
COPYING = frozenset(("astype", "copy"))
"""Methods of arrays that give it in new memory."""


def _form(program: Program, register: Register) -> Any:
    """The dtype of a number; that of objects for anything else, for to NumPy None is a dtype of numbers, too."""
    example = program.examples[register]
    return example.dtype if isinstance(example, np.ndarray) and example.shape == () else OBJECT


def _copies(function: Any) -> bool:
    is_method = getattr(function, "__module__", "") == Traced.__module__ and function.__name__ in COPYING
    return is_method or function is np.copy


class _Lowering:
    """The instructions of a program, written as LLVM's code.

    Args:
        program: what is to be computed.

    Raises:
        _Unknown: there is no code for something in it.
    """

    def __init__(self, program: Program) -> None:
        self.code = _Code(len(program.arguments) + len(program.results))
        self._program = program
        self._numbers: dict[Register, _Number] = {}
        self._fixed = {*program.arguments, *program.constants}
        """Registers that may share their memory with others: a change of one would be one of these."""
        self._start()
        for instruction in program.instructions:
            if instruction.target is None and not instruction.writes:  # it hands an operand on, or is a check
                if instruction.function not in OF_NUMBERS:
                    raise _Unknown
                continue
            target = self._target(instruction)
            self._numbers[target] = self._lowered(instruction, target)
        for place, register in enumerate(program.results, len(program.arguments)):
            self.code.store(self._operand(register), place)

    def _start(self) -> None:
        """The arguments, and the numbers from outside, which are read in their memory at every call."""
        for place, register in enumerate(self._program.arguments):
            form = _form(self._program, register)
            if form not in (FLOAT64, INT64, BOOL):
                raise _Unknown
            self._numbers[register] = self.code.argument(place, KINDS[form])
        for register, array in self._program.constants.items():
            pointer = f"inttoptr (i64 {array.ctypes.data} to ptr)"
            if array.shape == () and array.dtype in (FLOAT64, INT64) and array.flags.aligned:
                kind = KINDS[array.dtype]
                self._numbers[register] = self.code.compute(kind, f"load {kind}, ptr {pointer}")

    def _target(self, instruction: Instruction) -> Register:
        """The register that an instruction fills, which may be one of its operands."""
        if instruction.target is not None and not instruction.writes:
            return instruction.target
        if instruction.target is None and instruction.settings.keys() == {"out"}:
            (target,) = instruction.writes
            if target not in self._fixed:
                return target
        raise _Unknown

    def _lowered(self, instruction: Instruction, target: Register) -> _Number:
        """The number that an instruction computes."""
        function, form = instruction.function, _form(self._program, target)
        kind = KINDS.get(form)
        moves = function in MOVING
        if moves or _copies(function):
            if moves:
                self._fixed.update((*registers_read(instruction), target))
            number = self._operand(instruction.operands[0])
            result = number if kind == number.kind else number.as_double() if kind == DOUBLE else number.as_truth()
        else:
            function = function.args[0] if type(function) is partial and function.func is _computed else function
            reading = OF_NUMBERS.get(function)
            if reading is None or not instruction.settings.keys() <= {"out"}:
                raise _Unknown
            result = reading(*map(self._operand, instruction.operands))
            if kind == TRUTH and function in CHOOSING:  # one of two truth values
                result = result.as_truth()
        if result.kind != kind or not self._is_exact(function, instruction.operands, form):
            raise _Unknown
        return result

    def _operand(self, x: Any) -> _Number:
        if type(x) is not Register:
            return self.code.literal(x)
        if x not in self._numbers:  # an array with axes
            raise _Unknown
        return self._numbers[x]

    def _is_exact(self, function: Any, operands: tuple[Any, ...], form: Any) -> bool:
        """Whether NumPy rounds nothing to float32: the dtypes of arrays count for it, those of plain numbers do not."""
        forms = [_form(self._program, x) for x in operands if type(x) is Register]
        if form == FLOAT32:
            plain = [x for x in operands if type(x) is not Register]
            return function in CHOOSING and FLOAT64 not in forms and all(float(np.float32(x)) == x for x in plain)
        return form == FLOAT64 or FLOAT32 not in forms


# ---------------------------------------------------------------------- machine code


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


class _Machine:
    """Machine code, and what has to live as long as it does.

    Args:
        library: holds the function `program`.
        program: what it computes.
        size: of the array of numbers that it works on.
    """

    __slots__ = ("_array", "_fill", "_function", "_kept", "_results")

    def __init__(self, library: Any, program: Program, size: int) -> None:
        count = len(program.arguments)
        formats = ["q" if _form(program, x) == INT64 else "d" for x in program.arguments]
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
