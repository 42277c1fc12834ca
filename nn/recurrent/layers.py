"""Layers: recurrent networks over whole sequences, stacked and in both directions."""

from __future__ import annotations

import math
from typing import Any

import autograd
from autograd import Parameter, Tensor, empty, zeros

from .. import init
from ..dropout import dropout as dropped
from ..module import Module
from . import steps
from .cells import check_nonlinearity
from .fused import FUSED, at_last
from .lengths import Array, PackedSequence, check_lengths, reversed_in_time, within
from .steps import State, Step, unrolled

__all__ = ["GRU", "LSTM", "RNN"]


class _Recurrent(Module):
    """What the layers share; a subclass says how many gates there are and what a step computes."""

    _gates: int
    _states = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        if proj_size:
            raise ValueError(f"{name}: proj_size={proj_size}: projections of the state are not implemented, leave it 0")
        if not 0 <= dropout <= 1:
            raise ValueError(f"{name}: dropout must be a probability, got {dropout!r}")
        if num_layers < 1 or hidden_size < 1:
            raise ValueError(f"{name}: needs num_layers and hidden_size of at least 1, got {num_layers}, {hidden_size}")
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = dropout
        self.bidirectional = bidirectional
        rows = self._gates * hidden_size
        for layer in range(num_layers):
            width = input_size if layer == 0 else hidden_size * self._directions
            for suffix in self._suffixes(layer):
                setattr(self, f"weight_ih_{suffix}", Parameter(empty(rows, width, dtype=dtype)))
                setattr(self, f"weight_hh_{suffix}", Parameter(empty(rows, hidden_size, dtype=dtype)))
                if bias:
                    setattr(self, f"bias_ih_{suffix}", Parameter(empty(rows, dtype=dtype)))
                    setattr(self, f"bias_hh_{suffix}", Parameter(empty(rows, dtype=dtype)))
        self.reset_parameters()

    @property
    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    def _suffixes(self, layer: int) -> list[str]:
        """What the names of a layer's parameters end with, forwards and perhaps backwards."""
        return [f"l{layer}", f"l{layer}_reverse"][: self._directions]

    def _weights(self, suffix: str) -> list[Any]:
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        return [getattr(self, f"{name}_{suffix}", None) for name in names]

    def _step(self) -> Step:
        raise NotImplementedError(f"{type(self).__name__}: must define _step(), the equations of one step")

    def reset_parameters(self) -> None:
        """Draw the parameters anew, uniform in ±1/√hidden_size."""
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    # ------------------------------------------------------------------ what it computes

    def _run(self, x: Any, state: State | None, lengths: Any) -> tuple[Any, State]:
        """Outputs in the form of the input, and the parts of the last states."""
        if isinstance(x, PackedSequence):
            lengths = check_lengths(x.lengths, x.data.shape[0], x.data.shape[1], self._label())
            y, last = self._over_layers(x.data, self._first_states(x.data, state), lengths)
            return PackedSequence(y, x.lengths), last
        if x.ndim not in (2, 3):
            raise ValueError(f"{self._label()}: takes (time, input), or with a batch three axes, got {x.shape}")
        if x.ndim == 2:
            if lengths is not None:
                raise ValueError(f"{self._label()}: lengths are for batches, the input is one sequence, {x.shape}")
            first = None if state is None else tuple(part.unsqueeze(1) for part in state)
            x = x.unsqueeze(1)
            y, last = self._over_layers(x, self._first_states(x, first), None)
            return y.squeeze(1), tuple(part.squeeze(1) for part in last)
        x = x.transpose(0, 1) if self.batch_first else x
        if lengths is not None:
            lengths = check_lengths(lengths, x.shape[0], x.shape[1], self._label())
        y, last = self._over_layers(x, self._first_states(x, state), lengths)
        return (y.transpose(0, 1) if self.batch_first else y), last

    def _first_states(self, x: Any, state: State | None) -> list[State]:
        """The first state of each layer and direction, checked, or zeros."""
        if x.shape[-1] != self.input_size:
            raise ValueError(
                f"{self._label()}: takes {self.input_size} features, got {x.shape[-1]} in an input of {x.shape}"
            )
        if not x.shape[0]:
            raise ValueError(f"{self._label()}: takes at least one step, got an input of {x.shape}, time first")
        count = self.num_layers * self._directions
        shape = (count, x.shape[1], self.hidden_size)
        if state is None:
            return [(zeros(*shape[1:], dtype=x.dtype),) * self._states] * count
        for part in state:
            if part.shape != shape:
                raise ValueError(f"{self._label()}: the first state must be {shape}, got {part.shape}")
        return [tuple(part[i] for part in state) for i in range(count)]

    def _over_layers(self, x: Any, first: list[State], lengths: Array | None) -> tuple[Any, State]:
        """(time, batch, input) through all layers; each takes the outputs of the one before, both directions joined."""
        if lengths is not None:
            inside = within(lengths, x.shape[0])
            x = autograd.where(inside, x, 0)  # whatever the padding is, also nan
        finals: list[list[Any]] = []
        for layer in range(self.num_layers):
            if layer:
                x = dropped(x, self.dropout, self.training)
            outputs = []
            for suffix in self._suffixes(layer):
                backwards = suffix.endswith("reverse")
                y, *final = self._over_time(
                    reversed_in_time(x, lengths) if backwards else x,
                    first[len(finals)], self._weights(suffix), lengths,
                )  # fmt: skip
                outputs.append(reversed_in_time(y, lengths) if backwards else y)
                finals.append(final)
            x = outputs[0] if len(outputs) == 1 else autograd.cat(outputs, -1)
            if lengths is not None:
                x = autograd.where(inside, x, 0)
        if len(finals) == 1:
            return x, tuple(part[None] for part in finals[0])
        return x, tuple(autograd.stack(part) for part in zip(*finals, strict=True))

    def _over_time(self, x: Any, state: State, weights: list[Any], lengths: Array | None) -> tuple[Any, ...]:
        """One layer in one direction: the outputs, and the parts of the last state."""
        last = None if lengths is None else lengths - 1
        kernel = FUSED.get(self._step())
        if kernel is None:
            parts = unrolled(self._step(), x, state, weights)
            return parts[0], *(at_last(part, last) for part in parts)
        if not self.bias:
            none = zeros(weights[0].shape[0], dtype=weights[0].dtype)
            weights = [*weights[:2], none, none]
        return kernel(x, state, weights, last)

    def extra_repr(self) -> str:
        given = {
            "num_layers": (self.num_layers, 1),
            "bias": (self.bias, True),
            "batch_first": (self.batch_first, False),
            "dropout": (self.dropout, 0),
            "bidirectional": (self.bidirectional, False),
        }
        others = [f"{name}={value}" for name, (value, default) in given.items() if value != default]
        return ", ".join([f"{self.input_size}", f"{self.hidden_size}", *others])


