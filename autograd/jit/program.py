"""A straight-line program: calls of functions on arrays, one after the other, between registers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from operator import attrgetter, itemgetter
from typing import Any

import numpy as np

from ..arrays.shapes import transpose
from ..quiet import hush, unhush
from ..traced import Instruction, Recorder, Register, owner_of, registers_in, registers_read
from .fusion import fused
from .reuse import with_memory_reused

__all__ = ["Program"]

Step = tuple[Callable[..., Any], Callable[[list[Any]], Iterable[Any]], int, tuple[int, ...]]
"""A function, what picks its operands from the registers, the one it fills, and those that are empty then."""


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
        self.constants = {register: recorder.registers[register] for register in recorder.constants.values()}
        owners = [owner_of(x) if isinstance(x, np.ndarray) else id(x) for x in recorder.registers]
        outside = {owners[register] for register in (*self.arguments, *self.constants)}
        self._shared = _shared(self.results, owners, outside)
        instructions = needed(recorder.instructions, self.results, recorder.registers)
        instructions = fused(instructions, self.results, owners)
        held = outside | {owners[register] for register in self.results}
        self.instructions = with_memory_reused(instructions, recorder.registers, owners, held)
        self.written = _written(self.instructions, self.arguments, owners)
        """Which arguments, by number, are changed."""
        self.examples = [_form(x) for x in recorder.registers]
        """Of every register, an array of the form that it will hold."""
        self._start: list[Any] = [self.constants.get(Register(i)) for i in range(len(self.examples))]
        self._steps = list(self._bound(recorder.as_arrays))

    def __call__(self, arrays: Sequence[Any]) -> list[Any]:
        """The results for these arguments."""
        registers = self._start.copy()
        for register, array in zip(self.arguments, arrays, strict=True):
            registers[register] = array
        warnings = hush()
        try:
            for function, operands, target, dead in self._steps:
                registers[target] = function(*operands(registers))
                for i in dead:
                    registers[i] = None
        finally:
            unhush(warnings)
        results = zip(self.results, self._shared, strict=True)
        return [np.array(registers[i]) if shared else registers[i] for i, shared in results]

    def __repr__(self) -> str:
        n = len(self.instructions)
        return f"<Program of {n} instruction{'s' * (n != 1)}>"

    def __str__(self) -> str:
        return "\n".join(self._lines())

    # ------------------------------------------------------------------ how it is printed

    def _lines(self) -> Iterator[str]:
        for register in self.arguments:
            yield self._with_form(self._shown(register), register)
        for instruction in self.instructions:
            operands = [self._shown(x) for x in instruction.operands]
            operands += [f"{key}={self._shown(x)}" for key, x in instruction.settings.items()]
            call = f"{instruction.name}({', '.join(operands)})"
            target = instruction.target
            yield call if target is None else self._with_form(f"{self._shown(target)} = {call}", target)
        yield f"return {', '.join(map(self._shown, self.results))}"

    def _shown(self, x: Any) -> str:
        """An operand: registers as %0, %1 and so on, a constant of one number as the number."""
        if type(x) is Register:
            constant = self.constants.get(x)
            return f"%{int(x)}" if constant is None or constant.ndim else str(constant)
        if type(x) in (tuple, list):
            return f"({', '.join(map(self._shown, x))}{',' * (len(x) == 1)})"
        return str(x) if isinstance(x, np.dtype) else repr(x)

    def _with_form(self, text: str, register: Register) -> str:
        example = self.examples[register]
        return f"{text:60} {example.dtype}{list(example.shape)}" if isinstance(example, np.ndarray) else text

    # ------------------------------------------------------------------ how it is carried out

    def _bound(self, as_arrays: set[Register]) -> Iterator[Step]:
        """The instructions as they are carried out."""
        held = {*self.results, *self.arguments, *self.constants}
        last = {register: i for i, x in enumerate(self.instructions) for register in registers_read(x)}
        nowhere = len(self._start)
        self._start.append(None)
        for i, instruction in enumerate(self.instructions):
            function, sources = self._call(instruction)
            if instruction.target in as_arrays:
                function = _giving_an_array(function)
            target = nowhere if instruction.target is None else int(instruction.target)
            dead = {r for r in registers_read(instruction) if last[r] == i and r not in held}
            yield function, _picker(sources), target, tuple(dead)

    def _call(self, instruction: Instruction) -> tuple[Callable[..., Any], tuple[int, ...]]:
        """The function with its settings, and the registers of its operands."""
        function, operands, settings = instruction.function, instruction.operands, instruction.settings
        if function is transpose.forward and settings["axes"] == (1, 0):
            return attrgetter("T"), self._places(operands)
        if isinstance(function, np.ufunc) and settings.keys() == {"out"} and function not in (np.maximum, np.minimum):
            operands, settings = (*operands, *settings["out"]), {}
        changing = {key: x for key, x in settings.items() if next(registers_in(x), None) is not None}
        if any(map(_inside, operands)) or any(map(_inside, changing.values())):
            registers = tuple(dict.fromkeys(registers_read(instruction)))
            return _filling(function, operands, settings, registers), registers
        if changing:
            fixed = {key: x for key, x in settings.items() if key not in changing}
            return _by_name(function, len(operands), changing, fixed), self._places((*operands, *changing.values()))
        return (partial(function, **settings) if settings else function), self._places(operands)

    def _places(self, operands: Iterable[Any]) -> tuple[int, ...]:
        """The registers of operands; plain values get new ones."""
        places = []
        for x in operands:
            if type(x) is not Register:
                self._start.append(x)
            places.append(x if type(x) is Register else len(self._start) - 1)
        return tuple(places)


def needed(
    instructions: Sequence[Instruction], results: Iterable[Register], examples: Sequence[Any]
) -> list[Instruction]:
    """The instructions that the results depend on, those that write into operands, and those that only check them."""
    wanted = set(results)
    kept = []
    for instruction in reversed(instructions):
        read = list(registers_read(instruction))
        leaves_notes = any(register in wanted and isinstance(examples[register], dict) for register in read)
        if instruction.target is None or instruction.writes or leaves_notes or instruction.target in wanted:
            wanted.update(read)
            kept.append(instruction)
    return kept[::-1]


def _shared(results: Iterable[Register], owners: Sequence[int], outside: Iterable[int]) -> list[bool]:
    """Whether each result lies in memory that is not its own: of an argument, a constant, an earlier result."""
    memories, shared = set(outside), []
    for register in results:
        shared.append(owners[register] in memories)
        memories.add(owners[register])
    return shared


def _written(instructions: Iterable[Instruction], arguments: Iterable[Register], owners: Sequence[int]) -> list[int]:
    memories = {owners[register] for instruction in instructions for register in instruction.writes}
    return [i for i, register in enumerate(arguments) if owners[register] in memories]


def _form(example: Any) -> Any:
    """An array of the same shape and dtype that takes no memory."""
    return np.broadcast_to(np.zeros((), example.dtype), example.shape) if isinstance(example, np.ndarray) else None


def _picker(sources: Sequence[int]) -> Callable[[list[Any]], Iterable[Any]]:
    """What picks some registers, without a loop of Python's; a single one, or none, as a slice."""
    if len(sources) > 1:
        return itemgetter(*sources)
    return itemgetter(slice(sources[0], sources[0] + 1) if sources else slice(0))


def _giving_an_array(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *values: np.asarray(function(*values))


def _inside(x: Any) -> bool:
    """Whether an operand is a container with registers in it."""
    return type(x) is not Register and next(registers_in(x), None) is not None


def _by_name(function: Any, n: int, changing: Iterable[str], fixed: dict[str, Any]) -> Callable[..., Any]:
    """The function with the values after the first `n` as settings."""
    names = tuple(changing)
    return lambda *values: function(*values[:n], **fixed, **dict(zip(names, values[n:], strict=True)))


def _filling(
    function: Any, operands: Iterable[Any], settings: dict[str, Any], registers: Iterable[Register]
) -> Callable[..., Any]:
    """The function of these registers, which lie in containers, such as an index of several arrays."""
    places = {register: i for i, register in enumerate(registers)}

    def filled(x: Any, values: Sequence[Any]) -> Any:
        if type(x) is Register:
            return values[places[x]]
        return type(x)([filled(entry, values) for entry in x]) if type(x) in (tuple, list) else x

    return lambda *values: function(
        *[filled(x, values) for x in operands], **{key: filled(x, values) for key, x in settings.items()}
    )
