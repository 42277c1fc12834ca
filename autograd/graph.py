"""The computation graph: nodes, their parents, hooks, and the order of the sweep."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterable
from itertools import chain
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar

from .op import Reduction, to_float

if TYPE_CHECKING:
    from .modes import Scope
    from .op import Op

__all__ = [
    "ARRAYS",
    "CONSTANT",
    "LEAF",
    "VECTOR",
    "Hook",
    "Node",
    "Note",
    "Rule",
    "SharedHook",
    "gradient_of",
    "run_hooks",
    "sweep_order",
    "topological_order",
    "walk",
    "walking",
]

FIRST, SECOND, BOTH, MANY, ARRAYS = 1, 2, 3, 4, 5
"""Where a rule finds parents: in the slot `_a`, in `_b`, in a tuple in `_a` among plain numbers, or,
for arrays, in such a tuple among constants too."""


class Rule:
    """How a node passes its gradient on: an op, specialised to which of its operands are nodes."""

    __slots__ = ("hooks", "op", "pull", "reach", "reduces")

    def __init__(
        self, op: Op | None, reach: int, pull: Callable[[Any], None], hooks: tuple[Hook | SharedHook, ...] = ()
    ) -> None:
        self.op = op
        self.reach = reach
        self.pull = pull  # adds this node's contributions to the gradients of its parents
        self.hooks = hooks
        self.reduces = isinstance(op, Reduction)  # then the operands are vectors


LEAF = Rule(None, 0, lambda node: None)
CONSTANT = Rule(None, 0, lambda node: None)
"""The rule of an array that no gradient is asked for: sweeps do not visit it."""


class Note:
    """What few nodes have: a name, the line of code that made them, the parts of the computation they belong to."""

    __slots__ = ("name", "scopes", "site")

    def __init__(self, name: str | None = None, site: str | None = None, scopes: tuple[Scope, ...] = ()) -> None:
        self.name = name
        self.site = site
        self.scopes = scopes


class Node:
    """A number or an array, and how it was computed.

    One operation makes one object, with its operands in slots: neither a tuple nor a closure that the
    garbage collector would have to visit, and no reference back, so that counting references frees a
    graph at once.
    """

    __slots__ = ("__weakref__", "_a", "_b", "_data", "_grad", "_mark", "_note", "_rule")

    _a: Any  # the first operand; the tuple of all operands where the rule's reach is MANY
    _b: Any
    _data: Any
    _grad: Any
    _mark: object  # which walk met this node last, and how far it got
    _note: Note  # unset on most nodes
    _rule: Rule

    __hash__ = object.__hash__

    _nothing: ClassVar[Any] = 0.0
    """The gradient of a node that no contribution has reached yet."""

    @property
    def op(self) -> Op | None:
        """The operation that computed this node; None for a leaf."""
        return self._rule.op

    @property
    def is_leaf(self) -> bool:
        """Whether this node was given, not computed."""
        return not self._rule.reach

    @property
    def operands(self) -> tuple[Any, ...]:
        """What the operation was applied to, in order: nodes, and plain numbers for constants."""
        rule = self._rule
        if rule.reach >= MANY:
            return self._a  # type: ignore[no-any-return]
        slots = () if rule.op is None else (self._a,) if rule.op.arity == 1 else (self._a, self._b)
        return tuple(chain(*slots)) if rule.reduces else slots

    @property
    def parents(self) -> tuple[Node, ...]:
        """The operands that are nodes, in order; `x * x` has the same parent twice."""
        return tuple(x for x in self.operands if isinstance(x, Node))

    @property
    def name(self) -> str | None:
        """The name given to this node, for displays."""
        note = getattr(self, "_note", None)
        return note.name if note is not None else None

    @name.setter
    def name(self, name: str | None) -> None:
        if name is not None and not isinstance(name, str):
            raise TypeError(f"name: must be a string, got {name!r}, a {type(name).__name__}: write name={str(name)!r}")
        self._note = Note(name, self.site, self.scopes)

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """The parts of the computation that this node was made in, the outermost first; see `scope`."""
        note = getattr(self, "_note", None)
        return note.scopes if note is not None else ()

    @property
    def site(self) -> str | None:
        """The line of code that made this node, as `file.py:12`, if `detect_anomaly` or `note_sites` was on then."""
        note = getattr(self, "_note", None)
        return note.site if note is not None else None

    def _duplicate(self, a: Any, b: Any) -> Node:
        """The same node on perhaps other operands: number, gradient and name, but not the hooks."""
        raise NotImplementedError(f"{type(self).__name__}: must define how it is copied")

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        """A copy of the whole graph below this node, without recursion, sharing what the original shares."""
        for node in reversed(sweep_order(self)):
            if id(node) in memo:
                continue
            if node._rule.reach >= MANY:
                a, b = tuple(memo.get(id(x), x) for x in node._a), node._b
            else:  # a vector of plain numbers is not in the order, and may be shared
                a, b = (memo.get(id(x), x) for x in (node._a, node._b))
            memo[id(node)] = node._duplicate(a, b)
        return memo[id(self)]

    def _commit(self, order: list[Node], leaves: list[int], before: list[Any]) -> None:
        """After a sweep from this node, in this order: add what it gave the leaves to what they had before."""
        for i in leaves:
            earlier = before[i]
            if not (type(earlier) is float and earlier == 0.0):  # most had none: no call
                leaf = order[i]
                leaf._grad = leaf._total(earlier, leaf._grad)

    def _total(self, earlier: Any, gathered: Any) -> Any:
        """The gradient of a leaf that had one before a pass, and to which the pass gave another."""
        return gathered if type(earlier) is float and earlier == 0.0 else earlier + gathered

    def _settled_operands(self) -> tuple[Any, ...]:
        """For arrays: the operands, those changed in place since as they were when this node was made."""
        raise NotImplementedError(f"{type(self).__name__}: must define how it finds its operands of long ago")

    def _shown(self, gradient: Any) -> Any:
        """What hooks are shown of a gradient inside a sweep."""
        return gradient

    def _replaced(self, gradient: Any, by: Any, hook: Callable[[Any], Any]) -> Any:
        """The gradient that a hook's answer stands for."""
        if isinstance(by, Node):
            return by if isinstance(gradient, Node) else by._data
        if isinstance(by, Real):
            return to_float(by)
        raise TypeError(f"hook: must return a number or None, {hook!r} returned {by!r}")

    def register_hook(self, hook: Callable[[Any], Any]) -> Hook:
        """Call `hook(gradient)` in each backward pass, when this node's gradient is complete.

        What the hook returns replaces the gradient; None leaves it.  On a leaf the hook sees what this
        pass adds.  Where no gradient arrives, it is not called.  Returns a handle whose `remove()` takes
        the hook away again.

        Backward passes of several threads take turns, so a hook must not wait for one of another thread:
        that one would wait for the hook.
        """
        if not callable(hook):
            raise TypeError(f"register_hook: takes a function of the gradient, got {hook!r}")
        return Hook(self, hook)


