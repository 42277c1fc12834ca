"""Rows read for the backward pass on arrays: what a node's gradient adds to the gradients of its operands."""

from __future__ import annotations

from typing import Any

import numpy as np

from .array_op import ArrayOp
from .arrays.fourier import conj, real_part
from .arrays.reductions import unbroadcast
from .arrays.shapes import astype
from .changes import changes, stale
from .graph import ARRAYS, CONSTANT, Node, Rule
from .modes import modes
from .op import NumberOp, Op, ieee
from .rules import arguments_read
from .traced import Traced, array_of

__all__ = ["array_rule", "fitted", "numbers_read", "shares", "shares_from", "takes_gradient"]


def takes_gradient(x: Any) -> bool:
    """Whether an operand takes part in a sweep: plain numbers and constants do not."""
    return isinstance(x, Node) and x._rule is not CONSTANT


def array_rule(op: Op) -> Rule:
    """The rule of all nodes of an op on arrays; made once."""
    rule = op.rules.get(ARRAYS)
    if rule is None:
        one = op.arity == 1 and not getattr(op, "variadic", False)
        rule = op.rules[ARRAYS] = Rule(op, ARRAYS, _pull_only if one else _pull)
    return rule


def _pull_only(node: Any) -> None:
    """The same as `_pull` for an op of one operand, without a list."""
    upstream, result, settings = node._grad, node._data, node._b
    if type(upstream) is not np.ndarray or changes.now is not node._made or (settings is None and not result.ndim):
        _pull_with_care(node, upstream)
        return
    (x,) = node._a
    if x._rule is not CONSTANT:  # which it may have become
        data = x._data
        share = _share(node._rule.op, 0, upstream, result, (data,), settings)
        if share is not None:
            if share.shape != data.shape or share.dtype != data.dtype:
                share = fitted(share, x)
            x._grad = share if x._grad is None else x._grad + share


def _pull(node: Any) -> None:
    """Add to the gradients of the operands; the first share is taken as it is, and never changed in place."""
    upstream, result, settings = node._grad, node._data, node._b
    if type(upstream) is not np.ndarray or changes.now is not node._made or (settings is None and not result.ndim):
        _pull_with_care(node, upstream)
        return
    op, operands = node._rule.op, node._a
    numbers = [x._data if isinstance(x, Node) else x for x in operands]
    for i, x in enumerate(operands):
        if isinstance(x, Node) and x._rule is not CONSTANT:
            share = _share(op, i, upstream, result, numbers, settings)
            if share is not None:
                data = numbers[i]
                if share.shape != data.shape or share.dtype != data.dtype:
                    share = fitted(share, x)
                x._grad = share if x._grad is None else x._grad + share


def _pull_with_care(node: Any, upstream: Any) -> None:
    """The same where numbers are traced, were changed in place, or are single ones, as on floats."""
    if upstream is None:
        return
    for x, share in shares(node, upstream):
        so_far = x._grad
        if so_far is None:
            x._grad = share + 0.0 if type(share) is float else share  # 0.0 + -0.0 is 0.0, as on floats
        else:
            x._grad = so_far + share


def shares(node: Node, upstream: Any, *, recorded: bool = False) -> list[tuple[Node, Any]]:
    """Each operand that takes a gradient, with what this node adds to it.

    Recorded, the rules read the tensors themselves, and the shares are tensors that can be
    differentiated again; else they read the arrays.
    """
    op, result = node._rule.op, node._data
    if op is None:
        return []
    if changes.now is not node._made:  # type: ignore[attr-defined]
        _check_unchanged(node, op)
    if recorded:
        return shares_from(node, upstream, node._a, node)
    if not result.ndim and isinstance(op, NumberOp) and result.dtype == np.float64 and type(result) is not Traced:
        return _float_shares(node, float(upstream))
    operands = [x._data if isinstance(x, Node) else x for x in node._a]
    if modes.watched and (recorder := modes.recorder.get()) is not None:
        operands = list(map(recorder.lifted, operands))
    return shares_from(node, upstream if type(upstream) is np.ndarray else array_of(upstream), operands, result)


