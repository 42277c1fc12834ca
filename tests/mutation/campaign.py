"""The campaign: every mutant given to the checker, and what becomes of it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from multiprocessing import get_context
from typing import Any

import numpy as np

from autograd.op import NumberOp
from autograd.testing import GradientMismatch, check_rule

from .engine import ENGINE_DAMAGES, NOTICING, engine_with
from .equivalence import computes, equivalent
from .mutants import Mutant, all_ops, copy_of, mutants_of
from .samples import SAMPLES

Checker = Callable[..., None]

SEEDS = (0, 1)  # two points for every sample: at the first one, stale numbers are right
ORDER = 2  # a damaged rule differs in its values, or in its derivative


class Outcome(Enum):
    """What became of a mutant."""

    REJECTED = "the checker found it"
    RAISED = "the damaged rule raised an error at some point"
    EQUIVALENT = "it passed, and changes no derivative"
    SURVIVED = "it passed, although it changes a derivative"
    IMPOSSIBLE = "the damaged rule computes nothing anywhere: no mutant"


@dataclass(frozen=True)
class Verdict:
    """A mutant by what identifies it, and what became of it."""

    op: str
    operand: str
    kind: str
    text: str
    outcome: Outcome

    def __str__(self) -> str:
        return f"{self.op}-{self.operand} [{self.kind}] {self.text}"


def check(op: Any, name: str, checker: Checker = check_rule) -> None:
    """Give an op to the checker: a row as it is, an array op at all samples of that name.

    Raises:
        GradientMismatch: a rule is wrong.
    """
    if isinstance(op, NumberOp):
        checker(op, order=ORDER)
        return
    for seed in SEEDS:
        for sample in SAMPLES[name](np.random.default_rng(seed)):
            checker(sample.reading(op), *sample.operands, order=ORDER, **sample.settings)


def _outcome(mutant: Mutant, checker: Checker) -> Outcome:
    try:
        check(mutant.make(), mutant.op.name, checker)
    except GradientMismatch:
        return Outcome.REJECTED
    except Exception:  # a damaged rule can raise anything
        return Outcome.RAISED if computes(mutant) else Outcome.IMPOSSIBLE
    return Outcome.EQUIVALENT if equivalent(mutant) else Outcome.SURVIVED


def judge(mutant: Mutant, checker: Checker = check_rule) -> Verdict:
    """The verdict on a mutant."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        outcome = _outcome(mutant, checker)
    return Verdict(mutant.op_name, mutant.operand_name, mutant.kind, mutant.text, outcome)


def false_alarms(names: Iterable[str] = ()) -> Iterator[str]:
    """The ops that the checker rejects though nothing is damaged: what it says of their mutants means nothing."""
    for op in all_ops():
        if not names or op.name in names:
            try:
                check(copy_of(op), op.name)
            except Exception as error:  # whatever it is, it is not the damage
                yield f"{op.name}: {type(error).__name__}: {error}"


def verdicts_on_engine(kinds: Iterable[str] = (), checker: Checker = check_rule) -> Iterator[Verdict]:
    """The verdicts on damages to the engine; each changes a derivative of some op that could notice."""
    ops = {op.name: op for op in all_ops() if op.name in NOTICING}
    for (kind, text), damaged in ENGINE_DAMAGES.items():
        if not kinds or kind in kinds:
            found = {_under(damaged, op, name, checker) for name, op in ops.items()}
            worst = next(o for o in (Outcome.REJECTED, Outcome.RAISED, Outcome.SURVIVED) if o in found)
            yield Verdict("engine", "*", kind, text, worst)


def _under(damaged: Any, op: Any, name: str, checker: Checker) -> Outcome:
    with engine_with(damaged):
        try:
            check(op, name, checker)
        except GradientMismatch:
            return Outcome.REJECTED
        except Exception:  # a damaged engine can raise anything
            return Outcome.RAISED
    return Outcome.SURVIVED


def chosen(names: Iterable[str] = (), kinds: Iterable[str] = ()) -> list[Mutant]:
    """The mutants of the ops with these names and of these kinds; of all, if there are none."""
    names, kinds = set(names), set(kinds)
    ops = [op for op in all_ops() if not names or op.name in names]
    return [mutant for op in ops for mutant in mutants_of(op) if not kinds or mutant.kind in kinds]


_waiting: list[Mutant] = []  # for the processes, which inherit it: functions cannot be sent to them


def _judge_number(i: int) -> Verdict:
    return judge(_waiting[i])


def verdicts(waiting: list[Mutant], processes: int = 2) -> Iterator[Verdict]:
    """The verdicts on mutants, in their order, found by several processes."""
    _waiting[:] = waiting
    with get_context("fork").Pool(processes) as pool:
        yield from pool.imap(_judge_number, range(len(waiting)), chunksize=8)
