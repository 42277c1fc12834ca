"""What the interactive page looks like in a real browser: its drawing, dark and light, on a phone, in a frame."""

from __future__ import annotations

import time

import pytest

from autograd import Tensor, Value
from autograd.page import frame, page_html

from .browser import Screen, keys, needs_browser
from .drawings import needs_renderer
from .pages import GRAPHS, deck

pytestmark = needs_browser

# ---------------------------------------------------------------------- the drawing


def box(screen, part):
    return screen.browser.find_element("css selector", f'#drawing [data-part="{part}"]')


def texts(screen, part):
    return [e.get_attribute("textContent") for e in box(screen, part).find_elements("css selector", "text")]


@needs_renderer
def test_the_drawing_is_alive(show):
    screen = show(deck()[0])
    assert texts(screen, "n8") == ["J", "data –", "grad –"] and texts(screen, "n0") == ["w", "data 2", "grad –"]
    screen["last"].click()
    assert texts(screen, "n8") == ["J", "data 2", "grad 1"] and texts(screen, "n0") == ["w", "data 2", "grad −4"]
    assert "target" in box(screen, "n1").get_attribute("class")
    assert "lit" in box(screen, "n1->op2").get_attribute("class")
    assert "lit" not in box(screen, "n0->op2").get_attribute("class")
    screen.set_leaf(0, 1 / 3)
    assert texts(screen, "n0") == ["w", "data 0.3333", "grad −10.67"]
    assert len(screen.browser.find_elements("css selector", "#drawing .lit")) == 5
    assert screen["drawing"].find_element("css selector", "svg").get_attribute("role") == "img"


@needs_renderer
@pytest.mark.parametrize(("motion", "dots"), [("no-preference", 2), ("reduce", 0)])
def test_dots_travel_along_the_edges_unless_motion_is_unwanted(show, browser, motion, dots):
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-reduced-motion", "value": motion}]}
    )
    screen = show(deck()[0])
    assert (
        screen.run("document.getElementById('next').click(); return document.querySelectorAll('.pulse').length") == dots
    )


def test_what_is_below_the_equation_stays_where_it_is(show):
    screen = show(GRAPHS["neuron"]()[0])
    screen.press(keys.END)
    top = "return document.getElementById('drawing').offsetTop"
    heights = []
    for _ in range(screen.step()):
        screen.press(keys.ARROW_LEFT)
        heights.append(screen.run(top))
    assert heights == sorted(heights)


@needs_renderer
def test_a_parent_used_twice_has_two_edges(show):
    x = Value(3.0, name="x")
    screen = show(x * x)
    edges = (
        'return [...document.querySelectorAll(\'[data-part="n0->op1"]\')].map((edge) => edge.classList.contains("lit"))'
    )
    screen.press(keys.END)
    assert sorted(screen.run(edges)) == [False, True]
    first = screen.run(edges)
    screen.press(keys.ARROW_LEFT)
    assert screen.run(edges) == first[::-1]


@needs_renderer
def test_any_number_fits_its_box(show):
    screen = show(deck(w=-1.2346e-300)[0])
    screen.press(keys.END)
    overflowing = """return [...document.querySelectorAll("#drawing .node")].filter((node) => {
        const [box, ...texts] = [node.querySelector("path, polygon, ellipse"), ...node.querySelectorAll("text")];
        const {left, right} = box.getBoundingClientRect();
        return texts.some((t) => t.getBoundingClientRect().left < left || t.getBoundingClientRect().right > right);
    }).length"""
    assert texts(screen, "n0")[1] == "data −1.235×10⁻³⁰⁰"
    assert screen.run(overflowing) == 0


@needs_renderer
def test_the_active_node_is_in_view_on_a_phone(show, browser):
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    )
    screen = show(GRAPHS["network"]()[0])
    inside = """
        const outer = document.getElementById("drawing").getBoundingClientRect();
        const inner = document.querySelector("#drawing .target").getBoundingClientRect();
        return inner.left >= outer.left && inner.right <= outer.right
            && inner.top >= outer.top && inner.bottom <= outer.bottom
    """
    for at in range(1, 1 + int(screen["timeline"].get_attribute("max"))):
        screen.press(keys.ARROW_RIGHT)
        assert screen.step() == at
        if at % 4 == 1:  # from one end of the network to the other
            until(lambda: screen.run(inside))
            assert screen.run("return document.documentElement.scrollWidth") <= 390


def until(condition, seconds=20):
    """Wait for what is animated."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


# ---------------------------------------------------------------------- looks, frames, films that are recorded


def test_dark_and_light(show, browser):
    background = "return getComputedStyle(document.body).backgroundColor"
    for scheme, colour in [("dark", "rgb(14, 18, 23)"), ("light", "rgb(245, 246, 248)")]:
        browser.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        )
        screen = show(deck()[0])
        assert screen.run(background) == colour
        assert screen["theme"].get_attribute("aria-pressed") == str(scheme == "dark").lower()
        screen["theme"].click()
        assert screen.run(background) != colour


def test_a_recorded_film_of_arrays(show):
    X, W = Tensor([[1.0, 2.0], [3.0, 4.0]], name="X"), Tensor([[0.5], [-1.0]], requires_grad=True, name="W")
    loss = ((X @ W) ** 2).sum()
    screen = show(loss, names={"loss": loss})
    assert "a browser computes no arrays" in screen["hint"].text
    assert not screen.browser.find_elements("css selector", "#leaves input") and not screen["reset"].is_displayed()
    screen.press(keys.END)
    assert [screen.row(name).texts for name in ("W", "loss")] == [("2×1", "2×1"), ("8.5", "1")]


def test_names_that_look_like_markup(show):
    x = Value(2.0, name="<script>alert(1)</script>")
    y = x * Value(3.0, name="\"&'")
    screen = show(y, names={y: "</script><img src=x onerror=alert(2)>"})
    heads = screen.run("return [...document.querySelectorAll('tbody th')].map((head) => head.textContent)")
    assert heads == ["<script>alert(1)</script>", "\"&'", "</script><img src=x onerror=alert(2)>"]
    screen.press(keys.END)
    assert "<script>alert(1)</script>" in screen["sentence"].text + screen["formula"].get_attribute("textContent")
    assert screen.run("return document.scripts.length") == 3
    assert screen.run("return document.images.length") == 0


def test_a_page_in_a_frame(browser, tmp_path):
    """As notebooks show it: sandboxed, in a document of another's."""
    (tmp_path / "notebook.html").write_text(f"<!DOCTYPE html><title>x</title>{frame(page_html(deck()[0]))}", "utf-8")
    screen = Screen(browser, (tmp_path / "notebook.html").as_uri())
    browser.switch_to.frame(browser.find_element("tag name", "iframe"))
    screen["last"].click()
    screen.set_leaf(0, 3)
    assert screen.row("w").gradient == 0.0
    assert browser.get_log("browser") == []
