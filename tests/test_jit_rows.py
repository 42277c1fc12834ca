"""Every row of the table, and every row that only arrays have, as a program."""

import operator

import numpy as np
import pytest

from autograd import ARRAY_TABLE, TABLE, Tensor, grad, jit
from autograd.op import Elementwise

from . import strategies
from .compiled import assert_compiled, assert_same, check, tensors
from .mutation.samples import SAMPLES
from .test_numpy_protocol import weighted

ROWS = [op for op in TABLE.values() if isinstance(op, Elementwise)]
SHAPES = [(), (0,), (3,), (2, 3)]


def operands_of(op, shape, dtype):
    """Twice operands of this shape, where the row is smooth."""
    points = np.array(strategies.sample(op, 2 * int(np.prod(shape)))).reshape(2, *shape, op.arity).astype(dtype)
    return [[np.asarray(half[..., i]) for i in range(op.arity)] for half in points]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)
def test_rows(op, dtype):
    for shape in SHAPES:
        first, then = operands_of(op, shape, dtype)
        tolerance = 1e-12 if dtype is np.float64 else 1e-4
        check(op, first, then, tolerance, second=shape in ((), (3,)))


@pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)
def test_rows_in_place(op):
    """The method whose name ends in `_` changes an argument, in every call."""
    method = getattr(Tensor, f"{op.name}_", None)
    if method is None:
        return
    for shape in ((), (2, 3)):
        first, then = operands_of(op, shape, np.float64)
        compiled = jit(lambda *xs: method(*xs) * 2.0)
        compiled(*tensors(first))
        ours, theirs = tensors(then), tensors(then)
        assert_same(compiled(*ours), method(*theirs) * 2.0)
        assert_same(ours, theirs)
        slopes = grad(lambda x, *rest: weighted(method(x * 1.0, *rest)), tuple(range(op.arity)))
        assert_compiled(slopes, first, then)


OPERATORS = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "**": operator.pow,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


@pytest.mark.parametrize("symbol", OPERATORS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int64, np.uint8, np.bool_])
def test_operators_promote_as_without_compiling(symbol, dtype):
    """Beside Python's numbers, NumPy's scalars, 0-d arrays and arrays of other dtypes."""
    apply = OPERATORS[symbol]
    numbers = np.array([[1, 2, 3], [3, 1, 2]]).astype(dtype)
    scalars = [2, 1.5, True, np.float32(1.5), np.float64(1.5), np.int64(2), np.array(1.5), np.array(2, np.int8)]
    for array, then in ((numbers, numbers[::-1]), (numbers[0, 0], numbers[1, 0])):
        for scalar in scalars:
            if symbol == "-" and dtype is np.bool_:
                continue
            for function in (lambda x: apply(x, scalar), lambda x: apply(scalar, x)):  # noqa: B023
                assert_compiled(function, [array], [then], 1e-3 if dtype is np.float16 else 1e-6)
        for kind in (np.float64, np.float32, np.int32):
            for beside in (np.array([1, 2, 3], kind), np.array(3, kind)):
                if symbol != "-" or dtype is not np.bool_:
                    assert_compiled(apply, [array, beside], [then, np.flip(beside)], 1e-3)


@pytest.mark.parametrize("name", sorted(set(ARRAY_TABLE)))
def test_array_ops(name):
    """Every row that only arrays have, with its pullback and the pullback of that."""
    for sample, then in zip(*(SAMPLES[name](np.random.default_rng(seed)) for seed in (1, 2)), strict=True):
        op = sample.reading(ARRAY_TABLE[name])

        def function(*xs, op=op, settings=sample.settings):
            return op(*xs, **{k: {} if isinstance(v, dict) else v for k, v in settings.items()})

        check(function, sample.operands, then.operands, 1e-9)
