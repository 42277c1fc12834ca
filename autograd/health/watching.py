"""`watch`: measure the layers of a model while it computes and learns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakMethod, finalize, ref

from ..array_rules import takes_gradient
from ..graph import Node, SharedHook
from ..modes import modes
from ..operands import Vector
from ..quiet import quiet
from ..tensor import Tensor
from ..value import Value
from .layers import Clock, LayerHealth, LayerRecord
from .report import HealthReport, averaged

__all__ = ["Watch", "watch"]


def watch(model: Any = None, /, *, steps: int = 1000, **nodes: Node) -> Watch:
    """Measure activations, gradients and updates of every layer of a model, until `remove()` or the end of a `with`.

    A step is a backward pass with the forward passes before it, and the update after it; forward passes under
    `no_grad` do not count.  What is measured is only read: training goes on bit by bit as without a watch.

    Args:
        model: what has `named_modules()`, whose modules have `register_forward_hook()` and `named_parameters()`,
            such as every model of `nn`.  Layers are the modules that are called, at any depth, and call no others
            or have parameters of their own besides.
        steps: how many steps are kept, the latest.
        nodes: nodes of a graph by names of your choice, in the place of a model or beside it.

    Returns:
        The `Watch`, whose `report()` prints as a table.

    Raises:
        TypeError: there is nothing to watch, or it is neither a model nor a node.

    >>> import autograd, nn
    >>> model = nn.MLP(2, [3, 1], "sigmoid", seed=0)
    >>> with watch(model) as health:
    ...     model([1.0, -2.0]).backward()
    >>> for row in health.report().rows:
    ...     print(row.layer, row.kind, row.units, round(row.speed, 3))
    layers.0 Layer 3 0.396
    layers.1 Layer 1 1.417

    After "neuron saturation" and "learning speed by layer" of the slides, and Nielsen, Neural Networks and Deep
    Learning (2015), chapter 5.
    """
    return Watch(model, steps, nodes)


class Watch:
    """Measures what a model does; see `watch`."""

    def __init__(self, model: Any, steps: int, nodes: dict[str, Node]) -> None:
        _check(model, steps, nodes)
        self._steps = steps
        self._clock = Clock()
        self._records: list[LayerRecord] = []
        self._inner: list[set[int]] = []  # for each record, those of the modules inside
        self._called: dict[int, bool] = {}  # in the order of the first calls; False for what only calls others
        self._handles: list[Any] = []  # of hooks on modules and parameters
        self._heard: list[SharedHook] = []  # on the activations of this step
        self._detach = finalize(self, _remove, self._handles, self._heard)
        if model is not None:
            self._attach(model)
        for name, node in nodes.items():
            self._attach_node(name, node)

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()

    def __repr__(self) -> str:
        state = "removed" if self.is_removed else "attached"
        layers = len(self._layers())
        return (
            f"<Watch of {layers} layer{'s' * (layers != 1)}, {state}, in step {self._clock.step}: .report(), .remove()>"
        )

    @property
    def is_removed(self) -> bool:
        """Whether nothing is measured any more."""
        return not self._detach.alive

    def remove(self) -> None:
        """Take all hooks away; the report stays.  The second time there is nothing to do."""
        if not self.is_removed:
            if self._clock.swept or self._clock.step == 1:  # else forward passes that no backward pass followed
                self._end_step()
            self._detach()

    def report(self, last: int | None = None) -> HealthReport:
        """What was measured: the averages of the steps, and the steps themselves.

        Args:
            last: how many steps to look at, the latest; by default all that are kept.

        Raises:
            ValueError: `last` is not a positive whole number.
            RuntimeError: nothing was measured yet.
        """
        if last is not None and (type(last) is not int or last < 1):
            raise ValueError(f"report: last must be a whole number of steps from 1 on, got {last!r}")
        measured = [(record, self._measured(record)) for record in self._layers()]
        newest = max((steps[-1].step for _, steps in measured if steps), default=0)
        if not newest:
            raise RuntimeError("report: nothing was measured yet: call the model inside the watch, not under no_grad")
        since = 1 if last is None else newest - last + 1
        rows, history = [], {}
        for record, steps in measured:
            if latest := [health for health in steps if health.step >= since]:
                rows.append(averaged(latest, record.dead(latest[0].step)))
                history[record.layer] = tuple(latest)
        return HealthReport(tuple(rows), history)

    def _measured(self, record: LayerRecord) -> list[LayerHealth]:
        """The steps of a layer, with the one under way if its backward pass has come, or if it is the first."""
        steps = list(record.history)
        if not record.is_empty and (self._clock.swept or not steps):
            steps.append(record.health())
        return steps

    def _layers(self) -> list[LayerRecord]:
        """The records of what was called, in that order, but for modules that only call others."""
        return [self._records[i] for i, is_layer in self._called.items() if is_layer]

    # ------------------------------------------------------------------ hooks

    def _attach(self, model: Any) -> None:
        modules = list(model.named_modules())
        places = {id(module): i for i, (_, module) in enumerate(modules)}
        for i, (name, module) in enumerate(modules):
            kind = type(module).__name__
            self._records.append(LayerRecord(name or kind, kind, self._clock, self._steps))
            self._inner.append({places[id(inner)] for _, inner in module.named_modules()} - {i})
            self._handles.append(module.register_forward_hook(_Weakly(self._see, i)))

    def _attach_node(self, name: str, node: Node) -> None:
        i = len(self._records)
        self._records.append(LayerRecord(name, node.op.name if node.op else "leaf", self._clock, self._steps))
        self._called[i] = True
        if node.op is None:
            self._listen_to_parameters(i, [node])
            self._measure(i, [node], None)
        else:
            self._measure(i, [node], None, self._handles)

    def _see(self, i: int, module: Any, _: Any, output: Any) -> None:
        """A module was called."""
        if not modes.recording.get():
            return
        if i not in self._called:
            self._called[i] = self._take_in(i, module)
        if self._called[i]:
            if self._clock.swept:
                self._end_step()
                _remove(self._heard)
            self._measure(i, _outputs(output), getattr(module, "nonlinearity", None), self._heard)

    def _take_in(self, i: int, module: Any) -> bool:
        """At the first call of a module: listen to its parameters, and tell whether it is a layer."""
        inner = self._inner[i] & self._called.keys()
        taken = {id(parameter()) for j in inner for parameter in self._records[j].parameters}
        own = [parameter for _, parameter in module.named_parameters() if id(parameter) not in taken]
        self._listen_to_parameters(i, own)
        return bool(own or not inner)

    def _listen_to_parameters(self, i: int, parameters: list[Any]) -> None:
        for place, parameter in enumerate(filter(takes_gradient, parameters)):
            self._records[i].parameters.append(ref(parameter))
            self._handles.append(parameter.register_hook(_Weakly(self._hear_parameter, i, place)))

    def _measure(self, i: int, outputs: list[Any], nonlinearity: Any, listening: list[Any] | None = None) -> None:
        """Measure what a layer gave, and listen to the gradients of that."""
        record = self._records[i]
        if outputs and isinstance(outputs[0], Value):
            record.see_scalars(outputs)
        else:
            with quiet():
                for output in outputs:
                    record.see(output, nonlinearity)
        learning = list(filter(takes_gradient, outputs))
        if learning and listening is not None:
            listening.append(SharedHook(learning, record.hear_activation))

    def _hear_parameter(self, i: int, place: int, gradient: Any) -> None:
        record = self._records[i]
        if record.has_heard(place):  # it belongs to another backward pass, and that is another step
            self._end_step()
        record.hear_parameter(place, gradient)

    def _end_step(self) -> None:
        """Put the measures of the step to those of the steps before, and begin anew."""
        measured = [record for record in self._layers() if not record.is_empty]
        for record in measured:
            record.history.append(record.health())
            record.begin()
        self._clock.swept = False
        self._clock.step += bool(measured)


class _Weakly:
    """Calls a method as long as its object lives: a model does not keep its watch alive, nor are the two a cycle."""

    __slots__ = ("_arguments", "_method")

    def __init__(self, method: Callable[..., None] | None, *arguments: Any) -> None:
        self._method = method and WeakMethod(method)
        self._arguments = arguments

    def __call__(self, *given: Any) -> None:
        method = self._method and self._method()
        if method:
            method(*self._arguments, *given)

    def __reduce__(self) -> tuple[Any, ...]:
        return _Weakly, (None,)  # nobody watches a copy of the model


def _remove(*handles: list[Any]) -> None:
    for some in handles:
        for handle in some:
            handle.remove()
        some.clear()


def _outputs(output: Any) -> list[Any]:
    """The nodes that a module gave; of a tuple, as output and state of a recurrent layer, the first part."""
    if isinstance(output, tuple):
        output = next((part for part in output if isinstance(part, (Node, list))), None)
    nodes = output if isinstance(output, list) else [output]
    return [node for node in nodes if isinstance(node, (Value, Tensor))]


def _check(model: Any, steps: Any, nodes: dict[str, Any]) -> None:
    if model is None and not nodes:
        raise TypeError("watch: there is nothing to watch: write watch(model), or watch(h=h) for a node")
    if isinstance(model, Node):
        raise TypeError(f"watch: takes nodes by name, got {model!r}: write watch(h=h)")
    if model is not None and not hasattr(model, "named_modules"):
        raise TypeError(f"watch: takes a model, which has named_modules(), got {model!r}, a {type(model).__name__}")
    if type(steps) is not int or steps < 1:
        raise ValueError(f"watch: steps must be a whole number from 1 on, got {steps!r}")
    for name, node in nodes.items():
        if not isinstance(node, Node) or isinstance(node, Vector):
            raise TypeError(f"watch: {name} must be a Value or a Tensor, got {node!r}, a {type(node).__name__}")
