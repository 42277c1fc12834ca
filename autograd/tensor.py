"""`Tensor`: a NumPy array in a computation graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any

import numpy as np

from .anomaly import forward_anomaly, is_finite
from .array_op import ArrayOp
from .array_rows import computed
from .array_rules import array_rule, takes_gradient
from .arrays.reductions import plain
from .arrays.shapes import broadcast_to, getitem, overwrite, reshape, transpose
from .backward import backward
from .changes import History, changes, settled
from .conversions import Conversions, as_array, as_given
from .functions import multiplying, reducing, shaping
from .functions.checks import refuse_masked
from .graph import CONSTANT, LEAF, Hook, Node, Note
from .inplace import detach_in_place, memory_of, note_view, refresh, rewrite
from .methods import plain_index
from .modes import enable_grad, modes
from .names import note_of_now
from .numpy_protocol import NumpyFunctions
from .op import NumberOp, Op, Reduction
from .operators import Operators
from .quiet import hush, unhush
from .traced import Traced, array_of, owner_of, refused

__all__ = ["Tensor", "node", "operand", "wrap"]

_new = object.__new__
VIEWS = frozenset((reshape, transpose, broadcast_to, getitem))
"""The ops whose result may lie in the memory of their operand."""


class Tensor(Conversions, NumpyFunctions, Operators, Node):
    """An array that remembers how it was computed, so that it can be differentiated.

    Args:
        data: a number, nested lists of numbers, an array or a tensor; the numbers are copied.
        requires_grad: whether `backward()` should give this tensor a gradient.
        dtype: of the numbers; by default that of the data, and `get_default_dtype()` for Python floats.
        name: what displays call it; without one they use the variable's name.

    Raises:
        TypeError: the data are not numbers, or a gradient is asked for integers.
        ValueError: the lists are ragged.

    >>> import autograd
    >>> W = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    >>> x = Tensor([1.0, -1.0])
    >>> loss = ((W @ x) ** 2).sum()
    >>> loss.backward()
    >>> loss
    tensor(2., op=<sum>)
    >>> W.grad
    tensor([[-2.,  2.],
            [-2.,  2.]])

    The surface is PyTorch's (Paszke et al. 2019); functions of NumPy work on tensors too.
    """

    __slots__ = ("_history", "_made")

    _history: History | None  # None on most: who shares the memory, and what it was before changes in place
    _made: int  # when, on the clock of changes in place

    def __init__(self, data: Any, requires_grad: bool = False, *, dtype: Any = None, name: str | None = None) -> None:
        array = as_array(data, dtype)
        self._data = array.copy() if _shares(array, data) else array
        self._grad = self._a = self._b = self._mark = self._history = None
        self._made = changes.now
        self._rule = CONSTANT
        if requires_grad:
            self.requires_grad_()
        if name is not None:
            self.name = name

    # ------------------------------------------------------------------ the numbers and their gradient

    @property
    def data(self) -> Tensor:
        """The same numbers in the same memory, outside the graph; changes to them go unnoticed."""
        return wrap(plain(self))

    @data.setter
    def data(self, data: Any) -> None:
        if self.op is not None:
            raise AttributeError(f"data: this tensor is computed by {self.op.name}: change a leaf and compute it anew")
        array = as_array(data)
        self._data = array.astype(self._data.dtype if array.dtype.kind == self._data.dtype.kind else array.dtype)
        memory_of(self).touch(recorded=False)  # rules that read the old numbers are not to meet the new ones

    @property
    def grad(self) -> Tensor | None:
        """The gradient from the backward passes so far; None before the first one."""
        gradient = self._grad
        if gradient is None or isinstance(gradient, Tensor):
            return gradient
        return wrap(array_of(gradient))

    @grad.setter
    def grad(self, grad: Any) -> None:
        if grad is not None:
            if not isinstance(grad, Tensor):
                grad = wrap(as_given(grad))
            if grad.shape != self.shape:
                raise ValueError(f"grad: has shape {grad.shape}, must have that of the tensor, {self.shape}")
            if grad.dtype != self.dtype:
                _check_real("grad", grad, self)
                grad = grad.type(self.dtype)
            if not takes_gradient(grad):
                grad = grad._data
        self._grad = grad

    @property
    def requires_grad(self) -> bool:
        """Whether `backward()` reaches this tensor."""
        refresh(self)
        return self._rule is not CONSTANT

    @requires_grad.setter
    def requires_grad(self, requires_grad: bool) -> None:
        self.requires_grad_(requires_grad)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Ask for a gradient of this leaf, or no longer."""
        if self.op is not None:
            if requires_grad:
                return self
            raise RuntimeError("requires_grad_: only leaves can stop asking for a gradient: write x.detach()")
        if requires_grad and self._data.dtype.kind not in "fc":
            raise TypeError(f"requires_grad: only floating-point tensors have gradients, this is {self._data.dtype}")
        if requires_grad and self._rule is CONSTANT:
            self._rule = LEAF
        elif not requires_grad:
            self._rule = CONSTANT
        return self

    def zero_grad(self) -> None:
        """Forget the gradient."""
        self._grad = None

    def backward(self, gradient: Any = None, retain_graph: bool = True, create_graph: bool = False) -> None:
        """Add the gradient of this tensor by each leaf it depends on, times `gradient`, to the leaf's `grad`.

        Args:
            gradient: the derivative of some outer quantity by this tensor, in its shape; 1 for a scalar.
            retain_graph: accepted for PyTorch's sake; the graph stays as long as something refers to it.
            create_graph: make the gradients nodes, to be differentiated again.

        Raises:
            RuntimeError: no leaf requires a gradient, or there are several elements and no `gradient`, or a
                tensor was changed in place after a rule came to need it.  No gradient is changed.
        """
        if self._history is not None:
            refresh(self)
        rule = self._rule
        if rule is CONSTANT:
            kind = f"{self._data.dtype} tensors have no gradient" if self._data.dtype.kind not in "fc" else ""
            raise RuntimeError(
                f"backward: {kind or 'no tensor in this graph requires a gradient'}: "
                "make a leaf with requires_grad=True before computing with it"
            )
        upstream = self._upstream(gradient, create_graph)
        if rule.op is None:  # it becomes the gradient: not in the memory that the caller has
            with enable_grad():
                upstream = upstream + 0
        backward(self, upstream, create_graph=create_graph)

    def _upstream(self, gradient: Any, create_graph: bool) -> Any:
        data = self._data
        if type(gradient) is np.ndarray and gradient.dtype == data.dtype and gradient.shape == data.shape:
            return wrap(gradient) if create_graph else gradient
        if gradient is None:
            if data.size != 1:
                raise RuntimeError(
                    f"backward: the tensor has shape {data.shape}: reduce it to one number, as in y.sum().backward(), "
                    "or give a gradient of its shape"
                )
            gradient = np.ones(data.shape, data.dtype)
        elif isinstance(gradient, Tensor):
            if not create_graph:
                gradient = gradient._data
        elif isinstance(gradient, (Real, list, tuple, np.ndarray)):
            gradient = as_given(gradient)
        else:
            raise TypeError(f"backward: gradient must be a tensor or an array, got {gradient!r}")
        if gradient.shape != data.shape:
            raise ValueError(f"backward: gradient has shape {gradient.shape}, must have the tensor's, {data.shape}")
        if create_graph and not isinstance(gradient, Tensor):
            gradient = wrap(gradient)
        if gradient.dtype != data.dtype:
            _check_real("backward", gradient, self)
            gradient = gradient.astype(data.dtype)
        if type(data) is Traced and type(gradient) is np.ndarray:  # what is made of it is traced, too
            gradient = data.recorder.lifted(gradient)
        return gradient

    def detach(self) -> Tensor:
        """The same numbers in the same memory, outside the graph; changes in place are noticed."""
        leaf = wrap(plain(self))
        note_view(leaf, self, reshape, {"shape": self.shape})
        leaf._history.view = None  # type: ignore[union-attr]
        return leaf

    def detach_(self) -> Tensor:
        """Cut this tensor off from how it was computed."""
        detach_in_place(self)
        return self

    # ------------------------------------------------------------------ rows read on arrays

    @staticmethod
    def __apply__(op: Op, operands: tuple[Any, ...], **settings: Any) -> Any:
        """Read a row of the table: one node, its operands broadcast."""
        if isinstance(op, Reduction):
            operands = tuple([shaping.stack(x) if isinstance(x, (list, tuple)) else x for x in operands])
            return reducing.sum_(*operands, **settings) if op.arity == 1 else multiplying.matmul(*operands)
        assert isinstance(op, NumberOp)
        first = operands[0]
        if len(operands) == 1 and type(first) is Tensor and first._history is None:  # most of them: no more questions
            numbers = first._data
            if not modes.watched and numbers.ndim and numbers.dtype.kind == "f":
                return node(op, op.evaluate(op.array, numbers), operands, None, first._rule is not CONSTANT)
        entries = tuple([x if type(x) is Tensor else operand(x, op) for x in operands])
        for x in entries:
            if x is NotImplemented:
                return x
        data = computed(op, *[x._data if type(x) is Tensor else x for x in entries])
        return node(op, data, entries, None, _asks(entries) and data.dtype.kind in "fc")

    @staticmethod
    def __apply_array__(op: ArrayOp, operands: tuple[Any, ...], settings: dict[str, Any]) -> Any:
        """Compute an op on whole arrays: one node."""
        numbers, asks = [], False
        for x in operands:
            if type(x) is not Tensor:
                operands = tuple([x if type(x) is Tensor else operand(x, op) for x in operands])
                if any(x is NotImplemented for x in operands):
                    return NotImplemented
                numbers, asks = [x._data if type(x) is Tensor else x for x in operands], _asks(operands)
                break
            if x._history is not None:
                refresh(x)
            if x._rule is not CONSTANT:
                asks = True
            numbers.append(x._data)
        recorder = modes.recorder.get() if modes.watched else None
        if recorder is not None:
            data = recorder.call(op.forward, numbers, settings, op.name)
        elif op.computes:
            token = hush()
            try:
                data = op.forward(*numbers, **settings)
            finally:
                unhush(token)
        else:
            data = op.forward(*numbers, **settings)
        if type(data) is not np.ndarray:
            data = array_of(data)
        kind = data.dtype.kind
        if kind == "c" and op.linear != "jointly":
            raise TypeError(f"{op.name}: complex tensors have no derivative here: take real and imaginary parts")
        result = node(op, data, operands, settings, asks and kind in "fc")
        if op in VIEWS and np.may_share_memory(data, numbers[0]):
            note_view(result, operands[0], op, settings)
        return result

    def _constant_like(self, array: np.ndarray[Any, Any]) -> Tensor:
        return wrap(array)

    def _settled_operands(self) -> tuple[Any, ...]:
        if changes.now is not self._made:
            made, op = self._made, self.op
            self._a = tuple([settled(x, made, op) if isinstance(x, Tensor) else x for x in self._a])
        return self._a  # type: ignore[no-any-return]

    # ------------------------------------------------------------------ changes in place

    def fill_(self, value: Any) -> Tensor:
        """Make every element this number."""
        self[...] = value
        return self

    def zero_(self) -> Tensor:
        """Make every element 0."""
        return self.fill_(0)

    def copy_(self, source: Any) -> Tensor:
        """Take the numbers of another tensor, broadcast to this shape; the gradient goes to it."""
        return self.fill_(source)

    def __setitem__(self, index: Any, value: Any) -> None:
        index = plain_index(index)
        value = value if isinstance(value, Tensor) else operand(value, overwrite)
        data = plain(value).copy() if isinstance(value, Tensor) else value  # it may show the memory that is written

        def write(numbers: np.ndarray[Any, Any]) -> None:
            try:
                numbers[index] = data
            except (IndexError, ValueError) as error:
                raise type(error)(f"[ ]=: {np.shape(data)} does not go into {self.shape} there: {error}") from None

        rewrite(self, overwrite, [self, value], write, {"index": index})

    __hash__ = Node.__hash__  # by identity: comparisons compare the numbers

    # ------------------------------------------------------------------ hooks, copies

    def register_hook(self, hook: Callable[[Any], Any]) -> Hook:
        refresh(self)
        return super().register_hook(hook)

    def _shown(self, gradient: Any) -> Any:
        return gradient if isinstance(gradient, Tensor) else wrap(array_of(gradient))

    def _replaced(self, gradient: Any, by: Any, hook: Callable[[Any], Any]) -> Any:
        if not isinstance(by, Tensor):
            if not isinstance(by, (Real, np.ndarray)):
                raise TypeError(f"hook: must return a tensor or None, {hook!r} returned {by!r}")
            by = wrap(np.asarray(by, self._data.dtype))
        if by.shape != self.shape:
            raise ValueError(f"hook: {hook!r} returned shape {by.shape}, must be that of the gradient, {self.shape}")
        return by if isinstance(gradient, Tensor) else by._data

    _nothing = None

    def _commit(self, order: list[Any], leaves: list[int], before: list[Any]) -> None:
        shared: set[int] | None = None
        for i in leaves:
            leaf, earlier = order[i], before[i]
            gradient = leaf._grad
            if gradient is None or earlier is not None:
                leaf._grad = leaf._total(earlier, gradient)
            else:
                # Rules hand gradients on as they are, or as views: no leaf may end up with an array that others see.
                if shared is None:
                    shared = {owner_of(node._grad) for node in order if node._rule.reach and node._grad is not None}
                is_node = type(gradient) is Tensor
                numbers = gradient._data if is_node else gradient
                if type(numbers) is Traced:
                    if type(leaf._data) is not Traced:
                        raise refused("backward: a tensor from outside the function would get a gradient")
                elif not is_node and (type(numbers) is not np.ndarray or numbers.dtype != leaf._data.dtype):
                    gradient = numbers = np.asarray(numbers, leaf._data.dtype)
                owner = owner_of(numbers)
                if owner in shared or not numbers.flags.writeable:
                    gradient = _recorded_copy(gradient) if is_node else gradient.copy()
                leaf._grad = gradient
                shared.add(owner)

    def _total(self, earlier: Any, gathered: Any) -> Any:
        if earlier is None or gathered is None:
            return earlier if gathered is None else gathered
        total = earlier + gathered
        return total if isinstance(total, (Tensor, Traced)) else np.asarray(total, self._data.dtype)

    def __copy__(self) -> Tensor:
        refresh(self)
        return self._duplicate(self._a, self._b)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        refresh(self)
        return super().__deepcopy__(memo)

    def _duplicate(self, a: Any, b: Any) -> Tensor:
        copy = wrap(plain(self).copy())
        copy._a, copy._b = a, b
        copy._rule = CONSTANT if self._rule is CONSTANT else LEAF if self.op is None else array_rule(self.op)
        copy._made = self._made  # rules that need what was overwritten refuse in the copy, too
        if self._history is not None:
            copy._history = History(self._history.memory.duplicate())
        gradient = self._grad._data if isinstance(self._grad, Tensor) else self._grad
        copy._grad = None if gradient is None else np.array(gradient)
        if hasattr(self, "_note"):
            copy._note = Note(self.name, self.site, self.scopes)
        return copy

    def __reduce__(self) -> tuple[Any, ...]:
        if self.op is not None:
            raise TypeError(
                f"pickle: this tensor is computed by {self.op.name}, and a pickle would copy the leaves it shares: "
                "pickle leaves, or x.detach()"
            )
        return _restore, (self._data, self.requires_grad, self.name, self._b)


