"""The line that `fit` prints for an epoch, in Keras's form."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import TextIO

__all__ = ["ProgressLine"]

WIDTH = 30  # of the bar
REFRESH = 0.1  # seconds


class ProgressLine:
    """`469/469 [====] - 5s 11ms/step - loss: 0.0911`, rewritten in place on a terminal, else printed once.

    Args:
        steps: how many there will be.
        verbose: 0 for nothing, 1 for the line with its bar, 2 for a line at the end without one.
        stream: where to; by default standard output.
    """

    def __init__(self, steps: int, verbose: int = 1, stream: TextIO | None = None) -> None:
        self.steps, self.verbose = steps, verbose
        self.stream = stream or sys.stdout
        self._moves = verbose == 1 and self.stream.isatty()
        self._start = self._shown = time.perf_counter()
        self._length = 0

    def update(self, step: int, numbers: Mapping[str, float]) -> None:
        """Show how far it is, if the last time was long ago."""
        now = time.perf_counter()
        if self._moves and now - self._shown > REFRESH:
            self._shown = now
            self._write(self._line(step, numbers, now), end="")

    def finish(self, numbers: Mapping[str, float]) -> None:
        """Show the finished line, and go on to the next one."""
        if self.verbose:
            self._write(self._line(self.steps, numbers, time.perf_counter()), end="\n")

    def _line(self, step: int, numbers: Mapping[str, float], now: float) -> str:
        seconds = now - self._start
        parts = [f"{seconds:.0f}s {_duration(seconds / max(step, 1))}/step"]
        parts += [f"{name}: {_number(x)}" for name, x in numbers.items()]
        if self.verbose == 2:
            return " - ".join([f"{step}/{self.steps}", *parts])
        done = WIDTH * step // max(self.steps, 1)
        bar = "=" * done + (">" + "." * (WIDTH - done - 1) if done < WIDTH else "")
        return f"{step:{len(str(self.steps))}}/{self.steps} [{bar}] - " + " - ".join(parts)

    def _write(self, line: str, end: str) -> None:
        rest = " " * (self._length - len(line))  # of a longer line that stood there
        self._length = len(line)
        self.stream.write(("\r" if self._moves else "") + line + rest + end)
        self.stream.flush()


def _duration(seconds: float) -> str:
    """A time as `11ms` or `350us`, as Keras writes it."""
    return (
        f"{seconds:.0f}s" if seconds >= 1 else f"{1e3 * seconds:.0f}ms" if seconds >= 1e-3 else f"{1e6 * seconds:.0f}us"
    )


def _number(x: float) -> str:
    """Four decimals, or powers of ten for small numbers."""
    return f"{x:.4f}" if abs(x) >= 1e-3 or x == 0 else f"{x:.4e}"
