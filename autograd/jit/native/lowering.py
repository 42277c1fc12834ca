"""The instructions of a program, written as LLVM's code."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ... import ops
from ...array_rows import computed
from ...arrays.reductions import mean, sum_
from ...arrays.shapes import astype, broadcast_to, getitem, reshape, transpose
from ...op import TABLE, Elementwise
from ...ops import where
from ...traced import Instruction, Register, Traced, registers_read
from ..program import Program
from .registers import DOUBLE, TRUTH, WHOLE, Code, Number, Unknown

__all__ = ["FLOAT64", "INT64", "Lowering", "form_of"]

FLOAT64, FLOAT32, INT64, BOOL, OBJECT = map(np.dtype, (np.float64, np.float32, np.int64, np.bool_, np.object_))
KINDS = {FLOAT64: DOUBLE, FLOAT32: DOUBLE, INT64: WHOLE, BOOL: TRUTH}
"""Of float32 there are only numbers that are chosen, which are the same in float64; there is no arithmetic."""

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


def form_of(program: Program, register: Register) -> Any:
    """The dtype of a number; that of objects for anything else, for to NumPy None is a dtype of numbers, too."""
    example = program.examples[register]
    return example.dtype if isinstance(example, np.ndarray) and example.shape == () else OBJECT


def _copies(function: Any) -> bool:
    is_method = getattr(function, "__module__", "") == Traced.__module__ and function.__name__ in COPYING
    return is_method or function is np.copy


class Lowering:
    """The instructions of a program, written as LLVM's code.

    Args:
        program: what is to be computed.

    Raises:
        Unknown: there is no code for something in it.
    """

    def __init__(self, program: Program) -> None:
        self.code = Code(len(program.arguments) + len(program.results))
        self._program = program
        self._numbers: dict[Register, Number] = {}
        self._fixed = {*program.arguments, *program.constants}
        """Registers that may share their memory with others: a change of one would be one of these."""
        self._start()
        for instruction in program.instructions:
            if instruction.target is None and not instruction.writes:  # it hands an operand on, or is a check
                if instruction.function not in OF_NUMBERS:
                    raise Unknown
                continue
            target = self._target(instruction)
            self._numbers[target] = self._lowered(instruction, target)
        for place, register in enumerate(program.results, len(program.arguments)):
            self.code.store(self._operand(register), place)

    def _start(self) -> None:
        """The arguments, and the numbers from outside, which are read in their memory at every call."""
        for place, register in enumerate(self._program.arguments):
            form = form_of(self._program, register)
            if form not in (FLOAT64, INT64, BOOL):
                raise Unknown
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
        raise Unknown

    def _lowered(self, instruction: Instruction, target: Register) -> Number:
        """The number that an instruction computes."""
        function, form = instruction.function, form_of(self._program, target)
        kind = KINDS.get(form)
        moves = function in MOVING
        if moves or _copies(function):
            if moves:
                self._fixed.update((*registers_read(instruction), target))
            number = self._operand(instruction.operands[0])
            result = number if kind == number.kind else number.as_double() if kind == DOUBLE else number.as_truth()
        else:
            function = function.args[0] if type(function) is partial and function.func is computed else function
            reading = OF_NUMBERS.get(function)
            if reading is None or not instruction.settings.keys() <= {"out"}:
                raise Unknown
            result = reading(*map(self._operand, instruction.operands))
            if kind == TRUTH and function in CHOOSING:  # one of two truth values
                result = result.as_truth()
        if result.kind != kind or not self._is_exact(function, instruction.operands, form):
            raise Unknown
        return result

    def _operand(self, x: Any) -> Number:
        if type(x) is not Register:
            return self.code.literal(x)
        if x not in self._numbers:  # an array with axes
            raise Unknown
        return self._numbers[x]

    def _is_exact(self, function: Any, operands: tuple[Any, ...], form: Any) -> bool:
        """Whether NumPy rounds nothing to float32: the dtypes of arrays count for it, those of plain numbers do not."""
        forms = [form_of(self._program, x) for x in operands if type(x) is Register]
        if form == FLOAT32:
            plain = [x for x in operands if type(x) is not Register]
            return function in CHOOSING and FLOAT64 not in forms and all(float(np.float32(x)) == x for x in plain)
        return form == FLOAT64 or FLOAT32 not in forms
