"""`jit`: a function that runs once for each form of its arguments, and then only computes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from functools import cached_property, partial, update_wrapper
from itertools import islice
from operator import index
from types import MethodType
from typing import Any

import numpy as np

from ..array_rules import takes_gradient
from ..conversions import as_array
from ..dtypes import get_default_dtype
from ..dual import Dual
from ..graph import CONSTANT, sweep_order
from ..inplace import increment_version
from ..modes import modes
from ..tensor import Tensor, wrap
from ..traced import Recorder, Traced, numbers_of, owner_of
from ..transforms import unwrapped
from ..trees import leaves, mapped
from .native import native
from .program import Program

__all__ = ["Jitted", "jit"]


def jit(
    fun: Callable[..., Any] | None = None,
    *,
    static_argnums: int | Sequence[int] = (),
    static_argnames: str | Sequence[str] = (),
) -> Any:
    """A function that does the same, faster: only what it does to arrays is left.

    At the first call with arguments of some shapes and dtypes the function runs as it is written, on
    tensors without numbers, and what NumPy has to compute, forward and backward, is written down as a
    straight-line program (`Program`).  Later calls carry that out: there is no graph, and nothing is
    decided any more.  The results are those of the function, to rounding.

    Args:
        fun: a function of numbers, arrays, tensors and nested containers of them, which gives the same.
            It may call transforms, so that `jit(grad(f))` is a program for the gradient, modules of
            `nn`, and `backward()`; it may change its arguments in place.
        static_argnums: the positional arguments that are not numbers but decide what is done, such as
            a text or a function: they must be hashable, and every value has a program of its own.
        static_argnames: the same for arguments given by name.

    Inside, numbers are 0-d tensors, and tensors are their numbers alone, without a `grad`.  Tensors from
    outside, such as the parameters of a model, are read anew at every call; where one becomes a plain
    number, as by `item()`, the function runs again when that is another.  Python's own numbers and objects,
    and NumPy's arrays from which others are made, count in the first call only.  Of arguments in a graph the
    function itself is called, and under `detect_anomaly`: `grad(jit(f))` is right, but not faster.

    Raises:
        TypeError: the function needs the numbers: in an `if`, say, or as an index of Python's; it draws
            random ones; it would give a tensor from outside a gradient, or depends on one that asks for
            one; an argument is neither an array nor static.

    >>> import autograd, numpy as np
    >>> @autograd.jit
    ... def descend(weights, x, y):
    ...     loss = lambda weights: ((x @ weights - y) ** 2).mean()
    ...     value, gradient = autograd.value_and_grad(loss)(weights)
    ...     return value, weights - 0.1 * gradient
    >>> x, weights = np.eye(2), np.zeros(2)
    >>> for _ in range(100):
    ...     loss, weights = descend(weights, x, np.array([1.0, 2.0]))
    >>> weights.round(2)
    array([1., 2.])

    Named as JAX's `jit` (Bradbury et al. 2018).
    """
    if fun is None:
        return partial(jit, static_argnums=static_argnums, static_argnames=static_argnames)
    if not callable(fun):
        raise TypeError(f"jit: compiles a function, got {fun!r}, a {type(fun).__name__}")
    names = (static_argnames,) if isinstance(static_argnames, str) else static_argnames
    if not isinstance(names, (tuple, list)) or not all(isinstance(name, str) for name in names):
        raise TypeError(f"jit: static_argnames must be a str or a tuple of them, got {static_argnames!r}")
    return Jitted(fun, _numbers(static_argnums), frozenset(names))


def _numbers(static_argnums: Any) -> frozenset[int]:
    try:
        given = static_argnums if isinstance(static_argnums, (tuple, list)) else (static_argnums,)
        return frozenset(map(index, given))
    except TypeError:
        raise TypeError(f"jit: static_argnums must be an int or a tuple of them, got {static_argnums!r}") from None


class Jitted:
    """A function and the programs made of it so far; see `jit`."""

    def __init__(self, fun: Callable[..., Any], static: frozenset[int], static_names: frozenset[str]) -> None:
        update_wrapper(self, fun, updated=())
        self._fun = fun
        self._static = static
        self._static_names = static_names
        self._programs: dict[Hashable, _Compiled] = {}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        entries: list[Any] = []
        form = self._form(args, kwargs, entries)
        if modes.watched and (modes.anomaly.get() or modes.recorder.get() is not None):
            return self._as_written(args, kwargs, entries)
        recording = modes.recording.get()
        values = entries
        if not NUMBERS.issuperset(map(type, entries)):
            values = []
            for x in entries:
                if type(x) is Tensor:
                    if recording and x._rule is not CONSTANT:
                        return self._as_written(args, kwargs, entries)
                    x = x._data
                elif type(x) is Dual:
                    return self._as_written(args, kwargs, entries)
                values.append(x)
        key = form, recording, get_default_dtype()
        compiled = self._programs.get(key)
        if compiled is None or compiled.is_outdated():
            compiled = self._programs[key] = _Compiled(partial(self._call, args, kwargs), entries)
        if compiled.changes and not _lie_as_in_tracing(values, compiled.memory):
            return self._as_written(args, kwargs, entries)
        return compiled(values, entries)

    def _as_written(self, args: tuple[Any, ...], kwargs: dict[str, Any], entries: Sequence[Any]) -> Any:
        """What the function gives of the same tensors as in tracing, but with numbers."""
        carriers = [x if type(x) in (Tensor, Dual) else wrap(np.asarray(x)) for x in entries]
        result = self._call(args, kwargs, carriers)
        return result if any(type(x) in (Tensor, Dual) for x in entries) else mapped(unwrapped, result)

    def __repr__(self) -> str:
        n = len(self._programs)
        return f"<jit of {getattr(self, '__name__', self._fun)}: {n} program{'s' * (n != 1)}>"

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __deepcopy__(self, memo: Any) -> Jitted:
        return self  # as functions are copied

    def __reduce__(self) -> str:
        return str(vars(self)["__qualname__"])  # as functions are pickled: by name

    def trace(self, *args: Any, **kwargs: Any) -> Program:
        """The program for arguments of this form, to be printed.

        >>> import autograd
        >>> print(autograd.jit(autograd.grad(autograd.sin)).trace(0.5))  # doctest: +NORMALIZE_WHITESPACE
        %0               float64[]
        %3 = cos(%0)     float64[]
        %4 = multiply(1.0, %3) float64[]
        return %4
        """
        entries: list[Any] = []
        self._form(args, kwargs, entries)
        return _Compiled(partial(self._call, args, kwargs), entries).program

    def clear_cache(self) -> None:
        """Forget the programs made so far."""
        self._programs.clear()

    def _form(self, args: tuple[Any, ...], kwargs: dict[str, Any], entries: list[Any]) -> Hashable:
        """What a program depends on; the arrays and numbers among the arguments are collected."""
        static = self._static_places(len(args))
        form = tuple([_hashable(x) if i in static else _form(x, entries) for i, x in enumerate(args)])
        if not kwargs:
            return form
        names = self._static_names
        return form, tuple([(k, _hashable(x) if k in names else _form(x, entries)) for k, x in kwargs.items()])

    def _static_places(self, n: int) -> Collection[int]:
        """Which of n positional arguments are static."""
        return {i % n for i in self._static if -n <= i < n} if self._static else ()

    def _call(self, args: tuple[Any, ...], kwargs: dict[str, Any], tensors: Iterable[Any]) -> Any:
        """The function's result with tensors in the place of what was collected."""
        static = self._static_places(len(args))
        rest = iter(tensors)
        traced = [x if i in static else mapped(lambda _: next(rest), x) for i, x in enumerate(args)]
        named = {k: x if k in self._static_names else mapped(lambda _: next(rest), x) for k, x in kwargs.items()}
        return self._fun(*traced, **named)


