"""Changes in place that are recorded, and views that follow them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .array_op import ArrayOp
from .array_rules import array_rule, numbers_read, takes_gradient
from .arrays.shapes import astype, overwrite
from .changes import History, Memory, changes, earlier_place
from .graph import CONSTANT, Node
from .modes import modes
from .names import calling_line
from .op import Op
from .traced import Traced, refused

__all__ = [
    "check_may_change",
    "detach_in_place",
    "increment_version",
    "memory_of",
    "note_view",
    "refresh",
    "retire",
    "rewrite",
]


def memory_of(x: Any) -> Memory:
    """What all tensors share that lie in the memory of this one."""
    if x._history is None:
        x._history = History(Memory())
    return x._history.memory  # type: ignore[no-any-return]


def increment_version(tensors: Any) -> None:
    """Say that the memory of a tensor, or of several, was changed through NumPy, where nothing could notice it.

    Rules that still need the old numbers then raise in `backward`, as after a change in place.  Optimizers
    that work on the arrays themselves, `x.detach().numpy()`, call it once a step.

    >>> import autograd
    >>> w = autograd.tensor([1.0, 2.0], requires_grad=True)
    >>> y = (w * w).sum()
    >>> w.detach().numpy()[0] = 5.0
    >>> autograd.increment_version(w)
    >>> y.backward()
    Traceback (most recent call last):
    RuntimeError: backward: mul needs operand 1 as it was, but it was changed in place at <doctest ...
    """
    time, site = changes.tick(), calling_line()
    for x in (tensors,) if isinstance(tensors, Node) else tensors:
        memory_of(x).changed_at(time, site)


def note_view(view: Any, of: Any, op: ArrayOp, settings: dict[str, Any]) -> None:
    """Remember that a tensor shows the numbers of another one."""
    view._history = History(memory_of(of), (of, op, settings))


def retire(x: Any) -> Any:
    """A hidden tensor in the place that `x` has in the graph now, so that `x` can take a new one.

    There is one for each place: hooks on it see all of its gradient.
    """
    memory = memory_of(x)
    if x._history.hidden is None:
        x._history.hidden = _twin(x, memory)
    return x._history.hidden


def _twin(x: Any, memory: Memory) -> Any:
    twin = x._constant_like(x._data)
    twin._rule, twin._a, twin._b, twin._made = x._rule, x._a, x._b, x._made
    if hasattr(x, "_note"):
        twin._note = x._note
    twin._history = History(memory)
    _let_go(twin)
    return twin


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
            hidden = retire(out_of_date)
            _take_place(out_of_date, op, (shown,), settings, time)
            _settle([hidden], hidden._made)


def _take_place(x: Any, op: Op, operands: tuple[Any, ...], settings: Any, time: int) -> None:
    """Make `x` the result of an operation, as of that time."""
    hidden = retire(x)
    hidden._rule = x._rule  # with hooks that came later
    x._history.leave(int(time), hidden)
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
        RuntimeError: `target` is a leaf that requires a gradient, or a view of one, or a view that was made
            under `no_grad` of a tensor that requires a gradient.
        ValueError: the memory cannot be written.
    """
    check_may_change(target, op)
    for x in operands:
        if isinstance(x, Node):
            refresh(x)
    shown = [target]
    while shown[-1]._history is not None and shown[-1]._history.view is not None:
        shown.append(shown[-1]._history.view[0])
    root = shown[-1]
    recorded = modes.recording.get() and any(map(takes_gradient, (*operands, root)))
    if recorded:
        _check_may_be_recorded(target, shown, op)
        recorded = target._data.dtype.kind in "fc"
    if not target._data.flags.writeable:
        raise ValueError(f"{op.name}: this tensor is expanded or read-only: change a copy, x.clone()")
    memory = memory_of(target)
    if not recorded:
        write(target._data)
        memory.touch(recorded=False)
        return
    operands = _as_they_were(op, operands, memory, root)
    write(target._data)
    since, time = int(root._made), memory.touch(recorded=True)
    if root is target:
        if op is overwrite and settings is not None and _is_whole(settings["index"]):
            operands[0] = _constant(root)  # nothing of it is left
        _take_place(target, op, tuple(operands), settings, time)
    else:
        # The result is a node of its own, which is written into what the view shows; the view shows it there.
        result = _twin(target, memory)
        result._rule, result._a, result._b, result._made = array_rule(op), tuple(operands), settings, time
        _take_place(root, overwrite, (retire(root), result), {"index": _positions(target, root)}, time)
        refresh(target)
        operands = [result]
    _settle(operands, since)


