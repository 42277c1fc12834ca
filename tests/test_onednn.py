"""oneDNN: whether it is there and used, and its products and sums of matrices against NumPy's."""

import sys
from importlib import metadata

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st

import autograd
import nn
from autograd.backends import onednn
from autograd.backends.onednn import loading

needs_it = pytest.mark.skipif(not onednn.is_available(), reason='no oneDNN: python -m pip install "stepgrad[onednn]"')
products = sys.modules[onednn.product.__module__]


@pytest.fixture
def small_ones_too(monkeypatch):
    monkeypatch.setattr(products, "SMALLEST", 1)
    monkeypatch.setattr(products, "LONG", 1)


@pytest.fixture
def without(monkeypatch):
    """A machine on which it is not installed."""

    def files(distribution):
        raise metadata.PackageNotFoundError(distribution)

    monkeypatch.setattr(loading.metadata, "files", files)
    loading._loaded.cache_clear()
    yield
    loading._loaded.cache_clear()


# ---------------------------------------------------------------------- whether it is used


@needs_it
def test_flags_hold_as_long_as_their_context_and_may_be_nested():
    assert onednn.is_enabled()
    with onednn.flags(enabled=False):
        assert not onednn.is_enabled()
        with onednn.flags(enabled=True):
            assert onednn.is_enabled()
        assert not onednn.is_enabled()
    assert onednn.is_enabled()


@needs_it
def test_large_products_use_it_unless_told_not_to(monkeypatch):
    calls = []
    real = products.in_use()
    monkeypatch.setattr(real, "dnnl_sgemm", lambda *a, real=real.dnnl_sgemm: calls.append(a) or real(*a))
    a = autograd.randn(128, 128)
    a @ a
    assert len(calls) == 1
    with onednn.flags(enabled=False):
        a @ a
    assert len(calls) == 1


def test_without_it_numpy_does_all(without):
    assert not onednn.is_available()
    assert not onednn.is_enabled()
    a = np.ones((128, 128), np.float32)
    assert onednn.product(a, a) is None
    assert not onednn.add_scaled(a.copy(), a, 2.0)
    assert (autograd.tensor(a) @ autograd.tensor(a)).tolist() == (a @ a).tolist()
    with onednn.flags(enabled=False):
        pass
    with pytest.raises(ImportError, match=r'^oneDNN is not installed: python -m pip install "stepgrad\[onednn\]"$'):
        onednn.flags(enabled=True)


@pytest.mark.parametrize(
    ("files", "complaint"),
    [([], "has no library of version 3 for this system"), (["libdnnl.so.3"], "oneDNN does not load: ")],
)
def test_a_library_that_is_damaged_or_missing(monkeypatch, tmp_path, files, complaint):
    class File:
        name = "libdnnl.so.3"

        def locate(self):
            path = tmp_path / self.name
            path.write_bytes(b"no library")
            return path

    monkeypatch.setattr(loading.metadata, "files", lambda distribution: [File() for _ in files])
    loading._loaded.cache_clear()
    try:
        assert not onednn.is_available()
        with pytest.raises(ImportError, match=complaint):
            onednn.flags(enabled=True)
    finally:
        loading._loaded.cache_clear()


# ---------------------------------------------------------------------- products


@st.composite
def matrices(draw):
    """Two float32 matrices that can be multiplied, which lie in memory in many ways."""
    sizes = [draw(st.integers(1, 40)) for _ in range(3)]
    random = np.random.default_rng(draw(st.integers(0, 99)))

    def matrix(rows, columns):
        layout = draw(st.sampled_from(["rows", "columns", "part", "part of columns", "steps", "backwards", "repeated"]))
        wide = random.standard_normal((2 * rows + 1, 2 * columns + 1), np.float32)
        if "columns" in layout:
            wide = np.asfortranarray(wide)
        match layout:
            case "steps":
                return wide[: 2 * rows : 2, : 2 * columns : 2]
            case "backwards":
                return wide[rows - 1 :: -1, :columns]
            case "repeated":
                return np.broadcast_to(wide[:1, :columns], (rows, columns))
            case "rows":
                return wide[:rows, :columns].copy()
            case "columns":
                return wide[:rows, :columns].copy(order="F")
        return wide[:rows, :columns]

    return matrix(*sizes[:2]), matrix(*sizes[1:])


@needs_it
@pytest.mark.usefixtures("small_ones_too")
@given(matrices())
def test_products(pair):
    a, b = pair
    found = onednn.product(a, b)
    exact = a.astype(float) @ b.astype(float)
    bound = 1e-6 * (np.abs(a).astype(float) @ np.abs(b)) + 1e-30
    assume(found is not None)  # some memory it cannot read as it lies; the usual orders have a test of their own
    assert found.dtype == np.float32
    assert (np.abs(found - exact) <= bound).all()


@needs_it
@pytest.mark.usefixtures("small_ones_too")
@given(matrices(), st.sampled_from([1.0, -0.5, 3.0]))
def test_products_added_to_a_matrix(pair, scale):
    a, b = pair
    before = np.linspace(-1, 1, len(a) * b.shape[1], dtype=np.float32).reshape(len(a), b.shape[1])
    y = before.copy()
    found = onednn.product(a, b, scale, y)
    assume(found is not None)
    assert found is y
    size = abs(scale) * (np.abs(a).astype(float) @ np.abs(b)) + np.abs(before)
    assert (np.abs(y - (before + scale * (a.astype(float) @ b))) <= 1e-6 * size + 1e-30).all()


SQUARE = np.ones((4, 4), np.float32)


def read_only(a):
    a.flags.writeable = False
    return a


