"""The commands of the prompt: to move, to stop, to look; what they say, and of what they complain."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

import autograd
from autograd import Value
from autograd.debugger.commands import COMMANDS, REPEATED
from autograd.graph import topological_order

from .prompts import answer, answers, deck, gradients, layer, named, prompt, transcript

# ---------------------------------------------------------------------- moving, stopping


def test_empty_line_repeats_what_moves_or_lists():
    session, _ = prompt(deck())
    for line, position in [("n", 1), ("", 2), ("p z", 2), ("", 2), ("n 2", 4), ("", 6), ("b", 5), ("", 4)]:
        session.onecmd(line)
        assert session.stepper.position == position, line
    session.onecmd("set w w + 1")
    session.onecmd("")
    assert named(session.stepper.root)["w"].data == 3.0
    assert set(COMMANDS) >= REPEATED


def chain(length):
    x = Value(1.0, "x")
    y = x
    for _ in range(length):
        y = y + 1
    y.name = "y"
    return y


def numbers(lines):
    return [int(match[1]) for line in lines if (match := re.match(r" *(\d+)/", line))]


def test_long_passes_are_listed_by_windows():
    root = chain(60)
    assert numbers(answers(root, "goto 30", "l")) == list(range(26, 37))
    assert numbers(answers(root, "goto 30", "l", "l")) == list(range(37, 48))
    assert numbers(answers(root, "goto 30", "l", "")) == list(range(37, 48))
    assert numbers(answers(root, "goto 30", "l", "l", "l .")) == list(range(26, 37))
    assert numbers(answers(root, "goto 30", "l", "n", "l")) == list(range(27, 38))
    assert numbers(answers(root, "l all")) == list(range(1, 62))
    assert numbers(answers(root, "goto 59", "l")) == list(range(51, 62))
    assert answers(root, "finish", "l")[-1].strip() == "-> the end: every gradient is complete"
    assert "the end" not in "".join(answers(root, "goto 59", "l"))
    assert answer(root, "goto 59", "l", "l") == "*** that was the end: l . shows the steps around the next one"


def test_breakpoints_are_met_in_both_directions():
    text = transcript(deck(), ["break z", "break *", "break w", "c", "c", "c", "c", "rc", "rc", "rc", "rc"])
    assert re.findall(r"^breakpoint \d: the .*", text, re.MULTILINE) == [
        "breakpoint 2: the next step is mul, at J",
        "breakpoint 1: the step of z comes next",
        "breakpoint 2: the next step is mul, at w · x",
        "breakpoint 3: the next step adds to dJ/dw",
        "breakpoint 2: the next step is mul, at w · x",
        "breakpoint 3: the next step adds to dJ/dw",
        "breakpoint 1: the step of z comes next",
        "breakpoint 2: the next step is mul, at J",
    ]


def test_break_nan_stops_before_it_happens_and_only_where_it_begins():
    x = Value(0.0, "x")
    J = (x.sqrt() * 2).exp()
    J.name = "J"
    session, stdout = prompt(J)
    session.onecmd("break nan")
    session.onecmd("c")
    assert "breakpoint 1: the next step makes dJ/dx inf\n" in stdout.getvalue()
    assert all(math.isfinite(node.grad) for node in topological_order(J))
    session.onecmd("n")
    assert x.grad == math.inf


def test_break_nan_does_not_stop_where_it_is_only_passed_on():
    x = Value(0.0, "x")
    J = (x + 1 - 1).sqrt() * 2
    J.name = "J"
    text = transcript(J, ["break nan", "c", "c"])
    assert re.findall(r"breakpoint 1: (the .*)", text) == ["the next step makes dJ/d(x + 1 - 1) inf"]
    assert "the end: every gradient is complete" in text


def test_break_nan_goes_forward_too():
    x = Value(0.0, "x")
    y = ((-x).log() * 0.0).exp()
    text = transcript(y, ["break nan", "c", "break nan", "c"], direction="forward")
    assert re.findall(r"breakpoint \d: (.*)", text) == [
        "inf or nan",
        "the next step makes log(-x) inf",
        "inf or nan; the next step makes log(-x) inf",
    ]


def test_breakpoint_that_holds_already_says_so():
    assert answer(deck(), "until z", "break z") == "breakpoint 1: node z; the step of z comes next"


def test_sum_so_far_is_shown_where_gradients_accumulate():
    x = Value(3.0, "x")
    y = x * x
    y.name = "y"
    first, second, _ = answers(y, "n 2")
    assert first.endswith("= 1 · 3 = 3")
    assert second.endswith("= 1 · 3 = 3 (now 6)")


# ---------------------------------------------------------------------- looking


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("z", "4"),
        ("w * x", "-4"),
        ("w*x", "-4"),
        ("dJ/dz", "2"),
        ("dJ / dz", "2"),
        ("z.grad", "2"),
        ("z.data", "4"),
        ("d(J)/d(w * x)", "2"),
        ("w.grad", "0"),
        ("z - 0.1*dJ/dz", "3.8"),
        ("dJ/dz/2", "1"),
        ("exp(-z) + pi", "3.15991"),
        ("inf - w", "inf"),
        ("2**3", "8"),
    ],
)
def test_expressions(expression, shown):
    assert answer(deck(), "n 5", f"p {expression}") == f"{expression} = {shown}"


def test_names_that_formulas_do_not_have():
    w = [Value(1.0), Value(2.0)]
    e, delta = Value(3.0, "e"), Value(4.0, "delta")
    J = w[0] * w[1] * e + delta
    J.name = "J"
    names = {w[0]: "w[0]", w[1]: "w[1]", e: "e", delta: "delta", J: "J"}
    assert answer(J, "finish", "p w[0] + 10*w[1] + 100*w[0].grad", names=names).endswith(" = 621")
    assert answer(J, "finish", "p e + dJ/dw[1]", names=names).endswith(" = 9")
    assert answer(J, "p delta/e", names=names) == "delta/e = 1.33333"


def test_gradient_is_not_taken_for_a_name_like_it():
    J = Value(2.0, "w") * Value(3.0, "w_grad") * 2
    J.name = "J"
    assert answer(J, "finish", "p w_grad + 10*w.grad + 100*w.grad*w_grad").endswith(" = 1863")


def test_arrays_are_printed_compactly():
    X = autograd.tensor(np.arange(200.0).reshape(20, 10), requires_grad=True)
    X.name = "X"
    J = X.sum()
    first, *others = answers(J, "p X")
    assert first == "X = ⟨20×10⟩ from 0 to 199"
    assert len(others) == 7
    assert answer(J, "p X.grad") == "X.grad = none"
    assert answer(J, "p X.grad * 2") == "*** X_grad stands for a gradient that has no number yet"


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("p __import__('os').system('true')", r"'_' .*|.* is no part of formulas.*"),
        ("p (lambda: 1)()", ".*"),
        ("p z.__class__", "'.' is no part of formulas.*"),
        ("p zz", "no value for zz.*"),
        ("p zz.grad", "no node is called 'zz': did you mean z\\?"),
        ("p dJ/dq", "no node is called 'q'.*"),
        ("p dz/dw", "dz/dw: the pass adds up derivatives of J only; where shows others"),
        ("p", "print what?.*"),
        ("n 0", "how many steps is a number from 1 on, as in n 3, got '0'"),
        ("n x", "how many steps is a number from 1 on, as in n 3, got 'x'"),
        ("b", "no step has been taken: n takes the first"),
        ("tex", "no step has been taken: n takes the first"),
        ("goto 7", "goto: position must be from 0 to 6, got 7"),
        ("goto -1", "goto takes a number of steps, from 0 to 6, as in goto 3"),
        ("until", "name a node, as in until z"),
        ("until q", "no node is called 'q'.*"),
        ("list some", "list takes nothing, . or all, got 'some'"),
        ("break sigmoid", "nothing is called 'sigmoid': name a node, nan, or an operation: add, mul, pow, sub"),
        ("clear 1", "there is no breakpoint 1: break lists them"),
        ("film sideways", "film takes backward, forward, both; this is backward"),
        ("set z 3", "set: z is computed by add: .*"),
        ("set w", "set takes a leaf and its value, as in set w 3"),
        ("set q 3", "no node is called 'q'.*"),
        ("set w [1, 2]", ".*one Value for each element.*"),
        ("set w [1, [2]]", r"\[1, \[2\]\] is no array: .*"),
        ("set w [__import__('os')]", "an array is numbers in square brackets, .*"),
        ("set w [" + "1," * 6000 + "]", "an array is numbers in square brackets, .*"),
        ("set w " + "[" * 300 + "]" * 300, ".* is no array: .*"),
        ("w = 3", "to change a leaf, write set w 3"),
        ("nxt", "there is no command 'nxt': did you mean next\\?"),
        ("z", "there is no command 'z': p z prints it"),
        ("?zz", "there is no command 'zz': help lists them"),
        ("!ls", "there is no command '!ls': help lists them"),
        ("explain", "name a node, as in explain w"),
        ("p " + "d(" * 20_000, ".* characters are too many: .*"),
    ],
)
def test_complaints_are_one_line_and_change_nothing(line, complaint):
    root = deck()
    session, stdout = prompt(root)
    before = gradients(root), [node.data for node in topological_order(root)]
    session.onecmd(line)
    (said,) = stdout.getvalue().splitlines()
    assert re.fullmatch(rf"\*\*\* ({complaint})", said)
    assert (gradients(root), [node.data for node in topological_order(root)]) == before
    assert session.stepper.position == 0


def test_hook_that_fails_is_one_line():
    x = Value(2.0, "x")
    y = x * x
    J = y.exp()
    J.name, y.name = "J", "y"

    def refuse(_gradient):
        raise ZeroDivisionError("the hook\nsays no")

    y.register_hook(refuse)
    lines = answers(J, "c")
    assert lines[-1] == "*** the hook says no"
    assert lines[0].startswith("2/3     dJ/dy")
    assert x.grad == 0.0


def test_where_counts_paths():
    x = Value(2.0, "x")
    y = x * x
    J = y.exp() * y
    J.name, y.name = "J", "y"
    first, *edges = answers(J, "where x")
    assert first == "one of 4 paths: J → y → x"
    assert edges == ["    dJ/dy = exp(y) = 54.5982", "    dy/dx = x = 2", "    product: 54.5982 · 2 = 109.196"]
    assert answer(J, "where") == "J is where all paths begin"


def test_where_takes_the_shortest_path():
    x = Value(1.0, "x")
    for J in (x.exp() + x.sin().cos().tanh(), x.sin().cos().tanh() + x.exp()):
        J.name = "J"
        assert answers(J, "where x")[0] == "one of 2 paths: J → exp(x) → x"


def test_where_shows_elementwise_derivatives_of_arrays():
    first, *edges = answers(layer(), "where b")
    assert first == "one of 2 paths: J → h · h → h → X @ Wᵀ + b → b"
    assert "    d(h · h)/dh = h = [[0, 5.5], [4, 0.5]]" in edges


def test_where_to_a_constant():
    assert answer(layer(), "where X") == "*** no derivative of J leads to X"


def test_vars_of_a_large_graph():
    leaves = [Value(float(i), f"x{i}") for i in range(60)]
    root = autograd.sum(leaves)
    root.name = "J"
    assert answers(root, "vars")[-1] == "and 21 before these: vars all"
    assert len(answers(root, "vars all")) == 62


def test_whole_numbers_stay_whole():
    W = autograd.tensor([0.5, 2.0], requires_grad=True)
    n = autograd.tensor([1, 2])
    J = (W * n).sum()
    n.name, W.name = "n", "W"
    text = transcript(J, ["set n [3, 4]", "finish"])
    assert "n = [3, 4]" in text
    assert n.data.dtype == autograd.int64
    assert W.grad.numpy().tolist() == [3.0, 4.0]
