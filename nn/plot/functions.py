"""Activation functions beside their derivatives, which the engine takes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import vjp

from .. import activation
from .canvas import MUTED, PALETTE, Array, array, check_range, dress, grid_shape, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["activations"]

Function = Callable[..., Any]

BY_NAME: dict[str, Function] = {name: getattr(activation, name) for name in activation.__all__ if name.islower()}

DECK = ("sigmoid", "ReLU", "tanh", "softmax")
"""The four of deck 3, figure 4."""

OTHERS = 2
"""How many further inputs, fixed at 0, a function of several gets; with one of them, softmax would be sigmoid."""

POINTS = 1001  # an odd number, so that a kink in the middle is one of them


def activations(
    functions: Mapping[str, Function] | Iterable[str | Function] | None = None, *, low: float = -5.0, high: float = 5.0
) -> Figure:
    """Draw functions with their derivatives, as the engine differentiates them.

    A function of several inputs, as softmax, gets (x, 0, 0) and shows its first output, differentiated by x.

    Args:
        functions: names in `nn.functional`, functions or modules, or a dictionary of those by their titles; by default
            sigmoid, ReLU, tanh and softmax.
        low, high: between which inputs.

    Returns:
        A figure of matplotlib's with a panel for each.

    Raises:
        ImportError: matplotlib is missing.
        TypeError: one is no function.
        ValueError: one has no such name, or gives no output for each input, or there are none, or the range is empty.

    Deck 3, figure 4.
    """
    low, high = check_range((low, high), "activations", "low, high")
    if callable(functions):
        raise TypeError("activations: takes several functions: write [f] for one")
    chosen = DECK if functions is None else [functions] if isinstance(functions, str) else functions
    given: Iterable[tuple[str, Any]] = chosen.items() if isinstance(chosen, Mapping) else map(_titled, chosen)
    curves = [(title, *_curve(_function(function), title, low, high)) for title, function in given]
    if not curves:
        raise ValueError("activations: there are no functions: give names, as ['relu', 'gelu']")
    rows, columns = grid_shape(len(curves), None, "activations")
    figure = new_figure("activations", 0.6 + 3.9 * columns, 0.8 + 2.8 * rows)
    for i, (title, x, y, slope) in enumerate(curves):
        axes = figure.add_subplot(rows, columns, i + 1)
        for position in (axes.axhline, axes.axvline):
            position(0, color=MUTED, linewidth=0.8, alpha=0.6)
        lines = axes.plot(x, y, color=PALETTE[0], linewidth=2.4, label="f(x)")
        lines += axes.plot(x, slope, "--", color=PALETTE[1], linewidth=2, label="f′(x)")
        dress(axes, title, x="x" if i >= len(curves) - columns else "")
        axes.set_xlim(low, high)
    figure.legend(handles=lines, loc="outside upper center", ncols=2, frameon=False, fontsize=12)
    return figure


def _titled(function: Any) -> tuple[str, Any]:
    """What to write above a function."""
    if isinstance(function, str):
        title = function
    else:
        title = getattr(function, "name", None) or getattr(function, "__name__", None) or type(function).__name__
    return (f"{title} of (x{', 0' * OTHERS})" if _along(_function(function)) else title), function


def _function(function: Any) -> Function:
    if isinstance(function, str):
        if function.lower() not in BY_NAME:
            raise ValueError(f"activations: there is no {function!r}: choose one of {', '.join(sorted(BY_NAME))}")
        return BY_NAME[function.lower()]
    if not callable(function):
        raise TypeError(f"activations: takes functions, modules or names, got {function!r}")
    return function  # type: ignore[no-any-return]


def _along(function: Function) -> bool:
    """Whether it has to be told the axis of its inputs, as softmax."""
    return inspect.isfunction(function) and "dim" in inspect.signature(function).parameters


def _curve(function: Function, title: str, low: float, high: float) -> tuple[Array, Array, Array]:
    """Inputs, outputs and slopes.

    Each input gets a row with the others in it, so that functions of one number and of several are all the same here.
    """
    x = np.linspace(low, high, POINTS)
    inputs = np.pad(x[:, np.newaxis], ((0, 0), (0, OTHERS)))
    y, pullback = vjp(partial(function, dim=-1) if _along(function) else function, inputs)
    outputs = array(y, "activations", title)
    if outputs.shape != inputs.shape:
        raise ValueError(
            f"activations: {title} gives {outputs.shape} for inputs {inputs.shape}: needs one output for each input"
        )
    first = np.zeros(inputs.shape)
    first[:, 0] = 1.0
    (slopes,) = pullback(first)
    return x, outputs[:, 0], array(slopes, "activations", title)[:, 0]
