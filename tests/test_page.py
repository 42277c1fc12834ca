"""The interactive page as a text: what it says, that it needs nothing else, and that names stay names."""

from __future__ import annotations

import base64
import hashlib
import html
import importlib
import itertools
import json
import math
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import autograd
from autograd import Tensor, Value
from autograd.graph import topological_order
from autograd.page import MAX_STEPS, frame, page, page_html
from autograd.page.film import Film, LiveFilm, film
from autograd.render import RendererMissing
from autograd.steps import backward_steps, forward_steps
from tests.colours import contrast
from tests.hostile_names import EXPECTED
from tests.pages import GRAPHS, deck

document = importlib.import_module("autograd.page.document")
graphs = pytest.mark.parametrize("make", GRAPHS.values(), ids=GRAPHS)

VOID = {"meta", "link", "input", "wbr", "br", "path"}


class Reader(HTMLParser):
    """The elements of a page in order: their names, attributes and the text directly inside them."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self._open = [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        assert len(dict(attributes)) == len(attributes), "an attribute is given twice"
        self.elements.append((tag, dict(attributes), []))
        if tag not in VOID:
            self._open.append(self.elements[-1])

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes), []))

    def handle_endtag(self, tag):
        assert self._open[-1][0] == tag, f"</{tag}> ends <{self._open[-1][0]}>"
        self._open.pop()

    def handle_data(self, data):
        if self._open:
            self._open[-1][2].append(data)

    def all(self, tag):
        return [(attributes, "".join(texts)) for name, attributes, texts in self.elements if name == tag]

    def by_id(self, identifier):
        (found,) = [e for e in self.elements if e[1].get("id") == identifier]
        return found


def data_of(text):
    return json.loads("".join(Reader(text).by_id("film")[2]))


@pytest.fixture
def no_drawing(monkeypatch):
    """Pages without a layout, which takes a process of its own."""
    monkeypatch.setattr(document, "_drawing", lambda *_: "")


@pytest.fixture(scope="module")
def text():
    return page_html(deck()[0])


# ---------------------------------------------------------------------- one document, alone


def test_it_is_one_well_formed_document(text):
    reader = Reader(text)
    assert text.startswith("<!DOCTYPE html>") and not reader._open
    identifiers = [attributes["id"] for _, attributes, _ in reader.elements if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    assert reader.all("title")[0][1] == "Backpropagation of J"


def test_nothing_is_loaded_from_anywhere(text):
    for tag, attributes, _ in Reader(text).elements:
        for name, value in attributes.items():
            assert not name.startswith("on") and name not in ("style", "src", "action", "srcset"), (tag, name)
            assert name != "href" or value == "data:,"
            assert name.startswith("xmlns") or "//" not in (value or ""), (tag, name, value)
    assert not re.search(
        r"@import|url\(|\bfetch\b|XMLHttp|WebSocket|\bimport\b|\beval\b|innerHTML|document\.write", text
    )


def test_the_policy_allows_this_style_and_these_scripts_alone(text):
    reader = Reader(text)
    (policy,) = [a["content"] for a, _ in reader.all("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    digest = lambda content: f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["style-src"].split() == [digest(content) for _, content in reader.all("style")]
    scripts = [content for a, content in reader.all("script") if "type" not in a]
    assert len(scripts) == 2 and rules["script-src"].split() == [digest(content) for content in scripts]
    assert rules["require-trusted-types-for"] == "'script'"
    assert set(rules) == {
        "default-src", "base-uri", "form-action", "style-src", "script-src", "img-src", "require-trusted-types-for",
    }  # fmt: skip


def test_the_same_graph_gives_the_same_bytes(text):
    assert page_html(deck()[0]) == text


@pytest.mark.parametrize("seed", ["1", "2"])
def test_no_hash_or_address_is_in_the_text(text, seed):
    program = "from tests.pages import deck; from autograd.page import page_html; print(page_html(deck()[0]), end='')"
    environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"}
    root = Path(__file__).parent.parent
    ran = subprocess.run([sys.executable, "-c", program], env=environment, cwd=root, capture_output=True, check=True)
    assert ran.stdout.decode().splitlines() == text.splitlines()


def test_the_parts_are_shipped():
    parts = {path.name for path in files("autograd.page").iterdir()}
    assert {"page.html", "page.css", "page.js"} <= parts


# ---------------------------------------------------------------------- for everyone


def test_controls_have_names(text):
    reader = Reader(text)
    for attributes, content in reader.all("button"):
        assert attributes["type"] == "button" and (attributes.get("aria-label") or content.strip())
    for attributes, _ in reader.all("input"):
        assert attributes["aria-label"]
    assert {a["scope"] for a, _ in reader.all("th")} == {"col"}  # the script adds those of the rows
    assert [a["lang"] for a, _ in reader.all("html")] == ["en"]
    assert reader.by_id("sentence")[1]["aria-live"] == "polite"
    assert [a.get("role") for a, _ in reader.all("svg") if "aria-hidden" not in a] in (["img"], [])


COLOURS = {
    name: (light, dark)
    for name, light, dark in re.findall(
        r"--([\w-]+): light-dark\((#\w+), (#\w+)\)", files("autograd.page").joinpath("page.css").read_text("utf-8")
    )
}
BACKGROUNDS = [
    "page",
    "card",
    "sunken",
    "box",
    "leaf",
    "root",
    "operation",
    "constant",
    "forward-soft",
    "backward-soft",
]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_colours_are_legible(theme):
    colour = {name: pair[theme] for name, pair in COLOURS.items()}
    for background in [*BACKGROUNDS, "broken-soft"]:
        assert contrast(colour["ink"], colour[background]) >= 7, background
    for text, background in [
        ("muted", "page"), ("muted", "card"), ("muted", "sunken"), ("forward", "card"), ("backward", "card"),
        ("card", "forward"), ("card", "backward"), ("broken", "card"),
        ("muted", "forward-soft"), ("muted", "backward-soft"), ("broken", "forward-soft"), ("broken", "backward-soft"),
    ]:  # fmt: skip
        assert contrast(colour[text], colour[background]) >= 4.5, (text, background)
    for line in ("edge", "leaf-line", "root-line", "forward", "backward", "broken"):
        assert contrast(colour[line], colour["sunken"]) >= 3, line
    assert contrast(colour["control"], colour["card"]) >= 3


# ---------------------------------------------------------------------- what the script is told


def test_data_of_the_decks_example(text):
    data = data_of(text)
    assert [node["text"] for node in data["nodes"]] == ["w", "x", "w · x", "b", "z", "y", "z - y", "(z - y)^2", "J"]
    assert [node["op"] for node in data["nodes"] if node["op"]] == ["mul", "add", "sub", "pow", "mul"]
    assert data["nodes"][0] == {"text": "w", "op": None, "value": 2.0}
    assert data["nodes"][7]["operands"] == [{"node": 6}, {"number": 2.0}]
    assert data["root"] == 8 and data["seed"] == 1.0 and "recorded" not in data
    kinds = [step["kind"] for step in data["steps"]]
    assert kinds == ["start"] + ["forward"] * 5 + ["seed"] + ["backward"] * 8
    assert data["steps"][7] == {"kind": "backward", "node": 8, "parent": 7, "operand": 1}


@graphs
@pytest.mark.usefixtures("no_drawing")
def test_steps_are_those_of_the_sweep(make):
    root, _ = make()
    data = data_of(page_html(root))
    assert "recorded" not in data
    forward = [step["node"] for step in data["steps"] if step["kind"] == "forward"]
    assert len(forward) == len(list(forward_steps(root))) == sum(node["op"] is not None for node in data["nodes"])
    contributions = [c for step in backward_steps(root) for c in step.contributions]
    backward = [step for step in data["steps"] if step["kind"] == "backward"]
    assert len(backward) == len(contributions)
    for step, c in zip(backward, contributions, strict=True):
        node = data["nodes"][step["node"]]
        assert node["op"] == c.node.op.name
        assert node["operands"][step["operand"]] == {"node": step["parent"]}


@graphs
def test_live_equations_say_what_the_steps_say(make):
    """With the numbers of the moment in their slots, the live film shows the recorded one's equations."""
    root, _ = make()
    names = {root: "root"}
    live = film(root, names)
    assert isinstance(live, LiveFilm)
    recorded = Film(root, live.nodes, names, None, "")
    for shown, said in zip(live.formulas(), recorded.formulas(), strict=True):
        assert without_repeats(plain(shown)) == plain(said)


