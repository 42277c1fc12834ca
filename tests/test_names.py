"""Names that nobody had to give: what displays call a node, from the variables of whoever asks."""

from __future__ import annotations

import subprocess
import sys
import types
from pathlib import Path

import pytest

from autograd import Value, detect_anomaly
from autograd.names import PACKAGE, calling_frame, calling_line, variable_names

in_module = Value(1.0)
_private_in_module = Value(2.0)
list_in_module = [Value(3.0), Value(4.0)]
shadowed = Value(5.0)


def check(expected, *nodes):
    """Compare the names that the caller's variables give these nodes; None where they give none.

    A function, since pytest keeps the parts of an `assert` in local variables of its own.
    """
    names = variable_names(list(nodes), sys._getframe(1))
    assert [names.get(node) for node in nodes] == expected


def run(program, **variables):
    """The global variables that a program leaves behind: a module of its own."""
    module = types.ModuleType("somewhere")
    module.__dict__.update(Value=Value, variable_names=variable_names, **variables)
    exec(compile(program, "somewhere.py", "exec"), module.__dict__)
    return module


# ---------------------------------------------------------------------- variables


def test_local_variables():
    w, x = Value(1.0), Value(2.0)
    y = w * x
    check(["w", "x", "y"], w, x, y)


def test_module_variables():
    check(["in_module", "list_in_module[0]", "list_in_module[1]"], in_module, *list_in_module)


def test_variables_of_a_script():
    module = run("w, x = Value(1.0), Value(2.0); y = w * x; names = variable_names([w, x, y])")
    assert module.names == {module.w: "w", module.x: "x", module.y: "y"}


def test_a_node_without_a_variable_has_no_name():
    x = Value(1.0)
    check(["x", None, None], x, x * 2.0, Value(3.0))
    assert variable_names([]) == {}


def test_locals_come_before_globals():
    shadowed = Value(6.0)
    alias = in_module
    check(["shadowed", "alias"], shadowed, alias)


def test_a_hidden_global_has_no_name():
    """Two nodes called alike would be mistaken for one."""
    module = run("def names(x, given): return variable_names([x, *given()])\nx = Value(1.0)")
    local, outer = Value(2.0), module.x
    assert module.names(local, lambda: [outer]) == {local: "x"}


def test_two_variables_are_ambiguous():
    x = Value(1.0)
    y = x
    check([None], x)
    del y
    check(["x"], x)


def test_private_names_are_skipped():
    _x, x = Value(1.0), Value(2.0)
    _also = x
    check([None, "x", None], _x, x, _private_in_module)
    _weights = [Value(3.0)]
    check([None], _weights[0])


def test_names_that_nobody_wrote_are_skipped():
    """pytest, for one, keeps the parts of this `assert` in variables of its own, as `@py_assert1`."""
    assert variable_names([Value(1.0) * 2.0]) == {}
    w = [Value(1.0)]
    assert variable_names([w[0]]) == {w[0]: "w[0]"}


def test_the_outputs_of_ipython_are_skipped():
    y = Value(1.0)
    module = run("names = variable_names(list(Out.values()))", Out={3: y}, _3=y)
    assert module.names == {}


def test_the_caller_of_a_caller_is_not_asked():
    def inner():
        return variable_names(nodes)

    x = Value(1.0)
    nodes = [x]
    assert inner() == {x: "nodes[0]"}  # `nodes` is seen, since `inner` uses it; `x` is not


def test_nested_functions_see_what_they_use():
    x, unused = Value(1.0), Value(2.0)

    def inner():
        y = x * 3.0
        check(["x", "y", "x"], x, y, *y.parents)

    inner()
    check(["unused"], unused)


def test_a_method_and_a_class_body():
    class Model:
        w = Value(1.0)
        check(["w"], w)

        def forward(self, x):
            y = x * self.w
            check(["x", "y", None], x, y, self.w)

    Model().forward(Value(2.0))


# ---------------------------------------------------------------------- elements


def test_elements_of_lists_tuples_and_dictionaries():
    w, x, layer = [Value(1.0), 2.0, Value(3.0)], (Value(4.0),), {"bias": Value(5.0), 7: Value(6.0)}
    check(["w[0]", "w[2]", "x[0]", "layer['bias']", "layer[7]"], w[0], w[2], x[0], layer["bias"], layer[7])


