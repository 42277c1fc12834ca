"""Recurrent cells as wiring: their equations as data, from which numbers, formulas and diagrams are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from autograd import linear, relu, sigmoid, tanh

from ..recurrent import GRUCell, LSTMCell, RNNCell

__all__ = ["Cell", "Part", "Wiring", "evaluate", "formulas", "wiring_of"]

Cell = RNNCell | LSTMCell | GRUCell

FUNCTIONS: dict[str, Callable[[Any], Any]] = {"σ": sigmoid, "tanh": tanh, "ReLU": relu, "U": lambda total: total}


class Part(NamedTuple):
    """One box or circle of a cell.

    Args:
        name: what other parts call it.
        kind: what it computes: `σ`, `tanh` or `ReLU` of the sum of its sources, `U` that sum alone, `×`, `+` or `1−`.
        sources: the parts it takes, or the states `h` and `c` and the input `x`.  In front of the name stands a letter
            where weights and a bias come first: `W` those of the input, `U` those of the state.
        symbol: what the equations call its result; without one it is written out where it is used.
        rows: the name of the gate whose rows of the weights it takes, if not its own.
    """

    name: str
    kind: str
    sources: tuple[str, ...]
    symbol: str = ""
    rows: str = ""

    @property
    def has_weights(self) -> bool:
        """Whether something in it is learnt."""
        return any(" " in source for source in self.sources)


class Wiring(NamedTuple):
    """A cell: its gates in the order of the rows of its weights, their symbols, its parts, each after its sources."""

    gates: dict[str, str]
    parts: tuple[Part, ...]


LSTM = Wiring(
    {"input": "i", "forget": "f", "candidate": "g", "output": "o"},
    (
        Part("forget", "σ", ("W x", "U h"), "f"),
        Part("input", "σ", ("W x", "U h"), "i"),
        Part("candidate", "tanh", ("W x", "U h"), "g"),
        Part("output", "σ", ("W x", "U h"), "o"),
        Part("kept", "×", ("forget", "c")),
        Part("added", "×", ("input", "candidate")),
        Part("cell", "+", ("kept", "added"), "c'"),
        Part("squashed", "tanh", ("cell",)),
        Part("hidden", "×", ("output", "squashed"), "h'"),
    ),
)

GATES = {"reset": "r", "update": "z", "candidate": "n"}

GRU = Wiring(
    GATES,
    (
        Part("reset", "σ", ("W x", "U h"), "r"),
        Part("update", "σ", ("W x", "U h"), "z"),
        Part("state", "U", ("U h",), rows="candidate"),
        Part("chosen", "×", ("reset", "state")),
        Part("candidate", "tanh", ("W x", "chosen"), "n"),
        Part("inverse", "1−", ("update",)),
        Part("added", "×", ("inverse", "candidate")),
        Part("kept", "×", ("update", "h")),
        Part("hidden", "+", ("added", "kept"), "h'"),
    ),
)

GRU_OF_THE_DECK = Wiring(
    GATES,
    (
        Part("reset", "σ", ("W x", "U h"), "r"),
        Part("update", "σ", ("W x", "U h"), "z"),
        Part("chosen", "×", ("reset", "h")),
        Part("candidate", "tanh", ("W x", "U chosen"), "n"),
        Part("inverse", "1−", ("update",)),
        Part("kept", "×", ("inverse", "h")),
        Part("added", "×", ("update", "candidate")),
        Part("hidden", "+", ("kept", "added"), "h'"),
    ),
)

RNN = {
    nonlinearity: Wiring({"hidden": ""}, (Part("hidden", kind, ("W x", "U h"), "h'"),))
    for nonlinearity, kind in (("tanh", "tanh"), ("relu", "ReLU"))
}


def wiring_of(cell: Cell) -> Wiring:
    """How the parts of a cell are joined."""
    if isinstance(cell, RNNCell):
        return RNN[cell.nonlinearity]
    if isinstance(cell, LSTMCell):
        return LSTM
    return GRU if cell.reset_after else GRU_OF_THE_DECK


def evaluate(wiring: Wiring, cell: Cell, given: Mapping[str, Any]) -> dict[str, Any]:
    """What each part gives, with the weights of a cell, by the name of the part.

    Args:
        wiring: the parts.
        cell: the weights.
        given: the input `x` and the state `h`, and of an LSTM `c`.
    """
    results = dict(given)
    for part in wiring.parts:
        place = list(wiring.gates).index(part.rows or part.name) if part.has_weights else 0
        sources = [_weighted(cell, source, place, results) for source in part.sources]
        if part.kind == "1−":
            results[part.name] = 1 - sources[0]
        elif part.kind == "×":
            results[part.name] = sources[0] * sources[1]
        else:
            total = sum(sources[1:], start=sources[0])
            results[part.name] = total if part.kind == "+" else FUNCTIONS[part.kind](total)
    return results


def _weighted(cell: Cell, source: str, place: int, results: Mapping[str, Any]) -> Any:
    """A source as the part takes it, with the rows of its gate."""
    weights, _, name = source.rpartition(" ")
    if not weights:
        return results[name]
    rows = slice(place * cell.hidden_size, (place + 1) * cell.hidden_size)
    weight, bias = (cell.weight_ih, cell.bias_ih) if weights == "W" else (cell.weight_hh, cell.bias_hh)
    return linear(results[name], weight[rows], None if bias is None else bias[rows])


def formulas(wiring: Wiring, bias: bool = True) -> dict[str, str]:
    """The equation of each part that has a symbol, by the name of the part.

    >>> formulas(RNN["tanh"])
    {'hidden': "h' = tanh(W x + b + U h + c)"}
    """
    written = {"x": "x", "h": "h", "c": "c"}
    equations = {}
    for part in wiring.parts:
        index = wiring.gates.get(part.rows or part.name, "") if part.has_weights else ""
        index = f"_{index}" if index else ""
        terms = [_term(source, written, index, bias) for source in part.sources]
        if part.kind == "1−":
            text = f"(1 − {terms[0]})"
        elif part.kind == "×":
            text = " * ".join(terms)
        else:
            text = " + ".join(terms)
            text = text if part.kind == "+" else f"{part.kind.removeprefix('U')}({text})"
        if part.symbol:
            equations[part.name] = f"{part.symbol} = {text}"
        written[part.name] = part.symbol or text
    return equations


def _term(source: str, written: Mapping[str, str], index: str, bias: bool) -> str:
    """A source as the equations write it: `W_f x + b_f`, `U_n (r * h) + c_n`, `(U_n h + c_n)`."""
    weights, _, name = source.rpartition(" ")
    if not weights:
        return written[name]
    operand = f"({written[name]})" if " " in written[name] else written[name]
    constant = {"W": "b", "U": "c"}[weights]
    return f"{weights}{index} {operand}" + (f" + {constant}{index}" if bias else "")
