"""A function and the numbers it is differentiated by, laid end to end: what a check evaluates in many ways."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..array_rules import takes_gradient
from ..arrays.fourier import imag_part, real_part
from ..backward import gradients
from ..dual import Dual
from ..graph import Node, topological_order
from ..modes import no_grad
from ..tensor import Tensor, wrap
from ..transforms import grad, jvp
from ..trees import leaves, mapped
from ..value import Value
from .numeric import NumericDual

__all__ = ["Program", "Slot", "nodes_of", "numbers_of"]

LEVEL = 0  # below those of the transforms that the function may use


@dataclass(frozen=True)
class Slot:
    """A number or an array among the inputs that has derivatives."""

    label: str
    numbers: np.ndarray[Any, Any]
    parameter: Any = None
    """The node of a module that holds them, if a module does."""


class Program:
    """A function of inputs as a function of one long vector of real numbers.

    Floats, arrays of floats, tensors and `Value`s are what it is differentiated by, in containers too, and the
    parameters of modules, which are the inputs (or the function) that have a method `parameters`.  All other
    inputs are handed on as they are.  Complex numbers count as two.

    If a `Value` is among the inputs, they all become `Value`s, else tensors.

    Args:
        function: what to call.
        inputs: on what.
        project: whether to make one number of all that it returns, with random weights, the same each time.
        seed: makes the weights and all other random numbers.
    """

    def __init__(self, function: Callable[..., Any], inputs: Sequence[Any], *, project: bool = False, seed: int = 0):
        self.function = function
        self.project = project
        self.rng = np.random.default_rng(seed)
        self.slots: list[Slot] = []
        self._modules: list[Any] = []
        if _is_module(function):
            self._add_module("", function)
        names = _argument_names(function, len(inputs))
        self._inputs = [self._collected(x, name) for x, name in zip(inputs, names, strict=True)]
        self.on_values = any(isinstance(slot.parameter, Value) for slot in self.slots) or any(
            isinstance(x, Value) for x in leaves(list(inputs))
        )
        self._ends = np.cumsum([_real(slot.numbers).size for slot in self.slots]).tolist()
        self.x = self._flat([slot.numbers for slot in self.slots])
        self.weights: list[Any] | None = None
        self._directions: list[Any] = []

    # ------------------------------------------------------------------ inputs

    def _collected(self, x: Any, label: str) -> Any:
        """The input with a hole for everything that has derivatives, which becomes a slot."""
        if isinstance(x, dict):
            return type(x)((key, self._collected(entry, f"{label}[{key!r}]")) for key, entry in x.items())
        if isinstance(x, tuple) and hasattr(x, "_fields"):
            return type(x)(*(self._collected(getattr(x, key), f"{label}.{key}") for key in x._fields))
        if isinstance(x, (list, tuple)):
            return type(x)(self._collected(entry, f"{label}[{i}]") for i, entry in enumerate(x))
        if _is_module(x):
            self._add_module(label, x)
            return x
        numbers = x._data if isinstance(x, (Value, Tensor)) else x
        if isinstance(x, (Node, float, np.ndarray, np.floating)):
            array = np.array(numbers)
            if array.dtype.kind in "fc":
                self.slots.append(Slot(label, array))
                return _Hole(len(self.slots) - 1)
        return x

    def _add_module(self, label: str, module: Any) -> None:
        self._modules.append(module)
        named = getattr(module, "named_parameters", None)
        pairs = named() if named is not None else ((f"parameters()[{i}]", p) for i, p in enumerate(module.parameters()))
        for name, parameter in pairs:
            self.slots.append(Slot(f"{label}.{name}".lstrip("."), np.array(parameter._data), parameter))

    def place(self, coordinate: int) -> str:
        """What to call one of the numbers, such as `w[1, 2]`."""
        i = self.slot_of(coordinate)
        slot = self.slots[i]
        rest = coordinate - (self._ends[i - 1] if i else 0)
        part = ""
        if slot.numbers.dtype.kind == "c":
            rest, imaginary = divmod(rest, 2)
            part = ".imag" if imaginary else ".real"
        index = ", ".join(map(str, np.unravel_index(rest, slot.numbers.shape)))
        return slot.label + (f"[{index}]" if slot.numbers.ndim else "") + part

    def slot_of(self, coordinate: int) -> int:
        """In which slot one of the numbers lies."""
        return int(np.searchsorted(self._ends, coordinate, side="right"))

    def _flat(self, arrays: Sequence[Any]) -> np.ndarray[Any, Any]:
        """Arrays of the slots' shapes laid end to end."""
        return np.concatenate([np.zeros(0), *(np.ravel(_real(a)).astype(np.float64) for a in arrays)])

    def _shaped(self, x: np.ndarray[Any, Any], *, own_dtype: bool = False) -> list[np.ndarray[Any, Any]]:
        """The arrays of the slots, in float64 or in the dtypes that were given."""
        found = []
        for part, slot in zip(np.split(x, self._ends[:-1]) if self.slots else [], self.slots, strict=True):
            array = (part.copy().view(np.complex128) if slot.numbers.dtype.kind == "c" else part).reshape(
                slot.numbers.shape
            )
            found.append(array.astype(slot.numbers.dtype) if own_dtype else array.copy())
        return found

    def constants(self) -> list[Any]:
        """The inputs that are handed on as they are."""
        return [x for x in leaves(self._inputs) if not isinstance(x, _Hole)]

    def direction_of(self, slot: int) -> np.ndarray[Any, Any]:
        """A direction in which one slot moves and the others stay."""
        parts = [self.rng.uniform(0.5, 1.5, s.numbers.shape) * (i == slot) for i, s in enumerate(self.slots)]
        return self._flat([p.astype(s.numbers.dtype) for p, s in zip(parts, self.slots, strict=True)])

    # ------------------------------------------------------------------ running the function

    def run(self, carriers: Sequence[Any]) -> Any:
        """What the function returns if these stand in the slots."""
        arguments = [mapped(lambda x: carriers[x.slot] if isinstance(x, _Hole) else x, tree) for tree in self._inputs]
        swaps = {
            id(slot.parameter): carrier
            for slot, carrier in zip(self.slots, carriers, strict=True)
            if slot.parameter is not None and slot.parameter is not carrier
        }
        with _swapped(self._modules, swaps):
            return self.function(*arguments)

    def objective(self, *carriers: Any) -> Any:
        """One number: what the function returns, or the weighted sum of all its elements and of their squares.

        The squares make the gradient that reaches the function depend on its inputs: else nobody would ask
        for the derivative of what its rules do with that gradient.
        """
        outputs = leaves(self.run(carriers))
        if not self.project:
            (y,) = outputs
            return y.sum() if getattr(y, "shape", ()) else y
        numbers = [numbers_of(y) for y in outputs]
        if self.weights is None:
            self.weights = [
                (self._random(np.shape(y), y), self._random(np.shape(y), 0.0) / (1 + np.max(np.abs(y), initial=0)))
                for y in numbers
            ]
        total: Any = 0.0
        for (w, u), y in zip(self.weights, outputs, strict=True):
            parts = (real_part(y), imag_part(y)) if np.iscomplexobj(numbers_of(y)) else (y,)
            total = total + _inner(w, y) + sum(_inner(u, part * part) for part in parts)
        return total

    def _random(self, shape: tuple[int, ...], like: Any) -> Any:
        weights = self.rng.uniform(0.5, 1.5, shape) * self.rng.choice((-1.0, 1.0), shape)
        if np.asarray(like).dtype.kind == "c":
            weights = weights + 1j * self.rng.uniform(0.5, 1.5, shape)
        return weights

    @contextmanager
    def at(self, x: np.ndarray[Any, Any], *, own_dtype: bool = False) -> Iterator[list[Any]]:
        """Leaves for all slots with these numbers, while the block runs: `Value`s of modules keep their place."""
        arrays = self._shaped(x, own_dtype=own_dtype)
        if not self.on_values:
            yield [wrap(a).requires_grad_() for a in arrays]
            return
        held = [slot.parameter for slot in self.slots if slot.parameter is not None]
        before = [p._data for p in held]
        try:
            carriers: list[Any] = []
            for slot, array in zip(self.slots, arrays, strict=True):
                if slot.parameter is not None:
                    slot.parameter.data = float(array)
                    carriers.append(slot.parameter)
                else:
                    carriers.append(np.frompyfunc(Value, 1, 1)(array) if array.ndim else Value(float(array)))
            yield carriers
        finally:
            for p, number in zip(held, before, strict=True):
                p.data = number

    # ------------------------------------------------------------------ readings

    def value(self, x: np.ndarray[Any, Any], order: int = 1) -> float:
        """The function at x; for a higher order its derivative of one order less, along fixed directions."""
        with self.at(x) as carriers:
            if order == 1:
                with no_grad():
                    return float(numbers_of(self.objective(*carriers)))
            return float(numbers_of(self.differentiated(carriers, order)))

    def differentiated(self, carriers: list[Any], order: int) -> Any:
        """The node whose gradient is the derivative of that order: all but the last one are taken."""
        y = self.objective(*carriers)
        for i in range(order - 1):
            y = _inner_of_all(self._direction(i), self.slopes(y, carriers, create_graph=True))
        return y

    def _direction(self, i: int) -> list[Any]:
        """The direction of derivative number i, along which those of higher orders are taken; 1 for a single number."""
        while len(self._directions) <= i:
            random = [self._random(s.numbers.shape, s.numbers) for s in self.slots]
            self._directions.append(random if self.x.size > 1 else [np.ones(s.numbers.shape) for s in self.slots])
        return self._directions[i]  # type: ignore[no-any-return]

    def slopes(self, y: Any, carriers: Sequence[Any], create_graph: bool = False) -> list[Any]:
        """The gradient of a node by every slot; arrays of `Value`s give arrays."""
        nodes = nodes_of(carriers)
        if not takes_gradient(y):
            found: list[Any] = [None] * len(nodes)
        else:
            upstream = y._upstream(None, create_graph) if isinstance(y, Tensor) else 1.0
            found = gradients(y, upstream, nodes, create_graph=create_graph)
        rest = iter(found)
        shaped: list[Any] = []
        for carrier in carriers:
            if isinstance(carrier, np.ndarray):
                shaped.append(np.array([_or_zero(next(rest), 0.0) for _ in range(carrier.size)]).reshape(carrier.shape))
            else:
                shaped.append(_or_zero(next(rest), np.zeros_like(carrier._data)))
        return shaped

    def reached(self, y: Any, carriers: Sequence[Any]) -> list[bool]:
        """For every slot, whether the graph of a node leads to it."""
        ancestors = set(topological_order(y)) if takes_gradient(y) else set()
        return [any(x in ancestors for x in nodes_of([carrier])) for carrier in carriers]

    def gradient(self, y: Any, carriers: Sequence[Any]) -> np.ndarray[Any, Any]:
        """The gradient of a node as one vector."""
        return self._flat([numbers_of(slope) for slope in self.slopes(y, carriers)])

    def tangent(self, x: np.ndarray[Any, Any], v: np.ndarray[Any, Any]) -> tuple[float, bool]:
        """The derivative along a direction, measured at every operation, and whether it is exact to rounding."""
        pairs = zip(self._shaped(x), self._shaped(v), strict=True)
        with no_grad():
            y = self.objective(*(NumericDual(LEVEL, wrap(a), wrap(t), exact=True) for a, t in pairs))
        return (float(numbers_of(y.tangent)), y.exact) if isinstance(y, NumericDual) else (0.0, True)

    def forward(self, v: np.ndarray[Any, Any], order: int = 1) -> float:
        """The derivative of an order along a direction, its last step in forward mode."""
        primals = [wrap(a) for a in self._shaped(self.x, own_dtype=True)]
        tangents = [wrap(t) for t in self._shaped(v, own_dtype=True)]
        _, slope = jvp(self._reduced(order), primals, tangents)
        return float(numbers_of(slope))

    def _reduced(self, order: int) -> Callable[..., Any]:
        if order == 1:
            return self.objective
        slopes = grad(self._reduced(order - 1), tuple(range(len(self.slots))))
        return lambda *carriers: _inner_of_all(self._direction(order - 2), slopes(*carriers))


