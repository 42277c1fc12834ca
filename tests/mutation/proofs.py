"""Why mutants that passed change no derivative.

That they change none was measured, see `equivalence.py`; here stands what makes it so.  A proof holds for all
mutants whose description, `op-operand [kind] text`, it matches.
"""

from __future__ import annotations

import re

MEASURED = "it gives the same first and second derivatives at hundreds of points"
"""For what has no proof of its own."""

PROOFS: dict[str, str] = {
    # ------------------------------------------------------------------ damages to any rule
    r"\[stale\] reads the operands": "the rule reads no numbers of the operands",
    r"\[stale\] reads the result|\[constant\] reads its result detached": (
        "the rule does not read the numbers of the result, or only compares them"
    ),
    r"\[stale\] gives what it gave first": "the derivative is the same number everywhere",
    r"\[constant\] reads detached operands": "the rule reads no numbers of the operands, or only compares them",
    r"\[constant\] detached": "the derivative is constant on every piece: its own derivative is 0",
    r"\[dtype\] rounded": "the derivative is -1, 0, 1/2 or 1, which every dtype holds exactly",
    r"(negated|times 2|times 1\.01|forgotten)$": "the derivative is 0, and so is every multiple of it",
    # ------------------------------------------------------------------ rows
    r"^pow-": "only a = 0 shows it, which the domain leaves out, and there the slopes are 0 on either side",
    r"^(maximum|minimum)-.*a == b|^(maximum|minimum)-.* 0\.5 →": "only a tie shows it, where each share is allowed",
    r"choose\(.* → \(?[ab] [<>!]": "True and False are the numbers 1 and 0",
    r"^(clip|relu)-.* exchanged": "the result is the operand that was chosen, so the comparisons come out the same",
    r"^where-.* exchanged": "the condition is still true exactly where it was",
    # ------------------------------------------------------------------ what the engine does anyway
    r"astype\(g, dtype=a.dtype\) → g|^astype-": "the engine brings every share into the dtype of its operand",
    r"dtype=": "the engine brings every share into the dtype of its operand",
    r"\[broadcast\] (broadcast_to|unbroadcast|reshape)": "the engine brings every share into its operand's shape",
    r"^linear-b .*_rows": "the engine sums up the products of a batch of matrices",
    r"^real_part|^as_complex|_is_complex|real_part\(g\) → g|real_part\(g\)": (
        "the engine takes the real part for a real operand, and a real share is complex for a complex one"
    ),
    r"^imag_part": "the share of a real operand is 0: the real part of an imaginary number",
    # ------------------------------------------------------------------ settings
    r"another keepdims": "the rule takes the shape from the operand, and does not read this",
    r"another n$": "the lengths are read off the arrays",
    r"check|^(logabsdet|qr)-.* False → True": "what is checked is whether a matrix is singular: these are not",
    # ------------------------------------------------------------------ carriers
    r"plain\(\w+\) → ": "NumPy finds the numbers in a carrier on its own",
    r"axes_of\(axis, a.ndim\) → axis": "NumPy counts negative axes as well",
    r"np\.eye\(n, dtype=bool\)|tuple\(chosen\) → chosen": "only whether it is true, or its elements, are read",
    # ------------------------------------------------------------------ special cases in general formulas
    r"^prod-.*(a \* 0|a\.size| 0 → )": "only an empty array shows it, and that has no derivatives",
    r"^prod-a \[axis\] _flat: -1 → -2|^irfft-a \[axis\] -1 → -2": "NumPy takes any negative size for what is left",
    r"^am(ax|in)-.*chosen": "only a tie shows it, which is a kink",
    r"^matmul-a \[axis\] 1 → ": "the branch for two vectors is a special case of the next one",
    r"^cumprod-": "the zero that it protects from is not reached, or its share is replaced afterwards",
    r"^p_norm-a \[axis\] 2 → ": "the formula for any order holds for this one too",
    r"^p_norm-": "only a norm of 0, where there is a kink, or a zero shows it, and that is multiplied by sign(0) = 0",
    r"^cross_entropy-": "both are the same softmax: one is saved, the other computed again",
    r"saved=saved": "both are the same patches: the saved ones, and those cut again",
    # ------------------------------------------------------------------ linear algebra
    r"-1 → -2": "the matrix is square: its axes are equally long",
    r"min\(\w, \w\)|zip\(shape": "the smaller of two numbers does not depend on their order",
    r"_svd_shapes": "the pullback reads thin factors only",
    r"^cofactor-.*_orientation|^cofactor-.*det": "an orientation is 1 or -1, its own reciprocal",
    r"^cofactor-": "the term is added and subtracted again on the diagonal",
    r"^(eigh|svd)-": "it touches the diagonal alone, where the skew matrix above it is 0",
    r"^eigenvalues-a .* y and a exchanged": "both have as many elements along the last axis",
    # ------------------------------------------------------------------ letters and windows
    r"^einsum-.*gathered \+|^einsum-.*gathered - ": "zeros are added, to repeat what the engine repeats anyway",
    r"^einsum-.*(known|own|unique|gathered\.shape)": "a special case of the general path, which gives the same",
    r"^einsum-.*_terms": "it tells the letters of an ellipsis or repeated letters apart that the sum does not",
    r"^einsum-.*min\(": "the engine sums up what was repeated",
    r"^window_max-.*_along: combine": "the larger of two numbers does not depend on their order",
    r"^window_max-.*_first_along": "only a maximum that is nan shows it",
}
"""Why, by a pattern for the descriptions of the mutants; the first one that matches holds."""


def proof(description: object) -> str:
    """The proof for a mutant that passed."""
    text = str(description)
    return next((reason for pattern, reason in PROOFS.items() if re.search(pattern, text)), MEASURED)
