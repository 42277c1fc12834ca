"""Programs of numbers as machine code: the table, read on the registers of a compiler."""

from .machine import native

__all__ = ["native"]
