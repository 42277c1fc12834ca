"""Arrays without numbers, with which a program is traced: what NumPy is asked to do with them is written down.

A traced array answers all that NumPy's functions, operators and methods ask of an array's form.  Its
numbers, which differ from call to call, cannot be got at: whoever needs them (an `if`, `float`, a library
that is not NumPy) meets an error, and never the numbers that the trace happened to be made with.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from operator import getitem, setitem
from typing import Any, NamedTuple, NoReturn

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from .modes import modes
from .quiet import quiet

__all__ = [
    "Instruction",
    "Recorder",
    "Register",
    "Traced",
    "array_of",
    "numbers_of",
    "opaque",
    "owner_of",
    "recorder_of",
    "refused",
    "registers_in",
    "registers_read",
]

STATIC = frozenset((
    np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.common_type, np.min_scalar_type, np.iscomplexobj,
    np.isrealobj, np.may_share_memory, np.shares_memory, np.broadcast_shapes,
))  # fmt: skip
"""NumPy's questions about the form of arrays alone: the answer holds for every call."""
BY_NUMBERS = frozenset((np.nonzero, np.argwhere, np.flatnonzero, np.unique, np.bincount, np.extract, np.compress))
"""Functions whose result has a form that depends on the numbers."""
WRITING = frozenset((np.copyto, np.put, np.put_along_axis, np.place, np.putmask, np.fill_diagonal))
"""Functions that change their first argument."""


class Register(int):
    """The number of a place in which a program holds an array."""


class Instruction(NamedTuple):
    """One step of a program: what a function gives of registers and of plain values goes into a register."""

    name: str
    function: Callable[..., Any]
    operands: tuple[Any, ...]
    settings: dict[str, Any]
    target: Register | None
    """None where the function writes into one of its operands, or checks it."""
    writes: tuple[Register, ...] = ()
    """The operands that are changed."""


def registers_in(x: Any) -> Iterator[Register]:
    """The registers in an operand, which may be a container."""
    if type(x) is Register:
        yield x
    elif type(x) in (tuple, list):
        for entry in x:
            yield from registers_in(entry)


def registers_read(instruction: Instruction) -> Iterator[Register]:
    """The registers that an instruction reads."""
    for x in (*instruction.operands, *instruction.settings.values()):
        yield from registers_in(x)


