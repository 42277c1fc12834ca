"""Whether a damaged rule is equivalent to the right one: whether it changes no derivative anywhere.

It is tried at many points that the checker does not choose.  The first derivatives are compared, as they
come from an ordinary pass and from one that can be differentiated again, and the derivatives of these.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np

from autograd import Tensor
from autograd.array_op import ArrayOp
from autograd.arrays.fourier import imag_part, real_part
from autograd.op import NumberOp, Reduction

from .. import checks, strategies
from ..oracles import shaped
from .mutants import Mutant
from .samples import SAMPLES, Sample

POINTS = 400  # of a row
DRAWS = 20  # of the numbers in each sample of an array op
ALLOWED = 1e-9  # relative to the largest number: less than float32 rounds, more than float64 does


def equivalent(mutant: Mutant) -> bool:
    """Whether the damaged rule gives the same numbers wherever the right one was tried."""
    right, wrong = _derivatives(mutant.op), _derivatives(mutant.make(), mutant.op)
    return all(_same(expected, found) for expected, found in zip(right, wrong, strict=True))


def computes(mutant: Mutant) -> bool:
    """Whether the damaged rule gives anything at all, at one point or another."""
    found = _derivatives(mutant.make(), mutant.op, draws=1)
    return any(isinstance(numbers, list) for numbers in found)


def _derivatives(op: Any, of: Any = None, draws: int = DRAWS) -> Iterator[list[Any] | str]:
    """The derivatives of an op at many points; where it raises, the name of the error."""
    at_points = _of_row if isinstance(op, NumberOp) else _of_array_op
    yield from at_points(op, of or op, draws)


def _attempt(function: Any, *arguments: Any) -> list[Any] | str:
    try:
        return function(*arguments)
    except Exception as error:  # a damaged rule can raise anything
        return type(error).__name__


def _same(expected: Any, found: Any) -> bool:
    if isinstance(expected, str) or isinstance(found, str) or len(expected) != len(found):
        return bool(expected == found)
    return all(map(_close, expected, found))


def _close(expected: Any, found: Any) -> bool:
    if np.shape(expected) != np.shape(found):
        return False
    scale = np.abs(expected)[np.isfinite(expected)].max(initial=0.0)
    return bool(np.allclose(found, expected, rtol=0, atol=ALLOWED * scale, equal_nan=True))


# ---------------------------------------------------------------------- rows


def _points(op: NumberOp, source: random.Random) -> Iterator[Any]:
    """Points of the domain, where it is wide also very small and very large ones."""

    def number(low: float, high: float) -> float:
        if source.random() < 0.7:
            return source.uniform(max(low, -strategies.REACH), min(high, strategies.REACH))
        magnitude = 10.0 ** source.uniform(-6, min(math.log10(max(-low, high, 1e-6)), 12))
        return min(max(magnitude * source.choice([-1, 1]), low), high)

    while True:
        if isinstance(op, Reduction):
            length = source.randrange(1, strategies.LONGEST)
            yield tuple(tuple(number(*interval) for _ in range(length)) for interval in op.domain.intervals)
        else:
            point = tuple(number(*interval) for interval in op.domain.intervals)
            if op.domain.contains(*point):
                yield point


def _of_row(op: NumberOp, of: NumberOp, draws: int) -> Iterator[list[Any] | str]:
    source = random.Random(op.name)
    for point in islice(_points(of, source), POINTS * draws // DRAWS):
        yield _attempt(_orders, op, point, None)
    for point, wrt in strategies.sample_places(of, 0):  # beside the domain, where some derivatives exist
        yield _attempt(_orders, op, point, wrt)


def _orders(op: NumberOp, point: Any, wrt: Any) -> list[Any]:
    """The first derivatives of an ordinary pass, and the first and second ones that can be differentiated again."""
    leaves, operands = checks.leaves_at(point, wrt)
    op(*shaped(point, operands)).backward()
    found = [[x.grad for x in leaves.values()]]
    leaves, operands = checks.leaves_at(point, wrt)
    for _, slopes in islice(checks.by_order(op(*shaped(point, operands)), leaves), 2):
        found.append([slope.data for slope in slopes.values()])
    return found


# ---------------------------------------------------------------------- array ops


def _of_array_op(op: ArrayOp, of: ArrayOp, draws: int) -> Iterator[list[Any] | str]:
    draw = SAMPLES[of.name]
    readings = [sample.reading(op) for sample in draw(np.random.default_rng(0))]  # a stale rule stays the same one
    for seed in range(draws):
        rng = np.random.default_rng([7, seed])
        for sample, reading in zip(draw(rng), readings, strict=True):
            yield _attempt(_gradients, reading, sample, rng)


def _gradients(op: ArrayOp, sample: Sample, rng: np.random.Generator) -> list[Any]:
    """The gradients of an ordinary pass, those of a recorded one, and the gradients of their weighted sum."""
    y = np.asarray(op(*sample.operands, **sample.settings))
    upstream, *weights = (_weights(x, rng) for x in (y, *sample.operands))
    leaves = [Tensor(x, requires_grad=True) for x in sample.operands]
    op(*leaves, **sample.settings).backward(upstream)
    found = [x.grad.numpy() for x in leaves]
    leaves, g = [Tensor(x, requires_grad=True) for x in sample.operands], Tensor(upstream, requires_grad=True)
    op(*leaves, **sample.settings).backward(g, create_graph=True)
    slopes = [x.grad for x in leaves]
    found += [slope.detach().numpy() for slope in slopes]
    total = sum(_weighted(slope, w) for slope, w in zip(slopes, weights, strict=True))
    for x in leaves:
        x.zero_grad()
    if total.requires_grad:
        total.backward()
    return found + [np.zeros(x.shape) if x.grad is None else x.grad.numpy() for x in (g, *leaves)]


def _weights(x: Any, rng: np.random.Generator) -> Any:
    w = rng.uniform(0.5, 1.5, x.shape) * rng.choice([-1, 1], x.shape)
    return w + 1j * rng.uniform(0.5, 1.5, x.shape) if x.dtype.kind == "c" else w


def _weighted(slope: Any, w: Any) -> Any:
    if slope.dtype.kind == "c":
        return (real_part(slope) * w.real).sum() + (imag_part(slope) * w.imag).sum()
    return (slope * w).sum()
