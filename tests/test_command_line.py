"""The command line: what it prints, where it writes, and what it says of mistakes."""

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

import autograd
from autograd.__main__ import COMMANDS, main
from autograd.render import RendererMissing

ROOT = Path(__file__).parent.parent
EXAMPLE = 'python -m autograd "0.5*(w*x + b - y)**2" w=2 x=-2 b=8 y=2'
DECK = ["0.5*(w*x + b - y)**2", "w=2", "x=-2", "b=8", "y=2"]


@pytest.fixture
def run(capsys):
    """Run the command line; returns its status, and what it printed on either stream."""

    def run(*words):
        status = main(words)
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


def complaint(result):
    """The one error that was all there was to print."""
    status, out, err = result
    assert (status, out) == (2, "")
    assert err.startswith("autograd: ")
    return err.removeprefix("autograd: ").removesuffix("\n")


# ---------------------------------------------------------------------- the table

TABLE = """\
J = 2

name  value  dJ/dname
w         2        -4
x        -2         4
b         8         2
y         2        -2
"""


def test_the_decks_example(run):
    assert run(*DECK) == (0, TABLE, "")


@pytest.mark.parametrize("place", range(5))
def test_values_stand_before_and_after_the_formula(run, place):
    formula, *values = DECK
    assert run(*values[:place], formula, *values[place:]) == (0, TABLE, "")


def test_steps_are_in_the_table(run):
    status, out, _ = run("w = 3; z = w*x\nloss = (z - 1.5)**2", "x=0.25")
    assert status == 0
    assert out.split("\n") == [
        "loss = 0.5625",
        "",
        "name  value  dloss/dname",
        "x      0.25         -4.5",
        "w         3       -0.375",
        "z      0.75         -1.5",
        "",
    ]


@pytest.mark.parametrize(
    ("words", "out"),
    [
        (["1 + 1"], "J = 2\n"),
        (["x", "x=2"], "x = 2\n\nname  value  dx/dname\nx         2         1\n"),
        (["J*J1", "J=2", "J1=3"], "J2 = 6\n\nname  value  dJ2/dname\nJ         2          3\nJ1        3          2\n"),
        (["-x**2", "x=3"], "J = -9\n\nname  value  dJ/dname\nx         3        -6\n"),
        (["(-o)", "o=3"], "J = -3\n\nname  value  dJ/dname\no         3        -1\n"),
        (["θ*2", "θ = -inf"], "J = -inf\n\nname  value  dJ/dname\nθ      -inf         2\n"),
        (["x+y", "x=nan", "y=1"], "J = nan\n\nname  value  dJ/dname\nx       nan         1\ny         1         1\n"),
        (["x/2", "x=+1e-3"], "J = 0.0005\n\nname  value  dJ/dname\nx     0.001       0.5\n"),
        (["e*x", "x=1", "e=2"], "J = 2\n\nname  value  dJ/dname\ne         2         1\nx         1         2\n"),
        (["z = 2*1"], "z = 2\n\nname  value  dz/dname\nz         2         1\n"),
    ],
)  # fmt: skip
def test_tables(run, words, out):
    assert run(*words) == (0, out, "")


def test_a_formula_beginning_with_minus_is_no_option(run, tmp_path):
    path = tmp_path / "graph.dot"
    assert run("draw", "x=2", "-o", str(path), "-x")[0] == 0
    assert r"x|data 2\ngrad -1" in path.read_text()


# ---------------------------------------------------------------------- explain


def test_explain_prints_both_passes(run):
    status, out, _ = run("explain", "z = w*x; z**2", "w=2", "x=3")
    assert (status, out.split("\n")) == (
        0,
        [
            "forward",
            "  z = w · x = 2 · 3 = 6",
            "  J = z^2 = 6^2 = 36",
            "",
            "backward",
            "  dJ/dz += dJ/dJ · dJ/dz = 1 · (2 · z) = 1 · (2 · 6) = 12",
            "  dJ/dw += dJ/dz · dz/dw = 12 · x = 12 · 3 = 36",
            "  dJ/dx += dJ/dz · dz/dx = 12 · w = 12 · 2 = 24",
            "",
        ],
    )


def test_explain_one_gradient(run):
    status, out, _ = run("explain", "z = w*x; J = z**2 + w", "w=2", "x=-2", "--of", "w")
    assert status == 0
    assert out.startswith("dJ/dw = ")
    assert "Along path 2 of 2, J → w:" in out
    assert out.endswith("= 17\n")


def test_explain_in_latex(run):
    words = "explain", "z = w*x; J = z**2", "w=2", "x=-2", "--of", "z"
    status, out, _ = run(*words, "--latex")
    assert status == 0
    assert out.count("\n") == 1
    assert r"\frac" in out


# ---------------------------------------------------------------------- check


def test_check_agrees(run):
    status, out, _ = run("check", *DECK)
    assert (status, out.split("\n")) == (
        0,
        [
            "name  analytic  numeric",
            "w           -4       -4  agree",
            "x            4        4  agree",
            "b            2        2  agree",
            "y           -2       -2  agree",
            "",
        ],
    )


