"""Wrong arguments raise at the call, in one line that says what was given and what to write instead."""

import numpy as np
import pytest

import autograd
from autograd import Tensor, Value, tensor

X = np.arange(6.0).reshape(2, 3)


def leaf(numbers=X, **options):
    return Tensor(np.array(numbers), True, **options)


x, y, whole, flat = leaf(), leaf(np.ones((2, 2))), tensor([1, 2]), leaf(np.ones(4))

MAKING = {
    "text": (lambda: tensor("3"), TypeError, "must be numbers, got '3', a str"),
    "None": (lambda: tensor(None), TypeError, "must be numbers, got None"),
    "ragged lists": (lambda: tensor([[1, 2], [3]]), ValueError, "ragged"),
    "lists of text": (lambda: tensor(["a"]), TypeError, "cannot hold .*give numbers"),
    "objects": (lambda: tensor(np.array([None])), TypeError, "cannot hold .*object: give numbers"),
    "dates": (lambda: tensor(np.array(["2020-01-01"], "datetime64[D]")), TypeError, "datetime64"),
    "a Value": (lambda: tensor(Value(1.0)), TypeError, r"a node: write v\.data"),
    "Values": (lambda: tensor([Value(1.0)]), TypeError, "stack"),
    "nodes": (lambda: tensor([x, x]), TypeError, r"join them by autograd\.stack"),
    "integers with gradients": (
        lambda: tensor([1], requires_grad=True),
        TypeError,
        "only floating-point tensors .*int64",
    ),
    "truths with gradients": (lambda: tensor([True]).requires_grad_(), TypeError, "only floating-point tensors .*bool"),
    "zeros with gradients": (
        lambda: autograd.zeros(2, dtype="long", requires_grad=True),
        TypeError,
        "only floating-point",
    ),
    "no such dtype": (lambda: tensor(1, dtype="float8"), TypeError, "dtype: must be one of .*float32.*, got 'float8'"),
    "dtype of text": (lambda: autograd.zeros(2, dtype=str), TypeError, "dtype: must be one of"),
    "no such device": (lambda: x.to("cuda"), ValueError, "no device 'cuda'"),
    "device of tensor": (lambda: tensor([1.0], device="cuda"), ValueError, "no device 'cuda'"),
    "default dtype": (
        lambda: autograd.set_default_dtype("long"),
        TypeError,
        "must be a floating-point dtype, got int64",
    ),
    "from a list": (lambda: autograd.from_numpy([1.0]), TypeError, "takes a NumPy array"),
    "negative size": (lambda: autograd.zeros(2, -1), ValueError, r"zeros: sizes must not be negative, got \(2, -1\)"),
    "size of floats": (lambda: autograd.ones(2.0), TypeError, "ones: must be integers"),
    "no step": (lambda: autograd.arange(0, 3, 0), ValueError, "step must not be 0"),
    "no integer": (lambda: autograd.randint(3, 3, (1,)), ValueError, "no integer from 3 to before 3"),
    "a name": (lambda: Tensor(1.0, name=3), TypeError, "name: must be a string"),
}
READING = {
    "item": (lambda: x.item(), ValueError, r"item: .*\(2, 3\).*tolist"),
    "float": (lambda: float(x), ValueError, r"\(2, 3\)"),
    "int": (lambda: int(x), ValueError, r"\(2, 3\)"),
    "bool": (lambda: bool(x), ValueError, r"\(2, 3\) is neither true nor false: write x\.any\(\)"),
    "nothing is not false": (lambda: bool(autograd.zeros(0)), ValueError, r"\(0,\)"),
    "index": (lambda: [1, 2][tensor(1.0)], TypeError, "only a tensor of one integer"),
    "format": (lambda: f"{x:.2f}", ValueError, r"\(2, 3\)"),
    "len": (lambda: len(tensor(1.0)), TypeError, "0-d"),
    "iteration": (lambda: list(tensor(1.0)), TypeError, "0-d"),
    "numpy": (lambda: x.numpy(), RuntimeError, r"detach\(\)\.numpy\(\)"),
    "np.array": (lambda: np.asarray(x), RuntimeError, r"detach\(\)\.numpy\(\)"),
    "mT": (lambda: flat.mT, ValueError, r"\(4,\)"),
    "t": (lambda: leaf(np.ones((1, 1, 1))).t(), ValueError, r"\(1, 1, 1\)"),
}
GRADIENTS = {
    "several elements": (
        lambda: (x * 2).backward(),
        RuntimeError,
        r"\(2, 3\): reduce it to one number, as in y\.sum\(\)\.backward\(\)",
    ),
    "no leaf": (lambda: tensor([1.0]).backward(), RuntimeError, "make a leaf with requires_grad=True"),
    "detached": (lambda: x.detach().sum().backward(), RuntimeError, "make a leaf with requires_grad=True"),
    "integers": (lambda: whole.sum().backward(), RuntimeError, "int64 tensors have no gradient"),
    "shape of gradient": (
        lambda: (x * 2).backward(np.ones(3)),
        ValueError,
        r"\(3,\), must have the tensor's, \(2, 3\)",
    ),
    "gradient of text": (lambda: (x * 2).backward("1"), TypeError, "gradient must be a tensor or an array, got '1'"),
    **{
        f"complex gradient, {kind}": (
            lambda make=make: (flat * 2).backward(make([1j, 1.0, 1.0, 1.0])),
            TypeError,
            "backward: a complex(64|128) gradient of a float64 tensor: give real numbers",
        )
        for kind, make in {"array": np.array, "list": list, "tensor": tensor}.items()
    },
    "complex grad": (lambda: setattr(flat, "grad", [1j] * 4), TypeError, "grad: a complex128 gradient of a float64"),
    "grad": (lambda: setattr(x, "grad", np.ones(2)), ValueError, r"\(2,\), must have that of the tensor, \(2, 3\)"),
    "interior": (lambda: setattr(x * 2, "requires_grad", False), RuntimeError, r"write x\.detach\(\)"),
    "data of an interior": (lambda: setattr(x * 2, "data", 1.0), AttributeError, "change a leaf"),
    "hook": (lambda: x.register_hook(3), TypeError, "takes a function"),
}
COMPUTING = {
    "add": (lambda: x + y, ValueError, r"add: shapes \(2, 3\) and \(2, 2\)"),
    "where": (lambda: autograd.where(x > 0, x, y), ValueError, r"where: shapes .*\(2, 2\)"),
    "compare": (lambda: x < y, ValueError, r"\(2, 3\) and \(2, 2\)"),
    "a Value beside": (lambda: x * Value(1.0), TypeError, r"mul: cannot mix a tensor and .*write v\.data"),
    "beside a Value": (lambda: Value(1.0) + x, TypeError, r"add: cannot mix a tensor and .*write v\.data"),
    "text beside": (lambda: x + "1", TypeError, "add: cannot take '1', a str"),
    "None beside": (lambda: autograd.mul(x, None), TypeError, "mul: cannot take None"),
    "objects beside": (lambda: x + np.array([None] * 3), TypeError, "add: cannot take an array of object"),
    "operands": (lambda: autograd.add(x), TypeError, "add: takes 2 operands, got 1"),
    "matmul": (lambda: x @ y, ValueError, r"matmul: \(2, 3\) @ \(2, 2\): inner sizes 3 and 2 differ"),
    "matmul, number": (lambda: x @ tensor(1.0), ValueError, r"matmul: \(2, 3\) @ \(\): .*write a \* b"),
    "matmul, batches": (
        lambda: autograd.ones(2, 1, 3) @ autograd.ones(3, 3, 1),
        ValueError,
        r"batches \(2,\) and \(3,\)",
    ),
    "mm": (lambda: x.mm(flat), ValueError, r"mm: .*\(2, 3\) and \(4,\)"),
    "mv": (lambda: x.mv(y), ValueError, r"mv: .*\(2, 2\)"),
    "bmm": (lambda: x.bmm(y), ValueError, r"bmm: .*\(2, 3\)"),
    "outer": (lambda: x.outer(y), ValueError, r"outer: .*\(2, 3\)"),
    "linear": (lambda: autograd.linear(x, y), ValueError, r"linear: input \(2, 3\) and weight \(2, 2\)"),
    "bias": (lambda: autograd.linear(x, x, autograd.ones(3)), ValueError, r"linear: bias \(3,\) and weight \(2, 3\)"),
    "einsum, shape": (
        lambda: autograd.einsum("ij,jk", x, y),
        ValueError,
        r"einsum: j .*3 and 2 in shapes \(2, 3\), \(2, 2\)",
    ),
    "einsum, axes": (lambda: autograd.einsum("i->i", x), ValueError, r"einsum: 'i' .*\(2, 3\)"),
    "einsum, count": (lambda: autograd.einsum("i,j", flat), ValueError, r"einsum: .*2 operands.*\(4,\)"),
    "einsum, text": (lambda: autograd.einsum(x, "ij"), TypeError, "einsum: the first argument must be text"),
    "einsum, result": (lambda: autograd.einsum("ij->k", x), ValueError, "einsum: .*k"),
    "tensordot": (
        lambda: autograd.tensordot(x, y, 1),
        ValueError,
        r"tensordot: \(2, 3\) and \(2, 2\): sizes \[3\] and \[2\]",
    ),
    "tensordot, axes": (lambda: autograd.tensordot(flat, flat, 2), IndexError, r"tensordot: .*\(4,\)"),
    "mean": (lambda: whole.mean(), TypeError, r"mean: needs floating-point numbers, got int64: write x\.float\(\)"),
    "softmax": (lambda: whole.softmax(0), TypeError, r"softmax: needs floating-point .*x\.float\(\)"),
    "dim": (lambda: x.sum(2), IndexError, r"sum: dim 2 is out of range for shape \(2, 3\)"),
    "dim of text": (lambda: x.sum("a"), TypeError, "sum: dim must be an int"),
    "dim twice": (lambda: x.sum((0, -2)), ValueError, r"sum: dim \(0, -2\) names an axis twice"),
    "amax of nothing": (lambda: autograd.zeros(0, 2).amax(0), ValueError, r"amax: there is no element .*\(0, 2\)"),
    "argmax of nothing": (lambda: autograd.zeros(0).argmax(), ValueError, r"argmax: there is no element .*\(0,\)"),
    "std": (lambda: x.std(1, rows=3), TypeError, "std: unknown arguments rows"),
    "sum": (lambda: x.sum(rows=3), TypeError, "rows"),
    "reshape": (lambda: x.reshape(4, 2), ValueError, r"reshape: 6 elements of shape \(2, 3\) do not fit into \(4, 2\)"),
    "reshape, unknown": (lambda: x.reshape(-1, -1), ValueError, r"reshape: .*\(-1, -1\)"),
    "reshape, floats": (lambda: x.reshape(2.0, 3), TypeError, "reshape: must be integers"),
    "flatten": (lambda: x.flatten(1, 0), ValueError, "flatten: start_dim 1 comes after end_dim 0"),
    "unsqueeze": (lambda: x.unsqueeze(4), IndexError, r"unsqueeze: dim 4 .*\(2, 3\)"),
    "permute": (lambda: x.permute(0, 0), ValueError, r"permute: \(0, 0\) .*\(2, 3\)"),
    "transpose": (lambda: x.transpose(0, 2), IndexError, r"transpose: dim 2 .*\(2, 3\)"),
    "movedim": (lambda: x.movedim(0, 2), IndexError, r"movedim: dim 2 .*\(2, 3\)"),
    "expand": (lambda: x.expand(2, 4), ValueError, r"expand: shape \(2, 3\) cannot become \(2, 4\)"),
    "repeat": (lambda: x.repeat(2), ValueError, r"repeat: .*\(2, 3\), got \(2,\)"),
    "tile": (lambda: x.tile(-1), ValueError, "tile: counts must not be negative"),
    "tril": (lambda: flat.tril(), ValueError, r"tril: .*\(4,\)"),
    "trace": (lambda: flat.trace(), ValueError, r"trace: .*\(4,\)"),
    "diag": (lambda: leaf(np.ones((1, 1, 1))).diag(), ValueError, r"diag: .*\(1, 1, 1\)"),
    "diagonal": (lambda: x.diagonal(0, 1, -1), ValueError, "diagonal: dim1 and dim2 are both axis 1"),
    "cat": (lambda: autograd.cat([x, y]), ValueError, r"cat: shapes \(2, 3\), \(2, 2\)"),
    "cat of numbers": (lambda: autograd.cat([tensor(1.0)] * 2), ValueError, r"cat: shapes \(\), \(\)"),
    "cat of nothing": (lambda: autograd.cat([]), ValueError, "cat: the list is empty"),
    "stack": (lambda: autograd.stack([x, y]), ValueError, r"stack: shapes \(2, 3\), \(2, 2\) must be equal"),
    "stack of text": (lambda: autograd.stack("ab"), TypeError, "stack: takes a list of tensors"),
    "stack, dim": (lambda: autograd.stack([x, x], 5), IndexError, "dim 5"),
    "split": (lambda: x.split([1, 1], 1), ValueError, r"split: sizes \[1, 1\] .*\(2, 3\)"),
    "split by 0": (lambda: x.split(0), ValueError, "split: the size of a piece must be positive"),
    "split of a number": (lambda: tensor(1.0).split(1), (ValueError, IndexError, TypeError), "split"),
    "chunk": (lambda: x.chunk(0), ValueError, "chunk: the number of pieces must be positive"),
    "roll": (lambda: x.roll((1, 2), (0,)), ValueError, "roll"),
    "index": (lambda: x[2], IndexError, r"2 .*\(2, 3\)"),
    "indices": (lambda: x[0, 0, 0], IndexError, r"\(2, 3\)"),
    "index of floats": (lambda: x[1.5], IndexError, r"\(2, 3\)"),
    "mask": (lambda: x[y > 0], IndexError, r"\(2, 3\)"),
    "gather": (
        lambda: x.gather(1, tensor([[3]])),
        IndexError,
        "gather: index 3 is out of range for an axis of length 3",
    ),
    "gather, shape": (lambda: x.gather(1, tensor([0])), ValueError, r"gather: index \(1,\) must lie inside \(2, 3\)"),
    "gather, floats": (
        lambda: x.gather(1, tensor([[0.0]])),
        TypeError,
        r"gather: indices must be integers.*index\.long\(\)",
    ),
    "index_select": (lambda: x.index_select(0, tensor([-3])), IndexError, "index_select: index -3 is out of range"),
    "take_along_dim": (lambda: x.take_along_dim(tensor([[9]]), 1), IndexError, "take_along_dim: index 9"),
    "take, flat": (lambda: x.take_along_dim(tensor([9])), IndexError, "9 .*6"),
    "scatter": (
        lambda: x.scatter(1, tensor([[0, 1]]), autograd.ones(1, 1)),
        ValueError,
        r"scatter: src \(1, 1\) .*\(1, 2\)",
    ),
    "mask of integers": (
        lambda: x.masked_fill(tensor([1, 0, 1]), 0.0),
        TypeError,
        "masked_fill: the mask must be of truth values",
    ),
    "mask, shape": (lambda: x.masked_fill(y > 0, 0.0), ValueError, r"\(2, 3\)"),
    "select, shape": (lambda: x.masked_select(y > 0), ValueError, r"\(2, 3\)"),
    "topk": (lambda: x.topk(4), ValueError, r"topk: k = 4 .*\(2, 3\)"),
    "sort": (lambda: x.sort(2), IndexError, r"sort: dim 2 .*\(2, 3\)"),
    "norm": (lambda: whole.norm(), TypeError, "norm: needs floating-point"),
    "minus of truths": (lambda: tensor([True]) - tensor([True]), TypeError, "sub"),
}
TABLES = {"making": MAKING, "reading": READING, "gradients": GRADIENTS, "computing": COMPUTING}
ALL = {f"{table}: {name}": entry for table, entries in TABLES.items() for name, entry in entries.items()}


