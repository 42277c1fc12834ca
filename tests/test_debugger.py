"""The prompt: its transcripts, what it does to a graph, and that nothing typed can break it.

The golden transcripts are written anew, to be read before they are committed, by
`GOLDEN=write pytest tests/test_debugger.py`.
"""

from __future__ import annotations

import io
import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

import autograd
from autograd import Value
from autograd.debugger import Prompt, debug
from autograd.debugger.commands import ALIASES, COMMANDS
from autograd.graph import topological_order
from autograd.stepper import Stepper

from .prompts import answer, answers, deck, gradients, layer, named, prompt, transcript

GOLDEN = Path(__file__).parent / "golden"

# ---------------------------------------------------------------------- transcripts


def compare_with_golden(name, text):
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("GOLDEN") == "write":
        path.write_text(text, encoding="utf-8", newline="\n")
    assert text == path.read_text(encoding="utf-8")
    assert not re.search(r"[ \t]$", text, re.MULTILINE), "a line ends with blanks"


def test_tour_of_every_command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("notes.dot").write_text("digraph { mine }")
    w, x, b, y = Value(2.0), Value(-2.0), Value(8.0), Value(2.0)
    z = w * x + b
    J = 0.5 * (z - y) ** 2
    stdout = io.StringIO()
    debug(J, commands=GOLDEN / "debugger.bp", stdout=stdout)
    compare_with_golden("debugger", stdout.getvalue())
    script = (GOLDEN / "debugger.bp").read_text(encoding="utf-8").splitlines()
    used = {ALIASES.get(line.split()[0], line.split()[0]) for line in script if line}
    assert set(COMMANDS) - used == set(), "commands that the tour leaves out"
    assert all(stepped.grad == 0 for stepped in (w, x, b, y, z, J))
    assert Path("notes.dot").read_text() == "digraph { mine }"
    assert '"w|data' in Path("graph.dot").read_text(), "nodes are called by the caller's variables"


def test_transcript_of_tensors():
    X = autograd.tensor([[1.0, 2.0], [3.0, -1.0]])
    W = autograd.tensor([[1.0, -1.0], [0.5, 2.0]], requires_grad=True)
    b = autograd.tensor([0.0, 1.0], requires_grad=True)
    h = (X @ W.T + b).relu()
    J = (h * h).sum()
    stdout = io.StringIO()
    debug(J, commands=GOLDEN / "debugger_tensor.bp", stdout=stdout)
    compare_with_golden("debugger_tensor", stdout.getvalue())
    stepped = [W.grad.numpy(), b.grad.numpy()]
    W.grad = b.grad = None
    again = (X @ W.T + b).relu()
    (again * again).sum().backward()
    assert np.array_equal(stepped[0], W.grad.numpy())
    assert np.array_equal(stepped[1], b.grad.numpy())


def test_piped_input_reads_like_a_session():
    lines = ["n", "", "p z", "# nothing", "q"]
    stdout = io.StringIO()
    debug(deck(), stdin=io.StringIO("\n".join(lines)), stdout=stdout)
    assert stdout.getvalue() == transcript(deck(), lines)
    assert "(bp) p z\nz = 4\n" in stdout.getvalue()