def shares_from(node: Node, upstream: Any, operands: Any, result: Any) -> list[tuple[Node, Any]]:
    """The same, on whatever stands for the operands and the result: arrays, tensors, formulas."""
    op: Any = node._rule.op
    settings = None if isinstance(op, NumberOp) else node._b
    found = []
    for i, x in enumerate(node._a):
        if isinstance(x, Node) and x._rule is not CONSTANT:
            share = _share(op, i, upstream, result, operands, settings)
            if share is not None:
                data = x._data
                same = share.shape == data.shape and share.dtype == data.dtype
                found.append((x, share if same else fitted(share, x)))
    return found


def _share(op: Any, i: int, upstream: Any, result: Any, operands: Any, settings: dict[str, Any] | None) -> Any:
    """What a node adds to the gradient of operand `i`; None if that has none.  Rows of the table have no settings."""
    if settings is None:
        return _row_share(op, i, upstream, result, operands)
    rule = op.pullback(i) if op.variadic else op.pullbacks[i]
    return None if rule is None else rule(upstream, result, *operands, **settings)


def _row_share(op: Any, i: int, upstream: Any, result: Any, operands: Any) -> Any:
    """The share of operand `i` of a row of the table: gradient times local derivative."""
    local = op.constants[i]
    if local is None:
        try:
            local = op.partials[i](*operands, result)
        except ArithmeticError:  # of plain numbers, as in x / 0
            local = op.partials[i](*map(_as_array, operands), result)
        if type(local) is type(upstream) in PLAIN and local.dtype.kind == "b":
            return _masked(upstream, local)
        if upstream.dtype.kind == "c":
            local = conj(local)
    elif local == 1.0:
        return upstream
    return upstream * local


PLAIN = (np.ndarray, Traced)
"""What a sweep works on that records nothing."""


def _masked(upstream: Any, chosen: Any) -> Any:
    """The gradient where it is chosen, else 0 of its sign; NumPy multiplies by truth values at half the speed."""
    share = chosen.astype(upstream.dtype)
    return np.multiply(upstream, share, out=share) if share.shape == upstream.shape else upstream * share


def _as_array(x: Any) -> Any:
    return np.float64(x) if isinstance(x, float | int) else x


def _float_shares(node: Node, upstream: float) -> list[tuple[Node, Any]]:
    """The same for a row that was read on 0-d tensors of Python's floats, and so by the same functions as on floats."""
    op: Any = node.op
    arguments = (*(float(x._data) if isinstance(x, Node) else float(x) for x in node._a), float(node._data))
    found: list[tuple[Node, Any]] = []
    for x, partial in zip(node._a, op.partials, strict=True):
        if takes_gradient(x):
            try:
                local = partial(*arguments)
            except ArithmeticError:
                local = ieee(partial, arguments)
            found.append((x, upstream * local))
    return found


def fitted(share: Any, x: Node) -> Any:
    """A share in the shape and the dtype of the operand: what broadcasting repeated is summed up.

    For a complex number z = u + iv the gradient is ∂/∂u + i ∂/∂v, so that a real operand takes the real part.
    """
    data = x._data
    if share.dtype.kind == "c" and data.dtype.kind != "c":
        share = real_part(share)
    if share.shape != data.shape:
        share = unbroadcast(share, data.shape)
    if share.dtype != data.dtype:
        share = astype(share, dtype=data.dtype)
    return share


def _check_unchanged(node: Any, op: Op) -> None:
    """Raise if the rules of a node read numbers that are no longer those of the forward pass."""
    for i, x in enumerate(node._a):
        if not takes_gradient(x):
            continue
        reads = numbers_read(op, i)
        for j, operand in enumerate(node._a):
            if isinstance(operand, Node) and ("*" in reads or (j < 3 and "abc"[j] in reads)):
                _refuse_stale(operand, node, op, f"operand {j}")
        if "y" in reads:
            _refuse_stale(node, node, op, "its result")


def numbers_read(op: Op, i: int) -> str:
    """Whose numbers the rule of operand `i` reads: letters of operands, `*` for all of them, `y` for the result."""
    if isinstance(op, NumberOp):
        return arguments_read(op, i)
    assert isinstance(op, ArrayOp)
    return op.reads(i)


def _refuse_stale(x: Any, node: Any, op: Op, which: str) -> None:
    if stale(x, node._made):
        raise RuntimeError(
            f"backward: {op.name} needs {which} as it was, but it was changed in place at {x._history.memory.site}: "
            "change a copy, x.clone(), or write x = x + ... instead of x += ..."
        )
