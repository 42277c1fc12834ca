"""Names that nobody had to give: what displays call a node, from the variables of whoever asks."""

from __future__ import annotations

import subprocess
import sys
import types

import pytest

from autograd import Value, detect_anomaly
from autograd.names import calling_frame, calling_line, variable_names

in_module = Value(1.0)
_private_in_module = Value(2.0)
list_in_module = [Value(3.0), Value(4.0)]
shadowed = Value(5.0)


def names_of(*nodes, frame=None):
    """The names, with None where there is none, as the caller of this function would see them."""
    names = variable_names(list(nodes), frame or sys._getframe(1))
    return [names.get(node) for node in nodes]


def run(program, **variables):
    """The global variables that a program leaves behind: a module of its own."""
    module = types.ModuleType("somewhere")
    module.__dict__.update(Value=Value, variable_names=variable_names, **variables)
    exec(compile(program, "somewhere.py", "exec"), module.__dict__)  # noqa: S102
    return module


# ---------------------------------------------------------------------- variables


def test_local_variables():
    w, x = Value(1.0), Value(2.0)
    y = w * x
    assert names_of(w, x, y) == ["w", "x", "y"]


def test_module_variables():
    assert names_of(in_module, *list_in_module) == ["in_module", "list_in_module[0]", "list_in_module[1]"]


def test_variables_of_a_script():
    module = run("w, x = Value(1.0), Value(2.0); y = w * x; names = variable_names([w, x, y])")
    assert module.names == {module.w: "w", module.x: "x", module.y: "y"}


def test_a_node_without_a_variable_has_no_name():
    x = Value(1.0)
    assert names_of(x, x * 2.0, Value(3.0)) == ["x", None, None]
    assert variable_names([]) == {}


def test_locals_come_before_globals():
    shadowed = Value(6.0)
    alias = in_module
    assert names_of(shadowed, alias) == ["shadowed", "alias"]


def test_a_hidden_global_has_no_name():
    """Two nodes called alike would be mistaken for one."""
    outer = globals()["shadowed"]
    nodes = [outer]
    del outer
    shadowed = Value(6.0)
    assert names_of(shadowed, nodes[0]) == ["shadowed", "nodes[0]"]
    hidden = {"_": nodes.pop()}
    assert names_of(shadowed, *hidden.values()) == ["shadowed", "hidden['_']"]
    _hidden = hidden
    del hidden
    assert names_of(shadowed, *_hidden.values()) == ["shadowed", None]


def test_two_variables_are_ambiguous():
    x = Value(1.0)
    y = x
    assert names_of(x) == [None]
    del y
    assert names_of(x) == ["x"]


def test_private_names_are_skipped():
    _x, x = Value(1.0), Value(2.0)
    _also = x
    assert names_of(_x, x, _private_in_module) == [None, "x", None]
    _weights = [Value(3.0)]
    assert names_of(_weights[0]) == [None]


def test_the_caller_of_a_caller_is_not_asked():
    def inner():
        return variable_names(nodes)  # noqa: F821 - not yet bound

    x = Value(1.0)
    nodes = [x]
    assert inner() == {x: "nodes[0]"}  # `nodes` is seen, since `inner` uses it; `x` is not


def test_nested_functions_see_what_they_use():
    x, unused = Value(1.0), Value(2.0)

    def inner():
        y = x * 3.0
        return names_of(x, y, *y.parents)

    assert inner() == ["x", "y", "x"]
    assert names_of(unused) == ["unused"]


def test_a_method_and_a_class_body():
    class Model:
        w = Value(1.0)
        inside = names_of(w)

        def forward(self, x):
            y = x * self.w
            return names_of(x, y, self.w)

    assert Model.inside == ["w"]
    assert Model().forward(Value(2.0)) == ["x", "y", None]


# ---------------------------------------------------------------------- elements


def test_elements():
    w = [Value(1.0), 2.0, Value(3.0)]
    x = (Value(4.0),)
    layer = {"weight": Value(5.0), 7: Value(6.0)}
    nodes = [w[0], w[2], x[0], layer["weight"], layer[7]]
    names = variable_names(nodes)
    del nodes
    assert list(names.values()) == ["w[0]", "w[2]", "x[0]", "layer['weight']", "layer[7]"] or not names


def test_elements_of_lists_tuples_and_dictionaries():
    w, x, layer = [Value(1.0), 2.0, Value(3.0)], (Value(4.0),), {"bias": Value(5.0), 7: Value(6.0)}
    assert names_of(w[0], w[2], x[0], layer["bias"], layer[7]) == ["w[0]", "w[2]", "x[0]", "layer['bias']", "layer[7]"]


def test_variables_come_before_elements():
    a, b = Value(1.0), Value(2.0)
    w = [a, b, Value(3.0)]
    assert names_of(*w) == ["a", "b", "w[2]"]


def test_an_element_that_is_held_twice_is_ambiguous():
    w = [Value(1.0), Value(2.0)]
    v = [w[0], w[0]]
    assert names_of(*w) == [None, "w[1]"]
    assert len(v) == 2


def test_other_containers_are_left_alone():
    """Subclasses may compute their elements; looking must change nothing."""

    class Counted(list):
        def __iter__(self):
            raise AssertionError("was looked into")

    x = Counted([Value(1.0)])
    y = {Value(2.0)}
    assert names_of(x[0], *y) == [None, None]


# ---------------------------------------------------------------------- explicit names


def test_explicit_names_win():
    w = Value(1.0, name="weight")
    v = w
    assert names_of(w, v) == ["weight", "weight"]


def test_an_explicit_name_is_not_given_to_another_node():
    a, x = Value(1.0, name="x"), Value(2.0)
    assert names_of(a, x) == ["x", None]


def test_two_nodes_may_be_named_alike_explicitly():
    nodes = Value(1.0, name="w"), Value(2.0, name="w")
    assert names_of(*nodes) == ["w", "w"]


def test_an_empty_name_is_none():
    assert names_of(Value(1.0, name="")) == [None]


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
    exec("x = Value(1.0)\nnames = variable_names([x])", module.__dict__)  # noqa: S102
    assert module.names == {module.x: "x"}


def test_the_calling_line():
    assert calling_line() == f"test_names.py:{sys._getframe().f_lineno}"
    with detect_anomaly():
        x = Value(2.0)
        y = x * 3.0
        line = sys._getframe().f_lineno - 1
    assert y.site == f"test_names.py:{line}"


def test_names_in_the_interactive_interpreter():
    session = "from autograd import Value\nfrom autograd.draw import draw\nw = Value(2.0)\ny = w * w\nprint(draw(y))\n"
    ran = subprocess.run([sys.executable, "-i"], input=session, capture_output=True, text=True, check=True)
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
