"""What is done with operations beside computing them: recording, watching, noting where they stand."""

from __future__ import annotations

import inspect
import threading
from contextlib import ContextDecorator
from contextvars import ContextVar
from typing import Any

__all__ = [
    "Scope",
    "detect_anomaly",
    "enable_grad",
    "inference_mode",
    "modes",
    "no_grad",
    "note_sites",
    "scope",
    "tracing",
]


class _Modes:
    """Whether operations are recorded, whether they are watched for anomalies, and whether they note their lines.

    Each thread and each asynchronous task has modes of its own.  `watched` counts, over all of them,
    the contexts that ask for anything but plain recording: the operators look at nothing else.
    """

    def __init__(self) -> None:
        self.watched = 0
        self.recording: ContextVar[bool] = ContextVar("recording", default=True)
        self.anomaly: ContextVar[bool] = ContextVar("anomaly", default=False)
        self.sites: ContextVar[bool] = ContextVar("sites", default=False)
        self.scopes: ContextVar[tuple[Scope, ...]] = ContextVar("scopes", default=())
        self.recorder: ContextVar[Any] = ContextVar("recorder", default=None)  # of the program that is traced
        self._entered: ContextVar[tuple[Any, ...]] = ContextVar("entered", default=())  # with what was before
        self._lock = threading.Lock()

    def enter(self, owner: object, mode: ContextVar[Any], value: Any) -> None:
        self._entered.set((*self._entered.get(), (owner, mode, mode.get())))
        mode.set(value)
        with self._lock:
            self.watched += 1

    def leave(self, owner: object) -> None:
        """Undo what this owner entered last, also if others entered since: a generator may be suspended.

        One that is closed in another thread leaves nothing behind there; where it was entered, the mode stays.
        """
        with self._lock:
            self.watched -= 1
        entered = self._entered.get()
        if entered and entered[-1][0] is owner:  # as almost always
            _, mode, before = entered[-1]
            mode.set(before)
            self._entered.set(entered[:-1])
            return
        entries = list(entered)
        i = next((i for i in reversed(range(len(entries))) if entries[i][0] is owner), None)
        if i is None:
            return
        _, mode, before = entries.pop(i)
        later = next((j for j in range(i, len(entries)) if entries[j][1] is mode), None)
        if later is None:
            mode.set(before)
        else:  # the value stands, but what to go back to from it has changed
            entries[later] = (entries[later][0], mode, before)
        self._entered.set(tuple(entries))


modes = _Modes()

tracing: ContextVar[bool] = ContextVar("tracing", default=False)
"""Whether a transform runs its function: a tensor that became a plain number then would lose its derivative."""


RUN_LATER = (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction)
"""Whether a function, called, only makes something that runs when it is asked."""


class _Context(ContextDecorator):
    """A context or a decorator; threads, tasks and nested blocks may share one object."""

    def __call__(self, function: Any) -> Any:
        if any(runs_later(function) for runs_later in RUN_LATER):
            name = type(self).__name__
            raise TypeError(f"{name}: would end before {function.__name__} runs: write `with {name}():` inside it")
        return super().__call__(function)

    def __exit__(self, *error: object) -> None:
        modes.leave(self)


class _Mode(_Context):
    """A mode that is on or off."""

    _mode: ContextVar[bool]
    _value: bool

    def __enter__(self) -> None:
        modes.enter(self, self._mode, self._value)


class no_grad(_Mode):  # noqa: N801 - PyTorch's name
    """Operations inside make leaves: nothing is recorded.

    >>> from autograd import Value, no_grad
    >>> w = Value(3.0)
    >>> with no_grad():
    ...     y = w * w
    >>> y.parents
    ()
    """

    _mode, _value = modes.recording, False


class inference_mode(no_grad):  # noqa: N801 - PyTorch's name
    """The same as `no_grad`, under the name that PyTorch programs use around a model's evaluation."""


class enable_grad(_Mode):  # noqa: N801 - PyTorch's name
    """Operations inside are recorded, also within `no_grad`."""

    _mode, _value = modes.recording, True


class detect_anomaly(_Mode):  # noqa: N801 - PyTorch's name
    """Raise AnomalyError, a FloatingPointError, at the first operation, forward or backward, that gives inf or nan.

    Nodes made inside remember the line that made them, so that the error can name it.  To ask afterwards,
    without this mode, see `find_anomaly`.

    >>> from autograd import Value, detect_anomaly
    >>> x = Value(1000.0)
    >>> with detect_anomaly():
    ...     x.exp()
    Traceback (most recent call last):
    autograd.anomaly.AnomalyError: forward: exp(x = 1000.0) gave inf, made at <doctest ...detect_anomaly[2]>:2
    """

    _mode, _value = modes.anomaly, True


class note_sites(_Mode):  # noqa: N801 - named as its neighbours
    """Nodes made inside remember the line of code that made them, as their `site`."""

    _mode, _value = modes.sites, True


class Scope:
    """One part of a computation, which drawings may fold into one box."""

    __slots__ = ("detail", "name")

    def __init__(self, name: str, detail: str = "") -> None:
        self.name = name
        self.detail = detail

    def __repr__(self) -> str:
        return f"<Scope {self.name}>"


class scope(_Context):  # noqa: N801 - named as its neighbours
    """Nodes made inside belong to a part of the computation with this name; drawings group and fold them by it.

    Args:
        name: what the part is called.
        detail: what else a drawing says of it, such as `4,000 parameters`.

    >>> from autograd import Value, scope
    >>> x = Value(2.0)
    >>> with scope("square"):
    ...     y = x * x
    >>> y.scopes
    (<Scope square>,)
    """

    def __init__(self, name: str, detail: str = "") -> None:
        if not isinstance(name, str):
            raise TypeError(f"scope: name must be a string, got {name!r}, a {type(name).__name__}")
        self.name = name
        self.detail = detail

    def __enter__(self) -> None:
        modes.enter(self, modes.scopes, (*modes.scopes.get(), Scope(self.name, self.detail)))
