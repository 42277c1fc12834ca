"""`Module`: what all layers and models have in common."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np

from autograd import Parameter, Tensor, Value, as_tensor, no_grad

__all__ = ["IncompatibleKeys", "Module", "check_fit"]

Self = TypeVar("Self", bound="Module")
Hook = Callable[["Module", tuple[Any, ...], Any], Any]


class IncompatibleKeys(NamedTuple):
    """What `load_state_dict` found different, if it was told that this does not matter."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


class Module:
    """A part of a model: a function with parameters, as in PyTorch.

    A subclass sets parameters and other modules as attributes, or in lists, and defines `forward`:

    >>> import autograd, nn
    >>> class Affine(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.weight = nn.Parameter(autograd.ones(2))
    ...     def forward(self, x):
    ...         return self.weight * x
    >>> model = Affine()
    >>> model(3.0)
    tensor([3., 3.], op=<mul>)
    >>> [name for name, _ in model.named_parameters()]
    ['weight']
    """

    training = True
    """Whether the module is being trained: dropout and batch normalisation do something else after `eval()`."""

    _buffers: frozenset[str] = frozenset()
    _temporary: frozenset[str] = frozenset()  # the buffers that are not saved
    _hooks: tuple[Hook, ...] = ()
    _name = ""  # what the module that holds this one calls it

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        result = self.forward(*inputs, **options)
        for hook in self._hooks:
            replaced = hook(self, inputs, result)
            result = result if replaced is None else replaced
        return result

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """What the module computes."""
        raise NotImplementedError(f"{type(self).__name__}: a module must define forward(self, x)")

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Module):
            value._name = value._name or name
        object.__setattr__(self, name, value)

    # ------------------------------------------------------------------ what it holds

    def _held(self) -> Iterator[tuple[str, Any]]:
        """The attributes by name, and the entries of lists by name and number, in the order in which they were set."""
        for name, value in vars(self).items():
            if isinstance(value, (list, tuple)):
                yield from ((f"{name}.{i}", entry) for i, entry in enumerate(value))
            else:
                yield name, value

    def _own_parameters(self) -> Iterator[tuple[str, Any]]:
        for name, value in self._held():
            if isinstance(value, (Value, Parameter)):
                yield name, value

    def _learnt(self) -> Iterable[Any]:
        """The same without names, which training has no use for."""
        return (value for _, value in self._own_parameters())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules that this one holds, with their names, in the order in which they were set."""
        seen = set()
        for name, value in self._held():
            if isinstance(value, Module) and id(value) not in seen:
                seen.add(id(value))
                yield name, value

    def children(self) -> Iterator[Module]:
        """The modules that this one holds."""
        return (module for _, module in self.named_children())

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """This module and all that it holds, at any depth, each once; names are paths such as `layers.0`."""
        waiting, seen = [(prefix, self)], set()
        while waiting:
            name, module = waiting.pop()
            if id(module) in seen:
                continue
            seen.add(id(module))
            yield name, module
            inner = [(_path(name, child_name), child) for child_name, child in module.named_children()]
            waiting += reversed(inner)

    def modules(self) -> Iterator[Module]:
        """This module and all that it holds, at any depth, each once."""
        return (module for _, module in self.named_modules())

    def named_parameters(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Any]]:
        """Every parameter with its path, once even if two modules share it.

        Args:
            prefix: stands before each path.
            recurse: those of the modules that this one holds, too.
        """
        return _once(self._gathered(prefix, recurse, lambda module: module._own_parameters()))

    def parameters(self, recurse: bool = True) -> list[Any]:
        """Every parameter, once even if two modules share it; in a list, so that it has a length."""
        modules = self.modules() if recurse else (self,)
        return list({id(p): p for module in modules for p in module._learnt()}.values())

    def named_buffers(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Tensor]]:
        """Every buffer with its path."""
        return _once(self._gathered(prefix, recurse, lambda module: module._own_buffers()))

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Every buffer: a tensor that is part of the state but is not learnt."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def _own_buffers(self) -> Iterator[tuple[str, Any]]:
        return ((name, value) for name, value in vars(self).items() if name in self._buffers and value is not None)

    def _own_state(self) -> Iterator[tuple[str, Any]]:
        yield from self._own_parameters()
        yield from self._own_buffers()

    def _state(self) -> dict[str, Any]:
        """Every parameter and buffer by its path, or by all of them if two modules share it."""
        return {
            _path(path, name): value for path, module in _every_module(self, "") for name, value in module._own_state()
        }

    def _gathered(
        self, prefix: str, recurse: bool, own: Callable[[Module], Iterator[tuple[str, Any]]]
    ) -> Iterator[tuple[str, Any]]:
        for path, module in self.named_modules(prefix) if recurse else [(prefix, self)]:
            yield from ((_path(path, name), value) for name, value in own(module))

    def register_buffer(self, name: str, tensor: Any, persistent: bool = True) -> None:
        """Make a tensor part of the state, such as a running mean, without learning it.

        Args:
            name: the attribute.
            tensor: its value, or None for now.
            persistent: whether `state_dict` contains it.
        """
        self._buffers = self._buffers | {name}
        if not persistent:
            self._temporary = self._temporary | {name}
        setattr(self, name, tensor)

    def register_parameter(self, name: str, parameter: Any) -> None:
        """Set a parameter as an attribute; None stands for one that is left out."""
        if parameter is not None and not isinstance(parameter, Parameter):
            raise TypeError(f"register_parameter: {name} must be a Parameter, got {parameter!r}: write nn.Parameter(x)")
        setattr(self, name, parameter)

    def add_module(self, name: str, module: Module) -> None:
        """Set a module as an attribute."""
        setattr(self, name, module)

    def get_submodule(self, target: str) -> Module:
        """The module with this path.

        Raises:
            AttributeError: there is none.
        """
        for name, module in self.named_modules():
            if name == target:
                return module
        raise AttributeError(f"get_submodule: {type(self).__name__} has no module {target!r}")

    def apply(self: Self, function: Callable[[Module], Any]) -> Self:
        """Call a function on every module, those inside first."""
        for child in self.children():
            child.apply(function)
        function(self)
        return self

    def draw(self, *inputs: Any, view: str = "neurons", **options: Any) -> Any:
        """Draw the module: its neurons, or the graph of what it makes of its inputs at one of three zooms.

        Args:
            inputs: what it is called with; views but `"neurons"` need them.
            view: `"neurons"`, as textbooks draw networks, see `nn.draw`; `"module"`, one box per module; `"tensor"`,
                one ellipse per operation; `"scalar"`, every multiplication and addition.
            options: those of `nn.draw`, or of `autograd.draw`.

        Returns:
            What notebooks display, with `.svg()` and `.save("model.svg")`.

        Raises:
            ValueError: no such view.
            TypeError: there are no inputs.

        >>> import autograd, nn
        >>> model = nn.Sequential(nn.Linear(2, 3), nn.Tanh())
        >>> model.draw(autograd.ones(1, 2), view="module")
        <Drawing of 3 nodes: .svg(), .save("graph.svg") or .source>
        """
        from .draw import draw
        from .draw.graphs import draw_graph

        return draw(self, *inputs, **options) if view == "neurons" else draw_graph(self, inputs, view, **options)

    def register_forward_hook(self, hook: Hook) -> ForwardHook:
        """Call `hook(module, inputs, output)` after each call; what it returns, but None, replaces the output.

        Returns a handle whose `remove()` takes the hook away again.
        """
        self._hooks = (*self._hooks, hook)
        return ForwardHook(self, hook)

    # ------------------------------------------------------------------ modes and gradients

    def train(self: Self, mode: bool = True) -> Self:
        """Begin to train, or stop it, everywhere inside."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self: Self) -> Self:
        """Stop training: the same as `train(False)`."""
        return self.train(False)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradient of every parameter, or make it 0."""
        for parameter in self.parameters():
            if set_to_none or isinstance(parameter, Value):
                parameter.zero_grad()
            elif parameter.grad is not None:
                parameter.grad = np.zeros(parameter.shape, parameter.dtype)

    def requires_grad_(self: Self, requires_grad: bool = True) -> Self:
        """Learn every parameter, or freeze it."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    # ------------------------------------------------------------------ dtypes and devices

    def to(self: Self, *target: Any, dtype: Any = None, device: Any = None) -> Self:
        """Change the dtype of all floating parameters and buffers; the only device is `"cpu"`.

        The parameters are other tensors afterwards: make the optimiser then.
        """
        for x in target:
            if x != "cpu":
                dtype = x
        if device not in (None, "cpu"):
            raise ValueError(f"to: there is no device {device!r} here: write device='cpu'")
        if dtype is None:
            return self
        replaced: dict[int, Any] = {}
        for value in self._state().values():
            if isinstance(value, Tensor) and value.is_floating_point():
                with no_grad():
                    converted = value.detach().type(dtype)
                is_learnt = isinstance(value, Parameter)
                replaced[id(value)] = Parameter(converted, value.requires_grad) if is_learnt else converted
        self._exchange(replaced)
        return self

    def _exchange(self, tensors: Mapping[int, Any]) -> list[tuple[Module, str, Any]]:
        """Put tensors in the places of others, given by their identity.

        Returns:
            What was changed: modules, names of attributes, and what these were before.
        """
        before = []
        for module in self.modules():
            for name, value in list(module._own_state()):
                if id(value) in tensors:
                    attribute = name.partition(".")[0]
                    before.append((module, attribute, getattr(module, attribute)))
                    module._replace(name, tensors[id(value)])
        return before

    def _replace(self, name: str, value: Any) -> None:
        """Put a parameter or buffer in the place of that name, which may be one of a list."""
        attribute, _, place = name.partition(".")
        if not place:
            setattr(self, attribute, value)
            return
        entries = getattr(self, attribute)
        changed = [value if str(i) == place else entry for i, entry in enumerate(entries)]
        setattr(self, attribute, type(entries)(changed))

    def float(self: Self) -> Self:
        """Change all floating parameters and buffers to float32."""
        return self.to("float32")

    def double(self: Self) -> Self:
        """Change all floating parameters and buffers to float64."""
        return self.to("float64")

    # ------------------------------------------------------------------ saving and loading

    def state_dict(self, prefix: str = "") -> OrderedDict[str, Tensor]:
        """All parameters and buffers by their paths, as tensors in the same memory, outside every graph."""
        found: OrderedDict[str, Tensor] = OrderedDict()
        for path, module in _every_module(self, prefix.rstrip(".")):
            for name, value in module._own_state():
                if name not in module._temporary:
                    is_tensor = isinstance(value, Tensor)
                    found[_path(path, name)] = value.detach() if is_tensor else as_tensor(np.asarray(value.data))
        return found

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> IncompatibleKeys:
        """Take over numbers by their paths; if something does not fit, nothing is changed.

        Args:
            state_dict: tensors, arrays, or PyTorch's tensors, by paths as in `state_dict()`.
            strict: whether all paths must be there, and no others.

        Raises:
            ValueError: paths are missing or unexpected, or shapes differ: all of them are listed.
        """
        own = {
            _path(path, name): value
            for path, module in _every_module(self, "")
            for name, value in module._own_state()
            if name not in module._temporary
        }
        missing = [name for name in own if name not in state_dict]
        unexpected = [name for name in state_dict if name not in own]
        given = {name: _array(value) for name, value in state_dict.items() if name in own}
        check_fit(f"load_state_dict: {type(self).__name__}", own, given, *((missing, unexpected) if strict else ()))
        with no_grad():
            for name, array in given.items():
                target = own[name]
                if isinstance(target, Value):
                    target.data = array
                else:
                    target.copy_(array.astype(target.dtype))
        return IncompatibleKeys(missing, unexpected)

    # ------------------------------------------------------------------ displays

    def extra_repr(self) -> str:
        """What stands in the brackets of this module's own line when it is printed."""
        return ""

    def __repr__(self) -> str:
        own = self.extra_repr()
        held = [(name, value) for name, value in self._held() if isinstance(value, Module)]
        inner = [f"({name}): " + repr(child).replace("\n", "\n  ") for name, child in held]
        if not inner:
            return f"{type(self).__name__}({own})"
        lines = ([own] if own else []) + inner
        return f"{type(self).__name__}(\n  " + "\n  ".join(lines) + "\n)"

    def _label(self) -> str:
        """How errors call this module."""
        return f"{self._name} ({type(self).__name__})" if self._name else type(self).__name__


