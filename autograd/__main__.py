"""`python -m autograd EXPR name=value …`: the value and the gradients of a formula, explained, checked, drawn."""

from __future__ import annotations

import argparse
import math
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, count
from reprlib import repr as brief  # escaped, and cut if long
from typing import Any, NamedTuple, NoReturn

import autograd

from .graph import Node, topological_order
from .op import Elementwise
from .ops import where
from .parsing import NUMBER, Formula, FormulaError, nearest, parse
from .render import RenderError
from .symbols import format_number
from .value import Value

__all__ = ["main"]

PROGRAM = "python -m autograd"
EXAMPLE = '"0.5*(w*x + b - y)**2" w=2 x=-2 b=8 y=2'

NAME = re.compile(r"[^\W\d]\w*")
VALUE = re.compile(rf"[+-]?(?:{NUMBER}|inf|nan)")
OPTION = re.compile(r"-[oh]|--|--[a-z]+(?:=.*)?", re.DOTALL)
"""What is an option; all else that begins with a minus sign is a formula."""


class UsageError(Exception):
    """The command line asks for what cannot be done."""


@dataclass(frozen=True)
class Job:
    """A formula at the numbers that the command line gives, and the options that come with it."""

    formula: Formula
    values: dict[str, float]
    root: Value
    nodes: dict[str, Value]
    options: argparse.Namespace


class Option(NamedTuple):
    """What `argparse` has to know of an option."""

    names: tuple[str, ...]
    settings: dict[str, Any]


@dataclass(frozen=True)
class Command:
    """A subcommand: what it is, what it does, and the options that only it has."""

    summary: str
    run: Callable[[Job], int]
    options: Sequence[Option] = ()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; returns the exit status.

    That is 0 if all is well, 1 if a check failed or something is not installed, 2 if the command line is wrong.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words:
        _parser("").print_help()
        return 2
    command = words.pop(0) if words[0] in COMMANDS else ""
    try:
        return COMMANDS[command].run(_job(command, words))
    except UsageError as error:
        return _complain(error, 2)
    except OSError as error:
        return _complain(f"{error.filename}: {error.strerror}" if error.filename else error, 1)
    except RenderError as error:
        return _complain(error, 1)


@contextmanager
def _blamed_on_the_user(*errors: type[Exception]) -> Iterator[None]:
    try:
        yield
    except errors as error:
        raise UsageError(error) from None


def _complain(complaint: object, status: int) -> int:
    print(f"autograd: {complaint}", file=sys.stderr)
    return status


