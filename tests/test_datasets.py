"""Bundled data, IDX files and what may be wrong with them, downloads, images in folders, shapes, words."""

import gzip
import hashlib
import http.server
import struct
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import autograd
from nn import datasets
from nn.data import DataLoader
from nn.datasets import MNIST, FashionMNIST, ImageFolder, ReverseWordDataset, ToTensor, load_mnist, read_idx, shapes

REAL = Path(__file__).parents[2] / "shared" / "data" / "mnist"
real = pytest.mark.skipif(not REAL.is_dir(), reason=f"the real MNIST is not in {REAL}")
fewer = settings(max_examples=settings.default.max_examples // 5)

CODES = {"uint8": 0x08, "int8": 0x09, "int16": 0x0B, "int32": 0x0C, "float32": 0x0D, "float64": 0x0E}


def idx(array, shape=None):
    """An array as the bytes of an IDX file, which may promise another shape."""
    shape = array.shape if shape is None else shape
    header = struct.pack(f">BBBB{len(shape)}I", 0, 0, CODES[array.dtype.name], len(shape), *shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


def small_mnist(folder, n=6, compressed=True, names=tuple(MNIST.checksums)):
    """The four files, with n images of 28 by 28."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        rng = np.random.default_rng(len(name))
        array = rng.integers(0, 256, (n, 28, 28), np.uint8) if "images" in name else np.arange(n, dtype=np.uint8) % 10
        if compressed:
            (folder / f"{name}.gz").write_bytes(gzip.compress(idx(array)))
        else:
            (folder / name).write_bytes(idx(array))


# ---------------------------------------------------------------------- the file format


@pytest.mark.parametrize("dtype", CODES)
@pytest.mark.parametrize("shape", [(), (4,), (2, 3), (2, 0, 3)])
@pytest.mark.parametrize("compressed", [False, True])
def test_idx_files_are_read(tmp_path, dtype, shape, compressed):
    array = np.asarray(np.arange(np.prod(shape, dtype=int)).reshape(shape) * 5 - 3, dtype)
    path = tmp_path / "array"
    path.write_bytes(gzip.compress(idx(array)) if compressed else idx(array))
    found = read_idx(str(path))
    assert found.dtype == dtype and found.dtype.isnative and found.shape == shape
    np.testing.assert_array_equal(found, array)


GOOD = idx(np.arange(24, dtype=np.uint8).reshape(2, 3, 4))
HUGE = idx(np.zeros(4, np.uint8), shape=(2**32 - 1,) * 3)
DAMAGED = {
    "an empty file": (b"", "not an IDX file: it begins with nothing"),
    "two bytes": (GOOD[:2], "not an IDX file: it begins with 00 00"),
    "another magic number": (b"\x89PNG" + GOOD, "not an IDX file: it begins with 89 50 4e 47"),
    "an unknown dtype": (b"\0\0\7\1" + GOOD[4:], "not an IDX file: it begins with 00 00 07 01"),
    "a header that ends": (GOOD[:10], "truncated: it ends within the header"),
    "numbers that end": (GOOD[:-1], r"truncated: \(2, 3, 4\) of uint8 take 24 bytes after the header, it has 23"),
    "too many numbers": (GOOD + b"\0", "too long: .* it has more"),
    "a header that promises 79 octillion numbers": (HUGE, "truncated: .* it has 4"),
    "the same, compressed": (gzip.compress(HUGE), "truncated: .* it has 4"),
    "a compressed file that ends": (gzip.compress(GOOD)[:-10], "damaged or truncated"),
    "a compressed file with another checksum": (gzip.compress(GOOD)[:-8] + bytes(8), "damaged or truncated: CRC"),
    "compressed nonsense": (gzip.compress(GOOD)[:10] + b"\xff" * 30, "damaged or truncated"),
    "only the beginning of gzip": (b"\x1f\x8b", "damaged or truncated"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_file_is_refused_by_name(tmp_path, case):
    content, message = DAMAGED[case]
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"{path}: {message}"):
        read_idx(path)


@fewer
@given(st.data())
def test_a_changed_byte_of_a_compressed_file_never_gives_other_numbers(tmp_path_factory, data):
    content = bytearray(gzip.compress(GOOD, mtime=0))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    path = tmp_path_factory.getbasetemp() / "changed"
    path.write_bytes(content)
    found = read_or_refused(path)
    if isinstance(found, str):
        assert found.startswith(f"{path}: ")
    else:  # the time of the compression and the last few bits do not matter
        assert found.tobytes() == bytes(range(24))


def read_or_refused(path):
    try:
        return read_idx(path)
    except ValueError as error:
        return str(error)


# ---------------------------------------------------------------------- MNIST


@pytest.mark.parametrize("place", [".", "MNIST/raw"])
@pytest.mark.parametrize("compressed", [False, True])
def test_mnist_is_found(tmp_path, place, compressed):
    small_mnist(tmp_path / place, compressed=compressed)
    data = MNIST(tmp_path, train=False)
    assert len(data) == 6 and data.data.shape == (6, 28, 28) and data.data.dtype == np.uint8
    assert data.targets.tolist() == [0, 1, 2, 3, 4, 5] and data.classes[3] == "3 - three"
    image, label = data[4]
    assert image is not None and image.shape == (28, 28) and (label, type(label)) == (4, int)
    assert repr(data).startswith("MNIST(6 images to test with")


def test_transforms(tmp_path):
    small_mnist(tmp_path)
    data = MNIST(tmp_path, transform=ToTensor(), target_transform=lambda label: label % 2)
    image, label = data[3]
    assert image.shape == (1, 28, 28) and image.dtype == autograd.float32 and label == 1
    np.testing.assert_array_equal(image.numpy()[0], data.data[3].astype(np.float32) / 255)


@pytest.mark.parametrize("transform", [None, ToTensor(), lambda image: image[:2]])
@pytest.mark.parametrize("target_transform", [None, lambda label: label + 3])
def test_batches_at_once_are_those_of_single_samples(tmp_path, transform, target_transform):
    small_mnist(tmp_path)
    data = MNIST(tmp_path, transform=transform, target_transform=target_transform)
    for (x, y), (a, b) in zip(DataLoader(data, 4), DataLoader(list(data), 4), strict=True):
        assert x.dtype == a.dtype and x.shape == a.shape and (x == a).all()
        assert y.dtype == b.dtype and (y == b).all()


def test_images_become_tensors():
    image = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    assert ToTensor()(image).shape == (3, 2, 4)
    np.testing.assert_array_equal(ToTensor()(image).numpy(), image.transpose(2, 0, 1).astype(np.float32) / 255)
    assert ToTensor()(np.full((2, 2), 3.5)).tolist() == [[[3.5, 3.5]] * 2]
    with pytest.raises(TypeError, match="ToTensor: takes an image, got list"):
        ToTensor()([1, 2])


def test_files_that_are_missing_or_do_not_fit(tmp_path):
    with pytest.raises(FileNotFoundError, match="MNIST: train-images-idx3-ubyte.* write download=True"):
        MNIST(tmp_path)
    with pytest.raises(FileNotFoundError, match="load_mnist: train-images-idx3-ubyte"):
        load_mnist(tmp_path)
    small_mnist(tmp_path)
    labels = tmp_path / "train-labels-idx1-ubyte.gz"
    labels.write_bytes(gzip.compress(idx(np.zeros(5, np.uint8))))
    with pytest.raises(ValueError, match=f"{labels}: has 5 labels for the 6 images in "):
        MNIST(tmp_path)
    labels.write_bytes(gzip.compress(idx(np.full(6, 10, np.uint8))))
    with pytest.raises(ValueError, match=f"{labels}: does not have labels from 0 to 9"):
        MNIST(tmp_path)
    images = tmp_path / "train-images-idx3-ubyte.gz"
    images.write_bytes(gzip.compress(idx(np.zeros(6, np.uint8))))
    with pytest.raises(ValueError, match=f"{images}: has uint8 of shape"):
        MNIST(tmp_path)


@real
def test_the_real_mnist():
    (x, y), (x_test, y_test) = load_mnist(REAL)
    assert x.shape == (60000, 28, 28) and x_test.shape == (10000, 28, 28)
    assert np.bincount(y).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(y_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    data = MNIST(REAL, train=True, transform=ToTensor())
    loader = DataLoader(data, batch_size=64)
    assert len(loader) == 938
    images, labels = next(iter(loader))
    assert images.shape == (64, 1, 28, 28) and labels.shape == (64,)
    assert 0 <= images.min().item() < images.max().item() <= 1


# ---------------------------------------------------------------------- downloads


class Server(http.server.BaseHTTPRequestHandler):
    """Serves `files`; knows ranges unless told otherwise, and may end too early."""

    def do_GET(self):
        server = self.server
        server.asked.append((self.path, self.headers["Range"]))
        content = server.files.get(self.path)
        if content is None:
            return self.send_error(404)
        begin = 0
        if self.headers["Range"] and server.ranges:
            begin = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
            if begin >= len(content):
                return self.send_error(416)
        self.send_response(206 if begin else 200)
        self.send_header("Content-Length", str(len(content) - begin))
        self.end_headers()
        end = begin + server.breaks_after.pop() if server.breaks_after else None
        self.wfile.write(content[begin:end])
        return None

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    # a proxy of the environment has no business with this machine's own address
    monkeypatch.setattr(urllib.request, "_opener", urllib.request.build_opener(urllib.request.ProxyHandler({})))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    server.files, server.asked, server.ranges, server.breaks_after = {}, [], True, []
    server.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


CONTENT = bytes(range(256)) * 1000
MD5 = hashlib.md5(CONTENT).hexdigest()


def test_a_file_is_fetched_with_progress(tmp_path, server, capsys):
    server.files["/data.gz"] = CONTENT
    path = tmp_path / "new" / "data.gz"
    datasets.download(server.url + "data.gz", path, MD5)
    assert path.read_bytes() == CONTENT
    assert [entry.name for entry in path.parent.iterdir()] == ["data.gz"]
    assert "data.gz: 100%" in capsys.readouterr().err


@pytest.mark.parametrize("ranges", [True, False])
def test_an_interrupted_download_goes_on(tmp_path, server, ranges):
    server.files["/data.gz"], server.ranges, server.breaks_after = CONTENT, ranges, [100_000]
    path = tmp_path / "data.gz"
    with pytest.raises(OSError, match="the connection ended after 100000 of 256000 bytes"):
        datasets.download(server.url + "data.gz", path, MD5)
    assert not path.exists()
    assert (tmp_path / "data.gz.part").stat().st_size == 100_000
    datasets.download(server.url + "data.gz", path, MD5)
    assert path.read_bytes() == CONTENT
    assert server.asked == [("/data.gz", None), ("/data.gz", "bytes=100000-")]


@pytest.mark.parametrize("beginning", [b"\0" * 1000, CONTENT + b"more", CONTENT])
def test_a_beginning_from_another_time(tmp_path, server, beginning):
    """One that is wrong is thrown away; one that is all of it is taken."""
    server.files["/data.gz"] = CONTENT
    (tmp_path / "data.gz.part").write_bytes(beginning)
    datasets.download(server.url + "data.gz", tmp_path / "data.gz", MD5)
    assert (tmp_path / "data.gz").read_bytes() == CONTENT
    assert len(server.asked) == (1 if beginning == CONTENT else 2)


def test_another_address_is_tried(tmp_path, server):
    server.files |= {"/b/data.gz": b"something else", "/c/data.gz": CONTENT}
    urls = [server.url + f"{folder}/data.gz" for folder in "abc"]
    datasets.download(urls, tmp_path / "data.gz", MD5)
    assert (tmp_path / "data.gz").read_bytes() == CONTENT
    with pytest.raises(
        OSError, match="other: .*a/data.gz: HTTPError: .*404.*; .*b/data.gz: has the checksum"
    ) as caught:
        datasets.download(urls[:2], tmp_path / "other", MD5)
    assert MD5 in str(caught.value)
    assert [entry.name for entry in tmp_path.iterdir()] == ["data.gz"]


def test_mnist_downloads_what_is_missing(tmp_path, server, monkeypatch):
    small_mnist(tmp_path / "there")
    files = {path.name: path.read_bytes() for path in (tmp_path / "there").iterdir()}
    server.files = {f"/{name}": content for name, content in files.items()}
    sums = {name.removesuffix(".gz"): hashlib.md5(content).hexdigest() for name, content in files.items()}
    for kind in (MNIST, FashionMNIST):
        monkeypatch.setattr(kind, "mirrors", [server.url])
        monkeypatch.setattr(kind, "checksums", sums)
        data = kind(tmp_path, train=True, download=True)
        assert len(data) == 6
        raw = tmp_path / kind.__name__ / "raw"
        assert sorted(path.name for path in raw.iterdir()) == [
            "train-images-idx3-ubyte.gz",
            "train-labels-idx1-ubyte.gz",
        ]
    asked = len(server.asked)
    MNIST(tmp_path, train=True, download=True)
    MNIST(tmp_path / "there", train=True, download=True)
    assert len(server.asked) == asked == 4


# ---------------------------------------------------------------------- bundled with scikit-learn


@pytest.mark.parametrize(
    ("name", "shape", "classes"),
    [("digits", (1797, 1, 8, 8), 10), ("iris", (150, 4), 3), ("wine", (178, 13), 3), ("moons", (100, 2), 2)],
)
def test_bundled_data(name, shape, classes):
    pytest.importorskip("sklearn", reason='scikit-learn\'s data: python -m pip install "stepgrad[demos]"')
    data = getattr(datasets, name)()
    assert data.data.shape == shape and data.data.dtype == autograd.float32
    assert data.targets.dtype == autograd.int64 and len(data.classes) == classes
    assert sorted(set(data.targets.tolist())) == list(range(classes))
    assert data[3][0].shape == shape[1:]
    if name == "digits":
        assert data.data.min().item() == 0 and data.data.max().item() == 1
    else:
        assert len(data.feature_names) == shape[1]


def test_moons_are_the_same_for_a_seed():
    pytest.importorskip("sklearn", reason="scikit-learn's data")
    first, second, third = (datasets.moons(20, noise=0.1, seed=seed).data for seed in (1, 1, 2))
    assert (first == second).all() and (first != third).any()


@pytest.mark.parametrize(
    ("absent", "act", "message"),
    [
        (
            "sklearn",
            datasets.iris,
            r'datasets.iris is scikit-learn\'s: write python -m pip install "stepgrad\[demos\]"',
        ),
        ("PIL", lambda: ImageFolder("."), r'ImageFolder reads images with Pillow: write .* "stepgrad\[images\]"'),
    ],
)
def test_an_extra_that_is_absent(monkeypatch, absent, act, message):
    monkeypatch.setitem(sys.modules, absent, None)
    with pytest.raises(ImportError, match=message):
        act()


def test_importing_the_package_needs_no_extra():
    code = "import sys; sys.modules.update(sklearn=None, PIL=None); import nn.datasets, nn.metrics, nn.optim"
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[1], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


# ---------------------------------------------------------------------- shapes


def test_shapes():
    data = shapes(90, size=32, seed=1)
    assert data.data.shape == (90, 1, 32, 32) and data.classes == ["circle", "square", "triangle"]
    assert np.bincount(data.targets.numpy()).tolist() == [30, 30, 30]
    assert set(np.unique(data.data.numpy())) == {0.0, 1.0}
    again, other = shapes(90, size=32, seed=1), shapes(90, size=32, seed=2)
    assert (again.data == data.data).all() and (other.data != data.data).any()
    noisy = shapes(90, size=32, seed=1, noise=0.1).data - data.data
    assert noisy.std().item() == pytest.approx(0.1, rel=0.02)


def test_shapes_are_what_they_are_called():
    """The area within the smallest circle around the middle of gravity, as a share of that circle's."""
    data = shapes(150, size=128, seed=0)
    expected = {"circle": 1.0, "square": 2 / np.pi, "triangle": 3 * np.sqrt(3) / (4 * np.pi)}
    y, x = np.mgrid[:128, :128]
    for image, label in zip(data.data.numpy()[:, 0] > 0, data.targets.tolist(), strict=True):
        assert not (image[0].any() or image[-1].any() or image[:, 0].any() or image[:, -1].any()), "cut off"
        radius = np.hypot(x[image] - x[image].mean(), y[image] - y[image].mean()).max() + 0.5
        assert image.sum() / (np.pi * radius**2) == pytest.approx(expected[data.classes[label]], abs=0.08)


def test_no_shape_is_larger_than_another():
    data = shapes(600, size=64, seed=0)
    areas = data.data.sum(dim=(1, 2, 3)).numpy()
    means = [areas[data.targets.numpy() == label].mean() for label in range(3)]
    assert max(means) / min(means) < 1.1


@pytest.mark.parametrize("options", [{"n": 0}, {"size": 4}])
def test_shapes_of_no_size(options):
    with pytest.raises(ValueError, match="needs at least 1 image of at least 8 pixels"):
        shapes(**options)


# ---------------------------------------------------------------------- words


def test_words_are_reversed():
    """Deck 3: turkey, yekrut."""
    data = ReverseWordDataset()
    assert 300 < len(data) == len(set(data.words)) and "turkey" in data.words
    x, y = data[data.words.index("turkey")]
    assert x.shape == (data.length, 27) and y.shape == (data.length,) and y.dtype == autograd.int64
    assert (x.sum(dim=1) == 1).all() and data.decode(x) == "turkey" and data.decode(y) == "yekrut"
    assert [data.decode(code) for code in next(iter(DataLoader(data, 3)))[0]] == data.words[:3]


@given(st.text("abcxyz", min_size=1, max_size=9))
def test_words_are_encoded_and_decoded(word):
    data = ReverseWordDataset([word], length=9)
    assert data.decode(data.encode(word)) == word
    assert data.decode(data[0][1].tolist()) == word[::-1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "there are no words"),
        (["Ab"], "words are of the letters a to z, got 'Ab'"),
        (["a.b"], "words are of the letters a to z"),
        ([""], "words are of the letters a to z"),
        (["abcd"], "'abcd' has more than 3 letters"),
    ],
)
def test_words_that_cannot_be_encoded(words, message):
    with pytest.raises(ValueError, match=message):
        ReverseWordDataset(words, length=3)