class ForwardHook:
    """A hook on a module; `remove()` takes it away."""

    def __init__(self, module: Module, hook: Hook) -> None:
        self._module, self._hook = module, hook

    def remove(self) -> None:
        """Take the hook away; the second time there is nothing to do."""
        self._module._hooks = tuple(hook for hook in self._module._hooks if hook is not self._hook)


def _path(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name


def _once(pairs: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """The pairs whose second part did not come before."""
    seen = set()
    for name, value in pairs:
        if id(value) not in seen:
            seen.add(id(value))
            yield name, value


def _every_module(module: Module, prefix: str) -> Iterator[tuple[str, Module]]:
    """Like `named_modules`, but a module that is held twice comes under both paths."""
    yield prefix, module
    for name, value in module._held():
        if isinstance(value, Module):
            yield from _every_module(value, _path(prefix, name))


def check_fit(
    caller: str,
    own: Mapping[str, Any],
    given: Mapping[str, Any],
    missing: Sequence[str] = (),
    unexpected: Sequence[str] = (),
) -> None:
    """Raise if names are missing or unexpected, or shapes are not those of a module's own; all of them are listed."""
    complaints = [f"missing: {', '.join(missing)}"] if missing else []
    complaints += [f"unexpected: {', '.join(unexpected)}"] if unexpected else []
    complaints += [
        f"{name} has shape {_shape(x)}, must have {_shape(own[name])}"
        for name, x in given.items()
        if name in own and _shape(x) != _shape(own[name])
    ]
    if complaints:
        raise ValueError(f"{caller}: {'; '.join(complaints)}")


def _shape(x: Any) -> tuple[int, ...]:
    """That of a tensor or an array; of a number, no axes."""
    return tuple(getattr(x, "shape", ()))


def _array(x: Any) -> np.ndarray[Any, Any]:
    """The numbers of a tensor of anybody's."""
    if isinstance(x, Tensor):
        return x.detach().numpy()
    return np.asarray(x.detach() if hasattr(x, "detach") else x)
