"""Damaged rules, and whether `autograd.testing` notices: `python -m tests.mutation`."""
