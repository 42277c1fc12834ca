"""`python -m demos [NAME …]`: run the main job, or the named demos, or all."""

from __future__ import annotations

import argparse
import difflib
import importlib
import inspect
import io
import pkgutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import Any

from . import OUT, Result

__all__ = ["MAIN_JOB", "main", "names"]

PROGRAM = "python -m demos"

MAIN_JOB = ("hotdog", "backprop", "iris")
"""From one neuron to its gradients to a network that learns: what runs without a name."""

CHOICES = ("data", "full")
"""The options that a demo takes if its `main` has a keyword of that name."""


class UsageError(Exception):
    """The command line asks for what there is not."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        if options.list:
            print("\n".join(_table()))
            return 0
        if options.all:
            ran = [_run_in_one_line(name, options) for name in _in_order()]
            return 0 if all(ran) else 1
        written = [path for name, module in _chosen(options) for path in _run(name, module, options).files]
    except UsageError as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        return 2
    except (ImportError, FileNotFoundError) as missing:
        print(f"{PROGRAM}: {_needs(missing)}", file=sys.stderr)
        return 1
    if written:
        print("Files written:", *map(_short, written), sep="\n  ")
    return 0


def names() -> list[str]:
    """The demos: the modules of this folder whose names do not begin with an underscore.

    >>> "iris" in names()
    True
    """
    return [name for _, name, _ in pkgutil.iter_modules([str(Path(__file__).parent)]) if not name.startswith("_")]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=PROGRAM, description="The systems of the decks, narrated.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"demos to run; by default {', '.join(MAIN_JOB)}")
    parser.add_argument("--list", action="store_true", help="name the demos and stop")
    parser.add_argument("--all", action="store_true", help="run every demo, and print only the numbers it reaches")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="real data, instead of what ships in a wheel")
    parser.add_argument("--full", action="store_true", help="the decks' own sizes, instead of a minute's worth")
    parser.add_argument("--out", type=Path, default=OUT, metavar="FOLDER", help="where to write, by default demos/out")
    return parser


# ---------------------------------------------------------------------- which demos


def _chosen(options: argparse.Namespace) -> list[tuple[str, ModuleType]]:
    """The demos to run, all of them checked before the first one runs."""
    known = names()
    for name in options.names:
        if name not in known:
            nearest = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {nearest[0]}?" if nearest else "--list names them"
            raise UsageError(f"no demo is called {name!r}: {hint}")
    chosen = [(name, _module(name)) for name in options.names or MAIN_JOB]
    for choice in _given(options) if options.names else ():
        for name, module in chosen:
            if choice not in inspect.signature(module.main).parameters:
                raise UsageError(f"{name} takes no --{choice}: leave it out")
    return chosen


def _in_order() -> list[str]:
    """The demos in the order of their decks."""
    return sorted(names(), key=lambda name: (_module(name).DECKS, name))


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"demos.{name}")


def _table() -> Iterator[str]:
    """What `--list` prints: each demo's name, its decks and what it shows."""
    yield f"{'demo':16} {'deck':6} what it shows"
    for name in _in_order():
        yield f"{name:16} {', '.join(map(str, _module(name).DECKS)):6} {_title(_module(name))}"


def _title(module: ModuleType) -> str:
    """The first line of the demo's docstring."""
    return (module.__doc__ or "").partition("\n")[0]


# ---------------------------------------------------------------------- running them


def _run(name: str, module: ModuleType, options: argparse.Namespace) -> Result:
    """Run one demo with its narration."""
    print(f"━━ {name}: {_title(module)}\n")
    started = time.perf_counter()
    result: Result = module.main(options.out, **_settings(module, options))
    print(f"\n({time.perf_counter() - started:.1f} s)\n")
    return result


def _run_in_one_line(name: str, options: argparse.Namespace) -> bool:
    """Run one demo without its narration, print the numbers it reached; whether it could run."""
    started = time.perf_counter()
    try:
        module = _module(name)
        with redirect_stdout(io.StringIO()):
            told = str(module.main(options.out, **_settings(module, options)))
        ran = True
    except (ImportError, FileNotFoundError) as missing:
        told = f"skipped: {_needs(missing)}"
        ran = False
    print(f"{name:16} {time.perf_counter() - started:6.1f} s   {told}", flush=True)
    return ran


def _given(options: argparse.Namespace) -> dict[str, Any]:
    return {choice: getattr(options, choice) for choice in CHOICES if getattr(options, choice)}


def _settings(module: ModuleType, options: argparse.Namespace) -> dict[str, Any]:
    """Of the options given, those that this demo takes."""
    taken = inspect.signature(module.main).parameters
    return {choice: value for choice, value in _given(options).items() if choice in taken}


def _needs(missing: ImportError | FileNotFoundError) -> str:
    """What there is not, in one line; what the package itself misses says how to install it."""
    if isinstance(missing, ModuleNotFoundError) and missing.name:
        return f'needs {missing.name}: python -m pip install -e ".[demos]"'
    return str(missing)


def _short(path: Path) -> Path:
    """A path as one would type it here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


if __name__ == "__main__":
    sys.exit(main())
