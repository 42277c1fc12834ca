"""The notebook `demos/tour.ipynb` runs from beginning to end, and was committed with its outputs."""

import copy
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat", reason="notebooks are read with nbformat")
nbclient = pytest.importorskip("nbclient", reason="notebooks are run with nbclient")
pytest.importorskip("ipykernel", reason="notebooks are run by ipykernel")
pytest.importorskip("matplotlib", reason="the notebook draws a decision boundary")
pytest.importorskip("sklearn", reason="the moons come with scikit-learn")

ROOT = Path(__file__).parents[2]
TOUR = ROOT / "demos" / "tour.ipynb"


def printed(notebook):
    """All that its cells print or show as text."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "\n".join(output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs)


@pytest.fixture(scope="module")
def stored():
    return nbformat.read(TOUR, as_version=4)


def test_the_tour_runs(stored):
    """An error in a cell is raised here; what is shown comes in the kinds in which it is stored."""
    notebook = copy.deepcopy(stored)
    client = nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(ROOT)}})
    executed = client.execute()
    text = printed(executed)
    for told in (
        "dJ/dw = -4, dJ/dx = 4, dJ/db = 2",
        "Along the only path",
        "wrong rule: cosine",
        "health over 100 steps",
    ):
        assert told in text and told in printed(stored)
    kinds = [output.output_type for cell in executed.cells for output in cell.get("outputs", [])]
    assert kinds.count("display_data") + kinds.count("execute_result") >= 6


def test_it_was_committed_as_it_runs(stored):
    """Executed in order, without an error, with pictures, and small."""
    cells = [cell for cell in stored.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert all(cell.outputs for cell in cells)
    assert all(output.output_type != "error" for output in outputs)
    pictures = [kind for output in outputs for kind in output.get("data", {}) if kind.startswith("image/")]
    assert pictures.count("image/svg+xml") == 2 and pictures.count("image/png") == 1
    assert TOUR.stat().st_size < 1_000_000
