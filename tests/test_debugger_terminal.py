"""The prompt among what surrounds it: files that it writes, and someone at a terminal."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from autograd.debugger import debug
from autograd.debugger.screen import WIDTH
from autograd.draw import Drawing
from autograd.render import RendererMissing

from .drawings import needs_renderer
from .prompts import answer, deck, prompt, transcript


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


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
