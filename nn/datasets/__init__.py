"""Data to learn from: small sets that need no download, MNIST and its like from files, and images in folders."""

from .bundled import digits, iris, moons, wine
from .download import download
from .folders import ImageFolder
from .idx import read_idx
from .labelled import LabelledDataset
from .mnist import MNIST, FashionMNIST, ToTensor, load_mnist
from .shapes import shapes
from .words import WORDS, ReverseWordDataset

__all__ = [
    "MNIST",
    "WORDS",
    "FashionMNIST",
    "ImageFolder",
    "LabelledDataset",
    "ReverseWordDataset",
    "ToTensor",
    "digits",
    "download",
    "iris",
    "load_mnist",
    "moons",
    "read_idx",
    "shapes",
    "wine",
]
