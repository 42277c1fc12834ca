"""Datasets and loaders: batches, orders, threads that come and go, splits."""

import threading
import time
from collections import Counter, namedtuple

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import autograd
from autograd import manual_seed, tensor
from nn.data import DataLoader, Dataset, Subset, TensorDataset, default_collate, random_split

fewer = settings(max_examples=settings.default.max_examples // 5)
workers = pytest.mark.parametrize("num_workers", [0, 1, 3])


class Squares(Dataset):
    """Pairs (i, i²), one at a time; some numbers take longer, some may fail."""

    def __init__(self, n, bad=(), slow=0.0):
        self.n, self.bad, self.slow = n, bad, slow

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        if index in self.bad:
            raise OSError("no such image")
        if self.slow:
            time.sleep(self.slow * (index % 3))
        return index, index**2


def firsts(loader):
    """The numbers of the samples, batch by batch."""
    return [batch[0].tolist() for batch in loader]


def running():
    return [thread for thread in threading.enumerate() if thread.name.startswith("DataLoader")]


# ---------------------------------------------------------------------- batches


@fewer
@given(st.integers(1, 30), st.integers(1, 12), st.booleans(), st.booleans(), st.sampled_from([0, 1, 3]))
def test_every_sample_comes_once(n, batch_size, shuffle, drop_last, num_workers):
    loader = DataLoader(
        Squares(n), batch_size, shuffle, drop_last=drop_last, num_workers=num_workers, seed=0, prefetch_factor=1
    )
    batches = list(loader)
    assert len(batches) == len(loader) == (n // batch_size if drop_last else -(-n // batch_size))
    assert all(len(x) == batch_size for x, _ in batches[: n // batch_size])
    seen = [number for x, _ in batches for number in x.tolist()]
    assert len(set(seen)) == len(seen) == (n - n % batch_size if drop_last else n)
    if not shuffle:
        assert seen == list(range(len(seen)))
    assert all((y == x * x).all() for x, y in batches)


def test_the_decks_batches():
    """Deck 0: 60,000 images in batches of 64 are 938, 10,000 are 157."""
    assert len(DataLoader(range(60_000), batch_size=64)) == 938
    assert len(DataLoader(range(10_000), batch_size=64)) == 157


@pytest.mark.parametrize("shuffle", [False, True])
def test_batches_of_tensors_are_those_of_single_samples(shuffle):
    """Indexing a whole batch at once changes nothing, also through subsets."""
    x, y = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32), np.arange(20)
    fast, slow = TensorDataset(x, y), list(TensorDataset(x, y))
    chosen = [3, 1, 4, 15, 9, 2, 6]
    for a, b in ((fast, slow), (Subset(fast, chosen), Subset(slow, chosen))):
        for one, other in zip(DataLoader(a, 4, shuffle, seed=1), DataLoader(b, 4, shuffle, seed=1), strict=True):
            assert [t.dtype for t in one] == [t.dtype for t in other] == [np.float32, np.int64]
            assert all((t == u).all() for t, u in zip(one, other, strict=True))


def test_a_batch_is_a_copy():
    x = autograd.zeros(4)
    for (batch,) in DataLoader(TensorDataset(x), 2):
        batch += 1
    assert x.tolist() == [0] * 4


def test_collate_fn():
    assert list(DataLoader(Squares(3), 2, collate_fn=len)) == [2, 1]
    assert list(DataLoader(TensorDataset(autograd.zeros(3)), 2, collate_fn=len)) == [2, 1]


# ---------------------------------------------------------------------- orders


@workers
def test_a_seed_gives_the_same_orders_each_another(num_workers):
    def loader():
        return DataLoader(Squares(20, slow=0.001), 3, shuffle=True, seed=5, num_workers=num_workers)

    plain = DataLoader(Squares(20), 3, shuffle=True, seed=5)
    first, second = firsts(plain), firsts(plain)
    assert first != second
    other = loader()
    assert [firsts(other), firsts(other)] == [first, second]
    resumed = loader()
    resumed.epoch = 1  # as from a checkpoint
    assert firsts(resumed) == second
    assert firsts(DataLoader(Squares(20), 3, shuffle=True, seed=6)) != first


def test_without_a_seed_the_order_is_that_of_manual_seed():
    loader = DataLoader(Squares(20), 3, shuffle=True)
    manual_seed(1)
    first, second = firsts(loader), firsts(loader)
    manual_seed(1)
    assert [firsts(loader), firsts(loader)] == [first, second] and first != second


def test_a_generator_draws_the_order():
    rng = np.random.default_rng(3)
    expected = [rng.permutation(6).tolist() for _ in range(2)]
    loader = DataLoader(Squares(6), 6, shuffle=True, generator=np.random.default_rng(3))
    assert [firsts(loader)[0], firsts(loader)[0]] == expected


# ---------------------------------------------------------------------- threads


@pytest.mark.parametrize("num_workers", [1, 4])
def test_threads_work_in_advance_and_end(num_workers):
    begun = []

    class Noted(Squares):
        def __getitem__(self, index):
            begun.append(threading.current_thread().name)
            return super().__getitem__(index)

    batches = iter(DataLoader(Noted(100), 2, num_workers=num_workers, prefetch_factor=3))
    assert running() == []
    next(batches)
    deadline = time.monotonic() + 5
    while len(begun) < 2 * (3 * num_workers + 1) and time.monotonic() < deadline:
        time.sleep(0.001)
    assert len(begun) == 2 * (3 * num_workers + 1)  # and no further
    assert all(name.startswith("DataLoader") for name in begun)
    assert running()
    rest = list(batches)
    assert len(rest) == 49 and running() == []


@workers
def test_a_loop_that_breaks_off_leaves_no_thread(num_workers):
    loader = DataLoader(Squares(100, slow=0.001), 2, num_workers=num_workers)
    for _ in loader:
        break
    assert running() == []

    def fail():
        for _ in loader:
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert running() == []
    assert len(list(loader)) == 50


@workers
def test_an_error_names_the_sample(num_workers):
    loader = DataLoader(Squares(10, bad=[7]), 2, num_workers=num_workers)
    seen = []
    with pytest.raises(RuntimeError, match="DataLoader: sample 7: OSError: no such image") as caught:
        seen.extend(x.tolist() for x, _ in loader)
    assert seen == [[0, 1], [2, 3], [4, 5]]  # what was right came first
    assert isinstance(caught.value.__cause__, OSError)
    del caught
    assert running() == []


# ---------------------------------------------------------------------- collate

Point = namedtuple("Point", "x y")


@pytest.mark.parametrize(
    ("samples", "expected", "dtype"),
    [
        ([1, 2], [1, 2], np.int64),
        ([1.5, 2], [1.5, 2.0], np.float64),
        ([True, False], [True, False], np.bool_),
        ([np.float32(1), np.float32(2)], [1.0, 2.0], np.float32),
        ([np.zeros((2,), np.uint8), np.ones((2,), np.uint8)], [[0, 0], [1, 1]], np.uint8),
        ([tensor([1.0]), tensor([2.0])], [[1.0], [2.0]], np.float32),
    ],
)
def test_numbers_become_one_tensor(samples, expected, dtype):
    batch = default_collate(samples)
    assert (batch.tolist(), batch.dtype) == (expected, dtype)


def test_containers_are_gone_through():
    batch = default_collate([{"a": (1, "x"), "b": Point([0], 1.0)}, {"a": (2, "y"), "b": Point([3], 2.0)}])
    assert batch["a"][0].tolist() == [1, 2] and batch["a"][1] == ["x", "y"]
    assert type(batch["a"]) is tuple and type(batch["b"]) is Point
    assert batch["b"].x[0].tolist() == [0, 3] and batch["b"].y.tolist() == [1.0, 2.0]


def test_a_graph_is_kept():
    x = tensor([1.0, 2.0], requires_grad=True)
    default_collate([x[0], x[1] * 2]).sum().backward()
    assert x.grad.tolist() == [1.0, 2.0]


def test_tensors_of_pytorch_are_taken():
    torch = pytest.importorskip("torch", reason="makes batches of PyTorch's datasets")
    data = torch.utils.data.TensorDataset(torch.arange(6.0).reshape(3, 2), torch.arange(3))
    x, y = next(iter(DataLoader(data, 2)))
    assert (x.tolist(), y.tolist(), x.dtype) == ([[0, 1], [2, 3]], [0, 1], np.float32)


@pytest.mark.parametrize(
    ("samples", "error", "message"),
    [
        ([object()], TypeError, "collate: cannot make a batch of <object"),
        ([np.zeros(2), np.zeros(3)], ValueError, r"must have one shape, some have \(2,\), some \(3,\)"),
        ([(1, 2), (1,)], ValueError, "must be equally long, some have 1 entries, some 2"),
        ([{"a": 1}, {"b": 1}], ValueError, "all samples of a batch must have the entries a"),
    ],
)
def test_samples_that_do_not_go_together(samples, error, message):
    with pytest.raises(error, match=message):
        default_collate(samples)


# ---------------------------------------------------------------------- datasets, splits


def test_datasets():
    data = TensorDataset(autograd.arange(4), np.ones((4, 2)))
    assert len(data) == 4 and [x.shape for x in data[1]] == [(), (2,)]
    assert [int(x) for x, _ in data] == [0, 1, 2, 3]
    assert [int(x) for x, _ in Subset(data, np.array([2, 0]))] == [2, 0]


@fewer
@given(st.integers(1, 60), st.integers(0, 60), st.integers(0, 60), st.integers(0, 99))
def test_every_sample_is_in_one_part(n, a, b, seed):
    a = min(a, n)
    b = min(b, n - a)
    parts = random_split(range(n), [a, b, n - a - b], seed=seed)
    assert [len(part) for part in parts] == [a, b, n - a - b]
    assert sorted(i for part in parts for i in part) == list(range(n))
    again = random_split(range(n), [a, b, n - a - b], generator=np.random.default_rng(seed))
    assert [part.indices for part in again] == [part.indices for part in parts]


def test_shares_are_pytorchs():
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    for n, shares in ((10, [0.5, 0.3, 0.2]), (7, [0.5, 0.5]), (11, [0.33, 0.33, 0.34]), (5, [1.0])):
        theirs = torch.utils.data.random_split(range(n), shares)
        assert [len(part) for part in random_split(range(n), shares)] == [len(part) for part in theirs]


@fewer
@given(st.lists(st.integers(0, 3), min_size=4, max_size=80), st.floats(0.05, 0.95), st.integers(0, 99))
def test_a_stratified_split_keeps_the_shares(labels, share, seed):
    n = len(labels)
    first = int(n * share)
    parts = random_split(range(n), [first, n - first], seed=seed, stratify=labels)
    assert [len(part) for part in parts] == [first, n - first]
    assert sorted(i for part in parts for i in part) == list(range(n))
    counts = Counter(labels[i] for i in parts[0])
    for label, total in Counter(labels).items():
        assert abs(counts[label] - total * first / n) <= 1.01


def test_a_stratified_split_is_random():
    labels = [0, 1] * 20
    splits = [random_split(range(40), [0.5, 0.5], seed=seed, stratify=labels)[0].indices for seed in (1, 1, 2)]
    assert splits[0] == splits[1] != splits[2]
    drawn = [labels[i] for i in splits[0]]
    assert drawn != sorted(drawn)  # not label by label
    assert any(a == b for a, b in zip(drawn[::2], drawn[1::2], strict=True))  # nor one of each in turn
    manual_seed(0)
    first = random_split(range(40), [20, 20])[0].indices
    manual_seed(0)
    assert random_split(range(40), [20, 20])[0].indices == first


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: DataLoader([]), ValueError, "DataLoader: the dataset is empty"),
        (lambda: DataLoader(TensorDataset(autograd.zeros(0, 3))), ValueError, "DataLoader: the dataset is empty"),
        (lambda: DataLoader(iter([1])), TypeError, "a dataset has __len__ and __getitem__, got <list_iterator"),
        (lambda: DataLoader([1], 0), ValueError, "batch_size must be a whole number from 1 up, got 0"),
        (lambda: DataLoader([1], 2.0), ValueError, "batch_size must be a whole number from 1 up, got 2.0"),
        (lambda: DataLoader([1], num_workers=-1), ValueError, "num_workers must be a whole number from 0 up"),
        (lambda: DataLoader([1], prefetch_factor=0), ValueError, "prefetch_factor must be a whole number from 1 up"),
        (lambda: DataLoader([1], seed=1, generator=np.random.default_rng()), ValueError, "give one of them"),
        (lambda: TensorDataset(), ValueError, "takes tensors whose first axes number the samples"),
        (lambda: TensorDataset(1.0), ValueError, "takes tensors whose first axes number the samples"),
        (lambda: TensorDataset([1, 2], [1]), ValueError, r"must be equally long, they are \[2, 1\]"),
        (lambda: Dataset()[0], NotImplementedError, "must define __getitem__"),
        (lambda: len(Dataset()), NotImplementedError, "must define __len__"),
        (lambda: random_split(range(5), [2, 2]), ValueError, r"lengths must add up to 5, .* got \[2, 2\]"),
        (lambda: random_split(range(5), [-1, 6]), ValueError, "lengths must add up to 5"),
        (lambda: random_split(range(5), [1.5, -0.5]), ValueError, "shares must be from 0 to 1"),
        (lambda: random_split(range(5), [1.0], stratify=[1]), ValueError, "5 samples need 5 labels"),
        (lambda: random_split([1], [1], np.random.default_rng(), seed=1), ValueError, "give one of them"),
    ],
)
def test_errors_teach(act, error, message):
    with pytest.raises(error, match=message):
        act()