class Traced(NDArrayOperatorsMixin):
    """An array of a program: its form, and the register that will hold it.

    Args:
        recorder: the program that is being written.
        register: where it will hold this array.
        example: an array of that form.
        is_scalar: whether NumPy gives a number in the place of an array without axes, which cannot be changed.
    """

    __slots__ = ("example", "is_scalar", "recorder", "register")

    def __init__(
        self, recorder: Recorder, register: Register, example: np.ndarray[Any, Any], is_scalar: bool = False
    ) -> None:
        self.recorder = recorder
        self.register = register
        self.example = example
        self.is_scalar = is_scalar

    @property  # type: ignore[misc]
    def __class__(self) -> type[Any]:
        return np.ndarray  # for `isinstance`: rules ask whether they are given arrays or tensors

    shape = property(lambda self: self.example.shape)
    dtype = property(lambda self: self.example.dtype)
    ndim = property(lambda self: self.example.ndim)
    size = property(lambda self: self.example.size)
    itemsize = property(lambda self: self.example.itemsize)
    nbytes = property(lambda self: self.example.nbytes)
    strides = property(lambda self: self.example.strides)
    flags = property(lambda self: self.example.flags)
    base = property(lambda self: self.example)

    def __len__(self) -> int:
        return len(self.example)

    def __repr__(self) -> str:
        return f"traced({self.dtype}{list(self.shape)})"

    # ------------------------------------------------------------------ what is written down

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *operands: Any, **settings: Any) -> Any:
        if any(_is_other_carrier(type(x)) for x in operands):
            return NotImplemented
        plain = method == "__call__"
        function, name = (ufunc, ufunc.__name__) if plain else (getattr(ufunc, method), f"{ufunc.__name__}.{method}")
        writes = settings.get("out", ()) if method != "at" else operands[:1]
        if any(type(x) is Traced and x.is_scalar for x in writes):  # Python's own += gives a new number then
            settings, writes = {key: x for key, x in settings.items() if key != "out"}, ()
        return self.recorder.call(function, operands, settings, name, writes)

    def __array_function__(self, function: Any, types: Any, operands: Any, settings: Any) -> Any:
        if any(map(_is_other_carrier, types)):
            return NotImplemented
        if function in BY_NUMBERS or (function is np.where and len(operands) == 1):
            raise refused(f"np.{function.__name__}: the shape of the result depends on the numbers")
        out = settings.get("out")
        writes = operands[:1] if function in WRITING else () if out is None else (out,)
        return self.recorder.call(function, operands, settings, function.__name__, writes)

    @staticmethod
    def __apply__(op: Any, operands: tuple[Any, ...], **settings: Any) -> Any:
        """Read a row of the table."""
        if any(_is_other_carrier(type(x)) for x in operands):
            return NotImplemented
        is_complex = any(getattr(x, "dtype", None) is not None and x.dtype.kind == "c" for x in operands)
        return recorder_of(operands).call(op.complex if is_complex else op.array, operands, settings, op.name)

    @staticmethod
    def __apply_array__(op: Any, operands: tuple[Any, ...], settings: dict[str, Any]) -> Any:
        """Compute an op on whole arrays."""
        if any(_is_other_carrier(type(x)) for x in operands):
            return NotImplemented
        return recorder_of(operands).call(op.forward, operands, settings, op.name)

    def __getitem__(self, index: Any) -> Any:
        return opaque(getitem, self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        self.recorder.call(setitem, (self, index, value), {}, "setitem", (self,))

    def fill(self, value: Any) -> None:
        """Make every element this number."""
        self[...] = value

    # ------------------------------------------------------------------ what there is not

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NoReturn:
        raise refused("array: a function that is not NumPy's, or an array that is written into, needs the numbers")

    def __bool__(self) -> NoReturn:
        raise refused("bool: a condition needs the numbers: write where(condition, a, b) instead of if")

    def _number(self, *_: Any) -> NoReturn:
        raise refused("a plain number is needed")

    __float__ = __int__ = __index__ = __complex__ = item = tolist = tobytes = _number


def _is_other_carrier(kind: type) -> bool:
    """Whether a class of arrays, such as tensors, records what is done with it, and so comes first."""
    return kind is not Traced and hasattr(kind, "__apply_array__")


def refused(what: str) -> TypeError:
    """The error for what only numbers could answer."""
    return TypeError(
        f"jit: {what}, but a program is traced for all numbers of this form: "
        "compute it outside, or name the argument in static_argnums"
    )


def _method(name: str) -> Callable[..., Any]:
    def function(a: Any, *operands: Any, **settings: Any) -> Any:
        return getattr(a, name)(*operands, **settings)

    def method(self: Traced, *operands: Any, **settings: Any) -> Any:
        return self.recorder.call(function, (self, *operands), settings, name)

    function.__name__ = function.__qualname__ = method.__name__ = name
    return method


METHODS = (
    "all any argmax argmin argsort astype clip conj conjugate copy cumprod cumsum diagonal dot flatten max mean min "
    "prod ravel repeat reshape round squeeze std sum swapaxes take trace transpose var view"
)
for _name in METHODS.split():
    setattr(Traced, _name, _method(_name))
for _name in ("T", "mT", "real", "imag"):
    setattr(Traced, _name, property(_method(_name)))


class Recorder:
    """Writes down what is done with traced arrays."""

    def __init__(self) -> None:
        self.instructions: list[Instruction] = []
        self.registers: list[Any] = []
        """An example of what each will hold."""
        self.constants: dict[int, Register] = {}
        """The registers of arrays that are not traced, by their identity."""
        self.outside: dict[int, tuple[Any, np.ndarray[Any, Any]]] = {}
        """Tensors that are not traced, by their identity, each with its array."""
        self.numbers: dict[int, tuple[Any, Hashable]] = {}
        """Tensors from outside whose numbers were asked for, by their identity, each with these."""
        self.changes = False
        """Whether a tensor was changed in place."""
        self.as_arrays: set[Register] = set()
        """The registers that must hold an array without axes, where NumPy's own functions would do with a number."""
        self._is_closed = False
        self._outside_memory: set[int] = set()
        self._notes: dict[int, tuple[Register, dict[str, Any]]] = {}

    def close(self) -> None:
        """End the program.  What only tracing needs is forgotten: traced arrays, which refer to the recorder."""
        self._is_closed = True
        self._notes.clear()

    def new(self, example: Any) -> Register:
        """One more register."""
        self.registers.append(example)
        return Register(len(self.registers) - 1)

    def traced(self, example: np.ndarray[Any, Any]) -> Traced:
        """A traced array of this form."""
        return Traced(self, self.new(example), example)

    def lifted(self, x: Any) -> Any:
        """An array from outside as a traced one: what is made of it is part of the program.  Others stay."""
        return Traced(self, self.constant(x), x) if type(x) is np.ndarray else x

    def meet(self, tensors: Iterable[Any]) -> None:
        """Remember tensors from outside: they may be given other arrays later, or ask for a gradient."""
        for x in tensors:
            if type(x._data) is np.ndarray:
                self.outside[id(x)] = x, x._data

    def rely_on(self, tensor: Any) -> None:
        """Remember the numbers of a tensor from outside: they decided something, so that others need a new program."""
        self.numbers[id(tensor)] = tensor, numbers_of(tensor._data)

    def call(
        self,
        function: Callable[..., Any],
        operands: Iterable[Any],
        settings: dict[str, Any],
        name: str,
        writes: Sequence[Any] = (),
        *,
        checks: bool = False,
    ) -> Any:
        """Write down one call, and give its result: traced arrays for arrays.

        Args:
            function: of arrays.
            operands: traced arrays, arrays, numbers, and containers of them.
            settings: the same by keyword.  An empty dictionary is one in which the function leaves notes for its
                pullbacks: they are part of the program.
            name: what the program calls it when it is printed.
            writes: which of the operands it changes, as `out=` does.
            checks: whether it has to be called even if it only gives an operand back.
        """
        if self._is_closed:
            raise RuntimeError(f"jit: {name}: this tensor was traced in a call that is over: return it from there")
        for x in writes:
            if type(x) is not Traced or owner_of(x) in self._outside_memory:
                raise refused(f"{name}: an array from outside would be changed by tracing alone")
        operands = tuple(operands)
        if name == "getitem" and any(map(_holds_mask, (*operands[1:], *settings.values()))):
            raise refused("[ ]: how many elements a mask selects depends on the numbers: write where(mask, x, 0)")
        origins: dict[int, Traced] = {}
        sources = [self._source(x, origins) for x in operands]
        named = {key: self._source(x, origins) for key, x in settings.items()}
        if writes or not isinstance(function, np.ufunc):
            self.as_arrays.update(x.register for x in origins.values() if not x.ndim)
        tracing = modes.recorder.set(None)  # what the function does inside is no step of its own
        try:
            with quiet():
                result = function(*(x for x, _ in sources), **{key: x for key, (x, _) in named.items()})
        finally:
            modes.recorder.reset(tracing)
        if not isinstance(result, (np.ndarray, np.generic, tuple, list)) and result is not None:
            if function in STATIC or isinstance(result, np.dtype):
                return result
            raise refused(f"{name}: a plain {type(result).__name__} is needed")
        if function in STATIC:
            return result
        same = origins.get(id(result))
        target = None if same is not None or result is None else self.new(result)
        if same is None or writes or checks:
            given, kept = tuple(place for _, place in sources), {key: place for key, (_, place) in named.items()}
            changed = tuple(x.register for x in writes)
            self.instructions.append(Instruction(name, function, given, kept, target, changed))
        self._take_notes(settings, origins)
        return same if same is not None else self._result(result, target)

    def _source(self, x: Any, origins: dict[int, Traced]) -> tuple[Any, Any]:
        """What stands for an operand in the example, and what in the program."""
        kind = type(x)
        if kind is Traced:
            origins[id(x.example)] = x
            return x.example, x.register
        if kind is tuple or kind is list:
            pairs = [self._source(entry, origins) for entry in x]
            return kind(a for a, _ in pairs), kind(b for _, b in pairs)
        if kind is dict and not x and id(x) not in self._notes:
            self._notes[id(x)] = self.new({}), x
            self.instructions.append(Instruction("notes", dict, (), {}, self._notes[id(x)][0]))
        if kind is dict and id(x) in self._notes:
            register, _ = self._notes[id(x)]
            return self.registers[register], register
        if kind is np.ndarray:
            return x, self.constant(x)
        if _is_other_carrier(kind):
            raise refused(f"{kind.__name__}: a plain number is needed")
        return x, x

    def constant(self, array: np.ndarray[Any, Any]) -> Register:
        """The register of an array from outside, which every call reads anew."""
        if id(array) not in self.constants:
            self.constants[id(array)] = self.new(array)
            self._outside_memory.add(owner_of(array))
        return self.constants[id(array)]

    def place(self, array: Any) -> Register:
        """The register that holds an array, traced or not."""
        return array.register if type(array) is Traced else self.constant(array)

    def _result(self, result: Any, target: Any) -> Any:
        """The traced counterpart of what a function gave; of several arrays, each from its place."""
        if isinstance(result, (np.ndarray, np.generic)):
            array = np.asarray(result)
            self.registers[target] = array
            return Traced(self, target, array, is_scalar=isinstance(result, np.generic))
        if isinstance(result, (tuple, list)):
            entries = []
            for i, entry in enumerate(result):
                register = self.new(entry)
                self.instructions.append(Instruction("getitem", getitem, (target, i), {}, register))
                entries.append(self._result(entry, register))
            return type(result)(*entries) if hasattr(result, "_fields") else type(result)(entries)
        if result is not None:
            raise refused(f"a plain {type(result).__name__} is needed")
        return None

    def _take_notes(self, settings: dict[str, Any], origins: dict[int, Traced]) -> None:
        """What a function noted, as traced arrays in the dictionary that its pullbacks are given."""
        for notes in settings.values():
            if type(notes) is not dict or id(notes) not in self._notes:
                continue
            register, _ = self._notes[id(notes)]
            for key, entry in self.registers[register].items():
                if key in notes:
                    continue
                if isinstance(entry, np.ndarray) and id(entry) not in origins:
                    place = self.new(entry)
                    self.instructions.append(Instruction("getitem", getitem, (register, key), {}, place))
                    notes[key] = Traced(self, place, entry)
                else:
                    notes[key] = origins.get(id(entry), entry)


def _holds_mask(x: Any) -> bool:
    """Whether there is a traced array of truth values in an index."""
    if type(x) in (tuple, list):
        return any(map(_holds_mask, x))
    return type(x) is Traced and x.dtype == bool


def opaque(function: Callable[..., Any], *operands: Any, **settings: Any) -> Any:
    """Call a function; with a traced array among the operands, as one step of its program, whatever it does inside."""
    for x in operands:
        if type(x) is Traced:
            return x.recorder.call(function, operands, settings, function.__name__.lstrip("_"), checks=True)
    return function(*operands, **settings)


def recorder_of(x: Any) -> Any:
    """The recorder of the traced arrays in containers; None if there are none."""
    if type(x) is Traced:
        return x.recorder
    if type(x) in (tuple, list):
        return next((recorder for recorder in map(recorder_of, x) if recorder is not None), None)
    return None


def numbers_of(array: np.ndarray[Any, Any]) -> Hashable:
    """What two arrays have in common whose numbers are the same, to the bit."""
    return array.shape, array.dtype, array.tobytes()


def owner_of(array: Any) -> int:
    """Which array owns the memory that this one shows; a number has none to share."""
    if type(array) is float:
        return 0
    base = array.base
    while isinstance(base, np.ndarray):
        array, base = base, base.base
    return id(array)


def array_of(x: Any) -> Any:
    """A number or an array as an array; a traced array as it is."""
    if type(x) is Traced:
        return Traced(x.recorder, x.register, x.example) if x.is_scalar else x
    return np.asarray(x)
