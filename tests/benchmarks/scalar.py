"""The scalar engine beside micrograd, on micrograd's own example; and its cost per node.

One step of micrograd's two-moons demo: 100 samples through MLP(2, [16, 16, 1]), hinge loss with an L2
penalty, backward, gradient descent.  Each side runs in a process of its own with the same imports, the
sides take turns, and the garbage collector is at its defaults.
"""

from __future__ import annotations

import gc
import json
import os
import random
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

STEPS = {"micrograd": 8, "nodes": 24, "compiled": 48, "module": 48}
WARM_UP = 2
SIDES = {
    "micrograd": "micrograd",
    "nodes": "the same single +, * and relu nodes",
    "compiled": "the same by autograd.jit, by sample",
    "module": "nn.MLP, a weighted sum as one node",
}


Moons = tuple[list[list[float]], list[int]]


def moons() -> Moons:
    """Two interleaved half circles, 100 points, with their labels −1 and 1."""
    from sklearn.datasets import make_moons

    x, y = make_moons(n_samples=100, noise=0.1, random_state=1337)
    return x.tolist(), (2 * y - 1).tolist()


def same_model(engine: Any, networks: Any, data: Moons) -> tuple[Callable[[], Any], Any]:
    """The notebook's loss, word for word, on whichever `Value` the engine has."""
    x, y = data
    model = networks.MLP(2, [16, 16, 1])

    def loss() -> Any:
        inputs = [list(map(engine.Value, row)) for row in x]
        scores = list(map(model, inputs))
        losses = [(1 + -label * score).relu() for label, score in zip(y, scores, strict=True)]
        data_loss = sum(losses) * (1.0 / len(losses))
        penalty = 1e-4 * sum(p * p for p in model.parameters())
        return data_loss + penalty

    return loss, model


def compiled_step(networks: Any, data: Moons) -> Callable[[], float]:
    """The same loss and its gradient as programs: one for a sample, and one for the penalty."""
    import autograd

    x, y = data
    model = networks.MLP(2, [16, 16, 1])
    parameters = [p.data for p in model.parameters()]

    @autograd.jit
    @autograd.value_and_grad
    def sample_loss(parameters: Any, row: Any, label: Any) -> Any:
        numbers = iter(parameters)
        for layer in model.layers:
            for neuron in layer.neurons:
                neuron.w, neuron.b = [next(numbers) for _ in neuron.w], next(numbers)
        return (1 + -label * model(row)).relu()

    @autograd.jit
    @autograd.value_and_grad
    def penalty(parameters: Any) -> Any:
        return 1e-4 * sum(p * p for p in parameters)

    def step() -> float:
        results = [sample_loss(parameters, row, label) for row, label in zip(x, y, strict=True)]
        losses, gradients = zip(*results, strict=True)
        penalized, shrinking = penalty(parameters)
        share = 1.0 / len(losses)
        slopes = zip(*gradients, strict=True)
        parameters[:] = [
            p - 0.1 * (sum(column) * share + s) for p, column, s in zip(parameters, slopes, shrinking, strict=True)
        ]
        return float(sum(losses) * share + penalized)

    return step


def module_model(data: Moons) -> tuple[Callable[[], Any], Any]:
    """The same loss as one writes it here: sums as one node, inputs as plain numbers."""
    import autograd
    import nn

    x, y = data
    model = nn.MLP(2, [16, 16, 1], seed=1337)
    parameters = model.parameters()

    def loss() -> Any:
        losses = [(1 + -label * model(row)).relu() for label, row in zip(y, x, strict=True)]
        return autograd.sum(losses) * (1.0 / len(losses)) + 1e-4 * autograd.dot(parameters, parameters)

    return loss, model


def descent(loss: Callable[[], Any], model: Any) -> Callable[[], float]:
    """A step of gradient descent on a graph of its own; what it gives is the loss before it."""

    def step() -> float:
        total = loss()
        model.zero_grad()
        total.backward()
        for p in model.parameters():
            p.data -= 0.1 * p.grad
        return float(total.data)

    return step


