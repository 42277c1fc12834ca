"""Tensors as objects: how they are made, shown, accumulated into, copied and freed."""

import contextlib
import copy
import gc
import pickle
import weakref

import numpy as np
import pytest
from hypothesis import given, strategies as st

import autograd
from autograd import Tensor, tensor
from autograd.graph import topological_order

from .arrays import close


@pytest.fixture
def double():
    """Python's floats become float64."""
    autograd.set_default_dtype(autograd.float64)
    yield
    autograd.set_default_dtype(autograd.float32)


# ---------------------------------------------------------------------- making tensors

DATA = {
    "a float": (1.5, np.float32, 1.5),
    "an int": (2, np.int64, 2),
    "a truth value": (True, np.bool_, True),
    "lists": ([[1, 2.0]], np.float32, [[1.0, 2.0]]),
    "a tuple": ((1, 2), np.int64, [1, 2]),
    "nothing": ([], np.float32, []),
    "an array": (np.ones(2), np.float64, [1.0, 1.0]),
    "a NumPy number": (np.float16(1), np.float16, 1.0),
    "a tensor": (tensor([1.0], dtype="half"), np.float16, [1.0]),
    "tensors": ([tensor(1), tensor(2)], np.int64, [1, 2]),
    "complex": ([1j], np.complex128, [1j]),
}


@pytest.mark.parametrize(("data", "dtype", "numbers"), DATA.values(), ids=DATA)
def test_tensor_takes_numbers(data, dtype, numbers):
    x = tensor(data)
    assert (type(x), x.dtype, x.tolist(), x.requires_grad, x.grad, x.op) == (Tensor, dtype, numbers, False, None, None)
    assert (x.is_leaf, x.parents, x.shape, x.ndim) == (True, (), np.shape(numbers), np.ndim(numbers))
    for name in ("float64", "double", "torch.double", autograd.double, np.float64):
        if dtype is not np.complex128:
            assert tensor(data, dtype=name).dtype == np.float64


def test_who_copies_and_who_shares():
    """`tensor` copies, `from_numpy` and `as_tensor` show the array's memory."""
    array = np.zeros(2)
    copied, shared, shown = tensor(array), autograd.from_numpy(array), autograd.as_tensor(array)
    array[0] = 7.0
    assert [x.tolist() for x in (copied, shared, shown)] == [[0.0, 0.0], [7.0, 0.0], [7.0, 0.0]]
    assert autograd.as_tensor(shared) is shared
    copied = tensor(shared)
    array[1] = 7.0
    assert copied.tolist() == [7.0, 0.0]
    assert tensor(np.ones(2), dtype=np.float64).numpy().flags.owndata


MADE = {
    "zeros": (lambda: autograd.zeros(2, 3), np.zeros((2, 3))),
    "ones": (lambda: autograd.ones((2,)), np.ones(2)),
    "full": (lambda: autograd.full((2,), 1.5), np.full(2, 1.5)),
    "eye": (lambda: autograd.eye(2, 3), np.eye(2, 3)),
    "linspace": (lambda: autograd.linspace(0, 1, 5), np.linspace(0, 1, 5)),
    "no axes": (lambda: autograd.zeros(()), np.zeros(())),
    "arange of floats": (lambda: autograd.arange(0, 1, 0.25), np.arange(0, 1, 0.25)),
    "zeros_like": (lambda: autograd.zeros_like(autograd.rand(2, 1)), np.zeros((2, 1))),
    "ones_like": (lambda: autograd.ones_like(autograd.rand(2, 1)), np.ones((2, 1))),
    "full_like": (lambda: autograd.full_like(autograd.rand(2), 3), np.full(2, 3.0)),
    "empty": (lambda: autograd.empty(2, 0), np.empty((2, 0))),
    "empty_like": (lambda: autograd.empty_like(autograd.rand(0)), np.empty(0)),
}


@pytest.mark.parametrize(("make", "expected"), MADE.values(), ids=MADE)
def test_creation(make, expected, request):
    x = make()
    assert (x.dtype, x.tolist(), x.requires_grad) == (np.float32, expected.tolist(), False)
    request.getfixturevalue("double")
    assert make().dtype == np.float64


