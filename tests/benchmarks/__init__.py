"""What is measured, not asserted: `python -m tests.benchmarks` names the benchmarks."""