def without_repeats(equation):
    """As the page shows it: each side that says the same as the one before is left out."""
    return "=".join(side for side, _ in itertools.groupby(equation.split("=")))


def plain(mathml):
    """The signs of a formula, with powers of ten as a slot writes them."""
    mathml = re.sub(
        r"<mrow><mn>([^<]*)</mn><mo>×</mo><msup><mn>10</mn><mn>−(\d)</mn></msup></mrow>", r"\1e−0\2", mathml
    )
    return html.unescape(re.sub(r"<[^>]*>", "", mathml))


def test_equations_have_slots():
    *_, last = film(*named(deck())).formulas()
    assert plain(last).endswith("=2·w=2·2=4")
    assert re.findall(r'data-slot="([^"]*)"', last) == ["g2", "g2", "v0", "amount"]


def test_numbers_that_happen_to_be_equal_stay_in_the_equation():
    x = Value(2.0, name="x")
    z = -x
    computed = list(film(z, {x: "x", z: "z"}).formulas())[1]
    assert plain(computed) == "z=−x=−2=−2"  # once x is -3, it says −(−3) = 3


def named(made):
    """A graph, and the names its nodes were given."""
    root, _ = made
    return root, {node: node.name for node in topological_order(root) if node.name}


def test_unnamed_leaves_are_named_by_their_place():
    J = Value(3.0) * Value(4.0, name="v0")
    data = data_of(page_html(J, names={"J": J}))
    assert [node["text"] for node in data["nodes"]] == ["v0'", "v0", "J"]


