"""Weights on disk: there and back, with PyTorch, whole or not at all, and nothing that a file could run."""

import json
import os
import pickle
import struct

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import example, given, settings, strategies as st

import autograd
from nn import Linear, Sequential
from nn.io import load, save
from nn.recurrent import GRU

from .nn_parity import needs_torch, normal

try:
    import torch
except ImportError:
    torch = None


def assert_equal(a, b):
    """The same containers with the same numbers in them."""
    if isinstance(a, (autograd.Tensor, np.ndarray)):
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b), strict=True)
        return
    assert type(a) is type(b)
    if isinstance(a, dict):
        assert list(a) == list(b)
        for key in a:
            assert_equal(a[key], b[key])
    elif isinstance(a, (list, tuple)):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            assert_equal(x, y)
    else:
        assert a == b


def written(path, header, data=b"", length=None):
    """A file with this header, which may lie about its length."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + data)
    return path


# ---------------------------------------------------------------------- there and back


def test_a_module_there_and_back(tmp_path):
    path = tmp_path / "model.safetensors"
    model = Sequential(Linear(3, 4), Linear(4, 2, bias=False))
    save(model, path)
    other = Sequential(Linear(3, 4), Linear(4, 2, bias=False))
    assert repr(other.load_state_dict(load(path))) == "<All keys matched successfully>"
    for a, b in zip(model.parameters(), other.parameters(), strict=True):
        np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())
    assert os.listdir(tmp_path) == ["model.safetensors"]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"])
@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3)])
def test_every_dtype_and_shape(tmp_path, dtype, shape):
    array = (normal(shape) * 10).astype(dtype)
    save({"x": array}, tmp_path / "x")
    found = load(tmp_path / "x")["x"]
    assert isinstance(found, autograd.Tensor) and not found.requires_grad
    np.testing.assert_array_equal(found.numpy(), array, strict=True)


def test_arrays_in_any_memory_order(tmp_path):
    array = normal((3, 4))
    save({"turned": array.T, "strided": array[::2, ::-1]}, tmp_path / "x")
    found = load(tmp_path / "x")
    np.testing.assert_array_equal(found["turned"].numpy(), array.T)
    np.testing.assert_array_equal(found["strided"].numpy(), array[::2, ::-1])


def test_the_state_of_an_optimiser(tmp_path):
    state = {
        "state": {0: {"step": 3, "exp_avg": normal((2, 3))}, 1: {"step": 3, "exp_avg": np.float32(2).reshape(())}},
        "param_groups": [{"lr": 1e-3, "betas": (0.9, 0.999), "amsgrad": False, "name": None, "params": [0, 1]}],
        "0": {"1": normal((1,))},
    }
    save(state, tmp_path / "adam")
    assert_equal(load(tmp_path / "adam"), state)
    assert {"state.0.exp_avg", "state.1.exp_avg"} < set(safetensors.numpy.load_file(tmp_path / "adam"))


LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5),
    st.integers(0, 9).map(lambda n: np.arange(float(n))),
)  # fmt: skip
KEYS = st.one_of(st.integers(0, 3), st.sampled_from(["a", "b", "a.b", "a.0", "0", "'"]))
CONTAINERS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.lists(inner, max_size=3).map(tuple), st.dictionaries(KEYS, inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(state=CONTAINERS)
@example(state={"a.b": np.zeros(1), "a": {"b": np.ones(1)}, "a.b'": np.ones(2), "n": 1})
def test_any_containers_there_and_back(state, tmp_path_factory):
    path = tmp_path_factory.mktemp("containers") / "x"
    save(state, path)
    found = load(path)
    assert_equal(dict(found) if isinstance(state, dict) else found, state)


@needs_torch
def test_files_travel_both_ways(tmp_path):
    from safetensors.torch import load_file, save_file

    ours, theirs = GRU(3, 4, num_layers=2), torch.nn.GRU(3, 4, num_layers=2)
    save_file(theirs.state_dict(), tmp_path / "theirs")
    ours.load_state_dict(load(tmp_path / "theirs"))
    np.testing.assert_array_equal(ours.weight_hh_l1.detach().numpy(), theirs.weight_hh_l1.detach().numpy())
    with autograd.no_grad():
        ours.weight_ih_l0 *= 2
    save(ours, tmp_path / "ours")
    theirs.load_state_dict(load_file(tmp_path / "ours"))
    for name, parameter in ours.state_dict().items():
        np.testing.assert_array_equal(parameter.numpy(), theirs.state_dict()[name].numpy())


# ---------------------------------------------------------------------- whole or not at all


@pytest.mark.parametrize("broken", ["nn.io.os.replace", "nn.io.os.fsync", "safetensors.numpy.save_file"])
def test_a_crash_leaves_the_old_file_whole(tmp_path, monkeypatch, broken):
    path = tmp_path / "model"
    save({"x": np.ones(3)}, path)

    def crash(*_, **__):
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(broken, crash)
        with pytest.raises(OSError, match="no space left"):
            save({"x": np.zeros(3)}, path)
    assert load(path)["x"].tolist() == [1, 1, 1]
    assert os.listdir(tmp_path) == ["model"]


def test_the_old_file_is_there_until_the_new_one_is_complete(tmp_path, monkeypatch):
    path = tmp_path / "model"
    save({"x": np.ones(3)}, path)
    replace, seen = os.replace, []

    def watched(source, target):
        seen.append((load(source)["x"].tolist(), load(target)["x"].tolist()))
        replace(source, target)

    monkeypatch.setattr("nn.io.os.replace", watched)
    save({"x": np.zeros(3)}, path)
    assert seen == [([0, 0, 0], [1, 1, 1])]


def test_a_link_is_followed(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "model")
    save({"x": np.ones(3)}, tmp_path / "model")
    save({"x": np.zeros(3)}, tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert load(tmp_path / "model")["x"].tolist() == [0, 0, 0]


# ---------------------------------------------------------------------- damaged and hostile files


def test_every_truncation_is_refused(tmp_path):
    save({"weight": np.ones((2, 3)), "bias": np.ones(2)}, tmp_path / "whole")
    whole = (tmp_path / "whole").read_bytes()
    for n in range(len(whole)):
        (tmp_path / "part").write_bytes(whole[:n])
        with pytest.raises(ValueError, match="part: is no whole file of weights"):
            load(tmp_path / "part")


F32 = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
HOSTILE = {
    "header longer than the file": ({"x": F32}, bytes(8), 1 << 20),
    "header of terabytes": ({"x": F32}, bytes(8), 1 << 62),
    "offsets beyond the file": ({"x": {**F32, "shape": [1 << 40], "data_offsets": [0, 4 << 40]}}, bytes(8)),
    "offsets that are not the shape's": ({"x": {**F32, "shape": [3]}}, bytes(8)),
    "offsets backwards": ({"x": {**F32, "data_offsets": [8, 0]}}, bytes(8)),
    "negative offsets": ({"x": {**F32, "data_offsets": [-8, 0]}}, bytes(8)),
    "overlapping": ({"x": F32, "y": F32}, bytes(8)),
    "a shape that overflows": ({"x": {**F32, "shape": [1 << 33, 1 << 33]}}, bytes(8)),
    "an unheard-of dtype": ({"x": {**F32, "dtype": "O"}}, bytes(8)),
    "a dtype that is not here": ({"x": {**F32, "dtype": "BF16", "shape": [4]}}, bytes(8)),
    "no JSON": (b"{x}",),
    "JSON of something else": ([1, 2],),
    "deep JSON": (b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",),
    "more data than named": ({"x": F32}, bytes(16)),
}


@pytest.mark.parametrize("parts", HOSTILE.values(), ids=HOSTILE)
def test_hostile_headers_are_refused(tmp_path, parts):
    with pytest.raises(ValueError, match="load: .*hostile: is no whole file of weights"):
        load(written(tmp_path / "hostile", *parts))


STRUCTURES = [
    "[", '"' + "x" * 10, '{"array": "y"}', '{"array": []}', '{"list": 3}', '{"dict": [1]}', '{"dict": [[[], 1]]}',
    '{"code": "x"}', '{"list": [], "tuple": []}', "[1]", '{"list": ' * 100_000, '{"list":[' * 5000 + "]}" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("structure", STRUCTURES, ids=lambda text: text[:20])
def test_hostile_descriptions_are_refused(tmp_path, structure):
    header = {"__metadata__": {"stepgrad.structure": structure}, "x": F32}
    with pytest.raises(ValueError, match="hostile: is no whole file of weights"):
        load(written(tmp_path / "hostile", header, bytes(8)))


def test_a_pickle_is_not_run(tmp_path):
    class Bomb:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "exploded"),)

    (tmp_path / "bomb").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(ValueError, match="bomb: is no whole file of weights"):
        load(tmp_path / "bomb")
    assert not (tmp_path / "exploded").exists()


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nothing")


def test_what_cannot_be_saved(tmp_path):
    for state, message in [
        ({"x": object()}, "save: x is a object"),
        ({"x": [{1.5: 2}]}, "x.0 has the key 1.5"),
        ({"x": np.ones(2, complex)}, "x has numbers of complex128"),
        ({"x": np.array(["a"])}, "x has numbers of <U1"),
    ]:
        with pytest.raises(TypeError, match=message):
            save(state, tmp_path / "x")
    assert os.listdir(tmp_path) == []
