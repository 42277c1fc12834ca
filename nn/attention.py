"""Attention: each position of a sequence looks at others, and layers of the transformer made of it."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd
from autograd import Parameter, Tensor, as_tensor, empty, linear, softmax

from . import init
from .arrays import array_in
from .containers import ModuleList
from .dropout import Dropout, dropout as dropped
from .linear import Linear
from .module import Module
from .normalization import LayerNorm

__all__ = ["MultiheadAttention", "TransformerEncoder", "TransformerEncoderLayer", "scaled_dot_product_attention"]


def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
) -> Any:
    """Weighted means of values, with weights by how well keys fit queries: softmax(Q Kᵀ / √E) V.

    Args:
        query: (..., L, E).
        key: (..., S, E).
        value: (..., S, F).
        attn_mask: broadcasts to (..., L, S); where it is False a position is not looked at; numbers are added.
        dropout_p: the probability with which a weight is dropped.
        is_causal: whether a position sees only those up to itself.
        scale: in the place of 1/√E.

    Returns:
        (..., L, F).

    Vaswani et al. (2017), equation 1.

    >>> import autograd, nn
    >>> q, k, v = autograd.ones(1, 2), autograd.ones(3, 2), autograd.tensor([[1.0], [2.0], [6.0]])
    >>> scaled_dot_product_attention(q, k, v).item()
    3.0
    """
    if is_causal and attn_mask is not None:
        raise ValueError("scaled_dot_product_attention: give attn_mask or is_causal, not both")
    if query.shape[-1] != key.shape[-1] or key.shape[-2] != value.shape[-2]:
        shapes = f"query {query.shape}, key {key.shape}, value {value.shape}"
        raise ValueError(f"scaled_dot_product_attention: {shapes}: needs (..., L, E), (..., S, E) and (..., S, F)")
    if is_causal:
        bias: Any = _as_bias(_later(query.shape[-2], key.shape[-2]), query.dtype)
    elif attn_mask is not None and attn_mask.dtype == np.bool_:
        bias = _as_bias(~array_in(attn_mask), query.dtype)
    else:
        bias = attn_mask
    return _attended(query, key, value, bias, dropout_p, scale)[0]


def _attended(query: Any, key: Any, value: Any, bias: Any, dropout_p: float, scale: float | None) -> tuple[Any, Any]:
    """The means and their weights; the bias is added to the scores, and is -inf where nothing is to be seen."""
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    scores = (query * scale) @ key.transpose(-2, -1)
    weights = dropped(softmax(scores if bias is None else scores + bias, -1), dropout_p)
    return weights @ value, weights


def _later(steps: int, others: int) -> np.ndarray[Any, Any]:
    """(L, S): which positions come after."""
    return np.triu(np.ones((steps, others), bool), 1)


def _as_bias(hidden: Any, dtype: Any) -> Any:
    """-inf where something is hidden, else 0."""
    return as_tensor(np.where(hidden, -np.inf, 0).astype(dtype))


class MultiheadAttention(Module):
    """Attention of several heads, each on a part of the features.

        headᵢ  = softmax((Q Wᵢ) (K Uᵢ)ᵀ / √(E/heads)) (V Zᵢ)
        output = [head₁, head₂, ...] W_out

    Args:
        embed_dim: E, the length of queries and outputs.
        num_heads: how many heads there are; each has E / heads features.
        dropout: the probability with which a weight is dropped in training.
        bias: whether all four products have a bias.
        kdim, vdim: the lengths of keys and values; E by default.
        batch_first: whether the shapes are (batch, position, features) instead of (position, batch, features).
        dtype: of the parameters.

    Vaswani et al. (2017), section 3.2.2; parameters, their shapes and beginnings are PyTorch's.

    >>> import autograd, nn
    >>> x = autograd.ones(5, 2, 8)
    >>> y, weights = MultiheadAttention(8, num_heads=2)(x, x, x)
    >>> y.shape, weights.shape
    ((5, 2, 8), (2, 5, 5))
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        *,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if num_heads < 1 or embed_dim < 1 or embed_dim % num_heads:
            raise ValueError(f"MultiheadAttention: embed_dim {embed_dim} cannot be shared by {num_heads} heads equally")
        self.embed_dim = embed_dim
        self.num_heads = num_heads
        self.dropout = dropout
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self.batch_first = batch_first
        if self.kdim == self.vdim == embed_dim:
            self.in_proj_weight = Parameter(empty(3 * embed_dim, embed_dim, dtype=dtype))
        else:
            self.q_proj_weight = Parameter(empty(embed_dim, embed_dim, dtype=dtype))
            self.k_proj_weight = Parameter(empty(embed_dim, self.kdim, dtype=dtype))
            self.v_proj_weight = Parameter(empty(embed_dim, self.vdim, dtype=dtype))
        self.in_proj_bias = Parameter(empty(3 * embed_dim, dtype=dtype)) if bias else None
        self.out_proj = Linear(embed_dim, embed_dim, bias, dtype=dtype)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew; the biases are 0 (Glorot and Bengio 2010)."""
        for parameter in self.parameters(recurse=False):
            if parameter.ndim == 2:
                init.xavier_uniform_(parameter)
        self.out_proj.reset_parameters()
        for bias in (self.in_proj_bias, self.out_proj.bias):
            if bias is not None:
                init.zeros_(bias)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Any, Any]:
        """The output, and the weights or None.

        Args:
            query: (L, batch, embed_dim), or (L, embed_dim) without a batch, as key and value then.
            key: (S, batch, kdim).
            value: (S, batch, vdim).
            key_padding_mask: (batch, S), where it is True a key is not looked at; numbers are added to the scores.
            need_weights: whether the weights are returned.
            attn_mask: (L, S) or (batch · heads, L, S), likewise.
            average_attn_weights: their mean over the heads, (batch, L, S), or those of each, (batch, heads, L, S).
            is_causal: whether a position sees only those up to itself, if there is no `attn_mask`.
        """
        is_batch = query.ndim == 3
        query, key, value = self._with_batch(query, key, value)
        if not is_batch and key_padding_mask is not None:
            key_padding_mask = key_padding_mask[None]
        bias = self._bias(query, key, attn_mask, key_padding_mask, is_causal)
        query, key, value = (self._heads(x) for x in self._projected(query, key, value))
        y, weights = _attended(query, key, value, bias, self.dropout if self.training else 0.0, None)
        y = self.out_proj(y.transpose(1, 2).flatten(2))
        weights = (weights.mean(1) if average_attn_weights else weights) if need_weights else None
        if not is_batch:
            return y[0], None if weights is None else weights[0]
        return (y if self.batch_first else y.transpose(0, 1)), weights

    def _with_batch(self, *inputs: Tensor) -> list[Any]:
        """Queries, keys and values as (batch, position, features), checked."""
        shapes = ", ".join(str(x.shape) for x in inputs)
        widths = (self.embed_dim, self.kdim, self.vdim)
        if any(x.ndim != inputs[0].ndim or x.ndim not in (2, 3) for x in inputs):
            raise ValueError(f"{self._label()}: needs three axes, or two without a batch, got {shapes}")
        if tuple(x.shape[-1] for x in inputs) != widths:
            raise ValueError(f"{self._label()}: takes {', '.join(map(str, widths))} features, got inputs of {shapes}")
        if inputs[0].ndim == 2:
            return [x[None] for x in inputs]
        query, key, value = inputs if self.batch_first else [x.transpose(0, 1) for x in inputs]
        if key.shape[:2] != value.shape[:2] or query.shape[0] != key.shape[0]:
            raise ValueError(f"{self._label()}: batches, or numbers of keys and values, differ in {shapes}")
        return [query, key, value]

    def _projected(self, query: Any, key: Any, value: Any) -> list[Any]:
        """Queries, keys and values, each times its weights."""
        bias = self.in_proj_bias
        if self.kdim == self.vdim == self.embed_dim:
            weights = autograd.chunk(self.in_proj_weight, 3)
        else:
            weights = (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight)
        biases = (None, None, None) if bias is None else autograd.chunk(bias, 3)
        return [linear(x, w, b) for x, w, b in zip((query, key, value), weights, biases, strict=True)]

    def _heads(self, x: Any) -> Any:
        """(batch, position, E) as (batch, head, position, E / heads)."""
        return x.reshape(*x.shape[:2], self.num_heads, -1).transpose(1, 2)

    def _bias(self, query: Any, key: Any, attn_mask: Any, key_padding_mask: Any, is_causal: bool) -> Any:
        """What both masks add to the scores of all heads."""
        batch, steps, others = query.shape[0], query.shape[1], key.shape[1]
        total = None
        if attn_mask is None and is_causal:
            attn_mask = _later(steps, others)
        if attn_mask is not None:
            shapes = ((steps, others), (batch * self.num_heads, steps, others))
            if attn_mask.shape not in shapes:
                raise ValueError(
                    f"{self._label()}: attn_mask must be {shapes[0]} or {shapes[1]}, got {attn_mask.shape}"
                )
            total = self._added(attn_mask, query.dtype)
            if total.ndim == 3:
                total = total.reshape(batch, self.num_heads, steps, others)
        if key_padding_mask is not None:
            if key_padding_mask.shape != (batch, others):
                got = key_padding_mask.shape
                raise ValueError(f"{self._label()}: key_padding_mask must be {(batch, others)}, got {got}")
            padding = self._added(key_padding_mask, query.dtype)[:, None, None]
            total = padding if total is None else total + padding
        return total

    @staticmethod
    def _added(mask: Any, dtype: Any) -> Any:
        """A mask in numbers: a truth value hides, a number stays."""
        return _as_bias(array_in(mask), dtype) if mask.dtype == np.bool_ else mask


class TransformerEncoderLayer(Module):
    """Attention of a sequence to itself, then two linear layers at each position, both beside a shortcut.

        x = LayerNorm(x + Attention(x)),  x = LayerNorm(x + W₂ activation(W₁ x + b₁) + b₂)

    Args:
        d_model: the number of features.
        nhead: the number of heads.
        dim_feedforward: how many neurons W₁ has.
        dropout: the probability of dropout, in all places.
        activation: `"relu"`, `"gelu"` or a function.
        layer_norm_eps: the ε of the two normalisations.
        batch_first: whether x is (batch, position, features) instead of (position, batch, features).
        norm_first: normalise what goes into each part instead, x + Attention(LayerNorm(x)).
        bias: whether there are biases.
        dtype: of the parameters.

    Vaswani et al. (2017), section 3.1; names, shapes and defaults are PyTorch's.

    >>> import autograd
    >>> TransformerEncoderLayer(8, nhead=2)(autograd.ones(5, 2, 8)).shape
    (5, 2, 8)
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Any], Any] = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if not callable(activation) and activation not in ("relu", "gelu"):
            raise ValueError(
                f"TransformerEncoderLayer: activation must be relu, gelu or a function, got {activation!r}"
            )
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, dtype=dtype)
        self.linear1 = Linear(d_model, dim_feedforward, bias, dtype=dtype)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, dtype=dtype)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, eps=layer_norm_eps, bias=bias, dtype=dtype)
        self.norm2 = LayerNorm(d_model, eps=layer_norm_eps, bias=bias, dtype=dtype)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        self.activation = activation if callable(activation) else getattr(autograd, activation)

    def forward(self, x: Any, src_mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool = False) -> Any:
        masks = (src_mask, src_key_padding_mask, is_causal)
        if self.norm_first:
            x = x + self._attention(self.norm1(x), *masks)
            return x + self._positions(self.norm2(x))
        x = self.norm1(x + self._attention(x, *masks))
        return self.norm2(x + self._positions(x))

    def _attention(self, x: Any, mask: Any, padding: Any, is_causal: bool) -> Any:
        y, _ = self.self_attn(x, x, x, padding, need_weights=False, attn_mask=mask, is_causal=is_causal)
        return self.dropout1(y)

    def _positions(self, x: Any) -> Any:
        """The two linear layers, at each position alone."""
        return self.dropout2(self.linear2(self.dropout(self.activation(self.linear1(x)))))


class TransformerEncoder(Module):
    """Copies of an encoder layer, one after the other.

    Args:
        encoder_layer: the layer; its copies begin with its parameters and are learnt each on its own.
        num_layers: how many there are.
        norm: a module at the end, or None.

    >>> import autograd
    >>> model = TransformerEncoder(TransformerEncoderLayer(8, nhead=2), num_layers=3)
    >>> model(autograd.ones(5, 2, 8)).shape
    (5, 2, 8)
    """

    def __init__(self, encoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__()
        self.layers = ModuleList(copy.deepcopy(encoder_layer) for _ in range(num_layers))
        self.num_layers = num_layers
        self.norm = norm

    def forward(self, x: Any, mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool = False) -> Any:
        for layer in self.layers:
            x = layer(x, mask, src_key_padding_mask, is_causal)
        return x if self.norm is None else self.norm(x)