def run_side(side: str, data: Moons) -> dict[str, Any]:
    """Time the steps of one side, in this process, which imports all engines whichever it times."""
    import micrograd.engine
    import micrograd.nn

    import autograd
    import nn  # noqa: F401

    random.seed(1337)
    engine: Any = micrograd.engine if side == "micrograd" else autograd
    micrograd.nn.Value = engine.Value  # micrograd's own modules on either engine's nodes
    if side == "compiled":
        step = compiled_step(micrograd.nn, data)
    elif side == "module":
        step = descent(*module_model(data))
    else:
        step = descent(*same_model(engine, micrograd.nn, data))

    times, losses = [], []
    for _ in range(STEPS[side]):
        start = time.perf_counter()
        losses.append(step())
        times.append(time.perf_counter() - start)
    return {"times": times[WARM_UP:], "losses": losses}


def compare(rounds: int) -> None:
    """Alternate the sides and print medians and ratios."""
    times: dict[str, list[float]] = {side: [] for side in SIDES}
    ratios: dict[str, list[float]] = {side: [] for side in SIDES}
    losses: dict[str, list[float]] = {}
    data = json.dumps(moons())
    for _ in range(rounds):
        medians = {}
        for side in SIDES:
            command = [sys.executable, "-m", "tests.benchmarks.scalar", side]
            process = subprocess.run(command, input=data, check=True, capture_output=True, text=True)
            answer = json.loads(process.stdout)
            medians[side] = statistics.median(answer["times"])
            times[side] += answer["times"]
            losses[side] = answer["losses"]
        for side in SIDES:
            ratios[side].append(medians["micrograd"] / medians[side])
    others = (zip(losses["micrograd"], losses[side], strict=False) for side in ("nodes", "compiled"))
    agree = max(abs(a - b) for pairs in others for a, b in pairs)
    print(f"One step of micrograd's two-moons demo, {rounds} alternating rounds")
    print(f"{'':38} {'median step':>12} {'ratio':>7}   of the rounds")
    for side, title in SIDES.items():
        spread = f"{min(ratios[side]):.1f} to {max(ratios[side]):.1f}"
        median = statistics.median(times[side])
        print(f"{title:38} {1e3 * median:9.1f} ms {statistics.median(ratios[side]):6.1f}×   {spread}")
    print(f"Losses of the first three sides differ by at most {agree:.1e} over {STEPS['micrograd']} steps.\n")


def build_chain(size: int) -> tuple[float, Any]:
    """A chain of multiplications, and how long it took to build."""
    import autograd

    node = autograd.Value(1.0)
    start = time.perf_counter()
    for _ in range(size):
        node = node * 1.0000001
    return time.perf_counter() - start, node


def cost_per_node() -> None:
    """Bytes per node, and time per operation against the size of the graph."""
    import micrograd.engine

    import autograd

    print("A chain of multiplications")
    print(f"{'ops':>9} {'build':>10} {'no collector':>13} {'backward':>10} {'free':>10}   per op")
    for size in (10**3, 10**4, 10**5, 10**6):
        rows = []
        for _ in range(max(1, 10**5 // size)):
            gc.disable()
            without_collector, node = build_chain(size)
            gc.enable()
            del node
            with_collector, node = build_chain(size)
            start = time.perf_counter()
            node.backward()
            backward = time.perf_counter() - start
            start = time.perf_counter()
            del node
            rows.append((with_collector, without_collector, backward, time.perf_counter() - start))
        per_op = [1e9 * statistics.median(column) / size for column in zip(*rows, strict=True)]
        print(f"{size:9,}" + "".join(f"{ns:{width}.0f} ns" for ns, width in zip(per_op, (8, 11, 8, 8), strict=True)))

    print("\nBytes per node of a + or *, before backward")
    for name, value in (("autograd", autograd.Value), ("micrograd", micrograd.engine.Value)):
        x = value(1.5)
        gc.collect()
        tracemalloc.start()
        nodes = [x * x for _ in range(5000)]
        used = tracemalloc.get_traced_memory()[0] - sys.getsizeof(nodes)
        tracemalloc.stop()
        print(f"{name:10} {used / len(nodes):6.0f}")
        del nodes


def main(rounds: int) -> None:
    """Print all of it."""
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores\n")
    compare(rounds)
    cost_per_node()


if __name__ == "__main__":
    print(json.dumps(run_side(sys.argv[1], json.load(sys.stdin))))