@pytest.mark.parametrize(("mistake", "error", "message"), ALL.values(), ids=ALL)
def test_mistakes(mistake, error, message):
    """Leaves, their gradients and the modes are as they were afterwards."""
    held = (x, y, whole, flat)
    before = [(t.tolist(), t.requires_grad, t.grad, t._rule, t.dtype) for t in held]
    with pytest.raises(error, match=message) as caught:
        mistake()
    assert "\n" not in str(caught.value), "the message is one line"
    assert [(t.tolist(), t.requires_grad, t.grad, t._rule, t.dtype) for t in held] == before
    assert autograd.get_default_dtype() == np.float32
    z = leaf()
    z.sum().backward()
    assert z.grad.tolist() == np.ones((2, 3)).tolist()


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("answer", [lambda g: np.ones(5), lambda g: "no gradient", lambda g: 1 / 0])
def test_a_hook_that_fails_leaves_every_gradient(answer, create_graph):
    a, b = leaf(), leaf()
    middle = a * b
    z = (middle + a).sum()
    z.backward()
    before = [t.grad.tolist() for t in (a, b, middle, z)]
    middle.register_hook(answer)
    with pytest.raises((ValueError, TypeError, ZeroDivisionError)):
        z.backward(create_graph=create_graph)
    assert [t.grad.tolist() for t in (a, b, middle, z)] == before


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.add_(np.ones((2, 2))),
        lambda t: t.fill_("a"),
        lambda t: t.__setitem__(5, 1.0),
        lambda t: t.mul_(1j),
        lambda t: t.__iadd__(None),
    ],
)
def test_a_change_in_place_that_fails_changes_nothing(change):
    t = leaf() * 2
    before = (t.tolist(), t.op, t.parents)
    with pytest.raises((ValueError, TypeError, IndexError)):
        change(t)
    assert (t.tolist(), t.op, t.parents) == before
    t.sum().backward()
    assert t.parents[0].grad.tolist() == np.full((2, 3), 2.0).tolist()
