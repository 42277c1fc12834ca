"""The mutation campaign in small: samples for every op, mutants that are what they claim, a few of each kind judged.

The whole campaign is `python -m tests.mutation`.
"""

import ast

import numpy as np
import pytest

from autograd import TABLE, exp, ops
from autograd.array_op import ARRAY_TABLE, ArrayOp
from autograd.arrays import reductions

from .mutation import campaign, sources
from .mutation.__main__ import main, survivors, table
from .mutation.campaign import Outcome, Verdict
from .mutation.mutants import KINDS, all_ops, copy_of, mutants_of, rules_of
from .mutation.samples import SAMPLES

OPS = {f"{op.name} of arrays" if isinstance(op, ArrayOp) else op.name: op for op in all_ops()}
EACH = 97  # of the mutants of a kind, every so many are judged


def each(named):
    return pytest.mark.parametrize("op", named.values(), ids=named)


# ---------------------------------------------------------------------- samples


def test_every_array_op_has_samples():
    assert set(SAMPLES) == set(ARRAY_TABLE)


@each(OPS)
def test_right_copies_are_accepted(op):
    """What is rejected below is rejected for the damage, not for being a copy."""
    campaign.check(copy_of(op), op.name)


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_differ_in_their_numbers_alone(name):
    """From one draw to the next; so that stale numbers fit in shape and are wrong."""
    for one, other in zip(
        SAMPLES[name](np.random.default_rng(0)), SAMPLES[name](np.random.default_rng(1)), strict=True
    ):
        assert [x.shape for x in one.operands] == [x.shape for x in other.operands]
        assert not any(np.array_equal(a, b) for a, b in zip(one.operands, other.operands, strict=True))


# ---------------------------------------------------------------------- mutants


@pytest.fixture(scope="module")
def mutants():
    return campaign.chosen()


def test_every_rule_is_damaged_in_five_ways_at_least(mutants):
    kinds = {(op, i): set() for op in all_ops() for i, rule in enumerate(rules_of(op)) if rule is not None}
    for mutant in mutants:
        kinds[mutant.op, mutant.operand].add(mutant.kind)
    assert {kind for found in kinds.values() for kind in found} == set(KINDS)
    assert min(map(len, kinds.values())) >= 5


def test_mutants_are_told_apart_by_what_is_printed(mutants):
    assert len(set(map(str, mutants))) == len(mutants)


@each(OPS)
def test_a_mutant_is_a_copy_outside_of_the_tables(op):
    mutant = next(mutants_of(op), None)
    assert mutant is None or mutant.make() is not op
    assert TABLE.get(op.name) is op or ARRAY_TABLE.get(op.name) is op


def texts(rule, names):
    return {(d.kind, ast.unparse(d.tree)) for d in sources.damages(sources.definition(rule), names)}


def test_damages_of_a_sum_of_products():
    assert texts(ops.silu.partials[0], ["a", "y"]) == {
        ("operands", "lambda a, y: sigmoid(y) * (1 + y * sigmoid(-y))"),
        ("term", "lambda a, y: sigmoid(a)"),
        ("term", "lambda a, y: 1 + a * sigmoid(-a)"),
        ("factor", "lambda a, y: sigmoid(a) / (1 + a * sigmoid(-a))"),
        ("term", "lambda a, y: a * (1 + a * sigmoid(-a))"),
        ("term", "lambda a, y: sigmoid(a) * 1"),
        ("term", "lambda a, y: sigmoid(a) * (a * sigmoid(-a))"),
        ("sign", "lambda a, y: sigmoid(a) * (1 - a * sigmoid(-a))"),
        ("axis", "lambda a, y: sigmoid(a) * (2 + a * sigmoid(-a))"),
        ("axis", "lambda a, y: sigmoid(a) * (0 + a * sigmoid(-a))"),
        ("term", "lambda a, y: sigmoid(a) * (1 + a)"),
        ("term", "lambda a, y: sigmoid(a) * (1 + sigmoid(-a))"),
        ("factor", "lambda a, y: sigmoid(a) * (1 + a / sigmoid(-a))"),
        ("term", "lambda a, y: sigmoid(a) * (1 + a * -a)"),
        ("sign", "lambda a, y: sigmoid(a) * (1 + a * sigmoid(a))"),
    }


