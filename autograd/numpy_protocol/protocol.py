"""NumPy's own functions on tensors: `np.sum(t, axis=1)` records a node, as everything that is covered does.

NumPy hands ufuncs to `__array_ufunc__`: they are rows of the table.  It hands everything else to
`__array_function__`: the other modules of this package say what stands for each function.  A
function that is not covered raises, naming it: nothing silently drops the graph.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from .. import ops
from ..arrays import reductions, shapes
from ..arrays.fourier import conj, magnitude
from ..arrays.reductions import plain
from ..functions import multiplying, reducing
from ..functions.checks import as_carrier, constant_like, refuse_masked
from ..traced import Traced, array_of, refused
from .arguments import as_floats, conjugated
from .ufuncs import ROWS

__all__ = ["FUNCTIONS", "NumpyFunctions", "covers", "known", "numbers", "uncovered"]

FUNCTIONS: dict[Callable[..., Any], Callable[..., Any]] = {}
"""What stands for each covered function of NumPy."""

OP_OF_UFUNC: dict[np.ufunc, Callable[..., Any]] = {
    op.ufunc: op for op in (*ops.TABLE.values(), *ROWS) if op.ufunc is not None and hasattr(op, "defaults")
} | {
    np.matmul: multiplying.matmul,
    np.positive: lambda x: x.clone(),
    np.fabs: ops.abs_,
    np.conjugate: lambda x: conj(x) if x.dtype.kind == "c" else x.clone(),
    np.absolute: lambda x: magnitude(x) if x.dtype.kind == "c" else ops.abs_(x),
    np.float_power: lambda a, b: ops.pow_(*(as_carrier(x, "np.float_power").astype(np.float64) for x in (a, b))),
    np.fmax: lambda a, b: _but_nan(ops.maximum, a, b),
    np.fmin: lambda a, b: _but_nan(ops.minimum, a, b),
    np.logaddexp2: lambda a, b: ops.logaddexp(a * math.log(2), b * math.log(2)) / math.log(2),
    np.deg2rad: lambda x: x * (math.pi / 180),
    np.radians: lambda x: x * (math.pi / 180),
    np.rad2deg: lambda x: x * (180 / math.pi),
    np.degrees: lambda x: x * (180 / math.pi),
    np.trunc: lambda x: ops.where(x >= 0, ops.floor(x), ops.ceil(x)),
    np.copysign: lambda a, b: _copysign(a, b) if isinstance(a, NumpyFunctions) else np.copysign(a, plain(b)),
    np.heaviside: lambda a, b: ops.where(plain(a) == 0, b, ops.sign(a) * 0.5 + 0.5),
    np.vecdot: lambda a, b: reductions.sum_(conjugated(a, "np.vecdot") * b, axis=-1),
}


def _but_nan(extreme: Callable[..., Any], a: Any, b: Any) -> Any:
    """The extreme of two numbers; where one is nan, the other."""
    return ops.where(np.isnan(plain(a)), b, ops.where(np.isnan(plain(b)), a, extreme(a, b)))


def _copysign(a: Any, b: Any) -> Any:
    a = as_floats(a)
    same = np.signbit(plain(a)) == np.signbit(plain(b))
    return a * np.where(same, 1, -1).astype(getattr(b, "dtype", a.dtype))


QUESTIONS = frozenset(
    {
        np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal,
        np.isfinite, np.isinf, np.isnan, np.signbit,
        np.logical_and, np.logical_or, np.logical_xor, np.logical_not, np.invert,
        np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.floor_divide,
    }
)  # fmt: skip
"""What is asked of numbers, or has no gradient: it is computed, and nothing is recorded."""
REDUCTIONS = {np.add: "sum", np.multiply: "prod", np.maximum: "max", np.minimum: "min"}


class NumpyFunctions:
    """The two protocols by which NumPy hands its functions over to the arguments' class."""

    __slots__ = ()

    @property
    def _mask(self) -> NoReturn:
        """Masked arrays ask for it, after they have taken the numbers."""
        if getattr(self, "requires_grad", True):  # a dual number always asks
            refuse_masked("np.ma", (np.ma.MaskedArray,))
        raise AttributeError("_mask")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        out = options.pop("out", None)
        refuse_masked(f"np.{ufunc.__name__}", map(type, inputs))
        inputs = tuple([as_carrier(x, ufunc.__name__) if isinstance(x, (list, tuple)) else x for x in inputs])
        if method == "__call__" and ufunc in OP_OF_UFUNC and not options:
            result = OP_OF_UFUNC[ufunc](*inputs)
        elif method == "__call__" and ufunc in QUESTIONS:
            carrier = next(x for x in inputs if isinstance(x, NumpyFunctions))
            result = constant_like(carrier, array_of(ufunc(*map(numbers, inputs), **options)))
        elif method == "reduce" and ufunc in REDUCTIONS:
            options.setdefault("axis", 0)
            result = getattr(np, REDUCTIONS[ufunc])(*inputs, **options)
        elif method == "accumulate" and ufunc in (np.add, np.multiply) and options.keys() <= {"axis"}:
            result = (reducing.cumsum if ufunc is np.add else reducing.cumprod)(inputs[0], options.get("axis", 0))
        elif method == "outer" and ufunc in OP_OF_UFUNC and not options:
            a, b = (as_carrier(x, ufunc.__name__) for x in inputs)
            result = OP_OF_UFUNC[ufunc](shapes.reshape(a, shape=a.shape + (1,) * b.ndim), b)
        else:
            raise uncovered(f"np.{ufunc.__name__}" + (f".{method}" if method != "__call__" else ""), options)
        if not isinstance(result, NumpyFunctions):  # the sign of a number alone, say, has no gradient
            result = constant_like(next(x for x in (*inputs, *(out or ())) if isinstance(x, NumpyFunctions)), result)
        return result if out is None else _written(out, result, ufunc, may_repeat=method == "__call__")

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        covering = FUNCTIONS.get(function)
        name = f"{getattr(function, '__module__', 'numpy')}.{function.__name__}".replace("numpy", "np", 1)
        if covering is None:
            raise uncovered(name, {})
        refuse_masked(name, types)
        out = kwargs.pop("out", None)
        try:
            result = covering(*args, **kwargs)
        except TypeError:
            if not _accepts(covering, args, kwargs):
                raise uncovered(name, kwargs) from None
            raise
        return result if out is None else _written((out,), result, function)


