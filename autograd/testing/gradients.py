"""`check_gradients`: whether the derivatives of a function are what its values say."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..creation import generator
from ..graph import Node
from ..trees import leaves
from .causes import explained
from .comparison import Comparison, Tolerance
from .differences import difference
from .mismatch import GradientMismatch
from .program import Program
from .record import described, recorded

__all__ = ["check_gradients"]

MODES = ("reverse", "forward")


def check_gradients(
    function: Callable[..., Any],
    *inputs: Any,
    order: int = 2,
    modes: Iterable[str] = MODES,
    rtol: float | None = None,
    atol: float = 0.0,
    project: bool = False,
    allow_unused: bool = False,
    exhaustive: bool = False,
    seed: int = 0,
) -> None:
    """Check the derivatives of a function that gives one number against its values.

    First derivatives are compared with the complex step, measured operation by operation, where the function
    runs on dual numbers; and all derivatives with central differences, extrapolated to a step of 0.  Up to 16
    entries are compared one by one, more along a few random directions in which all of them move.

    Args:
        function: of any arguments; a module, too.
        inputs: floats, arrays, tensors and `Value`s, in containers too, by which it is differentiated; modules,
            by whose parameters it is; and anything else, which is handed on.
        order: up to which derivatives are checked.
        modes: of `"reverse"` and `"forward"`; forward mode is for tensors, and left out where there are `Value`s.
        rtol: the relative error allowed beside that of rounding; by default what the dtype allows, in float64
            1e-9 where the numeric one is exact, 3e-9 elsewhere.
        atol: an absolute error allowed beside.
        project: accept a function that gives arrays or containers, and check a sum of all elements and of
            their squares, each times a random weight.
        allow_unused: accept inputs that the function does not depend on.
        exhaustive: compare every entry on its own, however many there are.
        seed: makes directions and weights the same each time.

    Raises:
        GradientMismatch: a derivative is wrong or cannot be checked here; it says why, and names the operation.
        TypeError: there is nothing to differentiate, or the function returns something else than one real number.
        ValueError: the function does not depend on an input.
        RuntimeError: the function changes its inputs.

    >>> import autograd, numpy as np
    >>> from autograd.testing import check_gradients
    >>> check_gradients(lambda w, x: np.sum(np.tanh(w @ x)), np.ones((2, 3)), np.arange(3.0))
    >>> @autograd.op(lambda a, y: 1 - y)
    ... def my_tanh(a):
    ...     return np.tanh(a)
    >>> check_gradients(my_tanh, 0.5, order=1)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    autograd.testing.GradientMismatch: ... my_tanh (operand 0)...: rule gives 0.53788..., numeric 0.78644...
    """
    if not callable(function):
        raise TypeError(f"check_gradients: checks a function, got {function!r}, a {type(function).__name__}")
    chosen = tuple(modes)
    if isinstance(modes, str) or not chosen or not set(chosen) <= set(MODES):
        raise ValueError(f"check_gradients: modes must be of {MODES}, got {modes!r}")
    if type(order) is not int or order < 1:
        raise ValueError(f"check_gradients: order must be a whole number from 1 on, got {order!r}")
    program = Program(function, inputs, project=project, seed=seed)
    if not program.slots:
        given = ", ".join(type(x).__name__ for x in inputs) or "nothing"
        raise TypeError(
            f"check_gradients: nothing to differentiate by: got {given}: give floats, as 2.0, or arrays of them"
        )
    inspect_outputs(program)
    if not allow_unused:
        inspect_dependence(program)
    comparison = Comparison(program, order, chosen, exhaustive, Tolerance(rtol, atol))
    found = comparison.first_mismatch()
    if found is not None:
        raise explained(program, found)


# ---------------------------------------------------------------------- what a function must not do


def inspect_outputs(program: Program) -> None:
    """Run the function twice, and raise if it cannot be differentiated, or gives something else the second time."""
    before = _generators()
    with program.at(program.x) as carriers:
        numbers = [np.copy(_plain(x)) for x in carriers]
        constants = [(x, np.copy(x)) for x in program.constants() if isinstance(x, np.ndarray)]
        outputs = program.run(carriers)
        for slot, x, number in zip(program.slots, carriers, numbers, strict=True):
            _refuse_change(slot.label, number, _plain(x))
        for array, copy in constants:
            _refuse_change("an array that was handed on", copy, array)
        _check_outputs(outputs, program.project)
    drawn_from = [name for name, state in _generators().items() if state != before[name]]
    first, second = (program.value(program.x) for _ in range(2))
    if not np.isfinite(first):
        raise not_finite(program, first)
    if not np.isclose(first, second, rtol=1e-14, atol=0):
        whose = f" it draws from {' and '.join(drawn_from)}:" if drawn_from else ""
        raise GradientMismatch(
            f"check_gradients: the function is not deterministic:{whose} it gave {first!r}, then {second!r} "
            "on the same inputs: draw the random numbers once, outside, or seed a generator inside",
            "non-deterministic",
        )  # fmt: skip


def not_finite(program: Program, value: float) -> GradientMismatch:
    """The error that names the first operation whose result is infinite or no number."""
    nodes = recorded(program).nodes
    node = next((node for node in nodes if not np.isfinite(node._data).all()), None)
    first = "an input is" if node is None or node.op is None else f"first so is {described(node.op, None, node.site)}"
    message = f"check_gradients: the function gave {value}; {first}: move the inputs"
    return GradientMismatch(message, "not finite", op=node and node.op, site=node and node.site)


def _refuse_change(label: str, before: Any, after: Any) -> None:
    if np.shape(before) != np.shape(after) or not np.array_equal(before, after, equal_nan=True):
        raise RuntimeError(f"check_gradients: the function changes {label} in place: let it work on a copy, x.clone()")


def _generators() -> dict[str, Any]:
    """The states of the generators of random numbers that functions share."""
    _, keys, *place = np.random.get_state(legacy=True)
    return {
        "numpy.random": (keys.tobytes(), place),  # type: ignore[union-attr]
        "random": random.getstate(),
        "autograd's generator": generator.bit_generator.state,
    }


def _check_outputs(result: Any, project: bool) -> None:
    outputs = leaves(result)
    if not project and (outputs != [result] or len(outputs) != 1):
        raise TypeError(
            f"check_gradients: the function gave a {type(result).__name__}, must give one number: pick one of its "
            "parts, or write project=True to check them all"
        )
    for y in outputs:
        number = _plain(y)
        if not isinstance(number, (float, int, complex, np.ndarray, np.generic)):
            raise TypeError(f"check_gradients: the function gave {y!r}, a {type(y).__name__}: must give one number")
        if isinstance(number, (bool, int)) or np.asarray(number).dtype.kind not in "fc":
            kind = type(number).__name__ if isinstance(number, int) else np.asarray(number).dtype
            raise TypeError(f"check_gradients: the function gave {kind}, which has no derivative: must give a float")
        if not project and (np.size(number) != 1 or np.iscomplexobj(number)):
            what = "a complex number" if np.size(number) == 1 else f"shape {np.shape(number)}"
            raise TypeError(
                f"check_gradients: the function gave {what}, must give one real number: sum it up, or write "
                "project=True to check every element, with random weights"
            )


def inspect_dependence(program: Program) -> None:
    """Raise if no path of the graph leads to some input: because it is not used, or because the graph is cut."""
    with program.at(program.x, own_dtype=True) as carriers:
        reached = program.reached(program.objective(*carriers), carriers)
    for i, (slot, connected) in enumerate(zip(program.slots, reached, strict=True)):
        if connected:
            continue
        v = program.direction_of(i)
        moves = difference(lambda s, v=v: program.value(program.x + s * v))  # type: ignore[misc]
        if abs(moves.value) > 10 * moves.uncertainty:
            raise GradientMismatch(
                f"check_gradients: the graph is cut: the function's value moves with {slot.label}, but no recorded "
                "operation leads there: detach(), .data, item(), numpy() or a new leaf drops the derivative",
                "cut graph",
            )  # fmt: skip
        raise ValueError(
            f"check_gradients: the function ignores {slot.label}: leave it out, or write allow_unused=True"
        )


def _plain(x: Any) -> Any:
    """The number or array in a node."""
    if isinstance(x, np.ndarray) and x.dtype == object:
        return np.array([_plain(entry) for entry in x.ravel()])
    return x._data if isinstance(x, Node) else x