# ---------------------------------------------------------------------- images in folders


@pytest.fixture
def flowers(tmp_path):
    """Ten images of each of three classes, in PPM, which needs no encoder."""
    for label, name in enumerate(["tulip", "daisy", "rose"]):
        for i in range(10):
            path = tmp_path / name / f"{i:02}.ppm"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"P6 4 3 255\n" + bytes([label, i, 255] * 12))
        (tmp_path / name / "notes.txt").write_text("no image")
    pytest.importorskip("PIL", reason='reads images with Pillow: python -m pip install "stepgrad[images]"')
    return tmp_path


def test_images_of_folders(flowers):
    data = ImageFolder(flowers)
    assert data.classes == ["daisy", "rose", "tulip"] and data.class_to_idx["rose"] == 1
    assert len(data) == 30 and data.targets == [0] * 10 + [1] * 10 + [2] * 10
    image, label = data[13]
    assert image.shape == (3, 4, 3) and image.dtype == np.uint8 and image[2, 1].tolist() == [2, 3, 255] and label == 1
    x, y = next(iter(DataLoader(ImageFolder(flowers, ToTensor(), str, size=(8, 6)), 5)))
    assert x.shape == (5, 3, 8, 6) and y == ["0"] * 5


def test_folders_are_split(flowers):
    train, test = (ImageFolder(flowers, split=split) for split in ("train", "test"))
    assert (len(train), len(test)) == (24, 6)
    assert sorted(train.samples + test.samples) == ImageFolder(flowers).samples
    assert np.bincount(test.targets).tolist() == [2, 2, 2]
    assert ImageFolder(flowers, split="test").samples == test.samples
    assert len(ImageFolder(flowers, split="test", test_share=0.5)) == 15


def test_folders_that_are_not_as_they_should(flowers):
    with pytest.raises(ValueError, match="split must be 'train', 'test' or None, got 'all'"):
        ImageFolder(flowers, split="all")
    with pytest.raises(ValueError, match="daisy has no folders, one for each class"):
        ImageFolder(flowers / "daisy")
    (flowers / "weed").mkdir()
    with pytest.raises(FileNotFoundError, match="ImageFolder: there is no folder .*nowhere: give one that holds"):
        ImageFolder(flowers / "nowhere")
    with pytest.raises(ValueError, match="weed has no images, of .bmp"):
        ImageFolder(flowers)
    (flowers / "weed" / "1.png").write_bytes(b"\x89PNG\r\n\x1a\nnonsense")
    with pytest.raises(RuntimeError, match="sample 30: ValueError: .*weed/1.png: not an image, or damaged"):
        list(DataLoader(ImageFolder(flowers), 31))
