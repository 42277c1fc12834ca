"""`python -m tests.mutation`: damage every rule in every way, and print what the checker found.

The exit status is 1 if a mutant survived that changes a derivative, or if an op was rejected undamaged.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence

from tqdm import tqdm

from .campaign import Outcome, Verdict, chosen, false_alarms, verdicts, verdicts_on_engine
from .mutants import KINDS, all_ops
from .proofs import proof

FOUND = (Outcome.REJECTED, Outcome.RAISED)


def table(found: Sequence[Verdict]) -> str:
    """One line for each op, one column for each kind: how many mutants were found of those that change a derivative."""
    width = max(len(verdict.op) for verdict in found)
    heads = [*KINDS, "equivalent"]
    lines = [" " * width + "".join(f"{head:>11}" for head in heads)]
    by_op: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in found:
        by_op[verdict.op].append(verdict)
    for name, its in [*by_op.items(), ("all", list(found))]:
        lines.append(f"{name:{width}}" + "".join(f"{cell:>11}" for cell in _cells(its)))
    return "\n".join(lines)


def _cells(found: Sequence[Verdict]) -> list[str]:
    counts = Counter((verdict.kind, verdict.outcome in FOUND) for verdict in found if _counts(verdict))
    cells = []
    for kind in KINDS:
        all_of_kind = counts[kind, True] + counts[kind, False]
        cells.append(f"{counts[kind, True]}/{all_of_kind}" if all_of_kind else "")
    return [*cells, str(sum(verdict.outcome is Outcome.EQUIVALENT for verdict in found))]


def _counts(verdict: Verdict) -> bool:
    """Whether it changes a derivative."""
    return verdict.outcome in (*FOUND, Outcome.SURVIVED)


def survivors(found: Sequence[Verdict]) -> str:
    """All mutants that passed: first those that should not have, then by proof those that change nothing."""
    lines = [f"SURVIVED: {verdict}" for verdict in found if verdict.outcome is Outcome.SURVIVED]
    by_proof: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in found:
        if verdict.outcome is Outcome.EQUIVALENT:
            by_proof[proof(verdict)].append(verdict)
    for reason, its in by_proof.items():
        lines += ["", f"Equivalent, for {reason}:", *(f"    {verdict}" for verdict in its)]
    return "\n".join(lines)


def outcomes(found: Sequence[Verdict]) -> str:
    """How many mutants came to each end."""
    counts = Counter(verdict.outcome for verdict in found)
    return "\n".join(f"{counts[outcome]:6}  {outcome.value}" for outcome in Outcome)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaign; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    names = [*dict.fromkeys(op.name for op in all_ops()), "engine"]
    parser.add_argument("--op", nargs="+", default=[], choices=names, metavar="NAME", help="only these ops")
    parser.add_argument("--kind", nargs="+", default=[], choices=KINDS, help="only these kinds of damage")
    options = parser.parse_args(arguments)
    start = time.perf_counter()
    alarms = list(false_alarms(options.op))
    found = list(verdicts_on_engine(options.kind)) if not options.op or "engine" in options.op else []
    waiting = chosen(options.op, options.kind) if options.op != ["engine"] else []
    found += tqdm(verdicts(waiting), total=len(waiting), unit="mutant", disable=not sys.stderr.isatty())
    print(table(found), outcomes(found), survivors(found), sep="\n\n")
    print(*(f"FALSE ALARM: {alarm}" for alarm in alarms), sep="\n")
    print(f"{time.perf_counter() - start:.0f} s")
    return int(bool(alarms) or any(verdict.outcome is Outcome.SURVIVED for verdict in found))


if __name__ == "__main__":
    sys.exit(main())
