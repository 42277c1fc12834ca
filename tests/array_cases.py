"""Every function of tensors with arguments to try, and how NumPy computes it.

A case is a function of arrays twice: as this package has it, and as NumPy computes it, on complex numbers
too, so that the complex step can differentiate it.
"""

import inspect
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autograd
from autograd import Tensor
from autograd.functions import multiplying, reducing, selecting, shaping

from .arrays import LAYOUTS, distinct, layouts, seeds, shapes, with_ties, with_zeros

MODULES = (reducing, shaping, selecting, multiplying)
FUNCTIONS = {name.rstrip("_"): getattr(module, name) for module in MODULES for name in module.__all__}
WITHOUT_GRADIENT = {"all", "any", "argmax", "argmin", "argsort", "nonzero"}
flags = st.booleans()


@dataclass
class Case:
    """Arrays, how to call the function on them, and what NumPy does."""

    arrays: list[np.ndarray]
    call: Any
    numpy: Any


CASES: dict[str, Any] = {}


def case(*names):
    """Note how to draw the cases of some functions: a composite strategy, given the function's name."""

    def note(draws):
        strategy = st.composite(draws)
        CASES.update({name: strategy(name) if len(inspect.signature(draws).parameters) > 1 else strategy()
                      for name in names})  # fmt: skip
        return draws

    return note


def an_array(draw, shape, numbers=distinct, repeated=True):
    """An array in some layout; not one with the same row throughout, where equal numbers make a kink."""
    layout = draw(layouts)
    return LAYOUTS["in columns" if layout == "repeated" and not repeated else layout](numbers(shape, draw(seeds)))


def axis_of(shape):
    """One axis, from the front or from the back; a 0-d array has the axes 0 and -1."""
    n = max(len(shape), 1)
    return st.integers(-n, n - 1)


def axes_of(shape):
    """No axis, one, or some."""
    some = st.sets(st.integers(0, max(len(shape) - 1, 0)), max_size=len(shape)).map(lambda found: tuple(sorted(found)))
    return st.none() | axis_of(shape) | some


def for_numpy(axis, shape):
    return axis if shape or axis is None else None if axis in (0, -1) else axis


# ---------------------------------------------------------------------- NumPy's side, on complex numbers too


def mean(a, axis, keepdims=False):
    return np.sum(a, axis, keepdims=keepdims) / np.sum(np.ones(a.shape), axis, keepdims=keepdims)


def var(a, axis, correction, keepdims=False):
    n = np.maximum(np.sum(np.ones(a.shape), axis, keepdims=keepdims) - correction, 0)
    return np.sum((a - mean(a, axis, True)) ** 2, axis, keepdims=keepdims) / n


def magnitude(a):
    return np.where(np.real(a) < 0, -a, a)


def norm(a, p, axis, keepdims=False):
    if math.isinf(p):
        return (np.max if p > 0 else np.min)(magnitude(a), axis=axis, keepdims=keepdims)
    return np.sum(magnitude(a) ** p, axis, keepdims=keepdims) ** (1 / p)


def softmax(a, axis):
    return np.exp(a) / np.sum(np.exp(a), axis, keepdims=True)


NUMPY = {
    "sum": np.sum, "prod": np.prod, "mean": mean, "amax": np.max, "amin": np.min,
    "logsumexp": lambda a, axis, keepdims: np.log(np.sum(np.exp(a), axis, keepdims=keepdims)),
    "cumsum": np.cumsum, "cumprod": np.cumprod, "softmax": softmax,
    "log_softmax": lambda a, axis: np.log(softmax(a, axis)),
    "tril": np.tril, "triu": np.triu, "repeat": np.tile, "tile": np.tile,
    "swapaxes": np.swapaxes, "transpose": np.swapaxes, "movedim": np.moveaxis,
}  # fmt: skip


def reduce_in_numpy(name, shape, axis, **options):
    return lambda a: NUMPY[name](a, axis=for_numpy(axis, shape), **options)


