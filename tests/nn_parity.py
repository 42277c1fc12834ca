"""Parity with PyTorch: the same weights and inputs through both, then outputs and all gradients compared.

    @needs_torch
    @pytest.mark.parametrize("dtype", DTYPES)
    def test_linear(dtype):
        assert_parity(nn.Linear(3, 2), torch.nn.Linear(3, 2), normal((4, 3)), dtype=dtype, text=True)

Either side may be a function instead of a module.  Inputs are NumPy's arrays and numbers, in tuples and lists too:
floating ones are cast to the dtype and get a gradient, the others (indices, masks) are handed on as tensors, and what
is neither (None, Python's numbers, text) as it is.
"""

from typing import Any, NamedTuple

import numpy as np
import pytest

import autograd
from autograd import Tensor
from nn import Module

try:
    import torch
except ImportError:
    torch = None  # type: ignore[assignment]

__all__ = [
    "DTYPES",
    "TOLERANCE",
    "Answers",
    "answers",
    "assert_close",
    "assert_parity",
    "assert_same",
    "copy_to_torch",
    "needs_torch",
    "normal",
    "randomised",
]

needs_torch = pytest.mark.skipif(torch is None, reason='PyTorch is not installed: pip install "stepgrad[bench]"')

TOLERANCE = {"float32": 1e-5, "float64": 1e-10}
"""What the largest error may be, relative to the largest element of its array."""

DTYPES = tuple(TOLERANCE)

FLOOR = 1.0
"""The least number that errors are relative to: inputs and upstream gradients are about 1, so a gradient that
cancels to nothing still has the rounding errors of its terms."""


class Answers(NamedTuple):
    """What a module or function gave: plain arrays, each with a name for errors."""

    outputs: dict[str, Any]
    gradients: dict[str, Any]  # of inputs, then of parameters; None where there is none
    state: dict[str, Any]  # buffers afterwards


def assert_parity(
    ours: Any,
    theirs: Any,
    *inputs: Any,
    dtype: str = "float64",
    text: bool = False,
    seed: int = 0,
    **options: Any,
) -> None:
    """Check that our module, given PyTorch's weights, has the same outputs, gradients and buffers as PyTorch's.

    Args:
        ours: a module or a function of tensors.
        theirs: PyTorch's; its parameters and mode (training or not) are taken over.
        inputs: arrays, and whatever else both take; see above.
        dtype: of all floating numbers.
        text: whether both must print the same, too.
        seed: of the gradient that is sent backwards.
        options: keywords for both calls.
    """
    if isinstance(ours, Module):
        theirs.to(getattr(torch, dtype))
        ours.to(dtype).train(theirs.training)
        assert list(ours.state_dict()) == list(theirs.state_dict())
        ours.load_state_dict(theirs.state_dict())
        if text:
            assert repr(ours) == repr(theirs)
    found = answers(ours, inputs, dtype, seed, **options)
    assert_same(found, answers(theirs, inputs, dtype, seed, library=torch, **options), dtype)


def copy_to_torch(ours: Module, theirs: Any) -> Any:
    """Give PyTorch's module the weights and buffers of ours."""
    theirs.load_state_dict({name: torch.tensor(x.numpy()) for name, x in ours.state_dict().items()})
    return theirs


def randomised(theirs: Any, seed: int = 0) -> Any:
    """PyTorch's module with all its floating parameters and buffers between ½ and 1½: none is 0 or 1 any more."""
    source = np.random.default_rng(seed)
    with torch.no_grad():
        for x in (*theirs.parameters(), *theirs.buffers()):
            if x.is_floating_point():
                x.copy_(torch.as_tensor(source.uniform(0.5, 1.5, tuple(x.shape))))
    return theirs


def answers(function: Any, inputs: Any, dtype: str, seed: int = 0, library: Any = autograd, **options: Any) -> Answers:
    """Run a module or function of either library forward and backward, under a random upstream gradient."""
    options = {name: _as_tensors(x, dtype, library) for name, x in options.items()}
    given = tuple(_as_tensors(x, dtype, library) for x in inputs)
    outputs = _leaves(function(*given, **options), "output")
    source = np.random.default_rng(seed)
    total: Any = 0.0
    for y in outputs.values():
        if _asks(y):
            upstream = np.asarray(source.standard_normal(tuple(y.shape)), _plain(y).dtype)
            total = total + (y * library.as_tensor(upstream)).sum()
    if _asks(total):
        total.backward()
    leaves = _leaves((given, options), "input")
    leaves |= dict(function.named_parameters()) if hasattr(function, "named_parameters") else {}
    return Answers(
        outputs={name: _plain(y) for name, y in outputs.items()},
        gradients={name: _plain(x.grad) for name, x in leaves.items() if _asks(x)},
        state={name: _plain(x) for name, x in function.named_buffers()} if hasattr(function, "named_buffers") else {},
    )


def assert_same(found: Answers, expected: Answers, dtype: str) -> None:
    """Check what two runs gave, array by array."""
    for what, a, b in zip(("output", "gradient", "buffer"), found, expected, strict=True):
        assert a.keys() == b.keys(), what
        for name in b:
            assert_close(a[name], b[name], dtype, f"{what} {name}")


def assert_close(found: Any, expected: Any, dtype: str, name: str = "") -> None:
    """Check that two arrays agree as well as the dtype allows; infinities and nans must be in the same places."""
    if not isinstance(found, np.ndarray) or not isinstance(expected, np.ndarray):
        assert found == expected, f"{name}: {found!r}, must be {expected!r}"
        return
    assert found.shape == expected.shape, f"{name}: shape {found.shape}, must be {expected.shape}"
    assert found.dtype == expected.dtype, f"{name}: {found.dtype}, must be {expected.dtype}"
    finite = np.isfinite(expected)
    np.testing.assert_array_equal(found[~finite], expected[~finite], name)
    scale = max(FLOOR, np.abs(expected[finite]).max(initial=0))
    error = np.abs(found[finite].astype(float) - expected[finite]).max(initial=0)
    assert error <= TOLERANCE[dtype] * scale, f"{name}: off by {error / scale:.1e} of its scale, {scale:.2g}"


def normal(shape: tuple[int, ...], seed: int = 0) -> np.ndarray[Any, Any]:
    """Normal numbers of this shape."""
    return np.random.default_rng(seed).standard_normal(shape)


# ---------------------------------------------------------------------- either library


def _as_tensors(x: Any, dtype: str, library: Any) -> Any:
    """Arrays as new leaves, inside tuples and lists too."""
    if isinstance(x, (tuple, list)):
        return type(x)(_as_tensors(entry, dtype, library) for entry in x)
    if not isinstance(x, (np.ndarray, np.generic)):
        return x
    if x.dtype.kind != "f":
        return library.tensor(x)
    return library.tensor(x.astype(dtype)).requires_grad_()


def _leaves(x: Any, name: str) -> dict[str, Any]:
    """The entries of nested tuples, lists and dictionaries by names such as `output[0][1]`."""
    if isinstance(x, (tuple, list)):
        x = dict(enumerate(x))
    if not isinstance(x, dict):
        return {name: x}
    return {path: leaf for key, entry in x.items() for path, leaf in _leaves(entry, f"{name}[{key}]").items()}


def _asks(x: Any) -> bool:
    """Whether it is a tensor that is differentiated."""
    return bool(getattr(x, "requires_grad", False))


def _plain(x: Any) -> Any:
    """The numbers of a tensor, copied; anything else as it is."""
    if isinstance(x, Tensor) or (torch is not None and isinstance(x, torch.Tensor)):
        return np.array(x.detach().numpy())
    return x
