"""Formulas written as text, read into graphs; nothing in the text is ever run.

A text passes three gates.  It is cut into numbers, names and signs, and whatever else it holds is refused.  They have
to follow each other as in a formula, within bounds that Python's own parser cannot be hurt by.  Only then does `ast`
read it, and of the tree that it gives every node has to be on a list of what is allowed.
"""

from .errors import FormulaError, nearest
from .formula import CONSTANTS, Formula, Graph
from .reading import parse
from .tokens import NUMBER

__all__ = ["CONSTANTS", "NUMBER", "Formula", "FormulaError", "Graph", "nearest", "parse"]
