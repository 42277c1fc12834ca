"""Where to try every array op: operands at smooth points, and settings as the functions give them.

No two axes of an array are equally long, where the op lets them differ, so that a wrong one shows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd.array_op import ArrayOp
from autograd.arrays.linear_algebra import packed_eigh, packed_svd
from autograd.arrays.pooling import Windows, _maxima
from autograd.arrays.shapes import swapaxes
from autograd.arrays.windows import MODES

from ..arrays import distinct
from ..test_linear_algebra import matrices, symmetric

Array = np.ndarray[Any, Any]
Generator = np.random.Generator


@dataclass(frozen=True)
class Sample:
    """Operands and settings of one call; `reading` makes of the op what can be checked, where that is another."""

    operands: tuple[Array, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    reading: Callable[[ArrayOp], ArrayOp] = lambda op: op


SAMPLES: dict[str, Callable[[Generator], list[Sample]]] = {}
"""The samples of every array op by its name: the same shapes and settings each time, other numbers."""


def samples_of(*names: str) -> Callable[[Any], Any]:
    """Note what draws the samples of some ops."""

    def note(draw: Any) -> Any:
        SAMPLES.update(dict.fromkeys(names, draw))
        return draw

    return note


def numbers(rng: Generator, *shape: int) -> Array:
    """Numbers between -2 and 2 that keep a distance from one another and from 0."""
    return distinct(shape, int(rng.integers(2**32)))


def with_zeros(rng: Generator, places: Any, *shape: int) -> Array:
    """The same with zeros at some places."""
    a = numbers(rng, *shape)
    a[places] = 0.0
    return a


def complex_numbers(rng: Generator, *shape: int) -> Array:
    return numbers(rng, *shape) + 1j * numbers(rng, *shape)


FAR = 16.0
"""By what to multiply numbers that must not change places while differences are taken."""


def each(*operands: Array, settings: list[dict[str, Any]]) -> list[Sample]:
    """The same operands with different settings."""
    return [Sample(operands, some) for some in settings]


# ---------------------------------------------------------------------- what is checked in place of an op


def symmetrized(a: Any) -> Any:
    """The mean of a matrix and its transpose."""
    return 0.5 * (a + swapaxes(a))


def on_symmetric(op: ArrayOp) -> ArrayOp:
    """An op that reads one triangle of its operand, given the mean of both: its gradient is symmetric."""
    return ArrayOp(
        op.name, op.summary, lambda a: op.forward(symmetrized(a)), *op.pullbacks, needs=op.needs, register=False
    )  # fmt: skip


def in_its_own_dtype(op: ArrayOp) -> ArrayOp:
    """The op with the dtype that its operand has: what else becomes of the numbers, is no matter of slopes."""
    rule = op.pullbacks[0]
    assert rule is not None
    forward = lambda a: op.forward(a, dtype=a.dtype)
    pullback = lambda g, y, a: rule(g, y, a, dtype=a.dtype)
    return ArrayOp(op.name, op.summary, forward, pullback, needs=op.needs, linear=op.linear, register=False)


def decomposed_by(decompose: Callable[[Any], Any]) -> Callable[[ArrayOp], ArrayOp]:
    """The second operand must be the decomposition of the first: together they are an op of one operand."""

    def reading(op: ArrayOp) -> ArrayOp:
        rule = op.pullbacks[0]
        assert rule is not None
        forward = lambda a: op.forward(a, decompose(a))
        pullback = lambda g, y, a: rule(g, y, a, decompose(a))
        return ArrayOp(op.name, op.summary, forward, pullback, needs=("a",), register=False)

    return reading


# ---------------------------------------------------------------------- shapes


@samples_of("astype")
def _astype(rng: Generator) -> list[Sample]:
    return [Sample((numbers(rng, 2, 3),), reading=in_its_own_dtype)]


@samples_of("reshape")
def _reshape(rng: Generator) -> list[Sample]:
    return each(numbers(rng, 2, 3, 4), settings=[{"shape": (4, 6)}, {"shape": (-1, 2)}, {"shape": (2, 3, 1, 4)}])


@samples_of("transpose")
def _transpose(rng: Generator) -> list[Sample]:
    return each(numbers(rng, 2, 3, 4), settings=[{"axes": (2, 0, 1)}, {"axes": (0, 2, 1)}])


@samples_of("broadcast_to")
def _broadcast_to(rng: Generator) -> list[Sample]:
    return [
        Sample((numbers(rng, 3, 1),), {"shape": (2, 3, 4)}),
        Sample((numbers(rng, 1, 3, 1),), {"shape": (2, 3, 4)}),
        Sample((numbers(rng, 4),), {"shape": (2, 3, 4)}),
        Sample((numbers(rng),), {"shape": (2, 3)}),
    ]


@samples_of("flip")
def _flip(rng: Generator) -> list[Sample]:
    return each(numbers(rng, 2, 3, 4), settings=[{"axis": 1}, {"axis": (0, -1)}])


@samples_of("roll")
def _roll(rng: Generator) -> list[Sample]:
    return each(
        numbers(rng, 3, 4, 5),
        settings=[{"shift": 1, "axis": -2}, {"shift": (1, -2), "axis": (0, 2)}, {"shift": 7, "axis": None}],
    )


@samples_of("triangle")
def _triangle(rng: Generator) -> list[Sample]:
    return each(numbers(rng, 2, 3, 4), settings=[{"k": 0, "upper": False}, {"k": 1, "upper": True}])


INDICES = (
    (slice(None), 1),
    (..., slice(None, None, -2)),
    (np.array([2, 0, 2]), None, np.array([1, 1, 1])),  # an element twice
    np.arange(3) != 1,
)


@samples_of("getitem")
def _getitem(rng: Generator) -> list[Sample]:
    return each(numbers(rng, 3, 4, 5), settings=[{"index": index} for index in INDICES])


@samples_of("put")
def _put(rng: Generator) -> list[Sample]:
    shape = (3, 4, 5)
    return [
        Sample((numbers(rng, *np.empty(shape)[index].shape),), {"index": index, "shape": shape}) for index in INDICES
    ]


@samples_of("overwrite")
def _overwrite(rng: Generator) -> list[Sample]:
    a = numbers(rng, 3, 4)
    return [
        Sample((a, numbers(rng, 3)), {"index": (slice(None), 1)}),
        Sample((a, numbers(rng, 2, 1)), {"index": (slice(1, None), slice(None, None, 2))}),
        Sample((a, numbers(rng)), {"index": a > 0}),
        Sample((a, numbers(rng, 3, 1)), {"index": np.array([2, 0, 2])}),  # an element twice
    ]


@samples_of("concatenate")
def _concatenate(rng: Generator) -> list[Sample]:
    return [
        Sample((numbers(rng, 2, 3), numbers(rng, 2, 1), numbers(rng, 2, 4)), {"axis": 1}),
        Sample((numbers(rng, 2, 3), numbers(rng, 4, 3)), {"axis": -2}),
        Sample((numbers(rng, 2, 3), complex_numbers(rng, 2, 1)), {"axis": 1}),  # the gradient of the first is real
    ]


# ---------------------------------------------------------------------- reductions

REDUCED: list[dict[str, Any]] = [
    {"axis": 1},
    {"axis": (0, -1), "keepdims": True},
    {"axis": -1, "keepdims": False},
    {"axis": None, "keepdims": True},
    {},
]


@samples_of("sum", "mean", "logsumexp")
def _reductions(rng: Generator) -> list[Sample]:
    return each(numbers(rng, 2, 3, 4), settings=REDUCED)


@samples_of("amax", "amin")
def _extremes(rng: Generator) -> list[Sample]:
    return each(FAR * numbers(rng, 2, 3, 4), settings=REDUCED)


@samples_of("prod")
def _prod(rng: Generator) -> list[Sample]:
    a, zeros = numbers(rng, 2, 3, 4), with_zeros(rng, ([0, 0, 1], [0, 1, 2], [0, 0, 3]), 2, 3, 4)
    return [*each(a, settings=REDUCED), *each(zeros, settings=[{"axis": 1}, {"axis": (2, 0)}])]


@samples_of("cumsum", "softmax", "log_softmax")
def _along_one_axis(rng: Generator) -> list[Sample]:
    return each(numbers(rng, 2, 3, 4), settings=[{"axis": 1}, {"axis": -1}])


@samples_of("cumprod")
def _cumprod(rng: Generator) -> list[Sample]:
    one, two = with_zeros(rng, (0, 1, 2), 2, 3, 4), with_zeros(rng, (0, [0, 2], 2), 2, 3, 4)
    return [*each(numbers(rng, 2, 3, 4), settings=[{"axis": 1}, {"axis": -1}]), *each(one, settings=[{"axis": 1}]),
            *each(two, settings=[{"axis": -2}])]  # fmt: skip


@samples_of("p_norm")
def _p_norm(rng: Generator) -> list[Sample]:
    a = numbers(rng, 2, 3, 4)
    away = a + np.where(a < 0, -0.3, 0.3)  # |a|^1.5 is too curved near 0
    zero = away[0].copy()
    zero[1, 2] = 0.0
    return [
        *each(a, settings=[{"ord": 2.0, "axis": (0, -1), "keepdims": True}, {"ord": 2.0}]),
        *each(away, settings=[{"ord": 1.5, "axis": 1}, {"ord": 3.0, "axis": -1, "keepdims": True}]),
        *each(zero, settings=[{"ord": 4.0, "axis": 1}]),
    ]


@samples_of("cross_entropy")
def _cross_entropy(rng: Generator) -> list[Sample]:
    return [Sample((numbers(rng, 3, 4),), {"index": np.array([2, 0, 3]), "saved": {}})]


@samples_of("mse_loss")
def _mse_loss(rng: Generator) -> list[Sample]:
    return [Sample((numbers(rng, 3, 4), numbers(rng, 3, 4)), {})]


# ---------------------------------------------------------------------- products


@samples_of("matmul")
def _matmul(rng: Generator) -> list[Sample]:
    shapes = [
        ((3, 4), (4, 2)),
        ((2, 3, 4), (4, 5)),  # one matrix for the whole batch
        ((6, 1, 3, 4), (5, 4, 2)),  # both are repeated
        ((4,), (4,)),
        ((4,), (2, 4, 3)),
        ((2, 3, 4), (4,)),
    ]
    return [Sample((numbers(rng, *left), numbers(rng, *right))) for left, right in shapes]


@samples_of("linear")
def _linear(rng: Generator) -> list[Sample]:
    w, bias = numbers(rng, 5, 4), numbers(rng, 5)
    return [Sample((numbers(rng, *batch, 4), w, bias)) for batch in ((3,), (2, 3))]


@samples_of("einsum")
def _einsum(rng: Generator) -> list[Sample]:
    found = {
        "ij,jk->ik": ((2, 3), (3, 4)),
        "...ij,...jk->...ik": ((6, 1, 2, 3), (5, 3, 4)),
        "bij,ij->b": ((2, 3, 4), (1, 4)),  # of length 1, broadcast
        "ij,ik->k": ((2, 3), (2, 4)),  # j stands in one factor alone
        "ij,jk,kl->il": ((2, 3), (3, 4), (4, 5)),
        "iij->ij": ((3, 3, 4),),  # a diagonal
        "ii,k->": ((3, 3), (2,)),
        "ba, c": ((2, 3), (4,)),
    }
    return [
        Sample(tuple(numbers(rng, *shape) for shape in shapes), {"subscripts": subscripts})
        for subscripts, shapes in found.items()
    ]


# ---------------------------------------------------------------------- frequencies


@samples_of("as_complex")
def _as_complex(rng: Generator) -> list[Sample]:
    return [Sample((numbers(rng, 2, 3), numbers(rng, *shape))) for shape in ((2, 3), (3,))]


@samples_of("real_part", "imag_part", "conj")
def _parts(rng: Generator) -> list[Sample]:
    return [Sample((complex_numbers(rng, 2, 3),)), Sample((numbers(rng, 2, 3),))]


TRANSFORMED: list[dict[str, Any]] = [
    {},
    {"n": 3, "axis": 1, "norm": "ortho"},  # cropped
    {"n": 6, "axis": -2, "norm": "forward"},  # filled up
    {"n": 5, "axis": 0},
    {"axis": -1, "norm": "backward"},
]


@samples_of("rfft")
def _rfft(rng: Generator) -> list[Sample]:
    return each(numbers(rng, 2, 4, 5), settings=TRANSFORMED)


@samples_of("fft", "ifft", "irfft")
def _transforms(rng: Generator) -> list[Sample]:
    return [
        *each(complex_numbers(rng, 2, 4, 5), settings=TRANSFORMED),
        *each(numbers(rng, 2, 4, 5), settings=TRANSFORMED[:2]),
    ]


# ---------------------------------------------------------------------- linear algebra


@samples_of("diagonal")
def _diagonal(rng: Generator) -> list[Sample]:
    return each(
        numbers(rng, 3, 4, 5),
        settings=[{}, {"offset": 1, "axis1": -2, "axis2": -1}, {"offset": -1, "axis1": 2, "axis2": 0}],
    )


@samples_of("make_diagonal")
def _make_diagonal(rng: Generator) -> list[Sample]:
    a = numbers(rng, 2, 3)
    return each(
        a,
        settings=[
            {},
            {"offset": -1, "axis1": 0, "axis2": 2},
            {"offset": 1, "axis1": 1, "axis2": 0, "shape": (4, 3, 2)},
        ],
    )


@samples_of("det_sign")
def _det_sign(rng: Generator) -> list[Sample]:
    return [Sample((FAR * matrices(rng, batch, 3, 3),)) for batch in ((), (2,))]


@samples_of("inv", "logabsdet")
def _square(rng: Generator) -> list[Sample]:
    return [Sample((matrices(rng, batch, 3, 3),)) for batch in ((), (2,))]


@samples_of("det", "cofactor")
def _determinants(rng: Generator) -> list[Sample]:
    singular = matrices(rng, (), 3, 3)
    singular[2] = singular[0] - 0.5 * singular[1]
    return [*_square(rng), Sample((singular,)), Sample((-matrices(rng, (2,), 4, 4),))]


@samples_of("solve")
def _solve(rng: Generator) -> list[Sample]:
    one, two = matrices(rng, (), 3, 3), matrices(rng, (2,), 3, 3)
    return [
        Sample((one, numbers(rng, 3))),
        Sample((one, numbers(rng, 2, 3, 4))),
        Sample((two, numbers(rng, 3, 4))),
        Sample((two, numbers(rng, 3)), {"check": False}),
    ]


@samples_of("pinv", "svd", "qr")
def _oblong(rng: Generator) -> list[Sample]:
    shapes = [((), 4, 3), ((2,), 3, 4), ((), 3, 3)]
    return [Sample((matrices(rng, *shape),)) for shape in shapes]


@samples_of("singular_values")
def _singular_values(rng: Generator) -> list[Sample]:
    return [Sample(sample.operands, reading=decomposed_by(packed_svd)) for sample in _oblong(rng)]


@samples_of("cholesky", "eigh")
def _symmetric(rng: Generator) -> list[Sample]:
    return [Sample((symmetric(rng, batch, 3),), reading=on_symmetric) for batch in ((), (2,))]


@samples_of("eigenvalues")
def _eigenvalues(rng: Generator) -> list[Sample]:
    return [
        Sample(sample.operands, reading=decomposed_by(lambda a: packed_eigh(symmetrized(a))))
        for sample in _symmetric(rng)
    ]


# ---------------------------------------------------------------------- windows


@samples_of("padded")
def _padded(rng: Generator) -> list[Sample]:
    return each(numbers(rng, 3, 4), settings=[{"widths": ((1, 2), (3, 0)), "mode": mode} for mode in MODES[1:]])


@samples_of("unpadded")
def _unpadded(rng: Generator) -> list[Sample]:
    return each(numbers(rng, 6, 7), settings=[{"widths": ((1, 2), (3, 0)), "mode": mode} for mode in MODES[1:]])


@samples_of("sliding_windows")
def _sliding_windows(rng: Generator) -> list[Sample]:
    return [
        Sample((numbers(rng, 2, 7),), {"kernel": (3,), "stride": (2,), "dilation": (1,)}),
        Sample((numbers(rng, 2, 5, 8),), {"kernel": (2, 3), "stride": (1, 2), "dilation": (2, 1)}),
    ]


@samples_of("overlap_add")
def _overlap_add(rng: Generator) -> list[Sample]:
    return [
        Sample((numbers(rng, 2, 3, 3),), {"size": (7,), "stride": (2,), "dilation": (1,)}),
        Sample((numbers(rng, 2, 2, 3, 3, 3),), {"size": (5, 8), "stride": (1, 2), "dilation": (2, 1)}),
    ]


UNEVEN = (Windows(5, (0, 2, 3), (3, 5, 5)), Windows(6, (-1, 1, 3, 4), (2, 4, 5, 6)))
DILATED = (Windows(6, (-1, 1), (4, 6), 2), Windows(7, (0, 2, 4), (3, 6, 7)))


@samples_of("window_sum")
def _window_sum(rng: Generator) -> list[Sample]:
    return [
        Sample((numbers(rng, 2, 5, 6),), {"windows": UNEVEN}),
        Sample((numbers(rng, 4, 6),), {"windows": UNEVEN[1:]}),
    ]


@samples_of("window_max")
def _window_max(rng: Generator) -> list[Sample]:
    return [
        Sample((FAR * numbers(rng, 2, 5, 6),), {"windows": UNEVEN}),
        Sample((FAR * numbers(rng, 6, 7),), {"windows": DILATED}),
    ]


@samples_of("window_pick")
def _window_pick(rng: Generator) -> list[Sample]:
    return [
        Sample(x.operands, {**x.settings, "chosen": _maxima(*x.operands, **x.settings)}) for x in _window_max(rng)
    ]  # fmt: skip


@samples_of("window_place")
def _window_place(rng: Generator) -> list[Sample]:
    return [Sample((numbers(rng, *x.settings["chosen"][-1].shape),), x.settings) for x in _window_pick(rng)]


# ---------------------------------------------------------------------- convolutions

PLANE: dict[str, Any] = {"stride": (1, 2), "padding": ((1, 0), (0, 2)), "dilation": (2, 1), "groups": 2}
LINE: dict[str, Any] = {"stride": (4,), "padding": ((1, 0),), "dilation": (2,), "groups": 1}


@samples_of("convolution")
def _convolution(rng: Generator) -> list[Sample]:
    """In the second one the last element is left over; the third one does not keep its patches."""
    x, w = numbers(rng, 3, 4, 5, 6), numbers(rng, 6, 2, 2, 3)
    return [
        Sample((x, w), {**PLANE, "saved": {}}),
        Sample((numbers(rng, 2, 3, 13), numbers(rng, 4, 3, 3)), {**LINE, "saved": {}}),
        Sample((x, w), PLANE),
    ]


@samples_of("conv_transpose")
def _conv_transpose(rng: Generator) -> list[Sample]:
    return [
        Sample((numbers(rng, 3, 6, 4, 3), numbers(rng, 6, 2, 2, 3)), PLANE),
        Sample((numbers(rng, 2, 4, 3), numbers(rng, 4, 3, 3)), LINE),
    ]


@samples_of("convolution_weight")
def _convolution_weight(rng: Generator) -> list[Sample]:
    return [
        Sample((numbers(rng, 3, 4, 5, 5), numbers(rng, 3, 6, 4, 3)), {"kernel": (2, 3), **PLANE}),
        Sample((numbers(rng, 2, 3, 12), numbers(rng, 2, 4, 3)), {"kernel": (3,), **LINE}),
    ]
