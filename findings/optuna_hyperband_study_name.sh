#!/usr/bin/env bash
# Behaviour: Optuna's `HyperbandPruner` puts a trial into a bracket by a hash of the study's name and
#   the trial's number, and a study without a name gets a random one. A search with a seeded sampler
#   and an objective without chance so prunes differently in each run, unless the study is named;
#   another name, for example of the next experiment, is another search.
# Expected before the run: equal seeds give equal trials and equal prunings.
# Seen with: optuna 5.0.0, Python 3.11.
# Output when it was written (the epochs of the studies without a name differ from run to run):
#   without a name: equal settings True, equal epochs False
#   with one name: equal settings True, equal epochs True
#   with two names: equal settings True, equal epochs False
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check optuna==5.0.0
env/bin/python - <<'PY'
import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)
EPOCHS = 27


def search(name):
    """The setting and the number of epochs of each trial."""
    study = optuna.create_study(
        study_name=name,
        direction="maximize",
        sampler=optuna.samplers.RandomSampler(seed=0),
        pruner=optuna.pruners.HyperbandPruner(1, EPOCHS, 3),
    )

    def objective(trial):
        x = trial.suggest_float("x", 0, 1)
        for epoch in range(1, EPOCHS + 1):
            trial.report(1 - x / epoch, epoch)
            if trial.should_prune():
                raise optuna.TrialPruned
        return 1 - x / EPOCHS

    study.optimize(objective, n_trials=60)
    settings = [trial.params["x"] for trial in study.trials]
    return settings, [len(trial.intermediate_values) for trial in study.trials]


for words, names, same in (
    ("without a name", (None, None), False),
    ("with one name", ("sweep", "sweep"), True),
    ("with two names", ("sweep", "sweep-2"), False),
):
    one, other = map(search, names)
    print(f"{words}: equal settings {one[0] == other[0]}, equal epochs {one[1] == other[1]}")
    assert one[0] == other[0], "the behaviour has changed"
    assert (one[1] == other[1]) is same, "the behaviour has changed"
PY
