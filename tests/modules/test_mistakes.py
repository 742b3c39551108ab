"""Errors of a module that each attempt would repeat: one line, and no further attempt."""

from pathlib import Path

import pytest
import torch
from lightning.fabric.utilities import move_data_to_device

from tests.modules.test_fit import Play
from tests.support.modules import FACTORY, LIT
from tune_mc1.errors import TrialError
from tune_mc1.modules.mistakes import is_refused, would_repeat

CONFIGURED = LIT[LIT.index('        return {"optimizer"') : LIT.index("class Data")]
STEP = "loss = nn.functional.cross_entropy(self.net(x), y)"


def configured(lines: str) -> str:
    return LIT.replace(CONFIGURED, f"        {lines}\n\n\n")


def before(hook: str, line: str) -> str:
    return LIT.replace(
        "    def training_step", f"    def {hook}:\n        {line}\n\n    def training_step"
    )


REPEATED = {
    "several optimisers": (
        configured("both = [optimizer, torch.optim.SGD(self.parameters(), 0.1)]; return both"),
        "Training with multiple optimizers is only supported with manual optimization. Set "
        "`self.automatic_optimization = False`",
    ),
    "a hook that is gone": (
        FACTORY.replace("    def training_step", "    def validation_epoch_end(self, outputs):\n"
                        "        pass\n\n    def training_step"),
        "Support for `validation_epoch_end` has been removed in v2.0.0. `Real` implements this ",
    ),
    "clipping of manual optimisation": (
        LIT.replace("        self.net =", "        self.automatic_optimization = False\n"
                    "        self.net ="),
        "Automatic gradient clipping is not supported for manual optimization.",
    ),
    "a scheduler's metric": (
        configured('return {"optimizer": optimizer, "lr_scheduler": {"scheduler": plateau}}'),
        "The lr scheduler dict must include a monitor when a `ReduceLROnPlateau` scheduler is used",
    ),
    "a name in a hook": (before("on_fit_start(self)", "missing"),
                         "NameError: name 'missing' is not defined (LIT.py:17)"),
    "a loader": (
        LIT.replace("return DataLoader(self.data, self.batch_size, shuffle=True)", "return None"),
        "An invalid dataloader was returned from `Data.train_dataloader()`. Found None.",
    ),
    "a name in a step": (LIT.replace(STEP, f"{STEP}; loss.no_such"),
                         "AttributeError: 'Tensor' object has no attribute 'no_such' (LIT.py:"),
    "arguments of a step": (LIT.replace("validation_step(self, batch, index)",
                                        "validation_step(self, batch, index, own)"), "own"),
    "a nested value": (
        LIT.replace("out = self.net(x)", 'out = self.net(x); self.log("v", {"a": {"b": 1}})'),
        "nested dictionaries cannot be logged",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REPEATED)
def test_it_fails_at_once(tmp_path: Path, name: str) -> None:
    code, line = REPEATED[name]
    play = Play(tmp_path, code, gradient_clip_val=1.0)
    outcome, rows = play.run()
    assert outcome is not None
    assert (outcome.state, rows) == ("failed", [])
    assert outcome.error is not None
    assert line in outcome.error.replace(play.name, "LIT")
    assert "\n" not in outcome.error


@pytest.mark.parametrize(
    "error",
    ["RuntimeError('CUDA error')", "ConnectionError('gone')", "OSError('no file')"],
    ids=["runtime", "connection", "file"],
)
def test_what_may_pass_is_tried_again(tmp_path: Path, error: str) -> None:
    with pytest.raises(TrialError, match=error.partition("(")[0]):
        Play(tmp_path, before("on_fit_start(self)", f"raise {error}")).run()


def test_an_error_after_the_first_step_is_tried_again(tmp_path: Path) -> None:
    code = LIT.replace(STEP, f"{STEP}; loss.no_such if index else None")
    with pytest.raises(TrialError, match=r"^AttributeError: .* has no attribute 'no_such'"):
        Play(tmp_path, code).run()


def test_an_operation_that_fails_in_a_line_of_lightning_is_not_refused_by_it() -> None:
    """As an error of a GPU may come up where Lightning moves a batch to it."""
    with pytest.raises(RuntimeError) as raised:
        move_data_to_device(torch.zeros(2), "no device")
    assert "/lightning/" in str(raised.traceback[-1].path)
    assert not is_refused(raised.value)
    assert not would_repeat(raised.value, stepped=False)
