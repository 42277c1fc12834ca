"""Every damaged rule: for each partial of each row and each pullback of each array op, all damages that fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd import TABLE
from autograd.array_op import ARRAY_TABLE, ArrayOp
from autograd.op import NumberOp
from autograd.tensor import VIEWS

from . import damages, sources
from .samples import SAMPLES

Rule = Callable[..., Any]

KINDS = {
    "sign": "a sign is wrong",
    "factor": "a factor is wrong",
    "term": "a term, a factor or a function is missing",
    "operands": "operands, branches or comparisons are exchanged",
    "broadcast": "what broadcasting repeated is not summed up, or wrongly",
    "axis": "an axis or another setting is wrong",
    "stale": "the numbers are those of another call",
    "dtype": "the numbers are rounded to a narrower dtype",
    "constant": "the rule cannot be differentiated again",
}


@dataclass(frozen=True)
class Mutant:
    """A damaged rule; `damage` makes it anew of the right one, since a stale one remembers what it saw."""

    op: NumberOp | ArrayOp
    operand: int
    kind: str
    text: str
    damage: Callable[[Rule], Rule]

    def make(self) -> Any:
        """A copy of the op, outside the tables, with the damaged rule."""
        return with_rule(self.op, self.operand, self.damage(rules_of(self.op)[self.operand]))

    @property
    def operand_name(self) -> str:
        """The letter of the operand; a star for all operands of a variadic op."""
        return "*" if getattr(self.op, "variadic", False) else "abc"[self.operand]

    @property
    def op_name(self) -> str:
        """The name of the op; rows and array ops may share one."""
        shared = isinstance(self.op, ArrayOp) and self.op.name in TABLE
        return f"{self.op.name} (arrays)" if shared else self.op.name

    def __str__(self) -> str:
        return f"{self.op_name}-{self.operand_name} [{self.kind}] {self.text}"


def rules_of(op: NumberOp | ArrayOp) -> tuple[Rule | None, ...]:
    """The rules of an op, one per operand."""
    return op.partials if isinstance(op, NumberOp) else op.pullbacks


def with_rule(op: Any, i: int, rule: Rule) -> Any:
    """A copy of the op with another rule of operand i; `copy.copy` would give the op itself."""
    twin = object.__new__(type(op))
    twin.__dict__.update(op.__dict__)
    twin.rules = {}  # where the engine keeps what it makes of them
    changed = (*rules_of(op)[:i], rule, *rules_of(op)[i + 1 :])
    if isinstance(op, NumberOp):
        twin.partials, twin.constants = changed, (*op.constants[:i], None, *op.constants[i + 1 :])
    else:
        twin.pullbacks = changed
        if op in VIEWS:  # the engine knows views by their ops, and this is another one
            twin.forward = lambda *operands, **settings: np.array(op.forward(*operands, **settings))
    return twin


def copy_of(op: Any) -> Any:
    """A copy of the op with its own rules: what is rejected of it, is not for a damage."""
    return with_rule(op, 0, rules_of(op)[0])


# ---------------------------------------------------------------------- damages to any rule

Damages = Iterator[tuple[str, str, Callable[[Rule], Rule]]]


def _of_any_rule(own: slice, result: slice) -> Damages:
    """`own` are the places of the operands among the rule's arguments, `result` that of the value y."""
    after, stale = damages.after, damages.stale
    yield "sign", "negated", after(lambda d: -d)
    yield "factor", "times 2", after(lambda d: 2.0 * d)
    yield "factor", "times 1.01", after(lambda d: 1.01 * d)
    yield "term", "forgotten", after(lambda d: 0.0 * d)
    yield "term", "1 added", after(lambda d: d + 1.0)
    yield "stale", "reads the operands of the first call", stale(own)
    yield "stale", "reads the result of the first call", stale(result)
    yield "stale", "reads the operands of the call before", stale(own, by_one_call=True)
    yield "stale", "gives what it gave first", damages.first_result
    yield "dtype", "rounded to float32", after(damages.rounded(np.float32))
    yield "dtype", "rounded to float16", after(damages.rounded(np.float16))
    yield "constant", "detached", after(damages.constant)
    yield "constant", "reads detached operands", damages.constant_operands(own)
    yield "constant", "reads its result detached", damages.constant_operands(result)


# ---------------------------------------------------------------------- rows of the table


def _of_row(op: NumberOp, i: int) -> Damages:
    yield from _of_any_rule(slice(0, op.arity), slice(op.arity, None))
    if op.constants[i] is None:
        for kind, text, damage in sources.damages_of_rule(op.partials[i], sources.parameters(op.partials[i])):
            yield "factor" if kind == "axis" else kind, text, damage  # rows have no settings: those are numbers


# ---------------------------------------------------------------------- array ops

NOT_READ = {"chosen", "dtype", "index", "kernel", "saved", "shape", "size", "subscripts", "windows"}
"""Settings that cannot have another value while the operands stay."""


def _of_pullback(op: ArrayOp, i: int, samples: list[Any]) -> Damages:
    rule = op.pullbacks[i]
    first = 3 if op.variadic else 2
    yield from _of_any_rule(slice(first, None), slice(1, 2))
    yield from sources.damages_of_rule(rule, sources.parameters(rule)[: first + (not op.variadic) * op.arity])
    place = (lambda arguments: arguments[3 + arguments[2]]) if op.variadic else lambda arguments: arguments[2 + i]
    if _repeats(op, i, samples):
        for wrong in (damages.mean_of_repeated, damages.first_of_repeated, damages.spread_evenly):
            yield "broadcast", wrong.__name__.replace("_", " "), damages.unbroadcast_by(wrong, place)
    for name in dict.fromkeys(name for sample in samples for name in sample.settings):
        if name not in NOT_READ:
            yield "axis", f"another {name}", damages.misread(name)


def _repeats(op: ArrayOp, i: int, samples: list[Any]) -> bool:
    """Whether the rule leaves something to the engine to sum up."""
    for sample in samples:
        op_there = sample.reading(op)
        y = np.asarray(op_there(*sample.operands, **sample.settings))
        for place in range(len(sample.operands)) if op.variadic else [i]:
            share = op_there.pullback(place)(y, y, *sample.operands, **sample.settings)
            if np.size(share) > sample.operands[place].size:
                return True
    return False


def _of_array_op(op: ArrayOp) -> Iterator[Mutant]:
    samples = SAMPLES[op.name](np.random.default_rng(0))
    for i, rule in enumerate(op.pullbacks):
        if rule is not None:
            yield from (Mutant(op, i, *damage) for damage in _of_pullback(op, i, samples))


def mutants_of(op: NumberOp | ArrayOp) -> Iterator[Mutant]:
    """All damaged rules of an op."""
    if isinstance(op, ArrayOp):
        yield from _of_array_op(op)
    else:
        for i in range(op.arity):
            yield from (Mutant(op, i, *damage) for damage in _of_row(op, i))


def all_ops() -> list[NumberOp | ArrayOp]:
    """The rows of the table, then the array ops."""
    return [*TABLE.values(), *ARRAY_TABLE.values()]
