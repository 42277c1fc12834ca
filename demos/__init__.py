"""The decks' systems, one narrated script each: `python -m demos` runs them, `--list` names them."""

from pathlib import Path

OUT = Path(__file__).parent / "out"
"""Where demos write their pictures."""
