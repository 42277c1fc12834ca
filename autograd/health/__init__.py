"""Gradient health: what happens in each layer of a model while it learns."""

from .report import HealthReport, LayerHealth
from .watching import Watch, watch

__all__ = ["HealthReport", "LayerHealth", "Watch", "watch"]