# ---------------------------------------------------------------------- reading the command line


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def _parser(command: str) -> argparse.ArgumentParser:
    examples = [f"  {' '.join(filter(None, [PROGRAM, command, EXAMPLE]))}"]
    if not command:
        examples += [f"  {PROGRAM} draw {EXAMPLE} -o graph.svg", "", "commands:"]
        examples += [f"  {name:9} {other.summary}" for name, other in COMMANDS.items() if name]
    parser = _Parser(
        usage=f"{PROGRAM} {command or '[COMMAND]'} EXPR name=value … [options]",
        description=f"{COMMANDS[command].summary.capitalize()}.",
        epilog="\n".join(["examples:", *examples]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "words", nargs="*", metavar="EXPR name=value …",
        help='a formula, in quotes, such as "z = w*x + b; relu(z)", and a number for each of its names',
    )  # fmt: skip
    for option in COMMANDS[command].options:
        parser.add_argument(*option.names, **option.settings)
    if not command:
        parser.add_argument("--version", action="version", version=f"stepgrad {autograd.__version__}")
    return parser


def _job(command: str, words: Sequence[str]) -> Job:
    """The formula computed at its numbers; the root has a name to be called by."""
    shielded = [f" {word}" if word.startswith("-") and not OPTION.fullmatch(word) else word for word in words]
    options = _parser(command).parse_intermixed_args(shielded)
    with _blamed_on_the_user(FormulaError, TypeError):
        text, values = _split(options.words)
        formula = parse(text.lstrip(" "))
        root, nodes = formula.on(**values)
    if root.name is None:
        root.name = next(name for name in chain(["J"], (f"J{i}" for i in count(1))) if name not in nodes)
    return Job(formula, values, root, nodes, options)


def _split(words: Iterable[str]) -> tuple[str, dict[str, float]]:
    """The formula and the values among the words, in whatever order they come."""
    values: dict[str, float] = {}
    texts = []
    for word in words:
        name, number = _assignment(word)
        if not VALUE.fullmatch(number):
            texts.append(word)
            continue
        parse(name)  # complains of names that no formula can have
        if name in values:
            raise UsageError(f"{name} is given twice, as {format_number(values[name])} and as {number}: give it once")
        values[name] = float(number) if number.endswith(("inf", "nan")) else parse(number)()
    formulas = [text for text in texts if _assignment(text) == NOTHING] or texts[:1]
    if not formulas:
        raise UsageError(f"there is no formula: write one in quotes, as in {PROGRAM} {EXAMPLE}")
    for text in texts:
        if text not in formulas:
            raise UsageError(f"{brief(text)} gives no number: write it like x=2, x=-0.5, x=1e-3, x=inf or x=nan")
    if len(formulas) > 1:
        first, second, *_ = map(brief, formulas)
        raise UsageError(f"there are two formulas, {first} and {second}: put one in quotes, to keep it in one piece")
    return formulas[0], values


NOTHING = ("", "")


def _assignment(word: str) -> tuple[str, str]:
    """The name and what it is set to, in words such as `x=2`."""
    name, _, number = (part.strip() for part in word.partition("="))
    return (name, number) if NAME.fullmatch(name) and number and number[0] != "=" else NOTHING


# ---------------------------------------------------------------------- what the commands do


def gradients(job: Job) -> int:
    """Print the value, and each name with its value and its gradient."""
    job.root.backward()
    print(f"{job.root.name} = {format_number(job.root.data)}")
    rows = [
        (name, format_number(node.data), format_number(node.grad))
        for name, node in job.nodes.items()
        if node is not job.root or node.is_leaf
    ]
    if rows:
        print(f"\n{_table(('name', 'value', f'd{job.root.name}/dname'), rows)}")
    return 0


def explain(job: Job) -> int:
    """Print both passes line by line, or one gradient as a sum over all paths."""
    name, latex = job.options.of, job.options.latex
    if name is None:
        if latex:
            raise UsageError("--latex: prints one gradient: add --of and a name")
        print("forward", *_indented(autograd.forward_lines(job.root)), sep="\n")
        print("\nbackward", *_indented(autograd.backward_lines(job.root)), sep="\n")
        return 0
    if name not in job.nodes:
        raise UsageError(f"--of: {brief(name)} is not in the formula{nearest(name, job.nodes)}")
    with _blamed_on_the_user(ValueError):  # it may not depend on this one
        explanation = autograd.explain(job.root, job.nodes[name])
    print(explanation.latex() if latex else explanation)
    return 0


def check(job: Job) -> int:
    """Compare each gradient with the values of the formula nearby."""
    from .testing import GradientMismatch, check_gradients  # here, since no other command needs them

    if not job.values:
        raise UsageError("check: the formula has no names to differentiate by")
    job.root.backward()
    rows, at_kinks = [], [node.op.name for node in topological_order(job.root) if node.op and _is_at_kink(node)]
    for name, x in job.values.items():
        along = lambda value, name=name: job.formula(**job.values | {name: value})
        try:
            check_gradients(along, Value(x), order=1, allow_unused=True)
            verdict = "agree"
        except GradientMismatch as mismatch:
            verdict = f"{mismatch.cause} of {mismatch.op.name}" if mismatch.op else mismatch.cause
        rows.append((name, format_number(job.nodes[name].grad), format_number(_slope(along, x)), verdict))
    print(_table(("name", "analytic", "numeric", ""), rows))
    if at_kinks and math.isfinite(job.root.data):
        print(f"\n{' and '.join(at_kinks)} at a kink or jump: the derivative there is a convention")
    return int(bool(at_kinks) or any(verdict != "agree" for *_, verdict in rows))


def _slope(function: Callable[[float], float], x: float) -> float:
    """The derivative by differences, in steps of the size of 1 or of the number, whichever is more certain."""
    from .testing.differences import Estimate, difference

    def estimate(scale: float) -> Estimate:
        value, uncertainty = difference(lambda step: function(x + step * scale))
        return Estimate(value / scale, uncertainty / scale)

    if not math.isfinite(function(x)):
        return math.nan
    return float(min(estimate(1.0), estimate(abs(x) or 1.0), key=lambda found: float(found.uncertainty)).value)


def _is_at_kink(node: Node) -> bool:
    """Whether the rule of its operation follows a convention here; a plain condition of `where` does not move."""
    op, numbers = node.op, list(map(float, node.operands))
    if not isinstance(op, Elementwise) or op.domain.singular is None or not all(map(math.isfinite, numbers)):
        return False
    return abs(op.domain.singular(*numbers)) < 1e-9 and (op is not where or isinstance(node.operands[0], Node))


def draw(job: Job) -> int:
    """Draw the graph with its gradients."""
    job.root.backward()
    with _blamed_on_the_user(ValueError):  # no such kind of picture
        print(autograd.draw(job.root).save(job.options.output))
    return 0


def page(job: Job) -> int:
    """Write the interactive page."""
    from .page import page as write

    with _blamed_on_the_user(ValueError):  # too large
        print(write(job.root, job.options.output))
    return 0


def debug(job: Job) -> int:
    """Step through the backward pass at a prompt."""
    from .debugger import debug as step_through

    step_through(job.root)
    return 0


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest entry: words to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    sides = [str.rjust if title and i else str.ljust for i, title in enumerate(header)]
    return "\n".join(
        "  ".join(side(entry, width) for side, entry, width in zip(sides, row, widths, strict=True)).rstrip()
        for row in (header, *rows)
    )


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _output(default: str, kinds: str) -> Option:
    help_text = f"{kinds}; by default {default}"
    return Option(("-o", "--output"), {"metavar": "FILE", "default": default, "help": help_text})


COMMANDS = {
    "": Command("print the value and the gradients of a formula", gradients),
    "explain": Command(
        "print both passes line by line, with the chain rule in numbers",
        explain,
        [
            Option(("--of",), {"metavar": "NAME", "help": "only the gradient by this name, as a sum over all paths"}),
            Option(("--latex",), {"action": "store_true", "help": "that gradient as LaTeX"}),
        ],
    ),
    "check": Command("compare the gradients with numerical ones", check),
    "draw": Command("draw the graph with its gradients", draw, [_output("graph.svg", "a .svg, .png, .pdf or .dot")]),
    "page": Command("write the graph as an interactive page", page, [_output("backprop.html", "the page")]),
    "debug": Command("step through the backward pass at a prompt", debug),
}

if __name__ == "__main__":
    sys.exit(main())
