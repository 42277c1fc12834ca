"""`Stepper`: the forward and the backward pass one node at a time, in both directions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from .changes import changes
from .conversions import as_array
from .graph import ARRAYS, Node, topological_order, walking
from .labels import Labels
from .operands import as_number, clock
from .page import frame, page_html
from .replay import seed
from .steps import BackwardStep, ForwardStep, backward_steps, forward_steps
from .tensor import Tensor

__all__ = ["Stepper"]

Step = BackwardStep | ForwardStep
State = dict[str, Any]
"""What a step puts into a node: by slot, its gradient, or its number with what belongs to it."""

DIRECTIONS = ("backward", "forward", "both")


class Stepper:
    """A pass over a graph as a film: one step at a time, forward and back.

    The graph changes with the position.  At 0 it is as it was found, at the end it is as `backward()` leaves it, to the
    last bit, and in between the gradients are what the steps so far have added up.  As a context
    manager it puts back what it changed, unless the end was reached.

    Args:
        root: the node whose graph it is, a `Value` or a `Tensor`.
        gradient: what `backward(gradient)` takes: 1 if it is left out.
        direction: `"backward"`; `"forward"` computes the nodes again, from what the leaves are now;
            `"both"` does one after the other, as one film.
        names: what to call nodes, by node; by default each has its own name or that of the caller's variable.

    Raises:
        TypeError: `root` is no node, or `gradient` is no number.
        RuntimeError: nothing in the graph takes a gradient, or the root is an array and no gradient is given.
        ValueError: no such direction.

    >>> from autograd import Value
    >>> w, x, b = Value(2.0), Value(-2.0), Value(8.0)
    >>> z = w * x + b
    >>> stepper = Stepper(z)
    >>> stepper.step()
    dz/dz = 1
    >>> stepper.step()
    dz/d(w · x) += dz/dz · dz/d(w · x) = 1 · 1 = 1
    dz/db += dz/dz · dz/db = 1 · 1 = 1
    >>> b.grad, w.grad
    (1.0, 0.0)
    >>> stepper.finish()
    >>> w.grad
    -2.0
    >>> stepper.back()
    dz/dw += dz/d(w · x) · d(w · x)/dw = 1 · x = 1 · (-2) = -2
    dz/dx += dz/d(w · x) · d(w · x)/dx = 1 · w = 1 · 2 = 2
    >>> w.grad
    0.0
    """

    def __init__(
        self,
        root: Node,
        gradient: Any = None,
        *,
        direction: str = "backward",
        names: Mapping[Node, str] | None = None,
    ) -> None:
        if direction not in DIRECTIONS:
            raise ValueError(f"Stepper: direction must be {', '.join(map(repr, DIRECTIONS))}, got {direction!r}")
        if not isinstance(root, Node):
            raise TypeError(f"Stepper: takes a graph node, such as a Value, got {root!r}, a {type(root).__name__}")
        if direction != "forward":
            seed(root, gradient)  # raises at the call what would raise at the first step
        self.root = root
        self.direction = direction
        self.labels = Labels(root, names)
        self.gradient = gradient
        """What the backward pass starts with; None stands for 1."""
        computed = [node for node in topological_order(root) if node.op is not None]
        forward = computed[::-1] if direction != "backward" else []
        self.nodes: tuple[Node, ...] = (*forward, *([root, *computed] if direction != "forward" else []))
        """The node of every step; the backward pass starts with the root, which is given 1."""
        self.start = len(forward)
        """How many steps come before the backward pass."""
        self._computed = {node: i for i, node in enumerate(computed)}
        self._begin()

    def _begin(self) -> None:
        self._position = 0
        self._steps: list[Step] = []
        self._film = _worked_out(self.root, self.gradient, self.direction, self.labels)
        self._failed: Exception | None = None  # why the film cannot go on
        self._found: list[list[tuple[Node, State]]] = []  # for each step taken, what it changed as it was before
        self._held: dict[tuple[Node, str], Any] = {}  # what the steps have put into the graph

    # ------------------------------------------------------------------ where it stands

    def __len__(self) -> int:
        """How many steps there are: one per operation, and one that gives the root its gradient."""
        return len(self.nodes)

    @property
    def position(self) -> int:
        """How many steps have been taken."""
        return self._position

    @property
    def pending(self) -> Step | None:
        """What the next step will do; None at the end."""
        if self._position == len(self):
            return None
        if self._position == len(self._steps):
            if self._failed is not None:
                raise RuntimeError("step: this step failed before: reset() starts again") from self._failed
            try:
                self._steps.append(next(self._film))
            except Exception as error:  # of a hook, say
                self._failed = error
                raise
        return self._steps[self._position]

    @property
    def taken(self) -> tuple[Step, ...]:
        """The steps so far."""
        return tuple(self._steps[: self._position])

    def __repr__(self) -> str:
        return f"<Stepper of {self.labels(self.root)}, {self.direction}: {self._position} of {len(self)} steps taken>"

    def _repr_html_(self) -> str | None:
        """In a notebook: the page with the film of both passes; None where they are too long for one."""
        try:
            return frame(page_html(self.root, names=self.labels.names, gradient=self.gradient))
        except ValueError:
            return None

    # ------------------------------------------------------------------ moving

    def step(self) -> Step:
        """Take the next step, and return what it did.

        Raises:
            IndexError: all steps have been taken.
            RuntimeError: something else has changed what this step is about to change.
        """
        following = self.pending
        if following is None:
            raise IndexError(f"step: all {len(self)} steps are taken: back() undoes one, reset() starts again")
        changed = _changes(following)
        self._check_untouched(changed)
        with walking:
            self._found.append([(node, {slot: getattr(node, slot) for slot in state}) for node, state in changed])
            try:
                for node, state in changed:
                    self._put(node, state)
                self._position += 1
            except BaseException:  # an interrupt: no step is taken by half
                for node, state in self._found.pop():
                    self._put(node, state)
                raise
        return following

    def back(self) -> Step:
        """Undo the last step, and return it.

        Raises:
            IndexError: no step has been taken.
            RuntimeError: something else has changed what this step is about to put back.
        """
        if not self._position:
            raise IndexError("back: no step has been taken: step() takes the first")
        self._check_untouched(self._found[-1])
        with walking:
            for node, state in self._found.pop():
                self._put(node, state)
        self._position -= 1
        return self._steps[self._position]

    def goto(self, position: int) -> None:
        """Go to a position between 0 and `len(stepper)`; if a step fails, stay where it was.

        Raises:
            IndexError: no such position.
            TypeError: it is no whole number.
        """
        if not isinstance(position, int):
            raise TypeError(f"goto: position must be a whole number, got {position!r}; run_to(name) goes to a node")
        if not 0 <= position <= len(self):
            raise IndexError(f"goto: position must be from 0 to {len(self)}, got {position}")
        start = self._position
        try:
            while self._position < position:
                self.step()
        except BaseException:
            while self._position > start:
                self.back()
            raise
        while self._position > position:
            self.back()

    def run_to(self, node: Node | str) -> None:
        """Go to where a node is complete: its gradient has all its contributions, or its number is computed.

        The step in which it hands its gradient on comes next.

        Raises:
            ValueError: nothing is called so, or the node is not in this graph.
        """
        places = self._places(self.find(node))
        self.goto(next((place for place in places if place > self._position), places[-1]))

    def _places(self, node: Node) -> list[int]:
        """The positions at which a node is complete, in the forward and in the backward pass."""
        places = []
        if self.direction != "backward":
            places.append(self.start - self._computed[node] if node.op is not None else 0)
        if self.direction != "forward":
            users = [i for i, user in enumerate(self._computed) if any(x is node for x in user.parents)]
            places.append(self.start + 1 + self._computed.get(node, users[-1] + 1 if users else 0))
        return places

    def find(self, node: Node | str) -> Node:
        """The node of this name; a node itself, if it is in this graph.

        Raises:
            ValueError: nothing is called so, or the node is not in this graph.
        """
        return self.labels.find(node)

    def finish(self) -> None:
        """Take all steps that are left: the graph is then as `backward()` leaves it."""
        self.goto(len(self))

    def reset(self) -> None:
        """Go to the start and forget all steps: they are worked out again, from what the graph holds by then.

        What something else has changed since stays as it is.
        """
        with walking:
            for found in reversed(self._found):
                for node, state in found:
                    if self._is_untouched(node, state):
                        self._put(node, state)
        self._begin()

    def __iter__(self) -> Iterator[Step]:
        """Take the steps that are left, one by one."""
        while self._position < len(self):
            yield self.step()

    def __enter__(self) -> Stepper:
        return self

    def __exit__(self, *error: object) -> None:
        if self._position < len(self):
            self.reset()

    # ------------------------------------------------------------------ changing leaves

    def set(self, leaf: Node | str, data: Any) -> None:
        """Give a leaf another number or array, compute the nodes again, and stay at this position.

        Args:
            leaf: the leaf, or its name.
            data: a number; an array of the same shape for a tensor.

        Raises:
            ValueError: there is no such leaf, or the shape differs.
            TypeError: it is no number.  In each case nothing is changed.

        >>> from autograd import Value
        >>> w, x = Value(2.0), Value(3.0)
        >>> y = w * x
        >>> stepper = Stepper(y)
        >>> stepper.finish()
        >>> stepper.set("x", 5.0)
        >>> y.data, w.grad
        (10.0, 5.0)
        """
        node = self.find(leaf)
        if node.op is not None:
            raise ValueError(
                f"set: {self.labels(node)} is computed by {node.op.name}: change a leaf, a number that was given"
            )
        data = _checked(node, data)
        position, earlier = self._position, node._data
        self.goto(0)
        try:
            self._compute_with(node, data)
            self._begin()
            self.goto(position)
        except BaseException:
            self.reset()
            self._compute_with(node, earlier)
            self.goto(position)
            raise

    def _compute_with(self, leaf: Node, data: Any) -> None:
        """Change a leaf and what was computed from it."""
        leaf.data = data  # type: ignore[attr-defined]
        for step in forward_steps(self.root, self.labels):
            for node, state in _changes(step):
                for slot, x in state.items():
                    setattr(node, slot, x)
        clock.now += 1

    # ------------------------------------------------------------------ the graph's state

    def _put(self, node: Node, state: State) -> None:
        for slot, x in state.items():
            setattr(node, slot, x)
            self._held[node, slot] = x
        if "_data" in state:
            clock.now += 1  # vectors look at the numbers again

    def _is_untouched(self, node: Node, state: State) -> bool:
        """Whether a node still has what the steps gave it."""
        return all(self._held.get((node, slot), here := getattr(node, slot)) is here for slot in state)

    def _check_untouched(self, changed: list[tuple[Node, State]]) -> None:
        for node, state in changed:
            if not self._is_untouched(node, state):
                raise RuntimeError(
                    f"Stepper: {self.labels(node)} was changed by something else since the last step: "
                    "reset() starts again from what the graph holds now"
                )


def _worked_out(root: Node, gradient: Any, direction: str, labels: Labels) -> Iterator[Step]:
    """The steps, each at the moment when it comes next; a function, since a method would refer to its own stepper."""
    if direction != "backward":
        yield from forward_steps(root, labels)
    if direction != "forward":
        yield from backward_steps(root, gradient, labels)


def _changes(step: Step) -> list[tuple[Node, State]]:
    """What a step puts into which slots of which nodes."""
    if isinstance(step, BackwardStep):
        return [(node, {"_grad": after}) for node, _, after in step.changes]
    if step.value is step.before:  # it could not be computed again
        return []
    state: State = {} if _is_same(step.before, step.value) else {"_data": step.value}
    if step.node._rule.reach == ARRAYS:
        state |= {"_b": step.settings, "_made": changes.now}  # as of now, no operand has changed since
    return [(step.node, state)]


def _is_same(a: Any, b: Any) -> bool:
    """Whether two results are the same numbers: then an array stays the one that others may have views of."""
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=True)
    return repr(a) == repr(b)  # also the sign of 0


def _checked(leaf: Node, data: Any) -> Any:
    """A number or an array that may stand in a leaf."""
    if not isinstance(leaf, Tensor):
        return as_number(data, "set")
    array = as_array(data)
    if array.shape != leaf.shape:
        raise ValueError(f"set: the shape must stay {leaf.shape}, got {array.shape}")
    return array