@pytest.mark.parametrize(
    "words",
    [
        ["where(a > 0, a, 0.1*a)", "a=-1"],
        ["where(a > 0, a, 0.1*a)*dot([a, 2], [b, c]) + sum([a, b]) + e**a", "a=1", "b=2", "c=3"],
        ["cos(x) + log(x)", "x=1e-9"],
        ["sin(x)", "x=1e6"],
        ["0*x", "x=5"],
    ],
)
def test_check_agrees_on(run, words):
    status, out, _ = run("check", *words)
    assert status == 0
    for row in out.splitlines()[1:]:
        _, analytic, numeric, verdict = row.split()
        assert (float(numeric), verdict) == (pytest.approx(float(analytic), rel=1e-3), "agree")


@pytest.mark.parametrize(
    ("words", "row"),
    [
        (["relu(x)*y", "x=0", "y=1"], "x            0      0.5  kink of relu"),
        (["1/x", "x=0"], "x         -inf      nan  not finite of div"),
        (["x + 1", "x=inf"], "x            1      nan  not finite"),
    ],
)
def test_check_says_what_is_wrong(run, words, row):
    status, out, _ = run("check", *words)
    assert status == 1
    assert out.split("\n")[1] == row


def test_check_goes_on_after_a_mismatch(run):
    assert "\ny            0        0  agree\n" in run("check", "relu(x)*y", "x=0", "y=1")[1]


@pytest.mark.parametrize(
    ("words", "op"),
    [(["abs(x)", "x=0"], "abs"), (["max(x, 2)", "x=2"], "maximum"), (["where(x, x, 2*x)", "x=0"], "where")],
)
def test_check_reports_kinks_where_the_numbers_agree(run, words, op):
    status, out, _ = run("check", *words)
    assert status == 1
    assert out.endswith(f"\n\n{op} at a kink or jump: the derivative there is a convention\n")


def test_check_finds_a_wrong_rule(run, monkeypatch):
    monkeypatch.setattr(autograd.sin, "partials", (lambda a, y: 2 * autograd.cos(a),))
    autograd.sin.rules.clear()
    try:
        status, out, _ = run("check", "sin(x)", "x=0")
    finally:
        monkeypatch.undo()
        autograd.sin.rules.clear()
    assert status == 1
    assert "wrong rule of sin" in out


# ---------------------------------------------------------------------- draw, page, debug


def test_draw_writes_the_graph_with_its_gradients(run, tmp_path):
    path = tmp_path / "deck.dot"
    assert run("draw", *DECK, "-o", str(path)) == (0, f"{path}\n", "")
    text = path.read_text(encoding="utf-8")
    assert r"w|data 2\ngrad -4" in text
    assert r"J|data 2\ngrad 1" in text


def test_draw_writes_svg_here(run, tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules["autograd.draw.drawing"], "render", lambda source, *arguments: b"<svg/>")
    monkeypatch.chdir(tmp_path)
    assert run("draw", "x**2", "x=3") == (0, "graph.svg\n", "")
    assert (tmp_path / "graph.svg").read_bytes() == b"<svg/>"


def test_draw_without_a_renderer(run, tmp_path, monkeypatch):
    def missing(*arguments):
        raise RendererMissing("svg: nothing to draw with: install it")

    monkeypatch.setattr(sys.modules["autograd.draw.drawing"], "render", missing)
    path = tmp_path / "graph.svg"
    assert run("draw", "x**2", "x=3", "-o", str(path)) == (1, "", "autograd: svg: nothing to draw with: install it\n")
    assert not path.exists()


def test_draw_where_no_file_can_be(run, tmp_path):
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "graph.dot"
    status, out, err = run("draw", "x**2", "x=3", "-o", str(path))
    assert (status, out) == (1, "")
    assert err.startswith(f"autograd: {path.parent}: ")
    assert err.count("\n") == 1


