"""Gradient tests as a tool: for operations, layers and losses of your own, and for this package's.

`check_gradients` and `check_rule` need nothing else; `given_op` and the module `strategies` need Hypothesis.
"""

from typing import Any

from .gradients import check_gradients
from .mismatch import Difference, GradientMismatch
from .rules import check_rule

__all__ = ["Difference", "GradientMismatch", "check_gradients", "check_rule", "given_op"]


def __getattr__(name: str) -> Any:
    if name == "given_op":
        from .tables import given_op

        return given_op
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
