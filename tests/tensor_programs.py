"""Programs that PyTorch runs as well as this package: `make_tensors.py` keeps PyTorch's answers.

Each takes the package, `torch` or `autograd`, and leaves of the shapes given, and returns a tensor.
"""

import random

DTYPES = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64")


def mlp_step(t, x, w1, b1, w2, b2):
    """One step of gradient descent, and the loss after it."""
    hidden = t.tanh(x @ w1.T + b1)
    logits = hidden @ w2.T + b2
    return ((logits - x.sum(dim=1, keepdim=True)) ** 2).mean() + 0.1 * (w1**2).sum()


def cross_entropy(t, logits):
    rows = t.tensor([0, 1, 2])
    return -t.log_softmax(logits, dim=1)[rows, t.tensor([3, 0, 0])].mean()


def layer_norm(t, x, gain, shift):
    centred = x - x.mean(dim=-1, keepdim=True)
    return centred / t.sqrt(x.var(dim=-1, keepdim=True, unbiased=False) + 1e-5) * gain + shift


def attention(t, query, key, value):
    scores = query @ key.transpose(-2, -1) / 2.0
    mask = t.tril(t.ones(3, 3)) == 0
    return t.softmax(scores.masked_fill(mask, float("-inf")), dim=-1) @ value


def square_of_gradient(t, x):
    """The gradient of the square of a gradient."""
    y = (t.exp(x) * t.sin(x)).sum() + x.prod()
    y.backward(create_graph=True)
    slope = x.grad
    x.grad = None
    return slope**2


PROGRAMS = {
    "mlp step": mlp_step,
    "cross entropy": cross_entropy,
    "layer norm": layer_norm,
    "attention": attention,
    "square of gradient": square_of_gradient,
    "indexing": lambda t, x: x[1:, [0, 2, 2]] * x[0, 1] + x[-1, None, ..., :3],
    "mask": lambda t, x: x[x > 0].sum() + t.where(x > 0.5, x, x * x).sum(),
    "var and std": lambda t, x: x.var() + x.std(dim=0).sum() + x.var(dim=1, unbiased=False) * x.std(1, keepdim=True),
    "amax with ties": lambda t, x: t.amax(t.round(x), dim=1) + t.round(x).max() + x.amin(dim=(0, 1)),
    "max with ties": lambda t, x: (x * 0 + 1).max(dim=1)[0] + x.min(dim=1)[0],
    "maximum with ties": lambda t, x: t.maximum(x, x * 1) + t.minimum(x, x.flip(0)),
    "norm at 0": lambda t, x: (x * 0).norm() + x.norm(dim=1) + x.norm(p=3, dim=0).sum() + x.norm(p=float("inf")),
    "cumprod with zeros": lambda t, x: t.cumprod(x * t.tensor([1.0, 0.0, 2.0, 0.0]), dim=1) + x.cumsum(0),
    "prod with zeros": lambda t, x: t.prod(x * t.tensor([1.0, 0.0, 2.0, 1.0]), dim=1) + x.prod(),
    "batched matmul": lambda t, a, b: (a @ b).tanh(),
    "einsum": lambda t, a, b: t.einsum("bij,bjk->ik", a, b),
    "logsumexp": lambda t, x: t.logsumexp(x * 500, dim=1) + t.logsumexp(x, dim=(0, 1)),
    "gather and scatter": lambda t, x: (
        t.gather(x, 1, t.tensor([[0, 0, 3], [1, 1, 1], [2, 0, 1]])).sum()
        + (x.scatter_add(1, t.tensor([[0, 0], [1, 2], [3, 3]]), x[:, :2]) ** 2).sum()
    ),
    "sort and topk": lambda t, x: t.sort(x, dim=1, descending=True)[0] * 2 + t.topk(x, 4, dim=1)[0],
    "cat, stack, split": lambda t, a, b: t.cat([a, b * 2], dim=0).split(2)[1].sum() + t.stack([a, b])[1, 0] ** 2,
    "broadcasting": lambda t, a, b, c: (a + b) * c - t.atan2(a, c) / (1 + b**2),
    "activations": lambda t, x: t.sigmoid(x) + t.relu(x) * x.clamp(-0.5, 0.5) + t.abs(x) + t.sign(x) + t.erf(x),
    "rearranged": lambda t, x: x.reshape(2, 6).permute(1, 0).flip(0).roll(1, 0).unsqueeze(1).expand(6, 2, 2).tril(),
    "diagonals": lambda t, x: t.diagonal(x, 1).sum() + t.trace(x[:, :3]) + t.diag(x[0]) + t.triu(x, 1).sum(),
}

SHAPES = {
    "mlp step": [(4, 3), (5, 3), (5,), (1, 5), (1,)],
    "layer norm": [(2, 4), (4,), (4,)],
    "attention": [(2, 3, 4), (2, 3, 4), (2, 3, 2)],
    "square of gradient": [(3,)],
    "batched matmul": [(2, 1, 2, 3), (4, 3, 2)],
    "einsum": [(2, 3, 4), (2, 4, 2)],
    "cat, stack, split": [(3, 2), (3, 2)],
    "broadcasting": [(2, 3), (3,), (2, 1)],
}


def inputs_of(name):
    """Nested lists of numbers for the leaves of a program, the same each time."""
    source = random.Random(name)

    def numbers(shape):
        return [numbers(shape[1:]) for _ in range(shape[0])] if shape else round(source.uniform(-1.5, 1.5), 3)

    return [numbers(shape) for shape in SHAPES.get(name, [(3, 4)])]