def check_may_change(target: Any, op: Op) -> None:
    """Raise if a program is traced and `target` is no part of it: it would change now, and never again."""
    recorder = modes.recorder.get() if modes.watched else None
    if recorder is not None:
        if type(target._data) is not Traced:
            raise refused(f"{op.name}: a tensor from outside would be changed by tracing alone")
        recorder.changes = True


def _check_may_be_recorded(target: Any, shown: Sequence[Any], op: Op) -> None:
    """Raise if the target, or something that it shows, has to stay as it is."""
    if any(x.op is None and takes_gradient(x) for x in shown):
        raise RuntimeError(
            f"{op.name}: cannot change a leaf that requires a gradient in place: "
            "write x = x + ..., or change it inside `with no_grad():`"
        )
    if takes_gradient(shown[-1]) and not takes_gradient(target):
        raise RuntimeError(
            f"{op.name}: this view was made under no_grad, of a tensor that requires a gradient: "
            "make the view outside, or change it inside, too"
        )


def _is_whole(index: Any) -> bool:
    """Whether an index names all elements at once, as `x[...]` and `x[:]` do."""
    return index is ... or (isinstance(index, slice) and index == slice(None))


def _as_they_were(op: Op, operands: Sequence[Any], memory: Memory, root: Any) -> list[Any]:
    """The operands, those in this memory replaced by what they are before the change of `root`."""
    read: set[str] = set()
    for i, x in enumerate(operands):
        if takes_gradient(x):
            read.update(numbers_read(op, i))
    found = []
    for i, x in enumerate(operands):
        if getattr(x, "_history", None) is not None and x._history.memory is memory:
            if _root(x) is root:  # any other one, made by detach, stays in its place
                x = retire(x)
            if "abc"[i] in read or "*" in read:
                x = _copied(x)
        found.append(x)
    return found


def _copied(x: Any) -> Any:
    """A copy as a node, so that rules can read the numbers after they are overwritten."""
    copy = x._constant_like(x._data.copy())
    copy._made = int(x._made)
    if takes_gradient(x):
        copy._rule, copy._a, copy._b = array_rule(astype), (x,), {"dtype": x._data.dtype}
    return copy


def _constant(x: Any) -> Any:
    """The numbers of a tensor, in its memory, as a constant."""
    constant = x._constant_like(x._data)
    constant._made = int(x._made)
    return constant


def _settle(operands: Sequence[Any], since: int) -> None:
    """Settle the nodes that a result is made of at once: the tensor that takes its place would hold itself.

    Nodes that were made before the tensor was changed last are left out, so that a chain of changes does
    not walk over the same graph again and again.
    """
    stack, seen = list(operands), set()
    while stack:
        node = stack.pop()
        if not takes_gradient(node) or node.op is None or node._made < since or node in seen:
            continue
        seen.add(node)
        settled = []
        for x in node._a:
            if isinstance(x, Node):
                refresh(x)
                place = earlier_place(x, node._made)
                x = x if isinstance(place, str) else place
            settled.append(x)
        node._a = tuple(settled)
        _let_go(node)
        stack += settled


def _let_go(node: Any) -> None:
    """Let a node forget when it was made, but for the number, if it will not ask what its operands were then.

    It will not if none of them was changed so far: where a tensor was before its first change is never forgotten.
    """
    for x in node._a or ():
        if isinstance(x, Node):
            history = _root(x)._history
            if history is not None and history.past:
                return
    if node._history is None or not node._history.past:
        node._made = int(node._made)


def _root(x: Any) -> Any:
    """The tensor whose memory a view shows; any other tensor itself."""
    while x._history is not None and x._history.view is not None:
        x = x._history.view[0]
    return x


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
    refresh(x)
    if not takes_gradient(x):
        return
    x._history = History(memory_of(x))
    time = changes.tick()
    x._history.past.append((int(time), calling_line()))
    x._rule, x._a, x._b, x._made = CONSTANT, None, None, time