@pytest.mark.usefixtures("no_drawing")
def test_numbers_that_json_has_not():
    x = Value(math.inf, name="x")
    data = data_of(page_html(x * math.nan - math.inf))
    assert data["nodes"][0]["value"] == "Infinity"
    assert data["nodes"][1]["operands"][1] == {"number": "NaN"}
    assert data_of(page_html(Value(2.0), gradient=-math.inf))["seed"] == "-Infinity"


@pytest.mark.usefixtures("no_drawing")
def test_the_headings_formula_is_short():
    assert plain(film(*named(deck())).heading()) == "J=0.5·(w·x+b−y)2"
    x = Value(2.0, name="x")
    y = x
    for _ in range(200):  # in terms of x it has 2²⁰⁰ letters
        y = y * y
    y.name = "y"
    assert plain(film(y, {x: "x", y: "y"}).heading()) == "y=v199·v199"
    wide = autograd.sum([Value(1.0, name=f"leaf_{i}") for i in range(50)])
    assert plain(film(wide, {wide: "wide"}).heading()) == "wide"


def test_the_page_changes_nothing_in_the_graph():
    root, leaves = deck()
    root.backward()
    before = [(leaf.data, leaf.grad) for leaf in leaves]
    page_html(root)
    assert [(leaf.data, leaf.grad) for leaf in leaves] == before


# ---------------------------------------------------------------------- films of one recorded pass


def hinted(text):
    return "".join(Reader(text).by_id("hint")[2])


@pytest.mark.usefixtures("no_drawing")
def test_arrays():
    X, W = Tensor([[1.0, 2.0], [3.0, math.nan]], name="X"), Tensor(np.ones((2, 3)), requires_grad=True, name="W")
    h = X @ W
    loss = h.sum()
    text = page_html(loss, names={"loss": loss, "h": h})
    data = data_of(text)
    assert "a browser computes no arrays" in hinted(text)
    assert [node["text"] for node in data["nodes"]] == ["W", "h", "loss"]
    assert data["recorded"]["values"] == ["2×3", "2×3 with nan", "nan"]
    assert data["recorded"]["gradients"] == ["2×3 with nan", "2×3", "1"]
    assert [step["kind"] for step in data["steps"]] == ["start", "forward", "forward", "seed", "backward", "backward"]


@pytest.mark.usefixtures("no_drawing")
def test_hooks_are_recorded():
    root, (w, *_) = deck()
    w.register_hook(lambda gradient: 10 * gradient)
    text = page_html(root)
    assert "a browser runs no hooks" in hinted(text) and data_of(text)["recorded"]["totals"][-2:] == ["-4", "4"]


