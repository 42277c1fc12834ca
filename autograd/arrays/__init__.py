"""Rows that only arrays have, by subject.  See `array_op.py` for what a row is."""
