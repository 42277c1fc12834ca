"""What stands for NumPy's functions of samples: quantiles, missing numbers, differences, integrals, interpolation."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import ops
from ..arrays import reductions as rows, shapes
from ..arrays.reductions import plain
from ..functions import multiplying, selecting
from ..functions.checks import as_carrier, axis_from, constant_like, halves_as_singles, one_axis
from ..traced import array_of, opaque
from .arguments import as_floats, cast, conjugated
from .protocol import FUNCTIONS, NumpyFunctions, covers, numbers, uncovered

__all__: list[str] = []

# ---------------------------------------------------------------------- in the order of size


def _in_order(a: Any, axis: Any, name: str) -> Any:
    """The elements along some axes in order, as a new last axis."""
    axes = shapes.axes_of(axis_from(axis, a, name), a.ndim)
    rest = tuple(i for i in range(a.ndim) if i not in axes)
    n = math.prod(a.shape[i] for i in axes)
    moved = shapes.transpose(a, axes=rest + axes)
    return selecting.sort(shapes.reshape(moved, shape=(*(a.shape[i] for i in rest), n)), -1)[0]


def _or_nan(y: Any, in_order: Any) -> Any:
    """The result, and nan where there is one among the elements: it is the last in order."""
    return ops.where(np.isnan(plain(in_order)[..., -1]), math.nan, y)


def _kept(y: Any, a: Any, axis: Any, name: str) -> Any:
    """The result with the axes that were reduced, as axes of length 1."""
    return shapes.reshape(y, shape=shapes.kept_shape(a.shape, axis_from(axis, a, name)))


@covers(np.median)
def _median(a: Any, axis: Any = None, out: None = None, overwrite_input: bool = False, keepdims: bool = False) -> Any:
    values = as_floats(_in_order(a, axis, "np.median"))
    n = values.shape[-1]
    if not n:
        return np.mean(a, axis, keepdims=keepdims)  # nan
    middle = _or_nan((values[..., (n - 1) // 2] + values[..., n // 2]) / 2, values)
    return _kept(middle, a, axis, "np.median") if keepdims else middle


def _quantile(name: str, unit: float) -> Callable[..., Any]:
    def covering(
        a: Any, q: Any, axis: Any = None, out: None = None, overwrite_input: bool = False, method: str = "linear",
        keepdims: bool = False,
    ) -> Any:  # fmt: skip
        if method != "linear":
            raise uncovered(f"{name}(method={method!r})", {})
        a, shares = as_carrier(a, name), array_of(numbers(q))
        values = _in_order(a, axis, name)
        if not values.shape[-1]:
            raise ValueError(f"{name}: there is no element along these axes of shape {a.shape}")

        def one(share: Any) -> Any:
            y = _or_nan(_below_which(values, share, unit), values)
            return _kept(y, a, axis, name) if keepdims else y

        if not shares.ndim:
            return one(shares)
        each = [one(shares[i]) for i in np.ndindex(shares.shape)]
        return np.stack(each).reshape(shares.shape + each[0].shape).astype(np.float64)

    return covering


def _below_which(values: Any, share: Any, unit: float) -> Any:
    """The number below which this share of the ordered ones lies: between two of them."""
    low, high, beyond = opaque(_places, share, unit, values.shape[-1])
    if values.dtype.kind == "f":
        beyond = beyond.astype(values.dtype)
    below, above = values[..., low], values[..., high]
    return below + (above - below) * beyond


def _places(share: Any, unit: float, n: int) -> tuple[Any, Any, Any]:
    """The places that a share of n elements lies between, and how far beyond the lower one."""
    if not 0 <= share <= unit:
        name = "np.quantile" if unit == 1 else "np.percentile"
        raise ValueError(f"{name}: q is {share}, must be between 0 and {unit:g}")
    place = np.asarray(share, float) / unit * (n - 1)
    low = np.floor(place).astype(np.intp)
    return low, np.minimum(low + 1, n - 1), place - low


FUNCTIONS[np.quantile] = _quantile("np.quantile", 1.0)
FUNCTIONS[np.percentile] = _quantile("np.percentile", 100.0)

# ---------------------------------------------------------------------- without the missing


def _without_nan(of_all: Any, function: Callable[..., Any], instead: float) -> Callable[..., Any]:
    """The function of the numbers that are not nan; in the place of each nan stands one that does not matter."""

    def covering(a: Any, axis: Any = None, *, keepdims: bool = False, ddof: float | None = None) -> Any:
        spread = {} if ddof is None else {"ddof": ddof}
        if a.dtype.kind not in "fc":  # integers are all there
            return of_all(a, axis, keepdims=keepdims, **spread)
        present = ~np.isnan(plain(a))
        return function(ops.where(present, a, instead), present, axis, keepdims=keepdims, **spread)

    return covering


@halves_as_singles
def _mean_of(a: Any, present: Any, axis: Any, **options: Any) -> Any:
    count = np.sum(present, axis, **options)
    return np.sum(a, axis, **options) / np.where(count, count, np.nan).astype(a.dtype)


@halves_as_singles
def _variance_of(a: Any, present: Any, axis: Any, ddof: float = 0, **options: Any) -> Any:
    centred = ops.where(present, a - _mean_of(a, present, axis, keepdims=True), 0.0)
    count = np.maximum(np.sum(present, axis, **options) - ddof, 0)
    return np.sum(ops.square(centred), axis, **options) / np.where(count, count, np.nan).astype(a.dtype)


def _extreme_of(function: Callable[..., Any]) -> Callable[..., Any]:
    def extreme(a: Any, present: Any, axis: Any, **options: Any) -> Any:
        return ops.where(np.any(present, axis, **options), function(a, axis, **options), math.nan)

    return extreme


FUNCTIONS[np.nansum] = _without_nan(np.sum, lambda a, present, axis, **options: np.sum(a, axis, **options), 0.0)
FUNCTIONS[np.nanprod] = _without_nan(np.prod, lambda a, present, axis, **options: np.prod(a, axis, **options), 1.0)
FUNCTIONS[np.nanmax] = _without_nan(np.max, _extreme_of(np.max), -math.inf)
FUNCTIONS[np.nanmin] = _without_nan(np.min, _extreme_of(np.min), math.inf)
FUNCTIONS[np.nanmean] = _without_nan(np.mean, _mean_of, 0.0)
FUNCTIONS[np.nanvar] = _without_nan(np.var, _variance_of, 0.0)
FUNCTIONS[np.nanstd] = _without_nan(
    np.std, halves_as_singles(lambda *args, **options: ops.sqrt(_variance_of(*args, **options))), 0.0
)


def _as_rows(x: Any, along_columns: bool) -> Any:
    """Variables as the rows of a matrix, in double precision."""
    x = np.atleast_2d(as_carrier(x, "np.cov"))
    return cast(x.T if along_columns else x, np.result_type(x.dtype, np.float64))


@covers(np.cov)
def _cov(m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: Any = None) -> Any:
    variables = _as_rows(m, not rowvar and np.ndim(m) != 1)
    if y is not None:
        more = _as_rows(y, not rowvar and np.atleast_2d(y).shape[0] != 1)  # a single row is one variable, for NumPy
        variables = np.concatenate([variables, more])
    centred = variables - np.mean(variables, axis=1, keepdims=True)
    n = variables.shape[1] - (int(not bias) if ddof is None else ddof)
    return np.squeeze(centred @ centred.T / n)


@covers(np.corrcoef)
def _corrcoef(x: Any, y: Any = None, rowvar: bool = True) -> Any:
    covariance = _cov(x, y, rowvar)
    if not covariance.ndim:
        return covariance / covariance
    spread = np.sqrt(np.diag(covariance))
    return covariance / np.multiply.outer(spread, spread)


# ---------------------------------------------------------------------- along a line


def _part(a: Any, axis: int, start: int | None, stop: int | None) -> Any:
    return shapes.getitem(a, index=(*(slice(None),) * axis, slice(start, stop)))


def _axis_of_line(axis: Any, a: Any, name: str) -> int:
    """An axis, counted from the front; there must be one."""
    if not a.ndim:
        raise ValueError(f"{name}: a number has no axis: give an array")
    return one_axis(axis, a, name)


@covers(np.diff)
def _diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    a = as_carrier(a, "np.diff")
    axis = _axis_of_line(axis, a, "np.diff")
    if n < 0:
        raise ValueError(f"np.diff: n is {n}, must not be negative")
    ends = []
    for end in (prepend, append):
        end = None if end is None else as_carrier(end, "np.diff")
        if end is not None and not end.ndim:
            end = np.broadcast_to(end, (*a.shape[:axis], 1, *a.shape[axis + 1 :]))
        ends.append(end)
    if prepend is not None or append is not None:
        a = np.concatenate([part for part in (ends[0], a, ends[1]) if part is not None], axis=axis)
    for _ in range(n):
        later, earlier = _part(a, axis, 1, None), _part(a, axis, None, -1)
        a = later != earlier if a.dtype == bool else later - earlier
    return a


@covers(np.ediff1d)
def _ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    steps = _diff(as_carrier(ary, "np.ediff1d").reshape(-1))
    return np.concatenate([np.ravel(part) for part in (to_begin, steps, to_end) if part is not None])


def _in_line(x: Any, ndim: int, axis: int) -> Any:
    """A vector along an axis of an array, to be broadcast."""
    return x.reshape((-1,) + (1,) * (ndim - 1 - axis)) if np.ndim(x) == 1 else x


@covers(np.trapezoid)
def _trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Any:
    y = as_floats(as_carrier(y, "np.trapezoid"))
    width = dx if x is None else _diff(x, axis=-1 if np.ndim(x) == 1 else axis)
    axis = _axis_of_line(axis, y, "np.trapezoid")
    heights = _part(y, axis, 1, None) + _part(y, axis, None, -1)
    return rows.sum_(_in_line(width, y.ndim, axis) * heights / 2.0, axis=axis)


@covers(np.gradient)
def _gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    if edge_order != 1:
        raise uncovered("np.gradient(edge_order=2)", {})
    f = as_floats(as_carrier(f, "np.gradient"))
    axes = shapes.axes_of(axis_from(axis, f, "np.gradient"), f.ndim)
    if len(varargs) not in (0, 1, len(axes)):
        raise TypeError(f"np.gradient: {len(varargs)} spacings for {len(axes)} axes: give one, or one for each")
    spacings = varargs if len(varargs) == len(axes) else (varargs or (1.0,)) * len(axes)
    found = tuple(_slope(f, spacing, i) for spacing, i in zip(spacings, axes, strict=True))
    return found[0] if len(axes) == 1 else found


def _slope(f: Any, spacing: Any, axis: int) -> Any:
    """Central differences inside, weighted by the distance of the other neighbour; one-sided ones at the ends."""
    if f.shape[axis] < 2:
        raise ValueError(f"np.gradient: axis {axis} of shape {f.shape} must have at least two elements")
    steps = _diff(spacing) if np.ndim(spacing) else spacing * np.ones(f.shape[axis] - 1, f.dtype)
    steps = _in_line(steps.astype(f.dtype), f.ndim, axis)
    slopes = _diff(f, axis=axis) / steps
    steps = steps + np.zeros(slopes.shape, f.dtype)
    before, behind = _part(steps, axis, None, -1), _part(steps, axis, 1, None)
    weighted = _part(slopes, axis, None, -1) * behind + _part(slopes, axis, 1, None) * before
    ends = _part(slopes, axis, None, 1), _part(slopes, axis, -1, None)
    return np.concatenate([ends[0], weighted / (before + behind), ends[1]], axis=axis)


@covers(np.interp)
def _interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: None = None) -> Any:
    if period is not None:
        raise uncovered("np.interp(period=...)", {})
    x, xp, fp = (as_floats(as_carrier(a, "np.interp")) for a in (x, xp, fp))
    carrier = next(a for a in (x, xp, fp) if isinstance(a, NumpyFunctions))
    xp, fp = (a if isinstance(a, NumpyFunctions) else constant_like(carrier, a) for a in (xp, fp))
    at, nodes = plain(x), plain(xp)
    i = np.clip(np.searchsorted(nodes, at, side="right") - 1, 0, max(len(nodes) - 2, 0))
    j = np.minimum(i + 1, len(nodes) - 1)
    inside = (at >= nodes[0]) & (at < nodes[-1])
    width = ops.where(inside, xp[j] - xp[i], 1.0)
    y = fp[i] + (fp[j] - fp[i]) * (x - xp[i]) / width
    y = ops.where(at < nodes[0], fp[0] if left is None else left, y)
    y = ops.where(at == nodes[-1], fp[-1], y)
    return ops.where(at > nodes[-1], fp[-1] if right is None else right, y)


@covers(np.convolve)
def _convolve(a: Any, v: Any, mode: Any = "full") -> Any:
    a, v = (np.atleast_1d(as_carrier(x, "np.convolve")) for x in (a, v))
    if a.shape[0] < v.shape[0]:
        a, v = v, a
    n, m = a.shape[0], v.shape[0]
    kept = {"full": (0, n + m - 1), "same": ((m - 1) // 2, (m - 1) // 2 + n), "valid": (m - 1, n)}
    if mode not in kept:
        raise ValueError(f"np.convolve: mode must be 'full', 'same' or 'valid', got {mode!r}")
    places = np.add.outer(np.arange(n), np.arange(m))
    full = shapes.put(multiplying.outer(a, v), index=places, shape=(n + m - 1,))
    return full[slice(*kept[mode])]


@covers(np.correlate)
def _correlate(a: Any, v: Any, mode: Any = "valid") -> Any:
    a, v = (np.atleast_1d(as_carrier(x, "np.correlate")) for x in (a, v))
    if a.shape[0] < v.shape[0]:
        return np.flip(conjugated(_correlate(v, a, mode), "np.correlate"))
    kernel, m, n = np.flip(conjugated(v, "np.correlate")), v.shape[0], a.shape[0]
    return _convolve(a, kernel)[m - 1 - m // 2 :][:n] if mode == "same" else _convolve(a, kernel, mode)


# ---------------------------------------------------------------------- polynomials


@covers(np.polyval)
def _polyval(p: Any, x: Any) -> Any:
    x, p = as_carrier(x, "np.polyval"), as_carrier(p, "np.polyval")
    y: Any = np.zeros(x.shape, np.result_type(x.dtype, p.dtype))
    for coefficient in p:
        y = y * x + coefficient
    return y


@covers(np.vander)
def _vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    powers = np.arange(x.shape[0] if N is None else N)
    column = x.astype(np.promote_types(x.dtype, int)).reshape(-1, 1)
    return column ** (powers if increasing else powers[::-1])
