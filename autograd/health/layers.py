"""What is measured of one layer: its activations, its gradients, its parameters."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Any
from weakref import ref

import numpy as np

from ..graph import Node
from ..op import Elementwise
from ..ops import TABLE
from ..quiet import quiet

__all__ = ["NEAR_BOUND", "Clock", "LayerHealth", "LayerRecord", "bounds_of"]

NEAR_BOUND = 0.05
"""An output this near to a bound of its activation function, as a share of the distance of the two, is saturated."""

MANY_ROWS = 1024  # of outputs of scalar layers that wait to be measured together

SMALLEST, LARGEST = 1e-30, 1e30
"""Between these a sum of squares is exact enough in single precision."""

Array = np.ndarray[Any, Any]
Bounds = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class LayerHealth:
    """What was measured of one layer, in one step or on the average of several; None where there was nothing.

    Attributes:
        layer: its path in the model, such as `0` or `encoder.hidden`.
        kind: its class.
        step: the number of the step, from 1 on; the last one of an average.
        units: how many outputs it has for one example; channels, of a convolution.
        mean, std: of the activations, its outputs.
        dead: how many units lay exactly on a bound of their activation function, such as the 0 of relu, for
            every example of all the steps: no gradient passes them.
        saturated: the share of the outputs that lie within `NEAR_BOUND` of a bound, if the function has two, as
            sigmoid and tanh have.
        gradient: the norm of the gradient of the outputs, of all examples of a step together.
        speed: the norm of the gradient of the parameters: how fast the layer learns.
        weight: the norm of the parameters, before the update.
        update: the norm of the change that followed, as a share of `weight`; None if nothing changed.
        not_finite: how many outputs were inf or nan, in all the steps.
        not_finite_gradients: how many elements of gradients were.
    """

    layer: str
    kind: str
    step: int
    units: int | None = None
    mean: float | None = None
    std: float | None = None
    dead: int | None = None
    saturated: float | None = None
    gradient: float | None = None
    speed: float | None = None
    weight: float | None = None
    update: float | None = None
    not_finite: int = 0
    not_finite_gradients: int = 0


def bounds_of(node: Node, nonlinearity: Any = None) -> Bounds:
    """What the activation function that made a node tends to at -∞ and at ∞; None where that is not finite.

    The op that made the node is the function, if it is a row of the table applied to a node and perhaps to plain
    numbers; of a layer computed in one piece, such as `nn.RNN`, the row that its attribute `nonlinearity` names.
    The row itself is asked, so that no list of activation functions is kept: sigmoid gives (0, 1), relu (0, None).

    >>> from autograd import Value
    >>> bounds_of(Value(0.5).tanh()), bounds_of(Value(0.5).relu()), bounds_of(Value(0.5) * 2)
    ((-1.0, 1.0), (0.0, None), (None, None))
    """
    op, others = node.op, node.operands[1:]
    if not isinstance(op, Elementwise):
        op, others = (TABLE.get(nonlinearity) if isinstance(nonlinearity, str) else None), ()
    elif any(isinstance(x, Node) for x in others) or not isinstance(node.operands[0], Node):
        return None, None
    if not isinstance(op, Elementwise) or op.arity != 1 + len(others):
        return None, None
    low, high = (op.on_floats(x, *map(float, others)) for x in (-math.inf, math.inf))
    return low if math.isfinite(low) else None, high if math.isfinite(high) and high != low else None


class Clock:
    """Which step all layers are in, and whether gradients have come in it."""

    def __init__(self) -> None:
        self.step = 1
        self.swept = False


class LayerRecord:
    """The measurements of one layer: of the step under way, and of those before.

    It refers to nothing of the model but its parameters, and to those weakly.
    """

    def __init__(self, layer: str, kind: str, clock: Clock, steps: int) -> None:
        self.layer, self.kind, self._clock = layer, kind, clock
        self.history: deque[LayerHealth] = deque(maxlen=steps)
        self.parameters: list[ref[Node]] = []
        self._last_alive: Array | None = None  # of each unit, the step in which it last left the bounds
        self._bounds: Bounds = (None, None)
        self._has_bounds = False  # and never had
        self.begin()

    def begin(self) -> None:
        """Measure a new step."""
        self._count, self._mean, self._deviations = 0, 0.0, 0.0
        self._near, self._bounded = 0, 0
        self._not_finite = self._not_finite_gradients = 0
        self._rows: list[list[float]] = []
        self._activation_squares: float | None = None
        self._squares: dict[int, float] = {}
        self._before: dict[int, Any] = {}

    # ------------------------------------------------------------------ what comes in

    def see(self, output: Any, nonlinearity: Any = None) -> None:
        """Measure a tensor that the layer gave."""
        if output._data.dtype.kind == "f":
            self._bounds = bounds_of(output, nonlinearity)
            self._measure(output._data)

    def see_scalars(self, outputs: list[Any]) -> None:
        """Keep the numbers that a layer of neurons gave for one example."""
        if self._rows and len(self._rows[0]) != len(outputs):
            self._measure_rows()
        if not self._rows:
            self._bounds = bounds_of(outputs[0])
        self._rows.append([y._data for y in outputs])
        if len(self._rows) >= MANY_ROWS:
            self._measure_rows()

    def hear_activation(self, gradient: Any) -> None:
        """Add the gradient of an output; it is a hook."""
        self._clock.swept = True
        self._activation_squares = (self._activation_squares or 0.0) + self._squared(gradient)

    def has_heard(self, i: int) -> bool:
        """Whether the gradient of a parameter has come in this step."""
        return i in self._squares

    def hear_parameter(self, i: int, gradient: Any) -> None:
        """Note the gradient of a parameter, and what the parameter is before the update."""
        self._clock.swept = True
        self._squares[i] = self._squared(gradient)
        parameter: Any = self.parameters[i]()
        if parameter is not None:
            self._before[i] = _copied(parameter._data)

    def _squared(self, gradient: Any) -> float:
        if isinstance(gradient, Node):
            gradient = gradient._data
        squares = _squares(gradient)
        if not math.isfinite(squares):
            self._not_finite_gradients += int((~np.isfinite(gradient)).sum())
        return squares

    def _measure_rows(self) -> None:
        rows, self._rows = self._rows, []
        if rows:
            self._measure(np.asarray(rows))

    def _measure(self, numbers: Array) -> None:
        """Add activations to the measures of the step; means and variances are merged as Chan et al. (1979) do."""
        n = numbers.size
        if not n:
            return
        mean = float(numbers.mean())
        deviations = _squares(numbers - numbers.dtype.type(mean))
        total, difference = self._count + n, mean - self._mean
        self._mean += difference * n / total
        self._deviations += deviations + difference * difference * self._count * n / total
        self._count = total
        if not math.isfinite(mean):
            self._not_finite += n - int(np.isfinite(numbers).sum())
        self._note_bounds(numbers)

    def _note_bounds(self, numbers: Array) -> None:
        """Which units lie on the bounds of the activation function, and how many outputs near them."""
        axis = _axis_of_units(numbers.ndim)
        units = numbers.shape[axis] if numbers.ndim else 1
        if self._last_alive is None or len(self._last_alive) != units:
            self._last_alive = np.zeros(units, int)
        low, high = self._bounds
        if low is None and high is None:
            return
        self._has_bounds = True
        alive = np.ones(numbers.shape, bool)
        for bound in (low, high):
            if bound is not None:
                alive &= numbers != numbers.dtype.type(bound)
        examples = tuple(i for i in range(numbers.ndim) if i != axis)
        self._last_alive[np.atleast_1d(alive.any(axis=examples))] = self._clock.step
        if low is not None and high is not None:
            margin = NEAR_BOUND * (high - low)
            self._near += int(((numbers < low + margin) | (numbers > high - margin)).sum())
            self._bounded += numbers.size

    # ------------------------------------------------------------------ what comes out

    @property
    def is_empty(self) -> bool:
        """Whether nothing came in since the step began."""
        return not (self._count or self._rows or self._squares or self._activation_squares is not None)

    def dead(self, since: int) -> int | None:
        """How many units were never off the bounds from this step on; None if there are no bounds."""
        if self._last_alive is None or not self._has_bounds:
            return None
        return int((self._last_alive < since).sum())

    def health(self) -> LayerHealth:
        """The measures of the step under way."""
        step = self._clock.step
        with quiet():
            self._measure_rows()
            weight, update = self._update()
        seen = self._count > 0
        return LayerHealth(
            self.layer,
            self.kind,
            step,
            units=None if self._last_alive is None else len(self._last_alive),
            mean=self._mean if seen else None,
            std=math.sqrt(self._deviations / self._count) if seen else None,
            dead=self.dead(step) if seen else None,
            saturated=self._near / self._bounded if self._bounded else None,
            gradient=None if self._activation_squares is None else math.sqrt(self._activation_squares),
            speed=math.sqrt(sum(self._squares.values())) if self._squares else None,
            weight=weight,
            update=update,
            not_finite=self._not_finite,
            not_finite_gradients=self._not_finite_gradients,
        )

    def _update(self) -> tuple[float | None, float | None]:
        """The norm of the parameters before the update, and how much of it they changed by."""
        if not self._before:
            return None, None
        weight = math.sqrt(sum(map(_squares, self._before.values())))
        changed = 0.0
        for i, before in self._before.items():
            parameter: Any = self.parameters[i]()
            if parameter is not None and np.shape(parameter._data) == np.shape(before):
                changed += _squares(parameter._data - before)
        return weight, math.sqrt(changed) / weight if changed and weight else None


def _axis_of_units(ndim: int) -> int:
    """Features come last, but channels of images (N, C, H, W) come second."""
    return 1 if ndim > 3 else max(ndim - 1, 0)


def _copied(numbers: Any) -> Any:
    return numbers.copy() if isinstance(numbers, np.ndarray) else numbers


def _squares(numbers: Any) -> float:
    """The sum of the squares; gradients that vanish would be lost in single precision, and get double."""
    if isinstance(numbers, float):
        return numbers * numbers
    flat = np.ravel(numbers)
    squares = float(np.vdot(flat, flat).real) if flat.dtype.itemsize > 2 else 0.0
    if SMALLEST < squares < LARGEST:
        return squares
    return float(np.square(np.abs(flat), dtype=np.float64).sum())
