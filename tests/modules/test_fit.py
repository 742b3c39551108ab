"""One trial of a user's module in this process: rows, checkpoints, resuming, and how it ends."""

import time
from pathlib import Path
from typing import Any

import pytest
import torch
from torch._dynamo.utils import counters

from tests.support.modules import FACTORY, LIT, QUICK, write_module
from tune_mc1.config.user_code import look_in
from tune_mc1.modules.fit import FitOutcome, ModuleTrial, SweepError, fit
from tune_mc1.results.schema import Row


class CutOff(BaseException):
    """As if the process was killed."""


class Play:
    """A trial that is run attempt by attempt."""

    def __init__(self, folder: Path, code: str = LIT, **trainer: Any) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.trainer = folder, {**QUICK, **trainer}
        self.name = write_module(folder, code)
        look_in([folder])

    def run(
        self, cut: int = 0, stop: int = 0, metric: str = "val/acc", **values: Any
    ) -> tuple[FitOutcome | None, list[Row]]:
        """An attempt, which is cut off or stopped at a row; its outcome and rows."""
        rows: list[Row] = []

        def report(row: Row) -> bool:
            rows.append(row)
            if len(rows) == cut:
                raise CutOff
            return len(rows) == stop

        trial = ModuleTrial(
            module=f"{self.name}:Net",
            datamodule=f"{self.name}:Data",
            trainer=self.trainer,
            values={"lr": 0.1, "seed": 3, **values},
            folder=self.folder / "own",
            checkpoints=self.folder / "checkpoints",
            metric=metric,
            maximize=True,
        )
        try:
            return fit(trial, report), rows
        except CutOff:
            return None, rows

    def checkpoint(self, name: str = "last") -> dict[str, Any]:
        path = self.folder / "checkpoints" / f"{name}.ckpt"
        loaded: dict[str, Any] = torch.load(path, weights_only=True)
        return loaded


def numbers(rows: list[Row]) -> list[tuple[Any, ...]]:
    return [(row["epoch"], row["step"], row["metrics"]) for row in rows]


@pytest.mark.parametrize(
    "trainer",
    [{"max_epochs": 5}, {"max_steps": 19, "max_epochs": None}, {"accumulate_grad_batches": 3}],
    ids=["epochs", "steps", "accumulated"],
)
def test_a_trial_that_was_cut_off_twice_equals_an_uncut_one(
    tmp_path: Path, trainer: dict[str, Any]
) -> None:
    whole, cut = Play(tmp_path / "whole", **trainer), Play(tmp_path / "cut", **trainer)
    outcome, rows = whole.run()
    assert outcome is not None
    assert outcome.state == "completed"
    _, first = cut.run(cut=1)
    torch.rand(3)
    _, second = cut.run(cut=2)
    again, third = cut.run()
    assert again == outcome
    assert numbers([*first, *second[1:], *third[1:]]) == numbers(rows)
    assert numbers(second[:1]) == numbers(first[-1:]), "the last row is told again"
    one, other = whole.checkpoint(), cut.checkpoint()
    for name, weights in one["state_dict"].items():
        assert torch.equal(weights, other["state_dict"][name]), name
    assert one["lr_schedulers"] == other["lr_schedulers"]
    assert (
        one["optimizer_states"][0]["param_groups"] == other["optimizer_states"][0]["param_groups"]
    )
    ended, rows = cut.run()
    assert (ended, numbers(rows)) == (outcome, numbers(third[-1:])), "it has ended already"


def test_best_and_last_are_kept(tmp_path: Path) -> None:
    play = Play(tmp_path, max_epochs=4)
    _, rows = play.run()
    scores = [row["metrics"]["val/acc"] for row in rows]
    best = scores.index(max(scores))
    assert play.checkpoint("best")["epoch"] == best
    assert play.checkpoint("last")["epoch"] == 3
    assert play.checkpoint("best")["hyper_parameters"]["lr"] == 0.1


def test_validations_within_an_epoch_are_rows(tmp_path: Path) -> None:
    _, rows = Play(tmp_path, val_check_interval=0.5, max_epochs=2).run()
    assert [(row["epoch"], row["step"]) for row in rows] == [(1, 2), (2, 4), (3, 6), (4, 8)]
    assert "loss" not in rows[0]["metrics"], "known at the end of the epoch only"
    assert "loss" in rows[1]["metrics"]


def test_epochs_without_a_validation_are_no_rows_of_its_metric(tmp_path: Path) -> None:
    play = Play(tmp_path, check_val_every_n_epoch=2, max_epochs=4)
    _, rows = play.run(cut=1)
    _, more = play.run()
    assert [row["step"] for row in [*rows, *more[1:]]] == [8, 16]
    _, rows = Play(tmp_path / "b", check_val_every_n_epoch=2, max_epochs=4).run(metric="loss")
    assert [row["step"] for row in rows] == [4, 8, 12, 16]


def test_a_stopped_trial_ends_at_once(tmp_path: Path) -> None:
    outcome, rows = Play(tmp_path, max_epochs=50, min_epochs=40).run(stop=2)
    assert (outcome, len(rows)) == (FitOutcome("stopped"), 2)


