"""`Optimizer`: what all optimisers have in common."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograd import Node, Tensor, enable_grad, increment_version, zeros_like

from .blocks import Array, Block, blocks_of, parameters_of

__all__ = ["Optimizer", "announce", "average"]

PIECE = 1 << 18
"""How many bytes of each array are updated at a time: a core's cache then holds all that a rule reads."""


class Optimizer:
    """Changes parameters by their gradients, to make a loss smaller.

    A subclass says in `_buffers` which arrays it remembers of each parameter, and in `_update` what a step does.

    Args:
        params: parameters, tensors or `Value`s, or dictionaries of `params` with options of their own; None if
            `add_param_group` will give them.
        defaults: the options of parameters that have none of their own.

    Attributes:
        param_groups: the options in force, a dictionary for each group of `params`: set `group["lr"]` to
            change the learning rate.
        state: what is remembered of each parameter; all `Value`s of a group have one state, under the first.

    The surface is that of `torch.optim` (Paszke et al. 2019).
    """

    def __init__(self, params: Any, defaults: Mapping[str, Any]) -> None:
        self.defaults = dict(defaults)
        self.param_groups: list[dict[str, Any]] = []
        self.state: dict[Node, dict[str, Any]] = {}
        self._blocks: list[list[Block]] = []  # the parameters of each group
        self._memory: dict[Any, Array] = {}
        self._check(self.defaults)
        if params is None:
            return
        if isinstance(params, (list, tuple)) and params and all(isinstance(entry, Mapping) for entry in params):
            for group in params:
                self.add_param_group(group)
        else:
            self.add_param_group({"params": params})

    def add_param_group(self, param_group: Mapping[str, Any]) -> None:
        """Take more parameters, the entry `params`, with options of their own."""
        name = type(self).__name__
        unknown = param_group.keys() - self.defaults.keys() - {"params", "initial_lr", "name"}
        if unknown:
            raise ValueError(f"{name}: there is no option {min(unknown)!r}, only {', '.join(self.defaults)}")
        if "params" not in param_group:
            raise ValueError(f"{name}: a group of parameters must have them as 'params'")
        parameters = parameters_of(param_group["params"], name)
        self._check_new(parameters)
        group = {**param_group, "params": parameters}
        group |= {option: default for option, default in self.defaults.items() if option not in group}
        self._check(group)
        self.param_groups.append(group)
        self._blocks.append(blocks_of(parameters))

    def _check_new(self, parameters: list[Any]) -> None:
        name = type(self).__name__
        if not parameters:
            raise ValueError(f"{name}: the list of parameters is empty: does the model have any?")
        for parameter in parameters:
            if parameter.op is not None:
                raise ValueError(f"{name}: can only change leaves, got the result of {parameter.op.name}: {parameter}")
        known = [id(parameter) for group in self.param_groups for parameter in group["params"]]
        if len({*known, *map(id, parameters)}) < len(known) + len(parameters):
            raise ValueError(f"{name}: a parameter is given twice: it would be changed twice a step")

    # ------------------------------------------------------------------ one step

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change every parameter that has a gradient.

        Args:
            closure: computes the loss anew and calls `backward`; it is called before the change.

        Returns:
            What the closure returned, or None.
        """
        self._check_ready()
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        changed: list[Node] = []
        with np.errstate(all="ignore"):  # IEEE 754: what overflows is infinite
            for group, blocks in zip(self.param_groups, self._blocks, strict=True):
                for block in blocks:
                    gradient = block.gradient()
                    if gradient is not None:
                        self._change(block, gradient, group)
                        changed += block.parameters
        announce(changed)
        return loss

    def _check_ready(self) -> None:
        if not self.param_groups:
            name = type(self).__name__
            raise RuntimeError(f"{name}: has no parameters yet: write {name}(model.parameters(), ...)")

    def _change(self, block: Block, gradient: Array, group: dict[str, Any]) -> None:
        """Apply the rule to a block, piece by piece."""
        numbers, parameter = block.numbers(), block.parameters[0]
        state = self.state.get(parameter)
        if state is None:
            state = self.state[parameter] = {"step": 0}
        state["step"] += 1
        buffers = self._buffers(group)
        for name, start in buffers.items():
            if name not in state:
                state[name] = np.full(block.shape, start, numbers.dtype)
        flat = [numbers, gradient, *[state[name].reshape(-1) for name in buffers]]
        if not self._updated_at_once(numbers, gradient, group):
            for x, g, *remembered in _pieces(flat):
                self._update(x, g, dict(zip(buffers, remembered, strict=True)), state["step"], group)
        block.store(numbers)

    def _check(self, options: Mapping[str, Any]) -> None:
        """Raise a ValueError if one of the options makes no sense."""
        for name in ("lr", "weight_decay", "momentum", "eps"):
            if not options.get(name, 0) >= 0:
                raise ValueError(f"{type(self).__name__}: {name} must be at least 0, got {options[name]!r}")

    def _buffers(self, group: Mapping[str, Any]) -> dict[str, float]:
        """The arrays to remember of each parameter, and the number that fills them at first."""
        return {}

    def _updated_at_once(self, x: Array, g: Array, group: Mapping[str, Any]) -> bool:
        """Change all of `x` as `_update` would, if there is a faster way than piece by piece."""
        return False

    def _update(self, x: Array, g: Array, buffers: dict[str, Array], step: int, group: Mapping[str, Any]) -> None:
        """Change `x`, in its memory, by its gradient `g`; `step` is 1 at first."""
        raise NotImplementedError(f"{type(self).__name__}: an optimiser must define step(), or _update()")

    # ------------------------------------------------------------------ what rules share

    def _spare(self, like: Array, number: int = 0) -> Array:
        """Memory for intermediate results, kept from step to step."""
        key = like.dtype, number
        if key not in self._memory:
            self._memory[key] = np.empty(PIECE // like.itemsize, like.dtype)
        return self._memory[key][: like.size]

    def _penalized(self, x: Array, g: Array, group: Mapping[str, Any], weight_decay: float) -> Array:
        """g + λx, the gradient with that of the penalty ½λx²; of −loss if it is to be maximised."""
        maximize = group["maximize"]
        if not weight_decay:
            return np.negative(g, out=self._spare(g, 1)) if maximize else g
        penalty = np.multiply(x, weight_decay, out=self._spare(g, 1))
        return np.subtract(penalty, g, out=penalty) if maximize else np.add(penalty, g, out=penalty)

    # ------------------------------------------------------------------ gradients, states, display

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients.

        Args:
            set_to_none: a tensor's gradient becomes None; otherwise it becomes 0, and a step still changes the
                tensor by what momentum and weight decay do.
        """
        for group in self.param_groups:
            for parameter in group["params"]:
                if set_to_none or not isinstance(parameter, Tensor):
                    parameter.zero_grad()
                elif parameter.grad is not None:
                    parameter.grad = zeros_like(parameter)

    def state_dict(self) -> dict[str, Any]:
        """A copy of all that a later step depends on, in plain dictionaries and lists of numbers and arrays."""
        blocks = [block for group in self._blocks for block in group]
        numbered = iter(range(len(blocks)))
        return {
            "state": {
                i: copy.deepcopy(self.state[block.parameters[0]])
                for i, block in enumerate(blocks)
                if block.parameters[0] in self.state
            },
            "param_groups": [
                {**copy.deepcopy(_options(group)), "params": [next(numbered) for _ in blocks]}
                for group, blocks in zip(self.param_groups, self._blocks, strict=True)
            ],
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on where the optimiser stood whose `state_dict` this is, to the same bits.

        Raises:
            ValueError: it is that of another optimiser, or of other parameters; nothing is loaded.
        """
        saved = list(state_dict["param_groups"])
        state = {int(i): dict(entries) for i, entries in state_dict["state"].items()}
        complaint = self._difference(saved, state)
        if complaint:
            raise ValueError(f"load_state_dict: {type(self).__name__}: {complaint}")
        blocks = [block for group in self._blocks for block in group]
        self.state = {blocks[i].parameters[0]: self._restored(blocks[i], state[i]) for i in state}
        for group, options in zip(self.param_groups, saved, strict=True):
            group |= copy.deepcopy(_options(options))

    def _difference(self, saved: list[Mapping[str, Any]], state: Mapping[int, Mapping[str, Any]]) -> str:
        """Why this state is not for this optimiser; empty if it is."""
        sizes, expected = [len(group["params"]) for group in saved], [len(blocks) for blocks in self._blocks]
        if sizes != expected:
            return f"has groups of {expected} parameters, the state groups of {sizes}"
        for options in saved:
            missing = [name for name in self.defaults if name not in options]
            if missing:
                return f"the state has no {missing[0]}: it is another optimiser's"
            self._check(options)
        blocks = [(block, i) for i, group in enumerate(self._blocks) for block in group]
        for number, entries in state.items():
            if not 0 <= number < len(blocks):
                return f"has {len(blocks)} parameters, the state has one with number {number}"
            block, group = blocks[number]
            for name, shape in self._shapes(block, saved[group]).items():
                if name not in entries:
                    return f"the state of parameter {number} has no {name}"
                if np.shape(entries[name]) != shape:
                    return f"{name} of parameter {number} has shape {np.shape(entries[name])}, must have {shape}"
        return ""

    def _shapes(self, block: Block, group: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
        """What a saved state must contain for these parameters."""
        return {"step": ()} | dict.fromkeys(self._buffers(group), block.shape)

    def _restored(self, block: Block, entries: Mapping[str, Any]) -> dict[str, Any]:
        """A saved state as it is used: steps are whole numbers, arrays have the dtype of the parameters."""
        dtype = block.numbers().dtype
        return {name: int(x) if name == "step" else np.array(x, dtype) for name, x in entries.items()}

    def __repr__(self) -> str:
        count = sum(len(group["params"]) for group in self.param_groups)
        options = ", ".join(f"{name}={value!r}" for name, value in self.defaults.items())
        return f"{type(self).__name__}({options}; {count} parameters)"


def average(old: Array, new: Array, beta: float, spare: Array) -> None:
    """old ← β old + (1 − β) new, an exponential moving average; `spare` may be `new` itself."""
    old *= beta
    old += np.multiply(new, 1 - beta, out=spare)


def _pieces(flat: list[Array]) -> list[list[Array]]:
    """The same stretches of arrays of equal lengths."""
    size, length = flat[0].size, PIECE // flat[0].itemsize
    if size <= length:
        return [flat]
    return [[array[start : start + length] for array in flat] for start in range(0, size, length)]


def announce(parameters: list[Node]) -> None:
    """Tell the engine that the numbers of these were changed."""
    tensors = [parameter for parameter in parameters if isinstance(parameter, Tensor)]
    if tensors:
        increment_version(tensors)


def _options(group: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in group.items() if name != "params"}
