"""The interactive page in a real browser: its numbers are the library's, and it needs nothing but itself."""

from __future__ import annotations

import json
import math
import shutil
import time
from collections.abc import Iterator

import pytest

import autograd
from autograd import Tensor, Value
from autograd.graph import topological_order
from autograd.page import frame, page, page_html
from autograd.steps import backward_steps
from tests.pages import GRAPHS, deck, neuron
from tests.test_draw import needs_renderer

webdriver = pytest.importorskip("selenium.webdriver", reason="no selenium: pip install selenium")
keys = pytest.importorskip("selenium.webdriver.common.keys").Keys
service = pytest.importorskip("selenium.webdriver.chrome.service")

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="no Chromium with its driver: apt-get install chromium chromium-driver"
)

FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip

# What a libm may round otherwise than JavaScript's, in the last place of a few functions, passed on through a graph.
ALLOWED = 1e-12


@pytest.fixture(scope="session")
def browser(tmp_path_factory) -> Iterator[webdriver.Chrome]:
    """One Chromium for all tests."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in [*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=service.Service(DRIVER))
    driver.get("about:blank")  # away from the browser's own first page, which asks for much
    yield driver
    driver.quit()


READ_ROWS = """
    return [...document.querySelectorAll("tbody tr")].map((row) => {
        const numbers = [1, 2].map((i) => {
            const data = row.cells[i].querySelector("data");
            return data ? [data.value, data.textContent] : [row.cells[i].querySelector("[type=number]").value, null];
        });
        return [row.cells[0].textContent, ...numbers.flat()];
    })"""


class Shown:
    """One row of the page's tables."""

    def __init__(self, name, value, shown_value, gradient, shown_gradient):
        self.name, self.texts = name, (shown_value, shown_gradient)
        self.value, self.gradient = map(number, (value, gradient))


def number(text):
    """What a machine reads; None where nothing is known yet, or no number."""
    try:
        return float(text.replace("Infinity", "inf"))
    except ValueError:
        return None


class Screen:
    """A page that is open, as someone uses it, and what it says."""

    def __init__(self, browser, address):
        self.browser, self.address = browser, address
        browser.get_log("browser"), browser.get_log("performance")
        browser.get(address)

    def __getitem__(self, identifier):
        return self.browser.find_element("id", identifier)

    def run(self, script, *arguments):
        return self.browser.execute_script(script, *arguments)

    def press(self, *sequence):
        self.browser.find_element("tag name", "body").send_keys(*sequence)

    def rows(self):
        """Name, value and gradient so far of each node, leaves first: each number exactly and as it is shown."""
        return [Shown(*row) for row in self.run(READ_ROWS)]

    def row(self, name):
        (found,) = [row for row in self.rows() if row.name == name]
        return found

    def step(self):
        return int(self["timeline"].get_property("value"))

    def set_leaf(self, i, value):
        field = self.browser.find_elements("css selector", "#leaves input[type=number]")[i]
        field.clear()
        field.send_keys(str(value))

    def requests(self):
        """Whatever was asked of the network or the disk."""
        events = [json.loads(entry["message"])["message"] for entry in self.browser.get_log("performance")]
        return [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]

    def assert_quiet(self):
        assert self.browser.get_log("browser") == []
        assert [url for url in self.requests() if not url.startswith("data:,")] == [self.address]


@pytest.fixture
def show(browser, tmp_path):
    """Open the page of a node; afterwards the console must be empty, and nothing asked for."""
    screens = []

    def open_page(root, **settings):
        screens.append(Screen(browser, page(root, tmp_path / "page.html", **settings).as_uri()))
        return screens[-1]

    yield open_page
    for screen in screens[-1:]:
        screen.assert_quiet()
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


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