def _recorded_copy(gradient: Tensor) -> Tensor:
    with enable_grad():
        return gradient.clone()  # type: ignore[no-any-return]


def _restore(data: Any, requires_grad: bool, name: str | None, mark: Any = None) -> Tensor:
    tensor = Tensor(data, requires_grad, name=name)
    tensor._b = mark
    return tensor


def _check_real(name: str, gradient: Any, x: Any) -> None:
    """Raise if the imaginary part of a gradient would be lost."""
    if gradient.dtype.kind == "c" and x.dtype.kind != "c":
        raise TypeError(f"{name}: a {gradient.dtype} gradient of a {x.dtype} tensor: give real numbers, such as g.real")


def _shares(array: Any, data: Any) -> bool:
    source = data._data if isinstance(data, Tensor) else data
    return isinstance(source, np.ndarray) and np.may_share_memory(array, source)


# ---------------------------------------------------------------------- making nodes


def wrap(data: Any) -> Tensor:
    """A tensor around an array, without a gradient."""
    node = _new(Tensor)
    node._data = data
    node._rule = CONSTANT
    node._grad = node._a = node._b = node._mark = node._history = None
    node._made = changes.now
    return node


def operand(x: Any, op: Op) -> Any:
    """An operand that is no tensor: an array becomes a constant one, a number stays."""
    if isinstance(x, np.ndarray):
        refuse_masked(op.name, (type(x),))
        if x.dtype.kind not in "biufc":
            raise TypeError(f"{op.name}: cannot take an array of {x.dtype}: give numbers")
        return wrap(x)
    if isinstance(x, np.generic) and x.dtype.kind in "biufc":
        return wrap(np.asarray(x))
    if isinstance(x, (Real, complex)):
        return x
    if hasattr(type(x), "__apply__") and not isinstance(x, Node):
        return NotImplemented
    if isinstance(x, Node):
        raise TypeError(
            f"{op.name}: cannot mix a tensor and {x!r}: write v.data for its number, or use 0-d tensors throughout"
        )
    raise TypeError(f"{op.name}: cannot take {x!r}, a {type(x).__name__}: give numbers, arrays or tensors")