def _scatter(vector: Node) -> None:
    """Hand a vector's gradients to its elements; there are none if all that reached it was 0."""
    if not vector._grad:
        return
    for x, gradient in zip(vector._a, vector._grad, strict=True):
        if type(x) is not float:
            x._grad += gradient


VECTOR = Rule(None, MANY, _scatter)
"""The rule of a node that only holds operands of a reduction in a row: displays look through it."""


class Hook:
    """A hook on a node; `remove()` takes it away."""

    __slots__ = ("_node", "function")

    def __init__(self, node: Node, function: Callable[[Any], Any]) -> None:
        self._node = weakref.ref(node)  # the node holds its hooks: a reference back would be a cycle
        self.function: Callable[[Any], Any] | None = function
        _set_hooks(node, (*node._rule.hooks, self))

    def remove(self) -> None:
        """Take the hook away; the second time there is nothing to do."""
        self.function = None  # also where a change in place has moved it to a hidden tensor
        node = self._node()
        if node is not None and self in node._rule.hooks:
            _set_hooks(node, tuple(hook for hook in node._rule.hooks if hook is not self))


class SharedHook:
    """One hook on many nodes, for little more than an assignment each; `remove()` silences it on all of them."""

    __slots__ = ("function",)

    def __init__(self, nodes: Iterable[Node], function: Callable[[Any], Any]) -> None:
        self.function: Callable[[Any], Any] | None = function
        hooked: dict[Rule, Rule] = {}
        for node in nodes:
            own = node._rule
            if own not in hooked:
                shared = own.pull.shared if isinstance(own.pull, _HookedPull) else own
                hooks = [hook for hook in own.hooks if hook.function is not None]  # a leaf may have met many
                hooked[own] = Rule(shared.op, shared.reach, _HookedPull(shared), (*hooks, self))
            node._rule = hooked[own]

    def remove(self) -> None:
        """Take the hook away; the second time there is nothing to do."""
        self.function = None