@pytest.mark.parametrize(
    ("rule", "kind", "damaged"),
    [
        (ops.div.partials[0], "operands", "lambda a, b, y: 1 / a"),
        (ops.div.partials[0], "operands", "lambda a, b, y: b / 1"),
        (ops.relu.partials[0], "operands", "lambda a, y: choose(a < 0, 1.0, 0.0)"),
        (ops.relu.partials[0], "operands", "lambda a, y: choose(a > 0, 0.0, 1.0)"),
        (reductions.softmax.pullbacks[0], "axis", "lambda g, y, a, axis: y * (g - sum_(g * y, axis=axis))"),
        (reductions.softmax.pullbacks[0], "broadcast", "lambda g, y, a, axis: y * (g - g * y)"),
    ],
)
def test_some_damages(rule, kind, damaged):
    names = ["a", "b"] if rule in ops.div.partials else []
    assert (kind, damaged) in texts(rule, names)


def test_a_damaged_helper_damages_the_rule_and_nobody_else():
    rule = reductions.cumprod.pullbacks[0]
    assert set(sources.helpers(rule)) == {"_cumprod_slope", "_sum_from_here", "_without_each"}
    (damage,) = (
        damage
        for _, text, damage in sources.damages_of_rule(rule, [])
        if text == "_sum_from_here: cumsum(flip(a, axis=axis), axis=axis) → flip(a, axis=axis)"
    )
    a, g = np.array([2.0, 3.0]), np.array([1.0, 1.0])
    y = np.cumprod(a)
    np.testing.assert_array_equal(damage(rule)(g, y, a, 0), g * y / a)
    np.testing.assert_array_equal(rule(g, y, a, 0), [4.0, 2.0])


# ---------------------------------------------------------------------- verdicts


@pytest.mark.parametrize("kind", KINDS)
def test_a_few_mutants_of_every_kind(mutants, kind):
    found = [campaign.judge(mutant) for mutant in [x for x in mutants if x.kind == kind][::EACH]]
    assert not [str(verdict) for verdict in found if verdict.outcome is Outcome.SURVIVED]


def test_damages_to_the_engine():
    assert {verdict.outcome for verdict in campaign.verdicts_on_engine()} <= {Outcome.REJECTED, Outcome.RAISED}


def test_a_checker_that_accepts_everything_is_noticed(monkeypatch, capsys):
    monkeypatch.setattr(campaign, "check", lambda *_: None)
    assert main(["--op", "tanh", "--kind", "sign", "constant"]) == 1
    printed = capsys.readouterr().out
    assert "SURVIVED: tanh-a [sign] negated" in printed
    assert "SURVIVED: tanh-a [constant] detached" in printed
    assert "Equivalent, for the rule reads no numbers of the operands" in printed


def test_a_checker_that_rejects_everything_is_noticed(monkeypatch, capsys):
    def reject(*_):
        raise campaign.GradientMismatch("no")

    monkeypatch.setattr(campaign, "check", reject)
    assert main(["--op", "tanh", "--kind", "sign"]) == 1
    assert "FALSE ALARM: tanh" in capsys.readouterr().out


def test_the_table_counts_what_changes_a_derivative():
    outcomes = [Outcome.REJECTED, Outcome.RAISED, Outcome.SURVIVED, Outcome.EQUIVALENT, Outcome.IMPOSSIBLE]
    found = [Verdict("exp", "a", "sign", f"damage {i}", outcome) for i, outcome in enumerate(outcomes)]
    assert exp.name in table(found)
    _, line, total = table(found).splitlines()
    assert line.split() == ["exp", "2/3", "1"] and total.split() == ["all", "2/3", "1"]
    assert survivors(found).splitlines()[0] == "SURVIVED: exp-a [sign] damage 2"
