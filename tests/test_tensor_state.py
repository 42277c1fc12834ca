"""Random programs of tensors, views, changes in place and sweeps, beside a reference that cannot be wrong.

The reference knows elements only.  A memory is a list of numbers; a view is a list of places in it.  What an
element was computed from is a nested tuple `(number, ((slope, earlier element), ...))` that never changes, so that
a change in place only binds a place to another tuple: what was computed before still refers to the old one.

Beside it stands what the engine promises about numbers that were overwritten.  A rule reads the numbers of its
operands or of its result, and a sweep through it must raise if they changed since.  This is kept per memory, as in
the engine (and in PyTorch): a change of one element counts for all tensors on the memory, also for those that
do not show that element, and writing the same number again is a change.
"""

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

import autograd
from autograd import Tensor, no_grad

LARGEST = 1e6  # beyond, nothing is computed any more

UNARY = {  # the number, the slope, and whose numbers the rule reads
    "neg": (lambda a: -a, lambda a, y: -1.0, ""),
    "sin": (np.sin, lambda a, y: np.cos(a), "a"),
    "square": (np.square, lambda a, y: 2 * a, "a"),
    "tanh": (np.tanh, lambda a, y: 1 - y * y, "y"),
    "sigmoid": (lambda a: np.exp(min(a, 0)) / (1 + np.exp(-abs(a))), lambda a, y: y * (1 - y), "y"),
}
BINARY = {  # the number, both slopes, and what each of the two rules reads
    "add": (lambda a, b: a + b, lambda a, b: 1.0, lambda a, b: 1.0, "", ""),
    "sub": (lambda a, b: a - b, lambda a, b: 1.0, lambda a, b: -1.0, "", ""),
    "mul": (lambda a, b: a * b, lambda a, b: b, lambda a, b: a, "b", "a"),
    "maximum": (np.maximum, lambda a, b: (a > b) + 0.5 * (a == b), lambda a, b: (b > a) + 0.5 * (a == b), "ab", "ab"),
}
VIEWS = {
    "row": lambda x: x[1:],
    "column": lambda x: x[:, :1],
    "every other": lambda x: x[:, ::2],
    "T": lambda x: x.T,
    "reshape": lambda x: x.reshape(x.shape[1], x.shape[0]),
    "reversed": lambda x: x[::-1],
}
"""Of matrices, and matrices again; the same function views the tensor and the places of its elements."""


INDICES = [..., 0, slice(1, None), (slice(None), 0), (slice(None), slice(None, None, -1)), (slice(1), slice(1))]