def test_creation_of_integers_and_with_options():
    assert autograd.arange(3).dtype == autograd.full((1,), 2).dtype == autograd.randperm(3).dtype == np.int64
    assert autograd.arange(1, 7, 2).tolist() == [1, 3, 5]
    for make in (autograd.zeros, autograd.ones, autograd.empty, autograd.rand, autograd.randn):
        x = make(2, dtype="half", requires_grad=True)
        assert (x.dtype, x.requires_grad, x.is_leaf, x.shape) == (np.float16, True, True, (2,))
    whole = tensor([1, 2])
    for like in (autograd.zeros_like, autograd.ones_like, autograd.empty_like):
        assert like(whole).dtype == np.int64
        assert like(whole, dtype=autograd.double, requires_grad=True).dtype == np.float64


def test_random_numbers_repeat_after_manual_seed():
    def draws():
        autograd.manual_seed(3)
        made = [
            autograd.rand(50),
            autograd.randn(50),
            autograd.randint(5, (50,)),
            autograd.randint(-2, 2, (50,)),
            autograd.randperm(50),
            autograd.rand_like(autograd.ones(2)),
            autograd.randn_like(autograd.ones(2)),
        ]
        return [x.tolist() for x in made]

    first = draws()
    assert first == draws()
    unit, normal, below, around, order, *_ = map(np.array, first[:5])
    assert 0 <= unit.min() < unit.max() < 1
    assert normal.min() < -0.5 < 0.5 < normal.max()
    assert (set(below.tolist()), set(around.tolist())) == ({0, 1, 2, 3, 4}, {-2, -1, 0, 1})
    assert sorted(order.tolist()) == list(range(50)) != order.tolist()
    state = np.random.get_state()[1].tolist()
    draws()
    assert np.random.get_state()[1].tolist() == state  # NumPy's own generator is left alone


# ---------------------------------------------------------------------- showing and reading

SHOWN = {
    "tensor(1.5)": lambda: tensor(1.5),
    "tensor([1, 2])": lambda: tensor([1, 2]),
    "tensor([ True])": lambda: tensor([True]),
    "tensor([1.], dtype=float64)": lambda: tensor([1.0], dtype="double"),
    "tensor([], dtype=int32)": lambda: autograd.zeros(0, dtype=int).int(),
    "tensor([1.], requires_grad=True)": lambda: tensor([1.0], requires_grad=True),
    "tensor([2.], op=<mul>)": lambda: tensor([1.0], requires_grad=True) * 2,
    "tensor([1.], requires_grad=True, name='w')": lambda: Tensor([1.0], True, name="w"),
    "tensor([[1, 2],\n        [3, 4]])": lambda: tensor([[1, 2], [3, 4]]),
}


@pytest.mark.parametrize(("text", "make"), SHOWN.items(), ids=range(len(SHOWN)))
def test_repr(text, make):
    assert repr(make()) == str(make()) == f"{make()}" == text


def test_one_element_is_a_number():
    x = tensor([[2.5]], requires_grad=True)
    assert (x.item(), float(x), int(x), f"{x:.2f}", bool(x), len(x), x.tolist()) == (
        2.5,
        2.5,
        2,
        "2.50",
        True,
        1,
        [[2.5]],
    )
    assert type(tensor(3).item()) is int
    assert [10, 20, 30][tensor(1)] == 20
    assert not tensor([0.0])
    assert (tensor(2.0) == 2.0, x.numel(), x.dim(), x.size(), x.size(0), x.size) == (True, 1, 2, (1, 1), 1, 1)


def test_elements_in_order():
    x = tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    rows = list(x)
    (rows[0] * rows[1]).sum().backward()
    assert x.grad.tolist() == [[3.0, 4.0], [1.0, 2.0]]
    assert (len(x), x.detach().numpy().tolist()) == (2, x.tolist())
    assert {x: 1}[x] == 1  # by identity
    assert (x < 2).tolist() == [[True, False], [False, False]]
    assert (~(x < 2) & (x != 3) | (x == 1)).tolist() == [[True, True], [False, True]]


# ---------------------------------------------------------------------- who requires a gradient