def _form(tree: Any, entries: list[Any]) -> Any:
    """Containers, shapes and dtypes: on these the course of a function may depend."""
    kind = type(tree)
    if kind is Tensor or kind is np.ndarray:
        entries.append(tree)
        array = tree._data if kind is Tensor else tree
        return kind, array.shape, array.dtype
    if kind in (float, int, bool, complex, Dual) or isinstance(tree, np.generic):
        entries.append(tree)
        return np.asarray(tree).dtype if kind is int else kind  # a large one is none of int64
    if isinstance(tree, (list, tuple)):
        forms: list[Any] = []
        for x in tree:
            if type(x) is float:  # as there may be thousands of
                entries.append(x)
                forms.append(float)
            else:
                forms.append(_form(x, entries))
        return kind, tuple(forms)
    if isinstance(tree, dict):
        return kind, tuple([(key, _form(x, entries)) for key, x in tree.items()])
    if tree is None:
        return None
    raise TypeError(
        f"jit: cannot trace {tree!r}, a {kind.__name__}: give numbers, arrays or tensors, "
        "close over it, or name the argument in static_argnums"
    )


def _hashable(x: Any) -> Hashable:
    """What two static arguments that may share a program have in common: equality, in type and sign as well."""
    try:
        hash(x)
    except TypeError:
        raise TypeError(f"jit: a static argument must be hashable, got {x!r}, a {type(x).__name__}") from None
    if type(x) is tuple:
        return tuple, tuple(map(_hashable, x))
    return type(x), repr(x) if type(x) in (float, complex) else x


