"""Several results in one array, end to end along the last axis."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..shapes import getitem, reshape

__all__ = ["pack", "unpack"]


def pack(ndim: int, *parts: Any) -> Any:
    """Arrays that share their first `ndim` axes, each flat, end to end."""
    return np.concatenate([x.reshape(*x.shape[:ndim], math.prod(x.shape[ndim:])) for x in parts], axis=-1)


def unpack(packed: Any, *shapes: tuple[int, ...]) -> list[Any]:
    """What was packed, each in its shape behind the axes in front."""
    parts, start = [], 0
    for shape in shapes:
        stop = start + math.prod(shape)
        flat = getitem(packed, index=(..., slice(start, stop)))
        parts.append(reshape(flat, shape=(*packed.shape[:-1], *shape)))
        start = stop
    return parts
