"""PyTorch's functions on arrays, tensors and dual numbers alike, by subject."""