def _set_hooks(node: Node, hooks: tuple[Hook | SharedHook, ...]) -> None:
    """Give a node a rule of its own that runs the hooks first, or the shared one again."""
    own = node._rule
    shared = own.pull.shared if isinstance(own.pull, _HookedPull) else own
    pull = _HookedPull(shared) if hooks else shared.pull
    node._rule = Rule(shared.op, shared.reach, pull, hooks) if hooks else shared


class _HookedPull:
    __slots__ = ("shared",)

    def __init__(self, shared: Rule) -> None:
        self.shared = shared

    def __call__(self, node: Node) -> None:
        if node._grad is not None:  # None: no rule on the way here gave one
            node._grad = run_hooks(node, node._grad)
        self.shared.pull(node)


def run_hooks(node: Node, gradient: Any) -> Any:
    """The gradient after each hook of a node has seen it and perhaps replaced it."""
    for hook in node._rule.hooks:
        function = hook.function
        by = None if function is None else function(node._shown(gradient))
        if function is not None and by is not None:
            gradient = node._replaced(gradient, by, function)
    return gradient


def gradient_of(node: Node) -> Any:
    """The gradient so far, as a number or an array; None where there is none yet."""
    gradient = node._grad
    return gradient._data if isinstance(gradient, Node) else gradient


walking = threading.RLock()
"""Held while marks or gradients of a graph change: leaves may be shared between threads."""


def topological_order(root: Node) -> list[Node]:
    """The node and all its ancestors, every node before its parents."""
    return [node for node in sweep_order(root) if node._rule is not VECTOR]


def sweep_order(root: Node) -> list[Node]:
    """The same with the vectors that hold the operands of reductions."""
    with walking:
        return walk(root)[0]


def walk(root: Node) -> tuple[list[Node], list[int]]:
    """The order of the sweep, and where in it the leaves are, counted from its end; the caller holds `walking`.

    Depth first, without recursion.  A node's mark says whether this walk has `opened` it (its parents
    are under way) or `closed` it (they are all in the list): two objects made for this walk, so that
    no mark of an earlier one has to be cleared.
    """
    opened, closed = object(), object()
    order: list[Node] = []
    leaves: list[int] = []
    stack = [root]
    push, pop, append = stack.append, stack.pop, order.append
    while stack:
        node = stack[-1]
        mark = node._mark
        if mark is opened:
            node._mark = closed
            append(pop())
            continue
        if mark is closed:  # met on another path in the meantime
            pop()
            continue
        node._mark = opened
        reach = node._rule.reach
        if reach == BOTH:  # most nodes, so without the detour through a list of parents
            a, b = node._a, node._b
            if b._mark is not closed:
                push(b)
                if a._mark is not closed:
                    push(a)  # on top, so that the order follows the formula from left to right
            elif a._mark is not closed:
                push(a)
            else:
                node._mark = closed
                append(pop())
        elif reach == FIRST:
            push(node._a)
        elif reach == ARRAYS:
            for x in reversed(node._settled_operands()):
                if isinstance(x, Node) and x._mark is not closed and x._rule is not CONSTANT:
                    push(x)
        elif reach == SECOND:
            push(node._b)
        elif reach == MANY:
            stack += [x for x in reversed(node._a) if type(x) is not float and x._mark is not closed]
        else:
            node._mark = closed
            leaves.append(~len(order))  # it will be reversed
            append(pop())
    order.reverse()
    return order, leaves
