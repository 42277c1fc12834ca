"""`python -m tests.benchmarks NAME`: run one benchmark and print its table."""

from __future__ import annotations

import argparse
import importlib

from autograd.backends import onednn

BENCHMARKS = ("convolution", "jit", "nn", "scalar", "tensor")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("name", choices=BENCHMARKS)
    parser.add_argument("--rounds", type=int, default=5, help="how often the sides take turns")
    parser.add_argument("--numpy", action="store_true", help="without oneDNN, also where it is installed")
    options = parser.parse_args()
    with onednn.flags(enabled=onednn.is_available() and not options.numpy):
        importlib.import_module(f"tests.benchmarks.{options.name}").main(options.rounds)


if __name__ == "__main__":
    main()
