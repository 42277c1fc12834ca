"""Imports point down: within the engine along one list of layers, and from package to package."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from autograd import Node

ROOT = Path(__file__).parent.parent

PACKAGES = ["autograd", "nn", "demos", "tests"]
"""Each may import those before it, and never one after it."""

LAYERS = [
    "backends",  # kernels of other libraries
    "quiet",  # IEEE 754 without NumPy's warnings
    "notation",  # how an operation is printed
    "op",  # what a row of the table is
    "array_op",  # what a row that only arrays have is
    "modes",  # recording or not, watching or not
    "graph",  # nodes, hooks, the order of the sweep
    "traced",  # arrays without numbers, with which programs are traced
    "operands",  # what an op may be applied to
    "special",  # how rows are computed that others do not compute well enough
    "ops",  # the table
    "arrays",  # the rows that only arrays have
    "operators",  # dunder and named methods
    "rules",  # rows as contributions to gradients
    "names",  # the caller's variables and lines
    "changes",  # who changed which memory when
    "array_rules",  # rows as contributions to gradients of arrays
    "anomaly",  # where inf and nan come from
    "backward",  # the sweep
    "value",  # the scalar carrier
    "dtypes",  # kinds of numbers
    "functions",  # PyTorch's functions on all carriers of arrays
    "methods",  # the same as methods
    "numpy_protocol",  # NumPy's functions on them
    "inplace",  # recorded changes, and views that follow them
    "array_rows",  # rows as functions of arrays
    "conversions",  # tensors as numbers, arrays and text
    "tensor",  # the array carrier
    "tensor_methods",  # rows as its methods
    "parameter",  # tensors that modules learn
    "dual",  # the carrier of forward mode
    "trees",  # nested containers
    "transforms",  # from functions to their derivatives
    "jit",  # functions as programs of NumPy calls
    "custom",  # operations of the user's
    "linalg",  # linear algebra under PyTorch's names
    "fft",  # Fourier transforms, likewise
    "creation",  # tensors from numbers, shapes and chance
    "health",  # what becomes of layers in training
    "testing",  # gradient tests
    "symbols",  # the carrier that gives formulas
    "script",  # rows as JavaScript
    "simplify",  # formulas in fewer words
    "formulas",  # the carrier of arrays that gives formulas
    "labels",  # what nodes are called in them
    "replay",  # passes beside the graph
    "steps",  # what each step of a pass does, in numbers and words
    "explain",  # passes as lines of text, derivatives as sums over paths
    "scalars",  # graphs of arrays, written out in numbers
    "render",  # DOT text as SVG, PNG, PDF
    "draw",  # graphs as DOT text
    "page",  # the film of both passes as one HTML file
    "stepper",  # the passes one step at a time
    "parsing",  # formulas that people type
    "debugger",  # the prompt
    "__init__",  # what users import
    "__main__",  # the command line
]
"""The modules of autograd, lowest first; each may import those before it.

A new module takes its place here.  A subpackage, as `jit`, is one layer: inside it anything goes.
"""


class Import(NamedTuple):
    """One imported name: `from source import name`, or `import source` where the name is empty."""

    source: str
    name: str
    line: int


def imports(tree: ast.Module, package: str) -> Iterator[Import]:
    """All imports that run, wherever they stand in a module; `package` is what its leading dots refer to."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        match node:
            case ast.If(test=ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING")):
                waiting.extend(node.orelse)
                continue
            case ast.Import():
                yield from (Import(alias.name, "", node.lineno) for alias in node.names)
            case ast.Call(
                func=ast.Name(id="import_module") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(source)), *_],
            ):
                yield Import(source, "", node.lineno)
            case ast.ImportFrom():
                source = node.module or ""
                if node.level:
                    above = package.split(".")[: package.count(".") + 2 - node.level]
                    source = ".".join([*above, source] if source else above)
                yield from (Import(source, alias.name, node.lineno) for alias in node.names)
        waiting.extend(ast.iter_child_nodes(node))


def violations(sources: dict[str, str]) -> list[str]:
    """What is wrong with the imports of these modules, given as the text of each by its path."""
    modules = {path.removesuffix(".py").replace("/", ".") for path in sources}
    found = []
    for path, text in sorted(sources.items()):
        importer = path.removesuffix(".py").replace("/", ".")
        if importer.startswith("autograd.") and layer(importer) not in LAYERS:
            found.append(f"{path}: not in LAYERS: give the module its place in tests/test_layout.py")
            continue
        tree = ast.parse(text)
        for imported in imports(tree, importer.rpartition(".")[0]):
            complaint = wrong_direction(importer, imported_module(imported, modules)) or (
                importer.startswith("nn.") and private_import(imported)
            )
            if complaint:
                found.append(f"{path}:{imported.line}: {complaint}")
        if importer.startswith("nn."):
            found += [f"{path}:{line}: nn reads {name}, a private name of autograd" for name, line in reads(tree)]
    return found


def layer(module: str) -> str:
    """The part of a module's dotted name that stands in `LAYERS`."""
    return module.split(".")[1]


def imported_module(imported: Import, modules: set[str]) -> str:
    """The module that an import reads: a submodule where the name is one, else the package itself."""
    for candidate in (f"{imported.source}.{imported.name}", imported.source):
        for module in (candidate, f"{candidate}.__init__"):
            if module in modules:
                return module
    return imported.source if "." in imported.source else f"{imported.source}.__init__"