def test_requires_grad():
    x, c = tensor([1.0], requires_grad=True), tensor([2.0])
    y = x * c
    assert (x.requires_grad, c.requires_grad, y.requires_grad, (c * c).requires_grad) == (True, False, True, False)
    assert (x.is_leaf, y.is_leaf, y.parents) == (True, False, (x, c))
    y.backward()
    assert (x.grad.tolist(), c.grad) == ([2.0], None)
    assert not (x > 0).requires_grad and not x.argmax().requires_grad and not x.int().requires_grad
    assert c.requires_grad_() is c and c.requires_grad
    c.requires_grad = False
    assert not (c * 2).requires_grad
    with autograd.no_grad():
        assert not (x * 2).requires_grad


def test_detach_data_and_clone():
    x = tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    for outside in (y.detach(), y.data, x.data):
        assert (outside.requires_grad, outside.is_leaf, outside.op) == (False, True, None)
    assert np.shares_memory(y.detach().numpy(), y.data.numpy())
    twin = x.clone()
    assert not np.shares_memory(twin.detach().numpy(), x.detach().numpy())
    (twin * y.detach()).sum().backward()
    assert x.grad.tolist() == [2.0, 4.0]
    x.data = [5.0, 6.0]
    assert (x.tolist(), x.dtype, x.requires_grad) == ([5.0, 6.0], np.float32, True)


# ---------------------------------------------------------------------- accumulating


def graph():
    """Leaves that share a result, one that is its own parent, views, and an interior node used twice."""
    a, b, c = (Tensor(np.arange(4.0) + i, True) for i in range(3))
    middle = a + b
    return [a, b, c], middle, (middle + c + middle.reshape(2, 2).reshape(4) + a * 1.0).sum()


@pytest.mark.parametrize("create_graph", [False, True])
def test_passing_twice_doubles_leaves_and_sets_interiors_afresh(create_graph):
    leaves, middle, y = graph()
    y.backward(create_graph=create_graph)
    once, inside = [x.grad.tolist() for x in leaves], middle.grad.tolist()
    assert once == [[3.0] * 4, [2.0] * 4, [1.0] * 4]
    y.backward(create_graph=create_graph)
    assert [x.grad.tolist() for x in leaves] == [[2 * g for g in gradient] for gradient in once]
    assert middle.grad.tolist() == inside == [2.0] * 4
    for x in leaves:
        x.zero_grad()
        assert x.grad is None


ALIASING = {
    "add": lambda a, b: a + b,
    "reshape": lambda a, b: a.reshape(2, 2).reshape(4) + b,
    "one leaf": lambda a, b: a,
    "sum": lambda a, b: (a.sum() + b.sum()).reshape(1).expand(4),
    "mul": lambda a, b: a * b,
    "T": lambda a, b: (a + b).T,
    "cat": lambda a, b: autograd.cat([a[:2], b[2:]]),
    "index": lambda a, b: a[::-1] + b[:],
    "neg": lambda a, b: a - b,
    "flip": lambda a, b: a.flip(0).flip(0) + b,
    "linear": lambda a, b: autograd.linear(a, autograd.eye(4).double(), b),
}


@pytest.mark.parametrize("build", ALIASING.values(), ids=ALIASING)
@pytest.mark.parametrize("passes", [1, 2])
def test_gradients_of_leaves_are_nobody_elses(build, passes):
    """Change one in place: the data, the upstream gradient, interior gradients and the other leaves stay."""
    a, b = Tensor(np.arange(4.0), True), Tensor(np.arange(4.0) + 1, True)
    middle = build(a, b)
    upstream = np.arange(4.0) + 2
    for _ in range(passes):
        middle.backward(upstream)
    owned = {"a": a.grad, "b": b.grad, "data": a.detach(), "middle": None if middle is a else middle.grad}
    shown = {name: x.numpy() for name, x in owned.items() if x is not None} | {"upstream": upstream}
    for name in ("a", "b"):
        if name in shown:
            before = {other: x.tolist() for other, x in shown.items() if other != name}
            shown[name][...] = 77.0
            assert {other: x.tolist() for other, x in shown.items() if other != name} == before
            assert {"a": a, "b": b}[name].grad.tolist() == [77.0] * 4
    before = [x.grad.tolist() for x in (a, b) if x.grad is not None]
    middle.backward(upstream)
    upstream[...] = 55.0
    if middle is not a:
        middle.grad.numpy()[...] = 66.0
    after = [x.grad.tolist() for x in (a, b) if x.grad is not None]
    assert all(55.0 not in g and 66.0 not in g for g in after)
    assert before != after


