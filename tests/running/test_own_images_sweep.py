"""Real sweeps on images as people have them."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.support.data_digits import digits, encode, made, write_folders
from tests.support.in_process import Ran, run_here, sweep_here
from tune_mc1.results.directory import ResultDir

ONE = ("--max-concurrent", "1", "--wandb", "disabled")
PARAMETERS: dict[str, Any] = {
    "model": {"value": "CNN_simple"},
    "epochs": {"value": 2},
    "learning_rate": {"values": [0.01, 0.1]},
}


def ran(
    folder: Path,
    data: Any,
    parameters: dict[str, Any] | None = None,
    env: dict[str, str] | None = None,
    **keys: Any,
) -> Ran:
    content = {"data": data, "parameters": PARAMETERS | (parameters or {}), **keys}
    done = sweep_here(folder, content, "grid", *ONE[2:], **(env or {}))
    assert done.status == 0, done.err
    return done


def test_trials_validate_on_the_validation_images_of_the_data_set(tmp_path: Path) -> None:
    for name, count in (("Train", 200), ("valid", 60), ("TEST", 40)):
        write_folders(tmp_path / "mine", name, count)
    done = ran(tmp_path, str(tmp_path / "mine"))
    (event,) = done.events("sweep")
    sizes = [event[f"{split}_images"] for split in ("train", "val", "test")]
    assert (event["validation"], sizes) == ("val", [200, 60, 40])
    rows = pq.read_table(done.root / "trials.parquet").to_pylist()
    assert all(round(row["best_val_acc"] * 60, 6) % 1 == 0 for row in rows)
    said = "200 training, 60 validation, 40 test images of 8x8 (grey); largest class digit0, 10.0%"
    assert f"Images: mine, 10 classes; {said} of the training images" in done.out
    assert "no better than" not in done.err
    assert "validation: val" in (done.root / "sweep.yaml").read_text()
    again = run_here(
        *("sweep", "grid", tmp_path / "sweep.yaml", "--resume", done.root, "--epochs", "3", *ONE),
        cwd=tmp_path,
    )
    assert again.returncode == 0, again.stderr
    assert {row["epochs"] for row in ResultDir(done.root).read().trials.values()} == {3}


def test_an_own_choice_of_validation_images_stays(tmp_path: Path) -> None:
    for name, count in (("train", 200), ("val", 60), ("test", 40)):
        write_folders(tmp_path / "mine", name, count)
    done = ran(tmp_path, str(tmp_path / "mine"), validation={"folds": 2})
    assert done.events("sweep")[0]["validation"]["folds"] == 2
    assert "validation: the 60 validation images are not used" in done.err


def test_images_of_mixed_sizes_are_decoded_once_for_all_sizes(tmp_path: Path) -> None:
    write_folders(tmp_path / "mine", count=120)
    large = Image.fromarray(digits()[0][0]).resize((30, 20))
    large.save(tmp_path / "mine" / "digit0" / "large.png")
    sizes = {"image_size": {"values": [12, 16]}, "normalize": {"value": "dataset"}}
    done = ran(tmp_path, str(tmp_path / "mine"), sizes)
    (event,) = done.events("sweep")
    assert (event["image_shape"], event["recipe"]) == ([1, 16, 16], ["image_size", "normalize"])
    rows = pq.read_table(done.root / "trials.parquet").to_pylist()
    assert sorted(row["image_size"] for row in rows) == [12, 12, 16, 16]
    assert {row["normalize"] for row in rows} == {"dataset"}
    assert all(row["state"] == "completed" and row["fused"] == 2 for row in rows)
    assert any(row["test_acc"] is not None for row in rows)


def write_form(root: Path, form: str) -> Any:
    """Digits in one of the forms that people have; what stands in `data:`."""
    images, labels = digits(200)
    encoded = [encode(image) for image in images]
    if form == "csv":
        made(root)
        [(root / f"{i}.png").write_bytes(content) for i, content in enumerate(encoded)]
        rows = [f"{i}.png,d{label}" for i, label in enumerate(labels)]
        (root / "list.csv").write_text("\n".join(["where,label", *rows]))
        return {"path": str(root / "list.csv"), "image": "where"}
    if form == "parquet":
        for name, part in (("train", slice(0, 150)), ("validation", slice(150, 200))):
            columns = {"image": encoded[part], "fine_label": labels[part], "id": labels[part]}
            pq.write_table(pa.table(columns), made(root) / f"mine-{name}-0.parquet")
        return str(root)
    names = {"train": slice(0, 120), "val": slice(120, 160), "test": slice(160, 200)}
    arrays: dict[str, Any] = {f"{name}_images": images[part] for name, part in names.items()}
    arrays |= {f"{name}_labels": labels[part, None] for name, part in names.items()}
    np.savez(made(root) / "digits.npz", **arrays)
    return str(root / "digits.npz")


@pytest.mark.usefixtures("quick_figures")
@pytest.mark.parametrize("form", ["csv", "parquet", "npz"])
def test_every_form_is_trained_on(tmp_path: Path, form: str) -> None:
    done = ran(tmp_path, write_form(tmp_path / "mine", form))
    rows = pq.read_table(done.root / "trials.parquet").to_pylist()
    assert all(row["state"] == "completed" for row in rows)
    assert max(row["best_val_acc"] for row in rows) > 0.2
    shown = run_here("report", done.root, "-o", tmp_path / "report", cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert "no examples of mistakes" not in shown.stderr


def test_a_winner_that_learnt_nothing_is_said(tmp_path: Path) -> None:
    images, labels = digits(200)
    labels = np.where(labels == 3, 1, 0)  # nine in ten are of one class
    np.savez(tmp_path / "odd.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
    small = {"learning_rate": {"value": 1e-7}, "epochs": {"value": 1}}
    done = ran(tmp_path, str(tmp_path / "odd.npz"), small)
    assert "largest class 0, 90.0% of the training images" in done.out
    rule = r"The winner's accuracy on the test images \((\S+)\) is no better than always guessing 0"
    (accuracy,) = re.findall(rule + r" \(0\.9\)", done.err)
    assert float(accuracy) <= 0.9


@pytest.mark.usefixtures("quick_figures")
def test_mapped_images_give_the_numbers_of_images_in_memory(tmp_path: Path) -> None:
    write_folders(tmp_path / "mine", count=200)
    rows = []
    for mapped in (True, False):
        folder = made(tmp_path / str(mapped))
        data = {"path": str(tmp_path / "mine"), "mapped": mapped}
        done = ran(folder, data, {}, {"TUNE_MC1_CACHE": str(tmp_path / "cache")}, limit_images=0.9)
        assert ("decoded images are mapped from" in done.err) is mapped
        history = pq.read_table(done.root / "history.parquet").to_pylist()
        assert len(history) == 4
        names = ("trial", "epoch", "train_loss", "val_loss", "val_acc", "val_f1")
        trials = pq.read_table(done.root / "trials.parquet").to_pylist()
        tested = [row["test_loss"] for row in trials]
        rows.append((sorted([row[name] for name in names] for row in history), tested))
        shown = run_here("report", done.root, "-o", folder / "report", cwd=tmp_path)
        assert shown.returncode == 0, shown.stderr
    assert rows[0] == rows[1]
