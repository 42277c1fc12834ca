"""`python -m demos`: which demos there are, how they are run, and what they all have in common."""

import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import demos.__main__
from autograd.render import RendererMissing
from demos import OUT, Result, panels, save_picture
from demos.__main__ import MAIN_JOB, main, names

ROOT = Path(__file__).parent.parent


@pytest.fixture
def stage(monkeypatch):
    """Three demos made up for the test, instead of the real ones; gives the list of calls that they got."""
    calls = []

    def plain(out, *, size=3):
        calls.append(("plain", out, size))
        print("Plainly narrated.")
        return Result({"accuracy": 0.98765, "passes": 4, "XOR": "never"})

    def choosy(out, *, data=None, full=False):
        calls.append(("choosy", out, data, full))
        out.mkdir(parents=True, exist_ok=True)
        (out / "choosy.txt").write_text("chosen")
        return Result({"full": str(full)}, [out / "choosy.txt"])

    def lacking(out):
        raise ModuleNotFoundError("No module named 'rare'", name="rare")

    for run, decks in ((plain, (0,)), (choosy, (1, 3)), (lacking, (1,))):
        name = run.__name__
        module = ModuleType(f"demos.{name}", f"{name.capitalize()} is shown (deck {decks[0]}).\n\nLook at: it.\n")
        module.main, module.DECKS = run, decks
        monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(demos.__main__, "names", lambda: ["choosy", "lacking", "plain"])
    monkeypatch.setattr(demos.__main__, "MAIN_JOB", ("plain", "choosy"))
    return calls


# ---------------------------------------------------------------------- the command line


