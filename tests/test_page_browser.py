"""The interactive page in a real browser: its numbers are the library's, and so is each step of its film."""

from __future__ import annotations

import math
import time

import pytest

import autograd
from autograd import Value
from autograd.graph import topological_order
from autograd.steps import backward_steps

from .browser import keys, needs_browser
from .pages import GRAPHS, deck, neuron

pytestmark = needs_browser

# What a libm may round otherwise than JavaScript's, in the last place of a few functions, passed on through a graph.
ALLOWED = 1e-12


def library(root):
    """The nodes with their gradients after one backward pass, leaves first, in the order of the forward pass."""
    forward = topological_order(root)[::-1]
    nodes = sorted(forward, key=lambda node: node.op is not None)
    for node in nodes:
        node.zero_grad()
    root.backward()
    return nodes


def assert_same(x, right):
    assert x is not None
    assert (math.isnan(x) and math.isnan(right)) or math.isclose(x, right, rel_tol=ALLOWED, abs_tol=1e-15)


def assert_shows(screen, root):
    """What the page says at its last step is what the library computes."""
    for row, node in zip(screen.rows(), library(root), strict=True):
        assert_same(row.gradient, node.grad)
        if node.op is None:  # the field of a leaf holds six digits
            assert row.value is None or row.value == pytest.approx(node.data, rel=1e-5)
        else:
            assert_same(row.value, node.data)


# ---------------------------------------------------------------------- numbers


@pytest.mark.parametrize("make", GRAPHS.values(), ids=GRAPHS)
def test_the_numbers_are_the_librarys(show, make):
    root, _ = make()
    screen = show(root)
    screen["last"].click()
    assert_shows(screen, root)


OTHER_LEAVES = {
    "deck": [(0.5, 3.0, -1.25, 7.0), (-2.0, 1e-3, 1e6, 0.1), (0.0, 0.0, 0.0, 0.0)],
    "neuron": [(-0.3, 2.0, 0.7, -1.5, 0.2), (30.0, 40.0, 50.0, 60.0, 70.0)],
    "network": [(0.25, 0.75), (-8.0, 5.0)],
    "table": [(0.6, 0.2, 2.5), (-0.4, -0.7, 1.1)],
    "broken": [(2.0, 3.0), (0.0, -1.0)],
}


@pytest.mark.parametrize(("name", "values"), [(name, v) for name, all_ in OTHER_LEAVES.items() for v in all_])
def test_changed_leaves_give_the_librarys_numbers(show, name, values):
    make = GRAPHS[name]
    root, leaves = make()
    screen = show(root)
    screen["last"].click()
    at = screen.step()
    places = {node: i for i, node in enumerate(library(root))}
    for leaf, value in zip(leaves, values, strict=True):
        screen.set_leaf(places[leaf], value)
    assert screen.step() == at
    assert_shows(screen, make(*values)[0])


def test_numbers_are_shown_as_the_library_prints_them(show):
    root, _ = neuron()
    screen = show(root)
    screen["last"].click()
    for row in screen.rows():
        for exact, shown in zip((row.value, row.gradient), row.texts, strict=True):
            if shown is not None:
                assert readable(shown) == pytest.approx(exact, rel=6e-6)
                assert len(shown.replace("−", "").replace(".", "").lstrip("0")) <= 6
    screen = show(Value(1.0, name="a") * 1.25e-9 * 123456789.0)
    assert [row.texts for row in screen.rows()] == [(None, "–"), ("–", "–"), ("–", "–")]
    screen["last"].click()
    assert [row.texts[0] for row in screen.rows()] == [None, "1.25×10⁻⁹", "0.154321"]


def readable(text):
    """A number as it stands on the page."""
    digits, _, power = text.replace("−", "-").partition("×10")
    power = power.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-"))
    return float(f"{digits}e{power or 0}")


def test_slots_of_the_equation_follow_the_leaves(show):
    root, _ = deck()
    screen = show(root)
    screen["last"].click()
    slots = "return [...document.querySelectorAll('#formula [data-slot]')].map((slot) => slot.textContent)"
    assert screen.run(slots) == ["2", "2", "2", "4"]
    screen.set_leaf(0, -3)  # w: now z = 14, ∂J/∂(wx) = 12
    assert screen.run(slots) == ["12", "12", "(−3)", "−36"]
    assert screen["sentence"].text == "w · x hands on to x: its gradient 12 times the local derivative −3 is −36."


def test_sides_that_say_the_same_are_shown_once(show):
    x = Value(2.0, name="x")
    z = -x
    screen = show(z, names={"z": z})
    screen["next"].click()
    equation = "return document.getElementById('formula').textContent"
    assert screen.run(equation) == "z=−x=−2"
    screen.set_leaf(0, -3)
    assert screen.run(equation) == "z=−x=−(−3)=3"


# ---------------------------------------------------------------------- moving through the film