def test_draw_no_such_picture(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert complaint(run("draw", "x", "x=3", "-o", "graph.gif")).startswith("save: does not write .gif")
    assert list(tmp_path.iterdir()) == []


def test_page_writes_a_page(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("page", *DECK) == (0, "backprop.html\n", "")
    assert run("page", "loss = w**2", "w=3", "--output", "deck.html") == (0, "deck.html\n", "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backprop.html", "deck.html"]
    text = (tmp_path / "deck.html").read_text(encoding="utf-8")
    assert text.lower().startswith("<!doctype html>")
    assert "loss" in text


def test_a_page_that_is_too_large(run, tmp_path):
    path = tmp_path / "page.html"
    assert complaint(run("page", "+".join(["x"] * 500), "x=1", "-o", str(path))) != ""
    assert not path.exists()


def test_debug_opens_a_prompt(run, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\np dloss/dx\nq\n"))
    status, out, err = run("debug", "loss = x**2", "x=3")
    assert (status, err) == (0, "")
    assert "(bp) p dloss/dx\n" in out
    assert "the backward pass from loss = 9" in out


# ---------------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["2x", "x=2"], "an operator is missing between '2' and 'x': a product is written with *\n2x\n ^"),
        (["-y*2x", "x=2"], "an operator is missing between '2' and 'x': a product is written with *\n-y*2x\n    ^"),
        (["w*x + b", "x=2"], "no value for w, b: give a number for each\nw*x + b\n^"),
        (["w*x", "w=1", "x=2", "xs=3"], "formula: xs is not among its names: it takes w, x: did you mean x?"),
        (["w*x", "w=1", "x=2", "w=1"], "w is given twice, as 1 and as 1: give it once"),
        (["w*x", "w=1", "x=two"], "'x=two' gives no number: write it like x=2, x=-0.5, x=1e-3, x=inf or x=nan"),
        (["w*x", "w=1", "x=0x10"], "'x=0x10' gives no number: write it like x=2, x=-0.5, x=1e-3, x=inf or x=nan"),
        (["w*x", "w=1", "x=1e"], "'x=1e' gives no number: write it like x=2, x=-0.5, x=1e-3, x=inf or x=nan"),
        (["w*x", "w=1", "x=٣"], "'x=٣' gives no number: write it like x=2, x=-0.5, x=1e-3, x=inf or x=nan"),
        (["w*x", "w=1", "x=1e999"], "1e999 is beyond the floats, which end at 1.8e308\n1e999\n^"),
        (["w", "*", "x", "w=1"], "there are two formulas, 'w' and '*': put one in quotes, to keep it in one piece"),
        (["w", "ｗ=1"], "'ｗ' (U+FF57, FULLWIDTH LATIN SMALL LETTER W) only looks like 'w': write that\nｗ\n^"),
        (["w=1", "x=2"], f"there is no formula: write one in quotes, as in {EXAMPLE}"),
        (["x", "x=1", "--oops"], "unrecognized arguments: --oops"),
        (["explain", "x", "x=1", "--latex"], "--latex: prints one gradient: add --of and a name"),
        (["explain", "x*2", "x=1", "--of", "xx"], "--of: 'xx' is not in the formula: did you mean x?"),
        (["check", "2"], "check: the formula has no names to differentiate by"),
        (["draw", "x", "x=1", "-o"], "argument -o/--output: expected one argument"),
        (["x", "x=1", "-o", "f"], "unrecognized arguments: -o f"),
    ],
)  # fmt: skip
def test_mistakes(run, words, message):
    assert complaint(run(*words)) == message


def test_explain_by_what_the_formula_does_not_depend_on(run):
    assert "is not in the graph of J" in complaint(run("explain", "y = 1; x*3", "x=1", "--of", "y"))


@pytest.mark.parametrize("command", [name for name in COMMANDS if name])
def test_a_command_without_a_formula(run, command):
    assert complaint(run(command)).startswith("there is no formula: write one in quotes, as in python -m autograd ")


def test_a_name_may_be_that_of_a_command(run):
    assert run("check*2", "check=3")[1].startswith("J = 6\n")


def test_nothing_at_all_prints_help(run):
    status, out, err = run()
    assert (status, err) == (2, "")
    assert out.startswith("usage: python -m autograd ")
    assert all(f"\n  {command} " in out for command in COMMANDS if command)


@pytest.mark.parametrize("command", COMMANDS)
def test_help(command, capsys):
    with pytest.raises(SystemExit) as end:
        main([command, "--help"] if command else ["--help"])
    assert end.value.code == 0
    out = capsys.readouterr().out
    (example,) = re.findall(rf"^  python -m autograd {command}{' ' * bool(command)}(\"0.*)$", out, re.MULTILINE)
    assert f"python -m autograd {example}" == EXAMPLE


def test_version(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"stepgrad {autograd.__version__}\n"


@given(
    st.lists(
        st.text(st.characters(exclude_categories=()), max_size=12) | st.sampled_from([*DECK, "x=1", "-1"]), min_size=1
    )
)
def test_any_words_give_a_status(words):
    """Whatever is typed, but for the options that end the program."""
    if words[0] in COMMANDS or {"-h", "--help", "--version"} & set(words):
        return
    assert main(words) in (0, 2)


# ---------------------------------------------------------------------- as people call it


def python(*words, **options):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", **options
    )


def test_as_people_call_it():
    process = python("-m", "autograd", *DECK)
    assert (process.returncode, process.stdout, process.stderr) == (0, TABLE, "")


def test_a_mistake_has_no_traceback():
    process = python("-m", "autograd", "__import__('os').remove('x')")
    assert (process.returncode, process.stdout) == (2, "")
    assert process.stderr.splitlines()[1:] == ["__import__('os').remove('x')", "           ^"]


def test_the_table_imports_no_more_than_autograd_does():
    code = (
        "import sys, autograd; before = set(sys.modules)\n"
        "import autograd.__main__ as command; command.main(['x**2', 'x=3'])\n"
        "print(*(m for m in set(sys.modules) - before if m.split('.')[0] not in sys.stdlib_module_names))"
    )
    *_, imported = python("-c", code).stdout.splitlines()
    assert set(imported.split()) <= {"autograd.__main__"} | {
        name for name in sys.modules if name.startswith("autograd.parsing")
    }
