"""Models as a row of stages: what is between two layers, and what was done to get there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from autograd.functions.checks import per_axis

from ..conv import _Filters
from ..dense import Dense
from ..linear import Flatten, Identity, Linear, Unflatten
from ..module import Module
from ..neuron import Layer
from ..pooling import _AdaptivePool, _Pool
from ..residual import Residual
from .trace import Array, Call, is_quiet

__all__ = ["Shortcut", "Stage", "stages_of"]


@dataclass
class Stage:
    """Numbers between two layers.

    Args:
        kind: `maps` (channels, height, width), `signals` (channels, length), `neurons` (count,), or `box`, the
            result of a layer that no picture is known for.
        shape: of one sample.
        operations: what led here, line by line.
        path: what the model calls the layer.
        name: in a box, the layer.
        kernel: the height and width of the window that slid over the stage before.
        is_dense: whether every number here depends on every number before.
        source: the number of the stage that it came from, if that is not the one before it.
        values: the numbers, if there was an input.
    """

    kind: str
    shape: tuple[int, ...]
    operations: list[str] = field(default_factory=list)
    path: str = ""
    name: str = ""
    kernel: tuple[int, int] | None = None
    is_dense: bool = False
    source: int | None = None
    values: Array | None = None


@dataclass
class Shortcut:
    """What a residual block adds to its end: the stages by their numbers, and the layers on the way past."""

    start: int
    end: int
    operations: list[str]


def stages_of(calls: Sequence[Call], has_values: bool) -> tuple[list[Stage], list[Shortcut]]:
    """The calls of a model as stages, and the shortcuts of its residual blocks."""
    row = _Row(calls, has_values)
    for call in calls:
        row.add(call)
    return row.stages, row.shortcuts


class _Row:
    """The stages so far, and the residual blocks that have begun."""

    def __init__(self, calls: Sequence[Call], has_values: bool) -> None:
        given = calls[0].given
        self.stages = [Stage(_kind(given, calls[0].layer), given.shape, values=given if has_values else None)]
        self.shortcuts: list[Shortcut] = []
        self._has_values = has_values
        self._past: dict[str, list[str]] = {call.path: [] for call in calls if isinstance(call.layer, Residual)}
        self._begun: dict[str, int] = {}  # the stages at which residual blocks begin
        self._waiting: list[str] = []  # what a residual block does before its first layer
        self._ends: list[int] = []  # the stage that each call led to

    def add(self, call: Call) -> None:
        """Go on with a call."""
        for path in self._past:
            if _is_inside(call.path, path):
                self._begun.setdefault(path, len(self.stages) - 1)
        block = next((path for path in self._past if _is_inside(call.path, f"{path}.shortcut".lstrip("."))), None)
        if block is not None:
            self._past[block] += [] if isinstance(call.layer, Identity) else _words(call.layer)
        else:
            self._go_along(call)
            if self._has_values and not self._waiting:
                self.stages[-1].values = call.result
        self._ends.append(len(self.stages) - 1)

    def _go_along(self, call: Call) -> None:
        """Go on with a call that is not on the way past a residual block."""
        last = len(self.stages) - 1
        if isinstance(call.layer, Residual):
            self.shortcuts.append(Shortcut(self._begun.pop(call.path), last, self._past[call.path]))
            self.stages[-1].operations += self._waiting  # the block had no other layers
            self._waiting = []
        elif is_quiet(call.layer):
            words = [] if isinstance(call.layer, Identity) or not last else [type(call.layer).__name__]
            # The shortcut of a block that begins here takes the stage as it is.
            target = self._waiting if last in self._begun.values() else self.stages[-1].operations
            target += words
        else:
            source = self._source(call)
            stage = _stage(call)
            stage.source = None if source == last else source
            stage.operations, self._waiting = self._waiting + stage.operations, []
            self.stages.append(stage)

    def _source(self, call: Call) -> int:
        """The stage that a call begins at: the last one if nobody knows."""
        if call.source is None:
            return len(self.stages) - 1
        return 0 if call.source < 0 else self._ends[call.source]


def _is_inside(path: str, outer: str) -> bool:
    return path == outer or path.startswith(f"{outer}.") or not outer


def _stage(call: Call) -> Stage:
    """What a layer gives."""
    layer = call.layer
    height, width = (1, *_window(layer))[-2:] if isinstance(layer, (_Filters, _Pool)) else (0, 0)
    kind = _kind(call.result, layer)
    known = isinstance(layer, (_Filters, _Pool, _AdaptivePool, Linear, Layer, Flatten, Unflatten))
    dense = isinstance(layer, (Linear, Layer))
    if not known or kind == "box":
        return Stage("box", call.result.shape, path=call.path, name=type(layer).__name__)
    kernel = (height, width) if height else None
    return Stage(kind, call.result.shape, _words(layer), call.path, kernel=kernel, is_dense=dense)


def _kind(numbers: Array, layer: Module) -> str:
    """How numbers of this shape are drawn; two axes are signals if the layer convolves them."""
    if numbers.ndim == 1:
        return "neurons"
    if numbers.ndim == 2 and getattr(layer, "rank", 0) == 1:
        return "signals"
    return "maps" if numbers.ndim >= 3 else "box"


def _words(layer: Any) -> list[str]:
    """What a layer does, in short lines."""
    if isinstance(layer, _Filters):
        kind = "transposed convolution" if layer.transposed else "convolution"
        stride, padding = _setting(layer.stride), _setting(layer.padding)
        settings = [f"stride {stride}"] * (stride != "1") + [f"padding {padding}"] * (padding not in ("0", "valid"))
        return [_with_window(kind, layer), *settings]
    if isinstance(layer, (_Pool, _AdaptivePool)):
        name = type(layer).__name__.removeprefix("Adaptive")
        kind = next(word for start, word in POOLING.items() if name.startswith(start))
        return [_with_window(f"{kind} pooling", layer) if isinstance(layer, _Pool) else f"{kind} pooling"]
    if isinstance(layer, (Linear, Layer)):
        activation = layer.activation if isinstance(layer, (Dense, Layer)) else "linear"
        return ["full connection"] + ([activation] if activation != "linear" else [])
    if isinstance(layer, (Flatten, Unflatten)):
        return ["flatten" if isinstance(layer, Flatten) else "unflatten"]
    return [type(layer).__name__]


POOLING = {"Max": "max", "Avg": "average", "Sum": "sum"}


def _window(layer: Any) -> tuple[int, ...]:
    """The sizes of the window that slides over the input."""
    return per_axis(layer.kernel_size, layer.rank, 1, type(layer).__name__, "kernel_size")


def _with_window(kind: str, layer: Any) -> str:
    """`5×5 convolution`; along a single axis `5-wide convolution`."""
    return f"{_sizes(_window(layer))}{'-wide' if layer.rank == 1 else ''} {kind}"


def _sizes(sizes: Sequence[int]) -> str:
    return "×".join(map(str, sizes))


def _setting(sizes: Sequence[int] | str) -> str:
    """A stride or a padding: one number if it is the same along all axes."""
    return sizes if isinstance(sizes, str) else _sizes(sizes if len(set(sizes)) > 1 else sizes[:1])
