"""Fourier transforms against their values, NumPy and PyTorch, on arrays, on a carrier and on tensors."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from autograd.arrays import fourier
from autograd.arrays.shapes import concatenate
from autograd.testing import check_gradients

from .arrays import few
from .carriers import Carrier, check_on_carriers, check_rules
from .test_linear_algebra import gradient

NORMS = (None, "backward", "ortho", "forward")
TRANSFORMS = [fourier.fft, fourier.ifft, fourier.rfft, fourier.irfft]

seeds = st.integers(0, 10**6).map(np.random.default_rng)
batches = st.sampled_from([(), (2,), (0,), (1, 2)])


def signal(rng, shape, is_complex):
    a = rng.standard_normal(shape)
    return a + 1j * rng.standard_normal(shape) if is_complex else a


def numpys(name):
    return getattr(np.fft, name)


# ---------------------------------------------------------------------- the rules


@st.composite
def calls(draw, op):
    """Signals that are cropped and filled up, of even and odd lengths, and the settings for that."""
    rng, shape = draw(seeds), list(draw(batches))
    axis = draw(st.integers(-len(shape) - 1, len(shape)))
    shape.insert(axis % (len(shape) + 1), draw(st.integers(2, 6)))
    a = signal(rng, shape, op is not fourier.rfft and draw(st.booleans()))
    return a, {"n": draw(st.none() | st.integers(1, 8)), "axis": axis, "norm": draw(st.sampled_from(NORMS))}


@pytest.mark.parametrize("op", TRANSFORMS, ids=lambda op: op.name)
@given(st.data())
def test_transforms_are_numpys(op, data):
    a, where = data.draw(calls(op))
    np.testing.assert_array_equal(op(a, **where), numpys(op.name)(a, **where))
    check_on_carriers(op, a, **where)


@pytest.mark.parametrize("op", TRANSFORMS, ids=lambda op: op.name)
@few
@given(st.data())
def test_derivatives_of_transforms(op, data):
    """The gradient of a real signal is real."""
    a, where = data.draw(calls(op))
    check_rules(op, a, **where)


@pytest.mark.parametrize("op", [fourier.real_part, fourier.imag_part, fourier.conj], ids=lambda op: op.name)
@pytest.mark.parametrize("is_complex", [False, True])
def test_parts(op, is_complex):
    check_rules(op, signal(np.random.default_rng(0), (2, 3), is_complex))


@pytest.mark.parametrize("shape", [(2, 3), (3,), (1, 3), ()])
def test_as_complex(shape):
    rng = np.random.default_rng(0)
    a, b = signal(rng, (2, 3), False), signal(rng, shape, False)
    np.testing.assert_array_equal(fourier.as_complex(a, b), a + 1j * b)
    assert fourier.as_complex(0.0, np.inf) == complex(0, np.inf)  # 0 · inf has no part in it
    check_rules(fourier.as_complex, a, np.asarray(b))


# ---------------------------------------------------------------------- several axes


SEVERAL = {"n": ({}, {"s": (3, 5), "axes": (0, -1)}, {"s": (4, -1)}, {"axes": (2, 0)}), "2": ({}, {"s": (5, 2)})}


@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft"])
@pytest.mark.parametrize("several", SEVERAL)
@pytest.mark.filterwarnings("ignore:`axes` should not be `None`")  # NumPy's word on s without axes
def test_several_axes_are_numpys(name, several):
    a = signal(np.random.default_rng(1), (2, 4, 3), name != "rfft")
    for where in SEVERAL[several]:
        for norm in NORMS:
            ours = getattr(fourier, name + several)(a, norm=norm, **where)
            np.testing.assert_allclose(ours, numpys(name + several)(a, norm=norm, **where), atol=1e-12)


@pytest.mark.parametrize("n", [4, 5])
def test_shifts_are_numpys(n):
    a = np.arange(3.0 * n).reshape(3, n)
    for axes in (None, 1, (0,), (-1, 0)):
        np.testing.assert_array_equal(fourier.fftshift(a, axes), np.fft.fftshift(a, axes))
        np.testing.assert_array_equal(fourier.ifftshift(fourier.fftshift(a, axes), axes), a)


# ---------------------------------------------------------------------- real losses through complex numbers

C = np.random.default_rng(2).standard_normal((3, 4, 5))


def parts(z):
    """The weighted sum of both parts."""
    c = C[: z.shape[0], : z.shape[1], : z.shape[2]]
    return (fourier.real_part(z) ** 2 * c).sum() + (fourier.imag_part(z) ** 3).sum()


LOSSES = {
    "spectrum": lambda a: (fourier.magnitude(fourier.rfft(a, n=5)) * 2).sum(),
    "power": lambda a: parts(fourier.rfftn(a, norm="ortho")),
    "plane": lambda a: parts(fourier.fft2(a, s=(3, 5))),
    "there and back": lambda a: (fourier.irfft2(fourier.rfft2(a), s=(4, 3)) ** 3).sum(),
    "mirrored": lambda a: parts(fourier.fftshift(fourier.conj(fourier.ifft(a)), 2)),
    "joined": lambda a: parts(concatenate(fourier.as_complex(a, a**2), fourier.fft(a), axis=0)[:3]),
}


@pytest.mark.parametrize("name", LOSSES)
def test_first_and_second_derivatives_on_tensors(name):
    check_gradients(LOSSES[name], np.random.default_rng(3).standard_normal((2, 4, 4)))


@pytest.mark.parametrize("n", [None, 3, 6, 7])
@pytest.mark.parametrize("norm", NORMS[1:])
def test_gradients_are_pytorchs(n, norm):
    """A complex leaf has the gradient ∂L/∂u + i ∂L/∂v."""
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(4)
    for op in TRANSFORMS:
        for is_complex in (False,) if op is fourier.rfft else (False, True):
            a = signal(rng, (2, 5), is_complex)
            y = op(a, n=n, norm=norm)
            g = signal(rng, y.shape, y.dtype.kind == "c")
            t = torch.tensor(a, requires_grad=True)
            result = getattr(torch.fft, op.name)(t, n=n, norm=norm)
            theirs = torch.autograd.grad(result, t, torch.tensor(g))[0].numpy()
            ours = op.pullback(0)(g, y, a, n=n, norm=norm)
            np.testing.assert_allclose(ours, theirs, atol=1e-12)


def test_magnitude():
    """At 0, where it has a kink, the gradient is 0; elsewhere it points along the number."""
    z = np.array([3 - 4j, 0, -2j, 1])
    np.testing.assert_array_equal(fourier.magnitude(z), np.abs(z))
    np.testing.assert_array_equal(fourier.magnitude(Carrier(z))._data, np.abs(z))
    a = np.array([[3.0, 0.0], [-4.0, 0.0]])
    loss = lambda t: fourier.magnitude(fourier.as_complex(t[0], t[1])).sum()
    np.testing.assert_allclose(gradient(loss, a), [[0.6, 0.0], [-0.8, 0.0]])


# ---------------------------------------------------------------------- bad input

BAD = {
    r"fft: norm must be 'backward', 'ortho' or 'forward', got 'both'": lambda: fourier.fft(np.ones(3), norm="both"),
    r"ifft: \(3,\) has no axis 1": lambda: fourier.ifft(np.ones(3), axis=1),
    r"fft: \(\) has no axis -1": lambda: fourier.fft(np.ones(())),
    r"fft: \(3,\) transformed to length 0: give n of at least 1": lambda: fourier.fft(np.ones(3), n=0),
    r"irfft: \(1,\) transformed to length 0: give n of at least 1": lambda: fourier.irfft(np.ones(1)),
    r"rfft: takes real numbers, got complex128: use fft, or take a part first": lambda: fourier.rfft(np.ones(3) * 1j),
    r"as_complex: takes two real arrays, got complex128": lambda: fourier.as_complex(np.ones(3) * 1j, np.ones(3)),
    r"fftn: s=\(2,\) and axes=\(0, 1\): give one size for each of at least one axis":
        lambda: fourier.fftn(np.ones((2, 2)), s=(2,), axes=(0, 1)),
}  # fmt: skip


@pytest.mark.parametrize("message", BAD)
def test_errors(message):
    with pytest.raises((TypeError, ValueError), match=f"^{message}$"):
        BAD[message]()
