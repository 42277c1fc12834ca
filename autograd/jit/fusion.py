"""Instructions joined to one, where there is a kernel that does both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ..arrays.products import matmul
from ..arrays.reductions import repeated_number, sum_of_all_but
from ..backends import onednn
from ..op import NumberOp
from ..ops import sub
from ..tensor_methods import add_scaled
from ..traced import Instruction, Register, registers_read

__all__ = ["fused"]


def fused(instructions: Sequence[Instruction], results: Sequence[Register], owners: Sequence[int]) -> list[Instruction]:
    """The same program, with products and sums over a batch added to an array by the kernel that makes them.

    So a step of gradient descent, W -= α gᵀx and b -= α Σ g, goes over W once, and W's gradient never lies in memory.

    Args:
        instructions: the program.
        results: the registers that count in the end.
        owners: which memory each register shows.
    """
    uses = Counter(results)
    for instruction in instructions:
        uses.update(registers_read(instruction))
    made = {
        instruction.target: i
        for i, instruction in enumerate(instructions)
        if instruction.function in KERNELS and instruction.target is not None and uses[instruction.target] == 1
    }
    program: list[Instruction | None] = list(instructions)
    for i, instruction in enumerate(instructions):
        if instruction.function is not add_scaled:
            continue
        op, x, y, scale = instruction.operands
        j = made.get(y)
        if j is None or _is_overwritten(instructions[j], instructions[j + 1 : i + 1], owners):
            continue
        name, kernel = KERNELS[instructions[j].function]
        operands = (op, x, *instructions[j].operands, scale)
        program[i] = Instruction(name, kernel, operands, {}, None, instruction.writes)
        program[j] = None
    return [instruction for instruction in program if instruction is not None]


def _is_overwritten(instruction: Instruction, later: Sequence[Instruction], owners: Sequence[int]) -> bool:
    """Whether one of these writes into what an instruction reads."""
    read = {owners[register] for register in registers_read(instruction)}
    return any(owners[register] in read for other in later for register in other.writes)


def _add_product(op: NumberOp, x: Any, a: Any, b: Any, scale: Any) -> None:
    """x + α a @ b, or x - α a @ b, in the memory of x."""
    fits = a.ndim == b.ndim == 2
    if not fits or onednn.product(a, b, -scale if op is sub else scale, x) is None:
        add_scaled(op, x, matmul.forward(a, b), scale)


def _add_sum(op: NumberOp, x: Any, g: Any, axes: tuple[int, ...], scale: Any) -> None:
    """x + α Σ g, or x - α Σ g, over a batch, in the memory of x."""
    if g.ndim == 2 and axes == (0,) and g.flags.c_contiguous and type(scale) is float:
        op.array(x, repeated_number(scale, len(g), g.dtype) @ g, out=x)
    else:
        add_scaled(op, x, sum_of_all_but(g, axes), scale)


KERNELS: dict[Any, tuple[str, Any]] = {
    matmul.forward: ("add_product", _add_product),
    sum_of_all_but: ("add_sum", _add_sum),
}
"""What adds to an array at once what a function makes."""
