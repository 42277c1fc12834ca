"""`given_op`: one property for every operation of a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..op import NumberOp
from .strategies import points, rows

try:
    import pytest
    from hypothesis import given, strategies as st
except ImportError:
    raise ImportError('given_op: pytest is missing: python -m pip install "stepgrad[testing]"') from None

__all__ = ["given_op"]


def given_op(ops: Iterable[NumberOp | str] | None = None) -> Callable[[Callable[[NumberOp, Any], None]], Any]:
    """Make a test of an operation and a point a test of each operation, at points that Hypothesis draws.

    Args:
        ops: rows, their names, or operations of your own; by default every row of the table.

    Raises:
        TypeError: one of them is no operation on numbers.
        ValueError: there are none, or there is no row of a name.

    >>> import autograd
    >>> from autograd.testing import given_op
    >>> @given_op(["sin", "cos"])
    ... def test_is_at_most_1(op, point):
    ...     assert abs(op(*point)) <= 1
    >>> [mark.args[0] for mark in test_is_at_most_1.pytestmark]
    ['op']
    >>> test_is_at_most_1(autograd.sin)
    """
    chosen = rows(ops)

    def decorate(test: Callable[[NumberOp, Any], None]) -> Any:
        def run(op: NumberOp, data: Any) -> None:
            test(op, data.draw(points(op), label="point"))

        # Not functools.wraps: pytest would look through it at the arguments of the test.
        run.__name__, run.__qualname__ = test.__name__, test.__qualname__
        run.__doc__, run.__module__ = test.__doc__, test.__module__
        return pytest.mark.parametrize("op", chosen, ids=lambda op: op.name)(given(data=st.data())(run))

    return decorate
