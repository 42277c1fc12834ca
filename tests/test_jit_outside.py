"""Programs and what lies outside of them: tensors read anew, numbers relied on, memory that is shared."""

import copy

import numpy as np
import pytest

import autograd
from autograd import jit, tensor


def changed(target, change, *others):
    """A copy of a tensor, as a function of a program changes it."""
    result = target * 1.0
    change(result, *others)
    return result


READ_ANEW = {
    "an operand": lambda w, x: x * w,
    "its data": lambda w, x: x * w.data,
    "an element": lambda w, x: changed(x, lambda y: y.__setitem__(0, w)),
    "all elements": lambda w, x: changed(x, lambda y: y.__setitem__(slice(None), w)),
    "copy_": lambda w, x: changed(x, lambda y: y.copy_(w)),
    "fill_": lambda w, x: changed(x, lambda y: y.fill_(w)),
    "mul_": lambda w, x: changed(x, lambda y: y.mul_(w)),
    "+=, of an int": lambda w, x: changed(x.long(), lambda y: y.add_(w.long())),
    "add_": lambda w, x: changed(x, lambda y: y.add_(w)),
    "add_, alpha": lambda w, x: changed(x, lambda y: y.add_(w, alpha=0.5)),
    "sub_, alpha, and gradient": lambda w, x: changed(x.requires_grad_(), lambda y: y.sub_(w, alpha=0.5)),
    "tensor": lambda w, x: x * tensor(w),
    "tensor of a list": lambda w, x: x * tensor([w, w]),
    "copy": lambda w, x: x * copy.copy(w),
    "deepcopy": lambda w, x: x * copy.deepcopy(w),
    "stack": lambda w, x: x * autograd.stack([w, w]),
}
RELIED_ON = {
    "item": lambda w, x: x * w.item(),
    "float": lambda w, x: x * float(w),
    "int": lambda w, x: x * int(w),
    "format": lambda w, x: x * float(f"{w:.2f}"),
    "if": lambda w, x: x * 2.0 if w else -x,
    "tolist": lambda w, x: x * w.tolist(),
    "np.asarray": lambda w, x: x * (np.asarray(w) + 1.0),
    "np.full": lambda w, x: x * np.full(2, w),
    "numpy": lambda w, x: x * (w.numpy() + 1.0),
    "full": lambda w, x: x * autograd.full((2,), w),
}


def written_to(w, number):
    w.fill_(number)


def through_numpy(w, number):
    w.numpy()[...] = number


ways = pytest.mark.parametrize("change", [written_to, through_numpy], ids=lambda way: way.__name__)


def check(fun, change, programs):
    """That a program follows a tensor which it closes over, and how often the function has run by then."""
    w, x, runs = tensor(2.0), tensor([1.0, 3.0]), []

    def closed(x):
        runs.append(1)
        return fun(w, x)

    compiled = jit(closed)
    for number in (2.0, 0.0, 0.0, 1.0):
        change(w, number)
        expected = fun(w, x.clone())
        np.testing.assert_allclose(compiled(x.detach()).detach(), expected.detach(), rtol=1e-6)
    assert len(runs) == programs


@ways
@pytest.mark.parametrize("fun", READ_ANEW.values(), ids=READ_ANEW)
def test_tensors_from_outside_are_read_anew(fun, change):
    check(fun, change, programs=1)


@ways
@pytest.mark.parametrize("fun", RELIED_ON.values(), ids=RELIED_ON)
def test_numbers_that_were_relied_on_make_a_new_program_when_they_change(fun, change):
    check(fun, change, programs=3)


@pytest.mark.parametrize("fun", [*READ_ANEW.values(), *RELIED_ON.values()], ids=[*READ_ANEW, *RELIED_ON])
def test_another_array_in_the_place_of_the_first(fun):
    w, x = tensor(2.0), tensor([1.0, 3.0])
    compiled = jit(lambda x: fun(w, x))
    compiled(x)
    for number in (0.0, 1.0):
        w.data = tensor(number)
        np.testing.assert_allclose(compiled(x).detach(), fun(w, x.clone()).detach(), rtol=1e-6)


def test_the_sign_of_a_zero_counts():
    w = tensor(0.0)
    compiled = jit(lambda x: x / np.float64(np.copysign(1.0, w.item())))
    assert compiled(1.0) == 1.0
    w.fill_(-0.0)
    assert compiled(1.0) == -1.0


def step(a, total, matrix):
    """A product of what may lie in the memory of `a`, which is changed before the product is added."""
    product = matrix @ matrix
    a.sub_(1.0)
    total.add_(product, alpha=1.0)
    return total.sum()


def test_an_argument_in_memory_that_the_program_reads_from_outside():
    matrix = tensor([[1.0, 2.0], [3.0, 4.0]])
    zeros = autograd.zeros(2, 2)
    compiled = jit(lambda a, total: step(a, total, matrix))
    assert compiled(zeros.clone(), zeros.clone()) == 54.0
    assert compiled(matrix, zeros.clone()) == 54.0
    assert matrix.tolist() == [[0.0, 1.0], [2.0, 3.0]]
    assert compiled(matrix[:], zeros.clone()) == 2.0 + 3.0 + 6.0 + 11.0


def test_a_program_that_fails_after_it_has_written_is_a_change():
    def fun(a, i):
        a.add_(1.0)
        return a[i]

    compiled, w = jit(fun), tensor([1.0, 1.0], requires_grad=True)
    numbers = tensor([1.0, 2.0])
    compiled(numbers.clone(), np.array([1]))
    y = (w * numbers).sum()
    with pytest.raises(IndexError):
        compiled(numbers, np.array([9]))
    assert numbers.tolist() == [2.0, 3.0]
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward()
    assert w.grad is None


@pytest.mark.parametrize(
    ("first", "second"),
    [(0.0, -0.0), ((0.0,), (-0.0,)), ((1,), (1.0,)), (((1,), 2), ((True,), 2)), (complex(0, 0.0), complex(0, -0.0))],
    ids=repr,
)
def test_equal_static_arguments_that_differ_have_programs_of_their_own(first, second):
    compiled = jit(lambda x, argument: x * len(seen.append(argument) or seen), static_argnums=1)
    seen: list[object] = []
    for argument in (first, second, first, second):
        compiled(1.0, argument)
    assert [repr(x) for x in seen] == [repr(first), repr(second)]
    compiled(1.0, float("nan"))
    compiled(1.0, float("nan"))
    assert len(seen) == 3
