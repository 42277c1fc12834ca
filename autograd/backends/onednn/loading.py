"""The shared library of oneDNN: where it lies, whether it loads, and whether it is to be used."""

from __future__ import annotations

import ctypes
from contextlib import ContextDecorator
from functools import cache
from importlib import metadata
from types import SimpleNamespace
from typing import Any

__all__ = ["Refused", "check", "flags", "functions", "in_use", "is_available", "is_enabled"]

DISTRIBUTION = "onednn-cpu-gomp"
"""The one that brings the library for the CPU alone; it needs GNU's OpenMP, libgomp, which most systems have."""

ENUM, INT, SIZE = ctypes.c_int, ctypes.c_int64, ctypes.c_size_t
FLOAT, CHAR, POINTER = ctypes.c_float, ctypes.c_char, ctypes.c_void_p
LONG = {
    "dnnl_primitive_create": [POINTER, POINTER],
    "dnnl_primitive_execute": [POINTER, POINTER, ENUM, POINTER],
    "dnnl_sgemm": [CHAR, CHAR, INT, INT, INT, FLOAT, POINTER, INT, POINTER, INT, FLOAT, POINTER, INT],
}
"""The arguments of the functions that take long, as in `dnnl.h`: other threads run Python meanwhile."""
SHORT = {
    "dnnl_convolution_backward_data_primitive_desc_create": [POINTER, POINTER, ENUM, *[POINTER] * 9],
    "dnnl_convolution_backward_weights_primitive_desc_create": [POINTER, POINTER, ENUM, *[POINTER] * 10],
    "dnnl_convolution_forward_primitive_desc_create": [POINTER, POINTER, ENUM, ENUM, *[POINTER] * 9],
    "dnnl_engine_create": [POINTER, ENUM, SIZE],
    "dnnl_memory_create": [POINTER, POINTER, POINTER, POINTER],
    "dnnl_memory_desc_clone": [POINTER, POINTER],
    "dnnl_memory_desc_create_with_strides": [POINTER, ENUM, POINTER, ENUM, POINTER],
    "dnnl_memory_desc_create_with_tag": [POINTER, ENUM, POINTER, ENUM, ENUM],
    "dnnl_memory_desc_destroy": [POINTER],
    "dnnl_memory_desc_equal": [POINTER, POINTER],
    "dnnl_memory_desc_get_size": [POINTER],
    "dnnl_memory_destroy": [POINTER],
    "dnnl_memory_set_data_handle": [POINTER, POINTER],
    "dnnl_pooling_backward_primitive_desc_create": [POINTER, POINTER, ENUM, *[POINTER] * 9],
    "dnnl_pooling_forward_primitive_desc_create": [POINTER, POINTER, ENUM, ENUM, *[POINTER] * 8],
    "dnnl_primitive_attr_create": [POINTER],
    "dnnl_primitive_attr_destroy": [POINTER],
    "dnnl_primitive_attr_set_scratchpad_mode": [POINTER, ENUM],
    "dnnl_primitive_desc_destroy": [POINTER],
    "dnnl_primitive_desc_query": [POINTER, ENUM, ENUM, POINTER],
    "dnnl_primitive_desc_query_md": [POINTER, ENUM, ENUM],
    "dnnl_primitive_destroy": [POINTER],
    "dnnl_reorder_primitive_desc_create": [POINTER, POINTER, POINTER, POINTER, POINTER, POINTER],
    "dnnl_stream_create": [POINTER, POINTER, ENUM],
    "dnnl_stream_destroy": [POINTER],
}
"""Those of the others, for which it is not worth the while to hand the interpreter to another thread."""
RESULTS = {"dnnl_memory_desc_get_size": SIZE, "dnnl_primitive_desc_query_md": POINTER}
"""What functions return, where it is not a status."""


class Refused(Exception):  # noqa: N818 - NumPy will do it
    """oneDNN does not do what it was asked for."""


def check(status: int) -> None:
    """Raise `Refused` unless a function succeeded."""
    if status:
        raise Refused(f"status {status}")


@cache
def _loaded() -> SimpleNamespace | str:
    """The functions of the library by their names, or why there are none, in one line."""
    try:
        files = metadata.files(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return 'oneDNN is not installed: python -m pip install "stepgrad[onednn]"'
    paths = [str(file.locate()) for file in files if file.name.startswith("libdnnl.so.3")]
    if not paths:
        return f"oneDNN: {DISTRIBUTION} has no library of version 3 for this system"
    functions = SimpleNamespace()
    try:
        for load, signatures in (ctypes.CDLL, LONG), (ctypes.PyDLL, SHORT):
            loaded = load(paths[0])
            for name, arguments in signatures.items():
                function = getattr(loaded, name)
                function.argtypes, function.restype = arguments, RESULTS.get(name, ENUM)
                setattr(functions, name, function)
    except (OSError, AttributeError) as error:
        return f"oneDNN does not load: {error}"
    return functions


class _Switch:
    enabled = True


def functions() -> Any:
    """The functions of the library, whether it is to be used or not; None if there are none."""
    loaded = _loaded()
    return None if isinstance(loaded, str) else loaded


def in_use() -> Any:
    """The functions of the library, if it is to be used."""
    return functions() if _Switch.enabled else None


def is_available() -> bool:
    """Whether oneDNN is installed and loads."""
    return not isinstance(_loaded(), str)


def is_enabled() -> bool:
    """Whether oneDNN is used: it is where it is available, but for `flags(enabled=False)`."""
    return in_use() is not None


class flags(ContextDecorator):  # noqa: N801 - PyTorch's name
    """Use oneDNN, or do not, in all threads, for as long as the context lasts.

    Args:
        enabled: whether to.

    Raises:
        ImportError: it is to be used, but is not there.

    >>> from autograd.backends import onednn
    >>> with onednn.flags(enabled=False):
    ...     onednn.is_enabled()
    False
    """

    def __init__(self, *, enabled: bool) -> None:
        loaded = _loaded()
        if enabled and isinstance(loaded, str):
            raise ImportError(loaded)
        self._enabled = bool(enabled)
        self._before: list[bool] = []

    def __enter__(self) -> None:
        self._before.append(_Switch.enabled)
        _Switch.enabled = self._enabled

    def __exit__(self, *error: object) -> None:
        _Switch.enabled = self._before.pop()
