"""Embeddings: PyTorch's numbers, the row of the padding, derivatives, errors; classes as rows of 0 and 1."""

import numpy as np
from hypothesis import given, strategies as st

from autograd import tensor
from autograd.testing import check_gradients
from nn import embedding, functional

from .arrays import fewer
from .nn_layers import check_mistake, dtypes, each_mistake, in_float64
from .nn_parity import assert_parity, needs_torch, torch


@needs_torch
@fewer
@given(dtype=dtypes, rows=st.integers(1, 5), padding_idx=st.none() | st.integers(-1, 0), data=st.data())
def test_embedding_is_pytorchs(dtype, rows, padding_idx, data):
    """Rows that come several times gather several gradients; that of the padding gets none."""
    index = np.array(data.draw(st.lists(st.integers(0, rows - 1), min_size=4, max_size=4))).reshape(2, 2)
    ours = embedding.Embedding(rows, 3, padding_idx)
    assert_parity(ours, torch.nn.Embedding(rows, 3, padding_idx), index, dtype=dtype, text=True)


def test_derivatives_of_an_embedding():
    words = np.array([[0, 2], [2, 2]])
    check_gradients(lambda module: module(words), in_float64(embedding.Embedding(3, 2)), project=True)


def test_the_padding_begins_as_0_and_stays():
    layer = embedding.Embedding(3, 2, padding_idx=-1)
    assert layer.padding_idx == 2
    layer(tensor([0, 2])).sum().backward()
    assert layer.weight.tolist()[2] == layer.weight.grad.tolist()[2] == [0.0, 0.0]
    assert layer.weight.grad.tolist()[0] == [1.0, 1.0]


def test_vectors_from_elsewhere():
    vectors = np.array([[1.0, 2.0], [3.0, 4.0]])
    frozen, learnt = (embedding.Embedding.from_pretrained(vectors, freeze=freeze) for freeze in (True, False))
    assert frozen(tensor([1])).tolist() == [[3.0, 4.0]]
    assert (frozen.weight.requires_grad, learnt.weight.requires_grad) == (False, True)


def test_embedding_takes_lists_and_arrays():
    layer = embedding.Embedding(3, 2)
    assert layer([1, 2]).tolist() == layer(np.array([1, 2])).tolist() == layer(tensor([1, 2])).tolist()


@each_mistake(
    (lambda: embedding.Embedding(3, 2, padding_idx=3), ValueError, "padding_idx 3 is out of range for 3 embeddings"),
    (lambda: embedding.Embedding.from_pretrained([1.0]), ValueError, r"one vector in each row of a matrix, got \(1,\)"),
    (lambda: embedding.Embedding(3, 2)(tensor([0, 3])), IndexError, "index 3 is out of range for 3 embeddings, 0 to 2"),
    (lambda: embedding.Embedding(3, 2)(tensor([0, -1])), IndexError, "index -1 is out of range for 3 embeddings"),
    (lambda: embedding.Embedding(3, 2)(tensor([0.5])), TypeError, "embedding: indices must be integers, got float32"),
    (lambda: functional.one_hot(tensor([0, 3]), 3), IndexError, "one_hot: class 3 is out of range for 3 classes"),
    (lambda: functional.one_hot([]), TypeError, "one_hot: indices must be integers"),
    (lambda: functional.one_hot(np.array([], int)), ValueError, "one_hot: without indices num_classes must be given"),
)
def test_mistakes_are_explained(mistake, error, message):
    check_mistake(mistake, error, message)
