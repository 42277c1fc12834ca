"""A whole sequence as one operation, for speed: a graph with ten nodes per step is mostly bookkeeping.

Each operation is computed by NumPy, with the products that need no earlier state taken out of the loop over time:
those of the inputs before it, those that give the gradients of the weights after it.  What stays in the loop, forward
and back ("backpropagation through time", Werbos 1990), writes into memory that is there already.

Where derivatives of derivatives or along a direction are asked for, the rule is that of the same sequence
`unrolled` step by step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import autograd

from . import steps
from .steps import State, Step, unrolled

__all__ = ["FUSED", "Kept", "at_last"]

Array = np.ndarray[Any, Any]
Gates = list[Array]
"""The gradients of each gate, (time, batch, hidden)."""


class Kept:
    """What the forward pass keeps for the backward pass, and the result by which that knows it."""

    __slots__ = ("arrays", "asked", "gradients", "result", "upstream")

    def __init__(self) -> None:
        self.arrays: tuple[Array, ...] = ()
        self.result: Array | None = None
        self.upstream: Array | None = None
        self.gradients: Any = ()
        self.asked: set[int] = set()


class Kernel:
    """How one kind of network runs over a sequence, and back.

    Inside, each gate at each time has an array of its own, (batch, hidden), so that NumPy meets whole pieces of memory.

    Args:
        step: the equations of one step.
        states: of how many parts its state consists.
        gates: the activation of each gate: s for σ, t for tanh, r for relu.
        joint: to how many gates the biases of input and state are added together; those of the rest stay apart.
        forward: from the inputs' share of all gates (time, gate, batch, hidden), the state, its weights for
            `h @ weight` (gate, hidden, hidden) and its bias that stays apart to the result and what is to be kept,
            first of all the hidden states.  Of σ's gates all these are halved beforehand, so that tanh serves for
            all: σ(a) = ½ + ½ tanh(½ a).
        backward: from the gradient of the result, what was kept and the weights of the state for `g @ weight` to
            the gradients of the inputs' share and of the state's, gate by gate, and of each part of the first state.
    """

    def __init__(
        self,
        step: Step,
        states: int,
        gates: str,
        joint: int,
        forward: Callable[..., tuple[Array, tuple[Array, ...]]],
        backward: Callable[..., tuple[Gates, Gates, list[Array]]],
    ) -> None:
        self.step = step
        self.states = states
        self.gates = gates
        self.joint = joint
        self._forward = forward
        self._backward = backward
        rules = [self._pullback(i) for i in range(5 + states)]
        self.op = autograd.op(vjp=rules, name=step.__name__)(self._value)

    def _value(self, *operands: Array, kept: Kept, **last: Array) -> Array:
        dtype = np.result_type(*operands)
        x, *state, weight_input, weight_state, bias_input, bias_state = (a.astype(dtype, copy=False) for a in operands)
        half = np.array([0.5 if gate == "s" else 1.0 for gate in self.gates], dtype)[:, None, None]
        bias, bias_state = (half * self._by_gate(b[:, None]).swapaxes(1, 2) for b in (bias_input, bias_state))
        bias[: self.joint] += bias_state[: self.joint]
        with_one = np.concatenate([x, np.ones((*x.shape[:2], 1), dtype)], -1)  # whose weight is the bias
        from_input = with_one[:, None] @ np.concatenate([self._turned(weight_input, half), bias], 1)
        weight = self._turned(weight_state, half)
        kept.result, kept.arrays = self._forward(from_input, *state, weight, bias_state[self.joint :], **last)
        kept.upstream = None
        return kept.result

    def _by_gate(self, weight: Array) -> Array:
        """(gates · hidden, width) as (gate, hidden, width)."""
        count = len(self.gates)
        return weight.reshape(count, len(weight) // count, weight.shape[-1])

    def _turned(self, weight: Array, scale: Array) -> Array:
        """The transposed weights of each gate, in a memory order that is fast to multiply by."""
        return np.multiply(self._by_gate(weight).swapaxes(1, 2), scale, order="C")

    def _pullback(self, i: int) -> Callable[..., Any]:
        """The rule of operand `i`."""

        def pullback(g: Any, y: Any, *operands: Any, kept: Kept, **last: Array) -> Any:
            if not all(isinstance(a, np.ndarray) for a in (g, y, *operands)):
                _, pull = autograd.vjp(lambda *leaves: self.unrolled(*leaves, **last), *operands)
                return pull(g)[i]
            if kept.result is not y:  # the operation has run on other numbers since
                self._value(*operands, kept=kept, **last)
                kept.result = y
            if kept.upstream is not g or i in kept.asked:
                kept.gradients = self._backward(g, kept.arrays, self._by_gate(operands[-3]), **last)
                kept.upstream, kept.asked = g, set()
            kept.asked.add(i)
            return self._share(i, operands, kept.gradients, kept.arrays[0])

        return pullback

    def _share(
        self, i: int, operands: Sequence[Array], gradients: tuple[Gates, Gates, list[Array]], hidden: Array
    ) -> Array:
        """The gradient of operand `i` from those of all gates at all times."""
        to_input, to_state, to_first = gradients
        if i == 0:
            weights = self._by_gate(operands[-4])
            rows: Array = sum(_rows(g) @ weight for g, weight in zip(to_input, weights, strict=True))
            return rows.reshape(operands[0].shape)
        if i <= self.states:
            return to_first[i - 1]
        match i - self.states:
            case 1:
                return np.concatenate([_rows(g).T @ _rows(operands[0]) for g in to_input])
            case 2:
                return np.concatenate([_rows(g).T @ _rows(hidden[:-1]) for g in to_state])
            case 3:
                return np.concatenate([_total(g) for g in to_input])
        return np.concatenate([_total(g) for g in to_state])

    def unrolled(self, x: Any, *others: Any, **last: Array) -> Any:
        """The same result, step by step."""
        hidden, *cells = unrolled(self.step, x, others[: self.states], others[self.states :])
        if not cells:
            return hidden
        return autograd.cat([hidden, at_last(cells[0], **last)[None]])

    def __call__(self, x: Any, state: State, weights: Sequence[Any], last: Array | None = None) -> tuple[Any, ...]:
        """The outputs at all times, (time, batch, hidden), and the parts of the last state.

        Args:
            x: (time, batch, input).
            state: its parts, each (batch, hidden).
            weights: those of the input and of the state, and their biases.
            last: (batch,), the step at which each sequence ends, if it is not the same for all.
        """
        settings = {} if last is None else {"last": last}
        if self.states == 1:
            y = self.op(x, *state, *weights, kept=Kept())
            return y, at_last(y, **settings)
        result = self.op(x, *state, *weights, kept=Kept(), **settings)
        y = result[:-1]
        return y, at_last(y, **settings), result[-1]


def _rows(a: Array) -> Array:
    """Time and batch as one axis."""
    return a.reshape(a.shape[0] * a.shape[1], a.shape[2])


def _total(a: Array) -> Array:
    """The sum over time and batch, as a product: several times as fast as NumPy's sum along the first axes."""
    rows = _rows(a)
    total: Array = np.ones(len(rows), a.dtype) @ rows
    return total