def wrong_direction(importer: str, module: str) -> str:
    """The complaint about a module that imports one above it; empty if all is well."""
    top, source_top = importer.split(".")[0], module.split(".")[0]
    if source_top not in PACKAGES:
        return ""
    if PACKAGES.index(source_top) > PACKAGES.index(top):
        return f"{top} imports {source_top}, which stands above it"
    if top == source_top == "autograd" and layer(module) != layer(importer):
        if layer(module) not in LAYERS:
            return f"imports {module}, which does not exist"
        if LAYERS.index(layer(module)) > LAYERS.index(layer(importer)):
            return f"{layer(importer)} imports {layer(module)}, which stands above it"
    return ""


def private_import(imported: Import) -> str:
    """The complaint about an import of a private name of the engine; empty if it is public."""
    parts = [*imported.source.split("."), imported.name]
    private = [part for part in parts if is_private(part)]
    return f"nn imports {private[0]}, a private name of autograd" if parts[0] == "autograd" and private else ""


def reads(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Private attributes of the engine's modules and nodes that a module touches, with their lines."""
    engine = set()  # what the module calls the things it imports from autograd
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "autograd":
            engine |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            engine |= {alias.asname or "autograd" for alias in node.names if alias.name.split(".")[0] == "autograd"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            base = node.value
            while isinstance(base, ast.Attribute):
                base = base.value
            if node.attr in Node.__slots__ or (isinstance(base, ast.Name) and base.id in engine):
                yield node.attr, node.lineno


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")


def project() -> dict[str, str]:
    """The text of every module of the four packages."""
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
    }


def test_imports_point_down() -> None:
    assert violations(project()) == []


def test_layers_exist() -> None:
    present = {path.split("/")[1].removesuffix(".py") for path in project() if path.startswith("autograd/")}
    assert set(LAYERS) - present == set(), "no such modules: take them out of LAYERS"
    assert len(set(LAYERS)) == len(LAYERS)


SMALL = {f"autograd/{name}.py": "" for name in LAYERS} | {"nn/__init__.py": "", "demos/__init__.py": ""}
"""A project with nothing wrong in it, to plant imports in."""


@pytest.mark.parametrize(
    ("path", "line", "complaint"),
    [
        ("autograd/graph.py", "from . import value", "graph imports value, which stands above it"),
        ("autograd/graph.py", "from .ops import exp", "graph imports ops, which stands above it"),
        ("autograd/graph.py", "import autograd.ops", "graph imports ops, which stands above it"),
        ("autograd/graph.py", "from autograd import ops", "graph imports ops, which stands above it"),
        ("autograd/graph.py", "from autograd import exp", "graph imports __init__, which stands above it"),
        ("autograd/graph.py", "import autograd", "graph imports __init__, which stands above it"),
        ("autograd/graph.py", "from . import exp", "graph imports __init__, which stands above it"),
        ("autograd/graph.py", "def f():\n    from .ops import exp", "graph imports ops, which stands above it"),
        ("autograd/graph.py", "if a:\n  try:\n    from . import ops\n  finally: pass", "graph imports ops"),
        ("autograd/ops.py", "from .missing import x", "imports autograd.missing, which does not exist"),
        ("autograd/ops.py", "from nn import MLP", "autograd imports nn, which stands above it"),
        ("autograd/ops.py", "import demos.moons", "autograd imports demos, which stands above it"),
        ("autograd/ops.py", "from tests.oracles import ORACLES", "autograd imports tests, which stands above it"),
        ("autograd/ops.py", "importlib.import_module('nn.neuron')", "autograd imports nn, which stands above it"),
        ("autograd/unheard_of.py", "", "not in LAYERS"),
        ("autograd/unheard_of/inner.py", "", "not in LAYERS"),
        ("nn/neuron.py", "import demos", "nn imports demos, which stands above it"),
        ("nn/neuron.py", "def f():\n    from tests import x", "nn imports tests, which stands above it"),
        ("nn/neuron.py", "from autograd import _x", "nn imports _x, a private name of autograd"),
        ("nn/neuron.py", "from autograd.graph import _Modes", "nn imports _Modes, a private name of autograd"),
        ("nn/neuron.py", "from autograd._secret import x", "nn imports _secret, a private name of autograd"),
        ("nn/neuron.py", "import autograd as ag\nag.value._node(1)", "nn reads _node, a private name of autograd"),
        ("nn/neuron.py", "from autograd import value\nvalue._node(1)", "nn reads _node, a private name of autograd"),
        ("nn/neuron.py", "total = v._data + 1", "nn reads _data, a private name of autograd"),
        ("demos/moons.py", "from tests import oracles", "demos imports tests, which stands above it"),
    ],
)
def test_planted_violation_is_caught(path: str, line: str, complaint: str) -> None:
    (found,) = violations({**SMALL, path: line})
    assert found.startswith(path)
    assert complaint in found


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("autograd/graph.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .ops import exp"),
        ("autograd/graph.py", "import typing\nif typing.TYPE_CHECKING:\n    from .ops import exp"),
        ("autograd/value.py", "from . import ops\nfrom .graph import Node\nimport autograd.op"),
        ("autograd/__init__.py", "from .value import Value\nfrom . import ops"),
        ("nn/neuron.py", "from autograd import Value, __version__\nclass M:\n    def f(self): return self._cache"),
        ("nn/__init__.py", "from .neuron import Neuron"),
        ("demos/moons.py", "import nn\nfrom autograd.value import Value\nfrom . import other"),
        ("tests/test_moons.py", "from demos import moons\nfrom autograd.graph import _Modes\nimport numpy"),
    ],
)
def test_what_is_allowed_passes(path: str, line: str) -> None:
    assert violations({**SMALL, path: line}) == []