def test_each_step_shows_what_the_library_does(show):
    root, _ = deck()
    contributions = [c for step in backward_steps(root) for c in step.contributions]
    screen = show(root)
    assert screen["phase"].text == "Start" and not screen["previous"].is_enabled()
    for _ in range(5):
        screen["next"].click()
        assert screen["phase"].text == "Forward"
    screen["next"].click()
    assert screen["phase"].text == "Backward" and screen.step() == 6
    so_far = {root: 1.0}
    for c in contributions:
        screen.press(keys.ARROW_RIGHT)
        so_far[c.parent] = so_far.get(c.parent, 0.0) + c.amount
        names = {node.name: gradient for node, gradient in so_far.items() if node.name}
        rows = screen.rows()
        assert {row.name: row.gradient for row in rows if row.name in names and row.gradient is not None} == names
        assert sum(row.gradient is not None for row in rows) == len(so_far)
        changed = screen.run(
            "return [...document.querySelectorAll('tr.changed')].map((row) => row.cells[2].textContent)"
        )
        assert [readable(text) for text in changed] == [so_far[c.parent]]
    assert not screen["next"].is_enabled() and screen["counter"].text == "14 of 14"


def test_keys_and_buttons_move(show):
    screen = show(deck()[0])
    moves = [
        (keys.END, 14), (keys.ARROW_LEFT, 13), (keys.ARROW_LEFT, 12), (keys.HOME, 0), (keys.ARROW_LEFT, 0),
        (keys.ARROW_RIGHT, 1),
    ]  # fmt: skip
    for key, at in moves:
        screen.press(key)
        assert screen.step() == at
    for button, at in [("last", 14), ("previous", 13), ("next", 14), ("first", 0)]:
        screen[button].click()
        assert screen.step() == at
    screen["timeline"].send_keys(keys.ARROW_RIGHT, keys.ARROW_RIGHT)
    assert screen.step() == 2 and screen["counter"].text == "2 of 14"


def test_keys_in_a_field_are_the_fields(show):
    screen = show(deck()[0])
    screen.press(keys.END)
    screen.browser.find_element("css selector", "#leaves input[type=number]").send_keys(keys.HOME, keys.ARROW_LEFT, " ")
    assert screen.step() == 14
    screen["drawing"].send_keys(keys.ARROW_LEFT)
    assert screen.step() == 13


def test_play_runs_to_the_end_and_stops(show):
    x = Value(3.0, name="x")
    screen = show(x * x)
    screen.run("document.getElementById('speed').value = '4'")
    screen.press(" ")
    assert screen["play"].get_attribute("aria-label") == "Pause"
    end = time.monotonic() + 30
    while screen["play"].get_attribute("aria-label") == "Pause" and time.monotonic() < end:
        time.sleep(0.05)
    assert screen.step() == 4 and screen["play"].get_attribute("aria-label") == "Play"
    screen["play"].click()
    screen["next"].click()
    assert screen["play"].get_attribute("aria-label") == "Play"


# ---------------------------------------------------------------------- leaves


def test_a_slider_moves_its_leaf(show):
    screen = show(deck()[0])
    screen["last"].click()
    slider = screen.browser.find_element("css selector", "#leaves input[type=range]")
    assert slider.accessible_name == "w, slider"
    slider.send_keys(keys.ARROW_RIGHT)
    w = float(screen.browser.find_element("css selector", "#leaves input[type=number]").get_property("value"))
    assert w > 2
    assert screen.row("w").gradient == pytest.approx((w * -2 + 8 - 2) * -2)
    screen["reset"].click()
    assert screen.row("w").gradient == -4.0 and screen.step() == 14


@pytest.mark.parametrize(("typed", "kept"), [("", 2), ("-", 2), ("abc", 2), ("1e", 1), ("1e400", 1e40)])
def test_what_is_no_number_is_refused(show, typed, kept):
    """The film keeps the last number there was, if only on the way to what was typed."""
    screen = show(deck()[0])
    screen["last"].click()
    field = screen.browser.find_element("css selector", "#leaves input[type=number]")
    field.send_keys(keys.CONTROL, "a")
    field.send_keys(keys.DELETE, typed)
    assert "w: type a number" in screen["complaint"].text and field.get_attribute("aria-invalid") == "true"
    assert_same(screen.row("J").value, deck(w=kept)[0].data)
    assert screen.step() == 14
    screen["reset"].click()
    assert screen["complaint"].text == "" and field.get_attribute("aria-invalid") == "false"


def test_what_is_not_finite_is_marked(show):
    x = Value(1.0, name="x")
    screen = show(autograd.log(x), names={"x": x})
    screen["last"].click()
    assert not screen.browser.find_elements("css selector", "td .broken")
    screen.set_leaf(0, 0)
    assert [e.text for e in screen.browser.find_elements("css selector", "td .broken")] == ["∞", "−∞"]
    screen.set_leaf(0, -1)
    assert [e.text for e in screen.browser.find_elements("css selector", "td .broken")] == ["nan"]