@pytest.mark.parametrize("build", ALIASING.values(), ids=ALIASING)
@pytest.mark.parametrize("mode", [contextlib.nullcontext, autograd.no_grad])
def test_gradients_of_leaves_that_are_nodes_are_nobody_elses(build, mode):
    """The same of gradients that can be differentiated again, and still can."""
    a, b = Tensor(np.arange(4.0), True), Tensor(np.arange(4.0) + 1, True)
    middle, upstream = build(a, b), Tensor(np.arange(4.0) + 2, True)
    seed, weighted = upstream.detach(), upstream * 1.0
    with mode():
        middle.backward(weighted, create_graph=True)
    graded = [x for x in (a, b) if x.grad is not None]
    for x in graded:
        (slope,) = autograd.backward.gradients(x.grad, np.ones(4), [upstream])
        assert slope is not None
        x.zero_grad()
    middle.backward(seed, create_graph=True)
    shown = [x.grad for x in graded] + [seed] + [middle.grad] * (middle is not a)
    for x in graded:
        before = [other.tolist() for other in shown if other is not x.grad]
        with autograd.no_grad():
            x.grad.fill_(77.0)
        assert [other.tolist() for other in shown if other is not x.grad] == before


@pytest.mark.parametrize("gradient", [[1.0, 2.0], (1, 2), np.array([1, 2]), tensor([1.0, 2.0]), tensor([1, 2])])
@pytest.mark.parametrize("create_graph", [False, True])
def test_backward_from_a_vector(gradient, create_graph):
    x = Tensor(np.array([3.0, 4.0]), True)
    (x**2).backward(gradient, create_graph=create_graph)
    assert (x.grad.tolist(), x.grad.dtype, x.grad.requires_grad) == ([6.0, 16.0], np.float64, create_graph)


@given(st.floats(-2, 2), st.integers(1, 5))
def test_gradients_of_gradients(number, order):
    """All orders of exp(2x)."""
    x = Tensor(number, True, dtype=float)
    y = autograd.exp(2 * x.double()).sum()
    for _ in range(order):
        y.backward(create_graph=True)
        y = x.grad
        x.zero_grad()
    close(y.item(), 2.0**order * np.exp(2 * np.float64(np.float32(number))), 1e-5, "the derivative")


def test_the_gradient_can_be_set():
    x = tensor([1.0, 2.0], requires_grad=True)
    x.grad = [3.0, 4.0]
    (x * 2).sum().backward()
    assert (x.grad.tolist(), x.grad.dtype) == ([5.0, 6.0], np.float32)
    x.grad = None
    assert x.grad is None


# ---------------------------------------------------------------------- copies, depth, memory


def test_copies_and_pickles():
    x = Tensor([1.0, 2.0], True, name="x")
    y = {"x": x, "y": (x * x).sum()}
    y["y"].backward()
    twin = copy.deepcopy(y)
    assert twin["y"].parents[0].parents == (twin["x"], twin["x"])
    assert (twin["x"].name, twin["x"].grad.tolist(), twin["y"].item()) == ("x", [2.0, 4.0], 5.0)
    twin["y"].backward()
    assert (twin["x"].grad.tolist(), x.grad.tolist()) == ([4.0, 8.0], [2.0, 4.0])
    twin["x"].data.numpy()[0] = 9.0
    assert x.tolist() == [1.0, 2.0]
    restored = pickle.loads(pickle.dumps(x))
    assert (restored.tolist(), restored.dtype, restored.requires_grad, restored.name) == (
        [1.0, 2.0],
        np.float32,
        True,
        "x",
    )
    assert copy.copy(y["y"]).parents == y["y"].parents
    with pytest.raises(TypeError, match=r"pickle: .*computed by mul, .*: pickle leaves, or x.detach\(\)"):
        pickle.dumps(x * x)


