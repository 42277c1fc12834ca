"""What pictures a demo should have written."""

from importlib.util import find_spec
from pathlib import Path

from demos import Result

__all__ = ["check_pictures"]

BEGINNINGS = {".gif": b"GIF8", ".png": b"\x89PNG", ".svg": b"<svg"}


def check_pictures(result: Result, folder: Path, *names: str) -> None:
    """These and no others, none of them empty; without matplotlib there are no plots, which are the .png files."""
    expected = [folder / name for name in names if find_spec("matplotlib") or not name.endswith(".png")]
    assert result.files == expected
    assert sorted(folder.iterdir()) == sorted(expected)
    for path in expected:
        content = path.read_bytes()
        assert content.startswith(BEGINNINGS[path.suffix])
        assert len(content) > 1000
