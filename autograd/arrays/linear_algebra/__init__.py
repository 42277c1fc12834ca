"""Array ops of linear algebra: inverses, determinants, decompositions.  Axes in front are batches.

Matrices are real, float32 or float64; integers become float64, as in NumPy.

A decomposition has several results, an op has one: `packed_eigh`, `packed_svd` and `packed_qr` lay theirs end
to end along the last axis, and the functions `eigh`, `svd` and `qr` take them apart.  Eigenvalues and singular
values are nodes of their own, so that they have gradients where the vectors have none.
"""

from __future__ import annotations

from .determinants import cofactor, det, det_sign, logabsdet, slogdet
from .diagonals import diagonal, make_diagonal, trace
from .eigenvectors import eigenvalues, eigh, eigvalsh, packed_eigh
from .inverses import inv, matrix_power, pinv, solve
from .operands import carrier_of
from .singular_vectors import packed_svd, singular_values, svd, svdvals
from .triangular_factors import cholesky, packed_qr, qr

__all__ = [
    "carrier_of",
    "cholesky",
    "cofactor",
    "det",
    "det_sign",
    "diagonal",
    "eigenvalues",
    "eigh",
    "eigvalsh",
    "inv",
    "logabsdet",
    "make_diagonal",
    "matrix_power",
    "packed_eigh",
    "packed_qr",
    "packed_svd",
    "pinv",
    "qr",
    "singular_values",
    "slogdet",
    "solve",
    "svd",
    "svdvals",
    "trace",
]
