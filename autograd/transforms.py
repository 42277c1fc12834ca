"""Functions of functions, under JAX's names: from a function to its derivatives.

Numbers, arrays and nested containers of them go in and come out.  Every transform can be applied to
the result of another one, and functions may close over tensors and over the variables of an outer
transform.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import wraps
from numbers import Real
from operator import index
from typing import Any

import numpy as np

from .array_rules import array_rule, takes_gradient
from .arrays.shapes import astype
from .conversions import as_array
from .dual import Dual, added, pulled, zeros_like
from .functions.shaping import stack
from .graph import CONSTANT, LEAF, sweep_order
from .modes import enable_grad, modes, tracing
from .op import to_float
from .tensor import Tensor, wrap
from .traced import Traced, array_of
from .trees import leaves, like, mapped, matched

__all__ = ["grad", "hessian", "hvp", "jacobian", "jvp", "unwrapped", "value_and_grad", "vjp"]

Function = Callable[..., Any]
_levels = itertools.count(1)


def grad(fun: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Function:
    """The gradient of a function that gives one number.

    Args:
        fun: the function.
        argnums: by which of its arguments, which may be containers; several give a tuple of gradients.
        has_aux: `fun` returns a pair, and its second part is passed on.

    Raises:
        TypeError: an argument has no derivative, or the function gives several numbers.

    >>> from autograd import grad
    >>> grad(lambda x: x ** 3)(2.0)
    12.0
    >>> grad(grad(lambda x: x ** 3))(2.0)
    12.0
    >>> import numpy as np
    >>> grad(lambda w: np.sum(np.tanh(w)))(np.zeros(3))
    array([1., 1., 1.])
    """
    with_value = value_and_grad(fun, argnums, has_aux)

    @wraps(fun)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, slope = with_value(*args, **kwargs)
        return (slope, value[1]) if has_aux else slope

    return gradient


def value_and_grad(fun: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Function:
    """A function's value together with its gradient; see `grad`.

    >>> from autograd import value_and_grad
    >>> value_and_grad(lambda x: x * x)(3.0)
    (9.0, 6.0)
    """
    name = getattr(_function(fun, "grad"), "__name__", "fun")

    @wraps(fun)
    def evaluated(*args: Any, **kwargs: Any) -> Any:
        inputs = _Inputs(args, argnums, "grad")
        with _traced():
            result = fun(*inputs.traced, **kwargs)
        y, aux = _with_aux(result, has_aux, "grad")
        _check_one_number(_primal(y), name)
        slopes = inputs.gradients(y, np.ones(np.shape(_primal(y)), np.result_type(_primal(y), np.float16)))
        value = inputs.finished(y)
        return ((value, inputs.finished(aux)) if has_aux else value), slopes

    return evaluated


def vjp(fun: Function, *primals: Any, has_aux: bool = False) -> Any:
    """A function's value, and the function from a gradient of the value to the gradients of the arguments.

    Returns:
        the value and `pullback`, or with `has_aux` the value, `pullback` and the auxiliary part.
        `pullback(cotangent)` is vᵀJ: a tuple with one entry per argument.

    >>> from autograd import vjp
    >>> y, pullback = vjp(lambda a, b: a * b, 2.0, 3.0)
    >>> y, pullback(1.0)
    (6.0, (3.0, 2.0))
    """
    inputs = _Inputs(primals, tuple(range(len(primals))), "vjp")
    _function(fun, "vjp")
    with _traced():
        result = fun(*inputs.traced)
    y, aux = _with_aux(result, has_aux, "vjp")

    def pullback(cotangent: Any) -> Any:
        return inputs.gradients(y, cotangent)

    value = inputs.finished(y)
    return (value, pullback, inputs.finished(aux)) if has_aux else (value, pullback)


def jvp(fun: Function, primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False) -> Any:
    """A function's value and its derivative along a direction, J t, in one forward pass of dual numbers.

    Args:
        fun: the function.
        primals: its arguments.
        tangents: the direction: as the arguments in structure and shapes.
        has_aux: `fun` returns a pair, and its second part is passed on.

    >>> from autograd import jvp
    >>> jvp(lambda a, b: a * b, (2.0, 3.0), (1.0, 0.0))
    (6.0, 3.0)
    """
    if not isinstance(primals, (tuple, list)) or not isinstance(tangents, (tuple, list)):
        raise TypeError("jvp: primals and tangents must be tuples, one entry per argument, as in jvp(f, (x,), (t,))")
    _function(fun, "jvp")
    points = leaves(list(primals))
    directions = matched(list(primals), list(tangents), "jvp: tangents must have the structure of the arguments")
    level = next(_levels)
    duals = [Dual(level, *_pair(x, t)) for x, t in zip(points, directions, strict=True)]
    with _recorded():
        result = fun(*like(list(primals), duals))
    y, aux = _with_aux(result, has_aux, "jvp")
    plain_in = not any(isinstance(x, (Tensor, Dual)) for x in points + directions)

    def part(x: Any, tangent: bool) -> Any:
        if isinstance(x, Dual) and x.level == level:
            x = (zeros_like(x) if x.tangent is None else x.tangent) if tangent else x.primal
        elif tangent:
            x = zeros_like(as_tensor(x))
        return unwrapped(x) if plain_in else _apart(x)

    value, slope = mapped(lambda x: part(x, False), y), mapped(lambda x: part(x, True), y)
    return (value, slope, mapped(lambda x: part(x, False), aux)) if has_aux else (value, slope)


def _pair(x: Any, t: Any) -> tuple[Any, Any]:
    """An argument and its direction as carriers, checked."""
    primal = _floating(x, "jvp")
    tangent = as_tensor(t)
    if tangent.shape != primal.shape:
        raise ValueError(f"jvp: tangent {tangent.shape} must have the shape of the argument, {primal.shape}")
    if tangent.dtype.kind == "c" and primal.dtype.kind != "c":
        raise TypeError(
            f"jvp: a {tangent.dtype} tangent of a {primal.dtype} argument: give real numbers, such as t.real"
        )
    return primal, tangent if tangent.dtype == primal.dtype else astype(tangent, dtype=primal.dtype)


def jacobian(fun: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Function:
    """All partial derivatives of a function: an array of shape (*output, *input) for each pair of the two.

    >>> import numpy as np
    >>> from autograd import jacobian
    >>> jacobian(lambda x: x * x)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """

    name = getattr(_function(fun, "jacobian"), "__name__", "fun")

    @wraps(fun)
    def partials(*args: Any, **kwargs: Any) -> Any:
        inputs = _Inputs(args, argnums, "jacobian")
        with _traced():
            result = fun(*inputs.traced, **kwargs)
        y, aux = _with_aux(result, has_aux, "jacobian")
        for out in leaves(y):
            _check_floating(_primal(out), "jacobian", name)
        matrix = mapped(lambda out: _rows(inputs, out), y)
        return (matrix, inputs.finished(aux)) if has_aux else (matrix, inputs.finished(None))[0]

    return partials


def _rows(inputs: _Inputs, y: Any) -> Any:
    """The derivatives of one output array: one pullback for each of its elements."""
    shape = np.shape(_primal(y))
    n = int(np.prod(shape, dtype=int))
    basis = np.eye(n, dtype=np.result_type(_primal(y), np.float16)).reshape((n, *shape))
    rows = [leaves(inputs.gradients(y, seed)) for seed in basis]
    if not rows:
        empty = [np.zeros((*shape, *np.shape(_primal(x)))) for x in leaves(inputs.gradients(y, np.zeros(shape)))]
        return like(inputs.selected, empty)
    columns = zip(*rows, strict=True)
    return like(inputs.selected, [_stacked(column, shape) for column in columns])


def _stacked(rows: Sequence[Any], shape: tuple[int, ...]) -> Any:
    if any(isinstance(row, (Tensor, Dual)) for row in rows):
        joined = stack([as_tensor(row) for row in rows])
        return joined.reshape((*shape, *joined.shape[1:]))
    if not shape:
        return rows[0]
    return np.stack(rows).reshape((*shape, *np.shape(rows[0])))


def hessian(fun: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Function:
    """The second derivatives of a function that gives one number: the Jacobian of its gradient.

    >>> import numpy as np
    >>> from autograd import hessian
    >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([3.0, 5.0]))
    array([[10.,  6.],
           [ 6.,  0.]])
    """
    return jacobian(grad(fun, argnums, has_aux), argnums, has_aux)


def hvp(fun: Function, primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """The Hessian times a direction, H t, without the Hessian: the directional derivative of the gradient.

    The cost is a few evaluations of `fun` (Pearlmutter 1994).  With several arguments, a tuple.

    >>> import numpy as np
    >>> from autograd import hvp
    >>> hvp(lambda x: np.sum(x ** 3), (np.array([1.0, 2.0]),), (np.array([1.0, 0.0]),))
    array([6., 0.])
    """
    if not isinstance(primals, (tuple, list)) or not isinstance(tangents, (tuple, list)):
        raise TypeError("hvp: primals and tangents must be tuples, one entry per argument, as in hvp(f, (x,), (t,))")
    argnums = 0 if len(primals) == 1 else tuple(range(len(primals)))
    _, product = jvp(grad(fun, argnums), primals, tangents)
    return product


# ---------------------------------------------------------------------- arguments in, derivatives out


@contextmanager
def _traced() -> Iterator[None]:
    """While the function runs: operations are recorded, and no tensor becomes a plain number unnoticed."""
    token = tracing.set(True)
    try:
        with _recorded():
            yield
    finally:
        tracing.reset(token)


def _recorded() -> AbstractContextManager[None]:
    """Operations have derivatives, also within `no_grad`: a function that wants none says so itself."""
    return nullcontext() if modes.recording.get() else enable_grad()


def as_tensor(x: Any) -> Any:
    """A tensor or dual number as it is; a number or an array as a constant tensor, floats as float64."""
    if isinstance(x, (Tensor, Dual)):
        return x
    return wrap(np.asarray(x) if isinstance(x, Real) else as_array(x))


def _function(fun: Any, name: str) -> Function:
    if not callable(fun):
        raise TypeError(f"{name}: differentiates a function, got {fun!r}, a {type(fun).__name__}")
    return fun  # type: ignore[no-any-return]


def _check_one_number(y: Any, name: str) -> None:
    """Raise unless a function, of that name, gave something that has a gradient."""
    if not isinstance(y, (Real, np.ndarray, np.generic)):
        hint = ": with has_aux=True the second of two is passed on" if isinstance(y, (tuple, list)) else ""
        raise TypeError(f"grad: {name} gave a {type(y).__name__}, must give one number{hint}")
    if getattr(y, "size", 1) != 1:
        raise TypeError(f"grad: {name} gave shape {y.shape}, must give one number: see jacobian")  # type: ignore[union-attr]
    _check_floating(y, "grad", name)


def _check_floating(y: Any, transform: str, name: str) -> None:
    """Raise if an output of a function, of that name, has no derivative."""
    dtype = getattr(y, "dtype", np.dtype(float))
    if dtype.kind not in "fc":
        raise TypeError(f"{transform}: {name} gave {dtype}, which has no derivative: must give floating-point numbers")


def _floating(x: Any, name: str) -> Any:
    """An argument that has derivatives, as a carrier of arrays."""
    if isinstance(x, bool) or not isinstance(x, (Real, np.ndarray, np.generic, Tensor, Dual)):
        raise TypeError(f"{name}: has no derivative by {x!r}, a {type(x).__name__}: give floats or arrays of them")
    plain_number = isinstance(x, Real) and not isinstance(x, (float, np.generic))
    carrier = wrap(np.asarray(to_float(x))) if plain_number else as_tensor(x)
    if carrier.dtype.kind not in "fc":
        raise TypeError(f"{name}: has no derivative by an array of {carrier.dtype}: write x.astype(float)")
    return carrier


def _with_aux(result: Any, has_aux: bool, name: str) -> tuple[Any, Any]:
    if not has_aux:
        return result, None
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        raise TypeError(f"{name}: with has_aux the function must return a pair, it gave {type(result).__name__}")
    return result[0], result[1]


def _primal(y: Any) -> Any:
    """The plain array in an output."""
    while isinstance(y, (Tensor, Dual)):
        y = y._data
    return y


def _connected(x: Any, own: Collection[Any] = ()) -> bool:
    """Whether a tensor depends on leaves, other than its own, by which somebody may still differentiate it."""
    return takes_gradient(x) and any(node.is_leaf and not any(node is x for x in own) for node in sweep_order(x))


def _apart(x: Any) -> Any:
    """A tensor that depends on nothing that asks for gradients, without its graph; anything else as it is."""
    return wrap(x._data) if takes_gradient(x) and not _connected(x) else x


def unwrapped(x: Any) -> Any:
    """A tensor that depends on nothing that asks for gradients as a float or an array; anything else as it is."""
    if isinstance(x, Tensor) and type(x._data) is not Traced and not _connected(x):
        return x._data if x._data.ndim else x._data[()].item() if x.dtype == np.float64 else x._data[()]
    return x


class _Inputs:
    """The arguments of a call, those to differentiate by replaced with leaves of a new graph."""

    def __init__(self, args: tuple[Any, ...], argnums: int | Sequence[int], name: str) -> None:
        single = not isinstance(argnums, (tuple, list))
        try:
            chosen = tuple(map(index, (argnums,) if single else argnums))  # type: ignore[arg-type]
        except TypeError:
            raise TypeError(f"{name}: argnums must be an int or a tuple of them, got {argnums!r}") from None
        for i in chosen:
            if not -len(args) <= i < len(args):
                raise TypeError(f"{name}: argument {i} does not exist, there are {len(args)}")
        chosen = tuple(i % len(args) for i in chosen)
        if len(set(chosen)) < len(chosen):
            raise ValueError(f"{name}: argnums {argnums!r} names an argument twice")
        self.selected = args[chosen[0]] if single else tuple(args[i] for i in chosen)
        self.given = leaves(self.selected)
        carriers = [_floating(x, name) for x in self.given]
        self.leaves = [_leaf(x) for x in carriers]
        entries = iter([_around(x, leaf) for x, leaf in zip(carriers, self.leaves, strict=True)])
        self.traced = list(args)
        for i in chosen:
            self.traced[i] = mapped(lambda _: next(entries), args[i])
        self.outer = [_innermost(x) for x in carriers]
        self.nested = any(takes_gradient(x) for x in self.outer)

    def gradients(self, y: Any, upstream: Any) -> Any:
        """The gradients of the arguments from those of the outputs, in the containers of the arguments."""
        self._open()
        total: list[Any] = [None] * len(self.leaves)
        outputs = leaves(y)
        seeds = matched(y, upstream, "vjp: the cotangent must have the structure of the output")
        for out, seed in zip(outputs, seeds, strict=True):
            seed = as_tensor(seed)
            if np.shape(_primal(out)) != seed.shape:
                raise ValueError(f"vjp: cotangent {seed.shape} must have the output's shape, {np.shape(_primal(out))}")
            create_graph = self.nested or takes_gradient(seed) or isinstance(out, Dual) or _connected(out, self.leaves)
            shares = pulled(out, seed, self.leaves, create_graph=create_graph)
            total = [added(a, b) for a, b in zip(total, shares, strict=True)]
        found = [_slope(g, leaf) for g, leaf in zip(total, self.leaves, strict=True)]
        self._close()
        return like(
            self.selected,
            [g if isinstance(x, (Tensor, Dual)) else unwrapped(g) for g, x in zip(found, self.given, strict=True)],
        )

    def _open(self) -> None:
        """Make the leaves ask for gradients, as they did while the function was computed."""
        for leaf in self.leaves:
            if leaf._rule is CONSTANT:
                leaf._rule = LEAF

    def _close(self) -> None:
        """Connect the leaves with the tensors that were given, for the transforms around this one, or with nothing."""
        for leaf, x in zip(self.leaves, self.outer, strict=True):
            if takes_gradient(x) and leaf.op is None:
                leaf._rule, leaf._a, leaf._b = array_rule(astype), (x,), {"dtype": x.dtype}
            elif leaf._rule is LEAF:
                leaf._rule = CONSTANT

    def finished(self, outputs: Any) -> Any:
        """Outputs as the caller gets them: connected with what is around, and with nothing else."""
        plain_in = not any(isinstance(x, (Tensor, Dual)) for x in self.given)
        connected = [isinstance(y, Dual) or self.nested or _connected(y, self.leaves) for y in leaves(outputs)]
        self._close()
        rest = iter(connected)

        def output(y: Any) -> Any:
            if next(rest) or not isinstance(y, Tensor):
                return y
            return unwrapped(wrap(y._data)) if plain_in else wrap(y._data)

        return mapped(output, outputs)


def _slope(g: Any, x: Tensor) -> Any:
    """The gradient of a leaf as a carrier, in its dtype; None is 0."""
    if g is None:
        return zeros_like(x)
    if isinstance(g, (Tensor, Dual)):
        return g
    array = array_of(g).astype(x.dtype, copy=False)
    return wrap(array if type(array) is Traced or array.flags.writeable else array.copy())


def _leaf(x: Any) -> Tensor:
    """A new leaf with the numbers of an argument."""
    return wrap(array_of(_primal(x))).requires_grad_()


def _around(x: Any, leaf: Tensor) -> Any:
    """The leaf in the place of the value inside a dual number, or alone."""
    return Dual(x.level, _around(x.primal, leaf), x.tangent) if isinstance(x, Dual) else leaf


def _innermost(x: Any) -> Any:
    while isinstance(x, Dual):
        x = x.primal
    return x
