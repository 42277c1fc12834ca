"""The structure of the graph: nodes, their operands and parents, and the order of a walk."""

from hypothesis import given

from autograd import Value, Vector, dot, matvec
from autograd.graph import topological_order

from .strategies import graphs, run

# ---------------------------------------------------------------------- structure


@given(graphs)
def test_order_has_each_ancestor_once_and_before_its_parents(graph):
    program, numbers = graph
    nodes = run(program, map(Value, numbers))
    reached, waiting = set(), [nodes[-1]]
    while waiting:
        node = waiting.pop()
        reached.add(node)
        waiting += node.parents
    order = topological_order(nodes[-1])
    place = {node: i for i, node in enumerate(order)}
    assert order[0] is nodes[-1]
    assert (len(order), set(order)) == (len(reached), reached)
    assert all(place[node] < place[parent] for node in order for parent in node.parents)


@given(graphs)
def test_parents_are_those_of_the_program(graph):
    """In order, as often as they were used; a leaf has no operation and a result has one."""
    program, numbers = graph
    nodes = run(program, map(Value, numbers))
    for leaf in nodes[: program[0]]:
        assert (leaf.op, leaf.parents, leaf.is_leaf) == (None, (), True)
    for node, (name, places) in zip(nodes[program[0] :], program[1], strict=True):
        assert (node.op.name, node.is_leaf) == (name, False)
        assert list(map(id, node.parents)) == [id(nodes[place]) for place in places]


def test_a_product_of_plain_numbers_is_a_leaf():
    """Nothing led to it that could be differentiated."""
    (y,) = matvec([Vector([1.0, 2.0])], Vector([3.0, 4.0]))
    assert (y.data, y.op, y.parents, y.is_leaf) == (11.0, None, (), True)
    assert dot(Vector([1.0, 2.0]), Vector([3.0, 4.0])) == 11.0


def test_operands_look_through_vectors():
    w, x = Value(2.0), Value(3.0)
    v = Vector([w, 5.0, x])
    y = dot(v, [1.0, w, 4.0])
    assert [float(operand) for operand in y.operands] == [2.0, 5.0, 3.0, 1.0, 2.0, 4.0]
    assert list(map(id, y.parents)) == list(map(id, (w, x, w)))
    assert v not in topological_order(y)
    assert (len(v), list(v), v[2] is x, repr(v)) == (3, [w, 5.0, x], True, f"Vector([{w!r}, 5.0, {x!r}])")
