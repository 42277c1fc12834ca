"""Operations of your own, which are then like those of the table: differentiated, drawn, explained, checked."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import wraps
from numbers import Real
from typing import Any

import numpy as np

from .array_op import ArrayOp
from .arrays.reductions import plain
from .arrays.shapes import astype
from .op import Domain, Elementwise, Notation, Op
from .quiet import quietly

__all__ = ["op"]


def op(
    *partials: Callable[..., Any] | float,
    vjp: Callable[..., Any] | Sequence[Callable[..., Any] | None] | None = None,
    name: str | None = None,
    symbol: str | None = None,
    notation: Notation | None = None,
    domain: Domain | None = None,
    linear: str = "",
) -> Callable[[Callable[..., Any]], Op]:
    """Make an operation of a function, given its derivatives.

    An elementwise function takes one partial derivative per operand, as a function of the operands and of
    the result `y`, in operators and rows of the table:

    >>> import autograd, numpy as np
    >>> @autograd.op(lambda a, y: 3 * a ** 2)
    ... def cube(a):
    ...     return a ** 3
    >>> x = autograd.tensor([1.0, 2.0], requires_grad=True)
    >>> cube(x).sum().backward()
    >>> x.grad
    tensor([ 3., 12.])
    >>> autograd.grad(autograd.grad(cube))(5.0)
    30.0

    Any other function of arrays takes `vjp(g, y, *operands, **settings)`, which gives the gradient of its
    operand, in its shape, from the gradient `g` of its result, or a list of such functions, one per operand:

    >>> @autograd.op(vjp=lambda g, y, a: autograd.flip(g, 0))
    ... def reverse(a):
    ...     return a[::-1]
    >>> autograd.grad(lambda a: reverse(a) @ np.array([1.0, 2.0]))(np.zeros(2))
    array([2., 1.])

    Args:
        partials: for an elementwise function.
        vjp: for any other one.
        name, symbol, notation: how it is called, drawn and printed; the function's name by default.
        domain: where an elementwise function is smooth; checks of its derivatives stay inside.
        linear: for array ops, whether it is linear, `"jointly"` in all operands or in `"each"`.

    Raises:
        TypeError: there are no derivatives, or not one per operand, or they are no functions.
        ValueError: `linear` is something else.
    """
    if (vjp is None) == (not partials):
        raise TypeError("op: give partial derivatives, one per operand, or vjp=..., as in @op(lambda a, y: 2 * a)")
    rules = tuple(vjp) if isinstance(vjp, Sequence) else (vjp,)
    for partial in partials:
        if not callable(partial) and not isinstance(partial, Real):
            raise TypeError(f"op: a derivative must be a function or a number, got {partial!r}")
    if not partials and not all(rule is None or callable(rule) for rule in rules):
        raise TypeError(f"op: vjp must be a function or a list of them, got {vjp!r}")
    if linear not in ("jointly", "each", ""):
        raise ValueError(f"op: linear must be 'jointly', 'each' or empty, got {linear!r}")

    def decorate(function: Callable[..., Any]) -> Op:
        if not callable(function):
            raise TypeError(f"op: decorates a function, got {function!r}")
        called = name or function.__name__
        summary = inspect.getdoc(function) or f"{called}, an operation of the user's."
        operands = _operands(function)
        if partials:
            if operands is not None and operands != len(partials):
                raise TypeError(f"op: {called} takes {operands} operands, but {len(partials)} partials are given")
            forward = (lambda *numbers: float(quietly(function, *numbers)), function)
            return Elementwise(
                called, summary, forward, *partials, domain=domain, symbol=symbol, notation=notation, register=False
            )  # fmt: skip
        if operands is not None and operands != len(rules):
            raise TypeError(f"op: {called} takes {operands} operands, but {len(rules)} vjp functions are given")
        pullbacks = [None if rule is None else _checked(rule, called, i) for i, rule in enumerate(rules)]
        return ArrayOp(
            called, summary, _fresh(function), *pullbacks, needs=("*y",) * len(rules), linear=linear,
            symbol=symbol, notation=notation, register=False,
        )  # fmt: skip

    return decorate


def _fresh(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with a copy in the place of a view: changing the result in place must not change an operand."""

    @wraps(function)
    def forward(*operands: Any, **settings: Any) -> Any:
        result = np.asarray(function(*operands, **settings))
        return result.copy() if any(np.may_share_memory(result, x) for x in operands) else result

    return forward


def _checked(rule: Callable[..., Any], called: str, i: int) -> Callable[..., Any]:
    """The rule of operand number `i`, which must answer with an array of its shape."""

    @wraps(rule)
    def pullback(g: Any, y: Any, *operands: Any, **settings: Any) -> Any:
        share, shape = rule(g, y, *operands, **settings), operands[i].shape
        if type(share) is np.ndarray and share.shape == shape:  # almost always
            return _kept_as_it_is(share)
        if share is None:
            return None
        if not shape and isinstance(share, Real):
            share = np.asarray(share)
        if not hasattr(share, "shape"):
            raise TypeError(
                f"{called}: the vjp of operand {i} gave {share!r}, a {type(share).__name__}: "
                f"give an array of the operand's shape, {shape}"
            )
        if share.shape != shape and not _is_repeated(shape, share.shape, y.shape):
            raise ValueError(
                f"{called}: the vjp of operand {i} gave shape {share.shape}: give that of the operand, {shape}"
            )
        return _own(share, isinstance(g, np.ndarray))

    return pullback


def _is_repeated(operand: tuple[int, ...], share: tuple[int, ...], result: tuple[int, ...]) -> bool:
    """Whether a share is as large as the result where that repeats the operand: then the engine sums it up."""
    if not len(operand) <= len(share) == len(result):
        return False
    operand = (1,) * (len(share) - len(operand)) + operand
    return all(n == own or (own == 1 and n == m) for n, own, m in zip(share, operand, result, strict=True))


def _own(share: Any, numbers: bool) -> Any:
    """A share that no change of a gradient in place can reach: the rule may have given an array that it keeps."""
    if numbers and hasattr(share, "__apply_array__"):
        share = plain(share)
    if type(share) is np.ndarray:
        return _kept_as_it_is(share)
    return astype(share, dtype=share.dtype) if getattr(share, "is_leaf", False) else share


def _kept_as_it_is(share: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """A view that cannot be written to, so that a leaf takes a copy."""
    share = share.view()
    share.flags.writeable = False
    return share


def _operands(function: Callable[..., Any]) -> int | None:
    """How many operands a function takes: its positional parameters without defaults."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # a function of NumPy, say
        return None
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    if any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in parameters):
        return None
    return sum(p.kind in positional and p.default is inspect.Parameter.empty for p in parameters)
