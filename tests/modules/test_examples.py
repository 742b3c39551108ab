"""The example module trains for real, and its sweep files are valid."""

from pathlib import Path

import pytest

from tests.support.in_process import run_here
from tune_mc1.config.load import load_sweep
from tune_mc1.config.module_sweep import ModuleSweep
from tune_mc1.config.user_code import look_in
from tune_mc1.modules.fit import ModuleTrial, fit
from tune_mc1.results.schema import Row

EXAMPLES = Path(__file__).parents[2] / "configs" / "modules"


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.yaml")), ids=lambda file: file.stem)
def test_a_sweep_file(tmp_path: Path, file: Path) -> None:
    done = run_here("sweep", "grid" if file.stem != "digits_asha" else "asha", file, "--dry-run",
                    cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Module: lit_digits:LitDigits, lit_digits:DigitsData" in done.stdout


def test_the_module(tmp_path: Path) -> None:
    sweep = load_sweep(EXAMPLES / "digits.yaml").sweep
    assert isinstance(sweep, ModuleSweep)
    look_in(sweep.import_from)
    rows: list[Row] = []

    def report(row: Row) -> bool:
        rows.append(row)
        return len(rows) == 3

    fit(
        ModuleTrial(
            module=sweep.module,
            datamodule=sweep.datamodule,
            trainer={**sweep.trainer, "logger": False},
            values={"lr": 0.01, "filters": 8, "batch_size": 32},
            folder=tmp_path / "own",
            checkpoints=tmp_path / "checkpoints",
            metric=sweep.metric.name,
            maximize=True,
        ),
        report,
    )
    assert set(rows[-1]["metrics"]) == {"train_loss", "train_acc", "val_loss", "val_acc", "val_f1"}
    assert rows[-1]["metrics"]["val_acc"] > 0.9
