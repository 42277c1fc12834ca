"""Results written into the memory of an operand that nothing reads any more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..traced import Instruction, Register, registers_read

__all__ = ["with_memory_reused"]


def with_memory_reused(
    instructions: Sequence[Instruction], examples: Sequence[Any], owners: Sequence[int], held: Iterable[int]
) -> list[Instruction]:
    """The same program, in which NumPy's functions of single elements write over a last operand.

    That saves asking for new memory, and the memory is in the cache still.

    Args:
        instructions: the program.
        examples: of every register, an array that it might hold.
        owners: which memory each register shows.
        held: the memory that has to stay as it is.
    """
    held = {*held, *(owners[register] for instruction in instructions for register in _kept(instruction, examples))}
    last: dict[int, int] = {}
    for i, instruction in enumerate(instructions):
        last.update((owners[register], i) for register in registers_read(instruction))
    moved: dict[int, int] = {}
    """Where memory is now that would have been a result's own."""

    def memory_of(register: Register) -> int:
        memory = owners[register]
        while memory in moved:
            memory = moved[memory]
        return memory

    program = []
    for i, instruction in enumerate(instructions):
        target = instruction.target
        if isinstance(instruction.function, np.ufunc) and target is not None and not instruction.settings:
            for x in filter(_is_register, instruction.operands):
                memory = memory_of(x)
                if last[memory] == i and memory not in held and _fits(x, target, examples):
                    instruction = instruction._replace(settings={"out": (x,)}, writes=(x,))
                    own = owners[target]
                    moved[own] = memory
                    last[memory] = last.get(own, i)
                    if own in held:
                        held.add(memory)
                    break
        program.append(instruction)
    return program


def _is_register(x: Any) -> bool:
    return type(x) is Register


def _kept(instruction: Instruction, examples: Sequence[Any]) -> list[Register]:
    """What functions that leave notes may have noted: what they read, and what is read from the notes."""
    registers = list(registers_read(instruction))
    if not any(isinstance(examples[register], dict) for register in registers):
        return []
    return registers if instruction.target is None else [*registers, instruction.target]


def _fits(x: Register, target: Register, examples: Sequence[Any]) -> bool:
    """Whether a result has the form and the layout of an operand."""
    a, y = examples[x], examples[target]
    alike = a.ndim > 0 and a.dtype == y.dtype and a.shape == y.shape and a.strides == y.strides
    return bool(alike and a.flags.writeable)
