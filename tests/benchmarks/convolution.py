"""Convolutions beside PyTorch: the result and both gradients, in float32, with as many threads.

The sides take turns in one process.  Each first runs a few times untimed: both keep threads that spin for
a while after a product, and would disturb the first steps of the other.
"""

from __future__ import annotations

import statistics
import time
import tracemalloc
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .tensor import kernels, threads

WARM_UP, STEPS = 4, 10


class Case(NamedTuple):
    """One convolution by its shapes and settings."""

    title: str
    x: tuple[int, ...]
    w: tuple[int, ...]
    settings: dict[str, int]


CASES = (
    Case("LeNet-5, layer 1", (64, 1, 28, 28), (6, 1, 5, 5), {"padding": 2}),
    Case("LeNet-5, layer 2", (64, 6, 14, 14), (16, 6, 5, 5), {}),
    Case("16 to 32 channels", (64, 16, 14, 14), (32, 16, 3, 3), {"padding": 1}),
    Case("the same, stride 2", (64, 16, 14, 14), (32, 16, 3, 3), {"padding": 1, "stride": 2}),
    Case("depthwise", (64, 16, 14, 14), (16, 1, 3, 3), {"padding": 1, "groups": 16}),
    Case("one small image", (1, 3, 32, 32), (16, 3, 3, 3), {"padding": 1}),
    Case("56 × 56, 32 to 64", (16, 32, 56, 56), (64, 32, 3, 3), {"padding": 1}),
    Case("dilated signals", (16, 32, 1024), (32, 32, 3), {"padding": 4, "dilation": 4}),
    Case("volumes", (8, 4, 16, 16, 16), (8, 4, 3, 3, 3), {"padding": 1}),
)


def our_step(case: Case, x: Any, w: Any, g: Any) -> Callable[[], Any]:
    """Forward and both pullbacks, as the engine calls them."""
    from autograd.arrays.convolution import convolution

    rank = x.ndim - 2
    padding = case.settings.get("padding", 0)
    settings = {
        "stride": (case.settings.get("stride", 1),) * rank,
        "padding": ((padding, padding),) * rank,
        "dilation": (case.settings.get("dilation", 1),) * rank,
        "groups": case.settings.get("groups", 1),
    }

    def step() -> Any:
        saved: dict[str, Any] = {}
        y = convolution(x, w, **settings, saved=saved)
        return y, *(convolution.pullback(i)(g, y, x, w, **settings, saved=saved) for i in range(2))

    return step


def torch_step(torch: Any, case: Case, x: Any, w: Any) -> tuple[Callable[[], Any], Any]:
    """The same in PyTorch, and a gradient of the result to start from."""
    tx, tw = (torch.tensor(a, requires_grad=True) for a in (x, w))
    convolve = getattr(torch.nn.functional, f"conv{x.ndim - 2}d")
    g = torch.randn_like(convolve(tx, tw, **case.settings))

    def step() -> Any:
        y = convolve(tx, tw, **case.settings)
        return y, *torch.autograd.grad(y, (tx, tw), g)

    return step, g.numpy()


def milliseconds(step: Callable[[], Any]) -> float:
    """The median time of a step, after some that do not count."""
    times = []
    for _ in range(WARM_UP + STEPS):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return 1e3 * statistics.median(times[WARM_UP:])


def peak(step: Callable[[], Any]) -> float:
    """The most megabytes that a step holds at once, results included."""
    step()
    tracemalloc.start()
    step()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / 1e6


def main(rounds: int) -> None:
    """Print all of it."""
    try:
        import torch
    except ModuleNotFoundError:
        print("The convolution benchmark compares with PyTorch, which is not installed: pip install torch")
        return
    torch.set_num_threads(threads())
    random = np.random.default_rng(0)
    print(f"Convolution, its result and both gradients, float32, ours by {kernels()}")
    print(f"{torch.get_num_threads()} threads, {rounds} rounds")
    print(f"{'':20} {'ours':>9} {'PyTorch':>10} {'ratio':>6}   {'of the rounds':13} {'peak':>9}  {'differ by':>9}")
    for case in CASES:
        x, w = (random.standard_normal(shape, np.float32) for shape in (case.x, case.w))
        theirs, g = torch_step(torch, case, x, w)
        ours = our_step(case, x, w, g)
        pairs = zip(ours(), theirs(), strict=True)
        apart = max(np.abs(a - b.detach().numpy()).max() / np.abs(a).max() for a, b in pairs)
        times = [(milliseconds(ours), milliseconds(theirs)) for _ in range(rounds)]
        ratios = [a / b for a, b in times]
        our_time, their_time = (statistics.median(column) for column in zip(*times, strict=True))
        spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
        print(
            f"{case.title:20} {our_time:6.2f} ms {their_time:7.2f} ms {statistics.median(ratios):5.2f}×   {spread:13}"
            f" {peak(ours):6.1f} MB  {apart:9.0e}"
        )


if __name__ == "__main__":
    main(7)