# ---------------------------------------------------------------------- reducing


@case("sum", "mean", "prod", "logsumexp", "amax", "amin")
def reductions(draw, name):
    shape = draw(shapes(empty=not name.startswith("am")))
    axis, keep = draw(axes_of(shape)), draw(flags)
    numbers = with_zeros if name == "prod" and draw(flags) else distinct
    call = draw(st.sampled_from([
        lambda f, x: f(x, axis, keep), lambda f, x: f(x, dim=axis, keepdim=keep),
        lambda f, x: f(x, axis=axis, keepdims=keep) if f is getattr(Tensor, name, None) else f(x, axis, keep),
    ]))  # fmt: skip
    x = an_array(draw, shape, numbers, repeated=not name.startswith("am"))
    return Case([x], call, reduce_in_numpy(name, shape, axis, keepdims=keep))


@case("var", "std")
def spreads(draw, name):
    shape = draw(shapes(empty=False) if name == "var" else shapes(1, 3, 3, False).filter(lambda s: min(s) > 1))
    axis, keep, correction = draw(axes_of(shape).filter(lambda a: a != ())), draw(flags), draw(st.integers(0, 1))

    def in_numpy(a):
        spread = var(a, for_numpy(axis, shape), correction, keep)
        return np.sqrt(spread) if name == "std" else spread

    x = an_array(draw, shape, repeated=name == "var")
    return Case([x], lambda f, x: f(x, dim=axis, correction=correction, keepdim=keep), in_numpy)


@case("max", "min")
def extremes(draw, name):
    shape = draw(shapes(empty=False))
    axis, keep = draw(axis_of(shape)), draw(flags)
    function, place = (np.max, np.argmax) if name == "max" else (np.min, np.argmin)
    whole, axis_there = draw(flags), for_numpy(axis, shape)
    x = an_array(draw, shape, repeated=False)
    if whole:
        return Case([x], lambda f, x: f(x), function)
    return Case(
        [x], lambda f, x: f(x, axis, keep),
        lambda a: (function(a, axis=axis_there, keepdims=keep), place(a, axis=axis_there, keepdims=keep)),
    )  # fmt: skip


@case("argmax", "argmin", "all", "any", "nonzero", "argsort")
def questions(draw, name):
    shape = draw(shapes(empty=name in ("all", "any", "nonzero")))
    x, axis, keep = an_array(draw, shape, with_ties), draw(st.none() | axis_of(shape)), draw(flags)
    if name == "nonzero":
        return Case([x], lambda f, x: f(x), np.argwhere)
    if name == "argsort":
        return Case(
            [x], lambda f, x: f(x, axis or 0), lambda a: np.argsort(a, axis or 0, kind="stable") if shape else 0
        )
    in_numpy = getattr(np, name)
    return Case([x], lambda f, x: f(x, axis, keep), lambda a: in_numpy(a, axis=for_numpy(axis, shape), keepdims=keep))


@case("cumsum", "cumprod", "softmax", "log_softmax")
def along_one_axis(draw, name):
    shape = draw(shapes(least=1))
    axis = draw(axis_of(shape))
    numbers = with_zeros if name == "cumprod" and draw(flags) else distinct
    return Case([an_array(draw, shape, numbers)], lambda f, x: f(x, axis), reduce_in_numpy(name, shape, axis))


@case("norm")
def norms(draw):
    shape, p = draw(shapes(empty=False)), draw(st.sampled_from([1, 2, 2.0, 3, 1.5, math.inf, -math.inf]))
    axis, keep = draw(axes_of(shape)), draw(flags)
    in_numpy = lambda a: norm(a, p, for_numpy(axis, shape), keep)
    numbers = lambda shape, seed: away_from_zero(distinct(shape, seed))  # |x|^1.5 is too curved there for differences
    return Case([an_array(draw, shape, numbers, repeated=False)], lambda f, x: f(x, p, axis, keep), in_numpy)