recent = st.integers(0, 30).map(lambda k: k // 3 if k < 24 else k)  # the latest tensors first
modes = st.sampled_from([nullcontext, nullcontext, nullcontext, no_grad])
sizes = st.sampled_from([(2, 3), (3, 2), (2, 2), (1, 3), (2, 1)])


@dataclass(eq=False)
class Memory:
    numbers: list[float]
    changed: int = 0


@dataclass(eq=False)
class Place:
    """Where a tensor stands in the graph: when it was made, of which places, and the memories that its rules read."""

    made: int
    parents: Any = ()
    reads: Any = ()


@dataclass(eq=False)
class Family:
    """A tensor and its views: they share the memory and, unlike what is detached, the graph."""

    memory: Memory
    elements: list[tuple]  # what each was computed from; its number may have been changed under no_grad since
    place: Place | None  # None for a constant
    is_leaf: bool = False


@dataclass(eq=False)
class Mirror:
    """A tensor of the engine and what the reference knows of it."""

    tensor: Tensor
    family: Family
    places: Any  # an array of places in the memory
    is_view: bool = False

    def elements(self):
        numbers, elements = self.family.memory.numbers, self.family.elements
        found = np.empty(self.places.shape, object)
        for i, k in np.ndenumerate(self.places):
            found[i] = (numbers[k], ((1.0, elements[k]),))
        return found

    def numbers(self):
        return np.array([self.family.memory.numbers[k] for k in self.places.flat]).reshape(self.places.shape)

    def is_moderate(self):
        return np.abs(self.numbers()).max() < LARGEST


def fits(x, y, *, into=False):
    """Whether two shapes broadcast, or the second one into the first."""
    a, b = x.places.shape, y.places.shape
    return all(n == m or m == 1 or (n == 1 and not into) for n, m in zip(a, b, strict=True))


def can_change(mode):
    return lambda x: mode is no_grad or not x.family.is_leaf


def is_recording():
    return (Tensor(1.0, requires_grad=True) * 1.0).requires_grad


def target_numbers(target, places):
    """What the engine has at these places of the memory."""
    numbers = dict(zip(target.places.flat, target.tensor.detach().numpy().flat, strict=True))
    return [float(numbers[k]) for k in places.flat]


def alias(elements):
    return combined(lambda a: (a, (1.0,)), elements)


def constant(element):
    return (element[0], ())


def combined(operation, *operands):
    """An operation element by element: from elements, to an array of elements."""
    broadcast = np.broadcast_arrays(*operands)
    result = np.empty(broadcast[0].shape, object)
    for i in np.ndindex(result.shape):
        elements = [x[i] for x in broadcast]
        number, slopes = operation(*(element[0] for element in elements))
        result[i] = (float(number), tuple(zip(map(float, slopes), elements, strict=True)))
    return result


def row(name):
    """A row of the table as such an operation, and what its rules read."""
    if name in UNARY:
        value, slope, reads = UNARY[name]
        return (lambda a: (value(a), (slope(a, value(a)),))), (reads,)
    value, slope_a, slope_b, *reads = BINARY[name]
    return (lambda a, b: (value(a, b), (slope_a(a, b), slope_b(a, b)))), reads


def slopes_of(roots):
    """Of a sum of elements, by every element: the derivative, and the sum of the sizes of its terms."""
    order, seen = [], set()
    stack = [(root, False) for root in roots]
    while stack:
        element, done = stack.pop()
        if done:
            order.append(element)
        elif id(element) not in seen:
            seen.add(id(element))
            stack.append((element, True))
            stack += [(earlier, False) for _, earlier in element[1]]
    slopes, sizes = dict.fromkeys(seen, 0.0), dict.fromkeys(seen, 0.0)
    for root in roots:
        slopes[id(root)] += 1.0
        sizes[id(root)] += 1.0
    for element in reversed(order):
        for slope, earlier in element[1]:
            slopes[id(earlier)] += slope * slopes[id(element)]
            sizes[id(earlier)] += abs(slope) * sizes[id(element)]
    return slopes, sizes


def swept(root):
    """The places that a sweep meets, and whether the rule of one reads numbers that have changed since."""
    stack, seen = [root], set()
    while stack:
        place = stack.pop()
        if place not in seen:
            seen.add(place)
            stack += place.parents
    return seen, any(memory.changed > place.made for place in seen for memory in place.reads)


class Programs(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.now = 0
        self.mirrors = []
        self.leaves = []  # each with what backward has given it: the slopes, and the sizes of their terms
        self.hooks = []  # of each: the place, the elements there, and what the hook has seen
        self.new()
        self.binary("sub", 0, 0, nullcontext)

    # ------------------------------------------------------------------ what the reference does

    def some(self, k, which=lambda x: True):
        """One of the tensors, of these if there is one, counted from the latest."""
        found = list(filter(which, self.mirrors)) or self.mirrors
        return found[-1 - k % len(found)]

    def computed(self, tensor, elements, operands, rules):
        """A result in memory of its own; a constant, if nothing asks for its gradient."""
        numbers = tensor.detach().numpy()
        np.testing.assert_allclose(numbers, np.vectorize(lambda e: e[0], otypes=[float])(elements), 1e-12, 1e-12)
        memory = Memory(numbers.ravel().tolist())  # the engine's own, so that both see the same ties
        flat = [(x, e[1]) for x, e in zip(memory.numbers, elements.flat, strict=True)]
        place = self.place(operands, rules, memory) if is_recording() else None
        family = Family(memory, flat if place else list(map(constant, flat)), place)
        self.mirrors.append(Mirror(tensor, family, np.arange(len(flat)).reshape(elements.shape)))

    def place(self, operands, rules, result, *, rewritten=None):
        """The place of what is computed from these operands; a memory that is being rewritten is copied first."""
        parents = [x.family.place for x in operands if x.family.place]
        letters = {c for x, reads in zip(operands, rules, strict=True) if x.family.place for c in reads}
        memories = {letter: x.family.memory for letter, x in zip("ab", operands, strict=False)}
        reads = {memories[letter] for letter in letters - {"y"}} - {rewritten}
        return Place(self.now, parents, reads | ({result} if "y" in letters else set())) if parents else None

    def change(self, target, act, places, elements, operands, rules, *, whole=False):
        """Let the engine change a tensor, and bind these places to these elements."""
        memory, family = target.family.memory, target.family
        recorded = is_recording() and any(x.family.place for x in operands)
        if recorded and family.is_leaf:
            with pytest.raises(RuntimeError, match="cannot change a leaf that requires a gradient in place"):
                act()
            return
        act()
        self.now += 1
        memory.changed = self.now
        for place, x, element in zip(
            places.flat, target_numbers(target, places), np.broadcast_to(elements, places.shape).flat, strict=True
        ):
            np.testing.assert_allclose(x, element[0], 1e-12, 1e-12)
            memory.numbers[place] = x
        if recorded:
            family.place = self.place(operands[whole:], rules[whole:], memory, rewritten=memory)
            changed = dict(zip(places.flat, np.broadcast_to(elements, places.shape).flat, strict=True))
            family.elements = [
                (x, ((1.0, changed.get(k, element)),)) if family.place else (x, ())
                for k, (x, element) in enumerate(zip(memory.numbers, family.elements, strict=True))
            ]

    # ------------------------------------------------------------------ computing

    @rule(shape=sizes, seed=st.integers(0, 9), is_leaf=st.booleans())
    def new(self, shape=(2, 3), seed=0, is_leaf=True):
        numbers = np.random.default_rng(seed).integers(-4, 5, shape) / 2.0
        tensor = Tensor(numbers, requires_grad=is_leaf)
        family = Family(
            Memory(numbers.ravel().tolist()),
            [(x, ()) for x in numbers.ravel().tolist()],
            Place(self.now) if is_leaf else None,
            is_leaf,
        )
        self.mirrors.append(Mirror(tensor, family, np.arange(numbers.size).reshape(shape)))
        if is_leaf:
            self.leaves.append((self.mirrors[-1], np.zeros(shape), np.zeros(shape)))

    @rule(name=st.sampled_from(sorted(UNARY)), k=recent, mode=modes)
    def unary(self, name, k, mode):
        x = self.some(k)
        if x.is_moderate():
            operation, rules = row(name)
            with mode():
                self.computed(getattr(autograd, name)(x.tensor), combined(operation, x.elements()), [x], rules)

    @rule(name=st.sampled_from(sorted(BINARY)), j=recent, k=recent, mode=modes)
    def binary(self, name, j, k, mode):
        x, y = self.some(j), self.some(k)
        if x.is_moderate() and y.is_moderate() and fits(x, y):
            operation, rules = row(name)
            with mode():
                result = getattr(autograd, name)(x.tensor, y.tensor)
                self.computed(result, combined(operation, x.elements(), y.elements()), [x, y], rules)

    @rule(j=recent, k=recent)
    def matmul(self, j, k):
        x, y = self.some(j), self.some(k)
        if x.is_moderate() and y.is_moderate() and x.places.shape[1] == y.places.shape[0]:
            left, right = x.elements(), y.elements()
            result = np.empty((left.shape[0], right.shape[1]), object)
            for i, k in np.ndindex(result.shape):
                pairs = list(zip(left[i], right[:, k], strict=True))
                terms = [term for a, b in pairs for term in ((b[0], a), (a[0], b))]
                result[i, k] = (sum(a[0] * b[0] for a, b in pairs), tuple(terms))
            self.computed(x.tensor @ y.tensor, result, [x, y], ["b", "a"])

    @rule(k=recent, dim=st.integers(0, 1), largest=st.booleans())
    def reduce(self, k, dim, largest):
        x = self.some(k)
        lines = np.moveaxis(x.elements(), dim, -1)
        result = np.empty(lines.shape[0], object)
        for i, line in enumerate(lines):
            top = max(a[0] for a in line)
            chosen = [a for a in line if a[0] == top or not largest]
            result[i] = (top if largest else sum(a[0] for a in line),
                         tuple((1.0 / len(chosen) if largest else 1.0, a) for a in chosen))  # fmt: skip
        tensor = x.tensor.amax(dim, keepdim=True) if largest else x.tensor.sum(dim, keepdim=True)
        self.computed(tensor, np.expand_dims(result, dim), [x], ["ay" if largest else ""])

    # ------------------------------------------------------------------ sharing memory

    @rule(name=st.sampled_from(sorted(VIEWS)), k=recent)
    def view(self, name, k):
        x = self.some(k)
        places = VIEWS[name](x.places)
        if not places.size:
            return
        tensor = VIEWS[name](x.tensor)
        if np.may_share_memory(tensor.detach().numpy(), x.tensor.detach().numpy()):
            self.mirrors.append(Mirror(tensor, x.family, places, is_view=True))
        else:  # a reshape of what does not lie in a row
            self.computed(tensor, VIEWS[name](x.elements()), [x], [""])

    @rule(k=recent)
    def detach(self, k):
        x = self.some(k)
        family = Family(x.family.memory, list(map(constant, x.family.elements)), None)
        self.mirrors.append(Mirror(x.tensor.detach(), family, x.places))

    @precondition(lambda self: len(self.mirrors) > 3)
    @rule(k=recent)
    def forget(self, k):
        """Views and results of what the program no longer holds go on as before."""
        self.mirrors.remove(self.some(k))

    # ------------------------------------------------------------------ changes in place

    @rule(name=st.sampled_from(sorted({*UNARY, *BINARY})), j=recent, k=recent, mode=modes)
    def apply_in_place(self, name, j, k, mode):
        x, y = self.some(j, can_change(mode)), self.some(k)
        operands = [x] if name in UNARY else [x, y]
        if not all(a.is_moderate() for a in operands):
            return
        method = getattr(x.tensor, f"{name}_")
        others = [a.tensor for a in operands[1:]]
        if name in BINARY and not fits(x, y, into=True):
            with pytest.raises(ValueError, match="fit|broadcast"):
                method(*others)
            return
        operation, rules = row(name)
        elements = combined(operation, *(a.elements() for a in operands))
        with mode():
            self.change(x, lambda: method(*others), x.places, elements, operands, rules)

    @rule(index=st.sampled_from(INDICES), j=recent, k=recent, mode=modes)
    def assign(self, index, j, k, mode):
        x, y = self.some(j, can_change(mode)), self.some(k)
        places, elements = x.places[index], y.elements()
        while elements.ndim > places.ndim and elements.shape[0] == 1:
            elements = elements.reshape(elements.shape[1:])
        with mode():
            try:
                np.broadcast_to(elements, places.shape)
            except ValueError:
                with pytest.raises((ValueError, RuntimeError), match="does not go into|a leaf that requires"):
                    x.tensor[index] = y.tensor
                return
            self.change(
                x, lambda: x.tensor.__setitem__(index, y.tensor), places, alias(elements), [x, y], ["", ""],
                whole=index is ... and not x.is_view,
            )  # fmt: skip

    # ------------------------------------------------------------------ differentiating

    @rule(k=recent)
    def hook(self, k):
        x = self.some(k, lambda x: x.family.place and not x.is_view)
        if x.family.place and not x.is_view:
            seen = []
            x.tensor.register_hook(lambda gradient: seen.append(gradient.detach().numpy().ravel().copy()))
            self.hooks.append((x.family.place, x.family.elements, x.places, seen))

    @rule(k=recent, times=st.integers(1, 2), create_graph=st.booleans())
    def backward(self, k, times, create_graph):
        x = self.some(k, lambda x: x.family.place)
        if not x.family.place:
            with pytest.raises(RuntimeError, match="no tensor in this graph requires a gradient"):
                x.tensor.sum().backward()
            return
        reached, overwritten = swept(x.family.place)
        if overwritten:
            with pytest.raises(RuntimeError, match=r"changed in place at test_tensor_state\.py:\d+: "):
                x.tensor.sum().backward(create_graph=create_graph)
            for *_, seen in self.hooks:
                seen.clear()
            return
        total = x.tensor.sum()
        for _ in range(times):
            total.backward(create_graph=create_graph)
        roots = [x.family.elements[k] for k in x.places.flat]
        slopes, sizes = slopes_of(roots)
        for leaf, slope, size in self.leaves:
            for i, k in np.ndenumerate(leaf.places):
                slope[i] += times * slopes.get(id(leaf.family.elements[k]), 0.0)
                size[i] += times * sizes.get(id(leaf.family.elements[k]), 0.0)
        for place, elements, places, seen in self.hooks:
            assert len(seen) == (times if place in reached else 0)
            expected = [slopes.get(id(elements[k]), 0.0) for k in places.flat]
            for found in seen:
                np.testing.assert_allclose(found, expected, 1e-9, 1e-9 * max(1.0, *sizes.values()))
            seen.clear()

    @invariant()
    def numbers_and_gradients_are_right(self):
        for x in self.mirrors:
            assert x.tensor.detach().numpy().tolist() == x.numbers().tolist()
        for leaf, slope, size in self.leaves:
            found = 0.0 * slope if leaf.tensor.grad is None else leaf.tensor.grad.detach().numpy()
            np.testing.assert_array_less(np.abs(found - slope), 1e-9 * size + 1e-300)


def test_random_programs():
    examples = 4 * settings.default.max_examples  # most are short
    run_state_machine_as_test(Programs, settings=settings(max_examples=examples, stateful_step_count=40))


def test_gradient_takes_the_dtype_of_its_tensor():
    x = autograd.ones(2, dtype="double", requires_grad=True)
    x.grad = autograd.tensor([1.0, 2.0])
    assert x.grad.dtype == np.float64
    x.sum().backward()
    assert x.grad.tolist() == [2.0, 3.0]