def _accepts(function: Callable[..., Any], args: Any, kwargs: Any) -> bool:
    try:
        inspect.signature(function).bind(*args, **kwargs)
    except TypeError:
        return False
    return True


def uncovered(name: str, options: dict[str, Any]) -> TypeError:
    given = f" with {', '.join(options)}" if options else ""
    return TypeError(
        f"{name}{given}: has no derivative here: write it in terms of others, "
        "or call it on x.detach().numpy() where no gradient is needed"
    )


def numbers(x: Any) -> Any:
    """The plain array in a carrier; anything else as it is."""
    return plain(x) if isinstance(x, NumpyFunctions) else x


def known(x: Any, name: str) -> Any:
    """The plain array in a carrier, whose numbers decide on the shape of the result: a program must not take them."""
    x = numbers(x)
    if type(x) is Traced:
        raise refused(f"{name}: the shape of the result depends on the numbers")
    return x


def _written(out: Any, result: Any, function: Any, *, may_repeat: bool = False) -> Any:
    """Put a result where `out=` says: into a tensor, or into an array if that drops no gradient.

    As NumPy does, it refuses a dtype that would lose what the numbers are, and another shape; ufuncs alone repeat.
    """
    (target,) = out
    name, dtype = f"np.{function.__name__}", result.dtype
    if not np.can_cast(dtype, target.dtype, "same_kind"):
        raise TypeError(f"{name}: the result is {dtype}, which {target.dtype} cannot hold: give an out of {dtype}")
    if result.shape != target.shape and not may_repeat:
        raise ValueError(f"{name}: the result has shape {result.shape}, out has {target.shape}: they must be equal")
    if isinstance(target, NumpyFunctions):
        target[...] = result  # type: ignore[index]
    elif getattr(result, "requires_grad", isinstance(result, NumpyFunctions)):  # a dual number always asks
        raise TypeError(f"{name}: out must be a tensor, an array would drop the gradient")
    else:
        target[...] = plain(result)
    return target


def covers(*functions: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register what stands for functions of NumPy."""

    def register(covering: Callable[..., Any]) -> Callable[..., Any]:
        for function in functions:
            FUNCTIONS[function] = covering
        return covering

    return register
