"""The demo `gates`."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, strategies as st

from demos import gates
from nn import Perceptron

from .pictures import check_pictures

whole = st.integers(-9, 9)


def test_three_gates_are_learnt_and_the_fourth_never(tmp_path, capsys):
    result = gates.main(tmp_path, passes=20)
    numbers = result.numbers
    assert (numbers["AND"], numbers["OR"], numbers["NAND"], numbers["XOR"]) == (6, 4, 6, "never")
    assert numbers["forms agree"] == "16 of 16"
    assert numbers["XOR by hand"] == "0 1 1 0"
    assert numbers["XOR by an MLP"] == "0 1 1 0"
    assert 0 <= numbers["loss"] < 1e-6
    printed = capsys.readouterr().out
    assert "  AND   0 0 0 1   Perceptron([2.0, 1.0], bias=-2.0) " in printed
    assert "still wrong after 20 passes" in printed
    assert "XOR: after pass 3 the weights are those after pass 2" in printed
    assert "  0.000  1.000  1.000  0.000   loss " in printed
    check_pictures(result, tmp_path, "gates.png", "gates_xor.svg")


def test_the_mistakes_on_the_way_are_printed(capsys):
    """Those of OR, worked out by hand from weights of zero, where a sum of 0 counts as no."""
    gates.print_mistakes([(x, gates.GATES["OR"](*x)) for x in gates.INPUTS])
    assert capsys.readouterr().out.splitlines() == [
        "  01: said 0, should be 1:  now Perceptron([0.0, 1.0], bias=1.0)",
        "  00: said 1, should be 0:  now Perceptron([0.0, 1.0], bias=0.0)",
        "  10: said 0, should be 1:  now Perceptron([1.0, 1.0], bias=1.0)",
        "  00: said 1, should be 0:  now Perceptron([1.0, 1.0], bias=0.0)",
    ]


@given(st.lists(st.tuples(whole, whole), min_size=1, max_size=5), whole)
def test_both_forms_are_one_neuron(pairs, threshold):
    weights, x = zip(*pairs, strict=True)
    perceptron = Perceptron(weights, bias=-threshold)
    assert gates.threshold_form(weights, threshold, x) == perceptron(x)
    (total,) = gates.weighted_sum(perceptron, np.array([x]))
    assert (total > 0) == perceptron(x)


@pytest.mark.parametrize("answers", list(product((0, 1), repeat=4)))
def test_of_sixteen_gates_two_have_no_line(answers):
    examples = list(zip(gates.INPUTS, answers, strict=True))
    is_learnt = Perceptron([0, 0]).fit(examples) is not None
    assert is_learnt == (answers not in [(0, 1, 1, 0), (1, 0, 0, 1)])


def test_the_circle_closes():
    """From the pass on that it names, the weights come again after as many passes as it says."""
    examples = [(x, gates.GATES["XOR"](*x)) for x in gates.INPUTS]
    start, length = gates.circle(examples)
    states = []
    learner = Perceptron([0, 0])
    for _ in range(start + 2 * length + 1):
        states.append((learner.weights, learner.bias))
        for x, target in examples:
            learner.learn(x, target)
    assert states[start] == states[start + length] == states[start + 2 * length]
    assert len({str(state) for state in states}) == start + length
