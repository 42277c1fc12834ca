"""The array engine beside PyTorch and beside NumPy by hand, and the price of a gradient.

All sides run in this process on the same data, in float32, with the same number of threads.
They take turns; a ratio is that of the medians of one round, and the table shows the median of the rounds.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

import autograd
from autograd.backends import onednn

Step = Callable[[], Any]
DIGITS = 10


def threads() -> int:
    """How many threads each side has: OMP_NUM_THREADS, which NumPy's libraries read too, or one for each core."""
    return int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)


def kernels() -> str:
    """What computes large products and convolutions here."""
    return "oneDNN" if onednn.is_enabled() else "NumPy"


def seconds(step: Step, at_least: float = 0.02) -> float:
    """The time of one step, repeated for as long as a clock can tell."""
    repeats = 1
    while True:
        start = time.perf_counter()
        for _ in range(repeats):
            step()
        elapsed = time.perf_counter() - start
        if elapsed >= at_least:
            return elapsed / repeats
        repeats = max(repeats + 1, int(repeats * 1.2 * at_least / max(elapsed, 1e-7)))


def alternate(sides: dict[str, Step], rounds: int) -> dict[str, list[float]]:
    """Times per step of every side; the sides take turns, three times in a round."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    for step in sides.values():
        step()
    for _ in range(rounds):
        turns: dict[str, list[float]] = {name: [] for name in sides}
        for _ in range(3):
            for name, step in sides.items():
                turns[name].append(seconds(step))
        for name in sides:
            times[name].append(statistics.median(turns[name]))
    return times


def peak_memory(step: Step) -> float:
    """The most memory in use during a step beyond what was there before, in megabytes; NumPy's arrays count."""
    step()
    tracemalloc.start()
    step()
    before, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    step()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (peak - before) / 1e6


# ---------------------------------------------------------------------- one operation on ten numbers


def one_op(name: str, torch: Any) -> dict[str, Step]:
    """An operation on ten numbers, forward and backward, on both sides."""
    numbers = np.linspace(0.1, 1.0, 10, dtype=np.float32)
    ours, theirs = autograd.tensor(numbers, requires_grad=True), torch.tensor(numbers, requires_grad=True)
    apply = {
        "exp": lambda x: x.exp(),
        "x * x": lambda x: x * x,
        "relu": lambda x: x.relu(),
        "sum": lambda x: x.sum(),
        "x @ x": lambda x: x @ x,
        "x[2:5]": lambda x: x[2:5],
    }[name]
    shape = apply(ours).shape
    our_gradient, their_gradient = np.ones(shape, np.float32), torch.ones(shape)
    return {
        "here": lambda: apply(ours).backward(our_gradient),
        "PyTorch": lambda: apply(theirs).backward(their_gradient),
    }


# ---------------------------------------------------------------------- a step of training


def parameters(sizes: list[int]) -> list[np.ndarray[Any, Any]]:
    """Weights (out, in) and biases of a multilayer perceptron."""
    rng = np.random.default_rng(0)
    layers = pairwise(sizes)
    shapes = [shape for n, m in layers for shape in ((m, n), (m,))]
    return [rng.normal(0, 0.05, shape).astype(np.float32) for shape in shapes]


def step_here(arrays: list[Any], x: Any, y: Any) -> Step:
    weights = [autograd.tensor(a, requires_grad=True) for a in arrays]
    inputs, labels = autograd.tensor(x), autograd.tensor(y)

    def step() -> None:
        h: Any = inputs
        for i in range(0, len(weights), 2):
            h = autograd.linear(h.relu() if i else h, weights[i], weights[i + 1])
        loss = autograd.cross_entropy(h, labels)
        for w in weights:
            w.grad = None
        loss.backward()
        with autograd.no_grad():
            for w in weights:
                w.sub_(w.grad, alpha=0.1)

    return step


def step_compiled(arrays: list[Any], x: Any, y: Any) -> Step:
    """The same as a program."""
    weights = [autograd.tensor(a) for a in arrays]
    inputs, labels = autograd.tensor(x), autograd.tensor(y)

    def loss(weights: Any, x: Any, y: Any) -> Any:
        h = x
        for i in range(0, len(weights), 2):
            h = autograd.linear(h.relu() if i else h, weights[i], weights[i + 1])
        return autograd.cross_entropy(h, y)

    @autograd.jit
    def step(weights: Any, x: Any, y: Any) -> Any:
        value, gradients = autograd.value_and_grad(loss)(weights, x, y)
        for w, g in zip(weights, gradients, strict=True):
            w.sub_(g, alpha=0.1)
        return value

    return lambda: step(weights, inputs, labels)