def test_variables_come_before_elements():
    a, b = Value(1.0), Value(2.0)
    w = [a, b, Value(3.0)]
    check(["a", "b", "w[2]"], *w)


def test_an_element_that_is_held_twice_is_ambiguous():
    w = [Value(1.0), Value(2.0)]
    v = [w[0], w[0]]
    check([None, "w[1]"], *w)
    assert len(v) == 2


def test_only_keys_that_print_alike_every_time():
    grid = {(0, 1): Value(1.0), object(): Value(2.0), "corner": Value(3.0)}
    check([None, None, "grid['corner']"], *grid.values())


def test_other_containers_are_left_alone():
    """Subclasses may compute their elements; looking must change nothing."""

    class Counted(list):
        def __iter__(self):
            raise AssertionError("was looked into")

    x = Counted([Value(1.0)])
    y = {Value(2.0)}
    check([None, None], x[0], *y)


# ---------------------------------------------------------------------- explicit names


def test_explicit_names_win():
    w = Value(1.0, name="weight")
    v = w
    check(["weight", "weight"], w, v)


def test_an_explicit_name_is_not_given_to_another_node():
    a, x = Value(1.0, name="x"), Value(2.0)
    check(["x", None], a, x)


def test_two_nodes_may_be_named_alike_explicitly():
    nodes = Value(1.0, name="w"), Value(2.0, name="w")
    check(["w", "w"], *nodes)


def test_an_empty_name_is_none():
    check([None], Value(1.0, name=""))


def test_looking_does_not_compare_or_change_nodes(monkeypatch):
    w = [Value(1.0), Value(1.0)]
    for comparison in ("__eq__", "__ne__", "__bool__"):
        monkeypatch.setattr(Value, comparison, lambda *_: pytest.fail("was compared"))
    assert list(variable_names(w).values()) == ["w[0]", "w[1]"]


# ---------------------------------------------------------------------- whose variables


def test_the_calling_frame_is_outside_the_package():
    assert calling_frame() is sys._getframe()
    module = run("frame = calling_frame()", calling_frame=calling_frame)
    assert module.frame.f_globals is module.__dict__


def test_a_module_whose_name_only_begins_like_the_package_is_outside():
    module = types.ModuleType("autograd_examples")
    module.__dict__.update(Value=Value, variable_names=variable_names)
    exec("x = Value(1.0)\nnames = variable_names([x])", module.__dict__)
    assert module.names == {module.x: "x"}


@pytest.mark.parametrize("name", ["autograd.draw", "__main__"])
def test_a_frame_belongs_to_its_file(name):
    """Examples in docstrings run under the name of the module they stand in."""
    program = "x = Value(1.0)\nnames = variable_names([x])\nline = calling_line()"
    scope = {"__name__": name, "Value": Value, "variable_names": variable_names, "calling_line": calling_line}
    exec(compile(program, "<doctest>", "exec"), scope)
    assert scope["names"] == {scope["x"]: "x"}
    assert scope["line"] == "<doctest>:3"


@pytest.mark.parametrize("folder", [".", "jit"])
def test_a_file_anywhere_in_the_package_is_inside(folder):
    scope = {"calling_line": calling_line}
    exec(compile("line = calling_line()", str(PACKAGE / folder / "file.py"), "exec"), scope)
    assert scope["line"].startswith("test_names.py:")


def test_the_calling_line():
    assert calling_line() == f"test_names.py:{sys._getframe().f_lineno}"
    with detect_anomaly():
        x = Value(2.0)
        y = x * 3.0
        line = sys._getframe().f_lineno - 1
    assert y.site == f"test_names.py:{line}"


def test_names_in_the_interactive_interpreter():
    session = "from autograd import Value\nfrom autograd.draw import draw\nw = Value(2.0)\ny = w * w\nprint(draw(y))\n"
    root = Path(__file__).parent.parent
    ran = subprocess.run([sys.executable, "-i"], input=session, cwd=root, capture_output=True, text=True, check=True)
    assert 'label="w|data 2' in ran.stdout
    assert 'label="y|data 4' in ran.stdout


def test_a_drawing_asks_its_caller():
    from autograd.draw import draw

    def helper(node):
        return draw(node)

    x = Value(1.0)
    y = x * in_module
    assert 'label="y|' in draw(y).source
    source = helper(y).source
    assert 'label="node|' in source
    assert 'label="in_module|' in source
    assert 'label="x|' not in source
