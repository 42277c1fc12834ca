"""PyTorch's answers, for programs that either package runs and for mixtures of dtypes."""

import json
from pathlib import Path

import pytest

import autograd
from autograd import tensor

from .arrays import close
from .tensor_programs import PROGRAMS, inputs_of

GOLDEN = json.loads(Path(__file__).with_name("golden").joinpath("tensors.json").read_text(encoding="utf-8"))


@pytest.fixture
def double():
    """Python's floats become float64."""
    autograd.set_default_dtype(autograd.float64)
    yield
    autograd.set_default_dtype(autograd.float32)


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_answer_as_in_pytorch(name, double):
    leaves = [tensor(x, requires_grad=True) for x in inputs_of(name)]
    result = PROGRAMS[name](autograd, *leaves)
    value, gradients = GOLDEN[name]
    (result * autograd.arange(1, result.numel() + 1).double().reshape(result.shape)).sum().backward()
    close(result.detach().numpy(), value, 1e-10, name)
    for x, gradient in zip(leaves, gradients, strict=True):
        close(x.grad.numpy(), gradient, 1e-10, f"a gradient of {name}")


def test_there_are_answers_to_all_programs():
    assert set(GOLDEN) == {*PROGRAMS, "promotions"}


@pytest.mark.parametrize("which", [0, 1], ids=["sum", "quotient"])
def test_mixed_dtypes_give_pytorchs(which):
    """For tensors with and without axes, and beside Python's numbers."""
    wrong = []
    for (dtype, ndim), other, *expected in GOLDEN["promotions"]:
        a = autograd.ones((2,) * ndim, dtype=dtype)
        b = (
            {"Python int": 1, "Python float": 1.0}[other]
            if isinstance(other, str)
            else autograd.ones((2,) * other[1], dtype=other[0])
        )
        found = (a / b if which else a + b).dtype
        if found != expected[which]:
            wrong.append(f"{dtype} of {ndim} axes and {other}: {found}, should be {expected[which]}")
    assert not wrong, "\n".join(wrong)
