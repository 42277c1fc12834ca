"""MNIST and Fashion-MNIST: 70,000 images of digits, or of clothes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from autograd import Tensor, as_tensor, get_default_dtype

from ..data import Dataset
from .download import download as fetch
from .idx import read_idx

__all__ = ["MNIST", "FashionMNIST", "ToTensor", "load_mnist"]

Array = np.ndarray[Any, Any]
CLASSES = 10
FILES = {
    part: (f"{part}-images-idx3-ubyte", f"{part}-labels-idx1-ubyte") for part in ("train", "t10k")
}  # fmt: skip


class ToTensor:
    """Makes of an image (height, width) or (height, width, channels) a tensor (channels, height, width).

    Bytes from 0 to 255 become numbers from 0 to 1; numbers stay as they are.

    >>> import numpy as np
    >>> import nn
    >>> nn.datasets.ToTensor()(np.array([[0, 255]], np.uint8))
    tensor([[[0., 1.]]])
    """

    def __call__(self, image: Any) -> Tensor:
        array = np.asarray(image)
        if array.ndim not in (2, 3) or array.dtype.kind not in "biuf":
            raise TypeError(f"ToTensor: takes an image, got {type(image).__name__} of shape {array.shape}")
        return as_tensor(_scaled(array[np.newaxis] if array.ndim == 2 else array.transpose(2, 0, 1)))

    def batch(self, images: Array) -> Tensor:
        """The same for many images (height, width) at once."""
        return as_tensor(_scaled(images[:, np.newaxis]))

    def __repr__(self) -> str:
        return "ToTensor()"


def _scaled(array: Array) -> Array:
    if array.dtype != np.uint8:
        return np.ascontiguousarray(array)
    return np.divide(array, 255, dtype=get_default_dtype(), order="C")


class MNIST(Dataset):
    """Handwritten digits: 60,000 to train with, 10,000 to test with; pairs of an image (28, 28) and its digit.

    Args:
        root: the folder; the files, compressed or not, are in it or in its subfolder MNIST/raw.
        train: those to train with, or those to test with.
        transform: what to make of an image, an array of bytes; see `ToTensor`.
        target_transform: what to make of a label.
        download: fetch files that are missing into root/MNIST/raw.

    Attributes:
        data: all images, bytes in an array (n, 28, 28).
        targets: all labels, in an array.

    Raises:
        FileNotFoundError: a file is missing, and `download` is false.
        ValueError: a file is damaged; the message names it.
        OSError: a download failed.

    LeCun, Bottou, Bengio and Haffner (1998); the surface is torchvision's.
    """

    mirrors: ClassVar[Sequence[str]] = (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "http://yann.lecun.com/exdb/mnist/",
    )
    checksums: ClassVar[dict[str, str]] = {
        "train-images-idx3-ubyte": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "train-labels-idx1-ubyte": "d53e105ee54ea40749a09fcbcd1e9432",
        "t10k-images-idx3-ubyte": "9fb629c4189551a2d022fa330f9573f3",
        "t10k-labels-idx1-ubyte": "ec29112dd5afa0611ce80d1b7f02629c",
    }
    """MD5 of the files, compressed."""

    classes: ClassVar[list[str]] = [
        "0 - zero", "1 - one", "2 - two", "3 - three", "4 - four",
        "5 - five", "6 - six", "7 - seven", "8 - eight", "9 - nine",
    ]  # fmt: skip

    def __init__(
        self,
        root: str | Path,
        train: bool = True,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        download: bool = False,
    ) -> None:
        self.root = Path(root)
        self.train = train
        self.transform = transform
        self.target_transform = target_transform
        self.data, self.targets = self._load(download)

    @classmethod
    def _raw(cls, root: Path) -> Path:
        return root / cls.__name__ / "raw"

    def _load(self, download: bool) -> tuple[Array, Array]:
        names = FILES["train" if self.train else "t10k"]
        folders = [self._raw(self.root), self.root]
        for name in names if download else ():
            if _find(name, folders) is None:
                file = f"{name}.gz"
                fetch([mirror + file for mirror in self.mirrors], folders[0] / file, self.checksums[name])
        return _load_part(names, folders, type(self).__name__)

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        image, label = self.data[index], int(self.targets[index])
        return (
            image if self.transform is None else self.transform(image),
            label if self.target_transform is None else self.target_transform(label),
        )

    def batch(self, indices: Sequence[int]) -> tuple[Tensor, Tensor] | None:
        """The samples with these numbers in tensors; None if the transforms take one at a time."""
        make = as_tensor if self.transform is None else getattr(self.transform, "batch", None)
        if make is None or self.target_transform is not None:
            return None
        return make(self.data[indices]), as_tensor(self.targets[indices])

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} images to {'train' if self.train else 'test'} with, {self.root})"


class FashionMNIST(MNIST):
    """Clothes in ten classes, in files like MNIST's, in the folder or in its subfolder FashionMNIST/raw.

    Args: see `MNIST`.

    Xiao, Rasul and Vollgraf (2017).
    """

    mirrors = ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",)
    checksums: ClassVar[dict[str, str]] = {
        "train-images-idx3-ubyte": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "train-labels-idx1-ubyte": "25c81989df183df01b3e8a0aad5dffbe",
        "t10k-images-idx3-ubyte": "bef4ecab320f06d8554ea6380940ec79",
        "t10k-labels-idx1-ubyte": "bb300cfdad3c16e7a12a480ee83cd310",
    }
    classes: ClassVar[list[str]] = [
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
        "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ]  # fmt: skip


def load_mnist(folder: str | Path) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """((training images, their labels), (test images, their labels)), bytes (n, 28, 28) and integers (n,).

    Args:
        folder: where the four files are, compressed or not.

    Raises:
        FileNotFoundError: one is missing.
        ValueError: one is damaged; the message names it.
    """
    train, test = (_load_part(names, [Path(folder)], "load_mnist") for names in FILES.values())
    return train, test


def _load_part(names: Sequence[str], folders: Sequence[Path], caller: str) -> tuple[Array, Array]:
    """Images and labels, checked against one another."""
    paths = []
    for name in names:
        path = _find(name, folders)
        if path is None:
            places = " nor in ".join(map(str, reversed(folders)))
            hint = "" if caller == "load_mnist" else ", or write download=True"
            raise FileNotFoundError(f"{caller}: {name}, or {name}.gz, is not in {places}: put it there{hint}")
        paths.append(path)
    images, labels = map(read_idx, paths)
    if images.ndim != 3 or images.dtype != np.uint8:
        raise ValueError(f"{paths[0]}: has {images.dtype} of shape {images.shape}, images are uint8 (n, height, width)")
    if labels.ndim != 1 or labels.dtype != np.uint8 or labels.max(initial=0) >= CLASSES:
        raise ValueError(f"{paths[1]}: does not have labels from 0 to {CLASSES - 1}, one after another")
    if len(images) != len(labels):
        raise ValueError(f"{paths[1]}: has {len(labels)} labels for the {len(images)} images in {paths[0]}")
    return images, labels.astype(np.int64)


def _find(name: str, folders: Sequence[Path]) -> Path | None:
    """The first of these files that is there: in each folder, as it is, then compressed."""
    candidates = (folder / file for folder in folders for file in (name, f"{name}.gz"))
    return next((path for path in candidates if path.is_file()), None)
