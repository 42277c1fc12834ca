"""Gradient tests as a tool: for operations, layers and losses of your own, and for this package's."""

from .gradients import check_gradients
from .mismatch import Difference, GradientMismatch
from .rules import check_rule

__all__ = ["Difference", "GradientMismatch", "check_gradients", "check_rule"]