def _lie_as_in_tracing(values: Sequence[Any], outside: Collection[int]) -> bool:
    """Whether arrays lie each in memory of its own, where a change of one shows in no other, and row by row.

    How an array lies in memory decides what is a view of it and what a copy.

    Args:
        values: the arguments.
        outside: the memory that the program reads beside them.
    """
    owners = set(outside)
    for x in values:
        if type(x) is np.ndarray:
            owner = id(x) if x.base is None else owner_of(x)
            if owner in owners or not x.flags.c_contiguous:
                return False
            owners.add(owner)
    return True


def _array(x: Any) -> Any:
    """The array in an argument; a number as an array."""
    return x._data if type(x) is Tensor else x if type(x) is np.ndarray else np.asarray(x)


NUMBERS = frozenset((float, int, bool))
ARRAY = object()
"""Stands in the containers of a result for what the program gives."""


class _Compiled:
    """A program with what is around it: arguments in, results out.

    Args:
        call: the function, of tensors in the place of these arguments.
        entries: the arguments.
    """

    def __init__(self, call: Callable[[Iterable[Any]], Any], entries: Sequence[Any]) -> None:
        recorder = Recorder()
        arguments = [recorder.traced(as_array(_array(x)).copy()) for x in entries]
        modes.enter(recorder, modes.recorder, recorder)
        try:
            result = call([wrap(x) for x in arguments])
        finally:
            modes.leave(recorder)
            recorder.close()
        self.plain = not any(type(x) is Tensor for x in entries)
        self.outside = [(x, a, x._rule) for x, a in recorder.outside.values() if id(a) in recorder.constants]
        """Tensors that the program reads, each with the array and the rule that it had."""
        self.numbers = list(recorder.numbers.values())
        """Tensors from outside that became plain numbers, each with what these were."""
        self.packed = _packer(mapped(lambda y: ARRAY if isinstance(y, (Tensor, np.ndarray)) else y, result))
        """What puts the results into the function's containers."""
        results = [recorder.place(_checked(y)) for y in leaves(result) if isinstance(y, (Tensor, np.ndarray))]
        self.program = Program(recorder, [x.register for x in arguments], results)
        self.written = self.program.written
        self.changes = recorder.changes
        self.memory = frozenset(map(owner_of, self.program.constants.values()))

    def is_outdated(self) -> bool:
        """Whether a tensor that the program reads was given another array, or asks for a gradient now, or no more.

        Or whether one has other numbers of which something in the program was decided.
        """
        for x, array, rule in self.outside:
            if x._data is not array or x._rule is not rule:
                return True
        return any(numbers_of(x._data) != numbers for x, numbers in self.numbers) if self.numbers else False

    @cached_property
    def run(self) -> Callable[[Sequence[Any]], Sequence[Any]]:
        """What carries the program out: machine code, where there can be some."""
        return native(self.program) or self._run_arrays

    def _run_arrays(self, values: Sequence[Any]) -> Sequence[Any]:
        """The program on arrays: a number among them would be weaker than they are when dtypes are mixed."""
        arrays = [x if type(x) is np.ndarray else np.asarray(x) for x in values]
        if not self.changes:  # else they lie in one piece: that was asked already
            arrays = [x if x.flags.c_contiguous else x.copy() for x in arrays]
        return self.program(arrays)

    def __call__(self, values: Sequence[Any], entries: Sequence[Any]) -> Any:
        try:
            found = self.run(values)
        finally:  # it may have failed after it has written
            if self.written:
                increment_version([entries[i] for i in self.written if type(entries[i]) is Tensor])
        return self.packed(map(self._finished, found))

    def _finished(self, array: Any) -> Any:
        if type(array) is float and self.plain:  # from machine code
            return array
        tensor = wrap(np.asarray(array))
        return unwrapped(tensor) if self.plain else tensor


def _packer(tree: Any) -> Callable[[Iterator[Any]], Any]:
    """What puts results, one after the other, into the places of `ARRAY`."""
    if tree is ARRAY:
        return next
    if type(tree) in (tuple, list) and all(x is ARRAY for x in tree):
        return lambda found: type(tree)(islice(found, len(tree)))
    if type(tree) in (tuple, list):
        parts = [_packer(x) for x in tree]
        return lambda found: type(tree)([part(found) for part in parts])
    return lambda found: mapped(lambda y: next(found) if y is ARRAY else y, tree)


def _is_leaf_outside(node: Any) -> bool:
    return node.is_leaf and type(node._data) is not Traced


def _checked(y: Any) -> Any:
    """The array of a result that no outer graph has to follow."""
    if type(y) is Tensor and takes_gradient(y) and any(map(_is_leaf_outside, sweep_order(y))):
        raise TypeError(
            "jit: the result depends on a tensor from outside that requires a gradient: "
            "make it an argument, or call the function inside `with no_grad():`"
        )
    return y._data if type(y) is Tensor else y
