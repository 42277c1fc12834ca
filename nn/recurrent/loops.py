"""The loops over time of the fused networks, forward and back: what each kind gives to its `Kernel`.

In a loop every call of NumPy counts, so that it writes into memory that is there already.  What is computed gate by
gate stands gate by gate, (gate, batch, hidden), as whole pieces of memory; at the end of a step back it is copied
beside one another, (batch, gates · hidden), for the products.  Letters in comments are those of `steps`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = [
    "aligned",
    "at_last",
    "gru_backward",
    "gru_forward",
    "lstm_backward",
    "lstm_forward",
    "relu",
    "rnn_backward",
    "rnn_forward",
]

Array = np.ndarray[Any, Any]
Forward = Callable[..., tuple[Array, tuple[Array, ...]]]
Backward = Callable[..., tuple[Array, list[Array]]]


def at_last(a: Any, last: Array | None = None) -> Any:
    """What stands at the last step, of each sequence its own."""
    return a[-1] if last is None else a[last, np.arange(a.shape[1])]


def aligned(a: Array) -> Array:
    """A copy that begins where a line of the cache does: small products with it are up to a fifth faster."""
    if a.dtype.hasobject:  # references to numbers such as `Value`, which are somewhere else
        return a.copy()
    room = np.empty(a.nbytes + 64, np.uint8)
    start = -room.__array_interface__["data"][0] % 64
    copy: Array = room[start : start + a.nbytes].view(a.dtype).reshape(a.shape)
    copy[...] = a
    return copy


def _by_gate(a: Array, gates: int) -> Array:
    """(time, batch, gates · hidden) as (time, gate, batch, hidden)."""
    return a.reshape(*a.shape[:2], gates, a.shape[2] // gates).swapaxes(1, 2)


# ---------------------------------------------------------------------- simple recurrent networks


def rnn_forward(activate: Callable[..., Array]) -> Forward:
    """The loop for `activate(a, out=a)`."""

    def forward(rows: Array, weight: Array, bias: Array) -> tuple[Array, tuple[Array, ...]]:
        hidden = rows[:, :, -weight.shape[2] :]
        for t in range(len(rows) - 1):
            h = np.matmul(rows[t], weight[0], out=hidden[t + 1])
            activate(h, out=h)
        y = hidden[1:].copy()
        return y, (rows, y)

    return forward


def rnn_backward(slope: Callable[[Array], Array]) -> Backward:
    """The loop for an activation whose derivative is `slope` of its result."""

    def backward(g: Array, kept: tuple[Array, ...], weight: Array) -> tuple[Array, list[Array]]:
        _, y = kept
        to_gate, back = slope(y), np.zeros_like(y[0])
        for t in range(len(g) - 1, -1, -1):
            back += g[t]
            to_gate[t] *= back
            np.matmul(to_gate[t], weight, out=back)
        return to_gate, [back]

    return backward


def relu(a: Array, out: Array) -> Array:
    """max(0, a), as NumPy's functions are called."""
    return np.maximum(a, 0, out=out)


# ---------------------------------------------------------------------- long short-term memory


def lstm_forward(
    rows: Array, weight: Array, bias: Array, cell: Array, last: Array | None = None
) -> tuple[Array, tuple[Array, ...]]:
    """The hidden states and, behind them, the last cell."""
    time, (batch, size), dtype = len(rows) - 1, cell.shape, rows.dtype
    gates, added = np.empty((time, 4, batch, size), dtype), np.empty((time, 2, batch, size), dtype)
    squashed, result = np.empty((time, batch, size), dtype), np.empty((time + 1, batch, size), dtype)
    hidden, new_cell, half = rows[1:, :, -size:], result[-1], np.array(0.5, dtype)
    for t in range(time):
        gate = np.matmul(rows[t], weight, out=gates[t])
        np.tanh(gate, out=gate)
        input_, forget, candidate, output = gate
        for sigma in (gate[:2], output):
            sigma *= half
            sigma += half
        new, old = added[t]
        np.multiply(input_, candidate, out=new)
        np.multiply(forget, cell, out=old)
        cell = np.add(new, old, out=new_cell)
        np.multiply(output, np.tanh(cell, out=squashed[t]), out=hidden[t])
    result[:-1] = hidden
    if last is not None:
        result[-1] = at_last(added[:, 0], last) + at_last(added[:, 1], last)
    return result, (rows, gates, added, squashed, result)


