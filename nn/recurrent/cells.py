"""Cells: recurrent networks one step at a time."""

from __future__ import annotations

import math
from typing import Any

from autograd import Parameter, Tensor, empty, linear, zeros

from .. import init
from ..module import Module
from . import steps
from .steps import Step

__all__ = ["GRUCell", "LSTMCell", "RNNCell"]


class _Cell(Module):
    """What the cells share: their weights, and the checks of what they are given.

    Shapes: x is (batch, input_size) or (input_size,), h the same with hidden_size; `weight_ih` is
    (gates · hidden_size, input_size), `weight_hh` (gates · hidden_size, hidden_size), the biases
    (gates · hidden_size,).  All begin uniform in ±1/√hidden_size, as in PyTorch.
    """

    _gates: int
    _states = 1

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, dtype: Any = None) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        rows = self._gates * hidden_size
        self.weight_ih = Parameter(empty(rows, input_size, dtype=dtype))
        self.weight_hh = Parameter(empty(rows, hidden_size, dtype=dtype))
        self.bias_ih = Parameter(empty(rows, dtype=dtype)) if bias else None
        self.bias_hh = Parameter(empty(rows, dtype=dtype)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size else 0.0
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def _step(self) -> Step:
        raise NotImplementedError(f"{type(self).__name__}: must define _step(), the equations of one step")

    def _stepped(self, x: Tensor, state: tuple[Tensor, ...] | None) -> tuple[Any, ...]:
        """The new state, whose parts are those of the old one; None begins with zeros."""
        if x.ndim not in (1, 2) or x.shape[-1] != self.input_size:
            got = f"{x.shape[-1]} in an input of {x.shape}" if x.ndim in (1, 2) else f"an input of {x.shape}"
            raise ValueError(f"{self._label()}: takes {self.input_size} features, got {got}")
        shape = (*x.shape[:-1], self.hidden_size)
        if state is None:
            state = tuple(zeros(*shape, dtype=x.dtype) for _ in range(self._states))
        for part in state:
            if part.shape != shape:
                raise ValueError(
                    f"{self._label()}: the state must be {shape} for an input of {x.shape}, got {part.shape}"
                )
        return self._step()(linear(x, self.weight_ih, self.bias_ih), state, self.weight_hh, self.bias_hh)

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias_ih is not None else ", bias=False")


class RNNCell(_Cell):
    """One step of a simple recurrent network: h' = tanh(W_ih x + b_ih + W_hh h + b_hh) (Elman 1990).

    Args:
        input_size: the length of x.
        hidden_size: the length of h.
        bias: whether the biases are there.
        nonlinearity: `"tanh"` or `"relu"`.
        dtype: of the parameters.

    >>> import autograd, nn
    >>> cell = nn.RNNCell(3, 4)
    >>> h = cell(autograd.ones(2, 3))
    >>> cell(autograd.ones(2, 3), h).shape
    (2, 4)
    """

    _gates = 1

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh", dtype: Any = None
    ) -> None:
        self.nonlinearity = check_nonlinearity(nonlinearity, "RNNCell")
        super().__init__(input_size, hidden_size, bias, dtype)

    def _step(self) -> Step:
        return steps.rnn_relu if self.nonlinearity == "relu" else steps.rnn_tanh

    def forward(self, x: Tensor, h: Tensor | None = None) -> Tensor:
        (new,) = self._stepped(x, None if h is None else (h,))
        return new  # type: ignore[no-any-return]

    def extra_repr(self) -> str:
        return super().extra_repr() + ("" if self.nonlinearity == "tanh" else f", nonlinearity={self.nonlinearity}")


class LSTMCell(_Cell):
    """One step of long short-term memory (Hochreiter and Schmidhuber 1997).

        i, f, o = σ(W x + b + U h + c), each with its own rows, in the order i, f, g, o
        g       = tanh(W_g x + b_g + U_g h + c_g)
        c'      = f ∗ c + i ∗ g
        h'      = o ∗ tanh(c')

    Args:
        input_size: the length of x.
        hidden_size: the length of h and of c.
        bias: whether the biases are there.
        dtype: of the parameters.

    It takes x and the pair (h, c), and gives the new pair.

    >>> import autograd, nn
    >>> cell = nn.LSTMCell(3, 4)
    >>> h, c = cell(autograd.ones(2, 3))
    >>> h, c = cell(autograd.ones(2, 3), (h, c))
    """

    _gates = 4
    _states = 2

    def _step(self) -> Step:
        return steps.lstm

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        h, cell = self._stepped(x, state)
        return h, cell


class GRUCell(_Cell):
    """One step of a gated recurrent unit (Cho et al. 2014), in PyTorch's form or in the deck's.

    PyTorch's, `reset_after=True`: the reset gate acts on what the state contributes,

        r, z = σ(W x + b + U h + c), each with its own rows, in the order r, z, n
        n    = tanh(W_n x + b_n + r ∗ (U_n h + c_n))
        h'   = (1 - z) ∗ n + z ∗ h

    The deck's, `reset_after=False` (deck 3, "Math of a GRU Unit"): it acts on the state, and z means the opposite,

        n    = tanh(W_n x + b_n + U_n (r ∗ h) + c_n)
        h'   = (1 - z) ∗ h + z ∗ n

    The deck's W_z[h, x] + b_z is here U_z h + W_z x + (b_z + c_z), and so for the other gates.  As 1 - σ(a) is σ(-a),
    to go from one form to the other change the signs of all rows of z, in weights and biases; that the reset gate
    stands in another place remains, so that the two agree where r is 1 or U_n, c_n are 0.

    Args:
        input_size: the length of x.
        hidden_size: the length of h.
        bias: whether the biases are there.
        reset_after: which form.
        dtype: of the parameters.

    >>> import autograd, nn
    >>> nn.GRUCell(3, 4, reset_after=False)(autograd.ones(2, 3)).shape
    (2, 4)
    """

    _gates = 3

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, reset_after: bool = True, dtype: Any = None
    ) -> None:
        self.reset_after = reset_after
        super().__init__(input_size, hidden_size, bias, dtype)

    def _step(self) -> Step:
        return steps.gru if self.reset_after else steps.gru_of_the_deck

    def forward(self, x: Tensor, h: Tensor | None = None) -> Tensor:
        (new,) = self._stepped(x, None if h is None else (h,))
        return new  # type: ignore[no-any-return]

    def extra_repr(self) -> str:
        return super().extra_repr() + ("" if self.reset_after else ", reset_after=False")


def check_nonlinearity(name: str, layer: str) -> str:
    """The name of an activation of simple recurrent networks, checked."""
    if name not in ("tanh", "relu"):
        raise ValueError(f"{layer}: nonlinearity must be 'tanh' or 'relu', got {name!r}")
    return name
