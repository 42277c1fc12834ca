"""`functional_call`: a module as a function of its parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from autograd import Value, as_tensor

from .module import Module, check_fit

__all__ = ["functional_call"]


def functional_call(
    module: Module,
    parameters_and_buffers: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    args: Any = (),
    kwargs: Mapping[str, Any] | None = None,
    *,
    strict: bool = False,
) -> Any:
    """What a module makes of its inputs with other tensors in the place of its own.

    Args:
        module: a module of tensors; afterwards it has its own again, whatever happens.
        parameters_and_buffers: tensors or arrays by the names of `named_parameters()` and `named_buffers()`, or
            several such dictionaries.  A parameter that two modules share is replaced in both, by either name.
        args: the inputs: a tuple of them, or a single one.
        kwargs: those that are given by name.
        strict: whether all parameters and buffers must be given; else those that are not stay.

    Returns:
        The module's output, which depends on the tensors that were given.

    Raises:
        ValueError: names are unknown or missing, or shapes differ: all of them are listed.  Or one shared tensor
            is given twice.
        TypeError: a parameter is a `Value`, as in `MLP`.

    With it, transforms differentiate by all parameters at once, and `autograd.jit` compiles a step of training:

    >>> import autograd, nn
    >>> model = nn.Sequential(nn.Linear(1, 1))
    >>> x, y = autograd.tensor([[1.0], [2.0]]), autograd.tensor([[3.0], [5.0]])
    >>> def loss(parameters, x, y):
    ...     return nn.functional.mse_loss(nn.functional_call(model, parameters, x), y)
    >>> step = autograd.jit(autograd.value_and_grad(loss))
    >>> optimizer = nn.optim.SGD(model.parameters(), lr=0.1)
    >>> for _ in range(500):
    ...     with autograd.no_grad():  # the graph is inside the step
    ...         value, gradients = step(dict(model.named_parameters()), x, y)
    ...     for name, parameter in model.named_parameters():
    ...         parameter.grad = gradients[name]
    ...     optimizer.step()
    >>> [round(p.item(), 2) for p in model.parameters()]
    [2.0, 1.0]

    Named as PyTorch's `torch.func.functional_call`.
    """
    own, given = module._state(), _joined(parameters_and_buffers)
    names = {id(own[name]) for name in given if name in own}
    missing = [name for name, tensor in own.items() if id(tensor) not in names] if strict else []
    unexpected = [name for name in given if name not in own]
    check_fit(f"functional_call: {type(module).__name__}", own, given, missing, unexpected)
    before = module._exchange(_by_identity(own, given))
    try:
        return module(*(args if isinstance(args, tuple) else (args,)), **(kwargs or {}))
    finally:
        for owner, name, value in reversed(before):
            setattr(owner, name, value)


def _joined(given: Any) -> dict[str, Any]:
    """One dictionary of all that were given."""
    joined: dict[str, Any] = {}
    for tensors in (given,) if isinstance(given, Mapping) else given:
        twice = joined.keys() & tensors.keys()
        if twice:
            raise ValueError(f"functional_call: {', '.join(sorted(twice))}: given in two dictionaries: give it once")
        joined.update(tensors)
    return joined


def _by_identity(own: Mapping[str, Any], given: Mapping[str, Any]) -> dict[int, Any]:
    """What is to stand for each of a module's tensors."""
    replaced: dict[int, Any] = {}
    for name, x in given.items():
        if isinstance(own[name], Value):
            raise TypeError(f"functional_call: {name} is a Value, one number: only tensors can be replaced")
        if replaced.setdefault(id(own[name]), x) is not x:
            raise ValueError(f"functional_call: {name} is a shared tensor that was given by another name, too")
    return {key: x if hasattr(x, "detach") else as_tensor(x) for key, x in replaced.items()}
