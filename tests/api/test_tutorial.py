"""docs/tutorial.ipynb, from the first cell to the last in a kernel of its own."""

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.ipynb"


@pytest.mark.timeout(600)
def test_the_tutorial_runs(tmp_path: Path) -> None:
    reader: Any = nbformat  # has no types
    notebook = reader.read(TUTORIAL, as_version=4)
    client: Any = NotebookClient(
        notebook, timeout=500, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    )
    client.execute()
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    shown = {kind for cell in code for out in cell.outputs for kind in out.get("data", ())}
    assert {"text/html", "image/png"} <= shown
    sweep = next(cell for cell in code if "tune_mc1.sweep" in cell.source)
    assert "4 of 4 trials ended" in "".join(map(str, sweep.outputs))
    assert "digit 7" in str(code[-1].outputs)
    assert (tmp_path / "digits.onnx").exists()
    assert "| digit 9 |" in (tmp_path / "digits.md").read_text()
