"""Images in folders, one for each class."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ..data import Dataset, random_split

__all__ = ["ImageFolder"]

SUFFIXES = frozenset((".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"))


class ImageFolder(Dataset):
    """Pairs of an image and the number of its class: root/daisy/1.jpg, root/rose/7.png, and so on.

    Args:
        root: the folder of the folders; their names, sorted, are the classes.
        transform: what to make of an image, an array of bytes (height, width, 3); see `ToTensor`.
        target_transform: what to make of a label.
        split: "train" or "test" for a part of the images, the same on every run; None for all.
        test_share: the share of each class that is in the part "test".
        size: the height and width that all images are brought to, for they come in batches of one shape.

    Attributes:
        classes: the names of the classes.
        samples: pairs of a path and the number of its class.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: there are no folders in it, or one has no images; an image that is asked for is damaged, by name.

    The surface is torchvision's, with the split added.
    """

    def __init__(
        self,
        root: str | Path,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        *,
        split: str | None = None,
        test_share: float = 0.2,
        size: tuple[int, int] | None = None,
    ) -> None:
        if split not in (None, "train", "test"):
            raise ValueError(f"ImageFolder: split must be 'train', 'test' or None, got {split!r}")
        _pillow()  # at once, and not in the middle of an epoch
        self.root = Path(root)
        self.transform = transform
        self.target_transform = target_transform
        self.size = size
        self.classes, self.samples = _found(self.root)
        self.class_to_idx = {name: i for i, name in enumerate(self.classes)}
        if split is not None:
            shares, labels = [1 - test_share, test_share], [label for _, label in self.samples]
            parts = random_split(self.samples, shares, seed=0, stratify=labels)
            self.samples = [self.samples[i] for i in sorted(parts[split == "test"].indices)]
        self.targets = [label for _, label in self.samples]

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        path, label = self.samples[index]
        image = self._image(path)
        return (
            image if self.transform is None else self.transform(image),
            label if self.target_transform is None else self.target_transform(label),
        )

    def _image(self, path: Path) -> np.ndarray[Any, Any]:
        try:
            with _pillow().open(path) as image:
                image = image.convert("RGB")
                if self.size is not None:
                    image = image.resize(self.size[::-1])
                return np.asarray(image)
        except (OSError, SyntaxError, ValueError) as error:  # all of them are how Pillow calls a damaged file
            raise ValueError(f"{path}: not an image, or damaged: {error}") from None


def _found(root: Path) -> tuple[list[str], list[tuple[Path, int]]]:
    """The names of the classes, and their images."""
    if not root.is_dir():
        raise FileNotFoundError(f"ImageFolder: there is no folder {root}: give one that holds a folder for each class")
    folders = sorted(path for path in root.iterdir() if path.is_dir())
    if not folders:
        raise ValueError(f"ImageFolder: {root} has no folders, one for each class")
    samples = []
    for label, folder in enumerate(folders):
        images = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
        if not images:
            raise ValueError(f"ImageFolder: {folder} has no images, of {', '.join(sorted(SUFFIXES))}")
        samples += [(path, label) for path in images]
    return [folder.name for folder in folders], samples


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError:
        raise ImportError(
            'ImageFolder reads images with Pillow: write python -m pip install "stepgrad[images]"'
        ) from None
    return Image
