"""Files of expected output: `GOLDEN=write pytest tests/test_draw.py` writes anew those that a test file compares with.

They are to be read, and pictures to be looked at, before they are committed.
"""

import os
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"


def check_golden(file, text):
    """Check that a text is what stands in this file of `tests/golden`."""
    path = GOLDEN / file
    if os.environ.get("GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
