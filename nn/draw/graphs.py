"""The graph of what a model computes, with the modules that computed it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from inspect import Parameter, signature
from typing import Any

import numpy as np

import autograd
from autograd import Drawing, Node, Tensor, Value, Vector

from ..module import Module

__all__ = ["draw_graph", "scopes"]

LONGEST_DETAIL = 40  # characters


@contextmanager
def scopes(model: Module) -> Iterator[None]:
    """What the model computes inside belongs to its modules, so that `autograd.draw` can group and fold it by them.

    >>> import autograd, nn
    >>> model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    >>> with nn.scopes(model):
    ...     loss = model(autograd.ones(4, 2)).square().mean()
    >>> autograd.draw(loss, view="module")
    <Drawing of 6 nodes: .svg(), .save("graph.svg") or .source>
    """
    if not isinstance(model, Module):
        raise TypeError(f"scopes: takes a module, got {model!r}, a {type(model).__name__}")
    modules = dict(model.named_modules())
    own = {path: vars(module)["forward"] for path, module in modules.items() if "forward" in vars(module)}
    try:
        for path, module in modules.items():
            vars(module)["forward"] = _scoped(module.forward, _name_in(modules, path), _detail(module))
        yield
    finally:
        for path, module in modules.items():
            vars(module).pop("forward", None)
            if path in own:
                vars(module)["forward"] = own[path]


def _name_in(modules: Mapping[str, Module], path: str) -> str:
    """What a module is called inside the one that calls it: `layers.0` where a list holds it, which calls nothing."""
    if not path:
        return type(modules[path]).__name__
    names = path.split(".")
    callers = [i for i in range(len(names)) if _is_called(modules.get(".".join(names[:i])))]
    return ".".join(names[max(callers, default=0) :])


def _is_called(module: Module | None) -> bool:
    return module is not None and type(module).forward is not Module.forward


def _scoped(forward: Callable[..., Any], name: str, detail: str) -> Callable[..., Any]:
    @wraps(forward)
    def inside(*inputs: Any, **options: Any) -> Any:
        with autograd.scope(name, detail):
            return forward(*inputs, **options)

    return inside


def _detail(module: Module) -> str:
    """The class of a module, with its settings if they are short; what is only true or false is left out."""
    kind = type(module).__name__
    settings = [part for part in module.extra_repr().split(", ") if part and not part.endswith(("=True", "=False"))]
    text = f"{kind}({', '.join(settings)})"
    return text if settings and len(text) <= LONGEST_DETAIL else kind


def draw_graph(model: Any, inputs: Sequence[Any], view: str, **options: Any) -> Drawing:
    """Call the model and draw the graph of its result.

    Args:
        model: the module.
        inputs: what it is called with; they are drawn under the names that its `forward` gives them.
        view: `"module"`, `"tensor"` or `"scalar"`.
        options: those of `autograd.draw`.

    Raises:
        TypeError: there are no inputs, or the result has no graph.
    """
    if view not in VIEWS:
        raise ValueError(f"draw: view must be neurons, {', '.join(VIEWS)}, got {view!r}")
    if not isinstance(model, Module):
        raise TypeError(f"draw: view={view!r} takes a module, got {model!r}: Perceptrons have no graph, nn.Neuron has")
    if not inputs:
        raise TypeError(f"draw: view={view!r} shows what becomes of an input: write model.draw(x, view={view!r})")
    given = [_named(x, name) for x, name in zip(inputs, _names(model, len(inputs)), strict=True)]
    with scopes(model), _buffers_kept(model):
        result = _shown_of(model(*given))
        outputs = result.parents if isinstance(result, Vector) else (result,)
        if not any(isinstance(output, Node) and output.op is not None for output in outputs):
            raise TypeError(f"draw: {type(model).__name__} gave {result!r}, which has no graph to draw")
        names = _names_of_parameters(model) | _names_of_outputs(outputs) | (options.pop("names", None) or {})
        return autograd.draw(result, view=view, names=names, **options)


def _shown_of(result: Any) -> Any:
    """What is drawn of a result: all numbers of a layer of `Value`s, else the first of several, without states."""
    while isinstance(result, (tuple, list)) and result:
        if all(isinstance(entry, Value) for entry in result):
            return Vector(result)
        result = result[0]
    return result


def _names_of_outputs(outputs: Sequence[Node]) -> dict[Node, str]:
    names = ["output"] if len(outputs) == 1 else [f"output[{i}]" for i in range(len(outputs))]
    return {output: name for output, name in zip(outputs, names, strict=True) if output.name is None}


@contextmanager
def _buffers_kept(model: Module) -> Iterator[None]:
    """Running means and the like are afterwards what they were: who looks at a model does not train it."""
    before = [(buffer, buffer.clone()) for buffer in model.buffers()]
    try:
        yield
    finally:
        with autograd.no_grad():
            for buffer, numbers in before:
                if not np.array_equal(buffer.numpy(), numbers.numpy(), equal_nan=True):
                    buffer.copy_(numbers)


def _names_of_parameters(model: Module) -> dict[Node, str]:
    """What each parameter is called in its module: `weight`, `w[0]`."""
    owners = reversed(list(model.modules()))  # of two modules that share a parameter, the first one names it
    parameters = (pair for module in owners for pair in module.named_parameters(recurse=False))
    return {parameter: re.sub(r"\.(\d+)", r"[\1]", name) for name, parameter in parameters}


VIEWS = ("module", "tensor", "scalar")


def _names(model: Module, count: int) -> list[str]:
    """What the module calls its inputs."""
    parameters = signature(model.forward).parameters.values()
    names = [p.name for p in parameters if p.kind in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)]
    return [names[i] if i < len(names) else f"input {i}" for i in range(count)]


def _named(x: Any, name: str) -> Any:
    """An input with a name, and of the drawing's own, so that the caller's stays as it is."""
    if isinstance(x, Tensor):
        return Tensor(x.detach(), requires_grad=x.dtype.kind == "f", name=x.name or name)
    if isinstance(x, (list, tuple)):
        return [_named(entry, f"{name}[{i}]") for i, entry in enumerate(x)]
    return Value(float(x), name) if isinstance(x, (int, float, Value)) else x
