"""Functions of numbers: on the scalar engine, under `grad`, as programs of NumPy calls, and as machine code.

Every side computes the same value and gradient; PyTorch and micrograd take part where they are installed.
The sides take turns, and the table shows medians.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from itertools import pairwise
from typing import Any

import numpy as np

import autograd
from autograd.jit.native import native

from .tensor import alternate

Formula = Callable[[Sequence[Any]], Any]
Sweep = Callable[[], list[float]]

WIDTHS = (2, 16, 16, 1)
TOLERANCE = 1e-9


def small(p: Sequence[Any]) -> Any:
    """A neuron and its loss."""
    return ((p[0] * 0.5 + p[1] * -1.5 + p[2]).relu() - 1.0) ** 2


def chain(p: Sequence[Any]) -> Any:
    """A thousand operations, one after the other."""
    x = p[0]
    for i in range(500):
        x = x * p[1] + (0.001 if i % 2 else -0.001)
    return x


def network(p: Sequence[Any]) -> Any:
    """The squared error of MLP(2, [16, 16, 1]) on one sample, neuron by neuron."""
    parameters = iter(p)
    activations: list[Any] = [0.3, -0.7]
    for layer, width in enumerate(WIDTHS[1:], 2):
        sums = []
        for _ in range(width):
            total = next(parameters)
            for x in activations:
                total = total + next(parameters) * x
            sums.append(total if layer == len(WIDTHS) else total.relu())
        activations = sums
    return (activations[0] - 1.0) ** 2


def numbers(count: int) -> list[float]:
    source = random.Random(1337)
    return [source.uniform(-0.5, 0.5) for _ in range(count)]


PARAMETERS = sum((before + 1) * after for before, after in pairwise(WIDTHS))
FORMULAS: dict[str, tuple[Formula, list[float]]] = {
    "small formula": (small, [1.5, -0.5, 0.25]),
    "chain of 1,000 ops": (chain, [0.5, 0.9999]),
    "MLP(2, [16, 16, 1]), one sample": (network, numbers(PARAMETERS)),
}


def nodes(make: Callable[[float], Any], formula: Formula, point: list[float], number: Callable[[Any], float]) -> Sweep:
    """A graph of its own in every sweep."""

    def sweep() -> list[float]:
        leaves = [make(x) for x in point]
        y = formula(leaves)
        y.backward()
        return [number(y.data), *(number(x.grad) for x in leaves)]

    return sweep


def sides(formula: Formula, point: list[float]) -> tuple[dict[str, Sweep], str]:
    """Every way to the value and the gradient, and how long it takes to make the programs."""
    fun = autograd.value_and_grad(formula)

    def flat(result: Any) -> list[float]:
        value, gradient = result
        return [value, *gradient]

    start = time.perf_counter()
    program = autograd.jit(fun).trace(point)
    traced = time.perf_counter()
    compiled = native(program)
    made = time.perf_counter()
    arrays = [np.asarray(x) for x in point]
    found: dict[str, Sweep] = {
        "Value": nodes(autograd.Value, formula, point, float),
        "value_and_grad": lambda: flat(fun(point)),
        "program, NumPy": lambda: list(map(float, program(arrays))),
    }
    times = f"{len(program.instructions):,} instructions: traced in {1e3 * (traced - start):.1f} ms"
    if compiled is not None:
        found["program, machine code"] = lambda: compiled(point)
        times += f", compiled in {1e3 * (made - traced):.1f} ms"
    compiled_by_jit = autograd.jit(fun)
    found["jit(value_and_grad)"] = lambda: flat(compiled_by_jit(point))
    micrograd, torch = installed("micrograd.engine"), installed("torch")
    if micrograd is not None:
        found["micrograd"] = nodes(micrograd.Value, formula, point, float)
    if torch is not None:
        leaf = lambda x: torch.tensor(x, dtype=torch.float64, requires_grad=True)
        found["PyTorch, eager"] = nodes(leaf, formula, point, float)
    return found, times


def installed(module: str) -> Any:
    try:
        return import_module(module)
    except ImportError:
        return None


def compare(title: str, formula: Formula, point: list[float], rounds: int) -> None:
    """Check that the sides agree, and time them."""
    found, made = sides(formula, point)
    expected = found["Value"]()
    for name, sweep in found.items():
        np.testing.assert_allclose(sweep(), expected, rtol=TOLERANCE, atol=TOLERANCE, err_msg=name)
    times = {name: statistics.median(each) for name, each in alternate(found, rounds).items()}
    print(f"{title}: {made}")
    for name, each in times.items():
        print(f"  {name:24} {1e6 * each:12,.1f} µs {times['Value'] / each:9.1f}×")
    print()


def main(rounds: int) -> None:
    """Print all of it."""
    sys.setrecursionlimit(10_000)  # micrograd walks its graph by recursion
    print(f"Python {sys.version.split()[0]}, value and gradient, {rounds} alternating rounds, beside Value\n")
    if native(autograd.jit(autograd.sin).trace(1.0)) is None:  # the first one also loads the compiler
        print("llvmlite is not installed: there is no machine code\n")
    for title, (formula, point) in FORMULAS.items():
        compare(title, formula, point, rounds)
