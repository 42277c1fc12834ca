"""Kernels that others wrote, for what takes most of the time: used where they are installed, never needed."""

from . import onednn

__all__ = ["onednn"]
