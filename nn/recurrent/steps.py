"""One step of each recurrent network: the equations, on every carrier of arrays, written once.

A step takes what the input contributes (`from_input`, with its weights and bias), the state as a tuple, and the
weights and the bias of the state, whose rows are those of all gates, one gate after the other.  It gives the new
state, whose first part is the output.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import autograd
from autograd import chunk, linear, relu, sigmoid, stack, tanh

__all__ = ["State", "Step", "gru", "gru_of_the_deck", "lstm", "rnn_relu", "rnn_tanh", "unrolled"]

State = tuple[Any, ...]
Step = Callable[[Any, State, Any, Any], State]


def rnn_tanh(from_input: Any, state: State, weight: Any, bias: Any) -> State:
    """h' = tanh(W x + b + U h + c) (Elman 1990)."""
    return (tanh(from_input + linear(state[0], weight, bias)),)


def rnn_relu(from_input: Any, state: State, weight: Any, bias: Any) -> State:
    """h' = max(0, W x + b + U h + c)."""
    return (relu(from_input + linear(state[0], weight, bias)),)


def lstm(from_input: Any, state: State, weight: Any, bias: Any) -> State:
    """c' = f ∗ c + i ∗ g, h' = o ∗ tanh(c') (Hochreiter and Schmidhuber 1997; Gers et al. 2000 for f)."""
    h, cell = state
    input_, forget, candidate, output = chunk(from_input + linear(h, weight, bias), 4, -1)
    cell = sigmoid(forget) * cell + sigmoid(input_) * tanh(candidate)
    return sigmoid(output) * tanh(cell), cell


def gru(from_input: Any, state: State, weight: Any, bias: Any) -> State:
    """h' = (1 - z) ∗ n + z ∗ h, where the reset gate r acts on U h: n = tanh(W x + b + r ∗ (U h + c))."""
    (h,) = state
    reset_x, update_x, candidate_x = chunk(from_input, 3, -1)
    reset_h, update_h, candidate_h = chunk(linear(h, weight, bias), 3, -1)
    reset = sigmoid(reset_x + reset_h)
    update = sigmoid(update_x + update_h)
    candidate = tanh(candidate_x + reset * candidate_h)
    return ((1 - update) * candidate + update * h,)


def gru_of_the_deck(from_input: Any, state: State, weight: Any, bias: Any) -> State:
    """h' = (1 - z) ∗ h + z ∗ n, where r acts on h: n = tanh(W x + b + U (r ∗ h) + c) (Cho et al. 2014)."""
    (h,) = state
    gates = 2 * h.shape[-1]  # the rows of reset and update; those of the candidate follow
    bias_gates, bias_candidate = (None, None) if bias is None else (bias[:gates], bias[gates:])
    reset_x, update_x, candidate_x = chunk(from_input, 3, -1)
    reset_h, update_h = chunk(linear(h, weight[:gates], bias_gates), 2, -1)
    reset = sigmoid(reset_x + reset_h)
    update = sigmoid(update_x + update_h)
    candidate = tanh(candidate_x + linear(reset * h, weight[gates:], bias_candidate))
    return ((1 - update) * h + update * candidate,)


def unrolled(step: Step, x: Any, state: State, weights: Sequence[Any]) -> list[Any]:
    """Every part of the state after each step, along a new first axis.

    Args:
        step: one of the functions above.
        x: (time, batch, input).
        state: each part (batch, hidden).
        weights: those of the input and of the state, and their biases, which may be None.
    """
    weight_input, weight_state, bias_input, bias_state = weights
    from_input = autograd.linear(x, weight_input, bias_input)
    states = []
    for t in range(x.shape[0]):
        state = step(from_input[t], state, weight_state, bias_state)
        states.append(state)
    return [stack(part) for part in zip(*states, strict=True)]
