"""A carrier that rows alone can read, and the check that the rules of an op are written in rows."""

import numpy as np

from autograd.arrays.reductions import unbroadcast
from autograd.operators import Operators
from autograd.testing import check_rule


class Carrier(Operators):
    """Numbers that only rows can read: a rule that calls NumPy on them fails."""

    __array_ufunc__ = None
    shape, ndim = property(lambda self: self._data.shape), property(lambda self: self._data.ndim)
    size, dtype = property(lambda self: self._data.size), property(lambda self: self._data.dtype)

    def __init__(self, data):
        self._data = np.asarray(data)

    def __array__(self, *_, **__):
        raise AssertionError("a rule called NumPy on a carrier")

    @staticmethod
    def __apply__(op, operands):
        return Carrier(op(*map(uncarried, operands)))

    @staticmethod
    def __apply_array__(op, operands, settings):
        return Carrier(op(*map(uncarried, operands), **settings))


def uncarried(x):
    return x._data if isinstance(x, Carrier) else x


def check_on_carriers(op, *operands, **settings):
    """Every rule of the op reads carriers, and makes of them what it makes of arrays."""
    y = op(*operands, **settings)
    source = np.random.default_rng(0)
    g = source.standard_normal(y.shape) + (1j * source.standard_normal(y.shape) if y.dtype.kind == "c" else 0)
    for i, x in enumerate(operands):
        rule = op.pullback(i)
        expected = unbroadcast(rule(g, y, *operands, **settings), x.shape)
        carried = rule(Carrier(g), Carrier(y), *map(Carrier, operands), **settings)
        np.testing.assert_array_equal(unbroadcast(carried._data, x.shape), expected)


def check_rules(op, *operands, order=2, **settings):
    """The rules of an op are right and written in rows."""
    check_rule(op, *operands, order=order, **settings)
    check_on_carriers(op, *operands, **settings)