def test_without_a_name_the_main_job_runs(stage, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "pictures"
    assert main(["--out", str(out)]) == 0
    assert stage == [("plain", out, 3), ("choosy", out, None, False)]
    told = capsys.readouterr().out
    assert re.search(r"━━ plain: Plain is shown \(deck 0\)\.\n\nPlainly narrated\.\n\n\(\d\.\d s\)\n", told)
    assert told.endswith(f"Files written:\n  {Path('pictures/choosy.txt')}\n")


def test_the_main_job_goes_from_one_neuron_to_a_network(tmp_path, monkeypatch, capsys):
    pytest.importorskip("sklearn", reason="iris comes with scikit-learn")
    from demos import iris

    monkeypatch.setitem(iris.main.__kwdefaults__, "epochs", 1)
    assert main(["--out", str(tmp_path)]) == 0
    assert re.findall(r"^━━ (\w+): ", capsys.readouterr().out, re.MULTILINE) == list(MAIN_JOB)


def test_demos_are_run_by_name(stage, tmp_path):
    assert main(["choosy", "plain", "--out", str(tmp_path)]) == 0
    assert [call[0] for call in stage] == ["choosy", "plain"]


def test_by_default_files_go_beside_the_demos(stage):
    assert main(["plain"]) == 0
    assert stage == [("plain", OUT, 3)]
    assert OUT == ROOT / "demos" / "out"


def test_files_elsewhere_are_named_in_full(stage, tmp_path, capsys):
    assert main(["choosy", "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out.endswith(f"Files written:\n  {tmp_path / 'choosy.txt'}\n")


def test_data_and_full_go_to_the_demo(stage, tmp_path):
    assert main(["choosy", "--data", "digits", "--full", "--out", str(tmp_path)]) == 0
    assert stage == [("choosy", tmp_path, Path("digits"), True)]


@pytest.mark.parametrize("option", [["--full"], ["--data", "digits"]])
def test_an_option_that_a_named_demo_does_not_take_runs_nothing(option, stage, tmp_path, capsys):
    assert main(["choosy", "plain", *option, "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"python -m demos: plain takes no {option[0]}: leave it out\n"
    assert stage == []


def test_list_is_a_table_in_the_decks_order(stage, capsys):
    assert main(["--list"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "demo             deck   what it shows",
        "plain            0      Plain is shown (deck 0).",
        "lacking          1      Lacking is shown (deck 1).",
        "choosy           1, 3   Choosy is shown (deck 1).",
    ]
    assert stage == []


def test_all_prints_a_line_for_each_with_its_numbers(stage, tmp_path, capsys):
    """Also for one that cannot run, after which the others do; the status tells."""
    assert main(["--all", "--full", "--out", str(tmp_path)]) == 1
    told = capsys.readouterr().out.splitlines()
    assert [re.sub(r" +\d+\.\d s ", " TIME ", line) for line in told] == [
        "plain TIME   accuracy = 0.9877, passes = 4, XOR = never",
        'lacking TIME   skipped: needs rare: python -m pip install -e ".[demos]"',
        "choosy TIME   full = True",
    ]
    assert stage == [("plain", tmp_path, 3), ("choosy", tmp_path, None, True)]


def test_all_is_well_if_every_demo_runs(stage, monkeypatch, tmp_path):
    monkeypatch.setattr(demos.__main__, "names", lambda: ["plain", "choosy"])
    assert main(["--all", "--out", str(tmp_path)]) == 0


@pytest.mark.parametrize(("name", "hint"), [("chosy", "did you mean choosy?"), ("xyz", "--list names them")])
def test_an_unknown_name_runs_nothing(name, hint, stage, capsys):
    """Not even what was named before it."""
    assert main(["plain", name]) == 2
    printed = capsys.readouterr()
    assert printed.err == f"python -m demos: no demo is called {name!r}: {hint}\n"
    assert printed.out == ""
    assert stage == []


def test_a_missing_package_is_named(stage, capsys):
    """In one line, with the command that installs it."""
    assert main(["lacking"]) == 1
    assert capsys.readouterr().err == 'python -m demos: needs rare: python -m pip install -e ".[demos]"\n'


def test_list_as_people_call_it():
    process = subprocess.run([sys.executable, "-m", "demos", "--list"], cwd=ROOT, capture_output=True, text=True)
    assert (process.returncode, process.stderr) == (0, "")
    assert sorted(line.split()[0] for line in process.stdout.splitlines()[1:]) == names()


# ---------------------------------------------------------------------- what all demos have in common


@pytest.mark.parametrize("name", names())
def test_a_demo_keeps_to_the_conventions(name):
    """Those in the docstring of the package."""
    module = importlib.import_module(f"demos.{name}")
    title, _, rest = module.__doc__.partition("\n")
    assert title.endswith(").")
    assert "\nLook at: " in rest
    assert module.DECKS
    assert set(module.DECKS) <= set(range(5))
    first, *others = inspect.signature(module.main).parameters.values()
    assert (first.name, first.default) == ("out", OUT)
    assert all(option.kind is option.KEYWORD_ONLY and option.default is not option.empty for option in others)
    meant = {"data": None, "full": False}
    assert all(option.default is meant[option.name] for option in others if option.name in meant)
    assert (ROOT / "tests" / "demos" / f"test_{name}.py").is_file()


def test_shared_modules_are_no_demos():
    assert set(MAIN_JOB) < set(names())
    assert not {name for name in names() if name.startswith("_")}
    assert {path.stem for path in (ROOT / "demos").glob("[!_]*.py")} == set(names())


# ---------------------------------------------------------------------- pictures


def test_a_picture_is_saved_in_a_new_folder(tmp_path):
    class Drawing:
        def save(self, path):
            path.write_text("drawn")

    path = tmp_path / "new" / "folder" / "drawing.svg"
    assert save_picture(path, Drawing) == [path]
    assert path.read_text() == "drawn"


def test_figures_and_axes_are_saved(tmp_path):
    pytest.importorskip("matplotlib", reason="plots need matplotlib")
    figure, axes = panels(2)
    assert len(axes) == 2
    for name, picture in (("figure", figure), ("axes", axes[0])):
        (path,) = save_picture(tmp_path / f"{name}.png", lambda picture=picture: picture)
        assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "missing", [RendererMissing("svg: nothing to draw with: install it"), ImportError("matplotlib is missing")]
)
def test_without_anything_to_draw_with_it_goes_on(missing, tmp_path, capsys):
    def draw():
        raise missing

    assert save_picture(tmp_path / "picture.svg", draw) == []
    assert capsys.readouterr().out == f"(No picture picture.svg: {missing})\n"
    assert list(tmp_path.iterdir()) == []


def test_without_matplotlib_demos_go_on(tmp_path, monkeypatch, capsys):
    from demos import neuron

    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert neuron.main(tmp_path, points=5, passes=1).files == []
    told = '(No picture neuron.png: panels: matplotlib is missing: python -m pip install "stepgrad[plot]")\n'
    assert told in capsys.readouterr().out


def test_a_mistake_in_a_picture_is_not_hidden(tmp_path):
    with pytest.raises(ZeroDivisionError):
        save_picture(tmp_path / "picture.png", lambda: 1 / 0)


def test_numbers_in_one_line():
    assert (
        str(Result({"loss": 0.000123456, "steps": 469, "XOR": "never"})) == "loss = 0.0001235, steps = 469, XOR = never"
    )


def test_the_readme_lists_every_demo_with_its_decks():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = {name: decks for decks, name in re.findall(r"^\| ([\d, ]+) \| `(\w+)` \|", readme, re.MULTILINE)}
    assert rows == {name: ", ".join(map(str, importlib.import_module(f"demos.{name}").DECKS)) for name in names()}