def away_from_zero(a):
    return a + 0.2 * np.where(a < 0, -1, 1)


# ---------------------------------------------------------------------- shaping


@case("reshape", "flatten", "squeeze", "unsqueeze", "expand", "permute", "flip", "roll")
def reshaped(draw, name):
    shape = draw(shapes())
    x, n = an_array(draw, shape), len(shape)
    if name == "reshape":
        new = draw(st.sampled_from([(x.size,), (1, x.size), shape[::-1], (*shape, 1)]))
        given_size = draw(st.sampled_from([new, (-1,)] if x.size else [new]))
        call = draw(st.sampled_from([lambda f, x: f(x, *given_size), lambda f, x: f(x, given_size)]))
        return Case([x], call, lambda a: np.reshape(a, given_size))
    if name == "flatten":
        first, last = sorted(draw(st.tuples(*[st.integers(0, max(n - 1, 0))] * 2)))
        new = (*shape[:first], math.prod(shape[first : last + 1]), *shape[last + 1 :])
        return Case([x], lambda f, x: f(x, first, last - max(n, 1)), lambda a: np.reshape(a, new))
    if name == "squeeze":
        axes = draw(axes_of(shape))
        gone = tuple(i % max(n, 1) for i in ((axes,) if isinstance(axes, int) else range(n) if axes is None else axes))
        new = tuple(m for i, m in enumerate(shape) if m != 1 or i not in gone)
        return Case([x], lambda f, x: f(x, axes), lambda a: np.reshape(a, new))
    if name == "unsqueeze":
        axis = draw(st.integers(-n - 1, n))
        return Case([x], lambda f, x: f(x, axis), lambda a: np.expand_dims(a, axis))
    if name == "expand":
        new = [*draw(shapes(most=2)), *(draw(st.integers(0, 3)) if m == 1 else m for m in shape)]
        sizes = [
            *new[: len(new) - n],
            *(-1 if m == k and draw(flags) else k for m, k in zip(shape, new[len(new) - n :], strict=True)),
        ]
        return Case([x], lambda f, x: f(x, *sizes), lambda a: np.broadcast_to(a, new))
    if name == "permute":
        axes = draw(st.permutations(range(n)))
        return Case([x], lambda f, x: f(x, *(i - n for i in axes)), lambda a: np.transpose(a, axes))
    axes = draw(st.sets(st.integers(0, n - 1)).map(tuple) if n else st.just(()))
    if name == "flip":
        return Case([x], draw(st.sampled_from([lambda f, x: f(x, axes), lambda f, x: f(x, *axes)])),
                    lambda a: np.flip(a, axes))  # fmt: skip
    shifts = tuple(draw(st.integers(-4, 4)) for _ in axes)
    if not axes or draw(flags):
        shift = draw(st.integers(-4, 4))
        return Case([x], lambda f, x: f(x, shift), lambda a: np.roll(a, shift))
    return Case([x], lambda f, x: f(x, shifts, axes), lambda a: np.roll(a, shifts, axes))


@case("tile", "repeat", "tril", "triu", "diagonal", "diag", "trace", "transpose", "swapaxes", "movedim")
def rearranged(draw, name):
    shape = draw(
        shapes(2 if name in ("tril", "triu", "diagonal", "trace") else 1, 2 if name in ("diag", "trace") else 3)
    )
    x, k = an_array(draw, shape), draw(st.integers(-3, 3))
    if name in ("tile", "repeat"):
        counts = draw(st.lists(st.integers(0, 2), min_size=len(shape) if name == "repeat" else 0, max_size=4))
        return Case([x], lambda f, x: f(x, *counts), lambda a: np.tile(a, counts))
    if name in ("tril", "triu", "diag"):
        return Case([x], lambda f, x: f(x, k), lambda a: getattr(np, name)(a, k))
    if name == "trace":
        return Case([x], lambda f, x: f(x), np.trace)
    i, j = draw(axis_of(shape)), draw(axis_of(shape))
    if name == "diagonal":
        j = i - 1 if i % len(shape) == j % len(shape) else j
        j = j + len(shape) if j < -len(shape) else j
        return Case([x], lambda f, x: f(x, k, i, j), lambda a: np.diagonal(a, k, i, j))
    return Case([x], lambda f, x: f(x, i, j), lambda a: NUMPY[name](a, i, j))