def _asks(operands: Sequence[Any]) -> bool:
    """Whether one of the operands asks for a gradient; views among them are brought up to date."""
    asks = False
    for x in operands:
        if type(x) is Tensor:
            if x._history is not None:
                refresh(x)
            asks = asks or x._rule is not CONSTANT
    return asks


def node(op: Op, data: Any, operands: tuple[Any, ...], settings: dict[str, Any] | None, recorded: bool) -> Tensor:
    """What an op made of its operands: a node, or a constant if nothing asks for its gradient."""
    result = _new(Tensor)
    result._data = data
    result._grad = result._mark = result._history = None
    result._made = changes.now
    if recorded:
        result._rule = array_rule(op)
        result._a = operands
        result._b = settings
    else:
        result._rule = CONSTANT
        result._a = result._b = None
    if modes.watched:
        _watch(result, op, operands)
    return result


def _watch(result: Tensor, op: Op, operands: tuple[Any, ...]) -> None:
    """The same under `no_grad` or `detect_anomaly`, here or in another thread."""
    note = note_of_now()
    if note is not None:
        result._note = note
        if modes.anomaly.get() and not is_finite(result):
            raise forward_anomaly(result, op, operands)
    recorder = modes.recorder.get()
    if recorder is not None:
        recorder.meet([x for x in operands if type(x) is Tensor])
    if not modes.recording.get():
        result._rule, result._a, result._b = CONSTANT, None, None
