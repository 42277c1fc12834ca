"""What a text is read into: steps to be computed on numbers, on graph nodes, and on tensors."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ..op import TABLE
from ..operands import as_number
from ..value import Value
from .errors import FormulaError, nearest

__all__ = ["CONSTANTS", "Formula", "Graph", "Operation", "Statement", "Step"]

CONSTANTS = {"pi": math.pi, "π": math.pi, "e": math.e}
"""What these names stand for unless they are given another value."""


class Graph(NamedTuple):
    """A formula computed on `Value`s: the node it ends in, and all that have names, leaves first."""

    root: Value
    nodes: dict[str, Value]


class Operation(NamedTuple):
    """A step of a formula: a function that takes the results of as many steps after it."""

    apply: Callable[..., Any]
    arity: int


Step = float | str | Operation
"""A number, a name, or an operation on what follows."""


class Statement(NamedTuple):
    """One line of a formula: the name of its result, or "", and its steps in Polish notation."""

    name: str
    steps: list[Step]

    def compute(self, values: Mapping[str, Any]) -> Any:
        """The result; read from the end, an operation finds its operands on the stack, the first on top."""
        stack: list[Any] = []
        for step in reversed(self.steps):
            if isinstance(step, Operation):
                stack.append(step.apply(*[stack.pop() for _ in range(step.arity)]))
            else:
                stack.append(values[step] if isinstance(step, str) else step)
        (result,) = stack
        return result


class Formula:
    """A formula as a function of its names: on floats, on `Value`s, and, where it has no lists, on tensors.

    Made by `parse`.

    Attributes:
        text: what it was read from.
        names: the names it needs values for, in the order in which they appear.

    >>> from autograd.parsing import parse
    >>> formula = parse("w*x + b")
    >>> formula
    <Formula w*x + b of w, x, b>
    >>> formula(2.0, -2.0, b=8.0)
    4.0
    >>> import autograd
    >>> autograd.grad(parse("x**3"))(2.0)
    12.0
    """

    def __init__(self, text: str, statements: Sequence[Statement], places: Mapping[str, int]) -> None:
        self.text = text
        self.names = tuple(name for name in places if name not in CONSTANTS)
        self._places = dict(places)
        self._statements = tuple(statements)
        self.__signature__ = inspect.Signature(
            [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in self.names]
        )

    def __call__(self, /, *arguments: Any, **values: Any) -> Any:
        """The formula computed on what is given for its names, in their order or by name.

        Raises:
            FormulaError: a name has no value.
            TypeError: the formula does not have this name, or it is given twice.
        """
        if len(arguments) > len(self.names):
            raise TypeError(f"formula: got {len(arguments)} values for {len(self.names)} names: {self._described()}")
        given = dict(zip(self.names, arguments, strict=False))
        twice = next((name for name in given if name in values), None)
        if twice is not None:
            raise TypeError(f"formula: {twice} is given twice, as {given[twice]!r} and as {twice}={values[twice]!r}")
        given |= values
        self._check_names(given)
        given = CONSTANTS | given
        result: Any = None
        for statement in self._statements:
            result = given[statement.name] = statement.compute(given)
        return result

    def on(self, /, **values: Any) -> Graph:
        """The formula's graph at these numbers: a named leaf for each name, a named node for each named step.

        A name that is given a plain number inside the text is a leaf, too.

        Args:
            values: a number for each of `names`; a constant, such as `e`, may get another value.

        Returns:
            The root, and the named nodes by name.

        Raises:
            FormulaError: a name has no value.
            TypeError: the formula does not have this name, or the value is no number.

        >>> from autograd.parsing import parse
        >>> J, nodes = parse("z = w*x + b; J = 0.5*(z - y)**2").on(w=2, x=-2, b=8, y=2)
        >>> J.backward()
        >>> {name: node.grad for name, node in nodes.items()}
        {'w': -4.0, 'x': 4.0, 'b': 2.0, 'y': -2.0, 'z': 2.0, 'J': 1.0}
        """
        self._check_names(values)
        order = [name for name in self._places if name in values]
        nodes = {name: Value(as_number(values[name], name), name) for name in order}
        for statement in self._statements:
            result = statement.compute(CONSTANTS | nodes)
            root = result if isinstance(result, Value) else Value(result)
            if statement.name:
                root.name = statement.name
                nodes[statement.name] = root
        return Graph(root, nodes)

    def _check_names(self, values: Mapping[str, Any]) -> None:
        unknown = next((name for name in values if name not in self._places), None)
        if unknown is not None:
            near = nearest(unknown, self._places)
            raise TypeError(f"formula: {unknown} is not among its names: {self._described()}{near}")
        missing = [name for name in self.names if name not in values]
        if missing:
            function = missing[0] in TABLE
            hint = f"or write {missing[0]}(…) for the function" if function else "give a number for each"
            raise FormulaError(f"no value for {', '.join(missing)}: {hint}", self.text, self._places[missing[0]])

    def _described(self) -> str:
        return f"it takes {', '.join(self.names)}" if self.names else "it takes none"

    def __repr__(self) -> str:
        of = f" of {', '.join(self.names)}" if self.names else ""
        return f"<Formula {self.text}{of}>"
