"""A straight-line program: calls of functions on arrays, one after the other, between registers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from ..quiet import quiet
from ..traced import Instruction, Recorder, Register, owner_of

__all__ = ["Program"]

Step = tuple[Callable[..., Any], tuple[int, ...], int, tuple[int, ...]]
"""A function, the registers it reads, the one it fills, and those that are empty then."""


class Program:
    """What a function has to compute: no `if`, no loop, no graph is left, only what is done to arrays.

    Args:
        recorder: what was written down while the function ran.
        arguments: the registers in which the arguments come.
        results: those of the results.
    """

    def __init__(self, recorder: Recorder, arguments: Sequence[Register], results: Sequence[Register]) -> None:
        self.arguments = tuple(arguments)
        self.results = tuple(results)
        self.examples = recorder.registers
        self.instructions = needed(recorder.instructions, self.results)
        self._owners = [owner_of(x) if isinstance(x, np.ndarray) else id(x) for x in recorder.registers]
        """Which memory each register shows; it is the same in every call."""
        self._shared = self._results_in_shared_memory(recorder.constants.values())
        self._start: list[Any] = [None] * len(recorder.registers)
        for register in recorder.constants.values():
            self._start[register] = recorder.registers[register]
        self._steps = list(self._bound())

    def __call__(self, arrays: Sequence[Any]) -> list[Any]:
        """The results for these arguments."""
        registers = self._start.copy()
        for register, array in zip(self.arguments, arrays, strict=True):
            registers[register] = array
        with quiet():
            for function, sources, target, dead in self._steps:
                registers[target] = function(*[registers[i] for i in sources])
                for i in dead:
                    registers[i] = None
        return [
            np.array(registers[i]) if shared else registers[i]
            for i, shared in zip(self.results, self._shared, strict=True)
        ]

    def _results_in_shared_memory(self, constants: Iterable[Register]) -> list[bool]:
        """Whether each result lies in the memory of an argument, a constant or an earlier result."""
        memories = {self._owners[register] for register in (*self.arguments, *constants)}
        shared = []
        for register in self.results:
            memory = self._owners[register]
            shared.append(memory in memories)
            memories.add(memory)
        return shared

    def written(self) -> list[int]:
        """Which arguments, by number, are changed."""
        memories = {self._owners[r] for instruction in self.instructions for r in instruction.writes}
        return [i for i, register in enumerate(self.arguments) if self._owners[register] in memories]

    def __str__(self) -> str:
        lines = []
        for instruction in self.instructions:
            operands = [_shown(x) for x in instruction.operands]
            operands += [f"{key}={_shown(x)}" for key, x in instruction.settings.items()]
            call = f"{instruction.name}({', '.join(operands)})"
            if instruction.target is not None:
                call = f"{_shown(instruction.target)} = {call}"
                example = self.examples[instruction.target]
                if isinstance(example, np.ndarray):
                    call = f"{call:60} {example.dtype}{list(example.shape)}"
            lines.append(call)
        return "\n".join(lines)

    def _bound(self) -> Iterator[Step]:
        """The instructions as they are carried out."""
        held = {*self.results, *self.arguments}
        last: dict[int, int] = {}
        for i, instruction in enumerate(self.instructions):
            for register in read(instruction):
                last[register] = i
        nowhere = len(self._start)
        self._start.append(None)
        for i, instruction in enumerate(self.instructions):
            function, sources = self._call(instruction)
            target = nowhere if instruction.target is None else int(instruction.target)
            dead = {r for r in read(instruction) if last[r] == i and r not in held and self._start[r] is None}
            yield function, sources, target, tuple(dead)

    def _call(self, instruction: Instruction) -> tuple[Callable[..., Any], tuple[int, ...]]:
        """The function of positional registers alone."""
        function, operands, settings = instruction.function, instruction.operands, instruction.settings
        if any(map(_inside, operands)) or any(next(registers_in(x), None) is not None for x in settings.values()):
            registers = tuple(dict.fromkeys(read(instruction)))
            places = {register: i for i, register in enumerate(registers)}

            def spread(*values: Any) -> Any:
                found = [_filled(x, places, values) for x in operands]
                return function(*found, **{key: _filled(x, places, values) for key, x in settings.items()})

            return spread, registers
        return (partial(function, **settings) if settings else function), tuple(map(self._place, operands))

    def _place(self, x: Any) -> int:
        """The register of an operand; a plain value gets one of its own."""
        if type(x) is Register:
            return x
        self._start.append(x)
        return len(self._start) - 1


def _shown(x: Any) -> str:
    """An operand as it is printed: registers as %0, %1 and so on."""
    if type(x) is Register:
        return f"%{int(x)}"
    if type(x) in (tuple, list):
        return f"({', '.join(map(_shown, x))})"
    return repr(x)


def _inside(x: Any) -> bool:
    """Whether an operand is a container with registers in it."""
    return type(x) is not Register and next(registers_in(x), None) is not None


def registers_in(x: Any) -> Iterator[Register]:
    """The registers in an operand, which may be a container."""
    if type(x) is Register:
        yield x
    elif type(x) in (tuple, list):
        for entry in x:
            yield from registers_in(entry)


def read(instruction: Instruction) -> Iterator[Register]:
    """The registers that an instruction reads."""
    for x in (*instruction.operands, *instruction.settings.values()):
        yield from registers_in(x)


def _filled(x: Any, places: dict[Register, int], values: Sequence[Any]) -> Any:
    """An operand with values in the place of registers."""
    if type(x) is Register:
        return values[places[x]]
    if type(x) in (tuple, list):
        return type(x)([_filled(entry, places, values) for entry in x])
    return x


def needed(instructions: Sequence[Instruction], results: Sequence[Register]) -> list[Instruction]:
    """The instructions that the results depend on, and those that write into operands."""
    wanted = set(results)
    kept = []
    for instruction in reversed(instructions):
        if instruction.target is None or instruction.target in wanted:
            wanted.update(read(instruction))
            kept.append(instruction)
    return kept[::-1]
