"""The demos run from beginning to end, in small, and print numbers that are checked."""

import math
import re
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

import demos.__main__
from autograd import Value
from autograd.render import RendererMissing
from demos import backprop, hotdog, iris
from demos.__main__ import DEMOS, main

ROOT = Path(__file__).parent.parent


@pytest.fixture
def out(tmp_path, monkeypatch):
    """Where demos write, instead of the checkout."""
    folder = tmp_path / "demos" / "out"
    monkeypatch.setattr(demos.__main__, "OUT", folder)
    monkeypatch.setattr(backprop.main, "__defaults__", (folder,))
    return folder


@pytest.fixture
def few_epochs(monkeypatch):
    monkeypatch.setattr(iris.main, "__defaults__", (3, 0.1))


# ---------------------------------------------------------------------- the command line


def test_without_arguments_every_demo_runs_in_order(out, few_epochs, capsys):
    assert main([]) == 0
    printed = capsys.readouterr().out
    assert re.findall(r"^━━ (\w+): ", printed, re.MULTILINE) == list(DEMOS)
    listed = printed.partition("Files written:\n")[2].split()
    assert listed[0] == str(Path("demos/out/backprop.dot"))
    assert {Path(name).name for name in listed} == {path.name for path in out.iterdir()}


def test_demos_are_run_by_name(out, capsys):
    assert main(["hotdog", "backprop"]) == 0
    assert re.findall(r"^━━ (\w+): ", capsys.readouterr().out, re.MULTILINE) == ["hotdog", "backprop"]


def test_list_names_the_demos_and_runs_none(out, capsys):
    assert main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(DEMOS)
    assert all(len(line.split()) > 3 for line in lines)
    assert not out.exists()


def test_list_as_people_call_it():
    process = subprocess.run([sys.executable, "-m", "demos", "--list"], cwd=ROOT, capture_output=True, text=True)
    assert (process.returncode, process.stderr) == (0, "")
    assert "hotdog" in process.stdout


@pytest.mark.parametrize(("name", "hint"), [("hotdgo", "did you mean hotdog?"), ("xyz", "--list names them")])
def test_an_unknown_name_runs_nothing(name, hint, out, capsys):
    """Not even what was named before it."""
    assert main(["backprop", name]) == 2
    printed = capsys.readouterr()
    assert printed.err == f"python -m demos: no demo is called {name!r}: {hint}\n"
    assert printed.out == ""
    assert not out.exists()


def test_a_missing_package_is_named(monkeypatch, capsys):
    """In one line, with the command that installs it."""
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    assert main(["iris"]) == 1
    told = capsys.readouterr().err
    assert told == 'python -m demos: needs sklearn.datasets: python -m pip install -e ".[demos]"\n'


def test_every_demo_says_what_it_is_and_what_to_look_at():
    for name in DEMOS:
        text = sys.modules[f"demos.{name}"].__doc__
        assert text.partition("\n")[0].endswith((".", ")."))
        assert "\nLook at: " in text


# ---------------------------------------------------------------------- backprop


def test_backprop_prints_the_decks_numbers(out, capsys):
    backprop.main()
    printed = capsys.readouterr().out
    for line in [
        "w · x = 2 · (-2) = -4",
        "J = 0.5 · r^2 = 0.5 · 4 = 2",
        "dJ/dz += dJ/dr · dr/dz = 2 · 1 = 2",
        "dJ/dw += dJ/d(w · x) · d(w · x)/dw = 2 · x = 2 · (-2) = -4",
        "dJ/db += dJ/dz · dz/db = 2 · 1 = 2",
        "dJ/dx += dJ/d(w · x) · d(w · x)/dx = 2 · w = 2 · 2 = 4",
    ]:
        assert f"\n  {line}\n" in printed
    assert "moves w by +4 α and b by -2 α." in printed


def test_backprop_draws_the_graph(tmp_path):
    written = backprop.main(tmp_path / "new" / "folder")
    assert [path.suffix for path in written] == [".dot", ".svg", ".png"][: len(written)]
    dot, *pictures = (path.read_bytes() for path in written)
    assert b"data 2\\ngrad -4" in dot
    for picture, begins in zip(pictures, [b"<svg", b"\x89PNG"], strict=False):  # where something can draw them
        assert picture.startswith(begins)


def test_backprop_without_a_renderer_still_writes_dot(tmp_path, monkeypatch, capsys):
    def missing(*arguments):
        raise RendererMissing("svg: nothing to draw with: pip install it")

    monkeypatch.setattr(sys.modules["autograd.draw"], "render", missing)
    assert backprop.main(tmp_path) == [tmp_path / "backprop.dot"]
    assert "svg: nothing to draw with: pip install it\n" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["backprop.dot"]


# ---------------------------------------------------------------------- hotdog


def test_hotdog_prints_the_decks_table_and_learns_it(capsys):
    assert hotdog.main() == 8
    printed = capsys.readouterr().out
    table = re.findall(r"^  \[(\d), (\d), (\d)\] = +(\d+) ([>≤]) 4  →  (\d)   (.+)$", printed, re.MULTILINE)
    assert len(table) == 8
    for (*columns, total, relation, answer, inside), inputs in zip(table, product((0, 1), repeat=3), strict=True):
        weighed = [weight * x for weight, x in zip((3, 2, 6), inputs, strict=True)]
        assert [*columns, total] == list(map(str, [*weighed, sum(weighed)]))
        assert (relation == ">") == (sum(weighed) > 4) == (answer == "1")
        names = [name for name, weight in zip(hotdog.INGREDIENTS, weighed, strict=True) if weight]
        assert inside == (" and ".join(names) or "nothing")
    assert "the sum is 2, and the answer 0" in printed
    assert "8 of 8 right." in printed


# ---------------------------------------------------------------------- iris


def test_cross_entropy_and_its_gradient():
    """-log softmax of the target; its gradient is the softmax, less 1 at the target; and nothing overflows."""
    numbers = [1.0, -2.0, 0.5]
    logits = list(map(Value, numbers))
    loss = iris.cross_entropy(logits, 2)
    loss.backward()
    total = sum(map(math.exp, numbers))
    softmax = [math.exp(x) / total for x in numbers]
    assert loss.data == pytest.approx(-math.log(softmax[2]), rel=1e-14)
    assert [x.grad for x in logits] == pytest.approx([softmax[0], softmax[1], softmax[2] - 1], rel=1e-13)
    assert iris.cross_entropy([Value(1000.0), Value(0.0)], 1).data == 1000.0


def test_iris_data():
    """45 flowers are held out, 15 of each kind; the measurements are in units of their spread."""
    x_train, y_train, x_test, y_test = iris.load()
    assert (len(x_train), len(y_train), len(x_test), len(y_test)) == (105, 105, 45, 45)
    assert [y_test.count(kind) for kind in range(3)] == [15, 15, 15]
    for column in zip(*x_train, strict=True):
        assert sum(column) == pytest.approx(0, abs=1e-9)
        assert sum(x * x for x in column) == pytest.approx(105)


def test_iris_learns(capsys):
    """Eight passes are enough to tell most flowers of the test set apart; a third would be luck."""
    accuracy = iris.main(epochs=8)
    printed = capsys.readouterr()
    assert accuracy > 0.9
    assert "MLP(4, [8, 3], 'tanh'): 67 parameters, 105 flowers to learn from, 45 held out." in printed.out
    assert f"Held-out accuracy: {accuracy:.1%} of 45 flowers." in printed.out
    assert "training: 100%" in printed.err


def test_untrained_iris_is_luck():
    assert iris.main(epochs=0) < 0.7
