"""Losses of the user's own that take hard labels only, with images whose labels are mixed."""

from pathlib import Path

import pytest

from tests.support.bad_input import PARAMETERS, CommandLine

LOSS = """
from torch.nn.functional import cross_entropy

def hard(logits, labels):
    return cross_entropy(logits, labels)

def soft(logits, labels):
    return cross_entropy(logits, labels)

soft.soft_labels = True
"""


@pytest.mark.parametrize("alpha", ["mixup_alpha", "cutmix_alpha"])
@pytest.mark.parametrize("words", [(), ("--dry-run",)], ids=["run", "plan"])
def test_mixed_labels_need_a_loss_that_takes_them(
    command_line: CommandLine, alpha: str, words: tuple[str, ...]
) -> None:
    Path("hard_losses_of_a_plan.py").write_text(LOSS)
    text = "  loss_function: {value: 'hard_losses_of_a_plan:%s'}\n  %s: {value: 0.2}\n"
    Path("sweep.yaml").write_text(PARAMETERS + text % ("hard", alpha))
    status, lines = command_line("sweep", "grid", "sweep.yaml", "-d", "shapes10", *words)
    assert (status, lines) == (
        2,
        [
            f"sweep.yaml: parameters.{alpha}: not valid with loss_function "
            "hard_losses_of_a_plan:hard, which takes no probabilities as labels (soft_labels = "
            "True says that it does)"
        ],
    )
    if words:
        Path("sweep.yaml").write_text(PARAMETERS + text % ("soft", alpha))
        assert command_line("sweep", "grid", "sweep.yaml", "-d", "shapes10", *words)[0] == 0
