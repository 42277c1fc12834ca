"""The graph that a program records, for those who look for what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..array_rules import takes_gradient
from ..graph import Node, topological_order
from ..modes import note_sites
from ..op import Op
from ..tensor import Tensor
from .program import Program, nodes_of

__all__ = ["Record", "described", "recorded"]


@dataclass(frozen=True)
class Record:
    """All nodes of a graph, inputs first, and which of them are the program's inputs."""

    nodes: list[Any]
    inputs: set[Node]

    def is_constant(self, operand: Any) -> bool:
        """Whether no derivative is taken by an operand: a number, a constant tensor, or a leaf of somebody else's."""
        if not takes_gradient(operand):
            return True
        return operand.op is None and operand not in self.inputs


def recorded(program: Program, x: Any = None) -> Record:
    """The graph at some point, by default where the program stands, with the lines that made its nodes."""
    with program.at(program.x if x is None else x, own_dtype=x is None) as carriers, note_sites():
        y = program.objective(*carriers)
        nodes = list(reversed(topological_order(y))) if takes_gradient(y) else []
        return Record(nodes, set(nodes_of(carriers)))


def described(op: Op, operand: int | None, site: str | None) -> str:
    """An operation as `exp (operand 0), created at demo.py:12`."""
    which = "" if operand is None else f" (operand {operand})"
    return f"{op.name}{which}" + (f", created at {site}" if site else "")


def numbers(x: Any) -> Any:
    """The number or array of an operand."""
    return x._data if isinstance(x, Node) else np.asarray(x)


def operand_numbers(node: Any) -> list[Any]:
    """The numbers that an operation was applied to."""
    return [x._data if isinstance(x, Node) else x for x in (node._a if isinstance(node, Tensor) else node.operands)]