def at_last(a: Any, last: Array | None = None) -> Any:
    """What stands at the last step, of each sequence its own."""
    return a[-1] if last is None else a[last, np.arange(a.shape[1])]


def _states(first: Array, steps: int) -> Array:
    """Room for the states at all times, the first one in its place."""
    states = np.empty((steps + 1, *first.shape), first.dtype)
    states[0] = first
    return states


# ---------------------------------------------------------------------- simple recurrent networks


def _rnn_forward(activate: Callable[..., Array]) -> Callable[..., Any]:
    def forward(gates: Array, first: Array, weight: Array, bias: Array) -> tuple[Array, tuple[Array, ...]]:
        from_input = gates[:, 0]
        hidden = _states(first, len(from_input))
        for t, share in enumerate(from_input):
            h = np.matmul(hidden[t], weight[0], out=hidden[t + 1])
            h += share
            activate(h, out=h)
        return hidden[1:], (hidden,)

    return forward


def _rnn_backward(slope: Callable[[Array], Array]) -> Callable[..., Any]:
    def backward(g: Array, kept: tuple[Array, ...], weight: Array) -> tuple[Gates, Gates, list[Array]]:
        (hidden,) = kept
        to_gate = slope(hidden[1:])
        back = np.zeros_like(hidden[0])
        for t in range(len(g) - 1, -1, -1):
            back += g[t]
            to_gate[t] *= back
            np.matmul(to_gate[t], weight[0], out=back)
        return [to_gate], [to_gate], [back]

    return backward


def _relu(a: Array, out: Array) -> Array:
    return np.maximum(a, 0, out=out)


# ---------------------------------------------------------------------- long short-term memory


def _lstm_forward(
    gates: Array, first: Array, first_cell: Array, weight: Array, bias: Array, last: Array | None = None
) -> tuple[Array, tuple[Array, ...]]:
    """The hidden states and, behind them, the last cell."""
    steps = len(gates)
    hidden, cells = _states(first, steps + 1), _states(first_cell, steps)
    squashed = np.empty_like(cells[1:])
    from_state, new = np.empty_like(gates[0]), np.empty_like(first)
    for t in range(steps):
        gate = gates[t]
        gate += np.matmul(hidden[t], weight, out=from_state)
        np.tanh(gate, out=gate)
        for part in (gate[:2], gate[3]):
            part *= 0.5
            part += 0.5
        input_, forget, candidate, output = gate
        cell = np.multiply(forget, cells[t], out=cells[t + 1])
        cell += np.multiply(input_, candidate, out=new)
        np.multiply(output, np.tanh(cell, out=squashed[t]), out=hidden[t + 1])
    hidden[-1] = at_last(cells[1:], last)
    return hidden[1:], (hidden[:-1], gates, cells, squashed)