@pytest.mark.usefixtures("no_drawing")
def test_operations_that_are_no_javascript_are_recorded():
    opaque = autograd.op(lambda a, y: a, name="opaque")(lambda a: math.floor(a) * a)
    x = Value(2.5, name="x")
    text = page_html(opaque(x) * x)
    data = data_of(text)
    assert "opaque" in hinted(text) and "const table = {};" in text
    assert data["recorded"]["values"] == ["2.5", "5", "12.5"]
    assert data["recorded"]["gradients"][0] == data["recorded"]["totals"][-1] == "11.25"


# ---------------------------------------------------------------------- names are names


@pytest.mark.usefixtures("no_drawing")
def test_hostile_names_are_text():
    total = autograd.sum([Value(1.0, name=name) for name in EXPECTED])
    text = page_html(total, names={"<script>alert(1)</script>\ud800": total})
    reader, harmless = Reader(text), Reader(page_html(autograd.sum([Value(1.0) for _ in EXPECTED])))
    assert {tag for tag, *_ in reader.elements} <= {tag for tag, *_ in harmless.elements} | {"msub", "mtext"}
    assert [node["text"] for node in data_of(text)["nodes"]] == [*EXPECTED, "<script>alert(1)</script>\ud800"]
    assert reader.all("title")[0][1] == r"Backpropagation of <script>alert(1)</script>\ud800"
    assert len(reader.all("script")) == 3
    assert not set("<>&") & set("".join(reader.by_id("film")[2]))


@pytest.mark.usefixtures("no_drawing")
@settings(max_examples=20)
@given(st.text(), st.text())
def test_no_name_breaks_the_page(leaf, root):
    x = Value(1.0, name=leaf)
    y = x * x
    text = page_html(y, names={y: root})
    assert len(Reader(text).all("script")) == 3 and text.encode()
    assert [node["text"] for node in data_of(text)["nodes"]] == [leaf, root] or "" in (leaf, root)


# ---------------------------------------------------------------------- what is refused, what is missing


@pytest.mark.parametrize("given", [2.0, "x", None, [Value(1.0)]])
def test_only_nodes_have_pages(given, tmp_path):
    with pytest.raises(TypeError, match=r"^page: takes a graph node, such as a Value, got .*$"):
        page(given, tmp_path / "page.html")
    assert not list(tmp_path.iterdir())


def test_names_must_pair_strings_with_nodes():
    with pytest.raises(TypeError, match=r"^page: names must pair strings with nodes, got 'w': 2.0$"):
        page_html(deck()[0], names={"w": 2.0})


def test_the_gradient_must_be_a_number():
    with pytest.raises(TypeError, match="gradient"):
        page_html(deck()[0], gradient="1")


def test_a_graph_may_be_too_large(tmp_path):
    y = Value(1.0)
    for _ in range(100_000):
        y = y + 1.0
    with pytest.raises(
        ValueError, match=rf"^page: 200001 steps are too many for a film, the limit is {MAX_STEPS}: .*$"
    ):
        page(y, tmp_path / "page.html")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("error", [RendererMissing("svg: no <dot>"), TimeoutError("render: stopped")])
def test_without_a_drawing_the_page_says_why(monkeypatch, error):
    def render(*_):
        raise error

    monkeypatch.setattr(importlib.import_module("autograd.draw.drawing"), "render", render)
    reader = Reader(page_html(deck()[0]))
    assert f"No drawing: {error}" in [content for _, content in reader.all("p")]
    assert len(reader.all("template")) == 15 + 9


# ---------------------------------------------------------------------- files and notebooks


@pytest.mark.usefixtures("no_drawing")
def test_the_file_holds_the_page(tmp_path):
    root, _ = deck()
    path = page(root, str(tmp_path / "backprop.html"))
    assert path == tmp_path / "backprop.html" and path.read_bytes() == page_html(root).encode()


@pytest.mark.usefixtures("no_drawing")
def test_a_frame_holds_the_page(text):
    ((attributes, _),) = Reader(frame(text, height=500)).all("iframe")
    assert attributes["srcdoc"] == text
    assert attributes["sandbox"] == "allow-scripts" and attributes["height"] == "500" and attributes["title"]
