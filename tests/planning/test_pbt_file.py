"""What a population explores, and what a sweep file with one must not have."""

from typing import Any

import pytest

from tests.support.sweep_files import resolved
from tune_mc1.errors import InputError
from tune_mc1.planning.population_based import PopulationBased, changeable

BASE = """
run_cap: 8
parameters:
  learning_rate: {distribution: log_uniform_values, min: 0.001, max: 0.1}
  batch_size: {values: [16, 32]}
  model: {values: [CNN, CNN2]}
  seed: {values: [1, 2]}
  epochs: {value: 6}
early_terminate: {type: pbt}
"""


def test_what_is_explored_copied_and_kept(tmp_path: Any) -> None:
    found, notices = resolved(tmp_path, BASE)
    assert list(changeable(found)) == ["learning_rate"]
    assert isinstance(found.early_terminate, PopulationBased)
    assert found.early_terminate.copied(found) == ["batch_size"]
    assert (
        "early_terminate: pbt explores learning_rate; copied with the weights: batch_size; trials "
        "exchange weights only where they agree in model" in notices
    )
    tied = BASE.replace("  epochs", "  weight_decay: {min: 0.0, max: 0.1}\n"
                        "  label_smoothing: {same_as: weight_decay}\n  epochs")  # fmt: skip
    assert list(changeable(resolved(tmp_path, tied)[0])) == ["learning_rate"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("{type: pbt}", "{type: pbt, quantile_fraction: 0.6}"), "quantile_fraction: must be"),
        (("{type: pbt}", "{type: pbt, perturbation_factors: [0]}"), r"perturbation_factors\[0\]"),
        (("{type: pbt}", "{type: pbt, synch: false}"), "early_terminate.synch: must be"),
        (("{type: pbt}", "{type: pbt, eta: 3}"), "early_terminate.eta: unknown"),
        (("{type: pbt}", "{type: pbt, perturbation_interval: 6}"), "leaves no exchange before the"),
        (("{type: pbt}", "{type: pbt, burn_in_period: 6}"), "burn_in_period: leaves no exchange"),
        (("epochs: {value: 6}", "epochs: {values: [6, 8]}"), "the same in all trials for pbt"),
        (("run_cap: 8", "run_cap: 1"), "run_cap: must be at least 2 for pbt, got 1"),
        (("run_cap: 8", "run_cap: 8\nvalidation: {folds: 3}"), "must be a holdout or test for pbt"),
        (("  seed: {values: [1, 2]}", "replicates: 2"), None),
        (("learning_rate: {distribution: log_uniform_values, min: 0.001, max: 0.1}",
          "learning_rate: {value: 0.1}"), "has nothing to explore"),
    ],
)  # fmt: skip
def test_bad_values_are_refused(
    tmp_path: Any, change: tuple[str, str], message: str | None
) -> None:
    text = BASE.replace(*change)
    if message is None:
        text = BASE.replace(change[0] + "\n", "") + change[1] + "\n"
        message = "replicates: must be 1 for pbt"
    with pytest.raises(InputError, match=message):
        resolved(tmp_path, text)


@pytest.mark.parametrize("kind", ["pbt", "pb2"])
def test_searches_that_learn_and_programs_are_refused(tmp_path: Any, kind: str) -> None:
    base = BASE.replace("pbt", kind)
    with pytest.raises(InputError, match="it is for grid and random, not for bayes"):
        resolved(tmp_path, base, "bayes")
    (tmp_path / "train.py").write_text("")
    program = f"program: {tmp_path / 'train.py'}\nmetric: {{name: acc, goal: maximize}}\n" + base
    with pytest.raises(InputError, match="is for built-in training, as a program takes its"):
        resolved(tmp_path, program)