def step_torch(torch: Any, arrays: list[Any], x: Any, y: Any) -> Step:
    weights = [torch.tensor(a, requires_grad=True) for a in arrays]
    inputs, labels = torch.tensor(x), torch.tensor(y)
    functional = torch.nn.functional

    def step() -> None:
        h = inputs
        for i in range(0, len(weights), 2):
            h = functional.linear(h.relu() if i else h, weights[i], weights[i + 1])
        loss = functional.cross_entropy(h, labels)
        for w in weights:
            w.grad = None
        loss.backward()
        with torch.no_grad():
            for w in weights:
                w.sub_(w.grad, alpha=0.1)

    return step


def step_numpy(arrays: list[Any], x: Any, y: Any) -> Step:
    """The same, as one writes it by hand."""
    weights, rows = [a.copy() for a in arrays], np.arange(len(y))

    def step() -> None:
        inputs = [x]
        for i in range(0, len(weights), 2):
            h = inputs[-1] @ weights[i].T + weights[i + 1]
            if i + 2 < len(weights):
                inputs.append(np.maximum(h, 0))
        h -= h.max(axis=1, keepdims=True)
        h -= np.log(np.exp(h).sum(axis=1, keepdims=True))
        -h[rows, y].mean()
        g = np.exp(h)
        g[rows, y] -= 1
        g /= len(y)
        for i in reversed(range(0, len(weights), 2)):
            a = inputs.pop()
            by_weights, by_bias = g.T @ a, g.sum(axis=0)
            if i:
                g = (g @ weights[i]) * (a > 0)
            weights[i] -= 0.1 * by_weights
            weights[i + 1] -= 0.1 * by_bias

    return step


def training(sizes: list[int], batch: int, torch: Any) -> dict[str, Step]:
    """One step of gradient descent on all sides."""
    rng = np.random.default_rng(1)
    x, y = rng.random((batch, sizes[0]), dtype=np.float32), rng.integers(0, DIGITS, batch)
    arrays = parameters(sizes)
    return {
        "here": step_here(arrays, x, y),
        "jit": step_compiled(arrays, x, y),
        "PyTorch": step_torch(torch, arrays, x, y),
        "NumPy": step_numpy(arrays, x, y),
    }


def compare(torch: Any, rounds: int) -> None:
    """Everything beside PyTorch, and the steps beside NumPy."""
    heads = f"{'here':>10} {'PyTorch':>10} {'NumPy':>10}  {'here/PyTorch':>18} {'here/NumPy':>18}"
    print(f"{'forward and backward':34} {heads}")
    rows = {f"{name}, 10 elements": one_op(name, torch) for name in ("exp", "x * x", "relu", "sum", "x @ x", "x[2:5]")}
    rows["S1: 784-64-10, batch 128, SGD"] = training([784, 64, 10], 128, torch)
    rows["S0: 784-512-512-10, batch 64, SGD"] = training([784, 512, 512, 10], 64, torch)
    for title, sides in rows.items():
        times = alternate(sides, rounds)
        for side in ("here", "jit"):
            if side in times:
                cells = [
                    f"{1e6 * statistics.median(times[s]):7.1f} µs" if s in times else " " * 10
                    for s in (side, "PyTorch", "NumPy")
                ]
                ratios = f"{ratio(times, 'PyTorch', side):>18} {ratio(times, 'NumPy', side):>18}"
                print(f"{title if side == 'here' else '  the same by autograd.jit':34} {' '.join(cells)}  {ratios}")
        if "SGD" in title:
            peaks = {name: peak_memory(step) for name, step in sides.items() if name != "PyTorch"}
            print(f"{'':34} peak memory of a step: " + ", ".join(f"{n} {mb:.1f} MB" for n, mb in peaks.items()))


def ratio(times: dict[str, list[float]], peer: str, side: str = "here") -> str:
    """The median ratio of the rounds, and the smallest and the largest one."""
    if peer not in times:
        return ""
    found = sorted(a / b for a, b in zip(times[side], times[peer], strict=True))
    return f"{statistics.median(found):.2f}× ({found[0]:.2f}–{found[-1]:.2f})"