@needs_it
@pytest.mark.usefixtures("small_ones_too")
@pytest.mark.parametrize(
    ("y", "scale"),
    [
        (np.ones((4, 5), np.float32), 1.0),
        (np.ones((4, 4)), 1.0),
        (np.ones((8, 4), np.float32)[::2], 1.0),
        (np.asfortranarray(np.ones((4, 4), np.float32)), 1.0),
        (read_only(np.ones((4, 4), np.float32)), 1.0),
        (SQUARE, 1.0),
        (np.ones((4, 4), np.float32), 0.0),
    ],
    ids=["another shape", "float64", "every second row", "by columns", "read-only", "read as well", "times 0"],
)
def test_products_that_cannot_be_added(y, scale):
    before = y.copy()
    assert onednn.product(SQUARE, SQUARE, scale, y) is None
    np.testing.assert_array_equal(y, before)


@needs_it
@pytest.mark.usefixtures("small_ones_too")
@pytest.mark.parametrize("transposed", [False, True])
def test_matrices_in_the_usual_orders_are_taken(transposed):
    a = np.arange(12, dtype=np.float32).reshape(3, 4)
    b = np.arange(20, dtype=np.float32).reshape(5, 4).T if transposed else np.ones((4, 5), np.float32)
    for left in (a, np.asfortranarray(a), np.ones((6, 9), np.float32)[1:4, 2:6]):
        found = onednn.product(left, b)
        assert found is not None
        np.testing.assert_array_equal(found, left @ b)


@needs_it
@pytest.mark.usefixtures("small_ones_too")
def test_infinities_and_nan_reach_the_product():
    a = np.array([[np.inf, 1.0], [0.0, np.nan], [1.0, 2.0]], np.float32)
    b = np.array([[0.0, 1.0], [1.0, -np.inf]], np.float32)
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(onednn.product(a, b), a @ b)


@needs_it
@pytest.mark.usefixtures("small_ones_too")
@pytest.mark.parametrize(
    ("a", "b"),
    [
        (np.ones((2, 3)), np.ones((3, 2))),
        (np.ones((2, 3), np.float32), np.ones((3, 2))),
        (np.ones((2, 3), ">f4"), np.ones((3, 2), ">f4")),
        (np.ones((2, 3), np.float32), np.ones((2, 3), np.float32)),
        (np.ones((0, 3), np.float32), np.ones((3, 2), np.float32)),
    ],
    ids=["float64", "mixed", "other byte order", "inner sizes differ", "empty"],
)
def test_what_is_left_to_numpy(a, b):
    assert onednn.product(a, b) is None


@needs_it
@pytest.mark.usefixtures("small_ones_too")
def test_layers_agree_with_numpy_gradients_included():
    def gradients():
        autograd.manual_seed(0)
        model = nn.Sequential(nn.Linear(30, 20), nn.Tanh(), nn.Linear(20, 5))
        nn.CrossEntropyLoss()(model(autograd.randn(4, 7, 30).flatten(0, 1)), autograd.arange(28) % 5).backward()
        return [p.grad.numpy() for p in model.parameters()]

    with onednn.flags(enabled=False):
        expected = gradients()
    for found, want in zip(gradients(), expected, strict=True):
        np.testing.assert_allclose(found, want, rtol=1e-4, atol=1e-6)


# ---------------------------------------------------------------------- sums


@needs_it
@pytest.mark.usefixtures("small_ones_too")
@given(st.integers(1, 300), st.floats(-3, 3, width=32).filter(bool), st.integers(0, 9))
def test_sums(length, scale, seed):
    random = np.random.default_rng(seed)
    x, y = (random.standard_normal(length, np.float32) for _ in range(2))
    exact = x.astype(float) + scale * y.astype(float)
    assert onednn.add_scaled(x, y, scale)
    np.testing.assert_allclose(x, exact, rtol=1e-6, atol=1e-6)


@needs_it
@pytest.mark.usefixtures("small_ones_too")
def test_sums_left_to_numpy():
    x, y = np.arange(6, dtype=np.float32), np.ones(6, np.float32)
    fixed = x.copy()
    fixed.flags.writeable = False
    doubles = y.astype(float)
    for a, b, scale in [(x, y, 0), (x, x, 1), (x[::2], y[:3], 1), (x, y[:3], 1), (x, doubles, 1), (fixed, y, 1)]:
        assert not onednn.add_scaled(a, b, scale)
    assert x.tolist() == fixed.tolist() == [0, 1, 2, 3, 4, 5]


@needs_it
@pytest.mark.parametrize("alpha", [1, 0.5, -2.0])
def test_in_place_sums_of_tensors(alpha):
    x, y = autograd.randn(300, 300), autograd.randn(300, 300)
    plus, minus = x.clone(), x.clone()
    with autograd.no_grad():
        plus.add_(y, alpha=alpha)
        minus.sub_(y, alpha=alpha)
    np.testing.assert_allclose(plus.numpy(), x.numpy() + alpha * y.numpy(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(minus.numpy(), x.numpy() - alpha * y.numpy(), rtol=1e-5, atol=1e-6)


@needs_it
@pytest.mark.usefixtures("small_ones_too")
@pytest.mark.parametrize("options", [{}, {"momentum": 0.9}, {"weight_decay": 0.1}, {"maximize": True}], ids=str)
def test_descent_agrees_with_numpys(options):
    def trained():
        autograd.manual_seed(1)
        w = nn.Parameter(autograd.randn(40, 5))
        optimizer = nn.optim.SGD([w], lr=0.1, **options)
        for _ in range(3):
            optimizer.zero_grad()
            (w * w * w).sum().backward()
            optimizer.step()
        return w.numpy(force=True)

    found = trained()
    with onednn.flags(enabled=False):
        np.testing.assert_allclose(found, trained(), rtol=1e-4)