def nodes_of(carriers: Sequence[Any]) -> list[Any]:
    """The nodes in what stands in the slots, where arrays of `Value`s may stand, too."""
    return [x for carrier in carriers for x in (carrier.ravel() if isinstance(carrier, np.ndarray) else [carrier])]


@dataclass(frozen=True)
class _Hole:
    """Stands in the inputs for what a slot holds."""

    slot: int


def _is_module(x: Any) -> bool:
    return callable(getattr(x, "parameters", None)) and not isinstance(x, type)


def _argument_names(function: Callable[..., Any], count: int) -> list[str]:
    """What the function calls its arguments."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # functions written in C
        parameters = ()  # type: ignore[assignment]
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return [names[i] if i < len(names) else f"input {i}" for i in range(count)]


def numbers_of(x: Any) -> Any:
    """The plain number or array in a result."""
    if isinstance(x, np.ndarray) and x.dtype == object:
        return np.array([numbers_of(entry) for entry in x.ravel()], float).reshape(x.shape)
    while isinstance(x, (Node, Dual)):
        x = x._data
    return x


def _or_zero(slope: Any, zero: Any) -> Any:
    return zero if slope is None else slope


def _real(array: Any) -> np.ndarray[Any, Any]:
    """Complex numbers as pairs of real ones."""
    numbers: np.ndarray[Any, Any] = np.asarray(array)
    return np.stack([numbers.real, numbers.imag], -1) if numbers.dtype.kind == "c" else numbers


def _inner(w: Any, y: Any) -> Any:
    """Σ w y, the real part of it."""
    product = y * w
    if getattr(product, "dtype", None) is not None and product.dtype.kind == "c":
        product = real_part(product)
    if isinstance(product, np.ndarray) and product.dtype == object:
        return sum(product.ravel().tolist())
    return product.sum() if getattr(product, "shape", ()) else product


def _inner_of_all(direction: Sequence[Any], slopes: Any) -> Any:
    total: Any = 0.0
    for u, slope in zip(direction, slopes, strict=True):
        total = total + _inner(u, slope)
    return total


@contextmanager
def _swapped(modules: Sequence[Any], by: dict[int, Any]) -> Iterator[None]:
    """While the block runs, other objects stand wherever the modules hold these parameters."""
    undo: list[tuple[Any, Any, Any]] = []

    def swap(holder: Any, key: Any, value: Any) -> None:
        if id(value) in by:
            undo.append((holder, key, value))
            holder[key] = by[id(value)]
        elif isinstance(value, dict):
            for inner_key, entry in list(value.items()):
                swap(value, inner_key, entry)
        elif isinstance(value, list):
            for i, entry in enumerate(value):
                swap(value, i, entry)
        elif isinstance(value, tuple):
            entries = list(value)
            for i, entry in enumerate(entries):
                swap(entries, i, entry)
            if any(a is not b for a, b in zip(entries, value, strict=True)):
                undo.append((holder, key, value))
                holder[key] = type(value)(entries)
        elif _is_module(value) and id(value) not in seen:
            seen.add(id(value))
            for name, entry in list(vars(value).items()):
                swap(vars(value), name, entry)

    seen: set[int] = set()
    try:
        if by:
            for module in modules:
                swap({}, "", module)
        yield
    finally:
        for holder, key, value in reversed(undo):
            holder[key] = value
