"""Metrics that go on over epochs, such as the best accuracy so far, in a trial that is resumed."""

from pathlib import Path

import pytest

from tests.modules.test_fit import Play, numbers
from tests.support.modules import LIT

OWN = LIT.replace(
    "        self.net =",
    """        self.val_best = torchmetrics.MaxMetric()
        self.steps_mean = torchmetrics.MeanMetric()
        self.seen = torchmetrics.CatMetric()
        self.train_acc = torchmetrics.classification.BinaryAccuracy()
        kinds = [torchmetrics.classification.BinaryAccuracy(), torchmetrics.MeanSquaredError()]
        self.of_epoch = torchmetrics.MetricCollection(kinds)
        self.net =""",
).replace("import torch\n", "import torch\nimport torchmetrics\n", 1)
OWN = OWN.replace(
    '        self.log("loss", loss,',
    """        self.steps_mean(loss)
        self.seen.update(loss.detach())
        right = self.net(x).argmax(1)
        self.train_acc(right, y)
        self.of_epoch.update(right.float(), y)
        self.log("train_acc", self.train_acc, on_step=False, on_epoch=True)
        self.log("loss", loss,""",
).replace(
    "    def configure_optimizers",
    """    def on_train_start(self):
        self.val_best.reset()

    def on_validation_epoch_end(self):
        self.val_best(self.trainer.callback_metrics["val/acc"])
        self.log("val/best", self.val_best.compute())

    def on_train_epoch_end(self):
        self.log("losses", self.steps_mean.compute())
        self.log("seen", float(len(self.seen.compute())))
        self.log_dict(self.of_epoch.compute())
        self.of_epoch.reset()

    def configure_optimizers""",
)  # fmt: skip


def test_they_go_on(tmp_path: Path) -> None:
    whole, cut = (
        Play(tmp_path / "whole", OWN, max_epochs=6),
        Play(tmp_path / "cut", OWN, max_epochs=6),
    )
    outcome, rows = whole.run(lr=1.0)
    assert outcome is not None
    assert outcome.state == "completed", outcome.error
    accuracies = [row["metrics"]["val/acc"] for row in rows]
    best = [row["metrics"]["val/best"] for row in rows]
    assert best == [max(accuracies[: i + 1]) for i in range(6)]
    assert any(one < other for one, other in zip(accuracies, best, strict=True)), "it matters"
    assert [row["metrics"]["seen"] for row in rows] == [4, 8, 12, 16, 20, 24]
    _, first = cut.run(cut=2, lr=1.0)
    _, second = cut.run(cut=3, lr=1.0)
    again, third = cut.run(lr=1.0)
    assert again == outcome
    assert numbers([*first, *second[1:], *third[1:]]) == numbers(rows)
    states = cut.checkpoint()["callbacks"]["SavedTrialEpochs"]["metric_states"]
    assert [sorted(of_rank) for of_rank in states] == [["seen", "steps_mean", "val_best"]]


def test_a_checkpoint_of_before_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    play = Play(tmp_path, OWN)
    with monkeypatch.context() as patch:
        patch.setattr("tune_mc1.modules.callbacks.metric_states", lambda _: {})
        play.run(cut=1)
    outcome, rows = play.run()
    assert outcome is not None
    assert (outcome.state, len(rows)) == ("completed", 3)
    assert rows[-1]["metrics"]["seen"] == 8