# ---------------------------------------------------------------------- the price of a gradient


def deep(n: int) -> Callable[[Any], Any]:
    def f(x: Any) -> Any:
        for _ in range(n):
            x = (x * 0.999).tanh()
        return x.sum()

    return f


def wide(n: int) -> Callable[[Any], Any]:
    def f(x: Any) -> Any:
        library = autograd if isinstance(x, autograd.Tensor) else sys.modules["torch"]
        return library.stack([(x * float(i)).sin() for i in range(n)]).sum()

    return f


def fan_out(n: int) -> Callable[[Any], Any]:
    def f(x: Any) -> Any:
        y = x.exp()
        total = y
        for _ in range(n):
            total = total + y * y
        return total.sum()

    return f


def deep_by_hand(n: int, numbers: Any) -> dict[str, Step]:
    """The chain of `deep` as one writes it in NumPy: its value, and its gradient from all results that lie between."""
    factor, ones = np.float32(0.999), np.ones_like(numbers)

    def value(results: list[Any] | None = None) -> Any:
        x = numbers
        for _ in range(n):
            scaled = x * factor
            x = np.tanh(scaled)
            if results is not None:
                results += [scaled, x]
        return x.sum()

    def gradient() -> Any:
        results: list[Any] = []
        value(results)
        g = ones
        while results:
            slope = np.square(results.pop())
            results.pop()
            np.subtract(1, slope, out=slope)
            slope *= g
            g = slope * factor
        return g

    return {"value by hand": value, "by hand": gradient}


def passes(f: Callable[[Any], Any], numbers: Any, torch: Any) -> dict[str, Step]:
    """The value alone, and with its gradient, by the engine, as a program, and by PyTorch."""
    leaf = autograd.tensor(numbers, requires_grad=True)
    constant = leaf.detach()
    value, both = autograd.jit(f), autograd.jit(autograd.value_and_grad(f))
    sides = {
        "elements": lambda: f(leaf).backward(),
        "value": lambda: f(constant),
        "by jit": lambda: both(constant),
        "value by jit": lambda: value(constant),
    }
    if torch is not None:
        theirs = torch.tensor(numbers, requires_grad=True)
        their_constant = theirs.detach()
        sides |= {"by PyTorch": lambda: f(theirs).backward(), "value by PyTorch": lambda: f(their_constant)}
    return sides


def price(rounds: int, torch: Any) -> None:
    """Value and gradient together against the value alone: the cheap gradient principle says at most 5."""
    sizes = (100, 10_000)
    kinds = {"elements": "value", "by jit": "value by jit"}
    if torch is not None:
        kinds["by PyTorch"] = "value by PyTorch"
    heads = [f"{size:,} {kind}" for kind in kinds for size in sizes]
    print(f"\n{'value and gradient / value alone':34} {' '.join(f'{head:>18}' for head in heads)}")
    for title, f in {"deep: 1,000 ops in a chain": deep(500), "wide: 1,000 ops side by side": wide(500),
                     "fan-out: one node used 1,000 times": fan_out(500)}.items():  # fmt: skip
        inputs = [np.linspace(-1, 1, size, dtype=np.float32) for size in sizes]
        times = [alternate(passes(f, numbers, torch), rounds) for numbers in inputs]
        cells = [ratio(each, value, kind).split()[0] for kind, value in kinds.items() for each in times]
        print(f"{title:34} {' '.join(f'{cell:>18}' for cell in cells)}")
    by_hand = [alternate(deep_by_hand(500, numbers), rounds) for numbers in inputs]
    found = " ".join(f"{ratio(each, 'value by hand', 'by hand').split()[0]:>18}" for each in by_hand)
    print(f"{'the chain in NumPy, results kept':34} {found}")


def main(rounds: int) -> None:
    """Print all of it."""
    print(
        f"Python {sys.version.split()[0]}, NumPy {np.__version__}, {os.cpu_count()} cores, {rounds} alternating rounds"
    )
    torch: Any = None
    try:
        import torch
    except ImportError:
        print("PyTorch is not installed: python -m pip install torch")
    else:
        torch.set_num_threads(threads())
        print(f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads; large products here by {kernels()}\n")
        compare(torch, rounds)
        from .convolution import main as convolution

        convolution(rounds)
    price(rounds, torch)
