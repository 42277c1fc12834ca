"""`python -m demos [NAME …]`: run the main job, or the named demos."""

from __future__ import annotations

import argparse
import difflib
import importlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from . import OUT

DEMOS = ("backprop", "hotdog", "iris")
"""Every demo by its module's name, in the order in which the main job runs them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m demos", description="The systems of the decks, narrated.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="demos to run; by default the main job, all below")
    parser.add_argument("--list", action="store_true", help="name the demos and stop")
    options = parser.parse_args(arguments)
    for name in options.names:
        if name not in DEMOS:
            nearest = difflib.get_close_matches(name, DEMOS, n=1)
            hint = f"did you mean {nearest[0]}?" if nearest else "--list names them"
            print(f"python -m demos: no demo is called {name!r}: {hint}", file=sys.stderr)
            return 2
    try:
        if options.list:
            for name in DEMOS:
                print(f"{name:10} {_title(name)}")
            return 0
        written = [path for name in options.names or DEMOS for path in _run(name)]
    except ModuleNotFoundError as missing:
        print(f'python -m demos: needs {missing.name}: python -m pip install -e ".[demos]"', file=sys.stderr)
        return 1
    if written:
        print("Files written:", *(path.relative_to(OUT.parent.parent) for path in written), sep="\n  ")
    return 0


def _run(name: str) -> list[Path]:
    """Run one demo; returns the files it wrote."""
    print(f"━━ {name}: {_title(name)}\n")
    started = time.perf_counter()
    result = importlib.import_module(f"demos.{name}").main()
    print(f"\n({time.perf_counter() - started:.1f} s)\n")
    return result if isinstance(result, list) else []


def _title(name: str) -> str:
    """The first line of the demo's docstring."""
    return (importlib.import_module(f"demos.{name}").__doc__ or "").partition("\n")[0]


if __name__ == "__main__":
    sys.exit(main())
