"""IDX, the file format of MNIST: a magic number, the lengths of the axes, then the numbers themselves."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np

__all__ = ["read_idx"]

DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
"""What the third byte of the magic number says about the numbers; they are big-endian."""

STRETCH = 1 << 20  # bytes that are read at a time


def read_idx(path: str | Path) -> np.ndarray[Any, Any]:
    """The array in an IDX file, which may be compressed by gzip.

    Args:
        path: of the file.

    Raises:
        ValueError: the file is damaged, truncated, too long, or not an IDX file; the message names it.  No memory
            is taken for numbers that the header promises and the file does not have.

    LeCun, Cortes and Burges, The MNIST database of handwritten digits (1998).
    """
    path = Path(path)
    with path.open("rb") as file:
        is_compressed = file.read(2) == b"\x1f\x8b"
    try:
        with _opened(path, is_compressed) as file:
            return _read(file)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{path}: damaged or truncated: {error}") from None
    except _WrongError as error:
        raise ValueError(f"{path}: {error}") from None


def _opened(path: Path, is_compressed: bool) -> IO[bytes]:
    return gzip.open(path) if is_compressed else path.open("rb")  # type: ignore[return-value]


class _WrongError(Exception):
    """What is wrong with a file; only its reader knows which one it is."""


def _read(file: IO[bytes]) -> np.ndarray[Any, Any]:
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in DTYPES:
        raise _WrongError(f"not an IDX file: it begins with {magic.hex(' ') or 'nothing'}")
    lengths = file.read(4 * magic[3])
    if len(lengths) < 4 * magic[3]:
        raise _WrongError("truncated: it ends within the header")
    shape = struct.unpack(f">{magic[3]}I", lengths)
    dtype = np.dtype(DTYPES[magic[2]])
    size = math.prod(shape) * dtype.itemsize
    numbers = bytearray()
    while len(numbers) <= size and (stretch := file.read(min(STRETCH, size + 1 - len(numbers)))):
        numbers += stretch
    if len(numbers) != size:
        what = "truncated" if len(numbers) < size else "too long"
        found = len(numbers) if len(numbers) < size else "more"
        raise _WrongError(f"{what}: {shape} of {dtype.name} take {size} bytes after the header, it has {found}")
    return np.frombuffer(numbers, dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)