def lstm_backward(
    g: Array, kept: tuple[Array, ...], weight: Array, last: Array | None = None
) -> tuple[Array, list[Array]]:
    _, gates, added, squashed, hidden = kept
    (time, batch, size), dtype = squashed.shape, gates.dtype
    to_gates, to_gate = np.empty((time, batch, 4 * size), dtype), np.empty_like(gates[0])
    to_input, to_forget, to_candidate, to_output = to_gate
    by_gate, to_both, one = _by_gate(to_gates, 4), to_gate[:2], np.array(1, dtype)
    share, back, back_cell = np.empty_like(squashed[0]), np.zeros_like(squashed[0]), np.zeros_like(squashed[0])
    if last is None:
        back_cell += g[-1]
    for t in range(time - 1, -1, -1):
        gate, h = gates[t], hidden[t]
        input_, forget, candidate, output = gate
        back += g[t]
        if last is not None:
            back_cell += np.where(last[:, None] == t, g[-1], 0)
        np.multiply(h, squashed[t], out=share)
        np.subtract(output, share, out=share)
        share *= back
        back_cell += share  # back ∗ o ∗ (1 - tanh(c')²), where h = o ∗ tanh(c')
        np.subtract(one, gate[:2], out=to_both)  # of σ(a) ∗ x the derivative by a is σ(a) ∗ x ∗ (1 - σ(a))
        to_both *= added[t]
        to_input *= back_cell
        to_forget *= back_cell
        np.subtract(one, output, out=to_output)
        to_output *= h
        to_output *= back
        np.multiply(added[t, 0], candidate, out=to_candidate)
        np.subtract(input_, to_candidate, out=to_candidate)
        to_candidate *= back_cell  # back_cell ∗ i ∗ (1 - g²)
        by_gate[t] = to_gate
        back_cell *= forget
        np.matmul(to_gates[t], weight, out=back)
    return to_gates, [back, back_cell]


# ---------------------------------------------------------------------- gated recurrent units


def gru_forward(rows: Array, weight: Array, bias: Array) -> tuple[Array, tuple[Array, ...]]:
    time, batch, size, dtype = len(rows) - 1, rows.shape[1], weight.shape[2], rows.dtype
    gates = np.empty((time, 3, batch, size), dtype)
    from_states = np.empty((time, batch, size), dtype)  # their share of the candidates, before the reset gate
    hidden, share, half = rows[:, :, -size:], np.empty_like(from_states[0]), np.array(0.5, dtype)
    np.matmul(rows[:-1, :, :-size], weight[2, :-size], out=gates[:, 2])
    weight_both, weight_candidate = weight[:2], aligned(np.concatenate([bias[None], weight[2, -size:]]))
    for t in range(time):
        row, gate, from_state = rows[t], gates[t], from_states[t]
        reset, update, candidate = gate
        both = np.matmul(row, weight_both, out=gate[:2])
        np.tanh(both, out=both)
        both *= half
        both += half
        np.matmul(row[:, -size - 1 :], weight_candidate, out=from_state)
        candidate += np.multiply(reset, from_state, out=share)
        np.tanh(candidate, out=candidate)
        np.subtract(hidden[t], candidate, out=share)  # h' = n + z ∗ (h - n)
        share *= update
        np.add(candidate, share, out=hidden[t + 1])
    return hidden[1:].copy(), (rows, gates, from_states)


def gru_backward(g: Array, kept: tuple[Array, ...], weight: Array) -> tuple[Array, list[Array]]:
    rows, gates, from_states = kept
    (time, batch, size), dtype = from_states.shape, gates.dtype
    to_gates, to_gate = np.empty((time, batch, 4 * size), dtype), np.empty((4, batch, size), dtype)
    to_reset, to_update, to_from_state, to_candidate = to_gate
    by_gate, to_states, one = _by_gate(to_gates, 4), to_gates[:, :, : 3 * size], np.array(1, dtype)
    hidden, share, back = rows[:, :, -size:], np.empty_like(from_states[0]), np.zeros_like(from_states[0])
    for t in range(time - 1, -1, -1):
        reset, update, candidate = gates[t]
        back += g[t]
        np.subtract(one, update, out=share)
        share *= back
        np.multiply(candidate, candidate, out=to_candidate)
        np.subtract(one, to_candidate, out=to_candidate)
        to_candidate *= share  # back ∗ (1 - z) ∗ (1 - n²)
        share *= update
        np.subtract(hidden[t], candidate, out=to_update)
        to_update *= share  # back ∗ (h - n) ∗ z ∗ (1 - z)
        np.multiply(to_candidate, reset, out=to_from_state)
        np.subtract(one, reset, out=to_reset)
        to_reset *= from_states[t]
        to_reset *= to_from_state  # to_candidate ∗ (U h + c) ∗ r ∗ (1 - r)
        by_gate[t] = to_gate
        back *= update
        back += np.matmul(to_states[t], weight, out=share)
    return to_gates, [back]