def test_standard_streams_are_the_default(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\nq\n"))
    debug(deck())
    assert "(bp) n\n1/6     dJ/dJ = 1\n" in capsys.readouterr().out


def test_script_then_input():
    stdout = io.StringIO()
    debug(deck(), commands=["n 2"], stdin=io.StringIO("b\n"), stdout=stdout)
    assert re.findall(r"\(bp\) (.*)", stdout.getvalue()) == ["n 2", "b"]
    assert stdout.getvalue().endswith("left after 1 of 6 steps: the gradients are as they were\n")


def test_script_is_all_there_is_where_nobody_types(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("finish\n"))
    assert "finish" not in transcript(deck(), ["n"])


def test_missing_script_and_wrong_root():
    with pytest.raises(FileNotFoundError, match="there is no file 'n': give commands as a file or a list of lines"):
        debug(deck(), commands="n")
    with pytest.raises(TypeError, match="commands must be lines of text, .* got 3 among them"):
        debug(deck(), commands=["n", 3])
    with pytest.raises(TypeError, match="takes a graph node"):
        debug(3.0, commands=[])


# ---------------------------------------------------------------------- what becomes of the graph


@pytest.mark.parametrize("leave", [["q"], ["exit"], []])
def test_leaving_early_puts_gradients_back(leave):
    root = deck()
    root.backward()
    before = gradients(root)
    text = transcript(root, ["n 4", *leave])
    assert text.endswith("left after 4 of 6 steps: the gradients are as they were\n")
    assert gradients(root) == before


def test_finished_pass_stays():
    root, other = deck(), deck()
    other.backward()
    text = transcript(root, ["finish", "q"])
    assert text.endswith("the pass is finished: its gradients stay\n")
    assert gradients(root) == gradients(other)


def test_forward_pass_computes_again():
    root = deck()
    named(root)["w"].data = 3.0
    text = transcript(root, ["finish"], direction="forward")
    assert text.startswith("> the forward pass to J = 2: 5 steps")
    assert text.endswith("the end: every number is computed\nthe pass is finished: its numbers stay\n")
    assert root.data == 0.0


def test_given_gradient_is_kept_by_film():
    root = layer()
    h = named(root)["h"]
    first, *_ = answers(h, "film both", gradient=np.full((2, 2), 3.0))
    assert first.startswith("1/9  -> Wᵀ")
    assert answer(h, "film both", "finish", "p dh/dh", gradient=np.full((2, 2), 3.0)) == "dh/dh = [[3, 3], [3, 3]]"


def test_input_that_fails_puts_gradients_back():
    class Broken(io.StringIO):
        def readline(self, *_):
            raise OSError("gone")

    root = deck()
    before = gradients(root)
    with pytest.raises(OSError, match="gone"):
        debug(root, commands=["n 3"], stdin=Broken(), stdout=io.StringIO())
    assert gradients(root) == before


NAMES = ["w", "x", "b", "y", "z", "J", "v9", "w*x", "nan", "h", "W", ""]
WORDS = st.one_of(
    st.sampled_from(NAMES),
    st.sampled_from(["*", "relu", "all", ".", "both", "forward", "backward", "set", "dJ/dw", "w.grad + z", "J/0"]),
    st.integers(-2, 12).map(str),
    st.text(max_size=5),
)
SAFE = [name for name in COMMANDS if name not in ("graph", "page", "quit")]  # these write files, or end all
SHORT = [alias for alias, name in ALIASES.items() if name in SAFE]
LINES = st.one_of(
    st.builds("{} {}".format, st.sampled_from(SAFE + SHORT), WORDS),
    st.sampled_from(["n", "n", "n 3", "b", "c", "rc", "break z", "break nan", "break *", "until z", "", "finish"]),
    st.builds(
        "set {} {}".format, st.sampled_from("wxbyWz"), st.sampled_from(["3", "-w", "nan", "inf", "1/0", "[1, 2]"])
    ),
    st.text(max_size=12).filter(lambda text: not text.strip().startswith(("g", "page", "q", "exit"))),
)


@pytest.mark.parametrize("build", [deck, layer])
@given(lines=st.lists(LINES, max_size=12))
def test_any_commands_leave_what_a_fresh_stepper_would(build, lines):
    root, fresh = build(), build()
    session, _ = prompt(root)
    for line in lines:
        assert session.onecmd(line) is False
    stepper = session.stepper
    for leaf, other in zip(topological_order(root), topological_order(fresh), strict=True):
        if leaf.op is None:
            other.data = leaf._data
    with Stepper(fresh, direction="forward") as film:
        film.finish()
    other = Stepper(fresh, direction=stepper.direction)
    other.goto(stepper.position)
    assert gradients(root) == gradients(fresh)
    assert repr(stepper.pending) == repr(other.pending)
    if stepper.position < len(stepper):
        session._leave()
        assert gradients(root) == gradients(build())


# ---------------------------------------------------------------------- help


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name):
    usage, blank, *examples = answers(deck(), f"help {name}")
    names = [name, *(alias for alias, meant in ALIASES.items() if meant == name)]
    assert re.match(r"[^:]+: \w", usage)
    assert blank == ""
    assert examples
    assert all(example.split()[0] in names for example in examples)


def test_lists_of_commands_are_complete():
    methods = {name.removeprefix("do_") for name in dir(Prompt) if name.startswith("do_")}
    assert methods == set(COMMANDS)
    assert set(ALIASES.values()) <= methods
    assert not set(ALIASES) & methods
    listed = transcript(deck(), ["h"])
    assert len(re.findall(r"^  \S", listed, re.MULTILINE)) == len(COMMANDS)
