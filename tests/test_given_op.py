"""`given_op` runs a test for every operation, at points of its domain."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograd import TABLE
from autograd.op import Elementwise
from autograd.testing import given_op
from autograd.testing.strategies import rows


@given_op()
def test_points_lie_in_the_domain(op, point):
    """Of every row of the table."""
    assert not isinstance(op, Elementwise) or op.domain.contains(*point)


def test_every_row_is_a_parameter():
    (mark,) = test_points_lie_in_the_domain.pytestmark
    assert mark.args == ("op", tuple(TABLE.values()))
    assert test_points_lie_in_the_domain.__doc__ == "Of every row of the table."
    assert rows(["sin", TABLE["cos"], "sin"]) == (TABLE["sin"], TABLE["cos"])


def test_failures_show(tmp_path):
    """The row and the point are printed."""
    (tmp_path / "test_wrong.py").write_text(
        "from autograd.testing import given_op\n"
        "@given_op(['square', 'exp'])\n"
        "def test_is_positive(op, point):\n"
        "    assert op(*point) > 0\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_wrong.py"]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert "1 failed, 1 passed" in result.stdout, result.stdout + result.stderr
    assert "test_is_positive[square]" in result.stdout
    assert "Draw 1 (point): (0.0,)" in result.stdout


@pytest.mark.parametrize(
    ("ops", "error", "message"),
    [
        (["no such row"], ValueError, "the table has no row 'no such row'"),
        ([], ValueError, "ops: is empty"),
        ("sin", TypeError, "must be a sequence"),
        ([abs], TypeError, "must be ops on numbers"),
    ],
)
def test_bad_input(ops, error, message):
    with pytest.raises(error, match=message):
        given_op(ops)
