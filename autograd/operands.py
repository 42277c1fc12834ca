"""What operations are given: numbers, checked at the door, and vectors of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from numbers import Real
from typing import Any, NoReturn

import numpy as np

from .graph import LEAF, VECTOR, Node
from .op import to_float

__all__ = ["PLAIN", "Vector", "as_number", "clock", "elements", "foreign"]

FLOATS = frozenset((float,))
PLAIN: set[type] = {float}
"""What may stand in a graph as it is; each class of nodes for floats adds itself."""


def as_number(x: Any, what: str) -> float:
    """A real number as a float; anything else is an error that says what to write."""
    if type(x) is float:
        return x
    if isinstance(x, Node):
        raise TypeError(f"{what}: got {x!r}, a node: write v.data for its number, or v.detach() for a new leaf")
    if isinstance(x, np.ndarray) and x.ndim == 0:
        x = x[()]
    if isinstance(x, (Real, np.bool_)):
        return to_float(x)
    if isinstance(x, (np.ndarray, list, tuple)):
        hint = "make one Value for each element, as in [Value(x) for x in data]"
    elif isinstance(x, str):
        hint = f"write float({x!r})"
    elif isinstance(x, (complex, np.complexfloating)):
        hint = "complex numbers have no order to differentiate by: give the real and the imaginary part"
    else:
        hint = "give an int or a float"
    raise TypeError(f"{what}: must be a real number, got {x!r}, a {type(x).__name__}: {hint}")


def elements(operands: Sequence[Any], what: str = "operand") -> tuple[Any, ...]:
    """The operands as nodes and floats."""
    if PLAIN.issuperset(map(type, operands)):
        return tuple(operands)
    return tuple(x if isinstance(x, Node) else as_number(x, what) for x in operands)


def foreign(operands: Sequence[Any], carrier: type) -> bool:
    """Whether one of the operands belongs to another carrier, which should see to the operation."""
    return any(
        (hasattr(type(x), "__apply__") and not isinstance(x, carrier)) or (isinstance(x, np.ndarray) and x.ndim)
        for x in operands
    )


class Clock:
    """Ticks whenever the number of a leaf changes, so that a vector knows whether its own are stale."""

    def __init__(self) -> None:
        self.now = 0


clock = Clock()


class Vector(Node):
    """Numbers and nodes in a row: an operand of a reduction such as `dot`.

    A layer makes one of its inputs and shares it among its neurons, so that the numbers are gathered
    once, and so are the gradients.  Sweeps pass through it; displays look through it.

    >>> from autograd import Value, Vector, dot
    >>> w, x = Vector([Value(2.0), Value(3.0)]), Vector([4.0, 5.0])
    >>> dot(w, x).data
    23.0
    """

    __slots__ = ("_read",)

    _read: int  # when the numbers were read; see `Clock`

    def __init__(self, entries: Iterable[Any]) -> None:
        if type(entries) is not tuple:  # as layers give them: asking costs as much as the rest
            if isinstance(entries, (str, bytes)) or not isinstance(entries, Iterable):
                raise TypeError(
                    f"Vector: takes a sequence of numbers or nodes, got {entries!r}, a {type(entries).__name__}"
                )
            entries = tuple(entries)
        kinds = set(map(type, entries))
        if not kinds <= PLAIN:
            entries = elements(entries, "Vector")
            kinds = set(map(type, entries))
        self._a = entries
        self._b = self._mark = None
        self._rule = LEAF if kinds <= FLOATS else VECTOR
        self._grad = 0.0
        self._read = clock.now
        self._data = [x if type(x) is float else x._data for x in self._a]

    @property
    def numbers(self) -> list[Any]:
        """The numbers of the elements as they are now."""
        if self._read != clock.now:
            self._read = clock.now
            self._data = [x if type(x) is float else x._data for x in self._a]
        return self._data  # type: ignore[no-any-return]

    def register_hook(self, hook: Any) -> NoReturn:
        raise TypeError("register_hook: a Vector has no gradient of its own: register it on its elements")

    def _duplicate(self, a: Any, b: Any) -> Vector:
        return Vector(a)

    def __reduce__(self) -> tuple[Any, ...]:
        return Vector, (self._a,)

    def __len__(self) -> int:
        return len(self._a)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._a)

    def __getitem__(self, index: Any) -> Any:
        return self._a[index]

    def __repr__(self) -> str:
        return f"Vector({list(self._a)!r})"


Sequence.register(Vector)
