"""Slots in MathML: numbers that a script changes, with brackets where they need them."""

import math
from xml.etree import ElementTree

import pytest
from hypothesis import given, strategies as st

from autograd.symbols import Number, Slot, Symbol

from .formulas import evaluated, from_mathml, is_close, nested, parsed, spelled, trees

x = Symbol("x")


def changed(mathml, key, value):
    """The markup after a script gave a slot another value: it knows no more than what stands in it."""
    root = parsed(f"<math>{mathml}</math>")
    text = parsed(Slot(key, value).mathml()).text
    for slot in root.iter():
        if slot.get("data-slot") != key:
            continue
        if slot.get("data-brackets") is None:
            slot.text = text
            continue
        for child in list(slot):
            slot.remove(child)
        for sign in ["(", text, ")"] if text.startswith("−") or "×" in text else [text]:
            ElementTree.SubElement(slot, "mo" if sign in "()" else "mn").text = sign
    return written(root[0])


def written(element):
    return ElementTree.tostring(element, encoding="unicode")


def in_slots(tree, values):
    read = lambda symbol: Slot(symbol.name, values[symbol.name]) if symbol.name in values else symbol
    return spelled(tree).substitute(read)


any_number = st.sampled_from([-2.5, -1e-9, 2e-9, 0.0, 3.0, 1e20, -math.inf]) | st.floats(-3, 3)
values = st.fixed_dictionaries({"x": any_number, "y": any_number})


@given(trees(), values, values)
def test_a_slot_that_is_given_a_value_is_as_if_printed_with_it(tree, before, after):
    formula = in_slots(tree, before).mathml()
    for key in after:
        formula = changed(formula, key, after[key])
    assert formula == written(parsed(in_slots(tree, after).mathml()))


@pytest.mark.parametrize("point", [{"x": 0.75, "y": -1.5}, {"x": -2.0, "y": 2e-5}], ids=str)
def test_slots_take_brackets_where_numbers_do(point):
    for tree in nested():
        formula = in_slots(tree, point)
        assert is_close(evaluated(from_mathml(parsed(formula.mathml())), e=math.e), tree, point), formula
        numbers = spelled(tree).substitute(lambda symbol: Number(point[symbol.name]))
        assert (str(formula), formula.latex()) == (str(numbers), numbers.latex())


@pytest.mark.parametrize(
    ("number", "text"),
    [(-2.5, "−2.5"), (-0.0, "0"), (1.5e-7, "1.5×10⁻⁷"), (-1e20, "−1×10²⁰"), (-math.inf, "−∞"), (math.nan, "nan")],
)
def test_numbers_in_slots(number, text):
    assert Slot("k", number).mathml() == f'<mn data-slot="k">{text}</mn>'
    inside = f"<mo>(</mo><mn>{text}</mn><mo>)</mo>" if {"−", "×"} & set(text) else f"<mn>{text}</mn>"
    expected = f'<msup><mrow data-slot="k" data-brackets="">{inside}</mrow><mn>2</mn></msup>'
    assert Slot("k", number).square().mathml() == expected


def test_slots_are_numbers_elsewhere_and_never_simplified():
    slot = Slot("w", 0.0)
    assert (str(slot * x), (slot * x).latex(), str(1.0 * slot)) == ("0 · x", r"0 \cdot x", "0")
    assert (slot * x).mathml() == '<mrow><mn data-slot="w">0</mn><mo>·</mo><mi>x</mi></mrow>'
    assert (x * slot).mathml() == (
        '<mrow><mi>x</mi><mo>·</mo><mrow data-slot="w" data-brackets=""><mn>0</mn></mrow></mrow>'
    )
    assert (slot < Slot("v", 1.0)).mathml() == (
        '<mrow><mn data-slot="w">0</mn><mo>&lt;</mo><mn data-slot="v">1</mn></mrow>'
    )


@given(st.text())
def test_keys_of_slots_are_escaped(key):
    for formula in (Slot(key, 1.0), x * Slot(key, -1.0)):
        (slot,) = (element for element in parsed(formula.mathml()).iter() if "data-slot" in element.attrib)
        assert slot.get("data-slot") == "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in key)
