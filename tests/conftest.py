"""Hypothesis profiles: `dev` while writing, `ci` the same on every run, `thorough` for a long night.

HYPOTHESIS_PROFILE names one of them; without it, continuous integration (CI is set) takes `ci`.
"""

import gc
import os

import pytest
from hypothesis import settings

if "PYTEST_XDIST_WORKER" in os.environ:  # a process per core: threads of BLAS would only wait for each other
    os.environ.setdefault("OMP_NUM_THREADS", "1")

pytest.register_assert_rewrite("tests.browser", "tests.checks", "tests.compiled", "tests.expected", "tests.nn_layers")

# The first example of a row differentiates its oracle, the others find it in a cache: no deadline fits both.
settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile("ci", settings.get_profile("dev"), max_examples=60, derandomize=True)
settings.register_profile("thorough", settings.get_profile("dev"), max_examples=5000)

settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """One Chromium for all tests."""
    from .browser import chromium  # asks for selenium, which most tests do without

    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture
def show(browser, tmp_path):
    """Open the page of a node; afterwards the console must be empty, and nothing asked for."""
    from .browser import pages

    with pages(browser, tmp_path) as open_page:
        yield open_page


@pytest.fixture
def seeded():
    """The same random numbers each time."""
    from autograd import manual_seed  # not before the environment is set: it imports NumPy

    manual_seed(0)


@pytest.fixture
def no_collector():
    """Without the cyclic collector: what is freed inside is freed by counting references."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()
