"""Samples, and how they come in batches, under the names of `torch.utils.data`."""

from .dataset import Dataset, Subset, TensorDataset
from .loader import DataLoader, default_collate
from .split import random_split

__all__ = ["DataLoader", "Dataset", "Subset", "TensorDataset", "default_collate", "random_split"]
