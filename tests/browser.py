"""A page in a real browser, as someone uses it; the fixtures `browser` and `show` open it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from autograd.page import page

webdriver = pytest.importorskip("selenium.webdriver", reason="no selenium: pip install selenium")
keys = pytest.importorskip("selenium.webdriver.common.keys").Keys
service = pytest.importorskip("selenium.webdriver.chrome.service")

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
needs_browser = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="no Chromium with its driver: apt-get install chromium chromium-driver"
)

FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@contextmanager
def chromium(profile: Path) -> Iterator[webdriver.Chrome]:
    """A Chromium with a profile of its own, which writes down what it says and what it asks for."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in [*FLAGS, f"--user-data-dir={profile}"]:
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


@contextmanager
def pages(browser, folder):
    """What opens the page of a node; in the end the console must be empty, and nothing asked for."""
    screens = []

    def open_page(root, **settings):
        screens.append(Screen(browser, page(root, folder / "page.html", **settings).as_uri()))
        return screens[-1]

    yield open_page
    for screen in screens[-1:]:
        screen.assert_quiet()
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