@case("cat", "stack")
def joined(draw, name):
    shape, count = draw(shapes(least=1)), draw(st.integers(1, 3))
    axis = draw(axis_of(shape) if name == "cat" else st.integers(-len(shape) - 1, len(shape)))
    parts = []
    for _ in range(count):
        own = list(shape)
        if name == "cat":
            own[axis] = draw(st.integers(0, 3))
        parts.append(an_array(draw, tuple(own)))
    hold = draw(st.sampled_from([list, tuple]))
    in_numpy = np.concatenate if name == "cat" else np.stack
    return Case(parts, lambda f, *x: f(hold(x), axis), lambda *a: in_numpy(a, axis))


@case("split", "chunk", "unbind")
def cut(draw, name):
    shape = draw(shapes(least=1))
    axis, x = draw(axis_of(shape)), an_array(draw, shape)
    n = shape[axis]
    if name == "unbind":
        x = x if n else an_array(draw, (2,) * len(shape))
        return Case([x], lambda f, x: f(x, axis), lambda a: [np.take(a, i, axis) for i in range(x.shape[axis])])
    k = draw(st.integers(1, 4))
    length = k if name == "split" else max(-(-n // k), 1)
    ends = list(range(length, n, length))
    if name == "split" and draw(flags):
        sizes = [b - a for a, b in zip([0, *ends], [*ends, n], strict=True)]
        return Case([x], lambda f, x: f(x, sizes, axis), lambda a: np.split(a, ends, axis))
    return Case([x], lambda f, x: f(x, k, axis), lambda a: np.split(a, ends, axis))


# ---------------------------------------------------------------------- selecting


@case("gather", "take_along_dim", "scatter", "scatter_add", "index_select", "sort", "topk")
def by_index(draw, name):
    shape = draw(shapes(least=1, empty=False))
    axis, x = draw(axis_of(shape)), an_array(draw, shape, repeated=name not in ("sort", "topk"))
    source = np.random.default_rng(draw(seeds))
    n, grid = shape[axis], list(np.indices(shape, sparse=True))
    if name == "index_select":
        where = source.integers(-n, n, draw(st.integers(0, 4)))
        return Case([x], lambda f, x: f(x, axis, autograd.tensor(where)), lambda a: np.take(a, where, axis))
    if name in ("sort", "topk"):
        k, largest = draw(st.integers(0, n)) if name == "topk" else n, draw(flags)

        def in_numpy(a):
            order = np.argsort(-np.real(a) if largest else np.real(a), axis, kind="stable")
            order = np.take(order, range(k), axis)
            return np.take_along_axis(a, order, axis), order

        ours = (lambda f, x: f(x, k, axis, largest)) if name == "topk" else lambda f, x: f(x, axis, descending=largest)
        return Case([x], ours, in_numpy)
    where = source.integers(0 if name.startswith("scatter") else -n, n, shape)
    if name in ("gather", "take_along_dim"):
        order = (
            (lambda f, x: f(x, axis, where)) if name == "gather" else lambda f, x: f(x, autograd.tensor(where), axis)
        )
        return Case([x], order, lambda a: np.take_along_axis(a, where, axis))
    if name == "scatter":  # which of two writes to one place is the last, is nobody's business
        where = source.permuted(np.broadcast_to(grid[axis], shape), axis=axis)

    def written(a, b):
        result = np.array(a)
        for place in np.ndindex(where.shape):
            target = list(place)
            target[axis] = where[place]
            result[tuple(target)] = b[place] + (0 if name == "scatter" else result[tuple(target)])
        return result

    return Case([x, an_array(draw, shape)], lambda f, x, y: f(x, axis, where, y), written)


@case("masked_fill", "masked_select")
def masked(draw, name):
    shape = draw(shapes())
    mask = np.random.default_rng(draw(seeds)).random(shape) > 0.5
    x = an_array(draw, shape)
    if name == "masked_select":
        return Case([x], lambda f, x: f(x, autograd.tensor(mask)), lambda a: a[mask])
    if draw(flags):
        return Case([x], lambda f, x: f(x, mask, 7.0), lambda a: np.where(mask, 7.0, a))
    return Case(
        [x, an_array(draw, ())], lambda f, x, y: f(x, autograd.tensor(mask), y), lambda a, b: np.where(mask, b, a)
    )


# ---------------------------------------------------------------------- products


@case("matmul", "mm", "mv", "bmm", "outer", "linear", "tensordot")
def products(draw, name):
    n, m, k, b = (draw(st.integers(0 if name != "linear" else 1, 3)) for _ in range(4))
    if name == "matmul":
        found = draw(
            hnp.mutually_broadcastable_shapes(signature="(n?,k),(k,m?)->(n?,m?)", max_dims=1, max_side=3, min_side=0)
        )
        return Case([an_array(draw, s) for s in found.input_shapes], lambda f, x, y: f(x, y), np.matmul)
    if name == "linear":
        front, bias = draw(st.sampled_from([(), (n,), (b, n)])), draw(flags)
        given_arrays = [an_array(draw, (*front, k)), an_array(draw, (m, k)), an_array(draw, (m,))]
        return Case(given_arrays[: 2 + bias], lambda f, *x: f(*x), lambda a, w, c=0.0: np.matmul(a, w.T) + c)
    if name == "tensordot":
        pairs = draw(st.sampled_from([0, 1, 2, ((2, 1), (1, 0)), ((-2,), (0,)), ([1, 2], [0, 1])]))
        one, other = an_array(draw, (n, m, m)), an_array(draw, (m, m, k))
        return Case([one, other], lambda f, x, y: f(x, y, pairs), lambda a, b: np.tensordot(a, b, pairs))
    left, right = {"mm": ((n, k), (k, m)), "mv": ((n, k), (k,)), "bmm": ((b, n, k), (b, k, m)), "outer": ((n,), (m,))}[
        name
    ]
    in_numpy = np.multiply.outer if name == "outer" else np.matmul
    return Case([an_array(draw, left), an_array(draw, right)], lambda f, x, y: f(x, y), in_numpy)


@case("einsum")
def einsums(draw):
    equation = draw(st.sampled_from([
        "ij,jk->ik", "ij,jk", "ii->i", "ii", "ij->ji", "ij->", "i,j->ij", "bij,bjk->bik", "ij,ij->", "ij,jk,kl->il",
        "...i,i->...", "ii,i->i", "iij->ij", "ij,k->ik", "a,b->", "...ij,...jk->...ik", "i...->...",
                    "ij, j -> i", "iji->j",
        "ii,jj->", "...,i->i...", "ij,i->i", "i->i", "abc,cd->dba",
    ]))  # fmt: skip
    sizes = {c: draw(st.integers(0, 3)) for c in sorted(set(equation))}
    dots = draw(shapes(most=2))
    terms = equation.replace(" ", "").split("->")[0].split(",")
    found = []
    for term in terms:
        front, ellipsis, back = term.partition("...")
        own = tuple(draw(st.sampled_from([n, 1])) for n in dots) if ellipsis else ()
        found.append(an_array(draw, (*(sizes[c] for c in front), *own, *(sizes[c] for c in back))))
    return Case(found, lambda f, *x: f(equation, *x), lambda *a: np.einsum(equation, *a))
