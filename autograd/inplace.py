"""Changes in place that are recorded, and views that follow them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .array_op import ArrayOp
from .array_rules import array_rule, numbers_read, takes_gradient
from .arrays.shapes import overwrite
from .changes import History, Memory, changes
from .graph import CONSTANT, modes
from .op import Op

__all__ = ["note_view", "refresh", "retire", "rewrite"]


def memory_of(x: Any) -> Memory:
    """What all tensors share that lie in the memory of this one."""
    if x._history is None:
        x._history = History(Memory())
    return x._history.memory  # type: ignore[no-any-return]


def note_view(view: Any, of: Any, op: ArrayOp, settings: dict[str, Any]) -> None:
    """Remember that a tensor shows the numbers of another one."""
    view._history = History(memory_of(of), (of, op, settings))


def retire(x: Any) -> Any:
    """A hidden tensor in the place that `x` has in the graph now, so that `x` can take a new one."""
    hidden = x._duplicate(x._a, x._b)
    hidden._rule, hidden._made, hidden._grad = x._rule, x._made, None
    hidden._data = x._data
    hidden._history = History(memory_of(x))
    return hidden


def refresh(x: Any) -> None:
    """Give a view that is out of date its place in the graph again: after the change of what it shows."""
    history = x._history
    if history is None or history.view is None or history.memory.rewritten <= x._made:
        return
    chain = [x]
    while (view := chain[-1]._history.view) is not None:
        chain.append(view[0])
    for shown, out_of_date in zip(reversed(chain), reversed(chain[:-1]), strict=False):
        if out_of_date._made < out_of_date._history.memory.rewritten:
            _, op, settings = out_of_date._history.view
            time = out_of_date._history.memory.rewritten
            _take_place(out_of_date, op, (shown,), settings, time)


def _take_place(x: Any, op: Op, operands: tuple[Any, ...], settings: Any, time: int) -> None:
    """Make `x` the result of an operation, as of that time."""
    x._history.past.append((time, retire(x)))
    x._a, x._b, x._made = operands, settings, time
    x._rule = array_rule(op) if any(map(takes_gradient, operands)) else CONSTANT
    if x._rule is CONSTANT:
        x._a = x._b = None


def rewrite(
    target: Any,
    op: Op,
    operands: Sequence[Any],
    write: Callable[[np.ndarray[Any, Any]], None],
    settings: dict[str, Any] | None = None,
) -> None:
    """Change the numbers of `target` to the result of an operation, and record it if it has to be.

    Args:
        target: the tensor to change.
        op: what is applied.
        operands: to what; the first is `target` itself.
        write: puts the result into the memory; if it fails, nothing has changed.
        settings: those of an array op.

    Raises:
        RuntimeError: `target` is a leaf that requires a gradient, or a view of one.
        ValueError: the memory cannot be written.
    """
    refresh(target)
    recorded = modes.recording.get() and any(map(takes_gradient, operands))
    root = target
    while root._history is not None and root._history.view is not None:
        root = root._history.view[0]
    if recorded and root.op is None and takes_gradient(root):
        raise RuntimeError(
            f"{op.name}: cannot change a leaf that requires a gradient in place: "
            "write x = x + ..., or change it inside `with no_grad():`"
        )
    if not target._data.flags.writeable:
        raise ValueError(f"{op.name}: this tensor is expanded or read-only: change a copy, x.clone()")
    memory = memory_of(target)
    if not recorded:
        write(target._data)
        memory.touch(recorded=False)
        return
    operands = _as_they_were(op, operands, memory)
    result = None if root is target else retire(target)
    write(target._data)
    time = memory.touch(recorded=True)
    if result is None:
        _take_place(target, op, tuple(operands), settings, time)
        return
    # The result is a node of its own, which is written into what the view shows; the view shows it there.
    result._rule, result._a, result._b, result._made = array_rule(op), tuple(operands), settings, time
    _take_place(root, overwrite, (retire(root), result), {"index": _positions(target, root)}, time)
    refresh(target)


def _as_they_were(op: Op, operands: Sequence[Any], memory: Memory) -> list[Any]:
    """The operands, those in this memory replaced by what they are before the change."""
    read: set[str] = set()
    for i, x in enumerate(operands):
        if takes_gradient(x):
            read.update(numbers_read(op, i))
    found = []
    for i, x in enumerate(operands):
        if getattr(x, "_history", None) is not None and x._history.memory is memory:
            hidden = retire(x)
            if "abc"[i] in read:
                hidden._data = hidden._data.copy()
                hidden._history = None
            x = hidden
        found.append(x)
    return found


def _positions(view: Any, root: Any) -> Any:
    """Where the elements of a view lie in the tensor that it shows, as an index."""
    places = np.arange(root._data.size).reshape(root.shape)
    steps = []
    while view is not root:
        view, op, settings = view._history.view
        steps.append((op, settings))
    for op, settings in reversed(steps):
        places = op.forward(places, **settings)
    return np.unravel_index(places, root.shape) if root.ndim else ...


def detach_in_place(x: Any) -> None:
    """Make `x` a constant from now on; nodes made before can no longer pass gradients through it."""
    memory = memory_of(x)
    changes.now += 1
    memory.site = memory.site or "detach_()"
    x._history = History(memory)
    x._history.past.append((changes.now, None))
    x._rule, x._a, x._b, x._made = CONSTANT, None, None, changes.now