def _lstm_backward(
    g: Array, kept: tuple[Array, ...], weight: Array, last: Array | None = None
) -> tuple[Gates, Gates, list[Array]]:
    _, gates, cells, squashed = kept
    steps, batch, _ = squashed.shape
    ends = np.full(batch, steps - 1) if last is None else last
    to_gates = np.empty((4, *squashed.shape), gates.dtype)
    back, back_cell, share = np.zeros_like(cells[0]), np.zeros_like(cells[0]), np.empty_like(cells[0])
    slopes, shares = np.empty_like(gates[0]), np.empty_like(gates[0])
    by_input, by_forget, by_candidate, by_output = slopes
    for t in range(steps - 1, -1, -1):
        gate, to_gate = gates[t], to_gates[:, t]
        input_, forget, candidate, output = gate
        back += g[t]
        if last is not None or t == steps - 1:
            back_cell += np.where(ends[:, None] == t, g[-1], 0)
        np.multiply(squashed[t], squashed[t], out=share)  # back_cell += back ∗ output ∗ (1 - squashed²)
        np.subtract(1, share, out=share)
        share *= output
        share *= back
        back_cell += share
        np.multiply(gate, gate, out=slopes)
        np.subtract(gate[:2], slopes[:2], out=slopes[:2])  # σ' = σ - σ²
        np.subtract(1, by_candidate, out=by_candidate)  # tanh' = 1 - tanh²
        np.subtract(output, by_output, out=by_output)
        by_input *= candidate
        by_forget *= cells[t]
        by_candidate *= input_
        by_output *= squashed[t]
        for i in range(3):
            np.multiply(slopes[i], back_cell, out=to_gate[i])
        np.multiply(by_output, back, out=to_gate[3])
        back_cell *= forget
        np.add.reduce(np.matmul(to_gate, weight, out=shares), 0, out=back)
    return list(to_gates), list(to_gates), [back, back_cell]


# ---------------------------------------------------------------------- gated recurrent units


def _gru_forward(gates: Array, first: Array, weight: Array, bias: Array) -> tuple[Array, tuple[Array, ...]]:
    hidden = _states(first, len(gates))
    from_states = np.empty_like(hidden[1:])  # their share of the candidates, before the reset gate
    from_state, share = np.empty_like(gates[0]), np.empty_like(first)
    for t, gate in enumerate(gates):
        h, new, both = hidden[t], hidden[t + 1], gate[:2]
        reset, update, candidate = gate
        np.matmul(h, weight, out=from_state)
        both += from_state[:2]
        np.tanh(both, out=both)
        both *= 0.5
        both += 0.5
        np.add(from_state[2], bias[0], out=from_states[t])
        candidate += np.multiply(reset, from_states[t], out=share)
        np.tanh(candidate, out=candidate)
        np.subtract(h, candidate, out=new)  # h' = n + z ∗ (h - n)
        new *= update
        new += candidate
    return hidden[1:], (hidden, gates, from_states)


def _gru_backward(g: Array, kept: tuple[Array, ...], weight: Array) -> tuple[Gates, Gates, list[Array]]:
    hidden, gates, from_states = kept
    back, slope, share = np.zeros_like(hidden[0]), np.empty_like(hidden[0]), np.empty_like(hidden[0])
    shares = np.empty_like(gates[0])
    # Four: the candidate as the input sees it, reset, update, the candidate as the state does.
    to_gates = np.empty((4, *g.shape), gates.dtype)
    for t in range(len(g) - 1, -1, -1):
        reset, update, candidate = gates[t]
        to_candidate, to_reset, to_update, to_state = to_gates[:, t]
        back += g[t]
        np.multiply(candidate, candidate, out=slope)
        np.subtract(1, slope, out=slope)
        slope *= back
        np.subtract(1, update, out=share)
        np.multiply(slope, share, out=to_candidate)  # back ∗ (1 - update) ∗ (1 - candidate²)
        share *= update
        share *= back
        np.subtract(hidden[t], candidate, out=to_update)
        to_update *= share  # back ∗ (h - candidate) ∗ update ∗ (1 - update)
        np.multiply(to_candidate, reset, out=to_state)
        np.subtract(1, reset, out=to_reset)
        to_reset *= from_states[t]
        to_reset *= to_state  # to_candidate ∗ (U h + c) ∗ reset ∗ (1 - reset)
        back *= update
        back += np.add.reduce(np.matmul(to_gates[1:, t], weight, out=shares), 0, out=share)
    return [to_gates[1], to_gates[2], to_gates[0]], list(to_gates[1:]), [back]


FUSED: dict[Step, Kernel] = {
    steps.rnn_tanh: Kernel(steps.rnn_tanh, 1, "t", 1, _rnn_forward(np.tanh), _rnn_backward(lambda h: 1 - h * h)),
    steps.rnn_relu: Kernel(steps.rnn_relu, 1, "r", 1, _rnn_forward(_relu), _rnn_backward(np.sign)),
    steps.lstm: Kernel(steps.lstm, 2, "ssts", 4, _lstm_forward, _lstm_backward),
    steps.gru: Kernel(steps.gru, 1, "sst", 2, _gru_forward, _gru_backward),
}
"""The kernel of each kind of step that has one."""
