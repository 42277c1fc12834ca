"""Recurrent networks: cells for one step, layers for whole sequences, and batches of sequences of unequal lengths."""

from .cells import GRUCell, LSTMCell, RNNCell
from .layers import GRU, LSTM, RNN
from .lengths import PackedSequence, pack_padded_sequence, pad_packed_sequence, pad_sequence

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "GRUCell",
    "LSTMCell",
    "PackedSequence",
    "RNNCell",
    "pack_padded_sequence",
    "pad_packed_sequence",
    "pad_sequence",
]
