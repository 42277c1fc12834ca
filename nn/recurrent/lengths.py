"""Sequences of different lengths in one batch: padded at their ends, and told apart again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

import autograd
from autograd import Tensor, as_tensor
from autograd.traced import opaque

from ..arrays import array_in

__all__ = ["PackedSequence", "pack_padded_sequence", "pad_packed_sequence", "pad_sequence"]

Array = np.ndarray[Any, Any]


class PackedSequence(NamedTuple):
    """A padded batch with the lengths of its sequences, which recurrent layers take and give back.

    Other than PyTorch's it keeps the padding, and the order of the sequences as it was.
    """

    data: Tensor
    """(time, batch, features), whatever the layer's `batch_first`."""
    lengths: Array


def pad_sequence(sequences: Sequence[Tensor], batch_first: bool = False, padding_value: float = 0.0) -> Tensor:
    """Sequences of shapes (length, ...) as one tensor (longest, batch, ...), or batch first.

    >>> import autograd, nn
    >>> nn.pad_sequence([autograd.ones(3), autograd.ones(1)], batch_first=True)
    tensor([[1., 1., 1.],
            [1., 0., 0.]])
    """
    longest = max(len(x) for x in sequences)
    padded = [
        autograd.cat([x, autograd.full((longest - len(x), *x.shape[1:]), padding_value, dtype=x.dtype)])
        for x in sequences
    ]
    y: Tensor = autograd.stack(padded, 0 if batch_first else 1)
    return y


def pack_padded_sequence(
    input: Tensor,  # noqa: A002 - PyTorch's name
    lengths: Any,
    batch_first: bool = False,
    enforce_sorted: bool = True,
) -> PackedSequence:
    """A padded batch together with its lengths, for a recurrent layer.

    Args:
        input: (time, batch, features), or batch first.
        lengths: (batch,).
        enforce_sorted: accepted for PyTorch's sake: any order will do.
    """
    data = input.transpose(0, 1) if batch_first else input
    checked = check_lengths(lengths, data.shape[0], data.shape[1], "pack_padded_sequence")
    return PackedSequence(data[: int(checked.max())], checked)


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """The padded batch and its lengths.

    Args:
        sequence: what `pack_padded_sequence` or a layer gave.
        batch_first: which axis of the result comes first.
        padding_value: what stands behind the end of each sequence.
        total_length: to how many steps it is padded; by default those of the longest sequence.
    """
    data, lengths = sequence
    longest = data.shape[0] if total_length is None else total_length
    if longest < data.shape[0]:
        raise ValueError(f"pad_packed_sequence: total_length {longest} is less than the longest, {data.shape[0]}")
    if longest > data.shape[0]:
        room = autograd.zeros(longest - data.shape[0], *data.shape[1:], dtype=data.dtype)
        data = autograd.cat([data, room])
    data = autograd.where(within(lengths, longest), data, padding_value)
    return (data.transpose(0, 1) if batch_first else data), autograd.tensor(lengths)


def check_lengths(lengths: Any, steps: int, batch: int, label: str) -> Array:
    """Lengths as an array of whole numbers from 1 to the number of steps, one per sequence."""
    return opaque(_checked, array_in(lengths), steps, batch, label)  # type: ignore[no-any-return]


def _checked(lengths: Array, steps: int, batch: int, label: str) -> Array:
    if lengths.shape != (batch,) or lengths.dtype.kind not in "iu":
        raise ValueError(f"{label}: lengths must be {batch} whole numbers, one per sequence, got {lengths.tolist()!r}")
    if batch and not 1 <= lengths.min() <= lengths.max() <= steps:
        raise ValueError(f"{label}: lengths must be from 1 to {steps}, the steps of the input, got {lengths.tolist()}")
    return lengths.astype(np.int64)


def within(lengths: Array, steps: int) -> Tensor:
    """(steps, batch, 1): whether a step belongs to the sequence, or is padding."""
    return as_tensor((np.arange(steps)[:, None] < lengths)[..., None])


def reversed_in_time(x: Any, lengths: Array | None) -> Any:
    """(time, batch, ...) with each sequence backwards, its padding where it was."""
    if lengths is None:
        return autograd.flip(x, 0)
    t = np.arange(x.shape[0])[:, None]
    return x[np.where(t < lengths, lengths - 1 - t, t), np.arange(x.shape[1])]
