"""A whole sequence as one operation, for speed: a graph with ten nodes per step is mostly bookkeeping.

Each operation is computed by NumPy.  Forward, the input of a step, a 1 and the state stand beside one another in a
row, so that one product with all weights and biases gives the gates.  Back ("backpropagation through time", Werbos
1990), the gradients of the gates at all times stand below one another, so that one product with the rows gives those
of all weights and biases.  `loops` has what is left to be done step by step.

Where derivatives of derivatives or along a direction are asked for, the rule is that of the same sequence
`unrolled` step by step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import autograd
from autograd.traced import opaque

from . import loops, steps
from .loops import Backward, Forward, aligned, at_last
from .steps import State, Step, unrolled

__all__ = ["FUSED", "Kept", "at_last"]

Array = np.ndarray[Any, Any]


Kept = dict[str, Any]
"""What the forward pass keeps for the backward pass, the result by which that knows it, and what that finds."""


class Kernel:
    """How one kind of network runs over a sequence, and back.

    Args:
        step: the equations of one step.
        states: of how many parts its state consists.
        gates: the activation of each gate: s for σ, t for tanh, r for relu.
        joint: to how many gates the shares of input and state are added at once; those of the rest stay apart.
        forward: from the rows of input, 1 and state (time + 1, batch, input + 1 + hidden), the states after the first
            one to be filled in; their weights for `row @ weight` (gate, input + 1 + hidden, hidden); the state's
            biases that stay apart; and the other parts of the state to the result and what is to be kept, first of
            all the rows.  The weights of σ's gates are halved, so that tanh serves for all: σ(a) = ½ + ½ tanh(½ a).
        backward: from the gradient of the result, what was kept and the weights of the state for `g @ weight` to the
            gradients of the gates, (time, batch, gates · hidden): the joint ones, the rest as the state sees them, the
            rest as the input does; and to those of each part of the first state.
    """

    def __init__(
        self,
        step: Step,
        states: int,
        gates: str,
        joint: int,
        forward: Forward,
        backward: Backward,
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
        x, first, *cells, weight_input, weight_state, bias_input, bias_state = (
            a.astype(dtype, copy=False) for a in operands
        )
        (time, batch, width), size = x.shape, first.shape[1]
        rows = np.empty((time + 1, batch, width + 1 + size), dtype)
        rows[:-1, :, :width], rows[:, :, width], rows[0, :, width + 1 :] = x, 1, first
        joint, bias = self.joint * size, bias_input.copy()
        bias[:joint] += bias_state[:joint]
        weights = np.concatenate([weight_input, bias[:, None], weight_state], 1)
        weight = aligned(weights.reshape(len(self.gates), size, width + 1 + size).swapaxes(1, 2))
        for part, gate in zip(weight, self.gates, strict=True):
            if gate == "s":
                part *= 0.5
        y, arrays = self._forward(rows, weight, bias_state[joint:], *cells, **last)
        kept.update(result=y, arrays=arrays, upstream=None)
        return y

    def _pullback(self, i: int) -> Callable[..., Any]:
        """The rule of operand `i`."""

        def pullback(g: Any, y: Any, *operands: Any, kept: Kept, **last: Array) -> Any:
            if not all(isinstance(a, np.ndarray) for a in (g, y, *operands)):
                _, pull = autograd.vjp(lambda *leaves: self.unrolled(*leaves, **last), *operands)
                return pull(g)[i]
            return opaque(share, g, y, *operands, kept=kept, **last)

        def share(g: Array, y: Array, *operands: Array, kept: Kept, **last: Array) -> Array:
            if kept["result"] is not y:  # the operation has run on other numbers since
                self._value(*operands, kept=kept, **last)
                kept["result"] = y
            if kept["upstream"] is not g or i in kept["asked"]:
                weight = aligned(operands[-3])
                to_gates, to_first = self._backward(g, kept["arrays"], weight, **last)
                kept.update(upstream=g, to_gates=to_gates, to_first=to_first, to_weights=[], asked=set())
            kept["asked"].add(i)
            return self._share(i, operands, kept)

        return pullback

    def _share(self, i: int, operands: Sequence[Array], kept: Kept) -> Array:
        """The gradient of operand `i` from those of all gates at all times."""
        if i == 0:
            return self._to_x(operands[0], operands[-4], kept)
        if i <= self.states:
            return kept["to_first"][i - 1]  # type: ignore[no-any-return]
        if not kept["to_weights"]:
            kept["to_weights"] = self._to_weights(operands[0].shape[2], kept)
        return kept["to_weights"][i - self.states - 1]  # type: ignore[no-any-return]

    def _to_x(self, x: Array, weight: Array, kept: Kept) -> Array:
        to_joint, _, to_input = self._split(kept["to_gates"])
        joint = to_joint.shape[1]
        to_x: Array = to_joint @ weight[:joint]
        if self.joint < len(self.gates):
            to_x += to_input @ weight[joint:]
        return to_x.reshape(x.shape)

    def _to_weights(self, width: int, kept: Kept) -> list[Array]:
        """The gradients of the weights of input and state, and of their biases."""
        rows = _flat(kept["arrays"][0][:-1])
        to_joint, to_state, to_input = self._split(kept["to_gates"])
        both = to_joint.T @ rows
        gradients = [both[:, :width], both[:, width + 1 :], both[:, width], both[:, width]]
        if self.joint == len(self.gates):
            return [a.copy() for a in gradients]
        by_input, by_state = to_input.T @ rows[:, : width + 1], to_state.T @ rows[:, width:]
        apart = [by_input[:, :-1], by_state[:, 1:], by_input[:, -1], by_state[:, 0]]
        return [np.concatenate(pair) for pair in zip(gradients, apart, strict=True)]

    def _split(self, to_gates: Array) -> tuple[Array, Array, Array]:
        """The gradients of the joint gates, of the rest as the state sees them, and as the input does."""
        flat = _flat(to_gates)
        size = flat.shape[1] // (2 * len(self.gates) - self.joint)
        joint, count = self.joint * size, len(self.gates) * size
        return flat[:, :joint], flat[:, joint:count], flat[:, count:]

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


def _flat(a: Array) -> Array:
    """Time and batch as one axis."""
    return a.reshape(a.shape[0] * a.shape[1], a.shape[2])


FUSED: dict[Step, Kernel] = {
    steps.rnn_tanh: Kernel(
        steps.rnn_tanh, 1, "t", 1, loops.rnn_forward(np.tanh), loops.rnn_backward(lambda h: 1 - h * h)
    ),
    steps.rnn_relu: Kernel(steps.rnn_relu, 1, "r", 1, loops.rnn_forward(loops.relu), loops.rnn_backward(np.sign)),
    steps.lstm: Kernel(steps.lstm, 2, "ssts", 4, loops.lstm_forward, loops.lstm_backward),
    steps.gru: Kernel(steps.gru, 1, "sst", 2, loops.gru_forward, loops.gru_backward),
}
"""The kernel of each kind of step that has one."""
