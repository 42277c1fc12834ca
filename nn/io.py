"""Weights on disk, in the format of safetensors: numbers and names, and nothing that could be run."""

from __future__ import annotations

import json
import os
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import safetensors
import safetensors.numpy

from autograd import Tensor, from_numpy

from .module import Module

__all__ = ["load", "save"]

STRUCTURE = "stepgrad.structure"
"""Under this name the file's metadata say, in JSON, how nested containers were made; a flat dictionary needs none."""

DTYPES = {"F16": "float16", "F32": "float32", "F64": "float64", "BOOL": "bool", "U8": "uint8"} | {
    f"I{bits}": f"int{bits}" for bits in (8, 16, 32, 64)
}
"""The dtypes by their names in files."""


def save(state: Any, path: str | os.PathLike[str]) -> None:
    """Write a module's parameters and buffers, or any nested containers of arrays and numbers, to a file.

    The file is either the new one or, if anything fails on the way, the old one: the numbers go to a temporary
    file beside it, which takes its place when it is complete and on the disk.

    Args:
        state: a module, its `state_dict()`, or the state of an optimiser: dictionaries, lists and tuples of
            tensors, arrays, numbers, strings, truth values and None.
        path: the file, by custom with the suffix `.safetensors`.

    Raises:
        TypeError: something is neither a container nor a number.

    A flat dictionary of tensors is read by PyTorch as it is: `safetensors.torch.load_file(path)`.

    >>> import tempfile, nn
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(nn.Linear(2, 3), f"{folder}/model.safetensors")
    ...     nn.Linear(2, 3).load_state_dict(load(f"{folder}/model.safetensors"))
    <All keys matched successfully>
    """
    if isinstance(state, Module):
        state = state.state_dict()
    metadata = {"format": "pt"}  # names and layouts are PyTorch's
    if _is_flat(state):
        arrays = {name: _array(x, name) for name, x in state.items()}
    else:
        arrays = {}
        metadata[STRUCTURE] = json.dumps(_described(state, "", arrays))
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name}.{uuid4().hex}")
    try:
        safetensors.numpy.save_file(arrays, temporary, metadata)
        _to_disk(temporary)
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    _to_disk(target.parent)


def load(path: str | os.PathLike[str]) -> Any:
    """What `save` wrote, or a file of safetensors from elsewhere.

    Nothing in a file is run, and nothing is allocated before its header fits its size.

    Args:
        path: the file.

    Returns:
        a dictionary of tensors by their names, for `load_state_dict`; or the containers that were saved.

    Raises:
        ValueError: the file is damaged, no such file at all, or holds numbers of a kind that there is not here.
    """
    try:
        with safetensors.safe_open(path, framework="np") as file:
            names = file.keys()
            for name in names:
                _check_dtype(file.get_slice(name).get_dtype(), name)
            tensors = OrderedDict((name, from_numpy(file.get_tensor(name))) for name in names)
            structure = (file.metadata() or {}).get(STRUCTURE)
        return tensors if structure is None else _rebuilt(json.loads(structure), tensors)
    except (safetensors.SafetensorError, ValueError, TypeError, RecursionError) as error:
        raise ValueError(f"load: {os.fspath(path)}: is no whole file of weights: {error}") from None


def _to_disk(path: Path) -> None:
    """Wait until a file, or the list of files of a folder, is on the disk."""
    if path.is_dir() and os.name == "nt":  # where folders cannot be opened
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _check_dtype(given: str, name: str) -> None:
    if given not in DTYPES:
        raise ValueError(f"{name} has numbers of {given}, known are {', '.join(DTYPES)}")


# ---------------------------------------------------------------------- containers


def _is_number_array(x: Any) -> bool:
    return isinstance(x, (Tensor, np.ndarray, np.generic))


def _is_flat(state: Any) -> bool:
    """Whether it is a dictionary of arrays by names, which needs no description."""
    return isinstance(state, Mapping) and all(isinstance(k, str) and _is_number_array(x) for k, x in state.items())


def _array(x: Any, name: str) -> np.ndarray[Any, Any]:
    array = np.asarray(x.detach().numpy() if isinstance(x, Tensor) else x, order="C")
    if array.dtype.name not in DTYPES.values():
        raise TypeError(f"save: {name} has numbers of {array.dtype}, which files of weights do not have")
    return array


def _described(x: Any, path: str, arrays: dict[str, Any]) -> Any:
    """Nested containers in JSON, the arrays in them by their paths, under which they are gathered."""
    if _is_number_array(x):
        name = path or "value"
        while name in arrays:  # of {"a.b": x, "a": {"b": y}}, say
            name += "'"
        arrays[name] = _array(x, name)
        return {"array": name}
    if isinstance(x, Mapping):
        wrong = [key for key in x if not isinstance(key, (str, int))]
        if wrong:
            raise TypeError(f"save: {path or 'this'} has the key {wrong[0]!r}: keys are strings or whole numbers")
        return {"dict": [[key, _described(value, _inside(path, key), arrays)] for key, value in x.items()]}
    if isinstance(x, (list, tuple)):
        kind = "tuple" if isinstance(x, tuple) else "list"
        return {kind: [_described(value, _inside(path, i), arrays) for i, value in enumerate(x)]}
    if x is None or isinstance(x, (bool, int, float, str)):
        return x
    raise TypeError(f"save: {path or 'this'} is a {type(x).__name__}: give tensors, numbers, strings and containers")


def _inside(path: str, key: Any) -> str:
    return f"{path}.{key}" if path else str(key)


def _rebuilt(x: Any, tensors: Mapping[str, Tensor]) -> Any:
    """The containers that were described."""
    if isinstance(x, list) or (isinstance(x, dict) and len(x) != 1):
        raise ValueError("its description of containers is damaged")
    if not isinstance(x, dict):
        return x
    ((kind, inside),) = x.items()
    if kind == "array" and inside in tensors:
        return tensors[inside]
    if kind == "dict":
        return {key: _rebuilt(value, tensors) for key, value in inside}
    if kind in ("list", "tuple"):
        return (list if kind == "list" else tuple)(_rebuilt(value, tensors) for value in inside)
    raise ValueError("its description of containers is damaged")