class RNN(_Recurrent):
    """Simple recurrent layers (Elman 1990): h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh).

    Args:
        input_size: the length of x_t.
        hidden_size: the length of h_t.
        num_layers: how many layers there are, one on top of the other.
        nonlinearity: `"tanh"` or `"relu"`.
        bias: whether the biases are there.
        batch_first: whether input and output are (batch, time, features) instead of (time, batch, features).
        dropout: the probability with which each output of a layer but the last is dropped in training.
        bidirectional: whether a second network runs from the end of the sequence to its beginning.
        dtype: of the parameters.

    It takes x, (time, batch, input_size) or one sequence (time, input_size), and perhaps the first states,
    (num_layers · directions, batch, hidden_size), which are 0 otherwise; and gives the outputs
    (time, batch, directions · hidden_size) and the last states.  With `lengths=`, (batch,), each sequence is run as if
    it were alone: its last state is that at its own end, and the outputs behind it are 0.

    >>> import autograd, nn
    >>> y, h = nn.RNN(3, 5, num_layers=2)(autograd.ones(7, 4, 3), lengths=[7, 2, 3, 1])
    >>> y.shape, h.shape
    ((7, 4, 5), (2, 4, 5))
    """

    _gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        dtype: Any = None,
    ) -> None:
        self.nonlinearity = check_nonlinearity(nonlinearity, "RNN")
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, dtype=dtype)

    def _step(self) -> Step:
        return steps.rnn_relu if self.nonlinearity == "relu" else steps.rnn_tanh

    def forward(self, x: Any, h: Tensor | None = None, *, lengths: Any = None) -> tuple[Any, Tensor]:
        y, (last,) = self._run(x, None if h is None else (h,), lengths)
        return y, last


class LSTM(_Recurrent):
    """Layers of long short-term memory (Hochreiter and Schmidhuber 1997); `LSTMCell` has the equations.

    Args and shapes are those of `RNN`, but for the state, a pair (h, c) of two such tensors.

    >>> import autograd, nn
    >>> y, (h, c) = nn.LSTM(3, 5, bidirectional=True, batch_first=True)(autograd.ones(4, 7, 3))
    >>> y.shape, h.shape, c.shape
    ((4, 7, 10), (2, 4, 5), (2, 4, 5))
    """

    _gates = 4
    _states = 2

    def _step(self) -> Step:
        return steps.lstm

    def forward(
        self, x: Any, state: tuple[Tensor, Tensor] | None = None, *, lengths: Any = None
    ) -> tuple[Any, tuple[Tensor, Tensor]]:
        y, (h, cell) = self._run(x, state, lengths)
        return y, (h, cell)


class GRU(_Recurrent):
    """Layers of gated recurrent units (Cho et al. 2014); `GRUCell` has the equations.

    Args and shapes are those of `RNN`.  `reset_after=False` is the deck's form, computed step by step and so slower.

    >>> import autograd, nn
    >>> y, h = nn.GRU(3, 5)(autograd.ones(7, 4, 3))
    >>> y.shape, h.shape
    ((7, 4, 5), (1, 4, 5))
    """

    _gates = 3

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        reset_after: bool = True,
        dtype: Any = None,
    ) -> None:
        self.reset_after = reset_after
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, dtype=dtype)

    def _step(self) -> Step:
        return steps.gru if self.reset_after else steps.gru_of_the_deck

    def forward(self, x: Any, h: Tensor | None = None, *, lengths: Any = None) -> tuple[Any, Tensor]:
        y, (last,) = self._run(x, None if h is None else (h,), lengths)
        return y, last

    def extra_repr(self) -> str:
        return super().extra_repr() + ("" if self.reset_after else ", reset_after=False")
