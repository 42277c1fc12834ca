"""oneDNN, the kernels that PyTorch multiplies with on a CPU: matrix products, convolutions and pooling of float32.

    python -m pip install "stepgrad[onednn]"

Once it is installed, what is large and of float32 runs on it; all else stays with NumPy.  The results
agree to rounding.  The names are those of `torch.backends.mkldnn`, as oneDNN was called before.
"""

from .convolution import convolve, convolve_transposed, convolve_weight
from .loading import flags, is_available, is_enabled
from .pooling import PoolingWindows, max_pool, max_pool_gradient
from .products import SMALLEST, add_scaled, product

__all__ = [
    "SMALLEST",
    "PoolingWindows",
    "add_scaled",
    "convolve",
    "convolve_transposed",
    "convolve_weight",
    "flags",
    "is_available",
    "is_enabled",
    "max_pool",
    "max_pool_gradient",
    "product",
]