def test_a_hundred_thousand_operations(no_collector):
    """Built, swept, copied and freed without recursion, and freed at once by counting references."""
    x = Tensor(np.ones(2), True)
    y = x
    for _ in range(50_000):
        y = -(y + 1.0)
    y.backward(np.ones(2))
    assert x.grad.tolist() == [1.0, 1.0]
    twin = copy.deepcopy(y)
    watched = [weakref.ref(node) for node in (y, y.parents[0].parents[0], twin, twin.parents[0], x)]
    del y, twin, x
    assert [node() for node in watched] == [None] * 5


BUILDS = {
    "rows": lambda x: (x * x + 2.0).tanh() / x,
    "views": lambda x: x.reshape(1, 2).T[0] @ x[:1],
    "sums": lambda x: x.softmax(0).norm(),
    "joined": lambda x: autograd.cat([x, x.sort()[0]]),
    "copied": lambda x: copy.deepcopy(x * x),
    "detached": lambda x: x.detach() * x,
}


@pytest.mark.parametrize("build", BUILDS.values(), ids=BUILDS)
def test_counting_references_frees_a_graph(build, no_collector):
    x = Tensor([1.0, 2.0], True)
    y = build(x)
    y.sum().backward()
    y.sum().backward(create_graph=True)
    for node in (x, *topological_order(y)):
        node.zero_grad()  # a gradient with a graph refers to the leaf that holds it
    watched = [weakref.ref(x), weakref.ref(y)]
    del node
    del x, y
    assert [node() for node in watched] == [None, None]
    assert gc.collect() == 0


# ---------------------------------------------------------------------- hooks, anomalies


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("replace", [lambda g: g * 10, lambda g: np.full(2, 10.0), lambda g: None])
def test_hooks_see_and_replace_gradients(replace, create_graph):
    x = Tensor(np.array([1.0, 2.0]), True)
    y = x * 3
    seen = []
    y.register_hook(lambda g: seen.append((type(g), g.tolist())))
    handle = y.register_hook(replace)
    y.backward(np.ones(2), create_graph=create_graph)
    factor = 1.0 if replace(np.ones(2)) is None else 10.0
    assert (seen, x.grad.tolist()) == ([(Tensor, [1.0, 1.0])], [3.0 * factor] * 2)
    handle.remove()
    x.zero_grad()
    y.backward(np.ones(2))
    assert x.grad.tolist() == [3.0, 3.0]


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("mode", [contextlib.nullcontext, autograd.detect_anomaly])
def test_hooks_are_not_called_where_no_gradient_arrives(mode, create_graph):
    """Below an operand without a derivative, that is; a gradient of 0 is one."""
    first = autograd.op(vjp=[lambda g, y, a, b: g, None], name="first")(lambda a, b: a + 0 * b)
    x, w = Tensor([1.0, 2.0], True), Tensor([3.0, 4.0], True)
    below, zero = w * 2.0, x * 0.0
    seen = []
    for node in (w, below, x, zero):
        node.register_hook(lambda g, node=node: seen.append((node, g.tolist())))
    with mode():
        first(x + zero, below).sum().backward(create_graph=create_graph)
    assert seen == [(zero, [1.0, 1.0]), (x, [1.0, 1.0])]
    assert w.grad is None and below.grad is None


def test_whole_quotients_of_numbers_without_gradient():
    x = autograd.arange(6)
    assert (x % 4).tolist() == [0, 1, 2, 3, 0, 1] and (x // 4).tolist() == [0, 0, 0, 0, 1, 1]
    assert (x % autograd.tensor(2)).dtype == autograd.int64
    assert (autograd.tensor([1.5, -1.5]) % 1).tolist() == [0.5, 0.5]
    for mistake in (lambda v: v % 2, lambda v: v // 2, lambda v: x % v, lambda v: x // v):
        with pytest.raises(TypeError, match=r"write .*floor\(\)"):
            mistake(autograd.tensor([1.0], requires_grad=True))


def test_numbers_of_a_leaf_by_force():
    w = tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(RuntimeError, match=r"^numpy: this tensor requires a gradient"):
        w.numpy()
    w.numpy(force=True)[0] = 5.0
    assert w.tolist() == [5.0, 2.0]
