"""Instructions joined to one, where there is a kernel that does both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ..arrays.products import matmul
from ..backends import onednn
from ..op import NumberOp
from ..ops import sub
from ..tensor_methods import add_scaled
from ..traced import Instruction, Register, registers_read

__all__ = ["fused"]


def fused(instructions: Sequence[Instruction], results: Sequence[Register], owners: Sequence[int]) -> list[Instruction]:
    """The same program, with products added to an array by the kernel that multiplies.

    So a step of gradient descent, W -= α gᵀx, goes over W once, and the gradient never lies in memory.

    Args:
        instructions: the program.
        results: the registers that count in the end.
        owners: which memory each register shows.
    """
    uses = Counter(results)
    for instruction in instructions:
        uses.update(registers_read(instruction))
    products = {
        instruction.target: i
        for i, instruction in enumerate(instructions)
        if instruction.function is matmul.forward and instruction.target is not None and uses[instruction.target] == 1
    }
    program: list[Instruction | None] = list(instructions)
    for i, instruction in enumerate(instructions):
        if instruction.function is not add_scaled:
            continue
        op, x, product, scale = instruction.operands
        j = products.get(product)
        if j is None or _is_overwritten(instructions[j], instructions[j + 1 : i + 1], owners):
            continue
        operands = (op, x, *instructions[j].operands, scale)
        program[i] = Instruction("add_product", _add_product, operands, {}, None, instruction.writes)
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