def test_early_stopping_of_the_user_is_remembered(tmp_path: Path) -> None:
    early = {
        "class_path": "lightning.pytorch.callbacks.EarlyStopping",
        "init_args": {"monitor": "val/acc", "mode": "max", "min_delta": "2e0", "patience": 2},
    }
    play = Play(tmp_path, callbacks=[early], max_epochs=9)
    _, rows = play.run(cut=3)
    outcome, more = play.run()
    assert (outcome, len(rows), len(more)) == (FitOutcome("completed"), 3, 1)


def test_a_loss_that_is_not_finite_ends_the_trial(tmp_path: Path) -> None:
    outcome, rows = Play(tmp_path).run(fault="nan")
    assert not rows
    assert outcome == FitOutcome("diverged", "loss became nan in epoch 1, near step 4", 1)


def test_a_metric_that_is_never_logged_fails_in_the_first_epoch(tmp_path: Path) -> None:
    outcome, rows = Play(tmp_path, max_epochs=1000).run(metric="val_acc")
    assert not rows
    assert outcome == FitOutcome(
        "failed",
        "val_acc was never logged, did you mean 'val/acc'? (logged: loss, val/acc, val/loss)",
    )


def test_a_checkpoint_that_does_not_fit_any_more_ends_the_sweep(tmp_path: Path) -> None:
    play = Play(tmp_path)
    play.run(cut=1)
    play.name = write_module(tmp_path, LIT.replace("hidden: int = 8", "hidden: int = 9"))
    with pytest.raises(SweepError) as raised:
        play.run()
    text = str(raised.value)
    assert text.startswith(f"{tmp_path}/checkpoints/last.ckpt: does not fit Net any more: ")
    assert "size mismatch for net.0.weight" in text
    assert text.endswith("undo the change of its file, or start a new sweep")
    assert "\n" not in text


def test_a_checkpoint_that_is_more_than_data_needs_trust(tmp_path: Path) -> None:
    code = LIT.replace("self.save_hyperparameters()", "self.save_hyperparameters({'kind': Net})")
    code = code.replace("self.hparams.lr", "0.1").replace("self.hparams.fault", "''")
    play = Play(tmp_path, code)
    play.run(cut=1)
    outcome, rows = play.run()
    assert outcome is not None
    assert not rows
    assert outcome.error == (
        f"{tmp_path}/checkpoints/last.ckpt: holds {play.name}.Net, and loading it would run "
        "their code; --trust-checkpoint allows it"
    )


def test_a_damaged_checkpoint_gives_way_to_the_one_before(tmp_path: Path) -> None:
    play = Play(tmp_path)
    play.run(cut=2)
    file = tmp_path / "checkpoints" / "last.ckpt"
    file.write_bytes(file.read_bytes()[:-2000])
    _, rows = play.run()
    assert [row["epoch"] for row in rows] == [1, 2, 3]


def test_an_error_names_the_line_of_the_users_file(tmp_path: Path) -> None:
    play = Play(
        tmp_path, LIT.replace("super().__init__()\n        self.save", "1 / 0\n        self.save")
    )
    outcome, _ = play.run()
    assert outcome == FitOutcome(
        "failed", f"ZeroDivisionError: division by zero ({play.name}.py:10)"
    )


def test_a_function_may_make_the_module(tmp_path: Path) -> None:
    """Also that of another file, with the same name, in the same process."""
    for hidden in (4, 5):
        play = Play(tmp_path / str(hidden), FACTORY)
        outcome, rows = play.run(hidden=hidden)
        assert outcome is not None
        assert (outcome.state, len(rows)) == ("completed", 3)
        assert play.checkpoint()["hyper_parameters"]["hidden"] == hidden


def test_progress_bars_of_a_published_file_are_left_out(tmp_path: Path) -> None:
    bars = [{"class_path": "RichProgressBar"}, {"class_path": "TQDMProgressBar"}]
    outcome, rows = Play(tmp_path, callbacks=bars).run()
    assert outcome is not None
    assert (outcome.error, len(rows)) == (None, 3)


def test_the_next_trial_of_a_process_starts_at_once(tmp_path: Path) -> None:
    play = Play(tmp_path, logger=True, enable_model_summary=True)
    play.run(cut=1)
    play.folder = tmp_path / "second"
    play.folder.mkdir()
    begin = time.process_time()
    play.run(cut=1)
    assert time.process_time() - begin < 0.2, "measured: 0.05 s, with an epoch of 4 steps"


def test_any_number_of_modules_is_compiled_in_a_process(tmp_path: Path) -> None:
    """Dynamo compiles a function for eight kinds of input, then gives up."""
    parts = LIT.replace("nn.Sequential(", "Parts(").replace(
        "class Net(",
        "class Parts(nn.Sequential):\n"
        "    def forward(self, x):\n"
        "        for layer in self:\n"
        "            x = layer(x)\n"
        "        return x\n\n\n"
        "class Net(",
    )
    code = parts.replace(
        "        )\n\n    def training",
        '        )\n        self.net = torch.compile(self.net, backend="eager", dynamic=False)\n\n'
        "    def training",
    )
    assert code.count("torch.compile") == 1
    play = Play(tmp_path, code, max_epochs=1)
    for hidden in range(1, 12):
        before = counters["stats"]["unique_graphs"]
        play.folder = tmp_path / str(hidden)
        outcome, _ = play.run(hidden=hidden)
        assert outcome is not None
        assert outcome.state == "completed", outcome
        assert counters["stats"]["unique_graphs"] > before
